"""One patient on the way from plain resources to the rows of the flat tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mgcds.fhir import elements
from mgcds.fhir.gathered import Pregnancy
from mgcds.model.record import Rejected
from mgcds.populations.forms import Asked
from mgcds.populations.shapes import List, Shown


class Medicine(NamedTuple):
    """What is taken. `keys`: by which the same medicine is known; `number`: of its concept."""

    name: str | None
    codes: tuple[elements.Code, ...]
    keys: frozenset[object]
    number: int
    is_antidepressant: bool
    is_magnesium: bool


class Ordering(NamedTuple):
    """An order on its way to an entry of the medicine list."""

    kind: str
    reference: str
    medicine: Medicine | Shown | None
    """None where it is not plain what it is; looked up at the end"""
    status: str
    start: str | None
    stop: str | None


class Apart(NamedTuple):
    """Of one item of a patient, what the reader read beside the rows of measurements: results, and what it rejected."""

    results: Sequence[Mapping[str, Any]]
    rejected: Sequence[Rejected]


@dataclass(slots=True)
class Rows:
    """The flat tables of many patients, who are numbered; and what the statements do not read, by patient."""

    people: list[tuple[Any, ...]] = field(default_factory=list)
    measurements: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    states: list[tuple[Any, ...]] = field(default_factory=list)
    apart: dict[tuple[int, str], Apart] = field(default_factory=dict)
    doses: dict[int, list[str | None]] = field(default_factory=dict)
    """of each supplement a day, in the order of the entries"""
    deceased: set[int] = field(default_factory=set)
    """patients who have no row in the facts"""


@dataclass(slots=True)
class One:
    """One patient on the way: the rows of the flat tables, and what was not used."""

    reference: str = ""
    birth_date: str | None = None
    sex: str | None = None
    deceased: bool = False
    seen: dict[str, bytes] = field(default_factory=dict)
    subjects: set[str | None] = field(default_factory=set)
    measurements: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    states: list[tuple[Any, ...]] = field(default_factory=list)
    orders: list[Ordering] = field(default_factory=list)
    forms: list[Asked] = field(default_factory=list)
    lists: list[List] = field(default_factory=list)
    difficulties: list[tuple[str | None, str, str]] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    reviewed: dict[str, str] = field(default_factory=dict)
    unused: list[tuple[str, str]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    pregnancies: list[Pregnancy] = field(default_factory=list)
    apart: list[bytes] = field(default_factory=list)
    """Observations that are not plain"""
    specimens: list[bytes] = field(default_factory=list)
    treatments: list[bytes] = field(default_factory=list)
    """psychotherapy"""
    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """item → what the reader read of the Observations that are not plain"""
    rejected: dict[str, list[Rejected]] = field(default_factory=dict)
    doses: list[str | None] = field(default_factory=list)
    """of each supplement, in the order of the entries"""
