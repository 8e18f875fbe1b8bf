"""The smallest missing sets by trying everything: for each set of unknown items and lists, each way they could turn out.

Written from the definition in `mgcds.model.missing` and from the meaning of criteria alone; it shares no code with the search there
but the imagined values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from math import prod

from mgcds.model.condition import Condition, Not, Truth, all_of, judge
from mgcds.model.criterion import Asks, Criterion, Documented, Measure, State
from mgcds.model.evaluation import Verdicts, is_rejected, test
from mgcds.model.facts import Facts, Reading, StateReading
from mgcds.model.missing import imagined
from mgcds.model.pack import RulePack, about

Answer = Reading | StateReading | Mapping[str, bool]
"""how an item turned out, or what a list says to each criterion it left unknown"""


class BruteForce:
    """One rule of one patient."""

    def __init__(self, rule: str, verdicts: Verdicts, pack: RulePack, facts: Facts) -> None:
        self._pack, self._facts, self._verdicts = pack, facts, verdicts
        holders = [holder for holder in pack.holders[rule] if verdicts.rules[holder.by] is not False]
        strict = [pack.rules[holder.by].when for holder in holders if not holder.lets_pass]
        self._wanted: list[Condition] = [pack.rules[rule].when, *map(Not, strict)]
        rejected_by = {
            holder.by: {subject for subject in pack.reads[holder.by] if is_rejected(subject, facts)}
            for holder in holders
            if holder.lets_pass
        }
        self._may_pass = [(pack.rules[holder].when, rejected) for holder, rejected in rejected_by.items()]
        all_rejected = {subject for rejected in rejected_by.values() for subject in rejected}
        parts = (rule, *(holder.by for holder in holders))
        self._keys = list(dict.fromkeys(key for part in parts for key in pack.criteria_of[part]))
        self._findings = {name: pack.findings[name].when for name in pack.findings}
        unknown = {about(pack.criteria[key], pack) for key in self._keys if verdicts.criteria[key] is None}
        self.unknown = sorted(unknown | all_rejected)

    def smallest_sets(self) -> set[tuple[str, ...]]:
        """Every set for which some answers let the suggestion be offered, without the supersets of another."""
        found: list[tuple[str, ...]] = []
        for size in range(len(self.unknown) + 1):
            for subjects in combinations(self.unknown, size):
                if not any(set(smaller) <= set(subjects) for smaller in found) and self.could_do(subjects):
                    found.append(subjects)
        return set(found)

    @property
    def work(self) -> int:
        """In how many ways everything unknown could turn out."""
        return prod(1 + sum(1 for _ in self._answers(subject)) for subject in self.unknown)

    def could_do(self, subjects: Sequence[str], given: Mapping[str, Answer] | None = None) -> bool:
        """Is there an answer for each of these, all else as it is? Gives up early on what no further answer can mend."""
        given = given or {}
        so_far = self._judge(given, {subject for subject in subjects if subject not in given})
        if so_far is not None or len(given) == len(subjects):
            return so_far is True
        subject = next(subject for subject in subjects if subject not in given)
        return any(self.could_do(subjects, {**given, subject: answer}) for answer in self._answers(subject))

    def _answers(self, subject: str) -> Iterator[Answer]:
        """Imagined values that differ to the criteria in question; for a list every combination of yes and no."""
        if subject in self._facts.lists:
            keys = [
                key
                for key in self._keys
                if self._is_open(key) and about(self._pack.criteria[key], self._pack) == subject
            ]
            yield from (dict(zip(keys, answers, strict=True)) for answers in product((True, False), repeat=len(keys)))
            return
        seen = set()
        for value in imagined(subject, self._pack):
            likeness = tuple(self._likeness(key, subject, value) for key in self._keys)
            if likeness not in seen:
                seen.add(likeness)
                yield value

    def _is_open(self, key: str) -> bool:
        return self._verdicts.criteria[key] is None

    def _likeness(self, key: str, subject: str, value: Reading | StateReading) -> Truth | tuple[bool, ...]:
        criterion = self._pack.criteria[key]
        if isinstance(criterion, Documented) and subject in (criterion.item, criterion.since):
            return (isinstance(value, StateReading) and value.value in criterion.values,)
        if about(criterion, self._pack) != subject:
            return None
        return test(criterion, self._with({subject: value}))

    def _with(self, given: Mapping[str, Answer]) -> Facts:
        values = {subject: answer for subject, answer in given.items() if isinstance(answer, Reading | StateReading)}
        closed = {subject: None for subject in given if subject in self._facts.lists}
        return replace(self._facts, items={**self._facts.items, **values}, lists={**self._facts.lists, **closed})

    def _judge(self, given: Mapping[str, Answer], open_still: set[str]) -> Truth:
        """With these answers, and criteria on what is still open left unknown."""
        facts = self._with(given)
        truths = {key: self._truth(key, given, open_still, facts) for key in self._keys}
        for name, when in self._findings.items():
            if all(key in truths for key in self._pack.criteria_of[name]):
                truths[name] = judge(when, truths)
        passed: list[Truth] = []
        for condition, rejected in self._may_pass:
            met = judge(condition, truths)
            passed.append(not met if met is not None else None if open_still else rejected <= given.keys())
        return all_of([*passed, *(judge(condition, truths) for condition in self._wanted)])

    def _truth(self, key: str, given: Mapping[str, Answer], open_still: set[str], facts: Facts) -> Truth:
        criterion: Criterion = self._pack.criteria[key]
        subject = about(criterion, self._pack)
        match criterion:
            case Documented(item=item, since=since):
                return None if {item, since} & open_still else test(criterion, facts)
            case Measure() | State() | Asks():
                return None if subject in open_still else test(criterion, facts)
            case _:
                was = self._verdicts.criteria[key]
                answers = given.get(subject)
                return answers[key] if was is None and isinstance(answers, Mapping) else was
