"""The scenarios of any patient, proved one by one, each with what it rests on: the smallest change of the rules that would break it.

A statement that no change of the rules breaks is no proof of anything, and is reported as one that failed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from mgcds.errors import ProofError
from mgcds.model.pack import RulePack
from mgcds.scenarios.anyone import Anyone
from mgcds.scenarios.examples import Example, read_examples
from mgcds.scenarios.failures import ScenarioError
from mgcds.scenarios.features import shown_path
from mgcds.verification.proofs import Claim, Refuted, Statement
from mgcds.verification.symbolic import is_possible
from mgcds.verification.weakening import AnyPatientOfAnyMutant, Change, mutant, smallest_change


@dataclass(frozen=True, slots=True)
class Proof:
    """One statement of one row of a scenario. Proved where `refuted` and `problem` are None."""

    example: Example
    says: str
    refuted: Refuted | None = None
    rests_on: tuple[Change, ...] = ()
    """a mistake in the rules, or a few together, that would make it untrue"""
    problem: str | None = None
    seconds: float = 0.0  # of the processor
    """for the proof itself"""

    @property
    def is_proved(self) -> bool:
        return self.refuted is None and self.problem is None

    @property
    def place(self) -> str:
        """`features/invariants/kidneys.feature:12`"""
        return f"{shown_path(self.example.file)}:{self.example.line}"

    @property
    def title(self) -> str:
        """The scenario's name, with the row of its examples."""
        row = " | ".join(self.example.row.values())
        return f"{self.example.scenario} [{row}]" if row else self.example.scenario


@dataclass
class Gathering(Claim):
    """Notes what is to be proved and proves nothing."""

    statements: list[Statement] = field(default_factory=list)

    def refute(self, statement: Statement) -> Refuted | None:
        self.statements.append(statement)
        return None


def proved_examples(paths: Iterable[Path]) -> list[Example]:
    """The rows of scenarios that begin with `Given any patient`."""
    return [example for example in read_examples(paths) if example.is_about_anyone]


def prove(example: Example, pack: RulePack) -> Iterator[Proof]:
    """Each statement of a row proved or refuted, with a change of the rules that breaks it."""
    started = time.process_time()
    try:
        claim = stated(example, pack)
        broken = [_is_broken(claim, place) for place in range(len(claim.statements))]
    except (ScenarioError, ProofError) as error:
        yield Proof(example, example.scenario, problem=str(error))
        return
    seconds = (time.process_time() - started) / len(broken)
    any_mutant = stated(example, pack, _of_any_mutant(claim))
    for place, statement in enumerate(claim.statements):
        if broken[place]:
            yield Proof(example, statement.says, Claim(pack, claim.assumptions).refute(statement))
            continue
        switched = any_mutant.patient
        assert isinstance(switched, AnyPatientOfAnyMutant)
        changes = smallest_change(switched, any_mutant, any_mutant.statements[place])
        rests = bool(changes) and _is_broken(stated(example, mutant(pack, changes)), place)
        empty = None if rests else "no change of the rules makes this untrue: it says nothing about them"
        yield Proof(example, statement.says, rests_on=changes, problem=empty, seconds=seconds)


def stated(example: Example, pack: RulePack, claim: Gathering | None = None) -> Gathering:
    """What a row assumes of any patient and what it then states. ScenarioError where it cannot be said."""
    claim = claim or Gathering(pack)
    patient = Anyone(pack, claim)
    for call, arguments in example.given:
        call(**arguments, mgcds_patient=patient)
    patient.evaluate(frozenset())
    for call, arguments in example.expected:
        call(**arguments, mgcds_patient=patient)
    return claim


def _is_broken(claim: Gathering, place: int) -> bool:
    return is_possible(claim.solver, *claim.assumptions, claim.statements[place].broken)


def _of_any_mutant(claim: Gathering) -> Gathering:
    switched = Gathering(claim.pack)
    switched.patient = _switched(claim.pack)
    return switched


@lru_cache(maxsize=2)
def _switched(pack: RulePack) -> AnyPatientOfAnyMutant:
    return AnyPatientOfAnyMutant(Claim(pack).patient)
