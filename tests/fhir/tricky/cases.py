"""Tricky Bundles and their fate: one patient to whom a trial would be offered, and one thing at a time that is as real records have it.

Each case says what becomes of the trial, which rules are offered because of the trap, and which words say so. The fates are worked out
from the rules and their sources, not copied from a run. What a single resource becomes in the record, trap by trap, is tested in the
other files of this folder's parent; `ELSEWHERE` says where.
"""

# A table, one case an entry.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.fhir.builders import (
    EGFR,
    ITEM9,
    MAGNESIUM,
    MAGNESIUM_MOLES,
    PHQ9,
    PHQ9_ITEMS,
    PHQ9_PANEL,
    RXNORM,
    Resource,
    answered,
    component,
    concept,
    condition,
    item,
    medicine,
    mgdl,
    observation,
    patient,
    quantity,
    questionnaire,
    referring,
)

ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
NORMALISED = "mL/min/{1.73_m2}"


def magnesium(*value: Resource, code: str = MAGNESIUM, **more: Any) -> Resource:
    return observation(code, *value, **{"id": "mg", "on": "2026-11-10", **more})


def egfr(value: Any, unit: str = NORMALISED, **more: Any) -> Resource:
    return observation(EGFR, quantity(value, unit, unit), **{"id": "egfr", "on": "2026-11-10", **more})


def phq9(total: Resource, *parts: Resource, **more: Any) -> Resource:
    return observation(PHQ9, total, **{"id": "phq9", "on": "2026-11-15", "component": list(parts) or None, **more})


def coded(system: str, code: str, **more: Any) -> Resource:
    return condition(text=None, id="x", code={"coding": [{"system": system, "code": code}]}, **more)


def taken(text: str, kind: str = "MedicationStatement", **more: Any) -> Resource:
    return medicine(kind, text, **{"id": "x", **more})


COMPLETE: dict[str, Resource] = {
    "patient": patient(),
    "mg": magnesium(mgdl(2.0)),
    "egfr": egfr(90),
    "phq9": phq9({"valueInteger": 12}, component(ITEM9, answered(0))),
    "preg": observation("82810-3", id="preg", on="2026-11-15", valueCodeableConcept={"text": "not pregnant"}),
    "hr": observation("8867-4", quantity(70, "/min", "/min"), id="hr", on="2026-11-15"),
    "ser": medicine(text="sertraline 100 mg tablet", id="ser"),
    "mdd": condition(text="Major depressive disorder", id="mdd"),
}


@dataclass(frozen=True)
class Case:
    """What is changed, what becomes of the trial, and what is said besides.

    `given` replaces resources of `COMPLETE` by their name, None takes one out; `more` are further ones. `offered`: rules offered because
    of it. `says`: part of a rejected value, a data problem or an unused line, empty where nothing needs to be said.
    """

    name: str
    trial: str
    given: dict[str, Resource | None] = field(default_factory=dict)
    more: tuple[Resource, ...] = ()
    offered: tuple[str, ...] = ()
    says: str = ""
    pages: tuple[tuple[str, dict[str, Any], tuple[Resource, ...]], ...] = ()
    """searchsets: query, further elements of the Bundle, resources"""


LABORATORY = [
    Case("a unit that is missing", "withheld", {"mg": magnesium(quantity(2.0))}, offered=("magnesium-result-not-usable",), says="unit"),
    Case("moles under a code of mass", "withheld", {"mg": magnesium(quantity(2.0, "mmol/L", "mmol/L"))},
         offered=("magnesium-result-not-usable",), says="mmol/L"),
    Case("mass under a code of moles", "withheld", {"mg": magnesium(mgdl(2.0), code=MAGNESIUM_MOLES)},
         offered=("magnesium-result-not-usable",), says="mg/dL"),
    Case("2601-3 in mEq/L, the unit displayed only: 1.3 is low", "suppressed",
         {"mg": magnesium(quantity(1.3, "mEq/L"), code=MAGNESIUM_MOLES)}, offered=("confirm-low-magnesium",)),
    Case("2601-3 in mEq/L: 1.5 is not low, though 1.5 mg/dL would be", "offered",
         {"mg": magnesium(quantity(1.5, "mEq/L", "meq/L"), code=MAGNESIUM_MOLES)}),
    Case("1.7 mg/dL is at the limit; 0.6994 mmol/L would be below it", "offered", {"mg": magnesium(mgdl(1.7))}),
    Case("the laboratory's own limit comes first", "suppressed",
         {"mg": magnesium(mgdl(1.75), referenceRange=[{"low": {"value": 1.8, "unit": "mg/dL"}}])}, offered=("confirm-low-magnesium",)),
    Case("0.9 mg/dL is a true value", "suppressed", {"mg": magnesium(mgdl(0.9))}, offered=("severe-hypomagnesaemia",)),
    Case("10 mg/dL is a true value", "suppressed", {"mg": magnesium(mgdl(10.0))}, offered=("severe-hypermagnesaemia",)),
    Case("below what can be measured", "suppressed",
         {"mg": magnesium({"valueQuantity": {"value": 0.5, "comparator": "<", "unit": "mg/dL"}})}, offered=("severe-hypomagnesaemia",)),
    Case("a unit that contradicts its code", "withheld", {"mg": magnesium(quantity(2.0, "mmol/L", "mg/dL"))},
         offered=("magnesium-result-not-usable",), says="displayed as"),
    Case("an eGFR in words", "offered", {"egfr": observation(EGFR, {"valueString": "> 60 mL/min/1.73m2"}, id="egfr", on="2026-11-10")}),
    Case("an eGFR of more than 25", "withheld", {"egfr": egfr(25, valueQuantity={"value": 25, "comparator": ">", "unit": NORMALISED})}),
    Case("an eGFR that is not normalised", "withheld", {"egfr": egfr(90, "mL/min")}, says="mL/min"),
    Case("an eGFR whose text is no number", "withheld",
         {"egfr": observation(EGFR, {"valueString": "see comment"}, id="egfr", on="2026-11-10")}, says="see comment"),
    Case("of race-paired values the lower counts", "suppressed",
         {"egfr": egfr(66, code=concept("88293-6"))}, (egfr(58, id="egfr2", code=concept("88294-4")),), ("moderate-renal-impairment",)),
    Case("a cancelled result does not hide the one before", "suppressed", {"egfr": egfr(29, on="2026-10-01")},
         (observation(EGFR, id="new", on="2026-11-10", status="cancelled"),), ("severe-renal-impairment",), "status cancelled"),
    Case("nor does one entered in error", "suppressed", {"egfr": egfr(29, on="2026-10-01")},
         (egfr(90, id="new", status="entered-in-error"),), ("severe-renal-impairment",), "entered-in-error"),
    Case("a newer result that cannot be read does", "withheld", {"egfr": egfr(90, on="2026-10-01")},
         (observation(EGFR, {"valueString": "haemolysed"}, id="new", on="2026-11-10"),), says="haemolysed"),
    Case("no date: when it was issued is not when the sample was taken", "withheld",
         {"egfr": egfr(90, on=None, issued="2026-11-10T08:00:00Z")}, says="no effective date"),
    Case("a date in a shifted future", "withheld", {"egfr": egfr(90, on="2083-05-01")}, says="after the day of evaluation"),
    Case("366 days old", "withheld", {"egfr": egfr(90, on="2025-11-20")}),
    Case("a month without its day", "offered", {"egfr": egfr(90, on="2026-10")}),
    Case("a day that does not exist", "withheld", {"egfr": egfr(90, on="2026-02-30")}, says="cannot be read"),
    Case("haemolysed and high: magnesium leaks from the cells", "withheld",
         {"mg": magnesium(mgdl(2.8), note=[{"text": "Sample moderately haemolysed"}])}, offered=("magnesium-result-not-usable",), says="haemolysed"),
    Case("haemolysed and low: it is low all the more", "suppressed",
         {"mg": magnesium(mgdl(1.5), note=[{"text": "hemolyzed"}])}, offered=("confirm-low-magnesium",)),
    Case("not haemolysed", "offered", {"mg": magnesium(mgdl(2.0), note=[{"text": "no haemolysis"}])}),
    Case("a haemolysis index of the same sample", "withheld", {"mg": magnesium(mgdl(2.8), specimen={"reference": "Specimen/1"})},
         (observation("46424-8", {"valueQuantity": {"value": 180}}, id="hi", on="2026-11-10", specimen={"reference": "Specimen/1"},
                      interpretation=[{"text": "H"}]),), ("magnesium-result-not-usable",), "haemolysed"),
    Case("a tube with EDTA, which binds magnesium", "withheld",
         {"mg": magnesium(mgdl(0.9), specimen={"display": "Plasma, EDTA"})}, offered=("magnesium-result-not-usable",), says="edta"),
    Case("about the baby, in the mother's record", "offered", {}, (magnesium(mgdl(0.9), id="x", focus=[{"display": "newborn"}]),), says="focus"),
    Case("of another patient", "offered", {}, (egfr(12, id="x", subject={"reference": "Patient/other"}),), says="another patient"),
    Case("a modifierExtension that is not understood", "withheld", {"egfr": egfr(90, modifierExtension=[{"url": "http://x", "valueBoolean": True}])},
         says="modifierExtension"),
]  # fmt: skip

SCORES = [
    Case("item 9 as a component, several days", "suppressed",
         {"phq9": phq9({"valueInteger": 12}, component(ITEM9, answered(1)))}, offered=("suicide-risk",)),
    Case("item 9 as an Observation of its own", "suppressed",
         {"phq9": phq9({"valueInteger": 12})}, (observation(ITEM9, {"valueInteger": 1}, id="i9", on="2026-11-15"),), ("suicide-risk",)),
    Case("item 9 in a questionnaire", "suppressed",
         {"phq9": questionnaire(*(item(code, {"valueInteger": 1}) for code in PHQ9_ITEMS), authored="2026-11-15")}, offered=("suicide-risk",)),
    Case("nine answers of a questionnaire, item 9 not at all", "offered",
         {"phq9": questionnaire(*(item(code, {"valueCoding": {"code": "LA6570-1" if code != ITEM9 else "LA6568-5"}}) for code in PHQ9_ITEMS),
                                authored="2026-11-15")}),
    Case("a total without item 9", "withheld", {"phq9": phq9({"valueInteger": 12})}, offered=("phq9-incomplete",)),
    Case("item 9 left empty in a questionnaire", "withheld",
         {"phq9": questionnaire(*(item(code, {"valueInteger": 1}) for code in PHQ9_ITEMS[:-1]), item(ITEM9), authored="2026-11-15")},
         offered=("phq9-incomplete",)),
    Case("a newer total without item 9 does not cancel an older positive item 9", "suppressed",
         {"phq9": phq9({"valueInteger": 9}, on="2026-11-19")}, (observation(ITEM9, answered(2), id="i9", on="2026-11-10"),), ("suicide-risk",)),
    Case("a total that its answers contradict", "withheld",
         {"phq9": observation(PHQ9_PANEL, id="panel", on="2026-11-15",
                              component=[component(PHQ9, {"valueInteger": 20}), *(component(code, answered(0)) for code in PHQ9_ITEMS)])},
         offered=("phq9-incomplete",), says="20"),
    Case("a total as a quantity", "offered", {"phq9": phq9(quantity(12, "{score}", "{score}"), component(ITEM9, answered(0)))}),
    Case("a total that is 15 days old", "withheld", {"phq9": phq9({"valueInteger": 12}, component(ITEM9, answered(0)), on="2026-11-06")}),
    Case("a total of 28", "withheld", {"phq9": phq9({"valueInteger": 28}, component(ITEM9, answered(0)))}, says="28"),
]  # fmt: skip

MEDICINES = [
    Case("a Medication by its urn:uuid", "offered", {"ser": referring("urn:uuid:5e7", id="ser")},
         ({"resourceType": "Medication", "id": "5e7", "code": concept("36437", RXNORM)},)),
    Case("a contained Medication", "offered",
         {"ser": referring("#m", id="ser", contained=[{"resourceType": "Medication", "id": "m", "code": {"text": "sertraline"}}])}),
    Case("a local name in tall-man letters, no RxNorm", "offered", {"ser": medicine(text="SERTRAline 100 MG Tab [HOSP-0815]", id="ser")}),
    Case("a Medication that was not given", "withheld", {}, (referring("Medication/gone", id="x"),),
         ("medicine-list-not-reconciled",), "was not given"),
    Case("a medicine that nobody recognises", "withheld", {}, (taken("XJ-11"),), ("medicine-list-not-reconciled",), "XJ-11"),
    Case("an interaction by a statement", "suppressed", {}, (taken("ciprofloxacin 500 mg"),), ("antibiotic-course",)),
    Case("a draft is not taken", "offered", {}, (taken("ciprofloxacin 500 mg", "MedicationRequest", status="draft"),), says="a draft"),
    Case("entered in error is not taken", "offered", {}, (taken("ciprofloxacin 500 mg", status="entered-in-error"),), says="entered in error"),
    Case("an order not to give it", "offered", {}, (taken("ciprofloxacin 500 mg", "MedicationRequest", doNotPerform=True),), says="doNotPerform"),
    Case("stopped", "offered", {}, (taken("ciprofloxacin 500 mg", status="completed", effectivePeriod={"start": "2026-09-01", "end": "2026-09-08"}),)),
    Case("handed over last week: perhaps taken", "withheld", {},
         (taken("ciprofloxacin 500 mg", "MedicationDispense", status="completed", whenHandedOver="2026-11-16", daysSupply={"value": 10, "code": "d"}),)),
    Case("magnesium as the salt of another drug is no magnesium", "offered", {}, (taken("esomeprazole magnesium 20 mg"),)),
    Case("magnesium whose dose says neither elemental nor a formula", "not indicated", {},
         (taken("magnesium oxide", dosage=[{"text": "500 mg daily"}], effectivePeriod={"start": "2026-11-15"}),), ("magnesium-dose-not-stated",)),
    Case("400 mg elemental is above every limit", "not indicated", {},
         (taken("magnesium citrate", dosage=[{"text": "450 mg elemental magnesium daily"}], effectivePeriod={"start": "2026-11-15"}),),
         ("dose-above-limit",)),
    Case("a first page without the next", "withheld", {"ser": None}, pages=(
        ("MedicationRequest?patient=p", {"more": "page2"}, (medicine(text="sertraline", id="ser"),)),),
        offered=("medicine-list-not-reconciled",), says="further page"),
    Case("both pages", "suppressed", {"ser": None}, pages=(
        ("MedicationRequest?patient=p", {"more": "page2"}, (medicine(text="sertraline", id="ser"),)),
        ("page2", {}, (taken("ciprofloxacin 500 mg", "MedicationRequest"),))), offered=("antibiotic-course",)),
    Case("a search for one code is not the list", "withheld", {"ser": None}, pages=(
        ("MedicationRequest?patient=p&code=36437", {}, (medicine(text="sertraline", id="ser"),)),),
        offered=("medicine-list-not-reconciled",), says="limited by code"),
    Case("reviewed 31 days ago", "withheld", {}, (
        {"resourceType": "List", "id": "l", "status": "current", "mode": "working", "code": concept("10160-0"), "date": "2026-10-21",
         "subject": {"reference": "Patient/p"}, "entry": [{"item": {"reference": "MedicationRequest/ser"}}]},),
        ("medicine-list-not-reconciled",)),
    Case("said to be empty: psychotherapy may still be the treatment", "withheld", {"ser": None}, (
        {"resourceType": "List", "id": "l", "status": "current", "mode": "working", "code": concept("10160-0"), "date": "2026-11-19",
         "subject": {"reference": "Patient/p"}, "emptyReason": concept("nilknown", "http://terminology.hl7.org/CodeSystem/list-empty-reason")},)),
]  # fmt: skip

CONDITIONS = [
    Case("R45.851 without its dot", "suppressed", {}, (coded(ICD10, "R45851"),), ("suicide-risk",)),
    Case("refuted", "offered", {}, (condition(text="bipolar disorder", id="x", verificationStatus={"coding": [{"code": "refuted"}]}),), says="refuted"),
    Case("unconfirmed counts, to be cautious", "suppressed", {},
         (condition(text="bipolar disorder", id="x", verificationStatus={"coding": [{"code": "unconfirmed"}]}),), ("bipolar-disorder",)),
    Case("no clinicalStatus: it is current", "suppressed", {}, (condition(text="myasthenia gravis", clinical=None, id="x"),),
         ("magnesium-contraindicated",)),
    Case("resolved, with its date", "offered", {}, (condition(text="acute kidney injury", clinical="resolved", id="x", abatementDateTime="2026-01-01"),)),
    Case("a code of ICD-9 without words", "withheld", {}, (coded("http://hl7.org/fhir/sid/icd-9-cm", "296.7"),), says="296.7"),
    Case("neither code nor name", "withheld", {}, (condition(text=None, id="x"),), says="neither a code nor a name"),
    Case("no problem list at all", "withheld", {"mdd": None}),
    Case("an empty searchset says that there are none", "offered", {"mdd": None}, pages=(("Condition?patient=p", {"total": 0}, ()),)),
    Case("pregnant, by a newer diagnosis", "suppressed", {},
         (condition(text="pregnancy", id="x", onsetDateTime="2026-11-18"),), ("pregnancy",), "newer statement"),
]  # fmt: skip

PEOPLE = [
    Case("a year of birth", "offered", {"patient": patient(birthDate="1980")}),
    Case("a year of birth that may be 17 or 18 years ago", "withheld", {"patient": patient(birthDate="2008")}),
    Case("17 years old", "suppressed", {"patient": patient(birthDate="2009-06-01")}, offered=("outside-adult-scope",)),
    Case("born in a shifted future", "withheld", {"patient": patient(birthDate="2083-01-01")}),
    Case("no Patient resource", "withheld", {"patient": None}),
    Case("an outcome among the results", "offered", {}, ({"resourceType": "OperationOutcome", "issue": [{"diagnostics": "timed out"}]},),
         says="timed out"),
    Case("the same resource twice", "offered", {}, (COMPLETE["egfr"],), says="given twice"),
    Case("an older version beside the newer", "suppressed", {"egfr": egfr(90, meta={"lastUpdated": "2026-11-10T08:00:00Z"})},
         (egfr(29, meta={"lastUpdated": "2026-11-11T08:00:00Z"}),), ("severe-renal-impairment",), "an older version"),
]  # fmt: skip

INTAKE = [
    Case("an intake of all sources below the requirement: so is the diet's", "offered", {},
         (observation("81005-1", quantity(180, "mg/d", "mg/d"), id="diet", on="2026-11-01"),), ("low-dietary-magnesium",)),
    Case("an intake of all sources above it: how much is from food is not known", "offered", {},
         (observation("81006-9", quantity(420, "mg/d", "mg/d"), id="diet", on="2026-11-01"),)),
    Case("an intake of more than so much", "offered", {},
         (observation("81005-1", {"valueQuantity": {"value": 300, "comparator": ">", "unit": "mg/d"}}, id="diet", on="2026-11-01"),),
         says="of all sources"),
]  # fmt: skip

CASES = [*LABORATORY, *INTAKE, *SCORES, *MEDICINES, *CONDITIONS, *PEOPLE]

# Where single resources are tested trap by trap: trap → file and name of the test or of its case.
ELSEWHERE = {
    "partial birth date": ("test_reader.py", "a partial birth date"),
    "foreign gender": ("test_reader.py", "a foreign gender"),
    "patient by a urn, an absolute or a versioned reference": ("test_reader.py", "a urn of the same id"),
    "unit as display text only": ("test_results.py", "a unit that is displayed only is taken as reported"),
    "comparator that is not understood": ("test_results.py", "a comparator that is not understood"),
    "two values at once": ("test_results.py", "two values at once"),
    "data absent, masked, not performed": ("test_results.py", "masked: there is a result that is not shown"),
    "reference ranges": ("test_results.py", "two that both may apply"),
    "specimen contained, by its condition, container or note": ("test_results.py", "said by a contained specimen"),
    "haemolysis index without a limit": ("test_results.py", "an index without a limit does not tell"),
    "rhythm that spoils a QTc": ("test_results.py", "test_the_rhythm_that_spoils_a_qtc"),
    "local answer code with its ordinal": ("test_scores.py", "a local answer code with its ordinal"),
    "questionnaire item by link id, code or definition": ("test_scores.py", "a questionnaire item by its definition"),
    "questionnaire that was not finished": ("test_scores.py", "an answer counts where the form was not finished"),
    "PHQ-9 as nine Observations or a panel": ("test_scores.py", "members of a panel, which has the date"),
    "pregnancy status": ("test_scores.py", "of two on one day the more cautious"),
    "medicine by an absolute, versioned reference": ("test_medicines.py", "an absolute, versioned reference"),
    "medicine named among identifiers or ingredients": ("test_medicines.py", "named by its ingredients"),
    "renewals": ("test_medicines.py", "a gap of 32 days"),
    "dose of a supplement": ("test_medicines.py", "text and timing contradict"),
    "condition in remission, refuted, provisional": ("test_lists.py", "provisional stays, to be cautious"),
    "list that nobody asked about": ("test_lists.py", "empty, because nobody asked"),
    "first-line care declined or awaited": ("test_care.py", "psychotherapy refused"),
    "nutrition orders": ("test_care.py", "test_supplements_ordered_as_nutrition"),
    "shapes of input": ("test_reader.py", "Bundles within a Bundle"),
    "spoilt at random": ("test_whole_files.py", "test_no_spoilt_element_raises_or_goes_missing"),
}
