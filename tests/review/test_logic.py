"""The decision table says what the condition says, of unknowns too."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not, judge, names_of
from mgcds.model.pack import RulePack
from mgcds.review.logic import DecisionTable, decision_table, short_sentence, ways_of

LETTERS = ("aged_65", "low", "severe", "critical", "diabetes")


def nested(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return parts.map(Not) | several.map(AllOf) | several.map(AnyOf)


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(st.sampled_from(LETTERS).map(Name), nested, max_leaves=7)


def table_of(condition: Condition) -> DecisionTable:
    names = dict.fromkeys(names_of(condition))
    return DecisionTable([(name, name) for name in names], ways_of(condition))


def differs(condition: Condition, table: DecisionTable) -> bool:
    names = list(dict.fromkeys(names_of(condition)))
    known = [dict(zip(names, truths, strict=True)) for truths in product((True, False, None), repeat=len(names))]
    return any(table.judge(truths) is not judge(condition, truths) for truths in known)


@given(CONDITIONS)
def test_a_table_judges_as_its_condition_does(condition: Condition) -> None:
    names = list(dict.fromkeys(names_of(condition)))
    for truths in product((True, False, None), repeat=len(names)):
        known = dict(zip(names, truths, strict=True))
        says, means = table_of(condition).judge(known), judge(condition, known)
        # only a condition with a name and its opposite side by side may be unknown where the table already says that it is not met
        assert says is means or (means is None and says is False and len(names) < len(list(names_of(condition))))
        assert None not in truths or (says is True) == (means is True)


def test_a_name_and_its_opposite_are_never_a_way() -> None:
    assert ways_of(AllOf((Name("low"), Not(Name("low"))))) == []


def test_the_table_of_every_rule_and_finding_judges_as_it_does(pack: RulePack) -> None:
    rules = [part for part in (*pack.rules.values(), *pack.findings.values()) if len(set(names_of(part.when))) <= 9]
    assert len(rules) >= 66
    for part in rules:
        assert not differs(part.when, decision_table(part.when, pack)), part.id


@pytest.mark.parametrize(
    "ways",
    [
        pytest.param([{"low": True}], id="a column is lost"),
        pytest.param([{"low": True}, {"severe": True}], id="a condition of a column is lost"),
        pytest.param([{"low": True}, {"severe": True, "aged_65": True}], id="a 'not' is lost"),
    ],
)
def test_a_table_that_says_something_else_is_noticed(ways: list[dict[str, bool]]) -> None:
    condition = AnyOf((Name("low"), AllOf((Name("severe"), Not(Name("aged_65"))))))
    right = DecisionTable([], [{"low": True}, {"severe": True, "aged_65": False}])
    assert not differs(condition, right)
    assert differs(condition, DecisionTable([], ways))


def test_a_sentence_names_findings_and_says_criteria(pack: RulePack) -> None:
    rule = pack.rules["measure-magnesium-first"]
    says = short_sentence(rule.when, pack)
    assert says.endswith("and no usable serum magnesium of the last 90 days is on record")
    assert says.startswith("(a trial of magnesium on its own would be in question, or ")


def test_every_name_of_a_rule_is_in_its_table(pack: RulePack) -> None:
    table = decision_table(pack.rules["suicide-risk"].when, pack)
    used = {name for way in table.ways for name in way}
    assert used == {name for name, _ in table.names}
