"""Dates as records give them: a day, a moment, or only a month or a year (FHIR dateTime, https://hl7.org/fhir/R4/datatypes.html#dateTime).

A partial date is kept as the days it may mean, so that nothing is decided by inventing a day.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeVar

LONGEST_DATE = 60
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?")
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_WESTERNMOST = timedelta(hours=-12)
Dated = TypeVar("Dated")


class When(NamedTuple):
    """The days from `first` to `last` (equal for a full date), and the moment of the day in UTC where it was given."""

    text: str
    first: date
    last: date
    moment: datetime | None = None
    zoned: bool = False
    """was the moment given with its time zone?"""

    @property
    def is_partial(self) -> bool:
        return self.first < self.last

    @property
    def begins(self) -> date:
        """The first day of evaluation that is not before it: of a moment with a time zone the day it is where on earth it is earliest."""
        if self.moment is None or not self.zoned or self.first.year == 1:
            return self.first
        return min(self.first, (self.moment + _WESTERNMOST).date())

    def days_before(self, on: date) -> tuple[int, int]:
        """Fewest and most days from this date to `on`; negative in the future. A moment that may be of that day in the time zone of
        the evaluation, which is not known, is of that day.
        """
        if on < self.first and self.begins <= on:
            return 0, 0
        return self.days_as_written(on)

    def days_as_written(self, on: date) -> tuple[int, int]:
        """The same, by the day that is written, whatever its time zone."""
        return (on - self.last).days, (on - self.first).days

    def order(self) -> tuple[date, bool, datetime]:
        """Later sorts higher, by the day that is written; on one day a value with a time is later than one without. Of moments with
        different time zones `newest` knows more.
        """
        return self.first, self.moment is not None, self.moment or _BEFORE_ALL

    def may_be_as_new_as(self, other: When) -> bool:
        """Is it not surely older?"""
        if self.moment is not None and other.moment is not None and self.zoned and other.zoned:
            return self.moment >= other.moment
        if self.is_partial or other.is_partial:
            return self.last >= other.first
        return self.order() >= other.order()


@lru_cache(maxsize=65536)
def parse_when(text: str) -> When:
    """Read `2026-11-20`, `2026-11-20T08:30:00+01:00`, `2024-05` or `2024`. The day is the one written, in its own time zone."""
    if len(text) > LONGEST_DATE:  # and so nobody's blanks are kept
        raise ValueError("longer than a date")
    text = text.strip()
    partial = _PARTIAL.fullmatch(text) if len(text) < 8 else None
    if partial:
        year, month = int(partial[1]), partial[2]
        if month is None:
            return When(text, date(year, 1, 1), date(year, 12, 31))
        return When(text, date(year, int(month), 1), date(year, int(month), calendar.monthrange(year, int(month))[1]))
    if "T" not in text and " " not in text:
        day = date.fromisoformat(text)
        return When(text, day, day)
    moment = datetime.fromisoformat(text)
    try:
        in_utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:  # year 1 east of Greenwich, year 9999 west of it
        raise ValueError("before the first or after the last day of the calendar") from None
    return When(text, moment.date(), moment.date(), in_utc, moment.tzinfo is not None)


@lru_cache(maxsize=65536)
def days_before(text: str, on: date) -> tuple[int, int]:
    """Fewest and most days from a date as it is written to `on`; negative in the future."""
    return parse_when(text).days_before(on)


def newest(given: Iterable[Dated], when: Callable[[Dated], When]) -> list[Dated]:
    """Those of the newest date, several where they are of one. Moments with a time zone are compared as moments; the latest of them
    with the latest of the others, which say only a day or leave the zone open, by the day that is written. (No order of single dates
    can say both: 1:00Z of the 11th is before 23:30-05:00 of the 10th, which is before the 11th, which is before 1:00Z of the 11th.)
    """
    moments: list[Dated] = []
    days: list[Dated] = []
    for each in given:
        (moments if when(each).zoned else days).append(each)
    if moments:
        latest = max(when(each).moment or _BEFORE_ALL for each in moments)
        moments = [each for each in moments if when(each).moment == latest]
    last = max((when(each).order() for each in days), default=None)
    days = [each for each in days if when(each).order() == last]
    if not moments or last is None:
        return moments or days
    latest_as_written = max(when(each).order() for each in moments)
    return [*(moments if latest_as_written >= last else ()), *(days if last >= latest_as_written else ())]
