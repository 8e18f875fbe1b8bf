"""Not knowing may turn an answer into "cannot tell", never into its opposite; proved for every rule and every item or list.

Theorem 1. Making an item or a list unknown never turns a rule from met to not met, or back.
Theorem 2. It never turns a suppressed or withheld suggestion into an offered one, unless by it a holder that lets pass
(`when_unknown: let pass`) has become unknown, or one that asks whether a value is out of date or spoilt has nothing left to ask about.
Each of those has its reason in precedence.yaml; they are listed with the items concerned. What was reported and could not be used
stays so: a spoilt sample is not known, and is no missing one.

Rules whose own criteria ask about knowledge ("is missing") are exempt: to be met when something is unknown is what they are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import z3

from mgcds.model.criterion import ABOUT_KNOWLEDGE, Asks
from mgcds.model.explanation import in_sentence
from mgcds.model.pack import RulePack
from mgcds.model.rule import HoldsBack
from mgcds.verification.flaws import Flaw
from mgcds.verification.proofs import any_patient
from mgcds.verification.symbolic import AnyPatient, is_possible
from mgcds.verification.witness import find_witness


@dataclass(frozen=True, slots=True)
class LetsThrough:
    """A holder through which not knowing an item lets a suggestion pass that knowing it may hold back: the exceptions to theorem 2."""

    holder: str
    item: str
    because: str


@dataclass(frozen=True, slots=True)
class Monotone:
    """What was proved of one item or list: nothing is wrong where there is no flaw."""

    item: str
    rules: int
    """how many rules do not ask about knowledge"""
    flaws: tuple[Flaw, ...]
    lets_through: tuple[LetsThrough, ...]


def asking(pack: RulePack) -> list[str]:
    """The rules whose own criteria ask about knowledge itself."""
    return [
        rule
        for rule in pack.rules
        if any(isinstance(pack.criteria[key], ABOUT_KNOWLEDGE) for key in pack.criteria_of[rule])
    ]


def check_monotone(pack: RulePack) -> Iterator[Monotone]:
    """Both theorems, item by item."""
    patient, solver = any_patient(pack)
    exempt = asking(pack)
    rules = [rule for rule in pack.rules if rule not in exempt]
    for item in pack.items:
        both = _Both(item, patient, AnyPatient(pack, patient, made_unknown=item), solver)
        solver.push()
        try:
            solver.add(both.without.constraints)
            yield Monotone(item, len(rules), tuple(both.flaws(rules)), tuple(both.lets_through(rules)))
        finally:
            solver.pop()


@dataclass(frozen=True, slots=True)
class _Both:
    """One patient twice: as he is known, and with an item unknown. The solver knows what facts can be."""

    item: str
    known: AnyPatient
    without: AnyPatient
    solver: z3.Solver

    def flaws(self, rules: list[str]) -> Iterator[Flaw]:
        """What breaks theorem 1 or 2."""
        title = in_sentence(self.known.pack.items[self.item].title)
        truths, offers = (self.known.rules, self.without.rules), [self._offers(rule) for rule in rules]
        turned = {rule: self._is_turned(rule) for rule in rules if truths[0][rule] is not truths[1][rule]}
        passed = {
            rule: z3.And(self._becomes_offered(rule), self._nothing_let_it_pass(rule))
            for rule, (before, after) in zip(rules, offers, strict=True)
            if before is not after
        }  # what is one and the same formula of both needs no proof
        for ways, says in (
            (turned, f"not knowing the {title} turns '{{rule}}' from met to not met, or back"),
            (passed, f"not knowing the {title} lets '{{rule}}' be offered, and no holder that lets pass is the reason"),
        ):
            yield from self._found(ways, says)

    def _found(self, ways: dict[str, z3.BoolRef], says: str) -> Iterator[Flaw]:
        """One question for all; only what it finds is asked for rule by rule, and one patient shows it."""
        if not is_possible(self.solver, z3.Or(list(ways.values()))):
            return
        found = [rule for rule, way in ways.items() if is_possible(self.solver, way)]
        witness = find_witness(self.known, self.solver, *(way for rule, way in ways.items() if rule == found[0]))
        then = f'"{found[0]}" is not {"offered" if "offered" in says else "withheld"}'
        yield Flaw("monotone", (self.item, *found), says.format(rule="', '".join(found)), witness, (then,))

    def lets_through(self, rules: list[str]) -> Iterator[LetsThrough]:
        """The holders that let something pass for want of this item."""
        held: dict[HoldsBack, list[str]] = {}
        for rule in rules:
            for holder in self.known.pack.holders[rule]:
                concerned = self.known.rules[holder.by] is not self.without.rules[holder.by]
                if concerned and (holder.lets_pass or self._asks(holder)):
                    held.setdefault(holder, []).append(rule)
        for holder, rules_held in held.items():
            offered = z3.Or([self._becomes_offered(rule) for rule in rules_held])
            if is_possible(self.solver, self._lets_pass(holder), offered):
                yield LetsThrough(holder.by, self.item, holder.because)

    def _offers(self, rule: str) -> tuple[z3.BoolRef, z3.BoolRef]:
        return self.known.status(rule, "offered"), self.without.status(rule, "offered")

    def _is_turned(self, rule: str) -> z3.BoolRef:
        before, after = self.known.rules[rule], self.without.rules[rule]
        return z3.Or(z3.And(before.true, after.false), z3.And(before.false, after.true))

    def _becomes_offered(self, rule: str) -> z3.BoolRef:
        was = z3.Or(self.known.status(rule, "suppressed"), self.known.status(rule, "withheld"))
        return z3.And(was, self.without.status(rule, "offered"))

    def _lets_pass(self, holder: HoldsBack) -> z3.BoolRef:
        """It did not let pass, and does so now: it is unknown, or has nothing left to ask about."""
        after = self.without.rules[holder.by]
        passes = [after.unknown] if holder.lets_pass else []
        passes += [after.false] if self._asks(holder) else []
        return z3.And(z3.Not(self.known.is_cleared(holder)), z3.Or(passes))

    def _asks(self, holder: HoldsBack) -> bool:
        """Does it ask of this item how it is that it is not known?"""
        pack = self.known.pack
        criteria = [pack.criteria[key] for key in pack.criteria_of[holder.by]]
        asks = [criterion for criterion in criteria if isinstance(criterion, Asks) and criterion.about == self.item]
        return any(criterion.problem in ("stale", "rejected") for criterion in asks)

    def _nothing_let_it_pass(self, rule: str) -> z3.BoolRef:
        return z3.And([z3.Not(self._lets_pass(holder)) for holder in self.known.pack.holders[rule]])
