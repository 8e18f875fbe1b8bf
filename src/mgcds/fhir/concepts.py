"""CodeableConcepts. The same few stand in thousands of resources, so each is read once and kept: by its bytes where it is not decoded yet,
else by its codings and its text. That is all that is read of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from mgcds.fhir import elements
from mgcds.fhir.decoding import EXACT
from mgcds.fhir.elements import Code, Node
from mgcds.model.terminology import Vocabulary

# http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips, of the International Patient Summary
ABSENT_OR_UNKNOWN = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
_MOST, _LONGEST = 20_000, 2_000  # a bound on what is kept, so that a long-running service's memory stays flat


class Coding(msgspec.Struct, gc=False, frozen=True):
    """A coding as it was given, without blanks around its parts."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class _Read(msgspec.Struct, gc=False, frozen=True):
    """All that is read of a CodeableConcept."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None


class Concept:
    """A CodeableConcept in the forms in which it is asked for. `said`: its codes in lower case, or its text where it has none;
    `matched`: its codes as a vocabulary looks them up; `lead`: its coding of LOINC, else the first; `absent`: its codes that say that
    there is nothing, or that nothing is known.
    """

    __slots__ = (
        "absent", "codes", "codings", "lead", "loinc", "matched", "name", "plain_codes", "record_codes", "said", "text",
    )  # fmt: skip

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
        of_loinc = [each for each in self.codings if each.system in elements.LOINC]
        self.lead = next(iter((*of_loinc, *self.codings)), None)
        self.loinc = tuple(each.code for each in of_loinc if each.code)
        self.plain_codes = frozenset(each.code for each in self.codings if each.code)
        self.matched = tuple((code.system, code.code) for code in self.codes if code.system)
        self.absent = frozenset(code.code for code in self.codes if code.system == ABSENT_OR_UNKNOWN)
        self.record_codes = elements.record_codes(self.codes)


NOTHING = Concept(None)
_kept: dict[bytes | _Read, Concept] = {}


def concept_of(given: Any) -> Concept:
    """Of JSON that is not decoded yet, or of plain data. DecodeError where the JSON cannot be decoded."""
    if type(given) is not msgspec.Raw:
        return NOTHING if given is None else _of_plain_data(given)
    key = bytes(given)
    found = _kept.get(key)
    if found is None:
        found = Concept(EXACT.decode(key)) if key else NOTHING
        _keep(key, found, len(key))
    return found


def names_that_count(
    name: str | None, displays: Iterable[str | None], codes: tuple[tuple[str, str], ...], vocabulary: Vocabulary | None
) -> list[str | None]:
    """The name; with the displays where these put the entry in a value set more, as of a mood disorder with the code of a bipolar one.
    Where they take it out of another as well, both names count, each on its own.
    """
    others = [display for display in displays if display and display != name]
    if not others or name is None or vocabulary is None:
        return [name]
    known = vocabulary.match(name, codes).value_sets
    with_displays = " / ".join(dict.fromkeys((name, *others)))[: elements.LONGEST_NAME]
    found = vocabulary.match(with_displays, codes).value_sets
    if found <= known:
        return [name]
    return [with_displays] if known <= found else [name, with_displays]


def _of_plain_data(given: Any) -> Concept:
    try:
        key = msgspec.convert(given, _Read)
        found = _kept.get(key)
        if found is None:
            written = msgspec.json.encode(key)
            found = Concept(EXACT.decode(written))
            _keep(key, found, len(written))
    except (msgspec.ValidationError, UnicodeEncodeError):
        return Concept(given)  # it has another shape than the standard says, or half a character
    return found


def _keep(key: bytes | _Read, found: Concept, length: int) -> None:
    if len(_kept) < _MOST and length <= _LONGEST:
        _kept[key] = found
