"""The case grid: a number line for each quantity a rule measures, with its limits and the scenarios that passed as dots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

from mgcds.model.criterion import Bound, Measure, ReferenceLimit
from mgcds.model.documentation import findings_of
from mgcds.model.evaluation import Status
from mgcds.model.explanation import number, plain
from mgcds.model.facts import Facts, Reading
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.rule import Finding, Rule
from mgcds.review.cases import Row, Scenario
from mgcds.review.charts import STATUSES, Dot, Range


class Case(NamedTuple):
    """One row of a scenario that expects a status of the rule."""

    scenario: Scenario
    row: Row
    status: Status


@dataclass(frozen=True)
class Entry:
    """Cases of one value and status. `own_limits`: the laboratory's, where it gave some."""

    value: str
    own_limits: str
    status: Status
    outcome: str
    cases: Sequence[Case]
    at: float | None
    reaches: Literal["", "up", "down"]


@dataclass(frozen=True)
class Line:
    """One quantity in one unit it is reported in. `elsewhere`: how many cases are only in the table, and why."""

    item: MeasuredItem
    unit: str
    ranges: Sequence[Range]
    entries: Sequence[Entry]

    @property
    def key(self) -> str:
        return f"{self.item.id}-{self.item.units.index(self.unit)}"

    @property
    def shown_unit(self) -> str:
        return plain(self.unit)

    @property
    def dots(self) -> list[Dot]:
        """Only what passed, and only what the drawn limits apply to."""
        return [
            Dot(entry.at, entry.status, len(entry.cases), _says(entry), entry.reaches)
            for entry in self.entries
            if entry.outcome in ("passed", "proved") and not entry.own_limits
        ]

    @property
    def not_drawn(self) -> int:
        """Cases that are only in the table."""
        return sum(len(entry.cases) for entry in self.entries) - sum(dot.count for dot in self.dots)


def _says(entry: Entry) -> str:
    first = entry.cases[0]
    more = f" and {len(entry.cases) - 1} more" if len(entry.cases) > 1 else ""
    return f"{entry.value}: {entry.status} ({first.scenario.name}{more})"


class CaseFacts:
    """The facts of each row's patient, read once."""

    def __init__(self, pack: RulePack) -> None:
        self._pack = pack
        self._facts: dict[int, Facts | None] = {}

    def of(self, row: Row) -> Facts | None:
        """None of any patient, and where a scenario chooses limits of its own: those are of another pack."""
        example = row.example
        if example is None or example.is_about_anyone or example.has_own_limits:
            return None
        if id(row) not in self._facts:
            self._facts[id(row)] = example.facts(self._pack)
        return self._facts[id(row)]


def cases_of(rule: str, scenarios: Iterable[Scenario]) -> list[Case]:
    """Every row that expects a status of this rule."""
    return [
        Case(scenario, row, row.example.statuses[rule])
        for scenario in scenarios
        for row in scenario.rows
        if row.example is not None and rule in row.example.statuses
    ]


def grid(rule: Rule, cases: Sequence[Case], facts: CaseFacts, pack: RulePack) -> list[Line]:
    """The number lines of a rule: of each quantity that it or its findings measure, in each unit that a case reports."""
    return _lines(_measures([rule], pack), cases, facts, pack)


def grid_of_holders(rule: Rule, cases: Sequence[Case], facts: CaseFacts, pack: RulePack) -> list[Line]:
    """The same for the quantities of the rules that can hold it back, those that suppressed it or let it wait in a case."""
    holders = [pack.rules[holder.by] for holder in pack.holders[rule.id]]
    own = _measures([rule], pack)
    measures = {item: found for item, found in _measures(holders, pack).items() if item not in own}
    lines = _lines(measures, cases, facts, pack)
    return [line for line in lines if len({dot.status for dot in line.dots if dot.value is not None}) > 1]


def _lines(
    measures: dict[str, list[tuple[str, Measure]]], cases: Sequence[Case], facts: CaseFacts, pack: RulePack
) -> list[Line]:
    found = [(case, known) for case in cases if (known := facts.of(case.row)) is not None]
    lines = []
    for item_id, of_item in measures.items():
        item = pack.items[item_id]
        assert isinstance(item, MeasuredItem)
        read = [(case, known.items[item_id]) for case, known in found]
        for unit in item.units:
            entries = _entries(
                (case, reading if isinstance(reading, Reading) else None)
                for case, reading in read
                if (reading.unit if isinstance(reading, Reading) else item.units[0]) == unit
            )
            if unit == item.units[0] or any(entry.at is not None for entry in entries):
                ranges = [_range(name, measure, unit, item) for name, measure in of_item]
                lines.append(Line(item, unit, ranges, entries))
    return lines


def _measures(rules: Sequence[Rule], pack: RulePack) -> dict[str, list[tuple[str, Measure]]]:
    """Item → the criteria that measure it, with the names they have in the rules or their findings, alike ones once."""
    found: dict[str, list[tuple[str, Measure]]] = {}
    parts: list[Rule | Finding] = []
    for rule in rules:
        parts += [rule, *findings_of(rule, pack)]
    for name, key in ((name, key) for part in parts for name, key in part.criteria.items()):
        criterion = pack.criteria[key]
        if isinstance(criterion, Measure):
            measures = found.setdefault(criterion.item, [])
            if criterion not in [measure for _, measure in measures]:
                measures.append((name.replace("_", " "), criterion))
    return found


def _range(name: str, measure: Measure, unit: str, item: MeasuredItem) -> Range:
    low, low_closed = _end(measure.lower, unit, item)
    high, high_closed = _end(measure.upper, unit, item)
    return Range(name, low, high, low_closed, high_closed)


def _end(bound: Bound | None, unit: str, item: MeasuredItem) -> tuple[float | None, bool]:
    """Where a range ends: the laboratory's limits are drawn where the data dictionary has them."""
    if bound is None:
        return None, True
    if isinstance(bound, ReferenceLimit):
        default = item.lower if bound.which == "lower" else item.upper
        assert default is not None, "checked at load"
        return float(default.by_unit[unit].value), bound.inclusive
    limit = bound.by_unit[unit]
    return float(limit.value), limit.inclusive


def _entries(read: Iterable[tuple[Case, Reading | None]]) -> list[Entry]:
    """Cases with one value, limits, status and outcome together, in the order of their values; without a value first."""

    def key(of: tuple[Case, Reading | None]) -> tuple[float, str, str, int, str]:
        case, reading = of
        at, reaches = _at(reading)
        order = -1e12 if at is None else at
        return order, reaches, _own_limits(reading), STATUSES.index(case.status), case.row.result.outcome

    found = []
    for _, group in groupby(sorted(read, key=key), key):
        alike = list(group)
        case, reading = alike[0]
        at, reaches = _at(reading)
        value = f"{reading.shown}" if reading is not None else "not usable"
        cases = [case for case, _ in alike]
        found.append(Entry(value, _own_limits(reading), case.status, case.row.result.outcome, cases, at, reaches))
    return found


def _at(reading: Reading | None) -> tuple[float | None, Literal["", "up", "down"]]:
    """Where a value stands; a value known as a bound stands there and reaches on."""
    if reading is None:
        return None, ""
    low, high = reading.range.low, reading.range.high
    if low is not None and high is not None and low != high:
        return float(low), "up"
    if low is not None:
        return float(low), "" if high is not None else "up"
    return (float(high), "down") if high is not None else (None, "")


def _own_limits(reading: Reading | None) -> str:
    """The limits that came with the result, where it came with some: `0.66 to 1.07 mmol/L`."""
    if reading is None or "the laboratory's own limit" not in (reading.lower_from, reading.upper_from):
        return ""
    ends = [number(limit.value) if limit is not None else "?" for limit in (reading.lower, reading.upper)]
    return f"{' to '.join(ends)} {plain(reading.unit)}"
