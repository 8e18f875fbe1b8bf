"""Assessments, explanations and rules as text for a terminal: 80 columns on a pipe, colour only where there is a person."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from mgcds.evaluator import Comparison
from mgcds.model.assessment import Assessment, Suggestion
from mgcds.model.explanation import Step, sentence, step_text, supporting
from mgcds.model.pack import Claim, Evidence, RulePack
from mgcds.model.rule import Rule

STYLES = {
    "urgent": "bold red",
    "stop": "red",
    "defer": "yellow",
    "interaction": "yellow",
    "workup": "cyan",
    "consider": "green",
    "dose": "green",
}
FOOT = "For health professionals. Options, not orders; doing nothing is one of them. What is not mentioned was not assessed."
UNSIGNED = "No rule of this pack has been signed by a clinician yet."

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Without characters that steer a terminal or turn the direction of writing: a record or a file name may hold them."""
    return _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """The reader of the pipe has gone: for `main` to end quietly, where rich would exit with 1."""
        raise BrokenPipeError


class Printer:
    """Writes to a console; without a terminal it is 80 columns wide and has no colour codes."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or _Console(width=None if sys.stdout.isatty() else 80, highlight=False, soft_wrap=False)

    def line(self, text: str | Text = "", indent: int = 0, style: str = "") -> None:
        """One paragraph, wrapped and indented, without blanks at the end of its lines."""
        whole = Text(text, style=style) if isinstance(text, str) else text
        whole.plain = visible(whole.plain).replace("\n", " ")  # as long as before, so that styles stay where they are
        for wrapped in whole.wrap(self.console, max(self.console.width - indent, 20)) or [Text()]:
            wrapped.rstrip()
            self.console.print(Text(" " * indent) + wrapped, soft_wrap=True)

    def separator(self) -> None:
        """Between the assessments of two records."""
        self.line()
        self.line("═" * 78)
        self.line()

    def heading(self, text: str) -> None:
        """A heading with a line below."""
        self.line()
        self.line(text, style="bold")
        self.line("─" * len(text), style="dim")

    # --- an assessment ----------------------------------------------------------------------------------------------------

    def assessment(
        self, name: str, assessment: Assessment, unused: Sequence[tuple[str, str]] = (), everything: bool = False
    ) -> None:
        """What is offered, held back, not decidable and not indicated; then the data."""
        self.line(f"{name} on {assessment.on}", style="bold")
        self.line(
            f"Pack {assessment.pack.version}, {assessment.pack.digest[:12]}. {len(assessment.suggestions)} rules.",
            style="dim",
        )
        self.heading(f"Offered ({len(assessment.offered)})")
        if not assessment.offered:
            self.line("Nothing. That is not an all-clear: see what could not be decided.", 2)
        for suggestion in assessment.offered:
            self._offered(suggestion)
        self._held_back(assessment)
        self._undecided(assessment)
        self._not_indicated(assessment, everything)
        self._data(assessment, unused, everything)
        self.line()
        self.line(f"{FOOT} {UNSIGNED if _unsigned(assessment.pack) else ''}", style="dim")

    def _offered(self, suggestion: Suggestion) -> None:
        head = Text(f"{suggestion.kind.upper()}  ", style=STYLES.get(suggestion.kind, "bold"))
        head.append(suggestion.rule.title, style="bold")
        self.line(head, 2)
        self.line(suggestion.text, 4)
        self.line(f"Why: {_why(suggestion)}", 4)
        suggest = suggestion.rule.suggest
        said = f"Certainty {suggest.certainty}, strength {suggest.strength}."
        if suggest.evidence_for or suggest.evidence_against:
            said += f" For: {', '.join(suggest.evidence_for) or 'nothing'}. Against: {', '.join(suggest.evidence_against) or 'nothing on record'}."
        self.line(said, 4, "dim")
        for holder in suggestion.let_pass:
            self.line(
                f"Not assessed, and let pass: {suggestion._of.pack.rules[holder].title.lower()} [{holder}]", 4, "yellow"
            )
        self.line(f"[{suggestion.id}]", 4, "dim")
        self.line()

    def _held_back(self, assessment: Assessment) -> None:
        suppressed = assessment.of_status("suppressed")
        if suppressed:
            self.heading(f"Held back by another rule ({len(suppressed)})")
        groups: dict[tuple[str, ...], list[Suggestion]] = {}
        for suggestion in suppressed:
            groups.setdefault(suggestion.held_back_by, []).append(suggestion)
        for holders, held in groups.items():
            for suggestion in held:
                self.line(f"{suggestion.rule.title} [{suggestion.id}]", 2)
            for holder in holders:
                self.line(f"because of {holder}: {_why(assessment[holder])}", 4, "dim")

    def _undecided(self, assessment: Assessment) -> None:
        withheld = assessment.of_status("withheld")
        if withheld:
            self.heading(f"Could not be decided ({len(withheld)})")
        alike: dict[str, list[Suggestion]] = {}
        for suggestion in withheld:
            alike.setdefault(_needs(suggestion, assessment), []).append(suggestion)
        for needs, suggestions in alike.items():
            self.line(needs, 2)
            for suggestion in suggestions:
                self.line(f"{suggestion.kind}: {suggestion.rule.title} [{suggestion.id}]", 4, "dim")

    def _not_indicated(self, assessment: Assessment, everything: bool) -> None:
        others = assessment.of_status("not indicated")
        if others:
            self.heading(f"Not indicated ({len(others)})")
        if others and not everything:
            self.line(", ".join(suggestion.id for suggestion in others), 2)
        for suggestion in others if everything else ():
            self.line(f"{suggestion.rule.title} [{suggestion.id}]", 2)
            self.line(step_text(assessment.why_not(suggestion.id)), 4, "dim")

    def _data(self, assessment: Assessment, unused: Sequence[tuple[str, str]], everything: bool) -> None:
        self.heading("Data")
        unknown = assessment.unknown_items
        if unknown:
            self.line(
                "Not known: "
                + "; ".join(f"{_title(item, assessment.pack)} ({gap.reason})" for item, gap in unknown.items()),
                2,
            )
        alike: dict[tuple[str, bool, str], list[str]] = {}
        for problem in assessment.problems:
            source = f"[{problem.source}]" if problem.source else ""
            alike.setdefault((problem.about, problem.used, problem.what), []).append(
                f"{problem.value or ''} {source}".strip()
            )
        for (about, used, what), places in alike.items():
            shown_places = places if everything else places[:2]
            more = f" and {len(places) - len(shown_places)} more" if len(places) > len(shown_places) else ""
            which = ", ".join(place for place in shown_places if place)
            self.line(
                f"{_title(about, assessment.pack)} {'used, but' if used else 'not used'}: {what}{f' ({which}{more})' if which else more}",
                2,
            )
        shown = unused if everything else unused[:10]
        for reference, why in shown:
            self.line(f"{reference} not used: {why}", 2)
        if len(shown) < len(unused):
            self.line(f"and {len(unused) - len(shown)} more not used; --all lists them", 2)

    # --- one rule of an assessment ----------------------------------------------------------------------------------------

    def explanation(self, assessment: Assessment, rule_id: str) -> None:
        """Why a rule's suggestion has its status, step by step, with the evidence."""
        suggestion = assessment[rule_id]
        rule = suggestion.rule
        self.line(f"{rule.title} [{rule.id} {rule.version}]", style="bold")
        self.line(f"{suggestion.status.upper()} on {assessment.on}", style=STYLES.get(rule.suggest.kind, ""))
        self.line(f"The rule: {sentence(rule.when, assessment.pack)}.")
        self.heading("Steps")
        self._steps(suggestion.steps, 2)
        for holder in suggestion.held_back_by:
            self.heading(f"{'Held back by' if suggestion.status == 'suppressed' else 'Waits for'} {holder}")
            self._steps(assessment[holder].steps, 2)
        if suggestion.status == "withheld":
            self.heading("What would decide it")
            self.line(_needs(suggestion, assessment), 2)
        elif suggestion.status != "offered":
            self.heading("Why not")
            self.line(step_text(assessment.why_not(rule_id)), 2)
        self._suggests(rule, assessment.pack)

    def _steps(self, step: Step, indent: int) -> None:
        mark = {"met": "✓", "not met": "✗", "unknown": "?"}[step.verdict]
        style = {"met": "green", "not met": "", "unknown": "yellow"}[step.verdict]
        self.line(
            Text(f"{mark} ", style=style) + Text(step_text(step) if step.joined == "criterion" else step.says), indent
        )
        for part in step.parts:
            self._steps(part, indent + 2)

    def _suggests(self, rule: Rule, pack: RulePack) -> None:
        suggest = rule.suggest
        self.heading(f"Suggests ({suggest.kind}, certainty {suggest.certainty}, strength {suggest.strength})")
        self.line(suggest.text, 2)
        for title, ids in (("Evidence for", suggest.evidence_for), ("Evidence against", suggest.evidence_against)):
            self.heading(title)
            self._evidence([pack.evidence[entry] for entry in ids])
        if rule.note:
            self.heading("Note for reviewers")
            self.line(rule.note, 2)
        self.line()
        self.line(f"Review: {rule.review.status}, due {rule.review.due}.", style="dim")

    def _evidence(self, entries: Iterable[Evidence]) -> None:
        entries = list(entries)
        if not entries:
            self.line("None on record.", 2)
        for entry in entries:
            where = f" PMID {entry.pmid}." if entry.pmid else f" DOI {entry.doi}." if entry.doi else ""
            self.line(f"{entry.id}: {entry.citation.rstrip('.')}.{where} {entry.effect}", 2)
            self.line(f"Limits: {entry.limits} Read as: {entry.verified}, {entry.checked}.", 4, "dim")
            if entry.contradicts:
                self.line(f"Contradicted by: {', '.join(entry.contradicts)}.", 4, "dim")
            if entry.to_check:
                self.line(f"Not verified: {entry.to_check}", 4, "dim")

    # --- rules, and what changes ------------------------------------------------------------------------------------------

    def rules(self, pack: RulePack) -> None:
        """All rules, a line each, by kind."""
        self.line(
            f"Pack {pack.version}, {pack.digest[:12]}: {len(pack.rules)} rules, {len(pack.findings)} findings.",
            style="bold",
        )
        for kind in pack.kinds:
            rules = [rule for rule in pack.rules.values() if rule.suggest.kind == kind]
            if rules:
                self.heading(kind)
            for rule in rules:
                self.line(f"{rule.id}: {rule.title}", 2)

    def rule(self, rule: Rule, pack: RulePack) -> None:
        """One rule, whole."""
        self.line(f"{rule.title} [{rule.id} {rule.version}]", style="bold")
        self.line(f"When {sentence(rule.when, pack)}.")
        for holder in pack.holders[rule.id]:
            self.line(
                f"Held back by {holder.by}{' (lets pass while unknown)' if holder.lets_pass else ''}: {holder.because}",
                2,
                "dim",
            )
        held = [other for other, holders in pack.holders.items() if any(holder.by == rule.id for holder in holders)]
        if held:
            self.line(f"Holds back: {', '.join(held)}", 2, "dim")
        self._suggests(rule, pack)

    def claims(self, claims: Iterable[Claim]) -> None:
        """What is claimed of magnesium, and what of the pack answers it."""
        for claim in claims:
            self.line(claim.id, style="bold")
            self.line(f"Claimed: {claim.says}", 4, "dim")  # never to be taken for what mgcds says
            self.line(f"mgcds: {claim.answer}", 4)
            if claim.refused:
                self.line(f"Refused: {claim.refused}", 4)
            for title, ids in (("Rules", claim.rules), ("Evidence", claim.evidence)):
                if ids:
                    self.line(f"{title}: {', '.join(ids)}", 4, "dim")
            self.line()

    def comparison(self, comparison: Comparison) -> None:
        """What another record would change."""
        if not comparison.changed:
            self.line("No suggestion would change its status.")
        for rule_id in comparison.changed:
            before, after = comparison.before[rule_id], comparison.after[rule_id]
            self.line(Text(f"{after.rule.title} [{rule_id}]", style="bold"))
            self.line(f"{before.status} → {after.status}", 2)
            if after.status == "withheld":
                self.line(_needs(after, comparison.after), 2, "dim")
            else:
                step = comparison.after.why_not(rule_id)
                self.line(step_text(step) if after.status != "offered" else f"Why: {_why(after)}", 2, "dim")


def _why(suggestion: Suggestion) -> str:
    return "; ".join(dict.fromkeys(step_text(leaf) for leaf in supporting(suggestion.steps)))


def _needs(suggestion: Suggestion, assessment: Assessment) -> str:
    if not suggestion.missing:
        return "No further data could let it be offered as things are."
    sets = [" and ".join(_gap(item, assessment) for item in items) or "nothing more" for items in suggestion.missing]
    return f"Needs {'; or '.join(sets)}."


def _gap(item: str, assessment: Assessment) -> str:
    gap = assessment.unknown_items.get(item)
    detail = (
        f" ({gap.reason}: {gap.detail})"
        if gap and gap.reason in ("not recognised", "rejected")
        else f" ({gap.reason})"
        if gap
        else ""
    )
    return _title(item, assessment.pack) + detail


def _title(item: str, pack: RulePack) -> str:
    found = pack.items.get(item.partition("[")[0])
    return found.title if found else item


def _unsigned(pack: RulePack) -> bool:
    return all(rule.review.status == "unreviewed" for rule in pack.rules.values())
