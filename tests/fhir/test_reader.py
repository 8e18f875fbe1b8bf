"""Whose a resource is, and every shape the input may have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mgcds.errors import RecordError
from mgcds.fhir import read_bundle, read_ndjson
from mgcds.model.facts import Reading
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from tests.fhir.builders import (
    MAGNESIUM,
    MG,
    PHQ9_ITEMS,
    RETRIEVED,
    SERTRALINE,
    accounted_for,
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
    referring,
    said,
)

# --- the patient, and other people ---

PATIENTS = [
    pytest.param(patient(), {"birth_date": "1980-05-01", "sex": "female", "unused": []}, id="born, and sex"),
    pytest.param(patient(birthDate="1980"), {"birth_date": "1980"}, id="a partial birth date"),
    pytest.param(
        patient(birthDate="1.5.1980"),
        {"birth_date": None, "rejected": ["birth_date: the birth date cannot be read"]},
        id="no birth date",
    ),
    pytest.param(patient(gender="F"), {"sex": None, "rejected": ["sex: the gender is none of"]}, id="a foreign gender"),
    pytest.param(
        patient(deceasedDateTime="2026-01-01"),
        {"unused": ["Patient/p: the patient is recorded as deceased"]},
        id="deceased",
    ),
]


@pytest.mark.parametrize(("resource", "expected"), PATIENTS)
def test_the_patient(resource: dict[str, Any], expected: dict[str, Any], pack: RulePack) -> None:
    has(read(bundle(resource), pack), expected)


def test_who_is_deceased_by_one_of_two_patient_resources_is_deceased(pack: RulePack) -> None:
    alive, dead = patient(), patient(deceasedBoolean=True)
    for given in ((alive, dead), (dead, alive)):
        found = read_bundle(bundle(*given), pack)
        assert found.deceased
        assert [each.why for each in found.unused].count("the patient is recorded as deceased") == 1
    assert not read_bundle(bundle(alive, patient(gender="male")), pack).deceased


@pytest.mark.parametrize(
    ("other", "birth_date", "sex", "rejected"),
    [
        pytest.param(
            {"birthDate": "2012-01-01"}, None, "female", ["birth_date: the patient was given twice"], id="born"
        ),
        pytest.param(
            {"birthDate": "1.5.80"}, None, "female", ["birth_date: the patient was given twice"], id="no date"
        ),
        pytest.param({"birthDate": "1980"}, "1980-05-01", "female", [], id="a year that agrees"),
        pytest.param({"gender": "male"}, "1980-05-01", None, ["sex: the patient was given twice"], id="sex"),
        pytest.param({"gender": "unknown", "birthDate": None}, "1980-05-01", "female", [], id="not known"),
    ],
)
def test_a_patient_who_is_given_twice_differently(
    other: dict[str, Any], birth_date: str | None, sex: str | None, rejected: list[str], pack: RulePack
) -> None:
    expected = {"birth_date": birth_date, "sex": sex, "rejected": rejected, "unused": ["given twice"]}
    has(read(bundle(patient(), patient(**other)), pack), expected)


OTHER = {"resourceType": "Patient", "id": "other"}
WHOSE = [
    pytest.param({"reference": "Patient/p"}, [], 1, id="relative"),
    pytest.param({"reference": "https://ehr.example/fhir/Patient/p"}, [], 1, id="absolute"),
    pytest.param({"reference": "Patient/p/_history/3"}, [], 1, id="versioned"),
    pytest.param({"reference": "urn:uuid:p"}, [], 1, id="a urn of the same id"),
    pytest.param(None, [], 1, id="not said, and there is only one patient"),
    pytest.param(None, [OTHER], 0, id="not said, and there are two patients"),
    pytest.param({"reference": "Patient/other"}, [], 0, id="another patient"),
    pytest.param({"reference": "Patient/other"}, [OTHER], 0, id="another patient who is there too"),
    pytest.param({"reference": "Group/p"}, [], 0, id="a group of the same id"),
    pytest.param({"reference": "Device/p"}, [], 0, id="a device"),
    pytest.param({"reference": "#p"}, [], 0, id="a contained patient"),
    pytest.param({"identifier": {"value": "123"}}, [], 0, id="by an identifier only"),
    pytest.param({"display": "Mrs Smith"}, [], 0, id="by a name only"),
    pytest.param("Patient/p", [], 1, id="a reference written as text"),
]


@pytest.mark.parametrize(("subject", "more", "read_as_hers"), WHOSE)
def test_whose_a_result_is(subject: Any, more: list[dict[str, Any]], read_as_hers: int, pack: RulePack) -> None:
    content = bundle(patient(), *more, observation(MAGNESIUM, mgdl(2), subject=subject))
    assert len(read(content, pack).get(MG, [])) == read_as_hers


def test_two_servers_may_use_one_id_for_two_people(pack: RulePack) -> None:
    content = bundle(patient(), observation(MAGNESIUM, mgdl(2), subject={"reference": "https://two.example/Patient/p"}))
    content["entry"][0]["fullUrl"] = "https://one.example/Patient/p"
    has(
        read(content, pack),
        {MG: None, "unused": ["Observation of https://two.example/Patient/p (1): it belongs to another patient"]},
    )


def test_a_relative_reference_is_one_to_the_server_of_its_own_resource(pack: RulePack) -> None:
    content = bundle(patient(), observation(MAGNESIUM, mgdl(2)), observation(MAGNESIUM, mgdl(3), id="x"))
    for entry, url in zip(
        content["entry"],
        ("one.example/Patient/p", "one.example/Observation/o", "two.example/Observation/x"),
        strict=True,
    ):
        entry["fullUrl"] = f"https://{url}"
    hers = {MG: ["2 mg/dL on 2026-11-01"]}
    has(read(content, pack), {**hers, "unused": ["https://two.example/Patient/p (1): it belongs to another patient"]})
    content["entry"].insert(1, {"fullUrl": "https://two.example/Patient/p", "resource": patient()})
    has(read(content, pack), {**hers, "unused": ["another patient", "it belongs to another patient"]})


@pytest.mark.parametrize("first", [0, 1])
def test_the_order_of_entries_does_not_decide_whose_one_is(first: int, pack: RulePack) -> None:
    foreign = {"resourceType": "Immunization", "id": "im", "patient": {"reference": "urn:uuid:x"}}
    both = [observation(MAGNESIUM, mgdl(2), subject=None), foreign]
    has(read(bundle(patient(), both[first], both[1 - first]), pack), {MG: ["2 mg/dL on 2026-11-01"]})


def test_without_a_patient_resource_the_first_subject_is_the_patient(pack: RulePack) -> None:
    reading = read_bundle(
        bundle(
            observation(MAGNESIUM, mgdl(2)), observation(MAGNESIUM, mgdl(3), id="x", subject={"reference": "Patient/q"})
        ),
        pack,
    )
    assert reading.patient == "Patient/p"
    assert len(reading.record.serum_magnesium) == 1


# --- shapes of the input ---


def at(url: str, resource: dict[str, Any]) -> dict[str, Any]:
    """A Bundle of one resource with its address."""
    made = bundle(resource)
    made["entry"][0]["fullUrl"] = url
    return made


RESULT = observation(MAGNESIUM, mgdl(2))
OLDER = observation(MAGNESIUM, mgdl(9), meta={"lastUpdated": "2026-11-01"})
NEWER = observation(MAGNESIUM, mgdl(2), meta={"lastUpdated": "2026-11-02"})
TWO = {MG: ["2 mg/dL on 2026-11-01"]}
SHAPES = [
    pytest.param(bundle(RESULT, type="transaction"), TWO, id="a transaction"),
    pytest.param(bundle(RESULT, type="document"), TWO, id="a document"),
    pytest.param([patient(), RESULT], TWO, id="a list of resources"),
    pytest.param(RESULT, TWO, id="one resource"),
    pytest.param(bundle(bundle(RESULT, type="searchset"), type="batch-response"), TWO, id="Bundles within a Bundle"),
    pytest.param(
        bundle(OLDER, NEWER), {**TWO, "unused": ["an older version"]}, id="two versions: the one stored later"
    ),
    pytest.param(bundle(NEWER, OLDER), {**TWO, "unused": ["an older version"]}, id="two versions, the other way round"),
    pytest.param(
        bundle(RESULT, observation(MAGNESIUM, mgdl(9)), type="history"),
        {**TWO, "unused": ["an older version"]},
        id="a history: the newest first",
    ),
    pytest.param(bundle(RESULT, RESULT), {**TWO, "unused": ["given twice"]}, id="the same twice"),
    pytest.param(
        bundle(
            observation(MAGNESIUM, mgdl(9), meta={"lastUpdated": "2026-11-11T01:00:00Z"}),
            observation(MAGNESIUM, mgdl(2), meta={"lastUpdated": "2026-11-10T23:30:00-05:00"}),
        ),
        {**TWO, "unused": ["an older version"]},
        id="two versions: the one stored later, in another time zone",
    ),
    pytest.param(
        [at("https://a.example/Observation/o", OLDER), NEWER],
        {**TWO, "unused": ["an older version"]},
        id="two versions, the newer without an address",
    ),
    pytest.param(
        [NEWER, at("https://a.example/Observation/o", OLDER)],
        {**TWO, "unused": ["an older version"]},
        id="two versions, the older with an address",
    ),
    pytest.param(
        [at("https://a.example/Observation/o", OLDER), at("https://b.example/Observation/o", OLDER), NEWER],
        {MG: ["9 mg/dL on 2026-11-01", "9 mg/dL on 2026-11-01", "2 mg/dL on 2026-11-01"], "unused": []},
        id="of two servers' which one it is a version of cannot be told",
    ),
    pytest.param(
        [
            {
                "resourceType": "Bundle",
                "type": "history",
                "entry": [
                    {
                        "fullUrl": "https://a.example/Observation/o",
                        "request": {"method": "DELETE", "url": "Observation/o"},
                    }
                ],
            },
            {**at("https://a.example/Observation/o", RESULT), "type": "history"},
        ],
        {MG: None, "unused": ["entry 1: deleted", "Observation/o: deleted"]},
        id="deleted since, by the page before",
    ),
    pytest.param(
        bundle(RESULT, observation(MAGNESIUM, mgdl(9))),
        {MG: ["2 mg/dL on 2026-11-01", "9 mg/dL on 2026-11-01"]},
        id="versions that cannot be told apart: both",
    ),
    pytest.param(
        {
            "resourceType": "Bundle",
            "type": "history",
            "entry": [
                {"fullUrl": "urn:uuid:1", "request": {"method": "DELETE", "url": "Observation/o"}},
                {"fullUrl": "urn:uuid:1", "resource": RESULT},
            ],
        },
        {MG: None, "unused": ["entry 1: deleted", "Observation/o: deleted"]},
        id="deleted since",
    ),
    pytest.param(
        {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [
                {"resource": RESULT, "search": {"mode": "match"}},
                {
                    "resource": {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "too costly"}]},
                    "search": {"mode": "outcome"},
                },
            ],
        },
        {**TWO, "unused": ["too costly"]},
        id="an outcome among the results",
    ),
    pytest.param(
        {"resourceType": "Bundle", "entry": [None, {}, {"resource": None}, {"resource": RESULT}]},
        {**TWO, "unused": ["no resource"] * 3},
        id="empty entries",
    ),
    pytest.param(
        bundle({"id": "x"}, RESULT),
        {**TWO, "unused": ["entry 1: it has no resourceType"]},
        id="an entry without a resourceType",
    ),
    pytest.param(
        bundle({"resourceType": "Observation", "id": 7, "code": "x", "subject": 5}, RESULT),
        TWO,
        id="an entry of quite another shape",
    ),
    pytest.param(
        {"resourceType": "Bundle", "type": 5, "total": "one", "link": {}, "entry": {"resource": RESULT}},
        TWO,
        id="a Bundle of another shape",
    ),
    pytest.param(
        bundle(
            RESULT,
            *(
                {"resourceType": "AllergyIntolerance", "id": f"a{n}", "patient": {"reference": "Patient/p"}}
                for n in range(13)
            ),
        ),
        {**TWO, "unused": ["AllergyIntolerance (13): not read by mgcds"]},
        id="what is not read has one line a type",
    ),
]


@pytest.mark.parametrize(("content", "expected"), SHAPES)
def test_a_shape_of_input(content: Any, expected: dict[str, Any], pack: RulePack) -> None:
    plain = read_bundle(content, pack, RETRIEVED)
    assert read_bundle(json.dumps(content).encode(), pack, RETRIEVED) == plain
    has(said(plain), expected)


def test_one_resource_that_cannot_be_decoded_does_not_lose_the_bundle(pack: RulePack) -> None:
    text = (
        json.dumps(bundle(patient(), observation(MAGNESIUM, mgdl(2)), condition("BROKEN")))
        .encode()
        .replace(b"BROKEN", b"\xff\xfe")
    )
    short = said(read_bundle(text, pack))
    has(
        short,
        {
            MG: ["2 mg/dL on 2026-11-01"],
            "conditions": [],
            "rejected": ["conditions: it cannot be decoded"],
            "unused": [],
        },
    )


PHQ9_FORM = questionnaire(
    *(item(code, {"valueInteger": 3}) for code in PHQ9_ITEMS), item("said", {"valueString": "BROKEN"})
)
LIST = {
    "resourceType": "List",
    "id": "l",
    "status": "current",
    "subject": {"reference": "Patient/p"},
    "title": "BROKEN",
}
SPECIMEN = {"resourceType": "Specimen", "id": "s", "note": [{"text": "BROKEN"}]}


@pytest.mark.parametrize(
    ("resources", "rejected"),
    [
        pytest.param([medicine(text="BROKEN")], ["medicines: it cannot be decoded"], id="a medicine"),
        pytest.param([condition("BROKEN")], ["conditions: it cannot be decoded"], id="a condition"),
        pytest.param(
            [observation(MAGNESIUM, mgdl(2), code={**concept(MAGNESIUM), "text": "BROKEN"})],
            [f"{MG}: it cannot be decoded"],
            id="a result",
        ),
        pytest.param(
            [PHQ9_FORM],
            ["phq9_forms: it cannot be decoded, and it may be a PHQ-9", "functional_difficulty: it cannot be decoded"],
            id="a questionnaire",
        ),
        pytest.param(
            [{**LIST, "code": concept("10160-0")}], ["medicines: it cannot be decoded"], id="a medication list"
        ),
        pytest.param(
            [LIST],
            ["medicines: it cannot be decoded", "conditions: it cannot be decoded"],
            id="a list of one of the two",
        ),
        pytest.param([{**LIST, "code": concept("52472-8")}], [], id="another list"),
        pytest.param(
            [observation(MAGNESIUM, mgdl(2), specimen={"reference": "Specimen/s"}), SPECIMEN],
            [f"{MG}: whether its specimen was spoilt is not known"],
            id="a specimen",
        ),
    ],
)
def test_what_cannot_be_decoded_is_missed_where_it_belongs(
    resources: list[dict[str, Any]], rejected: list[str], pack: RulePack
) -> None:
    for content in (bundle(patient(), *resources), [patient(), *resources]):
        reading = read_bundle(json.dumps(content).encode().replace(b"BROKEN", b"K\xf6nig"), pack)
        has(said(reading), {"rejected": rejected, MG: None})
        assert accounted_for(reading) == 1 + len(resources)


def test_an_older_phq9_does_not_stand_in_for_one_that_cannot_be_decoded(pack: RulePack) -> None:
    older = questionnaire(*(item(code, {"valueInteger": 1}) for code in PHQ9_ITEMS), id="older", authored="2026-11-01")
    text = json.dumps(bundle(patient(), older, PHQ9_FORM)).encode().replace(b"BROKEN", b"\xf6")
    facts = read_facts(read_bundle(text, pack).record, pack, RETRIEVED)
    assert getattr(facts.items["phq9"], "reason", None) == "rejected"
    positive = facts.items["phq9_item9"]
    assert isinstance(positive, Reading)
    assert positive.range.low == 1, "what was positive still needs a review"


def test_a_byte_order_mark_and_blanks_are_skipped(pack: RulePack) -> None:
    assert read_bundle(b"\xef\xbb\xbf \n" + json.dumps(bundle(RESULT)).encode(), pack).record.serum_magnesium


def test_half_a_character_loses_nothing_else(pack: RulePack) -> None:
    text = json.dumps(bundle(patient(), RESULT)).replace('"gender"', '"x": "\ud800", "gender"')
    has(said(read_bundle(text, pack)), {**TWO, "sex": "female"})


def test_ndjson_of_one_patient(pack: RulePack) -> None:
    text = "\n".join(json.dumps(resource) for resource in (patient(), RESULT)) + "\n{broken\n"
    has(said(read_bundle(text, pack)), {**TWO, "sex": "female", "unused": ["line 3: it is not JSON"]})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "null",
        "42",
        "<Bundle/>",
        "{",
        '{"entry": []}',
        "[1, 2]",
        '{"hello": "world"}',
        b"\xff\xfe",
        "[" * 100_000,
        '{"a":' * 100_000,
        {"entry": []},
        [{}],
        None,
        42,
    ],
)
def test_what_is_no_fhir_at_all_is_refused_without_its_content(content: Any, pack: RulePack) -> None:
    with pytest.raises(RecordError, match="this is no FHIR") as refused:
        read_bundle(content, pack)
    assert "world" not in str(refused.value)


@pytest.mark.parametrize("content", ["[]", '{"resourceType": "Bundle"}', [], {"resourceType": "Bundle", "entry": []}])
def test_nothing_is_an_empty_record(content: Any, pack: RulePack) -> None:
    reading = read_bundle(content, pack)
    assert (reading.patient, reading.used, reading.unused, reading.record.medicines) == (None, (), (), None)


# --- many patients ---


def lines(*resources: dict[str, Any]) -> list[str]:
    return [json.dumps(resource) for resource in resources]


def test_ndjson_of_many_patients_in_any_order(pack: RulePack) -> None:
    hers, his = {"reference": "Patient/p"}, {"reference": "Patient/q"}
    given = [
        observation(MAGNESIUM, mgdl(2), subject=hers),
        observation(MAGNESIUM, mgdl(3), id="x", subject=his),
        patient(),
        SERTRALINE,
        referring("Medication/s", subject=his),
        {"resourceType": "Patient", "id": "q"},
        {"resourceType": "Organization", "id": "org"},
        observation(MAGNESIUM, mgdl(4), id="y", subject=None),
        {"resourceType": "Medication", "id": "unused"},
    ]
    readings = {reading.patient: reading for reading in read_ndjson([*lines(*given), "{broken", ""], pack, RETRIEVED)}
    assert set(readings) == {"Patient/p", "Patient/q"}
    assert [said(readings[who])[MG] for who in ("Patient/p", "Patient/q")] == [
        ["2 mg/dL on 2026-11-01"],
        ["3 mg/dL on 2026-11-01"],
    ]
    assert said(readings["Patient/q"])["medicines"] == ["sertraline active 2026-01-01.."]
    assert readings["Patient/p"].record.medicines is None
    assert accounted_for(*readings.values()) == len(given) + 1


def test_ndjson_without_a_patient_is_listed(pack: RulePack) -> None:
    (reading,) = read_ndjson(lines({"resourceType": "Organization", "id": "x"}), pack)
    assert (reading.patient, [line.reference for line in reading.unused]) == (None, ["Organization (1)"])


def test_no_lines_are_no_patients(pack: RulePack) -> None:
    assert list(read_ndjson([], pack)) == []


def test_lines_that_are_no_fhir_are_refused(pack: RulePack) -> None:
    with pytest.raises(RecordError):
        list(read_ndjson(["hello", "world"], pack))
