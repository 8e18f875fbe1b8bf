"""Every reader finds in a file of statuses what pyarrow's own writer would have put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mgcds.engines.columnar import STATUSES, status_column, status_schema
from mgcds.populations import status_file
from mgcds.populations.status_file import StatusFile, two_bits

SIZES = [1, 7, 8, 9, 127, 0, 1_000, 70_000]
RULES = [f"rule-{number}" for number in range(20)]  # more than 14, of which a list is written another way


def tables() -> list[pa.Table]:
    """Of several sizes: one rule always has the same status, one changes at every row, the others have any."""
    rng = np.random.default_rng(3)
    schema = status_schema(RULES).with_metadata({b"pack": b"\xc3\xa4 pack"})
    found = []
    for size in SIZES:
        codes = [np.full(size, 2), np.arange(size) % 4, *(rng.integers(0, 4, size) for _ in RULES[2:])]
        patients = pa.array([f"{'ü' * (row % 5)}{row}" for row in range(size)], pa.string())
        found.append(pa.table([patients, *(status_column(each.astype(np.uint8)) for each in codes)], schema))
    return found


def written(path: Path, tables: list[Any]) -> Path:
    with StatusFile(path, tables[0].schema) as file:
        for table in tables:
            file.write_table(table)
    return path


def by_polars(path: Path) -> pa.Table:
    return pl.read_parquet(path).to_arrow()


def by_duckdb(path: Path) -> pa.Table:
    return duckdb.read_parquet(str(path)).to_arrow_table()


READERS: list[Callable[[Path], pa.Table]] = [pq.read_table, by_polars, by_duckdb]


def misread(path: Path, expected: pa.Table) -> Iterator[str]:
    """The readers that find something else, or cannot read it."""
    words = expected.cast(pa.schema([(name, pa.string()) for name in expected.schema.names]))
    for reader in READERS:
        try:
            found = reader(path).cast(words.schema)
        except (Exception, pl.exceptions.PanicException) as error:  # of whichever library
            yield f"{reader.__name__}: {error}"
            continue
        if not found.equals(words):
            yield reader.__name__


def test_three_readers_find_what_was_written(tmp_path: Path) -> None:
    path, expected = written(tmp_path / "statuses.parquet", tables()), pa.concat_tables(tables())
    assert list(misread(path, expected)) == []
    assert pq.read_metadata(path).num_row_groups == len(SIZES) - 1  # nobody is no group
    assert pq.read_metadata(path).num_rows == sum(SIZES)


def test_pyarrow_finds_the_schema_too(tmp_path: Path) -> None:
    found = pq.read_table(written(tmp_path / "statuses.parquet", tables()))
    assert found.schema.equals(tables()[0].schema, check_metadata=True)
    assert found.schema.metadata == {b"pack": b"\xc3\xa4 pack"}
    whole = pq.ParquetFile(tmp_path / "statuses.parquet").schema
    pq.write_table(found, tmp_path / "by-pyarrow.parquet")
    assert whole.equals(pq.ParquetFile(tmp_path / "by-pyarrow.parquet").schema)


def test_what_it_says_of_its_bytes_is_so(tmp_path: Path) -> None:
    path = written(tmp_path / "statuses.parquet", tables())
    at = 4  # behind the format's own name
    for group in map(pq.read_metadata(path).row_group, range(len(SIZES) - 1)):
        columns = [group.column(number) for number in range(group.num_columns)]
        assert group.total_byte_size == sum(column.total_uncompressed_size for column in columns)
        for column in columns:
            assert (column.dictionary_page_offset or column.data_page_offset) == at
            at += column.total_compressed_size
    footer = int.from_bytes(path.read_bytes()[-8:-4], "little")
    assert path.stat().st_size == at + footer + 8


def test_nobody_can_be_written(tmp_path: Path) -> None:
    path = written(tmp_path / "statuses.parquet", [tables()[0].slice(0, 0)])
    assert list(misread(path, tables()[0].slice(0, 0))) == []


def test_a_part_of_a_table_can_be_written(tmp_path: Path) -> None:
    some = tables()[-1].slice(5, 11)
    assert list(misread(written(tmp_path / "statuses.parquet", [some]), some)) == []


def test_an_interrupted_file_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "statuses.parquet"
    with pytest.raises(AttributeError):
        written(path, [tables()[0], None])
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(path)


def test_a_patient_without_id_is_refused(tmp_path: Path) -> None:
    nobody = tables()[0].set_column(0, "patient", pa.array([None], pa.string()))
    with pytest.raises(pa.ArrowInvalid), StatusFile(tmp_path / "statuses.parquet", nobody.schema) as file:
        file.write_table(nobody)


def test_the_first_number_is_in_the_lowest_bits() -> None:
    assert two_bits(np.array([3, 2, 1, 0, 1])).tolist() == [0b00_01_10_11, 0b00_00_00_01]


# --- faults that have to be caught ------------------------------------------------------------------------------------------


def other_bits(numbers: Any) -> Any:
    return two_bits(numbers.reshape(-1, 1)[::-1].ravel())


def without_the_last(numbers: Any) -> Any:
    return two_bits(np.where(np.arange(len(numbers)) == len(numbers) - 1, 3 - numbers, numbers))


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        pytest.param("two_bits", other_bits, id="the rows in another order"),
        pytest.param("two_bits", without_the_last, id="another status of the last patient"),
        pytest.param("_BITS", 3, id="another width"),
        pytest.param("_DATA_PAGE", 1, id="another kind of page"),
        pytest.param("_SNAPPY", 6, id="another compression than is said"),
        pytest.param("_varint", lambda number: bytes([number & 127]), id="a number that is cut off"),
    ],
)
def test_a_fault_is_found(what: str, fault: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_file, what, fault)
    found = list(misread(written(tmp_path / "statuses.parquet", tables()), pa.concat_tables(tables())))
    assert len(found) == len(READERS), f"only {found}"


def test_words_are_those_of_the_table(tmp_path: Path) -> None:
    """Whatever their order."""
    turned = pa.DictionaryArray.from_arrays(pa.array([0, 3, 1], pa.int8()), pa.array(STATUSES[::-1]))
    table = pa.table([pa.array(["a", "b", "c"]), turned], status_schema(["one"]))
    found = pq.read_table(written(tmp_path / "statuses.parquet", [table]))
    assert found["one"].to_pylist() == ["not indicated", "withheld", "offered"]
