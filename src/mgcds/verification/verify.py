"""The whole check of a written assessment: by itself, against its record, and against the pack it says it was made with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mgcds.errors import RecordError, UnknownJurisdiction
from mgcds.loading import load_pack
from mgcds.model.pack import RulePack
from mgcds.model.proof import rules_of
from mgcds.verification import checker, reported

_WRITE = "write one with 'mgcds evaluate RECORD --format json'"


@dataclass(frozen=True, slots=True)
class Verified:
    """What does not follow, as `place: what`. `same_pack`: its rules were compared with the pack; else they were taken as written."""

    input: str
    same_pack: bool
    discrepancies: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The outcome in a line."""
        wrong = len(self.discrepancies)
        outcome = f"{wrong} discrepanc{'y' if wrong == 1 else 'ies'}" if wrong else "verified"
        return outcome if self.same_pack else f"{outcome}; its rules are those of another pack, taken as written"


def read_assessments(given: Any) -> list[dict[str, Any]]:
    """The assessments of a file of `mgcds evaluate --format json`. RecordError where it is none, or they carry no proof."""
    assessments = given if isinstance(given, list) else [given]
    for said in assessments:
        shape = {"on": str, "pack": dict, "suggestions": list, "unknown": dict, "problems": list}
        if not isinstance(said, dict) or not all(isinstance(said.get(key), kind) for key, kind in shape.items()):
            raise RecordError(f"is no assessment; {_WRITE}")
        if not isinstance(said.get("proof"), dict):
            raise RecordError(f"carries no proof; {_WRITE}")
        try:
            date.fromisoformat(said["on"])
        except ValueError:
            raise RecordError(f"'on' is no day: '{said['on'][:40]}'; {_WRITE}") from None
    if not assessments:
        raise RecordError(f"holds no assessment; {_WRITE}")
    return assessments


def verify(said: dict[str, Any], record: Any, rules: Path | None = None) -> Verified:
    """Check one assessment against itself, its record, and the pack (the built-in one if not given) if it was made with that."""
    pack = _made_with(said["pack"], rules)
    same = said["pack"].get("digest") == pack.digest
    by_pack = _not_of(pack, said["proof"]) if same else []
    found = (*by_pack, *checker.check(said), *reported.check(said, record))
    return Verified(str(said.get("input")), same, found)


def _made_with(stated: dict[str, Any], rules: Path | None) -> RulePack:
    """The pack; where its digest is another, with the jurisdictions that the assessment states, if it knows them."""
    pack = load_pack(rules)
    try:
        return pack if stated.get("digest") == pack.digest else load_pack(rules, stated.get("jurisdictions"))
    except UnknownJurisdiction:
        return pack


def _not_of(pack: RulePack, proof: dict[str, Any]) -> list[str]:
    """Rules and criteria that are written otherwise in the pack, or not at all, or were left out."""
    found = []
    for part, theirs in rules_of(pack).items():
        written = proof.get(part)
        ours = written if isinstance(written, dict) else {}
        names = [name for name in {**theirs, **ours} if theirs.get(name) != ours.get(name)]
        found += [f"{name}: not as the pack of that digest has it ({part})" for name in names]
    return found
