"""Reading located YAML by what is expected of it; every mistake is noted and reading goes on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from mgcds.errors import Problem
from mgcds.loading.source import Mapping, Node, Sequence, Text

_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,9})?")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, or the list of them."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    if not known:
        return "there is none yet"
    return f"write one of {', '.join(known)}" if len(known) <= 20 else f"none of the {len(known)} known ones is like it"


class Reader:
    """Reads one file's mapping and collects problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def problem(self, at: Node | tuple[str, int], what: str) -> None:
        """Note what is wrong and what to write instead."""
        file, line = at if isinstance(at, tuple) else (at.file, at.line)
        self.problems.append(Problem(file, line, what))

    def keys(self, node: Mapping, what: str, required: Iterable[str], optional: Iterable[str] = ()) -> bool:
        """Report unknown and missing keys; False if a required one is missing."""
        required, known = list(required), [*required, *optional]
        for key in node.items:
            if key not in known:
                self.problem((node.file, node.line_of(key)), f"{what} has '{key[:60]}'; {did_you_mean(key, known)}")
        missing = [key for key in required if key not in node.items]
        if missing:
            self.problem(node, f"{what} lacks {', '.join(repr(key) for key in missing)}; add it")
        return not missing

    def text(self, node: Mapping, key: str, what: str, default: str | None = None, longest: int = 4000) -> str:
        """A text; the default (or '') with a problem where it is none."""
        found = node.items.get(key)
        if found is None:
            return default or ""
        if isinstance(found, Text) and found.value is not None and found.value.strip():
            if len(found.value) <= longest:
                return " ".join(found.value.split())
            self.problem(found, f"'{key}' of {what} is longer than {longest} characters; shorten it")
        else:
            self.problem(found, f"'{key}' of {what} must be a text; write one after '{key}:'")
        return default or ""

    def optional_text(self, node: Mapping, key: str, what: str) -> str | None:
        """A text or null."""
        found = node.items.get(key)
        return None if isinstance(found, Text) and found.value is None else self.text(node, key, what) or None

    def choice(self, node: Mapping, key: str, what: str, known: Iterable[str], default: str = "") -> str:
        """One of the known words."""
        known = list(known)
        word = self.text(node, key, what, default)
        if word and word not in known:
            self.problem(
                (node.file, node.line_of(key)), f"'{key}' of {what} is '{word[:60]}'; {did_you_mean(word, known)}"
            )
            return default or known[0]
        return word or known[0]

    def texts(self, node: Mapping, key: str, what: str, single: bool = False) -> tuple[str, ...]:
        """A list of texts, each once; with `single`, one text stands for a list of one."""
        return tuple(text.value for text in self.text_nodes(node, key, what, single) if text.value is not None)

    def text_nodes(self, node: Mapping, key: str, what: str, single: bool = False) -> list[Text]:
        """The same, with their places."""
        found = node.items.get(key)
        if found is None:
            return []
        if single and isinstance(found, Text) and found.value is not None:
            return [found]
        if not isinstance(found, Sequence):
            self.problem(found, f"'{key}' of {what} must be a list; write [a, b], or [] for none")
            return []
        texts: list[Text] = []
        for item in found.items:
            if not isinstance(item, Text) or not (item.value or "").strip():
                self.problem(item, f"'{key}' of {what} holds an entry that is no text; put it in quotes or take it out")
            elif item.value in [text.value for text in texts[-50:]]:
                self.problem(item, f"'{key}' of {what} holds '{item.value}' twice; keep one")
            else:
                texts.append(item)
        return texts

    def mapping(self, node: Mapping, key: str, what: str) -> Mapping | None:
        """A mapping below a key."""
        found = node.items.get(key)
        if found is None or isinstance(found, Mapping):
            return found
        self.problem(found, f"'{key}' of {what} must be a mapping; write '{{name: value}}' or indented lines")
        return None

    def number(self, node: Text, what: str) -> Decimal | None:
        """A plain decimal number."""
        if node.value is not None and _NUMBER.fullmatch(node.value.strip()):
            return Decimal(node.value.strip())
        self.problem(node, f"{what} is '{(node.value or '')[:40]}'; write a plain number such as 30 or 0.70")
        return None

    def day(self, node: Mapping, key: str, what: str) -> date:
        """A date."""
        word = self.text(node, key, what)
        try:
            return date.fromisoformat(word)
        except ValueError:
            self.problem(
                (node.file, node.line_of(key)), f"'{key}' of {what} is '{word[:40]}'; write a date such as 2027-11-01"
            )
            return date.max

    def days(self, node: Mapping, key: str, what: str) -> int | None:
        """A number of days, `60 days`; None for `always` or where it is not there."""
        found = node.items.get(key)
        if found is None:
            return None
        word = self.text(node, key, what)
        if word == "always":
            return None
        match = re.fullmatch(r"(\d{1,5}) days?", word)
        if match is None:
            self.problem(found, f"'{key}' of {what} is '{word[:40]}'; write a number of days such as '60 days'")
            return None
        return int(match[1])
