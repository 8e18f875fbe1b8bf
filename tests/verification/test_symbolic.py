"""Any patient, and the patients there are: each generated one is among the symbolic ones, and the formulas say of him what evaluation says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import z3

from mgcds.loading import load_pack
from mgcds.model.condition import Truth
from mgcds.model.criterion import Number
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.facts import Facts, Gap, Listed, Range, Reading, StateReading
from mgcds.model.pack import MeasuredItem, StateItem
from mgcds.verification import symbolic
from mgcds.verification.symbolic import LONGEST, MISSING, REJECTED, STALE, AnyPatient, AnyReading, Kleene, Span, exactly
from tests.agreement.generate import Patients

READ, FAULTY = 120, 20
GAPS = {"missing": MISSING, "stale": STALE}


@pytest.fixture(scope="module")
def patients() -> Patients:
    return Patients(load_pack(), 300)


def facts_of(facts: Facts, any_patient: AnyPatient) -> Iterator[z3.BoolRef]:
    """What is known of one patient, said of the symbolic one."""
    for name, found in facts.items.items():
        symbol: Any = any_patient.readings.get(name) or any_patient.states[name]
        if isinstance(found, Gap):
            yield z3.And(z3.Not(symbol.known), symbol.gap == GAPS.get(found.reason, REJECTED))
        else:
            yield z3.And(symbol.known, symbol.days == found.days)
            yield from (
                reading(name, found, any_patient) if isinstance(found, Reading) else state(name, found, any_patient)
            )
    for name, gap in facts.lists.items():
        yield any_patient.lists[name].complete == (gap is None)
        if gap is not None:
            yield any_patient.lists[name].gap == GAPS.get(gap.reason, REJECTED)
    used = {value_set for found in any_patient.lists.values() for kin in found.entries for value_set in kin.value_sets}
    for value_set in sorted(used):
        yield from listed(facts.members[value_set], value_set, any_patient)


def reading(name: str, found: Reading, any_patient: AnyPatient) -> Iterator[z3.BoolRef]:
    symbol, item = any_patient.readings[name], any_patient.pack.items[name]
    assert isinstance(item, MeasuredItem)
    yield symbol.unit == item.units.index(found.unit)
    yield bounded(found.range, symbol)
    for which, limit in (("lower", found.lower), ("upper", found.upper)):
        if limit is not None:
            yield z3.And(symbol.limit[which] == exactly(limit.value), z3.BoolVal(True))
        else:
            yield z3.Not(symbol.own_limit[which])


def bounded(found: Range, symbol: AnyReading) -> z3.BoolRef:
    def end(value: Number | None, number: z3.ArithRef, unbounded: z3.BoolRef) -> z3.BoolRef:
        return unbounded if value is None else z3.And(z3.Not(unbounded), number == exactly(value))

    return z3.And(
        end(found.low, symbol.low, symbol.open_below), end(found.high, symbol.high, symbol.open_above),
        symbol.low_open == found.low_open, symbol.high_open == found.high_open,
    )  # fmt: skip


def state(name: str, found: StateReading, any_patient: AnyPatient) -> Iterator[z3.BoolRef]:
    item = any_patient.pack.items[name]
    assert isinstance(item, StateItem)
    yield any_patient.states[name].value == item.values.index(found.value)


def listed(found: Listed, value_set: str, any_patient: AnyPatient) -> Iterator[z3.BoolRef]:
    present = any_patient.present(value_set)
    yield is_truth(present, found.present)
    if found.present is True and any_patient.pack.value_sets[value_set].of in ("medicines", "procedures"):
        yield spans(any_patient.running(value_set), found.running)
        yield spans(any_patient.unchanged(value_set), found.unchanged)


def spans(span: Span, found: Range) -> z3.BoolRef:
    most = span.endless if found.high is None else z3.And(z3.Not(span.endless), span.high == exactly(found.high))
    assert found.low is not None
    return z3.And(z3.If(span.low > LONGEST, 0, span.low) == exactly(found.low), most)


def is_truth(truth: Kleene, expected: Truth) -> z3.BoolRef:
    return truth.unknown if expected is None else truth.true if expected else truth.false


def disagreements(patients: Patients, number: int) -> list[str]:
    """Patients who are not among the symbolic ones, or of whom the formulas say something else."""
    any_patient = AnyPatient(patients.pack)
    solver = z3.Solver()
    solver.add(any_patient.constraints)
    found: list[str] = []
    for seed in range(number):
        facts = patients.read(seed)
        verdicts = evaluate_facts(patients.pack, facts)
        solver.push()
        solver.add(*facts_of(facts, any_patient))
        if solver.check() != z3.sat:
            found.append(f"patient {seed} is not among the symbolic ones")
        differs = [z3.Not(is_truth(any_patient.criteria[key], truth)) for key, truth in verdicts.criteria.items()]
        differs += [z3.Not(is_truth(any_patient.rules[rule], truth)) for rule, truth in verdicts.rules.items()]
        differs += [z3.Not(any_patient.status(rule, status)) for rule, status in verdicts.statuses.items()]
        if solver.check(z3.Or(differs)) != z3.unsat:
            found.append(f"patient {seed} is judged otherwise")
        solver.pop()
    return found


def test_every_generated_patient_is_among_the_symbolic_ones_and_judged_alike(patients: Patients) -> None:
    assert disagreements(patients, READ) == []


def unknown_taken_for_false(fact: Any, within: int | None, truth: Kleene) -> Kleene:
    return Kleene(truth.true, z3.Or(z3.Not(fact.known), truth.false))


def strictly_above(reading: AnyReading, limit: z3.ArithRef, inclusive: bool) -> z3.BoolRef:
    return z3.And(z3.Not(reading.open_below), reading.low > limit)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param("_if_known", unknown_taken_for_false, id="an unknown is taken for not met"),
        pytest.param("surely_above", strictly_above, id="a value at its limit is not above it"),
        pytest.param("every", lambda parts: Kleene(z3.BoolVal(True), z3.BoolVal(False)), id="everything is met"),
        pytest.param("_plausible", lambda item, reading: [reading.low >= 10], id="patients are left out"),
    ],
)
def test_a_seeded_fault_is_noticed(
    name: str, fault: Callable[..., Any], patients: Patients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(symbolic, name, fault)
    assert disagreements(patients, FAULTY) != []
