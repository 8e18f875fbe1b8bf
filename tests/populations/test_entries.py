"""Which medicine, diagnosis or symptom decided: what the table of suggestions names is what the explanation of a record names."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mgcds.engines.columnar import columnar
from mgcds.engines.facts_arrow import facts_table
from mgcds.engines.facts_table import Layout
from mgcds.errors import TableError
from mgcds.model.assessment import Assessment
from mgcds.model.criterion import Has, Taking
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.explanation import leaves
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import read_record
from mgcds.populations import entries
from mgcds.populations.extraction import Extracted
from mgcds.populations.on_duckdb import database
from mgcds.populations.screening import SUMMARY, Wanted, judge, screen
from mgcds.populations.sources import source_of
from mgcds.populations.summary import print_summary
from mgcds.printing import Printer
from mgcds.scenarios.examples import read_examples
from mgcds.scenarios.features import features_root, find_features
from tests.agreement.generate import Patients
from tests.docs.blocks import ROOT, blocks_of

ON = date(2026, 11, 21)
PATIENTS = 250
Row = dict[str, Any]
Named = dict[tuple[str, str], list[str]]
"""rule, value set → what its members are called, cut at commas and sorted"""


def suggestions(table: pa.Table, pack: RulePack) -> list[Row]:
    wanted = Wanted(Path(), ON, explained=0)
    return [
        row
        for judged, _ in judge(columnar(pack), Extracted(0, 1, table), wanted)
        for row in judged.suggestions().to_pylist()
    ]


def named_by_explanation(facts: Facts, pack: RulePack) -> dict[str, Named]:
    """Of each rule that is not *not indicated*: what its steps name and, where it is suppressed, those of the rules that hold it."""
    assessment = Assessment(facts.on, pack, facts, evaluate_facts(pack, facts))
    said = {}
    for each in assessment.suggestions:
        if each.status != "not indicated":
            holding = each.held_back_by if each.status == "suppressed" else ()
            said[each.id] = {
                (rule, criterion.value_set): sorted(leaf.found.split(", "))
                for rule in (each.id, *holding)
                for leaf in leaves(assessment.why(rule))
                if leaf.found and isinstance(criterion := pack.criteria[leaf.says], Taking | Has)
            }
    return said


def named_by_the_table(row: Row) -> Named:
    found = defaultdict[tuple[str, str], list[str]](list)
    for each in row["entries"]:
        found[each["rule"], each["value_set"]].append(each["name"])
    return {key: sorted(", ".join(dict.fromkeys(names)).split(", ")) for key, names in found.items()}


def differing(everybody: list[Facts], pack: RulePack) -> Iterator[tuple[int, str]]:
    rows = suggestions(facts_table(everybody, columnar(pack).layout, told=True), pack)
    expected = {
        (str(number), rule): named
        for number, facts in enumerate(everybody)
        for rule, named in named_by_explanation(facts, pack).items()
    }
    assert {(row["patient"], row["rule"]) for row in rows} == expected.keys()
    for row in rows:
        if named_by_the_table(row) != expected[row["patient"], row["rule"]]:
            yield row["patient"], row["rule"]


@pytest.fixture(scope="module")
def generated(pack: RulePack) -> list[Facts]:
    """Records as people write them."""
    patients = Patients(pack, {})
    return [patients.read(seed) for seed in range(20_000, 20_000 + PATIENTS)]


def test_generated_patients(generated: list[Facts], pack: RulePack) -> None:
    assert next(differing(generated, pack), None) is None
    rows = suggestions(facts_table(generated, columnar(pack).layout, told=True), pack)
    every = [(row, each) for row in rows for each in row["entries"]]
    assert {row["status"] for row, _ in every} == {"offered", "withheld", "suppressed"}
    assert {pack.value_sets[each["value_set"]].of for _, each in every} == {
        "medicines",
        "procedures",
        "conditions",
        "symptoms",
    }
    assert {each["rule"] in (row["rule"], *row["held_back_by"]) for row, each in every} == {True}
    assert {each["rule"] == row["rule"] for row, each in every} == {True, False}
    assert {len(each["since"] or "") for _, each in every} >= {0, 7, 10}


def test_scenarios(pack: RulePack) -> None:
    """Of every scenario whose patient is somebody, each row."""
    examples = [each for each in read_examples(find_features(features_root())) if not each.is_about_anyone]
    everybody = [each.facts(pack) for each in examples]
    assert len(everybody) > 500
    assert next(differing(everybody, pack), None) is None


RECORD = {
    "recorded": "2026-11-20",
    "medicines": [{"name": "Lithium carbonate", "start": "2024-05"}, {"name": "Citalopram", "stop": "2025-01-01"}],
    "conditions": [
        {"name": "Myasthenia gravis"},
        {"codes": [{"system": "icd10cm", "code": "G25.81"}], "onset": "2026-03-02"},
    ],
}


@pytest.fixture
def table(pack: RulePack) -> pa.Table:
    return facts_table([read_facts(read_record(RECORD), pack, ON)], columnar(pack).layout, told=True)


def test_a_known_person(table: pa.Table, pack: RulePack) -> None:
    """By hand: myasthenia stops a trial, lithium needs an agreement. Citalopram was stopped, and no rule asks for restless legs (G25.81)."""
    (row,) = table.select(["medicines_entries", "conditions_entries"]).to_pylist()
    assert [(each["name"], each["since"]) for each in row["medicines_entries"]] == [("Lithium carbonate", "2024-05")]
    assert [(each["name"], each["since"]) for each in row["conditions_entries"]] == [("Myasthenia gravis", "")]
    rows = {row["rule"]: row for row in suggestions(table, pack)}
    stop = {
        "rule": "magnesium-contraindicated",
        "value_set": "magnesium_contraindication",
        "name": "Myasthenia gravis",
        "since": None,
    }
    lithium = {
        "rule": "medicine-needs-signoff",
        "value_set": "lithium",
        "name": "Lithium carbonate",
        "since": "2024-05",
    }
    assert rows["magnesium-contraindicated"]["entries"] == [stop]
    assert (rows["trial-dose"]["status"], rows["trial-dose"]["entries"]) == ("suppressed", [stop])
    assert (rows["medicine-needs-signoff"]["status"], rows["medicine-needs-signoff"]["entries"]) == (
        "withheld",
        [lithium],
    )
    assert rows["suicide-risk"]["entries"] == []


def test_the_query_of_the_page_names_what_stopped_a_trial(table: pa.Table, pack: RulePack, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "facts.parquet")
    summary = screen(source_of(tmp_path / "facts.parquet"), pack, Wanted(tmp_path / "out", ON), workers=1)
    assert summary.counts.without_entries == 0
    (query,) = [block.text for block in blocks_of(ROOT / "docs" / "population.md") if block.language == "sql"]
    with database(1) as connection:
        found = connection.sql(query.replace("'out/", f"'{tmp_path}/out/")).fetchall()
    trials = ("replete-low-magnesium", "supplement-alone", "supplement-alongside-therapy", "trial-dose")
    stop = ("magnesium-contraindicated", "Myasthenia gravis", None)
    assert sorted(row for row in found if row[1] in trials) == [("0", rule, *stop) for rule in trials]


# --- tables that have none, or others -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "left_out",
    [("conditions_entries",), ("medicines_entries", "procedures_entries", "conditions_entries", "symptoms_entries")],
)
def test_a_table_of_an_older_version_is_read_and_names_none_and_that_is_said(
    left_out: tuple[str, ...], table: pa.Table, pack: RulePack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its digest is that of today's layout: what decides is the same. What is not known is null, not empty."""
    pq.write_table(table.drop_columns(list(left_out)), tmp_path / "facts.parquet")
    summary = screen(source_of(tmp_path / "facts.parquet"), pack, Wanted(tmp_path / "out", ON), workers=1)
    (file,) = (tmp_path / "out" / "suggestions").iterdir()
    found = pq.ParquetFile(file).read()
    assert found.num_rows > 10
    assert json.loads((tmp_path / "out" / SUMMARY).read_text())["without_entries"] == found.num_rows
    print_summary(Printer(), summary, pack, ON)
    said = " ".join(capsys.readouterr().out.split())
    assert f"is not told of {found.num_rows:,} suggestions: the facts table was made without LIST_entries" in said
    assert found["entries"].null_count == found.num_rows
    assert found.schema.field("entries").type == entries.ENTRIES


def test_the_digest_is_the_one_that_an_older_version_worked_out(pack: RulePack) -> None:
    """Of all that it printed of the layout, which had no entries."""
    layout = Layout(pack)
    printed = layout.to_dict()
    printed["columns"] = [each for each in printed["columns"] if not each["name"].endswith("_entries")]
    assert len(printed["columns"]) == len(layout.columns) - 4
    assert layout.digest == sha256(json.dumps(printed, sort_keys=True).encode()).hexdigest()


def test_entries_of_another_type_are_refused(table: pa.Table, pack: RulePack, tmp_path: Path) -> None:
    at = table.schema.get_field_index("medicines_entries")
    pq.write_table(table.set_column(at, "medicines_entries", pa.array([["lithium"]])), tmp_path / "facts.parquet")
    with pytest.raises(
        TableError, match=r"column 'medicines_entries' is list<.*string>: write list<.*name: string, since: string"
    ):
        screen(source_of(tmp_path / "facts.parquet"), pack, Wanted(tmp_path / "out", ON), workers=1)


# --- seeded faults: each is noticed ---------------------------------------------------------------------------------------------

Seed = Callable[[pytest.MonkeyPatch], None]


def of_rows(wrong: Callable[[Any, Any], tuple[Any, Any]]) -> Seed:
    def seed(monkeypatch: pytest.MonkeyPatch) -> None:
        right = entries.Entries.of

        def changed(self: Any, rows: Any, total: int, screened: Any) -> pa.Array:
            rows, screened = wrong(rows, screened)
            return right(self, rows, total, screened)

        monkeypatch.setattr(entries.Entries, "of", changed)

    return seed


def everything_is_met(rows: Any, screened: Any) -> tuple[Any, Any]:
    cells = SimpleNamespace(flags=lambda bits: np.ones(screened.rows, np.uint8))
    return rows, SimpleNamespace(cells=cells, rules=screened.rules)


def fewer_value_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    right = entries.value_sets_of
    monkeypatch.setattr(entries, "value_sets_of", lambda rule, pack: right(rule, pack)[1:])


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            of_rows(lambda rows, screened: ({rule: np.roll(row, 1) for rule, row in rows.items()}, screened)),
            id="of the patient before",
        ),
        pytest.param(of_rows(everything_is_met), id="of rules that do not hold it back"),
        pytest.param(fewer_value_sets, id="a value set left out"),
    ],
)
def test_a_seeded_fault_is_noticed(
    fault: Seed, generated: list[Facts], pack: RulePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    assert next(differing(generated[:100], pack), None) is not None
