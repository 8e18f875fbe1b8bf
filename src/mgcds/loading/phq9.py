"""`phq9.yaml`: the limits of the PHQ-9's bands of severity and of its classes of change."""

from __future__ import annotations

from itertools import pairwise

from mgcds.loading.reading import Reader
from mgcds.loading.source import Mapping, Text
from mgcds.model.phq9 import ANSWERS, ITEMS, Cutoffs

_HIGHEST = ITEMS * ANSWERS[-1]
_MOST = {"remission_below": _HIGHEST, "response_percent": 100, "fall": _HIGHEST, "fall_percent": 100, "rise": _HIGHEST}


def read_phq9(source: Mapping, reader: Reader) -> Cutoffs | None:
    """The cut-offs; None with the problems where one is missing or cannot be."""
    reader.keys(source, "phq9.yaml", ["bands", "change"])
    bands = reader.mapping(source, "bands", "phq9.yaml")
    change = reader.mapping(source, "change", "phq9.yaml")
    if bands is None or change is None or not reader.keys(change, "'change'", list(_MOST)):
        return None
    lowest = {name: _whole(bands, name, _HIGHEST, reader) for name in bands.items}
    limits = {name: _whole(change, name, most, reader) for name, most in _MOST.items()}
    totals = [total for total in lowest.values() if total is not None]
    if len(totals) < len(lowest) or None in limits.values():
        return None
    if totals[:1] != [0] or any(low >= high for low, high in pairwise(totals)):
        reader.problem(bands, "'bands' must begin at 0 and rise: {minimal: 0, mild: 5, …}")
        return None
    found = {name: limit for name, limit in limits.items() if limit is not None}
    if found["fall_percent"] >= found["response_percent"]:
        reader.problem(change, "'fall_percent' must be below 'response_percent': part of a response is less than one")
        return None
    return Cutoffs(bands=tuple(zip(lowest, totals, strict=True)), **found)


def _whole(node: Mapping, name: str, most: int, reader: Reader) -> int | None:
    """A whole number from 0 to `most`."""
    found = node.items[name]
    number = reader.number(found, f"'{name}'") if isinstance(found, Text) else None
    if number is not None and number == int(number) and 0 <= number <= most:
        return int(number)
    if number is not None or not isinstance(found, Text):
        reader.problem(found, f"'{name}' must be a whole number from 0 to {most}")
    return None
