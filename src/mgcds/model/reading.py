"""From a record to facts: which value counts, in which unit, how old it is, and why it is unknown where it is.

The newest result of an item decides. Where the newest cannot be used (no unit, spoilt specimen, impossible value), the item is
unknown: an older value does not stand in for it. So it is where a result has no date, which may be the newest. Results that were
cancelled, entered in error or dated in the future are void and leave the older ones in place; a moment that may be of the day of
evaluation in some time zone is not of the future. Two moments with time zones are compared as moments; otherwise, on one day as it is
written, a result with a time is later than one without. Of two at the same moment the more final status counts, then the more cautious
value (`on_a_tie`), then the higher source text. Where the month or year of a result leaves open whether it is newer than the newest,
the more cautious of them counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from mgcds.model.criterion import Limit, Number, Threshold
from mgcds.model.dates import When, days_before, newest, parse_when
from mgcds.model.facts import DataProblem, Facts, Gap, Range, Reading, StateReading
from mgcds.model.listing import read_list, supplemental_magnesium
from mgcds.model.pack import Change, MeasuredItem, RulePack, StateItem
from mgcds.model.phq9 import read_forms
from mgcds.model.record import Measurement, PatientRecord, parse_quantity
from mgcds.model.units import SCORE, factor, parse_unit


def read_facts(record: PatientRecord, pack: RulePack, on: date) -> Facts:
    """Read everything the pack's data dictionary names."""
    facts = Facts(on, {}, {}, {})
    record, facts.problems = read_forms(record, on, pack.phq9)
    facts.problems += [DataProblem(bad.field, bad.why, source=bad.source) for bad in record.rejected]
    for item in pack.items.values():
        if isinstance(item, MeasuredItem):
            facts.items[item.id] = read_measured(item, record, on, facts.problems)
        elif isinstance(item, StateItem):
            facts.items[item.id] = _read_state(item, record, on, facts.problems)
        else:
            read_list(item, record, pack, facts)
    _compute(record, pack, facts)
    return facts


def _compute(record: PatientRecord, pack: RulePack, facts: Facts) -> None:
    """The items that follow from others."""
    baselines: dict[tuple[str, int], Reading | Gap] = {}
    for item in pack.items.values():
        if item.id == "supplemental_magnesium":
            facts.items[item.id] = supplemental_magnesium(record, pack, facts)
        elif isinstance(item, MeasuredItem) and item.change is not None:
            facts.items[item.id] = change_since_start(item, item.change, record, pack, facts, baselines)


_VOID = ("cancelled", "entered-in-error")
_UNSURE = ("unknown", "registered")
_RHYTHMS = {"paced": "measured in a paced rhythm", "bundle branch block": "measured with a bundle branch block"}
_FINALITY = {"corrected": 3, "amended": 2, "final": 1}


class Unusable(Exception):
    """This result says nothing; the text says why."""


class _Result(NamedTuple):
    """A result that counts, if it is the newest."""

    when: When
    days: int
    reading: Reading | Gap
    of: Measurement


def read_measured(
    item: MeasuredItem, record: PatientRecord, on: date, problems: list[DataProblem], looking_back: bool = False
) -> Reading | Gap:
    """The result of an item that counts on a day, or why none does. `looking_back`: at a day that is past, what was written of the
    day after came later.
    """
    if item.id == "age":
        return _age(record, on, problems)
    if item.id == "days_to_surgery":
        return _days_to_surgery(record, on)
    if item.id == "supplemental_magnesium" or item.change is not None:
        return Gap("missing", "computed from others")
    found: list[_Result] = []
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
        days = _most_days(dated, on, looking_back)
        if days < 0:
            problems.append(_problem(item, measurement, "dated after the day of evaluation"))
            continue
        reading: Reading | Gap
        try:
            reading = _reading(item, measurement, days, dated, problems)
        except Unusable as unusable:
            problems.append(_problem(item, measurement, str(unusable)))
            reading = _unusable(item, days, str(unusable))
        found.append(_Result(parse_when(dated), days, reading, measurement))
    counts = _newest(item, found)
    for bad in record.rejected:
        if bad.field.partition("[")[0] == item.id:
            dated = bad.date or record.recorded
            days = _most_days(dated, on, looking_back) if dated is not None else 0
            if days < 0:
                continue  # of a later day: it says nothing of this one
            if counts is None:
                return _unusable(item, days, bad.why)
            if dated is None or parse_when(dated).may_be_as_new_as(counts.when):
                return _unusable(item, min(days, counts.days), bad.why)
    if undated:
        return Gap("undated", "a result without a date may be the newest")
    if counts is None:
        return _NONE_ON_RECORD
    return counts.reading if looking_back else _or_more_cautious(item, counts, found, problems)


def _most_days(dated: str, on: date, looking_back: bool) -> int:
    return (parse_when(dated).days_as_written(on) if looking_back else days_before(dated, on))[1]


def _newest(item: MeasuredItem, found: Sequence[_Result]) -> _Result | None:
    if len(found) > 1:
        found = newest(found, lambda each: each.when)
    if len(found) > 1:
        return max(found, key=lambda each: _rank(item, each.of, each.reading))
    return found[0] if found else None


def _or_more_cautious(
    item: MeasuredItem, counts: _Result, found: Sequence[_Result], problems: list[DataProblem]
) -> Reading | Gap:
    """The newest result, or a more cautious one that may be newer, as only its month or year is known. It matters only if it is
    newer, and so is no older than the newest.
    """
    reading = counts.reading
    for other in found:
        either_is_partial = other.when.is_partial or counts.when.is_partial
        if other is counts or not either_is_partial or other.when.last < counts.when.first:
            continue
        what = f"it cannot be told whether it or that of {counts.when.text} is newer: the more cautious counts"
        problems.append(_problem(item, other.of, what, used=True))
        if _wariness(item, other.reading) > _wariness(item, reading):
            reading = other.reading
    return reading._replace(days=min(reading.days, counts.days)) if isinstance(reading, Reading) else reading


_NONE_ON_RECORD = Gap("missing", "none on record")


def _rank(item: MeasuredItem, measurement: Measurement, reading: Reading | Gap) -> tuple[int, bool, Number, str]:
    """Of results of the same moment the highest counts."""
    return _FINALITY.get(measurement.status, 0), *_wariness(item, reading), measurement.source or ""


def _wariness(item: MeasuredItem, reading: Reading | Gap) -> tuple[bool, Number]:
    """Higher for what cannot be used, then for the more cautious value."""
    return (True, 0) if isinstance(reading, Gap) else (False, _caution(item, reading))


def _unusable(item: MeasuredItem, days: int, why: str) -> Gap:
    """Rejected, and so to be asked for; of a result that would be too old anyway, stale."""
    old = item.current_for is not None and days > item.current_for
    return Gap("stale", f"{days} days old, and not usable") if old else Gap("rejected", why)


def _caution(item: MeasuredItem, reading: Reading) -> Number:
    """Higher for the more cautious value; in the item's first unit, so that 1.6 mg/dL is lower than 1.0 mmol/L."""
    ends = [end for end in (reading.range.low, reading.range.high) if end is not None]
    value = _in_first_unit(ends[-1] if item.on_a_tie == "highest" else ends[0], reading.unit, item)
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
        raise Unusable(f"status {measurement.status}: not a result yet")
    reported = reported_unit(item, measurement)
    unit, value = compared(item, reported, measurement.value)
    _check_plausible(item, value, unit, measurement, problems)
    found = _range(value, measurement.comparator)
    if measurement.up_to is not None:
        high = compared(item, reported, measurement.up_to)[1]
        _check_plausible(item, high, unit, measurement, problems)
        found = Range(value, high)
    lower, lower_from = (
        _limit(item, "lower", measurement, unit, problems)
        if measurement.lower_limit
        else _default_limit(item.lower, unit)
    )
    upper, upper_from = (
        _limit(item, "upper", measurement, unit, problems)
        if measurement.upper_limit
        else _default_limit(item.upper, unit)
    )
    if lower is not None and upper is not None and lower.value >= upper.value:
        problems.append(
            _problem(item, measurement, "the laboratory's limits contradict each other: not used", used=True)
        )
        lower, lower_from = _default_limit(item.lower, unit)
        upper, upper_from = _default_limit(item.upper, unit)
    if measurement.specimen:
        _check_specimen(item, measurement, value, lower, problems)
    return Reading(
        found, unit, days, lower, upper, lower_from, upper_from,
        shown(measurement) + _method(item, measurement, problems), dated, measurement.source,
    )  # fmt: skip


def _problem(item: MeasuredItem, measurement: Measurement, what: str, used: bool = False) -> DataProblem:
    value = f"{shown(measurement)} of {measurement.date}" if measurement.date else shown(measurement)
    return DataProblem(item.id, what, used, measurement.source, value)


def shown(measurement: Measurement) -> str:
    """The result as it was reported."""
    unit = "" if measurement.unit in (None, SCORE) else f" {measurement.unit}"
    up_to = "" if measurement.up_to is None else f" to {measurement.up_to}"
    return f"{measurement.comparator or ''}{measurement.value!s}{up_to}{unit}"


def _method(item: MeasuredItem, measurement: Measurement, problems: list[DataProblem]) -> str:
    """How it was estimated and what that is worth, as ` (screen, unvalidated)`; '' for what is not estimated."""
    method = measurement.method
    if method is None:
        return " (method not stated)" if item.methods else ""
    if method in item.methods:
        return f" ({method}, {item.methods[method]})"
    known = f": one of {', '.join(item.methods)} would be understood" if item.methods else ""
    problems.append(_problem(item, measurement, f"the method '{method}' says nothing here{known}", used=True))
    return f" ({method}, not known to be validated)" if item.methods else ""


def reported_unit(item: MeasuredItem, measurement: Measurement) -> str:
    if measurement.unit is None:
        if item.units[0] != SCORE:
            raise Unusable(f"no unit: write one of {', '.join(item.units)}; it is never guessed")
        return SCORE
    unit = measurement.unit if measurement.unit in item.units else parse_unit(measurement.unit)
    if unit is None:
        raise Unusable(f"the unit '{measurement.unit[:40]}' is not understood; write one of {', '.join(item.units)}")
    if measurement.code is not None:
        expected = item.codes.get(measurement.code)
        if expected is None:
            raise Unusable(f"LOINC {measurement.code} is not {item.title.lower()}")
        if unit not in expected and all(factor(unit, wanted) is None for wanted in expected):
            raise Unusable(
                f"the unit {unit} contradicts LOINC {measurement.code}, which is reported in {' or '.join(expected)}"
            )
    return unit


def compared(item: MeasuredItem, reported: str, value: Decimal) -> tuple[str, Number]:
    """The value in the unit to compare in: the reported one if thresholds know it, otherwise one it turns into exactly."""
    if reported in item.units:
        return reported, value
    for substance in (None, item.substance):
        for unit in item.units:
            scale = factor(reported, unit, substance)
            if scale is not None:
                return unit, Fraction(value) * scale
    raise Unusable(f"{reported} is no unit of {item.title.lower()}; write one of {', '.join(item.units)}")


def _check_plausible(
    item: MeasuredItem, value: Number, unit: str, measurement: Measurement, problems: list[DataProblem]
) -> None:
    low, high = _plausible(item, unit)
    if value < 0:
        raise Unusable("a negative value is not possible: confirm it")
    if item.whole and value.as_integer_ratio()[1] != 1:
        raise Unusable("not a whole number: confirm it")
    if not low <= value <= high:
        if item.beyond_plausible == "reject":
            raise Unusable("not plausible: confirm it")
        problems.append(_problem(item, measurement, "hardly plausible: confirm it", used=True))


def _plausible(item: MeasuredItem, unit: str) -> tuple[Number, Number]:
    """The ends of the plausible range in one of the item's units."""
    if unit == item.units[0]:
        return item.plausible
    return _converted(item.plausible, unit, item.units[0], item.substance)


@lru_cache(maxsize=256)  # two ends once, rather than each value
def _converted(ends: tuple[Number, Number], unit: str, first: str, substance: str | None) -> tuple[Number, Number]:
    scale = factor(unit, first, substance)
    assert scale is not None, "item units convert into one another, checked at load"
    return _as_decimal(Fraction(ends[0]) / scale), _as_decimal(Fraction(ends[1]) / scale)


def _as_decimal(value: Fraction) -> Number:
    """The same number as a Decimal where it is one: results are Decimals, and compared with a Fraction thirty times slower."""
    found = Decimal(value.numerator) / value.denominator
    return found if Fraction(found) == value else value


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
        limit = _reported_limit(reported, unit, item.substance)
        low, high = _plausible(item, unit)
        if limit is not None and low <= limit.value <= high:
            return limit, "the laboratory's own limit"
        what = f"the laboratory's {which} limit cannot be used: '{reported[:40]}'"
        problems.append(_problem(item, measurement, what, used=True))
    return _default_limit(item.lower if which == "lower" else item.upper, unit)


@lru_cache(maxsize=4096)  # laboratories report the same limits again and again
def _reported_limit(reported: str, unit: str, substance: str | None) -> Limit | None:
    """A reported limit in the unit of comparison; None where it has no number, or no unit that converts."""
    try:
        parts = parse_quantity(reported)
    except ValueError:
        return None
    found = parse_unit(parts["unit"]) if parts["unit"] else None
    scale = factor(found, unit, substance) if found else None
    if scale is None or parts["comparator"]:
        return None
    return Limit(Decimal(parts["value"]) if scale == 1 else Fraction(parts["value"]) * scale, True)


def _default_limit(default: Threshold | None, unit: str) -> tuple[Limit | None, str]:
    if default is None:
        return None, ""
    return default.by_unit[unit], "the default limit, as the laboratory gave none that can be used"


def _check_specimen(
    item: MeasuredItem, measurement: Measurement, value: Number, lower: Limit | None, problems: list[DataProblem]
) -> None:
    for fault in measurement.specimen:
        refused = item.not_from.get(fault)
        if refused is None and fault in _RHYTHMS:
            continue  # says nothing of a result that is no interval of the ECG
        spoilt = _RHYTHMS.get(fault, f"the specimen was {fault}")
        low = lower is not None and value < lower.value
        if refused == "any value" or (refused == "normal or high" and not low):
            raise Unusable(f"{spoilt}: repeat it")
        what = f"{spoilt}; a low value is still credible" if refused else spoilt
        problems.append(_problem(item, measurement, what, used=True))


def _range(value: Number, comparator: str | None) -> Range:
    if comparator is None:
        return Range(value, value)
    if comparator in ("<", "<="):
        return Range(None, value, high_open=comparator == "<")
    return Range(value, None, low_open=comparator == ">")


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
        return _stated_age(record.age, record.recorded, on)
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


def _stated_age(age: Decimal, recorded: str | None, on: date) -> Reading:
    """As it was stated; a year or more later it has grown by that many years, or one more, as the birthday is not known."""
    stated = parse_when(recorded) if recorded else None
    passed = _birthdays(stated.first, on) if stated is not None and not stated.first > on >= stated.begins else 0
    if passed == 0:
        return _years(Range.exactly(age), f"{age} years", recorded or "")
    low, high = sorted((age, age + passed)) if passed < 0 else (age + passed, age + passed + 1)
    return _years(Range(low, high), f"{low} to {high} years", f"{age} when stated")


def _years(years: Range, text: str, dated: str) -> Reading:
    return Reading(years, "a", 0, None, None, "", "", text, dated, None)


def _days_to_surgery(record: PatientRecord, on: date) -> Reading | Gap:
    """Days to the planned operation; a partial date gives the range of days it may mean."""
    for bad in record.rejected:
        if bad.field == "planned_surgery":
            return Gap("rejected", bad.why)
    if record.planned_surgery is None:
        return Gap("missing", "no planned operation on record")
    fewest, most = (-days for days in reversed(parse_when(record.planned_surgery).days_as_written(on)))
    if most < 0:
        return Gap("missing", "the planned day has passed")
    days = Range(max(fewest, 0), most)
    return Reading(days, "d", 0, None, None, "", "", f"planned for {record.planned_surgery}", "", None)


def change_since_start(
    item: MeasuredItem,
    change: Change,
    record: PatientRecord,
    pack: RulePack,
    facts: Facts,
    baselines: dict[tuple[str, int], Reading | Gap],
) -> Reading | Gap:
    """How far the newest value has fallen below the last one before the medicine was begun (negative: risen), or what else the
    change gives. `baselines`: what was read so far of this record, by item and days since the start; several changes share one.
    """
    newest, listed = facts.items[change.of], facts.members[change.value_set]
    of = pack.items[change.of]
    assert isinstance(of, MeasuredItem)
    if listed.present is False:
        return Gap("missing", "none is being taken")
    if listed.present is None or listed.running.low is None or listed.running.low != listed.running.high:
        return facts.lists["medicines"] or Gap("imprecise", "the day it was begun is not known")
    begun = int(listed.running.low)
    if (of.id, begun) not in baselines:
        baselines[of.id, begun] = read_measured(of, record, facts.on - timedelta(days=begun), [], True)
    before = baselines[of.id, begun]
    usable = isinstance(before, Reading) and before.days <= change.within
    none_before = Gap("missing", f"no {of.title} in the {change.within} days before the start")
    if change.gives == "value before":
        known = isinstance(before, Reading) and usable and before.range.low == before.range.high
        return before._replace(days=before.days + begun) if isinstance(before, Reading) and known else none_before
    if not isinstance(newest, Reading):
        return newest if isinstance(newest, Gap) else Gap("missing", "none on record")
    if newest.days >= begun:
        return Gap("missing", f"no {of.title} since the start")
    if change.gives == "day of the newest":
        return _day_taken(newest, begun, facts.on)
    if not isinstance(before, Reading) or not usable:
        return none_before
    fall = _fall(before.range, newest.range, item.units[0] == "%")
    if fall is None or before.unit != newest.unit:
        return Gap("imprecise", f"from {before.shown} to {newest.shown} is no change that can be computed")
    text = f"from {before.shown} ({before.dated}) to {newest.shown}"
    return Reading(fall, item.units[0], newest.days, None, None, "", "", text, newest.dated, newest.source)


def _day_taken(newest: Reading, begun: int, on: date) -> Reading:
    """The day after the start on which a value was taken; a partial date gives the range of days it may mean."""
    fewest, most = parse_when(newest.dated).days_before(on)
    days = Range(begun - min(most, int(newest.days)), begun - max(fewest, 0))
    text = f"day {days.low}" if days.low == days.high else f"day {days.low} to {days.high}"
    return Reading(days, "d", newest.days, None, None, "", "", text, newest.dated, newest.source)


def _fall(before: Range, after: Range, in_percent: bool) -> Range | None:
    """All falls that the two ranges allow; None where one is open to a side, or there is nothing to fall from."""
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return None
    if in_percent and before.low <= 0:
        return None
    least = _fallen(before.low, after.high, in_percent)
    if before.low == before.high and after.low == after.high:
        return Range(least, least)
    return Range(least, _fallen(before.high, after.low, in_percent))


def _fallen(before: Number, after: Number, in_percent: bool) -> Fraction:
    first, last = Fraction(before), Fraction(after)
    return 100 - 100 * last / first if in_percent else first - last


def _birthdays(born: date, on: date) -> int:
    """Years completed; who is born on 29 February completes one on 1 March of other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


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
    days = days_before(dated, on)[1]
    if days < 0 and item.current_for is not None:
        problems.append(DataProblem(item.id, "dated after the day of evaluation", source=given.source))
        return Gap("rejected", "dated after the day of evaluation")
    return StateReading(given.value, days, dated, given.source)
