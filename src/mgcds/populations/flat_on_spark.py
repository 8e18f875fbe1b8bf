"""Flat tables on Spark: the statements run as Spark SQL, and who is not plain is read one by one on the workers.

What is done beside the statements is done as `flat` does it. Nothing is collected to the driver but what is wrong with the tables.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial, reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from mgcds.engines.facts_arrow import schema_of
from mgcds.engines.facts_table import Layout
from mgcds.errors import RecordError
from mgcds.fhir.reader import DECEASED
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.populations import flat, lookups
from mgcds.populations.flat_layout import tables
from mgcds.populations.lookups import Concepts, concept_schema, reported_items
from mgcds.populations.on_duckdb import database
from mgcds.populations.one_by_one import Read
from mgcds.populations.shipped import BROKEN, Batches, ExtractedOnSpark, Shipped, ddl, rows_of
from mgcds.populations.statements import statements

Tables = Mapping[str, DataFrame]
_AT_ONCE = 1_000  # patients; or rows of a file
_CONCEPT = ("list", "name", "system", "code")
_WRITTEN = ("newest", "dated_entries", "left_over")
"""what several statements read"""
_TOLD = 100  # of each kind of mistake, which is enough to see what it is


def extract(
    spark: SparkSession, files: Mapping[str, Path], shipped: Shipped, on: date, scratch: Path
) -> ExtractedOnSpark:
    """The facts of all people of flat tables, which the workers see where the driver does. RecordError with all that is wrong with the
    tables. What comes in between is written to a folder in `scratch`: a plan that had all the others in it would fill the driver.
    """
    layout = shipped.engine().layout
    own, between = _session(spark), scratch / "between"
    rows = _with_who_lives(_read(own, files, layout.pack, between), between)
    theirs = {name: table.where("lives").drop("lives") for name, table in rows.items()}
    for name, view in _views(own, theirs, shipped, layout, between):
        view.createOrReplaceTempView(name)
    for statement in statements(layout, on):
        found = own.sql(statement.sql("spark"))
        if statement.name in _WRITTEN:
            found = _written(found, between / statement.name)
        found.createOrReplaceTempView(statement.name)
    left = own.sql("SELECT DISTINCT patient FROM left_over")
    plain = own.table("facts").join(left, "patient", "left_anti")
    facts = plain.unionByName(_one_by_one(theirs, left, shipped, on, layout))
    return ExtractedOnSpark(facts, _unused(rows, layout), own.createDataFrame([], BROKEN), ())


def _written(table: DataFrame, folder: Path) -> DataFrame:
    table.write.mode("overwrite").parquet(str(folder))
    return table.sparkSession.read.schema(table.schema).parquet(str(folder))


def _session(spark: SparkSession) -> SparkSession:
    """One whose views are nobody else's, where a number that does not fit is an error, and a moment is the same moment everywhere."""
    own = spark.newSession()
    for name, value in spark.conf.getAll.items():
        if own.conf.isModifiable(name):
            own.conf.set(name, value)
    own.conf.set("spark.sql.ansi.enabled", "true")
    own.conf.set("spark.sql.session.timeZone", "UTC")
    return own


# --- files → tables -------------------------------------------------------------------------------------------------------------


def _read(own: SparkSession, files: Mapping[str, Path], pack: RulePack, between: Path) -> Tables:
    """The tables of the layout, with all its columns, in which nothing is wrong; `at` numbers the rows of each in their order."""
    wrong, read = list[str](), dict[str, DataFrame]()
    with database() as connection:
        there = {name: flat.columns_of(connection, path) for name, path in files.items()}
        no_flags = {
            name: list(flat.wrong_flags(connection, name, path, there[name], pack)) for name, path in files.items()
        }
    for name in tables(pack):
        if name not in files:
            read[name] = own.range(0).selectExpr(*flat.selected(name, (), pack), "id AS at")
            continue
        wrong += [*flat.wrong_columns(name, files[name], there[name], pack), *no_flags[name]]
        if "patient" in there[name] and not no_flags[name]:
            read[name] = _rows(own, name, files[name], there[name], pack)
    wrong += _wrong(own, files, read, pack, between / "wrong")
    if wrong:
        raise RecordError("\n".join(wrong))
    return read


def _rows(own: SparkSession, name: str, path: Path, there: frozenset[str], pack: RulePack) -> DataFrame:
    if path.suffix == ".parquet":
        found = own.read.parquet(str(path)).where("patient IS NOT NULL")
        return found.selectExpr(*flat.selected(name, there, pack), "_metadata.row_index AS at")
    query, empty = flat.rows_of(name, path, there, pack), own.range(0).selectExpr(*flat.selected(name, (), pack))
    lines = own.range(0, 1, 1, 1).mapInArrow(partial(_as_duckdb_reads, query), empty.schema)
    return lines.withColumn("at", f.monotonically_increasing_id())


def _as_duckdb_reads(query: str, batches: Batches) -> Batches:
    """A CSV, on one worker, since any line may stand within quotes; for any other reader what is quoted, and what is none, may differ."""
    for _ in batches:
        with database(threads=1) as connection:
            yield from connection.sql(query).fetch_arrow_reader(_AT_ONCE)


def _wrong(own: SparkSession, files: Mapping[str, Path], read: Tables, pack: RulePack, folder: Path) -> Iterator[str]:
    """What is wrong with the rows of some tables."""
    for name, table in read.items():
        table.createOrReplaceTempView(name)
    checks = [each for each in flat.checks(pack) if each.table in read.keys() & files.keys()]
    found = [
        own.sql(check.query).limit(_TOLD).select(f.lit(number).alias("number"), "found", f.col("others").cast("bigint"))
        for number, check in enumerate(checks)
    ]
    if found:
        _written(reduce(DataFrame.unionByName, found), folder)
        for row in pq.read_table(folder).sort_by("number").to_pylist():
            yield checks[row["number"]].told(files, row["found"], row["others"])


def _with_who_lives(read: Tables, between: Path) -> Tables:
    """Each row with whether its patient `lives`: not so who is recorded as deceased; NULL of those who are not among the people."""
    people = read["people"].selectExpr("patient", "NOT COALESCE(deceased, FALSE) AS lives")
    return {name: _written(table.join(people, "patient", "left"), between / name) for name, table in read.items()}


def _unused(rows: Tables, layout: Layout) -> DataFrame:
    """By table and reason: rows of nobody who is there, people who are deceased, and what no rule uses."""
    strange = [(name, flat.STRANGER, table.where("lives IS NULL")) for name, table in rows.items()]
    strange.append(("people", DECEASED, rows["people"].where("NOT lives")))
    in_use = [item.id for item in reported_items(layout)]
    no_rule = f.col("item").isNull() | ~f.col("item").isin(in_use)
    strange.append(("measurements", flat.NO_RULE, rows["measurements"].where("lives").where(no_rule)))
    each = [table.select(f.lit(name).alias("kind"), f.lit(why).alias("why")) for name, why, table in strange]
    return reduce(DataFrame.unionByName, each).groupBy("kind", "why").agg(f.count(f.lit(1)).alias("number"))


# --- what the statements read ---------------------------------------------------------------------------------------------------


def _views(
    own: SparkSession, theirs: Tables, shipped: Shipped, layout: Layout, between: Path
) -> Iterator[tuple[str, DataFrame]]:
    """Every table that they read, by name."""
    people = theirs["people"].selectExpr("*", "patient AS id", "CAST(NULL AS STRING) AS source")
    entries = theirs["entries"].withColumn("concept", f.to_json(f.struct(*_CONCEPT)))
    yield from {**theirs, "people": people, "entries": entries}.items()
    schema = concept_schema(layout)
    schema = schema.set(schema.get_field_index("concept"), pa.field("concept", pa.string()))
    named = entries.select("concept", *_CONCEPT).distinct()
    yield "concepts", _written(named.mapInArrow(partial(_concepts, shipped, schema), ddl(schema)), between / "concepts")
    for name, table in lookups.tables(layout).items():
        yield name, own.createDataFrame(table)


def _concepts(shipped: Shipped, schema: pa.Schema, batches: Batches) -> Batches:
    """What entries are, each once, by all that is written of it in place of a number; nothing of what no record takes."""
    layout = shipped.engine().layout
    for batch in batches:
        concepts, names = Concepts(layout), dict[int, list[str]]()
        for name, *entry in rows_of(iter([batch])):
            number = flat.concept_number(concepts, *entry)
            if number is not None:
                names.setdefault(number, []).append(name)
        found = concepts.table().to_pylist()
        rows = [{**found[number], "concept": name} for number, each in names.items() for name in each]
        yield pa.RecordBatch.from_pylist(rows, schema)


# --- who is left ----------------------------------------------------------------------------------------------------------------


def _one_by_one(theirs: Tables, left: DataFrame, shipped: Shipped, on: date, layout: Layout) -> DataFrame:
    """The facts of some patients, by their records. To group is what brings the rows together: after a join, Spark may take a `repartition`
    for done, and then join otherwise.
    """
    each = [
        table.select("patient", f.struct("at", f.lit(name).alias("table"), f.to_json(f.struct(*known))).alias("row"))
        for name, table in theirs.items()
        for known in [[column for column in table.columns if column not in ("patient", "at")]]
    ]
    rows = reduce(DataFrame.unionByName, each).join(left, "patient", "left_semi")
    whole = rows.groupBy("patient").agg(f.sort_array(f.collect_list("row")))
    return whole.mapInArrow(partial(_by_records, shipped, on), ddl(schema_of(layout, told=True)))


def _by_records(shipped: Shipped, on: date, batches: Batches) -> Batches:
    layout = shipped.engine().layout
    read = Read(layout)
    for done, (patient, rows) in enumerate(rows_of(batches), 1):
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            _, name, values = row.values()
            found[name].append({key: value for key, value in json.loads(values).items() if value is not None})
        read.add(layout.row(read_facts(flat.record_of(found, layout.pack), layout.pack, on), patient))
        if not done % _AT_ONCE:
            yield from read.facts().to_batches()
            read = Read(layout)
    yield from read.facts().to_batches()
