"""By how many MiB a process grows while it evaluates: `python -m tests.engines.growth "whole assessments"`."""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from mgcds.engines import evaluate_chained
from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.model.evaluation import evaluate_facts
from tests.agreement.generate import Patients


def resident() -> float:
    """Memory of this process in MiB, what the garbage collector would free left out."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20


def growth(assess: Callable[[int], object], seeds: range, first: int, last: int) -> float:
    """MiB between the first so many evaluations, which fill the caches, and the last."""
    again = cycle(seeds)
    for seed in islice(again, first):
        assess(seed)
    settled = resident()
    for seed in islice(again, last - first):
        assess(seed)
    return resident() - settled


def main(what: str) -> float:
    patients = Patients(load_pack(), 600)
    dealt = [patients.dealt(seed) for seed in range(1_000)]
    kept: list[bytes] = []

    def by_both(seed: int) -> None:
        evaluate_chained(patients.pack, dealt[seed])
        evaluate_facts(patients.pack, dealt[seed])

    def whole(seed: int) -> None:
        evaluate(patients.record(seed), patients.pack, patients.day(seed)).to_dict()

    def keeping(seed: int) -> None:
        evaluate_facts(patients.pack, dealt[seed])
        kept.append(bytes([len(kept) % 251]) * 8192)

    return {
        "both engines": lambda: growth(by_both, range(1_000), 5_000, 25_000),
        "whole assessments": lambda: growth(whole, range(300), 900, 3_000),
        "an engine that keeps its patients": lambda: growth(keeping, range(100), 500, 3_000),
    }[what]()


if __name__ == "__main__":
    print(main(sys.argv[1]))
