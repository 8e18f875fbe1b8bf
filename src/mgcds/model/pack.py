"""The rule pack: everything under `rules/`, loaded, checked and frozen."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Literal, assert_never

from mgcds.model.condition import names_of
from mgcds.model.criterion import Asks, Criterion, Documented, Has, Measure, Number, State, Taking, Threshold
from mgcds.model.diet import Food, ReferenceIntake
from mgcds.model.drafts import DraftOrder
from mgcds.model.hooks import Hooks
from mgcds.model.intended import Intended
from mgcds.model.interaction import DrugMagnesium
from mgcds.model.phq9 import Cutoffs
from mgcds.model.review import Signer
from mgcds.model.rule import Finding, HoldsBack, Rule
from mgcds.model.terminology import ValueSet, Vocabulary

Gives = Literal["fall", "value before", "day of the newest"]


@dataclass(frozen=True, slots=True)
class Change:
    """How far a score has fallen since a medicine was begun: the last value of `of` at most `within` days before the longest-running
    medicine of `value_set` was begun, less the newest value. In per cent of the former where the item's unit is `%`. It may give
    instead that value before, or how many days after the start the newest value was taken.
    """

    of: str
    value_set: str
    within: int
    gives: Gives = "fall"


@dataclass(frozen=True, slots=True)
class MeasuredItem:
    """A measurement of the data dictionary. `codes` maps a LOINC code to the units of its property; a code that is not there is refused."""

    id: str
    title: str
    units: tuple[str, ...]
    substance: str | None
    codes: Mapping[str, tuple[str, ...]]
    plausible: tuple[Number, Number]
    """in units[0]"""
    beyond_plausible: Literal["reject", "confirm"]
    lower: Threshold | None
    upper: Threshold | None
    current_for: int | None
    on_a_tie: Literal["lowest", "highest"]
    not_from: Mapping[str, Literal["any value", "normal or high"]]
    """specimen problem → which values are rejected for it"""
    whole: bool
    change: Change | None = None
    """set where the item is computed from the history of another"""
    local_limits: Mapping[str, Threshold] = field(default_factory=dict)
    """jurisdiction → its upper limit, where that depends on the place"""
    local_upper: Threshold | None = None
    """the one that was chosen: of the place, not of a laboratory, so the same for every reading"""
    methods: Mapping[str, str] = field(default_factory=dict)
    """how it may have been estimated → what that is worth, in words"""
    at_most_from: frozenset[str] = frozenset()
    """codes of results that hold more than the item: it is at most that"""

    @property
    def jurisdictions(self) -> tuple[str, ...]:
        """Where a limit of the place is known."""
        return tuple(self.local_limits)


@dataclass(frozen=True, slots=True)
class StateItem:
    """A state of the data dictionary: one of `values`, current for so many days."""

    id: str
    title: str
    values: tuple[str, ...]
    current_for: int | None


@dataclass(frozen=True, slots=True)
class ListItem:
    """A list of the data dictionary: closed only when it was given and reviewed within `current_for` days."""

    id: str
    title: str
    current_for: int | None


Item = MeasuredItem | StateItem | ListItem


Effect = Literal["SMD", "g", "mean difference", "RR", "OR", "HR"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """An effect that a study reports: of what, in which measure, with its interval where one was reported, and what a value lower and
    higher than no effect (0 of a difference, 1 of a ratio) means.
    """

    of: str
    measure: Effect
    value: Decimal
    low: Decimal | None
    high: Decimal | None
    lower: str
    higher: str

    @property
    def is_ratio(self) -> bool:
        return self.measure in ("RR", "OR", "HR")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A study or document. `verified` says how far the project itself read it, `to_check` what of it is not verified.
    `supports` and `against` are short sentences; `contradicts` names the entries that say otherwise, both ways; `estimates` are the
    numbers of `effect` that can be drawn.
    """

    id: str
    citation: str
    pmid: str | None
    doi: str | None
    design: str
    n: int | None
    population: str
    dose: str | None
    comparator: str | None
    effect: str
    limits: str
    risk_of_bias: str
    certainty: str
    verified: Literal["primary", "excerpt", "secondary", "known"]
    checked: str
    funding: str | None = None
    supports: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    to_check: str | None = None
    contradicts: tuple[str, ...] = ()
    estimates: tuple[Estimate, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of the articles that started the rules, what mgcds makes of it, and the rules, evidence or refusal that answer it."""

    id: str
    says: str
    answer: str
    rules: tuple[str, ...]
    evidence: tuple[str, ...]
    refused: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A general text of `basis.yaml` about suggestions of these kinds: ids of its evidence, or its source in words."""

    text: str
    evidence: tuple[str, ...]
    source: str
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class GeneralTexts:
    """`basis.yaml`: what every suggestion shows besides its own rule, and how many are shown at once."""

    purpose: Statement
    intended_user: Statement
    population: Statement
    not_for: Statement
    certainty: Mapping[str, str]
    """GRADE word → what it means"""
    strength: Mapping[str, str]
    options: tuple[Statement, ...]
    harms: tuple[Statement, ...]
    limits: tuple[Statement, ...]
    not_studied: tuple[Statement, ...]
    most_interruptive: int
    most_passive: int
    never: tuple[Statement, ...] = ()
    """what no rule may ever say"""


@dataclass(frozen=True, eq=False)
class RulePack:
    """What all evaluation reads. Rules are sorted by kind, then id; findings come after the findings they use."""

    name: str
    version: str
    digest: str
    items: Mapping[str, Item]
    value_sets: Mapping[str, ValueSet]
    vocabularies: Mapping[str, Vocabulary]
    """list id → its vocabulary"""
    criteria: Mapping[str, Criterion]
    findings: Mapping[str, Finding]
    rules: Mapping[str, Rule]
    retired: tuple[str, ...]
    holders: Mapping[str, tuple[HoldsBack, ...]]
    """rule id → who can hold it back"""
    evidence: Mapping[str, Evidence]
    kinds: tuple[str, ...]
    override_reasons: Mapping[str, str]
    texts: GeneralTexts
    claims: Mapping[str, Claim]
    drug_magnesium: DrugMagnesium | None = None
    """medicines and magnesium, by value set; a pack may be without"""
    jurisdictions: tuple[str, ...] = ()
    """whose limits apply; of several the lowest"""
    intakes: Mapping[str, ReferenceIntake] = field(default_factory=dict)
    foods: Mapping[str, Food] = field(default_factory=dict)
    phq9: Cutoffs | None = None
    intended: Intended = field(default_factory=Intended)
    """what checks of the rules would report, and is meant"""
    hooks: Hooks | None = None
    """what is offered over CDS Hooks; a pack may be without"""
    drafts: Mapping[str, DraftOrder] = field(default_factory=dict)
    """what suggestions may put into the chart as drafts"""
    signers: Mapping[str, Signer] = field(default_factory=dict)
    """who may sign rules; who has signed stands with each"""

    missing_sets: dict[Hashable, tuple[tuple[str, ...], ...]] = field(default_factory=dict, compare=False, repr=False)
    """a cache: the smallest missing sets by rule and pattern of verdicts"""

    def __repr__(self) -> str:
        """Without its content, half a megabyte."""
        return f"<RulePack {self.name} {self.version}, {self.digest[:12]}: {len(self.rules)} rules>"

    @cached_property
    def criteria_of(self) -> Mapping[str, tuple[str, ...]]:
        """Rule or finding id → keys of all criteria below it, through findings, each once, in order of reading."""
        found: dict[str, tuple[str, ...]] = {}
        parts: tuple[Finding | Rule, ...] = (*self.findings.values(), *self.rules.values())
        for part in parts:
            keys: dict[str, None] = {}
            for name in names_of(part.when):
                keys.update(dict.fromkeys(found[name] if name in self.findings else (name,)))
            found[part.id] = tuple(keys)
        return found

    @cached_property
    def reads(self) -> Mapping[str, tuple[str, ...]]:
        """Rule or finding id → the items and lists it reads, each once."""
        return {
            part: tuple(dict.fromkeys(about(self.criteria[key], self) for key in keys))
            for part, keys in self.criteria_of.items()
        }

    @cached_property
    def answers(self) -> Mapping[str, Documented]:
        """Criteria that ask for an answer to a value, and not for an older one."""
        return {
            key: criterion
            for key, criterion in self.criteria.items()
            if isinstance(criterion, Documented) and criterion.since is not None
        }


def about(criterion: Criterion, pack: RulePack) -> str:
    """The item or list a criterion speaks of."""
    match criterion:
        case Measure(item=item) | State(item=item) | Documented(item=item):
            return item
        case Taking(value_set=value_set) | Has(value_set=value_set):
            return pack.value_sets[value_set].of
        case Asks(about=about):
            return about
    assert_never(criterion)
