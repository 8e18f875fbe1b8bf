"""Made-up records for measuring: always the same ones, varied enough that every rule is met by some and not met by others.

Three in five are complete; of the others a part is missing, stale or spoilt, as in life.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from mgcds.model.record import PatientRecord, read_record

ON = date(2026, 11, 21)
ANTIDEPRESSANTS = ("Sertraline 100 mg tablet", "Citalopram 20 mg", "Mirtazapine 15 mg")
MEDICINES = (
    "Omeprazole 20 mg capsule", "Hydrochlorothiazide 25 mg", "Furosemide 40 mg", "Digoxin 0.125 mg", "Lithium carbonate 400 mg",
    "Ciprofloxacin 500 mg", "Doxycycline 100 mg", "Spironolactone 25 mg", "Amlodipine 5 mg", "Metformin 500 mg", "Atorvastatin 20 mg",
    "Levothyroxine 75 micrograms", "Tacrolimus 1 mg", "Gentamicin 80 mg", "Tramadol 50 mg", "Trientine 250 mg", "Dolutegravir 50 mg",
    "Juluca 50 mg/25 mg", "Raltegravir 400 mg",
)  # fmt: skip
SUPPLEMENTS = ("Magnesium citrate", "Magnesium oxide", "Magnesium L-threonate")
DOSES = ("248 mg elemental", "250 mg elemental", "251 mg elemental", "500 mg salt of MgO", "two tablets")
TREATMENTS = ("Cognitive behavioural therapy", "Interpersonal psychotherapy", "Physiotherapy")
CONDITIONS = (
    "Essential hypertension", "Asthma", "Type 2 diabetes", "Bipolar disorder", "Suicidal ideation", "Schizophrenia with psychosis",
    "Myasthenia gravis", "Acute kidney injury", "Alcohol dependence", "Crohn's disease", "Ulcerative colitis flare", "Sinus bradycardia",
    "Cardiac pacemaker in situ", "Dehydration", "Anorexia nervosa", "Refeeding syndrome", "Short bowel syndrome", "Digoxin toxicity",
    "Pregnancy", "Postnatal depression",
)  # fmt: skip
SYMPTOMS = (
    "fatigue",
    "insomnia",
    "muscle cramps",
    "seizure",
    "tetany",
    "hypotension",
    "diarrhoea",
    "stress",
    "anxiety",
)
MISSING = (
    "serum_magnesium", "egfr", "potassium", "qtc", "phq9", "phq9_item9", "gad7", "heart_rate", "bmi", "albumin", "dietary_magnesium",
    "pregnancy", "bipolar_screen", "first_line_care", "functional_difficulty", "low_magnesium_workup", "suicide_risk_assessment",
    "medicines", "procedures", "conditions", "symptoms",
)  # fmt: skip
OFTEN_MISSING = ("serum_magnesium", "egfr", "phq9", "medicines")


def ready_records(number: int, seed: int = 1) -> Iterator[PatientRecord]:
    """Records as `evaluate` takes them, read and validated."""
    random = Random(seed)
    for _ in range(number):
        yield read_record(_written(random))


def _written(random: Random) -> dict[str, Any]:
    record = _complete(random)
    if random.random() < 0.4:
        for gap in dict.fromkeys([random.choice(OFTEN_MISSING), *random.sample(MISSING, random.randint(0, 2))]):
            _spoil(record, gap, random)
    return record


def _complete(random: Random) -> dict[str, Any]:
    begun = _one_of(random, _DAYS_OF_MAGNESIUM, 5, 400) if random.random() < 0.5 else None
    return {
        "recorded": _day(random, 0, 10),
        "birth_date": _day(random, 16 * 365, 90 * 365),
        "sex": random.choice(("female", "male")),
        "pregnancy": random.choice(("not pregnant",) * 8 + ("pregnant", "lactating")),
        "first_line_care": random.choice(("not offered", "declined", "awaited", "active")),
        "functional_difficulty": random.choice(("not difficult at all", "somewhat difficult", "extremely difficult")),
        "low_magnesium_workup": _state(random, ("not started",) * 4 + ("started", "low value confirmed"), 120),
        "bipolar_screen": _state(random, ("negative",) * 8 + ("positive",), 200),
        "suicide_risk_assessment": _state(random, ("no acute risk",) * 8 + ("acute risk",), 10),
        **_scores(random, begun),
        "gad7": _result(random, _one_of(random, (9, 10), 0, 21), 0, 13),
        "serum_magnesium": [_magnesium(random), _result(random, "0.81 mmol/L", 200, 600)],
        "egfr": _result(random, f"{_one_of(random, (29, 30, 59, 60), 15, 120)} mL/min/1.73m2", 0, 300),
        "potassium": _result(random, f"{_one_of(random, (34, 35), 31, 52) / 10} mmol/L", 0, 80),
        "albumin": _result(random, f"{_one_of(random, (29, 30), 22, 50)} g/L", 0, 300),
        "qtc": _result(random, f"{_one_of(random, (449, 450, 469, 470, 499, 500), 380, 510)} ms", 0, 300),
        "heart_rate": _result(random, f"{_one_of(random, (49, 50), 45, 100)} /min", 0, 30),
        "bmi": _result(random, f"{_one_of(random, (159, 160), 150, 380) / 10} kg/m2", 0, 180),
        "dietary_magnesium": _result(random, f"{random.randint(150, 450)} mg/d", 0, 300),
        "medicines": _taken(random, random.choice(((), ANTIDEPRESSANTS)), 1) + _taken(random, MEDICINES, 2),
        "procedures": _taken(random, random.choice(((), TREATMENTS)), 1),
        "supplements": [_supplement(random, begun)] if begun is not None else [],
        "conditions": random.sample(CONDITIONS, random.choice((0, 0, 1, 2))),
        "symptoms": random.sample(SYMPTOMS, random.choice((0, 0, 1, 2))),
        "planned_surgery": _day(random, -120, -8),
    }


def _scores(random: Random, begun: int | None) -> dict[str, Any]:
    """PHQ-9 and its item 9 now, and before magnesium was begun or half a year ago. Of one in eight the last form is weeks old."""
    newest, oldest = (14, 60) if random.random() < 0.125 else (0, 13)
    earliest, latest = (60, 200) if begun is None else (begun, begun + 29)
    before = random.randint(4, 24)
    fall = _one_of(random, (-5, -4, 4, 5, before // 5, before // 2, (before + 1) // 2), -8, before)
    now = min(27, max(0, before - fall))
    return {
        "phq9": [_result(random, now, newest, oldest), _result(random, before, earliest, latest)],
        "phq9_item9": [
            _result(random, random.choice((0, 0, 0, 0, 1, 2)), newest, oldest),
            _result(random, random.choice((0, 0, 0, 1)), earliest, latest),
        ],
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


_DAYS_OF_MAGNESIUM = (9, 10, 13, 14, 18, 19, 35, 36, 41, 42, 49, 50, 84, 85, 365, 366)


def _supplement(random: Random, begun: int) -> dict[str, Any]:
    return {
        "name": random.choice(SUPPLEMENTS),
        "start": _day(random, begun, begun),
        "daily_dose": random.choice(DOSES),
    }


def _taken(random: Random, names: Sequence[str], most: int) -> list[dict[str, Any]]:
    """Medicines or treatments, some of them begun around the 60 and 90 days that rules ask for."""
    chosen = random.sample(names, min(len(names), random.randint(1, most)))
    return [
        {"name": name, "start": _day(random, begun, begun)}
        for name in chosen
        for begun in [_one_of(random, (59, 60, 90, 91), 5, 500)]
    ]


def _state(random: Random, values: Sequence[str], oldest: int) -> dict[str, Any]:
    return {"value": random.choice(values), "date": _day(random, 0, oldest)}


def _result(random: Random, value: int | str, newest: int, oldest: int) -> dict[str, Any]:
    return {"value": value, "date": _day(random, newest, oldest), "source": f"Observation/{random.randint(1, 99999)}"}


def _day(random: Random, newest: int, oldest: int) -> str:
    return (ON - timedelta(days=random.randint(newest, oldest))).isoformat()
