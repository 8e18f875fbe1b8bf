"""How far a long command has come, with rate and remaining time: on a terminal only, and never on standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import pick_unit_and_suffix
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Amount(ProgressColumn):
    """How much of how much is done, and the rate: short, so that a line of 80 characters has room for the bar and the remaining time too."""

    def render(self, task: Task) -> Text:
        return Text(f"{short(task.completed)}/{short(task.total or 0)} {rate(task.speed or 0):>8}")


def short(number: float) -> str:
    """In thousands, millions or milliards where there are many: 17.1M."""
    unit, suffix = pick_unit_and_suffix(int(number), ["", "k", "M", "G"], 1000)
    return f"{number / unit:.1f}{suffix}" if suffix else f"{number:.0f}"


def rate(speed: float) -> str:
    """A second, or a minute where it is less than one a second; nothing while it is not known."""
    return "" if speed <= 0 else f"{short(speed)}/s" if speed >= 1 else f"{60 * speed:.1f}/min"


def bar() -> Progress:
    """On standard error, gone when it is over."""
    columns = (TextColumn("{task.description}"), BarColumn(20), _Amount(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


@contextmanager
def counting(what: str, whole: int) -> Iterator[Callable[[int], None]]:
    """A bar for so many of something; it is told how many more are done."""
    with bar() as shown:
        task = shown.add_task(what, total=whole)
        yield lambda more: shown.advance(task, more)


@contextmanager
def phases() -> Iterator[Callable[[str, int, int], None]]:
    """A bar a phase; it is told the phase, how much of it is done, and of how much."""
    with bar() as shown:
        tasks: dict[str, TaskID] = {}

        def tell(phase: str, done: int, of: int) -> None:
            if phase not in tasks:
                tasks[phase] = shown.add_task(phase, total=of)
            shown.update(tasks[phase], completed=done, total=of)

        yield tell
