"""A synthetic cohort: FHIR R4 Bulk Data or a facts table of people who do not exist, for tests and demonstrations.

Patients are put together from strands, each read by the reader as it is from any file; what is drawn for a patient depends on the
seed and the patient's number alone, so that parts can be written by several processes, and the same call gives the same bytes.
"""
