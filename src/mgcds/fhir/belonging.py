"""Which lines of NDJSON have to be read together. For data that are too many to be read at once: `mgcds.populations`.

Cheap and generous: two lines that the reader might bring together always share a name here; lines that share one may still turn out to
be of different patients. What a name means is decided by the reader alone, in `patients.py` and `references.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from mgcds.fhir import elements
from mgcds.fhir.elements import Node, Unreadable
from mgcds.fhir.lists import searched_for
from mgcds.fhir.patients import NEEDS_A_PATIENT, is_patient
from mgcds.fhir.references import LOOKED_UP
from mgcds.fhir.wire import Delivery, Resource, unversioned


class Belonging(NamedTuple):
    """`people`: ids of the patients, or other subjects, that a line is about. `patients`: is one of them a patient of the delivery?
    `keys`: of which resources it is a version. `offers`: ids by which others may look it up. `refers`: ids that it may look up.
    `alone`: it is one resource, looked up by others, and nobody's.
    """

    people: tuple[str, ...] = ()
    patients: bool = False
    keys: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    alone: bool = False


class _Reference(msgspec.Struct, gc=False):
    reference: str | None = None


class _Codeable(msgspec.Struct, gc=False):
    reference: _Reference | None = None


class _Seen(msgspec.Struct, gc=False):
    resourceType: str = ""  # noqa: N815  (as FHIR names it)
    id: str | None = None
    subject: _Reference | None = None
    patient: _Reference | None = None
    medicationReference: _Reference | None = None  # noqa: N815
    medication: _Codeable | None = None
    specimen: _Reference | None = None


_SEEN = msgspec.json.Decoder(_Seen)
_ODD = frozenset(("Bundle", *LOOKED_UP))


def belonging(line: bytes, where: str) -> Belonging:
    """Of one line; of one that is no resource nothing is said. `where` names a resource without an id."""
    try:
        seen = _SEEN.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _of_odd_shape(line, where)
    kind, own = seen.resourceType, (seen.id or "").strip()
    if not own or not kind or kind != kind.strip() or kind in _ODD:
        return _of_odd_shape(line, where)
    about = seen.subject or seen.patient
    subject = "" if about is None else about.reference or ""
    looked_up: list[str] = []
    if seen.medicationReference is not None or seen.medication is not None or seen.specimen is not None:
        given = (
            seen.medicationReference,
            None if seen.medication is None else seen.medication.reference,
            seen.specimen,
        )
        looked_up = [each.reference for each in given if each is not None and each.reference]
    return _of_one(kind, f"{kind}/{own}", subject, looked_up)


def _of_one(kind: str, reference: str, subject: str | None, looked_up: Sequence[str]) -> Belonging:
    refers = tuple([tail(each.strip()) for each in looked_up if not each.strip().startswith("#")]) if looked_up else ()
    if kind == "Patient":
        return Belonging((tail(reference),), True, (reference,), (), refers)
    people, patients = _about((subject or "").strip())
    return Belonging(people, patients and kind in NEEDS_A_PATIENT, (reference,), (), refers)


@lru_cache(50_000)
def _about(subject: str) -> tuple[tuple[str, ...], bool]:
    """The id in a reference to a subject, where it has one, and whether it may mean a patient. Kept, since the lines of a patient share it."""
    if not subject or subject.startswith("#"):
        return (), False
    return (tail(subject),), is_patient(unversioned(subject))


def _of_odd_shape(line: bytes, where: str) -> Belonging:
    """A Bundle, what is looked up, what no rule reads, and what has another shape than the standard says: through the reader's own eyes."""
    delivery = Delivery()
    delivery.add(line, where)
    found = [_of_resource(each) for each in delivery.resources]
    if len(found) == 1 and not delivery.pages:
        return found[0]
    searched = [name for page in delivery.pages for name in sorted(searched_for(page.query))]
    return Belonging(
        tuple(dict.fromkeys([*(name for each in found for name in each.people), *searched])),
        any(each.patients for each in found),
        tuple(dict.fromkeys([*(key for each in found for key in each.keys), *sorted(delivery.deleted)])),
        tuple(name for each in found for name in each.offers),
        tuple(name for each in found for name in each.refers),
    )


def _of_resource(resource: Resource) -> Belonging:
    key = resource.full_url or resource.reference
    names = [tail(each) for each in dict.fromkeys((resource.reference, key))]
    found = _of_one(resource.kind, resource.reference, resource.subject, _looked_up(resource))
    if resource.kind == "Patient":
        found = found._replace(people=tuple(names))
    if resource.kind in LOOKED_UP:
        found = found._replace(offers=tuple(names), alone=not found.people and resource.full_url is None)
    return found._replace(keys=tuple(dict.fromkeys((key, resource.reference))))


def _looked_up(resource: Resource) -> list[str]:
    try:
        content: Node = resource.content
    except Unreadable:
        return []
    either = elements.node(content, "medication")
    nodes = (
        elements.node(content, "medicationReference"),
        elements.node(either, "reference"),
        elements.node(content, "specimen"),
    )
    return [found for node in nodes if (found := elements.string(node, "reference")) is not None]


def tail(reference: str) -> str:
    """The id at the end of a reference, relative, absolute, versioned or a URN."""
    return unversioned(reference).rpartition("/")[2].rpartition(":")[2]
