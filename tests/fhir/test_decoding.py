"""What is decoded of a resource is all that is asked of it: nothing that counts is passed over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from mgcds.fhir import decoding, read_bundle
from mgcds.fhir.decoding import READ, decode_read
from mgcds.fhir.wire import _Glance
from mgcds.model.pack import RulePack
from tests.fhir.builders import MAGNESIUM, RETRIEVED, mgdl, observation, patient, read
from tests.fhir.tricky.cases import CASES
from tests.fhir.tricky.test_tricky import built

AT_A_GLANCE = {field.name for field in msgspec.structs.fields(_Glance)}
OF_THE_WHOLE = {"meta"}  # when a version was stored: of versions, all is decoded


class Watched(dict[str, Any]):
    """A resource that remembers which of its elements were asked for."""

    def __init__(self, content: Mapping[str, Any], asked: set[tuple[str, str]]) -> None:
        super().__init__(content)
        self._asked = asked

    def _ask(self, key: str) -> None:
        self._asked.add((str(self["resourceType"]) if key != "resourceType" else "", key))

    def get(self, key: str, default: Any = None) -> Any:
        self._ask(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        if key != "resourceType":
            self._ask(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._ask(str(key))
        return super().__contains__(key)


def watched(content: Any, asked: set[tuple[str, str]]) -> Any:
    if isinstance(content, list):
        return [watched(each, asked) for each in content]
    if not isinstance(content, dict):
        return content
    whole = {key: watched(value, asked) if key in ("entry", "resource") else value for key, value in content.items()}
    return Watched(whole, asked) if whole.get("resourceType") in READ else whole


@pytest.fixture(scope="module")
def asked(pack: RulePack) -> set[tuple[str, str]]:
    """(kind, element) of all that readers asked of the tricky Bundles."""
    found: set[tuple[str, str]] = set()
    for case in CASES:
        read_bundle(watched(built(case), found), pack, RETRIEVED)
    return {(kind, key) for kind, key in found if key not in AT_A_GLANCE | OF_THE_WHOLE}


def not_decoded(asked: set[tuple[str, str]], listed: Mapping[str, tuple[str, ...]]) -> set[tuple[str, str]]:
    return {(kind, key) for kind, key in asked if key not in listed[kind]}


def test_all_that_is_asked_of_a_resource_is_decoded(asked: set[tuple[str, str]]) -> None:
    assert {kind for kind, _ in asked} == set(READ)
    assert not_decoded(asked, READ) == set()


@pytest.mark.parametrize(
    ("kind", "gone"),
    [("Observation", "referenceRange"), ("Condition", "onsetPeriod"), ("MedicationRequest", "doNotPerform")],
)
def test_an_element_that_is_not_listed_is_noticed(kind: str, gone: str, asked: set[tuple[str, str]]) -> None:
    """The seeded fault of the test above."""
    fewer = {**READ, kind: tuple(name for name in READ[kind] if name != gone)}
    assert not_decoded(asked, fewer) == {(kind, gone)}


def test_text_and_plain_data_are_held_against_each_other(pack: RulePack, monkeypatch: pytest.MonkeyPatch) -> None:
    """`read` of the builders, in all tests of this folder, would notice an element that is not decoded."""
    content = [patient(), observation(MAGNESIUM, mgdl("1.9"), referenceRange=[{"low": mgdl("1.7")["valueQuantity"]}])]
    read(content, pack)
    monkeypatch.setitem(decoding._DECODERS, "Observation", decoding._decoder(("valueQuantity", "status")))
    with pytest.raises(AssertionError):
        read(content, pack)


def test_numbers_are_as_they_were_written_and_the_rest_is_left() -> None:
    found = decode_read("Observation", b'{"valueQuantity":{"value":1.90},"category":[{"text":"x"}],"status":"final"}')
    assert json.dumps(found, default=str) == '{"valueQuantity": {"value": "1.90"}, "status": "final"}'
    assert decode_read("Patient", b'{"active":true}') == {"active": True}


def test_a_bundle_that_cannot_be_decoded_is_listed(pack: RulePack) -> None:
    """It was taken for an empty one: its resources were lost without a word."""
    inner = b'{"resourceType":"Bundle","type":7,"entry":[{"resource":{"resourceType":"Observation","id":"\xff"}}]}'
    outer = (
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"p"}},{"resource":'
        + inner
        + b"}]}"
    )
    reading = read_bundle(outer, pack, RETRIEVED)
    assert [(each.reference, each.why) for each in reading.unused] == [
        ("entry 2", "it is not JSON that can be decoded")
    ]
