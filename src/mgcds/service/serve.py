"""`mgcds serve`: puts the parts together and listens."""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import uvicorn

from mgcds.errors import SettingsError
from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.service.app import create_app
from mgcds.service.database import connect
from mgcds.service.keys import read_clients
from mgcds.service.logs import configuration, set_up
from mgcds.service.memory import SqlMemory
from mgcds.service.ports import Decision, Feedback, Gate, Memory, Parts
from mgcds.service.replay import LocalReplay, Replay, SharedReplay
from mgcds.service.settings import Settings
from mgcds.service.speaking import hooks_of
from mgcds.service.tokens import NoGate, TokenGate

_LOG = logging.getLogger("mgcds.service")


class NoMemory:
    """Keeps nothing, and says so to who sends feedback."""

    def remember(self, decision: Decision) -> None:
        """See Memory."""

    def take(self, feedback: Sequence[Feedback]) -> None:
        """See Memory."""
        raise SettingsError("no database is set up: feedback cannot be kept")


def parts_of(settings: Settings, memory: Memory, replay: Replay | None = None) -> Parts:
    """What a service of these settings is made of. PackError and SettingsError before it listens, not after."""
    pack = load_pack(settings.rules, settings.jurisdictions or None)
    hooks_of(pack)
    return Parts(
        pack=lambda: pack,
        gate=_gate(settings, replay or LocalReplay()),
        limits=settings.limits,
        memory=memory,
        evaluate=evaluate,
        now=lambda: datetime.now().astimezone(),
        base_url=settings.called_as,
        origins=settings.origins,
    )


def _gate(settings: Settings, replay: Replay) -> Gate:
    if settings.no_auth or settings.clients is None:
        return NoGate()  # `checked` has seen that this is said, and on loopback
    return TokenGate(read_clients(settings.clients), replay, settings.token_lifetime, settings.token_leeway)


@contextmanager
def remembering(settings: Settings) -> Iterator[tuple[Memory, Replay]]:
    """The memory and what knows used tokens, closed at the end. Several processes may share a PostgreSQL, so there both go by it."""
    if settings.database == "none":
        yield NoMemory(), LocalReplay()
        return
    engine = connect(settings.database)
    memory = SqlMemory(engine, override_codes(settings), settings.fingerprint_key.encode() or None)
    local = LocalReplay()
    try:
        yield memory, SharedReplay(engine, local) if engine.dialect.name == "postgresql" else local
    finally:
        memory.close()
        engine.dispose()
        _LOG.info("memory: %s", json.dumps(memory.counts))


def override_codes(settings: Settings) -> Callable[[], frozenset[str]]:
    """The codes of override reasons that our cards offer; others may be a client's free text and are not kept."""
    pack = load_pack(settings.rules, settings.jurisdictions or None)
    codes = frozenset(pack.override_reasons) | {known.code for known in hooks_of(pack).codes.values()}
    return lambda: codes


def stop_in_order() -> None:
    """Let SIGTERM end the program as an exception does. Uvicorn answers what it has and then sends itself the signal again: without a
    handler that kills the process before the memory is written out.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def serve(settings: Settings) -> None:
    """Listens until it is told to stop; what is being answered then is answered, and what waits for the memory is written."""
    set_up(settings.log_level)
    stop_in_order()
    with remembering(settings) as (memory, replay):
        app = create_app(parts_of(settings, memory, replay))
        _LOG.info("listening, %s", "no token is asked for" if settings.no_auth else "tokens are asked for")
        uvicorn.run(
            app, host=settings.host, port=settings.port, log_config=configuration(), access_log=False, proxy_headers=False,
            server_header=False, limit_concurrency=settings.most_connections, timeout_graceful_shutdown=10,
            ssl_certfile=settings.tls_certificate, ssl_keyfile=settings.tls_key,
        )  # fmt: skip
