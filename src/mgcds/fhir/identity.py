"""Ids of what mgcds emits: the same assessment gives the same ids, so that what is sent twice is one thing."""

from __future__ import annotations

import uuid

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:mgcds")


def identity(*parts: str) -> str:
    """A UUID (version 5) of these parts."""
    return str(uuid.uuid5(_NAMESPACE, "\0".join(parts)))
