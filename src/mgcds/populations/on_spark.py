"""Populations on Spark: what one computer does part by part, a cluster does by patient. Nothing is collected to the driver.

The workers have `mgcds[population]` installed. The pack travels as its files, and each worker reads it once (`shipped`). Lines of NDJSON
are shuffled so that all of one patient come together, in the order in which they stand in the files, and are read as on one computer, some
patients at a time; flat tables are read by the same statements (`flat_on_spark`). A facts table streams through the columnar engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import StorageLevel, TaskContext
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f

from mgcds.engines.facts_arrow import LAYOUT, check, schema_of
from mgcds.engines.facts_table import Layout
from mgcds.errors import ScreenError
from mgcds.fhir.belonging import Belonging, belonging
from mgcds.fhir.reader import WHY_NOT
from mgcds.fhir.references import LOOKED_UP
from mgcds.populations import flat_on_spark, second_opinion
from mgcds.populations.extraction import Extracted
from mgcds.populations.many_at_once import Group, read_groups
from mgcds.populations.one_by_one import Line, Read, kind_of
from mgcds.populations.output import Counts, Judged
from mgcds.populations.plain import Flat
from mgcds.populations.screening import Wanted, judge, plain, sample
from mgcds.populations.shipped import BROKEN, UNUSED, Batches, ExtractedOnSpark, Shipped, ddl, rows_of
from mgcds.populations.sources import FactsFiles, FhirFiles, FlatFiles, Source
from mgcds.populations.staging import MANY, NOBODY, number_of, united

_AT_ONCE, _BYTES_AT_ONCE = 5_000, 32_000_000  # patients, and their lines, of which a task holds no more

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
    in_order = together.sortWithinPartitions("group", "number")
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
        yield pa.RecordBatch.from_pylist([_located(*row) for row in rows_of(iter([batch]))], _LOCATED)


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
    for (kind, _), pairs in groupby(rows_of(batches), itemgetter(0, 1)):
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
    """The lines of one patient, or of those who are bound to one another, make a group; some groups are read at a time."""
    layout = shipped.engine().layout
    flat = Flat(layout, on)
    for groups, whole in _some(batches):
        read = Read(layout)
        read_groups(groups, flat, whole, read)
        yield from _packed(read)


def _some(batches: Batches) -> Iterator[tuple[list[Group], bool]]:
    """Groups, as many as a task may hold, and whether there is only one patient."""
    groups, held, whole = list[Group](), 0, False
    for _, group in groupby(rows_of(batches), itemgetter(0)):
        lines: dict[bool, list[Line]] = {True: [], False: []}
        for _, number, whole, text, own in group:  # noqa: B007  (`whole` is the same in every line)
            lines[own].append((number, text))
            held += len(text)
        groups.append(Group(lines[True], lines[False], partial(iter, lines[True])))
        if len(groups) == _AT_ONCE or held > _BYTES_AT_ONCE:
            yield groups, whole
            groups, held = [], 0
    if groups:
        yield groups, whole


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


_NOTE, _NOTES = pa.field("note", pa.string()), "notes"


def _decoded(kind: pa.DataType) -> pa.DataType:
    """Spark has no dictionaries."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def write(spark: SparkSession, source: Source, shipped: Shipped, wanted: Wanted, into: Path) -> list[dict[str, Any]]:
    """All tables of a screening, each a folder; the notes that came with them are returned. What an interrupted run left whole there is gone
    on with. RecordError with all that is wrong with flat tables; ScreenError says what else went wrong where.
    """
    try:
        facts = _facts(spark, source, shipped, wanted, into)
        for what in ("statuses", *(("verdicts",) if wanted.verdicts else ())):
            if not _is_whole(into / what):
                _put(screened(facts, shipped, wanted, what), into / what)
        if not _is_whole(into / _NOTES):
            suggestions = screened(facts, shipped, wanted, "suggestions").persist(StorageLevel.DISK_ONLY)
            _put(suggestions.where("note IS NULL").drop("note"), into / "suggestions")
            _put(suggestions.where("note IS NOT NULL").select("note"), into / _NOTES)  # last: with them both are whole
            suggestions.unpersist()
    except PySparkException as error:
        raise ScreenError(_told(str(error))) from error
    return [json.loads(note) for note in pq.read_table(into / _NOTES)["note"].to_pylist()]


def _facts(spark: SparkSession, source: Source, shipped: Shipped, wanted: Wanted, into: Path) -> DataFrame:
    """The facts table; where it has to be made, it is written down as `facts`. `unused` and `broken` are written with it."""
    given = isinstance(source, FactsFiles)
    if not _is_whole(into / "broken"):
        found = _extracted(spark, source, shipped, wanted.on, into)
        try:
            for name in ("unused", "broken") if given else ("facts", "unused", "broken"):
                _put(getattr(found, name), into / name)
        finally:
            for each in found.kept:
                each.unpersist()
    return read_facts_table(spark, source.files, shipped) if given else spark.read.parquet(str(into / "facts"))


def _extracted(spark: SparkSession, source: Source, shipped: Shipped, on: date, scratch: Path) -> ExtractedOnSpark:
    match source:
        case FlatFiles():
            return flat_on_spark.extract(spark, source.tables, shipped, on, scratch)
        case FhirFiles():
            return extract(spark, [str(file) for file in source.files], shipped, on)
        case FactsFiles():
            unused, broken = (spark.createDataFrame([], columns) for columns in (UNUSED, BROKEN))
            return ExtractedOnSpark(read_facts_table(spark, source.files, shipped), unused, broken, ())


def _is_whole(folder: Path) -> bool:
    """Spark says so when all of a table is written."""
    return (folder / "_SUCCESS").exists()


def _put(table: DataFrame, folder: Path) -> None:
    """In place of what a run that was interrupted left half."""
    table.write.mode("overwrite").parquet(str(folder))


def _told(error: str) -> str:
    """What a worker complained of; else what Spark did, in one line."""
    ours = [line.partition(": ")[2] for line in error.splitlines() if line.startswith("mgcds.errors.")]
    return (ours or [f"Spark: {error.strip().splitlines()[0][:300]}"])[-1]
