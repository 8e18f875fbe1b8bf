"""Which scenario notices a mutant: each is asked only where the mutant judges its patient otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from mgcds.model.condition import Truth, judge, names_of
from mgcds.model.evaluation import Verdicts, evaluate_facts, status, test
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.verification.mutants import Mutant


class Example(Protocol):
    """One scenario with one patient, or about any patient."""

    @property
    def where(self) -> str:
        """Where it is written."""

    @property
    def topic_and_rule(self) -> tuple[str, str]:
        """What it is about."""

    @property
    def is_about_anyone(self) -> bool:
        """Is it proved, not tried?"""

    @property
    def asks_for_reasons(self) -> bool:
        """Does it expect more than statuses: what is missing, what holds back, what a text or a data problem says?"""

    def facts(self, pack: RulePack) -> Facts:
        """What is known of its patient."""

    def notices(self, pack: RulePack, facts: Facts | None = None) -> bool:
        """Does it fail with this pack?"""


class Examples:
    """Scenarios with what the unchanged pack says of their patients."""

    def __init__(self, pack: RulePack, examples: Iterable[Example]) -> None:
        self.pack = pack
        self.all = list(examples)
        self.concrete = [example for example in self.all if not example.is_about_anyone]
        self.facts = [example.facts(pack) for example in self.concrete]
        self.verdicts = [evaluate_facts(pack, facts) for facts in self.facts]

    def broken(self) -> list[Example]:
        """Those that fail with the unchanged pack: they would seem to notice everything."""
        facts = dict(zip(map(id, self.concrete), self.facts, strict=True))
        return [example for example in self.all if example.notices(self.pack, facts.get(id(example)))]

    def first_to_notice(self, mutant: Mutant) -> Example | None:
        """A scenario of one patient that fails with the mutant; those about the changed rule are asked first."""
        pack = mutant.build()
        own = [place for place, example in enumerate(self.concrete) if example.topic_and_rule[1] == mutant.part]
        order = [*own, *sorted(set(range(len(self.concrete))) - set(own))]
        if mutant.item is not None:
            return self._first(pack, order, read_again=True)
        changed = Changed(self.pack, pack)
        told = {place for place in order if changed.tells_otherwise(self.facts[place], self.verdicts[place])}
        found = self._first(pack, [place for place in order if place in told])
        if found is None:
            reasons = [place for place in order if place not in told and self.concrete[place].asks_for_reasons]
            found = self._first(pack, [place for place in reasons if changed.concerns(self.verdicts[place])])
        return found

    def _first(self, pack: RulePack, places: Sequence[int], read_again: bool = False) -> Example | None:
        for place in places:
            example = self.concrete[place]
            if example.notices(pack, None if read_again else self.facts[place]):
                return example
        return None

    def first_to_prove(self, mutant: Mutant) -> Example | None:
        """A scenario about any patient that fails with the mutant."""
        pack = mutant.build()
        return next((example for example in self.all if example.is_about_anyone and example.notices(pack)), None)


class Changed:
    """What of a pack a mutant changes: only that is judged again."""

    def __init__(self, pack: RulePack, mutant: RulePack) -> None:
        self._mutant = mutant
        self._criteria = [key for key in mutant.criteria if mutant.criteria[key] is not pack.criteria.get(key)]
        parts = {**mutant.findings, **mutant.rules}
        before = {**pack.findings, **pack.rules}
        again: list[str] = []
        for part in parts.values():  # findings stand after those they use, rules after findings
            if part.when != before[part.id].when or any(name in again for name in names_of(part.when)):
                again.append(part.id)
        self._findings = [part for part in again if part in mutant.findings]
        self._rules = [part for part in again if part in mutant.rules]
        self._held = [
            rule
            for rule in mutant.rules
            if mutant.holders[rule] is not pack.holders[rule] and mutant.holders[rule] != pack.holders[rule]
        ]
        self._kinds = [rule for rule in mutant.rules if mutant.rules[rule].suggest.kind != pack.rules[rule].suggest.kind]

    def tells_otherwise(self, facts: Facts, verdicts: Verdicts) -> bool:
        """Is a rule of this patient judged otherwise, or its suggestion given another status or kind?"""
        rules = self._judged(facts, verdicts)
        if any(rules[rule] is not verdicts.rules[rule] for rule in self._rules):
            return True
        if any(rules[rule] is not False for rule in self._kinds):
            return True
        return any(
            status(rules[rule], self._mutant.holders[rule], rules, self._mutant, facts) != verdicts.statuses[rule]
            for rule in self._held
        )

    def concerns(self, verdicts: Verdicts) -> bool:
        """Can it change why something is held back or withheld, though no status changes?"""
        return any(verdicts.rules[rule] is not False for rule in (*self._rules, *self._held, *self._kinds))

    def _judged(self, facts: Facts, verdicts: Verdicts) -> Mapping[str, Truth]:
        if not self._rules:
            return verdicts.rules
        known: dict[str, Truth] = {**verdicts.criteria, **verdicts.findings}
        known |= {key: test(self._mutant.criteria[key], facts) for key in self._criteria}
        for finding in self._findings:
            known[finding] = judge(self._mutant.findings[finding].when, known)
        return {**verdicts.rules, **{rule: judge(self._mutant.rules[rule].when, known) for rule in self._rules}}
