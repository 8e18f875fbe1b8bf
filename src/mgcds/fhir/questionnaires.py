"""QuestionnaireResponses → PHQ-9, its ninth answer, and whatever else a rule measures by an item's LOINC code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mgcds.fhir import elements
from mgcds.fhir.elements import Node, Unreadable
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.observations import Results
from mgcds.fhir.occasions import Occasion
from mgcds.fhir.phq9 import ITEMS, PANEL
from mgcds.fhir.wire import Resource

# QuestionnaireResponse.status → Observation.status. Given answers count even where the form was not finished.
STATUS = {
    "completed": "final", "amended": "amended", "in-progress": "preliminary", "stopped": "preliminary",
    "entered-in-error": "entered-in-error",
}  # fmt: skip


def read_questionnaires(responses: Iterable[Resource], results: Results, gathered: Gathered) -> None:
    """All QuestionnaireResponses of the patient."""
    for resource in responses:
        try:
            content = resource.content
        except Unreadable as unreadable:
            for name in ("phq9_forms", "functional_difficulty"):
                gathered.reject(name, f"{unreadable}, and it may be a PHQ-9", resource)
            continue
        asked = [(codes & results.read, item) for codes, item in _items(content) if codes & results.read]
        if not asked:
            gathered.count("QuestionnaireResponse", "it has no item that a rule uses")
            continue
        _read(resource, content, asked, results, gathered)


def may_be_read(resource: Resource, results: Results) -> bool:
    """Has it an item that a rule uses, or cannot that be told?"""
    try:
        return any(codes & results.read for codes, _ in _items(resource.content))
    except Unreadable:
        return True


def _read(
    resource: Resource, content: Node, asked: list[tuple[frozenset[str], Node]], results: Results, gathered: Gathered
) -> None:
    date = elements.string(content, "authored")
    problem = None if date is None or elements.readable_date(date) else f"its date '{date[:30]}' cannot be read"
    status = STATUS.get(elements.string(content, "status") or "", "unknown")
    occasion = Occasion(resource, status, date if problem is None else None, problem)
    why = elements.modified(content)
    for codes, item in asked:
        answers = elements.nodes(item, "answer")
        if why is not None or len(answers) > 1:
            for code in sorted(codes & results.measured.keys()):
                results.refuse([code], results.measured[code].id, why or "it has more than one answer", occasion)
            occasion.phq9.asked |= codes & set(ITEMS) if why is None else set()
            occasion.phq9.unclear |= codes & set(ITEMS)
        elif answers or PANEL in codes:
            results.take(sorted(codes), answers[0] if answers else {}, occasion)
        else:
            occasion.phq9.asked |= codes & set(ITEMS)
    results.finish(occasion, why or "none of the items that a rule uses was answered")


def _items(content: Node) -> Iterator[tuple[frozenset[str], Node]]:
    """Every item with the LOINC codes it bears: as its link id (`44260-8`, `/44249-1/44260-8`), its code or its definition."""
    waiting = elements.nodes(content, "item")[::-1]
    while waiting:
        item = waiting.pop()
        names = [elements.string(item, "linkId") or "", elements.string(item, "definition") or ""]
        codes = {name.rstrip("/").rpartition("/")[2] for name in names}
        codes |= {found.code for found in elements.codes({"coding": elements.nodes(item, "code")})}
        codes |= {found.code for found in elements.codes(elements.node(item, "code"))}
        yield frozenset(codes - {""}), item
        below = [*elements.nodes(item, "item")]
        for answer in elements.nodes(item, "answer"):
            below += elements.nodes(answer, "item")
        waiting += below[::-1]
