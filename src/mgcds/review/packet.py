"""The packet: everything a reviewer needs to judge one rule, gathered from pack, features, run and signatures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mgcds.model.criterion import Measure, ReferenceLimit, Threshold
from mgcds.model.documentation import describe, findings_of
from mgcds.model.explanation import in_sentence
from mgcds.model.pack import Claim, Item, RulePack, Statement
from mgcds.model.rule import Finding, Rule
from mgcds.review.cases import Feature, Scenario
from mgcds.review.effects import Study, studies
from mgcds.review.grid import CaseFacts, Line, cases_of, grid, grid_of_holders
from mgcds.review.logic import DecisionTable, decision_table, short_sentence
from mgcds.review.results import Question, Questions
from mgcds.review.standing import Standing
from mgcds.review.trace import Traced


@dataclass(frozen=True)
class FindingShown:
    """A finding by its title, what it means in words, and as a decision table."""

    title: str
    says: str
    table: DecisionTable


@dataclass(frozen=True)
class Part:
    """The criteria of the rule, or of one of its findings; `title` is empty for the rule's own."""

    title: str
    criteria: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Packet:
    """What the page of a rule shows, in the order of the page."""

    rule: Rule
    certainty: str
    strength: str
    standing: Standing
    says: str
    findings: Sequence[FindingShown]
    table: DecisionTable
    evidence_for: Sequence[Study]
    evidence_against: Sequence[Study]
    claims: Sequence[Claim]
    lines: Sequence[Line]
    held_lines: Sequence[Line]
    own: Feature | None
    elsewhere: Sequence[Scenario]
    invariants: Sequence[Scenario]
    holders: Sequence[Mapping[str, Any]]
    holds: Sequence[Mapping[str, Any]]
    questions: Sequence[Question]
    parts: Sequence[Part]
    items: Sequence[Item]
    texts: Sequence[tuple[str, Sequence[Statement]]]
    reasons: Sequence[str]

    @property
    def counts(self) -> Counter[str]:
        """What became of the rows of its own feature."""
        return self.own.counts if self.own else Counter()

    @property
    def holder_ids(self) -> list[str]:
        return [rule for group in self.holders for rule in group["rules"]]


def packet_of(
    traced: Traced, scenarios: Sequence[Scenario], facts: CaseFacts, questions: Questions, pack: RulePack
) -> Packet:
    """Everything about one rule."""
    rule, described = traced.rule, describe(traced.rule, pack)
    suggest, cases = rule.suggest, cases_of(rule.id, scenarios)
    found = findings_of(rule, pack)
    against = [pack.evidence[entry] for entry in suggest.evidence_against]
    supporting = [pack.evidence[entry] for entry in suggest.evidence_for]
    return Packet(
        rule, described["certainty_means"], described["strength_means"], traced.standing,
        short_sentence(rule.when, pack), [_shown(finding, pack) for finding in found], decision_table(rule.when, pack),
        studies("for", supporting, against), studies("against", against, supporting), traced.claims,
        grid(rule, cases, facts, pack), grid_of_holders(rule, cases, facts, pack),
        traced.own, traced.elsewhere, traced.invariants, described["held_back_by"], described["holds_back"],
        questions.about({rule.id, *(finding.id for finding in found), *described["reads"]}),
        [_part("", rule, described["criteria"], pack),
         *(_part(finding.title, finding, of["criteria"], pack) for finding, of in zip(found, described["findings"], strict=True))],
        [pack.items[item] for item in described["reads"]], _texts(suggest.kind, pack), list(described["override_reasons"].values()),
    )  # fmt: skip


def _shown(finding: Finding, pack: RulePack) -> FindingShown:
    title = finding.title[0].upper() + finding.title[1:]
    return FindingShown(title, short_sentence(finding.when, pack), decision_table(finding.when, pack))


def _part(title: str, part: Rule | Finding, criteria: Sequence[Mapping[str, Any]], pack: RulePack) -> Part:
    return Part(title, [_criterion(part.criteria[each["name"]], each, pack) for each in criteria])


def _criterion(key: str, described: Mapping[str, Any], pack: RulePack) -> Mapping[str, Any]:
    """One criterion for the table: every limit, whose it is, and how long a value counts as current."""
    criterion = pack.criteria[key]
    bounds = (criterion.lower, criterion.upper) if isinstance(criterion, Measure) else ()
    whose = dict.fromkeys(bound.source for bound in bounds if isinstance(bound, Threshold) and bound.source)
    current = ""
    if "current_for" in described:
        days = described["current_for"]
        current = "always current" if days is None else f"current for {days} days"
    return {
        "name": described["name"], "says": described["says"], "limits": described.get("limits", {}),
        "default_limits": described.get("default_limits", {}), "source": " and ".join(whose), "current": current,
        "value_set": described.get("value_set"), "own_limit": any(isinstance(bound, ReferenceLimit) for bound in bounds),
    }  # fmt: skip


def _texts(kind: str, pack: RulePack) -> list[tuple[str, list[Statement]]]:
    texts = pack.texts
    named = (
        ("Options", texts.options),
        ("Harms", texts.harms),
        ("Limits", texts.limits),
        ("Not studied", texts.not_studied),
    )
    return [(title, [found for found in statements if kind in found.kinds]) for title, statements in named]


def words_of(packet: Packet) -> str:
    """What the search finds a rule by."""
    words = [packet.rule.suggest.text, packet.says, *(found.title for found in packet.findings)]
    words += [in_sentence(item.title) for item in packet.items]
    words += [study.entry.id for study in (*packet.evidence_for, *packet.evidence_against)]
    return " ".join(words)
