"""A concrete patient out of a Z3 model: a record that `evaluate` reads, and the same as a scenario.

The plainest patient is asked for first: exact values with few digits in the item's first unit, lists reviewed today, dates known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import z3

from mgcds.model.criterion import Which
from mgcds.model.explanation import in_sentence
from mgcds.model.explanation import plain as shown_unit
from mgcds.model.pack import ListItem, MeasuredItem, RulePack, StateItem
from mgcds.model.units import SCORE
from mgcds.verification.symbolic import MISSING, REJECTED, AnyEntry, AnyPatient, AnyReading, AnyState, Kin

ON = date(2026, 11, 21)
"""the day of a witness: the day of scenarios"""
_UNUSABLE = "a unit nobody knows"
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Witness:
    """One patient for whom something holds: the record, as `PatientRecord(**record)` takes it, and the sentences of a scenario."""

    record: Record
    sentences: tuple[str, ...]

    def scenario(self, name: str, then: Sequence[str]) -> str:
        """A scenario ready to be put into a feature file, as a draft."""
        steps = [f"Given {self.sentences[0]}", *(f"And {sentence}" for sentence in self.sentences[1:])]
        steps += ["When the record is evaluated", f"Then {then[0]}", *(f"And {sentence}" for sentence in then[1:])]
        return "\n".join(["  @draft", f"  Scenario: {name}", *(f"    {step}" for step in steps)])


def find_witness(patient: AnyPatient, solver: z3.Solver, *wanted: z3.BoolRef) -> Witness | None:
    """The plainest patient of whom all that is wanted holds; None where there is none. The solver holds the patient's constraints."""
    solver.push()
    try:
        solver.add(*wanted)
        if solver.check() != z3.sat:
            return None
        plainer = _Plainer(solver)
        for whole, parts in _wishes(patient):
            if not plainer.ask(whole):
                for part in parts:
                    plainer.ask(part)
        return _Writer(patient, plainer.model).witness()
    finally:
        solver.pop()


class _Plainer:
    """Asks one thing more of the patient, and keeps it where there still is one."""

    def __init__(self, solver: z3.Solver) -> None:
        self._solver, self.model = solver, solver.model()

    def ask(self, more: z3.BoolRef) -> bool:
        """The solver is spared where the patient found so far is like that already."""
        if not z3.is_true(self.model.eval(more, model_completion=True)):
            if self._solver.check(more) != z3.sat:
                return False
            self.model = self._solver.model()
        self._solver.add(more)
        return True


@lru_cache(maxsize=2)
def _wishes(patient: AnyPatient) -> list[tuple[z3.BoolRef, list[z3.BoolRef]]]:
    """What is asked for, as a whole or else part by part; written down once a patient. Last, what does not matter is left out."""
    entries = [entry for found in patient.lists.values() for entry in found.entries.values()]
    reported = [
        about for about in patient.readings if about != "supplemental_magnesium"
    ]  # it follows from what is taken
    without = [patient.nothing_known(about) for about in (*patient.lists, *patient.states, *reported)]
    levels = [*_plain(patient), *([each] for each in without), *([z3.Not(entry.now)] for entry in entries)]
    return [(z3.And(level), level if len(level) > 1 else []) for level in levels]


def writable(patient: AnyPatient) -> list[z3.BoolRef]:
    """What no record can be written without: days, not months; numbers that end; a list that has entries was given."""
    entries = [entry for found in patient.lists.values() for entry in found.entries.values()]
    found = [before == most for before, most in patient.before.values()]
    found += [
        z3.And(entry.start[0] == entry.start[1], entry.stop[0] == entry.stop[1], entry.stop[0] >= 1)
        for entry in entries
    ]
    for about, listed in patient.lists.items():
        none_said = patient.nothing_known(about)
        found.append(z3.Or(listed.reviewed, listed.gap != MISSING, none_said))
        if about != "medicines":
            found += [z3.Not(said) for entry in listed.entries.values() for said in (entry.unsure, entry.vague)]
    for about, reading in patient.readings.items():
        if about in ("age", "supplemental_magnesium", "days_to_surgery"):
            found.append(z3.Implies(reading.known, reading.exact))
        found += [_few_digits_of_limit(about, which, own, reading) for which, own in reading.own_limit.items()]
        if not patient.is_change(about):
            found.append(_few_digits(about, reading, 1000))
    return found


def _plain(patient: AnyPatient) -> Iterator[list[z3.BoolRef]]:
    """What makes a patient plain, the most important first: what no record can be written without comes before the rest."""
    entries = [entry for found in patient.lists.values() for entry in found.entries.values()]
    readings = patient.readings.items()
    yield writable(patient)
    yield [z3.Not(entry.vague) for entry in entries]
    # a scenario says both limits of the laboratory or none
    yield [reading.own_limit["lower"] == reading.own_limit["upper"] for _, reading in readings]
    yield [
        z3.Implies(reading.known, z3.And(reading.exact, *(z3.Not(own) for own in reading.own_limit.values())))
        for _, reading in readings
    ]
    yield [z3.And(z3.Not(entry.unsure), z3.Implies(entry.now, entry.dated)) for entry in entries]
    yield [reading.unit == 0 for _, reading in readings]
    yield [_few_digits(about, reading, 100) for about, reading in readings if not patient.is_change(about)]
    yield [z3.Or(found.complete, patient.nothing_known(about)) for about, found in patient.lists.items()]
    facts: list[AnyReading | AnyState] = [*patient.readings.values(), *patient.states.values()]
    yield [z3.Or(fact.known, fact.gap == MISSING) for fact in facts]
    yield [z3.Not(entry.stopped) for entry in entries]
    yield [z3.Or(z3.Not(fact.known), z3.And(fact.days >= 0, fact.days <= 1)) for fact in facts]
    yield [entry.start[0] <= 100 for entry in entries]


def _few_digits(about: str, reading: AnyReading, steps: int) -> z3.BoolRef:
    if z3.is_int(reading.low):
        return z3.BoolVal(True)
    ends = [(reading.low, "low"), (reading.high, "high")]
    whole = [end * steps == z3.ToReal(z3.Int(f"{about} {name} in steps of 1/{steps}")) for end, name in ends]
    return z3.Implies(reading.known, z3.And(whole))


def _few_digits_of_limit(about: str, which: Which, own: z3.BoolRef, reading: AnyReading) -> z3.BoolRef:
    return z3.Implies(
        own, reading.limit[which] * 1000 == z3.ToReal(z3.Int(f"{about} {which} limit in steps of 1/1000"))
    )


class _Writer:
    """Reads a model."""

    def __init__(self, patient: AnyPatient, model: z3.ModelRef) -> None:
        self._patient, self._model = patient, model
        self._pack: RulePack = patient.pack
        self._record: Record = {}
        self._said: list[str] = ["a patient of whom nothing is known"]

    def witness(self) -> Witness:
        for about in self._patient.readings:
            self._measured(about)
        for about in self._patient.states:
            self._state(about)
        for about in self._patient.lists:
            self._list(about)
        self._before()
        return Witness(self._record, tuple(self._said))

    # --- the model --------------------------------------------------------------------------------------------------------

    def _is(self, formula: z3.BoolRef) -> bool:
        return bool(z3.is_true(self._model.eval(formula, model_completion=True)))

    def _number(self, formula: z3.ArithRef) -> Fraction:
        value = self._model.eval(formula, model_completion=True)
        return (
            Fraction(value.as_long())
            if z3.is_int_value(value)
            else Fraction(value.numerator_as_long(), value.denominator_as_long())
        )

    def _days(self, formula: z3.ArithRef) -> int:
        return int(self._number(formula))

    # --- items ------------------------------------------------------------------------------------------------------------

    def _measured(self, about: str) -> None:
        item, reading = self._pack.items[about], self._patient.readings[about]
        assert isinstance(item, MeasuredItem)
        if about == "supplemental_magnesium" or item.change is not None:
            return  # follows from what is taken and from other values
        title, known, days = in_sentence(item.title), self._is(reading.known), self._days(reading.days)
        if about == "days_to_surgery":
            if known:
                self._record["planned_surgery"] = _day(-self._days(reading.low))
                self._said.append(f"the patient has an operation planned in {self._days(reading.low)} days")
        elif about == "age":
            if known:
                self._record["age"] = self._days(reading.low)
                self._said.append(f'the age is "{self._days(reading.low)}"')
        elif known:
            self._reported(item, reading, title, days)
        elif self._number(reading.gap) != MISSING:
            self._unusable(
                item, title, self._stale_days(about, self._number(reading.gap) == REJECTED, item.current_for)
            )

    def _stale_days(self, about: str, in_time: bool, current_for: int | None) -> int:
        """How long ago something was reported or reviewed."""
        days = self._patient.stale_days.get(about)
        return self._days(days) if days is not None else 0 if in_time else (current_for or 0) + 1

    def _reported(self, item: MeasuredItem, reading: AnyReading, title: str, days: int) -> None:
        unit = item.units[self._days(reading.unit)]
        quantity = self._quantity(reading.low, unit)
        sign = ""
        if self._is(reading.open_below):
            sign = "<" if self._is(reading.high_open) else "<="
        elif self._is(reading.open_above):
            sign = ">" if self._is(reading.low_open) else ">="
        own = {
            f"{which}_limit": self._quantity(limit, unit)
            for which, limit in reading.limit.items()
            if self._is(reading.own_limit[which])
        }
        highest = self._number(reading.high)
        up_to = {"up_to": _decimal(highest)} if not sign and highest > self._number(reading.low) else {}
        self._record[item.id] = {"value": sign + quantity, **up_to, "date": _day(days), **own}
        limits = f' with laboratory limits "{own.get("lower_limit")}" to "{own.get("upper_limit")}"' if own else ""
        highest_said = f', or up to "{up_to["up_to"]}"' if up_to else ""
        self._said.append(f'the {title} is "{sign}{quantity}"{highest_said}{limits or _ago(days)}')

    def _quantity(self, number: z3.ArithRef, unit: str) -> str:
        text = _decimal(self._number(number))
        return text if unit == SCORE else f"{text} {shown_unit(unit)}"

    def _unusable(self, item: MeasuredItem, title: str, days: int) -> None:
        self._record[item.id] = {"value": "1", "unit": _UNUSABLE, "date": _day(days)}
        self._said.append(f"the {title} was reported {days} days ago and cannot be used")

    def _state(self, about: str) -> None:
        item, state = self._pack.items[about], self._patient.states[about]
        assert isinstance(item, StateItem)
        title = in_sentence(item.title)
        if self._is(state.known):
            value, days = item.values[self._days(state.value)], self._days(state.days)
            self._record[about] = {"value": value, "date": _day(days)}
            self._said.append(f'the {title} is "{value}"{_ago(days)}')
        elif self._number(state.gap) == REJECTED:
            self._record[about] = {"value": _UNUSABLE, "date": _day(0)}
            self._said.append(f"the {title} was reported 0 days ago and cannot be used")

    def _before(self) -> None:
        """For a change: the value before the start of the medicine."""
        for item in self._pack.items.values():
            change = item.change if isinstance(item, MeasuredItem) else None
            if change is None or not self._is(self._patient.readings[item.id].known):
                continue
            days = self._days(self._patient.running(change.value_set).low)
            value = str(self._days(self._patient.before[change.of][0]))
            newest = self._record[change.of]
            if isinstance(newest, dict):
                self._record[change.of] = [{"value": value, "date": _day(days)}, newest]
                self._said.append(f'the {in_sentence(self._pack.items[change.of].title)} was "{value}" {days} days ago')

    # --- lists ------------------------------------------------------------------------------------------------------------

    def _list(self, about: str) -> None:
        found, item = self._patient.lists[about], self._pack.items[about]
        complete, gap = self._is(found.reviewed), self._number(found.gap)
        entries = [(kin, entry) for kin, entry in found.entries.items()]
        if not complete and gap == MISSING:
            return
        self._record[about] = []
        assert isinstance(item, ListItem)
        if complete or gap != REJECTED:
            reviewed = self._stale_days(about, complete, item.current_for)
            self._record[f"{about}_reconciled"] = _day(reviewed)
            self._said.append(f"the {in_sentence(item.title)} was reviewed {reviewed} days ago")
        else:
            self._said.append(f"it is not known when the {in_sentence(item.title)} was reviewed")
        for kin, entry in entries:
            self._entry(about, kin, entry)

    def _entry(self, about: str, kin: Kin, entry: AnyEntry) -> None:
        began, ended = ("start", "stop") if about in ("medicines", "procedures") else ("onset", "abated")
        if self._is(entry.now):
            written, since = _named(kin), ""
            if self._is(entry.dated):
                days = self._days(entry.start[0])
                written[began], since = _day(days), f" since {days} days ago"
            self._add(about, kin, written, since)
        if self._is(entry.unsure):
            self._record[about].append({**_named(kin), "status": "on-hold"})
            self._said.append(f'the patient has "{kin.name}" on hold')
        if self._is(entry.vague):
            self._record[about].append({**_named(kin), "status": "stopped"})
            self._said.append(f'the patient stopped "{kin.name}", it is not known when')
        if self._is(entry.stopped):
            days = self._days(entry.stop[0])
            self._record[about].append({**_named(kin), began: _day(days), ended: _day(days)})
            if about == "medicines":
                self._said.append(f'the patient stopped "{kin.name}" {days} days ago')

    def _add(self, about: str, kin: Kin, written: Record, since: str) -> None:
        verb = {"medicines": "takes", "procedures": "receives", "conditions": "has", "symptoms": "reports"}[about]
        where, dose = about, ""
        if "magnesium_product" in kin.value_sets:
            where, reading = "supplements", self._patient.readings["supplemental_magnesium"]
            if self._is(reading.known):
                first = "supplements" not in self._record
                mg = self._quantity(reading.low, SCORE) if first else "0"
                written["daily_dose"] = f"{mg} mg elemental"
                dose = f' with "{mg} mg elemental" a day'
        self._record.setdefault(where, []).append(written)
        since = since if about in ("medicines", "procedures") else ""
        self._said.append(f'the patient {verb} "{kin.name}"{dose}{since}')


def _decimal(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


def _named(kin: Kin) -> Record:
    system_code = kin.code and {"system": kin.code[0], "code": kin.code[1]}
    return {"codes": [system_code]} if system_code else {"name": kin.name}


def _day(days: int) -> str:
    return (ON - timedelta(days=days)).isoformat()


def _ago(days: int) -> str:
    return "" if days == 0 else f" from {days} days ago"
