"""Missing data as FHIR `DataRequirement`s: which resource an EHR would have to give for an item or a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mgcds.fhir.writing.context import ITEMS, Node
from mgcds.model.pack import Item, MeasuredItem, RulePack

_LOINC = "http://loinc.org"
# Items that are no Observation: the resource that says them.
_TYPES: Mapping[str, str] = {
    "age": "Patient", "sex": "Patient", "first_line_care": "Procedure", "supplemental_magnesium": "MedicationStatement",
    "medicines": "MedicationStatement", "conditions": "Condition", "procedures": "Procedure",
}  # fmt: skip


def title_of(about: str, pack: RulePack) -> str:
    """What an item or list is called; `about` may name a part of a list in brackets."""
    item = pack.items.get(about.partition("[")[0])
    return item.title if item is not None else about


def requirements_of(missing: Iterable[Iterable[str]], pack: RulePack) -> list[Node]:
    """One for each item or list that is in any of the sets."""
    items = dict.fromkeys(about.partition("[")[0] for items in missing for about in items)
    return [_requirement(pack.items[item], pack) for item in items if item in pack.items]


def _requirement(item: Item, pack: RulePack) -> Node:
    kind = _TYPES.get(item.id, "Observation")
    if kind == "Patient":
        return {"type": kind, "mustSupport": ["birthDate" if item.id == "age" else "gender"]}
    if kind != "Observation":
        return {"type": kind}
    return {"type": kind, "codeFilter": [{"path": "code", "code": _codes(item, pack)}]}


def _codes(item: Item, pack: RulePack) -> list[Node]:
    """LOINC codes that are read as this item, of a computed one those it is computed from; its own name where there are none."""
    measured = item if isinstance(item, MeasuredItem) else None
    if measured is not None and measured.change is not None:
        source = pack.items[measured.change.of]
        measured = source if isinstance(source, MeasuredItem) else None
    codes = (
        [{"system": _LOINC, "code": code} for code in measured.codes if code not in measured.at_most_from]
        if measured is not None
        else []
    )
    return codes or [{"system": ITEMS, "code": item.id, "display": item.title}]
