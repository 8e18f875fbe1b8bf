"""What is not plain of a patient who is, read by the reader itself (`mgcds.fhir`), apart from what is plain.

An Observation says something of the items of its own codes alone, unless it is of a PHQ-9 or an index of haemolysis; a specimen, of the
results that refer to it, which are not plain for that reason; psychotherapy, of the list of procedures and of first-line care.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from mgcds.fhir import phq9
from mgcds.fhir.care import Care
from mgcds.fhir.concepts import concept_of
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.observations import Results, measured_codes, read_observations, wanted_of
from mgcds.fhir.pregnancies import settle_pregnancy
from mgcds.fhir.reader import WHY_NOT
from mgcds.fhir.references import Known, newest_versions
from mgcds.fhir.specimens import HAEMOLYSIS_INDEX, Specimens
from mgcds.fhir.wire import Delivery, Resource
from mgcds.model.pack import RulePack
from mgcds.populations.lookups import Concepts
from mgcds.populations.one_by_one import counted
from mgcds.populations.plain_patient import One
from mgcds.populations.shapes import Raw
from mgcds.populations.writings import NotPlain, is_date

_WITH_OTHERS = frozenset((*phq9.CODES, HAEMOLYSIS_INDEX))


def stands_apart(codes: Iterable[Raw]) -> bool:
    """Does an Observation of these codes, with those of its components, depend on no other one?"""
    return all(_WITH_OTHERS.isdisjoint(concept_of(code).plain_codes) for code in codes)


def newest(lines: Iterable[bytes]) -> tuple[list[bytes], list[tuple[str, str]]]:
    """One line a resource, the version that counts; and what is said of the others."""
    delivery = Delivery()
    delivery.resources = _resources(lines)
    kept, older = newest_versions(delivery)
    said = [key for key, number in counted(older) for _ in range(number)]
    if len(said) != len(older) or any(not isinstance(each.raw, bytes) for each in kept):
        raise NotPlain("versions of what is looked up, or of another shape")
    return [each.raw for each in kept if isinstance(each.raw, bytes)], said


def _resources(lines: Iterable[bytes]) -> list[Resource]:
    delivery = Delivery()
    for line in lines:
        delivery.add(line.strip(), "line")
    if delivery.unused or delivery.pages:
        raise NotPlain("a line that is no resource")
    return delivery.resources


def read_results(one: One, pack: RulePack) -> None:
    """The Observations that were set apart, with the specimens of the patient: results, what is rejected, statements about pregnancy."""
    gathered = Gathered()
    resources, own = _resources(one.apart), _resources(one.specimens)
    results = Results(measured_codes(pack), gathered)
    observations = wanted_of(resources, results, gathered)
    specimens = Specimens(Known(own), observations, gathered)
    read_observations(observations, results, specimens, gathered)
    specimens.finish()
    results.settle()
    if gathered.states:
        raise NotPlain("an Observation of a state")
    one.pregnancies[:0] = gathered.pregnancies
    for name, entries in gathered.fields.items():
        one.results.setdefault(name, []).extend(entries)
    for bad in gathered.rejected:
        one.rejected.setdefault(bad.field, []).append(bad)
    used = set(gathered.used())
    one.unused += [(each.kind, WHY_NOT[each.kind]) for each in own if each.reference not in used]
    _leave(one, gathered)


def settle_pregnancies(one: One, today: date) -> None:
    """The newest statement counts; what cannot be read is for the reader."""
    if any(each.value is None or not is_date(each.date or "2000") for each in one.pregnancies):
        raise NotPlain("a statement about pregnancy")
    gathered = Gathered(pregnancies=one.pregnancies)
    for each in one.pregnancies:
        if each.resource.kind == "Condition":
            gathered.use(each.resource)
    state = settle_pregnancy(gathered, today)
    if state is None:
        raise NotPlain("a statement about pregnancy")
    one.states.append(("pregnancy", state["value"], state["date"], state["source"]))
    _leave(one, gathered)


def read_treatments(one: One, pack: RulePack, concepts: Concepts, today: str) -> None:
    """Psychotherapy; it says how first-line care stands only where no antidepressant is taken."""
    gathered = Gathered()
    care = Care(pack, gathered)
    care.read_treatments(_resources(one.treatments))
    for entry in gathered.fields.get("procedures", ()):
        number = concepts.number(
            "procedures", entry["name"], tuple([(each.system, each.code) for each in entry["codes"]])
        )
        one.entries.append(("procedures", number, entry["start"], entry["stop"], entry["status"]))
    care.settle(one.reviewed.get("medicines", today))
    for name, state in gathered.states.items():
        if all(name != known for known, *_ in one.states):
            one.states.append((name, state["value"], state["date"], state["source"]))
    _leave(one, gathered)


def _leave(one: One, gathered: Gathered) -> None:
    for key, number in counted(gathered.unused()):
        one.unused += [key] * number
