"""The rules over many patients at once: criteria, findings, rules and precedence over batches of a facts table.

The same meaning as `model.evaluation`, read there; here each verdict is two columns of one bit a patient, "definitely met" and
"definitely not met", neither being unknown, and Kleene's logic is a few operations on n/8 bytes. They are written down as formulas
when the engine is made, and worked out for each batch (`engines.bitwise`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import NamedTuple, TypeAlias, assert_never
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mgcds.engines.bitwise import Bits, Cells, Columns, Formula, Program
from mgcds.engines.facts_arrow import check, facts_table
from mgcds.engines.facts_table import GAPS, REJECTED, Layout
from mgcds.model import condition as c
from mgcds.model.criterion import (
    Asks,
    Bound,
    Criterion,
    Documented,
    Has,
    Measure,
    ReferenceLimit,
    State,
    Taking,
)
from mgcds.model.evaluation import Status, Verdicts
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.model.rule import HoldsBack

STATUSES: tuple[Status, ...] = ("withheld", "suppressed", "offered", "not indicated")
"""status by code"""
ROWS = 262_144  # patients at a time: what is worked on stays in the processor's caches


class Verdict(NamedTuple):
    """When something is definitely met, and when it is definitely not."""

    met: Formula
    not_met: Formula


def opposite(verdict: Verdict) -> Verdict:
    """An unknown stays unknown."""
    return Verdict(verdict.not_met, verdict.met)


def all_of(parts: Iterable[Verdict]) -> Verdict:
    """Not met where one is not met, else unknown where one is unknown, else met."""
    return reduce(lambda one, other: Verdict(one.met & other.met, one.not_met | other.not_met), parts)


def any_of(parts: Iterable[Verdict]) -> Verdict:
    """Met where one is met, else unknown where one is unknown, else not met."""
    return reduce(lambda one, other: Verdict(one.met | other.met, one.not_met & other.not_met), parts)


def judge(condition: c.Condition, known: Mapping[str, Verdict]) -> Verdict:
    """The verdicts of a condition, given those of its names."""
    match condition:
        case c.Name(name=name):
            return known[name]
        case c.Not(part=part):
            return opposite(judge(part, known))
        case c.AllOf(parts=parts):
            return all_of(judge(part, known) for part in parts)
        case c.AnyOf(parts=parts):
            return any_of(judge(part, known) for part in parts)
    assert_never(condition)


def status_column(codes: NDArray[np.uint8]) -> pa.DictionaryArray:
    """Statuses by their codes."""
    indices = pa.Array.from_buffers(
        pa.int8(), len(codes), [None, pa.py_buffer(codes)]
    )  # `pa.array` would import pandas
    return pa.DictionaryArray.from_arrays(indices, pa.array(STATUSES))


def status_schema(rules: Iterable[str]) -> pa.Schema:
    """A column of patients, and one of statuses a rule; none is null, which Parquet would have to say of each."""
    status = pa.dictionary(pa.int8(), pa.string())
    return pa.schema([pa.field("patient", pa.string(), False), *(pa.field(rule, status, False) for rule in rules)])


class Truths(NamedTuple):
    """A verdict on many patients."""

    met: Bits
    not_met: Bits


@dataclass(frozen=True, slots=True)
class Statuses:
    """The statuses of some patients, in the order of their rows."""

    rows: int
    statuses: Mapping[str, tuple[Bits, Bits]]
    """rule → its status' code in STATUSES, low bits and high bits"""
    cells: Columns

    def codes(self, rule: str, into: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        """The status of a rule for each patient, as its code in STATUSES."""
        low, high = (self.cells.flags(bits) for bits in self.statuses[rule])
        np.add(high, high, out=high)
        return np.add(low, high, out=low if into is None else into)

    def to_arrow(self, patients: pa.Array) -> pa.RecordBatch:
        """A row a patient, a column of statuses a rule."""
        columns = [status_column(self.codes(rule)) for rule in self.statuses]
        return pa.RecordBatch.from_arrays([patients, *columns], schema=status_schema(self.statuses))


@dataclass(frozen=True, slots=True)
class Screened(Statuses):
    """What was decided of them, and from what."""

    criteria: Mapping[str, Truths]
    findings: Mapping[str, Truths]
    rules: Mapping[str, Truths]

    def verdicts(self, row: int) -> Verdicts:
        """Of one patient, as the plain evaluator says it."""

        def of(found: Mapping[str, Truths]) -> dict[str, c.Truth]:
            return {name: True if at(met) else False if at(not_met) else None for name, (met, not_met) in found.items()}

        def at(bits: Bits) -> int:
            return int(bits[row >> 3]) >> (row & 7) & 1

        statuses = {rule: STATUSES[at(low) | at(high) << 1] for rule, (low, high) in self.statuses.items()}
        return Verdicts(of(self.criteria), of(self.findings), of(self.rules), statuses)


class Columnar:
    """A pack, made ready to screen facts tables of its layout."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack
        self.layout = Layout(pack)
        self._step = cache(self.layout.step)
        self._places = {
            value_set: (f"{name}_present_{number}", f"{name}_absent_{number}", bit)
            for name, masks in self.layout.lists.items()
            for number, value_sets in enumerate(masks)
            for bit, value_set in enumerate(value_sets)
        }
        self._steps, self._holding = holding(pack)
        self._holders = {(holder.by, holder.lets_pass): holder for _, holder in self._steps}.values()
        cells = Cells()
        self._criteria = {key: self.test(criterion, cells) for key, criterion in pack.criteria.items()}
        known = dict(self._criteria)
        for finding in pack.findings.values():
            known[finding.id] = judge(finding.when, known)
        self._findings = {name: known[name] for name in pack.findings}
        self._rules = {rule.id: judge(rule.when, known) for rule in pack.rules.values()}
        self._statuses = self._hold(cells)
        statuses = [formula for pair in self._statuses.values() for formula in pair]
        verdicts = [*self._criteria.values(), *self._findings.values(), *self._rules.values()]
        self._for_statuses = Program(cells, statuses)
        self._for_all = Program(cells, [*statuses, *(formula for verdict in verdicts for formula in verdict)])

    def screen(self, batches: Iterable[pa.RecordBatch]) -> Iterator[Screened]:
        """Screen batches of a facts table, a part at a time. TableError where they are none of this pack's layout."""
        return map(self.screen_batch, self._parts(batches))

    def statuses(self, batches: Iterable[pa.RecordBatch]) -> Iterator[Statuses]:
        """The same, but only what comes of it, in less time."""
        for part in self._parts(batches):
            columns = Columns(part)
            yield Statuses(part.num_rows, self._status_bits(self._for_statuses.run(columns)), columns)

    def codes(self, table: pa.Table) -> dict[str, NDArray[np.uint8]]:
        """The status of each rule for each patient of a facts table, as its code in STATUSES."""
        found = np.empty(
            (len(self.pack.rules), table.num_rows), np.uint8
        )  # at once: so many small ones cost the system more
        at = 0
        for part in self.statuses(table.to_batches()):
            for rule, codes in zip(self.pack.rules, found, strict=True):
                part.codes(rule, into=codes[at : at + part.rows])
            at += part.rows
        return dict(zip(self.pack.rules, found, strict=True))

    def screen_batch(self, batch: pa.RecordBatch) -> Screened:
        """Judge every criterion, finding and rule, then let rules hold one another back."""
        columns = Columns(batch)
        bits = self._for_all.run(columns)

        def truths(of: Mapping[str, Verdict]) -> dict[str, Truths]:
            return {name: Truths(bits[met], bits[not_met]) for name, (met, not_met) in of.items()}

        judged = map(truths, (self._criteria, self._findings, self._rules))
        return Screened(batch.num_rows, self._status_bits(bits), columns, *judged)

    def _parts(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            check(batch, self.layout)
            for start in range(0, batch.num_rows, ROWS):
                yield batch.slice(start, ROWS)

    def _status_bits(self, bits: Mapping[Formula, Bits]) -> dict[str, tuple[Bits, Bits]]:
        return {rule: (bits[low], bits[high]) for rule, (low, high) in self._statuses.items()}

    # --- precedence ---------------------------------------------------------------------------------------------------------

    def _hold(self, cells: Cells) -> dict[str, tuple[Formula, Formula]]:
        """Offered only where met and every holder is known not to apply (or lets pass); suppressed where one applies; withheld otherwise."""
        rules = self._rules
        cleared_by = {(h.by, h.lets_pass): self._cleared(h, rules[h.by], cells) for h in self._holders}
        held, cleared = [cells.none()], [~cells.none()]
        for before, holder in self._steps:
            held.append(held[before] | rules[holder.by].met)
            cleared.append(cleared[before] & cleared_by[holder.by, holder.lets_pass])
        return {
            rule: (not_met | held[last], not_met | (met & cleared[last]))
            for rule, (met, not_met) in rules.items()
            for last in (self._holding[rule],)
        }

    def _cleared(self, holder: HoldsBack, verdict: Verdict, cells: Cells) -> Formula:
        """Known not to apply; or unknown, where it lets pass and nothing it reads was rejected."""
        if not holder.lets_pass:
            return verdict.not_met
        rejected = [cells.reaches(f"{subject}_gap", REJECTED) for subject in self.pack.reads[holder.by]]
        return verdict.not_met | ~reduce(or_, rejected, verdict.met)

    # --- criteria -----------------------------------------------------------------------------------------------------------

    def test(self, criterion: Criterion, cells: Cells) -> Verdict:
        """Where is a criterion met, and where not?"""
        match criterion:
            case Measure(item=item, lower=lower, upper=upper, within=within):
                sides = [] if lower is None else [self._bounded(item, lower, is_above, cells)]
                sides += [] if upper is None else [self._bounded(item, upper, is_below, cells)]
                return _current(all_of(sides), item, within, cells)
            case State(item=item, values=values, within=within):
                met = self._is_one_of(item, values, cells)
                known = cells.reaches(f"{item}_state", 0)
                return _current(Verdict(met, known & ~met), item, within, cells)
            case Taking(value_set=value_set, at_least=at_least, at_most=at_most, unchanged_for=unchanged_for):
                running, unchanged = f"{value_set}_running", f"{value_set}_unchanged"
                sides = [] if at_least is None else [is_above(running, 2 * at_least, True, cells)]
                sides += [] if at_most is None else [is_below(running, 2 * at_most, True, cells)]
                sides += [] if unchanged_for is None else [is_above(unchanged, 2 * unchanged_for, True, cells)]
                present = self._present(value_set, cells)
                return all_of([present, *(Verdict(met, present.met & not_met) for met, not_met in sides)])
            case Has(value_set=value_set):
                return self._present(value_set, cells)
            case Asks():
                met = self._asks(criterion, cells)
                return Verdict(met, ~met)
            case Documented(item=item, values=values, since=since, within=within):
                met = self._is_one_of(item, values, cells)
                if within is not None:
                    met = met & _fresh(item, within, cells)
                if since in self.layout.measured:
                    met = met & cells.no_later(f"{item}_days", f"{since}_days")
                return Verdict(met, ~met)
        assert_never(criterion)

    def _bounded(self, item: str, bound: Bound, side: Side, cells: Cells) -> Verdict:
        """Above a lower bound or below an upper one, in the unit that the value has."""
        if isinstance(bound, ReferenceLimit):
            return side(f"{item}_to_{bound.which}", 0, bound.inclusive, cells)
        limits = [(unit, bound.by_unit[unit]) for unit in self.layout.measured[item].scales]
        by_unit = [side(item, self._step(item, unit, each.value), each.inclusive, cells) for unit, each in limits]
        if len(by_unit) == 1:
            return by_unit[0]
        units = [cells.equals(f"{item}_unit", code) for code in range(len(by_unit))]
        met = [unit & verdict.met for unit, verdict in zip(units, by_unit, strict=True)]
        not_met = [unit & verdict.not_met for unit, verdict in zip(units, by_unit, strict=True)]
        return Verdict(reduce(or_, met), reduce(or_, not_met))

    def _is_one_of(self, item: str, values: Iterable[str], cells: Cells) -> Formula:
        codes = [self.layout.states[item].index(value) for value in values]
        return reduce(or_, (cells.equals(f"{item}_state", code) for code in codes))

    def _present(self, value_set: str, cells: Cells) -> Verdict:
        present, absent, bit = self._places[value_set]
        return Verdict(cells.bit(present, bit), cells.bit(absent, bit))

    def _asks(self, criterion: Asks, cells: Cells) -> Formula:
        about, problem = criterion.about, criterion.problem
        gap = f"{about}_gap"
        if problem == "rejected":
            return cells.reaches(gap, REJECTED)
        found = cells.reaches(gap, 1) if problem == "unknown" else cells.equals(gap, GAPS.index(problem) + 1)
        if problem == "missing" or criterion.within is None or about in self.layout.lists:
            return found
        return found | (~cells.reaches(gap, 1) & ~_fresh(about, criterion.within, cells))


def is_above(column: str, step: int, inclusive: bool, cells: Cells) -> Verdict:
    """Met where even the least that may be is above the step, or at it where that is enough; not met where even the most is not."""
    first = step if inclusive else step + 1
    return Verdict(cells.reaches(f"{column}_low", first), ~cells.reaches(f"{column}_high", first))


def is_below(column: str, step: int, inclusive: bool, cells: Cells) -> Verdict:
    """Below the step, or at it where that is enough: where it is not above."""
    return opposite(is_above(column, step, not inclusive, cells))


Side: TypeAlias = Callable[[str, int, bool, Cells], Verdict]


def _fresh(item: str, within: int, cells: Cells) -> Formula:
    return ~cells.reaches(f"{item}_days", within + 1)


def _current(verdict: Verdict, item: str, within: int | None, cells: Cells) -> Verdict:
    if within is None:
        return verdict
    fresh = _fresh(item, within, cells)
    return Verdict(verdict.met & fresh, verdict.not_met & fresh)


def holding(pack: RulePack) -> tuple[list[tuple[int, HoldsBack]], dict[str, int]]:
    """The sets of holders as steps that share their beginnings: (the step before, one holder more), from 0, nobody; and the last step
    of each rule. Holders that most sets have come first, so that there are not many more steps than holders.
    """
    most = Counter(holder.by for holders in pack.holders.values() for holder in holders)
    steps: list[tuple[int, HoldsBack]] = []
    numbers: dict[tuple[int, str, bool], int] = {}
    last = {}
    for rule in pack.rules:
        at = 0
        for holder in sorted(pack.holders[rule], key=lambda holder: (-most[holder.by], holder.by)):
            key = at, holder.by, holder.lets_pass
            if key not in numbers:
                steps.append((at, holder))
                numbers[key] = len(steps)
            at = numbers[key]
        last[rule] = at
    return steps, last


_READY: WeakKeyDictionary[RulePack, Columnar] = WeakKeyDictionary()


def columnar(pack: RulePack) -> Columnar:
    """The engine of a pack, made ready on first use."""
    found = _READY.get(pack)
    if found is None:
        found = _READY.setdefault(pack, Columnar(pack))
    return found


def evaluate_columnar(pack: RulePack, facts: Facts) -> Verdicts:
    """One record by this engine: for scenarios, which run on every engine."""
    engine = columnar(pack)
    (screened,) = engine.screen(facts_table([facts], engine.layout).to_batches())
    return screened.verdicts(0)
