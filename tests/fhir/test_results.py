"""Results: one row a trap, with the reason as its name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from mgcds.fhir import read_bundle
from mgcds.fhir.doses import daily_dose
from mgcds.fhir.specimens import problems_in_words
from mgcds.model.facts import Gap, Reading
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import parse_quantity
from mgcds.model.terminology import words
from tests.fhir.builders import (
    EGFR,
    ITEM9,
    MAGNESIUM,
    MAGNESIUM_MOLES,
    MG,
    PHQ9_ITEMS,
    RETRIEVED,
    bundle,
    component,
    concept,
    has,
    mgdl,
    observation,
    patient,
    quantity,
    read,
)

RESULTS = [
    pytest.param(
        observation(MAGNESIUM, mgdl(1.9)),
        {MG: ["1.9 mg/dL on 2026-11-01"], "rejected": [], "unused": []},
        id="a plain result",
    ),
    pytest.param(
        observation(MAGNESIUM_MOLES, quantity(1.5, "mEq/L")),
        {MG: ["1.5 mEq/L on 2026-11-01"]},
        id="a unit that is displayed only is taken as reported",
    ),
    pytest.param(
        observation(MAGNESIUM, quantity(1.9)),
        {MG: ["1.9 on 2026-11-01"]},
        id="no unit: taken without one, for the facts to refuse",
    ),
    pytest.param(
        observation(MAGNESIUM, quantity(1.9, "mmol/L", "mg/dL")),
        {MG: None, "rejected": [f"{MG}: its unit is displayed as 'mmol/L'"]},
        id="displayed and coded unit contradict one another",
    ),
    *(
        pytest.param(
            observation(
                MAGNESIUM,
                {
                    "valueQuantity": {
                        "value": 1.0,
                        "unit": "mg/dL",
                        "code": "mmol/L",
                        **({"system": system} if system else {}),
                    }
                },
            ),
            {MG: None, "rejected": [f"{MG}: its unit is displayed as 'mg/dL'"]},
            id=f"they do, and the code is of {system}",
        )
        for system in (None, "http://laboratory.example/units")
    ),
    pytest.param(
        observation(MAGNESIUM, quantity(1.9, "MG/DL", "mg/dL")),
        {MG: ["1.9 mg/dL on 2026-11-01"]},
        id="a display that is no unit does not contradict its code",
    ),
    pytest.param(
        observation(EGFR, quantity(72, "mL/min/1.73 m2", "mL/min/{1.73_m2}")),
        {"egfr": ["72 mL/min/{1.73_m2} on 2026-11-01"]},
        id="the same unit written in two ways",
    ),
    pytest.param(
        observation(EGFR, {"valueQuantity": {"value": 60, "comparator": ">", "unit": "mL/min"}}),
        {"egfr": [">60 mL/min on 2026-11-01"]},
        id="a comparator is kept",
    ),
    pytest.param(
        observation(EGFR, {"valueQuantity": {"value": 60, "comparator": "ad", "unit": "mL/min"}}),
        {"egfr": None, "rejected": ["egfr: its comparator 'ad'"]},
        id="a comparator that is not understood",
    ),
    pytest.param(
        observation(EGFR, {"valueString": "> 60 mL/min"}),
        {"egfr": [">60 mL/min on 2026-11-01"]},
        id="a number and unit in words",
    ),
    pytest.param(
        observation(EGFR, {"valueString": "≥ 60"}),
        {"egfr": [">=60 on 2026-11-01"]},
        id="a number in words, without a unit",
    ),
    pytest.param(
        observation(MAGNESIUM, {"valueString": "hemolyzed"}),
        {MG: None, "rejected": [f"{MG}: its value is the text 'hemolyzed'"]},
        id="a result in words that is no number",
    ),
    pytest.param(
        observation(MAGNESIUM, {"valueString": "1.9 (L)"}),
        {MG: None, "rejected": [f"{MG}: its value is the text '1.9 (L)'"]},
        id="a number with something behind it that is no unit",
    ),
    pytest.param(
        observation(MAGNESIUM, {"valueString": "1,9 mg/dL"}),
        {"rejected": [f"{MG}: its value is the text"]},
        id="a decimal comma",
    ),
    pytest.param(
        observation(MAGNESIUM, {"valueRange": {"low": {"value": 1}}}),
        {"rejected": [f"{MG}: its value is a Range"]},
        id="a range is no number",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(1.9), valueString="1.9 mg/dL"),
        {MG: None, "rejected": [f"{MG}: it has more than one value"]},
        id="two values at once",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl("1.90")), {MG: ["1.90 mg/dL on 2026-11-01"]}, id="a number that was written as text"
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(True)), {"rejected": [f"{MG}: its quantity has no number"]}, id="true is no number"
    ),
    pytest.param(
        observation(MAGNESIUM, {"valueQuantity": {"unit": "mg/dL"}}),
        {"rejected": [f"{MG}: its quantity has no number"]},
        id="a quantity without its number",
    ),
    pytest.param(observation(MAGNESIUM), {MG: None, "rejected": [f"{MG}: it has no value"]}, id="final, and no value"),
    pytest.param(
        observation(MAGNESIUM, dataAbsentReason=concept("not-performed", "x")),
        {"rejected": [], "unused": ["Observation/o: no result: not-perf"]},
        id="not performed: there is no result",
    ),
    pytest.param(
        observation(MAGNESIUM, dataAbsentReason=concept("masked", "x")),
        {"rejected": [f"{MG}: there is a result, but not its value"]},
        id="masked: there is a result that is not shown",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(1.9), dataAbsentReason=concept("error", "x")),
        {MG: None, "rejected": [f"{MG}: it has a value and a reason"]},
        id="a value, and a reason why there is none",
    ),
    pytest.param(
        observation(MAGNESIUM, status="cancelled"),
        {MG: None, "rejected": [], "unused": ["status cancelled"]},
        id="cancelled without a value",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(9), status="entered-in-error"),
        {MG: ["9 mg/dL on 2026-11-01 entered-in-error"]},
        id="entered in error: kept with its status, for the facts to leave out",
    ),
    pytest.param(
        observation(MAGNESIUM, {"valueString": "see note"}, status="entered-in-error"),
        {"rejected": [], "unused": ["status entered-in-error"]},
        id="entered in error and unreadable: blocks nothing",
    ),
    pytest.param(
        observation(MAGNESIUM, status="registered"),
        {"rejected": [], "unused": ["status registered"]},
        id="registered: no result yet",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), status="done"),
        {MG: ["2 mg/dL on 2026-11-01 unknown"]},
        id="a foreign status is unknown",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), on=None, issued="2026-11-01T08:00:00Z"),
        {MG: ["2 mg/dL undated"], "unused": ["no effective date"]},
        id="the time of issue is not the date of the sample",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), on=None, effectiveTiming={"event": ["2026-10-01", "2026-10-02", 3]}),
        {MG: ["2 mg/dL on 2026-10-02"]},
        id="of several events the last that is one",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), on=None, effectiveTiming={"event": "2026-10-01"}),
        {MG: ["2 mg/dL on 2026-10-01"]},
        id="an event that is no list counts as a list of one",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), on=None, effectiveTiming={"event": 5}),
        {MG: ["2 mg/dL undated"], "unused": ["no effective date"]},
        id="an event that is no date at all",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), on=None, effectivePeriod={"start": "2026-10-01", "end": "2026-10-02"}),
        {MG: ["2 mg/dL on 2026-10-02"]},
        id="a period counts by its end",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), on="2026-10"), {MG: ["2 mg/dL on 2026-10"]}, id="a partial date stays partial"
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), on="2026-02-30"),
        {MG: None, "rejected": [f"{MG}: its date '2026-02-30' cannot be read"]},
        id="a day that does not exist",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), on="0001-01-01T00:00:00+14:00"),
        {"rejected": [f"{MG}: its date"]},
        id="a time zone that leaves the calendar",
    ),
    pytest.param(
        observation("21377-7", mgdl(4), code=concept("21377-7", display="Magnesium [Mass/volume] in Blood")),
        {
            MG: None,
            "rejected": [],
            "unused": ["Observation 21377-7 Magnesium [Mass/volume] in Blood (1): no rule uses it"],
        },
        id="magnesium in whole blood is no serum magnesium, and is listed by name",
    ),
    pytest.param(
        observation(None, mgdl(2), code={"coding": [{"code": MAGNESIUM}]}),
        {MG: None, "rejected": [f"{MG}: its code names no code system"]},
        id="a LOINC code without its system",
    ),
    pytest.param(
        observation(None, mgdl(2), code=concept(MAGNESIUM, "urn:local")),
        {MG: None, "rejected": [], "unused": ["not of LOINC"]},
        id="the same code of another system is another code",
    ),
    pytest.param(
        observation(None, mgdl(2), code=concept(MAGNESIUM, "urn:oid:2.16.840.1.113883.6.1")),
        {MG: ["2 mg/dL on 2026-11-01"]},
        id="LOINC by its OID",
    ),
    pytest.param(
        observation(
            None, mgdl(2), code={"coding": [concept(code)["coding"][0] for code in (MAGNESIUM, MAGNESIUM_MOLES)]}
        ),
        {MG: None, "rejected": [f"{MG}: its codes 19123-9 and 2601-3 are of different properties"]},
        id="two codes of different properties",
    ),
    pytest.param(
        observation(None, mgdl(2), code={"coding": [concept(code)["coding"][0] for code in (MAGNESIUM, "2823-3")]}),
        {MG: None, "rejected": ["potassium: its codes name", f"{MG}: its codes name"][::-1]},
        id="two codes of different measurements",
    ),
    pytest.param(
        observation(None, mgdl(2), code={"text": "Magnesium"}),
        {MG: None, "unused": ["Observation Magnesium (1): it has no code"]},
        id="text alone does not say what was measured",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), modifierExtension=[{"url": "x", "valueBoolean": True}]),
        {MG: None, "rejected": [f"{MG}: it has a modifierExt"]},
        id="a modifierExtension that is not understood",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), focus=[{"reference": "Patient/baby"}]),
        {MG: None, "rejected": [], "unused": ["about someone or something else"]},
        id="about the baby, in the mother's record",
    ),
    pytest.param(
        observation("85354-9", component=[component(MAGNESIUM, mgdl(2)), component("8480-6", quantity(120))]),
        {MG: ["2 mg/dL on 2026-11-01"], "unused": []},
        id="a component of a panel",
    ),
    pytest.param(
        observation(MAGNESIUM, {"valueQuantity": "1.9 mg/dL"}),
        {"rejected": [f"{MG}: its value is a Quantity, not a number"]},
        id="a quantity of another shape than the standard says",
    ),
    pytest.param(
        observation(MAGNESIUM, mgdl(2), effectiveDateTime=["2026"]),
        {"rejected": [f"{MG}: its date"]},
        id="a date of another shape",
    ),
]


@pytest.mark.parametrize(("resource", "expected"), RESULTS)
def test_a_result(resource: dict[str, Any], expected: dict[str, Any], pack: RulePack) -> None:
    has(read(bundle(patient(), resource), pack), expected)


LOW = {"low": {"value": 1.7, "unit": "mg/dL"}, "high": {"value": 2.6}}
RANGES = [
    pytest.param([LOW], "1.7 mg/dL..2.6 mg/dL", id="an end without a unit is in the unit of the value"),
    pytest.param([{**LOW, "type": concept("normal", "x")}], "1.7 mg/dL..2.6 mg/dL", id="said to be the normal range"),
    pytest.param([{**LOW, "type": concept("critical", "x")}], None, id="a critical range is no reference range"),
    pytest.param([{**LOW, "type": concept("treatment", "x")}, LOW], "1.7 mg/dL..2.6 mg/dL", id="the normal one of two"),
    pytest.param(
        [LOW, {"low": {"value": 1.5}, "appliesTo": [{"text": "pregnant"}]}],
        "1.7 mg/dL..2.6 mg/dL",
        id="the one for everybody",
    ),
    pytest.param([LOW, {"low": {"value": 1.5}}], None, id="two that both may apply"),
    pytest.param([{"text": "1.7-2.6"}], None, id="in words only"),
    pytest.param(
        [{"low": {"value": "low"}, "high": {"value": 2.6}}], "None..2.6 mg/dL", id="one end that cannot be read"
    ),
    pytest.param(
        [{"low": {"value": 1.7, "unit": "mmol/L", "code": "mg/dL", "system": "http://unitsofmeasure.org"}}],
        None,
        id="an end that contradicts itself",
    ),
]


@pytest.mark.parametrize(("ranges", "expected"), RANGES)
def test_the_laboratorys_own_limits(ranges: list[dict[str, Any]], expected: str | None, pack: RulePack) -> None:
    short = read(bundle(patient(), observation(MAGNESIUM, mgdl(2), referenceRange=ranges)), pack)
    assert short[MG] == [" ".join(["2 mg/dL on 2026-11-01", *([expected] if expected else [])])]
    assert bool(short["unused"]) == ((expected is None and "type" not in ranges[0]) or expected == "None..2.6 mg/dL")


SPECIMEN = {
    "resourceType": "Specimen",
    "id": "s",
    "subject": {"reference": "Patient/p"},
    "condition": [{"text": "moderately haemolyzed"}],
}
INDEX = observation("46424-8", quantity(120), id="hi", on="2026-11-01T08:00:00Z")
AT_8 = observation(MAGNESIUM, mgdl(2), on="2026-11-01T08:00:00Z")
SPOILT = [
    pytest.param(
        [{**AT_8, "specimen": {"display": "Serum, grossly hemolyzed"}}],
        "haemolysed",
        id="said by the display of the specimen",
    ),
    pytest.param(
        [{**AT_8, "specimen": {"reference": "Specimen/s"}}, SPECIMEN], "haemolysed", id="said by the specimen"
    ),
    pytest.param(
        [{**AT_8, "specimen": {"reference": "#s"}, "contained": [SPECIMEN]}],
        "haemolysed",
        id="said by a contained specimen",
    ),
    pytest.param([{**AT_8, "note": [{"text": "Specimen lipemic."}]}], "lipaemic", id="said by a note"),
    pytest.param([{**AT_8, "note": [{"text": "No hemolysis seen"}]}], None, id="a note that denies it"),
    pytest.param(
        [{**AT_8, "note": [{"text": "takes magnesium citrate"}]}], None, id="citrate that was taken is no tube"
    ),
    pytest.param([{**AT_8, "note": [{"text": "suspected EDTA contamination"}]}], "edta", id="EDTA in the tube"),
    pytest.param([{**AT_8, "specimen": {"display": "Plasma, K2-EDTA"}}], "edta", id="EDTA plasma"),
    pytest.param([{**AT_8, "specimen": {"display": "K2EDTA tube"}}], "edta", id="EDTA with its salt, in one word"),
    pytest.param([{**AT_8, "note": [{"text": "drawn in K3EDTA; wrong tube"}]}], "edta", id="the same in a note"),
    *(
        pytest.param([{**AT_8, "note": [{"text": text}]}], "haemolysed", id=f"denied is something else: {text}")
        for text in (
            "No lipaemia; haemolysed ++",
            "Not icteric. Haemolysed.",
            "no lipaemia, haemolysed",
            "Lipaemia: no\nHaemolysis: +",
        )
    ),
    *(
        pytest.param([{**AT_8, "note": [{"text": text}]}], None, id=f"denied: {text}")
        for text in ("Haemolysis: none; lipaemia: none", "not lipaemic or haemolysed", "No lipaemia, no haemolysis.")
    ),
    pytest.param(
        [AT_8, {**INDEX, "interpretation": [concept("H", "x")]}],
        "haemolysed",
        id="an index that the laboratory calls high",
    ),
    pytest.param(
        [AT_8, {**INDEX, "referenceRange": [{"high": {"value": 50}}]}], "haemolysed", id="an index above its own limit"
    ),
    pytest.param(
        [AT_8, {**INDEX, "referenceRange": [{"high": {"value": 500}}]}], None, id="an index below its own limit"
    ),
    pytest.param([AT_8, INDEX], None, id="an index without a limit does not tell"),
    pytest.param(
        [AT_8, {**INDEX, "interpretation": [concept("H", "x")], "effectiveDateTime": "2026-11-01T09:00:00Z"}],
        None,
        id="an index of another moment",
    ),
    pytest.param(
        [
            {**AT_8, "specimen": {"reference": "Specimen/a"}},
            {**INDEX, "interpretation": [concept("H", "x")], "specimen": {"reference": "Specimen/b"}},
        ],
        None,
        id="an index of another tube drawn at the same moment",
    ),
]


@pytest.mark.parametrize(("resources", "problem"), SPOILT)
def test_a_spoilt_specimen(resources: list[dict[str, Any]], problem: str | None, pack: RulePack) -> None:
    short = read(bundle(patient(), *resources), pack)
    assert short[MG] == [" ".join(["2 mg/dL on 2026-11-01T08:00:00Z", *([problem] if problem else [])])]


@pytest.mark.parametrize(
    ("note", "rhythm"),
    [
        ("Ventricular paced rhythm", "paced"),
        ("Left bundle branch block", "bundle branch block"),
        ("known RBBB", "bundle branch block"),
        ("sinus rhythm, no pacing, no bundle branch block", None),
        ("sinus rhythm", None),
    ],
)
def test_the_rhythm_that_spoils_a_qtc(note: str, rhythm: str | None, pack: RulePack) -> None:
    qtc = observation("8636-3", quantity(520, "ms"), on="2026-11-01", note=[{"text": note}])
    assert read(bundle(patient(), qtc), pack)["qtc"] == [
        " ".join(["520 ms on 2026-11-01", *([rhythm] if rhythm else [])])
    ]


def test_numbers_stay_as_they_were_written(pack: RulePack) -> None:
    written = "1.63514387554426671234567890"
    text = json.dumps(bundle(patient(), observation(MAGNESIUM, mgdl(7)))).replace('"value": 7', f'"value": {written}')
    assert read_bundle(text, pack).record.serum_magnesium[0].value == Decimal(written)


@pytest.mark.parametrize("number", ["9e999999", "-9e999999", "9e-999999", "0e999999", "9" * 5000])
def test_a_number_beyond_all_measure_is_rejected(number: str, pack: RulePack) -> None:
    answers = [observation(code, {"valueDecimal": 7}, id=code, on=RETRIEVED.isoformat()) for code in PHQ9_ITEMS]
    results = [
        *answers,
        observation(EGFR, quantity(7, "mL/min/{1.73_m2}")),
        observation("46424-8", {"valueInteger": 7}),
    ]
    text = json.dumps(bundle(patient(), *results)).replace(": 7", f": {number}")
    items = read_facts(read_bundle(text, pack, RETRIEVED).record, pack, RETRIEVED).items
    found = (items["egfr"], items["phq9_item9"])
    assert [each.reason for each in found if isinstance(each, Gap)] == ["rejected", "rejected"]


def test_a_number_of_plain_data_that_cannot_be_printed_is_rejected(pack: RulePack) -> None:
    record = read_bundle(bundle(patient(), observation(MAGNESIUM, quantity(10**5000, "mg/dL"))), pack, RETRIEVED).record
    assert [bad.field for bad in record.rejected] == [MG]


# --- work that grows with the length of a text, and not with its square


def takes(work: Callable[[str], object], text: str) -> float:
    """Seconds, the best of three."""
    found = []
    for _ in range(3):
        started = time.perf_counter()
        work(text)
        found.append(time.perf_counter() - started)
    return min(found)


@pytest.mark.parametrize(
    ("work", "of"),
    [
        pytest.param(lambda text: list(problems_in_words(text, False)), "edta ", id="a note of words that a tube may bear"),
        pytest.param(words, "\u0315\u0316", id="marks over no letter"),
        pytest.param(words, "\uff9e\u0315\uff9e\u0316", id="letters that become marks"),
    ],
)  # fmt: skip
def test_eight_times_the_text_is_no_sixty_four_times_the_work(work: Callable[[str], object], of: str) -> None:
    assert takes(work, of * 40_000) < 25 * takes(work, of * 5_000)


@pytest.mark.parametrize("before", range(0, 40, 3))
def test_no_word_of_a_long_text_is_lost_or_cut(before: int) -> None:
    assert words("x" * before + ("\u00a0" + "ha\u0065\u0301molysed") * 2000) == (
        *(["x" * before] if before else []),
        *(["ha\u00e9molysed"] * 2000),
    )


def test_what_a_long_note_says_at_its_end_is_read() -> None:
    assert list(problems_in_words("the sample came late, " * 20_000 + "haemolysed", False)) == ["haemolysed"]


def test_a_text_too_long_for_a_quantity_is_not_searched_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_quantity(" " * 110 + "1")["value"] == "1"
    monkeypatch.setattr("mgcds.model.record._QUANTITY", None)
    with pytest.raises(ValueError, match="write a number and its unit"):
        parse_quantity(" " * 121 + "1")


def test_a_text_too_long_for_an_answer_is_not_compared_with_one(
    pack: RulePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    monkeypatch.setattr("mgcds.fhir.elements.words", lambda text: compared.append(text) or words(text))
    blanks = observation(ITEM9, {"valueString": "1" + " " * 20_000 + "x"}, id="a")
    display = {"code": "LA6568-5", "display": "Not at all" + " " * 20_000 + "x"}
    coded = observation(ITEM9, {"valueCodeableConcept": {"coding": [display]}}, id="b")
    read_bundle(bundle(patient(), blanks, coded), pack, RETRIEVED)
    assert max(map(len, compared), default=0) <= 120


def test_a_dosage_text_too_long_for_a_dose_is_not_searched_for_one() -> None:
    assert daily_dose([{"text": "by mouth " * 80 + "248 mg elemental daily"}]) == "248 mg elemental"
    assert daily_dose([{"text": "by mouth " * 120 + "248 mg elemental daily"}]) is None
    assert takes(lambda text: daily_dose([{"text": text}]), "1" * 1000) < 25 * takes(
        lambda text: daily_dose([{"text": text}]), "1" * 125
    )


def test_a_float_of_plain_data_is_the_number_it_prints(pack: RulePack) -> None:
    assert read_bundle(bundle(observation(MAGNESIUM, mgdl(0.1))), pack).record.serum_magnesium[0].value == Decimal(
        "0.1"
    )


@pytest.mark.parametrize(
    ("newer", "known"),
    [
        pytest.param(
            observation(MAGNESIUM, {"valueString": "hemolyzed"}, id="new"),
            False,
            id="unreadable: the older does not stand in for it",
        ),
        pytest.param(observation(MAGNESIUM, id="new", status="cancelled"), True, id="cancelled: the older one counts"),
        pytest.param(
            observation(MAGNESIUM, {"valueString": "?"}, id="new", on="2026-09-01"),
            True,
            id="unreadable, but not newer",
        ),
    ],
)
def test_the_newest_result_decides(newer: dict[str, Any], known: bool, pack: RulePack) -> None:
    older = observation(MAGNESIUM, mgdl(1.4), id="old", on="2026-10-01")
    record = read_bundle(bundle(patient(), newer, older), pack, RETRIEVED).record
    assert isinstance(read_facts(record, pack, RETRIEVED).items[MG], Reading if known else Gap)


def test_of_race_paired_values_the_lower_counts(pack: RulePack) -> None:
    pair = [
        observation(code, quantity(value, "mL/min/{1.73_m2}"), id=code)
        for code, value in (("48643-1", 34), ("48642-3", 29))
    ]
    record = read_bundle(bundle(patient(), *pair), pack, RETRIEVED).record
    found = read_facts(record, pack, RETRIEVED).items["egfr"]
    assert len(record.egfr) == 2
    assert isinstance(found, Reading)
    assert found.range.low == 29


VITAL_SIGNS = [
    pytest.param(observation("8867-4", quantity(72, "beats/minute", "/min")), "heart_rate", "72 /min", id="heart rate"),
    pytest.param(
        observation("8867-4", quantity(72, "/min")), "heart_rate", "72 /min", id="heart rate, unit as displayed"
    ),
    pytest.param(observation("8867-4", quantity(72)), "heart_rate", None, id="heart rate without a unit"),
    pytest.param(observation("39156-5", quantity("22.5", "kg/m2", "kg/m2")), "bmi", "22.5 kg/m2", id="body mass index"),
    pytest.param(observation("39156-5", quantity(700, "kg/m2", "kg/m2")), "bmi", None, id="a body mass index of 700"),
    pytest.param(observation("39156-5", quantity(22, "kg", "kg")), "bmi", None, id="a weight as a body mass index"),
]


@pytest.mark.parametrize(("resource", "item", "shown"), VITAL_SIGNS)
def test_vital_signs(resource: dict[str, Any], item: str, shown: str | None, pack: RulePack) -> None:
    found = read_facts(read_bundle(bundle(patient(), resource), pack, RETRIEVED).record, pack, RETRIEVED).items[item]
    assert (found.shown if isinstance(found, Reading) else None) == shown
    assert isinstance(found, Reading) or (isinstance(found, Gap) and found.reason == "rejected")
