"""What the charts of a patient share: the axis of time, and where a result stands on it. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from mgcds.model.history import Course, Result
from mgcds.review.charts import Scale, shape

WIDTH, LEFT, TOP, BOTTOM = 560, 40, 18, 200
FOOT = 24
_LABEL = (30, 14)  # the room a number takes
_SHORTEST = timedelta(days=84)  # as long as a trial and its follow-up


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Days from `first` to `last` on the way to `right`; `on` is the day of evaluation."""

    first: date
    last: date
    on: date
    right: int

    def x(self, day: date) -> float:
        """Where a day stands; days before the first at the left end."""
        return Scale(self.first.toordinal(), self.last.toordinal(), LEFT, self.right)(day.toordinal())

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Firsts of months or years, seven at most."""
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        step = next((step for step in (1, 2, 3, 6, 12, 24, 60, 120) if months / step <= 6), 240)
        numbers = (self.first.year * 12 + self.first.month + count for count in range(months))
        firsts = [date(number // 12, number % 12 + 1, 1) for number in numbers if number % step == 0]
        return tuple((self.x(day), f"{day:%Y}" if step >= 12 else f"{day:%b %Y}") for day in firsts)

    def drawn(self, bottom: float) -> Iterable[Markup]:
        """The axis with its ticks, and a line at the day of evaluation down to `bottom`."""
        yield shape("line", x1=LEFT, x2=self.right, y1=BOTTOM, y2=BOTTOM, class_="axis")
        for x, text in self.ticks:
            yield shape("line", x1=x, x2=x, y1=BOTTOM, y2=BOTTOM + 4, class_="axis")
            yield shape("text", x=x, y=BOTTOM + 16, font_size=10.5, text_anchor="middle", class_="soft", text=text)
        today = self.x(self.on)
        yield shape("line", x1=today, x2=today, y1=TOP - 6, y2=bottom, class_="today")


def time_axis(dated: Iterable[Result], on: date, right: int, courses: Iterable[Course] = ()) -> TimeAxis:
    """From the first result, or a start or stop of treatment not long before it, to the day of evaluation."""
    first = min([on - _SHORTEST, *(each.when.first for each in dated if each.when)])
    earliest = first - max(on - first, 2 * _SHORTEST)
    marks = [when.first for course in courses for when in (course.start, course.stop) if when is not None]
    first = min([first, *(day for day in marks if day >= earliest)])
    margin = max((on - first) / 30, timedelta(days=2))
    return TimeAxis(first - margin, on + margin, on, right)


def shown_on(results: Iterable[Result], on: date) -> tuple[list[tuple[date, Result]], list[date]]:
    """The results that are used, with the (first) day of each; and the days of those that are not. What has no date, or one after
    the day of evaluation, stands only in the table.
    """
    dated = [(each.when.first, each) for each in results if each.when and each.when.first <= on]
    return [(day, each) for day, each in dated if each.reading], [day for day, each in dated if not each.reading]


def with_room(places: Sequence[tuple[float, float]]) -> set[int]:
    """Which of these places can be labelled without one number over another; the newest, which come last, first. The table has all."""
    kept: list[int] = []
    for which in reversed(range(len(places))):
        x, y = places[which]
        if all(abs(x - places[other][0]) >= _LABEL[0] or abs(y - places[other][1]) >= _LABEL[1] for other in kept):
            kept.append(which)
    return set(kept)


def unusable(days: Iterable[date], axis: TimeAxis) -> Iterable[Markup]:
    """A cross at the axis for each result that is not used."""
    for day in days:
        x, y = axis.x(day), BOTTOM - 7
        cross = f"M{x - 4:.1f},{y - 4}L{x + 4:.1f},{y + 4}M{x - 4:.1f},{y + 4}L{x + 4:.1f},{y - 4}"
        yield shape("path", d=cross, class_="line withheld", text=shape("title", text=f"{day}: not used"))
