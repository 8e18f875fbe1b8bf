"""The trace has no orphan, and one that is seeded is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mgcds.model.pack import RulePack
from mgcds.review.cases import Feature, read_features
from mgcds.review.results import Run
from mgcds.review.standing import standings
from mgcds.review.trace import Trace, trace
from tests.review.conftest import ON

Features = dict[str, Feature]
STOP = "severe-renal-impairment"


@pytest.fixture(scope="module")
def read(pack: RulePack, features: list[Path]) -> Features:
    return read_features(features, pack, Run())


def traced(pack: RulePack, read: Features) -> Trace:
    return trace(pack, read, standings(pack, ON))


def test_nothing_is_left_over(pack: RulePack, read: Features) -> None:
    assert [f"{orphan.what}: {orphan.says}" for orphan in traced(pack, read).orphans] == []


def without_scenarios(pack: RulePack, read: Features) -> tuple[RulePack, Features]:
    return pack, {path: feature for path, feature in read.items() if path != f"safety/{STOP}"}


def only_drafts(pack: RulePack, read: Features) -> tuple[RulePack, Features]:
    own = read[f"safety/{STOP}"]
    return pack, {**read, f"safety/{STOP}": replace(own, scenarios=[])}


def without_evidence(pack: RulePack, read: Features) -> tuple[RulePack, Features]:
    rule = pack.rules[STOP]
    bare = replace(rule, suggest=replace(rule.suggest, evidence_for=()))
    return replace(pack, rules={**pack.rules, STOP: bare}, missing_sets={}), read


def without_invariants(pack: RulePack, read: Features) -> tuple[RulePack, Features]:
    return pack, {path: feature for path, feature in read.items() if not path.startswith("invariants/")}


def feature_of_no_rule(pack: RulePack, read: Features) -> tuple[RulePack, Features]:
    return pack, {**read, "safety/liver": replace(read[f"safety/{STOP}"], path="safety/liver")}


def feature_that_expects_nothing(pack: RulePack, read: Features) -> tuple[RulePack, Features]:
    return pack, {**read, "invariants/empty": replace(read[f"safety/{STOP}"], path="invariants/empty", scenarios=[])}


def evidence_nobody_cites(pack: RulePack, read: Features) -> tuple[RulePack, Features]:
    lonely = replace(pack.evidence["wakai-2019"], id="nobody-2020", contradicts=())
    return replace(pack, evidence={**pack.evidence, "nobody-2020": lonely}, missing_sets={}), read


def claim_without_answer(pack: RulePack, read: Features) -> tuple[RulePack, Features]:
    bare = replace(pack.claims["A1"], rules=(), evidence=(), refused=None)
    return replace(pack, claims={**pack.claims, "A1": bare}, missing_sets={}), read


@pytest.mark.parametrize(
    ("seed", "says"),
    [
        pytest.param(without_scenarios, f"rule {STOP}: no scenario of its own: nothing shows what it does", id="no scenarios"),
        pytest.param(only_drafts, f"rule {STOP}: no scenario of its own: nothing shows what it does", id="only drafts"),
        pytest.param(without_evidence, f"rule {STOP}: no evidence stands for it", id="no evidence"),
        pytest.param(without_invariants, f"rule {STOP}: no statement of any patient speaks of it", id="no invariant"),
        pytest.param(feature_of_no_rule, "feature safety/liver: no rule has its name", id="a feature of no rule"),
        pytest.param(feature_that_expects_nothing, "feature invariants/empty: it expects nothing of any rule", id="a feature that expects nothing"),
        pytest.param(evidence_nobody_cites, "evidence nobody-2020: nothing cites it", id="evidence nobody cites"),
        pytest.param(claim_without_answer, "claim A1: nothing answers it", id="a claim without an answer"),
    ],
)  # fmt: skip
def test_an_orphan_is_named(
    pack: RulePack, read: Features, seed: Callable[[RulePack, Features], tuple[RulePack, Features]], says: str
) -> None:
    assert says in [f"{orphan.what}: {orphan.says}" for orphan in traced(*seed(pack, read)).orphans]
