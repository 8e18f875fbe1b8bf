"""Whole files, and resources that were spoilt at random: nothing raises, and everything that came in is accounted for."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mgcds.errors import RecordError
from mgcds.fhir import FhirReading, read_bundle, read_ndjson
from mgcds.fhir.gathered import Gathered
from mgcds.model.pack import RulePack
from tests.fhir.builders import (
    ITEM9,
    MAGNESIUM,
    PHQ9,
    PHQ9_ITEMS,
    RETRIEVED,
    SERTRALINE,
    accounted_for,
    answered,
    bundle,
    component,
    condition,
    item,
    medicine,
    mgdl,
    observation,
    patient,
    questionnaire,
    referring,
    resources_in,
    said,
    searchset,
)

EXTRACT = Path(__file__).parent / "bundles" / "synthea-extract.json"
OUTSIDE = Path(__file__).parents[3] / "shared" / "data"  # real and generated data that is not part of the repository


def files(folder: str) -> list[Path]:
    found = sorted((OUTSIDE / folder).glob("*.gz"))
    if not found:
        pytest.skip(f"NOT TESTED: there is no ../shared/data/{folder}")
    return found


def lines_of(folder: str) -> list[bytes]:
    return [line for file in files(folder) for line in gzip.decompress(file.read_bytes()).splitlines()]


def counted(readings: list[FhirReading]) -> int:
    """As `accounted_for`, but a Medication that two patients take is one resource."""
    used = {reference for reading in readings for reference in reading.used}
    return len(used) + sum(line.resources for reading in readings for line in reading.unused)


def test_the_extract(pack: RulePack) -> None:
    content = json.loads(EXTRACT.read_text())
    reading = read_bundle(EXTRACT.read_bytes(), pack, RETRIEVED)
    assert accounted_for(reading) == resources_in(content)
    short = said(reading)
    assert short["rejected"] == []
    assert {name: len(short[name]) for name in ("serum_magnesium", "egfr", "phq9", "gad7")} == {
        "serum_magnesium": 2, "egfr": 1, "phq9": 2, "gad7": 1,
    }  # fmt: skip
    assert "Observation 8480-6 Systolic Blood Pressure (3): no rule uses it" in short["unused"]
    assert "AllergyIntolerance (1): not read by mgcds" in short["unused"]


def test_synthea_bundles(pack: RulePack) -> None:
    for file in files("synthea/bundles"):
        text = gzip.decompress(file.read_bytes())
        reading = read_bundle(text, pack, RETRIEVED)
        assert accounted_for(reading) == resources_in(json.loads(text))
        assert reading == read_bundle(json.loads(text), pack, RETRIEVED)
        assert reading.patient == f"Patient/{file.name.removesuffix('.json.gz')}"
        assert reading.record.rejected == ()


def test_synthea_bulk(pack: RulePack) -> None:
    lines = lines_of("synthea/bulk")
    readings = list(read_ndjson(lines, pack, RETRIEVED))
    assert len(readings) == 10
    assert counted(readings) == len(lines)


def test_bulk_and_bundle_say_the_same_of_one_patient(pack: RulePack) -> None:
    by_patient = {reading.patient: reading for reading in read_ndjson(lines_of("synthea/bulk"), pack, RETRIEVED)}
    for file in files("synthea/bundles"):
        reading = read_bundle(gzip.decompress(file.read_bytes()), pack, RETRIEVED)
        in_bulk = said(by_patient[reading.patient])
        for name, value in said(reading).items():
            both = [sorted(each) if isinstance(each, list) else each for each in (value, in_bulk[name])]
            assert name == "unused" or both[0] == both[1]


def test_mimic(pack: RulePack) -> None:
    lines = lines_of("mimic")
    readings = list(read_ndjson(lines, pack, date(2200, 1, 1)))
    assert len(readings) == 10
    assert counted(readings) == len(lines)
    medicines = [entry for reading in readings for entry in reading.record.medicines or ()]
    assert medicines
    assert all(entry.name for entry in medicines), "local names stand among the identifiers"
    conditions = [entry for reading in readings for entry in reading.record.conditions or ()]
    assert {code.system for entry in conditions for code in entry.codes} == {
        "icd10cm", "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd9",
    }  # fmt: skip
    assert all(value.unit for reading in readings for value in reading.record.potassium)


# --- spoilt at random ---------------------------------------------------------------------------------------------------------

EVERYTHING = bundle(
    patient(deceasedBoolean=False),
    observation(MAGNESIUM, mgdl(1.9), referenceRange=[{"low": {"value": 1.7}}], note=[{"text": "ok"}], specimen={"display": "Serum"}),
    observation(PHQ9, {"valueInteger": 14}, id="phq", component=[component(ITEM9, answered(2))]),
    observation("46424-8", id="hi", valueQuantity={"value": 9}, interpretation=[{"text": "H"}], on="2026-11-01T08:00:00Z"),
    observation("82810-3", id="preg", valueCodeableConcept={"text": "not pregnant"}),
    observation("8480-6", id="bp", valueQuantity={"value": 120}),
    questionnaire({"linkId": "g", "item": [item(ITEM9, {"valueInteger": 1})]}),
    medicine(dispenseRequest={"validityPeriod": {"end": "2026-12-01"}}),
    referring("Medication/s", id="m2", dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"start": "2026-01-01"}}}}]),
    SERTRALINE,
    medicine("MedicationStatement", "magnesium oxide", id="m3", dosage=[{"text": "120 mg elemental daily"}]),
    medicine("MedicationDispense", id="m4", status="completed", whenHandedOver="2026-01-01", daysSupply={"value": 30, "code": "d"}),
    condition(verificationStatus={"text": "confirmed"}, onsetDateTime="2020"),
    {"resourceType": "List", "id": "l", "code": {"coding": [{"system": "http://loinc.org", "code": "10160-0"}]}, "date": "2026-11-01",
     "entry": [{"item": {"reference": "MedicationRequest/m"}}]},
    observation("44249-1", id="panel", hasMember=[{"reference": "Observation/i"}], on="2026-11-01T08:00:00Z"),
    *(observation(code, answered(1), id=code, on="2026-11-01T08:00:00Z") for code in PHQ9_ITEMS[2:]),
    observation("69722-7", id="d", valueCodeableConcept={"text": "Very difficult"}),
    {"resourceType": "Procedure", "id": "pr", "status": "completed", "subject": {"reference": "Patient/p"},
     "code": {"text": "psychotherapy"}, "performedPeriod": {"start": "2026-01-01"}},
    {"resourceType": "ServiceRequest", "id": "sr", "status": "active", "intent": "order", "subject": {"reference": "Patient/p"},
     "code": {"text": "cognitive behavioral therapy"}, "authoredOn": "2026-11-01"},
    {"resourceType": "NutritionOrder", "id": "n", "status": "active", "patient": {"reference": "Patient/p"},
     "supplement": [{"productName": "magnesium citrate", "schedule": [{"repeat": {"boundsPeriod": {"start": "2026-01-01"}}}]}]},
    {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p"}},
    {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "x"}]},
    searchset("MedicationRequest?patient=p&status=active", medicine(id="m5", status="stopped"), total=1),
    timestamp="2026-11-20T00:00:00Z",
)  # fmt: skip
JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 10**400, 1.5, "", " ", "x", "1e999", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-13-45",
    [], {}, [None], [[]], {"x": 1}, [{"coding": 3}], "\u200b", "𝔐" * 2000, "urn:uuid:", "#", "/", "http://", {"coding": [{"code": "x"}]},
)  # fmt: skip


def places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a tree of dictionaries and lists: container and key."""
    for key, value in list(content.items() if isinstance(content, dict) else enumerate(content)):
        yield content, key
        if isinstance(value, dict | list):
            yield from places(value)


def spoilt(seed: int) -> Any:
    """`EVERYTHING` with one to four elements replaced by junk or left out."""
    chance = random.Random(seed)
    content = copy.deepcopy(EVERYTHING)
    for _ in range(chance.randint(1, 4)):
        where, key = chance.choice(list(places(content)))
        if chance.random() < 0.2:
            del where[key]
        else:
            where[key] = copy.deepcopy(chance.choice(JUNK))
    return content


@pytest.mark.parametrize("block", range(8))
def test_no_spoilt_element_raises_or_goes_missing(block: int, pack: RulePack) -> None:
    read = 0
    for seed in range(block * 100, block * 100 + 100):
        content = spoilt(seed)
        try:
            plain = read_bundle(content, pack, RETRIEVED)
            text = read_bundle(json.dumps(content), pack, RETRIEVED)
        except RecordError:
            continue  # the Bundle's own resourceType was spoilt
        read += 1
        assert accounted_for(plain) == resources_in(content), seed
        assert accounted_for(text) == resources_in(content), seed
        assert text.record == plain.record, seed
    assert read > 80


@pytest.mark.parametrize("forgetful", ["use", "leave", "count"])
def test_the_account_notices_what_is_forgotten(forgetful: str, pack: RulePack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded fault: a reader that drops resources without a word must not pass."""
    content = bundle(
        patient(), observation(MAGNESIUM, mgdl(2)), medicine(status="draft"), {"resourceType": "Goal", "id": "g"}
    )
    assert accounted_for(read_bundle(content, pack)) == resources_in(content)
    monkeypatch.setattr(Gathered, forgetful, lambda *given, **more: None)
    assert accounted_for(read_bundle(content, pack)) < resources_in(content)
