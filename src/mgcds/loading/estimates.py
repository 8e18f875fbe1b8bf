"""`estimates` of an evidence entry: its numbers as numbers. Each stands word for word in `effect` too, so the two cannot drift apart."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import cast, get_args

from mgcds.loading.reading import Reader
from mgcds.loading.source import Mapping, Node, Sequence, Text
from mgcds.model.pack import Effect, Estimate

_WHAT = "an estimate"


def read_estimates(source: Mapping, effect: str, reader: Reader) -> tuple[Estimate, ...]:
    """All of an entry; a problem for a number that `effect` does not say."""
    found = source.items.get("estimates")
    if found is None:
        return ()
    if not isinstance(found, Sequence):
        reader.problem(found, "'estimates' must be a list; leave it out where there is none")
        return ()
    read = [_read(node, effect, reader) for node in found.items]
    return tuple(estimate for estimate in read if estimate is not None)


def _read(node: Node, effect: str, reader: Reader) -> Estimate | None:
    if not isinstance(node, Mapping):
        reader.problem(node, f"{_WHAT} must be a mapping with of, measure, value, lower, higher and interval")
        return None
    if not reader.keys(node, _WHAT, ["of", "measure", "value", "lower", "higher"], ["interval"]):
        return None
    value = _number(node.items["value"], effect, reader)
    interval = _interval(node, effect, reader)
    if value is None or interval is None:
        return None
    measure = cast(Effect, reader.choice(node, "measure", _WHAT, get_args(Effect)))
    low, high = interval or (None, None)
    lowest, highest = interval or (value, value)
    if not lowest <= value <= highest:
        reader.problem(node, f"{_WHAT} of {value} lies outside its interval {low} to {high}; write them as reported")
    elif measure in ("RR", "OR", "HR") and lowest <= 0:
        reader.problem(node, f"{_WHAT} is a ratio of {lowest}; a ratio is above 0")
    of, lower, higher = (reader.text(node, key, _WHAT) for key in ("of", "lower", "higher"))
    return Estimate(of, measure, value, low, high, lower, higher)


def _interval(node: Mapping, effect: str, reader: Reader) -> tuple[Decimal, Decimal] | tuple[()] | None:
    """Empty where none was reported; None, with a problem, where it cannot be read."""
    found = node.items.get("interval")
    if found is None:
        return ()
    if not isinstance(found, Sequence) or len(found.items) != 2:
        reader.problem(found, f"'interval' of {_WHAT} must be [low, high]; leave it out where none was reported")
        return None
    low, high = (_number(end, effect, reader) for end in found.items)
    return None if low is None or high is None else (low, high)


def _number(node: Node, effect: str, reader: Reader) -> Decimal | None:
    if not isinstance(node, Text):
        reader.problem(node, f"a number of {_WHAT} must be a plain number")
        return None
    number = reader.number(node, f"a number of {_WHAT}")
    if number is not None and not re.search(rf"(?<![\d.\-]){re.escape(node.value or '')}(?!\d|\.\d)", effect):
        reader.problem(node, f"{_WHAT} has {node.value}, which 'effect' does not say; write both as the source has it")
        return None
    return number
