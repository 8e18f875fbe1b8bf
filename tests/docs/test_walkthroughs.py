"""Pages that lead step by step are followed in an empty folder: files are written as they are shown, commands print what is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, WALKTHROUGHS, Block, blocks_of
from tests.docs.test_readme import wrong_with

FILE = re.compile(r"`([\w./-]+\.(?:yaml|feature))`")


def file_of(page: Path, block: Block) -> str:
    """The file that the paragraph before a block names."""
    before = page.read_text(encoding="utf-8").splitlines()[: int(block.place.rpartition(":")[2]) - 1]
    while not before[-1].strip():
        before.pop()
    paragraph = "\n".join(before).rpartition("\n\n")[2]
    named = FILE.findall(paragraph)
    assert len(named) == 1, f"{block.place}: the paragraph before it names {named or 'no file'}"
    return str(named[0])


def follow(page: Path, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Do what a page says, in its order; what does not come true."""
    for block in blocks_of(page):
        if block.language == "console":
            yield from wrong_with(block, environment, folder)
        elif block.language in ("yaml", "gherkin"):
            file = folder / file_of(page, block)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")


@pytest.mark.parametrize("page", WALKTHROUGHS, ids=lambda page: page.stem)
def test_a_page_that_leads_comes_true(page: Path, tmp_path: Path, with_mgcds: dict[str, str]) -> None:
    assert list(follow(page, tmp_path, with_mgcds)) == []


def test_the_rule_of_the_tutorial_was_really_built(tmp_path: Path, with_mgcds: dict[str, str]) -> None:
    from mgcds.loading import load_pack

    blocks = blocks_of(ROOT / "docs" / "tutorial.md")
    assert [block.language for block in blocks].count("yaml") == 2
    assert "digoxin-without-magnesium" not in load_pack().rules, "the exercise is no rule of the pack"


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        pytest.param("6 survived", "5 survived", id="another number"),
        pytest.param("offered → withheld", "offered → suppressed", id="another status"),
        pytest.param("| 91   | offered       |", "| 91   | not indicated |", id="another scenario"),
        pytest.param("witin: 90 days}", "within: 90 days}", id="a mistake that is none"),
    ],
)
def test_a_tutorial_that_does_not_come_true_is_noticed(
    written: str, instead: str, tmp_path: Path, with_mgcds: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.docs.blocks.ROOT", tmp_path)
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    assert written in text
    (tmp_path / "tutorial.md").write_text(text.replace(written, instead), encoding="utf-8")
    (tmp_path / "done").mkdir()
    assert next(follow(tmp_path / "tutorial.md", tmp_path / "done", with_mgcds), None) is not None
