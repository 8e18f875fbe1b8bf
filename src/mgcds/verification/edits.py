"""Every way in which one criterion could be written otherwise by mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast, get_args

from mgcds.loading.criteria import BOUNDS
from mgcds.loading.criteria import KINDS as KINDS_OF_CRITERIA
from mgcds.model import criterion as criteria
from mgcds.model.criterion import Criterion, Has, Taking
from mgcds.model.pack import MeasuredItem, RulePack, StateItem

What = Literal[
    "threshold", "comparison", "unit", "freshness", "qualification", "value set", "value", "question of data",
    "and/or", "negation", "dropped criterion", "dropped exclusion", "precedence", "kind",
]  # fmt: skip
Parts = dict[str, str | list[str]]
"""a criterion as it is written"""

_SIDES = {"below": "at_most", "at_most": "below", "at_least": "above", "above": "at_least"}
_DAYS = ("within", "for_at_least", "for_more_than", "for_at_most", "unchanged_for")
_PREFIX = re.compile(r"(at most|at least|above|below) ")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_OF_THE_LABORATORY = ("lower limit", "upper limit")


@dataclass(frozen=True, slots=True)
class Edit:
    """A criterion written otherwise in one of its keys; in words what stands there now, and what is asked of it."""

    what: What
    key: str
    parts: Parts
    instead: str
    right: str


def edits(parts: Parts, said: Criterion, pack: RulePack) -> Iterator[Edit]:
    """The loader may refuse some of them, and some may mean the same."""
    kind = next(key for key in parts if key in KINDS_OF_CRITERIA)
    if kind == "measure":
        item = pack.items[str(parts["measure"])]
        assert isinstance(item, MeasuredItem)
        for key in [key for key in parts if key in BOUNDS or key == "between"]:
            yield from _of_bound(parts, key, item)
        yield from _of_ends(parts)
    elif kind in ("state", "documented"):
        described = pack.items[str(parts[kind])]
        assert isinstance(described, StateItem)
        yield from _of_values(parts, described)
    elif isinstance(said, Taking | Has):
        yield from _of_value_set(parts, kind, said, pack)
    else:
        yield from _of_question(parts, kind)
    for key in _DAYS:
        for days in one_day_off(str(parts.get(key, ""))):
            yield _changed("freshness", key, {**parts, key: days}, f"'{key}'", days, str(parts[key]))
    for key in ("since", *_DAYS):
        if key in parts:
            yield _left_out(key, _without(parts, key), f"'{_shown(parts, [key])}'")


def _changed(what: What, key: str, now: Parts, of: str, new: str, old: str) -> Edit:
    return Edit(what, key, now, f"{of} were {new} instead of {old}", f"Is {old} right?")


def _left_out(key: str, now: Parts, what: str) -> Edit:
    return Edit("qualification", key, now, f"{what} were left out", "Is it needed?")


def _rewritten(what: What, key: str, parts: Parts, now: Parts) -> Edit:
    old = _shown(parts, [name for name in parts if now.get(name) != parts[name]])
    new = _shown(now, [name for name in now if parts.get(name) != now[name]])
    return Edit(what, key, now, f"'{new}' stood instead of '{old}'", f"Is '{old}' right?")


def _shown(parts: Parts, keys: list[str]) -> str:
    texts = {key: parts[key] for key in keys}
    return ", ".join(
        f"{key}: {text if isinstance(text, str) else '[' + ', '.join(text) + ']'}" for key, text in texts.items()
    )


def _without(parts: Parts, key: str) -> Parts:
    return {name: text for name, text in parts.items() if name != key}


# --- bounds of a measure ------------------------------------------------------------------------------------------------------


def _of_bound(parts: Parts, key: str, item: MeasuredItem) -> Iterator[Edit]:
    texts = texts_of(parts[key])
    for place, text in enumerate(texts):
        for changed in steps(text, item.whole):
            yield _changed("threshold", key, replaced(parts, key, place, changed), "the limit", changed, text)
        if text in _OF_THE_LABORATORY:
            other = _OF_THE_LABORATORY[text == "lower limit"]
            yield _changed("threshold", key, {**parts, key: other}, "the limit", f"the {other}", f"the {text}")
        elif number := _NUMBER.search(text):
            for unit in item.units:
                changed = f"{text[: number.end()]} {unit}"
                yield _changed("unit", key, replaced(parts, key, place, changed), "the limit", changed, text)
    yield from _of_sides(parts, key, texts)
    if key != "between" and len(texts) > 1:
        for place, text in enumerate(texts):
            now = {**parts, key: [other for at, other in enumerate(texts) if at != place]}
            instead = f"{text} were left out and converted from the other limit"
            yield Edit("unit", key, now, instead, f"Is {text} meant as a limit of its own?")


def texts_of(written: str | list[str]) -> list[str]:
    """What stands under a key, as a list."""
    return [written] if isinstance(written, str) else written


def steps(text: str, whole: bool) -> list[str]:
    """The same limit one step of its last written digit lower and higher; none for a limit of the laboratory."""
    number = _NUMBER.search(text)
    if number is None:
        return []
    value = Decimal(number[0])
    step = Decimal(1) if whole else Decimal(1).scaleb(cast(int, value.as_tuple().exponent))
    return [f"{text[: number.start()]}{changed}{text[number.end() :]}" for changed in (value - step, value + step)]


def replaced(parts: Parts, key: str, place: int, text: str) -> Parts:
    """With another text at one place under a key."""
    written = parts[key]
    if isinstance(written, str):
        return {**parts, key: text}
    return {**parts, key: [text if at == place else other for at, other in enumerate(written)]}


def _of_sides(parts: Parts, key: str, texts: list[str]) -> Iterator[Edit]:
    """The limit itself belongs to the range, or no longer."""
    others = _without(parts, key)
    if key == "between":
        yield _rewritten("comparison", key, parts, {**others, "above": texts[0], "at_most": texts[1]})
        yield _rewritten("comparison", key, parts, {**others, "at_least": texts[0], "below": texts[1]})
    elif len(texts) == 1:
        yield _rewritten("comparison", key, parts, {**others, _SIDES[key]: parts[key]})
    else:
        for place, text in enumerate(texts):
            prefix, limit = _PREFIX.match(text), _PREFIX.sub("", text)
            side = prefix[1].replace(" ", "_") if prefix else key
            old, new = (f"{word.replace('_', ' ')} {limit}" for word in (side, _SIDES[side]))
            yield _changed("comparison", key, replaced(parts, key, place, new), "the limit", new, old)


def _of_ends(parts: Parts) -> Iterator[Edit]:
    """One end of a range of two."""
    bounds = [key for key in parts if key in BOUNDS]
    if len(bounds) > 1:
        for key in bounds:
            yield _left_out(key, _without(parts, key), f"'{_shown(parts, [key])}'")
    if "between" in parts:
        low, high = texts_of(parts["between"])
        others = _without(parts, "between")
        yield _left_out("between", {**others, "at_least": low}, f"the bound {high}")
        yield _left_out("between", {**others, "at_most": high}, f"the bound {low}")


# --- the other kinds ----------------------------------------------------------------------------------------------------------


def _of_values(parts: Parts, item: StateItem) -> Iterator[Edit]:
    values = texts_of(parts["is"])
    if len(values) > 1:
        for value in values:
            left = [other for other in values if other != value]
            yield Edit("value", "is", {**parts, "is": left}, f"'{value}' were left out of 'is'", "Is it meant?")
    for value in [value for value in item.values if value not in values]:
        if len(values) + 1 < len(item.values):
            more = {**parts, "is": [*values, value]}
            yield Edit("value", "is", more, f"'{value}' counted too", "Is it left out on purpose?")
        if len(values) == 1:
            yield _rewritten("value", "is", parts, {**parts, "is": value})


def _of_value_set(parts: Parts, kind: str, said: Taking | Has, pack: RulePack) -> Iterator[Edit]:
    """Another set of the list: those that share a member, or else the next one. Only sets that some rule uses: the facts of the
    others are not among those of any patient (`symbolic.kindred`).
    """
    used = {c.value_set for c in pack.criteria.values() if isinstance(c, Taking | Has)}
    of = pack.value_sets[said.value_set].of
    others = sorted(name for name in used - {said.value_set} if pack.value_sets[name].of == of)
    members = _members(said.value_set, pack)
    near = [name for name in others if members & _members(name, pack)]
    after = [name for name in others if name > said.value_set] or others
    for name in near or after[:1]:
        yield _rewritten("value set", kind, parts, {**parts, kind: name})


def _members(value_set: str, pack: RulePack) -> set[str]:
    found = pack.value_sets[value_set]
    own = {name for entry in found.entries for name in entry.names}
    return own.union(*(_members(name, pack) for name in found.includes))


def _of_question(parts: Parts, kind: str) -> Iterator[Edit]:
    for problem in get_args(criteria.Problem):
        if problem != kind:
            yield _rewritten("question of data", kind, parts, {problem: parts[kind], **_without(parts, kind)})


def one_day_off(text: str) -> list[str]:
    """A day less and a day more; none where the text is no number of days."""
    days = re.fullmatch(r"(\d+) days?", text)
    return [f"{int(days[1]) + step} days" for step in (-1, 1) if int(days[1]) + step >= 0] if days else []
