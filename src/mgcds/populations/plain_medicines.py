"""Plain MedicationRequests and MedicationStatements, as rows of `entries`: orders of one medicine are brought together by the reader."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import repeat
from typing import Any

from mgcds.fhir import care, elements, medicines
from mgcds.fhir.concepts import ABSENT_OR_UNKNOWN, NOTHING, concept_of
from mgcds.fhir.courses import Order, courses, is_beside_another, same_medicine
from mgcds.fhir.doses import daily_dose
from mgcds.fhir.elements import Unreadable
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.references import Known
from mgcds.fhir.wire import Resource
from mgcds.model.dates import parse_when
from mgcds.model.pack import RulePack
from mgcds.populations.lookups import MAGNESIUM, Concepts
from mgcds.populations.one_by_one import reason
from mgcds.populations.plain_patient import Medicine, One, Ordering
from mgcds.populations.shapes import EXACT, Dosage, Ordered, Period, Raw, Request, Shown, Statement, there
from mgcds.populations.writings import KEPT, Kept, NotPlain, is_date


class Medicines:
    """Takes the orders of patients: what is not plain is NotPlain. What medicines are is kept."""

    def __init__(self, pack: RulePack, concepts: Concepts, on: date) -> None:
        self._pack, self._concepts, self._today = pack, concepts, on.isoformat()
        self._known = Kept(lambda raw: self._medicine(concept_of(Raw(raw)).name, concept_of(Raw(raw)).codes))

    def _medicine(self, name: str | None, codes: tuple[elements.Code, ...]) -> Medicine | None:
        """None where it is not plain what it is."""
        if any(code.system == ABSENT_OR_UNKNOWN for code in codes) or "medicines" not in self._pack.vocabularies:
            return None
        try:
            name = medicines.name_that_counts(name, codes, self._pack)
        except Unreadable:
            return None
        kept = tuple([(each.system, each.code) for each in elements.record_codes(codes)])
        if not name and not kept:
            return None
        number = self._concepts.number("medicines", name, kept)
        sets = self._concepts.sets[number]
        keys = Order(_OF[medicines.KINDS[0]], name, codes, "", None, None).same_as()
        return Medicine(name, codes, frozenset(keys), number, "antidepressant" in sets, MAGNESIUM in sets)

    def take_request(self, found: Request, one: One) -> None:
        """One MedicationRequest."""
        dispensed_for = found.dispenseRequest.validityPeriod if found.dispenseRequest is not None else None
        end = dispensed_for.end if dispensed_for is not None else None
        self._take_order(
            "MedicationRequest", found, found.intent, found.dosageInstruction, None, found.authoredOn, end, one
        )

    def take_statement(self, found: Statement, one: One) -> None:
        """One MedicationStatement."""
        self._take_order(
            "MedicationStatement", found, None, found.dosage, found.effectivePeriod, found.effectiveDateTime, None, one
        )

    def _take_order(
        self, kind: str, found: Ordered, intent: str | None, dosages: Sequence[Dosage], period: Period | None,
        dated: str | None, dispensed_until: str | None, one: One,
    ) -> None:  # fmt: skip
        status = found.status
        if status in ("stopped", "cancelled", "not-taken") and _may_be_refused(found):
            raise NotPlain("an order that may have been refused")
        why = medicines.no_order(_OF[kind], {"intent": intent}, status)
        if why is not None:
            one.unused.append((kind, reason(why)))
            if status == "not-taken":
                one.given.add("medicines")
            return
        repeats = [each.timing.repeat for each in dosages if each.timing and each.timing.repeat]
        bounds = [each.boundsPeriod for each in repeats if each.boundsPeriod is not None]
        if bounds and len(dosages) > 1:
            raise NotPlain(f"{kind}: several dosages with a time")
        whole = period or Period()
        bound = bounds[0] if bounds else Period()
        taken = medicines.STATUS.get(status, "unknown")
        start = bound.start or whole.start or dated or None
        stop = whole.end or bound.end or (dispensed_until if taken == "stopped" else None) or None
        one.given.add("medicines")
        reference = f"{kind}/{found.id}"
        medicine = found.medicationReference
        if (medicine is None) != there(found.medicationCodeableConcept):
            raise NotPlain(f"{kind}: named twice, or not at all")
        if medicine is None:
            medicine = self._known[bytes(found.medicationCodeableConcept)]
        one.orders.append(Ordering(kind, reference, medicine, taken, start, stop))

    def settle(self, one: One, shared: dict[str, bytes]) -> None:
        """Orders become entries; those of one medicine are brought together by the reader."""
        orders = [each for kind in medicines.KINDS for each in one.orders if each.kind == kind]
        orders = [each for each in orders if not self._is_lost(each, one, shared)]
        named = [self._named(each, one, shared) for each in orders]
        keys: set[object] = set()
        alone = True
        for medicine in named:
            alone = alone and keys.isdisjoint(medicine.keys)
            keys |= medicine.keys
        entries = zip(orders, named, repeat(False)) if alone else self._courses(orders, named)
        active = ""
        for order, medicine, beside_another in entries:
            supplement = order.kind == "MedicationStatement" and medicine.is_magnesium
            of = "supplements" if supplement else "medicines"
            one.entries.append((of, medicine.number, order.start, order.stop, order.status))
            if supplement:
                one.doses.append(None if beside_another else _dose(one.seen[order.reference]))
            taken = order.status == "active" and order.stop is None
            if not active and not supplement and taken and medicine.is_antidepressant:
                active = order.reference
        if active:
            one.states.append(("first_line_care", "active", one.reviewed.get("medicines", self._today), active))

    @staticmethod
    def _is_lost(order: Ordering, one: One, shared: dict[str, bytes]) -> bool:
        """Was it stopped, and is not known what it was? The reader leaves it out then."""
        medicine = order.medicine
        if not isinstance(medicine, Shown) or medicine.reference in shared:
            return False
        if (
            order.status != "stopped"
            or medicine.display
            or not re.fullmatch(r"Medication/[A-Za-z0-9.-]+", medicine.reference)
        ):
            raise NotPlain("a Medication that was not given")
        one.unused.append(
            (order.kind, reason(f"its medicine '{medicine.reference[:80]}' was not given; it was stopped"))
        )
        return True

    def _named(self, order: Ordering, one: One, shared: dict[str, bytes]) -> Medicine:
        medicine = order.medicine
        if isinstance(medicine, Shown):
            line = shared[medicine.reference]
            one.used.add(medicine.reference)
            medicine = self._looked_up(line, medicine)
        if medicine is None:
            raise NotPlain(f"{order.kind}: names nothing that is plain")
        return medicine

    def _looked_up(self, line: bytes, shown: Shown) -> Medicine | None:
        key = (line, shown.display)
        found = self._known.get(key)
        if found is None:
            known = Known([resource_of("Medication", shown.reference, EXACT.decode(line))])
            content = {"medicationReference": {"reference": shown.reference, "display": shown.display}}
            try:
                found = self._medicine(
                    *medicines.called(resource_of(medicines.KINDS[0], "", content), known, Gathered())
                )
            except Unreadable:
                raise NotPlain("a Medication that names nothing") from None
            if len(self._known) < KEPT:
                self._known[key] = found
        return found

    def _courses(
        self, orders: Sequence[Ordering], named: Sequence[Medicine]
    ) -> Iterator[tuple[Ordering, Medicine, bool]]:
        """Each course as the order that leads it, and whether that one is beside another."""
        for each in orders:
            for text in (each.start, each.stop):
                if text is not None and not is_date(text):
                    raise NotPlain("an order with a date that is not plain")
            if each.start and each.stop and parse_when(each.stop).last < parse_when(each.start).first:
                raise NotPlain("an order that ends before it begins")
        made = [
            Order(
                resource_of(each.kind, each.reference),
                medicine.name,
                medicine.codes,
                each.status,
                each.start,
                each.stop,
            )
            for each, medicine in zip(orders, named, strict=True)
        ]
        for same in same_medicine(made):
            for course in courses(same):
                lead, entry = medicines.entry_of(course)
                codes = tuple([elements.Code(each.system, each.code, None) for each in entry["codes"]])
                medicine = self._medicine(entry["name"], codes)
                if medicine is None:
                    raise NotPlain("a medicine that is not plain")
                kind, reference = lead.resource.kind, lead.resource.reference
                order = Ordering(kind, reference, medicine, entry["status"], entry["start"], entry["stop"])
                yield order, medicine, is_beside_another(lead, course)


def resource_of(kind: str, reference: str, content: dict[str, Any] | None = None) -> Resource:
    return Resource(kind, None, reference, None, NOTHING, (), content or {})


_OF = {kind: resource_of(kind, "") for kind in medicines.KINDS}


def _dose(line: bytes) -> str | None:
    """A day, where the statement says so beyond doubt."""
    return daily_dose(elements.nodes(EXACT.decode(line), "dosage"))


def _may_be_refused(found: Ordered) -> bool:
    """Is there anything that may say that the patient refused? An escaped letter may hide it."""
    told = b"".join(bytes(each) for each in (found.statusReason, found.reasonCode, found.extension) if there(each))
    return b"\\" in told or any(code.encode() in told for code in care.REFUSED)
