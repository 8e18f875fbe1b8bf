"""Ctrl-C while processes start or work: it reaches them all, and none of them answers with a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORK = """
import sys, time
from contextlib import nullcontext
from pathlib import Path

if __name__ == "__mp_main__":  # in a worker, amid its imports
    Path(sys.argv[1]).touch()
    time.sleep(3)

def one(pack, number):
    return number

if __name__ == "__main__":
    from mgcds.populations import extraction
    if sys.argv[2] == "deaf":
        extraction.starting = nullcontext
    try:
        with extraction.at_work("pack", 2) as work:
            print(list(work(one, [(number,) for number in range(9)])))
    except KeyboardInterrupt:
        print("stopped")
"""


MUTATE = """
import sys, time
from contextlib import nullcontext
from pathlib import Path

from mgcds.scenarios import mutation

class Bench:  # a hundred mutants, each of which takes a while
    def __init__(self, *given):
        self.mutants = range(100)
        if __name__ == "__mp_main__":
            Path(sys.argv[1]).touch()
            time.sleep(1)

    def judge(self, number):
        time.sleep(1)

mutation.Bench = Bench
if sys.argv[2] == "deaf":
    mutation.starting = nullcontext
if __name__ == "__main__":
    try:
        mutation.mutate(processes=2)
    except KeyboardInterrupt:
        print("stopped")
"""


def interrupted(folder: Path, fault: str, work: str = WORK, later: float = 0) -> tuple[str, str]:
    """What is said on both streams when Ctrl-C comes as a worker starts, or so many seconds later."""
    program, sign = folder / "work.py", folder / "importing"
    program.write_text(work)
    run = subprocess.Popen(
        [sys.executable, program, sign, fault],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not sign.exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(later)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    return run.communicate(timeout=60)


def test_a_process_that_starts_says_nothing_of_ctrl_c(tmp_path: Path) -> None:
    assert interrupted(tmp_path, "none") == ("stopped\n", "")


def test_without_the_wait_it_answers_with_a_traceback(tmp_path: Path) -> None:
    """Seeded fault."""
    said = interrupted(tmp_path, "deaf")
    assert said[0] == "stopped\n"
    assert "Traceback" in said[1]


@pytest.mark.parametrize("later", [0, 3], ids=["as they start", "as they work"])
def test_mutation_stops(later: float, tmp_path: Path) -> None:
    assert interrupted(tmp_path, "none", MUTATE, later) == ("stopped\n", "")


def test_mutation_that_does_not_wait_answers_with_a_traceback(tmp_path: Path) -> None:
    """Seeded fault."""
    assert "Traceback" in interrupted(tmp_path, "deaf", MUTATE)[1]


@pytest.mark.parametrize("number", [1, 2])
def test_all_work_is_done_in_order(number: int, tmp_path: Path) -> None:
    program = tmp_path / "work.py"
    program.write_text(WORK.replace('"pack", 2', f'"pack", {number}').replace("sleep(3)", "sleep(0)"))
    said = subprocess.run(
        [sys.executable, program, tmp_path / "sign", "none"], capture_output=True, text=True, check=True
    )
    assert said.stdout == "[0, 1, 2, 3, 4, 5, 6, 7, 8]\n"
