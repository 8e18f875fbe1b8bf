"""Criteria as written in YAML → criteria of the model, type-checked against the data dictionary and the value sets."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, TypeVar, cast

from mgcds.errors import PackError
from mgcds.errors import Problem as PackProblem
from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.source import Mapping, Node, Sequence, Text
from mgcds.model.criterion import (
    WORDS,
    Asks,
    Bound,
    Criterion,
    Documented,
    Has,
    Limit,
    Measure,
    Number,
    Problem,
    ReferenceLimit,
    State,
    Taking,
    Threshold,
)
from mgcds.model.explanation import in_sentence, plain
from mgcds.model.pack import Item, MeasuredItem, RulePack, StateItem
from mgcds.model.record import parse_quantity
from mgcds.model.terminology import ValueSet
from mgcds.model.units import SCORE, factor, parse_unit

AnyItem = TypeVar("AnyItem")
KINDS = (
    "measure",
    "state",
    "taking",
    "receiving",
    "diagnosis",
    "symptom",
    "missing",
    "stale",
    "rejected",
    "unknown",
    "documented",
)
# operator → (end of the range, does the value itself belong to it)
BOUNDS = {"below": ("upper", False), "at_most": ("upper", True), "at_least": ("lower", True), "above": ("lower", False)}
_OTHER_SIDE = {
    ("upper", "at most"): True,
    ("upper", "below"): False,
    ("lower", "at least"): True,
    ("lower", "above"): False,
}
_PREFIX = re.compile(r"(at most|at least|above|below)\s+(.*)")
_AGREE = Fraction(1, 10)


class CriteriaReader:
    """Reads criteria; a criterion with a mistake is reported and left out."""

    def __init__(self, reader: Reader, items: MappingType[str, Item], value_sets: MappingType[str, ValueSet]) -> None:
        self.reader, self.items, self.value_sets = reader, items, value_sets

    def read(self, name: str, node: Node) -> Criterion | None:
        """One criterion by its name in the rule."""
        what = f"criterion '{name}'"
        if not isinstance(node, Mapping):
            self.reader.problem(node, f"{what} must be a mapping such as {{measure: egfr, below: 30 mL/min/1.73m2}}")
            return None
        kinds = [key for key in node.items if key in KINDS]
        if len(kinds) != 1:
            known = did_you_mean(next(iter(node.items), ""), KINDS) if not kinds else f"keep one of {', '.join(kinds)}"
            self.reader.problem(node, f"{what} must say what it looks at, once; {known}")
            return None
        match kinds[0]:
            case "measure":
                return self._measure(what, node)
            case "state":
                return self._state(what, node)
            case "documented":
                return self._documented(what, node)
            case "taking" | "receiving" as kind:
                return self._taking(what, node, kind)
            case "diagnosis" | "symptom" as kind:
                return self._has(what, node, kind)
            case problem:
                return self._asks(what, node, cast(Problem, problem))

    # --- measures ---------------------------------------------------------------------------------------------------------

    def _measure(self, what: str, node: Mapping) -> Measure | None:
        self.reader.keys(node, what, ["measure"], [*BOUNDS, "between", "within"])
        item = self._item(node, "measure", what, MeasuredItem)
        if item is None:
            return None
        bounds: dict[str, Bound] = {}
        for operator, value in node.items.items():
            if operator not in BOUNDS and operator != "between":
                continue
            ends, values = [BOUNDS.get(operator, ("lower", True))], [value]
            if operator == "between":
                if not isinstance(value, Sequence) or len(value.items) != 2:
                    self.reader.problem(value, f"'between' of {what} takes two values; write between: [5, 15]")
                    continue
                ends, values = [("lower", True), ("upper", True)], value.items
            for (end, inclusive), written in zip(ends, values, strict=True):
                if end in bounds:
                    self.reader.problem(written, f"{what} has two {end} bounds; keep one")
                bound = self._bound(what, item, cast(Literal["lower", "upper"], end), inclusive, written)
                if bound is None:
                    return None
                bounds[end] = bound
        if not bounds:
            self.reader.problem(node, f"{what} has no bound; a measure takes {', '.join(BOUNDS)} or between")
            return None
        lower, upper = bounds.get("lower"), bounds.get("upper")
        if isinstance(lower, Threshold) and isinstance(upper, Threshold) and _is_empty(lower, upper):
            self.reader.problem(
                node, f"{what} can never be met: its lower bound is not below its upper bound; swap or correct them"
            )
            return None
        within, said = self._within(what, node, item)
        return Measure(item.id, lower, upper, within, f"{in_sentence(item.title)} {_range_text(lower, upper)}{said}")

    def _bound(
        self, what: str, item: MeasuredItem, end: Literal["lower", "upper"], inclusive: bool, node: Node
    ) -> Bound | None:
        if isinstance(node, Text) and node.value in ("lower limit", "upper limit"):
            which = cast(Literal["lower", "upper"], node.value.split()[0])
            limit = item.lower if which == "lower" else item.local_upper or item.upper
            if limit is None:
                self.reader.problem(
                    node, f"{what}: {item.id} has no {node.value} in items.yaml; write a value with its unit"
                )
                return None
            if which == "upper" and item.local_upper:  # not of a laboratory: known when the pack loads
                by_unit = {unit: Limit(each.value, inclusive) for unit, each in limit.by_unit.items()}
                return Threshold(by_unit, _bound_text(end, by_unit), limit.source)
            return ReferenceLimit(which, inclusive)
        return self.threshold(what, item, end, inclusive, node)

    def threshold(
        self, what: str, item: MeasuredItem, end: Literal["lower", "upper"], inclusive: bool, node: Node
    ) -> Threshold | None:
        """A limit in one or several units, completed by exact conversion for the units of the item that are not written."""
        written: dict[str, Limit] = {}
        for text in node.items if isinstance(node, Sequence) else [node]:
            limit = self._one_limit(what, item, end, inclusive, text)
            if limit is None:
                return None
            unit, value = limit
            if unit in written:
                self.reader.problem(text, f"{what} gives two values in {plain(unit)}; keep one")
            written[unit] = value
        if not written:
            self.reader.problem(node, f"{what} has an empty bound; write a value with its unit")
            return None
        first_unit, first = next(iter(written.items()))
        by_unit = {}
        for unit in (*item.units, *written):
            scale = factor(first_unit, unit, item.substance)
            assert scale is not None, "units of an item convert into one another"
            exact = Fraction(first.value) * scale
            limit_here = written.get(unit, Limit(_shortest(exact), first.inclusive))
            if abs(Fraction(limit_here.value) - exact) > _AGREE * abs(exact):
                shown = f"{float(first.value):g} {plain(first_unit)} is {float(exact):.3g} {plain(unit)}"
                self.reader.problem(
                    node, f"{what} says {float(limit_here.value):g} {plain(unit)}, but {shown}; correct one of them"
                )
                return None
            by_unit[unit] = limit_here
        return Threshold(by_unit, _bound_text(end, written))

    def _one_limit(
        self, what: str, item: MeasuredItem, end: Literal["lower", "upper"], inclusive: bool, node: Node
    ) -> tuple[str, Limit] | None:
        if not isinstance(node, Text) or node.value is None:
            self.reader.problem(
                node, f"{what} has a bound that is no value; write it with its unit, e.g. 30 mL/min/1.73m2"
            )
            return None
        text = node.value.strip()
        prefix = _PREFIX.fullmatch(text)
        if prefix:
            if (end, prefix[1]) not in _OTHER_SIDE:
                self.reader.problem(
                    node, f"{what}: '{prefix[1]}' does not fit here; this is the {end} end of its range"
                )
                return None
            inclusive, text = _OTHER_SIDE[end, prefix[1]], prefix[2]
        try:
            parts = parse_quantity(text)
        except ValueError:
            parts = {"comparator": "none"}
        if parts["comparator"] or len(text) > 60:
            self.reader.problem(
                node, f"{what} has the bound '{text[:40]}'; write a number and its unit, e.g. 30 mL/min/1.73m2"
            )
            return None
        value = Decimal(parts["value"])
        units = ", ".join(plain(unit) or "a plain number" for unit in item.units)
        unit = parse_unit(parts["unit"]) if parts["unit"] else SCORE if item.units == (SCORE,) else None
        scale = factor(unit, item.units[0], item.substance) if unit else None
        if unit is None or scale is None:
            said = f"the unit '{parts['unit']}'" if parts["unit"] else "no unit"
            self.reader.problem(node, f"{what} has {said}; {item.id} is measured in {units}")
            return None
        if not item.plausible[0] <= Fraction(value) * scale <= item.plausible[1]:
            low, high = (float(end) for end in item.plausible)
            self.reader.problem(
                node,
                f"{what} has the bound '{text}', outside the plausible range of {item.id} ({low:g} to {high:g} {plain(item.units[0])}); correct it",
            )
            return None
        return unit, Limit(value, inclusive)

    # --- the other kinds --------------------------------------------------------------------------------------------------

    def _state(self, what: str, node: Mapping) -> State | None:
        self.reader.keys(node, what, ["state", "is"], ["within"])
        item = self._item(node, "state", what, StateItem)
        values = self._values(what, node, item)
        if item is None or not values:
            return None
        within, said = self._within(what, node, item)
        return State(item.id, values, within, f"{in_sentence(item.title)} is {' or '.join(values)}{said}")

    def _documented(self, what: str, node: Mapping) -> Documented | None:
        self.reader.keys(node, what, ["documented", "is"], ["since", "within"])
        item = self._item(node, "documented", what, StateItem)
        values = self._values(what, node, item)
        since = self._item(node, "since", what, MeasuredItem) if "since" in node.items else None
        if item is None or not values or ("since" in node.items and since is None):
            return None
        within, said = self._within(what, node, item)
        after = f", on or after the day of the {in_sentence(since.title)}" if since else ""
        sentence = f"{in_sentence(item.title)} is on record as {' or '.join(values)}{after}{said}"
        return Documented(item.id, values, since.id if since else None, within, sentence)

    def _taking(self, what: str, node: Mapping, kind: Literal["taking", "receiving"]) -> Taking | None:
        self.reader.keys(node, what, [kind], ["for_at_least", "for_more_than", "for_at_most", "unchanged_for"])
        value_set = self._value_set(node, kind, what, "medicines" if kind == "taking" else "procedures")
        days = {
            key: self.reader.days(node, key, what)
            for key in ("for_at_least", "for_more_than", "for_at_most", "unchanged_for")
        }
        if days["for_at_least"] is not None and days["for_more_than"] is not None:
            self.reader.problem(node, f"{what} has 'for_at_least' and 'for_more_than'; keep one")
        at_least = days["for_at_least"] if days["for_more_than"] is None else days["for_more_than"] + 1
        at_most = days["for_at_most"]
        if at_least is not None and at_most is not None and at_least > at_most:
            self.reader.problem(
                node,
                f"{what} can never be met: it asks for at least {at_least} and at most {at_most} days; correct them",
            )
            return None
        if value_set is None:
            return None
        said = "".join(
            f", {phrase} {number} days"
            for phrase, number in (
                ("for at least", at_least),
                ("for at most", at_most),
                ("unchanged for", days["unchanged_for"]),
            )
            if number is not None
        )
        return Taking(
            value_set.id,
            at_least,
            at_most,
            days["unchanged_for"],
            f"{'takes' if kind == 'taking' else 'receives'} {in_sentence(value_set.title)}{said}",
        )

    def _has(self, what: str, node: Mapping, kind: str) -> Has | None:
        self.reader.keys(node, what, [kind])
        of: Literal["conditions", "symptoms"] = "conditions" if kind == "diagnosis" else "symptoms"
        value_set = self._value_set(node, kind, what, of)
        verb = "is diagnosed with" if kind == "diagnosis" else "reports"
        return Has(of, value_set.id, f"{verb} {in_sentence(value_set.title)}") if value_set else None

    def _asks(self, what: str, node: Mapping, problem: Problem) -> Asks | None:
        self.reader.keys(node, what, [problem], ["within"])
        item: Item | None = self._item(node, problem, what, cast(type[Any], Item))
        if item is None:
            return None
        within, said = self._within(what, node, item)
        return Asks(item.id, problem, within, f"{in_sentence(item.title)} is {problem}{said}")

    # --- parts ------------------------------------------------------------------------------------------------------------

    def _item(self, node: Mapping, key: str, what: str, wanted: type[AnyItem]) -> AnyItem | None:
        word = self.reader.text(node, key, what)
        found = self.items.get(word)
        if isinstance(found, wanted):
            return found
        if word:
            fitting = [item.id for item in self.items.values() if isinstance(item, wanted)]
            known = "cannot stand here" if found else "is not in items.yaml"
            self.reader.problem(
                (node.file, node.line_of(key)), f"{what}: '{word[:60]}' {known}; {did_you_mean(word, fitting)}"
            )
        return None

    def _values(self, what: str, node: Mapping, item: StateItem | None) -> tuple[str, ...]:
        nodes = self.reader.text_nodes(node, "is", what, single=True)
        if item is None:
            return ()
        for text in nodes:
            if text.value not in item.values:
                self.reader.problem(
                    text,
                    f"{what}: {item.id} is never '{(text.value or '')[:40]}'; {did_you_mean(text.value or '', item.values)}",
                )
                return ()
        return tuple(text.value for text in nodes if text.value is not None)

    def _value_set(self, node: Mapping, key: str, what: str, of: str) -> ValueSet | None:
        word = self.reader.text(node, key, what)
        found = self.value_sets.get(word)
        fitting = [value_set.id for value_set in self.value_sets.values() if value_set.of == of]
        if word and (found is None or found.of != of):
            known = f"is a value set of {found.of}" if found else "is no value set"
            self.reader.problem(
                (node.file, node.line_of(key)), f"{what}: '{word[:60]}' {known}; {did_you_mean(word, fitting)}"
            )
            return None
        return found

    def _within(self, what: str, node: Mapping, item: Item) -> tuple[int | None, str]:
        if "within" not in node.items:
            return item.current_for, ""
        days = self.reader.days(node, "within", what)
        return days, f" within {days} days" if days is not None else ", however long ago"


def _shortest(value: Fraction) -> Number:
    """A Decimal where it ends: it compares many times faster."""
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    return decimal if Fraction(decimal) == value else value


def _is_empty(lower: Threshold, upper: Threshold) -> bool:
    return any(
        low.value > upper.by_unit[unit].value
        or (low.value == upper.by_unit[unit].value and not (low.inclusive and upper.by_unit[unit].inclusive))
        for unit, low in lower.by_unit.items()
        if unit in upper.by_unit
    )


def _bound_text(end: str, written: MappingType[str, Limit]) -> str:
    parts, said = [], ""
    for unit, limit in written.items():
        word = WORDS[end, limit.inclusive]
        parts.append(f"{word + ' ' if word != said else ''}{limit.value} {plain(unit)}".strip())
        said = word
    return " or ".join(parts)


def _range_text(lower: Bound | None, upper: Bound | None) -> str:
    parts = [
        bound.text if isinstance(bound, Threshold) else f"{WORDS[end, bound.inclusive]} the {bound.which} limit"
        for end, bound in (("lower", lower), ("upper", upper))
        if bound is not None
    ]
    return " and ".join(parts)


def criterion_of(parts: dict[str, str | list[str]], pack: RulePack) -> Criterion:
    """One criterion that stands in no file, such as `{"measure": "egfr", "below": "30 mL/min/1.73m2"}`. PackError says what is wrong."""
    problems: list[PackProblem] = []
    node = Mapping({key: _written(value) for key, value in parts.items()}, "", 1)
    found = CriteriaReader(Reader(problems), pack.items, pack.value_sets).read(next(iter(parts)), node)
    if found is None or problems:
        raise PackError(tuple(problems))
    return found


def _written(value: str | list[str]) -> Node:
    return Text(value, "", 1) if isinstance(value, str) else Sequence([Text(part, "", 1) for part in value], "", 1)
