"""Rules that can never be met, that say nothing of their own, or that contradict one another; each with a patient who shows it.

What the pack declares in `intended.yaml` is counted and not reported; a declaration that excuses nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import z3

from mgcds.model.condition import AllOf, AnyOf, names_of
from mgcds.model.criterion import ABOUT_KNOWLEDGE
from mgcds.model.pack import RulePack
from mgcds.model.rule import Finding, Rule
from mgcds.verification.flaws import Flaw
from mgcds.verification.proofs import any_patient
from mgcds.verification.symbolic import AnyPatient, Kleene
from mgcds.verification.witness import Witness, find_witness


class Hygiene:
    """The questions asked of one pack."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack
        self.patient, self.solver = any_patient(pack)

    def is_possible(self, *wanted: z3.BoolRef) -> bool:
        return bool(self.solver.check(*wanted) == z3.sat)

    def somebody(self, *wanted: z3.BoolRef) -> Witness | None:
        return find_witness(self.patient, self.solver, *wanted)


def check_verdicts(asked: Hygiene) -> Iterator[Flaw]:
    """Every rule and finding can be met, not met and unknown; one whose criteria all ask about knowledge is never unknown."""
    parts = {**asked.pack.findings, **asked.pack.rules}
    truths = {**asked.patient.findings, **asked.patient.rules}
    for name in parts:
        keys = asked.pack.criteria_of[name]
        only_knowledge = all(isinstance(asked.pack.criteria[key], ABOUT_KNOWLEDGE) for key in keys)
        truth = truths[name]
        for verdict, formula in (("met", truth.true), ("not met", truth.false), ("unknown", truth.unknown)):
            if not (verdict == "unknown" and only_knowledge) and not asked.is_possible(formula):
                yield Flaw("verdicts", (name,), f"no patient exists of whom '{name}' is {verdict}")


def check_criteria(asked: Hygiene) -> Iterator[Flaw]:
    """No criterion or finding in a `when` is superfluous: with a fixed answer in its place, the verdict of somebody differs."""
    for part in (*asked.pack.findings.values(), *asked.pack.rules.values()):
        for name in dict.fromkeys(names_of(part.when)):
            if _says_nothing(part, name, asked):
                met = asked.somebody(_truth(part, asked.patient).true)
                says = f"'{name}' in '{part.id}' is superfluous: without it every verdict is the same"
                yield Flaw("criteria", (part.id, name), says, met, (f'"{part.id}" is not withheld',))


def _says_nothing(part: Finding | Rule, name: str, asked: Hygiene) -> bool:
    as_it_is = _truth(part, asked.patient)
    for fixed in (AllOf(()), AnyOf(())):
        without = asked.patient.judge(part.when, {**asked.patient.names, name: asked.patient.judge(fixed, {})})
        differs = z3.Or(as_it_is.true != without.true, as_it_is.false != without.false)
        if not asked.is_possible(differs):
            return True
    return False


def _truth(part: Finding | Rule, patient: AnyPatient) -> Kleene:
    return patient.rules[part.id] if isinstance(part, Rule) else patient.findings[part.id]


def check_masked(asked: Hygiene) -> Iterator[Flaw]:
    """Every suggestion can be offered."""
    for rule in asked.pack.rules:
        if not asked.is_possible(asked.patient.status(rule, "offered")):
            witness = asked.somebody(asked.patient.rules[rule].true)
            if witness is not None:
                says = f"'{rule}' is masked: whenever it is met, something holds it back"
                yield Flaw("masked", (rule,), says, witness, (f'"{rule}" is not offered',))


def check_superfluous(asked: Hygiene) -> Iterator[Flaw]:
    """No rule is met only where another one of its kind is met too."""
    rules = asked.pack.rules
    for one, other in permutations(rules, 2):
        if rules[one].suggest.kind != rules[other].suggest.kind:
            continue
        met, beside = asked.patient.rules[one].true, asked.patient.rules[other].true
        if not asked.is_possible(met, z3.Not(beside)) and asked.is_possible(met):
            says = f"'{one}' is superfluous: whenever it is met, '{other}' of the same kind is met too"
            yield Flaw("superfluous", (one, other), says, asked.somebody(met), (f'"{other}" is not withheld',))


def overlaps(asked: Hygiene) -> dict[tuple[str, str], bool]:
    """Each pair of rules: is there a patient to whom both are offered?"""
    offered = {rule: asked.patient.status(rule, "offered") for rule in asked.pack.rules}
    found: dict[tuple[str, str], bool] = {}
    for pair in combinations(offered, 2):
        if pair in found:
            continue
        found[pair] = asked.is_possible(offered[pair[0]], offered[pair[1]])
        if found[pair]:
            model = asked.solver.model()
            together = [rule for rule in offered if z3.is_true(model.eval(offered[rule], model_completion=True))]
            found.update(dict.fromkeys(combinations(together, 2), True))
    return found
