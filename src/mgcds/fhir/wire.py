"""From what came over the wire to resources: the only place where FHIR JSON is decoded.

Two passes. The first cuts the input into resources and reads of each what tells whether a rule needs it: type, id, patient, codes.
The second decodes those few in full, each number exactly as it was written. Where a resource has another shape than the standard
says, that resource alone is read the slow way, and the others are not lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from mgcds.errors import RecordError
from mgcds.fhir import elements
from mgcds.fhir.concepts import Concept, concept_of
from mgcds.fhir.decoding import EXACT, UNDECODABLE, UNDECODED, decode_read
from mgcds.fhir.elements import Node, Unreadable

_NOT_FHIR = "this is no FHIR: a Bundle, a list of resources or NDJSON is needed, each resource with its resourceType"
_NOT_JSON = "this is no FHIR: it is not JSON, and not NDJSON either"
_NO_TYPE = "it has no resourceType"
_DEEPEST_BUNDLE = 8


class _Reference(msgspec.Struct, gc=False):
    reference: str | None = None


class _Meta(msgspec.Struct, gc=False):
    lastUpdated: str | None = None  # noqa: N815  (as FHIR names it)


class _Component(msgspec.Struct, gc=False):
    code: msgspec.Raw = msgspec.Raw()


class _Glance(msgspec.Struct, gc=False):
    """What tells whether a resource is needed. Its codes stay as they came: see `concepts.py`."""

    resourceType: str = ""  # noqa: N815
    id: str | None = None
    subject: _Reference | None = None
    patient: _Reference | None = None
    code: msgspec.Raw = msgspec.Raw()
    component: tuple[_Component, ...] = ()
    clinicalStatus: msgspec.Raw = msgspec.Raw()  # noqa: N815
    verificationStatus: msgspec.Raw = msgspec.Raw()  # noqa: N815
    medicationCodeableConcept: msgspec.Raw = msgspec.Raw()  # noqa: N815


class _PlainComponent(msgspec.Struct, gc=False):
    code: Any = None


class _PlainGlance(msgspec.Struct, gc=False):
    """The same of plain data."""

    resourceType: str = ""  # noqa: N815
    id: str | None = None
    subject: _Reference | None = None
    patient: _Reference | None = None
    code: Any = None
    component: tuple[_PlainComponent, ...] = ()
    clinicalStatus: Any = None  # noqa: N815
    verificationStatus: Any = None  # noqa: N815
    medicationCodeableConcept: Any = None  # noqa: N815


class _Search(msgspec.Struct, gc=False):
    mode: str | None = None


class _Request(msgspec.Struct, gc=False):
    method: str | None = None
    url: str | None = None


_NONE = msgspec.Raw(b"null")


class Entry(msgspec.Struct, gc=False):
    fullUrl: str | None = None  # noqa: N815
    resource: msgspec.Raw = _NONE
    search: _Search | None = None
    request: _Request | None = None


class _PlainEntry(Entry, gc=False):
    resource: Any = None


class Link(msgspec.Struct, gc=False):
    relation: str | None = None
    url: str | None = None


class Bundle(msgspec.Struct):
    """A Bundle whose resources are still as they came: JSON, or plain data."""

    resourceType: str = ""  # noqa: N815
    type: str | None = None
    timestamp: str | None = None
    meta: _Meta | None = None
    total: int | None = None
    link: list[Link] = []
    entry: Sequence[Entry] = []


class _PlainBundle(Bundle):
    entry: list[_PlainEntry] = []


Content = bytes | str | Mapping[str, Any] | Sequence[Mapping[str, Any] | Bundle]

_AT_A_GLANCE = msgspec.json.Decoder(_Glance)
_AS_BUNDLE = msgspec.json.Decoder(Bundle)
_AS_LIST = msgspec.json.Decoder(list[msgspec.Raw])


class Unused(msgspec.Struct, frozen=True, gc=False):
    """A resource, or an element of one, that was not used, and why.

    `resources` counts the resources the line speaks for: 13 for `AllergyIntolerance (13)`, 0 where a part of a resource that is
    used otherwise was left aside. With `FhirReading.used`, every resource that came in is accounted for once.
    """

    reference: str
    why: str
    resources: int = 1


class Resource(msgspec.Struct, eq=False, gc=False):
    """One resource: what was seen at a glance, and its whole content when asked for.

    `subject`: the reference to whom it is about; empty where a subject is given without one, None where none is given. `code`,
    `components`: its code, and those of its components.
    """

    kind: str
    id: str | None
    reference: str
    subject: str | None
    code: Concept
    components: tuple[Concept, ...]
    raw: bytes | msgspec.Raw | Node
    glance: _Glance | _PlainGlance | None = None
    full_url: str | None = None
    from_history: bool = False
    decoded: Node | None = None

    def concept(self, key: str) -> Concept:
        """One of its CodeableConcepts: `code`, `clinicalStatus`, `verificationStatus` or `medicationCodeableConcept`. Unreadable where
        it cannot be decoded.
        """
        try:
            return concept_of(getattr(self.glance, key) if self.glance is not None else self.content.get(key))
        except UNDECODABLE:
            raise Unreadable("it cannot be decoded") from None

    def has_code(self, wanted: frozenset[str]) -> bool:
        """Has it, or one of its components, one of these codes, of whatever system?"""
        if not wanted.isdisjoint(self.code.plain_codes):
            return True
        return any(not wanted.isdisjoint(part.plain_codes) for part in self.components)

    @property
    def content(self) -> Node:
        """As `decode`, kept for those who ask again."""
        if self.decoded is None:
            self.decoded = self.decode()
        return self.decoded

    def decode(self) -> Node:
        """What is read of it, numbers exact. Unreadable where that cannot be decoded."""
        if isinstance(self.raw, dict):
            return self.raw
        try:
            return decode_read(self.kind, self.raw) if self.glance is not None else self._whole()
        except UNDECODABLE:
            raise Unreadable("it cannot be decoded") from None

    @property
    def updated(self) -> str | None:
        """When this version was stored."""
        try:
            return elements.string(elements.node(self._whole(), "meta"), "lastUpdated")
        except UNDECODABLE:
            return None

    def same_as(self, other: Resource) -> bool:
        """Is all of it the same?"""
        try:
            return bool(self._whole() == other._whole())
        except UNDECODABLE:
            return False

    def _whole(self) -> Node:
        decoded = self.raw if isinstance(self.raw, dict) else EXACT.decode(self.raw)
        return decoded if isinstance(decoded, dict) else {}


class Page(NamedTuple):
    """A Bundle as such: its type, when it was put together, the query it answers, its pages before and after (empty where a link has no
    address), and of a search the kinds of resources it found, whom they are about, and why some may be missing.
    """

    type: str | None
    made: str | None
    query: str | None
    next: str | None
    previous: str | None
    more_than_given: bool
    kinds: frozenset[str]
    subjects: frozenset[str | None]
    incomplete: str


@dataclass(slots=True)
class Delivery:
    """Everything that came in, cut into resources. `unused` is what could not be made out as a resource."""

    resources: list[Resource] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    """addresses of what the histories given so far say was deleted"""
    unmade: int = 0
    """what could not be made out as a resource, but for entries of searches: their `Page` says so"""

    def add(
        self,
        slot: bytes | msgspec.Raw | Any,
        within: str,
        position: int = 0,
        full_url: str | None = None,
        depth: int = 0,
    ) -> Resource | None:
        """One resource, or a Bundle with all its resources. Where it stands: `entry` and 3, or `the input`."""
        try:
            resource = _at_a_glance(slot, full_url)
            if resource.kind == "Bundle":
                self._add_within(_bundle(slot), _place(within, position), depth)
                return None
        except Unreadable as unreadable:
            self.unused.append(Unused(_place(within, position), str(unreadable)))
            self.unmade += 1
            return None
        if not resource.id:
            resource.reference = full_url or f"{resource.kind} ({_place(within, position)})"
        self.resources.append(resource)
        return resource

    def _add_within(self, bundle: Bundle, where: str, depth: int) -> None:
        if depth >= _DEEPEST_BUNDLE:
            self.unused.append(Unused(where, "Bundles within Bundles, too deep to follow"))
        else:
            self.add_bundle(bundle, where, depth)

    def _leave_entry(self, entry: Entry, place: str, deleted: set[str]) -> None:
        """An entry that deletes a resource, or has none."""
        request = entry.request
        if request is None or request.method != "DELETE":
            self.unused.append(Unused(place, "no resource in it", 0))
            return
        key = entry.fullUrl or request.url
        if key:
            deleted.add(unversioned(key))
        self.unused.append(Unused(place, "deleted", 0))
        if entry.resource not in (_NONE, None):
            self.unused.append(Unused(place, "deleted"))

    def add_bundle(self, bundle: Bundle, where: str, depth: int) -> None:
        """All resources of a Bundle; what was deleted in a history is listed, not read."""
        start, no_matches, from_history = len(self.resources), 0, bundle.type == "history"
        broken, unmade = 0, self.unmade
        deleted = self.deleted if from_history else set()
        within = f"{where}, entry" if depth or where.startswith("line") else "entry"
        for position, entry in enumerate(bundle.entry, 1):
            slot: Any = entry.resource
            url, request = entry.fullUrl, entry.request
            if slot == _NONE or slot is None or (request is not None and request.method == "DELETE"):
                self._leave_entry(entry, _place(within, position), deleted)
                no_matches += 1
                broken += 1
                continue
            if url is not None and "/_history/" in url:
                url = unversioned(url)
            pages = len(self.pages)
            resource = self.add(slot, within, position, url or None, depth + 1)
            broken += resource is None and len(self.pages) == pages
            if entry.search is not None:
                no_matches += entry.search.mode not in (None, "match")
            if resource is not None and deleted and deleted & {resource.full_url, f"{resource.kind}/{resource.id}"}:
                # a history gives the newest first: what was deleted above existed only before that
                self.resources.pop()
                self.unused.append(Unused(resource.reference, "deleted"))
            if resource is not None and from_history:
                resource.from_history = True
        links = {link.relation: link.url or "" for link in bundle.link}
        paged = not links.keys().isdisjoint(("next", "previous", "prev"))
        is_search = bundle.type == "searchset" or bundle.type is None
        found = self.resources[start:] if is_search else []
        incomplete = "an entry of it is no resource" if broken else ""
        if bundle.type == "searchset":
            self.unmade = unmade
        if any(map(_is_failure, found)):
            incomplete = "the server said that it failed"
        self.pages.append(
            Page(
                type=bundle.type,
                made=bundle.timestamp or (bundle.meta.lastUpdated if bundle.meta is not None else None),
                query=links.get("self") or None,
                next=links.get("next"),
                previous=links.get("previous", links.get("prev")),
                more_than_given=not paged
                and bundle.total is not None
                and bundle.total > len(bundle.entry) - no_matches,
                kinds=frozenset([resource.kind for resource in found]),
                subjects=frozenset([each.reference if each.kind == "Patient" else each.subject for each in found]),
                incomplete=incomplete,
            )
        )


def unpack(content: Content) -> Delivery:
    """Cut a Bundle, a list of resources, a single resource or NDJSON into resources. RecordError where it is no FHIR at all."""
    delivery = Delivery()
    if isinstance(content, Mapping):
        delivery.add(dict(content), "the input")
    elif isinstance(content, bytes | str):
        _unpack_text(content.encode("utf-8", "replace") if isinstance(content, str) else content, delivery)
    elif not isinstance(content, Iterable):
        raise RecordError(_NOT_FHIR)
    else:
        _add_all(list(content), delivery)
    if not delivery.resources and not delivery.pages and any(line.resources for line in delivery.unused):
        raise RecordError(_NOT_FHIR)
    return delivery


def unpack_lines(lines: Iterable[bytes | str]) -> Delivery:
    """Cut NDJSON, one resource a line; a line that is none is listed as unused. RecordError where no line is FHIR."""
    delivery = Delivery()
    for position, line in enumerate(lines, 1):
        text = line.encode("utf-8", "replace") if isinstance(line, str) else line
        text = text.removeprefix(b"\xef\xbb\xbf").strip()
        if text:
            delivery.add(text, "line", position)
    if delivery.unused and not delivery.resources and not delivery.pages:
        raise RecordError(_NOT_FHIR)
    return delivery


def _unpack_text(text: bytes, delivery: Delivery) -> None:
    text = text.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        if text.startswith(b"["):
            _add_all(_AS_LIST.decode(text), delivery)
            return
        if text.startswith(b"{"):
            _unpack_object(text, delivery)
            return
    except RecursionError:
        raise RecordError(_NOT_FHIR) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        if text.startswith(b"{") and b"\n" in text:
            found = unpack_lines(text.splitlines())
            delivery.resources, delivery.pages, delivery.unused = found.resources, found.pages, found.unused
            delivery.unmade = found.unmade
            if found.resources or found.pages:
                return
    raise RecordError(_NOT_JSON)


def _unpack_object(text: bytes, delivery: Delivery) -> None:
    """A Bundle of the usual shape in one pass; anything else the slower way. DecodeError where the text is no JSON."""
    bundle = undecoded_bundle(text)
    if bundle is not None:
        delivery.add_bundle(bundle, "the input", 0)
        return
    msgspec.json.decode(text, type=msgspec.Raw)
    delivery.add(text, "the input")


def _add_all(slots: Sequence[Any], delivery: Delivery) -> None:
    for position, slot in enumerate(slots, 1):
        if isinstance(slot, Bundle):
            delivery.add_bundle(slot, _place("resource", position), 0)
        else:
            delivery.add(slot, "resource", position)


def failed(outcome: Node) -> bool:
    """Does an OperationOutcome say that something was not done, or nothing at all?"""
    issues = elements.nodes(outcome, "issue")
    return not issues or any(issue.get("severity") in ("error", "fatal") for issue in issues)


def _is_failure(resource: Resource) -> bool:
    try:
        return resource.kind == "OperationOutcome" and failed(resource.content)
    except Unreadable:
        return True


def _place(within: str, position: int) -> str:
    return f"{within} {position}" if position else within


def _of_odd_shape(slot: Any, full_url: str | None) -> Resource:
    """What a resource is, the slow way: an element may have another shape than the standard says."""
    if not isinstance(slot, dict):
        raise Unreadable("it is no resource: a JSON object with a resourceType is needed")
    kind, resource_id = elements.string(slot, "resourceType"), elements.string(slot, "id")
    if not kind:
        raise Unreadable(_NO_TYPE)
    return Resource(
        kind, resource_id, f"{kind}/{resource_id}", _subject(slot), concept_of(slot.get("code")),
        tuple([concept_of(part.get("code")) for part in elements.nodes(slot, "component")]), slot, full_url=full_url,
    )  # fmt: skip


def _of_undecodable(slot: bytes | msgspec.Raw, full_url: str | None) -> Resource:
    """What a resource is of which some bytes are no text: its kind, subject and codes mostly are, so that it is missed where it belongs."""
    try:
        resource = _of_odd_shape(msgspec.json.decode(bytes(slot).decode("utf-8", "replace")), full_url)
    except UNDECODABLE:
        raise Unreadable("it is not JSON that can be decoded") from None
    resource.raw = slot
    return resource


def _at_a_glance(slot: Any, full_url: str | None) -> Resource:
    """What a resource is, the fast way; the slow one where an element has another shape than the standard says."""
    undecoded = isinstance(slot, UNDECODED)
    try:
        glance = _AT_A_GLANCE.decode(slot) if undecoded else msgspec.convert(slot, _PlainGlance)
        code, parts = concept_of(glance.code), glance.component
        components = tuple([concept_of(part.code) for part in parts]) if parts else ()
    except UNDECODABLE:
        try:
            decoded = _decoded(slot)
        except Unreadable:
            return _of_undecodable(slot, full_url)
        return _of_odd_shape(decoded, full_url)
    kind, resource_id, about = glance.resourceType, glance.id, glance.subject or glance.patient
    if not kind:
        raise Unreadable(_NO_TYPE)
    if resource_id:
        resource_id = resource_id.strip()
    return Resource(
        kind, resource_id, f"{kind}/{resource_id}", (about.reference or "").strip() if about else None, code, components, slot,
        glance, full_url,
    )  # fmt: skip


def _subject(slot: Node) -> str | None:
    """To whom it refers; a plain text counts as a reference."""
    for key in ("subject", "patient"):
        if slot.get(key) is not None:
            return elements.string(elements.node(slot, key), "reference") or elements.string(slot, key) or ""
    return None


def _decoded(slot: Any) -> Any:
    try:
        return EXACT.decode(slot) if isinstance(slot, UNDECODED) else slot
    except UNDECODABLE:
        raise Unreadable("it is not JSON that can be decoded") from None


def undecoded_bundle(text: bytes | msgspec.Raw) -> Bundle | None:
    """A Bundle of the usual shape, its resources still as they came; None for anything else."""
    try:
        bundle = _AS_BUNDLE.decode(text)
    except UNDECODABLE:
        return None
    return bundle if bundle.resourceType == "Bundle" else None


def bundle_of(given: Node) -> Bundle:
    """A Bundle of plain data; of any other resource a Bundle with nothing else in it."""
    return _bundle(given) if given.get("resourceType") == "Bundle" else Bundle(entry=[_PlainEntry(resource=given)])


def _bundle(content: Any) -> Bundle:
    if isinstance(content, UNDECODED):
        try:
            return _AS_BUNDLE.decode(content)
        except UNDECODABLE:
            content = _decoded(content)
    try:
        return msgspec.convert(content, _PlainBundle)
    except msgspec.ValidationError:
        return _bundle_of_odd_shape(content)


def _bundle_of_odd_shape(content: Node) -> Bundle:
    """A Bundle that has an element of another shape than the standard says."""
    total = content.get("total")
    entries = content.get("entry")
    return Bundle(
        type=elements.string(content, "type"),
        timestamp=elements.string(content, "timestamp"),
        meta=_Meta(elements.string(elements.node(content, "meta"), "lastUpdated")),
        total=total if isinstance(total, int) and not isinstance(total, bool) else None,
        link=[
            Link(elements.string(each, "relation"), elements.string(each, "url"))
            for each in elements.nodes(content, "link")
        ],
        entry=[_odd_entry(each) for each in (entries if isinstance(entries, list) else [entries] if entries else [])],
    )


def _odd_entry(given: Any) -> _PlainEntry:
    if not isinstance(given, dict):
        return _PlainEntry()
    search, request = elements.node(given, "search"), elements.node(given, "request")
    return _PlainEntry(
        fullUrl=elements.string(given, "fullUrl"),
        resource=given.get("resource"),
        search=_Search(elements.string(search, "mode")) if search else None,
        request=_Request(elements.string(request, "method"), elements.string(request, "url")) if request else None,
    )


def unversioned(url: str) -> str:
    """A reference without the version it may name."""
    return url.partition("/_history/")[0] if "/_history/" in url else url
