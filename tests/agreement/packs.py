"""Random packs over the real data dictionary and value sets: the engines must agree on what rules can say, not on the rules there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random
from typing import Literal, get_args

from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not
from mgcds.model.criterion import (
    Asks,
    Bound,
    Criterion,
    Documented,
    Has,
    Limit,
    Measure,
    Problem,
    ReferenceLimit,
    State,
    Taking,
    Threshold,
)
from mgcds.model.facts import Reading
from mgcds.model.pack import ListItem, MeasuredItem, RulePack, StateItem
from mgcds.model.review import Review
from mgcds.model.rule import Finding, HoldsBack, Kind, Rule, Suggest
from mgcds.model.units import factor
from tests.agreement.generate import DURATIONS, Deck, Patients

KINDS: tuple[Kind, ...] = get_args(Kind)
WITHINS = (None, None, 0, 1, 14, 30, 90, 365)


class PackMaker:
    """Makes random packs. Limits are taken from values of the stock, so that ties are met, or from anywhere."""

    def __init__(self, patients: Patients) -> None:
        self._real = patients.pack
        self._values = {item: _values(deck) for item, deck in patients.stock.items()}
        items = patients.pack.items.values()
        self._measured = [item for item in items if isinstance(item, MeasuredItem)]
        self._states = [item for item in items if isinstance(item, StateItem)]
        self._subjects = [item.id for item in items]
        self._sets: Mapping[str, Sequence[str]] = {
            item.id: [found.id for found in patients.pack.value_sets.values() if found.of == item.id]
            for item in items
            if isinstance(item, ListItem)
        }

    def pack(self, seed: int) -> RulePack:
        """A pack: 5 to 40 criteria, up to 8 findings over them and over one another, 3 to 25 rules, who holds back whom."""
        rng = Random(f"pack {seed}")
        criteria = {f"criterion {n}": self._criterion(rng) for n in range(rng.choice((5, 12, 25, 40)))}
        findings: dict[str, Finding] = {}
        for n in range(rng.randrange(9)):
            when = self._condition(rng, [*criteria, *findings], rng.choice((1, 2, 3)))
            findings[f"finding_{n}"] = Finding(f"finding_{n}", f"Finding {n}", {}, when, "")
        names = [*criteria, *findings, *findings]
        rules = {}
        for n in range(rng.choice((3, 8, 15, 25))):
            when = self._condition(rng, names, rng.choice((0, 1, 2, 3)))
            rules[f"rule-{n}"] = _rule(f"rule-{n}", rng.choice(KINDS), when)
        return replace(
            self._real,
            digest=f"random pack {seed}",
            criteria=criteria,
            findings=findings,
            rules=rules,
            holders={rule: _holders(rule, list(rules), rng) for rule in rules},
            missing_sets={},
        )

    def _condition(self, rng: Random, names: Sequence[str], depth: int) -> Condition:
        if depth == 0:
            name = Name(rng.choice(names))
            return Not(name) if rng.random() < 0.3 else name
        parts = tuple(self._condition(rng, names, rng.randrange(depth)) for _ in range(rng.choice((2, 2, 3, 4))))
        joined: Condition = rng.choice((AllOf, AnyOf))(parts)
        return Not(joined) if rng.random() < 0.25 else joined

    # --- criteria, one method a kind ----------------------------------------------------------------------------------------

    def _criterion(self, rng: Random) -> Criterion:
        kinds: Sequence[Callable[[Random], Criterion]] = (
            self._measure,
            self._measure,
            self._measure,
            self._state,
            self._taking,
            self._taking,
            self._has,
            self._asks,
            self._documented,
        )
        return rng.choice(kinds)(rng)

    def _measure(self, rng: Random) -> Measure:
        item = rng.choice(self._measured)
        lower, upper = self._bound(item, rng), self._bound(item, rng)
        which = rng.randrange(3)  # the lower bound may lie above the upper one: then it is never met
        return Measure(item.id, lower if which != 0 else None, upper if which != 1 else None, rng.choice(WITHINS), "")

    def _bound(self, item: MeasuredItem, rng: Random) -> Bound:
        if rng.random() < 0.25:  # also where the item has no such limit: then it is unknown
            which: Literal["lower", "upper"] = rng.choice(("lower", "upper"))
            return ReferenceLimit(which, rng.random() < 0.5)
        first = item.units[0]
        value = self._limit(item, first, rng)
        inclusive = rng.random() < 0.5
        by_unit = {}
        for unit in item.units:
            scale = factor(first, unit, item.substance)
            assert scale is not None
            exact = Limit(value * scale, inclusive)
            by_unit[unit] = Limit(self._limit(item, unit, rng), rng.random() < 0.5) if rng.random() < 0.3 else exact
        return Threshold(by_unit, f"{value} {inclusive}")

    def _limit(self, item: MeasuredItem, unit: str, rng: Random) -> Fraction:
        values = self._values.get(item.id, {}).get(unit, ())
        if values and rng.random() < 0.75:
            return rng.choice(values) + rng.choice((0, 0, 0, Fraction(1, 3), Fraction(1, 10**6), -Fraction(1, 1000)))
        low, high = map(Fraction, item.plausible)
        return low + (high - low) * Fraction(rng.randrange(1001), 1000)

    def _state(self, rng: Random) -> State:
        item = rng.choice(self._states)
        return State(item.id, _some(item.values, rng), rng.choice(WITHINS), "")

    def _taking(self, rng: Random) -> Taking:
        days = [rng.choice(DURATIONS) if rng.random() < 0.4 else None for _ in range(3)]
        return Taking(rng.choice(self._sets["medicines"]), days[0], days[1], days[2], "")

    def _has(self, rng: Random) -> Has:
        of: Literal["conditions", "symptoms"] = rng.choice(("conditions", "symptoms"))
        return Has(of, rng.choice(self._sets[of]), "")

    def _asks(self, rng: Random) -> Asks:
        return Asks(rng.choice(self._subjects), rng.choice(get_args(Problem)), rng.choice(WITHINS), "")

    def _documented(self, rng: Random) -> Documented:
        item = rng.choice(self._states)
        since = rng.choice(self._measured).id if rng.random() < 0.6 else None
        return Documented(item.id, _some(item.values, rng), since, rng.choice(WITHINS), "")


def _some(values: Sequence[str], rng: Random) -> tuple[str, ...]:
    return tuple(rng.sample(values, rng.randrange(1, len(values) + 1)))


def _values(deck: Deck) -> dict[str, list[Fraction]]:
    """Each value of the stock once, by unit, to six places: the scale of a column has to fit into 64 bits."""
    found: dict[str, set[Fraction]] = {}
    for card in deck.cards:
        for reading in card.items.values():
            if isinstance(reading, Reading):
                ends = [end for end in (reading.range.low, reading.range.high) if end is not None]
                found.setdefault(reading.unit, set()).update(
                    Fraction(round(Fraction(end) * 10**6), 10**6) for end in ends
                )
    return {unit: sorted(values) for unit, values in found.items()}


def _rule(rule_id: str, kind: Kind, when: Condition) -> Rule:
    suggest = Suggest(kind, "", "not graded", "D", (), (), ())
    review = Review(date(2027, 1, 1))
    return Rule(rule_id, "1.0.0", "active", "random", rule_id, {}, when, "", suggest, review, "")


def _holders(held: str, rules: Sequence[str], rng: Random) -> tuple[HoldsBack, ...]:
    others = [rule for rule in rules if rule != held]
    by = rng.sample(others, rng.choice((0, 0, 1, 2, min(6, len(others)))))
    return tuple(HoldsBack(rule, (held,), rng.random() < 0.4, "") for rule in by)
