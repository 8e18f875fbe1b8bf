"""No patient value in any log, row, metric or refusal: two hundred invented values through every path of a running service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.canaries import COUNT, Canaries, broken_bodies, feedback_bodies, whole_request
from tests.service.records import until
from tests.service.signing import EC, ISSUER, claims, header, key_set, signed

ROOT = Path(__file__).parents[2]
FAULTS = (
    "", "engine", "disagreement", "value", "chained", "thread", "warning", "library", "library with trace", "unraisable",
    "hang", "database",
)  # fmt: skip
OPERATIONS = ("/health", "/ready", "/metrics")
JSON = {"Content-Type": "application/json"}


class Running:
    """A server, what it was sent, and what came of it that must hold no value."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url, self.of = folder, url, Canaries()
        self.sent, self.refusals, self.operations, self.answered = "", "", "", 0
        self._web = httpx.Client(base_url=url, timeout=20)

    def fault(self, name: str) -> None:
        (self.folder / "fault").write_text(name)

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> httpx.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        token = signed(
            header(), {**claims(aud=f"{self.url}{path.partition('?')[0]}"), "iat": _now(), "exp": _now() + 60}
        )
        names = {"Authorization": f"Bearer {token}", **JSON, **names}
        self.sent += f"{path} {names} " + body.decode(errors="replace")
        found = self._web.request(method, path, content=body, headers=names)
        nothing = "nothing-evaluated" in found.text
        if path.partition("?")[0] in OPERATIONS:
            self.operations += f"{found.status_code} {found.headers} {found.text}\n"
        elif found.status_code != 200 or nothing or method == "GET":
            self.refusals += f"{found.status_code} {found.headers} {found.text}\n"
        self.answered += 1
        return found

    def close(self) -> None:
        self._web.close()


def _now() -> int:
    import time

    return int(time.time())


@contextmanager
def running(folder: Path, seeded: str = "", workers: int = 0) -> Iterator[Running]:
    """The server, with its log in `folder/log`."""
    (folder / "ehr.json").write_bytes(key_set(EC))
    (folder / "clients.json").write_text(json.dumps({"clients": [{"issuer": ISSUER, "keys": "ehr.json"}]}))
    environment = {
        **os.environ, "SEEDED_LEAK": seeded, "MGCDS_CLIENTS": str(folder / "clients.json"), "MGCDS_SECONDS": "1", "MGCDS_WORKERS": str(workers),
        "MGCDS_DATABASE": f"sqlite:///{folder}/memory.db", "MGCDS_MOST_BYTES": "2000000", "PYTHONWARNINGS": "default",
        "MGCDS_METRICS": "yes", "MGCDS_START_PAGE": "yes",
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "tests.service.leaky_server", str(folder)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            until(lambda: (folder / "port").exists() and (folder / "port").read_text() != "", 60)
            served = Running(folder, f"http://127.0.0.1:{(folder / 'port').read_text()}")
            until(lambda: _is_up(served.url), 60)
            yield served
            served.close()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _is_up(url: str) -> bool:
    try:
        return httpx.get(url).status_code > 0
    except httpx.TransportError:
        return False


def every_path(served: Running) -> None:
    """Good, bad and faulting, until two hundred values were sent."""
    of, services = served.of, ("patient-view", "order-select", "order-sign")
    card = ""
    for fault in FAULTS:
        served.fault(fault)
        request = whole_request(of, "patient-view")
        answer = served.send(
            "POST", f"/cds-services/mgcds-patient-view?name={of.word('Frage')}", json.dumps(request).encode()
        )
        assert answer.status_code == 200, answer.text
        card = next((each["uuid"] for each in answer.json()["cards"]), card)
        earlier = json.dumps(
            {**request, "cards": [{"uuid": of.word("Frueher"), "extension": {of.word("Ext"): {}}}]}
        ).encode()
        served.send("POST", "/cds-services/mgcds-patient-view/validate", earlier)
    served.fault("")
    for hook in services:
        request = whole_request(of, hook)
        assert served.send("POST", f"/cds-services/mgcds-{hook}", json.dumps(request).encode()).status_code == 200
        for _, body in broken_bodies(of, request):
            served.send("POST", f"/cds-services/mgcds-{hook}", body)
    for body in feedback_bodies(of, card):
        served.send("POST", "/cds-services/mgcds-patient-view/feedback", body)
    around(served, json.dumps(whole_request(of)).encode())


def around(served: Running, body: bytes) -> None:
    """What does not reach a rule: wrong places, headers, tokens, methods, and an endpoint that fails."""
    of, path = served.of, "/cds-services/mgcds-patient-view"
    served.send("POST", f"/cds-services/{of.word('Dienst')}", body)
    served.send("POST", f"/{of.word('Pfad')}?patient={of.word('Suche')}", body)
    served.send("DELETE", f"{path}?patient={of.word('Loesch')}", body)
    served.send("POST", path, body, Authorization=f"Bearer {of.word('Token')}")
    served.send("POST", path, body, Authorization=f"Basic {of.word('Basic')}")
    words = {"kid": of.word("Kid"), "sub": of.word("Sub")}
    served.sent += str(words)  # they go encoded
    token = of.known(signed(header(kid=words["kid"]), claims(sub=words["sub"])))
    served.send("POST", path, body, Authorization=f"Bearer {token}")
    words = {"jti": of.word("Jti"), "tenant": of.word("Mandant"), "sub": of.word("Sub"), "fhirUser": of.word("Nutzer")}
    served.sent += str(words)
    good = claims(aud=f"{served.url}{path}", iat=_now(), exp=_now() + 60, **words)
    token = of.known(signed(header(), good))
    assert served.send("POST", path, body, Authorization=f"Bearer {token}").status_code == 200
    served.send("POST", path, body, Authorization=f"Bearer {token}")  # used before
    served.send("POST", path, body, Content_Encoding=of.word("Kodierung"))
    served.send("POST", path, body, Content_Type=f"text/{of.word('Art')}")
    served.send(
        "POST", path, body, User_Agent=of.word("Agent"), Referer=of.word("Herkunft"), X_Forwarded_For=of.word("Von")
    )
    served.send(
        "OPTIONS", path, Origin=f"https://{of.word('Seite')}.example", Access_Control_Request_Method=of.word("Methode")
    )
    served.send("POST", f"/boom?said={of.word('Knall')}", body)
    for get in ("/cds-services", "/openapi.json", "/", *OPERATIONS):
        served.send("GET", f"{get}?patient={of.word('Lesen')}")


def told(served: Running) -> dict[str, list[str]]:
    """The canaries found, by where."""
    files = b"".join(file.read_bytes() for file in sorted(served.folder.glob("memory.db*")))
    places = {
        "log": (served.folder / "log").read_text(errors="replace"),
        "database": files.decode("utf-8", "replace") + files.decode("utf-16-le", "replace"),
        "refusals": served.refusals,
        "operations": served.operations,
    }
    found = {name: [value for value in served.of.made if value in text] for name, text in places.items()}
    return {name: values for name, values in found.items() if values}


@pytest.mark.parametrize("workers", [0, 1])
def test_two_hundred_values_go_in_and_none_is_told(workers: int, tmp_path: Path) -> None:
    with running(tmp_path, workers=workers) as served:
        every_path(served)
    assert len(set(served.of.made)) >= COUNT
    unsent = [value for value in served.of.made if value not in served.sent]
    assert unsent == []
    assert told(served) == {}
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {line["level"] for line in lines} >= {"info", "error"}, "it was not silent either"
    for said in ('"alive"', '"degraded"', 'outcome="disagreement"', 'outcome="fault"', "mgcds_memory_records_total"):
        assert said in served.operations, "they were there to be searched, and had seen the faults"
    kinds = {line.get("exception") for line in lines}
    assert {"RuntimeError", "KeyError", "ValueError"} <= kinds, "the faults were told, by their kind"
    kept = json.loads(lines[-1]["what"].removeprefix("memory: "))
    assert kept["kept"] >= len(FAULTS), "the rows were there to be searched, and were written out at the end"
    assert kept.get("lost", 0) == 0


@pytest.mark.parametrize(("seeded", "workers"), [("log", 0), ("log", 1), ("uvicorn", 0)])
def test_a_leak_is_noticed(seeded: str, workers: int, tmp_path: Path) -> None:
    """A log line of ours that holds a record; the logs as uvicorn and Python write them by themselves."""
    with running(tmp_path, seeded, workers) as served:
        for fault in ("", "chained", "library with trace"):
            served.fault(fault)
            of = served.of
            served.send(
                "POST",
                f"/cds-services/mgcds-patient-view?name={of.word('Frage')}",
                json.dumps(whole_request(of)).encode(),
            )
    assert len(told(served).get("log", [])) > 3


def test_a_value_in_a_label_of_a_metric_is_noticed(tmp_path: Path) -> None:
    """The service as who calls names it, instead of one that there is."""
    with running(tmp_path, "label") as served:
        served.send("POST", f"/cds-services/{served.of.word('Dienst')}", b"{}")
        served.send("GET", "/metrics")
    assert told(served) == {"operations": served.of.made}


def test_a_row_or_a_refusal_that_holds_a_value_is_noticed(tmp_path: Path) -> None:
    served: Any = Running(tmp_path, "http://127.0.0.1:1")
    values = [served.of.word("Zeile"), served.of.word("Absage")]
    (tmp_path / "log").write_text("")
    (tmp_path / "memory.db").write_text(values[0])
    served.refusals = values[1]
    served.close()
    assert told(served) == {"database": values[:1], "refusals": values[1:]}
