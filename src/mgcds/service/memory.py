"""What was said and what became of it, kept in a database that no answer waits for.

One thread writes. Records go into a queue of bounded length; who brings them waits until they are on the disk, but not longer than a few
hundredths of a second, and not at all while the database is known to be out of order. So a process that is killed loses at most what was
being brought, and a database that is slow or lost costs records, which are counted, but no answer.
"""

from __future__ import annotations

import hmac
import logging
import queue
import secrets
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as NotInTime
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Engine, Table, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolIsEmpty

from mgcds.service import schema
from mgcds.service.database import file_of, migrate
from mgcds.service.ports import Decision, Feedback

Counted = Literal["kept", "late", "lost", "refused", "faults"]
"""kept: on the disk; late: on the disk or waiting when its answer went; lost: given up; refused: the database cannot hold it."""

Rows = tuple[tuple[Table, tuple[dict[str, Any], ...]], ...]
"""One record: its main row first, then what refers to it."""

Waiting = tuple[Rows, Future[None]]

_LOG = logging.getLogger("mgcds.service")
_BATCH = 200
_OTHER = "other"


class NotKept(Exception):
    """Feedback that was not kept: the sender may send it again."""


class SqlMemory:
    """A Memory in a database. `counts` says what became of the records; `reasons` are the override codes that may be kept as they are.

    `key` makes the fingerprint of inputs useless to who has the database alone: few values make it, so a bare one could be guessed.
    Without a key each process takes a random one.
    """

    def __init__(
        self,
        engine: Engine,
        reasons: Callable[[], Collection[str]] = tuple,
        key: bytes | None = None,
        room: int = 10_000,
        patience: float = 0.03,
    ) -> None:
        self._engine, self._reasons, self._patience = engine, reasons, patience
        self._key = key or secrets.token_bytes(32)
        self._queue: queue.Queue[Waiting | None] = queue.Queue(room)
        self._counting = threading.Lock()
        self._counts: Counter[Counted] = Counter()
        self._closing = threading.Event()
        self._file: tuple[int, int] | None = None
        self.well = False
        """Is the database there, and did the last try to write succeed?"""
        self._writer = threading.Thread(target=self._write_all, name="mgcds-memory", daemon=True)
        self._writer.start()

    @property
    def counts(self) -> dict[str, int]:
        """How many records were kept, late, lost or refused, and how often the database failed."""
        with self._counting:
            return {str(what): times for what, times in self._counts.items()}

    def answers(self) -> bool:
        """Does the database answer now, and is it the one that is written to? Beside the writer, and without its lock."""
        try:
            if file_of(self._engine) != self._file:
                return False
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("SELECT 1")
            finally:
                connection.close()
        except Exception:
            return False
        return self.well

    def remember(self, decisions: Sequence[Decision]) -> None:
        """See Memory. Never raises and never waits longer than its patience."""
        brought = [kept for decision in decisions if (kept := self._put(self._rows_of(decision))) is not None]
        if not self.well:
            return
        late = len(wait(brought, self._patience).not_done)
        if late:
            if self.well:
                _LOG.warning("the memory is slow: nobody waits for it until it is written again")
            self.well = False  # until the writer gets through, nobody waits any more
            self._count("late", late)

    def take(self, feedback: Sequence[Feedback]) -> None:
        """See Memory. Raises NotKept where that is not certain within two seconds."""
        rows = tuple(row for each in feedback for row in self._feedback_rows(each))
        if not rows:
            return
        kept = self._put(rows)
        if kept is None:
            raise NotKept("there is no room")
        try:
            kept.result(2.0)
        except NotInTime:
            raise NotKept("the database does not answer") from None

    def close(self, seconds: float = 5.0) -> None:
        """Write what is waiting, for so long; count the rest as lost."""
        self._closing.set()
        end = time.monotonic() + seconds
        while self._writer.is_alive() and time.monotonic() < end:
            with suppress(queue.Full):
                self._queue.put(None, timeout=0.05)
                self._writer.join(end - time.monotonic())
        while True:
            try:
                left = self._queue.get_nowait()
            except queue.Empty:
                return
            if left is not None:
                self._give_up(left[1], "lost")

    # --- records → rows -----------------------------------------------------------------------------------------------------------

    def _rows_of(self, decision: Decision) -> Rows:
        main = {
            "id": str(uuid.uuid4()), "at": _utc(decision.at), "on": decision.on, "service": decision.service[:100],
            "call": as_uuid(decision.hook_instance), "pack_version": decision.pack_version[:100],
            "pack_digest": decision.pack_digest[:128], "problem": decision.problem[:100], "issuer": decision.caller.issuer[:500],
            "inputs": hmac.digest(self._key, decision.fingerprint.encode(), "sha256").hex() if decision.fingerprint else "",
            "said": msgspec.json.encode(decision.said).decode(),
        }  # fmt: skip
        return ((schema.answers, (main,)),)

    def _feedback_rows(self, given: Feedback) -> Rows:
        own = str(uuid.uuid4())
        reason = given.reason if not given.reason or given.reason in self._reasons() else _OTHER
        main = {
            "id": own, "at": _utc(given.at), "service": given.service[:100], "card": as_uuid(given.card),
            "outcome": given.outcome[:100], "reason": reason, "commented": given.commented, "issuer": given.caller.issuer[:500],
        }  # fmt: skip
        names = {as_uuid(name) for name in given.accepted}
        return (schema.feedback, (main,)), (
            schema.accepted,
            tuple({"feedback": own, "suggestion": name} for name in sorted(names)),
        )

    # --- the queue and its writer -------------------------------------------------------------------------------------------------

    def _put(self, rows: Rows) -> Future[None] | None:
        kept: Future[None] = Future()
        try:
            if self._closing.is_set():
                raise queue.Full
            self._queue.put_nowait((rows, kept))
        except queue.Full:
            self._count("lost")
            return None
        return kept

    def _write_all(self) -> None:
        self._prepare()
        last = not self.well
        while not last:
            batch, last = self._next_batch()
            if batch:
                self._write_batch(batch)

    def _prepare(self) -> None:
        """Bring the tables up to date, as soon as there is a database; records wait meanwhile."""
        for pause in _pauses():
            try:
                self._begin()
                self.well = True
                return
            except Exception as error:
                self._fail(error)
            if self._closing.is_set():
                return
            self._closing.wait(pause)

    def _begin(self) -> None:
        migrate(self._engine)
        self._file = file_of(self._engine)

    def _begin_anew_if_gone(self) -> None:
        """A file that was removed or exchanged takes what is written and keeps none of it: nobody finds it by its name any more."""
        with suppress(FileNotFoundError):
            if file_of(self._engine) == self._file:
                return
        _LOG.error("the file of the memory was removed or exchanged: what was in it is not here any more")
        self._engine.dispose()
        self._begin()

    def _write_batch(self, batch: Sequence[Waiting]) -> None:
        """Until it is written, or the service ends, or the database says that it cannot hold it."""
        again = False
        for pause in _pauses():
            try:
                self._write(batch, again)
                return
            except Exception as error:
                again = True
                self._fail(error)
                if not _passes(error):
                    self._write_each(batch)
                    return
            if self._closing.is_set():
                for _, kept in batch:
                    self._give_up(kept, "lost")
                return
            self._closing.wait(pause)

    def _next_batch(self) -> tuple[list[Waiting], bool]:
        """What is waiting, up to a bound, so that many calls share one commit; and whether it is the end."""
        batch: list[Waiting] = []
        waiting = self._queue.get()
        while waiting is not None:
            batch.append(waiting)
            if len(batch) >= _BATCH:
                break
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
        return batch, waiting is None

    def _write(self, batch: Sequence[Waiting], again: bool) -> None:
        self._begin_anew_if_gone()
        with self._engine.begin() as connection:
            # a commit may have succeeded whose answer was lost
            absent = [rows for rows, _ in batch if not (again and _is_there(connection, rows))]
            insert(connection, chain.from_iterable(absent))
        if not self.well:
            _LOG.warning("the memory is written again")
        self.well = True
        self._count("kept", len(batch))
        for _, kept in batch:
            kept.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self.well or not self.counts.get("faults"):  # said once, not at every try
            _LOG.error("the memory cannot be written: %s", type(error).__name__)
        self.well = False
        self._count("faults")

    def _write_each(self, batch: Iterable[Waiting]) -> None:
        """One by one: a record that the database cannot hold takes no other with it."""
        for rows, kept in batch:
            try:
                self._write([(rows, kept)], again=True)
            except Exception:
                self._give_up(kept, "refused")

    def _give_up(self, kept: Future[None], why: Counted) -> None:
        self._count(why)
        kept.set_exception(NotKept(why))

    def _count(self, what: Counted, times: int = 1) -> None:
        with self._counting:
            self._counts[what] += times


def _pauses() -> Iterator[float]:
    """Longer and longer, up to two seconds."""
    yield from (0.05, 0.1, 0.2, 0.5, 1.0)
    yield from repeat(2.0)


def insert(connection: Connection, rows: Iterable[tuple[Table, Iterable[dict[str, Any]]]]) -> None:
    """The rows of one record or of several, all of a table at once, in the order in which the tables come first."""
    by_table: dict[Table, list[dict[str, Any]]] = {}
    for table, values in rows:
        by_table.setdefault(table, []).extend(values)
    for table, together in by_table.items():
        if together:
            connection.execute(table.insert(), together)


def _is_there(connection: Connection, rows: Rows) -> bool:
    table, values = rows[0]
    return connection.execute(select(table.c.id).where(table.c.id == values[0]["id"])).first() is not None


def _passes(error: Exception) -> bool:
    """May it be over with time: no connection, a lock, a full disk?"""
    if isinstance(error, OperationalError | InterfaceError | PoolIsEmpty | OSError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def as_uuid(text: str) -> str:
    """A UUID as it is; what is none, and could be anything, as one that follows from it."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:mgcds:call:{text}"))


def _utc(moment: datetime) -> datetime:
    """In UTC; what a zone would carry beyond the calendar stays at its end."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)
