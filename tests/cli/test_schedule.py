"""`mgcds schedule` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import ROOT, Ended, mgcds, process

EXAMPLE = str(ROOT / "examples" / "schedule" / "day.yaml")
JULUCA = "medicines: [{name: Juluca, times: [08:00]}]\n"
UNKNOWN = "medicines: [{name: Herbal mix no. 7, times: [08:00]}, {name: Tivicay}]\n"


def scheduled(day: str, *options: str) -> Ended:
    return mgcds("schedule", "-", *options, given=day.encode())


def test_the_example_is_answered_with_times_and_reasons() -> None:
    ended = process("schedule", EXAMPLE)
    out = ended.stdout.decode()
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "FEASIBLE" in out.splitlines()[0]
    assert "Free: 11:00 to 02:00." in out
    times = [line.split()[0] for line in out.splitlines() if line[2:4].isdigit()]
    assert times == sorted(times) == ["07:00", "08:00", "08:00", "11:00", "22:00"]
    together = " ".join(out.split())
    assert "ok: 4 hours after Levothyroxine 100 micrograms (at least 4 hours)" in together
    assert "[dolutegravir: pmc3940684-dolutegravir, guide-therapeutique-vih, excerpt]" in together
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("times", "code", "answer"),
    [
        pytest.param(["12:00"], 0, "feasible", id="4 hours after"),
        pytest.param(["10:00"], 1, "not feasible", id="2 hours after"),
        pytest.param(["02:00"], 0, "feasible", id="6 hours before"),
        pytest.param(["02:00", "10:00"], 1, "not feasible", id="one of two is too near"),
    ],
)
def test_given_times_are_checked(times: list[str], code: int, answer: str) -> None:
    options = [part for time in times for part in ("--at", time)]
    ended = scheduled(JULUCA, *options, "--format", "json")
    written: dict[str, Any] = json.loads(ended.out)
    assert (ended.code, written["answer"]) == (code, answer)
    assert [dose["at"] for dose in written["magnesium"]] == sorted(times)


def test_what_is_too_near_is_said() -> None:
    ended = scheduled(JULUCA, "--at", "10:00")
    assert "Magnesium at 10:00 (asked about) is too near Juluca." in ended.out
    assert "TOO NEAR: 2 hours after Juluca (at least 4 hours)" in " ".join(ended.out.split())


def test_what_is_not_known_is_asked_for_and_no_time_is_shown() -> None:
    ended = scheduled(UNKNOWN)
    assert ended.code == 1
    assert "CANNOT TELL" in ended.out.splitlines()[0]
    assert "'Herbal mix no. 7' is not recognised" in ended.out
    assert "At what times is 'Tivicay' taken?" in ended.out
    assert "Free:" not in ended.out
    assert "magnesium (proposed)" not in ended.out


def test_what_leaves_no_time_is_named() -> None:
    avoid = scheduled("medicines: [{name: Biktarvy, times: [08:00]}]")
    assert avoid.code == 1
    assert "No time is offered with Biktarvy." in avoid.out
    full = scheduled("medicines: [{name: iron, times: [00:00, 06:00, 12:00, 18:00]}]")
    assert full.code == 1
    assert "No 2 times are left by iron." in full.out
    assert "Free: no time of the day." in full.out


def test_json_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "day.json"
    path.write_text(json.dumps({"medicines": [{"name": "Tivicay", "times": ["08:00"]}], "doses": 1}))
    ended = mgcds("schedule", str(path), "--format", "json")
    assert ended.code == 0
    assert json.loads(ended.out)["windows"] == [["10:00", "02:00"]]


@pytest.mark.parametrize(
    ("day", "says"),
    [
        pytest.param(
            "medicines: [{name: x, times: [25:00]}]", "standard input: medicines.0.times: not a time", id="no time"
        ),
        pytest.param("medicine: []", "did you mean 'medicines'?", id="a misspelt key"),
        pytest.param("medicines: [", "is not YAML", id="no YAML"),
        pytest.param('{"medicines": [', "is not valid JSON", id="no JSON"),
        pytest.param("[]", "a day is a mapping", id="a list"),
        pytest.param("", "is not a mapping", id="nothing"),
    ],
)
def test_2_where_the_day_cannot_be_used(day: str, says: str) -> None:
    ended = scheduled(day)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


def test_2_where_a_time_of_the_command_is_none() -> None:
    ended = scheduled(JULUCA, "--at", "noon")
    assert ended.code == 2
    assert "08:00" in ended.err
