"""`drug-magnesium.yaml` → the table of medicines and magnesium, each row checked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, cast, get_args

from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.source import Mapping, Sequence, Text
from mgcds.model.interaction import AnyOther, Direction, DrugMagnesium, Interaction, MagnesiumDoses, Severity, Verified
from mgcds.model.spacing import DAY, Spacing, minute_of
from mgcds.model.terminology import ValueSet

_DIRECTIONS = get_args(Direction)
_MOST_DOSES = 6


def read_drug_magnesium(
    source: Mapping, value_sets: dict[str, ValueSet], evidence: Collection[str], reader: Reader
) -> DrugMagnesium | None:
    """The table; None, with a problem, where a part of it is missing."""
    what = "drug-magnesium.yaml"
    complete = reader.keys(source, what, ["magnesium", "any_other_medicine", "medicines"])
    medicines = {found.id for found in value_sets.values() if found.of == "medicines"}
    doses = _read_doses(reader.mapping(source, "magnesium", what), evidence, reader)
    any_other = _read_any_other(reader.mapping(source, "any_other_medicine", what), evidence, reader)
    listed = reader.mapping(source, "medicines", what)
    rows: dict[str, Interaction] = {}
    for value_set, node in listed.items.items() if listed else ():
        assert listed is not None
        if value_set not in medicines:
            known = "no value set" if value_set not in value_sets else f"a value set of {value_sets[value_set].of}"
            place = (listed.file, listed.line_of(value_set))
            reader.problem(place, f"'{value_set[:60]}' is {known}; {did_you_mean(value_set, medicines)}")
        if not isinstance(node, Mapping):
            reader.problem(
                node, f"'{value_set[:60]}' must be a mapping such as {{direction: [depletes], spacing: none, …}}"
            )
            continue
        row = _read_row(value_set, node, evidence, reader)
        if row is not None:
            rows[value_set] = row
    return DrugMagnesium(doses, any_other, rows) if complete and doses and any_other else None


def _read_row(value_set: str, node: Mapping, evidence: Collection[str], reader: Reader) -> Interaction | None:
    what = f"'{value_set}'"
    if not reader.keys(node, what, ["direction", "spacing", "severity", "evidence", "verified"], ["do", "note"]):
        return None
    row = Interaction(
        value_set, _read_direction(node, what, reader), _read_spacing(node, what, reader),
        cast(Severity, reader.choice(node, "severity", what, get_args(Severity), default="none")),
        reader.text(node, "do", what), _read_evidence(node, what, evidence, reader),
        cast(Verified, reader.choice(node, "verified", what, get_args(Verified), default="known")),
        reader.text(node, "note", what),
    )  # fmt: skip
    _check_row(row, node, what, reader)
    return row


def _read_direction(node: Mapping, what: str, reader: Reader) -> tuple[Direction, ...]:
    found = []
    texts = reader.text_nodes(node, "direction", what)
    if isinstance(node.items["direction"], Sequence) and not node.items["direction"].items:
        place = (node.file, node.line_of("direction"))
        reader.problem(place, f"{what} has no direction; write some of {', '.join(_DIRECTIONS)}")
    for text in texts:
        if text.value not in _DIRECTIONS:
            hint = did_you_mean(text.value or "", _DIRECTIONS)
            reader.problem(text, f"'direction' of {what} holds '{(text.value or '')[:60]}'; {hint}")
        else:
            found.append(cast(Direction, text.value))
    return tuple(found)


def _check_row(row: Interaction, node: Mapping, what: str, reader: Reader) -> None:
    """What one part of a row says must fit what the others say."""

    def problem(key: str, says: str) -> None:
        reader.problem((node.file, node.line_of(key)), f"{what} {says}")

    if not row.direction:
        return  # reported, and the rest cannot be compared with it
    nothing = row.direction == ("none known",)
    if "none known" in row.direction and not nothing:
        problem("direction", "has an effect beside 'none known'; keep one of the two")
    if nothing != (row.severity == "none"):
        problem("severity", "needs a severity, unless its direction is [none known]: then it is none")
    hindered = "hinders absorption" in row.direction
    if hindered and row.spacing is None:
        problem("spacing", "hinders absorption and has no spacing; write {before: 2, after: 4} or avoid")
    elif isinstance(row.spacing, Spacing) and not hindered:
        problem("spacing", "has a spacing, which helps only where the direction is hinders absorption")
    elif row.spacing is None and not row.do and not nothing:
        problem("spacing", "says nothing to do; add 'do' or a spacing")
    if not row.evidence and row.verified != "known":
        problem("evidence", f"is '{row.verified}' and names no evidence; name it, or write 'verified: known'")


def _read_spacing(node: Mapping, what: str, reader: Reader) -> Spacing | Literal["avoid"] | None:
    found = node.items["spacing"]
    if not isinstance(found, Mapping):
        word = reader.choice(node, "spacing", what, ["none", "avoid"], default="none")
        return "avoid" if word == "avoid" else None
    reader.keys(found, f"'spacing' of {what}", [], ["before", "after"])
    before, after = (_read_hours(found, side, f"'spacing' of {what}", reader) for side in ("before", "after"))
    if before is None or after is None:
        return Spacing(0, 0)
    if before == after == 0:
        reader.problem(found, f"'spacing' of {what} keeps nothing apart; write hours above 0, or none")
    if before + after > DAY:
        reader.problem(found, f"'spacing' of {what} leaves no time in a day: {before // 60} and {after // 60} hours")
    return Spacing(before, after)


def _read_hours(node: Mapping, key: str, what: str, reader: Reader) -> int | None:
    """Hours as whole minutes; 0 where the key is not there, None with a problem."""
    found = node.items.get(key)
    if found is None:
        return 0
    number = reader.number(found, f"'{key}' of {what}") if isinstance(found, Text) else None
    if number is None:
        if not isinstance(found, Text):
            reader.problem(found, f"'{key}' of {what} must be a number of hours")
        return None
    if not 0 <= number < 24 or number * 60 % 1:
        reader.problem(found, f"'{key}' of {what} is '{number}'; write hours from 0 to below 24, in whole minutes")
        return None
    return int(number * 60)


def _read_evidence(node: Mapping, what: str, known: Collection[str], reader: Reader) -> tuple[str, ...]:
    texts = reader.text_nodes(node, "evidence", what)
    for text in texts:
        if text.value not in known:
            hint = did_you_mean(text.value or "", known)
            reader.problem(text, f"'evidence' of {what} names '{text.value}', which is not in evidence/; {hint}")
    return tuple(text.value for text in texts if text.value is not None)


def _read_doses(node: Mapping | None, evidence: Collection[str], reader: Reader) -> MagnesiumDoses | None:
    what = "'magnesium'"
    if node is None or not reader.keys(node, what, ["doses", "apart", "between", "because", "evidence"]):
        return None
    doses = reader.text(node, "doses", what)
    if doses not in map(str, range(1, _MOST_DOSES + 1)):
        reader.problem(
            (node.file, node.line_of("doses")), f"'doses' of {what} is '{doses[:20]}'; write 1 to {_MOST_DOSES}"
        )
        return None
    apart = _read_hours(node, "apart", what, reader)
    times = [minute_of(text) for text in reader.texts(node, "between", what)]
    if len(times) != 2 or times[0] is None or times[1] is None:
        reader.problem(
            (node.file, node.line_of("between")), f'\'between\' of {what} takes two times: ["07:00", "22:00"]'
        )
        return None
    because = reader.text(node, "because", what)
    cited = _read_evidence(node, what, evidence, reader)
    return MagnesiumDoses(int(doses), apart or 0, (times[0], times[1]), because, cited)


def _read_any_other(node: Mapping | None, evidence: Collection[str], reader: Reader) -> AnyOther | None:
    what = "'any_other_medicine'"
    if node is None or not reader.keys(node, what, ["hours", "because", "evidence"]):
        return None
    minutes = _read_hours(node, "hours", what, reader) or 0
    return AnyOther(
        Spacing(minutes, minutes), reader.text(node, "because", what), _read_evidence(node, what, evidence, reader)
    )
