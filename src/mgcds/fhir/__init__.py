"""FHIR R4 in: a Bundle or NDJSON becomes a `PatientRecord`, and all that was not used is listed with its reason."""

from mgcds.fhir.gathered import FhirReading
from mgcds.fhir.reader import read_bundle, read_ndjson
from mgcds.fhir.wire import Unused

__all__ = ["FhirReading", "Unused", "read_bundle", "read_ndjson"]
