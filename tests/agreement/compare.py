"""Two engines over generated patients: where they differ, and what was met on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from mgcds.model.condition import Truth
from mgcds.model.evaluation import Status, Verdicts
from mgcds.model.facts import Facts, Gap
from mgcds.model.pack import RulePack

Engine = Callable[[RulePack, Facts], Verdicts]


@dataclass(frozen=True)
class Difference:
    """The seed of a patient, and the findings and rules on which the engines differ."""

    seed: int
    names: tuple[str, ...]


@dataclass
class Breadth:
    """What the patients of a comparison brought about."""

    truths: set[tuple[str, Truth]] = field(default_factory=set)
    statuses: set[tuple[str, Status]] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)

    def add(self, facts: Facts, verdicts: Verdicts) -> None:
        self.truths.update(verdicts.criteria.items())
        self.statuses.update(verdicts.statuses.items())
        self.reasons.update(
            gap.reason for gap in (*facts.items.values(), *facts.lists.values()) if isinstance(gap, Gap)
        )


def names_that_differ(one: Verdicts, other: Verdicts) -> tuple[str, ...]:
    """Findings and rules with different truths or statuses, or of which one engine says nothing."""
    names: dict[str, None] = {}
    for mine, theirs in (
        (one.findings, other.findings),
        (one.rules, other.rules),
        (one.statuses, other.statuses),
    ):
        if mine != theirs:
            both = {**mine, **theirs}
            names |= {
                name: None for name in both if (name in mine, mine.get(name)) != (name in theirs, theirs.get(name))
            }
    return tuple(names)


def differences(
    pack: RulePack,
    patients: Iterable[tuple[int, Facts]],
    reference: Engine,
    other: Engine,
    breadth: Breadth | None = None,
) -> Iterator[Difference]:
    """Each patient on whom the engines differ."""
    for seed, facts in patients:
        mine, theirs = reference(pack, facts), other(pack, facts)
        if breadth is not None:
            breadth.add(facts, mine)
        names = names_that_differ(mine, theirs)
        if names:
            yield Difference(seed, names)
