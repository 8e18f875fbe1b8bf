"""Logs as JSON, one line an event, that cannot hold a patient's value.

What mgcds itself logs are fixed sentences and kinds of faults. Of what a library logs, neither the text nor the arguments nor the message of
an exception are written, since any of them may repeat what it was given: only who logged it, where in the code, and the kind of exception.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

OURS = "mgcds"
_MOST_FRAMES = 8


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "by": record.name,
        }
        if record.name.partition(".")[0] == OURS:
            line["what"] = record.getMessage()
        else:
            line["where"] = f"{record.module}:{record.lineno}"
        line |= getattr(record, "kind", {})
        if record.exc_info and record.exc_info[0] is not None:
            line |= kind_of(record.exc_info[0], record.exc_info[2])
        return json.dumps(line)


def kind_of(kind: type[BaseException], trace: TracebackType | None) -> dict[str, Any]:
    """What may be said of an exception: its class, and where it was raised, innermost last."""
    frames = traceback.extract_tb(trace)[-_MOST_FRAMES:]
    return {"exception": kind.__name__, "trace": [f"{_module(frame.filename)}:{frame.lineno}" for frame in frames]}


def _module(path: str) -> str:
    return "/".join(path.replace("\\", "/").rsplit("/", 2)[-2:])


def set_up(level: str = "info", stream: TextIO | None = None) -> None:
    """All logging of the process goes to one stream as JSON lines, and so does what Python would print by itself: uncaught exceptions,
    those of threads, those nobody can raise, and warnings.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.raiseExceptions = False  # else a record that cannot be written is printed with its arguments
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        _pass_on(name)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        _pass_on(name)
    logging.getLogger("uvicorn.access").disabled = True  # it writes whole URLs
    logging.getLogger(OURS).setLevel(level.upper())
    _catch_what_python_prints(logging.getLogger(f"{OURS}.service"))


def _pass_on(name: str) -> None:
    logger = logging.getLogger(name)
    logger.handlers.clear()
    logger.propagate = True


def _catch_what_python_prints(log: logging.Logger) -> None:
    def told(what: str) -> Callable[..., None]:
        def tell(kind: Any, _: Any = None, trace: TracebackType | None = None) -> None:
            log.error(what, extra={"kind": kind_of(kind, trace)})

        return tell

    uncaught, in_a_thread, unraisable = told("uncaught"), told("uncaught in a thread"), told("could not be raised")
    sys.excepthook = uncaught
    threading.excepthook = lambda args: in_a_thread(args.exc_type, None, args.exc_traceback)
    sys.unraisablehook = lambda args: unraisable(args.exc_type, None, args.exc_traceback)
    warnings.showwarning = lambda message, category, *_: log.warning("warning: %s", category.__name__)


def configuration() -> dict[str, Any]:
    """For uvicorn: leave the logging as `set_up` made it."""
    return {"version": 1, "disable_existing_loggers": False}
