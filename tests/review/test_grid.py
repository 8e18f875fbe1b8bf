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
