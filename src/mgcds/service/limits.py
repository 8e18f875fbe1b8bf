"""How much of a request is read: bytes, depth, parts, resources and seconds, each with a bound.

What is over a bound is refused before anything of it is believed, with a sentence that names the bound and no value of the request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from mgcds.fhir.decoding import EXACT, UNDECODABLE
from mgcds.service.ports import Refused

THROWN_AWAY = 16_000_000
"""bytes at least, of what is too much; more than that comes of no mistake"""


class _Call(msgspec.Struct):
    """All that is read of a request, and of its prefetch what is JSON still."""

    prefetch: dict[str, msgspec.Raw]
    hook: Any = msgspec.UNSET
    hookInstance: Any = msgspec.UNSET  # noqa: N815  (as CDS Hooks names it)
    context: Any = msgspec.UNSET
    cards: Any = msgspec.UNSET
    feedback: Any = msgspec.UNSET


_CALL = msgspec.json.Decoder(_Call, float_hook=Decimal)
_ONE_KIND_OF_BRACKET = bytes.maketrans(b"[]", b"{}")
_NEITHER_BRACKET_NOR_QUOTE = bytes(set(range(256)) - set(b'{}[]"'))
_TEXT = re.compile(rb'"[^"]*"')


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The bounds on one request; `seconds` is for the answer, `seconds_to_send` for the body to arrive."""

    most_bytes: int = 5_000_000
    deepest: int = 64
    most_resources: int = 5_000
    most_values: int = 500_000
    seconds: float = 2.0
    seconds_to_send: float = 5.0

    def parse(self, body: bytes) -> Any:
        """See Limits. Bytes that are over the bound are refused here too, for who has them from elsewhere."""
        if len(body) > self.most_bytes:
            raise self.too_large()
        try:
            str(body, "utf-8")  # what is not decoded yet is not looked at that closely
            given = _parsed(body)
            if not self._surely_within(body):
                self.check(EXACT.decode(body))
        except RecursionError:
            raise self._too_deep() from None
        except UNDECODABLE:
            raise Refused(400, "the body is not valid JSON") from None
        return given

    def _surely_within(self, body: bytes) -> bool:
        """Do the bytes of valid JSON tell by themselves that `check` finds nothing? A value takes a byte and a separator at least, a
        resource the word `resourceType`, and a letter can be written in another way only by an escape.
        """
        if len(body) > 2 * self.most_values:
            return False
        escapes = body.count(b"\\") if b"\\" in body else 0  # `in` takes no time where there is none
        return body.count(b"resourceType") + escapes <= self.most_resources and nested_at_most(body, self.deepest)

    def check(self, given: Any) -> None:
        """Depth and counts of plain data, level by level: nothing here recurses."""
        level, values, resources = [given], 0, 0
        for _ in range(self.deepest + 1):
            objects = [node for node in level if type(node) is dict]
            resources += sum("resourceType" in node for node in objects)
            level = [child for node in objects for child in node.values()] + [
                child for node in level if type(node) is list for child in node
            ]
            values += len(level)
            if values > self.most_values or resources > self.most_resources:
                raise Refused(
                    413, f"the body has more than {self.most_resources} resources or {self.most_values} values"
                )
            if not level:
                return
        raise self._too_deep()

    async def read(self, headers: Mapping[str, str], stream: AsyncIterator[bytes]) -> bytes:
        """A body as it comes in, names of headers in lower case. A packed one is refused unopened: a few bytes of it can hold gigabytes.

        What is refused is thrown away before the answer, within bounds: an ordinary client sends all before it reads, and would be told
        that the connection was reset. One that asks before it sends (`Expect: 100-continue`) is answered at once.
        """
        end = asyncio.get_running_loop().time() + self.seconds_to_send
        try:
            self._check_announced(headers)
            async with asyncio.timeout_at(end):
                return await self._gather(stream)
        except TimeoutError:
            raise Refused(408, f"the body did not arrive within {self.seconds_to_send:g} seconds") from None
        except Refused:
            if headers.get("expect", "").strip().lower() != "100-continue":
                with suppress(Exception):  # too slow, or gone: it is refused all the same
                    async with asyncio.timeout_at(end):
                        await self._throw_away(stream)
            raise

    def _check_announced(self, headers: Mapping[str, str]) -> None:
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise Refused(415, "send the body unpacked, without Content-Encoding")
        announced = headers.get("content-length", "0")
        if announced.isascii() and announced.isdigit() and (len(announced) > 15 or int(announced) > self.most_bytes):
            raise self.too_large()

    async def _throw_away(self, stream: AsyncIterator[bytes]) -> None:
        """What still comes: as much again as may come, or THROWN_AWAY bytes."""
        left = max(self.most_bytes, THROWN_AWAY)
        async for part in stream:
            left -= len(part)
            if left < 0:
                return

    async def _gather(self, stream: AsyncIterator[bytes]) -> bytes:
        parts, size = [], 0
        async for part in stream:
            size += len(part)
            if size > self.most_bytes:
                raise self.too_large()
            parts.append(part)
        return b"".join(parts)

    def too_large(self) -> Refused:
        """What to raise where more bytes come than are read."""
        return Refused(
            413, f"the body is larger than {self.most_bytes} bytes; send what the prefetch templates ask for"
        )

    def _too_deep(self) -> Refused:
        return Refused(400, f"the body is nested more than {self.deepest} deep")


def _parsed(body: bytes) -> Any:
    """The values of the prefetch are checked to be JSON and are left to who knows what is read of them."""
    try:
        call = _CALL.decode(body)
    except msgspec.ValidationError:  # whatever else it is
        return EXACT.decode(body)
    return {name: value for name, value in msgspec.structs.asdict(call).items() if value is not msgspec.UNSET}


def nested_at_most(body: bytes, deepest: int) -> bool:
    """Are the objects and arrays of valid JSON nested no deeper than this? Of the bytes only the brackets are kept that stand in no text;
    each round takes away the innermost.
    """
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = body.translate(_ONE_KIND_OF_BRACKET, _NEITHER_BRACKET_NOR_QUOTE)
    brackets = _TEXT.sub(b"", brackets.replace(b'""', b""))
    for _ in range(deepest):
        brackets = brackets.replace(b"{}", b"")
        if not brackets:
            return True
    return not brackets
