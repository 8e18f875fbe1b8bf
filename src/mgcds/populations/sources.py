"""What a population is read from: Bulk Data of FHIR as NDJSON, flat tables, or a facts table that was made before.

A source is cut into parts that are the same in every run, whatever the memory and the number of processes: a run that was interrupted
goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from mgcds.engines.facts_arrow import LAYOUT
from mgcds.errors import RecordError

PART = 128_000_000
"""bytes of NDJSON that make a part, about"""
FEW = {4: 128_000_000, 2: 32_000_000}
"""so many parts at least from so many bytes on, so that several processors have work; a part by itself takes as long as 1,000 patients"""
PACKED = 10  # how much longer NDJSON is than its gzip, about
ROWS = 100_000
"""patients of a facts table that make a part, where its row groups are not longer; one of more than twice as many is cut"""
WHAT = (
    "give a folder or a file of NDJSON (*.ndjson, *.ndjson.gz), or of a facts table (*.parquet), or a folder of flat tables "
    "(people.parquet or people.csv, and others)"
)
FLAT, FLAT_ENDINGS = ("people", "measurements", "entries", "states"), (".parquet", ".csv", ".csv.gz")


@dataclass(frozen=True)
class FhirFiles:
    """NDJSON, plain or gzip, one resource a line, in the order of the files' names."""

    files: tuple[Path, ...]

    @cached_property
    def parts(self) -> int:
        """How many parts, from the lengths of the files alone."""
        size = sum(map(length, self.files))
        return max(round(size / PART), next((parts for parts, least in FEW.items() if size >= least), 1))


class Piece(NamedTuple):
    """Row groups of a file; or of one of them so many ROWS, counted from 0."""

    file: Path
    groups: tuple[int, ...]
    piece: int | None = None

    def read(self) -> pa.Table:
        """What stands there. Of a long row group no more is held than is asked for, though all before it is decoded again."""
        parquet = pq.ParquetFile(self.file)
        if self.piece is None:
            return parquet.read_row_groups(self.groups)
        tenths = parquet.iter_batches(ROWS // 10, self.groups)  # decoding holds several batches at once
        return pa.Table.from_batches(islice(tenths, 10 * self.piece, 10 * self.piece + 10))


@dataclass(frozen=True)
class FactsFiles:
    """Parquet files of a facts table. A part is a few row groups of one file, or ROWS patients of a row group that is long."""

    files: tuple[Path, ...]

    @cached_property
    def pieces(self) -> Sequence[Piece]:
        """Each part."""
        found: list[Piece] = []
        for file in self.files:
            described = pq.read_metadata(file)
            rows, groups = 0, list[int]()
            for number in range(described.num_row_groups):
                more = described.row_group(number).num_rows
                if groups and rows + more > ROWS:
                    found.append(Piece(file, tuple(groups)))
                    rows, groups = 0, []
                if more > 2 * ROWS:
                    found += [Piece(file, (number,), piece) for piece in range(-(-more // ROWS))]
                else:
                    rows, groups = rows + more, [*groups, number]
            if groups or not described.num_row_groups:
                found.append(Piece(file, tuple(groups)))
        return found

    @property
    def parts(self) -> int:
        """How many parts."""
        return len(self.pieces)


@dataclass(frozen=True)
class FlatFiles:
    """The flat tables of docs/population.md, each one file. A part is some of the patients."""

    tables: Mapping[str, Path]

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return tuple(self.tables.values())

    @cached_property
    def parts(self) -> int:
        """How many parts, from the lengths of the files alone."""
        return max(1, round(sum(map(length, self.files)) / PART))


Source = FhirFiles | FactsFiles | FlatFiles


def source_of(given: Path) -> Source:
    """What a folder or a file holds. RecordError where it is nothing of which a population can be read."""
    files = tuple(sorted(given.iterdir())) if given.is_dir() else (given,)
    ndjson = tuple(each for each in files if is_ndjson(each))
    parquet = tuple(each for each in files if each.suffix == ".parquet")
    if flat := _flat_tables(files) if given.is_dir() and not ndjson else {}:
        return FlatFiles(flat)
    if ndjson and parquet:
        raise RecordError(f"{given}: holds NDJSON and Parquet; {WHAT}, not of both")
    if ndjson:
        return FhirFiles(ndjson)
    if parquet and all(LAYOUT in (pq.read_schema(each).metadata or {}) for each in parquet):
        return FactsFiles(parquet)
    if parquet:
        raise RecordError(
            f"{given}: is no facts table: its schema does not say {LAYOUT.decode()}; see docs/population.md"
        )
    raise RecordError(f"{given}: {'holds nothing that can be read' if given.exists() else 'is not there'}; {WHAT}")


def _flat_tables(files: Sequence[Path]) -> dict[str, Path]:
    """By name; none where there are no `people`. RecordError where one is there twice."""
    found = {name: [each for each in files if each.name in {name + end for end in FLAT_ENDINGS}] for name in FLAT}
    for paths in found.values():
        if len(paths) > 1:
            raise RecordError(f"{paths[0].parent}: has {' and '.join(path.name for path in paths)}; keep one of them")
    return {name: paths[0] for name, paths in found.items() if paths} if found["people"] else {}


def fingerprint(source: Source) -> str:
    """Of the names, lengths and times of the files: another one where one of them was changed."""
    said = [f"{each.name} {(found := each.stat()).st_size} {found.st_mtime_ns}" for each in source.files]
    return sha256("\n".join([type(source).__name__, *said]).encode()).hexdigest()


def is_ndjson(file: Path) -> bool:
    """By its name."""
    return file.name.removesuffix(".gz").endswith(".ndjson")


def length(file: Path) -> int:
    """Bytes of a file once it is unpacked, about."""
    return file.stat().st_size * (PACKED if file.suffix == ".gz" else 1)
