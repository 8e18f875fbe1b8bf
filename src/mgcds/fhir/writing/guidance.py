"""Each suggestion, of whatever status, as a `GuidanceResponse`; its drafts, where it has any, joined by a `RequestGroup`.

| status of the suggestion | GuidanceResponse.status | beside it |
|---|---|---|
| offered | success | its text, its evidence for and against, its drafts |
| suppressed | success | which rules hold it back, and why |
| withheld | data-required | the smallest sets of data that could let it be offered, as `dataRequirement` and in words |
| not indicated | success | what decided it |
"""

from __future__ import annotations

from collections.abc import Iterator

from mgcds.fhir.drafts import Draft
from mgcds.fhir.writing.context import RULES, Context, Node, reference, urn
from mgcds.fhir.writing.requirements import requirements_of, title_of
from mgcds.model.assessment import Suggestion
from mgcds.model.explanation import reasons, supporting

_OUT = "said"


def guidance_of(suggestion: Suggestion, context: Context, group: Node | None, messages: Node | None) -> Node:
    """What one rule says of this record."""
    pack = context.assessment.pack
    required = requirements_of(suggestion.missing, pack)
    return {
        "resourceType": "GuidanceResponse",
        "id": context.id_of("guidance", suggestion.id),
        "contained": [_parameters(suggestion)],
        "moduleCanonical": f"{RULES}:{suggestion.id}|{suggestion.rule.version}",
        "status": "data-required" if suggestion.status == "withheld" else "success",
        "subject": context.subject,
        "occurrenceDateTime": context.assessment.on.isoformat(),
        "performer": {"reference": urn(context.id_of("device"))},
        "reasonCode": [{"text": suggestion.rule.title}],
        "note": [{"text": text} for text in _notes(suggestion, context)],
        **({"evaluationMessage": [reference(messages)]} if messages is not None else {}),
        "outputParameters": {"reference": f"#{_OUT}"},
        **({"result": reference(group)} if group is not None else {}),
        **({"dataRequirement": required} if required else {}),
    }


def group_of(suggestion: Suggestion, drafts: list[Draft], context: Context) -> Node:
    """The drafts of one suggestion, each by itself to be taken or left."""
    return {
        "resourceType": "RequestGroup",
        "id": context.id_of("group", suggestion.id),
        "status": "draft",
        "intent": "proposal",
        "subject": context.subject,
        "authoredOn": context.assessment.on.isoformat(),
        "author": {"reference": urn(context.id_of("device"))},
        "reasonCode": [{"text": suggestion.rule.title}],
        "action": [
            {"description": draft.description, "selectionBehavior": "any", "resource": reference(draft.resource)}
            for draft in drafts
        ],
    }


def _parameters(suggestion: Suggestion) -> Node:
    """The same for programs."""
    suggest = suggestion.rule.suggest
    named: list[tuple[str, str]] = [
        ("status", suggestion.status), ("kind", suggestion.kind), ("certainty", suggest.certainty), ("strength", suggest.strength),
        *(("shown", how) for how in [suggestion.shown] if how is not None),
        *(("held-back-by", rule) for rule in suggestion.held_back_by),
        *(("let-pass", rule) for rule in suggestion.let_pass),
        *(("evidence-for", entry) for entry in suggest.evidence_for),
        *(("evidence-against", entry) for entry in suggest.evidence_against),
    ]  # fmt: skip
    parameters: list[Node] = [{"name": name, "valueString": value} for name, value in named]
    for items in suggestion.missing:
        parts = [{"name": "item", "valueString": item} for item in items]
        parameters.append(
            {"name": "missing", "part": parts} if parts else {"name": "missing", "valueString": "nothing more"}
        )
    return {"resourceType": "Parameters", "id": _OUT, "parameter": parameters}


def _notes(suggestion: Suggestion, context: Context) -> Iterator[str]:
    rules, suggest = context.assessment.pack.rules, suggestion.rule.suggest
    because = "; ".join(reasons(supporting(suggestion.steps)))
    match suggestion.status:
        case "offered":
            yield suggestion.text
            yield f"Why: {because}."
            passed = ", ".join(rules[rule].title for rule in suggestion.let_pass)
            if passed:
                yield f"Not assessed, and let pass: {passed}."
        case "suppressed":
            held = "; ".join(f"{rules[rule].title} ({rule})" for rule in suggestion.held_back_by)
            yield f"Not offered: held back by {held}."
        case "withheld":
            yield f"Could not be decided. {_needs(suggestion, context)}"
        case _:
            yield f"Not indicated: {because}."
    if suggestion.status != "not indicated":
        sides = [suggestion.evidence_for, suggestion.evidence_against]
        for_it, against = ("; ".join(entry.citation for entry in side) or "none on record" for side in sides)
        yield f"Evidence for: {for_it}. Evidence against: {against}. Certainty: {suggest.certainty}; strength: {suggest.strength}."
        yield f"An option for health professionals, not an order. Review of this rule: {suggestion.rule.review.status}."


def _needs(suggestion: Suggestion, context: Context) -> str:
    if not suggestion.missing:
        return "No further data could let it be offered as things are."
    pack = context.assessment.pack
    sets = [" and ".join(title_of(item, pack) for item in items) or "nothing more" for items in suggestion.missing]
    return f"What would have to be known: {'; or '.join(sets)}."
