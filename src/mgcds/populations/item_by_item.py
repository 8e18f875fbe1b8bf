"""Single items of plain patients that the model itself reads: those with a result that is not plain.

What an item comes to depends on its own results, and on what was rejected of it, alone (`model.reading.read_measured`); so all other
columns of the patient stay as the statements give them. The items of a PHQ-9 depend on its forms, and are no single items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mgcds.engines.facts_table import Layout
from mgcds.model.pack import MeasuredItem
from mgcds.model.phq9 import FROM_FORMS
from mgcds.model.reading import read_measured
from mgcds.model.record import Measurement, ObservationStatus, PatientRecord, Rejected, parse_quantity
from mgcds.populations.writings import NUMBER, is_date

Row = dict[str, Any]
_STATUSES = frozenset(get_args(ObservationStatus))
_NAMES = ("value", "comparator", "unit", "code", "date", "status", "lower_limit", "upper_limit", "source")


class Apart(NamedTuple):
    """Of one item of a patient, what the reader read beside the rows of measurements: results, and what it rejected."""

    results: Sequence[Mapping[str, Any]]
    rejected: Sequence[Rejected]


def read_items(
    measurements: Iterable[tuple[Any, ...]],
    apart: Mapping[tuple[int, str], Apart],
    left: Mapping[int, frozenset[str]],
    layout: Layout,
    on: date,
) -> tuple[dict[int, dict[str, Row]], set[int]]:
    """Patient → item → its columns, of the items in `left` and `apart`; and the patients who have to be read whole.

    `left` says of which items the statements leave a patient, of none where they leave all of the patient.
    """
    whole = {patient for patient, items in left.items() if not items}
    wanted = {(patient, item) for patient, items in left.items() for item in items} | apart.keys()
    whole |= {patient for patient, item in wanted if item in FROM_FORMS}
    rows: dict[tuple[int, str], list[tuple[Any, ...]]] = {key: [] for key in wanted if key[0] not in whole}
    for row in measurements:
        if row[:2] in rows:
            rows[row[:2]].append(row[2:])
    found: dict[int, dict[str, Row]] = defaultdict(dict)
    for (patient, item), given in rows.items():
        beside = apart.get((patient, item), Apart((), ()))
        try:
            results = [_measurement(row) for row in given] + [Measurement(**each) for each in beside.results]
        except ValueError:  # of pydantic, too: the reader knows what is to become of it
            whole.add(patient)
        else:
            found[patient][item] = _columns(item, results, beside.rejected, layout, on)
    return {patient: items for patient, items in found.items() if patient not in whole}, whole


def _measurement(row: tuple[Any, ...]) -> Measurement:
    """A row as the reader would give it; ValueError where that is not sure."""
    given = dict(zip(_NAMES, row, strict=True))
    limits = [limit for limit in (given["lower_limit"], given["upper_limit"]) if limit is not None]
    if not NUMBER.fullmatch(given["value"]) or not is_date(given["date"] or ""):
        raise ValueError("a value or a date that is not plain")
    for limit in limits:
        parse_quantity(limit)
    return Measurement(**{**given, "status": given["status"] if given["status"] in _STATUSES else "unknown"})


def _columns(name: str, results: Sequence[Measurement], rejected: Sequence[Rejected], layout: Layout, on: date) -> Row:
    item = layout.pack.items[name]
    assert isinstance(item, MeasuredItem)
    fields: dict[str, Any] = {name: tuple(results), "rejected": tuple(rejected)}
    record = PatientRecord.model_construct(**fields)
    row: Row = {column.name: column.unknown for column in layout.columns.values() if column.about == name}
    layout.fill(name, read_measured(item, record, on, []), row)
    return row


def merged(facts: pa.Table, items: Mapping[str, Mapping[str, Row]]) -> pa.Table:
    """The facts with these columns of these patients, by the `patient` of the facts table, in place of those that it has."""
    names = list(items)
    places = pc.index_in(pa.array(names, pa.string()), facts["patient"].combine_chunks()).to_numpy()
    columns: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for place, name in sorted(zip(places.tolist(), names, strict=True)):
        for row in items[name].values():
            for column, value in row.items():
                columns[column].append((place, value))
    for column, values in columns.items():
        at = np.zeros(len(facts), np.bool_)
        at[[place for place, _ in values]] = True
        field = facts.schema.field(column)
        instead = pa.array([value for _, value in values], field.type)
        changed = pc.replace_with_mask(facts[column].combine_chunks(), pa.array(at), instead)
        facts = facts.set_column(facts.schema.get_field_index(column), field, changed)
    return facts
