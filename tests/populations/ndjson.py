"""Bulk Data to extract from: all tricky Bundles of `tests/fhir` as lines, and lines that bind patients to one another."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from random import Random
from typing import Any

from tests.fhir.builders import (
    MAGNESIUM,
    SERTRALINE,
    Resource,
    bundle,
    condition,
    medicine,
    mgdl,
    observation,
    patient,
    referring,
    searchset,
)
from tests.fhir.tricky.cases import CASES
from tests.fhir.tricky.test_tricky import built


def of(who: str) -> Resource:
    return {"subject": {"reference": who}}


def magnesium(name: str, who: str, value: Any = 1.1, **more: Any) -> Resource:
    return observation(MAGNESIUM, mgdl(value), id=name, **{**of(who), **more})


def renamed(node: Any, suffix: str) -> Any:
    """Another patient: every id and reference is another one."""
    if isinstance(node, list):
        return [renamed(each, suffix) for each in node]
    if not isinstance(node, dict):
        return node
    found = {key: renamed(value, suffix) for key, value in node.items()}
    if isinstance(found.get("url"), str):
        found["url"] = found["url"].replace("?patient=p", f"?patient=p{suffix}")
    for key in ("id", "fullUrl", "reference"):
        text = found.get(key)
        if isinstance(text, str) and not text.startswith("#") and (key != "id" or "resourceType" in node):
            plain, version, number = text.partition("/_history/")
            found[key] = f"{plain}{suffix}{version}{number}"
    return found


def tricky() -> list[Resource]:
    """The resources of each tricky Bundle, each of a patient of its own; searchsets stay Bundles."""
    return [
        renamed(entry["resource"], f"-{number}") for number, case in enumerate(CASES) for entry in built(case)["entry"]
    ]


def version(at: str) -> Resource:
    return {"meta": {"lastUpdated": at}}


def in_a_history(kind: str, **entry: Any) -> Resource:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"fullUrl": "https://one.example/Observation/h", **entry}],
    }


BOUND: list[Resource] = [
    patient(id="h1"), patient(id="h2"), patient(id="h3"),
    in_a_history("collection", resource=magnesium("h", "Patient/h2", 1.2, **version("2026-11-01"))),
    magnesium("h", "Patient/h2", 1.3, **version("2026-11-02"), status="entered-in-error"),
    searchset("Condition?patient=h3", total=0), searchset("MedicationRequest?subject=Patient/h3", medicine(id="h4", **of("Patient/h3")), total=2),
    searchset("Observation?code=19123-9", magnesium("h5", "Patient/h3"), magnesium("h6", "Patient/h1"), total=9),
    patient(id="same"), magnesium("s1", "http://one.example/Patient/same"), magnesium("s2", "Patient/same", 2.0),
    magnesium("s3", "http://two.example/Patient/same"), condition(id="s4", **of("http://two.example/Patient/same/_history/2")),
    patient(id="v1"), magnesium("v", "Patient/v1", **version("2026-11-01")),
    patient(id="v2"), magnesium("v", "Patient/v2", **version("2026-11-02")),
    patient(id="x1"), magnesium("x", "Patient/x1", specimen={"reference": "Specimen/sp"}),
    patient(id="x2"), {"resourceType": "Specimen", "id": "sp", **of("Patient/x2"), "condition": [{"text": "haemolysed"}]},
    {"resourceType": "Specimen", "id": "nobodys", "condition": [{"text": "haemolysed"}]},
    magnesium("n1", "Patient/x2", specimen={"reference": "http://lab.example/Specimen/nobodys"}),
    {**SERTRALINE, "id": "catalogue"}, {**SERTRALINE, "id": "unused"}, {**SERTRALINE, "id": "once"},
    *(referring("Medication/catalogue", id=f"k{n}", **of(f"Patient/k{n}")) for n in range(9)),
    referring("urn:uuid:catalogue", id="k9", **of("Patient/k9")), referring("Medication/once/_history/3", id="k10", **of("Patient/k10")),
    {**SERTRALINE, "id": "two", "code": {"text": "paracetamol"}, **version("2020-01-01")}, {**SERTRALINE, "id": "two", **version("2021-01-01")},
    referring("Medication/two", id="k11", **of("Patient/k11")),
    medicine(text=None, id="k12", medication={"reference": {"reference": "Medication/catalogue"}}, **of("Patient/k12")),
    referring("Medication/nowhere", id="k13", **of("Patient/k13")),
    {
        **bundle(), "type": "collection", "entry": [
            {"fullUrl": "urn:uuid:b-full", "resource": patient(id="b-own")},
            {"fullUrl": "urn:uuid:b-med", "resource": {**SERTRALINE, "id": "within"}},
            {"resource": magnesium("b1", "urn:uuid:b-full")},
        ],
    },
    condition(id="b2", **of("urn:uuid:b-full")), condition(id="b3", **of("Patient/b-own")),
    referring("urn:uuid:b-med", id="k14", **of("Patient/k14")),
    patient(id="dead", deceasedBoolean=True), magnesium("d1", "Patient/dead"),
    patient(id="lives", deceasedBoolean=False), magnesium("l1", "Patient/lives"),
    patient(id="died", deceasedDateTime="2026-11"), magnesium("d2", "Patient/died", value="1.1"), magnesium("d3", "Patient/died/_history/1"),
    patient(id="o1"), magnesium("o", "Patient/o1"), observation(MAGNESIUM, mgdl(2.0), id="o", subject=None),
    observation(MAGNESIUM, mgdl(1.0), id="of-nobody", subject=None), observation(MAGNESIUM, mgdl(1.0), id="unnamed", subject={"display": "Ms X"}),
    magnesium("contained", "#p"), magnesium("of-a-group", "Group/g"), {"resourceType": "Organization", "id": "org"},
    {"resourceType": "Encounter", "id": "e", **of("Patient/elsewhere")}, {"resourceType": "Basic", "id": "b"},
    {key: value for key, value in patient().items() if key != "id"}, magnesium("in-words", "Patient/w"),
    {**magnesium("text", ""), "subject": "Patient/w"}, {key: value for key, value in magnesium("", "Patient/w", 0.9).items() if key != "id"},
    magnesium("twice", "Patient/w"), magnesium("twice", "Patient/w"), magnesium("odd", "Patient/w", code={"coding": "19123-9"}),
]  # fmt: skip
BROKEN = [
    b'{"resourceType": "Observation", "id": "half", "subject": {"refer', b"[]", b'"text"', b"{}", b"nonsense", b"",
    b'{"resourceType": "Observation", "id": "utf", "code": {"text": "\xff\xfe"}, "subject": {"reference": "Patient/w"}}',
    b'\xef\xbb\xbf{"resourceType": "Patient", "id": "bom", "birthDate": "1950-01-01"}', b"   ",
    b'{"resourceType": "Condition", "id": "doubled", "subject": {"reference": "Patient/v1"}, "subject": {"reference": "Patient/w"}}',
    b'{"resourceType": "Basic", "id": "r1"}\r{"resourceType": "Patient", "id": "after-cr", "birthDate": "1951-01-01"}',
]  # fmt: skip


def lines() -> list[bytes]:
    return [json.dumps(each).encode() for each in (*tricky(), *BOUND)] + BROKEN


def scattered(folder: Path, given: list[bytes], files: int = 4, seed: int = 3) -> list[bytes]:
    """Written in any order to several files, plain and packed; the lines as they stand there."""
    shuffled = list(given)
    Random(seed).shuffle(shuffled)
    in_order: list[bytes] = []
    for number in range(files):
        part = shuffled[number::files]
        content = b"\n".join(part) + (b"\n" if number % 2 else b"")
        packed = number % 3 == 1
        path = folder / f"part-{number}.ndjson{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(content) if packed else content)
        in_order += content.splitlines()
    return in_order
