"""Check many generated assessments: `python -m tests.verification.run_checker 100000`. Exit 1 where one does not pass.

The smallest missing sets take a hundred times as long as all the rest, and the checks do not derive them: they are left out here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.verification import checker, reported
from tests.agreement.generate import Patients

PROCESSES = 2
_patients: Patients


class NoSets(dict[Any, Any]):
    """Stands for the sets that were worked out before: for every pattern, none."""

    def get(self, key: Any, default: Any = None) -> Any:
        return ()


def many_patients() -> Patients:
    """Generated patients of the built-in pack, without missing sets."""
    return Patients(replace(load_pack(), missing_sets=NoSets()), 1)


def discrepancies(patients: Patients, seed: int) -> list[str]:
    """What the checks find in the assessment of one generated patient, written and read as JSON."""
    record = patients.record(seed)
    said = evaluate(record, patients.pack, patients.day(seed)).to_dict(proof=True)
    written, given = json.loads(json.dumps(said)), json.loads(json.dumps(record))
    return checker.check(written) + reported.check(written, given)


def start() -> None:
    global _patients
    _patients = many_patients()


def check(seed: int) -> tuple[int, list[str]]:
    return seed, discrepancies(_patients, seed)


def main() -> int:
    """Check as many as the command line says."""
    parser = argparse.ArgumentParser(description="Check generated assessments independently.")
    parser.add_argument("records", type=int, nargs="?", default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    start()
    began, failed = time.monotonic(), 0
    with get_context("fork").Pool(PROCESSES) as pool:
        seeds = range(given.first, given.first + given.records)
        for done, (seed, found) in enumerate(pool.imap_unordered(check, seeds, chunksize=50), 1):
            failed += bool(found)
            if found:
                print(f"seed {seed}: {'; '.join(found)}")
            if done % 500 == 0:
                print(f"\r{done}, {done / (time.monotonic() - began):.0f} a second ", end="", file=sys.stderr)
    print(f"\n{given.records} assessments checked, {failed} with discrepancies")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
