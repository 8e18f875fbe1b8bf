"""What who runs the service sees of it, and that it ends in order."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from mgcds.errors import EngineDisagreement, PackError
from mgcds.loading import load_pack
from mgcds.service import tracing
from mgcds.service.app import create_app
from mgcds.service.database import connect
from mgcds.service.memory import SqlMemory
from mgcds.service.metrics import Metrics
from mgcds.service.operations import Operations
from mgcds.service.ports import OUTCOMES
from mgcds.service.serve import application
from mgcds.service.settings import Settings, read_settings
from mgcds.service.tokens import Why
from tests.service import signing
from tests.service.asking import KIDNEYS, Remembered, parts, request
from tests.service.records import calls_in, until
from tests.service.serving import Served, free_port, serving

PATH = "/cds-services/mgcds-patient-view"
SAMPLE = re.compile(r"^mgcds_request_seconds_count\{(.*)\} (\S+)$", re.MULTILINE)


def counted(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """(endpoint, service, status, outcome) → how many."""
    found = {}
    for labels, count in SAMPLE.findall(metrics.text().decode()):
        named = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        found[named["endpoint"], named["service"], named["status"], named["outcome"]] = float(count)
    return found


def no_pack() -> Any:
    raise PackError(())


def operated(**more: Any) -> TestClient:
    """The endpoints for who runs it, alone."""
    app, given = FastAPI(), {"pack": load_pack, "metrics": Metrics(load_pack), **more}
    app.include_router(Operations(**given).router())
    return TestClient(app)


def test_alive_says_nothing_else() -> None:
    assert operated(pack=no_pack).get("/health").json() == {"status": "alive"}


def test_ready() -> None:
    pack = load_pack()
    found = operated(memory=lambda: True).get("/ready")
    about = {"version": pack.version, "digest": pack.digest}
    assert (found.status_code, found.json()) == (
        200,
        {"status": "ready", "pack": about, "memory": "answers", "channels": "agree", "reload": "none"},
    )


def test_not_ready_without_a_pack() -> None:
    found = operated(pack=no_pack).get("/ready")
    assert (found.status_code, found.json()["status"]) == (503, "not ready")


def test_without_its_database_it_answers_and_says_so() -> None:
    """Taking it out of service would take advice away where only the memory fails."""
    found = operated(memory=lambda: False).get("/ready")
    assert (found.status_code, found.json()["status"], found.json()["memory"]) == (200, "degraded", "does not answer")


def test_the_database_is_not_asked_at_every_call() -> None:
    asked = []
    client = operated(memory=lambda: not asked.append(1))  # type: ignore[func-returns-value]
    for _ in range(5):
        assert client.get("/ready").json()["memory"] == "answers"
    assert len(asked) == 1


def test_a_database_that_is_lost_is_noticed(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/memory.db")
    memory = SqlMemory(engine)
    until(lambda: memory.well)
    assert memory.answers()
    engine.dispose()
    lost = SqlMemory(connect(f"sqlite:///{tmp_path}/none/memory.db"))
    until(lambda: bool(lost.counts))
    assert not lost.answers()
    memory.close()
    lost.close(0.1)


def test_a_disagreement_of_the_channels_stays_visible() -> None:
    def differ(*_: Any) -> Any:
        raise EngineDisagreement("differ")

    metrics = Metrics(load_pack)
    with TestClient(create_app(parts(evaluate=differ, watch=metrics))) as client:
        assert client.post(PATH, json=request(**KIDNEYS)).status_code == 200
    assert counted(metrics) == {("call", "mgcds-patient-view", "200", "disagreement"): 1}
    found = operated(metrics=metrics).get("/ready").json()
    assert (found["status"], found["channels"]) == ("degraded", "differed")


def test_metrics_only_where_they_may_be_seen() -> None:
    assert operated().get("/metrics").status_code == 404
    assert "mgcds_pack_info" in operated(show_metrics=True).get("/metrics").text
    assert not Settings.__dataclass_fields__["metrics"].default


def test_each_call_is_counted_once_by_what_became_of_it() -> None:
    metrics = Metrics(load_pack)
    with TestClient(create_app(parts(watch=metrics))) as client:
        client.get("/cds-services")
        client.post(PATH, json=request(**KIDNEYS))
        client.post(PATH, json={**request(), "prefetch": {}})
        client.post(PATH, content=b"{", headers={"Content-Type": "application/json"})
        for number in range(30):
            client.post(f"/cds-services/made-up-{number}", json=request())
    assert counted(metrics) == {
        ("discovery", "", "200", "answered"): 1,
        ("call", "mgcds-patient-view", "200", "cards"): 1,
        ("call", "mgcds-patient-view", "412", "data missing"): 1,
        ("call", "mgcds-patient-view", "400", "refused"): 1,
        ("call", "other", "404", "refused"): 30,
    }, "thirty made-up names are one label"
    assert {key[3] for key in counted(metrics)} <= set(OUTCOMES)


def test_a_decision_that_is_not_kept_is_counted() -> None:
    class Broken(Remembered):
        def remember(self, decisions: Any) -> None:
            raise OSError

    metrics = Metrics(load_pack)
    with TestClient(create_app(parts(Broken(), watch=metrics))) as client:
        client.post(PATH, json=request(**KIDNEYS))
    assert "mgcds_decisions_not_kept_total 1.0" in metrics.text().decode()


def test_why_tokens_are_refused_is_counted(tmp_path: Path) -> None:
    (tmp_path / "ehr.json").write_bytes(signing.key_set(signing.EC))
    (tmp_path / "clients.json").write_text('{"clients": [{"issuer": "https://ehr", "keys": "ehr.json"}]}')
    given = {"clients": tmp_path / "clients.json", "database": "none", "metrics": True}
    with application(read_settings(given, {})) as (app, _), TestClient(app) as client:
        client.get("/cds-services")
        for _ in range(2):
            client.get("/cds-services", headers={"Authorization": "Bearer nonsense"})
        text = client.get("/metrics").text
    assert 'mgcds_tokens_refused_total{why="absent"} 1.0' in text
    assert 'mgcds_tokens_refused_total{why="form"} 2.0' in text


def test_every_reason_why_a_token_is_refused_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "run-the-service.md").read_text()
    [row] = [line for line in page.splitlines() if "mgcds_tokens_refused_total" in line]
    assert re.findall(r"`(\w+)`", row.partition("by `why`")[2]) == list(get_args(Why))


# --- spans ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing.trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


def test_a_span_of_a_call_belongs_to_the_callers_trace_and_holds_no_value(spans: Any) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {
        "traceparent": f"00-{trace_id}-00f067aa0ba902b7-01", "tracestate": "vendor=Canary", "baggage": "patient=Canary",
    }  # fmt: skip
    with TestClient(create_app(parts())) as client:
        client.post(f"{PATH}?patient=Canary", json=request(**KIDNEYS), headers=headers)
        client.post("/cds-services/Canary", json=request())
    first, second = spans.get_finished_spans()
    assert format(first.context.trace_id, "032x") == trace_id
    assert dict(first.attributes) == {
        "mgcds.service": "mgcds-patient-view", "mgcds.outcome": "cards", "http.response.status_code": 200,
    }  # fmt: skip
    assert second.attributes["mgcds.service"] == "other"
    assert "Canary" not in first.to_json() + second.to_json()


def test_without_the_package_nothing_is_traced(spans: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "trace", None)
    with TestClient(create_app(parts())) as client:
        assert client.post(PATH, json=request(**KIDNEYS)).status_code == 200
    assert spans.get_finished_spans() == ()


# --- the end ----------------------------------------------------------------------------------------------------------------------


class Begun:
    """A call of which one half was sent."""

    def __init__(self, url: str) -> None:
        body = json.dumps(request(**KIDNEYS)).encode()
        host, _, port = url.removeprefix("http://").partition(":")
        head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self._socket = socket.create_connection((host, int(port)), timeout=20)
        self._socket.sendall(head.encode() + body[:100])
        self._rest = body[100:]

    def end(self) -> bytes:
        self._socket.sendall(self._rest)
        answer = b""
        while part := self._socket.recv(65536):
            answer += part
        self._socket.close()
        return answer


def test_when_told_to_stop_it_finishes_what_it_began_and_keeps_it(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        answered, over = [], threading.Event()
        asking = [threading.Thread(target=_ask, args=(served, answered, over)) for _ in range(4)]
        for thread in asking:
            thread.start()
        until(lambda: len(answered) > 20)
        begun = [Begun(served.url) for _ in range(3)]
        time.sleep(0.3)  # so that they were taken up
        ended: list[int] = []
        stopping = threading.Thread(target=lambda: ended.append(served.stop()))
        stopping.start()
        time.sleep(0.5)
        with pytest.raises(httpx.TransportError):
            served.get("/health")
        assert not ended, "it waits for them"
        for call in begun:
            head, _, body = call.end().partition(b"\r\n\r\n")
            assert b" 200 " in head.splitlines()[0]
            assert "Severe renal impairment" in [card["summary"] for card in json.loads(body)["cards"]]
        over.set()
        for thread in [*asking, stopping]:
            thread.join(40)
    assert ended == [0]
    assert set(answered) == {200}
    assert len(calls_in(connect(f"sqlite:///{tmp_path}/memory.db"))) == len(answered) + len(begun)
    last = json.loads(served.log.read_text().splitlines()[-1])["what"]
    assert json.loads(last.removeprefix("memory: ")).get("lost", 0) == 0


def _ask(served: Served, answered: list[int], over: threading.Event) -> None:
    """Until it is told, or nobody takes a call any more."""
    while not over.is_set():
        try:
            answer = httpx.post(
                f"{served.url}{PATH}", json=request(**KIDNEYS), headers={"Connection": "close"}, timeout=20
            )
        except httpx.TransportError:
            return
        answered.append(answer.status_code)


def test_on_a_port_of_their_own(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, MGCDS_OPERATIONS_PORT=str(port)) as served:
        for path in ("/health", "/ready", "/metrics"):
            assert served.get(path).status_code == 404, "not where everybody may call"
            assert httpx.get(f"http://127.0.0.1:{port}{path}").status_code == 200
        page = served.get("/").text
        assert 'href="cds-services"' in page
        assert 'href="health"' not in page
        assert served.stop() == 0
