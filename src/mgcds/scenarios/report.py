"""What became of each scenario: as text for a reader, and as a report file for programs and for the review pages.

A report speaks of one pack (its digest) and of certain feature files (their hashes), and says so: `Report.objections` tells whether
it may stand for those at hand.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from mgcds.errors import ReportError
from mgcds.model.pack import RulePack

FORMAT = 1

Outcome = Literal["passed", "proved", "failed", "error", "draft", "not run"]
"""`proved`: passed, and of any patient; `failed`: the rules say otherwise; `error`: the scenario, or mgcds, is wrong; `draft`: not
agreed, so not run; `not run`: not chosen, or the run was interrupted"""

_MARK: Mapping[Outcome, str] = {
    "passed": "ok", "proved": "proof", "failed": "FAIL", "error": "ERROR", "draft": "draft", "not run": "-"
}  # fmt: skip
_ANEW = "write it again with 'mgcds scenarios --report FILE'"


@dataclass(slots=True)
class StepResult:
    """One step as it was run. `duration` in seconds."""

    keyword: str
    text: str
    line: int
    outcome: Literal["passed", "failed"] = "passed"
    duration: float = 0.0


@dataclass(slots=True)
class ScenarioResult:
    """One scenario, or one row of its examples. `why` is the message of the step that failed, the last of `steps`; `started` is in
    seconds since the run began.
    """

    file: str
    line: int
    feature: str
    scenario: str
    example: Mapping[str, str]
    tags: tuple[str, ...]
    outcome: Outcome = "not run"
    started: float = 0.0
    duration: float = 0.0
    why: str = ""
    steps: list[StepResult] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The scenario's name, with the row of its examples."""
        return f"{self.scenario} [{' | '.join(self.example.values())}]" if self.example else self.scenario

    @property
    def topic_and_rule(self) -> tuple[str, str]:
        """The folder and the name of the file, which are those of the rule it is about."""
        path = Path(self.file)
        return path.parent.name, path.stem

    @property
    def holds(self) -> bool:
        """Did it pass, for one patient or for any?"""
        return self.outcome in ("passed", "proved")


@dataclass(frozen=True, slots=True)
class ReportedPack:
    """The pack that the scenarios were run with."""

    name: str
    version: str
    digest: str
    jurisdictions: tuple[str, ...]

    @classmethod
    def of(cls, pack: RulePack) -> ReportedPack:
        """What a report says of a pack."""
        return cls(pack.name, pack.version, pack.digest, pack.jurisdictions)


@dataclass(frozen=True, slots=True, order=True)
class ReportedFeature:
    """A feature file as it was read: its path, and the SHA-256 of its bytes."""

    file: str
    sha256: str

    @property
    def below_its_topic(self) -> str:
        """`safety/pregnancy.feature`: the same wherever the features stand."""
        path = Path(self.file)
        return f"{path.parent.name}/{path.name}"


@dataclass(slots=True)
class Report:
    """A run of scenarios. `scenarios` has every row of every feature file, also of those that were not run."""

    format: int
    finished: bool
    """was every scenario that was chosen run to its end, with pack and features the same before and after?"""
    selection: str
    """words and tags that scenarios were chosen by; empty where all were"""
    mgcds: str
    pack: ReportedPack
    began: datetime
    """UTC"""
    seconds: float
    today: date
    """the day on which patients are evaluated, where a scenario does not say `today is …`"""
    engines: Mapping[str, str]
    """engine → package and version"""
    tools: Mapping[str, str]
    """what else took part → version"""
    features: tuple[ReportedFeature, ...]
    summary: Mapping[Outcome, int]
    problems: tuple[str, ...]
    scenarios: tuple[ScenarioResult, ...]

    def objections(self, pack: RulePack, features: Iterable[Path]) -> list[str]:
        """Why this report cannot stand for this pack and these feature files; empty where it can. That scenarios failed is none."""
        found = [f"the run had a problem: {problem}" for problem in self.problems]
        if not self.finished:
            found.append("the run was not finished")
        if self.selection:
            found.append(f"only some scenarios were run: {self.selection}")
        if self.pack.digest != pack.digest:
            mine, other = (f"{each.name} {each.version} ({each.digest[:12]})" for each in (pack, self.pack))
            found.append(f"it is of another pack: of {other}, not of {mine}")
        return found + sorted(self._other_features(features))

    def _other_features(self, features: Iterable[Path]) -> Iterator[str]:
        here = Counter((each.below_its_topic, each.sha256) for each in reported_features(features))
        there = Counter((each.below_its_topic, each.sha256) for each in self.features)
        changed, gone = here - there, there - here
        for file, _ in changed:
            reads = "was changed since" if any(file == other for other, _ in gone) else "was not run"
            yield f"{file} {reads}"
        for file in {file for file, _ in gone} - {file for file, _ in changed}:
            yield f"{file} is no longer there"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {**asdict(self), "began": self.began.isoformat(timespec="seconds"), "today": self.today.isoformat()}


def reported_features(paths: Iterable[Path]) -> tuple[ReportedFeature, ...]:
    """Feature files with the hashes that they have now; one that is not there has none."""
    from mgcds.scenarios.features import shown_path

    return tuple(
        ReportedFeature(shown_path(path), hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        for path in paths
    )


# --- reading --------------------------------------------------------------------------------------------------------------


def read_report(path: Path) -> Report:
    """A report file. ReportError where it is none, or where it contradicts itself: nothing in it is taken for granted."""
    import msgspec

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; {_ANEW}") from None
    try:
        if msgspec.json.decode(data).get("format") != FORMAT:
            raise ReportError(f"{path} was written by another version of mgcds; {_ANEW}")
        report = msgspec.json.decode(data, type=Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, AttributeError) as error:
        raise ReportError(f"{path} is no report of scenarios: {error}; {_ANEW}") from None
    contradiction = next(_contradictions(report), None)
    if contradiction is not None:
        raise ReportError(f"{path} contradicts itself: {contradiction}; {_ANEW}")
    return report


def _contradictions(report: Report) -> Iterator[str]:
    if dict(report.summary) != counts(report.scenarios):
        yield "its summary is not that of its scenarios"
    known = {feature.file for feature in report.features}
    for result in report.scenarios:
        steps = [step.outcome for step in result.steps]
        place = f"{result.file}:{result.line} ({result.title})"
        if result.file not in known:
            yield f"{place} is of a file that it does not list"
        if result.holds and (not steps or "failed" in steps or result.why):
            yield f"{place} is said to have passed, and not every step of it did"
        if result.holds and "Then" not in {step.keyword for step in result.steps}:
            yield f"{place} is said to have passed, and it expected nothing"
        if report.finished and not report.selection and result.outcome == "not run":
            yield f"{place} was not run, and the run is said to be finished"


# --- text -----------------------------------------------------------------------------------------------------------------


def lines(results: Iterable[ScenarioResult]) -> Iterator[str]:
    """Feature by feature, each scenario on a line; below a failed one the step, what was found and what decided."""
    for (file, feature), scenarios in groupby(results, lambda result: (result.file, result.feature)):
        yield f"{feature}  ({file})"
        for result in scenarios:
            yield f"  {_MARK[result.outcome]:<5} {result.title}"
            if result.why:
                yield from _why(result)
        yield ""


def _why(result: ScenarioResult) -> Iterator[str]:
    failed = next((step for step in result.steps if step.outcome == "failed"), None)
    if failed is not None:
        yield f"        {result.file}:{failed.line}: {failed.keyword} {failed.text}"
    for line in result.why.splitlines():
        yield f"            {line}"


def summary(results: Iterable[ScenarioResult]) -> str:
    """`12 scenarios passed, 3 of any patient proved, 1 failed, 2 drafts skipped`; what is rare is named where there is any."""
    count = counts(results)
    parts = [f"{_number(count['passed'], 'scenario')} passed"]
    parts += [f"{count['proved']} of any patient proved"] if count["proved"] else []
    parts += [f"{count['failed']} failed", f"{_number(count['draft'], 'draft')} skipped"]
    parts += [f"{count['error']} not understood"] if count["error"] else []
    parts += [f"{count['not run']} not run to the end"] if count["not run"] else []
    return ", ".join(parts)


def counts(results: Iterable[ScenarioResult]) -> dict[Outcome, int]:
    """How many scenarios ended how."""
    count: dict[Outcome, int] = dict.fromkeys(_MARK, 0)
    for result in results:
        count[result.outcome] += 1
    return count


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
