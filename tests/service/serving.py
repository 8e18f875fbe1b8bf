"""`mgcds serve` as a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.cli.running import environment
from tests.service.records import until


@dataclass(frozen=True)
class Served:
    """Where it is, what it is, and its log."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=20)

    def post(self, path: str, body: Any) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", json=body, timeout=20)

    def metric(self, name: str) -> float:
        """The sum of the samples whose line begins so."""
        lines = self.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(folder: Path, *options: str, **settings: str) -> Iterator[Served]:
    """Without tokens, on loopback; what it keeps is in `folder/memory.db`."""
    port = free_port()
    named = {"MGCDS_DATABASE": f"sqlite:///{folder}/memory.db", "MGCDS_METRICS": "yes", **settings}
    command = [
        sys.executable,
        "-c",
        "from mgcds.cli import main; main()",
        "serve",
        "--no-auth",
        "--port",
        str(port),
        *options,
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment(**named), stdout=log, stderr=log)
    try:
        served = Served(f"http://127.0.0.1:{port}", process, folder / "log")
        until(lambda: _is_up(served), 60)
        yield served
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)


def _is_up(served: Served) -> bool:
    assert served.process.poll() is None, served.log.read_text()
    try:
        return served.get("/cds-services").status_code == 200
    except httpx.TransportError:
        time.sleep(0.1)
        return False
