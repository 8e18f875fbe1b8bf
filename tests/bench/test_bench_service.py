"""The load test sends what a service evaluates, and notices where it is not answered."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from bench.load import UUID, Load
from bench.service import EXTRACT, SERVICE, SIZE, body, measure
from mgcds.loading import load_pack
from mgcds.service.client import resources_of
from mgcds.service.hooks import respond
from tests.service.asking import INSTANCE, TODAY

RESOURCES = resources_of(json.loads(EXTRACT.read_bytes()))


def test_the_call_is_one_of_an_ehr_and_as_large_as_asked_for() -> None:
    sent = body(RESOURCES, SIZE)
    assert SIZE <= len(sent) < SIZE * 1.1
    call = json.loads(sent.replace(UUID, INSTANCE.encode()))
    status, answered = respond(call, SERVICE, load_pack(), TODAY)
    assert status == 200
    assert "nothing-evaluated" not in json.dumps(answered)
    entries = [entry["resource"] for each in call["prefetch"].values() if each for entry in each.get("entry", [])]
    assert len({(each["resourceType"], each["id"]) for each in entries}) == len(entries), "each is another one"
    days, before = ({each.get("effectiveDateTime", "")[:10] for each in every} for every in (entries, RESOURCES))
    assert len(days) > len(before), "on other days"
    assert max(days) == max(before), "earlier ones"


CARDS, NOTHING = b'{"cards":[]}', b'{"cards":[{"source":{"topic":{"code":"nothing-evaluated"}}}]}'


@pytest.mark.parametrize(
    ("head", "answer", "status"),
    [
        pytest.param(b"200 OK", CARDS, "200", id="an answer"),
        pytest.param(b"200 OK", NOTHING, "200 not evaluated", id="an answer that nothing was evaluated"),
        pytest.param(b"503 Service Unavailable", b"{}", "503", id="turned away"),
        pytest.param(b"", b"", "IncompleteReadError", id="hung up"),
    ],
)
def test_what_comes_back_is_counted_for_what_it_is(head: bytes, answer: bytes, status: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536) and head:
            writer.write(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (head, len(answer), answer))
        writer.close()

    async def run() -> Load:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        load = Load(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", b'"' + UUID + b'"', 10, 6)
        await load.run(2)
        server.close()
        return load

    load = asyncio.run(run())
    assert load.statuses == Counter({status: 6 if head else 2})


def test_it_runs(tmp_path: Path) -> None:
    (tmp_path / "body.json").write_bytes(body(RESOURCES))
    ours, bare = measure(tmp_path / "body.json", 3, 0.4, 0, tmp_path)
    assert (ours.errors, bare.errors) == (0, 0)
    assert min(ours.cpu, bare.cpu, ours.at(0.5), bare.rate) > 0
    assert ours.memory[-1][1] > 20, "MB: the memory of the service"
