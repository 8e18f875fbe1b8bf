"""What an assessment carries so that others can check it: the rules as they were applied and the values they were applied to.

Exact numbers are written as text (`0.64`, `1400/81`), limits by unit (`{"mmol/L": "below 0.50"}`), those of
the laboratory as `below lower`. Of the record only what the rules read is there. `verification/checker.py` reads it, and nothing else of mgcds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never
from weakref import WeakKeyDictionary

from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not
from mgcds.model.criterion import (
    WORDS,
    Asks,
    Bound,
    Criterion,
    Documented,
    Has,
    Measure,
    ReferenceLimit,
    State,
    Taking,
    Which,
)
from mgcds.model.facts import Facts, Gap, Listed, Range, Reading, StateReading
from mgcds.model.pack import MeasuredItem, RulePack, about

_of_pack: WeakKeyDictionary[RulePack, dict[str, Any]] = WeakKeyDictionary()


def proof_of(pack: RulePack, facts: Facts) -> dict[str, Any]:
    """The rules and the facts of one assessment, as plain data. What is a gap stands in the assessment's `unknown`."""
    return {**rules_of(pack), "found": _found(pack, facts), "members": _members(pack, facts)}


def rules_of(pack: RulePack) -> dict[str, Any]:
    """`rules` and `criteria`: what of the pack decides. Written once for each pack."""
    if pack not in _of_pack:
        rules = {
            rule.id: {
                "when": _logic(rule.when, pack),
                "held_back_by": {holder.by: holder.lets_pass for holder in pack.holders[rule.id]},
                "lapses": rule.review.lapses and rule.review.lapses.isoformat(),
            }
            for rule in pack.rules.values()
        }
        criteria = {key: _criterion(criterion, pack) for key, criterion in pack.criteria.items()}
        _of_pack[pack] = {"rules": rules, "criteria": criteria}
    return _of_pack[pack]


def _logic(condition: Condition, pack: RulePack) -> str:
    """A condition in one line, its criteria as their steps say them and its findings by title and content."""
    match condition:
        case Name(name=name):
            finding = pack.findings.get(name)
            return f"[{name}]" if finding is None else f"{finding.title} = {_logic(finding.when, pack)}"
        case Not(part=part):
            return f"not {_logic(part, pack)}"
        case AllOf(parts=parts):
            return f"({' and '.join(_logic(part, pack) for part in parts)})"
        case AnyOf(parts=parts):
            return f"({' or '.join(_logic(part, pack) for part in parts)})"
    assert_never(condition)


def _criterion(criterion: Criterion, pack: RulePack) -> dict[str, Any]:
    written: dict[str, Any] = {"about": about(criterion, pack)}
    match criterion:
        case Measure(lower=lower, upper=upper, within=within):
            ends: tuple[tuple[Which, Bound | None], ...] = (("lower", lower), ("upper", upper))
            units = pack.items[written["about"]].units  # type: ignore[union-attr]
            limits = [_bound(end, bound, units) for end, bound in ends if bound is not None]
            return {"kind": "measure", **written, "limits": limits, "within": within}
        case State(values=values, within=within):
            return {"kind": "state", **written, "is": list(values), "within": within}
        case Taking(value_set=value_set, at_least=at_least, at_most=at_most, unchanged_for=unchanged):
            days = [f"at least {at_least}"] * (at_least is not None) + [f"at most {at_most}"] * (at_most is not None)
            still = [f"at least {unchanged}"] * (unchanged is not None)
            return {"kind": "member", **written, "value_set": value_set, "running": days, "unchanged": still}
        case Has(value_set=value_set):
            return {"kind": "member", **written, "value_set": value_set}
        case Asks(problem=problem, within=within):
            return {"kind": "knowledge", **written, "problem": problem, "within": within}
        case Documented(values=values, since=since, within=within):
            return {"kind": "documented", **written, "is": list(values), "since": since, "within": within}
    assert_never(criterion)


def _bound(end: Which, bound: Bound, units: Iterable[str]) -> dict[str, str]:
    """By unit; the word says which end it is and whether the value itself belongs."""
    if isinstance(bound, ReferenceLimit):
        return dict.fromkeys(units, f"{WORDS[end, bound.inclusive]} {bound.which}")
    return {unit: f"{WORDS[end, limit.inclusive]} {limit.value}" for unit, limit in bound.by_unit.items()}


def _found(pack: RulePack, facts: Facts) -> dict[str, Any]:
    """What was known of each item or list that the rules read."""
    found: dict[str, Any] = {}
    for name in _read(pack):
        known = facts.items[name] if name in facts.items else facts.lists[name]
        if isinstance(known, Gap):
            continue
        value: dict[str, Any]
        value = _reading(known) if isinstance(known, Reading) else _state(known) if known else {"complete": True}
        item = pack.items[name]
        if item.current_for is not None:
            value["current_for"] = item.current_for
        if isinstance(item, MeasuredItem) and item.change is not None:
            value |= {"of": item.change.of, "since": item.change.value_set, "gives": item.change.gives}
        found[name] = value
    return found


def _read(pack: RulePack) -> dict[str, None]:
    """Items and lists of the criteria, and those that they are compared with or computed from, each once."""
    read = {about(criterion, pack): None for criterion in pack.criteria.values()}
    read |= {c.since: None for c in pack.criteria.values() if isinstance(c, Documented) and c.since is not None}
    changes = [item.change for item in map(pack.items.get, read) if isinstance(item, MeasuredItem) and item.change]
    return read | {change.of: None for change in changes}


def _members(pack: RulePack, facts: Facts) -> dict[str, Any]:
    """What the lists say of each value set that the rules name or a computed item counts from."""
    named = {c.value_set: None for c in pack.criteria.values() if isinstance(c, Taking | Has)}
    named |= {i.change.value_set: None for i in pack.items.values() if isinstance(i, MeasuredItem) and i.change}
    return {name: {"of": pack.value_sets[name].of, **_listed(facts.members[name])} for name in named}


def _listed(listed: Listed) -> dict[str, Any]:
    running, unchanged = _range(listed.running), _range(listed.unchanged)
    shown, names = ", ".join(listed.names), list(listed.names)
    return {"present": listed.present, "found": shown, "names": names, "running": running, "unchanged": unchanged}


def _reading(reading: Reading) -> dict[str, Any]:
    ends = {"lower": (reading.lower, reading.lower_from), "upper": (reading.upper, reading.upper_from)}
    limits = {which: str(limit.value) for which, (limit, _) in ends.items() if limit is not None}
    whose = {f"{which}_from": of for which, (limit, of) in ends.items() if limit is not None}
    return {**_range(reading.range), "unit": reading.unit, "found": reading.shown, **_when(reading), **limits, **whose}


def _state(state: StateReading) -> dict[str, Any]:
    return {"found": state.value, **_when(state)}


def _when(known: Reading | StateReading) -> dict[str, Any]:
    return {"dated": known.dated or None, "days": known.days, "source": known.source or None}


def _range(known: Range) -> dict[str, Any]:
    """Its ends; one that is not there is unbounded, one that is open does not belong to it."""
    ends = {"low": known.low, "high": known.high}
    written: dict[str, Any] = {end: str(value) for end, value in ends.items() if value is not None}
    return written | {"open": True} if known.low_open or known.high_open else written
