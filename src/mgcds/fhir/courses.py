"""Renewals: orders of one medicine that follow one another make one course, which starts where the first of them started.

Orders are of the same medicine when they have a code in common, or the same words as a name. A course goes on as long as no more than
31 days lie between the end of one order and the start of the next. An order that was stopped without a date counts as ended on the
day it began, so that a gap is never bridged by assumption; an active order without an end goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from mgcds.fhir.elements import Code
from mgcds.fhir.wire import Resource
from mgcds.model.dates import parse_when
from mgcds.model.terminology import words

LONGEST_GAP = timedelta(days=31)
_LEADS_LAST = ("active", "stopped", "unknown", "on-hold")
"""the order of what began on one day: the active one is not swallowed, and the last tells how the others stand"""


class Order(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One request, statement or dispense. Dates are readable or None."""

    resource: Resource
    name: str | None
    codes: tuple[Code, ...]
    status: str
    start: str | None
    stop: str | None

    @property
    def dispensed(self) -> bool:
        return self.resource.kind == "MedicationDispense"

    @property
    def fulfilled(self) -> bool:
        """Completed, which a request is when all was handed over: it may still be taken."""
        content = self.resource.content
        return self.resource.kind == "MedicationRequest" and content.get("status") == "completed"

    @property
    def open(self) -> bool:
        """Being taken, with no end in sight."""
        return self.status == "active" and self.stop is None

    def same_as(self) -> set[object]:
        """By what it is recognised as the same medicine; a short ATC code names a group, not a medicine."""
        keys: set[object] = {
            (code.system, code.code)
            for code in self.codes
            if code.system and (code.system != "atc" or len(code.code) == 7)
        }
        name = _words(self.name) if self.name else ()
        return keys | {name} if name else keys


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    """Kept, because the same few medicines are ordered again and again."""
    return words(name)


def same_medicine(orders: Iterable[Order]) -> list[list[Order]]:
    """Orders in groups of one medicine each, in the order of their first appearance."""
    group_of: dict[object, list[Order]] = {}
    groups: list[list[Order]] = []
    for order in orders:
        keys = order.same_as()
        found = list({id(group_of[key]): group_of[key] for key in keys if key in group_of}.values())
        if len(found) > 1:  # a set of keys has no order of its own
            found.sort(key=groups.index)
        group = found[0] if found else []
        if not found:
            groups.append(group)
        for other in found[1:]:
            group += other
            groups.remove(other)
        group.append(order)
        if len(found) > 1:
            keys = keys.union(*(member.same_as() for member in group))
        group_of.update(dict.fromkeys(keys, group))
    return groups


def courses(orders: list[Order]) -> list[list[Order]]:
    """Unbroken runs of orders, the oldest first. An order without a start stands alone."""
    courses = [[order] for order in orders if order.start is None]
    dated = [order for order in orders if order.start is not None]
    dated.sort(key=lambda order: (parse_when(order.start or "").order(), order.open, _LEADS_LAST.index(order.status)))
    until: date | None = None
    active = False
    course: list[Order] = []
    for order in dated:
        if course and _continues(active, until, order):
            course.append(order)
            end = _end(order)
            until = None if until is None or end is None else max(until, end)
            active |= order.status == "active"
        else:
            course = [order]
            courses.append(course)
            until = _end(order)
            active = order.status == "active"
    return courses


def _end(order: Order) -> date | None:
    """The earliest day it may have ended; None where it goes on."""
    if order.open:
        return None
    text = order.stop or order.start
    assert text is not None
    return parse_when(text).first


def _continues(active: bool, until: date | None, following: Order) -> bool:
    """Does it renew a course, of which an order is still active or none? No later order swallows an active one, unless it is active too."""
    assert following.start is not None
    if until is None:
        return following.status == "active"
    if active and following.status != "active":
        return False
    return parse_when(following.start).last - until <= LONGEST_GAP


def is_beside_another(lead: Order, course: Iterable[Order]) -> bool:
    """Does another order of the course reach beyond the start of this one? It may be the same again, or taken on top."""
    return any(
        order is not lead
        and order.status != "stopped"
        and (order.stop is None or lead.start is None or _before(lead.start, order.stop))
        for order in course
    )


def _before(start: str, stop: str) -> bool:
    return parse_when(start).first < parse_when(stop).last


def told_of(dispensed: Order, known: Iterable[Order]) -> Order | None:
    """The request or statement that tells what became of what was handed over: still going on, or ended since."""
    for order in known:
        if order.status != "stopped" and order.stop is None:
            return order
        end = order.stop or (None if order.fulfilled else order.start)
        if dispensed.start is not None and end and parse_when(end).first >= parse_when(dispensed.start).last:
            return order
    return None
