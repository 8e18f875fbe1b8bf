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
    fall, fall_percent, item9_fall = facts["phq9_fall"], facts["phq9_fall_percent"], facts["phq9_item9_fall"]
    before, scored_on = facts["phq9_before"], facts["phq9_day"]
    gad7, albumin, heart_rate, bmi = facts["gad7"], facts["albumin"], facts["heart_rate"], facts["bmi"]
    magnesium, magnesium_last = facts["serum_magnesium"], facts["serum_magnesium_last"]
    magnesium_days = facts["serum_magnesium_days"]
    lower, upper = facts["serum_magnesium_lower"], facts["serum_magnesium_upper"]
    care, workup, pregnancy = facts["first_line_care"], facts["low_magnesium_workup"], facts["pregnancy"]
    assessed, assessed_days = facts["suicide_risk_assessment"], facts["suicide_risk_assessment_days"]
    item9_days, dose = facts["phq9_item9_days"], facts["supplemental_magnesium"]
    antidepressant, product = facts["has_antidepressant"], facts["has_magnesium_product"]
    diuretic, lithium, digoxin = facts["has_diuretic"], facts["has_lithium"], facts["has_digoxin"]
    depleting, losing = facts["has_depleting_medicine"], facts["has_magnesium_losing_condition"]
    alcohol, diabetes = facts["has_alcohol_use_disorder"], facts["has_type_2_diabetes"]
    dolutegravir, rilpivirine = facts["has_dolutegravir"], facts["has_dolutegravir_rilpivirine"]

    low = magnesium is not None and lower is not None and magnesium < lower
    not_low = magnesium is not None and lower is not None and magnesium >= lower
    critically_low = magnesium is not None and magnesium < 0.5
    high = magnesium is not None and upper is not None and magnesium > upper
    critically_high = magnesium is not None and magnesium > 1.23
    not_in_90_days = magnesium_days is None or magnesium_days > 90
    not_in_a_year = magnesium_days is None or magnesium_days > 365

    pregnant, not_male = pregnancy in ("pregnant", "lactating"), sex is not None and sex != "male"
    fertile_age = None if age is None else 12 <= age < 56
    perinatal = facts["has_pregnancy"] is True or (pregnant and not_male and fertile_age is True)
    aged_65 = age is not None and age >= 65
    item9_positive = item9 is not None and item9 >= 1
    item9_unknown = item9_days is None or item9_days > 14
    no_acute_risk = assessed == "no acute risk" and (item9_days is None or assessed_days <= item9_days)

    depressive = phq9 is not None and phq9 >= 5
    up_to_moderate = depressive and phq9 <= 15
    up_to_moderately_severe = depressive and phq9 < 20
    care_waits = care in ("declined", "awaited")
    no_care = care is not None and care != "active" and antidepressant is False
    stable_medicine = antidepressant is True and _at_least(facts["antidepressant_unchanged"], 60)
    stable_therapy = (
        care == "active" and facts["has_psychotherapy"] is True and _at_least(facts["psychotherapy_running"], 60)
    )
    long_ppi = facts["has_ppi"] is True and _at_least(facts["ppi_running"], 91)
    depletion_risk = True in (long_ppi, diuretic, depleting, losing, alcohol, diabetes)

    alone = up_to_moderate and care_waits and antidepressant is False and product is False
    alongside = (
        up_to_moderately_severe
        and product is False
        and (stable_medicine or (stable_therapy and antidepressant is False))
    )
    repletion = low and workup == "low value confirmed" and up_to_moderately_severe and product is False
    trial = alone or alongside
    in_question = (
        product is True
        or repletion
        or (up_to_moderate and care_waits)
        or (up_to_moderately_severe and (antidepressant is True or stable_therapy))
    )

    day = facts["magnesium_product_running"] if product is True else None  # of magnesium, today
    symptoms_before = before is not None and before >= 5
    not_scored_since_day_36 = facts["phq9_day_days"] is None or (scored_on is not None and scored_on < 36)
    to_judge = _within(day, 36, 84) and symptoms_before and _at_least(scored_on, 36)
    fall_of_5, fall_of_a_fifth = _at_least(fall, 5), _at_least(fall_percent, 20)
    fall_of_half, fall_below_half = _at_least(fall_percent, 50), fall_percent is not None and fall_percent < 50

    qt_drug = facts["has_qt_antidepressant"] is True
    intake, intake_days = facts["dietary_magnesium"], facts["dietary_magnesium_days"]
    intake_unknown = intake_days is None or intake_days > 180
    needed = _needed(age, sex, pregnancy) if age is not None else 0

    return {
        "acute-suicide-risk": assessed == "acute risk",
        "long-qtc-on-qt-drug": qt_drug and _at_least(qtc, 500),
        "severe-hypermagnesaemia": critically_high or (high and facts["has_hypermagnesaemia_symptom"] is True),
        "severe-hypomagnesaemia": critically_low
        or (
            low
            and (
                facts["has_severe_hypomagnesaemia_symptom"] is True
                or _at_least(qtc, 500)
                or facts["has_digoxin_toxicity"] is True
            )
        ),
        "suicide-risk": facts["has_psychosis_or_catatonia"] is True
        or (item9_positive and (item9_unknown or not no_acute_risk))
        or (facts["has_suicidality"] is True and not no_acute_risk),
        "alcohol-use-disorder": in_question and alcohol is True,
        "bipolar-disorder": facts["has_bipolar_disorder"] is True,
        "bipolar-screen-positive": facts["bipolar_screen_last"] == "positive",
        "bowel-disease": in_question and facts["has_bowel_disease"] is True,
        "bradycardia": in_question
        and ((heart_rate is not None and heart_rate < 50) or facts["has_bradycardia"] is True)
        and facts["has_cardiac_pacemaker"] is False,
        "diarrhoea-or-dehydration": in_question
        and (facts["has_diarrhoea_or_dehydration_symptom"] is True or facts["has_diarrhoea_or_dehydration"] is True),
        "dose-above-limit": product is True and dose is not None and dose > 250,
        "eating-disorder-or-refeeding": in_question
        and (
            facts["has_eating_disorder"] is True
            or facts["has_refeeding_risk"] is True
            or (bmi is not None and bmi < 16)
        ),
        "hypermagnesaemia": high,
        "magnesium-contraindicated": facts["has_magnesium_contraindication"] is True
        or facts["has_inflammatory_bowel_flare"] is True,
        "moderate-renal-impairment": egfr is not None and 30 <= egfr < 60,
        "pregnancy": perinatal,
        "pregnancy-recorded-unexpectedly": pregnant and (sex == "male" or fertile_age is False),
        "severe-depression-first-line": _at_least(phq9, 20) or (_at_least(phq9, 16) and no_care),
        "severe-impairment-first-line": depressive
        and facts["functional_difficulty"] == "extremely difficult"
        and no_care,
        "severe-renal-impairment": (egfr is not None and egfr < 30)
        or facts["has_dialysis_or_acute_kidney_injury"] is True,
        "threonate-in-pregnancy": facts["has_magnesium_threonate"] is True
        and (facts["has_pregnancy"] is True or (pregnant and not_male)),
        "worsening-on-magnesium": product is True
        and ((fall is not None and fall <= -5) or (item9_positive and item9_fall is not None and item9_fall <= -1)),
        "high-magnesium-not-rechecked": magnesium_last is not None
        and upper is not None
        and magnesium_last > upper
        and facts["serum_magnesium_stale"],
        "low-kidney-function-not-rechecked": (
            facts["egfr_stale"] and facts["egfr_last"] is not None and facts["egfr_last"] < 30
        )
        or (facts["has_severe_chronic_kidney_disease"] is True and egfr is None),
        "magnesium-result-not-usable": facts["serum_magnesium_rejected"],
        "measure-magnesium-first": trial and depletion_risk and not_in_90_days,
        "medicine-list-not-reconciled": facts["medicines_unknown"],
        "outside-adult-scope": age is not None and age < 18,
        "phq9-incomplete": facts["phq9_rejected"]
        or facts["phq9_item9_rejected"]
        or (item9_unknown and facts["phq9_days"] is not None and facts["phq9_days"] <= 14),
        "recent-kidney-function": (trial or repletion)
        and (egfr_days is None or egfr_days > 90)
        and (
            aged_65
            or diuretic is True
            or lithium is True
            or facts["has_ace_inhibitor_class"] is True
            or facts["has_nsaid"] is True
        ),
        "antibiotic-course": in_question
        and (facts["has_fluoroquinolone"] is True or facts["has_tetracycline"] is True),
        "integrase-inhibitor-spacing": in_question and (dolutegravir is True or rilpivirine is True),
        "integrase-inhibitor-unspaced": in_question
        and (
            facts["has_other_integrase_inhibitor"] is True
            or (facts["has_integrase_inhibitor"] is True and dolutegravir is False and rilpivirine is False)
        ),
        "medicine-needs-signoff": in_question
        and (
            digoxin is True
            or facts["has_potassium_sparing_diuretic"] is True
            or facts["has_calcium_channel_blocker"] is True
            or lithium is True
            or facts["has_opioid"] is True
            or facts["has_trientine"] is True
            or facts["has_aminoglycoside"] is True
        ),
        "medicine-needs-spacing": in_question and facts["has_spaced_medicine"] is True,
        "planned-surgery": in_question and facts["days_to_surgery"] is not None and facts["days_to_surgery"] <= 14,
        "bipolar-not-assessed": depressive
        and (facts["bipolar_screen_days"] is None or facts["bipolar_screen_days"] > 365)
        and facts["has_bipolar_disorder"] is False,
        "confirm-low-magnesium": low and not critically_low and workup != "low value confirmed",
        "depletion-without-magnesium": (depleting is True and not_in_90_days)
        or ((losing is True or (diuretic is True and (diabetes is True or digoxin is True))) and not_in_a_year),
        "perinatal-depression": _at_least(phq9, 10)
        and (perinatal or facts["has_perinatal_depression_diagnosis"] is True),
        "ppi-without-magnesium": long_ppi and not_in_a_year,
        "qt-drug-low-magnesium": qt_drug
        and (
            low
            or (potassium is not None and potassium < 3.5)
            or _at_least(qtc, 470)
            or (_at_least(qtc, 450) and sex is not None and sex != "female")
        ),
        "replete-low-magnesium": repletion,
        "supplement-alone": alone,
        "supplement-alongside-therapy": alongside,
        "trial-partial-response": to_judge and depressive and fall_below_half and (fall_of_5 or fall_of_a_fifth),
        "trial-response": to_judge and ((phq9 is not None and phq9 < 5) or (fall_of_5 and fall_of_half)),
        "trial-dose": trial,
        "beyond-twelve-weeks": _within(day, 85, 365) and symptoms_before,
        "monitor-serum-magnesium": day is not None
        and (
            not_in_90_days
            if day > 84
            else (day >= 14 and egfr is not None and egfr < 60 and (magnesium_days is None or magnesium_days > 28))
            or (
                day >= 42
                and (
                    aged_65
                    or diuretic is True
                    or digoxin is True
                    or facts["low_magnesium_workup_last"] == "low value confirmed"
                )
                and (magnesium_days is None or magnesium_days > 42)
            )
        ),
        "trial-no-response": to_judge
        and depressive
        and fall is not None
        and fall < 5
        and fall_percent is not None
        and fall_percent < 20,
        "trial-overdue": _within(day, 50, 84) and symptoms_before and not_scored_since_day_36,
        "week-six-review": _within(day, 36, 49) and not_scored_since_day_36,
        "week-two-check": _within(day, 10, 18),
        "assess-dietary-intake": depressive and intake_unknown,
        "latent-magnesium-zone": in_question and magnesium is not None and magnesium < 0.85 and not_low,
        "low-albumin": low and albumin is not None and albumin < 30,
        "low-dietary-magnesium": intake is not None and age is not None and age >= 18 and intake < needed,
        "magnesium-dose-not-stated": product is True and facts["supplemental_magnesium_days"] is None,
        "stress-or-anxiety-only": phq9 is not None
        and phq9 < 5
        and (facts["has_stress_or_anxiety"] is True or _at_least(gad7, 10)),
    }


def _at_least(value: float | None, limit: float) -> bool:
    return value is not None and value >= limit


def _within(value: float | None, lowest: float, highest: float) -> bool:
    return value is not None and lowest <= value <= highest


def _needed(age: float, sex: object, pregnancy: object) -> int:
    """The average requirement of magnesium in mg a day; what is not known of a person counts for the lowest."""
    band = 0 if age < 19 else 1 if age < 31 else 2
    needed = (300, 255, 265)[band]
    if pregnancy == "pregnant" and age < 51:
        needed = (335, 290, 300)[band]
    return (340, 330, 350)[band] if sex == "male" else needed
