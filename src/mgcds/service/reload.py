"""The pack that is served, and another in its place while calls go on: `kill -HUP`, or `docker compose kill -s HUP mgcds`.

A call asks for the pack once and keeps it to its end, so none is lost and none is answered by two. A pack with a problem is not taken: the last
good one stays, which is said in the log and counted.
"""

from __future__ import annotations

import logging
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Literal

from mgcds.errors import PackError
from mgcds.evaluator import evaluate
from mgcds.loading import check_pack, load_pack, rules_root
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord
from mgcds.service.hooks import discovery
from mgcds.service.ports import Evaluate

Reloaded = Literal["exchanged", "unchanged", "refused"]
_LOG = logging.getLogger("mgcds.service")
_MOST_TOLD = 5


class LivePack:
    """Called, it gives the pack that is served. PackError where it is made from a pack with problems.

    `told` hears what became of each reload.
    """

    def __init__(
        self,
        root: Path | None = None,
        jurisdictions: tuple[str, ...] = (),
        told: Callable[[Reloaded], None] = lambda _: None,
        evaluate: Evaluate = evaluate,
    ) -> None:
        self._root, self._jurisdictions, self._told, self._evaluate = (
            root,
            tuple(sorted(set(jurisdictions))),
            told,
            evaluate,
        )
        self._one_at_a_time = threading.Lock()
        self._pack = load_pack(root, jurisdictions or None)
        self._try(self._pack)
        self.last: Reloaded | None = None
        """what became of the last reload"""

    def __call__(self) -> RulePack:
        """The pack that is served."""
        return self._pack

    def reload(self) -> Reloaded:
        """Read the folder anew and serve what is in it, if it is a pack without a problem. Never raises."""
        with self._one_at_a_time:
            try:
                self.last = self._exchange()
            except PackError as error:
                self._refuse(f"{len(error.problems)} problems: {'; '.join(map(str, error.problems[:_MOST_TOLD]))}")
            except Exception as fault:
                self._refuse(type(fault).__name__)
            self._told(self.last or "refused")
            return self.last or "refused"

    def _exchange(self) -> Reloaded:
        root = (self._root or rules_root()).resolve()  # each time: a link may point to another folder by now
        found, problems = check_pack(root, self._jurisdictions)
        if found is None:
            raise PackError(tuple(problems))
        if found.digest == self._pack.digest:
            return "unchanged"
        self._try(found)
        self._pack = found
        _LOG.info("another pack is served: %s, %s", found.version, found.digest)
        return "exchanged"

    def _try(self, pack: RulePack) -> None:
        """What the first calls would otherwise find out, and wait for: its services, and whether both channels can work with it."""
        discovery(pack)
        self._evaluate(PatientRecord(), pack, date(2026, 1, 1))

    def _refuse(self, why: str) -> None:
        _LOG.error("the pack was not exchanged, the last good one stays: %s", why)
        self.last = "refused"


@contextmanager
def reloading(pack: LivePack) -> Iterator[None]:
    """Reload when the process gets SIGHUP, in a thread of its own. Where there is no such signal, or this is not the main thread, never."""
    asked: queue.SimpleQueue[bool] = queue.SimpleQueue()  # its `put` may be called in a signal handler

    def wait() -> None:
        while asked.get():
            pack.reload()

    on_main, hangup = threading.current_thread() is threading.main_thread(), getattr(signal, "SIGHUP", None)
    before = signal.signal(hangup, lambda *_: asked.put(True)) if hangup is not None and on_main else None
    worker = threading.Thread(target=wait, name="mgcds-reload", daemon=True)
    worker.start()
    try:
        yield
    finally:
        if hangup is not None and on_main:
            signal.signal(hangup, before)
        asked.put(False)
        worker.join(5)
