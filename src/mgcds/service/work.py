"""Who answers calls: threads of the process that listens, or processes of their own.

A thread that hangs cannot be ended, and threads take turns at one processor. A process uses a processor of its own and is ended when it
takes too long, with whatever it hangs in; the next call finds another in its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import logging
import multiprocessing
import os
import pickle
import signal
import socket
import struct
import threading
from collections.abc import Callable
from datetime import date
from functools import partial
from io import BufferedIOBase
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Self

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter

from mgcds.errors import SettingsError
from mgcds.evaluator import evaluate
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord
from mgcds.service.answering import written
from mgcds.service.hooks import discovery
from mgcds.service.limits import RequestLimits
from mgcds.service.logs import set_up
from mgcds.service.ports import Asked, Evaluate, Limits, Written

_LOG = logging.getLogger("mgcds.service")
_THREADS, _MOST_BY_DEFAULT = 8, 8
_TO_START, _TO_END, _TO_DIE = 60.0, 2.0, 0.1
_LENGTH = struct.Struct("!Q")
_ANSWER = msgspec.msgpack.Decoder(tuple[int, Written])
"""a call's number, and what is to be sent; to pickle all that was said takes a tenth of what the listening process takes for a call"""


class InThreads:
    """Work in this process, for a service inside another application. A call that hangs is answered in time, and its thread goes on."""

    def __init__(self, limits: Limits, evaluate: Evaluate) -> None:
        self._limits, self._evaluate, self._threads = limits, evaluate, CapacityLimiter(_THREADS)

    async def __call__(self, asked: Asked, pack: RulePack) -> Written:
        """See Work."""
        work = partial(written, asked, pack, self._limits, self._evaluate)
        async with asyncio.timeout(self._limits.seconds):
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)


class WorkerEnded(Exception):
    """The process that was at it came to its end."""


class InProcesses:
    """Work in so many processes, each with the pack, for one event loop. All are there when it is made, else SettingsError; `ended` hears of
    each that came to its end since. `evaluate` goes to other processes, so it is a function of a module.
    """

    def __init__(
        self,
        number: int,
        pack: RulePack,
        limits: RequestLimits,
        evaluate: Evaluate = evaluate,
        log_level: str = "info",
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._limits, self._ended = limits, ended
        self._start = partial(_Worker, limits, evaluate, log_level)
        self._packed = _Packed(pack)
        self._workers: list[_Worker] = []
        self._calls: asyncio.Queue[asyncio.Future[Written]] = asyncio.Queue()
        self._waiting: dict[asyncio.Future[Written], tuple[Asked, RulePack]] = {}
        self._tending: list[asyncio.Task[None]] = []
        try:
            for _ in range(number):
                self._workers.append(self._start())
            for worker in self._workers:
                worker.wait_until_ready(self._packed.last)
        except BaseException as fault:
            self.close()
            if isinstance(fault, OSError):
                raise SettingsError(
                    "the workers did not start: is there memory for them? workers says how many"
                ) from None
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __call__(self, asked: Asked, pack: RulePack) -> Written:
        """See Work. Who waits for a turn is not at work: nothing is ended because there is much to do."""
        if not self._tending:
            self._tending = [asyncio.create_task(self._tend(mine)) for mine in range(len(self._workers))]
        answer: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting[answer] = asked, pack
        self._calls.put_nowait(answer)
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await answer
        finally:
            self._waiting.pop(answer, None)  # what nobody waits for any more is not kept until its turn

    async def _tend(self, mine: int) -> None:
        """Have one worker answer one call after the other, and put another in its place where it fails."""
        try:
            while True:
                answer = await self._calls.get()
                if answer in self._waiting:
                    await self._answer(mine, answer, *self._waiting.pop(answer))
        finally:  # the event loop is at its end
            self._workers[mine].leave()

    async def _answer(self, mine: int, answer: asyncio.Future[Written], asked: Asked, pack: RulePack) -> None:
        """One call. It goes on when nobody waits for it any more, until its own time is over."""
        try:
            if not self._workers[mine].lives:
                await self._replace(mine)
            await self._workers[mine].prepare(self._packed.of(pack))
            found = await self._workers[mine].answer(asked, self._limits.seconds)
        except Exception as fault:
            _LOG.info("a worker did not answer: %s", type(fault).__name__)
            if not answer.done():
                answer.set_exception(fault)
            with contextlib.suppress(Exception):  # the next call tries again
                await self._replace(mine)
        else:
            if not answer.done():
                answer.set_result(found)

    async def _replace(self, mine: int) -> None:
        def start() -> None:
            gone.end()
            self._workers[mine] = self._start()

        gone = self._workers[mine]
        gone.leave()
        await anyio.to_thread.run_sync(start)
        self._ended()
        await self._workers[mine].prepare(self._packed.last)

    def close(self) -> None:
        """End all; nothing is asked of them any more."""
        for worker in self._workers:
            worker.leave()
        for worker in self._workers:
            worker.end(_TO_END)


class _Packed:
    """The pack as it is sent, kept for as long as it is the one that is served."""

    def __init__(self, pack: RulePack) -> None:
        self.last = (pack.digest, pickle.dumps(pack))
        """digest and bytes"""

    def of(self, pack: RulePack) -> tuple[str, bytes]:
        """The same of this pack."""
        if self.last[0] != pack.digest:
            self.last = (pack.digest, pickle.dumps(pack))
        return self.last


class _Line(asyncio.Protocol):
    """What goes to a worker and comes from it, one message each way at a time. Each begins with its length."""

    def __init__(self) -> None:
        self._came = bytearray()
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    async def ask(self, given: bytes, seconds: float) -> bytes:
        """What it says to this. TimeoutError where it says nothing for so long, EOFError where it has come to its end."""
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        late = loop.call_later(seconds, self._fail, TimeoutError())
        try:
            self.transport.write(_LENGTH.pack(len(given)) + given)
            return await self._answer
        finally:
            late.cancel()

    def data_received(self, data: bytes) -> None:
        """See Protocol."""
        self._came += data
        if len(self._came) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._came)[0]
            if len(self._came) >= end and not self._answer.done():
                self._answer.set_result(bytes(self._came[_LENGTH.size : end]))
                del self._came[:end]

    def connection_lost(self, fault: Exception | None) -> None:
        """See Protocol."""
        self._fail(EOFError())

    def _fail(self, fault: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(fault)


class _Worker:
    """A process, and the line to it."""

    def __init__(self, limits: RequestLimits, evaluate: Evaluate, log_level: str) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        context = _way_to_start()
        self._process = context.Process(target=_work, args=(theirs, limits, evaluate, log_level), daemon=True)
        self._process.start()
        theirs.close()
        self._line: _Line | None = None
        self._has, self._numbers = "", itertools.count()

    @property
    def lives(self) -> bool:
        """Can it be asked? What came to its end has closed its line, some time before that is known of the process."""
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def wait_until_ready(self, packed: tuple[str, bytes]) -> None:
        """Give it the pack (digest, bytes), before there is an event loop. OSError where it does not come to that."""
        self._has, content = packed
        self._socket.settimeout(_TO_START)
        with self._socket.makefile("rwb") as line:
            _send(line, content)
            if _received(line) is None:
                raise ConnectionResetError
        self._socket.setblocking(False)

    async def prepare(self, packed: tuple[str, bytes]) -> None:
        """Give it the pack (digest, bytes), unless it has it."""
        digest, content = packed
        if digest != self._has:
            await self._ask(content, _TO_START)
            self._has = digest

    async def answer(self, asked: Asked, seconds: float) -> Written:
        """Have it answer, by the pack it has. TimeoutError where it was at it for so long, and was ended."""
        number = next(self._numbers)
        answered, found = _ANSWER.decode(await self._ask(pickle.dumps((number, *asked)), seconds))
        if answered != number:  # no patient's answer may ever be another's
            self.end()
            raise WorkerEnded
        return found

    async def _ask(self, given: bytes, seconds: float) -> bytes:
        """What it says to this; whatever keeps it from saying so, it is not asked again."""
        try:
            if self._line is None:
                _, self._line = await asyncio.get_running_loop().create_connection(_Line, sock=self._socket)
            return await self._line.ask(given, seconds)
        except BaseException as fault:
            self.end()
            if isinstance(fault, EOFError | OSError) and not isinstance(fault, TimeoutError):
                raise WorkerEnded from None
            raise

    def leave(self) -> None:
        """It may go when it is done."""
        if self._line is not None:
            with contextlib.suppress(RuntimeError):  # the event loop is at its end
                self._line.transport.abort()
        self._socket.close()

    def end(self, seconds: float = 0) -> None:
        """Whatever it is at."""
        self.leave()
        self._process.join(seconds)
        self._process.kill()
        self._process.join(_TO_DIE)


def _send(line: BufferedIOBase, content: bytes) -> None:
    line.write(_LENGTH.pack(len(content)))
    line.write(content)
    line.flush()


def _received(line: BufferedIOBase) -> bytes | None:
    """What comes next, None at the end."""
    head = line.read(_LENGTH.size)
    return line.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else None


def by_default() -> int:
    """One worker for each processor that this process may use, and one that goes on while others are given their next call; up to a number
    that a small container bears.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(processors + 1, _MOST_BY_DEFAULT)


def _way_to_start() -> ForkServerContext | SpawnContext:
    """A copy of a process that has read all modules is there in an instant; where there is no such way, each reads them for itself."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", __name__])
    # Ctrl-C comes to all of a terminal; that process would answer it with a traceback amid its imports, and ignores it for ever if it begins so.
    here = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if here else None
    try:
        forkserver.ensure_running()
    finally:
        if here:
            signal.signal(signal.SIGINT, before)
    return context


# --- in the process ------------------------------------------------------------------------------------------------------------------


def _work(connection: socket.socket, limits: RequestLimits, evaluate: Evaluate, log_level: str) -> None:
    """Answer what comes, until nothing can come any more: calls, and before the first a pack, or later another one."""
    for each in ("SIGINT", "SIGTERM", "SIGHUP"):  # they may go to all of a group; who listens says when to end
        if hasattr(signal, each):
            signal.signal(getattr(signal, each), signal.SIG_IGN)
    set_up(log_level)
    pack: RulePack | None = None
    with contextlib.suppress(OSError), connection.makefile("rwb") as line:
        while (content := _received(line)) is not None:
            given = pickle.loads(content)  # from the process that started this one
            if isinstance(given, RulePack):
                pack = given
                _make_ready(pack, evaluate)
                _send(line, b"")
            elif pack is not None:
                number, *asked = given
                _send(line, msgspec.msgpack.encode((number, written(Asked(*asked), pack, limits, evaluate))))


def _make_ready(pack: RulePack, evaluate: Evaluate) -> None:
    """What the first call would otherwise wait for."""
    with contextlib.suppress(Exception):  # the first call says so
        discovery(pack)
        evaluate(PatientRecord(), pack, date(2026, 1, 1))
    leave_what_is_there()


def leave_what_is_there() -> None:
    """What a service is made of stays, so the garbage collector need not go through it: that takes a tenth of a second, in which nobody is
    answered, and comes after every few dozen calls. And seldom enough that the parts of a call are gone before they are looked for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
