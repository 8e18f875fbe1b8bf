"""The pages in a real browser: axe, keyboard, paper, telephone, with and without JavaScript."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.review.browser import chromium, needs_a_browser, violations
from tests.review.conftest import Pages

pytestmark = needs_a_browser
KINDS_OF_PAGE = (
    "index.html", "map.html", "invariants.html", "precedence.html", "evidence.html", "claims.html", "medicines.html", "items.html",
    "trace.html", "glossary.html", "rules/severe-renal-impairment.html", "rules/trial-dose.html", "rules/confirm-low-magnesium.html",
    "rules/medicine-needs-spacing.html",
)  # fmt: skip
A4, LETTER = 687, 709
"""CSS pixels between the margins of 14 mm: 210 and 215.9 mm wide"""
PHONE = 360


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Any) -> Any:
    return browser.new_page()


def go(page: Any, pages: Pages, href: str, **media: str) -> None:
    page.emulate_media(**{"media": "screen", "color_scheme": "light", **media})
    page.goto((pages.folder / href).as_uri())


def open_details(page: Any) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("href", KINDS_OF_PAGE)
def test_axe_finds_nothing(page: Any, pages: Pages, href: str, scheme: str) -> None:
    go(page, pages, href, color_scheme=scheme)
    open_details(page)
    assert violations(page) == []


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        pytest.param("document.querySelector('label[for=by-kind]').remove()", "select-name", id="a field without a label"),
        pytest.param("document.documentElement.removeAttribute('lang')", "html-has-lang", id="no language"),
        pytest.param("document.querySelector('h1 + p').style.color = '#aaa'", "color-contrast", id="faint text"),
        pytest.param("document.querySelector('h1').outerHTML = '<h5>Rules</h5>'", "page-has-heading-one", id="no main heading"),
    ],
)  # fmt: skip
def test_axe_finds_a_seeded_fault(page: Any, pages: Pages, fault: str, rule: str) -> None:
    go(page, pages, "index.html")
    page.evaluate(fault)
    assert any(found.startswith(f"{rule}: ") for found in violations(page))


def test_axe_finds_a_picture_without_a_name(page: Any, pages: Pages) -> None:
    go(page, pages, "rules/severe-renal-impairment.html")
    page.evaluate("document.querySelector('svg').removeAttribute('aria-labelledby')")
    page.evaluate("document.querySelectorAll('svg title').forEach(each => each.remove())")
    assert any(found.startswith("svg-img-alt: ") for found in violations(page))


# --- keyboard ----------------------------------------------------------------------------------------------------------------------

FOCUSED = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  return [at.tagName, at.textContent.trim().slice(0, 40), style.outlineStyle, at.className];
}"""


def test_the_first_key_leads_past_the_navigation(page: Any, pages: Pages) -> None:
    go(page, pages, "rules/trial-dose.html")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)[1] == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_every_control_is_reached_and_seen_by_keyboard(page: Any, pages: Pages) -> None:
    go(page, pages, "rules/severe-renal-impairment.html")
    wanted = page.evaluate("document.querySelectorAll('a[href], summary, [tabindex=\"0\"]').length")
    reached = 0
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        tag, words, outline, _ = page.evaluate(FOCUSED)
        if tag == "BODY":
            break
        reached += 1
        assert outline == "solid", f"{tag} '{words}' has no visible focus"
    hidden = page.evaluate(
        "[...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')].filter(each => !each.checkVisibility()).length"
    )
    assert reached == wanted - hidden


def test_a_table_behind_a_summary_opens_by_keyboard(page: Any, pages: Pages) -> None:
    go(page, pages, "rules/severe-renal-impairment.html")
    page.focus("figure.grid summary")
    page.keyboard.press("Enter")
    assert page.is_visible("figure.grid details table")


# --- filters and search -------------------------------------------------------------------------------------------------------------


def shown(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "#all-rules tbody tr", "rows => rows.filter(row => row.getClientRects().length).map(row => row.dataset.kind)"
    )
    return found


def test_filters_work_without_javascript(browser: Any, pages: Pages) -> None:
    with browser.new_page(java_script_enabled=False) as still:
        go(still, pages, "index.html")
        assert not still.is_visible("#words")  # the search needs it, so it is not offered
        still.select_option("#by-kind", "stop")
        assert set(shown(still)) == {"stop"}
        still.select_option("#by-kind", "all")
        assert len(shown(still)) == len(list((pages.folder / "rules").iterdir()))


def test_search_finds_a_rule_by_what_it_says(page: Any, pages: Pages) -> None:
    go(page, pages, "index.html")
    page.fill("#words", "nephrology today")
    assert page.locator("#all-rules tbody tr:visible").all_text_contents() != []
    found = page.locator("#all-rules tbody tr:visible th").all_text_contents()
    assert all("renal" in text.lower() or "kidney" in text.lower() for text in found)
    assert page.text_content("#number").endswith(" rules")
    page.fill("#words", "no rule says this")
    assert shown(page) == []


# --- paper and telephone -----------------------------------------------------------------------------------------------------------------

CLIPPED = """() => [...document.querySelectorAll('table, svg, pre, figure, dl')]
  .filter(each => each.getClientRects().length && !each.closest('.no-print'))
  .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(each => each.tagName + ' ' + (each.caption?.textContent ?? ''))"""


@pytest.mark.parametrize("width", [pytest.param(A4, id="A4"), pytest.param(LETTER, id="Letter")])
def test_nothing_is_clipped_on_paper(page: Any, pages: Pages, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    for href in KINDS_OF_PAGE:
        go(page, pages, href, media="print")
        open_details(page)
        assert page.evaluate(CLIPPED) == [], href
    page.set_viewport_size({"width": 1280, "height": 720})


def test_a_clipped_table_is_noticed(page: Any, pages: Pages) -> None:
    page.set_viewport_size({"width": A4, "height": 1000})
    go(page, pages, "trace.html", media="print")
    page.evaluate("document.querySelector('td').innerHTML = '<div style=\"width: 60rem\">wide</div>'")
    assert page.evaluate(CLIPPED) != []
    page.set_viewport_size({"width": 1280, "height": 720})


SEEN = "document.querySelector('{}').checkVisibility({{contentVisibilityAuto: true}})"


def test_the_logic_that_is_folded_on_a_screen_is_printed(page: Any, pages: Pages) -> None:
    seen = SEEN.format("#logic ~ details table")
    go(page, pages, "rules/integrase-inhibitor-spacing.html")
    assert not page.evaluate(seen)
    page.emulate_media(media="print")
    page.wait_for_function(seen, timeout=10_000)  # what was skipped is laid out with the next frame


@pytest.mark.parametrize("inside", ["figure.grid details table", "#scenarios ~ details li"])
def test_what_says_a_thing_twice_is_printed_only_if_opened(page: Any, pages: Pages, inside: str) -> None:
    go(page, pages, "rules/severe-renal-impairment.html", media="print")
    assert not page.evaluate(SEEN.format(inside))
    open_details(page)
    page.wait_for_function(SEEN.format(inside), timeout=10_000)  # what was skipped is laid out with the next frame


def last_sheet(page: Any, file: Path) -> str:
    """The text of the last sheet of paper: pdftotext parts the sheets."""
    if shutil.which("pdftotext") is None and os.environ.get("MGCDS_BROWSER") != "required":
        pytest.skip("NOT TESTED: sheets of paper need pdftotext (apt-get install poppler-utils)")
    page.pdf(path=file, format="A4")
    ran = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True)
    return ran.stdout.rstrip("\f").split("\f")[-1]


BOX = "fit for use with the remarks below"


@pytest.mark.parametrize("rule", ["severe-renal-impairment", "supplement-alone", "bradycardia"])
def test_the_footer_stands_on_the_sheet_of_the_signature(page: Any, pages: Pages, tmp_path: Path, rule: str) -> None:
    go(page, pages, f"rules/{rule}.html", media="print")
    last = last_sheet(page, tmp_path / "page.pdf")
    assert "Not a medical device" in last
    assert BOX in last


def test_a_footer_alone_on_a_sheet_is_noticed(page: Any, pages: Pages, tmp_path: Path) -> None:
    go(page, pages, "rules/bradycardia.html", media="print")
    page.add_style_tag(content=".keep { break-inside: auto } .only-print { break-before: page }")
    last = last_sheet(page, tmp_path / "page.pdf")
    assert "Not a medical device" in last
    assert BOX not in last


def test_the_list_of_contents_is_folded_where_there_is_no_room(page: Any, pages: Pages) -> None:
    seen = SEEN.format(".contents li a")
    go(page, pages, "rules/severe-renal-impairment.html")
    assert page.evaluate(seen)
    assert not page.is_visible(".contents summary")
    page.set_viewport_size({"width": 390, "height": 740})
    assert not page.evaluate(seen)
    page.click(".contents summary")
    assert page.evaluate(seen)
    page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize("href", KINDS_OF_PAGE)
def test_a_telephone_scrolls_tables_not_the_page(page: Any, pages: Pages, href: str) -> None:
    page.set_viewport_size({"width": PHONE, "height": 740})
    go(page, pages, href)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    page.set_viewport_size({"width": 1280, "height": 720})


def test_nothing_is_asked_of_the_network(browser: Any, pages: Pages) -> None:
    with browser.new_page() as watched:
        asked: list[str] = []
        watched.on("request", lambda request: asked.append(request.url))
        for href in KINDS_OF_PAGE:
            go(watched, pages, href)
        assert asked
        assert {url.partition(":")[0] for url in asked} == {"file"}
        assert {url.rpartition(".")[2] for url in asked} <= {"html", "css"}
