"""Measured results: one item, its newest result and older ones. The number of a variant says where its value lies among all."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist
from typing import Any

from mgcds.fhir.elements import UCUM
from mgcds.model.criterion import Threshold
from mgcds.model.pack import MeasuredItem
from mgcds.model.units import EGFR, SCORE, factor
from mgcds.populations.synthesis import prevalence as p
from mgcds.populations.synthesis.strands import PATIENT, SUBJECT, Sheet, loinc

VALUES = 2_048  # variants of an item: its values from the least to the greatest
_FOREIGN = {"mmol/L": "umol/L", "g/L": "mg/dL"}  # other units of the same kind, that reports are really in
_PLACES = {"mmol/L": 2, "mg/dL": 2, "meq/L": 2, "g/dL": 1}
_HIGHEST_EGFR_TOLD = 90  # what laboratories report as ">90"


@dataclass(slots=True)
class Result:
    """One Observation while it is written: a fault changes it."""

    item: MeasuredItem
    code: str
    unit: str | None
    value: Decimal
    day: str
    time: str
    content: dict[str, Any] = field(default_factory=dict)
    comparator: str | None = None


def make_results(item: MeasuredItem, spread: p.Measured) -> Callable[[Sheet, int], None]:
    """What makes the variants of an item."""
    values = NormalDist(spread.mean, spread.spread)

    def make(sheet: Sheet, number: int) -> None:
        value = min(max(values.inv_cdf((number + 0.5) / VALUES), spread.lowest), spread.highest)
        code, unit = _code_and_unit(item, sheet)
        ago = sheet.days(p.DAYS_SINCE)
        fault = _fault(item, sheet)
        newest = _result(item, code, unit, value, spread, ago, sheet)
        for _ in range(sheet.days(p.OLDER_RESULTS)):
            ago += 1 + sheet.days(p.DAYS_SINCE)
            near = value + sheet.random.gauss(0, spread.spread / 3)
            older = _result(item, code, unit, min(max(near, spread.lowest), spread.highest), spread, ago, sheet)
            _write(older, sheet)
        _FAULTS.get(fault, _write)(newest, sheet)

    return make


def _code_and_unit(item: MeasuredItem, sheet: Sheet) -> tuple[str, str]:
    """A code of the item, and a unit that its property allows and the item compares in."""
    codes = list(item.codes.items())
    code, allowed = codes[int(len(codes) * sheet.random.random() ** 2)]
    return code, sheet.random.choice([unit for unit in allowed if unit in item.units])


def _result(
    item: MeasuredItem, code: str, unit: str, value: float, spread: p.Measured, ago: int, sheet: Sheet
) -> Result:
    scale = factor(item.units[0], unit, item.substance)
    assert scale is not None, "units of an item convert into one another, checked at load"
    places = spread.places if unit == item.units[0] else _PLACES[unit]
    reported = Decimal(f"{float(Fraction(value) * scale):.{places}f}")
    time = (
        ""
        if sheet.by_chance(p.DATE_WITHOUT_TIME)
        else f"T{sheet.random.randrange(6, 20):02}:{sheet.random.randrange(60):02}:00Z"
    )
    found = Result(item, code, unit, reported, sheet.day(ago), time)
    if unit == EGFR and reported > _HIGHEST_EGFR_TOLD and sheet.by_chance(p.MOST_ABOVE_90, "comparator"):
        found.value, found.comparator = Decimal(_HIGHEST_EGFR_TOLD), ">"
    if item.lower is not None and sheet.by_chance(p.WITH_RANGE):
        found.content["referenceRange"] = [_range(item, unit, sheet)]
    return found


def _range(item: MeasuredItem, unit: str, sheet: Sheet) -> dict[str, Any]:
    """The range of a laboratory: near that of the pack."""
    differs = 1 + sheet.random.uniform(-p.LABORATORY_DIFFERS, p.LABORATORY_DIFFERS)

    def end(limit: Threshold | None) -> dict[str, Any] | None:
        if limit is None:
            return None
        value = Decimal(f"{float(limit.by_unit[unit].value) * differs:.{_PLACES[unit]}f}")
        return _quantity(value, unit)

    ends = {"low": end(item.lower), "high": end(item.upper if isinstance(item.upper, Threshold) else None)}
    return {name: given for name, given in ends.items() if given is not None}


def _quantity(value: Decimal, unit: str | None, comparator: str | None = None) -> dict[str, Any]:
    quantity: dict[str, Any] = {"value": value}
    if comparator is not None:
        quantity["comparator"] = comparator
    return quantity | ({"unit": unit, "system": UCUM[0], "code": unit} if unit is not None else {})


def _write(found: Result, sheet: Sheet, **changed: Any) -> str:
    """The Observation, with what a fault has changed in it."""
    content: dict[str, Any] = {
        "status": "final",
        "code": loinc(found.code, found.item.title),
        "subject": SUBJECT,
        "effectiveDateTime": found.day + found.time,
        "valueQuantity": _quantity(found.value, found.unit, found.comparator),
    }
    return sheet.add("Observation", **(content | found.content | changed))


# --- faults -----------------------------------------------------------------------------------------------------------------------


def _fault(item: MeasuredItem, sheet: Sheet) -> str:
    """The fault of the newest result, or none; only what may happen to results of this item."""
    at = sheet.random.random()
    for name, share in p.FAULTS.items():
        at -= share
        if at < 0:
            possible = name not in _POSSIBLE or _POSSIBLE[name](item)
            if possible:
                sheet.faults.add(name)
            return name if possible else ""
    return ""


_POSSIBLE: dict[str, Callable[[MeasuredItem], bool]] = {
    "foreign unit": lambda item: item.units[0] in _FOREIGN,
    "no unit": lambda item: item.units[0] != SCORE,
    "contradicting unit": lambda item: item.units[0] != SCORE,
    "comparator": lambda item: item.units[0] != SCORE,
    "haemolysed, in a note": lambda item: "haemolysed" in item.not_from,
    "haemolysed, by its specimen": lambda item: "haemolysed" in item.not_from,
}


def _foreign_unit(found: Result, sheet: Sheet) -> None:
    foreign = _FOREIGN[found.item.units[0]]
    scale = factor(found.unit or "", foreign, found.item.substance)
    allowed = found.item.codes[found.code]
    if scale is None or all(factor(foreign, unit) is None for unit in allowed):
        sheet.faults.discard("foreign unit")  # it would contradict the code
    else:
        found.value, found.unit = Decimal(math.floor(float(found.value * scale.numerator / scale.denominator))), foreign
        found.content.pop("referenceRange", None)
    _write(found, sheet)


def _comparator(found: Result, sheet: Sheet) -> None:
    found.comparator = sheet.random.choice("<>")
    _write(found, sheet)


def _no_unit(found: Result, sheet: Sheet) -> None:
    found.unit = None
    _write(found, sheet)


def _contradicting_unit(found: Result, sheet: Sheet) -> None:
    found.unit = "kg"
    _write(found, sheet)


def _in_words(found: Result, sheet: Sheet) -> None:
    _write(found, sheet, valueQuantity=None, valueString="see comment")


def _haemolysed_note(found: Result, sheet: Sheet) -> None:
    _write(found, sheet, note=[{"text": "Sample haemolysed."}])


def _haemolysed_specimen(found: Result, sheet: Sheet) -> None:
    specimen = sheet.add("Specimen", subject=SUBJECT, condition=[{"text": "haemolysed"}])
    _write(found, sheet, specimen={"reference": specimen})


def _no_date(found: Result, sheet: Sheet) -> None:
    _write(found, sheet, effectiveDateTime=None, issued=f"{found.day}T12:00:00Z")


def _month_only(found: Result, sheet: Sheet) -> None:
    _write(found, sheet, effectiveDateTime=found.day[:7])


def _in_the_future(found: Result, sheet: Sheet) -> None:
    _write(found, sheet, effectiveDateTime=sheet.day(-1 - sheet.days(30)))


def _given_twice(found: Result, sheet: Sheet) -> None:
    _write(found, sheet)
    lines = sheet.lines["Observation"].splitlines()
    sheet.write("Observation", lines[-1])


def _older_version(found: Result, sheet: Sheet) -> None:
    identity, earlier = f"{PATIENT}-{sheet.name}-versions", _quantity(found.value + 1, found.unit)
    _write(
        found, sheet, identity=identity, updated=f"{found.day}T20:00:00Z", valueQuantity=earlier, status="preliminary"
    )
    _write(found, sheet, identity=identity, updated=f"{found.day}T21:00:00Z")


def _code_without_system(found: Result, sheet: Sheet) -> None:
    _write(found, sheet, code={"coding": [{"code": found.code, "display": found.item.title}]})


def _no_result(found: Result, sheet: Sheet) -> None:
    absent = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "not-performed"}]
    }
    _write(found, sheet, valueQuantity=None, referenceRange=None, dataAbsentReason=absent)


def _entered_in_error(found: Result, sheet: Sheet) -> None:
    _write(found, sheet, status="entered-in-error")


def _registered(found: Result, sheet: Sheet) -> None:
    _write(found, sheet, status="registered")


_FAULTS: dict[str, Callable[[Result, Sheet], object]] = {
    "foreign unit": _foreign_unit,
    "comparator": _comparator,
    "no unit": _no_unit,
    "contradicting unit": _contradicting_unit,
    "value in words": _in_words,
    "registered": _registered,
    "haemolysed, in a note": _haemolysed_note,
    "haemolysed, by its specimen": _haemolysed_specimen,
    "no date": _no_date,
    "month only": _month_only,
    "in the future": _in_the_future,
    "given twice": _given_twice,
    "older version": _older_version,
    "code without system": _code_without_system,
    "no result": _no_result,
    "entered in error": _entered_in_error,
}
assert set(_FAULTS) == set(p.FAULTS)


def make_unread(sheet: Sheet, number: int) -> None:
    """Observations that no rule reads: blood pressure and HbA1c."""
    systolic, diastolic = 95 + number % 80, 55 + number % 45
    pressure = [
        {"code": loinc(code, shown), "valueQuantity": _quantity(Decimal(value), "mm[Hg]")}
        for code, shown, value in (
            ("8480-6", "Systolic blood pressure", systolic),
            ("8462-4", "Diastolic blood pressure", diastolic),
        )
    ]
    sheet.add(
        "Observation", status="final", code=loinc("85354-9", "Blood pressure panel"), subject=SUBJECT,
        effectiveDateTime=sheet.day(sheet.days(p.DAYS_SINCE)), component=pressure,
    )  # fmt: skip
    if sheet.by_chance(0.3):
        sheet.add(
            "Observation", status="final", code=loinc("4548-4", "Hemoglobin A1c"), subject=SUBJECT,
            effectiveDateTime=sheet.day(sheet.days(p.DAYS_SINCE)), valueQuantity=_quantity(Decimal("5.6"), "%"),
        )  # fmt: skip
