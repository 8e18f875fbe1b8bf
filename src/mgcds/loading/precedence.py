"""What holds back what, as written in precedence.yaml → the holders of each rule."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.rules import KINDS
from mgcds.loading.source import Mapping, Node, Sequence
from mgcds.model.rule import HoldsBack, Rule


@dataclass(frozen=True, slots=True)
class Precedence:
    """What `precedence.yaml` says, resolved to rules."""

    kinds: tuple[str, ...]
    asks_for_data: frozenset[str]
    holders: dict[str, tuple[HoldsBack, ...]]


def read_precedence(source: Mapping, rules: dict[str, Rule], named: Collection[str], reader: Reader) -> Precedence:
    """Kinds in order, which may ask for data, and who holds back whom. `named`: the ids of all rule files, drafts and those
    with a problem of their own included, so that a rule that is there is not reported as missing.
    """
    what = "precedence.yaml"
    reader.keys(source, what, ["kinds", "asks_for_data", "holds_back"])
    kinds = _known_texts(source, "kinds", what, KINDS, reader)
    for kind in KINDS:
        if kind not in kinds:
            reader.problem(
                (source.file, source.line_of("kinds")), f"'kinds' of {what} lacks '{kind}'; give it its place"
            )
    asks = _known_texts(source, "asks_for_data", what, KINDS, reader)
    entries = source.items.get("holds_back")
    by_rule: dict[str, HoldsBack] = {}
    by_kind: dict[str, HoldsBack] = {}
    if entries is not None and not isinstance(entries, Sequence):
        reader.problem(entries, f"'holds_back' of {what} must be a list; write '- by: …' lines, or [] for none")
    for node in entries.items if isinstance(entries, Sequence) else ():
        _read_entry(node, rules, named, by_rule, by_kind, reader)
    found: dict[str, list[HoldsBack]] = {rule: [] for rule in rules}
    for rule in rules.values():
        entry = by_rule.get(rule.id) or by_kind.get(rule.suggest.kind)
        for held in entry.holds if entry else ():
            if held != rule.id and entry is not None:
                found[held].append(replace(entry, by=rule.id))
    return Precedence(tuple(kinds), frozenset(asks), {rule: tuple(holders) for rule, holders in found.items()})


def _read_entry(
    node: Node,
    rules: dict[str, Rule],
    named: Collection[str],
    by_rule: dict[str, HoldsBack],
    by_kind: dict[str, HoldsBack],
    reader: Reader,
) -> None:
    what = "an entry of 'holds_back'"
    if not isinstance(node, Mapping) or not reader.keys(node, what, ["by", "holds", "because"], ["when_unknown"]):
        if not isinstance(node, Mapping):
            reader.problem(node, f"{what} must be a mapping with by, holds and because")
        return
    by, holds = reader.mapping(node, "by", what), reader.mapping(node, "holds", what)
    if by is None or holds is None:
        return
    reader.keys(holds, f"'holds' of {what}", [], ["kinds", "rules"])
    held_kinds = _known_texts(holds, "kinds", what, KINDS, reader)
    held_rules = _known_texts(holds, "rules", what, named, reader)
    held = tuple(rule.id for rule in rules.values() if rule.suggest.kind in held_kinds or rule.id in held_rules)
    if any(rules[rule].suggest.kind == "urgent" for rule in held) or "urgent" in held_kinds:
        reader.problem(holds, f"{what} holds back urgent suggestions; nothing may: take it out")
    lets_pass = reader.choice(node, "when_unknown", what, ["withhold", "let pass"]) == "let pass"
    because = reader.text(node, "because", what)
    reader.keys(by, f"'by' of {what}", [], ["kind", "rule"])
    for key, known, table in (("kind", KINDS, by_kind), ("rule", named, by_rule)):
        if key not in by.items:
            continue
        name = reader.text(by, key, what)
        if name not in known:
            reader.problem(
                (by.file, by.line_of(key)), f"'by' of {what} names the {key} '{name[:60]}'; {did_you_mean(name, known)}"
            )
        elif name in table:
            reader.problem((by.file, by.line_of(key)), f"{key} '{name}' has two entries in 'holds_back'; join them")
        else:
            table[name] = HoldsBack(name, held, lets_pass, because, tuple(held_kinds))
    if len([key for key in by.items if key in ("kind", "rule")]) != 1:
        reader.problem(by, f"'by' of {what} needs either a kind or a rule")


def _known_texts(node: Mapping, key: str, what: str, known: Collection[str], reader: Reader) -> list[str]:
    found = []
    for text in reader.text_nodes(node, key, what):
        if text.value is not None and text.value in known:
            found.append(text.value)
        else:
            reader.problem(
                text, f"'{key}' of {what} names '{(text.value or '')[:60]}'; {did_you_mean(text.value or '', known)}"
            )
    return found
