"""Kill -9 a process that remembers, again and again: `python -m tests.service.killing URL TIMES SEED`.

Prints as JSON what each process had been told was kept, and which record it was bringing when it was killed.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import time
from dataclasses import dataclass, field

import alembic.command  # noqa: F401  (before the processes fork, not in each)

from mgcds.service.database import connect
from mgcds.service.memory import SqlMemory
from tests.service.records import decision

PATIENCE = 5.0  # so that `remember` comes back when the record is kept, and not before


def remembering(url: str, run: int, told: int) -> None:
    """In the child: bring records, and say each before and after, until killed."""
    memory = SqlMemory(connect(url), patience=PATIENCE)
    while not memory.well:
        time.sleep(0.001)
    os.write(told, b"ready\n")
    number = 0
    while True:
        of = run * 1_000_000 + number
        os.write(told, f"b{of}\n".encode())
        memory.remember([decision(of)])
        if memory.counts == {"kept": number + 1}:
            os.write(told, f"k{of}\n".encode())
        number += 1


@dataclass
class Process:
    """One process from its start to its end."""

    url: str
    run: int
    said: bytes = b""
    reading: int = field(init=False)
    child: int = field(init=False)

    def __post_init__(self) -> None:
        self.reading, writing = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            os.close(self.reading)
            remembering(self.url, self.run, writing)
        os.close(writing)

    def listen(self, seconds: float, until: bytes | None = None) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not (until and until in self.said):
            if select.select([self.reading], [], [], left)[0]:
                self.said += os.read(self.reading, 65536)

    def kill(self) -> dict[str, list[int]]:
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)
        while part := os.read(self.reading, 65536):
            self.said += part
        os.close(self.reading)
        whole = self.said.decode().split("\n")[:-1]
        return {name: [int(line[1:]) for line in whole if line[0] == name[0]] for name in ("brought", "kept")}


def main(url: str, times: int, seed: int) -> None:
    """A third dies at some time of its start, among them the first, which makes the tables; a third at some time after; the rest when four
    records at least are kept, however busy the machine is.
    """
    chance = random.Random(seed)
    runs = []
    for run in range(times):
        process = Process(url, run)
        if run % 3:
            process.listen(60, until=b"ready" if run % 3 == 1 else b"k%d\n" % (run * 1_000_000 + 3))
        process.listen(chance.uniform(0.0, 0.1))
        runs.append(process.kill())
    json.dump(runs, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
