"""Made-up patients whose pages the tests look at."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.model.assessment import Assessment
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord, read_record
from mgcds.review.patient_page import patient_html

ON = date(2026, 11, 21)
OWN = {"lower_limit": "0.70 mmol/L", "upper_limit": "1.00 mmol/L"}

AMARA: dict[str, Any] = {
    "recorded": "2026-11-20", "birth_date": "1979-03-14", "sex": "female", "pregnancy": "not pregnant", "first_line_care": "active",
    "phq9": [{"value": 12, "date": "2026-11-20"}, {"value": 17, "date": "2026-08-03"}],
    "phq9_item9": {"value": 0, "date": "2026-11-20"},
    "serum_magnesium": [
        {"value": "0.64 mmol/L", "date": "2026-11-12", **OWN, "source": "Observation/mg-1"},
        {"value": "1.9 mg/dL", "date": "2025-12-01"},
        {"value": "2.0", "date": "2025-02-01"},
    ],
    "egfr": {"value": "84 mL/min/1.73m2", "date": "2026-10-10"},
    "medicines": [{"name": "Sertraline 100 mg tablet", "start": "2026-06-15"}, {"name": "Omeprazole 20 mg", "start": "2024-09"}],
    "conditions": ["Major depressive disorder"], "symptoms": ["fatigue"],
}  # fmt: skip
# Item 9 answered with more than "not at all", an eGFR below 30, a low magnesium: an urgent suggestion, a stop and a work-up.
URGENT = {**AMARA, "phq9_item9": {"value": 2, "date": "2026-11-20"}, "egfr": {"value": "25 mL/min/1.73m2", "date": "2026-11-01"}}  # fmt: skip
# Text that would be a script, mark-up, Markdown, an entity, a turn of the direction of writing, a NUL or half a character.
HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=https://example.org/x onerror=alert(1)>",
    "](https://example.org) **bold** `code`",
    "&lt;b&gt; {{ 7 * 7 }} {% raw %}",
    "\u202egnp.exe\u2066 \u061c",
    "nul\x00 esc\x1b[31m",
    "half \ud800",
    "</title></style></svg>",
)


def hostile() -> dict[str, Any]:
    """Every free text of a record holds each of these."""
    named = [{"name": f"sertraline {text}", "source": text, "start": "2026-06-15"} for text in HOSTILE]
    values = [{"value": "0.8 mmol/L", "unit": text[:60], "date": "2026-11-01", "source": text} for text in HOSTILE]
    limits = [{"value": "0.8 mmol/L", "date": "2026-11-02", "lower_limit": text, "source": text} for text in HOSTILE]
    return {
        **AMARA, "medicines": named, "conditions": list(HOSTILE), "symptoms": list(HOSTILE), "serum_magnesium": values + limits,
        "phq9": [{"value": 12, "date": "2026-11-20", "source": text} for text in HOSTILE],
        "supplements": [{"name": f"magnesium {text}", "daily_dose": text[:120]} for text in HOSTILE],
        "rejected": [{"field": "egfr", "why": text, "source": text} for text in HOSTILE],
    }  # fmt: skip


def crowded(many: int = 400) -> dict[str, Any]:
    """Years of results, forms and medicines, fifty of each a year."""
    days = [f"{2018 + number // 50}-{number % 12 + 1:02}-{number % 28 + 1:02}" for number in range(many)]
    return {
        **AMARA,
        "serum_magnesium": [
            {"value": f"{1.2 + number % 17 / 10:.1f} mg/dL", "date": day, "source": f"Observation/{number}" * 3}
            for number, day in enumerate(days)
        ],
        "phq9": [{"value": number % 28, "date": day} for number, day in enumerate(days)],
        "medicines": [{"name": f"Sertraline {number} mg", "start": day} for number, day in enumerate(days)],
    }  # fmt: skip


@cache
def pack() -> RulePack:
    return load_pack()


def assessed(record: dict[str, Any], on: date = ON) -> tuple[PatientRecord, Assessment]:
    read = read_record(record)
    return read, evaluate(read, pack(), on)


def page_of(record: dict[str, Any], name: str = "a patient", unused: tuple[tuple[str, str], ...] = ()) -> str:
    return patient_html(name, *assessed(record), unused)
