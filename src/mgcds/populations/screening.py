"""Screen a population into a folder: `statuses`, `suggestions`, `unused`, `broken` and, where asked for, `verdicts`, each with a Parquet
file a part, and `summary.json`.

A part is written to a scratch folder and then moved, its note in `done` last: what has a note is whole, whenever the process was killed.
The same run started again makes only what has no note, or what is no longer as its note says.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mgcds.engines.columnar import Columnar, columnar
from mgcds.engines.facts_arrow import check
from mgcds.errors import ScreenError, TableError
from mgcds.model.pack import RulePack
from mgcds.populations import second_opinion
from mgcds.populations.extraction import A_WORKER, MEMORY, Extracted, Progress, each_part
from mgcds.populations.output import Counts, Judged
from mgcds.populations.sources import Source, fingerprint, source_of
from mgcds.populations.status_file import StatusFile
from mgcds.populations.summary import Screening
from mgcds.printing.progress import phases

RUN, DONE, SCRATCH, LOCK, SUMMARY = "run.json", "done", ".scratch", ".lock", "summary.json"
PACK = b"mgcds.pack"
AT_ONCE = 16_384  # patients, of whom all suggestions are held at once
EXPLAINED = 300
"""patterns, of AT_ONCE patients, of which the missing sets are worked out if nothing else is said; None: all"""
CHECKED = 5
"""patients of a part who are judged again, one by one, if nothing else is said"""
_UNUSED = pa.schema([("kind", pa.string()), ("why", pa.string()), ("number", pa.int64())])
_BROKEN = pa.schema([("file", pa.string()), ("line", pa.int64()), ("why", pa.string())])


@dataclass(frozen=True)
class Wanted:
    """What is written, and where; `rules`: of these only, of all where it is empty. `checked`, `explained`: as CHECKED and EXPLAINED."""

    into: Path
    on: date
    rules: tuple[str, ...] = ()
    verdicts: bool = False
    checked: int = CHECKED
    explained: int | None = EXPLAINED


def run(
    given: Path, pack: RulePack, wanted: Wanted, engine: str, memory: str, workers: int | None, root: Path | None = None
) -> Screening:
    """As the command does it: with a bar on a terminal."""
    if engine == "spark":
        return screen_on_spark(source_of(given), pack, wanted, bytes_of(memory), root)
    with phases() as progress:
        return screen(source_of(given), pack, wanted, memory=bytes_of(memory), workers=workers, progress=progress)


def number_of_patterns(given: str) -> int | None:
    """A number, or `all`. ScreenError where it is neither."""
    if given != "all" and not given.isdecimal():
        raise ScreenError(f"'{given[:40]}' is no number: write --explain 300, or --explain all")
    return None if given == "all" else int(given)


def bytes_of(size: str) -> int:
    """`2GB`, `900 MB`: bytes. ScreenError where it is no size, or too little to work with."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?\s*", size, re.IGNORECASE)
    if found is None:
        raise ScreenError(f"'{size[:40]}' is no size: write --memory 2GB")
    number = int(float(found[1]) * 1000 ** " KMGT".index(found[2].upper() or " "))
    if number < A_WORKER:
        raise ScreenError(f"--memory {size}: {A_WORKER // 1_000_000} MB are the least")
    return number


def screen(
    source: Source,
    pack: RulePack,
    wanted: Wanted,
    *,
    memory: int = MEMORY,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Screening:
    """Screen a source into a folder, or go on with it. ScreenError where the folder holds something else."""
    with _alone(wanted.into):
        _begin(wanted, _described(source, pack, wanted))
        done = {part for part in range(source.parts) if _is_finished(wanted.into, part)}
        before = len(done)
        told = progress or (lambda doing, done, of: None)
        told("screening", before, source.parts)
        scratch = wanted.into / SCRATCH
        for part in each_part(
            source,
            pack,
            wanted.on,
            partial(screen_part, wanted),
            memory=memory,
            workers=workers,
            skip=frozenset(done),
            scratch=scratch,
            progress=told,
        ):
            done.add(part)
            told("screening", len(done), source.parts)
        found = _together((_note(wanted.into, part) for part in range(source.parts)), before)
        _write_json(wanted.into / SUMMARY, found.to_dict(pack, wanted.on, wanted.rules))
        shutil.rmtree(scratch)
        return found


def screen_on_spark(
    source: Source, pack: RulePack, wanted: Wanted, memory: int | None = None, root: Path | None = None
) -> Screening:
    """The same on Spark, which sees the folder too. What was there stays until all is made; of an interrupted run, tables that are whole are
    gone on with.
    """
    try:
        from mgcds.populations import on_spark, shipped
    except ModuleNotFoundError:
        raise ScreenError("Spark needs more packages: pip install 'mgcds[spark]'") from None
    with _alone(wanted.into):
        spark, of_pack = shipped.session(memory), shipped.ship(pack, root)
        _begin(wanted, _described(source, pack, wanted, "spark"), clean=False)
        scratch = wanted.into / SCRATCH
        notes = on_spark.write(spark, source, of_pack, wanted, scratch)
        for made in [scratch / name for name in _tables(wanted)]:
            for marker in [each for each in made.iterdir() if each.suffix != ".parquet"]:
                marker.unlink()  # of Spark's own
            shutil.rmtree(wanted.into / made.name)
            made.replace(wanted.into / made.name)
        unused, broken = (pq.read_table(wanted.into / name).to_pylist() for name in ("unused", "broken"))
        rest = {**plain(Counts()), "unused": unused, "broken": len(broken), "checked": 0}
        found = _together([*({**note, "unused": [], "broken": 0} for note in notes), rest], 0)
        found.parts = found.made = 1
        _write_json(wanted.into / SUMMARY, found.to_dict(pack, wanted.on, wanted.rules))
        shutil.rmtree(scratch)
        return found


# --- a part -----------------------------------------------------------------------------------------------------------------


def screen_part(wanted: Wanted, pack: RulePack, extracted: Extracted) -> int:
    """Write one part, and its note; its number. TableError where it is no facts table of this pack, EngineDisagreement where the check fails."""
    counts, checked, files = Counts(), 0, dict[str, str]()
    names = ("statuses", "suggestions", *(("verdicts",) if wanted.verdicts else ()))
    with ExitStack() as open_files:
        writers: dict[str, pq.ParquetWriter | StatusFile] = {}
        for judged, first in judge(columnar(pack), extracted, wanted):
            tables = {name: getattr(judged, name)() for name in names}
            rows = sample(judged, tables["statuses"], wanted.checked - checked, first)
            checked += second_opinion.check(rows, pack, judged.layout, wanted.on, extracted.part)
            judged.count_known()
            counts.add(judged.counts)
            for name, table in tables.items():
                if name not in writers:
                    schema = table.schema.with_metadata({PACK: pack.digest.encode()})
                    made = StatusFile if name == "statuses" else partial(pq.ParquetWriter, compression="zstd")
                    writers[name] = open_files.enter_context(made(_scratch(wanted, name, extracted.part), schema))
                writers[name].write_table(table)
    unused = [{"kind": kind, "why": why, "number": number} for (kind, why), number in sorted(extracted.unused.items())]
    broken = [dict(zip(_BROKEN.names, each, strict=True)) for each in extracted.broken]
    for name, told, schema in (("unused", unused, _UNUSED), ("broken", broken, _BROKEN)):
        pq.write_table(pa.Table.from_pylist(told, schema), _scratch(wanted, name, extracted.part))
    for name in (*names, "unused", "broken"):
        files[name] = _digest(_scratch(wanted, name, extracted.part))
        _move(_scratch(wanted, name, extracted.part), wanted.into / name / _file(extracted.part))
    note = {**plain(counts), "unused": unused, "broken": len(broken), "checked": checked, "files": files}
    _write_json(wanted.into / DONE / f"part-{extracted.part:05}.json", note)
    return extracted.part


def _scratch(wanted: Wanted, name: str, part: int) -> Path:
    return wanted.into / SCRATCH / f"{name}-{part}"


def judge(engine: Columnar, extracted: Extracted, wanted: Wanted) -> Iterator[tuple[Judged, int]]:
    """The batches of a part, judged, each with the number of its first row."""
    first, facts = 0, extracted.facts.combine_chunks()
    for batch in facts.to_batches(AT_ONCE) or [pa.RecordBatch.from_pylist([], facts.schema)]:
        try:
            check(batch, engine.layout)
        except TableError as error:
            raise TableError(f"part {extracted.part}: {error}") from None
        yield (
            Judged(
                engine.screen_batch(batch), batch, engine.pack, engine.layout, wanted.on, wanted.rules, wanted.explained
            ),
            first,
        )
        first += batch.num_rows


def sample(judged: Judged, statuses: pa.Table, number: int, first: int) -> Iterator[tuple[int, Any, Any, Any]]:
    """Some rows, evenly spread: its number in the part, what the facts table says, the statuses, the missing sets of what is withheld."""
    rows = judged.screened.rows
    for row in sorted({rows * each // number for each in range(min(number, rows))}) if number > 0 else ():
        said = statuses.slice(row, 1).to_pylist()[0]
        missing = {
            rule: sets[numbers[at]]
            for rule, (withheld, numbers, sets) in judged.missing.items()
            if (at := int(withheld.searchsorted(row))) < len(withheld) and withheld[at] == row and numbers[at] >= 0
        }
        yield (
            first + row,
            judged.batch.slice(row, 1).to_pylist()[0],
            {rule: said[rule] for rule in judged.rules},
            missing,
        )


def _file(part: int) -> str:
    return f"part-{part:05}.parquet"


def _together(notes: Iterable[Mapping[str, Any]], before: int) -> Screening:
    found = Screening(made=-before)
    for note in notes:
        found.parts += 1
        found.made += 1
        found.counts.add(_counts(note))
        found.unused.update({(each["kind"], each["why"]): each["number"] for each in note["unused"]})
        found.broken += note["broken"]
        found.checked += note["checked"]
    return found


def plain(counts: Counts) -> dict[str, Any]:
    """Counts as plain data."""
    return {
        "patients": counts.patients,
        "unexplained": counts.unexplained,
        "without_entries": counts.without_entries,
        "statuses": [[rule, status, number] for (rule, status), number in counts.statuses.items()],
        "wanted": [[rule, list(items), number] for (rule, items), number in counts.wanted.items()],
        "asked": [[about, number] for about, number in counts.asked.items()],
        "known": [[about, what, number] for (about, what), number in counts.known.items()],
    }


def _counts(note: Mapping[str, Any]) -> Counts:
    return Counts(
        note["patients"],
        Counter({(rule, status): number for rule, status, number in note["statuses"]}),
        Counter({(rule, tuple(items)): number for rule, items, number in note["wanted"]}),
        note["unexplained"],
        note["without_entries"],
        Counter(dict(note["asked"])),
        Counter({(about, what): number for about, what, number in note["known"]}),
    )


# --- a folder ---------------------------------------------------------------------------------------------------------------


@contextmanager
def _alone(into: Path) -> Iterator[None]:
    """In a folder where nobody else is at work; the lock ends with the process, however it ends."""
    into.mkdir(parents=True, exist_ok=True)
    if not (into / LOCK).exists() and any(into.iterdir()):
        raise ScreenError(f"{into}: holds something that is no screening; give another folder, or an empty one")
    with (into / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ScreenError(f"{into}: another run is at work there") from None
        yield


def _described(source: Source, pack: RulePack, wanted: Wanted, engine: str = "duckdb") -> dict[str, Any]:
    """What makes a run what it is: another one of these is another run."""
    from mgcds import __version__

    return {
        "mgcds": __version__,
        "pack": {"version": pack.version, "digest": pack.digest, "jurisdictions": list(pack.jurisdictions)},
        "layout": columnar(pack).layout.digest,
        "on": wanted.on.isoformat(),
        "rules": list(wanted.rules),
        "verdicts": wanted.verdicts,
        "explained": wanted.explained,
        "input": fingerprint(source),
        "parts": source.parts,
        "engine": engine,
    }


_SHOWN = {
    "mgcds": "another version of mgcds", "pack": "another pack", "layout": "another layout", "on": "another day", "rules": "other rules",
    "verdicts": "with or without verdicts", "explained": "more or fewer missing sets",
    "input": "another input, or files that were changed since", "parts": "other parts",
    "engine": "another engine",
}  # fmt: skip


def _begin(wanted: Wanted, described: Mapping[str, Any], clean: bool = True) -> None:
    """Make the folder ready for a run; `clean`: what an interrupted one left half is of no use."""
    run = wanted.into / RUN
    if run.exists():
        before = json.loads(run.read_text(encoding="utf-8"))
        other = [said for key, said in _SHOWN.items() if before.get(key) != described[key]]
        if other:
            raise ScreenError(
                f"{wanted.into}: holds a screening of another kind ({', '.join(other)}); give another folder, or remove this one"
            )
    if clean:
        shutil.rmtree(wanted.into / SCRATCH, ignore_errors=True)
    for name in (SCRATCH, DONE, *_tables(wanted)):
        (wanted.into / name).mkdir(exist_ok=True)
    (wanted.into / SCRATCH).chmod(0o700)
    (wanted.into / SUMMARY).unlink(missing_ok=True)
    _write_json(run, described)


def _tables(wanted: Wanted) -> tuple[str, ...]:
    return ("statuses", "suggestions", "unused", "broken", *(("verdicts",) if wanted.verdicts else ()))


def _is_finished(into: Path, part: int) -> bool:
    """Is a part whole? Otherwise it has to be made, again perhaps."""
    try:
        files = _note(into, part)["files"]
        return all(_digest(into / name / _file(part)) == digest for name, digest in files.items())
    except (FileNotFoundError, ValueError, KeyError):
        return False


def _note(into: Path, part: int) -> dict[str, Any]:
    """Notes are read again where they are needed: thousands of them are not held."""
    note: dict[str, Any] = json.loads((into / DONE / f"part-{part:05}.json").read_text(encoding="utf-8"))
    return note


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        found = sha256()
        while block := stream.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def _write_json(path: Path, written: Any) -> None:
    scratch = path.parent.parent / SCRATCH if path.parent.name == DONE else path.parent / SCRATCH
    scratch.mkdir(exist_ok=True)
    unfinished = scratch / path.name
    unfinished.write_text(json.dumps(written, indent=1, ensure_ascii=False), encoding="utf-8")
    _move(unfinished, path)


def _move(unfinished: Path, path: Path) -> None:
    """On the disk as a whole, then in its place at once."""
    with unfinished.open("rb") as stream:
        os.fsync(stream.fileno())
    unfinished.replace(path)
