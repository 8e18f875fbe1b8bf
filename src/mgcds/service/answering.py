"""From the bytes of a call to those of its answer: all that takes time, for a thread or a process to do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any

import msgspec

from mgcds.model.pack import RulePack
from mgcds.service.hooks import Answer, answer, not_answered, operation_outcome
from mgcds.service.ports import Asked, Evaluate, Limits, Refused, Written
from mgcds.service.validate import MOST, not_validated, validate


class _OfCall(msgspec.Struct):
    """All that is read of a call of which nothing was evaluated."""

    hookInstance: str = ""  # noqa: N815  (as CDS Hooks names it)


class _Card(msgspec.Struct):
    uuid: str = ""


class _OfValidation(msgspec.Struct):
    """The same of a validation."""

    cards: Annotated[list[_Card], msgspec.Meta(max_length=MOST)] = []


_LITTLE: dict[str, msgspec.json.Decoder[Any]] = {
    "call": msgspec.json.Decoder(_OfCall),
    "validate": msgspec.json.Decoder(_OfValidation),
}
_ANSWER: dict[str, Callable[..., Answer]] = {"call": answer, "validate": validate}
_NOT_ANSWERED: dict[str, Callable[[Any, BaseException], Answer]] = {"call": not_answered, "validate": not_validated}


def written(asked: Asked, pack: RulePack, limits: Limits, evaluate: Evaluate) -> Written:
    """The answer to what is asked."""
    try:
        body = limits.parse(asked.body)
        return _written(_ANSWER[asked.endpoint](body, asked.service, pack, asked.on, evaluate))
    except Refused as refused:
        return _written(Answer(refused.status, operation_outcome([refused.what])))
    except Exception as fault:
        return not_written(asked.endpoint, asked.body, fault)


def not_written(endpoint: str, body: bytes, fault: BaseException) -> Written:
    """The answer where something failed: nothing was evaluated. Who listens makes it too, for many at once, so hardly anything is decoded."""
    given = None
    with suppress(Exception):
        given = msgspec.to_builtins(_LITTLE[endpoint].decode(body))
    return _written(_NOT_ANSWERED[endpoint](given, fault))


def _written(found: Answer) -> Written:
    text = msgspec.json.encode(found.body)
    return Written(found.status, text, _outcome(found), found.hook_instance, found.fingerprint, found.said, found.problem, found.pack)  # fmt: skip


def _outcome(found: Answer) -> str:
    """See OUTCOMES."""
    if found.problem:
        return {"EngineDisagreement": "disagreement", "TimeoutError": "too slow"}.get(found.problem, "fault")
    if found.status != 200:
        return "data missing" if found.status == 412 else "refused"
    if "cards" not in found.body:
        return "answered"
    return "cards" if found.body["cards"] else "no card"
