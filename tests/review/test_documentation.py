"""The documentation as pages: whole, without a dead link, and true where it is made from the program."""

from __future__ import annotations

import doctest
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

import mgcds
import mgcds.cli
import mgcds.evaluator
import mgcds.fhir
from mgcds.errors import ReviewError
from mgcds.review import reference
from mgcds.review.documentation import DOCUMENTATION, docs_root, find_pages, read_page, render_docs
from mgcds.review.rendering import MOST_BYTES, Site
from tests.docs.blocks import blocks_of


class Seen(HTMLParser):
    """What a page refers to, the names on it, and the text of its code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.current = 0
        self.code: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.tags.append(tag)
        self.loads += [given[key] for key in ("src", "srcset", "action") if key in given]
        if "href" in given:
            (self.links if tag == "a" else self.loads).append(given["href"])
        if "id" in given:
            self.ids.append(given["id"])
        self.current += given.get("aria-current") == "page"
        if tag == "pre":
            self._inside = True
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.code[-1] += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the documentation alone."""
    site = Site(tmp_path_factory.mktemp("site"), (DOCUMENTATION,), {})
    site.write_style()
    render_docs(site, mgcds.cli.app)
    return site.folder


def render(root: Path, into: Path) -> dict[str, int]:
    return render_docs(Site(into, (DOCUMENTATION,), {}), mgcds.cli.app, root)


# --- the pages ------------------------------------------------------------------------------------------------------------


def test_every_document_is_a_page(folder: Path) -> None:
    pages = {path.relative_to(folder / "docs").with_suffix("").as_posix() for path in (folder / "docs").rglob("*.html")}
    assert pages == set(find_pages(docs_root()))
    assert {"index", "tutorial", "safety", "semantics", "how-to/embed", "explanation/proved"} <= pages


@pytest.mark.parametrize("path", find_pages(docs_root()))
def test_a_page_is_whole(folder: Path, path: str) -> None:
    text = (folder / "docs" / f"{path}.html").read_text(encoding="utf-8")
    seen = Seen(text)
    assert len(text.encode()) < MOST_BYTES
    assert seen.loads == ["../" * (path.count("/") + 1) + "style.css"], "nothing else is loaded, from here or elsewhere"
    assert "script" not in seen.tags
    assert seen.tags.count("h1") == 1
    assert len(seen.ids) == len(set(seen.ids))
    assert seen.current == (2 if path == "index" else 1), "the navigation shows where the reader is, and the masthead"
    assert "<!--" not in text, "every place is filled"


@pytest.mark.parametrize("path", find_pages(docs_root()))
def test_code_is_shown_as_it_was_written(folder: Path, path: str) -> None:
    shown = Seen((folder / "docs" / f"{path}.html").read_text(encoding="utf-8")).code
    written = [block.text for block in blocks_of(docs_root() / f"{path}.md")]
    assert shown[: len(written)] == written


def test_every_link_of_every_page_leads_somewhere(folder: Path) -> None:
    """By the files that were written: the check of the links while rendering is by what was read."""
    for page in (folder / "docs").rglob("*.html"):
        for link in Seen(page.read_text(encoding="utf-8")).links:
            file, _, anchor = link.partition("#")
            target = (page.parent / file).resolve() if file else page
            if link.startswith("https:") or target == folder / "index.html":  # that of the rules, written beside
                continue
            assert target.is_file(), f"{page}: {link}"
            assert not anchor or anchor in Seen(target.read_text(encoding="utf-8")).ids, f"{page}: {link}"


# --- what is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        pytest.param("index.md", "# A\n[b](b.md)", r"index\.md: b\.html: there is no such page", id="a page that is not there"),
        pytest.param("index.md", "# A\n[b](x.md#two)", r"index\.md: x\.html#two: the page has no such heading", id="a heading"),
        pytest.param("index.md", "# A\n[b](#two)", r"index\.md: #two: the page has no such heading", id="a heading of its own"),
        pytest.param("index.md", "# A\n[b](../README.md)", r"index\.md: .*README.*: there is no such page", id="outside"),
        pytest.param("how-to/a.md", "# A\n[b](x.md)", r"how-to/a\.md: x\.html: there is no such page", id="from another folder"),
        pytest.param("lost/a.md", "# A", r"lost/a\.md: no section of the navigation has it", id="a page nobody finds"),
        pytest.param("index.md", "No title", r"index\.md begins with no title", id="no title"),
        pytest.param("index.md", "# A\n\n<!-- commandz -->\n", "a place 'commandz' that nothing fills", id="a place"),
    ],
)  # fmt: skip
def test_a_page_that_would_mislead_is_refused(tmp_path: Path, file: str, text: str, complaint: str) -> None:
    docs = tmp_path / "docs"
    for name, content in {"x.md": "# X\n\n## One\n", "index.md": "# A\n[x](x.md#one)", file: text}.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(content, encoding="utf-8")
    with pytest.raises(ReviewError, match=complaint):
        render(docs, tmp_path / "site")
    (docs / file).unlink()
    (docs / "index.md").write_text("# A\n[x](x.md#one), [elsewhere](https://example.org/)", encoding="utf-8")
    assert set(render(docs, tmp_path / "site")) == {"docs/index.html", "docs/x.html"}


def test_no_documentation_is_no_site(tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="no documentation is in"):
        render(tmp_path, tmp_path / "site")


def test_markup_in_a_document_is_text_and_headings_keep_their_own_names(tmp_path: Path) -> None:
    (tmp_path / "index.md").write_text(
        "# A <b>\n\n## Two\n\n## Two\n\n<script>x</script>\n\n```\n<i>\n```\n", encoding="utf-8"
    )
    page = read_page(tmp_path, "index", mgcds.cli.app)
    assert [heading.anchor for heading in page.headings] == ["two", "two-2"]
    assert "<script>" not in page.body
    assert "<i>" not in page.body


# --- made from the program ------------------------------------------------------------------------------------------------


def parameters(table: str) -> set[str]:
    """The options named in the first column."""
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    return {option for row in rows for option in re.findall(r"(?<!\S)`(--?[\w-]+)", row.split(" | ")[0])}


def of_command(app: typer.Typer) -> dict[str, set[str]]:
    """Options by command, as the program itself knows them once it is built."""
    found: dict[str, set[str]] = {}

    def collect(command: Any, name: str) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            found[name] = {option for each in command.params for option in each.opts if option.startswith("-")}
        else:
            for key, each in inner.items():
                collect(each, f"{name} {key}")

    collect(typer.main.get_command(app), "mgcds")
    return found


def shown(app: typer.Typer) -> dict[str, set[str]]:
    sections = reference.command_line(app).split("## ")[1:]
    return {title: parameters(body) for title, _, body in (each.partition("\n") for each in sections)}


def test_the_reference_has_every_command_with_every_option() -> None:
    commands = shown(mgcds.cli.app)
    assert commands.pop("Exit codes") == set()
    assert commands == of_command(mgcds.cli.app)
    assert {"--on", "--format", "--all"} <= commands["mgcds evaluate"]
    assert {"--output", "-o"} <= commands["mgcds export cql"]


def test_a_new_command_and_option_appear_by_themselves() -> None:
    app = typer.Typer(epilog="Exit codes: 0 done")

    @app.command("look-up")
    def find(where: str, many: Annotated[int, typer.Option(help="How many | at most.")] = 1) -> None:
        """Find it."""

    @app.command()
    def keep(file: Annotated[str, typer.Argument(metavar="FILE", help="Which.")]) -> None:
        """Keep it."""

    text = reference.command_line(app)
    assert "## mgcds look-up\n\nFind it." in text
    assert "| `--many MANY` | How many \\| at most. |" in text
    assert "## mgcds keep\n\nKeep it." in text
    assert "| `FILE` | Which. |" in text


def test_every_public_name_is_documented() -> None:
    text = reference.python_api()
    for name in (*mgcds.__all__, *mgcds.fhir.__all__):
        assert re.search(rf"^### {name}$", text, re.MULTILINE), name
    assert "EngineDisagreement" in text
    assert "`phq9_item9`" in text, "the fields of a record"
    assert "| `offered` | What is suggested. |" in text, "the properties of an assessment"


def test_what_docstrings_of_public_names_show_comes_true() -> None:
    runner, finder = doctest.DocTestRunner(verbose=False), doctest.DocTestFinder(recurse=False)
    for name in mgcds.__all__:
        found = getattr(mgcds, name)
        names = vars(__import__(found.__module__, fromlist=[name]))
        for test in finder.find(found, name, globs={**names}):
            runner.run(test)
    assert runner.tries > 0
    assert runner.failures == 0


def table_of(text: str) -> list[list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


# Kleene 1952, § 64: strong connectives, with rows and columns met, not met, unknown.
KLEENE = {
    "and": ["met", "not met", "unknown", "not met", "not met", "not met", "unknown", "not met", "unknown"],
    "or": ["met", "met", "met", "met", "not met", "unknown", "met", "unknown", "unknown"],
}


def test_the_tables_of_three_values_are_those_of_kleene() -> None:
    _, conjunction, disjunction, negation = reference.truth_tables().split("### ")
    for text, word in ((conjunction, "and"), (disjunction, "or")):
        assert text.startswith(word)
        assert [cell for row in table_of(text) for cell in row[1:]] == KLEENE[word]
    assert table_of(negation) == [["met", "not met"], ["not met", "met"], ["unknown", "unknown"]]


def test_the_tables_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded fault: a conjunction that takes an unknown for met."""
    before = reference.truth_tables()
    monkeypatch.setattr(reference, "all_of", lambda truths: False not in list(truths))
    assert reference.truth_tables() != before


def test_the_table_of_statuses() -> None:
    """By the rule of the design: met and cleared is offered, a holder that applies suppresses, doubt withholds."""
    assert table_of(reference.status_table()) == [
        ["met", "offered", "offered", "suppressed", "withheld", "offered"],
        ["unknown", "withheld", "withheld", "suppressed", "withheld", "withheld"],
        ["not met", *["not indicated"] * 5],
    ]


def test_the_table_of_comparisons() -> None:
    """Worked out by hand for a limit of 30."""
    met, not_met, unknown = "met", "not met", "unknown"
    assert [row[1:] for row in table_of(reference.comparison_table())] == [
        [met, met, not_met, not_met],  # 29.9
        [not_met, met, met, not_met],  # 30
        [unknown] * 4,  # between 25 and 35
        [met, met, not_met, not_met],  # <30
        [not_met, not_met, met, met],  # >30
        [unknown] * 4,  # >25
    ]
