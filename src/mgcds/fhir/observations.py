"""Observations → measurements.

Which codes are measured is the rule pack's matter (`items.yaml`). A result that exists but cannot be read is rejected by name, so
that an older one does not stand in for it; a result that was cancelled, entered in error or never obtained says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from mgcds.fhir import elements
from mgcds.fhir.elements import Code, Node, Unreadable
from mgcds.fhir.gathered import Gathered, Pregnancy
from mgcds.fhir.occasions import ABOUT_ANOTHER, Occasion, occasion_of
from mgcds.fhir.pregnancies import PREGNANCY_STATUS, take_pregnancy
from mgcds.fhir.specimens import HAEMOLYSIS_INDEX, Specimens
from mgcds.fhir.wire import Resource
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.record import Measurement, PatientRecord, parse_quantity

_MEASURED = frozenset(
    name for name, given in PatientRecord.model_fields.items() if given.annotation == tuple[Measurement, ...]
)

# http://terminology.hl7.org/CodeSystem/data-absent-reason: there is a result, though not as a value that is given here.
_ABSENT_BUT_EXISTING = frozenset(
    ("as-text", "error", "not-a-number", "nan", "negative-infinity", "positive-infinity", "masked", "unsupported")
)

# LOINC panel 44249-1: the nine answers of a PHQ-9, whose sum is its total.
PHQ9_ANSWERS = frozenset(
    ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8")
)
PHQ9_TOTAL = "44261-6"


def measured_codes(pack: RulePack) -> dict[str, MeasuredItem]:
    """LOINC code → the item it measures, for the items that the record has a field for."""
    items = (item for item in pack.items.values() if isinstance(item, MeasuredItem) and item.id in _MEASURED)
    return {code: item for item in items for code in item.codes}


class Results:
    """Takes the results of Observations, their components and questionnaire answers into what was gathered."""

    def __init__(self, measured: Mapping[str, MeasuredItem], gathered: Gathered) -> None:
        self._gathered = gathered
        self.measured = measured
        self.read = measured.keys() | PHQ9_ANSWERS

    def take(self, codes: Iterable[str], part: Node, occasion: Occasion) -> None:
        """One result with its LOINC codes."""
        codes = tuple(codes)
        by_item: dict[str, list[str]] = {}
        for code in codes:
            if code in self.measured:
                by_item.setdefault(self.measured[code].id, []).append(code)
        if PHQ9_ANSWERS & set(codes):
            self._take_answer(codes, part, occasion)
        for name, found in by_item.items():
            if PHQ9_TOTAL in found and occasion.nine_answers and not elements.kinds_of_value(part):
                continue  # `finish` adds its answers up, or says why it cannot
            try:
                if len(by_item) > 1:
                    raise Unreadable(f"its codes name {' and '.join(sorted(by_item))} at once")
                entry = self._entry(found, part, occasion)
            except Unreadable as unreadable:
                if PHQ9_TOTAL in found:
                    occasion.total_unreadable = True
                self.refuse(name, str(unreadable), occasion)
                continue
            if entry is None:
                continue
            if PHQ9_TOTAL in found and isinstance(entry["value"], Decimal):
                occasion.stated_total.append(entry["value"])
            self._gathered.add(name, entry, occasion.resource)

    def finish(self, occasion: Occasion) -> None:
        """Nine answers without a total give it; with another total they contradict it. Fewer than nine give none."""
        if PHQ9_TOTAL not in self.measured:
            return
        name, stated = self.measured[PHQ9_TOTAL].id, occasion.stated_total
        if occasion.answers.keys() != PHQ9_ANSWERS:
            if occasion.nine_answers and not stated and not occasion.total_unreadable:
                self.refuse(name, "its total has no value, and not all nine answers can be read", occasion)
            return
        total = sum(occasion.answers.values(), Decimal(0))
        if not stated and not occasion.total_unreadable:
            entry = {"value": total, "date": occasion.date, "status": occasion.status, "code": PHQ9_TOTAL}
            if occasion.date_problem is not None:
                self.refuse(name, occasion.date_problem, occasion)
            else:
                self._gathered.add(name, entry, occasion.resource)
        elif any(number != total for number in stated):
            self.refuse(name, "its nine answers add up to another total than the one that is stated", occasion)

    def refuse(self, name: str, why: str, occasion: Occasion) -> None:
        """The result cannot be read: the item is rejected, unless the result is void and says nothing at all."""
        if occasion.void:
            self._gathered.leave(occasion.resource, f"status {occasion.status}")
        else:
            self._gathered.reject(name, why, occasion.resource, occasion.date)

    def _take_answer(self, codes: tuple[str, ...], part: Node, occasion: Occasion) -> None:
        try:
            found = elements.value(part)
        except Unreadable:
            return
        if found is not None and found["value"] in (0, 1, 2, 3) and found["comparator"] is None:
            for code in PHQ9_ANSWERS & set(codes):
                occasion.answers[code] = found["value"]

    def _entry(self, codes: list[str], part: Node, occasion: Occasion) -> dict[str, Any] | None:
        """A measurement as the record takes it; None where there is no result, and that was said."""
        if len({self.measured[code].codes[code] for code in codes}) > 1:
            raise Unreadable(f"its codes {' and '.join(codes)} are of different properties")
        why = elements.modified(part)
        if why is not None:
            raise Unreadable(why)
        found = elements.value(part)
        absent = elements.said(part, "dataAbsentReason")
        if found is None:
            self._without_value(absent, occasion)
            return None
        if absent:
            raise Unreadable("it has a value and a reason why there is none")
        if occasion.date_problem is not None:
            raise Unreadable(occasion.date_problem)
        if occasion.date is None:
            what = "it has no effective date; when it was issued is not when the sample was taken"
            self._gathered.leave(occasion.resource, what)
        lower, upper = self._limits(part, found["unit"], occasion)
        return {
            **found, "date": occasion.date, "status": occasion.status, "code": codes[0], "specimen": occasion.specimen,
            "lower_limit": lower, "upper_limit": upper,
        }  # fmt: skip

    def _without_value(self, absent: frozenset[str], occasion: Occasion) -> None:
        """Say why there is no result; Unreadable where there is one that is not given."""
        if absent & _ABSENT_BUT_EXISTING:
            raise Unreadable(f"there is a result, but not its value: {', '.join(sorted(absent))[:60]}")
        if absent:
            self._gathered.leave(occasion.resource, f"no result: {', '.join(sorted(absent))[:60]}")
        elif occasion.void or occasion.status == "registered":
            self._gathered.leave(occasion.resource, f"no result, status {occasion.status}")
        else:
            raise Unreadable("it has no value")

    def _limits(self, part: Node, unit: str | None, occasion: Occasion) -> tuple[str | None, str | None]:
        """The laboratory's own limits. By the standard they are in the unit of the value where they name none."""
        ranges = [
            found for found in elements.nodes(part, "referenceRange") if elements.said(found, "type") <= {"normal"}
        ]
        if len(ranges) > 1:
            ranges = [found for found in ranges if not found.get("appliesTo") and not found.get("age")]
        if len(ranges) > 1:
            self._gathered.leave(occasion.resource, "it has several reference ranges: which one applies is not said")
        if len(ranges) != 1:
            return None, None
        if not elements.node(ranges[0], "low") and not elements.node(ranges[0], "high"):
            self._gathered.leave(occasion.resource, "its reference range is in words only")
        return self._limit(ranges[0], "low", unit, occasion), self._limit(ranges[0], "high", unit, occasion)

    def _limit(self, found: Node, end: str, unit: str | None, occasion: Occasion) -> str | None:
        limit = elements.node(found, end)
        if not limit:
            return None
        try:
            parts = elements.quantity(limit)
            text = f"{parts['comparator'] or ''}{parts['value']} {parts['unit'] or unit or ''}".strip()
            parse_quantity(text)
        except (Unreadable, ValueError):
            self._gathered.leave(occasion.resource, f"the {end} end of its reference range cannot be read")
            return None
        return text


def wanted_of(observations: Iterable[Resource], results: Results, gathered: Gathered) -> list[Resource]:
    """The Observations that have a code mgcds reads. The others are counted, one line a code."""
    wanted = frozenset((*results.read, *PREGNANCY_STATUS, HAEMOLYSIS_INDEX))
    found = []
    counted: dict[str | None, list[Resource]] = {}
    for resource in observations:
        if resource.has_code(wanted):
            found.append(resource)
        else:
            coding = _best(resource)
            counted.setdefault(coding.code if coding is not None else None, []).append(resource)
    for code, others in counted.items():
        _count(code, others, gathered)
    return found


def read_observations(
    observations: Iterable[Resource], results: Results, specimens: Specimens, gathered: Gathered
) -> None:
    """The Observations that have a code mgcds reads."""
    for resource in observations:
        codes = _loinc(resource.codings)
        if HAEMOLYSIS_INDEX in codes:
            continue  # read with the specimens
        try:
            if any(code in PREGNANCY_STATUS for code in codes):
                take_pregnancy(resource, occasion_of(resource, resource.content), gathered)
            elif not results.read.isdisjoint((*codes, *_loinc(resource.component_codings))):
                _take_observation(resource, codes, results, specimens, gathered)
            else:
                _without_loinc(resource, results, gathered)
        except Unreadable as unreadable:
            _undecodable(resource, codes, str(unreadable), results, gathered)


def _take_observation(
    resource: Resource, codes: list[str], results: Results, specimens: Specimens, gathered: Gathered
) -> None:
    content = resource.content
    occasion = occasion_of(resource, content)
    if content.get("focus"):
        gathered.leave(resource, ABOUT_ANOTHER)
        return
    why = elements.modified(content)
    if why is not None:
        _undecodable(resource, codes, why, results, gathered, void=occasion.void)
        return
    occasion.specimen = specimens.problems(content)
    occasion.nine_answers = set(_loinc(resource.component_codings)) >= PHQ9_ANSWERS
    results.take(codes, content, occasion)
    for part in elements.nodes(content, "component"):
        results.take([code.code for code in codes_of(part)], part, occasion)
    results.finish(occasion)
    gathered.leave_unless_used(resource, "no rule uses it")


def _undecodable(
    resource: Resource, codes: list[str], why: str, results: Results, gathered: Gathered, void: bool = False
) -> None:
    """Nothing of it can be read; the items it measures are rejected, so that older results do not stand in for it."""
    names = {
        results.measured[code].id for code in (*codes, *_loinc(resource.component_codings)) if code in results.measured
    }
    for name in sorted(names) if not void else ():
        gathered.reject(name, why, resource)
    if any(code in PREGNANCY_STATUS for code in codes) and not void:
        gathered.pregnancies.append(Pregnancy(None, None, resource, why))
        return
    gathered.leave_unless_used(resource, why)


def codes_of(part: Node) -> Iterator[Code]:
    """The LOINC codes of an Observation or a component."""
    for coding in elements.codes(elements.node(part, "code")):
        if coding.system in elements.LOINC:
            yield coding


def _loinc(codings: Iterable[Any]) -> list[str]:
    return [coding.code.strip() for coding in codings if coding.code and coding.system in elements.LOINC]


def _without_loinc(resource: Resource, results: Results, gathered: Gathered) -> None:
    """A known code of no system: it may well be LOINC, so the item is rejected. The same code of another system is another code."""
    codings = [*resource.codings, *resource.component_codings]
    codes = {coding.code.strip() for coding in codings if coding.code and not coding.system}
    for name in sorted({results.measured[code].id for code in codes if code in results.measured}):
        gathered.reject(name, "its code names no code system: is it LOINC?", resource)
    gathered.leave_unless_used(resource, "no rule uses it: its codes are not of LOINC")


def _best(resource: Resource) -> Any:
    """The coding to call it by: of LOINC, else the first."""
    codings = resource.codings
    if len(codings) > 1:
        return next((found for found in codings if found.system in elements.LOINC), codings[0])
    return codings[0] if codings else None


def _count(code: str | None, resources: list[Resource], gathered: Gathered) -> None:
    first = resources[0]
    if code is None:
        why = "it has no code, and text alone does not say what was measured"
        gathered.count("Observation", why, f"Observation {(first.code_text or '')[:120]}".strip(), len(resources))
    else:
        text = _best(first).display or first.code_text or ""
        shown = f"Observation {code[:60]} {text[:120]}".strip()
        gathered.count(f"Observation {code}", "no rule uses it", shown, len(resources))
