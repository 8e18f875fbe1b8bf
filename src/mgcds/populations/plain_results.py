"""Plain Observations and answers to questionnaires, as rows of `measurements`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from mgcds.engines.facts_table import Layout
from mgcds.fhir import phq9, questionnaires
from mgcds.fhir.concepts import Concept, concept_of
from mgcds.fhir.observations import measured_codes
from mgcds.fhir.occasions import ABSENT_BUT_EXISTING
from mgcds.fhir.pregnancies import PREGNANCY_STATUS
from mgcds.fhir.specimens import HAEMOLYSIS_INDEX, WITHOUT_A_LIMIT
from mgcds.populations.forms import Asked, rows_of
from mgcds.populations.lookups import reported_items
from mgcds.populations.one_by_one import reason
from mgcds.populations.plain_patient import One
from mgcds.populations.shapes import Answer, Observation, Quantity, Raw, Response, Seen, there
from mgcds.populations.writings import (
    COMPARATORS,
    NUMBER,
    Kept,
    NotPlain,
    answer_of,
    how_difficult,
    is_date,
    limits_of,
    said_by,
    score_of,
    unit_of,
)

_VOID = frozenset(("cancelled", "entered-in-error"))


class _Code(NamedTuple):
    """What an Observation of a code is for: the item it measures, the code that says so, or why it is not used."""

    code: str = ""
    item: str = ""
    unused: str = ""
    at_most: bool = False
    in_use: bool = False
    """do rules ask for the item?"""
    of_a_form: bool = False
    """of the PHQ-9"""
    why_not_plain: str = ""


class Results:
    """Takes the results of patients: what is not plain is NotPlain. What codes and units mean is kept."""

    def __init__(self, layout: Layout) -> None:
        self._measured = measured_codes(layout.pack)
        self._in_use = {item.id for item in reported_items(layout)}
        self._scores = {code: item.id for code, item in self._measured.items() if item.id in self._in_use}
        self._with_phq9 = phq9.TOTAL in self._measured
        self._read = self._measured.keys() | (phq9.CODES if self._with_phq9 else frozenset())
        self._wanted = frozenset((*self._read, *PREGNANCY_STATUS, HAEMOLYSIS_INDEX))
        self._codes = Kept(lambda raw: self._code(concept_of(Raw(raw))))
        self._units = Kept(unit_of)
        self._answers = Kept(answer_of)
        self._how_difficult = Kept(how_difficult)
        self._ranges = Kept(limits_of)
        self._absent = Kept(said_by)
        self._linked = Kept(self._link)

    def why_unused(self, seen: Seen) -> str:
        """Why an Observation of another shape is not used, all the same; empty where it may be."""
        found: _Code = self._codes[bytes(seen.code)]
        return found.unused if all(self._codes[bytes(part.code)].unused for part in seen.component) else ""

    def _code(self, concept: Concept) -> _Code:
        wanted = self._wanted & concept.plain_codes
        if not wanted:
            best = concept.lead
            without = "it has no code, and text alone does not say what was measured"
            return _Code(unused="no rule uses it" if best is not None and best.code is not None else without)
        (code, *others) = wanted
        if not others and code == HAEMOLYSIS_INDEX and set(concept.loinc) & self._wanted == {code}:
            return _Code(code)
        if others or code not in concept.loinc or code not in self._read or set(concept.loinc) & self._wanted != {code}:
            return _Code(why_not_plain="Observation: code")
        item = self._measured.get(code)
        name = item.id if item is not None else ""
        at_most, of_a_form = item is not None and code in item.at_most_from, self._with_phq9 and code in phq9.CODES
        return _Code(code, name, "", at_most, name in self._in_use, of_a_form)

    def take_observation(self, found: Observation, one: One) -> None:
        """One Observation."""
        kept: _Code = self._codes[bytes(found.code)]
        if kept.unused:
            if found.component and not all(self._codes[bytes(part.code)].unused for part in found.component):
                raise NotPlain("Observation: a component of another code")
            one.unused.append(("Observation", kept.unused))
            return
        if kept.why_not_plain:
            raise NotPlain(kept.why_not_plain)
        if kept.of_a_form:
            self._take_phq9(found, kept, one)
            return
        if kept.code == HAEMOLYSIS_INDEX:
            self._take_index(found, one)
            return
        if found.component or there(found.valueCodeableConcept):
            raise NotPlain("Observation: value")
        if found.valueQuantity is None:
            self._without_value(found, one)
        elif there(found.dataAbsentReason) or not found.effectiveDateTime:
            raise NotPlain("Observation: a value and none, or no date")
        else:
            row = self._result(kept, found.valueQuantity, found)
            if kept.in_use:
                one.measurements.append(row)
            elif (
                not is_date(found.effectiveDateTime or "") or not NUMBER.fullmatch(row[1]) or row[2] not in COMPARATORS
            ):
                raise NotPlain("Observation: of an item that no rule asks for")

    def _take_index(self, found: Observation, one: One) -> None:
        """An index of haemolysis that does not tell whether the sample was haemolysed."""
        told = there(found.interpretation) or there(found.referenceRange) or there(found.valueCodeableConcept)
        number = bytes(found.valueQuantity.value).decode() if found.valueQuantity is not None else ""
        if told or found.component or found.status in _VOID or not NUMBER.fullmatch(number):
            raise NotPlain("Observation: index of haemolysis")
        one.unused.append(("Observation", WITHOUT_A_LIMIT))

    def _without_value(self, found: Observation, one: One) -> None:
        absent = self._absent[bytes(found.dataAbsentReason)] if there(found.dataAbsentReason) else frozenset()
        if not absent or absent & ABSENT_BUT_EXISTING:
            raise NotPlain("Observation: no value")
        one.unused.append(("Observation", reason(f"no result: {', '.join(sorted(absent))[:60]}")))

    def _result(self, kept: _Code, quantity: Quantity, found: Observation) -> tuple[Any, ...]:
        """A row of measurements, but for the patient."""
        unit = self._units[quantity.unit, quantity.system, quantity.code]
        lower, upper = self._ranges[bytes(found.referenceRange), unit] if there(found.referenceRange) else (None, None)
        comparator = quantity.comparator
        if kept.at_most:
            if comparator not in (None, "<", "<="):
                raise NotPlain("Observation: comparator")
            comparator = comparator or "<="
        value = bytes(quantity.value).decode()
        return (
            kept.item, value, comparator, unit, kept.code, found.effectiveDateTime or None, found.status, lower, upper,
            f"Observation/{found.id}",
        )  # fmt: skip

    def _take_phq9(self, found: Observation, kept: _Code, one: One) -> None:
        """A total, an answer, or a panel with its answers as components."""
        if found.status in _VOID or found.status == "unknown":
            raise NotPlain("PHQ-9: status")
        asked = Asked(f"Observation/{found.id}", found.status, found.effectiveDateTime or None)
        if kept.code == phq9.PANEL and found.valueQuantity is None and not there(found.valueCodeableConcept):
            asked.is_panel = True
        elif found.component:
            raise NotPlain("PHQ-9: components")
        else:
            self._take_score(kept, found.valueQuantity, found.valueCodeableConcept, found, asked, one)
        for part in found.component:
            self._take_score(
                self._codes[bytes(part.code)], part.valueQuantity, part.valueCodeableConcept, found, asked, one
            )
        one.forms.append(asked)

    def _take_score(
        self, kept: _Code, quantity: Quantity | None, concept: Raw, found: Observation, asked: Asked, one: One
    ) -> None:
        if kept.unused:
            return
        if kept.code not in (*phq9.ITEMS, phq9.TOTAL) or (quantity is None) == (not there(concept)):
            raise NotPlain("PHQ-9: an answer")
        if quantity is None:
            value: Decimal | None = self._answers["valueCodeableConcept", bytes(concept)]
            row = (kept.item, str(value), None, None, kept.code, asked.date, asked.status, None, None, asked.reference)
        else:
            row = self._result(kept, quantity, found)
            value = score_of(row)
        self._score(kept.code, value, row, asked)

    def _score(self, code: str, value: Decimal | None, row: tuple[Any, ...], asked: Asked) -> None:
        if value is None or code in asked.asked:
            raise NotPlain("PHQ-9: an answer")
        if code == phq9.TOTAL:
            asked.totals.append(value)
            asked.results.append(row)
            return
        asked.asked.add(code)
        asked.answers[code] = value
        if code == phq9.ITEM9:
            asked.results.append(row)

    def settle(self, one: One) -> None:
        """The forms of a patient become rows, once all resources were taken."""
        if one.forms:
            one.measurements += rows_of(one.forms, self._scores)

    def _link(self, names: tuple[str, str | None]) -> str:
        """The code that an item of a questionnaire bears, of those that are read; empty where it bears none."""
        codes = {(name or "").strip().rstrip("/").rpartition("/")[2] for name in names} & self._read
        if len(codes) > 1:
            raise NotPlain("QuestionnaireResponse: an item of two codes")
        return codes.pop() if codes else ""

    def take_response(self, found: Response, one: One) -> None:
        """One QuestionnaireResponse."""
        asked = Asked(
            f"QuestionnaireResponse/{found.id}", questionnaires.STATUS.get(found.status, ""), found.authored or None
        )
        waiting, read, answered = found.item[::-1], False, False
        while waiting:
            item = waiting.pop()
            waiting += item.item[::-1]
            code = self._linked[item.linkId, item.definition]
            if not code:
                continue
            read = True
            if item.answer:
                answered = True
                self._take_answer(code, item.answer, asked, one)
            elif code == phq9.PANEL:
                asked.is_panel = True
            else:
                raise NotPlain("QuestionnaireResponse: unanswered")
        if not read:
            one.unused.append(("QuestionnaireResponse", "it has no item that a rule uses"))
        elif not answered or asked.status in ("", *_VOID):
            raise NotPlain("QuestionnaireResponse: no answer, or status")
        elif asked.asked or asked.totals or asked.is_panel:
            one.forms.append(asked)

    def _take_answer(self, code: str, answers: Sequence[Answer], asked: Asked, one: One) -> None:
        if len(answers) != 1:
            raise NotPlain("QuestionnaireResponse: several answers")
        given = [(name, bytes(raw)) for name in Answer.__struct_fields__ if there(raw := getattr(answers[0], name))]
        if len(given) != 1:
            raise NotPlain("QuestionnaireResponse: several answers")
        if self._with_phq9 and code == phq9.DIFFICULTY:
            one.difficulties.append((asked.date, self._how_difficult[given[0]], asked.reference))
            return
        value = self._answers[given[0]]
        if value is None or code == phq9.PANEL:
            raise NotPlain("QuestionnaireResponse: an answer")
        item = self._measured.get(code)
        name = item.id if item is not None else ""
        row = (name, str(value), None, None, code, asked.date, asked.status, None, None, asked.reference)
        if self._with_phq9 and code in phq9.CODES:
            self._score(code, value, row, asked)
        elif item is None or code in item.at_most_from:
            raise NotPlain("QuestionnaireResponse: code")
        elif name in self._in_use:
            one.measurements.append(row)
