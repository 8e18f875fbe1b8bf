"""Pages in a real browser: axe-core, and what a reader would see. Needs Debian's chromium, playwright and `npm ci` in tools/axe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).resolve().parents[2] / "tools" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium")


def what_is_missing() -> str | None:
    """What to install before pages can be looked at; None where all is there."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "NOT TESTED: pages in a browser need playwright (pip install playwright)"
    if CHROMIUM is None:
        return "NOT TESTED: pages in a browser need chromium (apt-get install chromium)"
    return None if AXE.is_file() else "NOT TESTED: pages in a browser need axe-core (npm ci --prefix tools/axe)"


LACKING = what_is_missing()
needs_a_browser = pytest.mark.skipif(
    LACKING is not None and os.environ.get("MGCDS_BROWSER") != "required", reason=LACKING or ""
)


_open: list[Any] = []  # the browsers that are open now


@cache
def _playwright() -> Any:
    """One for all open browsers: a second beside it is refused."""
    from playwright.sync_api import sync_playwright

    return sync_playwright().start()


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser, closed at the end; with the last one ends playwright, beside which no asyncio runs."""
    _open.append(browser := _playwright().chromium.launch(executable_path=CHROMIUM))
    try:
        yield browser
    finally:
        browser.close()
        _open.remove(browser)
        if not _open:
            _playwright().stop()
            _playwright.cache_clear()


@contextmanager
def opened(browser: Any, html: str, **context: Any) -> Iterator[Any]:
    """A page with this content; `scheme`, `width` and the like as the browser's context takes them."""
    size = {"width": context.pop("width", 1280), "height": 900}
    with browser.new_context(viewport=size, **context) as shown:
        page = shown.new_page()
        page.set_content(html)
        yield page


@contextmanager
def a_page(**settings: Any) -> Iterator[Any]:
    """An empty page of a browser of its own; `settings` as for `browser.new_page`."""
    with chromium() as browser:
        yield browser.new_page(**settings)


def violations(page: Any) -> list[str]:
    """What axe-core finds wrong, as `rule: element`. The source runs by the debugger, so that a page without scripts stays one."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {node['target']}" for one in found["violations"] for node in one["nodes"]]
