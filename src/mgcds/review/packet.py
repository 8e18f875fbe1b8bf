"""The packet: everything a reviewer needs to judge one rule, gathered from pack, features, run and signatures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mgcds.model.condition import Name
from mgcds.model.criterion import Measure, ReferenceLimit, Threshold
from mgcds.model.documentation import describe, findings_of
from mgcds.model.explanation import in_sentence
from mgcds.model.pack import Claim, Item, RulePack, Statement
from mgcds.model.rule import Finding, Rule
from mgcds.review.cases import Feature, Scenario
from mgcds.review.concerns import proposals, unverified
from mgcds.review.effects import Study, studies
from mgcds.review.grid import CaseFacts, Line, cases_of, grid, grid_of_holders
from mgcds.review.logic import DecisionTable, decision_table, short_sentence
from mgcds.review.medicines import Medicine, medicines_of
from mgcds.review.proved import Proved, proved_of
from mgcds.review.results import Question, Questions
from mgcds.review.standing import Standing
from mgcds.review.trace import Traced


@dataclass(frozen=True)
class FindingShown:
    """A finding by its title, what it means in words, empty where that is its title, and as a decision table, where one says more."""

    title: str
    says: str
    table: DecisionTable | None


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
    table: tuple[str, DecisionTable] | None
    medicines: Sequence[Medicine]
    evidence_for: Sequence[Study]
    evidence_against: Sequence[Study]
    claims: Sequence[Claim]
    lines: Sequence[Line]
    held_lines: Sequence[Line]
    own: Feature | None
    elsewhere: Sequence[Scenario]
    invariants: Sequence[tuple[str, Sequence[Proved]]]
    holders: Sequence[Mapping[str, Any]]
    holds: Sequence[Mapping[str, Any]]
    others: Mapping[str, tuple[str, str]]
    """of each rule that holds it back or that it holds back: its title, and when it applies"""
    unverified: Sequence[tuple[str, str]]
    proposals: Sequence[str]
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
    table = _table(rule, pack)
    groups = (*described["held_back_by"], *described["holds_back"])
    others = [pack.rules[other] for group in groups for other in group["rules"]]
    return Packet(
        rule, described["certainty_means"], described["strength_means"], traced.standing,
        short_sentence(rule.when, pack), [_shown(finding, table, pack) for finding in found], table, medicines_of(rule, pack),
        studies("for", supporting, against), studies("against", against, supporting), traced.claims,
        grid(rule, cases, facts, pack), grid_of_holders(rule, cases, facts, pack),
        traced.own, traced.elsewhere, proved_of(rule.id, traced.invariants, pack), described["held_back_by"], described["holds_back"],
        {other.id: (other.title, short_sentence(other.when, pack)) for other in others},
        unverified([*supporting, *against]), proposals(rule.note),
        questions.about({rule.id, *(finding.id for finding in found), *described["reads"]}),
        [_part("", rule, described["criteria"], pack),
         *(_part(finding.title, finding, of["criteria"], pack) for finding, of in zip(found, described["findings"], strict=True))],
        [pack.items[item] for item in described["reads"]], _texts(suggest.kind, pack), list(described["override_reasons"].values()),
    )  # fmt: skip


def _table(rule: Rule, pack: RulePack) -> tuple[str, DecisionTable] | None:
    """The decision table with its title: where a rule is one finding, that of the finding; None where it would only repeat the sentence."""
    title, condition = "Decision table", rule.when
    while isinstance(condition, Name) and condition.name in pack.findings:
        finding = pack.findings[condition.name]
        title, condition = f"Decision table of “{_capital(finding.title)}”", finding.when
    table = decision_table(condition, pack)
    return (title, table) if len(table.names) > 1 else None


def _shown(finding: Finding, shown: tuple[str, DecisionTable] | None, pack: RulePack) -> FindingShown:
    """`shown`: the table that the page has already."""
    says, table = short_sentence(finding.when, pack), decision_table(finding.when, pack)
    more = len(table.names) > 1 and (shown is None or table != shown[1])
    return FindingShown(_capital(finding.title), "" if _same(says, finding.title) else says, table if more else None)


def _same(says: str, title: str) -> bool:
    """Do they say the same, but for case and the little words?"""
    words, others = ({*text.lower().split()} - {"the", "a", "an", "is"} for text in (says, title))
    return words == others


def _capital(title: str) -> str:
    return title[0].upper() + title[1:]


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
