"""Psychotherapy as a treatment, and whether first-line care of the depression is active, awaited or was declined.

| state | what says so |
|---|---|
| active | an antidepressant on the medicine list that is being taken; a psychotherapy Procedure in progress |
| awaited | a ServiceRequest for psychotherapy, active or draft, after whose day none has begun |
| declined | an order for either, or a Procedure, that was not carried out because the patient refused |

What is active counts before the others, of those the newest. No trace of any is unknown: Procedures tell what was done, never that
nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mgcds.fhir import elements
from mgcds.fhir.elements import Node, Unreadable
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.medicines import called
from mgcds.fhir.references import Known
from mgcds.fhir.wire import Resource
from mgcds.model.dates import parse_when
from mgcds.model.pack import RulePack

KINDS = ("Procedure", "ServiceRequest")
_CARE = "first_line_care"
_PSYCHOTHERAPY, _ANTIDEPRESSANT = "psychotherapy", "antidepressant"

# SNOMED CT, value set Patient Refusal (2.16.840.1.113883.3.117.1.7.1.93) and the qualifier "Refused".
REFUSED = frozenset(("105480006", "183944003", "443390004"))
_STATUS_REASON = "http://hl7.org/fhir/StructureDefinition/request-statusReason"

# Procedure.status → that of a treatment; the others did not take place
_STATUS = {
    "in-progress": "active",
    "on-hold": "on-hold",
    "completed": "stopped",
    "stopped": "stopped",
    "unknown": "unknown",
}
_AWAITED = ("active", "draft")
_NOT_ORDERED = ("proposal", "option")


def refused(content: Node) -> bool:
    """Was it not done because the patient refused it?"""
    if content.get("status") not in ("not-done", "revoked", "cancelled", "stopped", "not-taken") and not _forbidden(
        content
    ):
        return False
    extensions = [each for each in elements.nodes(content, "extension") if each.get("url") == _STATUS_REASON]
    concepts = [*elements.nodes(content, "statusReason"), *elements.nodes(content, "reasonCode")]
    concepts += [elements.node(each, "valueCodeableConcept") for each in extensions]
    codes = {code for concept in concepts for code in elements.codes(concept)}
    return any(code.system == "snomed" and code.code in REFUSED for code in codes)


def _forbidden(content: Node) -> bool:
    return content.get("doNotPerform") is True


class Care:
    """Filled by what tells of care; `settle` says what it comes to."""

    def __init__(self, pack: RulePack, gathered: Gathered) -> None:
        self._pack, self._gathered = pack, gathered
        self._active: list[str] = []
        self._others: list[tuple[tuple[object, ...], dict[str, Any]]] = []
        self._begun: list[str | None] = []

    def read_medicines(self, orders: Iterable[Resource], known: Known) -> None:
        """Antidepressants that were refused. Those that are taken stand on the medicine list already."""
        for resource in orders:
            try:
                if not refused(resource.content):
                    continue
                name, codes = called(resource, known, self._gathered)
            except Unreadable:
                continue  # the medicine list says so
            if self._is(_ANTIDEPRESSANT, "medicines", name, ((code.system, code.code) for code in codes)):
                self._say("declined", resource)
        for entry in self._gathered.fields.get("medicines", []):
            codes_of_entry = ((code.system, code.code) for code in entry["codes"])
            taken = entry["status"] == "active" and entry["stop"] is None
            if taken and self._is(_ANTIDEPRESSANT, "medicines", entry["name"], codes_of_entry):
                self._active.append(entry["source"])

    def read_treatments(self, resources: Iterable[Resource]) -> None:
        """Procedures and ServiceRequests."""
        requests = []
        for resource in resources:
            codes = ((code.system, code.code) for code in resource.code.codes)
            name = resource.code.name
            if not self._is(_PSYCHOTHERAPY, "procedures", name, codes):
                self._gathered.count(resource.kind, "no psychotherapy: no rule uses it")
                continue
            try:
                why = elements.modified(resource.content)
            except Unreadable as unreadable:
                why = str(unreadable)
            if why is not None:
                self._gathered.leave(resource, why)
            elif resource.kind == "Procedure":
                self._read_procedure(resource)
            elif refused(resource.content):
                self._say("declined", resource)
            else:
                requests.append(resource)
        for resource in requests:
            self._read_request(resource)

    def settle(self, as_of: str | None) -> None:
        """First-line care: `as_of` is the day on which what is active was so."""
        if self._active:
            self._gathered.states[_CARE] = {"value": "active", "date": as_of, "source": self._active[0]}
        elif self._others:
            self._gathered.states[_CARE] = max(self._others, key=lambda each: each[0])[1]

    def _is(self, value_set: str, of: str, name: str | None, codes: Iterable[tuple[str, str]]) -> bool:
        vocabulary = self._pack.vocabularies.get(of)
        known = tuple((system, code) for system, code in codes if system)
        return vocabulary is not None and value_set in vocabulary.match(name, known).value_sets

    def _say(self, value: str, resource: Resource) -> None:
        day = _day(resource.content)
        order = (1, parse_when(day).order()) if day is not None else (0,)
        self._others.append((order, {"value": value, "date": day, "source": resource.reference}))
        self._gathered.use(resource)

    def _read_procedure(self, resource: Resource) -> None:
        content = resource.content
        status = elements.string(content, "status") or "unknown"
        if refused(content):
            self._say("declined", resource)
        if status not in _STATUS:
            self._gathered.leave_unless_used(resource, f"not begun, or not done (status {status[:30]})")
            return
        concept, period = elements.node(content, "code"), elements.node(content, "performedPeriod")
        start = elements.date(period, "start") or elements.date(content, "performedDateTime")
        stop = elements.date(period, "end")
        if status in ("completed", "stopped"):
            stop = stop or elements.date(content, "performedDateTime")
        entry = {
            "name": elements.name(concept), "codes": elements.record_codes(elements.codes(concept)),
            "start": start, "stop": stop, "status": _STATUS[status],
        }  # fmt: skip
        self._gathered.add("procedures", entry, resource)
        self._begun.append(stop or start)
        if entry["status"] == "active" and stop is None:
            self._active.append(resource.reference)

    def _read_request(self, resource: Resource) -> None:
        """A request is awaited until psychotherapy begins after it, on whatever day that may be."""
        content = resource.content
        status, intent = elements.string(content, "status"), elements.string(content, "intent")
        day = _day(content)
        if status not in _AWAITED or _forbidden(content) or intent in _NOT_ORDERED:
            why = "an order not to do it (doNotPerform)" if _forbidden(content) else f"status {status}, intent {intent}"
            self._gathered.leave(resource, f"nothing that is awaited: {why}"[:120])
        elif any(_may_follow(begun, day) for begun in self._begun):
            self._gathered.leave(resource, "psychotherapy was begun since it was requested")
        else:
            self._say("awaited", resource)


def _may_follow(begun: str | None, requested: str | None) -> bool:
    return begun is None or requested is None or parse_when(begun).last >= parse_when(requested).first


def _day(content: Node) -> str | None:
    """When it was ordered, or was not done."""
    period = elements.node(content, "performedPeriod")
    for parent, key in (
        (content, "authoredOn"), (content, "performedDateTime"), (period, "end"), (period, "start"),
        (content, "dateAsserted"), (content, "effectiveDateTime"),
    ):  # fmt: skip
        found = elements.date(parent, key)
        if found is not None:
            return found
    return None
