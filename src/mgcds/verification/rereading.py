"""One patient read by two packs: what is known is the same, what each pack makes of it may differ.

Decided exactly: other rules, findings, precedence and criteria; other limits of items; how long lists and unusable results stay current;
other members of value sets, by name or code, and names that only one of the packs knows. What cannot be decided so is named in
`undecided`: a difference there is never taken for none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import copy
from dataclasses import replace

import z3

from mgcds.model.pack import Item, ListItem, MeasuredItem, RulePack, StateItem
from mgcds.model.terminology import ValueSet, with_included
from mgcds.verification.equivalence import with_limits
from mgcds.verification.symbolic import LONGEST, MISSING, REJECTED, STALE, AnyPatient, AnyReading, Kin, value_sets_read

_SUM = "supplemental_magnesium"


class Reread(AnyPatient):
    """The patient of the old pack, read by the new one. `boundary`: what must hold of a patient for whom that is exact."""

    def __init__(self, new: RulePack, old: AnyPatient, kin: Mapping[str, list[Kin]]) -> None:
        self._anew = frozenset(_anew(old, new, kin))
        self.boundary: list[z3.BoolRef] = []
        super().__init__(new, like=old, kin=kin)
        for item in new.items.values():
            before = old.pack.items.get(item.id)
            if isinstance(item, MeasuredItem) and isinstance(before, MeasuredItem):
                self._measured_otherwise(item, before)
            elif isinstance(item, StateItem) and isinstance(before, StateItem) and item.values != before.values:
                state = self.states[item.id]
                place = self._mapped(state.value, before.values, item.values, state.known)
                self.states[item.id] = replace(state, value=place)
                self.other |= {item.id}
            elif isinstance(item, ListItem) and isinstance(before, ListItem) and item.current_for != before.current_for:
                self._reviewed_otherwise(item, before, old)
        for about in self._anew & self.lists.keys() & old.lists.keys():
            self._tie_computed(about, old)
        if any(isinstance(new.items[name], MeasuredItem) and self.is_change(name) for name in self._anew):
            self.before = {**old.before, **self.before}
            self._tie_changes()

    def _made_anew(self) -> frozenset[str]:
        return self._anew

    def _reading(self, item: MeasuredItem) -> AnyReading:
        """The sum of magnesium is another where the list is; all else of the same name is the same."""
        self._prefix = "new: " if item.id == _SUM else ""
        try:
            return super()._reading(item)
        finally:
            self._prefix = ""

    def _measured_otherwise(self, item: MeasuredItem, before: MeasuredItem) -> None:
        reading = self.readings[item.id]
        if item.units != before.units:
            reading = replace(reading, unit=self._mapped(reading.unit, before.units, item.units, reading.known))
        if item.current_for != before.current_for and item.change is None and item.id != _SUM:
            days = self._days_old(item.id)
            unusable = z3.And(z3.Not(reading.known), reading.gap != MISSING)
            self.boundary.append(z3.Implies(unusable, (reading.gap == REJECTED) == _in_time(days, before.current_for)))
            gap = z3.If(_in_time(days, item.current_for), z3.IntVal(REJECTED), z3.IntVal(STALE))
            reading = replace(reading, gap=z3.If(reading.gap == MISSING, z3.IntVal(MISSING), gap))
        if (item.lower, item.upper) != (before.lower, before.upper):
            reading = with_limits(reading, item)
        if reading is not self.readings[item.id]:
            self.readings[item.id] = reading
            self.other |= {item.id}

    def _reviewed_otherwise(self, item: ListItem, before: ListItem, old: AnyPatient) -> None:
        """By the day of its last review the list may be current for one pack only."""
        then, now, days = old.lists[item.id], self.lists[item.id], self._days_old(item.id)
        dated = z3.Or(then.reviewed, then.gap == STALE)
        self.boundary.append(z3.Implies(dated, then.reviewed == _in_time(days, before.current_for)))
        reviewed = z3.And(dated, _in_time(days, item.current_for))
        whole = z3.Or(
            now.complete, z3.Not(now.reviewed)
        )  # no entry that is not recognised, if it were reviewed in time
        gap = z3.If(reviewed, z3.IntVal(REJECTED), z3.If(dated, z3.IntVal(STALE), now.gap))
        self.lists[item.id] = replace(now, complete=z3.And(reviewed, whole), gap=gap, reviewed=reviewed)
        self.other |= {item.id}

    def _days_old(self, about: str) -> z3.ArithRef:
        days = self.stale_days[about] = z3.Int(f"{about} days since review")
        self.boundary += [days >= 0, days <= LONGEST]
        return days

    def _mapped(
        self, place: z3.ArithRef, before: tuple[str, ...], after: tuple[str, ...], known: z3.BoolRef
    ) -> z3.ArithRef:
        """The place of the same word in another list; patients with a word that is not there are left out."""
        kept = [word for word in before if word in after]
        self.boundary.append(z3.Implies(known, z3.Or([place == before.index(word) for word in kept])))
        found: z3.ArithRef = z3.IntVal(0)
        for word in kept:
            found = z3.If(place == before.index(word), after.index(word), found)
        return found

    def _tie_computed(self, about: str, old: AnyPatient) -> None:
        """What is computed from a list is the same, but for a patient whose list is complete for one pack only: such a one takes
        nothing here that it is computed from.
        """
        differs = z3.Xor(old.lists[about].complete, self.lists[about].complete)
        taken = [self.present(name).true for name in computed_from(about, self.pack)]
        self.boundary.append(z3.Implies(differs, z3.Not(z3.Or(taken))))
        if about == "medicines" and _SUM in self.readings and _SUM in old.readings:
            same = [mine == theirs for mine, theirs in _fields(self.readings[_SUM], old.readings[_SUM])]
            self.boundary.append(z3.Or(differs, z3.And(same)))

    def all_that_is_known(self, old: AnyPatient) -> AnyPatient:
        """For a witness: the patient of the old pack, with what only the new one asks about."""
        both = copy(old)
        both.pack = replace(old.pack, items={**self.pack.items, **old.pack.items})
        both.readings, both.states = {**self.readings, **old.readings}, {**self.states, **old.states}
        both.lists, both.before = {**self.lists, **old.lists}, {**self.before, **old.before}
        both.stale_days = self.stale_days
        return both


def _fields(one: AnyReading, other: AnyReading) -> Iterator[tuple[z3.ExprRef, z3.ExprRef]]:
    for name in ("known", "gap", "days", "unit", "low", "high", "open_below", "open_above", "low_open", "high_open"):
        yield getattr(one, name), getattr(other, name)


def _in_time(days: z3.ArithRef, current_for: int | None) -> z3.BoolRef:
    return z3.BoolVal(True) if current_for is None else days <= current_for


def _anew(old: AnyPatient, new: RulePack, kin: Mapping[str, list[Kin]]) -> Iterator[str]:
    for item in new.items.values():
        if item.id not in old.pack.items:
            yield item.id
        elif isinstance(item, ListItem) and (
            list(old.lists[item.id].entries) != kin[item.id] or item != old.pack.items[item.id]
        ):
            yield item.id
            if item.id == "medicines" and _SUM in new.items:
                yield _SUM


def computed_from(about: str, pack: RulePack) -> set[str]:
    """Value sets of a list that a measured item is computed from."""
    changes = {item.change.value_set for item in pack.items.values() if isinstance(item, MeasuredItem) and item.change}
    return {
        name
        for name in changes | {"magnesium_product"}
        if name in pack.value_sets and pack.value_sets[name].of == about
    }


def paired_kin(old: RulePack, new: RulePack) -> tuple[dict[str, list[Kin]], dict[str, list[Kin]]]:
    """By list, the kinds of entries that one of the packs tells apart, in the same order as each of them sees them."""
    ours: dict[str, list[Kin]] = {}
    theirs: dict[str, list[Kin]] = {}
    used = value_sets_read(old), value_sets_read(new)
    for of in old.vocabularies.keys() & new.vocabularies.keys():
        found: dict[tuple[object, ...], tuple[Kin, Kin]] = {}
        for name, code in _entries(of, old, new):
            codes = (code,) if code else ()
            given = None if code else name
            before, after = (pack.vocabularies[of].match(given, codes) for pack in (old, new))
            sets = before.value_sets & used[0], after.value_sets & used[1]
            if any(sets) or before.recognised != after.recognised:
                pair = Kin(name, sets[0], before.recognised, code), Kin(name, sets[1], after.recognised, code)
                found.setdefault((*sets, before.recognised, after.recognised), pair)
        ours[of], theirs[of] = [pair[0] for pair in found.values()], [pair[1] for pair in found.values()]
    return ours, theirs


def _entries(of: str, old: RulePack, new: RulePack) -> Iterator[tuple[str, tuple[str, str] | None]]:
    """Names of either pack, then the codes and the names of other medicines that only one of them has."""
    packs = (old, new)
    for pack in packs:
        for value_set in pack.value_sets.values():
            for entry in value_set.entries if value_set.of == of else ():
                yield from ((name, None) for name in entry.names)
    codes = [_codes(of, pack.value_sets) for pack in packs]
    for system, code, _ in sorted(codes[0] ^ codes[1]):
        yield f"{system} {code}", (system, code)
    if of == "medicines":
        for name in sorted(old.vocabularies[of].others ^ new.vocabularies[of].others):
            yield " ".join(name), None


def _codes(of: str, value_sets: Mapping[str, ValueSet]) -> set[tuple[str, str, str]]:
    return {
        (system, code, name)
        for name in value_sets
        if value_sets[name].of == of
        for inner in with_included(name, value_sets)
        for entry in value_sets[inner].entries
        for system, codes in entry.codes.items()
        for code in codes
    }


# --- what is not decided --------------------------------------------------------------------------------------------------

_READ = ("units", "substance", "codes", "plausible", "beyond_plausible", "on_a_tie", "not_from", "whole", "change")


def undecided(
    old: RulePack, new: RulePack, kin: tuple[Mapping[str, list[Kin]], Mapping[str, list[Kin]]]
) -> dict[str, str]:
    """Item or value set → what of it is read otherwise, so that a result may come to be used, or no longer, or count as another."""
    found: dict[str, str] = {}
    for name in old.items.keys() & new.items.keys():
        if what := _read_otherwise(old.items[name], new.items[name]):
            found[name] = what
    for name in value_sets_read(old) & value_sets_read(new):
        phrases = [_not_when(name, pack.value_sets) for pack in (old, new)]
        if phrases[0] != phrases[1]:
            found[name] = "texts that are no member (not_when)"
    for of in kin[0]:
        pairs = list(zip(kin[0][of], kin[1][of], strict=True))
        names = computed_from(of, old) | computed_from(of, new)
        for name in sorted(names):
            if any((name in before.value_sets) != (name in after.value_sets) for before, after in pairs):
                found[name] = "members, from which a value is computed"
        is_open = any(before.recognised != after.recognised for before, after in pairs)
        if names and (is_open or _current_for(of, old) != _current_for(of, new)):
            found[of] = f"when it is complete, of who has something of {', '.join(sorted(names))}"
    return found


def _current_for(of: str, pack: RulePack) -> int | None:
    return pack.items[of].current_for if of in pack.items else None


def _read_otherwise(before: Item, after: Item) -> str:
    if type(before) is not type(after):
        return "what kind of item it is"
    if isinstance(before, StateItem) and isinstance(after, StateItem):
        return "values" if set(before.values) != set(after.values) else ""
    if not (isinstance(before, MeasuredItem) and isinstance(after, MeasuredItem)):
        return ""
    differ = [name.replace("_", " ") for name in _READ if getattr(before, name) != getattr(after, name)]
    return ", ".join(differ)


def _not_when(name: str, value_sets: Mapping[str, ValueSet]) -> Collection[str]:
    return {phrase for inner in with_included(name, value_sets) for phrase in value_sets[inner].not_when}
