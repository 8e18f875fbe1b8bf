"""`mgcds export cql`: the library, the facts of a record as its parameters, and the exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer

from mgcds.cli import app
from mgcds.exports import cql_parameters
from tests.cli.running import KIDNEYS, ON, ROOT, mgcds


def test_the_library_goes_to_standard_output_or_into_a_file(tmp_path: Path) -> None:
    ended = mgcds("export", "cql")
    assert (ended.code, ended.err) == (0, "")
    assert "library MgcdsMagnesiumDepression version" in ended.out
    assert 'define "rule: severe-renal-impairment":\n  "criterion: eGFR below 30 mL/min/1.73m2"\n  or' in ended.out
    written = mgcds("export", "cql", "-o", str(tmp_path / "pack.cql"))
    assert (written.code, written.out) == (0, "")
    assert (tmp_path / "pack.cql").read_text(encoding="utf-8") == ended.out


def test_the_limits_are_those_of_the_chosen_place() -> None:
    assert "// Limits of a place are those of: us\n" in mgcds("export", "cql", "--jurisdiction", "us").out


def test_the_facts_of_a_record_are_the_parameters_of_the_library(tmp_path: Path) -> None:
    (tmp_path / "kidneys.yaml").write_text(KIDNEYS)
    ended = mgcds("export", "cql", "--facts", str(tmp_path / "kidneys.yaml"), *ON)
    assert (ended.code, ended.err, ended.out.count("\n")) == (0, "", 1)
    given = json.loads(ended.out)
    about_kidneys = {name: value for name, value in given.items() if name.startswith("egfr ")}
    assert about_kidneys == {"egfr low": 25.0, "egfr high": 25.0, "egfr days": 1, "egfr gap": "none"}
    assert given["serum_magnesium low"] is None
    assert given["serum_magnesium gap"] == "missing"
    assert given["ppi present"] is None, "no list of medicines: unknown, not absent"
    declared = [line.split('"')[1] for line in mgcds("export", "cql").out.splitlines() if line.startswith("parameter ")]
    assert list(given) == declared


def test_a_pack_with_problems_is_not_exported(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(ROOT / "rules", pack)
    rule = pack / "safety" / "severe-renal-impairment.yaml"
    rule.write_text(rule.read_text().replace("below: 30", "belwo: 30"))
    ended = mgcds("export", "cql", "--rules", str(pack))
    assert (ended.code, ended.out) == (1, "")
    assert "belwo" in ended.err


def test_limits_that_do_not_fit_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cql_parameters, "FARTHEST", 100)
    ended = mgcds("export", "cql")
    assert (ended.code, ended.out) == (1, "")
    assert "the limits of '" in ended.err
    assert "write them with fewer digits" in ended.err


@pytest.mark.parametrize("arguments", [["--facts", "nowhere.yaml"], ["-o", "nowhere/pack.cql"], ["--format", "json"]])
def test_what_cannot_be_read_written_or_understood_is_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = mgcds("export", "cql", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err


def test_help_explains_each_option() -> None:
    command = typer.main.get_command(app).commands["export"].commands["cql"]  # type: ignore[attr-defined]
    words = " ".join(mgcds("export", "cql", "--help").out.split())
    for parameter in command.params:
        assert len(parameter.help or "") > 10 or parameter.name == "help", parameter.name
        assert parameter.opts[0] in words
    assert "3 nothing advised" in " ".join(mgcds("export", "--help").out.split())
