"""What pages may say of a run: read from its report, and only where pack and feature file are those of now. All else is `not run`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from mgcds.errors import ReviewError
from mgcds.model.pack import RulePack
from mgcds.scenarios.report import Outcome, Report, read_report, reported_features

Place = tuple[str, int, tuple[tuple[str, str], ...]]
"""feature as `safety/suicide-risk`, line, row of the examples"""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row of a scenario."""

    outcome: Outcome
    why: str = ""

    @property
    def holds(self) -> bool:
        """Did it pass, for one patient or for any?"""
        return self.outcome in ("passed", "proved")


NOT_RUN = Result("not run")


@dataclass(frozen=True)
class Run:
    """The results that may be shown, the engines that gave them, and why others may not be shown."""

    results: Mapping[Place, Result] = field(default_factory=dict)
    engines: Mapping[str, str] = field(default_factory=dict)
    began: str = ""
    objections: Sequence[str] = ()

    def of(self, place: Place) -> Result:
        """What became of a row."""
        return self.results.get(place, NOT_RUN)


def run_scenarios(features: Path | None, rules: Path | None, report: Path | None = None) -> Report:
    """Run the scenarios now, on every engine; `report`: keep the report there. ReviewError where they cannot be run."""
    from mgcds.scenarios.runner import UNUSABLE, run

    with tempfile.TemporaryDirectory() as folder:
        written = report or Path(folder, "report.json")
        if run(features, rules, report=written, out=StringIO()) == UNUSABLE and not written.is_file():
            raise ReviewError("the scenarios could not be run; 'mgcds scenarios' says why")
        return read_report(written)


def usable(report: Report, pack: RulePack, features: Iterable[Path]) -> Run:
    """What of a report holds for this pack and these files. Of another pack, or of a run that broke off, nothing does; of a file
    that was changed since, nothing of that file.
    """
    features = list(features)
    objections = report.objections(pack, features)
    engines, began = dict(report.engines), report.began.strftime("%Y-%m-%d %H:%M UTC")
    if report.pack.digest != pack.digest or not report.finished:
        return Run({}, {}, began, objections)
    ran = {(each.below_its_topic, each.sha256) for each in report.features}
    same = {
        feature_of(Path(now.file)) for now in reported_features(features) if (now.below_its_topic, now.sha256) in ran
    }
    results: dict[Place, Result] = {}
    for each in report.scenarios:
        feature = feature_of(Path(each.file))
        if feature in same:
            results[feature, each.line, tuple(each.example.items())] = Result(each.outcome, each.why)
    return Run(results, engines, began, objections)


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
