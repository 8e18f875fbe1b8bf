"""Populations on Spark: what one computer does part by part, a cluster does by patient. Nothing is collected to the driver.

The workers have `mgcds[population]` installed. The pack travels as its files, and each worker reads it once. Lines of NDJSON are
shuffled so that all of one patient come together, in the order in which they stand in the files, and stream through the reader of
single records; a facts table streams through the columnar engine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from io import BytesIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias
from urllib.parse import unquote
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f

from mgcds.engines.columnar import ROWS, Columnar, Screened
from mgcds.engines.facts_arrow import LAYOUT, check, schema_of
from mgcds.engines.facts_table import Layout
from mgcds.errors import TableError
from mgcds.fhir.belonging import Belonging, belonging
from mgcds.fhir.reader import WHY_NOT
from mgcds.fhir.references import LOOKED_UP
from mgcds.loading import load_pack, rules_root
from mgcds.model.pack import RulePack
from mgcds.populations.one_by_one import Line, Read, kind_of, read_group
from mgcds.populations.staging import NOBODY, number_of, united

Batches: TypeAlias = Iterator[pa.RecordBatch]
_DDL = {
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "string": "string",
    "binary": "binary",
}
_AT_ONCE = 1_000  # patients


def session() -> SparkSession:
    """The session that is active; else one as the environment says, local on all cores where it says nothing."""
    found = SparkSession.getActiveSession()
    if found is not None:
        return found
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else workers are the python3 of the path, without mgcds
    quiet = SparkSession.builder.appName("mgcds").config("spark.ui.enabled", "false")
    made = quiet.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
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


# --- lines of NDJSON → a facts table --------------------------------------------------------------------------------------------

_TOGETHER, _REFERS, _OFFERS, _PATIENT = range(4)
_LINK = pa.struct([("what", pa.int8()), ("thing", pa.int64()), ("group", pa.int64())])
_LOCATED = pa.schema(
    [
        ("file", pa.string()),
        ("start", pa.int64()),
        ("line", pa.int64()),
        ("text", pa.binary()),
        ("group", pa.int64()),
        ("shared", pa.string()),
        ("links", pa.list_(_LINK)),
    ]
)
"""`start`: of the stretch of a file that Spark reads at once; `line` grows within it.
`shared`: what others may look up and is nobody's, by its reference"""
_ASIDE = {
    "unused": pa.list_(pa.struct([("kind", pa.string()), ("why", pa.string()), ("number", pa.int64())])),
    "broken": pa.list_(pa.struct([("number", pa.int64()), ("why", pa.string())])),
    "used": pa.list_(pa.string()),
}
"""what comes with the facts, in rows of no patient"""


@dataclass(frozen=True)
class ExtractedOnSpark:
    """`facts`: the facts table. `unused`: kind of resource, reason, number. `broken`: file, number of the line, why it is no resource.
    None of them is worked out before it is written; `release` gives back what is kept on the disks of the cluster until then.
    """

    facts: DataFrame
    unused: DataFrame
    broken: DataFrame
    kept: tuple[DataFrame, ...]

    def release(self) -> None:
        """Call it when all that is wanted has been written."""
        for each in self.kept:
            each.unpersist()


def extract(spark: SparkSession, paths: Sequence[str], shipped: Shipped, on: date) -> ExtractedOnSpark:
    """Files or folders of Bulk Data, plain or gzip, to the rows that `extraction.extract` gives."""
    located = _lines(spark, paths).mapInArrow(_locate, ddl(_LOCATED)).persist(StorageLevel.DISK_ONLY)
    stretches = _stretches(located)
    number = f.expr("before + line - first + 1").alias("number")
    numbered = located.join(f.broadcast(stretches), ["file", "start"]).select("*", number)
    own, shared = numbered.where("shared IS NULL"), numbered.where("shared IS NOT NULL")
    links = own.select(f.explode("links").alias("link")).select("link.*")
    offers = shared.select("number", "text", f.explode("links.thing").alias("thing"))
    groups = _Groups(links)
    asked = groups.of(links.where(f"what = {_REFERS}")).join(offers, "thing").dropDuplicates(["group", "number"])
    mine, theirs = (
        rows.select("group", "number", "whole", "text", f.lit(own).alias("own"))
        for rows, own in ((groups.of(own), True), (asked, False))
    )
    in_order = mine.unionByName(theirs).repartition("group").sortWithinPartitions("group", "number")
    schema = _read_schema(shipped.engine().layout)
    read = in_order.mapInArrow(partial(_read, shipped, on), ddl(schema)).persist(StorageLevel.DISK_ONLY)
    facts = read.where("patient IS NOT NULL").drop(*_ASIDE)
    return ExtractedOnSpark(facts, _unused(read, shared), _broken(read, stretches), (located, read))


def _lines(spark: SparkSession, paths: Sequence[str]) -> DataFrame:
    found = spark.read.text(list(paths)).withColumn("line", f.monotonically_increasing_id())
    where = f.col("_metadata.file_path").alias("file"), f.col("_metadata.file_block_start").alias("start")
    return found.select(*where, "line", f.col("value").cast("binary").alias("text"))


def _locate(batches: Batches) -> Batches:
    """Which lines have to be read together, as `staging` writes it down too."""
    for batch in batches:
        yield pa.RecordBatch.from_pylist([_located(*row) for row in _rows(iter([batch]))], _LOCATED)


def _stretches(located: DataFrame) -> DataFrame:
    """How many lines come before each stretch, in all files, and before its file."""
    found = located.groupBy("file", "start").agg(f.min("line").alias("first"), f.count("line").alias("lines"))
    earlier = Window.orderBy("file", "start").rowsBetween(Window.unboundedPreceding, -1)
    found = found.withColumn("before", f.coalesce(f.sum("lines").over(earlier), f.lit(0)))
    return found.withColumn("before_file", f.min("before").over(Window.partitionBy("file")))


def _located(file: str, start: int, line: int, text: bytes) -> dict[str, Any]:
    where = f"line {file} {start} {line}"
    text = text.removeprefix(b"\xef\xbb\xbf").strip()
    found = belonging(text, where) if text else Belonging()
    groups = sorted(map(number_of, found.people)) or [NOBODY]
    links = [(_TOGETHER, number_of(key), groups[0]) for key in found.keys]
    links += [(_TOGETHER, number_of(where), each) for each in groups if len(groups) > 1]
    links += [(_REFERS, number_of(name), groups[0]) for name in found.refers]
    links += [(_PATIENT, NOBODY, each) for each in groups if found.patients]
    offers = [(_OFFERS, number_of(name), groups[0]) for name in found.offers]
    return {
        "file": unquote(file), "start": start, "line": line, "text": text, "group": groups[0],
        "shared": found.keys[0] if found.alone else None,
        "links": [dict(zip(_names(_LINK), link, strict=True)) for link in (offers if found.alone else links + offers)],
    }  # fmt: skip


class _Groups:
    """Who is read with whom: as a rule nobody with another."""

    def __init__(self, links: DataFrame) -> None:
        things, of = (
            links.where(f"what <> {_PATIENT}").withColumn("looks_up", f.expr(f"what <> {_TOGETHER}")),
            ["looks_up", "thing"],
        )
        several = f.expr(f"min(group) <> max(group) AND max(what) <> {_REFERS}").alias("binds")
        binding = things.groupBy(of).agg(several).where("binds").drop("binds")
        pairs = things.join(binding, of, "left_semi").select(*of, "group").distinct()
        self._bound = pairs.repartition(1).sortWithinPartitions(of).mapInArrow(_unite, "group bigint, bound bigint")
        patients = self._united(links.where(f"what = {_PATIENT}"))
        self._whole = patients.agg(f.expr("coalesce(min(group) = max(group), false)").alias("whole"))

    def of(self, rows: DataFrame) -> DataFrame:
        """Rows with the group that theirs is united with; where there is only one patient, all are theirs."""
        found = self._united(rows).crossJoin(self._whole)
        return found.withColumn("group", f.when(f.col("whole"), NOBODY).otherwise(f.col("group")))

    def _united(self, rows: DataFrame) -> DataFrame:
        found = rows.join(self._bound, "group", "left")
        return found.withColumn("group", f.coalesce("bound", "group")).drop("bound")


def _unite(batches: Batches) -> Batches:
    """On one worker, since what is bound to what may be a long chain."""
    found = united([group for *_, group in of] for _, of in groupby(_rows(batches), itemgetter(0, 1)))
    yield pa.RecordBatch.from_pydict(
        {"group": pa.array(found, pa.int64()), "bound": pa.array(found.values(), pa.int64())}
    )


# --- a group of lines → rows ----------------------------------------------------------------------------------------------------


def _read_schema(layout: Layout) -> pa.Schema:
    facts = [pa.field(each.name, each.type) for each in schema_of(layout, told=True)]
    return pa.schema([*facts, *_ASIDE.items()])


def _read(shipped: Shipped, on: date, batches: Batches) -> Batches:
    """The lines of one patient, or of those who are bound to one another, at a time."""
    engine = shipped.engine()
    read = Read(engine.layout)
    for done, (_, group) in enumerate(groupby(_rows(batches), itemgetter(0)), 1):
        lines: dict[bool, list[Line]] = {True: [], False: []}
        whole = False
        for _, number, whole, text, own in group:  # noqa: B007  (`whole` is the same in every line)
            lines[own].append((number, text))
        read_group(lines[True], lines[False], engine.pack, on, whole, read)
        if not done % _AT_ONCE:
            yield from _packed(read)
            read = Read(engine.layout)
    yield from _packed(read)


def _rows(batches: Batches) -> Iterator[tuple[Any, ...]]:
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _packed(read: Read) -> Batches:
    schema, facts = _read_schema(read.layout), read.facts().combine_chunks()
    columns = {name: facts[name].combine_chunks() for name in facts.schema.names}
    columns |= {name: pa.nulls(facts.num_rows, kind) for name, kind in _ASIDE.items()}
    yield pa.RecordBatch.from_pydict(columns, schema)
    aside = {
        "unused": [{"kind": kind, "why": why, "number": number} for (kind, why), number in read.unused.items()],
        "broken": [{"number": number, "why": why} for number, why in read.broken],
        "used": [each for each in read.used if kind_of(each) in LOOKED_UP],
    }
    yield pa.RecordBatch.from_pylist([aside], schema)


def _unused(read: DataFrame, shared: DataFrame) -> DataFrame:
    """By kind and reason. What may be looked up is counted once, where nobody did."""
    found = read.select(f.explode("unused").alias("each")).select("each.*")
    used = read.select(f.explode("used").alias("shared"))
    never = shared.join(used, "shared", "left_anti").select(f.regexp_extract("shared", r"^\w+", 0).alias("kind"))
    whys = f.create_map(*(f.lit(each) for pair in WHY_NOT.items() for each in pair))
    counted = never.select("kind", whys[f.col("kind")].alias("why"), f.lit(1).cast("bigint").alias("number"))
    return found.unionByName(counted).groupBy("kind", "why").agg(f.sum("number").alias("number"))


def _broken(read: DataFrame, stretches: DataFrame) -> DataFrame:
    """With the number of the line in its file."""
    found = read.select(f.explode("broken").alias("each")).select("each.*")
    placed = found.join(f.broadcast(stretches), f.expr("number > before AND number <= before + lines"))
    return placed.select("file", f.expr("number - before_file").alias("line"), "why")


def _names(struct: pa.StructType) -> list[str]:
    return [each.name for each in struct]


# --- a facts table → what is said of each patient -------------------------------------------------------------------------------

Says: TypeAlias = Callable[[Screened, pa.RecordBatch, RulePack], pa.RecordBatch]
"""what is written of patients that were screened, given their rows of the facts table"""


def screened(facts: DataFrame, shipped: Shipped, says: Says) -> DataFrame:
    """A facts table of the pack's layout through the engine, where its partitions are. TableError where it has other columns."""
    engine = shipped.engine()
    nobody = pa.RecordBatch.from_pylist([], schema_of(engine.layout, told=True))
    return facts.mapInArrow(partial(_screen, shipped, says), ddl(_said(says, nobody, engine).schema))


def _screen(shipped: Shipped, says: Says, batches: Batches) -> Batches:
    engine = shipped.engine()
    for batch in batches:
        facts = batch.replace_schema_metadata({LAYOUT: engine.layout.digest})
        check(facts, engine.layout)
        for start in range(0, facts.num_rows, ROWS):
            yield _said(says, facts.slice(start, ROWS), engine)


def _said(says: Says, facts: pa.RecordBatch, engine: Columnar) -> pa.RecordBatch:
    """In columns that Spark has: what is a dictionary, as what it stands for."""
    found = says(engine.screen_batch(facts), facts, engine.pack)
    return pa.RecordBatch.from_arrays([_plain(column) for column in found.columns], found.schema.names)


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
