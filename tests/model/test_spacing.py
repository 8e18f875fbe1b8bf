"""Intervals on a day that repeats, against an oracle that lays the days side by side and knows nothing of remainders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgcds.model.interaction import interval_words
from mgcds.model.spacing import DAY, Spacing, clock, free_minutes, minute_of, place, windows

Medicine = tuple[int, int, int]
"""Minute of the day, minutes before magnesium, minutes after it."""

minutes = st.integers(0, DAY - 1)
intervals = st.integers(0, 12 * 60)
days = st.lists(st.tuples(minutes, intervals, intervals), max_size=4)
Free = Callable[[Sequence[tuple[int, Spacing]]], list[int]]


def free(day: Sequence[Medicine], of: Free = free_minutes) -> list[int]:
    return of([(minute, Spacing(before, after)) for minute, before, after in day])


def oracle(day: Sequence[Medicine]) -> list[int]:
    """Three days on one line: magnesium on the middle one, every medicine on all three."""

    def apart(magnesium: int, medicine: int, before: int, after: int) -> bool:
        if medicine < magnesium:
            return magnesium - medicine >= before
        if medicine > magnesium:
            return medicine - magnesium >= after
        return before == after == 0

    return [
        minute
        for minute in range(DAY)
        if all(
            apart(DAY + minute, whole_day + medicine, before, after)
            for medicine, before, after in day
            for whole_day in (0, DAY, 2 * DAY)
        )
    ]


@settings(max_examples=60, deadline=None)
@given(days)
def test_every_minute_of_the_day_is_as_the_oracle_says(day: list[Medicine]) -> None:
    assert free(day) == oracle(day)


class Reversed(Spacing):
    """The fault of hazard H5: before and after change places."""

    def allows(self, medicine: int, magnesium: int) -> bool:
        return Spacing(self.after, self.before).allows(medicine, magnesium)


def test_before_and_after_exchanged_is_noticed() -> None:
    wrong = free_minutes([(480, Reversed(120, 360))])
    right = oracle([(480, 120, 360)])
    assert wrong != right
    assert minute_of("10:00") in right
    assert minute_of("10:00") not in wrong
    assert free_minutes([(480, Reversed(240, 240))]) == oracle([(480, 240, 240)]), (
        "with equal sides nothing would notice"
    )


def test_a_day_that_does_not_repeat_is_noticed() -> None:
    def one_day(doses: Sequence[tuple[int, Spacing]]) -> list[int]:
        return [
            at
            for at in range(DAY)
            if all(at - dose >= one.before if at >= dose else dose - at >= one.after for dose, one in doses)
        ]

    assert free([(23 * 60, 180, 180)], one_day) != oracle([(23 * 60, 180, 180)])


@settings(max_examples=60, deadline=None)
@given(days, st.integers(0, 3), intervals, intervals)
def test_a_wider_interval_never_adds_a_minute(
    day: list[Medicine], which: int, more_before: int, more_after: int
) -> None:
    wider = [
        (minute, before + more_before, after + more_after) if at == which else (minute, before, after)
        for at, (minute, before, after) in enumerate(day)
    ]
    assert set(free(wider)) <= set(free(day))


@settings(max_examples=60, deadline=None)
@given(days, minutes)
def test_another_clock_moves_the_answer_and_nothing_else(day: list[Medicine], shift: int) -> None:
    shifted = [((minute + shift) % DAY, before, after) for minute, before, after in day]
    assert free(shifted) == sorted((minute + shift) % DAY for minute in free(day))


@settings(max_examples=60, deadline=None)
@given(days)
def test_windows_are_exactly_the_free_minutes(day: list[Medicine]) -> None:
    found = free(day)
    inside = [(first + step) % DAY for first, last in windows(found) for step in range((last - first) % DAY + 1)]
    assert sorted(inside) == found
    for first, last in windows(found):
        assert len(found) == DAY or not {(first - 1) % DAY, (last + 1) % DAY} & set(found), (
            "a window is as long as it can be"
        )


@pytest.mark.parametrize(
    ("medicine", "before", "after", "magnesium", "allowed"),
    [
        pytest.param("08:00", 2, 6, "10:00", True, id="2 hours after a medicine that is taken 2 hours before it"),
        pytest.param("08:00", 2, 6, "09:59", False, id="a minute too early"),
        pytest.param("08:00", 2, 6, "09:00", False, id="an hour"),
        pytest.param("08:00", 2, 6, "02:00", True, id="6 hours before the medicine"),
        pytest.param("08:00", 2, 6, "02:01", False, id="a minute too late"),
        pytest.param("08:00", 2, 6, "08:00", False, id="together"),
        pytest.param("08:00", 4, 6, "10:00", False, id="2 hours where 4 are asked"),
        pytest.param("07:00", 4, 4, "11:00", True, id="4 hours"),
        pytest.param("07:00", 4, 4, "10:59", False, id="a minute less than 4 hours"),
        pytest.param("23:00", 2, 2, "01:00", True, id="2 hours over midnight"),
        pytest.param("23:00", 2, 2, "00:59", False, id="a minute less over midnight"),
        pytest.param("08:00", 0, 2, "08:00", False, id="one side alone forbids together"),
        pytest.param("08:00", 0, 2, "08:01", True, id="one side alone says nothing of the other"),
    ],
)
def test_one_medicine_and_one_dose(medicine: str, before: int, after: int, magnesium: str, allowed: bool) -> None:
    at, dose = minute_of(magnesium), minute_of(medicine)
    assert at is not None
    assert dose is not None
    assert (at in free([(dose, before * 60, after * 60)])) is allowed


# --- placing doses -----------------------------------------------------------------------------------------------------------


def distance(one: int, other: int) -> int:
    return min((one - other) % DAY, (other - one) % DAY)


quarters = st.lists(st.integers(0, 23).map(lambda hour: hour * 60), max_size=10, unique=True).map(sorted)


@settings(max_examples=200, deadline=None)
@given(quarters, st.integers(1, 4), st.integers(0, 8))
def test_doses_are_placed_as_far_apart_as_any_choice_could_be(free_hours: list[int], count: int, apart: int) -> None:
    """Against every choice of so many of the free minutes."""
    found = place(free_hours, count, apart * 60)
    nearest = [
        min((distance(*pair) for pair in combinations(choice, 2)), default=DAY)
        for choice in combinations(free_hours, count)
    ]
    best = max((least for least in nearest if least >= apart * 60), default=None)
    if found is None:
        assert best is None
    else:
        assert len(set(found)) == count
        assert set(found) <= set(free_hours)
        assert min((distance(*pair) for pair in combinations(found, 2)), default=DAY) == best


def test_a_time_is_written_as_it_is_read() -> None:
    assert [clock(minute_of(text) or 0) for text in ("00:00", "7:05", " 23:59 ")] == ["00:00", "07:05", "23:59"]
    assert [minute_of(text) for text in ("24:00", "8", "8:60", "08:00:00", "-1:00", "٠٨:٠٠", "")] == [None] * 7


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (120, 360, "At least 2 hours before or 6 hours after magnesium."),
        (0, 120, "At least 2 hours after magnesium."),
        (90, 0, "At least 1 hour 30 minutes before magnesium."),
        (240, 240, "At least 4 hours apart from magnesium."),
    ],
)
def test_an_interval_in_words_names_its_sides(before: int, after: int, words: str) -> None:
    assert interval_words(Spacing(before, after)) == words
