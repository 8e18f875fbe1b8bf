"""Single items of plain patients that the model itself reads: those with a result that is not plain, and what follows from magnesium.

What an item comes to depends on its own results, and on what was rejected of it, alone; what follows from magnesium that is taken, on the
medicine list and the results of which it is the change (`model.reading`). So all other columns of the patient stay as the statements
give them. The items of a PHQ-9 depend on its forms, and are no single items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mgcds.engines.facts_table import Layout
from mgcds.model.facts import known
from mgcds.model.pack import MeasuredItem
from mgcds.model.phq9 import FROM_FORMS
from mgcds.model.reading import read_facts, read_measured
from mgcds.model.record import Measurement, Medicine, ObservationStatus, PatientRecord, Supplement, parse_quantity
from mgcds.populations.lookups import Concepts
from mgcds.populations.plain_patient import Apart, Rows
from mgcds.populations.statements import COMPUTED, needed
from mgcds.populations.writings import NUMBER, is_date

Columns = dict[str, Any]
_STATUSES = frozenset(get_args(ObservationStatus))
_RESULT = ("value", "comparator", "unit", "code", "date", "status", "lower_limit", "upper_limit", "source")


def read_items(
    rows: Rows, left: Mapping[int, frozenset[str]], concepts: Concepts, layout: Layout, on: date
) -> tuple[dict[int, Columns], set[int]]:
    """Columns by patient, of the items with which the statements leave a patient and of those that were read apart; and the patients
    who have to be read whole. `left` names no item where the statements leave all of the patient.
    """
    wanted = {(patient, item) for patient, items in left.items() for item in items} | rows.apart.keys()
    whole = {patient for patient, items in left.items() if not items}
    whole |= {patient for patient, item in wanted if item in FROM_FORMS}
    items = _Items(rows, {patient for patient, _ in wanted}, concepts, layout, on)
    found: dict[int, Columns] = defaultdict(dict)
    for patient, item in wanted:
        try:
            found[patient] |= items.computed(patient) if item == COMPUTED else items.read(patient, item)
        except ValueError:  # of pydantic, too: the reader knows what is to become of it
            whole.add(patient)
    return {patient: columns for patient, columns in found.items() if patient not in whole}, whole


class _Items:
    """The rows of some patients, as parts of their records."""

    def __init__(self, rows: Rows, patients: set[int], concepts: Concepts, layout: Layout, on: date) -> None:
        self._rows, self._concepts, self._layout, self._on = rows, concepts, layout, on
        self._results: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        self._entries: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for found, given in ((self._results, rows.measurements), (self._entries, rows.entries)):
            for patient, *row in given:
                if patient in patients:
                    found[patient].append(tuple(row))
        self._people = needed(layout)["people"]
        items = {name: item for name in layout.measured if isinstance(item := layout.pack.items[name], MeasuredItem)}
        self._changes = {name: item.change.of for name, item in items.items() if item.change is not None}
        self._unknown = {
            name: {column.name: column.unknown for column in layout.columns.values() if column.about == name}
            for name in items
        }

    def read(self, patient: int, name: str) -> Columns:
        """An item that is reported."""
        item = self._layout.pack.items[name]
        assert isinstance(item, MeasuredItem)
        apart = self._rows.apart.get((patient, name), Apart((), ()))
        results = (*self._results_of(patient, name), *(Measurement(**each) for each in apart.results))
        record = PatientRecord.model_construct(**{name: results}, rejected=tuple(apart.rejected))  # type: ignore[arg-type]
        columns = dict(self._unknown[name])
        self._layout.fill(name, read_measured(item, record, self._on, []), columns)
        return columns

    def computed(self, patient: int) -> Columns:
        """What follows from magnesium that is taken."""
        person = dict(zip(self._people, self._rows.people[patient], strict=True))
        doses = iter(self._rows.doses.get(patient, ()))
        entries = [
            (of, self._medicine(*entry)) for of, *entry in self._entries[patient] if of in ("medicines", "supplements")
        ]
        given: dict[str, Any] = {of: self._results_of(patient, of) for of in dict.fromkeys(self._changes.values())}
        given["supplements"] = tuple(
            [Supplement(**each, daily_dose=next(doses)) for of, each in entries if of == "supplements"]
        )
        if person["medicines_given"]:
            given["medicines"] = tuple([Medicine(**each) for of, each in entries if of == "medicines"])
            given["medicines_reconciled"] = person["medicines_reviewed"]
        facts = read_facts(PatientRecord.model_construct(**given), self._layout.pack, self._on)
        columns: Columns = {}
        for name in (COMPUTED, *self._changes):
            if name in self._layout.measured:
                columns |= self._unknown[name]
                self._layout.fill(name, known(facts, name), columns)
        return columns

    def _results_of(self, patient: int, item: str) -> tuple[Measurement, ...]:
        return tuple([_measurement(row) for of, *row in self._results[patient] if of == item])

    def _medicine(self, number: int, start: str | None, stop: str | None, status: str) -> dict[str, Any]:
        name, codes = self._concepts.named[number]
        coded = [{"system": system, "code": code} for system, code in codes]
        return {"name": name, "codes": coded, "start": start, "stop": stop, "status": status}


def _measurement(row: list[Any]) -> Measurement:
    """A row as the reader would give it; ValueError where that is not sure."""
    given = dict(zip(_RESULT, row, strict=True))
    limits = [limit for limit in (given["lower_limit"], given["upper_limit"]) if limit is not None]
    if not NUMBER.fullmatch(given["value"]) or not is_date(given["date"] or ""):
        raise ValueError("a value or a date that is not plain")
    for limit in limits:
        parse_quantity(limit)
    return Measurement(**{**given, "status": given["status"] if given["status"] in _STATUSES else "unknown"})


def merged(facts: pa.Table, found: Mapping[str, Columns]) -> pa.Table:
    """The facts with these columns of these patients, by the `patient` of the facts table, in place of those that it has."""
    places = pc.index_in(pa.array(list(found), pa.string()), facts["patient"].combine_chunks()).to_pylist()
    values: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for place, columns in sorted(zip(places, found.values(), strict=True), key=lambda each: each[0]):
        for column, value in columns.items():
            values[column].append((place, value))
    for column, instead in values.items():
        at = np.zeros(len(facts), np.bool_)
        at[[place for place, _ in instead]] = True
        field = facts.schema.field(column)
        array = pa.array([value for _, value in instead], field.type)
        changed = pc.replace_with_mask(facts[column].combine_chunks(), pa.array(at), array)
        facts = facts.set_column(facts.schema.get_field_index(column), field, changed)
    return facts
