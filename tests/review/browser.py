"""Debian's chromium, driven through playwright, and axe in it. What is missing for them is said, not passed over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parents[2] / "tools" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@cache
def what_is_missing() -> str | None:
    """Why no page can be looked at here."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "NOT TESTED: playwright is not installed"
    if chromium() is None:
        return "NOT TESTED: chromium is not installed (apt-get install chromium)"
    return None if AXE.is_file() else "NOT TESTED: axe is not installed (npm ci --prefix tools/axe)"


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


needs_a_browser = pytest.mark.skipif(
    what_is_missing() is not None and os.environ.get("MGCDS_BROWSER") != "required", reason=what_is_missing() or ""
)


@contextmanager
def opened(**settings: Any) -> Iterator[Any]:
    """A page of a browser of its own; `settings` as for `browser.new_page`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium())
        try:
            yield browser.new_page(**settings)
        finally:
            browser.close()


def violations(page: Any) -> list[str]:
    """What axe finds on the page as it is: rule, element, and what is wrong."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", list(RULES))
    return [
        f"{violation['id']}: {node['target'][0]}: {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
