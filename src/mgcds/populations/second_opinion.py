"""A second opinion on what was screened: a row of the facts table is read back into `Facts`, and judged as a single record is.

What is read back is not what was reported, but a value that no limit of the pack tells from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from mgcds.engines import evaluate_chained
from mgcds.engines.facts_table import GAPS, Layout, least, most
from mgcds.errors import EngineDisagreement
from mgcds.model.criterion import Limit
from mgcds.model.evaluation import Verdicts, evaluate_facts, in_review
from mgcds.model.facts import Facts, Gap, Listed, Range, Reading, StateReading
from mgcds.model.missing import pattern_of, sets_once
from mgcds.model.pack import RulePack

Row = Mapping[str, Any]
_NOTHING = Gap("missing", "not in the facts table: no criterion reads it")


def facts_of(row: Row, layout: Layout, on: date) -> Facts:
    """What a row says."""
    pack = layout.pack
    items = [item for item in pack.items if item not in pack.vocabularies]
    facts = Facts(on, dict.fromkeys(items, _NOTHING), dict.fromkeys(pack.vocabularies, _NOTHING), {})
    for item in layout.measured:
        facts.items[item] = _gap(row, item) or _reading(row, item, layout)
    for item, values in layout.states.items():
        facts.items[item] = _gap(row, item) or StateReading(values[row[f"{item}_state"]], row[f"{item}_days"], "", None)
    for name, masks in layout.lists.items():
        facts.lists[name] = _gap(row, name)
        for number, value_sets in enumerate(masks):
            present, absent = row[f"{name}_present_{number}"], row[f"{name}_absent_{number}"]
            for bit, value_set in enumerate(value_sets):
                there = True if present >> bit & 1 else False if absent >> bit & 1 else None
                running, unchanged = (_length(row, f"{value_set}_{what}", layout) for what in ("running", "unchanged"))
                facts.members[value_set] = Listed(there, running, unchanged, ())
    return facts


def _gap(row: Row, subject: str) -> Gap | None:
    code = row[f"{subject}_gap"]
    return Gap(GAPS[code - 1], "") if code else None


def _length(row: Row, name: str, layout: Layout) -> Range:
    return _range(row, name, 1, layout) if f"{name}_low" in layout.columns else Range(None, None)


def _range(row: Row, name: str, scale: int, layout: Layout) -> Range:
    """An odd number lies between two steps, and stands for the middle."""
    kind = layout.columns[f"{name}_low"].type
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return Range(
        Fraction(low, 2 * scale) if low != least(kind) else None,
        Fraction(high, 2 * scale) if high != most(kind) else None,
    )


def _reading(row: Row, item: str, layout: Layout) -> Reading:
    measured = layout.measured[item]
    unit = list(measured.scales)[max(row.get(f"{item}_unit", 0), 0)]
    found = _range(row, item, measured.scales[unit], layout)
    limits = {side: _limit(row, f"{item}_to_{side}", found, layout) for side in measured.differences}
    return Reading(found, unit, row[f"{item}_days"], limits.get("lower"), limits.get("upper"), "", "", "", "", None)


def _limit(row: Row, name: str, found: Range, layout: Layout) -> Limit | None:
    """A limit from which both ends of the range lie on the sides that they are said to lie on; None where neither is said."""
    less = _range(row, name, 1, layout)
    if less.low is None and less.high is None:
        return None
    if less.low is not None and found.low is not None and less.low >= 0:
        return Limit(Fraction(found.low) - (1 if less.low else 0), True)
    if less.high is not None and found.high is not None and less.high <= 0:
        return Limit(Fraction(found.high) + (1 if less.high else 0), True)
    if found.low is not None and found.high is not None:
        return Limit((Fraction(found.low) + Fraction(found.high)) / 2, True)
    end = found.low if found.low is not None else found.high
    return Limit(Fraction(end or 0) + (1 if found.low is not None else -1), True)


def disagreements(
    row: Row, statuses: Mapping[str, str], missing: Mapping[str, Any], pack: RulePack, layout: Layout, on: date
) -> list[str]:
    """Rules of which a record alone would be told something else: another status or, where withheld, other missing sets."""
    facts = facts_of(row, layout, on)
    alone = evaluate_facts(pack, facts)
    said = in_review(alone, pack, on).statuses
    return [
        rule
        for rule, status in statuses.items()
        if status != said[rule] or (rule in missing and missing[rule] != sets_alone(rule, alone, pack, facts))
    ]


def sets_alone(rule: str, alone: Verdicts, pack: RulePack, facts: Facts) -> tuple[tuple[str, ...], ...]:
    """The smallest missing sets of a record."""
    lapses = pack.rules[rule].review.lapses
    if alone.statuses[rule] != "withheld" or (lapses is not None and facts.on > lapses):
        return ()
    return sets_once(pattern_of(rule, alone.criteria, alone.rules, pack, facts), pack)


def check(
    rows: Iterable[tuple[int, Row, Mapping[str, str], Mapping[str, Any]]],
    pack: RulePack,
    layout: Layout,
    on: date,
    part: int,
) -> int:
    """How many rows were checked. EngineDisagreement where one differs; it is named by its row alone."""
    checked = 0
    for number, row, statuses, missing in rows:
        differ = disagreements(row, statuses, missing, pack, layout, on)
        facts = facts_of(row, layout, on)
        if not differ and evaluate_chained(pack, facts).statuses != evaluate_facts(pack, facts).statuses:
            differ = ["the two channels"]
        if differ:
            raise EngineDisagreement(
                f"part {part}, row {number}: {', '.join(differ)} would be another for the record alone: the part is not written; "
                "report this as a fault of mgcds"
            )
        checked += 1
    return checked
