"""What no text of a pack says, and what some must say: `wording.yaml`, held against every title and text when a pack loads.

A phrase is whole words, whatever their case. `stop/stops` is either word, `{treatment}` a word of a list or a name of a value
set of medicines, `#` a number and `...` up to so many other words of the same clause. Nothing else: a clinician can read it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
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
_NUMBER = r"\d\S*"
_EDGES = r"(?<!\S)(?:{})(?!\S)"


def plain(text: str) -> str:
    """Words, numbers, a comma for each pause and a bar for each end, joined with blanks: `A 0.5 mg-dose; no` → `a 0.5 mg dose | no`."""
    signs = {"percent": "percent", "end": "|", "pause": ","}
    visible = _DROPPED.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return " ".join(signs.get(token.lastgroup or "", token.group()) for token in _TOKEN.finditer(visible))


@lru_cache(8)
def _each(words: str) -> frozenset[str]:
    """Each of these plain words once, numbers as `#` too."""
    each = frozenset(words.split())
    return each | {"#"} if any(word[0].isdigit() for word in each) else each


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as a regular expression over plain words, and for each of its pieces the words that one can begin with."""

    written: str
    pieces: tuple[frozenset[str], ...]

    def found_in(self, words: str) -> Iterator[re.Match[str]]:
        """Its occurrences. Most texts lack the words of some piece: then the expression is not even compiled, which takes longest."""
        each = _each(words)
        if not any(piece.isdisjoint(each) for piece in self.pieces):
            yield from re.finditer(self.written, words)


@dataclass(frozen=True, slots=True)
class Entry:
    """Phrases that are refused, or of which one is required, for these kinds and certainties (empty: for all)."""

    id: str
    phrases: tuple[Phrase, ...]
    exceptions: tuple[Phrase, ...]
    lifted_by: re.Pattern[str] | None
    """a negation that ends directly before the phrase"""
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
        for phrase in self.phrases:
            for found in phrase.found_in(words):
                lifted = self.lifted_by is not None and self.lifted_by.search(words[: found.start()])
                if not lifted and not self._covered(found, words):
                    return found.group()
        return None

    def _covered(self, found: re.Match[str], words: str) -> bool:
        others = (other for exception in self.exceptions for other in exception.found_in(words))
        return any(other.start() <= found.start() and found.end() <= other.end() for other in others)


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
    """How phrases are written in one file: its lists, the names of the pack's medicines, and what may stand at `...`."""

    lists: dict[str, tuple[str, ...]]
    not_between: tuple[str, ...]
    between: int

    def phrase(self, text: Text, reader: Reader) -> Phrase | None:
        """A phrase as it is written, or None with a problem."""
        pieces = (text.value or "").split()
        if not pieces or "..." in (pieces[0], pieces[-1]):
            reader.problem(text, f"the phrase '{text.value}' begins or ends with '...'; begin and end it with a word")
            return None
        gap = rf"(?: (?!{_any_of((*self.not_between, ',', '|'))}(?!\S))\S+){{0,{self.between}}}?"
        alternatives = [self.words(piece, text, reader) for piece in pieces if piece != "..."]
        if not all(alternatives):
            return None
        each = iter(alternatives)
        written = "".join(gap if piece == "..." else f" {_any_of(next(each))}" for piece in pieces)
        firsts = tuple(frozenset(word.split()[0] for word in words) for words in alternatives)
        return Phrase(_EDGES.format(written.lstrip()), firsts)

    def words(self, piece: str, text: Text, reader: Reader) -> tuple[str, ...]:
        """The alternatives of `a/b` or `{list}` in plain words; none, with a problem, where they are not understood."""
        name = re.fullmatch(r"\{(\w+)\}", piece)
        if name and name[1] in self.lists and (self.lists[name[1]] or reader.problems):
            return self.lists[name[1]]  # empty only where a problem of its own, already reported, made it so
        words = tuple(word if word == "#" else plain(word) for word in piece.split("/"))
        if name:
            near = did_you_mean(name[1], (known for known, words in self.lists.items() if words))
            reader.problem(text, f"'{piece}' is neither a list above nor a value set of medicines; {near}")
        elif not all(words):
            reader.problem(text, f"the phrase '{text.value}' holds '{piece}', which is no word; write words")
        else:
            return words
        return ()


def _any_of(words: Iterable[str]) -> str:
    """One of these words, the longest first; `#` is any number."""
    ordered = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(_NUMBER if word == '#' else re.escape(word) for word in ordered)})"


def read_wording(source: Source, value_sets: Mapping[str, ValueSet], reader: Reader) -> Wording:
    """`wording.yaml`. Every phrase stands with its reason, what forbids or asks for it, and what to write instead."""
    what = "wording.yaml"
    reader.keys(source, what, ["negations", "between", "lists", "refused", "required"])
    negations = tuple(plain(word) for word in reader.texts(source, "negations", what))
    medicines = (found for found in value_sets.values() if found.of == "medicines")
    lists = {found.id: tuple(plain(name) for name in _names(found, value_sets)) for found in medicines}
    phrases = _Phrases(lists, *_read_between(source, negations, reader))
    own = reader.mapping(source, "lists", what) or Source({}, source.file, source.line)
    for name in own.items:
        texts = reader.text_nodes(own, name, f"'lists' of {what}")
        lists[name] = tuple(word for text in texts for word in phrases.words(text.value or "", text, reader) if word)
    before = re.compile(rf"(?<!\S){_any_of(negations)} $") if negations else None
    ids: set[str] = set()
    return Wording(
        tuple(_read_entries(source, "refused", "say", phrases, before, ids, reader)),
        tuple(_read_entries(source, "required", "any_of", phrases, None, ids, reader)),
    )


def _names(found: ValueSet, value_sets: Mapping[str, ValueSet], depth: int = 5) -> Iterable[str]:
    """Every name of a value set and of those it includes."""
    yield from (name for entry in found.entries for name in entry.names)
    for included in found.includes if depth else ():
        if included in value_sets:
            yield from _names(value_sets[included], value_sets, depth - 1)


def _read_between(source: Source, negations: tuple[str, ...], reader: Reader) -> tuple[tuple[str, ...], int]:
    what = "'between' of wording.yaml"
    node = reader.mapping(source, "between", "wording.yaml")
    if node is None or not reader.keys(node, what, ["at_most", "never"]):
        return negations, 0
    most = _word(node, "at_most")
    if not re.fullmatch(r"\d", most):
        reader.problem((node.file, node.line_of("at_most")), f"'at_most' of {what} is '{most}'; write 0 to 9 words")
        return negations, 0
    return (*negations, *(plain(word) for word in reader.texts(node, "never", what))), int(most)


def _read_entries(
    source: Source,
    part: str,
    say: str,
    phrases: _Phrases,
    before: re.Pattern[str] | None,
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
            entry_id, _whole(said), _whole(exceptions), None if even else before, _known(node, "kinds", KINDS, reader),
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
