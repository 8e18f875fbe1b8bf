"""Facts tables as data frames: Arrow, Polars or pandas in, the same out."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

import pyarrow as pa

from mgcds.engines.columnar import columnar
from mgcds.engines.facts_arrow import LAYOUT, check, schema_of
from mgcds.errors import TableError
from mgcds.evaluator import today
from mgcds.loading import load_pack
from mgcds.model.pack import RulePack
from mgcds.populations.output import Judged

Frame = TypeVar("Frame")
_AT_ONCE = 262_144


def screen_frame(
    frame: Frame, pack: RulePack | None = None, on: date | None = None, layout: str | None = None
) -> Frame:
    """A row a patient: `patient`, and the status of each rule on a day (today if not given).

    Polars and pandas forget what an Arrow schema says: there `layout` is the digest of the layout that the table was made for, as
    `mgcds schema population` prints it. TableError where it is not this pack's, or a column is missing, of another type, or has nulls.
    """
    chosen = pack or load_pack()
    engine = columnar(chosen)
    table = _arrow(frame, layout)
    fitting = [field for field in schema_of(engine.layout) if field.name in table.schema.names]
    table = table.select([field.name for field in fitting])
    for place, field in enumerate(fitting):
        if table.schema.field(place).type != field.type and pa.types.is_large_string(table.schema.field(place).type):
            table = table.set_column(place, field.name, table.column(place).cast(field.type))
    found = [_statuses(part, chosen, on or today()) for part in table.combine_chunks().to_batches(_AT_ONCE)]
    whole = pa.concat_tables(found or [_statuses(pa.RecordBatch.from_pylist([], table.schema), chosen, on or today())])
    like: Frame = _like(frame, whole)
    return like


def _statuses(batch: pa.RecordBatch, pack: RulePack, on: date) -> pa.Table:
    engine = columnar(pack)
    check(batch, engine.layout)
    return Judged(engine.screen_batch(batch), batch, pack, engine.layout, on).statuses()


def _arrow(frame: Any, layout: str | None) -> pa.Table:
    kind = _library(frame)
    if kind == "pandas":
        table = pa.Table.from_pandas(frame, preserve_index=False)
    elif kind == "polars":
        table = frame.to_arrow()
    elif isinstance(frame, pa.Table):
        table = frame
    else:
        raise TableError(
            f"a {type(frame).__name__} is no data frame: give an Arrow table, or a frame of Polars or pandas"
        )
    said = (table.schema.metadata or {}).get(LAYOUT)
    return table.replace_schema_metadata({LAYOUT: (layout.encode() if layout is not None else said) or b""})


def _like(frame: Any, table: pa.Table) -> Any:
    kind = _library(frame)
    if kind == "pandas":
        return table.to_pandas()
    if kind == "polars":
        import polars

        return polars.from_arrow(table)
    return table


def _library(frame: Any) -> str:
    return type(frame).__module__.partition(".")[0]
