"""Assessment → Bundle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from mgcds.fhir.drafts import drafts_of
from mgcds.fhir.identity import identity
from mgcds.fhir.writing.context import Context, Node, urn
from mgcds.fhir.writing.guidance import group_of, guidance_of
from mgcds.fhir.writing.issues import KINDS, issue_of, messages_of
from mgcds.fhir.writing.trail import audit_of, device_of, provenance_of
from mgcds.model.assessment import Assessment
from mgcds.model.record import PatientRecord


def write_bundle(
    assessment: Assessment,
    record: PatientRecord,
    made: datetime,
    patient: str | None = None,
    unused: Sequence[tuple[str, str]] = (),
) -> Node:
    """A Bundle (R4, collection) of one assessment: guidance for every rule, of all statuses, offered stops and interactions, drafts,
    what of the data was not usable, and the trail.

    `patient`: a reference to the patient; without one, a Patient of whom nothing is said stands in the Bundle. `made`: with its time
    zone. `unused`: (reference, why). The same arguments give the same Bundle, ids included.
    """
    if made.tzinfo is None:
        raise ValueError("'made' needs a time zone: it becomes a FHIR instant")
    nameless = None if patient is not None else _nameless(assessment)
    context = Context(assessment, record, patient or urn(_id(nameless)), made)
    messages = messages_of(context, unused)
    resources = [messages] if messages is not None else []
    for suggestion in assessment.suggestions:
        drafts = drafts_of(suggestion, context.patient, assessment.on)
        group = group_of(suggestion, drafts, context) if drafts else None
        resources.append(guidance_of(suggestion, context, group, messages))
        resources += [group, *(draft.resource for draft in drafts)] if group is not None else []
        if suggestion.kind in KINDS and suggestion.status == "offered":
            resources.append(issue_of(suggestion, context))
    trail = [device_of(context), provenance_of(resources, context), audit_of(context)]
    everything = [*resources, *trail, *([nameless] if nameless is not None else [])]
    return {
        "resourceType": "Bundle",
        "id": context.id_of("bundle"),
        "type": "collection",
        "timestamp": context.moment,
        "entry": [{"fullUrl": urn(resource["id"]), "resource": resource} for resource in everything],
    }


def _nameless(assessment: Assessment) -> Node:
    """A Patient without any data, the same for the same assessment."""
    said = json.dumps(assessment.to_dict(), sort_keys=True, default=str)
    return {"resourceType": "Patient", "id": identity("patient", hashlib.sha256(said.encode()).hexdigest())}


def _id(resource: Node | None) -> str:
    assert resource is not None
    found: str = resource["id"]
    return found
