"""The smallest missing sets, asked of evaluation itself: with some answer for each item of a set the suggestion is offered, and with no
answer for any part of the set it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, islice, product
from math import prod

import pytest

from mgcds.loading import load_pack
from mgcds.model.assessment import Assessment
from mgcds.model.criterion import Has, Taking
from mgcds.model.evaluation import Verdicts, evaluate_facts
from mgcds.model.facts import Facts, Gap, Listed, Range, Reading, StateReading
from mgcds.model.missing import imagined
from mgcds.model.pack import RulePack
from tests.agreement.generate import Patients

CASES, MOST_WAYS = 400, 1500
Answer = Reading | StateReading | tuple[tuple[str, Listed], ...]


@dataclass(frozen=True)
class Withheld:
    rule: str
    facts: Facts
    verdicts: Verdicts
    missing: tuple[tuple[str, ...], ...]


@pytest.fixture(scope="module")
def patients() -> Patients:
    return Patients(load_pack(), 300)


def answers(about: str, case: Withheld, pack: RulePack) -> list[Answer] | None:
    """All that an item or a list could turn out to be, one answer of those that no criterion tells apart; None where they are too many."""
    if about not in case.facts.lists:
        return _distinct_values(about, case, pack)
    asked: dict[str, set[int]] = {}
    for key in _related(case, pack):
        criterion = pack.criteria[key]
        if not isinstance(criterion, Taking | Has) or case.verdicts.criteria[key] is not None:
            continue
        if pack.value_sets[criterion.value_set].of == about:
            days = asked.setdefault(criterion.value_set, {0})
            if isinstance(criterion, Taking):
                limits = (criterion.at_least, criterion.at_most, criterion.unchanged_for)
                days |= {limit + more for limit in limits if limit is not None for more in (0, 1)}
    choices = [[(name, listed) for listed in _listings(name, days, case)] for name, days in asked.items()]
    return list(product(*choices)) if prod(map(len, choices)) <= MOST_WAYS else None


def _related(case: Withheld, pack: RulePack) -> list[str]:
    parts = (case.rule, *(holder.by for holder in pack.holders[case.rule]))
    return list(dict.fromkeys(key for part in parts for key in pack.criteria_of[part]))


def _listings(value_set: str, days: set[int], case: Withheld) -> Iterator[Listed]:
    if case.facts.members[value_set].present is not True:
        yield Listed(False, Range.exactly(0), Range(0, None), ())
    for running, unchanged in product(sorted(days), repeat=2):
        yield Listed(True, Range.exactly(running), Range.exactly(unchanged), ())


def _distinct_values(about: str, case: Withheld, pack: RulePack) -> list[Answer]:
    found: dict[object, Answer] = {}
    keys = _related(case, pack)
    for value in imagined(about, pack):
        truths = evaluate_facts(pack, _with(case.facts, {about: value})).criteria
        found.setdefault(tuple(truths[key] for key in keys), value)
    return list(found.values())


def _with(facts: Facts, given: dict[str, Answer]) -> Facts:
    items = {about: found for about, found in given.items() if isinstance(found, Reading | StateReading)}
    members = {name: listed for about, found in given.items() if about in facts.lists for name, listed in found}  # type: ignore[misc]
    lists: dict[str, Gap | None] = {about: None for about in given if about in facts.lists}
    return replace(
        facts, items={**facts.items, **items}, lists={**facts.lists, **lists}, members={**facts.members, **members}
    )


def could_be_offered(abouts: tuple[str, ...], case: Withheld, pack: RulePack) -> bool | None:
    """With some answers for these, all else as it is; None where there are too many to try."""
    choices = [found for about in abouts if (found := answers(about, case, pack)) is not None]
    if len(choices) < len(abouts) or prod(map(len, choices)) > MOST_WAYS:
        return None
    tried = (_with(case.facts, dict(zip(abouts, found, strict=True))) for found in product(*choices))
    return any(evaluate_facts(pack, facts).statuses[case.rule] == "offered" for facts in tried)


def withheld(patients: Patients) -> Iterator[Withheld]:
    pack = replace(patients.pack, missing_sets={})
    for seed in range(20_000):
        facts = patients.dealt(seed)
        verdicts = evaluate_facts(pack, facts)
        for rule in islice(
            (rule for rule, status in verdicts.statuses.items() if status == "withheld"), seed % 5, None, 5
        ):
            missing = Assessment(facts.on, pack, facts, verdicts)[rule].missing
            if missing and max(map(len, missing)) <= 4:
                yield Withheld(rule, facts, verdicts, missing)


def wrong(cases: Iterator[Withheld], pack: RulePack, number: int) -> tuple[list[tuple[str, tuple[str, ...]]], int]:
    """Sets that do not do, or of which a part does; and how many were asked."""
    found, asked = [], 0
    for case in cases:
        for abouts in case.missing:
            parts = [part for size in range(len(abouts)) for part in combinations(abouts, size)]
            does = could_be_offered(abouts, case, pack)
            smaller = [could_be_offered(part, case, pack) for part in parts]
            if does is None or None in smaller:
                continue
            asked += 1
            if not does or any(smaller):
                found.append((case.rule, abouts))
        if asked >= number:
            break
    return found, asked


def test_every_reported_set_would_do_and_no_part_of_it_would(patients: Patients) -> None:
    found, asked = wrong(withheld(patients), patients.pack, CASES)
    assert asked >= CASES
    assert found == []


@pytest.mark.parametrize("fault", ["too much", "too little"])
def test_a_set_that_is_wrong_is_noticed(fault: str, patients: Patients) -> None:
    def spoilt(case: Withheld) -> Withheld:
        longest = max(case.missing, key=len)
        other = next(about for about in ("gad7", "bmi", "calcium") if about not in longest)
        return replace(case, missing=((*longest, other) if fault == "too much" else longest[:-1],))

    cases = (spoilt(case) for case in withheld(patients) if len(max(case.missing, key=len)) > 1)
    found, _ = wrong(cases, patients.pack, 5)
    assert len(found) >= 5
