"""Each token is used once: what was seen is kept until it would have expired anyway.

Only tokens whose signature holds get here, so only an allowed client can fill its own share, and never another's.
"""

from __future__ import annotations

import heapq
import threading
from hashlib import sha256
from typing import Literal, Protocol

Use = Literal["first", "again", "full"]


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
