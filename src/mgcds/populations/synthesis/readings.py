"""What the reader makes of each variant, once, as columns of the facts table: the table says what extraction from the lines would say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mgcds.engines.facts_arrow import schema_of
from mgcds.engines.facts_table import Column, Layout
from mgcds.fhir.reader import read_ndjson
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from mgcds.populations.synthesis.cohort import NONE, Chosen, Pool
from mgcds.populations.synthesis.strands import PATIENT


class Readings:
    """What was read of the variants that were met so far, column by column."""

    def __init__(self, pool: Pool) -> None:
        self._pool, self._layout = pool, Layout(pool.pack)
        self._schema = schema_of(self._layout, told=True)
        told = {name: column for name, column in self._layout.columns.items() if column.about}
        self._columns = {
            name: {each: column for each, column in told.items() if column.about in strand.about}
            for name, strand in pool.strands.items()
        }
        unknown = self._layout.row(read_facts(PatientRecord(), pool.pack, pool.on), "")
        self._values = {name: {each: [unknown[each]] for each in columns} for name, columns in self._columns.items()}
        self._places: dict[str, dict[int, int]] = {name: {NONE: 0} for name in pool.strands}
        self._deceased: dict[str, list[bool]] = {name: [False] for name in pool.strands}

    def table(self, chosen: Chosen, patients: pa.Array) -> pa.Table:
        """The rows of the facts table of those of these patients who live."""
        columns: dict[str, pa.Array] = {"patient": patients}
        lives = np.ones(len(patients), np.bool_)
        for strand, numbers in chosen.items():
            if self._columns[strand]:
                distinct, inverse = np.unique(numbers, return_inverse=True)
                places = np.array([self._place(strand, number) for number in distinct.tolist()])[inverse]
                lives &= ~np.array(self._deceased[strand])[places]
                for name, column in self._columns[strand].items():
                    columns[name] = self._taken(column, self._values[strand][name], places, patients)
        return pa.table([columns[name] for name in self._schema.names], self._schema).filter(pa.array(lives))

    def _place(self, strand: str, number: int) -> int:
        places = self._places[strand]
        if number not in places:
            lines = [line for text in self._pool.variant(strand, number).lines.values() for line in text.splitlines()]
            reading = next(read_ndjson(lines, self._pool.pack, self._pool.on), None)
            record = PatientRecord() if reading is None else reading.record
            facts = read_facts(record, self._pool.pack, self._pool.on)
            row = self._layout.row(facts, "")
            places[number] = len(places)
            self._deceased[strand].append(reading is not None and reading.deceased)
            for name, values in self._values[strand].items():
                values.append(row[name])
        return places[number]

    def _taken(self, column: Column, values: list[Any], places: Any, patients: pa.Array) -> pa.Array:
        if column.unknown is not None:
            return pa.array(np.array(values, column.type)[places])
        if not column.name.endswith("_source"):
            return pa.array(values, self._schema.field(column.name).type).take(pa.array(places))
        parts = [("", "", None) if each is None else each.partition(PATIENT) for each in values]
        before, after = (pa.array([part[at] for part in parts], pa.string()).take(pa.array(places)) for at in (0, 2))
        ids = pc.utf8_slice_codeunits(patients, len("Patient/"))
        whose = pc.if_else(pa.array([PATIENT in (each or "") for each in values]).take(pa.array(places)), ids, "")
        return pc.binary_join_element_wise(before, whose, after, "")
