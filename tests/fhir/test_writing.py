"""FHIR out: everything said is in the Bundle, the three validators have nothing against it, and each of them notices a fault."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import fhirkit
import pytest

from mgcds.evaluator import evaluate
from mgcds.fhir import read_bundle
from mgcds.fhir.writing import write_bundle
from mgcds.loading.packs import load_pack
from mgcds.model.assessment import Assessment
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord, read_record
from tests.agreement.generate import Patients
from tests.fhir.builders import MAGNESIUM, RETRIEVED, bundle, condition, medicine, mgdl, observation, patient
from tests.fhir.test_whole_files import EXTRACT
from tests.fhir.validating import as_kept, changed, faults, problems_of, what_is_missing
from tests.model.test_basis import patients_of_the_pack, reachable

ON = date(2026, 11, 21)
MADE = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LACKING = what_is_missing()
needs_validators = pytest.mark.skipif(
    LACKING is not None and os.environ.get("MGCDS_VALIDATORS") != "required", reason=LACKING or ""
)
Bundle = dict[str, Any]


def of_kind(written: Bundle, kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in written["entry"] if entry["resource"]["resourceType"] == kind]


def said(guidance: dict[str, Any], name: str) -> list[str]:
    parameters = guidance["contained"][0]["parameter"]
    return [each["valueString"] for each in parameters if each["name"] == name and "valueString" in each]


def of_facts(pack: RulePack, generated: Patients, seed: int) -> Assessment:
    facts = generated.facts(seed)
    return Assessment(facts.on, pack, facts, evaluate_facts(pack, facts))


def assessments_of_every_status(pack: RulePack) -> Iterator[Assessment]:
    """Generated patients, until every rule was met with in every status it can have."""
    generated, waiting = patients_of_the_pack(), reachable(pack)
    for seed in range(8000):
        if not waiting:
            return
        assessment = of_facts(pack, generated, seed)
        new = {(each.id, each.status) for each in assessment.suggestions} & waiting
        if new:
            waiting -= new
            yield assessment
    assert not waiting


# --- what is in it ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example() -> tuple[Assessment, Bundle]:
    """Read from FHIR: a low magnesium, an antidepressant that prolongs QT, a quinolone, eGFR unknown."""
    given = bundle(
        patient(),
        observation(MAGNESIUM, mgdl(1.5), id="mg"),
        observation("44261-6", {"valueInteger": 12}, id="phq", on="2026-11-20"),
        medicine(text="citalopram 20 mg", id="cit"),
        medicine(text="ciprofloxacin 500 mg", id="cip"),
        condition(text="myasthenia gravis"),
        timestamp="2026-11-20T00:00:00Z",
    )
    pack = load_pack()
    reading = read_bundle(given, pack, RETRIEVED)
    assessment = evaluate(reading.record, pack, ON)
    unused = [(line.reference, line.why) for line in reading.unused]
    return assessment, write_bundle(assessment, reading.record, MADE, reading.patient, unused)


def test_every_suggestion_is_in_it_with_its_status(example: tuple[Assessment, Bundle]) -> None:
    assessment, written = example
    guidance = {each["moduleCanonical"]: each for each in of_kind(written, "GuidanceResponse")}
    assert len(guidance) == len(assessment.suggestions)
    statuses = set()
    for suggestion in assessment.suggestions:
        found = guidance[f"urn:mgcds:rules:{suggestion.id}|{suggestion.rule.version}"]
        assert said(found, "status") == [suggestion.status]
        assert found["status"] == ("data-required" if suggestion.status == "withheld" else "success")
        assert said(found, "evidence-against") == [entry.id for entry in suggestion.evidence_against]
        assert said(found, "held-back-by") == list(suggestion.held_back_by)
        notes = " ".join(note["text"] for note in found["note"])
        if suggestion.status == "offered":
            assert suggestion.text in notes
        if suggestion.status != "not indicated":
            assert "Evidence against:" in notes
        statuses.add(suggestion.status)
    assert statuses == {"offered", "suppressed", "withheld", "not indicated"}


def test_what_is_withheld_says_which_data_would_decide_it(example: tuple[Assessment, Bundle]) -> None:
    assessment, written = example
    withheld = [each for each in assessment.of_status("withheld") if each.missing]
    assert withheld
    by_module = {each["moduleCanonical"]: each for each in of_kind(written, "GuidanceResponse")}
    for suggestion in withheld:
        found = by_module[f"urn:mgcds:rules:{suggestion.id}|{suggestion.rule.version}"]
        sets = [
            tuple(part["valueString"] for part in each.get("part", []))
            for each in found["contained"][0]["parameter"]
            if each["name"] == "missing"
        ]
        assert sets == list(suggestion.missing)
        assert found["dataRequirement"] or set(suggestion.missing) == {()}


def test_a_missing_egfr_is_asked_for_by_its_codes(pack: RulePack) -> None:
    record = PatientRecord(recorded="2026-11-20", age=40, sex="male", phq9=12, first_line_care="declined")
    written = write_bundle(evaluate(record, pack, ON), record, MADE)
    required = [need for each in of_kind(written, "GuidanceResponse") for need in each.get("dataRequirement", [])]
    filters = [need["codeFilter"][0]["code"] for need in required if need["type"] == "Observation"]
    assert {"system": "http://loinc.org", "code": "98979-8"} in [code for codes in filters for code in codes]
    assert {"type": "MedicationStatement"} in required


def test_offered_stops_and_interactions_are_detected_issues_with_their_sources(
    example: tuple[Assessment, Bundle],
) -> None:
    assessment, written = example
    issues = {each["identifier"][0]["value"].partition("|")[0]: each for each in of_kind(written, "DetectedIssue")}
    expected = {each.id for each in assessment.offered if each.kind in ("stop", "interaction")}
    assert set(issues) == expected
    assert {"reference": "MedicationRequest/cip"} in issues["antibiotic-course"]["implicated"]
    assert {"reference": "Condition/c"} in issues["magnesium-contraindicated"]["implicated"]
    assert all("severity" not in each for each in issues.values()), "how severe a stop is no rule says"


def test_provenance_names_all_that_was_made_and_all_that_was_read(example: tuple[Assessment, Bundle]) -> None:
    _, written = example
    provenance = of_kind(written, "Provenance")[0]
    targets = {each["reference"] for each in provenance["target"]}
    made = {
        entry["fullUrl"]
        for entry in written["entry"]
        if entry["resource"]["resourceType"] not in ("Device", "Provenance", "AuditEvent")
    }
    assert targets == made
    sources = {each["what"].get("reference") for each in provenance["entity"]}
    assert {"Observation/mg", "Observation/phq", "MedicationRequest/cit", "Condition/c"} <= sources


def test_every_reference_within_the_bundle_is_answered(example: tuple[Assessment, Bundle]) -> None:
    _, written = example
    urls = [entry["fullUrl"] for entry in written["entry"]]
    assert len(set(urls)) == len(urls)
    text = json.dumps(written)
    named = {part.partition('"')[0] for part in text.split('"reference": "')[1:]}
    assert {each for each in named if each.startswith("urn:uuid:")} <= set(urls)


def test_the_same_assessment_gives_the_same_bundle(example: tuple[Assessment, Bundle]) -> None:
    assessment, written = example
    record = PatientRecord()
    again = [write_bundle(assessment, record, MADE) for _ in range(2)]
    assert again[0] == again[1]
    assert {each["id"] for each in of_kind(again[0], "GuidanceResponse")}.isdisjoint(
        each["id"] for each in of_kind(written, "GuidanceResponse")
    ), "another patient, other ids"


def test_a_moment_without_its_time_zone_is_refused(example: tuple[Assessment, Bundle]) -> None:
    with pytest.raises(ValueError, match="time zone"):
        write_bundle(example[0], PatientRecord(), datetime(2026, 11, 21))  # noqa: DTZ001


CANARIES = {
    "serum_magnesium": {"value": "0.6173 mmol/L", "date": "2026-11-13", "source": "Observation/canary-mg"},
    "egfr": {"value": "87.31 mL/min/1.73m2", "date": "2026-11-12"},
    "phq9": {"value": 13, "date": "2026-11-20"},
    "medicines": [{"name": "citalopram canary tablet"}],
    "conditions": [{"name": "canary depression"}],
}


def test_no_clinical_value_is_in_the_audit_event(pack: RulePack) -> None:
    record = read_record({"recorded": "2026-11-20", "birth_date": "1969-07-16", "sex": "female", **CANARIES})
    assessment = evaluate(record, pack, ON)
    written = write_bundle(assessment, record, MADE, "Patient/1")
    whole = json.dumps(written)
    audit = json.dumps(of_kind(written, "AuditEvent"))
    for canary in ("0.6173", "citalopram canary tablet", "Observation/canary-mg"):
        assert canary in whole, "it is said elsewhere"
    for canary in (
        "0.6173",
        "87.31",
        "canary",
        "1969",
        "2026-11-12",
        "2026-11-13",
        "citalopram",
        *(rule.id for rule in pack.rules.values()),
    ):
        assert canary not in audit


def test_what_was_not_used_is_in_it(example: tuple[Assessment, Bundle]) -> None:
    assessment, written = example
    told = " ".join(issue["diagnostics"] for each in of_kind(written, "OperationOutcome") for issue in each["issue"])
    for problem in assessment.problems:
        assert problem.what in told
    for item in assessment.unknown_items:
        assert f"{item}: " in told


def test_our_own_drafts_are_no_orders_when_they_come_back(pack: RulePack) -> None:
    """An EHR that stores the drafts and sends them with the next request must not turn them into treatment."""
    record = read_record({"recorded": "2026-11-20", "age": 40, "sex": "male", "serum_magnesium": "0.40 mmol/L"})
    drafted = write_bundle(evaluate(record, pack, ON), record, MADE, "Patient/p")
    kept = as_kept(drafted)
    assert of_kind(kept, "ServiceRequest")
    reading = read_bundle({**kept, "entry": [*kept["entry"], {"resource": patient()}]}, pack, RETRIEVED)
    assert reading.record.medicines is None
    assert reading.record.first_line_care is None


# --- validators -------------------------------------------------------------------------------------------------------------------


@needs_validators
def test_no_validator_objects_to_any_rule_in_any_status(pack: RulePack) -> None:
    chosen = list(assessments_of_every_status(pack))
    written = [write_bundle(each, PatientRecord(), MADE, "Patient/p") for each in chosen]
    drafted = {entry["resource"]["resourceType"] for each in written for entry in each["entry"]}
    assert {
        "ServiceRequest",
        "MedicationRequest",
        "Task",
        "RequestGroup",
        "DetectedIssue",
        "GuidanceResponse",
    } <= drafted
    assert faults(written) == []


@needs_validators
def test_no_validator_objects_to_generated_records(pack: RulePack) -> None:
    """As people write them: wrong units, unknown names, sources in words, dates that are none."""
    written = []
    for seed in range(40):
        record = PatientRecord(**patients_of_the_pack().record(seed))
        on = patients_of_the_pack().day(seed)
        facts = read_facts(record, pack, on)
        written.append(write_bundle(Assessment(on, pack, facts, evaluate_facts(pack, facts)), record, MADE))
    assert faults(written) == []


@needs_validators
def test_no_validator_objects_to_what_was_read_from_fhir(example: tuple[Assessment, Bundle], pack: RulePack) -> None:
    reading = read_bundle(EXTRACT.read_bytes(), pack, RETRIEVED)
    unused = [(line.reference, line.why) for line in reading.unused]
    of_extract = write_bundle(evaluate(reading.record, pack, ON), reading.record, MADE, reading.patient, unused)
    assert faults([example[1], of_extract]) == []


SEEDED = [
    pytest.param("GuidanceResponse", {"statuss": "success"}, "fhirkit", id="structure: an element that does not exist"),
    pytest.param("GuidanceResponse", {"moduleCanonical": None}, "medplum", id="structure: no module"),
    pytest.param("GuidanceResponse", {"status": "done"}, "fhir", id="a code that its value set does not have"),
    pytest.param("DetectedIssue", {"status": "open"}, "fhir", id="another code"),
    pytest.param("Provenance", {"recorded": "yesterday"}, "fhirkit", id="structure: no instant"),
    pytest.param("GuidanceResponse", {"dataRequirement": [{"type": "Observation", "codeFilter": [{"code": []}]}]}, "medplum", id="empty"),
    pytest.param("GuidanceResponse", {"dataRequirement": [{"type": "Observation", "codeFilter": [{"path": "code", "searchParam": "code"}]}]},
                 "medplum", id="invariant: a path and a search parameter at once (drq-1)"),
    pytest.param("GuidanceResponse", {"performer": {"reference": "Patient/1"}}, "medplum", id="a reference to the wrong type"),
]  # fmt: skip


@needs_validators
@pytest.mark.parametrize(("kind", "elements", "validator"), SEEDED)
def test_each_validator_notices_what_it_is_there_for(
    example: tuple[Assessment, Bundle], kind: str, elements: dict[str, Any], validator: str
) -> None:
    spoilt = changed(as_kept(example[1]), kind, **elements)
    assert validator in problems_of([spoilt])[0]


@needs_validators
def test_the_validators_are_those_of_r4(example: tuple[Assessment, Bundle]) -> None:
    """R5 gives the medicine another element, STU3 knows no ServiceRequest."""
    assert fhirkit.FHIR_VERSION.startswith("4.0")
    request = {
        "resourceType": "MedicationRequest", "status": "draft", "intent": "proposal", "subject": {"reference": "Patient/p"},
    }  # fmt: skip
    of_r4 = {**request, "medicationCodeableConcept": {"text": "magnesium"}}
    of_r5 = {**request, "medication": {"concept": {"text": "magnesium"}}}
    service = {
        "resourceType": "ServiceRequest", "status": "draft", "intent": "proposal", "subject": {"reference": "Patient/p"},
    }  # fmt: skip
    r4, r5, not_stu3 = problems_of([of_r4, of_r5, service])
    assert r4 == {}
    assert set(r5) == {"fhir", "medplum", "fhirkit"}
    assert not_stu3 == {}
