"""What became of each scenario, as text for a reader and as plain data for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any, Literal

Outcome = Literal["passed", "failed", "error", "draft"]
"""`failed`: the rules say otherwise; `error`: the scenario, or mgcds, is wrong; `draft`: not run"""

_MARK = {"passed": "ok", "failed": "FAIL", "error": "ERROR", "draft": "draft"}


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
    """One scenario, or one row of its examples. `why` is the message of the step that failed, the last of `steps`."""

    file: str
    line: int
    feature: str
    scenario: str
    example: Mapping[str, str]
    tags: tuple[str, ...]
    outcome: Outcome = "draft"
    duration: float = 0.0
    why: str = ""
    steps: list[StepResult] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The scenario's name, with the row of its examples."""
        return f"{self.scenario} [{' | '.join(self.example.values())}]" if self.example else self.scenario


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
    """`12 scenarios passed, 1 failed, 2 drafts skipped`; scenarios that are themselves wrong are named where there are any."""
    count = counts(results)
    text = f"{_number(count['passed'], 'scenario')} passed, {count['failed']} failed, {_number(count['draft'], 'draft')} skipped"
    return text + (f", {count['error']} not understood" if count["error"] else "")


def counts(results: Iterable[ScenarioResult]) -> dict[str, int]:
    """How many scenarios ended how."""
    count = dict.fromkeys(_MARK, 0)
    for result in results:
        count[result.outcome] += 1
    return count


def to_dict(
    results: Iterable[ScenarioResult], problems: Iterable[str], pack: Mapping[str, str], engines: Iterable[str]
) -> dict[str, Any]:
    """Plain data, ready for JSON."""
    results = list(results)
    return {
        "pack": dict(pack),
        "engines": list(engines),
        "summary": counts(results),
        "problems": list(problems),
        "scenarios": [asdict(result) for result in results],
    }


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
