"""What people have signed of a rule, and what it says otherwise since. A page never shows a signature that was not given or does not count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from mgcds.model.meaning import meaning_of
from mgcds.model.pack import RulePack
from mgcds.model.review import Signature, State
from mgcds.model.rule import Rule

if TYPE_CHECKING:
    from mgcds.verification.difference import PackDifference, Side


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is said otherwise than in an earlier pack, with a patient who shows it, where there is one."""

    says: str
    patient: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """State of review and signatures, those that do not count with the reason; `content` is the hash of the meaning that would be
    signed now. `changed` is None where nothing earlier was given to compare with.
    """

    state: State
    due: date
    content: str
    signatures: Sequence[Signature] = ()
    changed: Sequence[Change] | None = None

    @property
    def is_signed(self) -> bool:
        """Does one signature count?"""
        return any(not signature.void for signature in self.signatures)


StandingOf = Callable[[Rule], Standing]


def standings(pack: RulePack, on: date, since: PackDifference | None = None) -> StandingOf:
    """How each rule stands on a day; `since`: what is otherwise than in the pack that was signed."""

    def standing(rule: Rule) -> Standing:
        review = rule.review
        changed = None if since is None else changes_of(rule.id, since)
        return Standing(review.state(on), review.due, meaning_of(rule.id, pack), review.signatures, changed)

    return standing


def changes_of(rule: str, since: PackDifference) -> list[Change]:
    """What changed of one rule: who is told something else, and which words are others."""
    found = [
        Change(f"From {_side(each.before)} to {_side(each.after)}.", "\n".join(each.sentences))
        for each in since.differences
        if each.rule == rule
    ]
    found += [
        Change(f"Its {each.field.replace('_', ' ')} was: {each.before}. It is: {each.after}.")
        for each in since.reworded
        if each.rule == rule
    ]
    return found


def _side(side: Side) -> str:
    return f"{side.status or 'no such rule'} ({side.because})" if side.because else side.status or "no such rule"
