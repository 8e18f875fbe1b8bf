"""The data dictionary, value sets and evidence: what rules refer to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from mgcds.loading.criteria import CriteriaReader
from mgcds.loading.diet import local_limits
from mgcds.loading.estimates import read_estimates
from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.source import Mapping, Node, Text
from mgcds.model.criterion import Number, Threshold
from mgcds.model.diet import ReferenceIntake
from mgcds.model.pack import Change, Evidence, Gives, Item, ListItem, MeasuredItem, StateItem
from mgcds.model.record import Measurement, Part, PatientRecord, SpecimenProblem
from mgcds.model.terminology import Entry, ValueSet, words
from mgcds.model.units import SUBSTANCES, factor, parse_unit

LISTS = ("medicines", "procedures", "conditions", "symptoms")
DERIVED = ("supplemental_magnesium", "days_to_surgery")
_SPECIMEN = get_args(SpecimenProblem)
_FORMS = {  # as the systems publish them; ATC and ICD-10-CM may be prefixes
    "rxnorm": ("RxNorm", r"\d{1,8}"),
    "atc": ("ATC", r"[A-Z]\d{2}(?:[A-Z](?:[A-Z](?:\d{2})?)?)?"),
    "icd10cm": ("ICD-10-CM", r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?"),
    "snomed": ("SNOMED CT", r"\d{6,18}"),
}
_CODES = {
    "medicines": ("rxnorm", "atc"),
    "conditions": ("icd10cm", "snomed"),
    "symptoms": ("icd10cm", "snomed"),
    "procedures": ("snomed",),
}


@dataclass(frozen=True, slots=True)
class Local:
    """What a limit depends on besides its item: the reference intakes, and the jurisdictions chosen (none: all)."""

    intakes: dict[str, ReferenceIntake]
    chosen: Collection[str]


def read_items(source: Mapping, reader: Reader, local: Local) -> dict[str, Item]:
    """`items.yaml`: item id → how it is measured and how long it stays current."""
    items: dict[str, Item] = {}
    fields = [*PatientRecord.model_fields, *DERIVED]
    for key, node in source.items.items():
        what = f"item '{key}'"
        if key not in fields and not (isinstance(node, Mapping) and "change_of" in node.items):
            reader.problem(
                (source.file, source.line_of(key)),
                f"{what} is no field of PatientRecord; add the field or correct the name",
            )
        elif isinstance(node, Mapping):
            item = _read_item(key, what, node, reader, local)
            if item is not None:
                items[key] = item
        else:
            reader.problem(node, f"{what} must be a mapping")
    return items


def _read_item(key: str, what: str, node: Mapping, reader: Reader, local: Local) -> Item | None:
    kind = reader.choice(node, "of", what, ["measurement", "state", "list"])
    if "of" in node.items and kind != _kind_of_field(key):
        fits = _kind_of_field(key)
        reader.problem(
            (node.file, node.line_of("of")),
            f"{what} is no {kind}: "
            + (f"PatientRecord holds a {fits} there; write 'of: {fits}'" if fits else "take it out"),
        )
        return None
    title = reader.text(node, "title", what)
    if kind == "list":
        complete = reader.keys(node, what, ["title", "of", "current_for"])
        return ListItem(key, title, reader.days(node, "current_for", what)) if complete else None
    if kind == "state":
        complete = reader.keys(node, what, ["title", "of", "values", "current_for"])
        values = _read_values(key, what, node, reader)
        return StateItem(key, title, values, reader.days(node, "current_for", what)) if complete and values else None
    return _read_measured(key, title, what, node, reader, local)


def _kind_of_field(key: str) -> str | None:
    """What `of` must say for a field of PatientRecord."""
    if key in LISTS:
        return "list"
    if key in ("age", *DERIVED) or key not in PatientRecord.model_fields:
        return "measurement"
    if PatientRecord.model_fields[key].annotation == tuple[Measurement, ...]:
        return "measurement"
    return "state" if _states_of_field(key) else None


def _states_of_field(key: str) -> tuple[str, ...]:
    """The states that a field of PatientRecord can hold."""
    for kind in get_args(PatientRecord.model_fields[key].annotation):
        if isinstance(kind, type) and issubclass(kind, Part) and "value" in kind.model_fields:
            return get_args(kind.model_fields["value"].annotation)
    return ()


def _read_values(key: str, what: str, node: Mapping, reader: Reader) -> tuple[str, ...]:
    values = reader.text_nodes(node, "values", what)
    known = _states_of_field(key)
    for text in values:
        if text.value not in known:
            reader.problem(
                text, f"{what}: the record never says '{text.value}'; {did_you_mean(text.value or '', known)}"
            )
    if not values and "values" in node.items:
        reader.problem((node.file, node.line_of("values")), f"{what} has no values; write some of {', '.join(known)}")
    return tuple(text.value for text in values if text.value is not None)


def _read_measured(key: str, title: str, what: str, node: Mapping, reader: Reader, local: Local) -> MeasuredItem | None:
    required = ["title", "of", "units", "plausible", "current_for", "on_a_tie"]
    optional = ["substance", "loinc", "beyond_plausible", "lower_limit", "upper_limit", "not_from", "whole_numbers"]
    optional += ["change_of", "since_start_of", "baseline_within", "gives", "methods", "at_most_from"]
    if not reader.keys(node, what, required, optional):
        return None
    substance = reader.choice(node, "substance", what, SUBSTANCES) if "substance" in node.items else None
    units = _read_units(what, node, substance, reader)
    plausible = _read_plausible(what, node, reader)
    if not units or plausible is None:
        return None
    item = MeasuredItem(
        key, title, units, substance, _read_loinc(what, node, units[0], substance, reader), plausible,
        cast(Literal["reject", "confirm"], reader.choice(node, "beyond_plausible", what, ["reject", "confirm"])),
        None, None, reader.days(node, "current_for", what),
        cast(Literal["lowest", "highest"], reader.choice(node, "on_a_tie", what, ["lowest", "highest"])),
        _read_specimen(what, node, reader), reader.choice(node, "whole_numbers", what, ["no", "yes"]) == "yes",
    )  # fmt: skip
    found = node.items.get("upper_limit")
    by_place = found if isinstance(found, Mapping) else None
    thresholds = CriteriaReader(reader, {key: item}, {})
    limits: dict[str, Threshold | None] = {}
    ends: tuple[Literal["lower", "upper"], ...] = ("lower", "upper")
    for end in ends:
        limit = node.items.get(f"{end}_limit")
        limits[end] = thresholds.threshold(what, item, end, True, limit) if limit and limit is not by_place else None
    known = local_limits(by_place, item, thresholds, local.intakes) if by_place is not None else {}
    return MeasuredItem(
        key, title, units, substance, item.codes, plausible, item.beyond_plausible, limits["lower"], limits["upper"],
        item.current_for, item.on_a_tie, item.not_from, item.whole, _read_change(what, node, reader),
        local_limits=known, local_upper=_lowest(known, local.chosen), methods=_read_methods(what, node, reader),
        at_most_from=_read_at_most(what, node, item.codes, reader),
    )  # fmt: skip


def _read_at_most(what: str, node: Mapping, codes: Collection[str], reader: Reader) -> frozenset[str]:
    """Codes of results that hold more than the item."""
    found = reader.text_nodes(node, "at_most_from", what)
    for text in found:
        if text.value not in codes:
            known = did_you_mean(text.value or "", codes)
            reader.problem(text, f"'at_most_from' of {what} names '{text.value}', no LOINC code of it; {known}")
    return frozenset(text.value for text in found if text.value is not None)


def _read_change(what: str, node: Mapping, reader: Reader) -> Change | None:
    keys = ("change_of", "since_start_of", "baseline_within")
    if not any(key in node.items for key in keys):
        return None
    of, value_set = (reader.text(node, key, what) for key in keys[:2])
    gives = reader.choice(node, "gives", what, get_args(Gives))
    return Change(of, value_set, reader.days(node, "baseline_within", what) or 0, cast(Gives, gives))


def _lowest(known: dict[str, Threshold], chosen: Collection[str]) -> Threshold | None:
    """The lowest of the limits chosen; of all where none of them is chosen. It says whose it is, and of which it is the lowest."""
    of = {name: limit for name, limit in known.items() if name in chosen} or known
    lowest = min(of.values(), key=lambda limit: next(iter(limit.by_unit.values())).value, default=None)
    if lowest is None or len(of) == 1:
        return lowest
    return replace(lowest, source=f"{lowest.source}, the lowest of {', '.join(of)}")


def _read_methods(what: str, node: Mapping, reader: Reader) -> dict[str, str]:
    methods = reader.mapping(node, "methods", what)
    return {name: reader.text(methods, name, f"'methods' of {what}") for name in methods.items} if methods else {}


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


def _read_plausible(what: str, node: Mapping, reader: Reader) -> tuple[Number, Number] | None:
    ends = [reader.number(text, f"'plausible' of {what}") for text in reader.text_nodes(node, "plausible", what)]
    if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] >= ends[1]:
        reader.problem(
            (node.file, node.line_of("plausible")),
            f"'plausible' of {what} takes the lowest and the highest value, in the first unit: [0.15, 6.0]",
        )
        return None
    return ends[0], ends[1]


def _read_loinc(
    what: str, node: Mapping, first: str, substance: str | None, reader: Reader
) -> dict[str, tuple[str, ...]]:
    codes: dict[str, tuple[str, ...]] = {}
    loinc = reader.mapping(node, "loinc", what)
    for code in loinc.items if loinc else ():
        assert loinc is not None
        units = [
            parse_unit(text.value or "")
            for text in reader.text_nodes(loinc, code, f"LOINC {code} of {what}", single=True)
        ]
        if not units or None in units or all(factor(unit or "", first, substance) is None for unit in units):
            reader.problem(
                (loinc.file, loinc.line_of(code)),
                f"LOINC {code} of {what} needs the units it is reported in, which convert into {first}",
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
    prefixes = _read_codes(source, "atc_prefixes", "atc", what, reader)
    if prefixes:
        read.append(Entry((), {"atc": prefixes}))
    includes = reader.texts(source, "includes", what)
    if not includes and not any(read):
        reader.problem(source, "the value set is empty; give 'entries' or 'includes'")
    return ValueSet(
        reader.text(source, "id", what), reader.text(source, "title", what), of, reader.text(source, "version", what),
        reader.text(source, "source", what), includes, tuple(entry for entry in read if entry is not None),
        _read_phrases(source, "not_when", what, reader),
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
    codes = {system: _read_codes(node, system, system, what, reader) for system in _CODES[of] if system in node.items}
    name = reader.text(node, "name", what)
    if name and not words(name):
        reader.problem((node.file, node.line_of("name")), f"{what} holds no word; write a name")
    return Entry((name, *_read_phrases(node, "also", what, reader)), codes)


def _read_phrases(node: Mapping, key: str, what: str, reader: Reader) -> tuple[str, ...]:
    """Phrases to look for: one without a word would be found in every text, or in none."""
    phrases = reader.text_nodes(node, key, what)
    for text in phrases:
        if not words(text.value or ""):
            reader.problem(text, f"'{key}' of {what}: '{text.value}' holds no word; take it out")
    return tuple(text.value for text in phrases if text.value is not None)


def _read_codes(node: Mapping, key: str, system: str, what: str, reader: Reader) -> tuple[str, ...]:
    """Codes in the form of their system. A prefix shorter than three characters matches nothing."""
    called, form = _FORMS[system]
    codes = reader.text_nodes(node, key, what)
    for text in codes:
        if not re.fullmatch(form, text.value or ""):
            reader.problem(text, f"'{key}' of {what}: '{(text.value or '')[:40]}' is no {called} code; correct it")
    return tuple(text.value for text in codes if text.value is not None)


_EVIDENCE = (
    *("id", "citation", "pmid", "doi", "design", "n", "population", "dose", "comparator", "effect", "limits"),
    *("risk_of_bias", "certainty", "verified", "checked"),
)
_EVIDENCE_TOO = ("funding", "supports", "against", "to_check", "contradicts", "estimates")
_LONGEST_SENTENCE = 240


def read_evidence(source: Mapping, reader: Reader) -> Evidence | None:
    """One file of `evidence/`."""
    what = "the evidence entry"
    if not reader.keys(source, what, _EVIDENCE, _EVIDENCE_TOO):
        return None
    text = {key: reader.text(source, key, what) for key in ("id", "citation", "design", "effect", "limits")}
    loose = {key: reader.optional_text(source, key, what) or "" for key in ("population", "risk_of_bias", "certainty")}
    verified = reader.choice(source, "verified", what, ["primary", "excerpt", "secondary", "known"])
    return Evidence(
        id=text["id"], citation=text["citation"], pmid=reader.optional_text(source, "pmid", what), doi=reader.optional_text(source, "doi", what),
        design=text["design"], n=_read_count(source, what, reader), population=loose["population"],
        dose=reader.optional_text(source, "dose", what), comparator=reader.optional_text(source, "comparator", what),
        effect=text["effect"], limits=text["limits"], risk_of_bias=loose["risk_of_bias"], certainty=loose["certainty"],
        verified=cast(Literal["primary", "excerpt", "secondary", "known"], verified),
        checked=reader.day(source, "checked", what).isoformat(), funding=reader.optional_text(source, "funding", what),
        supports=_read_sentences(source, "supports", what, reader), against=_read_sentences(source, "against", what, reader),
        to_check=reader.optional_text(source, "to_check", what), contradicts=reader.texts(source, "contradicts", what),
        estimates=read_estimates(source, text["effect"], reader),
    )  # fmt: skip


def _read_count(source: Mapping, what: str, reader: Reader) -> int | None:
    """How many people; null where it is not known or does not apply."""
    count = source.items["n"]
    if isinstance(count, Text) and count.value is None:
        return None
    word = reader.text(source, "n", what)
    if word and not re.fullmatch(r"[1-9]\d{0,8}", word):
        reader.problem(count, f"'n' of {what} is '{word[:40]}'; write a whole number of people, or null")
        return None
    return int(word) if word else None


def _read_sentences(source: Mapping, key: str, what: str, reader: Reader) -> tuple[str, ...]:
    """Short sentences; none of them both for and against."""
    found = reader.text_nodes(source, key, what)
    others = reader.text_nodes(source, "supports", what) if key == "against" else []
    for text in found:
        words = text.value or ""
        if len(words) > _LONGEST_SENTENCE:
            reader.problem(
                text, f"'{key}' of {what} has a sentence of more than {_LONGEST_SENTENCE} characters; shorten it"
            )
        elif words in [other.value for other in others]:
            reader.problem(text, f"{what} supports and speaks against the same, '{words[:60]}'; keep one")
    return tuple(" ".join((text.value or "").split()) for text in found)


def check_contradictions(sources: dict[str, Mapping], evidence: dict[str, Evidence], reader: Reader) -> None:
    """`contradicts` names other entries, and each of them names this one. `sources`: by the names of their files."""
    for source in sources.values():
        this = reader.text(source, "id", "the evidence entry")
        for text in reader.text_nodes(source, "contradicts", "the evidence entry"):
            other = text.value or ""
            if other not in sources or other == this:
                known = [name for name in sources if name != this]
                reader.problem(
                    text, f"'contradicts' names '{other}', which is no other entry; {did_you_mean(other, known)}"
                )
            elif other in evidence and this not in evidence[other].contradicts:
                reader.problem(
                    text, f"'{other}' does not contradict '{this}' in turn; write it into evidence/{other}.yaml too"
                )
