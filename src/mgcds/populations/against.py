"""What another pack says of the same patients: who newly gets a suggestion, who no longer gets it, with a few of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mgcds.engines.columnar import STATUSES, Columnar, columnar
from mgcds.engines.facts_table import GAPS
from mgcds.errors import EngineFault
from mgcds.model.evaluation import Status, Verdicts
from mgcds.model.pack import RulePack
from mgcds.populations.extraction import Extracted, Progress, each_part
from mgcds.populations.sources import Source

Turn = Literal["newly offered", "no longer offered"]
TURNS: tuple[Turn, ...] = ("newly offered", "no longer offered")
EXAMPLES = 3  # patients for each rule and turn
OFFERED = STATUSES.index("offered")
NO_SUCH_RULE = len(STATUSES)
"""the code of a rule that the pack does not have"""


class Example(NamedTuple):
    """A patient, the status with either pack, why, and the values that the rule reads."""

    patient: str
    before: Status | None
    after: Status | None
    because: str
    values: tuple[str, ...]


@dataclass(slots=True)
class Changed:
    """Of one rule: how many have which status with the old and with the new pack, and examples. A status of None: no such rule."""

    counts: Counter[tuple[Status | None, Status | None]] = field(default_factory=Counter)
    examples: dict[Turn, list[Example]] = field(default_factory=lambda: {turn: [] for turn in TURNS})

    def number(self, turn: Turn) -> int:
        """How many patients."""
        at = 1 if turn == "newly offered" else 0
        return sum(
            number for pair, number in self.counts.items() if pair[at] == "offered" and pair[1 - at] != "offered"
        )


@dataclass(frozen=True, slots=True)
class Changes:
    """Version and digest of both packs, and what changed, rule by rule; of rules that changed for someone."""

    old: tuple[str, str]
    new: tuple[str, str]
    patients: int
    rules: Mapping[str, Changed]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "old": {"version": self.old[0], "digest": self.old[1]},
            "new": {"version": self.new[0], "digest": self.new[1]},
            "patients": self.patients,
            "rules": {
                rule: {
                    "changes": [
                        {"before": before, "after": after, "patients": number}
                        for (before, after), number in changed.counts.most_common()
                    ],
                    **{
                        turn.replace(" ", "_"): {
                            "patients": changed.number(turn),
                            "examples": [each._asdict() for each in changed.examples[turn]],
                        }
                        for turn in TURNS
                    },
                }
                for rule, changed in self.rules.items()
            },
        }


class _Part(NamedTuple):
    facts: pa.RecordBatch
    codes: Mapping[str, NDArray[np.uint8]]


def screened(pack: RulePack, extracted: Extracted) -> _Part:
    """One part: its facts, without where they were read, and the status of each rule."""
    facts = extracted.facts.combine_chunks()
    facts = facts.drop_columns([name for name in facts.schema.names if name.endswith("_source")])
    parts = list(columnar(pack).screen(facts.to_batches()))
    batch = facts.to_batches()[0] if parts else pa.RecordBatch.from_pylist([], facts.schema)
    return _Part(
        batch,
        {rule: np.concatenate([np.zeros(0, np.uint8), *(part.codes(rule) for part in parts)]) for rule in pack.rules},
    )


def compare(
    source: Source, old: RulePack, new: RulePack, on: date, *, memory: int, workers: int | None, progress: Progress
) -> Changes:
    """Both packs over all patients, part by part. EngineFault where the parts are not of the same patients."""
    packs = Both(old, new)
    changed = {rule: Changed() for rule in {**new.rules, **old.rules}}
    patients = 0
    parts = (each_part(source, pack, on, screened, memory=memory // 2, workers=workers) for pack in (old, new))
    for done, (before, after) in enumerate(zip(*parts, strict=True), 1):
        if not before.facts.column("patient").equals(after.facts.column("patient")):
            raise EngineFault("the parts of the two packs are not of the same patients")
        patients += after.facts.num_rows
        for rule, found in changed.items():
            packs.add(rule, before, after, found)
        progress("comparing", done, source.parts)
    return Changes(
        (old.version, old.digest), (new.version, new.digest), patients,
        {rule: found for rule, found in changed.items() if any(before != after for before, after in found.counts)},
    )  # fmt: skip


class Both:
    """Two packs, made ready to be held against one another."""

    def __init__(self, old: RulePack, new: RulePack) -> None:
        self._old, self._new = columnar(old), columnar(new)

    def add(self, rule: str, before: _Part, after: _Part, changed: Changed) -> None:
        """The patients of one part."""
        rows = after.facts.num_rows
        absent = np.full(rows, NO_SUCH_RULE, np.uint8)
        was, now = before.codes.get(rule, absent), after.codes.get(rule, absent)
        counted = np.bincount(was.astype(np.int64) * (NO_SUCH_RULE + 1) + now, minlength=(NO_SUCH_RULE + 1) ** 2)
        for place in np.flatnonzero(counted).tolist():
            pair = _status(place // (NO_SUCH_RULE + 1)), _status(place % (NO_SUCH_RULE + 1))
            changed.counts[pair] += int(counted[place])
        turned: dict[Turn, NDArray[np.bool_]] = {
            "newly offered": (now == OFFERED) & (was != OFFERED),
            "no longer offered": (was == OFFERED) & (now != OFFERED),
        }
        for turn, whom in turned.items():
            wanted = EXAMPLES - len(changed.examples[turn])
            for row in np.flatnonzero(whom)[:wanted].tolist():
                changed.examples[turn].append(
                    self._example(rule, before.facts.slice(row, 1), after.facts.slice(row, 1))
                )

    def _example(self, rule: str, before: pa.RecordBatch, after: pa.RecordBatch) -> Example:
        was, now = (
            engine.screen_batch(facts).verdicts(0) for engine, facts in ((self._old, before), (self._new, after))
        )
        engine, facts = (self._new, after) if rule in self._new.pack.rules else (self._old, before)
        return Example(
            after.column("patient")[0].as_py(), was.statuses.get(rule), now.statuses.get(rule),
            "; ".join(self._because(rule, was, now)), tuple(values(rule, engine, facts.to_pylist()[0])),
        )  # fmt: skip

    def _because(self, rule: str, was: Verdicts, now: Verdicts) -> Iterator[str]:
        """Whose verdict changed: the rule's own, or that of what holds it back."""
        if rule not in was.rules or rule not in now.rules:
            yield "a new rule" if rule in now.rules else "the rule is no more"
            return
        if was.rules[rule] != now.rules[rule]:
            yield f"the rule was {_verdict(was.rules[rule])} and is {_verdict(now.rules[rule])}"
        for engine, verdicts, when in ((self._old, was, "was"), (self._new, now, "is")):
            in_the_way = [holder.by for holder in engine.pack.holders[rule] if verdicts.rules[holder.by] is not False]
            met = [by for by in in_the_way if verdicts.rules[by]]
            if verdicts.statuses[rule] in ("suppressed", "withheld") and in_the_way:
                yield f"{when} held back by {', '.join(met or in_the_way[:3])}{'' if met else ', which is not known'}"


def _status(code: int) -> Status | None:
    return STATUSES[code] if code < len(STATUSES) else None


def _verdict(truth: bool | None) -> str:
    return {True: "met", False: "not met", None: "unknown"}[truth]


def values(rule: str, engine: Columnar, row: Mapping[str, Any]) -> Iterator[str]:
    """What a row says of all that a rule reads: `eGFR 45 mL/min/1.73m2 (2026-05-02)`, `Medicine list: ppi for 120 days`."""
    pack = engine.pack
    for subject in sorted(pack.reads[rule]):
        gap = GAPS[row[f"{subject}_gap"] - 1] if row[f"{subject}_gap"] else ""
        title = pack.items[subject].title
        if subject in engine.layout.lists:
            present = ", ".join(_present(rule, subject, engine, row)) or "nothing that the rule asks of"
            yield f"{title}: {present}{f' ({gap})' if gap else ''}"
        elif gap:
            yield f"{title}: {gap}"
        else:
            dated = row.get(f"{subject}_dated")
            yield f"{title} {row.get(f'{subject}_shown') or 'known'}{f' ({dated})' if dated else ''}"


def _present(rule: str, subject: str, engine: Columnar, row: Mapping[str, Any]) -> Iterator[str]:
    """The value sets of a list that the rule asks of and that are there, and for how long where that is asked."""
    asked = {getattr(engine.pack.criteria[key], "value_set", None) for key in engine.pack.criteria_of[rule]}
    for number, value_sets in enumerate(engine.layout.lists[subject]):
        for bit, value_set in enumerate(value_sets):
            if value_set in asked and row[f"{subject}_present_{number}"] >> bit & 1:
                low = row.get(f"{value_set}_running_low")
                yield (
                    value_set
                    if low is None
                    else f"{value_set} for {'' if low == row[f'{value_set}_running_high'] else 'at least '}{low // 2} days"
                )
