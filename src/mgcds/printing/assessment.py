"""An assessment, and what another record would change (`mgcds evaluate`, `mgcds what-if`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich.text import Text

from mgcds.evaluator import Comparison
from mgcds.model.assessment import Assessment, Suggestion
from mgcds.model.explanation import in_sentence, reasons, step_text, supporting
from mgcds.model.facts import DataProblem
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.printing.console import STYLES, Printer

FOOT = "For health professionals. Options, not orders; doing nothing is one of them. What is not mentioned was not assessed."
UNSIGNED = "No rule of this pack has been signed by a clinician yet."
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T[\d:.]+(?:Z|[+-][\d:]+)?")
Unused = Sequence[tuple[str, str]]


def print_assessment(
    printer: Printer, name: str, assessment: Assessment, unused: Unused = (), everything: bool = False
) -> None:
    """What is offered, held back and not decidable; then the data, and last what is not indicated."""
    _print_head(printer, name, assessment, unused)
    _print_offered(printer, assessment)
    _print_held_back(printer, assessment)
    _print_undecided(printer, assessment)
    _print_data(printer, assessment, unused, everything)
    _print_not_indicated(printer, assessment, everything)
    printer.line()
    printer.line(f"{FOOT} {UNSIGNED if is_unsigned(assessment.pack) else ''}", style="dim")


def _print_head(printer: Printer, name: str, assessment: Assessment, unused: Unused) -> None:
    pack = assessment.pack
    printer.line(f"{name} on {assessment.on}", style="bold")
    lowest = ", the lowest counts" if len(pack.jurisdictions) > 1 else ""
    limits = f" Limits of {', '.join(pack.jurisdictions)}{lowest}." if pack.jurisdictions else ""
    printer.line(f"Pack {pack.version}, {pack.digest[:12]}. {len(assessment.suggestions)} rules.{limits}", style="dim")
    for reference, why in unused:
        if is_of_the_patient(reference):
            printer.line(f"{reference}: {why}", style="bold yellow")


def is_of_the_patient(reference: str) -> bool:
    """What concerns the person, such as that they have died, comes first."""
    return reference.startswith("Patient/")


# --- suggestions ----------------------------------------------------------------------------------------------------------


def _print_offered(printer: Printer, assessment: Assessment) -> None:
    printer.heading(f"Offered ({len(assessment.offered)})")
    if not assessment.offered:
        printer.line("Nothing. That is not an all-clear: see what could not be decided.", 2)
    for number, suggestion in enumerate([*assessment.interruptive, *assessment.passive]):
        if number:
            printer.line()
        _print_suggestion(printer, suggestion)
    if assessment.folded:
        printer.heading(f"Also offered ({len(assessment.folded)})")
    for suggestion in assessment.folded:
        printer.line(_in_a_line(suggestion), 2)


def _in_a_line(suggestion: Suggestion) -> str:
    """With what is said of every suggestion whose review is late, in whatever list it stands."""
    late = " ".join(suggestion.review_warning.split()[:2])
    late = f" ({late})" if late else ""
    return f"{suggestion.kind}: {suggestion.rule.title} [{suggestion.id}]{late}"


def _print_suggestion(printer: Printer, suggestion: Suggestion) -> None:
    head = Text(f"{suggestion.kind.upper()}  ", style=STYLES.get(suggestion.kind, "bold"))
    head.append(suggestion.rule.title, style="bold")
    printer.line(head, 2)
    printer.line(suggestion.text, 4)
    printer.line(f"Why: {why_text(suggestion)}", 4)
    suggest = suggestion.rule.suggest
    said = f"Certainty {suggest.certainty}, strength {suggest.strength}."
    if suggest.evidence_for or suggest.evidence_against:
        said += f" For: {', '.join(suggest.evidence_for) or 'nothing'}. Against: {', '.join(suggest.evidence_against) or 'nothing on record'}."
    printer.line(said, 4, "dim")
    if suggestion.let_pass:
        rules = suggestion.pack.rules
        passed = (f"{in_sentence(rules[holder].title)} [{holder}]" for holder in suggestion.let_pass)
        printer.line(f"Not assessed, and let pass: {'; '.join(passed)}", 4, "yellow")
    if suggestion.review_warning:
        printer.line(f"May be out of date: {suggestion.review_warning}.", 4, "yellow")
    printer.line(f"[{suggestion.id}]", 4, "dim")


def _print_held_back(printer: Printer, assessment: Assessment) -> None:
    suppressed = assessment.of_status("suppressed")
    if suppressed:
        printer.heading(f"Held back by another rule ({len(suppressed)})")
    groups: dict[tuple[str, ...], list[Suggestion]] = {}
    for suggestion in suppressed:
        groups.setdefault(suggestion.held_back_by, []).append(suggestion)
    above = {suggestion.id for suggestion in (*assessment.interruptive, *assessment.passive)}
    for holders, held in groups.items():
        for suggestion in held:
            whether = "" if suggestion.steps.verdict == "met" else " (whether it would apply is not known)"
            printer.line(f"{_in_a_line(suggestion)}{whether}", 2)
        because = {holder.by: holder.because for holder in assessment.pack.holders[held[0].id]}
        for holder in holders:
            why = "see above" if holder in above else why_text(assessment[holder])
            printer.line(f"because of {holder} ({why}). {because[holder]}", 4, "dim")


def _print_undecided(printer: Printer, assessment: Assessment) -> None:
    """First what only waits for another rule to be decided, as the data named would let it be offered; then the rest."""
    withheld = assessment.of_status("withheld")
    if withheld:
        printer.heading(f"Could not be decided ({len(withheld)})")
    alike: dict[str, list[Suggestion]] = {}
    for suggestion in sorted(withheld, key=lambda suggestion: suggestion.steps.verdict != "met"):
        alike.setdefault(needs_text(suggestion, assessment), []).append(suggestion)
    for needs, suggestions in alike.items():
        printer.line(needs, 2)
        for suggestion in suggestions:
            printer.line(_in_a_line(suggestion), 4, "dim")


def _print_not_indicated(printer: Printer, assessment: Assessment, everything: bool) -> None:
    others = assessment.of_status("not indicated")
    if others:
        printer.heading(f"Not indicated ({len(others)})")
    if others and not everything:
        printer.line(", ".join(suggestion.id for suggestion in others), 2)
    for suggestion in others if everything else ():
        printer.line(_in_a_line(suggestion).partition(": ")[2], 2)
        printer.line(step_text(assessment.why_not(suggestion.id)), 4, "dim")


# --- data -----------------------------------------------------------------------------------------------------------------


def is_computed(name: str, pack: RulePack) -> bool:
    """A change of a score: it follows from values that are named themselves, and nobody can be asked for it."""
    item = pack.items.get(name)
    return isinstance(item, MeasuredItem) and item.change is not None


def _print_data(printer: Printer, assessment: Assessment, unused: Unused, everything: bool) -> None:
    printer.heading("Data")
    pack = assessment.pack
    unknown = {item: gap for item, gap in assessment.unknown_items.items() if not is_computed(item, pack)}
    if unknown:
        gaps = (f"{_title(item, pack)} ({gap.reason})" for item, gap in unknown.items())
        printer.line(f"Not known: {'; '.join(gaps)}", 2)
    for problem in problem_lines(assessment.problems, pack, everything):
        printer.line(problem, 2)
    if everything:
        for reference, why in unused:
            printer.line(f"{reference} not used: {why}", 2)
        return
    by_reason: dict[str, list[str]] = {}
    for reference, why in unused:
        if not is_of_the_patient(reference):
            by_reason.setdefault(why, []).append(reference)
    for why, references in by_reason.items():
        printer.line(f"{_first(references, 2)} not used: {why}", 2)
    if any(len(references) > 2 for references in by_reason.values()):
        printer.line("--all lists all of them", 2)


def problem_lines(problems: Iterable[DataProblem], pack: RulePack, everything: bool) -> Iterable[str]:
    """What was not used or is to be confirmed, alike ones in a line: the first as an example, or with `everything` all and where each was read."""
    alike: dict[tuple[str, bool, str], list[str]] = {}
    for problem in problems:
        value = problem.value or ""
        if everything:
            value = f"{value} [{problem.source}]".strip() if problem.source else value
        else:
            value = _TIME.sub(r"\1", value)
        alike.setdefault((problem.about, problem.used, problem.what), []).append(value)
    for (about, used, what), values in alike.items():
        shown = _first([value for value in values if value], len(values) if everything else 1, len(values))
        yield f"{_title(about, pack)} {'used, but' if used else 'not used'}: {what}{f' ({shown})' if shown else ''}"


def _first(texts: Sequence[str], most: int, of: int | None = None) -> str:
    """The first of the texts, and how many more there are."""
    more = (of or len(texts)) - min(most, len(texts))
    return ", ".join(texts[:most]) + (f" and {more} more" if more and texts else "")


# --- what changes ---------------------------------------------------------------------------------------------------------


def print_comparison(printer: Printer, comparison: Comparison) -> None:
    """What another record would change."""
    if not comparison.changed:
        printer.line("No suggestion would change its status.")
    for rule_id in comparison.changed:
        before, after = comparison.before[rule_id], comparison.after[rule_id]
        printer.line(Text(f"{after.rule.title} [{rule_id}]", style="bold"))
        printer.line(f"{before.status} → {after.status}", 2)
        if after.status == "withheld":
            printer.line(needs_text(after, comparison.after), 2, "dim")
        else:
            step = comparison.after.why_not(rule_id)
            printer.line(step_text(step) if after.status != "offered" else f"Why: {why_text(after)}", 2, "dim")


def why_text(suggestion: Suggestion) -> str:
    """The criteria its verdict rests on, in a line."""
    return "; ".join(reasons(supporting(suggestion.steps)))


def needs_text(suggestion: Suggestion, assessment: Assessment) -> str:
    """The smallest sets of data that would let a withheld suggestion be offered, in a line."""
    if suggestion.lapsed:
        return f"Withheld until its rule is reviewed again: {suggestion.review_warning}."
    if not suggestion.missing:
        return "No further data could let it be offered as things are."
    sets = [" and ".join(_gap(item, assessment) for item in items) or "nothing more" for items in suggestion.missing]
    return f"Needs {'; or '.join(sets)}."


def _gap(item: str, assessment: Assessment) -> str:
    gap = assessment.unknown_items.get(item)
    if gap is None:
        return _title(item, assessment.pack)
    detail = f": {gap.detail}" if gap.reason in ("not recognised", "rejected") else ""
    return f"{_title(item, assessment.pack)} ({gap.reason}{detail})"


def _title(item: str, pack: RulePack) -> str:
    found = pack.items.get(item.partition("[")[0])
    return found.title if found else item


def is_unsigned(pack: RulePack) -> bool:
    """Has no clinician signed any rule?"""
    return all(rule.review.status == "unreviewed" for rule in pack.rules.values())
