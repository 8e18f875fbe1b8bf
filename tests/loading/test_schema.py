"""The JSON Schemas say what the loader and the record accept, so that an editor helps and does not mislead."""

from __future__ import annotations

import ast
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from mgcds.errors import Problem
from mgcds.inputs import _plain, _yaml
from mgcds.loading.schema import rule_schema
from mgcds.loading.source import read_yaml
from mgcds.model.record import PatientRecord, read_record
from tests.docs.blocks import ROOT, blocks

RULES = sorted(
    path for path in (ROOT / "rules").glob("*/*.yaml") if path.parent.name not in ("findings", "evidence", "valuesets")
)
RULE = Draft202012Validator(rule_schema(), format_checker=FormatChecker())
RECORD = Draft202012Validator(PatientRecord.model_json_schema())
Rule = dict[str, Any]


def plain(path: Path) -> Rule:
    """As the loader reads it: every scalar its text."""
    problems: list[Problem] = []
    source = read_yaml(path, path.name, problems)
    assert source is not None
    assert not problems
    found: Rule = _plain(source)
    return found


def typed(path: Path) -> Rule:
    """As an editor reads it (YAML 1.2, core schema): numbers are numbers, days are text."""
    found: Rule = yaml.load(path.read_text(encoding="utf-8"), Loader=_Editor)
    return found


class _Editor(yaml.SafeLoader):
    """Without YAML 1.1's dates."""


_Editor.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def wrong_with(validator: Draft202012Validator, given: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(given)]


def test_both_schemas_are_schemas() -> None:
    Draft202012Validator.check_schema(rule_schema())
    Draft202012Validator.check_schema(PatientRecord.model_json_schema())


# --- rules ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_every_rule_fits_the_schema(path: Path) -> None:
    assert wrong_with(RULE, plain(path)) == []
    assert wrong_with(RULE, typed(path)) == []


def test_the_rule_in_the_documents_fits_the_schema() -> None:
    whole = [block.text for block in blocks("yaml") if "review:" in block.text]
    shown = [yaml.load(text.replace("witin", "within"), Loader=_Editor) for text in whole]  # the tutorial's own mistake
    assert shown
    for rule in shown:
        assert wrong_with(RULE, rule) == []


CRITERIA = {
    "a": {"measure": "egfr", "below": ["30 mL/min/1.73m2", "1 mL/s"], "within": "14 days"},
    "b": {"measure": "phq9", "between": [5, 15]},
    "c": {"measure": "serum_magnesium", "below": "lower limit", "within": "always"},
    "d": {"state": "pregnancy", "is": ["pregnant", "lactating"]},
    "e": {"taking": "ppi", "for_more_than": "90 days"},
    "f": {"diagnosis": "bipolar_disorder"},
    "g": {"symptom": "hypermagnesaemia_symptom"},
    "h": {"unknown": "egfr", "within": "90 days"},
    "i": {"documented": "suicide_risk_assessment", "is": "no acute risk", "since": "phq9_item9"},
}


def rule() -> Rule:
    """A right one that has every kind of criterion."""
    return {**plain(RULES[0]), "criteria": deepcopy(CRITERIA), "when": " and ".join(CRITERIA)}


def test_every_kind_of_criterion_fits_the_schema() -> None:
    assert wrong_with(RULE, rule()) == []


def changed(*path: Any, to: Any) -> Callable[[Rule], None]:
    def change(given: Any) -> None:
        for key in path[:-1]:
            given = given[key]
        given[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda rule: rule.pop("suggest"), id="no suggestion"),
        pytest.param(lambda rule: rule["suggest"].pop("evidence_against"), id="no evidence against, not even []"),
        pytest.param(changed("priority", to="1"), id="an unknown key"),
        pytest.param(changed("id", to="Severe_Renal"), id="an id of capitals"),
        pytest.param(changed("version", to="1.0"), id="a version of two numbers"),
        pytest.param(changed("suggest", "kind", to="order"), id="an unknown kind"),
        pytest.param(changed("suggest", "strength", to="Z"), id="an unknown strength"),
        pytest.param(changed("suggest", "certainty", to="verylow"), id="an unknown certainty"),
        pytest.param(changed("suggest", "evidence_for", to="tarleton-2017"), id="evidence that is no list"),
        pytest.param(changed("suggest", "evidence_for", to=["x", "x"]), id="evidence twice"),
        pytest.param(changed("review", "status", to="approved"), id="a review nobody made"),
        pytest.param(changed("review", "due", to="next year"), id="a day that is none"),
        pytest.param(changed("criteria", "x", to={"measure": "egfr", "belwo": "30"}), id="an unknown operator"),
        pytest.param(changed("criteria", "x", to={"measure": "egfr"}), id="a measure without a bound"),
        pytest.param(changed("criteria", "x", to={"measure": "egfr", "within": "14 days"}), id="freshness is no bound"),
        pytest.param(changed("criteria", "x", to={"measure": "phq9", "between": ["5"]}), id="between one value"),
        pytest.param(changed("criteria", "x", to={"taking": "ppi", "for_at_least": "3 months"}), id="months"),
        pytest.param(changed("criteria", "x", to={"taking": "ppi", "diagnosis": "y"}), id="two kinds in one"),
        pytest.param(changed("criteria", "x", to={"diagnosis": ["a", "b"]}), id="a list of diagnoses"),
        pytest.param(changed("criteria", "x", to="egfr < 30"), id="a criterion in a line"),
    ],
)
def test_a_wrong_rule_does_not_fit_the_schema(spoil: Callable[[Rule], Any]) -> None:
    wrong = rule()
    spoil(wrong)
    assert wrong_with(RULE, wrong)


# --- records --------------------------------------------------------------------------------------------------------------


def readme_records() -> list[Rule]:
    """The keyword arguments of every `PatientRecord(…)` in the documents."""
    return [
        {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg}
        for block in blocks("python")
        for node in ast.walk(ast.parse(block.text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "PatientRecord"
    ]


def records() -> list[Any]:
    found = [pytest.param(record, id=f"README {number}") for number, record in enumerate(readme_records(), 1)]
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        found.append(pytest.param(_yaml(path.name, path.read_bytes()), id=f"{path.stem}, as read"))
        found.append(pytest.param(typed(path), id=f"{path.stem}, as an editor sees it"))
    return found


@pytest.mark.parametrize("record", records())
def test_every_record_that_is_shown_fits_the_schema_and_is_read_whole(record: Rule) -> None:
    assert wrong_with(RECORD, record) == []
    assert read_record(record).rejected == ()


def test_there_are_records_in_the_documents_and_in_the_examples() -> None:
    assert len(readme_records()) >= 1
    assert len(records()) >= 3


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"egrf": "25 mL/min/1.73m2"}, id="unknown field"),
        pytest.param({"sex": {"value": "woman"}}, id="unknown word"),
        pytest.param({"sex": 1}, id="a number for a word"),
        pytest.param({"egfr": {"unit": "mL/min/1.73m2"}}, id="a measurement without a value"),
        pytest.param({"egfr": {"value": 5, "units": "x"}}, id="unknown part"),
        pytest.param({"egfr": True}, id="truth"),
        pytest.param({"egfr": {"value": 5, "status": "finished"}}, id="unknown status"),
        pytest.param({"medicines": [5]}, id="a number for a medicine"),
        pytest.param({"recorded": 5.5}, id="a number for a day"),
        pytest.param([], id="a list"),
    ],
)
def test_a_wrong_record_does_not_fit_the_schema(wrong: Any) -> None:
    assert wrong_with(RECORD, wrong)
