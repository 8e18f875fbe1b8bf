"""The fast way for patients whose resources are *plain*: of shapes that are surely understood. All others are read one by one.

Each line is decoded once, into exactly the elements that a plain resource may have; an element more, or one of another type, and the
patient is not plain. So this may know little of FHIR, and is never wrong. What a code or a quantity means is asked of the reader
(`mgcds.fhir`), once for each way in which it is written. What comes out are the flat tables of docs/population.md, for `statements`.
What is not plain, and on which nothing else depends, is read by the reader alone (`plain_apart`, `item_by_item`).

It is Python, not SQL: numbers stay as they were written, and the reader itself is asked; it takes about as long as DuckDB needs only to
parse the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from datetime import date
from typing import Any, NamedTuple, get_args

import pyarrow as pa
import pyarrow.compute as pc

from mgcds.engines.facts_table import Layout
from mgcds.fhir import care, conditions, phq9
from mgcds.fhir.concepts import Concept, concept_of
from mgcds.fhir.gathered import GivenList, Pregnancy
from mgcds.fhir.reader import DECEASED, READ, WHY_NOT
from mgcds.fhir.references import LOOKED_UP
from mgcds.model.dates import parse_when
from mgcds.model.record import Sex
from mgcds.populations import plain_apart
from mgcds.populations.item_by_item import merged, read_items
from mgcds.populations.lookups import Concepts, reported_items
from mgcds.populations.on_duckdb import facts_of
from mgcds.populations.one_by_one import reason
from mgcds.populations.plain_apart import stands_apart
from mgcds.populations.plain_medicines import Medicines, resource_of
from mgcds.populations.plain_patient import Apart, One, Rows
from mgcds.populations.plain_results import Results
from mgcds.populations.shapes import (
    DECODE,
    SEE,
    UNDECODABLE,
    Condition,
    List,
    Observation,
    Patient,
    Raw,
    Request,
    Response,
    Seen,
    Statement,
    there,
)
from mgcds.populations.statements import needed
from mgcds.populations.writings import Kept, NotPlain, is_date, list_of, said_by

_REVIEWED = get_args(GivenList)


class Versions(NotPlain):
    """A resource was given in several versions: the patient is taken again without the older ones."""


class _Problem(NamedTuple):
    numbers: Sequence[int]
    is_pregnancy: bool
    why_not_plain: str = ""


class Flat:
    """Takes patients, as long as they are plain, and gives the flat tables."""

    def __init__(self, layout: Layout, on: date) -> None:
        self.layout, self.pack, self.on = layout, layout.pack, on
        self._today = on.isoformat()
        self.concepts = Concepts(layout)
        self._results = Results(layout)
        self._medicines = Medicines(self.pack, self.concepts, on)
        self._problems = Kept(lambda raw: self._problem(concept_of(Raw(raw))))
        self._remitted = Kept(lambda raw: self._in_remission(concept_of(Raw(raw))))
        self._said = Kept(lambda raw: concept_of(Raw(raw)).said)
        self._absent = Kept(said_by)
        self._list_codes = Kept(list_of)
        self._psychotherapy = Kept(self._is_psychotherapy)
        self.rows = Rows()
        self.unused: list[list[tuple[str, str]]] = []
        self.used: list[set[str]] = []
        self._in_use = {item.id for item in reported_items(layout)}
        take: dict[type[Any], Callable[[Any, One], None]] = {
            Patient: self._take_patient, Observation: self._results.take_observation, Condition: self._take_condition,
            Request: self._medicines.take_request, Statement: self._medicines.take_statement, Response: self._results.take_response,
            List: self._take_list,
        }  # fmt: skip
        self._take = {kind: (f"{kind.__struct_config__.tag}/", each) for kind, each in take.items()}
        """what references of a kind begin with, and who takes one"""

    def take(self, lines: Sequence[bytes], looked_up: Iterable[bytes] = ()) -> str:
        """One patient: all lines that are theirs, and what these look up. Empty where it was taken, else why it is not plain."""
        shared: dict[str, bytes] = {}
        try:
            for line in looked_up:
                self._keep(line, shared)
            try:
                one = self._taken(lines, [], shared)
            except Versions:
                one = self._taken(*plain_apart.newest(lines), shared)
        except NotPlain as why:
            return str(why)
        except UNDECODABLE:
            return "what cannot be decoded"
        self._add(one)
        return ""

    def _taken(self, lines: Iterable[bytes], unused: list[tuple[str, str]], shared: dict[str, bytes]) -> One:
        one = One(unused=unused)
        for line in lines:
            self._take_line(line, one)
        self._finish(one, shared)
        return one

    # --- lines ---------------------------------------------------------------------------------------------------------

    def _take_line(self, line: bytes, one: One) -> None:
        try:
            found = DECODE.decode(line)
        except UNDECODABLE:
            self._see(line, one)
            return
        kind = type(found)
        before, take = self._take[kind]
        if not self._is_new(before + found.id, line, one):
            return
        if kind is not Patient:
            one.subjects.add(found.subject.reference)
        try:
            take(found, one)
        except NotPlain:
            if kind is not Observation or not stands_apart((found.code, *(part.code for part in found.component))):
                raise
            one.apart.append(line)

    def _is_new(self, reference: str, line: bytes, one: One) -> bool:
        """Not so where the same line came before; another version makes the patient not plain."""
        before = one.seen.get(reference)
        if before is None:
            if not reference.isascii() or not reference.isprintable() or " " in reference:
                raise NotPlain("an id that is none")
            one.seen[reference] = line
            return True
        if before.strip() != line.strip():
            raise Versions("versions of a resource")
        if reference.startswith(LOOKED_UP):
            raise NotPlain("what is looked up, given twice")
        one.unused.append((reference.partition("/")[0], "given twice"))
        return False

    @staticmethod
    def _keep(line: bytes, shared: dict[str, bytes]) -> None:
        """A Medication that may be looked up."""
        seen = SEE.decode(line)
        if seen.resourceType != "Medication" or seen.subject is not None or seen.patient is not None:
            raise NotPlain(f"{seen.resourceType}: looked up")
        if shared.setdefault(f"Medication/{seen.id}", line) != line:
            raise NotPlain("Medication: versions")

    def _see(self, line: bytes, one: One) -> None:
        """A resource of another kind, or one that is not plain and may not count at all."""
        try:
            seen = SEE.decode(line)
        except UNDECODABLE:
            raise NotPlain("a line that is no resource") from None
        reference = f"{seen.resourceType}/{seen.id}"
        about = seen.subject or seen.patient
        if about is None:
            raise NotPlain("a resource of nobody")
        if not self._is_new(reference, line, one):
            return
        one.subjects.add(about.reference)
        self._take_seen(seen, line, one)

    def _take_seen(self, seen: Seen, line: bytes, one: One) -> None:
        kind = seen.resourceType
        if kind == "Observation":
            if why := self._results.why_unused(seen):
                one.unused.append((kind, why))
                return
            if stands_apart((seen.code, *(part.code for part in seen.component))):
                one.apart.append(line)
                return
        elif kind in care.KINDS:
            if self._psychotherapy[bytes(seen.code)]:
                one.treatments.append(line)
            else:
                one.unused.append((kind, "no psychotherapy: no rule uses it"))
            return
        elif kind == "Specimen":
            one.specimens.append(line)
            return
        elif kind not in READ and kind not in ("OperationOutcome", "Bundle") and kind.isalnum() and len(kind) <= 60:
            one.unused.append((kind, WHY_NOT.get(kind, "not read by mgcds")))
            return
        raise NotPlain(f"{kind}: of another shape")

    # --- Patient -------------------------------------------------------------------------------------------------------

    def _take_patient(self, found: Patient, one: One) -> None:
        if one.reference:
            raise NotPlain("Patient: several")
        if found.gender is not None and found.gender not in get_args(Sex):
            raise NotPlain("Patient: gender")
        one.reference = f"Patient/{found.id}"
        one.birth_date, one.sex = found.birthDate, found.gender
        if found.deceasedBoolean or found.deceasedDateTime:
            one.deceased = True
            one.unused.append(("Patient", DECEASED))

    # --- Condition -----------------------------------------------------------------------------------------------------

    def _problem(self, concept: Concept) -> _Problem:
        if concept.absent:
            return _Problem((), False, "Condition: a statement about the list")
        if concept.name is None and not concept.matched:
            return _Problem((), False, "Condition: neither a code nor a name")
        vocabulary = self.pack.vocabularies.get("conditions")
        if vocabulary is None:
            return _Problem((), False, "Condition: no value sets")
        names = conditions.called(concept, vocabulary)
        return _Problem(
            self._numbers(concept, names),
            any(conditions.PREGNANCY in vocabulary.match(name, concept.matched).value_sets for name in names),
        )

    def _in_remission(self, concept: Concept) -> list[int]:
        return self._numbers(concept, conditions.called_in_remission(concept, self.pack.vocabularies.get("conditions")))

    def _numbers(self, concept: Concept, names: Iterable[str | None]) -> list[int]:
        codes = tuple([(each.system, each.code) for each in concept.record_codes])
        return [self.concepts.number("conditions", name, codes) for name in names]

    def _take_condition(self, found: Condition, one: One) -> None:
        verified, clinical = self._said[bytes(found.verificationStatus)], self._said[bytes(found.clinicalStatus)]
        if verified & conditions.NOT_SO:
            if "refuted" in verified:
                one.given.add("conditions")
            one.unused.append(("Condition", reason(", ".join(sorted(verified & conditions.NOT_SO)))))
            return
        kept: _Problem = self._problems[bytes(found.code)]
        if kept.why_not_plain:
            raise NotPlain(kept.why_not_plain)
        one.given.add("conditions")
        ended, abated = clinical & conditions.ENDED, found.abatementDateTime
        if abated is not None and not abated:
            raise NotPlain("Condition: abatement")
        if clinical & conditions.GOING_ON and (ended or abated):
            raise NotPlain("Condition: going on and ended")
        in_remission = ended == conditions.REMISSION and not abated
        numbers = self._remitted[bytes(found.code)] if in_remission else kept.numbers
        if ended and not abated and not (in_remission and numbers):
            one.unused.append(("Condition", reason(f"{', '.join(sorted(ended))}, no date")))
            return
        for number in numbers:
            one.entries.append(("conditions", number, found.onsetDateTime or None, abated, "active"))
        if kept.is_pregnancy and abated is None and not in_remission:
            dated = found.onsetDateTime or found.recordedDate or None
            one.pregnancies.append(Pregnancy("pregnant", dated, resource_of("Condition", f"Condition/{found.id}")))

    # --- lists ---------------------------------------------------------------------------------------------------------

    def _take_list(self, found: List, one: One) -> None:
        which = self._list_codes[bytes(found.code)]
        if which is None:
            one.unused.append(
                ("List", reason("neither a medication list (LOINC 10160-0) nor a problem list (LOINC 11450-4)"))
            )
        elif found.status is None or found.status in ("retired", "entered-in-error"):
            raise NotPlain("List: status")
        else:
            one.lists.append(found)

    def _settle_lists(self, one: One) -> None:
        for found in one.lists:
            which = self._list_codes[bytes(found.code)]
            if any(each.item.reference not in one.seen for each in found.entry):
                raise NotPlain("List: entries that were not given")
            reasons = self._absent[bytes(found.emptyReason)] if there(found.emptyReason) else frozenset()
            if not found.entry and "nilknown" not in reasons:
                raise NotPlain("List: empty")
            one.given.add(which)
            if which in one.reviewed or (found.date is not None and not found.date):
                raise NotPlain("List: several")
            if found.date is not None:
                one.reviewed[which] = found.date

    # --- all of a patient ----------------------------------------------------------------------------------------------

    def _is_psychotherapy(self, raw: bytes) -> bool:
        vocabulary, concept = self.pack.vocabularies.get("procedures"), concept_of(Raw(raw))
        return vocabulary is not None and "psychotherapy" in vocabulary.match(concept.name, concept.matched).value_sets

    def _finish(self, one: One, shared: dict[str, bytes]) -> None:
        if not one.reference:
            raise NotPlain("no Patient")
        identity = one.reference.removeprefix("Patient/")
        if not one.subjects <= {one.reference, f"urn:uuid:{identity}"}:
            raise NotPlain("a reference to the patient that is not plain")
        self._settle_lists(one)
        self._medicines.settle(one, shared)
        self._results.settle(one)
        if one.apart or one.specimens:
            plain_apart.read_results(one, self.pack)
        if one.pregnancies:
            plain_apart.settle_pregnancies(one, self.on)
        if one.treatments:
            plain_apart.read_treatments(one, self.pack, self.concepts, self._today)
        if one.difficulties:
            if any(dated is None or not is_date(dated) for dated, _, _ in one.difficulties):
                raise NotPlain("QuestionnaireResponse: date")
            newest = sorted(one.difficulties, key=_newest_and_worst_last)[-1]
            one.states.append(("functional_difficulty", newest[1], newest[0], newest[2]))

    def _add(self, one: One) -> None:
        rows = self.rows
        number = len(rows.people)
        lists = [
            given
            for name in ("medicines", "procedures", "conditions", "symptoms")
            for given in (name in one.given, one.reviewed.get(name, self._today if name in _REVIEWED else None))
        ]
        rows.people.append((number, one.reference, one.birth_date, one.sex, one.reference, *lists))
        rows.measurements += [(number, *row) for row in one.measurements]
        rows.entries += [(number, *row) for row in one.entries]
        rows.states += [(number, *row) for row in one.states]
        self.unused.append(one.unused)
        self.used.append(one.used)
        for item in (one.results.keys() | one.rejected.keys()) & self._in_use:
            rows.apart[number, item] = Apart(one.results.get(item, ()), one.rejected.get(item, ()))
        if one.doses:
            rows.doses[number] = one.doses
        if one.deceased:
            rows.deceased.add(number)

    def clear(self) -> None:
        """Forget the patients; what codes mean is kept."""
        self.rows = Rows()
        self.unused, self.used = [], []

    def facts(self) -> tuple[pa.Table, Set[int]]:
        """The facts of those that were taken and live, and the numbers of those who have to be read one by one."""
        facts, left = facts_of(self.tables(), self.concepts.table(), self.layout, self.on)
        items, whole = read_items(self.rows, left, self.concepts, self.layout, self.on)
        out = whole | self.rows.deceased
        names = {number: str(self.rows.people[number][1]) for number in out | items.keys()}
        facts = merged(facts, {names[number]: found for number, found in items.items()})
        others = pa.array([names[number] for number in out], pa.string())
        return facts.filter(pc.invert(pc.is_in(facts["patient"], others))), whole

    def tables(self) -> dict[str, pa.Table]:
        """The flat tables of those that were taken; `patient` is their number, in the order in which they came."""
        columns = needed(self.layout)
        return {name: _table(getattr(self.rows, name), columns[name]) for name in columns}


def _newest_and_worst_last(difficulty: tuple[str | None, str, str]) -> tuple[object, ...]:
    dated, value, _ = difficulty
    return parse_when(dated or "").order(), phq9.DIFFICULTIES.index(value)


def _table(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> pa.Table:
    kinds = {"patient": pa.int64(), "concept": pa.int64()}
    types = [kinds.get(name, pa.bool_() if name.endswith("_given") else pa.string()) for name in names]
    columns = [pa.array([row[place] for row in rows], kind) for place, kind in enumerate(types)]
    return pa.table(columns, list(names))
