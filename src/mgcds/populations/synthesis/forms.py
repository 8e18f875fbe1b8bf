"""PHQ-9: a series of forms, answer by answer as a questionnaire or a panel, or as a total."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgcds.fhir.elements import ANSWER_CODES, LOINC
from mgcds.fhir.phq9 import DIFFICULTY, ITEM9, ITEMS, PANEL, TOTAL
from mgcds.model.phq9 import ANSWERS
from mgcds.populations.synthesis import prevalence as p
from mgcds.populations.synthesis.strands import SUBJECT, Sheet, loinc

_CODE_OF = {score: code for code, score in ANSWER_CODES.items()}


def write_forms(sheet: Sheet, difficulties: Sequence[str], changed: int | None) -> None:
    """Forms of the last year, the newest last. From the day `changed` (days ago) on they may be better."""
    way = sheet.random.random()
    severity = 0.15 + 0.8 * sheet.random.random()
    ago = sheet.days(60)
    days = [
        ago + number * sheet.random.randint(*p.FORM_EVERY_DAYS)
        for number in range(sheet.random.randint(1, p.MOST_FORMS))
    ]
    if changed is not None:
        days.append(changed + sheet.random.randint(1, 25))
    better = sheet.random.random()
    for ago in sorted(set(days), reverse=True):
        level = severity * (better if changed is not None and ago < changed else 1)
        answers = [_answer(level * (0.35 if code == ITEM9 else 1), sheet) for code in ITEMS]
        when = f"{sheet.day(ago)}T{sheet.random.randrange(8, 18):02}:00:00Z"
        if way < p.PHQ9_AS_QUESTIONNAIRE:
            _questionnaire(answers, when, difficulties, sheet)
        elif way < p.PHQ9_AS_QUESTIONNAIRE + p.PHQ9_AS_PANEL:
            _panel(answers, when, sheet)
        else:
            _total(answers, when, sheet)


def _answer(level: float, sheet: Sheet) -> int:
    return sum(sheet.random.random() < level for _ in range(ANSWERS[-1]))


def _questionnaire(answers: Sequence[int], when: str, difficulties: Sequence[str], sheet: Sheet) -> None:
    left_out = (
        sheet.random.randrange(len(ITEMS)) if sheet.by_chance(p.PHQ9_ANSWER_MISSING, "PHQ-9 answer missing") else None
    )
    items: list[dict[str, Any]] = []
    for place, (code, answer) in enumerate(zip(ITEMS, answers, strict=True)):
        given = {"answer": [{"valueCoding": {"system": LOINC[0], "code": _CODE_OF[answer]}}]}
        items.append({"linkId": f"/{PANEL}/{code}"} | ({} if place == left_out else given))
    if left_out is None and sheet.by_chance(p.PHQ9_TOTAL_TOO):
        wrong = sheet.by_chance(p.PHQ9_TOTAL_CONTRADICTS, "PHQ-9 total contradicts")
        items.append(
            {
                "linkId": f"/{PANEL}/{TOTAL}",
                "answer": [{"valueDecimal": _shifted(sum(answers)) if wrong else sum(answers)}],
            }
        )
    if sheet.by_chance(p.DIFFICULTY_TOO):
        how = difficulties[min(sum(answers) // 7, len(difficulties) - 1)]
        items.append({"linkId": f"/{PANEL}/{DIFFICULTY}", "answer": [{"valueCoding": {"display": how}}]})
    sheet.add("QuestionnaireResponse", status="completed", subject=SUBJECT, authored=when, item=items)


def _shifted(total: int) -> int:
    return total - 1 if total else 1


def _panel(answers: Sequence[int], when: str, sheet: Sheet) -> None:
    parts = [
        {"code": loinc(code), "valueCodeableConcept": loinc(_CODE_OF[answer])}
        for code, answer in zip(ITEMS, answers, strict=True)
    ]
    sheet.add(
        "Observation",
        status="final",
        code=loinc(PANEL, "PHQ-9"),
        subject=SUBJECT,
        effectiveDateTime=when,
        component=parts,
    )


def _total(answers: Sequence[int], when: str, sheet: Sheet) -> None:
    scores = [(TOTAL, sum(answers))]
    if sheet.by_chance(p.ITEM9_TOO):
        scores.append((ITEM9, answers[-1]))
    for code, score in scores:
        sheet.add(
            "Observation", status="final", code=loinc(code), subject=SUBJECT, effectiveDateTime=when,
            valueQuantity={"value": score, "unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"},
        )  # fmt: skip
