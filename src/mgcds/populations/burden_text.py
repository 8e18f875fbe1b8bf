"""Alert burden as a table in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from mgcds.populations.against import TURNS, Changes, Example
from mgcds.populations.burden import Burden, Rate
from mgcds.printing import Printer

MOST_PAIRS = 15


def print_burden(printer: Printer, found: Burden) -> None:
    """The rules by kind, how many at once, pairs, and what another pack changes."""
    for heading, lines in (
        (f"Alert burden of {found.patients:,} patients on {found.on}", _whole(found)),
        ("Suggestions, per 100 patients", _rules(found)),
        ("Offered at once", _at_once(found)),
        ("Offered together", _pairs(found)),
    ):
        printer.heading(heading)
        _print(printer, lines)
    if found.against is not None:
        printer.heading(f"Against version {found.against.old[0]}, {found.against.old[1][:12]}")
        _print(printer, _changes(found.against))


def _print(printer: Printer, lines: Iterator[str]) -> None:
    for line in lines:
        printer.line(line.lstrip(), len(line) - len(line.lstrip()))


def _whole(found: Burden) -> Iterator[str]:
    yield f"Pack {found.pack.name} {found.pack.version}, {found.pack.digest[:12]}; read from {found.source}."
    each = found.suggestions / found.patients if found.patients else 0.0
    yield f"{found.suggestions:,} suggestions are offered, {each:.2f} a patient."
    if found.deceased:
        yield f"Recorded as deceased and left out: {found.deceased:,}."
    if found.counts.broken:
        yield f"{found.counts.broken:,} lines could not be read."


def _rules(found: Burden) -> Iterator[str]:
    yield f"{'rule':34}{'offered':>8}{'per 100':>8}  {'95 %':13}{'suppr.':>6}{'withh.':>7}"
    for kind in found.pack.kinds:
        rules = [rule.id for rule in found.pack.rules.values() if rule.suggest.kind == kind]
        if rules:
            yield kind
        for rule in sorted(rules, key=lambda rule: -found.number(rule, "offered")):
            offered, suppressed, withheld = (
                found.rate(rule, status) for status in ("offered", "suppressed", "withheld")
            )
            interval = f"{offered.low:.2f}–{offered.high:.2f}"
            yield (
                f"  {rule:32}{offered.count:8,}{offered.per_100:8.2f}  {interval:13}{suppressed.per_100:6.1f}{withheld.per_100:7.1f}"
            )


def _at_once(found: Burden) -> Iterator[str]:
    for number, each in enumerate(found.at_once):
        yield f"  {number or 'none':>4}{each.count:12,}  {per_100(each)}"


def _pairs(found: Burden) -> Iterator[str]:
    for pair in found.pairs[:MOST_PAIRS]:
        yield f"  {pair.one} and {pair.other}: {pair.both.count:,}, {per_100(pair.both)}"
        yield f"    {pair.of_one.per_100:.0f} % of those offered the first, {pair.of_other.per_100:.0f} % of the second"
    if not found.pairs:
        yield "  No patient is offered two."
    elif len(found.pairs) > MOST_PAIRS:
        yield f"  {len(found.pairs) - MOST_PAIRS:,} pairs more; --format json has them all."


def _changes(found: Changes) -> Iterator[str]:
    if not found.rules:
        yield "  No patient gets another status of any suggestion."
    for rule, changed in found.rules.items():
        yield rule
        for (before, after), number in sorted(changed.counts.items(), key=lambda each: -each[1]):
            if before != after:
                yield f"  {before or 'no such rule'} → {after or 'no such rule'}: {number:,}"
        for turn in TURNS:
            for example in changed.examples[turn]:
                yield f"  {turn}: {said(example)}"


def said(example: Example) -> str:
    """One patient in a sentence."""
    return f"{example.patient}: {example.because}. {'; '.join(example.values)}."


def per_100(found: Rate) -> str:
    """`2.86 per 100 (2.76 to 2.97)`"""
    return f"{found.per_100:.2f} per 100 ({found.low:.2f} to {found.high:.2f})"
