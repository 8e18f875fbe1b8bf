"""Where it came from: the software as a `Device`, a `Provenance` of all that was made, and an `AuditEvent` without any clinical value."""

from __future__ import annotations

from collections.abc import Iterable

from mgcds import __version__
from mgcds.fhir.writing.context import PACKS, Context, Node, reference, urn
from mgcds.model.explanation import leaves


def device_of(context: Context) -> Node:
    """mgcds itself, and the pack it applied."""
    pack = context.assessment.pack
    return {
        "resourceType": "Device",
        "id": context.id_of("device"),
        "deviceName": [{"name": "mgcds", "type": "model-name"}],
        "version": [
            {"type": {"text": "software"}, "value": __version__},
            {"type": {"text": f"rule pack {pack.name}"}, "value": pack.version},
        ],
        "note": [{"text": "Clinical decision support for health professionals: options, not orders."}],
    }


def provenance_of(made: Iterable[Node], context: Context) -> Node:
    """Everything that was made, from which resources and by which pack."""
    pack = context.assessment.pack
    steps = (leaf for suggestion in context.assessment.suggestions for leaf in leaves(suggestion.steps))
    sources = context.sources_of(steps)
    rules = {
        "role": "source",
        "what": {
            "identifier": {"system": PACKS, "value": pack.digest},
            "display": f"rule pack {pack.name} {pack.version}",
        },
    }
    return {
        "resourceType": "Provenance",
        "id": context.id_of("provenance"),
        "target": [reference(resource) for resource in made],
        "occurredDateTime": context.assessment.on.isoformat(),
        "recorded": context.moment,
        "agent": [{
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "assembler"}]},
            "who": {"reference": urn(context.id_of("device"))},
        }],
        "entity": [rules, *({"role": "source", "what": {"reference": source}} for source in sources)],
    }  # fmt: skip


def audit_of(context: Context) -> Node:
    """That this patient's record was assessed, by which pack: no value, no suggestion."""
    pack = context.assessment.pack
    device = {"reference": urn(context.id_of("device"))}
    return {
        "resourceType": "AuditEvent",
        "id": context.id_of("audit"),
        "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110100", "display": "Application Activity"},
        "action": "E",
        "recorded": context.moment,
        "outcome": "0",
        "agent": [{"who": device, "requestor": False}],
        "source": {"observer": device},
        "entity": [
            {"what": context.subject},
            {"what": {"identifier": {"system": PACKS, "value": pack.digest}}, "name": f"rule pack {pack.name} {pack.version}"},
        ],
    }  # fmt: skip
