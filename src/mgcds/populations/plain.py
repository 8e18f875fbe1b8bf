"""The fast way for patients all of whose resources are *plain*: of shapes that are surely understood. All others are read one by one.

Each line is decoded once, into exactly the elements that a plain resource may have; an element more, or one of another type, and the
patient is not plain. So this may know little of FHIR, and is never wrong. What a code or a quantity means is asked of the reader
(`mgcds.fhir`), once for each way in which it is written. What comes out are the flat tables of docs/population.md, for `statements`.

It is Python, not SQL: numbers stay as they were written, and the reader itself is asked; it takes about as long as DuckDB needs only to
parse the same lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, get_args

import pyarrow as pa

from mgcds.engines.facts_table import Layout
from mgcds.fhir import care, conditions, elements, medicines, phq9, questionnaires
from mgcds.fhir.concepts import NOTHING, Concept, concept_of
from mgcds.fhir.courses import Order, courses, same_medicine
from mgcds.fhir.elements import Unreadable
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.lists import ABSENT_OR_UNKNOWN
from mgcds.fhir.observations import ABSENT_BUT_EXISTING, measured_codes
from mgcds.fhir.pregnancies import PREGNANCY_STATUS
from mgcds.fhir.reader import READ, WHY_NOT
from mgcds.fhir.references import Known
from mgcds.fhir.specimens import HAEMOLYSIS_INDEX, WITHOUT_A_LIMIT
from mgcds.fhir.wire import Resource
from mgcds.model.dates import parse_when
from mgcds.model.record import Sex
from mgcds.populations.forms import Asked, rows_of
from mgcds.populations.lookups import MAGNESIUM, Concepts, reported_items
from mgcds.populations.one_by_one import reason
from mgcds.populations.shapes import (
    DECODE,
    EXACT,
    SEE,
    UNDECODABLE,
    Answer,
    Condition,
    Dosage,
    List,
    Observation,
    Ordered,
    Patient,
    Period,
    Quantity,
    Raw,
    Request,
    Response,
    Seen,
    Shown,
    Statement,
    there,
)
from mgcds.populations.statements import needed
from mgcds.populations.writings import (
    COMPARATORS,
    KEPT,
    NUMBER,
    Kept,
    NotPlain,
    answer_of,
    how_difficult,
    is_date,
    limits_of,
    list_of,
    score_of,
    unit_of,
    written,
)

_VOID = frozenset(("cancelled", "entered-in-error"))


class _Code(NamedTuple):
    """What an Observation of a code is for: the item it measures, the code that says so, or why it is not used."""

    code: str = ""
    item: str = ""
    unused: str = ""
    at_most: bool = False
    in_use: bool = False
    """do rules ask for the item?"""
    why_not_plain: str = ""


class _Medicine(NamedTuple):
    name: str | None
    codes: tuple[elements.Code, ...]
    keys: frozenset[object]
    number: int
    is_antidepressant: bool
    is_magnesium: bool


class _Problem(NamedTuple):
    number: int
    is_pregnancy: bool
    why_not_plain: str = ""


class _Ordering(NamedTuple):
    """An order on its way to an entry of the medicine list."""

    kind: str
    reference: str
    medicine: _Medicine | Shown | None
    """None where it is not plain what it is; looked up at the end"""
    status: str
    start: str | None
    stop: str | None


@dataclass(slots=True)
class _One:
    """One patient on the way: the rows of the flat tables, and what was not used."""

    reference: str = ""
    birth_date: str | None = None
    sex: str | None = None
    seen: dict[str, bytes] = field(default_factory=dict)
    subjects: set[str | None] = field(default_factory=set)
    measurements: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    states: list[tuple[Any, ...]] = field(default_factory=list)
    orders: list[_Ordering] = field(default_factory=list)
    forms: list[Asked] = field(default_factory=list)
    lists: list[List] = field(default_factory=list)
    difficulties: list[tuple[str | None, str, str]] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    reviewed: dict[str, str] = field(default_factory=dict)
    unused: list[tuple[str, str]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    pregnant: int = 0


class Flat:
    """Takes patients, as long as they are plain, and gives the flat tables."""

    def __init__(self, layout: Layout, on: date) -> None:
        self.layout, self.pack, self.on = layout, layout.pack, on
        self._today = on.isoformat()
        self.concepts = Concepts(layout)
        self._measured = measured_codes(self.pack)
        self._in_use = {item.id for item in reported_items(layout)}
        self._with_phq9 = phq9.TOTAL in self._measured
        self._read = self._measured.keys() | (phq9.CODES if self._with_phq9 else frozenset())
        self._wanted = frozenset((*self._read, *PREGNANCY_STATUS, HAEMOLYSIS_INDEX))
        self._codes = Kept(lambda raw: self._code(concept_of(Raw(raw))))
        self._problems = Kept(lambda raw: self._problem(concept_of(Raw(raw))))
        self._medicines = Kept(lambda raw: self._medicine(concept_of(Raw(raw)).name, concept_of(Raw(raw)).codes))
        self._said = Kept(lambda raw: concept_of(Raw(raw)).said)
        self._units = Kept(unit_of)
        self._answers = Kept(answer_of)
        self._how_difficult = Kept(how_difficult)
        self._ranges = Kept(limits_of)
        self._absent = Kept(lambda raw: elements.said({"it": EXACT.decode(raw)}, "it"))
        self._linked = Kept(self._link)
        self._list_codes = Kept(list_of)
        self._psychotherapy = Kept(self._is_psychotherapy)
        self.people: list[tuple[Any, ...]] = []
        self.measurements: list[tuple[Any, ...]] = []
        self.entries: list[tuple[Any, ...]] = []
        self.states: list[tuple[Any, ...]] = []
        self.unused: list[list[tuple[str, str]]] = []
        self.used: list[set[str]] = []
        self._take: dict[type, Callable[[Any, _One], None]] = {
            Patient: self._take_patient, Observation: self._take_observation, Condition: self._take_condition,
            Request: self._take_request, Statement: self._take_statement, Response: self._take_response,
            List: self._take_list,
        }  # fmt: skip

    def take(self, lines: Iterable[bytes], looked_up: Iterable[bytes] = ()) -> str:
        """One patient: all lines that are theirs, and what these look up. Empty where it was taken, else why it is not plain."""
        one = _One()
        shared: dict[str, bytes] = {}
        try:
            for line in looked_up:
                self._keep(line, shared)
            for line in lines:
                self._take_line(line, one)
            self._finish(one, shared)
        except NotPlain as why:
            return str(why)
        except UNDECODABLE:
            return "what cannot be decoded"
        self._add(one)
        return ""

    # --- lines ------------------------------------------------------------------------------------------------------------------

    def _take_line(self, line: bytes, one: _One) -> None:
        try:
            found = DECODE.decode(line)
        except UNDECODABLE:
            self._see(line, one)
            return
        kind = type(found)
        reference = f"{kind.__struct_config__.tag}/{found.id}"
        if not self._is_new(reference, line, one):
            return
        if kind is not Patient:
            one.subjects.add(found.subject.reference)
        self._take[kind](found, one)

    def _is_new(self, reference: str, line: bytes, one: _One) -> bool:
        """Not so where the same line came before; another version makes the patient not plain."""
        before = one.seen.get(reference)
        if before is None:
            if not reference.isascii() or not reference.isprintable() or " " in reference:
                raise NotPlain("an id that is none")
            one.seen[reference] = line
            return True
        if before.strip() != line.strip():
            raise NotPlain("versions of a resource")
        one.unused.append((reference.partition("/")[0], "given twice"))
        return False

    @staticmethod
    def _keep(line: bytes, shared: dict[str, bytes]) -> None:
        """A Medication that may be looked up."""
        seen = SEE.decode(line)
        if seen.resourceType != "Medication" or seen.subject is not None or seen.patient is not None:
            raise NotPlain(f"{seen.resourceType}: looked up")
        if shared.setdefault(f"Medication/{seen.id}", line) != line:
            raise NotPlain("Medication: versions")

    def _see(self, line: bytes, one: _One) -> None:
        """A resource of another kind, or one that is not plain and may not count at all."""
        try:
            seen = SEE.decode(line)
        except UNDECODABLE:
            raise NotPlain("a line that is no resource") from None
        reference = f"{seen.resourceType}/{seen.id}"
        about = seen.subject or seen.patient
        if about is None:
            raise NotPlain("a resource of nobody")
        if not self._is_new(reference, line, one):
            return
        one.subjects.add(about.reference)
        one.unused.append((seen.resourceType, self._why_unused(seen)))

    def _why_unused(self, seen: Seen) -> str:
        kind = seen.resourceType
        if kind == "Observation":
            found: _Code = self._codes[bytes(seen.code)]
            if found.unused and all(self._codes[bytes(part.code)].unused for part in seen.component):
                return found.unused
        elif kind in care.KINDS:
            if not self._psychotherapy[bytes(seen.code)]:
                return "no psychotherapy: no rule uses it"
        elif kind not in READ and kind not in ("OperationOutcome", "Bundle") and kind.isalnum() and len(kind) <= 60:
            return WHY_NOT.get(kind, "not read by mgcds")
        raise NotPlain(f"{kind}: of another shape")

    # --- Patient ----------------------------------------------------------------------------------------------------------------

    def _take_patient(self, found: Patient, one: _One) -> None:
        if one.reference:
            raise NotPlain("Patient: several")
        if found.gender is not None and found.gender not in get_args(Sex):
            raise NotPlain("Patient: gender")
        one.reference = f"Patient/{found.id}"
        one.birth_date, one.sex = found.birthDate, found.gender
        if found.deceasedBoolean or found.deceasedDateTime:
            one.unused.append(("Patient", "the patient is recorded as deceased"))

    # --- Observation ------------------------------------------------------------------------------------------------------------

    def _code(self, concept: Concept) -> _Code:
        wanted = self._wanted & concept.plain_codes
        if not wanted:
            best = concept.lead
            without = "it has no code, and text alone does not say what was measured"
            return _Code(unused="no rule uses it" if best is not None and best.code is not None else without)
        (code, *others) = wanted
        if not others and code == HAEMOLYSIS_INDEX and set(concept.loinc) & self._wanted == {code}:
            return _Code(code)
        if others or code not in concept.loinc or code not in self._read or set(concept.loinc) & self._wanted != {code}:
            return _Code(why_not_plain="Observation: code")
        item = self._measured.get(code)
        name = item.id if item is not None else ""
        return _Code(code, name, "", item is not None and code in item.at_most_from, name in self._in_use)

    def _take_observation(self, found: Observation, one: _One) -> None:
        kept: _Code = self._codes[bytes(found.code)]
        if kept.unused:
            if found.component and not all(self._codes[bytes(part.code)].unused for part in found.component):
                raise NotPlain("Observation: a component of another code")
            one.unused.append(("Observation", kept.unused))
            return
        if kept.why_not_plain:
            raise NotPlain(kept.why_not_plain)
        if self._with_phq9 and kept.code in phq9.CODES:
            self._take_phq9(found, kept, one)
            return
        if kept.code == HAEMOLYSIS_INDEX:
            self._take_index(found, one)
            return
        if there(found.valueCodeableConcept) or found.component:
            raise NotPlain("Observation: value")
        if found.valueQuantity is None:
            self._without_value(found, one)
        elif there(found.dataAbsentReason):
            raise NotPlain("Observation: a value and none")
        else:
            row = self._result(kept, found.valueQuantity, found)
            if kept.in_use:
                one.measurements.append(row)
            elif (
                not is_date(found.effectiveDateTime or "") or not NUMBER.fullmatch(row[1]) or row[2] not in COMPARATORS
            ):
                raise NotPlain("Observation: of an item that no rule asks for")

    def _take_index(self, found: Observation, one: _One) -> None:
        """An index of haemolysis that does not tell whether the sample was haemolysed."""
        told = there(found.interpretation) or there(found.referenceRange) or there(found.valueCodeableConcept)
        number = bytes(found.valueQuantity.value).decode() if found.valueQuantity is not None else ""
        if told or found.component or found.status in _VOID or not NUMBER.fullmatch(number):
            raise NotPlain("Observation: index of haemolysis")
        one.unused.append(("Observation", WITHOUT_A_LIMIT))

    def _without_value(self, found: Observation, one: _One) -> None:
        absent = self._absent[bytes(found.dataAbsentReason)] if there(found.dataAbsentReason) else frozenset()
        if not absent or absent & ABSENT_BUT_EXISTING:
            raise NotPlain("Observation: no value")
        one.unused.append(("Observation", reason(f"no result: {', '.join(sorted(absent))[:60]}")))

    def _result(self, kept: _Code, quantity: Quantity, found: Observation) -> tuple[Any, ...]:
        """A row of measurements, but for the patient."""
        unit = self._units[written(quantity)]
        lower, upper = self._ranges[bytes(found.referenceRange), unit] if there(found.referenceRange) else (None, None)
        comparator = quantity.comparator
        if kept.at_most:
            if comparator not in (None, "<", "<="):
                raise NotPlain("Observation: comparator")
            comparator = comparator or "<="
        value = bytes(quantity.value).decode()
        return (
            kept.item, value, comparator, unit, kept.code, found.effectiveDateTime or None, found.status, lower, upper,
            f"Observation/{found.id}",
        )  # fmt: skip

    # --- PHQ-9 ------------------------------------------------------------------------------------------------------------------

    def _take_phq9(self, found: Observation, kept: _Code, one: _One) -> None:
        """A total, an answer, or a panel with its answers as components."""
        if found.status in _VOID or found.status == "unknown":
            raise NotPlain("PHQ-9: status")
        asked = Asked(f"Observation/{found.id}", found.status, found.effectiveDateTime or None)
        if kept.code == phq9.PANEL and found.valueQuantity is None and not there(found.valueCodeableConcept):
            asked.is_panel = True
        elif found.component:
            raise NotPlain("PHQ-9: components")
        else:
            self._take_score(kept, found.valueQuantity, found.valueCodeableConcept, found, asked, one)
        for part in found.component:
            self._take_score(
                self._codes[bytes(part.code)], part.valueQuantity, part.valueCodeableConcept, found, asked, one
            )
        one.forms.append(asked)

    def _take_score(
        self, kept: _Code, quantity: Quantity | None, concept: Raw, found: Observation, asked: Asked, one: _One
    ) -> None:
        if kept.unused:
            return
        if kept.code not in (*phq9.ITEMS, phq9.TOTAL) or (quantity is None) == (not there(concept)):
            raise NotPlain("PHQ-9: an answer")
        if quantity is None:
            value: Decimal | None = self._answers["valueCodeableConcept", bytes(concept)]
            row = (kept.item, str(value), None, None, kept.code, asked.date, asked.status, None, None, asked.reference)
        else:
            row = self._result(kept, quantity, found)
            value = score_of(row)
        self._score(kept.code, value, row, asked)

    def _score(self, code: str, value: Decimal | None, row: tuple[Any, ...], asked: Asked) -> None:
        if value is None or code in asked.asked:
            raise NotPlain("PHQ-9: an answer")
        if code == phq9.TOTAL:
            asked.totals.append(value)
            asked.results.append(row)
            return
        asked.asked.add(code)
        asked.answers[code] = value
        if code == phq9.ITEM9:
            asked.results.append(row)

    def _settle_forms(self, one: _One) -> None:
        scores = {code: item.id for code, item in self._measured.items() if item.id in self._in_use}
        for row in rows_of(one.forms, scores):
            one.measurements.append(row)

    def _link(self, names: tuple[str, str | None]) -> str:
        """The code that an item of a questionnaire bears, of those that are read; empty where it bears none."""
        codes = {(name or "").strip().rstrip("/").rpartition("/")[2] for name in names} & self._read
        if len(codes) > 1:
            raise NotPlain("QuestionnaireResponse: an item of two codes")
        return codes.pop() if codes else ""

    def _take_response(self, found: Response, one: _One) -> None:
        asked = Asked(
            f"QuestionnaireResponse/{found.id}", questionnaires.STATUS.get(found.status, ""), found.authored or None
        )
        waiting, read, answered = found.item[::-1], False, False
        while waiting:
            item = waiting.pop()
            waiting += item.item[::-1]
            code = self._linked[item.linkId, item.definition]
            if not code:
                continue
            read = True
            if item.answer:
                answered = True
                self._take_answer(code, item.answer, asked, one)
            elif code == phq9.PANEL:
                asked.is_panel = True
            else:
                raise NotPlain("QuestionnaireResponse: unanswered")
        if not read:
            one.unused.append(("QuestionnaireResponse", "it has no item that a rule uses"))
        elif not answered or asked.status in ("", *_VOID):
            raise NotPlain("QuestionnaireResponse: no answer, or status")
        elif asked.asked or asked.totals or asked.is_panel:
            one.forms.append(asked)

    def _take_answer(self, code: str, answers: Sequence[Answer], asked: Asked, one: _One) -> None:
        if len(answers) != 1:
            raise NotPlain("QuestionnaireResponse: several answers")
        given = [(name, bytes(raw)) for name in Answer.__struct_fields__ if there(raw := getattr(answers[0], name))]
        if len(given) != 1:
            raise NotPlain("QuestionnaireResponse: several answers")
        if self._with_phq9 and code == phq9.DIFFICULTY:
            one.difficulties.append((asked.date, self._how_difficult[given[0]], asked.reference))
            return
        value = self._answers[given[0]]
        if value is None or code == phq9.PANEL:
            raise NotPlain("QuestionnaireResponse: an answer")
        item = self._measured.get(code)
        name = item.id if item is not None else ""
        row = (name, str(value), None, None, code, asked.date, asked.status, None, None, asked.reference)
        if self._with_phq9 and code in phq9.CODES:
            self._score(code, value, row, asked)
        elif item is None or code in item.at_most_from:
            raise NotPlain("QuestionnaireResponse: code")
        elif name in self._in_use:
            one.measurements.append(row)

    # --- Condition --------------------------------------------------------------------------------------------------------------

    def _problem(self, concept: Concept) -> _Problem:
        if any(code.system == ABSENT_OR_UNKNOWN for code in concept.codes):
            return _Problem(0, False, "Condition: a statement about the list")
        if concept.name is None and not concept.matched:
            return _Problem(0, False, "Condition: neither a code nor a name")
        vocabulary = self.pack.vocabularies.get("conditions")
        if vocabulary is None:
            return _Problem(0, False, "Condition: no value sets")
        number = self.concepts.number(
            "conditions", concept.name, tuple([(each.system, each.code) for each in concept.record_codes])
        )
        return _Problem(number, conditions.PREGNANCY in vocabulary.match(concept.name, concept.matched).value_sets)

    def _take_condition(self, found: Condition, one: _One) -> None:
        verified, clinical = self._said[bytes(found.verificationStatus)], self._said[bytes(found.clinicalStatus)]
        if verified & conditions.NOT_SO:
            if "refuted" in verified:
                one.given.add("conditions")
            one.unused.append(("Condition", reason(", ".join(sorted(verified & conditions.NOT_SO)))))
            return
        kept: _Problem = self._problems[bytes(found.code)]
        if kept.why_not_plain:
            raise NotPlain(kept.why_not_plain)
        one.given.add("conditions")
        ended, abated = clinical & conditions.ENDED, found.abatementDateTime
        if abated is not None and not abated:
            raise NotPlain("Condition: abatement")
        if clinical & conditions.GOING_ON and (ended or abated):
            raise NotPlain("Condition: going on and ended")
        if ended and not abated:
            one.unused.append(("Condition", reason(f"{', '.join(sorted(ended))}, no date")))
            return
        one.entries.append(("conditions", kept.number, found.onsetDateTime or None, abated, "active"))
        if kept.is_pregnancy and abated is None:
            one.pregnant += 1
            dated = found.onsetDateTime or found.recordedDate or None
            one.states.append(("pregnancy", "pregnant", dated, f"Condition/{found.id}"))

    # --- medicines --------------------------------------------------------------------------------------------------------------

    def _medicine(self, name: str | None, codes: tuple[elements.Code, ...]) -> _Medicine | None:
        """None where it is not plain what it is."""
        if any(code.system == ABSENT_OR_UNKNOWN for code in codes) or "medicines" not in self.pack.vocabularies:
            return None
        kept = tuple([(each.system, each.code) for each in elements.record_codes(codes)])
        if not name and not kept:
            return None
        number = self.concepts.number("medicines", name, kept)
        sets = self.concepts.sets[number]
        keys = Order(_OF[medicines.KINDS[0]], name, codes, "", None, None).same_as()
        return _Medicine(name, codes, frozenset(keys), number, "antidepressant" in sets, MAGNESIUM in sets)

    def _take_request(self, found: Request, one: _One) -> None:
        dispensed_for = found.dispenseRequest.validityPeriod if found.dispenseRequest is not None else None
        end = dispensed_for.end if dispensed_for is not None else None
        self._take_order(
            "MedicationRequest", found, found.intent, found.dosageInstruction, None, found.authoredOn, end, one
        )

    def _take_statement(self, found: Statement, one: _One) -> None:
        self._take_order(
            "MedicationStatement", found, None, found.dosage, found.effectivePeriod, found.effectiveDateTime, None, one
        )

    def _take_order(
        self, kind: str, found: Ordered, intent: str | None, dosages: Sequence[Dosage], period: Period | None,
        dated: str | None, dispensed_until: str | None, one: _One,
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
            medicine = self._medicines[bytes(found.medicationCodeableConcept)]
        one.orders.append(_Ordering(kind, reference, medicine, taken, start, stop))

    def _settle_medicines(self, one: _One, shared: dict[str, bytes]) -> None:
        """Orders become entries; those of one medicine are brought together by the reader."""
        orders = [each for kind in medicines.KINDS for each in one.orders if each.kind == kind]
        orders = [each for each in orders if not self._is_lost(each, one, shared)]
        named = [self._named(each, one, shared) for each in orders]
        keys: set[object] = set()
        alone = True
        for medicine in named:
            alone = alone and keys.isdisjoint(medicine.keys)
            keys |= medicine.keys
        entries = zip(orders, named, strict=True) if alone else self._courses(orders, named)
        active = ""
        for order, medicine in entries:
            supplement = order.kind == "MedicationStatement" and medicine.is_magnesium
            of = "supplements" if supplement else "medicines"
            one.entries.append((of, medicine.number, order.start, order.stop, order.status))
            taken = order.status == "active" and order.stop is None
            if not active and not supplement and taken and medicine.is_antidepressant:
                active = order.reference
        if active:
            one.states.append(("first_line_care", "active", one.reviewed.get("medicines", self._today), active))

    @staticmethod
    def _is_lost(order: _Ordering, one: _One, shared: dict[str, bytes]) -> bool:
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

    def _named(self, order: _Ordering, one: _One, shared: dict[str, bytes]) -> _Medicine:
        medicine = order.medicine
        if isinstance(medicine, Shown):
            line = shared[medicine.reference]
            one.used.add(medicine.reference)
            medicine = self._looked_up(line, medicine)
        if medicine is None:
            raise NotPlain(f"{order.kind}: names nothing that is plain")
        return medicine

    def _looked_up(self, line: bytes, shown: Shown) -> _Medicine | None:
        key = (line, shown.display)
        found = self._medicines.get(key)
        if found is None:
            known = Known([_resource("Medication", shown.reference, EXACT.decode(line))])
            content = {"medicationReference": {"reference": shown.reference, "display": shown.display}}
            try:
                found = self._medicine(*medicines.called(_resource(medicines.KINDS[0], "", content), known, Gathered()))
            except Unreadable:
                raise NotPlain("a Medication that names nothing") from None
            if len(self._medicines) < KEPT:
                self._medicines[key] = found
        return found

    def _courses(
        self, orders: Sequence[_Ordering], named: Sequence[_Medicine]
    ) -> Iterator[tuple[_Ordering, _Medicine]]:
        for each in orders:
            for text in (each.start, each.stop):
                if text is not None and not is_date(text):
                    raise NotPlain("an order with a date that is not plain")
            if each.start and each.stop and parse_when(each.stop).last < parse_when(each.start).first:
                raise NotPlain("an order that ends before it begins")
        made = [
            Order(
                _resource(each.kind, each.reference), medicine.name, medicine.codes, each.status, each.start, each.stop
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
                yield _Ordering(kind, reference, medicine, entry["status"], entry["start"], entry["stop"]), medicine

    # --- lists ------------------------------------------------------------------------------------------------------------------

    def _take_list(self, found: List, one: _One) -> None:
        which = self._list_codes[bytes(found.code)]
        if which is None:
            one.unused.append(
                ("List", reason("neither a medication list (LOINC 10160-0) nor a problem list (LOINC 11450-4)"))
            )
        elif found.status is None or found.status in ("retired", "entered-in-error"):
            raise NotPlain("List: status")
        else:
            one.lists.append(found)

    def _settle_lists(self, one: _One) -> None:
        for found in one.lists:
            which = self._list_codes[bytes(found.code)]
            if any(each.item.reference not in one.seen for each in found.entry):
                raise NotPlain("List: entries that were not given")
            reasons = self._absent[bytes(found.emptyReason)] if there(found.emptyReason) else frozenset()
            if not found.entry and "nilknown" not in reasons:
                raise NotPlain("List: empty")
            one.given.add(which)
            if which in one.reviewed or (found.date is not None and not found.date):
                raise NotPlain("List: several")
            if found.date is not None:
                one.reviewed[which] = found.date

    # --- all of a patient -------------------------------------------------------------------------------------------------------

    def _is_psychotherapy(self, raw: bytes) -> bool:
        vocabulary, concept = self.pack.vocabularies.get("procedures"), concept_of(Raw(raw))
        return vocabulary is not None and "psychotherapy" in vocabulary.match(concept.name, concept.matched).value_sets

    def _finish(self, one: _One, shared: dict[str, bytes]) -> None:
        if not one.reference:
            raise NotPlain("no Patient")
        identity = one.reference.removeprefix("Patient/")
        if not one.subjects <= {one.reference, f"urn:uuid:{identity}"}:
            raise NotPlain("a reference to the patient that is not plain")
        if one.pregnant > 1:
            raise NotPlain("several statements about pregnancy")
        self._settle_lists(one)
        self._settle_medicines(one, shared)
        self._settle_forms(one)
        if one.difficulties:
            if any(dated is None or not is_date(dated) for dated, _, _ in one.difficulties):
                raise NotPlain("QuestionnaireResponse: date")
            newest = sorted(one.difficulties, key=lambda each: parse_when(each[0] or "").order())[-1]
            one.states.append(("functional_difficulty", newest[1], newest[0], newest[2]))

    def _add(self, one: _One) -> None:
        number = len(self.people)
        lists = [
            given
            for name in ("medicines", "procedures", "conditions", "symptoms")
            for given in (name in one.given, one.reviewed.get(name, self._today))
        ]
        self.people.append((number, one.reference, one.birth_date, one.sex, one.reference, *lists))
        self.measurements += [(number, *row) for row in one.measurements]
        self.entries += [(number, *row) for row in one.entries]
        self.states += [(number, *row) for row in one.states]
        self.unused.append(one.unused)
        self.used.append(one.used)

    def clear(self) -> None:
        """Forget the patients; what codes mean is kept."""
        for each in (self.people, self.measurements, self.entries, self.states, self.unused, self.used):
            each.clear()

    def tables(self) -> dict[str, pa.Table]:
        """The flat tables of those that were taken; `patient` is their number, in the order in which they came."""
        columns = needed(self.layout)
        return {name: _table(getattr(self, name), columns[name]) for name in columns}


def _table(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> pa.Table:
    kinds = {"patient": pa.int64(), "concept": pa.int64()}
    types = [kinds.get(name, pa.bool_() if name.endswith("_given") else pa.string()) for name in names]
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, types, strict=True)], list(names))


def _resource(kind: str, reference: str, content: dict[str, Any] | None = None) -> Resource:
    return Resource(kind, None, reference, None, None, NOTHING, (), content or {})


_OF = {kind: _resource(kind, "") for kind in medicines.KINDS}


def _may_be_refused(found: Ordered) -> bool:
    """Is there anything that may say that the patient refused? An escaped letter may hide it."""
    told = b"".join(bytes(each) for each in (found.statusReason, found.reasonCode, found.extension) if there(each))
    return b"\\" in told or any(code.encode() in told for code in care.REFUSED)
