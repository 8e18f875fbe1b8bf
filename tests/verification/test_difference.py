"""`mgcds diff`: what another version of a pack changes, for whom, and which version number that needs."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import mgcds.verification.difference as difference
from mgcds.errors import EngineDisagreement
from mgcds.evaluator import evaluate
from mgcds.loading import load_pack, rules_root
from mgcds.model.evaluation import Verdicts, evaluate_facts
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from mgcds.verification.difference import PackDifference, differences, next_version
from mgcds.verification.witness import ON
from tests.agreement.generate import Patients
from tests.verification.small import write_pack

CONSIDER, DOSE, RENAL = (
    "supplementation/consider-magnesium.yaml",
    "supplementation/dose.yaml",
    "safety/severe-renal.yaml",
)
WEEK_SIX, SPOILT, KIDNEY = (
    "follow-up/week-six.yaml",
    "data-quality/magnesium-spoilt.yaml",
    "data-quality/recent-kidney.yaml",
)
ITEMS, PRECEDENCE = "items.yaml", "precedence.yaml"
Change = tuple[str, str, str]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> RulePack:
    return load_pack(write_pack(tmp_path_factory.mktemp("old")))


def changed(folder: Path, *changes: Change) -> RulePack:
    """The small pack with these texts replaced: (file, old, new); a file that is not there is written."""
    root = write_pack(folder)
    for file, before, after in changes:
        text = (root / file).read_text(encoding="utf-8") if before else ""
        assert before in text, f"{file} does not hold {before!r}"
        (root / file).write_text(text.replace(before, after) if before else after, encoding="utf-8")
    return load_pack(root)


def moves(found: PackDifference) -> set[tuple[str, str | None, str | None]]:
    return {(each.rule, each.before.status, each.after.status) for each in found.differences}


# --- who gets what --------------------------------------------------------------------------------------------------------


def test_a_pack_does_not_differ_from_itself(old: RulePack) -> None:
    found = differences(old, old)
    assert (found.differences, found.reworded, found.elsewhere) == ((), (), ())
    assert (found.level, found.at_least, found.is_accepted) == ("none", "0.1.0", True)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param((WEEK_SIX, "id:", "# a comment\nid:"), id="a comment"),
        pytest.param((RENAL, "30 mL/min/1.73m2", "30.00 mL/min/1.73m²"), id="a unit spelled otherwise"),
        pytest.param((WEEK_SIX, "when: weeks", "when: not not weeks"), id="a double negation"),
        pytest.param((WEEK_SIX, "for_at_least: 36 days", "for_more_than: 35 days"), id="the same days in other words"),
        pytest.param((CONSIDER, "when: mild", "when: (stable or mild_to_moderate) and mild"), id="absorption"),
        pytest.param((CONSIDER, "due: 2027-11-01", "due: 2028-11-01"), id="another day of review"),
    ],
)  # fmt: skip
def test_what_changes_nothing_for_anybody_needs_a_patch(old: RulePack, change: Change, tmp_path: Path) -> None:
    found = differences(old, changed(tmp_path, change))
    assert moves(found) == set()
    assert (found.level, found.at_least, found.is_accepted) == ("patch", "0.1.1", False)


# Worked out by hand from tests/verification/small.py: its stops hold back `consider` and `dose`, and no item of theirs is shared.
MOVES = [
    pytest.param(
        (WEEK_SIX, "36 days", "35 days"), "minor", {("week-six", "not indicated", "offered")},
        id="a rule that speaks a day earlier",
    ),
    pytest.param(
        (WEEK_SIX, "36 days", "37 days"), "major", {("week-six", "offered", "not indicated")},
        id="a rule that speaks a day later",
    ),
    pytest.param(
        (SPOILT, "when: spoilt", "when: not spoilt"), "major",
        {("magnesium-spoilt", "offered", "not indicated"), ("magnesium-spoilt", "not indicated", "offered")},
        id="a rule turned round: about knowledge there is no unknown",
    ),
    # While the medicine list is open no antidepressant is known to be unchanged, so nobody was withheld a trial for the kidney alone.
    pytest.param(
        (PRECEDENCE, "  - by: {rule: recent-kidney}\n    holds: {kinds: [consider, dose]}\n    because: Kidneys change.\n", ""), "major",
        {
            ("consider-magnesium", "suppressed", "offered"), ("consider-magnesium", "suppressed", "withheld"),
            ("dose", "suppressed", "offered"), ("dose", "suppressed", "withheld"),
        },
        id="somebody less held back",
    ),
    pytest.param(
        (PRECEDENCE, "holds: {rules: [consider-magnesium]}\n    when_unknown: let pass", "holds: {rules: [consider-magnesium]}"), "major",
        {("consider-magnesium", "offered", "withheld")},
        id="a holder that no longer lets pass",
    ),
    pytest.param(
        ("follow-up/again.yaml", "", "WEEK SIX"), "minor", {("again", None, "offered"), ("again", None, "withheld")},
        id="a new rule that nothing holds back",
    ),
]  # fmt: skip


def again() -> str:
    """`week-six` under another id."""
    return (write_pack_text(WEEK_SIX)).replace("id: week-six", "id: again")


def write_pack_text(file: str) -> str:
    from tests.verification.small import RULES, _rule

    path = file.removesuffix(".yaml")
    return _rule(path, *RULES[path])


@pytest.mark.parametrize(("change", "level", "expected"), MOVES)
def test_each_move_of_a_status_is_found(
    old: RulePack, change: Change, level: str, expected: set[Any], tmp_path: Path
) -> None:
    if change[2] == "WEEK SIX":
        change = (change[0], "", again())
    found = differences(old, changed(tmp_path, change))
    assert moves(found) == expected
    assert found.level == level


def test_a_rule_that_is_gone_is_lost(old: RulePack, tmp_path: Path) -> None:
    found = differences(changed(tmp_path, ("follow-up/again.yaml", "", again())), old)
    assert moves(found) == {("again", "offered", None), ("again", "withheld", None)}
    assert found.level == "major"


def test_a_wider_stop_takes_from_those_it_holds_back(old: RulePack, tmp_path: Path) -> None:
    """`severe-renal` from 30 to 35: of 30 to 34 `moderate-renal` held back already, so only where eGFR may be both."""
    found = differences(old, changed(tmp_path, (RENAL, "below: 30", "below: 35")))
    stop = {(before, after) for rule, before, after in moves(found) if rule == "severe-renal"}
    assert stop == {("not indicated", "offered"), ("withheld", "offered"), ("not indicated", "withheld")}
    assert found.level == "major"
    assert {each.level for each in found.differences if each.rule == "severe-renal"} == {"major"}


def test_a_wider_limit_of_an_item_reaches_all_that_read_it(old: RulePack, tmp_path: Path) -> None:
    found = differences(
        old,
        changed(tmp_path, (ITEMS, "lower_limit: [0.70 mmol/L, 1.7 mg/dL]", "lower_limit: [0.75 mmol/L, 1.82 mg/dL]")),
    )
    assert ("confirm-low", "not indicated", "offered") in moves(found)
    assert ("consider-magnesium", "offered", "suppressed") in moves(found)


@pytest.mark.parametrize(("days", "before", "after"), [(45, "withheld", "offered"), (20, "offered", "withheld")])
def test_a_list_that_stays_current_otherwise(old: RulePack, tmp_path: Path, days: int, before: str, after: str) -> None:
    text = "title: Medicine list\n  of: list\n  current_for: "
    found = differences(old, changed(tmp_path, (ITEMS, f"{text}30 days", f"{text}{days} days")))
    examples = [
        each
        for each in found.differences
        if (each.rule, each.before.status, each.after.status) == ("consider-magnesium", before, after)
    ]
    assert len(examples) == 1
    reviewed = date.fromisoformat(examples[0].record["medicines_reconciled"])
    assert min(days, 30) < (ON - reviewed).days <= max(days, 30)


def test_a_medicine_that_only_the_new_pack_knows(old: RulePack, tmp_path: Path) -> None:
    found = differences(
        old, changed(tmp_path, ("valuesets/ssri.yaml", "entries:\n", "entries:\n  - name: novotraline\n"))
    )
    week_six = [
        each
        for each in found.differences
        if (each.rule, each.before.status, each.after.status) == ("week-six", "withheld", "offered")
    ]
    assert len(week_six) == 1
    assert "novotraline" in [entry["name"] for entry in week_six[0].record["medicines"]]


def test_a_code_that_only_the_new_pack_knows(old: RulePack, tmp_path: Path) -> None:
    more = "entries:\n  - name: novotraline\n    rxnorm: ['99999999']\n"
    known = changed(tmp_path / "old", ("valuesets/ssri.yaml", "entries:\n", "entries:\n  - name: novotraline\n"))
    found = differences(known, changed(tmp_path / "new", ("valuesets/ssri.yaml", "entries:\n", more)))
    coded = [entry for each in found.differences for entry in each.record.get("medicines", []) if "codes" in entry]
    assert coded
    assert coded[0]["codes"] == [{"system": "rxnorm", "code": "99999999"}]


# --- replay ---------------------------------------------------------------------------------------------------------------


def test_who_has_only_a_month_on_record_counts_though_no_example_is_shown(old: RulePack, tmp_path: Path) -> None:
    """Begun some day of a month whose last day is 35 days ago: unknown before, met now. On the day of the examples no month ends so."""
    found = differences(old, changed(tmp_path, (WEEK_SIX, "36 days", "35 days")))
    assert [each.level for each in found.elsewhere] == ["minor"] * len(found.elsewhere)
    assert [each for each in found.elsewhere if "'week-six': withheld becomes offered" in each.says]


def test_every_example_is_so_with_both_packs(old: RulePack, tmp_path: Path) -> None:
    new = changed(tmp_path, (CONSIDER, "at_least: 5", "at_least: 4"), (WEEK_SIX, "36 days", "40 days"))
    found = differences(old, new)
    assert found.differences
    for each in found.differences:
        said = [evaluate(PatientRecord(**each.record), pack, ON)[each.rule].status for pack in (old, new)]
        assert said == [each.before.status, each.after.status]


def test_formulas_that_differ_from_evaluation_are_an_error_not_a_line(
    old: RulePack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seeded fault: what evaluation says of one rule is not what the formulas say."""

    def wrong(pack: RulePack, facts: Any) -> Verdicts:
        verdicts = evaluate_facts(pack, facts)
        return replace(verdicts, statuses={**verdicts.statuses, "week-six": "withheld"})

    monkeypatch.setattr(difference, "evaluate_facts", wrong)
    with pytest.raises(EngineDisagreement, match="'week-six'"):
        differences(old, changed(tmp_path, (WEEK_SIX, "36 days", "35 days")))


BUILT_IN: list[tuple[Change, ...]] = [
    (("safety/severe-renal-impairment.yaml", "below: 30 mL", "below: 35 mL"),),
    (
        ("findings/trial-alongside.yaml", "below: 20", "below: 18"),
        ("workup/ppi-without-magnesium.yaml", "90 days", "60 days"),
    ),
    (
        (
            "items.yaml",
            "lower_limit: [0.70 mmol/L, 1.7 mg/dL, 1.4 meq/L]",
            "lower_limit: [0.80 mmol/L, 1.94 mg/dL, 1.6 meq/L]",
        ),
    ),
    (
        (
            "precedence.yaml",
            "when_unknown: let pass\n    because: >-\n      A body mass",
            "because: >-\n      A body mass",
        ),
    ),
    (("valuesets/ssri.yaml", "    also: [Celexa,", "    also: [Celexa, Novopramum,"),),
]


@pytest.mark.parametrize("changes", BUILT_IN, ids=lambda changes: changes[0][0])
def test_no_generated_patient_is_told_otherwise_without_a_line_for_it(
    changes: Iterable[Change], tmp_path: Path
) -> None:
    """Found by judging records one by one, which knows nothing of Z3."""
    import shutil

    root = Path(shutil.copytree(rules_root(), tmp_path / "rules"))
    for file, before, after in changes:
        text = (root / file).read_text(encoding="utf-8")
        assert before in text
        (root / file).write_text(text.replace(before, after), encoding="utf-8")
    built_in, new = load_pack(), load_pack(root)
    found = moves(differences(built_in, new))
    patients = Patients(built_in, 60)
    for seed in range(150):
        record, on = PatientRecord(**patients.record(seed)), ON
        said = [evaluate_facts(pack, read_facts(record, pack, on)).statuses for pack in (built_in, new)]
        told = {(rule, said[0][rule], said[1][rule]) for rule in new.rules if said[0][rule] != said[1][rule]}
        assert told <= found, f"seed {seed}"


# --- what is said otherwise, and the version ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param((CONSIDER, "text: May be considered.", "text: A trial may be considered."), "text", id="text"),
        pytest.param((CONSIDER, "title: supplementation/consider-magnesium", "title: Consider"), "title", id="title"),
        pytest.param((CONSIDER, "certainty: not graded", "certainty: low"), "certainty", id="certainty"),
        pytest.param((CONSIDER, "strength: D", "strength: C"), "strength", id="strength"),
        pytest.param(
            (CONSIDER, "evidence_against: []", "evidence_against: [phelan-2018]"), "evidence against", id="evidence"
        ),
        pytest.param((WEEK_SIX, "kind: monitor", "kind: inform"), "kind", id="kind"),
    ],
)
def test_what_is_said_otherwise_is_listed_apart_and_is_major(
    old: RulePack, change: Change, field: str, tmp_path: Path
) -> None:
    found = differences(old, changed(tmp_path, change))
    assert [each.field for each in found.reworded] == [field]
    assert found.differences == ()
    assert found.level == "major"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param((ITEMS, "plausible: [0.15, 6.0]", "plausible: [0.20, 6.0]"), "'serum_magnesium' is read otherwise (plausible)", id="plausible"),
        pytest.param((ITEMS, "units: [mmol/L, mg/dL]", "units: [mg/dL, mmol/L]"), "'serum_magnesium' is read otherwise (units)", id="units"),
        pytest.param((PRECEDENCE, "monitor, inform]\nasks", "inform, monitor]\nasks"), "the order of kinds", id="order of kinds"),
        pytest.param(("review.yaml", "", "grace: 90 days\nstay: [urgent, stop]\n"), "a review that is late", id="reviews lapse"),
    ],
)  # fmt: skip
def test_what_is_not_decided_or_shown_otherwise_is_never_taken_for_nothing(
    old: RulePack, change: Change, says: str, tmp_path: Path
) -> None:
    found = differences(old, changed(tmp_path, change))
    assert [each for each in found.elsewhere if says in each.says]
    assert found.level == "major"


@pytest.mark.parametrize(
    ("version", "level", "after"),
    [
        ("0.1.4", "none", "0.1.4"),
        ("0.1.4", "patch", "0.1.5"),
        ("0.1.4", "minor", "0.2.0"),
        ("0.1.4", "major", "1.0.0"),
        ("2.9.9", "minor", "2.10.0"),
    ],
)
def test_the_next_version(version: str, level: Any, after: str) -> None:
    assert next_version(version, level) == after


@pytest.mark.parametrize(
    ("version", "accepted"),
    [("0.1.0", False), ("0.1.9", False), ("0.0.9", False), ("0.2.0", True), ("0.10.0", True), ("1.0.0", True)],
)
def test_a_version_that_says_too_little_is_refused(old: RulePack, version: str, accepted: bool, tmp_path: Path) -> None:
    """The change is minor: a new suggestion for some."""
    new = changed(tmp_path, (WEEK_SIX, "36 days", "35 days"))
    found = differences(old, replace(new, version=version))
    assert (found.at_least, found.is_accepted) == ("0.2.0", accepted)
