"""A body that is too large, sent to a real server by a client that sends all before it reads: it reads the refusal.

Its connection is for one request (`Connection: close`, as Python's urllib writes): the server closes it once it has answered, and what
was not read then is a reset.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from mgcds.service.app import create_app
from mgcds.service.limits import RequestLimits
from tests.service.asking import parts
from tests.service.records import until

LONG, CHUNK = 12_000_000, b" " * 60_000  # more than the buffers of both ends take
PATH = b"/cds-services/mgcds-patient-view"
HEAD = b"POST %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n" % PATH


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Of a server in this process."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        server = uvicorn.Server(uvicorn.Config(create_app(parts()), log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        until(lambda: server.started)
        yield bound.getsockname()[1]
        server.should_exit = True
        thread.join(20)


def answered(port: int, head: bytes, *body: bytes) -> bytes:
    """The beginning of what comes back once all has been sent."""
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(HEAD + head + b"\r\n\r\n")
        for each in body:
            client.sendall(each)
        return client.recv(4096)


SENT = [
    pytest.param(b"Content-Length: %d" % LONG, [b" " * LONG], id="announced"),
    pytest.param(
        b"Transfer-Encoding: chunked",
        [b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK)] * (LONG // len(CHUNK)) + [b"0\r\n\r\n"],
        id="in chunks",
    ),
    pytest.param(b"Content-Length: %d\r\nContent-Encoding: gzip" % LONG, [b" " * LONG], id="packed"),
]


@pytest.mark.parametrize(("head", "body"), SENT)
def test_who_sends_all_first_reads_the_refusal(port: int, head: bytes, body: list[bytes]) -> None:
    status = b"415" if b"gzip" in head else b"413"
    assert answered(port, head, *body).startswith(b"HTTP/1.1 " + status)


def test_who_asks_first_is_refused_at_once(port: int) -> None:
    asking = b"Content-Length: %d\r\nExpect: 100-continue" % LONG
    assert answered(port, asking).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(("head", "body"), SENT)
def test_without_throwing_away_the_connection_is_reset(
    port: int, head: bytes, body: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeded fault."""

    async def wrong(self: RequestLimits, stream: object) -> None:
        pass

    monkeypatch.setattr(RequestLimits, "_throw_away", wrong)
    with pytest.raises(ConnectionError):
        answered(port, head, *body)
