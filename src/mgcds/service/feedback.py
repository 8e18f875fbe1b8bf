"""Feedback on cards: read, checked and brought into the form that a `Memory` keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mgcds.service.hooks import operation_outcome
from mgcds.service.ports import Caller, Feedback

_MOST, _LONGEST = 500, 200
_OUTCOMES = ("accepted", "overridden")


def read_feedback(body: Any, service: str, caller: Caller) -> tuple[Feedback, ...] | dict[str, Any]:
    """All feedback of a request, or an OperationOutcome that names everything that is wrong with it.

    One card may be named many times. A reason may come without its display; a comment is not kept, only that there was one.
    """
    entries = body.get("feedback") if isinstance(body, Mapping) else None
    if not isinstance(entries, list) or not entries or len(entries) > _MOST:
        what = f"'feedback' is no list of 1 to {_MOST} entries, each with card, outcome and outcomeTimestamp"
        return operation_outcome([what])
    problems = [f"feedback[{at}]: {what}" for at, entry in enumerate(entries) for what in _problems(entry)]
    if problems:
        return operation_outcome(problems)
    return tuple(_feedback(entry, service, caller) for entry in entries)


def _problems(entry: Any) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield "is no JSON object"
        return
    if not _is_id(entry.get("card")):
        yield "'card' is not the uuid of a card"
    if entry.get("outcome") not in _OUTCOMES:
        yield "'outcome' is neither 'accepted' nor 'overridden'"
    if _moment(entry.get("outcomeTimestamp")) is None:
        yield "'outcomeTimestamp' is no date and time with its zone, such as 2026-11-21T10:00:00Z"
    accepted = entry.get("acceptedSuggestions")
    if entry.get("outcome") == "accepted" and not _are_suggestions(accepted):
        yield "'acceptedSuggestions' is no list of {id}; it names what was accepted"
    reason = entry.get("overrideReason")
    if reason is not None and not _is_reason(reason):
        yield "'overrideReason' is no object with 'reason' (system and code) or 'userComment' (text)"


def _is_id(given: Any) -> bool:
    return isinstance(given, str) and 0 < len(given) <= _LONGEST


def _are_suggestions(given: Any) -> bool:
    if not isinstance(given, list) or not 0 < len(given) <= _MOST:
        return False
    return all(isinstance(each, Mapping) and _is_id(each.get("id")) for each in given)


def _is_reason(given: Any) -> bool:
    if not isinstance(given, Mapping):
        return False
    reason = given.get("reason")
    if not isinstance(given.get("userComment", ""), str):
        return False
    return reason is None or (isinstance(reason, Mapping) and _is_id(reason.get("code")))


def _moment(given: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None


def _feedback(entry: Mapping[str, Any], service: str, caller: Caller) -> Feedback:
    override = entry.get("overrideReason") or {}
    reason = override.get("reason") or {}
    system = reason.get("system")
    at = _moment(entry["outcomeTimestamp"])
    assert at is not None, "it was checked"
    accepted = entry.get("acceptedSuggestions") if entry["outcome"] == "accepted" else None
    return Feedback(
        service=service, card=entry["card"], outcome=entry["outcome"], at=at,
        accepted=tuple(each["id"] for each in accepted or ()),
        reason=reason.get("code", ""), reason_system=str(system) if _is_id(system) else "",
        commented=bool(override.get("userComment")), caller=caller,
    )  # fmt: skip
