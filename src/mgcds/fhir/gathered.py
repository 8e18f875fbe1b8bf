"""What one reading gathers: entries for the record, results that could not be read, and all that was left aside, with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mgcds.fhir.elements import readable_date
from mgcds.fhir.wire import Resource, Unused
from mgcds.model.dates import parse_when
from mgcds.model.record import PatientRecord, Rejected

GivenList = Literal["medicines", "conditions"]


@dataclass(frozen=True, slots=True)
class FhirReading:
    """The record of one patient, and what became of every resource: it is in `used` or counted in `unused`.

    A result that exists but cannot be read is used: it stands in `record.rejected`, where it keeps older results from counting.
    """

    record: PatientRecord
    unused: tuple[Unused, ...]
    patient: str | None
    used: tuple[str, ...] = ()
    deceased: bool = False
    """the Patient says so; whether to speak at all is for who asks"""


@dataclass(slots=True)
class Pregnancy:
    """One statement about pregnancy: its value (None where it could not be read), its day and its source."""

    value: str | None
    date: str | None
    resource: Resource
    why: str = ""

    def order(self) -> tuple[object, ...]:
        """The newest counts; on one day the more cautious: pregnant, then unreadable."""
        day = parse_when(self.date).order() if self.date else ()
        return bool(day), day, self.value == "pregnant", self.value is None

    def may_follow(self, other: Pregnancy) -> bool:
        """May it be the newer one of two, though it does not come after the other in order? Undated, or of a month or a year only."""
        if self.date is None or other.date is None:
            return True
        own = parse_when(self.date)
        return own.first < own.last and own.last >= parse_when(other.date).first


@dataclass(slots=True)
class Gathered:
    """Filled by the readers of resource types, turned into a `FhirReading` at the end."""

    fields: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    """state → its newest value, with date and source"""
    pregnancies: list[Pregnancy] = field(default_factory=list)
    given: set[GivenList] = field(default_factory=set)
    """lists that the input says something of: one with an entry, or one said to be empty"""
    reviewed: dict[GivenList, str] = field(default_factory=dict)
    """list → the date its own `List` resource bears"""
    deceased: bool = False
    _used: dict[int, str] = field(default_factory=dict)
    _left: list[tuple[int, str, str]] = field(default_factory=list)
    _left_ids: set[int] = field(default_factory=set)
    _counted: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    def use(self, resource: Resource) -> None:
        """The resource has a part in the record."""
        self._used[id(resource)] = resource.reference

    def add(self, name: str, entry: Mapping[str, Any], resource: Resource) -> None:
        """An entry of a list field, with its source."""
        self.fields.setdefault(name, []).append({**entry, "source": resource.reference})
        self._used[id(resource)] = resource.reference

    def state(self, name: str, value: str, date: str | None, resource: Resource, values: Sequence[str]) -> None:
        """A state was so on that day: the newest counts, and what is dated before what is not; of one moment the last of `values`."""
        known = self.states.get(name)
        rank = (_order(date), values.index(value))
        if known is None or rank >= (_order(known["date"]), values.index(known["value"])):
            self.states[name] = {"value": value, "date": date, "source": resource.reference}
        self.use(resource)

    def reject(self, name: str, why: str, resource: Resource | None, date: str | None = None) -> None:
        """Something is on record for this field and cannot be read: older results must not stand in for it."""
        source = resource.reference if resource is not None else None
        self.rejected.append(Rejected(field=name, why=why, date=date if readable_date(date) else None, source=source))
        if resource is not None:
            self.use(resource)

    def leave(self, resource: Resource, why: str) -> None:
        """The resource, or a part of it, is not used."""
        self._left.append((id(resource), resource.reference, why))
        self._left_ids.add(id(resource))

    def leave_unless_used(self, resource: Resource, why: str) -> None:
        """The resource is not used, unless something has been said of it already."""
        if id(resource) not in self._used and id(resource) not in self._left_ids:
            self.leave(resource, why)

    def count(self, key: str, why: str, shown: str | None = None, resources: int = 1) -> None:
        """One more resource of a kind that is not used, or several; one line stands for all of them."""
        label, number = self._counted.get((key, why), (shown or key, 0))
        self._counted[key, why] = (label, number + resources)

    def used(self) -> tuple[str, ...]:
        """References of the resources that have a part in the record."""
        return tuple(self._used.values())

    def used_ids(self) -> frozenset[int]:
        """The same, by identity."""
        return frozenset(self._used)

    def unused(self) -> tuple[Unused, ...]:
        """Single resources first, in the order they came, then one line for each kind that no rule reads."""
        seen = set(self._used)
        lines = []
        for resource, reference, why in self._left:
            lines.append(Unused(reference, why, 0 if resource in seen else 1))
            seen.add(resource)
        lines += [Unused(f"{label} ({number})", why, number) for (_, why), (label, number) in self._counted.items()]
        return tuple(lines)


def _order(date: str | None) -> tuple[object, ...]:
    return (1, parse_when(date).order()) if date is not None else (0,)
