"""What is written in resources, read once for each way in which it is written, by the reader's own rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mgcds.fhir import elements, phq9
from mgcds.fhir.concepts import concept_of
from mgcds.fhir.elements import LOINC, Unreadable
from mgcds.fhir.lists import LIST_CODES
from mgcds.model.units import SCORE, parse_unit
from mgcds.populations.shapes import EXACT, Raw

KEPT = 50_000  # ways of writing something, so that memory stays flat
NUMBER = re.compile(r"\d{1,7}(\.\d{1,18})?")
COMPARATORS = (None, "<", "<=", ">=", ">")
_WRITTEN_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d))?)?)?")


class NotPlain(Exception):
    """This patient is read one by one; the text says why."""


class Kept(dict[Any, Any]):
    """What was made of something, by how it was written."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> Any:
        found = self._make(key)
        if len(self) < KEPT:
            self[key] = found
        return found


def is_date(text: str) -> bool:
    return _WRITTEN_DATE.fullmatch(text) is not None and elements.readable_date(text)


def unit_of(given: tuple[str | None, str | None, str | None]) -> str | None:
    shown, system, code = given
    try:
        return elements.unit({"unit": shown, "system": system, "code": code})
    except Unreadable:
        raise NotPlain("a quantity of two units") from None


def score_of(row: tuple[Any, ...]) -> Decimal | None:
    """The value of a row that is a plain number of points."""
    _, value, comparator, unit, *_ = row
    if comparator is not None or (unit is not None and parse_unit(unit) != SCORE) or not NUMBER.fullmatch(value):
        return None
    return Decimal(value)


def answer_of(given: tuple[str, bytes]) -> Decimal | None:
    """The number that an answer is; None where it is none, or more than a number."""
    name, raw = given
    try:
        found = elements.value({name: EXACT.decode(raw)})
    except Unreadable:
        return None
    if found is None or found["comparator"] is not None or found["unit"] is not None:
        return None
    return found["value"]  # type: ignore[no-any-return]


def how_difficult(given: tuple[str, bytes]) -> str:
    name, raw = given
    try:
        found = phq9.difficulty({name: EXACT.decode(raw)})
    except Unreadable:
        found = None
    if found is None:
        raise NotPlain("PHQ-9: how difficult it was")
    return found


def limits_of(given: tuple[bytes, str | None]) -> tuple[str | None, str | None]:
    """The laboratory's limits as the record takes them, of one range that is nothing but low and high."""
    raw, unit = given
    found = EXACT.decode(raw)
    if (
        not isinstance(found, list)
        or len(found) != 1
        or not isinstance(found[0], dict)
        or set(found[0]) - {"low", "high", "text"}
    ):
        raise NotPlain("Observation: reference range")
    if not found[0].keys() & {"low", "high"}:
        raise NotPlain("Observation: reference range in words")
    limits: list[str | None] = []
    for end in ("low", "high"):
        limit = elements.node(found[0], end)
        try:
            parts = elements.quantity(limit) if limit else None
        except Unreadable:
            raise NotPlain("Observation: reference range") from None
        if parts is not None and (parts["comparator"] is not None or not (parts["unit"] or unit)):
            raise NotPlain("Observation: reference range")
        limits.append(f"{parts['value']} {parts['unit'] or unit}" if parts is not None else None)
    return limits[0], limits[1]


def said_by(raw: bytes) -> frozenset[str]:
    """The codes of a CodeableConcept, or its text, in lower case."""
    return elements.said({"it": EXACT.decode(raw)}, "it")


def list_of(raw: bytes) -> str | None:
    for code in concept_of(Raw(raw)).codes:
        if code.system in LOINC and code.code in LIST_CODES:
            return LIST_CODES[code.code]
    return None
