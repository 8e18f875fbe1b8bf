"""JSON Schema of a rule file, for editors: made from the words the loader knows, so that it cannot fall behind."""

from __future__ import annotations

from typing import Any, get_args

from mgcds.loading.criteria import BOUNDS
from mgcds.loading.rules import KINDS, RULE_KEYS
from mgcds.model.rule import Certainty, RuleStatus, Strength

_TEXT: dict[str, Any] = {"type": "string"}
_DAYS = {"type": "string", "pattern": r"^(\d{1,5} days?|always)$"}
_IDS = {"type": "array", "items": _TEXT, "uniqueItems": True}
_WORDS = {"oneOf": [_TEXT, _IDS]}
_BOUND = {"oneOf": [{"type": ["string", "number"]}, {"type": "array", "items": _TEXT, "minItems": 1}]}
_TAKING = ("for_at_least", "for_more_than", "for_at_most", "unchanged_for")


def _object(required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def criterion_schemas() -> list[dict[str, Any]]:
    """One a kind of criterion."""
    between = {"type": "array", "minItems": 2, "maxItems": 2}
    bounds = {**dict.fromkeys(BOUNDS, _BOUND), "between": between}
    bounded = {"anyOf": [{"required": [bound]} for bound in bounds]}
    return [
        {**_object(["measure"], {"measure": _TEXT, "within": _DAYS, **bounds}), **bounded},
        _object(["state", "is"], {"state": _TEXT, "is": _WORDS, "within": _DAYS}),
        _object(["documented", "is"], {"documented": _TEXT, "is": _WORDS, "since": _TEXT, "within": _DAYS}),
        *(_object([key], {key: _TEXT, **dict.fromkeys(_TAKING, _DAYS)}) for key in ("taking", "receiving")),
        *(_object([key], {key: _TEXT}) for key in ("diagnosis", "symptom")),
        *(_object([key], {key: _TEXT, "within": _DAYS}) for key in ("missing", "stale", "rejected", "unknown")),
    ]


def rule_schema() -> dict[str, Any]:
    """A rule file (https://json-schema.org/draft/2020-12)."""
    suggest = {
        "kind": {"enum": list(KINDS)},
        "text": _TEXT,
        "certainty": {"enum": list(get_args(Certainty))},
        "strength": {"enum": list(get_args(Strength))},
        "evidence_for": _IDS,
        "evidence_against": _IDS,
        "override_reasons": _IDS,
    }
    drafts = {"drafts": _IDS}
    review = {"status": {"enum": ["unreviewed"]}, "due": {"type": "string", "format": "date"}}
    properties: dict[str, Any] = {
        "id": {"type": "string", "pattern": r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"},
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "status": {"enum": list(get_args(RuleStatus))},
        "title": {"type": "string", "maxLength": 140},
        "criteria": {"type": "object", "additionalProperties": {"oneOf": criterion_schemas()}},
        "when": _TEXT,
        "suggest": _object(list(suggest), {**suggest, **drafts}),
        "review": _object(list(review), review),
        "note": _TEXT,
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "mgcds rule"}
    return {**head, **_object(list(RULE_KEYS), properties)}
