"""CDS Hooks over HTTP: reads a request, calls one function, writes the answer. Stands alone, or mounted in another Starlette application.

Whatever fails here, a call of a service gets an answer that a client can show. Nothing of a body goes into a log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import Any, Literal, TypeVar

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter, Lock
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from mgcds import __version__
from mgcds.service import described
from mgcds.service.answering import not_written
from mgcds.service.feedback import read_feedback
from mgcds.service.hooks import discovery, operation_outcome, service_of
from mgcds.service.ports import Asked, Caller, Decision, Parts, Refused, Seen, Written
from mgcds.service.tracing import traced
from mgcds.service.work import InThreads

T = TypeVar("T")
Endpoint = Callable[..., Awaitable[Response]]
_LOG = logging.getLogger("mgcds.service")
_THREADS = {"gate": 8, "feedback": 4, "remember": 1}
_MOST_WAITING = 1000
_A_MOMENT = 0.02
# FastAPI's own spans have the query of the URL and its logs the texts of exceptions. Ours are in `tracing.py`; earlier FastAPIs have none.
_NO_TELEMETRY: Any = dict.fromkeys(("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False)


def create_app(parts: Parts) -> FastAPI:
    """The service as an application; `host.mount("/somewhere", create_app(parts))` puts it into another one."""
    app = FastAPI(title="mgcds", version=__version__, docs_url=None, redoc_url=None, telemetry=_NO_TELEMETRY)
    app.add_middleware(
        CORSMiddleware, allow_origins=list(parts.origins), allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type", "traceparent", "tracestate"],
    )  # fmt: skip
    _add_endpoints(app.router, parts)  # to include a router takes each call a detour
    return app


def create_router(parts: Parts) -> APIRouter:
    """The endpoints alone, for an application that has its own CORS."""
    router = APIRouter()
    _add_endpoints(router, parts)
    return router


def _add_endpoints(router: APIRouter, parts: Parts) -> None:
    web = _Web(parts)
    discover = web.watched("discovery", web.discover)
    found = described.responses(described.DISCOVERED, 503)
    router.add_api_route("/cds-services", discover, methods=["GET"], responses=found, summary="Discovery")
    for path, name, endpoint, body, answered, summary, others in (
        ("", "call", web.call, described.CALL, described.CARDS, "Call a service", (404, 412)),
        ("/validate", "validate", web.validate, described.VALIDATION, described.VALIDATED, "Do earlier cards still hold?", (404, 412)),
        ("/feedback", "feedback", web.feedback, described.FEEDBACK, None, "What became of cards", (404,)),
    ):  # fmt: skip
        router.add_api_route(
            f"/cds-services/{{service}}{path}", web.watched(name, endpoint), methods=["POST"], summary=summary,
            openapi_extra=described.asked(body), responses=described.responses(answered, 400, 408, 413, 415, 503, *others),
            response_class=Response,
        )  # fmt: skip


class _Web:
    """The endpoints of one service."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._work = parts, parts.work or InThreads(parts.limits, parts.evaluate)
        # apart: nobody is turned away at the gate because others are evaluated, and no call waits for feedback, which waits for the database
        self._threads = {name: CapacityLimiter(count) for name, count in _THREADS.items()}
        self._to_remember: list[Decision] = []
        self._one_at_a_time, self._somebody_waits = Lock(), False

    def watched(self, name: str, endpoint: Endpoint) -> Endpoint:
        """The same endpoint, given what its path names; how its calls went is told to whom it concerns."""

        async def watched(request: Request) -> Response:
            # the path of a mount may name more, which is the host's
            given = () if name == "discovery" else (str(request.path_params["service"]),)
            begun, seen = perf_counter(), Seen(name, self._named(*given))
            try:
                with traced(seen, request.headers.get("traceparent")):
                    response = await endpoint(request, *given)
                    seen.status = response.status_code
                    seen.outcome = getattr(request.state, "outcome", "answered" if seen.status == 200 else "refused")
                return response
            except ClientDisconnect:  # amid its body: `gone`, and nobody reads this
                return Response(status_code=400)
            finally:
                self._parts.watch.answered(seen, perf_counter() - begun)

        watched.__name__, watched.__doc__ = endpoint.__name__, endpoint.__doc__
        return watched

    async def discover(self, request: Request) -> Response:
        """The services there are, with what each asks for."""
        try:
            await self._admit(request)
            return _json(200, discovery(self._parts.pack()))
        except Refused as refused:
            return _refused(refused)
        except Exception as fault:  # an empty list would be believed, and kept
            _log("discovery", fault)
            return _json(503, operation_outcome(["no rule pack can be used at present; try again later"], "transient"))

    async def call(self, request: Request, service: str) -> Response:
        """Cards for one call."""
        try:
            caller = await self._admit(request)
            found = await self._written(request, "call", service)
        except Refused as refused:
            return _refused(refused)
        return self._answer(request, found, BackgroundTask(self._remember, found, service, caller))

    async def validate(self, request: Request, service: str) -> Response:
        """Whether earlier cards hold for newer data."""
        try:
            await self._admit(request)
            found = await self._written(request, "validate", service)
        except Refused as refused:
            return _refused(refused)
        return self._answer(request, found)

    async def feedback(self, request: Request, service: str) -> Response:
        """What became of cards. 200 only when it is kept."""
        try:
            caller = await self._admit(request)
            body = await self._in_time(partial(self._parts.limits.parse, await self._body(request)), "feedback")
            service_of(service, self._parts.pack())
            found = read_feedback(body, service, caller)
            if isinstance(found, dict):
                return _json(400, found)
            await self._in_time(partial(self._parts.memory.take, found), "feedback")
        except Refused as refused:
            return _refused(refused)
        except ClientDisconnect:
            raise
        except Exception as fault:
            _log("feedback", fault)
            return _json(503, operation_outcome(["the feedback was not kept; send it again later"], "transient"))
        return Response(status_code=200)

    def _named(self, service: str = "") -> str:
        """The service if there is one of that name: who calls may make up any number of others."""
        try:
            return service_of(service, self._parts.pack()).id if service else ""
        except Exception:
            return "other"

    # --- steps ----------------------------------------------------------------------------------------------------------------

    async def _admit(self, request: Request) -> Caller:
        """Who calls. Whatever fails here refuses."""
        base = self._parts.base_url.rstrip("/")
        url = f"{base}{request.url.path}" if base else str(request.url.replace(query="", fragment=""))
        authorization = request.headers.get("authorization")
        try:
            gate = self._parts.gate
            admit = partial(gate.admit, authorization, url)
            return await self._in_time(admit, "gate") if gate.waits else admit()
        except Refused:
            raise
        except Exception as fault:
            _log("gate", fault)
            raise Refused(503, "who calls could not be checked in time; try again later") from None

    async def _body(self, request: Request) -> bytes:
        """What came. Refused where it cannot be had."""
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json" and not content_type.endswith("+json"):
            raise Refused(415, "send JSON, with Content-Type: application/json")
        headers = {name.lower(): value for name, value in request.headers.items()}
        return await self._parts.limits.read(headers, request.stream())

    async def _written(self, request: Request, endpoint: Literal["call", "validate"], service: str) -> Written:
        """The answer, whatever fails once the body is there. Refused where it cannot be had."""
        body, parts = b"", self._parts
        try:
            body = await self._body(request)
            return await self._work(Asked(endpoint, service, body, parts.now().date()), parts.pack())
        except (Refused, ClientDisconnect):
            raise
        except Exception as fault:
            return not_written(endpoint, body, fault)

    async def _in_time(self, work: Callable[[], T], which: str) -> T:
        """In a thread of these; TimeoutError after `limits.seconds`, though the thread goes on to its end."""
        running = anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads[which])
        async with asyncio.timeout(self._parts.limits.seconds):
            return await running

    def _answer(self, request: Request, found: Written, after: BackgroundTask | None = None) -> Response:
        request.state.outcome = found.outcome
        if found.problem:
            _LOG.error("nothing was evaluated: %s", found.problem)
        return _response(found.status, found.text, after)

    # --- what is remembered -----------------------------------------------------------------------------------------------------

    async def _remember(self, found: Written, service: str, caller: Caller) -> None:
        """After the answer went out: a slow or broken log holds up no one, and does not fill the memory."""
        if found.status != 200 or not found.hook_instance:
            return
        if len(self._to_remember) >= _MOST_WAITING:
            _LOG.error("a decision was not kept: too many are waiting")
            self._parts.watch.not_kept()
            return
        try:
            now, (version, digest) = self._parts.now(), found.pack
            decision = Decision(
                service, found.hook_instance, now, now.date(), version, digest, found.fingerprint, found.said, found.problem, caller
            )  # fmt: skip
        except Exception as fault:
            self._not_kept(fault, 1)
            return
        self._to_remember.append(decision)
        if not self._somebody_waits:  # else this one is brought along
            await self._remember_together()

    async def _remember_together(self) -> None:
        """All that has come by the time the last ones are kept, and a moment later: to keep ten takes hardly longer than to keep one."""
        self._somebody_waits = True
        try:
            await asyncio.sleep(_A_MOMENT)
            await self._one_at_a_time.acquire()
        finally:
            self._somebody_waits = False
        decisions, self._to_remember = self._to_remember, []
        try:
            await anyio.to_thread.run_sync(self._parts.memory.remember, decisions, limiter=self._threads["remember"])
        except Exception as fault:
            self._not_kept(fault, len(decisions))
        finally:
            self._one_at_a_time.release()

    def _not_kept(self, fault: Exception, decisions: int) -> None:
        _log("a decision was not kept", fault)
        for _ in range(decisions):
            self._parts.watch.not_kept()


def _log(what: str, fault: BaseException) -> None:
    """The kind of a fault; its text may hold what it was about."""
    _LOG.error("%s: %s", what, type(fault).__name__)


def _refused(refused: Refused) -> Response:
    """A bare 401; anything else with what to do about it."""
    if refused.status == 401:
        return Response(status_code=401)
    return _json(refused.status, operation_outcome([refused.what]))


def _json(status: int, body: Any) -> Response:
    return _response(status, msgspec.json.encode(body))


def _response(status: int, text: bytes, after: BackgroundTask | None = None) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(text, status, headers, media_type="application/json", background=after)
