"""Evaluation from many threads gives what one thread gives, and memory stays flat however many patients there are.

`make agreement` watches the memory of its processes too, over a million patients.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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


def growth(what: str) -> float:
    """MiB, in a process of its own: in this one, what earlier tests freed would hide it or be taken for it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.engines.growth", what], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


@pytest.mark.parametrize("what", ["both engines", "whole assessments"])
def test_memory_stays_flat_over_many_patients(what: str) -> None:
    assert growth(what) < MOST_GROWTH


def test_an_engine_that_keeps_its_patients_is_noticed() -> None:
    """The seeded fault: 8 KiB a patient."""
    assert growth("an engine that keeps its patients") > MOST_GROWTH
