"""Processes that answer calls: the same answers as in threads, and an end for what hangs or dies, of which only its own call suffers."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mgcds import evaluator
from mgcds.errors import SettingsError
from mgcds.loading import load_pack
from mgcds.service.checks import check_response
from mgcds.service.limits import RequestLimits
from mgcds.service.ports import Asked, Written
from mgcds.service.work import _LENGTH, InProcesses, InThreads, WorkerEnded, _Line
from tests.service.as_told import AsTold, Unreadable
from tests.service.asking import KIDNEYS, MANY, TODAY, by_rule, draft, request
from tests.service.records import until
from tests.service.serving import serving

LIMITS = RequestLimits(seconds=2.0)
PATH = "/cds-services/mgcds-patient-view"


def asked(given: Any = None, hook: str = "patient-view", endpoint: Any = "call") -> Asked:
    body = given if isinstance(given, bytes) else json.dumps(given or request(hook, **KIDNEYS)).encode()
    return Asked(endpoint, f"mgcds-{hook}", body, TODAY)


class Workers:
    """Two of them, and how often one ended."""

    def __init__(self, folder: Path, number: int = 2, limits: RequestLimits = LIMITS) -> None:
        self.ended, self.as_told = 0, AsTold(folder)
        self.work = InProcesses(number, load_pack(), limits, self.as_told, ended=self._one_ended)

    def _one_ended(self) -> None:
        self.ended += 1

    def pids(self) -> list[int]:
        return [worker._process.pid or 0 for worker in self.work._workers]


@contextmanager
def working(folder: Path, number: int = 2, limits: RequestLimits = LIMITS) -> Iterator[Workers]:
    workers = Workers(folder, number, limits)
    with workers.work:
        yield workers


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


CASES = {
    "a call": asked(request(**MANY)),
    "an order": asked(request("order-sign", draft("Magnesium citrate 200 mg"), **KIDNEYS), "order-sign"),
    "data missing": asked({**request(), "prefetch": {}}),
    "of another hook": asked(request(), "order-sign"),
    "no such service": asked(request(), "weather"),
    "no JSON": asked(b'{"hook": '),
    "too deep": asked(b"[" * 100 + b"]" * 100),
    "no object": asked(b"[]"),
    "no cards to validate": asked(request(), endpoint="validate"),
    "a card to validate": asked(
        {**request(), "cards": [{"uuid": "x", "extension": {"urn:mgcds:advice": {"rule": "qtc-prolonged"}}}]},
        endpoint="validate",
    ),
}


def same(found: Written) -> object:
    """All of it but the ids that are new each time."""
    body = json.loads(found.text)
    cards = [(each.get("summary"), each.get("holds"), each.get("why")) for each in body.get("cards", ())]
    said = [(each.rule, each.status) for each in found.said]
    return (
        found.status,
        found.outcome,
        found.hook_instance,
        found.fingerprint,
        said,
        found.pack,
        cards,
        body.get("issue"),
    )


def test_processes_answer_as_threads_do(tmp_path: Path) -> None:
    async def both(work: InProcesses) -> None:
        threads = InThreads(LIMITS, evaluator.evaluate)
        for name, each in CASES.items():
            assert same(await work(each, load_pack())) == same(await threads(each, load_pack())), name

    with working(tmp_path) as workers:
        asyncio.run(both(workers.work))
        assert workers.ended == 0


def test_another_pack_is_there_for_the_next_call(tmp_path: Path) -> None:
    """And none is answered by another pack than it came with."""
    packs = [replace(load_pack(), digest=f"{number}" * 8, version=f"9.0.{number}") for number in range(4)]

    async def turns(work: InProcesses) -> None:
        for _ in range(3):
            found = await asyncio.gather(*(work(asked(), pack) for pack in packs))
            assert [each.pack for each in found] == [(pack.version, pack.digest) for pack in packs]

    with working(tmp_path, limits=RequestLimits(seconds=20)) as workers:
        asyncio.run(turns(workers.work))


async def fate(call: Coroutine[Any, Any, Written]) -> str:
    try:
        return (await call).outcome
    except (TimeoutError, WorkerEnded) as fault:
        return type(fault).__name__


@pytest.mark.parametrize(("told", "said"), [("hang", "TimeoutError"), ("die", "WorkerEnded"), ("fail", "fault")])
def test_what_hangs_or_dies_takes_no_other_call_with_it(told: str, said: str, tmp_path: Path) -> None:
    async def calls(workers: Workers) -> None:
        before, pids = workers.as_told.begun, workers.pids()
        workers.as_told.tell(told)
        harmed = asyncio.create_task(fate(workers.work(asked(), load_pack())))
        while workers.as_told.begun == before:
            await asyncio.sleep(0.01)
        workers.as_told.tell("")
        others = await asyncio.gather(*(fate(workers.work(asked(), load_pack())) for _ in range(5)))
        assert others == ["cards"] * 5, "by the other one"
        assert await harmed == said
        after = await asyncio.gather(*(fate(workers.work(asked(), load_pack())) for _ in range(4)))
        assert after == ["cards"] * 4
        while workers.ended < (told != "fail"):
            await asyncio.sleep(0.01)
        assert workers.ended == (told != "fail")
        assert [is_gone(pid) for pid in pids].count(True) == (told != "fail"), "what hung was ended"
        assert not any(map(is_gone, workers.pids()))

    with working(tmp_path) as workers:
        asyncio.run(calls(workers))


def test_much_to_do_ends_nobody(tmp_path: Path) -> None:
    """Calls that wait too long for a turn are answered in time; whoever is at work is not ended for that."""

    async def calls(workers: Workers) -> list[str]:
        workers.as_told.tell("slow")
        return await asyncio.gather(*(fate(workers.work(asked(), load_pack())) for _ in range(12)))

    with working(tmp_path, number=1) as workers:
        before = workers.pids()
        found = asyncio.run(calls(workers))
        assert set(found) == {"cards", "TimeoutError"}, "12 calls of 0.3 s, one at a time, within 2 s"
        assert not workers.work._waiting, "nothing is kept of who gave up"
        assert (workers.pids(), workers.ended) == (before, 0)


def test_who_does_not_wait_for_an_answer_takes_no_worker_away(tmp_path: Path) -> None:
    async def calls(workers: Workers) -> None:
        for _ in range(3):
            leaving = asyncio.create_task(fate(workers.work(asked(), load_pack())))
            await asyncio.sleep(0.02)
            leaving.cancel()
        assert await fate(workers.work(asked(), load_pack())) == "cards"

    with working(tmp_path, number=1) as workers:
        asyncio.run(calls(workers))
        assert workers.ended == 0


def test_an_answer_is_never_given_to_another_call(tmp_path: Path) -> None:
    """The seeded fault: something was asked of which nobody waits for the answer, so that it comes to the next call."""

    async def calls(workers: Workers) -> None:
        worker = workers.work._workers[0]
        stray = pickle.dumps((99, *asked(request(**MANY))))
        worker._socket.send(_LENGTH.pack(len(stray)) + stray)
        assert await fate(workers.work(asked(), load_pack())) == "WorkerEnded"
        assert await fate(workers.work(asked(), load_pack())) == "cards"

    with working(tmp_path, number=1) as workers:
        asyncio.run(calls(workers))


def test_an_answer_that_comes_in_pieces_is_put_together() -> None:
    async def pieces() -> tuple[bytes, bytes]:
        here, there = socket.socketpair()
        here.setblocking(False)
        _, line = await asyncio.get_running_loop().create_connection(_Line, sock=here)
        asking = asyncio.create_task(line.ask(b"asked", 5))
        await asyncio.sleep(0.01)
        for each in _LENGTH.pack(300) + b"x" * 300:
            there.send(bytes([each]))
            await asyncio.sleep(0)
        found = await asking, there.recv(100)
        line.transport.abort()
        there.close()
        return found

    assert asyncio.run(pieces()) == (b"x" * 300, _LENGTH.pack(5) + b"asked")


def test_one_that_died_unasked_is_replaced_before_it_is_asked(tmp_path: Path) -> None:
    with working(tmp_path, number=1, limits=RequestLimits(seconds=20)) as workers:
        os.kill(workers.pids()[0], signal.SIGKILL)
        until(lambda: is_gone(workers.pids()[0]))
        assert asyncio.run(fate(workers.work(asked(), load_pack()))) == "cards"
        assert workers.ended == 1


def test_signals_to_all_of_a_group_leave_them_at_work(tmp_path: Path) -> None:
    with working(tmp_path) as workers:
        for pid in workers.pids():
            for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                os.kill(pid, each)
        time.sleep(0.2)
        assert asyncio.run(fate(workers.work(asked(), load_pack()))) == "cards"
        assert workers.ended == 0


def test_at_the_end_all_are_gone_even_one_that_hangs(tmp_path: Path) -> None:
    async def calls(workers: Workers) -> None:
        before = workers.as_told.begun
        workers.as_told.tell("hang")
        hanging = asyncio.create_task(fate(workers.work(asked(), load_pack())))
        while workers.as_told.begun == before:
            await asyncio.sleep(0.01)
        hanging.cancel()

    with working(tmp_path, limits=RequestLimits(seconds=50)) as workers:
        asyncio.run(calls(workers))
        pids = workers.pids()
    assert all(map(is_gone, pids))


def test_a_worker_that_cannot_start_is_said_before_the_service_listens(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the workers did not start"):
        InProcesses(1, load_pack(), LIMITS, Unreadable())


# --- as it is run -------------------------------------------------------------------------------------------------------------------


def workers_of(pid: int) -> list[int]:
    """Processes that are children of children: what they are copies of is between (Linux)."""
    parent = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent[int(file.parent.name)] = int(file.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return [each for each, its in parent.items() if parent.get(its) == pid]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_a_worker_that_is_killed_costs_no_call(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as served:
        assert len(workers_of(served.process.pid)) == 2
        for pid in workers_of(served.process.pid):
            os.kill(pid, signal.SIGKILL)
            until(partial(is_gone, pid))
            for _ in range(3):
                answer = served.post(PATH, request(**KIDNEYS))
                assert check_response(answer.status_code, answer.json()) == []
                assert "severe-renal-impairment" in by_rule(answer.json())
        assert served.metric("mgcds_workers_ended_total") == 2
        assert served.stop() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_workers_end_with_the_service_however_it_ends(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        pids = workers_of(served.process.pid)
        assert len(pids) == min(len(os.sched_getaffinity(0)) + 1, 8), "one a processor and one more"
        served.process.kill()
        until(lambda: all(map(is_gone, pids)))


AMID_IMPORTS = """
import sys, time
from pathlib import Path
(Path(__file__).parent / "importing").touch()
time.sleep(3)
"""
INTERRUPTED = """
import signal, sys
from mgcds.loading import load_pack
from mgcds.service import work
from mgcds.service.limits import RequestLimits

if __name__ == "__main__":
    pack = load_pack()
    work.__name__ = "slow"  # what the first process reads
    if sys.argv[1] == "seeded":
        signal.signal = lambda *_: None
    try:
        work.InProcesses(1, pack, RequestLimits())
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.parametrize("fault", ["none", "seeded"])
def test_ctrl_c_while_workers_start_is_answered_without_a_traceback(fault: str, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(AMID_IMPORTS)
    (tmp_path / "program.py").write_text(INTERRUPTED)
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    run = subprocess.Popen(
        [sys.executable, tmp_path / "program.py", fault],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=paths, start_new_session=True,
    )  # fmt: skip
    until((tmp_path / "importing").exists, 60)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    said, complained = run.communicate(timeout=60)
    assert (said, "Traceback" in complained) == ("stopped\n", fault == "seeded"), complained


def test_what_a_service_is_made_of_is_not_gone_through_again() -> None:
    """In a process of its own: it holds for all of it."""
    program = (
        "import gc; from mgcds.loading import load_pack; from mgcds.service.work import leave_what_is_there\n"
        "pack = load_pack(); leave_what_is_there(); print(gc.get_freeze_count(), len(gc.get_objects()))"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert int(said[0]) > 50_000 > 100 * int(said[1])
    assert gc.get_freeze_count() == 0, "and of this one nothing is said"
