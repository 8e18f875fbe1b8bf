"""Spark says the same of every patient as one computer does, with nothing collected to the driver."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from mgcds.engines.columnar import STATUSES, columnar
from mgcds.engines.facts_arrow import LAYOUT, facts_table
from mgcds.errors import RecordError, ScreenError, TableError
from mgcds.fhir.reader import DECEASED
from mgcds.loading import rules_root
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.populations.extraction import extract
from mgcds.populations.many_at_once import Group
from mgcds.populations.screening import Wanted, screen, screen_on_spark
from mgcds.populations.sources import FlatFiles, source_of
from mgcds.populations.statements import statements
from mgcds.populations.synthesis.writing import Cohort, write
from tests.agreement.generate import Patients
from tests.agreement.test_columnar_agrees import mixed, mixed_table
from tests.fhir.builders import condition, observation, patient
from tests.populations.flat_patients import People
from tests.populations.ndjson import BOUND, BROKEN, lines, magnesium, of, scattered
from tests.populations.test_extraction import ON, OUTSIDE, Row, unused_of, whole, without_versions
from tests.populations.test_extraction import rows_of as in_order
from tests.populations.test_screening import alone, differing, rows_of, said
from tests.populations.test_screening import written as in_files
from tests.populations.test_status_file import tables as status_tables
from tests.populations.test_status_file import written as write_statuses

PATIENTS, READ = 2_000, 300
CUT_AT = 200_000  # bytes of a file, where Spark begins another partition
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
NOT_TESTED = "NOT TESTED: no Java, which Spark needs (Debian: default-jre-headless)"


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Small, quick to start, and with several partitions for what is small too."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        if os.environ.get("MGCDS_SPARK") == "required":
            pytest.fail(NOT_TESTED)
        pytest.skip(NOT_TESTED)
    sql = pytest.importorskip("pyspark.sql", reason="NOT TESTED: no pyspark")
    from mgcds.populations.shipped import session

    settings = {
        "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.driver.memory": "1g",
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m",
        "spark.sql.codegen.wholeStage": "false",  # compiling takes longer than what is run once
        "spark.sql.shuffle.partitions": "3", "spark.sql.adaptive.coalescePartitions.enabled": "false",
        "spark.sql.files.maxPartitionBytes": str(CUT_AT), "spark.sql.files.openCostInBytes": "1",
    }  # fmt: skip
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    new = sql.SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        new = new.config(name, value)
    made = new.getOrCreate()
    assert session() is made  # the one that is there
    made.sparkContext.setLogLevel("OFF")
    yield made
    made.stop()
    monkeypatch.undo()


@pytest.fixture(autouse=True)
def nothing_is_collected(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = spark.range(1)
    for action in ("collect", "toPandas", "toArrow", "toLocalIterator", "take", "head", "tail", "count", "foreach"):
        if hasattr(type(frame), action):
            monkeypatch.setattr(type(frame), action, lambda *_, **__: pytest.fail("collected to the driver"))
    monkeypatch.setattr(type(frame.rdd), "collect", lambda *_: pytest.fail("collected to the driver"))


def test_it_reads_a_file_of_statuses(spark: Any, tmp_path: Path) -> None:
    written = write_statuses(tmp_path / "statuses.parquet", status_tables())
    found = spark.read.parquet(str(written)).select("*", "_metadata.row_index")
    rows = sorted(rows_in(found, tmp_path / "again"), key=lambda row: row.pop("row_index"))
    assert rows == [row for table in status_tables() for row in table.to_pylist()]


class Found(NamedTuple):
    rows: list[Row]
    unused: dict[tuple[str, str], int]
    broken: list[tuple[str, int, str]]


def extracted(spark: Any, files: list[Path], pack: RulePack, out: Path) -> Found:
    from mgcds.populations import on_spark, shipped

    return written_out(on_spark.extract(spark, [str(file) for file in files], shipped.ship(pack), ON), out)


def written_out(found: Any, out: Path) -> Found:
    rows, unused, broken = (rows_in(frame, out / name) for name, frame in found._asdict().items() if name != "kept")
    for kept in found.kept:
        kept.unpersist()
    return Found(
        sorted(rows, key=lambda row: str(row["patient"])),
        {(row["kind"], row["why"]): row["number"] for row in unused},
        sorted((row["file"], row["line"], row["why"]) for row in broken),
    )


def rows_in(frame: Any, folder: Path) -> list[Row]:
    frame.write.parquet(str(folder))
    found: list[Row] = pq.read_table(folder).to_pylist()
    return found


def placed(broken: list[tuple[int, str]], files: list[Path]) -> Iterator[tuple[str, int, str]]:
    """Lines numbered through all files, by their files."""
    for number, why in broken:
        for file in files:
            content = file.read_bytes()
            lines = len((gzip.decompress(content) if file.suffix == ".gz" else content).splitlines())
            if number <= lines:
                yield file.name, number, why
                break
            number -= lines


# --- extraction ---------------------------------------------------------------------------------------------------------------


def test_a_mess_of_lines(spark: Any, pack: RulePack, tmp_path: Path) -> None:
    """A patient's data lie in several files, and these in several partitions; of a synthetic cohort most patients are plain."""
    write(Cohort(READ, 7, ON), tmp_path / "cohort")
    plain = [line for file in sorted((tmp_path / "cohort").glob("*.ndjson")) for line in file.read_bytes().splitlines()]
    (tmp_path / "in").mkdir()
    in_order = scattered(tmp_path / "in", lines() + plain)
    expected = whole(in_order, pack)
    files = sorted((tmp_path / "in").iterdir())
    found = extracted(spark, files, pack, tmp_path)
    assert found.rows == expected.rows
    assert found.unused == without_versions(expected.unused)
    assert found.broken == sorted(placed(expected.broken, files))
    assert len(found.rows) > READ + 80
    assert max(file.stat().st_size for file in files) > CUT_AT


def of_one_patient(folder: Path) -> list[bytes]:
    given = [patient(id="a"), observation("19123-9", id="x", subject=None), condition(id="c", **of("urn:uuid:a"))]
    return scattered(folder, [json.dumps(each).encode() for each in given], 2)


def bound_to_one_another(folder: Path) -> list[bytes]:
    return scattered(folder, [json.dumps(each).encode() for each in BOUND] + BROKEN, 3)


def test_of_one_patient_alone_what_names_nobody_is_theirs(spark: Any, pack: RulePack, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    expected = whole(of_one_patient(tmp_path / "in"), pack)
    found = extracted(spark, sorted((tmp_path / "in").iterdir()), pack, tmp_path)
    assert (found.rows, found.unused) == (expected.rows, expected.unused)


def nobody_is_bound(on_spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_spark, "_united", lambda rows, bound: rows.selectExpr("*", "false AS whole"))


def nothing_is_looked_up(on_spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_spark, "_REFERS", 9)


def lines_stay_where_they_are(on_spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from mgcds.populations.shipped import session

    frame = type(session().range(1))
    right = frame.repartition
    monkeypatch.setattr(frame, "repartition", lambda self, to: self if to == "group" else right(self, to))


def each_file_is_counted_alone(on_spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    right = on_spark._stretches
    monkeypatch.setattr(on_spark, "_stretches", lambda located: right(located).selectExpr(
        "file", "start", "first", "lines", "before - before_file AS before", "before_file"))  # fmt: skip


@pytest.mark.parametrize(
    "fault", [nobody_is_bound, nothing_is_looked_up, lines_stay_where_they_are, each_file_is_counted_alone]
)
def test_a_fault_in_extraction_is_noticed(
    fault: Callable[[Any, pytest.MonkeyPatch], None],
    spark: Any,
    pack: RulePack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mgcds.populations import on_spark, shipped

    fault(on_spark, monkeypatch)
    (tmp_path / "in").mkdir()
    expected = whole(bound_to_one_another(tmp_path / "in"), pack)
    files = sorted((tmp_path / "in").iterdir())
    facts, *_, kept = on_spark.extract(spark, [str(file) for file in files], shipped.ship(pack), ON)
    found = sorted(rows_in(facts, tmp_path / "facts"), key=lambda row: str(row["patient"]))
    for each in kept:
        each.unpersist()
    assert found != expected.rows


def test_a_task_reads_some_patients_at_a_time(pack: RulePack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of 40 who are not plain, or turn out not to be, are read by themselves; nobody waits for more than seven."""
    from mgcds.populations import many_at_once, on_spark, shipped

    given, one_by_one = list[dict[str, Any]](), list[int]()
    for who in range(40):
        born, started = patient(id=f"p{who}"), {"onsetDateTime": "2026-02-30" if who % 5 == 0 else "2020"}
        ended = {"abatementString": "last year"} if who % 7 == 0 else {}
        problem = condition("Bipolar disorder", id=f"c{who}", **of(f"Patient/p{who}"), **started, **ended)
        for text in map(json.dumps, (born, magnesium(f"m{who}", f"Patient/p{who}", 1 + who / 100), problem)):
            number = len(given) + 1
            given.append({"group": who, "number": number, "whole": False, "text": text.encode(), "own": True})
    batches = [pa.RecordBatch.from_pylist(given[each : each + 50]) for each in range(0, len(given), 50)]
    expected = whole([each["text"] for each in given], pack)
    right = many_at_once.read_group
    monkeypatch.setattr(many_at_once, "read_group", lambda *rest: (one_by_one.append(1), right(*rest)))

    def read() -> list[Row]:
        rows = [row for batch in on_spark._read(shipped.ship(pack), ON, iter(batches)) for row in batch.to_pylist()]
        facts = [{name: row[name] for name in expected.rows[0]} for row in rows if row["patient"] is not None]
        return sorted(facts, key=lambda row: str(row["patient"]))

    monkeypatch.setattr(on_spark, "_AT_ONCE", 7)
    assert [len(groups) for groups, _ in on_spark._some(iter(batches))] == [7, 7, 7, 7, 7, 5]
    assert read() == expected.rows
    assert len(one_by_one) == len([who for who in range(40) if who % 5 == 0 or who % 7 == 0])
    with monkeypatch.context() as patch:
        patch.setattr(on_spark, "_BYTES_AT_ONCE", max(len(each["text"]) for each in given))
        assert {len(groups) for groups, _ in on_spark._some(iter(batches))} == {1}
    monkeypatch.setattr(on_spark, "_AT_ONCE", 40)
    monkeypatch.setattr(on_spark, "Group", lambda own, shared, again: Group(own, shared, tuple))
    assert read() != expected.rows, "lines that are not given again are noticed"


# --- flat tables --------------------------------------------------------------------------------------------------------------

QUOTED = 'as before,\n"in the morning"'


def flat_tables(pack: RulePack, folder: Path, number: int) -> FlatFiles:
    """Parquet and CSV, with what another reader might take otherwise: a quoted end of line, states of a day of which the last counts, people
    who are not there, a row that no rule uses.
    """
    made = People(columnar(pack).layout, ON, seed=5, mess=0.003).made(number)
    screens = [("positive", who) for who in range(number)] + [("negative", who) for who in range(0, number, 2)]
    more: dict[str, list[Row]] = {
        "measurements": [{"patient": "nobody", "item": "egfr", "value": "9"}, {"patient": "p000001", "item": "shoe_size"}],
        "entries": [{"patient": "p000002", "list": "medicines", "name": QUOTED}, {"patient": "nobody", "list": "symptoms"}],
        "states": [
            {"patient": f"p{who:06}", "item": "bipolar_screen", "value": value, "date": "2026-11-20"}
            for value, who in screens[::7]
        ],
    }  # fmt: skip
    folder.mkdir()
    for name, table in made.items():
        rows = pa.concat_tables([table, pa.Table.from_pylist(more.get(name, []), table.schema)])
        if name in ("people", "entries"):
            pa.csv.write_csv(rows, folder / f"{name}.csv")
        else:
            pq.write_table(rows, folder / f"{name}.parquet", row_group_size=number)
    source = source_of(folder)
    assert isinstance(source, FlatFiles)
    return source


def test_two_thousand_people_of_flat_tables(spark: Any, pack: RulePack, tmp_path: Path) -> None:
    from mgcds.populations import flat_on_spark, shipped

    source = flat_tables(pack, tmp_path / "in", PATIENTS)
    expected = list(extract(source, pack, ON, workers=1))
    found = written_out(flat_on_spark.extract(spark, source.tables, shipped.ship(pack), ON, tmp_path), tmp_path)
    assert found.rows == in_order(expected)
    assert found.unused == unused_of(expected) == {**dict.fromkeys(NOT_THERE, 1), NO_RULE: 1, DEAD: 54}
    assert (len(found.rows), found.broken) == (PATIENTS - 54, [])


NOT_THERE = [(name, "its patient is not among the people") for name in ("measurements", "entries")]


NO_RULE, DEAD = ("measurements", "no rule uses it"), ("people", DECEASED)


def test_faults_in_flat_tables_are_noticed(
    spark: Any, pack: RulePack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement is spoilt, and who is left over is forgotten."""
    from mgcds.populations import flat_on_spark, shipped

    right = flat_on_spark._one_by_one

    def spoilt(layout: Any, on: Any) -> list[Any]:
        in_place = {"newest": ("day DESC", "day ASC")}
        made = statements(layout, on)
        assert all(text in each.text for each in made for text, _ in [in_place.get(each.name, ("", ""))])
        return [replace(each, text=each.text.replace(*in_place.get(each.name, ("", "")))) for each in made]

    monkeypatch.setattr(flat_on_spark, "statements", spoilt)
    monkeypatch.setattr(flat_on_spark, "_one_by_one", lambda *given: right(*given).where("false"))
    source = flat_tables(pack, tmp_path / "in", 60)
    (expected,) = extract(source, pack, ON, workers=1)
    rows = {row["patient"]: row for row in expected.facts.to_pylist()}
    facts, *_, kept = flat_on_spark.extract(spark, source.tables, shipped.ship(pack), ON, tmp_path)
    found = rows_in(facts, tmp_path / "facts")
    for each in kept:
        each.unpersist()
    assert 0 < len(found) < len(rows)
    assert any(row != rows[row["patient"]] for row in found)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({
            "people": "patient,born\na,1950\na,1951\nb,\nb,\nc,\n", "measurements": "item\negfr\n",
            "entries": "patient,list\na,drugs\na,drugs\nb,\n", "states": "patient,item\nb,mood\n",
        }, 6),
        ({"people": "patient,deceased\na,2020-01-01\na,\n"}, 1),
    ],
)  # fmt: skip
def test_what_is_wrong_with_flat_tables_is_said_as_on_one_computer(
    wrong: dict[str, str], said: int, spark: Any, pack: RulePack, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for name, text in wrong.items():
        (tmp_path / "in" / f"{name}.csv").write_text(text)
    source = source_of(tmp_path / "in")
    with pytest.raises(RecordError) as here:
        list(extract(source, pack, ON, workers=1))
    with pytest.raises(RecordError) as there:
        screen_on_spark(source, pack, Wanted(tmp_path / "out", ON))
    assert sorted(str(there.value).splitlines()) == sorted(str(here.value).splitlines())
    assert len(str(here.value).splitlines()) == said


# --- screening ----------------------------------------------------------------------------------------------------------------


def test_two_thousand_patients(spark: Any, pack: RulePack, tmp_path: Path) -> None:
    """Statuses, values and, of the commonest patterns, missing sets of each as of the record alone."""
    facts, table = generated(pack)
    source = source_of(in_files(table, tmp_path / "facts", 4))
    found = screen_on_spark(source, pack, Wanted(tmp_path / "out", ON))
    expected = {str(number): each for number, each in enumerate(facts)}
    statuses, suggestions = said(tmp_path / "out", pack)
    rare = [
        (patient, rule) for patient, of in suggestions.items() for rule, row in of.items() if row["missing"] is None
    ]
    assert len(rare) == found.counts.unexplained < sum(map(len, suggestions.values())) / 2
    wanted = {who: alone(expected[who], pack) for who, _ in rare}
    for who, rule in rare:
        suggestions[who][rule]["missing"] = wanted[who][rule]["missing"]
    assert next(differing((statuses, suggestions), expected, pack), None) is None
    assert found.counts.patients == PATIENTS
    assert {status for _, status in found.counts.statuses} == set(STATUSES)
    spoilt = spark.read.parquet(str(tmp_path / "facts")).selectExpr("* EXCEPT (egfr_gap)", "0Y AS egfr_gap")
    statuses = rows_in(on_spark_screened(spoilt, pack, tmp_path / "out", "statuses"), tmp_path / "spoilt")
    right, told = said(tmp_path / "out", pack)
    assert any(right[row.pop("patient")] != row for row in statuses)
    renamed = (
        "transform(conditions_entries, each -> named_struct('name', 'x', 'since', each.since, 'sets_0', each.sets_0))"
    )
    spoilt = (
        spark.read.parquet(str(tmp_path / "facts")).selectExpr("*", f"{renamed} AS other").drop("conditions_entries")
    )
    rows = rows_in(
        on_spark_screened(
            spoilt.withColumnRenamed("other", "conditions_entries"), pack, tmp_path / "out", "suggestions"
        ),
        tmp_path / "renamed",
    )
    assert any(row["note"] is None and told[row["patient"]][row["rule"]]["entries"] != row["entries"] for row in rows)


def on_spark_screened(facts: Any, pack: RulePack, out: Path, what: str) -> Any:
    from mgcds.populations import on_spark, shipped

    return on_spark.screened(facts, shipped.ship(pack), Wanted(out, ON, explained=0), what)


def generated(pack: RulePack) -> tuple[list[Facts], pa.Table]:
    """Each is a record as people write them, with some items and lists of others, in the table and in the facts alike."""
    layout, rng, patients = columnar(pack).layout, np.random.default_rng(7), Patients(pack, {})
    some = [patients.read(seed) for seed in range(5_000, 5_000 + READ)]
    subjects = [*layout.measured, *layout.states, *layout.lists]
    rows = np.tile(rng.integers(0, READ, PATIENTS), (len(subjects), 1))
    rows = np.where(rng.random(rows.shape) < 0.05, rng.integers(0, READ, rows.shape), rows)
    facts = [mixed(some, dict(zip(subjects, column, strict=True)), pack) for column in rows.T.tolist()]
    return facts, mixed_table(facts_table(some, layout, told=True), dict(zip(subjects, rows, strict=True)), layout)


def test_real_and_generated_data(spark: Any, pack: RulePack, tmp_path: Path) -> None:
    if not (OUTSIDE / "synthea" / "bulk").is_dir():
        pytest.skip("NOT TESTED: there is no ../shared/data/synthea/bulk")
    source = source_of(OUTSIDE / "synthea" / "bulk")
    here = screen(source, pack, Wanted(tmp_path / "here", ON, verdicts=True), workers=1)
    there = screen_on_spark(source, pack, Wanted(tmp_path / "there", ON, verdicts=True))
    same(tmp_path / "here", tmp_path / "there", ("statuses", "suggestions", "verdicts", "unused", "broken"))
    assert (there.counts, there.unused, there.broken) == (here.counts, here.unused, here.broken)


def test_what_is_wrong_on_a_worker_is_told(spark: Any, pack: RulePack, tmp_path: Path) -> None:
    table = facts_table([], columnar(pack).layout).slice(0, 0)
    row = {name: column.unknown for name, column in columnar(pack).layout.columns.items() if not column.told}
    rows = [{**row, "patient": "a"}, {**row, "patient": "b", "egfr_gap": None}]
    pq.write_table(
        pa.Table.from_pylist(
            rows, pa.schema(map(pa.Field.with_nullable, table.schema, repeat(True)), table.schema.metadata)
        ),
        tmp_path / "facts.parquet",
    )
    with pytest.raises(ScreenError, match="column 'egfr_gap' has nulls: write 1 for unknown"):
        screen_on_spark(source_of(tmp_path / "facts.parquet"), pack, Wanted(tmp_path / "out", ON))


def test_a_table_of_another_layout_is_refused(spark: Any, pack: RulePack, tmp_path: Path) -> None:
    table = facts_table([], columnar(pack).layout)
    pq.write_table(table.replace_schema_metadata({LAYOUT: b"of other rules"}), tmp_path / "facts.parquet")
    with pytest.raises(TableError, match="made for other rules"):
        screen_on_spark(source_of(tmp_path / "facts.parquet"), pack, Wanted(tmp_path / "out", ON))


@pytest.mark.parametrize("given", ["lines", "flat tables"])
def test_what_an_interrupted_run_left_whole_is_gone_on_with(
    given: str, spark: Any, pack: RulePack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The facts table is whole, the statuses only in part."""
    from mgcds.populations import on_spark

    if given == "lines":
        (tmp_path / "in").mkdir()
        of_one_patient(tmp_path / "in")
    else:
        flat_tables(pack, tmp_path / "in", 20)
    source, wanted, right = source_of(tmp_path / "in"), Wanted(tmp_path / "out", ON), on_spark.screened

    def interrupted(facts: Any, pack: Any, wanted: Wanted, what: str) -> Any:
        if what == "suggestions":
            raise KeyboardInterrupt
        return right(facts, pack, wanted, what)

    with monkeypatch.context() as patch:
        patch.setattr(on_spark, "screened", interrupted)
        with pytest.raises(KeyboardInterrupt):
            screen_on_spark(source, pack, wanted)
    statuses = tmp_path / "out" / ".scratch" / "statuses"
    assert on_spark._is_whole(statuses)
    (statuses / "_SUCCESS").unlink()
    for part in statuses.glob("*.parquet"):
        part.write_bytes(b"half")
    with pytest.raises(ScreenError, match="another day"):
        screen_on_spark(source, pack, replace(wanted, on=ON + timedelta(1)))
    with monkeypatch.context() as patch:
        patch.setattr(on_spark, "_extracted", lambda *_: pytest.fail("extracted again"))
        there = screen_on_spark(source, pack, wanted)
    here = screen(source, pack, Wanted(tmp_path / "here", ON), workers=1)
    same(tmp_path / "here", tmp_path / "out", ("statuses", "suggestions", "unused", "broken"))
    assert (there.counts, there.unused, there.broken) == (here.counts, here.unused, here.broken)
    assert not statuses.parent.exists()


def same(one: Path, other: Path, names: tuple[str, ...]) -> None:
    for name in names:
        assert sorted(map(repr, rows_of(one / name))) == sorted(map(repr, rows_of(other / name)))


def test_what_one_computer_began_is_not_gone_on_with(pack: RulePack, spark: Any, tmp_path: Path) -> None:
    pq.write_table(facts_table([], columnar(pack).layout), tmp_path / "facts.parquet")
    screen(source_of(tmp_path / "facts.parquet"), pack, Wanted(tmp_path / "out", ON), workers=1)
    with pytest.raises(ScreenError, match="another engine"):
        screen_on_spark(source_of(tmp_path / "facts.parquet"), pack, Wanted(tmp_path / "out", ON))


def test_a_pack_that_is_not_in_the_folder_is_not_shipped(pack: RulePack, spark: Any, tmp_path: Path) -> None:
    from mgcds.populations import shipped

    shutil.copytree(rules_root(), tmp_path / "rules")
    with (tmp_path / "rules" / "pack.yaml").open("a") as head:
        head.write("# changed\n")
    with pytest.raises(TableError, match="does not hold the pack"):
        shipped.ship(pack, tmp_path / "rules")
