"""The statements on DuckDB: from flat tables in memory to the facts of those whose rows are plain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from mgcds.engines.facts_arrow import schema_of
from mgcds.engines.facts_table import Layout
from mgcds.populations.lookups import tables as lookups_of
from mgcds.populations.statements import Statement, statements


def facts_of(
    flat: Mapping[str, pa.Table], concepts: pa.Table, layout: Layout, on: date, threads: int = 1
) -> tuple[pa.Table, dict[Any, frozenset[str]]]:
    """The facts table, and who is left, by their `patient`: with the items of which the facts are not to be relied on, or with none
    where the facts lack the patient.
    """
    with database(threads) as connection:
        for name, table in (*flat.items(), *_lookups(layout).items(), ("concepts", concepts)):
            connection.register(name, table)
        *before, (_, last) = _rendered(layout, on)
        for statement, text in before:
            connection.execute(f"CREATE TEMP TABLE {statement.name} AS {text}")
        facts = connection.sql(last).to_arrow_table()
        left: dict[Any, set[str | None]] = defaultdict(set)
        for patient, item in connection.execute("SELECT patient, item FROM left_over").fetchall():
            left[patient].add(item)
    found = {
        patient: frozenset[str]() if None in items else frozenset(filter(None, items))
        for patient, items in left.items()
    }
    return pa.table(facts.columns, schema_of(layout, told=True)), found


def plain_facts_of(
    flat: Mapping[str, pa.Table], concepts: pa.Table, layout: Layout, on: date
) -> tuple[pa.Table, frozenset[Any]]:
    """The facts table of those whose rows are all plain, by ids that are their `patient`, and the patients who are left."""
    facts, left = facts_of(flat, concepts, layout, on)
    return facts.filter(pc.invert(pc.is_in(facts["patient"], pa.array(left, pa.string())))), frozenset(left)


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
