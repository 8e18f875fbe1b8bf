"""`mgcds serve`: puts the parts together and listens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import uvicorn

from mgcds.errors import SettingsError
from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.service.app import create_app
from mgcds.service.keys import is_loopback, read_clients
from mgcds.service.limits import RequestLimits
from mgcds.service.ports import Decision, Feedback, Gate, Memory, Parts
from mgcds.service.replay import LocalReplay
from mgcds.service.speaking import hooks_of
from mgcds.service.tokens import NoGate, TokenGate


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service is run. `clients`: the file of who may call; None lets everybody in, on loopback alone."""

    host: str = "127.0.0.1"
    port: int = 8000
    rules: Path | None = None
    jurisdictions: tuple[str, ...] = ()
    clients: Path | None = None
    no_auth: bool = False
    base_url: str = ""
    origins: tuple[str, ...] = ("*",)


class NoMemory:
    """Keeps nothing, and says so to who sends feedback."""

    def remember(self, decision: Decision) -> None:
        """See Memory."""

    def take(self, feedback: Sequence[Feedback]) -> None:
        """See Memory."""
        raise SettingsError("no database is set up: feedback cannot be kept")


def parts_of(settings: Settings, memory: Memory) -> Parts:
    """What a service of these settings is made of. PackError and SettingsError before it listens, not after."""
    pack = load_pack(settings.rules, settings.jurisdictions or None)
    hooks_of(pack)
    return Parts(
        pack=lambda: pack,
        gate=_gate(settings),
        limits=RequestLimits(),
        memory=memory,
        evaluate=evaluate,
        now=lambda: datetime.now().astimezone(),
        base_url=settings.base_url,
        origins=settings.origins,
    )


def _gate(settings: Settings) -> Gate:
    if settings.no_auth:
        if not is_loopback(settings.host):
            raise SettingsError("--no-auth is for loopback alone: leave --host out, or give --clients FILE instead")
        return NoGate()
    if settings.clients is None:
        raise SettingsError("say who may call: --clients FILE, or --no-auth to try it out on this machine")
    return TokenGate(read_clients(settings.clients), LocalReplay())


def serve(settings: Settings, memory: Memory) -> None:
    """Listens until it is told to stop; what is being answered then is answered."""
    app = create_app(parts_of(settings, memory))
    uvicorn.run(app, host=settings.host, port=settings.port, access_log=False, log_level="warning", server_header=False)
