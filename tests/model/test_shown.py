"""At most one suggestion interrupts and five are passive; the rest is folded, none is lost, and nothing urgent is folded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random
from typing import get_args

import pytest

from mgcds import evaluate
from mgcds.loading import load_pack
from mgcds.model import assessment as assessment_module
from mgcds.model.assessment import Assessment, Shown
from mgcds.model.evaluation import Status, Verdicts, evaluate_facts
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.model.rule import Kind
from tests.agreement.generate import Patients

PACK = load_pack()
ON = date(2026, 11, 21)


def of_random_kinds(rng: Random) -> RulePack:
    """The rules of the pack with other kinds, in another order of kinds: urgent need not come first."""
    kinds: tuple[Kind, ...] = get_args(Kind)
    share = rng.choice((0.0, 0.1, 0.5, 1.0))
    rules = {
        name: replace(rule, suggest=replace(rule.suggest, kind="urgent" if rng.random() < share else rng.choice(kinds)))
        for name, rule in PACK.rules.items()
    }
    return replace(PACK, rules=rules)


def assessed(seed: int) -> Assessment:
    """An assessment in which anything may be offered."""
    rng = Random(f"shown {seed}")
    pack = of_random_kinds(rng) if seed % 2 else PACK
    share, others = rng.choice((0.05, 0.2, 0.5, 1.0)), get_args(Status)[1:]
    statuses: dict[str, Status] = {
        rule: "offered" if rng.random() < share else rng.choice(others) for rule in pack.rules
    }
    return Assessment(ON, pack, Facts(ON, {}, {}, {}), Verdicts({}, {}, {}, statuses))


def wrong_with(assessment: Assessment) -> list[str]:
    offered = [suggestion.id for suggestion in assessment.offered]
    parts = [[suggestion.id for suggestion in assessment.shown_as(how)] for how in get_args(Shown)]
    interruptive, passive, folded = parts
    urgent = [name for name in offered if assessment.pack.rules[name].suggest.kind == "urgent"]
    others = [name for name in offered if name not in urgent]
    faults = ["lost, doubled or out of order"] if [*interruptive, *passive, *folded] != urgent + others else []
    faults += ["not the first urgent one interrupts"] if interruptive != urgent[:1] else []
    faults += ["something urgent is folded"] if set(urgent) & set(folded) else []
    faults += ["too many are shown"] if len(passive) > max(5, len(urgent) - 1) else []
    faults += ["folded without need"] if folded and len(passive) < 5 else []
    return faults


def test_the_three_partition_what_is_offered() -> None:
    folded = urgent = 0
    for seed in range(400):
        assessment = assessed(seed)
        assert wrong_with(assessment) == [], seed
        folded += bool(assessment.folded)
        urgent += len(assessment.passive) > 5
    assert folded > 50
    assert urgent > 10


def test_so_it_is_with_generated_patients() -> None:
    generated, most = Patients(PACK, 200), 0
    for seed in range(300):
        facts = generated.facts(seed)
        assessment = Assessment(facts.on, PACK, facts, evaluate_facts(PACK, facts))
        assert wrong_with(assessment) == []
        most = max(most, len(assessment.offered))
    assert most > 3


def _spoilt(change: Callable[[dict[str, Shown]], dict[str, Shown]], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    right = assessment_module.how_shown
    monkeypatch.setattr(assessment_module, "how_shown", lambda verdicts, pack: change(right(verdicts, pack)))
    return {fault for seed in range(60) for fault in wrong_with(assessed(seed))}


def _all(how: Shown) -> Callable[[dict[str, Shown]], dict[str, Shown]]:
    return lambda places: dict.fromkeys(places, how)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param(
            lambda places: dict(list(places.items())[:6]), "lost, doubled or out of order", id="the rest dropped"
        ),
        pytest.param(
            lambda places: dict(reversed(places.items())), "lost, doubled or out of order", id="the other way round"
        ),
        pytest.param(_all("passive"), "too many are shown", id="all passive"),
        pytest.param(_all("folded"), "something urgent is folded", id="all folded"),
        pytest.param(_all("folded"), "folded without need", id="folded although there is room"),
        pytest.param(_all("interruptive"), "not the first urgent one interrupts", id="all interrupt"),
    ],
)
def test_a_seeded_fault_is_found(
    change: Callable[[dict[str, Shown]], dict[str, Shown]], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fault in _spoilt(change, monkeypatch)


def test_the_numbers_are_those_of_the_pack() -> None:
    assert (PACK.texts.most_interruptive, PACK.texts.most_passive) == (1, 5), "clinical brief 7.4"
    few = replace(PACK, texts=replace(PACK.texts, most_interruptive=0, most_passive=1))
    record = {"recorded": "2026-11-20", "egfr": "20 mL/min/1.73m2", "serum_magnesium": "1.1 mmol/L"}
    assessment = evaluate(record, few, on=ON)
    assert len(assessment.offered) > 2
    assert (len(assessment.interruptive), len(assessment.passive)) == (0, 1)
    assert len(assessment.folded) == len(assessment.offered) - 1


def test_json_says_how_each_offered_suggestion_is_shown_and_of_no_other() -> None:
    """Critically low magnesium is urgent and comes first; a stop and a work-up beside it are passive."""
    record = {"recorded": "2026-11-20", "age": 44, "serum_magnesium": "0.4 mmol/L", "egfr": "25 mL/min/1.73m2"}
    written = evaluate(record, on=ON).to_dict()["suggestions"]
    shown = {one["rule"]: one.get("shown") for one in written if one["status"] == "offered"}
    assert shown["severe-hypomagnesaemia"] == "interruptive"
    assert shown["severe-renal-impairment"] == "passive"
    assert [one["rule"] for one in written if one["status"] != "offered" and "shown" in one] == []
