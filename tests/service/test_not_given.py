"""What the record system did not give: nothing of it is taken for absent, and every card says so."""

from __future__ import annotations

from typing import Any

import pytest

from mgcds.service import hooks
from tests.service.asking import (
    ABOUT,
    ITEM9,
    PHQ9,
    TRIAL,
    ask,
    bundle,
    by_rule,
    cards,
    draft,
    keys_of,
    medicine,
    observation,
)

OFFERED = "supplement-alongside-therapy"
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
NOT_THERE = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-supported"}]}
BOUGHT = {
    "resourceType": "MedicationStatement", "id": "s", "status": "active", "subject": ABOUT, "effectivePeriod": {"start": "2026-08-01"},
    "medicationCodeableConcept": {"text": "Magnesium citrate 400 mg"},
}  # fmt: skip
NEVER_KNOWN: dict[str, list[Any]] = {"medicationStatements": [..., NOT_THERE, FAILED]}
NOT_KNOWN_IF_FAILED: dict[str, list[Any]] = {
    key: [FAILED, "no resource"]
    for key in ("medicationDispenses", "nutritionOrders", "questionnaireResponses", "procedures")
}


def test_a_trial_is_offered_where_all_was_given_and_a_supplement_that_was_given_prevents_it() -> None:
    assert OFFERED in cards(**TRIAL)
    assert OFFERED not in cards(**TRIAL, medicationStatements=bundle(BOUGHT))


@pytest.mark.requirement(52)
@pytest.mark.parametrize(
    ("key", "given"),
    [(key, given) for key, ways in {**NEVER_KNOWN, **NOT_KNOWN_IF_FAILED}.items() for given in ways],
    ids=str,
)
def test_what_may_stand_in_it_is_unknown(key: str, given: Any) -> None:
    status, body = ask(**TRIAL, **{key: given})
    assert status == 200
    assert OFFERED not in by_rule(body)
    assert body["extension"]["urn:mgcds:assessment"]["notGiven"] == [key]


@pytest.mark.parametrize("given", [..., NOT_THERE], ids=["left out", "not supported"])
@pytest.mark.parametrize("key", NOT_KNOWN_IF_FAILED)
def test_a_server_without_such_resources_is_advised_and_every_card_says_what_was_not_given(
    key: str, given: Any
) -> None:
    found = cards(**TRIAL, **{key: given})
    assert OFFERED in found
    for card in found.values():
        assert f"**Not given by the record system**\n\n- {key}" in card["detail"]
    assert all("Not given" not in card["detail"] for card in cards(**TRIAL).values())


def test_an_order_beside_a_supplement_that_could_not_be_fetched_is_not_let_pass_in_silence() -> None:
    ordered = draft("Levothyroxine 50 ug")
    known = {"medicationRequests": bundle(medicine("Sertraline 50 mg"))}
    assert cards("order-sign", ordered, **known) == {}
    assert "medicine-needs-spacing" in cards("order-sign", ordered, **known, medicationStatements=bundle(BOUGHT))
    found = cards("order-sign", ordered, **known, medicationStatements=FAILED)
    assert "medicationStatements" in found["not-evaluated"]["detail"]


@pytest.mark.parametrize("key", NEVER_KNOWN | NOT_KNOWN_IF_FAILED)
def test_what_is_known_to_be_urgent_stays(key: str) -> None:
    positive = {**TRIAL, "phq9": bundle(observation(PHQ9, 12), observation(ITEM9, 2))}
    assert cards(**positive, **{key: FAILED})["suicide-risk"]["indicator"] == "critical"


def test_every_key_is_asked_for_or_may_be_absent() -> None:
    """The keys of the tests above are keys of the service."""
    assert {*NEVER_KNOWN, *NOT_KNOWN_IF_FAILED} <= keys_of("patient-view").keys()


def test_a_record_in_which_nothing_is_unknown_for_it_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded fault."""
    monkeypatch.setattr(hooks, "_without", lambda unknown, record: record)
    assert OFFERED in cards(**TRIAL, medicationStatements=FAILED)
