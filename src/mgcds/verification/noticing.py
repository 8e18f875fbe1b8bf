"""Which scenario notices a mutant: each is asked only where the mutant judges its patient otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from mgcds.model.condition import Truth, judge, names_of
from mgcds.model.evaluation import Verdicts, evaluate_facts, status, test
from mgcds.model.facts import Facts, Gap, Reading, known
from mgcds.model.pack import Item, ListItem, MeasuredItem, RulePack
from mgcds.model.rule import Finding, Rule
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
        """Does it expect what is missing, or who holds back?"""

    @property
    def asks_for_kinds(self) -> bool:
        """Does it expect something of a kind?"""

    def asks_of(self, pack: RulePack) -> frozenset[str]:
        """The rules of which it expects something."""

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
        self.asked = [example.asks_of(pack) for example in self.concrete]

    def broken(self) -> list[Example]:
        """Those that fail with the unchanged pack: they would seem to notice everything."""
        facts = dict(zip(map(id, self.concrete), self.facts, strict=True))
        return [example for example in self.all if example.notices(self.pack, facts.get(id(example)))]

    def first_to_notice(self, mutant: Mutant) -> Example | None:
        """A scenario of one patient that fails with the mutant: those about the changed rule are asked first, those that want reasons,
        which take longest to find, last.
        """
        pack = mutant.build()
        changed = Changed(self.pack, pack)
        own = [example.topic_and_rule[1] == mutant.part for example in self.concrete]
        order = sorted(range(len(own)), key=lambda place: (self.concrete[place].asks_for_reasons, not own[place]))
        for place in order:
            example, verdicts = self.concrete[place], self.verdicts[place]
            facts: Facts | None = self.facts[place]
            if mutant.item is not None and reads_otherwise(pack.items[mutant.item], self.pack, self.facts[place]):
                facts = None  # to be read anew
            elif changed.concerned.isdisjoint(self.asked[place]) or not (
                changed.tells_otherwise(self.facts[place], verdicts)
                or (example.asks_for_reasons and changed.concerns(verdicts))
                or (example.asks_for_kinds and changed.kinds)
            ):
                continue
            if example.notices(pack, facts):
                return example
        return None

    def first_to_prove(self, mutant: Mutant) -> Example | None:
        """A scenario about any patient that fails with the mutant."""
        pack = mutant.build()
        return next((example for example in self.all if example.is_about_anyone and example.notices(pack)), None)


def reads_otherwise(item: Item, pack: RulePack, facts: Facts) -> bool:
    """May the facts of the patient be others where the item is this one?"""
    before, found = pack.items[item.id], known(facts, item.id)
    if isinstance(item, ListItem):
        return found is None or (isinstance(found, Gap) and found.reason == "stale")
    if not isinstance(item, MeasuredItem) or not isinstance(before, MeasuredItem):
        return False  # of a state only criteria ask how old it is
    if item.change is not None and item.change != before.change:
        return facts.members[item.change.value_set].present is True and isinstance(facts.items[item.change.of], Reading)
    if (item.lower, item.upper) != (before.lower, before.upper):
        return isinstance(found, Reading)
    return isinstance(found, Gap) and found.reason in ("stale", "rejected")


class Changed:
    """What of a pack a mutant changes: only that is judged again, and what hangs on it where the verdict is another."""

    def __init__(self, pack: RulePack, mutant: RulePack) -> None:
        self._mutant = mutant
        self._criteria = {
            key: criterion for key, criterion in mutant.criteria.items() if criterion is not pack.criteria.get(key)
        }
        before: dict[str, Finding | Rule] = {**pack.findings, **pack.rules}
        self._parts: dict[str, Finding | Rule] = {
            **mutant.findings,
            **mutant.rules,
        }  # findings stand after those they use, rules after findings
        self._written = {part.id for part in self._parts.values() if part.when != before[part.id].when}
        self._uses = {part.id: frozenset(names_of(part.when)) for part in self._parts.values()}
        self._concerned: list[str] = []
        for part, uses in self._uses.items():
            if part in self._written or not uses.isdisjoint(self._concerned):
                self._concerned.append(part)
        self._held = [rule for rule in mutant.rules if mutant.holders[rule] != pack.holders[rule]]
        self.kinds = [rule for rule in mutant.rules if mutant.rules[rule].suggest.kind != pack.rules[rule].suggest.kind]
        judged = {*self._concerned, *self._held, *self.kinds}
        held = [rule for rule, holders in mutant.holders.items() if any(holder.by in judged for holder in holders)]
        self.concerned = frozenset((*judged, *held))
        """findings and rules of which something may change"""

    def tells_otherwise(self, facts: Facts, verdicts: Verdicts) -> bool:
        """Is a rule of this patient judged otherwise, or its suggestion given another status?"""
        rules = verdicts.rules
        if any(
            status(rules[rule], self._mutant.holders[rule], rules, self._mutant, facts) != verdicts.statuses[rule]
            for rule in self._held
        ):
            return True
        return any(part in rules for part in self._judged_otherwise(facts, verdicts))

    def concerns(self, verdicts: Verdicts) -> bool:
        """Can it change why something is held back or withheld, though no status changes?"""
        rules = [part for part in self._concerned if part in verdicts.rules]
        return any(verdicts.rules[rule] is not False for rule in (*rules, *self._held))

    def _judged_otherwise(self, facts: Facts, verdicts: Verdicts) -> Iterator[str]:
        """Findings and rules with another verdict."""
        if not self._concerned:
            return
        truths: dict[str, Truth] = {**verdicts.criteria, **verdicts.findings}
        truths |= {key: test(criterion, facts) for key, criterion in self._criteria.items()}
        otherwise: set[str] = set()
        for part in self._concerned:
            if part not in self._written and self._uses[part].isdisjoint(otherwise):
                continue
            truth = judge(self._parts[part].when, truths)
            if truth is not (truths[part] if part in verdicts.findings else verdicts.rules[part]):
                truths[part] = truth
                otherwise.add(part)
                yield part
