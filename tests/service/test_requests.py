"""Requests that cannot be used, data that are missing, and faults: always an answer that says what to do, never a value."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mgcds.errors import EngineDisagreement, EngineFault
from mgcds.loading import load_pack
from mgcds.model.pack import RulePack
from mgcds.service.checks import check_discovery, check_response
from mgcds.service.hooks import answer, discovery, respond
from tests.service.asking import EGFR, KIDNEYS, TODAY, ask, bundle, by_rule, cards, draft, observation, patient, request


def changed(**more: Any) -> dict[str, Any]:
    return {key: value for key, value in {**request(), **more}.items() if value is not ...}


def outcome(status: int, body: dict[str, Any]) -> list[str]:
    assert body["resourceType"] == "OperationOutcome", (status, body)
    assert all(issue["severity"] == "error" and issue["code"] for issue in body["issue"])
    return [issue["diagnostics"] for issue in body["issue"]]


@pytest.mark.requirement(5, 6, 7, 8, 9, 10, 11, 12, 29, 36, 55, 56)
def test_discovery_is_as_specified(pack: RulePack) -> None:
    assert [str(each) for each in check_discovery(200, discovery(pack))] == []
    services = discovery(pack)["services"]
    assert [(each["hook"], each["id"]) for each in services] == [
        ("patient-view", "mgcds-patient-view"), ("order-select", "mgcds-order-select"), ("order-sign", "mgcds-order-sign"),
    ]  # fmt: skip
    assert all(each["title"] and each["description"] and each["usageRequirements"] for each in services)


@pytest.mark.requirement(14, 76)
@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param([], "no JSON object", id="a list"),
        pytest.param(None, "no JSON object", id="nothing"),
        pytest.param(changed(hook="order-sign"), "'hook' is not 'patient-view'", id="another hook"),
        pytest.param(changed(hook=...), "'hook' is not 'patient-view'", id="no hook"),
        pytest.param(changed(hookInstance=...), "'hookInstance' is missing", id="no hookInstance"),
        pytest.param(changed(hookInstance=5), "'hookInstance' is missing", id="hookInstance is a number"),
        pytest.param(changed(context=...), "'context' is no JSON object", id="no context"),
        pytest.param(changed(context={}), "'context.patientId' is missing", id="no patient"),
        pytest.param(changed(context={"patientId": ""}), "'context.patientId' is missing", id="an empty patient"),
        pytest.param(changed(prefetch=[]), "'prefetch' is no JSON object", id="prefetch is a list"),
    ],
)
def test_an_unusable_request_is_told_what_to_send(given: Any, says: str) -> None:
    status, body = respond(given, "mgcds-patient-view", load_pack(), TODAY)
    assert status == 400
    assert says in outcome(status, body)[0]


def test_an_order_hook_without_draft_orders_cannot_be_used() -> None:
    given = request("order-sign", draft("Magnesium oxide"))
    del given["context"]["draftOrders"]
    status, body = respond(given, "mgcds-order-sign", load_pack(), TODAY)
    assert (status, "context.draftOrders" in outcome(status, body)[0]) == (400, True)


@pytest.mark.requirement(16)
def test_a_service_that_is_not_there() -> None:
    assert respond(request(), "mgcds-no-such", load_pack(), TODAY)[0] == 404


def test_what_is_not_used_is_not_asked_for() -> None:
    """A request without a user, and with a hookInstance that is no UUID, is answered: care is not held up by it."""
    given = changed(hookInstance="call-7", context={"patientId": "Patient/p"})
    status, body = respond(given, "mgcds-patient-view", load_pack(), TODAY)
    assert [str(each) for each in check_response(status, body)] == []


def test_the_patient_of_the_data_must_be_the_patient_of_the_call() -> None:
    status, body = ask(patient=patient(id="someone-else"))
    assert status == 400
    assert "nothing is evaluated" in outcome(status, body)[0]


# --- prefetch -----------------------------------------------------------------------------------------------------------------------

FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


@pytest.mark.requirement(54)
def test_missing_keys_are_named_in_a_412() -> None:
    given = request()
    for key in ("egfr", "conditions"):
        del given["prefetch"][key]
    status, body = respond(given, "mgcds-patient-view", load_pack(), TODAY)
    assert status == 412
    outcome(status, body)
    assert sorted(issue["expression"][0] for issue in body["issue"]) == ["prefetch.conditions", "prefetch.egfr"]


@pytest.mark.requirement(54)
def test_no_prefetch_at_all_is_a_412_that_names_every_key_that_is_needed() -> None:
    status, body = respond(changed(prefetch=...), "mgcds-patient-view", load_pack(), TODAY)
    assert status == 412
    assert {"prefetch.patient", "prefetch.medicationRequests", "prefetch.egfr"} <= {
        issue["expression"][0] for issue in body["issue"]
    }


def test_what_is_not_used_holds_up_no_care() -> None:
    assert respond(changed(fhirAuthorization={"access_token": "x"}), "mgcds-patient-view", load_pack(), TODAY)[0] == 200


@pytest.mark.requirement(52)
@pytest.mark.parametrize(
    "given",
    [
        pytest.param(FAILED, id="an OperationOutcome"),
        pytest.param(bundle(FAILED), id="an OperationOutcome within a searchset"),
        pytest.param(bundle({"resourceType": "OperationOutcome"}), id="an OperationOutcome without a word"),
        pytest.param("x", id="no resource"),
        pytest.param({"resourceType": "Parameters"}, id="another resource than was asked for"),
    ],
)
def test_what_failed_is_as_if_it_was_not_given(given: Any) -> None:
    status, body = ask(conditions=given)
    assert (status, body["issue"][0]["expression"]) == (412, ["prefetch.conditions"])


@pytest.mark.requirement(52)
def test_a_warning_within_a_searchset_is_no_failure() -> None:
    hint = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "incomplete"}]}
    assert ask(conditions=bundle(hint))[0] == 200


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(None, id="null"),
        pytest.param({"resourceType": "Bundle", "type": "searchset", "total": 0}, id="an empty searchset"),
        pytest.param({"resourceType": "Bundle"}, id="an empty Bundle without its type"),
    ],
)
def test_none_there_says_that_the_list_is_empty(given: Any) -> None:
    """So the medicine list is complete: with an eGFR of 90 no stop is in doubt for want of it."""
    found = cards(medicationRequests=given, egfr=bundle(observation(EGFR, 90)))
    assert "medicine-list-not-reconciled" not in found


def test_a_page_without_its_next_one_leaves_the_list_open() -> None:
    page = bundle(
        link=[
            {"relation": "self", "url": "MedicationRequest?patient=p"},
            {"relation": "next", "url": "MedicationRequest?page=2"},
        ]
    )
    assert "medicine-list-not-reconciled" in cards(medicationRequests=page)


def test_a_further_page_of_results_does_not_hide_the_newest() -> None:
    page = bundle(observation(EGFR, 25), link=[{"relation": "next", "url": "x"}])
    assert "severe-renal-impairment" in cards(egfr=page)


@pytest.mark.requirement(77)
def test_nothing_to_say_is_an_empty_array() -> None:
    assert ask("order-sign", draft("Paracetamol 500 mg"))[1]["cards"] == []


def test_a_resource_by_itself_is_read_as_the_only_one() -> None:
    assert "severe-renal-impairment" in cards(egfr=observation(EGFR, 25))


# --- faults -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement(74)
@pytest.mark.parametrize(
    "fault",
    [EngineFault("egfr 25"), EngineDisagreement("egfr 25"), ValueError("egfr 25"), MemoryError(), RecursionError()],
)
def test_any_fault_gives_an_answer_that_says_that_nothing_was_evaluated(fault: Exception) -> None:
    def fails(*_: Any) -> Any:
        raise fault

    found = answer(request(**KIDNEYS), "mgcds-patient-view", load_pack(), TODAY, fails)
    assert found.status == 200
    assert found.problem == type(fault).__name__
    [card] = found.body["cards"]
    assert "not evaluated" in card["summary"]
    assert [str(each) for each in check_response(200, found.body)] == []
    assert "25" not in str(found.body)


def test_a_fault_of_a_draft_is_a_fault_of_the_answer() -> None:
    def fails(*_: Any) -> Any:
        raise KeyError("p")

    found = answer(request(**KIDNEYS), "mgcds-patient-view", load_pack(), TODAY, drafts=fails)
    assert by_rule(found.body).keys() == {"nothing-evaluated"}


def test_what_a_log_may_keep_holds_no_value() -> None:
    found = answer(
        request(egfr=bundle(observation(EGFR, "24.37"))), "mgcds-patient-view", load_pack(), date(2026, 11, 21)
    )
    assert "24.37" in str(found.body)  # the card shows it
    assert "24.37" not in str((found.said, found.fingerprint, found.problem, found.hook_instance))
    offered = {said.rule: said for said in found.said if said.status == "offered"}
    card = by_rule(found.body)["severe-renal-impairment"]
    assert offered["severe-renal-impairment"].card == card["uuid"]
