"""The smallest missing sets that an assessment reports are those found by trying everything, on the pack and on random packs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

import pytest

from mgcds.loading import load_pack
from mgcds.model import missing
from mgcds.model.assessment import Assessment
from mgcds.model.criterion import ABOUT_KNOWLEDGE
from mgcds.model.evaluation import Verdicts, evaluate_facts
from mgcds.model.facts import Facts
from mgcds.model.missing import Pattern, pattern_of, sets_of
from mgcds.model.pack import RulePack
from tests.agreement.brute_force import BruteForce
from tests.agreement.generate import Patients
from tests.agreement.packs import PackMaker

MOST_UNKNOWN = 8
MOST_WORK = 4_000  # ways in which the unknown could turn out
CASES, RANDOM_PACKS, CASES_EACH = 400, 16, 40
PATIENTS_EACH = 150


@dataclass
class Case:
    """A withheld suggestion, its sets by brute force, and those that were reported."""

    rule: str
    pattern: Pattern
    unknown: int
    expected: set[tuple[str, ...]]
    reported: tuple[tuple[str, ...], ...]

    @property
    def is_right(self) -> bool:
        return set(self.reported) == self.expected and len(self.reported) == len(self.expected)


@pytest.fixture(scope="module")
def patients() -> Patients:
    return Patients(load_pack())


def withheld(patients: Patients, seeds: range) -> Iterator[tuple[str, Verdicts, Facts]]:
    pack = patients.pack
    for seed in seeds:
        facts = patients.dealt(seed)
        verdicts = evaluate_facts(pack, facts)
        yield from ((rule, verdicts, facts) for rule, status in verdicts.statuses.items() if status == "withheld")


def cases(patients: Patients, seeds: range) -> Iterator[Case]:
    """Each pattern once, where there are few enough unknowns to try everything."""
    pack = replace(patients.pack, missing_sets={})
    seen: set[Pattern] = set()
    for rule, verdicts, facts in withheld(patients, seeds):
        pattern = pattern_of(rule, verdicts.criteria, verdicts.rules, pack, facts)
        brute = BruteForce(rule, verdicts, pack, facts)
        if pattern in seen or len(brute.unknown) > MOST_UNKNOWN or brute.work > MOST_WORK:
            continue
        seen.add(pattern)
        pack.missing_sets.clear()
        reported = Assessment(facts.on, pack, facts, verdicts)[rule].missing
        yield Case(rule, pattern, len(brute.unknown), brute.smallest_sets(), reported)


def test_the_reported_sets_are_the_smallest_that_could_do(patients: Patients) -> None:
    found = list(islice(cases(patients, range(20_000)), CASES))
    assert len(found) == CASES
    assert [case for case in found if not case.is_right] == []
    sizes = Counter(len(items) for case in found for items in case.expected)
    assert {1, 2, 3} <= sizes.keys()
    assert any(len(case.expected) > 1 for case in found)
    assert max(case.unknown for case in found) >= 5


def test_the_reported_sets_are_the_smallest_on_random_packs(patients: Patients) -> None:
    maker = PackMaker(patients)
    hopeless, knowledge = 0, 0
    for number in range(RANDOM_PACKS):
        pack = maker.pack(number)
        found = list(islice(cases(Patients(pack, patients.stock), range(PATIENTS_EACH)), CASES_EACH))
        assert [case for case in found if not case.is_right] == [], f"random pack {number}"
        hopeless += sum(not case.expected for case in found)
        knowledge += sum(asks(case.rule, pack) for case in found)
    assert hopeless > 20, "no data could make it offered: met too rarely to say anything"
    assert knowledge > 20, "criteria about knowledge change when something is learnt: met too rarely"


def asks(rule: str, pack: RulePack) -> bool:
    return any(isinstance(pack.criteria[key], ABOUT_KNOWLEDGE) for key in pack.criteria_of[rule])


def test_patients_of_one_pattern_have_the_same_sets(patients: Patients) -> None:
    """So an assessment may keep them by pattern."""
    maker = PackMaker(patients)
    packs = [Patients(maker.pack(number), patients.stock) for number in range(RANDOM_PACKS)]
    again = 0
    for mine in [patients, *packs]:
        sets: dict[Pattern, object] = {}
        for rule, verdicts, facts in withheld(mine, range(PATIENTS_EACH)):
            brute = BruteForce(rule, verdicts, mine.pack, facts)
            pattern = pattern_of(rule, verdicts.criteria, verdicts.rules, mine.pack, facts)
            if pattern in sets and len(brute.unknown) < 4 and brute.work < 200:
                again += 1
                assert brute.smallest_sets() == sets[pattern]
            else:
                sets[pattern] = set(
                    sets_of(pattern_of(rule, verdicts.criteria, verdicts.rules, mine.pack, facts), mine.pack)
                )
    assert again > 500


# --- seeded faults ------------------------------------------------------------------------------------------------------------


def joined_regardless(one: missing.Way, other: missing.Way) -> missing.Way:
    """One item may have two values."""
    return {**one, **other}


def as_it_is_forgotten(item: str, bits: int) -> list[missing.Way]:
    """A value that is known well enough is asked for again."""
    return [{item: bits & ~1}] if bits & ~1 else []


def learnt_too_much(way: missing.Way) -> frozenset[str]:
    return frozenset(way)


FAULTS = [
    pytest.param("_join", joined_regardless, id="an item has two values"),
    pytest.param("_of_item", as_it_is_forgotten, id="what is known is asked for again"),
    pytest.param("_learnt", learnt_too_much, id="not the smallest"),
    pytest.param("_MOST_WAYS", 1, id="some sets are lost"),
    pytest.param("_covers", lambda wide, narrow: set(wide) <= set(narrow), id="a way with other values is lost"),
    pytest.param("_is_outdated", lambda criterion, facts: False, id="an old answer serves a new value"),
]


@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_a_seeded_fault_is_noticed(
    name: str, fault: Callable[..., Any] | int, patients: Patients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing, name, fault)
    maker = PackMaker(patients)
    packs = (Patients(maker.pack(number), patients.stock) for number in range(RANDOM_PACKS))
    on_random_packs = (case for mine in packs for case in islice(cases(mine, range(PATIENTS_EACH)), CASES_EACH))
    found = chain(islice(cases(patients, range(20_000)), CASES), on_random_packs)
    assert any(not case.is_right for case in found)
