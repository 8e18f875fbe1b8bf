"""What became of the cards, by rule: how many went out, were accepted, were overridden and why. For `mgcds feedback`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from mgcds.errors import SettingsError
from mgcds.service.ports import Said
from mgcds.service.schema import answers, feedback

SEVERAL = "(several rules on one card)"
_SAID = msgspec.json.Decoder(tuple[Said, ...])
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class OfRule:
    """The cards of one rule. A card counts once, however often it was sent, by the last feedback on it."""

    rule: str
    cards: int
    accepted: int
    overridden: int
    reasons: dict[str, int]
    """codes of override reasons; '' where none was given"""

    @property
    def unanswered(self) -> int:
        """Cards on which no feedback came: often none is sent, so this is no judgement."""
        return self.cards - self.accepted - self.overridden


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The rules by id, and the calls behind them: how many, and how many of them could not be evaluated."""

    calls: int
    not_evaluated: int
    unknown_cards: int
    """cards on which feedback came, but of which no answer is on file"""
    rules: tuple[OfRule, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        rules = [{**asdict(rule), "unanswered": rule.unanswered} for rule in self.rules]
        return {
            "calls": self.calls,
            "not_evaluated": self.not_evaluated,
            "unknown_cards": self.unknown_cards,
            "rules": rules,
        }


def read_acceptance(engine: Engine, since: date | None = None) -> Acceptance:
    """What the memory has of calls from that day on (UTC). SettingsError where it cannot be read."""
    file = engine.url.database or ""
    if engine.dialect.name == "sqlite" and not Path(file).is_file():
        raise SettingsError(f"there is no memory at {file}; MGCDS_DATABASE names it")
    try:
        with engine.connect().execution_options(reads_only=True) as connection:
            return _read(connection, since)
    except SQLAlchemyError as error:
        raise SettingsError(
            f"the database cannot be read ({type(error).__name__}): has a service written to it?"
        ) from None


def _read(connection: Connection, since: date | None) -> Acceptance:
    begin = datetime.combine(since or date(1, 1, 1), time(), UTC)
    calls = connection.execute(select(func.count()).where(answers.c.at >= begin)).scalar_one()
    failed = select(func.count()).where(answers.c.at >= begin, answers.c.problem != "")
    not_evaluated = connection.execute(failed).scalar_one()
    on_card: dict[str, set[str]] = defaultdict(set)
    for card, rule in _cards(connection, answers.c.at >= begin):
        on_card[card].add(rule)
    told = connection.execute(
        select(feedback.c.card, feedback.c.outcome, feedback.c.reason, feedback.c.id)
        .where(feedback.c.at >= begin)
        .order_by(feedback.c.at, feedback.c.id)
    )
    last = {card: (outcome, reason) for card, outcome, reason, _ in told}
    known = {card: (rules.pop() if len(rules) == 1 else SEVERAL) for card, rules in on_card.items()}
    unknown = last.keys() - known.keys()
    if unknown:  # feedback may come days after the card
        unknown -= {card for card, _ in _cards(connection, answers.c.at < begin)}
    return Acceptance(calls, not_evaluated, len(unknown), tuple(_of_rules(known, last)))


def _cards(connection: Connection, when: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    """Each card of these answers, with each rule on it."""
    for (text,) in connection.execute(select(answers.c.said).where(when)).yield_per(_AT_ONCE):
        yield from ((each.card, each.rule) for each in _SAID.decode(text) if each.card)


def _of_rules(known: dict[str, str], last: dict[str, tuple[str, str]]) -> Iterator[OfRule]:
    cards: dict[str, list[str]] = defaultdict(list)
    for card, rule in known.items():
        cards[rule].append(card)
    for rule in sorted(cards):
        outcomes = [last[card] for card in cards[rule] if card in last]
        reasons = Counter(reason for outcome, reason in outcomes if outcome == "overridden")
        taken = sum(outcome == "accepted" for outcome, _ in outcomes)
        yield OfRule(rule, len(cards[rule]), taken, reasons.total(), dict(sorted(reasons.items())))


def lines(found: Acceptance) -> Iterable[str]:
    """To read."""
    yield f"{found.calls} calls, {found.not_evaluated} of them not evaluated."
    if found.unknown_cards:
        yield f"Feedback on {found.unknown_cards} cards of which no answer is on file."
    for rule in found.rules:
        cards = f"{rule.cards} card{'s' if rule.cards != 1 else ''}"
        yield f"{rule.rule}: {cards}, {rule.accepted} accepted, {rule.overridden} overridden, {rule.unanswered} without feedback"
        for reason, times in rule.reasons.items():
            yield f"  {times} × {reason or 'no reason given'}"
    if not found.rules:
        yield "No cards on file."
