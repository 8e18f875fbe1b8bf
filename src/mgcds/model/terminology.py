"""Value sets, and which of them an entry of a list belongs to: by exact code, by ATC or ICD-10-CM prefix, by whole words of its text.

An entry that nothing recognises is "not recognised", never "not in the set".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

SYSTEM_OF_URI = {
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://www.whocc.no/atc": "atc",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10cm",
    "http://snomed.info/sct": "snomed",
}
PREFIXED = ("atc", "icd10cm")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_WORD = re.compile(r"[^\W_]+")
_PART = 2000
# To normalise marks that are written over a letter takes the square of their number: long texts are cut, before a blank or punctuation.
_PARTS = re.compile(rf"[\s\S]{{1,{_PART}}}(?![^\s!-/:-@\[-`{{-~])|[\s\S]{{1,{_PART}}}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One substance, diagnosis or symptom: its names, and its codes by system (prefixes for ATC and ICD-10-CM)."""

    names: tuple[str, ...]
    codes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A named set of codes and names with its source and version. `not_when`: phrases that keep a text from matching at all,
    such as "family history".
    """

    id: str
    title: str
    of: str
    version: str
    source: str
    includes: tuple[str, ...]
    entries: tuple[Entry, ...]
    not_when: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The value sets an entry belongs to, and how that was found; `recognised` is False where nothing knows the entry."""

    value_sets: frozenset[str]
    how: str
    recognised: bool


def words(text: str) -> tuple[str, ...]:
    """Whole words, lower case, without invisible characters: `BuPROPion (Sustained Release)` → bupropion, sustained, release."""
    parts = (text,) if len(text) <= _PART else _PARTS.findall(text)
    return tuple([word for part in parts for word in _words_of(part)])


def _words_of(text: str) -> list[str]:
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _WORD.findall(visible.casefold())


class Vocabulary:
    """All value sets of one list, ready to look entries up."""

    def __init__(
        self, of: str, value_sets: Iterable[ValueSet], other_names: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self.of = of
        sets = {found.id: found for found in value_sets if found.of == of}
        self.value_sets = tuple(sets)
        self._codes: dict[tuple[str, ...], frozenset[str]] = {}
        self._phrases: dict[tuple[str, ...], frozenset[str]] = {}
        self._blocked: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        """by their first word"""
        for found in sets.values():
            holders = frozenset(holder for holder in sets if found.id in with_included(holder, sets))
            for entry in found.entries:
                for system, codes in entry.codes.items():
                    for code in codes:
                        self._add(self._codes, (system, plain_code(code)), holders)
                for name in entry.names:
                    self._add(self._phrases, words(name), holders)
            for phrase in filter(None, map(words, found.not_when)):
                self._blocked.setdefault(phrase[0], []).extend((phrase, holder) for holder in holders)
        self._longest = max((len(phrase) for phrase in self._phrases), default=0)
        self._other_names = other_names
        self._found: dict[tuple[str | None, tuple[tuple[str, str], ...]], Match] = {}

    @staticmethod
    def _add(table: dict[tuple[str, ...], frozenset[str]], key: tuple[str, ...], holders: frozenset[str]) -> None:
        table[key] = table.get(key, frozenset()) | holders

    def match(self, name: str | None, codes: tuple[tuple[str, str], ...]) -> Match:
        """Look one entry up by its codes (system, code) and its text."""
        key = (name, codes)
        found = self._found.get(key)
        if found is None:
            found = self._match(name, codes)
            if len(self._found) < 100_000:  # names repeat; a bound keeps a long-running service's memory flat
                self._found[key] = found
        return found

    def _match(self, name: str | None, codes: tuple[tuple[str, str], ...]) -> Match:
        by_code: frozenset[str] = frozenset()
        how, recognised = [], False
        for system, code in codes:
            system = SYSTEM_OF_URI.get(system, system)
            sets, matched = self._by_code(system, plain_code(code))
            by_code |= sets
            recognised |= matched is not None or (system == "atc" and len(code) == 7) or system == "icd10cm"
            if matched is not None:
                how.append(f"{system} {matched}")
        text = words(name or "")
        by_text, phrases = self._by_text(text)
        how += [f"text '{' '.join(phrase)}'" for phrase in phrases]
        recognised = recognised or bool(phrases) or self._is_something_else(text)
        return Match(by_code | by_text, ", ".join(how), recognised)

    def _is_something_else(self, text: tuple[str, ...]) -> bool:
        """A medicine is known by its name alone; a diagnosis or symptom in words is known as what it says."""
        if self.of != "medicines":
            return any(len(word) > 2 for word in text)
        return any(
            text[at : at + length] in self.others
            for at in range(len(text))
            for length in range(1, min(self._longest_other, len(text) - at) + 1)
        )

    @cached_property
    def others(self) -> frozenset[tuple[str, ...]]:
        """Names of other medicines: read only when an entry is in no value set."""
        return frozenset(words(name) for name in self._other_names())

    @cached_property
    def _longest_other(self) -> int:
        return max(map(len, self.others), default=0)

    def _by_code(self, system: str, code: str) -> tuple[frozenset[str], str | None]:
        """The sets that hold the code or a prefix of it, and the longest that did: captopril with a thiazide is both."""
        shortest = 3 if system in PREFIXED else len(code)
        found = [
            code[:length] for length in range(len(code), shortest - 1, -1) if (system, code[:length]) in self._codes
        ]
        if not found:
            return frozenset(), None
        sets = frozenset[str]().union(*(self._codes[system, part] for part in found))
        return sets, found[0] if found[0] == code else f"{found[0]}*"

    def _by_text(self, text: tuple[str, ...]) -> tuple[frozenset[str], list[tuple[str, ...]]]:
        """Longest phrases first, from left to right; a matched phrase is used up ("esomeprazole magnesium" is no magnesium)."""
        sets: frozenset[str] = frozenset()
        phrases, at = [], 0
        while at < len(text):
            step = 1
            for length in range(min(self._longest, len(text) - at), 0, -1):
                phrase = text[at : at + length]
                if phrase in self._phrases:
                    sets |= self._phrases[phrase]
                    phrases.append(phrase)
                    step = length
                    break
            at += step
        blocked = {
            value_set
            for at, word in enumerate(text)
            for phrase, value_set in self._blocked.get(word, ())
            if text[at : at + len(phrase)] == phrase
        }
        return sets - blocked, phrases


def with_included(holder: str, sets: Mapping[str, ValueSet]) -> set[str]:
    """A set and all it includes, followed to the end."""
    found, todo = set[str](), [holder]
    while todo:
        current = todo.pop()
        if current not in found and current in sets:
            found.add(current)
            todo += sets[current].includes
    return found


def plain_code(code: str) -> str:
    """ICD-10-CM comes with and without its dot; no other code has one that matters."""
    return code.replace(".", "").strip().upper()
