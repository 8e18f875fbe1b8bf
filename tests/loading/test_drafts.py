"""Every mistake in `drafts.yaml`, and in a rule that names a draft, is reported at its place."""

# A table, one mistake an entry.
# ruff: noqa: E501

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mgcds.loading.packs import check_pack, rules_root

DOSE = "supplementation/trial-dose.yaml"
MISTAKES = [
    pytest.param("loinc: [2823-3]", "loinc: [2823-4]", "names '2823-4', no code of item 'potassium'; did you mean '2823-3'?", id="a code"),
    pytest.param("measure: potassium", "measure: potasium", "'measure' of draft 'potassium' names no item that is measured; did you mean", id="an item"),
    pytest.param("  loinc: [2823-3]\n", "", "draft 'potassium' lacks 'loinc'", id="no code"),
    pytest.param("measure: potassium", "weigh: potassium", "draft 'potassium' must say once what it orders", id="no order"),
    pytest.param("ask: phq9", "ask: phq9\n  measure: phq9", "draft 'phq9' must say once what it orders", id="two orders"),
    pytest.param("ask: phq9", "ask: phq9\n  soon: yes", "draft 'phq9' has 'soon'", id="a key"),
    pytest.param("title: Glucose\n  request: in words", "title: Glucose\n  request: in code", "is 'in code'", id="a request"),
    pytest.param("glucose:\n  title: Glucose\n  request: in words", "glucose: Glucose", "draft 'glucose' must be a mapping", id="no mapping"),
    pytest.param("  title: Potassium in", "  title: Magnesium treats depression, potassium in", "'title' of draft 'potassium' says", id="its wording"),
    pytest.param("times_a_day: 2", "times_a_day: 7", "'times_a_day' of draft 'trial-dose' must be a whole number from 1 to 6", id="too often"),
    pytest.param("times_a_day: 2", "times_a_day: 1.5", "must be a whole number from 1 to 6", id="one and a half times"),
    pytest.param("times_a_day: 2", "times_a_day: 3", "draft 'trial-dose' gives 372 mg/d, above the limit of 'supplemental_magnesium', 250", id="limit"),
    pytest.param("dose: 124 mg elemental\n  times_a_day: 2", "dose: 124 mg\n  times_a_day: 2", "must be of the element", id="not elemental"),
    pytest.param("dose: 124 mg elemental\n  times_a_day: 2", "dose: 500 mg salt of MgO\n  times_a_day: 2", "must be of the element", id="a salt"),
    pytest.param("dose: 124 mg elemental\n  times_a_day: 2", "dose: 100 mg elemental\n  times_a_day: 2", "its text does not say '200 mg'",
                 id="a dose that the rule's text does not say"),
    pytest.param("for: 42 days\n  directions: with food; the product is chosen by its elemental content, no form is proven better\n  at_most: "
                 "supplemental_magnesium\n  only_for: {measure: age, below", "for: always\n  directions: with food\n  at_most: "
                 "supplemental_magnesium\n  only_for: {measure: age, below", "'for' of draft 'trial-dose' needs an end", id="for ever"),
    pytest.param("only_for: {measure: age, below: 65 years}", "only_for: {measure: age, belwo: 65 years}", "did you mean 'below'?", id="for whom"),
    pytest.param("from: magnesium_product\n  dose: 124 mg elemental\n  times_a_day: 2", "from: magnesium\n  dose: 124 mg elemental\n  times_a_day: 2",
                 "'from' of draft 'trial-dose' names no value set of medicines", id="a value set"),
    pytest.param("supplement: magnesium\n  from: magnesium_product\n  dose: 124 mg elemental\n  times_a_day: 2",
                 "supplement: magnesia oxide\n  from: magnesium_product\n  dose: 124 mg elemental\n  times_a_day: 2",
                 "'supplement' of draft 'trial-dose' is no entry of 'magnesium_product'", id="a product"),
]  # fmt: skip


def problems(root: Path) -> list[str]:
    return [str(problem) for problem in check_pack(root)[1]]


def copied(folder: Path, file: str, old: str, new: str) -> Path:
    root = Path(shutil.copytree(rules_root(), folder / "rules"))
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return root


@pytest.mark.parametrize(("old", "new", "says"), MISTAKES)
def test_a_mistake_in_a_draft_is_reported(old: str, new: str, says: str, tmp_path: Path) -> None:
    found = problems(copied(tmp_path, "drafts.yaml", old, new))
    assert any(says in problem for problem in found), found


def test_a_draft_that_is_not_there(tmp_path: Path) -> None:
    root = copied(tmp_path, DOSE, "drafts: [trial-dose,", "drafts: [trial-doze,")
    assert problems(root) == [
        f"{DOSE}:21: 'drafts' of rule 'trial-dose' names 'trial-doze', which is not in drafts.yaml; did you mean 'trial-dose'?"
    ]


def test_a_rule_that_may_not_speak_of_a_dose_drafts_none(tmp_path: Path) -> None:
    root = copied(tmp_path, "workup/measure-magnesium-first.yaml", "drafts: [magnesium]", "drafts: [trial-dose]")
    assert any("only rules of kind consider or dose may draft a supplement" in problem for problem in problems(root))
