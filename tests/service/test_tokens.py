"""Who is let in, and every way to get in that is known of JWT libraries: each attack is refused with the same bare answer."""

from __future__ import annotations

import hmac
import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from joserfc.jwk import ECKey

from mgcds.service import tokens
from mgcds.service.keys import Client, FetchedKeys, fetch_key_set
from mgcds.service.ports import Refused
from mgcds.service.replay import LocalReplay
from mgcds.service.tokens import TokenGate
from tests.service.signing import (
    EC,
    ISSUER,
    JKU,
    NOW,
    OTHER,
    RSA,
    SHARED,
    STRANGER,
    URL,
    bearer,
    claims,
    encoded,
    gate,
    good_token,
    header,
    key_set,
    signed,
)

PUBLIC_PEM = RSA.as_pem(private=False)
PUBLIC_DER = RSA.as_der(private=False)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(good_token, id="ES384"),
        pytest.param(lambda: signed(header(alg="RS384", kid="rsa"), claims(), RSA, "RS384"), id="RS384"),
        pytest.param(lambda: good_token(aud=["https://elsewhere.example", URL]), id="the URL in a list of audiences"),
        pytest.param(lambda: good_token(tenant="clinic"), id="with a tenant"),
        pytest.param(lambda: signed(header(jku=JKU), claims()), id="with the allowed key set named"),
        pytest.param(lambda: signed(header(x5t="unused"), claims()), id="a header that says nothing"),
        pytest.param(lambda: good_token(iat=NOW + 30, exp=NOW + 90), id="a clock half a minute ahead"),
        pytest.param(lambda: good_token(iat=NOW - 149, exp=NOW - 29), id="a clock half a minute behind"),
        pytest.param(lambda: good_token(exp=NOW + 300), id="the longest life"),
        pytest.param(lambda: good_token(iat=NOW - 0.5, exp=NOW + 60.5), id="fractions of a second"),
    ],
)
def test_a_good_token_is_let_in_once(token: Callable[[], str]) -> None:
    door, presented = gate(), bearer(token())
    assert door.admit(presented, URL).issuer == ISSUER
    with pytest.raises(Refused):
        door.admit(presented, URL)
    assert door.refusals == {"replayed": 1}


def test_the_tenant_is_told() -> None:
    assert gate().admit(bearer(good_token(tenant="clinic")), URL).tenant == "clinic"


def doubled(name: str, first: Any, second: Any) -> bytes:
    """Good claims in which one stands twice."""
    rest = json.dumps({key: value for key, value in claims().items() if key != name})
    return f'{rest[:-1]}, "{name}": {json.dumps(first)}, "{name}": {json.dumps(second)}}}'.encode()


def unsigned(alg: str) -> str:
    return f"{encoded(header(alg=alg))}.{encoded(claims())}."


def with_public_key_as_secret(secret: bytes) -> str:
    """The classic confusion: the public key, which everybody knows, taken for an HMAC secret."""
    text = f"{encoded(header(alg='HS384', kid='rsa'))}.{encoded(claims())}"
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), 'sha384'))}"


def embedded() -> str:
    return signed(header(jwk=STRANGER.as_dict(private=False)), claims(), STRANGER)


def tampered(**changes: Any) -> str:
    first, _, last = good_token().split(".")
    return f"{first}.{encoded(claims(**changes))}.{last}"


def blank_signature(signature: bytes) -> str:
    text = f"{encoded(header())}.{encoded(claims())}"
    return f"{text}.{encoded(signature)}"


def odd_curve(curve: str, alg: str) -> str:
    return signed(header(alg=alg), claims(), ECKey.generate_key(curve), alg)


ATTACKS = [
    ("algorithm", "no signature", lambda: unsigned("none")),
    ("algorithm", "no signature, written otherwise", lambda: unsigned("nOnE")),
    ("algorithm", "no signature, empty algorithm", lambda: unsigned("")),
    ("algorithm", "an algorithm that is a list", lambda: signed(header(alg=["ES384"]), claims())),
    ("algorithm", "no algorithm", lambda: signed(header(alg=None), claims())),
    ("algorithm", "the public key (PEM) as HMAC secret", lambda: with_public_key_as_secret(PUBLIC_PEM)),
    ("algorithm", "the public key (DER) as HMAC secret", lambda: with_public_key_as_secret(PUBLIC_DER)),
    ("algorithm", "HMAC with a secret of one's own", lambda: signed(header(alg="HS384"), claims(), SHARED, "HS384")),
    ("algorithm", "a weaker hash", lambda: signed(header(alg="RS256", kid="rsa"), claims(), RSA, "RS256")),
    ("algorithm", "another padding", lambda: signed(header(alg="PS384", kid="rsa"), claims(), RSA, "PS384")),
    ("algorithm", "another curve", lambda: odd_curve("P-256", "ES256")),
    ("key", "the key's type does not fit: EC key, RS384", lambda: signed(header(alg="RS384"), claims(), RSA, "RS384")),
    ("key", "the key's type does not fit: RSA key, ES384", lambda: signed(header(kid="rsa"), claims())),
    ("signature", "another's key under our id", lambda: signed(header(), claims(), STRANGER)),
    ("signature", "claims exchanged after signing", lambda: tampered(tenant="other")),
    ("signature", "an empty signature", lambda: blank_signature(b"")),
    ("signature", "a signature of zeros (CVE-2022-21449)", lambda: blank_signature(bytes(96))),
    ("signature", "a signature too long", lambda: blank_signature(bytes(2000))),
    ("signature", "a signature cut short", lambda: good_token()[:-8]),
    ("signature", "a signature that is no base64", lambda: good_token()[:-1] + "!"),
    ("header", "its own key in the header", embedded),
    ("header", "a certificate in the header", lambda: signed(header(x5c=["MIIB"]), claims())),
    ("header", "a certificate's URL in the header", lambda: signed(header(x5u="https://evil.example/c"), claims())),
    ("header", "a critical extension", lambda: signed(header(crit=["exp"], exp=1), claims())),
    ("header", "unencoded payload", lambda: signed(header(b64=False, crit=["b64"]), claims())),
    ("header", "compressed", lambda: signed(header(zip="DEF"), claims())),
    ("header", "no key id", lambda: signed(header(kid=None), claims())),
    ("header", "a key id that is a number", lambda: signed(header(kid=0), claims())),
    ("header", "a key id of a thousand characters", lambda: signed(header(kid="e" * 1000), claims())),
    ("header", "no type", lambda: signed(header(typ=None), claims())),
    ("header", "another type", lambda: signed(header(typ="at+jwt"), claims())),
    ("key", "a path as key id", lambda: signed(header(kid="../../../../dev/null"), claims())),
    ("key", "SQL as key id", lambda: signed(header(kid="ec' OR '1'='1"), claims())),
    ("key", "a command as key id", lambda: signed(header(kid="ec; curl evil.example"), claims())),
    ("key", "an unknown key id", lambda: signed(header(kid="ec2"), claims())),
    ("key", "another issuer's name over our key", lambda: good_token(iss=OTHER)),
    ("jku", "a key set of the attacker", lambda: signed(header(jku="https://evil.example/jwks.json"), claims())),
    ("jku", "a key set inside the network", lambda: signed(header(jku="http://169.254.169.254/latest"), claims())),
    ("jku", "a key set from a file", lambda: signed(header(jku="file:///etc/passwd"), claims())),
    ("jku", "the allowed host as user name", lambda: signed(header(jku="https://ehr.example.org@evil.example/"), claims())),
    ("jku", "the allowed URL with more behind it", lambda: signed(header(jku=JKU + "/../evil"), claims())),
    ("jku", "the allowed URL with a redirecting query", lambda: signed(header(jku=JKU + "?next=evil.example"), claims())),
    ("jku", "a key set that is a list", lambda: signed(header(jku=[JKU]), claims())),
    ("issuer", "an unknown issuer", lambda: good_token(iss="https://evil.example")),
    ("issuer", "the issuer with a slash more", lambda: good_token(iss=ISSUER + "/")),
    ("issuer", "no issuer", lambda: good_token(iss=None)),
    ("issuer", "an issuer that is a list", lambda: good_token(iss=[ISSUER])),
    ("audience", "another service", lambda: good_token(aud=URL.replace("patient-view", "order-sign"))),
    ("audience", "another host", lambda: good_token(aud=URL.replace("cds.", "evil."))),
    ("audience", "the host alone", lambda: good_token(aud="https://cds.example.org")),
    ("audience", "the URL with a slash more", lambda: good_token(aud=URL + "/")),
    ("audience", "the URL in capitals", lambda: good_token(aud=URL.upper())),
    ("audience", "no audience", lambda: good_token(aud=None)),
    ("audience", "an audience that is an object", lambda: good_token(aud={URL: True})),
    ("audience", "an empty list", lambda: good_token(aud=[])),
    ("time", "expired", lambda: good_token(iat=NOW - 120, exp=NOW - 31)),
    ("time", "issued in the future", lambda: good_token(iat=NOW + 31, exp=NOW + 90)),
    ("time", "not yet valid", lambda: good_token(nbf=NOW + 31)),
    ("time", "lives too long", lambda: good_token(exp=NOW + 301)),
    ("time", "expires before it is issued", lambda: good_token(iat=NOW + 10, exp=NOW + 5)),
    ("claims", "no end", lambda: good_token(exp=None)),
    ("claims", "no beginning", lambda: good_token(iat=None)),
    ("claims", "an end that is a text", lambda: good_token(exp=str(NOW + 60))),
    ("claims", "an end that is true", lambda: good_token(exp=True)),
    ("claims", "an end beyond all numbers", lambda: good_token(exp=10**400)),
    ("form", "an end that is NaN", lambda: signed(header(), json.dumps(claims(exp=float("nan"))).encode())),
    ("form", "an end that is Infinity", lambda: signed(header(), json.dumps(claims(exp=float("inf"))).encode())),
    ("claims", "no nonce", lambda: good_token(jti=None)),
    ("claims", "an empty nonce", lambda: good_token(jti="")),
    ("claims", "a nonce that is a number", lambda: good_token(jti=7)),
    ("claims", "a nonce of a thousand characters", lambda: good_token(jti="j" * 1000)),
    ("claims", "a tenant that is an object", lambda: good_token(tenant={"a": 1})),
    ("form", "issuer twice", lambda: signed(header(), doubled("iss", "https://evil.example", ISSUER))),
    ("form", "audience twice", lambda: signed(header(), doubled("aud", "https://evil.example", URL))),
    ("form", "end twice", lambda: signed(header(), doubled("exp", NOW - 100, NOW + 100))),
    ("form", "algorithm twice", lambda: signed(b'{"alg":"none","alg":"ES384","kid":"ec","typ":"JWT"}', claims())),
    ("form", "claims that are a list", lambda: signed(header(), b"[]")),
    ("form", "a header that is a text", lambda: signed(b'"ES384"', claims())),
    ("form", "claims nested ten thousand deep", lambda: f"{encoded(header())}.{encoded(b'[' * 5000)}.AAAA"),
    ("form", "a token of a megabyte", lambda: good_token(tenant="x" * 1_000_000)),
    ("form", "four parts", lambda: good_token() + ".AAAA"),
    ("form", "five parts, as encrypted ones have", lambda: "a.b.c.d.e"),
    ("form", "one part", lambda: "bm9uZSBvZiB0aGVzZQ"),
    ("form", "JSON serialisation", lambda: '{"payload":"e30","signatures":[]}'),
    ("form", "padded base64", lambda: encoded(header()) + "=." + encoded(claims()) + ".AAAA"),
    ("form", "not ASCII", lambda: good_token() + "é"),
    ("form", "a null byte", lambda: "\0" + good_token()),
    ("form", "half a character", lambda: good_token() + "\udc80"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "token"), [pytest.param(why, token, id=name) for why, name, token in ATTACKS])
def test_an_attack_is_refused_with_a_bare_401(
    why: str, token: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    door, attack = gate(), token()
    with pytest.raises(Refused) as refused:
        door.admit(bearer(attack), URL)
    assert (refused.value.status, refused.value.what) == (401, "")
    assert refused.value.__context__ is None, "what went wrong is not told in a traceback either"
    assert door.refusals == {why: 1}
    told = caplog.text + "".join(traceback.format_exception(refused.value))
    assert attack not in told
    assert all(part not in told for part in attack.split(".") if len(part) > 12)


def test_there_is_an_attack_of_every_kind() -> None:
    assert {why for why, _, _ in ATTACKS} == {
        "form", "header", "algorithm", "issuer", "jku", "key", "signature", "claims", "audience", "time",
    }  # fmt: skip  # absent, replayed, crowded and fault have tests of their own


@pytest.mark.parametrize("presented", [None, "", "Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "Token abc"])
def test_without_a_token_nobody_is_let_in(presented: str | None) -> None:
    with pytest.raises(Refused):
        gate().admit(presented, URL)


def test_whatever_fails_within_refuses() -> None:
    class Broken(LocalReplay):
        def use(self, issuer: str, jti: str, expires: float, now: float) -> Any:
            raise RuntimeError(f"cannot store {jti}")

    door = gate(Broken())
    with pytest.raises(Refused) as refused:
        door.admit(bearer(good_token()), URL)
    assert door.refusals == {"fault": 1}
    assert refused.value.__context__ is None


SEEDED: list[tuple[str, Any, str]] = [
    ("_REFUSED_HEADERS", frozenset(), "header"),
    ("ALGORITHMS", ("ES384", "RS384", "HS384", "none"), "algorithm"),
    ("_once_each", dict, "form"),
]


@pytest.mark.parametrize(("name", "weak", "why"), SEEDED, ids=[name for name, _, _ in SEEDED])
def test_a_weakened_gate_is_noticed(name: str, weak: Any, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, name, weak)
    changed = []
    for reason, attack, token in ATTACKS:
        door = gate()
        try:
            door.admit(bearer(token()), URL)
            changed.append(attack)
        except Refused:
            if door.refusals != {reason: 1}:
                changed.append(attack)
    assert changed, f"nothing tells that {name} was weakened ({why})"


# The store of what was seen


def test_a_seen_token_is_forgotten_when_it_has_expired() -> None:
    store, now = LocalReplay(), float(NOW)
    for number in range(1000):
        assert store.use(ISSUER, str(number), now + 10, now) == "first"
        now += 1
    assert len(store) <= 11
    assert store.use(ISSUER, "999", now + 10, now) == "again"


def test_one_client_cannot_take_the_room_of_another() -> None:
    store = LocalReplay(most=3)
    assert [store.use(ISSUER, str(number), 100, 0) for number in range(4)] == ["first", "first", "first", "full"]
    assert store.use(OTHER, "0", 100, 0) == "first"
    assert store.use(ISSUER, "3", 300, 101) == "first", "room comes back"


def test_a_full_store_refuses_rather_than_forgets() -> None:
    door = gate(LocalReplay(most=1))
    door.admit(bearer(good_token()), URL)
    with pytest.raises(Refused):
        door.admit(bearer(good_token()), URL)
    assert door.refusals == {"crowded": 1}


def test_no_two_pairs_are_kept_as_the_same() -> None:
    store = LocalReplay()
    assert store.use("a", "bc", 100, 0) == "first"
    assert store.use("ab", "c", 100, 0) == "first"


# Keys behind a URL


class Publisher(BaseHTTPRequestHandler):
    """A key set, and what else a URL can answer."""

    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        content = {"/jwks": key_set(EC), "/big": b" " * 1_000_000, "/none": b"<html>"}.get(self.path)
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/jwks")
            self.end_headers()
            return
        self.send_response(200 if content else 404)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def publisher() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), type("Asked", (Publisher,), {"asked": asked}))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_keys_come_from_the_allowed_url_and_are_kept(publisher: tuple[str, list[str]]) -> None:
    url, asked = publisher
    door = TokenGate(
        {ISSUER: Client(ISSUER, FetchedKeys(f"{url}/jwks"), f"{url}/jwks")}, LocalReplay(), clock=lambda: NOW
    )
    for _ in range(5):
        door.admit(bearer(signed(header(jku=f"{url}/jwks"), claims())), URL)
    assert asked == ["/jwks"]
    for number in range(50):  # unknown ids do not make us ask again and again
        with pytest.raises(Refused):
            door.admit(bearer(signed(header(kid=f"unknown-{number}"), claims())), URL)
    assert asked == ["/jwks"]


def test_no_other_url_is_asked(publisher: tuple[str, list[str]]) -> None:
    url, asked = publisher
    door = gate()
    with pytest.raises(Refused):
        door.admit(bearer(signed(header(jku=f"{url}/jwks"), claims())), URL)
    assert asked == []


@pytest.mark.parametrize("path", ["/elsewhere", "/big", "/none", "/absent"])
def test_what_is_no_key_set_gives_no_key(path: str, publisher: tuple[str, list[str]]) -> None:
    url, asked = publisher
    assert FetchedKeys(url + path).find("ec", "ES384") is None
    assert asked == [path], "a redirect is not followed"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:1/", "http://[", "nonsense"])
def test_a_url_that_does_not_answer_is_an_oserror(url: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011
        fetch_key_set(url)


def test_known_keys_outlive_an_outage_by_a_day() -> None:
    now, answers = 0.0, [key_set(EC)]

    def fetch(_: str) -> bytes:
        if not answers:
            raise OSError("out of order")
        return answers.pop()

    keys = FetchedKeys(JKU, fetch, lambda: now)
    assert keys.find("ec", "ES384")
    now = 86_399.0
    assert keys.find("ec", "ES384")
    now = 86_401.0
    assert keys.find("ec", "ES384") is None


def test_a_new_key_is_found_and_a_withdrawn_one_is_gone() -> None:
    now, current = 0.0, key_set(EC)
    keys = FetchedKeys(JKU, lambda _: current, lambda: now)
    assert keys.find("ec", "ES384")
    current, now = key_set(RSA), 31.0
    assert keys.find("rsa", "RS384")
    assert keys.find("ec", "ES384") is None


@pytest.mark.parametrize("idle", [0.0, 86_401.0], ids=["the first calls", "after a day without any"])
def test_who_has_nothing_to_go_by_waits_for_the_keys(idle: float) -> None:
    now, slow = 0.0, Event()

    def fetch(_: str) -> bytes:
        assert slow.wait(5)
        return key_set(EC)

    keys = FetchedKeys(JKU, fetch, lambda: now)
    if idle:
        slow.set()
        assert keys.find("ec", "ES384")
        slow.clear()
        now = idle
    with ThreadPoolExecutor(6) as threads:
        asked = [threads.submit(keys.find, "ec", "ES384") for _ in range(6)]
        time.sleep(0.1)
        slow.set()
    assert all(each.result() is not None for each in asked)
