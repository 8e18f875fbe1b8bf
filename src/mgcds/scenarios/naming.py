"""What people call things: `the PHQ-9 item 9` is the item `phq9_item9`. What nothing is called is an error with "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mgcds.loading.reading import did_you_mean
from mgcds.model.explanation import in_sentence
from mgcds.model.pack import Item, RulePack
from mgcds.scenarios.failures import ScenarioError

_JOINTS = re.compile(r"[\s_\-‐‑–]+")


def item_called(name: str, pack: RulePack) -> Item:
    """The item or list with this title or id, without regard to case, hyphens, underscores and blanks."""
    known = {alias: item for item in pack.items.values() for alias in (folded(item.id), folded(item.title))}
    found = known.get(folded(name))
    if found is None:
        titles = [in_sentence(item.title) for item in pack.items.values()]
        raise ScenarioError(f"no item is called '{name}': {did_you_mean(name, titles)}")
    return found


def items_called(names: str, pack: RulePack) -> tuple[str, ...]:
    """The ids of items written one after the other with commas, sorted."""
    return tuple(sorted(item_called(name, pack).id for name in listed(names)))


def rule_called(rule_id: str, pack: RulePack) -> str:
    """The id itself, if an active rule has it."""
    if rule_id in pack.retired:
        raise ScenarioError(f"the rule '{rule_id}' is retired: it suggests nothing")
    return _one_of(rule_id, pack.rules, "no active rule has the id")


def rules_called(ids: str, pack: RulePack) -> tuple[str, ...]:
    """The ids of rules written one after the other with commas, sorted."""
    return tuple(sorted(rule_called(rule_id, pack) for rule_id in listed(ids)))


def kind_called(kind: str, pack: RulePack) -> str:
    """The kind itself, if the pack has it."""
    return _one_of(kind, pack.kinds, "no kind of suggestion is called")


def listed(text: str) -> list[str]:
    """The parts of a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _one_of(word: str, known: Iterable[str] | Mapping[str, object], complaint: str) -> str:
    if word not in known:
        raise ScenarioError(f"{complaint} '{word}': {did_you_mean(word, known)}")
    return word


def folded(name: str) -> str:
    """A name without case, hyphens, underscores and blanks."""
    return _JOINTS.sub("", name).casefold()
