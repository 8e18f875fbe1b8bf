"""Drawings put things where they belong, and say in words what they show."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from mgcds.review.charts import (
    STATUSES,
    Dot,
    Effect,
    Range,
    Scale,
    effect_words,
    forest,
    marker,
    number_line,
    plain_number,
    range_words,
    round_steps,
)

LIMITS = [Range("severe", None, 30, high_closed=False), Range("moderate", 30, 60, True, False)]
DOTS = [
    Dot(29.9, "offered", 2, "a"), Dot(30, "not indicated", 1, "b"), Dot(None, "withheld", 1, "c"),
    Dot(25, "withheld", 1, "<d>", "up"), Dot(190, "not indicated", 1, "e"),
]  # fmt: skip
EGFR = number_line("egfr", "eGFR", "mL/min/1.73m2", LIMITS, DOTS)


def parts(svg: str, tag: str, **wanted: str) -> list[dict[str, str]]:
    return [dict(found.attrib) for found in ET.fromstring(svg).iter(tag) if wanted.items() <= found.attrib.items()]


def test_a_drawing_is_named_and_described() -> None:
    root = ET.fromstring(EGFR)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "egfr-title egfr-description"
    said = root.findtext("desc") or ""
    assert "severe: below 30 mL/min/1.73m2" in said
    assert "moderate: from 30 and below 60 mL/min/1.73m2" in said
    assert "2 offered, 2 withheld, 2 not indicated" in said


def test_an_end_that_does_not_belong_is_open() -> None:
    ends = [(float(end["cx"]), end["class"]) for end in parts(EGFR, "circle") if end["class"].startswith("end")]
    (below_30, at_30, below_60) = sorted(ends, key=lambda end: (end[0], end[1] == "end"))
    assert (below_30[1], at_30[1], below_60[1]) == ("end open", "end", "end open")
    assert below_30[0] == at_30[0] < below_60[0]


def test_a_value_just_below_a_limit_stands_left_of_it() -> None:
    (offered,) = [float(mark["cx"]) for mark in parts(EGFR, "circle") if "offered" in mark["class"]]
    limit = min(float(line["x1"]) for line in parts(EGFR, "line", **{"class": "limit"}))
    assert offered < limit


def test_what_is_far_beyond_the_limits_stands_at_the_end_with_its_value() -> None:
    assert ">190<" in EGFR
    assert max(float(x) for x in re.findall(r'x[12]?="([\d.]+)"', EGFR)) <= 760


def test_a_break_of_the_axis_stands_only_before_what_lies_beyond() -> None:
    assert len(parts(EGFR, "line", **{"class": "axis break"})) == 2
    inside = number_line("egfr", "eGFR", "", LIMITS, [dot for dot in DOTS if dot.value != 190])
    assert parts(inside, "line", **{"class": "axis break"}) == []


def test_what_is_known_to_lie_between_two_numbers_is_drawn_between_them() -> None:
    """10 to 13 does not cross the limit at 20; a bound that reaches up does."""
    limits = [Range("mild", 5, 20, True, False)]

    def ends(dot: Dot) -> tuple[float, float]:
        svg = number_line("phq9", "PHQ-9", "", limits, [dot], whole=True)
        reached = max(float(line["x2"]) for line in parts(svg, "line", **{"class": "line offered"}))
        return reached, max(float(line["x1"]) for line in parts(svg, "line", **{"class": "limit"}))

    between, limit = ends(Dot(10, "offered", 1, "10 to 13", to=13))
    assert between < limit
    beyond, limit = ends(Dot(10, "offered", 1, ">=10", "up"))
    assert beyond > limit


def test_words_beside_dots_do_not_cover_one_another() -> None:
    near = [Dot(30 + place / 10, "offered", 111, "") for place in range(4)]
    written = parts(number_line("egfr", "eGFR", "", LIMITS, near), "text", **{"font-size": "9.5"})
    assert len(written) == 4
    places = sorted((float(each["y"]), float(each["x"])) for each in written)
    assert all(y != above or x - left >= 5 * len("×111") for (above, left), (y, x) in pairwise(places))


def test_what_has_no_fractions_has_whole_ticks() -> None:
    near = [Dot(18, "offered", 1, ""), Dot(19, "offered", 1, "")]
    ages = number_line("age", "Age", "years", [Range("adult", 18, None)], near, whole=True)
    said = [found.text or "" for found in ET.fromstring(ages).iter("text")]
    assert "18" in said
    assert not [text for text in said if re.fullmatch(r"\d+\.\d+", text)]


def test_what_a_drawing_is_given_is_escaped() -> None:
    assert "<d>" not in EGFR
    assert "&lt;d&gt;" in EGFR


def test_every_status_has_a_shape_of_its_own() -> None:
    shapes = {re.sub(r'class="[^"]*"', "", marker(status, 0, 0)) for status in STATUSES}
    assert len(shapes) == len(STATUSES)


@pytest.mark.parametrize(
    ("each", "words"),
    [
        pytest.param(Range("", 5, 20, True, False), "from 5 and below 20", id="half open"),
        pytest.param(Range("", None, 15), "up to 15", id="closed above"),
        pytest.param(Range("", 1.05, None, False), "above 1.05", id="open below"),
    ],
)
def test_ranges_in_words(each: Range, words: str) -> None:
    assert range_words(each) == words


def test_effects_keep_the_digits_of_their_source() -> None:
    assert effect_words(Effect("", Decimal("-6.0"), Decimal("-7.9"), Decimal("-4.2"))) == "−6.0 (−7.9 to −4.2)"
    assert effect_words(Effect("", Decimal("-1.60"))) == "−1.60, no interval reported"


def test_a_ratio_is_drawn_on_a_logarithmic_scale() -> None:
    """So that a half and a double lie as far from no effect."""
    scale = Scale(0.25, 4, 0, 100, log=True)
    assert scale(1) == pytest.approx(50)
    assert scale(2) - scale(1) == pytest.approx(scale(1) - scale(0.5))


def test_a_forest_plot_has_its_interval_around_its_effect_and_says_its_sides() -> None:
    svg = forest(
        "li",
        "risk ratio",
        [Effect("li-2017", Decimal("0.81"), Decimal("0.70"), Decimal("0.92"))],
        1,
        ("less", "more"),
        True,
    )
    (interval,) = parts(svg, "line", **{"class": "line"})
    (square,) = parts(svg, "rect")
    none_at = float(parts(svg, "line", **{"class": "axis"})[0]["x1"])
    assert float(interval["x1"]) < float(square["x"]) + 4 < float(interval["x2"]) < none_at
    assert "No effect is 1; lower: less; higher: more." in svg


def test_an_axis_of_ratios_has_a_tick_beyond_every_point() -> None:
    svg = forest(
        "or",
        "odds ratio",
        [Effect("a", Decimal("2.6"), Decimal("1.1"), Decimal("4.2"))],
        1,
        ("lower risk", "higher risk"),
        True,
    )
    ticks = {found.text: float(found.attrib["x"]) for found in ET.fromstring(svg).iter("text")}
    (interval,) = parts(svg, "line", **{"class": "line"})
    assert ticks["3"] < float(interval["x2"]) < ticks["5"]
    assert ET.fromstring(svg).attrib["viewBox"].split()[3] == "79"  # short sides share one line


def test_an_effect_without_an_interval_has_no_line() -> None:
    svg = forest("phelan", "g", [Effect("phelan-2018", Decimal("-0.21"))], 0, ("less", "more"))
    assert parts(svg, "line", **{"class": "line"}) == []
    assert len(parts(svg, "circle")) == 1
    assert "no interval reported" in svg


def test_plots_beside_one_another_share_a_scale() -> None:
    effect = Effect("phelan-2018", Decimal("-0.21"))
    alone, beside = (forest("a", "g", [effect], 0, ("less", "more"), reach=reach) for reach in (None, (-1.443, 0.0)))
    assert float(parts(beside, "circle")[0]["cx"]) > float(parts(alone, "circle")[0]["cx"])


@pytest.mark.parametrize(("low", "high"), [(0, 27), (0.4, 1.3), (-30, 30), (5, 800), (0, 0.03)])
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = round_steps(low, high)
    assert 3 <= len(ticks) <= 8
    assert low <= ticks[0] <= ticks[-1] <= high
    assert all(len(plain_number(tick)) <= 6 for tick in ticks)


def test_a_score_of_few_points_stands_whole_on_its_scale() -> None:
    """Item 9 of the PHQ-9 goes from 0 to 3, and its only limit is 1."""
    dots = [Dot(score, "offered", 1, "") for score in range(4)]
    svg = number_line("item9", "PHQ-9 item 9", "", [Range("positive", 1, None)], dots, whole=True)
    assert parts(svg, "line", **{"class": "axis break"}) == []
