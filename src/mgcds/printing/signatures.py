"""What is signed, and who has signed what (`mgcds sign`, `mgcds signatures`)."""

from __future__ import annotations

from collections import Counter
from datetime import date

from mgcds.model.documentation import draft_sentence
from mgcds.model.explanation import sentence
from mgcds.model.meaning import meaning_of
from mgcds.model.pack import RulePack
from mgcds.model.review import State
from mgcds.model.rule import Rule
from mgcds.printing.console import Printer


def print_to_sign(printer: Printer, rule: Rule, pack: RulePack) -> None:
    """All of a rule that its meaning holds and that can be read; the hash stands for it."""
    suggest = rule.suggest
    printer.line(f"{rule.title} [{rule.id} {rule.version}]", style="bold")
    printer.line(f"{suggest.kind}, certainty {suggest.certainty}, strength {suggest.strength}.")
    printer.section("Suggests", [suggest.text])
    printer.section("The rule", [f"Met if {sentence(rule.when, pack)}."])
    for which, entries in (("for", suggest.evidence_for), ("against", suggest.evidence_against)):
        cited = [pack.evidence[entry] for entry in entries]
        printer.section(f"Evidence {which}", [f"{each.id}: {each.effect}" for each in cited], "None cited.")
    printer.section("Held back by", [holder.by for holder in pack.holders[rule.id]], "Nothing.")
    printer.section("Reasons to set it aside", [pack.override_reasons[name] for name in suggest.override_reasons])
    printer.section(
        "May put into the chart as a draft", [draft_sentence(pack.drafts[name]) for name in suggest.drafts], "Nothing."
    )
    printer.line()
    printer.line(f"Meaning {meaning_of(rule.id, pack)}, to be reviewed again by {rule.review.due}.")


def print_signatures(printer: Printer, pack: RulePack, on: date) -> None:
    """How many rules are in which state; then each that is late or carries a signature."""
    rules = pack.rules.values()
    states = Counter(rule.review.state(on) for rule in rules)
    printer.line(
        f"Pack {pack.version}, {pack.digest[:12]}, on {on}: {len(rules)} rules, {_counted(states)}.", style="bold"
    )
    if not pack.signers:
        printer.line("Nobody may sign: signers.yaml names nobody.", 2)
    for rule in rules:
        if rule.review.signatures or rule.review.overdue_since(on):
            print_review(printer, rule, on)


def _counted(states: Counter[State]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items()))


def print_review(printer: Printer, rule: Rule, on: date) -> None:
    """The state of one rule, and its signatures with why they do not count."""
    warning = rule.review.warning(on)
    late = f"; {warning}" if warning else ""
    printer.line(f"{rule.id}: {rule.review.status}, due {rule.review.due}{late}", 2)
    for each in rule.review.signatures:
        who = f"{each.name} ({each.role})" if each.name else each.by
        void = f" DOES NOT COUNT: {each.void}" if each.void else ""
        printer.line(f"signed {each.on} by {who}.{void}", 4, "yellow" if void else "")
