"""What the lists of a record say of each value set: is a member there, for how long, and is the list complete?

A list is complete only when it was given, reviewed recently, and every current entry was recognised; otherwise it is open, and what
it does not show is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from mgcds.model.dates import parse_when
from mgcds.model.dose import SaltDose, parse_dose
from mgcds.model.facts import DataProblem, Facts, Gap, Listed, Range, Reading
from mgcds.model.pack import ListItem, RulePack
from mgcds.model.record import Diagnosis, Medicine, PatientRecord, Supplement
from mgcds.model.terminology import Match, Vocabulary


def read_list(item: ListItem, record: PatientRecord, pack: RulePack, facts: Facts) -> None:
    given: tuple[Medicine | Diagnosis, ...] | None = getattr(record, item.id)
    entries = _medicine_entries(record) if item.id == "medicines" else given or ()
    vocabulary = pack.vocabularies[item.id]
    sets: dict[str, list[Medicine | Diagnosis]] = {}
    unknown: list[str] = []
    for entry in entries:
        match = _match(entry, vocabulary)
        if not match.recognised and _current(entry, facts.on) is not False:
            unknown.append(_called(entry))
        for value_set in match.value_sets:
            sets.setdefault(value_set, []).append(entry)
    gap = _why_open(item, record, given, unknown, facts)
    facts.lists[item.id] = gap
    for found in pack.value_sets.values():
        if found.of == item.id:
            facts.members[found.id] = _listed(sets.get(found.id, []), gap is None, facts.on)


def _medicine_entries(record: PatientRecord) -> tuple[Medicine, ...]:
    return (record.medicines or ()) + record.antidepressants + (record.supplements or ())


def _match(entry: Medicine | Diagnosis, vocabulary: Vocabulary) -> Match:
    return vocabulary.match(entry.name, tuple((code.system, code.code) for code in entry.codes))


def _called(entry: Medicine | Diagnosis) -> str:
    return entry.name or ", ".join(f"{code.system} {code.code}" for code in entry.codes)


def _why_open(
    item: ListItem, record: PatientRecord, given: Iterable[object] | None, unknown: list[str], facts: Facts
) -> Gap | None:
    for name in unknown:
        facts.problems.append(DataProblem(item.id, f"'{name[:80]}' is not recognised"))
    fields = ("medicines", "antidepressants", "supplements") if item.id == "medicines" else (item.id,)
    fields = (*fields, f"{item.id}_reconciled")
    bad = [rejected for rejected in record.rejected if rejected.field.partition("[")[0] in fields]
    if given is None:
        return Gap("missing", "no list on record") if not bad else Gap("rejected", bad[0].why)
    if bad:
        return Gap("rejected", f"{bad[0].field} could not be read: {bad[0].why}")
    reviewed = getattr(record, f"{item.id}_reconciled") or record.recorded
    if reviewed is None:
        return Gap("not reconciled", "it is not known when the list was last reviewed")
    days = parse_when(reviewed).days_before(facts.on)[1]
    if days < 0:
        return Gap("not reconciled", "reviewed after the day of evaluation")
    if item.current_for is not None and days > item.current_for:
        return Gap("stale", f"last reviewed {days} days ago, current for {item.current_for}")
    if unknown:
        return Gap("not recognised", ", ".join(name[:80] for name in unknown))
    return None


def _current(entry: Medicine | Diagnosis, on: date) -> bool | None:
    """Is it current on that day? None where that cannot be told."""
    began, ended = (entry.start, entry.stop) if isinstance(entry, Medicine) else (entry.onset, entry.abated)
    if isinstance(entry, Medicine) and entry.status == "stopped":
        return False
    if ended is not None:
        fewest, most = parse_when(ended).days_before(on)
        if fewest > 0:  # the day it was stopped still counts
            return False
        if most > 0:
            return None
    if began is not None:
        fewest, most = parse_when(began).days_before(on)
        if most < 0:
            return False
        if fewest < 0:
            return None
    if isinstance(entry, Medicine) and entry.status in ("on-hold", "unknown"):
        return None
    return True


# What a list says of a value set of which it holds no entry: where the list is complete, and where it is open.
_NONE_OF_IT = Listed(False, Range.exactly(0), Range(0, None), ())
_NONE_SEEN = Listed(None, Range(0, None), Range(0, None), ())


def _listed(entries: list[Medicine | Diagnosis], complete: bool, on: date) -> Listed:
    if not entries:
        return _NONE_OF_IT if complete else _NONE_SEEN
    currents = [(entry, _current(entry, on)) for entry in entries]
    current = [entry for entry, is_current in currents if is_current]
    unsure = any(is_current is None for _, is_current in currents)
    present = True if current else None if unsure or not complete else False
    sure = complete and not unsure
    return Listed(
        present=present,
        running=_running([entry for entry in current if isinstance(entry, Medicine)], sure, on),
        unchanged=_unchanged([entry for entry, _ in currents if isinstance(entry, Medicine)], sure, on),
        entries=tuple(dict.fromkeys(_called(entry) for entry in current)),
    )


def _running(current: list[Medicine], sure: bool, on: date) -> Range:
    low, high = 0, 0
    for medicine in current:
        if medicine.start is None:
            sure = False
            continue
        fewest, most = parse_when(medicine.start).days_before(on)
        low, high = max(low, fewest), max(high, most)
    return Range(low, high if sure else None)


def _unchanged(members: list[Medicine], sure: bool, on: date) -> Range:
    """Days since the last known start or stop; unbounded where none is known, from 0 where one may be hidden."""
    low: int | None = None
    high: int | None = None
    for medicine in members:
        dates = [parse_when(text).days_before(on) for text in (medicine.start, medicine.stop) if text]
        past = [(max(fewest, 0), most) for fewest, most in dates if most >= 0]
        if (medicine.start if medicine.status != "stopped" else medicine.stop) is None:
            sure = False  # a change whose day is not known may have been yesterday
        for fewest, most in past:
            low = fewest if low is None else min(low, fewest)
            high = most if high is None else min(high, most)
    return Range(low if sure and low is not None else 0, high)


def supplemental_magnesium(record: PatientRecord, pack: RulePack, facts: Facts) -> Reading | Gap:
    """Elemental magnesium a day from all magnesium products, in mg; unknown while a product's dose is."""
    gap = facts.lists.get("medicines")
    product = facts.members.get("magnesium_product")
    if product is None or product.present is None:
        return gap or Gap("imprecise", "whether magnesium is taken is not known")
    if product.present is False:
        return Reading(Range.exactly(0), "mg/d", 0, None, None, "", "", "0 mg elemental a day", "", None)
    total, sure = Fraction(0), gap is None
    for entry in _medicine_entries(record):
        is_current = _current(entry, facts.on)
        if is_current is False or "magnesium_product" not in _match(entry, pack.vocabularies["medicines"]).value_sets:
            continue
        try:
            dose = parse_dose((entry.daily_dose if isinstance(entry, Supplement) else None) or "")
        except ValueError:
            sure = False
            what = f"'{_called(entry)[:80]}': is its dose elemental or of a salt, and how much a day?"
            facts.problems.append(DataProblem("supplemental_magnesium", what))
            continue
        if is_current is None:
            sure = False  # on hold, say: it may come on top
        else:
            total += (dose.elemental() if isinstance(dose, SaltDose) else dose).mg
    if not sure and total == 0:
        return Gap("imprecise", "no product says how much magnesium it gives")
    text = f"{'' if sure else 'at least '}{float(total):g} mg elemental a day"
    return Reading(Range(total, total if sure else None), "mg/d", 0, None, None, "", "", text, "", None)
