"""The memory in PostgreSQL: the same, also where the server goes away and comes back."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from mgcds.service import schema
from mgcds.service.acceptance import read_acceptance
from mgcds.service.database import connect, migrate
from mgcds.service.memory import NotKept, SqlMemory
from mgcds.service.replay import LocalReplay, SharedReplay
from tests.service.postgres import NOT_TESTED, Server, binaries
from tests.service.records import as_of_0001, calls_in, decision, feedback, rows_in, uid, until
from tests.service.test_memory import fates, lost

KILLS = 25


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = binaries()
    if found is None:
        if os.environ.get("MGCDS_POSTGRESQL") == "required":
            pytest.fail(NOT_TESTED)
        pytest.skip(NOT_TESTED)
    pytest.importorskip("psycopg", reason="NOT TESTED: no psycopg")
    with tempfile.TemporaryDirectory(prefix="mgcds-pg-") as folder:  # a short path: the socket's name has a limit
        made = Server(Path(folder), found)
        yield made
        made.crash()


@pytest.fixture
def engine(server: Server) -> Iterator[Engine]:
    made = connect(server.url)
    yield made
    with made.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    made.dispose()


def test_the_migrations_make_the_tables_of_the_schema(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_what_an_older_version_said_is_read_as_before(engine: Engine) -> None:
    migrate(engine, "0001")
    as_of_0001(engine, range(10))
    migrate(engine)
    (rule,) = read_acceptance(engine).rules
    assert rule.cards == 9


def test_decisions_and_feedback_are_kept(engine: Engine) -> None:
    memory = SqlMemory(engine, patience=5)
    memory.remember([decision(1)])
    memory.take([feedback(1)])
    memory.close()
    assert rows_in(engine) == {"answers": 1, "feedback": 1, "accepted": 1, "tokens": 0}
    (rule,) = read_acceptance(engine).rules
    assert (rule.cards, rule.accepted) == (1, 1)


def test_a_process_that_is_killed_loses_at_most_the_record_in_flight(server: Server, engine: Engine) -> None:
    runs = fates(server.url, KILLS, seed=7)
    assert lost(runs, calls_in(engine)) == []
    assert sum(len(run["kept"]) for run in runs) > KILLS // 5, (
        "several were told that theirs was kept; how many, the load decides"
    )


def test_a_server_that_crashes_loses_nothing_that_was_kept(server: Server, engine: Engine) -> None:
    memory, kept, stop = SqlMemory(engine, patience=5), [], threading.Event()
    until(lambda: memory.well)

    def bring() -> None:
        number = 0
        while not stop.is_set():
            try:
                memory.take([feedback(number)])
                kept.append(uid(f"card {number}"))
            except NotKept:
                pass
            number += 1

    bringer = threading.Thread(target=bring)
    bringer.start()
    until(lambda: len(kept) > 20)
    server.crash()
    memory.remember([decision(1)])  # nobody is held up, and nothing is raised
    server.start()
    before = len(kept)
    until(lambda: len(kept) > before + 20)
    stop.set()
    bringer.join()
    memory.close()
    assert memory.counts["faults"] >= 1
    assert calls_in(engine) == [uid(1)], "what was brought while it was away is kept too"
    with engine.connect() as connection:
        there = list(connection.execute(text("SELECT card FROM feedback")).scalars())
    assert set(kept) <= set(there)
    assert len(there) == len(set(there)), "none twice"


def test_workers_that_start_at_once_make_the_tables_once(engine: Engine, server: Server) -> None:
    engines = [connect(server.url) for _ in range(4)]
    memories = [SqlMemory(each, patience=5) for each in engines]
    for number, memory in enumerate(memories):
        memory.remember([decision(number)])
    for memory in memories:
        memory.close()
        assert "faults" not in memory.counts
    for each in engines:
        each.dispose()
    assert len(calls_in(engine)) == 4


def test_a_text_that_postgresql_cannot_hold_takes_no_other_with_it(engine: Engine) -> None:
    memory = SqlMemory(engine, patience=5)
    until(lambda: memory.well)
    with pytest.raises(NotKept):
        memory.take([feedback(1, "over\0ridden")])
    memory.take([feedback(2)])
    memory.close()
    assert memory.counts["refused"] == 1


def test_tokens_are_known_at_every_worker(engine: Engine) -> None:
    migrate(engine)
    workers = [SharedReplay(engine, LocalReplay(), patience=5) for _ in range(2)]
    assert [each.use("issuer", "a", 100, 0) for each in workers] == ["first", "again"]
