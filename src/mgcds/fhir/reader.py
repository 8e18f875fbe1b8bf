"""FHIR R4 → `PatientRecord`: Bundles of any type, lists of resources, NDJSON.

Nothing raises but input that is no FHIR at all. Every resource that comes in has a part in the record or is listed with the reason why
it has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, get_args

from mgcds.fhir import care, elements, nutrition, phq9
from mgcds.fhir.conditions import read_conditions
from mgcds.fhir.elements import Node, Unreadable
from mgcds.fhir.gathered import FhirReading, Gathered, GivenList
from mgcds.fhir.lists import read_lists, read_pages, reviewed_on
from mgcds.fhir.medicines import KINDS, read_medicines
from mgcds.fhir.observations import Results, measured_codes, read_observations, wanted_of
from mgcds.fhir.occasions import VOID
from mgcds.fhir.patients import Patients, count_foreign
from mgcds.fhir.pregnancies import PREGNANCY_STATUS, settle_pregnancy
from mgcds.fhir.questionnaires import may_be_read, read_questionnaires
from mgcds.fhir.references import LOOKED_UP, Known, newest_versions
from mgcds.fhir.specimens import Specimens
from mgcds.fhir.wire import Content, Delivery, Page, Resource, Unused, unpack, unpack_lines
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord, Sex

READ = frozenset(
    ("Patient", "Observation", "QuestionnaireResponse", "Condition", "List", nutrition.KIND, *care.KINDS, *KINDS)
) | {*LOOKED_UP}
WHY_NOT = {
    "MedicationAdministration": "a single administration, not a medicine of the list",
    "Medication": "no medicine of the list refers to it",
    "Specimen": "no result that a rule uses refers to it",
}
DECEASED = "the patient is recorded as deceased"


def read_bundle(content: Content, pack: RulePack, retrieved: date | None = None) -> FhirReading:
    """Read one patient: a Bundle, a list of resources, one resource, or NDJSON, as text, bytes or plain data.

    The patient is that of the first Patient resource; what belongs to another is listed. `retrieved` is the day the lists were
    fetched; without it, the date of the Bundle counts. RecordError where the input is no FHIR.
    """
    delivery = unpack(content)
    resources, older = newest_versions(delivery)
    patients, known = Patients(resources), Known(resources)
    gathered = Gathered()
    _open_lists(delivery, gathered)
    own = patients.of_one(resources, patients.first, gathered)
    pages = [
        page for page, whose, asked in patients.searches(delivery.pages)
        if not asked or patients.first is None or patients.first in whose
    ]  # fmt: skip
    reading = _read(own, known, gathered, pages, patients.may_be_theirs(resources), pack, retrieved)
    if known.any:
        _count_looked_up(own, gathered)
    return _finished(reading, patients.first, gathered, [*delivery.unused, *older])


def read_ndjson(lines: Iterable[bytes | str], pack: RulePack, retrieved: date | None = None) -> Iterator[FhirReading]:
    """Read many patients from the lines of one or several NDJSON streams, in any order: one reading a patient.

    Nothing is yielded before the last line was read. What belongs to no patient is listed with the last reading.
    """
    yield from read_delivery(unpack_lines(lines), pack, retrieved)


def read_delivery(
    delivery: Delivery, pack: RulePack, retrieved: date | None = None, whole: bool = True
) -> Iterator[FhirReading]:
    """The same of resources that were cut out already. Not `whole`: they are a part of what came, of some patients all that is
    theirs; what names no patient is then never taken for the only one's.
    """
    resources, older = newest_versions(delivery)
    known = Known(resources)
    patients = Patients(resources)
    by_patient, others = patients.each(resources, whole)
    alone = whole and len(by_patient) == 1
    searches = patients.searches(delivery.pages)
    looked_up: set[str] = set()
    last: tuple[PatientRecord, str | None, Gathered] | None = None
    for patient, own in by_patient.items():
        if last is not None:
            yield _finished(*last, [])
        gathered = Gathered()
        if alone:
            _open_lists(delivery, gathered)
        pages = [page for page, whose, asked in searches if patient in whose or (alone and not asked)]
        perhaps = patients.may_be_theirs(resources) if alone else []
        last = _read(own, known, gathered, pages, perhaps, pack, retrieved), patient, gathered
        looked_up.update(gathered.used())
    if last is None:
        if not delivery.resources and not delivery.unused:
            return
        gathered = Gathered()
        last = _read([], known, gathered, [], [], pack, retrieved), None, gathered
    for resource, whose in others:
        if resource.kind in LOOKED_UP and resource.reference in looked_up:
            continue
        if whose is None and resource.kind not in READ - {*LOOKED_UP}:
            _count_unread(resource, last[2])
        else:
            count_foreign(resource, whose, last[2])
    yield _finished(*last, [*delivery.unused, *older])


def _finished(record: PatientRecord, patient: str | None, gathered: Gathered, before: list[Unused]) -> FhirReading:
    return FhirReading(record, (*before, *gathered.unused()), patient, gathered.used(), gathered.deceased)


def _read(
    own: list[Resource],
    known: Known,
    gathered: Gathered,
    pages: list[Page],
    perhaps: list[Resource],
    pack: RulePack,
    retrieved: date | None,
) -> PatientRecord:
    """The record of one patient, from all that is theirs; `perhaps`: what may be theirs too."""
    of_kind: dict[str, list[Resource]] = {kind: [] for kind in READ}
    for resource in own:
        if resource.kind in READ:
            of_kind[resource.kind].append(resource)
        else:
            _count_unread(resource, gathered)
    fields = _read_patient(of_kind["Patient"], gathered)
    results = Results(measured_codes(pack), gathered)
    observations = wanted_of(of_kind["Observation"], results, gathered)
    specimens = Specimens(known, observations, gathered)
    read_observations(observations, results, specimens, gathered)
    specimens.finish()
    read_questionnaires(of_kind["QuestionnaireResponse"], results, gathered)
    results.settle()
    orders = [resource for kind in KINDS for resource in of_kind[kind]]
    read_medicines(orders, known, pack, gathered)
    nutrition.read_nutrition(of_kind[nutrition.KIND], gathered)
    first_line = care.Care(pack, gathered)
    first_line.read_medicines(orders, known)
    first_line.read_treatments([resource for kind in care.KINDS for resource in of_kind[kind]])
    read_conditions(of_kind["Condition"], pack, gathered)
    read_lists(of_kind["List"], own, gathered)
    read_pages(pages, gathered)
    for resource in perhaps:
        _reject_what_it_is(resource, results, gathered)
    first_line.settle(reviewed_on("medicines", gathered, retrieved, pages))
    fields["pregnancy"] = settle_pregnancy(gathered, retrieved)
    fields |= gathered.fields | gathered.states
    for which in get_args(GivenList):
        if which in gathered.given:
            fields.setdefault(which, ())
            fields[f"{which}_reconciled"] = reviewed_on(which, gathered, retrieved, pages)
    return PatientRecord(**fields, rejected=tuple(gathered.rejected))


def _open_lists(delivery: Delivery, gathered: Gathered) -> None:
    """What could not be made out as a resource may be an entry of either list."""
    for which in get_args(GivenList) if delivery.unmade else ():
        gathered.reject(which, "something was given that is no resource: it may be of the list", None)


def _reject_what_it_is(resource: Resource, results: Results, gathered: Gathered) -> None:
    """What may be the patient's or not: older results do not stand in for it, and a list without it is not whole."""
    try:
        if resource.content.get("status") in VOID:
            return
    except Unreadable:
        pass
    for name in _what_it_is(resource, results):
        gathered.reject(name, f"whose {resource.reference[:80]} is cannot be told", None)


def _what_it_is(resource: Resource, results: Results) -> list[str]:
    if resource.kind in KINDS:
        return ["medicines"]
    if resource.kind == "Condition":
        return ["conditions"]
    if resource.kind == nutrition.KIND:
        return ["supplements"]
    if resource.kind == "QuestionnaireResponse":
        return ["phq9_forms", "functional_difficulty"] if may_be_read(resource, results) else []
    if resource.kind != "Observation":
        return []
    codes = set().union(*(each.plain_codes for each in (resource.code, *resource.components)))
    of_phq9 = codes & phq9.CODES
    names = {results.measured[code].id for code in codes - of_phq9 if code in results.measured}
    names |= {"phq9_forms"} if of_phq9 - {phq9.DIFFICULTY} else set()
    names |= {"functional_difficulty"} if phq9.DIFFICULTY in of_phq9 else set()
    return sorted(names | ({"pregnancy"} if not codes.isdisjoint(PREGNANCY_STATUS) else set()))


def _read_patient(patients: list[Resource], gathered: Gathered) -> dict[str, Any]:
    """Birth date and sex, where all resources agree; and whether one of them says that the patient has died."""
    for other in patients[1:]:
        gathered.leave(other, "the patient was given twice, differently: the first one counts, where they agree")
    for each in patients:
        if not gathered.deceased and _is_deceased(each):
            gathered.deceased = True
            gathered.leave(each, DECEASED)
    if not patients:
        return {}
    resource = patients[0]
    try:
        content = resource.content
    except Unreadable as unreadable:
        gathered.leave(resource, str(unreadable))
        return {}
    gathered.use(resource)
    found = {"birth_date": _birth_date(resource, content, gathered), "sex": _sex(resource, content, gathered)}
    for name in _contradicted(patients) if len(patients) > 1 else ():
        found[name] = None
        gathered.reject(name, "the patient was given twice, differently", resource)
    return found


def _contradicted(patients: list[Resource]) -> list[str]:
    """Where what is said of a patient differs, or some of it cannot be read. A year of birth agrees with a day in it."""
    births, sexes = set(), set()
    for each in patients:
        try:
            births.add(elements.string(each.content, "birthDate"))
            sexes.add(elements.string(each.content, "gender"))
        except Unreadable:
            return ["birth_date", "sex"]
    longest = max((born for born in births if born), key=len, default="")
    one_birth = all(longest.startswith(born) for born in births if born)
    return [*([] if one_birth else ["birth_date"]), *(["sex"] if len(sexes - {None, "unknown"}) > 1 else [])]


def _is_deceased(resource: Resource) -> bool:
    try:
        content = resource.content
    except Unreadable:
        return False
    return content.get("deceasedBoolean") is True or bool(content.get("deceasedDateTime"))


def _birth_date(resource: Resource, content: Node, gathered: Gathered) -> str | None:
    born = content.get("birthDate")
    if born is None or elements.date(content, "birthDate") is not None:
        return elements.date(content, "birthDate")
    gathered.reject("birth_date", "the birth date cannot be read", resource)
    return None


def _sex(resource: Resource, content: Node, gathered: Gathered) -> dict[str, str] | None:
    gender = content.get("gender")
    if gender is None:
        return None
    if gender not in get_args(Sex):
        gathered.reject("sex", "the gender is none of female, male, other, unknown", resource)
        return None
    return {"value": gender, "source": resource.reference}


def _count_unread(resource: Resource, gathered: Gathered) -> None:
    if resource.kind == "OperationOutcome":
        gathered.leave(resource, _outcome(resource))
    else:
        gathered.count(resource.kind[:60], WHY_NOT.get(resource.kind, "not read by mgcds"))


def _count_looked_up(own: Iterable[Resource], gathered: Gathered) -> None:
    """Medications and Specimens that nothing refers to."""
    used = gathered.used_ids()
    for resource in own:
        if resource.kind in LOOKED_UP and id(resource) not in used:
            _count_unread(resource, gathered)


def _outcome(resource: Resource) -> str:
    """What the server said."""
    try:
        issues = elements.nodes(resource.content, "issue")
    except Unreadable as unreadable:
        return str(unreadable)
    told = [
        elements.string(issue, "diagnostics")
        or elements.name(elements.node(issue, "details"))
        or elements.string(issue, "code")
        for issue in issues
    ]
    return f"the server said: {'; '.join(text for text in told if text)[:300] or 'nothing more'}"
