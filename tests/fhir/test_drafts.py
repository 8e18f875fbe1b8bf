"""Drafts: only what a rule's data says, only while it is offered, always of the element, and the same twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mgcds.evaluator import evaluate
from mgcds.fhir.drafts import Draft, drafts_of
from mgcds.model.assessment import Suggestion
from mgcds.model.documentation import describe
from mgcds.model.drafts import MeasurementDraft, SupplementDraft
from mgcds.model.meaning import meaning_of
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.scenarios.patients import TODAY, Patient

STABLE = "an adult with mild to moderate depression on a stable antidepressant"
ANN = "Patient/ann"


def suggestion(pack: RulePack, rule: str, **items: str) -> Suggestion:
    patient = Patient(pack)
    patient.begin(STABLE)
    for item, value in items.items():
        patient.say(item.replace("_", " "), value)
    return evaluate(patient.record(), pack, TODAY)[rule]


def drafts(pack: RulePack, rule: str, **items: str) -> list[Draft]:
    return drafts_of(suggestion(pack, rule, **items), ANN, TODAY)


def only(found: list[Draft]) -> dict[str, Any]:
    assert len(found) == 1
    return found[0].resource


@pytest.mark.parametrize(
    ("age", "times", "daily"),
    [("64", 2, "248 mg elemental a day"), ("65", 1, "124 mg elemental a day")],
    ids=["the dose of the trial", "from 65 years the start that is suggested"],
)
def test_the_dose_of_a_trial_is_a_proposal_of_the_element(pack: RulePack, age: str, times: int, daily: str) -> None:
    found = drafts(pack, "trial-dose", age=age)
    request = only(found)
    assert (request["resourceType"], request["status"], request["intent"]) == ("MedicationRequest", "draft", "proposal")
    dosage = request["dosageInstruction"][0]
    assert daily in dosage["text"]
    assert daily in found[0].description
    assert dosage["text"].startswith("124 mg of elemental magnesium")
    assert dosage["doseAndRate"][0]["doseQuantity"] == {
        "value": 124, "unit": "mg of elemental magnesium", "system": "http://unitsofmeasure.org", "code": "mg",
    }  # fmt: skip
    repeat = dosage["timing"]["repeat"]
    assert (repeat["frequency"], repeat["period"], repeat["periodUnit"]) == (times, 1, "d")
    assert repeat["boundsDuration"]["value"] == 42, "six weeks"
    assert request["medicationCodeableConcept"]["coding"] == [
        {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6574"}
    ], "RxNorm 6574 is magnesium"


def test_an_urgent_suggestion_drafts_urgent_requests(pack: RulePack) -> None:
    found = drafts(pack, "severe-hypomagnesaemia", serum_magnesium="0.40 mmol/L")
    assert [draft.description for draft in found] == [
        "Draft request: Magnesium in serum or plasma",
        "Draft request: Potassium in serum or plasma",
        "Draft request: Calcium in serum or plasma",
        "Draft request: 12-lead ECG with QTc",
    ]
    assert {draft.resource["resourceType"] for draft in found} == {"ServiceRequest"}
    assert {draft.resource["priority"] for draft in found} == {"urgent"}


def test_what_is_not_an_item_is_requested_in_words(pack: RulePack) -> None:
    found = drafts(pack, "confirm-low-magnesium", serum_magnesium="0.62 mmol/L")
    codes = [draft.resource["code"] for draft in found]
    assert {"text": "Glucose"} in codes
    assert all("priority" not in draft.resource for draft in found)


def test_dietary_intake_is_asked_for_by_a_task(pack: RulePack) -> None:
    patient = Patient(pack)
    patient.begin(STABLE)
    patient.forget("dietary magnesium")
    found = drafts_of(evaluate(patient.record(), pack, TODAY)["assess-dietary-intake"], ANN, TODAY)
    task = only(found)
    assert (task["resourceType"], task["status"], task["intent"]) == ("Task", "draft", "proposal")
    assert task["for"] == {"reference": ANN}


@pytest.mark.parametrize(
    ("rule", "status", "items"),
    [
        pytest.param("trial-dose", "suppressed", {"egfr": "29 mL/min/1.73m2"}, id="suppressed"),
        pytest.param("trial-dose", "not indicated", {"PHQ-9": "3"}, id="not indicated"),
    ],
)
def test_what_is_not_offered_drafts_nothing(pack: RulePack, rule: str, status: str, items: dict[str, str]) -> None:
    found = suggestion(pack, rule, **items)
    assert found.status == status
    assert drafts_of(found, ANN, TODAY) == []


def test_a_dose_for_an_age_is_not_drafted_where_the_age_is_unknown(pack: RulePack) -> None:
    """By itself: a trial is never offered to a person of unknown age."""
    patient = Patient(pack)
    patient.begin(STABLE)
    patient.forget("age")
    found = evaluate(patient.record(), pack, TODAY)["trial-dose"]
    assert found.status == "withheld"
    for draft in pack.drafts.values():
        if isinstance(draft, SupplementDraft):
            assert not found._is_meant_for(draft)


def test_the_same_suggestion_gives_the_same_ids_and_another_day_others(pack: RulePack) -> None:
    found = suggestion(pack, "severe-hypomagnesaemia", serum_magnesium="0.40 mmol/L")
    ids = [draft.resource["id"] for draft in drafts_of(found, ANN, TODAY)]
    assert ids == [draft.resource["id"] for draft in drafts_of(found, ANN, TODAY)]
    assert len(set(ids)) == len(ids)
    for other in (drafts_of(found, ANN, TODAY + timedelta(days=1)), drafts_of(found, "Patient/bob", TODAY)):
        assert set(ids).isdisjoint(draft.resource["id"] for draft in other)


def test_every_draft_of_the_pack_is_used_and_keeps_below_every_limit(pack: RulePack) -> None:
    """EFSA's 250 mg a day is the lowest limit for supplements (clinical brief 4.2)."""
    assert {draft for rule in pack.rules.values() for draft in rule.suggest.drafts} == set(pack.drafts)
    doses = [draft for draft in pack.drafts.values() if isinstance(draft, SupplementDraft)]
    assert {draft.dose.mg * draft.times_a_day for draft in doses} == {248, 124}
    assert all(isinstance(pack.items[name], MeasuredItem) for name in ("supplemental_magnesium", "serum_magnesium"))


def test_what_is_drafted_belongs_to_what_is_signed(pack: RulePack) -> None:
    """A dose, or for whom it is drafted, cannot be changed below a signature."""
    draft = pack.drafts["trial-dose"]
    assert isinstance(draft, SupplementDraft)
    for other in (
        replace(draft, times_a_day=1),
        replace(draft, days=84),
        replace(draft, only_for=None),
        replace(draft, directions=""),
    ):
        changed = replace(pack, drafts={**pack.drafts, draft.id: other})
        assert meaning_of("trial-dose", changed) != meaning_of("trial-dose", pack)
        assert meaning_of("confirm-low-magnesium", changed) == meaning_of("confirm-low-magnesium", pack)
    magnesium = pack.drafts["magnesium"]
    assert isinstance(magnesium, MeasurementDraft)
    changed = replace(pack, drafts={**pack.drafts, "magnesium": replace(magnesium, codes=())})
    assert meaning_of("confirm-low-magnesium", changed) != meaning_of("confirm-low-magnesium", pack)


def test_the_documentation_of_a_rule_shows_its_drafts(pack: RulePack) -> None:
    assert describe(pack.rules["recent-kidney-function"], pack)["drafts"] == ["Creatinine with eGFR (LOINC 98979-8)"]
    assert "124 mg elemental, 2 a day for 42 days" in describe(pack.rules["trial-dose"], pack)["drafts"][0]
    assert describe(pack.rules["pregnancy"], pack)["drafts"] == []
