"""What a record says is shown as text: generated hostile texts in every place, rendered as clients do, with raw HTML enabled."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mgcds.service import markdown
from tests.service.asking import ABOUT, EGFR, MAGNESIUM, ask, bundle, draft, medicine, observation

OWN = {"p", "ul", "li", "strong"}
"""The elements that the details of our cards are made of."""
PIECES = [
    "<", ">", "&", "&lt;", "&#60;", "\\", "`", "*", "_", "[", "]", "(", ")", "!", "#", "-", "+", "1.", "|", "~", "\n", "\r\n", "\t", "    ",
    "<script>", "</p>", "<img src=x onerror=alert(1)>", "javascript:", "data:text/html,", "http://", "https://", "www.", "ftp://",
    "mailto:", "evil.example", "@", "a@evil.example", "[x](", "![", "](", "<!--", "-->", "<?", "<![CDATA[", "]]>", "$$", "\u2028",
    "\u202e", "\u200b", "\0", "```", "~~~", "---", "===", "[^1]", "{{", "<a href='javascript:1'>", "\"'", "Magnesium", "a", " ",
]  # fmt: skip
hostile = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join) | st.text(min_size=1, max_size=40)
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_BY_ITSELF = re.compile(r"(?:https?|ftp)://\w|(?<!\w)www\.\w|[\w.+-]+@\w[\w-]*\.\w", re.IGNORECASE)
"""What GitHub Flavored Markdown makes a link of without any markup (section 6.9)."""


class Seen(HTMLParser):
    """The elements of a page, and all that is no text in it."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.odd: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.add(tag)
        self.odd += [f"{tag} {name}" for name, _ in attrs]

    def handle_comment(self, data: str) -> None:
        self.odd.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.odd.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.odd.append("instruction")

    def unknown_decl(self, data: str) -> None:
        self.odd.append("declaration")


def injected(text: str) -> list[str]:
    """What came of a detail that is none of ours."""
    page = Seen(_MARKDOWN.render(text))
    links = ["link"] if _BY_ITSELF.search(re.sub(r"\\(?=[:.])", "\\\\ ", text)) else []
    return sorted(page.elements - OWN) + page.odd + links


@given(hostile)
@settings(max_examples=2000, deadline=None)
def test_an_escaped_text_is_one_line_of_text(text: str) -> None:
    assert injected(f"- Found: {markdown.escaped(text)}") == []


def record_of(text: str) -> dict[str, Any]:
    """A patient whose record holds the text wherever a text can stand."""
    spoilt = observation(MAGNESIUM, 1.0)
    spoilt["code"] = {"coding": [{"system": "http://loinc.org", "code": MAGNESIUM, "display": text}], "text": text}
    spoilt["valueQuantity"]["unit"] = text
    unread = observation(EGFR, 25, valueQuantity={"value": 25, "unit": text}, note=[{"text": text}])
    unknown = {
        "resourceType": "Condition",
        "id": "c",
        "subject": ABOUT,
        "code": {"text": text, "coding": [{"system": text, "code": text}]},
    }
    known = {"resourceType": "Condition", "id": "d", "subject": ABOUT, "code": {"text": f"Bipolar disorder {text}"}}
    return {
        "serumMagnesium": bundle(spoilt), "egfr": bundle(unread), "conditions": bundle(unknown, known),
        "medicationRequests": bundle(
            medicine("x", medicationCodeableConcept={"text": text}, dosageInstruction=[{"text": text}]),
            medicine("y", medicationCodeableConcept={"text": f"Magnesium oxide {text}"}), medicine("Ciprofloxacin 500 mg"),
        ),
    }  # fmt: skip


def told(text: str) -> list[str]:
    """What was injected into any card of any service."""
    found = []
    orders = [draft("z", medicationCodeableConcept={"text": f"Magnesium citrate {text}"})]
    for hook in ("patient-view", "order-select", "order-sign"):
        status, body = ask(hook, *(orders if hook != "patient-view" else []), **record_of(text))
        assert status == 200
        for card in body["cards"]:
            found += injected(card["detail"])
            found += [f"{key} of several lines" for key in ("summary",) if "\n" in card[key]]
    return found


@given(hostile)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_record_puts_an_element_a_link_or_an_image_into_a_card(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "[x](https://evil.example)", "a@evil.example", "**x**\n# y"]
)
def test_a_card_that_escaped_nothing_would_be_noticed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("detail", "cards"):
        monkeypatch.setattr(f"mgcds.service.{module}.escaped", lambda given, *_: given)
    assert told(text) != []
