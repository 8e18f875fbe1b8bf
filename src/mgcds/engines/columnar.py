"""The rules over many patients at once: criteria, findings, rules and precedence over batches of a facts table.

The same meaning as `model.evaluation`, read there; here each verdict is two columns of one bit a patient, "definitely met" and
"definitely not met", neither being unknown, and Kleene's logic is a few operations on n/8 bytes. A criterion is judged once,
however many rules use it, a comparison once, however many criteria make it. Only this module of `engines` needs numpy and pyarrow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from types import MappingProxyType
from typing import NamedTuple, TypeAlias, assert_never
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mgcds.engines.facts_arrow import check, facts_table, schema_of
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

Bits: TypeAlias = NDArray[np.uint8]
"""one bit a patient, the first in the lowest bit, as in Arrow; bits behind the last patient mean nothing"""
STATUSES: tuple[Status, ...] = ("withheld", "suppressed", "offered", "not indicated")
"""status by code"""
ROWS = 262_144  # patients at a time: what is worked on stays in the processor's caches


class Truths(NamedTuple):
    """A verdict on many patients."""

    met: Bits
    not_met: Bits


def opposite(truths: Truths) -> Truths:
    """An unknown stays unknown."""
    return Truths(truths.not_met, truths.met)


def all_of(parts: Iterable[Truths]) -> Truths:
    """Not met where one is not met, else unknown where one is unknown, else met."""
    return reduce(lambda one, other: Truths(one.met & other.met, one.not_met | other.not_met), parts)


def any_of(parts: Iterable[Truths]) -> Truths:
    """Met where one is met, else unknown where one is unknown, else not met."""
    return reduce(lambda one, other: Truths(one.met | other.met, one.not_met & other.not_met), parts)


def judge(condition: c.Condition, known: Mapping[str, Truths]) -> Truths:
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


@dataclass(frozen=True, slots=True)
class Screened:
    """What was decided of some patients, in the order of their rows."""

    rows: int
    criteria: Mapping[str, Truths]
    findings: Mapping[str, Truths]
    rules: Mapping[str, Truths]
    statuses: Mapping[str, tuple[Bits, Bits]]
    """rule → its status' code in STATUSES, low bits and high bits"""
    cells: Cells

    def codes(self, rule: str) -> NDArray[np.uint8]:
        """The status of a rule for each patient, as its code in STATUSES."""
        low, high = (self.cells.flags(bits) for bits in self.statuses[rule])
        low += high
        low += high
        return low

    def verdicts(self, row: int) -> Verdicts:
        """Of one patient, as the plain evaluator says it."""

        def of(found: Mapping[str, Truths]) -> dict[str, c.Truth]:
            return {name: True if at(met) else False if at(not_met) else None for name, (met, not_met) in found.items()}

        def at(bits: Bits) -> int:
            return int(bits[row >> 3]) >> (row & 7) & 1

        statuses = {rule: STATUSES[at(low) | at(high) << 1] for rule, (low, high) in self.statuses.items()}
        return Verdicts(of(self.criteria), of(self.findings), of(self.rules), statuses)

    def to_arrow(self, patients: pa.Array) -> pa.RecordBatch:
        """A row a patient, a column of statuses a rule."""
        names = pa.array(STATUSES)
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(self.codes(rule).view(np.int8)), names) for rule in self.statuses
        ]
        return pa.RecordBatch.from_arrays([patients, *columns], ["patient", *self.statuses])


Wanted: TypeAlias = Mapping[str, Sequence[int]]


class Cells:
    """The columns of a batch, compared bit by bit. Comparisons that are known to be wanted are made at once, a column after the
    other, so that each is read from memory once; each comparison is made once.
    """

    def __init__(self, batch: pa.RecordBatch, wanted: Wanted = MappingProxyType({})) -> None:
        self.rows = batch.num_rows
        self._batch = batch
        self._compared: dict[tuple[str, int], Bits] = {}
        self._set: dict[tuple[str, int], Bits] = {}
        self._split: dict[tuple[str, int], Bits] = {}
        self._flags = np.empty(self.rows, np.bool_)
        self._octets = self._flags.view(np.uint8)
        for column, numbers in wanted.items():
            values = self._column(column)
            for number in numbers:
                self._compared[column, number] = self._compare(values, number)

    def reaches(self, column: str, number: int) -> Bits:
        """Where the column holds the number or more: the only comparison with a number there is."""
        if (column, number) not in self._compared:
            self._compared[column, number] = self._compare(self._column(column), number)
        return self._compared[column, number]

    def wanted(self) -> Wanted:
        """The comparisons that were made, by column."""
        columns = dict.fromkeys(column for column, _ in self._compared)
        return {column: sorted(number for of, number in self._compared if of == column) for column in columns}

    def equals(self, column: str, number: int) -> Bits:
        """Where the column holds the number."""
        return self.reaches(column, number) & ~self.reaches(column, number + 1)

    def no_later(self, one: str, other: str) -> Bits:
        """Where one column holds no more than another."""
        return _packed(self._column(one) <= self._column(other))

    def bit(self, column: str, bit: int) -> Bits:
        """Where this bit of a mask is set."""
        if (column, bit) not in self._set:
            octet = self._octet(column, bit >> 3)
            np.bitwise_and(octet, np.uint8(1 << (bit & 7)), out=self._octets)
            self._set[column, bit] = _packed(self._octets)
        return self._set[column, bit]

    def _octet(self, column: str, number: int) -> Bits:
        """One byte of each mask, side by side."""
        if (column, number) not in self._split:
            masks = self._column(column)
            little = masks.astype(masks.dtype.newbyteorder("<"), copy=False)
            self._split[column, number] = np.ascontiguousarray(little.view(np.uint8)[number :: masks.itemsize])
        return self._split[column, number]

    def none(self) -> Bits:
        """Nobody."""
        return np.zeros((self.rows + 7) // 8, np.uint8)

    def flags(self, bits: Bits) -> NDArray[np.uint8]:
        """0 or 1 for each patient."""
        return np.unpackbits(bits, count=self.rows, bitorder="little")

    def _compare(self, values: NDArray[np.integer], number: int) -> Bits:
        np.greater_equal(values, number, out=self._flags)
        return _packed(self._flags)

    def _column(self, name: str) -> NDArray[np.integer]:
        found: NDArray[np.integer] = self._batch.column(name).to_numpy()
        return found


def _packed(truths: NDArray[np.bool_] | Bits) -> Bits:
    return np.packbits(truths, bitorder="little")


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
        self._wanted: Wanted = {}
        nobody = pa.RecordBatch.from_pylist([], schema_of(self.layout))
        self._wanted = self.screen_batch(nobody).cells.wanted()

    def screen(self, batches: Iterable[pa.RecordBatch]) -> Iterator[Screened]:
        """Screen batches of a facts table, a part at a time. TableError where they are none of this pack's layout."""
        for batch in batches:
            check(batch, self.layout)
            for start in range(0, batch.num_rows, ROWS):
                yield self.screen_batch(batch.slice(start, ROWS))

    def screen_batch(self, batch: pa.RecordBatch) -> Screened:
        """Judge every criterion, finding and rule, then let rules hold one another back."""
        cells = Cells(batch, self._wanted)
        criteria = {key: self.test(criterion, cells) for key, criterion in self.pack.criteria.items()}
        truths = dict(criteria)
        for finding in self.pack.findings.values():
            truths[finding.id] = judge(finding.when, truths)
        rules = {rule.id: judge(rule.when, truths) for rule in self.pack.rules.values()}
        statuses = self._statuses(rules, cells)
        return Screened(
            batch.num_rows, criteria, {name: truths[name] for name in self.pack.findings}, rules, statuses, cells
        )

    # --- precedence ---------------------------------------------------------------------------------------------------------

    def _statuses(self, rules: Mapping[str, Truths], cells: Cells) -> dict[str, tuple[Bits, Bits]]:
        """Offered only where met and every holder is known not to apply (or lets pass); suppressed where one applies; withheld otherwise."""
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

    def _cleared(self, holder: HoldsBack, truths: Truths, cells: Cells) -> Bits:
        """Known not to apply; or unknown, where it lets pass and nothing it reads was rejected."""
        if not holder.lets_pass:
            return truths.not_met
        rejected = [cells.reaches(f"{subject}_gap", REJECTED) for subject in self.pack.reads[holder.by]]
        return truths.not_met | ~reduce(np.bitwise_or, rejected, truths.met)

    # --- criteria -----------------------------------------------------------------------------------------------------------

    def test(self, criterion: Criterion, cells: Cells) -> Truths:
        """Where is a criterion met, and where not?"""
        match criterion:
            case Measure(item=item, lower=lower, upper=upper, within=within):
                sides = [] if lower is None else [self._bounded(item, lower, is_above, cells)]
                sides += [] if upper is None else [self._bounded(item, upper, is_below, cells)]
                return _current(all_of(sides), item, within, cells)
            case State(item=item, values=values, within=within):
                met = self._is_one_of(item, values, cells)
                known = cells.reaches(f"{item}_state", 0)
                return _current(Truths(met, known & ~met), item, within, cells)
            case Taking(value_set=value_set, at_least=at_least, at_most=at_most, unchanged_for=unchanged_for):
                running, unchanged = f"{value_set}_running", f"{value_set}_unchanged"
                sides = [] if at_least is None else [is_above(running, 2 * at_least, True, cells)]
                sides += [] if at_most is None else [is_below(running, 2 * at_most, True, cells)]
                sides += [] if unchanged_for is None else [is_above(unchanged, 2 * unchanged_for, True, cells)]
                present = self._present(value_set, cells)
                return all_of([present, *(Truths(met, present.met & not_met) for met, not_met in sides)])
            case Has(value_set=value_set):
                return self._present(value_set, cells)
            case Asks():
                met = self._asks(criterion, cells)
                return Truths(met, ~met)
            case Documented(item=item, values=values, since=since, within=within):
                met = self._is_one_of(item, values, cells)
                if within is not None:
                    met = met & _fresh(item, within, cells)
                if since in self.layout.measured:
                    met = met & cells.no_later(f"{item}_days", f"{since}_days")
                return Truths(met, ~met)
        assert_never(criterion)

    def _bounded(self, item: str, bound: Bound, side: Side, cells: Cells) -> Truths:
        """Above a lower bound or below an upper one, in the unit that the value has."""
        if isinstance(bound, ReferenceLimit):
            return side(f"{item}_to_{bound.which}", 0, bound.inclusive, cells)
        limits = [(unit, bound.by_unit[unit]) for unit in self.layout.measured[item].scales]
        by_unit = [side(item, self._step(item, unit, each.value), each.inclusive, cells) for unit, each in limits]
        if len(by_unit) == 1:
            return by_unit[0]
        units = [cells.equals(f"{item}_unit", code) for code in range(len(by_unit))]
        met = [unit & truths.met for unit, truths in zip(units, by_unit, strict=True)]
        not_met = [unit & truths.not_met for unit, truths in zip(units, by_unit, strict=True)]
        return Truths(reduce(np.bitwise_or, met), reduce(np.bitwise_or, not_met))

    def _is_one_of(self, item: str, values: Iterable[str], cells: Cells) -> Bits:
        codes = [self.layout.states[item].index(value) for value in values]
        return reduce(np.bitwise_or, (cells.equals(f"{item}_state", code) for code in codes))

    def _present(self, value_set: str, cells: Cells) -> Truths:
        present, absent, bit = self._places[value_set]
        return Truths(cells.bit(present, bit), cells.bit(absent, bit))

    def _asks(self, criterion: Asks, cells: Cells) -> Bits:
        about, problem = criterion.about, criterion.problem
        gap = f"{about}_gap"
        if problem == "rejected":
            return cells.reaches(gap, REJECTED)
        found = cells.reaches(gap, 1) if problem == "unknown" else cells.equals(gap, GAPS.index(problem) + 1)
        if problem == "missing" or criterion.within is None or about in self.layout.lists:
            return found
        return found | (~cells.reaches(gap, 1) & ~_fresh(about, criterion.within, cells))


def is_above(column: str, step: int, inclusive: bool, cells: Cells) -> Truths:
    """Met where even the least that may be is above the step, or at it where that is enough; not met where even the most is not."""
    first = step if inclusive else step + 1
    return Truths(cells.reaches(f"{column}_low", first), ~cells.reaches(f"{column}_high", first))


def is_below(column: str, step: int, inclusive: bool, cells: Cells) -> Truths:
    """Below the step, or at it where that is enough: where it is not above."""
    return opposite(is_above(column, step, not inclusive, cells))


Side: TypeAlias = Callable[[str, int, bool, Cells], Truths]


def _fresh(item: str, within: int, cells: Cells) -> Bits:
    return ~cells.reaches(f"{item}_days", within + 1)


def _current(truths: Truths, item: str, within: int | None, cells: Cells) -> Truths:
    if within is None:
        return truths
    fresh = _fresh(item, within, cells)
    return Truths(truths.met & fresh, truths.not_met & fresh)


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
