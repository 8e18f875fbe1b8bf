"""Is a mutant the same pack in other words? Z3 looks for a patient who would be told something else.

Something else is another status of a rule's suggestion, or a suggestion of another kind that is offered.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import z3

from mgcds.model.criterion import Threshold, Which
from mgcds.model.evaluation import Status
from mgcds.model.pack import ListItem, MeasuredItem, RulePack
from mgcds.verification.proofs import any_patient
from mgcds.verification.symbolic import MISSING, STALE, AnyPatient, AnyReading, exactly, follows_from
from mgcds.verification.witness import Witness, find_witness

Answer = Literal["differs", "equivalent", "undecided"]
EFFORT = 20_000_000
"""what Z3 may spend on one question, in its own units, so that the answer is the same on every machine; most need 1 % of it"""


class MutatedPatient(AnyPatient):
    """The same person, judged by a mutant: all that is known is shared, and the formulas of all that the mutant leaves alone."""

    def __init__(self, mutant: RulePack, original: AnyPatient) -> None:
        super().__init__(mutant, like=original)
        self.boundary: list[z3.BoolRef] = []
        """what must hold of a patient for whom a changed item makes a difference"""
        for item in mutant.items.values():
            before = original.pack.items[item.id]
            if isinstance(item, ListItem) and item != before:
                self._make_stale(item.id)
            elif isinstance(item, MeasuredItem) and isinstance(before, MeasuredItem):
                self._change_item(item, before)

    def _change_item(self, item: MeasuredItem, before: MeasuredItem) -> None:
        """How long it stays current is asked by criteria alone; limits and a value before are facts."""
        if item.change is not None and item.change != before.change and item.change.gives != "day of the newest":
            self._make_unknown(item.id)
        if (item.lower, item.upper) != (before.lower, before.upper):
            self.readings[item.id] = with_limits(self.readings[item.id], item)
            self.other |= {item.id}

    def _make_stale(self, about: str) -> None:
        """A list on the day on which only one of the two packs still takes it for current: it is open, and so is what follows from it."""
        found = self.lists[about]
        self.boundary.append(found.complete)
        self.lists[about] = replace(found, complete=z3.BoolVal(False), gap=z3.IntVal(STALE))
        self.other |= {about}
        for item in self.pack.items.values():
            if item.id in self.readings and follows_from(item, about, self.pack):
                self._make_unknown(item.id)

    def _make_unknown(self, about: str) -> None:
        """Known to one of the two packs only."""
        self.readings[about] = replace(self.readings[about], known=z3.BoolVal(False), gap=z3.IntVal(MISSING))
        self.other |= {about}


def with_limits(reading: AnyReading, item: MeasuredItem) -> AnyReading:
    """The limits of another item where the laboratory gave none."""

    def default(limit: Threshold | None, otherwise: z3.ArithRef) -> z3.ArithRef:
        for place, unit in enumerate(item.units if limit is not None else ()):
            assert limit is not None
            otherwise = z3.If(reading.unit == place, exactly(limit.by_unit[unit].value), otherwise)
        return otherwise

    defaults: tuple[tuple[Which, Threshold | None], ...] = (("lower", item.lower), ("upper", item.upper))
    limits = {
        which: z3.If(reading.own_limit[which], reading.limit[which], default(limit, reading.limit[which]))
        for which, limit in defaults
    }
    return replace(reading, limit=limits)


def told_otherwise(original: AnyPatient, mutated: MutatedPatient) -> z3.BoolRef:
    """A patient whom the mutant tells something else."""
    before, after = original.pack, mutated.pack
    statuses = get_args(Status)[:3]  # the fourth is what remains
    pairs = [
        (original.status(rule, status), mutated.status(rule, status)) for rule in before.rules for status in statuses
    ]
    differs = [z3.Xor(one, other) for one, other in pairs if one is not other]
    differs += [
        original.status(rule, "offered")
        for rule in before.rules
        if before.rules[rule].suggest.kind != after.rules[rule].suggest.kind
    ]
    return z3.And(z3.Or(differs), *mutated.boundary)


def compare(pack: RulePack, mutant: RulePack, effort: int = EFFORT) -> Answer:
    """Is there a patient whom the mutant tells something else?"""
    original, _ = any_patient(pack)
    solver = z3.Solver()
    solver.set("rlimit", effort)
    solver.add(original.constraints)
    answer = solver.check(told_otherwise(original, MutatedPatient(mutant, original)))
    return "differs" if answer == z3.sat else "equivalent" if answer == z3.unsat else "undecided"


def witness(pack: RulePack, mutant: RulePack) -> Witness | None:
    """The plainest patient whom the mutant tells something else; None where there is none."""
    original, solver = any_patient(pack)
    return find_witness(original, solver, told_otherwise(original, MutatedPatient(mutant, original)))
