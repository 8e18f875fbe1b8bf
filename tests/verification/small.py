"""A small pack without a flaw, in which every kind of criterion, strict holders and such that let pass occur."""

import shutil
from pathlib import Path

from mgcds.loading import load_pack
from mgcds.model.pack import RulePack

SHARED = Path(__file__).parents[1] / "loading" / "pack"
KEPT = ("pack.yaml", "basis.yaml", "override-reasons.yaml", "wording.yaml", "evidence", "valuesets/ssri.yaml")
KEPT += ("valuesets/antidepressant.yaml",)

ITEMS = """
serum_magnesium:
  title: Serum magnesium
  of: measurement
  substance: magnesium
  units: [mmol/L, mg/dL]
  plausible: [0.15, 6.0]
  lower_limit: [0.70 mmol/L, 1.7 mg/dL]
  upper_limit: [1.05 mmol/L, 2.6 mg/dL]
  current_for: 90 days
  on_a_tie: lowest
egfr:
  title: eGFR
  of: measurement
  units: [mL/min/1.73m2]
  plausible: [0, 200]
  current_for: 365 days
  on_a_tie: lowest
phq9:
  title: PHQ-9
  of: measurement
  units: ["{score}"]
  plausible: [0, 27]
  whole_numbers: yes
  current_for: 14 days
  on_a_tie: highest
pregnancy:
  title: Pregnancy
  of: state
  values: [pregnant, not pregnant]
  current_for: 30 days
low_magnesium_workup:
  title: Work-up of low magnesium
  of: state
  values: [started, low value confirmed]
  current_for: 90 days
medicines:
  title: Medicine list
  of: list
  current_for: 30 days
"""

PRECEDENCE = """
kinds: [urgent, stop, defer, interaction, workup, consider, dose, monitor, inform]
asks_for_data: [urgent, defer, workup, monitor, inform]
holds_back:
  - by: {kind: stop}
    holds: {kinds: [consider, dose]}
    because: Magnesium could harm.
  - by: {rule: severe-hypermagnesaemia}
    holds: {kinds: [consider, dose]}
    when_unknown: let pass
    because: Never measured is no reason.
  - by: {rule: hypermagnesaemia}
    holds: {kinds: [consider, dose]}
    when_unknown: let pass
    because: Never measured is no reason.
  - by: {rule: confirm-low}
    holds: {rules: [consider-magnesium]}
    when_unknown: let pass
    because: It has its own treatment.
  - by: {rule: recent-kidney}
    holds: {kinds: [consider, dose]}
    because: Kidneys change.
"""

INTENDED = """
together:
  - one: [urgent, stop, defer, workup, monitor]
    with: [urgent, stop, defer, workup, monitor]
    because: Each says its own reason.
  - one: [consider]
    with: [dose, defer, monitor]
    because: They go together.
  - one: [dose]
    with: [defer, monitor, workup]
    because: They go together.
silent:
  - range: {measure: serum_magnesium, at_least: lower limit, at_most: upper limit}
    because: The normal range.
"""

RULES = {
    "safety/severe-renal": ("stop", "severe: {measure: egfr, below: 30 mL/min/1.73m2}", "severe"),
    "safety/moderate-renal": (
        "stop",
        "moderate: {measure: egfr, at_least: 30 mL/min/1.73m2, below: 60 mL/min/1.73m2}",
        "moderate",
    ),
    "safety/pregnancy": ("stop", "pregnant: {state: pregnancy, is: pregnant}", "pregnant"),
    "safety/severe-depression": ("stop", "severe: {measure: phq9, at_least: 20}", "severe"),
    "safety/hypermagnesaemia": (
        "stop",
        "high: {measure: serum_magnesium, above: upper limit}\n"
        "not_critical: {measure: serum_magnesium, at_most: [1.23 mmol/L, 3.0 mg/dL]}",
        "high and not_critical",
    ),
    "safety/severe-hypermagnesaemia": (
        "urgent",
        "critical: {measure: serum_magnesium, above: [1.23 mmol/L, 3.0 mg/dL]}",
        "critical",
    ),
    "data-quality/recent-kidney": (
        "defer",
        "old: {unknown: egfr, within: 90 days}\non_ssri: {taking: ssri}",
        "old and on_ssri",
    ),
    "data-quality/magnesium-spoilt": ("defer", "spoilt: {rejected: serum_magnesium}", "spoilt"),
    "workup/confirm-low": (
        "workup",
        "confirmed: {documented: low_magnesium_workup, is: low value confirmed, since: serum_magnesium}\n"
        "low_unknown: {unknown: serum_magnesium}",
        "low_magnesium and (low_unknown or not confirmed)",
    ),
    "supplementation/consider-magnesium": (
        "consider",
        "mild_to_moderate: {measure: phq9, at_least: 5, below: 20}\n"
        "stable: {taking: antidepressant, unchanged_for: 60 days}",
        "mild_to_moderate and stable",
    ),
    "supplementation/dose": (
        "dose",
        "mild_to_moderate: {measure: phq9, at_least: 5, below: 20}\nstable: {taking: antidepressant, unchanged_for: 60 days}",
        "mild_to_moderate and stable",
    ),
    "follow-up/week-six": ("monitor", "weeks: {taking: ssri, for_at_least: 36 days, for_at_most: 49 days}", "weeks"),
}

FINDING = """
id: low_magnesium
title: Low serum magnesium
criteria:
  low: {measure: serum_magnesium, below: lower limit}
when: low
"""


def write_pack(root: Path) -> Path:
    """The files of the pack, to be changed and loaded."""
    for name in KEPT:
        source, target = SHARED / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    texts = {"items": ITEMS, "precedence": PRECEDENCE, "intended": INTENDED, "findings/low-magnesium": FINDING}
    texts |= {path: _rule(path, *parts) for path, parts in RULES.items()}
    for path, text in texts.items():
        file = root / f"{path}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.lstrip(), encoding="utf-8")
    return root


def _rule(path: str, kind: str, criteria: str, when: str) -> str:
    said = "May be considered." if kind == "consider" else "It is said."
    indented = "\n".join(f"  {line}" for line in criteria.splitlines())
    return (
        f"id: {path.partition('/')[2]}\nversion: 1.0.0\nstatus: active\ntitle: {path}\ncriteria:\n{indented}\nwhen: {when}\n"
        f"suggest:\n  kind: {kind}\n  text: {said}\n  certainty: not graded\n  strength: D\n  evidence_for: [tarleton-2017]\n"
        "  evidence_against: []\n  override_reasons: [clinical-judgement]\nreview: {status: unreviewed, due: 2027-11-01}\n"
    )


def small_pack(root: Path) -> RulePack:
    """The pack, loaded."""
    return load_pack(write_pack(root))
