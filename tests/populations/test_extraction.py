"""Extraction gives of each patient what reading all lines at once gives, however they lie in files and parts."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mgcds.engines.columnar import columnar
from mgcds.errors import RecordError
from mgcds.fhir import read_ndjson
from mgcds.fhir.belonging import Belonging
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.populations import extraction, many_at_once, sources, staging
from mgcds.populations.extraction import Extracted, extract
from mgcds.populations.one_by_one import kind_of, reason
from mgcds.populations.plain import Flat
from mgcds.populations.sources import FhirFiles, source_of
from tests.fhir.builders import condition, observation, patient
from tests.populations.ndjson import in_a_history, lines, magnesium, of, scattered

ON = date(2026, 11, 21)
OUTSIDE = Path(__file__).parents[3] / "shared" / "data"  # real and generated data that is not part of the repository
OLDER = "an older version of it was given too"
Row = dict[str, Any]


@dataclass
class Expected:
    """What reading all at once says: rows by patient, what was not used, lines that are none."""

    rows: list[Row]
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: list[tuple[int, str]] = field(default_factory=list)


def whole(given: Iterable[bytes], pack: RulePack) -> Expected:
    layout, found = columnar(pack).layout, Expected([])
    for reading in read_ndjson(given, pack, ON):
        if reading.patient is not None and not reading.deceased:
            found.rows.append(layout.row(read_facts(reading.record, pack, ON), reading.patient))
        for each in reading.unused:
            if line := re.fullmatch(r"line (\d+)", each.reference):
                found.broken.append((int(line[1]), each.why))
            else:
                found.unused[kind_of(each.reference), reason(each.why)] += max(each.resources, 1)
    found.rows.sort(key=lambda row: str(row["patient"]))
    return found


def extracted(folder: Path, pack: RulePack, parts: int, workers: int = 1) -> list[Extracted]:
    source = source_of(folder)
    assert isinstance(source, FhirFiles)
    source.__dict__["parts"] = parts  # as many as there were, were the files so long
    return list(extract(source, pack, ON, workers=workers))


def rows_of(found: list[Extracted]) -> list[Row]:
    return sorted((row for each in found for row in each.facts.to_pylist()), key=lambda row: str(row["patient"]))


def without_versions(unused: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """An older version of what is looked up is not counted by itself."""
    return Counter({key: number for key, number in unused.items() if key != ("Medication", OLDER)})


def unused_of(found: list[Extracted]) -> Counter[tuple[str, str]]:
    return sum((each.unused for each in found), Counter[tuple[str, str]]())


def said(found: list[Extracted]) -> tuple[list[Row], Counter[tuple[str, str]]]:
    return rows_of(found), unused_of(found)


@pytest.fixture(scope="module")
def mess(tmp_path_factory: pytest.TempPathFactory, pack: RulePack) -> tuple[Path, Expected]:
    folder = tmp_path_factory.mktemp("mess")
    return folder, whole(scattered(folder, lines()), pack)


@pytest.mark.parametrize(("parts", "workers"), [(1, 1), (3, 2)])
def test_a_mess_of_lines(parts: int, workers: int, mess: tuple[Path, Expected], pack: RulePack) -> None:
    folder, expected = mess
    found = extracted(folder, pack, parts, workers)
    assert [(each.part, each.parts) for each in found] == [(part, parts) for part in range(parts)]
    assert said(found) == (expected.rows, without_versions(expected.unused))
    assert len(expected.rows) > 80
    assert len(expected.broken) == 5, "of one that is no UTF-8 the kind can still be told"


def is_resource(line: bytes) -> bool:
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and "resourceType" in found


def test_broken_lines_are_told_by_file_and_line(mess: tuple[Path, Expected], pack: RulePack) -> None:
    folder, expected = mess
    told = [each for part in extracted(folder, pack, 2) for each in part.broken]
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name, number, _ in told:
        text = gzip.decompress(files[name]) if name.endswith(".gz") else files[name]
        line = text.splitlines()[number - 1]
        assert not is_resource(line)
    assert sorted(why for *_, why in told) == sorted(why for _, why in expected.broken)


def test_small_blocks_cut_no_line(mess: tuple[Path, Expected], pack: RulePack, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, expected = mess
    monkeypatch.setattr(staging, "BLOCK", 700)
    assert rows_of(extracted(folder, pack, 2)) == expected.rows
    assert sum(1 for each in staging.spans(source_of(folder).files)) > 50


def test_what_was_deleted_on_another_line_stays_deleted(tmp_path: Path, pack: RulePack) -> None:
    deleted = in_a_history("history", request={"method": "DELETE", "url": "Observation/h"})
    older = in_a_history("history", resource=magnesium("h", "Patient/h1", 0.4))
    given = [json.dumps(each).encode() for each in (patient(id="h1"), patient(id="h2"), deleted, older)]
    (tmp_path / "a.ndjson").write_bytes(b"\n".join(given))
    expected = whole(given, pack)
    assert rows_of(extracted(tmp_path, pack, 3)) == expected.rows
    assert expected.unused["Observation", "deleted"] == 1


def test_of_one_patient_alone_what_names_nobody_is_theirs(tmp_path: Path, pack: RulePack) -> None:
    given = [patient(id="a"), observation("19123-9", id="x", subject=None), condition(id="c", **of("urn:uuid:a"))]
    (tmp_path / "all.ndjson").write_text("\n".join(map(json.dumps, given)))
    expected = whole((tmp_path / "all.ndjson").read_bytes().splitlines(), pack)
    found = extracted(tmp_path, pack, 2)
    assert said(found) == (expected.rows, expected.unused)


@pytest.mark.parametrize("folder", ["synthea/bulk", "mimic"])
def test_real_and_generated_data(folder: str, pack: RulePack) -> None:
    files = sorted((OUTSIDE / folder).glob("*.gz"))
    if not files:
        pytest.skip(f"NOT TESTED: there is no ../shared/data/{folder}")
    expected = whole((line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()), pack)
    found = extracted(OUTSIDE / folder, pack, 2)
    assert said(found) == (expected.rows, expected.unused)
    assert [each.broken for each in found] == [[], []]


def test_parts_are_the_same_in_every_run(mess: tuple[Path, Expected], pack: RulePack) -> None:
    source = source_of(mess[0])
    source.__dict__["parts"] = 3
    whole_run = list(extract(source, pack, ON, workers=1))
    rest = list(extract(source, pack, ON, workers=2, skip={1}, memory=500_000_000))
    assert [each.part for each in rest] == [0, 2]
    assert [each.facts for each in rest] == [whole_run[0].facts, whole_run[2].facts]
    assert [each.unused for each in rest] == [whole_run[0].unused, whole_run[2].unused]


def test_nothing_is_left_behind(mess: tuple[Path, Expected], pack: RulePack, tmp_path: Path) -> None:
    running = extract(source_of(mess[0]), pack, ON, workers=1, scratch=tmp_path)
    next(running)
    assert len(list(tmp_path.iterdir())) == 1
    running.close()
    assert list(tmp_path.iterdir()) == []


def test_duckdb_draws_no_bar_into_our_output() -> None:
    """It does by itself where Python was started without a file, as here; every connection is made in one place."""
    asked = "execute(\"SELECT current_setting('enable_progress_bar')\").fetchone()"
    code = f"""
import duckdb
from mgcds.populations.on_duckdb import database
with database() as connection:
    print(connection.{asked}, duckdb.connect().{asked})
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout == "(False,) (True,)\n"
    folder = Path(extraction.__file__).parent
    assert [each.name for each in folder.rglob("*.py") if "duckdb.connect(" in each.read_text()] == ["on_duckdb.py"]


# --- seeded faults: each is noticed -------------------------------------------------------------------------------------------

Change = Callable[[Belonging], Belonging]


def belonging_of(change: Change) -> Callable[[pytest.MonkeyPatch], None]:
    def seed(monkeypatch: pytest.MonkeyPatch) -> None:
        right = staging.belonging
        monkeypatch.setattr(staging, "belonging", lambda line, where: change(right(line, where)))

    return seed


def replaced(name: str, wrong: Any) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(staging, name, wrong)


def latest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    right = staging.lines_of

    def wrong(*given: Any) -> Any:
        found = right(*given)
        turned = found.lines.set_column(1, "line", [[10**6 - line for line in found.lines["line"].to_pylist()]])
        return found._replace(lines=turned)

    monkeypatch.setattr(staging, "lines_of", wrong)


def each_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    right = many_at_once.read_group
    monkeypatch.setattr(
        many_at_once, "read_group", lambda own, shared, pack, on, whole, read: right(own, shared, pack, on, True, read)
    )


FAULTS = [
    pytest.param(belonging_of(lambda found: found._replace(people=tuple(f"{name} of {found.keys}" for name in found.people))), id="every line alone"),
    pytest.param(belonging_of(lambda found: found._replace(people=found.people[:1])), id="a patient of two names"),
    pytest.param(belonging_of(lambda found: found._replace(keys=tuple(f"{key} of {found.people}" for key in found.keys))), id="versions apart"),
    pytest.param(belonging_of(lambda found: found._replace(refers=())), id="what is looked up is left out"),
    pytest.param(belonging_of(lambda found: found if found.alone else found._replace(offers=())), id="what is looked up of another patient"),
    pytest.param(replaced("united", lambda sets: {}), id="nobody is bound"),
    pytest.param(each_is_the_only_one, id="what names nobody is anybody's"),
    pytest.param(latest_first, id="the order turned"),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_noticed(
    fault: Callable[[pytest.MonkeyPatch], None],
    mess: tuple[Path, Expected],
    pack: RulePack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    monkeypatch.setattr(Flat, "take", lambda *given: "one by one")  # the fast way is not what is spoilt here
    found = extracted(mess[0], pack, 2)
    assert said(found) != (mess[1].rows, without_versions(mess[1].unused))


# --- files that cannot be read ------------------------------------------------------------------------------------------------


def test_a_damaged_file_is_refused_since_what_is_missing_may_matter(tmp_path: Path, pack: RulePack) -> None:
    content = gzip.compress("\n".join(json.dumps(magnesium(f"o{n}", "Patient/a")) for n in range(500)).encode())
    (tmp_path / "all.ndjson.gz").write_bytes(content[:-200])
    with pytest.raises(RecordError, match=r"all\.ndjson\.gz: is a damaged gzip file"):
        list(extract(source_of(tmp_path), pack, ON, workers=1))


def test_a_file_without_a_resource_is_refused(tmp_path: Path, pack: RulePack) -> None:
    (tmp_path / "all.ndjson").write_text('{"a": 1}\n[]\n')
    with pytest.raises(RecordError, match="no line is a FHIR resource"):
        list(extract(source_of(tmp_path), pack, ON, workers=1))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "holds nothing that can be read"),
        (["a.json"], "holds nothing that can be read"),
        (["a.ndjson", "b.parquet"], "holds NDJSON and Parquet"),
    ],
)
def test_a_folder_of_something_else_is_refused(names: list[str], said: str, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(RecordError, match=said):
        source_of(tmp_path)


def test_another_file_is_another_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text("{}\n")
    found = {sources.fingerprint(source_of(tmp_path))}
    os.utime(file, ns=(1, 1))
    found.add(sources.fingerprint(source_of(tmp_path)))
    file.write_text("{}\n{}\n")
    os.utime(file, ns=(1, 1))
    found.add(sources.fingerprint(source_of(tmp_path)))
    assert len(found) == 3
