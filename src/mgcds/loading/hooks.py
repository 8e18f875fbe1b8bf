"""`hooks.yaml` → what the pack offers over CDS Hooks."""

from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import get_args

from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.rules import KINDS
from mgcds.loading.source import Mapping, Node, Sequence, Text
from mgcds.model.hooks import Absent, Coding, Hook, Hooks, Indicator, Speaks
from mgcds.model.terminology import ValueSet

HOOKS = ("patient-view", "order-select", "order-sign")
OWN = "its own medicines"
_WHAT = "hooks.yaml"
_MOST_DAYS = 31


@dataclass(frozen=True, slots=True)
class Names:
    """What an entry may refer to."""

    value_sets: MappingOf[str, ValueSet]
    findings: Collection[str]
    reasons: Collection[str]


def read_hooks(source: Mapping, names: Names, reader: Reader) -> Hooks | None:
    """All of it; None, with problems, where a part is missing."""
    parts = ["services", "indicators", "not_evaluated", "may_be_absent", "override_codes", "valid_for"]
    if not reader.keys(source, _WHAT, parts):
        return None
    not_evaluated = reader.mapping(source, "not_evaluated", _WHAT)
    if not_evaluated is None or not reader.keys(
        not_evaluated, f"'not_evaluated' of {_WHAT}", ["kinds", "unless_known_not"]
    ):
        return None
    finding = _known(not_evaluated, "unless_known_not", names.findings, reader)
    days = reader.days(source, "valid_for", _WHAT)
    if days is None or not 1 <= days <= _MOST_DAYS:
        what = f"'valid_for' of {_WHAT} must be from 1 to {_MOST_DAYS} days, such as '7 days'"
        reader.problem((source.file, source.line_of("valid_for")), what)
    return Hooks(
        services=_services(source, names, reader),
        indicators=_indicators(source, reader),
        safety=frozenset(_kinds(not_evaluated, reader)),
        unless_known_not=finding,
        may_be_absent=_absent(source, reader),
        codes=_codes(source, names.reasons, reader),
        valid_for=days or 1,
    )


def _services(source: Mapping, names: Names, reader: Reader) -> tuple[Hook, ...]:
    node = reader.mapping(source, "services", _WHAT)
    found: list[Hook] = []
    for hook, entry in node.items.items() if node else ():
        what = f"service '{hook}'"
        if hook not in HOOKS:
            reader.problem(entry, f"'services' of {_WHAT} has '{hook[:60]}'; {did_you_mean(hook, HOOKS)}")
        elif not isinstance(entry, Mapping) or not reader.keys(entry, what, ["id", "title", "description", "speaks"]):
            if not isinstance(entry, Mapping):
                reader.problem(entry, f"{what} must be a mapping with id, title, description and speaks")
        else:
            found.append(_service(hook, entry, what, [each.id for each in found], names, reader))
    return tuple(found)


def _service(hook: str, entry: Mapping, what: str, taken: list[str], names: Names, reader: Reader) -> Hook:
    service_id = reader.text(entry, "id", what)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", service_id):
        reader.problem((entry.file, entry.line_of("id")), f"'id' of {what} must be words joined with '-'")
    if service_id in taken:  # real clients key services by id alone
        reader.problem(
            (entry.file, entry.line_of("id")), f"the id '{service_id}' is used twice; give each hook its own"
        )
    node = entry.items["speaks"]
    if not isinstance(node, Sequence) or not node.items:
        reader.problem(node, f"'speaks' of {what} must be a list of entries, such as - {{kinds: [urgent]}}")
    speaks = [
        found
        for each in (node.items if isinstance(node, Sequence) else ())
        if (found := _speaks(each, hook, names, reader)) is not None
    ]
    text = reader.text(entry, "description", what)
    return Hook(hook, service_id, reader.text(entry, "title", what), text, tuple(speaks))


def _speaks(node: Node, hook: str, names: Names, reader: Reader) -> Speaks | None:
    what = f"an entry of 'speaks' of '{hook}'"
    if not isinstance(node, Mapping) or not reader.keys(node, what, ["kinds"], ["ordering", "beside"]):
        if not isinstance(node, Mapping):
            reader.problem(node, f"{what} must be a mapping with kinds, and ordering and beside where they are meant")
        return None
    if "ordering" in node.items and not hook.startswith("order-"):
        reader.problem(
            (node.file, node.line_of("ordering")), f"nothing is being ordered at '{hook}'; take 'ordering' out"
        )
    medicines = [found.id for found in names.value_sets.values() if found.of == "medicines"]
    ordering = _known(node, "ordering", [OWN, *medicines], reader) if "ordering" in node.items else None
    beside = _known(node, "beside", medicines, reader) if "beside" in node.items else None
    return Speaks(frozenset(_kinds(node, reader)), None if ordering == OWN else ordering, ordering == OWN, beside)


def _kinds(node: Mapping, reader: Reader) -> list[str]:
    """Kinds, or `every` for all of them."""
    texts = reader.text_nodes(node, "kinds", _WHAT, single=True)
    if [text.value for text in texts] == ["every"]:
        return list(KINDS)
    for text in texts:
        if text.value not in KINDS:
            reader.problem(text, f"'kinds' of {_WHAT} names '{text.value}'; {did_you_mean(text.value or '', KINDS)}")
    if not texts:
        reader.problem((node.file, node.line_of("kinds")), f"'kinds' of {_WHAT} is empty; name at least one, or every")
    return [text.value for text in texts if text.value in KINDS]


def _known(node: Mapping, key: str, known: Collection[str], reader: Reader) -> str:
    name = reader.text(node, key, _WHAT)
    if name not in known:
        reader.problem(
            (node.file, node.line_of(key)), f"'{key}' of {_WHAT} names '{name[:60]}'; {did_you_mean(name, known)}"
        )
    return name


def _indicators(source: Mapping, reader: Reader) -> dict[str, Indicator]:
    node = reader.mapping(source, "indicators", _WHAT)
    if node is None or not reader.keys(node, f"'indicators' of {_WHAT}", KINDS):
        return {}
    return {kind: reader.choice(node, kind, "'indicators'", get_args(Indicator)) for kind in KINDS}  # type: ignore[misc]


def _absent(source: Mapping, reader: Reader) -> dict[str, Absent]:
    node = reader.mapping(source, "may_be_absent", _WHAT)
    if node is None:
        return {}
    return {kind: reader.choice(node, kind, "'may_be_absent'", get_args(Absent)) for kind in node.items}  # type: ignore[misc]


def _codes(source: Mapping, reasons: Collection[str], reader: Reader) -> dict[str, Coding]:
    node = reader.mapping(source, "override_codes", _WHAT)
    if node is None or not reader.keys(node, f"'override_codes' of {_WHAT}", ["system", "codes"]):
        return {}
    system, found = reader.text(node, "system", _WHAT), {}
    codes = reader.mapping(node, "codes", _WHAT)
    for reason, entry in codes.items.items() if codes else ():
        what = f"the code of '{reason}'"
        if reason not in reasons:
            reader.problem(entry, f"'override_codes' names '{reason[:60]}'; {did_you_mean(reason, reasons)}")
        elif isinstance(entry, Mapping) and reader.keys(entry, what, ["code", "display"]):
            found[reason] = Coding(system, reader.text(entry, "code", what), reader.text(entry, "display", what))
        elif isinstance(entry, Text | Sequence):
            reader.problem(entry, f"{what} must be a mapping with code and display")
    return found
