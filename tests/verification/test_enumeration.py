"""A second way to the same answers: every state of a small pack is enumerated in plain Python, and the prover agrees on what is possible.

Limits cut each item into values that no rule can tell apart, so one value for each piece, with each way of not being known, is all there is.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
import z3

from mgcds.model.criterion import Asks, Limit, Measure, Taking
from mgcds.model.evaluation import asks, evaluate_facts
from mgcds.model.evaluation import test as judged
from mgcds.model.facts import Facts, Gap, Range, Reading, StateReading
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from mgcds.verification import symbolic
from mgcds.verification.symbolic import AnyPatient, Kleene, exactly
from mgcds.verification.witness import ON
from tests.verification.small import small_pack

STATUSES = ("offered", "suppressed", "withheld", "not indicated")
TRUTHS = (True, False, None)
EXACT = {
    "serum_magnesium": (Decimal("0.7"), Decimal("1.23")),
    "egfr": (Decimal(30), Decimal(60)),
    "phq9": (Decimal(5), Decimal(20)),
}
"""values at limits, asked for one by one"""
NOT_KNOWN = (Gap("missing", ""), Gap("stale", ""), Gap("rejected", ""))
Seen = set[tuple[str, object, str, str]]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> RulePack:
    return small_pack(tmp_path_factory.mktemp("pack"))


def readings(item: MeasuredItem) -> Iterator[Reading]:
    """Exact values at and between the limits, and values of which only a bound is known; of magnesium with limits of the laboratory's."""
    unit = item.units[0]
    bounds = {"egfr": (20, 30, 31, 60, 61), "phq9": (4, 5, 6, 20, 21)}
    for value in map(Decimal, bounds.get(item.id, ())):
        for found, days in product((Range.exactly(value), Range(None, value), Range(value, None)), (0, 91)):
            yield Reading(found, unit, days if item.id == "egfr" else 0, None, None, "", "", "", "", None)
    if item.id == "serum_magnesium":
        assert item.lower is not None
        assert item.upper is not None
        for unit, values in (("mmol/L", (0.6, 0.7, 1.05, 1.06, 1.23, 1.24, 1.3)), ("mg/dL", (1.6, 3.0, 3.1))):
            own = [
                (item.lower.by_unit[unit].value, item.upper.by_unit[unit].value),
                (0.5, 0.55),
                (1.25, 1.28),
                (3.2, 3.3),
            ]
            for number, (lower, upper), days in product(values, own, (0, 3)):
                value = Decimal(str(number))
                for found in (Range.exactly(value), Range(None, value), Range(value, None)):
                    limits = (Limit(Decimal(str(end)), True) for end in (lower, upper))
                    yield Reading(found, unit, days, *limits, "", "", "", "", None)


def medicines(pack: RulePack) -> Iterator[Facts]:
    """What a list may say: nothing, one or both of the sets, begun then or on an unknown day, complete or not."""
    entries: list[list[dict[str, str]]] = [[]]
    for name in ("sertraline", "mirtazapine"):
        entries += [[{"name": name, "start": (ON - timedelta(days)).isoformat()}] for days in (10, 36, 50, 60)]
        entries += [[{"name": name}], [{"name": name, "status": "on-hold"}]]
    recent = {"name": "sertraline", "start": (ON - timedelta(5)).isoformat(), "stop": (ON - timedelta(2)).isoformat()}
    entries += [[{"name": "mirtazapine", "start": "2020-01-01"}, recent]]
    for listed, reviewed in product(entries, (ON, ON - timedelta(31))):
        record = {"medicines": listed, "medicines_reconciled": reviewed.isoformat()}
        yield read_facts(PatientRecord(**record), pack, ON)
    yield read_facts(PatientRecord(), pack, ON)


def every_state(pack: RulePack) -> Iterator[Facts]:
    known: dict[str, list[Any]] = {
        name: distinct(name, [*readings(item), *NOT_KNOWN], pack)
        for name, item in pack.items.items()
        if isinstance(item, MeasuredItem)
    }
    known["pregnancy"] = [StateReading(value, days, "", None) for value, days in (("pregnant", 0), ("not pregnant", 0))]
    known["pregnancy"] += [StateReading("pregnant", 31, "", None)]
    known["low_magnesium_workup"] = [StateReading("low value confirmed", days, "", None) for days in (0, 3)]
    known["low_magnesium_workup"] += [NOT_KNOWN[0]]
    lists = {_list_likeness(facts, pack): facts for facts in medicines(pack)}
    for listed in lists.values():
        for values in product(*known.values()):
            yield Facts(ON, dict(zip(known, values, strict=True)), listed.lists, listed.members)


def distinct(item: str, values: list[Any], pack: RulePack) -> list[Any]:
    """One value of those that no criterion tells apart."""
    found: dict[tuple[object, ...], Any] = {}
    for value in values:
        facts = Facts(ON, {item: value}, {}, {})
        tests = [
            judged(each, facts) for each in pack.criteria.values() if isinstance(each, Measure) and each.item == item
        ]
        asked = [asks(each, facts) for each in pack.criteria.values() if isinstance(each, Asks) and each.about == item]
        age = value.reason if isinstance(value, Gap) else value.days
        age = age if item == "serum_magnesium" else None  # read by holders that let pass, and answered by another item
        limit = next((each for each in EXACT.get(item, ()) if is_exactly(each, value)), None)
        found.setdefault((*tests, *asked, age, limit), value)
    return list(found.values())


def _list_likeness(facts: Facts, pack: RulePack) -> tuple[object, ...]:
    gap = facts.lists["medicines"]
    tests = [judged(each, facts) for each in pack.criteria.values() if isinstance(each, Taking)]
    return (*tests, gap and gap.reason)


@pytest.fixture(scope="module")
def seen(pack: RulePack) -> Seen:
    """(criterion, its truth, rule, its status) of every state."""
    found: Seen = set()
    patterns: set[tuple[object, ...]] = set()
    for facts in every_state(pack):
        verdicts = evaluate_facts(pack, facts)
        exact = (is_exactly(value, facts.items[item]) for item, values in EXACT.items() for value in values)
        pattern = (*verdicts.criteria.values(), *verdicts.statuses.values(), *exact)
        if pattern not in patterns:
            patterns.add(pattern)
            found |= {
                (key, truth, rule, status)
                for key, truth in verdicts.criteria.items()
                for rule, status in verdicts.statuses.items()
            }
            found |= {
                (item, facts.items[item].range.low, rule, status)
                for item, values in EXACT.items()
                if any(is_exactly(value, facts.items[item]) for value in values)
                for rule, status in verdicts.statuses.items()
            }
    assert len(patterns) > 2000
    return found


def is_exactly(value: Decimal, found: Any) -> bool:
    """Just this value, in the first unit, of today, with the default limits."""
    if not isinstance(found, Reading) or found.days or found.range != Range.exactly(value):
        return False
    return found.lower is None or (found.unit == "mmol/L" and found.lower.value == Decimal("0.70"))


def possible(pack: RulePack) -> Seen:
    """The same by the prover."""
    patient, solver = AnyPatient(pack), z3.Solver()
    solver.add(patient.constraints)
    found: Seen = set()
    for rule, status in product(pack.rules, STATUSES):
        solver.push()
        solver.add(patient.status(rule, status))  # type: ignore[arg-type]
        for key, truth in product(pack.criteria, TRUTHS):
            if solver.check(_is(patient.criteria[key], truth)) == z3.sat:
                found.add((key, truth, rule, status))
        for item, values in EXACT.items():
            reading = patient.readings[item]
            usual = [
                reading.known,
                reading.exact,
                reading.unit == 0,
                reading.days == 0,
                *map(z3.Not, reading.own_limit.values()),
            ]
            for value in values:
                if solver.check(*usual, reading.low == exactly(value)) == z3.sat:
                    found.add((item, value, rule, status))
        solver.pop()
    return found


def _is(kleene: Kleene, truth: bool | None) -> z3.BoolRef:
    return kleene.unknown if truth is None else kleene.true if truth else kleene.false


def test_the_prover_finds_possible_what_occurs_and_nothing_else(pack: RulePack, seen: Seen) -> None:
    assert possible(pack) ^ seen == set()
    assert len(seen) > 1000


def met_for_unknown(fact: Any, within: int | None, truth: Kleene) -> Kleene:
    return Kleene(z3.Or(truth.true, z3.Not(fact.known)), truth.false)


def cleared_if_unknown(patient: AnyPatient, holder: Any) -> z3.BoolRef:
    return z3.Not(patient.rules[holder.by].true)


FAULTS = [
    pytest.param(symbolic, "_if_known", met_for_unknown, id="an unknown is taken for met"),
    pytest.param(AnyPatient, "is_cleared", cleared_if_unknown, id="every holder lets pass"),
    pytest.param(AnyPatient, "is_rejected", lambda patient, about: z3.BoolVal(False), id="a spoilt value is a missing one"),
    pytest.param(symbolic, "surely_below", lambda reading, limit, inclusive: reading.high < limit, id="an inclusive limit is left out"),
    pytest.param(AnyPatient, "present", lambda patient, value_set: Kleene(z3.BoolVal(False), z3.BoolVal(True)), id="lists are empty"),
]  # fmt: skip


@pytest.mark.parametrize(("owner", "name", "fault"), FAULTS)
def test_a_fault_of_the_prover_is_noticed(
    owner: Any, name: str, fault: Callable[..., Any], pack: RulePack, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, fault)
    assert possible(pack) != seen
