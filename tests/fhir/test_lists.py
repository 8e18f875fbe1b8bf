"""Conditions, and whether a list was given, is whole and was reviewed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mgcds.fhir import read_bundle
from mgcds.model.pack import RulePack
from tests.fhir.builders import (
    MAGNESIUM,
    MG,
    RETRIEVED,
    bundle,
    concept,
    condition,
    has,
    medicine,
    mgdl,
    observation,
    patient,
    read,
    searchset,
)

# --- conditions ---

ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
ICD9 = "http://hl7.org/fhir/sid/icd-9-cm"  # the rules have no codes of it


def displayed(text: str, display: str) -> dict[str, Any]:
    return condition(code=concept("296.7", ICD9, display, text))


ACTIVE = {"conditions": ["depression ?.."]}
CONDITIONS = [
    pytest.param(condition(), ACTIVE, id="active"),
    pytest.param(condition(clinical=None), ACTIVE, id="no clinicalStatus: it is current"),
    pytest.param(condition(clinicalStatus="active"), ACTIVE, id="a clinicalStatus as DSTU 2 writes it"),
    pytest.param(
        condition(onsetPeriod={"start": "2020-01"}),
        {"conditions": ["depression 2020-01.."]},
        id="the start of its period",
    ),
    pytest.param(
        condition(onsetDateTime="long ago"),
        {**ACTIVE, "unused": ["Condition/c: its onset cannot be read"]},
        id="an onset that cannot be read",
    ),
    pytest.param(condition(onsetAge={"value": 30}), ACTIVE, id="an onset as an age is no date"),
    pytest.param(
        displayed("Mood disorder", "Bipolar I disorder"),
        {"conditions": ["Mood disorder / Bipolar I disorder ?.."], "unused": []},
        id="a display that puts it in a value set counts too",
    ),
    pytest.param(
        displayed("Depression", "Bipolar II disorder, depressed"),
        {"conditions": ["Depression ?..", "Depression / Bipolar II disorder, depressed ?.."], "unused": []},
        id="text and display that are not meant beside one another both count",
    ),
    pytest.param(
        displayed("Family history of bipolar disorder", "Bipolar disorder"),
        {"conditions": ["Family history of bipolar disorder ?.."]},
        id="a display does not undo what the text says of it",
    ),
    pytest.param(
        displayed("Bipolar disorder", "Bipolar affective disorder"),
        {"conditions": ["Bipolar disorder ?.."]},
        id="a display that says the same",
    ),
    pytest.param(
        displayed("Sprain", "Sprained ankle"), {"conditions": ["Sprain ?.."]}, id="a display that no rule asks about"
    ),
    pytest.param(
        condition(clinical="resolved", abatementDateTime="2021"),
        {"conditions": ["depression ?..2021"]},
        id="resolved, with its date",
    ),
    pytest.param(
        condition(clinical="remission"),
        {"conditions": [], "unused": ["Condition/c: remission, no date"]},
        id="in remission, no date",
    ),
    pytest.param(
        condition("Bipolar I disorder", "remission"),
        {"conditions": ["Bipolar I disorder, in remission ?.."], "unused": []},
        id="a bipolar disorder in remission is known",
    ),
    pytest.param(
        condition("Myasthenia gravis", "remission", onsetDateTime="2020"),
        {"conditions": ["Myasthenia gravis, in remission 2020.."], "unused": []},
        id="myasthenia gravis in remission",
    ),
    pytest.param(
        condition("Alcohol dependence", "remission", code=concept("F10.20", ICD10, text="Alcohol dependence")),
        {"conditions": [], "unused": ["Condition/c: remission, no date"]},
        id="in remission, which its value set does not mean",
    ),
    pytest.param(
        condition(None, "remission", code=concept("F31.9", ICD10)),
        {"conditions": ["icd10cm F31.9 ?.."], "unused": []},
        id="a code alone, in remission",
    ),
    pytest.param(
        condition("Bipolar I disorder", "remission", abatementDateTime="2021"),
        {"conditions": ["Bipolar I disorder ?..2021"], "unused": []},
        id="in remission since a day",
    ),
    pytest.param(
        condition("Bipolar I disorder", "remission", abatementAge={"value": 30}),
        {"conditions": [], "unused": ["Condition/c: remission, no date"]},
        id="in remission since an age",
    ),
    pytest.param(
        condition("Bipolar I disorder", "inactive"),
        {"conditions": [], "unused": ["Condition/c: inactive, no date"]},
        id="inactive is no remission",
    ),
    pytest.param(
        condition("Pregnancy", "remission"),
        {"conditions": ["Pregnancy, in remission ?.."], "pregnancy": None},
        id="a pregnancy is never in remission: whether it goes on is not known",
    ),
    pytest.param(
        condition(clinical=None, abatementString="last year"),
        {"conditions": [], "unused": ["ended, no date"]},
        id="ended, in words",
    ),
    pytest.param(
        condition(abatementDateTime="2021"),
        {"conditions": [], "rejected": ["conditions: it is said to be going on and to have ended"]},
        id="active, and ended",
    ),
    pytest.param(
        condition(verificationStatus=concept("refuted", "x")), {"conditions": [], "unused": ["refuted"]}, id="refuted"
    ),
    pytest.param(
        condition(verificationStatus=concept("entered-in-error", "x")),
        {"conditions": None, "unused": ["entered-in-error"]},
        id="entered in error",
    ),
    pytest.param(
        condition(verificationStatus=concept("provisional", "x")), ACTIVE, id="provisional stays, to be cautious"
    ),
    pytest.param(
        condition(None), {"conditions": [], "rejected": ["conditions: it has neither a code nor a name"]}, id="no code"
    ),
    pytest.param(
        condition(code=concept("F329", "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10")),
        {"conditions": ["icd10cm F329 ?.."]},
        id="ICD-10-CM under another name and without its dot",
    ),
    pytest.param(
        condition(code=concept("F32.9", "urn:oid:2.16.840.1.113883.6.90")),
        {"conditions": ["icd10cm F32.9 ?.."]},
        id="ICD-10-CM by its OID",
    ),
    pytest.param(
        condition(code=concept("no-known-problems", "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips")),
        {"conditions": [], "unused": []},
        id="no known problems (IPS)",
    ),
]


@pytest.mark.parametrize(("resource", "expected"), CONDITIONS)
def test_a_condition(resource: dict[str, Any], expected: dict[str, Any], pack: RulePack) -> None:
    has(read(bundle(patient(), resource), pack), expected)


# --- lists ---


def a_list(
    code: str = "10160-0", entries: tuple[str, ...] = (), empty: str | None = None, **more: Any
) -> dict[str, Any]:
    made = {
        "resourceType": "List",
        "id": "l",
        "status": "current",
        "mode": "working",
        "code": concept(code),
        "subject": {"reference": "Patient/p"},
    }
    made |= {"entry": [{"item": {"reference": entry}} for entry in entries]} if entries else {}
    made |= {"emptyReason": concept(empty, "http://terminology.hl7.org/CodeSystem/list-empty-reason")} if empty else {}
    return {**made, **more}


LISTS = [
    pytest.param(bundle(patient()), {"medicines": None, "conditions": None}, id="nothing is said of the lists"),
    pytest.param(
        bundle(patient(), medicine()),
        {"medicines_reconciled": "2026-11-20", "conditions": None},
        id="an entry gives its list, that day",
    ),
    pytest.param(
        bundle(patient(), a_list(empty="nilknown", date="2026-11-01")),
        {"medicines": [], "medicines_reconciled": "2026-11-01"},
        id="said to be empty",
    ),
    pytest.param(
        bundle(patient(), a_list(empty="notasked")),
        {"medicines": None, "unused": ["List/l: empty: notasked"]},
        id="empty, because nobody asked",
    ),
    pytest.param(
        bundle(patient(), a_list()),
        {"medicines": None, "unused": ["List/l: empty, without a reason"]},
        id="empty without a reason",
    ),
    pytest.param(
        bundle(patient(), a_list("11450-4", empty="nilknown")),
        {"conditions": [], "conditions_reconciled": "2026-11-20"},
        id="the problem list",
    ),
    pytest.param(
        bundle(patient(), medicine(), a_list(entries=("MedicationRequest/m",), date="2026-06-01")),
        {"medicines_reconciled": "2026-06-01", "rejected": []},
        id="a List says when it was reviewed",
    ),
    pytest.param(
        bundle(patient(), medicine(), a_list(entries=("MedicationRequest/m", "MedicationRequest/gone"))),
        {"rejected": ["medicines: 1 entries"]},
        id="an entry that was named and not given leaves the list open",
    ),
    pytest.param(
        bundle(patient(), a_list(empty="nilknown", status="retired")),
        {"medicines": None, "unused": ["status retired"]},
        id="a retired List",
    ),
    pytest.param(
        bundle(patient(), a_list("52472-8", empty="nilknown")),
        {"medicines": None, "unused": ["neither a medication list"]},
        id="another list",
    ),
    pytest.param(
        searchset("MedicationRequest?patient=p&status=active", total=0),
        {"medicines": [], "medicines_reconciled": "2026-11-20"},
        id="an empty searchset",
    ),
    pytest.param(
        searchset("Condition?patient=p"), {"conditions": [], "medicines": None}, id="an empty searchset of conditions"
    ),
    pytest.param(
        searchset("Observation?patient=p"),
        {"conditions": None, "medicines": None},
        id="an empty searchset of something else",
    ),
    pytest.param(
        searchset("MedicationRequest?patient=p&code=36437"),
        {"medicines": None, "rejected": []},
        id="an empty search for one code says nothing of the list",
    ),
    pytest.param(
        searchset("MedicationRequest?patient=p&status=stopped", medicine(status="stopped")),
        {"rejected": ["limited by status"]},
        id="a search for what was stopped",
    ),
    pytest.param(
        searchset("MedicationRequest?patient=p&code=36437", medicine()),
        {"rejected": ["medicines: the list is not whole: the search was limited by code"]},
        id="a search for one code is not the list",
    ),
    pytest.param(
        bundle(
            searchset("Condition?patient=p&category=encounter-diagnosis", condition("gout", id="g")),
            searchset("Condition?patient=p&category=problem-list-item", condition()),
        ),
        {"conditions": ["gout ?..", "depression ?.."], "rejected": []},
        id="a part of the list beside the whole",
    ),
    pytest.param(
        bundle(searchset("MedicationRequest?patient=p", medicine(), total=2), patient()),
        {"rejected": ["medicines: the list is not whole: a further page"]},
        id="fewer than the total",
    ),
    pytest.param(
        searchset("Observation?patient=p", observation(MAGNESIUM, mgdl(2)), total=2),
        {"rejected": [f"{MG}: a further page of results was not given"]},
        id="results of a first page, not sorted",
    ),
    pytest.param(
        searchset("Observation?patient=p&_sort=-date", observation(MAGNESIUM, mgdl(2)), total=2),
        {"rejected": [], MG: ["2 mg/dL on 2026-11-01"]},
        id="results of a first page, newest first",
    ),
]


@pytest.mark.parametrize(("content", "expected"), LISTS)
def test_a_list(content: dict[str, Any], expected: dict[str, Any], pack: RulePack) -> None:
    has(read(content, pack), expected)


def test_pages_that_are_all_there_are_whole(pack: RulePack) -> None:
    def page(number: int, *links: tuple[str, int]) -> dict[str, Any]:
        url = "https://ehr.example/fhir/MedicationRequest?patient=p&page="
        made = bundle(medicine(id=f"m{number}", text=f"medicine {number}"), type="searchset", total=2)
        return {**made, "link": [{"relation": name, "url": f"{url}{to}"} for name, to in (("self", number), *links)]}

    both = [page(1, ("next", 2)), page(2, ("previous", 1))]
    assert read(both, pack)["rejected"] == []
    assert read(both[:1], pack)["rejected"] == ["medicines: the list is not whole: a further page was not given"]


@pytest.mark.parametrize(
    ("content", "retrieved", "day"),
    [
        pytest.param(
            bundle(medicine(), timestamp="2026-11-03T10:00:00Z"), RETRIEVED, "2026-11-20", id="the day it was retrieved"
        ),
        pytest.param(
            bundle(medicine(), timestamp="2026-11-03T10:00:00Z"),
            None,
            "2026-11-03T10:00:00Z",
            id="the time of the Bundle",
        ),
        pytest.param(
            bundle(medicine(), meta={"lastUpdated": "2026-11-04"}),
            None,
            "2026-11-04",
            id="when the Bundle was last updated",
        ),
        pytest.param(bundle(medicine()), None, None, id="not known: the list stays open"),
    ],
)
def test_when_a_list_was_reviewed(
    content: dict[str, Any], retrieved: date | None, day: str | None, pack: RulePack
) -> None:
    assert read_bundle(content, pack, retrieved).record.medicines_reconciled == day
