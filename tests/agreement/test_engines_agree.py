"""The two engines say the same of generated patients, on the pack and on random packs; and seeded faults are noticed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any, get_args

import pytest

from mgcds import evaluator
from mgcds.engines import chaining, columns, evaluate_chained
from mgcds.engines.chaining import Chaining
from mgcds.engines.durable import Pattern
from mgcds.errors import EngineDisagreement, EngineFault
from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.model import condition as c
from mgcds.model import evaluation
from mgcds.model.criterion import ABOUT_KNOWLEDGE, Criterion, Limit, Measure, Threshold
from mgcds.model.evaluation import Status, Verdicts, evaluate_facts
from mgcds.model.facts import Facts, Range, Reading, Reason
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from mgcds.model.units import SCORE, factor
from tests.agreement import run
from tests.agreement.compare import Breadth, Engine, differences
from tests.agreement.generate import Patients
from tests.agreement.packs import PackMaker

RECORDS = 20_000
RANDOM_PACKS, RECORDS_EACH = 25, 130


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack()


@pytest.fixture(scope="module")
def patients(pack: RulePack) -> Patients:
    return Patients(pack)


# --- agreement ----------------------------------------------------------------------------------------------------------------


def test_the_engines_agree_and_the_patients_are_of_every_kind(pack: RulePack, patients: Patients) -> None:
    breadth = Breadth()
    found = differences(pack, patients.many(range(RECORDS)), evaluate_facts, evaluate_chained, breadth)
    assert next(found, None) is None
    assert {(key, truth) for key, found in pack.criteria.items() for truth in truths_of(found)} == breadth.truths
    assert {(rule, status) for rule in pack.rules for status in statuses_of(rule, pack)} == breadth.statuses
    assert breadth.reasons == set(get_args(Reason))


def truths_of(criterion: Criterion) -> tuple[bool | None, ...]:
    """What a criterion can be: one about knowledge is never unknown."""
    return (True, False) if isinstance(criterion, ABOUT_KNOWLEDGE) else (True, False, None)


def can_be_unknown(rule: str, pack: RulePack) -> bool:
    return any(not isinstance(pack.criteria[key], ABOUT_KNOWLEDGE) for key in pack.criteria_of[rule])


def statuses_of(rule: str, pack: RulePack) -> Iterator[Status]:
    """What a rule's suggestion can be, by what it and its holders read."""
    yield from ("offered", "not indicated")
    holders = [holder.by for holder in pack.holders[rule]]
    if holders:
        yield "suppressed"
    if any(can_be_unknown(one, pack) for one in (rule, *holders)):
        yield "withheld"


def test_the_engines_agree_on_random_packs(patients: Patients) -> None:
    maker = PackMaker(patients)
    generated: set[type] = set()
    lets_pass, nested, statuses = 0, 0, set()
    for number in range(RANDOM_PACKS):
        random_pack = maker.pack(number)
        generated |= {type(criterion) for criterion in random_pack.criteria.values()}
        lets_pass += any(holder.lets_pass for holders in random_pack.holders.values() for holder in holders)
        nested += any(
            name in random_pack.findings
            for finding in random_pack.findings.values()
            for name in c.names_of(finding.when)
        )
        breadth, chained = Breadth(), Chaining(random_pack)
        mine = Patients(random_pack, patients.stock)
        seeds = range(number * 1000, number * 1000 + RECORDS_EACH)
        cases = ((seed, mine.dealt(seed)) for seed in seeds)
        found = differences(
            random_pack, cases, evaluate_facts, lambda _, facts, by=chained: by.evaluate(facts), breadth
        )
        assert next(found, None) is None, f"random pack {number}"
        statuses |= {status for _, status in breadth.statuses}
    assert generated == set(get_args(Criterion)), "a kind of criterion is not generated: add it to packs.py"
    assert statuses == set(get_args(Status))
    assert lets_pass > RANDOM_PACKS / 4
    assert nested > RANDOM_PACKS / 4


def test_the_same_seed_gives_the_same_patient(pack: RulePack, patients: Patients) -> None:
    again = Patients(pack)
    for seed in range(40):
        assert again.record(seed) == patients.record(seed)
        assert again.facts(seed) == patients.facts(seed)
    assert patients.record(1) != patients.record(2)


# --- seeded faults: each is noticed, and `evaluate` advises nothing -----------------------------------------------------------

Seed = Callable[[pytest.MonkeyPatch, RulePack], tuple[Engine, Engine]]


def with_network(compiled: Chaining) -> Engine:
    return lambda pack, facts: compiled.evaluate(facts)


def strict_bound(item: str) -> Seed:
    def seed(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> tuple[Engine, Engine]:
        right = columns._side

        def wrong(column: str, end: str, step: int, inclusive: bool) -> tuple[Pattern, Pattern]:
            return right(column, end, step, inclusive and not column.startswith(f"{item} "))

        monkeypatch.setattr(columns, "_side", wrong)
        return evaluate_facts, with_network(Chaining(pack))

    return seed


def freshness(change: Callable[[int | None], int | None]) -> Seed:
    def seed(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> tuple[Engine, Engine]:
        right = columns._fresh
        monkeypatch.setattr(columns, "_fresh", lambda item, within, pattern: right(item, change(within), pattern))
        return evaluate_facts, with_network(Chaining(pack))

    return seed


def filled_wrongly(change: Callable[[dict[str, int], RulePack], None]) -> Seed:
    """The columns are filled, then changed."""

    def seed(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> tuple[Engine, Engine]:
        right = columns.Columns.fill

        def wrong(self: columns.Columns, facts: Facts) -> dict[str, int]:
            row = right(self, facts)
            change(row, pack)
            return row

        monkeypatch.setattr(columns.Columns, "fill", wrong)
        return evaluate_facts, with_network(Chaining(pack))

    return seed


def absent_lists_are_empty(row: dict[str, int], pack: RulePack) -> None:
    for value_set in pack.value_sets:
        row.setdefault(f"{value_set} present", 0)


def nothing_is_rejected(row: dict[str, int], pack: RulePack) -> None:
    row.update(dict.fromkeys(columns.Columns(pack).may_pass.values(), columns.PASSES))


def ends_are_one(row: dict[str, int], pack: RulePack) -> None:
    """A reported `>60` is taken for 60."""
    for column in [column for column in row if column.endswith(" low") and f"{column[:-4]} high" not in row]:
        row[f"{column[:-4]} high"] = row[column]


def read_wrongly(change: Callable[[Reading, MeasuredItem], Reading]) -> Seed:
    def seed(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> tuple[Engine, Engine]:
        right = columns.Columns._fill_reading

        def wrong(self: columns.Columns, item: str, reading: Reading, row: dict[str, int]) -> None:
            described = pack.items[item]
            assert isinstance(described, MeasuredItem)
            right(self, item, change(reading, described), row)

        monkeypatch.setattr(columns.Columns, "_fill_reading", wrong)
        return evaluate_facts, with_network(Chaining(pack))

    return seed


def converted_first(reading: Reading, item: MeasuredItem) -> Reading:
    """1.7 mg/dL becomes 0.6994 mmol/L, which is below 0.70."""
    scale = factor(reading.unit, item.units[0], item.substance)
    assert scale is not None
    ends = [Fraction(end) * scale if end is not None else None for end in (reading.range.low, reading.range.high)]
    return reading._replace(unit=item.units[0], range=Range(*ends, reading.range.low_open, reading.range.high_open))


def default_limits_only(reading: Reading, item: MeasuredItem) -> Reading:
    def default(limit: Threshold | None) -> Any:
        return limit.by_unit[reading.unit] if limit else None

    return reading._replace(lower=default(item.lower), upper=default(item.upper))


def encoded(encode: Callable[[Fraction, int], int]) -> Seed:
    def seed(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> tuple[Engine, Engine]:
        monkeypatch.setattr(columns, "encode", encode)
        return evaluate_facts, with_network(Chaining(pack))

    return seed


def other_pack(change: Callable[[RulePack], RulePack]) -> Seed:
    """The engine was compiled from a pack that is not quite the same."""

    def seed(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> tuple[Engine, Engine]:
        return evaluate_facts, with_network(Chaining(change(pack)))

    return seed


def let_pass(always: bool) -> Callable[[RulePack], RulePack]:
    def change(pack: RulePack) -> RulePack:
        holders = {
            rule: tuple(replace(holder, lets_pass=always) for holder in found) for rule, found in pack.holders.items()
        }
        return replace(pack, holders=holders)

    return change


def swapped_holders(pack: RulePack) -> RulePack:
    """Two rules exchange who holds them back."""
    held = [rule for rule in pack.rules if pack.holders[rule]]
    one = held[0]
    other = next(rule for rule in held if by(pack, rule) != by(pack, one))
    return replace(pack, holders={**pack.holders, one: pack.holders[other], other: pack.holders[one]})


def by(pack: RulePack, rule: str) -> set[str]:
    return {holder.by for holder in pack.holders[rule]}


def holders_forgotten(pack: RulePack) -> RulePack:
    """Of each rule: what one alone holds back, others mostly hold back too."""
    return replace(pack, holders={rule: found[:-1] for rule, found in pack.holders.items()})


def no_not(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> tuple[Engine, Engine]:
    """A `not` is lost on the way into the engine."""
    right = columns._pattern

    def wrong(condition: c.Condition, wanted: bool, *rest: Any) -> Pattern:
        return right(condition.part if isinstance(condition, c.Not) else condition, wanted, *rest)

    monkeypatch.setattr(columns, "_pattern", wrong)
    return evaluate_facts, with_network(Chaining(pack))


def unknown_rules_are_never_suppressed(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> tuple[Engine, Engine]:
    right = chaining.Chaining._status

    def wrong(truth: c.Truth, holders: str | None, found: Mapping[str, bool]) -> Status:
        return "withheld" if truth is None else right(truth, holders, found)

    monkeypatch.setattr(chaining.Chaining, "_status", staticmethod(wrong))
    return evaluate_facts, with_network(Chaining(pack))


def forgetful_reference(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> tuple[Engine, Engine]:
    """The other way round: the plain evaluator is the wrong one."""
    right = evaluation.test

    def wrong(pack: RulePack, facts: Facts) -> Verdicts:
        with pytest.MonkeyPatch.context() as during:
            during.setattr(evaluation, "test", lambda criterion, facts: right(criterion, facts) is True)
            return evaluate_facts(pack, facts)

    return wrong, evaluate_chained


FAULTS = [
    *(
        pytest.param(strict_bound(item), id=f"< for <= in {item}")
        for item in ("egfr", "phq9", "age", "qtc", "serum_magnesium")
    ),
    pytest.param(strict_bound("antidepressant"), id="> for >= in days of a medicine"),
    pytest.param(freshness(lambda within: None), id="freshness ignored"),
    pytest.param(freshness(lambda within: None if within is None else within - 1), id="day N is too old"),
    pytest.param(freshness(lambda within: None if within is None else within + 1), id="day N+1 is current"),
    pytest.param(filled_wrongly(absent_lists_are_empty), id="absent is false"),
    pytest.param(filled_wrongly(nothing_is_rejected), id="a spoilt sample lets pass"),
    pytest.param(filled_wrongly(ends_are_one), id=">60 is 60"),
    pytest.param(read_wrongly(converted_first), id="converted before it is compared"),
    pytest.param(read_wrongly(default_limits_only), id="the laboratory's own limits ignored"),
    pytest.param(encoded(lambda value, scale: 2 * floor(value * scale)), id="what lies between two steps is lost"),
    pytest.param(encoded(lambda value, scale: 2 * round(value * scale)), id="rounded to a step"),
    pytest.param(encoded(lambda value, scale: 2 * floor(float(value) * scale)), id="binary floats"),
    pytest.param(other_pack(let_pass(False)), id="let pass dropped"),
    pytest.param(other_pack(let_pass(True)), id="everything lets pass"),
    pytest.param(other_pack(swapped_holders), id="holders swapped"),
    pytest.param(other_pack(holders_forgotten), id="holders forgotten"),
    pytest.param(no_not, id="not is lost"),
    pytest.param(unknown_rules_are_never_suppressed, id="an unknown rule is never suppressed"),
    pytest.param(forgetful_reference, id="the reference forgets unknown"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_noticed(
    fault: Seed, pack: RulePack, patients: Patients, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, chained = fault(monkeypatch, pack)
    found = next(differences(pack, patients.many(range(RECORDS)), reference, chained), None)
    assert found is not None
    monkeypatch.setattr(evaluator, "ENGINES", {"reference": reference, "durable": chained})
    monkeypatch.setattr(evaluator, "read_facts", lambda *_: patients.facts(found.seed))
    with pytest.raises(EngineDisagreement) as refused:
        evaluate(patients.record(found.seed), pack, patients.day(found.seed))
    names = ", ".join(sorted(found.names))
    assert str(refused.value) == (
        f"the two channels differ on {names}: nothing is advised; report this as a fault of mgcds"
    ), "names of rules and findings, and no word of the patient"
    assert set(found.names) <= {*pack.rules, *pack.findings}
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


# --- limits that do not fit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("finest", "fits"), [(Fraction(1, 10**15), True), (Fraction(1, 10**17), False)])
def test_limits_too_fine_for_whole_numbers_are_refused_and_never_misjudged(
    finest: Fraction, fits: bool, pack: RulePack
) -> None:
    fine = Threshold({SCORE: Limit(finest, True)}, "fine")
    twenty = Threshold({SCORE: Limit(Fraction(20), False)}, "twenty")
    below_20 = Measure("phq9", fine, twenty, None, "")
    rule = replace(next(iter(pack.rules.values())), id="below-20", when=c.Name("below 20"))
    small = replace(
        pack, criteria={"below 20": below_20}, findings={}, rules={rule.id: rule}, holders={rule.id: ()}, digest="fine"
    )
    if not fits:
        with pytest.raises(EngineFault, match="too fine"):
            Chaining(small)
        return
    facts = read_facts(PatientRecord(phq9="25", recorded="2026-11-20"), pack, date(2026, 11, 21))
    assert Chaining(small).evaluate(facts).rules == {"below-20": False}


# --- the long run ---------------------------------------------------------------------------------------------------------------


def test_the_long_run_names_seed_and_rules_of_a_difference(
    patients: Patients, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "Patients", lambda pack, stock=None: Patients(pack, stock or patients.stock))
    run.start()
    assert run.report(40, map(run.compare_chunk, [range(20), range(20, 40)])) == 0
    assert capsys.readouterr().out == "40 records, 0 differences\n"
    _, faulty = other_pack(let_pass(True))(monkeypatch, patients.pack)
    monkeypatch.setattr(run, "evaluate_chained", faulty)
    assert run.report(40, [run.compare_chunk(range(40))]) == 1
    first, *_, last = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"seed \d+, the pack: [a-z0-9_, -]+", first), "and no word of the patient"
    assert last.startswith("40 records, ")
    assert last != "40 records, 0 differences"


def test_the_long_run_fails_where_memory_grows() -> None:
    growing = [run.Compared(1, [], process=1, memory=100 + 3 * n) for n in range(30)]
    assert run.report(30, growing) == 1
    assert run.report(30, [chunk._replace(memory=100) for chunk in growing]) == 0


def test_the_long_run_covers_all_seeds() -> None:
    seeds = [seed for chunk in run.chunks(5, 2 * run.CHUNK + 1) for seed in chunk]
    assert seeds == list(range(5, 2 * run.CHUNK + 6))
