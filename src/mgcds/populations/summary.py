"""What came of a screening, for people and for programs: who is offered what, who is withheld for want of what, what the data lack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mgcds.engines.columnar import STATUSES
from mgcds.model.pack import RulePack
from mgcds.populations.one_by_one import deceased
from mgcds.populations.output import Counts
from mgcds.printing import Printer

_SHOWN = 12  # lines of a list that are printed; summary.json has all
NOTHING = "no data could let it be offered"


@dataclass
class Screening:
    """Counts of all parts. `checked`: patients who were judged a second time, alone. `made`: parts that were not there before."""

    counts: Counts = field(default_factory=Counts)
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: int = 0
    checked: int = 0
    parts: int = 0
    made: int = 0

    def to_dict(self, pack: RulePack, on: date, rules: Sequence[str] = ()) -> dict[str, Any]:
        """All of it, as plain data."""
        counts = self.counts
        return {
            "on": on.isoformat(),
            "pack": {"version": pack.version, "digest": pack.digest, "jurisdictions": list(pack.jurisdictions)},
            "patients": counts.patients,
            "deceased": deceased(self.unused),
            "checked": self.checked,
            "rules": {
                rule: {
                    **{status: counts.statuses[rule, status] for status in STATUSES},
                    "missing": [
                        {"items": list(items), "patients": number}
                        for (of, items), number in counts.wanted.most_common()
                        if of == rule
                    ],
                }
                for rule in rules or pack.rules
            },
            "unexplained": counts.unexplained,
            "without_entries": counts.without_entries,
            "missing": dict(counts.asked.most_common()),
            "known": {
                about: {what: number for (of, what), number in counts.known.items() if of == about}
                for about in dict.fromkeys(about for about, _ in counts.known)
            },
            "unused": [
                {"kind": kind, "why": why, "number": number} for (kind, why), number in self.unused.most_common()
            ],
            "broken": self.broken,
        }


def print_summary(printer: Printer, found: Screening, pack: RulePack, on: date, rules: Sequence[str] = ()) -> None:
    """The parts that people look at first."""
    counts = found.counts
    whole = max(counts.patients, 1)
    made = (
        "" if found.made == found.parts else f" {found.parts - found.made} of {found.parts} parts were there already."
    )
    printer.line(
        f"{counts.patients:,} patients on {on} by pack {pack.version}; {found.checked} of them judged a second time, alone.{made}"
    )
    if dead := deceased(found.unused):
        printer.line(f"Recorded as deceased and left out: {dead:,}.")
    chosen = [
        rule for rule in rules or pack.rules if counts.statuses[rule, "offered"] or counts.statuses[rule, "suppressed"]
    ]
    chosen.sort(key=lambda rule: -counts.statuses[rule, "offered"])
    printer.section(
        "Offered, withheld and suppressed, per 100 patients",
        [
            f"{'patients':>11} {'offered':>9} {'withheld':>9} {'suppressed':>11}  rule",
            *(_line(rule, counts, whole) for rule in chosen),
        ]
        if chosen
        else [],
        "Nothing is offered or suppressed.",
    )
    rest = len(rules or pack.rules) - len(chosen)
    if rest:
        printer.line(f"{rest} more are neither offered to anybody nor suppressed.", 2)
    printer.section(
        "Withheld for want of (patients of whom it would help to decide some rule)",
        _most(
            f"{number:,} ({100 * number / whole:.1f} %): {pack.items[about].title}"
            for about, number in counts.asked.most_common()
        ),
        "Nothing.",
    )
    if counts.unexplained:
        printer.line(f"Of {counts.unexplained:,} suggestions what is missing was not worked out: see --explain.", 2)
    if counts.without_entries:
        printer.line(
            f"Which medicine or diagnosis it was is not told of {counts.without_entries:,} suggestions: the facts table was made without "
            "LIST_entries; make it again."
        )
    printer.section(
        "Not used of the data",
        _most(f"{number:,} {kind}: {why}" for (kind, why), number in found.unused.most_common()),
        "Everything was used, or is not counted in a facts table.",
    )
    if found.broken:
        printer.line(f"{found.broken:,} lines are no FHIR resource: see the folder 'broken'.", 2)


def _line(rule: str, counts: Counts, whole: int) -> str:
    numbers = [counts.statuses[rule, status] for status in ("offered", "withheld", "suppressed")]
    offered, withheld, suppressed = (100 * number / whole for number in numbers)
    return f"{numbers[0]:11,} {offered:9.1f} {withheld:9.1f} {suppressed:11.1f}  {rule}"


def _most(lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [*found[:_SHOWN], f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else found
