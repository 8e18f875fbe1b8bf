"""Findings, rules and what holds back what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mgcds.model.condition import Condition
from mgcds.model.review import Review

Kind = Literal["urgent", "stop", "defer", "interaction", "workup", "consider", "dose", "monitor", "inform"]
Certainty = Literal["high", "moderate", "low", "very low", "not graded"]
Strength = Literal["A", "B", "C", "D"]
RuleStatus = Literal["draft", "active", "retired"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Criteria joined under a name that rules use."""

    id: str
    title: str
    criteria: Mapping[str, str]
    """name used in `when` → key in RulePack.criteria"""
    when: Condition
    """over keys of RulePack.criteria and ids of findings"""
    when_text: str


@dataclass(frozen=True, slots=True)
class Suggest:
    """What the clinician reads, with its certainty (GRADE), strength (A label or regulator, B guideline or consistent evidence,
    C single or conflicting trials, D expert proposal) and the ids of the evidence for and against.
    """

    kind: Kind
    text: str
    certainty: Certainty
    strength: Strength
    evidence_for: tuple[str, ...]
    evidence_against: tuple[str, ...]
    override_reasons: tuple[str, ...]
    drafts: tuple[str, ...] = ()
    """ids of what it may put into the chart as a draft, in `drafts.yaml`"""


@dataclass(frozen=True, slots=True)
class Rule:
    """Criteria, the line that joins them, and the suggestion made when it is met."""

    id: str
    version: str
    status: RuleStatus
    topic: str
    title: str
    criteria: Mapping[str, str]
    when: Condition
    when_text: str
    suggest: Suggest
    review: Review
    note: str


@dataclass(frozen=True, slots=True)
class HoldsBack:
    """A rule, when met, holds back other rules. `lets_pass`: it does so only when met, not while it is unknown for want of a value."""

    by: str
    holds: tuple[str, ...]
    lets_pass: bool
    because: str
    held_kinds: tuple[str, ...] = ()
    """the kinds that are held as a whole"""
