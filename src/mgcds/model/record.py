"""What is known of one patient: `PatientRecord` and its parts.

Short forms are friendly (`serum_magnesium="0.62 mmol/L"`), full forms say everything (date, status, specimen, the laboratory's
range). A short form is of the day the record was taken, `recorded`; without that day it is undated, and an undated value decides
nothing. A bad field is rejected with its reason, in `rejected`, and the rest stays.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from mgcds.errors import RecordError
from mgcds.model.dates import parse_when

Comparator = Literal["<", "<=", ">=", ">"]
SpecimenProblem = Literal["haemolysed", "lipaemic", "icteric", "edta", "citrate", "paced", "bundle branch block"]
"""what may spoil a result: of a sample, or, for an interval of the ECG, the rhythm it was measured in"""
ObservationStatus = Literal[
    "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"
]  # https://hl7.org/fhir/R4/valueset-observation-status.html
MedicineStatus = Literal["active", "on-hold", "stopped", "unknown"]
Sex = Literal["female", "male", "other", "unknown"]
Pregnancy = Literal["pregnant", "lactating", "not pregnant"]
FirstLineCare = Literal["not offered", "declined", "awaited", "active"]
FunctionalDifficulty = Literal[
    "not difficult at all", "somewhat difficult", "very difficult", "extremely difficult"
]  # the answers to the question after the nine of the PHQ-9
LowMagnesiumWorkup = Literal["not started", "started", "low value confirmed"]
BipolarScreen = Literal["negative", "positive", "positive, bipolar disorder excluded"]

_QUANTITY = re.compile(r"\s*(<=|>=|<|>|≤|≥)?\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?)\s*(.*?)\s*", re.DOTALL)
_LARGEST, _FINEST = 9, -40  # powers of ten: a fraction of 1e-9999999 would fill the memory


class Part(BaseModel):
    """Frozen; a short form is read as what it stands for, unknown keys are refused with "did you mean"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    short_form: ClassVar[tuple[str, ...]] = ()
    """JSON types of the short form, for the JSON Schema"""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        full = handler(core)
        return {"anyOf": [{"type": kind} for kind in cls.short_form] + [full]} if cls.short_form else full

    @classmethod
    def _long_form(cls, given: Any) -> Any:
        """What a short form stands for."""
        return given

    @model_validator(mode="before")
    @classmethod
    def _known_keys_only(cls, given: Any) -> Any:
        given = cls._long_form(given)
        if isinstance(given, (dict, Mapping)) and not _names_of(cls).issuperset(given):
            unknown = next(key for key in given if key not in _names_of(cls))
            raise ValueError(unknown_key(str(unknown), list(cls.model_fields)))
        return given


@cache
def _names_of(part: type[Part]) -> frozenset[str]:
    """Kept, because pydantic looks them up anew each time."""
    return frozenset(part.model_fields)


def unknown_key(key: str, names: list[str]) -> str:
    """A sentence that names the unknown key and the nearest known ones."""
    near = difflib.get_close_matches(key, names, n=1)
    return f"unknown field '{key[:60]}'" + (
        f": did you mean '{near[0]}'?" if near else f"; it takes {', '.join(names)}"
    )


def _date_text(given: Any) -> Any:
    if not isinstance(given, str):
        if isinstance(given, date):  # a datetime is one
            given = given.isoformat()
        elif isinstance(given, int) and not isinstance(given, bool):
            given = str(given)
    if isinstance(given, str):
        try:
            parse_when(given)
        except ValueError:
            raise ValueError("not a date: write 2026-11-20, 2026-11-20T08:30:00+01:00, 2024-05 or 2024") from None
    return given


DateText = Annotated[str, BeforeValidator(_date_text)]


def exact_number(given: Any) -> Any:
    """A Decimal as written: a float goes through its shortest text, so 0.1 stays 0.1; true and NaN are refused."""
    if isinstance(given, bool):
        raise ValueError("a number is needed, not true or false")
    if isinstance(given, float):
        given = repr(given)
    try:
        number = Decimal(given)
    except (InvalidOperation, TypeError, ValueError):
        raise ValueError("not a number") from None
    if not number.is_finite() or number.adjusted() > _LARGEST or _is_too_fine(number):
        raise ValueError("not a number that a measurement can have")
    return number


def _is_too_fine(number: Decimal) -> bool:
    """Most can be told at a glance: its last digit stands behind the first by no more than the length of its text."""
    if number.adjusted() >= _FINEST // 2 and len(str(number)) <= -_FINEST // 2:
        return False
    return int(number.as_tuple().exponent) < _FINEST


class Measurement(Part):
    """One result: a number as reported with its unit, its effective date, status, specimen problems and the laboratory's own range."""

    short_form = ("string", "number")

    value: Annotated[Decimal, BeforeValidator(exact_number)]
    up_to: Annotated[Decimal, BeforeValidator(exact_number)] | None = Field(
        default=None, description="the highest value it may be, where only a range from 'value' is known"
    )
    comparator: Comparator | None = Field(default=None, description="'>' in an eGFR reported as '>60'")
    unit: str | None = Field(default=None, max_length=60, description="as reported; UCUM, e.g. mmol/L")
    date: DateText | None = Field(default=None, description="effective date, may be partial: 2024-05")
    status: ObservationStatus = "final"
    code: str | None = Field(default=None, description="LOINC code, e.g. 2601-3")
    method: str | None = Field(
        default=None, max_length=60, description="how it was estimated, e.g. '24-hour recalls' or 'screen' of a diet"
    )
    specimen: tuple[SpecimenProblem, ...] = ()
    lower_limit: str | None = Field(
        default=None, max_length=120, description="the laboratory's lower reference limit, e.g. '0.70 mmol/L'"
    )
    upper_limit: str | None = Field(default=None, max_length=120, description="the laboratory's upper reference limit")
    source: str | None = Field(default=None, description="where it was read, e.g. Observation/123")

    @classmethod
    def _long_form(cls, given: Any) -> Any:
        if isinstance(given, str):
            return parse_quantity(given)
        if isinstance(given, (int, float, Decimal)) and not isinstance(given, bool):
            return {"value": given}
        if isinstance(given, (dict, Mapping)) and isinstance(given.get("value"), str):
            parts = {key: part for key, part in parse_quantity(given["value"]).items() if part is not None}
            for key in ("unit", "comparator"):
                if None not in (parts.get(key), given.get(key)) and parts[key] != given[key]:
                    raise ValueError(f"the {key} of the value, '{parts[key][:20]}', is not the {key} beside it")
            return {**given, **parts}
        return given

    @model_validator(mode="after")
    def _upwards(self) -> Measurement:
        if self.up_to is not None and (self.comparator is not None or self.up_to <= self.value):
            raise ValueError("'up_to' must be above the value, and takes no comparator beside it")
        return self


def parse_quantity(text: str) -> dict[str, Any]:
    """`"<0.5 mmol/L"` → value, comparator and unit. ValueError where there is no leading number."""
    found = _QUANTITY.fullmatch(text) if len(text) <= 120 else None  # of blanks it takes the square of their number
    if found is None:
        raise ValueError("write a number and its unit, e.g. '0.62 mmol/L'")
    comparator = {"≤": "<=", "≥": ">="}.get(found[1] or "", found[1])
    return {"value": found[2], "comparator": comparator, "unit": found[3] or None}


class Phq9Form(Part):
    """A PHQ-9 as it was filled in: nine answers in the order of the form, None where one is missing, and the question after them.
    Short form: the nine answers. An answer beyond 0 to 3 is rejected when the form is scored.
    """

    answers: tuple[Annotated[Decimal, BeforeValidator(exact_number)] | None, ...] = Field(min_length=9, max_length=9)
    date: DateText | None = None
    status: ObservationStatus = "final"
    total: Annotated[Decimal, BeforeValidator(exact_number)] | None = Field(
        default=None, description="the total as it was stated; one that the answers cannot give is rejected"
    )
    difficulty: FunctionalDifficulty | None = Field(
        default=None, description="how difficult the problems have made work, home and people"
    )
    source: str | None = None

    @classmethod
    def _long_form(cls, given: Any) -> Any:
        return {"answers": given} if isinstance(given, list | tuple) else given

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        full = handler(core)
        return {"anyOf": [full["properties"]["answers"], full]}


class Coding(Part):
    """A code of a system: `rxnorm`, `atc`, `icd10cm`, `snomed`, or the system's URI for any other."""

    system: str
    code: str


class Medicine(Part):
    """A medicine of the list. The name is what was written or displayed; dates may be partial."""

    short_form = ("string",)

    name: str | None = None
    codes: tuple[Coding, ...] = ()
    start: DateText | None = None
    stop: DateText | None = None
    status: MedicineStatus = "active"
    source: str | None = None

    @classmethod
    def _long_form(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _named(self) -> Medicine:
        if not self.name and not self.codes:
            raise ValueError(f"a {type(self).__name__.lower()} needs a name or a code")
        return self


class Supplement(Medicine):
    """A supplement, antacid or laxative. `daily_dose` says elemental or salt: `"248 mg elemental"`, `"500 mg salt of MgO"`;
    a dose that says neither stays unknown and is asked about.
    """

    daily_dose: str | None = Field(default=None, max_length=120)
    form: str | None = Field(default=None, description="e.g. tablet, powder")


class Procedure(Medicine):
    """A treatment that is no medicine, such as psychotherapy, with its start and stop."""


class Diagnosis(Part):
    """A diagnosis or a symptom: its text, its codes, and when it began and ended."""

    short_form = ("string",)

    name: str | None = None
    codes: tuple[Coding, ...] = ()
    onset: DateText | None = None
    abated: DateText | None = None
    source: str | None = None

    @classmethod
    def _long_form(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _named(self) -> Diagnosis:
        if not self.name and not self.codes:
            raise ValueError("a diagnosis or symptom needs a name or a code")
        return self


class _Dated(Part):
    short_form = ("string",)

    date: DateText | None = None
    source: str | None = None

    @classmethod
    def _long_form(cls, given: Any) -> Any:
        return {"value": given} if isinstance(given, str) else given


class DatedSex(_Dated):
    """Administrative sex (FHIR Patient.gender)."""

    value: Sex


class DatedPregnancy(_Dated):
    """Pregnancy or lactation, with the day it was asked."""

    value: Pregnancy


class DatedFirstLineCare(_Dated):
    """Where first-line care of the depression stands."""

    value: FirstLineCare


class DatedBipolarScreen(_Dated):
    """The result of a bipolar screen (e.g. the Mood Disorder Questionnaire) and of its follow-up."""

    value: BipolarScreen


class DatedFunctionalDifficulty(_Dated):
    """How difficult the problems of the PHQ-9 have made work, home and people (LOINC 69722-7)."""

    value: FunctionalDifficulty


class DatedLowMagnesiumWorkup(_Dated):
    """How far the work-up of a low magnesium is: started, and the low value confirmed by a second one."""

    value: LowMagnesiumWorkup


class DatedRiskAssessment(_Dated):
    """A suicide-risk assessment that was carried out, and what it found."""

    value: Literal["no acute risk", "acute risk"]


def _as_tuple(given: Any) -> Any:
    return tuple(given) if isinstance(given, list | tuple) else (given,) if given is not None else ()


def _as_forms(given: Any) -> Any:
    """Nine plain answers are one form, not nine."""
    flat = isinstance(given, list | tuple) and not any(
        isinstance(each, list | tuple | Mapping | Part) for each in given
    )
    return (given,) if flat and given else _as_tuple(given)


class _OrOne:
    """One entry may stand for a list of one, in the JSON Schema too."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(core)
        return {"anyOf": [many, many["items"]]}


Measurements = Annotated[tuple[Measurement, ...], BeforeValidator(_as_tuple), _OrOne()]
Phq9Forms = Annotated[tuple[Phq9Form, ...], BeforeValidator(_as_forms), _OrOne()]
Medicines = Annotated[tuple[Medicine, ...], BeforeValidator(_as_tuple), _OrOne()]
Supplements = Annotated[tuple[Supplement, ...], BeforeValidator(_as_tuple), _OrOne()]
Procedures = Annotated[tuple[Procedure, ...], BeforeValidator(_as_tuple), _OrOne()]
Diagnoses = Annotated[tuple[Diagnosis, ...], BeforeValidator(_as_tuple), _OrOne()]


class Rejected(Part):
    """A part of the input that could not be used: which field, why, and where it came from."""

    field: str
    why: str
    date: DateText | None = None
    source: str | None = None


class PatientRecord(Part):
    """What is known of one patient. See the module's text for short forms; JSON Schema: `mgcds schema record`."""

    recorded: DateText | None = Field(
        default=None, description="the day this record was taken: short forms are of this day"
    )
    birth_date: DateText | None = None
    age: Annotated[Decimal, BeforeValidator(exact_number)] | None = Field(
        default=None, ge=0, le=130, description="whole years"
    )
    sex: DatedSex | None = None
    pregnancy: DatedPregnancy | None = None
    first_line_care: DatedFirstLineCare | None = None
    bipolar_screen: DatedBipolarScreen | None = None
    suicide_risk_assessment: DatedRiskAssessment | None = None
    functional_difficulty: DatedFunctionalDifficulty | None = None
    low_magnesium_workup: DatedLowMagnesiumWorkup | None = None
    planned_surgery: DateText | None = Field(default=None, description="the day of the next planned operation")

    serum_magnesium: Measurements = ()
    egfr: Measurements = ()
    potassium: Measurements = ()
    calcium: Measurements = ()
    albumin: Measurements = ()
    qtc: Measurements = ()
    heart_rate: Measurements = ()
    bmi: Measurements = ()
    phq9: Measurements = ()
    phq9_item9: Measurements = ()
    phq9_forms: Phq9Forms = Field(
        default=(), description="PHQ-9 forms answer by answer; they count among 'phq9' and 'phq9_item9'"
    )
    gad7: Measurements = ()
    dietary_magnesium: Measurements = ()

    antidepressants: Medicines = Field(
        default=(), description="a short way to name some medicines; it does not make the medicine list complete"
    )
    medicines: Medicines | None = Field(default=None, description="the whole list; [] means asked and none")
    medicines_reconciled: DateText | None = None
    supplements: Supplements | None = None
    procedures: Procedures | None = Field(
        default=None, description="treatments that are no medicines, such as psychotherapy; [] means asked and none"
    )
    procedures_reconciled: DateText | None = None
    conditions: Diagnoses | None = Field(default=None, description="the problem list; [] means asked and none")
    conditions_reconciled: DateText | None = None
    symptoms: Diagnoses | None = Field(default=None, description="symptoms asked about; [] means asked and none")
    symptoms_reconciled: DateText | None = None

    rejected: tuple[Rejected, ...] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _keep_what_is_good(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(given, Mapping):
            return read(given)
        there = {name: value for name, value in given.items() if value is not None}
        there["rejected"] = _as_tuple(given.get("rejected"))
        try:
            return read(there)  # all at once where all is good, as nearly always
        except ValidationError:
            kept: dict[str, Any] = {}
            rejected, known = list(there.pop("rejected")), _names_of(cls)
            for name, value in there.items():
                if name not in known:
                    raise  # refused as a whole
                good, bad = _read_field(name, value)
                rejected += bad
                if good is not None:
                    kept[name] = good
            return read({**kept, "rejected": tuple(rejected)})

    def __init__(self, **given: Any) -> None:
        known = _names_of(type(self))
        unknown = [name for name in given if name not in known]
        if unknown:
            raise RecordError("; ".join(unknown_key(name, list(type(self).model_fields)) for name in unknown))
        try:
            super().__init__(**given)
        except ValidationError:  # the other fields are read one by one and never raise
            raise RecordError("'rejected' must be a list of {field, why}, as a record writes it") from None


def read_record(given: Any) -> PatientRecord:
    """A record from plain data (JSON or YAML as read). RecordError where it is no mapping or has unknown fields."""
    if isinstance(given, PatientRecord):
        return given
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise RecordError("a patient record is a mapping of field names to values; see 'mgcds schema record'")
    return PatientRecord(**given)


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    field = PatientRecord.model_fields[name]
    annotated: Any = Annotated[field.annotation, field]
    return TypeAdapter(annotated)


@cache
def _adapter_of_one(name: str) -> TypeAdapter[Any] | None:
    """For a field that holds a list: the adapter of one entry, so that one bad entry does not lose the others."""
    if name == "antidepressants" or name == "medicines":
        return TypeAdapter(Medicine)
    if name == "supplements":
        return TypeAdapter(Supplement)
    if name == "procedures":
        return TypeAdapter(Procedure)
    if name in ("conditions", "symptoms"):
        return TypeAdapter(Diagnosis)
    if name == "phq9_forms":
        return TypeAdapter(Phq9Form)
    return TypeAdapter(Measurement) if PatientRecord.model_fields[name].default == () else None


def _read_field(name: str, value: Any) -> tuple[Any, list[Rejected]]:
    one = _adapter_of_one(name)
    if one is None:
        return _read_one(_adapter(name), name, value)
    try:
        return _adapter(name).validate_python(value), []  # all at once where all are good, as nearly always
    except ValidationError:
        good, bad = [], []
    entries = _as_forms(value) if name == "phq9_forms" else _as_tuple(value)
    for position, entry in enumerate(entries):
        read, refused = _read_one(one, name if not isinstance(value, list | tuple) else f"{name}[{position}]", entry)
        bad += refused
        if read is not None:
            good.append(read)
    return tuple(good), bad


def _read_one(adapter: TypeAdapter[Any], name: str, value: Any) -> tuple[Any, list[Rejected]]:
    try:
        return adapter.validate_python(value), []
    except ValidationError as error:
        why = "; ".join(
            _reason(detail) for detail in error.errors(include_url=False, include_context=False, include_input=False)
        )
        of = (
            {key: value[key] for key in ("date", "source") if isinstance(value.get(key), str)}
            if isinstance(value, Mapping)
            else {}
        )
        try:
            return None, [Rejected(field=name, why=why, **of)]
        except ValidationError:  # the date itself is what is wrong
            return None, [Rejected(field=name, why=why)]


def _reason(detail: Any) -> str:
    inside = ".".join(str(part) for part in detail["loc"])
    text = str(detail["msg"]).removeprefix("Value error, ")
    return f"{inside}: {text}" if inside else text
