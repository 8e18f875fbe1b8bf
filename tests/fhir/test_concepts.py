"""CodeableConcepts are kept: what is kept must be what reading it anew would give, and no more of it than is allowed."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from mgcds.fhir import concepts
from mgcds.fhir.concepts import Concept, concept_of
from tests.fhir.builders import SNOMED

PARTS = ("system", "code", "display")
CODING = {"system": SNOMED, "code": "44054006", "display": "Diabetes mellitus type 2"}
USUAL = [
    {"coding": [CODING]},
    {"coding": [CODING], "text": "diabetes"},
    {"coding": [{**CODING, "code": "59621000"}]},
    {"coding": [{**CODING, "display": "Type 2 diabetes"}]},
    {"coding": [{**CODING, "system": "urn:other"}]},
    {"coding": [CODING, CODING]},
    {"text": "2026-11-21"},
    {"text": " diabetes "},
    {},
]
ODD: list[Any] = [
    {"coding": CODING},
    {"coding": [CODING, None, 7]},
    {"coding": [{**CODING, "code": 44054006}]},
    {"text": date(2026, 11, 21)},
    {"text": "\ud800"},
    "active",
    None,
]


def forms(concept: Concept) -> dict[str, Any]:
    return {name: getattr(concept, name) for name in Concept.__slots__}


def read_as_if_anew() -> None:
    """Each twice, after others that resemble it."""
    for given in [*USUAL, *ODD] * 2:
        assert forms(concept_of(given)) == forms(Concept(given)), given


def kept_within_bounds() -> None:
    for given in [{"text": "long " * 1000}, *USUAL]:
        concept_of(given)
        concept_of(msgspec.Raw(msgspec.json.encode(given)))
    assert len(concepts._kept) <= 4
    assert all(len(each.text or "") < 100 for each in concepts._kept.values())


@pytest.fixture(autouse=True)
def _nothing_kept_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concepts, "_kept", {})


def test_what_is_kept_is_what_reading_it_anew_gives() -> None:
    read_as_if_anew()
    assert len(concepts._kept) == len(USUAL)


@pytest.mark.parametrize("forgotten", PARTS)
def test_a_key_without_one_of_the_parts_is_found(forgotten: str, monkeypatch: pytest.MonkeyPatch) -> None:
    coding = msgspec.defstruct("Coding", [(name, str | None, None) for name in PARTS if name != forgotten], frozen=True)
    parts: list[Any] = [("coding", tuple[coding, ...], ()), ("text", str | None, None)]  # type: ignore[valid-type]
    monkeypatch.setattr(concepts, "_Read", msgspec.defstruct("Read", parts, frozen=True))
    with pytest.raises(AssertionError):
        read_as_if_anew()


def test_little_is_kept_and_nothing_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concepts, "_MOST", 4)
    kept_within_bounds()


@pytest.mark.parametrize("bound", ["_MOST", "_LONGEST"])
def test_a_bound_that_does_not_hold_is_found(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concepts, "_MOST", 4)
    monkeypatch.setattr(concepts, bound, 1_000_000)
    with pytest.raises(AssertionError):
        kept_within_bounds()
