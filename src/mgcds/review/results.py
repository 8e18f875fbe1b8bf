"""What pages may say of a run: read from its report, and only where pack, place and steps are those of now. All else is `not run`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from mgcds.errors import ReviewError
from mgcds.model.pack import RulePack

Outcome = Literal["passed", "failed", "error", "draft", "not run"]
Place = tuple[str, int, tuple[tuple[str, str], ...]]
"""feature as `safety/suicide-risk`, line, row of the examples"""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row of a scenario."""

    outcome: Outcome
    why: str = ""


NOT_RUN = Result("not run")


@dataclass(frozen=True)
class Run:
    """The results of a run. `unusable` says why nothing of it may be shown: it is of another pack."""

    results: Mapping[Place, tuple[Result, tuple[str, ...]]] = field(default_factory=dict)
    engines: Sequence[str] = ()
    unusable: str = ""

    def of(self, place: Place, steps: Sequence[str]) -> Result:
        """What became of a row. A scenario that has been written otherwise since counts as not run."""
        result, ran = self.results.get(place, (NOT_RUN, ()))
        whole = result.outcome not in ("failed", "error")  # a scenario that fails ends with the step that does
        same = tuple(steps) == ran if whole else tuple(steps[: len(ran)]) == ran
        return result if same else NOT_RUN


def run_scenarios(features: Path | None, rules: Path | None, pack: RulePack) -> Run:
    """Run the scenarios now, on every engine."""
    from mgcds.scenarios.runner import run

    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        run(features, rules, report=report, out=StringIO())
        return read_run(report, pack)


def read_run(report: Path, pack: RulePack) -> Run:
    """The report that `mgcds scenarios --report` wrote. ReviewError where it is none."""
    said = read_json(report, "mgcds scenarios --report")
    try:
        found = said["pack"]["digest"]
        if found != pack.digest:
            return Run(unusable=f"The report is of another pack, {found[:12]}; these pages are of {pack.digest[:12]}.")
        results = dict(_result(scenario) for scenario in said["scenarios"])
        return Run(results, tuple(said["engines"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ReviewError(f"{report} is no report of scenarios; write one with 'mgcds scenarios --report'") from error


def _result(scenario: Mapping[str, Any]) -> tuple[Place, tuple[Result, tuple[str, ...]]]:
    if scenario["outcome"] not in ("passed", "failed", "error", "draft"):
        raise KeyError("outcome")
    steps = tuple(step["text"] for step in scenario["steps"])
    place = (feature_of(Path(scenario["file"])), int(scenario["line"]), tuple(scenario["example"].items()))
    return place, (Result(scenario["outcome"], scenario["why"]), steps)


def feature_of(path: Path) -> str:
    """`safety/suicide-risk`, of its file."""
    return f"{path.parent.name}/{path.stem}"


def read_json(path: Path, wrote: str) -> dict[str, Any]:
    """A JSON object. ReviewError, with the command that writes such a file."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReviewError(f"{path} cannot be read ({type(error).__name__}); '{wrote}' writes such a file") from None
    if not isinstance(said, dict):
        raise ReviewError(f"{path} is not what '{wrote}' writes")
    return said


@dataclass(frozen=True, slots=True)
class Question:
    """A small mistake in the rules that no scenario would notice: `part` is the rule, finding or item it is in."""

    part: str
    where: str
    asks: str
    undecided: bool


@dataclass(frozen=True)
class Questions:
    """What `mgcds mutate` found; `was_run` is False where it was not asked, or of another pack."""

    was_run: bool = False
    unusable: str = ""
    asked: int = 0
    """mistakes that were made and would tell somebody something else"""
    open: Sequence[Question] = ()

    def about(self, parts: set[str]) -> list[Question]:
        """Those of a rule, its findings and its items."""
        return [question for question in self.open if question.part in parts]


def read_questions(path: Path, pack: RulePack) -> Questions:
    """What `mgcds mutate --format json` wrote. ReviewError where it is something else."""
    said = read_json(path, "mgcds mutate --format json")
    try:
        if said["pack"]["digest"] != pack.digest:
            return Questions(unusable="The questions are of another pack.")
        found = [
            Question(each["part"], each["where"], each["question"], each["fate"] == "undecided")
            for each in said["mutants"]
            if each["fate"] in ("survived", "undecided")
        ]
        counts = said["counts"]
        return Questions(True, "", counts["noticed"] + counts["survived"] + counts["undecided"], found)
    except (KeyError, TypeError) as error:
        raise ReviewError(f"{path} is not what 'mgcds mutate --format json' writes") from error
