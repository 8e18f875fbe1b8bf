"""What the lists of a record say of each value set: is a member there, for how long, and is the list complete?

A list is complete only when it was given, reviewed recently, and every current entry was recognised; otherwise it is open, and what
it does not show is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache

from mgcds.model.dates import days_before
from mgcds.model.dose import SaltDose, parse_dose
from mgcds.model.facts import DataProblem, Facts, Gap, Listed, ListEntry, Range, Reading
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
            unknown.append(called(entry))
        for value_set in match.value_sets:
            sets.setdefault(value_set, []).append(entry)
    gap = _why_open(item, record, given, unknown, facts)
    facts.lists[item.id] = gap
    facts.members.update(dict.fromkeys(vocabulary.value_sets, _NONE_OF_IT if gap is None else _NONE_SEEN))
    for value_set, found in sets.items():
        facts.members[value_set] = _listed(found, gap is None, facts.on)


def _medicine_entries(record: PatientRecord) -> tuple[Medicine, ...]:
    return (record.medicines or ()) + record.antidepressants + (record.supplements or ())


def members(
    value_set: str, record: PatientRecord, pack: RulePack, on: date
) -> Iterator[tuple[Medicine | Diagnosis, bool | None]]:
    """The entries of a record that belong to a value set, and whether each is current on that day; None where that cannot be told."""
    of = pack.value_sets[value_set].of
    entries: Iterable[Medicine | Diagnosis]
    entries = _medicine_entries(record) if of == "medicines" else getattr(record, of) or ()
    for entry in entries:
        if value_set in _match(entry, pack.vocabularies[of]).value_sets:
            yield entry, _current(entry, on)


def _match(entry: Medicine | Diagnosis, vocabulary: Vocabulary) -> Match:
    codes = tuple([(code.system, code.code) for code in entry.codes]) if entry.codes else ()
    return vocabulary.match(entry.name, codes)


def called(entry: Medicine | Diagnosis) -> str:
    """What an entry of a list is called: its name, or its codes."""
    return entry.name or in_codes((code.system, code.code) for code in entry.codes)


def in_codes(codes: Iterable[tuple[str, str]]) -> str:
    """What an entry without a name is called."""
    return ", ".join(f"{system} {code}" for system, code in codes)


def _why_open(
    item: ListItem, record: PatientRecord, given: Iterable[object] | None, unknown: list[str], facts: Facts
) -> Gap | None:
    for name in unknown:
        facts.problems.append(DataProblem(item.id, f"'{name[:80]}' is not recognised"))
    reconciled = f"{item.id}_reconciled"
    fields = ("medicines", "antidepressants", "supplements") if item.id == "medicines" else (item.id,)
    bad = [bad for bad in record.rejected if bad.field.partition("[")[0] in (*fields, reconciled)]
    if given is None:
        return Gap("missing", "no list on record") if not bad else Gap("rejected", bad[0].why)
    if bad:
        return Gap("rejected", f"{bad[0].field} could not be read: {bad[0].why}")
    reviewed = getattr(record, reconciled) or record.recorded
    if reviewed is None:
        return Gap("not reconciled", "it is not known when the list was last reviewed")
    days = days_before(reviewed, facts.on)[1]
    if days < 0:
        return Gap("not reconciled", "reviewed after the day of evaluation")
    if item.current_for is not None and days > item.current_for:
        return Gap("stale", f"last reviewed {days} days ago, current for {item.current_for}")
    if unknown:
        return Gap("not recognised", ", ".join(name[:80] for name in unknown))
    return None


def _current(entry: Medicine | Diagnosis, on: date) -> bool | None:
    """Is it current on that day? None where that cannot be told."""
    if isinstance(entry, Medicine):
        began, ended, status = entry.start, entry.stop, entry.status
        if status == "stopped":
            return False
    else:
        began, ended, status = entry.onset, entry.abated, "active"
    if ended is not None:
        fewest, most = days_before(ended, on)
        if fewest > 0:  # the day it was stopped still counts
            return False
        if most > 0:
            return None
    if began is not None:
        fewest, most = days_before(began, on)
        if most < 0:
            return False
        if fewest < 0:
            return None
    return True if status == "active" else None  # on hold, or not known


# What a list says of a value set of which it holds no entry: where the list is complete, and where it is open.
_NONE_OF_IT = Listed(False, Range.exactly(0), Range(0, None), ())
_NONE_SEEN = Listed(None, Range(0, None), Range(0, None), ())


def _listed(entries: Sequence[Medicine | Diagnosis], complete: bool, on: date) -> Listed:
    current: list[Medicine | Diagnosis] = []
    sure = complete
    for entry in entries:
        is_current = _current(entry, on)
        if is_current:
            current.append(entry)
        elif is_current is None:
            sure = False
    present = True if current else False if sure else None
    found = tuple([ListEntry(called(entry), _since(entry)) for entry in current])
    return Listed(present, _running(current, sure, on), _unchanged(entries, sure, on), found)


def _since(entry: Medicine | Diagnosis) -> str | None:
    return entry.start if isinstance(entry, Medicine) else entry.onset


def _running(current: Iterable[Medicine | Diagnosis], sure: bool, on: date) -> Range:
    low, high = 0, 0
    for entry in current:
        if not isinstance(entry, Medicine):
            continue
        if entry.start is None:
            sure = False
            continue
        fewest, most = days_before(entry.start, on)
        low = fewest if fewest > low else low
        high = most if most > high else high
    return Range(low, high if sure else None)


def _unchanged(members: Iterable[Medicine | Diagnosis], sure: bool, on: date) -> Range:
    """Days since the last known start or stop; unbounded where none is known, from 0 where one may be hidden."""
    low: int | None = None
    high: int | None = None
    for entry in members:
        if not isinstance(entry, Medicine):
            continue
        start, stop = entry.start, entry.stop
        if (start if entry.status != "stopped" else stop) is None:
            sure = False  # a change whose day is not known may have been yesterday
        for text in (start, stop):
            fewest, most = days_before(text, on) if text else (0, -1)
            if most >= 0:
                low = max(fewest, 0) if low is None else min(low, max(fewest, 0))
                high = most if high is None else min(high, most)
    return Range(low if sure and low is not None else 0, high)


_NO_MAGNESIUM = Reading(Range.exactly(0), "mg/d", 0, None, None, "", "", "0 mg elemental a day", "", None)


def supplemental_magnesium(record: PatientRecord, pack: RulePack, facts: Facts) -> Reading | Gap:
    """Elemental magnesium a day from all magnesium products, in mg; unknown while a product's dose is."""
    gap = facts.lists.get("medicines")
    product = facts.members.get("magnesium_product")
    if product is None or product.present is None:
        return gap or Gap("imprecise", "whether magnesium is taken is not known")
    if product.present is False:
        return _NO_MAGNESIUM
    total, sure = Fraction(0), gap is None
    for entry, is_current in members("magnesium_product", record, pack, facts.on):
        if is_current is False:
            continue
        dose = _elemental_mg((entry.daily_dose if isinstance(entry, Supplement) else None) or "")
        if dose is None:
            sure = False
            what = f"'{called(entry)[:80]}': is its dose elemental or of a salt, and how much a day?"
            facts.problems.append(DataProblem("supplemental_magnesium", what))
            continue
        if is_current is None:
            sure = False  # on hold, say: it may come on top
        else:
            total += dose
    if not sure and total == 0:
        return Gap("imprecise", "no product says how much magnesium it gives")
    text = f"{'' if sure else 'at least '}{float(total):g} mg elemental a day"
    return Reading(Range(total, total if sure else None), "mg/d", 0, None, None, "", "", text, "", None)


@lru_cache(maxsize=4096)  # the same products, again and again
def _elemental_mg(daily_dose: str) -> Fraction | None:
    """None where the text does not say how much elemental magnesium it is."""
    try:
        dose = parse_dose(daily_dose)
    except ValueError:
        return None
    return (dose.elemental() if isinstance(dose, SaltDose) else dose).mg
