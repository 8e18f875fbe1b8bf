"""PHQ-9, its ninth answer, GAD-7; pregnancy."""

from __future__ import annotations

from typing import Any

import pytest

from mgcds.model.pack import RulePack
from tests.fhir.builders import (
    ITEM9,
    LOINC,
    PHQ9,
    PHQ9_ITEMS,
    PHQ9_PANEL,
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


def nine(last: int = 2, *more: dict[str, Any], of: str | None = PHQ9_PANEL) -> dict[str, Any]:
    answers = [component(code, answered(1)) for code in PHQ9_ITEMS[:-1]] + [component(ITEM9, answered(last))]
    return observation(of, component=[*answers, *more])


def asked(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return questionnaire({"linkId": "group", "item": list(items)}, **more)


TOTAL_10, ITEM9_2 = (
    {"phq9": ["10 on 2026-11-01"], "phq9_item9": ["2 on 2026-11-01"]},
    {"phq9_item9": ["2 on 2026-11-02"]},
)
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
        observation(ITEM9, {"valueCodeableConcept": concept("LA33-6", display="Yes")}),
        {"rejected": ["phq9_item9: its value is the text 'Yes'"]},
        id="yes is no answer of the form",
    ),
    pytest.param(nine(), TOTAL_10, id="nine answers without a total give it"),
    pytest.param(nine(2, of=PHQ9), TOTAL_10, id="a total without a value, with its nine answers"),
    pytest.param(nine(2, component(PHQ9, {"valueInteger": 10})), TOTAL_10, id="nine answers and their total, once"),
    pytest.param(
        nine(2, component(PHQ9, {"valueInteger": 12})),
        {"phq9": ["12 on 2026-11-01"], "rejected": ["phq9: its nine answers add up"]},
        id="nine answers that add up to another total",
    ),
    pytest.param(
        observation(PHQ9_PANEL, component=[component(code, answered(1)) for code in PHQ9_ITEMS[1:]]),
        {"phq9": None, "phq9_item9": ["1 on 2026-11-01"], "rejected": []},
        id="eight answers give no total",
    ),
    pytest.param(
        observation(PHQ9, component=[component(code, answered(1)) for code in PHQ9_ITEMS[1:]]),
        {"phq9": None, "rejected": ["phq9: it has no value"]},
        id="a total without a value and with eight answers",
    ),
    pytest.param(
        observation(PHQ9, component=[component(code, answered(1) if code != ITEM9 else {}) for code in PHQ9_ITEMS]),
        {"phq9": None, "rejected": ["phq9_item9: it has no value", "phq9: its total has no value, and not all nine"]},
        id="one of nine answers is empty",
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
        {"phq9": ["9 on 2026-11-02"], "phq9_item9": ["1 on 2026-11-02"]},
        id="a questionnaire of nine answers",
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


@pytest.mark.parametrize(("resource", "expected"), SCORES)
def test_a_score(resource: dict[str, Any], expected: dict[str, Any], pack: RulePack) -> None:
    has(read(bundle(patient(), resource), pack), expected)


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
]


@pytest.mark.parametrize(("resources", "value", "rejected"), PREGNANCIES)
def test_pregnancy(resources: list[dict[str, Any]], value: str | None, rejected: list[str], pack: RulePack) -> None:
    has(read(bundle(patient(), *resources), pack), {"pregnancy": value, "rejected": rejected})
