"""Several workers know together which tokens were used; without their database each goes by its own."""

from __future__ import annotations

import threading
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from mgcds.service.database import connect, migrate
from mgcds.service.replay import LocalReplay, SharedReplay
from mgcds.service.schema import tokens
from tests.service.signing import ISSUER, OTHER


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = connect(f"sqlite:///{tmp_path}/tokens.db")
    migrate(made)
    return made


def worker(engine: Engine, **settings: Any) -> SharedReplay:
    return SharedReplay(engine, LocalReplay(), **{"patience": 5.0, **settings})


def kept(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(tokens)).scalar_one()


def test_a_token_used_at_one_worker_is_known_at_the_other(engine: Engine) -> None:
    one, other = worker(engine), worker(engine)
    assert one.use(ISSUER, "a", 100, 0) == "first"
    assert other.use(ISSUER, "a", 100, 0) == "again"
    assert other.use(OTHER, "a", 100, 0) == "first", "each issuer has ids of its own"
    assert (one.faults, other.faults) == (0, 0)


def test_without_a_common_store_it_would_not_be_known() -> None:
    assert [LocalReplay().use(ISSUER, "a", 100, 0) for _ in range(2)] == ["first", "first"]


def test_of_many_at_once_one_is_the_first(engine: Engine) -> None:
    workers, found = [worker(engine) for _ in range(8)], []
    threads = [
        threading.Thread(target=lambda each=each: found.append(each.use(ISSUER, "a", 100, 0)))  # type: ignore[misc]
        for each in workers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["again"] * 7 + ["first"]


def test_what_has_expired_is_cleared_away(engine: Engine) -> None:
    one = worker(engine)
    for number in range(20):
        one.use(ISSUER, str(number), 100, 70)
    assert kept(engine) == 20
    one.use(ISSUER, "later", 300, 200)
    assert kept(engine) == 1


@pytest.mark.parametrize("fault", ["lost", "slow"])
def test_a_database_that_fails_holds_nobody_up(fault: str, engine: Engine) -> None:
    go_on = threading.Event()

    @event.listens_for(engine, "before_cursor_execute")
    def failing(*_: Any) -> None:
        if fault == "lost":
            raise OSError("gone")
        go_on.wait(20)

    one = worker(engine, patience=0.1)
    began = monotonic()
    assert [one.use(ISSUER, str(number), 100, 0) for number in range(200)] == ["first"] * 200
    assert one.use(ISSUER, "0", 100, 0) == "again", "this process still knows"
    assert monotonic() - began < 5
    assert one.faults == 200
    go_on.set()


def test_after_a_pause_the_database_is_asked_again(engine: Engine) -> None:
    now, broken = 0.0, True

    @event.listens_for(engine, "before_cursor_execute")
    def failing(*_: Any) -> None:
        if broken:
            raise OSError("gone")

    one = worker(engine, clock=lambda: now)
    one.use(ISSUER, "a", 100, 0)
    broken = False
    one.use(ISSUER, "b", 100, 0)
    assert (one.faults, kept(engine)) == (2, 0)
    now = 5.0
    one.use(ISSUER, "c", 100, 0)
    assert (one.faults, kept(engine)) == (2, 1)
