"""The explanation of one suggestion: its whole basis (`mgcds explain`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from mgcds.model.assessment import Assessment
from mgcds.model.basis import Basis, Holder, Input, NotUsable, ReadBy
from mgcds.model.explanation import Step, step_text
from mgcds.model.pack import Evidence, Statement
from mgcds.printing.console import STYLES, Printer

_MARKS = {"met": ("✓", "green"), "not met": ("✗", ""), "unknown": ("?", "yellow")}


def print_explanation(printer: Printer, assessment: Assessment, rule_id: str) -> None:
    """Why a rule's suggestion has its status, and all that is needed to judge it."""
    suggestion = assessment[rule_id]
    basis = suggestion.basis
    printer.line(f"{basis.title} [{basis.rule} {basis.version}]", style="bold")
    printer.line(f"{basis.status.upper()} on {assessment.on} ({basis.kind})", style=STYLES.get(basis.kind, ""))
    printer.section("What it says" if basis.status == "offered" else "What it would say, were it offered", [basis.text])
    printer.section("Options", _statements(basis.options))
    printer.heading("The rule")
    printer.line(basis.logic, 2)
    printer.line()
    _print_steps(printer, suggestion.steps, 2)
    for holder in suggestion.held_back_by:
        printer.heading(f"{'Held back by' if basis.status == 'suppressed' else 'Waits for'} {holder}")
        _print_steps(printer, assessment[holder].steps, 2)
    printer.section("What could change it", basis.could_change)
    _print_inputs(printer, basis)
    print_evidence(printer, "Evidence for", basis.evidence_for)
    print_evidence(printer, "Evidence against", basis.evidence_against)
    printer.section("Certainty and strength", [f"Certainty {basis.certainty}.", f"Strength {basis.strength}."])
    printer.section("Harms", _statements(basis.harms))
    printer.section("Limits", _statements(basis.limits))
    printer.section("Not studied", _statements(basis.not_studied))
    _print_holders(printer, basis.holders)
    general = _statements([basis.purpose, basis.intended_user, basis.population, basis.not_for])
    labels = ("Purpose", "For", "Population", "Limits of use")
    printer.section("For whom and what", [f"{label}: {text}" for label, text in zip(labels, general, strict=True)])
    printer.line()
    late = f"; {suggestion.review_warning}" if suggestion.review_warning else ""
    printer.line(f"Review: {basis.review_status}, due {basis.review_due}{late}.", style="yellow" if late else "dim")
    printer.line(f"Pack {basis.pack_version}, {basis.pack_digest[:12]}.", style="dim")


def _print_steps(printer: Printer, step: Step, indent: int) -> None:
    mark, style = _MARKS[step.verdict]
    if step.joined == "not" and step.parts[0].joined == "criterion":
        step = step.parts[0]  # its text says itself that it is not so
    says = step_text(step) if step.joined == "criterion" else step.says
    printer.line(Text(f"{mark} ", style=style) + Text(says), indent)
    for part in step.parts:
        _print_steps(printer, part, indent + 2)


def _print_inputs(printer: Printer, basis: Basis) -> None:
    whom: tuple[tuple[str, ReadBy], ...] = (
        ("Used by the rule", "the rule"),
        ("Used by what could hold it back", "what could hold it back"),
    )
    for title, read_by in whom:
        used = [found for found in basis.used if found.read_by == read_by]
        printer.heading(title)
        if not used:
            printer.line("None.", 2)
        for found in used:
            printer.line(f"{found.title}: {found.value} ({age_text(found)})", 2)
            for detail in (*found.limits, *found.problems):
                printer.line(detail, 4, "dim")
    printer.section("Missing, stale or rejected", [not_usable_text(found) for found in basis.not_usable])


def age_text(found: Input) -> str:
    """Of which day, how old against how long it stays current, and from where."""
    parts = [f"of {found.dated.partition('T')[0]}"] if found.dated else []
    if found.current_for == (None,):
        parts.append("does not go out of date")
    else:
        age = "" if found.days is None else f"{found.days} day{'' if found.days == 1 else 's'} old, "
        days = " or ".join("for ever" if days is None else f"{days} days" for days in found.current_for)
        parts.append(f"{age}current for {days}")
    return "; ".join([*parts, *([f"from {found.source}"] if found.source else [])])


def not_usable_text(found: NotUsable) -> str:
    """What is not usable and why, in a line."""
    whose = "" if found.read_by == "the rule" else ", for what could hold it back"
    return ". ".join([f"{found.title}{whose}: {found.reason}, {found.detail}", *found.problems])


def _print_holders(printer: Printer, holders: Sequence[Holder]) -> None:
    printer.heading("What holds it back, or could")
    if not holders:
        printer.line("Nothing can.", 2)
    for holder in holders:
        if holder.effect != "does not apply":
            printer.line(f"{holder.rule} {holder.effect}: {holder.because}", 2)
    others = [holder.rule for holder in holders if holder.effect == "does not apply"]
    if others:
        printer.line(f"Known not to apply: {', '.join(others)}.", 2)


def _statements(statements: Iterable[Statement]) -> list[str]:
    return [
        f"{statement.text} [{', '.join(statement.evidence)}]"
        if statement.evidence
        else f"{statement.text} ({statement.source})"
        for statement in statements
    ]


def print_evidence(printer: Printer, title: str, entries: Iterable[Evidence]) -> None:
    """Citation, effect, certainty and limits of each study, and how far it was read."""
    printer.heading(title)
    entries = list(entries)
    if not entries:
        printer.line("None on record.", 2)
    for entry in entries:
        where = f" PMID {entry.pmid}." if entry.pmid else f" DOI {entry.doi}." if entry.doi else ""
        printer.line(f"{entry.id}: {entry.citation.rstrip('.')}.{where} {entry.effect}", 2)
        certainty = f"Certainty {entry.certainty}. " if entry.certainty else ""
        printer.line(f"{certainty}Limits: {entry.limits} Read as: {entry.verified}, {entry.checked}.", 4, "dim")
        if entry.contradicts:
            printer.line(f"Contradicted by: {', '.join(entry.contradicts)}.", 4, "dim")
        if entry.to_check:
            printer.line(f"Not verified: {entry.to_check}", 4, "dim")
