"""What the page of one patient shows, as data; `templates/patient.html` lays it out. Nothing is decided here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from mgcds import __version__
from mgcds.model.assessment import Assessment, Suggestion
from mgcds.model.explanation import step_text
from mgcds.model.facts import DataProblem, Gap, Reading, StateReading
from mgcds.model.history import Course, courses, place, results
from mgcds.model.listing import called
from mgcds.model.pack import Evidence, ListItem, MeasuredItem
from mgcds.model.record import PatientRecord
from mgcds.printing import visible
from mgcds.printing.assessment import (
    Unused,
    is_computed,
    is_of_the_patient,
    is_unsigned,
    needs_text,
    problem_lines,
    why_text,
)
from mgcds.printing.basis import age_text
from mgcds.review.lab_chart import LabRow, lab_picture, lab_rows, lab_words, limits_text, newest_unit
from mgcds.review.phq9_chart import Phq9Row, band_of, phq9_picture, phq9_rows, phq9_words
from mgcds.review.rendering import environment, style

CAUTIONS = ("stop", "defer", "interaction")
"""kinds that say what not to do, or not yet"""
TRIALS = ("consider", "dose")
TREATMENTS = ("antidepressant", "magnesium_product", "psychotherapy")
"""value sets whose courses stand below the PHQ-9"""
FIRST = ("phq9", "phq9_item9", "serum_magnesium", "egfr", "medicines")
"""what a reader looks for before anything else"""
_MOST_REFERENCES, _MOST_ENTRIES = 6, 60


class Value(NamedTuple):
    """An item or list as it was read: what is on record, what that means (a band, a place in its range), its date and age, the limits
    that apply, where it was read; or why nothing of it is known.
    """

    title: str
    value: str
    means: str = ""
    age: str = ""
    limits: str = ""
    source: str = ""
    gap: Gap | None = None


class Wanted(NamedTuple):
    """Something not known for which suggestions wait, alone or with others."""

    title: str
    gap: Gap | None
    waiting: tuple[Suggestion, ...]

    @property
    def kinds(self) -> tuple[tuple[str, int], ...]:
        """How many suggestions of each kind wait, in the pack's order."""
        kinds = [suggestion.kind for suggestion in self.waiting]
        return tuple((kind, kinds.count(kind)) for kind in dict.fromkeys(kinds))


class HeldBack(NamedTuple):
    """Suggestions that the same rules hold back, and why each of these may."""

    by: tuple[tuple[Suggestion, str], ...]
    held: tuple[Suggestion, ...]


class Chart(NamedTuple):
    """Values over time: the picture, what it says in words, and the table that says the same. `units` that a reader can switch
    between, `unit` which of them the newest value came in.
    """

    picture: Markup
    words: str
    rows: tuple[Phq9Row, ...] | tuple[LabRow, ...]
    units: tuple[str, ...] = ()
    unit: int = 0


class Refused(NamedTuple):
    """Parts of the source that were not used for one reason: the first references, and how many more there are."""

    why: str
    references: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class PatientPage:
    """Everything on the page. Suggestions come urgent first, then in the pack's order of kinds."""

    name: str
    person: tuple[str, ...]
    recorded: str | None
    on: date
    assessment: Assessment
    alerts: tuple[str, ...]
    unsigned: bool
    offered: tuple[Suggestion, ...]
    held_back: tuple[HeldBack, ...]
    undecided: tuple[tuple[str, tuple[Suggestion, ...]], ...]
    wanted: tuple[Wanted, ...]
    not_indicated: tuple[tuple[Suggestion, str], ...]
    first: tuple[Value, ...]
    known: tuple[Value, ...]
    unknown: tuple[Value, ...]
    rejected: tuple[str, ...]
    to_confirm: tuple[str, ...]
    unused: tuple[Refused, ...]
    phq9: Chart | None
    magnesium: Chart | None
    courses: tuple[Course, ...]
    sources: tuple[Evidence, ...]

    @property
    def for_review(self) -> tuple[Suggestion, ...]:
        """Offered suggestions that say what could be done."""
        return tuple(suggestion for suggestion in self.offered if suggestion.kind not in CAUTIONS)

    @property
    def cautions(self) -> tuple[Suggestion, ...]:
        """Offered suggestions that say what not to do, or not yet."""
        return tuple(suggestion for suggestion in self.offered if suggestion.kind in CAUTIONS)

    @property
    def signed(self) -> int:
        """How many rules a clinician has signed."""
        return sum(rule.review.status != "unreviewed" for rule in self.assessment.pack.rules.values())

    @property
    def undecided_trials(self) -> tuple[Suggestion, ...]:
        """Trials and doses that cannot be decided, and so are not offered."""
        return tuple(each for _, group in self.undecided for each in group if each.kind in TRIALS)


def patient_html(name: str, record: PatientRecord, assessment: Assessment, unused: Unused = ()) -> str:
    """The page of one patient: self-contained, without any script or request."""
    page = patient_page(name, record, assessment, unused)
    return rendered("patient.html", page=page, pack=assessment.pack, linked=True, root="", here="", navigation=())


def write_pages(pages: Iterable[tuple[str, str]], folder: Path) -> Iterable[tuple[Path, str]]:
    """Write (name, page) into a folder, each to a file named after where the record came from; which file holds whom."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for name, page in pages:
        plain = re.sub(r"[^\w.-]+", "-", Path(name).name).strip("-.")[:80] or "patient"
        numbered = (f"{plain}{f'-{number}' if number > 1 else ''}.html" for number in count(1))
        file = next(each for each in numbered if each.lower() not in taken)
        taken.add(file.lower())
        (folder / file).write_text(page, encoding="utf-8")
        yield folder / file, name


def rendered(template: str, **context: Any) -> str:
    """A template of the patient page or of a notebook, with what all of them use."""
    text = (
        environment()
        .get_template(template)
        .render(style=Markup(style()), version=__version__, why_text=why_text, age_text=age_text, **context)
    )
    return harmless(text)


def harmless(text: str) -> str:
    """A page without characters that turn the direction of writing, and without halves of characters: a record may hold them."""
    return visible(text).encode("utf-8", "replace").decode()


def patient_page(name: str, given: PatientRecord | None, assessment: Assessment, unused: Unused = ()) -> PatientPage:
    """What there is to show of a record and its assessment. `name`: where the record came from; `unused`: (reference, why). Without the
    record there is nothing over time, and lists are empty.
    """
    record, pack, on = given or PatientRecord(), assessment.pack, assessment.on
    values = tuple(_values(record, assessment))
    treatments = tuple(course for name in TREATMENTS for course in courses(name, record, pack, on))
    rejected, to_confirm = _problems(assessment.problems, assessment)
    return PatientPage(
        name, tuple(_person(assessment)), record.recorded, on, assessment,
        alerts=tuple(f"{reference}: {why}" for reference, why in unused if is_of_the_patient(reference)),
        unsigned=is_unsigned(pack),
        offered=(*assessment.interruptive, *assessment.passive, *assessment.folded),
        held_back=tuple(_held_back(assessment)), undecided=_undecided(assessment), wanted=_wanted(assessment),
        not_indicated=tuple(
            (each, step_text(assessment.why_not(each.id))) for each in assessment.of_status("not indicated")
        ),
        first=tuple(dict(values)[item] for item in FIRST if item in pack.items),
        known=tuple(value for _, value in values if value.gap is None),
        unknown=tuple(value for item, value in values if value.gap is not None and not is_computed(item, pack)),
        rejected=rejected, to_confirm=to_confirm, unused=tuple(_refused(unused)),
        phq9=_phq9(record, treatments, assessment), magnesium=_lab("serum_magnesium", record, assessment),
        courses=treatments, sources=_sources(assessment),
    )  # fmt: skip


def _person(assessment: Assessment) -> Iterable[str]:
    """Sex, age and date of birth, or that they are not known: the reader checks that it is the right person."""
    sex, age = (assessment.facts.items.get(item) for item in ("sex", "age"))
    yield sex.value if isinstance(sex, StateReading) else "sex not known"
    yield f"{age.shown}, {age.dated}" if isinstance(age, Reading) and age.dated else "age not known"


# --- suggestions ------------------------------------------------------------------------------------------------------------


def _held_back(assessment: Assessment) -> Iterable[HeldBack]:
    groups: dict[tuple[str, ...], list[Suggestion]] = {}
    for suggestion in assessment.of_status("suppressed"):
        groups.setdefault(suggestion.held_back_by, []).append(suggestion)
    for holders, held in groups.items():
        because = {holder.by: holder.because for holder in assessment.pack.holders[held[0].id]}
        yield HeldBack(tuple((assessment[holder], because[holder]) for holder in holders), tuple(held))


def _undecided(assessment: Assessment) -> tuple[tuple[str, tuple[Suggestion, ...]], ...]:
    """Withheld suggestions by what they need; first those that are met and only wait for another rule."""
    groups: dict[str, list[Suggestion]] = {}
    for suggestion in sorted(assessment.of_status("withheld"), key=lambda each: each.steps.verdict != "met"):
        groups.setdefault(needs_text(suggestion, assessment), []).append(suggestion)
    return tuple((needs, tuple(group)) for needs, group in groups.items())


def _wanted(assessment: Assessment) -> tuple[Wanted, ...]:
    """What is not known and would decide something, that which the most urgent suggestions wait for first, then the most of them."""
    waiting: dict[str, list[Suggestion]] = {}
    for suggestion in assessment.of_status("withheld"):
        for item in dict.fromkeys(item for items in suggestion.missing for item in items):
            waiting.setdefault(item, []).append(suggestion)
    rank = assessment.pack.kinds.index
    ordered = sorted(waiting.items(), key=lambda each: (min(rank(one.kind) for one in each[1]), -len(each[1])))
    return tuple(
        Wanted(_title(item, assessment), assessment.unknown_items.get(item), tuple(found)) for item, found in ordered
    )


def _title(item: str, assessment: Assessment) -> str:
    found = assessment.pack.items.get(item)
    return found.title if found else item


def _sources(assessment: Assessment) -> tuple[Evidence, ...]:
    """All evidence, for and against, of what is offered, held back or not decided; each entry once."""
    shown = [each for each in assessment.suggestions if each.status != "not indicated"]
    found = {entry.id: entry for each in shown for entry in (*each.evidence_for, *each.evidence_against)}
    general = [
        text
        for each in shown
        if each.status != "withheld"
        for text in (*each.basis.options, *each.basis.harms, *each.basis.limits, *each.basis.not_studied)
    ]
    found |= {entry: assessment.pack.evidence[entry] for text in general for entry in text.evidence}
    return tuple(found[entry] for entry in sorted(found))


# --- values over time --------------------------------------------------------------------------------------------------------


def _phq9(record: PatientRecord, treatments: Sequence[Course], assessment: Assessment) -> Chart | None:
    """None where neither a total nor an item 9 is on record."""
    pack, on = assessment.pack, assessment.on
    totals, item9 = (results(item, record, pack, on) if item in pack.items else () for item in ("phq9", "phq9_item9"))
    if not totals and not item9:
        return None
    picture = phq9_picture(totals, item9, treatments, pack.phq9, on)
    return Chart(picture, phq9_words(totals, pack.phq9), phq9_rows(totals, item9, pack.phq9))


def _lab(name: str, record: PatientRecord, assessment: Assessment) -> Chart | None:
    """None where no result is on record, or the pack does not know the item."""
    item = assessment.pack.items.get(name)
    if not isinstance(item, MeasuredItem):
        return None
    found = results(name, record, assessment.pack, assessment.on)
    if not found:
        return None
    picture = lab_picture(item, found, assessment.on)
    return Chart(picture, lab_words(found), lab_rows(item, found), item.units, newest_unit(item, found))


# --- data -------------------------------------------------------------------------------------------------------------------


def _values(record: PatientRecord, assessment: Assessment) -> Iterable[tuple[str, Value]]:
    facts, unknown = assessment.facts, assessment.unknown_items
    for item in assessment.pack.items.values():
        gap = unknown.get(item.id)
        if isinstance(item, ListItem):
            yield item.id, Value(item.title, _entries(item, record), gap=gap)
            continue
        found = facts.items[item.id]
        if isinstance(found, Gap):
            yield item.id, Value(item.title, "", gap=found)
        elif isinstance(found, StateReading):
            yield (
                item.id,
                Value(item.title, found.value, "", _age(found, item.current_for), "", found.source or "", gap),
            )
        else:
            means = _means(item.id, found, assessment)
            age, limits = _age(found, item.current_for), limits_text(found)
            yield item.id, Value(item.title, found.shown, means, age, limits, found.source or "", gap)


def _age(found: Reading | StateReading, current_for: int | None) -> str:
    if not found.dated[:4].isdigit():
        return found.dated
    old = f"{found.dated[:10]}, {found.days} day{'' if found.days == 1 else 's'} old"
    return old if current_for is None else f"{old}, current for {current_for}"


def _means(item: str, reading: Reading, assessment: Assessment) -> str:
    """The band of a PHQ-9; where a laboratory value lies in its range."""
    cutoffs = assessment.pack.phq9
    if item == "phq9" and cutoffs is not None:
        return band_of(reading, cutoffs)
    if reading.lower is None and reading.upper is None:
        return ""
    where = place(reading)
    return where if where == "cannot be told" else f"{where} its range"


def _entries(item: ListItem, record: PatientRecord) -> str:
    """What stands in a list, each name once; `none` where it was said that there is nothing."""
    given: Sequence[Any] | None = getattr(record, item.id)
    more = (*record.antidepressants, *(record.supplements or ())) if item.id == "medicines" else ()
    names = list(dict.fromkeys(called(entry) for entry in (*(given or ()), *more)))
    if not names:
        return "" if given is None else "none"
    rest = f" and {len(names) - _MOST_ENTRIES} more" if len(names) > _MOST_ENTRIES else ""
    return "; ".join(names[:_MOST_ENTRIES]) + rest


def _problems(problems: Sequence[DataProblem], assessment: Assessment) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was not used, and what was used but is to be confirmed; alike ones in a line."""
    rejected, used = (
        tuple(problem_lines([each for each in problems if each.used is used], assessment.pack, everything=False))
        for used in (False, True)
    )
    return rejected, used


def _refused(unused: Unused) -> Iterable[Refused]:
    by_reason: dict[str, list[str]] = {}
    for reference, why in unused:
        if not is_of_the_patient(reference):
            by_reason.setdefault(why, []).append(reference)
    for why, references in by_reason.items():
        yield Refused(why, tuple(references[:_MOST_REFERENCES]), max(len(references) - _MOST_REFERENCES, 0))
