"""The service as `mgcds serve` runs it, with faults switched on from outside: `python -m tests.service.leaky_server FOLDER`.

`FOLDER/fault` names the fault of the next calls. Each says all it knows of the patient in its exception, as careless code does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import event

from mgcds import evaluator
from mgcds.errors import EngineDisagreement, EngineFault
from mgcds.model.assessment import Assessment
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord
from mgcds.service import serve
from mgcds.service.app import _Web
from mgcds.service.logs import configuration, set_up
from mgcds.service.memory import SqlMemory
from mgcds.service.settings import read_settings

SEEDED = os.environ.get("SEEDED_LEAK", "")


class Careless:
    """An evaluation that fails as told."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "fault"

    @property
    def fault(self) -> str:
        return self._file.read_text() if self._file.exists() else ""

    def __call__(self, record: PatientRecord, pack: RulePack, on: date) -> Assessment:
        everything = record.model_dump_json()
        if SEEDED == "log":
            logging.getLogger("mgcds.service").info("evaluating %s", everything)
        failing = {
            "engine": lambda: _raise(EngineFault(everything)),
            "disagreement": lambda: _raise(EngineDisagreement(everything)),
            "value": lambda: _raise(ValueError(everything)),
            "chained": lambda: _raise_chained(everything),
            "thread": lambda: _in_a_thread(everything),
            "warning": lambda: warnings.warn(everything, stacklevel=1),
            "library": lambda: logging.getLogger("httpx").error("sent %s", everything),
            "library with trace": lambda: _log_with_trace(everything),
            "unraisable": lambda: Unraisable(everything) and None,
            "hang": lambda: time.sleep(1.5),
        }.get(self.fault)
        if failing is not None:
            failing()
        return evaluator.evaluate(record, pack, on)


class Unraisable:
    """Fails when it is thrown away."""

    def __init__(self, everything: str) -> None:
        self._everything = everything

    def __del__(self) -> None:
        raise ValueError(self._everything)


def _raise(error: Exception) -> None:
    raise error


def _raise_chained(everything: str) -> None:
    try:
        int(everything)
    except ValueError as error:
        raise RuntimeError(everything) from error


def _in_a_thread(everything: str) -> None:
    thread = threading.Thread(target=_raise, args=(KeyError(everything),), name=everything[:50])
    thread.start()
    thread.join()


def _log_with_trace(everything: str) -> None:
    try:
        int(everything)
    except ValueError:
        logging.getLogger("some.library").exception("could not read %s", everything, stack_info=True)


def _database_fails(memory: Any, fault: Callable[[], str]) -> None:
    @event.listens_for(memory._engine, "before_cursor_execute")
    def failing(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if fault() == "database":
            raise OSError(f"cannot execute {statement} with {values}")


def main(folder: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    settings = read_settings({"port": listening.getsockname()[1]}, os.environ)
    if SEEDED != "uvicorn":
        set_up("debug")
    if SEEDED == "label":
        _Web._named = lambda _, service: service  # type: ignore[method-assign]
    serve.stop_in_order()
    careless = Careless(folder)
    with serve.application(settings, careless, settings.workers) as (app, parts):
        assert isinstance(parts.memory, SqlMemory)
        _database_fails(parts.memory, lambda: careless.fault)

        @app.post("/boom")
        async def boom(said: str = "") -> None:
            asyncio.get_running_loop().create_task(asyncio.to_thread(_raise, ValueError(said)))  # nobody asks for it
            await asyncio.sleep(0.05)
            raise RuntimeError(said)

        (folder / "port").write_text(str(settings.port))
        log = configuration() if SEEDED != "uvicorn" else uvicorn.config.LOGGING_CONFIG
        config = uvicorn.Config(
            app, log_config=log, access_log=SEEDED == "uvicorn", proxy_headers=False, log_level="debug"
        )
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
