"""The general texts of `basis.yaml`, which every suggestion shows besides its own rule."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.rules import KINDS
from mgcds.loading.source import Mapping, Node, Sequence, Text
from mgcds.model.pack import GeneralTexts, Statement
from mgcds.model.rule import Certainty, Strength

_WHAT = "basis.yaml"
_ONE = ("purpose", "intended_user", "population", "not_for")
_BY_KIND = ("options", "harms", "limits", "not_studied")
_WORDS = {"certainty": get_args(Certainty), "strength": get_args(Strength)}


def read_basis(source: Mapping, evidence: Collection[str], reader: Reader) -> GeneralTexts | None:
    """All parts, each for every kind, each with its evidence or its source; None, with problems, where one is missing."""
    if not reader.keys(source, _WHAT, [*_ONE, *_WORDS, *_BY_KIND, "shown"], ["never"]):
        return None
    purpose, user, population, not_for = (
        _statement(source.items[part], f"'{part}' of {_WHAT}", evidence, reader) for part in _ONE
    )
    certainty, strength = (_in_words(source, part, known, reader) for part, known in _WORDS.items())
    options, harms, limits, not_studied = (_statements(source, part, evidence, reader) for part in _BY_KIND)
    shown = _shown(source, reader)
    if purpose is None or user is None or population is None or not_for is None or shown is None:
        return None
    return GeneralTexts(
        purpose, user, population, not_for, certainty, strength, options, harms, limits, not_studied, *shown,
        never=_never(source, evidence, reader),
    )  # fmt: skip


def _statement(
    node: Node, what: str, evidence: Collection[str], reader: Reader, more: Collection[str] = ()
) -> Statement | None:
    if not isinstance(node, Mapping):
        reader.problem(node, f"{what} must be a mapping with {', '.join([*more, 'text'])}, and evidence or source")
        return None
    if not reader.keys(node, what, [*more, "text"], ["evidence", "source"]):
        return None
    if ("evidence" in node.items) == ("source" in node.items):
        reader.problem(node, f"{what} needs either 'evidence' (ids of evidence/) or 'source' (a text)")
    _check_words(node, "evidence", what, evidence, reader)
    _check_words(node, "kinds", what, KINDS, reader)
    kinds = frozenset(reader.texts(node, "kinds", what)) if more else frozenset(KINDS)
    return Statement(
        reader.text(node, "text", what), reader.texts(node, "evidence", what), reader.text(node, "source", what), kinds
    )


def _check_words(node: Mapping, key: str, what: str, known: Collection[str], reader: Reader) -> None:
    words = reader.text_nodes(node, key, what)
    if key in node.items and not words:
        reader.problem((node.file, node.line_of(key)), f"'{key}' of {what} is empty; name at least one")
    for word in words:
        if word.value not in known:
            reader.problem(word, f"'{key}' of {what} names '{word.value}'; {did_you_mean(word.value or '', known)}")


def _statements(source: Mapping, part: str, evidence: Collection[str], reader: Reader) -> tuple[Statement, ...]:
    node, what = source.items[part], f"'{part}' of {_WHAT}"
    if not isinstance(node, Sequence):
        reader.problem(node, f"{what} must be a list of entries with kinds, text, and evidence or source")
        return ()
    read = [_statement(entry, f"an entry of {what}", evidence, reader, ["kinds"]) for entry in node.items]
    found = tuple(statement for statement in read if statement is not None)
    lacking = [kind for kind in KINDS if not any(kind in statement.kinds for statement in found)]
    if lacking and len(found) == len(read):
        where = (source.file, source.line_of(part))
        reader.problem(where, f"{what} says nothing of the kind {', '.join(lacking)}; add an entry")
    return found


def _never(source: Mapping, evidence: Collection[str], reader: Reader) -> tuple[Statement, ...]:
    """What is never suggested; of all kinds, and a pack may be without."""
    node, what = source.items.get("never"), f"'never' of {_WHAT}"
    if node is not None and not isinstance(node, Sequence):
        reader.problem(node, f"{what} must be a list of entries with text, and evidence or source")
    entries = node.items if isinstance(node, Sequence) else []
    read = [_statement(entry, f"an entry of {what}", evidence, reader) for entry in entries]
    return tuple(statement for statement in read if statement is not None)


def _in_words(source: Mapping, part: str, known: Collection[str], reader: Reader) -> dict[str, str]:
    node = reader.mapping(source, part, _WHAT)
    if node is None or not reader.keys(node, f"'{part}' of {_WHAT}", known):
        return {}
    return {word: reader.text(node, word, f"'{part}' of {_WHAT}") for word in known}


def _shown(source: Mapping, reader: Reader) -> tuple[int, int] | None:
    node, what = reader.mapping(source, "shown", _WHAT), f"'shown' of {_WHAT}"
    if node is None or not reader.keys(node, what, ["interruptive", "passive", "source"]):
        return None
    reader.text(node, "source", what)
    counts = []
    for key in ("interruptive", "passive"):
        count = node.items[key]
        if isinstance(count, Text) and count.value is not None and count.value.isascii() and count.value.isdigit():
            counts.append(int(count.value[:6]))
        else:
            reader.problem(count, f"'{key}' of {what} must be a whole number such as 5")
    return (counts[0], counts[1]) if len(counts) == 2 else None
