"""Frames of Polars and pandas, and Arrow tables: the statuses are those of the records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from mgcds.engines.columnar import columnar
from mgcds.engines.facts_arrow import facts_table
from mgcds.errors import TableError
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.populations.frames import screen_frame
from tests.agreement.generate import Patients

ON = date(2026, 11, 21)
polars = pytest.importorskip("polars", reason="NOT TESTED: no Polars")
pandas = pytest.importorskip("pandas", reason="NOT TESTED: no pandas")


@pytest.fixture(scope="module")
def some(pack: RulePack) -> list[Facts]:
    patients = Patients(pack, {})
    return [patients.read(seed) for seed in range(60)]


@pytest.mark.parametrize(
    ("into", "rows"),
    [
        pytest.param(lambda table: table, lambda found: found.to_pylist(), id="arrow"),
        pytest.param(lambda table: polars.from_arrow(table), lambda found: found.to_dicts(), id="polars"),
        pytest.param(lambda table: table.to_pandas(), lambda found: found.to_dict("records"), id="pandas"),
    ],
)
@pytest.mark.parametrize("told", [True, False], ids=["with what people read", "without"])
def test_frames(
    into: Callable[[pa.Table], Any], rows: Callable[[Any], Any], told: bool, some: list[Facts], pack: RulePack
) -> None:
    layout = columnar(pack).layout
    frame = into(facts_table(some, layout, told))
    found = screen_frame(frame, pack, ON, layout.digest)
    assert type(found) is type(frame)
    assert rows(found) == [
        {"patient": str(row), **evaluate_facts(pack, facts).statuses} for row, facts in enumerate(some)
    ]


def test_a_frame_that_does_not_say_for_which_rules_it_was_made_is_refused(some: list[Facts], pack: RulePack) -> None:
    table = facts_table(some, columnar(pack).layout)
    assert screen_frame(table, pack, ON).num_rows == len(some)
    for frame, layout in (
        (polars.from_arrow(table), None),
        (table, "another"),
        (table.replace_schema_metadata({}), None),
    ):
        with pytest.raises(TableError, match="made for other rules"):
            screen_frame(frame, pack, ON, layout)


def test_what_does_not_fit_is_refused(some: list[Facts], pack: RulePack) -> None:
    table = facts_table(some, columnar(pack).layout).to_pandas()
    digest = columnar(pack).layout.digest
    with pytest.raises(TableError, match="'egfr_low' is double"):
        screen_frame(table.astype({"egfr_low": "float64"}), pack, ON, digest)
    with pytest.raises(TableError, match="'egfr_low' is missing"):
        screen_frame(table.drop(columns="egfr_low"), pack, ON, digest)
    with pytest.raises(TableError, match="is no data frame"):
        screen_frame([1, 2], pack, ON, digest)
