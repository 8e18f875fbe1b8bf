"""How fast a Bundle of 1 MB becomes an assessment, beside what decoding the same bytes costs by itself: `python -m bench.reading`, or
with the path of a Bundle of one's own.

The yardstick is msgspec's typed partial decoding: one pass over the bytes into structures that take all the elements that mgcds reads of
its kinds of resources, numbers exact, and nothing else; of a resource that no rule uses it takes the same. It makes no record, judges
nothing and accounts for nothing that was left out. No moment is read twice, as the next patient's moments are others: what is kept of
dates does not help, what is kept of codes does.
Both are measured in one process, in turns; ratios are of the least times, which other work on the machine disturbs least.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from time import process_time_ns
from typing import Any

import msgspec
from msgspec import Struct

from mgcds.evaluator import evaluate
from mgcds.fhir import read_bundle
from mgcds.fhir.observations import measured_codes
from mgcds.loading import load_pack

ON = date(2026, 11, 21)
EXTRACT = Path(__file__).resolve().parents[1] / "tests" / "fhir" / "bundles" / "synthea-extract.json"
SIZE = 1_000_000
GOAL = 2.0
# Of 100 resources. Of those of a whole Synthea Bundle (1.03 MB, 1,128 resources) 66 are Observations with a code that a rule reads.
MIXES = {
    "as in a Synthea record": {
        "Observation that a rule reads": 6, "Observation": 75, "Condition": 13, "MedicationRequest": 6,
    },
    "mostly what no rule uses": {
        "Observation that a rule reads": 1, "Observation": 96, "Condition": 2, "MedicationRequest": 1,
    },
}  # fmt: skip
_MOMENT = re.compile(rb"\.\d{6}(?=[Z+-])")


class _Coding(Struct, gc=False):
    system: str | None = None
    code: str | None = None
    display: str | None = None


class _Concept(Struct, gc=False):
    coding: list[_Coding] = []
    text: str | None = None


class _Quantity(Struct, gc=False):
    value: Decimal | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class _Reference(Struct, gc=False):
    reference: str | None = None
    display: str | None = None


class _Period(Struct, gc=False):
    start: str | None = None
    end: str | None = None


class _Range(Struct, gc=False):
    low: _Quantity | None = None
    high: _Quantity | None = None
    type: _Concept | None = None


class _Valued(Struct, gc=False):
    code: _Concept | None = None
    valueQuantity: _Quantity | None = None  # noqa: N815  (all as FHIR names them)
    valueInteger: int | None = None  # noqa: N815
    valueString: str | None = None  # noqa: N815
    valueCodeableConcept: _Concept | None = None  # noqa: N815
    dataAbsentReason: _Concept | None = None  # noqa: N815
    referenceRange: list[_Range] = []  # noqa: N815


class _Repeat(Struct, gc=False):
    boundsPeriod: _Period | None = None  # noqa: N815
    frequency: int | None = None
    period: Decimal | None = None
    periodUnit: str | None = None  # noqa: N815


class _Timing(Struct, gc=False):
    repeat: _Repeat | None = None
    code: _Concept | None = None


class _Dosage(Struct, gc=False):
    text: str | None = None
    timing: _Timing | None = None
    asNeededBoolean: bool | None = None  # noqa: N815


class _Dispense(Struct, gc=False):
    validityPeriod: _Period | None = None  # noqa: N815


class _Annotation(Struct, gc=False):
    text: str | None = None


class _Meta(Struct, gc=False):
    lastUpdated: str | None = None  # noqa: N815


class _Resource(_Valued, gc=False):
    resourceType: str = ""  # noqa: N815
    id: str | None = None
    meta: _Meta | None = None
    subject: _Reference | None = None
    patient: _Reference | None = None
    status: str | None = None
    component: list[_Valued] = []
    effectiveDateTime: str | None = None  # noqa: N815
    effectivePeriod: _Period | None = None  # noqa: N815
    interpretation: list[_Concept] = []
    note: list[_Annotation] = []
    specimen: _Reference | None = None
    medicationCodeableConcept: _Concept | None = None  # noqa: N815
    medicationReference: _Reference | None = None  # noqa: N815
    authoredOn: str | None = None  # noqa: N815
    intent: str | None = None
    dosageInstruction: list[_Dosage] = []  # noqa: N815
    dispenseRequest: _Dispense | None = None  # noqa: N815
    clinicalStatus: _Concept | None = None  # noqa: N815
    verificationStatus: _Concept | None = None  # noqa: N815
    onsetDateTime: str | None = None  # noqa: N815
    abatementDateTime: str | None = None  # noqa: N815
    recordedDate: str | None = None  # noqa: N815
    birthDate: str | None = None  # noqa: N815
    gender: str | None = None


class _Entry(Struct, gc=False):
    fullUrl: str | None = None  # noqa: N815
    resource: _Resource | None = None


class Bundle(Struct, gc=False):
    """All that mgcds reads of a Bundle of the usual kinds of resources."""

    resourceType: str = ""  # noqa: N815
    type: str | None = None
    timestamp: str | None = None
    entry: list[_Entry] = []


def grown(mix: Mapping[str, int], size: int = SIZE) -> bytes:
    """A Bundle of about this size: resources of the extract of a generated patient's record, repeated with ids of their own, and mixed
    as told.
    """
    measured = measured_codes(load_pack())
    extract = json.loads(EXTRACT.read_text(encoding="utf-8"))
    decks: dict[str, list[dict[str, Any]]] = {}
    for entry in extract["entry"]:
        decks.setdefault(_deck(entry["resource"], measured), []).append(entry)
    entries, made = decks["Patient"], 0
    for turn in count():
        for deck, number in mix.items():
            for each in range(number):
                entry = decks[deck][(turn * number + each) % len(decks[deck])]
                own = f"-{turn}-{each}"
                resource = {**entry["resource"], "id": entry["resource"]["id"] + own}
                entries.append({**entry, "fullUrl": entry["fullUrl"] + own, "resource": resource})
                made += len(_compact(entries[-1]))
                if made >= size:
                    return _compact({**extract, "entry": entries})
    raise AssertionError("count() has no end")


def _compact(content: Any) -> bytes:
    """As servers send it."""
    return json.dumps(content, separators=(",", ":")).encode()


def _deck(resource: dict[str, Any], measured: Collection[str]) -> str:
    kind: str = resource["resourceType"]
    if kind != "Observation":
        return kind
    codes = {coding["code"] for coding in resource["code"]["coding"]}
    return "Observation that a rule reads" if codes & set(measured) else "Observation"


def measure(content: bytes, rounds: int) -> dict[str, float]:
    """Least milliseconds of processor time for each way, of several Bundles that differ in the moments they tell of."""
    pack = load_pack()
    decoder = msgspec.json.Decoder(Bundle)
    record = read_bundle(content, pack, ON).record
    ways: dict[str, Callable[[bytes], Any]] = {
        "typed partial decoding": decoder.decode,
        "read": lambda fresh: read_bundle(fresh, pack, ON),
        "evaluate": lambda _: evaluate(record, pack, ON),
        "read and evaluate": lambda fresh: evaluate(read_bundle(fresh, pack, ON).record, pack, ON),
    }
    least = dict.fromkeys(ways, float("inf"))
    bundles = iter([_MOMENT.sub(b".%06d" % number, content) for number in range(rounds * len(ways))])
    for _ in range(rounds):
        for name, way in ways.items():
            fresh = next(bundles)
            before = process_time_ns()
            way(fresh)
            least[name] = min(least[name], (process_time_ns() - before) / 1e6)
    return least


def lines(of: str, found: Mapping[str, float]) -> list[str]:
    """The figures to read."""
    ratio = found["read and evaluate"] / found["typed partial decoding"]
    return [
        f"\nreading a Bundle of 1 MB, {of}: milliseconds of processor time, the least",
        *(f"{name:70}{taken:8.2f}" for name, taken in found.items()),
        f"{'read and evaluate / typed partial decoding':70}{ratio:8.2f}",
        f"goal: {f'at most {GOAL:g} times the decoding':65} {'met' if ratio <= GOAL else 'not met':>7}",
    ]


def main() -> None:
    """The command."""
    bundles = {path: Path(path).read_bytes() for path in sys.argv[1:]} or {of: grown(mix) for of, mix in MIXES.items()}
    for of, content in bundles.items():
        print("\n".join(lines(of, measure(content, 40))))


if __name__ == "__main__":
    main()
