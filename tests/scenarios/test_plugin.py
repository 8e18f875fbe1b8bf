"""pytest with the plugin, as a hospital calls it: in a folder of its own, with little or no Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mgcds

LOW = """\
Feature: Our hospital
  @ours
  Scenario: kidneys first
    Given a healthy adult
    And the eGFR is "25 mL/min/1.73m2"
    When the record is evaluated
    Then "severe-renal-impairment" is offered

  @draft
  Scenario: an idea
    Given a unicorn
"""
OWN = """\
from pytest_bdd import scenarios, then
scenarios("features")
@then("our pharmacist agrees")
def agrees(mgcds_patient):
    assert mgcds_patient.evaluated.assessment["severe-renal-impairment"].status == "offered"
"""
STRICT = "[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\npython_functions = check_*\n"
PLUGINS = ("-p", "pytest_bdd.plugin", "-p", "mgcds.scenarios.plugin", "-p", "no:cacheprovider")


def pytest_in(folder: Path, *arguments: str) -> tuple[int, str]:
    source = str(Path(mgcds.__file__).parents[1])
    settings = {
        **os.environ,
        "PYTHONPATH": source,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGINS, "-rA", *arguments],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def hospital(tmp_path: Path) -> Path:
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "ours.feature").write_text(LOW)
    (tmp_path / "pytest.ini").write_text(STRICT)
    return tmp_path


def test_a_folder_of_features_needs_no_python(hospital: Path) -> None:
    code, out = pytest_in(hospital, "features")
    assert (code, "1 passed, 1 skipped" in out) == (0, True), out


@pytest.mark.parametrize(
    "arguments", [("features/ours.feature",), ("--mgcds-features",), ("-o", "mgcds_features=true")]
)
def test_beside_python_features_are_asked_for(hospital: Path, arguments: tuple[str, ...]) -> None:
    (hospital / "features" / "other.py").touch()
    code, out = pytest_in(hospital, *arguments)
    assert (code, "1 passed, 1 skipped" in out) == (0, True), out


def test_one_scenario_by_name_and_tag(hospital: Path) -> None:
    code, out = pytest_in(hospital, "features/ours.feature::kidneys first", "-m", "ours")
    assert (code, "1 passed" in out) == (0, True), out


def test_a_project_that_binds_its_own_features_is_left_alone(hospital: Path) -> None:
    own = LOW.split("\n  @draft")[0] + "\n    And our pharmacist agrees\n"
    (hospital / "features" / "ours.feature").write_text(own)
    (hospital / "pytest.ini").write_text("[pytest]\nmarkers = ours\n")
    (hospital / "test_ours.py").write_text(OWN)
    code, out = pytest_in(hospital)
    assert (code, "1 passed in" in out) == (0, True), out


def test_a_failure_shows_the_step_and_the_value_and_no_traceback(hospital: Path) -> None:
    (hospital / "features" / "ours.feature").write_text(LOW.replace("25 mL", "31 mL"))
    code, out = pytest_in(hospital, "features")
    assert code == 1
    assert 'line 7: Then "severe-renal-impairment" is offered' in out
    assert "eGFR 31 mL/min/1.73m2" in out
    assert "Traceback" not in out
    assert "pytest_bdd/scenario.py:3" not in out.split("short test summary")[0]


def test_an_unknown_step_and_broken_gherkin(hospital: Path) -> None:
    (hospital / "features" / "ours.feature").write_text(LOW.replace("a healthy adult", "a helthy adult"))
    (hospital / "features" / "broken.feature").write_text(LOW + "\n    Scenrio: x\n")
    code, out = pytest_in(hospital, "features", "--continue-on-collection-errors")
    assert code == 1
    assert "line 4: Given a helthy adult" in out
    assert "broken.feature:13: Unexpected token" in out


def test_a_pack_that_does_not_load(hospital: Path) -> None:
    code, out = pytest_in(hospital, "features", "--mgcds-rules", "nowhere")
    assert code == 1
    assert "the rule pack does not load\nnowhere:1: is no folder" in out


def test_the_plugin_alone_loads_neither_rules_nor_engine() -> None:
    """It is loaded by every run of pytest in the same environment, also of projects that have no scenario."""
    heavy = ("pydantic", "pint", "durable_rules_engine", "mgcds.evaluator", "mgcds.loading", "yaml")
    look = f"import sys, mgcds.scenarios.plugin; print([name for name in {heavy} if name in sys.modules])"
    settings = {**os.environ, "PYTHONPATH": str(Path(mgcds.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", look], env=settings, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
