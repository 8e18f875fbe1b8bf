"""The meaning of a rule pack, in the plainest Python: facts → criteria → findings → rules → precedence → status.

This is the definition. Engines and exports are translations of it and are tested to agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, assert_never

from mgcds.model.condition import Truth, all_of, judge
from mgcds.model.criterion import (
    Asks,
    Bound,
    Criterion,
    Documented,
    Has,
    Limit,
    Measure,
    State,
    Taking,
    Threshold,
)
from mgcds.model.facts import Facts, Gap, Range, Reading, StateReading, known
from mgcds.model.pack import RulePack
from mgcds.model.rule import HoldsBack

Status = Literal["offered", "suppressed", "withheld", "not indicated"]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was decided of one record: truths of criteria, findings and rules, and the status of each rule's suggestion."""

    criteria: Mapping[str, Truth]
    findings: Mapping[str, Truth]
    rules: Mapping[str, Truth]
    statuses: Mapping[str, Status]


def evaluate_facts(pack: RulePack, facts: Facts) -> Verdicts:
    """Judge every criterion, finding and rule, then let rules hold one another back."""
    criteria = {key: test(criterion, facts) for key, criterion in pack.criteria.items()}
    truths = dict(criteria)
    for finding in pack.findings.values():
        truths[finding.id] = judge(finding.when, truths)
    rules = {rule.id: judge(rule.when, truths) for rule in pack.rules.values()}
    statuses = {rule_id: status(truth, pack.holders[rule_id], rules, pack, facts) for rule_id, truth in rules.items()}
    return Verdicts(criteria, {name: truths[name] for name in pack.findings}, rules, statuses)


def status(
    truth: Truth, holders: tuple[HoldsBack, ...], rules: Mapping[str, Truth], pack: RulePack, facts: Facts
) -> Status:
    """Offered only if met and every holder is known not to apply (or lets pass); suppressed if one applies; withheld otherwise."""
    if truth is False:
        return "not indicated"
    in_doubt = truth is None
    for holder in holders:
        if rules[holder.by] is True:
            return "suppressed"
        in_doubt = in_doubt or not is_cleared(holder, rules, pack, facts)
    return "withheld" if in_doubt else "offered"


def in_review(verdicts: Verdicts, pack: RulePack, on: date) -> Verdicts:
    """What is said on a day, after all that rules say: what would be offered is withheld where the review of its rule has lapsed.

    Such a rule still holds others back. Engines, exports and proofs speak of what the rules say, whatever the day.
    """
    late = {rule.id for rule in pack.rules.values() if rule.review.lapses is not None and on > rule.review.lapses}
    statuses = verdicts.statuses
    withheld: dict[str, Status] = {rule: "withheld" for rule in late if statuses[rule] == "offered"}
    return replace(verdicts, statuses={**statuses, **withheld}) if withheld else verdicts


def is_cleared(holder: HoldsBack, rules: Mapping[str, Truth], pack: RulePack, facts: Facts) -> bool:
    """Known not to apply; or unknown, where it lets pass and no value it reads was rejected (a spoilt sample is no missing one)."""
    truth = rules[holder.by]
    if truth is None and holder.lets_pass:
        return not any(is_rejected(item, facts) for item in pack.reads[holder.by])
    return truth is False


def is_rejected(about: str, facts: Facts) -> bool:
    """Something was reported of this item or list, and could not be used."""
    found = known(facts, about)
    return isinstance(found, Gap) and found.reason not in ("missing", "stale")


def test(criterion: Criterion, facts: Facts) -> Truth:
    """Is a criterion met, not met, or unknown?"""
    if isinstance(criterion, Measure):
        reading = facts.items[criterion.item]
        if not isinstance(reading, Reading) or _too_old(reading.days, criterion.within):
            return None
        lower, upper = criterion.lower, criterion.upper
        above = True if lower is None else is_above(reading.range, limit_of(lower, reading))
        if upper is None or above is False:
            return above
        below = is_below(reading.range, limit_of(upper, reading))
        return None if above is None and below is True else below
    if isinstance(criterion, Taking):
        listed = facts.members[criterion.value_set]
        if listed.present is not True:
            return listed.present
        return all_of(
            (
                True if criterion.at_least is None else is_above(listed.running, Limit(criterion.at_least, True)),
                True if criterion.at_most is None else is_below(listed.running, Limit(criterion.at_most, True)),
                True
                if criterion.unchanged_for is None
                else is_above(listed.unchanged, Limit(criterion.unchanged_for, True)),
            )
        )
    if isinstance(criterion, Has):
        return facts.members[criterion.value_set].present
    if isinstance(criterion, State):
        state = facts.items[criterion.item]
        if not isinstance(state, StateReading) or _too_old(state.days, criterion.within):
            return None
        return state.value in criterion.values
    if isinstance(criterion, Asks):
        return asks(criterion, facts)
    if isinstance(criterion, Documented):
        return documented(criterion, facts)
    assert_never(criterion)


def asks(criterion: Asks, facts: Facts) -> bool:
    """A statement about knowledge is met or not, never unknown."""
    found = known(facts, criterion.about)
    if found is None:
        return False
    if not isinstance(found, Gap):
        return criterion.problem in ("stale", "unknown") and _too_old(found.days, criterion.within)
    if criterion.problem == "unknown":
        return True
    if criterion.problem == "rejected":
        return found.reason not in ("missing", "stale")
    return found.reason == criterion.problem


def documented(criterion: Documented, facts: Facts) -> bool:
    """On record, current, and not older than the value it answers."""
    state = facts.items[criterion.item]
    if (
        not isinstance(state, StateReading)
        or state.value not in criterion.values
        or _too_old(state.days, criterion.within)
    ):
        return False
    answered = facts.items[criterion.since] if criterion.since else None
    return not isinstance(answered, Reading) or state.days <= answered.days


def limit_of(bound: Bound, reading: Reading) -> Limit | None:
    """The limit in the unit the value was reported in; None where the item has none."""
    if isinstance(bound, Threshold):
        return bound.by_unit[reading.unit]
    limit = reading.lower if bound.which == "lower" else reading.upper
    if limit is None or limit.inclusive == bound.inclusive:
        return limit
    return Limit(limit.value, bound.inclusive)


def is_above(found: Range, limit: Limit | None) -> Truth:
    """Above the limit, or at it where the limit is inclusive; unknown while the range reaches both sides."""
    if limit is None:
        return None
    low, high, value = found.low, found.high, limit.value
    if low is not None and (low > value or (low == value and (found.low_open or limit.inclusive))):
        return True
    if high is not None and (high < value or (high == value and (found.high_open or not limit.inclusive))):
        return False
    return None


def is_below(found: Range, limit: Limit | None) -> Truth:
    """Below the limit, or at it where the limit is inclusive; unknown while the range reaches both sides."""
    if limit is None:
        return None
    low, high, value = found.low, found.high, limit.value
    if high is not None and (high < value or (high == value and (found.high_open or limit.inclusive))):
        return True
    if low is not None and (low > value or (low == value and (found.low_open or not limit.inclusive))):
        return False
    return None


def _too_old(days: int, within: int | None) -> bool:
    return within is not None and days > within
