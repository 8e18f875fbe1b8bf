"""Which rules speak at a hook, as `hooks.yaml` says: those that could, and of them those that the orders concern."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mgcds.errors import MgcdsError
from mgcds.model.condition import Truth
from mgcds.model.criterion import Taking
from mgcds.model.facts import Facts
from mgcds.model.hooks import Hook, Hooks, Speaks
from mgcds.model.pack import RulePack
from mgcds.model.rule import Rule


@dataclass(frozen=True, slots=True)
class Ordered:
    """A medicine that is being ordered: the value sets it belongs to, None where nothing recognises it."""

    value_sets: frozenset[str] | None


def hooks_of(pack: RulePack) -> Hooks:
    """What the pack offers. MgcdsError where it offers nothing."""
    if pack.hooks is None:
        raise MgcdsError("the pack has no hooks.yaml, so there is nothing to serve over CDS Hooks")
    return pack.hooks


@lru_cache(maxsize=8)  # of a few packs at most: the one that is served, and one that takes its place
def _could(hook: Hook, pack: RulePack) -> tuple[tuple[Rule, tuple[Speaks, ...]], ...]:
    """The rules that could speak at a hook, each with the lines of `hooks.yaml` by which it could."""
    found = [(rule, tuple(each for each in hook.speaks if _may(each, rule, pack))) for rule in pack.rules.values()]
    return tuple((rule, lines) for rule, lines in found if lines)


@lru_cache(maxsize=8)
def can_speak(hook: Hook, pack: RulePack) -> tuple[Rule, ...]:
    """The rules that could speak at a hook, whatever the record and the orders."""
    return tuple(rule for rule, _ in _could(hook, pack))


def speaking(hook: Hook, pack: RulePack, facts: Facts, orders: Sequence[Ordered]) -> frozenset[str]:
    """The ids of the rules that speak of this record and these orders."""
    return frozenset(
        {rule.id for rule, lines in _could(hook, pack) for each in lines if _does(each, rule, pack, facts, orders)}
    )


def reads(hook: Hook, pack: RulePack) -> tuple[str, ...]:
    """Every item and list that decides what is said at a hook: of the rules that can speak, of those that can hold them back, and of
    what `hooks.yaml` itself asks.
    """
    found: dict[str, None] = {}
    for rule in can_speak(hook, pack):
        for rule_id in (rule.id, *(holder.by for holder in pack.holders[rule.id])):
            found.update(dict.fromkeys(pack.reads[rule_id]))
    if hook.about_orders:
        found["medicines"] = None
    elif found:
        found.update(dict.fromkeys(pack.reads[hooks_of(pack).unless_known_not]))
    return tuple(found)


def own_medicines(rule: Rule, pack: RulePack) -> frozenset[str]:
    """The value sets of medicines that the criteria of the rule itself name, not those of findings."""
    named = (pack.criteria[key] for key in rule.criteria.values())
    sets = {criterion.value_set for criterion in named if isinstance(criterion, Taking)}
    return frozenset(name for name in sets if pack.value_sets[name].of == "medicines")


def _may(each: Speaks, rule: Rule, pack: RulePack) -> bool:
    return rule.suggest.kind in each.kinds and (not each.own_medicines or bool(own_medicines(rule, pack)))


def _does(each: Speaks, rule: Rule, pack: RulePack, facts: Facts, orders: Sequence[Ordered]) -> bool:
    wanted = own_medicines(rule, pack) if each.own_medicines else frozenset([each.ordering] if each.ordering else [])
    if wanted and not any(_one_of(order, wanted) for order in orders):
        return False
    return each.beside is None or facts.members[each.beside].present is not False


def _one_of(order: Ordered, wanted: Iterable[str]) -> bool:
    """What nothing recognises may be anything."""
    return order.value_sets is None or not order.value_sets.isdisjoint(wanted)


def unknown_safety(pack: RulePack, verdicts: Mapping[str, Truth], speaks: frozenset[str]) -> Iterator[Rule]:
    """The rules that speak, are of a kind whose silence would be taken for an answer, and could not be evaluated."""
    safety = hooks_of(pack).safety
    for rule in pack.rules.values():
        if verdicts[rule.id] is None and rule.id in speaks and rule.suggest.kind in safety:
            yield rule
