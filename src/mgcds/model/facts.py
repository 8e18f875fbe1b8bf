"""Facts: what is known of one record on one day, and why not where it is not. Both channels read these and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from mgcds.model.criterion import Limit, Number

Reason = Literal["missing", "stale", "rejected", "undated", "imprecise", "not reconciled", "not recognised"]


class Range(NamedTuple):
    """What is known of a number: from `low` to `high`; None is unbounded, open ends do not belong to it."""

    low: Number | None
    high: Number | None
    low_open: bool = False
    high_open: bool = False

    @classmethod
    def exactly(cls, value: Number) -> Range:
        """One number."""
        return cls(value, value)


class Gap(NamedTuple):
    """Nothing usable is known, and why. `days` is set where a value is known but was too old."""

    reason: Reason
    detail: str


class Reading(NamedTuple):
    """The value that counts, in `unit` (one of the item's), at most `days` old, with the limits that apply to it."""

    range: Range
    unit: str
    days: int
    lower: Limit | None
    upper: Limit | None
    lower_from: str
    upper_from: str
    shown: str
    dated: str
    source: str | None


class StateReading(NamedTuple):
    """A state and how many days ago, at most, it was so."""

    value: str
    days: int
    dated: str
    source: str | None


class ListEntry(NamedTuple):
    """An entry of a list: what it is called, and when it was started or began, as written; None where that is not known."""

    name: str
    since: str | None


class Listed(NamedTuple):
    """What a list says of one value set. `present` is None where the list is open; ranges are days before the evaluation."""

    present: bool | None
    running: Range
    """how long the longest-running current member has been taken"""
    unchanged: Range
    """how long ago a member was last started or stopped"""
    entries: tuple[ListEntry, ...]
    """its current members"""

    @property
    def names(self) -> tuple[str, ...]:
        """What its current members are called, each once."""
        return tuple(dict.fromkeys([entry.name for entry in self.entries])) if self.entries else ()


class DataProblem(NamedTuple):
    """Something of the record that was not used, or was used with a warning: about which item, what is wrong, the value and its
    date as reported, and where it was read.
    """

    about: str
    what: str
    used: bool = False
    source: str | None = None
    value: str | None = None


@dataclass(slots=True)
class Facts:
    """All that evaluation reads of one record on one day."""

    on: date
    items: dict[str, Reading | StateReading | Gap]
    lists: dict[str, Gap | None]
    """list → why it is open; None when it is complete"""
    members: dict[str, Listed]
    """value set → what its list says"""
    problems: list[DataProblem] = field(default_factory=list)


def known(facts: Facts, about: str) -> Reading | StateReading | Gap | None:
    """What is known of an item or a list; None for a list that is complete."""
    return facts.items[about] if about in facts.items else facts.lists[about]
