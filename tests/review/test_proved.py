"""What is proved of any patient, on the page of a rule: the statements of the feature files, by what they say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgcds.model.pack import RulePack
from mgcds.review.cases import Feature, Scenario, read_features
from mgcds.review.proved import Proved, proved_of
from mgcds.review.results import Run


@pytest.fixture(scope="module")
def about_anyone(pack: RulePack, features: list[Path]) -> list[Scenario]:
    read: dict[str, Feature] = read_features(features, pack, Run())
    return [each for feature in read.values() for each in feature.scenarios if each.is_about_anyone]


def said(rule: str, scenarios: list[Scenario], pack: RulePack) -> dict[str, list[Proved]]:
    return {says: list(statements) for says, statements in proved_of(rule, scenarios, pack)}


def lines(statement: Proved) -> list[str]:
    return [f"{keyword} {text}" for keyword, text in (*statement.given, *statement.then)]


def test_one_scenario_says_never_of_the_trials_and_always_of_the_stop(
    pack: RulePack, about_anyone: list[Scenario]
) -> None:
    """age-and-pregnancy.feature: under 18 the stop is offered and no suggestion of kind consider, or dose, is."""
    stop, trial = (said(rule, about_anyone, pack) for rule in ("outside-adult-scope", "supplement-alone"))
    given = ["Given any patient", 'And the age is below "18 years"']
    assert [*given, 'Then "outside-adult-scope" is offered'] in [lines(each) for each in stop["Always said if"]]
    assert [*given, 'Then no suggestion of kind "consider" is offered'] in [
        lines(each) for each in trial["Never offered if"]
    ]


def test_rows_that_differ_in_one_value_are_one_statement(pack: RulePack, about_anyone: list[Scenario]) -> None:
    found = said("trial-dose", about_anyone, pack)["Never offered if"]
    (kidneys,) = [each for each in found if each.scenario.name.startswith("kidneys that are known to be impaired")]
    assert lines(kidneys)[1] == 'And the eGFR is below "<limit>"'
    assert (kidneys.column, list(kidneys.values)) == ("limit", ["30 mL/min/1.73m2", "60 mL/min/1.73m2"])


def test_only_the_rows_that_mean_the_rule_are_shown(pack: RulePack, about_anyone: list[Scenario]) -> None:
    """never-side-by-side.feature has some fifteen pairs; each line names the rule in full."""
    found = said("trial-response", about_anyone, pack)["Never offered if"]
    pairs = [lines(each)[-1] for each in found if each.scenario.name == "one answer to one question"]
    assert len(pairs) >= 3
    for each in found:
        assert "trial-response" in " ".join([*lines(each), *each.values]) or "of kind" in " ".join(lines(each))


def test_every_statement_of_every_rule_is_shown_somewhere(pack: RulePack, about_anyone: list[Scenario]) -> None:
    for rule in pack.rules:
        speaking = {each.key + each.feature for each in about_anyone if rule in each.asks_of}
        found = said(rule, about_anyone, pack).values()
        assert {each.scenario.key + each.scenario.feature for group in found for each in group} == speaking
        assert not [
            line for group in found for each in group for line in lines(each) if not each.column and "<" in line
        ]
