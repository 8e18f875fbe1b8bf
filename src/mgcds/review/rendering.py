"""Pages from templates: one environment, one frame, one style sheet. Everything that is put into a page is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mgcds.errors import ReviewError

_PARTS = re.compile(r'(<[^<>]+>|"[^"]*")')  # a placeholder or a quotation in a step
MOST_BYTES = 500_000
"""of a page: more is slow to open where clinicians work"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation: a page, and the folder of the pages below it."""

    title: str
    href: str
    folder: str | None = None

    def holds(self, here: str) -> bool:
        """Does this page belong below the entry?"""
        return self.folder is not None and here.startswith(f"{self.folder}/")


@cache
def environment() -> Environment:
    """Templates of this package. A name that nothing was given for is an error, not an empty place."""
    found = Environment(
        loader=PackageLoader("mgcds.review"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.filters["slug"] = lambda text: text.replace(" ", "-").replace("_", "-")
    found.filters["parts"] = lambda text: [part for part in _PARTS.split(text) if part]
    return found


@cache
def style() -> str:
    """The style sheet, for pages that carry it inside."""
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Site:
    """A folder of pages with one navigation. `shared`: what every template may name."""

    folder: Path
    navigation: Sequence[Entry]
    shared: dict[str, Any]

    def write(self, href: str, template: str, **context: Any) -> int:
        """Render a page to its place below the folder; how many bytes it has. ReviewError where it is too large."""
        root = "../" * href.count("/")
        text = environment().get_template(template).render(
            root=root, here=href, navigation=self.navigation, **self.shared, **context
        )  # fmt: skip
        written = text.encode()
        if len(written) > MOST_BYTES:
            raise ReviewError(f"the page {href} would have {len(written):,} bytes; {MOST_BYTES:,} are allowed")
        path = self.folder / href
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written)
        return len(written)

    def write_style(self) -> None:
        """The style sheet that all pages link to."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "style.css").write_text(style(), encoding="utf-8")
