"""Every suggestion shows its whole basis, whatever its status; and what it shows is what the record and the rule say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from mgcds import evaluate, what_if
from mgcds.loading import load_pack
from mgcds.model import basis as basis_module
from mgcds.model.assessment import Assessment, Suggestion
from mgcds.model.basis import Basis, problem_texts
from mgcds.model.criterion import ABOUT_KNOWLEDGE, Documented
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.facts import DataProblem, Gap, known
from mgcds.model.pack import RulePack
from tests.agreement.generate import Patients

PACK = load_pack()
ON = date(2026, 11, 21)
AMARA = yaml.safe_load((Path(__file__).parents[2] / "examples" / "amara.yaml").read_text(encoding="utf-8"))
EACH = 2  # suggestions looked at of each rule in each status


# --- over every rule and status ---------------------------------------------------------------------------------------------------


def reachable(pack: RulePack) -> set[tuple[str, str]]:
    """Rules in the statuses they can have: one that asks about knowledge alone is never unknown, one that nothing holds back never
    suppressed.
    """
    found = set[tuple[str, str]]()
    for rule in pack.rules:
        known_or_not = all(isinstance(pack.criteria[key], ABOUT_KNOWLEDGE) for key in pack.criteria_of[rule])
        found |= {(rule, "offered"), (rule, "not indicated")}
        found |= {(rule, "suppressed")} if pack.holders[rule] else set()
        found |= {(rule, "withheld")} if pack.holders[rule] or not known_or_not else set()
    return found


@cache
def patients_of_the_pack() -> Patients:
    return Patients(PACK, 2000)


def met_with(pack: RulePack, patients: int = 8000) -> Iterator[Suggestion]:
    """Suggestions of every rule in every status that generated patients bring about."""
    seen: Counter[tuple[str, str]] = Counter()
    generated, wanted = patients_of_the_pack(), reachable(PACK)
    for seed in range(patients):
        if all(seen[pair] >= EACH for pair in wanted):
            return
        facts = generated.facts(seed)
        assessment = Assessment(facts.on, pack, facts, evaluate_facts(pack, facts))
        for suggestion in assessment.suggestions:
            pair = (suggestion.id, suggestion.status)
            seen[pair] += 1
            if seen[pair] <= EACH:
                yield suggestion


@pytest.fixture(scope="module")
def suggestions() -> list[Suggestion]:
    return list(met_with(PACK))


def test_every_rule_is_met_with_in_every_status_it_can_have(suggestions: list[Suggestion]) -> None:
    assert reachable(PACK) - {(suggestion.id, suggestion.status) for suggestion in suggestions} == set()


MUST_SAY_SOMETHING = (
    *("rule", "version", "status", "kind", "title", "text", "purpose", "intended_user", "population", "not_for"),
    *("options", "logic", "certainty", "strength", "limits", "harms", "not_studied", "could_change", "evidence_for"),
    *("review_status", "review_due", "pack_version", "pack_digest"),
)
MAY_BE_NONE = ("used", "not_usable", "evidence_against", "holders")  # said to be none by an empty list


def lacking(basis: Basis) -> list[str]:
    """Parts that are not there or say nothing."""
    found = basis.to_dict()
    lacks = [part for part in MUST_SAY_SOMETHING if not found.get(part)]
    lacks += [part for part in MAY_BE_NONE if not isinstance(found.get(part), list | tuple)]
    lacks += [] if found["used"] or found["not_usable"] else ["inputs"]
    for part in ("purpose", "intended_user", "population", "not_for"):
        lacks += [f"{part}: text and source"] if not _is_sourced(found[part]) else []
    for part in ("options", "harms", "limits", "not_studied"):
        lacks += [f"{part}: text and source" for statement in found[part] if not _is_sourced(statement)]
    for entry in (*found["evidence_for"], *found["evidence_against"]):
        lacks += [f"{entry['id']}: {key}" for key in ("citation", "effect", "verified", "limits") if not entry.get(key)]
    lacks += [f"{holder['rule']}: because" for holder in found["holders"] if not holder["because"]]
    if "nothing" not in " ".join(option["text"] for option in found["options"]):
        lacks.append("doing nothing as an option")
    return lacks


def _is_sourced(statement: dict[str, Any]) -> bool:
    return bool(statement["text"]) and bool(statement["evidence"]) is not bool(statement["source"])


def test_each_has_all_parts_of_its_basis(suggestions: list[Suggestion]) -> None:
    assert len(suggestions) > 150
    for suggestion in suggestions:
        assert lacking(suggestion.basis) == [], f"{suggestion.id}, {suggestion.status}"


Spoil = Callable[[RulePack], RulePack]


def _texts(**parts: Any) -> Spoil:
    return lambda pack: replace(pack, texts=replace(pack.texts, **parts))


def _rules(**parts: Any) -> Spoil:
    return lambda pack: replace(
        pack, rules={name: replace(rule, suggest=replace(rule.suggest, **parts)) for name, rule in pack.rules.items()}
    )


def _without(part: str, kind: str) -> Spoil:
    def spoil(pack: RulePack) -> RulePack:
        statements = getattr(pack.texts, part)
        return _texts(**{part: tuple(replace(one, kinds=one.kinds - {kind}) for one in statements)})(pack)

    return spoil


def _reasonless(pack: RulePack) -> RulePack:
    holders = {rule: tuple(replace(one, because="") for one in held) for rule, held in pack.holders.items()}
    return replace(pack, holders=holders)


@pytest.mark.parametrize(
    ("spoil", "lacks"),
    [
        pytest.param(_texts(harms=()), "harms", id="no harms"),
        pytest.param(_without("harms", "inform"), "harms", id="no harms of one kind"),
        pytest.param(_without("options", "urgent"), "options", id="no options of one kind"),
        pytest.param(_texts(limits=()), "limits", id="no limits"),
        pytest.param(_texts(not_studied=()), "not_studied", id="no populations that were not studied"),
        pytest.param(
            _texts(purpose=replace(PACK.texts.purpose, source="")), "purpose: text and source", id="a text without source"
        ),
        pytest.param(_rules(evidence_for=()), "evidence_for", id="no evidence for"),
        pytest.param(_rules(text=""), "text", id="no text"),
        pytest.param(_reasonless, "severe-renal-impairment: because", id="a holder without reason"),
        pytest.param(
            lambda pack: replace(pack, evidence={key: replace(one, effect="") for key, one in pack.evidence.items()}),
            "phelan-2018: effect", id="evidence without effect",
        ),
        pytest.param(
            _texts(options=tuple(replace(one, text="Take magnesium.") for one in PACK.texts.options)),
            "doing nothing as an option", id="nothing but magnesium",
        ),
        pytest.param(lambda pack: replace(pack, digest=""), "pack_digest", id="no digest"),
    ],
)  # fmt: skip
def test_a_pack_that_lacks_a_part_is_found(spoil: Spoil, lacks: str) -> None:
    found = [lack for suggestion in met_with(spoil(PACK), 5) for lack in lacking(suggestion.basis)]
    assert lacks in found


# --- inputs -------------------------------------------------------------------------------------------------------------------------


def astray(suggestion: Suggestion) -> list[str]:
    """Items whose reading, or whose want, the basis does not show as the facts have it."""
    basis, pack, facts = suggestion.basis, suggestion._of.pack, suggestion._of.facts
    parts = [suggestion.id, *(holder.by for holder in pack.holders[suggestion.id])]
    criteria = [pack.criteria[key] for part in parts for key in pack.criteria_of[part]]
    read = {item for part in parts for item in pack.reads[part]}
    read |= {one.since for one in criteria if isinstance(one, Documented) and one.since}
    used, wanting = {one.about: one for one in basis.used}, {one.about: one for one in basis.not_usable}
    faults = [f"{item} is not shown" for item in read - used.keys() - wanting.keys()]
    faults += [f"{item} is not read" for item in used.keys() | wanting.keys() if item not in read]
    for item in read & pack.items.keys():
        found = known(facts, item)
        if isinstance(found, Gap):
            shown = wanting.get(item)
            faults += [f"{item} is {found.reason}"] if shown is None or shown.reason != found.reason else []
        elif item in used and found is not None and (not used[item].value or used[item].source != found.source):
            faults.append(f"{item} has another value or source")
        elif item in wanting and item not in used and wanting[item].reason != "stale":
            faults.append(f"{item} is known")
    return faults


def test_every_item_that_decides_is_shown_with_its_value_or_its_want(suggestions: list[Suggestion]) -> None:
    for suggestion in suggestions:
        assert astray(suggestion) == [], f"{suggestion.id}, {suggestion.status}"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param("_asked", lambda criterion, pack: [], id="nothing is shown"),
        pytest.param("known", lambda facts, item: Gap("missing", "not looked for"), id="all is said to be missing"),
        pytest.param("_listed", lambda *given: "", id="the members of a list are left out"),
    ],
)
def test_an_input_astray_is_found(name: str, fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basis_module, name, fault)
    assert any(astray(suggestion) for suggestion in met_with(PACK, 5))


def test_amara_by_hand() -> None:
    """examples/amara.yaml on 2026-11-21; 12 to 21 November are 9 days, 10 October to 21 November are 42."""
    basis = evaluate(AMARA, on=ON)["confirm-low-magnesium"].basis
    magnesium = basis.used[0]
    assert (magnesium.title, magnesium.value, magnesium.unit) == ("Serum magnesium", "0.64 mmol/L", "mmol/L")
    assert (magnesium.dated, magnesium.days, magnesium.current_for) == ("2026-11-12T08:20:00+01:00", 9, (90,))
    assert (magnesium.source, magnesium.read_by) == ("Observation/mg-1", "the rule")
    assert magnesium.limits[0] == "lower limit 0.7 mmol/L: the laboratory's own limit"
    assert len(magnesium.problems) == 1
    assert "2.0 of 2025-02-01" in magnesium.problems[0]
    assert basis.status == "offered"
    assert [entry.id for entry in basis.evidence_against] == ["phelan-2018"]

    trial = evaluate(AMARA, on=ON)["supplement-alongside-therapy"].basis
    egfr = next(found for found in trial.used if found.about == "egfr")
    assert (egfr.days, egfr.read_by, set(egfr.current_for)) == (42, "what could hold it back", {90, 365, None})
    medicines = next(found for found in trial.used if found.about == "medicines")
    assert "antidepressants: Sertraline 100 mg tablet" in medicines.value
    wanting = {found.about: found.reason for found in trial.not_usable}
    assert wanting.items() >= {"qtc": "missing", "suicide_risk_assessment": "missing"}.items()
    assert wanting.keys().isdisjoint({"egfr", "phq9", "medicines", "serum_magnesium"})
    effects = {holder.rule: holder.effect for holder in trial.holders}
    assert effects["confirm-low-magnesium"] == "applies"
    assert effects["severe-renal-impairment"] == "does not apply"
    assert effects["acute-suicide-risk"] == "not assessed, and let pass"
    assert trial.strength == "C - single or conflicting trials"


def test_a_value_too_old_and_a_default_limit_are_told() -> None:
    """eGFR of 366 days, current for 365; a magnesium without the laboratory's own limits."""
    record = {"recorded": "2026-11-20", "egfr": {"value": "90 mL/min/1.73m2", "date": "2025-11-20"},
              "serum_magnesium": "0.6 mmol/L"}  # fmt: skip
    assessment = evaluate(record, on=ON)
    (egfr,) = [found for found in assessment["moderate-renal-impairment"].basis.not_usable if found.about == "egfr"]
    assert (egfr.reason, egfr.detail) == ("stale", "90 mL/min/1.73m2, 366 days old, current for 365")
    (magnesium,) = assessment["confirm-low-magnesium"].basis.used
    assert "the default limit" in magnesium.limits[0]


def test_a_value_too_old_for_the_rule_counts_for_what_could_hold_it_back() -> None:
    """At 70 an eGFR of 200 days is too old for recent-kidney-function (90 days), not for moderate-renal-impairment (365)."""
    record = {**AMARA, "birth_date": "1956-01-01", "egfr": {"value": "84 mL/min/1.73m2", "date": "2026-05-05"}}
    assessment = evaluate(record, on=ON)
    (stale,) = [found for found in assessment["recent-kidney-function"].basis.not_usable if found.about == "egfr"]
    assert (stale.reason, stale.detail) == ("stale", "84 mL/min/1.73m2, 200 days old, current for 90")
    (egfr,) = [found for found in assessment["trial-dose"].basis.used if found.about == "egfr"]
    # None: low-kidney-function-not-rechecked reads it however old
    assert (egfr.days, set(egfr.current_for)) == (200, {90, 365, None})
    (age,) = [found for found in assessment["recent-kidney-function"].basis.used if found.about == "age"]
    assert (age.value, age.dated, age.days) == ("70 years, born 1956-01-01", None, None)


def test_alike_problems_are_told_once_with_their_number() -> None:
    problems = [DataProblem("egfr", "no unit", value=value) for value in ("90", "80", "70")]
    beside = DataProblem("supplements[0]", "its dose", used=True)
    assert problem_texts("egfr", [*problems, beside]) == ("not used: no unit (90 and 2 more)",)
    assert problem_texts("medicines", [*problems, beside]) == ("used, but its dose",)


# --- what could change it -----------------------------------------------------------------------------------------------------------


def status_if(rule: str, **changes: str) -> str:
    return what_if(AMARA, changes, on=ON).after[rule].status


def test_what_could_change_it_comes_true() -> None:
    """Amara's PHQ-9 of 12 keeps severe-depression-first-line away, alone; 16 would not do, as she takes an antidepressant."""
    assessment = evaluate(AMARA, on=ON)
    (severe,) = assessment["severe-depression-first-line"].basis.could_change
    assert severe == "If this were otherwise: PHQ-9 12 (1 day ago): not at least 20 (8 below 20)."
    assert status_if("severe-depression-first-line", phq9="20") == "offered"
    assert status_if("severe-depression-first-line", phq9="16") == "not indicated"

    (trial,) = assessment["supplement-alongside-therapy"].basis.could_change
    assert trial.startswith(
        "If one of these were otherwise, confirm-low-magnesium could no longer apply: serum magnesium"
    )
    assert status_if("supplement-alongside-therapy", serum_magnesium="0.8 mmol/L") == "offered"

    (critical,) = assessment["severe-hypomagnesaemia"].basis.could_change
    assert critical == "If this were known: QTc."
    assert status_if("severe-hypomagnesaemia", qtc="510 ms") == "offered"


def test_two_criteria_that_do_the_same_change_it_only_together() -> None:
    """A QTc of 480 ms in a man meets both limits, and citalopram is needed besides: it alone would change it."""
    record = {"recorded": "2026-11-20", "sex": "male", "qtc": "480 ms", "potassium": "4 mmol/L",
              "serum_magnesium": "0.8 mmol/L", "age": 50, "medicines": ["citalopram"]}  # fmt: skip
    suggestion = evaluate(record, on=ON)["qt-drug-low-magnesium"]
    assert suggestion.status == "offered"
    assert suggestion.basis.could_change[0] == (
        "If this were otherwise: takes antidepressants whose labels warn of QT prolongation: citalopram."
    )
    assert suggestion.basis.could_change[1] == "If one of the rules applied that could hold it back."


def test_a_seeded_fault_in_what_could_change_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basis_module, "truth_of", lambda rule, criteria, pack: None)
    (severe,) = evaluate(AMARA, on=ON)["severe-depression-first-line"].basis.could_change
    assert "all of these" in severe
