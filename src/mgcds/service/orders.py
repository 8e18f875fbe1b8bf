"""What is being ordered: draft orders of order-select and order-sign, read as if they had been given today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mgcds.errors import RecordError
from mgcds.fhir import read_bundle
from mgcds.fhir.elements import node, string
from mgcds.fhir.wire import unversioned
from mgcds.model.pack import RulePack
from mgcds.service.ports import Refused
from mgcds.service.speaking import Ordered

_KINDS = ("MedicationRequest", "NutritionOrder")
_NOT_ORDERED = ("cancelled", "stopped", "completed", "entered-in-error", "revoked", "ended")
_NAMES_A_MEDICINE = ("medicationCodeableConcept", "medicationReference", "medication", "supplement")


@dataclass(frozen=True, slots=True)
class Orders:
    """The draft orders as resources to be read beside the record, and the medicines among them that the call is about."""

    resources: tuple[dict[str, Any], ...]
    about: tuple[Ordered, ...]


def read_orders(context: Mapping[str, Any], patient: str, pack: RulePack, on: date) -> Orders:
    """All drafts count as ordered; the call is about those selected, or about all where no selection says which.

    What names no medicine or is not to be given is no order of a medicine, and no fault either.
    """
    drafts = list(_resources(context.get("draftOrders")))
    known = {f"{draft['resourceType']}/{draft.get('id')}" for draft in drafts}
    looked_up = [draft for draft in drafts if draft.get("resourceType") == "Medication"]
    counted, selected = [], []
    selections = context.get("selections")
    chosen = (
        {_relative(text) for text in selections if isinstance(text, str)} if isinstance(selections, list) else set()
    )
    for position, draft in enumerate(drafts):
        if draft.get("resourceType") not in _KINDS or draft.get("status") in _NOT_ORDERED:
            continue
        as_given = _as_given(draft, position, patient, on)
        medicine = _medicine(as_given, looked_up, patient, pack, on)
        if medicine is None:
            continue
        counted.append((as_given, medicine))
        if f"{draft['resourceType']}/{draft.get('id')}" in chosen:
            selected.append(medicine)
    resources = (*(given for given, _ in counted), *looked_up)
    if not selected or not chosen <= known:  # of a selection that cannot be found, it is not known which it is
        selected = [medicine for _, medicine in counted]
    return Orders(resources, tuple(selected))


def _relative(reference: str) -> str:
    """A reference as `MedicationRequest/1`, whatever server and version it names."""
    return "/".join(unversioned(reference).split("/")[-2:])


def _resources(given: Any) -> Iterator[dict[str, Any]]:
    """Of a Bundle, with or without its type, and of Bundles in it; of a list; or one by itself. Whatever is no resource is passed over."""
    if isinstance(given, list):
        for each in given:
            yield from _resources(each)
    elif isinstance(given, dict):
        kind = given.get("resourceType")
        if kind == "Bundle" or kind is None:
            yield from _resources(given.get("entry", given.get("resource")))
        elif isinstance(kind, str):
            yield given


def _dicts(given: Any) -> Iterable[dict[str, Any]]:
    return (each for each in given if isinstance(each, dict)) if isinstance(given, list) else ()


def _as_given(draft: dict[str, Any], position: int, patient: str, on: date) -> dict[str, Any]:
    """An active order of today, under an id of its own so that it takes the place of no other order. It is the patient's of the context,
    as the standard says. Refused where it names another one.
    """
    order = {**draft, "id": f"ordered-{position}", "status": "active", "intent": "order", "authoredOn": on.isoformat()}
    whose = "subject" if order["resourceType"] == "MedicationRequest" else "patient"
    named = string(node(order, whose), "reference") or ""
    if "Patient/" in named and _relative(named) != patient:
        raise Refused(
            400, "a draft order is for another patient than the one of context.patientId: nothing is evaluated"
        )
    order[whose] = {"reference": patient}
    order.pop("meta", None)
    if order["resourceType"] == "NutritionOrder":
        return {**order, "dateTime": on.isoformat()}
    if isinstance(order.get("dosageInstruction"), list):
        order["dosageInstruction"] = [_from_today(each) for each in _dicts(order["dosageInstruction"])]
    return order


def _from_today(dosage: dict[str, Any]) -> dict[str, Any]:
    """Without the days it is planned for: it counts from now on."""
    timing = dosage.get("timing")
    repeat = timing.get("repeat") if isinstance(timing, dict) else None
    if not isinstance(timing, dict) or not isinstance(repeat, dict):
        return dosage
    kept = {key: value for key, value in repeat.items() if key != "boundsPeriod"}
    return {**dosage, "timing": {**timing, "repeat": kept}}


def _medicine(
    order: dict[str, Any], looked_up: list[dict[str, Any]], patient: str, pack: RulePack, on: date
) -> Ordered | None:
    """The value sets of what it orders; None where it orders no medicine for this patient."""
    whose = {"resourceType": "Patient", "id": patient.rpartition("/")[2]}
    try:
        record = read_bundle([whose, order, *looked_up], pack, on).record
    except RecordError:
        return None
    if record.rejected:
        return Ordered(None) if any(order.get(name) for name in _NAMES_A_MEDICINE) else None
    entries = (*(record.medicines or ()), *(record.supplements or ()))
    matches = [
        pack.vocabularies["medicines"].match(each.name, tuple((code.system, code.code) for code in each.codes))
        for each in entries
    ]
    if not matches:
        return None
    if not all(match.recognised for match in matches):
        return Ordered(None)
    return Ordered(frozenset[str]().union(*(match.value_sets for match in matches)))
