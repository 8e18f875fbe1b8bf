"""From flat tables to facts: what the statements say of generated people is what their records say, column by column."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import sqlglot
from typer.testing import CliRunner

from mgcds.cli import app
from mgcds.engines.columnar import columnar
from mgcds.engines.facts_arrow import schema_of
from mgcds.engines.facts_table import Layout
from mgcds.errors import RecordError
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.populations import flat, lookups, on_duckdb, sources
from mgcds.populations.extraction import extract
from mgcds.populations.flat_layout import tables
from mgcds.populations.on_duckdb import plain_facts_of
from mgcds.populations.one_by_one import Read
from mgcds.populations.sources import FlatFiles, source_of
from mgcds.populations.statements import Statement, statements
from tests.populations.flat_patients import UNITS, People

ON = date(2026, 11, 21)
MANY, FEW = 1200, 60
Row = dict[str, Any]
Tables = Mapping[str, pa.Table]


@pytest.fixture(scope="module")
def layout(pack: RulePack) -> Layout:
    return columnar(pack).layout


@pytest.fixture(scope="module")
def people(layout: Layout) -> Tables:
    return People(layout, ON, seed=1, mess=0).made(MANY)


@pytest.fixture(scope="module")
def expected(people: Tables, layout: Layout) -> dict[str, Row]:
    return one_by_one(people, layout)


def one_by_one(rows: Tables, layout: Layout) -> dict[str, Row]:
    found = flat.records(rows, rows["people"]["patient"].to_pylist(), layout.pack)
    return {patient: layout.row(read_facts(record, layout.pack, ON), patient) for patient, record in found}


def living(rows: Tables, expected: Mapping[str, Row]) -> dict[str, Row]:
    """Those who are not recorded as deceased: they are left out before the statements, and before records are made."""
    dead = set(rows["people"].filter(rows["people"]["deceased"])["patient"].to_pylist())
    assert dead & expected.keys()
    return {patient: row for patient, row in expected.items() if patient not in dead}


def at_once(rows: Tables, layout: Layout) -> dict[str, Row]:
    """The rows of those who are plain."""
    concepts = lookups.Concepts(layout)
    tables = {**rows, "entries": flat._numbered(rows["entries"], concepts), "people": flat._named(rows["people"])}
    return {row["patient"]: row for row in plain_facts_of(tables, concepts.table(), layout, ON)[0].to_pylist()}


def differing(found: Mapping[str, Row], expected: Mapping[str, Row]) -> list[tuple[str, str, Any, Any]]:
    return [
        (patient, name, row[name], expected[patient][name])
        for patient, row in found.items()
        for name in row
        if row[name] != expected[patient][name]
    ]


def test_plain_people_on_every_column(people: Tables, expected: Mapping[str, Row], layout: Layout) -> None:
    found = at_once(people, layout)
    assert differing(found, expected) == []
    assert len(found) > MANY / 2
    unknown = {name: column.unknown for name, column in layout.columns.items()}
    said = {name for row in found.values() for name, value in row.items() if value != unknown[name]}
    taken = (
        "supplemental",
        "phq9_fall",
        "phq9_before",
        "phq9_day",
        "phq9_item9_fall",
        "magnesium_product",
        "days_to_surgery",
    )
    other = (
        "psychotherapy",
        "procedures_present",
        "symptoms_present",
        "procedures_entries",
        "symptoms_entries",
        "age_source",
        "sex_dated",
        "sex_source",
    )  # these are not generated, or never known
    assert {name for name in layout.columns if not name.startswith((*taken, *other))} <= said


# --- as many as a health system has


def from_whom(about: str) -> str:
    """What has to come from the same person, because one is worked out with the other: the fall of a PHQ-9 with the trial in the lists."""
    if about in ("age", "sex"):
        return "people"
    return about if about in UNITS and not about.startswith("phq9") else "lists"


class Dealt:
    """People who have the results of each item, the lists, and the birth date of somebody else each; what is expected of them likewise."""

    def __init__(self, people: Tables, number: int) -> None:
        rng = np.random.default_rng(3)
        self.people = people
        self.donors = {group: rng.integers(0, MANY, number) for group in ("people", "lists", *map(from_whom, UNITS))}
        self.names = pa.array([f"q{each:06}" for each in range(number)])

    def tables(self) -> Tables:
        own, measured = self.people["people"], self.people["measurements"]
        about = {name: "people" if name in ("birth_date", "sex") else "lists" for name in own.column_names[1:]}
        columns = [own[name].take(self.donors[group]) for name, group in about.items()]
        parts = {group: [item for item in UNITS if from_whom(item) == group] for group in map(from_whom, UNITS)}
        return {
            "people": pa.table([self.names, *columns], own.column_names),
            "measurements": pa.concat_tables(
                self._rows(measured.filter(pc.is_in(measured["item"], pa.array(of))), group)
                for group, of in parts.items()
            ),
            **{name: self._rows(self.people[name], "lists") for name in ("entries", "states")},
        }

    def _rows(self, table: pa.Table, group: str) -> pa.Table:
        """All rows of each donor, under the names of those who are given them."""
        of = pc.index_in(table["patient"], self.people["people"]["patient"]).to_numpy()
        order, donors = np.argsort(of, kind="stable"), self.donors[group]
        starts = np.searchsorted(of[order], np.arange(MANY + 1))
        counts = starts[donors + 1] - starts[donors]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        taken = table.take(order[np.repeat(starts[donors], counts) + within])
        return taken.set_column(0, "patient", self.names.take(np.repeat(np.arange(len(donors)), counts)))

    def expected(self, of_donors: pa.Table, layout: Layout) -> pa.Table:
        columns = {
            name: of_donors[name].take(self.donors[from_whom(column.about)]) for name, column in layout.columns.items()
        }
        return pa.table({**columns, "patient": self.names})


def test_fifty_thousand_people(people: Tables, expected: Mapping[str, Row], layout: Layout) -> None:
    dealt = Dealt(people, 50_000)
    of_donors = pa.Table.from_pylist(
        [expected[who] for who in people["people"]["patient"].to_pylist()], schema_of(layout, told=True)
    )
    concepts, rows = lookups.Concepts(layout), dealt.tables()
    given = {**rows, "entries": flat._numbered(rows["entries"], concepts), "people": flat._named(rows["people"])}
    found = plain_facts_of(given, concepts.table(), layout, ON)[0].sort_by("patient")
    assert found.num_rows > 20_000, "the others are not plain, and are read one by one"

    def wrong() -> list[str]:
        wanted = dealt.expected(of_donors, layout)
        wanted = wanted.filter(pc.is_in(wanted["patient"], found["patient"].combine_chunks()))
        return [name for name in found.column_names if not found[name].equals(wanted[name])]

    assert wrong() == []
    dealt.donors["egfr"] = dealt.donors["egfr"][::-1]
    assert wrong(), "somebody else's eGFR is noticed"


@pytest.fixture(scope="module")
def messy(layout: Layout) -> tuple[Tables, dict[str, Row]]:
    rows = People(layout, ON, seed=2, mess=0.01).made(MANY)
    return rows, one_by_one(rows, layout)


def test_messy_people_are_read_one_by_one_where_it_matters(
    messy: tuple[Tables, dict[str, Row]], layout: Layout
) -> None:
    rows, expected = messy
    assert differing(at_once(rows, layout), expected) == []
    read = Read(layout)
    flat.judge(rows, layout, ON, read)
    assert {row["patient"]: row for row in read.facts().to_pylist()} == living(rows, expected)


def test_the_order_of_rows_does_not_matter(people: Tables, layout: Layout) -> None:
    turned = {name: table.take(list(range(len(table)))[::-1]) for name, table in people.items()}
    assert at_once(turned, layout) == at_once(people, layout)


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_the_statements_are_sql_of_both_engines(dialect: Any, layout: Layout) -> None:
    made = statements(layout, ON)
    assert [each.name for each in made][-1] == "facts"
    for each in made:
        text = each.sql(dialect)
        assert sqlglot.parse_one(text, read=dialect)
        assert len(text) < 60_000, "what there is many of stands in tables"
    assert "INT128" not in " ".join(each.sql("spark") for each in made), "Spark has none"


def as_tables(given: Mapping[str, list[Row]], pack: RulePack) -> Tables:
    """Flat tables of these rows."""
    kinds = {True: pa.bool_(), False: pa.string()}
    return {
        name: pa.table(
            {
                each.name: pa.array([row.get(each.name) for row in given.get(name, ())], kinds[each.is_flag])
                for each in columns
            }
        )
        for name, columns in tables(pack).items()
    }


def test_a_known_person(pack: RulePack, layout: Layout) -> None:
    """Worked out by hand: 1.6 mg/dL, five days old, 0.1 below a laboratory's limit; an SSRI of 40 days; diabetes since 2020."""
    given: dict[str, list[Row]] = {
        "people": [
            {
                "patient": "a",
                "birth_date": "1960-11-22",
                "sex": "female",
                "medicines_reviewed": "2026-11-21",
                "conditions_reviewed": "2026-01",
            }
        ],
        "measurements": [
            {
                "patient": "a",
                "item": "serum_magnesium",
                "value": "1.60",
                "unit": "mg/dL",
                "date": "2026-11-16",
                "lower_limit": "1.7 mg/dL",
            },
            {
                "patient": "a",
                "item": "serum_magnesium",
                "value": "0.9",
                "unit": "mmol/L",
                "date": "2026-11-15T23:00:00Z",
            },
            {
                "patient": "a",
                "item": "egfr",
                "value": "60",
                "comparator": ">",
                "unit": "mL/min/1.73m2",
                "date": "2026-11-20",
            },
        ],
        "entries": [
            {"patient": "a", "list": "medicines", "name": "sertraline", "start": "2026-10-12"},
            {"patient": "a", "list": "conditions", "system": "icd10cm", "code": "E11.9", "start": "2020"},
        ],
        "states": [{"patient": "a", "item": "pregnancy", "value": "not pregnant", "date": "2026-11-11"}],
    }
    rows = as_tables(given, pack)
    (row,) = at_once(rows, layout).values()
    assert (row["serum_magnesium_low"], row["serum_magnesium_unit"], row["serum_magnesium_days"]) == (320, 1, 5)
    assert (row["serum_magnesium_to_lower_low"], row["serum_magnesium_shown"]) == (-1, "1.60 mg/dL")
    assert (row["egfr_low"], row["egfr_high"], row["egfr_shown"]) == (121, 32767, ">60 mL/min/1.73m2")
    assert (row["age_low"], row["age_shown"], row["sex_state"], row["pregnancy_days"]) == (2 * 65, "65 years", 0, 10)
    assert (row["medicines_gap"], row["conditions_gap"], row["procedures_gap"]) == (0, 0, 1)
    assert (row["antidepressant_unchanged_low"], row["antidepressant_unchanged_high"]) == (80, 80)
    mask, value = lookups.bit("type_2_diabetes", layout)
    assert row[f"conditions_present_{mask[-1]}"] == value
    (diabetes,) = row["conditions_entries"]
    assert (diabetes["name"], diabetes["since"], diabetes["sets_0"] & value) == ("icd10cm E11.9", "2020", value)
    (sertraline,) = row["medicines_entries"]
    assert (sertraline["name"], sertraline["since"]) == ("sertraline", "2026-10-12")


def test_entries_of_one_name_and_day_are_one(pack: RulePack, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the value sets of both codes: lithium (N05AN01) and digoxin (C01AA05)."""
    entry = {"patient": "a", "list": "medicines", "name": "Tablets as before", "system": "atc", "start": "2026-10"}
    rows = as_tables(
        {"people": [{"patient": "a"}], "entries": [{**entry, "code": code} for code in ("N05AN01", "C01AA05")]}, pack
    )
    found = at_once(rows, layout)
    assert differing(found, one_by_one(rows, layout)) == []
    (told,) = found["a"]["medicines_entries"]
    bits = [lookups.bit(value_set, layout)[1] for value_set in ("lithium", "digoxin")]
    assert (told["name"], told["since"], [told["sets_0"] & bit for bit in bits]) == (
        entry["name"],
        entry["start"],
        bits,
    )
    in_the_text("of_entries", "BIT_OR", "MIN")(monkeypatch)
    assert differing(at_once(rows, layout), one_by_one(rows, layout))


# --- seeded faults: each is noticed ---------------------------------------------------------------------------------------------

Seed = Callable[[pytest.MonkeyPatch], None]


def in_the_text(name: str, *changes: str) -> Seed:
    """`changes`: what is right, what is put instead, and so on."""

    def seed(monkeypatch: pytest.MonkeyPatch) -> None:
        rendered = on_duckdb._rendered

        def wrong(text: str) -> str:
            for right, instead in zip(changes[::2], changes[1::2], strict=True):
                assert right in text, "the fault cannot be seeded"
                text = text.replace(right, instead)
            return text

        def changed(layout: Layout, on: date) -> tuple[tuple[Statement, str], ...]:
            return tuple(
                (each, wrong(each.text) if each.name == name else each.text) for each, _ in rendered(layout, on)
            )

        monkeypatch.setattr(on_duckdb, "_rendered", changed)

    return seed


def in_the_units(change: Callable[[Row], Row]) -> Seed:
    def seed(monkeypatch: pytest.MonkeyPatch) -> None:
        right = on_duckdb._lookups

        def changed(layout: Layout) -> Mapping[str, pa.Table]:
            found = right(layout)
            return {
                **found,
                "units": pa.Table.from_pylist([change(row) for row in found["units"].to_pylist()], lookups.UNITS),
            }

        monkeypatch.setattr(on_duckdb, "_lookups", changed)

    return seed


def in_the_concepts(change: Callable[[pa.Table], pa.Table]) -> Seed:
    def seed(monkeypatch: pytest.MonkeyPatch) -> None:
        right = lookups.Concepts.table
        monkeypatch.setattr(lookups.Concepts, "table", lambda self: change(right(self)))

    return seed


def without_the_first_bit(table: pa.Table) -> pa.Table:
    place = table.schema.get_field_index("mask_0")
    return table.set_column(place, "mask_0", pc.bit_wise_and(table["mask_0"], ~(1 << 2)))


FAULTS = [
    pytest.param(
        in_the_units(lambda row: row | {"factor": row["factor"] * (10 if row["reported"] == "mg/L" else 1)}),
        id="a wrong unit factor",
    ),
    pytest.param(
        in_the_units(lambda row: row | {"scale": row["scale"] + (row["item"] == "potassium")}), id="another scale"
    ),
    pytest.param(
        in_the_units(lambda row: row | {"lower": row["lower"] and row["lower"] + 1}),
        id="a default limit a millionth higher",
    ),
    pytest.param(in_the_text("newest", "exact * weight", "exact"), id="ties compared without their units"),
    pytest.param(in_the_text("newest", "day DESC", "day ASC"), id="the oldest counts"),
    pytest.param(
        in_the_text("newest", "latest > moment OR ", ""), id="of two time zones the newest by the day that is written"
    ),
    pytest.param(in_the_text("newest", "partial_until >= day", "FALSE"), id="a month is its first day"),
    pytest.param(in_the_text("left_over", "12:00:00+00", "00:00:00+00"), id="a later day in another time zone"),
    pytest.param(
        in_the_text(
            "newest",
            "CASE WHEN moment IS NULL THEN 0 ELSE 1 END DESC",
            "CASE WHEN moment IS NULL THEN 1 ELSE 0 END DESC",
        ),
        id="a day without a time is later",
    ),
    pytest.param(in_the_text("newest", "finality DESC,", ""), id="no status is more final"),
    pytest.param(in_the_text("newest", "ELSE -(exact * weight)", "ELSE exact * weight"), id="the less cautious of two"),
    pytest.param(in_the_text("newest", "COALESCE(source, '') DESC", "COALESCE(source, '') ASC"), id="the lower source"),
    pytest.param(
        in_the_text(
            "results",
            "IN ('cancelled', 'entered-in-error') AS",
            "IN ('x') AS",
            "END AS finality",
            "ELSE 1 END AS finality",
        ),
        id="void results count",
    ),
    pytest.param(in_the_text("newest", "AND day <=", "AND day <"), id="results of today do not count"),
    pytest.param(
        in_the_text("newest", "dated AND", "dated AND plain AND"), id="what cannot be used makes room for older results"
    ),
    pytest.param(in_the_text("newest", "comparator = '>' AND", "FALSE AND"), id="an open end belongs to the range"),
    pytest.param(
        in_the_text("results", "WHEN lower_limit IS NULL THEN", "WHEN TRUE THEN"),
        id="the laboratory's limit is not read",
    ),
    pytest.param(in_the_text("births", "> 1121", ">= 1121"), id="a birthday a day late"),
    pytest.param(
        in_the_text("dated_entries", "status = 'stopped'", "status = 'ended'"), id="what was stopped is taken"
    ),
    pytest.param(
        in_the_text("dated_entries", "ended_last THEN FALSE", "ended THEN FALSE"), id="a partial end is its first day"
    ),
    pytest.param(
        in_the_text("dated_entries", "e.list <> 'supplements' AS", "TRUE AS"), id="a supplement is a medicine list"
    ),
    pytest.param(in_the_text("of_lists", "is_current IS NULL", "FALSE"), id="on hold is not taken"),
    pytest.param(in_the_text("of_entries", "WHERE is_current AND", "WHERE"), id="entries of what was stopped"),
    pytest.param(in_the_text("of_entries", "LIST_SORT(", "("), id="entries in any order"),
    pytest.param(in_the_text("of_entries", "COALESCE(start, '')", "''"), id="entries without a date"),
    pytest.param(in_the_text("of_entries", "list = 'conditions'", "list = 'medicines'"), id="entries of another list"),
    pytest.param(in_the_text("of_lists", "BIT_OR", "MAX"), id="one value set an entry"),
    pytest.param(
        in_the_text("of_lists", "CASE WHEN status = 'stopped' THEN ended IS NULL ELSE began IS NULL END", "FALSE"),
        id="a change that may be hidden",
    ),
    pytest.param(in_the_text("facts", "> 30 THEN", "> 29 THEN"), id="the medicine list is stale a day early"),
    pytest.param(in_the_concepts(without_the_first_bit), id="a value set short of its codes"),
    pytest.param(
        in_the_concepts(lambda table: table.set_column(3, "called", pc.utf8_upper(table["called"]))),
        id="entries in capitals",
    ),
    pytest.param(
        in_the_concepts(lambda table: table.set_column(1, "recognised", pa.array([True] * len(table)))),
        id="everything is recognised",
    ),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_noticed(
    fault: Seed, messy: tuple[Tables, dict[str, Row]], layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    assert differing(at_once(messy[0], layout), messy[1])


# --- files ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_folder_of_flat_tables(
    ending: str, people: Tables, expected: Mapping[str, Row], pack: RulePack, tmp_path: Path
) -> None:
    wanted = sorted(expected)[:FEW]
    for name, table in people.items():
        mine = table.filter(pc.is_in(table["patient"], pa.array(wanted)))
        kept = mine.drop_columns([each for each in mine.column_names if mine[each].null_count == len(mine)])
        if ending == "parquet":
            pq.write_table(kept, tmp_path / f"{name}.parquet")
        else:
            pa.csv.write_csv(kept, tmp_path / f"{name}.csv")
    source = source_of(tmp_path)
    assert isinstance(source, FlatFiles)
    source.__dict__["parts"] = 3
    found = list(extract(source, pack, ON, workers=1))
    assert {row["patient"]: row for each in found for row in each.facts.to_pylist()} == living(
        people, {each: expected[each] for each in wanted}
    )
    assert [each.part for each in found] == [0, 1, 2]
    assert all(len(each.facts) for each in found)


def written(folder: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        pytest.param(
            {"people": "patient,born\na,1950\n"},
            r"people\.csv: has a column 'born'; a table of people has birth_date",
            id="an unknown column",
        ),
        pytest.param({"people": "birth_date\n1950\n"}, r"people\.csv: has no column 'patient'", id="nobody"),
        pytest.param(
            {"people": "patient,deceased,medicines_given\na,,true\nb,2025-01-03,no\nc,true,perhaps\n"},
            r"people\.csv: has a deceased that is neither true nor false; write one of them, or nothing\n"
            r".*people\.csv: has a medicines_given that is neither",
            id="no yes and no no",
        ),
        pytest.param({"people": "patient\na\na\n"}, r"people\.csv: has patient 'a' more than once", id="twice"),
        pytest.param(
            {"people": "patient\na\n", "entries": "patient,list,name\na,drugs,x\n"},
            r"entries\.csv: has list 'drugs'; write one of medicines",
            id="an unknown list",
        ),
        pytest.param(
            {"people": "patient\na\n", "states": "patient,item,value\na,mood,low\n"},
            r"states\.csv: has item 'mood'; write one of pregnancy",
            id="an unknown state",
        ),
    ],
)
def test_what_is_wrong_with_flat_tables_is_said(
    tables: dict[str, str], said: str, pack: RulePack, tmp_path: Path
) -> None:
    with pytest.raises(RecordError, match=said):
        list(extract(source_of(written(tmp_path, **tables)), pack, ON, workers=1))


def test_the_page_and_the_schema_name_every_column(pack: RulePack) -> None:
    page = (Path(__file__).parents[2] / "docs" / "population.md").read_text()
    columns = {each.name for table in tables(pack).values() for each in table}
    lists = {each for each in columns if each.endswith(("_given", "_reviewed"))}
    assert [each for each in columns - lists if f"`{each}`" not in page] == []
    told = CliRunner().invoke(app, ["schema", "population", "--flat"])
    assert {name for table in json.loads(told.stdout).values() for name in table} == columns


def test_a_table_given_twice_is_refused(tmp_path: Path) -> None:
    written(tmp_path, people="patient\na\n")
    pq.write_table(pa.table({"patient": ["a"]}), tmp_path / "people.parquet")
    with pytest.raises(RecordError, match=r"has people\.csv and people\.parquet; keep one of them"):
        source_of(tmp_path)
    assert sources.FLAT == ("people", "measurements", "entries", "states")


def test_measurements_that_no_rule_asks_for_are_counted(pack: RulePack, tmp_path: Path) -> None:
    written(
        tmp_path, people="patient\na\n", measurements="patient,item,value\na,calcium,2.3\na,shoe_size,42\na,egfr,90\n"
    )
    (found,) = extract(source_of(tmp_path), pack, ON, workers=1)
    assert found.unused == {("measurements", "no rule uses it"): 2}


def test_rows_of_who_is_not_among_the_people_are_counted(pack: RulePack, tmp_path: Path) -> None:
    """Not lost, and not an eGFR of anybody else."""
    written(
        tmp_path,
        people="patient\na\n",
        measurements="patient,item,value,unit,date\nA,egfr,25,mL/min/{1.73_m2},2026-11-20\nb,shoe_size,42,,2026-11-20\n",
        states="patient,item,value\na,pregnancy,pregnant\nb,pregnancy,pregnant\n",
    )
    (found,) = extract(source_of(tmp_path), pack, ON, workers=1)
    why = "its patient is not among the people"
    assert found.unused == {("measurements", why): 2, ("states", why): 1}
    assert found.facts["patient"].to_pylist() == ["a"]
