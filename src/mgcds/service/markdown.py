"""Text in GitHub Flavored Markdown that stays text: whatever a record holds, it becomes no markup, no link and no HTML."""

from __future__ import annotations

import html
import re
import unicodedata

_MARKUP = re.compile(r"([\\`*_\[\]|~#$])")
_LINK = re.compile(r"://|(?<![A-Za-z0-9])www\.", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<=[\w.+-])@(?=\w)")
_LONGEST = 300


def plain(text: str, longest: int = _LONGEST) -> str:
    """One line without characters that steer a display or turn the direction of writing, cut between words."""
    seen = text
    if not text.isascii() or not text.isprintable():
        seen = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    return shortened(" ".join(seen.split()), longest)


def escaped(text: str, longest: int = _LONGEST) -> str:
    """The same as Markdown that shows it as it is, also where raw HTML is rendered.

    Line breaks go, so nothing can begin a line; `://`, `www.` and addresses are broken up, so nothing becomes a link by itself.
    """
    # an address is matched after escapes are resolved (GFM 6.9), so a backslash would not do
    safe = html.escape(_ADDRESS.sub(" @ ", plain(text, longest)), quote=False)
    safe = _MARKUP.sub(r"\\\1", safe)
    return _LINK.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}" if found[0][0] != ":" else "\\://", safe)


def shortened(text: str, longest: int) -> str:
    """At most so many characters: cut between words where there are any, and marked as cut."""
    if len(text) <= longest:
        return text
    kept = text[:longest].rpartition(" ")[0].rstrip(" ,;:-") or text[: longest - 1]
    return f"{kept}…" if len(kept) < longest else f"{kept[: longest - 1]}…"


def bullets(title: str, lines: list[str]) -> list[str]:
    """A heading in bold with its lines below; nothing where there is none. The lines are Markdown already."""
    return [f"**{title}**", "", *(f"- {line}" for line in lines), ""] if lines else []
