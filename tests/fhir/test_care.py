"""First-line care, psychotherapy and supplements ordered as nutrition."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mgcds.fhir import care, read_bundle
from mgcds.model.facts import Gap, StateReading
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from tests.fhir.builders import RETRIEVED, SNOMED, bundle, concept, has, medicine, patient, read

PSYCHOTHERAPY, CBT, APPENDECTOMY = "75516001", "228557008", "80146002"
REFUSED, REFUSED_QUALIFIER, UNAVAILABLE = "105480006", "443390004", "309846006"
STATUS_REASON = "http://hl7.org/fhir/StructureDefinition/request-statusReason"


def because(code: str = REFUSED, system: str = SNOMED) -> dict[str, Any]:
    return concept(code, system)


def procedure(status: str = "in-progress", code: str = PSYCHOTHERAPY, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Procedure", "id": "pr", "status": status, "subject": {"reference": "Patient/p"},
        "code": concept(code, SNOMED, "Psychotherapy" if code == PSYCHOTHERAPY else None), **more,
    }  # fmt: skip


def request(status: str = "active", code: str = PSYCHOTHERAPY, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest", "id": "sr", "status": status, "intent": "order", "authoredOn": "2026-11-01",
        "subject": {"reference": "Patient/p"}, "code": concept(code, SNOMED), **more,
    }  # fmt: skip


def between(start: str | None, end: str | None = None) -> dict[str, Any]:
    return {"performedPeriod": {key: day for key, day in (("start", start), ("end", end)) if day}}


SERTRALINE = medicine(text="sertraline")
CARE = [
    pytest.param([], None, None, id="no trace is unknown"),
    pytest.param([medicine(text="omeprazole")], None, None, id="another medicine"),
    pytest.param([SERTRALINE], "active", "2026-11-20", id="an antidepressant, as of the day of retrieval"),
    pytest.param([medicine(text="sertraline", status="stopped")], None, None, id="an antidepressant that was stopped"),
    pytest.param([medicine(text="sertraline", status="on-hold")], None, None, id="an antidepressant on hold"),
    pytest.param([medicine(text="sertraline", status="draft")], None, None, id="a draft of an antidepressant"),
    pytest.param([procedure(**between("2026-08-01"))], "active", "2026-11-20", id="psychotherapy in progress"),
    pytest.param([procedure(code=CBT)], "active", "2026-11-20", id="cognitive behavioural therapy"),
    pytest.param([procedure(**between("2026-08-01", "2026-09-01"))], None, None, id="in progress, and ended"),
    pytest.param([procedure("completed", **between("2026-08-01", "2026-11-01"))], None, None, id="completed"),
    pytest.param([procedure("preparation")], None, None, id="in preparation"),
    pytest.param([procedure(code=APPENDECTOMY)], None, None, id="another procedure in progress"),
    pytest.param([request()], "awaited", "2026-11-01", id="psychotherapy requested"),
    pytest.param([request("draft")], "awaited", "2026-11-01", id="a draft of a request"),
    pytest.param([request("on-hold")], None, None, id="a request on hold"),
    pytest.param([request("completed")], None, None, id="a request that was carried out"),
    pytest.param([request(intent="proposal")], None, None, id="a proposal"),
    pytest.param([request(code=APPENDECTOMY)], None, None, id="a request of another procedure"),
    pytest.param([request(), procedure()], "active", "2026-11-20", id="requested and in progress"),
    pytest.param([request(), SERTRALINE], "active", "2026-11-20", id="requested, beside an antidepressant"),
    pytest.param([request(), procedure("completed", performedDateTime="2026-11-10")], None, None, id="begun since requested"),
    pytest.param([request(), procedure("completed")], None, None, id="begun on an unknown day"),
    pytest.param(
        [request(), procedure("completed", **between("2025-01-01", "2025-06-01"))], "awaited", "2026-11-01",
        id="an earlier psychotherapy, and a new request",
    ),
    pytest.param(
        [procedure("not-done", statusReason=because(), performedDateTime="2026-10-01")], "declined", "2026-10-01",
        id="psychotherapy refused",
    ),
    pytest.param(
        [procedure("not-done", statusReason=because(REFUSED_QUALIFIER))], "declined", None, id="refused on an unknown day"
    ),
    pytest.param([procedure("not-done", statusReason=because(UNAVAILABLE))], None, None, id="not available"),
    pytest.param([procedure("not-done", statusReason={"text": "declined"})], None, None, id="declined, in words only"),
    pytest.param([procedure("not-done", statusReason=because(system="urn:x"))], None, None, id="the code of another system"),
    pytest.param([procedure("not-done")], None, None, id="not done, without a reason"),
    pytest.param(
        [procedure("not-done", code=APPENDECTOMY, statusReason=because())], None, None, id="another procedure refused"
    ),
    pytest.param(
        [request("revoked", extension=[{"url": STATUS_REASON, "valueCodeableConcept": because()}])], "declined", "2026-11-01",
        id="a request revoked as it was refused",
    ),
    pytest.param([request("revoked")], None, None, id="a request revoked"),
    pytest.param([request(doNotPerform=True, reasonCode=[because()])], "declined", "2026-11-01", id="not to be performed"),
    pytest.param([request(doNotPerform=True)], None, None, id="not to be performed, without a reason"),
    pytest.param([request(reasonCode=[because()])], "awaited", "2026-11-01", id="a refusal is no reason to order"),
    pytest.param(
        [medicine(text="sertraline", doNotPerform=True, reasonCode=[because()])], "declined", "2026-01-01",
        id="an antidepressant not to be given",
    ),
    pytest.param(
        [medicine(text="sertraline", status="cancelled", statusReason=because())], "declined", "2026-01-01",
        id="an antidepressant cancelled",
    ),
    pytest.param(
        [medicine("MedicationStatement", "sertraline", status="not-taken", statusReason=[because()], dateAsserted="2026-10-05")],
        "declined", "2026-10-05", id="an antidepressant not taken",
    ),
    pytest.param(
        [medicine(text="omeprazole", status="cancelled", statusReason=because())], None, None, id="another medicine refused"
    ),
    pytest.param(
        [procedure("not-done", statusReason=because(), performedDateTime="2026-10-01"), request()], "awaited", "2026-11-01",
        id="refused, then requested",
    ),
    pytest.param(
        [request(), procedure("not-done", statusReason=because(), performedDateTime="2026-11-05")], "declined", "2026-11-05",
        id="requested, then refused",
    ),
    pytest.param(
        [SERTRALINE, procedure("not-done", statusReason=because(), performedDateTime="2026-11-05")], "active", "2026-11-20",
        id="psychotherapy refused, an antidepressant taken",
    ),
    pytest.param([procedure("entered-in-error", statusReason=because())], None, None, id="entered in error"),
    pytest.param([procedure(modifierExtension=[{"url": "urn:x"}])], None, None, id="modified"),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "value", "day"), CARE)
def test_first_line_care(resources: list[dict[str, Any]], value: str | None, day: str | None, pack: RulePack) -> None:
    given = bundle(patient(), *resources)
    has(read(given, pack), {"first_line_care": value, "rejected": []})
    found = read_bundle(given, pack, RETRIEVED).record.first_line_care
    assert (found.date if found else None) == day


def test_a_refusal_stays_current_for_its_time_only(pack: RulePack) -> None:
    """90 days, as `items.yaml` says: the trial on its own rests on it."""
    refusal = procedure("not-done", statusReason=because(), performedDateTime="2026-08-23")
    record = read_bundle(bundle(patient(), refusal), pack, RETRIEVED).record
    assert isinstance(found := read_facts(record, pack, date(2026, 11, 21)).items["first_line_care"], StateReading)
    assert found.days == 90
    undated = procedure("not-done", statusReason=because())
    record = read_bundle(bundle(patient(), undated), pack, RETRIEVED).record
    assert isinstance(read_facts(record, pack, date(2026, 11, 21)).items["first_line_care"], Gap)


TREATMENTS = [
    pytest.param(procedure(**between("2026-08-01")), "Psychotherapy active 2026-08-01..", id="in progress"),
    pytest.param(procedure("completed", performedDateTime="2026-08-01"), "Psychotherapy stopped 2026-08-01..2026-08-01", id="a session"),
    pytest.param(procedure("on-hold", **between("2026-08-01")), "Psychotherapy on-hold 2026-08-01..", id="on hold"),
    pytest.param(
        procedure("stopped", statusReason=because(), **between("2026-08-01", "2026-09-01")),
        "Psychotherapy stopped 2026-08-01..2026-09-01", id="stopped",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "entry"), TREATMENTS)
def test_psychotherapy_is_a_treatment(resource: dict[str, Any], entry: str, pack: RulePack) -> None:
    given = bundle(patient(), resource)
    has(read(given, pack), {"procedures": [entry], "rejected": [], "unused": []})
    record = read_bundle(given, pack, RETRIEVED).record
    assert record.procedures_reconciled is None, "what was done is not the whole list of what is being done"
    facts = read_facts(record, pack, date(2026, 11, 21))
    assert facts.members["psychotherapy"].present is (True if "active" in entry else None)


def test_other_procedures_are_counted(pack: RulePack) -> None:
    others = [procedure("completed", code=APPENDECTOMY, id=f"a{n}") for n in range(3)]
    found = read(bundle(patient(), *others, request(code=APPENDECTOMY)), pack)
    has(
        found,
        {"procedures": None, "unused": ["Procedure (3): no psychotherapy", "ServiceRequest (1): no psychotherapy"]},
    )


def test_treatment_of_another_patient(pack: RulePack) -> None:
    other = [procedure(subject={"reference": "Patient/q"}), request(subject={"reference": "Patient/q"})]
    has(read(bundle(patient(), *other), pack), {"first_line_care": None, "procedures": None})


@pytest.mark.parametrize(
    ("name", "faulty", "resource"),
    [
        pytest.param("refused", lambda content: True, request(), id="everything was refused"),
        pytest.param(
            "_may_follow",
            lambda *given: False,
            procedure("completed", performedDateTime="2026-11-10"),
            id="awaited for ever",
        ),
    ],
)
def test_a_wrong_reading_of_care_is_noticed(
    name: str, faulty: Any, resource: dict[str, Any], pack: RulePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeded faults: a trial on its own would rest on them."""
    given = bundle(patient(), request(), resource | {"id": "other"})
    before = read(given, pack).get("first_line_care")
    monkeypatch.setattr(care, name, faulty)
    assert read(given, pack)["first_line_care"] != before


# --- NutritionOrder -----------------------------------------------------------------------------------------------------------


def nutrition(*supplements: dict[str, Any], status: str = "active", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "NutritionOrder", "id": "n", "status": status, "intent": "order", "patient": {"reference": "Patient/p"},
        "dateTime": "2026-10-01", **({"supplement": list(supplements)} if supplements else {}), **more,
    }  # fmt: skip


MAGNESIUM = {"productName": "magnesium oxide"}
SUPPLEMENTS = [
    pytest.param(nutrition(MAGNESIUM), ["magnesium oxide active 2026-10-01.."], [], id="named"),
    pytest.param(nutrition({"type": {"text": "magnesium citrate"}}), ["magnesium citrate active 2026-10-01.."], [], id="by its type"),
    pytest.param(nutrition(MAGNESIUM, status="revoked"), ["magnesium oxide stopped 2026-10-01.."], [], id="revoked"),
    pytest.param(
        nutrition({**MAGNESIUM, "schedule": [{"repeat": {"boundsPeriod": {"start": "2026-10-05", "end": "2026-11-05"}}}]}),
        ["magnesium oxide active 2026-10-05..2026-11-05"], [], id="with its schedule",
    ),
    pytest.param(
        nutrition(MAGNESIUM, {"productName": "multivitamin"}),
        ["magnesium oxide active 2026-10-01..", "multivitamin active 2026-10-01.."], [], id="two supplements",
    ),
    pytest.param(nutrition(MAGNESIUM, status="draft"), None, ["no order that counts (status draft"], id="a draft"),
    pytest.param(nutrition(MAGNESIUM, intent="proposal"), None, ["no order that counts"], id="a proposal"),
    pytest.param(nutrition(oralDiet={"type": [{"text": "low salt"}]}), None, ["NutritionOrder (1): a diet"], id="a diet"),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "supplements", "unused"), SUPPLEMENTS)
def test_supplements_ordered_as_nutrition(
    resource: dict[str, Any], supplements: list[str] | None, unused: list[str], pack: RulePack
) -> None:
    has(read(bundle(patient(), resource), pack), {"supplements": supplements, "rejected": [], "unused": unused})


def test_a_supplement_without_a_name_leaves_the_list_open(pack: RulePack) -> None:
    given = bundle(patient(), SERTRALINE, nutrition({"quantity": {"value": 1}}))
    has(read(given, pack), {"supplements": None, "rejected": ["supplements: it does not name its supplement"]})
    facts = read_facts(read_bundle(given, pack, RETRIEVED).record, pack, date(2026, 11, 21))
    assert isinstance(facts.lists["medicines"], Gap)
    named = bundle(patient(), SERTRALINE, nutrition(MAGNESIUM))
    facts = read_facts(read_bundle(named, pack, RETRIEVED).record, pack, date(2026, 11, 21))
    assert facts.lists["medicines"] is None
    assert facts.members["magnesium_product"].present is True
    assert (
        isinstance(facts.items["supplemental_magnesium"], Gap)
        or facts.items["supplemental_magnesium"].range.high is None
    )
