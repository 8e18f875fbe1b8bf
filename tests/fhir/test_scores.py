"""PHQ-9, its ninth answer, GAD-7; pregnancy."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mgcds.fhir import phq9, read_bundle
from mgcds.model.facts import Reading
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from tests.fhir.builders import (
    ITEM9,
    LOINC,
    PHQ9,
    PHQ9_DIFFICULTY,
    PHQ9_ITEMS,
    PHQ9_PANEL,
    RETRIEVED,
    SNOMED,
    answered,
    bundle,
    component,
    concept,
    condition,
    has,
    item,
    observation,
    patient,
    quantity,
    questionnaire,
    read,
)

# --- PHQ-9, GAD-7 ---


def nine(last: int = 2, *more: dict[str, Any], of: str | None = PHQ9_PANEL, **other: Any) -> dict[str, Any]:
    answers = [component(code, answered(1)) for code in PHQ9_ITEMS[:-1]] + [component(ITEM9, answered(last))]
    return observation(of, component=[*answers, *more], **other)


def asked(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return questionnaire({"linkId": "group", "item": list(items)}, **more)


ITEM9_2 = {"phq9_item9": ["2 on 2026-11-02"]}


def forms(*each: str, **more: Any) -> dict[str, Any]:
    """Nothing but these forms: their totals and item 9 are read from them."""
    return {"phq9_forms": list(each), "phq9": None, "phq9_item9": None, "rejected": [], "unused": [], **more}


SCORES = [
    pytest.param(
        observation(PHQ9, quantity(14, "{score}", "{score}")),
        {"phq9": ["14 on 2026-11-01"], "phq9_item9": None},
        id="a total alone",
    ),
    pytest.param(observation(PHQ9, {"valueInteger": 14}), {"phq9": ["14 on 2026-11-01"]}, id="a total as an integer"),
    pytest.param(observation("70274-6", {"valueInteger": 9}), {"gad7": ["9 on 2026-11-01"]}, id="GAD-7"),
    pytest.param(
        observation("89204-2", {"valueInteger": 9}),
        {"phq9": None, "unused": ["Observation 89204-2"]},
        id="the PHQ-9 for teenagers is another",
    ),
    pytest.param(
        observation("55758-7", {"valueInteger": 2}),
        {"phq9": None, "unused": ["Observation 55758-7"]},
        id="PHQ-2 is no PHQ-9",
    ),
    pytest.param(
        observation(ITEM9, answered(3)),
        {"phq9_item9": ["3 on 2026-11-01"], "phq9": None},
        id="item 9 as an Observation of its own",
    ),
    pytest.param(
        observation(ITEM9, {"valueCodeableConcept": {"text": "Nearly every day"}}),
        {"phq9_item9": ["3 on 2026-11-01"]},
        id="item 9 in the form's words",
    ),
    pytest.param(
        observation(ITEM9, {"valueCodeableConcept": concept("LA6568-5", display="Nearly every day")}),
        {"phq9_item9": None, "rejected": ["phq9_item9: its coded answer contradicts itself"]},
        id="code and display contradict one another",
    ),
    pytest.param(
        observation(ITEM9, {"valueCodeableConcept": concept("LA6568-5", text="Nearly every day")}),
        {"phq9_item9": None, "rejected": ["phq9_item9: its coded answer contradicts itself"]},
        id="code and text contradict one another",
    ),
    pytest.param(
        observation(ITEM9, {"valueCodeableConcept": concept("LA6571-9", text="Nearly every day!")}),
        {"phq9_item9": ["3 on 2026-11-01"], "rejected": []},
        id="code and text say the same",
    ),
    pytest.param(
        observation(ITEM9, {"valueCodeableConcept": concept("LA33-6", display="Yes")}),
        {"rejected": ["phq9_item9: its value is the text 'Yes'"]},
        id="yes is no answer of the form",
    ),
    pytest.param(nine(), forms("1 1 1 1 1 1 1 1 2 on 2026-11-01"), id="a panel of nine answers"),
    pytest.param(
        nine(2, of=PHQ9),
        forms("1 1 1 1 1 1 1 1 2 on 2026-11-01"),
        id="a total without a value, with its nine answers",
    ),
    pytest.param(
        nine(2, component(PHQ9, {"valueInteger": 10})),
        forms("1 1 1 1 1 1 1 1 2 on 2026-11-01 total 10"),
        id="nine answers and their total",
    ),
    pytest.param(
        nine(2, component(PHQ9, {"valueString": "high"})),
        forms("1 1 1 1 1 1 1 1 2 on 2026-11-01", unused=["its value is the text 'high'"]),
        id="nine answers and a total in words",
    ),
    pytest.param(
        nine(2, component(PHQ9, quantity(">9"))),
        forms("1 1 1 1 1 1 1 1 2 on 2026-11-01", unused=["its quantity has no number"]),
        id="nine answers and a total that is no number",
    ),
    pytest.param(
        observation(PHQ9_PANEL, component=[component(code, answered(1)) for code in PHQ9_ITEMS[1:]]),
        forms("- 1 1 1 1 1 1 1 1 on 2026-11-01"),
        id="eight answers",
    ),
    pytest.param(
        observation(PHQ9_PANEL, component=[component(code, answered(1)) for code in PHQ9_ITEMS[:2]]),
        forms("1 1 - - - - - - - on 2026-11-01"),
        id="a panel with two answers",
    ),
    pytest.param(
        observation("55757-9", component=[component(code, answered(1)) for code in PHQ9_ITEMS[:2]]),
        forms(phq9_forms=None, unused=["no rule uses it"]),
        id="the items of a PHQ-2 are no PHQ-9",
    ),
    pytest.param(
        observation(PHQ9, component=[component(code, answered(1)) for code in PHQ9_ITEMS[1:]]),
        forms("- 1 1 1 1 1 1 1 1 on 2026-11-01"),
        id="a total without a value and with eight answers",
    ),
    pytest.param(
        observation(
            PHQ9_PANEL, component=[component(code, answered(1) if code != ITEM9 else {}) for code in PHQ9_ITEMS]
        ),
        forms("1 1 1 1 1 1 1 1 - on 2026-11-01", unused=["it has no value"]),
        id="item 9 left empty",
    ),
    pytest.param(
        observation(PHQ9, {"valueInteger": 12}, component=[component(code, answered(1)) for code in PHQ9_ITEMS[6:]]),
        {"phq9_forms": None, "phq9": ["12 on 2026-11-01"], "phq9_item9": ["1 on 2026-11-01"], "rejected": []},
        id="a total beside some of its answers",
    ),
    pytest.param(
        observation(PHQ9, {"valueInteger": 2}, component=[component(code, answered(1)) for code in PHQ9_ITEMS[6:]]),
        {"phq9": ["2 on 2026-11-01"], "rejected": ["phq9: its total is not between 3 and 21"]},
        id="a total that some of its answers contradict",
    ),
    pytest.param(
        nine(2, on="yesterday"),
        {"phq9_forms": None, "rejected": ["phq9_item9: its date 'yesterday'", "phq9: its date 'yesterday'"]},
        id="nine answers on a day that cannot be read",
    ),
    pytest.param(
        nine(status="entered-in-error"),
        forms(phq9_forms=None, phq9_item9=["2 on 2026-11-01 entered-in-error"]),
        id="a void form",
    ),
    pytest.param(
        nine(2, component(PHQ9_DIFFICULTY, {"valueCodeableConcept": concept("LA6575-0")})),
        {"functional_difficulty": "very difficult", "rejected": []},
        id="the question after the nine",
    ),
    pytest.param(
        observation(PHQ9_DIFFICULTY, {"valueCodeableConcept": {"text": "Somewhat difficult"}}),
        {"functional_difficulty": "somewhat difficult", "rejected": [], "unused": []},
        id="the question after the nine, alone and in words",
    ),
    pytest.param(
        observation(PHQ9_DIFFICULTY, {"valueInteger": 2}),
        {"functional_difficulty": None, "rejected": ["functional_difficulty: how difficult it was is none of"]},
        id="the question after the nine, as a number: is it counted from 0 or from 1?",
    ),
    pytest.param(
        asked(item("/44249-1/44260-8", {"valueCoding": {"code": "LA6570-1"}})),
        ITEM9_2,
        id="a questionnaire item by its link id",
    ),
    pytest.param(
        asked(item("q9", {"valueInteger": 2}, code=[{"system": LOINC, "code": ITEM9}])),
        ITEM9_2,
        id="a questionnaire item by its code",
    ),
    pytest.param(
        asked(item("q9", {"valueDecimal": 2}, definition="http://loinc.org/fhir/DataElement/44260-8")),
        ITEM9_2,
        id="a questionnaire item by its definition",
    ),
    pytest.param(
        asked(
            item(
                "44260-8",
                {
                    "valueCoding": {
                        "code": "x",
                        "extension": [
                            {"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": 2}
                        ],
                    }
                },
            )
        ),
        ITEM9_2,
        id="a local answer code with its ordinal",
    ),
    pytest.param(
        asked(*(item(f"/{code}", {"valueInteger": 1}) for code in PHQ9_ITEMS)),
        forms("1 1 1 1 1 1 1 1 1 on 2026-11-02"),
        id="a questionnaire of nine answers",
    ),
    pytest.param(
        asked(*(item(f"/{code}", *([{"valueInteger": 1}] if code != ITEM9 else [])) for code in PHQ9_ITEMS)),
        forms("1 1 1 1 1 1 1 1 - on 2026-11-02"),
        id="a questionnaire with item 9 left empty",
    ),
    pytest.param(
        asked(*(item(code, {"valueInteger": 1}) for code in PHQ9_ITEMS[:5])),
        forms("1 1 1 1 1 - - - - on 2026-11-02"),
        id="a questionnaire that leaves out what was not answered",
    ),
    pytest.param(
        asked(*(item(code, {"valueInteger": 4 if code == ITEM9 else 0}) for code in PHQ9_ITEMS)),
        forms("0 0 0 0 0 0 0 0 4 on 2026-11-02"),
        id="an answer that the form does not have is for the scoring to reject",
    ),
    pytest.param(
        asked(item("44260-8")), {"phq9_item9": None, "rejected": [], "unused": ["was answered"]}, id="item 9 left empty"
    ),
    pytest.param(
        asked(item("44260-8", {"valueInteger": 0}, {"valueInteger": 3})),
        {"phq9_item9": None, "rejected": ["phq9_item9: it has more than one answer"]},
        id="two answers to one question",
    ),
    pytest.param(
        asked(item("44260-8", {"valueInteger": 3}), status="stopped"),
        {"phq9_item9": ["3 on 2026-11-02 preliminary"]},
        id="an answer counts where the form was not finished",
    ),
    pytest.param(
        asked(item("favourite-colour", {"valueString": "blue"})),
        {"unused": ["QuestionnaireResponse (1): it has no item"]},
        id="another questionnaire",
    ),
]


TWICE = [
    pytest.param(
        nine(3, component(ITEM9, answered(0))),
        forms("1 1 1 1 1 1 1 1 - on 2026-11-01", phq9_item9=["3 on 2026-11-01"], unused=["item 44260-8: it is given twice"]),
        id="item 9: the positive answer still counts",
    ),
    pytest.param(
        nine(0, component(ITEM9, answered(3))),
        forms("1 1 1 1 1 1 1 1 - on 2026-11-01", phq9_item9=["3 on 2026-11-01"], unused=["item 44260-8: it is given twice"]),
        id="item 9, the other way round",
    ),
    pytest.param(
        nine(0, component(ITEM9, {"valueString": "often"})),
        forms("1 1 1 1 1 1 1 1 - on 2026-11-01", unused=["item 44260-8: its value is the text 'often'", "its value"]),
        id="item 9: of two answers one cannot be read",
    ),
    pytest.param(
        nine(2, component(ITEM9, answered(2))),
        forms("1 1 1 1 1 1 1 1 2 on 2026-11-01"),
        id="item 9 twice, the same",
    ),
    pytest.param(
        nine(2, component(PHQ9_ITEMS[0], answered(3))),
        forms("- 1 1 1 1 1 1 1 2 on 2026-11-01", unused=["item 44250-9: it is given twice"]),
        id="another item",
    ),
    pytest.param(
        asked(*(item(code, {"valueInteger": 3}) for code in PHQ9_ITEMS), item(ITEM9, {"valueInteger": 0})),
        forms("3 3 3 3 3 3 3 3 - on 2026-11-02", phq9_item9=["3 on 2026-11-02"], unused=["item 44260-8: it is given twice"]),
        id="in a questionnaire",
    ),
    pytest.param(
        asked(*(item(code, {"valueInteger": 0}) for code in PHQ9_ITEMS), item(ITEM9, {"valueInteger": 0}, {"valueInteger": 3})),
        forms("0 0 0 0 0 0 0 0 - on 2026-11-02", unused=["it has more than one answer"]),
        id="in a questionnaire, once with two answers",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "expected"), TWICE)
def test_an_item_that_is_answered_twice(resource: dict[str, Any], expected: dict[str, Any], pack: RulePack) -> None:
    has(read(bundle(patient(), resource), pack), expected)


@pytest.mark.parametrize("given", [(3, 0), (0, 3)])
def test_a_positive_item_9_is_not_taken_back_by_another_answer_of_its_form(
    given: tuple[int, int], pack: RulePack
) -> None:
    content = bundle(patient(), nine(given[0], component(ITEM9, answered(given[1]))))
    facts = read_facts(read_bundle(content, pack, RETRIEVED).record, pack, date(2026, 11, 5))
    found = facts.items["phq9_item9"]
    assert isinstance(found, Reading)
    assert found.shown == "3"


@pytest.mark.parametrize(("resource", "expected"), SCORES)
def test_a_score(resource: dict[str, Any], expected: dict[str, Any], pack: RulePack) -> None:
    has(read(bundle(patient(), resource), pack), expected)


def how_difficult(code: str, on: str | None, **more: Any) -> dict[str, Any]:
    return observation(PHQ9_DIFFICULTY, {"valueCodeableConcept": concept(code)}, on=on, id=f"{code}-{on}", **more)


NOT_DIFFICULT, EXTREMELY = "LA6572-7", "LA6574-3"
DIFFICULTIES = [
    pytest.param(
        [how_difficult(EXTREMELY, "2026-11-01"), how_difficult(NOT_DIFFICULT, "2026-11-05")],
        {"functional_difficulty": "not difficult at all", "rejected": [], "unused": []},
        id="the newest counts",
    ),
    pytest.param(
        [how_difficult(EXTREMELY, "2026-11-05"), how_difficult(NOT_DIFFICULT, "2026-11-05")],
        {"functional_difficulty": "extremely difficult", "rejected": [], "unused": []},
        id="of one day the more difficult",
    ),
    pytest.param(
        [how_difficult(NOT_DIFFICULT, "2026-11-05"), how_difficult(EXTREMELY, "2026-11-05")],
        {"functional_difficulty": "extremely difficult", "rejected": [], "unused": []},
        id="of one day the more difficult, whichever comes last",
    ),
    pytest.param(
        [how_difficult(NOT_DIFFICULT, "2026-11-05"), how_difficult(EXTREMELY, "2026-11-31")],
        {"rejected": ["functional_difficulty: its date '2026-11-31' cannot be read"], "unused": []},
        id="on a day that cannot be read: it may be the newest",
    ),
    pytest.param(
        [how_difficult(NOT_DIFFICULT, "2026-11-05"), how_difficult(EXTREMELY, "2026-11-31", status="entered-in-error")],
        {"functional_difficulty": "not difficult at all", "rejected": [], "unused": ["status entered-in-error"]},
        id="an error on a day that cannot be read",
    ),
    pytest.param(
        [how_difficult(NOT_DIFFICULT, "2026-11-05"), how_difficult(EXTREMELY, None)],
        {"functional_difficulty": "not difficult at all", "unused": ["how difficult it was has no date"]},
        id="one without a date is not dropped silently",
    ),
]


@pytest.mark.parametrize(("resources", "expected"), DIFFICULTIES)
def test_how_difficult_it_was(resources: list[dict[str, Any]], expected: dict[str, Any], pack: RulePack) -> None:
    has(read(bundle(patient(), *resources), pack), expected)


# --- nine Observations of one occasion ---


def single(code: str, score: int, on: str | None = "2026-11-01T09:00:00Z", **more: Any) -> dict[str, Any]:
    """Coded, as an integer and as a quantity in turn, as real systems do."""
    value = (
        answered(score) if score in range(4) else {},
        {"valueInteger": score},
        quantity(score, "{score}", "{score}"),
    )
    return observation(code, value[PHQ9_ITEMS.index(code) % 3], on=on, id=f"{code}-{on}", **more)


def singles(*scores: int | None, on: str | None = "2026-11-01T09:00:00Z") -> list[dict[str, Any]]:
    return [single(code, score, on) for code, score in zip(PHQ9_ITEMS, scores, strict=True) if score is not None]


def total(value: int, on: str = "2026-11-01T09:00:00Z", **more: Any) -> dict[str, Any]:
    return observation(PHQ9, {"valueInteger": value}, on=on, id=f"t{value}", **more)


def panel(*members: str, on: str = "2026-11-01T09:00:00Z") -> dict[str, Any]:
    return observation(PHQ9_PANEL, on=on, id="panel", hasMember=[{"reference": member} for member in members])


TEN = (1, 2, 0, 3, 1, 1, 0, 2, 0)
AT_9, AT_10 = "on 2026-11-01T09:00:00Z", "on 2026-11-01T10:00:00Z"
SINGLES = [
    pytest.param(singles(*TEN), forms(f"1 2 0 3 1 1 0 2 0 {AT_9}"), id="nine"),
    pytest.param([*singles(*TEN), total(10)], forms(f"1 2 0 3 1 1 0 2 0 {AT_9} total 10"), id="with their total"),
    pytest.param([total(12), *singles(*TEN)], forms(f"1 2 0 3 1 1 0 2 0 {AT_9} total 12"), id="with another total"),
    pytest.param(
        [*singles(*TEN), total(10), total(12)],
        forms(f"1 2 0 3 1 1 0 2 0 {AT_9} total 12"),
        id="of two totals the one that contradicts them",
    ),
    pytest.param(
        [*singles(*TEN), *singles(*[2] * 9, on="2026-11-01T10:00:00Z")],
        forms(f"1 2 0 3 1 1 0 2 0 {AT_9}", f"2 2 2 2 2 2 2 2 2 {AT_10}"),
        id="two occasions on one day",
    ),
    pytest.param(
        [*singles(*TEN, on="2026-11-01"), *(each | {"id": f"b{n}"} for n, each in enumerate(singles(*[2] * 9, on="2026-11-01"))),
         total(18, on="2026-11-01"), total(10, on="2026-11-01")],
        forms("1 2 0 3 1 1 0 2 0 on 2026-11-01 total 10", "2 2 2 2 2 2 2 2 2 on 2026-11-01 total 18"),
        id="two forms of one day, without a time: each has the total that is its own",
    ),
    pytest.param(singles(1, 2, 0, 3, 1, 1, None, 2, 0), forms(f"1 2 0 3 1 1 - 2 0 {AT_9}"), id="eight"),
    pytest.param(singles(1, 2, 0, 3, 1, 1, 0, 2, None), forms(f"1 2 0 3 1 1 0 2 - {AT_9}"), id="without item 9"),
    pytest.param(
        singles(1, 2, *[None] * 6, 1),
        forms(phq9_forms=None, phq9_item9=[f"1 {AT_9}"], unused=["no rule uses it"] * 2),
        id="items 1, 2 and 9 are asked without the others",
    ),
    pytest.param(
        [total(14), single(ITEM9, 2)],
        forms(phq9_forms=None, phq9=[f"14 {AT_9}"], phq9_item9=[f"2 {AT_9}"]),
        id="a total and its item 9",
    ),
    pytest.param(
        [panel(*(f"Observation/{each['id']}" for each in singles(*TEN, on=None))), *singles(*TEN, on=None)],
        forms(f"1 2 0 3 1 1 0 2 0 {AT_9}", unused=["it has no effective date"]),
        id="members of a panel, which has the date",
    ),
    pytest.param(
        [panel(*(f"Observation/{each['id']}" for each in singles(*TEN[:6], *[None] * 3))), *singles(*TEN[:6], *[None] * 3)],
        forms(f"1 2 0 3 1 1 - - - {AT_9}"),
        id="a panel with six members",
    ),
    pytest.param(
        [panel("Observation/elsewhere")],
        forms(phq9_forms=None, rejected=["phq9: its answers were named and not given"]),
        id="members that were not given",
    ),
    pytest.param([panel()], forms(phq9_forms=None, unused=["no rule uses it"]), id="a panel of nothing"),
    pytest.param(
        [panel("Observation/elsewhere"), total(14)],
        forms(phq9_forms=None, phq9=[f"14 {AT_9}"], unused=["no rule uses it"]),
        id="members that were not given, and the total",
    ),
    pytest.param(
        [single(code, 1) | ({"status": "cancelled"} if code == PHQ9_ITEMS[3] else {}) for code in PHQ9_ITEMS],
        forms(f"1 1 1 - 1 1 1 1 1 {AT_9}", unused=["status cancelled"]),
        id="one of nine was cancelled",
    ),
    pytest.param(
        [panel(*(f"Observation/{each['id']}" for each in singles(*TEN))), *singles(*TEN[:8], None), single(ITEM9, 3, status="cancelled")],
        forms(f"1 2 0 3 1 1 0 2 - {AT_9}", phq9_item9=[f"3 {AT_9} cancelled"]),
        id="a member of a panel was cancelled: the others stand",
    ),
    pytest.param(
        [panel("Observation/44250-9-2026-11-01T09:00:00Z") | {"status": "entered-in-error"}, *singles(*TEN)],
        forms(f"1 2 0 3 1 1 0 2 0 {AT_9}", unused=["status entered-in-error"]),
        id="a panel entered in error: what it names has a status of its own",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "expected"), SINGLES)
def test_answers_one_by_one(resources: list[dict[str, Any]], expected: dict[str, Any], pack: RulePack) -> None:
    has(read(bundle(patient(), *resources), pack), expected)


CONTRADICTIONS = [
    pytest.param([*singles(*TEN), total(10)], "10", id="the total they give"),
    pytest.param([*singles(*TEN), total(12)], None, id="another total"),
    pytest.param([*singles(*TEN[:8], 3), total(10)], None, id="another item 9"),
    pytest.param([*singles(1, 2, 0, 3, 1, 1, None, 2, 0)], "10 to 13", id="one missing"),
    pytest.param([nine(2, component(PHQ9, {"valueInteger": 12}))], None, id="another total in a panel"),
    pytest.param([nine(2)], "10", id="a panel"),
]


def total_of(resources: list[dict[str, Any]], pack: RulePack) -> str | None:
    facts = read_facts(read_bundle(bundle(patient(), *resources), pack, RETRIEVED).record, pack, date(2026, 11, 5))
    found = facts.items["phq9"]
    return found.shown if isinstance(found, Reading) else None


@pytest.mark.parametrize(("resources", "shown"), CONTRADICTIONS)
def test_a_total_that_its_answers_contradict_is_not_used(
    resources: list[dict[str, Any]], shown: str | None, pack: RulePack
) -> None:
    assert total_of(resources, pack) == shown


@pytest.mark.parametrize(
    ("name", "faulty"),
    [
        pytest.param("_moment", lambda occasion: bool(occasion.phq9.asked), id="a total stands apart from its answers"),
        pytest.param("_is_plain", lambda entry: False, id="totals are not compared"),
    ],
)
def test_a_contradiction_that_is_not_looked_for_is_missed(
    name: str, faulty: Any, pack: RulePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeded faults: the same resources, read one by one."""
    monkeypatch.setattr(phq9, name, faulty)
    assert total_of([*singles(*TEN), total(12)], pack) is not None


# --- pregnancy ---


def pregnancy(
    code: str | None, system: str = SNOMED, text: str | None = None, on: str | None = "2026-11-01", **more: Any
) -> dict[str, Any]:
    return observation("82810-3", {"valueCodeableConcept": concept(code, system, text=text)}, on=on, **more)


PREGNANT = condition("Pregnancy", id="preg", onsetDateTime="2026-10-01", code=concept("77386006", SNOMED))
PREGNANCIES = [
    pytest.param([pregnancy("77386006")], "pregnant", [], id="SNOMED CT"),
    pytest.param([pregnancy("LA26683-5", LOINC)], "not pregnant", [], id="a LOINC answer"),
    pytest.param([pregnancy(None, text="Not pregnant")], "not pregnant", [], id="in words"),
    pytest.param(
        [pregnancy("146799005", text="Possible pregnancy")],
        None,
        ["pregnancy: whether she is pregnant is not said"],
        id="possibly pregnant",
    ),
    pytest.param(
        [pregnancy(None, text="possibly pregnant")], None, ["pregnancy: whether"], id="possibly pregnant, in words"
    ),
    pytest.param(
        [pregnancy("LA26683-5", LOINC, id="n"), pregnancy("77386006", id="y", on="2026-10-01")],
        "not pregnant",
        [],
        id="the newest counts",
    ),
    pytest.param(
        [pregnancy("60001007", id="n"), pregnancy("77386006", id="y")],
        "pregnant",
        [],
        id="of two on one day the more cautious",
    ),
    pytest.param([pregnancy("77386006", status="entered-in-error")], None, [], id="entered in error"),
    pytest.param([pregnancy("60001007", id="n", on="2026-09-01"), PREGNANT], "pregnant", [], id="a newer Condition"),
    pytest.param([pregnancy("60001007", id="n"), PREGNANT], "not pregnant", [], id="an older Condition"),
    pytest.param(
        [{**PREGNANT, "clinicalStatus": concept("resolved", "x"), "abatementDateTime": "2026-10-30"}],
        None,
        [],
        id="a Condition that has ended",
    ),
    *(
        pytest.param([pregnancy("60001007", id="n", on="2026-11-05"), doubt], None, [f"pregnancy: {why}"], id=name)
        for name, why, doubt in (
            ("pregnant, on a day that does not exist", "its date", pregnancy("77386006", on="2026-11-31")),
            ("pregnant, undated", "it may be newer", pregnancy("77386006", on=None)),
            ("pregnant, in the same month", "it may be newer", pregnancy("77386006", on="2026-11")),
            (
                "masked, and newer",
                "whether she is pregnant",
                observation("82810-3", on="2026-11-18", dataAbsentReason=concept("masked", "x")),
            ),
            (
                "pregnant, by a code without its system",
                "its code names no code system",
                {**pregnancy("77386006", on="2026-11-18"), "code": {"coding": [{"code": "82810-3"}]}},
            ),
        )
    ),
    pytest.param(
        [pregnancy("77386006", id="y", on="2026-11-01"), pregnancy("60001007", id="n", on="2083-11-01")],
        "pregnant",
        [],
        id="not pregnant, in a shifted future",
    ),
    pytest.param(
        [pregnancy("60001007", on="2083-11-01")], None, ["pregnancy: its date '2083"], id="in a shifted future"
    ),
    pytest.param(
        [pregnancy("60001007", id="n", on="2026-11-05"), pregnancy("77386006", id="y", on="2026-11-21T06:30:00Z")],
        "pregnant",
        [],
        id="of the same day in another time zone",
    ),
    pytest.param(
        [pregnancy("77386006", id="y"), pregnancy("60001007", id="n", on=None)],
        "pregnant",
        [],
        id="not pregnant, undated",
    ),
    pytest.param(
        [
            pregnancy("60001007", id="n", on="2026-11-05"),
            {
                **pregnancy("77386006", on="2026-11-18", status="cancelled"),
                "code": {"coding": [{"code": "82810-3"}]},
            },
        ],
        "not pregnant",
        [],
        id="void, by a code without its system",
    ),
]


@pytest.mark.parametrize(("resources", "value", "rejected"), PREGNANCIES)
def test_pregnancy(resources: list[dict[str, Any]], value: str | None, rejected: list[str], pack: RulePack) -> None:
    has(read(bundle(patient(), *resources), pack), {"pregnancy": value, "rejected": rejected})
