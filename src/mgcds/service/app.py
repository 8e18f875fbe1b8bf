"""CDS Hooks over HTTP: reads a request, calls one function, writes the answer. Stands alone, or mounted in another Starlette application.

Whatever fails here, a call of a service gets an answer that a client can show. Nothing of a body goes into a log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from time import perf_counter
from typing import Any, TypeVar

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter, Lock
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.background import BackgroundTask

from mgcds import __version__
from mgcds.service import described
from mgcds.service.feedback import read_feedback
from mgcds.service.hooks import Answer, answer, discovery, not_answered, operation_outcome, service_of
from mgcds.service.ports import Caller, Decision, Parts, Refused, Seen
from mgcds.service.tracing import traced
from mgcds.service.validate import not_validated, validate

T = TypeVar("T")
Endpoint = Callable[..., Awaitable[Response]]
_LOG = logging.getLogger("mgcds.service")
_THREADS = {"gate": 8, "evaluate": 8, "feedback": 4, "remember": 1}
_MOST_WAITING = 1000


def create_app(parts: Parts) -> FastAPI:
    """The service as an application; `host.mount("/somewhere", create_app(parts))` puts it into another one."""
    app = FastAPI(title="mgcds", version=__version__, docs_url=None, redoc_url=None)
    app.add_middleware(
        CORSMiddleware, allow_origins=list(parts.origins), allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type"],
    )  # fmt: skip
    app.include_router(create_router(parts))
    return app


def create_router(parts: Parts) -> APIRouter:
    """The endpoints alone, for an application that has its own CORS."""
    router, web = APIRouter(), _Web(parts)
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
            openapi_extra=described.body(body), responses=described.responses(answered, 400, 408, 413, 415, 503, *others),
            response_class=Response,
        )  # fmt: skip
    return router


class _Web:
    """The endpoints of one service."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        # apart: nobody is turned away at the gate because others are evaluated, and no call waits for feedback, which waits for the database
        self._threads = {name: CapacityLimiter(count) for name, count in _THREADS.items()}
        self._to_remember: list[Decision] = []
        self._one_at_a_time, self._somebody_waits = Lock(), False

    def watched(self, name: str, endpoint: Endpoint) -> Endpoint:
        """The same endpoint; how its calls went is told to whom it concerns."""

        @wraps(endpoint)
        async def watched(request: Request, **given: str) -> Response:
            begun, seen = perf_counter(), Seen(name, self._named(given.get("service", "")))
            try:
                with traced(seen, request.headers.get("traceparent")):
                    response = await endpoint(request, **given)
                    seen.status = response.status_code
                    seen.outcome = getattr(request.state, "outcome", "answered" if seen.status == 200 else "refused")
                return response
            finally:
                self._parts.watch.answered(seen, perf_counter() - begun)

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
        caller, body = Caller(), None
        try:
            caller, body = await self._admitted_body(request)
            found = await self._in_time(partial(self._answer, body, service), "evaluate")
        except Refused as refused:
            return _refused(refused)
        except Exception as fault:
            found = not_answered(body, fault)
        request.state.outcome = _outcome(found)
        return _answer_of(found, BackgroundTask(self._remember, found, service, caller))

    async def validate(self, request: Request, service: str) -> Response:
        """Whether earlier cards hold for newer data."""
        body: Any = None
        try:
            _, body = await self._admitted_body(request)
            found = await self._in_time(partial(self._validate, body, service), "evaluate")
        except Refused as refused:
            return _refused(refused)
        except Exception as fault:
            found = not_validated(body, fault)
        request.state.outcome = _outcome(found)
        return _answer_of(found)

    async def feedback(self, request: Request, service: str) -> Response:
        """What became of cards. 200 only when it is kept."""
        try:
            caller, body = await self._admitted_body(request)
            service_of(service, self._parts.pack())
            found = read_feedback(body, service, caller)
            if isinstance(found, dict):
                return _json(400, found)
            await self._in_time(partial(self._parts.memory.take, found), "feedback")
        except Refused as refused:
            return _refused(refused)
        except Exception as fault:
            _log("feedback", fault)
            return _json(503, operation_outcome(["the feedback was not kept; send it again later"], "transient"))
        return Response(status_code=200)

    def _named(self, service: str) -> str:
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

    async def _admitted_body(self, request: Request) -> tuple[Caller, Any]:
        """Who calls, and the JSON of the body. Refused where either cannot be had."""
        caller = await self._admit(request)
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json" and not content_type.endswith("+json"):
            raise Refused(415, "send JSON, with Content-Type: application/json")
        limits = self._parts.limits
        body = await limits.read({name.lower(): value for name, value in request.headers.items()}, request.stream())
        return caller, limits.parse(body)

    async def _in_time(self, work: Callable[[], T], which: str) -> T:
        """In a thread of these; TimeoutError after `limits.seconds`, though the thread goes on to its end."""
        running = anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads[which])
        async with asyncio.timeout(self._parts.limits.seconds):
            return await running

    def _answer(self, body: Any, service: str) -> Answer:
        parts = self._parts
        return answer(body, service, parts.pack(), parts.now().date(), parts.evaluate)

    def _validate(self, body: Any, service: str) -> Answer:
        parts = self._parts
        return validate(body, service, parts.pack(), parts.now().date(), parts.evaluate)

    # --- what is remembered -----------------------------------------------------------------------------------------------------

    async def _remember(self, found: Answer, service: str, caller: Caller) -> None:
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
        """All that has come by the time the last ones are kept."""
        self._somebody_waits = True
        try:
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


def _outcome(found: Answer) -> str:
    """See OUTCOMES."""
    if found.problem:
        return {"EngineDisagreement": "disagreement", "TimeoutError": "too slow"}.get(found.problem, "fault")
    if found.status != 200:
        return "data missing" if found.status == 412 else "refused"
    if "cards" not in found.body:
        return "answered"
    return "cards" if found.body["cards"] else "no card"


def _answer_of(found: Answer, after: BackgroundTask | None = None) -> Response:
    if found.problem:
        _LOG.error("nothing was evaluated: %s", found.problem)
    return _json(found.status, found.body, after)


def _refused(refused: Refused) -> Response:
    """A bare 401; anything else with what to do about it."""
    if refused.status == 401:
        return Response(status_code=401)
    return _json(refused.status, operation_outcome([refused.what]))


def _json(status: int, body: Any, after: BackgroundTask | None = None) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json", background=after)
