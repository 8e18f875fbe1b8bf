"""Stale advice: a card holds while its inputs are the same and time alone changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.model.record import PatientRecord, read_record
from mgcds.service import advice
from mgcds.service.advice import Inputs, fingerprint, valid_until
from mgcds.service.hooks import respond
from mgcds.service.validate import validate
from tests.service.asking import (
    EGFR,
    ITEM9,
    KIDNEYS,
    MANY,
    PHQ9,
    TODAY,
    ask,
    bundle,
    by_rule,
    draft,
    medicine,
    observation,
    patient,
    request,
)

PACK = load_pack()
DAY = timedelta(days=1)


def validated(
    cards: list[dict[str, Any]], hook: str = "patient-view", *orders: Any, on: date = TODAY, **prefetch: Any
) -> dict[str, Any]:
    asked = {**request(hook, *orders, **prefetch), "cards": cards}
    found = validate(asked, f"mgcds-{hook}", PACK, on)
    assert found.status == 200, found.body
    return {card["uuid"]: card for card in found.body["cards"]}


def test_cards_hold_for_the_same_data() -> None:
    given = ask(**MANY)[1]["cards"]
    found = validated(given, **MANY)
    assert found.keys() == {card["uuid"] for card in given}
    assert all(card["holds"] for card in found.values())


def test_a_card_holds_no_more_when_what_it_rests_on_has_changed() -> None:
    given = ask(**KIDNEYS)[1]
    kidneys = by_rule(given)["severe-renal-impairment"]
    found = validated([kidneys], egfr=bundle(observation(EGFR, 75, on="2026-11-20")))[kidneys["uuid"]]
    assert (found["holds"], found["now"]) == (False, {"severe-renal-impairment": "not indicated"})


def test_a_card_holds_when_something_else_has_changed() -> None:
    kidneys = by_rule(ask(**KIDNEYS)[1])["severe-renal-impairment"]
    other = {**KIDNEYS, "heartRate": bundle()}
    found = validated([kidneys], **other, phq9=bundle(observation(PHQ9, 12), observation(ITEM9, 0)))
    assert found[kidneys["uuid"]]["holds"]


def test_a_card_holds_no_more_when_its_days_have_passed() -> None:
    kidneys = by_rule(ask(**KIDNEYS)[1])["severe-renal-impairment"]
    last = date.fromisoformat(kidneys["extension"]["urn:mgcds:advice"]["validUntil"])
    assert validated([kidneys], on=last, **KIDNEYS)[kidneys["uuid"]]["holds"]
    assert not validated([kidneys], on=last + DAY, **KIDNEYS)[kidneys["uuid"]]["holds"]
    assert not validated([kidneys], on=TODAY - DAY, **KIDNEYS)[kidneys["uuid"]]["holds"]


def test_advice_on_an_order_is_for_the_day_of_the_order() -> None:
    order = draft("Magnesium oxide 400 mg")
    body = ask("order-sign", order, **KIDNEYS)[1]
    assert {card["extension"]["urn:mgcds:advice"]["validUntil"] for card in body["cards"]} == {TODAY.isoformat()}
    assert all(card["holds"] for card in validated(body["cards"], "order-sign", order, **KIDNEYS).values())


def test_a_value_that_grows_old_tomorrow_ends_the_advice_today() -> None:
    """A PHQ-9 is current for 14 days, day 14 included."""
    two_weeks = (TODAY - 14 * DAY).isoformat()
    body = ask(phq9=bundle(observation(PHQ9, 12, on=two_weeks), observation(ITEM9, 0, on=two_weeks)))[1]
    advice = by_rule(body)["assess-dietary-intake"]["extension"]["urn:mgcds:advice"]
    assert advice["validUntil"] == TODAY.isoformat()


def test_a_rule_that_is_gone_and_a_card_of_another_pack() -> None:
    kidneys = by_rule(ask(**KIDNEYS)[1])["severe-renal-impairment"]
    unknown = {
        **kidneys,
        "extension": {"urn:mgcds:advice": {**kidneys["extension"]["urn:mgcds:advice"], "rule": "gone"}},
    }
    found = validated([unknown], **KIDNEYS)[kidneys["uuid"]]
    assert (found["holds"], found["why"]) == (False, "Its rule is no longer in the pack.")


@pytest.mark.parametrize(
    ("cards", "says"),
    [
        pytest.param(None, "'cards' is no list", id="none"),
        pytest.param([], "'cards' is no list", id="an empty list"),
        pytest.param([{"uuid": "x"}], "has no extension", id="a card without its extension"),
        pytest.param([7], "has no extension", id="no card"),
    ],
)
def test_what_cannot_be_validated_is_said(cards: Any, says: str) -> None:
    found = validate({**request(), "cards": cards}, "mgcds-patient-view", PACK, TODAY)
    assert found.status == 400
    assert says in found.body["issue"][0]["diagnostics"]


def test_where_nothing_can_be_evaluated_no_card_holds() -> None:
    def fails(*_: Any) -> Any:
        raise ValueError("egfr 25")

    given = ask(**KIDNEYS)[1]["cards"]
    found = validate({**request(**KIDNEYS), "cards": given}, "mgcds-patient-view", PACK, TODAY, fails)
    assert (found.status, found.problem) == (200, "ValueError")
    assert [card["holds"] for card in found.body["cards"]] == [False] * len(given)
    assert "25" not in found.body["cards"][0]["why"]


def test_of_who_is_recorded_as_deceased_no_card_holds() -> None:
    given = ask(**KIDNEYS)[1]["cards"]
    found = validated(given, patient=patient(deceasedBoolean=True), **KIDNEYS)
    assert found.keys() == {card["uuid"] for card in given}
    assert all(not card["holds"] and "recorded as deceased" in card["why"] for card in found.values())


def test_missing_data_are_asked_for_as_in_a_call() -> None:
    asked = {**request(**KIDNEYS), "cards": ask(**KIDNEYS)[1]["cards"]}
    del asked["prefetch"]["egfr"]
    assert validate(asked, "mgcds-patient-view", PACK, TODAY).status == 412


def validated_call(asked: dict[str, Any], given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = validate({**asked, "cards": given}, f"mgcds-{asked['hook']}", PACK, TODAY)
    assert found.status == 200, found.body
    return found.body["cards"]


@pytest.mark.parametrize(
    "orders",
    [
        pytest.param([], id="taken back"),
        pytest.param([draft("Magnesium oxide 400 mg", status="cancelled")], id="cancelled"),
    ],
)
def test_where_nothing_is_ordered_any_more_no_card_holds(orders: list[Any]) -> None:
    given = ask("order-sign", draft("Magnesium oxide 400 mg"), **KIDNEYS)[1]["cards"]
    assert given
    found = validated(given, "order-sign", *orders, **KIDNEYS)
    assert found.keys() == {card["uuid"] for card in given}
    assert all(not card["holds"] and "ordered" in card["why"] for card in found.values())


def test_no_card_holds_when_another_order_is_selected() -> None:
    """Levothyroxine is to be kept apart from magnesium, paracetamol is not: a new call says nothing of it."""
    drafts = draft("Levothyroxine 50 ug", id="l"), draft("Paracetamol 500 mg", id="p")
    taken = bundle(medicine("Magnesium oxide 400 mg"))
    calls = [
        request(
            "order-select", *drafts, medicationRequests=taken, context={"selections": [f"MedicationRequest/{each}"]}
        )
        for each in "lp"
    ]
    first, second = (respond(each, "mgcds-order-select", PACK, TODAY)[1]["cards"] for each in calls)
    assert "medicine-needs-spacing" in by_rule({"cards": first})
    assert "medicine-needs-spacing" not in by_rule({"cards": second})
    assert all(card["holds"] for card in validated_call(calls[0], first))
    assert not any(card["holds"] for card in validated_call(calls[1], first))


def test_a_card_of_one_patient_does_not_hold_for_another_with_the_same_data() -> None:
    given = ask(**KIDNEYS)[1]["cards"]
    other = observation(EGFR, 25, subject={"reference": "Patient/q"})
    asked = request(egfr=bundle(other), patient={**patient(), "id": "q"}, context={"patientId": "q"})
    assert not any(card["holds"] for card in validated_call(asked, given))
    same = request(**KIDNEYS, context={"patientId": "Patient/p"})
    assert all(card["holds"] for card in validated_call(same, given)), "the id, or a reference that has it"


def test_a_card_that_says_that_nothing_was_evaluated_does_not_hold() -> None:
    def fails(*_: Any) -> Any:
        raise ValueError

    fault = respond(request(**KIDNEYS), "mgcds-patient-view", PACK, TODAY, fails)[1]["cards"]
    deceased = ask(patient=patient(deceasedBoolean=True))[1]["cards"]
    kidneys = [by_rule(ask(**KIDNEYS)[1])["severe-renal-impairment"]]
    found = validated([*fault, *deceased, *kidneys], **KIDNEYS)
    assert [card["holds"] for card in found.values()] == [False, False, True]
    assert all(found[card["uuid"]]["why"].startswith("It says that nothing") for card in (*fault, *deceased))


# --- over many records ------------------------------------------------------------------------------------------------------------

days = st.integers(-3, 400).map(lambda back: (TODAY - back * DAY).isoformat())
near = st.sampled_from([13, 14, 15, 28, 29, 30, 35, 36, 42, 49, 59, 60, 84, 85, 90, 91, 365, -2, 0]).map(
    lambda back: (TODAY - back * DAY).isoformat()
)
zoned = st.sampled_from(
    ["2026-11-22T06:31:55Z", "2026-11-23T11:00:00Z", "2026-11-25T01:00:00+13:00", "2026-11-21T23:30:00-05:00"]
)
when = st.one_of(days, near, zoned, st.sampled_from(["2026-11", "2026", None]))


@st.composite
def records(pick: st.DrawFn) -> PatientRecord:
    """Short histories with dates around the days at which something turns."""

    def results(values: list[str]) -> list[dict[str, Any]]:
        return [{"value": pick(st.sampled_from(values)), "date": pick(when)} for _ in range(pick(st.integers(0, 2)))]

    names = ["Magnesium oxide", "Sertraline", "Omeprazole", "Lithium", "Ciprofloxacin", "Furosemide"]
    medicines = [
        {"name": pick(st.sampled_from(names)), "start": pick(when), "stop": pick(st.none() | when)}
        for _ in range(pick(st.integers(0, 3)))
    ]
    return read_record({
        "birth_date": pick(st.sampled_from(["1980-11-24", "1961-11-25", "2008-11-23", "1961", "1960-02-29", "1980-05"])),
        "sex": {"value": "female"}, "pregnancy": {"value": "not pregnant", "date": pick(near)},
        "egfr": results(["25 mL/min/1.73m2", "90 mL/min/1.73m2"]), "phq9": results(["4", "12", "22"]),
        "phq9_item9": results(["0", "1"]), "serum_magnesium": results(["1.0 mg/dL", "2.0 mg/dL", "3.0 mg/dL"]),
        "medicines": medicines, "medicines_reconciled": pick(near), "conditions": [], "conditions_reconciled": pick(near),
        "planned_surgery": pick(st.none() | near),
    })  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(records())
def test_while_it_is_valid_the_status_does_not_change_by_time_alone(record: PatientRecord) -> None:
    now = evaluate(record, PACK, TODAY)
    inputs = Inputs(record, PACK, TODAY)
    last = {rule: valid_until([rule], now, inputs) for rule in PACK.rules}
    assert all(TODAY <= day <= TODAY + 7 * DAY for day in last.values())
    day = TODAY
    while day < max(last.values()):
        day += DAY
        later = evaluate(record, PACK, day).verdicts.statuses
        wrong = [rule for rule in PACK.rules if day <= last[rule] and later[rule] != now.verdicts.statuses[rule]]
        assert wrong == [], day


def test_the_check_above_would_notice_an_end_that_comes_too_late() -> None:
    """Seeded fault: a PHQ-9 that is current for the last day, given a week."""
    record = read_record(
        {"recorded": (TODAY - 14 * DAY).isoformat(), "phq9": "12", "phq9_item9": "0", "birth_date": "1980-01-01"}
    )
    now, later = (
        evaluate(record, PACK, day).verdicts.statuses["assess-dietary-intake"] for day in (TODAY, TODAY + DAY)
    )
    assert now != later
    assert valid_until(["assess-dietary-intake"], evaluate(record, PACK, TODAY), Inputs(record, PACK, TODAY)) == TODAY


def test_most_advice_is_given_for_the_whole_week() -> None:
    """Sound is not enough: an end that is always today would be sound too."""
    record = read_record({"recorded": TODAY.isoformat(), "egfr": "25 mL/min/1.73m2", "birth_date": "1980-01-01"})
    assert (
        valid_until(["severe-renal-impairment"], evaluate(record, PACK, TODAY), Inputs(record, PACK, TODAY))
        == TODAY + 7 * DAY
    )


@pytest.mark.parametrize("ahead", [1, 5, 40])
def test_the_same_data_have_the_same_fingerprint_on_another_day(ahead: int) -> None:
    """What is read of FHIR bears the day it was read in places; the fingerprint must not."""
    prefetch = {**MANY, "medicationRequests": bundle(medicine("Sertraline 50 mg"), medicine("Magnesium oxide"))}
    first, later = (
        respond(request(**prefetch), "mgcds-patient-view", PACK, TODAY + days * DAY)[1] for days in (0, ahead)
    )
    key = "urn:mgcds:assessment"
    assert first["extension"][key]["fingerprint"] == later["extension"][key]["fingerprint"]


def test_another_value_another_date_or_another_pack_have_another() -> None:
    def of(value: str, on: str) -> str:
        return fingerprint(
            ["severe-renal-impairment"], Inputs(read_record({"egfr": {"value": value, "date": on}}), PACK, TODAY)
        )

    seen = {
        of("25 mL/min/1.73m2", "2026-11-01"),
        of("26 mL/min/1.73m2", "2026-11-01"),
        of("25 mL/min/1.73m2", "2026-11-02"),
    }
    assert len(seen) == 3
    from dataclasses import replace

    other = replace(PACK, digest="0")
    record = read_record({"egfr": {"value": "25 mL/min/1.73m2", "date": "2026-11-01"}})
    assert fingerprint(["severe-renal-impairment"], Inputs(record, other, TODAY)) not in seen


FORMS = (
    "2026-12-24", "20261224", "2026-W52-4", "2026W524", " 2026-12-24 ", "2026-12-24T08:30:00+01:00", "2026-12-24 08:30",
    "20261224T083000Z", "2026-12", "2026",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_day_ahead_is_seen_however_it_is_written(form: str) -> None:
    last = {"2026-12": date(2026, 12, 31), "2026": date(2026, 12, 31)}.get(form, date(2026, 12, 24))
    given = read_record({"medicines": [{"name": "sertraline", "stop": form, "codes": []}]})
    assert given.medicines, given.rejected
    assert (last - TODAY).days in Inputs(given, PACK, TODAY).ahead("medicines")


def test_a_birthday_on_the_29th_of_february_may_be_kept_on_the_1st_of_march() -> None:
    found = set(advice._birthday(read_record({"birth_date": "1980-02-29"}), date(2027, 2, 20)))
    assert {9, 374} <= found
    assert 8 not in found
    assert {8, 9} <= set(advice._birthday(read_record({"birth_date": "1980-02-29"}), date(2028, 2, 21)))
