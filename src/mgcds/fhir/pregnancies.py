"""What Observations say about pregnancy. The newest statement counts, be it an Observation or a Condition; "not pregnant" only where no
other that says or may say "pregnant" may be newer.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from mgcds.fhir import elements
from mgcds.fhir.elements import Node
from mgcds.fhir.gathered import Gathered, Pregnancy
from mgcds.fhir.occasions import ABOUT_ANOTHER, ABSENT_BUT_EXISTING, Occasion
from mgcds.fhir.wire import Resource
from mgcds.model.dates import parse_when
from mgcds.model.terminology import words

PREGNANCY_STATUS = ("82810-3", "11449-6")  # LOINC
NOT_PREGNANT = "not pregnant"
_PREGNANT = {  # value set pregnancy-status of the International Patient Summary, in LOINC and in SNOMED CT
    "LA15173-0": "pregnant",
    "77386006": "pregnant",
    "LA26683-5": NOT_PREGNANT,
    "60001007": NOT_PREGNANT,
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
    absent = elements.said(content, "dataAbsentReason")
    if not answers and not absent & ABSENT_BUT_EXISTING and (absent or not elements.kinds_of_value(content)):
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


def settle_pregnancy(gathered: Gathered, retrieved: date | None) -> dict[str, Any] | None:
    """The newest statement counts. Where it cannot be read, nothing is known, and that is said. One of a day after it was retrieved
    has no day that can be believed.
    """
    ordered = sorted([_believed(each, retrieved) for each in gathered.pregnancies], key=Pregnancy.order)
    if not ordered:
        return None
    newest = ordered[-1]
    doubts = [each for each in ordered[:-1] if each.value != newest.value and each.may_follow(newest)]
    if newest.value == NOT_PREGNANT and doubts:
        newest = doubts[-1]
        newest.value, newest.why = None, newest.why or "it may be newer than the statement that she is not pregnant"
    for other in ordered:
        if other is not newest:
            why = (
                "a newer statement about pregnancy counts"
                if newest.value
                else "another statement about pregnancy counts"
            )
            gathered.leave(other.resource, why)
    if newest.value is None:
        gathered.reject("pregnancy", newest.why, newest.resource, newest.date)
        return None
    gathered.use(newest.resource)
    return {"value": newest.value, "date": newest.date, "source": newest.resource.reference}


def _believed(statement: Pregnancy, retrieved: date | None) -> Pregnancy:
    """The same, without a value and a date where its date is after the day it was retrieved."""
    if statement.date is None or retrieved is None or parse_when(statement.date).begins <= retrieved:
        return statement
    return Pregnancy(
        None, None, statement.resource, f"its date '{statement.date[:30]}' is after the day it was retrieved"
    )
