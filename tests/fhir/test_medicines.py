"""Medicines, renewals and doses."""

from __future__ import annotations

from typing import Any

import pytest

from mgcds.fhir import read_bundle
from mgcds.fhir.concepts import NOTHING
from mgcds.fhir.courses import Order, same_medicine
from mgcds.fhir.elements import Code
from mgcds.fhir.wire import Resource
from mgcds.model.pack import RulePack
from tests.fhir.builders import RETRIEVED, RXNORM, SERTRALINE, bundle, concept, has, medicine, patient, read, referring


def taken(name: str | None, dosage: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return medicine("MedicationStatement", name, dosage=[dosage] if dosage else None, **more)


def ordered(name: str, status: str, start: str, end: str | None = None) -> dict[str, Any]:
    given = {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": end}}}}]} if end else {}
    return medicine(id=name, status=status, authoredOn=start, **given)


def handed_over() -> dict[str, Any]:
    supply = {"value": 10, "code": "d"}
    return medicine("MedicationDispense", id="d", status="completed", whenHandedOver="2026-11-16", daysSupply=supply)


NAMED = {"medicines": ["sertraline active 2026-01-01.."], "unused": []}
MEDICINES = [
    pytest.param([medicine()], NAMED, id="named in words"),
    pytest.param(
        [medicine(text=None, medicationCodeableConcept=concept("36437", RXNORM, "sertraline"))],
        NAMED,
        id="named by the display of its code",
    ),
    pytest.param(
        [medicine(text=None, medicationCodeableConcept=concept("x", "urn:own", "Ciprofloxacin", "antibiotic"))],
        {"medicines": ["antibiotic / Ciprofloxacin active 2026-01-01.."], "unused": []},
        id="a display that puts it in a value set counts too",
    ),
    pytest.param(
        [referring("Medication/s"), {**SERTRALINE, "code": concept("x", "urn:own", "Ciprofloxacin", "antibiotic")}],
        {"medicines": ["antibiotic / Ciprofloxacin active 2026-01-01.."], "unused": []},
        id="the display of a Medication",
    ),
    pytest.param(
        [medicine(text=None, medicationCodeableConcept=concept("x", "urn:own", "Sertraline tablet", "sertraline"))],
        NAMED,
        id="a display that says the same",
    ),
    pytest.param(
        [medicine(text=None, medicationCodeableConcept=concept("36437", RXNORM))],
        {"medicines": ["rxnorm 36437 active 2026-01-01.."]},
        id="a code alone",
    ),
    pytest.param([referring("Medication/s"), SERTRALINE], NAMED, id="a relative reference"),
    pytest.param(
        [referring("https://ehr.example/fhir/Medication/s/_history/2"), SERTRALINE],
        NAMED,
        id="an absolute, versioned reference",
    ),
    pytest.param([referring("#in", contained=[{**SERTRALINE, "id": "in"}])], NAMED, id="a contained Medication"),
    pytest.param([medicine(text=None, medication={"concept": {"text": "sertraline"}})], NAMED, id="as R5 writes it"),
    pytest.param(
        [
            referring("Medication/s"),
            {
                "resourceType": "Medication",
                "id": "s",
                "identifier": [
                    {"system": "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-medication-ndc", "value": "0000"},
                    {
                        "system": "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-medication-name",
                        "value": "sertraline",
                    },
                ],
            },
        ],
        NAMED,
        id="named among the identifiers of the Medication",
    ),
    pytest.param(
        [
            referring("Medication/s"),
            {
                "resourceType": "Medication",
                "id": "s",
                "ingredient": [
                    {"itemCodeableConcept": {"text": "magnesium hydroxide"}},
                    {"itemCodeableConcept": {"text": "aluminium hydroxide"}},
                ],
            },
        ],
        {"medicines": ["magnesium hydroxide / aluminium hydroxide active 2026-01-01.."]},
        id="named by its ingredients",
    ),
    pytest.param(
        [referring("Medication/gone")],
        {"medicines": [], "rejected": ["medicines: its medicine 'Medication/gone' was not given"]},
        id="an active medicine that was not given leaves the list open",
    ),
    pytest.param(
        [referring("Medication/gone", status="stopped")],
        {"medicines": [], "rejected": [], "unused": ["was not given; it was stopped"]},
        id="a stopped medicine that was not given",
    ),
    pytest.param(
        [medicine(), SERTRALINE],
        {**NAMED, "unused": ["Medication (1): no medicine of the list refers to it"]},
        id="a Medication nobody takes",
    ),
    pytest.param([medicine(status="on-hold")], {"medicines": ["sertraline on-hold 2026-01-01.."]}, id="on hold"),
    pytest.param(
        [medicine(status="completed")],
        {"medicines": ["sertraline stopped 2026-01-01.."]},
        id="completed: stopped, nobody knows when",
    ),
    pytest.param(
        [medicine(status="completed", dispenseRequest={"validityPeriod": {"end": "2026-03-01"}})],
        {"medicines": ["sertraline stopped 2026-01-01..2026-03-01"]},
        id="the end of dispensing is the best end of an order that has ended",
    ),
    pytest.param(
        [medicine(dispenseRequest={"validityPeriod": {"end": "2026-03-01"}})],
        NAMED,
        id="the end of dispensing does not end an active order",
    ),
    pytest.param(
        [medicine(status="entered-in-error")],
        {"medicines": None, "unused": ["entered in error"]},
        id="entered in error is no entry",
    ),
    pytest.param(
        [medicine(status="draft")],
        {"medicines": None, "unused": ["a draft, not an order"]},
        id="a draft alone does not give the list",
    ),
    pytest.param(
        [medicine(intent="proposal")], {"medicines": None, "unused": ["a proposal, not an order"]}, id="a proposal"
    ),
    pytest.param(
        [medicine(doNotPerform=True)],
        {"medicines": None, "unused": ["an order not to give it"]},
        id="an order not to give it",
    ),
    pytest.param(
        [taken("sertraline", status="not-taken")],
        {"medicines": [], "unused": ["recorded as not taken"]},
        id="not taken",
    ),
    pytest.param(
        [medicine("MedicationAdministration", status="completed")],
        {"medicines": None, "unused": ["MedicationAdministration (1): a single"]},
        id="a single administration is no list",
    ),
    pytest.param([medicine(status=None)], {"medicines": ["sertraline unknown 2026-01-01.."]}, id="no status"),
    pytest.param(
        [medicine(modifierExtension=[{"url": "x"}])],
        {"medicines": [], "rejected": ["medicines: it has a modifierExtension"]},
        id="a modifierExtension",
    ),
    pytest.param(
        [taken("sertraline", effectivePeriod={"start": "2026-01-01", "end": "2026-02-01"})],
        {"medicines": ["sertraline active 2026-01-01..2026-02-01"]},
        id="the period of a statement",
    ),
    pytest.param(
        [taken("sertraline", effectivePeriod={"start": "2026-01-01", "end": "soon"})],
        {"medicines": ["sertraline unknown 2026-01-01.."], "unused": ["its end 'soon'"]},
        id="an end that cannot be read leaves open whether it is taken",
    ),
    pytest.param(
        [
            taken(
                None,
                medicationCodeableConcept=concept(
                    "no-known-medications", "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
                ),
            )
        ],
        {"medicines": [], "unused": []},
        id="no known medications (IPS)",
    ),
    pytest.param(
        [
            taken(
                None,
                medicationCodeableConcept=concept(
                    "no-medication-info", "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
                ),
            )
        ],
        {"medicines": None, "unused": ["nothing is known"]},
        id="no information about medications (IPS)",
    ),
    pytest.param(
        [
            medicine(
                "MedicationDispense",
                status="completed",
                whenHandedOver="2026-01-01",
                daysSupply={"value": 30, "unit": "days"},
            )
        ],
        {"medicines": ["sertraline unknown 2026-01-01..2026-03-03"]},
        id="handed over: perhaps taken, until a month after the supply",
    ),
    pytest.param(
        [medicine(), medicine("MedicationDispense", status="completed", whenHandedOver="2026-01-02", id="d")],
        {
            "medicines": ["sertraline active 2026-01-01.."],
            "unused": ["MedicationDispense/d: handed over; MedicationRequest/m tells"],
        },
        id="handed over on a request",
    ),
    pytest.param(
        [
            ordered("m", "completed", "2026-01-01", "2026-03-01"),
            medicine("MedicationDispense", status="completed", whenHandedOver="2026-11-01", id="d"),
        ],
        {"medicines": ["sertraline stopped 2026-01-01..2026-03-01", "sertraline unknown 2026-11-01.."], "unused": []},
        id="handed over after its last known end: perhaps taken again",
    ),
    pytest.param(
        [handed_over(), taken("sertraline", effectivePeriod={"start": "2020-01-01", "end": "2020-01-10"})],
        {
            "medicines": ["sertraline active 2020-01-01..2020-01-10", "sertraline unknown 2026-11-16..2026-12-27"],
            "unused": [],
        },
        id="handed over long after a statement that is called active has ended",
    ),
    pytest.param(
        [handed_over(), taken("sertraline", effectivePeriod={"start": "2020-01-01", "end": "2026-11-18"})],
        {"medicines": ["sertraline active 2020-01-01..2026-11-18"], "unused": ["MedicationStatement/m tells"]},
        id="handed over before the end of a statement",
    ),
    pytest.param(
        [handed_over(), taken("sertraline", effectivePeriod={"start": "2020-01-01", "end": "2026-11"})],
        {
            "medicines": ["sertraline active 2020-01-01..2026-11", "sertraline unknown 2026-11-16..2026-12-27"],
            "unused": [],
        },
        id="handed over in the month in which a statement ends",
    ),
    pytest.param(
        [handed_over(), medicine(status="completed", authoredOn="2026-11-16")],
        {"medicines": ["sertraline stopped 2026-11-16..", "sertraline unknown 2026-11-16..2026-12-27"], "unused": []},
        id="handed over on a request that is completed: all was handed over",
    ),
    pytest.param(
        [handed_over(), ordered("m", "completed", "2026-11-16", "2026-11-18")],
        {"medicines": ["sertraline stopped 2026-11-16..2026-11-18"], "unused": ["MedicationRequest/m tells"]},
        id="handed over on a request that is completed, and ended after that",
    ),
    pytest.param(
        [handed_over(), medicine(status="stopped", authoredOn="2026-11-16")],
        {"medicines": ["sertraline stopped 2026-11-16.."], "unused": ["MedicationRequest/m tells"]},
        id="handed over on a request that was stopped since",
    ),
    pytest.param(
        [medicine(authoredOn="yesterday")],
        {"medicines": ["sertraline active ?.."], "unused": ["MedicationRequest/m: its start cannot be read"]},
        id="a start that cannot be read",
    ),
]


@pytest.mark.parametrize(("resources", "expected"), MEDICINES)
def test_a_medicine(resources: list[dict[str, Any]], expected: dict[str, Any], pack: RulePack) -> None:
    has(read(bundle(patient(), *resources), pack), expected)


def test_a_medication_of_the_same_id_on_another_server_is_another(pack: RulePack) -> None:
    content = bundle(patient(), referring("https://one.example/Medication/s"), SERTRALINE)
    content["entry"][2]["fullUrl"] = "https://other.example/Medication/s"
    has(
        read(content, pack),
        {"medicines": [], "rejected": ["medicines: its medicine 'https://one.example/Medication/s' was not given"]},
    )


def test_a_medication_by_its_urn(pack: RulePack) -> None:
    content = bundle(patient(), referring("urn:uuid:3f"), {**SERTRALINE, "id": "other"})
    content["entry"][2]["fullUrl"] = "urn:uuid:3f"
    has(read(content, pack), NAMED)


COURSES = [
    pytest.param(
        [ordered("a", "completed", "2026-01-01", "2026-03-31"), ordered("b", "active", "2026-04-10")],
        ["sertraline active 2026-01-01.."],
        id="a renewal within the month",
    ),
    pytest.param(
        [ordered("a", "completed", "2026-01-01", "2026-03-31"), ordered("b", "active", "2026-05-01")],
        ["sertraline active 2026-01-01.."],
        id="a gap of 31 days",
    ),
    pytest.param(
        [ordered("a", "completed", "2026-01-01", "2026-03-31"), ordered("b", "active", "2026-05-02")],
        ["sertraline stopped 2026-01-01..2026-03-31", "sertraline active 2026-05-02.."],
        id="a gap of 32 days",
    ),
    pytest.param(
        [ordered("b", "active", "2026-06-01"), ordered("a", "stopped", "2026-01-01")],
        ["sertraline stopped 2026-01-01..", "sertraline active 2026-06-01.."],
        id="stopped without a date: the gap is not bridged by assumption",
    ),
    pytest.param(
        [ordered("a", "active", "2026-01-01"), ordered("b", "active", "2026-06-01")],
        ["sertraline active 2026-01-01.."],
        id="an active order goes on until renewed",
    ),
    pytest.param(
        [ordered("a", "active", "2026-01-01"), ordered("b", "stopped", "2026-06-01", "2026-07-01")],
        ["sertraline active 2026-01-01..", "sertraline stopped 2026-06-01..2026-07-01"],
        id="a newer order that was stopped does not hide the active one",
    ),
    pytest.param(
        [ordered("a", "active", "2026-01-01", "2026-06-30"), ordered("b", "on-hold", "2026-01-01", "2026-06-30")],
        ["sertraline active 2026-01-01..2026-06-30", "sertraline on-hold 2026-01-01..2026-06-30"],
        id="an order on hold does not hide the active one of the same day",
    ),
    pytest.param(
        [ordered("b", "on-hold", "2026-01-01", "2026-06-30"), ordered("a", "active", "2026-01-01", "2026-06-30")],
        ["sertraline active 2026-01-01..2026-06-30", "sertraline on-hold 2026-01-01..2026-06-30"],
        id="an order on hold does not hide the active one, whichever comes first",
    ),
    pytest.param(
        [ordered("b", "on-hold", "2026-01-01", "2026-06-30"), ordered("a", "completed", "2026-01-01", "2026-06-30")],
        ["sertraline on-hold 2026-01-01..2026-06-30"],
        id="of one day, an order that was stopped does not hide one on hold",
    ),
    pytest.param(
        [ordered("a", "completed", "2026-01-01", "2026-06-30"), ordered("b", "active", "2026")],
        ["sertraline stopped 2026-01-01..2026-06-30", "sertraline active 2026.."],
        id="a partial start may leave a longer gap",
    ),
]


@pytest.mark.parametrize(("resources", "expected"), COURSES)
def test_a_course(resources: list[dict[str, Any]], expected: list[str], pack: RulePack) -> None:
    has(read(bundle(patient(), *resources), pack), {"medicines": expected})


def test_medicines_of_one_atc_group_are_not_one_medicine(pack: RulePack) -> None:
    atc = {"system": "http://www.whocc.no/atc", "code": "N06AB"}
    two = [
        medicine(id=text, text=None, medicationCodeableConcept={"text": text, "coding": [atc]})
        for text in ("citalopram", "sertraline")
    ]
    assert len(read(bundle(patient(), *two), pack)["medicines"]) == 2


ONCE = {"frequency": 1, "period": 1, "periodUnit": "d"}
DOSES = [
    pytest.param({"text": "248 mg elemental magnesium daily"}, "248 mg elemental", id="elemental, daily"),
    pytest.param(
        {"text": "Take 1 tablet (248 mg elemental) by mouth once daily"}, "248 mg elemental", id="one tablet a day"
    ),
    pytest.param({"text": "500 mg salt of MgO, every day"}, "500 mg salt of MgO", id="a salt with its formula"),
    pytest.param(
        {"text": "120 mg elemental", "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}},
        "120 mg elemental",
        id="daily by its timing",
    ),
    pytest.param({"text": "400 mg daily"}, None, id="neither elemental nor salt"),
    pytest.param({"text": "120 mg elemental"}, None, id="how often is not said"),
    pytest.param({"text": "120 mg elemental twice daily"}, None, id="twice daily"),
    pytest.param({"text": "2 tablets (120 mg elemental) daily"}, None, id="two tablets: of which is it the dose?"),
    pytest.param({"text": "120 mg elemental every other day"}, None, id="every other day"),
    pytest.param({"text": "120 mg elemental daily", "asNeededBoolean": True}, None, id="as needed"),
    pytest.param(
        {"text": "120 mg elemental daily", "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}},
        None,
        id="text and timing contradict",
    ),
    pytest.param({"text": "100 mg elemental 1-1-1 daily"}, None, id="morning, noon and evening"),
    pytest.param({"text": "133 mg elemental with meals daily"}, None, id="with meals: how many?"),
    pytest.param({"text": "133 mg elemental daily with the evening meal"}, "133 mg elemental", id="with one meal"),
    pytest.param({"text": "120 mg elemental daily: morning, evening"}, None, id="at two times of the day"),
    pytest.param({"text": "1,200 mg elemental daily"}, None, id="a comma for thousands"),
    pytest.param({"text": "1 200 mg elemental daily"}, None, id="a blank for thousands"),
    pytest.param({"text": "1.200 mg elemental daily"}, None, id="a point for thousands, or three decimals"),
    pytest.param({"text": "120.5 mg elemental daily"}, "120.5 mg elemental", id="a decimal"),
    pytest.param(
        {"text": "200 mg elemental tablet daily", "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "tablet"}}]},
        None,
        id="two tablets beside the text",
    ),
    pytest.param(
        {"text": "200 mg elemental tablet daily", "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]},
        "200 mg elemental",
        id="one tablet beside the text",
    ),
    pytest.param(
        {"text": "200 mg elemental daily", "doseAndRate": [{"doseQuantity": {"value": 200, "unit": "mg"}}]},
        "200 mg elemental",
        id="the same milligrams beside the text",
    ),
    pytest.param(
        {"text": "200 mg elemental daily", "doseAndRate": [{"doseQuantity": {"value": 400, "unit": "mg"}}]},
        None,
        id="other milligrams beside the text",
    ),
    pytest.param(
        {"text": "200 mg elemental daily", "doseAndRate": [{"doseRange": {"high": {"value": 2, "unit": "tablet"}}}]},
        None,
        id="a range beside the text",
    ),
    pytest.param(
        {"text": "200 mg elemental daily", "doseQuantity": {"value": 2, "unit": "tablet"}},
        None,
        id="two tablets beside the text, as STU3 writes it",
    ),
    pytest.param(
        {"text": "200 mg elemental", "timing": {"code": {"coding": [{"code": "BID"}]}, "repeat": ONCE}},
        None,
        id="the code of the timing contradicts it",
    ),
    pytest.param(
        {"text": "200 mg elemental", "timing": {"code": {"text": "once a day"}, "repeat": ONCE}},
        "200 mg elemental",
        id="the code of the timing says the same",
    ),
    pytest.param(
        {"text": "200 mg elemental", "timing": {"repeat": {**ONCE, "when": ["C"]}}},
        None,
        id="with meals, by its timing",
    ),
    pytest.param({"text": "60 mg elemental daily, then 120 mg elemental daily"}, None, id="two doses"),
    pytest.param({"text": "500 mg salt of Xy2 daily"}, None, id="a formula that is none"),
    pytest.param(None, None, id="no dosage"),
]


@pytest.mark.parametrize(("dosage", "dose"), DOSES)
def test_the_dose_of_a_magnesium_product(dosage: dict[str, Any] | None, dose: str | None, pack: RulePack) -> None:
    reading = read_bundle(bundle(patient(), taken("Magnesium oxide", dosage)), pack, RETRIEVED)
    assert reading.record.medicines == ()
    assert reading.record.supplements is not None
    assert [entry.daily_dose for entry in reading.record.supplements] == [dose]


AT_ONCE = [
    pytest.param({"start": "2026-01-01"}, {"start": "2026-01-01"}, None, id="since one day"),
    pytest.param({"start": "2026-01-01"}, {"start": "2026-06-01"}, None, id="a second one since June: on top, or renewed?"),
    pytest.param({"start": "2026-01-01", "end": "2026-12-31"}, {"start": "2026-06-01", "end": "2026-12-31"}, None, id="both until December"),
    pytest.param({"start": "2026-01-01", "end": "2026-06-01"}, {"start": "2026-06-01"}, "200 mg elemental", id="one after the other"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "dose"), AT_ONCE)
def test_the_dose_of_a_magnesium_product_that_is_recorded_twice(
    one: dict[str, str], other: dict[str, str], dose: str | None, pack: RulePack
) -> None:
    """200 mg or 400 mg? The second is more than the upper limit of 350 mg."""
    each = {"text": "200 mg elemental daily"}
    twice = (
        taken("Magnesium citrate", each, id=str(number), effectivePeriod=period)
        for number, period in enumerate((one, other))
    )
    reading = read_bundle(bundle(patient(), *twice), pack, RETRIEVED)
    assert reading.record.supplements is not None
    assert [entry.daily_dose for entry in reading.record.supplements] == [dose]


def test_magnesium_as_the_salt_of_another_drug_is_no_supplement(pack: RulePack) -> None:
    has(
        read(bundle(patient(), taken("Esomeprazole magnesium")), pack),
        {"medicines": ["Esomeprazole magnesium active ?.."], "supplements": None},
    )


@pytest.mark.parametrize("number", range(30))
def test_orders_that_a_later_one_joins_stay_in_the_order_in_which_they_came(number: int) -> None:
    """By chance of hashing, as once, half of these would come the other way round."""
    one, other = (order_of(f"{number}-{each}", (f"code-{number}-{each}",)) for each in "ab")
    joining = order_of("both", tuple(code.code for code in (*other.codes, *one.codes)))
    alone = order_of("alone", ("alone",))
    assert same_medicine([one, alone, other, joining]) == [[one, other, joining], [alone]]


def order_of(name: str, codes: tuple[str, ...]) -> Order:
    resource = Resource("MedicationRequest", name, f"MedicationRequest/{name}", None, None, NOTHING, (), {})
    return Order(resource, None, tuple(Code("rxnorm", code, None) for code in codes), "active", "2026-01-01", None)


BESIDE = {"text": "Itraconazole 100 mg", "coding": [{"system": "urn:x", "code": "1", "display": "Lithium injection"}]}


@pytest.mark.parametrize(
    ("status", "rejected"), [("active", ["text and what its code is displayed as name different"]), ("stopped", [])]
)
def test_of_two_medicines_that_cannot_both_be_meant_neither_is_lost(
    status: str, rejected: list[str], pack: RulePack
) -> None:
    """An injection is no itraconazole that is spaced, and lithium needs agreement: each name would hide the other."""
    given = medicine(text=None, medicationCodeableConcept=BESIDE, status=status)
    has(read(bundle(patient(), given), pack), {"medicines": [], "rejected": rejected})
