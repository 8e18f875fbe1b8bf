"""Conditions → the problem list, and pregnancy where the list says so."""

from __future__ import annotations

from collections.abc import Iterable

from mgcds.fhir import elements
from mgcds.fhir.concepts import Concept, names_that_count
from mgcds.fhir.decoding import ABATEMENTS
from mgcds.fhir.elements import Node, Unreadable
from mgcds.fhir.gathered import Gathered, Pregnancy
from mgcds.fhir.lists import NO_INFORMATION, NONE_KNOWN
from mgcds.fhir.wire import Resource
from mgcds.model.pack import RulePack
from mgcds.model.terminology import Vocabulary

ENDED = frozenset(("resolved", "inactive", "remission"))
REMISSION = frozenset(("remission",))
GOING_ON = frozenset(("active", "recurrence", "relapse"))
NOT_SO = frozenset(("refuted", "entered-in-error"))
PREGNANCY = "pregnancy"


def read_conditions(conditions: Iterable[Resource], pack: RulePack, gathered: Gathered) -> None:
    """All Conditions of the patient. One that is unconfirmed or provisional stays on the list; a refuted one does not."""
    for resource in conditions:
        try:
            _read(resource, resource.decode(), pack, gathered)
        except Unreadable as unreadable:
            gathered.given.add("conditions")
            gathered.reject("conditions", str(unreadable), resource)


def _read(resource: Resource, content: Node, pack: RulePack, gathered: Gathered) -> None:
    verified, clinical = resource.concept("verificationStatus").said, resource.concept("clinicalStatus").said
    if not verified.isdisjoint(NOT_SO):
        if "refuted" in verified:
            gathered.given.add("conditions")
        gathered.leave(resource, ", ".join(sorted(verified & NOT_SO)))
        return
    concept = resource.code
    if not concept.absent.isdisjoint(NO_INFORMATION):
        gathered.leave(resource, "it says that nothing is known of the problems")
        return
    gathered.given.add("conditions")
    if not concept.absent.isdisjoint(NONE_KNOWN):
        gathered.use(resource)
        return
    ended = not clinical.isdisjoint(ENDED) or content.get("abatementBoolean") is True
    abated, abated_somehow = _abated(content)
    why = elements.modified(content)
    if why is None and concept.name is None and not concept.matched:
        why = "it has neither a code nor a name"
    if why is None and (ended or abated is not None) and not clinical.isdisjoint(GOING_ON):
        why = "it is said to be going on and to have ended"
    if why is not None:
        if ended:
            gathered.leave(resource, why)
            return
        raise Unreadable(why)
    vocabulary = pack.vocabularies.get("conditions")
    in_remission = clinical & ENDED == REMISSION and not abated_somehow
    names = called_in_remission(concept, vocabulary) if in_remission else called(concept, vocabulary)
    if (ended or abated_somehow) and abated is None and not (in_remission and names):
        gathered.leave(resource, f"{', '.join(sorted(clinical & ENDED)) or 'ended'}, no date")
        return
    onset = elements.date(content, "onsetDateTime") or elements.date(elements.node(content, "onsetPeriod"), "start")
    if onset is None and (content.get("onsetDateTime") or content.get("onsetPeriod")):
        gathered.leave(resource, "its onset cannot be read: it counts as going on since an unknown day")
    for name in names:
        entry = {"name": name, "codes": concept.record_codes, "onset": onset, "abated": abated}
        gathered.add("conditions", entry, resource)
    if abated is not None or in_remission or vocabulary is None:
        return
    if any(PREGNANCY in vocabulary.match(name, concept.matched).value_sets for name in names):
        gathered.pregnancies.append(Pregnancy("pregnant", onset or elements.date(content, "recordedDate"), resource))


def called(concept: Concept, vocabulary: Vocabulary | None) -> list[str | None]:
    """Its name as it counts; two where text and displays say different things."""
    return names_that_count(concept.name, (each.display for each in concept.codings), concept.matched, vocabulary)


def called_in_remission(concept: Concept, vocabulary: Vocabulary | None) -> list[str | None]:
    """What is in remission and has no end stays on the list, and says so: a bipolar disorder is known all the same. Not so where a
    value set does not mean it then, such as a depression; no name is left.
    """
    if vocabulary is None:
        return []
    names = [(name, f"{name}, in remission" if name else None) for name in called(concept, vocabulary)]
    return [
        remitted
        for name, remitted in names
        if vocabulary.match(name, ()).value_sets <= vocabulary.match(remitted, ()).value_sets
    ]


def _abated(content: Node) -> tuple[str | None, bool]:
    """When it ended; and whether it has, said as an age or in words, or with a date that cannot be read."""
    if content.keys().isdisjoint(ABATEMENTS):
        return None, False  # as nearly always
    abated = elements.date(content, "abatementDateTime")
    if abated is None:
        period = elements.node(content, "abatementPeriod")
        abated = elements.date(period, "end") or elements.date(period, "start")
    return abated, abated is not None or any(content.get(key) not in (None, False) for key in ABATEMENTS)
