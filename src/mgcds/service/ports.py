"""What the service needs of others: who calls, what is remembered, how much is read. `app` is made of these and nothing else.

`tokens.py` (JWT) is a `Gate`, `memory.py` (SQL) is a `Memory`, `limits.py` is a `Limits`, `work.py` has two kinds of `Work`. None of them
sees a patient's value but `Limits`, which reads the body, and `Work`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from mgcds.model.assessment import Assessment
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord


class Refused(Exception):
    """A request that is not answered with cards: its HTTP status and what to do about it, without any value of the request."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status, self.what = status, what


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as its token says. Both are empty where no token is asked for."""

    issuer: str = ""
    tenant: str = ""


class Gate(Protocol):
    """Lets a call in or refuses it."""

    @property
    def waits(self) -> bool:
        """May `admit` wait, for a key or for a database? Then it gets a thread of its own, and a bound of time."""

    def admit(self, authorization: str | None, audience: str) -> Caller:
        """`authorization` is the header as it came, `audience` the exact URL called. `Refused(401, …)` sends a bare 401."""


class Limits(Protocol):
    """How much of a body is read, and for how long an answer may be worked on."""

    @property
    def seconds(self) -> float:
        """After so long, the answer says that nothing was evaluated."""

    async def read(self, headers: Mapping[str, str], stream: AsyncIterator[bytes]) -> bytes:
        """A body as it comes in, names of headers in lower case. `Refused` where it is too large, too slow or packed."""

    def parse(self, body: bytes) -> Any:
        """The JSON of a body, numbers exact; the values of its `prefetch` may be left as JSON (`msgspec.Raw`). `Refused(400, …)` or
        `Refused(413, …)` where it is none, too deep or of too many parts.
        """


class Said(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One rule that a decision spoke of: its status, and the ids under which its card and suggestions went out ("" for no card)."""

    rule: str
    status: str
    card: str = ""
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer, without any clinical value: `fingerprint` is that of its inputs, `problem` the kind of fault or ""."""

    service: str
    hook_instance: str
    at: datetime
    on: date
    pack_version: str
    pack_digest: str
    fingerprint: str
    said: tuple[Said, ...] = ()
    problem: str = ""
    caller: Caller = Caller()


@dataclass(frozen=True, slots=True)
class Feedback:
    """What became of one card. The user's comment is not kept: it is free text and may name the patient."""

    service: str
    card: str
    outcome: str
    """accepted or overridden"""
    at: datetime
    accepted: tuple[str, ...] = ()
    """ids of suggestions"""
    reason: str = ""
    reason_system: str = ""
    commented: bool = False
    caller: Caller = Caller()


class Memory(Protocol):
    """The decision log and the feedback. It may raise anything: no answer depends on it."""

    def remember(self, decisions: Sequence[Decision]) -> None:
        """Called after the answers were made, off their path: what came while the last ones were kept comes together."""

    def take(self, feedback: Sequence[Feedback]) -> None:
        """All of one feedback request or none of it; when it returns, they are kept."""


OUTCOMES = ("cards", "no card", "answered", "refused", "data missing", "disagreement", "too slow", "fault", "gone")
"""How a call can end. `gone`: who called did not wait for the answer."""


@dataclass(slots=True)
class Seen:
    """One call as who runs the service may see it. `service` is one that there is, `other`, or "" at the discovery."""

    endpoint: str
    service: str
    status: int = 0
    outcome: str = "gone"


class Watch(Protocol):
    """Told how calls went, without any value. It must not raise."""

    def answered(self, seen: Seen, seconds: float) -> None:
        """A call is over."""

    def not_kept(self) -> None:
        """A decision did not come as far as the memory."""

    def worker_ended(self) -> None:
        """A process that evaluates came to its end, by itself or because it took too long."""


class NoWatch:
    """Looks away."""

    def answered(self, seen: Seen, seconds: float) -> None:
        """See Watch."""

    def not_kept(self) -> None:
        """See Watch."""

    def worker_ended(self) -> None:
        """See Watch."""


Evaluate = Callable[[PatientRecord, RulePack, date], Assessment]


class Asked(NamedTuple):
    """A call as it came, and the day on which it did."""

    endpoint: Literal["call", "validate"]
    service: str
    body: bytes
    on: date


class Written(NamedTuple):
    """A status and the JSON of an answer, and what of it a log may keep. `problem`: the kind of fault, or ""."""

    status: int
    text: bytes
    outcome: str
    hook_instance: str = ""
    fingerprint: str = ""
    said: tuple[Said, ...] = ()
    problem: str = ""
    pack: tuple[str, str] = ("", "")
    """version and digest of the pack that answered"""


class Work(Protocol):
    """Has a call answered, elsewhere than where calls are listened for."""

    async def __call__(self, asked: Asked, pack: RulePack) -> Written:
        """TimeoutError where it took longer than an answer may; it may raise anything else as well."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is made of. `pack` is asked at every call, so that a pack can be exchanged; it may raise."""

    pack: Callable[[], RulePack]
    gate: Gate
    limits: Limits
    memory: Memory
    evaluate: Evaluate
    now: Callable[[], datetime]
    """the only clock; with its zone"""
    base_url: str = ""
    """of the service as its clients call it: tokens name the exact URL. Without it the Host header counts, which whoever calls can choose: set it
    wherever tokens are asked for"""
    origins: tuple[str, ...] = ("*",)
    """whose pages may call from a browser"""
    watch: Watch = field(default_factory=NoWatch)
    work: Work | None = None
    """by whom calls are answered; in threads of this process if not given"""
