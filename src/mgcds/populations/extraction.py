"""From a source to facts tables, a part at a time, in several processes.

`extract` gives for each patient exactly what reading all lines at once would give (`fhir.reader.read_ndjson`, `read_facts`,
`Layout.row`): the lines of a patient come together from all files (`staging`), and are then read (`many_at_once`, `one_by_one`).
"""

from __future__ import annotations

import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import groupby, islice
from multiprocessing import get_context
from operator import itemgetter
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

import pyarrow as pa

from mgcds.engines.columnar import columnar
from mgcds.fhir.wire import Delivery
from mgcds.model.pack import RulePack
from mgcds.populations import staging
from mgcds.populations.flat import extract_flat
from mgcds.populations.many_at_once import Group, read_groups
from mgcds.populations.one_by_one import Line, Read, count_looked_up
from mgcds.populations.plain import Flat
from mgcds.populations.sources import FactsFiles, FhirFiles, FlatFiles, Source
from mgcds.populations.staging import PartOfLines, Staging
from mgcds.processes import started, starting, stoppable

MEMORY = 2_000_000_000
A_WORKER = 800_000_000
"""bytes that a process needs, at most, for a part: of NDJSON of PART bytes; of a facts table it is less"""
_AT_ONCE = 10_000  # lines
T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""what is being done, how much of it is done, of how much"""


def _silent(doing: str, done: int, of: int) -> None:
    pass


@dataclass(frozen=True)
class Extracted:
    """One part, of how many: its facts table; what was not used, by (kind of resource, reason); lines that are no resource, as (file,
    number, why).
    """

    part: int
    parts: int
    facts: pa.Table
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: Sequence[tuple[str, int, str]] = ()


def extract(
    source: Source,
    pack: RulePack,
    on: date,
    *,
    memory: int = MEMORY,
    workers: int | None = None,
    skip: Collection[int] = (),
    scratch: Path | None = None,
    progress: Progress = _silent,
) -> Iterator[Extracted]:
    """The facts tables of a source, part by part, in order; parts to `skip` are not made. Memory is in bytes, for all processes together.

    What comes in between goes to a folder in `scratch`, which is removed at the end. RecordError where a file cannot be read.
    """
    return each_part(
        source, pack, on, _as_it_is, memory=memory, workers=workers, skip=skip, scratch=scratch, progress=progress
    )


def each_part(
    source: Source,
    pack: RulePack,
    on: date,
    then: Callable[[RulePack, Extracted], T],
    *,
    memory: int = MEMORY,
    workers: int | None = None,
    skip: Collection[int] = (),
    scratch: Path | None = None,
    progress: Progress = _silent,
) -> Iterator[T]:
    """What is made of each part in the process that read it; `then` can be pickled. Otherwise as `extract`."""
    wanted = [part for part in range(source.parts) if part not in skip]
    if not wanted:
        return
    number = min(workers or _processors(), max(1, memory // A_WORKER))
    with at_work(pack, number) as work:
        if isinstance(source, FactsFiles):
            yield from work(_made, [(then, _facts_part, part, source) for part in wanted])
            return
        if isinstance(source, FlatFiles):
            yield from work(_made, [(then, _flat_part, part, source, on) for part in wanted])
            return
        folder = Path(mkdtemp(prefix=".staged-", dir=scratch))
        try:
            found = _stage(source, folder, memory, work, progress)
            yield from work(_made, [(then, extract_part, part, found, on) for part in wanted])
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _as_it_is(pack: RulePack, extracted: Extracted) -> Extracted:
    return extracted


def _made(pack: RulePack, then: Callable[[RulePack, Extracted], T], make: Callable[..., Extracted], *given: Any) -> T:
    return then(pack, make(pack, *given))


def _facts_part(pack: RulePack, part: int, source: FactsFiles) -> Extracted:
    return Extracted(part, source.parts, source.pieces[part].read())


def _flat_part(pack: RulePack, part: int, source: FlatFiles, on: date) -> Extracted:
    read = Read(columnar(pack).layout)
    extract_flat(source.tables, part, source.parts, read.layout, on, read)
    return Extracted(part, source.parts, read.facts().sort_by("patient"), read.unused)


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _stage(source: FhirFiles, folder: Path, memory: int, work: Work[Any], progress: Progress) -> Staging:
    spans = list(staging.spans(source.files))
    sizes = sum(each.stat().st_size for each in source.files)
    blocks, done = [], 0
    for span, found in zip(spans, work(_stage_span, [(span, source.parts, folder) for span in spans]), strict=True):
        blocks += found
        done += span.path.stat().st_size if span.end is None else span.end - span.start
        progress("sorting by patient", done, sizes)
    return staging.bring_together(folder, source.files, source.parts, blocks, memory // 2)


def _stage_span(pack: RulePack, span: staging.Span, parts: int, folder: Path) -> list[staging.Staged]:
    """As `staging.stage_span`, at work."""
    return staging.stage_span(span, parts, folder)


def extract_part(pack: RulePack, part: int, found: Staging, on: date) -> Extracted:
    """One part."""
    lines = staging.lines_of(part, found)
    read = Read(columnar(pack).layout)
    read_groups(_groups(lines), Flat(read.layout, on), found.whole, read)
    delivery = Delivery()
    for number, text in lines.here.items():
        delivery.add(text, f"line {number}")
    count_looked_up(delivery.resources, read)
    broken = [(*found.place(number), why) for number, why in sorted(read.broken)]
    return Extracted(part, found.parts, read.facts().sort_by("patient"), read.unused, broken)


def _groups(lines: PartOfLines) -> Iterator[Group]:
    """The lines of each patient, and what they may look up."""
    batches, first = lines.lines.to_batches(_AT_ONCE), 0
    rows = (each for batch in batches for each in zip(*map(_plain, batch.columns), strict=True))
    for _, group in groupby(rows, itemgetter(0)):
        own, shared = list[Line](), set[Line]()
        for _, line, text, refers in group:
            own.append((line, text))
            for thing in refers or ():
                shared.update(lines.shared.get(thing, ()))
        yield Group(own, shared, partial(_own, lines, first, len(own)))
        first += len(own)


def _own(lines: PartOfLines, first: int, number: int) -> Iterator[Line]:
    own = lines.lines.slice(first, number)
    return zip(_plain(own["line"]), _plain(own["text"]), strict=True)


def _plain(array: pa.Array | pa.ChunkedArray) -> list[Any]:
    found: list[Any] = array.to_pylist()
    return found


# --- processes ------------------------------------------------------------------------------------------------------------

Work = Callable[[Callable[..., T], Sequence[tuple[Any, ...]]], Iterator[T]]
_PACK: list[RulePack] = []


@contextmanager
def at_work(pack: RulePack, number: int) -> Iterator[Work[Any]]:
    """A function that calls another one, with the pack and each of the arguments given, in several processes; results come in order.
    Each process has the pack; one alone is this one.
    """
    if number == 1:
        yield lambda function, given: (function(pack, *each) for each in given)
        return
    pool = ProcessPoolExecutor(number, get_context("spawn"), _begin, (pack,))
    try:
        yield lambda function, given: _in_order(pool, function, given, 2 * number)
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(pack: RulePack) -> None:
    _PACK[:] = [pack]
    # Arrow's own pool gives memory back at once, and asking for it again takes longer than reading.
    pa.set_memory_pool(pa.system_memory_pool())
    started()


def _in_order(
    pool: ProcessPoolExecutor, function: Callable[..., T], given: Sequence[tuple[Any, ...]], ahead: int
) -> Iterator[T]:
    """Only a few are begun ahead of what is asked for, so that results do not pile up."""
    begun, waiting = deque[Future[T]](), iter(given)
    while True:
        with starting():
            begun.extend(pool.submit(_call, function, each) for each in islice(waiting, ahead - len(begun)))
        if not begun:
            return
        yield begun.popleft().result()


def _call(function: Callable[..., T], given: tuple[Any, ...]) -> T:
    return stoppable(function, *_PACK, *given)
