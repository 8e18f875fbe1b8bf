"""MedicationRequest, MedicationStatement and MedicationDispense → the medicine list and supplements.

Renewals of one medicine become one entry (`courses.py`). A dispense tells what was handed
over, not what is taken: it counts, as `unknown`, until 31 days after its supply, and only where no request or statement tells more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from mgcds.fhir import elements
from mgcds.fhir.concepts import ABSENT_OR_UNKNOWN, concept_of, names_that_count
from mgcds.fhir.courses import LONGEST_GAP, Order, courses, is_beside_another, same_medicine, told_of
from mgcds.fhir.doses import daily_dose
from mgcds.fhir.elements import Code, Node, Unreadable
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.lists import NO_INFORMATION, NONE_KNOWN
from mgcds.fhir.references import Known
from mgcds.fhir.wire import Resource
from mgcds.model.dates import parse_when
from mgcds.model.pack import RulePack

KINDS = ("MedicationRequest", "MedicationStatement", "MedicationDispense")
_MAGNESIUM = "magnesium_product"

# Their status codes → the record's. A code that is not here is foreign: `unknown`.
STATUS = {
    "active": "active", "on-hold": "on-hold", "unknown": "unknown",
    "completed": "stopped", "stopped": "stopped", "cancelled": "stopped", "ended": "stopped",
}  # fmt: skip
_NOT_TAKEN = {
    "entered-in-error": "entered in error",
    "draft": "a draft, not an order",
    "intended": "intended, not taken yet",
    "not-taken": "recorded as not taken",
}
_NO_ORDERS = ("proposal", "plan", "option")
_HANDED_OVER = ("completed", "in-progress", "on-hold", "unknown")  # of a MedicationDispense


def read_medicines(resources: Iterable[Resource], known: Known, pack: RulePack, gathered: Gathered) -> None:
    """All medicines of the patient. `known` has the Medications they refer to."""
    orders = []
    for resource in resources:
        try:
            order = _read(resource, resource.content, known, pack, gathered)
        except Unreadable as unreadable:
            gathered.given.add("medicines")
            gathered.reject("medicines", str(unreadable), resource)
            continue
        if order is not None:
            gathered.given.add("medicines")
            orders.append(order)
    for same in same_medicine(orders):
        _add(same, pack, gathered)


def _read(resource: Resource, content: Node, known: Known, pack: RulePack, gathered: Gathered) -> Order | None:
    """One order; None where it is none, which is said. Unreadable where something is taken and it cannot be told what."""
    status = elements.string(content, "status") or "unknown"
    why = no_order(resource, content, status)
    if why is not None:
        gathered.leave(resource, why)
        if status == "not-taken":
            gathered.given.add("medicines")
        return None
    why = elements.modified(content)
    if why is not None:
        raise Unreadable(why)
    taken = "unknown" if resource.kind == "MedicationDispense" else STATUS.get(status, "unknown")
    try:
        name, codes = called(resource, known, gathered)
        name = name_that_counts(name, codes, pack)
    except Unreadable as unreadable:
        if taken != "stopped":
            raise
        gathered.given.add("medicines")
        gathered.leave(resource, f"{unreadable}; it was stopped")
        return None
    said = {code.code for code in codes if code.system == ABSENT_OR_UNKNOWN}
    if said & NO_INFORMATION:
        gathered.leave(resource, "it says that nothing is known of the medicines")
        return None
    if said & NONE_KNOWN:
        gathered.given.add("medicines")
        gathered.use(resource)
        return None
    return Order(resource, name, codes, *_taken(resource, content, taken, gathered))


def no_order(resource: Resource, content: Node, status: str) -> str | None:
    if status in _NOT_TAKEN:
        return _NOT_TAKEN[status]
    if content.get("doNotPerform") is True:
        return "an order not to give it (doNotPerform)"
    intent = elements.string(content, "intent")
    if resource.kind == "MedicationRequest" and intent in _NO_ORDERS:
        return f"a {intent}, not an order"
    if resource.kind == "MedicationDispense" and status not in _HANDED_OVER:
        return f"not handed over (status {status[:30]})"
    return None


# --- what it is ---------------------------------------------------------------------------------------------------------------


def called(resource: Resource, known: Known, gathered: Gathered) -> tuple[str | None, tuple[Code, ...]]:
    """Name and codes, from the concept or from the Medication it refers to."""
    content, concept = resource.content, resource.concept("medicationCodeableConcept")
    if "medicationReference" not in content and "medication" not in content and (concept.name or concept.matched):
        return concept.name, concept.codes  # as nearly always
    either = elements.node(content, "medication")  # R5: a CodeableReference
    if either and not (concept.codings or concept.text):
        concept = concept_of(elements.node(either, "concept"))
    reference = elements.node(content, "medicationReference") or elements.node(either, "reference")
    name, codes = concept.name, concept.codes
    target = elements.string(reference, "reference")
    if target is not None:
        medication = _medication(target, content, known, gathered)
        name = name or _name_of(medication)
        codes += elements.codes(elements.node(medication, "code"))
    name = name or elements.string(reference, "display")
    if name is None and not any(code.system for code in codes):
        missing = (
            f"its medicine '{target[:80]}' was not given" if target is not None else "it does not name its medicine"
        )
        raise Unreadable(missing)
    return name, codes


def name_that_counts(name: str | None, codes: tuple[Code, ...], pack: RulePack) -> str | None:
    """With what its codes are displayed as, where that names a medicine that the name does not. Unreadable where both cannot be so."""
    known = tuple((code.system, code.code) for code in codes if code.system)
    names = names_that_count(name, (code.display for code in codes), known, pack.vocabularies.get("medicines"))
    if len(names) > 1:
        raise Unreadable("its text and what its code is displayed as name different medicines")
    return names[0]


def _medication(target: str, content: Node, known: Known, gathered: Gathered) -> Node:
    if target.startswith("#"):
        return next((found for found in elements.nodes(content, "contained") if found.get("id") == target[1:]), {})
    resource = known.get(target)
    if resource is None:
        return {}
    try:
        medication = resource.content
    except Unreadable:
        return {}
    gathered.use(resource)
    return medication


def _name_of(medication: Node) -> str | None:
    """What a Medication is called: its code, else a name among its identifiers, else its ingredients."""
    called = elements.name(elements.node(medication, "code"))
    if called is not None:
        return called
    for identifier in elements.nodes(medication, "identifier"):
        if elements.string(identifier, "system") in elements.NAMES_AS_CODES:
            return elements.string(identifier, "value")
    ingredients = [
        elements.name(elements.node(found, "itemCodeableConcept")) for found in elements.nodes(medication, "ingredient")
    ]
    return " / ".join(found for found in ingredients if found) or None


# --- when it was taken --------------------------------------------------------------------------------------------------------


def _taken(resource: Resource, content: Node, status: str, gathered: Gathered) -> tuple[str, str | None, str | None]:
    """Status, start and stop. An end that cannot be read leaves open whether it is still taken."""
    if resource.kind == "MedicationDispense":
        start = elements.date(content, "whenHandedOver") or elements.date(content, "whenPrepared")
        return status, start, _end_of_supply(start, content)
    repeats = [elements.node(elements.node(each, "timing"), "repeat") for each in _dosages(content)]
    bounds = [elements.node(each, "boundsPeriod") for each in repeats if "boundsPeriod" in each]
    effective = elements.node(content, "effectivePeriod")
    start = (
        _first([elements.date(each, "start") for each in bounds])
        or elements.date(effective, "start")
        or elements.date(content, "effectiveDateTime")
        or elements.date(content, "authoredOn")
    )
    stops = [elements.string(each, "end") for each in bounds]
    all_end = bounds and len(bounds) == len(repeats) and all(stops)
    stop = elements.string(effective, "end") or (_last(stops) if all_end else None)
    if stop is None and status == "stopped":
        # How long it may be dispensed is not how long it is taken; of an order that has ended it is the best that is known.
        stop = elements.date(elements.node(elements.node(content, "dispenseRequest"), "validityPeriod"), "end")
    if stop is not None and (not elements.readable_date(stop) or _before(stop, start)):
        gathered.leave(resource, f"its end '{stop[:30]}' cannot be read, or is before its start")
        stop, status = None, "unknown" if status == "active" else status
    if start is None and (content.get("effectiveDateTime") or effective.get("start") or content.get("authoredOn")):
        gathered.leave(resource, "its start cannot be read")
    return status, start, stop


def _dosages(content: Node) -> list[Node]:
    return elements.nodes(content, "dosageInstruction") or elements.nodes(content, "dosage")


def _end_of_supply(start: str | None, content: Node) -> str | None:
    """The last day of what was handed over, and the gap that a renewal may leave."""
    supply = elements.node(content, "daysSupply")
    days = elements.number(supply.get("value"))
    unit = elements.string(supply, "code") or elements.string(supply, "unit") or ""
    if start is None or days is None or not Decimal(0) < days <= 400 or unit.casefold() not in ("d", "day", "days"):
        return None
    try:
        return (parse_when(start).last + timedelta(days=int(days)) + LONGEST_GAP).isoformat()
    except OverflowError:
        return None


def _first(dates: Iterable[str | None]) -> str | None:
    found = [text for text in dates if text]
    return min(found, key=lambda text: parse_when(text).order()) if len(found) > 1 else next(iter(found), None)


def _last(dates: Iterable[str | None]) -> str | None:
    """The latest end; one that cannot be read goes first, so that it is noticed."""
    found = [text for text in dates if text]
    unreadable = [text for text in found if not elements.readable_date(text)]
    return unreadable[0] if unreadable else max(found, key=lambda text: parse_when(text).order())


def _before(stop: str, start: str | None) -> bool:
    return start is not None and parse_when(stop).last < parse_when(start).first


def _add(same: list[Order], pack: RulePack, gathered: Gathered) -> None:
    """All orders of one medicine. What was handed over counts only where nothing else tells of that time."""
    dispensed = [order for order in same if order.dispensed]
    known = [order for order in same if not order.dispensed] if dispensed else same
    handed_over = []
    for order in dispensed:
        telling = told_of(order, known)
        if telling is None:
            handed_over.append(order)
        else:
            gathered.leave(order.resource, f"handed over; {telling.resource.reference} tells of the same medicine")
    for course in [*courses(known), *courses(handed_over)]:
        _add_course(course, pack, gathered)


def entry_of(course: list[Order]) -> tuple[Order, dict[str, Any]]:
    """The order that tells how it stands, and the entry of the list that a course becomes."""
    lead = next((order for order in reversed(course) if order.open), course[-1])
    stops = [order.stop for order in course if order.stop is not None]
    stop = None if lead.open else _last(stops) if lead.stop is not None else None
    return lead, {
        "name": lead.name, "codes": elements.record_codes(code for order in course[::-1] for code in order.codes),
        "start": course[0].start, "stop": stop, "status": lead.status,
    }  # fmt: skip


def _add_course(course: list[Order], pack: RulePack, gathered: Gathered) -> None:
    lead, entry = entry_of(course)
    for order in course:
        gathered.use(order.resource)
    if lead.resource.kind == "MedicationStatement" and _is_magnesium(lead, pack):
        dose = None if is_beside_another(lead, course) else daily_dose(_dosages(lead.resource.content))
        gathered.add("supplements", {**entry, "daily_dose": dose}, lead.resource)
    else:
        gathered.add("medicines", entry, lead.resource)


def _is_magnesium(order: Order, pack: RulePack) -> bool:
    vocabulary = pack.vocabularies.get("medicines")
    if vocabulary is None:
        return False
    codes = tuple((code.system, code.code) for code in order.codes if code.system)
    return _MAGNESIUM in vocabulary.match(order.name, codes).value_sets
