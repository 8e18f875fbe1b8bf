"""Writing to a terminal or a pipe: wrapped, indented, and without characters that steer the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

STYLES = {
    "urgent": "bold red",
    "stop": "red",
    "defer": "yellow",
    "interaction": "yellow",
    "workup": "cyan",
    "consider": "green",
    "dose": "green",
}

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Without characters that steer a terminal or turn the direction of writing, or are halves of one: a record or a file name may hold them."""
    return _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """The reader of the pipe has gone: for `main` to end quietly, where rich would exit with 1."""
        raise BrokenPipeError


class Printer:
    """Writes to a console; without a terminal it is 80 columns wide and has no colour codes."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or _Console(width=None if sys.stdout.isatty() else 80, highlight=False, soft_wrap=False)

    def line(self, text: str | Text = "", indent: int = 0, style: str = "") -> None:
        """One paragraph, wrapped and indented, without blanks at the end of its lines."""
        whole = Text(text, style=style) if isinstance(text, str) else text
        whole.plain = visible(whole.plain).replace("\n", " ")  # as long as before, so that styles stay where they are
        for wrapped in whole.wrap(self.console, max(self.console.width - indent, 20)) or [Text()]:
            wrapped.rstrip()
            self.console.print(Text(" " * indent) + wrapped, soft_wrap=True)

    def separator(self) -> None:
        """Between the assessments of two records."""
        self.line()
        self.line("═" * 78)
        self.line()

    def heading(self, text: str) -> None:
        """A heading with a line below."""
        self.line()
        self.line(text, style="bold")
        self.line("─" * len(text), style="dim")

    def section(self, title: str, paragraphs: Iterable[str], none: str = "None.") -> None:
        """A heading with paragraphs below it; where there is none, that is said."""
        self.heading(title)
        for paragraph in list(paragraphs) or [none]:
            self.line(paragraph, 2)
