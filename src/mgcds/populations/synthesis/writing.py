"""The files of a cohort, in parts; each appears whole or not at all."""

from __future__ import annotations

import gzip
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from io import BufferedWriter
from pathlib import Path
from typing import BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from mgcds.errors import CohortError
from mgcds.loading import load_pack
from mgcds.model.pack import RulePack
from mgcds.populations.synthesis import prevalence as p
from mgcds.populations.synthesis.cohort import NONE, Pool
from mgcds.populations.synthesis.draws import Draws
from mgcds.populations.synthesis.readings import Readings
from mgcds.populations.synthesis.strands import PATIENT
from mgcds.processes import started, starting, stoppable

Format = Literal["ndjson", "facts"]
PATIENTS_A_PART: dict[Format, int] = {"ndjson": 25_000, "facts": 100_000}
_AT_A_TIME = 500  # patients, between two writes
_QUICK = 1  # level of compression: the files are for a moment


@dataclass(frozen=True, slots=True)
class Cohort:
    """What is to be written. `mess`: broken lines too. `a_part`: how many patients go into a part, if not as many as is usual."""

    patients: int
    seed: int
    on: date
    format: Format = "ndjson"
    compressed: bool = False
    mess: bool = False
    a_part: int | None = None

    @property
    def parts(self) -> int:
        return -(-self.patients // self._size)

    def part(self, number: int) -> tuple[int, int]:
        """The first patient of a part, and how many are in it."""
        return number * self._size, min(self._size, self.patients - number * self._size)

    @property
    def _size(self) -> int:
        return self.a_part or PATIENTS_A_PART[self.format]

    def patient(self, number: int) -> str:
        return f"synthetic-{self.seed}-{number:08}"


def write(
    cohort: Cohort,
    folder: Path,
    rules: Path | None = None,
    jurisdictions: Sequence[str] = (),
    workers: int = 1,
    progress: Callable[[int], None] = lambda patients: None,
) -> None:
    """Write the cohort into a folder that is new or empty, with the codes of a pack, the built-in one if none is given. CohortError where
    that cannot be. `progress` is told of more patients.
    """
    pack = load_pack(rules, jurisdictions)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CohortError(f"{folder} is not empty: choose another folder, or empty it first")
    folder.mkdir(parents=True, exist_ok=True)
    with _whole(folder / "_README.md") as file:
        file.write(_readme(cohort, pack).encode())
    if min(workers, cohort.parts) <= 1:
        writer = _Writer(cohort, folder, pack)
        for part in range(cohort.parts):
            writer.write(part)
            progress(cohort.part(part)[1])
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (cohort, folder, rules, jurisdictions)) as processes:
        with starting():
            written = processes.map(_write_part, range(cohort.parts))
        for part, _ in enumerate(written):
            progress(cohort.part(part)[1])


class _Writer:
    """Writes parts, one after another."""

    def __init__(self, cohort: Cohort, folder: Path, pack: RulePack) -> None:
        self._cohort, self._folder = cohort, folder
        self._pool = Pool(pack, cohort.on, cohort.seed)
        self._readings = Readings(self._pool) if cohort.format == "facts" else None

    def write(self, part: int) -> None:
        first, number = self._cohort.part(part)
        if self._readings is None:
            self._write_lines(part, first, number)
            return
        patients = pa.array([f"Patient/{self._cohort.patient(first + each)}" for each in range(number)])
        table = self._readings.table(self._pool.choose(first, number), patients)
        with _whole(self._folder / f"facts-{part:05}.parquet") as file:
            pq.write_table(table, file, compression="lz4")  # as small as snappy, and read in less time

    def _write_lines(self, part: int, first: int, number: int) -> None:
        pool, chosen = self._pool, self._pool.choose(first, number)
        places = {strand: numbers.tolist() for strand, numbers in chosen.items()}
        waiting: dict[str, list[bytes]] = {}
        word = PATIENT.encode()
        with ExitStack() as stack:
            files = _Files(self._cohort, self._folder, part, stack)
            for patient in range(number):
                whose = self._cohort.patient(first + patient).encode()
                for strand, numbers in places.items():
                    if numbers[patient] != NONE:
                        for kind, text in pool.variant(strand, numbers[patient]).lines.items():
                            waiting.setdefault(kind, []).append(text.replace(word, whose))
                if patient % _AT_A_TIME == 0:
                    files.write(waiting)
            if self._cohort.mess:
                for kind, text in broken_lines(self._cohort, first, number):
                    waiting.setdefault(kind, []).append(text)
            files.write(waiting)


class _Files:
    """The files of a part: one for each kind of resource that there is."""

    def __init__(self, cohort: Cohort, folder: Path, part: int, stack: ExitStack) -> None:
        self._compressed, self._stack, self._open = cohort.compressed, stack, dict[str, BinaryIO]()
        self._path = str(folder / f"{{}}-{part:05}.ndjson") + (".gz" if cohort.compressed else "")

    def write(self, waiting: dict[str, list[bytes]]) -> None:
        """Empties what is waiting."""
        for kind, texts in waiting.items():
            if kind not in self._open:
                self._open[kind] = self._stack.enter_context(_whole(Path(self._path.format(kind)), self._compressed))
            self._open[kind].write(b"".join(texts))
        waiting.clear()


def broken_lines(cohort: Cohort, first: int, number: int) -> Iterator[tuple[str, bytes]]:
    """Lines that are no resource, or are of no patient: one of each sort at the start, and a few more."""
    draws = Draws(cohort.seed, first, number)
    broken, sorts = draws.uniform("broken") < p.BROKEN_LINES, (draws.uniform("sort") * len(BROKEN)).astype(int)
    for patient in range(number):
        if first + patient < len(BROKEN):
            yield BROKEN[first + patient]
        elif broken[patient]:
            yield BROKEN[sorts[patient]]


_TAG = b'"meta":{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"HTEST"}]}'
BROKEN: tuple[tuple[str, bytes], ...] = (
    ("Observation", b'{"resourceType":"Observation","id":"cut-off","meta":{"tag":[{"sys\n'),
    ("Observation", b"<html><body>502 Bad Gateway</body></html>\n"),
    ("Condition", b'{"id":"without-a-type",' + _TAG + b"}\n"),
    ("Observation", b'{"resourceType":"Observation","id":"of-nobody",' + _TAG + b',"status":"final","code":{"text":"x"}}\n'),
    ("MedicationRequest", b'{"resourceType":"MedicationRequest","id":"of-a-group",' + _TAG
     + b',"status":"active","intent":"order","subject":{"reference":"Group/ward"},"medicationCodeableConcept":{"text":"x"}}\n'),
    ("Patient", b"\n"),
)  # fmt: skip


@contextmanager
def _whole(path: Path, compressed: bool = False) -> Iterator[BinaryIO]:
    """A file under another name until all of it is written."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            yield from _compressed(file) if compressed else iter((file,))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _compressed(file: BufferedWriter) -> Iterator[BinaryIO]:
    """Without a name and a time in its head, so that the same content gives the same bytes."""
    with gzip.GzipFile("", "wb", _QUICK, file, mtime=0) as inside:
        yield inside  # type: ignore[misc]


def _readme(cohort: Cohort, pack: RulePack) -> str:
    return f"""# Synthetic patients

No one in this folder exists. {cohort.patients:,} patients were made up by `mgcds synthesize {cohort.patients} --seed {cohort.seed} --on {cohort.on}`
for tests and demonstrations, with the codes of pack {pack.name} {pack.version} ({pack.digest[:16]}).
Every resource bears the tag HTEST (test health data), every patient an id and an identifier that begin with `synthetic-`.

How often what occurs is assumed, or taken from surveys, as `mgcds/populations/synthesis/prevalence.py` says line by line. Patients are put
together from a limited number of histories and results, so no rate, interval or association that is counted here says anything of people.
"""


_WRITER: list[_Writer] = []  # of this process


def _begin(cohort: Cohort, folder: Path, rules: Path | None, jurisdictions: Sequence[str]) -> None:
    _WRITER.append(_Writer(cohort, folder, load_pack(rules, jurisdictions)))
    started()


def _write_part(part: int) -> None:
    stoppable(_WRITER[0].write, part)
