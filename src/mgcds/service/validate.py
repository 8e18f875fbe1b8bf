"""Stale advice: does a card that was given earlier still hold for the data there are now?

The request is that of the hook, with the newest data, and the earlier cards (`cards`, as they were answered; their uuid and extension
are enough). A card holds while the data it rests on are the same, the patient, what is being ordered and the pack are the same, and its time
has not passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from mgcds.evaluator import evaluate
from mgcds.model.assessment import Assessment
from mgcds.model.pack import RulePack
from mgcds.service.advice import fingerprint
from mgcds.service.cards import ADVICE, DECEASED, NOTHING_EVALUATED, TOPIC
from mgcds.service.hooks import Answer, Deceased, assess_request, checked, inputs_of, operation_outcome
from mgcds.service.ports import Evaluate, Refused

MOST = 50
_LONGEST = 200


def validate(request: Any, service: str, pack: RulePack, on: date, evaluate: Evaluate = evaluate) -> Answer:
    """For each card: `holds`, and why. Where nothing could be evaluated, none holds."""
    try:
        hook = checked(request, service, pack)
        cards = _cards(request)
        assessed = assess_request(request, hook, pack, on, evaluate)
        if isinstance(assessed, Answer):
            return assessed if assessed.status != 200 else _none_holds(cards, "No medicine is being ordered any more.")
        record, assessment, orders, _ = assessed
        inputs = inputs_of(request, record, orders, pack, on)
        now = [fingerprint(_rules(card, pack), inputs) for card in cards]
    except Deceased:
        return _none_holds(_cards_or_none(request), "The patient is recorded as deceased: nothing was evaluated.")
    except Refused as refused:
        return Answer(refused.status, operation_outcome([refused.what]))
    except Exception as fault:
        return not_validated(request, fault)
    return Answer(200, {"cards": [_judged(card, each, assessment, on) for card, each in zip(cards, now, strict=True)]})


def not_validated(request: Any, fault: BaseException) -> Answer:
    """The answer where something failed: no card holds."""
    kind = type(fault).__name__
    return _none_holds(_cards_or_none(request), f"Nothing was evaluated: a technical fault ({kind}).", kind)


def _none_holds(cards: Iterable[Mapping[str, Any]], why: str, problem: str = "") -> Answer:
    return Answer(200, {"cards": [{**_uuid(card), "holds": False, "why": why} for card in cards]}, problem=problem)


def _cards(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    cards = request.get("cards")
    if not isinstance(cards, list) or not 0 < len(cards) <= MOST:
        raise Refused(
            400, f"'cards' is no list of 1 to {MOST} cards; send those to be validated, as they were answered"
        )
    for at, card in enumerate(cards):
        if not isinstance(card, Mapping) or (_advice(card) is None and not _is_of_no_rule(card)):
            raise Refused(400, f"cards[{at}] has no extension '{ADVICE}'; send the card as it was answered")
    return cards


def _cards_or_none(request: Any) -> list[Mapping[str, Any]]:
    """Those that are to be answered, whatever is in them."""
    cards = request.get("cards") if isinstance(request, Mapping) else None
    if not isinstance(cards, list) or len(cards) > MOST:
        return []
    return [card for card in cards if isinstance(card, Mapping)]


def _advice(card: Mapping[str, Any]) -> Mapping[str, Any] | None:
    extension = card.get("extension")
    advice = extension.get(ADVICE) if isinstance(extension, Mapping) else None
    return advice if isinstance(advice, Mapping) else None


def _is_of_no_rule(card: Mapping[str, Any]) -> bool:
    """Does it say only that nothing was evaluated? Such a card rests on nothing, and has no advice."""
    source = card.get("source")
    topic = source.get("topic") if isinstance(source, Mapping) else None
    named = (topic.get("system"), topic.get("code")) if isinstance(topic, Mapping) else ()
    return named in ((TOPIC, NOTHING_EVALUATED), (TOPIC, DECEASED))


def _uuid(card: Mapping[str, Any]) -> dict[str, str]:
    given = card.get("uuid")
    return {"uuid": given} if isinstance(given, str) and 0 < len(given) <= _LONGEST else {}


def _rules(card: Mapping[str, Any], pack: RulePack) -> list[str]:
    """The rules a card speaks of, as far as the pack has them."""
    advice = _advice(card) or {}
    named = advice.get("rules") if isinstance(advice.get("rules"), list) else [advice.get("rule")]
    return [rule for rule in named or () if isinstance(rule, str) and rule in pack.rules]


def _judged(card: Mapping[str, Any], now: str, assessment: Assessment, on: date) -> dict[str, Any]:
    advice, rules = _advice(card) or {}, _rules(card, assessment.pack)
    statuses = {rule: assessment[rule].status for rule in rules}
    said: dict[str, Any] = {**_uuid(card), **({"now": statuses} if statuses else {})}
    if _advice(card) is None:
        return {**said, "holds": False, "why": "It says that nothing was evaluated, which is no advice. Ask again."}
    if not rules:
        return {**said, "holds": False, "why": "Its rule is no longer in the pack."}
    if advice.get("fingerprint") != now:
        return {
            **said,
            "holds": False,
            "why": "The data it rests on, the patient, what is being ordered, or the rules, are not the same. Ask again.",
        }
    evaluated, until = _day(advice.get("evaluated")), _day(advice.get("validUntil"))
    if evaluated is None or until is None or not evaluated <= on <= until:
        return {**said, "holds": False, "why": "The days for which it was given have passed. Ask again."}
    return {**said, "holds": True, "why": "The data it rests on and the rules are the same."}


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
