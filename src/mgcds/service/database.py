"""SQLite or PostgreSQL, set so that what is committed stays, and that nothing waits for ever."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from mgcds.errors import SettingsError

_MIGRATIONS = Path(__file__).with_name("migrations")
_ONE_AT_A_TIME = 0x6D676364  # "mgcd": the lock under which a PostgreSQL is migrated

_ALEMBIC = threading.Lock()  # it keeps what it works on in a module


def connect(url: str) -> Engine:
    """An engine that has not connected yet. SettingsError where the URL is none; the URL itself, which may hold a password, is not said."""
    try:
        known = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "the database is no URL such as sqlite:///mgcds.db or postgresql+psycopg://host/name"
        ) from None
    if known.get_backend_name() == "sqlite":
        engine = create_engine(known, connect_args={"timeout": 2.0, "check_same_thread": False})
        _set_up_sqlite(engine)
        return engine
    if known.get_backend_name() != "postgresql":
        raise SettingsError("the database is neither SQLite nor PostgreSQL")
    known = known.set(drivername="postgresql+psycopg")
    options = "-c statement_timeout=5000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=10000"
    try:
        return create_engine(
            known,
            pool_pre_ping=True,
            pool_timeout=2,
            connect_args={
                "connect_timeout": 2,
                "options": options,
                "tcp_user_timeout": 5000,
                "application_name": "mgcds",
            },
        )
    except ImportError:
        raise SettingsError("PostgreSQL needs its driver: pip install 'mgcds[postgresql]'") from None


def _set_up_sqlite(engine: Engine) -> None:
    """A writer that does not shut readers out (WAL), each commit on the disk before it counts (FULL), and one transaction for a
    migration: the driver would begin none before DDL.
    """

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads_only")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")  # who only reads holds up no writer


def file_of(engine: Engine) -> tuple[int, int] | None:
    """Which file an SQLite is, by device and number; None for what is none. FileNotFoundError where it is gone."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or ":memory:" in name or name.startswith("file:"):
        return None
    found = Path(name).stat()
    return found.st_dev, found.st_ino


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the tables up to date, all or nothing; of several workers that start at once, one does and the others wait."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with _ALEMBIC, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
        config.attributes["connection"] = connection
        command.upgrade(config, to)
