"""Any patient: the facts of every possible record as Z3 variables, and what the rules say of them as Z3 formulas.

A translation of `mgcds.model`: facts as `read_facts` can give them, and verdicts and statuses as `evaluation` defines them. Each truth is two
formulas, "definitely true" and "definitely false"; where neither holds it is unknown. What `read_facts` cannot give (a medicine of a
set that includes another without being in it, a list that is open and still rules something out) is not among the patients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import assert_never

import z3

from mgcds.errors import ProofError
from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not, names_of
from mgcds.model.criterion import (
    Asks,
    Bound,
    Criterion,
    Documented,
    Has,
    Measure,
    Number,
    ReferenceLimit,
    State,
    Taking,
    Which,
)
from mgcds.model.evaluation import Status
from mgcds.model.pack import Change, Item, ListItem, MeasuredItem, RulePack, StateItem, about
from mgcds.model.rule import HoldsBack
from mgcds.model.units import factor

MISSING, STALE, REJECTED = 0, 1, 2
"""kinds of gap that rules can tell apart; the third stands for all that was reported and could not be used"""
z3.set_param("ctrl_c", False)  # else Z3 takes Ctrl-C for itself, says "unknown", and nobody hears of it
ENDS: tuple[Which, Which] = ("lower", "upper")
LONGEST = 40_000  # days: no record is older than a hundred years


def is_possible(solver: z3.Solver, *wanted: z3.BoolRef) -> bool:
    """Is it so of any patient? ProofError where Z3 cannot decide: that is never a no, which would prove something."""
    answer = solver.check(*wanted)
    if answer == z3.unknown:
        raise ProofError(f"Z3 cannot decide whether there is such a patient: {solver.reason_unknown()}")
    return bool(answer == z3.sat)


@dataclass(frozen=True, slots=True)
class Kleene:
    """A truth of three values."""

    true: z3.BoolRef
    false: z3.BoolRef

    @property
    def unknown(self) -> z3.BoolRef:
        return z3.And(z3.Not(self.true), z3.Not(self.false))

    def negated(self) -> Kleene:
        return Kleene(self.false, self.true)


def every(parts: Iterable[Kleene]) -> Kleene:
    parts = list(parts)
    return Kleene(z3.And([part.true for part in parts]), z3.Or([part.false for part in parts]))


def some(parts: Iterable[Kleene]) -> Kleene:
    return every(part.negated() for part in parts).negated()


def decided(truth: z3.BoolRef) -> Kleene:
    """True or false, never unknown."""
    return Kleene(truth, z3.Not(truth))


@dataclass(frozen=True, slots=True)
class AnyReading:
    """What may be known of a measured item: a range, which is one number when `exact`, in one of the item's units."""

    known: z3.BoolRef
    gap: z3.ArithRef
    days: z3.ArithRef
    unit: z3.ArithRef
    """place in the item's units"""
    low: z3.ArithRef
    high: z3.ArithRef
    open_below: z3.BoolRef
    """nothing bounds it below: reported with < or ≤"""
    open_above: z3.BoolRef
    low_open: z3.BoolRef
    high_open: z3.BoolRef
    own_limit: Mapping[Which, z3.BoolRef]
    """is there a limit of the laboratory's own"""
    limit: Mapping[Which, z3.ArithRef]

    @property
    def exact(self) -> z3.BoolRef:
        ends = (self.open_below, self.open_above, self.low_open, self.high_open)
        return z3.And(self.low == self.high, *(z3.Not(end) for end in ends))


@dataclass(frozen=True, slots=True)
class AnyState:
    """What may be known of a state."""

    known: z3.BoolRef
    gap: z3.ArithRef
    days: z3.ArithRef
    value: z3.ArithRef
    """place in the item's values"""


@dataclass(frozen=True, slots=True)
class Kin:
    """Entries of a list that belong to the same value sets: one name stands for them, or one code of a system."""

    name: str
    value_sets: frozenset[str]
    recognised: bool = True
    """a list that holds another entry is open"""
    code: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class AnyEntry:
    """What a list may say of the entries of one kin."""

    now: z3.BoolRef
    """one is current"""
    unsure: z3.BoolRef
    """one is on hold, or may be current"""
    dated: z3.BoolRef
    start: tuple[z3.ArithRef, z3.ArithRef]
    """fewest and most days since the current one was begun, if `dated`; they differ for a partial date"""
    stopped: z3.BoolRef
    """another one was stopped"""
    stop: tuple[z3.ArithRef, z3.ArithRef]
    vague: z3.BoolRef
    """another one was started or stopped on a day that is not known"""


@dataclass(frozen=True, slots=True)
class AnyList:
    """What may be known of a list."""

    complete: z3.BoolRef
    gap: z3.ArithRef
    entries: Mapping[Kin, AnyEntry]
    reviewed: z3.BoolRef
    """given, and reviewed in time; complete where every entry is recognised too"""


class AnyPatient:
    """The facts of every record that a pack can tell apart. `constraints` hold of each.

    `like`: the same patient but for one item or list, and what is computed from it: `made_unknown`, of which nothing usable is known, or
    `otherwise`, a measured item that has another value; `called` tells several of those apart. All other variables are those of
    `like`, whose pack may say other things of the same items and value sets.

    `kin`: by list the kinds of entries to tell apart, found in the pack if not given.
    """

    def __init__(
        self,
        pack: RulePack,
        like: AnyPatient | None = None,
        made_unknown: str | None = None,
        otherwise: str | None = None,
        called: str = "otherwise",
        kin: Mapping[str, list[Kin]] | None = None,
    ) -> None:
        self.pack = pack
        self._kin = kin or {}
        self._like = like
        self.constraints: list[z3.BoolRef] = []
        self.readings: dict[str, AnyReading] = {}
        self.states: dict[str, AnyState] = {}
        self.lists: dict[str, AnyList] = {}
        self.before: dict[str, tuple[z3.ArithRef, z3.ArithRef]] = {}
        """for a change: the value before the start, at least and at most"""
        self.stale_days: dict[str, z3.ArithRef] = {}
        """how old a list or an unusable result is, where that makes a difference"""
        self._statuses: dict[tuple[str, Status], z3.BoolRef] = {}
        self._cleared: dict[tuple[str, bool], z3.BoolRef] = {}
        self._prefix = f"without {made_unknown}: " if made_unknown else f"{called}: " if otherwise else ""
        differs = made_unknown or otherwise
        self.other = frozenset(item.id for item in pack.items.values() if differs and follows_from(item, differs, pack))
        """items and lists that are not those of `like`"""
        self.other |= self._made_anew()
        for item in pack.items.values():
            if like is not None and item.id not in self.other:
                self._take(item.id, like)
                continue
            match item:
                case MeasuredItem():
                    self.readings[item.id] = self._reading(item)
                case StateItem():
                    self.states[item.id] = self._state(item)
                case ListItem():
                    self.lists[item.id] = self._list(item)
        if made_unknown is not None and like is not None:
            self.constraints += [self._forgotten(about, like) for about in self.other]
            return
        for item in pack.items.values():
            if isinstance(item, MeasuredItem) and (like is None or item.id in self.other):
                self._computed(item)
        if like is None:
            self._tie_changes()

    def _made_anew(self) -> frozenset[str]:
        """Items and lists that `like` does not have as this pack reads them."""
        return frozenset()

    # --- facts ------------------------------------------------------------------------------------------------------------

    def nothing_known(self, about: str) -> z3.BoolRef:
        """An item or list on which nothing is on record."""
        return z3.And(self._says_nothing(about), self._gap(about) == MISSING)

    def _forgotten(self, about: str, like: AnyPatient) -> z3.BoolRef:
        """The same, but that what was reported and could not be used stays so."""
        gap = z3.If(like.is_rejected(about), z3.IntVal(REJECTED), z3.IntVal(MISSING))
        return z3.And(self._says_nothing(about), self._gap(about) == gap)

    def _says_nothing(self, about: str) -> z3.BoolRef:
        entries = self.lists[about].entries.values() if about in self.lists else ()
        said = [said for entry in entries for said in (entry.now, entry.unsure, entry.stopped, entry.vague)]
        return z3.And(z3.Not(self._is_known(about)), *map(z3.Not, said))

    def _take(self, about: str, like: AnyPatient) -> None:
        if about in like.readings:
            self.readings[about] = like.readings[about]
        elif about in like.states:
            self.states[about] = like.states[about]
        else:
            self.lists[about] = like.lists[about]

    def _fresh(self, item: Item) -> tuple[z3.BoolRef, z3.ArithRef, z3.ArithRef]:
        about = self._prefix + item.id
        known, gap, days = z3.Bool(f"{about} known"), z3.Int(f"{about} gap"), z3.Int(f"{about} days")
        self.constraints += [gap >= MISSING, gap <= REJECTED, days >= -LONGEST, days <= LONGEST]
        computed = isinstance(item, MeasuredItem) and not _is_reported(item)  # as stale as what it is computed from
        if isinstance(item, StateItem) or (item.current_for is None and not computed):  # an old state is known, and old
            self.constraints.append(gap != STALE)
        return known, gap, days

    def _reading(self, item: MeasuredItem) -> AnyReading:
        known, gap, days = self._fresh(item)
        number, about = (z3.Int if item.whole else z3.Real), self._prefix + item.id
        open_below, open_above, low_open, high_open = (
            z3.Bool(f"{about} {end}") for end in ("open below", "open above", "low open", "high open")
        )
        reading = AnyReading(
            known, gap, days, z3.Int(f"{about} unit"), number(f"{about} low"), number(f"{about} high"),
            open_below, open_above, low_open, high_open,
            {which: z3.Bool(f"{about} own {which}") for which in ENDS},
            {which: z3.Real(f"{about} {which}") for which in ENDS},
        )  # fmt: skip
        self.constraints += [
            days >= 0, reading.unit >= 0, reading.unit < len(item.units), reading.low <= reading.high,
            *_plausible(item, reading), *_limits(item, reading),
        ]  # fmt: skip
        if item.id == "age" or not _is_reported(item):
            self.constraints += [z3.Not(end) for end in (reading.open_below, reading.low_open, reading.high_open)]
            self.constraints += [days == 0] if item.change is None else []
        else:
            below = z3.And(
                reading.open_below, z3.Not(reading.open_above), z3.Not(reading.low_open), reading.low == reading.high
            )
            above = z3.And(
                reading.open_above, z3.Not(reading.open_below), z3.Not(reading.high_open), reading.low == reading.high
            )
            ends = (reading.open_below, reading.open_above, reading.low_open, reading.high_open)
            between = z3.And([z3.Not(end) for end in ends])  # one number, or what unanswered questions leave open
            self.constraints.append(z3.Or(between, below, above))
        if item.id != "supplemental_magnesium" and not (_is_reported(item) and item.id != "age"):
            self.constraints.append(z3.Not(reading.open_above))
        return reading

    def _state(self, item: StateItem) -> AnyState:
        known, gap, days = self._fresh(item)
        value = z3.Int(f"{self._prefix}{item.id} value")
        self.constraints += [value >= 0, value < len(item.values)]
        if item.current_for is not None:  # what never ages may be dated in the future
            self.constraints.append(days >= 0)
        return AnyState(known, gap, days, value)

    def _list(self, item: ListItem) -> AnyList:
        reviewed, gap, _ = self._fresh(item)
        entries = {}
        for kin in self._kin.get(item.id) or kindred(item.id, self.pack):
            called = f"{self._prefix}{item.id} {kin.name}"
            now, unsure, dated, stopped, vague = (
                z3.Bool(f"{called} {what}") for what in ("now", "unsure", "dated", "stopped", "vague")
            )
            start, stop = (
                (z3.Int(f"{called} {what}"), z3.Int(f"{called} {what} at most")) for what in ("start", "stop")
            )
            entries[kin] = AnyEntry(now, unsure, dated, start, stopped, stop, vague)
            for fewest, most in (start, stop):
                self.constraints += [fewest >= 0, fewest <= most, most <= LONGEST]
        odd = [z3.Or(entry.now, entry.unsure) for kin, entry in entries.items() if not kin.recognised]
        complete = z3.And(reviewed, *map(z3.Not, odd)) if odd else reviewed
        return AnyList(complete, z3.If(reviewed, z3.IntVal(REJECTED), gap) if odd else gap, entries, reviewed)

    # --- facts that follow from others ------------------------------------------------------------------------------------

    def _computed(self, item: MeasuredItem) -> None:
        reading = self.readings[item.id]
        if item.id == "supplemental_magnesium":
            taken = self.present("magnesium_product")
            none = z3.And(reading.known, reading.low == 0, reading.exact)
            self.constraints += [z3.Implies(taken.false, none), z3.Implies(taken.unknown, z3.Not(reading.known))]
        elif item.change is not None:
            self._change(item, item.change, reading)

    def _change(self, item: MeasuredItem, change: Change, found: AnyReading) -> None:
        """Known only after a start whose day is known, and with the values before it and since that it is about."""
        begun, newest = self.running(change.value_set), self.readings[change.of]
        before, most = self.before.setdefault(
            change.of, (z3.Int(f"{change.of} before"), z3.Int(f"{change.of} before at most"))
        )
        of = self.pack.items[change.of]
        assert isinstance(of, MeasuredItem)
        lowest, highest = (int(end) for end in of.plausible)
        self.constraints += [before >= lowest, before <= most, most <= highest]
        whole = z3.And(newest.known, *(z3.Not(end) for end in (newest.open_below, newest.open_above)))
        needed = [self.present(change.value_set).true, begun.exact]
        since = [newest.known, newest.days < begun.low, found.days == newest.days]
        match change.gives:
            case "value before":
                age = found.days - begun.low
                needed += [found.exact, found.low == before, most == before, age >= 0, age <= change.within]
            case "day of the newest":  # a later day only where its date is partial
                needed += [*since, found.low == begun.low - newest.days, found.high <= begun.low]
            case "fall" if item.units[0] == "%":
                steps = range(max(lowest, 1), highest + 1)
                fell = [z3.And(before == step, found.low * step == 100 * (step - newest.high)) for step in steps]
                fell_most = [z3.And(most == step, found.high * step == 100 * (step - newest.low)) for step in steps]
                needed += [*since, whole, z3.Or(fell), z3.Or(fell_most)]
            case "fall":  # a range where a score is one: answers are missing
                needed += [*since, whole, found.low == before - newest.high, found.high == most - newest.low]
        self.constraints.append(z3.Implies(found.known, z3.And(needed)))

    def _tie_changes(self) -> None:
        """A fall is known where the value before and one since are; in per cent, too, where there was something to fall from."""
        readings = {
            (item.change, item.units[0] == "%"): self.readings[item.id]
            for item in self.pack.items.values()
            if isinstance(item, MeasuredItem) and item.change
        }
        known = {key: reading.known for key, reading in readings.items()}
        for (change, in_percent), fall in readings.items():
            before = known.get((replace(change, gives="value before"), False))
            since = known.get((replace(change, gives="day of the newest"), False))
            points = known.get((change, False))
            if change.gives != "fall" or before is None or since is None:
                continue
            if in_percent and points is not None:
                self.constraints.append(fall.known == z3.And(points, self.before[change.of][0] > 0))
            elif not in_percent:
                both = z3.And(before, since, self.readings[change.of].exact)
                self.constraints += [z3.Implies(both, fall.known), z3.Implies(fall.known, since)]
                self.constraints.append(z3.Implies(z3.And(fall.known, fall.exact), before))

    def is_change(self, about: str) -> bool:
        """Is this item computed as a change of another?"""
        item = self.pack.items[about]
        return isinstance(item, MeasuredItem) and item.change is not None

    # --- lists ------------------------------------------------------------------------------------------------------------

    def _members(self, value_set: str) -> list[AnyEntry]:
        entries = self.lists[self.pack.value_sets[value_set].of].entries
        return [entry for kin, entry in entries.items() if value_set in kin.value_sets]

    def is_asked_about(self, value_set: str) -> bool:
        """Does any rule depend on this value set?"""
        return bool(self._members(value_set))

    def present(self, value_set: str) -> Kleene:
        """Is a member of the value set there?"""
        members = self._members(value_set)
        found = self.lists[self.pack.value_sets[value_set].of]
        now, unsure = z3.Or([entry.now for entry in members]), z3.Or([entry.unsure for entry in members])
        return Kleene(now, z3.And(found.complete, z3.Not(now), z3.Not(unsure)))

    def running(self, value_set: str) -> Span:
        """How long the longest-running current member has been taken."""
        ends = []
        for place in (0, 1):
            longest: z3.ArithRef = z3.IntVal(0)
            for entry in self._members(value_set):
                start = z3.If(z3.And(entry.now, entry.dated), entry.start[place], 0)
                longest = z3.If(start > longest, start, longest)
            ends.append(longest)
        return Span(ends[0], ends[1], z3.Not(self._all_dated(value_set)))

    def unchanged(self, value_set: str) -> Span:
        """How long ago a member was last started or stopped."""
        never = LONGEST + 1
        ends = []
        for place in (0, 1):
            last: z3.ArithRef = z3.IntVal(never)
            for entry in self._members(value_set):
                start = z3.If(z3.And(entry.now, entry.dated), entry.start[place], never)
                stop = z3.If(entry.stopped, entry.stop[place], never)
                for change in (start, stop):
                    last = z3.If(change < last, change, last)
            ends.append(last)
        none_vague = z3.And([z3.Not(entry.vague) for entry in self._members(value_set)])
        sure = z3.And(self._all_dated(value_set), none_vague)
        return Span(z3.If(sure, ends[0], 0), ends[1], ends[1] == never)

    def _all_dated(self, value_set: str) -> z3.BoolRef:
        found = self.lists[self.pack.value_sets[value_set].of]
        members = self._members(value_set)
        return z3.And(
            found.complete,
            *(z3.Not(entry.unsure) for entry in members),
            *(z3.Implies(entry.now, entry.dated) for entry in members),
        )

    # --- verdicts ---------------------------------------------------------------------------------------------------------

    @cached_property
    def criteria(self) -> Mapping[str, Kleene]:
        """Key of a criterion → its truth."""
        return {
            key: self._known_truth(key, criterion) or self.test(criterion)
            for key, criterion in self.pack.criteria.items()
        }

    def _known_truth(self, key: str, criterion: Criterion) -> Kleene | None:
        """That of `like`, where it is the same criterion of the same facts."""
        if self._like is None or self._like.pack.criteria.get(key) != criterion:
            return None
        read = {about(criterion, self.pack), criterion.since if isinstance(criterion, Documented) else None}
        return None if read & self.other else self._like.criteria[key]

    @cached_property
    def findings(self) -> Mapping[str, Kleene]:
        """Id of a finding → its truth."""
        found: dict[str, Kleene] = {}
        for finding in self.pack.findings.values():
            like = self._like.pack.findings.get(finding.id) if self._like else None
            names = {**self.criteria, **found}
            shared = like is not None and self._reads_alike(finding.when, like.when, names)
            found[finding.id] = (
                self._like.findings[finding.id] if self._like and shared else self.judge(finding.when, names)
            )
        return found

    @cached_property
    def rules(self) -> Mapping[str, Kleene]:
        """Id of a rule → its truth."""
        found: dict[str, Kleene] = {}
        for rule in self.pack.rules.values():
            like = self._like.pack.rules.get(rule.id) if self._like else None
            shared = like is not None and self._reads_alike(rule.when, like.when, self.names)
            found[rule.id] = self._like.rules[rule.id] if self._like and shared else self.judge(rule.when, self.names)
        return found

    @cached_property
    def names(self) -> Mapping[str, Kleene]:
        """Key of a criterion or id of a finding → its truth."""
        return {**self.criteria, **self.findings}

    def _reads_alike(self, when: Condition, others: Condition, names: Mapping[str, Kleene]) -> bool:
        """Is it the same condition, over the very truths that it has of `like`?"""
        return (
            when == others
            and self._like is not None
            and all(names[name] is self._like.names.get(name) for name in names_of(when))
        )

    def status(self, rule_id: str, status: Status) -> z3.BoolRef:
        """The rule's suggestion has this status."""
        if (rule_id, status) not in self._statuses:
            like = self._like if self._is_held_alike(rule_id) else None
            found = like.status(rule_id, status) if like is not None else self._status(rule_id, status)
            self._statuses[rule_id, status] = found
        return self._statuses[rule_id, status]

    def _is_held_alike(self, rule_id: str) -> bool:
        """Has the rule the truth it has of `like`, and its holders theirs?"""
        like, holders = self._like, self.pack.holders[rule_id]
        if like is None or like.pack.holders.get(rule_id) != holders:
            return False
        rejected = {about for holder in holders if holder.lets_pass for about in self.pack.reads[holder.by]}
        parts = (rule_id, *(holder.by for holder in holders))
        return not rejected & self.other and all(self.rules[part] is like.rules[part] for part in parts)

    def _status(self, rule_id: str, status: Status) -> z3.BoolRef:
        truth = self.rules[rule_id]
        applies, cleared = self._held(rule_id)
        match status:
            case "not indicated":
                return truth.false
            case "suppressed":
                return z3.And(z3.Not(truth.false), applies)
            case "offered":
                return z3.And(truth.true, z3.Not(applies), cleared)
            case "withheld":
                return z3.And(z3.Not(truth.false), z3.Not(applies), z3.Not(z3.And(truth.true, cleared)))
        assert_never(status)

    def _held(self, rule_id: str) -> tuple[z3.BoolRef, z3.BoolRef]:
        """A holder of the rule applies; all are cleared."""
        holders = self.pack.holders[rule_id]
        applies = z3.Or([self.rules[holder.by].true for holder in holders])
        return applies, z3.And([self.is_cleared(holder) for holder in holders])

    def is_cleared(self, holder: HoldsBack) -> z3.BoolRef:
        """Known not to apply, or unknown and let pass with no value of it rejected."""
        key = holder.by, holder.lets_pass
        if key not in self._cleared:
            like, read = self._like, self.pack.reads[holder.by]
            alike = like is not None and like.pack.reads.get(holder.by) == read and not self.other & set(read)
            if like is not None and alike and self.rules[holder.by] is like.rules[holder.by]:
                self._cleared[key] = like.is_cleared(holder)
            else:
                self._cleared[key] = self._is_cleared(holder, read)
        return self._cleared[key]

    def _is_cleared(self, holder: HoldsBack, read: tuple[str, ...]) -> z3.BoolRef:
        truth = self.rules[holder.by]
        passes = z3.And(truth.unknown, *(z3.Not(self.is_rejected(about)) for about in read))
        return z3.Or(truth.false, passes) if holder.lets_pass else truth.false

    def is_rejected(self, about: str) -> z3.BoolRef:
        """Something was reported of an item or list and could not be used."""
        return z3.And(z3.Not(self._is_known(about)), self._gap(about) == REJECTED)

    def _is_known(self, about: str) -> z3.BoolRef:
        if about in self.lists:
            return self.lists[about].complete
        return (self.readings.get(about) or self.states[about]).known

    def _gap(self, about: str) -> z3.ArithRef:
        return (self.lists.get(about) or self.readings.get(about) or self.states[about]).gap

    def judge(self, condition: Condition, known: Mapping[str, Kleene]) -> Kleene:
        """The truth of a condition, given that of its names."""
        match condition:
            case Name(name=name):
                return known[name]
            case Not(part=part):
                return self.judge(part, known).negated()
            case AllOf(parts=parts):
                return every(self.judge(part, known) for part in parts)
            case AnyOf(parts=parts):
                return some(self.judge(part, known) for part in parts)
        assert_never(condition)

    def test(self, criterion: Criterion) -> Kleene:
        """Is a criterion met, not met, or unknown?"""
        match criterion:
            case Measure(item=item, lower=lower, upper=upper, within=within):
                reading = self.readings[item]
                ends = [self._above(item, lower)] if lower is not None else []
                ends += [self._below(item, upper)] if upper is not None else []
                return _if_known(reading, within, every(ends))
            case State(item=item, values=values, within=within):
                state = self.states[item]
                return _if_known(state, within, decided(self._is_one_of(item, values)))
            case Taking(value_set=value_set, at_least=at_least, at_most=at_most, unchanged_for=unchanged_for):
                running, unchanged = self.running(value_set), self.unchanged(value_set)
                spans = [running.at_least(at_least)] if at_least is not None else []
                spans += [running.at_most(at_most)] if at_most is not None else []
                spans += [unchanged.at_least(unchanged_for)] if unchanged_for is not None else []
                return self._taking(value_set, every(spans))
            case Has(value_set=value_set):
                return self.present(value_set)
            case Asks():
                return decided(self._asks(criterion))
            case Documented():
                return decided(self._documented(criterion))
        assert_never(criterion)

    def _taking(self, value_set: str, spans: Kleene) -> Kleene:
        """The spans count only of what is taken."""
        there = self.present(value_set)
        return Kleene(z3.And(there.true, spans.true), z3.Or(there.false, z3.And(there.true, spans.false)))

    def _is_one_of(self, item: str, values: tuple[str, ...]) -> z3.BoolRef:
        described = self.pack.items[item]
        assert isinstance(described, StateItem)
        return z3.Or(
            [self.states[item].value == described.values.index(value) for value in values if value in described.values]
        )

    def _above(self, item: str, bound: Bound) -> Kleene:
        reading = self.readings[item]
        return self._compared(item, bound, lambda limit, inclusive: Kleene(
            surely_above(reading, limit, inclusive), surely_below(reading, limit, not inclusive)
        ))  # fmt: skip

    def _below(self, item: str, bound: Bound) -> Kleene:
        reading = self.readings[item]
        return self._compared(item, bound, lambda limit, inclusive: Kleene(
            surely_below(reading, limit, inclusive), surely_above(reading, limit, not inclusive)
        ))  # fmt: skip

    def _compared(self, item: str, bound: Bound, compare: Comparison) -> Kleene:
        """With the limit of the unit the value was reported in, or with the laboratory's own or the default one."""
        reading, described = self.readings[item], self.pack.items[item]
        assert isinstance(described, MeasuredItem)
        if isinstance(bound, ReferenceLimit):
            there = _has_limit(described, reading, bound.which)
            truth = compare(reading.limit[bound.which], bound.inclusive)
            return Kleene(z3.And(there, truth.true), z3.And(there, truth.false))
        by_unit = [
            compare(exactly(bound.by_unit[unit].value), bound.by_unit[unit].inclusive) for unit in described.units
        ]
        return Kleene(
            z3.Or([z3.And(reading.unit == place, truth.true) for place, truth in enumerate(by_unit)]),
            z3.Or([z3.And(reading.unit == place, truth.false) for place, truth in enumerate(by_unit)]),
        )

    def _asks(self, asks: Asks) -> z3.BoolRef:
        known, gap = self._is_known(asks.about), self._gap(asks.about)
        fact = self.readings.get(asks.about) or self.states.get(asks.about)
        old = (
            z3.And(known, fact.days > asks.within)
            if fact is not None and asks.within is not None
            else z3.BoolVal(False)
        )
        match asks.problem:
            case "unknown":
                return z3.Or(z3.Not(known), old)
            case "stale":
                return z3.Or(z3.And(z3.Not(known), gap == STALE), old)
            case "missing":
                return z3.And(z3.Not(known), gap == MISSING)
            case "rejected":
                return z3.And(z3.Not(known), gap == REJECTED)
        assert_never(asks.problem)

    def _documented(self, documented: Documented) -> z3.BoolRef:
        state = self.states[documented.item]
        on_record = [state.known, self._is_one_of(documented.item, documented.values)]
        if documented.within is not None:
            on_record.append(state.days <= documented.within)
        if documented.since is not None:
            answered = self.readings[documented.since]
            on_record.append(z3.Implies(answered.known, state.days <= answered.days))
        return z3.And(on_record)


@dataclass(frozen=True, slots=True)
class Span:
    """Days of which a fewest and a most are known; `endless` where nothing bounds them above."""

    low: z3.ArithRef
    high: z3.ArithRef
    endless: z3.BoolRef

    @property
    def exact(self) -> z3.BoolRef:
        return z3.And(z3.Not(self.endless), self.low == self.high)

    def at_least(self, days: int) -> Kleene:
        return Kleene(self.low >= days, z3.And(z3.Not(self.endless), self.high < days))

    def at_most(self, days: int) -> Kleene:
        return Kleene(z3.And(z3.Not(self.endless), self.high <= days), self.low > days)


Comparison = Callable[[z3.ArithRef, bool], Kleene]


def surely_above(reading: AnyReading, limit: z3.ArithRef, inclusive: bool) -> z3.BoolRef:
    """All that the value may be is above the limit, or at it where the limit is inclusive."""
    at = z3.And(reading.low == limit, z3.BoolVal(True) if inclusive else reading.low_open)
    return z3.And(z3.Not(reading.open_below), z3.Or(reading.low > limit, at))


def surely_below(reading: AnyReading, limit: z3.ArithRef, inclusive: bool) -> z3.BoolRef:
    """All that the value may be is below the limit, or at it where the limit is inclusive."""
    at = z3.And(reading.high == limit, z3.BoolVal(True) if inclusive else reading.high_open)
    return z3.And(z3.Not(reading.open_above), z3.Or(reading.high < limit, at))


def exactly(number: Number) -> z3.ArithRef:
    """The number, not its nearest float."""
    fraction = Fraction(number)
    return z3.Q(fraction.numerator, fraction.denominator)


def kindred(of: str, pack: RulePack) -> list[Kin]:
    """The kinds of entries a list can hold, by the value sets they belong to; found by asking the vocabulary itself."""
    vocabulary, used = pack.vocabularies[of], value_sets_read(pack)
    found: dict[frozenset[str], str] = {}
    for value_set in pack.value_sets.values():
        for name in [name for entry in value_set.entries for name in entry.names] if value_set.of == of else ():
            sets = vocabulary.match(name, ()).value_sets & used
            if sets:
                found.setdefault(sets, name)
    return [Kin(name, sets) for sets, name in found.items()]


def value_sets_read(pack: RulePack) -> set[str]:
    """The value sets that criteria and computed items ask for."""
    used = {c.value_set for c in pack.criteria.values() if isinstance(c, Taking | Has)}
    used |= {item.change.value_set for item in pack.items.values() if isinstance(item, MeasuredItem) and item.change}
    return used | ({"magnesium_product"} & pack.value_sets.keys())


def follows_from(item: Item, about: str, pack: RulePack) -> bool:
    """Is it that item or list, or computed from it?"""
    if item.id == about or (item.id == "supplemental_magnesium" and about == "medicines"):
        return True
    change = item.change if isinstance(item, MeasuredItem) else None
    return change is not None and about in (change.of, pack.value_sets[change.value_set].of)


def _if_known(fact: AnyReading | AnyState, within: int | None, truth: Kleene) -> Kleene:
    current = fact.known if within is None else z3.And(fact.known, fact.days <= within)
    return Kleene(z3.And(current, truth.true), z3.And(current, truth.false))


def _is_reported(item: MeasuredItem) -> bool:
    """Reported by somebody, not computed from other facts."""
    return item.change is None and item.id not in ("supplemental_magnesium", "days_to_surgery")


def _scaled(value: z3.ArithRef, unit: str, item: MeasuredItem) -> z3.ArithRef:
    scale = factor(unit, item.units[0], item.substance)
    assert scale is not None, "units of an item convert into one another, checked at load"
    return value * exactly(scale)


def _plausible(item: MeasuredItem, reading: AnyReading) -> Iterator[z3.BoolRef]:
    lowest, highest = map(exactly, item.plausible)
    if item.beyond_plausible == "confirm" or item.id == "age" or not _is_reported(item):
        yield from [] if item.change is not None else [reading.low >= 0]
        return
    for place, unit in enumerate(item.units):
        in_first = (_scaled(end, unit, item) for end in (reading.low, reading.high))
        low, high = in_first
        yield z3.Implies(reading.unit == place, z3.And(low >= lowest, high <= highest))


def _limits(item: MeasuredItem, reading: AnyReading) -> Iterator[z3.BoolRef]:
    """The laboratory's own limits are plausible and in order; else the default ones of the unit."""
    lowest, highest = map(exactly, item.plausible)
    for which in ENDS:
        own, limit = reading.own_limit[which], reading.limit[which]
        default = item.lower if which == "lower" else item.upper
        if not _is_reported(item) or item.id == "age":
            yield z3.Not(own)
        for place, unit in enumerate(item.units):
            in_first = _scaled(limit, unit, item)
            yield z3.Implies(z3.And(reading.unit == place, own), z3.And(in_first >= lowest, in_first <= highest))
            if default is not None:
                usual = limit == exactly(default.by_unit[unit].value)
                yield z3.Implies(z3.And(reading.unit == place, z3.Not(own)), usual)
    both = z3.And([_has_limit(item, reading, which) for which in ENDS])
    yield z3.Implies(both, reading.limit["lower"] < reading.limit["upper"])


def _has_limit(item: MeasuredItem, reading: AnyReading, which: Which) -> z3.BoolRef:
    default = item.lower if which == "lower" else item.upper
    return z3.BoolVal(True) if default is not None else reading.own_limit[which]
