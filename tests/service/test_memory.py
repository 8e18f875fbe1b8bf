"""The memory: what was answered stays, whatever is killed; what could not be kept is counted; and nobody waits for it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, event, inspect, select, text

from mgcds.errors import SettingsError
from mgcds.service import acceptance, schema
from mgcds.service import memory as module
from mgcds.service.acceptance import SEVERAL, lines, read_acceptance
from mgcds.service.database import connect, migrate
from mgcds.service.memory import NotKept, SqlMemory, as_uuid
from mgcds.service.ports import Said
from tests.service.records import AT, as_of_0001, calls_in, decision, feedback, rows_in, uid, until

ROOT = Path(__file__).parents[2]
KILLS = 60


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return connect(f"sqlite:///{tmp_path}/memory.db")


def ready(engine: Engine, **settings: Any) -> SqlMemory:
    """A memory whose tables are made."""
    memory = SqlMemory(engine, **settings)
    until(lambda: memory.well)
    return memory


def test_a_decision_is_kept_without_clinical_values(engine: Engine) -> None:
    memory = ready(engine, key=b"secret", patience=5)
    memory.remember([decision(1)])
    memory.close()
    assert memory.counts == {"kept": 1}
    assert rows_in(engine) == {"answers": 1, "feedback": 0, "accepted": 0, "tokens": 0}
    with engine.connect() as connection:
        (row,) = connection.execute(select(schema.answers)).mappings()
    assert row["call"] == uid(1)
    assert row["inputs"] not in ("", "f" * 64), "who has the database alone cannot try out values"


@pytest.mark.parametrize(("keys", "same"), [((b"a", b"a"), True), ((b"a", b"b"), False), ((None, None), False)])
def test_inputs_are_known_again_by_who_has_the_key(engine: Engine, keys: Any, same: bool) -> None:
    for number, key in enumerate(keys):
        memory = ready(engine, key=key, patience=5)
        memory.remember([decision(number)])
        memory.close()
    with engine.connect() as connection:
        first, second = connection.execute(select(schema.answers.c.inputs)).scalars()
    assert (first == second) is same


def test_what_a_client_sends_as_an_id_is_not_kept_as_it_is(engine: Engine) -> None:
    memory = ready(engine, reasons=lambda: {"patient-declined"}, patience=5)
    memory.remember([replace(decision(1), hook_instance="Jane Roe 1963")])
    named = replace(feedback(1), card="Jane Roe", accepted=("Jane", "Jane", "Roe"), reason="Jane-Roe")
    memory.take([named, feedback(2, "overridden", "patient-declined")])
    memory.close()
    with engine.connect() as connection:
        kept = " ".join(
            str(row) for table in schema.metadata.sorted_tables for row in connection.execute(select(table))
        )
    assert "Jane" not in kept
    assert "Roe" not in kept
    assert "patient-declined" in kept
    assert as_uuid("Jane Roe") in kept, "the same name gives the same id, so feedback finds its card"


def test_a_time_at_the_end_of_the_calendar_is_kept(engine: Engine) -> None:
    memory = ready(engine)
    for moment in ("0001-01-01T00:00:00", "9999-12-31T23:59:59"):
        for zone in ("-14:00", "+14:00"):
            memory.take([replace(feedback(1), at=datetime.fromisoformat(moment + zone))])
    assert memory.counts["kept"] == 4
    memory.close()


# Killed


def fates(url: str, times: int, seed: int) -> list[dict[str, list[int]]]:
    command = [sys.executable, "-m", "tests.service.killing", url, str(times), str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=True)
    return list(json.loads(done.stdout))


def lost(runs: list[dict[str, list[int]]], on_file: list[str]) -> list[str]:
    """What is wrong: something kept that is not there, something there that was not brought or is there twice."""
    there, problems = set(on_file), []
    if len(there) < len(on_file):
        problems.append("a record twice")
    for run in runs:
        problems += [f"{number} was kept and is not there" for number in run["kept"] if uid(number) not in there]
        if len([number for number in run["brought"] if uid(number) not in there]) > 1:
            problems.append("more than the one in flight")
    if there - {uid(number) for run in runs for number in run["brought"]}:
        problems.append("a record nobody brought")
    return problems


def test_a_process_that_is_killed_loses_at_most_the_record_in_flight(tmp_path: Path) -> None:
    """One file for all: the first processes die in the midst of making its tables."""
    url = f"sqlite:///{tmp_path}/memory.db"
    runs = fates(url, KILLS, seed=6)
    memory = ready(connect(url), patience=5)
    memory.remember([decision(-1)])
    memory.close()
    assert memory.counts["kept"] == 1, "and it still works"
    on_file = calls_in(connect(url))
    on_file.remove(uid(-1))
    assert lost(runs, on_file) == []
    assert sum(len(run["kept"]) for run in runs) > KILLS // 5, (
        "several were told that theirs was kept; how many, the load decides"
    )
    assert any(len(run["brought"]) > len(run["kept"]) for run in runs), "and some were killed with one in flight"
    with sqlite3.connect(f"{tmp_path}/memory.db") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_record_that_is_gone_would_be_noticed() -> None:
    runs = [{"brought": [1, 2, 3], "kept": [1, 2]}]
    assert lost(runs, [uid(1), uid(2)]) == []
    assert lost(runs, [uid(1), uid(2), uid(3)]) == []
    assert lost(runs, [uid(1)]) == ["2 was kept and is not there", "more than the one in flight"]
    assert lost(runs, [uid(1), uid(2), uid(2)]) == ["a record twice"]
    assert lost(runs, [uid(1), uid(2), uid(9)]) == ["a record nobody brought"]


def test_what_is_committed_is_on_the_disk(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"


# Out of order


def test_a_lost_database_holds_nobody_up_and_what_was_not_kept_is_counted(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()  # a file where a folder should be
    memory = SqlMemory(connect(f"sqlite:///{tmp_path}/folder/memory.db"), room=20, patience=0.5)
    until(lambda: "faults" in memory.counts)
    began = monotonic()
    for number in range(1000):
        memory.remember([decision(number)])
    assert monotonic() - began < 5, "a thousand records do not wait half a second each"
    assert memory.counts["lost"] >= 979  # twenty in the queue, at most one batch with the writer
    with pytest.raises(NotKept):
        memory.take([feedback(1)])
    memory.close()
    assert memory.counts["lost"] == 1001
    assert "kept" not in memory.counts


def test_records_that_waited_are_kept_when_the_database_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "volume"
    memory = SqlMemory(connect(f"sqlite:///{folder}/memory.db"))
    until(lambda: "faults" in memory.counts)
    for number in range(5):
        memory.remember([decision(number)])
    folder.mkdir()
    until(lambda: memory.counts.get("kept") == 5)
    assert memory.well
    memory.close()
    assert sorted(calls_in(connect(f"sqlite:///{folder}/memory.db"))) == sorted(uid(number) for number in range(5))


@pytest.mark.parametrize("instead", ["nothing", "another memory"])
def test_a_file_that_is_removed_or_exchanged_is_noticed(instead: str, tmp_path: Path) -> None:
    file, other = tmp_path / "memory.db", tmp_path / "other.db"
    memory = ready(connect(f"sqlite:///{file}"), patience=5)
    memory.take([feedback(0)])
    if instead == "nothing":
        file.unlink()
    else:
        migrate(connect(f"sqlite:///{other}"))
        other.replace(file)
    assert not memory.answers(), "what it is written to is not what is there"
    memory.take([feedback(1)])
    assert memory.answers()
    memory.close()
    assert rows_in(connect(f"sqlite:///{file}"))["feedback"] == 1, "what was said to be kept is kept"


def test_a_slow_database_makes_the_first_wait_a_moment_and_nobody_else(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    go_on = threading.Event()
    memory = ready(engine, room=10, patience=0.05)

    @event.listens_for(engine, "before_cursor_execute")
    def stuck(*_: Any) -> None:
        go_on.wait(30)

    began = monotonic()
    for number in range(500):
        memory.remember([decision(number)])
    assert monotonic() - began < 5
    assert memory.counts["late"] == 1
    assert memory.counts["lost"] >= 489
    go_on.set()
    until(lambda: memory.counts.get("kept", 0) + memory.counts["lost"] == 500)
    memory.close()
    said = [each.message for each in caplog.records if each.message.startswith("the memory is")]
    slow = "the memory is slow: nobody waits for it until it is written again"
    assert said == [slow, "the memory is written again"], "what is over had been told of"


def test_a_full_disk_is_waited_for(engine: Engine) -> None:
    memory = ready(engine, patience=2)
    memory.remember([decision(0)])
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()

    @event.listens_for(engine, "begin")
    def full(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={full_at}")

    full_at = pages
    many = [feedback(number) for number in range(2000)]
    with pytest.raises(NotKept):
        memory.take(many)
    assert memory.counts["faults"] >= 1
    full_at = 1_000_000
    until(lambda: memory.well)
    memory.close()
    assert rows_in(engine)["feedback"] == 2000, "all of it, once"


def test_a_record_that_cannot_be_held_takes_no_other_with_it(engine: Engine) -> None:
    memory = ready(engine, patience=5)
    memory.remember([decision(0)])
    bad = replace(decision(1), problem="half a character \ud800")
    memory.remember([decision(2), bad, decision(3)])
    memory.close()
    assert (memory.counts["kept"], memory.counts["refused"]) == (3, 1)
    assert sorted(calls_in(engine)) == sorted([uid(0), uid(2), uid(3)])


def test_a_commit_whose_answer_was_lost_is_not_written_twice(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = ready(engine, patience=5)
    memory.remember([decision(0)])
    real, failed = SqlMemory._write, []

    def write(self: SqlMemory, batch: Any, again: bool) -> None:
        if not failed:
            failed.append(True)
            with engine.begin() as connection:
                for rows, _ in batch:
                    module.insert(connection, rows)
            raise OSError("the connection went with the answer")
        real(self, batch, again)

    monkeypatch.setattr(SqlMemory, "_write", write)
    memory.remember([decision(1)])
    memory.close()
    assert sorted(calls_in(engine)) == sorted([uid(0), uid(1)])


def test_nothing_is_taken_when_closed(engine: Engine) -> None:
    memory = ready(engine)
    memory.close()
    memory.remember([decision(1)])
    assert memory.counts == {"lost": 1}


# Tables


def test_the_migrations_make_the_tables_of_the_schema(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        connection.execute(text("DROP INDEX feedback_card"))
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata), "a difference is seen"


def test_an_older_database_is_brought_up_to_date_and_keeps_what_it_has(engine: Engine) -> None:
    migrate(engine, "0001")
    assert "feedback" not in inspect(engine).get_table_names()
    as_of_0001(engine, range(1500))
    memory = ready(engine)
    memory.take([feedback(1)])
    memory.close()
    assert rows_in(engine) == {"answers": 1500, "feedback": 1, "accepted": 1, "tokens": 0}
    with engine.connect() as connection:
        found = connection.execute(select(schema.answers.c.call, schema.answers.c.said)).all()
        said = {call: text for call, text in found}  # noqa: C416  (rows are no pairs for mypy)
    assert len(said) == 1500
    for number in range(1500):
        kept = msgspec.json.decode(said[uid(number)], type=tuple[Said, ...])
        assert kept == (() if number == 7 else decision(number).said)
    (rule,) = read_acceptance(engine).rules
    assert (rule.cards, rule.accepted) == (1499, 1)


def test_a_database_of_a_newer_version_is_left_alone(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    memory = SqlMemory(engine)
    until(lambda: "faults" in memory.counts)
    memory.remember([decision(1)])
    memory.close()
    assert memory.counts["lost"] == 1
    assert rows_in(engine)["answers"] == 0


def test_workers_that_start_at_once_make_the_tables_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/memory.db"
    memories = [SqlMemory(connect(url), patience=5) for _ in range(4)]
    for number, memory in enumerate(memories):
        until(lambda: memory.well)  # noqa: B023
        memory.remember([decision(number)])
    for memory in memories:
        memory.close()
    assert len(calls_in(connect(url))) == 4


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://root:secret@host/name", "sqlite+nothing://"])
def test_a_wrong_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises((SettingsError, Exception)) as refused:
        connect(url)
    assert "secret" not in str(refused.value)


# What became of the cards


def test_acceptance_by_rule(engine: Engine) -> None:
    memory = ready(engine, reasons=lambda: {"patient-declined"}, patience=5)
    for number in range(5):
        memory.remember([decision(number)])
    memory.remember([decision(0)])  # sent again: the same card
    memory.remember([decision(5, rule="trial-overdue")])
    memory.remember([decision(6, problem="EngineFault")])
    several = (Said("trial-overdue", "offered", uid("folded")), Said("week-six-review", "offered", uid("folded")))
    memory.remember([replace(decision(7), said=several)])
    memory.take([feedback(0), feedback(1), feedback(2, "overridden", "patient-declined")])
    memory.take([feedback(1, "overridden", "my own words", minute=5)])  # changed their mind
    memory.take([feedback(3, "overridden"), feedback(99)])
    memory.close()
    found = read_acceptance(engine)
    assert (found.calls, found.not_evaluated, found.unknown_cards) == (9, 1, 1)
    by_rule = {rule.rule: (rule.cards, rule.accepted, rule.overridden, rule.unanswered) for rule in found.rules}
    assert by_rule == {
        "severe-renal-impairment": (5, 1, 3, 1), "trial-overdue": (1, 0, 0, 1), SEVERAL: (1, 0, 0, 1),
    }  # fmt: skip
    (renal,) = [rule for rule in found.rules if rule.rule == "severe-renal-impairment"]
    assert renal.reasons == {"": 1, "other": 1, "patient-declined": 1}
    shown = "\n".join(lines(found))
    assert "severe-renal-impairment: 5 cards, 1 accepted, 3 overridden, 1 without feedback" in shown
    assert "1 × no reason given" in shown
    assert read_acceptance(engine, since=AT.date() + timedelta(days=1)).calls == 0
    assert read_acceptance(engine, since=date(2026, 11, 21)).calls == 9
    assert json.dumps(found.to_dict())


def test_who_reads_what_became_of_cards_keeps_no_feedback_out(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = ready(engine, patience=5)
    memory.remember([decision(0)])
    real = acceptance._read

    def meanwhile(connection: Connection, since: date | None) -> Any:
        found = real(connection, since)
        memory.take([feedback(0)])
        return found

    monkeypatch.setattr(acceptance, "_read", meanwhile)
    assert read_acceptance(connect(str(engine.url))).calls == 1
    memory.close()
    assert rows_in(engine)["feedback"] == 1


def test_feedback_on_a_card_of_an_earlier_day_is_on_one_that_is_known(engine: Engine) -> None:
    memory = ready(engine, patience=5)
    memory.remember([decision(0)])
    memory.take([feedback(0, minute=60 * 24), feedback(99, minute=60 * 24)])
    memory.close()
    found = read_acceptance(engine, since=AT.date() + timedelta(days=1))
    assert (found.calls, found.unknown_cards, found.rules) == (0, 1, ())


def test_a_file_that_is_no_memory_says_so(tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(SettingsError, match="has a service written to it"):
        read_acceptance(connect(f"sqlite:///{tmp_path}/other.db"))
    with pytest.raises(SettingsError, match="there is no memory"):
        read_acceptance(connect(f"sqlite:///{tmp_path}/absent.db"))
    assert not (tmp_path / "absent.db").exists()
