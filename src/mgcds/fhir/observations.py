"""Observations → measurements.

Which codes are measured is the rule pack's matter (`items.yaml`). A result that exists but cannot be read is rejected by name, so
that an older one does not stand in for it; a result that was cancelled, entered in error or never obtained says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from mgcds.fhir import elements, phq9
from mgcds.fhir.concepts import Concept
from mgcds.fhir.elements import Code, Node, Unreadable
from mgcds.fhir.gathered import Gathered, Pregnancy
from mgcds.fhir.occasions import ABOUT_ANOTHER, ABSENT_BUT_EXISTING, Occasion, occasion_of, refuse
from mgcds.fhir.pregnancies import PREGNANCY_STATUS, take_pregnancy
from mgcds.fhir.specimens import HAEMOLYSIS_INDEX, Specimens
from mgcds.fhir.wire import Resource
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.record import Measurement, PatientRecord, parse_quantity

_MEASURED = frozenset(
    name for name, given in PatientRecord.model_fields.items() if given.annotation == tuple[Measurement, ...]
)

_NO_SYSTEM = "its code names no code system: is it LOINC?"
_PREGNANCY, _NORMAL = frozenset(PREGNANCY_STATUS), frozenset(("normal",))


@lru_cache(maxsize=8)
def measured_codes(pack: RulePack) -> Mapping[str, MeasuredItem]:
    """LOINC code → the item it measures, for the items that the record has a field for."""
    items = (item for item in pack.items.values() if isinstance(item, MeasuredItem) and item.id in _MEASURED)
    return {code: item for item in items for code in item.codes}


class Results:
    """Takes the results of Observations, their components and questionnaire answers into what was gathered."""

    def __init__(self, measured: Mapping[str, MeasuredItem], gathered: Gathered) -> None:
        self._gathered = gathered
        self.measured = measured
        total = measured.get(phq9.TOTAL)
        self._forms = phq9.Forms(total.id, gathered) if total is not None else None
        self.read = measured.keys() | (phq9.CODES if total is not None else frozenset())

    def take(self, codes: Iterable[str], part: Node, occasion: Occasion) -> None:
        """One result with its LOINC codes."""
        codes = tuple(codes)
        by_item: dict[str, list[str]] = {}
        for code in codes:
            item = self.measured.get(code)
            if item is not None:
                by_item.setdefault(item.id, []).append(code)
        if self._forms is not None and not phq9.CODES.isdisjoint(codes):
            self._take_phq9(codes, part, occasion)
        for name, found in by_item.items():
            try:
                if len(by_item) > 1:
                    raise Unreadable(f"its codes name {' and '.join(sorted(by_item))} at once")
                entry = self._entry(found, part, occasion)
            except Unreadable as unreadable:
                self.refuse(found, name, str(unreadable), occasion)
                continue
            if entry is None:
                continue
            if phq9.CODES.isdisjoint(found):
                self._gathered.add(name, entry, occasion.resource)
            else:
                occasion.phq9.results.append((name, entry))

    def _take_phq9(self, codes: tuple[str, ...], part: Node, occasion: Occasion) -> None:
        occasion.phq9.is_panel |= phq9.PANEL in codes
        if not set(phq9.ITEMS).isdisjoint(codes):
            phq9.take_answer(codes, part, occasion, self._gathered)
        if phq9.DIFFICULTY not in codes:
            return
        try:
            answer = phq9.difficulty(part)
            if answer is not None and occasion.date_problem is not None:
                raise Unreadable(occasion.date_problem)
        except Unreadable as unreadable:
            refuse("functional_difficulty", str(unreadable), occasion, self._gathered)
            return
        if answer is not None and not occasion.void:
            if occasion.date is None:
                self._gathered.leave(
                    occasion.resource, "how difficult it was has no date: an answer with one counts first"
                )
            self._gathered.state("functional_difficulty", answer, occasion.date, occasion.resource, phq9.DIFFICULTIES)

    def finish(self, occasion: Occasion, unused: str) -> None:
        """All of a resource was taken. `unused`: why it has no part in the record, where nothing of it has."""
        if self._forms is not None and occasion.phq9.any:
            self._forms.add(occasion, unused)
        else:
            self._gathered.leave_unless_used(occasion.resource, unused)

    def settle(self) -> None:
        """All resources were taken."""
        if self._forms is not None:
            self._forms.settle()

    def refuse(self, codes: Iterable[str], name: str, why: str, occasion: Occasion) -> None:
        """The result cannot be read; of a PHQ-9 that is settled with the rest of its form."""
        if phq9.CODES.isdisjoint(codes):
            refuse(name, why, occasion, self._gathered)
        else:
            occasion.phq9.refused.append((name, why))

    def _entry(self, codes: list[str], part: Node, occasion: Occasion) -> dict[str, Any] | None:
        """A measurement as the record takes it; None where there is no result, and that was said."""
        if len(codes) > 1 and len({self.measured[code].codes[code] for code in codes}) > 1:
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
        item = self.measured[codes[0]]
        if not item.at_most_from.isdisjoint(codes):
            if found["comparator"] not in (None, "<", "<="):
                raise Unreadable(
                    f"it is '{found['comparator']}' of all sources, which does not say how much is from this one"
                )
            found = {**found, "comparator": found["comparator"] or "<="}
        lower, upper = self._limits(part, found["unit"], occasion)
        return {
            **found, "date": occasion.date, "status": occasion.status, "code": codes[0], "specimen": occasion.specimen,
            "lower_limit": lower, "upper_limit": upper,
        }  # fmt: skip

    def _without_value(self, absent: frozenset[str], occasion: Occasion) -> None:
        """Say why there is no result; Unreadable where there is one that is not given."""
        if absent & ABSENT_BUT_EXISTING:
            raise Unreadable(f"there is a result, but not its value: {', '.join(sorted(absent))[:60]}")
        if absent:
            self._gathered.leave(occasion.resource, f"no result: {', '.join(sorted(absent))[:60]}")
        elif occasion.void or occasion.status == "registered":
            self._gathered.leave(occasion.resource, f"no result, status {occasion.status}")
        else:
            raise Unreadable(phq9.NO_VALUE)

    def _limits(self, part: Node, unit: str | None, occasion: Occasion) -> tuple[str | None, str | None]:
        """The laboratory's own limits. By the standard they are in the unit of the value where they name none."""
        ranges = [found for found in elements.nodes(part, "referenceRange") if elements.said(found, "type") <= _NORMAL]
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
            return _as_limit(f"{parts['comparator'] or ''}{parts['value']} {parts['unit'] or unit or ''}".strip())
        except (Unreadable, ValueError):
            self._gathered.leave(occasion.resource, f"the {end} end of its reference range cannot be read")
            return None


@lru_cache(maxsize=4096)
def _as_limit(text: str) -> str:
    """Kept, because a laboratory gives the same limits with each of its results. ValueError where it is no quantity, or is long."""
    parse_quantity(text)
    return text


def wanted_of(observations: Iterable[Resource], results: Results, gathered: Gathered) -> list[Resource]:
    """The Observations that have a code mgcds reads. The others are counted, one line a code."""
    wanted = frozenset((*results.read, *PREGNANCY_STATUS, HAEMOLYSIS_INDEX))
    found, others = [], []
    for resource in observations:
        if not wanted.isdisjoint(resource.code.plain_codes) or (resource.components and resource.has_code(wanted)):
            found.append(resource)
        else:
            others.append(resource.code)
    for code, number in Counter(others).items():
        _count(code, number, gathered)
    return found


def read_observations(
    observations: Iterable[Resource], results: Results, specimens: Specimens, gathered: Gathered
) -> None:
    """The Observations that have a code mgcds reads."""
    for resource in observations:
        codes = resource.code.loinc
        if HAEMOLYSIS_INDEX in codes:
            continue  # read with the specimens
        try:
            if not _PREGNANCY.isdisjoint(codes):
                take_pregnancy(resource, occasion_of(resource, resource.content), gathered)
            elif not results.read.isdisjoint((*codes, *_of_components(resource)) if resource.components else codes):
                _take_observation(resource, codes, results, specimens, gathered)
            else:
                _without_loinc(resource, results, gathered)
        except Unreadable as unreadable:
            _undecodable(resource, codes, str(unreadable), results, gathered)


def _take_observation(
    resource: Resource, codes: tuple[str, ...], results: Results, specimens: Specimens, gathered: Gathered
) -> None:
    content = resource.decode()
    occasion = occasion_of(resource, content)
    if content.get("focus"):
        gathered.leave(resource, ABOUT_ANOTHER)
        return
    why = elements.modified(content)
    if why is not None:
        _undecodable(resource, codes, why, results, gathered, void=occasion.void)
        return
    occasion.specimen = specimens.problems(content)
    results.take(codes, content, occasion)
    for part in elements.nodes(content, "component"):
        results.take([code.code for code in codes_of(part)], part, occasion)
    if occasion.phq9.is_panel:
        members = (elements.string(member, "reference") for member in elements.nodes(content, "hasMember"))
        occasion.phq9.members = tuple(member for member in members if member)
    results.finish(occasion, "no rule uses it")


def _undecodable(
    resource: Resource, codes: tuple[str, ...], why: str, results: Results, gathered: Gathered, void: bool = False
) -> None:
    """Nothing of it can be read; the items it measures are rejected, so that older results do not stand in for it."""
    names = {results.measured[code].id for code in (*codes, *_of_components(resource)) if code in results.measured}
    for name in sorted(names) if not void else ():
        gathered.reject(name, why, resource)
    if not _PREGNANCY.isdisjoint(codes) and not void:
        gathered.pregnancies.append(Pregnancy(None, None, resource, why))
        return
    gathered.leave_unless_used(resource, why)


def codes_of(part: Node) -> Iterator[Code]:
    """The LOINC codes of an Observation or a component."""
    for coding in elements.codes(elements.node(part, "code")):
        if coding.system in elements.LOINC:
            yield coding


def _of_components(resource: Resource) -> list[str]:
    """The LOINC codes of its components."""
    return [code for part in resource.components for code in part.loinc]


def _without_loinc(resource: Resource, results: Results, gathered: Gathered) -> None:
    """A known code of no system: it may well be LOINC, so the item is rejected. The same code of another system is another code."""
    concepts = (resource.code, *resource.components)
    codes = {coding.code for each in concepts for coding in each.codings if coding.code and not coding.system}
    for name in sorted({results.measured[code].id for code in codes if code in results.measured}):
        gathered.reject(name, _NO_SYSTEM, resource)
    if not _PREGNANCY.isdisjoint(codes):
        occasion = occasion_of(resource, resource.content)
        if not occasion.void:
            gathered.pregnancies.append(Pregnancy(None, occasion.date, resource, _NO_SYSTEM))
            return
    gathered.leave_unless_used(resource, "no rule uses it: its codes are not of LOINC")


def _count(concept: Concept, resources: int, gathered: Gathered) -> None:
    """Observations of one code, called by its coding of LOINC, else by the first."""
    best = concept.lead
    if best is None or best.code is None:
        why = "it has no code, and text alone does not say what was measured"
        gathered.count("Observation", why, f"Observation {(concept.text or '')[:120]}".strip(), resources)
    else:
        text = best.display or concept.text or ""
        shown = f"Observation {best.code[:60]} {text[:120]}".strip()
        gathered.count(f"Observation {best.code}", "no rule uses it", shown, resources)
