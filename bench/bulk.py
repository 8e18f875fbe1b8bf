"""From Bulk Data NDJSON to the result of a screening, beside what merely reading the same lines takes: a row of `make bench-population`.

DuckDB reads all files into typed columns, those of each kind of resource that the reader asks for, into tables in memory: nothing is skipped,
nothing is brought together by patient, and nothing is understood. msgspec decodes the same lines into the shapes of plain resources, one
after the other. `mgcds screen` reads, brings together, judges and writes. All on one thread, so that processor time is of one process.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import duckdb

from mgcds.loading import load_pack
from mgcds.model.pack import RulePack
from mgcds.populations.screening import Wanted, screen
from mgcds.populations.shapes import DECODE, SEE, UNDECODABLE
from mgcds.populations.sources import source_of
from mgcds.populations.synthesis.writing import Cohort, write

ON = date(2026, 11, 21)
PATIENTS, GOAL = 20_000, 2

_REFERENCE = "STRUCT(reference VARCHAR, display VARCHAR)"
_CODING = "STRUCT(system VARCHAR, code VARCHAR, display VARCHAR)"
_CONCEPT = f"STRUCT(coding {_CODING}[], text VARCHAR)"
_QUANTITY = "STRUCT(value DECIMAL(18, 6), comparator VARCHAR, unit VARCHAR, system VARCHAR, code VARCHAR)"
_PERIOD = 'STRUCT(start VARCHAR, "end" VARCHAR)'
_NOTES = "STRUCT(text VARCHAR)[]"
_DOSES = (
    f"STRUCT(text VARCHAR, timing STRUCT(repeat STRUCT(boundsPeriod {_PERIOD}, frequency INTEGER, period DECIMAL(9, 3), "
    f"periodUnit VARCHAR)), doseAndRate STRUCT(doseQuantity {_QUANTITY})[])[]"
)
_ANY = {"id": "VARCHAR", "meta": "STRUCT(lastUpdated VARCHAR)", "subject": _REFERENCE}
_ORDER = {
    **_ANY, "status": "VARCHAR", "medicationCodeableConcept": _CONCEPT, "medicationReference": _REFERENCE,
}  # fmt: skip
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "Patient": {
        "id": "VARCHAR", "meta": _ANY["meta"], "gender": "VARCHAR", "birthDate": "VARCHAR", "deceasedBoolean": "BOOLEAN",
        "deceasedDateTime": "VARCHAR",
    },
    "Observation": {
        **_ANY, "status": "VARCHAR", "code": _CONCEPT, "effectiveDateTime": "VARCHAR", "valueQuantity": _QUANTITY,
        "valueCodeableConcept": _CONCEPT, "valueString": "VARCHAR", "dataAbsentReason": _CONCEPT, "note": _NOTES,
        "interpretation": f"{_CONCEPT}[]", "specimen": _REFERENCE,
        "referenceRange": f"STRUCT(low {_QUANTITY}, high {_QUANTITY}, text VARCHAR)[]",
        "component": f"STRUCT(code {_CONCEPT}, valueQuantity {_QUANTITY}, valueCodeableConcept {_CONCEPT})[]",
    },
    "Condition": {
        **_ANY, "code": _CONCEPT, "clinicalStatus": _CONCEPT, "verificationStatus": _CONCEPT, "onsetDateTime": "VARCHAR",
        "abatementDateTime": "VARCHAR", "recordedDate": "VARCHAR",
    },
    "MedicationRequest": {
        **_ORDER, "intent": "VARCHAR", "authoredOn": "VARCHAR", "statusReason": _CONCEPT, "dosageInstruction": _DOSES,
        "dispenseRequest": f"STRUCT(validityPeriod {_PERIOD})",
    },
    "MedicationStatement": {
        **_ORDER, "effectiveDateTime": "VARCHAR", "effectivePeriod": _PERIOD, "statusReason": f"{_CONCEPT}[]", "dosage": _DOSES,
    },
    "QuestionnaireResponse": {
        **_ANY, "status": "VARCHAR", "authored": "VARCHAR",
        "item": f"STRUCT(linkId VARCHAR, definition VARCHAR, answer STRUCT(valueCoding {_CODING}, valueInteger INTEGER, valueString VARCHAR)[])[]",
    },
    "List": {
        **_ANY, "status": "VARCHAR", "code": _CONCEPT, "date": "VARCHAR", "entry": f"STRUCT(item {_REFERENCE})[]", "emptyReason": _CONCEPT,
    },
    "Procedure": {
        **_ANY, "status": "VARCHAR", "code": _CONCEPT, "performedDateTime": "VARCHAR", "performedPeriod": _PERIOD, "statusReason": _CONCEPT,
    },
    "ServiceRequest": {**_ANY, "status": "VARCHAR", "intent": "VARCHAR", "code": _CONCEPT, "authoredOn": "VARCHAR"},
    "Specimen": {**_ANY, "condition": f"{_CONCEPT}[]", "type": _CONCEPT, "note": _NOTES},
    "Medication": {"id": "VARCHAR", "meta": _ANY["meta"], "code": _CONCEPT, "status": "VARCHAR"},
}  # fmt: skip
"""of each kind of resource, the columns that are read, with their types"""


def by_duckdb(folder: Path) -> int:
    """Every kind into a table of its own; how many lines there are."""
    lines = 0
    with duckdb.connect(config={"threads": 1}) as connection:
        for kind, columns in COLUMNS.items():
            files = [str(path) for path in sorted(folder.glob(f"{kind}-*.ndjson"))]
            if files:
                connection.execute(
                    f"CREATE TABLE {kind.lower()}s AS SELECT * FROM read_ndjson(?, columns = {dict(columns)!r})",
                    [files],
                )
                lines += connection.execute(f"SELECT COUNT(id) FROM {kind.lower()}s").fetchone()[0]  # type: ignore[index]
    return lines


def by_msgspec(folder: Path) -> int:
    """Each line into a plain resource, or as much as is looked at where it is none; how many lines there are."""
    lines = 0
    for path in sorted(folder.glob("*.ndjson")):
        for line in path.read_bytes().splitlines():
            try:
                DECODE.decode(line)
            except UNDECODABLE:
                SEE.decode(line)
            lines += 1
    return lines


def run(pack: RulePack, number: int, rounds: int) -> Iterator[str]:
    """Lines to read. The first screening is told apart: it is the one that looks up what each code and name means, and explains patterns."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "ndjson"
        write(Cohort(number, 1, ON, "ndjson"), folder)
        size = sum(path.stat().st_size for path in folder.iterdir())
        counts = {by_duckdb(folder), by_msgspec(folder)}
        if len(counts) > 1:
            raise SystemExit(f"not the same lines are read: {counts}")
        yield f"\n{f'NDJSON of {number:,} patients, {max(counts):,} lines, {size / 1e6:.0f} MB: seconds':70}{'cpu':>9}{'wall':>9}{'ms a patient':>14}"
        screenings = iter(range(rounds + 1))

        def screening() -> object:
            return screen(source_of(folder), pack, Wanted(Path(scratch) / str(next(screenings)), ON), workers=1)

        first = _taken(screening)
        ways: dict[str, Callable[[], object]] = {
            "DuckDB, into the needed columns": lambda: by_duckdb(folder),
            "msgspec, into plain resources": lambda: by_msgspec(folder),
            "mgcds screen, from NDJSON to result": screening,
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                found[name].append(_taken(way))
        taken = {
            name: (median(cpu for cpu, _ in each), median(wall for _, wall in each)) for name, each in found.items()
        }
        for name, (cpu, wall) in {**taken, "  the first time in a process": first}.items():
            yield f"{name:70}{cpu:9.2f}{wall:9.2f}{1000 * cpu / number:14.3f}"
        (reading, _), _, (whole, _) = taken.values()
        verdict = "met" if whole <= GOAL * reading else "not met"
        yield f"mgcds / DuckDB {whole / reading:.1f}, {first[0] / reading:.1f} the first time: goal of at most {GOAL} {verdict}"


def _taken(way: Callable[[], object]) -> tuple[float, float]:
    """Seconds: of the processor, and by the clock."""
    wall, cpu = perf_counter(), process_time()
    way()
    return process_time() - cpu, perf_counter() - wall


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure a screening from NDJSON against merely reading it.")
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(arguments)
    for line in run(load_pack(), asked.patients, asked.rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
