"""Kill -9 a process that remembers, again and again: `python -m tests.service.killing URL TIMES SEED SECONDS`, each at some time within so many seconds.

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

from mgcds.service.database import connect
from mgcds.service.memory import SqlMemory
from tests.service.records import decision

PATIENCE = 5.0  # so that `remember` comes back when the record is kept, and not before


def remembering(url: str, run: int, told: int) -> None:
    """In the child: bring records, and say each before and after, until killed."""
    memory = SqlMemory(connect(url), patience=PATIENCE)
    number = 0
    while not memory.well:
        time.sleep(0.001)
    while True:
        of = run * 1_000_000 + number
        os.write(told, f"b{of}\n".encode())
        memory.remember(decision(of))
        if memory.counts == {"kept": number + 1}:
            os.write(told, f"k{of}\n".encode())
        number += 1


def killed(url: str, run: int, after: float) -> tuple[list[int], list[int]]:
    """One process from its start to its end, so many seconds after it began: what it brought, what it was told was kept."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        remembering(url, run, writing)
    os.close(writing)
    said, end = b"", time.monotonic() + after
    while (left := end - time.monotonic()) > 0:
        if select.select([reading], [], [], left)[0]:
            said += os.read(reading, 65536)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while part := os.read(reading, 65536):
        said += part
    os.close(reading)
    whole = said.decode().split("\n")[:-1]
    return [int(line[1:]) for line in whole if line[0] == "b"], [int(line[1:]) for line in whole if line[0] == "k"]


def main(url: str, times: int, seed: int, longest: float) -> None:
    chance = random.Random(seed)
    runs = []
    for run in range(times):
        brought, kept = killed(url, run, chance.uniform(0.002, longest))
        runs.append({"brought": brought, "kept": kept})
    json.dump(runs, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
