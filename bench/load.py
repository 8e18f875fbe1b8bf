"""Clients that ask a server without a pause: `python -m bench.load URL BODY CLIENTS SECONDS REQUESTS`, in a process of its own.

Each has one connection and sends the next request when the answer is there. A general client would need more time for a request than the
server does. What stands as `@@@@@@@@-@@@@-@@@@-@@@@-@@@@@@@@@@@@` in the body is another UUID each time. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import uuid
from collections import Counter
from itertools import count
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

UUID = b"@@@@@@@@-@@@@-@@@@-@@@@-@@@@@@@@@@@@"


class Load:
    """What all clients share: the request, when to end, and what came back."""

    def __init__(self, url: str, body: bytes, seconds: float, requests: int) -> None:
        parts = urlsplit(url)
        self.host, self.port = str(parts.hostname), int(parts.port or 80)
        head = (
            f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.before, found, self.after = (head.encode() + body).partition(UUID)
        self.named = bool(found)
        self.end = perf_counter() + seconds
        self.tickets = iter(range(requests)) if requests else count()
        self.took: list[float] = []
        self.statuses: Counter[str] = Counter()

    async def client(self) -> None:
        """Until the time is over or all requests are sent."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            while perf_counter() < self.end and next(self.tickets, None) is not None:
                await self._ask(reader, writer)
        finally:
            writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = str(uuid.uuid4()).encode() if self.named else b""
        begun = perf_counter()
        writer.writelines((self.before, name, self.after))
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        self.took.append(perf_counter() - begun)
        unevaluated = b"nothing-evaluated" in body
        self.statuses[f"{head[9:12].decode()}{' not evaluated' if unevaluated else ''}"] += 1

    async def run(self, clients: int) -> dict[str, object]:
        """Of all clients; one that breaks counts as one error."""
        begun = perf_counter()
        ended = await asyncio.gather(*(self.client() for _ in range(clients)), return_exceptions=True)
        for broken in (each for each in ended if isinstance(each, BaseException)):
            self.statuses[type(broken).__name__] += 1
        return {"seconds": perf_counter() - begun, "took": self.took, "statuses": self.statuses}


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


if __name__ == "__main__":
    url, file, clients, seconds, requests = sys.argv[1:]
    gc.disable()
    load = Load(url, Path(file).read_bytes(), float(seconds), int(requests))
    json.dump(asyncio.run(load.run(int(clients))), sys.stdout)
