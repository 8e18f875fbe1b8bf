"""Who has signed a rule, and whether its review is in time. Derived from signatures and dates, never written by hand.

A signature counts while the rule means what was signed and its review is due on the day that was signed. One person who signed makes a
rule reviewed, two make it approved. After the day it is due it is overdue; after the grace that `review.yaml` gives it has lapsed, and
its suggestion is withheld unless its kind stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

Signed = Literal["unreviewed", "reviewed", "approved"]
State = Literal["unreviewed", "reviewed", "approved", "overdue", "lapsed"]


@dataclass(frozen=True, slots=True)
class Signer:
    """An entry of `signers.yaml`: who may sign. `key` is an Ed25519 public key as OpenSSH writes it."""

    id: str
    name: str
    role: str
    key: str


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of a rule. It counts where `void` is empty; else that says why it does not."""

    by: str
    name: str
    role: str
    on: date
    due: date
    meaning: str
    signed: str
    """the signature itself, in base64"""
    void: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """`review.yaml`: days an overdue rule is still offered, None for ever; the kinds that stay even then."""

    grace: int | None = None
    stay: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Review:
    """What is known of the review of one rule."""

    due: date
    signatures: tuple[Signature, ...] = ()
    lapses: date | None = None
    """the last day on which the rule is offered; None where it never lapses"""
    grace_ends: date | None = None
    """the last day before it counts as lapsed, be it offered afterwards or not"""

    @property
    def status(self) -> Signed:
        """By how many different people it has been signed, as it stands."""
        people = len({signature.name.casefold() for signature in self.counting})
        return "unreviewed" if people == 0 else "reviewed" if people == 1 else "approved"

    @property
    def counting(self) -> tuple[Signature, ...]:
        return tuple(signature for signature in self.signatures if not signature.void)

    def overdue_since(self, on: date) -> date | None:
        """The day it was due, where that is past."""
        return self.due if on > self.due else None

    def lapsed_since(self, on: date) -> date | None:
        """The first day after the grace, where that has come."""
        ends = self.grace_ends
        return ends + timedelta(1) if ends is not None and on > ends else None

    def state(self, on: date) -> State:
        """One word for it; what is late is said first."""
        return "lapsed" if self.lapsed_since(on) else "overdue" if self.overdue_since(on) else self.status

    def warning(self, on: date) -> str:
        """What every output says of a late review; '' of one in time."""
        lapsed, overdue = self.lapsed_since(on), self.overdue_since(on)
        return f"review lapsed since {lapsed}" if lapsed else f"review overdue since {overdue}" if overdue else ""

    def to_dict(self, on: date | None = None) -> dict[str, Any]:
        """Plain data; what is late only where it is late on that day."""
        late = {"overdue_since": on and self.overdue_since(on), "lapsed_since": on and self.lapsed_since(on)}
        said = {key: day.isoformat() for key, day in late.items() if day is not None}
        return {"status": self.status, "due": self.due.isoformat(), **said}


def review(due: date, kind: str, policy: ReviewPolicy, signatures: Iterable[Signature] = ()) -> Review:
    """The review of a rule of that kind. A date no calendar reaches never lapses."""
    try:
        ends = due + timedelta(policy.grace) if policy.grace is not None else None
    except OverflowError:
        ends = None
    return Review(due, tuple(signatures), None if kind in policy.stay else ends, ends)
