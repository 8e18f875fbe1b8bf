"""What another version of a pack changes, for whom, and which version number follows from that.

Each difference is decided by Z3 over both packs and comes with a patient. `evaluate` says of that patient, with either pack, what is
claimed, or it is an error. Definition of the levels: docs/change-control.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, get_args

import z3

from mgcds.errors import EngineDisagreement
from mgcds.evaluator import evaluate
from mgcds.model.assessment import Assessment
from mgcds.model.documentation import draft_sentence
from mgcds.model.evaluation import Status, evaluate_facts
from mgcds.model.explanation import deciding, step_text
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord
from mgcds.model.rule import Rule
from mgcds.verification.rereading import Reread, paired_kin, undecided
from mgcds.verification.symbolic import AnyPatient
from mgcds.verification.witness import ON, Record, Witness, find_witness, writable

Level = Literal["none", "patch", "minor", "major"]
LEVELS: tuple[Level, ...] = get_args(Level)
STOPS = ("urgent", "stop")
STATUSES: tuple[Status, ...] = ("not indicated", "withheld", "suppressed", "offered")
_REWORDED = ("kind", "text", "certainty", "strength", "evidence_for", "evidence_against", "override_reasons")


@dataclass(frozen=True, slots=True)
class Side:
    """What one pack says of the example: the status of the suggestion, None where the pack has no such rule, and what decides it."""

    status: Status | None
    because: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A suggestion that somebody gets in another status, with such a patient: `record` as of `witness.ON`, and in sentences."""

    rule: str
    title: str
    kind: str
    before: Side
    after: Side
    level: Level
    record: Record
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reworded:
    """Something else is said, to those who are told it: a field of the suggestion before and after."""

    rule: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What counts as a change though no example shows it: it changes no status, is not decided, or concerns partial dates only."""

    says: str
    level: Level


@dataclass(frozen=True, slots=True)
class PackDifference:
    """All that differs between two packs."""

    old: tuple[str, str]
    """version and digest"""
    new: tuple[str, str]
    differences: tuple[Difference, ...]
    reworded: tuple[Reworded, ...]
    elsewhere: tuple[Elsewhere, ...]

    @property
    def level(self) -> Level:
        """The weightiest of all that differs."""
        if self.reworded:
            return "major"
        levels = [each.level for each in self.differences] + [each.level for each in self.elsewhere]
        found = [LEVELS.index(level) for level in levels]
        return LEVELS[max([*found, 0 if self.old[1] == self.new[1] else 1])]

    @property
    def at_least(self) -> str:
        """The lowest version the new pack may have."""
        return next_version(self.old[0], self.level)

    @property
    def is_accepted(self) -> bool:
        """Has the new pack a version that says enough?"""
        return _numbers(self.new[0]) >= _numbers(self.at_least)

    def of(self, *, gained: bool) -> tuple[Difference, ...]:
        """Those by which somebody is newly offered a suggestion, or no longer."""
        side = "after" if gained else "before"
        return tuple(each for each in self.differences if getattr(each, side).status == "offered")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def next_version(version: str, level: Level) -> str:
    """`0.1.4` and minor → `0.2.0`."""
    major, minor, patch = _numbers(version)
    following = {"none": (major, minor, patch), "patch": (major, minor, patch + 1), "minor": (major, minor + 1, 0)}
    return ".".join(map(str, following.get(level, (major + 1, 0, 0))))


def differences(old: RulePack, new: RulePack, progress: Callable[[str], None] = lambda doing: None) -> PackDifference:
    """Everything that differs, a patient for each difference. EngineDisagreement where the formulas and `evaluate` differ on one."""
    both = BothPacks(old, new)
    found: list[Difference] = []
    rules = {**new.rules, **old.rules}
    for number, rule in enumerate(rules, 1):
        progress(f"what changes for whom: rule {number} of {len(rules)}, {rule}")
        found += both.differences_of(rule)
    return PackDifference(
        (old.version, old.digest), (new.version, new.digest), tuple(found), tuple(reworded(old, new)),
        (*both.not_shown, *(Elsewhere(says, "major") for says in (*_not_decided(both.undecided), *shown_otherwise(old, new)))),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """A patient, and what `evaluate` says of him with either pack."""

    witness: Witness
    said: tuple[Assessment, Assessment]
    by_rule: tuple[Mapping[str, Status], Mapping[str, Status]]

    @classmethod
    def of(cls, witness: Witness, old: RulePack, new: RulePack) -> Example:
        """What rules say whatever the day: a review that has lapsed changes nothing here."""
        record = PatientRecord(**witness.record)
        before, after = (evaluate(record, pack, ON) for pack in (old, new))
        statuses = [evaluate_facts(said.pack, said.facts).statuses for said in (before, after)]
        return cls(witness, (before, after), (statuses[0], statuses[1]))

    def statuses(self, rule: str) -> tuple[Status | None, Status | None]:
        """Before and after."""
        return self.by_rule[0].get(rule), self.by_rule[1].get(rule)


class BothPacks:
    """The same patient before two packs."""

    def __init__(self, old: RulePack, new: RulePack) -> None:
        self._old, self._new = old, new
        kin = paired_kin(old, new)
        self.undecided = undecided(old, new, kin)
        self._before = AnyPatient(old, kin=kin[0])
        self._after = Reread(new, self._before, kin[1])
        self._known = self._after.all_that_is_known(self._before)
        self._examples: list[Example] = []
        self.not_shown: list[Elsewhere] = []
        self._writable = z3.And(writable(self._known))
        self._solver = z3.Solver()
        self._solver.add(*self._before.constraints, *self._after.constraints, *self._after.boundary)

    def differences_of(self, rule: str) -> Iterator[Difference]:
        """One for each pair of statuses that a patient has before and after."""
        for before, after in self._pairs(rule):
            example = self._example(rule, before, after)
            if example is not None:
                yield self._difference(rule, before, after, example)

    def _pairs(self, rule: str) -> Iterator[tuple[Status | None, Status | None]]:
        in_old, in_new = rule in self._old.rules, rule in self._new.rules
        if not (in_old and in_new):
            said: tuple[Status, ...] = ("offered", "withheld", "suppressed")
            yield from ((status, None) if in_old else (None, status) for status in said)
            return
        formulas = [(self._before.status(rule, status), self._after.status(rule, status)) for status in STATUSES]
        if any(one is not other for one, other in formulas) and self._check(
            z3.Or([z3.Xor(*pair) for pair in formulas])
        ):
            yield from ((before, after) for before, after in product(STATUSES, STATUSES) if before != after)

    def _wanted(self, rule: str, before: Status | None, after: Status | None) -> list[z3.BoolRef]:
        then = [self._before.status(rule, before)] if before is not None else []
        return [*then, *([self._after.status(rule, after)] if after is not None else [])]

    def _example(self, rule: str, before: Status | None, after: Status | None) -> Example | None:
        """The plainest of the patients found so far who shows it, else a new one; None where there is none."""
        shown = [each for each in self._examples if each.statuses(rule) == (before, after)]
        if shown:
            return min(shown, key=lambda example: len(example.witness.sentences))
        wanted = self._wanted(rule, before, after)
        if not self._check(*wanted):
            return None
        if not self._check(*wanted, self._writable):
            move = f"'{rule}': {before or 'no such rule'} becomes {after or 'no such rule'}"
            why = "only for who has a partial date or a number without end: no example"
            self.not_shown.append(Elsewhere(f"{move}, {why}", self._level(rule, before, after)))
            return None
        wanted.append(self._writable)
        witness = find_witness(self._known, self._solver, *wanted)
        assert witness is not None, "there is one: it was asked just now"
        example = Example.of(witness, self._old, self._new)
        if example.statuses(rule) != (before, after):
            raise EngineDisagreement(
                f"the formulas and evaluation differ on a patient for whom '{rule}' was {before} and is {after}: "
                "report this as a fault of mgcds"
            )
        self._examples.append(example)
        return example

    def _check(self, *wanted: z3.BoolRef) -> bool:
        """What Z3 cannot decide is an error, never no difference."""
        answer = self._solver.check(*wanted)
        if answer == z3.unknown:
            raise EngineDisagreement(f"Z3 cannot decide whether two packs differ: {self._solver.reason_unknown()}")
        return bool(answer == z3.sat)

    def _difference(self, rule: str, before: Status | None, after: Status | None, example: Example) -> Difference:
        of = self._new.rules.get(rule) or self._old.rules[rule]
        sides = [Side(status, _because(said, rule)) for status, said in zip((before, after), example.said, strict=True)]
        return Difference(
            rule, of.title, of.suggest.kind, sides[0], sides[1], self._level(rule, before, after),
            example.witness.record, example.witness.sentences,
        )  # fmt: skip

    def _level(self, rule: str, before: Status | None, after: Status | None) -> Level:
        """Minor only where somebody gains a suggestion that is no stop, and nobody is less held back than before."""
        kinds = {pack.rules[rule].suggest.kind for pack in (self._old, self._new) if rule in pack.rules}
        if not kinds.isdisjoint(STOPS):
            return "major"
        if before in (None, "not indicated"):
            return "minor"
        held = [
            {holder.by: holder.lets_pass for holder in pack.holders.get(rule, ())} for pack in (self._old, self._new)
        ]
        return "minor" if (before, after) == ("withheld", "offered") and held[0] == held[1] else "major"


def _because(assessment: Assessment, rule: str) -> str:
    """The value that decides: of the rule that holds it back where one does, else its own."""
    if rule not in assessment.pack.rules:
        return ""
    suggestion = assessment[rule]
    holders = suggestion.held_back_by
    if not holders or (suggestion.status == "withheld" and suggestion.steps.verdict != "met"):
        return step_text(deciding(suggestion.steps))
    says = "held back by" if suggestion.status == "suppressed" else "waits for"
    return f"{says} {holders[0]}: {step_text(deciding(assessment[holders[0]].steps))}"


# --- what differs without changing a status -------------------------------------------------------------------------------


def reworded(old: RulePack, new: RulePack) -> Iterator[Reworded]:
    """Title, text, kind, certainty, strength, evidence and reasons of rules that both packs have."""
    for rule in [rule for rule in old.rules if rule in new.rules]:
        before, after = old.rules[rule], new.rules[rule]
        fields = [("title", before.title, after.title)]
        fields += [(name, _plain(before.suggest, name), _plain(after.suggest, name)) for name in _REWORDED]
        fields.append(("drafts", _drafts(before, old), _drafts(after, new)))
        yield from (Reworded(rule, name.replace("_", " "), was, now) for name, was, now in fields if was != now)


def _drafts(rule: Rule, pack: RulePack) -> str:
    return "; ".join(draft_sentence(pack.drafts[draft]) for draft in rule.suggest.drafts)


def _plain(suggest: Any, name: str) -> str:
    value = getattr(suggest, name)
    return ", ".join(sorted(value)) if isinstance(value, tuple) else str(value)


def shown_otherwise(old: RulePack, new: RulePack) -> Iterator[str]:
    """The order of kinds, how many interrupt, and what follows from a review that is late."""
    if old.kinds != new.kinds:
        yield f"the order of kinds was {', '.join(old.kinds)}, and is {', '.join(new.kinds)}"
    for name in ("most_interruptive", "most_passive"):
        was, now = getattr(old.texts, name), getattr(new.texts, name)
        if was != now:
            yield f"'{name}' was {was}, and is {now}"
    late = [rule for rule in old.rules if rule in new.rules and _grace(rule, old) != _grace(rule, new)]
    if late:
        yield f"a review that is late has other consequences for {', '.join(late)}"


def _grace(rule: str, pack: RulePack) -> int | None:
    review = pack.rules[rule].review
    return None if review.lapses is None else (review.lapses - review.due).days


def _not_decided(found: dict[str, str]) -> Iterator[str]:
    for name, what in sorted(found.items()):
        yield f"'{name}' is read otherwise ({what}): for whom that makes a difference is not decided"
