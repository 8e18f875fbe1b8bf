"""What `screen` writes is what `evaluate` says of each patient; an interrupted run leaves nothing half and goes on; faults are noticed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mgcds.engines import columnar as engine
from mgcds.engines.columnar import Columnar, columnar
from mgcds.engines.facts_arrow import LAYOUT, facts_table
from mgcds.errors import EngineDisagreement, RecordError, ScreenError, TableError
from mgcds.evaluator import evaluate
from mgcds.fhir import read_ndjson
from mgcds.loading import load_pack
from mgcds.model.assessment import Assessment
from mgcds.model.criterion import Has, Taking
from mgcds.model.evaluation import evaluate_facts, in_review
from mgcds.model.facts import Facts, Reading, StateReading
from mgcds.model.pack import RulePack
from mgcds.populations import output, screening, second_opinion, sources
from mgcds.populations.screening import DONE, RUN, SUMMARY, Wanted, screen
from mgcds.populations.sources import source_of
from tests.agreement.generate import Patients
from tests.agreement.test_columnar_agrees import mixed, mixed_table
from tests.populations.ndjson import lines, scattered
from tests.populations.test_extraction import OUTSIDE

ON = date(2026, 11, 21)
READ, PATIENTS, PARTS = 300, 600, 3
ROOT = Path(__file__).parents[2]
Said = dict[str, dict[str, Any]]
"""patient → rule → what is said of it"""


@pytest.fixture(scope="module")
def some(pack: RulePack) -> list[Facts]:
    """Records as people write them."""
    patients = Patients(pack, {})
    return [patients.read(seed) for seed in range(READ)]


@pytest.fixture(scope="module")
def generated(pack: RulePack, some: list[Facts]) -> tuple[list[Facts], pa.Table]:
    """Each is one of them with some items and lists of others, in the table and in the facts alike."""
    layout, rng = columnar(pack).layout, np.random.default_rng(11)
    subjects = [*layout.measured, *layout.states, *layout.lists]
    rows = np.tile(rng.integers(0, READ, PATIENTS), (len(subjects), 1))
    rows = np.where(rng.random(rows.shape) < 0.05, rng.integers(0, READ, rows.shape), rows)
    facts = [mixed(some, dict(zip(subjects, column, strict=True)), pack) for column in rows.T.tolist()]
    return facts, mixed_table(facts_table(some, layout, told=True), dict(zip(subjects, rows, strict=True)), layout)


def written(table: pa.Table, folder: Path, parts: int = PARTS) -> Path:
    """A facts table in as many files."""
    folder.mkdir(exist_ok=True)
    size = -(-table.num_rows // parts)
    for part in range(parts):
        pq.write_table(table.slice(part * size, size), folder / f"facts-{part}.parquet")
    return folder


# --- what is expected ---------------------------------------------------------------------------------------------------------


def alone(facts: Facts, pack: RulePack, on: date = ON, explained: Container[str] | None = None) -> dict[str, Any]:
    """What an assessment of one record says of each suggestion that is not *not indicated*, in the words of the output. `explained`: the
    rules of which the missing sets are; all where it is None.
    """
    verdicts = in_review(evaluate_facts(pack, facts), pack, on)
    assessment = Assessment(on, pack, replaced_day(facts, on), verdicts)
    return {
        each.id: described(each, facts, verdicts.criteria, explained is None or each.id in explained)
        for each in assessment.suggestions
        if each.status != "not indicated"
    }


def replaced_day(facts: Facts, on: date) -> Facts:
    return Facts(on, facts.items, facts.lists, facts.members)


def described(suggestion: Any, facts: Facts, criteria: Mapping[str, Any], explained: bool) -> dict[str, Any]:
    pack = suggestion.pack
    return {
        "status": suggestion.status,
        "missing": [list(items) for items in suggestion.missing] if explained else None,
        "held_back_by": list(suggestion.held_back_by),
        "let_pass": list(suggestion.let_pass),
        "met": [key for key in pack.criteria_of[suggestion.id] if criteria[key] is True],
        "values": [
            {"about": about, "value": value, "dated": found.dated or None, "source": found.source}
            for about in pack.reads[suggestion.id]
            if isinstance(found := facts.items.get(about), Reading | StateReading)
            for value in [found.shown if isinstance(found, Reading) else found.value]
        ],
        "entries": [
            {"rule": rule, "value_set": value_set, "name": entry.name, "since": entry.since}
            for rule in (suggestion.id, *(suggestion.held_back_by if suggestion.status == "suppressed" else ()))
            for value_set in dict.fromkeys(
                each.value_set
                for each in map(pack.criteria.__getitem__, pack.criteria_of[rule])
                if isinstance(each, Taking | Has)
            )
            for entry in sorted(set(facts.members[value_set].entries), key=lambda each: (each.name, each.since or ""))
        ],
    }


def said(out: Path, pack: RulePack) -> tuple[dict[str, dict[str, str]], Said]:
    """Statuses by patient, and suggestions by patient and rule, as they were written."""
    statuses = {row.pop("patient"): row for row in rows_of(out / "statuses")}
    suggestions: Said = {patient: {} for patient in statuses}
    for row in rows_of(out / "suggestions"):
        assert row.pop("pack") == pack.digest
        rule, patient = row.pop("rule"), row.pop("patient")
        assert rule not in suggestions[patient], "each suggestion once"
        suggestions[patient][rule] = row
    return statuses, suggestions


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [row for file in sorted(folder.iterdir()) for row in pq.ParquetFile(file).read().to_pylist()]


def differing(
    found: tuple[dict[str, dict[str, str]], Said], expected: Mapping[str, Facts], pack: RulePack, on: date = ON
) -> Iterator[str]:
    statuses, suggestions = found
    if sorted(statuses) != sorted(expected):
        yield "the patients"
    for patient, facts in expected.items():
        wanted = alone(facts, pack, on)
        if statuses[patient] != {
            rule: wanted[rule]["status"] if rule in wanted else "not indicated" for rule in pack.rules
        }:
            yield f"statuses of {patient}"
        if suggestions[patient] != wanted:
            yield f"suggestions of {patient}"


# --- equality -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def screened(generated: tuple[list[Facts], pa.Table], pack: RulePack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    source = source_of(written(generated[1], tmp_path_factory.mktemp("facts")))
    found = screen(source, pack, Wanted(out, ON, verdicts=True, checked=40, explained=None), workers=1)
    assert (found.parts, found.made, found.checked, found.counts.patients) == (PARTS, PARTS, 40 * PARTS, PATIENTS)
    return out


def test_generated_patients(screened: Path, generated: tuple[list[Facts], pa.Table], pack: RulePack) -> None:
    found = said(screened, pack)
    assert next(differing(found, {str(row): facts for row, facts in enumerate(generated[0])}, pack), None) is None
    seen = {(rule, row["status"]) for of in found[1].values() for rule, row in of.items()}
    assert len(seen) > 2 * len(pack.rules)
    for column in ("missing", "held_back_by", "let_pass", "met", "values", "entries"):
        assert any(row[column] for of in found[1].values() for row in of.values()), column


def test_verdicts(screened: Path, generated: tuple[list[Facts], pa.Table], pack: RulePack) -> None:
    words = {True: "met", False: "not met", None: "unknown"}
    found = rows_of(screened / "verdicts")
    for row, facts in list(zip(found, generated[0], strict=True))[::17]:
        verdicts = evaluate_facts(pack, facts)
        kinds = {"criterion": verdicts.criteria, "finding": verdicts.findings, "rule": verdicts.rules}
        assert {key: value for key, value in row.items() if key != "patient"} == {
            f"{kind}:{name}": words[truth] for kind, of in kinds.items() for name, truth in of.items()
        }


def test_the_summary_counts_what_was_written(screened: Path, pack: RulePack) -> None:
    summary = json.loads((screened / SUMMARY).read_text())
    statuses, suggestions = said(screened, pack)
    assert summary["patients"] == PATIENTS
    for rule in pack.rules:
        counted = Counter(row[rule] for row in statuses.values())
        assert {status: summary["rules"][rule][status] for status in engine.STATUSES} == {
            s: counted[s] for s in engine.STATUSES
        }
        sets = Counter(tuple(items) for of in suggestions.values() if rule in of for items in of[rule]["missing"])
        assert {
            tuple(each["items"]): each["patients"] for each in summary["rules"][rule]["missing"] if each["items"]
        } == sets
    asked = Counter(
        item
        for of in suggestions.values()
        for item in {item for row in of.values() for items in row["missing"] for item in items}
    )
    assert summary["missing"] == asked
    assert all(sum(of.values()) == PATIENTS for of in summary["known"].values())


def test_a_mess_of_lines(tmp_path: Path, pack: RulePack) -> None:
    """As `evaluate` says it of each, both channels agreeing."""
    given = scattered(tmp_path, lines())
    readings = read_ndjson(given, pack, ON)
    expected = {
        each.patient: evaluate(each.record, pack, ON) for each in readings if each.patient and not each.deceased
    }
    screen(source_of(tmp_path), pack, Wanted(tmp_path / "out", ON, explained=None), workers=1)
    assert (
        next(differing(said(tmp_path / "out", pack), {who: each.facts for who, each in expected.items()}, pack), None)
        is None
    )
    summary = json.loads((tmp_path / "out" / SUMMARY).read_text())
    assert summary["broken"] == len(rows_of(tmp_path / "out" / "broken")) == 5
    assert (
        sum(row["number"] for row in rows_of(tmp_path / "out" / "unused"))
        == sum(each["number"] for each in summary["unused"])
        > 20
    )


@pytest.mark.parametrize("folder", ["synthea/bulk", "mimic"])
def test_real_and_generated_data(folder: str, tmp_path: Path, pack: RulePack) -> None:
    import gzip

    files = sorted((OUTSIDE / folder).glob("*.gz"))
    if not files:
        pytest.skip(f"NOT TESTED: there is no ../shared/data/{folder}")
    readings = read_ndjson(
        (line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()), pack, ON
    )
    expected = {
        each.patient: evaluate(each.record, pack, ON).facts for each in readings if each.patient and not each.deceased
    }
    screen(source_of(OUTSIDE / folder), pack, Wanted(tmp_path / "out", ON, explained=None), workers=1)
    assert len(expected) > 0
    assert next(differing(said(tmp_path / "out", pack), expected, pack), None) is None


def test_a_rule_whose_review_has_lapsed_is_offered_to_nobody(
    generated: tuple[list[Facts], pa.Table], tmp_path: Path, pack: RulePack
) -> None:
    late = {
        rule.id: replace(rule, review=replace(rule.review, lapses=date(2026, 11, 20)))
        for rule in list(pack.rules.values())[::2]
    }
    lapsed = replace(pack, rules={**pack.rules, **late}, missing_sets={})
    screen(
        source_of(written(generated[1].slice(0, 200), tmp_path / "in", 1)),
        lapsed,
        Wanted(tmp_path / "out", ON, explained=None),
        workers=1,
    )
    found = said(tmp_path / "out", lapsed)
    assert (
        next(differing(found, {str(row): facts for row, facts in enumerate(generated[0][:200])}, lapsed), None) is None
    )
    assert any(row["status"] == "withheld" and not row["missing"] for of in found[1].values() for row in of.values())
    assert not any(of[rule]["status"] == "offered" for of in found[1].values() for rule in late if rule in of)


def test_one_rule_alone(generated: tuple[list[Facts], pa.Table], tmp_path: Path, pack: RulePack) -> None:
    rule = "severe-renal-impairment"
    screen(
        source_of(written(generated[1].slice(0, 300), tmp_path / "in", 1)),
        pack,
        Wanted(tmp_path / "out", ON, (rule,), explained=None),
        workers=1,
    )
    statuses, suggestions = said(tmp_path / "out", pack)
    for row, facts in enumerate(generated[0][:300]):
        assert statuses[str(row)] == {rule: evaluate_facts(pack, facts).statuses[rule]}
        assert suggestions[str(row)] == {name: each for name, each in alone(facts, pack).items() if name == rule}


def test_a_table_that_tells_people_nothing_has_no_values(
    generated: tuple[list[Facts], pa.Table], tmp_path: Path, pack: RulePack
) -> None:
    layout = columnar(pack).layout
    told = [name for name, column in layout.columns.items() if column.told]
    screen(
        source_of(written(generated[1].slice(0, 100).drop_columns(told), tmp_path / "in", 1)),
        pack,
        Wanted(tmp_path / "out", ON, explained=None),
        workers=1,
    )
    found = rows_of(tmp_path / "out" / "suggestions")
    assert found
    assert all(row["values"] == [] and row["entries"] is None for row in found)


def test_what_was_not_worked_out_is_said(
    generated: tuple[list[Facts], pa.Table], tmp_path: Path, pack: RulePack
) -> None:
    """Of the most frequent patterns the missing sets are there, and right; elsewhere they are null, and counted."""
    source = source_of(written(generated[1].slice(0, 100), tmp_path / "in", 1))
    found = screen(source, pack, Wanted(tmp_path / "out", ON, explained=20), workers=1)
    suggestions = said(tmp_path / "out", pack)[1]
    withheld = [
        (who, rule, row) for who, of in suggestions.items() for rule, row in of.items() if row["status"] == "withheld"
    ]
    there = [each for each in withheld if each[2]["missing"] is not None]
    assert len(there) == len(withheld) - found.counts.unexplained
    assert 20 < len(there) < len(withheld)
    for who, rule, row in there:
        assert row["missing"] == alone(generated[0][int(who)], pack)[rule]["missing"]


# --- seeded faults in what is written -------------------------------------------------------------------------------------------


def spoilt(name: str, wrong: Callable[[Any], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    def seed(monkeypatch: pytest.MonkeyPatch) -> None:
        home = next(each for each in (output.Judged, output) if hasattr(each, name))
        monkeypatch.setattr(home, name, wrong(getattr(home, name)))

    return seed


def one_row_on(right: Any) -> Any:
    """The values of the patient before."""
    return lambda self, rule, rows: right(self, rule, np.maximum(rows - 1, 0))


def suppressed_is_withheld(right: Any) -> Any:
    def wrong(self: Any, rule: str) -> Any:
        codes = right(self, rule)
        codes[codes == output.SUPPRESSED] = output.WITHHELD
        return codes

    return wrong


def in_doubt_holds(right: Any) -> Any:
    return lambda self, rule: {holder.by: ~self.screened.rules[holder.by].not_met for holder in self.pack.holders[rule]}


FAULTS = [
    pytest.param(spoilt("_values", one_row_on), id="values of another patient"),
    pytest.param(spoilt("_holding", in_doubt_holds), id="held back by one that lets pass"),
    pytest.param(spoilt("sets_once", lambda right: lambda pattern, pack: right(pattern, pack)[:1]), id="one missing set of several"),
    pytest.param(spoilt("_names", lambda right: lambda self, flags, rows: right(self, dict(list(flags.items())[1:]), rows)), id="a name left out"),
    pytest.param(spoilt("codes", suppressed_is_withheld), id="suppressed is withheld"),
    pytest.param(spoilt("_withheld", lambda right: lambda self, rule: iter(())), id="what is withheld is left out"),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_what_is_written_is_noticed(
    fault: Callable[[pytest.MonkeyPatch], None], generated: tuple[list[Facts], pa.Table], tmp_path: Path, pack: RulePack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    number = 150
    fault(monkeypatch)
    source = source_of(written(generated[1].slice(0, number), tmp_path / "in", 1))
    screen(source, pack, Wanted(tmp_path / "out", ON, checked=0, explained=None), workers=1)
    expected = {str(row): facts for row, facts in enumerate(generated[0][:number])}
    assert next(differing(said(tmp_path / "out", pack), expected, pack), None) is not None


# --- the second opinion ---------------------------------------------------------------------------------------------------------


def test_a_row_read_back_is_judged_as_the_record_was(generated: tuple[list[Facts], pa.Table], pack: RulePack) -> None:
    layout = columnar(pack).layout
    for row, facts in zip(generated[1].to_pylist(), generated[0], strict=True):
        assert evaluate_facts(pack, second_opinion.facts_of(row, layout, ON)) == evaluate_facts(pack, facts)


def no_limit(right: Any) -> Any:
    return lambda column, step, inclusive, cells: right(column, step, True, cells)


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(
            lambda patch: patch.setattr(engine, "is_above", no_limit(engine.is_above)),
            id="a limit belongs to what is above it",
        ),
        pytest.param(lambda patch: patch.setattr(engine, "any_of", engine.all_of), id="or is and"),
        pytest.param(
            lambda patch: patch.setattr(output, "sets_once", lambda pattern, pack: ()), id="missing sets are lost"
        ),
        pytest.param(
            lambda patch: patch.setattr(
                second_opinion,
                "evaluate_chained",
                lambda pack, facts: replace(evaluate_facts(pack, facts), statuses={}),
            ),
            id="the channels differ",
        ),
    ],
)
def test_a_part_that_fails_the_check_is_not_written(
    seed: Callable[[pytest.MonkeyPatch], None], generated: tuple[list[Facts], pa.Table], tmp_path: Path, pack: RulePack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    named = (
        generated[1].slice(0, 200).set_column(0, "patient", pa.array([f"Patient/secret-{row}" for row in range(200)]))
    )
    source = source_of(written(named.replace_schema_metadata(generated[1].schema.metadata), tmp_path / "in", 1))
    seed(monkeypatch)
    wrong = Columnar(pack)
    monkeypatch.setattr(screening, "columnar", lambda pack: wrong)
    with pytest.raises(EngineDisagreement, match=r"part 0, row \d+: .* the part is not written") as refused:
        screen(source, pack, Wanted(tmp_path / "out", ON, checked=200, explained=None), workers=1)
    assert "secret" not in str(refused.value)
    assert [list((tmp_path / "out" / name).iterdir()) for name in ("statuses", "suggestions", DONE)] == [[], [], []]


# --- going on -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(generated: tuple[list[Facts], pa.Table], tmp_path: Path) -> Path:
    return written(generated[1].slice(0, 90), tmp_path / "in")


def test_only_what_is_not_whole_is_made_again(small: Path, tmp_path: Path, pack: RulePack) -> None:
    wanted = Wanted(tmp_path / "out", ON, explained=0)
    screen(source_of(small), pack, wanted, workers=1)
    whole = contents(wanted.into)
    assert screen(source_of(small), pack, wanted, workers=1).made == 0
    file = wanted.into / "suggestions" / "part-00001.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    (wanted.into / DONE / "part-00002.json").unlink()
    assert screen(source_of(small), pack, wanted, workers=1).made == 2
    assert contents(wanted.into) == whole
    (wanted.into / "statuses" / "part-00000.parquet").unlink()
    (wanted.into / DONE / "part-00002.json").write_text("{")
    assert screen(source_of(small), pack, wanted, workers=1).made == 2
    assert contents(wanted.into) == whole


def test_a_long_row_group_is_screened_in_pieces(
    small: Path, tmp_path: Path, pack: RulePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As much of it is held at once as of a short one; every patient is there once, and told the same."""
    whole, cut = Wanted(tmp_path / "whole", ON, explained=None), Wanted(tmp_path / "cut", ON, explained=None)
    long = written(pa.concat_tables([pq.read_table(each) for each in sorted(small.iterdir())]), tmp_path / "long", 1)
    assert screen(source_of(small), pack, whole, workers=1).parts == PARTS
    monkeypatch.setattr(sources, "ROWS", 40)
    source = source_of(long)
    assert [each.read().num_rows for each in source.pieces] == [40, 40, 10]
    screen(source, pack, cut, workers=1)
    assert said(cut.into, pack) == said(whole.into, pack)
    monkeypatch.setattr(sources.FactsFiles, "pieces", [source.pieces[0]] * 3)
    screen(source_of(long), pack, replace(cut, into=tmp_path / "faulty"), workers=1)
    assert len({row["patient"] for row in rows_of(tmp_path / "faulty" / "statuses")}) < 90, (
        "a piece that is read twice is noticed"
    )


def contents(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_a_folder_of_something_else_is_left_alone(small: Path, tmp_path: Path, pack: RulePack) -> None:
    wanted = Wanted(tmp_path / "out", ON, explained=0)
    screen(source_of(small), pack, wanted, workers=1)
    before = contents(wanted.into)
    for other, of_pack, what in (
        (replace(wanted, on=date(2026, 11, 22)), pack, "another day"),
        (replace(wanted, rules=("suicide-risk",)), pack, "other rules"),
        (replace(wanted, verdicts=True), pack, "verdicts"),
        (replace(wanted, explained=3), pack, "missing sets"),
        (wanted, load_pack(jurisdictions="us"), "another pack"),
    ):
        with pytest.raises(ScreenError, match=f"another kind .*{what}.*; give another folder"):
            screen(source_of(small), of_pack, other, workers=1)
    os.utime(small / "facts-0.parquet", ns=(1, 1))
    with pytest.raises(ScreenError, match="another input, or files that were changed"):
        screen(source_of(small), pack, wanted, workers=1)
    assert contents(wanted.into) == before
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").touch()
    with pytest.raises(ScreenError, match="holds something that is no screening"):
        screen(source_of(small), pack, replace(wanted, into=tmp_path / "letters"), workers=1)


def test_two_runs_do_not_write_into_one_folder(small: Path, tmp_path: Path, pack: RulePack) -> None:
    with screening._alone(tmp_path / "out"), pytest.raises(ScreenError, match="another run is at work"):
        screen(source_of(small), pack, Wanted(tmp_path / "out", ON, explained=0), workers=1)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        pytest.param(
            lambda table: table.replace_schema_metadata({LAYOUT: b"another"}),
            "part 0: .*made for other rules",
            id="another layout",
        ),
        pytest.param(
            lambda table: table.drop_columns(["egfr_gap"]),
            "part 0: column 'egfr_gap' is missing",
            id="a column is missing",
        ),
    ],
)
def test_a_table_of_another_layout_is_refused(
    spoil: Callable[[pa.Table], pa.Table],
    what: str,
    generated: tuple[list[Facts], pa.Table],
    tmp_path: Path,
    pack: RulePack,
) -> None:
    folder = written(spoil(generated[1].slice(0, 30)), tmp_path / "in", 1)
    with pytest.raises(TableError, match=what):
        screen(source_of(folder), pack, Wanted(tmp_path / "out", ON, explained=0), workers=1)
    with pytest.raises(RecordError, match="is no facts table"):
        source_of(written(generated[1].slice(0, 3).replace_schema_metadata({}), tmp_path / "plain", 1))


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2_000_000_000), ("1.5 gb", 1_500_000_000), ("800M", 800_000_000), ("900000000", 900_000_000)],
)
def test_a_size(text: str, size: int) -> None:
    assert screening.bytes_of(text) == size


@pytest.mark.parametrize("text", ["lots", "2 GB of it", "-1GB", "10MB", ""])
def test_what_is_no_size_or_too_little(text: str) -> None:
    with pytest.raises(ScreenError):
        screening.bytes_of(text)


# --- killed ---------------------------------------------------------------------------------------------------------------------


def started(source: Path, out: Path) -> subprocess.Popen[str]:
    command = "from mgcds.cli import main; main()"
    given = [
        "screen",
        str(source),
        "-o",
        str(out),
        "--on",
        ON.isoformat(),
        "--workers",
        "2",
        "--check",
        "1",
        "--explain",
        "0",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        [sys.executable, "-c", command, *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def half_written(out: Path) -> list[str]:
    """Files in their place that are not whole."""
    found = []
    for path in out.rglob("*"):
        if path.is_file() and screening.SCRATCH not in path.parts:
            try:
                if path.suffix == ".parquet":
                    pq.ParquetFile(path).read()
                elif path.suffix == ".json":
                    json.loads(path.read_text())
            except (OSError, ValueError, pa.ArrowException):
                found.append(path.name)
    return found


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children")
    return [int(each) for each in found.read_text().split()] if found.exists() else []


def test_a_run_that_is_killed_leaves_nothing_half_and_is_taken_up(
    generated: tuple[list[Facts], pa.Table], tmp_path: Path, pack: RulePack
) -> None:
    source = written(generated[1].slice(0, 400), tmp_path / "in", 40)
    out, made = tmp_path / "out", 0
    for enough in (3, 12):
        process = started(source, out)
        deadline = time.monotonic() + 120
        while (
            len(list((out / DONE).glob("*.json")) if (out / DONE).exists() else []) < enough and process.poll() is None
        ):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        workers = children(process.pid)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        made_now = len(list((out / DONE).iterdir()))
        assert made < made_now < 40
        made = made_now
        assert half_written(out) == []
        assert not (out / SUMMARY).exists()
        while any(Path(f"/proc/{worker}/exe").exists() for worker in workers):
            assert time.monotonic() < deadline, "workers end with the process that began them"
            time.sleep(0.02)
    process = started(source, out)
    text, complaint = process.communicate(timeout=120)
    assert (process.returncode, complaint) == (0, "")
    assert f"{made} of 40 parts were there already" in " ".join(text.split()) or made_in(text) > made
    screen(source_of(source), pack, Wanted(tmp_path / "straight", ON, checked=1, explained=0), workers=1)
    assert said(out, pack) == said(tmp_path / "straight", pack)
    assert not (out / screening.SCRATCH).exists()


def made_in(text: str) -> int:
    """A worker may have finished a part after its process was killed."""
    return int(text.split(" of 40 parts were there already")[0].split()[-1])


def test_a_half_written_file_would_be_noticed(small: Path, tmp_path: Path, pack: RulePack) -> None:
    out = tmp_path / "out"
    screen(source_of(small), pack, Wanted(out, ON, explained=0), workers=1)
    for name in ("statuses/part-00001.parquet", f"{DONE}/part-00000.json", RUN):
        (out / name).write_bytes((out / name).read_bytes()[:-9])
    assert sorted(half_written(out)) == ["part-00000.json", "part-00001.parquet", RUN]
