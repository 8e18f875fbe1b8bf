"""Dates as records give them: a day, a moment, or only a month or a year (FHIR dateTime, https://hl7.org/fhir/R4/datatypes.html#dateTime).

A partial date is kept as the days it may mean, so that nothing is decided by inventing a day.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?")


_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class When(NamedTuple):
    """The days from `first` to `last` (equal for a full date), and the moment of the day in UTC where it was given."""

    text: str
    first: date
    last: date
    moment: datetime | None = None

    def days_before(self, on: date) -> tuple[int, int]:
        """Fewest and most days from this date to `on`; negative in the future."""
        return (on - self.last).days, (on - self.first).days

    def order(self) -> tuple[date, bool, datetime]:
        """Later sorts higher; on one day a value with a time is later than one without."""
        return self.first, self.moment is not None, self.moment or _BEFORE_ALL


@lru_cache(maxsize=65536)
def parse_when(text: str) -> When:
    """Read `2026-11-20`, `2026-11-20T08:30:00+01:00`, `2024-05` or `2024`. The day is the one written, in its own time zone."""
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
    return When(text, moment.date(), moment.date(), in_utc)


@lru_cache(maxsize=65536)
def days_before(text: str, on: date) -> tuple[int, int]:
    """Fewest and most days from a date as it is written to `on`; negative in the future."""
    return parse_when(text).days_before(on)
