"""The sentences of the library: all of them used, none of them mistaken for another."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_bdd.parser import Step

from mgcds.scenarios.features import features_root, find_features, matching, read_feature
from mgcds.scenarios.patients import baselines
from mgcds.scenarios.sentences import Sentence, nearest
from mgcds.scenarios.steps import LIBRARY

EVERY_STEP = Path(__file__).with_name("every-step.feature")


def steps_of(path: Path) -> Iterator[Step]:
    for scenario in read_feature(path).scenarios.values():
        if "draft" not in scenario.tags:
            for row in [row for examples in scenario.examples for row in examples.as_contexts()] or [{}]:
                yield from scenario.render(row).steps


def unused(steps: Iterator[Step]) -> set[str]:
    used = {sentence.name for step in steps for sentence in matching(step)}
    return {sentence.name for _, sentence in LIBRARY} - used


def test_every_step_of_the_library_is_used_by_a_scenario() -> None:
    assert unused(steps_of(EVERY_STEP)) == set()


def test_a_step_that_nobody_uses_is_noticed() -> None:
    """Seeded fault: the same scenarios without those that stop a medicine."""
    steps = (step for step in steps_of(EVERY_STEP) if "stopped" not in step.name)
    assert unused(steps) == {'the patient stopped "<medicine>" <n> days ago'}


def test_the_scenarios_of_every_step_pass(run_features) -> None:
    ran = run_features(where=EVERY_STEP)
    assert ran.code == 0, ran.out + ran.err
    assert ran.report["summary"] == {"passed": 20, "proved": 1, "failed": 0, "error": 0, "draft": 0, "not run": 0}


@pytest.mark.parametrize("path", [EVERY_STEP, *find_features(features_root())], ids=lambda path: path.name)
def test_no_step_can_be_read_in_two_ways(path: Path) -> None:
    assert {step.name: len(matching(step)) for step in steps_of(path) if len(matching(step)) != 1} == {}


def test_every_patient_of_the_file_has_its_sentence() -> None:
    assert set(baselines()) <= {sentence.name for kind, sentence in LIBRARY if kind == "given"}


@pytest.mark.parametrize(
    ("step", "parts"),
    [
        pytest.param('the PHQ-9 item 9 is "0"', None, id="another sentence"),
        pytest.param('the eGFR is "60" from 1 day ago', {"item": "eGFR", "quantity": "60", "n": "1"}, id="one day"),
        pytest.param('the eGFR is "" from 20 days ago', {"item": "eGFR", "quantity": "", "n": "20"}, id="empty quotes"),
        pytest.param('the eGFR is "60" from -1 days ago', None, id="the future is not sayable"),
        pytest.param('the eGFR is "60" "70" from 1 day ago', None, id="two quotes"),
    ],
)
def test_the_parts_of_a_sentence(step: str, parts: dict[str, str] | None) -> None:
    sentence = Sentence('the <item> is "<quantity>" from <n> days ago')
    assert sentence.parse_arguments(step) == parts
    assert sentence.is_matching(step) is (parts is not None)


def test_what_stands_in_quotes_does_not_make_a_sentence_near() -> None:
    near = nearest('the patient take "the medicine list was reviewed"', [sentence.name for _, sentence in LIBRARY])
    assert near[0] == 'the patient takes "<medicine>"'
