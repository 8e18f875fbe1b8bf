"""What people have signed of a rule. Until somebody has, it says so: a page never shows a signature that was not given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from mgcds.model.meaning import meaning_of
from mgcds.model.pack import RulePack
from mgcds.model.rule import Rule


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed since the last signature, in clinical words, with a patient who shows it where there is one."""

    says: str
    patient: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed, as what, and when."""

    by: str
    role: str
    on: date


@dataclass(frozen=True, slots=True)
class Standing:
    """State of review: unreviewed, reviewed, approved, overdue or lapsed; `content`: the hash of the meaning that would be signed now.
    `changed` is None where nobody has ever signed.
    """

    state: str
    due: date
    content: str
    signed: Sequence[Signed] = ()
    changed: Sequence[Difference] | None = None


StandingOf = Callable[[Rule], Standing]


def unsigned(pack: RulePack) -> StandingOf:
    """The standing of rules as their files state it, where there are no signatures."""
    return lambda rule: Standing(rule.review.status, rule.review.due, meaning_of(rule.id, pack))
