"""What all results of one Observation or questionnaire share: its status, and when it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import get_args

from mgcds.fhir import elements
from mgcds.fhir.elements import Node
from mgcds.fhir.wire import Resource
from mgcds.model.record import ObservationStatus

ABOUT_ANOTHER = "it is about someone or something else than the patient (focus)"
VOID = ("cancelled", "entered-in-error")
_STATUSES = frozenset(get_args(ObservationStatus))


@dataclass(slots=True)
class Occasion:
    """What all results of one resource share. `date` is None where none is given or it cannot be read."""

    resource: Resource
    status: str
    date: str | None
    date_problem: str | None
    specimen: tuple[str, ...] = ()
    nine_answers: bool = False
    """it has a place for each answer of a PHQ-9, so that a total without a value may be added up"""
    answers: dict[str, Decimal] = field(default_factory=dict)
    stated_total: list[Decimal] = field(default_factory=list)
    total_unreadable: bool = False

    @property
    def void(self) -> bool:
        """Cancelled or entered in error: it says nothing, and blocks nothing."""
        return self.status in VOID


def occasion_of(resource: Resource, content: Node) -> Occasion:
    """Status and date of an Observation: when the sample was taken or the question asked; a period counts by its end."""
    period, timing = elements.node(content, "effectivePeriod"), content.get("effectiveTiming")
    events = (
        [event for event in timing.get("event") or [] if isinstance(event, str)] if isinstance(timing, dict) else []
    )
    given = [
        content.get("effectiveDateTime"),
        content.get("effectiveInstant"),
        period.get("end"),
        period.get("start"),
        *events[-1:],
    ]
    text = next((found.strip() if isinstance(found, str) else str(found) for found in given if found), None)
    status = elements.string(content, "status")
    known = status if status is not None and status in _STATUSES else "unknown"
    if text is not None and not elements.readable_date(text):
        return Occasion(resource, known, None, f"its date '{text[:30]}' cannot be read")
    return Occasion(resource, known, text, None)
