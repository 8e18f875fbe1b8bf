"""Who is recorded as deceased is in no table, and counted, whichever way they were read. `test_on_spark` has them too, among its lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mgcds.model.pack import RulePack
from mgcds.populations import flat, one_by_one
from mgcds.populations.burden import burden
from mgcds.populations.burden_page import burden_html
from mgcds.populations.burden_text import print_burden
from mgcds.populations.plain import Flat
from mgcds.populations.screening import SUMMARY, Wanted, screen
from mgcds.populations.sources import source_of
from mgcds.populations.summary import print_summary
from mgcds.printing import Printer
from tests.fhir.builders import condition, patient
from tests.populations.ndjson import magnesium, of

ON = date(2026, 11, 21)
SAID = "Recorded as deceased and left out: 2."
RESOURCES = [
    patient(id="lives"), magnesium("o1", "Patient/lives"),
    patient(id="too", deceasedBoolean=False), condition(id="c", **of("Patient/too")),
    patient(id="dead", deceasedBoolean=True), magnesium("o2", "Patient/dead"),
    patient(id="died"), magnesium("o3", "Patient/died"), patient(id="died", deceasedDateTime="2025"),
]  # fmt: skip
TABLES = {
    "people": "patient,deceased\nPatient/lives,\nPatient/too,false\nPatient/dead,true\nPatient/died,true\n",
    "measurements": "patient,item,value,unit,date\n"
    + "".join(f"Patient/{who},egfr,25,mL/min/1.73m2,2026-11-20\n" for who in ("lives", "dead", "died")),
}


def lines(folder: Path) -> None:
    (folder / "all.ndjson").write_text("\n".join(map(json.dumps, RESOURCES)))


def tables(folder: Path) -> None:
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text)


def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flat, "take", lambda *given: "one by one")


def many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pass


WAYS = [
    pytest.param(lines, many_at_once, id="lines, plain"),
    pytest.param(lines, one_at_a_time, id="lines, one by one"),
    pytest.param(tables, many_at_once, id="flat tables"),
]
Way = pytest.mark.parametrize(("write", "way"), WAYS)
Write, Seed = Callable[[Path], None], Callable[[pytest.MonkeyPatch], None]


def patients_in(out: Path) -> dict[str, set[str]]:
    return {
        name: set(pq.read_table(out / name)["patient"].to_pylist()) for name in ("statuses", "suggestions", "verdicts")
    }


def screened(write: Write, folder: Path, pack: RulePack) -> Any:
    (folder / "in").mkdir()
    write(folder / "in")
    return screen(source_of(folder / "in"), pack, Wanted(folder / "out", ON, verdicts=True), workers=1)


@Way
def test_they_are_in_no_table_of_a_screening(
    write: Write, way: Seed, pack: RulePack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    way(monkeypatch)
    found = screened(write, tmp_path, pack)
    living = {"Patient/lives", "Patient/too"}
    assert patients_in(tmp_path / "out") == {"statuses": living, "suggestions": living, "verdicts": living}
    summary = json.loads((tmp_path / "out" / SUMMARY).read_text())
    assert (summary["patients"], summary["deceased"]) == (2, 2)
    twice = [1] if write is lines else []  # the second resource of who died
    assert [each["number"] for each in summary["unused"]] == [2, *twice], "nothing else is lost"
    print_summary(Printer(), found, pack, ON)
    assert SAID in capsys.readouterr().out


@Way
def test_they_are_no_burden(
    write: Write, way: Seed, pack: RulePack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    way(monkeypatch)
    write(tmp_path)
    found = burden(source_of(tmp_path), pack, ON, workers=1)
    assert (found.patients, found.to_dict()["deceased"]) == (2, 2)
    print_burden(Printer(), found)
    assert SAID in capsys.readouterr().out
    assert SAID in burden_html(found)


# --- seeded faults: each is noticed ---------------------------------------------------------------------------------------------


def taken_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Flat._take_patient

    def wrong(self: Flat, found: Any, one: Any) -> None:
        right(self, found, one)
        one.deceased = False

    monkeypatch.setattr(Flat, "_take_patient", wrong)


def read_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    one_at_a_time(monkeypatch)
    right = one_by_one.read_delivery
    monkeypatch.setattr(
        one_by_one, "read_delivery", lambda *given: (replace(each, deceased=False) for each in right(*given))
    )


def rows_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat, "_living", lambda rows, read: rows)


@pytest.mark.parametrize(("write", "fault"), [(lines, taken_as_alive), (lines, read_as_alive), (tables, rows_as_alive)])
def test_a_seeded_fault_is_noticed(
    write: Write, fault: Seed, pack: RulePack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    screened(write, tmp_path, pack)
    assert all("Patient/dead" in patients for patients in patients_in(tmp_path / "out").values())
