"""Alert burden: it counts what the plain evaluator says of each patient, one by one; its page and its numbers say the same."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from mgcds.fhir.reader import read_ndjson
from mgcds.loading import load_pack
from mgcds.loading.packs import rules_root
from mgcds.model.evaluation import Status, evaluate_facts
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.populations import against
from mgcds.populations import burden as counting
from mgcds.populations.burden import ORDER, Burden, burden, rate
from mgcds.populations.burden_page import burden_html
from mgcds.populations.sources import source_of
from mgcds.populations.synthesis.writing import Cohort, write
from tests.cli.running import mgcds
from tests.review.browser import chromium, needs_a_browser, opened, violations

ON, PATIENTS = date(2026, 11, 21), 600
PACK = load_pack()
Statuses = Mapping[str, Mapping[str, Status]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("population") / "cohort <b>"
    write(Cohort(PATIENTS, 11, ON, mess=True), path)
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same patients, read already."""
    path = tmp_path_factory.mktemp("facts")
    write(Cohort(PATIENTS, 11, ON, "facts", a_part=250), path)
    return path


@pytest.fixture(scope="module")
def old_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack before a threshold was raised and a duration was shortened."""
    rules = tmp_path_factory.mktemp("old") / "rules"
    shutil.copytree(rules_root(), rules)
    for name, written, otherwise in (
        ("safety/moderate-renal-impairment", "below: 60 mL", "below: 50 mL"),
        ("workup/ppi-without-magnesium", "for_more_than: 90 days", "for_more_than: 400 days"),
    ):
        path = rules / f"{name}.yaml"
        text = path.read_text()
        assert written in text
        path.write_text(text.replace(written, otherwise))
    return rules


@pytest.fixture(scope="module")
def old(old_rules: Path) -> RulePack:
    return load_pack(old_rules)


@pytest.fixture(scope="module")
def facts(folder: Path) -> dict[str, Facts]:
    lines = [line for file in sorted(folder.glob("*.ndjson")) for line in file.read_bytes().splitlines()]
    return {
        reading.patient: read_facts(reading.record, PACK, ON)
        for reading in read_ndjson(lines, PACK, ON)
        if reading.patient is not None and not reading.deceased
    }


def statuses_of(facts: Mapping[str, Facts], pack: RulePack) -> Statuses:
    """By the plain evaluator."""
    return {patient: evaluate_facts(pack, each).statuses for patient, each in facts.items()}


@pytest.fixture(scope="module")
def statuses(facts: dict[str, Facts]) -> Statuses:
    return statuses_of(facts, PACK)


@pytest.fixture(scope="module")
def found(folder: Path, old: RulePack) -> Burden:
    return burden(source_of(folder), PACK, ON, name=folder.name, against=old, workers=1)


# --- counting -------------------------------------------------------------------------------------------------------------------------


def miscounted(found: Burden, statuses: Statuses) -> list[str]:
    """Where the counts are not those of the statuses, patient by patient."""
    wrong = [] if found.patients == len(statuses) else ["patients"]
    for rule in PACK.rules:
        counted = Counter(each[rule] for each in statuses.values())
        wrong += [f"{rule} {status}" for status in ORDER if counted[status] != found.number(rule, status)]
    offered = [sorted(rule for rule, status in each.items() if status == "offered") for each in statuses.values()]
    at_once = Counter(map(len, offered))
    wrong += [f"{number} at once" for number, each in enumerate(found.at_once) if each.count != at_once[number]]
    pairs = Counter(pair for each in offered for pair in combinations(each, 2))
    if {tuple(sorted((pair.one, pair.other))): pair.both.count for pair in found.pairs} != pairs:
        wrong.append("pairs")
    return wrong


def test_it_counts_what_the_plain_evaluator_says_of_each_patient(found: Burden, statuses: Statuses) -> None:
    assert miscounted(found, statuses) == []
    assert len(found.pairs) > 10
    assert found.suggestions == sum(status == "offered" for each in statuses.values() for status in each.values())
    assert found.counts.broken == 3


def test_a_part_of_those_offered_the_one_are_offered_the_other(found: Burden, statuses: Statuses) -> None:
    pair = found.pairs[0]
    one = [each for each in statuses.values() if each[pair.one] == "offered"]
    assert pair.of_one.of == len(one)
    assert (
        pair.of_one.count
        == pair.of_other.count
        == pair.both.count
        == sum(each[pair.other] == "offered" for each in one)
    )


def seed_another_code(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(counting, "OFFERED", 0)


def seed_statuses_in_another_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(counting, "STATUSES", counting.STATUSES[::-1])


def seed_a_part_that_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(counting.Counts, "add", lambda self, other: None)


@pytest.mark.parametrize("seed", [seed_another_code, seed_statuses_in_another_order, seed_a_part_that_is_forgotten])
def test_a_fault_of_counting_is_noticed(
    seed: Any, table: Path, statuses: Statuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(monkeypatch)
    assert miscounted(burden(source_of(table), PACK, ON, workers=1), statuses)


def test_parts_add_up_and_a_facts_table_gives_the_same(found: Burden, table: Path) -> None:
    again = burden(source_of(table), PACK, ON, workers=1)
    assert source_of(table).parts == 3
    for rule in PACK.rules:
        assert np.array_equal(again.counts.statuses[rule], found.counts.statuses[rule])
    assert np.array_equal(again.counts.together, found.counts.together)
    assert np.array_equal(again.counts.at_once, found.counts.at_once)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        # Newcombe RG. Statistics in Medicine 1998;17:857-872, table I, method 3 (Wilson's score without continuity correction).
        (81, 263, 25.53, 36.62),
        (15, 148, 6.24, 16.05),
        (0, 20, 0.0, 16.11),
        (1, 29, 0.61, 17.18),
    ],
)
def test_intervals_are_those_of_the_literature(count: int, of: int, low: float, high: float) -> None:
    found = rate(count, of)
    assert (round(found.low, 2), round(found.high, 2)) == (low, high)
    mirrored = rate(of - count, of)
    assert (mirrored.low, mirrored.high) == (pytest.approx(100 - found.high), pytest.approx(100 - found.low))


def test_of_nobody_nothing_is_known() -> None:
    assert (rate(0, 0).low, rate(0, 0).high) == (0, 100)


# --- against another pack ---------------------------------------------------------------------------------------------------------------


def wrongly_compared(found: Burden, before: Statuses, after: Statuses) -> list[str]:
    """Where what changed is not what the plain evaluator says with either pack."""
    assert found.against is not None
    wrong = []
    for rule in PACK.rules:
        pairs = Counter((before[patient].get(rule), after[patient][rule]) for patient in after)
        told = found.against.rules.get(rule)
        if any(one != other for one, other in pairs):
            wrong += [] if told is not None and told.counts == pairs else [rule]
        elif told is not None:
            wrong.append(f"{rule}, which did not change")
        wrong += [f"{rule}: {each}" for each in wrong_examples(told, before, after, rule)] if told is not None else []
    return wrong


def wrong_examples(told: against.Changed, before: Statuses, after: Statuses, rule: str) -> Iterator[str]:
    for turn in against.TURNS:
        if bool(told.examples[turn]) != bool(told.number(turn)):
            yield f"no one is {turn}, or none is shown"
        for example in told.examples[turn]:
            pair = before[example.patient].get(rule), after[example.patient][rule]
            if pair != (example.before, example.after) or (pair[1] == "offered") != (turn == "newly offered"):
                yield example.patient


def test_it_says_who_newly_gets_what_as_the_plain_evaluator_does(
    found: Burden, facts: dict[str, Facts], statuses: Statuses, old: RulePack
) -> None:
    assert found.against is not None
    assert wrongly_compared(found, statuses_of(facts, old), statuses) == []
    renal = found.against.rules["moderate-renal-impairment"]
    assert renal.number("newly offered") > 3
    assert renal.number("no longer offered") == 0
    assert len(renal.examples["newly offered"]) == against.EXAMPLES


def test_examples_give_the_deciding_values(found: Burden, facts: dict[str, Facts]) -> None:
    assert found.against is not None
    for example in found.against.rules["moderate-renal-impairment"].examples["newly offered"]:
        (value,) = example.values
        number = re.match(r"eGFR (\d+) mL/min", value)
        assert number is not None
        assert 50 <= int(number[1]) < 60
        assert example.because == "the rule was not met and is met"
        reading: Any = facts[example.patient].items["egfr"]
        assert reading.dated in value
    for example in found.against.rules["ppi-without-magnesium"].examples["newly offered"]:
        days = re.search(r"Medicine list: ppi for (?:at least )?(\d+) days", "; ".join(example.values))
        assert days is not None
        assert 90 < int(days[1]) <= 400


def test_a_rule_that_one_pack_has_alone_is_said(table: Path, statuses: Statuses) -> None:
    rules = {name: rule for name, rule in PACK.rules.items() if name != "assess-dietary-intake"}
    holders = {name: held for name, held in PACK.holders.items() if name in rules}
    without = replace(PACK, rules=rules, holders=holders, digest="another", missing_sets={})
    offered = sum(each["assess-dietary-intake"] == "offered" for each in statuses.values())
    assert offered > 3
    for old, new, turn in ((without, PACK, "newly offered"), (PACK, without, "no longer offered")):
        changes = burden(source_of(table), new, ON, against=old, workers=1).against
        assert changes is not None
        assert list(changes.rules) == ["assess-dietary-intake"]
        assert changes.rules["assess-dietary-intake"].number(turn) == offered  # type: ignore[arg-type]


def seed_packs_exchanged(patch: pytest.MonkeyPatch) -> None:
    before = against.Both.add
    patch.setattr(against.Both, "add", lambda self, rule, one, other, changed: before(self, rule, other, one, changed))


def seed_no_longer_taken_for_newly(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(against, "OFFERED", against.STATUSES.index("not indicated"))


def seed_a_status_read_otherwise(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(against, "STATUSES", against.STATUSES[::-1])


@pytest.mark.parametrize("seed", [seed_packs_exchanged, seed_no_longer_taken_for_newly, seed_a_status_read_otherwise])
def test_a_fault_of_comparing_is_noticed(
    seed: Any, table: Path, facts: dict[str, Facts], statuses: Statuses, old: RulePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = statuses_of(facts, old)
    seed(monkeypatch)
    assert wrongly_compared(burden(source_of(table), PACK, ON, against=old, workers=1), before, statuses)


# --- the page -----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def html(found: Burden) -> str:
    return burden_html(found)


def test_the_page_asks_nothing_of_the_network_and_escapes_what_it_is_given(html: str) -> None:
    assert not re.findall(r"""(?:src|href)=["'](?!#)[^"']+""", html)
    assert "<script" not in html
    assert "url(" not in html
    assert "cohort &lt;b&gt;" in html
    assert "<b>" not in html


def test_every_chart_has_a_table_beside_it(html: str) -> None:
    sections = re.split(r"<h2 ", html)[1:]
    drawn = [section for section in sections if "<svg" in section]
    assert len(drawn) == 4
    assert all("<table" in section and "<caption" in section for section in drawn)


def test_the_page_says_what_was_counted(html: str, found: Burden) -> None:
    assert f"<strong>{found.patients}</strong> patients" in html
    assert "3 lines could not be read" in html
    offered = found.rate("moderate-renal-impairment", "offered")
    row = re.search(r'<th scope="row"><span class="id">moderate-renal-impairment</span>.*?</tr>', html, re.DOTALL)
    assert row is not None
    cells = re.findall(r'<td class="number">([^<]*)</td>', row[0])
    assert cells[:3] == [str(offered.count), f"{offered.per_100:.2f}", f"{offered.low:.2f} to {offered.high:.2f}"]


def test_a_population_of_nobody_has_a_page(tmp_path: Path) -> None:
    write(Cohort(5, 1, ON, "facts"), tmp_path / "facts")
    file = tmp_path / "facts" / "facts-00000.parquet"
    pq.write_table(pq.read_table(file).slice(0, 0), file)
    empty = burden(source_of(file), PACK, ON, against=PACK, workers=1)
    assert empty.patients == 0
    assert "No patient is offered two suggestions" in burden_html(empty)
    assert "No patient gets another status" in burden_html(empty)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@needs_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, html: str, scheme: str) -> None:
    with opened(browser, html, color_scheme=scheme) as page:
        assert violations(page) == []


@needs_a_browser
def test_axe_finds_a_seeded_fault(browser: Any, html: str) -> None:
    with opened(browser, html.replace(".lead {", ".lead { color: #bbb;")) as page:
        assert any("color-contrast" in each for each in violations(page))


@needs_a_browser
def test_the_page_fits_a_telephone_and_paper(browser: Any, html: str) -> None:
    for width, media in ((360, "screen"), (687, "print")):
        with opened(browser, html, width=width) as page:
            page.emulate_media(media=media)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


# --- the command ----------------------------------------------------------------------------------------------------------------------------


def test_the_command_prints_a_table_writes_json_and_a_page(
    table: Path, found: Burden, old_rules: Path, tmp_path: Path
) -> None:
    asked = ("burden", str(table), "--on", "2026-11-21", "--workers", "1", "--against", str(old_rules))
    text = mgcds(*asked)
    assert (text.code, text.err) == (0, "")
    offered = found.rate("moderate-renal-impairment", "offered")
    assert re.search(rf"moderate-renal-impairment +{offered.count} +{offered.per_100:.2f} ", text.out)
    assert "newly offered: Patient/synthetic-11-" in text.out
    assert max(map(len, text.out.splitlines())) <= 80
    told, expected = (json.loads(each) for each in (mgcds(*asked, "--format", "json").out, json.dumps(found.to_dict())))
    assert {name: told[name] for name in ("rules", "at_once", "pairs", "patients")} == {
        name: expected[name] for name in ("rules", "at_once", "pairs", "patients")
    }
    assert told["against"] == expected["against"]
    page = tmp_path / "burden.html"
    assert mgcds(*asked, "-o", str(page)).code == 0
    assert "Alert burden" in page.read_text()


def test_where_the_page_cannot_be_written_nothing_is_read(tmp_path: Path) -> None:
    ended = mgcds("burden", str(tmp_path / "not even there"), "-o", str(tmp_path / "none" / "burden.html"))
    assert ended.code == 2
    assert f"there is no folder {tmp_path / 'none'}" in ended.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT TESTED: there is no /dev/full")
def test_a_full_disk_is_said(table: Path) -> None:
    ended = mgcds("burden", str(table), "--on", "2026-11-21", "--workers", "1", "-o", "/dev/full")
    assert ended.code == 2
    assert ended.err == "mgcds: nothing more can be written: No space left on device; make room, and start again\n"


def test_a_facts_table_of_other_rules_is_refused(tmp_path: Path) -> None:
    write(Cohort(5, 1, ON, "facts"), tmp_path / "facts")
    file = tmp_path / "facts" / "facts-00000.parquet"
    pq.write_table(pq.read_table(file).replace_schema_metadata({b"mgcds.layout": b"another"}), file)
    ended = mgcds("burden", str(file), "--workers", "1")
    assert ended.code == 2
    assert "made for other rules" in ended.err
