"""An assessment → the cards of CDS Hooks 2.0. No element is null or empty; nothing of a record is markup; every id follows from the call."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Any, Protocol, get_args

from mgcds.fhir.searches import searches_for
from mgcds.model.assessment import Assessment, Suggestion, how_shown
from mgcds.model.basis import problem_texts
from mgcds.model.facts import Reading, StateReading, known
from mgcds.model.hooks import Hooks, Indicator
from mgcds.model.pack import Evidence, RulePack
from mgcds.model.rule import Rule
from mgcds.service.advice import Inputs, fingerprint, valid_until
from mgcds.service.detail import WHOLE, detail_of, not_given_by_the_record_system, not_usable
from mgcds.service.markdown import bullets, escaped, plain, shortened
from mgcds.service.ports import Said

MOST_OF_A_SUMMARY = 139  # fewer than 140 characters
TOPIC = "urn:mgcds:topic"
OVERRIDE_REASON = "urn:mgcds:override-reason"
ADVICE = "urn:mgcds:advice"
ASSESSMENT = "urn:mgcds:assessment"
FOLDED, NOT_EVALUATED, NOTHING_EVALUATED, DECEASED = "folded", "not-evaluated", "nothing-evaluated", "deceased"
_MISSING_SHOWN = 4

Card = dict[str, Any]


class Draft(Protocol):
    """What may be put into the chart: a few words, and a FHIR resource."""

    @property
    def description(self) -> str: ...

    @property
    def resource(self) -> dict[str, Any]: ...


Drafts = Callable[[Suggestion, str, date], Sequence[Draft]]


@dataclass(frozen=True, slots=True)
class Call:
    """What the cards of one call have in common."""

    hook_instance: str
    patient: str
    """a reference"""
    assessment: Assessment
    inputs: Inputs
    hooks: Hooks
    drafts: Drafts
    not_given: tuple[str, ...] = ()
    until: date | None = None
    """the last day for which anything is said, where that is not for the rules to say"""

    def valid_until(self, rules: Iterable[str]) -> str:
        """The last day on which what is said of all of these rules holds."""
        last = valid_until(rules, self.assessment, self.inputs)
        return min(last, self.until or last).isoformat()

    @property
    def pack(self) -> RulePack:
        """The pack of the assessment."""
        return self.assessment.pack


@dataclass(slots=True)
class Spoken:
    """The cards of one call, and what was said of which rule."""

    cards: list[Card] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)


def identity(hook_instance: str, *parts: str) -> str:
    """A UUID that follows from the call and a name: the same call, sent again, gives the same."""
    try:
        namespace = uuid.UUID(hook_instance)
    except ValueError:  # a UUID by the standard; whatever else a client sends still tells its calls apart
        namespace = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:mgcds:call:{hook_instance}")
    return str(uuid.uuid5(namespace, "\0".join(parts)))


def cards_of(call: Call, speaks: frozenset[str], unknown: Sequence[Rule]) -> Spoken:
    """One card for each suggestion that is shown, one line for each that is folded, one card for safety rules that are not decided."""
    spoken, assessment = Spoken(), call.assessment
    statuses = assessment.verdicts.statuses
    own = replace(assessment.verdicts, statuses={rule: statuses[rule] if rule in speaks else "not indicated" for rule in statuses})  # fmt: skip
    shown = how_shown(own, call.pack)
    folded = [assessment[rule] for rule, how in shown.items() if how == "folded"]
    for rule, how in shown.items():
        if how != "folded":
            card = _card(assessment[rule], how, call)
            spoken.cards.append(card)
            spoken.said.append(Said(rule, "offered", card["uuid"], _suggestion_ids(card)))
    if folded:
        card = _folded(folded, call)
        spoken.cards.append(card)
        spoken.said += [Said(suggestion.id, "offered", card["uuid"]) for suggestion in folded]
    card_uuid = ""
    if any(rule.id not in _letting_pass(call.pack) for rule in unknown):
        spoken.cards.append(_not_evaluated(unknown, call))
        card_uuid = spoken.cards[-1]["uuid"]
    named = {rule.id for rule in unknown}
    spoken.said += [
        Said(rule, status, card_uuid if rule in named else "")
        for rule, status in statuses.items()
        if status != "not indicated" and rule in speaks and rule not in shown
    ]
    return spoken


def _suggestion_ids(card: Card) -> tuple[str, ...]:
    return tuple(suggestion["uuid"] for suggestion in card.get("suggestions", ()))


def _card(suggestion: Suggestion, how: str, call: Call) -> Card:
    rule, pack = suggestion.rule, call.pack
    card: Card = {
        "uuid": identity(call.hook_instance, rule.id),
        "summary": summary_of(rule.title),
        "detail": detail_of(suggestion, pack, call.not_given),
        "indicator": call.hooks.indicators[suggestion.kind],
        "source": source_of(pack, rule.topic),
        "extension": {
            ADVICE: {
                "rule": rule.id, "version": rule.version, "kind": suggestion.kind, "shown": how,
                "pack": pack.version, "fingerprint": fingerprint([rule.id], call.inputs),
                "evaluated": call.assessment.on.isoformat(),
                "validUntil": call.valid_until([rule.id]),
            }
        },
    }  # fmt: skip
    suggestions = _suggestions(suggestion, call)
    if suggestions:
        card |= {"suggestions": suggestions, "selectionBehavior": "any"}
    reasons = [override_reason(reason, call) for reason in rule.suggest.override_reasons]
    links = [*_links("For", suggestion.evidence_for), *_links("Against", suggestion.evidence_against)]
    if reasons:
        card["overrideReasons"] = reasons
    if links:
        card["links"] = links
    return card


def summary_of(text: str) -> str:
    """Fewer than 140 characters, never cut within a word."""
    return shortened(plain(text, 10_000), MOST_OF_A_SUMMARY)


def source_of(pack: RulePack, topic: str) -> dict[str, Any]:
    """Who says so, and of what topic."""
    display = topic.replace("-", " ").capitalize()
    return {
        "label": f"mgcds {pack.version}: options about magnesium in depression, for health professionals",
        "topic": {"system": TOPIC, "code": topic, "display": display},
    }


def _suggestions(suggestion: Suggestion, call: Call) -> list[dict[str, Any]]:
    """One for each draft. None is recommended: these are options."""
    drafts = call.drafts(suggestion, call.patient, call.assessment.on)
    return [
        {
            "label": plain(draft.description),
            "uuid": identity(call.hook_instance, suggestion.id, "draft", str(position), draft.description),
            "actions": [{"type": "create", "description": plain(draft.description), "resource": draft.resource}],
        }
        for position, draft in enumerate(drafts)
    ]


def override_reason(reason: str, call: Call) -> dict[str, str]:
    """In a code system others know where it has the code, else in our own."""
    known = call.hooks.codes.get(reason)
    if known is not None:
        return {"system": known.system, "code": known.code, "display": known.display}
    return {"system": OVERRIDE_REASON, "code": reason, "display": call.pack.override_reasons[reason]}


def _links(side: str, evidence: Iterable[Evidence]) -> list[dict[str, str]]:
    """The DOI where there is one, else PubMed; evidence without either is cited in the detail."""
    found = []
    for entry in evidence:
        url = f"https://doi.org/{entry.doi}" if entry.doi else f"https://pubmed.ncbi.nlm.nih.gov/{entry.pmid}/"
        if entry.doi or entry.pmid:
            found.append({"label": f"{side}: {plain(entry.citation, 100)}", "url": url, "type": "absolute"})
    return found


def _folded(suggestions: Sequence[Suggestion], call: Call) -> Card:
    """What is offered as well, as urgent as the most urgent of it."""
    count = len(suggestions)
    lines = [
        f"**{escaped(each.rule.title)}** ({escaped(each.id)}): {escaped(each.text, WHOLE)}" for each in suggestions
    ]
    indicators = {call.hooks.indicators[each.kind] for each in suggestions}
    return {
        "uuid": identity(call.hook_instance, FOLDED),
        "summary": f"{count} further point{'s' if count > 1 else ''} about magnesium, in short",
        "detail": "\n".join(bullets("Also offered", lines)).rstrip(),
        "indicator": max(indicators, key=get_args(Indicator).index),
        "source": source_of(call.pack, FOLDED),
        "extension": {ADVICE: _of_several([each.id for each in suggestions], call)},
    }


def _of_several(rules: list[str], call: Call) -> dict[str, Any]:
    return {
        "rules": rules, "pack": call.pack.version, "fingerprint": fingerprint(rules, call.inputs),
        "evaluated": call.assessment.on.isoformat(),
        "validUntil": call.valid_until(rules),
    }  # fmt: skip


# --- what was not evaluated -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)  # of a few packs at most: the one that is served, and one that takes its place
def _letting_pass(pack: RulePack) -> frozenset[str]:
    """The rules that by `precedence.yaml` hold back only what is on record, because most people have no such entry."""
    return frozenset(holder.by for holders in pack.holders.values() for holder in holders if holder.lets_pass)


def _not_evaluated(rules: Sequence[Rule], call: Call) -> Card:
    """Safety rules that the data do not decide, with what would decide each."""
    letting_pass, pack = _letting_pass(call.pack), call.pack
    missing = {rule.id: _missing(rule, call) for rule in rules}
    deciding = [rule for rule in rules if rule.id not in letting_pass]
    seldom = [rule for rule in rules if rule.id in letting_pass]
    titles = list(dict.fromkeys(pack.items[item].title for rule in deciding for item in missing[rule.id]))
    named = ", ".join(titles[:_MISSING_SHOWN]) + (" and more" if len(titles) > _MISSING_SHOWN else "")
    count = f"{len(deciding)} safety check{'s' if len(deciding) > 1 else ''} about magnesium could not be evaluated"
    detail = [
        "These checks say neither yes nor no, because the record does not decide them. No card about them is no all-clear.",
        "",
        *bullets("Could not be evaluated", [_what_decides(rule.title, missing[rule.id], pack) for rule in deciding]),
        *bullets(
            "Not decided either; most people have no such entry",
            [_what_decides(rule.title, missing[rule.id], pack) for rule in seldom],
        ),
        *bullets(
            "Why it is not known, where something is on record", _why_not_known(missing.values(), call.assessment)
        ),
        *not_given_by_the_record_system(call.not_given),
    ]
    return {
        "uuid": identity(call.hook_instance, NOT_EVALUATED),
        "summary": summary_of(f"{count}. Not known: {named}" if named else count),
        "detail": "\n".join(detail).rstrip(),
        "indicator": "info",
        "source": source_of(call.pack, NOT_EVALUATED),
        "extension": {ADVICE: _of_several([rule.id for rule in rules], call)},
    }


def _missing(rule: Rule, call: Call) -> tuple[str, ...]:
    """The first smallest set of data that would decide it."""
    sets = call.assessment[rule.id].missing
    return sets[0] if sets else ()


@lru_cache(maxsize=1024)  # texts of a pack alone, and nothing of a record
def _what_decides(rule: str, missing: tuple[str, ...], pack: RulePack) -> str:
    """The rule, and what would decide it."""
    titles = [
        pack.items[item].title + ("" if searches_for(item, pack) else " (this service does not ask for it)")
        for item in missing
    ]
    return escaped(f"{rule}: {' and '.join(titles)}" if titles else rule)


def _why_not_known(missing: Iterable[tuple[str, ...]], of: Assessment) -> list[str]:
    """Of each item of which there is something on record: what, and why it does not count or does not decide."""
    lines = []
    for item in dict.fromkeys(chain.from_iterable(missing)):
        found, title = known(of.facts, item), of.pack.items[item].title
        if isinstance(found, Reading | StateReading):
            shown = found.shown if isinstance(found, Reading) else found.value
            lines.append(
                escaped(f"{title}: {shown}, {found.days} days old: too old, or not exact enough, to decide it")
            )
        elif found is not None and found.reason != "missing":
            lines.append(not_usable(title, found, problem_texts(item, of.facts.problems)))
    return lines


def nothing_evaluated(hook_instance: str, fault: str) -> Card:
    """The card of a fault: care goes on without it, and silence is not taken for an answer. Nothing of the record is in it."""
    return {
        **_card_alone(hook_instance, NOTHING_EVALUATED, "Nothing evaluated"),
        "summary": "Checks about magnesium were not evaluated: a technical fault. This is no all-clear.",
        "detail": "\n".join((
            "No rule was evaluated for this call, the safety rules among them, and nothing is suggested. "
            "Interactions of magnesium, kidney function and QT can be checked as without this service.",
            "",
            f"For whoever runs the service: {escaped(fault)}.",
        )),
        "indicator": "warning",
    }  # fmt: skip


def recorded_as_deceased(hook_instance: str) -> Card:
    """The card where the Patient is recorded as deceased: a suggestion would hurt, and silence could be a wrong record's."""
    return {
        **_card_alone(hook_instance, DECEASED, "Recorded as deceased"),
        "summary": "This patient is recorded as deceased: nothing about magnesium was evaluated.",
        "detail": "No rule was evaluated for this call. Where the record is wrong, correct `deceased` of the Patient resource.",
        "indicator": "info",
    }


def _card_alone(hook_instance: str, code: str, display: str) -> Card:
    """What a card has that is about no rule."""
    return {
        "uuid": identity(hook_instance, code),
        "source": {
            "label": "mgcds: options about magnesium in depression, for health professionals",
            "topic": {"system": TOPIC, "code": code, "display": display},
        },
    }
