"""The bar of a long command: all of it on a line of 80 characters, with rate and remaining time."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from mgcds.printing.progress import bar, rate, short


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0"), (999, "999"), (1_000, "1.0k"), (17_062_646, "17.1M"), (9_990_000_000, "10.0G")]
)
def test_a_number_is_short(number: float, said: str) -> None:
    assert short(number) == said


@pytest.mark.parametrize(
    ("speed", "said"),
    [
        pytest.param(0, "", id="not known yet"),
        pytest.param(0.02, "1.2/min", id="parts take long"),
        pytest.param(1, "1/s", id="one a second"),
        pytest.param(4_596_488, "4.6M/s", id="bytes"),
    ],
)
def test_a_rate(speed: float, said: str) -> None:
    assert rate(speed) == said


def shown(width: int) -> str:
    made = bar()
    made.add_task("sorting by patient", total=999_999_999_999, completed=444_444_444_444)
    console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None)
    console.print(made.get_renderable())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_line_of_80_has_room_for_all_of_it() -> None:
    assert "sorting by patient" in shown(80)
    assert "444.4G/1000.0G" in shown(80)
    assert shown(80).rstrip().endswith("-:--:--")
    assert shown(80) != shown(40), "the check sees what does not fit"
    assert "444.4G/1000.0G" not in shown(40)
