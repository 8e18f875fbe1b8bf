"""The meaning of a rule, in a form that how it is written does not change, and its hash: what a clinician signs.

It holds the condition with its findings written out, every item, limit and value set behind it, who holds the rule back and by what
condition, whom it holds back, and the suggestion word by word. Left out are names given to criteria and findings, titles of items and
value sets, notes, versions, review dates, and what the cited evidence says: the entries are named. Two spellings that the canonical form
does not know to be the same give two hashes: then a signature is asked for once more than needed, never once less.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, assert_never

from mgcds.errors import UnknownRule
from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not
from mgcds.model.criterion import (
    Asks,
    Bound,
    Criterion,
    Documented,
    Has,
    Measure,
    ReferenceLimit,
    State,
    Taking,
    Threshold,
)
from mgcds.model.drafts import DraftOrder, MeasurementDraft, QuestionDraft, SupplementDraft
from mgcds.model.pack import Item, ListItem, MeasuredItem, RulePack, StateItem, about
from mgcds.model.terminology import ValueSet, plain_code, with_included, words

FORM = 1
"""of the canonical form: a change of it changes every hash, and so asks for every signature anew"""


def meaning_of(rule_id: str, pack: RulePack) -> str:
    """SHA-256 of a rule's meaning, in hexadecimal. UnknownRule where the pack has no active rule of that id."""
    return _hash(rule_id, pack)


@lru_cache(maxsize=1024)
def _hash(rule_id: str, pack: RulePack) -> str:
    written = json.dumps(canonical(rule_id, pack), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(written.encode("ascii")).hexdigest()


def canonical(rule_id: str, pack: RulePack) -> dict[str, Any]:
    """What is hashed, as plain data: equal for two rules that mean the same. The jurisdictions chosen for a pack do not count."""
    rule = pack.rules.get(rule_id)
    if rule is None:
        raise UnknownRule(f"no active rule has the id '{rule_id}'")
    holders = pack.holders[rule_id]
    parts = [rule_id, *(holder.by for holder in holders)]
    criteria = [pack.criteria[key] for part in parts for key in pack.criteria_of[part]]
    items, value_sets = _behind(criteria, pack)
    suggest = rule.suggest
    return {
        "form": FORM,
        "rule": rule_id,
        "when": _logic(rule.when, pack),
        "held back by": {
            holder.by: {"lets pass": holder.lets_pass, "when": _logic(pack.rules[holder.by].when, pack)}
            for holder in holders
        },
        "holds back": _holds_back(rule_id, pack),
        "items": {item: _item(pack.items[item]) for item in items},
        "value sets": {name: _value_set(name, pack) for name in value_sets},
        "suggests": {
            "kind": suggest.kind,
            "title": _folded(rule.title),
            "text": _folded(suggest.text),
            "certainty": suggest.certainty,
            "strength": suggest.strength,
            "evidence for": sorted(suggest.evidence_for),
            "evidence against": sorted(suggest.evidence_against),
            "override reasons": {key: _folded(pack.override_reasons[key]) for key in suggest.override_reasons},
            **({"drafts": {key: _draft(pack.drafts[key], pack) for key in suggest.drafts}} if suggest.drafts else {}),
        },
    }


def _folded(text: str) -> str:
    """However its lines were folded."""
    return " ".join(text.split())


def _draft(draft: DraftOrder, pack: RulePack) -> dict[str, Any]:
    """All that goes into the chart."""
    match draft:
        case SupplementDraft():
            only_for = _criterion(draft.only_for, pack) if draft.only_for is not None else None
            return {
                "title": draft.title, "product": draft.product.names[0], "codes": {key: list(codes) for key, codes in draft.product.codes.items()},
                "elemental mg": _number(draft.dose.mg), "times a day": draft.times_a_day, "days": draft.days,
                "directions": draft.directions, "only for": only_for,
            }  # fmt: skip
        case MeasurementDraft() | QuestionDraft():
            order = "measure" if isinstance(draft, MeasurementDraft) else "ask"
            return {order: draft.title, "codes": list(draft.codes)}
    assert_never(draft)


def _holds_back(rule_id: str, pack: RulePack) -> dict[str, Any]:
    """Whole kinds by their name, so that a new rule of such a kind is not a change of this one; single rules by their id."""
    found = [holder for holders in pack.holders.values() for holder in holders if holder.by == rule_id]
    if not found:
        return {}
    kinds = set(found[0].held_kinds)
    single = {rule for rule in found[0].holds if pack.rules[rule].suggest.kind not in kinds}
    return {"kinds": sorted(kinds), "rules": sorted(single - {rule_id}), "lets pass": found[0].lets_pass}


# --- logic ----------------------------------------------------------------------------------------------------------------


def _logic(condition: Condition, pack: RulePack, positive: bool = True) -> dict[str, Any]:
    """With `not` at the criteria only, brackets of the same kind dissolved, and operands sorted, each once.

    All of this keeps the truth over three values: De Morgan, double negation, associativity, commutativity and idempotence hold there.
    """
    match condition:
        case Name(name=name) if name in pack.findings:
            return _logic(pack.findings[name].when, pack, positive)
        case Name(name=name):
            criterion = _criterion(pack.criteria[name], pack)
            return criterion if positive else {"not": criterion}
        case Not(part=part):
            return _logic(part, pack, not positive)
        case AllOf(parts=parts):
            return _joined("all of" if positive else "any of", [_logic(part, pack, positive) for part in parts])
        case AnyOf(parts=parts):
            return _joined("any of" if positive else "all of", [_logic(part, pack, positive) for part in parts])
    assert_never(condition)


def _joined(how: str, parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    operands = {json.dumps(each, sort_keys=True): each for part in parts for each in part.get(how, [part])}
    inner = [operands[key] for key in sorted(operands)]
    return inner[0] if len(inner) == 1 else {how: inner}


def _criterion(criterion: Criterion, pack: RulePack) -> dict[str, Any]:
    match criterion:
        case Measure(item=item, lower=lower, upper=upper, within=within):
            units = pack.items[item].units  # type: ignore[union-attr]
            ends = {"above": lower, "below": upper}
            limits = {end: _bound(bound, units) for end, bound in ends.items() if bound is not None}
            return {"measure": item, **limits, "within": within}
        case State(item=item, values=values, within=within):
            return {"state": item, "is": sorted(values), "within": within}
        case Taking(value_set=value_set, at_least=at_least, at_most=at_most, unchanged_for=unchanged):
            days = {"at least": at_least or None, "at most": at_most, "unchanged for": unchanged or None}
            return {"taking": value_set, **days}
        case Has(value_set=value_set):
            return {"has": value_set}
        case Asks(about=of, problem=problem, within=within):
            return {problem: of, "within": within if problem in ("stale", "unknown") else None}
        case Documented(item=item, values=values, since=since, within=within):
            return {"documented": item, "is": sorted(values), "since": since, "within": within}
    assert_never(criterion)


def _bound(bound: Bound, units: Iterable[str]) -> Any:
    """By unit and as exact numbers; the limit of a place, which the item has, by its name."""
    if isinstance(bound, ReferenceLimit):
        return {"limit": bound.which, "inclusive": bound.inclusive}
    inclusive = {unit: bound.by_unit[unit].inclusive for unit in units}
    if bound.source:
        return {"limit": "of the place", "inclusive": inclusive}
    return {unit: [_number(bound.by_unit[unit].value), inclusive[unit]] for unit in units}


def _number(value: Any) -> str:
    """30, 30.0 and 3e1 are one number."""
    return str(Fraction(value))


# --- what the criteria read -----------------------------------------------------------------------------------------------


def _behind(criteria: Iterable[Criterion], pack: RulePack) -> tuple[set[str], set[str]]:
    """Items and lists, and value sets, that decide the criteria; followed to what a computed item is computed from."""
    items, value_sets = set[str](), set[str]()
    for criterion in criteria:
        items.add(about(criterion, pack))
        if isinstance(criterion, Taking | Has):
            value_sets.add(criterion.value_set)
        if isinstance(criterion, Documented) and criterion.since is not None:
            items.add(criterion.since)
    for name in list(items):
        item = pack.items[name]
        if isinstance(item, MeasuredItem) and item.change is not None:
            items.add(item.change.of)
            value_sets.add(item.change.value_set)
        if name == "supplemental_magnesium":
            value_sets |= {"magnesium_product"} & pack.value_sets.keys()
    return items | {pack.value_sets[name].of for name in value_sets} & pack.items.keys(), value_sets


def _item(item: Item) -> dict[str, Any]:
    match item:
        case ListItem(current_for=current_for):
            return {"current for": current_for}
        case StateItem(values=values, current_for=current_for):
            return {"values": sorted(values), "current for": current_for}
        case MeasuredItem():
            return _measured(item)
    assert_never(item)


def _measured(item: MeasuredItem) -> dict[str, Any]:
    change = item.change
    return {
        "units": list(
            item.units
        ),  # in this order: a value in another unit is turned into the first that it converts to
        "substance": item.substance,
        "codes": {code: sorted(units) for code, units in item.codes.items()},
        "plausible": [_number(end) for end in item.plausible],
        "beyond plausible": item.beyond_plausible,
        "limits": {"lower": _threshold(item.lower, item), "upper": _threshold(item.upper, item)},
        "limits of places": {place: _threshold(limit, item) for place, limit in item.local_limits.items()},
        "current for": item.current_for,
        "on a tie": item.on_a_tie,
        "not from": dict(item.not_from),
        **({"at most from": sorted(item.at_most_from)} if item.at_most_from else {}),
        "whole": item.whole,
        "methods": {name: _folded(worth) for name, worth in item.methods.items()},
        "change": change and [change.of, change.value_set, change.within, change.gives],
    }


def _threshold(limit: Threshold | None, item: MeasuredItem) -> dict[str, str] | None:
    return {unit: _number(limit.by_unit[unit].value) for unit in item.units} if limit is not None else None


def _value_set(name: str, pack: RulePack) -> dict[str, Any]:
    """All codes and names that make an entry a member, those of included sets too; and longer phrases of other sets of the list that
    would use such a name up ("esomeprazole magnesium" is no magnesium).
    """
    closure = [pack.value_sets[each] for each in with_included(name, pack.value_sets)]
    names = _phrases(closure)
    codes: dict[str, set[str]] = {}
    for entry in (entry for each in closure for entry in each.entries):
        for system, given in entry.codes.items():
            codes.setdefault(system, set()).update(map(plain_code, given))
    by_word = _by_word(pack, closure[0].of)
    uses_up = {other for own in names for other in by_word.get(own[0], ()) if _uses_up(other, own)}
    return {
        "names": sorted(map(" ".join, names)),
        "codes": {system: sorted(given) for system, given in codes.items() if given},
        "not when": sorted({" ".join(words(phrase)) for each in closure for phrase in each.not_when}),
        "used up by": sorted(" ".join(other) for other in uses_up - names),
    }


def _phrases(value_sets: Iterable[ValueSet]) -> set[tuple[str, ...]]:
    return {words(name) for each in value_sets for entry in each.entries for name in entry.names}


@lru_cache(maxsize=64)
def _by_word(pack: RulePack, of: str) -> Mapping[str, list[tuple[str, ...]]]:
    """The phrases of a list's value sets, by each of their words."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in _phrases(each for each in pack.value_sets.values() if each.of == of):
        for word in set(phrase):
            found.setdefault(word, []).append(phrase)
    return found


def _uses_up(other: tuple[str, ...], own: tuple[str, ...]) -> bool:
    """Is there a text in which `other` is found first, from left to right and the longest first, and takes words that `own` needs?"""
    starts = range(len(other)) if len(other) > len(own) else range(1, len(other))
    return any(other[at : at + len(own)] == own[: len(other) - at] for at in starts)
