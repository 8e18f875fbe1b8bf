"""Criteria: the named statements that rules join. One class a kind, no behaviour but its shape and its sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Which = Literal["lower", "upper"]
# (end of a range, does the value itself belong to it) in words
WORDS = {("lower", True): "at least", ("lower", False): "above", ("upper", True): "at most", ("upper", False): "below"}
Problem = Literal["missing", "stale", "rejected", "unknown"]


Number = int | Decimal | Fraction
"""An exact number: a Decimal as written, a Fraction only where a conversion does not end. They compare exactly with one another."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One end of a range in one unit; `inclusive` says whether the value itself still belongs to the range."""

    value: Number
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit written in one or several units. A value is compared in the unit it was reported in (design 2.4).
    `source`: whose limit it is; '' for the rule's own.
    """

    by_unit: Mapping[str, Limit]
    text: str
    source: str = field(default="", compare=False)

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True, slots=True)
class ReferenceLimit:
    """The laboratory's own lower or upper limit, or the item's default where the result came without."""

    which: Which
    inclusive: bool


Bound = Threshold | ReferenceLimit


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured item lies in a range: above `lower` and below `upper`, where given. `within`: days it stays current, None for ever."""

    item: str
    lower: Bound | None
    upper: Bound | None
    within: int | None
    sentence: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class State:
    """A state (sex, pregnancy, …) is one of `values`."""

    item: str
    values: tuple[str, ...]
    within: int | None
    sentence: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Taking:
    """A medicine of the value set is being taken, or a treatment received: the longest running for `at_least` and `at_most` days,
    and none of the set started or stopped in the last `unchanged_for` days.
    """

    value_set: str
    at_least: int | None
    at_most: int | None
    unchanged_for: int | None
    sentence: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Has:
    """A diagnosis or symptom of the value set is present."""

    list: Literal["conditions", "symptoms"]
    value_set: str
    sentence: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Asks:
    """A statement about knowledge itself: an item or list is missing, stale, rejected, or unknown for any of these reasons."""

    about: str
    problem: Problem
    within: int | None
    sentence: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Documented:
    """A state is on record with one of `values`, on or after the day of the current value of `since`. Not on record is not met:
    like `Asks`, this speaks of knowledge.
    """

    item: str
    values: tuple[str, ...]
    since: str | None
    within: int | None
    sentence: str = field(compare=False)


Criterion = Measure | State | Taking | Has | Asks | Documented
ABOUT_KNOWLEDGE = (Asks, Documented)
