"""Facts as one flat dictionary of numbers, texts, true and false: what zen-engine and the hand-written function are given.

A measured value is in its item's first unit. It is None where it is missing or rejected, and where it is older than the item stays
current; `_last` is the value however old, `_days` its age. Reading dates, units, specimens and lists is thus left to mgcds, and is
not timed for the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from mgcds.model.criterion import Asks
from mgcds.model.evaluation import asks
from mgcds.model.facts import Facts, Gap, Range, StateReading
from mgcds.model.pack import ListItem, MeasuredItem, RulePack
from mgcds.model.units import factor

Plain = dict[str, float | str | bool | None]


def plain_facts(facts: Facts, pack: RulePack, columns: Iterable[str]) -> Plain:
    """These columns of one record."""
    row: Plain = {}
    for item in facts.items:
        row |= _of_item(item, facts, pack)
    for value_set, listed in facts.members.items():
        row[f"has_{value_set}"] = listed.present
        row[f"{value_set}_running"] = _exact(listed.running)
        row[f"{value_set}_unchanged"] = _exact(listed.unchanged)
    for criterion in pack.criteria.values():
        if isinstance(criterion, Asks):
            row[f"{criterion.about}_{criterion.problem}"] = asks(criterion, facts)
    return {column: row[column] for column in columns}


def _of_item(item: str, facts: Facts, pack: RulePack) -> Plain:
    found, described = facts.items[item], pack.items[item]
    if isinstance(found, Gap) or isinstance(described, ListItem):
        return dict.fromkeys((item, f"{item}_last", f"{item}_days", f"{item}_lower", f"{item}_upper"))
    current = described.current_for is None or found.days <= described.current_for
    if isinstance(found, StateReading):
        return {item: found.value if current else None, f"{item}_last": found.value, f"{item}_days": found.days}
    assert isinstance(described, MeasuredItem)
    scale = factor(found.unit, described.units[0], described.substance)
    exact = _exact(found.range)
    assert scale is not None
    value = None if exact is None else exact * float(scale)
    row: Plain = {item: value if current else None, f"{item}_last": value, f"{item}_days": found.days}
    for which, limit in (("lower", found.lower), ("upper", found.upper)):
        row[f"{item}_{which}"] = float(Fraction(limit.value) * scale) if limit else None
    return row


def _exact(found: Range) -> float | None:
    return float(found.low) if found.low is not None and found.low == found.high else None
