"""The bench of populations compares speeds only of implementations that agree: a wrong translation stops it."""

from __future__ import annotations

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import pytest

from bench import expressions, population
from bench.expressions import Written
from mgcds.loading import load_pack

PACK = load_pack()
TABLE = population.patients(PACK, 3_000)


def found() -> dict[str, list[str]]:
    """Implementation → rules on which it differs."""
    codes = {name: population.read_off(way) for name, way in population.ways(PACK, TABLE).items()}
    return {name: population.disagreements(codes["mgcds, codes"], given) for name, given in codes.items()}


def test_polars_and_duckdb_agree_in_both_styles_and_both_forms() -> None:
    given = found()
    assert len(given) == 14
    assert not any(given.values()), given


def test_a_limit_counted_wrongly_is_noticed_in_every_other_implementation(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Written._side
    monkeypatch.setattr(Written, "_side", lambda self, name, end, step, inclusive: right(self, name, end, step, True))
    wrong = found()
    assert not wrong.pop("mgcds, codes")
    assert not wrong.pop("mgcds, bits")
    assert all(wrong.values())


def test_nothing_is_measured_where_another_implementation_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "REJECTED", 9)
    monkeypatch.setattr(population, "in_turns", lambda *_: pytest.fail("measured"))
    with pytest.raises(SystemExit, match="nothing measured"):
        list(population.run(3_000, 1, 3_000))


def test_ten_times_the_rules_are_other_rules() -> None:
    tenfold = population.perturbed(PACK, 10)
    assert len(tenfold.rules) == 10 * len(PACK.rules)
    assert len(tenfold.criteria) > 2 * len(PACK.criteria)
