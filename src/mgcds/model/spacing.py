"""When magnesium can be taken beside medicines that must be kept apart from it.

A time is a whole minute of the day, 0 to 1439. The day repeats: 23:00 and 01:00 are two hours apart.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass

DAY = 24 * 60
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Spacing:
    """Minutes between a medicine and magnesium: the medicine at least `before` minutes before it, or `after` minutes after it."""

    before: int
    after: int

    def allows(self, medicine: int, magnesium: int) -> bool:
        """Is magnesium at that minute far enough from the dose before it and from the dose after it?"""
        return passed(medicine, magnesium) >= self.before and passed(magnesium, medicine) >= self.after


Dose = tuple[int, Spacing]


def minute_of(text: str) -> int | None:
    """`"08:00"` → 480; None where it is no time of the day."""
    found = _CLOCK.fullmatch(text.strip())
    return int(found[1]) * 60 + int(found[2]) if found else None


def clock(minute: int) -> str:
    """480 → `08:00`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def passed(since: int, until: int) -> int:
    """Minutes from one time of the day to the next time it is the other."""
    return (until - since) % DAY


def free_minutes(doses: Collection[Dose]) -> list[int]:
    """Every minute of the day at which all the doses allow magnesium."""
    return [minute for minute in range(DAY) if all(spacing.allows(medicine, minute) for medicine, spacing in doses)]


def windows(minutes: Sequence[int]) -> list[tuple[int, int]]:
    """Unbroken runs of sorted minutes as (first, last), both belonging to it; a run over midnight has last < first."""
    if len(minutes) == DAY:
        return [(0, DAY - 1)]
    chosen = set(minutes)
    firsts = [minute for minute in minutes if (minute - 1) % DAY not in chosen]
    lasts = [minute for minute in minutes if (minute + 1) % DAY not in chosen]
    if firsts and lasts[0] < firsts[0]:  # that one ends the run which began before midnight
        lasts = [*lasts[1:], lasts[0]]
    return list(zip(firsts, lasts, strict=True))


def place(minutes: Sequence[int], count: int, apart: int, start: int = 0) -> tuple[int, ...] | None:
    """So many of the sorted minutes, at least `apart` from one another and as far as they can be; None where they do not fit.

    Of several ways the one with the most times on the half hour, then the earliest in a day that begins at `start`.
    """
    if not _ways(minutes, count, apart):
        return None
    fits, too_far = apart, DAY // count + 1
    while fits + 1 < too_far:
        tried = (fits + too_far) // 2
        if _ways(minutes, count, tried):
            fits = tried
        else:
            too_far = tried

    def key(way: tuple[int, ...]) -> tuple[int, list[int]]:
        return sum(minute % 30 != 0 for minute in way), sorted(passed(start, minute) for minute in way)

    return min(_ways(minutes, count, fits), key=key)


def _ways(minutes: Sequence[int], count: int, apart: int) -> list[tuple[int, ...]]:
    """For each first minute the others, each as early as it can be: if any choice with that first minute fits, this one does."""
    ways = []
    for first in minutes:
        way = [first]
        while len(way) < count:
            at = bisect_left(minutes, way[-1] + max(apart, 1))
            if at == len(minutes):
                break
            way.append(minutes[at])
        if len(way) == count and first + DAY - way[-1] >= apart:
            ways.append(tuple(way))
    return ways
