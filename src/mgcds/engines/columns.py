"""A pack and its facts as integers: columns, and patterns over them, for engines that compare whole numbers only.

A number becomes 2·⌊x·scale⌋, plus 1 where x lies between two steps of the scale; the scale of a column makes every limit a step. So
the order against the limits is exact for any decimal, and "just above" or "just below" a step (a reported `>60`) is the odd number
beside it. Numbers are compared in the unit they were reported in; where the limit is the laboratory's own, the column holds the
difference to it.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import assert_never

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
)
from mgcds.model.evaluation import asks, documented, is_rejected
from mgcds.model.facts import Facts, Listed, Range, Reading, StateReading
from mgcds.model.pack import MeasuredItem, RulePack, StateItem
from mgcds.model.rule import HoldsBack

_FARTHEST = 2**61


class Columns:
    """The columns of one pack: which there are, how they are scaled, and how facts fill them."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack
        measures = [criterion for criterion in pack.criteria.values() if isinstance(criterion, Measure)]
        self._units: dict[str, list[tuple[str, int]]] = {}
        self._differences: dict[str, set[str]] = {}
        for item in pack.items.values():
            mine = [
                bound for measure in measures if measure.item == item.id for bound in (measure.lower, measure.upper)
            ]
            thresholds = [bound for bound in mine if isinstance(bound, Threshold)]
            if isinstance(item, MeasuredItem) and any(measure.item == item.id for measure in measures):
                units = dict.fromkeys(unit for bound in thresholds for unit in bound.by_unit)
                self._units[item.id] = [
                    (
                        unit,
                        lcm(
                            *(
                                bound.by_unit[unit].value.as_integer_ratio()[1]
                                for bound in thresholds
                                if unit in bound.by_unit
                            )
                        ),
                    )
                    for unit in units
                ]
                self._differences[item.id] = {bound.which for bound in mine if isinstance(bound, ReferenceLimit)}
        self._scales = {item: dict(units) for item, units in self._units.items()}
        states = (State, Documented)
        self._states = {criterion.item for criterion in pack.criteria.values() if isinstance(criterion, states)}
        self._sets = {
            criterion.value_set for criterion in pack.criteria.values() if isinstance(criterion, Taking | Has)
        }
        taking = [criterion for criterion in pack.criteria.values() if isinstance(criterion, Taking)]
        self._running = {
            criterion.value_set for criterion in taking if (criterion.at_least, criterion.at_most) != (None, None)
        }
        self._unchanged = {criterion.value_set for criterion in taking if criterion.unchanged_for is not None}
        self._about_knowledge = [
            (key, criterion) for key, criterion in pack.criteria.items() if isinstance(criterion, ABOUT_KNOWLEDGE)
        ]
        self._may_pass = sorted(
            {
                item
                for held in pack.holders.values()
                for holder in held
                if holder.lets_pass
                for item in pack.reads[holder.by]
            }
        )

    # --- facts → integers -------------------------------------------------------------------------------------------------

    def fill(self, facts: Facts) -> dict[str, int]:
        """One row. A column that is not there is unknown."""
        row: dict[str, int] = {}
        for item in self._scales:
            reading = facts.items[item]
            if isinstance(reading, Reading):
                self._fill_reading(item, reading, row)
        for item in self._states:
            state = facts.items[item]
            if isinstance(state, StateReading):
                described = self.pack.items[item]
                assert isinstance(described, StateItem)
                row[f"{item} state"] = described.values.index(state.value)
                row[f"{item} days"] = state.days
        for value_set in self._sets:
            self._fill_listed(value_set, facts.members[value_set], row)
        for key, criterion in self._about_knowledge:
            row[f"{key} ?"] = int(
                asks(criterion, facts) if isinstance(criterion, Asks) else documented(criterion, facts)
            )
        for item in self._may_pass:
            row[f"{item} rejected"] = int(is_rejected(item, facts))
        return row

    def _fill_reading(self, item: str, reading: Reading, row: dict[str, int]) -> None:
        row[f"{item} days"] = reading.days
        scale = self._scales[item].get(reading.unit)
        if scale is not None:
            _fill_range(f"{item} {reading.unit}", reading.range, None, scale, row)
        for which in self._differences[item]:
            limit = reading.lower if which == "lower" else reading.upper
            if limit is not None:
                _fill_range(f"{item} {which}", reading.range, limit.value, 1, row)

    def _fill_listed(self, value_set: str, listed: Listed, row: dict[str, int]) -> None:
        if listed.present is not None:
            row[f"{value_set} present"] = int(listed.present)
        if value_set in self._running:
            _fill_range(f"{value_set} running", listed.running, None, 1, row)
        if value_set in self._unchanged:
            _fill_range(f"{value_set} unchanged", listed.unchanged, None, 1, row)

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
                described = self.pack.items[item]
                assert isinstance(described, StateItem)
                codes = [described.values.index(value) for value in values]
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
            step = Fraction(limit.value) * self._scales[item][unit]
            assert step.denominator == 1, "the scale of a column makes every limit a step"
            if abs(2 * step) >= _FARTHEST:  # `encode` would put a value beyond the limit on its wrong side
                raise EngineFault(
                    f"the limits of {item} in {unit} are too fine for 64 bits; write them with fewer places"
                )
            sides.append(_side(f"{item} {unit}", end, 2 * step.numerator, limit.inclusive))
        return _any([met for met, _ in sides]), _any([not_met for _, not_met in sides])


def network_layers(pack: RulePack, columns: Columns) -> list[list[Node]]:
    """Findings by the depth of what they use, then rules, then for each set of holders whether it holds and whether it is cleared."""
    depth: dict[str, int] = {}
    layers: list[list[Node]] = []
    for finding in pack.findings.values():
        depth[finding.id] = 1 + max((depth[name] for name in c.names_of(finding.when) if name in depth), default=-1)
        while len(layers) <= depth[finding.id]:
            layers.append([])
        layers[depth[finding.id]].append(_node(finding.id, finding.when, pack, columns))
    layers.append([_node(rule.id, rule.when, pack, columns) for rule in pack.rules.values()])
    layers.append([node for group, holders in enumerate(groups(pack)) for node in _holding(group, holders, pack)])
    return [layer for layer in layers if layer]


def groups(pack: RulePack) -> list[tuple[HoldsBack, ...]]:
    """The different sets of holders of a pack, each once."""
    return [holders for holders in dict.fromkeys(pack.holders[rule] for rule in pack.rules) if holders]


def _holding(group: int, holders: tuple[HoldsBack, ...], pack: RulePack) -> list[Node]:
    held = _any([Compare(holder.by, "eq", 1) for holder in holders])
    cleared: list[Pattern] = []
    for holder in holders:
        not_met: Pattern = Compare(holder.by, "eq", 0)
        if holder.lets_pass:
            nothing_rejected = _every([Compare(f"{item} rejected", "eq", 0) for item in pack.reads[holder.by]])
            not_met = _any([not_met, nothing_rejected])  # while it is met, `held` says so and comes first
        cleared.append(not_met)
    never = AnyOf(())
    return [Node(f"held {group}", held, never), Node(f"cleared {group}", _every(cleared), never)]


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
    return pattern if within is None else AllOf((Compare(f"{item} days", "lte", within), pattern))


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


def _fill_range(column: str, found: Range, origin: Number | None, scale: int, row: dict[str, int]) -> None:
    if found.low is not None:
        low = encode(found.low if origin is None else Fraction(found.low) - Fraction(origin), scale)
        row[f"{column} low"] = low + 1 if found.low_open and not low % 2 else low
    if found.high is not None:
        high = encode(found.high if origin is None else Fraction(found.high) - Fraction(origin), scale)
        row[f"{column} high"] = high - 1 if found.high_open and not high % 2 else high


def encode(value: Number, scale: int) -> int:
    """Even on a step of the scale, odd between two steps; kept inside 64 bits without changing its order to any limit."""
    above, below = value.as_integer_ratio()
    steps, rest = divmod(above * scale, below)
    return max(-_FARTHEST, min(_FARTHEST, 2 * steps + (rest != 0)))
