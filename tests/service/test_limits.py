"""The bounds on a request: what is over one is refused with a sentence that names the bound and nothing of the request."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from mgcds.service.limits import RequestLimits
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
def test_what_announces_too_much_is_refused_unread(length: str) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("was read")
        yield b""

    with pytest.raises(Refused) as refused:
        received(never(), content_length=length)
    assert refused.value.status == 413


@pytest.mark.parametrize("said", ["0", "-1", "abc", "\u0661"])
def test_what_sends_more_than_it_said_is_cut_off(said: str) -> None:
    sent = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            sent.append(1)
            yield b" " * 300

    with pytest.raises(Refused) as refused:
        received(endless(), content_length=said)
    assert refused.value.status == 413
    assert len(sent) == 4, "no more is read than tells that it is too much"


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
