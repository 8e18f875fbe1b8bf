"""A Parquet file of statuses: a column of patients, and for each rule one of words, of which there are four at most.

In Parquet the words of a column are a dictionary, and what a patient has is a number of two bits that points into it. pyarrow looks at
each number several times, which took longer than finding them all; here those of a column become one page at once. The patients' own
pages are pyarrow's. What the bytes mean: https://parquet.apache.org/docs/file-format/, with the numbers of its `parquet.thrift`.
"""

from __future__ import annotations

from base64 import b64encode
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mgcds import __version__

_MAGIC = b"PAR1"
_VERSION = 2  # of the format
_BYTES, _REQUIRED, _UTF8 = 6, 0, 0  # a column: its type, never null, a text; the last again, as newer readers want it:
_STRING: dict[int, Any] = {1: {}}
_PLAIN, _RLE, _RLE_DICTIONARY = 0, 3, 8  # encodings
_SNAPPY, _DATA_PAGE, _DICTIONARY_PAGE = 1, 0, 2
_BITS = 2  # a number has


class Long(int):
    """A number that the format has as 64 bits; others are 32."""


Thrift: TypeAlias = "int | bytes | list[Any] | dict[int, Any]"
"""What a footer or the head of a page is made of: numbers, none below 0; texts; lists; and structures, as fields by their numbers"""


class Chunk(NamedTuple):
    """One column of one group of rows: its pages, where among them the data begin, which is behind a dictionary, its bytes were
    nothing compressed, and its encodings.
    """

    pages: bytes
    data_at: int
    size: int
    encodings: list[int]


class StatusFile:
    """Of a schema like `columnar.status_schema`. Each table that is written becomes a group of rows. It can be read when it is closed."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._groups: list[Thrift] = []
        self._rows = 0
        self._file = path.open("wb")
        self._file.write(_MAGIC)

    def __enter__(self) -> StatusFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            footer = _written(self._footer())
            self._file.write(footer + len(footer).to_bytes(4, "little") + _MAGIC)
        self._file.close()

    def write_table(self, table: pa.Table) -> None:
        """Rows of the schema."""
        begins, rows, size, columns = self._file.tell(), table.num_rows, 0, list[Thrift]()
        for name, column in zip(table.schema.names, table.combine_chunks().columns if rows else (), strict=False):
            chunk = _patients(column) if name == "patient" else _statuses(column.chunk(0))
            at, size = self._file.tell(), size + chunk.size
            described: dict[int, Thrift] = {
                1: _BYTES, 2: chunk.encodings, 3: [name.encode()], 4: _SNAPPY, 5: Long(rows), 6: Long(chunk.size),
                7: Long(len(chunk.pages)), 9: Long(at + chunk.data_at),
            }  # fmt: skip
            columns.append({2: Long(at), 3: {**described, **({11: Long(at)} if chunk.data_at else {})}})
            self._file.write(chunk.pages)
        if columns:
            self._groups.append({1: columns, 2: Long(size), 3: Long(rows), 5: Long(begins)})
        self._rows += rows

    def _footer(self) -> Thrift:
        columns = [{1: _BYTES, 3: _REQUIRED, 4: name.encode(), 6: _UTF8, 10: _STRING} for name in self._schema.names]
        told = {**(self._schema.metadata or {}), b"ARROW:schema": b64encode(self._schema.serialize())}
        return {
            1: _VERSION,
            2: [{4: b"schema", 5: len(columns)}, *columns],
            3: Long(self._rows),
            4: self._groups,
            5: [{1: key, 2: value} for key, value in told.items()],
            6: f"mgcds version {__version__}".encode(),
        }


# --- pages ------------------------------------------------------------------------------------------------------------------


def _patients(column: pa.ChunkedArray) -> Chunk:
    """As pyarrow writes them."""
    table = pa.table([column], pa.schema([pa.field("patient", pa.string(), False)]))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=table.num_rows, use_dictionary=False, write_statistics=False)
    file = sink.getvalue()
    made = pq.read_metadata(pa.BufferReader(file)).row_group(0).column(0)
    pages = file.slice(made.data_page_offset, made.total_compressed_size).to_pybytes()
    return Chunk(pages, 0, made.total_uncompressed_size, [_PLAIN, _RLE])


def _statuses(column: pa.DictionaryArray) -> Chunk:
    """A page of the words, each after its length; and one of the numbers, which is one run of so many groups of eight."""
    words = [word.encode() for word in column.dictionary.to_pylist()]
    assert len(words) <= 1 << _BITS
    plain = b"".join(len(word).to_bytes(4, "little") + word for word in words)
    numbers = two_bits(np.from_dlpack(column.indices))
    run = bytes([_BITS]) + _varint(len(numbers) // _BITS << 1 | 1) + numbers.tobytes()
    dictionary, of_words = _page(_DICTIONARY_PAGE, plain, {7: {1: len(words), 2: _PLAIN}})
    data, of_data = _page(_DATA_PAGE, run, {5: {1: len(column), 2: _RLE_DICTIONARY, 3: _RLE, 4: _RLE}})
    return Chunk(dictionary + data, len(dictionary), of_words + of_data, [_PLAIN, _RLE, _RLE_DICTIONARY])


def _page(kind: int, content: bytes, described: dict[int, Thrift]) -> tuple[bytes, int]:
    """The page, and how many bytes it would have, were it not compressed."""
    compressed = pa.compress(content, "snappy", asbytes=True)
    head = _written({1: kind, 2: len(content), 3: len(compressed), **described})
    return head + compressed, len(head) + len(content)


def two_bits(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers below 4 as two bits each, the first one lowest; with 0 behind them up to a multiple of eight."""
    padded = np.zeros(-(-len(numbers) // 8) * 8, np.uint8)
    padded[: len(numbers)] = numbers
    fours: NDArray[np.uint32] = padded.view("<u4")
    return (fours | fours >> 6 | fours >> 12 | fours >> 18).astype(np.uint8)


# --- Thrift's compact protocol ----------------------------------------------------------------------------------------------


def _written(value: Thrift) -> bytes:
    match value:
        case int():
            return _varint(2 * value)  # the lowest bit is the sign
        case bytes():
            return _varint(len(value)) + value
        case list():
            kind = _kind(value[0]) if value else _kind({})
            head = bytes([len(value) << 4 | kind]) if len(value) < 15 else bytes([15 << 4 | kind]) + _varint(len(value))
            return head + b"".join(map(_written, value))
        case dict():  # a field says by how much its number is greater than that of the one before
            heads = (number - before << 4 | _kind(value[number]) for before, number in pairwise([0, *value]))
            fields = zip(heads, map(_written, value.values()), strict=True)
            return b"".join(bytes([head]) + field for head, field in fields) + b"\0"


def _kind(value: Thrift) -> int:
    kinds = {Long: 6, int: 5, bytes: 8, list: 9, dict: 12}
    return kinds[type(value)]


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last byte have the eighth bit."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])
