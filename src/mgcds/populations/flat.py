"""Facts from flat tables (`flat_layout`): of many people at once by the statements, of whoever's rows are not plain by their records.

Each row is a part of a `PatientRecord`, and means what it means there; `record` makes that record, which defines what a row comes to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from mgcds.engines.facts_table import Layout
from mgcds.errors import RecordError
from mgcds.fhir.reader import DECEASED
from mgcds.model.dates import parse_when
from mgcds.model.pack import ListItem, RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord, read_record
from mgcds.model.terminology import SYSTEM_OF_URI
from mgcds.populations.flat_layout import SUPPLEMENTS, Column, states_of, tables
from mgcds.populations.lookups import Concepts, reported_items
from mgcds.populations.on_duckdb import database, plain_facts_of
from mgcds.populations.one_by_one import Read

STRANGER, NO_RULE = "its patient is not among the people", "no rule uses it"
_DIAGNOSES = ("conditions", "symptoms")


def extract_flat(files: Mapping[str, Path], part: int, parts: int, layout: Layout, on: date, read: Read) -> None:
    """The facts of the patients of a part, which is the same in every run. RecordError with all that is wrong with the tables."""
    with database(threads=1) as connection:
        wrong = list(_views(connection, files, part, parts, layout.pack))
        if wrong:
            raise RecordError("\n".join(wrong))
        names = tables(layout.pack)
        rows = {name: connection.sql(f"SELECT * FROM {name}").to_arrow_table() for name in names}
    judge(rows, layout, on, read)


def judge(rows: Mapping[str, pa.Table], layout: Layout, on: date, read: Read) -> None:
    """The facts of all people of flat tables in memory who live; the others, and what is nobody's or no rule uses, are counted."""
    rows = {
        name: table if name == "people" else _theirs(name, table, rows["people"], read) for name, table in rows.items()
    }
    rows = _living(rows, read)
    concepts = Concepts(layout)
    flat = {**rows, "entries": _numbered(rows["entries"], concepts), "people": _named(rows["people"])}
    facts, left = plain_facts_of(flat, concepts.table(), layout, on)
    read.add_table(facts)
    for patient, record in records(rows, left, layout.pack):
        read.add(layout.row(read_facts(record, layout.pack, on), patient))
    in_use = {item.id for item in reported_items(layout)}
    unused = Counter(item for item in rows["measurements"]["item"].to_pylist() if item not in in_use)
    for number in unused.values():
        read.unused["measurements", NO_RULE] += number


def _theirs(name: str, table: pa.Table, people: pa.Table, read: Read) -> pa.Table:
    """The rows of people who are there; the others are counted, and would be lost without a word."""
    theirs = pc.is_in(table["patient"], people["patient"].combine_chunks())
    if strangers := table.num_rows - (pc.sum(theirs).as_py() or 0):
        read.unused[name, STRANGER] += strangers
    return table.filter(theirs)


def _living(rows: Mapping[str, pa.Table], read: Read) -> Mapping[str, pa.Table]:
    """The rows of those who are not recorded as deceased."""
    people = rows["people"]
    dead = people.filter(people["deceased"])["patient"].combine_chunks()  # nulls are not kept
    if not len(dead):
        return rows
    read.unused["people", DECEASED] += len(dead)
    return {name: table.filter(pc.invert(pc.is_in(table["patient"], dead))) for name, table in rows.items()}


def _views(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path], part: int, parts: int, pack: RulePack
) -> Iterator[str]:
    """One table for each of the layout, with all its columns, of the patients of a part. Gives what is wrong."""
    found = set[str]()
    for name in tables(pack):
        path = files.get(name)
        if path is None:
            connection.execute(f"CREATE TEMP TABLE {name} AS SELECT {', '.join(selected(name, (), pack))} WHERE FALSE")
            continue
        there = columns_of(connection, path)
        yield from wrong_columns(name, path, there, pack)
        wrong = list(wrong_flags(connection, name, path, there, pack))
        yield from wrong
        if "patient" in there and not wrong:
            mine = f"CAST('0x' || SUBSTRING(MD5(CAST(patient AS VARCHAR)), 1, 8) AS BIGINT) % {parts} = {part}"
            connection.execute(f"CREATE TEMP TABLE {name} AS {rows_of(name, path, there, pack)} AND {mine}")
            found.add(name)
    for check in checks(pack):
        if check.table in found:
            for row in connection.execute(check.query).fetchall():
                yield check.told(files, *row)


# --- what a file holds, on any engine -------------------------------------------------------------------------------------------


def columns_of(connection: duckdb.DuckDBPyConnection, path: Path) -> frozenset[str]:
    """The names of a file's columns."""
    return frozenset(column for column, *_ in connection.execute(f"DESCRIBE SELECT * FROM {_scan(path)}").fetchall())


def selected(name: str, there: Collection[str], pack: RulePack) -> list[str]:
    """All columns of a table in their types, as SQL; those that are not there are not known."""
    return [
        f"CAST({each.name if each.name in there else 'NULL'} AS {_kind(each)}) AS {each.name}"
        for each in tables(pack)[name]
    ]


def rows_of(name: str, path: Path, there: Collection[str], pack: RulePack) -> str:
    """The rows of a file as DuckDB reads them."""
    return f"SELECT {', '.join(selected(name, there, pack))} FROM {_scan(path)} WHERE patient IS NOT NULL"


def _scan(path: Path) -> str:
    shown = str(path).replace("'", "''")
    if path.suffix == ".parquet":
        return f"read_parquet('{shown}')"
    return f"read_csv('{shown}', all_varchar = true, header = true)"


def _kind(column: Column) -> str:
    return "BOOLEAN" if column.is_flag else "STRING"


def wrong_columns(name: str, path: Path, there: Collection[str], pack: RulePack) -> Iterator[str]:
    """What is wrong with the columns of a file."""
    known = {column.name for column in tables(pack)[name]}
    for each in sorted(set(there) - known):
        yield f"{path}: has a column '{each}'; a table of {name} has {', '.join(sorted(known))}"
    if "patient" not in there:
        yield f"{path}: has no column 'patient'"


def wrong_flags(
    connection: duckdb.DuckDBPyConnection, name: str, path: Path, there: Collection[str], pack: RulePack
) -> Iterator[str]:
    """Columns of truths in which something else stands. Dates and words are none."""
    for column in tables(pack)[name]:
        if column.is_flag and column.name in there:
            text = f"CAST({column.name} AS VARCHAR)"
            other = (
                f"SELECT 1 FROM {_scan(path)} WHERE {text} IS NOT NULL AND TRY_CAST({text} AS BOOLEAN) IS NULL LIMIT 1"
            )
            if connection.execute(other).fetchone() is not None:
                yield f"{path}: has a {column.name} that is neither true nor false; write one of them, or nothing"


class Check(NamedTuple):
    """What may be wrong with the rows of a table: a query that gives `found` and the number of `others`, and how that is said."""

    table: str
    query: str
    said: str

    def told(self, files: Mapping[str, Path], found: str | None, others: int) -> str:
        """For the person who can repair it."""
        return f"{files[self.table]}: {self.said.format(found=found, others=others)}"


def checks(pack: RulePack) -> Iterator[Check]:
    """Names of lists and states that the data dictionary does not have, since whatever stands there would be lost; people given twice."""
    lists = [*(each for each, item in pack.items.items() if isinstance(item, ListItem)), SUPPLEMENTS]
    for table, column, known in (("entries", "list", lists), ("states", "item", states_of(pack))):
        names = ", ".join(f"'{each}'" for each in known)
        strange = f"{column} IS NULL OR {column} NOT IN ({names})"
        query = f"SELECT DISTINCT {column} AS found, 0 AS others FROM {table} WHERE {strange}"
        yield Check(table, query, f"has {column} '{{found}}'; write one of {', '.join(known)}")
    doubled = "SELECT patient FROM people GROUP BY patient HAVING COUNT(*) > 1"
    query = f"SELECT MIN(patient) AS found, COUNT(*) - 1 AS others FROM ({doubled}) AS doubled HAVING COUNT(*) > 0"
    yield Check("people", query, "has patient '{found}' more than once, and {others} others; give one row a patient")


# --- what stands in the rows ----------------------------------------------------------------------------------------------------


def _named(people: pa.Table) -> pa.Table:
    return people.append_column("id", people["patient"]).append_column("source", pa.nulls(len(people), pa.string()))


def _numbered(entries: pa.Table, concepts: Concepts) -> pa.Table:
    """With the number of what each entry is; null where it is nothing that a record takes."""
    numbers = [
        concept_number(concepts, *each)
        for each in zip(*(entries[name].to_pylist() for name in ("list", "name", "system", "code")), strict=True)
    ]
    return entries.append_column("concept", pa.array(numbers, pa.int64()))


def concept_number(concepts: Concepts, of: str, name: str | None, system: str | None, code: str | None) -> int | None:
    """The number of what an entry is; none where it is nothing that a record takes."""
    codes = ((_system(system), code),) if system and code else ()
    if not name and not codes:
        return None
    return concepts.number("medicines" if of == SUPPLEMENTS else of, name or None, codes)


def _system(given: str) -> str:
    return SYSTEM_OF_URI.get(given, given)


# --- one by one -----------------------------------------------------------------------------------------------------------------


def records(
    rows: Mapping[str, pa.Table], patients: Iterable[object], pack: RulePack
) -> Iterator[tuple[str, PatientRecord]]:
    """The records of some patients: what their rows mean."""
    wanted = frozenset(patients)
    mine: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for name in rows if wanted else ():
        own = rows[name].filter(
            pa.compute.is_in(rows[name]["patient"], pa.array(sorted(map(str, wanted)), pa.string()))
        )
        for row in own.to_pylist():
            mine[row.pop("patient")][name].append({key: value for key, value in row.items() if value is not None})
    for patient, found in mine.items():
        yield patient, record_of(found, pack)


def record_of(rows: Mapping[str, list[dict[str, Any]]], pack: RulePack) -> PatientRecord:
    """The record of a patient with these rows, by table, each with what is known; they are used up."""
    return read_record(_record(rows, pack))


def _record(rows: Mapping[str, list[dict[str, Any]]], pack: RulePack) -> dict[str, Any]:
    (person,) = rows["people"]
    record: dict[str, Any] = {name: person[name] for name in ("birth_date", "sex") if name in person}
    for row in rows.get("measurements", ()):
        item = row.pop("item", "")
        if item in pack.items and item in PatientRecord.model_fields:
            record.setdefault(item, []).append(row)
    for name in (each for each, item in pack.items.items() if isinstance(item, ListItem)):
        record |= {name: []} if person.get(f"{name}_given") else {}
        record |= {f"{name}_reconciled": day} if (day := person.get(f"{name}_reviewed")) is not None else {}
    for row in rows.get("entries", ()):
        record.setdefault(row.pop("list"), []).append(row)
    for name in record.keys() & {
        *(each for each, item in pack.items.items() if isinstance(item, ListItem)),
        SUPPLEMENTS,
    }:
        record[name] = [_entry(name, row) for row in record[name]]
    for row in sorted(rows.get("states", ()), key=_newest_last):
        record[row.pop("item")] = row
    return record


def _entry(of: str, row: dict[str, Any]) -> dict[str, Any]:
    system, code = row.pop("system", None), row.pop("code", None)
    entry = {**row, "codes": [{"system": _system(system), "code": code}] if system and code else []}
    if of in _DIAGNOSES:
        entry.pop("status", None)
        entry |= {other: entry.pop(one) for one, other in (("start", "onset"), ("stop", "abated")) if one in entry}
    if of != SUPPLEMENTS:
        entry.pop("daily_dose", None)
    return entry


def _newest_last(row: Mapping[str, Any]) -> tuple[object, ...]:
    try:
        return (1, parse_when(row["date"]).order())
    except (KeyError, ValueError):
        return (0,)
