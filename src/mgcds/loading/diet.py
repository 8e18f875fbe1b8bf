"""`reference-intakes.yaml` and `foods.yaml`: the tables of public bodies, and the foods of the screen."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, cast, get_args, get_type_hints

from mgcds.loading.criteria import CriteriaReader
from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.source import Mapping, Node, Sequence, Text
from mgcds.model.criterion import Threshold
from mgcds.model.diet import Counts, Food, Group, IntakeLevel, ReferenceIntake, Verified
from mgcds.model.pack import MeasuredItem

_KINDS = get_args(get_type_hints(ReferenceIntake)["kind"])
_BAND = re.compile(r"(\d{1,3})-(\d{1,3}) (years|months)")
_FROM = re.compile(r"(\d{1,3}) years and over")
_ADULT = 18 * 12
_MOST_MG, _MOST_FOOD = 2000, 1000
Located = tuple[IntakeLevel, Mapping]


def read_intakes(source: Mapping, evidence: Collection[str], reader: Reader) -> dict[str, ReferenceIntake]:
    """Table id → its levels. The ages of a group follow one another without gap or overlap; no EAR is above the RDA beside it."""
    tables: dict[str, ReferenceIntake] = {}
    rows: dict[str, list[Located]] = {}
    keys = ["title", "kind", "jurisdiction", "counts", "evidence", "levels"]
    for key, node in source.items.items():
        what = f"reference intake '{key}'"
        if not isinstance(node, Mapping):
            reader.problem(node, f"{what} must be a mapping with {', '.join(keys)}")
        elif reader.keys(node, what, keys):
            rows[key] = _read_levels(what, node.items["levels"], reader)
            tables[key] = ReferenceIntake(
                key, reader.text(node, "title", what), cast(Any, reader.choice(node, "kind", what, _KINDS)),
                reader.text(node, "jurisdiction", what), cast(Counts, reader.choice(node, "counts", what, get_args(Counts))),
                _evidence(node, what, evidence, reader), tuple(level for level, _ in rows[key]),
            )  # fmt: skip
            written = node.items["levels"]
            if isinstance(written, Sequence) and len(rows[key]) == len(written.items):  # a level with a fault is no gap
                _check_ages(what, rows[key], reader)
    for ear in (table for table in tables.values() if table.kind == "EAR"):
        for rda in (
            table for table in tables.values() if (table.kind, table.jurisdiction) == ("RDA", ear.jurisdiction)
        ):
            _check_order(f"reference intake '{ear.id}'", rows[ear.id], rda, reader)
    return tables


def _read_levels(what: str, node: Node, reader: Reader) -> list[Located]:
    levels: list[Located] = []
    example = "- {for: male, ages: 19-30 years, mg: 330, verified: excerpt}"
    for row in node.items if isinstance(node, Sequence) else []:
        if not isinstance(row, Mapping):
            reader.problem(row, f"a level of {what} must be a mapping; write '{example}'")
        elif reader.keys(row, f"a level of {what}", ["for", "ages", "mg", "verified"]):
            group = cast(Group, reader.choice(row, "for", f"a level of {what}", get_args(Group)))
            ages, mg = _ages(row, what, reader), _milligrams(row, f"'mg' of {what}", _MOST_MG, 1, reader)
            verified = cast(Verified, reader.choice(row, "verified", f"a level of {what}", get_args(Verified)))
            if ages is not None and mg:
                levels.append((IntakeLevel(group, reader.text(row, "ages", what), *ages, mg[0], verified), row))
    if not isinstance(node, Sequence) or not node.items:
        reader.problem(node, f"'levels' of {what} must be a list; write '{example}'")
    return levels


def _ages(row: Mapping, what: str, reader: Reader) -> tuple[int, int | None] | None:
    """In months: from, and up to but not including. `1-3 years` are the years completed, so it ends with the fourth birthday."""
    text = reader.text(row, "ages", what)
    if found := _FROM.fullmatch(text):
        return int(found[1]) * 12, None
    if found := _BAND.fullmatch(text):
        months = 12 if found[3] == "years" else 1
        if int(found[1]) <= int(found[2]):
            return int(found[1]) * months, (int(found[2]) + 1) * months
    example = "'19-30 years', '7-11 months' or '51 years and over'"
    reader.problem((row.file, row.line_of("ages")), f"'ages' of {what} is '{text[:40]}'; write {example}")
    return None


def _check_ages(what: str, levels: list[Located], reader: Reader) -> None:
    for group in get_args(Group):
        of_group = sorted((entry for entry in levels if entry[0].group == group), key=lambda entry: entry[0].months)
        for (before, _), (after, row) in pairwise(of_group):
            if before.until != after.months:
                fault = "overlap" if before.until is None or before.until > after.months else "leave a gap"
                reader.problem(
                    row, f"{what}: the ages '{before.ages}' and '{after.ages}' of {group} {fault}; make them meet"
                )


def _check_order(what: str, levels: list[Located], rda: ReferenceIntake, reader: Reader) -> None:
    for level, row in levels:
        for other in rda.levels:
            meet = level.months < (other.until or level.months + 1) and other.months < (level.until or other.months + 1)
            if level.group == other.group and meet and level.mg > other.mg:
                said = f"{what}: {level.mg} mg for {level.group}, {level.ages}"
                reader.problem(row, f"{said}, is above the RDA of {other.mg} mg in '{rda.id}'; correct one of them")


def _evidence(node: Mapping, what: str, known: Collection[str], reader: Reader) -> str:
    named = reader.text(node, "evidence", what)
    if named and named not in known:
        place = (node.file, node.line_of("evidence"))
        reader.problem(
            place, f"'evidence' of {what} names '{named}', which is not in evidence/; {did_you_mean(named, known)}"
        )
    return named


def _milligrams(node: Mapping, what: str, most: int, numbers: Literal[1, 2], reader: Reader) -> list[Decimal]:
    """One number, or where `numbers` allows it two for a range; [] with a problem where they are none."""
    found = node.items["mg"]
    texts = [text for text in (found.items if isinstance(found, Sequence) else [found]) if isinstance(text, Text)]
    read = [reader.number(text, what) for text in texts]
    amounts = [number for number in read if number is not None]
    if len(amounts) < len(read):
        return []
    if not 1 <= len(amounts) <= numbers or not 0 < amounts[0] <= amounts[-1] <= most:
        two = ", or two for a range, the lowest first" if numbers == 2 else ""
        reader.problem(found, f"{what} takes milligrams above 0 and up to {most}{two}")
        return []
    return amounts


def local_limits(
    node: Mapping, item: MeasuredItem, thresholds: CriteriaReader, intakes: dict[str, ReferenceIntake]
) -> dict[str, Threshold]:
    """Of `upper_limit: {us: us_ul, …}`: jurisdiction → the level that its table gives for every adult."""
    what, limits = f"'upper_limit' of item '{item.id}'", dict[str, Threshold]()
    for jurisdiction in node.items:
        named = thresholds.reader.text(node, jurisdiction, what)
        table = intakes.get(named)
        at = Text(None, node.file, node.line_of(jurisdiction))
        adults = [level for level in table.levels if (level.until or _ADULT + 1) > _ADULT] if table else []
        if table is None:
            known = did_you_mean(named, intakes)
            thresholds.reader.problem(
                at, f"{what} names '{named[:60]}', which is not in reference-intakes.yaml; {known}"
            )
        elif table.jurisdiction != jurisdiction or table.counts == "all sources":
            wanted = f"a table of '{jurisdiction}' that counts supplements and medicines"
            thresholds.reader.problem(at, f"{what} names '{named}'; write {wanted}")
        elif len(adults) != 1 or adults[0].group != "everyone" or adults[0].months > _ADULT or adults[0].until:
            wanted = "one level for everyone from 18 years on and without an end"
            thresholds.reader.problem(at, f"{what}: '{named}' must have {wanted}; correct the table")
        else:
            at.value = f"{adults[0].mg} mg/d"
            limit = thresholds.threshold(what, item, "upper", True, at)
            limits |= {jurisdiction: replace(limit, source=table.title)} if limit else {}
    return limits


def read_foods(source: Mapping, evidence: Collection[str], reader: Reader) -> dict[str, Food]:
    """Food → milligrams of magnesium a serving, with its source."""
    foods: dict[str, Food] = {}
    for key, node in source.items.items():
        what = f"food '{key}'"
        if not isinstance(node, Mapping):
            reader.problem(node, f"{what} must be a mapping with title, serving, mg, fdc, evidence and verified")
        elif reader.keys(node, what, ["title", "serving", "mg", "fdc", "evidence", "verified"]):
            mg = _milligrams(node, f"'mg' of {what}", _MOST_FOOD, 2, reader)
            named = _evidence(node, what, evidence, reader)
            verified = cast(Verified, reader.choice(node, "verified", what, get_args(Verified)))
            fdc = _fdc(node, what, [food.fdc for food in foods.values()], reader)
            if mg:
                title, serving = reader.text(node, "title", what), reader.text(node, "serving", what)
                foods[key] = Food(key, title, serving, mg[0], mg[-1], fdc, named, verified)
    return foods


def _fdc(node: Mapping, what: str, taken: Collection[int | None], reader: Reader) -> int | None:
    text = reader.optional_text(node, "fdc", what)
    if text is not None and (not re.fullmatch(r"[1-9]\d{3,7}", text) or int(text) in taken):
        reader.problem(
            (node.file, node.line_of("fdc")),
            f"'fdc' of {what} is '{text[:20]}'; write an FDC id that no other food has, or null",
        )
        return None
    return int(text) if text else None
