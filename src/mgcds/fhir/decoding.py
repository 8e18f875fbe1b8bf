"""JSON → plain data, each number exactly as it was written; of the resources that come in great numbers only the elements that are read.

To pass over an element costs a tenth of what it costs to build it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypedDict

import msgspec

UNDECODED = (bytes, msgspec.Raw)
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidOperation)
EXACT = msgspec.json.Decoder(float_hook=Decimal)
"""all there is; raises one of UNDECODABLE"""

# The types a value or an end can have, in R4 and in the releases before and after it.
VALUES = (
    "valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger", "valueDecimal", "valueRange", "valueRatio",
    "valueSampledData", "valueTime", "valueDateTime", "valueDate", "valuePeriod", "valueAttachment", "valueReference", "valueCoding", "valueUri",
)  # fmt: skip
ABATEMENTS = (
    "abatementDateTime", "abatementAge", "abatementPeriod", "abatementRange", "abatementString", "abatementBoolean",
)  # fmt: skip

_MODIFIED = ("modifierExtension", "implicitRules")
_MEDICINE = (
    *_MODIFIED, "status", "intent", "doNotPerform", "extension", "statusReason", "reasonCode", "medication", "medicationReference",
    "contained", "authoredOn", "dateAsserted", "effectiveDateTime", "effectivePeriod", "dosageInstruction", "dosage", "dispenseRequest",
    "daysSupply", "whenHandedOver", "whenPrepared",
)  # fmt: skip
READ: Mapping[str, tuple[str, ...]] = {
    "Observation": (
        *_MODIFIED, *VALUES, "status", "focus", "effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming", "note",
        "specimen", "contained", "dataAbsentReason", "referenceRange", "interpretation", "component", "hasMember",
    ),
    "Condition": (*_MODIFIED, *ABATEMENTS, "onsetDateTime", "onsetPeriod", "recordedDate"),
    **dict.fromkeys(("MedicationRequest", "MedicationStatement", "MedicationDispense"), _MEDICINE),
}  # fmt: skip
"""kind → what is read of it beside what `wire.py` sees at a glance"""


def _decoder(names: tuple[str, ...]) -> msgspec.json.Decoder[dict[str, Any]]:
    shape = TypedDict("shape", dict.fromkeys(names, Any), total=False)  # type: ignore[misc]
    return msgspec.json.Decoder(shape, float_hook=Decimal)


_DECODERS = {kind: _decoder(names) for kind, names in READ.items()}


def decode_read(kind: str, text: bytes | msgspec.Raw) -> Any:
    """What is read of a resource of this kind; of a kind that is not in READ, everything. Raises one of UNDECODABLE."""
    return _DECODERS.get(kind, EXACT).decode(text)
