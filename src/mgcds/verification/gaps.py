"""Gaps along measured quantities: values at which no rule speaks, although rules speak of the same patient below and above.

Of one patient everything is kept but the value of one item, and what is computed from it. A gap is a value, exact and current, at which
every rule that reads the item is not met, while one is met at a lower and one at a higher value in the same unit. Rules of kind inform
do not count: they neither ask for anything nor hold anything back. The normal range of a serum magnesium is such a gap, and meant:
the pack declares it in `intended.yaml`. Anything else is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import takewhile

import z3

from mgcds.model.criterion import Limit, Measure, Threshold
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.explanation import in_sentence, plain
from mgcds.model.facts import Facts, Range, Reading
from mgcds.model.intended import Silent
from mgcds.model.missing import imagined
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from mgcds.model.units import SCORE
from mgcds.verification.flaws import Flaw
from mgcds.verification.hygiene import Hygiene
from mgcds.verification.symbolic import AnyPatient, AnyReading, exactly, follows_from
from mgcds.verification.witness import ON, Witness

MOST_GAPS = 20  # of one item: a pack with more has one fault that makes them all


@dataclass(frozen=True, slots=True)
class Gap:
    """From one value to another, each with whether it belongs to the gap; and the rules that speak beside it."""

    item: MeasuredItem
    unit: str
    low: Limit
    high: Limit
    below: tuple[str, ...]
    above: tuple[str, ...]
    witness: Witness

    @property
    def flaw(self) -> Flaw:
        unit = "" if self.unit == SCORE else f" {plain(self.unit)}"
        ends = f"{'from' if self.low.inclusive else 'above'} {_text(self.low)} {'to' if self.high.inclusive else 'to below'} {_text(self.high)}{unit}"
        says = f"{in_sentence(self.item.title)} {ends}: no rule speaks, but below it {', '.join(self.below)} and above it {', '.join(self.above)}"
        then = tuple(f'"{rule}" is not indicated' for rule in (*self.below, *self.above))
        return Flaw("gaps", (self.item.id,), says, self.witness, tuple(dict.fromkeys(then)))


def check_gaps(asked: Hygiene) -> Iterator[Flaw]:
    """The gaps of every measured item that are not declared."""
    for item in measured(asked.pack):
        yield from (gap.flaw for gap in gaps_of(item, asked))


def measured(pack: RulePack) -> list[MeasuredItem]:
    """Items whose value is reported; what is computed from it moves with it."""
    items = [item for item in pack.items.values() if isinstance(item, MeasuredItem)]
    return [item for item in items if item.change is None and item.id != "supplemental_magnesium"]


def gaps_of(item: MeasuredItem, asked: Hygiene) -> Iterator[Gap]:
    """One gap after the other, until there is none outside those declared and found."""
    search = _Search(item, asked)
    if not search.rules:
        return
    declared = {entry: search.is_in(entry) for entry in asked.pack.intended.silent if entry.range.item == item.id}
    for entry, inside in declared.items():
        others = [within for other, within in declared.items() if other != entry]
        if search.is_possible(inside, *map(z3.Not, others)):
            asked.used.add(entry)
    known = list(declared.values())
    for _ in range(MOST_GAPS):
        gap = search.next(known)
        if gap is None:
            return
        yield gap
        known.append(search.within(gap))


class _Search:
    """One item of one patient at three values."""

    def __init__(self, item: MeasuredItem, asked: Hygiene) -> None:
        self.item, self._asked = item, asked
        pack, patient = asked.pack, asked.patient
        moved = {other.id for other in pack.items.values() if follows_from(other, item.id, pack)}
        bounded = {key for key, test in pack.criteria.items() if isinstance(test, Measure) and test.item in moved}
        self._moved = moved & patient.readings.keys()
        self.rules = [
            rule.id for rule in pack.rules.values()
            if rule.suggest.kind != "inform" and bounded & set(pack.criteria_of[rule.id])
        ]  # fmt: skip
        self._lower, self._higher = (
            AnyPatient(pack, patient, otherwise=item.id, called=called) for called in ("lower", "higher")
        )

        asked_for = [*self._lower.constraints, *self._higher.constraints, self._one_patient()]
        asked_for += [patient.rules[rule].false for rule in self.rules]
        asked_for += [z3.Or([other.rules[rule].true for rule in self.rules]) for other in (self._lower, self._higher)]
        self._gap = z3.And(asked_for)

    def is_possible(self, *where: z3.BoolRef) -> bool:
        """Is there a gap there?"""
        return self._asked.is_possible(self._gap, *where)

    def next(self, known: Sequence[z3.BoolRef]) -> Gap | None:
        """A gap that is not among the known ones."""
        witness = self._asked.somebody(self._gap, *map(z3.Not, known))
        return self._around(witness) if witness is not None else None

    def is_in(self, silent: Silent) -> z3.BoolRef:
        """The value lies in a range that is declared, and the patient is as declared."""
        return z3.And([self._asked.patient.test(each).true for each in (silent.range, *silent.given)])

    def _one_patient(self) -> z3.BoolRef:
        """Three exact values of one day, in order and in one unit, with the same limits of the laboratory; what is computed from it
        is known of all or of none.
        """
        here = self._asked.patient.readings[self.item.id]
        same: list[z3.BoolRef] = [here.known, here.exact]
        for other in (self._lower.readings[self.item.id], self._higher.readings[self.item.id]):
            same += [other.known, other.exact, other.unit == here.unit, other.days == here.days]
            same += [other.own_limit[which] == here.own_limit[which] for which in here.own_limit]
            same += [other.limit[which] == here.limit[which] for which in here.limit]
        for about in self._moved:
            known = self._asked.patient.readings[about].known
            same += [known == other.readings[about].known for other in (self._lower, self._higher)]
        same += [self._lower.readings[self.item.id].low < here.low, here.low < self._higher.readings[self.item.id].low]
        return z3.And(same)

    def within(self, gap: Gap) -> z3.BoolRef:
        """The value lies in a gap that was found."""
        here: AnyReading = self._asked.patient.readings[self.item.id]
        low, high = exactly(gap.low.value), exactly(gap.high.value)
        return z3.And(
            here.unit == self.item.units.index(gap.unit),
            here.low >= low if gap.low.inclusive else here.low > low,
            here.low <= high if gap.high.inclusive else here.low < high,
        )

    def _around(self, witness: Witness) -> Gap:
        """How far the gap of this patient reaches, and what is said beside it: by evaluation, at and between all limits."""
        line = _Line(self.item, self.rules, self._asked.pack, witness)
        return Gap(self.item, line.unit, *line.ends, line.spoken(below=True), line.spoken(below=False), witness)


class _Line:
    """One patient at all values of an item that tell rules apart."""

    def __init__(self, item: MeasuredItem, rules: Sequence[str], pack: RulePack, witness: Witness) -> None:
        self._item, self._rules, self._pack = item, rules, pack
        self._record = witness.record
        reading = self._facts().items[item.id]
        assert isinstance(reading, Reading)
        assert reading.range.low is not None
        self._reading, self.unit, self._here = reading, reading.unit, Fraction(reading.range.low)
        self._moves_others = any(
            other.id != item.id and follows_from(other, item.id, pack) for other in pack.items.values()
        )
        self._limits, values = self._values()
        self._met = {value: self._judged(value) for value in sorted({*values, self._here})}

    @property
    def ends(self) -> tuple[Limit, Limit]:
        """The first and the last value at which nothing is said; a limit at which something is said is itself no part of it."""
        return self._end(below=True), self._end(below=False)

    def spoken(self, below: bool) -> tuple[str, ...]:
        """What is said at the nearest value on one side at which anything is."""
        return next((found for _, found in self._outwards(below) if found), ())

    def _outwards(self, below: bool) -> list[tuple[Fraction, tuple[str, ...] | None]]:
        side = [
            (value, met) for value, met in self._met.items() if (value < self._here if below else value > self._here)
        ]
        return side[::-1] if below else side

    def _end(self, below: bool) -> Limit:
        silent = [value for value, _ in takewhile(lambda found: found[1] == (), self._outwards(below))]
        last = silent[-1] if silent else self._here
        if self._item.whole or last in self._limits:
            return Limit(last, True)
        beyond = [limit for limit in self._limits if (limit < last if below else limit > last)]
        return Limit((max if below else min)(beyond, default=last), False)

    def _values(self) -> tuple[set[Fraction], set[Fraction]]:
        """Every limit in the reading's unit, and values at and between them."""
        if self._item.whole:
            lowest, highest = (int(end) for end in self._item.plausible)
            return set(), set(map(Fraction, range(lowest, highest + 1)))
        values = [
            value.range.low
            for value in imagined(self._item.id, self._pack)
            if isinstance(value, Reading) and value.unit == self.unit
        ]
        tests = [
            test for test in self._pack.criteria.values() if isinstance(test, Measure) and test.item == self._item.id
        ]
        bounds = [bound for test in tests for bound in (test.lower, test.upper) if isinstance(bound, Threshold)]
        limits = {Fraction(bound.by_unit[self.unit].value) for bound in bounds}
        limits |= {Fraction(own.value) for own in (self._reading.lower, self._reading.upper) if own is not None}
        return limits, {Fraction(value) for value in values if value is not None} | limits

    def _judged(self, value: Fraction) -> tuple[str, ...] | None:
        """The rules that are met at this value; None where one cannot be told."""
        facts = self._facts(value) if self._moves_others else self._facts()
        facts.items[self._item.id] = self._reading._replace(range=Range.exactly(value))
        truths = evaluate_facts(self._pack, facts).rules
        met = tuple(rule for rule in self._rules if truths[rule])
        return met or (None if any(truths[rule] is None for rule in self._rules) else ())

    def _facts(self, value: Fraction | None = None) -> Facts:
        record = deepcopy(self._record)
        if value is not None:
            written = record[self._item.id]
            newest = written[-1] if isinstance(written, list) else written
            newest["value"] = _text(Limit(value, True))
        return read_facts(PatientRecord(**record), self._pack, ON)


def _text(limit: Limit) -> str:
    value = Fraction(limit.value)
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
