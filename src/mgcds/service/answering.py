"""From the bytes of a call to those of its answer: all that takes time, for a thread or a process to do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from mgcds.model.pack import RulePack
from mgcds.service.hooks import Answer, answer, not_answered, operation_outcome
from mgcds.service.ports import Asked, Evaluate, Limits, Refused, Written
from mgcds.service.validate import not_validated, validate

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
        return not_written(asked.endpoint, asked.body, limits, fault)


def not_written(endpoint: str, body: bytes, limits: Limits, fault: BaseException) -> Written:
    """The answer where something failed: nothing was evaluated."""
    given = None
    with suppress(Exception):
        given = limits.parse(body)
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
