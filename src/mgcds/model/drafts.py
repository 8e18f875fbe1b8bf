"""What a suggestion may put into the chart as a draft, for a person to change, sign or delete: `drafts.yaml`. Never an order."""

from __future__ import annotations

from dataclasses import dataclass

from mgcds.model.criterion import Criterion
from mgcds.model.dose import ElementalDose
from mgcds.model.terminology import Entry


@dataclass(frozen=True, slots=True)
class MeasurementDraft:
    """A request to measure something. `codes`: LOINC codes of its item, any of which answers it; none where the pack has no such item."""

    id: str
    title: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionDraft:
    """A task to ask the person something. `codes`: LOINC codes of the item that the answer is kept in."""

    id: str
    title: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SupplementDraft:
    """A proposal of a supplement: `dose` of elemental magnesium so many times a day, for so many days; the product is for others to
    choose. `only_for`: it is drafted only where this criterion is known to be met.
    """

    id: str
    title: str
    product: Entry
    dose: ElementalDose
    times_a_day: int
    days: int
    directions: str
    only_for: Criterion | None


DraftOrder = MeasurementDraft | QuestionDraft | SupplementDraft
