"""What there is to say of a rule without a record: generated from the pack, never written twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mgcds.model.condition import names_of
from mgcds.model.criterion import Bound, Criterion, Has, Limit, Measure, ReferenceLimit, Taking, Threshold, Which
from mgcds.model.drafts import DraftOrder, SupplementDraft
from mgcds.model.explanation import clause, limit_words, number, plain, sentence
from mgcds.model.pack import MeasuredItem, RulePack, about
from mgcds.model.rule import Finding, HoldsBack, Rule
from mgcds.model.terminology import ValueSet, with_included


def describe(rule: Rule, pack: RulePack) -> dict[str, Any]:
    """A rule as plain data: its logic as a sentence, its criteria with all limits, its evidence, who holds back whom and why."""
    suggest, texts = rule.suggest, pack.texts
    held = [(other, holder) for other, holders in pack.holders.items() for holder in holders if holder.by == rule.id]
    return {
        "id": rule.id, "version": rule.version, "status": rule.status, "topic": rule.topic, "kind": suggest.kind, "title": rule.title,
        "text": suggest.text, "certainty": suggest.certainty, "certainty_means": texts.certainty[suggest.certainty],
        "strength": suggest.strength, "strength_means": texts.strength[suggest.strength],
        "when": f"Met if {sentence(rule.when, pack)}.", "written": rule.when_text, "criteria": _criteria(rule, pack),
        "findings": [
            {"id": finding.id, "title": finding.title, "written": finding.when_text, "criteria": _criteria(finding, pack)}
            for finding in findings_of(rule, pack)
        ],
        "reads": list(pack.reads[rule.id]),
        "evidence_for": list(suggest.evidence_for), "evidence_against": list(suggest.evidence_against),
        "override_reasons": {name: pack.override_reasons[name] for name in suggest.override_reasons},
        "drafts": [draft_sentence(pack.drafts[draft]) for draft in suggest.drafts],
        "holds_back": _by_reason((other, holder) for other, holder in held),
        "held_back_by": _by_reason((holder.by, holder) for holder in pack.holders[rule.id]),
        "review": rule.review.to_dict(), "note": rule.note,
    }  # fmt: skip


def draft_sentence(draft: DraftOrder) -> str:
    """What is drafted, and for whom, in words."""
    if not isinstance(draft, SupplementDraft):
        return draft.title + (f" (LOINC {', '.join(draft.codes)})" if draft.codes else "")
    only = f"; only where {draft.only_for.sentence}" if draft.only_for is not None else ""
    each = f"{number(draft.dose.mg)} mg elemental, {draft.times_a_day} a day for {draft.days} days"
    return f"{draft.title}: {draft.product.names[0]}, {each}, {draft.directions}{only}"


def findings_of(part: Rule | Finding, pack: RulePack) -> tuple[Finding, ...]:
    """The findings a rule uses, and those they use, each once."""
    found: dict[str, Finding] = {}
    for name in names_of(part.when):
        if name in pack.findings:
            finding = pack.findings[name]
            found |= {name: finding, **{inner.id: inner for inner in findings_of(finding, pack)}}
    return tuple(found.values())


def _by_reason(held: Iterable[tuple[str, HoldsBack]]) -> list[dict[str, Any]]:
    alike: dict[tuple[str, bool], list[str]] = {}
    for rule, holder in held:
        alike.setdefault((holder.because, holder.lets_pass), []).append(rule)
    return [
        {"rules": rules, "because": because, "lets_pass": lets_pass} for (because, lets_pass), rules in alike.items()
    ]


def _criteria(part: Rule | Finding, pack: RulePack) -> list[dict[str, Any]]:
    return [{"name": name, **_criterion(pack.criteria[key], pack)} for name, key in part.criteria.items()]


def _criterion(criterion: Criterion, pack: RulePack) -> dict[str, Any]:
    found: dict[str, Any] = {"says": clause(criterion, pack), "about": about(criterion, pack)}
    if isinstance(criterion, Taking | Has):
        return {**found, "value_set": _value_set(pack.value_sets[criterion.value_set], pack)}
    if isinstance(criterion, Measure):
        found |= _limits(criterion, pack)
    return {**found, "current_for": criterion.within}


def _limits(criterion: Measure, pack: RulePack) -> dict[str, dict[str, str]]:
    """The limits in every unit; where they are the laboratory's own, those that are used where it gave none."""
    item = pack.items[criterion.item]
    assert isinstance(item, MeasuredItem)
    ends: tuple[tuple[Which, Bound | None], ...] = (("lower", criterion.lower), ("upper", criterion.upper))
    own, default = dict[str, list[str]](), dict[str, list[str]]()
    for end, bound in ends:
        for unit in item.units if bound is not None else ():
            if isinstance(bound, Threshold):
                own.setdefault(plain(unit) or "score", []).append(limit_words(end, bound.by_unit[unit], unit))
            elif isinstance(bound, ReferenceLimit):
                limit = item.lower if bound.which == "lower" else item.upper
                assert limit is not None, "checked at load"
                words = limit_words(end, Limit(limit.by_unit[unit].value, bound.inclusive), unit)
                default.setdefault(plain(unit), []).append(words)
    found = {"limits": own, "default_limits": default}
    return {
        name: {unit: " and ".join(words) for unit, words in units.items()} for name, units in found.items() if units
    }


def _value_set(value_set: ValueSet, pack: RulePack) -> dict[str, str]:
    included = with_included(value_set.id, pack.value_sets)
    others = [found for found in pack.value_sets.values() if found.id in included and found is not value_set]
    sets = [value_set, *others]
    named = {entry.names[0] for found in sets for entry in found.entries if entry.names}
    prefixes = sorted(
        {code for found in sets for entry in found.entries if not entry.names for code in entry.codes["atc"]}
    )
    members = f"{len(named)} entries" + (f", and ATC {', '.join(prefixes)} with all below" if prefixes else "")
    members += f", with {', '.join(found.id for found in others)}" if others else ""
    return {
        "id": value_set.id, "title": value_set.title, "version": value_set.version, "members": members, "source": value_set.source,
    }  # fmt: skip
