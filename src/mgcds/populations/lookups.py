"""The small tables that statements join: units and limits of measured items, states, and what a list entry is. Generated from the pack.

Numbers are whole: a value counts in its last place, limits count in millionths, and a unit's factor is a fraction. So a value is encoded
by one multiplication and one division, and nothing is rounded on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, lcm
from typing import Any

import pyarrow as pa

from mgcds.engines.facts_table import Layout
from mgcds.model.criterion import Threshold
from mgcds.model.listing import in_codes
from mgcds.model.pack import MeasuredItem
from mgcds.model.reading import Unusable, compared, reported_unit
from mgcds.model.record import Measurement, PatientRecord
from mgcds.model.units import WRITTEN_OTHERWISE, factor

MICRO = 10**6
PLACES = 18
LARGEST_FACTOR = 10**10
"""a value of seven digits and so many places, times a factor, stays within 38 digits, which DuckDB and Spark compute exactly"""
FINALITY = {"corrected": 3, "amended": 2, "final": 1, "preliminary": 0}
MAGNESIUM = "magnesium_product"
_OF_LABORATORIES = ("g/L", "g/dL", "mg/L", "mg/dL", "ug/dL", "umol/L", "mmol/L", "meq/L", "s")

UNITS = pa.schema(
    [
        ("item", pa.string()), ("code", pa.string()), ("reported", pa.string()), ("unit_code", pa.int64()),
        ("factor", pa.int64()), ("parts", pa.int64()), ("scale", pa.int64()), ("weight", pa.int64()),
        ("least", pa.int64()), ("greatest", pa.int64()), ("lower", pa.int64()), ("upper", pa.int64()),
    ]
)  # fmt: skip
"""`factor`/`parts` turn a reported value into the unit of comparison, `scale` is that of the unit; `weight` times the value puts
values in different units in order, `least` and `greatest` bound what is plausible of that; `lower` and `upper` are the default
limits in the unit of comparison, in millionths."""
STATES = pa.schema([("item", pa.string()), ("value", pa.string()), ("state", pa.int64())])


def reported_items(layout: Layout) -> tuple[MeasuredItem, ...]:
    """The items that are reported as measurements, not computed from others."""
    fields = PatientRecord.model_fields
    found = (layout.pack.items[name] for name in layout.measured)
    return tuple(
        item
        for item in found
        if isinstance(item, MeasuredItem)
        and item.id in fields
        and fields[item.id].annotation == tuple[Measurement, ...]
    )


def units(layout: Layout) -> pa.Table:
    """Every unit, as laboratories write it, in which a value with a code, or without one, can be used."""
    rows = [row for item in reported_items(layout) for row in _units_of(item, layout)]
    return pa.Table.from_pylist(rows, UNITS)


def _units_of(item: MeasuredItem, layout: Layout) -> Iterator[dict[str, Any]]:
    scales = layout.measured[item.id].scales
    written = dict.fromkeys((*item.units, *WRITTEN_OTHERWISE, *WRITTEN_OTHERWISE.values(), *_OF_LABORATORIES))
    found: dict[tuple[str | None, str | None], tuple[str, Fraction]] = {}
    for code in (None, *item.codes):
        for reported in (None, *written):
            try:
                unit = reported_unit(item, Measurement(value=Decimal(1), unit=reported, code=code))
                compare_in, one = compared(item, unit, Decimal(1))
            except Unusable:
                continue
            found[code, reported] = compare_in, Fraction(one)
    in_first = {unit: factor(unit, item.units[0], item.substance) or Fraction(0) for unit in item.units}
    whole = 1000 * lcm(*(each.denominator for each in in_first.values()))  # a thousandth of a unit is whole too
    for (code, reported), (unit, each) in found.items():
        weight = each * in_first[unit] * whole
        lower, upper = _millionths(item.lower, unit), _millionths(item.upper, unit)
        exact = weight.denominator == (lower or Fraction(0)).denominator == (upper or Fraction(0)).denominator == 1
        if not exact or max(each.numerator * scales[unit], each.denominator, weight.numerator) > LARGEST_FACTOR:
            continue  # who has a value in it is read one by one
        yield {
            "item": item.id, "code": code or "", "reported": reported or "", "unit_code": list(scales).index(unit),
            "factor": each.numerator, "parts": each.denominator, "scale": scales[unit],
            "least": ceil(Fraction(item.plausible[0]) * whole * MICRO),
            "greatest": floor(Fraction(item.plausible[1]) * whole * MICRO),
            "weight": weight.numerator, "lower": lower and lower.numerator, "upper": upper and upper.numerator,
        }  # fmt: skip


def _millionths(limit: Threshold | None, unit: str) -> Fraction | None:
    return None if limit is None else Fraction(limit.by_unit[unit].value) * MICRO


def states(layout: Layout) -> pa.Table:
    """The codes of the values of each state."""
    rows = [
        {"item": item, "value": value, "state": code}
        for item, values in layout.states.items()
        for code, value in enumerate(values)
    ]
    return pa.Table.from_pylist(rows, STATES)


# --- what an entry of a list is -------------------------------------------------------------------------------------------------


def most_masks(layout: Layout) -> int:
    """The masks that the list with the most value sets needs."""
    return max(map(len, layout.lists.values()), default=0)


def bit(value_set: str, layout: Layout) -> tuple[str, int]:
    """The mask column and the bit of a value set."""
    for masks in layout.lists.values():
        for number, mask in enumerate(masks):
            if value_set in mask:
                return f"mask_{number}", 1 << mask.index(value_set)
    raise KeyError(value_set)


def concept_schema(layout: Layout) -> pa.Schema:
    """`concept` numbers what an entry may be; the masks are those of its list."""
    masks = [(f"mask_{number}", pa.int64()) for number in range(most_masks(layout))]
    what = [("recognised", pa.bool_()), ("is_computed_from", pa.bool_()), ("called", pa.string())]
    return pa.schema([("concept", pa.int64()), *what, *masks])


Codes = tuple[tuple[str, str], ...]


class Concepts:
    """Numbers what entries of lists are, each once, and says which value sets they belong to, as the vocabulary of the list does."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        changes = (item.change for item in layout.pack.items.values() if isinstance(item, MeasuredItem))
        self._computed_from = {MAGNESIUM, *(change.value_set for change in changes if change is not None)}
        self._numbers: dict[tuple[str, str | None, Codes], int] = {}
        self._rows: list[dict[str, Any]] = []
        self.sets: list[frozenset[str]] = []
        """number → its value sets, all of the pack's"""
        self.named: list[tuple[str | None, Codes]] = []
        """number → name and codes"""

    def number(self, of: str, name: str | None, codes: Codes) -> int:
        """The number of an entry's name and codes; `of` is the list."""
        key = (of, name, codes)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._rows)
            match = self._layout.pack.vocabularies[of].match(name, codes)
            masks: Iterable[tuple[str, ...]] = self._layout.lists.get(of, ())
            row: dict[str, Any] = {f"mask_{number}": 0 for number in range(most_masks(self._layout))}
            for number, mask in enumerate(masks):
                row[f"mask_{number}"] = sum((each in match.value_sets) << at for at, each in enumerate(mask))
            row |= {"concept": found, "called": name or in_codes(codes), "recognised": match.recognised}
            row["is_computed_from"] = not self._computed_from.isdisjoint(match.value_sets)
            self._rows.append(row)
            self.sets.append(match.value_sets)
            self.named.append((name, codes))
        return found

    def table(self) -> pa.Table:
        """What statements join entries with."""
        return pa.Table.from_pylist(self._rows, concept_schema(self._layout))


def tables(layout: Layout) -> Mapping[str, pa.Table]:
    """The tables that depend on nothing but the pack."""
    return {"units": units(layout), "states_of": states(layout)}
