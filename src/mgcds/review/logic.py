"""A rule's logic for a reader: a sentence with its findings by name, and a decision table. Both are made from the condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not, Truth, all_of, any_of, names_of, opposite
from mgcds.model.explanation import clause, in_sentence
from mgcds.model.pack import RulePack


def short_sentence(condition: Condition, pack: RulePack) -> str:
    """The condition in words. A finding comes by its title alone: what it stands for is said beside it."""
    match condition:
        case Name(name=name):
            return _named(name, pack)
        case Not(part=Name(name=name)) if name in pack.criteria:
            return clause(pack.criteria[name], pack, negated=True)
        case Not(part=part):
            return f"it is not so that {_bracketed(part, pack)}"
        case AllOf(parts=parts):
            return ", and ".join(_bracketed(part, pack) for part in parts)
        case AnyOf(parts=parts):
            return ", or ".join(_bracketed(part, pack) for part in parts)
    assert_never(condition)


def _named(name: str, pack: RulePack) -> str:
    finding = pack.findings.get(name)
    return clause(pack.criteria[name], pack) if finding is None else in_sentence(finding.title)


def _bracketed(condition: Condition, pack: RulePack) -> str:
    words = short_sentence(condition, pack)
    return f"({words})" if isinstance(condition, AllOf | AnyOf) else words


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """`ways`: each asks some of the names to be so (True) or not so (False). Met if one way is wholly so; not met if each way has a
    name that is otherwise; else unknown. `names`: as the condition has them, with what they say.
    """

    names: Sequence[tuple[str, str]]
    ways: Sequence[dict[str, bool]]

    def judge(self, known: dict[str, Truth]) -> Truth:
        """The verdict that a reader takes from the table."""
        return any_of(
            all_of(known[name] if wanted else opposite(known[name]) for name, wanted in way.items())
            for way in self.ways
        )


def decision_table(condition: Condition, pack: RulePack) -> DecisionTable:
    """The same condition as an `or` of `and`s. De Morgan, distribution and absorption hold in Kleene's logic too, so it says the same
    of unknowns.
    """
    names = dict.fromkeys(names_of(condition))
    return DecisionTable([(name, _named(name, pack)) for name in names], ways_of(condition))


def ways_of(condition: Condition) -> list[dict[str, bool]]:
    """The ways for a condition to be met. One that asks for a name and its opposite never is, and is left out."""
    ways = _ways(condition, True)
    return [dict(way) for way in ways if len(dict(way)) == len(way)]


Way = frozenset[tuple[str, bool]]


def _ways(condition: Condition, wanted: bool) -> list[Way]:
    """Sets of names that together make the condition so, or not so; none of them contains another."""
    match condition:
        case Name(name=name):
            return [frozenset([(name, wanted)])]
        case Not(part=part):
            return _ways(part, not wanted)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return _together([_ways(part, wanted) for part in parts], isinstance(condition, AnyOf) is wanted)
    assert_never(condition)


def _together(of_parts: list[list[Way]], one_is_enough: bool) -> list[Way]:
    if one_is_enough:
        return _least([way for ways in of_parts for way in ways])
    found: list[Way] = [frozenset()]
    for ways in of_parts:
        found = _least([way | other for way in found for other in ways])
    return found


def _least(ways: list[Way]) -> list[Way]:
    each = list(dict.fromkeys(ways))
    return [way for way in each if not any(other < way for other in each)]
