"""Who each resource is about. A resource of another patient is never read into a record, and never lost without a word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mgcds.fhir import care, nutrition
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.lists import searched_for
from mgcds.fhir.medicines import KINDS
from mgcds.fhir.wire import Page, Resource, unversioned

UNNAMED = ""
"""stands for a subject that is given without a reference: whose it is cannot be told"""
NEEDS_A_PATIENT = frozenset(
    ("Observation", "QuestionnaireResponse", "Condition", "List", nutrition.KIND, *care.KINDS, *KINDS)
)


class Patients:
    """The patients of a delivery, and which of them a reference means: relative, absolute, versioned or `urn:uuid:`.

    Who they are is settled before anything is dealt out, so that the order of resources does not decide whose one is.
    """

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._meant: dict[str, str] = {}
        self._absolute: dict[str, str] = {}
        self._order: dict[str, None] = {}
        for resource in resources:
            if resource.kind == "Patient":
                self._enter(resource)
        self._on_a_server = frozenset(self._absolute)
        subjects = dict.fromkeys([self._subject(each) for each in resources if each.kind in NEEDS_A_PATIENT])
        for subject in filter(None, subjects):
            self._mean(subject, is_new=True)

    @property
    def first(self) -> str | None:
        """The patient of the first Patient resource; where there is none, of the first resource that names one."""
        return next(iter(self._order), None)

    def of_one(self, resources: Iterable[Resource], patient: str | None, gathered: Gathered) -> list[Resource]:
        """What belongs to this patient or to no one; the rest is counted."""
        own = []
        names = {name for name, whose in self._meant.items() if whose == patient}
        for resource in resources:
            if resource.kind != "Patient" and self._subject(resource) in names:
                own.append(resource)  # as nearly always
                continue
            whose = self._of(resource)
            if whose == patient or (whose is None and (len(self._order) < 2 or resource.kind not in NEEDS_A_PATIENT)):
                own.append(resource)
            else:
                count_foreign(resource, whose, gathered)
        return own

    def each(
        self, resources: Iterable[Resource], whole: bool = True
    ) -> tuple[dict[str, list[Resource]], list[tuple[Resource, str | None]]]:
        """What belongs to each patient, and what to none of them. `whole`: there are no others elsewhere."""
        alone = self.first if whole and len(self._order) == 1 else None
        own: dict[str, list[Resource]] = {patient: [] for patient in self._order}
        others = []
        for resource in resources:
            whose = self._of(resource)
            if whose is None and resource.kind in NEEDS_A_PATIENT:
                whose = alone
            if whose in own:
                own[whose].append(resource)
            else:
                others.append((resource, whose))
        return own, others

    def searches(self, pages: Iterable[Page]) -> list[tuple[Page, frozenset[str], bool]]:
        """Bundles with the patients they are about: those who were searched for, or were found; and whether anybody was searched for."""
        by_id: dict[str, set[str]] = {}
        pages = list(pages)
        for name, patient in self._meant.items() if pages else ():
            by_id.setdefault(unversioned(name).rpartition("/")[2].rpartition(":")[2], set()).add(patient)
        found = []
        for page in pages:
            asked = searched_for(page.query)
            whose = {self._meant[subject] for subject in page.subjects if subject in self._meant}
            found.append((page, frozenset(whose.union(*(by_id.get(each, ()) for each in asked))), bool(asked)))
        return found

    def may_be_theirs(self, resources: Iterable[Resource]) -> list[Resource]:
        """Where there is one patient: what gives its subject without a reference that could be followed."""
        if len(self._order) > 1:
            return []
        unnamed = [each for each in resources if each.subject is not None and each.subject[:1] in ("", "#")]
        return [each for each in unnamed if each.kind in NEEDS_A_PATIENT]

    def _of(self, resource: Resource) -> str | None:
        """Whose it is: a patient, another subject, UNNAMED, or None where it has no subject at all."""
        if resource.kind == "Patient":
            return self._meant[resource.full_url or resource.reference]
        subject = self._subject(resource)
        return self._meant.get(subject) or self._mean(subject) if subject else subject

    def _subject(self, resource: Resource) -> str | None:
        """To whom it refers. A relative reference is one to the resource's own server, where the Patient has a server too."""
        subject, url = resource.subject, resource.full_url
        if url is None or subject is None or "://" not in url or unversioned(subject) not in self._on_a_server:
            return subject
        base, _, own_id = url.rpartition(f"/{resource.kind}/")
        return f"{base}/{subject}" if base and "/" not in own_id else subject

    def _enter(self, resource: Resource) -> None:
        """A Patient resource, under all names it may be referred to by."""
        url = resource.full_url
        patient = resource.reference
        absolute = url if url is not None and "://" in url else None
        if patient in self._order and absolute and self._absolute.get(patient) not in (None, absolute):
            patient = absolute
        self._order.setdefault(patient)
        if absolute:
            self._absolute.setdefault(patient, absolute)
        aliases = [url or resource.reference]
        aliases += (
            [f"Patient/{resource.id}", f"urn:uuid:{resource.id}", f"urn:oid:{resource.id}"] if resource.id else []
        )
        for alias in aliases:
            self._meant.setdefault(alias, patient)

    def _mean(self, subject: str, is_new: bool = False) -> str:
        """Which patient a reference means; `is_new`: one that is not known yet is entered."""
        if subject in self._meant:
            return self._meant[subject]
        if subject.startswith("#"):
            return UNNAMED
        plain = unversioned(subject)
        parts = plain.split("/")
        relative = "/".join(parts[-2:])
        absolute = plain if "://" in plain else None
        patient = self._meant.get(plain) or self._meant.get(relative)
        if patient is not None and absolute and self._absolute.get(patient) not in (None, absolute):
            patient = absolute  # the same id on another server
        if patient is None:
            patient = relative if len(parts) > 1 and parts[-2] == "Patient" else plain
        if is_new and is_patient(patient):
            self._order.setdefault(patient)
            if absolute:
                self._absolute.setdefault(patient, absolute)
            self._meant.setdefault(patient, patient)
        self._meant[subject] = patient
        return patient


def is_patient(reference: str) -> bool:
    """Does this mean a patient, not a group, a device or a place?"""
    parts = reference.split("/")
    return len(parts) == 1 or parts[-2] == "Patient"


def count_foreign(resource: Resource, whose: str | None, gathered: Gathered) -> None:
    """A resource that is not the patient's."""
    if not whose:
        gathered.count(resource.kind, "whose it is cannot be told: it names no patient by a reference")
    elif resource.kind == "Patient":
        gathered.leave(resource, "another patient")
    else:
        why = "it belongs to another patient" if is_patient(whose) else "it is not about a patient"
        gathered.count(f"{resource.kind} of {whose[:120]}", why)
