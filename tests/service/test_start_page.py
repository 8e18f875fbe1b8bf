"""The page at `/`: readable without a script, made of nothing from elsewhere, and with nothing on it that was not escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mgcds.errors import EngineDisagreement, PackError
from mgcds.loading import load_pack
from mgcds.service.app import create_app
from mgcds.service.serve import application
from mgcds.service.settings import read_settings
from mgcds.service.start_page import StartPage, example
from tests.service.asking import parts
from tests.service.signing import EC, key_set

KIDNEYS = "recorded: 2026-11-20\negfr: 25 mL/min/1.73m2\n"
SCRIPT = "<script>alert(1)</script>"


def page(**more: Any) -> TestClient:
    made = parts(**more)
    app = create_app(made)
    app.include_router(StartPage(made, [("cds-services", "discovery")]).router())
    return TestClient(app)


def sent(record: str, on: str = "2026-11-21", **more: Any) -> Any:
    return page(**more).post("/", data={"record": record, "on": on})


class Elements(HTMLParser):
    """The tags, and what they ask for from elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action", "srcset", "data")]


def test_it_says_what_is_served() -> None:
    text, pack = page().get("/").text, load_pack()
    assert pack.hooks is not None
    for service in pack.hooks.services:
        assert service.id in text
    assert pack.version in text
    assert "No rule of this pack has been signed by a clinician yet" in text
    assert "Made-up patients only" in text
    assert "Sertraline 100 mg tablet" in text, "the example stands in the form"


def test_nothing_comes_from_elsewhere_and_there_is_no_script() -> None:
    answer = page().get("/")
    found = Elements(answer.text)
    assert not {"script", "link", "img", "iframe", "object"} & set(found.tags)
    assert found.addresses
    assert not [address for address in found.addresses if ":" in address or address.startswith("/")]
    assert not re.search(r"url\(|@import|\bon\w+=", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_example_is_assessed() -> None:
    text = sent(example(), "2026-11-21").text
    assert "Confirm and work up a low magnesium" in text
    assert text.index("<pre>") < text.index("Offered")
    assert text.count("Sertraline 100 mg tablet") >= 1, "what was sent stays in the form"


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(KIDNEYS, id="YAML"),
        pytest.param('{"recorded": "2026-11-20", "egfr": "25 mL/min/1.73m2"}', id="JSON"),
    ],
)
def test_kidneys(record: str) -> None:
    answer = sent(record)
    assert answer.status_code == 200
    assert "Severe renal impairment" in answer.text


@pytest.mark.parametrize(
    ("record", "on"),
    [
        pytest.param(f"recorded: 2026-11-20\nmedicines: ['{SCRIPT}']\n", "2026-11-21", id="a medicine"),
        pytest.param(f"</textarea>{SCRIPT}", "2026-11-21", id="no record"),
        pytest.param(f"'{SCRIPT}': 1", "2026-11-21", id="a field"),
        pytest.param(f"recorded: '{SCRIPT}'", "2026-11-21", id="a date"),
        pytest.param(KIDNEYS, f'">{SCRIPT}', id="the day"),
        pytest.param('{"resourceType": "' + SCRIPT + '"}', "2026-11-21", id="FHIR"),
    ],
)
def test_what_is_sent_becomes_no_markup(record: str, on: str) -> None:
    answer = sent(record, on)
    assert SCRIPT not in answer.text
    assert "&lt;script&gt;" in answer.text, "it was there, escaped"
    assert Elements(answer.text).tags.count("textarea") == 1


def test_markup_that_was_not_escaped_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mgcds.service.start_page.escape", str)
    with pytest.raises(AssertionError):
        test_what_is_sent_becomes_no_markup(f"</textarea>{SCRIPT}", "2026-11-21")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param(b"record=" + b"a" * 300_000, "application/x-www-form-urlencoded", 413, id="too long"),
        pytest.param(b"a=b", "application/x-www-form-urlencoded", 400, id="no record"),
        pytest.param(b"record=%ff", "application/x-www-form-urlencoded", 400, id="no text"),
        pytest.param(b"record=a&b=1&c=1&d=1&e=1", "application/x-www-form-urlencoded", 400, id="too many fields"),
        pytest.param(b"record=a&on=today", "application/x-www-form-urlencoded", 400, id="no day"),
        pytest.param(b"record=%5B%5B&on=2026-11-20", "application/x-www-form-urlencoded", 400, id="no YAML"),
        pytest.param(
            b"record=" + b"%5B" * 60_000 + b"&on=2026-11-20", "application/x-www-form-urlencoded", 400, id="deep"
        ),
        pytest.param(b"{}", "application/json", 415, id="no form"),
        pytest.param(b"", "", 415, id="nothing"),
    ],
)
def test_what_cannot_be_read_is_said(body: bytes, kind: str, status: int) -> None:
    answer = page().post("/", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert "<pre>" in answer.text


def test_a_fault_is_said_and_gives_no_assessment() -> None:
    def fails(*_: Any) -> Any:
        raise EngineDisagreement("secret")

    text = sent(KIDNEYS, evaluate=fails).text
    assert "Nothing was evaluated" in text
    assert "secret" not in text
    assert "Severe renal impairment" not in text


def test_without_a_pack_there_is_a_page_all_the_same() -> None:
    def none() -> Any:
        raise PackError(())

    assert "No rule pack can be used" in page(pack=none).get("/").text


def test_with_tokens_it_is_there_only_where_a_setting_says_so(tmp_path: Path) -> None:
    (tmp_path / "ehr.json").write_bytes(key_set(EC))
    (tmp_path / "clients.json").write_text('{"clients": [{"issuer": "https://ehr.example.org", "keys": "ehr.json"}]}')
    asked = {"MGCDS_DATABASE": "none", "MGCDS_CLIENTS": str(tmp_path / "clients.json")}
    for more, status in (({}, 404), ({"MGCDS_START_PAGE": "yes"}, 200)):
        with application(read_settings({}, {**asked, **more})) as (app, _):
            client = TestClient(app)
            assert client.get("/").status_code == status
            assert client.get("/cds-services").status_code == 401
    open_to_all = read_settings({}, {"MGCDS_DATABASE": "none", "MGCDS_NO_AUTH": "yes"})
    with application(open_to_all) as (app, _):
        assert TestClient(app).get("/").status_code == 200
