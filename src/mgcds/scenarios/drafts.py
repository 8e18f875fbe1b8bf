"""Scenarios that are proposed: each is a draft until a person has read it, decided what is right, and taken the tag away."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mgcds.errors import RecordError
from mgcds.model.evaluation import Verdicts, evaluate_facts
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from mgcds.verification.cases import Cases
from mgcds.verification.coverage import Case
from mgcds.verification.equivalence import witness
from mgcds.verification.mutants import Mutant
from mgcds.verification.witness import ON, Witness

_MOST = 3


def draft_of_survivor(pack: RulePack, mutant: Mutant) -> str | None:
    """A patient whom the mutant tells something else, with what the pack says of him now; None where none can be written down."""
    changed = mutant.build()
    found = witness(pack, changed)
    if found is None:
        return None
    now, then = _judged(found, pack), _judged(found, changed)
    differs = [rule for rule in pack.rules if now.statuses[rule] != then.statuses[rule]]
    expected = [f'"{rule}" is {now.statuses[rule]}' for rule in differs]
    expected += [
        f'"{rule.id}" is of kind "{rule.suggest.kind}"'
        for rule in pack.rules.values()
        if changed.rules[rule.id].suggest.kind != rule.suggest.kind
    ]
    return found.scenario(mutant.question, expected[:_MOST]) if expected else None


def draft_of_case(pack: RulePack, cases: Cases, case: Case) -> str | None:
    """A patient of whom a case is so, with the status that the rule's suggestion has now."""
    found = cases.witness(case)
    if found is None:
        return None
    status = _judged(found, pack).statuses[case.rule]
    return found.scenario(f"{case.rule}: {case.says}", [f'"{case.rule}" is {status}'])


def _judged(found: Witness, pack: RulePack) -> Verdicts:
    return evaluate_facts(pack, read_facts(PatientRecord(**found.record), pack, ON))


def write_drafts(where: Path, title: str, drafts: Iterable[str]) -> None:
    """Into a feature file, or into `drafts.feature` of a folder. RecordError where it cannot be written or is there already."""
    path = where / "drafts.feature" if where.is_dir() or where.suffix != ".feature" else where
    if path.exists():
        raise RecordError(f"{path} is there already; name another file, or take it away")
    named = dict[str, str]()
    for draft in drafts:
        named.setdefault(draft.splitlines()[1], draft)  # two scenarios of one name would be one
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"Feature: {title}\n  Proposed by mgcds: what each expects is what the rules say now, and may be wrong.\n\n"
    path.write_text(text + "\n\n".join(named.values()) + "\n", encoding="utf-8")
