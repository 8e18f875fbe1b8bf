"""What Observations say about pregnancy. The newest statement counts, be it an Observation or a Condition."""

from __future__ import annotations

from typing import Any

from mgcds.fhir import elements
from mgcds.fhir.elements import Node
from mgcds.fhir.gathered import Gathered, Pregnancy
from mgcds.fhir.occasions import ABOUT_ANOTHER, Occasion
from mgcds.fhir.wire import Resource
from mgcds.model.terminology import words

PREGNANCY_STATUS = ("82810-3", "11449-6")  # LOINC
_PREGNANT = {  # value set pregnancy-status of the International Patient Summary, in LOINC and in SNOMED CT
    "LA15173-0": "pregnant",
    "77386006": "pregnant",
    "LA26683-5": "not pregnant",
    "60001007": "not pregnant",
}
_PREGNANT_IN_WORDS = {
    ("pregnant",): "pregnant",
    ("currently", "pregnant"): "pregnant",
    ("patient", "currently", "pregnant"): "pregnant",
    ("not", "pregnant"): "not pregnant",
    ("non", "pregnant"): "not pregnant",
    ("nonpregnant",): "not pregnant",
    ("not", "currently", "pregnant"): "not pregnant",
    ("patient", "not", "currently", "pregnant"): "not pregnant",
}


def take_pregnancy(resource: Resource, occasion: Occasion, gathered: Gathered) -> None:
    """One Observation of the pregnancy status."""
    content = resource.content
    if occasion.void or content.get("focus"):
        gathered.leave(resource, f"status {occasion.status}" if occasion.void else ABOUT_ANOTHER)
        return
    answers, why = _answers(content), elements.modified(content) or occasion.date_problem
    if not answers and (elements.said(content, "dataAbsentReason") or not elements.kinds_of_value(content)):
        gathered.leave(resource, "it says nothing about pregnancy: no value")
        return
    if why is None and occasion.status in ("unknown", "registered"):
        why = f"status {occasion.status}: not a result yet"
    if why is None and len(answers) != 1:
        why = "it says pregnant and not pregnant at once" if answers else "whether she is pregnant is not said"
    value = next(iter(answers)) if why is None else None
    gathered.pregnancies.append(Pregnancy(value, occasion.date, resource, why or ""))


def _answers(content: Node) -> set[str]:
    """What it says, by its codes; in words where no code says it."""
    concept = elements.node(content, "valueCodeableConcept")
    coded = {_PREGNANT[code.code] for code in elements.codes(concept) if code.code in _PREGNANT}
    text = elements.name(concept) or elements.string(content, "valueString")
    in_words = _PREGNANT_IN_WORDS.get(words(text)) if text else None
    return coded or ({in_words} if in_words else set())


def settle_pregnancy(gathered: Gathered) -> dict[str, Any] | None:
    """The newest statement counts. Where it cannot be read, nothing is known, and that is said."""
    ordered = sorted(gathered.pregnancies, key=Pregnancy.order)
    for older in ordered[:-1]:
        gathered.leave(older.resource, "a newer statement about pregnancy counts")
    if not ordered:
        return None
    newest = ordered[-1]
    if newest.value is None:
        gathered.reject("pregnancy", newest.why, newest.resource, newest.date)
        return None
    gathered.use(newest.resource)
    return {"value": newest.value, "date": newest.date, "source": newest.resource.reference}
