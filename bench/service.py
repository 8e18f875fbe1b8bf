"""How `mgcds serve` bears 50 clients at once, beside an endpoint that only parses the same body: `make bench-service`.

Both run on loopback in processes of their own and are asked in turns, so that what else the machine does hits both: `mgcds serve` as it is by
default, with one worker a processor and one more, the endpoint alone, as it has nothing to hand on.
Ratios are what counts. `--requests N` asks N times instead of for so many seconds, and looks at the memory on the way.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from bench.load import UUID
from mgcds.loading import load_pack
from mgcds.service.client import patient_of, resources_of
from mgcds.service.ehr import prefetched
from mgcds.service.hooks import discovery

ROOT = Path(__file__).resolve().parents[1]
EXTRACT = ROOT / "tests" / "fhir" / "bundles" / "synthea-extract.json"
SERVICE = "mgcds-patient-view"
SIZE = 100_000
CLIENTS, SECONDS, TURNS = 50, 60.0, 4
GOAL = 3.0
DAYS = {"effectiveDateTime", "authoredOn", "onsetDateTime", "recordedDate", "issued"}


def body(resources: list[dict[str, Any]], size: int = 0) -> bytes:
    """A call as an EHR would make it. What matches the templates is repeated under other ids, a week earlier each time, until it is so large."""
    service = next(each for each in discovery(load_pack())["services"] if each["id"] == SERVICE)
    context = {"userId": "Practitioner/d", "patientId": patient_of(resources)}
    found, left_out = prefetched(service["prefetch"], resources, context)
    assert not left_out, left_out
    call = {"hook": "patient-view", "hookInstance": UUID.decode(), "context": context, "prefetch": found}
    length = len(json.dumps(call))
    once = [(each["entry"], entry) for each in found.values() if each and each.get("entry") for entry in each["entry"]]
    for number, (entries, entry) in enumerate(cycle(once)):
        if length >= size:
            break
        entries.append(earlier(entry, 1 + number // len(once)))
        length += len(json.dumps(entries[-1])) + 2
    return json.dumps(call).encode()


def earlier(entry: dict[str, Any], weeks: int) -> dict[str, Any]:
    """The same under another id, its days so many weeks before."""
    resource = {**entry["resource"], "id": f"{entry['resource'].get('id', '')}-{weeks}"}
    for name in DAYS & resource.keys():
        day = date.fromisoformat(resource[name][:10]) - timedelta(weeks=weeks)
        resource[name] = day.isoformat() + resource[name][10:]
    return {**entry, "resource": resource}


@dataclass
class Figures:
    """What was measured of one server."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0
    """seconds of processor time"""
    statuses: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[int, float]] = field(default_factory=list)
    """(after so many requests, MB)"""

    def add(self, found: dict[str, Any], cpu: float) -> None:
        """What one turn of the clients found."""
        self.cpu += cpu
        self.took += found["took"]
        self.seconds += found["seconds"]
        self.statuses.update(found["statuses"])

    def at(self, part: float) -> float:
        """The time in milliseconds that so many of the requests did not exceed."""
        return sorted(self.took)[min(int(len(self.took) * part), len(self.took) - 1)] * 1000

    @property
    def cpu_each(self) -> float:
        """Milliseconds of processor time a request: what else the machine does hardly changes it."""
        return self.cpu / len(self.took) * 1000

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds

    @property
    def errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status != "200")


@contextmanager
def running(command: Sequence[str], url: str, **settings: str) -> Iterator[int]:
    """A server, from when it answers; its process id."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), **settings}
    process = subprocess.Popen([sys.executable, *command], env=environment, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            if process.poll() is not None or _answers(url):
                break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        with urlopen(url):
            return True
    except URLError as error:
        return hasattr(error, "code")


def asked(
    figures: Figures, process: int, url: str, file: Path, clients: int, seconds: float, requests: int = 0
) -> None:
    """Ask a server from a process of its own, and add what was found."""
    before = processor_time(process)
    command = [sys.executable, "-m", "bench.load", url, str(file), str(clients), str(seconds), str(requests)]
    found: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    figures.add(found, processor_time(process) - before)


def family(process: int) -> list[int]:
    """A process with all that it began (Linux)."""
    found, parent = [process], {}
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent[int(each.parent.name)] = int(_stat(each)[1])
    for one in found:
        found += [child for child, its in parent.items() if its == one]
    return found


def _stat(file: Path) -> list[str]:
    return file.read_text().rpartition(")")[2].split()


def processor_time(process: int) -> float:
    """Seconds a process and all that it began have computed (Linux)."""
    ticks = 0
    for each in family(process):
        user, system = _stat(Path(f"/proc/{each}/stat"))[11:13]
        ticks += int(user) + int(system)
    return ticks / os.sysconf("SC_CLK_TCK")


def resident(process: int) -> float:
    """MB in memory of a process and all that it began, what they share counted once (Linux)."""
    shares = 0
    for each in family(process):
        lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        shares += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return shares / 1024


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def measure(file: Path, clients: int, seconds: float, requests: int, folder: Path) -> tuple[Figures, Figures]:
    """(the service, the yardstick)."""
    ours, bare = Figures(), Figures()
    here, there = free_port(), free_port()
    serve = ["-m", "mgcds.cli", "serve", "--no-auth", "--port", str(here)]
    url = f"http://127.0.0.1:{here}/cds-services"
    with (
        running(serve, url, MGCDS_DATABASE=f"sqlite:///{folder}/memory.db") as process,
        running(["-m", "bench.parse_only", str(there)], f"http://127.0.0.1:{there}/") as yardstick,
    ):
        turns = max(TURNS, requests // 10_000)
        asked(Figures(), process, f"{url}/{SERVICE}", file, clients, 3)  # to warm up
        ours.memory.append((0, resident(process)))
        for _ in range(turns):
            asked(bare, yardstick, f"http://127.0.0.1:{there}/", file, clients, 1 if requests else seconds / turns)
            asked(
                ours,
                process,
                f"{url}/{SERVICE}",
                file,
                clients,
                1e6 if requests else seconds / turns,
                requests // turns,
            )
            ours.memory.append((len(ours.took), resident(process)))
            if requests:
                print(f"{len(ours.took)} requests, {resident(process):.0f} MB", file=sys.stderr)
    return ours, bare


def main() -> None:
    """Measure and print; 1 where an answer was none."""
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--seconds", type=float, default=SECONDS)
    read.add_argument("--requests", type=int, default=0)
    read.add_argument("--clients", type=int, default=CLIENTS)
    read.add_argument("--bundle", type=Path, default=EXTRACT, help="a FHIR Bundle of one patient")
    read.add_argument("--size", type=int, default=SIZE, help="bytes of the body at least")
    given = read.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sent = body(resources_of(json.loads(given.bundle.read_bytes())), given.size)
        (folder / "body.json").write_bytes(sent)
        ours, bare = measure(folder / "body.json", given.clients, given.seconds, given.requests, folder)
    print(f"{given.clients} clients, {len(sent) / 1000:.0f} kB a request")
    for what, each in (("mgcds serve", ours), ("bare endpoint with orjson", bare)):
        print(
            f"{what}: {len(each.took)} requests in {each.seconds:.0f} s, {each.rate:.0f}/s, p50 {each.at(0.5):.1f} ms, "
            f"p99 {each.at(0.99):.1f} ms, {each.cpu_each:.2f} ms of processor time each, errors {each.errors} {dict(each.statuses)}"
        )
    ratio = ours.at(0.99) / bare.at(0.99)
    print(
        f"ratios: p50 {ours.at(0.5) / bare.at(0.5):.1f}, p99 {ratio:.1f}, processor time {ours.cpu_each / bare.cpu_each:.1f}; "
        f"goal of p99 {GOAL:g}: {'met' if ratio <= GOAL else 'not met'}"
    )
    print("memory: " + ", ".join(f"{megabytes:.0f} MB after {count}" for count, megabytes in ours.memory))
    sys.exit(1 if ours.errors else 0)


if __name__ == "__main__":
    main()
