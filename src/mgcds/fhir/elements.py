"""Elements of FHIR, read defensively: whatever has another shape than the standard says counts as absent, never as an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from mgcds.fhir.decoding import VALUES
from mgcds.model.dates import LONGEST_DATE, parse_when
from mgcds.model.record import Coding, parse_quantity
from mgcds.model.terminology import SYSTEM_OF_URI, words
from mgcds.model.units import parse_unit

Node = dict[str, Any]
_VALUES = frozenset(VALUES)

LOINC = ("http://loinc.org", "https://loinc.org", "http://loinc.org/", "urn:oid:2.16.840.1.113883.6.1")
UCUM = (
    "http://unitsofmeasure.org",
    "https://unitsofmeasure.org",
    "http://unitsofmeasure.org/",
    "urn:oid:2.16.840.1.113883.6.8",
)

# Code systems under another name than their URI (https://terminology.hl7.org/external_terminologies.html gives the OIDs).
# Any other system stays as it is given.
SYSTEM_ALIASES = {
    **SYSTEM_OF_URI,
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    "urn:oid:2.16.840.1.113883.6.73": "atc",
    "http://www.whocc.no/atc/": "atc",
    "https://www.whocc.no/atc": "atc",
    "urn:oid:2.16.840.1.113883.6.90": "icd10cm",
    "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10": "icd10cm",
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    "https://snomed.info/sct": "snomed",
}

# Systems whose "codes" are names as a ward writes them; read as text.
NAMES_AS_CODES = (
    "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-medication-name",
    "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-medication-poe-iv",
)

# The answers of PHQ-9 and GAD-7: LOINC answer list LL358-3, and the words printed on the form.
ANSWER_CODES = {"LA6568-5": 0, "LA6569-3": 1, "LA6570-1": 2, "LA6571-9": 3}
ANSWER_WORDS = {
    ("not", "at", "all"): 0,
    ("several", "days"): 1,
    ("more", "than", "half", "the", "days"): 2,
    ("nearly", "every", "day"): 3,
}
_ORDINAL_URLS = (
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")
LONGEST_NAME, _LONGEST_NUMBER, _LONGEST_ANSWER = 1000, 60, 120
_LARGEST = 400  # a power of ten, beyond all that a float can be


class Unreadable(Exception):
    """Something is there and cannot be read; the text says why."""


class Code(NamedTuple):
    """A coding: system (short where mgcds has a word for it, otherwise the URI as given), code and display."""

    system: str
    code: str
    display: str | None


def node(parent: Node, key: str) -> Node:
    """The object under `key`; empty where there is none."""
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def nodes(parent: Node, key: str) -> list[Node]:
    """The objects under `key`; a single one without its list counts as a list of one."""
    value = parent.get(key)
    if isinstance(value, dict):
        return [value]
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def string(parent: Node, key: str) -> str | None:
    """The text under `key`, without blanks around it; None where it is none, or empty."""
    value = parent.get(key)
    return (value.strip() or None) if isinstance(value, str) else None


def readable_date(text: str | None) -> bool:
    """Is this a date, whole or partial? A time zone that leaves the calendar makes it none."""
    try:
        return text is not None and parse_when(text) is not None
    except (ValueError, OverflowError):
        return False


def date(parent: Node, key: str) -> str | None:
    """The date under `key`, None where it is absent or cannot be read."""
    value = parent.get(key)
    text = value.strip() if isinstance(value, str) else ""
    return _as_date(text) if len(text) <= LONGEST_DATE else None


@lru_cache(maxsize=65536)  # the same days stand in many entries
def _as_date(given: str) -> str | None:
    return given if readable_date(given) else None


def codes(concept: Node) -> tuple[Code, ...]:
    """The codings of a CodeableConcept that have a code."""
    found = []
    for coding in nodes(concept, "coding"):
        code = string(coding, "code")
        if code is not None:
            system = string(coding, "system") or ""
            found.append(Code(SYSTEM_ALIASES.get(system, system), code, string(coding, "display")))
    return tuple(found)


def name(concept: Node) -> str | None:
    """Its text, else its different displays, else a code that is a name."""
    text = string(concept, "text")
    if text is None:
        displays = [string(coding, "display") for coding in nodes(concept, "coding")]
        text = " / ".join(dict.fromkeys(display for display in displays if display)) or None
    if text is None:
        text = " / ".join(code.code for code in codes(concept) if code.system in NAMES_AS_CODES) or None
    return text[:LONGEST_NAME] if text else None


def record_codes(found: Iterable[Code]) -> tuple[Coding, ...]:
    """Codes as the record takes them: those whose system is known by name or URI, each once."""
    kept = dict.fromkeys(
        (code.system, code.code) for code in found if code.system and code.system not in NAMES_AS_CODES
    )
    return tuple([_coding(system, code) for system, code in kept])


@lru_cache(maxsize=65536)
def _coding(system: str, code: str) -> Coding:
    """Validated once: the same few codes stand in thousands of entries."""
    return Coding(system=system, code=code)


def said(parent: Node, key: str) -> frozenset[str]:
    """The codes under `key`, in lower case, be it a code (as in DSTU 2) or a CodeableConcept; the text where there is no code."""
    if parent.get(key) is None:
        return frozenset()
    plain = string(parent, key)
    if plain is not None:
        return frozenset({plain.casefold()})
    concept = node(parent, key)
    coded = frozenset(code.code.casefold() for code in codes(concept))
    text = string(concept, "text")
    return coded or (frozenset({text.casefold()}) if text else frozenset())


def modified(content: Node) -> str | None:
    """Why the standard forbids to use this element at all: an extension may turn its meaning round, and is not understood."""
    if content.get("modifierExtension"):
        return "it has a modifierExtension, which may change its meaning and is not understood"
    return "it has implicitRules, which are not understood" if content.get("implicitRules") else None


def texts(parent: Node, key: str) -> Iterator[str]:
    """The texts of annotations under `key`."""
    for entry in nodes(parent, key):
        text = string(entry, "text")
        if text is not None:
            yield text


# --- values -------------------------------------------------------------------------------------------------------------------


def number(value: Any) -> Decimal | None:
    """An exact number; a float goes through its shortest text. Numbers written as text count, words and true do not. One that nothing
    is ever counted or measured to is none: sums of 9e999999 fail.
    """
    if isinstance(value, Decimal):
        return value if len(str(value)) <= _LONGEST_NUMBER and _is_usual(value) else None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_NUMBER:
        return None
    text = value.strip() if isinstance(value, str) else repr(value)
    if len(text) > _LONGEST_NUMBER or (isinstance(value, str) and _NUMBER.fullmatch(text) is None):
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if _is_usual(found) else None


def _is_usual(number: Decimal) -> bool:
    return number.is_finite() and abs(number.adjusted()) <= _LARGEST


def unit(quantity: Node) -> str | None:
    """The unit as reported: its UCUM code, else what is displayed. Unreadable where code and display are different units."""
    given = quantity.get("code"), quantity.get("unit"), quantity.get("system")
    return _unit(*(given if set(map(type, given)) <= _TEXT_OR_NOTHING else map(_text, given)))


_TEXT_OR_NOTHING = {str, type(None)}


def _text(given: Any) -> str | None:
    return given if isinstance(given, str) else None


@lru_cache(maxsize=4096)  # the same few units stand in many results
def _unit(*given: str | None) -> str | None:
    code, shown, system = [(each.strip() or None) if each else None for each in given]
    if code is None or shown is None or code == shown:
        return code or shown
    coded, displayed = parse_unit(code), parse_unit(shown)
    if coded is not None and displayed is not None and coded != displayed:
        raise Unreadable(f"its unit is displayed as '{shown[:40]}' and coded as '{code[:40]}'")
    return code if system in UCUM else shown


def quantity(found: Node) -> Node:
    """Value, comparator and unit of a Quantity."""
    value = number(found.get("value"))
    if value is None:
        raise Unreadable("its quantity has no number")
    comparator = found.get("comparator")
    if comparator is not None and comparator not in ("<", "<=", ">=", ">"):
        raise Unreadable(f"its comparator '{str(comparator)[:10]}' is not understood")
    return {"value": value, "comparator": comparator, "unit": unit(found)}


def quantity_in_words(text: str) -> Node:
    """A number, with comparator and unit or without, that is the whole text: `> 60`, `60 mL/min`."""
    try:
        parts = parse_quantity(text)
    except ValueError:
        parts = {}
    if not parts or (parts["unit"] is not None and parse_unit(parts["unit"]) is None):
        raise Unreadable(f"its value is the text '{text[:40]}'")
    return {"value": Decimal(parts["value"]), "comparator": parts["comparator"], "unit": parts["unit"]}


def answer(concept: Node) -> Node:
    """The score of a coded answer; a number in its text where it is none of the form's answers."""
    scores = {score for coding in nodes(concept, "coding") or [concept] for score in _scores(coding)}
    in_text = ANSWER_WORDS.get(words(string(concept, "text") or ""))
    if in_text is not None:
        scores.add(Decimal(in_text))
    if len(scores) > 1:
        raise Unreadable("its coded answer contradicts itself")
    if scores:
        return {"value": scores.pop(), "comparator": None, "unit": None}
    text = name(concept) or string(concept, "display")
    if text is None:
        raise Unreadable("its coded answer is not understood")
    return in_words(text)


def _scores(coding: Node) -> Iterator[Decimal]:
    """What the code, the ordinal that comes with it and the displayed words say, each on its own."""
    by_code = ANSWER_CODES.get(string(coding, "code") or "")
    display = string(coding, "display") or ""
    in_display = ANSWER_WORDS.get(words(display)) if len(display) <= _LONGEST_ANSWER else None
    ordinals = [
        number(found.get("valueDecimal")) for found in nodes(coding, "extension") if found.get("url") in _ORDINAL_URLS
    ]
    for score in (by_code, in_display, *ordinals):
        if score is not None:
            yield Decimal(score)


def in_words(text: str) -> Node:
    """One of the form's answers, or a number, in words."""
    if len(text) > _LONGEST_ANSWER:
        raise Unreadable(f"its value is the text '{text[:40]}'")
    score = ANSWER_WORDS.get(words(text))
    return {"value": Decimal(score), "comparator": None, "unit": None} if score is not None else quantity_in_words(text)


def kinds_of_value(of: Node) -> list[str]:
    """Which of `value[x]` are filled."""
    return [key for key in of if key in _VALUES and of[key] not in (None, "", {}, [])]


def value(of: Node) -> Node | None:
    """The value of an Observation, a component or an answer; None where there is none, Unreadable where it is no number."""
    kinds = kinds_of_value(of)
    if not kinds:
        return None
    if len(kinds) > 1:
        raise Unreadable("it has more than one value")
    kind, given = kinds[0], of[kinds[0]]
    if kind == "valueQuantity" and isinstance(given, dict):
        return quantity(given)
    if kind in ("valueInteger", "valueDecimal"):
        found = number(given)
        if found is not None:
            return {"value": found, "comparator": None, "unit": None}
    if kind == "valueString" and isinstance(given, str):
        return in_words(given)
    if kind in ("valueCodeableConcept", "valueCoding") and isinstance(given, dict):
        return answer(given)
    raise Unreadable(f"its value is a {kind[5:30]}, not a number")
