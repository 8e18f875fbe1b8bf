"""Who a patient is, and the history: problems, medicines, treatments and PHQ-9, which are read together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from mgcds.model.pack import StateItem
from mgcds.model.terminology import Entry
from mgcds.populations.synthesis import prevalence as p
from mgcds.populations.synthesis.forms import write_forms
from mgcds.populations.synthesis.strands import PATIENT, SUBJECT, Sheet, coded, loinc

GROUPS = tuple((band, sex) for band in range(len(p.BANDS)) for sex in p.SEXES)
"""people of one age band and sex, for whom the same histories are likely"""
HISTORIES, BIRTHS = 1_200, 1_200  # variants of each group
SHARES = tuple(p.SHARE_OF_BAND[band] * p.SHARE_OF_SEX[p.SEXES.index(sex)] for band, sex in GROUPS)


def make_person(sheet: Sheet, number: int) -> None:
    """The Patient."""
    band, sex = GROUPS[number // BIRTHS]
    youngest, oldest = p.BANDS[band]
    years = sheet.random.randint(youngest, oldest)
    born = _years_before(sheet.on, years, sheet.random.randrange(365))
    recorded: str | None = sex
    for other, share in p.SEX_RECORDED_OTHERWISE.items():
        if sheet.by_chance(share):
            recorded = other
    if sheet.by_chance(p.SEX_NOT_RECORDED):
        recorded = None
    birth: str | None = born.isoformat()
    if sheet.by_chance(p.BIRTH_MONTH_ONLY, "partial birth date"):
        birth = born.isoformat()[:7]
    elif sheet.by_chance(p.BIRTH_YEAR_ONLY, "partial birth date"):
        birth = born.isoformat()[:4]
    elif sheet.by_chance(p.BIRTH_DATE_MISSING, "no birth date"):
        birth = None
    identifier = {"system": "urn:mgcds:synthetic", "value": PATIENT}
    whole: dict[str, Any] = {"identifier": [identifier], "active": True, "gender": recorded, "birthDate": birth}
    if sheet.by_chance(p.DECEASED, "deceased"):
        whole["deceasedBoolean"] = True
    sheet.add("Patient", PATIENT, **whole)


def _years_before(on: date, years: int, days: int) -> date:
    """A birth date of someone who is so many whole years old."""
    latest = on.replace(year=on.year - years, day=min(on.day, 28))
    return date.fromordinal(max(latest.toordinal() - days, 1))


class _History:
    """One history while it is written."""

    def __init__(self, sheet: Sheet, number: int) -> None:
        self.sheet = sheet
        self.band, self.sex = GROUPS[number // HISTORIES]
        self.older = p.BANDS[self.band][0] >= p.OLDER
        self.young = 0 if self.band else 1
        self.problems: list[str] = []
        self.orders: list[str] = []
        self.magnesium_since: int | None = None
        if self.older:
            sheet.marks.add("older")
        if self.band == len(p.BANDS) - 1:
            sheet.marks.add("oldest")

    def share(self, shares: tuple[float, float]) -> float:
        return shares[self.older] * (p.IN_THE_YOUNGEST_BAND if self.young else 1)

    # --- problems ---------------------------------------------------------------------------------------------------------------------

    def add_problems(self) -> None:
        sheet = self.sheet
        if sheet.by_chance(p.DEPRESSION[self.sex] * (p.IN_THE_YOUNGEST_BAND if self.young else 1)):
            self.add_problem("depression")
        if sheet.by_chance(p.BIPOLAR):
            self.add_problem("bipolar_disorder")
        for value_set, shares in p.CONDITIONS.items():
            if sheet.by_chance(self.share(shares)):
                self.add_problem(value_set)
        for (name, code), shares in p.OTHER_CONDITIONS.items():
            if sheet.by_chance(self.share(shares)):
                self._write_problem(Entry((name,), {"icd10cm": (code,)}))
        if self.sex == "female" and self.band in p.FERTILE_BANDS:
            self._add_pregnancy()

    def add_problem(self, value_set: str) -> None:
        self._write_problem(self.sheet.member(value_set))
        self.sheet.marks.add(value_set)

    def _write_problem(self, entry: Entry) -> None:
        sheet = self.sheet
        ago = sheet.days(365 * p.YEARS_ILL)
        onset: str | None = sheet.day(ago)
        if sheet.by_chance(p.ONSET_YEAR_ONLY, "partial onset"):
            onset = sheet.day(ago)[:4]
        elif sheet.by_chance(p.ONSET_MISSING):
            onset = None
        clinical, verification, abated = "active", "confirmed", None
        if sheet.by_chance(p.CONDITION_RESOLVED):
            clinical = "resolved"
            without = sheet.by_chance(p.RESOLVED_WITHOUT_DATE, "resolved without a date")
            abated = None if without else sheet.day(int(ago * sheet.random.random()))
        elif sheet.by_chance(p.CONDITION_IN_ERROR, "problem entered in error"):
            verification = "entered-in-error"
        elif sheet.by_chance(p.CONDITION_REFUTED, "problem refuted"):
            verification = "refuted"
        in_words = sheet.by_chance(p.CONDITION_IN_WORDS, "problem in words")
        self.problems.append(
            sheet.add(
                "Condition",
                subject=SUBJECT,
                code=sheet.concept(entry, in_words),
                onsetDateTime=onset,
                abatementDateTime=abated,
                clinicalStatus=None if verification == "entered-in-error" else coded("condition-clinical", clinical),
                verificationStatus=coded("condition-ver-status", verification),
            )
        )

    def _add_pregnancy(self) -> None:
        sheet = self.sheet
        pregnant = sheet.by_chance(p.PREGNANT)
        if pregnant:
            self.problems.append(
                sheet.add(
                    "Condition",
                    subject=SUBJECT,
                    code=sheet.concept(sheet.member("pregnancy")),
                    onsetDateTime=sheet.day(sheet.random.randrange(250)),
                    clinicalStatus=coded("condition-clinical", "active"),
                    verificationStatus=coded("condition-ver-status", "confirmed"),
                )
            )
        if sheet.by_chance(p.PREGNANCY_STATUS_RECORDED):
            sheet.add(
                "Observation", status="final", code=loinc("82810-3", "Pregnancy status"), subject=SUBJECT,
                effectiveDateTime=sheet.day(sheet.random.randrange(60)),
                valueCodeableConcept={"text": "Pregnant" if pregnant else "Not pregnant"},
            )  # fmt: skip

    # --- medicines --------------------------------------------------------------------------------------------------------------------

    def add_medicines(self) -> None:
        sheet, depressed = self.sheet, "depression" in self.sheet.marks
        youth = p.IN_THE_YOUNGEST_BAND if self.young else 1
        if sheet.by_chance(
            p.ANTIDEPRESSANT_IF_DEPRESSED if depressed else p.ANTIDEPRESSANT_OTHERWISE[self.sex] * youth
        ):
            self.add_medicine(sheet.random.choices(list(p.ANTIDEPRESSANTS), list(p.ANTIDEPRESSANTS.values()))[0])
            sheet.marks.add("antidepressant")
        if "bipolar_disorder" in sheet.marks and sheet.by_chance(p.LITHIUM_IF_BIPOLAR):
            self.add_medicine("lithium")
        for value_set, shares in p.MEDICINES.items():
            magnesium = value_set == "magnesium_product"
            if sheet.by_chance(p.MAGNESIUM_IF_DEPRESSED if magnesium and depressed else self.share(shares)):
                self._add_magnesium() if magnesium else self.add_medicine(value_set)
        if sheet.by_chance(p.OTHER_MEDICINES):
            others = _other_names(sheet)
            self._write_order(Entry((sheet.random.choice(others),), {}), True, "active", sheet.days(p.DAYS_TAKEN), None)
        if sheet.by_chance(p.MEDICINE_UNKNOWN, "unknown medicine"):
            self._write_order(Entry(("Study substance XQ-17",), {}), True, "active", sheet.days(p.DAYS_TAKEN), None)
        if sheet.by_chance(p.PAST_MEDICINE):
            value_set = sheet.random.choice(list(p.MEDICINES))
            if value_set != "magnesium_product" and value_set not in sheet.marks:
                start = 200 + sheet.days(p.DAYS_TAKEN)
                self._write_order(
                    sheet.member(value_set), False, "stopped", start, start - 1 - sheet.random.randrange(150)
                )

    def add_medicine(self, value_set: str) -> None:
        """Something that is taken now, as one order or as renewals; perhaps after a pause."""
        sheet = self.sheet
        sheet.marks.add(value_set)
        entry = sheet.member(value_set)
        in_words = sheet.by_chance(p.MEDICINE_IN_WORDS, "medicine in words")
        concept = sheet.concept(entry, in_words)
        start = sheet.days(p.DAYS_TAKEN)
        status = "on-hold" if sheet.by_chance(p.MEDICINE_ON_HOLD, "medicine on hold") else "active"
        if sheet.by_chance(p.RESUMED_MEDICINE, "medicine resumed"):
            stopped = start + 60 + sheet.random.randrange(300)
            self._write_concept(concept, "stopped", stopped + 90, stopped)
        elif start > 200 and sheet.by_chance(p.RENEWED_MEDICINE):
            self._write_concept(concept, "completed", start, start - 90)
            start -= 80
        if sheet.by_chance(p.MEDICINE_IN_ERROR, "medicine entered in error"):
            self._write_concept(concept, "entered-in-error", start, None)
        if sheet.by_chance(p.MEDICINE_ONLY_PLANNED, "medicine only planned"):
            self._write_concept(sheet.concept(sheet.member(value_set)), "active", 0, None, intent="plan")
        self._write_concept(concept, status, start, None)

    def _write_order(self, entry: Entry, in_words: bool, status: str, start: int, stop: int | None) -> None:
        self._write_concept(self.sheet.concept(entry, in_words), status, start, stop)

    def _write_concept(
        self, concept: dict[str, Any], status: str, start: int, stop: int | None, intent: str = "order"
    ) -> None:
        sheet = self.sheet
        what: dict[str, Any] = {"medicationCodeableConcept": concept}
        if sheet.by_chance(p.MEDICATION_RESOURCE):
            what = {
                "medicationReference": {"reference": sheet.add("Medication", code=concept), "display": concept["text"]}
            }
        authored: str | None = sheet.day(start)
        if sheet.by_chance(p.START_MONTH_ONLY, "partial start"):
            authored = sheet.day(start)[:7]
        elif sheet.by_chance(p.START_MISSING, "no start"):
            authored = None
        ends = {"boundsPeriod": {"end": sheet.day(stop)}} if stop is not None else None
        dosage = [{"text": "as directed", "timing": {"repeat": ends}}] if ends else None
        self.orders.append(
            sheet.add(
                "MedicationRequest",
                status=status,
                intent=intent,
                subject=SUBJECT,
                **what,
                authoredOn=authored,
                dosageInstruction=dosage,
            )
        )

    def _add_magnesium(self) -> None:
        """A supplement, as it is taken: a statement, whose dosage may say how much elemental magnesium it gives."""
        sheet = self.sheet
        sheet.marks.add("magnesium_product")
        since = 5 + sheet.days(60)
        self.magnesium_since = since
        dose = sheet.random.choice((100, 200, 248, 300, 400))
        stated = sheet.by_chance(p.DOSE_STATED)
        text = f"take {dose} mg elemental magnesium daily" if stated else "1 tablet twice a day"
        if not stated:
            sheet.faults.add("dose of magnesium not stated")
        self.orders.append(
            sheet.add(
                "MedicationStatement",
                status="active",
                subject=SUBJECT,
                effectivePeriod={"start": sheet.day(since)},
                medicationCodeableConcept=sheet.concept(sheet.member("magnesium_product")),
                dosage=[{"text": text}],
            )
        )

    # --- care and lists ---------------------------------------------------------------------------------------------------------------

    def add_care(self) -> None:
        sheet = self.sheet
        if "depression" not in sheet.marks:
            return
        concept = sheet.concept(sheet.member("psychotherapy"))
        if sheet.by_chance(p.PSYCHOTHERAPY_IF_DEPRESSED):
            start = sheet.days(300)
            over = sheet.by_chance(0.5)
            period = {"start": sheet.day(start)} | ({"end": sheet.day(start // 2)} if over else {})
            sheet.add(
                "Procedure",
                status="completed" if over else "in-progress",
                code=concept,
                subject=SUBJECT,
                performedPeriod=period,
            )
        elif sheet.by_chance(p.PSYCHOTHERAPY_REQUESTED):
            sheet.add(
                "ServiceRequest",
                status="active",
                intent="order",
                code=concept,
                subject=SUBJECT,
                authoredOn=sheet.day(sheet.days(60)),
            )

    def add_lists(self) -> None:
        """When the lists were reviewed. An empty one says that there is nothing."""
        sheet = self.sheet
        for code, share, entries in (
            ("10160-0", p.MEDICINES_REVIEWED, self.orders), ("11450-4", p.CONDITIONS_REVIEWED, self.problems),
        ):  # fmt: skip
            if not sheet.by_chance(share):
                continue
            ago = sheet.random.randrange(20)
            if sheet.by_chance(p.REVIEWED_LONG_AGO, "list reviewed long ago"):
                ago += 380
            what: dict[str, Any] = {"entry": [{"item": {"reference": each}} for each in entries]}
            if not entries:
                what = {"emptyReason": coded("list-empty-reason", "nilknown")}
            sheet.add(
                "List", status="current", mode="working", code=loinc(code), subject=SUBJECT, date=sheet.day(ago), **what
            )


def _other_names(sheet: Sheet) -> Sequence[str]:
    """Medicines that are in no value set, known to the pack by their names."""
    key = id(sheet.pack)
    if key not in _OTHERS:
        _OTHERS[key] = sorted(" ".join(words) for words in sheet.pack.vocabularies["medicines"].others)
    return _OTHERS[key]


_OTHERS: dict[int, list[str]] = {}


def make_history(sheet: Sheet, number: int) -> None:
    """Problems, medicines, care, questionnaires and the review of the lists."""
    history = _History(sheet, number)
    history.add_problems()
    history.add_medicines()
    history.add_care()
    asked = p.PHQ9_IF_DEPRESSED if "depression" in sheet.marks else p.PHQ9_OTHERWISE
    if history.magnesium_since is not None:
        asked = max(asked, p.PHQ9_ON_MAGNESIUM)
    if sheet.by_chance(asked):
        difficulty = sheet.pack.items["functional_difficulty"]
        assert isinstance(difficulty, StateItem)
        write_forms(sheet, difficulty.values, history.magnesium_since)
    history.add_lists()
