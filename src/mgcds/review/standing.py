"""What people have signed of a rule. Until somebody has, it says so: a page never shows a signature that was not given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

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
    """State of review: unreviewed, reviewed, approved, overdue or lapsed; the hash is of what would be signed now.
    `changed` is None where nobody has ever signed.
    """

    state: str
    due: date
    content: str
    signed: Sequence[Signed] = ()
    changed: Sequence[Difference] | None = None


StandingOf = Callable[[Rule], Standing]


def content_hash(rule: Rule, root: Path) -> str:
    """What identifies the content of a rule: the SHA-256 of its file."""
    return hashlib.sha256((root / rule.topic / f"{rule.id}.yaml").read_bytes()).hexdigest()


def unsigned(root: Path) -> StandingOf:
    """The standing of rules as their files state it, where there are no signatures."""
    return lambda rule: Standing(rule.review.status, rule.review.due, content_hash(rule, root))
