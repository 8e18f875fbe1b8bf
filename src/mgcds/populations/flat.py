"""Facts from flat tables (`flat_layout`): of many people at once by the statements, of whoever's rows are not plain by their records.

Each row is a part of a `PatientRecord`, and means what it means there; `record` makes that record, which defines what a row comes to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

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
        read.unused["measurements", "no rule uses it"] += number


def _theirs(name: str, table: pa.Table, people: pa.Table, read: Read) -> pa.Table:
    """The rows of people who are there; the others are counted, and would be lost without a word."""
    theirs = pc.is_in(table["patient"], people["patient"].combine_chunks())
    if strangers := table.num_rows - (pc.sum(theirs).as_py() or 0):
        read.unused[name, "its patient is not among the people"] += strangers
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
    for name, columns in tables(pack).items():
        path = files.get(name)
        if path is None:
            nothing = ", ".join(f"NULL::{_kind(column)} AS {column.name}" for column in columns)
            connection.execute(f"CREATE TEMP TABLE {name} AS SELECT {nothing} WHERE FALSE")
            continue
        shown = str(path).replace("'", "''")
        scan = (
            f"read_parquet('{shown}')"
            if path.suffix == ".parquet"
            else f"read_csv('{shown}', all_varchar = true, header = true)"
        )
        there = {column for column, *_ in connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()}
        known = {column.name for column in columns}
        yield from (
            f"{path}: has a column '{each}'; a table of {name} has {', '.join(sorted(known))}"
            for each in sorted(there - known)
        )
        if "patient" not in there:
            yield f"{path}: has no column 'patient'"
            continue
        flags = [column.name for column in columns if column.is_flag and column.name in there]
        if no_flags := [name for name in flags if not _is_flag(connection, scan, name)]:
            yield from (
                f"{path}: has a {each} that is neither true nor false; write one of them, or nothing"
                for each in no_flags
            )
            continue
        wanted = ", ".join(
            f"CAST({column.name if column.name in there else 'NULL'} AS {_kind(column)}) AS {column.name}"
            for column in columns
        )
        mine = f"CAST('0x' || SUBSTRING(MD5(CAST(patient AS VARCHAR)), 1, 8) AS BIGINT) % {parts} = {part}"
        connection.execute(
            f"CREATE TEMP TABLE {name} AS SELECT {wanted} FROM {scan} WHERE patient IS NOT NULL AND {mine}"
        )
        yield from _strange(connection, name, path, pack)
        if name == "people":
            yield from _doubled(connection, path)


def _is_flag(connection: duckdb.DuckDBPyConnection, scan: str, name: str) -> bool:
    """Is a column of truths? Dates and words are none."""
    text = f"CAST({name} AS VARCHAR)"
    other = f"SELECT 1 FROM {scan} WHERE {text} IS NOT NULL AND TRY_CAST({text} AS BOOLEAN) IS NULL LIMIT 1"
    return connection.execute(other).fetchone() is None


def _kind(column: Column) -> str:
    return "BOOLEAN" if column.is_flag else "VARCHAR"


def _strange(connection: duckdb.DuckDBPyConnection, name: str, path: Path, pack: RulePack) -> Iterator[str]:
    """Names of lists and states that the data dictionary does not have: whatever stands there would be lost."""
    lists = [*(each for each, item in pack.items.items() if isinstance(item, ListItem)), SUPPLEMENTS]
    for table, column, known in (("entries", "list", lists), ("states", "item", states_of(pack))):
        if name == table:
            for (found,) in connection.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall():
                if found not in known:
                    yield f"{path}: has {column} '{found}'; write one of {', '.join(known)}"


def _doubled(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[str]:
    found = connection.execute(
        "SELECT patient FROM people GROUP BY patient HAVING COUNT(*) > 1 ORDER BY patient"
    ).fetchall()
    if found:
        yield f"{path}: has patient '{found[0][0]}' more than once, and {len(found) - 1} others; give one row a patient"


def _named(people: pa.Table) -> pa.Table:
    return people.append_column("id", people["patient"]).append_column("source", pa.nulls(len(people), pa.string()))


def _numbered(entries: pa.Table, concepts: Concepts) -> pa.Table:
    """With the number of what each entry is; null where it is nothing that a record takes."""
    numbers = [
        _number(concepts, *each)
        for each in zip(*(entries[name].to_pylist() for name in ("list", "name", "system", "code")), strict=True)
    ]
    return entries.append_column("concept", pa.array(numbers, pa.int64()))


def _number(concepts: Concepts, of: str, name: str | None, system: str | None, code: str | None) -> int | None:
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
        yield patient, read_record(_record(found, pack))


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
