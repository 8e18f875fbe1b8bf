"""CodeableConcepts. The same few stand in thousands of resources, so each is read once and kept by its bytes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from mgcds.fhir import elements
from mgcds.fhir.elements import Code, Node

_MOST, _LONGEST = 20_000, 2_000  # a bound on what is kept, so that a long-running service's memory stays flat
_EXACT = msgspec.json.Decoder(float_hook=Decimal)
_kept: dict[bytes, Concept] = {}


class Coding(msgspec.Struct, gc=False, frozen=True):
    """A coding as it was given, without blanks around its parts."""

    system: str | None
    code: str | None
    display: str | None


class Concept:
    """A CodeableConcept in the forms in which it is asked for. `said`: its codes in lower case, or its text where it has none;
    `matched`: its codes as a vocabulary looks them up.
    """

    __slots__ = ("codes", "codings", "loinc", "matched", "name", "plain_codes", "record_codes", "said", "text")

    def __init__(self, given: Any) -> None:
        node: Node = given if isinstance(given, dict) else {}
        parts = [
            [elements.string(each, key) for key in ("system", "code", "display")]
            for each in elements.nodes(node, "coding")
        ]
        self.codings = tuple(Coding(*each) for each in parts)
        self.text = elements.string(node, "text")
        self.codes: tuple[Code, ...] = elements.codes(node)
        self.name = elements.name(node)
        self.said = elements.said({"it": given}, "it")
        self.loinc = tuple(each.code for each in self.codings if each.code and each.system in elements.LOINC)
        self.plain_codes = frozenset(each.code for each in self.codings if each.code)
        self.matched = tuple((code.system, code.code) for code in self.codes if code.system)
        self.record_codes = elements.record_codes(self.codes)


NOTHING = Concept(None)


def concept_of(given: Any) -> Concept:
    """Of JSON that is not decoded yet, or of plain data. DecodeError where the JSON cannot be decoded."""
    if not isinstance(given, msgspec.Raw):
        return Concept(given) if given is not None else NOTHING
    key = bytes(given)
    found = _kept.get(key)
    if found is None:
        found = Concept(_EXACT.decode(key)) if key else NOTHING
        if len(_kept) < _MOST and len(key) <= _LONGEST:
            _kept[key] = found
    return found
