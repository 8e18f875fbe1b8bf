"""The documentation as pages: `docs/*.md` in the frame of the site, with what is made from the program filled in. A link that leads
nowhere is refused, and so is a page that nothing leads to.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound
from typer import Typer

from mgcds.errors import ReviewError
from mgcds.review import reference
from mgcds.review.rendering import Entry, Site

FOLDER = "docs"
DOCUMENTATION = Entry("Documentation", f"{FOLDER}/index.html", FOLDER)
SECTIONS: Mapping[str, Sequence[str]] = {
    "Begin": ("index", "safety", "tutorial"),
    "How to": ("how-to/",),
    "Reference": ("rule-language", "semantics", "command-line", "python-api", ""),
    "Explanation": ("explanation/",),
}
"""section → its pages: by name, all of a folder, or (`""`) every other at the top"""

_FILLED: Mapping[str, Callable[[Typer], str]] = {
    "tables of and, or, not": lambda _: reference.truth_tables(),
    "table of statuses": lambda _: reference.status_table(),
    "table of comparisons": lambda _: reference.comparison_table(),
    "commands": reference.command_line,
    "names of mgcds": lambda _: reference.python_api(),
}
_PLACE = re.compile(r"^<!-- (.+) -->$", re.MULTILINE)
_LEXERS = {"console": "console", "sh": "bash", "gherkin": "gherkin", "yaml": "yaml", "python": "python", "json": "json"}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a page, and its name in a link."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Page:
    """One page: its path without an ending (`how-to/embed`), what it holds, and the links that it makes."""

    path: str
    title: str
    body: Markup
    headings: Sequence[Heading]
    links: Sequence[str]

    @property
    def href(self) -> str:
        """Below the folder of the site."""
        return f"{FOLDER}/{self.path}.html"


@dataclass(frozen=True, slots=True)
class Section:
    """Pages under one heading of the navigation."""

    title: str
    pages: Sequence[Page]


def docs_root() -> Path:
    """The documentation that comes with mgcds: in the wheel `mgcds/docs`, in a checkout `docs` at its top."""
    package = Path(__file__).resolve().parents[1]
    return package / "docs" if (package / "docs").is_dir() else package.parents[1] / "docs"


def render_docs(site: Site, app: Typer, root: Path | None = None) -> dict[str, int]:
    """Write every page of the documentation below `docs/` of the site; the bytes of each. `app`: that of the
    command line. ReviewError lists all links that lead nowhere.
    """
    where = root or docs_root()
    pages = {path: read_page(where, path, app) for path in find_pages(where)}
    faults = [*dead_links(pages), *_unreached(pages)]
    if faults:
        raise ReviewError("the documentation has links to repair:\n" + "\n".join(f"  {fault}" for fault in faults))
    sections = [*_sections(pages)]
    written = {}
    for page in pages.values():
        context = {"title": page.title, "page": page, "sections": sections}
        written[page.href] = site.write(page.href, "documentation.html", **context)
    return written


def find_pages(root: Path) -> list[str]:
    """The paths of all pages, without their ending. ReviewError where there is no documentation."""
    found = sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.md"))
    if not found:
        raise ReviewError(f"no documentation is in {root}")
    return found


def read_page(root: Path, path: str, app: Typer) -> Page:
    """One page, rendered. ReviewError where it has no title, or a place that nothing fills."""
    text = _PLACE.sub(lambda place: _fill(place[1], path, app), (root / f"{path}.md").read_text(encoding="utf-8"))
    parser = _parser()
    tokens = parser.parse(text)
    headings, links = [*_name_headings(tokens)], [*_turn_links(tokens)]
    if not headings or headings[0].level != 1:
        raise ReviewError(f"{path}.md begins with no title; write '# …' first")
    body = Markup(parser.renderer.render(tokens, parser.options, {}))
    return Page(path, headings[0].text, body, headings[1:], links)


def _fill(place: str, path: str, app: Typer) -> str:
    if place not in _FILLED:
        raise ReviewError(f"{path}.md has a place '{place}' that nothing fills; known are {', '.join(_FILLED)}")
    return _FILLED[place](app)


# --- links ----------------------------------------------------------------------------------------------------------------


def dead_links(pages: Mapping[str, Page]) -> Iterator[str]:
    """Links inside the documentation to a page or heading that is not there."""
    anchors = {f"{path}.html": {heading.anchor for heading in page.headings} for path, page in pages.items()}
    for path, page in pages.items():
        for link in page.links:
            file, _, anchor = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else f"{path}.html"
            if target not in anchors:
                yield f"{path}.md: {link}: there is no such page"
            elif anchor and anchor not in anchors[target]:
                yield f"{path}.md: {link}: the page has no such heading"


def _unreached(pages: Mapping[str, Page]) -> Iterator[str]:
    listed = {page.path for section in _sections(pages) for page in section.pages}
    yield from (f"{path}.md: no section of the navigation has it" for path in pages if path not in listed)


def _sections(pages: Mapping[str, Page]) -> Iterator[Section]:
    named = {name for names in SECTIONS.values() for name in names}
    for title, names in SECTIONS.items():
        found: list[Page] = []
        for name in names:
            if name in pages:
                found.append(pages[name])
            elif not name or name.endswith("/"):
                inside = [path for path in pages if path.startswith(name) and path not in named]
                found += [pages[path] for path in inside if name or "/" not in path]
        if found:
            yield Section(title, found)


def _turn_links(tokens: Sequence[Token]) -> Iterator[str]:
    """Links to `.md` become links to `.html`; each link that is not to another site."""
    for token in tokens:
        for part in token.children or ():
            target = str(part.attrGet("href") or "")
            if part.type == "link_open" and not target.startswith(("https:", "http:", "mailto:")):
                file, hash_sign, anchor = target.partition("#")
                turned = re.sub(r"\.md$", ".html", file) + hash_sign + anchor
                part.attrSet("href", turned)
                yield turned


# --- Markdown -------------------------------------------------------------------------------------------------------------


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule(
        "table_open", lambda *_: '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>'
    )
    parser.add_render_rule("table_close", lambda *_: "</table></div>")
    return parser


def _fence(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    """Code, coloured where its language is known; it can be scrolled with the keyboard."""
    token = tokens[at]
    language = token.info.strip()
    try:
        lexer = get_lexer_by_name(_LEXERS.get(language, language or "text"), stripnl=False)
        code = highlight(token.content, lexer, HtmlFormatter(nowrap=True))
    except ClassNotFound:
        code = str(escape(token.content))
    kind = " console" if language == "console" else ""  # what a program prints may be wrapped, a file may not
    return f'<pre class="code{kind}" tabindex="0"><code>{code}</code></pre>\n'


def _name_headings(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Give each heading a name of its own on the page."""
    taken: dict[str, int] = {}
    for token, inline in pairwise(tokens):
        if token.type != "heading_open":
            continue
        text = "".join(part.content for part in inline.children or ())
        slug = re.sub(r"[^\w]+", "-", text.casefold()).strip("-") or "section"
        taken[slug] = taken.get(slug, 0) + 1
        anchor = slug if taken[slug] == 1 else f"{slug}-{taken[slug]}"
        token.attrSet("id", anchor)
        yield Heading(int(token.tag[1:]), text, anchor)
