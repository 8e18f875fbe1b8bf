"""The case grid: values, limits and statuses as the feature files and rule files have them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mgcds.model.pack import RulePack
from mgcds.review.cases import Feature, Scenario, read_features
from mgcds.review.charts import Range
from mgcds.review.grid import CaseFacts, Line, cases_of, grid, grid_of_holders
from mgcds.review.results import Result, Run, usable
from mgcds.scenarios.report import Report

STOP = "severe-renal-impairment"


@pytest.fixture(scope="module")
def read(pack: RulePack, features: list[Path], report: Report) -> dict[str, Feature]:
    return read_features(features, pack, usable(report, pack, features))


def scenarios(read: dict[str, Feature]) -> list[Scenario]:
    return [scenario for feature in read.values() for scenario in feature.scenarios]


def lines(rule: str, pack: RulePack, read: dict[str, Feature]) -> dict[str, Line]:
    cases = cases_of(rule, scenarios(read))
    return {line.key: line for line in grid(pack.rules[rule], cases, CaseFacts(pack), pack)}


def test_the_two_kidney_limits(pack: RulePack, read: dict[str, Feature]) -> None:
    """severe-renal-impairment.feature: 5 and 29.9 offered, 30 to 60 not indicated, `>25` withheld."""
    line = lines(STOP, pack, {f"safety/{STOP}": read[f"safety/{STOP}"]})["egfr-0"]
    assert line.ranges == [Range("severe", None, 30.0, True, False)]
    found = {(dot.value, dot.reaches): dot.status for dot in line.dots}
    assert found[5.0, ""] == found[29.9, ""] == "offered"
    assert found[30.0, ""] == found[31.0, ""] == found[59.9, ""] == found[60.0, ""] == "not indicated"
    assert found[60.0, "up"] == "not indicated"
    assert found[25.0, "up"] == "withheld"


def test_a_value_stands_on_the_line_of_its_unit(pack: RulePack, read: dict[str, Feature]) -> None:
    """1.7 mg/dL is the lower limit, though it is less than 0.70 mmol/L."""
    found = lines("confirm-low-magnesium", pack, read)
    assert [line.shown_unit for line in found.values()] == ["mmol/L", "mg/dL", "meq/L"]
    in_mg = {dot.value: dot.status for dot in found["serum_magnesium-1"].dots if dot.value is not None}
    assert in_mg[1.7] == "not indicated"
    assert found["serum_magnesium-1"].ranges[-1].high == 1.7


def test_a_dot_is_only_what_the_limits_drawn_apply_to(pack: RulePack, read: dict[str, Feature]) -> None:
    line = lines("confirm-low-magnesium", pack, read)["serum_magnesium-0"]
    own = [entry for entry in line.entries if entry.own_limits]
    assert own
    assert line.not_drawn == sum(len(entry.cases) for entry in own)


def test_only_what_passed_is_a_dot(pack: RulePack, features: list[Path], read: dict[str, Feature]) -> None:
    assert lines(STOP, pack, read_features(features, pack, Run()))["egfr-0"].dots == []
    own = read[f"safety/{STOP}"]
    failed = [
        replace(each, rows=[replace(row, result=Result("failed", "30 is not below 30")) for row in each.rows])
        for each in own.scenarios
    ]
    line = lines(STOP, pack, {own.path: replace(own, scenarios=failed)})["egfr-0"]
    assert line.dots == []
    assert line.not_drawn == sum(len(entry.cases) for entry in line.entries) > 0


def test_what_can_hold_a_trial_back_has_its_own_lines(pack: RulePack, read: dict[str, Feature]) -> None:
    cases = cases_of("supplement-alongside-therapy", scenarios(read))
    found = grid_of_holders(pack.rules["supplement-alongside-therapy"], cases, CaseFacts(pack), pack)
    egfr = next(line for line in found if line.item.id == "egfr")
    assert {(each.low, each.high) for each in egfr.ranges} == {(30.0, 60.0), (None, 30.0)}
    statuses = {dot.value: dot.status for dot in egfr.dots if not dot.reaches}
    assert statuses[59.9] == "suppressed"
    assert statuses[60.0] == "offered"
    assert statuses[None] == "withheld"


TRIAL = "supplement-alongside-therapy"


def held(pack: RulePack, read: dict[str, Feature]) -> dict[str, Line]:
    found = grid_of_holders(pack.rules[TRIAL], cases_of(TRIAL, scenarios(read)), CaseFacts(pack), pack)
    return {line.item.id: line for line in found}


def test_a_score_that_lies_between_two_numbers_ends_at_the_second(pack: RulePack, read: dict[str, Feature]) -> None:
    """Of an incomplete PHQ-9 the least and the highest possible sum are known, "10 to 13": it crosses no limit at 20."""
    between = [dot for dot in lines(TRIAL, pack, read)["phq9-0"].dots if dot.says.startswith("10 to 13")]
    assert {(dot.value, dot.to, dot.reaches) for dot in between} == {(10.0, 13.0, "")}
    assert {dot.status for dot in between} >= {"offered"}


def test_what_was_never_measured_stands_apart_from_what_is_not_usable(pack: RulePack, read: dict[str, Feature]) -> None:
    line = lines(TRIAL, pack, read)["phq9-0"]
    gaps = {dot.gap: dot.says for dot in line.dots if dot.value is None}
    assert gaps["not on record"].startswith("not on record: ")
    assert gaps["not usable"].startswith("not usable: ")


def test_a_scenario_is_named_once_with_its_rows(pack: RulePack, read: dict[str, Feature]) -> None:
    for line in lines("confirm-low-magnesium", pack, read).values():
        for entry in line.entries:
            assert sum(count for _, count in entry.scenarios) == len(entry.cases)
            assert len({(each.feature, each.line) for each, _ in entry.scenarios}) == len(entry.scenarios)


def test_ages_and_scores_have_no_fractions(pack: RulePack, read: dict[str, Feature]) -> None:
    assert lines(TRIAL, pack, read)["phq9-0"].is_whole
    assert held(pack, read)["age"].is_whole
    assert not lines("confirm-low-magnesium", pack, read)["serum_magnesium-0"].is_whole


@pytest.mark.parametrize(
    ("item", "value", "why"),
    [
        pytest.param("qtc", "510 ms", "not: takes antidepressants whose labels warn of QT prolongation", id="another condition is not met"),
        pytest.param("bmi", "15.9 kg/m2", "stale: 366 days old, current for 180", id="too old"),
        pytest.param("phq9_item9", "1", "suicide risk assessment is on record as no acute risk", id="answered since"),
    ],
)  # fmt: skip
def test_a_value_that_looks_alarming_and_is_passed_over_says_why(
    item: str, value: str, why: str, pack: RulePack, read: dict[str, Feature]
) -> None:
    said = [reason for shown, reason in held(pack, read)[item].passed_over if shown == value]
    assert said
    assert all(why in reason for reason in said)


def test_a_value_that_itself_clears_every_holder_is_not_explained(pack: RulePack, read: dict[str, Feature]) -> None:
    found = held(pack, read)
    assert found["egfr"].passed_over == []
    assert {shown for shown, _ in found["bmi"].passed_over} == {"15.9 kg/m2"}
    for line in found.values():
        assert all(entry.status == "offered" for entry in line.entries if entry.passed_over)
