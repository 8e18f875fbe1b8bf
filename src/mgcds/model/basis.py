"""The basis of a suggestion: what a clinician needs to judge it independently (clinical brief 7.1 and 8.5, FDA criterion 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mgcds.model.condition import Truth, judge
from mgcds.model.criterion import Criterion, Documented, Has, Limit, Taking
from mgcds.model.evaluation import is_cleared
from mgcds.model.explanation import (
    VERDICT,
    Explanation,
    in_sentence,
    leaves,
    number,
    plain,
    sentence,
    step_text,
    supporting,
)
from mgcds.model.facts import DataProblem, Facts, Gap, Reading, StateReading, known
from mgcds.model.pack import Evidence, ListItem, RulePack, Statement, about
from mgcds.model.rule import HoldsBack

if TYPE_CHECKING:
    from mgcds.model.assessment import Suggestion

ReadBy = Literal["the rule", "what could hold it back"]
Effect = Literal["applies", "cannot be decided", "not assessed, and let pass", "does not apply"]


@dataclass(frozen=True, slots=True)
class Input:
    """A value or list that was read: as it was reported, with the unit it was compared in, its date, its age and for how many days it
    counts as current (None: for ever), where it was read, whose limits apply to it, and the data problems that concern it.
    """

    about: str
    title: str
    read_by: ReadBy
    value: str
    unit: str | None
    dated: str | None
    days: int | None
    current_for: tuple[int | None, ...]
    source: str | None
    limits: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotUsable:
    """An item or list of which nothing usable is known: missing, stale, rejected, undated, imprecise, not reconciled, not recognised."""

    about: str
    title: str
    read_by: ReadBy
    reason: str
    detail: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """A rule that can hold the suggestion back, its verdict on this record, and why it may (`precedence.yaml`)."""

    rule: str
    title: str
    verdict: str
    effect: Effect
    because: str


@dataclass(frozen=True, slots=True)
class Basis:
    """All parts of the basis of one suggestion. An empty tuple says that there is none, such as no evidence against a safety stop."""

    rule: str
    version: str
    status: str
    kind: str
    title: str
    text: str
    purpose: Statement
    intended_user: Statement
    population: Statement
    not_for: Statement
    options: tuple[Statement, ...]
    logic: str
    used: tuple[Input, ...]
    not_usable: tuple[NotUsable, ...]
    evidence_for: tuple[Evidence, ...]
    evidence_against: tuple[Evidence, ...]
    certainty: str
    strength: str
    limits: tuple[Statement, ...]
    harms: tuple[Statement, ...]
    not_studied: tuple[Statement, ...]
    holders: tuple[Holder, ...]
    could_change: tuple[str, ...]
    review_status: str
    review_due: date
    pack_version: str
    pack_digest: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON. A general text comes with its evidence or its source; its kinds go without saying."""
        found: dict[str, Any] = asdict(self, dict_factory=_without_kinds)
        return {**found, "review_due": self.review_due.isoformat()}


def _without_kinds(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {
        key: str(value) if isinstance(value, Decimal) else value
        for key, value in pairs
        if not isinstance(value, frozenset)
    }


def basis_of(suggestion: Suggestion, of: Explanation) -> Basis:
    """The basis of a suggestion of any status."""
    rule, pack = suggestion.rule, of.pack
    suggest, texts = rule.suggest, pack.texts
    inputs = read_inputs(rule.id, of)
    return Basis(
        rule=rule.id, version=rule.version, status=suggestion.status, kind=suggest.kind, title=rule.title, text=suggest.text,
        purpose=texts.purpose, intended_user=texts.intended_user, population=texts.population, not_for=texts.not_for,
        options=_of_kind(texts.options, suggest.kind), logic=f"Met if {sentence(rule.when, pack)}.",
        used=tuple(found for found in inputs if isinstance(found, Input)),
        not_usable=tuple(found for found in inputs if isinstance(found, NotUsable)),
        evidence_for=suggestion.evidence_for, evidence_against=suggestion.evidence_against,
        certainty=texts.certainty[suggest.certainty], strength=texts.strength[suggest.strength],
        limits=_of_kind(texts.limits, suggest.kind), harms=_of_kind(texts.harms, suggest.kind),
        not_studied=_of_kind(texts.not_studied, suggest.kind),
        holders=tuple(_holder(holder, of) for holder in pack.holders[rule.id]),
        could_change=tuple(_could_change(suggestion, of)),
        review_status=rule.review.status, review_due=rule.review.due, pack_version=pack.version, pack_digest=pack.digest,
    )  # fmt: skip


def _of_kind(statements: Iterable[Statement], kind: str) -> tuple[Statement, ...]:
    return tuple(statement for statement in statements if kind in statement.kinds)


def _holder(holder: HoldsBack, of: Explanation) -> Holder:
    truths = of.verdicts.rules
    truth = truths[holder.by]
    effect: Effect = "does not apply" if truth is False else "applies" if truth else "cannot be decided"
    if truth is None and is_cleared(holder, truths, of.pack, of.facts):
        effect = "not assessed, and let pass"
    return Holder(holder.by, of.pack.rules[holder.by].title, VERDICT[truth], effect, holder.because)


# --- inputs ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Read:
    """What is asked of one item or list, by whom: for how many days it is to be current, and of which value sets."""

    by: ReadBy
    current_for: list[int | None] = field(default_factory=list)
    value_sets: list[str] = field(default_factory=list)


def read_inputs(rule_id: str, of: Explanation) -> tuple[Input | NotUsable, ...]:
    """Every item and list the rule reads, then what only the rules read that could hold it back. A list may come for both: each asks
    it for other value sets.
    """
    pack = of.pack
    own = pack.criteria_of[rule_id]
    held = [key for holder in pack.holders[rule_id] for key in pack.criteria_of[holder.by] if key not in own]
    reads: dict[tuple[str, ReadBy], _Read] = {}
    _collect(own, "the rule", reads, pack)
    _collect(dict.fromkeys(held), "what could hold it back", reads, pack)
    return tuple(found for (item, _), read in reads.items() for found in _inputs(item, read, of.facts, pack))


def _collect(keys: Iterable[str], by: ReadBy, reads: dict[tuple[str, ReadBy], _Read], pack: RulePack) -> None:
    for key in keys:
        criterion = pack.criteria[key]
        for item, within in _asked(criterion, pack):
            of_rule = reads.get((item, "the rule"))
            is_list = isinstance(pack.items[item], ListItem)
            read = of_rule if of_rule and not is_list else reads.setdefault((item, by), _Read(by))
            if within not in read.current_for:
                read.current_for.append(within)
            if isinstance(criterion, Taking | Has):
                read.value_sets.append(criterion.value_set)


def _asked(criterion: Criterion, pack: RulePack) -> Iterable[tuple[str, int | None]]:
    """The item or list a criterion speaks of, and the one it has to answer, with the days for which they count as current."""
    item = about(criterion, pack)
    yield item, pack.items[item].current_for if isinstance(criterion, Taking | Has) else criterion.within
    if isinstance(criterion, Documented) and criterion.since:
        yield criterion.since, pack.items[criterion.since].current_for


def _inputs(item: str, read: _Read, facts: Facts, pack: RulePack) -> Iterable[Input | NotUsable]:
    title, problems = pack.items[item].title, problem_texts(item, facts.problems)
    found = known(facts, item)
    if isinstance(found, Reading | StateReading):
        longest = None if None in read.current_for else max(days for days in read.current_for if days is not None)
        if longest is not None and found.days > longest:
            shown = found.shown if isinstance(found, Reading) else found.value
            detail = f"{shown}, {found.days} days old, current for {longest}"
            yield NotUsable(item, title, read.by, "stale", detail, problems)
        else:
            yield _input(item, title, read, found, problems)
    else:
        says = _listed(read.value_sets, found is None, facts, pack)
        if item in facts.lists and says:
            yield Input(item, title, read.by, says, None, None, None, tuple(read.current_for), None, (), problems)
        if isinstance(found, Gap):
            yield NotUsable(item, title, read.by, found.reason, found.detail, problems)


def _input(item: str, title: str, read: _Read, found: Reading | StateReading, problems: tuple[str, ...]) -> Input:
    current_for, dated = tuple(read.current_for), found.dated or None
    days = found.days if dated else None
    if isinstance(found, StateReading):
        return Input(item, title, read.by, found.value, None, dated, days, current_for, found.source, (), problems)
    ends = (("lower", found.lower, found.lower_from), ("upper", found.upper, found.upper_from))
    limits = tuple(_limit(end, limit, whose, found.unit) for end, limit, whose in ends if limit is not None)
    unit, value = plain(found.unit) or None, found.shown
    if dated and not _DATE.match(dated):  # an age: "born 1979-03-14", or "44 when stated"
        value, dated, days = f"{value}, {dated}", None, None
    return Input(item, title, read.by, value, unit, dated, days, current_for, found.source, limits, problems)


_DATE = re.compile(r"\d{4}(-|$)")


def _limit(end: str, limit: Limit, whose: str, unit: str) -> str:
    return f"{end} limit {number(limit.value)} {plain(unit)}: {whose}"


def _listed(value_sets: Iterable[str], complete: bool, facts: Facts, pack: RulePack) -> str:
    """What a list says of each value set asked for: its members, none, or that this is not known."""
    says = []
    for name in dict.fromkeys(value_sets):
        members = facts.members[name]
        entries = ", ".join(members.names) or ("none" if members.present is False else "")
        if entries:
            says.append(f"{in_sentence(pack.value_sets[name].title)}: {entries}")
    return "; ".join(says) or ("given, reviewed and understood" if complete else "")


def problem_texts(item: str, problems: Iterable[DataProblem]) -> tuple[str, ...]:
    """The data problems that concern an item or list, alike ones once."""
    fields = _FIELDS.get(item, (item,))
    alike: dict[str, list[str]] = {}
    for problem in problems:
        if problem.about.partition("[")[0] in fields:
            says = f"{'used, but' if problem.used else 'not used:'} {problem.what}"
            alike.setdefault(says, []).append(problem.value or "")
    return tuple(
        says + (f" ({values[0]}{f' and {len(values) - 1} more' if values[1:] else ''})" if any(values) else "")
        for says, values in alike.items()
    )


# The fields of a record that an item or list is read from, where they are others than its own.
_MEDICINES = ("medicines", "antidepressants", "supplements")
_FIELDS = {
    "medicines": _MEDICINES,
    "age": ("age", "birth_date"),
    "days_to_surgery": ("days_to_surgery", "planned_surgery"),
}


# --- what could change it -------------------------------------------------------------------------------------------------


class Turning(NamedTuple):
    """Criteria that would turn a rule's verdict round if they were otherwise: each `alone`, or only all of them `together`."""

    how: Literal["alone", "together"]
    steps: tuple[str, ...]


def turning(rule_id: str, of: Explanation) -> Turning:
    """Only criteria that are known can: while one is unknown, a decided verdict does not hang on it (Kleene logic is monotone)."""
    pack, truths = of.pack, of.verdicts.criteria
    now = of.verdicts.rules[rule_id]
    steps = {leaf.says: leaf for leaf in leaves(of.of(pack.rules[rule_id].when))}
    alone = [
        step_text(steps[key])
        for key in pack.criteria_of[rule_id]
        if truths[key] is not None and truth_of(rule_id, {**truths, key: not truths[key]}, pack) is (not now)
    ]
    if alone:
        return Turning("alone", tuple(alone))
    found = supporting(of.of(pack.rules[rule_id].when))
    return Turning("together", tuple(dict.fromkeys(step_text(leaf) for leaf in found)))


def truth_of(rule_id: str, criteria: dict[str, Truth], pack: RulePack) -> Truth:
    """The truth of a rule, if these were the truths of the criteria."""
    truths = dict(criteria)
    for finding in pack.findings.values():
        truths[finding.id] = judge(finding.when, truths)
    return judge(pack.rules[rule_id].when, truths)


def _could_change(suggestion: Suggestion, of: Explanation) -> Iterable[str]:
    match suggestion.status:
        case "withheld" if suggestion.lapsed:
            yield f"Its rule has to be reviewed again: {suggestion.review_warning}."
        case "withheld":
            items = of.pack.items
            sets = [
                " and ".join(items[item].title if item in items else item for item in found)
                for found in suggestion.missing
            ]
            yield f"If this were known: {'; or '.join(sets)}." if any(sets) else "No further data, as things are."
        case "suppressed":
            for holder in suggestion.held_back_by:
                yield _otherwise(turning(holder, of), f", {holder} could no longer apply")
        case _:
            yield _otherwise(turning(suggestion.id, of))
            if suggestion.status == "offered" and of.pack.holders[suggestion.id]:
                yield "If one of the rules applied that could hold it back."


def _otherwise(found: Turning, then: str = "") -> str:
    every = "this" if len(found.steps) == 1 else "one of these" if found.how == "alone" else "all of these"
    return f"If {every} were otherwise{then}: {'; '.join(found.steps)}."
