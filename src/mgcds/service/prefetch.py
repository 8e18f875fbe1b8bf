"""Prefetch: templates derived from what the rules of a hook read, and what a request brought of them.

Queries keep to what CDS Hooks recommends: read, search by type, tokens with equality, `_sort`, `_count`. There is no window of time
in them: a template cannot say "90 days ago", and a search by date would leave out a result without a date, which makes its item
unknown. The newest come first instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from mgcds.fhir.decoding import EXACT, UNDECODABLE
from mgcds.fhir.elements import nodes
from mgcds.fhir.searches import PATIENT, Search, searches_for
from mgcds.fhir.wire import Bundle, Link, bundle_of, failed, undecoded_bundle
from mgcds.model.hooks import Hook
from mgcds.model.pack import ListItem, RulePack
from mgcds.service.ports import Refused
from mgcds.service.speaking import hooks_of, reads

_TOKEN = "{{context.patientId}}"
_MOST_OCCASIONS = 100
_TOTALS = ("phq9", "gad7")  # not item 9: an answer that is known to be positive stays in force


@lru_cache(maxsize=8)  # of a few packs at most: the one that is served, and one that takes its place
def searches_of(hook: Hook, pack: RulePack) -> dict[str, Search]:
    """What is asked for at a hook, by prefetch key. The patient always: it says whose record this is."""
    found = {PATIENT.name: PATIENT}
    for item in reads(hook, pack):
        found.update((search.name, search) for search in searches_for(item, pack))
    return found


def templates(hook: Hook, pack: RulePack) -> dict[str, str]:
    """The prefetch templates of a hook."""
    return {name: query(search, _TOKEN) for name, search in searches_of(hook, pack).items()}


def query(search: Search, patient: str) -> str:
    """A search as a relative URL."""
    if search is PATIENT:
        return f"Patient/{patient}"
    codes = f"&code={','.join(search.codes)}" if search.codes else ""
    newest = {
        "Observation": f"&_sort=-date&_count={_MOST_OCCASIONS * search.at_once}",
        "QuestionnaireResponse": "&_sort=-authored",
    }.get(search.kind, "")
    return f"{search.kind}?patient={patient}{codes}{newest}"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came: the Patient and Bundles to be read, the keys that are needed and did not come, and those that may be absent and were.

    `unknown`: the items and lists of which something may stand in what was not given.
    """

    content: tuple[dict[str, Any] | Bundle, ...]
    missing: tuple[str, ...]
    not_given: tuple[str, ...]
    unknown: Mapping[str, str]
    """with the reason"""


def deliver(prefetch: Mapping[str, Any], hook: Hook, pack: RulePack, patient: str) -> Delivered:
    """An absent key and an OperationOutcome both say "not provided"; null and an empty Bundle say "there is none".
    What that makes of a key that may be absent stands in `hooks.yaml`.

    What a key has is plain data, or JSON (`msgspec.Raw`). Refused where that cannot be decoded.
    """
    content: list[dict[str, Any] | Bundle] = [{"resourceType": "Patient", "id": patient}]
    missing: list[str] = []
    not_given: list[str] = []
    unknown: dict[str, str] = {}
    for name, search in searches_of(hook, pack).items():
        given = prefetch.get(name, _ABSENT)
        if isinstance(given, msgspec.Raw):
            given = _unpacked(given)
        if _is_missing(given, search.kind):
            absent = hooks_of(pack).may_be_absent.get(search.kind)
            (missing if absent is None else not_given).append(name)
            if absent == "unknown" or (absent == "unknown if failed" and not _has_none(given)):
                why = f"the record system did not give '{name}'"
                unknown |= dict.fromkeys(_read_from(hook, pack).get(name, ()), why)
        elif search is PATIENT:
            content = [given] if given is not None else content
        else:
            content.append(_searchset(given, query(search, patient)))
    return Delivered(tuple(content), tuple(missing), tuple(not_given), unknown)


@lru_cache(maxsize=8)
def _read_from(hook: Hook, pack: RulePack) -> Mapping[str, tuple[str, ...]]:
    """Prefetch key → the lists, and the totals of what was asked, that are read from it. A state is not among them: without a word about it
    it is unknown anyway. Nor is what a laboratory measures: an Observation is needed for it.
    """
    found: dict[str, tuple[str, ...]] = {}
    for item_id in reads(hook, pack):
        if isinstance(pack.items[item_id], ListItem) or item_id in _TOTALS:
            for search in searches_for(item_id, pack):
                found[search.name] = (*found.get(search.name, ()), item_id)
    return found


_ABSENT = object()
_ERROR, _ESCAPE = b"OperationOutcome", b"\\"


def _unpacked(given: msgspec.Raw) -> Any:
    """A Bundle of the usual shape without an OperationOutcome, its resources as they came; anything else as plain data."""
    text = bytes(given)
    bundle = None if _ERROR in text or (_ESCAPE in text and b"\\u00" in text) else undecoded_bundle(text)
    try:
        return bundle or EXACT.decode(text)
    except UNDECODABLE:
        raise Refused(400, "the body is not valid JSON") from None


def _has_none(given: Any) -> bool:
    """Was the key left out, or is it said that the server has no such resources?"""
    if given is _ABSENT:
        return True
    issues = nodes(given, "issue") if isinstance(given, dict) else []
    return bool(issues) and all(issue.get("code") == "not-supported" for issue in issues)


def _is_missing(given: Any, kind: str) -> bool:
    """Was it not provided, or only said that it could not be? What is no Bundle and no resource of this kind is not what was asked for."""
    if given is None or isinstance(given, Bundle):
        return False
    if not isinstance(given, dict) or given.get("resourceType") not in ("Bundle", kind):
        return True
    entries = given.get("entry") if given["resourceType"] == "Bundle" else None
    inside = [each.get("resource") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    outcomes = [each for each in inside if isinstance(each, dict) and each.get("resourceType") == "OperationOutcome"]
    return any(map(failed, outcomes))


def _searchset(given: Bundle | dict[str, Any] | None, asked: str) -> Bundle:
    """A searchset that names its query, whatever was left out: so an empty one is known to be of all conditions, or of one code."""
    bundle = given if isinstance(given, Bundle) else Bundle() if given is None else bundle_of(given)
    bundle.type = bundle.type or "searchset"
    if not any(each.relation == "self" and each.url for each in bundle.link):
        bundle.link = [*bundle.link, Link("self", asked)]
    return bundle
