"""The case grid: a number line for each quantity a rule measures, with its limits and the scenarios that passed as dots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, NamedTuple, assert_never

from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not
from mgcds.model.criterion import Bound, Measure, ReferenceLimit
from mgcds.model.documentation import findings_of
from mgcds.model.evaluation import Status, evaluate_facts, test
from mgcds.model.explanation import (
    VERDICT,
    Explanation,
    Step,
    criterion_step,
    leaves,
    number,
    plain,
    step_text,
    supporting,
)
from mgcds.model.facts import Facts, Gap, Reading
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.rule import Finding, Rule
from mgcds.review import charts
from mgcds.review.cases import Row, Scenario
from mgcds.review.charts import STATUSES, Dot, Range


class Case(NamedTuple):
    """One row of a scenario that expects a status of the rule."""

    scenario: Scenario
    row: Row
    status: Status


class Place(NamedTuple):
    """Where a value is drawn: at a number, from there `to` another where it is known to lie between, or as a bound that reaches on."""

    at: float | None
    to: float | None = None
    reaches: Literal["", "up", "down"] = ""


@dataclass(frozen=True)
class Entry:
    """Cases of one value and status. `own_limits`: the laboratory's, where it gave some; `passed_over`: why the suggestion is offered
    though a rule that can hold it back asks for such a value.
    """

    value: str
    own_limits: str
    status: Status
    outcome: str
    passed_over: str
    cases: Sequence[Case]
    place: Place
    gap: charts.Gap = "not on record"

    @property
    def scenarios(self) -> list[tuple[Scenario, int]]:
        """The scenarios with how many of their rows stand here, those with most first."""
        counts = Counter(case.scenario.key + case.scenario.feature for case in self.cases)
        found = {case.scenario.key + case.scenario.feature: case.scenario for case in self.cases}
        return [(found[key], count) for key, count in counts.most_common()]


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
            Dot(at, entry.status, len(entry.cases), _says(entry), reaches, to, entry.gap)
            for entry in self.entries
            if entry.outcome in ("passed", "proved") and not entry.own_limits
            for at, to, reaches in [entry.place]
        ]

    @property
    def is_whole(self) -> bool:
        """Has the quantity no fractions? Ages are said in whole years."""
        return self.item.whole or self.unit in ("a", "d")

    @property
    def has_own_limits(self) -> bool:
        """Did a laboratory give limits with any value?"""
        return any(entry.own_limits for entry in self.entries)

    @property
    def passed_over(self) -> list[tuple[str, str]]:
        """Values that look as if the suggestion had to be held back, each with why it is not."""
        return list(dict.fromkeys((entry.value, entry.passed_over) for entry in self.entries if entry.passed_over))

    @property
    def not_drawn(self) -> int:
        """Cases that are only in the table."""
        return sum(len(entry.cases) for entry in self.entries) - sum(dot.count for dot in self.dots)


def _says(entry: Entry) -> str:
    (first, count), *others = entry.scenarios
    times = f" ×{count}" if count > 1 else ""
    more = f" and {len(others)} other scenario{'s' if len(others) > 1 else ''}" if others else ""
    over = f". {entry.passed_over}" if entry.passed_over else ""
    return f"{entry.value}: {entry.status} ({first.name}{times}{more}){over}"


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
    return _lines(rule, _measures([rule], pack), cases, facts, pack)


def grid_of_holders(rule: Rule, cases: Sequence[Case], facts: CaseFacts, pack: RulePack) -> list[Line]:
    """The same for the quantities of the rules that can hold it back, those that suppressed it or let it wait in a case."""
    holders = [pack.rules[holder.by] for holder in pack.holders[rule.id]]
    own = _measures([rule], pack)
    measures = {item: found for item, found in _measures(holders, pack).items() if item not in own}
    lines = _lines(rule, measures, cases, facts, pack)
    return [line for line in lines if len({dot.status for dot in line.dots if dot.value is not None}) > 1]


def _lines(
    rule: Rule, measures: dict[str, list[tuple[str, Measure]]], cases: Sequence[Case], facts: CaseFacts, pack: RulePack
) -> list[Line]:
    found = [(case, known) for case in cases if (known := facts.of(case.row)) is not None]
    own, lines = _measures([rule], pack), []
    for item_id, of_item in measures.items():
        item = pack.items[item_id]
        assert isinstance(item, MeasuredItem)
        holders = [] if item_id in own else _holders_by(rule, item, pack)
        read = [(case, _read(known.items[item_id]), _passed_over(case, known, holders, pack)) for case, known in found]
        for unit in item.units:
            entries = _entries(
                each for each in read if (each[1].unit if isinstance(each[1], Reading) else item.units[0]) == unit
            )
            if unit == item.units[0] or any(entry.place.at is not None for entry in entries):
                ranges = [_range(name, measure, unit, item) for name, measure in of_item]
                lines.append(Line(item, unit, ranges, entries))
    return lines


def _read(found: object) -> Reading | Gap:
    assert isinstance(found, Reading | Gap), "a quantity is measured"
    return found


def _holders_by(rule: Rule, item: MeasuredItem, pack: RulePack) -> list[tuple[Rule, str, bool]]:
    """The rules that can hold this one back and measure an item, by which criterion, and whether it is to be so or not so. What is
    always current, such as the age, says who is meant and alarms nobody.
    """
    if item.current_for is None:
        return []
    return [
        (pack.rules[holder.by], key, wanted)
        for holder in pack.holders[rule.id]
        for key, wanted in _asked(pack.rules[holder.by].when, pack)
        if isinstance(criterion := pack.criteria[key], Measure) and criterion.item == item.id
    ]


def _asked(condition: Condition, pack: RulePack, wanted: bool = True) -> Iterator[tuple[str, bool]]:
    """Each criterion of a condition, and whether it is to be so or not so."""
    match condition:
        case Name(name=name) if name in pack.findings:
            yield from _asked(pack.findings[name].when, pack, wanted)
        case Name(name=name):
            yield name, wanted
        case Not(part=part):
            yield from _asked(part, pack, not wanted)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _asked(part, pack, wanted)
        case _:
            assert_never(condition)


def _passed_over(case: Case, known: Facts, holders: Sequence[tuple[Rule, str, bool]], pack: RulePack) -> str:
    """Why a suggestion is offered though the value, taken by itself and however old, is one that a holder asks for. Empty where the
    value itself clears the holder.
    """
    found = dict[str, Step]()
    for holder, key, wanted in holders if case.status == "offered" else ():
        criterion = pack.criteria[key]
        assert isinstance(criterion, Measure)
        if test(replace(criterion, within=None), known) is wanted:
            step = _why_cleared(holder, criterion, key, known, pack)
            if step is not None:
                found.setdefault(holder.title, step)
    return " ".join(f"“{title}” does not hold it back: {step_text(step)}." for title, step in found.items())


def _why_cleared(holder: Rule, criterion: Measure, key: str, known: Facts, pack: RulePack) -> Step | None:
    """What keeps a holder from applying besides the value: that it is too old, or the first other criterion that is in the way."""
    if test(criterion, known) is None:
        reading = known.items[criterion.item]
        assert isinstance(reading, Reading)
        assert criterion.within is not None, "only its age can make a value unknown that is known by itself"
        fresh = replace(known, items={**known.items, criterion.item: reading._replace(days=criterion.within)})
        if evaluate_facts(pack, fresh).rules[holder.id] is not False:
            return criterion_step(key, None, pack, known)
        known = fresh
    explained = Explanation(evaluate_facts(pack, known), pack, known)
    return _in_the_way(explained.of(holder.when), key, criterion.item)


def _in_the_way(step: Step, key: str, item: str, wanted: bool = True) -> Step | None:
    """The first criterion for which a condition is not as wanted, though one of its criteria is; None where one about the same item
    is enough for it.
    """
    wanted = wanted is not (step.joined == "not")
    part = next(part for part in step.parts if any(leaf.says == key for leaf in leaves(part)))
    if part.verdict != VERDICT[wanted]:
        return _in_the_way(part, key, item, wanted)
    others = [supporting(other) for other in step.parts if other.verdict == step.verdict]
    if any(all(leaf.about == item for leaf in rests_on) for rests_on in others):
        return None
    return next(leaf for rests_on in others for leaf in rests_on if leaf.about != item)


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


def _entries(read: Iterable[tuple[Case, Reading | Gap, str]]) -> list[Entry]:
    """Cases with one value, limits, status, outcome and reason together, in the order of their values; without a value first."""

    def key(of: tuple[Case, Reading | Gap, str]) -> tuple[float, float, str, str, str, int, str, str]:
        case, found, passed_over = of
        at, to, reaches = _place(found)
        order = (-1e12 if at is None else at, 1e12 if to is None else to)
        outcome = case.row.result.outcome
        return *order, reaches, _value(found), _own_limits(found), STATUSES.index(case.status), outcome, passed_over

    entries = []
    for _, group in groupby(sorted(read, key=key), key):
        alike = list(group)
        case, found, over = alike[0]
        gap: charts.Gap = "not on record" if isinstance(found, Gap) and found.reason == "missing" else "not usable"
        cases, outcome = [case for case, _, _ in alike], case.row.result.outcome
        limits = _own_limits(found)
        entries.append(Entry(_value(found), limits, case.status, outcome, over, cases, _place(found), gap))
    return entries


def _value(found: Reading | Gap) -> str:
    """The value as it was reported, or why there is none."""
    if isinstance(found, Reading):
        return found.shown
    return "not on record" if found.reason == "missing" else f"not usable: {found.reason}"


def _place(found: Reading | Gap) -> Place:
    if isinstance(found, Gap):
        return Place(None)
    low, high = found.range.low, found.range.high
    if low is None:
        return Place(None) if high is None else Place(float(high), None, "down")
    if high is None:
        return Place(float(low), None, "up")
    return Place(float(low), float(high) if high != low else None)


def _own_limits(reading: Reading | Gap) -> str:
    """The limits that came with the result, where it came with some: `0.66 to 1.07 mmol/L`."""
    if isinstance(reading, Gap) or "the laboratory's own limit" not in (reading.lower_from, reading.upper_from):
        return ""
    ends = [number(limit.value) if limit is not None else "?" for limit in (reading.lower, reading.upper)]
    return f"{' to '.join(ends)} {plain(reading.unit)}"
