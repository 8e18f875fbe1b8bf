"""From a record to facts: which value counts, in which unit, how old it is, and why it is unknown where it is.

The newest result of an item decides. Where the newest cannot be used (no unit, spoilt specimen, impossible value), the item is
unknown: an older value does not stand in for it. Results that were cancelled, entered in error or dated in the future are void and
leave the older ones in place. On one day a result with a time is later than one without; of two at the same moment the more final
status counts, then the more cautious value (`on_a_tie`), then the higher source text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from mgcds.model.criterion import Limit, Number, Threshold
from mgcds.model.dates import parse_when
from mgcds.model.dose import SaltDose, parse_dose
from mgcds.model.pack import ListItem, MeasuredItem, RulePack, StateItem
from mgcds.model.record import Diagnosis, Measurement, Medicine, PatientRecord, Supplement, parse_quantity
from mgcds.model.terminology import Match, Vocabulary
from mgcds.model.units import SCORE, factor, parse_unit

Reason = Literal["missing", "stale", "rejected", "undated", "imprecise", "not reconciled", "not recognised"]


@dataclass(frozen=True, slots=True)
class Range:
    """What is known of a number: from `low` to `high`; None is unbounded, open ends do not belong to it."""

    low: Number | None
    high: Number | None
    low_open: bool = False
    high_open: bool = False

    @classmethod
    def exactly(cls, value: Number) -> Range:
        """One number."""
        return cls(value, value)


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing usable is known, and why. `days` is set where a value is known but was too old."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The value that counts, in `unit` (one of the item's), at most `days` old, with the limits that apply to it."""

    range: Range
    unit: str
    days: int
    lower: Limit | None
    upper: Limit | None
    lower_from: str
    upper_from: str
    shown: str
    dated: str
    source: str | None


@dataclass(frozen=True, slots=True)
class StateReading:
    """A state and how many days ago, at most, it was so."""

    value: str
    days: int
    dated: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list says of one value set. `present` is None where the list is open; ranges are days before the evaluation."""

    present: bool | None
    running: Range
    """how long the longest-running current member has been taken"""
    unchanged: Range
    """how long ago a member was last started or stopped"""
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataProblem:
    """Something of the record that was not used, or was used with a warning: about which item, what is wrong, the value and its
    date as reported, and where it was read.
    """

    about: str
    what: str
    used: bool = False
    source: str | None = None
    value: str | None = None


@dataclass(slots=True)
class Facts:
    """All that evaluation reads of one record on one day."""

    on: date
    items: dict[str, Reading | StateReading | Gap]
    lists: dict[str, Gap | None]
    """list → why it is open; None when it is complete"""
    members: dict[str, Listed]
    """value set → what its list says"""
    problems: list[DataProblem] = field(default_factory=list)


def read_facts(record: PatientRecord, pack: RulePack, on: date) -> Facts:
    """Read everything the pack's data dictionary names."""
    facts = Facts(on, {}, {}, {})
    facts.problems += [DataProblem(bad.field, bad.why, source=bad.source) for bad in record.rejected]
    for item in pack.items.values():
        match item:
            case MeasuredItem():
                facts.items[item.id] = _read_measured(item, record, on, facts.problems)
            case StateItem():
                facts.items[item.id] = _read_state(item, record, on, facts.problems)
            case ListItem():
                _read_list(item, record, pack, facts)
    if "supplemental_magnesium" in pack.items:
        facts.items["supplemental_magnesium"] = _supplemental_magnesium(record, pack, facts)
    return facts


# --- measurements -------------------------------------------------------------------------------------------------------------

_VOID = ("cancelled", "entered-in-error")
_UNSURE = ("unknown", "registered")
_FINALITY = {"corrected": 3, "amended": 2, "final": 1}
_Place = tuple[tuple[date, bool, datetime], int, bool, Number, str]  # the total order of results


class _Unusable(Exception):
    """This result says nothing; the text says why."""


def _read_measured(item: MeasuredItem, record: PatientRecord, on: date, problems: list[DataProblem]) -> Reading | Gap:
    if item.id == "age":
        return _age(record, on, problems)
    if item.id == "supplemental_magnesium":
        return Gap("missing", "computed from the supplements")
    newest: Reading | Gap | None = None
    newest_at: _Place | None = None
    undated = False
    for measurement in getattr(record, item.id):
        dated = measurement.date or record.recorded
        if measurement.status in _VOID:
            problems.append(_problem(item, measurement, f"status {measurement.status}"))
            continue
        if dated is None:
            undated = True
            problems.append(_problem(item, measurement, "undated: give its date, or the day the record was taken"))
            continue
        when = parse_when(dated)
        days = when.days_before(on)[1]
        if days < 0:
            problems.append(_problem(item, measurement, "dated after the day of evaluation"))
            continue
        reading: Reading | Gap
        cautious: Number = 0
        try:
            reading = _reading(item, measurement, days, dated, problems)
            cautious = _caution(item, reading)
        except _Unusable as unusable:
            problems.append(_problem(item, measurement, str(unusable)))
            old = item.current_for is not None and days > item.current_for
            reading = Gap("stale", f"{days} days old, and not usable") if old else Gap("rejected", str(unusable))
        place = (
            when.order(),
            _FINALITY.get(measurement.status, 0),
            isinstance(reading, Gap),
            cautious,
            measurement.source or "",
        )
        if newest_at is None or place > newest_at:
            newest, newest_at = reading, place
    for bad in record.rejected:
        if bad.field.partition("[")[0] == item.id:
            dated = bad.date or record.recorded
            if newest_at is None or dated is None or parse_when(dated).order() >= newest_at[0]:
                return Gap("rejected", bad.why)
    if newest is None:
        return Gap("undated", "no date is known") if undated else Gap("missing", "none on record")
    return newest


def _caution(item: MeasuredItem, reading: Reading) -> Number:
    """Higher for the more cautious value; in the item's first unit, so that 1.6 mg/dL is lower than 1.0 mmol/L."""
    low = reading.range.low if reading.range.low is not None else reading.range.high
    assert low is not None
    value = _in_first_unit(low, reading.unit, item)
    return value if item.on_a_tie == "highest" else -value


def _in_first_unit(value: Number, unit: str, item: MeasuredItem) -> Number:
    if unit == item.units[0]:
        return value
    scale = factor(unit, item.units[0], item.substance)
    assert scale is not None, "item units convert into one another, checked at load"
    return Fraction(value) * scale


def _reading(
    item: MeasuredItem, measurement: Measurement, days: int, dated: str, problems: list[DataProblem]
) -> Reading:
    if measurement.status in _UNSURE:
        raise _Unusable(f"status {measurement.status}: not a result yet")
    reported = _reported_unit(item, measurement)
    unit, scale = _comparison_unit(item, reported)
    value = measurement.value if unit == reported else Fraction(measurement.value) * scale
    _check_plausible(item, value, unit, measurement, problems)
    lower, lower_from = _limit(item, "lower", measurement, unit, problems)
    upper, upper_from = _limit(item, "upper", measurement, unit, problems)
    if lower is not None and upper is not None and lower.value >= upper.value:
        problems.append(
            _problem(item, measurement, "the laboratory's limits contradict each other: not used", used=True)
        )
        lower, lower_from = _default_limit(item.lower, unit)
        upper, upper_from = _default_limit(item.upper, unit)
    _check_specimen(item, measurement, value, lower, problems)
    return Reading(
        range=_range(value, measurement.comparator),
        unit=unit, days=days, lower=lower, upper=upper, lower_from=lower_from, upper_from=upper_from,
        shown=shown(measurement), dated=dated, source=measurement.source,
    )  # fmt: skip


def _problem(item: MeasuredItem, measurement: Measurement, what: str, used: bool = False) -> DataProblem:
    value = f"{shown(measurement)} of {measurement.date}" if measurement.date else shown(measurement)
    return DataProblem(item.id, what, used, measurement.source, value)


def shown(measurement: Measurement) -> str:
    """The result as it was reported."""
    unit = "" if measurement.unit in (None, SCORE) else f" {measurement.unit}"
    return f"{measurement.comparator or ''}{measurement.value}{unit}"


def _reported_unit(item: MeasuredItem, measurement: Measurement) -> str:
    if measurement.unit is None:
        if item.units[0] != SCORE:
            raise _Unusable(f"no unit: write one of {', '.join(item.units)}; it is never guessed")
        return SCORE
    unit = parse_unit(measurement.unit)
    if unit is None:
        raise _Unusable(f"the unit '{measurement.unit[:40]}' is not understood; write one of {', '.join(item.units)}")
    if measurement.code is not None:
        expected = item.codes.get(measurement.code)
        if expected is None:
            raise _Unusable(f"LOINC {measurement.code} is not {item.title.lower()}")
        if all(factor(unit, wanted) is None for wanted in expected):
            raise _Unusable(
                f"the unit {unit} contradicts LOINC {measurement.code}, which is reported in {' or '.join(expected)}"
            )
    return unit


def _comparison_unit(item: MeasuredItem, reported: str) -> tuple[str, Fraction]:
    """The unit to compare in: the reported one if thresholds know it, otherwise one it turns into exactly."""
    if reported in item.units:
        return reported, Fraction(1)
    for substance in (None, item.substance):
        for unit in item.units:
            scale = factor(reported, unit, substance)
            if scale is not None:
                return unit, scale
    raise _Unusable(f"{reported} is no unit of {item.title.lower()}; write one of {', '.join(item.units)}")


def _check_plausible(
    item: MeasuredItem, value: Number, unit: str, measurement: Measurement, problems: list[DataProblem]
) -> None:
    low, high = item.plausible
    if value < 0:
        raise _Unusable("a negative value is not possible: confirm it")
    if item.whole and value.as_integer_ratio()[1] != 1:
        raise _Unusable("not a whole number: confirm it")
    if not low <= _in_first_unit(value, unit, item) <= high:
        if item.beyond_plausible == "reject":
            raise _Unusable("not plausible: confirm it")
        problems.append(_problem(item, measurement, "hardly plausible: confirm it", used=True))


def _limit(
    item: MeasuredItem,
    which: Literal["lower", "upper"],
    measurement: Measurement,
    unit: str,
    problems: list[DataProblem],
) -> tuple[Limit | None, str]:
    """The laboratory's own limit in the unit of comparison; the item's default where there is none that can be used."""
    reported = measurement.lower_limit if which == "lower" else measurement.upper_limit
    if reported is not None:
        value = _limit_value(reported, unit, item.substance)
        if value is not None and item.plausible[0] <= _in_first_unit(value, unit, item) <= item.plausible[1]:
            return Limit(value, True), "the laboratory's own limit"
        what = f"the laboratory's {which} limit cannot be used: '{reported[:40]}'"
        problems.append(_problem(item, measurement, what, used=True))
    return _default_limit(item.lower if which == "lower" else item.upper, unit)


@lru_cache(maxsize=4096)  # laboratories report the same limits again and again
def _limit_value(reported: str, unit: str, substance: str | None) -> Fraction | None:
    """A reported limit in the unit of comparison; None where it has no number, or no unit that converts."""
    try:
        parts = parse_quantity(reported)
    except ValueError:
        return None
    found = parse_unit(parts["unit"]) if parts["unit"] else None
    scale = factor(found, unit, substance) if found else None
    return None if scale is None or parts["comparator"] else Fraction(parts["value"]) * scale


def _default_limit(default: Threshold | None, unit: str) -> tuple[Limit | None, str]:
    return (default.by_unit[unit], "the default limit, the laboratory's own was not given") if default else (None, "")


def _check_specimen(
    item: MeasuredItem, measurement: Measurement, value: Number, lower: Limit | None, problems: list[DataProblem]
) -> None:
    for fault in measurement.specimen:
        refused = item.not_from.get(fault)
        low = lower is not None and value < lower.value
        if refused == "any value" or (refused == "normal or high" and not low):
            raise _Unusable(f"the specimen was {fault}: repeat it")
        what = f"the specimen was {fault}; a low value is still credible" if refused else f"the specimen was {fault}"
        problems.append(_problem(item, measurement, what, used=True))


def _range(value: Number, comparator: str | None) -> Range:
    match comparator:
        case "<" | "<=":
            return Range(None, value, high_open=comparator == "<")
        case ">" | ">=":
            return Range(value, None, low_open=comparator == ">")
        case _:
            return Range.exactly(value)


def _age(record: PatientRecord, on: date, problems: list[DataProblem]) -> Reading | Gap:
    """Whole years. From the birth date; a partial one gives the range of years it may mean. A stated age that disagrees makes it unknown."""
    bad = {rejected.field: rejected.why for rejected in record.rejected}
    if "birth_date" in bad or (record.birth_date is None and "age" in bad):
        return Gap("rejected", bad.get("birth_date") or bad["age"])
    if record.birth_date is None:
        if record.age is None:
            return Gap("missing", "neither birth date nor age on record")
        if record.age.to_integral_value() != record.age:
            return Gap("rejected", "the age is not in whole years")
        return _years(Range.exactly(record.age), f"{record.age} years", record.recorded or "")
    born = parse_when(record.birth_date)
    if born.first > on:
        problems.append(DataProblem("age", "born after the day of evaluation"))
        return Gap("rejected", "born after the day of evaluation")
    youngest, oldest = _birthdays(born.last, on), _birthdays(born.first, on)
    if oldest > 130 or (record.age is not None and not youngest - 1 <= record.age <= oldest + 1):
        problems.append(
            DataProblem(
                "age",
                "birth date and age disagree" if oldest <= 130 else "older than 130 years: confirm the birth date",
            )
        )
        return Gap("rejected", "birth date and age disagree, or are not plausible")
    text = f"{youngest} years" if youngest == oldest else f"{youngest} to {oldest} years"
    return _years(Range(max(youngest, 0), oldest), text, f"born {record.birth_date}")


def _years(years: Range, text: str, dated: str) -> Reading:
    return Reading(years, "a", 0, None, None, "", "", text, dated, None)


def _birthdays(born: date, on: date) -> int:
    """Years completed; who is born on 29 February completes one on 1 March of other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


# --- states -------------------------------------------------------------------------------------------------------------------


def _read_state(item: StateItem, record: PatientRecord, on: date, problems: list[DataProblem]) -> StateReading | Gap:
    for bad in record.rejected:
        if bad.field == item.id:
            return Gap("rejected", bad.why)
    given = getattr(record, item.id)
    if given is None:
        return Gap("missing", "not on record")
    if given.value not in item.values:  # e.g. sex "unknown": an answer that answers nothing
        return Gap("missing", f"recorded as '{given.value}'")
    dated = given.date or record.recorded
    if dated is None:
        if item.current_for is None:
            return StateReading(given.value, 0, "", given.source)
        problems.append(
            DataProblem(item.id, "undated: give its date, or the day the record was taken", source=given.source)
        )
        return Gap("undated", "no date is known")
    days = parse_when(dated).days_before(on)[1]
    if days < 0 and item.current_for is not None:
        problems.append(DataProblem(item.id, "dated after the day of evaluation", source=given.source))
        return Gap("rejected", "dated after the day of evaluation")
    return StateReading(given.value, days, dated, given.source)


# --- lists --------------------------------------------------------------------------------------------------------------------


def _read_list(item: ListItem, record: PatientRecord, pack: RulePack, facts: Facts) -> None:
    given: tuple[Medicine | Diagnosis, ...] | None = getattr(record, item.id)
    entries = _medicine_entries(record) if item.id == "medicines" else given or ()
    vocabulary = pack.vocabularies[item.id]
    sets: dict[str, list[Medicine | Diagnosis]] = {}
    unknown: list[str] = []
    for entry in entries:
        match = _match(entry, vocabulary)
        if not match.recognised and _current(entry, facts.on) is not False:
            unknown.append(_called(entry))
        for value_set in match.value_sets:
            sets.setdefault(value_set, []).append(entry)
    gap = _why_open(item, record, given, unknown, facts)
    facts.lists[item.id] = gap
    for found in pack.value_sets.values():
        if found.of == item.id:
            facts.members[found.id] = _listed(sets.get(found.id, []), gap is None, facts.on)


def _medicine_entries(record: PatientRecord) -> tuple[Medicine, ...]:
    return (record.medicines or ()) + record.antidepressants + (record.supplements or ())


def _match(entry: Medicine | Diagnosis, vocabulary: Vocabulary) -> Match:
    return vocabulary.match(entry.name, tuple((code.system, code.code) for code in entry.codes))


def _called(entry: Medicine | Diagnosis) -> str:
    return entry.name or ", ".join(f"{code.system} {code.code}" for code in entry.codes)


def _why_open(
    item: ListItem, record: PatientRecord, given: Iterable[object] | None, unknown: list[str], facts: Facts
) -> Gap | None:
    for name in unknown:
        facts.problems.append(DataProblem(item.id, f"'{name[:80]}' is not recognised"))
    fields = ("medicines", "antidepressants", "supplements") if item.id == "medicines" else (item.id,)
    fields = (*fields, f"{item.id}_reconciled")
    bad = [rejected for rejected in record.rejected if rejected.field.partition("[")[0] in fields]
    if given is None:
        return Gap("missing", "no list on record") if not bad else Gap("rejected", bad[0].why)
    if bad:
        return Gap("rejected", f"{bad[0].field} could not be read: {bad[0].why}")
    reviewed = getattr(record, f"{item.id}_reconciled") or record.recorded
    if reviewed is None:
        return Gap("not reconciled", "it is not known when the list was last reviewed")
    days = parse_when(reviewed).days_before(facts.on)[1]
    if days < 0:
        return Gap("not reconciled", "reviewed after the day of evaluation")
    if item.current_for is not None and days > item.current_for:
        return Gap("stale", f"last reviewed {days} days ago, current for {item.current_for}")
    if unknown:
        return Gap("not recognised", ", ".join(name[:80] for name in unknown))
    return None


def _current(entry: Medicine | Diagnosis, on: date) -> bool | None:
    """Is it current on that day? None where that cannot be told."""
    began, ended = (entry.start, entry.stop) if isinstance(entry, Medicine) else (entry.onset, entry.abated)
    if isinstance(entry, Medicine) and entry.status == "stopped":
        return False
    if ended is not None:
        fewest, most = parse_when(ended).days_before(on)
        if fewest > 0:  # the day it was stopped still counts
            return False
        if most > 0:
            return None
    if began is not None:
        fewest, most = parse_when(began).days_before(on)
        if most < 0:
            return False
        if fewest < 0:
            return None
    if isinstance(entry, Medicine) and entry.status in ("on-hold", "unknown"):
        return None
    return True


# What a list says of a value set of which it holds no entry: where the list is complete, and where it is open.
_NONE_OF_IT = Listed(False, Range.exactly(0), Range(0, None), ())
_NONE_SEEN = Listed(None, Range(0, None), Range(0, None), ())


def _listed(entries: list[Medicine | Diagnosis], complete: bool, on: date) -> Listed:
    if not entries:
        return _NONE_OF_IT if complete else _NONE_SEEN
    currents = [(entry, _current(entry, on)) for entry in entries]
    current = [entry for entry, is_current in currents if is_current]
    unsure = any(is_current is None for _, is_current in currents)
    present = True if current else None if unsure or not complete else False
    sure = complete and not unsure
    return Listed(
        present=present,
        running=_running([entry for entry in current if isinstance(entry, Medicine)], sure, on),
        unchanged=_unchanged([entry for entry, _ in currents if isinstance(entry, Medicine)], sure, on),
        entries=tuple(dict.fromkeys(_called(entry) for entry in current)),
    )


def _running(current: list[Medicine], sure: bool, on: date) -> Range:
    low, high = 0, 0
    for medicine in current:
        if medicine.start is None:
            sure = False
            continue
        fewest, most = parse_when(medicine.start).days_before(on)
        low, high = max(low, fewest), max(high, most)
    return Range(low, high if sure else None)


def _unchanged(members: list[Medicine], sure: bool, on: date) -> Range:
    """Days since the last known start or stop; unbounded where none is known, from 0 where one may be hidden."""
    low: int | None = None
    high: int | None = None
    for medicine in members:
        dates = [parse_when(text).days_before(on) for text in (medicine.start, medicine.stop) if text]
        past = [(max(fewest, 0), most) for fewest, most in dates if most >= 0]
        if (medicine.start if medicine.status != "stopped" else medicine.stop) is None:
            sure = False  # a change whose day is not known may have been yesterday
        for fewest, most in past:
            low = fewest if low is None else min(low, fewest)
            high = most if high is None else min(high, most)
    return Range(low if sure and low is not None else 0, high)


def _supplemental_magnesium(record: PatientRecord, pack: RulePack, facts: Facts) -> Reading | Gap:
    """Elemental magnesium a day from all magnesium products, in mg; unknown while a product's dose is."""
    gap = facts.lists.get("medicines")
    product = facts.members.get("magnesium_product")
    if product is None or product.present is None:
        return gap or Gap("imprecise", "whether magnesium is taken is not known")
    if product.present is False:
        return Reading(Range.exactly(0), "mg/d", 0, None, None, "", "", "0 mg elemental a day", "", None)
    total, sure = Fraction(0), gap is None
    for entry in _medicine_entries(record):
        is_current = _current(entry, facts.on)
        if is_current is False or "magnesium_product" not in _match(entry, pack.vocabularies["medicines"]).value_sets:
            continue
        try:
            dose = parse_dose((entry.daily_dose if isinstance(entry, Supplement) else None) or "")
        except ValueError:
            sure = False
            what = f"'{_called(entry)[:80]}': is its dose elemental or of a salt, and how much a day?"
            facts.problems.append(DataProblem("supplemental_magnesium", what))
            continue
        if is_current is None:
            sure = False  # on hold, say: it may come on top
        else:
            total += (dose.elemental() if isinstance(dose, SaltDose) else dose).mg
    text = f"{'' if sure else 'at least '}{float(total):g} mg elemental a day"
    return Reading(Range(total, total if sure else None), "mg/d", 0, None, None, "", "", text, "", None)


def known(facts: Facts, about: str) -> Reading | StateReading | Gap | None:
    """What is known of an item or a list; None for a list that is complete."""
    return facts.items[about] if about in facts.items else facts.lists[about]
