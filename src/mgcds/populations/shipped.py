"""What all stages on Spark share: a session, the pack as it travels to the workers, what is extracted, schemas and rows of Arrow."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from mgcds.engines.columnar import Columnar
from mgcds.errors import ScreenError, TableError
from mgcds.loading import load_pack, rules_root
from mgcds.model.pack import RulePack

Batches: TypeAlias = Iterator[pa.RecordBatch]
_DDL = {
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "string": "string",
    "binary": "binary",
    "bool": "boolean",
}


def session(memory: int | None = None) -> SparkSession:
    """The session that is active; else one as the environment says, local where it says nothing. `memory`, in bytes, is that of a new one.

    ScreenError where Spark does not start.
    """
    found = SparkSession.getActiveSession()
    if found is not None:
        return found
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else workers are the python3 of the path, without mgcds
    new = SparkSession.builder.appName("mgcds").config("spark.ui.enabled", "false")
    new = new.config("spark.ui.showConsoleProgress", str(sys.stderr.isatty()).lower())
    if memory is not None:
        new = new.config("spark.driver.memory", f"{memory // 1_000_000}m")
    try:
        made = new.getOrCreate()
    except PySparkException as error:
        raise ScreenError(
            f"Spark did not start: it needs Java 17 or newer ({str(error).splitlines()[0][:200]})"
        ) from None
    made.sparkContext.setLogLevel("OFF")
    if str(made.sparkContext.master).startswith("local"):
        made.conf.set("spark.sql.shuffle.partitions", str(4 * made.sparkContext.defaultParallelism))  # else 200
    return made


@dataclass(frozen=True)
class Shipped:
    """A pack as it travels: its files in a zip. Spark sends what is larger than 1 MB to each worker only once."""

    files: bytes
    jurisdictions: tuple[str, ...]
    digest: str

    def engine(self) -> Columnar:
        """The engine of the pack, made ready once in each process."""
        return _ready(self)


def ship(pack: RulePack, root: Path | None = None) -> Shipped:
    """A pack that was loaded from this folder, or is the built-in one. TableError where the folder holds another one."""
    root, packed = root or rules_root(), BytesIO()
    for chosen in ((), pack.jurisdictions):
        if load_pack(root, chosen).digest == pack.digest:
            break
    else:
        raise TableError(f"{root} does not hold the pack {pack.digest[:12]}: name the folder that it was loaded from")
    with ZipFile(packed, "w", ZIP_DEFLATED) as files:
        for path in sorted(each for each in root.rglob("*") if each.is_file()):
            files.write(path, path.relative_to(root))
    return Shipped(packed.getvalue(), chosen, pack.digest)


@lru_cache(maxsize=1)
def _ready(shipped: Shipped) -> Columnar:
    with TemporaryDirectory(prefix="mgcds-pack-") as folder, ZipFile(BytesIO(shipped.files)) as files:
        files.extractall(folder)
        pack = load_pack(folder, shipped.jurisdictions)
        for vocabulary in pack.vocabularies.values():
            assert vocabulary.others is not None  # read now: it is put off otherwise, and the folder goes
    if pack.digest != shipped.digest:
        raise TableError("the folder of the pack was changed while it was read: start again")
    return Columnar(pack)


def ddl(schema: pa.Schema) -> str:
    """An Arrow schema as Spark writes it."""
    return ", ".join(f"`{each.name}` {_kind(each.type)}" for each in schema)


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"array<{_kind(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{', '.join(f'`{each.name}`: {_kind(each.type)}' for each in kind)}>"
    return _DDL[str(kind)]


UNUSED, BROKEN = "kind string, why string, number bigint", "file string, line bigint, why string"


class ExtractedOnSpark(NamedTuple):
    """The facts table; what was not used; lines that are no resource. Each is worked out when it is written. `kept`, on the disks of the
    cluster, wants `unpersist` when all has been.
    """

    facts: DataFrame
    unused: DataFrame
    broken: DataFrame
    kept: tuple[DataFrame, ...]


def rows_of(batches: Batches) -> Iterator[tuple[Any, ...]]:
    """The rows of batches, one by one."""
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
