"""Statements about every possible patient, proved with Z3 or refuted by a patient.

A claim has assumptions ("the eGFR is below 30") and statements ("no suggestion of kind consider is offered"). A statement is proved when
no patient of whom the assumptions hold contradicts it. Assumptions that no patient meets prove nothing and are an error.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache

import z3

from mgcds.errors import EngineDisagreement, ProofError
from mgcds.evaluator import evaluate
from mgcds.model.assessment import Assessment
from mgcds.model.criterion import Criterion, Has, Taking
from mgcds.model.evaluation import Status, evaluate_facts
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord
from mgcds.verification.symbolic import AnyPatient, is_possible, value_sets_read
from mgcds.verification.witness import ON, Witness, find_witness


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to hold, in words, and what a patient would be like of whom it does not."""

    says: str
    broken: z3.BoolRef
    then: str
    """a sentence that a scenario of such a patient would expect and not find"""


@dataclass(frozen=True, slots=True)
class Refuted:
    """A patient who contradicts a statement, and what `evaluate` says of him."""

    statement: Statement
    witness: Witness
    assessment: Assessment

    def scenario(self) -> str:
        """The patient as a scenario that fails until the rules or the statement change."""
        return self.witness.scenario(
            f"a patient of whom it is not true that {self.statement.says}", [self.statement.then]
        )


@dataclass
class Claim:
    """Assumptions about any patient, gathered one by one."""

    pack: RulePack
    assumptions: list[z3.BoolRef] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.patient, self.solver = any_patient(self.pack)
        """the solver knows what facts can be"""

    def assume(self, *assumptions: z3.BoolRef) -> None:
        self.assumptions += assumptions

    @property
    def is_possible(self) -> bool:
        """Is there a patient of whom the assumptions hold?"""
        return is_possible(self.solver, *self.assumptions)

    def refute(self, statement: Statement) -> Refuted | None:
        """None where the statement is proved. ProofError where no patient meets the assumptions: that would prove anything."""
        if not self.is_possible:
            raise ProofError(
                "no patient is like this: the assumptions contradict one another, and anything would follow"
            )
        if not is_possible(self.solver, *self.assumptions, statement.broken):
            return None
        witness = find_witness(self.patient, self.solver, *self.assumptions, statement.broken)
        assert witness is not None, "there is one: it was asked just now"
        return Refuted(statement, witness, self._replayed(witness, statement))

    def _replayed(self, witness: Witness, statement: Statement) -> Assessment:
        """What `evaluate` says of the patient. The formulas and evaluation must agree on every rule, or nothing here can be trusted."""
        assessment = evaluate(PatientRecord(**witness.record), self.pack, ON)
        verdicts = evaluate_facts(self.pack, assessment.facts)  # whatever the day: a review may have lapsed
        said = [self.patient.status(rule, status) for rule, status in verdicts.statuses.items()]
        if not is_possible(self.solver, *self.assumptions, statement.broken, *said):
            raise EngineDisagreement(
                f"the formulas and evaluation differ on a patient of whom it is not true that {statement.says}: "
                "report this as a fault of mgcds"
            )
        return assessment

    # --- assumptions ------------------------------------------------------------------------------------------------------

    def unknown(self, about: str) -> z3.BoolRef:
        """Nothing current is known of an item or list."""
        item = self.pack.items[about]
        if about in self.patient.lists:
            return z3.Not(self.patient.lists[about].complete)
        fact = self.patient.readings.get(about) or self.patient.states[about]
        return (
            z3.Not(fact.known) if item.current_for is None else z3.Or(z3.Not(fact.known), fact.days > item.current_for)
        )

    def met(self, criterion: Criterion) -> z3.BoolRef:
        """A criterion is met. ProofError for a value set that no rule asks about: nothing could depend on it."""
        if isinstance(criterion, Taking | Has) and not self.patient.is_asked_about(criterion.value_set):
            raise ProofError(f"no rule asks about '{criterion.value_set}': leave it out, it changes nothing")
        return self.patient.test(criterion).true

    # --- statements -------------------------------------------------------------------------------------------------------

    def has_status(self, rule: str, status: Status) -> Statement:
        says = f"'{rule}' is {status}"
        return Statement(says, z3.Not(self.patient.status(rule, status)), f'"{rule}" is {status}')

    def is_never(self, rule: str, status: Status) -> Statement:
        then = {"offered": "is not offered", "suppressed": "is not suppressed", "withheld": "is not withheld"}.get(
            status
        )
        if then is None:
            raise ProofError(f"'{rule}' is never {status}: say instead which status it has")
        return Statement(f"'{rule}' {then}", self.patient.status(rule, status), f'"{rule}" {then}')

    def none_of_kind(self, kind: str) -> Statement:
        offered = [
            self.patient.status(rule.id, "offered") for rule in self.pack.rules.values() if rule.suggest.kind == kind
        ]
        return Statement(
            f"no suggestion of kind {kind} is offered", z3.Or(offered), f'no suggestion of kind "{kind}" is offered'
        )

    def never_held_back(self, kind: str) -> Statement:
        """Every suggestion of a kind whose rule is met is offered."""
        held = [
            z3.And(self.patient.rules[rule.id].true, z3.Not(self.patient.status(rule.id, "offered")))
            for rule in self.pack.rules.values()
            if rule.suggest.kind == kind
        ]
        says = f'every suggestion of kind "{kind}" that is met is offered'
        return Statement(says, z3.Or(held), says)

    def never_together(self, one: str, other: str) -> Statement:
        both = z3.And(self.patient.status(one, "offered"), self.patient.status(other, "offered"))
        says = f'"{one}" and "{other}" are never offered together'
        return Statement(says, both, says)


@lru_cache(maxsize=4)
def any_patient(pack: RulePack) -> tuple[AnyPatient, z3.Solver]:
    """Made once a pack: the formulas are large, the questions small. A pack that differs from an earlier one only in what its rules
    say shares the facts with it, and the solver that knows what they can be.
    """
    for earlier, solver in _MADE:
        if has_same_facts(pack, earlier.pack):
            return AnyPatient(pack, like=earlier), solver
    patient, solver = AnyPatient(pack), z3.Solver()
    solver.add(patient.constraints)
    _MADE.append((patient, solver))
    return patient, solver


_MADE: deque[tuple[AnyPatient, z3.Solver]] = deque(maxlen=2)
"""the latest packs whose facts were written down anew"""


def has_same_facts(pack: RulePack, other: RulePack) -> bool:
    """Have the patients of another pack all that this one can tell apart?"""
    same = pack.items is other.items and pack.value_sets is other.value_sets
    return same and value_sets_read(pack) <= value_sets_read(other)
