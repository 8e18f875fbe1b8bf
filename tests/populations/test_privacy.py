"""What a screening says of itself names no patient and no value: its summary, notes, progress, printed lines, log and errors.

Names of files and numbers of lines may be said, and what is no value: a kind of resource, a code of the standard, an item of the pack.
"""

from __future__ import annotations

import gzip
import json
import logging
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mgcds.engines.facts_arrow import facts_table
from mgcds.engines.facts_table import Layout
from mgcds.errors import MgcdsError
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import read_record
from mgcds.populations import one_by_one, screening
from mgcds.populations.screening import DONE, RUN, SUMMARY, Wanted, screen
from mgcds.populations.sources import source_of
from tests.cli.running import mgcds
from tests.fhir.builders import (
    EGFR,
    MAGNESIUM,
    PHQ9,
    PHQ9_ITEMS,
    SNOMED,
    Resource,
    bundle,
    component,
    concept,
    condition,
    item,
    medicine,
    mgdl,
    observation,
    patient,
    quantity,
    questionnaire,
    referring,
)
from tests.populations.ndjson import of
from tests.populations.test_screening import rows_of

ON = date(2026, 11, 21)
WORDS = ("canary", "Canary", "kanarie", "canarious")
NUMBERS = (
    "0.6173",
    "83.917",
    "4.1379",
    "1234.5678",
    "13.0000017",
    "987654321",
    "1963-07-29",
    "2025-03-19",
    "07:41:13",
    "555-0173",
)
POTASSIUM, GAD7 = "2823-3", "70274-6"


def resources(who: str) -> list[Resource]:
    """Of one patient: each canary where it belongs, and where it does not."""
    mine = of(f"Patient/{who}")

    def result(name: str, loinc: str | None, *parts: Resource, **more: Any) -> Resource:
        return observation(loinc, *parts, id=f"{who}-{name}", **{**mine, **more})

    def order(name: str, **more: Any) -> Resource:
        return medicine(id=f"{who}-{name}", **{**mine, "text": "canarymycin 0.6173 mg", **more})

    return [
        patient(id=who, birthDate="1963-07-29", name=[{"family": "Canary", "text": "Ms Kanarie"}], telecom=[{"value": "555-0173"}]),
        result("ok", MAGNESIUM, mgdl(0.6173), effectiveDateTime="2026-10-23T07:41:13+01:00", note=[{"text": "canary in words"}]),
        result("unit", POTASSIUM, quantity(4.1379, "canaries", "{canary}")),
        result("huge", POTASSIUM, quantity(1234.5678, "mmol/L", "mmol/L")),
        result("words", EGFR, valueString="canary ninety"),
        result("text", EGFR, valueQuantity={"value": "canary", "unit": "mL/min"}),
        result("status", EGFR, quantity(83.917, "mL/min/{1.73_m2}", "mL/min/{1.73_m2}"), status="canarious"),
        result("undated", EGFR, quantity(83.917, "mL/min/{1.73_m2}", "mL/min/{1.73_m2}"), on=None),
        result("date", EGFR, quantity(83.917, "mL/min/{1.73_m2}", "mL/min/{1.73_m2}"), effectiveDateTime="canary day"),
        result("why", MAGNESIUM, dataAbsentReason=concept("canary", "http://canary.example", text="canary was not there")),
        result("why-text", MAGNESIUM, dataAbsentReason={"text": "Ms Kanarie, 0.6173"}),
        result("why-both", MAGNESIUM, dataAbsentReason={"coding": [{"code": "masked"}, {"code": "canary"}]}),
        {"resourceType": "ServiceRequest", "id": f"{who}-s", "status": "canary", "intent": "kanarie", **mine, "code": concept("75516001", SNOMED)},
        order("m0", kind="MedicationDispense", status="canarious"),
        result("parts", "85354-9", component(GAD7, quantity(13.0000017, "canary"))),
        result("sum", PHQ9, quantity(13.0000017, "{score}", "{score}")),
        result("coded", None, mgdl(0.6173), code={"coding": [{"system": "http://loinc.org", "code": MAGNESIUM, "display": 987654321}]}),
        result("named", None, mgdl(0.6173), code={"text": "canary magnesium 0.6173"}),
        result("specimen", MAGNESIUM, mgdl(0.6173), specimen={"reference": f"Specimen/{who}-canary"}),
        {"resourceType": "Specimen", "id": f"{who}-canary", **mine, "condition": [{"text": "canary haemolysed 0.6173"}]},
        condition("canary fever", id=f"{who}-c1", onsetDateTime="2025-03-19", **mine),
        condition("canary gone", "resolved", id=f"{who}-c2", **mine),
        condition("canary doubt", id=f"{who}-c3", verificationStatus=concept("canarious", text="canary doubts it"), **mine),
        condition("canary never", id=f"{who}-c4", verificationStatus=concept("refuted", "http://canary.example"), **mine),
        order("m1", authoredOn="2025-03-19", dosageInstruction=[{"text": "a canary a day"}]),
        order("m2", status="canarious"),
        order("m3", status="stopped", statusReason={"text": "canary refused"}),
        order("m4", kind="MedicationStatement", status="not-taken", reasonCode=[{"text": "canary"}]),
        order("m5", kind="MedicationStatement", text="magnesium citrate 83.917 mg canary", dosage=[{"text": "1234.5678 canaries"}]),
        order("m6", text=None, medicationCodeableConcept=concept("987654321", "http://canary.example")),
        referring(f"Medication/{who}-canary", id=f"{who}-m7", **mine),
        referring(f"Medication/{who}-lost", id=f"{who}-m8", status="stopped", **mine),
        questionnaire(*(item(f"/{code}", {"valueString": "canary"}) for code in PHQ9_ITEMS), id=f"{who}-q1", **mine),
        questionnaire(item(f"/{PHQ9}", {"valueDecimal": 13.0000017}), id=f"{who}-q2", status="canarious", **mine),
        {"resourceType": "Encounter", "id": f"{who}-canary", **mine, "reasonCode": [{"text": "canary"}]},
        {"resourceType": "List", "id": f"{who}-canary", "status": "current", **mine, "code": {"text": "canary list"}},
        bundle({"resourceType": "OperationOutcome", "issue": [{"diagnostics": "canary 0.6173"}]}, condition("canary", **mine)),
    ]  # fmt: skip


BROKEN = [
    b'{"resourceType": "Observation", "id": "canary", "subject": {"reference": "Patient/canary',
    b'{"resourceType": "Patient", "id": "canary", "birthDate": "1963-07-29", "birthDate": "2025-03-19"}',
    b'{"id": "canary", "value": 0.6173}', b'"canary"', b"canary 0.6173", b'["Canary", 1234.5678]',
    b'{"resourceType": "Observation", "id": "\xffcanary"}',
    b'{"resourceType": "Patient", "id": "canary one", "gender": "canary"}', b'{"resourceType": 987654321, "id": "canary"}',
    b'{"resourceType": "Condition", "id": ["canary"], "subject": {"reference": "Patient/canary-7"}}',
]  # fmt: skip


def told(text: str) -> list[str]:
    return sorted(canary for canary in (*WORDS, *NUMBERS) if canary in text)


@pytest.fixture(scope="module")
def bulk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Patients with all of it, and with a little each, so that some are read the fast way; among them broken lines."""
    folder = tmp_path_factory.mktemp("bulk")
    everything = resources("canary-0")
    few = [
        each
        for number in range(1, len(everything))
        for each in (resources(f"canary-{number}")[at] for at in (0, number))
    ]
    lines = [json.dumps(each).encode() for each in (*everything, *few)]
    (folder / "one.ndjson").write_bytes(b"\n".join([*lines[::2], *BROKEN]))
    (folder / "two.ndjson.gz").write_bytes(gzip.compress(b"\n".join([*BROKEN, *lines[1::2]])))
    return folder


def notes(out: Path) -> str:
    """All that stands in a screening's folder, but for the tables of patients."""
    files = [out / SUMMARY, out / RUN, *(out / DONE).iterdir()]
    return " ".join(
        [
            *(file.read_text(encoding="utf-8") for file in files),
            str([rows_of(out / name) for name in ("unused", "broken")]),
        ]
    )


@pytest.fixture
def heard(pack: RulePack, bulk: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> str:
    """What a screening of it says: its notes, its progress and its log."""
    caplog.set_level(logging.DEBUG)
    steps: list[object] = []
    screen(source_of(bulk), pack, Wanted(tmp_path / "out", ON), workers=1, progress=lambda *step: steps.append(step))
    return f"{steps} {caplog.text} {notes(tmp_path / 'out')}"


def test_its_notes_progress_and_log(heard: str, tmp_path: Path) -> None:
    assert told(heard) == []
    assert len(rows_of(tmp_path / "out" / "broken")) >= 12, "the broken lines were listed"
    assert len(rows_of(tmp_path / "out" / "unused")) >= 20, "and much was not used"
    assert set(told(str(rows_of(tmp_path / "out" / "suggestions")))) >= {"canary", "0.6173"}, (
        "what is of patients stands there alone"
    )


def test_what_is_printed(bulk: Path, tmp_path: Path) -> None:
    for number, form in enumerate(("text", "json")):
        out = tmp_path / str(number)
        ended = mgcds(
            "screen",
            str(bulk),
            "-o",
            str(out),
            "--on",
            ON.isoformat(),
            "--workers",
            "1",
            "--explain",
            "0",
            "--format",
            form,
        )
        assert ended.code == 0
        assert "patients" in ended.out
        assert told(ended.out + ended.err) == []


def test_errors(bulk: Path, pack: RulePack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged file; a table of other rules; a second opinion that differs."""
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "one.ndjson.gz").write_bytes((bulk / "two.ndjson.gz").read_bytes()[:-40])
    layout = Layout(pack)
    record = read_record(
        {"recorded": "2026-11-20", "egfr": {"value": "83.917", "unit": "mL/min/1.73m2", "source": "Observation/canary"}}
    )
    table = facts_table([read_facts(record, pack, ON)], layout, told=True)
    for name, of_table in (("columns", table.drop_columns(["egfr_gap"])), ("second", table)):
        (tmp_path / name).mkdir()
        pq.write_table(of_table, tmp_path / name / "facts.parquet")
    monkeypatch.setattr(screening.second_opinion, "disagreements", lambda *_: ["severe-renal-impairment"])
    for folder in ("damaged", "columns", "second"):
        with pytest.raises(MgcdsError) as raised:
            screen(source_of(tmp_path / folder), pack, Wanted(tmp_path / f"out-{folder}", ON), workers=1)
        assert told(f"{raised.value} {raised.value!r}") == []


def test_a_reason_that_names_the_patient_would_be_heard(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(one_by_one, "reason", lambda why: why)
    assert "canary" in told(request.getfixturevalue("heard"))


def test_no_canary_is_a_word_of_the_rules(pack: RulePack) -> None:
    assert told(f"{pack.rules} {pack.items} {pack.value_sets}") == []
