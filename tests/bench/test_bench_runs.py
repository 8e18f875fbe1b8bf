"""The bench compares speeds only of implementations that agree: a wrong translation stops it before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bench import handwritten, run
from bench.plain import Plain
from bench.zen_rules import Translation, ZenRules
from mgcds.loading import load_pack

PACK = load_pack()
TRANSLATION = Translation(PACK)
CASES = run.cases(PACK, tuple(TRANSLATION.columns), run.CHECKED)


def _zen(translation: Translation) -> list[str]:
    zen = ZenRules(translation)
    return run.disagreements("zen", lambda plain: zen.by_rule(zen.engine(plain)), CASES)


def test_zen_engine_agrees() -> None:
    assert _zen(TRANSLATION) == []


def test_the_hand_written_function_agrees() -> None:
    assert run.disagreements("by hand", handwritten.met, CASES) == []


def test_every_rule_is_met_by_some_record_and_not_by_others() -> None:
    assert run.not_exercised(CASES) == []
    assert run.not_exercised(CASES[:1]) != []


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        pytest.param("severe-renal-impairment", "egfr < 30", "egfr <= 30", id="the limit itself counted in"),
        pytest.param("long-qtc-on-qt-drug", "qtc >= 500", "qtc > 500", id="the limit itself left out"),
        pytest.param("severe-hypomagnesaemia", "< 0.5", "< 0.51", id="a limit that is a little off"),
        pytest.param("suicide-risk", " or ", " and ", id="or read as and"),
        pytest.param("trial-dose", "has_magnesium_product == false", "true", id="an exclusion forgotten"),
    ],
)
def test_a_wrong_translation_is_noticed(rule: str, right: str, wrong: str) -> None:
    translation = Translation(PACK)
    key = rule.replace("-", "_")
    assert right in translation.expressions[key]
    translation.expressions[key] = translation.expressions[key].replace(right, wrong)
    assert [line.split("'")[1] for line in _zen(translation)] == [rule]


@pytest.mark.parametrize("rule", PACK.rules)
def test_a_hand_written_rule_that_says_the_opposite_is_noticed(rule: str) -> None:
    def wrong(facts: Plain) -> Mapping[str, bool]:
        met = handwritten.met(facts)
        return {**met, rule: not met[rule]}

    assert [line.split("'")[1] for line in run.disagreements("by hand", wrong, CASES[:200])] == [rule]


def test_nothing_is_measured_where_another_implementation_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handwritten, "met", lambda facts: {})
    monkeypatch.setattr(run, "measure", lambda *_: pytest.fail("measured"))
    with pytest.raises(SystemExit, match="nothing measured"):
        run.main(["--quick"])
