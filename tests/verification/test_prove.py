"""`mgcds prove` on the built-in pack: everything is proved, nothing is empty, and the command says so."""

import builtins
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import z3

from mgcds.cli import main
from mgcds.loading import load_pack
from mgcds.model.rule import HoldsBack
from mgcds.scenarios.features import features_root, find_features
from mgcds.scenarios.proved import Proof, prove, proved_examples
from mgcds.scenarios.proving import Report, lines, prove_pack, to_dict
from mgcds.verification import symbolic
from mgcds.verification.monotone import check_monotone
from mgcds.verification.symbolic import Kleene
from tests.verification.small import small_pack, write_pack

FEATURE = 'Feature: F\n  Scenario: kidneys\n    Given any patient\n    And the eGFR is below "30 mL/min/1.73m2"\n    When the record is evaluated\n'


@pytest.fixture(scope="module")
def report() -> Report:
    return prove_pack(load_pack(), find_features(features_root() / "invariants"))


def test_everything_is_proved_of_the_built_in_pack(report: Report) -> None:
    assert [(proof.place, proof.says, proof.problem) for proof in report.unproved] == []
    assert [flaw.says for flaw in report.flaws] == []


def test_there_are_invariants_and_each_rests_on_a_rule(report: Report) -> None:
    assert len({(proof.place, *proof.example.row.values()) for proof in report.proofs}) >= 25
    assert all(proof.rests_on for proof in report.proofs)


def test_all_proofs_are_made_within_ten_seconds_of_processor_time(report: Report) -> None:
    assert sum(proof.seconds for proof in report.proofs) < 10


def test_every_exception_is_one_that_precedence_gives_a_reason_for(report: Report) -> None:
    """Not knowing lets pass only through these: read in `precedence.yaml`."""
    holders = {holder for found in load_pack().holders.values() for holder in found}
    lets_pass = {holder.by for holder in holders if holder.lets_pass}
    assert {each.holder for each in report.exceptions} - lets_pass == {"high-magnesium-not-rechecked"}
    assert all(each.because for each in report.exceptions)
    assert ("hypermagnesaemia", "serum_magnesium") in {(each.holder, each.item) for each in report.exceptions}


def test_the_report_can_be_read_and_is_plain_data(report: Report) -> None:
    text = " ".join(" ".join(lines(report)).split())
    assert "Nothing is wrong." in text
    assert "it would not be, if 'severe-renal-impairment' held nothing back" in text
    assert json.loads(json.dumps(to_dict(report)))["clean"] is True


# --- seeded faults ------------------------------------------------------------------------------------------------------------


def test_a_statement_that_no_rule_could_break_is_no_proof(tmp_path: Path) -> None:
    """The small pack has no rule of kind interaction: that none is offered rests on nothing."""
    pack = small_pack(tmp_path)
    path = tmp_path / "f.feature"
    path.write_text(FEATURE + '    Then no suggestion of kind "interaction" is offered\n', encoding="utf-8")
    [proof] = proofs_of(path, pack)
    assert not proof.is_proved
    assert "it says nothing about them" in str(proof.problem)


def proofs_of(path: Path, pack: Any) -> list[Proof]:
    return [proof for example in proved_examples([path]) for proof in prove(example, pack)]


def test_a_lost_holder_refutes_with_a_patient(tmp_path: Path) -> None:
    pack = small_pack(tmp_path)
    path = tmp_path / "f.feature"
    path.write_text(FEATURE + '    Then no suggestion of kind "consider" is offered\n', encoding="utf-8")
    assert [str(change) for change in proofs_of(path, pack)[0].rests_on] == ["if 'severe-renal' held nothing back"]
    fewer = tuple(holder for holder in pack.holders["consider-magnesium"] if holder.by != "severe-renal")
    [proof] = proofs_of(path, replace(pack, holders={**pack.holders, "consider-magnesium": fewer}))
    assert proof.refuted is not None
    assert proof.refuted.assessment["consider-magnesium"].status == "offered"
    assert "Scenario" in proof.refuted.scenario()


def test_what_z3_cannot_decide_is_not_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.feature"
    path.write_text(FEATURE + '    Then no suggestion of kind "consider" is offered\n', encoding="utf-8")
    asked, right = list[int](), z3.Solver.check

    def undecided(solver: z3.Solver, *wanted: Any) -> Any:
        """All but the first question, whether there is such a patient at all."""
        asked.append(len(wanted))
        return right(solver, *wanted) if len(asked) == 1 else z3.unknown

    monkeypatch.setattr(z3.Solver, "check", undecided)
    [proof] = proofs_of(path, small_pack(tmp_path / "pack"))
    assert not proof.is_proved
    assert "Z3 cannot decide whether there is such a patient" in str(proof.problem)
    assert len(asked) == 2


def test_premises_that_no_patient_meets_prove_nothing(tmp_path: Path) -> None:
    path = tmp_path / "f.feature"
    contradiction = '    And the eGFR is at least "60 mL/min/1.73m2"\n    When'
    text = FEATURE.replace("    When", contradiction) + '    Then no suggestion of kind "consider" is offered\n'
    path.write_text(text, encoding="utf-8")
    [proof] = proofs_of(path, small_pack(tmp_path / "pack"))
    assert not proof.is_proved
    assert "no patient is like this" in str(proof.problem)


def test_a_verdict_that_not_knowing_turns_round_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown_is_met(fact: Any, within: int | None, truth: Kleene) -> Kleene:
        return Kleene(z3.Or(truth.true, z3.Not(fact.known)), z3.And(fact.known, truth.false))

    pack = small_pack(tmp_path)
    assert [flaw for found in check_monotone(replace(pack)) for flaw in found.flaws] == []
    monkeypatch.setattr(symbolic, "_if_known", unknown_is_met)
    flaws = [flaw for found in check_monotone(replace(pack, items=dict(pack.items))) for flaw in found.flaws]
    assert any("from met to not met" in flaw.says and "severe-renal" in flaw.about for flaw in flaws)


def test_a_holder_that_lets_pass_is_listed_with_its_reason(tmp_path: Path) -> None:
    pack = small_pack(tmp_path)
    lenient = HoldsBack("pregnancy", ("consider-magnesium", "dose"), True, "seeded")
    holders = {
        rule: tuple(lenient if holder.by == "pregnancy" else holder for holder in found)
        for rule, found in pack.holders.items()
    }
    found = [each for found in check_monotone(replace(pack, holders=holders)) for each in found.lets_through]
    assert ("pregnancy", "pregnancy", "seeded") in {(each.holder, each.item, each.because) for each in found}


# --- the command --------------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["prove", *arguments])
    return int(ended.value.code or 0)


@pytest.fixture
def feature(tmp_path: Path) -> Path:
    (tmp_path / "features").mkdir()
    path = tmp_path / "features" / "f.feature"
    path.write_text(FEATURE + '    Then no suggestion of kind "consider" is offered\n', encoding="utf-8")
    return path.parent


def test_the_command_ends_with_0_1_or_2(tmp_path: Path, feature: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_pack(tmp_path / "pack")
    assert run(str(root), "--features", str(feature)) == 0
    assert "Nothing is wrong." in " ".join(capsys.readouterr().out.split())
    stop = root / "safety" / "severe-renal.yaml"
    stop.write_text(stop.read_text().replace("below: 30", "below: 20"), encoding="utf-8")
    copy = root.rename(tmp_path / "other")
    assert run(str(copy), "--features", str(feature), "--format", "json") == 1
    written = json.loads(capsys.readouterr().out)
    assert "eGFR" in written["scenarios"][0]["counterexample"]
    assert run(str(copy), "--features", str(tmp_path / "nowhere")) == 2
    assert "no .feature file" in capsys.readouterr().err


def test_without_z3_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real: Callable[..., Any] = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "mgcds.scenarios" and "proving" in (rest[2] or ()):
            raise ImportError("No module named 'z3'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert run() == 2
    assert "pip install 'mgcds[verify]'" in capsys.readouterr().err
