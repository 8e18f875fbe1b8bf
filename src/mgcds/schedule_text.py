"""A schedule as text for a terminal."""

from __future__ import annotations

from mgcds.model.interaction import Interaction, hours
from mgcds.model.spacing import Spacing, clock
from mgcds.printing import Printer
from mgcds.schedule import Distance, Schedule, Taken

FOOT = (
    "For health professionals. These are intervals, no suggestion to take magnesium: 'mgcds evaluate' says whether a trial "
    "may be considered. Severities are proposals, and no clinician has signed the table yet."
)


def print_schedule(found: Schedule, printer: Printer) -> None:
    """The answer, what is asked or stands in the way, the day in order, and what else is known of its medicines."""
    printer.line(f"Magnesium beside these medicines: {found.answer.upper()}", style="bold")
    for question in found.asks:
        printer.line(question, 2)
    for medicine in found.medicines:
        if medicine.avoids:
            printer.line(f"No time is offered with {medicine.called}.", 2)
    for dose in found.magnesium:
        near = [distance.medicine.called for distance in dose.distances if not distance.holds]
        if near:
            printer.line(f"Magnesium at {clock(dose.at)} ({dose.source}) is too near {', '.join(near)}.", 2)
    if found.conflicts:
        few = f"; {found.fitting} would fit" if found.fitting else ""
        printer.line(f"No {found.wanted} times are left by {', '.join(found.conflicts)}{few}.", 2)
    if found.windows is not None:
        free = [f"{clock(first)} to {clock(last)}" for first, last in found.windows]
        printer.line(f"Free: {', '.join(free) if free else 'no time of the day'}.", 2)
    printer.line()
    _day(found, printer)
    _known(found, printer)
    printer.line(FOOT, style="dim")


def _day(found: Schedule, printer: Printer) -> None:
    events: list[tuple[int, str, Taken | None]] = [
        (minute, medicine.called, None)
        for medicine in found.medicines
        if not medicine.is_magnesium
        for minute in medicine.times
    ]
    events += [(dose.at, f"magnesium ({dose.source})", dose) for dose in found.magnesium]
    for minute, what, dose in sorted(events, key=lambda event: event[:2]):
        printer.line(f"{clock(minute)}  {what}", 2)
        for distance in dose.distances if dose else ():
            printer.line(_reason(distance), 9, "" if distance.holds else "bold red")
    if events:
        printer.line()


def _reason(distance: Distance) -> str:
    """`ok: 4 hours after Levothyroxine (at least 4 hours) [thyroid_hormone: medpill-levothyroxine]`"""
    spacing, name = distance.spacing, distance.medicine.called
    sides = []
    if spacing.before:
        sides.append(f"{hours(distance.since)} after {name} (at least {hours(spacing.before)})")
    if spacing.after:
        sides.append(f"{hours(distance.until)} before {name} (at least {hours(spacing.after)})")
    rows = [row for row in distance.medicine.rows if isinstance(row.spacing, Spacing)]
    return f"{'ok' if distance.holds else 'TOO NEAR'}: {', '.join(sides)} {' '.join(map(_source, rows))}"


def _source(row: Interaction) -> str:
    return f"[{row.value_set}: {', '.join((*row.evidence, row.verified))}]"


def _known(found: Schedule, printer: Printer) -> None:
    for medicine in found.medicines:
        for row in medicine.rows:
            printer.line(
                f"{medicine.called}: {', '.join(row.direction)}; {row.severity}. {row.words} {_source(row)}", 2
            )
        if medicine.recognised and not medicine.rows:
            printer.line(f"{medicine.called}: not in the table. {found.table.any_other.because}", 2)
    if found.unkept_wishes:
        printer.line(f"Nearer than that wish to magnesium: {', '.join(found.unkept_wishes)}.", 2)
    printer.line()
