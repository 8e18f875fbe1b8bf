"""The PHQ-9: nine answers of 0 to 3 become a total and an answer to item 9; and what a change from one total to another means.

Where one or two items are unanswered the total is kept as all the values it may have, from the sum of the answers to that sum and
3 for each gap. The prorated total (sum × 9 / answered) lies among them and is told to the reader, but decides nothing: near a
limit it could hide a severe depression, and so a limit that lies among the possible totals is simply not decided. Three or more
unanswered items leave no total. Item 9 is never made up from the others.

The form and its prorating: Kroenke 2001, J Gen Intern Med 16:606. The limits of bands and changes stand in `rules/phq9.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from mgcds.model.dates import When, newest, parse_when
from mgcds.model.facts import DataProblem
from mgcds.model.record import DatedFunctionalDifficulty, Measurement, PatientRecord, Phq9Form, Rejected

ITEMS = 9
ANSWERS = (0, 1, 2, 3)
MOST_MISSING = 2
_VOID = ("cancelled", "entered-in-error")
_FORMS, _TOTAL, _ITEM9, _DIFFICULTY = "phq9_forms", "phq9", "phq9_item9", "functional_difficulty"
FROM_FORMS = (_TOTAL, _ITEM9, _DIFFICULTY)
"""the fields of a record that its forms add to"""

Change = Literal["remission", "response", "partial response", "no response", "worsening"]


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The limits of `rules/phq9.yaml`, in points, and in per cent of the earlier total."""

    bands: tuple[tuple[str, int], ...]
    """name and lowest total of each band, the mildest first"""
    remission_below: int
    response_percent: int
    fall: int
    fall_percent: int
    rise: int


class Score(NamedTuple):
    """What nine answers say: the totals they allow, both None where there is none and `why` says so; and item 9, if it is known."""

    lowest: int | None
    highest: int | None
    item9: int | None
    answered: int
    why: str

    @property
    def prorated(self) -> Fraction | None:
        """The total if the unanswered items were like the average of the others."""
        return Fraction(self.lowest * ITEMS, self.answered) if self.lowest is not None else None


def score(answers: Sequence[int | Decimal | None], stated: int | Decimal | None = None) -> Score:
    """Add up nine answers, None where one is missing. A stated total that the answers cannot give contradicts them.

    Of a form that contradicts itself an item 9 of 0 is not believed: it may be the answer that is wrong.
    """
    if len(answers) != ITEMS:
        raise ValueError(f"a PHQ-9 has {ITEMS} answers, not {len(answers)}")
    given = [answer for answer in answers if answer is not None]
    missing = ITEMS - len(given)
    item9 = int(answers[-1]) if answers[-1] in ANSWERS else None
    for number, answer in enumerate(answers, 1):
        if answer is not None and answer not in ANSWERS:
            return Score(None, None, item9, len(given), f"item {number} is {answer}, not 0, 1, 2 or 3: confirm it")
    lowest = int(sum(given))
    highest = lowest + ANSWERS[-1] * missing
    if stated is not None and not lowest <= stated <= highest:
        why = f"the stated total is {stated}, the answers add up to {_span(lowest, highest)}: confirm them"
        return Score(None, None, item9 or None, len(given), why)
    if missing > MOST_MISSING:
        why = f"{missing} of {ITEMS} items are unanswered, so there is no total: complete it"
        return Score(None, None, item9, len(given), why)
    return Score(lowest, highest, item9, len(given), "")


def band(total: int, cutoffs: Cutoffs) -> str:
    """The band of severity of a total."""
    return [name for name, lowest in cutoffs.bands if lowest <= total][-1]


def item9_newly_positive(before: int | None, after: int | None) -> bool | None:
    """Is item 9 answered with more than "not at all" now, and was it not known to be before? None where it is not known now."""
    return None if after is None else after >= 1 and not (before is not None and before >= 1)


def change(before: int, after: int, cutoffs: Cutoffs, newly_positive: bool | None = False) -> Change | None:
    """The one class of a change of the total; None where a worsening of item 9 cannot be excluded (clinical brief RA-01 to RA-03, 8.1).

    Worsening comes first, then remission: a total that stays below the limit of remission is no failure to respond. The share
    of a fall is never asked of an earlier total of 0, which can only stay in remission or rise.
    """
    fall = before - after
    if -fall >= cutoffs.rise or newly_positive:
        return "worsening"
    if newly_positive is None:
        return None
    if after < cutoffs.remission_below:
        return "remission"
    if fall >= cutoffs.fall and 100 * fall >= cutoffs.response_percent * before:
        return "response"
    if fall >= cutoffs.fall or 100 * fall >= cutoffs.fall_percent * before:
        return "partial response"
    return "no response"


# --- from the forms of a record to its measurements ---------------------------------------------------------------------------


def read_forms(record: PatientRecord, on: date, cutoffs: Cutoffs | None) -> tuple[PatientRecord, list[DataProblem]]:
    """The record with the results of its PHQ-9 forms among `phq9`, `phq9_item9` and `functional_difficulty`, and what is to be said.

    A form without a total, or without item 9, makes that item unknown on its day, so that an older result does not stand in for it;
    only an older item 9 that was positive still stands: silence does not take back an answer that needs a review today.
    """
    unread = [bad for bad in record.rejected if bad.field.partition("[")[0] == _FORMS]
    if not record.phq9_forms and not unread:
        return record, []
    found = _Found(list(record.phq9), list(record.phq9_item9), [bad for bad in record.rejected if bad not in unread])
    for bad in unread:
        found.rejected.append(Rejected(field=_TOTAL, why=bad.why, date=bad.date, source=bad.source))
        found.without_item9.append((bad.why, bad.date or record.recorded, bad.source))
    difficulty = record.functional_difficulty
    for form in record.phq9_forms:
        dated = form.date or record.recorded
        ignored = _ignored(form, dated, on)
        if ignored:
            found.problems.append(DataProblem(_TOTAL, ignored, source=form.source))
            continue
        _take(form, dated, found, cutoffs)
        difficulty = _newer_difficulty(form, dated, difficulty, record.recorded)
    _settle_item9(found, record, on)
    update = {
        _TOTAL: tuple(found.totals), _ITEM9: tuple(found.item9s), _DIFFICULTY: difficulty,
        "rejected": tuple(found.rejected),
    }  # fmt: skip
    return record.model_copy(update=update), found.problems


@dataclass(slots=True)
class _Found:
    """What the forms of a record add to it."""

    totals: list[Measurement]
    item9s: list[Measurement]
    rejected: list[Rejected]
    without_item9: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    """why, date and source of each form whose item 9 is not known"""
    problems: list[DataProblem] = field(default_factory=list)


def _ignored(form: Phq9Form, dated: str | None, on: date) -> str:
    if form.status in _VOID:
        return f"status {form.status}"
    future = dated is not None and parse_when(dated).days_before(on)[1] < 0
    return "dated after the day of evaluation" if future else ""


def _take(form: Phq9Form, dated: str | None, found: _Found, cutoffs: Cutoffs | None) -> None:
    """The total and item 9 of one form."""
    scored = score(form.answers, form.total)
    if scored.lowest is None or scored.highest is None:
        found.rejected.append(Rejected(field=_TOTAL, why=scored.why, date=dated, source=form.source))
    else:
        found.totals.append(_measurement(form, dated, scored.lowest, scored.highest))
        if scored.answered < ITEMS:
            found.problems.append(DataProblem(_TOTAL, _prorated(scored, cutoffs), used=True, source=form.source))
    if scored.item9 is not None:
        found.item9s.append(_measurement(form, dated, scored.item9, scored.item9))
    else:
        why = "item 9 is unanswered: ask it" if form.answers[-1] is None else scored.why
        found.without_item9.append((why, dated, form.source))


def _newer_difficulty(
    form: Phq9Form, dated: str | None, known: DatedFunctionalDifficulty | None, recorded: str | None
) -> DatedFunctionalDifficulty | None:
    before = (known.date or recorded) if known is not None else None
    if form.difficulty is None or (known is not None and (before is None or dated is None)):
        return known
    if before is not None and dated is not None and dated not in newest((before, dated), parse_when):
        return known
    return DatedFunctionalDifficulty(value=form.difficulty, date=dated, source=form.source)


def _settle_item9(found: _Found, record: PatientRecord, on: date) -> None:
    """Item 9 is unknown on the day of a form without it, unless the newest answer still stands."""
    last = _newest(found.item9s, record, on)
    for why, dated, source in found.without_item9:
        if last is not None and _stands(*last, dated):
            what = f"{why}; the answer of {last[0].text} still counts"
            found.problems.append(DataProblem(_ITEM9, what, used=True, source=source))
        else:
            found.rejected.append(Rejected(field=_ITEM9, why=why, date=dated, source=source))


def _measurement(form: Phq9Form, dated: str | None, lowest: int, highest: int) -> Measurement:
    up_to = Decimal(highest) if highest > lowest else None
    return Measurement(value=Decimal(lowest), up_to=up_to, date=dated, status=form.status, source=form.source)


def _prorated(found: Score, cutoffs: Cutoffs | None) -> str:
    assert found.lowest is not None
    assert found.highest is not None
    assert found.prorated is not None
    missing = ITEMS - found.answered
    bands = dict.fromkeys(band(total, cutoffs) for total in (found.lowest, found.highest)) if cutoffs else ()
    return (
        f"{missing} of {ITEMS} items {'is' if missing == 1 else 'are'} unanswered: the total is "
        f"{_span(found.lowest, found.highest)}{', ' + ' to '.join(bands) if bands else ''} "
        f"(prorated {float(found.prorated):.1f}); a limit within that range stays undecided"
    )


def _span(lowest: int, highest: int) -> str:
    return str(lowest) if lowest == highest else f"{lowest} to {highest}"


def _newest(item9s: Iterable[Measurement], record: PatientRecord, on: date) -> tuple[When, Measurement] | None:
    """The newest answer to item 9 that was given, wherever it stands."""
    dated = [(parse_when(text), each) for each in item9s if (text := each.date or record.recorded) is not None]
    given = [(when, each) for when, each in dated if each.status not in _VOID and when.days_before(on)[1] >= 0]
    return max(newest(given, lambda each: each[0]), key=lambda each: each[1].value, default=None)


def _stands(when: When, answer: Measurement, dated: str | None) -> bool:
    """Does an answer stand beside a form without one: as it was given on that day or later, or was not a plain 0?"""
    if answer.value != 0 or answer.comparator is not None:
        return True
    return dated is not None and when.first >= parse_when(dated).last
