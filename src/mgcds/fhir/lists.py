"""Whether the medicine list and the problem list were given at all, whether they are whole, and when they were last reviewed.

A list counts as given when it has an entry, or when something says that there is none: an empty searchset, a `List` whose emptyReason
is nilknown, or an entry "no known medications". A part of a list (a search limited by a code, a page without its next one, entries
that were named and not given) leaves the list open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import date
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote_plus, urlsplit

from mgcds.fhir import elements
from mgcds.fhir.elements import Node, Unreadable
from mgcds.fhir.gathered import Gathered, GivenList
from mgcds.fhir.wire import Page, Resource
from mgcds.model.dates import parse_when

# codes of `concepts.ABSENT_OR_UNKNOWN`
NONE_KNOWN = frozenset(("no-known-medications", "no-known-problems"))
NO_INFORMATION = frozenset(("no-medication-info", "no-problem-info"))

LIST_CODES: dict[str, GivenList] = {"10160-0": "medicines", "11450-4": "conditions"}  # LOINC
_LIST_OF_KIND: dict[str, GivenList] = {
    "MedicationRequest": "medicines", "MedicationStatement": "medicines", "MedicationDispense": "medicines",
    "Condition": "conditions",
}  # fmt: skip

# Search parameters that do not leave out a current entry, and the values they must then have (None: any).
_LEAVES_NOTHING_OUT: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(
        ("patient", "subject", "patient._id", "subject._id", "_sort", "_format", "_pretty", "_total", "_include")
    ),
    **dict.fromkeys(
        ("_count", "_include:iterate", "_getpages", "_getpagesoffset", "_bundletype", "ct", "_page", "page")
    ),
    "status": frozenset(("active",)),
    "intent": frozenset(("order",)),
    "clinical-status": frozenset(("active",)),
    "verification-status": frozenset(("confirmed", "unconfirmed", "provisional", "differential")),
    "category": frozenset(("problem-list-item",)),
}
_ONLY_COUNTED = ("_count", "0")
# An empty search for these says that there is none; what is taken need not have been handed over.
_NONE_IF_EMPTY = frozenset(("MedicationRequest", "MedicationStatement", "Condition"))
_NO_RESULTS = frozenset(("medicines", "supplements", "conditions", "procedures"))


def read_lists(lists: Iterable[Resource], own: Iterable[Resource], gathered: Gathered) -> None:
    """`List` resources: when a list was reviewed, and that it is empty. `own`: all that was given of this patient."""
    lists = list(lists)
    present = {name for each in own for name in (each.reference, each.full_url) if name} if lists else set()
    for resource in lists:
        try:
            content = resource.content
        except Unreadable as unreadable:
            _open(resource, str(unreadable), gathered)
            continue
        which = next((LIST_CODES[code.code] for code in elements.codes(elements.node(content, "code"))
                      if code.system in elements.LOINC and code.code in LIST_CODES), None)  # fmt: skip
        status = elements.string(content, "status")
        if which is None:
            gathered.leave(resource, "neither a medication list (LOINC 10160-0) nor a problem list (LOINC 11450-4)")
        elif status in ("retired", "entered-in-error") or elements.modified(content) is not None:
            gathered.leave(resource, elements.modified(content) or f"status {status}")
        else:
            _read_list(resource, content, which, present, gathered)


def _open(resource: Resource, why: str, gathered: Gathered) -> None:
    """A `List` that cannot be read: it may name entries that were not given. Of which list it is, its code may still say."""
    codes = resource.code.loinc
    opened = [LIST_CODES[code] for code in codes if code in LIST_CODES] if codes else LIST_CODES.values()
    for which in opened:
        gathered.reject(which, why, resource)
    gathered.leave_unless_used(resource, why)


def _read_list(resource: Resource, content: Node, which: GivenList, present: set[str], gathered: Gathered) -> None:
    day = elements.date(content, "date")
    entries = [entry for entry in elements.nodes(content, "entry") if entry.get("deleted") is not True]
    missing = [entry for entry in entries if not _given(entry, present)]
    reasons = elements.said(content, "emptyReason")
    if missing:
        gathered.given.add(which)
        gathered.reject(which, f"{len(missing)} entries of the list were named and not given", resource)
    elif entries or "nilknown" in reasons:
        gathered.given.add(which)
        gathered.use(resource)
    else:
        why = (
            f"empty: {', '.join(sorted(reasons))[:60]}"
            if reasons
            else "empty, without a reason that says there is none"
        )
        gathered.leave(resource, why)
        return
    if day is not None:
        known = gathered.reviewed.get(which)
        gathered.reviewed[which] = day if known is None else max(known, day, key=lambda text: parse_when(text).order())


def _given(entry: Node, present: set[str]) -> bool:
    reference = elements.string(elements.node(entry, "item"), "reference")
    if reference is None:
        return False
    reference = reference.partition("/_history/")[0]
    return reference in present or "/".join(reference.split("/")[-2:]) in present


def read_pages(pages: Iterable[Page], gathered: Gathered) -> None:
    """Searchsets: what an empty one says, and what a part of a whole does not."""
    searches = [page for page in pages if page.type == "searchset" or (page.type is None and page.query is not None)]
    given = {page.query for page in searches if page.query}
    followed = {page.next for page in searches if page.next}
    limited: dict[str, list[str]] = {}
    whole: set[str] = set()
    for page in searches:
        older = page.more_than_given or (page.next is not None and page.next not in given)
        newer = page.previous is not None and page.previous not in given and page.query not in followed
        why = page.incomplete or ("a further page was not given" if older or newer else "")
        kinds = _kinds(page)
        lists = sorted(kind for kind in kinds if kind in _LIST_OF_KIND)
        limits = _limits(page.query) if lists else []
        for kind in lists:
            if why:
                gathered.reject(_LIST_OF_KIND[kind], f"the list is not whole: {why}", None)
            elif not limits:
                whole.add(kind)
                if kind in page.kinds or kind in _NONE_IF_EMPTY:
                    gathered.given.add(_LIST_OF_KIND[kind])
            elif page.kinds:
                limited.setdefault(kind, limits)
        if page.incomplete or newer or (older and not _newest_first(page.query)):
            further = "a further page of results was not given, and these are not sorted by date"
            _reject_results(
                kinds, page.incomplete or ("a page before these results was not given" if newer else further), gathered
            )
    for kind, limits in limited.items():
        if kind not in whole:
            why = f"the list is not whole: the search was limited by {', '.join(limits)[:80]}"
            gathered.reject(_LIST_OF_KIND[kind], why, None)


def _reject_results(kinds: Set[str], why: str, gathered: Gathered) -> None:
    """Newer results than those that were given may be missing, of Observations and of questionnaires."""
    names: list[str] = []
    if "Observation" in kinds:
        names += [name for name in gathered.fields if name not in _NO_RESULTS]
        names += ["pregnancy"] if gathered.pregnancies else []
    if "QuestionnaireResponse" in kinds:
        names += ["phq9_forms"]
        names += [name for name, entries in gathered.fields.items() if any(map(_is_answer, entries))]
    names += ["functional_difficulty"] if names and "functional_difficulty" in gathered.states else []
    for name in dict.fromkeys(names):
        gathered.reject(name, why, None)


def _is_answer(entry: Mapping[str, Any]) -> bool:
    return str(entry["source"]).startswith("QuestionnaireResponse")


def _kinds(page: Page) -> Set[str]:
    """Which kinds of resources a search was for; what it included by the way is not among them. All where that cannot be told."""
    path = _split(page.query).path.rstrip("/")
    asked = path.rpartition("/")[2]
    if asked[:1].isupper():
        return {asked}
    found = page.kinds - {"OperationOutcome"}
    return found or ({*_LIST_OF_KIND, "Observation", "QuestionnaireResponse"} if page.incomplete else found)


def _split(query: str | None) -> SplitResult:
    """The parts of an address; of one that is none only that it had parameters that are not known."""
    try:
        return urlsplit(query or "")
    except ValueError:
        return SplitResult("", "", "", "its address", "")


def searched_for(query: str | None) -> frozenset[str]:
    """The ids of the patients that a search was for, by its parameters or by the compartment."""
    address = _split(query)
    path = address.path.split("/")
    given = [path[at + 1] for at, name in enumerate(path[:-1]) if name == "Patient"]
    for parameter in address.query.split("&"):
        key, _, value = parameter.partition("=")
        if key.partition(":")[0] in ("patient", "subject", "patient._id", "subject._id"):
            given += unquote_plus(value).split(",")
    return frozenset(each.rpartition("/")[2].rpartition(":")[2] for each in given if each)


def _limits(query: str | None) -> list[str]:
    """The search parameters that may have left out a current entry."""
    found = []
    for key, value in parse_qsl(_split(query).query, keep_blank_values=True):
        values = {part.rpartition("|")[2] for part in value.split(",")}
        needed = _LEAVES_NOTHING_OUT.get(key)
        if (
            key not in _LEAVES_NOTHING_OUT
            or (needed is not None and not needed <= values)
            or (key, value) == _ONLY_COUNTED
        ):
            found.append(key)
    return found


def _newest_first(query: str | None) -> bool:
    sorted_by = dict(parse_qsl(_split(query).query)).get("_sort", "")
    return sorted_by.split(",")[0] in ("-date", "-effective", "-authored")


def reviewed_on(which: GivenList, gathered: Gathered, retrieved: date | None, pages: Iterable[Page]) -> str | None:
    """The date its `List` bears, else the day it was retrieved, else when the earliest Bundle was put together."""
    if which in gathered.reviewed:
        return gathered.reviewed[which]
    if retrieved is not None:
        return retrieved.isoformat()
    made = [page.made for page in pages if page.made is not None and elements.readable_date(page.made)]
    return min(made, key=lambda text: parse_when(text).order(), default=None)
