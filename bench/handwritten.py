"""The rules as a programmer would write them down by hand: one plain function, for scale.

It has to be kept in step with `rules/` by hand, which is what rule files spare. `bench/run.py` refuses to measure while it differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def met(facts: Mapping[str, Any]) -> dict[str, bool]:
    """Rule → whether it is met, from `plain_facts`. None is unknown; what cannot be told is not met."""
    age, sex, egfr, egfr_days = facts["age"], facts["sex"], facts["egfr"], facts["egfr_days"]
    phq9, item9, qtc, potassium = facts["phq9"], facts["phq9_item9"], facts["qtc"], facts["potassium"]
    magnesium, magnesium_days = facts["serum_magnesium"], facts["serum_magnesium_days"]
    lower, upper = facts["serum_magnesium_lower"], facts["serum_magnesium_upper"]
    care, antidepressant = facts["first_line_care"], facts["has_antidepressant"]
    product, product_days = facts["has_magnesium_product"], facts["magnesium_product_running"]
    assessed, assessed_days, item9_days = (
        facts["suicide_risk_assessment"],
        facts["suicide_risk_assessment_days"],
        facts["phq9_item9_days"],
    )

    low = magnesium is not None and lower is not None and magnesium < lower
    high = magnesium is not None and upper is not None and magnesium > upper
    pregnant = facts["pregnancy"] in ("pregnant", "lactating")
    fertile_age = None if age is None else 12 <= age < 56
    no_acute_risk = assessed == "no acute risk" and (item9_days is None or assessed_days <= item9_days)
    item9_positive = item9 is not None and item9 >= 1
    item9_unknown = item9_days is None or item9_days > 14
    depressive = phq9 is not None and phq9 >= 5
    long_ppi = facts["has_ppi"] is True and facts["ppi_running"] is not None and facts["ppi_running"] > 90
    diuretic, lithium, digoxin = facts["has_diuretic"], facts["has_lithium"], facts["has_digoxin"]
    aged_65 = age is not None and age >= 65
    stable = (
        antidepressant is True
        and facts["antidepressant_unchanged"] is not None
        and facts["antidepressant_unchanged"] >= 60
    )
    alone = (
        depressive and phq9 <= 15 and care in ("declined", "awaited") and antidepressant is False and product is False
    )
    alongside = depressive and phq9 < 20 and stable and product is False
    qt_drug = facts["has_qt_antidepressant"] is True
    running = product_days if product is True else None
    intake = facts["dietary_magnesium"]
    needed = _needed(age, sex, facts["pregnancy"]) if age is not None else 0
    short_or_none = product is False or (running is not None and running <= 84)

    return {
        "acute-suicide-risk": assessed == "acute risk",
        "long-qtc-on-qt-drug": qt_drug and qtc is not None and qtc >= 500,
        "severe-hypermagnesaemia": (magnesium is not None and magnesium > 1.23)
        or (high and facts["has_hypermagnesaemia_symptom"] is True),
        "severe-hypomagnesaemia": (magnesium is not None and magnesium < 0.5)
        or (low and (facts["has_severe_hypomagnesaemia_symptom"] is True or (qtc is not None and qtc >= 500))),
        "suicide-risk": facts["has_psychosis_or_catatonia"] is True
        or (item9_positive and (item9_unknown or not no_acute_risk))
        or (facts["has_suicidality"] is True and not no_acute_risk),
        "bipolar-disorder": facts["has_bipolar_disorder"] is True,
        "bipolar-screen-positive": facts["bipolar_screen_last"] == "positive",
        "dose-above-limit": product is True
        and facts["supplemental_magnesium"] is not None
        and facts["supplemental_magnesium"] > 250,
        "hypermagnesaemia": high and magnesium <= 1.23,
        "magnesium-contraindicated": facts["has_magnesium_contraindication"] is True,
        "moderate-renal-impairment": egfr is not None and 30 <= egfr < 60,
        "pregnancy": facts["has_pregnancy"] is True
        or (pregnant and sex is not None and sex != "male" and fertile_age is True),
        "pregnancy-recorded-unexpectedly": pregnant and (sex == "male" or fertile_age is False),
        "severe-depression-first-line": phq9 is not None
        and (phq9 >= 20 or (phq9 >= 16 and care is not None and care != "active" and antidepressant is False)),
        "severe-renal-impairment": (egfr is not None and egfr < 30)
        or facts["has_dialysis_or_acute_kidney_injury"] is True,
        "magnesium-result-not-usable": facts["serum_magnesium_rejected"],
        "measure-magnesium-first": (alone or alongside)
        and (long_ppi or diuretic is True)
        and (magnesium_days is None or magnesium_days > 90),
        "medicine-list-not-reconciled": facts["medicines_unknown"],
        "planned-surgery": facts["days_to_surgery"] is not None
        and facts["days_to_surgery"] <= 14
        and (product is True or alone or alongside),
        "outside-adult-scope": age is not None and age < 18,
        "recent-kidney-function": (alone or alongside)
        and (egfr_days is None or egfr_days > 90)
        and (aged_65 or diuretic is True or lithium is True),
        "antibiotic-course": facts["has_fluoroquinolone"] is True or facts["has_tetracycline"] is True,
        "medicine-needs-signoff": digoxin is True
        or facts["has_potassium_sparing_diuretic"] is True
        or facts["has_calcium_channel_blocker"] is True
        or lithium is True,
        "bipolar-not-assessed": depressive
        and (facts["bipolar_screen_days"] is None or facts["bipolar_screen_days"] > 365)
        and facts["has_bipolar_disorder"] is False,
        "confirm-low-magnesium": low and magnesium >= 0.5,
        "ppi-without-magnesium": long_ppi and (magnesium_days is None or magnesium_days > 365),
        "qt-drug-low-magnesium": qt_drug
        and (
            low
            or (potassium is not None and potassium < 3.5)
            or (qtc is not None and (qtc >= 470 or (qtc >= 450 and sex is not None and sex != "female")))
        ),
        "supplement-alone": alone,
        "supplement-alongside-therapy": alongside,
        "trial-dose": alone or alongside,
        "monitor-serum-magnesium": (
            running is not None and running > 84 and (magnesium_days is None or magnesium_days > 90)
        )
        or (
            short_or_none
            and running is not None
            and (
                (running >= 14 and egfr is not None and egfr < 60 and (magnesium_days is None or magnesium_days > 28))
                or (
                    running >= 42
                    and (aged_65 or diuretic is True or digoxin is True)
                    and (magnesium_days is None or magnesium_days > 42)
                )
            )
        ),
        "week-six-review": running is not None and 36 <= running <= 49,
        "assess-dietary-intake": depressive
        and (facts["dietary_magnesium_days"] is None or facts["dietary_magnesium_days"] > 180),
        "low-dietary-magnesium": intake is not None and age is not None and age >= 18 and intake < needed,
    }


def _needed(age: float, sex: object, pregnancy: object) -> int:
    """The average requirement of magnesium in mg a day; what is not known of a person counts for the lowest."""
    band = 0 if age < 19 else 1 if age < 31 else 2
    needed = (300, 255, 265)[band]
    if pregnancy == "pregnant" and age < 51:
        needed = (335, 290, 300)[band]
    return (340, 330, 350)[band] if sex == "male" else needed
