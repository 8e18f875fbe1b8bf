"""Rules that can never be met, that say nothing of their own, or that contradict one another; each with a patient who shows it.

What the pack declares in `intended.yaml` is counted and not reported; a declaration that excuses nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import z3

from mgcds.model.condition import AllOf, AnyOf, names_of
from mgcds.model.criterion import ABOUT_KNOWLEDGE
from mgcds.model.intended import Accepted, Silent, Together
from mgcds.model.pack import RulePack
from mgcds.model.rule import Finding, Rule
from mgcds.verification.flaws import Flaw
from mgcds.verification.proofs import any_patient
from mgcds.verification.symbolic import AnyPatient, Kleene, is_possible
from mgcds.verification.witness import Witness, find_witness


class Hygiene:
    """The questions asked of one pack."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack
        self.patient, self.solver = any_patient(pack)
        self.used: set[Together | Silent | Accepted] = set()
        """what was declared as intended, and excuses something"""

    def is_possible(self, *wanted: z3.BoolRef) -> bool:
        return is_possible(self.solver, *wanted)

    def somebody(self, *wanted: z3.BoolRef) -> Witness | None:
        return find_witness(self.patient, self.solver, *wanted)

    def is_accepted(self, check: str, *about: str) -> bool:
        found = [entry for entry in self.pack.intended.accepted if entry.check == check and entry.about == about]
        self.used.update(found)
        return bool(found)

    def may_stand_together(self, one: str, other: str) -> bool:
        kinds = self.pack.rules[one].suggest.kind, self.pack.rules[other].suggest.kind
        sides = {one, kinds[0]}, {other, kinds[1]}
        found = [
            entry
            for entry in self.pack.intended.together
            if (entry.one & sides[0] and entry.other & sides[1]) or (entry.one & sides[1] and entry.other & sides[0])
        ]
        self.used.update(found)
        return bool(found)


def check_verdicts(asked: Hygiene) -> Iterator[Flaw]:
    """Every rule and finding can be met, not met and unknown; one whose criteria all ask about knowledge is never unknown."""
    truths = {**asked.patient.findings, **asked.patient.rules}
    for name, truth in truths.items():
        keys = asked.pack.criteria_of[name]
        only_knowledge = all(isinstance(asked.pack.criteria[key], ABOUT_KNOWLEDGE) for key in keys)
        for verdict, formula in (("met", truth.true), ("not met", truth.false), ("unknown", truth.unknown)):
            needed = not (verdict == "unknown" and only_knowledge)
            if needed and not asked.is_possible(formula) and not asked.is_accepted("verdicts", name, verdict):
                yield Flaw("verdicts", (name, verdict), f"there is no patient of whom '{name}' is {verdict}")


def check_criteria(asked: Hygiene) -> Iterator[Flaw]:
    """No criterion or finding in a `when` is superfluous: with a fixed answer in its place, the verdict of somebody differs."""
    parts: tuple[Finding | Rule, ...] = (*asked.pack.findings.values(), *asked.pack.rules.values())
    for part in parts:
        called = {key: name for name, key in part.criteria.items()}
        for key in dict.fromkeys(names_of(part.when)):
            name = called.get(key, key)
            if _says_nothing(part, key, asked) and not asked.is_accepted("criteria", part.id, name):
                says = f"'{name}' in '{part.id}' is superfluous: without it every verdict is the same"
                witness = asked.somebody(_truth(part, asked.patient).true)
                then = (f'"{part.id}" is not withheld',) if isinstance(part, Rule) else ()
                yield Flaw("criteria", (part.id, name), says, witness if then else None, then)


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
    """Every suggestion that can be met can be offered."""
    for rule in asked.pack.rules:
        if asked.is_possible(asked.patient.status(rule, "offered")):
            continue
        witness = asked.somebody(asked.patient.rules[rule].true)
        if witness is not None and not asked.is_accepted("masked", rule):
            says = f"'{rule}' is masked: whenever it is met, something holds it back"
            yield Flaw("masked", (rule,), says, witness, (f'"{rule}" is not offered',))


def check_superfluous(asked: Hygiene) -> Iterator[Flaw]:
    """No rule is met only where another one of its kind is met too."""
    rules = asked.pack.rules
    for one, other in permutations(rules, 2):
        met, beside = asked.patient.rules[one].true, asked.patient.rules[other].true
        alike = rules[one].suggest.kind == rules[other].suggest.kind
        if not alike or asked.is_possible(met, z3.Not(beside)) or asked.is_accepted("superfluous", one, other):
            continue
        witness = asked.somebody(met)
        if witness is not None:
            says = f"'{one}' is superfluous: whenever it is met, '{other}' of the same kind is met too"
            yield Flaw("superfluous", (one, other), says, witness, (f'"{other}" is not withheld',))


def check_overlaps(asked: Hygiene) -> Iterator[Flaw]:
    """No patient is offered two suggestions that the pack does not let stand side by side."""
    for one, other in overlaps(asked):
        if not asked.may_stand_together(one, other):
            kinds = " and ".join(asked.pack.rules[rule].suggest.kind for rule in (one, other))
            says = (
                f"'{one}' and '{other}' ({kinds}) are offered together, and intended.yaml does not say that they may be"
            )
            both = [asked.patient.status(rule, "offered") for rule in (one, other)]
            then = (f'"{one}" and "{other}" are never offered together',)
            yield Flaw("overlaps", (one, other), says, asked.somebody(*both), then)


def overlaps(asked: Hygiene) -> list[tuple[str, str]]:
    """Each pair of rules that some patient is offered together. A patient found for one pair shows many others."""
    solver = (
        z3.Solver()
    )  # with a name for each offer: to ask for two of them is then cheap, and so is to read them off a patient
    solver.add(*asked.patient.constraints)
    offered = {rule: z3.Bool(f"'{rule}' is offered") for rule in asked.pack.rules}
    solver.add(*(name == asked.patient.status(rule, "offered") for rule, name in offered.items()))
    found: dict[tuple[str, str], bool] = {}
    for pair in combinations(offered, 2):
        if pair not in found:
            found[pair] = is_possible(solver, offered[pair[0]], offered[pair[1]])
            if found[pair]:
                model = solver.model()
                together = [rule for rule, name in offered.items() if z3.is_true(model[name])]
                found.update(dict.fromkeys(combinations(together, 2), True))
    return [pair for pair, is_overlap in found.items() if is_overlap]


def check_declared(asked: Hygiene) -> Iterator[Flaw]:
    """Every entry of `intended.yaml` excuses something. Asked after all other checks."""
    intended = asked.pack.intended
    declared: tuple[Together | Silent | Accepted, ...] = (*intended.together, *intended.silent, *intended.accepted)
    for entry in declared:
        if entry not in asked.used:
            says = f"an entry of intended.yaml excuses nothing; take it out: '{entry.because}'"
            yield Flaw("declared", (type(entry).__name__.lower(),), says)
