"""A pack and its facts as integers: columns, and patterns over them, for engines that compare whole numbers only.

A number becomes 2·⌊x·scale⌋, plus 1 where x lies between two steps of the scale; the scale of a column makes every limit a step. So
the order against the limits is exact for any decimal, and "just above" or "just below" a step (a reported `>60`) is the odd number
beside it. Numbers are compared in the unit they were reported in; where the limit is the laboratory's own, the column holds the
difference to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Context, Inexact
from fractions import Fraction
from math import lcm
from typing import NamedTuple, assert_never

from mgcds.engines.durable import AllOf, AnyOf, Compare, Node, Pattern
from mgcds.errors import EngineFault
from mgcds.model import condition as c
from mgcds.model.criterion import (
    ABOUT_KNOWLEDGE,
    Asks,
    Bound,
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
from mgcds.model.evaluation import asks, documented, is_rejected
from mgcds.model.facts import Facts, Listed, Range, Reading, StateReading
from mgcds.model.pack import RulePack, StateItem
from mgcds.model.rule import HoldsBack

FARTHEST = 2**61
PASSES = 2  # neither true nor false
_EXACT = Context(prec=200, traps=[Inexact])  # a reported number has fifty digits at most


class _Ends(NamedTuple):
    """The two columns of a range, and the scale of both."""

    low: str
    high: str
    scale: int = 1


class _Measured(NamedTuple):
    """The columns of a measured item: its age, its value by unit, and its difference to the limits that rules name."""

    days: str
    by_unit: dict[str, _Ends]
    differences: dict[Which, _Ends]


class Columns:
    """The columns of one pack: which there are, how they are scaled, and how facts fill them."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack
        criteria = pack.criteria.values()
        measures: dict[str, list[Measure]] = {}
        for criterion in criteria:
            if isinstance(criterion, Measure):
                measures.setdefault(criterion.item, []).append(criterion)
        self._measured = {item: _measured(item, mine) for item, mine in measures.items()}
        self._states = [
            (item, {value: code for code, value in enumerate(_values(pack, item))}, f"{item} state", f"{item} days")
            for item in dict.fromkeys(each.item for each in criteria if isinstance(each, State))
        ]
        self._sets = {
            each.value_set: f"{each.value_set} present" for each in criteria if isinstance(each, Taking | Has)
        }
        taking = [criterion for criterion in criteria if isinstance(criterion, Taking)]
        self._running = {
            each.value_set: _ends(f"{each.value_set} running")
            for each in taking
            if (each.at_least, each.at_most) != (None, None)
        }
        self._unchanged = {
            each.value_set: _ends(f"{each.value_set} unchanged") for each in taking if each.unchanged_for is not None
        }
        self._about_knowledge = [
            (f"{key} ?", criterion)
            for key, criterion in pack.criteria.items()
            if isinstance(criterion, ABOUT_KNOWLEDGE)
        ]
        holders = {holder.by for held in pack.holders.values() for holder in held if holder.lets_pass}
        self.may_pass = {holder: f"{holder} may pass" for holder in sorted(holders)}
        """holder → the column that stands for it while it is unknown; there where nothing that it reads was rejected"""
        self._read_by_those = sorted({item for holder in holders for item in pack.reads[holder]})

    # --- facts → integers -------------------------------------------------------------------------------------------------

    def fill(self, facts: Facts) -> dict[str, int]:
        """One row. A column that is not there is unknown."""
        row: dict[str, int] = {}
        for item in self._measured:
            reading = facts.items[item]
            if isinstance(reading, Reading):
                self._fill_reading(item, reading, row)
        for item, codes, column, days in self._states:
            state = facts.items[item]
            if isinstance(state, StateReading):
                row[column] = codes[state.value]
                row[days] = state.days
        for value_set, column in self._sets.items():
            listed = facts.members[value_set]
            if listed.present is not None:
                row[column] = 1 if listed.present else 0
                if listed.present:
                    self._fill_days(value_set, listed, row)
        for column, criterion in self._about_knowledge:
            is_met = asks(criterion, facts) if isinstance(criterion, Asks) else documented(criterion, facts)
            row[column] = 1 if is_met else 0
        rejected = {item for item in self._read_by_those if is_rejected(item, facts)}
        for holder, column in self.may_pass.items():
            if rejected.isdisjoint(self.pack.reads[holder]):
                row[column] = PASSES
        return row

    def _fill_reading(self, item: str, reading: Reading, row: dict[str, int]) -> None:
        measured = self._measured[item]
        row[measured.days] = reading.days
        ends = measured.by_unit.get(reading.unit)
        if ends is not None:
            _fill_range(ends, reading.range, row)
        for which, ends in measured.differences.items():
            limit = reading.lower if which == "lower" else reading.upper
            if limit is not None:
                _fill_range(ends, reading.range, row, limit.value)

    def _fill_days(self, value_set: str, listed: Listed, row: dict[str, int]) -> None:
        """How long a medicine was taken matters only where one is taken."""
        if value_set in self._running:
            _fill_range(self._running[value_set], listed.running, row)
        if value_set in self._unchanged:
            _fill_range(self._unchanged[value_set], listed.unchanged, row)

    # --- criteria → patterns ----------------------------------------------------------------------------------------------

    def patterns(self, key: str) -> tuple[Pattern, Pattern]:
        """(definitely met, definitely not met) of one criterion."""
        criterion: Criterion = self.pack.criteria[key]
        match criterion:
            case Measure(item=item, lower=lower, upper=upper, within=within):
                sides = [self._bound(item, "low", lower), self._bound(item, "high", upper)]
                met, not_met = _both([side for side in sides if side is not None])
                return _fresh(item, within, met), _fresh(item, within, not_met)
            case State(item=item, values=values, within=within):
                codes = [_values(self.pack, item).index(value) for value in values]
                met = _any([Compare(f"{item} state", "eq", code) for code in codes])
                not_met = _every([Compare(f"{item} state", "neq", code) for code in codes])
                return _fresh(item, within, met), _fresh(item, within, not_met)
            case Taking(value_set=value_set, at_least=at_least, at_most=at_most, unchanged_for=unchanged):
                return _taking(value_set, at_least, at_most, unchanged)
            case Has(value_set=value_set):
                return Compare(f"{value_set} present", "eq", 1), Compare(f"{value_set} present", "eq", 0)
            case Asks() | Documented():
                return Compare(f"{key} ?", "eq", 1), Compare(f"{key} ?", "eq", 0)
        assert_never(criterion)

    def _bound(self, item: str, end: str, bound: Bound | None) -> tuple[Pattern, Pattern] | None:
        """One end of a range: compared in whichever unit the row has; the row has one."""
        if bound is None:
            return None
        if isinstance(bound, ReferenceLimit):
            return _side(f"{item} {bound.which}", end, 0, bound.inclusive)
        sides = []
        for unit, limit in bound.by_unit.items():
            step = Fraction(limit.value) * self._measured[item].by_unit[unit].scale
            assert step.denominator == 1, "the scale of a column makes every limit a step"
            if abs(2 * step) >= FARTHEST:  # `encode` would put a value beyond the limit on its wrong side
                raise EngineFault(
                    f"the limits of {item} in {unit} are too fine for 64 bits; write them with fewer places"
                )
            sides.append(_side(f"{item} {unit}", end, 2 * step.numerator, limit.inclusive))
        return _any([met for met, _ in sides]), _any([not_met for _, not_met in sides])


def network_layers(pack: RulePack, columns: Columns) -> list[list[Node]]:
    """Findings by the depth of what they use, then rules, then for each set of holders whether it holds back."""
    depth: dict[str, int] = {}
    layers: list[list[Node]] = []
    for finding in pack.findings.values():
        depth[finding.id] = 1 + max((depth[name] for name in c.names_of(finding.when) if name in depth), default=-1)
        while len(layers) <= depth[finding.id]:
            layers.append([])
        layers[depth[finding.id]].append(_node(finding.id, finding.when, pack, columns))
    layers.append(
        [
            replace(_node(rule.id, rule.when, pack, columns), unknown_as=columns.may_pass.get(rule.id))
            for rule in pack.rules.values()
        ]
    )
    held = groups(pack)
    # Those that most sets have first: a network cuts what is long by the dozen, and judges equal dozens once.
    sets_of = Counter(holder.by for holders in held for holder in holders)
    ordered = [sorted(holders, key=lambda holder: -sets_of[holder.by]) for holders in held]
    layers.append([_holding(group, holders) for group, holders in enumerate(ordered)])
    return [layer for layer in layers if layer]


def groups(pack: RulePack) -> list[tuple[HoldsBack, ...]]:
    """The different sets of holders of a pack, each once."""
    return [holders for holders in dict.fromkeys(pack.holders[rule] for rule in pack.rules) if holders]


def _holding(group: int, holders: Sequence[HoldsBack]) -> Node:
    """True where one is met, false where all are cleared. One that lets pass is cleared while it is unknown, too, where nothing it
    reads was rejected: `PASSES` is not 1.
    """
    held = _any([Compare(holder.by, "eq", 1) for holder in holders])
    cleared = _every(
        [Compare(holder.by, "neq", 1) if holder.lets_pass else Compare(holder.by, "eq", 0) for holder in holders]
    )
    return Node(f"holders {group}", held, cleared)


def _node(name: str, condition: c.Condition, pack: RulePack, columns: Columns) -> Node:
    return Node(name, _pattern(condition, True, pack, columns), _pattern(condition, False, pack, columns))


def _pattern(condition: c.Condition, wanted: bool, pack: RulePack, columns: Columns) -> Pattern:
    """Negation normal form: `not` only turns round what is wanted."""
    match condition:
        case c.Name(name=name):
            if name in pack.findings:
                return Compare(name, "eq", int(wanted))
            return columns.patterns(name)[0 if wanted else 1]
        case c.Not(part=part):
            return _pattern(part, not wanted, pack, columns)
        case c.AllOf(parts=parts):
            return (_every if wanted else _any)([_pattern(part, wanted, pack, columns) for part in parts])
        case c.AnyOf(parts=parts):
            return (_any if wanted else _every)([_pattern(part, wanted, pack, columns) for part in parts])
    assert_never(condition)


def _every(parts: list[Pattern]) -> Pattern:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _any(parts: list[Pattern]) -> Pattern:
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _both(sides: list[tuple[Pattern, Pattern]]) -> tuple[Pattern, Pattern]:
    return _every([met for met, _ in sides]), _any([not_met for _, not_met in sides])


def _fresh(item: str, within: int | None, pattern: Pattern) -> Pattern:
    return pattern if within is None else AllOf((pattern, Compare(f"{item} days", "lte", within)))


def _side(column: str, end: str, step: int, inclusive: bool) -> tuple[Pattern, Pattern]:
    """(above, not above) for the low end of a range, (below, not below) for its high end. The low column holds the least the value
    may be, the high column the most.
    """
    low, high = f"{column} low", f"{column} high"
    if end == "low":
        return (
            Compare(low, "gte" if inclusive else "gt", step),
            Compare(high, "lt" if inclusive else "lte", step),
        )
    return (
        Compare(high, "lte" if inclusive else "lt", step),
        Compare(low, "gt" if inclusive else "gte", step),
    )


def _taking(
    value_set: str, at_least: int | None, at_most: int | None, unchanged: int | None
) -> tuple[Pattern, Pattern]:
    present = Compare(f"{value_set} present", "eq", 1)
    sides: list[tuple[Pattern, Pattern]] = [(present, Compare(f"{value_set} present", "eq", 0))]
    for column, end, days in (
        ("running", "low", at_least),
        ("running", "high", at_most),
        ("unchanged", "low", unchanged),
    ):
        if days is not None:
            met, not_met = _side(f"{value_set} {column}", end, 2 * days, True)
            sides.append((met, AllOf((present, not_met))))
    return _both(sides)


def _measured(item: str, measures: list[Measure]) -> _Measured:
    bounds = [bound for measure in measures for bound in (measure.lower, measure.upper)]
    thresholds = [bound for bound in bounds if isinstance(bound, Threshold)]
    units = dict.fromkeys(unit for bound in thresholds for unit in bound.by_unit)
    limits = {unit: [bound.by_unit[unit].value for bound in thresholds if unit in bound.by_unit] for unit in units}
    return _Measured(
        f"{item} days",
        {unit: _ends(f"{item} {unit}", lcm(*(each.as_integer_ratio()[1] for each in limits[unit]))) for unit in units},
        {bound.which: _ends(f"{item} {bound.which}") for bound in bounds if isinstance(bound, ReferenceLimit)},
    )


def _values(pack: RulePack, item: str) -> tuple[str, ...]:
    described = pack.items[item]
    assert isinstance(described, StateItem)
    return described.values


def _ends(column: str, scale: int = 1) -> _Ends:
    return _Ends(f"{column} low", f"{column} high", scale)


def _fill_range(ends: _Ends, found: Range, row: dict[str, int], origin: Number | None = None) -> None:
    """The ends of a range, or what they differ from `origin` by."""
    lowest, highest = found.low, found.high
    low = None if lowest is None else encode(lowest if origin is None else _difference(lowest, origin), ends.scale)
    if highest is lowest:
        high = low
    else:
        high = (
            None if highest is None else encode(highest if origin is None else _difference(highest, origin), ends.scale)
        )
    if low is not None:
        row[ends.low] = low + 1 if found.low_open and not low % 2 else low
    if high is not None:
        row[ends.high] = high - 1 if found.high_open and not high % 2 else high


def _difference(value: Number, origin: Number) -> Number:
    if isinstance(value, Fraction) or isinstance(origin, Fraction):
        return Fraction(value) - Fraction(origin)
    return _EXACT.subtract(value, origin)


def encode(value: Number, scale: int) -> int:
    """Even on a step of the scale, odd between two steps; kept inside 64 bits without changing its order to any limit."""
    above, below = value.as_integer_ratio()
    steps, rest = divmod(above * scale, below)
    return max(-FARTHEST, min(FARTHEST, 2 * steps + (rest != 0)))
