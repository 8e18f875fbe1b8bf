"""Is there a patient for a case that no scenario has asked? And who would be one?"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import z3

from mgcds.model.condition import Condition
from mgcds.model.criterion import Measure
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.verification.coverage import Case
from mgcds.verification.proofs import any_patient
from mgcds.verification.symbolic import AnyPatient, Kleene, exactly
from mgcds.verification.witness import Witness, find_witness

_ALWAYS = Kleene(z3.BoolVal(True), z3.BoolVal(False))


class Cases:
    """The formulas of cases."""

    def __init__(self, pack: RulePack, expanded: Mapping[str, Condition]) -> None:
        self._pack, self._expanded = pack, expanded
        self._patient, self._solver = any_patient(pack)

    def is_possible(self, case: Case) -> bool:
        """Is it so of any patient? What Z3 cannot decide counts as possible: it stays asked for."""
        return bool(self._solver.check(self._formula(case)) != z3.unsat)

    def witness(self, case: Case) -> Witness | None:
        """The plainest patient of whom it is so."""
        return find_witness(self._patient, self._solver, self._formula(case))

    def _formula(self, case: Case) -> z3.BoolRef:
        patient = self._patient
        if case.of == "status":
            return patient.status(case.rule, case.wanted)
        if case.of == "verdict":
            return _is(patient.rules[case.rule], case.wanted)
        if case.of == "clause":
            return _is(patient.criteria[case.key], case.wanted)
        if case.of == "MC/DC":
            condition = self._expanded[case.rule]
            met, not_met = (
                patient.judge(condition, {**patient.criteria, case.key: truth})
                for truth in (_ALWAYS, _ALWAYS.negated())
            )
            decides = z3.Or(z3.And(met.true, not_met.false), z3.And(met.false, not_met.true))
            return z3.And(_is(patient.criteria[case.key], case.wanted), decides)
        return _beside(case, patient, self._pack)


def _is(truth: Kleene, wanted: bool | None) -> z3.BoolRef:
    return truth.unknown if wanted is None else truth.true if wanted else truth.false


def _beside(case: Case, patient: AnyPatient, pack: RulePack) -> z3.BoolRef:
    criterion = pack.criteria[case.key]
    assert isinstance(criterion, Measure)
    item, reading = pack.items[criterion.item], patient.readings[criterion.item]
    assert isinstance(item, MeasuredItem)
    unit, limit, step, side = case.wanted
    away = {"below": -step, "at": 0, "above": step}[side]
    at = exactly(Fraction(limit) + Fraction(away))
    return z3.And(reading.known, reading.exact, reading.unit == item.units.index(unit), reading.low == at)
