"""A run of scenarios as Cucumber Messages, one JSON object a line, for the official HTML formatter and other tools that read them.

They say what the report says and nothing more: a scenario that was not run has no result here either.
"""

from __future__ import annotations

import json
import platform
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from gherkin.stream.gherkin_events import GherkinEvents

from mgcds.scenarios.report import Report, ScenarioResult
from mgcds.scenarios.steps import LIBRARY

PROTOCOL = "34.2.1"
"""the release of @cucumber/messages whose schema tests/scenarios/test_messages.py checks against"""

Envelope = dict[str, Any]
Status = Literal["PASSED", "FAILED", "SKIPPED"]


def to_ndjson(report: Report, sources: Mapping[str, str]) -> str:
    """The messages of a run. `sources`: the text of each feature file of the report, as it was run."""
    return "".join(json.dumps(message, ensure_ascii=False) + "\n" for message in messages(report, sources))


def messages(report: Report, sources: Mapping[str, str]) -> Iterator[Envelope]:
    """Each message in the order that readers of the protocol expect: what there is, what was run, how it ended."""
    events = GherkinEvents(GherkinEvents.Options(print_source=True, print_ast=True, print_pickles=True))
    yield {"meta": _meta(report)}
    read: list[Envelope] = []
    for file, text in sources.items():
        source = {"uri": file, "data": text, "mediaType": "text/x.cucumber.gherkin+plain"}
        read += (dict(event) for event in events.enum({"source": source}))  # type: ignore[typeddict-item]
    yield from (_plain(event) for event in read)
    yield from _step_definitions()
    yield from _Run(report, events).messages(read)


def _meta(report: Report) -> Envelope:
    return {
        "protocolVersion": PROTOCOL,
        "implementation": {"name": "mgcds", "version": report.mgcds},
        "runtime": {"name": platform.python_implementation(), "version": report.tools.get("Python", "")},
        "os": {"name": platform.system()},
        "cpu": {"name": platform.machine()},
    }


def _plain(event: Any) -> Any:
    """Without what the Gherkin parser writes as null: the schema wants it left out."""
    if isinstance(event, Mapping):
        return {key: _plain(value) for key, value in event.items() if value is not None}
    return [_plain(value) for value in event] if isinstance(event, list) else event


def _step_definitions() -> Iterator[Envelope]:
    for number, (_, sentence) in enumerate(LIBRARY):
        yield {
            "stepDefinition": {
                "id": f"step-{number}",
                "pattern": {"type": "REGULAR_EXPRESSION", "source": sentence.regular_expression},
                "sourceReference": {"uri": "mgcds/scenarios/steps.py"},
            }
        }


class _Run:
    """The messages of what was run, each test case under an id of its own."""

    def __init__(self, report: Report, events: GherkinEvents) -> None:
        self._report, self._next_id = report, events.id_generator.get_next_id
        self._results: dict[tuple[str, int], deque[ScenarioResult]] = defaultdict(deque)
        for result in report.scenarios:  # the rows of a scenario are in the order of their tables, as pickles are
            self._results[result.file, result.line].append(result)

    def messages(self, read: Sequence[Envelope]) -> Iterator[Envelope]:
        """From the start of the run to its end."""
        report, run = self._report, self._next_id()
        lines = _scenario_lines(read)
        yield {"testRunStarted": {"id": run, "timestamp": self._at(0)}}
        for pickle in [event["pickle"] for event in read if "pickle" in event]:
            results = self._results[pickle["uri"], lines[pickle["astNodeIds"][0]]]
            if results and (result := results.popleft()).outcome != "not run":
                yield from self._case(pickle, result, run)
        count = report.summary
        good = report.finished and not count["failed"] and not count["error"]
        finished = {"testRunStartedId": run, "success": good, "timestamp": self._at(report.seconds)}
        yield {"testRunFinished": {**finished, **_said("; ".join(report.problems))}}

    def _case(self, pickle: Envelope, result: ScenarioResult, run: str) -> Iterator[Envelope]:
        case, started = self._next_id(), self._next_id()
        steps = [{**_test_step(step), "id": self._next_id()} for step in pickle["steps"]]
        yield {"testCase": {"id": case, "pickleId": pickle["id"], "testSteps": steps, "testRunStartedId": run}}
        at = result.started
        begun = {"id": started, "testCaseId": case, "attempt": 0, "timestamp": self._at(at)}
        yield {"testCaseStarted": begun}
        for number, step in enumerate(steps):
            of = {"testCaseStartedId": started, "testStepId": step["id"]}
            yield {"testStepStarted": {**of, "timestamp": self._at(at)}}
            status, seconds, why = _result(result, number)
            if result.outcome == "proved" and number == len(steps) - 1:
                yield _proof(of, self._report)
            at += seconds
            outcome = {"status": status, "duration": _duration(seconds), **_said(why)}
            yield {"testStepFinished": {**of, "testStepResult": outcome, "timestamp": self._at(at)}}
        ended = self._at(max(at, result.started + result.duration))
        yield {"testCaseFinished": {"testCaseStartedId": started, "timestamp": ended, "willBeRetried": False}}

    def _at(self, seconds: float) -> dict[str, int]:
        moment = self._report.began + timedelta(seconds=seconds)
        return {"seconds": int(moment.timestamp()), "nanos": moment.microsecond * 1000}


def _scenario_lines(read: Sequence[Envelope]) -> dict[str, int]:
    """Scenario id → its line."""
    found = {}
    for document in (event["gherkinDocument"] for event in read if "gherkinDocument" in event):
        for child in document["feature"]["children"]:
            for inner in (child, *child.get("rule", {}).get("children", ())):
                if "scenario" in inner:
                    found[inner["scenario"]["id"]] = inner["scenario"]["location"]["line"]
    return found


def _test_step(step: Envelope) -> Envelope:
    kind = {"Context": "given", "Action": "when", "Outcome": "then"}.get(step["type"])
    found = [
        (number, sentence)
        for number, (of, sentence) in enumerate(LIBRARY)
        if of == kind and sentence.is_matching(step["text"])
    ]
    return {
        "pickleStepId": step["id"],
        "stepDefinitionIds": [f"step-{number}" for number, _ in found],
        "stepMatchArgumentsLists": [
            {"stepMatchArguments": [{"group": _group(part)} for part in sentence.parts_of(step["text"])]}
            for _, sentence in found
        ],
    }


def _group(part: tuple[int, str]) -> Envelope:
    return {"start": part[0], "value": part[1], "children": []}


def _result(result: ScenarioResult, number: int) -> tuple[Status, float, str]:
    """Status, seconds and message of a step; after the one that failed, none was run."""
    if result.outcome == "draft":
        return "SKIPPED", 0.0, "a draft: not agreed, not run" if number == 0 else ""
    if number < len(result.steps) and result.steps[number].outcome == "passed":
        return "PASSED", result.steps[number].duration, ""
    if all(step.outcome == "passed" for step in result.steps[:number]) and number <= len(result.steps):
        seconds = result.steps[number].duration if number < len(result.steps) else 0.0
        return "FAILED", seconds, result.why
    return "SKIPPED", 0.0, ""


def _proof(of: Envelope, report: Report) -> Envelope:
    solver = " ".join(["Z3", report.tools.get("z3-solver", "")]).strip()
    body = f"Proved of every possible record, not tried on one patient ({solver})."
    return {"attachment": {**of, "body": body, "contentEncoding": "IDENTITY", "mediaType": "text/plain"}}


def _said(message: str) -> dict[str, str]:
    return {"message": message} if message else {}


def _duration(seconds: float) -> dict[str, int]:
    whole = int(seconds)
    return {"seconds": whole, "nanos": int((seconds - whole) * 1e9)}
