"""Drawings as inline SVG: pure functions from numbers to markup. Each has a title and a description that say what it shows; colours come
from the style sheet, and a shape or a word always goes with them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from markupsafe import Markup, escape

Status = Literal["offered", "suppressed", "withheld", "not indicated"]
STATUSES: tuple[Status, ...] = ("offered", "suppressed", "withheld", "not indicated")


def shape(name: str, **attributes: object) -> Markup:
    """One element: `shape("line", x1=0, stroke_width=2, class_="axis")`. `text` is its content, escaped."""
    text = attributes.pop("text", None)
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{given}/>") if text is None else Markup(f"<{name}{given}>{escape(text)}</{name}>")


def _short(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def drawing(
    key: str, width: float, height: float, title: str, description: str, parts: Iterable[Markup], role: str = "img"
) -> Markup:
    """A picture with its text alternative. `key` is its name on the page, so that two do not share their ids; `role`: `img`, or
    `graphics-document` where it holds links.
    """
    names = f"{key}-title {key}-description"
    frame = f'<svg role="{role}" aria-labelledby="{escape(names)}" viewBox="0 0 {_short(width)} {_short(height)}" font-size="12">'
    inside = [shape("title", id=f"{key}-title", text=title), shape("desc", id=f"{key}-description", text=description)]
    return Markup(frame) + Markup("").join([*inside, *parts]) + Markup("</svg>")


def marker(status: str, x: float, y: float, title: str = "", size: float = 5.0) -> Markup:
    """Offered a disc, suppressed a square, withheld a triangle, not indicated an open diamond; anything else a small cross."""
    kind = status.replace(" ", "-")
    look = {"class_": f"mark {kind}"}
    content = {"text": shape("title", text=title)} if title else {}
    if status == "offered":
        return shape("circle", cx=x, cy=y, r=size, **look, **content)
    if status == "suppressed":
        return shape("rect", x=x - size, y=y - size, width=2 * size, height=2 * size, **look, **content)
    corners = {
        "withheld": [(0, -1.15), (1.1, 0.85), (-1.1, 0.85)],
        "not indicated": [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)],
    }.get(status, [(-1, -1), (1, 1), (0, 0), (-1, 1), (1, -1), (0, 0)])
    points = " ".join(f"{_short(x + size * dx)},{_short(y + size * dy)}" for dx, dy in corners)
    return shape("polygon", points=points, **look, **content)


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` along pixels from `start` to `end`; `log` for ratios, `whole` for what has no fractions."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    whole: bool = False

    def __call__(self, value: float) -> float:
        """Where a value is drawn: at the end of the scale where it lies beyond."""
        low, high, at = (math.log(each) if self.log else each for each in (self.low, self.high, self.kept(value)))
        return self.start + (self.end - self.start) * (at - low) / (high - low)

    def kept(self, value: float) -> float:
        """The value, or the end of the scale it lies beyond."""
        return min(max(value, self.low), self.high)

    @property
    def ticks(self) -> list[float]:
        """Round values to write at the axis."""
        if self.log:
            inside = [[step for step in steps if self.low <= step <= self.high] for steps in _RATIOS]
            return next((ticks for ticks in inside if len(ticks) < 6), inside[-1])
        return round_steps(self.low, self.high, whole=self.whole)


_RATIOS = ((0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10), (0.1, 0.25, 0.5, 1, 2, 3, 5, 10), (0.1, 0.5, 1, 2, 5, 10))
"""round ratios to write at an axis, fewer for a longer one; each ends where the others do"""


def round_steps(low: float, high: float, most: int = 7, whole: bool = False) -> list[float]:
    """At most so many multiples of 1, 2 or 5 times a power of ten between two values; `whole`: of 1 at least."""
    step = 10 ** math.floor(math.log10((high - low) / most))
    step *= next(times for times in (1, 2, 5, 10) if (high - low) / (step * times) <= most)
    step = max(step, 1) if whole else step
    first = math.ceil(low / step - 1e-9)
    return [round(each * step, 10) for each in range(first, math.floor(high / step + 1e-9) + 1)]


def plain_number(value: float) -> str:
    """`0.7`, `30`, `−1.5`: with a true minus, without trailing zeros."""
    return f"{value:.4g}".replace("-", "−")


# --- a number line ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Range:
    """What a criterion asks of a value. An end that is None is open to that side; `closed`: does the end itself belong to it?"""

    name: str
    low: float | None
    high: float | None
    low_closed: bool = True
    high_closed: bool = True


Gap = Literal["not on record", "not usable"]
GAPS: tuple[Gap, ...] = ("not on record", "not usable")


@dataclass(frozen=True, slots=True)
class Dot:
    """Scenarios alike: their value, what became of the suggestion, and which they are. Where no value is known (`None`), `gap` says
    whether none is on record or none is usable.
    """

    value: float | None
    status: Status
    count: int
    says: str
    reaches: Literal["", "up", "down"] = ""
    """known only as a bound: `>60` reaches up"""
    to: float | None = None
    """known only to lie from `value` to here"""
    gap: Gap = "not on record"

    @property
    def ends(self) -> list[float]:
        """The numbers it is drawn at."""
        return [end for end in (self.value, self.to) if end is not None]


_LEFT, _GAP, _WIDTH, _LANE, _BEYOND, _WORDS = 100, 54, 760, 25, 30.0, 42.0
_NAMES = _LEFT + _GAP * len(GAPS) - 4
"""where what stands left of the scale ends"""


def number_line(
    key: str, title: str, unit: str, ranges: Sequence[Range], dots: Sequence[Dot], whole: bool = False
) -> Markup:
    """The ranges that the criteria ask for above, a lane for each status below, a dot where scenarios stand; what has no value stands
    at the left, what lies far beyond the scale with its value after a break of the axis. `whole`: the quantity has no fractions.
    """
    scale = _scale_of(ranges, dots, whole)
    top = 20.0 + 20 * len(ranges)
    bottom = top + _LANE * len(STATUSES)
    parts = [*_lanes(top, bottom, scale), *_limits(ranges, scale, bottom), *_ranges(ranges, scale)]
    parts += _breaks(dots, scale, bottom)
    for lane, status in enumerate(STATUSES):
        parts += _lane([dot for dot in dots if dot.status == status], top + _LANE * (lane + 0.5), scale)
    middle = (scale.start + scale.end) / 2
    name = f"{title}{', ' + unit if unit else ''}"
    parts.append(shape("text", x=middle, y=bottom + 34, text_anchor="middle", class_="soft", text=name))
    return drawing(key, _WIDTH, bottom + 42, f"{title}: limits and scenarios", _said(ranges, dots, unit), parts)


def _scale_of(ranges: Sequence[Range], dots: Sequence[Dot], whole: bool) -> Scale:
    """All limits with room on both sides; the values too, unless they lie far beyond: these stand after a break of the axis."""
    limits = [end for each in ranges for end in (each.low, each.high) if end is not None]
    values = sorted(end for dot in dots for end in dot.ends)
    low, high = min(limits or values or [0]), max(limits or values or [1])
    room = max(high - low, abs(high), 5.0 if whole else 1e-9)
    near = [value for value in values if low - room <= value <= high + room]
    low, high = min([low, *near]), max([high, *near])
    margin = (high - low) * 0.08 or abs(high) * 0.25 or 1.0
    lowest = 0.0 if low >= 0 and low - margin < 0 else low - margin
    start, end = _NAMES + 20.0, _WIDTH - 22.0
    start += _BEYOND if values and values[0] < lowest else 0
    end -= _BEYOND + _WORDS if values and values[-1] > high + margin else 0
    return Scale(lowest, high + margin, start, end, whole=whole)


def _breaks(dots: Sequence[Dot], scale: Scale, bottom: float) -> Iterable[Markup]:
    """Two slanted strokes through the axis where values lie beyond it."""
    values = [end for dot in dots for end in dot.ends]
    for side, is_beyond in ((-1, min(values, default=0) < scale.low), (1, max(values, default=0) > scale.high)):
        if values and is_beyond:
            at = scale.end if side > 0 else scale.start
            yield shape("line", x1=at + 8 * side, x2=at + (_BEYOND + 6) * side, y1=bottom, y2=bottom, class_="axis")
            for x in (at + 13 * side - 2, at + 13 * side + 2):
                yield shape("line", x1=x - 2, x2=x + 2, y1=bottom + 5, y2=bottom - 5, class_="axis break")


def _place(value: float, scale: Scale) -> float:
    """Where a value is drawn: after the break where it lies beyond the scale."""
    beyond = (value > scale.high) - (value < scale.low)
    return scale(value) + _BEYOND * beyond


def _lanes(top: float, bottom: float, scale: Scale) -> Iterable[Markup]:
    for gap in GAPS:
        for line, words in enumerate(gap.rsplit(" ", 1)):
            yield shape(
                "text", x=_gap_at(gap), y=bottom + 17 + 13 * line, text_anchor="middle", class_="soft", text=words
            )
    for lane, status in enumerate(STATUSES):
        y = top + _LANE * (lane + 0.5)
        for gap in GAPS:
            yield shape("line", x1=_gap_at(gap) - 22, x2=_gap_at(gap) + 22, y1=y, y2=y, class_="grid")
        yield shape("line", x1=scale.start - 8, x2=scale.end + 8, y1=y, y2=y, class_="grid")
        yield shape("text", x=_LEFT - 10, y=y + 4, text_anchor="end", class_="soft", text=status)
    yield shape("line", x1=scale.start - 8, x2=scale.end + 8, y1=bottom, y2=bottom, class_="axis")
    for tick in scale.ticks:
        yield shape("line", x1=scale(tick), x2=scale(tick), y1=bottom, y2=bottom + 5, class_="axis")
        yield shape("text", x=scale(tick), y=bottom + 17, text_anchor="middle", class_="soft", text=plain_number(tick))


def _gap_at(gap: Gap) -> float:
    return _LEFT + _GAP * (GAPS.index(gap) + 0.5) - 4


def _limits(ranges: Sequence[Range], scale: Scale, bottom: float) -> Iterable[Markup]:
    for end in sorted({end for each in ranges for end in (each.low, each.high) if end is not None}):
        yield shape("line", x1=scale(end), x2=scale(end), y1=12, y2=bottom, class_="limit")


def _ranges(ranges: Sequence[Range], scale: Scale) -> Iterable[Markup]:
    for row, each in enumerate(ranges):
        y = 16.0 + 20 * row
        left = scale.start - 8 if each.low is None else scale(each.low)
        right = scale.end + 8 if each.high is None else scale(each.high)
        yield shape("line", x1=left, x2=right, y1=y, y2=y, class_="range")
        for end, at, closed in ((each.low, left, each.low_closed), (each.high, right, each.high_closed)):
            if end is not None:
                yield shape("circle", cx=at, cy=y, r=4, class_="end" if closed else "end open")
        yield shape("text", x=_NAMES, y=y + 4, text_anchor="end", font_size=11, text=each.name[:34])


def _lane(dots: Sequence[Dot], y: float, scale: Scale) -> Iterable[Markup]:
    """The dots of one status, then what is written beside them: above, or below where that place is taken."""
    beside: dict[float, list[Dot]] = {}
    for dot in dots:
        x = _gap_at(dot.gap) if dot.value is None else _place(dot.value, scale)
        far = _far(dot, x, scale)
        if far is not None:
            yield shape("line", x1=x, x2=far, y1=y, y2=y, class_=f"line {_class(dot)}")
        if dot.to is not None:
            yield shape("line", x1=far, x2=far, y1=y - 5, y2=y + 5, class_=f"line {_class(dot)}")
        yield Markup('<g class="{}">').format(_class(dot)) + marker(dot.status, x, y, dot.says) + Markup("</g>")
        beside.setdefault(x, []).append(dot)
    taken = {-5.0: 0.0, 13.0: 0.0}
    for x in sorted(beside):
        if words := _beside(beside[x], scale):
            width = 5.8 * len(words)
            left = min(x + 7, _WIDTH - width)
            dy = next((dy for dy, end in taken.items() if end < left), min(taken, key=lambda dy: taken[dy]))
            left = max(left, taken[dy])
            taken[dy] = left + width + 2
            yield shape("text", x=left, y=y + dy, font_size=9.5, class_="soft", text=words)


def _far(dot: Dot, x: float, scale: Scale) -> float | None:
    """The other end of what is known of a value: its last possible place, or the end of the scale."""
    if dot.to is not None:
        return _place(dot.to, scale)
    return {"up": max(x, scale.end + 8), "down": min(x, scale.start - 8)}.get(dot.reaches)


def _beside(dots: Sequence[Dot], scale: Scale) -> str:
    """How many scenarios stand in one place; after a break of the axis their values too."""
    values = sorted({dot.value for dot in dots if dot.value is not None and dot.value != scale.kept(dot.value)})
    ends = "–".join(plain_number(value) for value in dict.fromkeys((values[0], values[-1]))) if values else ""
    count = sum(dot.count for dot in dots)
    return " ".join(filter(None, (ends, f"×{count}" if count > 1 else "")))


def _class(dot: Dot) -> str:
    return dot.status.replace(" ", "-")


def _said(ranges: Sequence[Range], dots: Sequence[Dot], unit: str) -> str:
    """What the picture shows, for who does not see it."""
    asked = "; ".join(f"{each.name}: {range_words(each, unit)}" for each in ranges)
    counted = [(status, sum(dot.count for dot in dots if dot.status == status)) for status in STATUSES]
    shown = ", ".join(f"{count} {status}" for status, count in counted if count) or "none"
    return f"Criteria: {asked or 'none'}. Scenarios: {shown}. The table below holds every value."


def range_words(each: Range, unit: str = "") -> str:
    """`from 5 up to, but not including, 20`"""
    low = "" if each.low is None else f"{'from' if each.low_closed else 'above'} {plain_number(each.low)}"
    high = "" if each.high is None else f"{'up to' if each.high_closed else 'below'} {plain_number(each.high)}"
    return " ".join(filter(None, (" and ".join(filter(None, (low, high))), unit)))


# --- a forest plot -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate of one study, written as it was reported: of what, and its interval where there was one."""

    label: str
    value: Decimal
    low: Decimal | None = None
    high: Decimal | None = None


_ROW, _START, _PLOT, _FOREST = 36.0, 14.0, 250.0, 460.0


def forest(
    key: str, measure: str, effects: Sequence[Effect], none_at: float, sides: tuple[str, str], log: bool = False,
    reach: tuple[float, float] | None = None,
) -> Markup:  # fmt: skip
    """Estimates that share one measure, below one another, with the line of no effect and what either side of it means. `reach`: the
    least that the scale covers, so that plots beside one another can be compared.
    """
    ends = [float(end) for each in effects for end in (each.value, each.low, each.high) if end is not None]
    low, high = min([none_at, *(reach or ()), *ends]), max([none_at, *(reach or ()), *ends])
    room = (high - low) * 0.12 or 1.0
    scale = (
        Scale(_ratio_up_to(low), _ratio_from(high), _START, _PLOT, True)
        if log
        else Scale(low - room, high + room, _START, _PLOT)
    )
    bottom = _ROW * len(effects) + 4
    lines = [_ROW * place + 17 for place in range(len(effects))]
    parts = [
        *(shape("line", x1=scale(none_at), x2=scale(none_at), y1=top, y2=top + 18, class_="axis") for top in lines),
        shape("line", x1=_START - 6, x2=_PLOT, y1=bottom, y2=bottom, class_="axis"),
        shape("text", x=_PLOT + 16, y=bottom + 15, class_="soft", text=measure),
    ]
    for place, each in enumerate(effects):
        parts += _effect(each, _ROW * place, scale)
    ticks = scale.ticks
    for tick in ticks if log or len(ticks) < 6 else ticks[::2]:
        text = plain_number(tick)
        parts.append(shape("line", x1=scale(tick), x2=scale(tick), y1=bottom, y2=bottom + 4, class_="axis"))
        parts.append(shape("text", x=scale(tick), y=bottom + 15, text_anchor="middle", class_="soft", text=text))
    left, right = sides
    lower = (
        33 if len(left) + len(right) <= 28 else 49
    )  # below the axis there is room for some 34 letters, arrows included
    parts.append(shape("text", x=2, y=bottom + 33, text=f"← {left}"))
    parts.append(shape("text", x=_PLOT, y=bottom + lower, text_anchor="end", text=f"{right} →"))
    said = "; ".join(f"{each.label}: {effect_words(each)}" for each in effects)
    description = f"{said}. No effect is {plain_number(none_at)}; lower: {left}; higher: {right}."
    return drawing(key, _FOREST, bottom + lower + 6, f"{measure}: effects with their intervals", description, parts)


def _ratio_up_to(low: float) -> float:
    """The end of an axis of ratios: a tick below all that is drawn."""
    return max([step for step in (0.1, 0.25, 0.5) if step <= low], default=low / 1.2)


def _ratio_from(high: float) -> float:
    return min([step for step in (2, 3, 5, 10) if step >= high], default=high * 1.2)


def _effect(each: Effect, top: float, scale: Scale) -> Iterable[Markup]:
    y, at = top + 25, scale(float(each.value))
    yield shape("text", x=2, y=top + 12, class_="soft", text=each.label)
    if each.low is not None and each.high is not None:
        yield shape("line", x1=scale(float(each.low)), x2=scale(float(each.high)), y1=y, y2=y, class_="line")
        yield shape("rect", x=at - 4, y=y - 4, width=8, height=8, class_="mark")
    else:
        yield shape("circle", cx=at, cy=y, r=4, class_="mark hollow")
    yield shape("text", x=_PLOT + 16, y=y + 4, text=effect_words(each))


def effect_words(each: Effect) -> str:
    """`−0.919 (−1.443 to −0.396)`, with the digits of the source"""
    value, low, high = (f"{end}".replace("-", "−") for end in (each.value, each.low, each.high))
    return f"{value}, no interval reported" if each.low is None or each.high is None else f"{value} ({low} to {high})"
