"""What comes back from a CDS service, held line by line against CDS Hooks 2.0. Numbers are those of `docs/cds-hooks-conformance.md`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_USERS = ("userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId")
_TOKEN = re.compile(r"\{\{(.*?)\}\}")
_SYSTEM = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Violation:
    """Where, what is wrong, and the number of the requirement; None for what the base standards ask."""

    where: str
    what: str
    requirement: int | None = None

    def __str__(self) -> str:
        number = f" (requirement {self.requirement})" if self.requirement is not None else ""
        return f"{self.where or 'the body'}: {self.what}{number}"


@dataclass(frozen=True, slots=True)
class Field:
    """An element: its type, whether it must be there, and the requirement that says so."""

    type: type
    requirement: int
    required: bool = False


_SERVICE = {
    "hook": Field(str, 7, True), "description": Field(str, 9, True), "id": Field(str, 10, True), "title": Field(str, 8),
    "prefetch": Field(dict, 11), "usageRequirements": Field(str, 12), "version": Field(str, 7), "hookVersion": Field(str, 7),
    "extension": Field(dict, 214),
}  # fmt: skip
_CARD = {
    "uuid": Field(str, 80), "summary": Field(str, 83, True), "detail": Field(str, 85), "indicator": Field(str, 87, True),
    "source": Field(dict, 90, True), "suggestions": Field(list, 92), "selectionBehavior": Field(str, 96),
    "overrideReasons": Field(list, 98), "links": Field(list, 103), "extension": Field(dict, 214),
}  # fmt: skip
_SOURCE = {
    "label": Field(str, 105, True), "url": Field(str, 107), "icon": Field(str, 111), "topic": Field(dict, 115),
    "extension": Field(dict, 214),
}  # fmt: skip
_SUGGESTION = {
    "label": Field(str, 117, True), "uuid": Field(str, 119), "isRecommended": Field(bool, 121), "actions": Field(list, 124),
    "extension": Field(dict, 214),
}  # fmt: skip
_ACTION = {
    "type": Field(str, 127, True), "description": Field(str, 128, True), "resource": Field(dict, 130),
    "resourceId": Field(str, 135), "extension": Field(dict, 214),
}  # fmt: skip
_LINK = {
    "label": Field(str, 138, True), "url": Field(str, 139, True), "type": Field(str, 141, True), "appContext": Field(str, 144),
    "extension": Field(dict, 214),
}  # fmt: skip
_CODING = {"code": Field(str, 216, True), "system": Field(str, 217, True), "display": Field(str, 219)}
_WORDS = {str: "text", dict: "object", list: "list", bool: "boolean"}


def check_discovery(status: int, body: Any) -> list[Violation]:
    """The discovery document."""
    if status != 200:
        return [Violation("", f"discovery answered {status}, not 200", 13)]
    if not isinstance(body, dict) or not isinstance(body.get("services"), list):
        return [Violation("", "discovery is no object with a list 'services'", 6)]
    found = list(_empties({key: value for key, value in body.items() if key != "services"}, ""))
    for position, service in enumerate(body["services"]):
        found += _check_service(service, f"services[{position}]")
    return found


def _check_service(service: Any, at: str) -> Iterator[Violation]:
    yield from _shape(service, at, _SERVICE)
    if not isinstance(service, dict):
        return
    yield from _empties(service, at)
    prefetch = service.get("prefetch")
    for key, template in prefetch.items() if isinstance(prefetch, dict) else ():
        where = f"{at}.prefetch.{key}"
        if not isinstance(template, str):
            yield Violation(where, "a template is a text", 36)
            continue
        for token in _TOKEN.findall(template):
            name = token.strip()
            if name not in _USERS and not re.fullmatch(r"context\.[A-Za-z]\w*", name):
                yield Violation(
                    where, f"the token '{name[:40]}' is neither a root-level field of the context nor a user", 56
                )
        if _TOKEN.sub("", template).count("{") or _TOKEN.sub("", template).count("}"):
            yield Violation(where, "a token is delimited by {{ and }}", 55)


def check_response(status: int, body: Any) -> list[Violation]:
    """The answer to a call of a service."""
    if status != 200:
        return [Violation("", f"the service answered {status}, not 200", 74)]
    if not isinstance(body, dict) or not isinstance(body.get("cards"), list):
        return [Violation("", "the answer is no object with a list 'cards'", 74)]
    found = list(_empties({key: value for key, value in body.items() if key != "cards"}, ""))
    found += [
        Violation(key, "is no element of an answer", 74)
        for key in body
        if key not in ("cards", "systemActions", "extension")
    ]
    seen: set[str] = set()
    for position, card in enumerate(body["cards"]):
        found += _check_card(card, f"cards[{position}]", seen)
    actions = body.get("systemActions")
    if actions is not None and not isinstance(actions, list):
        found.append(Violation("systemActions", "is no list", 75))
    for position, action in enumerate(actions if isinstance(actions, list) else []):
        found += _check_action(action, f"systemActions[{position}]")
    return found


def _check_card(card: Any, at: str, seen: set[str]) -> Iterator[Violation]:
    yield from _shape(card, at, _CARD)
    if not isinstance(card, dict):
        return
    yield from _empties(card, at)
    yield from _check_uuid(card, at, 80, seen)
    summary = card.get("summary")
    if isinstance(summary, str) and len(summary) >= 140:
        yield Violation(f"{at}.summary", f"has {len(summary)} characters; fewer than 140 are allowed", 83)
    yield from _one_of(card, "indicator", at, ("info", "warning", "critical"), 88)
    yield from _one_of(card, "selectionBehavior", at, ("at-most-one", "any"), 95)
    yield from _check_source(card.get("source"), f"{at}.source")
    yield from _check_suggestions(card, at, seen)
    for position, reason in enumerate(_list(card, "overrideReasons")):
        yield from _check_coding(reason, f"{at}.overrideReasons[{position}]", True)
    for position, link in enumerate(_list(card, "links")):
        yield from _check_link(link, f"{at}.links[{position}]")
    extension = card.get("extension")
    for name, value in extension.items() if isinstance(extension, dict) else ():
        if "." not in name and ":" not in name:
            yield Violation(
                f"{at}.extension.{name}", "its name is not globally unique, such as a reversed domain name", 215
            )
        if not isinstance(value, dict):
            yield Violation(f"{at}.extension.{name}", "an extension is a JSON object", 214)


def _check_source(source: Any, at: str) -> Iterator[Violation]:
    if not isinstance(source, dict):
        return
    yield from _shape(source, at, _SOURCE)
    yield from (Violation(f"{at}.{key}", "is no absolute URL", number) for key, number in (("url", 107), ("icon", 111))
                if isinstance(source.get(key), str) and not _is_url(source[key]))  # fmt: skip
    if "topic" in source:
        yield from _check_coding(source["topic"], f"{at}.topic", False)


def _check_suggestions(card: Mapping[str, Any], at: str, seen: set[str]) -> Iterator[Violation]:
    suggestions = _list(card, "suggestions")
    if suggestions and "selectionBehavior" not in card:
        yield Violation(at, "has suggestions and no selectionBehavior", 93)
    recommended = [each for each in suggestions if isinstance(each, dict) and each.get("isRecommended") is True]
    if len(recommended) > 1 and card.get("selectionBehavior") == "at-most-one":
        yield Violation(f"{at}.suggestions", "several are recommended, and at most one may be chosen", 122)
    for position, suggestion in enumerate(suggestions):
        where = f"{at}.suggestions[{position}]"
        yield from _shape(suggestion, where, _SUGGESTION)
        if isinstance(suggestion, dict):
            yield from _check_uuid(suggestion, where, 119, seen)
            for number, action in enumerate(_list(suggestion, "actions")):
                yield from _check_action(action, f"{where}.actions[{number}]")


def _check_action(action: Any, at: str) -> Iterator[Violation]:
    yield from _shape(action, at, _ACTION)
    if not isinstance(action, dict):
        return
    yield from _one_of(action, "type", at, ("create", "update", "delete"), 127)
    resource, kind = action.get("resource"), action.get("type")
    if kind in ("create", "update") and not isinstance(resource, dict):
        yield Violation(at, f"is to {kind}, without a resource", 131 if kind == "create" else 132)
    if kind == "delete" and resource is not None:
        yield Violation(at, "is to delete, with a resource; the id stands in resourceId", 133)
    if kind == "delete" and "resourceId" not in action:
        yield Violation(at, "is to delete, without resourceId", 134)
    if isinstance(resource, dict) and not isinstance(resource.get("resourceType"), str):
        yield Violation(f"{at}.resource", "is no FHIR resource: it has no resourceType", 130)


def _check_coding(coding: Any, at: str, for_people: bool) -> Iterator[Violation]:
    yield from _shape(coding, at, _CODING)
    if not isinstance(coding, dict):
        yield Violation(at, "is no Coding", 216)
        return
    if for_people and "display" not in coding:
        yield Violation(at, "has no display", 100)
    if isinstance(coding.get("system"), str) and not _SYSTEM.fullmatch(coding["system"]):
        yield Violation(f"{at}.system", "is no URI", 217)


def _check_link(link: Any, at: str) -> Iterator[Violation]:
    yield from _shape(link, at, _LINK)
    if not isinstance(link, dict):
        return
    yield from _one_of(link, "type", at, ("absolute", "smart"), 142)
    if isinstance(link.get("url"), str) and not _is_url(link["url"]):
        yield Violation(f"{at}.url", "is no absolute URL", 139)
    if link.get("type") == "absolute" and "appContext" in link:
        yield Violation(at, "is absolute and has an appContext", 147)


def _check_uuid(node: Mapping[str, Any], at: str, requirement: int, seen: set[str]) -> Iterator[Violation]:
    given = node.get("uuid")
    if given is None:
        yield Violation(at, "has no uuid: clients send no feedback on it")
        return
    try:
        uuid.UUID(str(given))
    except ValueError:
        yield Violation(f"{at}.uuid", "is no UUID", requirement)
    if str(given) in seen:
        yield Violation(f"{at}.uuid", "is used twice", requirement)
    seen.add(str(given))


# --- of any element ---------------------------------------------------------------------------------------------------------------


def _shape(node: Any, at: str, fields: Mapping[str, Field]) -> Iterator[Violation]:
    if not isinstance(node, dict):
        yield Violation(at, "is no JSON object")
        return
    for name, field in fields.items():
        if name not in node:
            if field.required:
                yield Violation(at, f"lacks '{name}'", field.requirement)
        elif node[name] is not None and not isinstance(node[name], field.type):
            yield Violation(f"{at}.{name}", f"is no {_WORDS[field.type]}", field.requirement)
    for name in node:
        if name not in fields:
            yield Violation(f"{at}.{name}", "is no element of CDS Hooks; what is added stands in 'extension'")


def _empties(node: Any, at: str) -> Iterator[Violation]:
    """Elements that are null or empty. FHIR resources have rules of their own."""
    if node is None or node in ("", [], {}):
        if at:
            yield Violation(at, "is null or empty; leave it out", 3)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key != "resource":
                yield from _empties(value, f"{at}.{key}".lstrip("."))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _empties(value, f"{at}[{position}]")


def _one_of(
    node: Mapping[str, Any], key: str, at: str, known: tuple[str, ...], requirement: int
) -> Iterator[Violation]:
    if isinstance(node.get(key), str) and node[key] not in known:
        yield Violation(f"{at}.{key}", f"is none of {', '.join(known)}", requirement)


def _list(node: Mapping[str, Any], key: str) -> list[Any]:
    found = node.get(key)
    return found if isinstance(found, list) else []


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)
