"""The independent check: what evaluation writes passes, what was tampered with fails and the place is named."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mgcds.errors import RecordError
from mgcds.verification import checker, reported
from mgcds.verification.verify import read_assessments, verify
from tests.agreement.generate import Patients
from tests.cli.running import AMARA, ON, mgcds
from tests.verification.run_checker import discrepancies, many_patients
from tests.verification.tampering import BASES, Said, leaf, of, original, steps

MOST_LINES = 120
GENERATED = 600

CONFIRM, LATENT, TRIAL = "confirm-low-magnesium", "latent-magnesium-zone", "supplement-alongside-therapy"
LOW_MG = "serum magnesium below the lower limit"
ZONE = "serum magnesium below 0.85 mmol/L or 2.07 mg/dL or 1.7 meq/L"
EGFR = "eGFR at least 30 mL/min/1.73m2 and below 60 mL/min/1.73m2"


def wrong(said: Said, record: Said) -> list[str]:
    """What the checks find without the pack."""
    return checker.check(said) + reported.check(said, record)


def found(said: Said, item: str) -> Said:
    known: Said = said["proof"]["found"][item]
    return known


def swap(said: Said, rule: str) -> None:
    """`all of` for `any of`, and the other way round."""
    step = next(step for step in steps(said, rule) if step["joined"] in ("all of", "any of"))
    step["joined"] = {"all of": "any of", "any of": "all of"}[step["joined"]]


# Base, what is changed (assessment, record), and what a complaint must begin with.
TAMPERED = [
    # verdicts and steps
    pytest.param(
        "low",
        lambda s, r: leaf(s, CONFIRM, "serum_magnesium").update(verdict="not met"),
        f"{CONFIRM}: {LOW_MG}: verdict",
        id="a verdict flipped",
    ),
    pytest.param(
        "low",
        lambda s, r: leaf(s, "bradycardia", "heart_rate").update(verdict="not met"),
        "bradycardia: ",
        id="an unknown made not met",
    ),
    pytest.param(
        "low",
        lambda s, r: steps(s, CONFIRM)[0].update(verdict="unknown"),
        f"{CONFIRM}: all of: verdict",
        id="a joined verdict changed",
    ),
    pytest.param(
        "low", lambda s, r: steps(s, CONFIRM)[0]["parts"].pop(), f"{CONFIRM}: line of steps", id="a step removed"
    ),
    pytest.param(
        "low",
        lambda s, r: steps(s, CONFIRM)[0]["parts"].append(leaf(s, TRIAL, "phq9")),
        f"{CONFIRM}: line of steps",
        id="a step added",
    ),
    pytest.param("low", lambda s, r: swap(s, CONFIRM), f"{CONFIRM}: line of steps", id="a joining word changed"),
    pytest.param(
        "low",
        lambda s, r: swap(s, "severe-renal-impairment"),
        "severe-renal-impairment: line of steps",
        id="or made and",
    ),
    pytest.param(
        "low",
        lambda s, r: steps(s, CONFIRM)[0]["parts"].reverse(),
        f"{CONFIRM}: line of steps",
        id="steps in another order",
    ),
    pytest.param(
        "low",
        lambda s, r: leaf(s, CONFIRM, "serum_magnesium").update(says=ZONE),
        f"{CONFIRM}: line of steps",
        id="another criterion named",
    ),
    pytest.param(
        "low",
        lambda s, r: leaf(s, CONFIRM, "serum_magnesium").update(about="egfr"),
        f"{CONFIRM}: {LOW_MG}: about",
        id="a step about another item",
    ),
    pytest.param(
        "low",
        lambda s, r: s["proof"]["rules"][CONFIRM].update(when=f"[{LOW_MG}]"),
        f"{CONFIRM}: line of steps",
        id="the line of a rule changed",
    ),
    # statuses and holders
    pytest.param(
        "low",
        lambda s, r: of(s, TRIAL).update(status="offered"),
        f"{TRIAL}: status",
        id="a suppressed suggestion offered",
    ),
    pytest.param(
        "low",
        lambda s, r: of(s, "bradycardia").update(status="not indicated", missing=[]),
        "bradycardia: status",
        id="a withheld suggestion not indicated",
    ),
    pytest.param(
        "plain",
        lambda s, r: of(s, LATENT).update(status="withheld"),
        f"{LATENT}: status",
        id="an offered suggestion withheld",
    ),
    pytest.param(
        "low",
        lambda s, r: of(s, TRIAL).update(held_back_by=[]),
        f"{TRIAL}: held back by",
        id="what holds back left out",
    ),
    pytest.param(
        "low",
        lambda s, r: of(s, TRIAL).update(held_back_by=["bipolar-disorder"]),
        f"{TRIAL}: held back by",
        id="another rule holds back",
    ),
    pytest.param(
        "low",
        lambda s, r: s["proof"]["rules"][TRIAL]["held_back_by"].pop(CONFIRM),
        f"{TRIAL}: status",
        id="a holder removed",
    ),
    pytest.param(
        "trial", lambda s, r: of(s, TRIAL).update(let_pass=[]), f"{TRIAL}: let pass", id="what was let pass left out"
    ),
    pytest.param(
        "trial",
        lambda s, r: s["proof"]["rules"][TRIAL]["held_back_by"].update(bradycardia=False),
        f"{TRIAL}: status",
        id="a holder no longer lets pass",
    ),
    pytest.param(
        "plain",
        lambda s, r: of(s, "trial-partial-response").update(status="offered", held_back_by=[], missing=[]),
        "trial-partial-response: status",
        id="a rejected value let pass",
    ),
    pytest.param(
        "plain",
        lambda s, r: s["unknown"]["heart_rate"].update(reason="missing"),
        "trial-partial-response: status",
        id="a rejected value called missing",
    ),
    pytest.param(
        "low", lambda s, r: s["suggestions"].remove(of(s, CONFIRM)), "suggestions: rules", id="a rule removed"
    ),
    pytest.param(
        "low", lambda s, r: s["suggestions"].append(of(s, CONFIRM)), "suggestions: rules", id="a rule doubled"
    ),
    pytest.param(
        "low", lambda s, r: s["proof"]["rules"].pop(CONFIRM), "suggestions: rules", id="a rule left out of the list"
    ),
    pytest.param(
        "low",
        lambda s, r: of(s, "bradycardia").update(missing=[["egfr"]]),
        "bradycardia: missing data",
        id="known data called missing",
    ),
    pytest.param(
        "low",
        lambda s, r: of(s, TRIAL).update(missing=[["qtc"]]),
        f"{TRIAL}: missing data",
        id="missing data of what was not withheld",
    ),
    # values, limits, freshness
    pytest.param(
        "low",
        lambda s, r: found(s, "serum_magnesium").update(low="0.84", high="0.84"),
        f"{CONFIRM}: {LOW_MG}: verdict",
        id="a value changed",
    ),
    pytest.param(
        "low",
        lambda s, r: found(s, "potassium").update(low="4.0", high="4.0"),
        "potassium: range",
        id="a value changed that decides nothing",
    ),
    pytest.param("plain", lambda s, r: found(s, "egfr").pop("open"), "egfr: range", id="an open end closed"),
    pytest.param("plain", lambda s, r: found(s, "egfr").update(high="90"), "egfr: range", id="an end invented"),
    pytest.param(
        "low",
        lambda s, r: found(s, "serum_magnesium").update(lower="3/5"),
        f"{CONFIRM}: {LOW_MG}: verdict",
        id="the laboratory's limit changed",
    ),
    pytest.param(
        "plain",
        lambda s, r: found(s, "serum_magnesium").update(upper="11/10"),
        "serum_magnesium: range",
        id="a laboratory's limit that decides nothing",
    ),
    pytest.param(
        "plain",
        lambda s, r: s["proof"]["criteria"][ZONE]["limits"][0].update({"mmol/L": "below 0.70"}),
        f"{LATENT}: {ZONE}: verdict",
        id="a limit changed",
    ),
    pytest.param(
        "plain",
        lambda s, r: s["proof"]["criteria"][ZONE]["limits"][0].update({"mmol/L": "at most 0.85"}),
        f"{LATENT}: {ZONE}: limit",
        id="a limit made inclusive",
    ),
    pytest.param(
        "plain",
        lambda s, r: leaf(s, LATENT, "serum_magnesium").update(limit="below 0.95 mmol/L"),
        f"{LATENT}: {LOW_MG}: limit",
        id="another limit shown",
    ),
    pytest.param(
        "plain",
        lambda s, r: s["proof"]["criteria"][ZONE].update(within=7),
        f"{LATENT}: {ZONE}: verdict",
        id="fresh for fewer days",
    ),
    pytest.param(
        "plain",
        lambda s, r: found(s, "serum_magnesium").update(current_for=7),
        "serum_magnesium: as unknown",
        id="a value made stale",
    ),
    pytest.param(
        "plain",
        lambda s, r: found(s, "serum_magnesium").update(days=8),
        "serum_magnesium: days",
        id="younger than its date",
    ),
    pytest.param(
        "plain",
        lambda s, r: found(s, "serum_magnesium").update(dated="2026-11-20", days=1),
        "serum_magnesium: no '0.74 mmol/L' of 2026-11-20",
        id="a date moved",
    ),
    pytest.param(
        "plain",
        lambda s, r: found(s, "serum_magnesium").update(unit="mg/dL"),
        f"{LATENT}: {ZONE}: limit",
        id="a unit swapped",
    ),
    pytest.param(
        "plain",
        lambda s, r: found(s, "serum_magnesium").update(found="0.84 mmol/L"),
        "serum_magnesium: no '0.84 mmol/L'",
        id="another value shown",
    ),
    pytest.param(
        "plain",
        lambda s, r: found(s, "serum_magnesium").update(source="Observation/mg-2"),
        "serum_magnesium: no",
        id="another source",
    ),
    # the record
    pytest.param(
        "low",
        lambda s, r: r["serum_magnesium"].update(value="0.84 mmol/L"),
        "serum_magnesium: no '0.64 mmol/L'",
        id="the record says another value",
    ),
    pytest.param(
        "plain",
        lambda s, r: r["serum_magnesium"].append({"value": "0.45 mmol/L", "date": "2026-11-15"}),
        "serum_magnesium: newer",
        id="a newer result in the record",
    ),
    pytest.param(
        "plain",
        lambda s, r: r.update(pregnancy={"value": "pregnant", "date": "2026-11-10"}),
        "pregnancy: no 'not pregnant'",
        id="the record says another state",
    ),
    pytest.param("plain", lambda s, r: r.update(birth_date="2010-03-14"), "age: value", id="another day of birth"),
    pytest.param(
        "plain",
        lambda s, r: r.update(planned_surgery="2026-11-25"),
        "days_to_surgery: value",
        id="another day of surgery",
    ),
    pytest.param(
        "plain",
        lambda s, r: found(s, "phq9_fall").update(low="9", high="9"),
        "phq9_fall: value",
        id="another fall of the PHQ-9",
    ),
    pytest.param(
        "plain",
        lambda s, r: r["phq9_forms"][0]["answers"].__setitem__(0, 0),
        "phq9: no '10 to 13'",
        id="another answer in the form",
    ),
    pytest.param("plain", lambda s, r: r["medicines"].pop(), "ppi: not in the list", id="a medicine not in the record"),
    pytest.param(
        "plain",
        lambda s, r: s["proof"]["members"]["antidepressant"]["running"].update(low="30"),
        "antidepressant: days",
        id="a duration that no date gives",
    ),
    pytest.param(
        "plain", lambda s, r: r.pop("conditions"), "conditions: complete", id="a list that is not there called complete"
    ),
    pytest.param(
        "plain",
        lambda s, r: r.update(qtc={"value": "510 ms", "date": "2026-11-19"}),
        "qtc: missing",
        id="a result called missing",
    ),
    # what is unknown
    pytest.param(
        "plain", lambda s, r: s["unknown"].clear(), "heart_rate: as unknown", id="the list of the unknown emptied"
    ),
    pytest.param(
        "plain",
        lambda s, r: s["problems"].clear(),
        "heart_rate: named among the problems",
        id="the list of problems emptied",
    ),
    pytest.param(
        "plain",
        lambda s, r: s["unknown"].update(egfr={"reason": "missing", "detail": ""}),
        "egfr: as unknown",
        id="a known value called unknown",
    ),
    pytest.param(
        "plain", lambda s, r: s.update(on="2026-12-21"), "serum_magnesium: days", id="another day of evaluation"
    ),
    pytest.param("plain", lambda s, r: s.pop("proof"), "assessment: does not hold together", id="no proof"),
]


@pytest.mark.parametrize(("base", "tamper", "place"), TAMPERED)
def test_a_tampered_assessment_fails_and_the_place_is_named(
    base: str, tamper: Callable[[Said, Said], Any], place: str
) -> None:
    said, record = original(base)
    tamper(said, record)
    complaints = wrong(said, record)
    assert any(complaint.startswith(place) for complaint in complaints), complaints


def test_there_are_fifty_ways_to_tamper() -> None:
    assert len({each.id for each in TAMPERED}) == len(TAMPERED) >= 50


@pytest.mark.parametrize("base", BASES)
def test_what_was_not_tampered_with_passes(base: str) -> None:
    said, record = original(base)
    assert wrong(said, record) == []
    assert verify(said, record).same_pack


def test_the_cases_meet_every_status_and_something_let_pass() -> None:
    suggestions = [each for base in BASES for each in original(base)[0]["suggestions"]]
    assert {each["status"] for each in suggestions} == {"offered", "suppressed", "withheld", "not indicated"}
    assert any(each["let_pass"] for each in suggestions)


@pytest.mark.parametrize(
    ("part", "name", "change"),
    [
        pytest.param("criteria", EGFR, {"within": 3650}, id="fresh for longer"),
        pytest.param("rules", "severe-renal-impairment", {"held_back_by": {CONFIRM: True}}, id="a holder of another rule"),
    ],
)  # fmt: skip
def test_rules_that_are_not_those_of_the_pack_are_named(part: str, name: str, change: Said) -> None:
    said, record = original("low")
    said["proof"][part][name].update(change)
    assert wrong(said, record) == [], "by itself it is as consistent as it was"
    assert f"{name}: not as the pack of that digest has it ({part})" in verify(said, record).discrepancies


def test_a_criterion_left_out_of_the_pack_is_named() -> None:
    said, record = original("low")
    del said["proof"]["rules"]["bowel-disease"]
    assert "bowel-disease: not as the pack of that digest has it (rules)" in verify(said, record).discrepancies


# --- generated patients -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def patients() -> Patients:
    return many_patients()


def test_generated_assessments_pass(patients: Patients) -> None:
    assert {seed: complaints for seed in range(GENERATED) if (complaints := discrepancies(patients, seed))} == {}


def test_an_evaluation_that_takes_unknown_for_not_met_is_found(
    patients: Patients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules["mgcds.model.explanation"].VERDICT, None, "not met")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules["mgcds.model.explanation"].TRUTH, "not met", False)  # type: ignore[attr-defined]
    assert all(discrepancies(patients, seed) for seed in range(5))


# --- independence -----------------------------------------------------------------------------------------------------------


def imported(source: str) -> set[str]:
    """The packages that a source imports."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "mgcds" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("module", [checker, reported])
def test_the_checks_import_the_standard_library_only(module: Any) -> None:
    assert imported(Path(module.__file__).read_text(encoding="utf-8")) <= sys.stdlib_module_names


def test_an_import_of_evaluation_would_be_seen() -> None:
    assert imported("import re\nfrom mgcds.model import evaluation") == {"re", "mgcds"}
    assert imported("from . import evaluation") == {"mgcds"}


def test_the_checker_can_be_read_in_a_sitting() -> None:
    assert len(Path(checker.__file__).read_text(encoding="utf-8").splitlines()) <= MOST_LINES


# --- the command ------------------------------------------------------------------------------------------------------------


def test_the_command_verifies_what_evaluate_wrote(tmp_path: Path) -> None:
    written = mgcds("evaluate", AMARA, *ON, "--format", "json").out
    assert mgcds("verify", "-", AMARA, given=written.encode()).out == f"{AMARA}: verified\n"
    record = Path(AMARA).read_text(encoding="utf-8").replace("0.64 mmol/L", "0.84 mmol/L")
    (tmp_path / "written.json").write_text(written, encoding="utf-8")
    ended = mgcds("verify", str(tmp_path / "written.json"), "-", "--format", "json", given=record.encode())
    assert ended.code == 1
    assert json.loads(ended.out)[0]["discrepancies"][0].startswith("serum_magnesium: no '0.64 mmol/L'")


def test_the_command_verifies_several_in_order(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps(BASES["plain"]), encoding="utf-8")
    written = mgcds("evaluate", AMARA, str(other), *ON, "--format", "json", "--jurisdiction", "uk").out.encode()
    assert mgcds("verify", "-", AMARA, str(other), given=written).out == f"{AMARA}: verified\n{other}: verified\n"
    assert mgcds("verify", "-", str(other), AMARA, given=written).code == 1
    assert mgcds("verify", "-", AMARA, given=written).code == 2


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param([], "holds no assessment", id="none"),
        pytest.param({"egfr": "25 mL/min/1.73m2"}, "is no assessment", id="a record"),
        pytest.param(5, "is no assessment", id="a number"),
    ],
)
def test_what_is_no_assessment_is_refused(given: Any, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        read_assessments(given)


def test_an_assessment_without_proof_or_day_is_refused() -> None:
    said, _ = original("low")
    with pytest.raises(RecordError, match="'on' is no day"):
        read_assessments({**said, "on": "soon"})
    with pytest.raises(RecordError, match="carries no proof"):
        read_assessments({key: value for key, value in said.items() if key != "proof"})
