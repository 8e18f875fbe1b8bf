"""Dietary magnesium: the finding agrees with the reference intakes for every adult, and a screen is never more than a lower bound."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgcds.errors import RecordError
from mgcds.loading import load_pack
from mgcds.model.diet import FoodScreen, read_screen
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import read_record
from tests.loading.test_diet_tables import changed

ON = date(2026, 11, 21)
PEOPLE = {
    "male": {"sex": "male", "pregnancy": "not pregnant"},
    "female": {"sex": "female", "pregnancy": "not pregnant"},
    "pregnant": {"sex": "female", "pregnancy": "pregnant"},
    "lactating": {"sex": "female", "pregnancy": "lactating"},
}


def is_low(pack: RulePack, intake: Any, **known: Any) -> bool | None:
    given = {"recorded": "2026-11-21", "dietary_magnesium": intake, **known}
    return evaluate_facts(pack, read_facts(read_record(given), pack, ON)).findings["low_dietary_magnesium"]


def differences(pack: RulePack) -> list[str]:
    """Adults for whom the finding is not met just below the EAR of the table, or is met at it."""
    ear = pack.intakes["us_ear"]
    found = []
    for age in range(18, 91):
        for group, person in PEOPLE.items():
            level = ear.of(group, age * 12) or ear.of("female", age * 12)  # type: ignore[arg-type]
            assert level is not None
            below = is_low(pack, f"{level.mg - Decimal('0.1')} mg/d", age=age, **person)
            at = is_low(pack, f"{level.mg} mg/d", age=age, **person)
            if (below, at) != (True, False):
                found.append(f"{group} {age}")
    return found


def test_the_finding_agrees_with_the_reference_intakes() -> None:
    assert differences(load_pack()) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "group", "age"),
    [
        ("findings/low-dietary-magnesium.yaml", "below: 265 mg/d", "below: 264 mg/d", "female", 31),
        (
            "findings/low-dietary-magnesium.yaml",
            "{measure: age, at_least: 31 a}",
            "{measure: age, at_least: 30 a}",
            "male",
            30,
        ),
        (
            "reference-intakes.yaml",
            "{for: male, ages: 14-18 years, mg: 340",
            "{for: male, ages: 14-18 years, mg: 341",
            "male",
            18,
        ),
    ],
)
def test_a_number_that_disagrees_is_noticed(
    file: str, old: str, new: str, group: str, age: int, tmp_path: Path
) -> None:
    assert f"{group} {age}" in differences(load_pack(changed(tmp_path, file, old, new)))


@pytest.mark.parametrize(
    "unknown",
    [
        {},
        {"age": 40},
        {"sex": "unknown", "age": 40, "pregnancy": "not pregnant"},
        {"sex": "female", "age": 40},
        {"sex": "female", "pregnancy": "not pregnant"},
    ],
)
@settings(deadline=None)
@given(intake=st.decimals(0, 400, places=1))
def test_what_is_not_known_never_gives_the_opposite(unknown: dict[str, Any], intake: Decimal) -> None:
    """Whatever is filled in for what is not known, a definite answer stays."""
    pack = load_pack()
    before = is_low(pack, f"{intake} mg/d", **unknown)
    if before is None:
        return
    for person in PEOPLE.values():
        for age in (18, 19, 30, 31, 50, 51, 80):
            filled = {**person, "age": age, **{key: value for key, value in unknown.items() if value != "unknown"}}
            if filled["sex"] == "male" and filled["pregnancy"] != "not pregnant":
                continue
            assert is_low(pack, f"{intake} mg/d", **filled) is before


@pytest.mark.parametrize("group", PEOPLE)
@settings(deadline=None)
@given(low=st.integers(0, 400))
def test_a_lower_bound_is_never_low(group: str, low: int) -> None:
    assert is_low(load_pack(), {"value": f">={low} mg/d", "method": "screen"}, age=40, **PEOPLE[group]) is not True


# --- the screen --------------------------------------------------------------------------------------------------------------------


def screen(foods: dict[str, Any], **person: Any) -> FoodScreen:
    pack = load_pack()
    return read_screen({"foods": foods, **person}, pack.foods, pack.intakes.values())


def all_answered(**foods: str) -> dict[str, str]:
    return {**dict.fromkeys(load_pack().foods, "never"), **foods}


def test_servings_a_day_and_a_week() -> None:
    found = screen(all_answered(spinach="1 a day", almonds="7 a week", cashews="3.5 a week"))
    assert found.low == found.high == 78 + 80 + 37
    assert found.unanswered == ()


def test_foods_of_which_the_sources_disagree_make_a_range() -> None:
    found = screen(all_answered(**{"pumpkin seeds": "2 a day", "banana": "1 a day"}))
    assert (found.low, found.high) == (2 * 73 + 32, 2 * 168 + 32)


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_a_missing_answer_opens_the_estimate_and_is_not_none(empty: str | None) -> None:
    found = screen({**all_answered(spinach="1 a day"), "banana": empty})
    assert (found.low, found.high) == (78, None)
    assert [food.id for food in found.unanswered] == ["banana"]
    del_banana = {name: answer for name, answer in all_answered(spinach="1 a day").items() if name != "banana"}
    assert screen(del_banana) == found


def test_nothing_answered_is_no_low_intake() -> None:
    found = screen({}, age=40, sex="female")
    assert (found.low, found.high) == (0, None)
    assert found.as_measurement == {"value": ">=0 mg/d", "method": "screen"}
    assert {found.reaches(needed) for needed in found.needed} == {None}


def test_a_lower_bound_for_the_record_is_rounded_down() -> None:
    assert screen(all_answered(almonds="1 a week")).as_measurement["value"] == ">=11 mg/d"  # 80 / 7 = 11.43


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(load_pack().foods)), st.sampled_from(["", "never", "1 a day", "20 a week", "3 a day"])
    )
)
def test_a_screen_never_says_that_an_intake_is_too_small(answers: dict[str, str]) -> None:
    found = screen(answers, age=40, sex="male")
    assert {found.reaches(needed) for needed in found.needed} <= {True, None}
    assert found.to_dict()["whole_diet"]["at_most"] is None
    assert found.high is None or found.low <= found.high
    assert is_low(load_pack(), found.as_measurement, age=40, sex="male") is not True


def test_more_answers_never_lower_it() -> None:
    assert screen({"spinach": "1 a day"}).low <= screen({"spinach": "1 a day", "banana": "1 a week"}).low


def test_what_the_person_needs() -> None:
    kinds = {(n.table.id, n.level.mg) for n in screen({}, age=40, sex="female", pregnancy="pregnant").needed}
    assert kinds == {
        ("us_ear", 300),
        ("us_rda", 360),
        ("us_ul", 350),
        ("efsa_ai", 300),
        ("efsa_ul", 250),
        ("uk_guidance_level", 400),
    }
    assert {n.level.mg for n in screen({}, age=40).needed if n.table.id == "us_ear"} == {350, 265}  # both sexes
    assert screen({}, sex="male").needed == ()


def test_reached_by_the_foods_alone_at_the_requirement_itself() -> None:
    found = screen(
        all_answered(**{"hemp seeds": "1 a day", "milk": "7 a week", "brown rice": "1 a week"}), age=25, sex="female"
    )
    assert found.low == Fraction(210 + 31 + 6)  # 42 / 7 = 6: 247, below 255
    assert all(found.reaches(needed) is None for needed in found.needed)
    enough = {"hemp seeds": "1 a day", "milk": "1 a day", "brown rice": "1 a week", "banana": "1.75 a week"}
    more = screen(all_answered(**enough), age=25, sex="female")
    assert more.low == 255  # and 32 / 4 = 8
    assert {needed.table.id for needed in more.needed if more.reaches(needed)} == {"us_ear"}


@pytest.mark.parametrize(
    ("given_answers", "says"),
    [
        ({"foods": {"spinnach": "1 a day"}}, "'spinnach' is no food of the screen: did you mean 'spinach'?"),
        ({"foods": {"zzz": "1 a day"}}, "'zzz' is no food of the screen; it asks about pumpkin seeds"),
        ({"foods": {"spinach": "often"}}, "spinach: write servings as '2 a week'"),
        ({"foods": {"spinach": "-1 a day"}}, "spinach: write servings"),
        ({"foods": {"spinach": 2}}, "spinach: write servings"),
        ({"foods": {"spinach": ["1 a day"]}}, "spinach: write servings"),
        ({"foods": {"spinach": "999 a day"}}, "spinach: write servings"),
        ({"foods": {}, "agee": 3}, "unknown field 'agee': did you mean 'age'?"),
        ({"foods": {}, "age": "old"}, "age: write whole years"),
        ({"foods": {}, "age": 40.5}, "age: write whole years"),
        ({"foods": {}, "age": 40, "sex": "f"}, "sex: write one of"),
        ({"foods": {}, "age": 40, "sex": ["male"]}, "sex: write one of"),
        ({"foods": {}, "age": 40, "pregnancy": "yes"}, "pregnancy: write one of"),
        ({"age": 40}, "a food screen has 'foods:'"),
        ({"foods": None}, "a food screen has 'foods:'"),
        ([], "a food screen has 'foods:'"),
    ],
)
def test_what_is_not_understood_is_refused(given_answers: Any, says: str) -> None:
    pack = load_pack()
    with pytest.raises(RecordError) as caught:
        read_screen(given_answers, pack.foods, pack.intakes.values())
    assert says in str(caught.value)


def test_all_that_is_not_understood_is_said_at_once() -> None:
    with pytest.raises(RecordError, match=r"spinnach.*banana: write.*age: write"):
        screen({"spinnach": "1 a day", "banana": "x"}, age="x")
