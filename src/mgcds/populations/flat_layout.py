"""The flat layout: what is known of patients as four plain tables, for hospitals without FHIR. It needs no extra."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mgcds.model.pack import ListItem, RulePack, StateItem
from mgcds.model.record import PatientRecord

SUPPLEMENTS = "supplements"
"""a list beside those of the data dictionary: its entries count among the medicines, and do not make that list known"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a flat table. Text, but for yes-or-no; what is not known is null, and may be left out altogether."""

    name: str
    meaning: str
    is_flag: bool = False


def tables(pack: RulePack) -> Mapping[str, tuple[Column, ...]]:
    """The flat tables and their columns. Only `people` must be there, with `patient`."""
    lists = [(name, item) for name, item in pack.items.items() if isinstance(item, ListItem)]
    given = [
        column
        for name, item in lists
        for column in (
            Column(f"{name}_given", f"{item.title}: true where it was asked for, even if there is no entry", True),
            Column(f"{name}_reviewed", f"{item.title}: the day on which it was last known to be whole"),
        )
    ]
    patient = Column("patient", "id of the patient, as text")
    dead = Column("deceased", "true where the patient is recorded as deceased: nothing is said of them", True)
    source = Column("source", "where it was read; of two alike, the higher text counts")
    when = "2026-11-20, 2026-11-20T08:30:00+01:00, 2024-05 or 2024"
    return {
        "people": (patient, Column("birth_date", when), Column("sex", "female, male, other or unknown"), dead, *given),
        "measurements": (
            patient,
            Column("item", "the item of the data dictionary, e.g. serum_magnesium"),
            Column("value", "the number as reported: text or a decimal, no binary float"),
            Column("comparator", "<, <=, >= or >, where one was reported"),
            Column("unit", "as reported; UCUM, e.g. mmol/L"),
            Column("code", "LOINC code, where one is known: its property must fit the unit"),
            Column("date", f"when it was measured: {when}"),
            Column("status", "as FHIR's Observation.status; final where it is null"),
            Column("lower_limit", "the laboratory's lower reference limit, e.g. 0.70 mmol/L"),
            Column("upper_limit", "its upper one"),
            source,
        ),
        "entries": (
            patient,
            Column("list", f"{', '.join(name for name, _ in lists)} or {SUPPLEMENTS}"),
            Column("name", "the name as written"),
            Column("system", "of the code: rxnorm, atc, icd10cm, snomed, or the URI of another"),
            Column("code", "its code"),
            Column("start", f"when it was started, or began: {when}"),
            Column("stop", "when it was stopped, or ended"),
            Column("status", "of a medicine or treatment: active (also where it is null), on-hold, stopped or unknown"),
            Column("daily_dose", "of a supplement: 248 mg elemental, or 500 mg salt of MgO"),
            source,
        ),
        "states": (
            patient,
            Column("item", f"one of {', '.join(states_of(pack))}"),
            Column("value", "one of the item's values"),
            Column("date", "when it was so; of several the newest counts"),
            source,
        ),
    }


def states_of(pack: RulePack) -> list[str]:
    fields = PatientRecord.model_fields
    return [
        name for name, item in pack.items.items() if isinstance(item, StateItem) and name in fields and name != "sex"
    ]
