"""What `mgcds prove` would report and the authors mean, with the reason: `intended.yaml`."""

from __future__ import annotations

from collections.abc import Collection

from mgcds.loading.criteria import CriteriaReader
from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.source import Mapping, Sequence
from mgcds.model.criterion import Criterion, Measure
from mgcds.model.intended import CHECKS, Accepted, Intended, Silent, Together


def read_intended(source: Mapping, known: Collection[str], criteria: CriteriaReader, reader: Reader) -> Intended:
    """`known`: the kinds and the ids of rules that may stand side by side."""
    what = "intended.yaml"
    reader.keys(source, what, [], ["together", "silent", "accepted"])
    return Intended(
        tuple(_together(node, known, reader) for node in _entries(source, "together", ["one", "with"], [], reader)),
        tuple(
            silent
            for node in _entries(source, "silent", ["range"], ["given"], reader)
            if (silent := _silent(node, criteria)) is not None
        ),
        tuple(_accepted(node, reader) for node in _entries(source, "accepted", ["check", "about"], [], reader)),
    )


def _entries(source: Mapping, key: str, required: list[str], optional: list[str], reader: Reader) -> list[Mapping]:
    found = source.items.get(key)
    if found is None:
        return []
    if not isinstance(found, Sequence):
        reader.problem(found, f"'{key}' of intended.yaml must be a list; write '- …' lines, or [] for none")
        return []
    entries = []
    for node in found.items:
        if not isinstance(node, Mapping):
            reader.problem(node, f"an entry of '{key}' must be a mapping with {', '.join(required)} and because")
        elif reader.keys(node, f"an entry of '{key}'", [*required, "because"], optional):
            entries.append(node)
    return entries


def _because(node: Mapping, reader: Reader) -> str:
    return reader.text(node, "because", "an entry of intended.yaml")


def _together(node: Mapping, known: Collection[str], reader: Reader) -> Together:
    sides = []
    for key in ("one", "with"):
        texts = reader.text_nodes(node, key, "an entry of 'together'")
        for text in texts:
            if text.value not in known:
                what = f"'{key}' names '{(text.value or '')[:60]}', which is no kind and no rule"
                reader.problem(text, f"{what}; {did_you_mean(text.value or '', known)}")
        sides.append(frozenset(text.value for text in texts if text.value is not None))
    return Together(sides[0], sides[1], _because(node, reader))


def _silent(node: Mapping, criteria: CriteriaReader) -> Silent | None:
    """The range is written like a criterion that measures, `given` like the criteria of a rule."""
    found = criteria.read("range", node.items["range"])
    given: list[Criterion | None] = []
    conditions = criteria.reader.mapping(node, "given", "an entry of 'silent'")
    for name, each in conditions.items.items() if conditions else ():
        given.append(criteria.read(name, each))
    because = _because(node, criteria.reader)
    if found is not None and not isinstance(found, Measure):
        criteria.reader.problem(
            node.items["range"], "'range' must measure something, such as {measure: egfr, at_least: …}"
        )
        return None
    whole = [criterion for criterion in given if criterion is not None]
    return Silent(found, tuple(whole), because) if found is not None and len(whole) == len(given) else None


def _accepted(node: Mapping, reader: Reader) -> Accepted:
    check = reader.choice(node, "check", "an entry of 'accepted'", CHECKS)
    return Accepted(check, reader.texts(node, "about", "an entry of 'accepted'"), _because(node, reader))
