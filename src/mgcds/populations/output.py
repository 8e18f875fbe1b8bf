"""What is written of a batch of patients: their statuses, a row a patient; and what is offered, withheld or suppressed, a row each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, reduce

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mgcds.engines.bitwise import Bits
from mgcds.engines.columnar import STATUSES, Screened, Truths, status_column, status_schema
from mgcds.engines.facts_table import GAPS, REJECTED, Layout
from mgcds.engines.patterns import Distinct, distinct, patterns
from mgcds.model.missing import sets_once
from mgcds.model.pack import RulePack
from mgcds.populations.entries import ENTRIES, Entries, columns_of

WITHHELD, SUPPRESSED, OFFERED, NOT_INDICATED = range(4)
assert STATUSES == ("withheld", "suppressed", "offered", "not indicated")
VERDICTS = ("not met", "unknown", "met")
_WORD = pa.dictionary(pa.int16(), pa.string())
_NAMES = pa.list_(pa.string())
_VALUES = pa.list_(
    pa.struct([("about", pa.string()), ("value", pa.string()), ("dated", pa.string()), ("source", pa.string())])
)
SUGGESTIONS = pa.schema(
    [
        pa.field("patient", pa.string(), False),
        pa.field("rule", _WORD, False),
        pa.field("status", _WORD, False),
        pa.field("values", _VALUES, False),
        pa.field("entries", ENTRIES),
        pa.field("met", _NAMES, False),
        pa.field("missing", pa.list_(_NAMES)),
        pa.field("held_back_by", _NAMES, False),
        pa.field("let_pass", _NAMES, False),
        pa.field("pack", _WORD, False),
    ]
)
"""`values`: what is known of the items the rule reads, as reported. `entries`: of lists, the current ones of the value sets that the rule
asks for, or that one asks for by which it is suppressed; null where the facts table does not have them. `met`: its criteria that are met.
The rest as in an assessment; but `missing` is null where it was not worked out."""
ENTRIES_AT = SUGGESTIONS.get_field_index("entries")
_WITHOUT_ENTRIES = SUGGESTIONS.remove(ENTRIES_AT)
Sets = tuple[tuple[str, ...], ...]
Rows = NDArray[np.intp]


@dataclass
class Counts:
    """What is counted of some patients."""

    patients: int = 0
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    """rule, status → patients"""
    wanted: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)
    """rule, one of the smallest sets of data that could let it be offered → patients; the empty set where no data could"""
    unexplained: int = 0
    """suggestions that are withheld and of which the missing sets were not worked out"""
    without_entries: int = 0
    """suggestions of which the facts table does not say which medicine or diagnosis it was"""
    asked: Counter[str] = field(default_factory=Counter)
    """item or list → patients of whom some rule is withheld that it could help to decide"""
    known: Counter[tuple[str, str]] = field(default_factory=Counter)
    """item or list, `known` or why it is not → patients"""

    def add(self, other: Counts) -> None:
        """Those of other patients too."""
        self.patients += other.patients
        self.unexplained += other.unexplained
        self.without_entries += other.without_entries
        for name in ("statuses", "wanted", "asked", "known"):
            getattr(self, name).update(getattr(other, name))


class Judged:
    """One batch of a facts table, judged: `rules` are those that are written. On a day: a rule whose review has lapsed is not offered.
    `explained`: of how many patterns the missing sets are worked out, those of most patients first; of all where it is None.
    """

    def __init__(
        self,
        screened: Screened,
        batch: pa.RecordBatch,
        pack: RulePack,
        layout: Layout,
        on: date,
        rules: Sequence[str] = (),
        explained: int | None = None,
    ) -> None:
        self.screened, self.batch, self.pack, self.layout, self.on = screened, batch, pack, layout, on
        self.rules = tuple(rules or pack.rules)
        self.explained = explained
        self.counts = Counts(screened.rows)
        self._asked: dict[str, NDArray[np.bool_]] = {}
        self._numbers: dict[str, Rows] = {}
        """rule → in which of the rows `written` each patient stands; -1 where in none"""
        self._written = 0
        self.missing: dict[str, tuple[Rows, NDArray[np.int32], list[Sets]]] = {}
        """rule → the rows in which it is withheld for want of data, which of the sets is that of each or -1 where it was not worked out,
        the sets
        """

    def codes(self, rule: str) -> NDArray[np.uint8]:
        """The status of a rule for each patient, as its code in STATUSES."""
        codes = self.screened.codes(rule)
        if self._lapsed(rule):
            codes[codes == OFFERED] = WITHHELD
        return codes

    def _lapsed(self, rule: str) -> bool:
        lapses = self.pack.rules[rule].review.lapses
        return lapses is not None and self.on > lapses

    # --- a row a patient ----------------------------------------------------------------------------------------------------

    def statuses(self) -> pa.Table:
        """A column of statuses a rule."""
        columns = []
        for rule in self.rules:
            codes = self.codes(rule)
            for code, number in enumerate(np.bincount(codes, minlength=len(STATUSES)).tolist()):
                self.counts.statuses[rule, STATUSES[code]] += number
            columns.append(status_column(codes))
        return pa.table([self.batch["patient"], *columns], status_schema(self.rules))

    def verdicts(self) -> pa.Table:
        """A column of verdicts a criterion, finding and rule: `criterion:NAME`, `finding:NAME`, `rule:NAME`."""
        of_kinds = {"criterion": self.screened.criteria, "finding": self.screened.findings, "rule": self.screened.rules}
        names = pa.array(VERDICTS)
        columns = {
            f"{kind}:{name}": pa.DictionaryArray.from_arrays(pa.array(self._verdict(truths)), names)
            for kind, found in of_kinds.items()
            for name, truths in found.items()
        }
        return pa.table({"patient": self.batch["patient"], **columns})

    def _verdict(self, truths: Truths) -> NDArray[np.int8]:
        flags = self.screened.cells.flags
        return (1 + flags(truths.met) - flags(truths.not_met)).astype(np.int8)

    # --- a row a suggestion -------------------------------------------------------------------------------------------------

    def suggestions(self) -> pa.Table:
        """All that is not *not indicated*, rule by rule."""
        found, self._numbers, self._written = [_WITHOUT_ENTRIES.empty_table()], {}, 0
        for rule in self.rules:
            codes = self.codes(rule)
            found += self._of_status(rule, OFFERED, np.flatnonzero(codes == OFFERED))
            found += self._of_status(rule, SUPPRESSED, np.flatnonzero(codes == SUPPRESSED))
            found += self._withheld(rule)
        for about, flags in self._asked.items():
            self.counts.asked[about] += int(np.count_nonzero(flags))
        return pa.concat_tables(found).add_column(ENTRIES_AT, SUGGESTIONS.field(ENTRIES_AT), self._entries())

    def _of_status(self, rule: str, code: int, rows: Rows) -> Iterator[pa.Table]:
        holders = [holder.by for holder in self.pack.holders[rule]]
        truths = self.screened.rules
        held = {holder: truths[holder].met for holder in holders} if code == SUPPRESSED else {}
        passing = {holder: ~truths[holder].not_met for holder in holders} if code == OFFERED else {}
        yield self._rows(
            rule, code, rows, self._names(held, rows), self._names(passing, rows), _repeated((), pa.list_(_NAMES), rows)
        )

    def _withheld(self, rule: str) -> Iterator[pa.Table]:
        """For want of data; or, where its review has lapsed, whatever the data."""
        lapsed = self._lapsed(rule)
        rows, numbers, sets = self.missing[rule] = self._sets_of(rule, lapsed)
        self._count_missing(rule)
        of_each = [[list(items) for items in each] for each in sets]
        missing = pa.array([*of_each, None], pa.list_(_NAMES))  # the last: of -1
        missing = missing.take(pa.array(np.where(numbers < 0, len(sets), numbers)))
        yield self._rows(
            rule, WITHHELD, rows, self._names(self._holding(rule), rows), _repeated((), _NAMES, rows), missing
        )
        if lapsed:
            rest = np.flatnonzero(self.screened.codes(rule) == OFFERED)
            nobody = _repeated((), _NAMES, rest)
            yield self._rows(rule, WITHHELD, rest, nobody, nobody, _repeated((), pa.list_(_NAMES), rest))

    def _holding(self, rule: str) -> Mapping[str, Bits]:
        """Where each holder is not cleared: one that lets pass is, unless something it reads was rejected."""
        cells, holders = self.screened.cells, self.pack.holders[rule]
        in_doubt = {holder.by: ~self.screened.rules[holder.by].not_met for holder in holders}
        for holder in holders:
            if holder.lets_pass:
                rejected = [cells.reaches(f"{subject}_gap", REJECTED) for subject in self.pack.reads[holder.by]]
                in_doubt[holder.by] &= reduce(np.bitwise_or, rejected, cells.none())
        return in_doubt

    def _sets_of(self, rule: str, lapsed: bool) -> tuple[Rows, NDArray[np.int32], list[Sets]]:
        """As `missing` has them."""
        found = self._patterns[rule]
        if lapsed:
            return found.rows, np.zeros(len(found.rows), np.int32), [()]
        chosen = self._chosen[rule]
        places = np.full(len(found.once), -1, np.int32)
        places[chosen] = np.arange(len(chosen))
        return found.rows, places[found.numbers], [sets_once(found.pattern(each), self.pack) for each in chosen]

    @cached_property
    def _patterns(self) -> Mapping[str, Distinct]:
        return {rule: patterns(rule, self.screened, self.pack) for rule in self.rules}

    @cached_property
    def _chosen(self) -> Mapping[str, list[int]]:
        """Of each rule the numbers of the patterns of which the missing sets are worked out: it takes some hundredths of a second each."""
        counts = {rule: np.bincount(each.numbers, minlength=len(each.once)) for rule, each in self._patterns.items()}
        of = np.repeat(np.arange(len(counts)), [len(each) for each in counts.values()])
        number = np.concatenate([np.arange(len(each)) for each in counts.values()])
        most = np.argsort(-np.concatenate([*counts.values()]), kind="stable")[: self.explained]
        return {rule: number[most[of[most] == place]].tolist() for place, rule in enumerate(counts)}

    def _rows(self, rule: str, code: int, rows: Rows, held: pa.Array, passing: pa.Array, missing: pa.Array) -> pa.Table:
        met = {key: self.screened.criteria[key].met for key in self.pack.criteria_of[rule]}
        columns = [
            self.batch["patient"].take(rows), _repeated(rule, _WORD, rows), _repeated(STATUSES[code], _WORD, rows),
            self._values(rule, rows), self._names(met, rows), missing, held, passing, _repeated(self.pack.digest, _WORD, rows),
        ]  # fmt: skip
        standing = self._numbers.setdefault(rule, np.full(self.screened.rows, -1))
        standing[rows] = np.arange(self._written, self._written + len(rows))
        self._written += len(rows)
        return pa.table(columns, _WITHOUT_ENTRIES)

    def _entries(self) -> pa.Array:
        """Null where a list has none in the facts table: it was made by an older version, or without what is told to people."""
        if not set(columns_of(self.layout)) <= set(self.batch.schema.names):
            self.counts.without_entries += self._written
            return pa.nulls(self._written, ENTRIES)
        return Entries(self.batch, self.layout).of(self._numbers, self._written, self.screened)

    def _names(self, flags: Mapping[str, Bits], rows: Rows) -> pa.Array:
        """For each row the names of those that are set there."""
        if not flags:
            return _repeated((), _NAMES, rows)
        numbers, once = distinct([self.screened.cells.flags(bits)[rows] for bits in flags.values()])
        names = [[name for name, bit in zip(flags, each, strict=True) if bit] for each in once]
        return pa.array(names, _NAMES).take(numbers)

    def _values(self, rule: str, rows: Rows) -> pa.Array:
        """For each row what is known of the items that the rule reads; nothing where the table does not tell."""
        items = [item for item in self.pack.reads[rule] if f"{item}_shown" in self.batch.schema.names]
        if not items or not len(rows):
            return _repeated((), _VALUES, rows)
        is_known = np.stack([self._is_known[item][rows] for item in items], axis=1)
        of_row, of_item = np.nonzero(is_known)
        at = pa.array(of_item * len(rows) + of_row)
        told = [
            pa.concat_arrays([self.batch[f"{item}_{what}"].take(rows) for item in items]).take(at)
            for what in ("shown", "dated", "source")
        ]
        about = pa.array(items).take(pa.array(of_item))
        starts = np.concatenate([[0], np.cumsum(is_known.sum(axis=1))]).astype(np.int32)
        return pa.ListArray.from_arrays(
            starts, pa.StructArray.from_arrays([about, *told], fields=list(_VALUES.value_type)), _VALUES
        )

    @cached_property
    def _is_known(self) -> Mapping[str, NDArray[np.bool_]]:
        return {
            item: self.batch[f"{item}_gap"].to_numpy() == 0 for item in (*self.layout.measured, *self.layout.states)
        }

    # --- counts ---------------------------------------------------------------------------------------------------------------

    def _count_missing(self, rule: str) -> None:
        rows, numbers, sets = self.missing[rule]
        is_explained = numbers >= 0
        self.counts.unexplained += len(numbers) - int(np.count_nonzero(is_explained))
        rows, numbers = rows[is_explained], numbers[is_explained]
        for found, patients in zip(sets, np.bincount(numbers, minlength=len(sets)).tolist(), strict=True):
            for items in found or ((),):
                self.counts.wanted[rule, items] += patients
        for about in sorted({item for each in sets for items in each for item in items}):
            wants = np.array([any(about in items for items in each) for each in sets])
            self._asked.setdefault(about, np.zeros(self.screened.rows, np.bool_))[rows] |= wants[numbers]

    def count_known(self) -> None:
        """How often each item and list is known, and why not where it is not."""
        for subject in (*self.layout.measured, *self.layout.states, *self.layout.lists):
            for code, number in enumerate(np.bincount(self.batch[f"{subject}_gap"].to_numpy()).tolist()):
                if number:
                    self.counts.known[subject, GAPS[code - 1] if code else "known"] += number


def _repeated(value: object, kind: pa.DataType, rows: Rows) -> pa.Array:
    return pa.array([list(value) if isinstance(value, tuple) else value], kind).take(np.zeros(len(rows), np.int64))
