"""The PHQ-9 answer by answer: components of one Observation, items of a questionnaire, or nine Observations of one occasion.

What belongs to one form is collected first: what a panel names as its members, or what is of one moment. A total beside nine answers
goes with them, so that a contradiction is noticed (`model/phq9.py`). A total beside fewer answers is a result of its own: the others
were answered and not sent. Items 1, 2 and 9 are asked without the others too (PHQ-2); alone they are no PHQ-9.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mgcds.fhir import elements
from mgcds.fhir.elements import Node, Unreadable
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.occasions import Occasion, refuse
from mgcds.fhir.wire import unversioned
from mgcds.model.dates import parse_when
from mgcds.model.phq9 import ANSWERS
from mgcds.model.units import SCORE, parse_unit

# LOINC panel 44249-1, its nine items in the order of the form, its total, and the question after them.
PANEL, TOTAL, DIFFICULTY = "44249-1", "44261-6", "69722-7"
ITEMS = ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8")
ITEM9 = ITEMS[-1]
CODES = frozenset((PANEL, TOTAL, DIFFICULTY, *ITEMS))
ONLY_OF_A_PHQ9 = frozenset(ITEMS[2:-1])
NO_VALUE = "it has no value"

# LOINC answer list LL359-1, the least difficult first
_DIFFICULTIES = {
    "LA6572-7": "not difficult at all", "LA6573-5": "somewhat difficult", "LA6575-0": "very difficult",
    "LA6574-3": "extremely difficult",
}  # fmt: skip
DIFFICULTIES = tuple(_DIFFICULTIES.values())
_LEAST_FINAL_FIRST = ("unknown", "registered", "preliminary", "final", "amended", "corrected")


def difficulty(part: Node) -> str | None:
    """The answer to the question after the nine; None where it is unanswered, Unreadable where it is none of the form's answers."""
    concept = elements.node(part, "valueCodeableConcept") or {"coding": elements.nodes(part, "valueCoding")}
    coded = {_DIFFICULTIES[code.code] for code in elements.codes(concept) if code.code in _DIFFICULTIES}
    words = (elements.name(concept) or elements.string(part, "valueString") or "").casefold()
    found = coded | ({words} & set(_DIFFICULTIES.values()))
    if not found and not elements.kinds_of_value(part):
        return None
    if len(found) != 1 or elements.modified(part) is not None:
        raise Unreadable("how difficult it was is none of the answers of the form")
    return found.pop()


def take_answer(codes: Iterable[str], part: Node, occasion: Occasion, gathered: Gathered) -> None:
    """The answer to an item. What is no number leaves the item unanswered, and so do two different answers; whether it is 0 to 3
    is for the scoring to say.
    """
    asked = set(ITEMS) & set(codes)
    occasion.phq9.asked |= asked
    try:
        found = elements.value(part)
    except Unreadable as unreadable:
        occasion.phq9.unclear |= asked
        gathered.leave(occasion.resource, f"the answer to item {', '.join(sorted(asked))}: {unreadable}")
        return
    if found is None:
        return
    if found["comparator"] is not None or elements.modified(part) is not None:
        occasion.phq9.unclear |= asked
        return
    value: Decimal = found["value"]
    for code in sorted(asked):
        if occasion.phq9.answers.setdefault(code, value) != value:
            occasion.phq9.unclear.add(code)
            gathered.leave(occasion.resource, f"the answer to item {code}: it is given twice, differently")


class Forms:
    """The occasions on which something of a PHQ-9 was answered."""

    def __init__(self, total: str, gathered: Gathered) -> None:
        self._total, self._gathered = total, gathered
        self._occasions: list[tuple[Occasion, str]] = []

    def add(self, occasion: Occasion, unused: str) -> None:
        """What one resource says of a PHQ-9; `unused`: why the resource has no part in the record, should it have none."""
        self._occasions.append((occasion, unused))

    def settle(self) -> None:
        """All resources are read: what belongs together becomes one form."""
        panels: dict[str, Occasion] = {}
        for occasion, _ in self._occasions:
            if not occasion.void:
                panels |= dict.fromkeys(map(unversioned, occasion.phq9.members), occasion)
        together: dict[object, list[Occasion]] = {}
        for occasion, _ in self._occasions:
            resource = occasion.resource
            if occasion.void:
                self._add_results([occasion])
                self._gathered.leave_unless_used(resource, f"status {occasion.status}")
                continue
            panel = panels.get(resource.reference) or panels.get(resource.full_url or "")
            if panel is not None and occasion.date is None and occasion.date_problem is None:
                occasion.date = panel.date
            together.setdefault(_moment(panel or occasion), []).append(occasion)
        for occasions in together.values():
            for form in _forms(occasions):
                self._settle(form)
        for occasion, unused in self._occasions:
            self._gathered.leave_unless_used(occasion.resource, unused)

    def _settle(self, form: list[Occasion]) -> None:
        unclear = {code for occasion in form for code in occasion.phq9.unclear}
        answers = {
            code: answer for occasion in form for code, answer in occasion.phq9.answers.items() if code not in unclear
        }
        asked = {code for occasion in form for code in occasion.phq9.asked}
        totals = [total for occasion in form for total in self._totals(occasion)]
        is_panel = any(occasion.phq9.is_panel for occasion in form)
        problem = next((occasion.date_problem for occasion in form if occasion.date_problem is not None), None)
        if len(answers) < len(ITEMS) and (totals or not asked or not (is_panel or asked & ONLY_OF_A_PHQ9)):
            self._add_results(form)
            self._note_what_contradicts(form, answers, totals)
        elif problem is not None:
            self._add_results(form)
            refuse(self._total, problem, form[0], self._gathered)
        else:
            self._add_form(form, answers, totals)
        if not asked and not totals and any(occasion.phq9.members for occasion in form):
            refuse(self._total, "its answers were named and not given", form[0], self._gathered)

    def _totals(self, occasion: Occasion) -> list[Decimal]:
        """Totals that are plain scores."""
        return [entry["value"] for name, entry in occasion.phq9.results if name == self._total and _is_plain(entry)]

    def _add_form(self, form: list[Occasion], answers: dict[str, Decimal], totals: list[Decimal]) -> None:
        """One form; of several totals the one that contradicts the answers, so that it is noticed."""
        wrong = [total for total in totals if total != sum(answers.values())]
        entry = {
            "answers": [answers.get(code) for code in ITEMS],
            "date": next((occasion.date for occasion in form if occasion.date is not None), None),
            "status": min((occasion.status for occasion in form), key=_LEAST_FINAL_FIRST.index),
            "total": next(iter(wrong or totals), None),
        }
        lead = next((occasion for occasion in form if occasion.phq9.is_panel), form[0])
        self._gathered.add("phq9_forms", entry, lead.resource)
        for occasion in form:
            if occasion.phq9.asked or occasion.phq9.results or occasion.phq9.is_panel:
                self._gathered.use(occasion.resource)
            for name, why in occasion.phq9.refused:
                if name != self._total or why != NO_VALUE:  # its answers give the total
                    self._gathered.leave(occasion.resource, why)
            for name, found in occasion.phq9.results:
                if name == self._total and not _is_plain(found):
                    self._gathered.add(name, found, occasion.resource)
                elif name != self._total and ITEM9 in occasion.phq9.unclear and found["value"] > 0:
                    self._gathered.add(name, found, occasion.resource)  # what contradicts it does not take it back

    def _add_results(self, form: list[Occasion]) -> None:
        """The total and item 9, each on its own."""
        for occasion in form:
            for name, entry in occasion.phq9.results:
                self._gathered.add(name, entry, occasion.resource)
            for name, why in occasion.phq9.refused:
                refuse(name, why, occasion, self._gathered)

    def _note_what_contradicts(self, form: list[Occasion], answers: dict[str, Decimal], totals: list[Decimal]) -> None:
        least = sum(answers.values())
        most = least + ANSWERS[-1] * (len(ITEMS) - len(answers))
        if any(not least <= total <= most for total in totals):
            refuse(
                self._total, f"its total is not between {least} and {most}, as its answers say", form[0], self._gathered
            )


def _is_plain(entry: dict[str, Any]) -> bool:
    """A score and nothing else."""
    return entry["comparator"] is None and (entry["unit"] is None or parse_unit(entry["unit"]) == SCORE)


def _moment(occasion: Occasion) -> object:
    """The same for what was asked together; a resource without a date stands alone."""
    if occasion.date is None:
        return id(occasion)
    when = parse_when(occasion.date)
    return when.moment or when.text


def _forms(occasions: list[Occasion]) -> list[list[Occasion]]:
    """Occasions of one moment as forms: no item twice in a form, and a total with the answers that give it."""
    forms: list[list[Occasion]] = []
    for occasion in sorted(occasions, key=lambda each: not each.phq9.asked):
        fitting = [form for form in forms if not any(each.phq9.asked & occasion.phq9.asked for each in form)]
        fitting.sort(key=lambda form: not _agrees(occasion, form))
        if fitting:
            fitting[0].append(occasion)
        else:
            forms.append([occasion])
    return forms


def _agrees(occasion: Occasion, form: list[Occasion]) -> bool:
    total = sum(answer for each in form for answer in each.phq9.answers.values())
    return any(entry["value"] == total for _, entry in occasion.phq9.results)
