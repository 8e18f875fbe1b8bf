"""The statements on DuckDB: from flat tables in memory to the facts of those whose rows are plain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache

import duckdb
import pyarrow as pa

from mgcds.engines.facts_arrow import schema_of
from mgcds.engines.facts_table import Layout
from mgcds.populations.lookups import tables as lookups_of
from mgcds.populations.statements import Statement, statements


def facts_of(
    flat: Mapping[str, pa.Table], concepts: pa.Table, layout: Layout, on: date, threads: int = 1
) -> tuple[pa.Table, frozenset[object]]:
    """The facts table of the patients whose rows are all plain, and the patients who are left, by their `patient`."""
    with database(threads) as connection:
        for name, table in (*flat.items(), *_lookups(layout).items(), ("concepts", concepts)):
            connection.register(name, table)
        for statement, text in _rendered(layout, on):
            connection.execute(
                f"CREATE TEMP {'VIEW' if statement.name == 'facts' else 'TABLE'} {statement.name} AS {text}"
            )
        facts = connection.sql("SELECT * FROM facts").to_arrow_table()
        left = frozenset(patient for (patient,) in connection.execute("SELECT patient FROM left_over").fetchall())
    return pa.table(facts.columns, schema_of(layout, told=True)), left


@contextmanager
def database(threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory in which a moment is the same moment everywhere. `threads`: as many as processors if not given."""
    with duckdb.connect(config={"threads": threads} if threads else {}) as connection:
        # where Python was started without a file (-c, a notebook), DuckDB draws a bar on standard output, in the midst of our JSON
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@lru_cache(2)
def _lookups(layout: Layout) -> Mapping[str, pa.Table]:
    return lookups_of(layout)


@lru_cache(4)
def _rendered(layout: Layout, on: date) -> tuple[tuple[Statement, str], ...]:
    return tuple((each, each.sql("duckdb")) for each in statements(layout, on))
