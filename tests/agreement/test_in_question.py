"""Stops and interactions that speak only where magnesium is in question miss nobody who could be offered it.

They hold back what they are met for; a suggestion outside `magnesium_in_question` would pass them by unseen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mgcds.loading import load_pack
from mgcds.model.condition import AnyOf
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.pack import RulePack
from tests.agreement.generate import Patients

RECORDS = 2000
OFFERS = ("consider", "dose")


@pytest.fixture(scope="module")
def patients() -> Patients:
    return Patients(load_pack(), 400)


def met(pack: RulePack, patients: Patients) -> Iterator[tuple[str, bool]]:
    """Each rule that offers magnesium where it is met, and whether magnesium is in question then."""
    offers = [rule.id for rule in pack.rules.values() if rule.suggest.kind in OFFERS]
    for seed in range(RECORDS):
        verdicts = evaluate_facts(pack, patients.dealt(seed))
        for rule in offers:
            if verdicts.rules[rule] is True:
                yield rule, verdicts.findings["magnesium_in_question"] is True


def test_magnesium_is_in_question_wherever_it_could_be_offered(patients: Patients) -> None:
    pack = patients.pack
    found = list(met(pack, patients))
    assert {rule for rule, _ in found} == {rule.id for rule in pack.rules.values() if rule.suggest.kind in OFFERS}
    assert [rule for rule, in_question in found if not in_question] == []


def test_an_offer_outside_the_question_is_noticed(patients: Patients) -> None:
    finding = patients.pack.findings["magnesium_in_question"]
    assert isinstance(finding.when, AnyOf)
    taken_only = replace(finding, when=finding.when.parts[0])
    pack = replace(patients.pack, findings={**patients.pack.findings, finding.id: taken_only})
    assert {rule for rule, in_question in met(pack, patients) if not in_question} >= {"supplement-alongside-therapy"}
