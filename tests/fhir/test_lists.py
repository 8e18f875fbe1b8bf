"""Conditions, and whether a list was given, is whole and was reviewed."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from mgcds.fhir import read_bundle, read_ndjson
from mgcds.model.pack import RulePack
from tests.fhir.builders import (
    MAGNESIUM,
    MG,
    RETRIEVED,
    bundle,
    concept,
    condition,
    has,
    item,
    medicine,
    mgdl,
    observation,
    patient,
    questionnaire,
    read,
    said,
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


FAILED = [{"severity": "error", "code": "incomplete"}]
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
    pytest.param(
        searchset("MedicationRequest?patient=p", medicine(), {"resourceType": "OperationOutcome", "issue": FAILED}),
        {
            "rejected": ["medicines: the list is not whole: the server said that it failed"],
            "unused": ["the server said"],
        },
        id="a search that failed in part",
    ),
    pytest.param(
        [
            medicine(),
            observation(MAGNESIUM, mgdl(2)),
            bundle({"resourceType": "OperationOutcome", "issue": FAILED}, type="searchset"),
        ],
        {
            "rejected": [
                "conditions: ",
                "medicines: ",
                "medicines: ",
                "medicines: ",
                f"{MG}: the server said",
                "phq9_forms: ",
            ]
        },
        id="a search that failed, and nobody knows for what",
    ),
    pytest.param(
        searchset("Observation?patient=p&_sort=-date", observation(MAGNESIUM, mgdl(2)), {"id": "what?"}),
        {"rejected": [f"{MG}: an entry of it is no resource"]},
        id="an entry among results that is no resource",
    ),
    pytest.param(
        {**searchset("MedicationRequest?patient=p"), "entry": [{"resource": medicine()}, {"resource": None}]},
        {"rejected": ["medicines: the list is not whole: an entry of it is no resource"]},
        id="an empty entry among medicines",
    ),
    pytest.param(
        searchset("MedicationDispense?patient=p", total=0),
        {"medicines": None, "rejected": []},
        id="nothing handed over is not nothing taken",
    ),
    pytest.param(
        [patient(), searchset("MedicationRequest?patient=other", total=0)],
        {"medicines": None, "rejected": []},
        id="a search for another patient says nothing of this one",
    ),
    pytest.param(
        searchset("MedicationRequest?patient=p&_count=0"), {"medicines": None}, id="a search that was not to find any"
    ),
    pytest.param(
        bundle(medicine(), type="searchset", link=[{"relation": "self", "url": "http://[x"}]),
        {"rejected": ["medicines: the list is not whole: the search was limited by its address"]},
        id="an address that is none",
    ),
    pytest.param(
        searchset("QuestionnaireResponse?patient=p", total=2),
        {"rejected": ["phq9_forms: a further page of results was not given"]},
        id="questionnaires of a first page, not sorted",
    ),
    pytest.param(
        searchset("QuestionnaireResponse?patient=p&_sort=-authored", total=2),
        {"rejected": []},
        id="questionnaires of a first page, newest first",
    ),
    pytest.param(
        searchset(
            "Observation?patient=p",
            observation("82810-3", id="n", valueCodeableConcept={"text": "not pregnant"}),
            observation("69722-7", id="d", valueCodeableConcept=concept("LA6572-7")),
            total=3,
        ),
        {"rejected": ["pregnancy: a further page of results", "functional_difficulty: a further page of results"]},
        id="pregnancy and difficulty on a first page",
    ),
]


@pytest.mark.parametrize("given", [{"id": "x", "medicationCodeableConcept": {"text": "lithium"}}, "Patient/p", 7])
def test_what_is_no_resource_may_be_of_either_list(given: Any, pack: RulePack) -> None:
    why = "something was given that is no resource"
    has(
        said(read_bundle(bundle(patient(), medicine(), given), pack)),
        {"rejected": [f"medicines: {why}", f"conditions: {why}"]},
    )
    (of_lines,) = read_ndjson([json.dumps(each) for each in (given, patient(), medicine())], pack)
    has(said(of_lines), {"rejected": [f"medicines: {why}", f"conditions: {why}"]})


# Whose these are cannot be told; in a delivery about one patient they may be theirs.
UNNAMED = [
    pytest.param(medicine(subject={"identifier": {"value": "1"}}), ["medicines"], id="a medicine"),
    pytest.param(
        medicine(subject={"reference": "#p"}, status="entered-in-error"), [], id="a medicine entered in error"
    ),
    pytest.param(condition(subject={"display": "Mrs Smith"}), ["conditions"], id="a condition"),
    pytest.param(observation(MAGNESIUM, mgdl(2), subject={}), [MG], id="a result"),
    pytest.param(observation("85354-9", subject={}), [], id="a result that no rule uses"),
    pytest.param(observation("44261-6", {"valueInteger": 20}, subject={}), ["phq9_forms"], id="a total of a PHQ-9"),
    pytest.param(observation("82810-3", subject={}), ["pregnancy"], id="whether she is pregnant"),
    pytest.param(
        questionnaire(item("44261-6", {"valueInteger": 20}), subject={}),
        ["phq9_forms", "functional_difficulty"],
        id="a questionnaire",
    ),
    pytest.param(
        questionnaire(item("sleep", {"valueInteger": 20}), subject={}), [], id="a questionnaire of another kind"
    ),
]


@pytest.mark.parametrize(("resource", "rejected"), UNNAMED)
def test_what_may_be_the_patients_leaves_open_what_it_is(
    resource: dict[str, Any], rejected: list[str], pack: RulePack
) -> None:
    expected = [f"{name}: whose {resource['resourceType']}/{resource['id']} is cannot be told" for name in rejected]
    has(read(bundle(patient(), resource), pack), {"rejected": expected})
    (of_lines,) = read_ndjson([json.dumps(each) for each in (resource, patient())], pack)
    assert said(of_lines)["rejected"] == expected
    has(read(bundle(patient(), {"resourceType": "Patient", "id": "q"}, resource), pack), {"rejected": []})


def test_bundles_on_lines_say_what_they_say_elsewhere(pack: RulePack) -> None:
    other = {"resourceType": "Patient", "id": "q"}
    for_q = searchset("Condition?patient=q", total=0)
    first_page = searchset("MedicationRequest?patient=p", medicine(), total=2)
    lines = [json.dumps(each) for each in (patient(), other, first_page, for_q)]
    first, second = (reading.record for reading in read_ndjson(lines, pack, RETRIEVED))
    assert [bad.field for bad in first.rejected] == ["medicines"]
    assert (first.conditions, second.conditions, second.medicines, second.rejected) == (None, (), None, ())


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
    open_list = ["medicines: the list is not whole: a further page was not given"]
    assert read(both[:1], pack)["rejected"] == open_list
    assert read(both[1:], pack)["rejected"] == open_list, "the last page alone"
    both[0]["link"][1].pop("url")
    assert read(both[:1], pack)["rejected"] == open_list, "the next page has no address"


def test_the_last_page_of_results_is_not_the_newest(pack: RulePack) -> None:
    page = searchset("Observation?patient=p&_sort=-date&page=2", observation(MAGNESIUM, mgdl(2)))
    page["link"].append({"relation": "previous", "url": "https://ehr.example/fhir/Observation?patient=p&_sort=-date"})
    assert read(page, pack)["rejected"] == [f"{MG}: a page before these results was not given"]


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
