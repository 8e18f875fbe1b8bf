"""A day's medicines and their times → when magnesium can be taken, or what stands in the way.

Three answers, as everywhere: feasible, not feasible, cannot tell. A medicine that nothing recognises, or a missing time of one that
must be kept apart, never makes a day feasible. Whether magnesium may be considered at all is the rules' question, not this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from mgcds.errors import RecordError
from mgcds.model.condition import Truth
from mgcds.model.interaction import DrugMagnesium, Interaction
from mgcds.model.pack import RulePack
from mgcds.model.record import Coding, Part
from mgcds.model.spacing import DAY, Dose, Spacing, clock, free_minutes, minute_of, passed, place, windows


def _times(given: Any) -> Any:
    given = [given] if isinstance(given, str) else given or ()
    minutes = [minute_of(text) if isinstance(text, str) else None for text in given]
    if None in minutes:
        raise ValueError("not a time of the day: write 08:00")
    return tuple(sorted({minute for minute in minutes if minute is not None}))


class TimedMedicine(Part):
    """A medicine and the times of the day it is taken at; no time means that they are not known."""

    name: str | None = None
    codes: tuple[Coding, ...] = ()
    times: Annotated[tuple[int, ...], BeforeValidator(_times)] = ()

    @model_validator(mode="after")
    def _named(self) -> TimedMedicine:
        if not self.name and not self.codes:
            raise ValueError("a medicine needs a name or a code")
        return self

    @property
    def called(self) -> str:
        """Its name, or its codes where it has none."""
        return self.name or ", ".join(f"{code.system} {code.code}" for code in self.codes)


class Day(Part):
    """The medicines of a day, and how many doses of magnesium are wanted; the table says how many if nobody does."""

    medicines: tuple[TimedMedicine, ...]
    doses: int | None = Field(default=None, ge=1, le=6)


@dataclass(frozen=True, slots=True)
class Placed:
    """A medicine of the day with the rows that speak of it. `spacing` is the longest that applies, each side by itself."""

    called: str
    times: tuple[int, ...]
    recognised: bool
    rows: tuple[Interaction, ...]

    @property
    def spacing(self) -> Spacing | None:
        """None where no row demands any."""
        found = [row.spacing for row in self.rows if isinstance(row.spacing, Spacing)]
        if not found:
            return None
        return Spacing(max(one.before for one in found), max(one.after for one in found))

    @property
    def avoids(self) -> bool:
        """Does a row offer no time at all?"""
        return any(row.spacing == "avoid" for row in self.rows)

    @property
    def is_magnesium(self) -> bool:
        """Does it give magnesium itself?"""
        return any("adds" in row.direction for row in self.rows)

    @property
    def doses(self) -> list[Dose]:
        """Its times with the distance each demands."""
        return [(minute, self.spacing) for minute in self.times] if self.spacing else []


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a dose of magnesium is from a medicine: minutes since the dose before it, and until the dose after it."""

    medicine: Placed
    spacing: Spacing
    since: int
    until: int
    holds: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """Magnesium at a time of the day: proposed here, asked about, or on the list as a product."""

    at: int
    source: str
    distances: tuple[Distance, ...]


@dataclass(frozen=True)
class Schedule:
    """The answer for one day. `conflicts`: medicines that together leave no time, none of which can be left out."""

    medicines: tuple[Placed, ...]
    wanted: int
    feasible: Truth
    asks: tuple[str, ...]
    magnesium: tuple[Taken, ...]
    conflicts: tuple[str, ...]
    fitting: int
    table: DrugMagnesium

    @property
    def answer(self) -> Literal["feasible", "not feasible", "cannot tell"]:
        """In words."""
        return "cannot tell" if self.feasible is None else "feasible" if self.feasible else "not feasible"

    @cached_property
    def windows(self) -> list[tuple[int, int]] | None:
        """First and last free minute of each free part of the day; None where something is still asked."""
        if self.asks:
            return None
        return [] if any(medicine.avoids for medicine in self.medicines) else windows(_free(self.medicines))

    @property
    def unkept_wishes(self) -> tuple[str, ...]:
        """Medicines without a row that magnesium comes nearer to than the table wishes."""
        near = [
            medicine
            for medicine in self.medicines
            if medicine.recognised and not medicine.rows
            for minute in medicine.times
            if not all(self.table.any_other.spacing.allows(minute, taken.at) for taken in self.magnesium)
        ]
        return tuple(dict.fromkeys(medicine.called for medicine in near))


def read_day(given: Any) -> Day:
    """A day from plain data (JSON or YAML as read). RecordError says what is wrong where, without the value."""
    if not isinstance(given, Mapping):
        raise RecordError("a day is a mapping with 'medicines', each with its name and times")
    try:
        return Day.model_validate(dict(given))
    except ValidationError as error:
        said = [
            f"{'.'.join(str(part) for part in one['loc']) or 'the day'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_input=False, include_url=False)
        ]
        raise RecordError("; ".join(said)) from None


def schedule(day: Day, pack: RulePack, at: Sequence[int] = ()) -> Schedule:
    """Find times for magnesium, or check the given ones (minutes of the day). RecordError where the pack has no table."""
    table = pack.drug_magnesium
    if table is None:
        raise RecordError("the pack has no drug-magnesium.yaml; nothing is known of intervals")
    medicines = tuple(_placed(medicine, pack, table) for medicine in day.medicines)
    wanted = len(at) or day.doses or table.magnesium.doses
    taken = [
        _taken(minute, product.called, [medicine for medicine in medicines if medicine is not product])
        for product in medicines
        if product.is_magnesium
        for minute in product.times
    ]  # a product is not kept apart from itself
    taken += [_taken(minute, "asked about", medicines) for minute in sorted(at)]
    possible = not any(medicine.avoids for medicine in medicines)
    conflicts: tuple[str, ...] = ()
    fitting = wanted
    if possible and not at:
        proposed = _propose(medicines, wanted, table)
        taken += [_taken(minute, "proposed", medicines) for minute in proposed or ()]
        possible = proposed is not None
        if not possible:
            conflicts = _conflicts(medicines, wanted, table.magnesium.apart)
            fitting = next((few for few in range(wanted - 1, 0, -1) if _propose(medicines, few, table)), 0)
    possible = possible and all(distance.holds for dose in taken for distance in dose.distances)
    asks = tuple(_asks(medicines))
    feasible: Truth = False if not possible else None if asks else True
    if asks:
        taken = [dose for dose in taken if dose.source != "proposed"]  # nothing is proposed beside what is not known
    return Schedule(
        medicines, wanted, feasible, asks, tuple(sorted(taken, key=lambda dose: dose.at)), conflicts, fitting, table
    )


def _placed(medicine: TimedMedicine, pack: RulePack, table: DrugMagnesium) -> Placed:
    match = pack.vocabularies["medicines"].match(
        medicine.name, tuple((code.system, code.code) for code in medicine.codes)
    )
    rows = tuple(row for value_set, row in table.rows.items() if value_set in match.value_sets)
    return Placed(medicine.called, medicine.times, match.recognised, rows)


def _asks(medicines: Iterable[Placed]) -> Iterable[str]:
    for medicine in medicines:
        if not medicine.recognised:
            yield f"'{medicine.called[:80]}' is not recognised: which medicine is it?"
        elif not medicine.times and not medicine.avoids and (medicine.spacing or medicine.is_magnesium):
            yield f"At what times is '{medicine.called[:80]}' taken?"


def _free(medicines: Iterable[Placed]) -> list[int]:
    return free_minutes([dose for medicine in medicines for dose in medicine.doses])


def _propose(medicines: Sequence[Placed], wanted: int, table: DrugMagnesium) -> tuple[int, ...] | None:
    """Times by day before times by night, and those that keep the wish before those that do not."""
    free = _free(medicines)
    first, last = table.magnesium.between
    by_day = {minute for minute in range(DAY) if passed(first, minute) <= passed(first, last)}
    wishes = [
        (minute, table.any_other.spacing)
        for medicine in medicines
        if medicine.recognised and not medicine.rows
        for minute in medicine.times
    ]
    wished = set(free_minutes(wishes))
    everything = set(range(DAY))
    for allowed in (by_day & wished, by_day, wished, everything):
        found = place([minute for minute in free if minute in allowed], wanted, table.magnesium.apart, first)
        if found is not None:
            return found
    return None


def _conflicts(medicines: Sequence[Placed], wanted: int, apart: int) -> tuple[str, ...]:
    kept = [medicine for medicine in medicines if medicine.spacing]
    for medicine in list(kept):
        others = [other for other in kept if other is not medicine]
        if place(_free(others), wanted, apart) is None:
            kept = others
    return tuple(medicine.called for medicine in kept)


def _taken(minute: int, source: str, medicines: Iterable[Placed]) -> Taken:
    distances = []
    for medicine in medicines:
        if medicine.spacing is None or not medicine.times:
            continue
        since = min(passed(dose, minute) for dose in medicine.times)
        until = min(passed(minute, dose) for dose in medicine.times)
        holds = all(spacing.allows(dose, minute) for dose, spacing in medicine.doses)
        distances.append(Distance(medicine, medicine.spacing, since, until, holds))
    return Taken(minute, source, tuple(distances))


def to_dict(found: Schedule) -> dict[str, Any]:
    """The answer for JSON: times as `08:00`, distances in minutes."""
    return {
        "answer": found.answer,
        "feasible": found.feasible,
        "asks": list(found.asks),
        "doses": found.wanted,
        "windows": None if found.windows is None else [[clock(first), clock(last)] for first, last in found.windows],
        "magnesium": [
            {
                "at": clock(dose.at),
                "source": dose.source,
                "distances": [_distance(distance) for distance in dose.distances],
            }
            for dose in found.magnesium
        ],
        "conflicts": list(found.conflicts),
        "medicines": [
            {
                "medicine": medicine.called,
                "recognised": medicine.recognised,
                "times": [clock(minute) for minute in medicine.times],
                "rows": [_row(row) for row in medicine.rows],
            }
            for medicine in found.medicines
        ],
    }


def _distance(distance: Distance) -> dict[str, Any]:
    return {
        "medicine": distance.medicine.called,
        "since": distance.since,
        "at_least_since": distance.spacing.before,
        "until": distance.until,
        "at_least_until": distance.spacing.after,
        "holds": distance.holds,
        "because": [row.value_set for row in distance.medicine.rows if isinstance(row.spacing, Spacing)],
    }


def _row(row: Interaction) -> dict[str, Any]:
    return {
        "value_set": row.value_set,
        "direction": list(row.direction),
        "severity": row.severity,
        "words": row.words,
        "evidence": list(row.evidence),
        "verified": row.verified,
    }
