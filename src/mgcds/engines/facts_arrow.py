"""The facts table as an Arrow table: its schema, the check of one that was made elsewhere, and one made of a few facts."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from mgcds.engines.facts_table import Column, Layout
from mgcds.errors import TableError
from mgcds.model.facts import Facts

LAYOUT = b"mgcds.layout"


def schema_of(layout: Layout, told: bool = False) -> pa.Schema:
    """The Arrow schema of a facts table; `told`: with what is for people only. Its metadata name the layout."""
    columns = [column for column in layout.columns.values() if told or not column.told]
    fields = [pa.field(each.name, _type(each, layout), each.unknown is None) for each in columns]
    return pa.schema(fields, {LAYOUT: layout.digest.encode()})


def _type(column: Column, layout: Layout) -> pa.DataType:
    if column.type != "entries":
        return pa.type_for_alias(column.type)
    sets = [(name, pa.int64()) for name in layout.sets_of(column.about)]
    return pa.list_(pa.struct([("name", pa.string()), ("since", pa.string()), *sets]))


def facts_table(facts: Iterable[Facts], layout: Layout, told: bool = False) -> pa.Table:
    """A facts table of facts that were read one by one, the patients numbered from 0."""
    schema = schema_of(layout, told)
    rows = [layout.row(each, str(number)) for number, each in enumerate(facts)]
    return pa.table(
        {name: pa.array([row[name] for row in rows], schema.field(name).type) for name in schema.names}, schema
    )


def check(batch: pa.RecordBatch, layout: Layout) -> None:
    """TableError, with all that is wrong, where a batch is none of this layout."""
    if (batch.schema.metadata or {}).get(LAYOUT, b"").decode() != layout.digest:
        raise TableError(
            "the facts table was made for other rules, or does not say for which: make it again with this pack"
        )
    wrong, types = [], dict(zip(batch.schema.names, batch.schema.types, strict=True))
    for field in schema_of(layout, told=True):
        column, there = layout.columns[field.name], field.name in types
        if not there and not column.told:
            wrong.append(f"column '{field.name}' is missing: it is {field.type}")
        if not there or (field.nullable and column.type != "entries"):
            continue
        if not _is_alike(types[field.name], field.type):
            wrong.append(f"column '{field.name}' is {types[field.name]}: write {field.type}")
        elif not field.nullable and batch.column(field.name).null_count:
            wrong.append(f"column '{field.name}' has nulls: write {column.unknown} for unknown")
    if wrong:
        raise TableError("\n".join(wrong))


def _is_alike(found: pa.DataType, wanted: pa.DataType) -> bool:
    """The same; of entries, whatever may be null in them."""
    if not pa.types.is_list(found) or not pa.types.is_struct(found.value_type) or not pa.types.is_list(wanted):
        return bool(found == wanted)
    return [(each.name, each.type) for each in found.value_type] == [
        (each.name, each.type) for each in wanted.value_type
    ]
