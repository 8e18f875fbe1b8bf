"""Edits of the built-in pack: thirty that change how something is written, and thirty that change what a rule means."""

# A table, one edit a line.
# ruff: noqa: E501

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mgcds.loading import rules_root

DOSE, STOP, URGENT = (
    "supplementation/trial-dose.yaml",
    "safety/severe-renal-impairment.yaml",
    "safety/suicide-risk.yaml",
)
BRADYCARDIA, SURGERY = "safety/bradycardia.yaml", "interactions/planned-surgery.yaml"
CONFIRM, PPI_RULE, KIDNEY = (
    "workup/confirm-low-magnesium.yaml",
    "workup/ppi-without-magnesium.yaml",
    "data-quality/recent-kidney-function.yaml",
)
THREONATE, RESPONSE, ALONGSIDE = (
    "supplementation/threonate-in-pregnancy.yaml",
    "follow-up/trial-response.yaml",
    "supplementation/supplement-alongside-therapy.yaml",
)
QUESTION, REPLETION = "findings/magnesium-in-question.yaml", "findings/repletion.yaml"
PPI, SALT = "valuesets/ppi.yaml", "valuesets/magnesium-threonate.yaml"
ITEMS, PRECEDENCE, INTAKES = "items.yaml", "precedence.yaml", "reference-intakes.yaml"


@dataclass(frozen=True)
class Edit:
    """What is done to which rule, and in which file `old` becomes `new`, each time it stands there."""

    id: str
    rule: str
    file: str
    old: str
    new: str


def edited(root: Path, edits: Iterable[Edit]) -> Path:
    """A copy of the built-in pack with these edits. An edit that finds nothing to change is a mistake of the table."""
    shutil.copytree(rules_root(), root)
    for edit in edits:
        file = root / edit.file
        before = file.read_text(encoding="utf-8")
        assert edit.old in before, f"{edit.id}: {edit.file} does not hold {edit.old!r}"
        file.write_text(before.replace(edit.old, edit.new), encoding="utf-8")
    return root


# fmt: off
COSMETIC = [
    Edit("a comment above", "trial-dose", DOSE, "id: trial-dose", "# what is taken\nid: trial-dose"),
    Edit("a comment at the end of a line", "severe-renal-impairment", STOP, "below: 30 mL/min/1.73m2}", "below: 30 mL/min/1.73m2}    # of the label"),
    Edit("another order of keys", "planned-surgery", SURGERY, "version: 0.1.0\nstatus: active\n", "status: active\nversion: 0.1.0\n"),
    Edit("another order of the keys of a criterion", "trial-dose", "findings/trial-alongside.yaml", "measure: phq9, at_least: 5, below: 20", "below: 20, measure: phq9, at_least: 5"),
    Edit("a line in quotes", "severe-renal-impairment", STOP, "when: severe or dialysis_or_acute_injury", 'when: "severe or dialysis_or_acute_injury"'),
    Edit("a value in quotes", "suicide-risk", URGENT, "is: no acute risk", "is: 'no acute risk'"),
    Edit("lines folded elsewhere", "recent-kidney-function", KIDNEY, "egfr_older_than_90_days and\n  (aged_65", "egfr_older_than_90_days\n  and (aged_65"),
    Edit("a text folded elsewhere", "severe-renal-impairment", STOP, "by mouth is contraindicated by its label and\n    no trial", "by mouth is\n    contraindicated by its label and no trial"),
    Edit("blanks within a text", "planned-surgery", SURGERY, "title: An operation is planned", "title: An operation  is planned"),
    Edit("a criterion by another name", "ppi-without-magnesium", PPI_RULE, "long_ppi", "on_ppi_for_long"),
    Edit("a criterion of a finding by another name", "replete-low-magnesium", REPLETION, "mild_to_moderately_severe", "some_symptoms"),
    Edit("another title of a finding", "replete-low-magnesium", REPLETION, "title: Repletion of", "title: Making up"),
    Edit("another order of criteria", "bradycardia", BRADYCARDIA, "  diagnosed: {diagnosis: bradycardia}\n  paced: {diagnosis: cardiac_pacemaker}", "  paced: {diagnosis: cardiac_pacemaker}\n  diagnosed: {diagnosis: bradycardia}"),
    Edit("another order of an or", "bradycardia", BRADYCARDIA, "(below_50 or last_below_50 or diagnosed)", "(diagnosed or last_below_50 or below_50)"),
    Edit("another order of an and", "planned-surgery", SURGERY, "magnesium_in_question and within_14_days", "within_14_days and magnesium_in_question"),
    Edit("a double negation", "bradycardia", BRADYCARDIA, "and not paced", "and not not not paced"),
    Edit("De Morgan", "suicide-risk", URGENT, "(item_9_unknown or not assessed_without_acute_risk)", "not (not item_9_unknown and assessed_without_acute_risk)"),
    Edit("the same said twice", "confirm-low-magnesium", CONFIRM, "when: hypomagnesaemia and not_critical", "when: hypomagnesaemia and hypomagnesaemia and not_critical"),
    Edit("brackets that say nothing", "trial-response", RESPONSE, "(remission or (fall_of_5 and fall_of_half))", "((remission) or ((fall_of_5 and fall_of_half)))"),
    Edit("a finding written out", "replete-low-magnesium", REPLETION, "on_magnesium: {taking: magnesium_product}\nwhen: hypomagnesaemia and", "on_magnesium: {taking: magnesium_product}\n  low: {measure: serum_magnesium, below: lower limit}\nwhen: low and"),
    Edit("a unit spelled otherwise", "bradycardia", BRADYCARDIA, "50 /min", "50 bpm"),
    Edit("a unit with other signs", "recent-kidney-function", ITEMS, "48642-3: mL/min/1.73m2", "48642-3: ml/min/1.73m2"),
    Edit("a number with a nought more", "severe-renal-impairment", STOP, "below: 30 mL", "below: 30.0 mL"),
    Edit("days that are the default anyway", "suicide-risk", URGENT, "{measure: phq9_item9, at_least: 1}", "{measure: phq9_item9, at_least: 1, within: 14 days}"),
    Edit("one value as a list", "confirm-low-magnesium", CONFIRM, "is: low value confirmed}", "is: [low value confirmed]}"),
    Edit("another order of values", "threonate-in-pregnancy", THREONATE, "[pregnant, lactating]", "[lactating, pregnant]"),
    Edit("another order of evidence", "trial-dose", DOSE, "[ryszewska-pokrasniewicz-2018, phelan-2018]", "[phelan-2018, ryszewska-pokrasniewicz-2018]"),
    Edit("another note", "trial-response", RESPONSE, "note: >-\n  Brief RA-01", "note: >-\n  Shortened. Brief RA-01"),
    Edit("another version", "supplement-alongside-therapy", ALONGSIDE, "version: 0.1.0", "version: 0.1.1"),
    Edit("another source of a value set", "threonate-in-pregnancy", SALT, "Product labels; no ATC", "Labels of products; no ATC"),
    Edit("an entry of a value set elsewhere", "ppi-without-magnesium", PPI, "also: [pantoprazole magnesium, Protonix,", "also: [Protonix, Pantoprazole-Magnesium,"),
    Edit("another reason for holding back", "bradycardia", PRECEDENCE, "Magnesium could harm, or the trials", "It could harm, or the trials"),
]

SEMANTIC = [
    Edit("another limit", "severe-renal-impairment", STOP, "below: 30 mL", "below: 31 mL"),
    Edit("the limit itself belongs", "severe-renal-impairment", STOP, "below: 30 mL", "at_most: 30 mL"),
    Edit("another limit in one unit only", "confirm-low-magnesium", CONFIRM, "above 1.2 mg/dL", "above 1.21 mg/dL"),
    Edit("the limit belongs in one unit only", "confirm-low-magnesium", CONFIRM, "above 1.2 mg/dL", "1.2 mg/dL"),
    Edit("and for or", "bradycardia", BRADYCARDIA, "(below_50 or last_below_50 or diagnosed)", "((below_50 or last_below_50) and diagnosed)"),
    Edit("a negation dropped", "threonate-in-pregnancy", THREONATE, "and not male", "and male"),
    Edit("an exclusion dropped", "bradycardia", BRADYCARDIA, "  paced: {diagnosis: cardiac_pacemaker}\nwhen: magnesium_in_question and (below_50 or last_below_50 or diagnosed) and not paced", "when: magnesium_in_question and (below_50 or last_below_50 or diagnosed)"),
    Edit("other brackets", "trial-response", RESPONSE, "(remission or (fall_of_5 and fall_of_half))", "((remission or fall_of_5) and fall_of_half)"),
    Edit("another finding", "planned-surgery", SURGERY, "magnesium_in_question and", "repletion and"),
    Edit("a limit within a finding", "bradycardia", QUESTION, "between: [5, 15]", "between: [5, 16]"),
    Edit("and for or within a finding", "bradycardia", QUESTION, "care_active and stable_psychotherapy", "care_active or stable_psychotherapy"),
    Edit("another value set", "ppi-without-magnesium", PPI_RULE, "{taking: ppi,", "{taking: diuretic,"),
    Edit("a day more of treatment", "ppi-without-magnesium", PPI_RULE, "for_more_than: 90 days", "for_at_least: 90 days"),
    Edit("a value current for longer", "ppi-without-magnesium", PPI_RULE, "within: 365 days", "within: 366 days"),
    Edit("another question of data", "ppi-without-magnesium", PPI_RULE, "{unknown: serum_magnesium", "{stale: serum_magnesium"),
    Edit("a value left out", "threonate-in-pregnancy", THREONATE, "[pregnant, lactating]", "[pregnant]"),
    Edit("on record since nothing", "suicide-risk", URGENT, ", since: phq9_item9}", "}"),
    Edit("the default days of an item", "suicide-risk", ITEMS, "values: [no acute risk, acute risk]\n  current_for: 14 days", "values: [no acute risk, acute risk]\n  current_for: 15 days"),
    Edit("the default limit of an item", "confirm-low-magnesium", ITEMS, "lower_limit: [0.70 mmol/L, 1.7 mg/dL, 1.4 meq/L]", "lower_limit: [0.70 mmol/L, 1.7 mg/dL, 1.41 meq/L]"),
    Edit("the limit of a place", "dose-above-limit", INTAKES, "ages: 4 years and over, mg: 250", "ages: 4 years and over, mg: 251"),
    Edit("a code of an item", "recent-kidney-function", ITEMS, "    50044-7: mL/min/1.73m2\n", ""),
    Edit("what a spoilt specimen is good for", "confirm-low-magnesium", ITEMS, "haemolysed: normal or high, edta: any value, citrate: any value", "haemolysed: any value, edta: any value, citrate: any value"),
    Edit("how old a value before may be", "trial-response", ITEMS, "baseline_within: 28 days", "baseline_within: 29 days"),
    Edit("a name more in a value set", "ppi-without-magnesium", PPI, "also: [Prevacid,", "also: [Prevacid, Lansoprazolum,"),
    Edit("a code less in an included value set", "threonate-in-pregnancy", SALT, ", mag threonate", ""),
    Edit("a longer name elsewhere that uses a name up", "dose-above-limit", PPI, "also: [Prevacid,", "also: [Prevacid, magnesium lansoprazole,"),
    Edit("another word in the text", "trial-dose", DOSE, "in two portions", "in three portions"),
    Edit("another title", "trial-dose", DOSE, "title: Dose of", "title: The dose of"),
    Edit("another kind", "planned-surgery", SURGERY, "kind: interaction", "kind: stop"),
    Edit("another certainty", "supplement-alongside-therapy", ALONGSIDE, "certainty: very low", "certainty: low"),
    Edit("another strength", "supplement-alongside-therapy", ALONGSIDE, "strength: C", "strength: D"),
    Edit("evidence against left out", "supplement-alongside-therapy", ALONGSIDE, "phelan-2018, ryszewska", "ryszewska"),
    Edit("a reason to set it aside left out", "trial-dose", DOSE, "[patient-declined, clinical-judgement, not-now]", "[patient-declined, clinical-judgement]"),
    Edit("lets pass", "trial-response", PRECEDENCE, "holds: {rules: [trial-response, trial-partial-response, trial-no-response]}\n", "holds: {rules: [trial-response, trial-partial-response, trial-no-response]}\n    when_unknown: let pass\n"),
    Edit("holds back less", "planned-surgery", PRECEDENCE, "- by: {rule: planned-surgery}\n    holds: {kinds: [consider, dose]}", "- by: {rule: planned-surgery}\n    holds: {kinds: [dose]}"),
    Edit("no longer held back by a rule", "trial-dose", PRECEDENCE, "[supplement-alone, supplement-alongside-therapy, trial-dose, trial-partial-response]}\n    because: Guideline", "[supplement-alone, supplement-alongside-therapy, trial-partial-response]}\n    because: Guideline"),
    Edit("a limit of a rule that holds it back", "trial-dose", STOP, "below: 30 mL", "below: 25 mL"),
    Edit("another dose in a draft", "trial-dose", "drafts.yaml", "times_a_day: 2\n  for: 42 days", "times_a_day: 2\n  for: 43 days"),
    Edit("a draft left out", "recent-kidney-function", KIDNEY, "  drafts: [kidney-function]\n", ""),
]
