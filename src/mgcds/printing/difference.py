"""What another version of a pack changes, and for whom (`mgcds diff`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.text import Text

from mgcds.printing.console import STYLES, Printer

if TYPE_CHECKING:
    from mgcds.verification.difference import Difference, PackDifference

_GROUPS = ("Newly offered", "No longer offered", "In another status")
_MEANS = {
    "none": "These are the same files.",
    "patch": "Nothing changes for anybody.",
    "minor": "Some get a suggestion that they did not get; nobody loses one, and no stop changes.",
    "major": "Somebody loses a suggestion or gets it otherwise, a stop changes, or something is not decided.",
}


def print_difference(printer: Printer, found: PackDifference, everything: bool = False) -> None:
    """Who newly gets what and who no longer does, each with a patient; then what is said otherwise, and the version that follows."""
    printer.line(f"{found.old[0]}, {found.old[1][:12]} → {found.new[0]}, {found.new[1][:12]}", style="bold")
    printer.line(_MEANS[found.level])
    gained, lost = found.of(gained=True), found.of(gained=False)
    others = [each for each in found.differences if each not in (*gained, *lost)]
    for title, group in zip(_GROUPS, (gained, lost, others), strict=True):
        _print_group(printer, title, group, everything or group is not others)
    if others and not everything:
        printer.line("--all shows a patient for each of these", 2)
    said = [f"{each.rule}, {each.field}: '{each.before}' is now '{each.after}'" for each in found.reworded]
    if said:
        printer.section(f"Said otherwise ({len(said)})", said)
    if found.elsewhere:
        printer.section(
            f"Shown otherwise, or not decided ({len(found.elsewhere)})",
            [f"{each.says} ({each.level})" for each in found.elsewhere],
        )
    printer.line()
    printer.line(verdict(found), style="" if found.is_accepted else "bold red")


def verdict(found: PackDifference) -> str:
    """Which version the new pack must at least have, and whether it has."""
    if found.level == "none":
        return f"Version {found.new[0]} stays."
    needs = f"{found.level} change: the version after {found.old[0]} must be at least {found.at_least}"
    return f"{needs}. It is {found.new[0]}{'.' if found.is_accepted else ': refused.'}"


def _print_group(printer: Printer, title: str, group: Iterable[Difference], examples: bool) -> None:
    group = list(group)
    if group:
        printer.heading(f"{title} ({len(group)})")
    for each in group:
        head = Text(f"{each.kind.upper()}  ", style=STYLES.get(each.kind, "bold"))
        head.append(
            f"{each.title} [{each.rule}]: {_status(each.before.status)} → {_status(each.after.status)} ({each.level})"
        )
        printer.line(head, 2)
        if examples:
            for label, side in (("Before", each.before), ("Now", each.after)):
                if side.because:
                    printer.line(f"{label}: {side.because}", 4)
            known = "; ".join(each.sentences[1:]) or "nothing"
            printer.line(f"For example a patient of whom is known: {known}.", 4, "dim")


def _status(status: str | None) -> str:
    return status or "no such rule"


def to_dict(found: PackDifference) -> dict[str, Any]:
    """Plain data, ready for JSON; the records are as `mgcds evaluate` reads them, of the day `on`."""
    from dataclasses import asdict

    from mgcds.verification.witness import ON

    packs = {
        side: {"version": version, "digest": digest}
        for side, (version, digest) in (("old", found.old), ("new", found.new))
    }
    return {
        **packs, "level": found.level, "at_least": found.at_least, "accepted": found.is_accepted, "on": ON.isoformat(),
        "differences": [asdict(each) for each in found.differences],
        "reworded": [asdict(each) for each in found.reworded], "elsewhere": [asdict(each) for each in found.elsewhere],
    }  # fmt: skip
