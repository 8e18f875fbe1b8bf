"""The documentation as a reader sees it: axe, narrow windows, paper, the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mgcds.cli
from mgcds.review.documentation import DOCUMENTATION, docs_root, find_pages, render_docs
from mgcds.review.rendering import Site
from tests.review.browser import a_page, needs_a_browser, violations

pytestmark = needs_a_browser
WIDTHS = {"A4": 182, "Letter": 188}
"""millimetres between the margins of the style sheet"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = Site(tmp_path_factory.mktemp("site"), (DOCUMENTATION,), {})
    site.write_style()
    render_docs(site, mgcds.cli.app)
    return site.folder


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with a_page() as page:
        yield page


def show(page: Any, folder: Path, path: str, width: int = 1280, **media: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(**{"media": "screen", "color_scheme": "light", **media})
    page.goto((folder / "docs" / f"{path}.html").as_uri())


def overflows(page: Any) -> list[str]:
    """What is cut off at the right, and cannot be scrolled to in a box of its own."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('main *')]
            .filter(each => !each.closest('.scroll, pre') && each.getBoundingClientRect().right > window.innerWidth + 1)
            .map(each => each.tagName + ': ' + each.textContent.slice(0, 60))"""
    )
    return found


@pytest.mark.parametrize("path", find_pages(docs_root()))
def test_axe_finds_nothing(page: Any, folder: Path, path: str) -> None:
    for scheme, width in (("light", 320), ("dark", 1280)):
        show(page, folder, path, width, color_scheme=scheme)
        assert violations(page) == [], f"{scheme}, {width}"


def test_axe_would_find_something(page: Any, folder: Path) -> None:
    """Seeded fault: pale text, and a link without words."""
    show(page, folder, "index")
    page.evaluate(
        "document.querySelector('.prose p').style.color = '#bbb'; document.querySelector('.prose a').textContent = ''"
    )
    assert {each.partition(":")[0] for each in violations(page)} >= {"color-contrast", "link-name"}


@pytest.mark.parametrize("path", find_pages(docs_root()))
def test_nothing_is_cut_off(page: Any, folder: Path, path: str) -> None:
    show(page, folder, path, 320)
    assert overflows(page) == []
    for width in WIDTHS.values():
        show(page, folder, path, round(width / 25.4 * 96), media="print")
        cut = page.evaluate(
            "() => [...document.querySelectorAll('.scroll, pre')].filter(each => each.scrollWidth > each.clientWidth + 1).length"
        )
        assert (overflows(page), cut) == ([], 0), f"{width} mm"


def test_what_is_cut_off_would_be_noticed(page: Any, folder: Path) -> None:
    show(page, folder, "index", 320)
    page.evaluate("document.querySelector('.prose p').style.width = '60rem'")
    assert overflows(page) != []


def test_the_keyboard_reaches_the_content_first_and_scrolls_code(page: Any, folder: Path) -> None:
    show(page, folder, "tutorial", 600)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "PRE"
