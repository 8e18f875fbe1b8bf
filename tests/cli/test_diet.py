"""`mgcds diet` and `--jurisdiction` as a user runs them."""

import json
import shutil
from pathlib import Path

import pytest

from mgcds.loading import load_pack, rules_root
from tests.cli.running import AMARA, ON, mgcds

ANSWERS = "age: 40\nsex: female\npregnancy: not pregnant\nfoods:\n  spinach: 1 a day\n  almonds: 2 a week\n"
TOO_MUCH = b"""recorded: 2026-11-21
medicines: []
supplements: [{name: magnesium citrate, daily_dose: 300 mg elemental}]
"""


def text(*arguments: str, given: str = "") -> str:
    ended = mgcds(*arguments, given=given.encode())
    assert (ended.code, ended.err) == (0, "")
    return " ".join(ended.out.split())


# --- the food screen ---------------------------------------------------------------------------------------------------------------


def test_the_estimate_and_what_it_cannot_show() -> None:
    said = text("diet", "-", given=ANSWERS)
    assert "UNVALIDATED" in said
    assert "From the foods asked about only: at least 100.8 mg a day." in said  # 78 + 2 x 80 / 7 = 100.857
    assert "The whole diet: at least 100.8 mg a day, no upper end known." in said
    assert (
        "Spinach, boiled or frozen and cooked, half a cup: 78 mg a serving, 78 mg a day [magnesium-food-tables, secondary, FDC 168463]"
        in said
    )
    assert (
        "265 for female, 31-50 years; cannot be told whether the whole diet reaches it [iom-1997-intakes, excerpt]"
        in said
    )
    assert "350 for everyone, 9 years and over; of supplements and medicines only: food does not count" in said
    assert "cannot show that an intake is too small" in said
    assert "Nothing here says anything about mood" in said
    assert 'dietary_magnesium: {value: ">=100 mg/d", method: screen}' in said
    for word in ("deficient", "inadequate", "insufficient", "below", "low intake", "intake is low"):
        assert word not in said.lower()


def test_what_it_prints_for_a_record_is_a_record() -> None:
    screen = json.loads(text("diet", "-", "--format", "json", given=ANSWERS))
    record = {
        "recorded": "2026-11-21", "age": 40, "sex": "female", "pregnancy": "not pregnant",
        "dietary_magnesium": screen["as_dietary_magnesium"],
    }  # fmt: skip
    out = json.loads(text("explain", "-", "low-dietary-magnesium", *ON, "--format", "json", given=json.dumps(record)))
    assert (out["status"], out["missing"]) == ("withheld", [["dietary_magnesium"]])


def test_as_json() -> None:
    screen = json.loads(text("diet", "-", "--format", "json", given=ANSWERS))
    assert screen["validated"] is False
    assert screen["from_the_foods_asked_about"] == {"at_least": 100.8, "at_most": None}
    assert screen["whole_diet"] == {"at_least": 100.8, "at_most": None}
    assert len(screen["unanswered"]) == len(load_pack().foods) - 2
    assert {intake["reached"] for intake in screen["reference_intakes"]} == {None}
    assert {share["evidence"] for share in screen["shares"]} <= set(load_pack().evidence)


def test_the_answers_may_be_json() -> None:
    assert "at least 78 mg a day" in text("diet", "-", given='{"age": null, "foods": {"spinach": "1 a day"}}')


def test_all_answered_gives_a_range_of_the_foods_and_none_of_the_diet() -> None:
    foods = dict.fromkeys(load_pack().foods, "never")
    said = text("diet", "-", given=json.dumps({"foods": {**foods, "pumpkin seeds": "1 a day"}}))
    assert "From the foods asked about only: at least 73 mg a day, at most 168." in said
    assert "The whole diet: at least 73 mg a day, no upper end known." in said
    assert "Not answered" not in said
    assert "None: they depend on the age" in said


def test_what_the_foods_alone_reach_is_said() -> None:
    said = text("diet", "-", given="age: 40\nsex: female\nfoods: {hemp seeds: 2 a day}\n")
    assert "265 for female, 31-50 years; reached by the foods asked about alone, if the servings were as said" in said


def test_an_empty_form_can_be_filled_in_and_read() -> None:
    form = mgcds("diet", "--form").out
    assert all(f"  {food}:" in form for food in load_pack().foods)
    said = text("diet", "-", given=form)
    assert "at least 0 mg a day" in said
    assert f"Not answered, and not counted as none: {', '.join(load_pack().foods)}." in said
    assert "at least 78 mg a day" in text("diet", "-", given=form.replace("  spinach: ", "  spinach: 1 a day "))


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (
            "foods:\n  spinnach: 1 a day\n",
            "'spinnach' is no food of the screen: did you mean 'spinach'?",
        ),
        ("foods:\n  spinach: often\n", "spinach: write servings as '2 a week', '1 a day' or 'never'"),
        ("food:\n  spinach: 1 a day\n", "a food screen has 'foods:'"),
        ("foods: [spinach]\n", "a food screen has 'foods:'"),
        ("", "is not a mapping"),
        ("foods: {spinach: 1 a day, spinach: 2 a day}\n", "stands twice"),
    ],
)
def test_answers_that_are_not_understood(answers: str, says: str) -> None:
    ended = mgcds("diet", "-", given=answers.encode())
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    assert "often" not in ended.err


def test_neither_a_file_nor_the_form_and_both() -> None:
    for arguments in (["diet"], ["diet", "--form", AMARA], ["diet", "nowhere.yaml"]):
        ended = mgcds(*arguments)
        assert (ended.code, ended.out) == (2, "")


def test_a_pack_without_foods(tmp_path: Path) -> None:
    root = Path(shutil.copytree(rules_root(), tmp_path / "rules"))
    (root / "foods.yaml").unlink()
    ended = mgcds("diet", "--form", "--rules", str(root))
    assert (ended.code, ended.out) == (2, "")
    assert "the pack has no foods.yaml" in ended.err


# --- whose limits apply ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "status"),
    [([], "offered"), (["efsa"], "offered"), (["us"], "not indicated"), (["uk", "us"], "not indicated")],
)
def test_the_limit_that_applies(chosen: list[str], status: str) -> None:
    options = [part for name in chosen for part in ("--jurisdiction", name)]
    for command in (["explain", "-", "dose-above-limit"], ["evaluate", "-"]):
        ended = mgcds(*command, *ON, "--format", "json", *options, given=TOO_MUCH)
        assert ended.code == 0
        found = json.loads(ended.out)
        if command[0] == "evaluate":
            assert found["pack"]["jurisdictions"] == (
                sorted(chosen, key=["us", "efsa", "uk"].index) or ["us", "efsa", "uk"]
            )
            found = next(entry for entry in found["suggestions"] if entry["rule"] == "dose-above-limit")
        assert found["status"] == status


def test_what_if_and_the_head_of_the_text() -> None:
    supplements = "supplements=magnesium citrate"
    assert mgcds("what-if", AMARA, supplements, *ON, "--jurisdiction", "uk").code == 0
    assert "Limits of us, efsa, uk, the lowest counts." in text("evaluate", AMARA, *ON)
    assert "Limits of uk." in text("evaluate", AMARA, *ON, "--jurisdiction", "uk")


def test_the_limits_of_scenarios(tmp_path: Path) -> None:
    feature = tmp_path / "us.feature"
    feature.write_text(
        "Feature: US\n\n  Scenario: 350 mg\n    Given a healthy adult\n"
        '    And the patient takes "magnesium citrate" with "350 mg elemental" a day since 20 days ago\n'
        '    When the record is evaluated\n    Then "dose-above-limit" is not indicated\n'
    )
    assert mgcds("scenarios", str(feature), "--jurisdiction", "us").code == 0
    assert mgcds("scenarios", str(feature)).code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", AMARA],
        ["explain", AMARA, "trial-dose"],
        ["what-if", AMARA, "phq9=3"],
        ["scenarios"],
    ],
)
def test_an_unknown_jurisdiction(arguments: list[str]) -> None:
    ended = mgcds(*arguments, "--jurisdiction", "fr")
    assert (ended.code, ended.out) == (2, "")
    assert "the pack has no limits of 'fr'; it has those of us, efsa, uk" in ended.err
