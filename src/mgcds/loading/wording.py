"""What no text of a pack says, and what some must say: `wording.yaml`, held against every title and text when a pack loads.

A phrase is whole words, whatever their case. `stop/stops` is either word, `{treatment}` a word of a list or a name of a value
set of medicines, `#` a number and `...` up to so many other words of the same clause. Nothing else: a clinician can read it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.rules import KINDS
from mgcds.loading.source import Mapping as Source
from mgcds.loading.source import Node, Sequence, Text
from mgcds.model.rule import Certainty
from mgcds.model.terminology import ValueSet

CERTAINTIES: tuple[str, ...] = get_args(Certainty)
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|(?P<percent>%)|(?P<end>[.;:!?])|(?P<pause>[,()–—])")
_DROPPED = re.compile("['\u2019\u200b-\u200f\u2060\ufeff\u00ad]")
_NUMBER = "#"


def plain(text: str) -> str:
    """Words, numbers, a comma for each pause and a bar for each end, joined with blanks: `A 0.5 mg-dose; no` → `a 0.5 mg dose | no`."""
    signs = {"percent": "percent", "end": "|", "pause": ","}
    visible = _DROPPED.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return " ".join(signs.get(token.lastgroup or "", token.group()) for token in _TOKEN.finditer(visible))


@lru_cache(8)
def _each(words: str) -> frozenset[str]:
    """Each of these plain words once, numbers as `#` too."""
    each = frozenset(words.split())
    return each | {_NUMBER} if any(map(_is_number, each)) else each


def _is_number(word: str) -> bool:
    return word[0].isdecimal()


Words = tuple[str, ...]


def _stand_at(at: int, wanted: Words, words: Several[str]) -> bool:
    """Whether these words stand there; `#` is any number."""
    there = words[at : at + len(wanted)]
    return len(there) == len(wanted) and all(
        one == other or (one == _NUMBER and _is_number(other)) for one, other in zip(wanted, there, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """The `...` of a phrase: so many other words at most, none of which begins one of these."""

    at_most: int
    never: tuple[Words, ...]


Alternatives = dict[str, tuple[Words, ...]]  # by the word they begin with, those of most letters first


@dataclass(frozen=True, slots=True)
class Phrase:
    """What stands one after the other: one of several alternatives, or a gap."""

    pieces: tuple[Alternatives | Gap, ...]
    begins: tuple[frozenset[str], ...]
    """the words that each piece but a gap can begin with"""

    def found_in(self, words: str) -> Iterator[range]:
        """Where it occurs among the words, from left to right. Most texts lack the words of some piece."""
        each, split, past = _each(words), words.split(), 0
        if any(begins.isdisjoint(each) for begins in self.begins):
            return
        first, numbers = self.begins[0], _NUMBER in self.begins[0]
        for at, word in enumerate(split):
            if at >= past and (word in first or (numbers and _is_number(word))):
                past = next(self._ends(split, at), at)
                if past > at:
                    yield range(at, past)

    def _ends(self, words: Several[str], at: int, piece: int = 0) -> Iterator[int]:
        """Where this piece and those after it may end, if they begin there."""
        if piece == len(self.pieces):
            yield at
            return
        match self.pieces[piece]:
            case Gap(at_most=at_most, never=never):
                yield from self._ends(words, at, piece + 1)
                for past in range(at, min(at + at_most, len(words))):
                    if any(_stand_at(past, each, words) for each in never):
                        return
                    yield from self._ends(words, past + 1, piece + 1)
            case alternatives if at < len(words):
                number = alternatives.get(_NUMBER, ()) if _is_number(words[at]) else ()
                for each in (*alternatives.get(words[at], ()), *number):
                    if _stand_at(at, each, words):
                        yield from self._ends(words, at + len(each), piece + 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """Phrases that are refused, or of which one is required, for these kinds and certainties (empty: for all)."""

    id: str
    phrases: tuple[Phrase, ...]
    exceptions: tuple[Phrase, ...]
    lifted_by: tuple[Words, ...]
    """negations, which stand directly before the phrase"""
    kinds: tuple[str, ...]
    certainties: tuple[str, ...]
    because: str
    write: str

    def speaks_of(self, kind: str | None, certainty: str) -> bool:
        """Whether the entry is about texts of this kind and certainty; a text of no rule (None) is held to every kind."""
        return (not self.kinds or kind is None or kind in self.kinds) and (
            not self.certainties or certainty in self.certainties
        )

    def said_in(self, words: str) -> str | None:
        """The first phrase in these plain words that no negation lifts and no exception covers."""
        each = _each(words)
        for phrase in self.phrases:
            for found in () if phrase.begins[0].isdisjoint(each) else phrase.found_in(words):
                split = words.split()
                before = tuple(split[: found.start])
                if not any(before[-len(each) :] == each for each in self.lifted_by) and not self._covered(found, words):
                    return " ".join(split[found.start : found.stop])
        return None

    def _covered(self, found: range, words: str) -> bool:
        others = (other for exception in self.exceptions for other in exception.found_in(words))
        return any(other.start <= found.start and found.stop <= other.stop for other in others)


@dataclass(frozen=True, slots=True)
class Wording:
    """`wording.yaml`, ready to be held against texts."""

    refused: tuple[Entry, ...]
    required: tuple[Entry, ...]

    def check(
        self, node: Node | None, what: str, reader: Reader, kind: str | None = None, certainty: str = "not graded"
    ) -> None:
        """Report what a text says that it may not; one that belongs to no rule is held to every kind, and not graded."""
        if not isinstance(node, Text) or node.value is None:
            return
        words = plain(node.value)
        for entry in self.refused:
            said = entry.said_in(words) if entry.speaks_of(kind, certainty) else None
            if said is not None:
                reader.problem(node, f"{what} says '{said}' [{entry.id}]: {entry.because}; {entry.write}")

    def check_rule(self, source: Source, reader: Reader) -> None:
        """A rule's title and text; the text must also say what its kind and certainty require."""
        suggest = source.items.get("suggest")
        if not isinstance(suggest, Source):
            return
        rule, kind, certainty = (
            _word(part, key) for part, key in ((source, "id"), (suggest, "kind"), (suggest, "certainty"))
        )
        text = suggest.items.get("text")
        self.check(source.items.get("title"), f"'title' of rule '{rule}'", reader, kind, certainty)
        self.check(text, f"'text' of rule '{rule}'", reader, kind, certainty)
        if not isinstance(text, Text) or text.value is None:
            return
        words = plain(text.value)
        for entry in self.required:
            if entry.speaks_of(kind, certainty) and entry.said_in(words) is None:
                reader.problem(
                    text, f"'text' of rule '{rule}' lacks a phrase [{entry.id}]: {entry.because}; {entry.write}"
                )


def _word(node: Source, key: str) -> str:
    found = node.items.get(key)
    return (found.value or "").strip() if isinstance(found, Text) else ""


# --- reading wording.yaml -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Phrases:
    """How phrases are written in one file: its lists, the pack's sets of medicines, whose names are lists too, and what `...` is."""

    lists: dict[str, tuple[Words, ...]]
    value_sets: Mapping[str, ValueSet]
    gap: Gap

    def phrase(self, text: Text, reader: Reader) -> Phrase | None:
        """A phrase as it is written, or None with a problem."""
        pieces = (text.value or "").split()
        if not pieces or "..." in (pieces[0], pieces[-1]):
            reader.problem(text, f"the phrase '{text.value}' begins or ends with '...'; begin and end it with a word")
            return None
        found = [self.gap if piece == "..." else _by_begin(self.words(piece, text, reader)) for piece in pieces]
        if not all(found):
            return None
        return Phrase(tuple(found), tuple(frozenset(each) for each in found if not isinstance(each, Gap)))

    def words(self, piece: str, text: Text, reader: Reader) -> tuple[Words, ...]:
        """The alternatives of `a/b` or `{list}` in plain words; none, with a problem, where they are not understood."""
        name = re.fullmatch(r"\{(\w+)\}", piece)
        listed = self.listed(name[1]) if name else None
        if listed or (listed is not None and reader.problems):
            return listed  # empty only where a problem of its own, already reported, made it so
        pieces = piece.split("/")
        words = _plain_words(pieces)
        if name:
            medicines = (found.id for found in self.value_sets.values() if found.of == "medicines")
            near = did_you_mean(name[1], filter(self.listed, dict.fromkeys([*medicines, *self.lists])))
            reader.problem(text, f"'{piece}' is neither a list above nor a value set of medicines; {near}")
        elif len(words) < len(pieces):
            reader.problem(text, f"the phrase '{text.value}' holds '{piece}', which is no word; write words")
        else:
            return words
        return ()

    def listed(self, name: str) -> tuple[Words, ...] | None:
        """The words of a list; those of a set of medicines only when they are asked for: most never are."""
        named = self.value_sets.get(name)
        if name not in self.lists and named is not None and named.of == "medicines":
            self.lists[name] = _plain_words(_names(named, self.value_sets))
        return self.lists.get(name)


def _plain_words(written: Iterable[str]) -> tuple[Words, ...]:
    """Each of these in plain words, without those that hold no word."""
    words = (tuple(plain(each).split()) if each != _NUMBER else (_NUMBER,) for each in written)
    return tuple(each for each in words if each)


def _by_begin(alternatives: tuple[Words, ...]) -> Alternatives:
    found: dict[str, list[Words]] = {}
    for words in sorted(alternatives, key=lambda words: len(" ".join(words)), reverse=True):
        found.setdefault(words[0], []).append(words)
    return {begin: tuple(each) for begin, each in found.items()}


def read_wording(source: Source, value_sets: Mapping[str, ValueSet], reader: Reader) -> Wording:
    """`wording.yaml`. Every phrase stands with its reason, what forbids or asks for it, and what to write instead."""
    what = "wording.yaml"
    reader.keys(source, what, ["negations", "between", "lists", "refused", "required"])
    negations = _plain_words(reader.texts(source, "negations", what))
    phrases = _Phrases({}, value_sets, _read_gap(source, negations, reader))
    own = reader.mapping(source, "lists", what) or Source({}, source.file, source.line)
    for name in own.items:
        texts = reader.text_nodes(own, name, f"'lists' of {what}")
        phrases.lists[name] = tuple(word for text in texts for word in phrases.words(text.value or "", text, reader))
    ids: set[str] = set()
    return Wording(
        tuple(_read_entries(source, "refused", "say", phrases, negations, ids, reader)),
        tuple(_read_entries(source, "required", "any_of", phrases, (), ids, reader)),
    )


def _names(found: ValueSet, value_sets: Mapping[str, ValueSet], depth: int = 5) -> Iterable[str]:
    """Every name of a value set and of those it includes."""
    yield from (name for entry in found.entries for name in entry.names)
    for included in found.includes if depth else ():
        if included in value_sets:
            yield from _names(value_sets[included], value_sets, depth - 1)


def _read_gap(source: Source, negations: tuple[Words, ...], reader: Reader) -> Gap:
    what = "'between' of wording.yaml"
    never = (*negations, (",",), ("|",))
    node = reader.mapping(source, "between", "wording.yaml")
    if node is None or not reader.keys(node, what, ["at_most", "never"]):
        return Gap(0, never)
    most = _word(node, "at_most")
    if not re.fullmatch(r"\d", most):
        reader.problem((node.file, node.line_of("at_most")), f"'at_most' of {what} is '{most}'; write 0 to 9 words")
        return Gap(0, never)
    return Gap(int(most), (*never, *_plain_words(reader.texts(node, "never", what))))


def _read_entries(
    source: Source,
    part: str,
    say: str,
    phrases: _Phrases,
    negations: tuple[Words, ...],
    ids: set[str],
    reader: Reader,
) -> Iterable[Entry]:
    entries = source.items.get(part)
    if entries is not None and not isinstance(entries, Sequence):
        reader.problem(entries, f"'{part}' of wording.yaml must be a list; write '- id: …' lines, or [] for none")
        return
    for node in entries.items if isinstance(entries, Sequence) else ():
        what = f"an entry of '{part}'"
        optional = ["kinds", "certainty", *(["except", "even_after_a_negation"] if part == "refused" else [])]
        if not isinstance(node, Source):
            reader.problem(node, f"{what} must be a mapping with id, {say}, because, source and write")
            continue
        if not reader.keys(node, what, ["id", say, "because", "source", "write"], optional):
            continue
        entry_id = reader.text(node, "id", what)
        if entry_id in ids:
            reader.problem(
                (node.file, node.line_of("id")), f"the id '{entry_id}' stands twice in wording.yaml; keep one"
            )
        ids.add(entry_id)
        what = f"entry '{entry_id}'"
        texts = {key: reader.text(node, key, what) for key in ("because", "source", "write")}
        said, exceptions = (
            [phrases.phrase(text, reader) for text in reader.text_nodes(node, key, what)] for key in (say, "except")
        )
        if not said and say in node.items:
            reader.problem((node.file, node.line_of(say)), f"'{say}' of {what} holds no phrase; write one")
        even = reader.choice(node, "even_after_a_negation", what, ["no", "yes"]) == "yes"
        yield Entry(
            entry_id, _whole(said), _whole(exceptions), () if even else negations, _known(node, "kinds", KINDS, reader),
            _known(node, "certainty", CERTAINTIES, reader), texts["because"], texts["write"],
        )  # fmt: skip


def _whole(phrases: Iterable[Phrase | None]) -> tuple[Phrase, ...]:
    return tuple(phrase for phrase in phrases if phrase is not None)


def _known(node: Source, key: str, known: tuple[str, ...], reader: Reader) -> tuple[str, ...]:
    found = reader.text_nodes(node, key, "an entry of wording.yaml")
    for text in found:
        if text.value not in known:
            reader.problem(
                text,
                f"'{key}' of an entry of wording.yaml names '{text.value}'; {did_you_mean(text.value or '', known)}",
            )
    if key in node.items and not found:
        reader.problem(
            (node.file, node.line_of(key)), f"'{key}' of an entry of wording.yaml is empty; leave it out for all"
        )
    return tuple(text.value for text in found if text.value in known)
