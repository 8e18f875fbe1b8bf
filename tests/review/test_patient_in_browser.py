"""The page of a patient in Chromium: axe-core finds nothing, it prints without clipped tables, the unit switch works by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mgcds.loading import load_pack
from mgcds.review import notebook
from tests.review.browser import chromium, needs_a_browser, opened, violations
from tests.review.patients import AMARA, URGENT, assessed, crowded, hostile, page_of

pytestmark = needs_a_browser
RECORDS = {"amara": AMARA, "urgent": URGENT, "nothing known": {}, "hostile": hostile(), "crowded": crowded(40)}
# The width between the margins of the style sheet's @page (14 mm each), at 96 pixels an inch.
PAPER = {"A4": 688, "Letter": 710}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def open_all(page: Any) -> None:
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")


# --- axe ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_axe_finds_nothing(browser: Any, record: dict[str, Any], scheme: str) -> None:
    with opened(browser, page_of(record), color_scheme=scheme) as page:
        open_all(page)
        assert violations(page) == []


@pytest.mark.parametrize(
    ("written", "instead", "rule"),
    [
        pytest.param('<html lang="en-GB">', "<html>", "html-has-lang", id="no language"),
        pytest.param("--soft: #535b63", "--soft: #b9bdc1", "color-contrast", id="grey on white"),
        pytest.param("--soft: #a9b0b6", "--soft: #40464c", "color-contrast", id="grey on black"),
        pytest.param('aria-labelledby="phq9-title phq9-description"', "", "svg-img-alt", id="a picture without words"),
        pytest.param(
            '<h3 id="trial-dose-title">', '<h6 id="trial-dose-title">', "heading-order", id="a heading skipped"
        ),
    ],
)
def test_axe_finds_what_is_wrong(
    browser: Any, request: pytest.FixtureRequest, written: str, instead: str, rule: str
) -> None:
    html = page_of(AMARA)
    assert written in html
    html = html.replace(written, instead)
    if rule == "svg-img-alt":
        html = html.replace('<title id="phq9-title">PHQ-9 over time</title>', "")
    with opened(browser, html, color_scheme="dark" if "black" in request.node.name else "light") as page:
        assert rule in {each.partition(":")[0] for each in violations(page)}


# --- paper and small screens --------------------------------------------------------------------------------------------------


def too_wide(page: Any) -> list[str]:
    """Elements that reach beyond the right edge, where nothing scrolls."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('main *, header *, footer *')]
          .filter(each => each.getClientRects().length && !each.closest('.hidden-but-read') && each.checkVisibility({contentVisibilityAuto: true}))
          .filter(each => each.getBoundingClientRect().right > innerWidth + 1 || (each.matches('.scroll') && each.scrollWidth > each.clientWidth + 1))
          .map(each => each.tagName + '.' + each.className)"""
    )
    return found


@pytest.mark.parametrize("paper", PAPER)
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_nothing_is_clipped_on_paper(browser: Any, record: dict[str, Any], paper: str) -> None:
    with opened(browser, page_of(record), width=PAPER[paper]) as page:
        page.emulate_media(media="print")
        open_all(page)
        assert too_wide(page) == []


def test_a_clipped_table_is_noticed(browser: Any) -> None:
    with opened(
        browser, page_of(crowded()).replace("</style>", "td { white-space: nowrap !important; }</style>"), width=688
    ) as page:
        page.emulate_media(media="print")
        open_all(page)
        assert too_wide(page)


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_narrow_screen_scrolls_one_way_only(browser: Any, record: dict[str, Any]) -> None:
    with opened(browser, page_of(record), width=320) as page:  # WCAG 1.4.10
        open_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_screen_that_scrolls_both_ways_is_noticed(browser: Any) -> None:
    with opened(browser, page_of(AMARA).replace("</style>", "h1 { min-width: 400px; }</style>"), width=320) as page:
        assert page.evaluate("document.documentElement.scrollWidth") > 320


def folded(page: Any) -> list[str]:
    """Which parts of an offered suggestion are not seen."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('#offered ~ article:not(.not-offered) h4')]
          .filter(each => !each.checkVisibility({contentVisibilityAuto: true})).map(each => each.textContent)"""
    )
    return found


def test_paper_holds_the_whole_basis_of_what_is_offered(browser: Any) -> None:
    with opened(browser, page_of(AMARA)) as page:
        assert {"Options", "Harms", "Limits", "Not studied"} <= set(folded(page))
        page.emulate_media(media="print")
        assert folded(page) == []


# --- no script, no request, by keyboard ---------------------------------------------------------------------------------------


def requests(browser: Any, html: str) -> list[str]:
    asked: list[str] = []
    with browser.new_context() as shown:
        page = shown.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.set_content(html)
    return asked


def test_the_page_asks_for_nothing(browser: Any) -> None:
    assert requests(browser, page_of(hostile())) == []
    free = page_of(AMARA).replace("default-src 'none'", "default-src *")
    assert requests(browser, free.replace("<main", '<img src="http://localhost:9/x" alt=""><main'))


def unit_seen(page: Any) -> list[str]:
    """The units whose values are seen, of the table and of the axis."""
    names = ("mmol/L", "mg/dL", "meq/L")
    return [name for place, name in enumerate(names) if page.locator(f"td .u{place}, svg .u{place}").first.is_visible()]


def test_the_unit_is_switched_by_keyboard_without_a_script(browser: Any) -> None:
    with opened(browser, page_of(AMARA), java_script_enabled=False) as page:
        assert unit_seen(page) == ["mmol/L"]
        page.get_by_label("mmol/L", exact=True).focus()
        page.keyboard.press("ArrowRight")
        assert unit_seen(page) == ["mg/dL"]
        assert page.get_by_text("0.64 mmol/L", exact=True).first.is_visible()  # as reported
        page.keyboard.press("ArrowRight")
        assert unit_seen(page) == ["meq/L"]


def test_a_switch_that_does_nothing_is_noticed(browser: Any) -> None:
    with opened(browser, page_of(AMARA).replace(".switched:has", ".switch:has")) as page:
        assert unit_seen(page) == ["mmol/L", "mg/dL", "meq/L"]


# --- notebook -----------------------------------------------------------------------------------------------------------------


def test_a_notebook_shows_pieces_without_changing_what_is_around_them(browser: Any) -> None:
    record, assessment = assessed(AMARA)
    around = "<!doctype html><html lang=en><title>Notebook</title><body style='margin: 7px'><main><h1>Notebook</h1><p id=own>own</p>{}</main>"
    for shown in (record, assessment, assessment["trial-dose"], load_pack().rules["trial-dose"]):
        with opened(browser, around.format(notebook.html(shown))) as page:
            style = page.evaluate("[getComputedStyle(document.body).margin, getComputedStyle(own).maxWidth]")
            assert style == ["7px", "none"]
            assert page.evaluate("getComputedStyle(document.querySelector('.mgcds')).paddingLeft") == "16px"
            assert violations(page) == []
