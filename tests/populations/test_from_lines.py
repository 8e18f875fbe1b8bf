"""From lines of Bulk Data to what is written of 50,000 patients: what their lines mean when they are read one by one.

Reading so many one by one would take minutes. So some hundreds of *donors* are read exactly, and each patient has the strands of
several: the Patient of one, all results of an item of another, and of a third the lists, with what depends on them (PHQ-9, pregnancy,
treatments, magnesium that is taken). What is expected of a patient is put together likewise, column by column.

What dealing cannot show is an effect of one strand on another, since it is taken for granted that there is none: such as an index of
haemolysis that speaks of several items of a sample. Those are in `test_plain` and in the tricky cases of `tests/fhir`. Nor are the
reasons compared for which something was not used (`test_plain`, `test_extraction`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mgcds.engines.columnar import columnar
from mgcds.engines.facts_arrow import schema_of
from mgcds.engines.facts_table import GAPS, Layout
from mgcds.evaluator import evaluate
from mgcds.fhir import read_ndjson
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.populations import plain, screening
from mgcds.populations.extraction import Extracted, extract
from mgcds.populations.item_by_item import merged
from mgcds.populations.screening import Wanted, screen
from mgcds.populations.sources import source_of
from mgcds.populations.synthesis.strands import PATIENT
from tests.populations.fhir_patients import LISTS, PEOPLE, Strands, at_limits, strand_of, synthetic
from tests.populations.test_screening import alone, said
from tests.populations.test_statements import in_the_text, in_the_units

ON = date(2026, 11, 21)
MANY, FEW, ALONE = 50_000, 800, 300
DONORS = 250  # of each kind
AT_LIMITS = {PEOPLE: 0.05, LISTS: 0.02}  # the most of these are read one by one, which takes long
ITEMS_AT_LIMITS = 0.1


@pytest.fixture(scope="module")
def layout(pack: RulePack) -> Layout:
    return columnar(pack).layout


class Donors(NamedTuple):
    """Strands, and the facts of each donor, who is called as the word that stands for a patient's id; and who of them has died."""

    strands: Sequence[Strands]
    facts: pa.Table
    deceased: Any


@pytest.fixture(scope="module")
def donors(pack: RulePack, layout: Layout) -> Donors:
    strands = [*synthetic(pack, ON, DONORS, seed=5), *at_limits(pack, ON, DONORS)]
    rows, deceased = [], []
    for each in strands:
        lines = (line for kinds in each.values() for text in kinds.values() for line in text.splitlines())
        (reading,) = read_ndjson(lines, pack, ON)
        rows.append(layout.row(read_facts(reading.record, pack, ON), ""))
        deceased.append(reading.deceased)
    return Donors(strands, pa.Table.from_pylist(rows, schema_of(layout, told=True)), np.array(deceased))


class Dealt:
    """Patients who are made of donors; their files, and what is expected of them."""

    def __init__(self, donors: Donors, layout: Layout, number: int) -> None:
        self._donors, self._layout = donors, layout
        rng, names = np.random.default_rng(3), sorted({name for each in donors.strands for name in each})
        is_at_limits = {name: rng.random(number) < AT_LIMITS.get(name, ITEMS_AT_LIMITS) for name in names}
        self.whose = {name: rng.integers(0, DONORS, number) + DONORS * is_at_limits[name] for name in names}
        self.names = [f"q{each:06}" for each in range(number)]
        self.living = np.flatnonzero(~donors.deceased[self.whose[PEOPLE]]).tolist()

    def lines(self, number: int) -> Iterator[tuple[str, bytes]]:
        """All that one patient has, by kind."""
        word, name = PATIENT.encode(), self.names[number].encode()
        for strand, whose in self.whose.items():
            for kind, text in self._donors.strands[whose[number]].get(strand, {}).items():
                yield kind, text.replace(word, name)

    def write(self, folder: Path) -> Path:
        """Two files of each kind."""
        folder.mkdir()
        with ExitStack() as stack:
            files: dict[str, Any] = {}
            for number in range(len(self.names)):
                for at, (kind, text) in enumerate(self.lines(number)):
                    path = f"{kind}-{(number + at) % 2}.ndjson"
                    if path not in files:
                        files[path] = stack.enter_context((folder / path).open("wb"))
                    files[path].write(text)
        return folder

    def expected(self, patients: pa.ChunkedArray) -> pa.Table:
        """The facts of these, in this order."""
        numbers = np.array([int(each.removeprefix("Patient/q")) for each in patients.to_pylist()])
        columns: dict[str, Any] = {"patient": patients}
        for name, column in self._layout.columns.items():
            if name != "patient":
                found = self._donors.facts[name].take(self.whose[strand_of(column.about, self._layout.pack)][numbers])
                columns[name] = self._named(found, numbers) if name.endswith("_source") else found
        return pa.table([columns[name] for name in self._layout.columns], schema_of(self._layout, told=True))

    def _named(self, sources: pa.ChunkedArray, numbers: Any) -> pa.Array:
        pairs = zip(sources.to_pylist(), numbers.tolist(), strict=True)
        return pa.array([each and each.replace(PATIENT, self.names[number]) for each, number in pairs], pa.string())


def wrong(parts: Sequence[Extracted], dealt: Dealt) -> set[str]:
    """The columns that are not as expected, or `patient` where others are there than live."""
    there = sorted(name for part in parts for name in part.facts["patient"].to_pylist())
    found = set() if there == [f"Patient/{dealt.names[each]}" for each in dealt.living] else {"patient"}
    for part in parts:
        facts = dealt.expected(part.facts["patient"])
        found |= {name for name in facts.column_names if not facts[name].equals(part.facts[name])}
    return found


# --- fifty thousand ---------------------------------------------------------------------------------------------------------------


class Screened(NamedTuple):
    """The folder of what was written, the parts that were extracted for it, and the patients."""

    folder: Path
    parts: Sequence[Extracted]
    dealt: Dealt


@pytest.fixture(scope="module")
def screened(donors: Donors, layout: Layout, pack: RulePack, tmp_path_factory: pytest.TempPathFactory) -> Screened:
    """As `mgcds screen` does it."""
    folder, parts, right = tmp_path_factory.mktemp("many"), list[Extracted](), screening.screen_part
    dealt = Dealt(donors, layout, MANY)

    def kept(wanted: Wanted, pack: RulePack, extracted: Extracted) -> int:
        parts.append(extracted)
        return right(wanted, pack, extracted)

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(screening, "screen_part", kept)
        screen(source_of(dealt.write(folder / "in")), pack, Wanted(folder / "out", ON, explained=20), workers=1)
    return Screened(folder, parts, dealt)


def test_the_facts_of_fifty_thousand(screened: Screened, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, dealt = screened.parts, screened.dealt
    assert 0.99 * MANY < len(dealt.living) < MANY
    assert wrong(parts, dealt) == set()
    gaps = {
        code for part in parts for name in part.facts.column_names if name.endswith("_gap") for code in part.facts[name].unique().to_pylist()
    }  # fmt: skip
    assert gaps == set(range(len(GAPS) + 1)), "known, and unknown for every reason"
    monkeypatch.setitem(dealt.whose, "egfr", dealt.whose["egfr"][::-1])
    assert "egfr_low" in wrong(parts, dealt), "somebody else's eGFR is noticed"


def test_what_is_written_of_fifty_thousand(screened: Screened, pack: RulePack) -> None:
    """From the expected facts the same files come as from the lines, to the byte."""
    folder = screened.folder / "facts"
    folder.mkdir()
    for part in screened.parts:
        pq.write_table(screened.dealt.expected(part.facts["patient"]), folder / f"{part.part}.parquet")
    screen(source_of(folder), pack, Wanted(screened.folder / "expected", ON, explained=20), workers=1)
    for what in ("statuses", "suggestions"):
        files = sorted((screened.folder / "expected" / what).iterdir())
        assert len(files) == len(screened.parts) > 1
        for file in files:
            assert file.read_bytes() == (screened.folder / "out" / what / file.name).read_bytes()


def test_some_of_them_alone(screened: Screened, pack: RulePack, tmp_path: Path) -> None:
    """As `evaluate` says it of their own lines, both channels agreeing."""
    numbers = Random(1).sample(screened.dealt.living, ALONE)
    some = [f"Patient/{screened.dealt.names[each]}" for each in numbers]
    for what in ("statuses", "suggestions"):
        (tmp_path / what).mkdir()
        theirs = pq.read_table(screened.folder / "out" / what, filters=[("patient", "in", some)])
        pq.write_table(theirs, tmp_path / what / "all.parquet")
    statuses, suggestions = said(tmp_path, pack)
    assert sorted(statuses) == sorted(some)

    def is_said(number: int, patient: str) -> bool:
        """Is that what was written of the patient?"""
        lines = (line for _, text in screened.dealt.lines(number) for line in text.splitlines())
        (reading,) = read_ndjson(lines, pack, ON)
        found = suggestions[patient]
        explained = {rule for rule in found if found[rule]["missing"] is not None}
        expected = alone(evaluate(reading.record, pack, ON).facts, pack, explained=explained)
        words = {rule: expected[rule]["status"] if rule in expected else "not indicated" for rule in pack.rules}
        return found == expected and statuses[patient] == words

    assert all(is_said(number, patient) for number, patient in zip(numbers, some, strict=True))
    assert not is_said(numbers[0], some[1])


# --- seeded faults: each is noticed ---------------------------------------------------------------------------------------------


def somebody_elses_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(facts: pa.Table, found: Any) -> pa.Table:
        return merged(facts, dict(zip(found, [*list(found.values())[1:], *list(found.values())[:1]], strict=True)))

    monkeypatch.setattr(plain, "merged", wrong)


FAULTS = [
    pytest.param(somebody_elses_result, id="somebody else's result"),
    pytest.param(
        in_the_units(lambda row: row | {"factor": row["factor"] * (10 if row["reported"] == "umol/L" else 1)}),
        id="the factor of a foreign unit",
    ),
    pytest.param(in_the_text("facts", "> 30 THEN", "> 29 THEN"), id="the medicine list is stale a day early"),
    pytest.param(in_the_text("newest", "AND day <=", "AND day <"), id="results of today do not count"),
]


@pytest.mark.parametrize("fault", [pytest.param(lambda monkeypatch: None, id="none"), *FAULTS])
def test_a_seeded_fault_is_noticed(
    fault: Callable[[pytest.MonkeyPatch], None],
    request: pytest.FixtureRequest,
    donors: Donors,
    layout: Layout,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    dealt = Dealt(donors, layout, FEW)
    parts = list(extract(source_of(dealt.write(tmp_path / "in")), layout.pack, ON, workers=1))
    assert bool(wrong(parts, dealt)) == (request.node.callspec.id != "none")
