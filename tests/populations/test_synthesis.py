"""The synthetic cohort: what the reader makes of it, that it is marked and always the same, and that its table says what its lines say."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mgcds.engines.columnar import Columnar
from mgcds.engines.facts_arrow import check
from mgcds.errors import CohortError
from mgcds.fhir.gathered import FhirReading
from mgcds.fhir.reader import read_ndjson
from mgcds.loading import load_pack
from mgcds.model.facts import Facts, Gap
from mgcds.model.reading import read_facts
from mgcds.populations.extraction import extract
from mgcds.populations.sources import source_of
from mgcds.populations.synthesis import prevalence, results, writing
from mgcds.populations.synthesis.cohort import Pool
from mgcds.populations.synthesis.draws import Draws
from mgcds.populations.synthesis.writing import BROKEN, Cohort, write
from tests.cli.running import mgcds

ON, PATIENTS = date(2026, 11, 21), 1_000
COHORT = Cohort(PATIENTS, 7, ON, mess=True)
PACK = load_pack()
SMALL_PACK = str(Path(__file__).parents[1] / "loading" / "pack")


def lines_of(folder: Path) -> list[bytes]:
    return [line for file in sorted(folder.glob("*.ndjson")) for line in file.read_bytes().splitlines()]


def content_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def written(cohort: Cohort, folder: Path, **how: Any) -> Path:
    write(cohort, folder, **how)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(COHORT, tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="module")
def readings(folder: Path) -> list[FhirReading]:
    return list(read_ndjson(lines_of(folder), PACK))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    folder = written(replace(COHORT, format="facts", mess=False), tmp_path_factory.mktemp("facts"))
    return pq.read_table(folder / "facts-00000.parquet")


# --- it is what it says -----------------------------------------------------------------------------------------------------------


def test_every_patient_is_there_once(readings: list[FhirReading]) -> None:
    assert sorted(reading.patient or "" for reading in readings) == [
        f"Patient/synthetic-7-{each:08}" for each in range(PATIENTS)
    ]


def test_everything_is_marked_as_test_data(folder: Path) -> None:
    resources = []
    for line in lines_of(folder):
        try:
            resources.append(json.loads(line))
        except ValueError:
            assert line == b"" or line + b"\n" in [text for _, text in BROKEN]
    assert len(resources) > PATIENTS
    assert {resource["meta"]["tag"][0]["code"] for resource in resources} == {"HTEST"}
    patients = [resource for resource in resources if resource.get("resourceType") == "Patient"]
    assert all(resource["identifier"][0]["value"].startswith("synthetic-") for resource in patients)
    assert "No one in this folder exists" in (folder / "_README.md").read_text()


def test_ids_are_such_as_FHIR_allows(folder: Path) -> None:
    found = re.findall(rb'"id":"([^"]*)"', b"\n".join(lines_of(folder)))
    assert found
    assert [each for each in found if not re.fullmatch(rb"[A-Za-z0-9.-]{1,64}", each)] == []


# What a reader may leave aside, and why we know of it: what was made so.
EXPECTED = {
    ("Condition", "entered-in-error"), ("Condition", "refuted"), ("Condition", "resolved, no date"),
    ("Medication", "no medicine of the list refers to it"),  # of an order that was entered in error, or only planned
    ("MedicationRequest", "a plan, not an order"), ("MedicationRequest", "entered in error"),
    ("MedicationRequest", "it is not about a patient"),  # --mess
    ("Observation", "an older version of it was given too"), ("Observation", "given twice"),
    ("Observation", "it has no effective date; when it was issued is not when the sample was taken"),
    ("Observation", "no result: not-performed"),
    ("Observation", "no rule uses it"),  # blood pressure, HbA1c
    ("Condition", "a newer statement about pregnancy counts"), ("Observation", "a newer statement about pregnancy counts"),
    ("Observation", "whose it is cannot be told: it names no patient by a reference"),  # --mess
    ("Patient", "the patient is recorded as deceased"),
    ("ServiceRequest", "psychotherapy was begun since it was requested"),
    ("line", "it has no resourceType"), ("line", "it is not JSON that can be decoded"),  # --mess
}  # fmt: skip


def unused_of(readings: list[FhirReading]) -> set[tuple[str, str]]:
    return {(re.split(r"[/ ]", unused.reference)[0], unused.why) for reading in readings for unused in reading.unused}


def test_the_reader_leaves_aside_nothing_but_what_was_made_to_be(readings: list[FhirReading]) -> None:
    assert unused_of(readings) - EXPECTED == set()


def test_a_resource_that_the_reader_does_not_understand_would_be_noticed() -> None:
    line = (
        b'{"resourceType":"Observation","id":"x","subject":{"reference":"Patient/p"},"status":"final","valueInteger":1}'
    )
    assert unused_of(list(read_ndjson([line], PACK))) - EXPECTED


# --- the table and the lines ------------------------------------------------------------------------------------------------------


def differences(folder: Path, table: pa.Table) -> list[str]:
    """Where the table says otherwise than what is extracted from the lines, as `patient column`."""
    (extracted,) = extract(source_of(folder), PACK, ON, workers=1)
    found = extracted.facts.sort_by("patient")
    assert found["patient"].equals(table["patient"])
    return [
        f"{table['patient'][row]} {name}"
        for name in found.schema.names
        if not found[name].equals(table[name])
        for row, (one, other) in enumerate(zip(found[name].to_pylist(), table[name].to_pylist(), strict=True))
        if one != other
    ]


def living(readings: list[FhirReading]) -> int:
    return sum(not each.deceased for each in readings)


def test_the_facts_table_says_what_is_extracted_from_the_lines(
    folder: Path, table: pa.Table, readings: list[FhirReading]
) -> None:
    assert table.num_rows == living(readings) < PATIENTS
    assert differences(folder, table) == []


def test_a_table_that_says_something_else_is_noticed(folder: Path, table: pa.Table) -> None:
    changed, seeded = table, []
    for column in (
        "egfr_low",
        "medicines_present_0",
        "serum_magnesium_source",
        "phq9_gap",
        "age_high",
        "conditions_entries",
    ):
        others = table[column].to_pylist()
        place = next(at for at, value in enumerate(others) if value != others[0])
        others[place] = others[0]
        at = table.schema.get_field_index(column)
        changed = changed.set_column(at, table.schema.field(column), pa.array(others, table.schema.field(column).type))
        seeded.append(f"{table['patient'][place]} {column}")
    assert sorted(differences(folder, changed)) == sorted(seeded)


def test_the_engine_takes_the_table(table: pa.Table, readings: list[FhirReading]) -> None:
    engine = Columnar(PACK)
    for batch in table.to_batches():
        check(batch, engine.layout)
    screened = list(engine.screen(table.to_batches()))
    assert sum(part.rows for part in screened) == living(readings)
    for name in (name for name in table.schema.names if name.endswith("_low")):
        assert np.all(table[name].to_numpy() <= table[name.removesuffix("_low") + "_high"].to_numpy()), name


# --- always the same --------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    assert content_of(written(COHORT, tmp_path / "again")) == content_of(folder)


def test_another_seed_gives_other_patients(folder: Path, tmp_path: Path) -> None:
    other = content_of(written(replace(COHORT, seed=8, patients=50), tmp_path / "other"))
    assert not set(other["Condition-00000.ndjson"].splitlines()[:-1]) & set(lines_of(folder))


@pytest.mark.parametrize(
    "cohort",
    [replace(COHORT, patients=50), replace(COHORT, patients=50, format="facts", mess=False)],
    ids=["ndjson", "facts"],
)
def test_parts_change_no_patient(cohort: Cohort, tmp_path: Path) -> None:
    whole = content_of(written(cohort, tmp_path / "whole"))
    parts = written(replace(cohort, a_part=20), tmp_path / "parts")
    assert len(list(parts.glob("*-0000[12].*"))) > 0
    if cohort.format == "facts":
        assert pq.read_table(parts) == pq.read_table(tmp_path / "whole")
    else:
        assert sorted(lines_of(parts)) == sorted(
            line for name, text in whole.items() if name.endswith("ndjson") for line in text.splitlines()
        )


def test_two_processes_write_what_one_writes(tmp_path: Path) -> None:
    cohort = Cohort(30, 3, ON, compressed=True, a_part=20)
    one = content_of(written(cohort, tmp_path / "one"))
    assert content_of(written(cohort, tmp_path / "two", workers=2)) == one
    assert len([name for name in one if name.startswith("Patient-")]) == 2


def test_a_draw_depends_on_seed_name_and_patient_alone() -> None:
    whole = Draws(1, 0, 1_000).uniform("egfr")
    assert np.array_equal(Draws(1, 400, 100).uniform("egfr"), whole[400:500])
    assert abs(np.corrcoef(whole, Draws(1, 0, 1_000).uniform("potassium"))[0, 1]) < 0.1
    assert abs(np.corrcoef(whole, Draws(2, 0, 1_000).uniform("egfr"))[0, 1]) < 0.1
    assert abs(np.corrcoef(whole[:-1], whole[1:])[0, 1]) < 0.1
    histogram = np.histogram(Draws(1, 0, 100_000).uniform("egfr"), 10, (0, 1))[0]
    assert histogram.min() > 9_600
    assert histogram.max() < 10_400


# --- plausible --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sex", "share"), [("female", 0.177), ("male", 0.084)],  # NCHS Data Brief 377, adults of the United States
)  # fmt: skip
def test_as_many_take_an_antidepressant_as_surveys_say(sex: str, share: float) -> None:
    pool, number = Pool(PACK, ON, 1), 6_000
    chosen = pool.choose(0, number)
    adults = [each for each in range(number) if is_adult(pool, chosen, each, sex)]
    taking = sum("antidepressant" in pool.variant("history", int(chosen["history"][each])).marks for each in adults)
    assert len(adults) > 2_500
    assert taking / len(adults) == pytest.approx(share, abs=0.025)


def is_adult(pool: Pool, chosen: Any, patient: int, sex: str) -> bool:
    from mgcds.populations.synthesis.histories import GROUPS, HISTORIES

    band, whose = GROUPS[int(chosen["history"][patient]) // HISTORIES]
    return band > 0 and whose == sex


def test_most_lack_magnesium_and_some_have_low_values(table: pa.Table) -> None:
    known = table["serum_magnesium_gap"].to_numpy() == 0
    assert 0.03 < known.mean() < 0.15
    older = table["age_low"].to_numpy() // 2 >= 65
    assert 0.17 < older.mean() < 0.28
    medians = [
        np.median(table["egfr_low"].to_numpy()[(table["egfr_gap"].to_numpy() == 0) & group] / 2)
        for group in (older, ~older)
    ]
    assert medians[0] < medians[1] - 5, "kidney function falls with age"


def test_a_finding_of_the_pack_is_met_by_someone_of_every_topic(table: pa.Table) -> None:
    counts: Counter[str] = Counter()
    for part in Columnar(PACK).screen(table.to_batches()):
        for rule in PACK.rules.values():
            counts[rule.topic] += int(part.cells.flags(part.rules[rule.id].met).sum())
    assert all(counts[topic] for topic in {rule.topic for rule in PACK.rules.values()})


# --- each fault and what becomes of it ----------------------------------------------------------------------------------------------


def facts_with(fault: str, item: str, pool: Pool) -> tuple[FhirReading, Facts]:
    """What is read of the first variant of an item that has this fault."""
    for number in range(results.VALUES):
        variant = pool.variant(item, number)
        if fault in variant.faults and variant.lines["Observation"].count(b"\n") <= 2:
            (reading,) = read_ndjson([line for text in variant.lines.values() for line in text.splitlines()], PACK)
            return reading, read_facts(reading.record, PACK, ON)
    raise AssertionError(f"no {item} has the fault '{fault}'")


# fault → an item that has it, and what must be said of it: by the reader, among data problems, or as the gap
FATES = {
    "foreign unit": ("serum_magnesium", "shown: .* umol/L"),
    "comparator": ("egfr", "shown: [<>]"),
    "no unit": ("egfr", "rejected: no unit"),
    "contradicting unit": ("potassium", "rejected: the unit kg contradicts LOINC"),
    "value in words": ("albumin", "rejected: its value is the text 'see comment'"),
    "registered": ("heart_rate", "rejected: status registered"),
    "haemolysed, in a note": ("potassium", "(rejected|problem): the specimen was haemolysed"),
    "haemolysed, by its specimen": ("potassium", "(rejected|problem): the specimen was haemolysed"),
    "no date": ("bmi", "unused: it has no effective date"),
    "month only": ("bmi", r"dated: \d{4}-\d{2}$"),
    "in the future": ("heart_rate", "problem: dated after the day of evaluation"),
    "given twice": ("egfr", "unused: given twice"),
    "older version": ("egfr", "unused: an older version of it was given too"),
    "code without system": ("calcium", "rejected: its code names no code system"),
    "no result": ("potassium", "unused: no result: not-performed"),
    "entered in error": ("egfr", "problem: status entered-in-error"),
}  # fmt: skip


@pytest.mark.parametrize("fault", prevalence.FAULTS)
def test_each_fault_of_a_result_occurs_and_has_its_fate(fault: str) -> None:
    item, fate = FATES[fault]
    reading, facts = facts_with(fault, item, Pool(PACK, ON, 1))
    found = facts.items[item]
    said = [f"unused: {unused.why}" for unused in reading.unused] + [
        f"problem: {problem.what}" for problem in facts.problems
    ]
    if isinstance(found, Gap):
        said += [f"{'rejected' if found.reason == 'stale' else found.reason}: {found.detail}"]
        said += [f"rejected: {problem.what}" for problem in facts.problems]
    else:
        said += [f"shown: {getattr(found, 'shown', '')}", f"dated: {found.dated}"]
    assert any(re.match(fate, each) for each in said), said


HISTORY_FAULTS = {
    "problem entered in error", "problem refuted", "problem in words", "resolved without a date", "partial onset", "medicine in words",
    "unknown medicine", "medicine entered in error", "medicine only planned", "medicine on hold", "medicine resumed", "partial start",
    "no start", "dose of magnesium not stated", "list reviewed long ago", "PHQ-9 answer missing", "PHQ-9 total contradicts",
}  # fmt: skip


def test_each_fault_of_a_history_occurs() -> None:
    pool = Pool(PACK, ON, 1)
    numbers = {int(each) for each in pool.choose(0, 6_000)["history"]}
    assert {fault for number in numbers for fault in pool.variant("history", number).faults} == HISTORY_FAULTS
    births = {fault for number in range(14_400) for fault in pool.variant("person", number).faults}
    assert births == {"partial birth date", "no birth date", "deceased"}


def test_a_resumed_medicine_counts_from_where_it_was_resumed() -> None:
    pool = Pool(PACK, ON, 1)
    for number in range(14_400):
        variant = pool.variant("history", number)
        if (
            "medicine resumed" in variant.faults
            and "ppi" in variant.marks
            and not variant.faults & {"partial start", "no start", "medicine on hold"}
        ):
            (reading,) = read_ndjson([line for text in variant.lines.values() for line in text.splitlines()], PACK)
            facts = read_facts(reading.record, PACK, ON)
            orders = [json.loads(line) for line in variant.lines["MedicationRequest"].splitlines()]
            resumed = [order for order in orders if order["status"] == "stopped"]
            if (
                facts.members["ppi"].present
                and resumed
                and any(facts.members["ppi"].names[0] in str(order) for order in resumed)
            ):
                low = facts.members["ppi"].running.low
                starts = {
                    (ON - date.fromisoformat(order["authoredOn"])).days
                    for order in orders
                    if order["status"] == "active"
                }
                assert low in starts
                return
    raise AssertionError("no history has a PPI that was resumed")


def test_each_broken_line_is_listed_and_costs_no_patient(readings: list[FhirReading]) -> None:
    of_lines = [unused.why for reading in readings for unused in reading.unused if unused.reference.startswith("line ")]
    assert Counter(of_lines)["it is not JSON that can be decoded"] >= 2
    assert Counter(of_lines)["it has no resourceType"] >= 1
    last = [unused.why for unused in readings[-1].unused]
    assert "whose it is cannot be told: it names no patient by a reference" in last
    assert "it is not about a patient" in last


# --- the command --------------------------------------------------------------------------------------------------------------------


def test_the_command_writes_and_says_where(tmp_path: Path) -> None:
    ended = mgcds("synthesize", "20", "-o", str(tmp_path / "made"), "--on", "2026-11-21", "--gzip", "--seed", "5")
    assert (ended.code, ended.err) == (0, "")
    assert "20 synthetic patients" in ended.out
    lines = gzip.decompress((tmp_path / "made" / "Patient-00000.ndjson.gz").read_bytes()).splitlines()
    assert len(lines) == 20
    assert len(list(read_ndjson(lines, PACK))) == 20


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ("--format", "facts", "--gzip"), "--gzip and --mess are of NDJSON", id="options of the other format"
        ),
        pytest.param(("--rules", "PACK"), "the pack has not what the cohort is made of", id="another pack"),
    ],
)
def test_what_cannot_be_made_is_said(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    arguments = tuple(SMALL_PACK if each == "PACK" else each for each in arguments)
    ended = mgcds("synthesize", "5", "-o", str(tmp_path / "made"), *arguments)
    assert ended.code == 2
    assert says in ended.err


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    ended = mgcds("synthesize", "5", "-o", str(tmp_path))
    assert ended.code == 2
    assert "is not empty" in ended.err
    assert content_of(tmp_path) == {"kept.txt": b"kept"}


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        yield BROKEN[0]
        raise OSError("no space left on device")

    monkeypatch.setattr(writing, "broken_lines", broken)
    with pytest.raises(OSError, match="no space left"):
        write(Cohort(30, 1, ON, mess=True), tmp_path / "made")
    assert [file.name for file in (tmp_path / "made").iterdir()] == ["_README.md"]


def test_a_pack_without_what_is_needed_is_refused() -> None:
    sets = {name: each for name, each in PACK.value_sets.items() if name != "ppi"}
    with pytest.raises(CohortError, match="value set 'ppi'"):
        Pool(replace(PACK, value_sets=sets), ON, 1)
