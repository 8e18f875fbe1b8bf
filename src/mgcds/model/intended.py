"""What a check of the rules would report, and the authors of the pack mean: with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from mgcds.model.criterion import Criterion, Measure

CHECKS = ("verdicts", "criteria", "masked", "superfluous")
"""the checks whose flaws may be accepted one by one"""


@dataclass(frozen=True, slots=True)
class Together:
    """Suggestions that may be offered side by side: any of `one` with any of `other`, kinds or ids of rules."""

    one: frozenset[str]
    other: frozenset[str]
    because: str


@dataclass(frozen=True, slots=True)
class Silent:
    """A range of a measured item in which no rule speaks although rules speak on both sides of it; of patients of whom `given` is met."""

    range: Measure
    given: tuple[Criterion, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A flaw of this check, about these rules, that is none: the words after its id in the report of `mgcds prove`."""

    check: str
    about: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Intended:
    """`intended.yaml`"""

    together: tuple[Together, ...] = ()
    silent: tuple[Silent, ...] = ()
    accepted: tuple[Accepted, ...] = ()
