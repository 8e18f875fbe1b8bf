"""The independent judge says what the model says, and seeded faults turn him red."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from mgcds.errors import ExportError
from mgcds.exports import cql, cql_parameters
from mgcds.exports.cql import library_name, to_cql
from mgcds.exports.cql_parameters import Parameters, sent, sent_high, sent_low, to_json
from mgcds.loading import load_pack
from mgcds.model.condition import Name
from mgcds.model.criterion import Limit, Measure, Threshold
from mgcds.model.facts import Facts, Range, Reading
from mgcds.model.pack import RulePack
from tests.agreement.generate import Patients
from tests.agreement.packs import PackMaker
from tests.judge import run
from tests.judge.judging import Difference, Objection, Tally, differences, judge, what_is_missing

STOCK, RECORDS, MOST = 400, 150, 4000
LACKING = what_is_missing()
needs_the_judge = pytest.mark.skipif(
    LACKING is not None and os.environ.get("MGCDS_JUDGE") != "required", reason=LACKING or ""
)


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack()


@pytest.fixture(scope="module")
def patients(pack: RulePack) -> Patients:
    return Patients(pack, STOCK)


def first(found: Iterator[Difference]) -> Difference | None:
    """Stop at the first: the others need not be judged."""
    return next(found, None)


# --- agreement ------------------------------------------------------------------------------------------------------------


@needs_the_judge
def test_the_judge_agrees_on_the_pack(pack: RulePack, patients: Patients) -> None:
    tally = Tally()
    assert first(differences(pack, patients.many(range(RECORDS)), tally)) is None
    assert tally.records == RECORDS
    names = {name for name, _ in tally.answers}
    assert len(names) == len(pack.criteria) + len(pack.findings) + 2 * len(pack.rules)


@needs_the_judge
@pytest.mark.parametrize("number", range(100, 102))
def test_the_judge_agrees_on_random_packs(number: int, patients: Patients) -> None:
    random_pack = PackMaker(patients).pack(number)
    mine = Patients(random_pack, patients.stock)
    assert first(differences(random_pack, ((seed, mine.dealt(seed)) for seed in range(RECORDS)))) is None


@needs_the_judge
def test_who_gives_nothing_is_offered_no_magnesium(pack: RulePack) -> None:
    nulls = to_json({parameter.name: None for parameter in Parameters(pack).all})
    for answers in judge(to_cql(pack), [nulls, "{}"]):
        for rule in pack.rules.values():
            if rule.suggest.kind in ("consider", "dose"):
                assert answers[f"status: {rule.id}"] != "offered", rule.id


# --- seeded faults --------------------------------------------------------------------------------------------------------

Seed = Callable[[pytest.MonkeyPatch, RulePack], str]


def wrong_function(end: str, inclusive: bool, wrong: str) -> Seed:
    def seed(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> str:
        monkeypatch.setitem(cql.FUNCTION, (end, inclusive), wrong)
        return to_cql(pack)

    return seed


def text(right: str, wrong: str) -> Seed:
    def seed(_: pytest.MonkeyPatch, pack: RulePack) -> str:
        assert right in to_cql(pack)
        return to_cql(pack).replace(right, wrong)

    return seed


def forgotten_holder(_: pytest.MonkeyPatch, pack: RulePack) -> str:
    holders = {
        rule: tuple(holder for holder in holders if holder.by != "severe-renal-impairment")
        for rule, holders in pack.holders.items()
    }
    assert holders != pack.holders
    return to_cql(replace(pack, holders=holders))


def let_pass(lets_pass: bool) -> Seed:
    def seed(_: pytest.MonkeyPatch, pack: RulePack) -> str:
        holders = {
            rule: tuple(replace(holder, lets_pass=lets_pass) for holder in holders)
            for rule, holders in pack.holders.items()
        }
        return to_cql(replace(pack, holders=holders))

    return seed


def freshness(change: Callable[[int], int | None]) -> Seed:
    def seed(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> str:
        right = cql._if_current
        monkeypatch.setattr(
            cql,
            "_if_current",
            lambda item, within, then: right(item, None if within is None else change(within), then),
        )
        return to_cql(pack)

    return seed


def limits_of_another_unit(_: pytest.MonkeyPatch, pack: RulePack) -> str:
    return to_cql(pack).replace("when 'mg/dL'", "when 'x'").replace("when 'mmol/L'", "when 'mg/dL'")


def ends_belong(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> str:
    monkeypatch.setattr(cql_parameters, "_is_exact", lambda value: False)
    return to_cql(pack)


FAULTS = [
    pytest.param(wrong_function("upper", False, "AtMost"), id="<= for <"),
    pytest.param(wrong_function("lower", True, "Above"), id="> for >="),
    pytest.param(wrong_function("upper", True, "Below"), id="< for <="),
    pytest.param(wrong_function("lower", False, "Below"), id="the wrong side"),
    pytest.param(text("else null end", "else false end"), id="unknown is false, in comparisons"),
    pytest.param(text("\n  else null\n", "\n  else false\n"), id="what is not current is false"),
    pytest.param(text("then false else null end", "then false else true end"), id="unknown is true"),
    pytest.param(text(" or ", " and "), id="and for or"),
    pytest.param(text("(not ", "("), id="not is lost"),
    pytest.param(text(") is true", ")"), id="a statement about knowledge is unknown"),
    pytest.param(text("'withheld'", "'offered'"), id="what is withheld is offered"),
    pytest.param(text("gap, 'missing') != 'stale'", "gap, 'missing') = 'stale'"), id="stale is rejected"),
    pytest.param(forgotten_holder, id="a holder forgotten"),
    pytest.param(let_pass(True), id="everything lets pass"),
    pytest.param(let_pass(False), id="nothing lets pass"),
    pytest.param(freshness(lambda within: None), id="freshness ignored"),
    pytest.param(freshness(lambda within: within - 1), id="day N is too old"),
    pytest.param(freshness(lambda within: within + 1), id="day N+1 is current"),
    pytest.param(limits_of_another_unit, id="the limit of another unit"),
    pytest.param(ends_belong, id=">60 is 60"),
]


@needs_the_judge
@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_turns_the_judge_red(
    fault: Seed, pack: RulePack, patients: Patients, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = fault(monkeypatch, pack)
    assert first(differences(pack, patients.many(range(MOST)), library=library)) is not None


@needs_the_judge
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        pytest.param(
            'parameter "age low"', 'parameter "age lou"', "Could not resolve identifier age low", id="an error"
        ),
        pytest.param("context Unfiltered", "parameter low Decimal\ncontext Unfiltered", "warning", id="a warning"),
        pytest.param("define function", "define funktion", "error", id="no CQL at all"),
    ],
)
def test_what_the_compiler_objects_to_is_a_failure(
    right: str, wrong: str, said: str, pack: RulePack, patients: Patients
) -> None:
    with pytest.raises(Objection, match=said):
        first(differences(pack, patients.many(range(1)), library=to_cql(pack).replace(right, wrong)))


@needs_the_judge
def test_a_definition_that_is_not_there_is_a_difference(pack: RulePack, patients: Patients) -> None:
    rule = next(reversed(pack.rules))
    library = to_cql(pack).replace(f'define "status: {rule}"', 'define "lets pass: nobody"')
    found = first(differences(pack, patients.many(range(1)), library=library))
    assert found is not None
    assert list(found.answers) == [f"status: {rule}"]
    assert found.answers[f"status: {rule}"][1] == "nothing"


# --- numbers: exact against every limit -------------------------------------------------------------------------------------

THIRD = Fraction(1, 3)


@pytest.mark.parametrize(
    ("found", "low", "high"),
    [
        pytest.param(Range.exactly(60), "60", "60", id="a whole number"),
        pytest.param(Range(60, None, low_open=True), "60.00000001", None, id="above 60"),
        pytest.param(Range(None, 60, high_open=True), None, "59.99999999", id="below 60"),
        pytest.param(Range(Decimal("0.7"), Decimal("0.9")), "0.7", "0.9", id="a range"),
        pytest.param(Range.exactly(THIRD), "0.33333331", "0.33333331", id="no end: between two steps"),
        pytest.param(Range(THIRD, None, low_open=True), "0.33333331", None, id="between two steps, open"),
        pytest.param(Range.exactly(-THIRD), "-0.33333339", "-0.33333339", id="the same below zero"),
        pytest.param(Range.exactly(10**30), "10000000", "10000000", id="beyond every limit"),
    ],
)
def test_how_a_number_is_sent(found: Range, low: str | None, high: str | None) -> None:
    ends = sent_low(found), sent_high(found)
    assert ends == tuple(Decimal(end) if end is not None else None for end in (low, high))
    assert [json.loads(to_json({"end": end}))["end"] for end in ends] == [
        float(end) if end is not None else None for end in (low, high)
    ]


def test_values_between_two_steps_keep_their_order_to_limits_there() -> None:
    tiny = Fraction(1, 10**12)
    limits = (THIRD - tiny, THIRD, THIRD + tiny)
    values = [Fraction(3333333, 10**7), THIRD - 2 * tiny, *(limits[0], THIRD - tiny / 2, THIRD), THIRD + tiny / 2]
    marks = [sent(value, limits) for value in values]
    assert marks == [Decimal("0.3333333") + mark * Decimal("0.00000001") for mark in (0, 1, 2, 3, 4, 5)]


@needs_the_judge
@pytest.mark.parametrize("fault", [False, True], ids=["as it is", "rounded to seven places"])
def test_no_wrong_verdict_at_a_limit_without_end(
    fault: bool, pack: RulePack, patients: Patients, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = with_limit(pack, "serum_magnesium", "mmol/L", Fraction(2400, 4861))
    tiny = Fraction(1, 10**12)
    values = [Fraction(2400, 4861) + difference for difference in (-1, -tiny, 0, tiny, 1)]
    cases = [(number, reading_of(patients.facts(0), "serum_magnesium", value)) for number, value in enumerate(values)]
    if fault:
        rounded: Callable[..., Decimal] = lambda value, fine=(): round(Decimal(float(value)), 7)  # noqa: E731
        monkeypatch.setattr(cql_parameters, "sent", rounded)
    assert (first(differences(small, cases)) is None) is not fault


def with_limit(pack: RulePack, item: str, unit: str, limit: Fraction) -> RulePack:
    below = Measure(item, None, Threshold({unit: Limit(limit, False)}, "limit"), None, "")
    rule = replace(next(iter(pack.rules.values())), id="below", when=Name("below"))
    return replace(
        pack, criteria={"below": below}, findings={}, rules={"below": rule}, holders={"below": ()}, digest="small"
    )


def reading_of(facts: Facts, item: str, value: Fraction) -> Facts:
    reading = Reading(Range.exactly(value), "mmol/L", 0, None, None, "", "", "", "", None)
    return Facts(date(2026, 11, 21), {**facts.items, item: reading}, facts.lists, facts.members)


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param([Fraction(10**7)], id="too large"),
        pytest.param([THIRD + Fraction(n, 10**12) for n in range(5)], id="too close"),
    ],
)
def test_limits_that_do_not_fit_are_refused(limits: list[Fraction], pack: RulePack) -> None:
    one = with_limit(pack, "serum_magnesium", "mmol/L", limits[0])
    criteria = {
        str(limit): Measure("serum_magnesium", None, Threshold({"mmol/L": Limit(limit, True)}, ""), None, "")
        for limit in limits
    }
    with pytest.raises(ExportError, match="'serum_magnesium' in mmol/L"):
        to_cql(replace(one, criteria={**one.criteria, **criteria}))


# --- the text ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "library"),
    [("mgcds-magnesium-depression", "MgcdsMagnesiumDepression"), ("2nd pack", "Pack2ndPack"), ("", "Pack")],
)
def test_the_library_is_named_after_the_pack(name: str, library: str, pack: RulePack) -> None:
    assert library_name(replace(pack, name=name)) == library


def test_the_text_says_which_pack_it_was(pack: RulePack) -> None:
    library = to_cql(pack)
    assert f"// Digest of the pack: {pack.digest}" in library
    assert f"library MgcdsMagnesiumDepression version '{pack.version}'" in library
    for rule in pack.rules.values():
        assert f"{rule.topic}/{rule.id}.yaml" in library.replace("\n// ", " "), rule.id


@needs_the_judge
def test_quotes_and_backslashes_in_names_change_nothing(pack: RulePack, patients: Patients) -> None:
    name = 'it\'s "severe" \\ or not'
    small = with_limit(pack, "serum_magnesium", "mmol/L", Fraction(1, 2))
    rule = replace(small.rules["below"], when=Name(name), title="two\nlines")
    strange = replace(small, criteria={name: small.criteria["below"]}, rules={"below": rule})
    cases = [(0, reading_of(patients.facts(0), "serum_magnesium", Fraction(1, 4)))]
    assert first(differences(strange, cases)) is None


# --- the long run -----------------------------------------------------------------------------------------------------------


@needs_the_judge
def test_the_long_run_shows_the_first_difference_and_fails(
    pack: RulePack, patients: Patients, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "Patients", lambda pack, stock=None: Patients(pack, stock or patients.stock))
    monkeypatch.setattr(run, "never_met", lambda pack, tally: iter(()))
    run.start()
    assert run.report(pack, [run.judge_chunk(range(20))], [run.judge_random_pack(100)]) == 0
    assert "20 records" in capsys.readouterr().out
    monkeypatch.setitem(cql.FUNCTION, ("lower", True), "Below")
    assert run.report(pack, [run.judge_chunk(range(20))]) == 1
    out = capsys.readouterr().out
    assert "the pack, seed " in out
    assert "the model says" in out


def test_an_answer_that_was_never_met_with_fails_the_long_run(pack: RulePack) -> None:
    tally = Tally()
    for name in (*(f"criterion: {key}" for key in pack.criteria), *(f"rule: {rule}" for rule in pack.rules)):
        for answer in (True, False, None):
            tally.add({name: answer})
    assert list(run.never_met(pack, tally)) == []
    assert run.report(pack, [run.Judged(tally, [])]) == 0
    del tally.answers["rule: severe-renal-impairment", None]
    never = "'rule: severe-renal-impairment' was unknown of no patient: judge more records"
    assert list(run.never_met(pack, tally)) == [never]
    assert run.report(pack, [run.Judged(tally, [])]) == 1
