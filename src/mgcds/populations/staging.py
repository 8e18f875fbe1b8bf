"""Lines of NDJSON, brought together by patient: what the files hold in any order, in parts that one process can hold.

Each process reads blocks of a file and writes their lines by part to a scratch folder, with what tells which lines have to be read
together (`fhir.belonging`). DuckDB then finds, within its memory, who is bound to whom: two patients of whom one version each of a
resource is given, or one of whom refers to what is another's. As a rule nobody is. Those who are bound go to one part. What is looked
up and belongs to nobody goes with every part that refers to it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mgcds.errors import RecordError
from mgcds.fhir.belonging import Belonging, belonging
from mgcds.populations.on_duckdb import database

BLOCK = 32_000_000
"""bytes that are read at once"""
NOBODY = 0
"""the group of what is about no patient"""
MANY = 100
_TOGETHER, _REFERS, _OFFERS = range(3)
_REFERS_TO = pa.field("refers", pa.list_(pa.int64()))
_LINES = pa.schema([("group", pa.int64()), ("line", pa.int32()), ("text", pa.large_binary()), _REFERS_TO])
_LINKS = pa.schema([("what", pa.int8()), ("thing", pa.int64()), ("group", pa.int64())])
_SHARED = pa.schema(
    [
        ("thing", pa.int64()),
        ("file", pa.int32()),
        ("start", pa.int64()),
        ("block", pa.int32()),
        ("line", pa.int32()),
        ("text", pa.binary()),
    ]
)
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a file: bytes from `start` until a line ends at or after `end`. A packed file is one span."""

    file: int
    path: Path
    start: int = 0
    end: int | None = None


class Staged(NamedTuple):
    """A block as it was written: how many lines it has, which parts are in it, in order, and the groups of its patients, None if many."""

    file: int
    start: int
    block: int
    lines: int
    resources: int
    parts: tuple[int, ...]
    patients: frozenset[int] | None
    read: int
    """bytes"""


@dataclass(frozen=True)
class Staging:
    """All that was staged. `first`: the number of the first line of each block, from 1. `bound`: groups that are read with another's."""

    folder: Path
    files: tuple[Path, ...]
    parts: int
    blocks: tuple[Staged, ...]
    first: Mapping[tuple[int, int, int], int]
    bound: Mapping[int, int]
    whole: bool
    """there is only one patient: what names nobody is theirs"""

    def place(self, line: int) -> tuple[str, int]:
        """The file of a line, and its number there."""
        first = max((number, block) for block, number in self.first.items() if number <= line)
        start = min(number for block, number in self.first.items() if block[0] == first[1][0])
        return self.files[first[1][0]].name, line - start + 1


def once(name: str) -> int:
    """A number for a name, the same on every machine; never that of nobody."""
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True) or 1


number_of = lru_cache(100_000)(once)
"""The same, for names that come again: of patients, and of what is looked up."""


def spans(files: Iterable[Path]) -> Iterator[Span]:
    """The files in pieces that several processes may read at once."""
    for number, path in enumerate(files):
        with path.open("rb") as stream:
            packed = stream.read(2) == _GZIP
        size = path.stat().st_size
        if packed:
            yield Span(number, path)
        else:
            for start in range(0, max(size, 1), BLOCK):
                yield Span(number, path, start, min(start + BLOCK, size))


def blocks(span: Span) -> Iterator[bytes]:
    """Whole lines, about BLOCK bytes at a time. RecordError where a packed file is damaged: what is missing might be what matters."""
    with span.path.open("rb") as raw:
        if span.end is None:
            try:
                with gzip.GzipFile(fileobj=raw) as stream:
                    yield from _whole_lines(stream)
            except (OSError, EOFError, zlib.error):
                raise RecordError(f"{span.path}: is a damaged gzip file: fetch it again") from None
            return
        if span.start:
            raw.seek(span.start - 1)
            raw.readline()  # a line belongs to the span it begins in
        block = raw.read(max(span.end - raw.tell(), 0))
        if block:
            yield block if block.endswith(b"\n") else block + raw.readline()


def _whole_lines(stream: gzip.GzipFile) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block + stream.readline()


def stage_span(span: Span, parts: int, folder: Path) -> list[Staged]:
    """Write a span by part; `lines-…`, `links-…` and `shared-…` of its blocks."""
    return [_Block(span, number, block, parts).write(folder) for number, block in enumerate(blocks(span))]


class _Block:
    """One block on its way."""

    def __init__(self, span: Span, number: int, block: bytes, parts: int) -> None:
        self.span, self.number, self.read = span, number, len(block)
        self.name = f"line {span.file} {span.start} {number}"
        self.lines = block.splitlines()
        self.parts = parts
        self.groups = np.zeros(len(self.lines), np.int64)
        self.is_shared = np.zeros(len(self.lines), np.bool_)
        self.refers: list[Sequence[int] | None] = [None] * len(self.lines)
        self.links: list[tuple[int, int, int]] = []
        self.shared: list[tuple[int, int, int, int, int, bytes]] = []
        self.patients: set[int] = set()
        self.resources = 0
        for at, line in enumerate(self.lines):
            self._add(at, line)

    def _add(self, at: int, line: bytes) -> None:
        where = f"{self.name} {at}"
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        found = belonging(text, where) if text else Belonging()
        self.resources += bool(found.keys)
        people = found.people
        groups = sorted(map(number_of, people)) if len(people) > 1 else [number_of(*people) if people else NOBODY]
        if found.alone:
            self.is_shared[at] = True
            here = (self.span.file, self.span.start, self.number, at, text)
            self.shared += [(number_of(name), *here) for name in found.offers]
            return
        self.groups[at] = group = groups[0]
        for key in found.keys:
            self.links.append((_TOGETHER, once(key), group))
        if found.refers:
            self.refers[at] = things = [number_of(name) for name in found.refers]
            self.links += [(_REFERS, thing, group) for thing in things]
        for name in found.offers:
            self.links.append((_OFFERS, number_of(name), group))
        if len(groups) > 1:
            self.links += [(_TOGETHER, once(where), each) for each in groups]
        if found.patients and len(self.patients) < MANY:
            self.patients.update(groups)

    def write(self, folder: Path) -> Staged:
        name = f"{self.span.file}-{self.span.start}-{self.number}"
        parts = self.groups % self.parts
        order = np.argsort(parts, kind="stable")
        order = order[~self.is_shared[order]]
        found, starts = np.unique(parts[order], return_index=True)
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(folder / f"lines-{name}.arrow", _LINES, options=options) as out:
            for rows in np.split(order, starts[1:]) if len(order) else ():
                columns = [
                    self.groups[rows], rows.astype(np.int32),
                    *([of_lines[row] for row in rows.tolist()] for of_lines in (self.lines, self.refers)),
                ]  # fmt: skip
                out.write_batch(
                    pa.record_batch(
                        [pa.array(each, field.type) for each, field in zip(columns, _LINES, strict=True)], schema=_LINES
                    )
                )
        links = np.array(self.links, np.int64).reshape(-1, 3).T
        pq.write_table(pa.table([*links], _LINKS), folder / f"links-{name}.parquet")
        _write(self.shared, _SHARED, folder / f"shared-{name}.parquet")
        patients = frozenset(self.patients) if len(self.patients) < MANY else None
        return Staged(
            self.span.file,
            self.span.start,
            self.number,
            len(self.lines),
            self.resources,
            tuple(found.tolist()),
            patients,
            self.read,
        )


def _write(rows: Sequence[tuple[object, ...]], schema: pa.Schema, path: Path) -> None:
    columns = [pa.array([row[place] for row in rows], field.type) for place, field in enumerate(schema)]
    pq.write_table(pa.table(columns, schema), path)


# --- who is bound to whom ---------------------------------------------------------------------------------------------------

# As a rule nobody is: to find that out costs little memory, a list of the groups of each thing would cost much.
_BOUND = """
    WITH binding AS (
        SELECT what > 0 AS is_named, thing FROM links GROUP BY ALL
        HAVING min("group") <> max("group") AND (max(what) = 0 OR max(what) = 2)
    )
    SELECT thing, list(DISTINCT "group") FROM links JOIN binding USING (thing) WHERE (what > 0) = is_named GROUP BY is_named, thing
"""
_PART = '((coalesce(rep, "group") % {parts}) + {parts}) % {parts}'
_WANTED = f"""
    COPY (
        WITH asked AS (
            SELECT DISTINCT thing, {_PART} AS part FROM links LEFT JOIN bound USING ("group") WHERE what = {_REFERS}
        ), many AS (SELECT thing, count(*) AS parts FROM asked GROUP BY thing)
        SELECT shared.*, coalesce(many.parts, 1) = 1 AS here, coalesce(asked.part, 0)::INTEGER AS part
        FROM shared LEFT JOIN asked USING (thing) LEFT JOIN many USING (thing)
    ) TO '{{folder}}/wanted' (FORMAT parquet, PARTITION_BY (part))
"""


def bring_together(folder: Path, files: Sequence[Path], parts: int, blocks: Iterable[Staged], memory: int) -> Staging:
    """Who is read with whom, and what is looked up by which part. RecordError where no line is FHIR."""
    ordered = sorted(blocks)
    if not any(block.resources for block in ordered):
        raise RecordError("no line is a FHIR resource; NDJSON has one resource a line, each with its resourceType")
    first, line = {}, 1
    for block in ordered:
        first[block[:3]] = line
        line += block.lines
    with database() as connection:
        connection.execute(f"SET memory_limit = '{memory // 1_000_000}MB'")
        connection.execute(f"SET temp_directory = '{folder}'")
        for what in ("links", "shared"):
            connection.execute(f"CREATE VIEW {what} AS SELECT * FROM read_parquet('{folder}/{what}-*.parquet')")
        bound = united(groups for _, groups in connection.execute(_BOUND).fetchall())
        whole = _is_one_patient([block.patients for block in ordered], bound)
        if whole:
            everybody = [group for (group,) in connection.execute('SELECT DISTINCT "group" FROM links').fetchall()]
            bound = dict.fromkeys(everybody, NOBODY)
        pairs = pa.table({"group": pa.array(bound, pa.int64()), "rep": pa.array(bound.values(), pa.int64())})
        connection.register("bound", pairs)
        connection.execute(_WANTED.format(parts=parts, folder=folder))
    return Staging(folder, tuple(files), parts, tuple(ordered), first, bound, whole)


def united(sets: Iterable[Iterable[int]]) -> dict[int, int]:
    """Each member of sets that overlap, and the least of all who are linked with it."""
    least: dict[int, int] = {}

    def top(one: int) -> int:
        while least.setdefault(one, one) != one:
            least[one] = one = least[least[one]]
        return one

    for members in sets:
        tops = [top(member) for member in members]
        for each in tops:
            least[each] = min(tops)
    return {member: top(member) for member in list(least)}


def _is_one_patient(blocks: Iterable[frozenset[int] | None], bound: Mapping[int, int]) -> bool:
    found: set[int] = set()
    for patients in blocks:
        if patients is None:
            return False
        found.update(bound.get(group, group) for group in patients)
    return len(found) == 1


# --- a part ---------------------------------------------------------------------------------------------------------------


class PartOfLines(NamedTuple):
    """`lines`: group, number, text, and the ids that it looks up, sorted by the first two. `shared`: by the id by which they are looked
    up; `here`: of those, the numbers of the lines that no other part has.
    """

    lines: pa.Table
    shared: Mapping[int, tuple[tuple[int, bytes], ...]]
    here: Mapping[int, bytes]


def lines_of(part: int, staging: Staging) -> PartOfLines:
    """The lines of a part, of all files."""
    origins = {group % staging.parts for group, rep in staging.bound.items() if rep % staging.parts == part} | {part}
    found = [_LINES_OF_ALL.empty_table()]
    for block in staging.blocks:
        places = [place for place, each in enumerate(block.parts) if each in origins]
        if places:
            name = f"lines-{block.file}-{block.start}-{block.block}.arrow"
            with pa.memory_map(str(staging.folder / name)) as file:
                batches = pa.ipc.open_file(file)
                found += [_placed(batches.get_batch(place), part, block, staging) for place in places]
    table = pa.concat_tables(found)
    shared: dict[int, tuple[tuple[int, bytes], ...]] = {}
    here: dict[int, bytes] = {}
    for path in sorted((staging.folder / "wanted" / f"part={part}").glob("*.parquet")):
        for thing, file, start, block_number, line, text, alone in zip(
            *pq.ParquetFile(path).read().to_pydict().values(), strict=True
        ):
            number = staging.first[file, start, block_number] + line
            shared[thing] = (*shared.get(thing, ()), (number, text))
            here |= {number: text} if alone else {}
    order = np.lexsort((table["line"].to_numpy(), table["group"].to_numpy()))
    return PartOfLines(table.combine_chunks().take(pa.array(order)), shared, here)


_LINES_OF_ALL = pa.schema([("group", pa.int64()), ("line", pa.int64()), ("text", pa.large_binary()), _REFERS_TO])


def _placed(batch: pa.RecordBatch, part: int, block: Staged, staging: Staging) -> pa.Table:
    """Lines with the numbers they have in all files, those alone that are of this part."""
    groups = batch["group"].to_numpy()
    numbers = batch["line"].to_numpy().astype(np.int64) + staging.first[block[:3]]
    if staging.bound:
        groups = np.array([staging.bound.get(group, group) for group in groups.tolist()], np.int64)
    table = pa.table([pa.array(groups), pa.array(numbers), batch["text"], batch["refers"]], _LINES_OF_ALL)
    return table.filter(pa.array(groups % staging.parts == part)) if staging.bound else table
