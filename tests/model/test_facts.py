"""From a record to facts: which value counts, how old it is, and which kind of unknown it is where it does not.

Read with the data dictionary of the built-in pack: eGFR is current for 365 days, PHQ-9 for 14, magnesium for 90, the medicine list for 30.
"""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from mgcds.loading import load_pack
from mgcds.model.condition import Truth
from mgcds.model.criterion import Has, Limit, Measure, State, Taking, Threshold
from mgcds.model.evaluation import test as judge
from mgcds.model.facts import DataProblem, Facts, Gap, Range, Reading, StateReading
from mgcds.model.reading import read_facts
from mgcds.model.record import read_record

TODAY = date(2026, 11, 21)
RECENT = "2026-11-20"
MG, EGFR = "mmol/L", "mL/min/{1.73_m2}"


def facts(on: date = TODAY, **record: Any) -> Facts:
    return read_facts(read_record(record), load_pack(), on)


def said(found: Any) -> str:
    """A value as reported, or the kind of unknown."""
    return str(found.reason) if isinstance(found, Gap) else str(found.shown)


def outcome(item: str, *measurements: Any, on: date = TODAY, **record: Any) -> str:
    return said(facts(on, **{item: list(measurements)}, **record).items[item])


def result(value: str, day: str | None = RECENT, **more: Any) -> dict[str, Any]:
    return {"value": value, "date": day, **more}


def gap(found: Any) -> Gap:
    assert isinstance(found, Gap), found
    return found


def reading(found: Any) -> Reading:
    assert isinstance(found, Reading), found
    return found


def problems(found: Facts, about: str) -> list[DataProblem]:
    return [problem for problem in found.problems if problem.about == about]


def below(item: str, value: str, unit: str, within: int | None = None) -> Measure:
    return Measure(item, None, Threshold({unit: Limit(Fraction(value), False)}, value), within, "")


def at_least(item: str, value: str, unit: str, within: int | None = None) -> Measure:
    return Measure(item, Threshold({unit: Limit(Fraction(value), True)}, value), None, within, "")


def above(item: str, value: str, unit: str) -> Measure:
    return Measure(item, Threshold({unit: Limit(Fraction(value), False)}, value), None, None, "")


# --- kinds of unknown -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "measurement", "reason", "why"),
    [
        pytest.param("serum_magnesium", result("2.0"), "rejected", "no unit", id="no unit"),
        pytest.param("serum_magnesium", result("2.0", unit=""), "rejected", "not understood", id="empty unit"),
        pytest.param("serum_magnesium", result("2.0 mg%"), "rejected", "'mg%' is not understood", id="unknown unit"),
        pytest.param("serum_magnesium", result("2.0 MG/DL"), "rejected", "'MG/DL' is not understood", id="capitals are another unit"),
        pytest.param("serum_magnesium", result("2.0 mL/min"), "rejected", "is no unit of serum magnesium", id="unit of something else"),
        pytest.param("egfr", result("85 mL/min"), "rejected", "is no unit of egfr", id="clearance is not normalised"),
        pytest.param("egfr", result("1.4 mL/s"), "rejected", "is no unit of egfr", id="eGFR in mL/s"),
        pytest.param("serum_magnesium", result("2.0 mg/dL", code="2601-3"), "rejected", "contradicts LOINC 2601-3", id="2601-3 is an amount"),
        pytest.param("serum_magnesium", result("0.82 mmol/L", code="19123-9"), "rejected", "contradicts LOINC 19123-9", id="19123-9 is a mass"),
        pytest.param("serum_magnesium", result("2.0 mg/dL", code="2593-2"), "rejected", "LOINC 2593-2 is not serum magnesium", id="whole blood"),
        pytest.param("egfr", result("250 mL/min/1.73m2"), "rejected", "not plausible", id="eGFR 250"),
        pytest.param("egfr", result("-3 mL/min/1.73m2"), "rejected", "negative", id="negative eGFR"),
        pytest.param("serum_magnesium", result("-0.8 mmol/L"), "rejected", "negative", id="negative magnesium"),
        pytest.param("phq9", result("12.5"), "rejected", "not a whole number", id="half a point"),
        pytest.param("phq9", result("28"), "rejected", "not plausible", id="PHQ-9 28"),
        pytest.param("phq9_item9", result("4"), "rejected", "not plausible", id="item 9 of 4"),
        pytest.param("phq9", result("12 mmol/L"), "rejected", "is no unit of phq-9", id="a score has no unit"),
        pytest.param("serum_magnesium", result("0.90 mmol/L", specimen=["haemolysed"]), "rejected", "haemolysed: repeat", id="haemolysed normal"),
        pytest.param("serum_magnesium", result("1.40 mmol/L", specimen=["haemolysed"]), "rejected", "haemolysed: repeat", id="haemolysed high"),
        pytest.param("serum_magnesium", result("0.30 mmol/L", specimen=["edta"]), "rejected", "edta: repeat", id="EDTA low"),
        pytest.param("serum_magnesium", result("0.80 mmol/L", specimen=["citrate"]), "rejected", "citrate: repeat", id="citrate normal"),
        pytest.param("serum_magnesium", result("0.60 mmol/L", specimen=["haemolysed", "edta"]), "rejected", "edta", id="the worse fault decides"),
        pytest.param("potassium", result("4.1 mmol/L", specimen=["haemolysed"]), "rejected", "haemolysed", id="haemolysed potassium"),
        pytest.param("egfr", result("80 mL/min/1.73m2", status="unknown"), "rejected", "status unknown", id="status unknown"),
        pytest.param("egfr", result("80 mL/min/1.73m2", status="registered"), "rejected", "status registered", id="registered, no result yet"),
        pytest.param("egfr", result("80 mL/min/1.73m2", None), "undated", "without a date", id="undated"),
        pytest.param("egfr", result("80 mL/min/1.73m2", "2026-11-22"), "missing", "none on record", id="of tomorrow"),
        pytest.param("egfr", result("80 mL/min/1.73m2", status="cancelled"), "missing", "none on record", id="cancelled"),
        pytest.param("egfr", result("80 mL/min/1.73m2", status="entered-in-error"), "missing", "none on record", id="entered in error"),
        pytest.param("egfr", result("eighty"), "rejected", "write a number and its unit", id="no number"),
        pytest.param("egfr", result("80 mL/min/1.73m2", "20.11.2026"), "rejected", "not a date", id="a date that is none"),
        pytest.param("egfr", True, "rejected", "valid dictionary", id="true"),
        pytest.param("egfr", float("nan"), "rejected", "not a number that a measurement can have", id="not a number"),
        pytest.param("egfr", {"value": 1e300, "unit": EGFR}, "rejected", "not a number that a measurement can have", id="beyond all bounds"),
    ],
)  # fmt: skip
def test_why_a_result_is_unknown(item: str, measurement: Any, reason: str, why: str) -> None:
    found = facts(**{item: measurement})
    unknown = gap(found.items[item])
    assert unknown.reason == reason
    assert why in unknown.detail
    assert problems(found, item) != [], "nothing is dropped silently"


def test_nothing_on_record_is_missing() -> None:
    found = facts()
    assert {said(found.items[item]) for item in ("egfr", "serum_magnesium", "phq9", "age", "sex", "pregnancy")} == {
        "missing"
    }
    assert said(facts(egfr=[]).items["egfr"]) == "missing"
    assert found.problems == []


@pytest.mark.parametrize(
    ("item", "measurement", "shown", "warning"),
    [
        pytest.param("serum_magnesium", result("0.1 mmol/L"), "0.1 mmol/L", "hardly plausible: confirm it",
             id="an extreme is an emergency, not an error"),
        pytest.param("serum_magnesium", result("15 mg/dL"), "15 mg/dL", "hardly plausible: confirm it", id="6.17 mmol/L"),
        pytest.param("serum_magnesium", result("14 mg/dL"), "14 mg/dL", None, id="5.76 mmol/L is believed"),
        pytest.param("serum_magnesium", result("0.60 mmol/L", specimen=["haemolysed"]), "0.60 mmol/L", "still credible", id="haemolysed low is kept"),
        pytest.param("serum_magnesium", result("0.80 mmol/L", specimen=["lipaemic"]), "0.80 mmol/L", "the specimen was lipaemic",
             id="lipaemic is said"),
        pytest.param("egfr", result("0 mL/min/1.73m2"), "0 mL/min/1.73m2", None, id="no function left is plausible"),
        pytest.param("egfr", result("200 mL/min/1.73m2"), "200 mL/min/1.73m2", None, id="the highest plausible eGFR"),
        pytest.param("phq9", result("12.0"), "12.0", None, id="12.0 is a whole number"),
        pytest.param("phq9", result("12 points"), "12 points", None, id="points"),
        pytest.param("serum_magnesium", result("0.82 mmol/L", code="2601-3"), "0.82 mmol/L", None, id="2601-3 with mmol/L"),
        pytest.param("serum_magnesium", result("1.64 mEq/L", code="2601-3"), "1.64 mEq/L", None, id="2601-3 with mEq/L"),
        pytest.param("serum_magnesium", result("2.0 mg/dL", code="19123-9"), "2.0 mg/dL", None, id="19123-9 with mg/dL"),
        pytest.param("egfr", result("80 mL/min/1.73m2", status="preliminary"), "80 mL/min/1.73m2", None, id="preliminary counts"),
    ],
)  # fmt: skip
def test_what_is_used_and_what_is_said_about_it(item: str, measurement: Any, shown: str, warning: str | None) -> None:
    found = facts(**{item: measurement})
    assert said(found.items[item]) == shown
    warnings = problems(found, item)
    assert [(problem.used, warning in problem.what) for problem in warnings] == ([(True, True)] if warning else [])  # type: ignore[operator]


def test_a_value_in_text_and_a_unit_beside_it_must_agree() -> None:
    assert outcome("serum_magnesium", {"value": "0.82", "unit": "mmol/L", "date": RECENT}) == "0.82 mmol/L"
    assert outcome("serum_magnesium", {"value": "0.82 mmol/L", "unit": "mmol/L", "date": RECENT}) == "0.82 mmol/L"
    assert outcome("serum_magnesium", {"value": "0.82 mmol/L", "unit": "mg/dL", "date": RECENT}) == "rejected"
    assert outcome("egfr", {"value": ">60", "unit": EGFR, "comparator": "<", "date": RECENT}) == "rejected"


def test_a_rejected_value_is_shown_and_not_lost() -> None:
    found = problems(
        facts(serum_magnesium=result("0.30 mmol/L", specimen=["edta"], source="Observation/7")), "serum_magnesium"
    )
    assert [(problem.value, problem.source, problem.used) for problem in found] == [
        ("0.30 mmol/L of 2026-11-20", "Observation/7", False)
    ]


def test_what_is_unusable_and_out_of_date_is_stale() -> None:
    """A spoilt sample of three years ago asks for a new value, not for a repeat of that one."""
    old = gap(facts(egfr=result("80", "2023-11-01")).items["egfr"])
    assert old.reason == "stale"


# --- which result counts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        pytest.param([("45", "2026-11-10"), ("80", "2026-11-20")], "80", id="the newest"),
        pytest.param([("80", "2026-11-20"), ("45", "2026-11-10")], "80", id="whatever the order"),
        pytest.param([("45", "2026-11-10"), ("80", "2026-11-20", {"status": "cancelled"})], "45", id="a cancelled one leaves the older in place"),
        pytest.param([("45", "2026-11-10"), ("80", "2026-11-20", {"status": "entered-in-error"})], "45", id="one entered in error too"),
        pytest.param([("45", "2026-11-10"), ("80", "2026-11-22")], "45", id="one of the future too"),
        pytest.param([("45", "2026-11-10"), ("800", "2026-11-20")], "rejected", id="a rejected newest blocks the older"),
        pytest.param([("800", "2026-11-10"), ("45", "2026-11-20")], "45", id="a rejected older one does not matter"),
        pytest.param([("45", "2026-11-10"), ("80", "2026-11-20", {"status": "unknown"})], "rejected", id="status unknown blocks the older"),
        pytest.param([("45", "2026-11-10"), ("80", "2026-11-20", {"unit": None})], "rejected", id="no unit blocks the older"),
        pytest.param([("45", "2026-11-20"), ("80", "2026-11-20T08:00:00")], "80", id="on one day a time beats no time"),
        pytest.param([("45", "2026-11-20T09:00:00"), ("80", "2026-11-20T08:00:00")], "45", id="the later time"),
        pytest.param([("45", "2026-11-20T09:00:00+02:00"), ("80", "2026-11-20T08:00:00Z")], "80", id="the later moment: 07:00 and 08:00 UTC"),
        pytest.param([("80", "2026-11-20", {"status": "corrected"}), ("45", "2026-11-20")], "80", id="corrected beats final"),
        pytest.param([("80", "2026-11-20", {"status": "amended"}), ("45", "2026-11-20")], "80", id="amended beats final"),
        pytest.param([("80", "2026-11-20"), ("45", "2026-11-20", {"status": "preliminary"})], "80", id="final beats preliminary"),
        pytest.param([("80", "2026-11-20T10:00:00"), ("45", "2026-11-20T09:00:00", {"status": "corrected"})], "80",
             id="but a later time beats corrected"),
        pytest.param([("58", "2026-11-20", {"code": "48642-3"}), ("67", "2026-11-20", {"code": "48643-1"})], "58",
             id="race-paired: never the higher"),
        pytest.param([("67", "2026-11-20", {"code": "48643-1"}), ("58", "2026-11-20", {"code": "48642-3"})], "58", id="race-paired, the other way"),
        pytest.param([("58", "2026-11-20"), ("800", "2026-11-20")], "rejected", id="at one moment a rejected one counts more"),
        pytest.param([(">60", "2026-11-20"), ("58", "2026-11-20")], "58", id="a number below the comparator's"),
    ],
)  # fmt: skip
def test_which_of_several_results_counts(results: list[Any], expected: str) -> None:
    given = [{"value": value, "unit": EGFR, "date": day, **(more[0] if more else {})} for value, day, *more in results]
    found = outcome("egfr", *given)
    assert found.removesuffix(f" {EGFR}") == expected
    assert outcome("egfr", *reversed(given)) == found, "the order of the record says nothing"


@pytest.mark.parametrize(
    ("item", "one", "other", "expected"),
    [
        pytest.param("serum_magnesium", "0.65 mmol/L", "0.80 mmol/L", "0.65 mmol/L", id="the lower magnesium"),
        pytest.param(
            "serum_magnesium",
            "1.0 mmol/L",
            "1.6 mg/dL",
            "1.6 mg/dL",
            id="the lower of two units: 1.6 mg/dL is 0.66 mmol/L",
        ),
        pytest.param("serum_magnesium", "1.9 meq/L", "0.9 mmol/L", "0.9 mmol/L", id="0.95 and 0.90 mmol/L"),
        pytest.param("phq9", "12", "15", "15", id="the higher PHQ-9"),
        pytest.param("phq9_item9", "0", "1", "1", id="the higher item 9"),
        pytest.param("qtc", "440 ms", "0.51 s", "0.51 s", id="the longer QTc"),
    ],
)
def test_of_two_at_one_moment_the_more_cautious_counts(item: str, one: str, other: str, expected: str) -> None:
    assert outcome(item, result(one), result(other)) == expected
    assert outcome(item, result(other), result(one)) == expected


def test_a_field_that_could_not_be_read_blocks_older_results_only() -> None:
    bad = {"value": "eighty", "date": "2026-11-20"}
    assert outcome("egfr", result(f"45 {EGFR}", "2026-11-10"), bad) == "rejected"
    assert (
        outcome("egfr", result(f"45 {EGFR}", "2026-11-20T12:00:00"), {"value": "eighty", "date": "2026-11-10"})
        != "rejected"
    )
    assert outcome("egfr", result(f"45 {EGFR}", "2026-11-10"), "eighty") == "rejected", "undated: it may be the newest"
    assert outcome("egfr", result(f"45 {EGFR}", "2026-11-10"), result(f"80 {EGFR}", None)) == "undated", "the same"


# --- how old --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "day", "on", "days", "current"),
    [
        pytest.param("phq9", "2026-11-21", "2026-11-21", 0, True, id="of today"),
        pytest.param("phq9", "2026-11-07", "2026-11-21", 14, True, id="day 14 still is"),
        pytest.param("phq9", "2026-11-06", "2026-11-21", 15, False, id="day 15 is not"),
        pytest.param("egfr", "2025-11-21", "2026-11-21", 365, True, id="day 365"),
        pytest.param("egfr", "2025-11-20", "2026-11-21", 366, False, id="day 366"),
        pytest.param("egfr", "2024-02-29", "2025-02-28", 365, True, id="29 February, 365 days on"),
        pytest.param("egfr", "2024-02-29", "2025-03-01", 366, False, id="29 February, the day after"),
        pytest.param("egfr", "2023-03-01", "2024-02-29", 365, True, id="a leap day at the end"),
        pytest.param("phq9", "2028-02-16", "2028-03-01", 14, True, id="over a leap day"),
        pytest.param("phq9", "2028-02-15", "2028-03-01", 15, False, id="over a leap day, one more"),
        pytest.param("phq9", "2027-02-15", "2027-03-01", 14, True, id="over the end of a common February"),
        pytest.param("phq9", "2026-12-31", "2027-01-14", 14, True, id="over the end of a year"),
        pytest.param("phq9", "2026-04-30", "2026-05-14", 14, True, id="over the end of a month"),
        pytest.param("phq9", "2026-11-07T23:59:59", "2026-11-21", 14, True, id="days are counted, not hours"),
        pytest.param("phq9", "2026-11-07T23:30:00-05:00", "2026-11-21", 14, True, id="the day is the one written, in its own zone"),
        pytest.param("egfr", "2024-05", "2025-05-01", 365, True, id="a month counts from its first day"),
        pytest.param("egfr", "2024-05", "2025-05-02", 366, False, id="a month, one day more"),
        pytest.param("egfr", "2024", "2024-12-31", 365, True, id="a year counts from its first day"),
        pytest.param("egfr", "2024", "2025-01-01", 366, False, id="a leap year, one day more"),
        pytest.param("phq9", "2026-11", "2026-11-10", 9, True, id="a month that has begun"),
    ],
)  # fmt: skip
def test_how_old_a_value_is(item: str, day: str, on: str, days: int, current: bool) -> None:
    unit = EGFR if item == "egfr" else "{score}"
    found = facts(date.fromisoformat(on), **{item: result("10", day, unit=unit)})
    assert reading(found.items[item]).days == days
    within = {"phq9": 14, "egfr": 365}[item]
    assert judge(below(item, "20", unit, within), found) is (True if current else None)


@pytest.mark.parametrize(
    "day", ["2026-11-22", "2026-12", "2027", "2026-11-22T00:00:00", "2026-11-22T12:00:00Z", "2026-11-22T00:00:00-12:00"]
)
def test_what_lies_in_the_future_is_void(day: str) -> None:
    found = facts(phq9=[result("10", "2026-11-10"), result("20", day)])
    assert said(found.items["phq9"]) == "10"
    assert [problem.what for problem in problems(found, "phq9")] == ["dated after the day of evaluation"]


OF_TODAY_SOMEWHERE = (
    "2026-11-22T06:31:55Z",  # of the 21st in Los Angeles
    "2026-11-22T11:59:59Z",
    "2026-11-22T07:30:00+13:00",  # of the 21st in UTC
    "2026-11-22T00:00:00+14:00",
    "2026-11-23T00:30:00+13:00",
)


@pytest.mark.parametrize("day", OF_TODAY_SOMEWHERE)
def test_what_may_be_of_today_in_another_time_zone_is_not_of_the_future(day: str) -> None:
    found = facts(
        egfr=[result(f"90 {EGFR}", "2026-11-01"), result(f"25 {EGFR}", day)],
        medicines=[{"name": "sertraline", "start": day}],
        medicines_reconciled=day,
        pregnancy={"value": "pregnant", "date": day},
        phq9_forms=[{"answers": [1] * 9, "date": day}],
    )
    assert (said(found.items["egfr"]), reading(found.items["egfr"]).days) == (f"25 {EGFR}", 0)
    assert judge(Taking("ssri", None, None, None, ""), found) is True
    assert found.lists["medicines"] is None
    assert isinstance(found.items["pregnancy"], StateReading)
    assert said(found.items["phq9"]) == "9"
    assert problems(found, "egfr") == []


def test_the_day_before_it_may_be_of_today_nowhere() -> None:
    assert outcome("egfr", result(f"25 {EGFR}", "2026-11-22T06:31:55Z"), on=date(2026, 11, 20)) == "missing"
    assert outcome("egfr", result(f"25 {EGFR}", "2026-11-23T00:30:00+13:00"), on=date(2026, 11, 20)) == "missing"


def test_what_was_measured_the_morning_after_the_start_is_no_value_before() -> None:
    scores = [result("20", "2026-10-01"), result("8", "2026-10-11T08:00:00Z")]
    found = facts(phq9=scores, medicines=[], medicines_reconciled=RECENT,
                  supplements=[{"name": "magnesium chloride", "start": "2026-10-10"}])  # fmt: skip
    assert reading(found.items["phq9_before"]).range == Range.exactly(20)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        pytest.param({"2026-11-11T01:00:00Z": "90", "2026-11-10T23:30:00-05:00": "29"}, "29", id="moments of two days as written"),
        pytest.param({"2026-11-10T20:00:00Z": "90", "2026-11-11T00:30:00+05:00": "29"}, "90", id="a later day, but an earlier moment"),
        pytest.param({"2026-11-10T20:00:00Z": "90", "2026-11-11T01:00:00+05:00": "29"}, "29", id="one moment: the more cautious"),
        pytest.param({"2026-11-11": "90", "2026-11-10T23:30:00-05:00": "29"}, "90", id="a day without a time, as written"),
        pytest.param({"2026-11-11": "90", "2026-11-10T23:30:00-05:00": "29", "2026-11-11T01:00:00Z": "60"}, "90",
                     id="the latest moment beside the latest day"),
        pytest.param({"2026-11-10": "90", "2026-11-10T23:30:00-05:00": "29", "2026-11-11T01:00:00Z": "60"}, "29",
                     id="the latest moment is later on its day"),
    ],
)  # fmt: skip
def test_moments_with_time_zones_are_compared_as_moments(results: dict[str, str], expected: str) -> None:
    given = [result(f"{value} {EGFR}", day) for day, value in results.items()]
    for each in (given, given[::-1]):
        assert outcome("egfr", *each) == f"{expected} {EGFR}"


def test_a_later_moment_that_cannot_be_read_blocks_the_earlier_one_of_another_time_zone() -> None:
    bad = {"value": "eighty", "date": "2026-11-10T23:30:00-05:00"}
    assert outcome("egfr", result(f"90 {EGFR}", "2026-11-11T01:00:00Z"), bad) == "rejected"
    assert outcome("egfr", result(f"90 {EGFR}", "2026-11-11T05:00:00Z"), bad) == f"90 {EGFR}"


@pytest.mark.parametrize(
    ("results", "expected", "days"),
    [
        pytest.param({"2026-11-05": "90", "2026-11": "25"}, "25", 16, id="it may be newer, but is no older if it counts"),
        pytest.param({"2026-11-05": "25", "2026-11": "90"}, "25", 16, id="the newest by its day is the more cautious"),
        pytest.param({"2026-11-05T08:00:00Z": "90", "2026": "25"}, "25", 16, id="a year"),
        pytest.param({"2026-11-05": "90", "2026-10": "25"}, "90", 16, id="a month before"),
        pytest.param({"2026-11": "90", "2026": "25"}, "25", 20, id="a month and its year"),
        pytest.param({"2026-11": "90", "2026-10-31": "25"}, "90", 20, id="the day before the month"),
    ],
)  # fmt: skip
def test_of_a_month_that_may_be_newer_the_more_cautious_counts(
    results: dict[str, str], expected: str, days: int
) -> None:
    given = [result(f"{value} {EGFR}", day) for day, value in results.items()]
    for each in (given, given[::-1]):
        found = facts(egfr=each)
        assert (said(found.items["egfr"]), reading(found.items["egfr"]).days) == (f"{expected} {EGFR}", days)
        assert len(problems(found, "egfr")) == (expected == "25")


def test_a_result_of_a_month_that_cannot_be_read_blocks_results_within_it() -> None:
    newest = result(f"90 {EGFR}", "2026-11-05")
    assert outcome("egfr", newest, {"value": "eighty", "date": "2026-11"}) == "rejected"
    assert outcome("egfr", newest, result("90 mmol/L", "2026-11")) == "rejected"
    assert outcome("egfr", newest, {"value": "eighty", "date": "2026-10"}) == f"90 {EGFR}"


def test_an_item_9_of_0_does_not_stand_beside_a_form_of_a_month_that_may_be_newer() -> None:
    form = {"answers": [1] * 8 + [None], "date": "2026-11"}
    assert outcome("phq9_item9", result("0", "2026-11-15"), phq9_forms=[form]) == "rejected"
    assert outcome("phq9_item9", result("0", "2026-11-15"), phq9_forms=[form | {"date": "2026-10"}]) == "0"


def test_a_short_form_is_of_the_day_the_record_was_taken() -> None:
    assert reading(facts(recorded="2026-11-18", egfr=f"80 {EGFR}").items["egfr"]).days == 3
    assert reading(facts(recorded="2026-11-18", egfr=result(f"80 {EGFR}", "2026-11-01")).items["egfr"]).days == 20
    assert said(facts(egfr=f"80 {EGFR}").items["egfr"]) == "undated"
    assert said(facts(recorded="2026-11-22", egfr=f"80 {EGFR}").items["egfr"]) == "missing"
    assert said(facts(recorded="yesterday", egfr=f"80 {EGFR}").items["egfr"]) == "undated"


# --- comparators ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reported", "criterion", "truth"),
    [
        (">60", below("egfr", "30", EGFR), False), (">60", below("egfr", "60", EGFR), False), (">60", at_least("egfr", "60", EGFR), True),
        (">60", above("egfr", "60", EGFR), True), (">60", at_least("egfr", "61", EGFR), None), (">60", below("egfr", "90", EGFR), None),
        (">=60", at_least("egfr", "60", EGFR), True), (">=60", above("egfr", "60", EGFR), None), ("≥60", below("egfr", "60", EGFR), False),
        ("<15", below("egfr", "15", EGFR), True), ("<15", below("egfr", "30", EGFR), True), ("<15", below("egfr", "10", EGFR), None),
        ("<15", at_least("egfr", "15", EGFR), False), ("<60", below("egfr", "30", EGFR), None), ("≤15", below("egfr", "15", EGFR), None),
        ("<=15", above("egfr", "15", EGFR), False), ("60", at_least("egfr", "60", EGFR), True), ("60", above("egfr", "60", EGFR), False),
    ],
)  # fmt: skip
def test_a_reported_comparator_decides_only_what_it_can(reported: str, criterion: Measure, truth: Truth) -> None:
    assert judge(criterion, facts(egfr=result(f"{reported} {EGFR}"))) is truth


@pytest.mark.parametrize(("limit", "truth"), [("0.70", True), ("0.5", True), ("0.49", None)])
def test_below_the_range_of_the_analyser(limit: str, truth: Truth) -> None:
    assert judge(below("serum_magnesium", limit, MG), facts(serum_magnesium=result("<0.5 mmol/L"))) is truth


# --- the laboratory's own limits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "lower", "upper", "own"),
    [
        pytest.param({}, "0.70", "1.05", (False, False), id="the defaults"),
        pytest.param({"lower_limit": "0.75 mmol/L"}, "0.75", "1.05", (True, False), id="its own lower limit"),
        pytest.param(
            {"lower_limit": "0.66 mmol/L", "upper_limit": "1.10 mmol/L"}, "0.66", "1.10", (True, True), id="both"
        ),
        pytest.param(
            {"upper_limit": "2.2 meq/L"}, "0.70", "1.1", (False, True), id="in another unit, converted exactly"
        ),
        pytest.param({"lower_limit": "720 µmol/L"}, "0.72", "1.05", (True, False), id="with another prefix"),
    ],
)
def test_the_laboratorys_own_limits_come_first(
    limits: dict[str, str], lower: str, upper: str, own: tuple[bool, bool]
) -> None:
    found = facts(serum_magnesium=result("0.80 mmol/L", **limits))
    read = reading(found.items["serum_magnesium"])
    assert read.lower is not None
    assert read.upper is not None
    assert (read.lower.value, read.upper.value) == (Fraction(lower), Fraction(upper))
    assert tuple(text == "the laboratory's own limit" for text in (read.lower_from, read.upper_from)) == own
    assert problems(found, "serum_magnesium") == []


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"lower_limit": "0.75"}, id="no unit"),
        pytest.param({"lower_limit": "0.75 mg%"}, id="unknown unit"),
        pytest.param({"lower_limit": "0.75 g"}, id="a unit of something else"),
        pytest.param({"lower_limit": "> 0.75 mmol/L"}, id="a comparator"),
        pytest.param({"lower_limit": "75 mmol/L"}, id="not plausible"),
        pytest.param({"lower_limit": "see comment"}, id="no number"),
        pytest.param({"lower_limit": "0.70 mmol/L - 1.05 mmol/L"}, id="a range"),
        pytest.param({"lower_limit": "1.7 mmol/L"}, id="above the upper limit: mg/dL under a wrong name"),
        pytest.param({"lower_limit": "1.10 mmol/L", "upper_limit": "0.66 mmol/L"}, id="the wrong way round"),
        pytest.param({"lower_limit": "0.80 mmol/L", "upper_limit": "0.80 mmol/L"}, id="nothing between them"),
    ],
)
def test_a_limit_that_cannot_be_used_is_noted_and_the_default_taken(limits: dict[str, str]) -> None:
    found = facts(serum_magnesium=result("0.80 mmol/L", **limits))
    read = reading(found.items["serum_magnesium"])
    assert read.lower is not None
    assert read.upper is not None
    assert (read.lower.value, read.upper.value) == (Fraction("0.70"), Fraction("1.05"))
    assert "default" in read.lower_from
    assert [(problem.used, "limit" in problem.what) for problem in problems(found, "serum_magnesium")] == [(True, True)]


def test_limits_are_in_the_unit_the_value_was_reported_in() -> None:
    read = reading(facts(serum_magnesium=result("1.7 mg/dL", lower_limit="0.70 mmol/L")).items["serum_magnesium"])
    assert read.lower is not None
    assert read.lower.value == Fraction("0.70") * Fraction("2.4305")
    assert read.unit == "mg/dL"


# --- age ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        ("2008-11-21", "2026-11-20", 17), ("2008-11-21", "2026-11-21", 18), ("2008-11-21", "2026-11-22", 18),
        ("2008-02-29", "2026-02-28", 17), ("2008-02-29", "2026-03-01", 18), ("2008-02-29", "2028-02-29", 20),
        ("2026-11-21", "2026-11-21", 0), ("1900-01-01", "2026-11-21", 126), ("2008-12-31", "2026-12-30", 17),
    ],
)  # fmt: skip
def test_age_is_counted_in_completed_years(born: str, on: str, years: int) -> None:
    assert reading(facts(date.fromisoformat(on), birth_date=born).items["age"]).range == Range.exactly(Fraction(years))


@pytest.mark.parametrize(
    ("born", "low", "high", "adult"),
    [
        ("2008", 17, 18, None), ("2008-11", 17, 18, None), ("2008-12", 17, 17, False), ("2008-10", 18, 18, True),
        ("2007", 18, 19, True), ("2009", 16, 17, False),
    ],
)  # fmt: skip
def test_a_partial_birth_date_gives_the_years_it_may_mean(born: str, low: int, high: int, adult: Truth) -> None:
    found = facts(birth_date=born)
    assert reading(found.items["age"]).range == Range(Fraction(low), Fraction(high))
    assert judge(at_least("age", "18", "a"), found) is adult


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param({"age": 45}, "45 years", id="an age"),
        pytest.param({"age": "45"}, "45 years", id="an age in text"),
        pytest.param({"age": 45, "birth_date": "1981-05-01"}, "45 years", id="both agree"),
        pytest.param(
            {"age": 44, "birth_date": "1981-05-01"}, "45 years", id="a year apart: the age is older than the record"
        ),
        pytest.param({"age": 54, "birth_date": "1981-05-01"}, "rejected", id="they contradict"),
        pytest.param({"age": 45.5}, "rejected", id="half a year"),
        pytest.param({"age": 200}, "rejected", id="200 years"),
        pytest.param({"age": -1}, "rejected", id="less than nothing"),
        pytest.param({"age": "forty"}, "rejected", id="in words"),
        pytest.param({"age": True}, "rejected", id="true"),
        pytest.param({"birth_date": "2026-11-22"}, "rejected", id="not born yet"),
        pytest.param({"birth_date": "1880-01-01"}, "rejected", id="146 years old"),
        pytest.param({"birth_date": "1981-02-30"}, "rejected", id="no such day"),
        pytest.param(
            {"birth_date": "1981-02-30", "age": 45},
            "rejected",
            id="an unreadable birth date is not replaced by the age",
        ),
        pytest.param({"birth_date": "1981-05-01", "age": "forty"}, "45 years", id="an unreadable age is not needed"),
        pytest.param({}, "missing", id="neither"),
    ],
)
def test_age_from_what_is_given(record: dict[str, Any], expected: str) -> None:
    found = facts(**record)
    assert said(found.items["age"]) == expected
    assert expected != "rejected" or "45.5" in str(record) or problems(found, "age") or problems(found, "birth_date")


@pytest.mark.parametrize(
    ("age", "recorded", "low", "high"),
    [
        pytest.param(64, "2026-11-20", 64, 64, id="yesterday"),
        pytest.param(64, "2025-11-22", 64, 64, id="a day less than a year ago"),
        pytest.param(64, "2025-11-21", 65, 66, id="a year ago: the birthday has been, perhaps again"),
        pytest.param(15, "2023-11-21", 18, 19, id="three years ago"),
        pytest.param(64, "2026-11-22T06:31:55Z", 64, 64, id="today in another time zone"),
        pytest.param(64, None, 64, 64, id="no day: as it was stated"),
    ],
)
def test_a_stated_age_grows(age: int, recorded: str | None, low: int, high: int) -> None:
    found = reading(facts(age=age, recorded=recorded).items["age"]).range
    assert (found.low, found.high) == (low, high)


# --- states ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param({"pregnancy": {"value": "pregnant", "date": RECENT}}, "pregnant", id="dated"),
        pytest.param({"pregnancy": "pregnant", "recorded": RECENT}, "pregnant", id="of the day of the record"),
        pytest.param({"pregnancy": "pregnant"}, "undated", id="undated"),
        pytest.param({"pregnancy": {"value": "pregnant", "date": "2026-11-22"}}, "rejected", id="of tomorrow"),
        pytest.param({"pregnancy": "maybe", "recorded": RECENT}, "rejected", id="no such state"),
        pytest.param({"sex": "female"}, "female", id="sex needs no date"),
        pytest.param({"sex": "unknown", "recorded": RECENT}, "missing", id="an answer that answers nothing"),
    ],
)
def test_states(record: dict[str, Any], expected: str) -> None:
    found = facts(**record).items["pregnancy" if "pregnancy" in record else "sex"]
    assert (found.value if isinstance(found, StateReading) else said(found)) == expected


@pytest.mark.parametrize(("day", "truth"), [("2026-10-22", True), ("2026-10-21", None)])
def test_a_state_stays_current_for_its_days(day: str, truth: Truth) -> None:
    pregnant = State("pregnancy", ("pregnant",), 30, "")
    assert judge(pregnant, facts(pregnancy={"value": "pregnant", "date": day})) is truth


# --- bad fields -----------------------------------------------------------------------------------------------------------------


def test_a_bad_field_is_rejected_and_the_rest_is_kept() -> None:
    found = facts(
        recorded=RECENT, egfr=[f"80 {EGFR}", {"value": "abc"}], phq9="12", sex="woman", medicines=["sertraline", {}],
        serum_magnesium={"value": "0.8 mmol/L", "colour": "red"}, conditions=5, age="forty",
    )  # fmt: skip
    assert said(found.items["phq9"]) == "12"
    assert {said(found.items[item]) for item in ("sex", "age", "serum_magnesium", "egfr")} == {"rejected"}
    assert found.members["ssri"].present is True
    assert gap(found.lists["medicines"]).reason == gap(found.lists["conditions"]).reason == "rejected"
    about = {problem.about for problem in found.problems}
    assert {"egfr[1]", "sex", "age", "medicines[1]", "serum_magnesium", "conditions"} <= about
    assert any("unknown field 'colour'" in problem.what for problem in found.problems)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"egrf": "80"}, "unknown field 'egrf': did you mean 'egfr'?"),
        ({"serum_magnessium": "80"}, "did you mean 'serum_magnesium'?"),
        ({"medication": []}, "unknown field 'medication'"),
        ({"xyz": 1, "phq_9": 2}, "did you mean 'phq9'?"),
        ([], "is a mapping"), ("egfr", "is a mapping"), ({1: 2}, "is a mapping"), (None, "is a mapping"),
        ({"rejected": "egfr"}, "'rejected' must be a list"), ({"rejected": 5}, "'rejected' must be a list"),
        ({"rejected": [{"field": "egfr"}]}, "'rejected' must be a list"),
    ],
)  # fmt: skip
def test_what_is_no_record_is_refused(record: Any, says: str) -> None:
    from mgcds.errors import RecordError

    with pytest.raises(RecordError) as caught:
        read_record(record)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "1e999", "1e-999", "9" * 200, "0x1F", "1_000", "١٢", "NaN", "Infinity", "-", "<", "< mg/dL", [], {}, [[]],
        {"value": None}, {"value": []}, {"value": {}},
        {"value": "1", "date": "0001-01-01T00:00:00+14:00"}, {"value": "1", "date": "9999-12-31T23:59:59-14:00"}, {"value": "1", "date": 0},
        {"value": "1", "date": "0000"}, {"value": "1", "date": "2026-13"}, {"value": "1", "date": "2026-11-20T25:00"}, {"value": "1",
        "date": ["2026"]},
        {"value": "1", "unit": 5}, {"value": "1", "unit": "x" * 500}, {"value": "1", "code": 5}, {"value": "1", "specimen": "clotted"},
        {"value": "1", "status": "?"},
        {"value": "1", "lower_limit": "x" * 500}, {"value": "1", "lower_limit": ["0.7"]}, {"value": "1", "unit": "mmol/L",
        "lower_limit": "1e99 mmol/L"}, b"1", {1: 2},
        (1, 2), 10**30, 1e308, complex(1, 1), object,
    ],
)  # fmt: skip
def test_no_value_of_a_measurement_raises(value: Any) -> None:
    assert "serum_magnesium" in facts(recorded=RECENT, serum_magnesium=value).items
    assert said(facts(recorded=RECENT, serum_magnesium=value, egfr=f"80 {EGFR}").items["egfr"]) == f"80 {EGFR}", (
        "the rest stays"
    )


@pytest.mark.parametrize("value", ["1e9999999", "1e-9999999", "0e9999999", "-1e9999999", "sNaN"])
def test_a_number_that_would_fill_the_memory_is_rejected(value: str) -> None:
    from decimal import Decimal

    assert said(facts(age=value).items["age"]) == "rejected"
    assert said(facts(egfr={"value": Decimal(value), "unit": EGFR, "date": RECENT}).items["egfr"]) == "rejected"


# --- lists ----------------------------------------------------------------------------------------------------------------------

SSRI = Taking("ssri", None, None, None, "")


@pytest.mark.parametrize(
    ("record", "why", "ssri"),
    [
        pytest.param({}, "missing", None, id="no list"),
        pytest.param({"medicines": [], "recorded": RECENT}, None, False, id="asked and none"),
        pytest.param({"medicines": ["metformin"], "recorded": RECENT}, None, False, id="others only"),
        pytest.param({"medicines": ["sertraline"], "recorded": RECENT}, None, True, id="one of them"),
        pytest.param({"medicines": "sertraline", "recorded": RECENT}, None, True, id="a single one"),
        pytest.param({"medicines": ["metformin"], "medicines_reconciled": "2026-10-22"}, None, False, id="reviewed 30 days ago"),
        pytest.param({"medicines": ["metformin"], "medicines_reconciled": "2026-10-21"}, "stale", None, id="reviewed 31 days ago"),
        pytest.param({"medicines": ["sertraline"], "medicines_reconciled": "2026-10-21"}, "stale", True, id="what is there stays there"),
        pytest.param({"medicines": ["metformin"]}, "not reconciled", None, id="never reviewed"),
        pytest.param({"medicines": ["metformin"], "medicines_reconciled": "2026-11-22"}, "not reconciled", None, id="reviewed tomorrow"),
        pytest.param({"medicines": ["metformin"], "medicines_reconciled": "soon", "recorded": RECENT}, "rejected", None, id="reviewed at no date"),
        pytest.param({"medicines": ["metformin"], "medicines_reconciled": "2026-11", "recorded": RECENT}, None, False, id="reviewed this month"),
        pytest.param({"medicines": ["sertrallyne"], "recorded": RECENT}, "not recognised", None, id="misspelt"),
        pytest.param({"medicines": ["sertraline", "grandmother's pills"], "recorded": RECENT}, "not recognised", True, id="one is known, one is not"),
        pytest.param({"medicines": [{"name": "xyzzy", "status": "stopped"}], "recorded": RECENT}, None, False, id="unknown, but stopped"),
        pytest.param({"medicines": [{}], "recorded": RECENT}, "rejected", None, id="an entry without name"),
        pytest.param({"antidepressants": ["sertraline"], "recorded": RECENT}, "missing", True, id="the short way names one and closes nothing"),
        pytest.param({"antidepressants": ["mirtazapine"], "recorded": RECENT}, "missing", None, id="and does not rule the others out"),
        pytest.param({"medicines": [], "antidepressants": ["sertraline"], "recorded": RECENT}, None, True, id="both together"),
    ],
)  # fmt: skip
def test_when_the_medicine_list_says_something(record: dict[str, Any], why: str | None, ssri: Truth) -> None:
    found = facts(**record)
    assert (said(found.lists["medicines"]) if found.lists["medicines"] else None) == why
    assert judge(SSRI, found) is ssri


def test_an_entry_that_nothing_recognises_is_asked_about_by_name() -> None:
    found = facts(
        recorded=RECENT,
        medicines=["metformin", "Herbal mix no. 7", {"codes": [{"system": "ndc", "code": "0093-7198-01"}]}],
    )
    assert gap(found.lists["medicines"]).detail == "Herbal mix no. 7, ndc 0093-7198-01"
    assert [problem.what for problem in problems(found, "medicines")] == [
        "'Herbal mix no. 7' is not recognised",
        "'ndc 0093-7198-01' is not recognised",
    ]


@pytest.mark.parametrize(
    ("entry", "taken"),
    [
        pytest.param({}, True, id="active"),
        pytest.param({"status": "stopped"}, False, id="stopped"),
        pytest.param({"status": "on-hold"}, None, id="on hold: it may be taken again"),
        pytest.param({"status": "unknown"}, None, id="status unknown"),
        pytest.param({"stop": "2026-11-20"}, False, id="stopped yesterday"),
        pytest.param({"stop": "2026-11-21"}, True, id="the day it is stopped still counts"),
        pytest.param({"stop": "2026-12-01"}, True, id="to be stopped"),
        pytest.param({"stop": "2026-10"}, False, id="stopped last month"),
        pytest.param({"stop": "2026-11"}, None, id="stopped this month, before or after today"),
        pytest.param({"stop": "2026"}, None, id="stopped this year"),
        pytest.param({"start": "2026-11-21"}, True, id="started today"),
        pytest.param({"start": "2026-11-22"}, False, id="to be started tomorrow"),
        pytest.param({"start": "2026-12"}, False, id="to be started next month"),
        pytest.param({"start": "2026-11"}, None, id="started this month, before or after today"),
        pytest.param({"start": "2026-10"}, True, id="started last month"),
        pytest.param({"start": "2020", "stop": "2021"}, False, id="years ago"),
    ],
)
def test_whether_an_entry_is_current(entry: dict[str, str], taken: Truth) -> None:
    found = facts(recorded=RECENT, medicines=[{"name": "sertraline", **entry}])
    assert judge(SSRI, found) is taken
    assert found.lists["medicines"] is None


@pytest.mark.parametrize(
    ("starts", "at_least", "at_most", "truth"),
    [
        pytest.param(["2026-09-22"], 60, None, True, id="day 60"),
        pytest.param(["2026-09-23"], 60, None, False, id="day 59"),
        pytest.param(["2026-09-22"], None, 60, True, id="at most, day 60"),
        pytest.param(["2026-09-21"], None, 60, False, id="at most, day 61"),
        pytest.param([None], 60, None, None, id="since an unknown day"),
        pytest.param([None, "2026-01-01"], 60, None, True, id="the longest running decides"),
        pytest.param([None, "2026-11-01"], 60, None, None, id="the other one may run longer"),
        pytest.param(["2026-09"], 51, None, True, id="a month: from 52 to 81 days"),
        pytest.param(["2026-09"], 60, None, None, id="a month that lies on both sides"),
        pytest.param(["2026-09"], 82, None, False, id="a month, too short"),
        pytest.param(["2025"], 325, None, True, id="a year: from 325"),
        pytest.param(["2025"], 689, None, None, id="a year: to 689 days"),
        pytest.param(["2025"], 690, None, False, id="a year, too short"),
    ],
)
def test_for_how_long_a_medicine_is_taken(
    starts: list[str | None], at_least: int | None, at_most: int | None, truth: Truth
) -> None:
    found = facts(recorded=RECENT, medicines=[{"name": "sertraline", "start": start} for start in starts])
    assert judge(Taking("ssri", at_least, at_most, None, ""), found) is truth


@pytest.mark.parametrize(
    ("medicines", "truth"),
    [
        pytest.param([{"name": "sertraline", "start": "2026-09-22"}], True, id="unchanged for 60 days"),
        pytest.param([{"name": "sertraline", "start": "2026-09-23"}], False, id="for 59"),
        pytest.param([{"name": "sertraline"}], None, id="started on an unknown day"),
        pytest.param([{"name": "sertraline", "start": "2026-01-01"}, {"name": "citalopram", "start": "2025-01-01", "stop": "2026-11-01"}], False,
                     id="another of the set stopped this month"),
        pytest.param([{"name": "sertraline", "start": "2026-01-01"}, {"name": "citalopram", "start": "2025-01-01", "stop": "2026-01-01"}], True,
                     id="another stopped long ago"),
        pytest.param([{"name": "sertraline", "start": "2026-01-01"}, {"name": "citalopram", "status": "stopped"}], None,
                     id="another stopped on an unknown day"),
        pytest.param([{"name": "sertraline", "start": "2026-01-01"}, {"name": "citalopram", "start": "2026-12-01"}], True,
                     id="one to come changes nothing yet"),
        pytest.param([{"name": "sertraline", "start": "2026-01-01"}, {"name": "citalopram", "start": "2025-01-01", "status": "on-hold"}], None,
                     id="one is on hold since an unknown day"),
        pytest.param([{"name": "sertraline", "start": "2026-09"}], None, id="a month that lies on both sides"),
        pytest.param([{"name": "sertraline", "start": "2026-01-01"}, {"name": "metformin", "start": "2026-11-19"}], True,
                     id="another medicine says nothing of this set"),
    ],
)  # fmt: skip
def test_since_when_nothing_of_the_set_has_changed(medicines: list[dict[str, str]], truth: Truth) -> None:
    assert judge(Taking("ssri", None, None, 60, ""), facts(recorded=RECENT, medicines=medicines)) is truth


def test_an_open_list_may_hide_a_longer_run_and_a_later_change() -> None:
    found = facts(medicines=[{"name": "sertraline", "start": "2026-11-01"}])
    assert judge(Taking("ssri", 15, None, None, ""), found) is True
    assert judge(Taking("ssri", 60, None, None, ""), found) is None
    assert judge(Taking("ssri", None, None, 15, ""), found) is None
    assert judge(Taking("ssri", None, None, 30, ""), found) is False, "a change 20 days ago is known"


@pytest.mark.parametrize(
    ("record", "truth"),
    [
        ({}, None), ({"conditions": [], "recorded": RECENT}, False), ({"conditions": ["Bipolar disorder"], "recorded": RECENT}, True),
        ({"conditions": ["Bipolar disorder"]}, True), ({"conditions": ["asthma"], "recorded": RECENT}, False), ({"conditions": ["asthma"]}, None),
        ({"conditions": [{"name": "mania", "abated": "2020-01-01"}], "recorded": RECENT}, False),
        ({"conditions": [{"name": "mania", "abated": "2026-11"}], "recorded": RECENT}, None),
        ({"conditions": [{"codes": [{"system": "snomed", "code": "999999"}]}], "recorded": RECENT}, None),
        ({"conditions": [{"codes": [{"system": "icd10cm", "code": "J45.9"}]}], "recorded": RECENT}, False),
        ({"conditions": ["asthma"], "conditions_reconciled": "2025-11-21"}, False), ({"conditions": ["asthma"],
        "conditions_reconciled": "2025-11-20"}, None),
    ],
)  # fmt: skip
def test_the_problem_list_rules_out_only_when_it_is_complete(record: dict[str, Any], truth: Truth) -> None:
    assert judge(Has("conditions", "bipolar_disorder", ""), facts(**record)) is truth


# --- supplemental magnesium ------------------------------------------------------------------------------------------------------


def supplemental(*supplements: dict[str, Any], **record: Any) -> Reading | StateReading | Gap:
    given = {"recorded": RECENT, "medicines": [], "supplements": list(supplements), **record}
    return facts(**given).items["supplemental_magnesium"]


def product(name: str, dose: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "daily_dose": dose, **more}


def exactly(mg: str) -> Range:
    return Range.exactly(Fraction(mg))


def from_(mg: str) -> Range:
    return Range(Fraction(mg), None)


@pytest.mark.parametrize(
    ("supplements", "medicines", "expected"),
    [
        pytest.param([], [], exactly("0"), id="asked and none"),
        pytest.param([product("magnesium chloride", "248 mg elemental")], [], exactly("248"), id="one"),
        pytest.param([product("magnesium chloride", "248 mg elemental"), product("magnesium hydroxide", "200 mg elemental")], [], exactly("448"),
                     id="248 and an antacid of 200"),
        pytest.param([product("magnesium oxide", "100 mg elemental"), product("magnesium oxide", "300 mg elemental")], [], exactly("400"),
                     id="one product twice"),
        pytest.param([product("magnesium oxide", "100 mg elemental"), product("magnesium oxide", "100 mg elemental")], [], exactly("200"),
                     id="one product twice, the same dose"),
        pytest.param([product("magnesium oxide", "403.04 mg salt of MgO")], [], exactly("243.05"), id="a salt by its formula"),
        pytest.param([product("magnesium oxide"), product("magnesium citrate", "200 mg elemental")], [], from_("200"),
             id="one of two without a dose"),
        pytest.param([product("magnesium citrate", "200 mg elemental")], ["magnesium oxide"], from_("200"), id="one more on the medicine list"),
        pytest.param([product("magnesium oxide", "300 mg elemental", status="stopped"), product("magnesium oxide", "100 mg elemental")],
        [], exactly("100"),
                     id="the stopped one does not count"),
        pytest.param([product("magnesium oxide", "300 mg elemental", status="on-hold"), product("magnesium citrate", "100 mg elemental")],
        [], from_("100"),
                     id="one on hold may come on top"),
        pytest.param([product("magnesium citrate", "100 mg elemental")], ["xyzzy"], from_("100"), id="an unknown entry may hold more"),
        pytest.param([{"codes": [{"system": "rxnorm", "code": "6582"}], "daily_dose": "100 mg elemental"}], [], exactly("100"),
             id="known by its code alone"),
        pytest.param([product("vitamin D3 cholecalciferol", "300 mg elemental")], [], exactly("0"), id="no magnesium"),
        pytest.param([product("esomeprazole magnesium", "20 mg")], [], exactly("0"), id="the salt of another drug"),
    ],
)  # fmt: skip
def test_elemental_magnesium_of_all_products_is_added_up(
    supplements: list[Any], medicines: list[Any], expected: Range
) -> None:
    assert reading(supplemental(*supplements, medicines=medicines)).range == expected


def test_a_dose_that_does_not_say_is_asked_about_by_name() -> None:
    found = facts(recorded=RECENT, medicines=[], supplements=[product("Magnesium oxide", "MgO 500 mg")])
    assert [problem.what for problem in problems(found, "supplemental_magnesium")] == [
        "'Magnesium oxide': is its dose elemental or of a salt, and how much a day?"
    ]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"medicines": None}, "missing"),
        ({"medicines": [], "recorded": None}, "not reconciled"),
        ({"medicines": ["xyzzy"]}, "not recognised"),
        ({"medicines": [{"name": "magnesium oxide", "status": "on-hold"}]}, "imprecise"),
        ({"medicines": ["magnesium oxide"]}, "imprecise"),
        ({"supplements": [product("magnesium oxide", "500 mg")]}, "imprecise"),
    ],
)
def test_whether_magnesium_is_taken_or_how_much_may_itself_be_unknown(record: dict[str, Any], expected: str) -> None:
    assert said(supplemental(**record)) == expected


# --- terminology: the traps of real data, on the built-in value sets --------------------------------------------------------------

CLASSES = {
    "ssri",
    "snri",
    "tca",
    "maoi",
    "other_antidepressant",
    "ppi",
    "magnesium_product",
    "lithium",
    "digoxin",
    "diuretic",
    "potassium_sparing_diuretic",
    "fluoroquinolone",
    "tetracycline",
    "dolutegravir",
    "dolutegravir_rilpivirine",
    "other_integrase_inhibitor",
    "thyroid_hormone",
    "bisphosphonate",
    "oral_iron",
    "phenothiazine_or_sulpiride",
    "azole_antifungal",
    "azithromycin",
    "ace_inhibitor",
    "rosuvastatin",
    "phenytoin",
    "quinidine_or_chloroquine",
    "aminoglycoside",
    "opioid",
    "calcineurin_inhibitor",
    "magnesium_threonate",
    "sodium_polystyrene",
}


def classes(name: str | None, *codes: tuple[str, str]) -> set[str]:
    return CLASSES & load_pack().vocabularies["medicines"].match(name, codes).value_sets


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "esomeprazole magnesium 20 MG Delayed Release Oral Capsule", {"ppi"}, id="the salt of a PPI is no magnesium"
        ),
        pytest.param("Esomeprazole Magnesium", {"ppi"}, id="in capitals"),
        pytest.param("omeprazole magnesium 20 MG", {"ppi"}, id="of another PPI"),
        pytest.param("magnesium salicylate 580 MG Oral Tablet", set(), id="an analgesic is no magnesium"),
        pytest.param("choline magnesium trisalicylate", set(), id="another one"),
        pytest.param("magnesium oxide 400 MG Oral Tablet", {"magnesium_product"}, id="a magnesium product"),
        pytest.param(
            "aluminum hydroxide 40 MG/ML / magnesium hydroxide 40 MG/ML Oral Suspension",
            {"magnesium_product"},
            id="an antacid of two",
        ),
        pytest.param("esomeprazole magnesium, magnesium citrate", {"ppi", "magnesium_product"}, id="both in one text"),
        pytest.param("Escitalopram 10 MG", {"ssri"}, id="escitalopram"),
        pytest.param("BuPROPion (Sustained Release)", {"other_antidepressant"}, id="tall-man letters and brackets"),
        pytest.param("Zoloft", {"ssri"}, id="a brand"),
        pytest.param("sertraline 50 MG Oral Tablet [Zoloft]", {"ssri"}, id="name and brand"),
        pytest.param("sertra\u200bline", {"ssri"}, id="a zero-width space inside"),
        pytest.param("\ufeffsertraline\u200b", {"ssri"}, id="zero-width spaces around"),
        pytest.param("ｓｅｒｔｒａｌｉｎｅ", {"ssri"}, id="full-width letters"),
        pytest.param("SERTRALINE-HCL", {"ssri"}, id="a hyphen ends a word"),
        pytest.param("lithium carbonate 300 MG", {"lithium"}, id="lithium"),
        pytest.param("desvenlafaxine", {"snri"}, id="holds venlafaxine as part of a word, and is an SNRI itself"),
        pytest.param("metformin", set(), id="something else"),
        pytest.param("sertralin-like", set(), id="part of a word is no match"),
        pytest.param("Juluca", {"dolutegravir_rilpivirine"}, id="its interval is not that of dolutegravir"),
        pytest.param(
            "dolutegravir 50 MG / rilpivirine 25 MG Oral Tablet", {"dolutegravir_rilpivirine"}, id="as RxNorm writes it"
        ),
        pytest.param("abacavir / dolutegravir / lamivudine", {"dolutegravir"}, id="with others than rilpivirine"),
        pytest.param("Cabenuva", set(), id="an injection needs no spacing"),
        pytest.param("cabotegravir 30 MG Oral Tablet", {"other_integrase_inhibitor"}, id="the tablet of it does"),
        pytest.param("Iron 65 mg tablet", {"oral_iron"}, id="a bare iron is taken by mouth"),
        pytest.param("multivitamin with iron", {"oral_iron"}, id="iron among others"),
        pytest.param("multivitamin without iron", set(), id="iron that is not in it"),
        pytest.param("iron sucrose 20 MG/ML", set(), id="an iron that is injected"),
        pytest.param("Venofer", set(), id="by its brand"),
        pytest.param("iron dextran", set(), id="another one"),
        pytest.param("iron 100 mg IV", set(), id="intravenous, in two letters"),
        pytest.param("sucroferric oxyhydroxide", set(), id="an iron that binds phosphate and is hardly absorbed"),
        pytest.param("Ironsorb-like calamine, ferric oxide", set(), id="iron in a name, and as a colour"),
        pytest.param("ferrous sulfate 325 mg and iron sucrose 200 mg", {"oral_iron"}, id="one by mouth, one not"),
        pytest.param("ciprofloxacin 400 mg IV", set(), id="an antibiotic into the vein"),
        pytest.param("ciprofloxacin 500 MG Oral Tablet", {"fluoroquinolone"}, id="and by mouth"),
        pytest.param("doxycycline 100 MG Injection", set(), id="a tetracycline into the vein"),
        pytest.param("azithromycin 500 mg for infusion", set(), id="azithromycin into the vein"),
        pytest.param("azithromycin 250 mg", {"azithromycin"}, id="no route said: by mouth"),
        pytest.param("fosphenytoin", set(), id="holds phenytoin as part of a word, and is an injection"),
        pytest.param("amisulpride 50 mg", set(), id="holds sulpride, and is not sulpiride"),
        pytest.param("fluphenazine decanoate", set(), id="a depot"),
        pytest.param(
            "amitriptyline hydrochloride 10 MG / perphenazine 2 MG Oral Tablet",
            {"tca", "phenothiazine_or_sulpiride"},
            id="two in one tablet",
        ),
        pytest.param("Promazine", {"phenothiazine_or_sulpiride"}, id="promazine"),
        pytest.param("ketoconazole 2 % shampoo", set(), id="on the skin"),
        pytest.param("fluconazole", set(), id="an azole no label names"),
        pytest.param(
            "rosuvastatin magnesium", {"rosuvastatin"}, id="the salt of a statin is no magnesium, and is the statin"
        ),
        pytest.param("quinine sulfate", set(), id="quinine is not quinidine"),
        pytest.param(
            "Hydroxychloroquine", {"quinidine_or_chloroquine"}, id="chloroquine inside a longer word, and named"
        ),
        pytest.param("chloroprocaine", set(), id="not chloroquine"),
        pytest.param("enalaprilat", set(), id="an injection whose name begins with enalapril"),
        pytest.param("lisinopril", set(), id="an ACE inhibitor no label names"),
        pytest.param(
            "captopril 25 MG / hydrochlorothiazide 15 MG", {"ace_inhibitor", "diuretic"}, id="with a thiazide"
        ),
        pytest.param("zoledronic acid", set(), id="a bisphosphonate only for the vein"),
        pytest.param("tobramycin eye drops", set(), id="on the eye"),
        pytest.param("tobramycin 300 MG inhalation solution", {"aminoglycoside"}, id="inhaled it is absorbed in part"),
        pytest.param("tacrolimus ointment", set(), id="on the skin, not in the blood"),
        pytest.param("apomorphine", set(), id="holds morphine as part of a word"),
        pytest.param("naloxone", set(), id="against opioids"),
        pytest.param("dextromethorphan", set(), id="a cough syrup"),
        pytest.param("Suboxone", {"opioid"}, id="buprenorphine with naloxone"),
        pytest.param("Magtein", {"magnesium_product", "magnesium_threonate"}, id="magnesium L-threonate by its brand"),
        pytest.param("magnesium L-threonate 2 g", {"magnesium_product", "magnesium_threonate"}, id="with its hyphen"),
        pytest.param("magnesium threonine-free", {"magnesium_product"}, id="not threonate"),
        pytest.param("Kayexalate", {"sodium_polystyrene"}, id="a resin by its brand"),
        pytest.param("Armour Thyroid", {"thyroid_hormone"}, id="of animals"),
    ],
)
def test_medicines_by_their_text(name: str, expected: set[str]) -> None:
    assert classes(name) == expected


def test_escitalopram_is_not_found_as_citalopram() -> None:
    match = load_pack().vocabularies["medicines"].match("escitalopram 10 MG", ())
    assert match.how == "text 'escitalopram'"
    assert load_pack().vocabularies["medicines"].match("xcitalopram", ()).recognised is False


@pytest.mark.parametrize(
    ("codes", "expected", "recognised"),
    [
        pytest.param([("rxnorm", "36437")], {"ssri"}, True, id="RxNorm ingredient"),
        pytest.param([("http://www.nlm.nih.gov/research/umls/rxnorm", "36437")], {"ssri"}, True, id="by its URI"),
        pytest.param([("atc", "N06AB06")], {"ssri"}, True, id="ATC"),
        pytest.param([("atc", "N06AB99")], {"ssri"}, True, id="a new substance of the class, by prefix"),
        pytest.param([("atc", "A10BA02")], set(), True, id="another drug's full ATC code is known"),
        pytest.param([("atc", "N06")], set(), False, id="a group is no drug"),
        pytest.param([("rxnorm", "1665210")], set(), True, id="an infusion of a fluoroquinolone, by its code"),
        pytest.param([("atc", "J05AR21")], {"dolutegravir_rilpivirine"}, True, id="Juluca"),
        pytest.param([("atc", "B03AC02")], set(), True, id="iron into the vein"),
        pytest.param([("atc", "B03AE10")], {"oral_iron"}, True, id="iron with others, by prefix"),
        pytest.param(
            [("atc", "C09BA01")],
            {"ace_inhibitor", "diuretic"},
            True,
            id="a code of one set under the prefix of another",
        ),
        pytest.param(
            [("atc", "C03EA01")], {"diuretic", "potassium_sparing_diuretic"}, True, id="a thiazide with amiloride"
        ),
        pytest.param([("rxnorm", "999999999")], set(), False, id="unknown RxNorm code"),
        pytest.param([("http://hl7.org/fhir/sid/ndc", "0093-7198-01")], set(), False, id="NDC only"),
        pytest.param([("local", "36437")], set(), False, id="the same number in another system"),
    ],
)
def test_medicines_by_their_codes(codes: list[tuple[str, str]], expected: set[str], recognised: bool) -> None:
    match = load_pack().vocabularies["medicines"].match(None, tuple(codes))
    assert CLASSES & match.value_sets == expected
    assert match.recognised is recognised


def test_ndc_with_a_name_is_known_by_its_name() -> None:
    match = load_pack().vocabularies["medicines"].match("BuPROPion (Sustained Release)", (("ndc", "0093-5501-01"),))
    assert match.recognised
    assert "antidepressant" in match.value_sets


@pytest.mark.parametrize(
    ("name", "codes", "expected"),
    [
        pytest.param(None, [("icd10cm", "F32.9")], {"depression"}, id="ICD-10-CM"),
        pytest.param(None, [("icd10cm", "F329")], {"depression"}, id="without its dot"),
        pytest.param(None, [("icd10cm", "f32.9")], {"depression"}, id="in small letters"),
        pytest.param(None, [("icd10cm", "F32.5")], set(), id="in full remission"),
        pytest.param(None, [("icd10cm", "F31.81")], {"bipolar_disorder"}, id="by prefix"),
        pytest.param(None, [("icd10cm", "F3181")], {"bipolar_disorder"}, id="by prefix, without its dot"),
        pytest.param(
            None,
            [("icd10cm", "F31.2")],
            {"bipolar_disorder"},
            id="bipolar, though the code itself is of another set too",
        ),
        pytest.param("Major depressive disorder, recurrent", [], {"depression"}, id="by words"),
        pytest.param("Family history of depression", [], set(), id="of somebody else"),
        pytest.param("Bipolar disorder, current episode depressed", [], {"bipolar_disorder"}, id="bipolar"),
        pytest.param("Suicidal ideation", [], {"suicidality"}, id="suicidality"),
        pytest.param("Family history of suicide", [], set(), id="suicide of somebody else"),
        pytest.param("Depressed\u200b mood; major\u200b depression", [], {"depression"}, id="zero-width spaces"),
    ],
)
def test_diagnoses(name: str | None, codes: list[tuple[str, str]], expected: set[str]) -> None:
    wanted = {"depression", "bipolar_disorder", "suicidality"}
    assert wanted & load_pack().vocabularies["conditions"].match(name, tuple(codes)).value_sets == expected


# --- change since magnesium was begun --------------------------------------------------------------------------------------------

ON_TRIAL = {"medicines": [], "supplements": [{"name": "magnesium chloride", "start": "2026-10-10"}], "recorded": RECENT}


@pytest.mark.parametrize(
    ("scores", "fall", "percent"),
    [
        pytest.param({"2026-10-01": "12", RECENT: "7"}, "5", "125/3", id="12 to 7"),
        pytest.param({"2026-10-10": "12", RECENT: "6"}, "6", "50", id="the day it was begun is still before"),
        pytest.param({"2026-09-12": "12", RECENT: "6"}, "6", "50", id="28 days before"),
        pytest.param({"2026-09-11": "12", RECENT: "6"}, "missing", "missing", id="29 days before is too old"),
        pytest.param({"2026-10-01": "20", "2026-10-09": "10", RECENT: "6"}, "4", "40", id="the last one before counts"),
        pytest.param({"2026-10-01": "10", "2026-10-20": "2", RECENT: "15"}, "-5", "-50", id="the newest counts, a rise is negative"),
        pytest.param({"2026-10-01": "0", RECENT: "3"}, "-3", "imprecise", id="from 0 there is no per cent"),
        pytest.param({"2026-10-01": "12"}, "missing", "missing", id="none since the start"),
        pytest.param({RECENT: "6"}, "missing", "missing", id="none before"),
        pytest.param({"2026-10-01": "12", "2026-10-08": "30", RECENT: "6"}, "missing", "missing", id="the last one before is impossible"),
    ],
)  # fmt: skip
def test_the_fall_of_a_score_since_magnesium_was_begun(scores: dict[str, str], fall: str, percent: str) -> None:
    found = facts(phq9=[result(value, day) for day, value in scores.items()], **ON_TRIAL).items
    for item, expected in (("phq9_fall", fall), ("phq9_fall_percent", percent)):
        change = found[item]
        assert (change.reason if isinstance(change, Gap) else reading(change).range) == (
            expected if expected.isalpha() else Range.exactly(Fraction(expected))
        )


@pytest.mark.parametrize(
    ("scores", "before", "day"),
    [
        pytest.param({"2026-10-01": "12", RECENT: "7"}, (12, 12), (41, 41), id="one before, one since"),
        pytest.param({"2026-10-10": "12"}, (12, 12), "missing", id="the day it was begun is before, not day 0"),
        pytest.param({"2026-09-11": "12", "2026-10-11": "6"}, "missing", (1, 1), id="29 days before is too old; the day after is day 1"),
        pytest.param({"2026-10-01": "12", "2026-11": "6"}, (12, 12), (22, 42), id="a month without a day may be any of its days so far"),
        pytest.param({"2026-10-01": "12", RECENT: "40"}, (12, 12), "rejected", id="the newest is impossible"),
    ],
)  # fmt: skip
def test_the_score_before_magnesium_and_the_day_of_the_newest(scores: dict[str, str], before: Any, day: Any) -> None:
    found = facts(phq9=[result(value, when) for when, value in scores.items()], **ON_TRIAL).items
    for item, expected in (("phq9_before", before), ("phq9_day", day)):
        change = found[item]
        assert (change.reason if isinstance(change, Gap) else reading(change).range) == (
            expected if isinstance(expected, str) else Range(*expected)
        )


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param({"supplements": []}, "missing", id="no magnesium"),
        pytest.param({"supplements": ["magnesium chloride"]}, "imprecise", id="begun on an unknown day"),
        pytest.param({"supplements": [{"name": "magnesium chloride", "start": "2026-10"}]}, "imprecise", id="begun some day of a month"),
        pytest.param({"medicines": None}, "missing", id="no medicine list"),
        pytest.param({"medicines": ["zorblaxin"]}, "not recognised", id="a medicine nobody knows may be magnesium"),
    ],
)  # fmt: skip
def test_without_a_known_start_there_is_no_fall(record: dict[str, Any], reason: str) -> None:
    given = {**ON_TRIAL, **record}
    scores = [result("12", "2026-10-01"), result("6")]
    assert gap(facts(phq9=scores, **given).items["phq9_fall"]).reason == reason


@pytest.mark.parametrize(
    ("planned", "days"),
    [("2026-11-21", (0, 0)), ("2026-12-05", (14, 14)), ("2026-12", (10, 40)), ("2026-11", (0, 9)), ("2026-11-20", None), (None, None)],
)  # fmt: skip
def test_days_to_a_planned_operation(planned: str | None, days: tuple[int, int] | None) -> None:
    found = facts(planned_surgery=planned).items["days_to_surgery"]
    assert (None if isinstance(found, Gap) else reading(found).range) == (days and Range(*days))
