"""What our OpenAPI says of requests and answers, in JSON Schema. What is not used of a request is not asked for here either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgcds.service.cards import ADVICE

Schema = dict[str, Any]

_ID: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"\S"}
_ANY_OBJECT: Schema = {"type": "object", "additionalProperties": True}


def _object(required: Mapping[str, Schema], **others: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **others}}


def _several(items: Schema, most: int | None = None) -> Schema:
    bounds = {} if most is None else {"minItems": 1, "maxItems": most}
    return {"type": "array", "items": items, **bounds}


_CONTEXT = _object({"patientId": _ID}, draftOrders=_ANY_OBJECT)
_ASKED = {"hook": {"type": "string"}, "hookInstance": _ID, "context": _CONTEXT}
_PREFETCH = {"prefetch": {"type": ["object", "null"], "additionalProperties": True}}
CALL = _object(_ASKED, **_PREFETCH)
_EARLIER = _object({"extension": _object({ADVICE: _ANY_OBJECT})})
VALIDATION = _object({**_ASKED, "cards": _several(_EARLIER, 50)}, **_PREFETCH)
_WHEN: Schema = {"card": _ID, "outcomeTimestamp": {"type": "string", "format": "date-time"}}
_ACCEPTED = _object(
    {**_WHEN, "outcome": {"const": "accepted"}, "acceptedSuggestions": _several(_object({"id": _ID}), 500)}
)
_OVERRIDDEN = _object(
    {**_WHEN, "outcome": {"const": "overridden"}}, overrideReason=_object({}, userComment={"type": "string"})
)
FEEDBACK = _object({"feedback": _several({"oneOf": [_ACCEPTED, _OVERRIDDEN]}, 500)})

DISCOVERED = _object({
    "services": _several(
        _object(
            {"hook": _ID, "id": _ID, "title": _ID, "description": _ID},
            prefetch={"type": "object", "additionalProperties": {"type": "string"}},
        )
    )
})  # fmt: skip
_SOURCE = _object({"label": _ID}, topic=_object({"system": _ID, "code": _ID}))
_CARD = _object(
    {
        "uuid": {"type": "string", "format": "uuid"}, "summary": {"type": "string", "minLength": 1, "maxLength": 139},
        "indicator": {"enum": ["info", "warning", "critical"]}, "source": _SOURCE, "detail": {"type": "string"},
    },
    suggestions=_several(_object({"label": _ID, "uuid": _ID})), links=_several(_object({"label": _ID, "url": _ID, "type": _ID})),
)  # fmt: skip
CARDS = _object({"cards": _several(_CARD)})
VALIDATED = _object({"cards": _several(_object({"holds": {"type": "boolean"}, "why": _ID}, now=_ANY_OBJECT))})
_OUTCOME = _object({
    "resourceType": {"const": "OperationOutcome"},
    "issue": {**_several(_object({"severity": _ID, "code": _ID, "diagnostics": {"type": "string"}})), "minItems": 1},
})  # fmt: skip


def asked(body: Schema) -> Schema:
    """The service in the path and the body that a request must have, for `openapi_extra`."""
    service = {"name": "service", "in": "path", "required": True, "schema": {"type": "string", "title": "Service"}}
    return {
        "parameters": [service],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
    }


def responses(answer: Schema | None, *refusals: int) -> dict[int | str, Schema]:
    """What is answered, and the statuses that come with an OperationOutcome; a token that is not accepted gets a bare 401."""
    refused = {"description": "An OperationOutcome", "content": {"application/json": {"schema": _OUTCOME}}}
    content = {} if answer is None else {"content": {"application/json": {"schema": answer}}}
    found: dict[int | str, Schema] = {
        200: {"description": "Answered", **content},
        401: {"description": "A token is missing or not accepted"},
    }
    return found | dict.fromkeys(refusals, refused)
