"""Three independent validators of FHIR R4: PyPI `fhirkit-rs` (structure), npm `fhir` (required codes), npm `@medplum/core` (invariants,
targets of references).

Each Bundle is validated twice: as it is written, its resources referring to one another by `urn:uuid:`; and as a server would keep it,
by type and id, where the type a reference points to can be checked.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import fhirkit

VALIDATORS = Path(__file__).resolve().parents[2] / "tools" / "fhir-validators"
Problems = dict[str, list[str]]

# What a validator says of everything, true or not: npm `fhir` has no code of LOINC or RxNorm and does not follow `is-a` in a value set
# (v3-ActCode has DRG below _ActSuppliedItemDetectedIssueCode, as DetectedIssue.code asks for); Medplum cannot follow a `urn:uuid:`.
_NO_PROBLEM = (
    "could not be found",
    "(http://loinc.org) not found in value set",
    "(http://www.nlm.nih.gov/research/umls/rxnorm) not found in value set",
    'Code "DRG" (http://terminology.hl7.org/CodeSystem/v3-ActCode) not found in value set',
    'Invalid reference: got "urn:uuid:',
)


def what_is_missing() -> str | None:
    """What to install before the validators can run; None where all is there."""
    if shutil.which("node") is None:
        return "NOT TESTED: the validators of FHIR need Node.js 20 or newer with npm (apt-get install nodejs npm)"
    installed = (VALIDATORS / "node_modules").is_dir()
    return (
        None if installed else "NOT TESTED: the validators of FHIR are not installed: `npm ci` in tools/fhir-validators"
    )


def problems_of(resources: Sequence[dict[str, Any]]) -> list[Problems]:
    """For each resource: validator → what it says is wrong. Nothing it says is left out but `_NO_PROBLEM`."""
    done = subprocess.run(
        ["node", str(VALIDATORS / "validate.mjs")],
        input="\n".join(json.dumps(resource) for resource in resources), capture_output=True, text=True, timeout=280, check=True,
    )  # fmt: skip
    found: list[Problems] = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(resources)
    for said, resource in zip(found, resources, strict=True):
        said["fhirkit"] = [f"{issue.severity} {issue.path}: {issue.message}" for issue in fhirkit.validate(resource)]
    return [
        {
            validator: lines
            for validator, said in each.items()
            if (lines := [line for line in said if not _is_none(line)])
        }
        for each in found
    ]


def _is_none(line: str) -> bool:
    return any(part in line for part in _NO_PROBLEM)


def as_kept(bundle: dict[str, Any]) -> dict[str, Any]:
    """The same with `Type/id` in place of `urn:uuid:`, each entry at an address of its own."""
    names = {
        entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in bundle["entry"]
    }
    text = json.dumps(bundle)
    for url, name in names.items():
        text = text.replace(f'"reference": "{url}"', f'"reference": "{name}"')
        text = text.replace(f'"fullUrl": "{url}"', f'"fullUrl": "https://ehr.example/fhir/{name}"')
    kept: dict[str, Any] = json.loads(text)
    return kept


def faults(bundles: Iterable[dict[str, Any]]) -> list[str]:
    """What any validator has against any Bundle, in either form."""
    both = [form for bundle in bundles for form in (bundle, as_kept(bundle))]
    return [
        f"{validator}: {line}"
        for problems in problems_of(both)
        for validator, lines in problems.items()
        for line in lines
    ]


def changed(bundle: dict[str, Any], kind: str, **elements: Any) -> dict[str, Any]:
    """A copy in which the first resource of a kind has other elements; None takes one out."""
    spoilt = copy.deepcopy(bundle)
    resource = next(entry["resource"] for entry in spoilt["entry"] if entry["resource"]["resourceType"] == kind)
    for name, value in elements.items():
        if value is None:
            del resource[name]
        else:
            resource[name] = value
    return spoilt
