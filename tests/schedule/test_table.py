"""The table of medicines and magnesium of the built-in pack: what its intervals are, and that value sets and rows agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mgcds.loading import load_pack
from mgcds.model.interaction import Interaction
from mgcds.model.spacing import Spacing

PACK = load_pack()
assert PACK.drug_magnesium is not None
ROWS = PACK.drug_magnesium.rows

# Hours before and after magnesium as the sources say them (the widest where they differ), not as the program prints them.
HOURS = {
    "tetracycline": (2, 6), "fluoroquinolone": (2, 6), "moxifloxacin": (4, 8),
    "dolutegravir": (2, 6), "dolutegravir_rilpivirine": (4, 6),
    "gabapentin": (0, 2), "thyroid_hormone": (4, 4), "bisphosphonate": (4, 4), "penicillamine": (4, 4), "trientine": (4, 4),
    "oral_iron": (4, 4), "nitrofurantoin": (4, 4), "quinidine_or_chloroquine": (4, 4), "eltrombopag": (4, 4),
    "mycophenolate": (4, 4), "digoxin": (4, 4), "rosuvastatin": (4, 4), "fexofenadine": (4, 4), "dipyridamole": (4, 4),
    "phenytoin": (4, 4), "phenothiazine_or_sulpiride": (4, 4), "azithromycin": (4, 4), "azole_antifungal": (4, 4),
    "atazanavir": (4, 4), "ace_inhibitor": (4, 4), "erlotinib": (4, 4),
}  # fmt: skip
AVOIDED = {"other_integrase_inhibitor", "sodium_polystyrene"}
OWN_RULES = {"fluoroquinolone", "moxifloxacin", "tetracycline", "dolutegravir", "dolutegravir_rilpivirine", "digoxin"}
"""medicines with an interval that have rules of their own, so that the rule about spaced medicines does not repeat them"""


def differences(rows: dict[str, Interaction]) -> set[str]:
    """Value sets whose interval is not that of HOURS, on its side."""
    found = {name: row.spacing for name, row in rows.items() if isinstance(row.spacing, Spacing)}
    expected = {name: Spacing(before * 60, after * 60) for name, (before, after) in HOURS.items()}
    return {name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)}


def test_every_interval_is_that_of_its_source() -> None:
    assert differences(dict(ROWS)) == set()
    assert {name for name, row in ROWS.items() if row.spacing == "avoid"} == AVOIDED


def test_an_interval_on_the_wrong_side_is_noticed() -> None:
    wrong = {**ROWS, "gabapentin": replace(ROWS["gabapentin"], spacing=Spacing(120, 0))}
    assert differences(wrong) == {"gabapentin"}


def test_there_are_rows_enough_and_each_says_how_far_it_was_read() -> None:
    assert len(ROWS) >= 40
    assert all(row.evidence or row.verified == "known" for row in ROWS.values())


def test_what_the_rule_on_spacing_speaks_of_has_an_interval_and_the_other_way_round() -> None:
    spaced = set(PACK.value_sets["spaced_medicine"].includes)
    assert spaced == HOURS.keys() - OWN_RULES


def test_what_lowers_magnesium_is_said_to() -> None:
    depleting = set(PACK.value_sets["depleting_medicine"].includes)
    assert depleting | {"ppi", "diuretic"} == {name for name, row in ROWS.items() if "depletes" in row.direction}


@pytest.mark.parametrize("name", ["ssri", "snri", "tca", "maoi", "other_antidepressant"])
def test_the_absence_of_an_effect_on_antidepressants_is_said(name: str) -> None:
    row = ROWS[name]
    assert (row.direction, row.spacing, row.severity) == (("none known",), None, "none")
    assert "no spacing" in row.do


def uncovered(rows: set[str]) -> set[str]:
    """Value sets with medicines of their own that no row speaks of, itself or through a set that includes it."""
    covered = rows | {part for row in rows for part in PACK.value_sets[row].includes}
    return {
        found.id
        for found in PACK.value_sets.values()
        if found.of == "medicines" and found.entries and found.id not in covered
    }


def test_no_medicine_of_our_value_sets_passes_for_one_without_an_interval() -> None:
    # the bare word, what only sounds like another medicine, and classes without an interval of their own
    known = {"antidepressant", "look_alike", "ace_inhibitor_class", "nsaid"}
    assert uncovered(set(ROWS)) == known
    assert uncovered(set(ROWS) - {"oral_iron"}) == known | {"oral_iron"}
