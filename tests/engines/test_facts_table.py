"""A row of the facts table, worked out by hand after docs/population.md."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from typing import Any

import pytest

from mgcds.engines.facts_table import GAPS, Layout, least, most
from mgcds.loading import load_pack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord

ON = date(2026, 11, 21)
PACK = load_pack()
LAYOUT = Layout(PACK)


def row(**record: Any) -> dict[str, Any]:
    return LAYOUT.row(read_facts(PatientRecord(**{"recorded": "2026-11-20", **record}), PACK, ON), "Patient/1")


@pytest.mark.parametrize(
    ("reported", "unit", "low", "high"),
    [
        pytest.param("0.70 mmol/L", 0, 140, 140, id="a step: twice 0.70 times 100"),
        pytest.param("0.699 mmol/L", 0, 139, 139, id="between two steps: odd"),
        pytest.param("1.7 mg/dL", 1, 340, 340, id="in the unit it was reported in"),
        pytest.param("1.4 meq/L", 2, 140, 140, id="each unit has its own scale"),
        pytest.param(">2.6 mg/dL", 1, 521, most("int16"), id="an open end is moved by one"),
        pytest.param("≤0.5 mmol/L", 0, least("int16"), 100, id="a closed end is not"),
        pytest.param("<0.5 mmol/L", 0, least("int16"), 99, id="below"),
        pytest.param("5.99 mmol/L", 0, 1198, 1198, id="extreme, and acted on"),
    ],
)
def test_a_value_in_its_unit(reported: str, unit: int, low: int, high: int) -> None:
    found = row(serum_magnesium=reported)
    assert (found["serum_magnesium_gap"], found["serum_magnesium_days"]) == (0, 1)
    assert [found[f"serum_magnesium_{what}"] for what in ("unit", "low", "high")] == [unit, low, high]


def test_the_laboratorys_own_limit_comes_first() -> None:
    result = {"value": "0.72 mmol/L", "date": "2026-11-20"}
    assert row(serum_magnesium=result)["serum_magnesium_to_lower_low"] > 0
    assert row(serum_magnesium={**result, "lower_limit": "0.72 mmol/L"})["serum_magnesium_to_lower_low"] == 0
    assert row(serum_magnesium={**result, "lower_limit": "0.75 mmol/L"})["serum_magnesium_to_lower_high"] < 0


@pytest.mark.parametrize(
    ("record", "gap"),
    [
        pytest.param({}, "missing", id="none"),
        pytest.param({"egfr": "25"}, "rejected", id="no unit"),
        pytest.param({"egfr": "25 mL/min/1.73m2", "recorded": None}, "undated", id="no date"),
    ],
)
def test_what_is_not_known_is_everything_from_end_to_end(record: dict[str, Any], gap: str) -> None:
    found = row(**record)
    assert GAPS[found["egfr_gap"] - 1] == gap
    assert [found[f"egfr_{what}"] for what in ("low", "high", "days")] == [least("int16"), most("int16"), most("int16")]


def test_a_birth_year_is_a_range_of_ages() -> None:
    found = row(birth_date="1980")
    assert (found["age_low"], found["age_high"]) == (2 * 45, 2 * 46)


def test_states_value_sets_and_days() -> None:
    found = row(
        sex="male", medicines=[{"name": "omeprazole", "start": "2026-08-22"}], medicines_reconciled="2026-11-20"
    )
    (sets,) = LAYOUT.lists["medicines"]
    assert found["sex_state"] == 1
    assert found["medicines_present_0"] >> sets.index("ppi") & 1
    assert not found["medicines_absent_0"] >> sets.index("ppi") & 1
    assert found["medicines_absent_0"] >> sets.index("lithium") & 1
    assert (found["ppi_running_low"], found["ppi_running_high"]) == (2 * 91, 2 * 91)
    assert (found["procedures_present_0"], found["procedures_absent_0"]) == (0, 0), "no list: unknown"


def test_every_column_is_in_every_row_and_only_texts_are_null() -> None:
    for found in (row(), row(egfr="25 mL/min/1.73m2")):
        assert found.keys() == LAYOUT.columns.keys()
        assert {name for name, value in found.items() if value is None} <= {
            name for name, column in LAYOUT.columns.items() if column.told
        }


def test_the_digest_is_that_of_the_layout() -> None:
    assert Layout(load_pack()).digest == LAYOUT.digest
    assert json.loads(json.dumps(LAYOUT.to_dict())) == LAYOUT.to_dict()
    assert Layout(load_pack(None, ["us"])).digest == LAYOUT.digest, "350 mg and 250 mg are steps of the same scale"


def test_neither_mgcds_nor_the_layout_needs_numpy_or_pyarrow() -> None:
    look = "import sys, mgcds, mgcds.engines.facts_table; print([n for n in ('numpy', 'pyarrow') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "[]\n"
