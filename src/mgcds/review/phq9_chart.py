"""PHQ-9 totals, item 9 and treatments over time: the table, and the picture that says the same. Bands come from the pack (`phq9.yaml`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from mgcds.model.criterion import Number
from mgcds.model.facts import Reading
from mgcds.model.history import Course, Result
from mgcds.model.phq9 import ANSWERS, ITEMS, Cutoffs, band
from mgcds.review.charts import Scale, drawing, shape
from mgcds.review.timeline import BOTTOM, FOOT, LEFT, TOP, WIDTH, TimeAxis, shown_on, time_axis, unusable, with_room

_HIGHEST = ITEMS * ANSWERS[-1]
_LANE, _MOST_LANES = 30, 12
_Y = Scale(0, _HIGHEST, BOTTOM, TOP)
_NOT_ASKED = "–"


class Phq9Row(NamedTuple):
    """A line of the table: a total as reported, its band, and item 9 of that day; `total` None where only item 9 is on record."""

    total: Result | None
    band: str
    item9: Result | None

    @property
    def of(self) -> Result:
        """The result whose date the line has."""
        found = self.total or self.item9
        assert found is not None
        return found


def phq9_rows(totals: Sequence[Result], item9: Sequence[Result], cutoffs: Cutoffs | None) -> tuple[Phq9Row, ...]:
    """The newest first. An item 9 belongs to the total of its date and source, or of its date."""
    answers = {(each.dated, each.source): each for each in item9} | {(each.dated, None): each for each in item9}
    rows = []
    for each in totals:
        answer = answers.get((each.dated, each.source)) or answers.get((each.dated, None))
        severity = band_of(each.reading, cutoffs) if each.reading and cutoffs else ""
        rows.append(Phq9Row(each, severity, answer))
    told = [row.item9 for row in rows]
    rows += [Phq9Row(None, "", each) for each in item9 if each not in told]
    return tuple(
        sorted(rows, key=lambda row: row.of.when.order() if row.of.when else (date.min,), reverse=True),
    )


def band_of(reading: Reading, cutoffs: Cutoffs) -> str:
    """The band of a total; the first and the last of those it may lie in."""
    return " to ".join(dict.fromkeys(band(int(end), cutoffs) for end in _ends(reading)))


def _ends(reading: Reading) -> tuple[Number, Number]:
    low, high = reading.range.low, reading.range.high
    return 0 if low is None else low, _HIGHEST if high is None else high


def phq9_picture(
    totals: Sequence[Result], item9: Sequence[Result], courses: Sequence[Course], cutoffs: Cutoffs | None, on: date
) -> Markup:
    """Totals in their bands, item 9 below them, then a lane for each medicine or treatment; '' where nothing is to be drawn."""
    axis = time_axis([*totals, *item9], on, WIDTH - 118, courses)
    answers, _ = shown_on(item9, on)
    used, unused = shown_on(totals, on)
    if not (answers or used or unused):
        return Markup("")
    lanes = _lanes(courses, axis)
    top = BOTTOM + FOOT + (22 if answers else 0)
    bottom = top + _LANE * len(lanes)
    parts = [
        *_bands(cutoffs, axis), *axis.drawn(bottom), *_totals(used, axis), *unusable(unused, axis), *_item9(answers, axis),
        *(part for number, (name, drawn) in enumerate(lanes) for part in _lane(name, drawn, top + _LANE * number, axis)),
    ]  # fmt: skip
    return drawing("phq9", WIDTH, bottom + 6, "PHQ-9 over time", phq9_words(totals, cutoffs), parts)


def phq9_words(totals: Sequence[Result], cutoffs: Cutoffs | None) -> str:
    """The newest total and the first, for who does not see the picture."""
    used = [each for each in totals if each.reading]
    said = []
    for each in dict.fromkeys((*used[-1:], *used[:1])):
        severity = f", {band_of(each.reading, cutoffs)}" if each.reading and cutoffs else ""
        said.append(f"{each.value} on {str(each.dated)[:10]}{severity}")
    before = f"; the first of {len(used)}: {said[1]}" if len(said) > 1 else ""
    return f"Newest: {said[0]}{before}." if said else "No total that can be used."


def _bands(cutoffs: Cutoffs | None, axis: TimeAxis) -> Iterable[Markup]:
    if cutoffs is None:
        return
    ends = [lowest for _, lowest in cutoffs.bands] + [_HIGHEST + 1]
    for number, ((name, _), (low, above)) in enumerate(zip(cutoffs.bands, pairwise(ends), strict=True)):
        top, foot = _Y(above), _Y(low)
        yield shape("rect", x=LEFT, y=top, width=axis.right - LEFT, height=foot - top, class_=f"severity s{number}")
        yield shape("text", x=LEFT - 8, y=foot + 4, font_size=10.5, text_anchor="end", class_="soft", text=low)
        yield shape("text", x=axis.right + 8, y=(top + foot) / 2 + 4, font_size=10.5, class_="soft", text=name)


def _totals(used: Sequence[tuple[date, Result]], axis: TimeAxis) -> Iterable[Markup]:
    ends = [(axis.x(day), *map(_Y, map(float, _ends(each.reading)))) for day, each in used if each.reading]
    yield shape(
        "polyline", points=" ".join(f"{x:.1f},{low:.1f}" for x, low, high in ends if low == high), class_="trend"
    )
    labelled = with_room([(x, high) for x, _, high in ends])
    for number, ((x, low, high), (_, each)) in enumerate(zip(ends, used, strict=True)):
        if low != high:
            yield shape("line", x1=x, x2=x, y1=low, y2=high, class_="span")
        else:
            yield shape("circle", cx=x, cy=low, r=4.2, class_="value")
        if number in labelled:
            yield shape(
                "text",
                x=x,
                y=high - 8,
                font_size=12.5,
                font_weight=600,
                text_anchor="middle",
                class_="label",
                text=each.value,
            )


def _item9(answers: Sequence[tuple[date, Result]], axis: TimeAxis) -> Iterable[Markup]:
    """The answers in a row; one that is not 0 in a ring."""
    y = BOTTOM + FOOT + 12
    if answers:
        yield shape("text", x=axis.right + 8, y=y, font_size=10.5, class_="soft", text="item 9")
    labelled = with_room([(2 * axis.x(day), 0) for day, _ in answers])  # one digit takes half the room
    for number, (day, each) in enumerate(answers):
        if each.reading and each.reading.range.high != 0:
            yield shape("circle", cx=axis.x(day), cy=y - 4, r=8.5, class_="ring suppressed")
        if number in labelled:
            yield shape(
                "text", x=axis.x(day), y=y, font_size=11.5, font_weight=600, text_anchor="middle", text=each.value
            )


# --- treatments -------------------------------------------------------------------------------------------------------------


class _Stretch(NamedTuple):
    """From where to where; `sure` that it was taken all that while; whether its start and stop lie on the axis."""

    x1: float
    x2: float
    sure: bool
    starts: bool
    stops: bool


def _lanes(courses: Iterable[Course], axis: TimeAxis) -> list[tuple[str, list[_Stretch]]]:
    """All stretches of one name in one lane; lanes beyond the twelfth stand only in the table."""
    named: dict[str, list[_Stretch]] = {}
    for course in courses:
        found = _stretch(course, axis)
        if found is not None:
            named.setdefault(course.name, []).append(found)
    return list(named.items())[:_MOST_LANES]


def _stretch(course: Course, axis: TimeAxis) -> _Stretch | None:
    """None where it ended before the axis begins, or begins after the day of evaluation."""
    start, stop = course.start, course.stop
    if (start and start.first > axis.on) or (stop and stop.last < axis.first):
        return None
    sure = start is not None and start.first == start.last and (stop is not None or course.is_current is True)
    x1 = axis.x(start.first if start else axis.first)
    x2 = max(axis.x(min(stop.last, axis.on) if stop else axis.on), x1 + 3)
    return _Stretch(x1, x2, sure, bool(start and start.first >= axis.first), bool(stop and stop.first <= axis.on))


def _lane(name: str, stretches: Iterable[_Stretch], top: float, axis: TimeAxis) -> Iterable[Markup]:
    y = top + 21
    yield shape("text", x=LEFT, y=top + 13, font_size=10.5, text=name if len(name) <= 62 else f"{name[:61]}…")
    for each in stretches:
        yield shape("line", x1=each.x1, x2=each.x2, y1=y, y2=y, class_="course" if each.sure else "course unsure")
        for x, seen in ((each.x1, each.starts), (each.x2, each.stops)):
            if seen:
                yield shape("line", x1=x, x2=x, y1=y - 5, y2=y + 5, class_="course end")
                yield shape("line", x1=x, x2=x, y1=TOP, y2=BOTTOM, class_="turn")
