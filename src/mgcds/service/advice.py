"""Whether advice still holds: a fingerprint of what it rests on, and the last day on which time alone leaves it as it is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import msgspec

from mgcds.model.assessment import Assessment
from mgcds.model.criterion import Asks, Documented, Measure, State, Taking
from mgcds.model.dates import days_before, parse_when
from mgcds.model.facts import Facts, Gap, Range, Reading, StateReading
from mgcds.model.pack import MeasuredItem, RulePack, about
from mgcds.model.record import PatientRecord
from mgcds.service.speaking import Ordered

_MEDICINES = ("medicines", "antidepressants", "supplements")
_WRITER = msgspec.json.Encoder()
_FIELDS_AS_JSON = msgspec.json.Decoder(dict[str, msgspec.Raw])
_DATED = re.compile(rb'"\s*(\d{4}(?:-?W?\d\d(?:-?\d\d?(?:[^"\\\d][^"\\]*)?)?)?)\s*"')
"""a text of JSON that may be a date in any form of ISO 8601; most codes cannot"""
_FIELDS = {
    "medicines": _MEDICINES,
    "supplemental_magnesium": _MEDICINES,
    "age": ("birth_date", "age"),
    "days_to_surgery": ("planned_surgery",),
    "phq9": ("phq9", "phq9_forms"),
    "phq9_item9": ("phq9_item9", "phq9_forms"),
}


class Inputs:
    """The record as advice rests on it, each field written out once. `whose` is a reference to the patient, `about` what is being ordered."""

    def __init__(
        self, record: PatientRecord, pack: RulePack, on: date, whose: str = "", about: Iterable[Ordered] = ()
    ) -> None:
        self.record, self.pack, self.on = record, pack, on
        orders = {None if order.value_sets is None else tuple(sorted(order.value_sets)) for order in about}
        self.call = _WRITER.encode([whose, sorted(orders, key=str)])
        """whose the advice is, and of which kinds of orders"""
        self._written: dict[str, bytes] = {}
        self._ahead: dict[str, frozenset[int]] = {}
        self._rejected: dict[str, list[list[str | None]]] = {}
        for bad in record.rejected:
            self._rejected.setdefault(bad.field.partition("[")[0], []).append([bad.why, bad.date, bad.source])

    @cached_property
    def _fields(self) -> dict[str, msgspec.Raw]:
        return _FIELDS_AS_JSON.decode(self.record.model_dump_json(exclude_defaults=True))

    def written(self, name: str) -> bytes:
        """A field as JSON, and what of it was rejected. First-line care that is active is dated by the day it was read: no input."""
        if name not in self._written:
            value: Any = self._fields.get(name)
            if name == "first_line_care" and value is not None:
                value = {key: part for key, part in msgspec.json.decode(value).items() if key != "date"}
            self._written[name] = _WRITER.encode([value, self._rejected.get(name, [])])
        return self._written[name]

    def ahead(self, name: str) -> frozenset[int]:
        """In how many days something of a field begins or has ended: a medicine, a condition, a result dated in the future."""
        if name not in self._ahead:
            today = self.on.isoformat().encode()  # written in full, days are in the order of their texts
            texts = {text for text in _DATED.findall(self.written(name)) if text[:10] >= today or len(text) < 10}
            self._ahead[name] = frozenset(days for text in texts for days in self._days_to(text.decode()))
        return self._ahead[name]

    def _days_to(self, text: str) -> Iterator[int]:
        try:
            when = parse_when(text)
        except ValueError:
            return
        for each in (when.begins, when.first, when.last):
            yield from ((each - self.on).days, (each - self.on).days + 1)


def fingerprint(rules: Iterable[str], inputs: Inputs) -> str:
    """Of everything on record that the rules, and those that can hold them back, may read; of whose record it is, of what is being ordered,
    and of the pack.

    The same data give the same on another day. Any new result of an item changes it, even one that changes no verdict.
    """
    found = hashlib.sha256(b"%s\n%s" % (inputs.pack.digest.encode(), inputs.call))
    for name in _rests_on(frozenset(rules), inputs.pack).fields:
        found.update(b"\n%s:%s" % (name.encode(), inputs.written(name)))
    return found.hexdigest()


class _RestsOn(NamedTuple):
    """What some rules, and those that can hold them back, are read from."""

    fields: tuple[str, ...]
    """of the record, sorted"""
    items: frozenset[str]
    current_for: frozenset[tuple[str, int]]
    """items, with the days for which a criterion takes them as current"""
    courses: frozenset[Taking]


# By ids of rules, and of a few packs at most: the one that is served, and one that takes its place.
@lru_cache(maxsize=256)
def _rests_on(rules: frozenset[str], pack: RulePack) -> _RestsOn:
    parts = {each for rule in rules for each in (rule, *(holder.by for holder in pack.holders[rule]))}
    items = frozenset(item for part in parts for item in pack.reads[part])
    criteria = [pack.criteria[key] for key in {key for part in parts for key in pack.criteria_of[part]}]
    return _RestsOn(
        tuple(sorted({field for item in items for field in _fields_of_item(item, pack)})),
        items,
        frozenset(
            (about(criterion, pack), criterion.within)
            for criterion in criteria
            if isinstance(criterion, Measure | State | Documented | Asks) and criterion.within is not None
        ),
        frozenset(criterion for criterion in criteria if isinstance(criterion, Taking)),
    )


def _fields_of_item(item_id: str, pack: RulePack) -> Iterator[str]:
    item = pack.items[item_id]
    if isinstance(item, MeasuredItem) and item.change is not None:
        yield from (*_FIELDS["medicines"], *_fields_of_item(item.change.of, pack))
    else:
        yield from _FIELDS.get(item_id, (item_id,))


# --- for how long -----------------------------------------------------------------------------------------------------------------


def valid_until(rules: Iterable[str], assessment: Assessment, inputs: Inputs) -> date:
    """The last day, `hooks.yaml`'s limit at most, on which all these suggestions stay as they are if nothing on record changes.

    Sound, not sharp: a day on which a criterion could turn counts as if it did.
    """
    pack = assessment.pack
    most = pack.hooks.valid_for if pack.hooks is not None else 1
    rests_on = _rests_on(frozenset(rules), pack)
    ahead = set(_turns(rests_on, assessment.facts))
    ahead.update(days for item in rests_on.items for days in _turns_of_item(item, assessment, inputs.record))
    if 1 not in ahead:  # else it is for today alone, whatever is dated ahead
        ahead.update(*(inputs.ahead(name) for name in rests_on.fields))
    return inputs.on + timedelta(days=min([most + 1, *(days for days in ahead if days >= 1)]) - 1)


def _turns(rests_on: _RestsOn, facts: Facts) -> Iterator[int]:
    """In how many days a criterion could turn, as values grow older and medicines are taken longer."""
    for item, within in rests_on.current_for:
        found = facts.items.get(item)
        if isinstance(found, Reading | StateReading):
            yield within + 1 - found.days
    for course in rests_on.courses:
        listed = facts.members[course.value_set]
        yield from _reaches(listed.running, (course.at_least, course.at_most))
        yield from _reaches(listed.unchanged, (course.unchanged_for,))


def _turns_of_item(item: str, assessment: Assessment, record: PatientRecord) -> Iterator[int]:
    """In how many days any criterion about an item or list could turn, whatever it asks."""
    pack, facts, on = assessment.pack, assessment.facts, assessment.on
    found = facts.items.get(item)
    if isinstance(found, Gap) and found.reason == "rejected":
        yield 1  # grows stale on a day that is not known here
    if item == "age":
        yield from _birthday(record, on)
    if item == "days_to_surgery" and isinstance(found, Reading):
        yield 1
    if item in facts.lists:
        reviewed, current_for = getattr(record, f"{item}_reconciled") or record.recorded, pack.items[item].current_for
        if reviewed is not None and current_for is not None:
            yield from (current_for + 1 - each for each in days_before(reviewed, on))
            yield from (-each for each in days_before(reviewed, on))  # dated in the future


def _reaches(days: Range, limits: Iterable[int | None]) -> Iterator[int]:
    """When one end of a range that grows by a day a day comes to a limit, and when it goes beyond."""
    for limit in limits:
        for end in (days.low, days.high):
            if limit is not None and end is not None:
                yield from (limit - int(end), limit + 1 - int(end))


def _birthday(record: PatientRecord, on: date) -> Iterator[int]:
    """Days to the next birthday, the first and the last of a birth date that is not known to the day."""
    if record.birth_date is None:
        yield 1
        return
    born = parse_when(record.birth_date)
    birthdays = {
        (3, 1) if (each.month, each.day) == (2, 29) else (each.month, each.day) for each in (born.first, born.last)
    }
    birthdays |= {(each.month, each.day) for each in (born.first, born.last)}
    for year in (on.year, on.year + 1):
        for month, day in birthdays:
            with suppress(ValueError):  # no 29 February in that year
                yield (date(year, month, day) - on).days
