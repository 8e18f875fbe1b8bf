"""Generated patients, from one whole number each: the same seed gives the same patient on any machine.

The generator is driven by the pack: its items, units, thresholds, value sets and durations. `Patients.record` writes records as people
write them, mistakes included. Reading a record costs more than judging it, so `Patients.facts` reads only one in `READ_EVERY` and
deals the others out of what was read of a stock of records: item by item and list by list, so that nothing is invented that no
record says, and far more combinations are met.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import chain, pairwise
from math import floor
from random import Random
from typing import Any

from mgcds.model.condition import Condition, names_with_sign
from mgcds.model.criterion import Asks, Criterion, Documented, Has, Measure, State, Taking, Threshold
from mgcds.model.evaluation import test
from mgcds.model.facts import Facts, Gap, Listed, Reading, StateReading
from mgcds.model.pack import ListItem, MeasuredItem, RulePack, StateItem, about
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from mgcds.model.terminology import ValueSet
from mgcds.model.units import SCORE, WRITTEN_OTHERWISE, factor, parse_unit

READ_EVERY = 4
STOCK = 4000
ENOUGH = 1000  # cards to choose the fitting ones from
DAYS = (
    date(2026, 11, 21),
    date(2026, 3, 31),
    date(2024, 2, 29),
    date(2025, 3, 1),
    date(2026, 1, 1),
    date(2026, 12, 31),
)
PLAINNESS = (1.0, 0.97, 0.9, 0.8, 0.6, 0.3, 0.0)
DURATIONS = (0, 1, 7, 13, 14, 28, 42, 60, 85, 90, 91, 365)
FOREIGN = (
    "umol/L",
    "mmol/L",
    "nmol/L",
    "mg/L",
    "g/L",
    "ug/dL",
    "ng/mL",
    "meq/L",
    "s",
    "us",
    "g/d",
    "ug/d",
    "mg/dL",
    "g/dL",
)
NONSENSE = ("mmol/mol", "MG/DL", "%", "furlong", "mg", "mmol/L/d", " ", "mg/dL or so", "m" * 59, "1e3")
UNKNOWN_NAMES = ("zorblaxin", "the blue one", "XJ-11", "??")
OTHER_MEDICINES = ("paracetamol", "amoxicillin", "atorvastatin 20 mg")
OTHER_WORDS = {
    "procedures": ("physiotherapy",),
    "conditions": ("asthma", "hay fever", "migraine"),
    "symptoms": ("cough", "tired", "back pain"),
}
NO_DATES = ("yesterday", "2026-13-40", "2023-02-29", "21/11/2026", "")
SPECIMENS = ("haemolysed", "lipaemic", "icteric", "edta", "citrate", "haemolyzed")
STATUSES = ("preliminary", "amended", "corrected", "cancelled", "entered-in-error", "unknown", "registered", "ready")
Written = dict[str, Any]
Dealt = Reading | StateReading | Gap
View = tuple[str, str | None, bool]  # a rule, one that holds it back, and whether that one is met or unknown


def decimals(limit: Fraction, most: int = 6) -> int | None:
    """Digits behind the point, None where the number has no end."""
    return next((digits for digits in range(most + 1) if (limit * 10**digits).denominator == 1), None)


def text_of(value: Fraction) -> str:
    """A terminating fraction as people write it."""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


def around(limit: Fraction, digits: int) -> list[Fraction]:
    """At a limit, one printed step and a tenth of a step to either side; around one that has no end, the nearest on either side."""
    step = Fraction(1, 10**digits)
    if decimals(limit) is None:
        fine = step / 10_000
        return [
            fine * floor(limit / fine),
            fine * floor(limit / fine) + fine,
            *(step * (floor(limit / step) + n) for n in (0, 1)),
        ]
    return [limit, limit - step, limit + step, limit - step / 10, limit + step / 10]


@dataclass(frozen=True)
class Scale:
    """What can be written for one item in one unit of comparison."""

    unit: str
    spellings: tuple[str, ...]
    values: tuple[Fraction, ...]
    believed: tuple[Fraction, ...]
    """those that are plausible"""
    foreign: tuple[tuple[str, Fraction], ...]
    """units that convert, and how many of them make one of `unit`"""


@dataclass
class Days:
    """Ages of a value or a list, in days, that matter to an item: both sides of every edge."""

    fresh: tuple[int, ...]
    all: tuple[int, ...]


def edges(limits: set[int | None], shortest: int | None) -> Days:
    """0, 1, and N-1, N, N+1 for each limit; `fresh` are those that no limit finds too old."""
    known = sorted({limit for limit in limits if limit is not None})
    every = {0, 1, *chain.from_iterable((max(n - 1, 0), n, n + 1) for n in known), 5, 400, 2000}
    low = min((n for n in (*known, shortest) if n is not None), default=30)
    return Days(tuple(sorted(days for days in every if days <= low)), tuple(sorted(every)))


@dataclass(frozen=True)
class Card:
    """What one record says of one item, or of one list with its members (and what is computed from them)."""

    seed: int
    items: Mapping[str, Dealt]
    lists: Mapping[str, Gap | None]
    members: Mapping[str, Listed]

    @property
    def is_gap(self) -> bool:
        """Nothing usable is known of the item or list itself."""
        return isinstance(next(iter((self.lists or self.items).values())), Gap)


@dataclass(frozen=True)
class Deck:
    """All cards of one item or list, and those that say something and nothing."""

    cards: Sequence[Card]
    known: Sequence[Card]
    gaps: Sequence[Card]


class Patients:
    """Generated patients for a pack."""

    def __init__(self, pack: RulePack, stock: Mapping[str, Deck] | int = STOCK) -> None:
        self.pack = pack
        self._fit: dict[tuple[View, str], Sequence[Card]] = {}
        self._truths: dict[str, list[tuple[Card, list[tuple[str, bool]]]]] = {}
        self._measures = {
            item.id: [c for c in pack.criteria.values() if isinstance(c, Measure) and c.item == item.id]
            for item in pack.items.values()
        }
        self._scales = {
            item.id: self._scales_of(item) for item in pack.items.values() if isinstance(item, MeasuredItem)
        }
        self._days = {item.id: edges(self._withins(item.id), item.current_for) for item in pack.items.values()}
        self._members = {found.id: _members(found, pack.value_sets) for found in pack.value_sets.values()}
        self.computed = [
            item.id
            for item in pack.items.values()
            if item.id == "supplemental_magnesium" or (isinstance(item, MeasuredItem) and item.change is not None)
        ]
        self._sets_of = {
            item.id: sorted(found for found in self._sets_used() if pack.value_sets[found].of == item.id)
            or [found.id for found in pack.value_sets.values() if found.of == item.id]
            for item in pack.items.values()
        }
        self._durations = sorted(self._durations_used() | set(DURATIONS))
        self.stock = read_stock(self, stock) if isinstance(stock, int) else stock

    # --- what the pack speaks of ------------------------------------------------------------------------------------------

    def limits(self, item: MeasuredItem, unit: str) -> set[Fraction]:
        """Every limit of an item in a unit: of criteria, of reference ranges, of plausibility."""
        bounds = [bound for measure in self._measures[item.id] for bound in (measure.lower, measure.upper)]
        thresholds = [bound for bound in (*bounds, item.lower, item.upper) if isinstance(bound, Threshold)]
        scale = factor(item.units[0], unit, item.substance)
        assert scale is not None
        return {Fraction(bound.by_unit[unit].value) for bound in thresholds} | {
            Fraction(end) * scale for end in item.plausible
        }

    def _scales_of(self, item: MeasuredItem) -> list[Scale]:
        scales = []
        for unit in item.units:
            limits = sorted(self.limits(item, unit))
            digits = 0 if item.whole else max((decimals(limit, 3) or 0 for limit in limits), default=0)
            values = {value for limit in limits for value in around(limit, digits)}
            values |= {(low + high) / 2 for low, high in pairwise(limits) if decimals((low + high) / 2) is not None}
            if item.whole:
                values = {Fraction(floor(value)) for value in values}
            spellings = (unit, *(text for text, code in WRITTEN_OTHERWISE.items() if code == unit))
            foreign = [
                (other, scale)
                for other in FOREIGN
                if other not in item.units and (scale := factor(unit, other, item.substance)) is not None
            ]
            written = tuple(sorted(value for value in values if value >= 0))
            first = factor(unit, item.units[0], item.substance)
            believed = tuple(value for value in written if item.plausible[0] <= value * first <= item.plausible[1])
            scales.append(Scale(unit, spellings, written, believed, tuple(foreign)))
        return scales

    def _withins(self, item: str) -> set[int | None]:
        found: set[int | None] = {self.pack.items[item].current_for}
        for criterion in self.pack.criteria.values():
            match criterion:
                case Measure(item=of, within=within) | State(item=of, within=within) | Asks(about=of, within=within):
                    found |= {within} if of == item else set()
                case Documented(item=of, since=since, within=within):
                    found |= {within} if item in (of, since) else set()
                case _:
                    pass
        return found

    def _durations_used(self) -> set[int]:
        found: set[int] = set()
        for criterion in self.pack.criteria.values():
            if isinstance(criterion, Taking):
                for days in (criterion.at_least, criterion.at_most, criterion.unchanged_for):
                    found |= {max(days - 1, 0), days, days + 1} if days is not None else set()
        return found

    def _sets_used(self) -> set[str]:
        return {criterion.value_set for criterion in self.pack.criteria.values() if isinstance(criterion, Taking | Has)}

    # --- records ----------------------------------------------------------------------------------------------------------

    def day(self, seed: int) -> date:
        """The day on which this patient is assessed."""
        return DAYS[seed % len(DAYS)]

    def record(self, seed: int) -> Written:
        """A record in plain data, for `PatientRecord(**record)`."""
        rng, on = Random(f"record {seed}"), self.day(seed)
        plainness = rng.choice(PLAINNESS)
        record: Written = {}
        recorded = on if rng.random() < plainness else rng.choice((None, on, self._date(rng, on, "medicines"), "soon"))
        if recorded is not None:
            record["recorded"] = recorded if isinstance(recorded, str) else recorded.isoformat()
        for item in self.pack.items.values():
            plain = rng.random() < plainness
            match item:
                case MeasuredItem(id="age"):
                    record |= self._age(rng, on, plain)
                case MeasuredItem(id="days_to_surgery"):
                    record["planned_surgery"] = self._operation(rng, on, plain)
                case MeasuredItem() if item.id in self.computed:
                    pass  # follows from the medicines and the results
                case MeasuredItem():
                    record[item.id] = self._measured(item, rng, on, plain)
                case StateItem():
                    record[item.id] = self._state(item, rng, on, plain)
                case ListItem():
                    record |= self._list(item, rng, on, plain)
        if "phq9" in self.pack.items and rng.random() < 0.3:
            record["phq9_forms"] = [self._form(rng, on) for _ in range(rng.choice((1, 1, 2)))]
        record |= self._course(rng, on)
        return {name: value for name, value in record.items() if value is not None}

    def _course(self, rng: Random, on: date) -> Written:
        """A medicine begun on a known day, with results before and since, for the items that are computed from them."""
        changes = [i.change for i in self.pack.items.values() if isinstance(i, MeasuredItem) and i.change is not None]
        if not changes or rng.random() < 0.7:
            return {}
        begun = rng.choice([days for days in self._durations if days > 1])
        entry = {**rng.choice(self._members[changes[0].value_set]), "start": (on - timedelta(begun)).isoformat()}
        dosed = self._dosed(entry, rng) if rng.random() < 0.3 else {**entry, "daily_dose": "248 mg elemental"}
        course: Written = {"medicines": [], "medicines_reconciled": on.isoformat(), "supplements": [dosed]}
        before = begun + rng.choice((0, 1, changes[0].within, changes[0].within + 1))
        since = rng.choice([days for days in {0, *self._days_since(begun)} if days < begun])
        for of in sorted({change.of for change in changes}):
            values = self._scales[of][0].believed
            days = (before, since) if rng.random() < 0.9 else (before,)
            course[of] = [
                {"value": text_of(rng.choice(values)), "date": (on - timedelta(ago)).isoformat()} for ago in days
            ]
        return course

    def _days_since(self, begun: int) -> Iterator[int]:
        """How old a result is that was taken on a day that a criterion asks for, or the day before or after."""
        for item in self.pack.items.values():
            if isinstance(item, MeasuredItem) and item.change is not None and item.change.gives == "day of the newest":
                days = (int(limit) for limit in self.limits(item, item.units[0]))
                yield from (begun - day for limit in days for day in (limit - 1, limit, limit + 1) if 0 <= day <= begun)

    def _form(self, rng: Random, on: date) -> Any:
        """A PHQ-9 answer by answer, with gaps, slips and a total that may be another."""
        gaps = rng.choice((0, 0, 0.1, 0.3))
        answers: list[Any] = [None if rng.random() < gaps else rng.choice((0, 1, 2, 3)) for _ in range(9)]
        if rng.random() < 0.1:
            answers[rng.randrange(9)] = rng.choice((4, -1, 1.5, "often"))
        form: Written = {"answers": answers if rng.random() < 0.95 else answers[:8]}
        form["date"] = self._date(rng, on, "phq9")
        if rng.random() < 0.2:
            form["total"] = rng.randrange(28)
        if rng.random() < 0.2:
            form["status"] = rng.choice(STATUSES)
        return form if rng.random() < 0.9 else answers

    def _operation(self, rng: Random, on: date, plain: bool) -> str | None:
        """A day to come, on either side of the edges in use, or none."""
        if rng.random() < 0.5:
            return None
        days = rng.choice(self._scales["days_to_surgery"][0].believed)
        return (on + timedelta(int(days))).isoformat() if plain else self._date(rng, on, "days_to_surgery")

    def _date(self, rng: Random, on: date, item: str) -> str | None:
        """Any date: on either side of an edge, with a time, partial, in the future, or none at all."""
        day = on - timedelta(rng.choice(self._days[item].all))
        match rng.randrange(12):
            case 0:
                return None
            case 1:
                return (on + timedelta(rng.choice((1, 30)))).isoformat()
            case 2:
                return day.isoformat()[:7]
            case 3:
                return day.isoformat()[:4]
            case 4:
                return rng.choice(NO_DATES)
            case 5 | 6:
                return f"{day.isoformat()}T{rng.choice(('08:00', '23:30:00+14:00', '00:10:00-11:00', '08:00:00Z'))}"
            case _:
                return day.isoformat()

    def _fresh_date(self, rng: Random, on: date, item: str) -> str:
        return (on - timedelta(rng.choice(self._days[item].fresh))).isoformat()

    def _measured(self, item: MeasuredItem, rng: Random, on: date, plain: bool) -> Any:
        if plain:
            return self._result(item, rng, on)
        match rng.randrange(10):
            case 0:
                return None
            case 1:
                return rng.choice(
                    (
                        [],
                        "a lot",
                        {"value": "NaN"},
                        {"value": True},
                        {"worth": 1},
                        [{"value": "1e400", "unit": "mmol/L"}],
                    )
                )
            case 2:
                result = self._result(item, rng, on)
                return f"{rng.choice(('', '<', '>', '≥'))}{result['value']} {result.get('unit', '')}"
            case 3:
                return float(rng.choice(self._scales[item.id][0].values))
            case 4 | 5:
                return self._several(item, rng, on)
            case _:
                return self._spoil(item, self._result(item, rng, on), rng, on)

    def _result(self, item: MeasuredItem, rng: Random, on: date) -> Written:
        scale = rng.choice(self._scales[item.id])
        result: Written = {
            "value": text_of(rng.choice(scale.believed if rng.random() < 0.97 else scale.values)),
            "date": self._fresh_date(rng, on, item.id),
        }
        if scale.unit != SCORE or rng.random() < 0.3:
            result["unit"] = rng.choice(scale.spellings)
        return result

    def _several(self, item: MeasuredItem, rng: Random, on: date) -> list[Any]:
        """Ties on a day, and newer ones that may be spoilt."""
        results: list[Any] = [self._result(item, rng, on) for _ in range(rng.choice((2, 2, 3, 4)))]
        day = self._date(rng, on, item.id)
        for position, result in enumerate(results):
            if rng.random() < 0.6:
                result["date"] = day
            if rng.random() < 0.4:
                result["status"] = rng.choice(STATUSES)
            if rng.random() < 0.3:
                results[position] = self._spoil(item, result, rng, on)
            if rng.random() < 0.5 and isinstance(result, dict):
                result["source"] = f"Observation/{rng.randrange(5)}"
        return results

    def _spoil(self, item: MeasuredItem, result: Written, rng: Random, on: date) -> Written:
        """The same result with one thing that real laboratories and interfaces do."""
        result = dict(result)
        match rng.randrange(12):
            case 0:
                result["date"] = self._date(rng, on, item.id)
            case 1:
                result.pop("unit", None)
            case 2:
                result["unit"] = rng.choice((*NONSENSE, *FOREIGN))
            case 3 | 4:
                unit = parse_unit(result.get("unit", SCORE))
                scale = next(found for found in self._scales[item.id] if found.unit == unit)
                if scale.foreign:
                    other, times = rng.choice(scale.foreign)
                    value = rng.choice(scale.values) * times
                    result |= {"unit": other, "value": text_of(Fraction(round(value * 10**6), 10**6))}
            case 5:
                result["comparator"] = rng.choice(("<", "<=", ">=", ">", "~"))
            case 6:
                result["status"] = rng.choice(STATUSES)
            case 7:
                result["code"] = rng.choice((*item.codes, "2345-7", "not a code")) if item.codes else "2345-7"
            case 8:
                result["specimen"] = [rng.choice(SPECIMENS)] if rng.random() < 0.8 else ["icteric", "haemolysed"]
            case 9:
                result["value"] = rng.choice(("-1", "999999", "2.5", "1E+2", "0"))
            case 10:
                result["up_to"] = text_of(rng.choice(self._scales[item.id][0].values))
            case _:
                for end in rng.choice((["lower_limit"], ["upper_limit"], ["lower_limit", "upper_limit"])):
                    result[end] = self._limit(item, result, rng)
        return result

    def _limit(self, item: MeasuredItem, result: Written, rng: Random) -> str:
        """A laboratory's limit: the value itself, one close to it, in another unit, or one that cannot be used."""
        scale = rng.choice(self._scales[item.id])
        own = result.get("unit", "")
        return rng.choice(
            (
                f"{result['value']} {own}",
                f"{text_of(rng.choice(scale.values))} {scale.unit}",
                f"{text_of(rng.choice(scale.values))} {own}",
                f"<{result['value']} {own}",
                str(result["value"]),
                f"90000 {scale.unit}",
                "see comment",
                f"0.7 {rng.choice(NONSENSE)}",
            )
        )

    def _state(self, item: StateItem, rng: Random, on: date, plain: bool) -> Any:
        value = rng.choice(item.values)
        if plain:
            return {"value": value, "date": self._fresh_date(rng, on, item.id)}
        match rng.randrange(6):
            case 0:
                return None
            case 1:
                return value
            case 2:
                return rng.choice(("unknown", "maybe", {"value": value, "date": "soon"}, 3, {"when": "now"}))
            case _:
                return {"value": value, "date": self._date(rng, on, item.id), "source": "QuestionnaireResponse/1"}

    def _age(self, rng: Random, on: date, plain: bool) -> Written:
        """Birthdays today, yesterday and tomorrow around every age that a criterion asks for."""
        limits = sorted({int(limit) for limit in self.limits(self._item("age"), "a")}) or [18]
        years = rng.choice((*limits, *limits, 40, 70, 25))
        born = _years_before(on, years) + timedelta(rng.choice((-400, -1, 0, 0, 1, 200)))
        if plain:
            return (
                {"birth_date": born.isoformat()}
                if rng.random() < 0.7
                else {"age": years + rng.choice((-1, 0, 1)) if years else 0}
            )
        return rng.choice(
            (
                {},
                {"birth_date": born.isoformat()[:4]},
                {"birth_date": born.isoformat()[:7]},
                {"birth_date": "2000-02-29"},
                {"birth_date": (on + timedelta(40)).isoformat()},
                {"birth_date": "1961/02/03"},
                {"birth_date": "1850-01-01"},
                {"birth_date": born.isoformat(), "age": years + rng.choice((-3, -1, 0, 1, 3))},
                {"age": str(years)},
                {"age": rng.choice((17.5, -4, 131, "old", 18.0))},
            )
        )

    def _item(self, item: str) -> MeasuredItem:
        found = self.pack.items[item]
        assert isinstance(found, MeasuredItem)
        return found

    # --- lists ------------------------------------------------------------------------------------------------------------

    def _list(self, item: ListItem, rng: Random, on: date, plain: bool) -> Written:
        fields: Written = {}
        count = rng.choice((0, 0, 0, 1, 1, 2, 3)) if plain else rng.choice((0, 1, 2, 4))
        fields[item.id] = [self._entry(item, rng, on, plain) for _ in range(count)]
        fields[f"{item.id}_reconciled"] = self._fresh_date(rng, on, item.id) if plain else self._date(rng, on, item.id)
        if not plain and rng.random() < 0.3:
            fields[item.id] = rng.choice((None, "sertraline", [{}], [3], {"name": "fluoxetine", "dose": 20}))
        if item.id == "medicines":
            fields |= self._beside_the_medicines(item, rng, on, plain)
        return fields

    def _beside_the_medicines(self, item: ListItem, rng: Random, on: date, plain: bool) -> Written:
        fields: Written = {}
        if rng.random() < (0.15 if plain else 0.3) and self._members.get("antidepressant"):
            fields["antidepressants"] = [self._entry(item, rng, on, plain, "antidepressant")]
        if rng.random() < 0.35 and self._members.get("magnesium_product"):
            count = rng.choice((1, 1, 1, 2))
            entries = [self._entry(item, rng, on, plain, "magnesium_product") for _ in range(count)]
            fields["supplements"] = [self._dosed(entry, rng) if isinstance(entry, dict) else entry for entry in entries]
        elif rng.random() < 0.3:
            fields["supplements"] = rng.choice(([], None, [self._entry(item, rng, on, plain)]))
        return fields

    def _dosed(self, entry: Written, rng: Random) -> Written:
        limits = self._scales["supplemental_magnesium"][0].values
        amount = text_of(rng.choice(limits))
        dose = rng.choice(
            (
                f"{amount} mg elemental",
                f"{amount} mg elemental magnesium",
                f"{amount} mg salt of MgO",
                "414.57 mg salt of MgO",
                f"{amount} mg salt of MgCl2.6H2O",
                f"{amount} mg",
                "one tablet",
                "300 mg salt of NaCl",
                None,
            )
        )
        return {**entry, "daily_dose": dose}

    def _entry(self, item: ListItem, rng: Random, on: date, plain: bool, value_set: str | None = None) -> Any:
        """A member of a value set, or something else, with dates on the edges of the durations in use."""
        entry = dict(rng.choice(self._members[value_set or rng.choice(self._sets_of[item.id])]))
        if value_set is None and rng.random() < (0.1 if plain else 0.25):
            entry = {"name": rng.choice(OTHER_MEDICINES if item.id == "medicines" else OTHER_WORDS[item.id])}
        if not plain and rng.random() < 0.15:
            entry = rng.choice(
                ({"name": rng.choice(UNKNOWN_NAMES)}, {"codes": [{"system": "rxnorm", "code": "0"}]}, {"name": ""})
            )
        treated = item.id in ("medicines", "procedures")
        began, ended = ("start", "stop") if treated else ("onset", "abated")
        if rng.random() < 0.85:
            entry[began] = (on - timedelta(rng.choice(self._durations))).isoformat()
        if rng.random() < 0.12:
            entry[ended] = (on - timedelta(rng.choice(self._durations))).isoformat()
        if not plain:
            if rng.random() < 0.3:
                entry[rng.choice((began, ended))] = self._date(rng, on, item.id)
            if rng.random() < 0.25 and treated:
                entry["status"] = rng.choice(("on-hold", "unknown", "stopped", "active", "forgotten"))
        return entry["name"] if list(entry) == ["name"] and rng.random() < 0.5 else entry

    # --- facts ------------------------------------------------------------------------------------------------------------

    def read(self, seed: int) -> Facts:
        """The facts of this patient's record, read as any record is."""
        return read_facts(PatientRecord(**self.record(seed)), self.pack, self.day(seed))

    def facts(self, seed: int) -> Facts:
        """One in READ_EVERY from its record, the others dealt from the stock."""
        return self.read(seed) if seed % READ_EVERY == 0 else self.dealt(seed)

    def many(self, seeds: Sequence[int] | range) -> Iterator[tuple[int, Facts]]:
        """Seeds with their facts."""
        for seed in seeds:
            yield seed, self.facts(seed)

    def dealt(self, seed: int) -> Facts:
        """Each item and list from another record of the stock."""
        facts = Facts(self.day(seed), {}, {}, {})
        for card in self._deal(seed):
            facts.items |= card.items
            facts.lists |= card.lists
            facts.members |= card.members
        return facts

    def composed(self, seed: int) -> Written:
        """A record put together out of the same stock, for where many things have to fit and a record is needed."""
        record: Written = {"recorded": self.day(seed).isoformat()}
        for card in self._deal(seed, self.day(seed)):
            written = self.record(card.seed)
            fields = [field for subject in (*card.items, *card.lists) for field in fields_of(subject)]
            record |= {field: written[field] for field in fields if field in written}
        return record

    def _deal(self, seed: int, on: date | None = None) -> Iterator[Card]:
        """Every other patient is dealt with a rule in view, so that what many others hold back is offered now and then. With a day:
        from records of that day where there are any.
        """
        rng = Random(f"facts {seed}")
        plainness = rng.choice(PLAINNESS)
        view = rng.choice(self._views) if rng.random() < 0.5 else None
        for subject, deck in self.stock.items():
            if rng.random() < plainness:
                cards = self._fitting(view, subject) if view is not None else deck.known
            else:
                cards = rng.choice((deck.cards, deck.gaps))
            if on is not None:
                cards = [card for card in cards if self.day(card.seed) == on] or cards
            yield cards[int(rng.random() * len(cards))]

    @cached_property
    def _views(self) -> list[View]:
        """Each rule, and each with one of those that hold it back, which alone then decides: met, or unknown."""
        pairs = [(rule, holder.by) for rule in self.pack.rules for holder in self.pack.holders[rule]]
        return [(rule, None, False) for rule in self.pack.rules] + [
            (*pair, known) for pair in pairs for known in (True, False)
        ]

    def _fitting(self, view: View, subject: str) -> Sequence[Card]:
        """The cards that speak most for the rule and the holder in view, and against all that could hold the rule back."""
        found = self._fit.get((view, subject))
        if found is None:
            found = self._fit[view, subject] = self._most_fitting(*view, subject)
        return found

    def _most_fitting(self, rule: str, wanted: str | None, known: bool, subject: str) -> Sequence[Card]:
        if (
            wanted is not None
            and not known
            and subject in self.pack.reads[wanted]
            and subject not in self.pack.reads[rule]
        ):
            return self.stock[subject].gaps or self.stock[subject].cards
        weights: Counter[tuple[str, bool]] = Counter()
        for key, sign in self._signs(self.pack.rules[rule].when):
            weights[key, sign] += 100
        for holder in self.pack.holders[rule]:
            for key, sign in self._signs(self.pack.rules[holder.by].when):
                weights[key, sign is (holder.by == wanted)] += 50 if holder.by == wanted else 1
        judged = self._judged(subject)
        scores = [sum(weights[key, truth] for key, truth in truths) for _, truths in judged]
        best = max(scores, default=0)
        return [card for (card, _), score in zip(judged, scores, strict=True) if score == best]

    def _judged(self, subject: str) -> list[tuple[Card, list[tuple[str, bool]]]]:
        """Cards with the truths of the criteria that can be judged from such a card alone."""
        found = self._truths.get(subject)
        if found is None:
            cards = self.stock[subject].cards[:ENOUGH]
            criteria = [(key, c) for key, c in self.pack.criteria.items() if _is_on(c, cards[0], self.pack)]
            found = self._truths[subject] = []
            for card in cards:
                facts = Facts(DAYS[0], dict(card.items), dict(card.lists), dict(card.members))
                truths = [(key, truth) for key, c in criteria if (truth := test(c, facts)) is not None]
                found.append((card, truths))
        return found

    def _signs(self, condition: Condition, positive: bool = True) -> Iterator[tuple[str, bool]]:
        for name, sign in names_with_sign(condition, positive):
            if name in self.pack.findings:
                yield from self._signs(self.pack.findings[name].when, sign)
            else:
                yield name, sign


def read_stock(patients: Patients, size: int) -> dict[str, Deck]:
    """Records read and taken apart."""
    cards: dict[str, list[Card]] = {}
    for seed in range(-size, 0):
        facts = patients.read(seed)
        computed = {key: facts.items.pop(key) for key in patients.computed if key in facts.items}
        for item, found in facts.items.items():
            cards.setdefault(item, []).append(Card(seed, {item: found}, {}, {}))
        for name, gap in facts.lists.items():
            members = {key: listed for key, listed in facts.members.items() if patients.pack.value_sets[key].of == name}
            cards.setdefault(name, []).append(Card(seed, computed if name == "medicines" else {}, {name: gap}, members))
    return {
        subject: Deck(found, [card for card in found if not card.is_gap], [card for card in found if card.is_gap])
        for subject, found in cards.items()
    }


def fields_of(subject: str) -> tuple[str, ...]:
    """The fields of a record that say something of an item or list."""
    beside = {"age": ("birth_date",), "medicines": ("antidepressants", "supplements")}.get(subject, ())
    reconciled = (f"{subject}_reconciled",) if f"{subject}_reconciled" in PatientRecord.model_fields else ()
    if subject == "days_to_surgery":
        return ("planned_surgery",)
    return (subject, *beside, *reconciled) if subject in PatientRecord.model_fields else ()


def _is_on(criterion: Criterion, card: Card, pack: RulePack) -> bool:
    """Can this criterion be judged from such a card alone?"""
    if isinstance(criterion, Documented) and criterion.since is not None:
        return False
    subject = about(criterion, pack)
    return subject in card.items or subject in card.lists


def _years_before(on: date, years: int) -> date:
    return on.replace(year=on.year - years) if (on.month, on.day) != (2, 29) else date(on.year - years, 3, 1)


def _members(found: ValueSet, sets: Mapping[str, ValueSet]) -> list[Written]:
    """Ways to write the members of a value set: by name, with a strength, by code, by a code below a prefix, both, blocked."""
    members: list[Written] = []
    for entry in found.entries:
        members += [{"name": name} for name in entry.names]
        members += [{"name": f"{name.upper()} 20 mg"} for name in entry.names[:2]]
        codes = [(system, code) for system, codes in entry.codes.items() for code in codes[:4]]
        for system, code in codes:
            longer = f"{code}B01"[:7] if system == "atc" and len(code) < 7 else code
            members.append({"codes": [{"system": system, "code": longer}]})
            members.append({"name": "as before", "codes": [{"system": system, "code": longer}]})
    if found.entries and found.entries[0].names:
        members += [{"name": f"{phrase} {found.entries[0].names[0]}"} for phrase in found.not_when]
    for other in found.includes:
        members += _members(sets[other], sets)
    return members
