"""What plain resources may have: exactly these elements, of exactly these types. Anything more, and a resource is not plain.

Elements that the reader never looks at are `Raw`, and skipped.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

Raw = msgspec.Raw
ABSENT = Raw()


def there(raw: Raw) -> bool:
    return raw is not ABSENT


class Base(msgspec.Struct, tag_field="resourceType", forbid_unknown_fields=True, gc=False, kw_only=True):
    id: str
    meta: Raw = ABSENT
    text: Raw = ABSENT
    language: Raw = ABSENT
    identifier: Raw = ABSENT
    extension: Raw = ABSENT
    category: Raw = ABSENT
    encounter: Raw = ABSENT


class Reference(msgspec.Struct, gc=False):
    reference: str | None = None


class Shown(msgspec.Struct, gc=False):
    reference: str
    display: str | None = None


class Period(msgspec.Struct, gc=False):
    start: str | None = None
    end: str | None = None


class Quantity(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    value: Raw
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Part(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    code: Raw
    valueQuantity: Quantity | None = None  # noqa: N815  (as FHIR names it, here and below)
    valueCodeableConcept: Raw = ABSENT  # noqa: N815


class Observation(Base, tag="Observation"):
    subject: Reference
    code: Raw
    status: str = "unknown"
    effectiveDateTime: str | None = None  # noqa: N815
    valueQuantity: Quantity | None = None  # noqa: N815
    valueCodeableConcept: Raw = ABSENT  # noqa: N815
    dataAbsentReason: Raw = ABSENT  # noqa: N815
    referenceRange: Raw = ABSENT  # noqa: N815
    component: list[Part] = []
    basedOn: Raw = ABSENT  # noqa: N815
    partOf: Raw = ABSENT  # noqa: N815
    issued: Raw = ABSENT
    performer: Raw = ABSENT
    interpretation: Raw = ABSENT
    bodySite: Raw = ABSENT  # noqa: N815
    method: Raw = ABSENT
    device: Raw = ABSENT
    derivedFrom: Raw = ABSENT  # noqa: N815


class Condition(Base, tag="Condition"):
    subject: Reference
    code: Raw = ABSENT
    clinicalStatus: Raw = ABSENT  # noqa: N815
    verificationStatus: Raw = ABSENT  # noqa: N815
    onsetDateTime: str | None = None  # noqa: N815
    abatementDateTime: str | None = None  # noqa: N815
    recordedDate: str | None = None  # noqa: N815
    onsetAge: Raw = ABSENT  # noqa: N815
    onsetRange: Raw = ABSENT  # noqa: N815
    onsetString: Raw = ABSENT  # noqa: N815
    severity: Raw = ABSENT
    bodySite: Raw = ABSENT  # noqa: N815
    recorder: Raw = ABSENT
    asserter: Raw = ABSENT
    stage: Raw = ABSENT
    evidence: Raw = ABSENT
    note: Raw = ABSENT


class Repeat(msgspec.Struct, gc=False):
    boundsPeriod: Period | None = None  # noqa: N815


class Timing(msgspec.Struct, gc=False):
    repeat: Repeat | None = None


class Dosage(msgspec.Struct, gc=False):
    timing: Timing | None = None


class Dispensing(msgspec.Struct, gc=False):
    validityPeriod: Period | None = None  # noqa: N815


class Ordered(Base):
    subject: Reference
    status: str = "unknown"
    medicationCodeableConcept: Raw = ABSENT  # noqa: N815
    medicationReference: Shown | None = None  # noqa: N815
    basedOn: Raw = ABSENT  # noqa: N815
    statusReason: Raw = ABSENT  # noqa: N815
    reasonCode: Raw = ABSENT  # noqa: N815
    reasonReference: Raw = ABSENT  # noqa: N815
    note: Raw = ABSENT


class Request(Ordered, tag="MedicationRequest"):
    intent: str | None = None
    authoredOn: str | None = None  # noqa: N815
    dosageInstruction: list[Dosage] = []  # noqa: N815
    dispenseRequest: Dispensing | None = None  # noqa: N815
    priority: Raw = ABSENT
    reportedBoolean: Raw = ABSENT  # noqa: N815
    reportedReference: Raw = ABSENT  # noqa: N815
    requester: Raw = ABSENT
    performer: Raw = ABSENT
    performerType: Raw = ABSENT  # noqa: N815
    recorder: Raw = ABSENT
    groupIdentifier: Raw = ABSENT  # noqa: N815
    courseOfTherapyType: Raw = ABSENT  # noqa: N815
    insurance: Raw = ABSENT
    substitution: Raw = ABSENT
    priorPrescription: Raw = ABSENT  # noqa: N815


class Statement(Ordered, tag="MedicationStatement"):
    effectiveDateTime: str | None = None  # noqa: N815
    effectivePeriod: Period | None = None  # noqa: N815
    dosage: list[Dosage] = []
    context: Raw = ABSENT
    dateAsserted: Raw = ABSENT  # noqa: N815
    informationSource: Raw = ABSENT  # noqa: N815
    derivedFrom: Raw = ABSENT  # noqa: N815


class Answer(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    valueCoding: Raw = ABSENT  # noqa: N815
    valueInteger: Raw = ABSENT  # noqa: N815
    valueDecimal: Raw = ABSENT  # noqa: N815
    valueString: Raw = ABSENT  # noqa: N815
    valueBoolean: Raw = ABSENT  # noqa: N815
    valueDate: Raw = ABSENT  # noqa: N815


class Item(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    linkId: str  # noqa: N815
    text: Raw = ABSENT
    definition: str | None = None
    answer: list[Answer] = []
    item: list[Item] = []


class Response(Base, tag="QuestionnaireResponse"):
    subject: Reference
    status: str = ""
    authored: str | None = None
    item: list[Item] = []
    questionnaire: Raw = ABSENT
    basedOn: Raw = ABSENT  # noqa: N815
    partOf: Raw = ABSENT  # noqa: N815
    author: Raw = ABSENT
    source: Raw = ABSENT


class Entry(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    item: Shown
    date: Raw = ABSENT
    flag: Raw = ABSENT


class List(Base, tag="List"):
    subject: Reference
    code: Raw
    status: str | None = None
    date: str | None = None
    entry: list[Entry] = []
    emptyReason: Raw = ABSENT  # noqa: N815
    mode: Raw = ABSENT
    title: Raw = ABSENT
    source: Raw = ABSENT
    orderedBy: Raw = ABSENT  # noqa: N815
    note: Raw = ABSENT


class Patient(msgspec.Struct, tag_field="resourceType", tag="Patient", gc=False, kw_only=True):
    id: str
    gender: str | None = None
    birthDate: str | None = None  # noqa: N815
    deceasedBoolean: bool | None = None  # noqa: N815
    deceasedDateTime: str | None = None  # noqa: N815


class Seen(msgspec.Struct, gc=False):
    """Of any other resource, and of one that is not plain: enough to know whether it counts at all."""

    resourceType: str  # noqa: N815
    id: str
    subject: Reference | None = None
    patient: Reference | None = None
    code: Raw = ABSENT
    component: tuple[Coded, ...] = ()


class Coded(msgspec.Struct, gc=False):
    code: Raw = ABSENT


DECODE = msgspec.json.Decoder(Patient | Observation | Condition | Request | Statement | Response | List)
SEE = msgspec.json.Decoder(Seen)
EXACT = msgspec.json.Decoder(float_hook=Decimal)
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidOperation)
