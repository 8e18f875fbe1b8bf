"""What would decide a withheld suggestion: the smallest sets of data which, if known, could let it be offered.

A set counts when values exist for its items with which the suggestion is offered, while everything else stays as unknown as it is:
the rule is met, every holder is known not to apply, or is one that lets pass, is not met, and has no rejected value left. "Smallest":
no proper subset does. What is learnt is learnt today: it is no longer asked for, and an answer on record (`documented`) may be too
old for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from itertools import chain, pairwise
from typing import ClassVar, NamedTuple, assert_never

from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not, Truth
from mgcds.model.criterion import Asks, Criterion, Documented, Measure, State, Threshold
from mgcds.model.evaluation import is_rejected, test
from mgcds.model.facts import Facts, Range, Reading, StateReading
from mgcds.model.pack import MeasuredItem, RulePack, StateItem, about

# One way to decide. For an item the values that would do, as bits: the lowest is "as it is", then the imagined ones. For a list the
# answers it would have to give; one about the list itself says whether it is learnt or stays as it is.
Way = Mapping[str, int | frozenset[tuple[str, bool]]]
_AS_IT_IS = 1
_MOST_WAYS = 128
_NO_DAY = date(2000, 1, 1)  # imagined values are always fresh


class Pattern(NamedTuple):
    """All that the smallest sets of a rule depend on: patients who share it share them."""

    rule: str
    in_doubt: tuple[str, ...]
    """holders that are not known not to apply"""
    rejected: tuple[str, ...]
    """what those that let pass read and was rejected"""
    truths: tuple[Truth, ...]
    """of the criteria of the rule and of those holders, in the pack's order"""
    outdated: tuple[str, ...]
    """answers on record that would be too old for a value of today"""


def pattern_of(
    rule_id: str, criteria: Mapping[str, Truth], rules: Mapping[str, Truth], pack: RulePack, facts: Facts
) -> Pattern:
    """What of a patient matters to the smallest sets of a rule."""
    holders = [holder for holder in pack.holders[rule_id] if rules[holder.by] is not False]
    in_doubt = tuple(holder.by for holder in holders)
    rejected = {
        subject
        for holder in holders
        if holder.lets_pass
        for subject in pack.reads[holder.by]
        if is_rejected(subject, facts)
    }
    keys = related(rule_id, in_doubt, pack)
    outdated = [key for key in keys if key in pack.answers and _is_outdated(pack.answers[key], facts)]
    return Pattern(rule_id, in_doubt, tuple(sorted(rejected)), tuple([criteria[key] for key in keys]), tuple(outdated))


def related(rule_id: str, in_doubt: Iterable[str], pack: RulePack) -> dict[str, None]:
    """The criteria of a rule and of its holders in doubt, in the pack's order."""
    return {key: None for part in (rule_id, *in_doubt) for key in pack.criteria_of[part]}


def _is_outdated(criterion: Documented, facts: Facts) -> bool:
    """Would the answer on record be too old for a value learnt today?"""
    answer = facts.items[criterion.item]
    return isinstance(answer, StateReading) and answer.days > 0


def sets_once(pattern: Pattern, pack: RulePack) -> tuple[tuple[str, ...], ...]:
    """As `sets_of`, worked out once for each pattern."""
    found = pack.missing_sets.get(pattern)
    if found is None:
        found = sets_of(pattern, pack)
        if len(pack.missing_sets) < 100_000:  # patterns repeat; a bound keeps a long-running service's memory flat
            pack.missing_sets[pattern] = found
    return found


def sets_of(pattern: Pattern, pack: RulePack) -> tuple[tuple[str, ...], ...]:
    """The smallest sets of all patients of a pattern, each sorted, in order of size; none where no data could make it offered."""
    lets_pass = {holder.by for holder in pack.holders[pattern.rule] if holder.lets_pass}
    keys = related(pattern.rule, pattern.in_doubt, pack)
    solver = _Ways(dict(zip(keys, pattern.truths, strict=True)), pattern, pack)
    wanted = [
        solver.ways(pack.rules[pattern.rule].when, True),
        *(solver.ways(pack.rules[holder].when, False) for holder in pattern.in_doubt if holder not in lets_pass),
        *(solver.passing(holder) for holder in pattern.in_doubt if holder in lets_pass),
    ]
    ways = _all_of(wanted)
    for holder in lets_pass.intersection(
        pattern.in_doubt
    ):  # nothing is learnt for these: they only must not become met
        unmet = solver.ways(pack.rules[holder].when, False, or_unknown=True)
        ways = _smallest(passing for way in ways for passing in _passing(way, unmet))
    found: list[frozenset[str]] = []
    for items in sorted({_learnt(way) for way in ways}, key=len):
        if not any(smaller <= items for smaller in found):
            found.append(items)
    return tuple(sorted((tuple(sorted(items)) for items in found), key=lambda items: (len(items), items)))


def _learnt(way: Way) -> frozenset[str]:
    """The items and lists that this way has to learn."""
    return frozenset(
        subject
        for subject, need in way.items()
        if (not need & _AS_IT_IS if isinstance(need, int) else (subject, True) in need)
    )


class _Ways:
    """The ways to make a condition true or false by learning what is unknown; or, where it is enough, to leave it unknown."""

    def __init__(self, criteria: Mapping[str, Truth], pattern: Pattern, pack: RulePack) -> None:
        self._criteria = criteria
        self._outdated = frozenset(pattern.outdated)
        self._pack = pack
        unknown = {about(pack.criteria[key], pack) for key, truth in criteria.items() if truth is None}
        self._rejected = frozenset(pattern.rejected)
        self._open = unknown | self._rejected
        self._seen: dict[tuple[str, bool, bool], list[Way]] = {}

    def ways(self, condition: Condition, wanted: bool, or_unknown: bool = False) -> list[Way]:
        match condition:
            case Name(name=name):
                key = name, wanted, or_unknown
                if key not in self._seen:
                    self._seen[key] = self._of_name(name, wanted, or_unknown)
                return self._seen[key]
            case Not(part=part):
                return self.ways(part, not wanted, or_unknown)
            case AllOf(parts=parts) | AnyOf(parts=parts):
                ways = [self.ways(part, wanted, or_unknown) for part in parts]
                all_are_needed = isinstance(condition, AllOf) is wanted
                return _all_of(ways) if all_are_needed else _smallest(chain.from_iterable(ways))
        assert_never(condition)

    def passing(self, holder: str) -> list[Way]:
        """The ways to clear a rule that lets pass: to know that it does not apply, or to learn all that was rejected of what it reads."""
        learnt = _all_of([self._learning(subject)] for subject in self._rejected.intersection(self._pack.reads[holder]))
        return learnt if learnt == [{}] else _smallest([*learnt, *self.ways(self._pack.rules[holder].when, False)])

    def _learning(self, subject: str) -> Way:
        """To learn an item or a list, whatever it says."""
        if subject in self._pack.vocabularies:
            return {subject: frozenset({(subject, True)})}
        return {subject: self._any_value(subject)}

    def _of_name(self, name: str, wanted: bool, or_unknown: bool) -> list[Way]:
        finding = self._pack.findings.get(name)
        if finding is not None:
            return self.ways(finding.when, wanted, or_unknown)
        criterion, truth = self._pack.criteria[name], self._criteria[name]
        if truth is not None or not or_unknown:
            return self._of_criterion(name, criterion, truth, wanted)
        subject = about(criterion, self._pack)
        if subject in self._pack.vocabularies:
            return [*self._of_criterion(name, criterion, truth, wanted), {subject: frozenset({(subject, False)})}]
        decided_otherwise = imagined_truths(self._pack)[name][not wanted] << 1
        return _of_item(subject, _AS_IT_IS | (self._any_value(subject) & ~decided_otherwise))

    def _of_criterion(self, name: str, criterion: Criterion, truth: Truth, wanted: bool) -> list[Way]:
        subject = about(criterion, self._pack)
        as_it_is = _AS_IT_IS if truth is wanted else 0
        if isinstance(criterion, Documented):
            return self._of_answer(name, criterion, truth, wanted)
        if subject not in self._open:
            return [{}] if truth is wanted else []
        if isinstance(criterion, Measure | State):
            return _of_item(subject, as_it_is | imagined_truths(self._pack)[name][wanted] << 1)
        if subject in self._pack.vocabularies:
            if isinstance(criterion, Asks) and truth is True:  # it is asked for as long as it is not learnt
                return [{subject: frozenset({(subject, not wanted)})}]
            if truth is not None:  # learning more of a list takes nothing back that it already says
                return [{}] if truth is wanted else []
            return [{subject: frozenset({(name, wanted), (subject, True)})}]
        return _of_item(subject, as_it_is | (0 if wanted else self._any_value(subject)))

    def _of_answer(self, name: str, criterion: Documented, truth: Truth, wanted: bool) -> list[Way]:
        """An answer on record; once the value it answers is learnt anew, it may be too old."""
        item, since = criterion.item, criterion.since
        stays: Way = {item: _AS_IT_IS} if item in self._open else {}
        ways: list[Way] = []
        if since is not None and since in self._open:
            later = self._any_value(since) if (name not in self._outdated and truth is True) is wanted else 0
            ways += [{**stays, **way} for way in _of_item(since, later | (_AS_IT_IS if truth is wanted else 0))]
        elif truth is wanted:
            ways.append(stays)
        if item in self._open:
            values = [
                value.value in criterion.values
                for value in imagined(item, self._pack)
                if isinstance(value, StateReading)
            ]
            ways += _of_item(item, sum(2 << place for place, is_one in enumerate(values) if is_one is wanted))
        return ways

    def _any_value(self, item: str) -> int:
        return (2 << len(imagined(item, self._pack))) - 2


def _all_of(parts: Iterable[list[Way]]) -> list[Way]:
    """The ways that do all at once."""
    found: list[Way] = [{}]
    for ways in sorted(parts, key=len):  # what leaves least choice first
        both: list[Way] = []
        covering = _Covering(ways)
        for one in found:
            if covering.has(one):  # it does this already
                both.append(one)
            else:
                both += (joined for other in ways if (joined := _join(one, other)) is not None)
        found = _smallest(both)
    return found


def _passing(way: Way, unmet: Iterable[Way]) -> list[Way]:
    """A way, narrowed to the values with which a rule that lets pass is not met. What it does not learn stays unknown."""
    learnt, narrowed = _learnt(way), []
    for one in unmet:
        if not _learnt(one) <= learnt:
            continue
        need = {subject: values for subject, values in one.items() if subject in learnt}
        if not need:
            return [way]
        joined = _join(way, need)
        if joined is not None:
            narrowed.append(joined)
    return narrowed


def _join(one: Way, other: Way) -> Way | None:
    """Both at once, or None where they need one item to have two values."""
    joined = dict(one)
    for subject, need in other.items():
        have = joined.get(subject)
        if have is None:
            joined[subject] = need
        elif isinstance(have, int) and isinstance(need, int):
            if not have & need:
                return None
            joined[subject] = have & need
        else:
            assert isinstance(have, frozenset)
            assert isinstance(need, frozenset)
            if any((name, not answer) in have for name, answer in need):
                return None
            joined[subject] = have | need
    return joined


def _of_item(item: str, bits: int) -> list[Way]:
    return [{item: bits}] if bits else []


def _smallest(ways: Iterable[Way]) -> list[Way]:
    """Without the ways that another one makes superfluous: it needs no other items and allows all their values."""
    kept: list[Way] = []
    covering = _Covering()
    for way in sorted(ways, key=lambda way: (len(_learnt(way)), len(way))):
        if not covering.has(way):
            kept.append(way)
            covering.add(way)
            if len(kept) == _MOST_WAYS:
                break
    return kept


class _Covering:
    """Ways, to be asked whether one of them covers another. By what they need, as bits: most need something that the other does not."""

    _bits: ClassVar[dict[str, int]] = {}

    def __init__(self, ways: Iterable[Way] = ()) -> None:
        self._ways: dict[int, list[Way]] = {}
        for way in ways:
            self.add(way)

    def add(self, way: Way) -> None:
        self._ways.setdefault(self._needs(way), []).append(way)

    def has(self, way: Way) -> bool:
        other = ~self._needs(way)
        for needs, ways in self._ways.items():
            if not needs & other:
                for each in ways:
                    if _covers(each, way):
                        return True
        return False

    def _needs(self, way: Way) -> int:
        bits, found = self._bits, 0
        for subject in way:
            found |= bits.get(subject) or bits.setdefault(subject, 1 << len(bits))
        return found


def _covers(wide: Way, narrow: Way) -> bool:
    for subject, allowed in wide.items():
        need = narrow.get(subject)
        if need is None:
            return False
        if isinstance(allowed, int) and isinstance(need, int):
            if need & ~allowed:
                return False
        elif isinstance(allowed, frozenset) and isinstance(need, frozenset) and not allowed <= need:
            return False
    return True


def imagined_truths(pack: RulePack) -> Mapping[str, tuple[int, int]]:
    """For each criterion on an item: the imagined values of the item that make it not met and met, as bits. Worked out once a pack."""
    found = _IMAGINED.get(pack.digest)
    if found is None:
        found = _IMAGINED[pack.digest] = _imagine(pack)
    return found


_IMAGINED: dict[str, Mapping[str, tuple[int, int]]] = {}


def _imagine(pack: RulePack) -> Mapping[str, tuple[int, int]]:
    truths: dict[str, tuple[int, int]] = {}
    for item in pack.items.values():
        keys = [
            key
            for key, criterion in pack.criteria.items()
            if isinstance(criterion, Measure | State) and criterion.item == item.id
        ]
        for position, value in enumerate(imagined(item.id, pack)):
            facts = Facts(_NO_DAY, {item.id: value}, {}, {})
            for key in keys:
                truth = test(pack.criteria[key], facts)
                not_met, met = truths.get(key, (0, 0))
                truths[key] = (not_met | (truth is False) << position, met | (truth is True) << position)
    return truths


def imagined(item_id: str, pack: RulePack) -> list[Reading | StateReading]:
    """Fresh values of an item that tell all its criteria apart: at, just below and above every limit in every unit; every state."""
    item = pack.items[item_id]
    if isinstance(item, StateItem):
        return [StateReading(value, 0, "", None) for value in item.values]
    if not isinstance(item, MeasuredItem):
        return []
    return [
        Reading(
            Range.exactly(value), unit, 0,
            item.lower.by_unit[unit] if item.lower else None, item.upper.by_unit[unit] if item.upper else None,
            "", "", "", "", None,
        )
        for unit in item.units
        for value in _between(_limits(item, unit, pack))
    ]  # fmt: skip


def _limits(item: MeasuredItem, unit: str, pack: RulePack) -> list[Fraction]:
    bounds = [item.lower, item.upper]
    for criterion in pack.criteria.values():
        if isinstance(criterion, Measure) and criterion.item == item.id:
            bounds += [bound for bound in (criterion.lower, criterion.upper) if isinstance(bound, Threshold)]
    return sorted({Fraction(bound.by_unit[unit].value) for bound in bounds if bound is not None})


def _between(limits: list[Fraction]) -> list[Fraction]:
    if not limits:
        return [Fraction(1)]
    middles = [(low + high) / 2 for low, high in pairwise(limits)]
    below = limits[0] / 2 if limits[0] > 0 else limits[0] - 1  # what is measured is not negative, a change may be
    return sorted({below, limits[-1] + 1, *limits, *middles})
