"""A report says what it is of, and nothing that did not happen."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mgcds.errors import PackError, ReportError
from mgcds.loading import load_pack
from mgcds.scenarios import runner, steps
from mgcds.scenarios.features import find_features
from mgcds.scenarios.report import Report, read_report
from tests.scenarios.test_runner import DRAFT, KIDNEY, WRONG

ANYONE = """\
Feature: Everybody
  Scenario: a severe impairment is never passed over
    Given any patient
    And the eGFR is below "30 mL/min/1.73m2"
    When the record is evaluated
    Then "severe-renal-impairment" is offered
"""


@pytest.fixture
def report_of(run_features, tmp_path: Path) -> Callable[..., Report]:
    """Run the features and read their report."""

    def run_and_read(*features: str, **options: Any) -> Report:
        run_features(*features, **options)
        return read_report(tmp_path / "report.json")

    return run_and_read


def objections(report: Report, folder: Path) -> list[str]:
    return report.objections(load_pack(), find_features(folder))


def test_it_says_what_it_is_of(report_of, tmp_path: Path) -> None:
    report = report_of(KIDNEY, DRAFT, ANYONE)
    assert report.finished
    assert report.pack.digest == load_pack().digest
    assert {"reference", "durable"} <= set(report.engines)
    assert all(
        any(sign.isdigit() for sign in version) for version in (*report.engines.values(), *report.tools.values())
    )
    assert "z3-solver" in report.tools
    assert [result.outcome for result in report.scenarios] == ["passed", "passed", "draft", "proved"]
    assert report.began.utcoffset() is not None
    assert 0 < sum(result.duration for result in report.scenarios) <= report.seconds
    assert objections(report, tmp_path / "features") == []


def test_a_failure_is_no_objection_and_no_pass(report_of, tmp_path: Path) -> None:
    report = report_of(WRONG)
    assert [result.holds for result in report.scenarios] == [True, False]
    assert objections(report, tmp_path / "features") == []


def test_what_is_not_true_of_everybody_is_not_proved(report_of) -> None:
    [result] = report_of(ANYONE.replace('below "30', 'below "40')).scenarios
    assert (result.outcome, "a patient of whom it is not true" in result.why) == ("failed", True)


# --- what did not happen --------------------------------------------------------------------------------------------------


def test_what_was_not_chosen_is_there_and_was_not_run(report_of, tmp_path: Path) -> None:
    report = report_of(KIDNEY, DRAFT, name="29.9")
    assert [result.outcome for result in report.scenarios] == ["passed", "not run", "not run"]
    assert objections(report, tmp_path / "features") == ["only some scenarios were run: words '29.9'"]
    assert [result.outcome for result in report_of(KIDNEY, DRAFT, tags="safety").scenarios].count("not run") == 1


def test_an_interrupted_run_says_so(report_of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after = runner.Recorder.pytest_bdd_after_step

    def interrupt(self: runner.Recorder) -> None:
        after(self)
        if len(self.results) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(runner.Recorder, "pytest_bdd_after_step", interrupt)
    report = report_of(KIDNEY, ANYONE)
    assert not report.finished
    assert [result.outcome for result in report.scenarios] == ["passed", "not run", "not run"]
    assert "the run was not finished" in objections(report, tmp_path / "features")


def test_an_older_report_does_not_outlive_a_run_that_fails(run_features, tmp_path: Path) -> None:
    run_features(KIDNEY)
    with pytest.raises(PackError):
        run_features(KIDNEY, rules=tmp_path)
    assert not (tmp_path / "report.json").exists()


def test_a_step_that_was_passed_over_is_no_pass(report_of, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded fault: pytest is content, and a step was never run."""
    after = runner.Recorder.pytest_bdd_after_step

    def lose(self: runner.Recorder) -> None:
        after(self)
        if self.results[-1].steps[-1].keyword == "Then":
            self.results[-1].steps.pop()

    monkeypatch.setattr(runner.Recorder, "pytest_bdd_after_step", lose)
    report = report_of(KIDNEY)
    assert [(result.outcome, result.why) for result in report.scenarios] == [
        ("error", "only 3 of 4 steps were run")
    ] * 2


def test_a_scenario_that_skips_itself_is_no_pass(report_of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded fault: a step leaves the test by `pytest.skip`."""
    monkeypatch.setattr(steps, "_expect", lambda *_: pytest.skip("not today"))
    report = report_of(KIDNEY)
    assert [result.outcome for result in report.scenarios] == ["not run", "not run"]
    assert "the run was not finished" in objections(report, tmp_path / "features")


def test_a_feature_file_that_is_edited_during_the_run_is_noticed(
    report_of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited, finish = tmp_path / "features" / "feature-0.feature", runner.Recorder.pytest_sessionfinish

    def edit(self: runner.Recorder) -> None:
        finish(self)
        edited.write_text(KIDNEY + "\n# changed\n", encoding="utf-8")

    monkeypatch.setattr(runner.Recorder, "pytest_sessionfinish", edit)
    report = report_of(KIDNEY)
    assert not report.finished
    assert "feature-0.feature was changed while the scenarios ran" in report.problems[0]


# --- of other things ------------------------------------------------------------------------------------------------------


def test_a_report_of_another_pack_is_recognised(report_of, tmp_path: Path) -> None:
    report = report_of(KIDNEY)
    [objection] = report.objections(load_pack(jurisdictions=["us"]), find_features(tmp_path / "features"))
    assert objection.startswith("it is of another pack")


def test_a_report_of_other_features_is_recognised(report_of, tmp_path: Path) -> None:
    report, folder = report_of(KIDNEY, DRAFT), tmp_path / "features"
    (folder / "feature-0.feature").write_text(KIDNEY.replace("29.9", "29.8"))
    (folder / "feature-1.feature").unlink()
    (folder / "new.feature").write_text(ANYONE)
    assert objections(report, folder) == [
        "features/feature-0.feature was changed since",
        "features/feature-1.feature is no longer there",
        "features/new.feature was not run",
    ]


def test_the_same_features_at_another_place_are_the_same(report_of, tmp_path: Path) -> None:
    report = report_of(KIDNEY)
    (tmp_path / "elsewhere").mkdir()
    moved = (tmp_path / "features").rename(tmp_path / "elsewhere" / "features")
    assert objections(report, moved) == []


# --- reading --------------------------------------------------------------------------------------------------------------


def changed(report: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    written = json.loads(report.read_text(encoding="utf-8"))
    change(written)
    report.write_text(json.dumps(written), encoding="utf-8")
    return report


def make_pass(written: dict[str, Any]) -> None:
    written["scenarios"][1]["outcome"] = "passed"
    written["summary"] |= {"passed": 2, "failed": 0}


def empty(written: dict[str, Any]) -> None:
    written["scenarios"][0]["steps"] = []


def expect_nothing(written: dict[str, Any]) -> None:
    written["scenarios"][0]["steps"].pop()


def leave_out(written: dict[str, Any]) -> None:
    written["scenarios"][1]["outcome"] = "not run"
    written["summary"] |= {"not run": 1, "failed": 0}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param(make_pass, "is said to have passed, and not every step of it did", id="a failure called a pass"),
        pytest.param(empty, "is said to have passed, and not every step of it did", id="a pass without steps"),
        pytest.param(expect_nothing, "is said to have passed, and it expected nothing", id="a pass without a Then"),
        pytest.param(lambda written: written["summary"].update(passed=2), "its summary is not that", id="a summary of others"),
        pytest.param(lambda written: written.update(features=[]), "is of a file that it does not list", id="a file not listed"),
        pytest.param(leave_out, "was not run, and the run is said to be finished", id="not finished"),
        pytest.param(lambda written: written.update(format=0), "written by another version", id="another format"),
        pytest.param(lambda written: written.pop("pack"), "is no report of scenarios: .*`pack`", id="no pack"),
        pytest.param(
            lambda written: written["scenarios"][0].update(outcome="fine"), r"is no report of scenarios: .*\$\.scenarios", id="no such outcome"
        ),
    ],
)  # fmt: skip
def test_a_report_that_contradicts_itself_is_refused(
    run_features, tmp_path: Path, change: Callable[[dict[str, Any]], None], complaint: str
) -> None:
    run_features(WRONG)
    assert read_report(tmp_path / "report.json").finished
    with pytest.raises(ReportError, match=complaint):
        read_report(changed(tmp_path / "report.json", change))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1', "\udc80", None])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "report.json"
    if text is not None:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ReportError, match=r"mgcds scenarios --report FILE"):
        read_report(path)
