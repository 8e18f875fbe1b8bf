"""A Bundle that answers prefetch templates as an EHR's FHIR server would: the queries that CDS Hooks recommends, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from mgcds.model.dates import When, parse_when

Resource = dict[str, Any]
_TOKEN = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_USERS = {f"user{kind}Id": kind for kind in ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")}
_DATES = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "authoredOn", "authored", "performedDateTime",
          "performedPeriod", "recordedDate", "onsetDateTime", "whenHandedOver", "dateTime", "date", "issued")  # fmt: skip
_TOKENS = {
    "code": ("code", "medicationCodeableConcept"), "category": ("category",), "status": ("status",), "intent": ("intent",),
    "clinical-status": ("clinicalStatus",), "verification-status": ("verificationStatus",), "type": ("type",), "_id": ("id",),
}  # fmt: skip


class Unsatisfied(Exception):
    """A template that this client does not satisfy: its key is left out, and why."""


def prefetched(
    templates: Mapping[str, str], resources: Iterable[Resource], context: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What each template brings, null for a resource that is not there; and the keys that are left out, with the reason."""
    known, found, left_out = list(resources), dict[str, Any](), dict[str, str]()
    for key, template in templates.items():
        try:
            found[key] = answer_query(filled(template, context), known)
        except Unsatisfied as why:
            left_out[key] = str(why)
    return found, left_out


def filled(template: str, context: Mapping[str, Any]) -> str:
    """A template with its tokens replaced by root-level fields of the context, or by the user's id."""

    def value(token: re.Match[str]) -> str:
        name = token[1]
        if name in _USERS:
            kind, _, user = str(context.get("userId", "")).partition("/")
            if kind == _USERS[name] and user:
                return user
        given = context.get(name.removeprefix("context.")) if name.startswith("context.") else None
        if isinstance(given, bool) or not isinstance(given, str | int):
            raise Unsatisfied(f"the token {{{{{name}}}}} has no value in the context")
        return str(given)

    return _TOKEN.sub(value, template)


def answer_query(query: str, resources: Iterable[Resource]) -> Resource | None:
    """A read or a search by type."""
    path, question, parameters = query.partition("?")
    kind, _, resource_id = path.strip("/").partition("/")
    if not question:
        if not resource_id:
            raise Unsatisfied("it is neither a read nor a search")
        return next(
            (each for each in resources if each["resourceType"] == kind and each.get("id") == resource_id), None
        )
    found = [each for each in resources if each["resourceType"] == kind]
    count, sort = None, ""
    for name, value in parse_qsl(parameters, keep_blank_values=True):
        if name == "_count":
            count = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
        elif name == "_sort":
            sort = value
        else:
            found = [each for each in found if _fits(each, name, value)]
    if sort:
        if sort.lstrip("-") not in ("date", "authored", "authoredon"):
            raise Unsatisfied(f"sorting by {sort[:40]} is not among the queries that are recommended")
        found.sort(key=_sort_key, reverse=sort.startswith("-"))
    return _searchset(query, found, count)


def _searchset(query: str, found: list[Resource], count: int | None) -> Resource:
    links = [{"relation": "self", "url": query}]
    if count is not None and count < len(found):
        links.append({"relation": "next", "url": f"{query}&page=2"})
    entries = [{"resource": each, "search": {"mode": "match"}} for each in found[:count]]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links}
    return {**bundle, "entry": entries} if entries else bundle


def _fits(resource: Resource, name: str, value: str) -> bool:
    if name in ("patient", "subject"):
        return _about(resource, value)
    if name in ("date", "authoredon", "authored", "recorded-date", "onset-date"):
        return _dated(resource, value)
    if name in _TOKENS:
        codings = [coding for field in _TOKENS[name] for coding in _codings(resource.get(field))]
        return any(_matches(coding, wanted) for coding in codings for wanted in value.split(","))
    raise Unsatisfied(f"the search parameter {name[:40]} is not among those that are recommended")


def _about(resource: Resource, patient: str) -> bool:
    reference = next((each for key in ("subject", "patient") if isinstance(each := resource.get(key), dict)), {})
    said = str(reference.get("reference", ""))
    return said.split("/")[-1].removeprefix("urn:uuid:") == patient.split("/")[-1]


def _codings(value: Any) -> Iterator[tuple[str, str]]:
    """System and code of a code, a Coding, a CodeableConcept, or a list of them."""
    if isinstance(value, str):
        yield "", value
    elif isinstance(value, list):
        for each in value:
            yield from _codings(each)
    elif isinstance(value, dict):
        yield from _codings(value.get("coding"))
        if isinstance(value.get("code"), str):
            yield str(value.get("system", "")), value["code"]


def _matches(coding: tuple[str, str], wanted: str) -> bool:
    system, bar, code = wanted.rpartition("|")
    return coding[1] == code and (not bar or coding[0] == system)


def _dated(resource: Resource, value: str) -> bool:
    prefix, text = (value[:2], value[2:]) if value[:2] in ("eq", "lt", "gt", "ge", "le") else ("eq", value)
    found = _date(resource)
    try:
        asked = parse_when(text)
    except ValueError:
        raise Unsatisfied(f"the date {text[:30]} cannot be read") from None
    if found is None:
        return False
    return {
        "eq": asked.first <= found.first and found.last <= asked.last,
        "lt": found.first < asked.first, "le": found.first <= asked.last,
        "gt": found.last > asked.last, "ge": found.last >= asked.first,
    }[prefix]  # fmt: skip


def _date(resource: Resource) -> When | None:
    for field in _DATES:
        given = resource.get(field)
        text = (given.get("end") or given.get("start")) if isinstance(given, dict) else given
        if isinstance(text, str):
            try:
                return parse_when(text)
            except ValueError:
                return None
    return None


def _sort_key(resource: Resource) -> tuple[Any, ...]:
    found = _date(resource)
    return (1, *found.order()) if found is not None else (0,)
