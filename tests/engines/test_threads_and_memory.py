"""Evaluation from many threads gives what one thread gives, and memory stays flat however many patients there are.

`make agreement` watches the memory of its processes too, over a million patients.
"""

from __future__ import annotations

import ctypes
import gc
import resource
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from mgcds.engines import evaluate_chained
from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.model.evaluation import Verdicts, evaluate_facts
from mgcds.model.facts import Facts
from tests.agreement.generate import Patients

THREADS = 8
MOST_GROWTH = 8.0  # MiB


@pytest.fixture(scope="module")
def patients() -> Patients:
    return Patients(load_pack(), 600)


# --- threads ------------------------------------------------------------------------------------------------------------------------


def differing(assess: Callable[[int], object], seeds: range) -> list[int]:
    """Patients of whom eight threads, all at once and in another order, say something else than one thread does."""
    alone = {seed: assess(seed) for seed in seeds}
    with ThreadPoolExecutor(THREADS) as threads:
        together = dict(threads.map(lambda seed: (seed, assess(seed)), reversed(seeds)))
    return [seed for seed in seeds if alone[seed] != together[seed]]


def test_eight_threads_say_what_one_says(patients: Patients) -> None:
    def assess(seed: int) -> dict[str, Any]:
        return evaluate(patients.record(seed), patients.pack, patients.day(seed)).to_dict()

    assert differing(assess, range(400)) == []


def test_the_first_evaluation_may_come_from_any_thread(patients: Patients) -> None:
    """The network of a pack is compiled on its first use, here by eight threads at once."""
    again = Patients(replace(patients.pack, missing_sets={}), patients.stock)
    dealt = [again.dealt(seed) for seed in range(64)]  # before: the generator is not made for threads
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(lambda facts: evaluate_chained(again.pack, facts), dealt))
    for facts, verdicts in zip(dealt, found, strict=True):
        assert verdicts.statuses == evaluate_facts(again.pack, facts).statuses


def test_a_patient_kept_between_two_steps_is_noticed(patients: Patients) -> None:
    """The seeded fault: an engine that remembers whom it looks at, as durable-rules does of itself."""
    remembered: dict[str, Facts] = {}

    def assess(seed: int) -> Verdicts:
        remembered["patient"] = patients.dealt(seed)
        time.sleep(0.0005)
        return evaluate_facts(patients.pack, remembered["patient"])

    assert differing(assess, range(100))


# --- memory ---------------------------------------------------------------------------------------------------------------------------


def resident() -> float:
    """Memory of this process in MiB, what the garbage collector would free and what earlier tests freed left out."""
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)  # glibc keeps what is freed, and what is kept wrongly would fill that first
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("this system does not say how much memory a process has now")
    return int(statm.read_text().split()[1]) * resource.getpagesize() / 2**20


def growth(assess: Callable[[Any], object], cases: Iterable[Any], first: int, last: int) -> float:
    """MiB between the first so many evaluations, which fill the caches, and the last."""
    again = cycle(cases)
    for case in islice(again, first):
        assess(case)
    settled = resident()
    for case in islice(again, last - first):
        assess(case)
    return resident() - settled


def test_memory_stays_flat_over_many_evaluations_by_both_engines(patients: Patients) -> None:
    def judge(facts: Facts) -> None:
        evaluate_chained(patients.pack, facts)
        evaluate_facts(patients.pack, facts)

    assert growth(judge, [patients.dealt(seed) for seed in range(2000)], 10_000, 50_000) < MOST_GROWTH


def test_memory_stays_flat_over_many_whole_assessments(patients: Patients) -> None:
    def assess(seed: int) -> None:
        evaluate(patients.record(seed), patients.pack, patients.day(seed)).to_dict()

    assert growth(assess, range(300), 900, 4_000) < MOST_GROWTH


def test_an_engine_that_keeps_its_patients_is_noticed(patients: Patients) -> None:
    """The seeded fault: 8 KiB a patient."""
    kept: list[bytes] = []

    def judge(facts: Facts) -> None:
        evaluate_facts(patients.pack, facts)
        kept.append(bytes([len(kept) % 251]) * 8192)

    assert growth(judge, [patients.dealt(seed) for seed in range(100)], 1_000, 9_000) > MOST_GROWTH
