"""Evaluations that do as they are told, in processes of their own: each reads this file, so it imports little."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from mgcds import evaluator
from mgcds.model.assessment import Assessment
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord


class AsTold:
    """An evaluation that does first what a file says."""

    def __init__(self, folder: Path) -> None:
        self._file, self._begun = folder / "fault", folder / "begun"

    def tell(self, fault: str) -> None:
        self._file.write_text(fault)

    @property
    def begun(self) -> int:
        """How many evaluations have begun, those included with which workers begin."""
        return len(self._begun.read_bytes()) if self._begun.exists() else 0

    def __call__(self, record: PatientRecord, pack: RulePack, on: date) -> Assessment:
        told = self._file.read_text() if self._file.exists() else ""
        with self._begun.open("ab") as begun:
            begun.write(b".")
        match told:
            case "hang":
                time.sleep(60)
            case "slow":
                time.sleep(0.3)
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "fail":
                raise MemoryError
            case _:
                pass
        return evaluator.evaluate(record, pack, on)


class Unreadable:
    """What no other process can read."""

    def __call__(self, record: PatientRecord, pack: RulePack, on: date) -> Assessment:
        raise AssertionError

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os._exit, (3,)
