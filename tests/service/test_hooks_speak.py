"""Which rules speak at which hook: worked out by hand from hooks.yaml and the clinical brief, sections 5 and 8."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mgcds.model.hooks import Hook, Speaks
from mgcds.model.pack import RulePack
from mgcds.service.speaking import Ordered, can_speak, own_medicines, speaking
from tests.service.asking import (
    ABOUT,
    EGFR,
    KIDNEYS,
    POTASSIUM,
    ask,
    bundle,
    cards,
    draft,
    medicine,
    observation,
)

MAGNESIUM = draft("Magnesium citrate 200 mg tablet")


def test_magnesium_for_failing_kidneys_is_noticed_when_it_is_signed() -> None:
    found = cards("order-sign", MAGNESIUM, **KIDNEYS)
    assert found["severe-renal-impairment"]["indicator"] == "warning"


def test_magnesium_for_well_kidneys_gives_no_kidney_card() -> None:
    assert "severe-renal-impairment" not in cards("order-sign", MAGNESIUM, egfr=bundle(observation(EGFR, 95)))


@pytest.mark.parametrize(
    ("chosen", "taken", "rule"),
    [
        pytest.param("Ciprofloxacin 500 mg", "Magnesium oxide 400 mg", "antibiotic-course", id="a quinolone on magnesium"),
        pytest.param("Magnesium oxide 400 mg", "Ciprofloxacin 500 mg", "antibiotic-course", id="magnesium on a quinolone"),
        pytest.param("Levothyroxine 50 ug", "Magnesium oxide 400 mg", "medicine-needs-spacing", id="thyroxine on magnesium"),
        pytest.param("Magnesium oxide 400 mg", "Levothyroxine 50 ug", "medicine-needs-spacing", id="magnesium on thyroxine"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_an_interaction_speaks_whichever_comes_second(hook: str, chosen: str, taken: str, rule: str) -> None:
    assert rule in cards(hook, draft(chosen), medicationRequests=bundle(medicine(taken)))


def test_a_quinolone_without_magnesium_is_no_matter_of_magnesium() -> None:
    assert cards("order-sign", draft("Ciprofloxacin 500 mg")) == {}


def test_a_qt_antidepressant_with_low_potassium_is_noticed_when_it_is_chosen() -> None:
    low = {"potassium": bundle(observation(POTASSIUM, "3.0"))}
    assert "qt-drug-low-magnesium" in cards("order-select", draft("Citalopram 20 mg"), **low)
    assert "qt-drug-low-magnesium" not in cards("order-select", draft("Paracetamol 500 mg"), **low)


def test_only_what_was_selected_is_spoken_of_but_all_drafts_count_as_ordered() -> None:
    drafts = (draft("Magnesium oxide 400 mg"), draft("Ciprofloxacin 500 mg"))
    chosen = {"selections": ["MedicationRequest/m-ciprofloxacin"]}
    found = cards("order-select", *drafts, context=chosen, **KIDNEYS)
    assert "antibiotic-course" in found  # with the magnesium that is a draft too
    assert "severe-renal-impairment" not in found  # that is about the magnesium, which was not just selected


@pytest.mark.parametrize(
    "order",
    [
        pytest.param({"resourceType": "MedicationRequest", "id": "x", "subject": ABOUT}, id="no medication, no intent"),
        pytest.param({"resourceType": "ServiceRequest", "id": "x", "subject": ABOUT, "code": {"text": "ECG"}}, id="no medicine"),
        pytest.param(draft("Magnesium oxide", status="cancelled"), id="cancelled"),
        pytest.param(draft("Magnesium oxide", doNotPerform=True), id="not to be given"),
        pytest.param({"id": "x"}, id="no resource"),
    ],
)  # fmt: skip
def test_a_draft_that_orders_no_medicine_is_answered_without_cards(order: dict[str, object]) -> None:
    assert ask("order-select", order, **KIDNEYS) == (200, {"cards": []})


@pytest.mark.parametrize(
    "subject",
    [{"identifier": {"value": "1"}}, {"display": "P"}, {}, "p", *({"reference": each} for each in (
        "p", "patient/p", "#p", "urn:uuid:p", "https://ehr.example/fhir/Patient/p", "Patient/p/_history/2"))],
    ids=str,
)  # fmt: skip
def test_a_draft_is_of_the_patient_of_the_context_however_it_names_them(subject: object) -> None:
    order = draft("Magnesium oxide 400 mg", subject=subject)
    assert "severe-renal-impairment" in cards("order-sign", order, **KIDNEYS)


@pytest.mark.parametrize("of", ["p/_history/3", "Patient/p", "Patient/p/_history/3", " p "])
def test_the_patient_may_be_named_as_a_reference(of: str) -> None:
    found = cards("order-sign", draft("Magnesium oxide 400 mg"), context={"patientId": of}, **KIDNEYS)
    assert "severe-renal-impairment" in found


@pytest.mark.parametrize("other", ["Patient/other", "https://ehr.example/fhir/Patient/other"])
def test_a_draft_for_another_patient_is_refused(other: str) -> None:
    status, body = ask("order-sign", draft("Magnesium oxide 400 mg", subject={"reference": other}), **KIDNEYS)
    assert status == 400
    assert "another patient" in body["issue"][0]["diagnostics"]


@pytest.mark.parametrize("selections", [
    ["MedicationRequest/m-paracetamol", "https://ehr.example/fhir/MedicationRequest/m-magnesium"],
    ["MedicationRequest/m-magnesium/_history/1"], ["MedicationRequest/m-paracetamol", "MedicationRequest/unheard-of"],
])  # fmt: skip
def test_a_selection_is_found_however_it_is_named_and_one_that_is_not_found_may_be_any(selections: list[str]) -> None:
    drafts = (draft("Paracetamol 500 mg"), draft("Magnesium oxide 400 mg"))
    assert "severe-renal-impairment" in cards("order-select", *drafts, context={"selections": selections}, **KIDNEYS)


@pytest.mark.parametrize(
    "orders",
    [
        pytest.param([{"resource": MAGNESIUM}], id="a list of entries"),
        pytest.param({"resourceType": "Bundle", "entry": {"resource": MAGNESIUM}}, id="an entry by itself"),
        pytest.param({"resourceType": "Bundle", "entry": [{"resource": [MAGNESIUM]}]}, id="a list in an entry"),
        pytest.param(bundle({"resourceType": "Bundle", "entry": [{"resource": MAGNESIUM}]}), id="a Bundle in a Bundle"),
        pytest.param({"entry": [{"resource": MAGNESIUM}]}, id="a Bundle that says neither what it is nor of which type"),
        pytest.param([MAGNESIUM], id="a list"),
        pytest.param({"resourceType": "Bundle", "entry": [None, {"resource": None}, {"resource": MAGNESIUM}]}, id="gaps"),
    ],
)  # fmt: skip
def test_odd_draft_orders_are_read_as_far_as_they_go(orders: object) -> None:
    assert "severe-renal-impairment" in cards("order-sign", context={"draftOrders": orders}, **KIDNEYS)


def test_a_draft_for_next_week_counts_from_today() -> None:
    later = draft(
        "Magnesium oxide 400 mg", dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"start": "2026-12-01"}}}}]
    )
    assert "severe-renal-impairment" in cards("order-sign", later, **KIDNEYS)


def test_a_medicine_by_reference_within_the_draft_orders() -> None:
    by_reference = {key: value for key, value in MAGNESIUM.items() if key != "medicationCodeableConcept"}
    by_reference["medicationReference"] = {"reference": "Medication/mg"}
    found = cards("order-sign", by_reference, {"resourceType": "Medication", "id": "mg", "code": {"text": "Magnesium oxide"}}, **KIDNEYS)  # fmt: skip
    assert "severe-renal-impairment" in found


def test_a_medicine_that_nothing_recognises_may_be_anything() -> None:
    """It is not taken for harmless: what could not be evaluated of it is said."""
    found = cards("order-sign", draft("Zyxquolamine 10 mg"))
    assert "medicine-list-not-reconciled" in found
    assert "fluoroquinolone" in found["not-evaluated"]["detail"]


def test_rules_of_an_order_are_fewer_than_those_of_an_opened_record(pack: RulePack) -> None:
    assert pack.hooks is not None
    view, select, sign = pack.hooks.services
    assert {rule.id for rule in can_speak(view, pack)} == pack.rules.keys()
    assert {rule.suggest.kind for rule in can_speak(sign, pack)} == {"urgent", "stop", "defer", "interaction", "workup"}
    assert can_speak(select, pack) == can_speak(sign, pack)


def test_its_own_medicines_are_those_of_the_rule_not_of_its_findings(pack: RulePack) -> None:
    assert own_medicines(pack.rules["antibiotic-course"], pack) == {"fluoroquinolone", "tetracycline"}
    assert own_medicines(pack.rules["severe-renal-impairment"], pack) == frozenset()


def test_what_speaks_is_data(pack: RulePack) -> None:
    """Seeded fault: with another entry in hooks.yaml, another rule speaks."""
    from mgcds.model.reading import read_facts
    from mgcds.model.record import read_record
    from tests.service.asking import TODAY

    facts = read_facts(read_record({"medicines": [], "recorded": TODAY.isoformat()}), pack, TODAY)
    hook = Hook("order-sign", "x", "X", "X", (Speaks(frozenset(["stop"]), ordering="ssri"),))
    ssri, other = Ordered(frozenset(["ssri", "antidepressant"])), Ordered(frozenset(["ppi"]))
    assert "severe-renal-impairment" in speaking(hook, pack, facts, [ssri])
    assert speaking(hook, pack, facts, [other]) == frozenset()
    beside = replace(hook, speaks=(replace(hook.speaks[0], beside="magnesium_product"),))
    assert speaking(beside, pack, facts, [ssri]) == frozenset()  # a list that was given, without magnesium
