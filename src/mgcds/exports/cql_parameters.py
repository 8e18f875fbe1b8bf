"""The facts of a record as parameters of the exported CQL library: which there are, and how facts fill them.

A number is sent as what it is at least and at most (`low`, `high`; null is unbounded), as a CQL Decimal of eight places. Limits
stand on seven; the eighth is a mark of order alone. Odd: between two steps, or just beside one (`>60` is at least 60.00000001). Even:
at a limit that itself has more than seven places. So the order of every value to every limit is kept exactly, in engines that
compute in decimals and in those that compute in binary.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import floor
from typing import Literal

from mgcds.errors import ExportError
from mgcds.model.criterion import (
    Asks,
    Documented,
    Has,
    Limit,
    Measure,
    Number,
    ReferenceLimit,
    State,
    Taking,
    Threshold,
    Which,
)
from mgcds.model.facts import Facts, Gap, Range, Reading, StateReading, known
from mgcds.model.pack import Item, ListItem, MeasuredItem, RulePack

STEPS = 10**7  # to one: where limits stand
MARK = Decimal("0.00000001")
MOST_MARKED = 4  # limits between two steps
FARTHEST = 10**7  # with eight places still exact in a double; a value beyond is beyond every limit
Value = str | bool | int | Decimal | None
Fine = tuple[Fraction, ...]  # limits between two steps, of one item in one unit
NOTHING: tuple[Range, Fine] = (Range(None, None), ())


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the library: its name, CQL type and meaning, and its value for the facts of a record."""

    name: str
    type: Literal["String", "Boolean", "Integer", "Decimal"]
    says: str
    value: Callable[[Facts], Value]


class Parameters:
    """The parameters that the criteria of a pack read. ExportError where a limit is too large or too fine for a CQL Decimal."""

    def __init__(self, pack: RulePack) -> None:
        self._pack = pack
        criteria = pack.criteria.values()
        self._measures = [criterion for criterion in criteria if isinstance(criterion, Measure)]
        self._states = {criterion.item for criterion in criteria if isinstance(criterion, State | Documented)}
        self._taking = [criterion for criterion in criteria if isinstance(criterion, Taking)]
        self._sets = {criterion.value_set for criterion in criteria if isinstance(criterion, Taking | Has)}
        self._asked = {criterion.about for criterion in criteria if isinstance(criterion, Asks)}
        self._answered = {criterion.since for criterion in criteria if isinstance(criterion, Documented)}
        self._may_pass = {
            subject
            for holders in pack.holders.values()
            for holder in holders
            if holder.lets_pass
            for subject in pack.reads[holder.by]
        }

    def of(self, facts: Facts) -> dict[str, Value]:
        """The value of each parameter; None is CQL's null: unknown, or unbounded."""
        return {parameter.name: parameter.value(facts) for parameter in self.all}

    @cached_property
    def all(self) -> tuple[Parameter, ...]:
        """Item by item, then value set by value set, as they stand in the pack."""
        found = [parameter for item in self._pack.items.values() for parameter in self._of_item(item)]
        found += [parameter for value_set in self._pack.value_sets for parameter in self._of_set(value_set)]
        return tuple(found)

    def _of_item(self, item: Item) -> Iterable[Parameter]:
        bounds = [
            bound for measure in self._measures if measure.item == item.id for bound in (measure.lower, measure.upper)
        ]
        if isinstance(item, MeasuredItem) and any(isinstance(bound, Threshold) for bound in bounds):
            yield from self._of_value(item)
        for which in dict.fromkeys(bound.which for bound in bounds if isinstance(bound, ReferenceLimit)):
            yield from _of_difference(item, which)
        if item.id in self._states:
            yield Parameter(f"{item.id} state", "String", item.title, lambda facts: _state(facts, item.id))
        dated = bounds or item.id in self._states | self._asked | self._answered
        if dated and not isinstance(item, ListItem):
            yield Parameter(f"{item.id} days", "Integer", "how many days ago", lambda facts: _days(facts, item.id))
        if item.id in self._asked | self._may_pass:
            says = "why nothing usable is known of it, or 'none'"
            yield Parameter(f"{item.id} gap", "String", says, lambda facts: _gap(facts, item.id))

    def _of_value(self, item: MeasuredItem) -> Iterable[Parameter]:
        where = f"in {item.units[0]}" if len(item.units) == 1 else "in the unit it was reported in"

        def found(facts: Facts) -> tuple[Range, Fine]:
            reading = facts.items[item.id]
            return (
                (reading.range, self._fine.get((item.id, reading.unit), ()))
                if isinstance(reading, Reading)
                else NOTHING
            )

        yield from _ends(f"{item.id}", f"{item.title} {where}", found)
        if len(item.units) > 1:
            says = " or ".join(f"'{unit}'" for unit in item.units)
            yield Parameter(f"{item.id} unit", "String", says, lambda facts: _unit(facts, item.id))

    def _of_set(self, value_set: str) -> Iterable[Parameter]:
        if value_set not in self._sets:
            return
        described = self._pack.value_sets[value_set]
        of = self._pack.items[described.of].title
        yield Parameter(
            f"{value_set} present",
            "Boolean",
            f"{of}: {described.title}",
            lambda facts: facts.members[value_set].present,
        )
        mine = [taking for taking in self._taking if taking.value_set == value_set]
        if any((taking.at_least, taking.at_most) != (None, None) for taking in mine):
            says = "for how many days, the longest running"
            yield from _ends(f"{value_set} running", says, lambda facts: (facts.members[value_set].running, ()))
        if any(taking.unchanged_for is not None for taking in mine):
            says = "how many days ago one was last started or stopped"
            yield from _ends(f"{value_set} unchanged", says, lambda facts: (facts.members[value_set].unchanged, ()))

    def limit(self, item: str, unit: str, limit: Limit) -> Decimal:
        """A limit as it stands in the library. ExportError where it does not fit into a CQL Decimal as others do."""
        marked = self._fine.get((item, unit), ())
        crowded = Counter(floor(value * STEPS) for value in marked)
        if abs(Fraction(limit.value)) >= FARTHEST or max(crowded.values(), default=0) > MOST_MARKED:
            raise ExportError(
                f"the limits of '{item}' in {unit} are too large or too close for CQL; write them with fewer digits"
            )
        return sent(limit.value, marked)

    @cached_property
    def _fine(self) -> Mapping[tuple[str, str], Fine]:
        """By item and unit, the limits that have more than seven places."""
        found: dict[tuple[str, str], set[Fraction]] = defaultdict(set)
        for measure in self._measures:
            for bound in (measure.lower, measure.upper):
                for unit, limit in bound.by_unit.items() if isinstance(bound, Threshold) else ():
                    value = Fraction(limit.value)
                    found[measure.item, unit] |= {value} if (value * STEPS).denominator != 1 else set()
        return {key: tuple(sorted(values)) for key, values in found.items()}


def to_json(values: Mapping[str, Value]) -> str:
    """One line of JSON. Every Decimal has at most 15 digits, so a double gives them back as they are."""
    return json.dumps(values, default=float, ensure_ascii=False)


def sent(value: Number, fine: Fine = ()) -> Decimal:
    """On a step: itself. Between two: marked by how it lies to the limits there. Never beyond `FARTHEST`."""
    exact = Fraction(value)
    if abs(exact) >= FARTHEST:
        return Decimal(FARTHEST if exact > 0 else -FARTHEST)
    steps, rest = divmod(exact * STEPS, 1)
    below = [limit for limit in fine if limit < exact and floor(limit * STEPS) == steps]
    mark = 2 * len(below) + (2 if exact in fine else 1) if rest else 0
    return Decimal(steps) / STEPS + mark * MARK


def sent_low(found: Range, fine: Fine = ()) -> Decimal | None:
    """The least it may be; of an open end, just above."""
    if found.low is None:
        return None
    low = sent(found.low, fine)
    return low + MARK if found.low_open and _is_exact(low) else low


def sent_high(found: Range, fine: Fine = ()) -> Decimal | None:
    """The most it may be; of an open end, just below."""
    if found.high is None:
        return None
    high = sent(found.high, fine)
    return high - MARK if found.high_open and _is_exact(high) else high


def _is_exact(value: Decimal) -> bool:
    return value / MARK % 2 == 0


def _minus(found: Range, limit: Limit) -> Range:
    low, high = (Fraction(end) - Fraction(limit.value) if end is not None else None for end in (found.low, found.high))
    return Range(low, high, found.low_open, found.high_open)


# --- what facts say -------------------------------------------------------------------------------------------------------------


def _ends(name: str, says: str, found: Callable[[Facts], tuple[Range, Fine]]) -> Iterable[Parameter]:
    yield Parameter(f"{name} low", "Decimal", f"{says}: at least", lambda facts: sent_low(*found(facts)))
    yield Parameter(f"{name} high", "Decimal", "at most", lambda facts: sent_high(*found(facts)))


def _of_difference(item: Item, which: Which) -> Iterable[Parameter]:
    """To the laboratory's own limit, or the default one where the result came without: what matters is the sign."""

    def found(facts: Facts) -> tuple[Range, Fine]:
        reading = facts.items[item.id]
        if not isinstance(reading, Reading):
            return NOTHING
        limit = reading.lower if which == "lower" else reading.upper
        return (_minus(reading.range, limit), ()) if limit else NOTHING

    return _ends(f"{item.id} minus {which} limit", f"{item.title} less the laboratory's {which} limit", found)


def _state(facts: Facts, item: str) -> str | None:
    found = facts.items[item]
    return found.value if isinstance(found, StateReading) else None


def _unit(facts: Facts, item: str) -> str | None:
    found = facts.items[item]
    return found.unit if isinstance(found, Reading) else None


def _days(facts: Facts, item: str) -> int | None:
    found = facts.items[item]
    return None if isinstance(found, Gap) else found.days


def _gap(facts: Facts, subject: str) -> str:
    found = known(facts, subject)
    return found.reason if isinstance(found, Gap) else "none"
