"""The data dictionary, value sets and evidence: what rules refer to."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal, cast

from mgcds.loading.criteria import CriteriaReader
from mgcds.loading.reading import Reader
from mgcds.loading.source import Mapping, Node, Text
from mgcds.model.criterion import Threshold
from mgcds.model.pack import Evidence, Item, ListItem, MeasuredItem, StateItem
from mgcds.model.record import PatientRecord
from mgcds.model.terminology import Entry, ValueSet
from mgcds.model.units import factor, parse_unit

LISTS = ("medicines", "conditions", "symptoms")
DERIVED = ("supplemental_magnesium",)
_SPECIMEN = ("haemolysed", "lipaemic", "icteric", "edta", "citrate")
_CODES = {"medicines": ("rxnorm", "atc"), "conditions": ("icd10cm", "snomed"), "symptoms": ("icd10cm", "snomed")}


def read_items(source: Mapping, reader: Reader) -> dict[str, Item]:
    """`items.yaml`: item id → how it is measured and how long it stays current."""
    items: dict[str, Item] = {}
    fields = [*PatientRecord.model_fields, *DERIVED]
    for key, node in source.items.items():
        what = f"item '{key}'"
        if key not in fields:
            reader.problem(
                (source.file, source.line_of(key)),
                f"{what} is no field of PatientRecord; add the field or correct the name",
            )
        elif isinstance(node, Mapping):
            item = _read_item(key, what, node, reader)
            if item is not None:
                items[key] = item
        else:
            reader.problem(node, f"{what} must be a mapping")
    return items


def _read_item(key: str, what: str, node: Mapping, reader: Reader) -> Item | None:
    kind = reader.choice(node, "of", what, ["measurement", "state", "list"])
    title = reader.text(node, "title", what)
    if kind == "list":
        complete = reader.keys(node, what, ["title", "of", "current_for"])
        return ListItem(key, title, reader.days(node, "current_for", what)) if complete else None
    if kind == "state":
        complete = reader.keys(node, what, ["title", "of", "values", "current_for"])
        values = reader.texts(node, "values", what)
        return StateItem(key, title, values, reader.days(node, "current_for", what)) if complete and values else None
    return _read_measured(key, title, what, node, reader)


def _read_measured(key: str, title: str, what: str, node: Mapping, reader: Reader) -> MeasuredItem | None:
    required = ["title", "of", "units", "plausible", "current_for", "on_a_tie"]
    optional = ["substance", "loinc", "beyond_plausible", "lower_limit", "upper_limit", "not_from", "whole_numbers"]
    if not reader.keys(node, what, required, optional):
        return None
    substance = reader.text(node, "substance", what) or None
    units = _read_units(what, node, substance, reader)
    plausible = _read_plausible(what, node, reader)
    if not units or plausible is None:
        return None
    item = MeasuredItem(
        key, title, units, substance, _read_loinc(what, node, reader), plausible,
        cast(Literal["reject", "confirm"], reader.choice(node, "beyond_plausible", what, ["reject", "confirm"])),
        None, None, reader.days(node, "current_for", what),
        cast(Literal["lowest", "highest"], reader.choice(node, "on_a_tie", what, ["lowest", "highest"])),
        _read_specimen(what, node, reader), reader.choice(node, "whole_numbers", what, ["no", "yes"]) == "yes",
    )  # fmt: skip
    thresholds = CriteriaReader(reader, {key: item}, {})
    limits: dict[str, Threshold | None] = {}
    ends: tuple[Literal["lower", "upper"], ...] = ("lower", "upper")
    for end in ends:
        limit = node.items.get(f"{end}_limit")
        limits[end] = thresholds.threshold(what, item, end, True, limit) if limit else None
    return MeasuredItem(
        key, title, units, substance, item.codes, plausible, item.beyond_plausible, limits["lower"], limits["upper"],
        item.current_for, item.on_a_tie, item.not_from, item.whole,
    )  # fmt: skip


def _read_units(what: str, node: Mapping, substance: str | None, reader: Reader) -> tuple[str, ...]:
    units: list[str] = []
    for text in reader.text_nodes(node, "units", what):
        unit = parse_unit(text.value or "")
        if unit is None or (units and factor(units[0], unit, substance) is None):
            reader.problem(
                text,
                f"{what}: the unit '{text.value}' is not understood, or does not convert into {units[0] if units else 'another'}",
            )
        else:
            units.append(unit)
    return tuple(units)


def _read_plausible(what: str, node: Mapping, reader: Reader) -> tuple[Fraction, Fraction] | None:
    ends = [reader.number(text, f"'plausible' of {what}") for text in reader.text_nodes(node, "plausible", what)]
    if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] >= ends[1]:
        reader.problem(
            (node.file, node.line_of("plausible")),
            f"'plausible' of {what} takes the lowest and the highest value, in the first unit: [0.15, 6.0]",
        )
        return None
    return Fraction(ends[0]), Fraction(ends[1])


def _read_loinc(what: str, node: Mapping, reader: Reader) -> dict[str, tuple[str, ...]]:
    codes: dict[str, tuple[str, ...]] = {}
    loinc = reader.mapping(node, "loinc", what)
    for code in loinc.items if loinc else ():
        assert loinc is not None
        units = [
            parse_unit(text.value or "")
            for text in reader.text_nodes(loinc, code, f"LOINC {code} of {what}", single=True)
        ]
        if not units or None in units:
            reader.problem(
                (loinc.file, loinc.line_of(code)),
                f"LOINC {code} of {what} needs the units it is reported in, e.g. mg/dL",
            )
        codes[code] = tuple(unit for unit in units if unit is not None)
    return codes


def _read_specimen(what: str, node: Mapping, reader: Reader) -> dict[str, Literal["any value", "normal or high"]]:
    faults = reader.mapping(node, "not_from", what)
    if faults is None:
        return {}
    reader.keys(faults, f"'not_from' of {what}", [], _SPECIMEN)
    which = ["any value", "normal or high"]
    return {
        fault: cast(Literal["any value", "normal or high"], reader.choice(faults, fault, what, which))
        for fault in faults.items
    }


def read_value_set(source: Mapping, reader: Reader) -> ValueSet | None:
    """One file of `valuesets/`."""
    what = "the value set"
    optional = ["includes", "entries", "atc_prefixes", "not_when"]
    if not reader.keys(source, what, ["id", "title", "of", "version", "source"], optional):
        return None
    of = reader.choice(source, "of", what, LISTS)
    entries = source.items.get("entries")
    read = [_read_entry(node, of, reader) for node in _nodes(entries, what, reader)]
    prefixes = reader.texts(source, "atc_prefixes", what)
    if prefixes:
        read.append(Entry((), {"atc": prefixes}))
    includes = reader.texts(source, "includes", what)
    if not includes and not any(read):
        reader.problem(source, "the value set is empty; give 'entries' or 'includes'")
    return ValueSet(
        reader.text(source, "id", what), reader.text(source, "title", what), of, reader.text(source, "version", what),
        reader.text(source, "source", what), includes, tuple(entry for entry in read if entry is not None),
        reader.texts(source, "not_when", what),
    )  # fmt: skip


def _nodes(entries: Node | None, what: str, reader: Reader) -> Iterable[Node]:
    if entries is None:
        return []
    if isinstance(entries, Mapping | Text):
        reader.problem(entries, f"'entries' of {what} must be a list; write '- name: …' lines")
        return []
    return entries.items


def _read_entry(node: Node, of: str, reader: Reader) -> Entry | None:
    if not isinstance(node, Mapping):
        reader.problem(node, "an entry must be a mapping such as {name: sertraline, atc: [N06AB06]}")
        return None
    what = f"entry '{reader.text(node, 'name', 'an entry')}'"
    if not reader.keys(node, what, ["name"], ["also", *_CODES[of]]):
        return None
    codes = {system: reader.texts(node, system, what) for system in _CODES[of] if system in node.items}
    return Entry((reader.text(node, "name", what), *reader.texts(node, "also", what)), codes)


_EVIDENCE = (
    *("id", "citation", "pmid", "doi", "design", "n", "population", "dose", "comparator", "effect", "limits"),
    *("risk_of_bias", "certainty", "verified", "checked"),
)


def read_evidence(source: Mapping, reader: Reader) -> Evidence | None:
    """One file of `evidence/`."""
    what = "the evidence entry"
    if not reader.keys(source, what, _EVIDENCE):
        return None
    count = source.items["n"]
    number = reader.number(count, f"'n' of {what}") if isinstance(count, Text) and count.value is not None else None
    text = {key: reader.text(source, key, what) for key in ("id", "citation", "design", "effect", "limits")}
    loose = {key: reader.optional_text(source, key, what) or "" for key in ("population", "risk_of_bias", "certainty")}
    verified = reader.choice(source, "verified", what, ["primary", "excerpt", "secondary", "known"])
    return Evidence(
        id=text["id"], citation=text["citation"], pmid=reader.optional_text(source, "pmid", what), doi=reader.optional_text(source, "doi", what),
        design=text["design"], n=int(number) if number is not None else None, population=loose["population"],
        dose=reader.optional_text(source, "dose", what), comparator=reader.optional_text(source, "comparator", what),
        effect=text["effect"], limits=text["limits"], risk_of_bias=loose["risk_of_bias"], certainty=loose["certainty"],
        verified=cast(Literal["primary", "excerpt", "secondary", "known"], verified),
        checked=reader.day(source, "checked", what).isoformat(),
    )  # fmt: skip
