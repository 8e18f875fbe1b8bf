"""The rules of a pack, and one rule whole (`mgcds rules`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mgcds.model.pack import Claim, RulePack
from mgcds.printing.basis import print_evidence
from mgcds.printing.console import Printer


def print_rules(printer: Printer, pack: RulePack) -> None:
    """All rules, a line each, by kind."""
    printer.line(
        f"Pack {pack.version}, {pack.digest[:12]}: {len(pack.rules)} rules, {len(pack.findings)} findings.",
        style="bold",
    )
    for kind in pack.kinds:
        rules = [rule for rule in pack.rules.values() if rule.suggest.kind == kind]
        if rules:
            printer.heading(kind)
        for rule in rules:
            printer.line(f"{rule.id}: {rule.title}", 2)


def print_rule(printer: Printer, described: Mapping[str, Any], pack: RulePack) -> None:
    """One rule, as `describe` gives it."""
    printer.line(f"{described['title']} [{described['id']} {described['version']}]", style="bold")
    printer.line(
        f"{described['kind']}, certainty {described['certainty_means']}, strength {described['strength_means']}."
    )
    printer.section("Suggests", [described["text"]])
    printer.section("The rule", [described["when"]])
    for title, criteria in (("Criteria", described["criteria"]), *_of_findings(described["findings"])):
        _print_criteria(printer, title, criteria)
    for which in ("for", "against"):
        print_evidence(printer, f"Evidence {which}", [pack.evidence[entry] for entry in described[f"evidence_{which}"]])
    printer.section(
        "Reasons to set it aside", [f"{name}: {text}" for name, text in described["override_reasons"].items()]
    )
    printer.section("May put into the chart as a draft", described["drafts"], "Nothing.")
    printer.section("Holds back", _holds(described["holds_back"]), "Nothing.")
    _print_holders(printer, described["held_back_by"])
    scenarios = [
        f"{scenario['name']}" + (f" ({scenario['examples']} examples)" if scenario["examples"] else "")
        for scenario in described["scenarios"]
    ]
    printer.section(f"Scenarios ({len(scenarios)})", scenarios, "None found.")
    if described["note"]:
        printer.section("Note for reviewers", [described["note"]])
    printer.line()
    review = described["review"]
    printer.line(f"Review: {review['status']}, due {review['due']}. The rule is {described['status']}.", style="dim")


def _of_findings(findings: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(f"Finding {finding['id']}", finding["criteria"]) for finding in findings]


def _print_criteria(printer: Printer, title: str, criteria: list[dict[str, Any]]) -> None:
    if criteria:
        printer.heading(title)
    for criterion in criteria:
        printer.line(f"{criterion['name']}: {criterion['says']}", 2)
        if "default_limits" in criterion:
            limits = ", ".join(criterion["default_limits"].values())
            printer.line(f"{limits}, where the laboratory gave no limit of its own", 4, "dim")
        if "current_for" in criterion:
            days = criterion["current_for"]
            printer.line("always current" if days is None else f"current for {days} days", 4, "dim")
        if "value_set" in criterion:
            found = criterion["value_set"]
            printer.line(f"value set {found['id']} {found['version']}: {found['members']}. {found['source']}", 4, "dim")


def _holds(held: list[dict[str, Any]]) -> list[str]:
    return [f"{', '.join(entry['rules'])}. {entry['because']}" for entry in held]


def _print_holders(printer: Printer, holders: list[dict[str, Any]]) -> None:
    printer.heading("Held back by")
    if not holders:
        printer.line("Nothing.", 2)
    for holder in holders:
        lets_pass = " Lets pass while it is unknown for want of a value." if holder["lets_pass"] else ""
        printer.line(f"{', '.join(holder['rules'])}. {holder['because']}{lets_pass}", 2)


def print_claims(printer: Printer, claims: Iterable[Claim]) -> None:
    """What is claimed of magnesium, and what of the pack answers it."""
    for claim in claims:
        printer.line(claim.id, style="bold")
        printer.line(f"Claimed: {claim.says}", 4, "dim")  # never to be taken for what mgcds says
        printer.line(f"mgcds: {claim.answer}", 4)
        if claim.refused:
            printer.line(f"Refused: {claim.refused}", 4)
        for title, ids in (("Rules", claim.rules), ("Evidence", claim.evidence)):
            if ids:
                printer.line(f"{title}: {', '.join(ids)}", 4, "dim")
        printer.line()
