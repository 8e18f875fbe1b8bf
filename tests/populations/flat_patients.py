"""Flat tables of generated people: values at and around limits, ties on a day and at a moment, all kinds of dates, units, lists; and mess.
One in 37 is recorded as deceased.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

import pyarrow as pa

from mgcds.engines.facts_table import Layout
from mgcds.model.pack import MeasuredItem
from mgcds.populations.flat_layout import Column, tables
from mgcds.populations.lookups import reported_items

Row = dict[str, Any]
SEXES = ("female", "male", "other", "unknown", None)
UNITS = {
    "serum_magnesium": ("mmol/L", "mg/dL", "meq/L", "mEq/L", "mg/L", "umol/L"),
    "egfr": ("mL/min/{1.73_m2}", "mL/min/1.73m2"),
    "potassium": ("mmol/L", "mEq/L", "umol/L"),
    "albumin": ("g/L", "g/dL", "mg/dL"),
    "qtc": ("ms", "s"),
    "heart_rate": ("/min", "bpm"),
    "bmi": ("kg/m2",),
    "phq9": (None, "{score}"),
    "phq9_item9": (None, "{score}"),
    "gad7": (None, "score"),
    "dietary_magnesium": ("mg/d",),
}
PER_FIRST = {"mg/dL": 2.43, "meq/L": 2, "mEq/L": 2, "mg/L": 24.3, "umol/L": 1000, "g/dL": 0.1, "s": 0.001}
WRONG_UNITS = ("furlong", "MG/DL", "", "kg")
STATUSES = (None, "final", "final", "amended", "corrected", "preliminary", "cancelled", "entered-in-error")
UNSURE = ("registered", "unknown", "ready")
MEDICINES: tuple[tuple[str | None, str | None, str | None], ...] = (
    ("sertraline 50 mg", None, None),
    ("Sertraline", "rxnorm", "36437"),
    (None, "atc", "N06AB06"),
    ("omeprazole", None, None),
    ("Omeprazole 20 MG", "rxnorm", "7646"),
    ("furosemide", None, None),
    ("digoxin", None, None),
    ("paracetamol", None, None),
    ("lithium carbonate", None, None),
    ("amoxicillin", None, None),
    ("ramipril", None, None),
    ("magnesium citrate", None, None),
    ("warfarin", None, None),
    ("metformin", None, None),
)
CONDITIONS: tuple[tuple[str | None, str | None, str | None], ...] = (
    ("Bipolar disorder", "snomed", "13746004"),
    (None, "http://hl7.org/fhir/sid/icd-10-cm", "E11.9"),
    ("asthma", None, None),
    ("Alcohol use disorder", None, None),
    ("Pregnancy", None, None),
    ("bradycardia", None, None),
    (None, "icd10cm", "F31"),
)
STRANGE: tuple[tuple[str | None, str | None, str | None], ...] = (
    (None, "x", "123"),
    ("zorblaxin", None, None),
    (None, None, None),
)


class People:
    """Generated from a seed; `mess` is the share of rows that are not plain."""

    def __init__(self, layout: Layout, on: date, seed: int, mess: float) -> None:
        self.layout, self.on, self.mess, self.random = layout, on, mess, Random(seed)
        self.items = reported_items(layout)
        self.rows: dict[str, list[Row]] = defaultdict(list)

    def _is_mess(self) -> bool:
        return self.random.random() < self.mess

    def day(self, *ages: int) -> str:
        """A day so many days ago, or on an edge, whole, with a time, or partial."""
        ago = self.random.choice(
            [*ages, 0, 1, 13, 14, 15, 29, 30, 31, 89, 90, 91, 179, 180, 181, 364, 365, 366, 40000, -1]
        )
        day = (self.on - timedelta(days=ago)).isoformat()
        zone = self.random.choice(("Z", "+02:00", "-05:00"))
        if self._is_mess():
            return self.random.choice(
                ("yesterday", "2026-02-30", f"{day}T08:00", f" {day}", f"{day}T08:00:00", "20261101", "")
            )
        hour = self.random.randrange(3, 6)
        if ago < 0 and self.random.random() < 0.95:
            hour += 13  # as what may be of today somewhere is not plain
        ways = (
            day,
            day,
            f"{day}T{hour:02}:30:00{zone}",
            f"{day}T{hour:02}:30:00.5{zone}",
            day[:7],
            day[:4],
        )
        return self.random.choice(ways)

    def table(self, name: str, columns: tuple[Column, ...]) -> pa.Table:
        kinds = [pa.bool_() if each.is_flag else pa.string() for each in columns]
        return pa.table(
            [
                pa.array([row.get(each.name) for row in self.rows[name]], kind)
                for each, kind in zip(columns, kinds, strict=True)
            ],
            [each.name for each in columns],
        )

    def made(self, number: int) -> dict[str, pa.Table]:
        for each in range(number):
            self._person(f"p{each:06}")
        return {name: self.table(name, columns) for name, columns in tables(self.layout.pack).items()}

    def _person(self, patient: str) -> None:
        choose, one_in = self.random.choice, lambda n: self.random.randrange(n) == 0
        born = self.on - timedelta(days=self.random.choice((18, 17, 40, 64, 65, 80)) * 365 + self.random.randrange(25))
        person: Row = {
            "patient": patient,
            "sex": choose(SEXES),
            "birth_date": choose((born.isoformat(), born.isoformat()[:7], born.isoformat()[:4], None)),
            "deceased": {5: True, 6: False}.get(int(patient[1:]) % 37),
        }
        if self._is_mess():
            person["birth_date"] = choose(("1850-01-01", "2030-01-01", "19500101"))
        for name in ("medicines", "procedures", "conditions", "symptoms"):
            person[f"{name}_given"], person[f"{name}_reviewed"] = (
                choose((True, True, None)),
                None if one_in(5) else self.day(0, 1, 10),
            )
        self.rows["people"].append(person)
        for item in self.items:
            if not one_in(3):
                self._measure(item, patient)
        for of, known in (("medicines", MEDICINES), ("supplements", MEDICINES), ("conditions", CONDITIONS)):
            for _ in range(choose((0, 0, 1, 2) if of == "supplements" else (0, 1, 3))):
                self._enter(of, choose(STRANGE if self._is_mess() else known), patient)
        for name, values in self.layout.states.items():
            if name != "sex" and one_in(3):
                self.rows["states"].append(
                    {
                        "patient": patient,
                        "item": name,
                        "value": choose(values),
                        "date": None if one_in(9) else self.day(1, 5),
                        "source": "s",
                    }
                )
                if self._is_mess():
                    self.rows["states"].append(
                        {"patient": patient, "item": name, "value": choose((*values, "?")), "date": self.day(2)}
                    )

    def _measure(self, item: MeasuredItem, patient: str) -> None:
        choose = self.random.choice
        days = [self.day(1, 2, 3) for _ in range(choose((1, 1, 2, 3)))]
        days += days[:1] if choose((True, False)) else []
        if len(days) > 1 and self.random.random() < 0.99:  # as with a month or a year it is open which is the newest
            days = [day if len(day) > 7 else f"{day}-01-01"[:10] for day in days]
        if self.random.random() < 0.005:
            before, last = ((self.on - timedelta(days=ago)).isoformat() for ago in (2, 1))
            days = [f"{before}T23:30:00-05:00", f"{last}T03:30:00Z"]
        for day in days:
            unit = choose(UNITS[item.id])
            row: Row = {
                "patient": patient,
                "item": item.id,
                "unit": unit,
                "date": day,
                "status": choose(STATUSES),
                "value": self._value(item, unit),
                "comparator": choose((None,) * 6 + ("<", "<=", ">", ">=")),
                "code": None,
                "source": choose((None, "Observation/a", "Observation/b")),
            }
            if item.lower is not None and unit in item.units and choose((True, False)):
                low = float(item.lower.by_unit[unit].value)
                row |= {
                    "lower_limit": f"{low * choose((0.97, 1, 1.02)):.2f} {unit}",
                    "upper_limit": f"{low * 1.5:.2f} {unit}",
                }
            if self._is_mess():
                row |= choose(
                    (
                        {"unit": choose(WRONG_UNITS)},
                        {"status": choose(UNSURE)},
                        {"value": choose(("-1", "1e3", "x", "9999999", "0.0000001", "007"))},
                        {"date": None},
                        {"comparator": "~"},
                        {"code": "123-4"},
                        {"lower_limit": choose(("0.7", "low", "5 mmol/L", "0.7 kg"))},
                        {"upper_limit": "0.0001 mmol/L"},
                        {"lower_limit": "9.99 mmol/L"},
                    )
                )
            self.rows["measurements"].append(row)

    def _value(self, item: MeasuredItem, unit: str | None) -> str:
        limits = [int(limit) for limit in item.plausible]
        if item.whole:
            return str(self.random.choice((*limits, self.random.randint(*limits), 1, 2, limits[1] - 1)))
        near = self.random.choice(
            [*self._limits(item), self.random.uniform(float(item.plausible[0]) + 0.2, float(item.plausible[1]))]
        )
        value = near * (PER_FIRST.get(unit or "", 1) if unit != item.units[0] else 1)
        if unit == "mg/dL" and item.id == "albumin":
            value = near * 100
        return f"{value + self.random.choice((0, 0, 0.001, -0.001)):.{self.random.choice((0, 1, 2, 3, 6, 14))}f}"

    def _limits(self, item: MeasuredItem) -> Iterator[float]:
        yield from (float(each.by_unit[item.units[0]].value) for each in (item.lower, item.upper) if each is not None)

    def _enter(self, of: str, what: tuple[str | None, str | None, str | None], patient: str) -> None:
        choose = self.random.choice
        start, stop = (
            None if choose((True, False, False)) else self.day(10, 45, 400),
            None if choose((True, True, False)) else self.day(5, 20),
        )
        self.rows["entries"].append(
            {
                "patient": patient,
                "list": of,
                "name": what[0],
                "system": what[1],
                "code": what[2],
                "start": start,
                "stop": stop,
                "status": choose(("active", "active", None, "stopped", "on-hold", "unknown")),
                "daily_dose": choose((None, "248 mg elemental")),
                "source": "e",
            }
        )


def shuffled(
    made: Mapping[str, pa.Table], seed: int, order: Callable[[list[int], Random], None] | None = None
) -> dict[str, pa.Table]:
    """The same rows in another order."""
    found = {}
    for name, table in made.items():
        rows = list(range(len(table)))
        Random(seed).shuffle(rows)
        found[name] = table.take(rows)
    return found
