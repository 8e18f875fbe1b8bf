"""Every statement of the specification about services has a test that names its number, or a reason why it has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mgcds.service.app import create_app
from tests.service import signing
from tests.service.asking import KIDNEYS, parts, request
from tools import conformance

PAGE = Path(__file__).parents[2] / "docs" / "cds-hooks-conformance.md"
BASE, PATH = "https://cds.example.org", "/cds-services/mgcds-patient-view"


def test_the_list_is_that_of_services() -> None:
    rows = conformance.statements()
    assert len(rows) == 120
    assert len({row["number"] for row in rows}) == 120


def test_every_statement_is_answered_and_by_one_way_only() -> None:
    numbers = {int(row["number"]) for row in conformance.statements()}
    tests, others = conformance.tested().keys(), conformance.without_tests().keys()
    assert numbers - tests - others == set()
    assert tests & others == set()
    assert (tests | others) - numbers == set()


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == conformance.table()


def test_a_test_that_goes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded fault: without the tests of summaries, statement 83 has no answer."""
    tests = {number: names for number, names in conformance.tested().items() if number != 83}
    monkeypatch.setattr(conformance, "tested", lambda: tests)
    with pytest.raises(KeyError, match="83"):
        conformance.table()


# --- tokens, from the door to the card ----------------------------------------------------------------------------------------------


def called(token: str | None) -> int:
    with TestClient(create_app(parts(gate=signing.gate())), base_url=BASE) as client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.post(PATH, json=request(**KIDNEYS), headers=headers).status_code


@pytest.mark.requirement(176, 177, 200, 205)
@pytest.mark.parametrize(("alg", "key"), [("ES384", signing.EC), ("RS384", signing.RSA)])
def test_a_signed_call_is_answered(alg: str, key: object) -> None:
    header = {"alg": alg, "typ": "JWT", "kid": "ec" if alg == "ES384" else "rsa"}
    assert called(signing.signed(header, signing.claims(aud=f"{BASE}{PATH}"), key, alg)) == 200


@pytest.mark.requirement(176, 177)
def test_a_call_without_a_token_is_not() -> None:
    assert called(None) == 401


@pytest.mark.requirement(195)
@pytest.mark.parametrize(
    "changes", [{"iss": "https://stranger.example"}, {"aud": f"{BASE}/cds-services"}, {"iss": None}, {"jti": None}]
)
def test_nobody_else_is_trusted(changes: dict[str, str | None]) -> None:
    header = {"alg": "ES384", "typ": "JWT", "kid": "ec"}
    assert called(signing.signed(header, signing.claims(**{"aud": f"{BASE}{PATH}", **changes}))) == 401


@pytest.mark.requirement(195, 199)
@pytest.mark.parametrize(
    ("jku", "status"),
    [(None, 200), (signing.JKU, 200), ("https://evil.example/keys", 401)],
    ids=["none", "known", "other"],
)
def test_keys_come_from_where_the_allow_list_says(jku: str | None, status: int) -> None:
    """Without a jku they were handed over before, as a file."""
    header = {"alg": "ES384", "typ": "JWT", "kid": "ec", **({"jku": jku} if jku else {})}
    assert called(signing.signed(header, signing.claims(aud=f"{BASE}{PATH}"))) == status


@pytest.mark.requirement(201)
def test_a_token_without_a_signature_is_refused() -> None:
    header, payload = {"alg": "none", "typ": "JWT", "kid": "ec"}, signing.claims(aud=f"{BASE}{PATH}")
    assert called(f"{signing.encoded(header)}.{signing.encoded(payload)}.") == 401


@pytest.mark.requirement(203)
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_token_with_a_shared_secret_is_refused(alg: str) -> None:
    header = {"alg": alg, "typ": "JWT", "kid": "ec"}
    assert called(signing.signed(header, signing.claims(aud=f"{BASE}{PATH}"), signing.SHARED, alg)) == 401
