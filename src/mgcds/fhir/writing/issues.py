"""What speaks against magnesium or needs care, as `DetectedIssue`s, and what of the data was not usable, as an `OperationOutcome`."""

from __future__ import annotations

from collections.abc import Sequence

from mgcds.fhir.writing.context import RULES, Context, Node, urn
from mgcds.model.assessment import Suggestion
from mgcds.model.explanation import reasons, supporting

KINDS = ("stop", "interaction")
_DRUG_INTERACTION = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "code": "DRG",
    "display": "Drug Interaction Alert",
}


def issue_of(suggestion: Suggestion, context: Context) -> Node:
    """An offered stop or interaction. Preliminary: a clinician has not confirmed it; how severe it is the rules do not say."""
    code: Node = {"text": suggestion.rule.title}
    if suggestion.kind == "interaction":
        code["coding"] = [_DRUG_INTERACTION]
    criteria = supporting(suggestion.steps)
    implicated = [{"reference": source} for source in context.sources_of(criteria)]
    because = "; ".join(reasons(criteria))
    return {
        "resourceType": "DetectedIssue",
        "id": context.id_of("issue", suggestion.id),
        "identifier": [{"system": RULES, "value": f"{suggestion.id}|{suggestion.rule.version}"}],
        "status": "preliminary",
        "code": code,
        "patient": context.subject,
        "identifiedDateTime": context.assessment.on.isoformat(),
        "author": {"reference": urn(context.id_of("device"))},
        **({"implicated": implicated} if implicated else {}),
        "evidence": [{"code": [{"text": f"{because}."}]}],
        "detail": suggestion.text,
    }


def messages_of(context: Context, unused: Sequence[tuple[str, str]]) -> Node | None:
    """Values that were not used or need confirming, what is not known, and what of the input was left aside; None where there is nothing."""
    issues = [
        _issue(
            "information" if problem.used else "warning",
            "invalid",
            _problem(problem.about, problem.what, problem.value),
            problem.source,
        )
        for problem in context.assessment.problems
    ]
    for item, gap in context.assessment.unknown_items.items():
        issues.append(_issue("information", "not-found", f"{item}: {gap.reason}, {gap.detail}", None))
    for where, why in unused:
        issues.append(_issue("information", "informational", f"{where}: {why}", None))
    if not issues:
        return None
    return {"resourceType": "OperationOutcome", "id": context.id_of("messages"), "issue": issues}


def _problem(about: str, what: str, value: str | None) -> str:
    return f"{about}: {what}" + (f" (reported: {value})" if value else "")


def _issue(severity: str, code: str, text: str, source: str | None) -> Node:
    return {"severity": severity, "code": code, "diagnostics": text + (f" [{source}]" if source else "")}
