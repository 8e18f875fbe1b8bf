"""`mgcds review`: what the command does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Typer

from mgcds.loading import load_pack
from mgcds.model.pack import RulePack
from mgcds.review.documentation import DOCUMENTATION, render_docs
from mgcds.review.pages import NAVIGATION, Built, build
from mgcds.review.rendering import Site
from mgcds.review.results import read_questions, run_scenarios
from mgcds.review.standing import standings
from mgcds.scenarios.proving import find_scenarios, show_progress
from mgcds.scenarios.report import read_report

if TYPE_CHECKING:
    from mgcds.verification.difference import PackDifference


@dataclass(frozen=True, slots=True)
class Sources:
    """What the pages are made from. A report that is not given is made now; `since`: the pack that was signed."""

    rules: Path | None = None
    features: Path | None = None
    report: Path | None = None
    questions: Path | None = None
    since: Path | None = None


def review(output: Path, sources: Sources, on: date, app: Typer) -> Built:
    """Write all pages, as reviews stand on a day. `app`: that of the command line, for its reference."""
    pack, paths = load_pack(sources.rules), find_scenarios(sources.features)
    said = read_report(sources.report) if sources.report else run_scenarios(sources.features, sources.rules)
    questions = read_questions(sources.questions, pack) if sources.questions else None
    standing = standings(pack, on, _since(sources.since, pack))
    navigation = (*NAVIGATION, DOCUMENTATION)
    built = build(output, pack, paths, said, standing, questions, navigation)
    built.sizes.update(render_docs(Site(output, navigation, {}), app))
    return built


def _since(root: Path | None, pack: RulePack) -> PackDifference | None:
    if root is None:
        return None
    from mgcds.verification.difference import differences

    return differences(load_pack(root), pack, show_progress)


def lines(built: Built, output: Path) -> Iterator[str]:
    """What was written, and what keeps the pages from being clean."""
    yield from (f"The report cannot stand for all of these pages: {objection}." for objection in built.objections)
    yield from (f"Left over: {orphan}." for orphan in built.orphans)
    counts = ", ".join(f"{number} {outcome}" for outcome, number in built.counts.items())
    largest = max(built.sizes, key=lambda page: built.sizes[page])
    yield f"{len(built.sizes)} pages in {output}, the largest {largest} with {built.sizes[largest] // 1000} kB; scenarios: {counts}."
