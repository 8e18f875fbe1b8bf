"""Fenced blocks and tables of the documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WALKTHROUGHS = [
    ROOT / "docs" / "tutorial.md",
    *(ROOT / "docs" / "how-to" / f"{page}.md" for page in ("alert-burden", "local-laboratory")),
]
"""followed step by step in an empty folder, by tests/docs/test_walkthroughs.py"""
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block, and where it begins."""

    place: str
    language: str
    text: str


def blocks_of(path: Path) -> list[Block]:
    """The fenced blocks of a document; a fence that is not closed is an error."""
    text = path.read_text(encoding="utf-8")
    found = [
        Block(f"{path.relative_to(ROOT).as_posix()}:{text.count(chr(10), 0, match.start()) + 1}", match[1], match[2])
        for match in _BLOCK.finditer(text)
    ]
    assert 2 * len(found) == len(re.findall(r"^```", text, re.MULTILINE)), f"{path.name}: a fence is not closed"
    return found


def blocks(language: str) -> list[Block]:
    """All blocks of one language that stand for themselves: commands of a walkthrough need what was done before."""
    apart = WALKTHROUGHS if language == "console" else []
    documents = [path for path in DOCUMENTS if path not in apart]
    return [block for path in documents for block in blocks_of(path) if block.language == language]


def table(text: str, after: str) -> list[list[str]]:
    """The rows of the first table after a line that begins so, without its head."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(after))
    rows: list[list[str]] = []
    for line in lines[start:]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            break
    return rows[2:]
