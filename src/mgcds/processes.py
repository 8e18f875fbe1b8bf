"""Processes that work for a command. Ctrl-C reaches them all; the command alone speaks of it, and ends them when their work has stopped.

None of them dies of it: a pool that loses a process while it is being ended complains.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from typing import Any, TypeVar

T = TypeVar("T")


@contextmanager
def starting() -> Iterator[None]:
    """For a process that is started here Ctrl-C waits until it has `started`, and for this one until this is over: a process that is
    interrupted amid its imports, or is not told all that it needs, answers with a traceback.
    """
    came: list[int] = []
    mask = signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT}
    )  # inherited; but another thread may still take the signal
    here = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number)) if here else None
    try:
        yield
    finally:
        if here:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if came:
            signal.raise_signal(signal.SIGINT)


class _Process:
    """What this process is at."""

    works = stops = False


def started() -> None:
    """From here on Ctrl-C stops what is `stoppable`, also that which has not begun; and this process ends with the one that began it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def stop(*_: object) -> None:
        _Process.stops = True
        if _Process.works:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _end_with_parent() -> None:
    """A process that was killed takes no leave of its workers, and they would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def stoppable(function: Callable[..., T], *given: Any) -> T:
    """What the function returns. KeyboardInterrupt, which the pool hands to the command, after Ctrl-C."""
    _Process.works = True
    try:
        if _Process.stops:
            raise KeyboardInterrupt
        return function(*given)
    finally:
        _Process.works = False
