"""What all resources of one Bundle share: whose assessment it is, when it was made, their ids and what they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mgcds.fhir.identity import identity
from mgcds.model.assessment import Assessment
from mgcds.model.explanation import Step
from mgcds.model.record import PatientRecord

RULES = "urn:mgcds:rules"
"""the system of rule ids; a version follows after `|`"""
ITEMS = "urn:mgcds:items"
PACKS = "urn:mgcds:packs"

_REFERENCE = re.compile(
    r"(?:(?:https?|urn):\S+|[A-Z][A-Za-z]{2,60}/[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?"
)
Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """One assessment, the record it is of, and the moment it was made."""

    assessment: Assessment
    record: PatientRecord
    patient: str
    made: datetime

    def id_of(self, *parts: str) -> str:
        """The same for the same patient, day, pack and parts."""
        return identity(self.patient, self.assessment.on.isoformat(), self.assessment.pack.digest, *parts)

    @property
    def subject(self) -> Node:
        """The reference to the patient."""
        return {"reference": self.patient}

    @property
    def moment(self) -> str:
        """When it was made, as a FHIR instant."""
        return self.made.isoformat(timespec="seconds")

    def sources_of(self, steps: Iterable[Step]) -> tuple[str, ...]:
        """References to the resources that values and list entries of these criteria were read from, each once."""
        found: dict[str, None] = {}
        for step in steps:
            if step.source:
                found[step.source] = None
            elif step.found:
                found |= dict.fromkeys(self._entries(step.about or "", step.found))
        return tuple(source for source in found if is_reference(source))

    def _entries(self, about: str, names: str) -> Iterable[str]:
        """Sources of the entries of a list that a step names."""
        lists: dict[str, tuple[Any, ...]] = {
            "medicines": (*(self.record.medicines or ()), *(self.record.supplements or ())),
            "conditions": self.record.conditions or (), "procedures": self.record.procedures or (),
        }  # fmt: skip
        for entry in lists.get(about, ()):
            if entry.source and entry.name and f", {entry.name}, " in f", {names}, ":
                yield entry.source


def is_reference(source: str) -> bool:
    """Can this stand as a reference to a resource? A record may name its source in words."""
    return _REFERENCE.fullmatch(source) is not None


def urn(resource_id: str) -> str:
    """How resources of one Bundle refer to one another."""
    return f"urn:uuid:{resource_id}"


def reference(resource: Node) -> Node:
    """A reference to a resource of the same Bundle."""
    return {"reference": urn(resource["id"])}
