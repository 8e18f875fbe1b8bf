"""Bulk Data of generated people, strand by strand: a strand is what is read together, such as all results of one item. The patient's id
stands in it as a word to be replaced.

`synthetic`: as `mgcds synthesize` makes them, with its mess. `at_limits`: the records of `tests/agreement`, as far as FHIR can say them:
values at and around every limit, ties on a day, both sides of every day on which something is stale, foreign units and wrong ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from random import Random
from typing import Any

from mgcds.fhir.elements import UCUM
from mgcds.fhir.phq9 import ITEMS, PANEL
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.phq9 import FROM_FORMS
from mgcds.model.terminology import SYSTEM_OF_URI
from mgcds.model.units import parse_unit
from mgcds.populations.synthesis.cohort import NONE, Pool
from mgcds.populations.synthesis.strands import PATIENT, SUBJECT, Sheet, coded, loinc
from tests.agreement.generate import DAYS, Patients, Written

PEOPLE, LISTS = "people", "lists"
Strands = Mapping[str, Mapping[str, bytes]]
"""strand → kind of resource → lines. A strand is PEOPLE, an item, or LISTS, where all else is"""
_URI = {short: uri for uri, short in SYSTEM_OF_URI.items()}
_STRANDS = {"person": PEOPLE, "history": LISTS, "unread": LISTS}


def strand_of(about: str, pack: RulePack) -> str:
    """Where an item or a list is read: by itself if it is measured, but not with what follows from the lists, or tells of them."""
    item = pack.items.get(about)
    if about in ("age", "sex"):
        return PEOPLE
    return about if isinstance(item, MeasuredItem) and item.codes and about not in FROM_FORMS else LISTS


def synthetic(pack: RulePack, on: date, number: int, seed: int) -> list[Strands]:
    """Of a synthetic cohort."""
    pool, found = Pool(pack, on, seed), [dict[str, dict[str, bytes]]() for _ in range(number)]
    for name, numbers in pool.choose(0, number).items():
        for strands, variant in zip(found, numbers.tolist(), strict=True):
            mine = strands.setdefault(_STRANDS.get(name, name), {})
            for kind, lines in pool.variant(name, variant).lines.items() if variant != NONE else ():
                mine[kind] = mine.get(kind, b"") + lines
    return list(found)


def at_limits(pack: RulePack, on: date, number: int) -> list[Strands]:
    """Of generated records of that day, which is one of theirs."""
    patients = Patients(pack, {})
    first = DAYS.index(on)
    return [_Resources(pack, on, patients.record(first + each * len(DAYS)), each).strands() for each in range(number)]


class _Resources:
    """The resources of one record."""

    def __init__(self, pack: RulePack, on: date, record: Written, seed: int) -> None:
        self._pack, self._record, self._random = pack, record, Random(seed)
        self._sheets = {
            strand: Sheet(f"{strand.replace('_', '-')}-at-limits", pack, on, self._random)
            for strand in (PEOPLE, LISTS, *(strand_of(item, pack) for item in pack.items))
        }

    def strands(self) -> Strands:
        record = self._record
        person = {"gender": _value(record.get("sex")), "birthDate": record.get("birth_date")}
        died = self._random.choice([{}] * 20 + [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-11"}])
        self._sheets[PEOPLE].add("Patient", PATIENT, **person, **died)
        for item in self._pack.items.values():
            if isinstance(item, MeasuredItem) and item.codes:
                for result in _each(record.get(item.id)):
                    self._observe(item, result)
        for form in _each(record.get("phq9_forms")):
            if isinstance(form, dict) and isinstance(form.get("answers"), list):
                self._ask(form)
        if (pregnancy := _value(record.get("pregnancy"))) is not None:
            self._add("Observation", code=loinc("82810-3"), valueCodeableConcept={"text": str(pregnancy)},
                      status="final", effectiveDateTime=_date(record["pregnancy"]))  # fmt: skip
        self._write_lists()
        return {name: sheet.lines for name, sheet in self._sheets.items()}

    def _add(self, kind: str, strand: str = LISTS, **content: Any) -> str:
        return self._sheets[strand].add(kind, subject=SUBJECT, **content)

    # --- results --------------------------------------------------------------------------------------------------------

    def _observe(self, item: MeasuredItem, result: Any) -> None:
        strand = strand_of(item.id, self._pack)
        given = result if isinstance(result, dict) else {}
        unit = given.get("unit")
        codes = [code for code, units in item.codes.items() if unit is None or parse_unit(unit) in units]
        content: dict[str, Any] = {
            "code": loinc(given.get("code") or self._random.choice(codes or list(item.codes))),
            "status": given.get("status", "final"),
            "effectiveDateTime": given.get("date"),
        }
        if isinstance(result, str) or "value" not in given:
            content["valueString"] = str(result)
        else:
            content["valueQuantity"] = self._quantity(given["value"], unit, given.get("comparator"))
        if limits := {
            end: given[name] for end, name in (("low", "lower_limit"), ("high", "upper_limit")) if name in given
        }:
            content["referenceRange"] = [{end: self._quantity(*_parted(limit)) for end, limit in limits.items()}]
        if fault := " and ".join(given.get("specimen", ())):
            content |= self._spoilt(strand, fault)
        self._add("Observation", strand, **content)

    def _spoilt(self, strand: str, fault: str) -> dict[str, Any]:
        if self._random.random() < 0.5:
            return {"note": [{"text": f"plasma {fault}"}]}
        return {"specimen": {"reference": self._add("Specimen", strand, condition=[{"text": fault}])}}

    def _quantity(self, value: Any, unit: str | None, comparator: str | None = None) -> dict[str, Any]:
        """With its unit in words alone, or as a code too; and with its digits as they are, where it is a number."""
        with suppress(InvalidOperation):
            value = Decimal(value) if isinstance(value, str) and Decimal(value).is_finite() else value
        code = {"system": UCUM[0], "code": unit} if unit and self._random.random() < 0.7 else {}
        told = {"comparator": comparator, "unit": unit}
        return {"value": value, **{name: each for name, each in told.items() if each is not None}, **code}

    def _ask(self, form: Written) -> None:
        items = [
            {"linkId": f"/{PANEL}/{code}", **({"answer": [{"valueInteger": score}]} if score is not None else {})}
            for code, score in zip(ITEMS, form["answers"], strict=False)
        ]
        self._add("QuestionnaireResponse", status="completed", authored=form.get("date"), item=items)

    # --- lists ----------------------------------------------------------------------------------------------------------

    def _write_lists(self) -> None:
        orders = [self._order(each) for name in ("medicines", "antidepressants") for each in self._entries(name)]
        orders += [self._supplement(each) for each in self._entries("supplements")]
        problems = [self._problem(each) for name in ("conditions", "symptoms") for each in self._entries(name)]
        for each in self._entries("procedures"):
            status = {"stopped": "completed", "unknown": "unknown"}.get(each.get("status", ""), "in-progress")
            self._add("Procedure", status=status, code=_concept(each), performedPeriod=_period(each))
        for code, name, entries in (("10160-0", "medicines", orders), ("11450-4", "conditions", problems)):
            day = self._record.get(f"{name}_reconciled")
            if day is not None and self._random.random() < 0.7:
                there = {"entry": [{"item": {"reference": each}} for each in entries]}
                none = {"emptyReason": coded("list-empty-reason", "nilknown")}
                self._add(
                    "List", status="current", mode="working", code=loinc(code), date=day, **(there if entries else none)
                )

    def _entries(self, name: str) -> Iterator[Written]:
        for each in _each(self._record.get(name)):
            if isinstance(each, str) or (isinstance(each, dict) and (each.get("name") or each.get("codes"))):
                yield {"name": each} if isinstance(each, str) else each

    def _order(self, entry: Written) -> str:
        end = {"boundsPeriod": {"end": entry["stop"]}} if entry.get("stop") else None
        dosage = [{"text": "as directed", "timing": {"repeat": end}}] if end else None
        return self._add("MedicationRequest", status=entry.get("status", "active"), intent="order", dosageInstruction=dosage,
                         medicationCodeableConcept=_concept(entry), authoredOn=entry.get("start"))  # fmt: skip

    def _supplement(self, entry: Written) -> str:
        dosage = [{"text": f"{entry['daily_dose']} daily"}] if entry.get("daily_dose") else None
        return self._add("MedicationStatement", status=entry.get("status", "active"), dosage=dosage,
                         medicationCodeableConcept=_concept(entry), effectivePeriod=_period(entry))  # fmt: skip

    def _problem(self, entry: Written) -> str:
        status = None if entry.get("abated") else coded("condition-clinical", "active")
        return self._add("Condition", code=_concept(entry), clinicalStatus=status, onsetDateTime=entry.get("onset"),
                         abatementDateTime=entry.get("abated"))  # fmt: skip


def _each(given: Any) -> list[Any]:
    return [] if given is None else given if isinstance(given, list) else [given]


def _value(given: Any) -> Any:
    return given.get("value") if isinstance(given, dict) else given


def _date(given: Any) -> Any:
    return given.get("date") if isinstance(given, dict) else None


def _parted(limit: str) -> tuple[str, str | None]:
    value, _, unit = limit.partition(" ")
    return value, unit or None


def _period(entry: Written) -> dict[str, str] | None:
    ends = {"start": entry.get("start"), "end": entry.get("stop")}
    return {name: day for name, day in ends.items() if day is not None} or None


def _concept(entry: Written) -> dict[str, Any]:
    codes = [
        {"system": _URI.get(each["system"], each["system"]), "code": each["code"]} for each in entry.get("codes", ())
    ]
    return {**({"text": entry["name"]} if entry.get("name") else {}), **({"coding": codes} if codes else {})}
