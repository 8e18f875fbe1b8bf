"""Each token is used once: what was seen is kept until it would have expired anyway.

Only tokens whose signature holds get here, so only an allowed client can fill its own share, and never another's.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Literal, Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from mgcds.service.schema import tokens

Use = Literal["first", "again", "full"]

_PAUSE = 5.0
_CLEARED_EVERY = 60.0


class Replay(Protocol):
    """What tells a token that was seen before."""

    def use(self, issuer: str, jti: str, expires: float, now: float) -> Use:
        """`full`: it cannot be told, because too many tokens that have not expired were seen from this issuer."""


def seen_as(issuer: str, jti: str) -> bytes:
    """What is kept of a token: nothing of it can be read back, and its length is fixed."""
    return sha256(f"{len(issuer)}:{issuer}{jti}".encode("utf-8", "surrogatepass")).digest()


class LocalReplay:
    """Seen tokens of this process, `most` of each issuer."""

    def __init__(self, most: int = 250_000) -> None:
        self._most = most
        self._seen: dict[str, set[bytes]] = {}
        self._by_expiry: dict[str, list[tuple[float, bytes]]] = {}
        self._lock = threading.Lock()

    def use(self, issuer: str, jti: str, expires: float, now: float) -> Use:
        """See Replay."""
        digest = seen_as(issuer, jti)
        with self._lock:
            seen, queue = self._seen.setdefault(issuer, set()), self._by_expiry.setdefault(issuer, [])
            while queue and queue[0][0] < now:
                seen.discard(heapq.heappop(queue)[1])
            if digest in seen:
                return "again"
            if len(seen) >= self._most:
                return "full"
            seen.add(digest)
            heapq.heappush(queue, (expires, digest))
            return "first"

    def __len__(self) -> int:
        return sum(len(seen) for seen in self._seen.values())


class SharedReplay:
    """Seen tokens of all workers, in their database; those of this process first.

    While the database fails or takes longer than `patience` seconds, each worker goes by its own: a token could then be used once a
    worker until it expires, and `faults` counts how often that was risked. Care is not held up by a database.
    """

    def __init__(
        self, engine: Engine, local: LocalReplay, patience: float = 0.1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine, self._local, self._patience, self._clock = engine, local, patience, clock
        self._asked = ThreadPoolExecutor(4, "mgcds-replay")
        self._room = threading.Semaphore(64)
        self._not_before = float("-inf")
        self._cleared = 0.0
        self.faults = 0

    def use(self, issuer: str, jti: str, expires: float, now: float) -> Use:
        """See Replay."""
        found = self._local.use(issuer, jti, expires, now)
        if found != "first" or self._clock() < self._not_before or not self._room.acquire(blocking=False):
            self.faults += found == "first"
            return found
        asked = self._asked.submit(self._insert, seen_as(issuer, jti), expires, now)
        asked.add_done_callback(lambda _: self._room.release())
        try:
            return asked.result(self._patience)
        except Exception:  # late, or the database failed
            self.faults += 1
            self._not_before = self._clock() + _PAUSE
            return "first"

    def _insert(self, digest: bytes, expires: float, now: float) -> Use:
        if now - self._cleared > _CLEARED_EVERY:
            self._cleared = now
            with self._engine.begin() as connection:
                connection.execute(tokens.delete().where(tokens.c.expires < now))
        try:
            with self._engine.begin() as connection:
                connection.execute(tokens.insert().values(digest=digest, expires=expires))
        except IntegrityError:
            return "again"
        return "first"
