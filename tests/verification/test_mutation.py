"""Mutation and coverage on a small pack whose mutants, survivors and gaps are worked out by hand."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mgcds.errors import ProofError, RecordError
from mgcds.loading import load_pack
from mgcds.model.condition import AllOf, AnyOf, names_of
from mgcds.model.pack import RulePack
from mgcds.scenarios import covering, mutation
from mgcds.scenarios.drafts import write_drafts
from mgcds.scenarios.examples import read_examples
from mgcds.scenarios.features import find_features
from mgcds.scenarios.runner import run as run_scenarios
from mgcds.verification import noticing
from mgcds.verification.equivalence import compare
from mgcds.verification.mutants import mutants_of
from mgcds.verification.noticing import Examples
from tests.cli.running import mgcds

PACK = Path(__file__).parents[1] / "loading" / "pack"
STOP, HELD = "severe-renal-impairment", "consider-magnesium"

ABOUT_THE_STOP = """Feature: Severe renal impairment
  Scenario Outline: below 30, not at it
    Given a patient of whom nothing is known
    And the eGFR is "<egfr> mL/min/1.73m2"
    When the record is evaluated
    Then "severe-renal-impairment" is <stop>

    Examples:
      | egfr | stop          |
      | 29   | offered       |
      | 30   | not indicated |

  Scenario: its kind
    Given a patient of whom nothing is known
    When the record is evaluated
    Then "severe-renal-impairment" is of kind "stop"
    And "severe-renal-impairment" is withheld

  Scenario Outline: it holds back magnesium
    Given a patient of whom nothing is known
    And the serum magnesium is "0.60 mmol/L"
    And the pregnancy is "not pregnant"
    And the eGFR is "<egfr>"
    And the age is "17"
    When the record is evaluated
    Then "consider-magnesium" is <consider>
    And "severe-renal-impairment" is <stop>

    Examples:
      | egfr                | consider   | stop          |
      | 29 mL/min/1.73m2    | suppressed | offered       |
      | <35 mL/min/1.73m2   | withheld   | withheld      |
      | 90 mL/min/1.73m2    | offered    | not indicated |
"""
AT_30 = "      | 30   | not indicated |\n"


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack(PACK)


@pytest.fixture
def features(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        folder = tmp_path / "features" / "safety"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "severe-renal-impairment.feature").write_text(text, encoding="utf-8")
        return folder.parent

    return write


def survivors(where: Path, part: str | None = STOP) -> list[str]:
    result = mutation.mutate(where, PACK, part, processes=1)
    return [outcome.question for outcome in result.outcomes if outcome.fate == "survived"]


# --- the mutants --------------------------------------------------------------------------------------------------------------


def test_the_mutants_of_a_rule_are_these(pack: RulePack) -> None:
    found = [(mutant.what, mutant.where, mutant.instead) for mutant in mutants_of(pack, PACK) if mutant.part == STOP]
    file, limit = "safety/severe-renal-impairment.yaml", "30 mL/min/1.73m2"
    named = f"in 'severe_ckd' of '{STOP}'"
    assert found == [
        ("threshold", f"{file}:6", f"{named} the limit were 29 mL/min/1.73m2 instead of {limit}"),
        ("threshold", f"{file}:6", f"{named} the limit were 31 mL/min/1.73m2 instead of {limit}"),
        ("comparison", f"{file}:6", f"{named} 'at_most: {limit}' stood instead of 'below: {limit}'"),
        ("kind", f"{file}:9", f"'{STOP}' were of kind 'urgent' instead of 'stop'"),
        ("kind", f"{file}:9", f"'{STOP}' were of kind 'defer' instead of 'stop'"),
        ("precedence", "precedence.yaml:4", f"'{STOP}' did not hold back '{HELD}'"),
        ("precedence", "precedence.yaml:4", f"'{STOP}' did let pass while it is unknown"),
        ("precedence", "precedence.yaml:4", f"'{HELD}' held back '{STOP}' instead of the other way round"),
    ]


@pytest.mark.parametrize(
    ("part", "what", "instead"),
    [
        pytest.param(HELD, "qualification", "the bound 1.23 mmol/L were left out", id="one end of a range"),
        pytest.param(HELD, "comparison", "'above: 0.50 mmol/L, at_most: 1.23 mmol/L' stood", id="a range without its end"),
        pytest.param(HELD, "value", "'lactating' were left out of 'is'", id="one of several states"),
        pytest.param(HELD, "dropped exclusion", "'not pregnant' were left out", id="an exclusion"),
        pytest.param(HELD, "negation", "'pregnant' stood instead of 'not pregnant'", id="an exclusion turned round"),
        pytest.param(HELD, "and/or", "'mild_to_moderate or on_treatment' stood", id="and for or, deep in the line"),
        pytest.param("low_magnesium", "threshold", "the limit were the upper limit instead of the lower limit", id="the other limit"),
        pytest.param("on_treatment", "freshness", "'for_at_least' were 59 days instead of 60 days", id="a day less"),
        pytest.param("on_treatment", "qualification", "'for_at_least: 60 days' were left out", id="how long does not matter"),
        pytest.param("ask-kidney-function", "question of data", "'missing: egfr' stood instead of 'unknown: egfr'", id="missing, not stale"),
        pytest.param("serum_magnesium", "threshold", "the lower limit were 1.8 mg/dL instead of 1.7 mg/dL", id="the default limit of one unit"),
        pytest.param("phq9", "freshness", "'current_for' were 15 days instead of 14 days", id="an item a day longer"),
    ],
)  # fmt: skip
def test_every_sort_of_mistake_is_made(part: str, what: str, instead: str, pack: RulePack) -> None:
    made = [mutant for mutant in mutants_of(pack, PACK) if (mutant.part, mutant.what) == (part, what)]
    assert [mutant for mutant in made if instead in mutant.instead]


def test_each_mutant_is_another_pack_and_changes_one_thing(pack: RulePack) -> None:
    digests = set()
    for mutant in mutants_of(pack, PACK):
        changed = mutant.build()
        digests.add(changed.digest)
        rules = [rule for rule in pack.rules if pack.rules[rule] != changed.rules[rule]]
        findings = [finding for finding in pack.findings if pack.findings[finding] != changed.findings[finding]]
        items = [item for item in pack.items if pack.items[item] != changed.items[item]]
        assert set(rules + findings + items) <= {mutant.part} or mutant.item is not None
        assert rules or findings or items or pack.holders != changed.holders
    assert len(digests) == len(mutants_of(pack, PACK))


# --- who notices --------------------------------------------------------------------------------------------------------------


def test_complete_scenarios_notice_every_mistake(features: Callable[[str], Path]) -> None:
    where = features(ABOUT_THE_STOP)
    assert survivors(where) == []
    assert mutation.run(where, PACK, STOP, out=io.StringIO(), processes=1) == mutation.REACHED


@pytest.mark.parametrize(
    ("taken_out", "questions"),
    [
        pytest.param(
            AT_30,
            [
                "the limit were 31 mL/min/1.73m2 instead of 30 mL/min/1.73m2, no scenario would notice. Is 30 mL/min/1.73m2 right?",
                "'at_most: 30 mL/min/1.73m2' stood instead of 'below: 30 mL/min/1.73m2', no scenario would notice. "
                "Is 'below: 30 mL/min/1.73m2' right?",
            ],
            id="nothing at the limit",
        ),
        pytest.param(
            "      | <35 mL/min/1.73m2   | withheld   | withheld      |\n",
            ["did let pass while it is unknown, no scenario would notice. Is it right that it holds back?"],
            id="nothing with an eGFR that may be below",
        ),
    ],
)
def test_a_scenario_taken_out_lets_its_mutants_survive(
    taken_out: str, questions: list[str], features: Callable[[str], Path]
) -> None:
    """Seeded faults: the scenarios without one of their lines."""
    assert taken_out in ABOUT_THE_STOP
    found = survivors(features(ABOUT_THE_STOP.replace(taken_out, "")))
    assert len(found) == len(questions)
    assert all(question.endswith(end) for question, end in zip(found, questions, strict=True))


def by_asking_everybody(examples: Examples, pack: RulePack) -> Iterator[tuple[str, bool]]:
    for mutant in mutants_of(pack, PACK):
        yield mutant.question, any(example.notices(mutant.build()) for example in examples.concrete)


def wrongly_asked(where: Path, pack: RulePack) -> list[str]:
    """Mutants of which asking only those concerned gives another answer than asking everybody."""
    examples = Examples(pack, read_examples(find_features(where)))
    noticed = dict(by_asking_everybody(examples, pack))
    found = {mutant.question: examples.first_to_notice(mutant) for mutant in mutants_of(pack, PACK)}
    assert any(noticed.values())
    return [question for question, example in found.items() if noticed[question] is not (example is not None)]


def test_asking_only_those_concerned_is_asking_everybody(features: Callable[[str], Path], pack: RulePack) -> None:
    assert wrongly_asked(features(ABOUT_THE_STOP), pack) == []


@pytest.mark.parametrize("name", ["_judged_otherwise", "concerns"])
def test_a_mutant_judged_too_little_is_noticed(
    name: str, features: Callable[[str], Path], pack: RulePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeded fault: of what a mutant changes, something is not judged again."""
    wants_reasons = (
        ABOUT_THE_STOP
        + """
  Scenario: what is wanted
    Given a patient of whom nothing is known
    When the record is evaluated
    Then "consider-magnesium" is withheld for want of "eGFR, pregnancy, serum magnesium"
"""
    )
    monkeypatch.setattr(noticing.Changed, name, lambda *_: ())
    assert wrongly_asked(features(wants_reasons), pack) != []


def test_processes_do_not_change_the_result(features: Callable[[str], Path]) -> None:
    where = features(ABOUT_THE_STOP)
    one, two = (mutation.mutate(where, PACK, processes=number) for number in (1, 2))
    assert one == two
    assert len(one.outcomes) >= mutation._FEW, "or both ran in one process"


# --- what is equivalent -------------------------------------------------------------------------------------------------------


def written(pack: RulePack, when: AllOf | AnyOf) -> RulePack:
    rule = replace(pack.rules["ask-kidney-function"], when=when)
    return replace(pack, rules={**pack.rules, rule.id: rule}, digest=f"{pack.digest} {when}", missing_sets={})


def test_z3_tells_the_same_rule_from_another(pack: RulePack) -> None:
    both = pack.rules["ask-kidney-function"].when
    assert isinstance(both, AllOf)
    one, other = both.parts
    assert compare(pack, written(pack, AllOf((other, AnyOf((one, both)))))) == "equivalent"
    assert compare(pack, written(pack, AnyOf((one, other)))) == "differs"
    assert compare(pack, written(pack, AnyOf((one, other))), effort=1) == "undecided"


def test_what_nothing_reads_is_equivalent(pack: RulePack) -> None:
    alone = replace(pack, rules={STOP: pack.rules[STOP]}, holders={STOP: ()}, digest="alone", missing_sets={})
    by_item = {
        mutant.item: compare(alone, _within(alone, mutant.build())) for mutant in mutants_of(pack, PACK) if mutant.item
    }
    assert by_item == {"serum_magnesium": "equivalent", "egfr": "differs", "phq9": "equivalent", "pregnancy": "equivalent",
                       "medicines": "equivalent", "conditions": "equivalent"}  # fmt: skip


def _within(alone: RulePack, mutant: RulePack) -> RulePack:
    return replace(mutant, rules={STOP: mutant.rules[STOP]}, holders=alone.holders, missing_sets={})


def test_an_undecided_mutant_is_a_failure() -> None:
    outcome = mutation.Outcome("threshold", "a.yaml:1", "a", "If …", "noticed", "b.feature:1")
    assert mutation.Result([outcome] * 99).is_reached
    assert not mutation.Result([outcome] * 99 + [replace(outcome, fate="undecided")]).is_reached
    assert mutation.Result([outcome] * 98 + [replace(outcome, fate="survived")] * 2).is_reached
    assert not mutation.Result([outcome] * 97 + [replace(outcome, fate="survived")] * 3).is_reached
    assert mutation.Result([outcome, replace(outcome, fate="equivalent")]).percent == 100


# --- what is proposed ---------------------------------------------------------------------------------------------------------


def test_what_is_proposed_passes_and_kills(features: Callable[[str], Path], tmp_path: Path) -> None:
    where, drafts, out = features(ABOUT_THE_STOP.replace(AT_30, "")), tmp_path / "proposed.feature", io.StringIO()
    assert mutation.run(where, PACK, STOP, drafts, out=out, processes=1) == mutation.MISSED
    text = drafts.read_text()
    assert text.count("@draft") == text.count("Scenario:") == 2
    assert 'the eGFR is "30 mL/min/1.73m2"' in text
    added = where / "safety" / "proposed.feature"
    added.write_text(text)
    assert len(survivors(where)) == 2, "a draft does not count"
    added.write_text(text.replace("  @draft\n", ""))
    assert run_scenarios(where, PACK, out=io.StringIO()) == 0
    assert survivors(where) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    there = tmp_path / "mine.feature"
    there.write_text("mine")
    with pytest.raises(RecordError, match="is there already"):
        write_drafts(there, "anything", ["  @draft\n  Scenario: one"])
    assert there.read_text() == "mine"


def test_scenarios_that_fail_already_are_refused(
    features: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    broken = ABOUT_THE_STOP.replace("| 30   | not indicated |", "| 30   | offered       |")
    assert mutation.run(features(broken), PACK, STOP, processes=1) == mutation.MISSED
    assert "severe-renal-impairment.feature:2 fails with the pack as it is" in capsys.readouterr().err


def test_without_scenarios_nothing_is_measured(tmp_path: Path) -> None:
    assert mutation.run(tmp_path, PACK) == mutation.UNUSABLE
    assert covering.run(tmp_path / "nowhere", PACK) == covering.UNUSABLE


def test_without_z3_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)
    with pytest.raises(ProofError, match=r"pip install 'mgcds\[verify\]'"):
        mutation.run()


def test_the_commands_take_a_rule_and_refuse_what_is_none(features: Callable[[str], Path]) -> None:
    where = str(features(ABOUT_THE_STOP))
    for command, code in (("mutate", 0), ("coverage", 1)):
        ended = mgcds(command, where, "--rules", str(PACK), "--rule", STOP)
        assert (ended.code, ended.err) == (code, "")
        refused = mgcds(command, where, "--rules", str(PACK), "--rule", "severe-renal-impairmnt")
        assert refused.code == 2
        assert f"did you mean '{STOP}'?" in refused.err


def test_json_holds_all_of_it(features: Callable[[str], Path]) -> None:
    out = io.StringIO()
    mutation.run(features(ABOUT_THE_STOP.replace(AT_30, "")), PACK, STOP, as_json=True, out=out, processes=1)
    written_out = json.loads(out.getvalue())
    assert written_out["counts"] == {"noticed": 6, "survived": 2, "equivalent": 0, "undecided": 0}
    assert (written_out["percent_noticed"], written_out["reached"]) == (75.0, False)


# --- coverage -----------------------------------------------------------------------------------------------------------------


def missing(where: Path, rule: str = STOP) -> list[str]:
    out = io.StringIO()
    covering.run(where, PACK, rule, as_json=True, out=out)
    return [f"{case['of']}: {case['says']}" for case in json.loads(out.getvalue())["missing"]]


def test_complete_scenarios_miss_only_what_is_just_above(features: Callable[[str], Path]) -> None:
    key = "eGFR below 30 mL/min/1.73m2"
    assert missing(features(ABOUT_THE_STOP)) == [f"limit: '{key}': above 30 mL/min/1.73m2"]


def test_what_a_single_scenario_misses(features: Callable[[str], Path]) -> None:
    """Of a stop that nothing holds back, suppressed is impossible, and is not asked for."""
    key = "eGFR below 30 mL/min/1.73m2"
    one = ABOUT_THE_STOP[: ABOUT_THE_STOP.index("  Scenario: its kind")].replace(AT_30, "")
    assert missing(features(one)) == [
        "verdict: is not met", "verdict: is unknown", "status: is withheld", "status: is not indicated",
        f"clause: '{key}' is not met", f"MC/DC: '{key}' is not met and decides",
        f"limit: '{key}': at 30 mL/min/1.73m2", f"limit: '{key}': above 30 mL/min/1.73m2",
    ]  # fmt: skip


def test_a_scenario_counts_only_for_the_rules_it_asks_of(features: Callable[[str], Path]) -> None:
    """Seeded fault: the patients are the same, but another rule is asked of."""
    of_another = ABOUT_THE_STOP.replace(f'"{STOP}" is', '"ask-kidney-function" is not')
    of_another = of_another.replace("not of kind", "of kind").replace("is not <stop>", "is not withheld")
    before = len(missing(features(ABOUT_THE_STOP)))
    assert len(missing(features(of_another.replace("is not withheld", "is not suppressed")))) > before


def test_proposed_cases_pass_and_fill_the_gaps(features: Callable[[str], Path], tmp_path: Path) -> None:
    one = ABOUT_THE_STOP[: ABOUT_THE_STOP.index("  Scenario: its kind")].replace(AT_30, "")
    where, drafts = features(one), tmp_path / "proposed.feature"
    assert covering.run(where, PACK, STOP, drafts, out=io.StringIO()) == covering.MISSED
    (where / "safety" / "proposed.feature").write_text(drafts.read_text().replace("  @draft\n", ""))
    assert run_scenarios(where, PACK, out=io.StringIO()) == 0
    assert covering.run(where, PACK, STOP, out=io.StringIO()) == covering.REACHED


def test_a_criterion_that_another_hides_is_not_covered(features: Callable[[str], Path]) -> None:
    """`not_known and adult`: with a known eGFR the age decides nothing, so a child beside an adult shows nothing of it."""
    feature = """Feature: Measure kidney function
  Scenario Outline: the eGFR is known
    Given a patient of whom nothing is known
    And the eGFR is "<egfr>"
    And the age is "<age>"
    When the record is evaluated
    Then "ask-kidney-function" is not offered

    Examples:
      | egfr             | age |
      | 90 mL/min/1.73m2 | 40  |
      | 90 mL/min/1.73m2 | 17  |
"""
    hidden = missing(features(feature), "ask-kidney-function")
    assert "MC/DC: 'age at least 18 years' is met and decides" in hidden
    assert "clause: 'age at least 18 years' is met" not in hidden


def test_names_are_looked_through(pack: RulePack) -> None:
    from mgcds.verification.coverage import decides, expand

    line = expand(pack.rules[HELD].when, pack)
    keys = pack.criteria_of[HELD]
    assert set(names_of(line)) == set(keys)
    assert all(decides(line, key)(dict.fromkeys(keys, None), True) is False for key in keys)
