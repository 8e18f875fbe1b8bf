"""What a proved statement rests on: the smallest change of the rules that would break it.

A proof that no change of the rules can break is empty. The changes tried are those an author might make by mistake: a criterion that is
always or never met, a rule that no longer holds back others, a rule that holds back one more. Each has a switch in the formulas, and the
solver looks for a patient of whom the statement is not true with as few switches on as can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import z3

from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not
from mgcds.model.pack import RulePack
from mgcds.model.rule import HoldsBack
from mgcds.verification.proofs import Claim, Statement
from mgcds.verification.symbolic import AnyPatient, Kleene

MOST_CHANGES = 12
TRUE, FALSE = AllOf(()), AnyOf(())
"""conditions that are always and never met"""


@dataclass(frozen=True, slots=True)
class CriterionFixed:
    """A criterion is met, or not met, of everybody."""

    key: str
    met: bool

    def __str__(self) -> str:
        return f"if '{self.key}' were {'always' if self.met else 'never'} met"

    def change(self, pack: RulePack) -> RulePack:
        """The pack with the mistake in it."""
        value = TRUE if self.met else FALSE
        return replace(
            pack,
            findings={
                name: replace(part, when=_put(part.when, self.key, value)) for name, part in pack.findings.items()
            },
            rules={name: replace(part, when=_put(part.when, self.key, value)) for name, part in pack.rules.items()},
        )


@dataclass(frozen=True, slots=True)
class HolderLost:
    """A rule holds nothing back any more."""

    by: str

    def __str__(self) -> str:
        return f"if '{self.by}' held nothing back"

    def change(self, pack: RulePack) -> RulePack:
        """The pack with the mistake in it."""
        kept = {rule: tuple(holder for holder in found if holder.by != self.by) for rule, found in pack.holders.items()}
        return replace(pack, holders=kept)


@dataclass(frozen=True, slots=True)
class HolderAdded:
    """A rule holds back one more."""

    by: str
    held: str

    def __str__(self) -> str:
        return f"if '{self.by}' held back '{self.held}'"

    def change(self, pack: RulePack) -> RulePack:
        """The pack with the mistake in it."""
        more = HoldsBack(self.by, (self.held,), False, "a seeded mistake")
        return replace(pack, holders={**pack.holders, self.held: (*pack.holders[self.held], more)})


Change = CriterionFixed | HolderLost | HolderAdded


def mutant(pack: RulePack, changes: Sequence[Change]) -> RulePack:
    """The pack with all these mistakes in it."""
    for change in changes:
        pack = change.change(pack)
    return pack


def _put(condition: Condition, name: str, value: Condition) -> Condition:
    match condition:
        case Name(name=found):
            return value if found == name else condition
        case Not(part=part):
            return Not(_put(part, name, value))
        case AllOf(parts=parts):
            return AllOf(tuple(_put(part, name, value) for part in parts))
        case AnyOf(parts=parts):
            return AnyOf(tuple(_put(part, name, value) for part in parts))


class AnyPatientOfAnyMutant(AnyPatient):
    """Any patient, judged by the rules with any of the changes in them."""

    def __init__(self, patient: AnyPatient) -> None:
        super().__init__(patient.pack, like=patient)
        self._as_written = patient
        self.switches: dict[Change, z3.BoolRef] = {}
        self._named: dict[str, Change] = {}
        self._at_most: dict[tuple[int, int], z3.BoolRef] = {}
        self._criteria_stay: z3.BoolRef | None = None

    def _switch(self, change: Change) -> z3.BoolRef:
        if change not in self.switches:
            name = f"changed: {change}"
            self.switches[change], self._named[name] = z3.Bool(name), change
        return self.switches[change]

    @cached_property
    def criteria(self) -> Mapping[str, Kleene]:
        """Each as it is, or fixed."""
        found = {}
        for key, truth in self._as_written.criteria.items():
            always, never = self._switch(CriterionFixed(key, True)), self._switch(CriterionFixed(key, False))
            found[key] = Kleene(
                z3.Or(always, z3.And(truth.true, z3.Not(never))), z3.And(z3.Not(always), z3.Or(truth.false, never))
            )
        return found

    def _is_held_alike(self, rule_id: str) -> bool:
        return False  # holders may be lost and added

    def _held(self, rule_id: str) -> tuple[z3.BoolRef, z3.BoolRef]:
        holders = list(self._holders(rule_id))
        applies = z3.Or([z3.And(counts, self.rules[holder.by].true) for holder, counts in holders])
        return applies, z3.And([z3.Or(z3.Not(counts), self.is_cleared(holder)) for holder, counts in holders])

    def _holders(self, rule_id: str) -> Iterator[tuple[HoldsBack, z3.BoolRef]]:
        """Those there are, which may be lost, and some there might be; and whether each counts."""
        there = self.pack.holders[rule_id]
        for holder in there:
            yield holder, z3.Not(self._switch(HolderLost(holder.by)))
        for by in self._might_hold:
            if by != rule_id and by not in {holder.by for holder in there}:
                yield HoldsBack(by, (rule_id,), False, ""), self._switch(HolderAdded(by, rule_id))

    @cached_property
    def _might_hold(self) -> tuple[str, ...]:
        """One rule of each kind that holds anything back."""
        holding = dict.fromkeys(holder.by for held in self.pack.holders.values() for holder in held)
        return tuple({self.pack.rules[by].suggest.kind: by for by in holding}.values())

    def at_most(self, number: int) -> z3.BoolRef:
        """No more than so many switches are on."""
        known = len(self.switches), number
        if known not in self._at_most:
            switches = self.switches.values()
            self._at_most[known] = z3.AtMost(*switches, number) if switches else z3.BoolVal(True)
        return self._at_most[known]

    @property
    def criteria_stay(self) -> z3.BoolRef:
        """No criterion is changed."""
        if self._criteria_stay is None:
            fixed = [switch for change, switch in self.switches.items() if isinstance(change, CriterionFixed)]
            self._criteria_stay = z3.Not(z3.Or(fixed))
        return self._criteria_stay

    def changes_in(self, model: z3.ModelRef) -> tuple[Change, ...]:
        """The switches that are on."""
        on = [decl.name() for decl in model.decls() if decl.name() in self._named and z3.is_true(model[decl])]
        return tuple(self._named[name] for name in sorted(on))


def smallest_change(patient: AnyPatientOfAnyMutant, claim: Claim, statement: Statement) -> tuple[Change, ...]:
    """The fewest changes that make the statement untrue of a patient of whom the assumptions hold; empty where none do.

    Assumptions and statement are formulas about `patient`. Changes of what holds back what come before those of criteria.
    """
    solver = claim.solver
    solver.push()
    try:
        solver.add(*claim.assumptions, statement.broken)
        for most in range(1, MOST_CHANGES + 1):
            for stay in (patient.criteria_stay, z3.BoolVal(True)):
                if solver.check(patient.at_most(most), stay) == z3.sat:
                    return patient.changes_in(solver.model())
        return ()
    finally:
        solver.pop()
