"""Short ways to write FHIR resources and Bundles, and the check that every resource that came in is accounted for."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from mgcds.fhir import FhirReading, read_bundle
from mgcds.model.pack import RulePack
from mgcds.model.reading import shown
from mgcds.model.record import Measurement, Phq9Form

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
MAGNESIUM, MAGNESIUM_MOLES, EGFR = "19123-9", "2601-3", "33914-3"
PHQ9_PANEL, PHQ9, ITEM9, PHQ9_DIFFICULTY = "44249-1", "44261-6", "44260-8", "69722-7"
PHQ9_ITEMS = ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", ITEM9)

RETRIEVED = date(2026, 11, 20)
MG = "serum_magnesium"

Resource = dict[str, Any]


def patient(**more: Any) -> Resource:
    return {"resourceType": "Patient", "id": "p", "birthDate": "1980-05-01", "gender": "female", **more}


def concept(
    code: str | None = None, system: str = LOINC, display: str | None = None, text: str | None = None
) -> Resource:
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {**({"coding": [coding]} if code else {}), **({"text": text} if text else {})}


def quantity(value: Any, unit: str | None = None, code: str | None = None, system: str | None = UCUM) -> Resource:
    given = {"value": value, "unit": unit, "code": code, "system": system if code else None}
    return {"valueQuantity": {key: part for key, part in given.items() if part is not None}}


def mgdl(value: Any) -> Resource:
    return quantity(value, "mg/dL", "mg/dL")


def observation(
    loinc: str | None,
    *parts: Resource,
    on: str | None = "2026-11-01",
    **more: Any,
) -> Resource:
    made: Resource = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/p"},
    }
    made |= {"code": concept(loinc)} if loinc else {}
    made |= {"effectiveDateTime": on} if on else {}
    for part in parts:
        made |= part
    return {key: part for key, part in {**made, **more}.items() if part is not None}


def component(code: str, *parts: Resource) -> Resource:
    made: Resource = {"code": concept(code)}
    for part in parts:
        made |= part
    return made


def answered(score: int) -> Resource:
    code = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")[score]
    return {"valueCodeableConcept": concept(code)}


def questionnaire(*items: Resource, status: str = "completed", **more: Any) -> Resource:
    return {
        "resourceType": "QuestionnaireResponse", "id": "q", "status": status, "subject": {"reference": "Patient/p"},
        "authored": "2026-11-02", "item": list(items), **more,
    }  # fmt: skip


def item(link: str, *answers: Resource, **more: Any) -> Resource:
    return {"linkId": link, "answer": list(answers), **more}


def medicine(kind: str = "MedicationRequest", text: str | None = "sertraline", **more: Any) -> Resource:
    made: Resource = {"resourceType": kind, "id": "m", "status": "active", "subject": {"reference": "Patient/p"}}
    made |= {"intent": "order", "authoredOn": "2026-01-01"} if kind == "MedicationRequest" else {}
    made |= {"medicationCodeableConcept": {"text": text}} if text else {}
    return {key: part for key, part in {**made, **more}.items() if part is not None}


SERTRALINE = {"resourceType": "Medication", "id": "s", "code": concept("36437", RXNORM, "sertraline")}


def referring(to: str, **more: Any) -> dict[str, Any]:
    return medicine(text=None, medicationReference={"reference": to}, **more)


def condition(text: str | None = "depression", clinical: str | None = "active", **more: Any) -> Resource:
    made: Resource = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}}
    made |= {"code": {"text": text}} if text else {}
    made |= (
        {"clinicalStatus": concept(clinical, "http://terminology.hl7.org/CodeSystem/condition-clinical")}
        if clinical
        else {}
    )
    return {**made, **more}


def bundle(*resources: Resource, **more: Any) -> Resource:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
        **more,
    }


def searchset(query: str, *resources: Resource, **more: Any) -> Resource:
    return bundle(
        *resources, type="searchset", link=[{"relation": "self", "url": f"https://ehr.example/fhir/{query}"}], **more
    )


def resources_in(content: Any) -> int:
    """Resources of a Bundle or a list, counted without the reader; a Bundle within counts as what it holds."""
    return sum(_resources_in(each) for each in content) if isinstance(content, list) else _resources_in(content)


def _resources_in(slot: Any) -> int:
    if not isinstance(slot, dict) or slot.get("resourceType") != "Bundle":
        return 1
    entries = slot.get("entry")
    entries = entries if isinstance(entries, list) else [entries]
    inside = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
    return sum(_resources_in(each) for each in inside if each is not None)


def accounted_for(*readings: FhirReading) -> int:
    """Resources that the readings account for: used, or counted as unused."""
    used = [reference for reading in readings for reference in reading.used]
    return len(used) + sum(line.resources for reading in readings for line in reading.unused)


def said(reading: FhirReading) -> dict[str, Any]:
    """A reading in short: what each field holds, and why what was rejected and what was not used was not."""
    short: dict[str, Any] = {}
    for name, value in reading.record:
        if name == "rejected" or value is None or value == ():
            continue
        if isinstance(value, tuple):
            short[name] = [_entry(each) for each in value]
        else:
            short[name] = getattr(value, "value", value)
    for name in ("medicines", "conditions"):
        if getattr(reading.record, name) == ():
            short[name] = []
    short["rejected"] = [f"{bad.field}: {bad.why}" for bad in reading.record.rejected]
    short["unused"] = [f"{line.reference}: {line.why}" for line in reading.unused]
    return short


def _entry(each: Any) -> str:
    if isinstance(each, Phq9Form):
        answers = " ".join("-" if answer is None else str(answer) for answer in each.answers)
        marks = [each.status] if each.status != "final" else []
        marks += [] if each.total is None else [f"total {each.total}"]
        return " ".join([answers, f"on {each.date}" if each.date else "undated", *marks])
    if isinstance(each, Measurement):
        marks = [each.status] if each.status != "final" else []
        marks += [
            *each.specimen,
            *([f"{each.lower_limit}..{each.upper_limit}"] if each.lower_limit or each.upper_limit else []),
        ]
        return " ".join([shown(each), f"on {each.date}" if each.date else "undated", *marks])
    called = each.name or "+".join(f"{code.system} {code.code}" for code in each.codes)
    if hasattr(each, "status"):
        dose = getattr(each, "daily_dose", None)
        period = f"{each.start or '?'}..{each.stop or ''}"
        return " ".join([called, each.status, period, *([dose] if dose else [])])
    return f"{called} {each.onset or '?'}..{each.abated or ''}"


def read(content: Any, pack: RulePack, retrieved: date | None = RETRIEVED) -> dict[str, Any]:
    """Read plain data and its JSON text: both ways must give the same, and account for all."""
    plain = read_bundle(content, pack, retrieved)
    assert accounted_for(plain) == resources_in(content)
    assert read_bundle(json.dumps(content), pack, retrieved) == plain
    return said(plain)


def has(short: dict[str, Any], expected: dict[str, Any]) -> None:
    """Fields equal what is expected; of `rejected` and `unused` each expected text is part of one line, in order, and no line is left."""
    for name, wanted in expected.items():
        found = short.get(name)
        if name in ("rejected", "unused"):
            assert len(found) == len(wanted), found
            for line, part in zip(found, wanted, strict=True):
                assert part in line, found
        else:
            assert found == wanted
