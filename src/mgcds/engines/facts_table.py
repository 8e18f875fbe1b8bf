"""The facts table: what `Facts` say of many patients, one row each, for the columnar engine.

Extraction fills it, `engines.columnar` reads it. All that counts is a whole number and never null: what is not known stands as
the column's `unknown`, the range that reaches from end to end of its type. Numbers are encoded as in `engines.columns`:
2·⌊x·scale⌋, plus 1 between two steps, where every limit of the pack is a step; an open end is moved by 1 into the range. What lies
beyond the type is cut off, which changes no order, since the type is wide enough for the limits. See docs/population.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from hashlib import sha256
from math import lcm
from operator import itemgetter
from typing import Any, Literal, get_args

from mgcds.engines.columns import FARTHEST, encode
from mgcds.errors import EngineFault
from mgcds.model.criterion import (
    Asks,
    Criterion,
    Documented,
    Has,
    Measure,
    Number,
    ReferenceLimit,
    State,
    Taking,
    Threshold,
    Which,
)
from mgcds.model.facts import Facts, Gap, Range, Reading, Reason, StateReading, known
from mgcds.model.pack import MeasuredItem, RulePack, StateItem, about

Type = Literal["int8", "int16", "int32", "int64", "string", "entries"]
GAPS: tuple[Reason, ...] = ("missing", "stale", "rejected", "undated", "imprecise", "not reconciled", "not recognised")
"""kinds of unknown by code, from 1; 0 is known. From `rejected` on, something was reported and could not be used."""
REJECTED = GAPS.index("rejected") + 1
SETS_A_MASK = 63
_BITS: Mapping[Type, int] = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
assert set(GAPS) == set(get_args(Reason))


def least(kind: Type) -> int:
    """The least number of a type: a low end that is not known."""
    return -1 << (_BITS[kind] - 1)


def most(kind: Type) -> int:
    """The greatest number of a type: a high end, or an age, that is not known."""
    return (1 << (_BITS[kind] - 1)) - 1


@dataclass(frozen=True, slots=True)
class Column:
    """`about` is an item or a list. `unknown` is written where the row says nothing; in a column of text that is null. `told` is for
    people: no engine reads it.
    """

    name: str
    about: str
    type: Type
    unknown: int | None
    meaning: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class MeasuredColumns:
    """A measured item: the scale of each unit, in the order of their codes; the type of the two ends; limits of reports in use."""

    scales: Mapping[str, int]
    type: Type
    differences: tuple[Which, ...]


class Layout:
    """The columns of the facts table of a pack: its items, value sets and durations that criteria read, and no others."""

    def __init__(self, pack: RulePack) -> None:
        criteria = pack.criteria.values()
        subjects = {about(criterion, pack) for criterion in criteria}
        subjects |= {each.since for each in criteria if isinstance(each, Documented) and each.since is not None}
        self.pack = pack
        self.measured = {
            item.id: _measured(item, [each for each in criteria if isinstance(each, Measure) and each.item == item.id])
            for item in pack.items.values()
            if isinstance(item, MeasuredItem) and item.id in subjects
        }
        self.states = {
            item.id: item.values for item in pack.items.values() if isinstance(item, StateItem) and item.id in subjects
        }
        sets = sorted({each.value_set for each in criteria if isinstance(each, Taking | Has)})
        of = {name: [each for each in sets if pack.value_sets[each].of == name] for name in pack.vocabularies}
        self.lists = {
            name: tuple(tuple(found[at : at + SETS_A_MASK]) for at in range(0, len(found), SETS_A_MASK))
            for name, found in of.items()
            if name in subjects
        }
        """list → its value sets, by mask and bit"""
        taking = [each for each in criteria if isinstance(each, Taking)]
        self.running = sorted({each.value_set for each in taking if (each.at_least, each.at_most) != (None, None)})
        self.unchanged = sorted({each.value_set for each in taking if each.unchanged_for is not None})
        self._days = {subject: _type(_withins(subject, criteria)) for subject in subjects}
        for each in criteria:
            if isinstance(each, Documented) and each.since is not None:  # compared with one another, not with a limit
                self._days |= {each.item: "int32", each.since: "int32"}
        self._lengths = {each.value_set: _type(_lengths(each.value_set, taking)) for each in taking}
        self.columns = {column.name: column for column in self._columns()}
        # without the entries, which came later and decide nothing: tables that were made before are read as they are
        numbers = [asdict(column) for column in self.columns.values() if column.type != "entries"]
        self.digest = sha256(json.dumps({**self.to_dict(), "columns": numbers}, sort_keys=True).encode()).hexdigest()

    def _columns(self) -> Iterable[Column]:
        yield Column("patient", "", "string", None, "id of the patient")
        for item, measured in self.measured.items():
            yield from self._of_item(item)
            if len(measured.scales) > 1:
                codes = ", ".join(f"{code} {unit}" for code, unit in enumerate(measured.scales))
                yield Column(f"{item}_unit", item, "int8", -1, f"unit of comparison: {codes}")
            yield from _ends(item, item, measured.type, "the value, encoded with the scale of its unit")
            for side in measured.differences:
                what = f"the value less the {side} limit that applies to it; only below 0, 0 or above 0 counts"
                yield from _ends(f"{item}_to_{side}", item, "int8", what)
        for item, values in self.states.items():
            yield from self._of_item(item)
            codes = ", ".join(f"{code} {value}" for code, value in enumerate(values))
            yield Column(f"{item}_state", item, "int8", -1, codes)
        for name, masks in self.lists.items():
            yield _gap(name)
            for number, value_sets in enumerate(masks):
                kind = next(kind for kind in _BITS if len(value_sets) < _BITS[kind])  # the sign is no bit of a mask
                yield Column(f"{name}_present_{number}", name, kind, 0, "bit by value set: a member is there")
                what = "bit by value set: no member is there, for certain"
                yield Column(f"{name}_absent_{number}", name, kind, 0, what)
            if masks:
                bits = ", ".join(
                    f"{each} (int64: bits as in {name}_present_{at})" for at, each in enumerate(self.sets_of(name))
                )
                what = f"its current entries that are in a value set, a list: name, since (as written, empty if not known), {bits}"
                yield Column(f"{name}_entries", name, "entries", None, what, told=True)
        of = {value_set: self.pack.value_sets[value_set].of for value_set in (*self.running, *self.unchanged)}
        for value_set in self.running:
            what = "twice the days that the longest-running member has been taken"
            yield from _ends(f"{value_set}_running", of[value_set], self._lengths[value_set], what)
        for value_set in self.unchanged:
            what = "twice the days since a member was started or stopped"
            yield from _ends(f"{value_set}_unchanged", of[value_set], self._lengths[value_set], what)

    def _of_item(self, item: str) -> Iterable[Column]:
        yield _gap(item)
        kind = self._days[item]
        yield Column(f"{item}_days", item, kind, most(kind), "age in days on the day of evaluation")
        for told, meaning in (
            ("shown", "the value as reported"),
            ("dated", "its date as reported"),
            ("source", "where it was read"),
        ):
            yield Column(f"{item}_{told}", item, "string", None, meaning, told=True)

    def sets_of(self, name: str) -> tuple[str, ...]:
        """What holds the bits of an entry of a list, a mask each."""
        return tuple(f"sets_{number}" for number in range(len(self.lists[name])))

    def step(self, item: str, unit: str, limit: Number) -> int:
        """A limit as it is encoded."""
        step = Fraction(limit) * self.measured[item].scales[unit]
        assert step.denominator == 1, "the scale of a unit makes every limit a step"
        return 2 * step.numerator

    def to_dict(self) -> dict[str, Any]:
        """The whole layout as plain data."""
        return {
            "columns": [asdict(column) for column in self.columns.values()],
            "gaps": {reason: code for code, reason in enumerate(GAPS, start=1)},
            "measured": {
                item: {"scales": dict(found.scales), "differences": list(found.differences)}
                for item, found in self.measured.items()
            },
            "states": {item: list(values) for item, values in self.states.items()},
            "value_sets": {name: [list(mask) for mask in masks] for name, masks in self.lists.items()},
        }

    # --- facts → a row ------------------------------------------------------------------------------------------------------

    def row(self, facts: Facts, patient: str) -> dict[str, Any]:
        """One patient. Every column is there; those of text are null where nothing is known."""
        row: dict[str, Any] = {name: column.unknown for name, column in self.columns.items()}
        row["patient"] = patient
        for subject in (*self.measured, *self.states, *self.lists):
            self.fill(subject, known(facts, subject), row)
        for name, masks in self.lists.items():
            for number, value_sets in enumerate(masks):
                for bit, value_set in enumerate(value_sets):
                    present = facts.members[value_set].present
                    row[f"{name}_present_{number}"] |= (present is True) << bit
                    row[f"{name}_absent_{number}"] |= (present is False) << bit
            if masks:
                row[f"{name}_entries"] = self._entries(name, facts) or None
        for value_set in (*self.running, *self.unchanged):
            listed = facts.members[value_set]
            if listed.present and value_set in self.running:
                self._fill_range(f"{value_set}_running", listed.running, 1, row)
            if listed.present and value_set in self.unchanged:
                self._fill_range(f"{value_set}_unchanged", listed.unchanged, 1, row)
        return row

    def fill(self, subject: str, found: Reading | StateReading | Gap | None, row: dict[str, Any]) -> None:
        """What is known of one item, or why a list is open, into a row that holds what is written for unknown."""
        row[f"{subject}_gap"] = GAPS.index(found.reason) + 1 if isinstance(found, Gap) else 0
        if isinstance(found, Reading | StateReading):
            row[f"{subject}_days"] = min(found.days, most(self._days[subject]) - 1)
            row[f"{subject}_dated"], row[f"{subject}_source"] = found.dated or None, found.source
            row[f"{subject}_shown"] = found.shown if isinstance(found, Reading) else found.value
        if isinstance(found, Reading):
            self._fill_reading(subject, found, row)
        elif isinstance(found, StateReading):
            row[f"{subject}_state"] = self.states[subject].index(found.value)

    def _entries(self, name: str, facts: Facts) -> list[dict[str, str | int]]:
        """Each name and date once, in order."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        for sets, value_sets in zip(self.sets_of(name), self.lists[name], strict=True):
            for bit, value_set in enumerate(value_sets):
                for entry in facts.members[value_set].entries:
                    masks = found.setdefault((entry.name, entry.since or ""), dict.fromkeys(self.sets_of(name), 0))
                    masks[sets] |= 1 << bit
        return [
            {"name": each, "since": since, **masks} for (each, since), masks in sorted(found.items(), key=itemgetter(0))
        ]

    def _fill_reading(self, item: str, reading: Reading, row: dict[str, Any]) -> None:
        measured = self.measured[item]
        if len(measured.scales) > 1:
            row[f"{item}_unit"] = list(measured.scales).index(reading.unit)
        self._fill_range(item, reading.range, measured.scales[reading.unit], row)
        for side in measured.differences:
            limit = reading.lower if side == "lower" else reading.upper
            if limit is not None:
                self._fill_range(f"{item}_to_{side}", _less(reading.range, limit.value), 1, row)

    def _fill_range(self, name: str, found: Range, scale: int, row: dict[str, Any]) -> None:
        kind = self.columns[f"{name}_low"].type
        if found.low is not None:
            low = encode(found.low, scale)
            row[f"{name}_low"] = _cut(low + 1 if found.low_open and not low % 2 else low, kind)
        if found.high is not None:
            high = encode(found.high, scale)
            row[f"{name}_high"] = _cut(high - 1 if found.high_open and not high % 2 else high, kind)


def _measured(item: MeasuredItem, measures: Iterable[Measure]) -> MeasuredColumns:
    bounds = [bound for measure in measures for bound in (measure.lower, measure.upper)]
    limits = [bound.by_unit for bound in bounds if isinstance(bound, Threshold)]
    scales = {unit: lcm(*(each[unit].value.as_integer_ratio()[1] for each in limits)) for unit in item.units}
    kind = _type(abs(2 * Fraction(each[unit].value) * scales[unit]) for each in limits for unit in item.units)
    sides = dict.fromkeys(bound.which for bound in bounds if isinstance(bound, ReferenceLimit))
    return MeasuredColumns(scales, kind, tuple(sides))


def _type(limits: Iterable[Fraction | int]) -> Type:
    """The narrowest type in which the limits, and numbers on either side of them, stay clear of the ends."""
    farthest = max(limits, default=0)
    wide: tuple[Type, ...] = ("int16", "int32", "int64")
    found = next((kind for kind in wide if farthest < min(most(kind), FARTHEST) - 1), None)
    if found is None:
        raise EngineFault("the limits of an item are too fine for 64 bits; write them with fewer places")
    return found


def _withins(subject: str, criteria: Iterable[Criterion]) -> Iterable[int]:
    """For how many days what is known of an item is current."""
    for each in criteria:
        match each:
            case Measure(item=of, within=days) | State(item=of, within=days) | Documented(item=of, within=days):
                pass
            case Asks(about=of, within=days):
                pass
            case _:
                continue
        if of == subject and days is not None:
            yield days


def _lengths(value_set: str, taking: Iterable[Taking]) -> Iterable[int]:
    for each in taking:
        if each.value_set == value_set:
            yield from (2 * days for days in (each.at_least, each.at_most, each.unchanged_for) if days is not None)


def _gap(subject: str) -> Column:
    codes = ", ".join(f"{code} {reason}" for code, reason in enumerate(GAPS, start=1))
    return Column(f"{subject}_gap", subject, "int8", 1, f"why it is unknown: 0 it is known, {codes}")


def _ends(name: str, subject: str, kind: Type, meaning: str) -> Iterable[Column]:
    yield Column(f"{name}_low", subject, kind, least(kind), f"the least that may be {meaning}")
    yield Column(f"{name}_high", subject, kind, most(kind), f"the most that may be {meaning}")


def _cut(number: int, kind: Type) -> int:
    return max(least(kind), min(most(kind), number))


def _less(found: Range, limit: Number) -> Range:
    low, high = (None if end is None else Fraction(end) - Fraction(limit) for end in (found.low, found.high))
    return Range(low, high, found.low_open, found.high_open)
