"""Mutants: the rule pack with one small change, such as an author might make by mistake.

Criteria and items are changed as they are written and read again by the loader; a change that the loader refuses is no mutant, because it
could not be kept. Conditions and precedence are changed as they are understood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, cast

from mgcds.errors import PackError, Problem
from mgcds.loading import rules_root
from mgcds.loading.criteria import CriteriaReader, criterion_of
from mgcds.loading.packs import Sources, read_sources
from mgcds.loading.precedence import read_precedence
from mgcds.loading.reading import Reader
from mgcds.loading.source import Mapping as Written
from mgcds.loading.source import Node, Sequence, Text
from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not, names_of, rename
from mgcds.model.criterion import ABOUT_KNOWLEDGE, Criterion, Limit, Threshold
from mgcds.model.pack import Item, ListItem, MeasuredItem, RulePack
from mgcds.model.rule import Finding, HoldsBack, Kind, Rule
from mgcds.verification.edits import Parts, What, edits, one_day_off, steps, texts_of

Part = Rule | Finding


@dataclass(frozen=True)
class Mutant:
    """One change: where, in words as `If …, no scenario would notice.`, and what a reviewer is asked of it."""

    what: What
    where: str
    """file and line of the pack"""
    part: str
    """id of the rule, finding or item that is changed; of precedence, of the rule that holds back"""
    instead: str
    right: str
    build: Callable[[], RulePack]
    item: str | None = None
    """the item whose facts must be read anew"""

    @property
    def question(self) -> str:
        """What is asked where nothing notices."""
        return f"If {self.instead}, no scenario would notice. {self.right}"


def mutants_of(pack: RulePack, root: Path | None = None) -> list[Mutant]:
    """Every mutant of a pack whose files are in `root` (the built-in ones if not given), in the order of its files."""
    problems: list[Problem] = []
    sources = read_sources((root or rules_root()).resolve(), problems)
    if problems:
        raise PackError(tuple(problems))
    found: list[Mutant] = []
    for part, source in _parts(pack, sources):
        found += _of_criteria(part, source, pack)
        found += _of_condition(part, source, pack)
    found += _of_kinds(pack, sources)
    found += _of_precedence(pack, sources)
    found += _of_items(pack, sources)
    return [replace(mutant, build=partial(_numbered, mutant.build, number)) for number, mutant in enumerate(found)]


def _numbered(build: Callable[[], RulePack], number: int) -> RulePack:
    """With a digest of its own: what is worked out once a pack is kept by it."""
    pack = build()
    return replace(pack, digest=f"{pack.digest} mutant {number}", missing_sets={})


def _parts(pack: RulePack, sources: Sources) -> Iterator[tuple[Part, Written]]:
    for stem, source in sources.of("findings"):
        yield pack.findings[stem.replace("-", "_")], source
    for _, stem, source in sources.rules():
        if stem in pack.rules:  # drafts and retired rules say nothing
            yield pack.rules[stem], source


# --- criteria -----------------------------------------------------------------------------------------------------------------


def _of_criteria(part: Part, source: Written, pack: RulePack) -> Iterator[Mutant]:
    for name, node in _criteria_nodes(source):
        said = pack.criteria[part.criteria[name]]
        seen = {said}
        for edit in edits(_plain(node), said, pack):
            try:
                changed = criterion_of(edit.parts, pack)
            except PackError:
                continue
            if changed in seen:
                continue
            seen.add(changed)
            where = f"{node.file}:{node.line_of(edit.key)}"
            instead = f"in '{name}' of '{part.id}' {edit.instead}"
            build = partial(_with_criterion, pack, part, name, changed)
            yield Mutant(edit.what, where, part.id, instead, edit.right, build)


def _criteria_nodes(source: Written) -> list[tuple[str, Written]]:
    named = source.items.get("criteria")
    items = named.items if isinstance(named, Written) else {}
    return [(name, node) for name, node in items.items() if isinstance(node, Written)]


def _plain(node: Written) -> Parts:
    return {key: _texts(value) for key, value in node.items.items()}


def _texts(node: Node) -> str | list[str]:
    if isinstance(node, Sequence):
        return [item.value or "" for item in node.items if isinstance(item, Text)]
    return (node.value or "") if isinstance(node, Text) else ""


def _with_criterion(pack: RulePack, part: Part, name: str, changed: Criterion) -> RulePack:
    """Only this part says otherwise: other rules that share the criterion keep it."""
    key = next((key for key, known in pack.criteria.items() if known == changed), f"{changed.sentence} (changed)")
    names = {used: used for used in names_of(part.when)} | {part.criteria[name]: key}
    replaced = replace(part, criteria={**part.criteria, name: key}, when=rename(part.when, names))
    return _with_part(replace(pack, criteria={**pack.criteria, key: changed}), replaced)


def _with_part(pack: RulePack, part: Part) -> RulePack:
    if isinstance(part, Finding):
        return replace(pack, findings={**pack.findings, part.id: part})
    return replace(pack, rules={**pack.rules, part.id: part})


# --- conditions ---------------------------------------------------------------------------------------------------------------


def _of_condition(part: Part, source: Written, pack: RulePack) -> Iterator[Mutant]:
    names = {key: name for name, key in part.criteria.items()}
    where = f"{source.file}:{source.line_of('when')}"
    for what, changed, said in _conditions(part.when, names):
        right = f"Is '{_text(part.when, names)}' right?"
        instead = f"in 'when' of '{part.id}' {said}"
        yield Mutant(what, where, part.id, instead, right, partial(_with_part, pack, replace(part, when=changed)))


def _conditions(condition: Condition, names: Mapping[str, str]) -> Iterator[tuple[What, Condition, str]]:
    """Every condition that differs in one place, and the difference in words."""
    match condition:
        case Name():
            return
        case Not(part=part):
            yield "negation", part, f"'{_text(part, names)}' stood instead of '{_text(condition, names)}'"
            for what, changed, said in _conditions(part, names):
                yield what, Not(changed), said
        case AllOf(parts=parts) | AnyOf(parts=parts):
            same, other = (AllOf, AnyOf) if isinstance(condition, AllOf) else (AnyOf, AllOf)
            flipped = other(parts)
            yield "and/or", flipped, f"'{_text(flipped, names)}' stood instead of '{_text(condition, names)}'"
            for place, part in enumerate(parts):
                rest = parts[:place] + parts[place + 1 :]
                dropped: What = "dropped exclusion" if isinstance(part, Not) else "dropped criterion"
                yield dropped, rest[0] if len(rest) == 1 else same(rest), f"'{_text(part, names)}' were left out"
                for deeper, changed, said in _conditions(part, names):
                    yield deeper, same((*parts[:place], changed, *parts[place + 1 :])), said


def _text(condition: Condition, names: Mapping[str, str]) -> str:
    match condition:
        case Name(name=name):
            return names.get(name, name)
        case Not(part=part):
            return f"not {_inner(part, names)}"
        case AllOf(parts=parts):
            return " and ".join(_inner(part, names) for part in parts)
        case AnyOf(parts=parts):
            return " or ".join(_inner(part, names) for part in parts)


def _inner(condition: Condition, names: Mapping[str, str]) -> str:
    text = _text(condition, names)
    return f"({text})" if isinstance(condition, AllOf | AnyOf) else text


# --- kinds and precedence -----------------------------------------------------------------------------------------------------


def _of_kinds(pack: RulePack, sources: Sources) -> Iterator[Mutant]:
    """The kind before and the one after in the order of reading, with what they hold back and what holds them back."""
    precedence = sources.files["precedence.yaml"]
    named = {stem for _, stem, _ in sources.rules()}
    for _, stem, source in sources.rules():
        rule = pack.rules.get(stem)
        if rule is None:
            continue
        at = pack.kinds.index(rule.suggest.kind)
        for kind in (*pack.kinds[max(at - 1, 0) : at], *pack.kinds[at + 1 : at + 2]):
            rules = {**pack.rules, rule.id: replace(rule, suggest=replace(rule.suggest, kind=cast(Kind, kind)))}
            problems: list[Problem] = []
            read = read_precedence(precedence, rules, named, Reader(problems))
            if problems or (kind not in read.asks_for_data and _asks(rule, pack)):
                continue
            suggest = source.items["suggest"]
            where = f"{source.file}:{suggest.line_of('kind') if isinstance(suggest, Written) else source.line}"
            instead = f"'{rule.id}' were of kind '{kind}' instead of '{rule.suggest.kind}'"
            right = f"Is '{rule.suggest.kind}' right?"
            yield Mutant("kind", where, rule.id, instead, right, partial(_with_rules, pack, rules, read.holders))


def _asks(rule: Rule, pack: RulePack) -> bool:
    return any(isinstance(pack.criteria[key], ABOUT_KNOWLEDGE) for key in pack.criteria_of[rule.id])


def _with_rules(pack: RulePack, rules: Mapping[str, Rule], holders: Mapping[str, tuple[HoldsBack, ...]]) -> RulePack:
    ordered = sorted(rules.values(), key=lambda rule: (pack.kinds.index(rule.suggest.kind), rule.id))
    return replace(pack, rules={rule.id: rule for rule in ordered}, holders=holders)


def _of_precedence(pack: RulePack, sources: Sources) -> Iterator[Mutant]:
    source = sources.files["precedence.yaml"]
    holding = {holder.by: holder for holders in pack.holders.values() for holder in holders}
    for by, holder in sorted(holding.items()):
        where = f"{source.file}:{_line_of_entry(source, pack.rules[by])}"
        held = [rule for rule, holders in pack.holders.items() if any(each.by == by for each in holders)]
        for rule in held:
            instead, right = f"'{by}' did not hold back '{rule}'", "Does it have to?"
            yield Mutant("precedence", where, by, instead, right, partial(_without_holder, pack, by, rule))
        passes = "hold back" if holder.lets_pass else "let pass"
        instead = f"'{by}' did {passes} while it is unknown"
        right = f"Is it right that it {'lets pass' if holder.lets_pass else 'holds back'}?"
        yield Mutant("precedence", where, by, instead, right, partial(_letting_pass, pack, by, not holder.lets_pass))
        if pack.rules[by].suggest.kind != "urgent":  # the loader lets nothing hold back what is urgent
            instead = f"{', '.join(repr(rule) for rule in held)} held back '{by}' instead of the other way round"
            yield Mutant("precedence", where, by, instead, "Which comes first?", partial(_swapped, pack, by, held))


def _line_of_entry(source: Written, rule: Rule) -> int:
    """The entry of the rule, or else of its kind."""
    entries = source.items["holds_back"]
    lines: dict[tuple[str, str | list[str]], int] = {}
    for entry in entries.items if isinstance(entries, Sequence) else ():
        by = entry.items["by"] if isinstance(entry, Written) else None
        if isinstance(by, Written):
            lines |= {(key, _texts(value)): entry.line for key, value in by.items.items()}
    return lines.get(("rule", rule.id)) or lines.get(("kind", rule.suggest.kind), source.line)


def _without_holder(pack: RulePack, by: str, rule: str) -> RulePack:
    left = tuple(holder for holder in pack.holders[rule] if holder.by != by)
    return replace(pack, holders={**pack.holders, rule: left})


def _letting_pass(pack: RulePack, by: str, lets_pass: bool) -> RulePack:
    return replace(pack, holders={
        rule: tuple(replace(holder, lets_pass=lets_pass) if holder.by == by else holder for holder in holders)
        for rule, holders in pack.holders.items()
    })  # fmt: skip


def _swapped(pack: RulePack, by: str, held: Iterable[str]) -> RulePack:
    turned = dict(pack.holders)
    for rule in held:
        holder = next(holder for holder in pack.holders[rule] if holder.by == by)
        turned[rule] = tuple(other for other in turned[rule] if other.by != by)
        turned[by] = (*turned[by], replace(holder, by=rule, holds=(by,)))
    return replace(pack, holders=turned)


# --- items --------------------------------------------------------------------------------------------------------------------


def _of_items(pack: RulePack, sources: Sources) -> Iterator[Mutant]:
    """Days an item stays current, and limits that stand in for the laboratory's own."""
    file = sources.files["items.yaml"]
    for item in pack.items.values():
        node = file.items[item.id]
        assert isinstance(node, Written), "it was read as an item"
        for what, key, changed, instead, right in _items(item, node):
            where = f"{file.file}:{node.line_of(key)}"
            build = partial(_with_item, pack, changed, sources)
            yield Mutant(what, where, item.id, f"of '{item.id}' {instead}", right, build, item.id)


def _items(item: Item, node: Written) -> Iterator[tuple[What, str, Item, str, str]]:
    for key in ("current_for", "baseline_within"):
        text = str(_texts(node.items[key])) if key in node.items else ""
        for days in one_day_off(text):
            number = int(days.split()[0])
            changed = replace(item, current_for=number) if key == "current_for" else _with_baseline(item, number)
            yield "freshness", key, changed, f"'{key}' were {days} instead of {text}", f"Is {text} right?"
    if isinstance(item, MeasuredItem):
        yield from _limits(item, node)


def _with_baseline(item: Item, within: int) -> Item:
    assert isinstance(item, MeasuredItem)
    assert item.change is not None
    return replace(item, change=replace(item.change, within=within))


def _limits(item: MeasuredItem, node: Written) -> Iterator[tuple[What, str, Item, str, str]]:
    if item.local_upper is not None:
        (unit, limit), *_ = item.local_upper.by_unit.items()
        for value in (limit.value - 1, limit.value + 1):
            said, now = f"{limit.value} {unit}", f"{value} {unit}"
            other = Threshold({unit: Limit(value, limit.inclusive)}, f"at most {now}", item.local_upper.source)
            instead = f"the limit were {now} instead of {said}"
            yield "threshold", "upper_limit", replace(item, local_upper=other), instead, f"Is {said} right?"
        return
    ends: tuple[Literal["lower", "upper"], ...] = ("lower", "upper")
    for end in ends:
        key = f"{end}_limit"
        texts = texts_of(_texts(node.items[key])) if key in node.items else []
        for place, said in enumerate(texts):
            for now in steps(said, item.whole):
                written = Sequence([Text(now if at == place else text, "", 1) for at, text in enumerate(texts)], "", 1)
                problems: list[Problem] = []
                reader = CriteriaReader(Reader(problems), {item.id: item}, {})
                read = reader.threshold(key, item, end, True, written)
                if read is not None and not problems:
                    changed = replace(item, lower=read) if end == "lower" else replace(item, upper=read)
                    instead = f"the {end} limit were {now} instead of {said}"
                    yield "threshold", key, changed, instead, f"Is {said} right?"


def _with_item(pack: RulePack, changed: Item, sources: Sources) -> RulePack:
    """With every criterion on the item read again: it may take its days or its limit from there."""
    made = replace(pack, items={**pack.items, changed.id: changed})
    if isinstance(changed, ListItem):
        return made
    for part, source in _parts(pack, sources):
        for name, node in _criteria_nodes(source):
            parts = _plain(node)
            if next(iter(parts.values())) == changed.id:
                again = criterion_of(parts, made)
                if again != pack.criteria[part.criteria[name]]:
                    now = made.findings.get(part.id) or made.rules[part.id]
                    made = _with_criterion(made, now, name, again)
    return made
