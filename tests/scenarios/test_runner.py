"""What the runner says of features that pass, fail, or cannot be understood."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mgcds import evaluator
from mgcds.engines import columnar
from mgcds.errors import PackError
from mgcds.model.evaluation import Verdicts, evaluate_facts
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.scenarios import evaluated, runner

KIDNEY = """\
@safety
Feature: Kidney function

  Scenario Outline: a severe impairment stops magnesium
    Given a healthy adult
    And the eGFR is "<egfr>"
    When the record is evaluated
    Then "severe-renal-impairment" is <status>

    Examples:
      | egfr               | status        |
      | 29.9 mL/min/1.73m2 | offered       |
      | 30 mL/min/1.73m2   | not indicated |
"""
WRONG = KIDNEY.replace("30 mL/min/1.73m2   | not indicated", "31 mL/min/1.73m2   | offered")
DRAFT = """\
Feature: Ideas
  @draft
  Scenario: a step nobody wrote
    Given a unicorn
"""


def scenario(*steps: str, given: str = "a healthy adult") -> str:
    """A feature of one scenario: who it is, then these steps."""
    return "\n    ".join(["Feature: One\n  Scenario: only", f"Given {given}", *steps])


def test_all_passed(run_features) -> None:
    ran = run_features(KIDNEY)
    assert (ran.code, ran.err) == (0, "")
    assert "ok    a severe impairment stops magnesium [29.9 mL/min/1.73m2 | offered]" in ran.out
    assert "2 scenarios passed, 0 failed, 0 drafts skipped" in ran.out
    assert "on the engines reference, durable and columnar" in ran.out


def test_a_failure_names_the_step_and_the_value(run_features) -> None:
    ran = run_features(WRONG)
    assert ran.code == 1
    assert "FAIL  a severe impairment stops magnesium [31 mL/min/1.73m2 | offered]" in ran.out
    assert 'feature-0.feature:8: Then "severe-renal-impairment" is offered' in ran.out
    assert "not indicated by reference, durable and columnar" in ran.out
    assert "eGFR 31 mL/min/1.73m2 (today): not below 30 mL/min/1.73m2" in ran.out
    assert "1 scenario passed, 1 failed, 0 drafts skipped" in ran.out


def test_the_report_file_has_each_scenario_with_its_steps(run_features) -> None:
    report = run_features(WRONG, DRAFT).report
    assert report["summary"] == {"passed": 1, "failed": 1, "proved": 0, "error": 0, "draft": 1, "not run": 0}
    passed, failed, draft = report["scenarios"]
    assert (passed["outcome"], passed["feature"], passed["tags"]) == ("passed", "Kidney function", ["safety"])
    assert passed["example"] == {"egfr": "29.9 mL/min/1.73m2", "status": "offered"}
    assert [step["text"] for step in passed["steps"]][:2] == ["a healthy adult", 'the eGFR is "29.9 mL/min/1.73m2"']
    assert 0 < sum(step["duration"] for step in passed["steps"]) <= passed["duration"]
    assert [step["outcome"] for step in failed["steps"]] == ["passed", "passed", "passed", "failed"]
    assert "31 mL/min/1.73m2" in failed["why"]
    assert (draft["outcome"], draft["tags"], draft["steps"]) == ("draft", ["draft"], [])
    assert list(report["engines"]) == ["reference", "durable", "columnar"]


def test_drafts_are_skipped_and_counted(run_features) -> None:
    ran = run_features(KIDNEY, DRAFT)
    assert ran.code == 0
    assert "2 scenarios passed, 0 failed, 1 draft skipped" in ran.out


@pytest.mark.parametrize("tagged", ["@draft\n    Examples:", "Examples:"])
def test_a_table_of_examples_may_be_a_draft(run_features, tagged: str) -> None:
    ran = run_features(WRONG.replace("Examples:", tagged))
    assert ran.code == (1 if tagged == "Examples:" else 2)


def test_drafts_alone_check_nothing(run_features) -> None:
    ran = run_features(DRAFT)
    assert ran.code == 2
    assert "nothing was checked" in ran.err


# --- not understood before the run --------------------------------------------------------------------------------------------


def test_an_unknown_step_is_named_with_the_nearest(run_features) -> None:
    ran = run_features(
        KIDNEY,
        scenario('And the patient is taking "lithium"', "When the record is evaluated", 'Then "pregnancy" is offered'),
    )
    assert (ran.code, ran.out) == (2, "")
    assert "feature-1.feature:4: no step is written 'Given the patient is taking \"lithium\"'" in ran.err
    assert 'Given the patient takes "<medicine>"' in ran.err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(KIDNEY + "\n  Scenrio: x\n", "15: is not Gherkin: Unexpected token", id="broken Gherkin"),
        pytest.param("", "1: is empty", id="an empty file"),
        pytest.param("# to be written\n", "1: holds no feature", id="comments only"),
        pytest.param("Feature: a\n", "1: the feature has no scenario", id="no scenario"),
        pytest.param(KIDNEY.replace("Scenario Outline:", "Senario:"), "4: 'Senario:' is no keyword; did you mean", id="a misspelt keyword"),
        pytest.param(KIDNEY + KIDNEY[KIDNEY.index("  Scenario") :], "14: a scenario of the same name stands in line 4", id="two of one name"),
        pytest.param(scenario("When the record is evaluated"), "2: the scenario expects nothing", id="no Then"),
        pytest.param(KIDNEY[: KIDNEY.index("      | 29.9")], "10: the examples have no row", id="no examples"),
        pytest.param(KIDNEY.replace("<status>", "<statsu>"), "8: no step is written", id="a column that is not there"),
        pytest.param(KIDNEY.replace("@safety", "@skip"), "4: the tag @skip", id="a tag that hides it"),
        pytest.param(
            KIDNEY.replace('    When', '    And the egfr is "60 mL/min/1.73m2"\n    When'), "7: the egfr is already said in line 6", id="said twice"
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_run_as_it_is_meant(run_features, text: str, complaint: str) -> None:
    ran = run_features(text)
    assert ran.code == 2
    assert f"feature-0.feature:{complaint}" in ran.err
    assert (
        ran.report["problems"] == [line.removeprefix("mgcds: ") for line in ran.err.split("\nmgcds: ")]
        or ran.report["problems"]
    )


def test_a_file_in_another_encoding(run_features, tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "latin.feature").write_bytes("Feature: Hypomagnesiämie".encode("latin-1"))
    ran = run_features()
    assert (ran.code, "latin.feature:1: is not written in UTF-8" in ran.err) == (2, True)


def test_a_background_may_be_replaced(run_features) -> None:
    background = '\n  Background:\n    Given a healthy adult\n    And the eGFR is "90 mL/min/1.73m2"\n'
    ran = run_features(
        KIDNEY.replace("function\n", "function\n" + background).replace(
            '    Given a healthy adult\n    And the eGFR is "<', '    Given the eGFR is "<'
        )
    )
    assert ran.code == 0, ran.out + ran.err


def test_an_empty_folder(run_features) -> None:
    ran = run_features()
    assert (ran.code, "no .feature file is in" in ran.err) == (2, True)


def test_a_folder_that_is_not_there(run_features, tmp_path: Path) -> None:
    ran = run_features(where=tmp_path / "nowhere")
    assert (ran.code, "nowhere is not there" in ran.err) == (2, True)


def test_rules_that_do_not_load(run_features, tmp_path: Path) -> None:
    with pytest.raises(PackError):
        run_features(KIDNEY, rules=tmp_path)


# --- not understood in the run ------------------------------------------------------------------------------------------------

EVALUATED = ("When the record is evaluated", 'Then "pregnancy" is not indicated')


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        pytest.param((EVALUATED[0], 'Then "severe-renal-impairmnt" is offered'), "did you mean 'severe-renal-impairment'?", id="a rule"),
        pytest.param((EVALUATED[0], 'Then "pregnancy" is suppressed by "severe-renal-impairmnt"'), "did you mean", id="a holder"),
        pytest.param((EVALUATED[0], 'Then nothing is offered but "severe-renal-impairmnt"'), "did you mean", id="a rule in a list"),
        pytest.param((EVALUATED[0], 'Then the text of "severe-renal-impairmnt" says "stop"'), "did you mean", id="a rule's text"),
        pytest.param((EVALUATED[0], 'Then no suggestion of kind "concider" is offered'), "did you mean 'consider'?", id="a kind"),
        pytest.param(('And the serum magnesum is "0.6 mmol/L"', *EVALUATED), "did you mean 'serum magnesium'?", id="an item"),
        pytest.param(("And the serum magnesum is not known", *EVALUATED), "did you mean 'serum magnesium'?", id="an item not known"),
        pytest.param((EVALUATED[0], 'Then "pregnancy" is withheld for want of "eGRF"'), "did you mean 'eGFR'?", id="an item wanted"),
        pytest.param((EVALUATED[0], 'Then "old" is reported as a data problem of the eGRF'), "did you mean 'eGFR'?", id="an item with a problem"),
        pytest.param(('And the pregnancy is "pregnnat"', *EVALUATED), "did you mean 'pregnant'?", id="a state"),
        pytest.param(('And the serum magnesium is "0.6 mmoll/L"', *EVALUATED), "did you mean 'mmol/L'?", id="a unit"),
        pytest.param(('And the serum magnesium is "low"', *EVALUATED), "the serum magnesium cannot be 'low'", id="no number"),
        pytest.param(('And the age is "140"', *EVALUATED), "the age cannot be '140'", id="an age"),
        pytest.param(('And the age is "40" from 3 days ago', *EVALUATED), "an age is of today", id="a dated age"),
        pytest.param(('And the serum magnesium is "0.6 mmol/L" with laboratory limits "low" to "high"', *EVALUATED), "limit", id="limits"),
        pytest.param(('And the serum magnesium is "0.6 mmol/L" with laboratory limits "0.7" to "1.0"', *EVALUATED), "no unit", id="no unit"),
        pytest.param(('And the pregnancy is "pregnant" with laboratory limits "0" to "1"', *EVALUATED), "not measured", id="limits of a state"),
        pytest.param(('And the potassium is "4 mmol/L" from a hemolised specimen', *EVALUATED), "did you mean 'haemolysed'?", id="a specimen"),
        pytest.param(('And the patient takes "sertralin tablets"', *EVALUATED), "no medicine is called 'sertralin tablets'", id="a medicine"),
        pytest.param(('And the medicine list is "sertraline"', *EVALUATED), "is a list; write 'the patient takes", id="a list"),
        pytest.param(('And the supplemental magnesium is "300 mg/d"', *EVALUATED), "is computed from what is taken", id="a computed item"),
        pytest.param(("And the eGFR was reviewed 3 days ago", *EVALUATED), "the eGFR is no list", id="no list"),
        pytest.param(('And the patient has " "', *EVALUATED), "needs a name", id="a diagnosis without a name"),
        pytest.param(("And today is 21 November", *EVALUATED), "write it as 2026-11-21", id="a day"),
        pytest.param((*EVALUATED, "Given the eGFR is not known", 'Then "pregnancy" is not indicated'), "nothing is evaluated", id="not again"),
        pytest.param(('Then "pregnancy" is not indicated',), "nothing is evaluated yet", id="not evaluated"),
        pytest.param(("And the eGFR is not known", "And a healthy adult", *EVALUATED), "say first who it is", id="who it is comes first"),
        pytest.param((EVALUATED[0], 'Then the text of "pregnancy" says " "'), "write the words", id="no words"),
        pytest.param((EVALUATED[0], 'Then "" is reported as a data problem of the eGFR'), "write words of the data problem", id="no problem"),
    ],
)  # fmt: skip
def test_a_scenario_that_says_what_cannot_be(run_features, steps: tuple[str, ...], complaint: str) -> None:
    ran = run_features(scenario(*steps))
    assert ran.code == 2, ran.out
    assert complaint in ran.out
    assert "1 not understood" in ran.out


def test_a_scenario_without_a_patient(run_features) -> None:
    ran = run_features(scenario(*EVALUATED, given="today is 2026-11-21"))
    assert (ran.code, "say first who the patient is" in ran.out) == (2, True)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        pytest.param('the serum magnesium is "0.6 mmoll/L"', '"not understood" is reported as a data problem of the serum magnesium', id="a unit"),
        pytest.param('the pregnancy is "perhaps"', '"pregnant" is reported as a data problem of the pregnancy', id="a state"),
        pytest.param('the patient takes "xyzzyn"', '"xyzzyn" is reported as a data problem of the medicine list', id="a medicine"),
        pytest.param('the age is "140"', '"130" is reported as a data problem of the age', id="an age"),
    ],
)  # fmt: skip
def test_bad_data_is_meant_where_the_scenario_speaks_of_it(run_features, said: str, problem: str) -> None:
    ran = run_features(scenario(f"And {said}", "When the record is evaluated", f"Then {problem}"))
    assert ran.code == 0, ran.out


# --- every expectation can fail -----------------------------------------------------------------------------------------------

TREATED = "an adult with mild to moderate depression on a stable antidepressant"


@pytest.mark.parametrize(
    ("step", "found"),
    [
        (
            '"supplement-alongside-therapy" is offered',
            "suppressed by severe-renal-impairment by reference, durable and columnar",
        ),
        ('"severe-renal-impairment" is suppressed', "offered by"),
        ('"severe-renal-impairment" is withheld', "offered by"),
        ('"severe-renal-impairment" is not indicated', "offered by"),
        ('"supplement-alongside-therapy" is suppressed by "pregnancy"', "suppressed by severe-renal-impairment"),
        ('"severe-hypomagnesaemia" is withheld for want of "eGFR"', "for want of 'serum_magnesium'"),
        ('nothing is offered but "pregnancy"', "severe-renal-impairment"),
        ('no suggestion of kind "stop" is offered', "severe-renal-impairment by"),
        ('the text of "severe-renal-impairment" says "take more"', "'"),
        ('the text of "severe-renal-impairment" never says "magnesium"', "'"),
        ('"unit" is reported as a data problem of the eGFR', "none of this item"),
    ],
)
def test_each_expectation_can_fail(run_features, step: str, found: str) -> None:
    ran = run_features(
        scenario('And the eGFR is "25 mL/min/1.73m2"', "When the record is evaluated", f"Then {step}", given=TREATED)
    )
    assert ran.code == 1, ran.out
    assert found in ran.out
    assert f"Then {step}" in ran.out


# --- engines ------------------------------------------------------------------------------------------------------------------


def flipped(pack: RulePack, facts: Facts) -> Verdicts:
    """Seeded fault: an engine that never offers the kidney stop."""
    verdicts = evaluate_facts(pack, facts)
    return replace(verdicts, statuses={**verdicts.statuses, "severe-renal-impairment": "withheld"})


def test_a_channel_that_differs_is_noticed(run_features, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "ENGINES", {**evaluator.ENGINES, "durable": flipped})
    ran = run_features(KIDNEY)
    assert ran.code == 1
    assert "severe-renal-impairment: offered by reference and columnar, withheld by durable" in ran.out


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ('"severe-renal-impairment" is offered', "offered by reference and durable, and withheld by columnar"),
        ('nothing is offered but "severe-renal-impairment"', "severe-renal-impairment by reference and durable, and nothing by columnar"),
    ],
)  # fmt: skip
def test_another_engine_that_differs_is_named(
    run_features, monkeypatch: pytest.MonkeyPatch, step: str, found: str
) -> None:
    monkeypatch.setattr(columnar, "evaluate_columnar", flipped)
    ran = run_features(scenario('And the eGFR is "25 mL/min/1.73m2"', "When the record is evaluated", f"Then {step}"))
    assert ran.code == 1, ran.out
    assert found in ran.out


def test_without_the_extra_for_populations_scenarios_run_on_the_engines_of_a_record(
    run_features, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluated, "find_spec", lambda needed: None)
    ran = run_features(KIDNEY)
    assert ran.code == 0
    assert "on the engines reference and durable, in" in ran.out


# --- selection and surroundings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "passed"),
    [
        pytest.param({"name": "SEVERE impairment"}, 2, id="words of the name"),
        pytest.param({"name": "29.9"}, 1, id="words of the row"),
        pytest.param({"name": "kidney function"}, 2, id="words of the feature"),
        pytest.param({"tags": "safety"}, 2, id="a tag"),
        pytest.param({"tags": "@safety and not @slow"}, 2, id="an expression"),
    ],
)
def test_a_selection(run_features, options: dict[str, str], passed: int) -> None:
    ran = run_features(KIDNEY, scenario(*EVALUATED), **options)
    assert (ran.code, ran.report["summary"]["passed"]) == (0, passed)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        pytest.param({"name": "liver"}, "nothing was checked", id="no such name"),
        pytest.param({"tags": "liver"}, "nothing was checked", id="no such tag"),
        pytest.param({"tags": "safety and"}, "the tags are not understood", id="no expression"),
    ],
)
def test_a_selection_of_nothing(run_features, options: dict[str, str], complaint: str) -> None:
    ran = run_features(KIDNEY, **options)
    assert (ran.code, complaint in ran.err) == (2, True)


def test_the_users_pytest_settings_do_not_count(run_features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "features").mkdir()
    for folder in (tmp_path, tmp_path / "features"):
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\npython_functions = check\n")
        (folder / "conftest.py").write_text("raise RuntimeError\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))
    ran = run_features(KIDNEY)
    assert ran.code == 0, ran.err
    assert "(features/feature-0.feature)" in ran.out
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"
    assert {path.name for path in tmp_path.rglob("*")} - {path.name for path in before} == {
        "feature-0.feature",
        "report.json",
    }


@pytest.mark.parametrize("folder", ["build", ".hidden", "with [brackets]/and blanks", "a::b", "venv/bin"])
def test_no_folder_is_passed_over(run_features, tmp_path: Path, folder: str) -> None:
    where = tmp_path / "features" / folder
    where.mkdir(parents=True)
    (where / "pyvenv.cfg").touch()
    (where / "kidney.feature").write_text(KIDNEY)
    ran = run_features()
    assert (ran.code, ran.report["summary"]["passed"]) == (0, 2), ran.err


def test_scenarios_that_get_lost_are_noticed(run_features, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded fault: something of pytest ends the run early."""
    monkeypatch.setattr(runner.Recorder, "pytest_runtest_setup", lambda self, item: pytest.exit("over", 0))
    ran = run_features(KIDNEY)
    assert (ran.code, "of 2 scenarios were run" in ran.err) == (2, True)


def test_other_files_of_the_folder_are_not_run(run_features, tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "test_python.py").write_text("def test_it():\n    raise RuntimeError\n")
    ran = run_features(WRONG, KIDNEY, where=tmp_path / "features" / "feature-1.feature")
    assert (ran.code, ran.report["summary"]["passed"]) == (0, 2)


def test_a_file_edited_meanwhile_is_read_again(run_features) -> None:
    assert run_features(WRONG).code == 1
    assert run_features(KIDNEY).code == 0


def test_a_report_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.feature").write_text(KIDNEY)
    assert runner.run(tmp_path, report=tmp_path / "nowhere" / "report.json") == 2
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


def test_the_progress_is_for_a_terminal_only(
    run_features, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "scenarios" not in run_features(KIDNEY).err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert "\r1 of 2 scenarios" in run_features(KIDNEY).err
