"""YAML files as located text: every scalar is its text, and what it means follows from where it stands.

So `no`, `12:30` and `1e3` surprise nobody. Anchors, aliases, tags and doubled keys are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from mgcds.errors import Problem

LARGEST_FILE = 2_000_000
_DEEPEST = 20


@dataclass(slots=True)
class Text:
    """A scalar; `value` is None for an empty or `null` one that is not in quotes."""

    value: str | None
    file: str
    line: int


@dataclass(slots=True)
class Sequence:
    items: list[Node]
    file: str
    line: int


@dataclass(slots=True)
class Mapping:
    """Keys in the order of the file; each with the line it stands on."""

    items: dict[str, Node]
    file: str
    line: int
    lines: dict[str, int] = field(default_factory=dict)

    def line_of(self, key: str) -> int:
        return self.lines.get(key, self.line)


Node = Text | Sequence | Mapping


class _Refused(Exception):
    def __init__(self, line: int, what: str) -> None:
        self.line, self.what = line, what


def read_yaml(path: Path, file: str, problems: list[Problem]) -> Mapping | None:
    """One file as a mapping; None, with a problem, where it is none."""
    try:
        return parse_yaml(path.read_bytes(), file, problems)
    except OSError as error:
        problems.append(Problem(file, 1, f"cannot be read: {error.strerror}"))
        return None


def parse_yaml(content: bytes, file: str, problems: list[Problem]) -> Mapping | None:
    """The content of a file as a mapping; None, with a problem, where it is none."""
    if len(content) > LARGEST_FILE:
        problems.append(Problem(file, 1, f"is larger than {LARGEST_FILE} bytes; split it"))
        return None
    try:
        text = content.decode("utf-8-sig")
        node = _document(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), file, problems)
    except UnicodeDecodeError:
        problems.append(Problem(file, 1, "is not UTF-8 text; save it as UTF-8"))
    except _Refused as refused:
        problems.append(Problem(file, refused.line, refused.what))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = (
            getattr(error, "problem", None) or getattr(error, "reason", None) or "a character that YAML does not allow"
        )
        context = getattr(error, "context", None) or ""
        if "quoted" in context or "flow" in context:  # where the quote or bracket was opened, not where the file ends
            mark = getattr(error, "context_mark", None) or mark
        line = mark.line + 1 if mark else 1
        problems.append(Problem(file, line, f"is not YAML: {what}; check indentation, quotes and brackets"))
    else:
        if isinstance(node, Mapping):
            return node
        problems.append(Problem(file, 1, "is not a mapping of keys to values; write 'key: value' lines"))
    return None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _document(events: Iterator[yaml.Event], file: str, problems: list[Problem]) -> Node | None:
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            node = _node(next(events), events, file, problems, 0)
            for later in events:
                if isinstance(later, yaml.DocumentStartEvent):
                    raise _Refused(_line(later), "holds a second document after '---'; one file is one document")
            return node
    return None


def _node(event: yaml.Event, events: Iterator[yaml.Event], file: str, problems: list[Problem], depth: int) -> Node:
    line = _line(event)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise _Refused(line, "uses a YAML anchor or alias ('&', '*'); write the value out, or put the text in quotes")
    if depth > _DEEPEST:
        raise _Refused(line, f"is nested more than {_DEEPEST} levels deep")
    tag = getattr(event, "tag", None)
    if tag not in (None, "!"):
        raise _Refused(line, f"uses the YAML tag '{str(tag)[:40]}'; leave it out")
    if isinstance(event, yaml.ScalarEvent):
        plain_null = not event.style and event.value in ("", "~", "null")
        return Text(None if plain_null else event.value, file, line)
    if isinstance(event, yaml.SequenceStartEvent):
        return Sequence(list(_children(yaml.SequenceEndEvent, events, file, problems, depth)), file, line)
    found = Mapping({}, file, line)
    children = _children(yaml.MappingEndEvent, events, file, problems, depth)
    for key in children:
        value = next(children)
        if not isinstance(key, Text) or key.value is None:
            raise _Refused(key.line, "has a key that is no plain text")
        if key.value in found.items:
            problems.append(Problem(file, key.line, f"'{key.value}' stands twice; keep one"))
        found.items[key.value], found.lines[key.value] = value, key.line
    return found


def _children(
    end: type[yaml.Event], events: Iterator[yaml.Event], file: str, problems: list[Problem], depth: int
) -> Iterator[Node]:
    for event in events:
        if isinstance(event, end):
            return
        yield _node(event, events, file, problems, depth + 1)
