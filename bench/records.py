"""Made-up records for measuring: always the same ones, varied enough that every rule is met by some and not met by others.

Three in five are complete, so that nothing is unknown; of the others a part is missing, stale or spoilt, as in life.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from mgcds.model.record import PatientRecord, read_record

ON = date(2026, 11, 21)
MEDICINES = (
    "Sertraline 100 mg tablet", "Citalopram 20 mg", "Omeprazole 20 mg capsule", "Hydrochlorothiazide 25 mg", "Digoxin 0.125 mg",
    "Lithium carbonate 400 mg", "Ciprofloxacin 500 mg", "Doxycycline 100 mg", "Spironolactone 25 mg", "Amlodipine 5 mg", "Metformin 500 mg",
)  # fmt: skip
CONDITIONS = (
    "Essential hypertension", "Bipolar disorder", "Suicidal ideation", "Myasthenia gravis", "Type 2 diabetes", "Acute kidney injury",
    "Pregnancy", "Schizophrenia with psychosis",
)  # fmt: skip
SYMPTOMS = ("fatigue", "muscle cramps", "seizure", "tetany", "hypotension")
MISSING = (
    "serum_magnesium", "egfr", "potassium", "qtc", "phq9", "phq9_item9", "pregnancy", "bipolar_screen", "first_line_care",
    "medicines", "symptoms", "suicide_risk_assessment",
)  # fmt: skip


def ready_records(number: int, seed: int = 1) -> Iterator[PatientRecord]:
    """Records as `evaluate` takes them, read and validated."""
    random = Random(seed)
    for _ in range(number):
        yield read_record(_written(random))


def _written(random: Random) -> dict[str, Any]:
    record = _complete(random)
    if random.random() < 0.4:
        for gap in random.sample(MISSING, random.randint(1, 3)):
            _spoil(record, gap, random)
    return record


def _complete(random: Random) -> dict[str, Any]:
    return {
        "recorded": _day(random, 0, 10),
        "birth_date": _day(random, 16 * 365, 90 * 365),
        "sex": random.choice(("female", "male")),
        "pregnancy": random.choice(("not pregnant",) * 8 + ("pregnant", "lactating")),
        "first_line_care": random.choice(("not offered", "declined", "awaited", "active")),
        "bipolar_screen": {"value": random.choice(("negative",) * 8 + ("positive",)), "date": _day(random, 0, 200)},
        "suicide_risk_assessment": {
            "value": random.choice(("no acute risk",) * 8 + ("acute risk",)),
            "date": _day(random, 0, 10),
        },
        "phq9": [_result(random, random.randint(2, 24), 0, 13), _result(random, random.randint(2, 24), 60, 200)],
        "phq9_item9": _result(random, random.choice((0, 0, 0, 0, 1, 2)), 0, 13),
        "gad7": _result(random, random.randint(0, 21), 0, 13),
        "serum_magnesium": [_magnesium(random), _result(random, "0.81 mmol/L", 200, 600)],
        "egfr": _result(random, f"{_one_of(random, (29, 30, 59, 60), 15, 120)} mL/min/1.73m2", 0, 300),
        "potassium": _result(random, f"{_one_of(random, (34, 35), 31, 52) / 10} mmol/L", 0, 80),
        "qtc": _result(random, f"{_one_of(random, (449, 450, 469, 470, 499, 500), 380, 510)} ms", 0, 300),
        "dietary_magnesium": _result(random, f"{random.randint(150, 450)} mg/d", 0, 300),
        "medicines": [
            {"name": name, "start": _day(random, 5, 500)} for name in random.sample(MEDICINES, random.randint(1, 4))
        ],
        "supplements": [_supplement(random)] if random.random() < 0.4 else [],
        "conditions": random.sample(CONDITIONS, 1) if random.random() < 0.5 else [],
        "symptoms": random.sample(SYMPTOMS, random.randint(0, 2)),
        "planned_surgery": _day(random, -120, -8),
    }


def _spoil(record: dict[str, Any], gap: str, random: Random) -> None:
    """Missing; or, for a measurement, too old or without its unit."""
    newest = record[gap][0] if isinstance(record[gap], list) and record[gap] else record[gap]
    if gap == "medicines":
        del record["medicines"], record["supplements"]
    elif random.random() < 0.5 or not isinstance(newest, dict):
        del record[gap]
    elif gap in ("serum_magnesium", "egfr", "potassium") and random.random() < 0.5:
        record[gap] = {**newest, "value": newest["value"].split()[0]}
    else:
        record[gap] = {**newest, "date": _day(random, 400, 900)}


def _magnesium(random: Random) -> dict[str, Any]:
    hundredths = _one_of(random, (49, 50, 69, 70, 71, 100, 101, 105, 106, 123, 124), 40, 140)
    result = _result(random, f"{hundredths / 100:.2f} mmol/L", 0, 88)
    if random.random() < 0.5:
        return {**result, "code": "2601-3", "lower_limit": "0.70 mmol/L", "upper_limit": "1.00 mmol/L"}
    # In mg/dL no value lies where the limits in mg/dL and in mmol/L would judge differently: zen compares in one unit.
    in_mg_dl = {
        **result,
        "value": random.choice(("1.1", "1.5", "1.9", "2.2", "2.9", "3.4")) + " mg/dL",
        "code": "19123-9",
    }
    return in_mg_dl if random.random() < 0.3 else result


def _one_of(random: Random, at_limits: tuple[int, ...], lowest: int, highest: int) -> int:
    """Half of the values stand at or beside a limit of the rules, where a wrong translation shows."""
    return random.choice(at_limits) if random.random() < 0.5 else random.randint(lowest, highest)


def _supplement(random: Random) -> dict[str, Any]:
    dose = random.choice(("248 mg elemental", "250 mg elemental", "251 mg elemental", "500 mg salt of MgO"))
    return {"name": "Magnesium citrate", "start": _day(random, 5, 120), "daily_dose": dose}


def _result(random: Random, value: int | str, newest: int, oldest: int) -> dict[str, Any]:
    return {"value": value, "date": _day(random, newest, oldest), "source": f"Observation/{random.randint(1, 99999)}"}


def _day(random: Random, newest: int, oldest: int) -> str:
    return (ON - timedelta(days=random.randint(newest, oldest))).isoformat()
