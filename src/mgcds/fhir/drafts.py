"""What an offered suggestion may put into the chart, as FHIR R4 resources: drafts and proposals, for a person to change, sign or delete.

What a rule drafts is data (`drafts.yaml`); nothing here knows a code or a dose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, assert_never

from mgcds.fhir.identity import identity
from mgcds.model.assessment import Suggestion
from mgcds.model.drafts import DraftOrder, MeasurementDraft, QuestionDraft, SupplementDraft
from mgcds.model.explanation import number
from mgcds.model.terminology import SYSTEM_OF_URI, Entry

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
_TO_BE_DECIDED = "A draft made by decision support: an option to be decided by a clinician, not an order."
_TIMES_A_DAY = {1: "once a day", 2: "twice a day"}
_URI_OF_SYSTEM = {system: uri for uri, system in SYSTEM_OF_URI.items()}


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft: what it is in a few words, and the resource."""

    description: str
    resource: dict[str, Any]


def drafts_of(suggestion: Suggestion, patient_reference: str, on: date) -> list[Draft]:
    """The drafts of a suggestion; none unless it is offered. The same suggestion for the same patient on the same day gives the same ids."""
    return [_draft(draft, suggestion, patient_reference, on) for draft in suggestion.drafts]


def _draft(draft: DraftOrder, suggestion: Suggestion, patient: str, on: date) -> Draft:
    """What all drafts have in common, and what each kind adds."""
    match draft:
        case MeasurementDraft():
            description, own = f"Draft request: {draft.title}", _service_request(draft, suggestion)
        case QuestionDraft():
            description, own = f"Draft task: {draft.title}", _task(draft)
        case SupplementDraft():
            description, own = f"Draft proposal: {draft.title}, {_daily(draft)}", _medication_request(draft)
        case _:
            assert_never(draft)
    about = "for" if isinstance(draft, QuestionDraft) else "subject"
    resource = {
        "resourceType": own.pop("resourceType"),
        "id": identity("draft", patient, on.isoformat(), suggestion.id, draft.id),
        "status": "draft",
        "intent": "proposal",
        **own,
        about: {"reference": patient},
        "authoredOn": on.isoformat(),
        "note": [{"text": f"{_TO_BE_DECIDED} Reason: {suggestion.rule.title} (rule {suggestion.id})."}],
    }
    return Draft(description, resource)


def _service_request(draft: MeasurementDraft, suggestion: Suggestion) -> dict[str, Any]:
    urgent = {"priority": "urgent"} if suggestion.kind == "urgent" else {}
    return {
        "resourceType": "ServiceRequest", **urgent, "code": _concept(draft.title, LOINC, draft.codes),
        "reasonCode": [{"text": suggestion.rule.title}],
    }  # fmt: skip


def _task(draft: QuestionDraft) -> dict[str, Any]:
    return {"resourceType": "Task", "code": _concept(draft.title, LOINC, draft.codes), "description": draft.title}


def _medication_request(draft: SupplementDraft) -> dict[str, Any]:
    """The dose is of the element, in words and as a quantity; which product gives it is left to the prescriber."""
    repeat = {
        "boundsDuration": {"value": draft.days, "unit": "days", "system": UCUM, "code": "d"},
        "frequency": draft.times_a_day, "period": 1, "periodUnit": "d",
    }  # fmt: skip
    dosage = {
        "text": f"{_each(draft)} ({_daily(draft)}), by mouth for {draft.days} days, {draft.directions}",
        "timing": {"repeat": repeat},
        "doseAndRate": [{"doseQuantity": {
            "value": _json_number(draft.dose.mg), "unit": "mg of elemental magnesium", "system": UCUM, "code": "mg",
        }}],
    }  # fmt: skip
    return {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": _product(draft.product),
        "dosageInstruction": [dosage],
    }


def _json_number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _each(draft: SupplementDraft) -> str:
    times = _TIMES_A_DAY.get(draft.times_a_day, f"{draft.times_a_day} times a day")
    return f"{number(draft.dose.mg)} mg of elemental magnesium {times}"


def _daily(draft: SupplementDraft) -> str:
    return f"{number(draft.dose.mg * draft.times_a_day)} mg elemental a day"


def _product(entry: Entry) -> dict[str, Any]:
    """A product with the first code of each system its value set has."""
    name = f"{entry.names[0]} (product to be chosen)"
    codings = [
        {"system": _URI_OF_SYSTEM[system], "code": codes[0]}
        for system, codes in entry.codes.items()
        if codes and system in _URI_OF_SYSTEM
    ]
    return {"coding": codings, "text": name} if codings else {"text": name}


def _concept(text: str, system: str, codes: tuple[str, ...]) -> dict[str, Any]:
    codings = [{"system": system, "code": code} for code in codes]
    return {"coding": codings, "text": text} if codings else {"text": text}
