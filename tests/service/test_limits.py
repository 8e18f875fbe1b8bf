"""The bounds on a request: what is over one is refused with a sentence that names the bound and nothing of the request."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest

import mgcds.service.limits as limits_module
from mgcds.service.limits import RequestLimits, nested_at_most
from mgcds.service.ports import Refused

SMALL = RequestLimits(
    most_bytes=1000, deepest=5, most_resources=3, most_values=50, seconds_to_send=0.2
)  # fmt: skip


def nested(depth: int, what: str = "list") -> bytes:
    return b"[" * depth + b"]" * depth if what == "list" else b'{"a":' * depth + b"1" + b"}" * depth


def bundle(resources: int) -> bytes:
    return json.dumps([{"resourceType": "Observation"}] * resources).encode()


@pytest.mark.parametrize(
    ("body", "given"),
    [
        pytest.param(b" " * 998 + b"{}", {}, id="as many bytes as allowed"),
        pytest.param(nested(5, "object"), {"a": {"a": {"a": {"a": {"a": 1}}}}}, id="as deep as allowed"),
        pytest.param(b"[1.10, 0.1]", [Decimal("1.10"), Decimal("0.1")], id="numbers as they were written"),
        pytest.param(bundle(3), [{"resourceType": "Observation"}] * 3, id="as many resources as allowed"),
    ],
)
def test_what_is_within_the_bounds_is_read(body: bytes, given: Any) -> None:
    assert SMALL.parse(body) == given


def test_a_prefetch_is_left_for_who_reads_it_and_what_is_used_beside_it_is_read() -> None:
    asked = {
        "hook": "h",
        "hookInstance": "i",
        "context": {"a": [1]},
        "cards": [],
        "feedback": [],
    }
    given = SMALL.parse(json.dumps({**asked, "fhirServer": "f", "prefetch": {"a": {"b": None}, "c": None}}).encode())
    assert {name: bytes(value) for name, value in given.pop("prefetch").items()} == {"a": b'{"b": null}', "c": b"null"}
    assert given == asked
    for other in (None, [], "x", 1):
        assert SMALL.parse(json.dumps({"hook": "h", "prefetch": other}).encode()) == {"hook": "h", "prefetch": other}


@pytest.mark.parametrize(
    ("body", "status", "what"),
    [
        pytest.param(b" " * 999 + b"{}", 413, "1000 bytes", id="a byte too many"),
        pytest.param(nested(7), 400, "more than 5 deep", id="lists too deep"),
        pytest.param(nested(6, "object"), 400, "more than 5 deep", id="objects too deep"),
        pytest.param(bundle(4), 413, "3 resources", id="a resource too many"),
        pytest.param(json.dumps(list(range(51))).encode(), 413, "50 values", id="a value too many"),
        pytest.param(b"{", 400, "not valid JSON", id="half of it"),
        pytest.param(b"", 400, "not valid JSON", id="nothing"),
        pytest.param(b"\xff\xfe", 400, "not valid JSON", id="no text"),
        pytest.param(b'{"prefetch":{"a":{"b":"\xff"}}}', 400, "not valid JSON", id="no text, in a prefetch"),
        pytest.param(
            b'{"prefetch":{"a":{"b":"\\ud800"}}}', 400, "not valid JSON", id="half a character, in a prefetch"
        ),
        pytest.param(b'{"prefetch":{"a":{"b":[01]}}}', 400, "not valid JSON", id="no number, in a prefetch"),
        pytest.param(b'{"prefetch":{"a":[[[[[1]]]]]}}', 400, "more than 5 deep", id="a prefetch too deep"),
        pytest.param(b'["\\ud800"]', 400, "not valid JSON", id="half a character"),
        pytest.param(b"[NaN]", 400, "not valid JSON", id="not a number"),
        pytest.param(gzip.compress(b"{}"), 400, "not valid JSON", id="packed without saying so"),
    ],
)
def test_what_is_over_a_bound_is_refused(body: bytes, status: int, what: str) -> None:
    with pytest.raises(Refused, match=what) as refused:
        SMALL.parse(body)
    assert refused.value.status == status
    assert refused.value.__cause__ is None


def test_a_hundred_thousand_brackets_are_refused_and_not_followed() -> None:
    with pytest.raises(Refused, match="deep"):
        RequestLimits().parse(nested(100_000))


def generated(count: int) -> Iterator[bytes]:
    """JSON around the bounds of SMALL, with texts that look like JSON themselves."""
    chance = random.Random(6)
    text = ["[", "]", "{", "}", '"', "\\", '\\"', "]]]]]]", "é", "a", ""]

    def words() -> str:
        return "".join(chance.choices(text, k=chance.randrange(4)))

    def value(depth: int) -> Any:
        if depth == 0 or chance.random() < 0.2:
            return chance.choice([words(), 1, 0.5, None, True, [], {}])
        members = chance.randrange(1, 3)
        if chance.random() < 0.1:
            return ['"', value(depth - 1), '"']
        if chance.random() < 0.5:
            return [value(depth - 1) for _ in range(members)]
        kind = {"resourceType": "Patient"} if chance.random() < 0.7 else {}
        return {**{f"{words()}{key}": value(depth - 1) for key in range(members)}, **kind}

    for _ in range(count):
        body = json.dumps([value(chance.randrange(8)) for _ in range(chance.randrange(1, 5))], ensure_ascii=False)
        yield (body.replace('"res', '"\\u0072es') if chance.random() < 0.2 else body).encode()


def reason(look: Callable[[], object]) -> str:
    try:
        look()
    except Refused as refused:
        return refused.what
    return "within"


def told_by_its_bytes_as_by_walking_through(count: int) -> Counter[str]:
    """What becomes of generated bodies."""
    found: Counter[str] = Counter()
    limits = RequestLimits(most_bytes=100_000, deepest=5, most_resources=9, most_values=200)
    for body in generated(count):
        told = reason(lambda body=body: limits.parse(body))  # type: ignore[misc]
        assert told == reason(lambda body=body: limits.check(json.loads(body))), body  # type: ignore[misc]
        found[told] += 1
    return found


def test_the_bytes_alone_let_nothing_pass_that_walking_through_refuses() -> None:
    found = told_by_its_bytes_as_by_walking_through(2000)
    assert len(found) == 3, "within, too deep, too many resources"
    assert min(found.values()) > 20


def _texts_count_too(body: bytes, deepest: int) -> bool:
    depths = accumulate((byte in b"[{") - (byte in b"]}") for byte in body)
    return max(depths, default=0) <= deepest


def _quotes_are_never_escaped(body: bytes, deepest: int) -> bool:
    return nested_at_most(body.replace(b"\\", b""), deepest)


@pytest.mark.parametrize("fault", [_texts_count_too, _quotes_are_never_escaped, lambda *_: True])
def test_a_depth_that_is_told_wrongly_is_found(fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_module, "nested_at_most", fault)
    with pytest.raises(AssertionError):
        told_by_its_bytes_as_by_walking_through(2000)


def test_resources_written_with_escapes_are_not_overlooked() -> None:
    body = bundle(4).replace(b"resourceType", b"\\u0072esourceType")
    with pytest.raises(Refused, match="3 resources"):
        SMALL.parse(body)


def test_without_its_bound_the_depth_would_pass() -> None:
    """The seeded fault of the depth: the same body, the bound moved away."""
    assert RequestLimits(deepest=100).parse(nested(90)) == json.loads(nested(90))


async def _in_parts(*parts: bytes, wait: float = 0) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(wait)
        yield part


def received(stream: AsyncIterator[bytes], **headers: str) -> bytes:
    return asyncio.run(SMALL.read({name.replace("_", "-"): value for name, value in headers.items()}, stream))


def test_a_body_is_put_together() -> None:
    assert received(_in_parts(b"{", b"}"), content_length="2", content_encoding="identity") == b"{}"


@pytest.mark.parametrize("length", ["1001", "9" * 5000])
def test_what_announces_too_much_and_asks_first_is_refused_unread(length: str) -> None:
    async def never() -> AsyncIterator[bytes]:
        sent.append(1)
        yield b""

    sent: list[int] = []
    with pytest.raises(Refused) as refused:
        received(never(), content_length=length, expect="100-Continue")
    assert (refused.value.status, sent) == (413, [])


@pytest.mark.parametrize("said", ["0", "-1", "abc", "\u0661", "1001"])
def test_what_is_too_much_is_thrown_away_up_to_a_bound(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            sent.append(1)
            yield b" " * 300

    monkeypatch.setattr(limits_module, "THROWN_AWAY", 3000)
    with pytest.raises(Refused) as refused:
        received(endless(), content_length=said)
    assert refused.value.status == 413
    assert len(sent) == 11 + (0 if said == "1001" else 4), (
        "four parts tell that it is too much, eleven are more than 3000"
    )


@pytest.mark.parametrize("said", ["1001", "0"])
def test_who_goes_away_or_stops_amid_too_much_is_refused_all_the_same(said: str) -> None:
    async def gone() -> AsyncIterator[bytes]:
        yield b" " * 1001
        raise ConnectionError

    began = time.monotonic()
    for stream in (gone(), _in_parts(b" " * 1001, *[b" "] * 1000, wait=0.05)):
        with pytest.raises(Refused) as refused:
            received(stream, content_length=said)
        assert refused.value.status == 413
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "deflate", "gzip, identity", "zstd"])
def test_a_packed_body_is_refused_unopened(coding: str) -> None:
    bomb = gzip.compress(b" " * 1_000_000)
    with pytest.raises(Refused, match="unpacked") as refused:
        received(_in_parts(bomb), content_encoding=coding)
    assert refused.value.status == 415


def test_a_body_that_drips_in_is_given_up() -> None:
    began = time.monotonic()
    with pytest.raises(Refused, match="did not arrive") as refused:
        received(_in_parts(*[b" "] * 1000, wait=0.05))
    assert refused.value.status == 408
    assert time.monotonic() - began < 5
