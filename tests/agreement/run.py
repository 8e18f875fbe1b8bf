"""Compare the engines on many generated patients: `python -m tests.agreement.run 1000000`.

Exit 1 where they differ, with the seeds and the rules; `1 --first N` compares patient N again, and random pack N on its patients.
Fails too where the memory of a process grows as it goes on.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from mgcds.engines import evaluate_chained
from mgcds.engines.chaining import Chaining
from mgcds.loading import load_pack
from mgcds.model.evaluation import evaluate_facts
from tests.agreement.compare import Difference, differences
from tests.agreement.generate import Patients
from tests.agreement.packs import PackMaker

CHUNK = 2000
OF_RANDOM_PACKS = 50  # of a chunk: one random pack, compiled for it
PROCESSES = 2
SHOWN = 10
MOST_GROWTH = 24.0  # MiB, once a process has compared the chunks that fill its caches
SETTLED = 10


class Compared(NamedTuple):
    """One chunk, compared."""

    records: int
    found: list[tuple[str, Difference]]
    process: int
    memory: float
    """resident, in MiB"""


_patients: Patients
_maker: PackMaker


def start() -> None:
    """Load the pack and read the stock of records, once."""
    global _patients, _maker
    _patients = Patients(load_pack())
    _maker = PackMaker(_patients)


def compare_chunk(seeds: range) -> Compared:
    """These patients on the pack, and some on a random pack of their own."""
    pack = _patients.pack
    by_pack = [
        ("the pack", found) for found in differences(pack, _patients.many(seeds), evaluate_facts, evaluate_chained)
    ]
    by_pack += [(f"random pack {seeds.start}", found) for found in _on_a_random_pack(seeds.start)]
    return Compared(len(seeds), by_pack, os.getpid(), resident())


def _on_a_random_pack(seed: int) -> Iterator[Difference]:
    pack = _maker.pack(seed)
    chained, patients = Chaining(pack), Patients(pack, _patients.stock)
    cases = ((number, patients.dealt(number)) for number in range(seed, seed + OF_RANDOM_PACKS))
    return differences(pack, cases, evaluate_facts, lambda _, facts: chained.evaluate(facts))


def resident() -> float:
    """Memory of this process now, in MiB; where the system does not say, the most it ever was."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def chunks(first: int, records: int) -> Iterator[range]:
    """Seeds by the chunk."""
    for start in range(first, first + records, CHUNK):
        yield range(start, min(start + CHUNK, first + records))


def compare(first: int, records: int) -> int:
    """Compare in several processes; the exit code."""
    start()  # before the processes part, so that they share what was read
    with get_context("fork").Pool(PROCESSES) as pool:
        return report(records, pool.imap_unordered(compare_chunk, chunks(first, records)))


def report(records: int, compared: Iterable[Compared]) -> int:
    """Print what comes in. 0 where nothing differs and no process grew, else 1."""
    began = time.monotonic()
    done, found = 0, list[tuple[str, Difference]]()
    memory: dict[int, list[float]] = {}
    for chunk in compared:
        done += chunk.records
        found += chunk.found
        memory.setdefault(chunk.process, []).append(chunk.memory)
        _progress(done, records, time.monotonic() - began, len(found))
    growth = max((seen[-1] - seen[SETTLED] for seen in memory.values() if len(seen) > SETTLED), default=0.0)
    print(f"\nmemory of a process grew by {growth:.1f} MiB after its first {SETTLED} chunks", file=sys.stderr)
    for where, difference in found[:SHOWN]:
        print(f"seed {difference.seed}, {where}: {', '.join(difference.names)}")
    print(f"{done} records, {len(found)} differences")
    return 1 if found or growth > MOST_GROWTH else 0


def _progress(done: int, records: int, seconds: float, found: int) -> None:
    rate = done / seconds
    left = (records - done) / rate
    print(
        f"\r{done} of {records}, {rate:.0f} a second, {left:.0f} s left, {found} differences ", end="", file=sys.stderr
    )


def main() -> int:
    """Read the command line and compare."""
    parser = argparse.ArgumentParser(description="Compare the engines on generated patients.")
    parser.add_argument("records", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    return compare(given.first, given.records)


if __name__ == "__main__":
    sys.exit(main())
