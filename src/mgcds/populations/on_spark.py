"""Populations on Spark: what one computer does part by part, a cluster does by patient. Nothing is collected to the driver.

The workers have `mgcds[population]` installed. The pack travels as its files, and each worker reads it once. Lines of NDJSON are
shuffled so that all of one patient come together, in the order in which they stand in the files, and stream through the reader of
single records; a facts table streams through the columnar engine.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from io import BytesIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import unquote
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import StorageLevel, TaskContext
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f

from mgcds.engines.columnar import Columnar
from mgcds.engines.facts_arrow import LAYOUT, check, schema_of
from mgcds.engines.facts_table import Layout
from mgcds.errors import ScreenError, TableError
from mgcds.fhir.belonging import Belonging, belonging
from mgcds.fhir.reader import WHY_NOT
from mgcds.fhir.references import LOOKED_UP
from mgcds.loading import load_pack, rules_root
from mgcds.model.pack import RulePack
from mgcds.populations import second_opinion
from mgcds.populations.extraction import Extracted
from mgcds.populations.one_by_one import Line, Read, kind_of, read_group
from mgcds.populations.output import Counts, Judged
from mgcds.populations.screening import Wanted, judge, plain, sample
from mgcds.populations.sources import FactsFiles, FhirFiles
from mgcds.populations.staging import MANY, NOBODY, number_of, united

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
_AT_ONCE = 1_000  # patients


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


_UNUSED, _BROKEN = "kind string, why string, number bigint", "file string, line bigint, why string"


class ExtractedOnSpark(NamedTuple):
    """The facts table; what was not used; lines that are no resource. None is worked out before it is written. `kept`, on the disks of the
    cluster, wants `unpersist` when all has been.
    """

    facts: DataFrame
    unused: DataFrame
    broken: DataFrame
    kept: tuple[DataFrame, ...]


def extract(spark: SparkSession, paths: Sequence[str], shipped: Shipped, on: date) -> ExtractedOnSpark:
    """Files or folders of Bulk Data, plain or gzip, to the rows that `extraction.extract` gives."""
    located = _lines(spark, paths).mapInArrow(_locate, ddl(_LOCATED)).persist(StorageLevel.DISK_ONLY)
    stretches = _stretches(located).persist()
    number = f.expr("before + line - first + 1").alias("number")
    numbered = located.join(f.broadcast(stretches), ["file", "start"]).select("*", number)
    own, shared = numbered.where("shared IS NULL"), numbered.where("shared IS NOT NULL")
    links = own.select(f.explode("links").alias("link")).select("link.*")
    offers = shared.select("number", "text", f.explode("links.thing").alias("thing"))
    bound = _bound(links).persist()
    asked = _united(links.where(f"what = {_REFERS}"), bound).join(offers, "thing").dropDuplicates(["group", "number"])
    columns = ["group", "number", "whole", "text"]
    mine = _united(own, bound).select(*columns, f.lit(True).alias("own"))
    together = mine.unionByName(asked.select(*columns, f.lit(False).alias("own"))).repartition("group")
    in_order = together.sortWithinPartitions("group")
    schema = _read_schema(shipped.engine().layout)
    read = in_order.mapInArrow(partial(_read, shipped, on), ddl(schema)).persist(StorageLevel.DISK_ONLY)
    facts = read.where("patient IS NOT NULL").drop(*_ASIDE)
    return ExtractedOnSpark(facts, _unused(read, shared), _broken(read, stretches), (located, stretches, bound, read))


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


_UNITED = pa.schema([("group", pa.int64()), ("bound", pa.int64()), ("whole", pa.bool_())])


def _bound(links: DataFrame) -> DataFrame:
    """Who is read with whom, as a rule nobody with another; and in a row without a group, whether there is only one patient."""
    several = f.expr(f"min(group) <> max(group) AND max(asked) <> {_REFERS}").alias("binds")
    named = links.where(f"what <> {_PATIENT}").select(
        f.expr(f"IF(what = {_TOGETHER}, 0, {_OFFERS})").alias("kind"), "thing", "group", f.col("what").alias("asked")
    )
    binding = named.groupBy("kind", "thing").agg(several).where("binds").drop("binds")
    pairs = named.join(binding, ["kind", "thing"], "left_semi").select("kind", "thing", "group").distinct()
    patients = links.where(f"what = {_PATIENT}").select(f.col("what").alias("kind"), "thing", "group").distinct()
    one = pairs.unionByName(patients.limit(MANY + 1)).repartition(1).sortWithinPartitions("kind", "thing")
    return one.mapInArrow(_unite, ddl(_UNITED))


def _unite(batches: Batches) -> Batches:
    """On one worker, since what is bound to what may be a long chain."""
    sets, patients = list[list[int]](), list[int]()
    for (kind, _), pairs in groupby(_rows(batches), itemgetter(0, 1)):
        groups = [group for *_, group in pairs]
        if kind == _PATIENT:
            patients = groups
        else:
            sets.append(groups)
    found = united(sets)
    whole = len(patients) <= MANY and len({found.get(group, group) for group in patients}) == 1
    rows = [{"group": group, "bound": bound, "whole": None} for group, bound in found.items()]
    yield pa.RecordBatch.from_pylist([*rows, {"group": None, "bound": None, "whole": whole}], _UNITED)


def _united(rows: DataFrame, bound: DataFrame) -> DataFrame:
    """Rows with the group that theirs is united with; where there is only one patient, all are theirs."""
    found = rows.join(bound.select("group", "bound"), "group", "left").crossJoin(
        bound.where("group IS NULL").select("whole")
    )
    return found.withColumn("group", f.expr(f"IF(whole, {NOBODY}, coalesce(bound, group))")).drop("bound")


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
    file = f.substring_index("file", "/", -1).alias("file")
    return placed.select(file, f.expr("number - before_file").alias("line"), "why")


def _names(struct: pa.StructType) -> list[str]:
    return [each.name for each in struct]


# --- a facts table → what is said of each patient -------------------------------------------------------------------------------


def read_facts_table(spark: SparkSession, files: Sequence[Path], shipped: Shipped) -> DataFrame:
    """A facts table that was made before. TableError where a file is none of the pack's layout: Spark drops what says so."""
    for file in files:
        check(pa.RecordBatch.from_pylist([], pq.read_schema(file)), shipped.engine().layout)
    return spark.read.parquet(*map(str, files))


def screened(facts: DataFrame, shipped: Shipped, wanted: Wanted, what: str) -> DataFrame:
    """`statuses`, `suggestions` or `verdicts` of a facts table, where its partitions are. With the suggestions come rows of no patient:
    in each partition a `note` of what was counted.
    """
    engine = shipped.engine()
    nobody = schema_of(engine.layout, told=True).empty_table()
    ((judged, _),) = judge(engine, Extracted(0, 1, nobody), wanted)
    schema = pa.schema([(each.name, _decoded(each.type)) for each in getattr(judged, what)().schema])
    if what == "suggestions":
        return facts.mapInArrow(partial(_suggest, shipped, wanted, schema), ddl(schema.append(_NOTE)))
    return facts.mapInArrow(partial(_say, shipped, wanted, what, schema), ddl(schema))


def _say(shipped: Shipped, wanted: Wanted, what: str, schema: pa.Schema, batches: Batches) -> Batches:
    for judged, _ in _judged(shipped, wanted, batches):
        yield from getattr(judged, what)().cast(schema).combine_chunks().to_batches()


def _suggest(shipped: Shipped, wanted: Wanted, schema: pa.Schema, batches: Batches) -> Batches:
    context, counts, checked = TaskContext.get(), Counts(), 0
    part = context.partitionId() if context is not None else 0
    for judged, first in _judged(shipped, wanted, batches):
        statuses, suggestions = judged.statuses(), judged.suggestions()
        rows = sample(judged, statuses, wanted.checked - checked, first)
        checked += second_opinion.check(rows, judged.pack, judged.layout, wanted.on, part)
        judged.count_known()
        counts.add(judged.counts)
        plain_rows = suggestions.cast(schema)
        yield from plain_rows.append_column(_NOTE, pa.nulls(len(plain_rows), _NOTE.type)).combine_chunks().to_batches()
    note = json.dumps({**plain(counts), "checked": checked})
    yield pa.RecordBatch.from_pylist([{_NOTE.name: note}], schema.append(_NOTE))


def _judged(shipped: Shipped, wanted: Wanted, batches: Batches) -> Iterator[tuple[Judged, int]]:
    engine, before = shipped.engine(), 0
    for batch in batches:
        facts = pa.Table.from_batches([batch]).replace_schema_metadata({LAYOUT: engine.layout.digest})
        for judged, first in judge(engine, Extracted(0, 1, facts), wanted):
            yield judged, before + first
        before += batch.num_rows


_NOTE = pa.field("note", pa.string())


def _decoded(kind: pa.DataType) -> pa.DataType:
    """Spark has no dictionaries."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def write(
    spark: SparkSession, source: FhirFiles | FactsFiles, shipped: Shipped, wanted: Wanted, into: Path
) -> list[dict[str, Any]]:
    """All tables of a screening, each a folder; the notes that came with them are returned. ScreenError says what went wrong where."""
    kept: tuple[DataFrame, ...] = ()
    try:
        if isinstance(source, FactsFiles):
            facts = read_facts_table(spark, source.files, shipped)
            unused, broken = (spark.createDataFrame([], columns) for columns in (_UNUSED, _BROKEN))
        else:
            facts, unused, broken, kept = extract(spark, [str(file) for file in source.files], shipped, wanted.on)
        unused.write.parquet(str(into / "unused"))
        broken.write.parquet(str(into / "broken"))
        for what in ("statuses", *(("verdicts",) if wanted.verdicts else ())):
            screened(facts, shipped, wanted, what).write.parquet(str(into / what))
        suggestions = screened(facts, shipped, wanted, "suggestions").persist(StorageLevel.DISK_ONLY)
        kept = (*kept, suggestions)
        suggestions.where("note IS NULL").drop("note").write.parquet(str(into / "suggestions"))
        suggestions.where("note IS NOT NULL").select("note").write.parquet(str(into / "notes"))
    except PySparkException as error:
        raise ScreenError(_told(str(error))) from error
    finally:
        for each in kept:
            each.unpersist()
    return [json.loads(note) for note in pq.read_table(into / "notes")["note"].to_pylist()]


def _told(error: str) -> str:
    """What a worker complained of; else what Spark did, in one line."""
    ours = [line.partition(": ")[2] for line in error.splitlines() if line.startswith("mgcds.errors.")]
    return (ours or [f"Spark: {error.strip().splitlines()[0][:300]}"])[-1]
