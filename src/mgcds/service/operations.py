"""For who runs the service: does it live, is it ready, how is it doing. No token is asked for, and nothing of a patient is said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import uvicorn
from fastapi import APIRouter, FastAPI, Response
from starlette.concurrency import run_in_threadpool

from mgcds.model.pack import RulePack
from mgcds.service.listening import Sockets
from mgcds.service.logs import configuration
from mgcds.service.metrics import CONTENT_TYPE, Metrics
from mgcds.service.speaking import hooks_of

_ASK_AGAIN = 2.0  # seconds for which an answer of the database counts


class Operations:
    """`/health`, `/ready` and, where they may be seen, `/metrics`.

    `memory` says whether the database answers, None where there is none; `last` what became of the last reload.
    """

    def __init__(
        self,
        pack: Callable[[], RulePack],
        metrics: Metrics,
        memory: Callable[[], bool] | None = None,
        last: Callable[[], str | None] = lambda: None,
        show_metrics: bool = False,
    ) -> None:
        self._pack, self._metrics, self._last, self._show = pack, metrics, last, show_metrics
        self._memory = None if memory is None else _NowAndThen(memory)

    def router(self) -> APIRouter:
        """The endpoints."""
        router = APIRouter()
        unready: dict[int | str, dict[str, Any]] = {503: {"description": "No pack can be used"}}
        router.add_api_route("/health", self.health, methods=["GET"], summary="Is the process alive?")
        router.add_api_route("/ready", self.ready, methods=["GET"], summary="Can it answer?", responses=unready)
        if self._show:
            described: dict[int | str, dict[str, Any]] = {
                200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
            }
            router.add_api_route(
                "/metrics", self.metrics, methods=["GET"], summary="For Prometheus", responses=described, response_class=Response
            )  # fmt: skip
        return router

    async def health(self) -> Response:
        """Alive: it answers at all."""
        return _json(200, {"status": "alive"})

    async def ready(self) -> Response:
        """503 where it could not advise. Without its database it can, and does: that is `degraded`, for somebody to look at, and so is a
        disagreement of the two channels since the start.
        """
        memory = "none" if self._memory is None else _answers(await run_in_threadpool(self._memory))
        channels = "differed" if self._metrics.disagreements else "agree"
        found = {"memory": memory, "channels": channels, "reload": self._last() or "none"}
        try:
            pack = self._pack()
            hooks_of(pack)
        except Exception:
            return _json(503, {"status": "not ready", "pack": None, **found})
        well = memory != "does not answer" and channels == "agree" and self._last() != "refused"
        about = {"version": pack.version, "digest": pack.digest}
        return _json(200, {"status": "ready" if well else "degraded", "pack": about, **found})

    async def metrics(self) -> Response:
        """See Metrics."""
        return Response(await run_in_threadpool(self._metrics.text), media_type=CONTENT_TYPE)


@contextmanager
def listening(operations: Operations, sockets: Sockets) -> Iterator[None]:
    """The endpoints on a port of their own, plain HTTP, in a thread of its own."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(operations.router())
    config = uvicorn.Config(
        app, log_config=configuration(), access_log=False, proxy_headers=False, server_header=False,
        limit_concurrency=20, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=(sockets,), name="mgcds-operations", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(5)


class _NowAndThen:
    """What a function says, asked again only after a while: nobody can make the database busy by asking."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask, self._lock, self._until, self._found = ask, threading.Lock(), 0.0, False

    def __call__(self) -> bool:
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = self._ask()
                self._until = time.monotonic() + _ASK_AGAIN
            return self._found


def _answers(well: bool) -> str:
    return "answers" if well else "does not answer"


def _json(status: int, body: Any) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
