"""The sentence of a rule is generated from its criteria: it says every limit, value set and word of them, and nothing twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mgcds.loading import load_pack
from mgcds.model.condition import AllOf, AnyOf, Name, Not
from mgcds.model.criterion import (
    Asks,
    Criterion,
    Documented,
    Has,
    Limit,
    Measure,
    ReferenceLimit,
    State,
    Taking,
    Threshold,
)
from mgcds.model.explanation import clause, in_sentence, number, sentence
from mgcds.model.pack import RulePack

PACK = load_pack()


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("moderate-renal-impairment", "the eGFR is at least 30 mL/min/1.73m2 and below 60 mL/min/1.73m2"),
        ("acute-suicide-risk", "suicide risk assessment is recorded as acute risk"),
        ("severe-renal-impairment",
         "the eGFR is below 30 mL/min/1.73m2, or the problem list holds dialysis, end-stage kidney disease or acute kidney injury"),
        ("confirm-low-magnesium",
         "the serum magnesium is below the laboratory's lower limit, and the serum magnesium is at least 0.5 mmol/L "
         "(above 1.2 mg/dL, at least 1 meq/L), and work-up of low magnesium is not on record as low value confirmed"),
        ("ppi-without-magnesium",
         "the person takes proton pump inhibitors, for at least 91 days, and no usable serum magnesium of the last 365 days is on record"),
        ("bipolar-screen-positive", "bipolar screen is recorded as positive, however long ago"),
    ],
)  # fmt: skip
def test_sentences_written_by_hand(rule: str, says: str) -> None:
    assert sentence(PACK.rules[rule].when, PACK) == says


def test_a_finding_comes_by_its_title_with_what_it_stands_for() -> None:
    """tests/loading/pack: on_treatment joins two criteria, low_magnesium is one."""
    small = load_pack(Path(__file__).parents[1] / "loading" / "pack")
    says = sentence(small.rules["consider-magnesium"].when, small)
    assert says.startswith(
        "((the PHQ-9 is at least 5 and below 20, and on stable treatment for depression (the person takes antidepressants, "
        "for at least 60 days, and the problem list holds depressive disorder)), or (the serum magnesium is below the "
        "laboratory's lower limit, and the serum magnesium is at least 0.5 mmol/L ("
    )
    assert says.endswith(")), and pregnancy is recorded as other than pregnant or lactating")


def words_of(criterion: Criterion, pack: RulePack) -> list[str]:
    """What a reader has to find in the sentence of a criterion."""
    match criterion:
        case Measure(item=item, lower=lower, upper=upper):
            limits = [
                limit for bound in (lower, upper) if isinstance(bound, Threshold) for limit in bound.by_unit.values()
            ]
            own = [f"laboratory's {bound.which} limit" for bound in (lower, upper) if isinstance(bound, ReferenceLimit)]
            return [in_sentence(pack.items[item].title), *own, *(number(limit.value) for limit in limits)]
        case State(item=item, values=values) | Documented(item=item, values=values):
            return [in_sentence(pack.items[item].title), *values]
        case Taking(value_set=value_set, at_least=at_least, at_most=at_most, unchanged_for=unchanged):
            days = [str(number) for number in (at_least, at_most, unchanged) if number is not None]
            return [in_sentence(pack.value_sets[value_set].title), *days]
        case Has(value_set=value_set):
            return [in_sentence(pack.value_sets[value_set].title)]
        case Asks(about=item):
            return [in_sentence(pack.items[item].title)]


def left_out(pack: RulePack) -> list[str]:
    """Words of criteria that the sentence of a rule does not say."""
    return [
        f"{rule.id}: {word}"
        for rule in pack.rules.values()
        for key in pack.criteria_of[rule.id]
        for word in words_of(pack.criteria[key], pack)
        if word not in sentence(rule.when, pack)
    ]


def test_every_sentence_says_all_of_its_criteria() -> None:
    assert left_out(PACK) == []


def test_a_sentence_that_leaves_something_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mgcds.model.explanation.limit_words", lambda end, limit, unit: "low")
    assert any(fault.startswith("moderate-renal-impairment: 30") for fault in left_out(PACK))


def test_a_changed_limit_changes_the_sentence() -> None:
    key = next(key for key in PACK.criteria_of["long-qtc-on-qt-drug"] if "QTc" in key)
    measure = PACK.criteria[key]
    assert isinstance(measure, Measure)
    other = replace(measure, lower=Threshold({"ms": Limit(520, True)}, "at least 520 ms"))
    pack = replace(PACK, criteria={**PACK.criteria, key: other})
    assert "at least 520 ms" in sentence(PACK.rules["long-qtc-on-qt-drug"].when, pack)


A, B = "eGFR below 30 mL/min/1.73m2", "takes lithium"


def test_and_in_or_stands_in_brackets_and_not_is_said_of_the_whole() -> None:
    assert {A, B} <= PACK.criteria.keys()
    a, b = clause(PACK.criteria[A], PACK), clause(PACK.criteria[B], PACK)
    assert sentence(AnyOf((Name(A), AllOf((Name(A), Name(B))))), PACK) == f"{a}, or ({a}, and {b})"
    assert sentence(Not(AnyOf((Name(A), Name(B)))), PACK) == f"not ({a}, or {b})"
    assert sentence(Not(Name(B)), PACK) == "the person does not take lithium"


def threshold(value: int, inclusive: bool) -> Threshold:
    return Threshold({"ms": Limit(value, inclusive)}, "")


@pytest.mark.parametrize(
    ("criterion", "says", "opposite"),
    [
        (Measure("qtc", threshold(450, True), None, 365, ""), "the QTc is at least 450 ms", "the QTc is not at least 450 ms"),
        (Measure("qtc", threshold(450, False), threshold(500, True), 14, ""),
         "the QTc is above 450 ms and at most 500 ms within 14 days", "the QTc is not (above 450 ms and at most 500 ms) within 14 days"),
        (State("sex", ("female",), None, ""), "sex is recorded as female", "sex is recorded as other than female"),
        (Documented("suicide_risk_assessment", ("no acute risk",), None, 14, ""),
         "suicide risk assessment is on record as no acute risk", "suicide risk assessment is not on record as no acute risk"),
        (Taking("lithium", None, None, None, ""), "the person takes lithium", "the person does not take lithium"),
        (Taking("lithium", 36, 49, None, ""), "the person takes lithium, for 36 to 49 days",
         "it is not so that the person takes lithium, for 36 to 49 days"),
        (Taking("psychotherapy", 60, None, None, ""), "the person receives psychotherapy, for at least 60 days",
         "it is not so that the person receives psychotherapy, for at least 60 days"),
        (Has("conditions", "pregnancy", ""), "the problem list holds present pregnancy", "the problem list does not hold present pregnancy"),
        (Has("symptoms", "severe_hypomagnesaemia_symptom", ""), "the symptoms include signs that make a low magnesium an emergency",
         "the symptoms do not include signs that make a low magnesium an emergency"),
        (Asks("qtc", "rejected", 365, ""), "the newest QTc could not be used", "it is not so that the newest QTc could not be used"),
        (Asks("qtc", "missing", 365, ""), "no QTc is on record", "it is not so that no QTc is on record"),
        (Asks("qtc", "stale", 90, ""), "the QTc is out of date, with none of the last 90 days",
         "it is not so that the QTc is out of date, with none of the last 90 days"),
    ],
)  # fmt: skip
def test_a_criterion_and_its_opposite(criterion: Criterion, says: str, opposite: str) -> None:
    """The opposite of a state is another state, never that it is not known."""
    assert clause(criterion, PACK) == says
    assert clause(criterion, PACK, negated=True) == opposite
