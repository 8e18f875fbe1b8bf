"""What went wrong with a sample: said in words by the specimen, by a note, or by a haemolysis index of the same sample. A note of an
ECG says the rhythm that spoils its intervals.

An index is a number without a limit that all analysers share. It speaks where the laboratory says what it means: by an
interpretation, or by a limit of its own that is exceeded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from mgcds.fhir import elements
from mgcds.fhir.elements import Node, Unreadable
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.references import Known
from mgcds.fhir.wire import Resource
from mgcds.model.terminology import words

HAEMOLYSIS_INDEX = "46424-8"  # LOINC
WITHOUT_A_LIMIT = "without a limit of its own or an interpretation, it does not tell whether the sample was haemolysed"

_IN_WORDS = {
    "haemolysed": "haemolysed", "hemolysed": "haemolysed", "haemolyzed": "haemolysed", "hemolyzed": "haemolysed",
    "haemolysis": "haemolysed", "hemolysis": "haemolysed", "haemolytic": "haemolysed", "hemolytic": "haemolysed",
    "lipaemic": "lipaemic", "lipemic": "lipaemic", "lipaemia": "lipaemic", "lipemia": "lipaemic",
    "icteric": "icteric", "icterus": "icteric",
    "paced": "paced", "pacing": "paced", "lbbb": "bundle branch block", "rbbb": "bundle branch block",
}  # fmt: skip
_TUBES = {"edta": "edta", "citrate": "citrate", "citrated": "citrate"}
_OF_A_TUBE = frozenset(
    ["tube", "plasma", "blood", "sample", "specimen", "contaminated", "contamination", "vial", "bottle"]
)
_NOT = frozenset(["no", "not", "non", "without", "nil", "negative", "absent", "none", "free"])
_NOT_A_FINDING = frozenset(["index", "anaemia", "anemia"])
_ABNORMAL = frozenset(
    ["h", "hh", "hu", "a", "aa", "pos"]
)  # http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation
_NORMAL = frozenset(["n", "neg", "l"])


def problems_in_words(text: str, of_a_specimen: bool) -> Iterator[str]:
    """Problems a text names, unless it denies them. A tube's additive counts where the text is about a tube."""
    found = words(text)
    of_a_tube = of_a_specimen or not _OF_A_TUBE.isdisjoint(found)
    for at, word in enumerate(found):
        denied = not _NOT.isdisjoint(found[max(0, at - 3) : at]) or not _NOT.isdisjoint(found[at + 1 : at + 2])
        if denied:
            continue
        if word in _IN_WORDS and _NOT_A_FINDING.isdisjoint(found[at + 1 : at + 2]):
            yield _IN_WORDS[word]
        elif tuple(found[at : at + 3]) == ("bundle", "branch", "block"):
            yield "bundle branch block"
        elif word in _TUBES and of_a_tube:
            yield _TUBES[word]


class Specimens:
    """The samples of one patient's results."""

    def __init__(self, known: Known, observations: Iterable[Resource], gathered: Gathered) -> None:
        self._known = known
        self._gathered = gathered
        self._haemolysed: list[tuple[Sample, Resource]] = []
        for resource in observations:
            if HAEMOLYSIS_INDEX in resource.code.loinc:
                self._read_index(resource)

    def problems(self, content: Node) -> tuple[str, ...]:
        """All problems of the sample an Observation was measured in, each once."""
        if not (self._haemolysed or "note" in content or "specimen" in content):
            return ()  # as nearly always
        found = [problem for text in elements.texts(content, "note") for problem in problems_in_words(text, False)]
        if "specimen" in content:
            for text in self._said_of(content):
                found += problems_in_words(text, True)
        for sample, index in self._haemolysed:
            if sample.same_as(_sample(content)):
                found.append("haemolysed")
                self._gathered.use(index)
        return tuple(dict.fromkeys(found)) if found else ()

    def _said_of(self, content: Node) -> Iterator[str]:
        """Texts about the specimen: its display, and its condition, type, container and notes where it was given."""
        reference = elements.node(content, "specimen")
        display = elements.string(reference, "display")
        if display is not None:
            yield display
        specimen = self._specimen(elements.string(reference, "reference"), content)
        for concept in [*elements.nodes(specimen, "condition"), elements.node(specimen, "type")]:
            yield from _texts(concept)
        for container in elements.nodes(specimen, "container"):
            yield from _texts(elements.node(container, "type"))
            yield from _texts(elements.node(container, "additiveCodeableConcept"))
        yield from elements.texts(specimen, "note")

    def _specimen(self, reference: str | None, content: Node) -> Node:
        if reference is None:
            return {}
        if reference.startswith("#"):
            return next(
                (found for found in elements.nodes(content, "contained") if found.get("id") == reference[1:]), {}
            )
        resource = self._known.get(reference)
        if resource is None:
            return {}
        try:
            specimen = resource.content
        except Unreadable:
            return {}
        self._gathered.use(resource)
        return specimen

    def _read_index(self, resource: Resource) -> None:
        try:
            content = resource.content
            above = _above(content)
        except Unreadable as unreadable:
            self._gathered.leave(resource, str(unreadable))
            return
        if elements.string(content, "status") in ("cancelled", "entered-in-error"):
            self._gathered.leave(resource, f"status {content['status']}")
        elif above is None:
            self._gathered.count(f"Observation {HAEMOLYSIS_INDEX} Hemolysis index", WITHOUT_A_LIMIT)
        elif not above:
            self._gathered.count(f"Observation {HAEMOLYSIS_INDEX} Hemolysis index", "the sample was not haemolysed")
        else:
            self._haemolysed.append((_sample(content), resource))

    def finish(self) -> None:
        """An index of haemolysis that belongs to no result is listed."""
        for _, index in self._haemolysed:
            self._gathered.leave_unless_used(index, "no result that a rule uses is of the same sample")


class Sample(NamedTuple):
    """How to recognise a sample: by its reference, else by the moment it was taken."""

    reference: str | None
    moment: str | None

    def same_as(self, other: Sample) -> bool:
        """One moment is not enough where both name their sample: two tubes may be drawn at once."""
        if self.reference is not None and other.reference is not None:
            return self.reference == other.reference
        return self.moment is not None and self.moment == other.moment


def _sample(content: Node) -> Sample:
    reference = elements.string(elements.node(content, "specimen"), "reference")
    moment = elements.string(content, "effectiveDateTime") or elements.string(content, "effectiveInstant") or ""
    return Sample(None if reference and reference.startswith("#") else reference, moment if "T" in moment else None)


def _texts(concept: Node) -> Iterator[str]:
    text = elements.string(concept, "text")
    displays = (elements.string(coding, "display") for coding in elements.nodes(concept, "coding"))
    yield from (found for found in (text, *displays) if found)


def _above(content: Node) -> bool | None:
    """Does the laboratory say that the index is raised? None where it does not say."""
    said = {code for found in elements.nodes(content, "interpretation") for code in elements.said({"it": found}, "it")}
    if said & _ABNORMAL:
        return True
    if said & _NORMAL:
        return False
    found = elements.value(content)
    highs = [elements.node(found, "high") for found in elements.nodes(content, "referenceRange")]
    limits = [limit for limit in (elements.number(high.get("value")) for high in highs) if limit is not None]
    if found is None or len(limits) != 1:
        return None
    value: Decimal = found["value"]
    return value > limits[0]
