"""FHIR R4 out: an assessment becomes a Bundle of guidance, detected issues, drafts and the trail of where all that came from."""

from mgcds.fhir.writing.bundle import write_bundle

__all__ = ["write_bundle"]
