"""What all results of one Observation or questionnaire share: its status, and when it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec

from mgcds.fhir import elements
from mgcds.fhir.elements import Node
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.wire import Resource
from mgcds.model.record import ObservationStatus

ABOUT_ANOTHER = "it is about someone or something else than the patient (focus)"
VOID = ("cancelled", "entered-in-error")
# http://terminology.hl7.org/CodeSystem/data-absent-reason: there is a result, though not as a value that is given here.
ABSENT_BUT_EXISTING = frozenset(
    ("as-text", "error", "not-a-number", "nan", "negative-infinity", "positive-infinity", "masked", "unsupported")
)
_STATUSES = frozenset(get_args(ObservationStatus))


class Phq9Parts(msgspec.Struct, eq=False):
    """What one resource says of a PHQ-9, kept until all parts of its form have come together."""

    is_panel: bool = False
    members: tuple[str, ...] = ()
    """references of the Observations that a panel names"""
    asked: set[str] = set()  # (one of its own for each, as msgspec has it)
    """LOINC codes of the items it has a place for, answered or not"""
    answers: dict[str, Decimal] = {}
    unclear: set[str] = set()
    """LOINC codes of the items of which one answer cannot be read, or two say different things"""
    results: list[tuple[str, dict[str, Any]]] = []
    """item of the record and entry: the total and item 9 as results of their own"""
    refused: list[tuple[str, str]] = []
    """item of the record, and why what is there cannot be read"""

    @property
    def any(self) -> bool:
        """Does the resource say anything of a PHQ-9?"""
        return bool(self.is_panel or self.asked or self.results or self.refused)


class Occasion(msgspec.Struct, eq=False):
    """What all results of one resource share. `date` is None where none is given or it cannot be read."""

    resource: Resource
    status: str
    date: str | None
    date_problem: str | None
    specimen: tuple[str, ...] = ()
    phq9: Phq9Parts = msgspec.field(default_factory=Phq9Parts)

    @property
    def void(self) -> bool:
        """Cancelled or entered in error: it says nothing, and blocks nothing."""
        return self.status in VOID


def refuse(name: str, why: str, occasion: Occasion, gathered: Gathered) -> None:
    """The result cannot be read: the item is rejected, unless the result is void and says nothing at all."""
    if occasion.void:
        gathered.leave(occasion.resource, f"status {occasion.status}")
    else:
        gathered.reject(name, why, occasion.resource, occasion.date)


def occasion_of(resource: Resource, content: Node) -> Occasion:
    """Status and date of an Observation: when the sample was taken or the question asked; a period counts by its end."""
    found = content.get("effectiveDateTime") or content.get("effectiveInstant") or _end_of_period(content)
    text = (found.strip() if isinstance(found, str) else str(found)) if found else None
    status = elements.string(content, "status")
    known = status if status is not None and status in _STATUSES else "unknown"
    if text is not None and not elements.readable_date(text):
        return Occasion(resource, known, None, f"its date '{text[:30]}' cannot be read")
    return Occasion(resource, known, text, None)


def _end_of_period(content: Node) -> Any:
    period = elements.node(content, "effectivePeriod")
    return period.get("end") or period.get("start") or _last_event(content)


def _last_event(content: Node) -> str | None:
    given = elements.node(content, "effectiveTiming").get("event")
    events = given if isinstance(given, list) else [given]
    return next((event for event in reversed(events) if isinstance(event, str)), None)
