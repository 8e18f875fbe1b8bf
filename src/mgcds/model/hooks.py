"""What a pack offers over CDS Hooks: which rules speak at which hook, and how they are shown (`hooks.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Indicator = Literal["info", "warning", "critical"]
Absent = Literal["unknown", "unknown if failed", "not missed"]
"""what becomes of what is read from a resource type where it was not given"""


@dataclass(frozen=True, slots=True)
class Speaks:
    """Rules of these kinds speak. `ordering`: only where a medicine of this value set is being ordered; `own_medicines`: only where
    one is that a criterion of the rule itself names. `beside`: only while a member of this value set is taken, or may be.
    """

    kinds: frozenset[str]
    ordering: str | None = None
    own_medicines: bool = False
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """One service of the discovery document."""

    hook: str
    id: str
    title: str
    description: str
    speaks: tuple[Speaks, ...]

    @property
    def about_orders(self) -> bool:
        """Does it speak of what is being ordered?"""
        return any(each.ordering or each.own_medicines for each in self.speaks)


@dataclass(frozen=True, slots=True)
class Coding:
    """A code of a system, with the words of that system."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Hooks:
    """`hooks.yaml` as a whole."""

    services: tuple[Hook, ...]
    indicators: Mapping[str, Indicator]
    """kind → how urgent its card is"""
    safety: frozenset[str]
    """kinds of which it is said when they could not be evaluated"""
    unless_known_not: str
    """a finding: while it is known not to apply, and nothing is being ordered, an unknown of those kinds is not said"""
    may_be_absent: Mapping[str, Absent]
    """resource types that many servers do not have: without them the rest is evaluated"""
    codes: Mapping[str, Coding]
    """override reason → its code in a code system others know"""
    valid_for: int
    """days that advice holds at most, if nothing changes before"""
