"""`mgcds serve`: puts the parts together and listens."""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from mgcds.errors import SettingsError
from mgcds.evaluator import evaluate
from mgcds.model.pack import RulePack
from mgcds.service.app import create_app
from mgcds.service.database import connect
from mgcds.service.keys import read_clients
from mgcds.service.listening import Sockets, listen, taken
from mgcds.service.logs import configuration, set_up
from mgcds.service.memory import SqlMemory
from mgcds.service.metrics import Metrics
from mgcds.service.operations import Operations, listening
from mgcds.service.ports import Decision, Evaluate, Feedback, Gate, Memory, Parts, Watch
from mgcds.service.reload import LivePack, reloading
from mgcds.service.replay import LocalReplay, Replay, SharedReplay
from mgcds.service.settings import Settings
from mgcds.service.speaking import hooks_of
from mgcds.service.start_page import StartPage
from mgcds.service.tokens import NoGate, TokenGate
from mgcds.service.work import InProcesses, by_default, leave_what_is_there

_LOG = logging.getLogger("mgcds.service")


class NoMemory:
    """Keeps nothing, and says so to who sends feedback."""

    def remember(self, decisions: Sequence[Decision]) -> None:
        """See Memory."""

    def take(self, feedback: Sequence[Feedback]) -> None:
        """See Memory."""
        raise SettingsError("no database is set up: feedback cannot be kept")


def parts_of(settings: Settings, pack: LivePack, memory: Memory, gate: Gate, watch: Watch) -> Parts:
    """What a service of these settings is made of. SettingsError before it listens, not after."""
    return Parts(
        pack=pack,
        gate=gate,
        limits=settings.limits,
        memory=memory,
        evaluate=evaluate,
        now=lambda: datetime.now().astimezone(),
        base_url=settings.called_as,
        origins=settings.origins,
        watch=watch,
    )


def _gate(settings: Settings, replay: Replay) -> Gate:
    if settings.no_auth or settings.clients is None:
        return NoGate()  # `checked` has seen that this is said, and on loopback
    return TokenGate(read_clients(settings.clients), replay, settings.token_lifetime, settings.token_leeway)


@contextmanager
def remembering(settings: Settings, pack: Callable[[], RulePack]) -> Iterator[tuple[Memory, Replay]]:
    """The memory and what knows used tokens, closed at the end. Several processes may share a PostgreSQL, so there both go by it."""
    if settings.database == "none":
        yield NoMemory(), LocalReplay()
        return
    engine = connect(settings.database)
    memory = SqlMemory(engine, lambda: override_codes(pack()), settings.fingerprint_key.encode() or None)
    local = LocalReplay()
    try:
        yield memory, SharedReplay(engine, local) if engine.dialect.name == "postgresql" else local
    finally:
        memory.close()
        engine.dispose()
        _LOG.info("memory: %s", json.dumps(memory.counts))


def override_codes(pack: RulePack) -> frozenset[str]:
    """The codes of override reasons that our cards offer; others may be a client's free text and are not kept."""
    return frozenset(pack.override_reasons) | {known.code for known in hooks_of(pack).codes.values()}


def stop_in_order() -> None:
    """Let SIGTERM end the program as an exception does. Uvicorn answers what it has and then sends itself the signal again: without a
    handler that kills the process before the memory is written out.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


@contextmanager
def application(settings: Settings, evaluate: Evaluate = evaluate, workers: int = 0) -> Iterator[tuple[FastAPI, Parts]]:
    """All of it, and what it is made of: what waits for the memory is written at the end. PackError and SettingsError before it listens,
    also where the port of operations cannot be had.

    So many workers answer, processes of their own, or with 0 threads of this one.
    """
    pack = LivePack(settings.rules, settings.jurisdictions, lambda result: metrics.reloaded(result))
    with ExitStack() as stack:
        operations_sockets: Sockets = []
        if settings.operations_port:
            own = taken(settings.operations_host, settings.operations_port, "operations_port")
            operations_sockets = stack.enter_context(own)
        memory, replay = stack.enter_context(remembering(settings, pack))
        stack.enter_context(reloading(pack))
        known = memory if isinstance(memory, SqlMemory) else None
        gate = _gate(settings, replay)
        metrics = Metrics(
            pack,
            lambda: known.counts if known else {},
            lambda: gate.refusals if isinstance(gate, TokenGate) else {},
        )
        parts = replace(parts_of(settings, pack, memory, gate, metrics), evaluate=evaluate)
        if workers:
            work = InProcesses(workers, pack(), settings.limits, evaluate, settings.log_level, metrics.worker_ended)
            parts = replace(parts, work=stack.enter_context(work))
        operations = Operations(pack, metrics, known.answers if known else None, lambda: pack.last, settings.metrics)
        app = create_app(parts)
        if settings.no_auth or settings.start_page:
            app.include_router(StartPage(parts, _links(settings)).router())
        if settings.operations_port:
            listen(operations_sockets, settings.operations_port, "operations_port")
            with listening(operations, operations_sockets):
                yield app, parts
        else:
            app.include_router(operations.router())
            yield app, parts


def _links(settings: Settings) -> list[tuple[str, str]]:
    """What the start page names, relative to it."""
    found = [("cds-services", "discovery"), ("openapi.json", "OpenAPI")]
    if not settings.operations_port:
        found += [("health", "health"), ("ready", "readiness")]
        found += [("metrics", "metrics")] if settings.metrics else []
    return found


def serve(settings: Settings) -> None:
    """Listens until it is told to stop; what is being answered then is answered, and what waits for the memory is written."""
    set_up(settings.log_level)
    stop_in_order()
    with (
        taken(settings.host, settings.port, "port") as sockets,
        application(settings, workers=settings.workers or by_default()) as (app, _),
    ):
        server = uvicorn.Server(_loaded(settings, app))
        leave_what_is_there()
        listen(sockets, settings.port, "port")
        _LOG.info("listening, %s", "no token is asked for" if settings.no_auth else "tokens are asked for")
        with suppress(KeyboardInterrupt):
            server.run(sockets)


def _loaded(settings: Settings, app: FastAPI) -> uvicorn.Config:
    """How to listen, TLS and all. SettingsError where the certificate or its key cannot be used."""
    for name in ("tls_certificate", "tls_key"):
        file: Path | None = getattr(settings, name)
        try:
            if file is not None:
                file.read_bytes()
        except OSError as error:
            raise SettingsError(f"{name} cannot be read: {error.strerror}") from None
    config = uvicorn.Config(
        app, log_config=configuration(), access_log=False, proxy_headers=False, server_header=False,
        limit_concurrency=settings.most_connections, timeout_graceful_shutdown=10,
        ssl_certfile=settings.tls_certificate, ssl_keyfile=settings.tls_key,
    )  # fmt: skip
    try:
        config.load()
    except OSError:  # SSLError among them
        raise SettingsError("tls_certificate and tls_key are no certificate (PEM) and the private key to it") from None
    return config
