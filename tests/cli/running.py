"""Running `mgcds` as a user would: in this process through `main`, or as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path

from mgcds.cli import main

ROOT = Path(__file__).resolve().parents[2]
AMARA = str(ROOT / "examples" / "amara.yaml")
ON = ("--on", "2026-11-21")

# The smallest record that a rule speaks to: an eGFR below 30 and nothing else.
KIDNEYS = "recorded: 2026-11-20\negfr: 25 mL/min/1.73m2\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str


def mgcds(*arguments: str, given: bytes = b"") -> Ended:
    """Run `mgcds` here, with these bytes as standard input. What `main` does not catch is raised."""
    with _streams(given) as (out, err):
        try:
            main(list(arguments))
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
        return Ended(code, out.getvalue().decode("utf-8"), err.getvalue().decode("utf-8"))


@contextmanager
def _streams(given: bytes) -> Iterator[tuple[BytesIO, BytesIO]]:
    before = sys.stdin, sys.stdout, sys.stderr
    out, err = BytesIO(), BytesIO()
    sys.stdin, sys.stdout, sys.stderr = (TextIOWrapper(raw, encoding="utf-8") for raw in (BytesIO(given), out, err))
    try:
        yield out, err
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def environment(**more: str) -> dict[str, str]:
    """That of this process without what would colour or widen the output."""
    plain = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "COLUMNS", "MGCDS_DEBUG")}
    return {**plain, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]), **more}


def process(*arguments: str, given: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run `mgcds` as a process whose output is a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "mgcds", *arguments],
        input=given, capture_output=True, timeout=60, env=environment(**more), check=False,
    )  # fmt: skip
