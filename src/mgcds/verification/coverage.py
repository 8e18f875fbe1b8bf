"""What scenarios have asked of each rule: its verdicts, the statuses of its suggestion, its clauses, MC/DC, and both sides of each limit.

Only scenarios that expect something of a rule count for it. MC/DC is the masking kind (correlated active clauses): a criterion is
covered when, with everything else as it is, it decides the rule for a patient of whom it is met and for one of whom it is not, and the
rule is met of one of the two and not of the other. It decides where turning it round would turn the rule round; where that would leave
the rule unknown, it does not. Findings are looked through to their criteria.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, cast, get_args

from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not, Truth, judge
from mgcds.model.criterion import Measure, Number, Threshold
from mgcds.model.evaluation import Status
from mgcds.model.explanation import plain
from mgcds.model.facts import Facts, Reading
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.verification.noticing import Examples

Measured = Literal["verdict", "status", "clause", "MC/DC", "limit"]
VERDICTS: Mapping[Truth, str] = {True: "met", False: "not met", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Case:
    """Something a scenario should ask of a rule: in words, with the criterion and value it is about."""

    rule: str
    of: Measured
    says: str
    key: str = ""
    wanted: Any = None


class Coverage:
    """Which cases of which rules the scenarios have asked."""

    def __init__(self, pack: RulePack, examples: Examples, rule: str | None = None) -> None:
        self.pack = pack
        self._examples = examples
        self._rules = [rule] if rule else list(pack.rules)
        self.expanded = {name: expand(pack.rules[name].when, pack) for name in self._rules}
        self.cases = [case for name in self._rules for case in self._cases(name)]
        self.covered = {case for case in self.cases if self._is_covered(case)}
        self._impossible: frozenset[Case] | None = None

    @property
    def missing(self) -> list[Case]:
        """Cases that no scenario has asked, though there is a patient of whom they are so."""
        return [case for case in self.cases if case not in self.covered and case not in self.impossible]

    @property
    def impossible(self) -> frozenset[Case]:
        """Cases that are so of no patient, as Z3 shows."""
        if self._impossible is None:
            from mgcds.verification.cases import Cases

            possible = Cases(self.pack, self.expanded)
            left = [case for case in self.cases if case not in self.covered]
            self._impossible = frozenset(case for case in left if not possible.is_possible(case))
        return self._impossible

    def summary(self, rule: str | None = None) -> dict[str, dict[str, int]]:
        """How many cases of each sort there are, and how many are covered."""
        found = {}
        for of in get_args(Measured):
            cases = [case for case in self.cases if case.of == of and rule in (None, case.rule)]
            covered = sum(case in self.covered for case in cases)
            found[of] = {"covered": covered, "possible": sum(case not in self.impossible for case in cases)}
        return found

    # --- the cases of a rule ----------------------------------------------------------------------------------------------

    def _cases(self, rule: str) -> Iterator[Case]:
        for truth, words in VERDICTS.items():
            yield Case(rule, "verdict", f"is {words}", wanted=truth)
        for status in get_args(Status):
            yield Case(rule, "status", f"is {status}", wanted=status)
        for key in self.pack.criteria_of[rule]:
            for truth in (True, False):
                yield Case(rule, "clause", f"'{key}' is {VERDICTS[truth]}", key, truth)
                yield Case(rule, "MC/DC", f"'{key}' is {VERDICTS[truth]} and decides", key, truth)
            yield from self._limits(rule, key)

    def _limits(self, rule: str, key: str) -> Iterator[Case]:
        for unit, limit in limits_of(key, self.pack):
            step = step_of(key, limit, self.pack)
            for side in ("below", "at", "above"):
                yield Case(
                    rule, "limit", f"'{key}': {side} {limit} {plain(unit)}".rstrip(), key, (unit, limit, step, side)
                )

    # --- what the scenarios ask -------------------------------------------------------------------------------------------

    def _is_covered(self, case: Case) -> bool:
        examples = self._examples
        asked = [place for place, rules in enumerate(examples.asked) if case.rule in rules]
        if case.of == "verdict":
            return any(examples.verdicts[place].rules[case.rule] is case.wanted for place in asked)
        if case.of == "status":
            return any(examples.verdicts[place].statuses[case.rule] == case.wanted for place in asked)
        if case.of == "clause":
            return any(examples.verdicts[place].criteria[case.key] is case.wanted for place in asked)
        if case.of == "MC/DC":
            decide = decides(self.expanded[case.rule], case.key)
            return any(decide(examples.verdicts[place].criteria, case.wanted) for place in asked)
        return any(is_beside(examples.facts[place], case, self.pack) for place in asked)


def expand(condition: Condition, pack: RulePack) -> Condition:
    """With the conditions of findings in the place of their names."""
    match condition:
        case Name(name=name):
            return expand(pack.findings[name].when, pack) if name in pack.findings else condition
        case Not(part=part):
            return Not(expand(part, pack))
        case AllOf(parts=parts):
            return AllOf(tuple(expand(part, pack) for part in parts))
        case AnyOf(parts=parts):
            return AnyOf(tuple(expand(part, pack) for part in parts))


def decides(condition: Condition, key: str) -> Callable[[Mapping[str, Truth], bool], bool]:
    """Is a criterion so, and would the condition turn round with it?"""

    def of(criteria: Mapping[str, Truth], wanted: bool) -> bool:
        if criteria[key] is not wanted:
            return False
        outcomes = {judge(condition, {**criteria, key: truth}) for truth in (True, False)}
        return outcomes == {True, False}

    return of


def limits_of(key: str, pack: RulePack) -> list[tuple[str, Number]]:
    """The limits of a criterion in each unit in which one is written."""
    criterion = pack.criteria[key]
    if not isinstance(criterion, Measure):
        return []
    bounds = [bound for bound in (criterion.lower, criterion.upper) if isinstance(bound, Threshold)]
    return [
        (unit, limit.value)
        for bound in bounds
        for unit, limit in bound.by_unit.items()
        if f"{limit.value} {plain(unit)}".strip() in bound.text
    ]


def step_of(key: str, limit: Number, pack: RulePack) -> Decimal:
    """One step of the last digit the limit is written with; of what is counted in whole numbers, one."""
    criterion = pack.criteria[key]
    assert isinstance(criterion, Measure)
    item = pack.items[criterion.item]
    assert isinstance(item, MeasuredItem)
    whole = item.whole or not isinstance(limit, Decimal)
    return Decimal(1) if whole else Decimal(1).scaleb(cast(int, cast(Decimal, limit).as_tuple().exponent))


def is_beside(facts: Facts, case: Case, pack: RulePack) -> bool:
    """Is the value at the limit, or at most one step to that side of it?"""
    criterion = pack.criteria[case.key]
    assert isinstance(criterion, Measure)
    unit, limit, step, side = case.wanted
    found = facts.items[criterion.item]
    if not isinstance(found, Reading) or found.unit != unit or found.range.low is None:
        return False
    value = found.range.low
    if found.range.high != value or found.range.low_open or found.range.high_open:
        return False
    away = Fraction(value) - Fraction(limit)
    beside: bool = {"below": -step <= away < 0, "at": away == 0, "above": 0 < away <= step}[side]
    return beside
