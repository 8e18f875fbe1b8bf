"""Records whose assessments are falsified, and how to find a place in one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

from mgcds.evaluator import evaluate

ON = date(2026, 11, 21)
RECORD: dict[str, Any] = {
    "recorded": "2026-11-20",
    "birth_date": "1979-03-14",
    "sex": "female",
    "pregnancy": {"value": "not pregnant", "date": "2026-11-10"},
    "first_line_care": "active",
    "bipolar_screen": {"value": "negative", "date": "2026-06-02"},
    "phq9": [{"value": 12, "date": "2026-11-18"}, {"value": 18, "date": "2026-09-28"}],
    "phq9_forms": [{"answers": [2, 2, 1, 1, 2, 1, 1, None, 0], "date": "2026-11-19"}],
    "serum_magnesium": [
        {"value": "0.74 mmol/L", "date": "2026-11-12", "lower_limit": "0.70 mmol/L", "upper_limit": "1.00 mmol/L",
         "source": "Observation/mg-1"},
        {"value": "0.60 mmol/L", "date": "2026-02-01"},
    ],
    "egfr": {"value": ">60 mL/min/1.73m2", "date": "2026-10-10"},
    "potassium": {"value": "4.1 mmol/L", "date": "2026-11-12"},
    "heart_rate": {"value": "64", "date": "2026-11-12"},  # without a unit: rejected
    "planned_surgery": "2027-01-15",
    "medicines": [{"name": "Sertraline 100 mg tablet", "start": "2026-06-15"}, {"name": "Omeprazole 20 mg", "start": "2024-09"}],
    "supplements": [{"name": "Magnesium citrate", "daily_dose": "120 mg elemental", "start": "2026-10-05"}],
    "conditions": [{"name": "asthma"}, {"name": "Major depressive disorder, single episode, moderate"}],
    "symptoms": ["fatigue"],
}  # fmt: skip


LOW = {name: given for name, given in RECORD.items() if name not in ("supplements", "heart_rate", "phq9_forms")} | {
    "serum_magnesium": {"value": "0.64 mmol/L", "date": "2026-11-12", "lower_limit": "0.70 mmol/L"},
    "phq9_item9": {"value": 0, "date": "2026-11-18"},
    "recorded": "2026-11-19",
}  # fmt: skip
TRIAL = LOW | {"serum_magnesium": {"value": "0.90 mmol/L", "date": "2026-11-12"}}
BASES = {"plain": RECORD, "low": LOW, "trial": TRIAL}
Said = dict[str, Any]


@cache
def _written(base: str) -> str:
    return json.dumps([evaluate(BASES[base], on=ON).to_dict(proof=True), BASES[base]])


def original(base: str) -> tuple[Said, Said]:
    """An assessment and its record, to be changed."""
    said, record = json.loads(_written(base))
    return said, record


def of(said: Said, rule: str) -> Said:
    """The suggestion of a rule."""
    found: Said = next(each for each in said["suggestions"] if each["rule"] == rule)
    return found


def steps(said: Said, rule: str) -> list[Said]:
    """All steps of a rule, from the outside in."""

    def below(step: Said) -> Iterator[Said]:
        yield step
        for part in step.get("parts", ()):
            yield from below(part)

    return list(below(of(said, rule)["steps"]))


def leaf(said: Said, rule: str, about: str) -> Said:
    """The first criterion of a rule about an item."""
    return next(step for step in steps(said, rule) if step.get("about") == about)
