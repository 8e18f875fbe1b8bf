"""`mgcds review`: what the command does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mgcds.model.pack import RulePack
from mgcds.review.pages import Built, build
from mgcds.review.results import read_questions, run_scenarios
from mgcds.scenarios.proving import find_scenarios
from mgcds.scenarios.report import read_report


def review(
    output: Path, pack: RulePack, rules: Path | None, features: Path | None, report: Path | None, questions: Path | None
) -> Built:
    """Write all pages: from a report, or from a run made now."""
    paths = find_scenarios(features)
    said = read_report(report) if report else run_scenarios(features, rules)
    return build(output, pack, paths, said, read_questions(questions, pack) if questions else None)


def lines(built: Built, output: Path) -> Iterator[str]:
    """What was written, and what keeps the pages from being clean."""
    yield from (f"The report cannot stand for all of these pages: {objection}." for objection in built.objections)
    yield from (f"Left over: {orphan}." for orphan in built.orphans)
    counts = ", ".join(f"{number} {outcome}" for outcome, number in built.counts.items())
    largest = max(built.sizes, key=lambda page: built.sizes[page])
    yield f"{len(built.sizes)} pages in {output}, the largest {largest} with {built.sizes[largest] // 1000} kB; scenarios: {counts}."
