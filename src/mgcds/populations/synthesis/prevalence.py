"""How often what is made, as named numbers: each a share from 0 to 1 unless it says otherwise, with its source, or "assumed".

They make a cohort that looks like one, to try out software and to judge how much work rules would make. They are no epidemiology: nothing
that is counted in a synthetic cohort says anything of people.
"""

from __future__ import annotations

from typing import NamedTuple

# --- who ------------------------------------------------------------------------------------------------------------------

BANDS = ((12, 17), (18, 29), (30, 44), (45, 64), (65, 79), (80, 99))  # years of age, both belong to it
SHARE_OF_BAND = (0.05, 0.19, 0.24, 0.30, 0.16, 0.06)  # assumed: a practice in a country with about a fifth over 65
SEXES = ("female", "male")
SHARE_OF_SEX = (0.52, 0.48)  # assumed
OLDER = 65  # years, from which the second of two shares holds

SEX_RECORDED_OTHERWISE = {"other": 0.003, "unknown": 0.003}  # assumed
SEX_NOT_RECORDED = 0.002  # assumed
BIRTH_MONTH_ONLY, BIRTH_YEAR_ONLY, BIRTH_DATE_MISSING = 0.003, 0.006, 0.002  # assumed
DECEASED = 0.002  # assumed: still in the extract

# --- depression and its care --------------------------------------------------------------------------------------------------

# What a year's prevalence of depression (7.2 % of US adults had an episode in 2018: NCHS Data Brief 377) becomes on problem lists, where
# past episodes stay: assumed.
DEPRESSION = {"female": 0.17, "male": 0.09}
IN_THE_YOUNGEST_BAND = 0.3  # times as often as in adults; assumed
# Together 17.7 % of women and 8.4 % of men take an antidepressant: NCHS Data Brief 377, US adults, 2015-2018. The split is assumed.
ANTIDEPRESSANT_IF_DEPRESSED = 0.70
ANTIDEPRESSANT_OTHERWISE = {"female": 0.070, "male": 0.023}
ANTIDEPRESSANTS = {"ssri": 0.66, "snri": 0.20, "tca": 0.06, "other_antidepressant": 0.08}  # of those taken; assumed
PSYCHOTHERAPY_IF_DEPRESSED, PSYCHOTHERAPY_REQUESTED = 0.20, 0.06  # assumed
PHQ9_IF_DEPRESSED, PHQ9_OTHERWISE = 0.65, 0.06  # assumed: screening of everyone is rare
PHQ9_ON_MAGNESIUM = 0.60  # assumed: who is given a trial is asked
PHQ9_AS_QUESTIONNAIRE, PHQ9_AS_PANEL = 0.45, 0.20  # the rest as a total; assumed
PHQ9_TOTAL_TOO, ITEM9_TOO, DIFFICULTY_TOO = (
    0.6,
    0.5,
    0.3,
)  # beside the answers, beside a total, on a questionnaire; assumed
PHQ9_ANSWER_MISSING, PHQ9_TOTAL_CONTRADICTS = 0.03, 0.01  # assumed
MOST_FORMS = 5  # of one patient in a year; assumed
FORM_EVERY_DAYS = (14, 90)  # assumed
BIPOLAR, LITHIUM_IF_BIPOLAR = 0.02, 0.30  # assumed; 12-month prevalence of surveys is about 2 to 3 %

# --- other problems and medicines, by value set of the pack: below and from 65 years; assumed unless noted -------------------------

CONDITIONS = {
    "type_2_diabetes": (0.07, 0.22),
    "alcohol_use_disorder": (0.05, 0.02),
    "bowel_disease": (0.09, 0.14),
    "bradycardia": (0.003, 0.02),
    "cardiac_pacemaker": (0.001, 0.02),
    "dialysis_or_acute_kidney_injury": (0.002, 0.008),
    "diarrhoea_or_dehydration": (0.004, 0.005),
    "eating_disorder": (0.008, 0.001),
    "magnesium_contraindication": (0.001, 0.002),
    "magnesium_losing_condition": (0.001, 0.002),
    "psychosis_or_catatonia": (0.006, 0.004),
    "suicidality": (0.004, 0.002),
}
# Of no value set, and known as what they are: name, ICD-10-CM code.
OTHER_CONDITIONS = {
    ("Essential hypertension", "I10"): (0.18, 0.60),
    ("Hyperlipidemia, unspecified", "E78.5"): (0.12, 0.45),
    ("Low back pain, unspecified", "M54.50"): (0.10, 0.15),
}
PREGNANT, PREGNANCY_STATUS_RECORDED = 0.04, 0.10  # of women of 18 to 44 years
FERTILE_BANDS = (1, 2)

MEDICINES = {
    "ppi": (0.06, 0.15),  # 7.4 % of 9,818 people in the Rotterdam Study (PMID 26123862), who were of middle age and old
    "diuretic": (0.03, 0.18),
    "ace_inhibitor_class": (0.05, 0.20),
    "calcium_channel_blocker": (0.04, 0.18),
    "nsaid": (0.06, 0.06),
    "opioid": (0.03, 0.05),
    "digoxin": (0.001, 0.015),
    "thyroid_hormone": (0.03, 0.10),
    "bisphosphonate": (0.002, 0.04),
    "oral_iron": (0.02, 0.03),
    "fluoroquinolone": (0.003, 0.005),
    "tetracycline": (0.008, 0.004),
    "integrase_inhibitor": (0.003, 0.001),
    "potassium_sparing_diuretic": (0.004, 0.02),
    "calcineurin_inhibitor": (0.001, 0.001),
    "magnesium_product": (0.03, 0.05),
}
MAGNESIUM_IF_DEPRESSED = 0.06  # instead of the share above
OTHER_MEDICINES = 0.5  # one of no value set, known by its name

# --- how medicines and problems are recorded; assumed ---------------------------------------------------------------------------

MEDICINES_REVIEWED, CONDITIONS_REVIEWED = 0.06, 0.04  # a List says when; of the others, the day of the extract counts
REVIEWED_LONG_AGO = 0.4  # of those
PAST_MEDICINE, RESUMED_MEDICINE, RENEWED_MEDICINE = 0.15, 0.06, 0.30
MEDICATION_RESOURCE = 0.15  # the order refers to a Medication
MEDICINE_IN_WORDS, MEDICINE_UNKNOWN = 0.05, 0.012
MEDICINE_IN_ERROR, MEDICINE_ONLY_PLANNED, MEDICINE_ON_HOLD = 0.015, 0.01, 0.01
START_MONTH_ONLY, START_MISSING = 0.03, 0.01
DOSE_STATED = 0.6  # of magnesium: elemental, once a day
CONDITION_IN_WORDS, CONDITION_IN_ERROR, CONDITION_REFUTED = 0.06, 0.006, 0.006
CONDITION_RESOLVED, RESOLVED_WITHOUT_DATE, ONSET_YEAR_ONLY, ONSET_MISSING = 0.08, 0.3, 0.10, 0.15
DAYS_TAKEN, YEARS_ILL = 400, 6  # mean


# --- results --------------------------------------------------------------------------------------------------------------------


class Measured(NamedTuple):
    """How often an item is on record at all, and how its values are spread, in the first unit of the item; all assumed unless noted."""

    share: float
    mean: float
    spread: float
    lowest: float
    highest: float
    places: int = 0
    """decimal places it is reported with in that unit"""


RESULTS = {
    # Most people never had it measured (assumed). The mean and spread put some 3 % below 0.70 mmol/L before what lowers it is counted.
    "serum_magnesium": Measured(0.05, 0.84, 0.075, 0.28, 2.4, 2),
    "egfr": Measured(0.45, 88, 19, 6, 135),
    "potassium": Measured(0.45, 4.2, 0.36, 2.3, 6.6, 1),
    "calcium": Measured(0.35, 2.38, 0.09, 1.6, 3.2, 2),
    "albumin": Measured(0.30, 42, 3.5, 18, 55),
    "qtc": Measured(0.10, 422, 24, 340, 570),
    "heart_rate": Measured(0.60, 74, 12, 38, 150),
    "bmi": Measured(0.60, 27.5, 5.5, 14, 58, 1),
    "gad7": Measured(0.06, 7, 5, 0, 21),
    "dietary_magnesium": Measured(0.01, 280, 90, 60, 700),
}
DAYS_SINCE = 150  # mean, of the newest result
OLDER_RESULTS = 1  # mean
WITH_RANGE = 0.7  # the laboratory's own reference range comes with it
DATE_WITHOUT_TIME = 0.3
LABORATORY_DIFFERS = 0.04  # at most, of the range: as a part of the pack's own limits

# What makes a result more often measured (times) and lower (the exponent of its place among all values, from 0 to 1): by what the patient
# takes or has. Assumed; the directions are those of the pack's rules on depletion.
MORE_OFTEN = {"ppi": 1.6, "diuretic": 2.5, "digoxin": 3.0, "lithium": 2.0, "type_2_diabetes": 1.6, "older": 1.6}
LOWER = {
    "serum_magnesium": {"ppi": 1.5, "diuretic": 1.6, "type_2_diabetes": 1.3, "alcohol_use_disorder": 1.5},
    "egfr": {"older": 2.2, "oldest": 1.6, "type_2_diabetes": 1.3, "dialysis_or_acute_kidney_injury": 6.0},
    "potassium": {"diuretic": 1.5, "potassium_sparing_diuretic": 0.6},
    "bmi": {"eating_disorder": 4.0, "type_2_diabetes": 0.6},
    "heart_rate": {"bradycardia": 3.0},
    "gad7": {"depression": 0.5},
}

# What is wrong with the newest result, of those on record; assumed.
FAULTS = {
    "foreign unit": 0.03,
    "comparator": 0.01,
    "no unit": 0.004,
    "contradicting unit": 0.004,
    "value in words": 0.004,
    "registered": 0.003,
    "haemolysed, in a note": 0.01,
    "haemolysed, by its specimen": 0.006,
    "no date": 0.003,
    "month only": 0.006,
    "in the future": 0.002,
    "given twice": 0.006,
    "older version": 0.004,
    "code without system": 0.003,
    "no result": 0.008,
    "entered in error": 0.012,
}
MOST_ABOVE_90 = 0.2  # of an eGFR above 90: reported as ">90"
NOT_READ = 0.5  # patients with Observations of codes that no rule uses
BROKEN_LINES = 0.0005  # with --mess: of all lines of a file, at least one in the first file of each kind
