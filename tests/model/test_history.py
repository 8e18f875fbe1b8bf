"""Results over time and courses of treatment, as a reader compares them. Expected values are worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mgcds.loading import load_pack
from mgcds.model.history import courses, place, results
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord

ON = date(2026, 11, 21)
LAB = {"lower_limit": "0.75 mmol/L", "upper_limit": "0.95 mmol/L"}


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack()


def magnesium(pack: RulePack, *given: Any) -> tuple[Any, ...]:
    return results("serum_magnesium", PatientRecord(serum_magnesium=list(given)), pack, ON)


def test_the_oldest_comes_first_and_each_result_keeps_its_own_limits(pack: RulePack) -> None:
    newer = {"value": "0.72 mmol/L", "date": "2026-11-01", **LAB}
    older = {"value": "0.72 mmol/L", "date": "2025-11-01"}
    first, second = magnesium(pack, newer, older)
    assert (first.dated, second.dated) == ("2025-11-01", "2026-11-01")
    assert (place(first.reading), place(second.reading)) == ("within", "below")  # default 0.70, the laboratory's 0.75
    assert "default" in first.reading.lower_from
    assert second.reading.lower_from == "the laboratory's own limit"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("1.7 mg/dL", "within", id="at the limit in its own unit, though 0.6994 mmol/L"),
        pytest.param("1.69 mg/dL", "below", id="just below it"),
        pytest.param("1.05 mmol/L", "within", id="at the upper limit"),
        pytest.param("1.06 mmol/L", "above", id="just above it"),
        pytest.param("<0.5 mmol/L", "below", id="a bound that lies below"),
        pytest.param(">0.6 mmol/L", "cannot be told", id="a bound that leaves it open"),
    ],
)
def test_where_a_result_lies(pack: RulePack, value: str, expected: str) -> None:
    (found,) = magnesium(pack, {"value": value, "date": "2026-11-01"})
    assert place(found.reading) == expected


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param({"value": "2.0", "date": "2026-11-01"}, "no unit", id="no unit"),
        pytest.param({"value": "0.8 mmol/L", "date": "2027-01-01"}, "after the day of evaluation", id="the future"),
        pytest.param({"value": "0.8 mmol/L"}, "undated", id="no date"),
        pytest.param({"value": "0.8 mmol/L", "date": "2026-11-01", "specimen": ["edta"]}, "edta", id="a spoilt specimen"),
        pytest.param({"value": "low", "date": "2026-11-01"}, "write a number", id="no number"),
    ],
)  # fmt: skip
def test_what_is_not_used_stays_with_its_reason(pack: RulePack, given: dict[str, Any], why: str) -> None:
    good = {"value": "0.8 mmol/L", "date": "2020-01-01"}
    found = [each for each in magnesium(pack, good, given) if each.reading is None]
    assert len(found) == 1
    assert why in " ".join(found[0].notes)


def test_forms_count_among_the_totals(pack: RulePack) -> None:
    complete = {"answers": [1, 1, 1, 1, 1, 1, 1, 1, 0], "date": "2026-10-01"}
    one_missing = {"answers": [2, 2, 2, 2, 2, 2, 2, None, 1], "date": "2026-11-01", "source": "Form/2"}
    none = {"answers": [None] * 9, "date": "2026-11-10"}
    record = PatientRecord(phq9_forms=[complete, one_missing, none], phq9={"value": 20, "date": "2026-09-01"})
    found = results("phq9", record, pack, ON)
    assert [each.value for each in found] == ["20", "8", "15 to 18", "not readable"]
    assert "1 of 9 items is unanswered" in found[2].notes[0]
    assert "unanswered, so there is no total" in found[3].notes[0]


def test_courses_say_when_a_medicine_was_taken(pack: RulePack) -> None:
    medicines = [
        {"name": "Sertraline 50 mg", "start": "2026-01", "stop": "2026-06-01"},
        {"name": "Omeprazole 20 mg", "start": "2026-01-01"},
        "citalopram",
    ]
    record = PatientRecord(medicines=medicines, supplements=["magnesium citrate"], procedures=["CBT"])
    found = list(courses("antidepressant", record, pack, ON))
    assert [(each.name, each.is_current) for each in found] == [("Sertraline 50 mg", False), ("citalopram", True)]
    assert found[0].start is not None
    assert (found[0].start.first, found[0].start.last) == (date(2026, 1, 1), date(2026, 1, 31))
    assert [each.name for each in courses("magnesium_product", record, pack, ON)] == ["magnesium citrate"]
    assert [each.name for each in courses("psychotherapy", record, pack, ON)] == ["CBT"]
    assert list(courses("no_such_set", record, pack, ON)) == []
