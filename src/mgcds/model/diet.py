"""Dietary magnesium: what people of an age and sex are said to need, and what a few foods add up to.

A food screen is a lower bound: what was not asked about, or not answered, comes on top. So it can show that an intake is at least
something, and never that it is too small.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal, get_args

from mgcds.errors import RecordError
from mgcds.model.record import Pregnancy, Sex, exact_number, unknown_key

Group = Literal["male", "female", "pregnant", "lactating", "everyone"]
Counts = Literal["all sources", "supplements and medicines"]
Verified = Literal["primary", "excerpt", "secondary", "known"]
PREGNANCIES: tuple[str, ...] = get_args(Pregnancy)
SEXES: tuple[str, ...] = get_args(Sex)
FORM_KEYS = ("age", "sex", "pregnancy", "foods")
CAN_SHOW = (
    "It can show that the foods asked about alone give at least so much, if foods and servings were as in its table. "
    "It cannot show that an intake is too small: other food, drinks and water come on top, so the estimate has no upper "
    "end. A validated questionnaire (MgFFQ) or two or more 24-hour "
    "recalls could tell more. Nothing here says anything about mood, or diagnoses a deficiency."
)
"""what a screen can and cannot show"""
_SERVINGS = re.compile(r"(\d{1,3}(?:\.\d{1,3})?) a (day|week)")
_MOST_A_DAY = 50


@dataclass(frozen=True, slots=True)
class IntakeLevel:
    """Milligrams of magnesium a day for a group, from so many months of age up to, but not including, `until` (None: no end)."""

    group: Group
    ages: str
    months: int
    until: int | None
    mg: Decimal
    verified: Verified


@dataclass(frozen=True, slots=True)
class ReferenceIntake:
    """A table of a public body: EAR, RDA, AI, RNI, or an upper level (UL, guidance level), with its evidence entry."""

    id: str
    title: str
    kind: Literal["EAR", "RDA", "AI", "RNI", "UL", "guidance level"]
    jurisdiction: str
    counts: Counts
    evidence: str
    levels: tuple[IntakeLevel, ...]

    def of(self, group: Group, months: int) -> IntakeLevel | None:
        """The level of a group at an age, that of everyone where the group has none of its own."""
        fitting = [level for level in self.levels if level.months <= months < (level.until or months + 1)]
        return next((level for wanted in (group, "everyone") for level in fitting if level.group == wanted), None)


@dataclass(frozen=True, slots=True)
class Food:
    """A food of the screen: milligrams of magnesium a serving, a range where the sources disagree. `fdc`: USDA FoodData Central."""

    id: str
    title: str
    serving: str
    low: Decimal
    high: Decimal
    fdc: int | None
    evidence: str
    verified: Verified


@dataclass(frozen=True, slots=True)
class Share:
    """A food that was asked about: servings a day (None: not answered) and the milligrams a day from it."""

    food: Food
    servings: Fraction | None

    @property
    def low(self) -> Fraction:
        """At least so many mg a day."""
        return (self.servings or 0) * Fraction(self.food.low)

    @property
    def high(self) -> Fraction | None:
        """At most so many mg a day; None where it was not answered."""
        return None if self.servings is None else self.servings * Fraction(self.food.high)


@dataclass(frozen=True, slots=True)
class Needed:
    """A level that holds for the person, as far as age, sex and pregnancy are known."""

    table: ReferenceIntake
    level: IntakeLevel


@dataclass(frozen=True, slots=True)
class FoodScreen:
    """The answers to an unvalidated food screen, and the reference intakes of the person."""

    shares: tuple[Share, ...]
    needed: tuple[Needed, ...]

    @property
    def low(self) -> Fraction:
        """At least so many mg a day from the foods asked about, so of the whole diet too."""
        return sum((share.low for share in self.shares), Fraction(0))

    @property
    def high(self) -> Fraction | None:
        """At most so many mg a day from the foods asked about; None as long as one is not answered. The whole diet has no such end."""
        highs = [share.high for share in self.shares]
        return None if None in highs else sum((high for high in highs if high is not None), Fraction(0))

    @property
    def unanswered(self) -> tuple[Food, ...]:
        """Foods that were not answered: they may come on top."""
        return tuple(share.food for share in self.shares if share.servings is None)

    @property
    def as_measurement(self) -> dict[str, str]:
        """For the field `dietary_magnesium` of a record: open upwards, so that it decides nothing it cannot show."""
        return {"value": f">={floor(self.low)} mg/d", "method": "screen"}

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON; milligrams a day to one decimal place, lower ends rounded down and upper ends up."""
        return {
            "validated": False,
            "from_the_foods_asked_about": {"at_least": rounded_down(self.low), "at_most": rounded_up(self.high)},
            "whole_diet": {"at_least": rounded_down(self.low), "at_most": None},
            "unanswered": [food.id for food in self.unanswered],
            "shares": [
                {
                    "food": share.food.id, "serving": share.food.serving, "mg_a_serving": [str(share.food.low), str(share.food.high)],
                    "servings_a_day": None if share.servings is None else f"{float(share.servings):.3g}",
                    "evidence": share.food.evidence, "verified": share.food.verified, "fdc": share.food.fdc,
                }
                for share in self.shares
            ],
            "reference_intakes": [
                {
                    "table": needed.table.id, "kind": needed.table.kind, "counts": needed.table.counts, "for": needed.level.group,
                    "ages": needed.level.ages, "mg": str(needed.level.mg), "evidence": needed.table.evidence,
                    "verified": needed.level.verified, "reached": self.reaches(needed),
                }
                for needed in self.needed
            ],
            "says": CAN_SHOW,
            "as_dietary_magnesium": self.as_measurement,
        }  # fmt: skip

    def reaches(self, needed: Needed) -> bool | None:
        """Do the foods asked about alone give as much? Never False: other foods come on top. None for levels of supplements too."""
        return True if needed.table.counts == "all sources" and self.low >= needed.level.mg else None


def rounded_down(mg: Fraction) -> float:
    """To one decimal place: a lower bound stays one."""
    return floor(mg * 10) / 10


def rounded_up(mg: Fraction | None) -> float | None:
    """To one decimal place: an upper bound stays one."""
    return None if mg is None else ceil(mg * 10) / 10


def read_screen(given: Any, foods: Mapping[str, Food], intakes: Iterable[ReferenceIntake]) -> FoodScreen:
    """Answers as plain data: `foods` (name → "2 a week", "1 a day", "never", nothing for not answered), `age`, `sex`, `pregnancy`.

    RecordError names every answer that is not understood, and every food that is not of the screen.
    """
    if not isinstance(given, Mapping) or not isinstance(given.get("foods"), Mapping):
        raise RecordError(
            "a food screen has 'foods:' with servings a day or a week; 'mgcds diet --form' prints an empty one"
        )
    problems = [unknown_key(str(key), list(FORM_KEYS)) for key in given if key not in FORM_KEYS]
    answers: dict[str, Fraction | None] = {}
    for name, answer in given["foods"].items():
        if name not in foods:
            problems.append(_unknown_food(str(name), foods))
            continue
        try:
            answers[name] = _servings(answer)
        except ValueError as error:
            problems.append(f"{name}: {error}")
    needed: tuple[Needed, ...] = ()
    try:
        needed = _needed(given.get("age"), given.get("sex"), given.get("pregnancy"), intakes)
    except ValueError as error:
        problems.append(str(error))
    if problems:
        raise RecordError("; ".join(problems))
    return FoodScreen(tuple(Share(food, answers.get(name)) for name, food in foods.items()), needed)


def _unknown_food(name: str, foods: Mapping[str, Food]) -> str:
    near = difflib.get_close_matches(name, foods, n=1)
    return f"'{name[:60]}' is no food of the screen" + (
        f": did you mean '{near[0]}'?" if near else f"; it asks about {', '.join(foods)}"
    )


def _servings(answer: Any) -> Fraction | None:
    """Servings a day; None for an empty answer, which is not the same as never."""
    text = "" if answer is None else " ".join(str(answer).split()).lower()
    if text == "":
        return None
    if text == "never":
        return Fraction(0)
    found = _SERVINGS.fullmatch(text)
    servings = Fraction(found[1]) / (7 if found[2] == "week" else 1) if found else None
    if servings is None or servings > _MOST_A_DAY:
        raise ValueError(
            "write servings as '2 a week', '1 a day' or 'never', or leave it empty where it was not answered"
        )
    return servings


def _needed(age: Any, sex: Any, pregnancy: Any, intakes: Iterable[ReferenceIntake]) -> tuple[Needed, ...]:
    """The levels of a person; of both sexes where the sex is not known. Without an age, none."""
    if sex not in (None, *SEXES):
        raise ValueError(f"sex: write one of {', '.join(SEXES)}")
    if pregnancy not in (None, *PREGNANCIES):
        raise ValueError(f"pregnancy: write one of {', '.join(PREGNANCIES)}")
    if age is None:
        return ()
    try:
        years = exact_number(age)
    except ValueError:
        years = Decimal(-1)
    if not 0 <= years <= 130 or years != years.to_integral_value():
        raise ValueError("age: write whole years, such as 40")
    found = [
        Needed(table, level)
        for table in intakes
        for group in _groups(sex, pregnancy)
        if (level := table.of(group, int(years) * 12))
    ]
    return tuple(dict.fromkeys(found))


def _groups(sex: str | None, pregnancy: str | None) -> tuple[Group, ...]:
    """The group of a person, or those that it may be."""
    groups: tuple[Group, ...] = ("pregnant", "lactating", "male", "female")
    return tuple(group for group in groups if group in (sex, pregnancy))[:1] or ("male", "female")
