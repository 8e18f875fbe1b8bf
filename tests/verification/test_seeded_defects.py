"""Defects that an author could make, each in a copy of a small pack that has none: `mgcds prove` finds every one, and names it."""

# A table, one defect a line.
# ruff: noqa: E501

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord
from mgcds.scenarios.proving import Report, prove_pack
from mgcds.verification.flaws import Flaw
from mgcds.verification.witness import ON
from tests.verification.small import write_pack

Change = Callable[[Path], None]


@dataclass(frozen=True)
class Defect:
    """What is changed in which file, and the check and the words that must report it."""

    id: str
    file: str
    old: str
    new: str
    check: str
    about: str

    def make(self, root: Path) -> None:
        path = root / f"{self.file}.yaml"
        text = path.read_text(encoding="utf-8")
        assert text.count(self.old) >= 1, self.old
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


FEATURE = """
Feature: Invariants
  Scenario Outline: no magnesium
    Given any patient
    And the eGFR is below "<limit>"
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    Examples:
      | limit            |
      | 30 mL/min/1.73m2 |
      | 60 mL/min/1.73m2 |

  Scenario Outline: unknown
    Given any patient
    And the <item> is not known
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    Examples:
      | item          |
      | eGFR          |
      | pregnancy     |
      | PHQ-9         |
      | medicine list |

  Scenario: too high
    Given any patient
    And the serum magnesium is above "1.24 mmol/L"
    When the record is evaluated
    Then "severe-hypermagnesaemia" is offered
    And no suggestion of kind "dose" is offered

  Scenario: pregnant
    Given any patient
    And the pregnancy is "pregnant"
    When the record is evaluated
    Then "consider-magnesium" is not offered

  Scenario: urgent
    Given any patient
    When the record is evaluated
    Then every suggestion of kind "urgent" that is met is offered
"""

KIDNEY, HIGH, CRITICAL = "safety/severe-renal", "safety/hypermagnesaemia", "safety/severe-hypermagnesaemia"
MODERATE, PREGNANCY, SEVERE = "safety/moderate-renal", "safety/pregnancy", "safety/severe-depression"
CONSIDER, WEEKS, LOW, ASK = (
    "supplementation/consider-magnesium",
    "follow-up/week-six",
    "workup/confirm-low",
    "data-quality/recent-kidney",
)
DAYS = "weeks: {taking: ssri, for_at_least: 36 days, for_at_most: 49 days}\nwhen: weeks\n"

DEFECTS = [
    # --- verdicts: rules that cannot be met, not met or unknown
    Defect("a rule whose criteria exclude one another", HIGH, "above: upper limit", "above: [1.23 mmol/L, 3.0 mg/dL]", "verdicts", "hypermagnesaemia"),
    Defect("too long and too short", WEEKS, DAYS, "weeks: {taking: ssri, for_at_least: 50 days}\n  short: {taking: ssri, for_at_most: 49 days}\nwhen: weeks and short\n", "verdicts", "week-six"),
    Defect("a rule that is always met", KIDNEY, "when: severe\n", "when: severe or not severe\n", "verdicts", "severe-renal"),
    Defect("two scores at once", CONSIDER, "when: mild_to_moderate and stable", "when: mild_to_moderate and severe and stable", "verdicts", "consider-magnesium"),
    Defect("a rule that not knowing makes not met", WEEKS, DAYS, "weeks: {state: pregnancy, is: pregnant}\n  unasked: {unknown: pregnancy}\nwhen: weeks and not unasked\n", "verdicts", "week-six"),
    Defect("a finding that nobody has", "findings/low-magnesium", "below: lower limit}", "above: upper limit, below: lower limit}", "verdicts", "low_magnesium"),
    # --- criteria that say nothing
    Defect("a criterion that another one implies", SEVERE, "when: severe", "when: severe and depressed", "criteria", "depressed"),
    Defect("an exclusion that cannot apply", KIDNEY, "when: severe", "when: severe and not normal", "criteria", "normal"),
    Defect("a choice that is none", PREGNANCY, "when: pregnant", "when: pregnant or (pregnant and not late)", "criteria", "late"),
    # --- masked and superfluous rules
    Defect("a dose that a stop of the same score always holds back", "supplementation/dose", "at_least: 5, below: 20", "at_least: 20", "masked", "dose"),
    Defect("a trial for those a stop always speaks of", CONSIDER, "at_least: 5, below: 20", "at_least: 20", "masked", "consider-magnesium"),
    Defect("a rule inside another of its kind", MODERATE, "at_least: 30 mL/min/1.73m2, below: 60", "below: 20", "superfluous", "moderate-renal"),
    Defect("the same rule twice", SEVERE, "severe: {measure: phq9, at_least: 20}", "severe: {state: pregnancy, is: pregnant}", "superfluous", "severe-depression"),
    # --- contradictions
    Defect("a stop that holds back no dose", "precedence", "- by: {kind: stop}\n    holds: {kinds: [consider, dose]}", "- by: {kind: stop}\n    holds: {kinds: [consider]}", "overlaps", "dose"),
    Defect("a stop that holds back nothing", "precedence", "- by: {kind: stop}\n    holds: {kinds: [consider, dose]}", "- by: {kind: stop}\n    holds: {kinds: []}", "overlaps", "consider-magnesium"),
    Defect("an urgent rule that holds back no trial", "precedence", "- by: {rule: severe-hypermagnesaemia}\n    holds: {kinds: [consider, dose]}", "- by: {rule: severe-hypermagnesaemia}\n    holds: {kinds: [dose]}", "overlaps", "severe-hypermagnesaemia"),
    Defect("work-up beside the trial it rules out", "precedence", "holds: {rules: [consider-magnesium]}", "holds: {rules: [dose]}", "overlaps", "confirm-low"),
    # --- gaps
    Defect("a gap between 1.23 and 1.25", CRITICAL, "above: [1.23 mmol/L, 3.0 mg/dL]", "above: [1.25 mmol/L, 3.04 mg/dL]", "gaps", "above 1.23 to 1.25 mmol/L"),
    Defect("a gap in one unit only", CRITICAL, "above: [1.23 mmol/L, 3.0 mg/dL]", "above: [1.23 mmol/L, 3.1 mg/dL]", "gaps", "above 3 to 3.1 mg/dL"),
    Defect("a single value left out", MODERATE, "at_least: 30 mL", "above: 30 mL", "gaps", "from 30 to 30 mL"),
    Defect("a gap above the normal range", HIGH, "above: upper limit", "above: [1.06 mmol/L, 2.61 mg/dL]", "gaps", "to 1.06 mmol/L"),
    Defect("a score nobody speaks of", SEVERE, "at_least: 20", "at_least: 21", "gaps", "from 20 to 20"),
    Defect("a normal range that is not declared", "intended", "silent:\n  - range: {measure: serum_magnesium, at_least: lower limit, at_most: upper limit}\n    because: The normal range.\n", "", "gaps", "from 0.7 to 1.05 mmol/L"),
    # --- declarations
    Defect("an exception that excuses nothing", "intended", "silent:\n", "silent:\n  - range: {measure: phq9, at_least: 27}\n    because: Nobody.\n", "declared", "Nobody."),
    Defect("kinds that never meet, let stand together", "intended", "together:\n", "together:\n  - one: [stop]\n    with: [consider]\n    because: Not so.\n", "declared", "Not so."),
    # --- not knowing
    Defect("a stop lifted by not knowing", LOW, "  low_unknown: {unknown: serum_magnesium}\nwhen: low_magnesium and (low_unknown or not confirmed)", "when: low_magnesium and not confirmed", "monotone", "consider-magnesium"),
    # --- scenarios of any patient
    Defect("a comparison turned round", KIDNEY, "below: 30", "at_least: 200", "scenario", "no suggestion of kind consider"),
    Defect("a threshold too low", MODERATE, "below: 60", "below: 55", "scenario", "no suggestion of kind consider"),
    Defect("an unknown kidney function let pass", "precedence", "- by: {kind: stop}\n    holds: {kinds: [consider, dose]}\n", "- by: {kind: stop}\n    holds: {kinds: [consider, dose]}\n    when_unknown: let pass\n", "scenario", "no suggestion of kind consider"),
    Defect("a critical value that is not said in one unit", CRITICAL, "above: [1.23 mmol/L, 3.0 mg/dL]", "above: [1.30 mmol/L, 3.16 mg/dL]", "scenario", "'severe-hypermagnesaemia' is offered"),
]  # fmt: skip

MORE_CRITERIA = {
    "two scores at once": "severe: {measure: phq9, at_least: 20}",
    "a criterion that another one implies": "depressed: {measure: phq9, at_least: 5}",
    "an exclusion that cannot apply": "normal: {measure: egfr, at_least: 60 mL/min/1.73m2}",
    "a choice that is none": "late: {measure: phq9, at_least: 5}",
}
"""criteria that a defect needs besides"""


def reported(pack: RulePack, feature: Path) -> Report:
    return prove_pack(pack, [feature])


def with_defect(defect: Defect, root: Path) -> RulePack:
    defect.make(root)
    if defect.id in MORE_CRITERIA:
        path = root / f"{defect.file}.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("criteria:\n", f"criteria:\n  {MORE_CRITERIA[defect.id]}\n"), encoding="utf-8")
    return load_pack(root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pack").mkdir()
    return write_pack(tmp_path / "pack")


@pytest.fixture
def feature(tmp_path: Path) -> Path:
    path = tmp_path / "invariants.feature"
    path.write_text(FEATURE, encoding="utf-8")
    return path


def test_the_small_pack_has_no_flaw(root: Path, feature: Path) -> None:
    report = reported(load_pack(root), feature)
    assert [flaw.says for flaw in report.flaws] == []
    assert [(proof.says, proof.problem) for proof in report.unproved] == []
    assert len(report.proofs) == 10


def test_there_are_enough_defects() -> None:
    assert len({defect.id for defect in DEFECTS}) == len(DEFECTS) >= 25
    assert {defect.check for defect in DEFECTS} == {
        "verdicts", "criteria", "masked", "superfluous", "overlaps", "gaps", "declared", "monotone", "scenario"
    }  # fmt: skip


@pytest.mark.parametrize("defect", [pytest.param(defect, id=defect.id) for defect in DEFECTS])
def test_a_seeded_defect_is_found(defect: Defect, root: Path, feature: Path) -> None:
    pack = with_defect(defect, root)
    report = reported(pack, feature)
    if defect.check == "scenario":
        assert any(defect.about in proof.says and proof.refuted for proof in report.unproved), report.unproved
        return
    found = [flaw for flaw in report.flaws if flaw.check == defect.check]
    assert any(defect.about in (*flaw.about, flaw.says) or defect.about in flaw.says for flaw in found), report.flaws
    for flaw in report.flaws:
        replay(flaw, pack)


def replay(flaw: Flaw, pack: RulePack) -> None:
    """A witness is what the flaw says of him: evaluation says it too."""
    if flaw.witness is None:
        return
    statuses = evaluate(PatientRecord(**flaw.witness.record), pack, ON).verdicts.statuses
    for sentence in flaw.then:
        rule = sentence.split('"')[1]
        if sentence.endswith("never offered together"):
            assert [statuses[name] for name in sentence.split('"')[1:4:2]] == ["offered", "offered"]
        elif sentence.endswith("is not indicated"):
            assert statuses[rule] == "not indicated"
