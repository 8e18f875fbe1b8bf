"""PHQ-9 forms of plain patients: whole ones, totals, and answers to item 9. Any other is for `fhir.phq9` to settle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mgcds.fhir import phq9
from mgcds.model.dates import parse_when
from mgcds.model.phq9 import ANSWERS
from mgcds.populations.writings import NotPlain, is_date

Row = tuple[Any, ...]
"""of measurements, but for the patient"""


@dataclass(slots=True)
class Asked:
    """What one resource says of a PHQ-9."""

    reference: str
    status: str
    date: str | None
    is_panel: bool = False
    asked: set[str] = field(default_factory=set)
    answers: dict[str, Decimal] = field(default_factory=dict)
    results: list[Row] = field(default_factory=list)
    totals: list[Decimal] = field(default_factory=list)


def rows_of(forms: Iterable[Asked], scores: Mapping[str, str]) -> Iterator[Row]:
    """The measurements that a patient's forms are; `scores` names the item of a code. What belongs to one moment is one form."""
    together: dict[object, list[Asked]] = {}
    for asked in forms:
        if asked.date is None or not is_date(asked.date):
            raise NotPlain("PHQ-9: date")
        when = parse_when(asked.date)
        together.setdefault(when.moment or when.text, []).append(asked)
    for form in together.values():
        yield from _rows_of_one(form, scores)


def _rows_of_one(form: Sequence[Asked], scores: Mapping[str, str]) -> Iterator[Row]:
    asked = [each for each in form if each.asked or each.is_panel]
    totals = [total for each in form for total in each.totals]
    if len(asked) > 1:
        raise NotPlain("PHQ-9: answers apart")
    answers = asked[0].answers if asked else {}
    least = sum(answers.values())
    if len(answers) == len(phq9.ITEMS) and len(form) == 1:
        if any(total != least for total in totals) or any(answer not in ANSWERS for answer in answers.values()):
            raise NotPlain("PHQ-9: contradicts itself")
        for code, score in ((phq9.TOTAL, least), (phq9.ITEM9, answers[phq9.ITEM9])):
            if code in scores:
                (one,) = asked
                yield (scores[code], str(int(score)), None, None, None, one.date, one.status, None, None, one.reference)
        return
    if asked and (asked[0].is_panel or asked[0].asked != {phq9.ITEM9}):
        raise NotPlain("PHQ-9: a part of a form")
    most = least + ANSWERS[-1] * (len(phq9.ITEMS) - len(answers))
    if answers and any(not least <= total <= most for total in totals):
        raise NotPlain("PHQ-9: contradicts itself")
    for each in form:
        yield from each.results
