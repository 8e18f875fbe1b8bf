"""What a scenario's sentences do to the record, where a wrong answer would stay unseen in a status."""

from datetime import date

import pytest

from mgcds.loading import load_pack
from mgcds.model.facts import Gap, Reading
from mgcds.model.reading import read_facts
from mgcds.scenarios.failures import ScenarioError
from mgcds.scenarios.patients import TODAY, Patient

HEALTHY = "a healthy adult"
TREATED = "an adult with mild to moderate depression on a stable antidepressant"
UNKNOWN = "a patient of whom nothing is known"


def patient(baseline: str = HEALTHY) -> Patient:
    described = Patient(load_pack())
    described.begin(baseline)
    return described


def facts(described: Patient, on: date = TODAY):
    return read_facts(described.record(), described.pack, on)


def test_a_healthy_adult_is_known_but_for_laboratory_extras() -> None:
    unknown = {item for item, found in facts(patient()).items.items() if isinstance(found, Gap)}
    assert unknown == {
        "serum_magnesium", "potassium", "calcium", "albumin", "qtc", "gad7", "dietary_magnesium", "suicide_risk_assessment",
        "heart_rate", "bmi", "functional_difficulty", "low_magnesium_workup", "days_to_surgery", "phq9_fall", "phq9_fall_percent",
        "phq9_before", "phq9_day", "phq9_item9_fall",
    }  # fmt: skip


def test_of_the_unknown_patient_nothing_is_known() -> None:
    found = facts(patient(UNKNOWN))
    assert all(isinstance(fact, Gap) for fact in (*found.items.values(), *found.lists.values()))


def test_a_patient_is_not_changed_for_the_next_scenario() -> None:
    first = patient(TREATED)
    first.takes("lithium")
    first.stopped("sertraline", 3)
    assert [medicine.name for medicine in patient(TREATED).record().medicines] == ["sertraline"]


def test_today_may_be_said_last() -> None:
    described = patient()
    described.say("eGFR", "60 mL/min/1.73m2", 10)
    described.set_today("2024-03-05")
    (egfr,) = described.record().egfr
    assert egfr.date == "2024-02-24"


@pytest.mark.parametrize("name", ["the PHQ-9 item 9", "PHQ 9 Item 9", "phq9_item9", "PHQ‑9 item 9"])
def test_an_item_is_found_however_it_is_written(name: str) -> None:
    described = patient()
    described.say(name.removeprefix("the "), "2")
    assert [str(result.value) for result in described.record().phq9_item9] == ["2"]


@pytest.mark.parametrize("age", ["17", "17 years"])
def test_an_age_in_years(age: str) -> None:
    described = patient()
    described.say("age", age)
    assert described.record().age == 17


def test_what_is_said_again_replaces_what_was_said() -> None:
    described = patient()
    described.say("eGFR", "25 mL/min/1.73m2", 20)
    found = facts(described).items["egfr"]
    assert isinstance(found, Reading)
    assert (found.shown, found.days) == ("25 mL/min/1.73m2", 20)


def test_a_doubt_goes_with_the_words_it_was_about() -> None:
    described = patient()
    described.say("eGFR", "25 mlmin")
    described.say("eGFR", "25 mL/min/1.73m2")
    described.say("pregnancy", "maybe")
    described.forget("pregnancy")
    described.evaluate(frozenset())
    assert described.evaluated.assessment["severe-renal-impairment"].status == "offered"


def test_a_list_that_is_not_known_stays_open_beside_what_is_said() -> None:
    described = patient(TREATED)
    described.forget("medicine list")
    described.takes("omeprazole", 3)
    described.forget("problem list")
    described.has("conditions", "myasthenia gravis")
    found = facts(described)
    assert [name for name, gap in found.lists.items() if gap] == ["medicines", "conditions"]
    assert found.members["ppi"].present is True
    assert found.members["antidepressant"].present is None
    assert found.members["magnesium_contraindication"].present is True


def test_a_reviewed_list_is_whole_even_if_empty() -> None:
    described = patient(UNKNOWN)
    described.reviewed("medicine list", 0)
    assert facts(described).lists["medicines"] is None
    assert facts(described).members["antidepressant"].present is False


def test_a_medicine_that_was_stopped_keeps_its_start() -> None:
    described = patient(TREATED)
    described.stopped("Sertraline", 20)
    (medicine,) = described.record().medicines
    assert (medicine.start, medicine.stop) == ("2026-05-05", "2026-11-01")
    assert facts(described).members["antidepressant"].present is False


def test_a_medicine_taken_since_another_day_is_one_medicine() -> None:
    described = patient(TREATED)
    described.takes("sertraline", 10)
    assert [medicine.start for medicine in described.record().medicines] == ["2026-11-11"]


def test_a_supplement_has_its_dose() -> None:
    described = patient()
    described.takes("magnesium citrate", 5, "248 mg elemental")
    found = facts(described).items["supplemental_magnesium"]
    assert isinstance(found, Reading)
    assert found.shown == "248 mg elemental a day"


def test_answers_replace_a_stated_phq9_and_a_form_of_the_same_day() -> None:
    described = patient(TREATED)
    described.answers_phq9("0, 0, 0, 0, 0, 0, 0, 0, 0", 7)
    described.answers_phq9("1, 1, 1, 1, 1, 1, 1, 1, 1")
    described.answers_phq9("1, 1, 1, 1, 1, 1, -, ?, 1")
    record = described.record()
    assert record.phq9 == record.phq9_item9 == ()
    assert [[answer if answer is None else int(answer) for answer in form.answers] for form in record.phq9_forms] == [
        [0] * 9, [1] * 6 + [None, None, 1],
    ]  # fmt: skip
    found = facts(described)
    assert found.items["phq9"].shown == "7 to 13"
    described.forget("PHQ-9")
    assert described.record().phq9_forms == ()


@pytest.mark.parametrize(
    "answers", ["1, 2, 3", "1, 1, 1, 1, 1, 1, 1, 1, often", "1 1 1 1 1 1 1 1 1", ", , , , , , , , "]
)
def test_what_are_no_nine_answers_is_an_error(answers: str) -> None:
    with pytest.raises(ScenarioError, match="are no nine answers"):
        patient().answers_phq9(answers)
