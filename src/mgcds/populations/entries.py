"""The entries of lists that decided a suggestion: which medicine, diagnosis or symptom it was, and since when.

They stand in the facts table as `LIST_entries`. Here they are given to the rows of all suggestions of a batch at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mgcds.engines.columnar import Screened
from mgcds.engines.facts_table import Layout
from mgcds.model.criterion import Has, Taking
from mgcds.model.pack import RulePack

ENTRIES = pa.list_(
    pa.struct([("rule", pa.string()), ("value_set", pa.string()), ("name", pa.string()), ("since", pa.string())])
)
Numbers = NDArray[np.intp]
_NONE = np.empty(0, np.intp)


class Entries:
    """The entries of a batch of a facts table that has `LIST_entries` of every list. Rules, value sets and entries go by their numbers."""

    def __init__(self, batch: pa.RecordBatch, layout: Layout) -> None:
        self._pack, self._rules = layout.pack, list(layout.pack.rules)
        self._members: dict[str, Numbers] = {}
        """value set → its members"""
        self._patient = _NONE
        names, since = [pa.array([], pa.string())], [pa.array([], pa.string())]
        for column in columns_of(layout):
            entries, lengths = batch[column].flatten(), batch[column].value_lengths().fill_null(0).to_numpy()
            self._find(layout.columns[column].about, entries, layout)
            self._patient = np.concatenate([self._patient, np.repeat(np.arange(len(lengths)), lengths)])
            names.append(pc.struct_field(entries, "name"))
            since.append(pc.struct_field(entries, "since"))
        self._name, dated = pa.concat_arrays(names), pa.concat_arrays(since)
        self._since = pc.if_else(pc.equal(dated, ""), None, dated)
        self._value_sets = list(self._members)

    def _find(self, name: str, entries: pa.StructArray, layout: Layout) -> None:
        for sets, value_sets in zip(layout.sets_of(name), layout.lists[name], strict=True):
            masks = pc.struct_field(entries, sets).fill_null(0).to_numpy()
            for bit, value_set in enumerate(value_sets):
                self._members[value_set] = len(self._patient) + np.flatnonzero(masks & (1 << bit))

    def of(self, rows: Mapping[str, Numbers], total: int, screened: Screened) -> pa.Array:
        """For each row of suggestions the entries that its rule asks for, then those that the rules ask for by which it is suppressed.
        `rows`: rule → in which of so many rows each patient stands; -1 where in none.
        """
        asked = {rule: self._asked_by(rule) for rule in self._rules}
        met = {rule: screened.cells.flags(screened.rules[rule].met).view(np.bool_) for rule in self._rules}
        holding = {rule: found[:, met[rule][self._patient[found[0]]]] for rule, found in asked.items()}
        told = [np.empty((4, 0), np.intp)]
        for rule, row in rows.items():
            for found in (asked[rule], *(holding[holder.by] for holder in self._pack.holders[rule])):
                of_row = row[self._patient[found[0]]]
                told.append(np.stack([of_row, *found])[:, of_row >= 0])
        of_row, entry, value_set, by = np.concatenate(told, axis=1)
        order = np.argsort(of_row, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(of_row, minlength=total))]).astype(np.int32)
        rules, value_sets = pa.array(self._rules, pa.string()), pa.array(self._value_sets, pa.string())
        said = ((rules, by), (value_sets, value_set), (self._name, entry), (self._since, entry))
        fields = [of.take(pa.array(numbers[order])) for of, numbers in said]
        whole = pa.StructArray.from_arrays(fields, fields=list(ENTRIES.value_type))
        return pa.ListArray.from_arrays(starts, whole, ENTRIES)

    def _asked_by(self, rule: str) -> Numbers:
        """The entries that a rule asks for, the value set and the rule: three numbers each, in the order of the value sets."""
        found = [np.empty((3, 0), np.intp)]
        for value_set in value_sets_of(rule, self._pack):
            members, numbers = self._members[value_set], [self._value_sets.index(value_set), self._rules.index(rule)]
            found.append(np.stack([members, *(np.full(len(members), each) for each in numbers)]))
        return np.concatenate(found, axis=1)


def value_sets_of(rule: str, pack: RulePack) -> tuple[str, ...]:
    """The value sets that the criteria of a rule ask for, each once."""
    criteria = (pack.criteria[key] for key in pack.criteria_of[rule])
    return tuple(dict.fromkeys(each.value_set for each in criteria if isinstance(each, Taking | Has)))


def columns_of(layout: Layout) -> list[str]:
    """The columns of a facts table that hold entries."""
    return [name for name, column in layout.columns.items() if column.type == "entries"]
