"""The columnar engine says the same as the plain evaluator: of 50,000 patients, on random packs, of patterns; and seeded faults are noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from mgcds.engines import columnar, facts_table
from mgcds.engines.bitwise import Bit, Cells, Columns, Program
from mgcds.engines.columnar import Columnar, Screened, Truths, Verdict
from mgcds.engines.facts_arrow import LAYOUT
from mgcds.engines.facts_arrow import facts_table as arrow_table
from mgcds.engines.facts_table import Layout, most
from mgcds.engines.patterns import patterns
from mgcds.errors import EngineFault, TableError
from mgcds.loading import load_pack
from mgcds.model import condition as c
from mgcds.model.criterion import Limit, Measure, Threshold
from mgcds.model.evaluation import Verdicts, evaluate_facts
from mgcds.model.facts import Facts, Range, Reading
from mgcds.model.missing import pattern_of
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from mgcds.model.units import SCORE, factor
from tests.agreement.generate import Patients
from tests.agreement.packs import PackMaker
from tests.agreement.test_engines_agree import statuses_of

PATIENTS, AT_ONCE = 50_000, 10_000
READ, DEALT = 1_500, 4_500
RANDOM_PACKS, EACH = 60, 300
A_FEW = 500


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack()


@pytest.fixture(scope="module")
def patients(pack: RulePack) -> Patients:
    return Patients(pack)


@pytest.fixture(scope="module")
def some(patients: Patients) -> list[Facts]:
    """Records as people write them, and others dealt out of them."""
    found = [patients.read(seed) for seed in range(READ)] + [patients.dealt(seed) for seed in range(DEALT)]
    Random("some").shuffle(found)
    return found


@pytest.fixture(scope="module")
def expected(pack: RulePack, some: list[Facts]) -> list[Verdicts]:
    return [evaluate_facts(pack, facts) for facts in some]


def screened(engine: Columnar, facts: Sequence[Facts]) -> Screened:
    (found,) = engine.screen(arrow_table(facts, engine.layout).to_batches())
    return found


CODES = {False: 0, None: 1, True: 2} | {status: code for code, status in enumerate(columnar.STATUSES)}


def differences(found: Screened, expected: Sequence[Verdicts]) -> Iterator[tuple[int, str]]:
    """Row and name of each criterion, finding, rule and status that is not as the plain evaluator says."""

    def truths(of: Mapping[str, Truths]) -> list[NDArray[np.uint8]]:
        return [1 + found.cells.flags(met) - found.cells.flags(not_met) for met, not_met in of.values()]

    of_rows = (found.criteria, found.findings, found.rules)
    mine = np.stack([*(column for of in of_rows for column in truths(of)), *map(found.codes, found.statuses)], axis=1)
    names = [name for of in (*of_rows, found.statuses) for name in of]
    theirs = []
    for each in expected:
        answers = {**each.criteria, **each.findings, **each.rules}
        assert [*answers, *each.statuses] == names
        theirs.append(bytes(map(CODES.__getitem__, (*answers.values(), *each.statuses.values()))))
    wanted = np.frombuffer(b"".join(theirs), np.uint8).reshape(mine.shape)
    for row, column in zip(*np.nonzero(mine != wanted), strict=True):
        yield int(row), names[column]


def differing(engine: Columnar, facts: Sequence[Facts], expected: Sequence[Verdicts]) -> Iterator[tuple[int, str]]:
    """A few patients at a time, as the first that differs will do."""
    for start in range(0, len(facts), A_FEW):
        part = slice(start, start + A_FEW)
        yield from differences(screened(engine, facts[part]), expected[part])


# --- agreement ----------------------------------------------------------------------------------------------------------------


def test_fifty_thousand_patients_on_every_criterion_finding_rule_and_status(pack: RulePack, some: list[Facts]) -> None:
    """Each is one of the patients with some items and lists of others, in the table and in the facts alike."""
    engine, rng, seen = Columnar(pack), np.random.default_rng(5), set[tuple[str, str]]()
    subjects = [*engine.layout.measured, *engine.layout.states, *engine.layout.lists]
    table = arrow_table(some, engine.layout)
    for _ in range(0, PATIENTS, AT_ONCE):
        rows = np.tile(rng.integers(0, len(some), AT_ONCE), (len(subjects), 1))
        others = rng.random(rows.shape) < rng.choice([0, 0.03, 0.2, 1], AT_ONCE)
        rows = np.where(others, rng.integers(0, len(some), rows.shape), rows)
        facts = [mixed(some, dict(zip(subjects, column, strict=True)), pack) for column in rows.T.tolist()]
        (found,) = engine.screen(mixed_table(table, dict(zip(subjects, rows, strict=True)), engine.layout).to_batches())
        assert next(differences(found, [evaluate_facts(pack, each) for each in facts]), None) is None
        seen |= {(rule, columnar.STATUSES[code]) for rule in pack.rules for code in np.unique(found.codes(rule))}
    assert seen == {(rule, status) for rule in pack.rules for status in statuses_of(rule, pack)}


def mixed(some: list[Facts], rows: Mapping[str, int], pack: RulePack) -> Facts:
    """Each item and list from the patient in this row."""
    facts = Facts(some[0].on, {}, {}, {})
    for subject, row in rows.items():
        if subject in pack.vocabularies:
            facts.lists[subject] = some[row].lists[subject]
            facts.members |= {name: some[row].members[name] for name in pack.vocabularies[subject].value_sets}
        else:
            facts.items[subject] = some[row].items[subject]
    return facts


def mixed_table(table: pa.Table, rows: Mapping[str, NDArray[np.intp]], layout: Layout) -> pa.Table:
    """The same of a facts table."""
    columns = {
        name: table[name].take(rows[layout.columns[name].about]) if layout.columns[name].about else table[name]
        for name in table.schema.names
    }
    columns["patient"] = pa.array([str(row) for row in range(len(rows["age"]))])
    return pa.table(columns, table.schema).combine_chunks()


def test_records_as_people_write_them(pack: RulePack, some: list[Facts], expected: list[Verdicts]) -> None:
    assert next(differing(Columnar(pack), some, expected), None) is None


def test_random_packs(patients: Patients, some: list[Facts]) -> None:
    maker, seen, rng = PackMaker(patients), set[str](), Random(7)
    for number in range(RANDOM_PACKS):
        random_pack = maker.pack(number)
        facts = rng.sample(some, EACH)
        expected = [evaluate_facts(random_pack, each) for each in facts]
        assert next(differing(Columnar(random_pack), facts, expected), None) is None, f"random pack {number}"
        seen |= {status for verdicts in expected for status in verdicts.statuses.values()}
    assert seen == set(columnar.STATUSES)


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 64])
def test_batches_that_fill_no_whole_byte(rows: int, pack: RulePack, some: list[Facts]) -> None:
    engine = Columnar(pack)
    table = arrow_table(some[:80], engine.layout)
    parts = list(engine.screen(table.slice(3, rows).to_batches()))
    assert sum(part.rows for part in parts) == rows
    of_parts = [part.verdicts(row) for part in parts for row in range(part.rows)]
    assert of_parts == [evaluate_facts(pack, facts) for facts in some[3 : 3 + rows]]


def test_a_batch_longer_than_one_part_is_cut(
    pack: RulePack, some: list[Facts], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columnar, "ROWS", 16)
    engine = Columnar(pack)
    parts = list(engine.screen(arrow_table(some[:40], engine.layout).to_batches()))
    assert [part.rows for part in parts] == [16, 16, 8]
    assert parts[2].verdicts(7) == evaluate_facts(pack, some[39])


def test_the_statuses_as_a_table(pack: RulePack, some: list[Facts]) -> None:
    engine = Columnar(pack)
    found = screened(engine, some[:50]).to_arrow(pa.array([f"Patient/{row}" for row in range(50)]))
    assert found.schema.names == ["patient", *pack.rules]
    expected = [{"patient": f"Patient/{row}", **evaluate_facts(pack, some[row]).statuses} for row in range(50)]
    assert found.to_pylist() == expected


# --- patterns ---------------------------------------------------------------------------------------------------------------------


def test_each_patient_has_the_pattern_that_one_record_alone_has(
    pack: RulePack, some: list[Facts], expected: list[Verdicts]
) -> None:
    found = screened(Columnar(pack), some)
    outdated = rejected = 0
    for rule in pack.rules:
        distinct = patterns(rule, found, pack)
        withheld = [row for row, verdicts in enumerate(expected) if verdicts.statuses[rule] == "withheld"]
        assert distinct.rows.tolist() == withheld
        alone = [pattern_of(rule, expected[row].criteria, expected[row].rules, pack, some[row]) for row in withheld]
        once = distinct.patterns
        assert [once[number] for number in distinct.numbers] == alone
        assert len(set(once)) == len(once), "each pattern once"
        outdated += any(pattern.outdated for pattern in alone)
        rejected += any(pattern.rejected for pattern in alone)
    assert outdated
    assert rejected


# --- seeded faults: each is noticed ---------------------------------------------------------------------------------------------

Seed = Callable[[pytest.MonkeyPatch, RulePack], Columnar]


def replaced(owner: Any, name: str, make: Callable[[Any], Any]) -> Seed:
    """A function of the engine or of the layout, replaced by what is made of it."""

    def seed(monkeypatch: pytest.MonkeyPatch, pack: RulePack) -> Columnar:
        monkeypatch.setattr(owner, name, make(getattr(owner, name)))
        return Columnar(pack)

    return seed


def in_a_row(change: Callable[[dict[str, Any], Layout], None]) -> Seed:
    """A row of the facts table, changed after it was filled."""

    def make(right: Any) -> Any:
        def wrong(self: Layout, facts: Facts, patient: str) -> dict[str, Any]:
            row: dict[str, Any] = right(self, facts, patient)
            change(row, self)
            return row

        return wrong

    return replaced(Layout, "row", make)


def in_the_reading(change: Callable[[Reading, MeasuredItem], Reading]) -> Seed:
    def make(right: Any) -> Any:
        def wrong(self: Layout, item: str, reading: Reading, row: dict[str, Any]) -> None:
            described = self.pack.items[item]
            assert isinstance(described, MeasuredItem)
            right(self, item, change(reading, described), row)

        return wrong

    return replaced(Layout, "_fill_reading", make)


def other_pack(change: Callable[[RulePack], RulePack]) -> Seed:
    return lambda monkeypatch, pack: Columnar(change(pack))


def ends_are_one(row: dict[str, Any], layout: Layout) -> None:
    """A reported `>60` is taken for 60."""
    for item in layout.measured:
        if row[f"{item}_high"] == layout.columns[f"{item}_high"].unknown and row[f"{item}_gap"] == 0:
            row[f"{item}_high"] = row[f"{item}_low"]


def absent_lists_are_empty(row: dict[str, Any], layout: Layout) -> None:
    for name in layout.lists:
        row[f"{name}_absent_0"] = most(layout.columns[f"{name}_absent_0"].type) & ~row[f"{name}_present_0"]


def nothing_is_rejected(row: dict[str, Any], layout: Layout) -> None:
    for name in row:
        if name.endswith("_gap") and row[name] >= facts_table.REJECTED:
            row[name] = 1


def no_unit_but_the_first(row: dict[str, Any], layout: Layout) -> None:
    row.update({name: min(code, 0) for name, code in row.items() if name.endswith("_unit")})


def converted_first(reading: Reading, item: MeasuredItem) -> Reading:
    """1.7 mg/dL becomes 0.6994 mmol/L, which is below 0.70."""
    scale = factor(reading.unit, item.units[0], item.substance)
    ends = [Fraction(end) * scale if end is not None else None for end in (reading.range.low, reading.range.high)]
    return reading._replace(unit=item.units[0], range=Range(*ends, reading.range.low_open, reading.range.high_open))


def default_limits_only(reading: Reading, item: MeasuredItem) -> Reading:
    def default(limit: Threshold | None) -> Limit | None:
        return limit.by_unit[reading.unit] if limit else None

    return reading._replace(lower=default(item.lower), upper=default(item.upper))


def closed_ends(reading: Reading, item: MeasuredItem) -> Reading:
    return reading._replace(range=reading.range._replace(low_open=False, high_open=False))


def let_pass(always: bool) -> Callable[[RulePack], RulePack]:
    def change(pack: RulePack) -> RulePack:
        changed = {rule: tuple(replace(h, lets_pass=always) for h in found) for rule, found in pack.holders.items()}
        return replace(pack, holders=changed)

    return change


def one_holder_forgotten(pack: RulePack) -> RulePack:
    return replace(pack, holders={rule: found[:-1] for rule, found in pack.holders.items()})


def freshness(shift: int | None) -> Seed:
    def make(right: Any) -> Any:
        def wrong(item: str, within: int, cells: Cells) -> Any:
            return ~cells.none() if shift is None else right(item, within + shift, cells)

        return wrong

    return replaced(columnar, "_fresh", make)


def side(change: Callable[[str, int, bool], tuple[str, int, bool]]) -> Seed:
    """The comparison of a range with a limit, changed."""
    return replaced(columnar, "is_above", lambda right: lambda *given: right(*change(*given[:3]), given[3]))


def days_of_a_medicine(column: str, step: int, inclusive: bool) -> tuple[str, int, bool]:
    return column, step + 2 * column.endswith(("_running", "_unchanged")), inclusive


def everybody(right: Any) -> Any:
    return lambda self, *given: ~self.none()


def first_byte(right: Any) -> Any:
    """Of each mask."""

    def wrong(self: Columns, column: str, wanted: Any) -> Any:
        return right(
            self, column, [each._replace(bit=each.bit & 7) if isinstance(each, Bit) else each for each in wanted]
        )

    return wrong


def one_place_for_two(right: Any) -> Any:
    """A result is overwritten that is still needed."""

    def wrong(self: Program, number: int) -> int:
        place: int = right(self, number)
        self._places[number] = place & ~1
        return self._places[number]

    return wrong


def for_ever(right: Any) -> Any:
    return lambda self, criterion, cells: right(self, replace(criterion, within=None), cells)


def let_pass_too(right: Any) -> Any:
    """Seeded fault: a set of holders of which one lets pass is taken for the same set of which none does."""
    return lambda pack: right(let_pass(False)(pack))


def encoded(change: Callable[[Any, int], int]) -> Seed:
    return replaced(facts_table, "encode", lambda right: change)


FAULTS = [
    pytest.param(side(lambda column, step, inclusive: (column, step, False)), id="> for >="),
    pytest.param(side(lambda column, step, inclusive: (column, step, True)), id=">= for >"),
    pytest.param(side(lambda column, step, inclusive: (column, step + 2, inclusive)), id="a limit one step off"),
    pytest.param(side(days_of_a_medicine), id="days of a medicine one off"),
    pytest.param(replaced(columnar, "all_of", lambda right: columnar.any_of), id="or for and"),
    pytest.param(replaced(columnar, "any_of", lambda right: columnar.all_of), id="and for or"),
    pytest.param(replaced(columnar, "opposite", lambda right: lambda truths: truths), id="not is lost"),
    pytest.param(replaced(columnar, "opposite", lambda right: lambda t: Verdict(~t.met, t.met)), id="unknown is false"),
    pytest.param(replaced(Cells, "no_later", everybody), id="an answer older than the value it answers"),
    pytest.param(
        replaced(Cells, "no_later", lambda right: lambda self, *of: ~right(self, *reversed(of))), id="< for <= days"
    ),
    pytest.param(
        replaced(Cells, "bit", lambda right: lambda self, of, bit: right(self, of, bit ^ 1)), id="a neighbour's bit"
    ),
    pytest.param(replaced(Columns, "read", first_byte), id="a bit of another byte"),
    pytest.param(replaced(Program, "_new_place", one_place_for_two), id="one place for two results"),
    pytest.param(replaced(Columnar, "_asks", for_ever), id="stale is not unknown"),
    pytest.param(replaced(columnar, "holding", let_pass_too), id="let pass is not part of a step"),
    pytest.param(freshness(None), id="freshness ignored"),
    pytest.param(freshness(-1), id="day N is too old"),
    pytest.param(freshness(1), id="day N+1 is current"),
    pytest.param(in_a_row(absent_lists_are_empty), id="absent is false"),
    pytest.param(in_a_row(nothing_is_rejected), id="a spoilt sample lets pass"),
    pytest.param(in_a_row(ends_are_one), id=">60 is 60"),
    pytest.param(in_a_row(no_unit_but_the_first), id="the unit is ignored"),
    pytest.param(in_the_reading(closed_ends), id="open ends are closed"),
    pytest.param(in_the_reading(converted_first), id="converted before it is compared"),
    pytest.param(in_the_reading(default_limits_only), id="the laboratory's own limits ignored"),
    pytest.param(encoded(lambda value, scale: 2 * floor(value * scale)), id="what lies between two steps is lost"),
    pytest.param(encoded(lambda value, scale: 2 * round(value * scale)), id="rounded to a step"),
    pytest.param(encoded(lambda value, scale: 2 * floor(np.float32(value) * scale)), id="single precision"),
    pytest.param(other_pack(let_pass(False)), id="let pass dropped"),
    pytest.param(other_pack(let_pass(True)), id="everything lets pass"),
    pytest.param(other_pack(one_holder_forgotten), id="a holder forgotten"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_noticed(
    fault: Seed, pack: RulePack, some: list[Facts], expected: list[Verdicts], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert next(differing(fault(monkeypatch, pack), some, expected), None) is not None


# --- tables and limits that do not fit ----------------------------------------------------------------------------------------


def test_a_table_of_other_rules_is_refused(pack: RulePack, some: list[Facts]) -> None:
    table = arrow_table(some[:3], Layout(pack))
    for metadata in (None, {LAYOUT: b"another"}):
        with pytest.raises(TableError, match="made for other rules"):
            list(Columnar(pack).screen(table.replace_schema_metadata(metadata).to_batches()))


def test_all_that_is_wrong_with_a_table_is_said_at_once(pack: RulePack, some: list[Facts]) -> None:
    table = arrow_table(some[:3], Layout(pack))
    at = table.schema.get_field_index("egfr_low")
    wrong = table.drop_columns(["phq9_gap"]).append_column("extra", pa.array([1, 2, 3]))
    wrong = wrong.set_column(wrong.schema.get_field_index("egfr_low"), "egfr_low", pa.array([1.0, 2.0, 3.0]))
    wrong = wrong.set_column(wrong.schema.get_field_index("egfr_days"), "egfr_days", pa.array([1, None, 3], pa.int16()))
    with pytest.raises(TableError) as refused:
        list(Columnar(pack).screen(wrong.to_batches()))
    assert at > 0
    assert str(refused.value).splitlines() == [
        "column 'egfr_days' has nulls: write 32767 for unknown",
        "column 'egfr_low' is double: write int16",
        "column 'phq9_gap' is missing: it is int8",
    ]


@pytest.mark.parametrize(("finest", "kind"), [("0.01", "int16"), ("0.00001", "int32"), ("0.0000000000001", "int64")])
def test_a_column_is_as_wide_as_its_limits_need(finest: str, kind: str, pack: RulePack) -> None:
    fine = Threshold({SCORE: Limit(Decimal(finest), True)}, "fine")
    twenty = Threshold({SCORE: Limit(20, False)}, "twenty")
    small = with_one_rule(pack, Measure("phq9", fine, twenty, None, ""))
    layout = Layout(small)
    assert layout.columns["phq9_low"].type == kind
    for score, expected in (("25", False), ("20", False), ("19", True), ("0", False)):
        facts = read_facts(PatientRecord(phq9=score, recorded="2026-11-20"), pack, date(2026, 11, 21))
        assert screened(Columnar(small), [facts]).verdicts(0).rules == {"one": expected}, score


def test_limits_too_fine_for_whole_numbers_are_refused(pack: RulePack) -> None:
    finest = Threshold({SCORE: Limit(Decimal("1e-17"), True)}, "finest")
    with pytest.raises(EngineFault, match="too fine"):
        Layout(with_one_rule(pack, Measure("phq9", finest, Threshold({SCORE: Limit(20, False)}, "20"), None, "")))


def test_many_rules_that_hold_back_share_their_steps(pack: RulePack) -> None:
    """Nothing grows with the square of the rules: each copy of a rule is held back by all copies of its holders."""
    steps = [len(columnar.holding(copied(pack, times))[0]) for times in (1, 10)]
    assert steps[1] <= 10 * steps[0]
    assert sum(map(len, copied(pack, 10).holders.values())) > 50 * sum(map(len, pack.holders.values()))


def copied(pack: RulePack, times: int) -> RulePack:
    copies = {rule: [rule, *(f"{rule}-{n}" for n in range(1, times))] for rule in pack.rules}
    rules = {copy: replace(pack.rules[rule], id=copy) for rule, found in copies.items() for copy in found}
    holders = {
        copy: tuple(replace(holder, by=by) for holder in pack.holders[rule] for by in copies[holder.by])
        for rule, found in copies.items()
        for copy in found
    }
    return replace(pack, rules=rules, holders=holders)


def with_one_rule(pack: RulePack, criterion: Measure) -> RulePack:
    rule = replace(next(iter(pack.rules.values())), id="one", when=c.Name("criterion"))
    return replace(
        pack, criteria={"criterion": criterion}, findings={}, rules={"one": rule}, holders={"one": ()}, digest="one"
    )
