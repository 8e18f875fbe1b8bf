"""From each rule to its scenarios, evidence, claims, invariants and sign-off, and back: nothing may be left over on either side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mgcds.model.pack import Claim, RulePack
from mgcds.model.rule import Rule
from mgcds.review.cases import Feature, Scenario
from mgcds.review.standing import Standing, StandingOf

INVARIANTS, BETWEEN = "invariants", "precedence"
"""folders of features that speak of no single rule: what is so of every patient, and how rules hold back one another"""


@dataclass(frozen=True)
class Traced:
    """A rule with everything that speaks of it."""

    rule: Rule
    own: Feature | None
    elsewhere: Sequence[Scenario]
    invariants: Sequence[Scenario]
    claims: Sequence[Claim]
    standing: Standing

    @property
    def examples(self) -> int:
        """Rows of its own feature that are no drafts."""
        return len([row for row in self.own.rows if row.result.outcome != "draft"]) if self.own else 0


@dataclass(frozen=True, slots=True)
class Orphan:
    """Something that nothing refers to, or that refers to nothing."""

    what: str
    says: str


@dataclass(frozen=True)
class Trace:
    """Every rule traced, where each entry of the evidence is used, and what is left over."""

    rules: Mapping[str, Traced]
    used_by: Mapping[str, Sequence[str]]
    """evidence → places that cite it, in words"""
    orphans: Sequence[Orphan]


def trace(pack: RulePack, features: Mapping[str, Feature], standing: StandingOf) -> Trace:
    """All of it, both ways."""
    rules = {rule.id: _traced(rule, pack, features, standing) for rule in pack.rules.values()}
    used_by = _uses(pack)
    return Trace(rules, used_by, [*_orphans(pack, features, rules.values(), used_by)])


def _traced(rule: Rule, pack: RulePack, features: Mapping[str, Feature], standing: StandingOf) -> Traced:
    path = f"{rule.topic}/{rule.id}"
    asking = [each for feature in features.values() for each in feature.scenarios if rule.id in each.asks_of]
    return Traced(
        rule,
        features.get(path),
        [each for each in asking if not each.is_about_anyone and each.feature != path],
        [each for each in asking if each.is_about_anyone],
        [claim for claim in pack.claims.values() if rule.id in claim.rules],
        standing(rule),
    )


def _uses(pack: RulePack) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {entry: [] for entry in pack.evidence}
    for entry, place in _citations(pack):
        if place not in found[entry]:
            found[entry].append(place)
    return found


def _citations(pack: RulePack) -> Iterator[tuple[str, str]]:
    for rule in pack.rules.values():
        yield from ((entry, f"rule {rule.id}, for") for entry in rule.suggest.evidence_for)
        yield from ((entry, f"rule {rule.id}, against") for entry in rule.suggest.evidence_against)
    for claim in pack.claims.values():
        yield from ((entry, f"claim {claim.id}") for entry in claim.evidence)
    texts = pack.texts
    for statement in (*texts.options, *texts.harms, *texts.limits, *texts.not_studied, texts.population, texts.not_for):
        yield from ((entry, "what every suggestion says") for entry in statement.evidence)
    if pack.drug_magnesium is not None:
        table = pack.drug_magnesium
        yield from (
            (entry, "medicines and magnesium") for entry in (*table.magnesium.evidence, *table.any_other.evidence)
        )
        for row in table.rows.values():
            yield from ((entry, "medicines and magnesium") for entry in row.evidence)
    for intake in pack.intakes.values():
        yield intake.evidence, "reference intakes"
    for food in pack.foods.values():
        yield food.evidence, "food screen"


def _orphans(
    pack: RulePack, features: Mapping[str, Feature], rules: Iterable[Traced], used_by: Mapping[str, Sequence[str]]
) -> Iterator[Orphan]:
    for traced in rules:
        rule = traced.rule
        if not traced.examples:
            yield Orphan(f"rule {rule.id}", "no scenario of its own: nothing shows what it does")
        if not rule.suggest.evidence_for:
            yield Orphan(f"rule {rule.id}", "no evidence stands for it")
        if not traced.invariants:
            yield Orphan(f"rule {rule.id}", "no statement of any patient speaks of it")
    paths = {f"{rule.topic}/{rule.id}" for rule in pack.rules.values()}
    for path, feature in features.items():
        if path not in paths and path.split("/")[0] not in (INVARIANTS, BETWEEN):
            yield Orphan(f"feature {path}", "no rule has its name")
        elif not feature.asks_of:
            yield Orphan(f"feature {path}", "it expects nothing of any rule")
    for entry, places in used_by.items():
        if not places and not any(entry in other.contradicts for other in pack.evidence.values()):
            yield Orphan(f"evidence {entry}", "nothing cites it")
    for claim in pack.claims.values():
        if not (claim.rules or claim.evidence or claim.refused):
            yield Orphan(f"claim {claim.id}", "nothing answers it")
