"""What a record says over time: every result of an item, each judged by itself, and when medicines were started and stopped.

Nothing here decides anything: `read_facts` says which result counts. This is for the reader who compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

from mgcds.model.dates import When, parse_when
from mgcds.model.evaluation import is_above, is_below
from mgcds.model.facts import DataProblem, Reading
from mgcds.model.listing import called, members
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.phq9 import read_forms
from mgcds.model.reading import read_measured, shown
from mgcds.model.record import Diagnosis, Measurement, PatientRecord

Place = Literal["below", "within", "above", "cannot be told"]


class Result(NamedTuple):
    """One result: as it was reported, with its date as written; `reading` is None where it is not used, and `notes` say why, or
    what is to be confirmed.
    """

    value: str
    dated: str | None
    reading: Reading | None
    notes: tuple[str, ...]
    source: str | None

    @property
    def when(self) -> When | None:
        """Its date; None where there is none."""
        return parse_when(self.dated) if self.dated else None


class Course(NamedTuple):
    """A medicine or treatment of a value set, from `start` to `stop` as far as they are known; `is_current` None: cannot be told."""

    value_set: str
    name: str
    start: When | None
    stop: When | None
    is_current: bool | None


def results(item_id: str, record: PatientRecord, pack: RulePack, on: date) -> tuple[Result, ...]:
    """Every result of a measured item, the oldest first, those without a date last. Each is read as if it were the only one."""
    item = pack.items[item_id]
    assert isinstance(item, MeasuredItem)
    record, told = read_forms(record, on, pack.phq9)
    found = [_result(item, measurement, record, on, told) for measurement in getattr(record, item_id)]
    found += [
        Result("not readable", bad.date or record.recorded, None, (bad.why,), bad.source)
        for bad in record.rejected
        if bad.field.partition("[")[0] == item_id
    ]
    return tuple(sorted(found, key=lambda each: each.when.order() if each.when else (date.max,)))


def _result(
    item: MeasuredItem, measurement: Measurement, record: PatientRecord, on: date, told: list[DataProblem]
) -> Result:
    alone = record.model_copy(update={item.id: (measurement,), "rejected": ()})
    problems: list[DataProblem] = []
    reading = read_measured(item, alone, on, problems)
    of_its_form = [each for each in told if each.about == item.id and each.source and each.source == measurement.source]
    return Result(
        shown(measurement),
        measurement.date or record.recorded,
        reading if isinstance(reading, Reading) else None,
        tuple(problem.what for problem in (*problems, *of_its_form)),
        measurement.source,
    )


def place(reading: Reading) -> Place:
    """Where a result lies in its reference range, whose limits belong to it; one that reaches both sides of a limit cannot be told."""
    above, below = is_above(reading.range, reading.lower), is_below(reading.range, reading.upper)
    if above is False:
        return "below"
    if below is False:
        return "above"
    return "within" if above and below else "cannot be told"


def courses(value_set: str, record: PatientRecord, pack: RulePack, on: date) -> Iterator[Course]:
    """When each member of a value set of medicines or treatments was started and stopped; none where the pack has no such set."""
    for entry, is_current in members(value_set, record, pack, on) if value_set in pack.value_sets else ():
        if not isinstance(entry, Diagnosis):
            start, stop = (parse_when(text) if text else None for text in (entry.start, entry.stop))
            yield Course(value_set, called(entry), start, stop, is_current)
