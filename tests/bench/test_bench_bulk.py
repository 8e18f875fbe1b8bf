"""The bench of NDJSON compares with who reads the same lines: one left out stops it."""

from __future__ import annotations

import pytest

from bench import bulk
from mgcds.loading import load_pack


def test_all_ways_read_all_lines() -> None:
    told = list(bulk.run(load_pack(), 40, 1))
    assert [line.split("  ")[0] for line in told[1:4]] == [
        "DuckDB, into the needed columns",
        "msgspec, into plain resources",
        "mgcds screen, from NDJSON to result",
    ]
    assert told[-1].startswith("mgcds / DuckDB ")


def test_nothing_is_measured_where_lines_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "COLUMNS", {kind: bulk.COLUMNS[kind] for kind in ("Patient", "Observation")})
    monkeypatch.setattr(bulk, "_taken", lambda way: pytest.fail("measured"))
    with pytest.raises(SystemExit, match="not the same lines are read"):
        list(bulk.run(load_pack(), 40, 1))
