"""What is made once and given to many: a strand is the part of a patient's resources that is read together, such as a history or the
results of one item; a variant is one making of it. The patient's id stands in it as a word to be replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec

from mgcds.fhir.elements import LOINC, SYSTEM_ALIASES
from mgcds.model.pack import RulePack
from mgcds.model.terminology import SYSTEM_OF_URI, Entry, with_included

PATIENT = "@patient@"
TEST_DATA = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
MOST_DAYS = 3_000
_URI = {short: uri for uri, short in SYSTEM_OF_URI.items()}
assert set(_URI) <= set(SYSTEM_ALIASES.values()), "the reader knows every system that is written"
_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Variant:
    """`lines`: kind of resource → its lines. `marks`: what other strands depend on. `faults`: what is wrong with it on purpose."""

    lines: Mapping[str, bytes]
    marks: frozenset[str]
    faults: frozenset[str]


@dataclass(slots=True)
class Sheet:
    """A variant while it is written."""

    name: str
    pack: RulePack
    on: date
    random: Random
    lines: dict[str, bytes] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    faults: set[str] = field(default_factory=set)
    count: int = 0

    def finished(self) -> Variant:
        return Variant(self.lines, frozenset(self.marks), frozenset(self.faults))

    # --- chance -------------------------------------------------------------------------------------------------------------------

    def by_chance(self, share: float, fault: str = "") -> bool:
        """True as often as the share; a fault is noted."""
        happens = self.random.random() < share
        if happens and fault:
            self.faults.add(fault)
        return happens

    def days(self, mean: float) -> int:
        """Days ago: most lately, some long ago."""
        return min(int(self.random.expovariate(1 / mean)), MOST_DAYS)

    def day(self, ago: int) -> str:
        return (self.on - timedelta(days=ago)).isoformat()

    # --- resources ------------------------------------------------------------------------------------------------------------------

    def add(self, kind: str, identity: str = "", updated: str = "", **content: Any) -> str:
        """A resource, without what is None; its reference. `updated`: when this version of it was stored."""
        if not identity:
            self.count += 1
            identity = f"{PATIENT}-{self.name}-{self.count}"
        meta = {"lastUpdated": updated} if updated else {}
        whole = {"resourceType": kind, "id": identity, "meta": {**meta, "tag": [TEST_DATA]}}
        whole |= {name: given for name, given in content.items() if given is not None}
        self.write(kind, _encode(whole))
        return f"{kind}/{identity}"

    def write(self, kind: str, line: bytes) -> None:
        """One line of a file."""
        self.lines[kind] = self.lines.get(kind, b"") + line + b"\n"

    # --- codes of the pack ------------------------------------------------------------------------------------------------------------

    def member(self, value_set: str) -> Entry:
        """A named entry of a value set or of what it includes; the first ones are the commonest."""
        sets = self.pack.value_sets
        found = [
            entry
            for each in sorted(with_included(value_set, sets), key=lambda each: (each != value_set, each))
            for entry in sets[each].entries
            if entry.names and entry.names[0]
        ]
        return found[int(len(found) * self.random.random() ** 2)]

    def concept(self, entry: Entry, in_words: bool = False) -> dict[str, Any]:
        """A CodeableConcept: one code of the entry, where it has one, and its name."""
        concept: dict[str, Any] = {"text": entry.names[0]}
        codes = [
            (system, code)
            for system, found in entry.codes.items()
            for code in found
            if system != "atc" or len(code) == ATC_SUBSTANCE
        ]
        if codes and not in_words:
            system, code = codes[int(len(codes) * self.random.random() ** 2)]
            concept["coding"] = [{"system": _URI[system], "code": code, "display": entry.names[0]}]
        return concept


ATC_SUBSTANCE = 7  # characters; shorter codes are groups, not medicines
SUBJECT = {"reference": f"Patient/{PATIENT}"}


def loinc(code: str, display: str | None = None) -> dict[str, Any]:
    """A CodeableConcept of one LOINC code."""
    coding = {"system": LOINC[0], "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


def coded(system: str, code: str) -> dict[str, Any]:
    """A CodeableConcept of a code system of HL7's terminology server."""
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


Make = Callable[[Sheet, int], None]
