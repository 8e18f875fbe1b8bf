"""Step sentences as they are written in a feature: `the <item> is "<quantity>" from <n> days ago`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from pytest_bdd.parsers import StepParser

_PART = re.compile(r"(\"?)<(\w+)>")
_QUOTED = re.compile(r'"[^"]*"')


class Sentence(StepParser):
    """A step whose text is this sentence. `<n>` is a number of days, other `<parts>` are words; quoted ones may be empty."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._regex = re.compile(_regex_of(name))

    def is_matching(self, name: str) -> bool:
        """Is this step written with this sentence?"""
        return self._regex.fullmatch(name) is not None

    def parse_arguments(self, name: str) -> dict[str, str] | None:
        """The parts of a step, by name; None where the sentence is another one."""
        found = self._regex.fullmatch(name)
        return found.groupdict() if found else None

    def parts_of(self, name: str) -> list[tuple[int, str]]:
        """The parts of a step with the places where they begin; none where the sentence is another one."""
        found = self._regex.fullmatch(name)
        return [(found.start(part), found[part]) for part in found.groupdict()] if found else []

    @property
    def regular_expression(self) -> str:
        """What a step must look like, as other languages than Python write it."""
        return self._regex.pattern.replace("(?P<", "(?<")


def _regex_of(sentence: str) -> str:
    pattern, at = "", 0
    for part in _PART.finditer(sentence):
        quote, name = part[1], part[2]
        words = r"\d{1,5}" if name == "n" else '[^"]*' if quote else '[^"]+?'
        pattern += f"{re.escape(sentence[at : part.start()])}{quote}(?P<{name}>{words})"
        at = part.end()
    pattern += re.escape(sentence[at:])
    return pattern.replace(re.escape(" days "), " days? ")  # "from 1 day ago" reads better than "from 1 days ago"


def nearest(step: str, sentences: Iterable[str]) -> list[str]:
    """The sentences most like a step that none of them matches, the nearest first; what stands in quotes does not count."""
    bare = {_QUOTED.sub('""', sentence): sentence for sentence in sentences}
    return [bare[found] for found in difflib.get_close_matches(_QUOTED.sub('""', step), bare, n=3, cutoff=0.5)]
