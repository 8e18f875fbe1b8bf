"""What magnesium by mouth does to other medicines, and they to magnesium: the rows of `rules/drug-magnesium.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mgcds.model.spacing import Spacing

Direction = Literal[
    "hinders absorption", "depletes", "retains", "adds", "potentiates", "riskier when low", "harmful together",
    "unsettled", "none known",
]  # fmt: skip
Severity = Literal["major", "moderate", "minor", "none"]
Verified = Literal["primary", "excerpt", "secondary", "known"]


@dataclass(frozen=True, slots=True)
class Interaction:
    """One value set and magnesium. `spacing`: `"avoid"` offers no time at all, None says that the time makes no difference."""

    value_set: str
    direction: tuple[Direction, ...]
    spacing: Spacing | Literal["avoid"] | None
    severity: Severity
    do: str
    evidence: tuple[str, ...]
    verified: Verified
    note: str

    @property
    def words(self) -> str:
        """What to do: the interval in words, and what else."""
        return " ".join(part for part in (interval_words(self.spacing), self.do) if part)


@dataclass(frozen=True, slots=True)
class MagnesiumDoses:
    """The doses of magnesium that are looked for: how many, how many minutes apart, and first between which times of the day."""

    doses: int
    apart: int
    between: tuple[int, int]
    because: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyOther:
    """The distance in minutes that is wished for, not demanded, from a medicine without a row."""

    spacing: Spacing
    because: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrugMagnesium:
    """The whole table; `rows` by value set."""

    magnesium: MagnesiumDoses
    any_other: AnyOther
    rows: Mapping[str, Interaction]


def interval_words(spacing: Spacing | Literal["avoid"] | None) -> str:
    """`At least 2 hours before or 6 hours after magnesium.`"""
    if spacing is None:
        return ""
    if spacing == "avoid":
        return "Not together with magnesium."
    if spacing.before == spacing.after:
        return f"At least {hours(spacing.before)} apart from magnesium."
    sides = [(spacing.before, "before"), (spacing.after, "after")]
    return f"At least {' or '.join(f'{hours(minutes)} {side}' for minutes, side in sides if minutes)} magnesium."


def hours(minutes: int) -> str:
    """`2 hours`, `1 hour 30 minutes`, `59 minutes`."""
    whole, rest = divmod(minutes, 60)
    parts = [(whole, "hour"), (rest, "minute")]
    return " ".join(f"{number} {word}{'s' if number != 1 else ''}" for number, word in parts if number) or "0 minutes"
