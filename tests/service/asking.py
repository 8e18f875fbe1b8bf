"""Requests as an EHR would send them, in short, and a service that answers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.service.hooks import discovery, respond
from mgcds.service.limits import RequestLimits
from mgcds.service.ports import Decision, Feedback, Parts
from mgcds.service.tokens import NoGate

TODAY = date(2026, 11, 21)
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
LOINC, RXNORM = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
EGFR, MAGNESIUM, PHQ9, ITEM9, QTC, POTASSIUM = "33914-3", "19123-9", "44261-6", "44260-8", "8636-3", "2823-3"
UNIT = {EGFR: "mL/min/{1.73_m2}", MAGNESIUM: "mg/dL", PHQ9: "{score}", ITEM9: "{score}", QTC: "ms", POTASSIUM: "mmol/L"}
ABOUT = {"reference": "Patient/p"}

Resource = dict[str, Any]


def patient(**more: Any) -> Resource:
    return {"resourceType": "Patient", "id": "p", "birthDate": "1980-05-01", "gender": "male", **more}


def observation(code: str, value: Any, on: str = "2026-11-15", **more: Any) -> Resource:
    return {
        "resourceType": "Observation", "id": f"o-{code}", "status": "final", "subject": ABOUT, "effectiveDateTime": on,
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "valueQuantity": {"value": value, "unit": UNIT[code], "code": UNIT[code], "system": "http://unitsofmeasure.org"},
        **more,
    }  # fmt: skip


def medicine(name: str, status: str = "active", **more: Any) -> Resource:
    return {
        "resourceType": "MedicationRequest", "id": f"m-{name.split()[0].lower()}", "status": status, "intent": "order",
        "subject": ABOUT, "authoredOn": "2026-06-01", "medicationCodeableConcept": {"text": name}, **more,
    }  # fmt: skip


def draft(name: str, **more: Any) -> Resource:
    return {**medicine(name, "draft"), **more}


def bundle(*resources: Resource, **more: Any) -> Resource:
    made = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources], **more}
    return {key: value for key, value in made.items() if value not in (None, [])}


def keys_of(hook: str) -> dict[str, str]:
    services = {each["hook"]: each for each in discovery(load_pack())["services"]}
    templates: dict[str, str] = services[hook]["prefetch"]
    return templates


def request(
    hook: str = "patient-view", /, *orders: Resource, context: Resource | None = None, **prefetch: Any
) -> Resource:
    """All keys of the hook, null where nothing else is said; one that is `...` is left out."""
    about = {"draftOrders": bundle(*orders, type="collection")} if hook.startswith("order-") else {}
    whole = {**dict.fromkeys(keys_of(hook)), "patient": patient(), **prefetch}
    whole = {key: value for key, value in whole.items() if value is not ...}
    return {
        "hook": hook, "hookInstance": INSTANCE,
        "context": {"userId": "Practitioner/d", "patientId": "p", **about, **(context or {})}, "prefetch": whole,
    }  # fmt: skip


def ask(hook: str = "patient-view", /, *orders: Resource, **more: Any) -> tuple[int, Resource]:
    return respond(request(hook, *orders, **more), f"mgcds-{hook}", load_pack(), TODAY)


def cards(hook: str = "patient-view", /, *orders: Resource, **more: Any) -> dict[str, Resource]:
    """Cards by the rule they are of, or by what they are."""
    status, body = ask(hook, *orders, **more)
    assert status == 200, body
    return by_rule(body)


def by_rule(body: Resource) -> dict[str, Resource]:
    found = {}
    for card in body["cards"]:
        advice = card.get("extension", {}).get("urn:mgcds:advice", {})
        found[advice.get("rule") or card["source"]["topic"]["code"]] = card
    return found


KIDNEYS = {"egfr": bundle(observation(EGFR, 25))}
"""An eGFR of 25: severe renal impairment (clinical brief, below 30)."""

TRIAL = {
    "phq9": bundle(observation(PHQ9, 12), observation(ITEM9, 0)), "egfr": bundle(observation(EGFR, 80)),
    "serumMagnesium": bundle(observation(MAGNESIUM, "2.0")), "medicationRequests": bundle(medicine("Sertraline 50 mg")),
}  # fmt: skip
"""A PHQ-9 of 12 on an antidepressant, and nothing that speaks against magnesium: a trial may be considered."""

MANY = {
    "egfr": bundle(observation(EGFR, 25)), "phq9": bundle(observation(PHQ9, 22), observation(ITEM9, 2)),
    "serumMagnesium": bundle(observation(MAGNESIUM, "1.0")),
    "medicationRequests": bundle(medicine("Citalopram 20 mg"), medicine("Omeprazole 20 mg"), medicine("Levothyroxine 50 ug"),
                                 medicine("Magnesium citrate 200 mg")),
    "conditions": bundle(
        {"resourceType": "Condition", "id": "c", "subject": ABOUT, "code": {"text": "Alcohol dependence"},
         "clinicalStatus": {"coding": [{"code": "active"}]}}),
}  # fmt: skip
"""Much at once: so many suggestions that some are folded."""


class Remembered:
    """A Memory in a list."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.feedback: list[Feedback] = []

    def remember(self, decisions: Sequence[Decision]) -> None:
        self.decisions += decisions

    def take(self, feedback: Sequence[Feedback]) -> None:
        self.feedback += feedback


def parts(memory: Any = None, **more: Any) -> Parts:
    made = Parts(
        pack=load_pack, gate=NoGate(), limits=RequestLimits(), memory=memory or Remembered(), evaluate=evaluate,
        now=lambda: datetime(2026, 11, 21, 9, tzinfo=UTC),
    )  # fmt: skip
    return replace(made, **more)
