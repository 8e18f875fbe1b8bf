"""Results of a laboratory item over time, each against the range reported with it: the table, and the picture that says the same.

Units convert exactly (`model.units`), so the picture is the same in each: only what is written at the axis and beside the dots differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from mgcds.model.criterion import Limit
from mgcds.model.explanation import number, plain
from mgcds.model.facts import Reading
from mgcds.model.history import Place, Result, place
from mgcds.model.pack import MeasuredItem
from mgcds.model.units import factor
from mgcds.review.charts import Scale, drawing, round_steps, shape
from mgcds.review.timeline import BOTTOM, FOOT, LEFT, TOP, WIDTH, TimeAxis, shown_on, time_axis, unusable, with_room


class InUnit(NamedTuple):
    """A result and its reference range in one unit: converted exactly, written with four decimals at most."""

    value: str
    limits: str


class LabRow(NamedTuple):
    """A line of the table: the result as reported, its own range and whose it is, and both in every unit; `place` None where it
    is not used.
    """

    result: Result
    limits: str
    place: Place | None
    in_units: tuple[InUnit, ...]


def lab_rows(item: MeasuredItem, results: Sequence[Result]) -> tuple[LabRow, ...]:
    """The newest first."""
    return tuple(_row(each, each.reading, item) for each in reversed(results))


def _row(result: Result, reading: Reading | None, item: MeasuredItem) -> LabRow:
    if reading is None:
        return LabRow(result, "", None, ())
    in_units = tuple(_in_unit(reading, item, unit) for unit in item.units)
    return LabRow(result, limits_text(reading), place(reading), in_units)


def limits_text(reading: Reading) -> str:
    """The limits that apply to a result, and whose they are: `0.70–1.00 mmol/L, the laboratory's own limit`; '' where it has none."""
    if reading.lower is None and reading.upper is None:
        return ""
    whose = dict.fromkeys(filter(None, (reading.lower_from, reading.upper_from)))
    return ", ".join((f"{_limits(reading, Fraction(1))} {plain(reading.unit)}", *whose))


def newest_unit(item: MeasuredItem, results: Sequence[Result]) -> int:
    """Which of the item's units the newest result that is used was reported in."""
    used = [each.reading for each in results if each.reading]
    return item.units.index(used[-1].unit) if used else 0


def _in_unit(reading: Reading, item: MeasuredItem, unit: str) -> InUnit:
    times = _factor(item, reading.unit, unit)
    found = reading.range
    low, high = (None if end is None else number(Fraction(end) * times) for end in (found.low, found.high))
    if low is None:
        value = f"{'<' if found.high_open else '≤'} {high}"
    elif high is None:
        value = f"{'>' if found.low_open else '≥'} {low}"
    else:
        value = low if low == high else f"{low} to {high}"
    return InUnit(value, _limits(reading, times))


def _factor(item: MeasuredItem, unit: str, wanted: str) -> Fraction:
    found = factor(unit, wanted, item.substance)
    assert found is not None, "item units convert into one another, checked at load"
    return found


def _limits(reading: Reading, times: Fraction) -> str:
    lower, upper = (_limit(limit, times) for limit in (reading.lower, reading.upper))
    return f"{lower}–{upper}" if lower and upper else f"from {lower}" if lower else f"to {upper}" if upper else "none"


def _limit(limit: Limit | None, times: Fraction) -> str:
    """As written, where nothing is converted: 0.70 stays 0.70."""
    if limit is None:
        return ""
    if times == 1 and isinstance(limit.value, Decimal):
        return f"{limit.value:f}"
    return number(Fraction(limit.value) * times)


def lab_words(results: Sequence[Result]) -> str:
    """The newest result and where it lies, for who does not see the picture."""
    used = [each for each in results if each.reading]
    if not used or used[-1].reading is None:
        return "No result that can be used."
    newest, reading = used[-1], used[-1].reading
    where = place(reading)
    lies = f"{where} its range of" if where != "cannot be told" else "it cannot be told whether it lies in its range of"
    whose = "a default range, as the laboratory gave none" if uses_default(reading) else "the laboratory's own"
    return f"Newest: {newest.value} on {reading.dated[:10]}, {lies} {_limits(reading, Fraction(1))} {reading.unit} ({whose})."


def uses_default(reading: Reading) -> bool:
    """Is one of its limits not the laboratory's own?"""
    return any("default" in whose for whose in (reading.lower_from, reading.upper_from))


# --- the picture ------------------------------------------------------------------------------------------------------------


class _Placed(NamedTuple):
    """A used result in the item's first unit: the ends of its value and its limits, as far as they are known."""

    day: date
    reading: Reading
    low: float | None
    high: float | None
    lower: float | None
    upper: float | None


def lab_picture(item: MeasuredItem, results: Sequence[Result], on: date) -> Markup:
    """Each result as a mark, and beside it as a bar the range that belongs to it; '' where nothing is to be drawn."""
    axis = time_axis(results, on, WIDTH - 14)
    used, unused = shown_on(results, on)
    if not (used or unused):
        return Markup("")
    placed = [_placed(day, each.reading, item) for day, each in used if each.reading]
    y = _scale(placed)
    parts = [
        *axis.drawn(BOTTOM), *(part for which in range(len(item.units)) for part in _axis(item, which, y, axis)),
        *_ranges(placed, axis, y), *_marks(placed, axis, y), *unusable(unused, axis), *_labels(placed, item, axis, y),
    ]  # fmt: skip
    return drawing(
        item.id.replace("_", "-"), WIDTH, BOTTOM + FOOT, f"{item.title} over time", lab_words(results), parts
    )


def _placed(day: date, reading: Reading, item: MeasuredItem) -> _Placed:
    times = _factor(item, reading.unit, item.units[0])
    limits = (limit.value if limit else None for limit in (reading.lower, reading.upper))
    ends = (reading.range.low, reading.range.high, *limits)
    return _Placed(day, reading, *(None if end is None else float(Fraction(end) * times) for end in ends))


def _scale(placed: Iterable[_Placed]) -> Scale:
    """From the lowest to the highest of all values and limits, with some room."""
    ends = [end for each in placed for end in each[2:] if end is not None] or [0.0, 1.0]
    room = max((max(ends) - min(ends)) * 0.16, 0.02)
    return Scale(max(min(ends) - room, 0.0), max(ends) + room, BOTTOM, TOP)


def _axis(item: MeasuredItem, which: int, y: Scale, axis: TimeAxis) -> Iterable[Markup]:
    """The ticks of one unit; only those of the unit that was chosen are seen."""
    unit = item.units[which]
    times = float(_factor(item, item.units[0], unit))
    yield Markup('<g class="unit u{}">').format(which)
    for step in round_steps(y.low * times, y.high * times, 5):
        at = y(step / times)
        yield shape("line", x1=LEFT, x2=axis.right, y1=at, y2=at, class_="grid")
        yield shape("text", x=LEFT - 8, y=at + 4, font_size=10.5, text_anchor="end", class_="soft", text=f"{step:g}")
    yield shape("text", x=LEFT - 8, y=TOP - 6, font_size=10.5, class_="soft", text=unit) + Markup("</g>")


def _ranges(placed: Iterable[_Placed], axis: TimeAxis, y: Scale) -> Iterable[Markup]:
    """The range of each result; those that follow one another with the same range share a bar."""
    for (lower, upper, default), alike in groupby(
        placed, lambda each: (each.lower, each.upper, uses_default(each.reading))
    ):
        days = [axis.x(each.day) for each in alike]
        top, foot = y(y.high if upper is None else upper), y(y.low if lower is None else lower)
        kind = "reference default" if default else "reference"
        width = days[-1] - days[0] + 14
        yield shape("rect", x=days[0] - 7, y=top, width=width, height=foot - top, class_=kind)


def _marks(placed: Iterable[_Placed], axis: TimeAxis, y: Scale) -> Iterable[Markup]:
    """A disc within the range, a triangle that points down below it and up above it, a ring where that cannot be told."""
    for each in placed:
        x, where = axis.x(each.day), place(each.reading)
        low, high = y(y.low if each.low is None else each.low), y(y.high if each.high is None else each.high)
        if low != high:
            yield shape("line", x1=x, x2=x, y1=low, y2=high, class_="span")
        at = low if each.low is not None else high
        title = shape("title", text=f"{each.reading.shown}, {where}")
        if where in ("below", "above"):
            tip, base = (at + 6, at - 4) if where == "below" else (at - 6, at + 4)
            points = f"{x:.1f},{tip:.1f} {x - 6:.1f},{base:.1f} {x + 6:.1f},{base:.1f}"
            yield shape("polygon", points=points, class_="value outside", text=title)
        else:
            yield shape("circle", cx=x, cy=at, r=4.2, class_="value" if where == "within" else "value open", text=title)


def _labels(placed: Sequence[_Placed], item: MeasuredItem, axis: TimeAxis, y: Scale) -> Iterable[Markup]:
    at = [(axis.x(each.day), y(each.high if each.high is not None else each.low or y.low)) for each in placed]
    labelled = with_room([(x / 1.6, height) for x, height in at])  # a number with decimals takes more room
    for which, unit in enumerate(item.units):
        yield Markup('<g class="unit u{}">').format(which)
        for number_of, (each, (x, height)) in enumerate(zip(placed, at, strict=True)):
            if number_of in labelled:
                x, anchor = (x + 11, "start") if x < axis.right - 70 else (x - 11, "end")
                text = _in_unit(each.reading, item, unit).value
                yield shape(
                    "text",
                    x=x,
                    y=height + 4,
                    font_size=12.5,
                    font_weight=600,
                    text_anchor=anchor,
                    class_="label",
                    text=text,
                )
        yield Markup("</g>")
