"""The fast way for plain patients says what reading them one by one says, of facts and of what was not used."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from mgcds.engines.columnar import columnar
from mgcds.engines.facts_table import Layout
from mgcds.fhir import conditions, medicines
from mgcds.fhir.references import Known
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_measured
from mgcds.model.record import Measurement
from mgcds.populations import item_by_item, plain, plain_apart, plain_medicines, plain_results
from mgcds.populations.one_by_one import Read, read_group
from mgcds.populations.plain import Flat
from mgcds.populations.synthesis.writing import Cohort, write
from tests.fhir.builders import (
    MAGNESIUM,
    PHQ9_DIFFICULTY,
    SERTRALINE,
    concept,
    condition,
    item,
    medicine,
    mgdl,
    observation,
    patient,
    questionnaire,
    referring,
)

ON = date(2026, 11, 21)
PATIENTS, MOST_LEFT = 400, 0.1
Row = dict[str, Any]
Unused = Counter[tuple[str, str]]
Groups = Mapping[str, tuple[list[bytes], list[bytes]]]
"""the lines of each patient, and those that they look up"""


@dataclass
class Outcome:
    """Rows by patient, and what was not used of each."""

    rows: dict[str, Row]
    unused: dict[str, Unused]


@pytest.fixture(scope="module")
def layout(pack: RulePack) -> Layout:
    return columnar(pack).layout


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Groups:
    """Synthetic patients with all kinds of mess, by the lines that are theirs."""
    folder = tmp_path_factory.mktemp("cohort") / "all"
    write(Cohort(PATIENTS, 7, ON), folder)
    found: dict[str, tuple[list[bytes], list[bytes]]] = defaultdict(lambda: ([], []))
    catalogue: dict[str, bytes] = {}
    for file in sorted(folder.glob("*.ndjson")):
        for line in file.read_bytes().splitlines():
            resource = json.loads(line)
            kind = resource["resourceType"]
            if kind == "Medication":
                catalogue[f"Medication/{resource['id']}"] = line
                continue
            whose = f"Patient/{resource['id']}" if kind == "Patient" else resource["subject"]["reference"]
            found[whose][0].append(line)
            looked_up = resource.get("medicationReference", {}).get("reference")
            if looked_up is not None:
                found[whose][1].append(catalogue[looked_up])
    return found | of_one(
        {**MAG, "referenceRange": [{"low": {"value": 1.5, "unit": "mg/dL"}, "high": {"value": 2.3, "unit": "mg/dL"}}]},
        medicine(text="sertraline", id="a", status="completed", **of()),
    )


def one_by_one(groups: Groups, layout: Layout) -> Outcome:
    found = Outcome({}, {})
    for who, (own, shared) in groups.items():
        read = Read(layout)
        read_group(list(enumerate(own, 1)), list(enumerate(shared, len(own) + 1)), layout.pack, ON, False, read)
        found.unused[who] = read.unused
        found.rows |= {row["patient"]: row for row in read.facts().to_pylist()}
    return found


def at_once(groups: Groups, layout: Layout) -> tuple[Outcome, dict[str, str]]:
    """The plain patients, and why the others are not."""
    flat, taken = Flat(layout, ON), list[str]()
    why = {}
    for who, (own, shared) in groups.items():
        why[who] = flat.take(own, shared)
        taken += [] if why[who] else [who]
    facts, left = flat.facts()
    unused = {who: Counter(flat.unused[number]) for number, who in enumerate(taken) if number not in left}
    why |= {taken[number]: "a row that is not plain" for number in left}
    return Outcome({row["patient"]: row for row in facts.to_pylist()}, unused), {
        who: each for who, each in why.items() if each
    }


def differing(found: Outcome, expected: Outcome) -> list[Any]:
    wrong = [
        (who, name, row[name], expected.rows[who][name])
        for who, row in found.rows.items()
        for name in row
        if row[name] != expected.rows[who][name]
    ]
    return wrong + [
        (who, each, expected.unused[who]) for who, each in found.unused.items() if each != expected.unused[who]
    ]


@pytest.fixture(scope="module")
def expected(cohort: Groups, layout: Layout) -> Outcome:
    return one_by_one(cohort, layout)


def test_a_cohort_with_mess(cohort: Groups, expected: Outcome, layout: Layout) -> None:
    found, left = at_once(cohort, layout)
    assert differing(found, expected) == []
    assert len(left) < MOST_LEFT * PATIENTS, Counter(left.values())
    assert found.rows.keys() | left.keys() == expected.rows.keys()
    assert expected.unused.keys() - expected.rows.keys() == found.unused.keys() - found.rows.keys(), "the deceased"
    assert sum(map(len, found.unused.values())) > PATIENTS / 4


def of_one(*resources: Row) -> dict[str, tuple[list[bytes], list[bytes]]]:
    """One patient; Medications are looked up."""
    found: tuple[list[bytes], list[bytes]] = ([], [])
    for each in ({**patient(), "id": "p1"}, *resources):
        found[each["resourceType"] == "Medication"].append(json.dumps(each).encode())
    return {"Patient/p1": found}


def of(who: str = "Patient/p1") -> Row:
    return {"subject": {"reference": who}}


def quantity(value: Any, unit: str) -> Row:
    return {"valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}}


DAY = {"effectiveDateTime": "2026-11-20"}
MAG = observation(MAGNESIUM, mgdl(1.6), id="m", **of(), **DAY)
SERTRALINE_SINCE = medicine(text="sertraline", id="a", authoredOn="2026-01-01", **of())


def displayed(text: str, display: str) -> Row:
    return condition(code=concept("x", "urn:own", display, text), id="c", onsetDateTime="2026-10-01", **of())


def how_difficult(code: str) -> Row:
    return questionnaire(item(PHQ9_DIFFICULTY, {"valueCoding": {"code": code}}), id=code, authored="2026-11-20", **of())


PLAIN = [
    pytest.param([MAG], id="a result"),
    pytest.param([MAG, MAG], id="a result given twice"),
    pytest.param(
        [MAG, {**MAG, "id": "n", "status": "entered-in-error", "effectiveDateTime": "2026-11-21"}],
        id="a void result after it",
    ),
    pytest.param(
        [{**MAG, "id": "o", "valueQuantity": {"value": 1, "unit": "furlong"}, "effectiveDateTime": "2026-01-01"}, MAG],
        id="an older one in an unknown unit",
    ),
    pytest.param(
        [
            observation(
                "33914-3",
                quantity(60, "mL/min/{1.73_m2}")
                | {"valueQuantity": {"value": 60, "comparator": ">", "unit": "mL/min/1.73m2"}},
                id="e",
                **of(),
                **DAY,
            )
        ],
        id="a comparator",
    ),
    pytest.param(
        [observation("8480-6", quantity(120, "mm[Hg]"), id="s", **of(), **DAY)], id="a result that no rule uses"
    ),
    pytest.param(
        [SERTRALINE_SINCE, medicine(text="omeprazole", id="b", status="stopped", authoredOn="2025", **of())],
        id="two medicines",
    ),
    pytest.param(
        [
            medicine(text="sertraline", id="a", status="completed", authoredOn="2026-01-01", **of()),
            medicine(text="sertraline", id="b", authoredOn="2026-01-20", **of()),
        ],
        id="a renewal",
    ),
    pytest.param(
        [
            medicine(text="sertraline", id="a", status="stopped", authoredOn="2025-01-01", **of()),
            medicine(text="sertraline", id="b", authoredOn="2026-01-20", **of()),
        ],
        id="after a pause",
    ),
    pytest.param(
        [medicine(text="sertraline", id="a", status="entered-in-error", **of())], id="a medicine entered in error"
    ),
    pytest.param(
        [
            referring("Medication/sertraline", id="a", authoredOn="2026-01-01", **of()),
            {**SERTRALINE, "id": "sertraline"},
        ],
        id="a medicine that is looked up",
    ),
    pytest.param(
        [referring("Medication/lost", id="a", status="stopped", **of())],
        id="a medicine that was stopped and is not given",
    ),
    pytest.param([how_difficult("LA6574-3"), how_difficult("LA6572-7")], id="two answers of one day, the worse first"),
    pytest.param([how_difficult("LA6572-7"), how_difficult("LA6574-3")], id="two answers of one day, the worse last"),
    pytest.param([condition("Bipolar disorder", id="c", onsetDateTime="2020", **of())], id="a problem"),
    pytest.param(
        [condition("Bipolar disorder", id="c", clinicalStatus={"coding": [{"code": "remission"}]}, **of())],
        id="a problem in remission",
    ),
    pytest.param(
        [condition("Depression", id="c", clinicalStatus={"coding": [{"code": "remission"}]}, **of())],
        id="one that its value set does not mean in remission",
    ),
    pytest.param(
        [condition("Pregnancy", id="c", clinicalStatus={"coding": [{"code": "remission"}]}, **of())],
        id="a pregnancy in remission",
    ),
    pytest.param([displayed("Mood disorder", "Bipolar I disorder")], id="a problem by its display"),
    pytest.param([displayed("Depression", "Bipolar II disorder")], id="a problem that is two"),
    pytest.param([displayed("Amenorrhoea", "Pregnancy")], id="a pregnancy by its display"),
    pytest.param(
        [
            medicine(
                text=None,
                medicationCodeableConcept=concept("x", "urn:own", "Ciprofloxacin", "antibiotic"),
                id="a",
                authoredOn="2026-11-16",
                **of(),
            ),
            medicine(text="antibiotic / ciprofloxacin", id="b", authoredOn="2026-11-18", **of()),
        ],
        id="a medicine by its display, twice",
    ),
    pytest.param(
        [condition("Bipolar disorder", id="c", verificationStatus={"coding": [{"code": "refuted"}]}, **of())],
        id="a refuted one",
    ),
    pytest.param(
        [condition("Bipolar disorder", id="c", clinicalStatus={"coding": [{"code": "resolved"}]}, **of())],
        id="one that has ended on some day",
    ),
    pytest.param(
        [{"resourceType": "AllergyIntolerance", "id": "x", "patient": {"reference": "Patient/p1"}}],
        id="what is not read",
    ),
]


OLDER = {
    **MAG,
    "id": "older",
    "valueQuantity": {**MAG["valueQuantity"], "value": 1.9},
    "effectiveDateTime": "2026-11-01",
}
NEXT_DAY = {"effectiveDateTime": "2026-11-21"}
PREGNANCY = "82810-3"


def therapy(kind: str = "Procedure", **more: Any) -> Row:
    return {"resourceType": kind, "id": kind, "code": {"text": "psychotherapy"}, **of(), **more}


def without(resource: Row, key: str) -> Row:
    return {name: value for name, value in resource.items() if name != key}


def valued(value: Row, **more: Any) -> Row:
    return {**without(MAG, "valueQuantity"), **value, **more}


READ_APART = [
    pytest.param([{**MAG, "note": [{"text": "haemolysed"}]}], id="a note"),
    pytest.param([{**MAG, "modifierExtension": [{"url": "x"}]}, OLDER], id="an element that may change all"),
    pytest.param([{**MAG, "focus": [{"reference": "Patient/other"}]}, OLDER], id="about another"),
    pytest.param([{**MAG, "valueString": "low"}, OLDER], id="two values"),
    pytest.param(
        [
            {
                **MAG,
                "valueQuantity": {
                    "value": 1.6,
                    "unit": "mmol/L",
                    "system": "http://unitsofmeasure.org",
                    "code": "mg/dL",
                },
            },
            OLDER,
        ],
        id="two units",
    ),
    pytest.param([without(MAG, "effectiveDateTime"), OLDER], id="no date"),
    pytest.param(
        [without(MAG, "effectiveDateTime"), valued({"valueString": "see comment"}, id="n")], id="no date, and words"
    ),
    pytest.param([{**MAG, "status": "registered"}, OLDER], id="not a result yet"),
    pytest.param(
        [{**MAG, "status": "registered", **NEXT_DAY}, {**OLDER, **NEXT_DAY}], id="not a result yet, and one of its day"
    ),
    pytest.param([{**MAG, "status": "of another world"}, OLDER], id="a status that is none"),
    pytest.param([valued({"valueString": "see comment"}), OLDER], id="words for a value"),
    pytest.param(
        [valued({"valueString": "see comment"}), {**OLDER, **DAY}], id="words for a value, and one of its day"
    ),
    pytest.param(
        [valued({"valueString": "see comment"}), {**OLDER, **NEXT_DAY}], id="words for a value, and a newer one"
    ),
    pytest.param(
        [valued({"valueString": "see comment"}, effectiveDateTime="2026-12-01"), OLDER], id="words for a value to come"
    ),
    pytest.param(
        [valued({"valueString": "see comment"}, status="entered-in-error"), OLDER], id="words that were an error"
    ),
    pytest.param([valued({"valueQuantity": {"value": 9, "unit": "furlong"}}), OLDER], id="a unit that is none"),
    pytest.param(
        [
            valued(
                {"valueQuantity": {"value": 1.6, "unit": "mg/dL"}}, effectiveDateTime="2021-01-01", status="registered"
            )
        ],
        id="not a result yet, of long ago",
    ),
    pytest.param([valued({"valueQuantity": {"value": 99, "unit": "mmol/L"}}), OLDER], id="a value that cannot be"),
    pytest.param([{**MAG, "code": {"coding": [{"code": MAGNESIUM}]}}, OLDER], id="a code of no system"),
    pytest.param([{**MAG, "referenceRange": [{"text": "normal: 1.7 to 2.3"}]}], id="a reference range in words"),
    pytest.param(
        [
            {**MAG, "specimen": {"reference": "Specimen/s"}},
            {"resourceType": "Specimen", "id": "s", "condition": [{"text": "haemolysed"}], **of()},
        ],
        id="a specimen",
    ),
    pytest.param([MAG, {"resourceType": "Specimen", "id": "s", **of()}], id="a specimen of nothing"),
    pytest.param(
        [
            {**MAG, "meta": {"lastUpdated": "2026-11-20T10:00:00Z"}},
            {**MAG, "valueQuantity": mgdl(1.2)["valueQuantity"], "meta": {"lastUpdated": "2026-11-20T09:00:00Z"}},
        ],
        id="versions of a result",
    ),
    pytest.param([observation(PREGNANCY, {"valueString": "not pregnant"}, id="g", **of(), **DAY)], id="not pregnant"),
    pytest.param(
        [
            observation(PREGNANCY, {"valueString": "not pregnant"}, id="g", **of(), **DAY),
            observation(PREGNANCY, {"valueString": "pregnant"}, id="h", **of(), **NEXT_DAY),
            condition("Pregnancy", id="c", onsetDateTime="2026-10-01", **of()),
        ],
        id="statements about pregnancy",
    ),
    pytest.param([therapy(status="in-progress", performedPeriod={"start": "2026-10-01"})], id="psychotherapy"),
    pytest.param(
        [therapy(status="completed", performedPeriod={"start": "2025-10-01", "end": "2026-01"}), SERTRALINE_SINCE],
        id="psychotherapy, and a medicine",
    ),
    pytest.param([therapy(status="not-done")], id="psychotherapy that was not done"),
    pytest.param(
        [therapy("ServiceRequest", status="active", intent="order", authoredOn="2026-11-01")],
        id="psychotherapy that is awaited",
    ),
    pytest.param(
        [
            therapy("ServiceRequest", status="active", authoredOn="2026-09-01"),
            therapy(status="in-progress", performedPeriod={"start": "2026-10-01"}),
        ],
        id="psychotherapy that has begun",
    ),
]


def magnesium(dose: str | None, **more: Any) -> Row:
    said = {"dosage": [{"text": dose}]} if dose else {}
    return {
        "resourceType": "MedicationStatement", "id": "mg", "status": "active", "effectivePeriod": {"start": "2026-10-20"},
        "medicationCodeableConcept": {"text": "magnesium citrate"}, **of(), **said, **more,
    }  # fmt: skip


def phq9(total: int, day: str) -> Row:
    return observation("44261-6", quantity(total, "{score}"), id=f"q{day}", effectiveDateTime=day, **of())


OF_MAGNESIUM = [
    pytest.param([magnesium("take 248 mg elemental magnesium daily")], id="a dose"),
    pytest.param(
        [magnesium("1 tablet twice a day"), magnesium("248 mg elemental daily", id="mg2")], id="a dose that is not told"
    ),
    pytest.param(
        [magnesium("200 mg elemental daily"), magnesium("200 mg elemental daily", id="mg2")], id="recorded twice"
    ),
    pytest.param(
        [
            magnesium("200 mg elemental daily", effectivePeriod={"start": "2026-09-01", "end": "2026-10-01"}),
            magnesium("200 mg elemental daily", id="mg2", effectivePeriod={"start": "2026-10-01"}),
        ],
        id="one after the other",
    ),
    pytest.param(
        [
            magnesium("200 mg elemental daily", effectivePeriod={"start": "2026-11-01", "end": "2026-12-01"}),
            magnesium("200 mg elemental daily", id="mg2", status="on-hold"),
        ],
        id="one on hold beside it",
    ),
    pytest.param([magnesium("500 mg salt of MgO daily", status="on-hold")], id="on hold"),
    pytest.param(
        [magnesium(None, status="completed", effectivePeriod={"start": "2026-01", "end": "2026-02"})],
        id="of last winter",
    ),
    pytest.param([medicine(text="magnesium citrate", id="a", authoredOn="2026-10-20", **of())], id="an order"),
    pytest.param([magnesium("248 mg elemental daily"), SERTRALINE_SINCE], id="beside another medicine"),
    pytest.param(
        [magnesium("248 mg elemental daily"), medicine(text="gobbledygook", id="a", **of())],
        id="beside what is not known",
    ),
    pytest.param(
        [magnesium("248 mg elemental daily"), phq9(18, "2026-10-10"), phq9(20, "2026-08-10"), phq9(8, "2026-11-15")],
        id="and the PHQ-9 has fallen since",
    ),
    pytest.param([magnesium("248 mg elemental daily"), phq9(18, "2026-10-10")], id="and no PHQ-9 since"),
    pytest.param(
        [
            magnesium("248 mg elemental daily", effectivePeriod={"start": "2026-10"}),
            phq9(18, "2026-09-10"),
            phq9(9, "2026-11-10"),
        ],
        id="since some day of a month",
    ),
]


LATER = "2026-11-22T06:31:55Z"
OF_TIME_ZONES = [
    pytest.param([MAG, {**MAG, "id": "later", "effectiveDateTime": LATER}], id="of today in another time zone"),
    pytest.param([{**SERTRALINE_SINCE, "effectivePeriod": {"start": LATER}}], id="begun today in another time zone"),
    pytest.param(
        [
            {**MAG, "effectiveDateTime": "2026-11-11T01:00:00Z"},
            {**MAG, **mgdl(1.2), "id": "later", "effectiveDateTime": "2026-11-10T23:30:00-05:00"},
        ],
        id="the later moment of two time zones",
    ),
    pytest.param(
        [MAG, {**MAG, **mgdl(1.2), "id": "month", "effectiveDateTime": "2026-11"}], id="a month that may be newer"
    ),
]


@pytest.mark.parametrize("resources", OF_TIME_ZONES)
def test_a_patient_with_dates_that_only_the_reader_orders(resources: list[Row], layout: Layout) -> None:
    groups = of_one(*resources)
    expected = one_by_one(groups, layout)
    found, left = at_once(groups, layout)
    assert left.keys() | found.rows.keys() == expected.rows.keys()
    assert all(row == expected.rows[patient] for patient, row in found.rows.items())


@pytest.mark.parametrize("resources", [*PLAIN, *READ_APART, *OF_MAGNESIUM])
def test_a_plain_patient(resources: list[Row], layout: Layout) -> None:
    groups = of_one(*resources)
    found, left = at_once(groups, layout)
    assert left == {}
    assert differing(found, one_by_one(groups, layout)) == []


NOT_PLAIN = [
    pytest.param({**MAG, "id": "t", "valueQuantity": {"value": "1.6", "unit": "mg/dL"}}, id="a number as text"),
    pytest.param({**MAG, "id": "v", "subject": {"reference": "Patient/p1/_history/1"}}, id="a versioned reference"),
    pytest.param(
        observation("46424-8", quantity(3, "1"), id="h", interpretation=[{"text": "H"}], **of(), **DAY),
        id="a raised index of haemolysis",
    ),
    pytest.param(
        {**MAG, "effectiveDateTime": "2026-11-20T24:00:00Z", "note": [{"text": "x"}]}, id="a date that no clock has"
    ),
    pytest.param(
        observation("44261-6", {"valueString": "twelve"}, id="q", **of(), **DAY), id="a PHQ-9 that is not plain"
    ),
    pytest.param(
        observation("82810-3", {"valueString": "perhaps"}, id="g", **of(), **DAY), id="a pregnancy that is not told"
    ),
    pytest.param({**SERTRALINE_SINCE, "doNotPerform": True}, id="an order not to"),
    pytest.param(
        {
            **SERTRALINE_SINCE,
            "medicationCodeableConcept": concept("x", "urn:own", "Lithium injection", "Itraconazole 100 mg"),
        },
        id="a medicine that cannot be both",
    ),
    pytest.param(
        {
            **SERTRALINE_SINCE,
            "status": "stopped",
            "statusReason": {"coding": [{"system": "http://snomed.info/sct", "code": "105480006"}]},
        },
        id="refused",
    ),
    pytest.param(
        {**MAG, "id": "m", "status": "amended", "valueQuantity": mgdl(1.2)["valueQuantity"]},
        id="versions that cannot be told apart",
    ),
    pytest.param(condition("Bipolar disorder", id="c", abatementString="last year", **of()), id="an end in words"),
    pytest.param({"resourceType": "MedicationDispense", "id": "d", "status": "completed", **of()}, id="a dispense"),
]


@pytest.mark.parametrize("resource", NOT_PLAIN)
def test_a_patient_who_is_not_plain(resource: Row, layout: Layout) -> None:
    found, left = at_once(of_one(MAG, resource), layout)
    assert (list(found.rows), list(left)) == ([], ["Patient/p1"])


def test_numbers_stay_as_they_were_written(layout: Layout) -> None:
    ((own, _),) = (given := of_one(MAG)).values()
    own[1] = own[1].replace(b'"value": 1.6', b'"value": 1.600')
    (row,) = at_once(given, layout)[0].rows.values()
    assert row["serum_magnesium_shown"] == "1.600 mg/dL"


# --- seeded faults: each is noticed ---------------------------------------------------------------------------------------------

Seed = Callable[[pytest.MonkeyPatch], None]


def replaced(owner: Any, name: str, wrong: Any) -> Seed:
    return lambda monkeypatch: monkeypatch.setattr(owner, name, wrong)


FAULTS = [
    pytest.param(
        replaced(medicines, "STATUS", {**medicines.STATUS, "completed": "active"}), id="what was completed is taken"
    ),
    pytest.param(
        replaced(medicines, "no_order", lambda resource, content, status: None), id="drafts and errors are orders"
    ),
    pytest.param(replaced(conditions, "NOT_SO", frozenset({"refuted"})), id="errors are problems"),
    pytest.param(replaced(conditions, "ENDED", frozenset()), id="problems never end"),
    pytest.param(replaced(plain_results, "limits_of", lambda given: (None, None)), id="no reference range"),
    pytest.param(replaced(plain_results.Results, "settle", lambda self, one: None), id="PHQ-9 left out"),
    pytest.param(replaced(Flat, "_settle_lists", lambda self, one: None), id="reviews left out"),
    pytest.param(
        replaced(plain_medicines, "same_medicine", lambda orders: [[order] for order in orders]),
        id="renewals are no course",
    ),
    pytest.param(replaced(plain, "reason", lambda why: ""), id="reasons lost"),
    pytest.param(
        replaced(Flat, "_is_new", lambda self, reference, line, one: bool(one.seen.setdefault(reference, line))),
        id="given twice, counted twice",
    ),
    pytest.param(replaced(plain, "merged", lambda facts, items: facts), id="what was read apart is lost"),
    pytest.param(
        replaced(
            item_by_item,
            "read_measured",
            lambda item, record, on, problems: read_measured(
                item, record.model_copy(update={"rejected": ()}), on, problems
            ),
        ),
        id="what was rejected leaves older results in place",
    ),
    pytest.param(
        replaced(item_by_item, "_measurement", lambda row: Measurement(value=1, date="1990")),
        id="the other results of an item are lost",
    ),
    pytest.param(replaced(plain_apart, "_leave", lambda one, gathered: None), id="reasons lost of what is read apart"),
    pytest.param(replaced(plain_apart, "Known", lambda resources: Known([])), id="no specimen is known"),
    pytest.param(
        replaced(
            plain_apart, "newest", lambda lines: (list({json.loads(line)["id"]: line for line in lines}.values()), [])
        ),
        id="the version that came last counts",
    ),
    pytest.param(
        replaced(plain_apart, "settle_pregnancies", lambda one, today: None), id="statements about pregnancy are lost"
    ),
    pytest.param(replaced(plain_apart, "read_treatments", lambda *given: None), id="psychotherapy is lost"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_noticed(
    fault: Seed, cohort: Groups, expected: Outcome, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    assert differing(at_once(cohort, layout)[0], expected)
