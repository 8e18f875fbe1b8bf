"""Cucumber Messages of a run: valid by the official schema, told by the official HTML formatter, and nothing that did not happen."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mgcds.scenarios.runner import run
from tests.review.browser import a_page, needs_a_browser
from tests.scenarios.test_report import ANYONE
from tests.scenarios.test_runner import DRAFT, KIDNEY, WRONG

TOOL = Path(__file__).resolve().parents[2] / "tools" / "messages"


def lacking() -> str | None:
    if shutil.which("node") is None:
        return "NOT TESTED: Cucumber Messages need Node.js 18 or newer with npm (apt-get install nodejs npm)"
    there = (TOOL / "node_modules").is_dir()
    return (
        None if there else "NOT TESTED: the packages of tools/messages are not installed: `make test` does it with npm"
    )


LACKING = lacking()
needs_the_formatter = pytest.mark.skipif(
    LACKING is not None and os.environ.get("MGCDS_MESSAGES") != "required", reason=LACKING or ""
)
BACKGROUND = """\
Feature: Who is asked first
  Background:
    Given a healthy adult

  Rule: kidneys
    Scenario: two of a row
      Given the eGFR is "25 mL/min/1.73m2"
      When the record is evaluated
      Then "severe-renal-impairment" is offered
"""


@pytest.fixture
def messages_of(tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Run the features; their messages, which stay in `messages.ndjson`."""

    def run_them(*features: str, **options: Any) -> list[dict[str, Any]]:
        folder, file = tmp_path / "features", tmp_path / "messages.ndjson"
        folder.mkdir(exist_ok=True)
        for number, text in enumerate(features):
            (folder / f"feature-{number}.feature").write_text(text, encoding="utf-8")
        run(folder, messages=file, **options)
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    return run_them


def of(kind: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message[kind] for message in messages if kind in message]


def statuses(messages: list[dict[str, Any]]) -> list[list[str]]:
    """The statuses of the steps of each test case, in the order they were run."""
    finished = of("testStepFinished", messages)
    return [
        [step["testStepResult"]["status"] for step in finished if step["testCaseStartedId"] == case["id"]]
        for case in of("testCaseStarted", messages)
    ]


def render(messages: Path, page: Path) -> subprocess.CompletedProcess[str]:
    tool = ["node", str(TOOL / "render.mjs"), str(messages), str(page)]
    return subprocess.run(tool, capture_output=True, text=True, timeout=120, check=False)


def test_each_step_has_the_status_that_it_had(messages_of) -> None:
    messages = messages_of(WRONG, DRAFT, ANYONE, BACKGROUND)
    assert statuses(messages) == [
        ["PASSED"] * 4, ["PASSED", "PASSED", "PASSED", "FAILED"], ["SKIPPED"], ["PASSED"] * 4, ["PASSED"] * 4
    ]  # fmt: skip
    [failed] = [step for step in of("testStepFinished", messages) if step["testStepResult"]["status"] == "FAILED"]
    assert "not indicated by reference" in failed["testStepResult"]["message"]
    assert of("testRunFinished", messages)[0]["success"] is False
    assert of("testRunFinished", messages_of(KIDNEY, DRAFT, ANYONE, BACKGROUND))[0]["success"] is True


def test_what_is_proved_is_told_as_proved(messages_of) -> None:
    messages = messages_of(KIDNEY, ANYONE)
    [proof] = of("attachment", messages)
    assert proof["body"].startswith("Proved of every possible record")
    [case] = [case for case in of("testCaseStarted", messages) if case["id"] == proof["testCaseStartedId"]]
    tested = {test["id"]: test["pickleId"] for test in of("testCase", messages)}
    names = {pickle["id"]: pickle["name"] for pickle in of("pickle", messages)}
    assert names[tested[case["testCaseId"]]] == "a severe impairment is never passed over"


def test_what_was_not_run_has_no_result(messages_of) -> None:
    messages = messages_of(KIDNEY, ANYONE, name="29.9")
    assert (len(of("pickle", messages)), len(of("testCaseStarted", messages))) == (3, 1)
    [case] = of("testCase", messages)
    [pickle] = [pickle for pickle in of("pickle", messages) if pickle["id"] == case["pickleId"]]
    assert pickle["steps"][1]["text"] == 'the eGFR is "29.9 mL/min/1.73m2"'


def test_each_row_has_its_own_result(messages_of) -> None:
    """The failing row is the second as it stands, and the first when the rows change places."""
    first, second = KIDNEY.splitlines()[-2:]
    wrong = second.replace("not indicated", "offered      ")
    upside_down = KIDNEY.replace(f"{first}\n{second}", f"{wrong}\n{first}")
    assert [case[-1] for case in statuses(messages_of(upside_down))] == ["FAILED", "PASSED"]


def test_each_step_points_to_its_sentence_and_its_parts(messages_of) -> None:
    messages = messages_of(KIDNEY)
    step = of("testCase", messages)[0]["testSteps"][1]
    [group] = [argument["group"] for argument in step["stepMatchArgumentsLists"][0]["stepMatchArguments"]][1:]
    text = of("pickle", messages)[0]["steps"][1]["text"]
    assert text[group["start"] :].startswith(group["value"] + '"')
    sentences = {each["id"]: each["pattern"]["source"] for each in of("stepDefinition", messages)}
    [pattern] = [sentences[number] for number in step["stepDefinitionIds"]]
    assert re.fullmatch(pattern.replace("(?<", "(?P<"), text)


# --- the official schema and formatter ------------------------------------------------------------------------------------


@needs_the_formatter
def test_the_messages_are_valid_and_rendered(messages_of, tmp_path: Path) -> None:
    messages = messages_of(WRONG, DRAFT, ANYONE, BACKGROUND)
    done = render(tmp_path / "messages.ndjson", tmp_path / "page.html")
    assert (done.returncode, done.stdout) == (0, f"{len(messages)} messages are valid\n"), done.stderr
    assert "a severe impairment is never passed over" in (tmp_path / "page.html").read_text(encoding="utf-8")


@needs_the_formatter
@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        pytest.param('{"testRunFinished": {"success": true}}', "must have required property 'timestamp'", id="a key is missing"),
        pytest.param('{"testRunStarted": {"timestamp": {"seconds": "now", "nanos": 0}}}', "must be integer", id="another type"),
        pytest.param('{"proved": {}}', "must NOT have additional properties", id="a message of our own"),
        pytest.param(
            '{"attachment": {"body": "", "contentEncoding": "PLAIN", "mediaType": "a/b"}}', "must be equal to one of", id="a word that is none"
        ),
        pytest.param("{", "JSON", id="no JSON"),
    ],
)  # fmt: skip
def test_an_invalid_message_is_refused(messages_of, tmp_path: Path, wrong: str, complaint: str) -> None:
    number = len(messages_of(KIDNEY)) + 1
    with (tmp_path / "messages.ndjson").open("a", encoding="utf-8") as file:
        file.write(wrong + "\n")
    done = render(tmp_path / "messages.ndjson", tmp_path / "page.html")
    assert done.returncode == 1
    assert re.search(rf"line {number}: .*{complaint}", done.stderr), done.stderr
    assert not (tmp_path / "page.html").exists()


@needs_the_formatter
@needs_a_browser
def test_a_browser_shows_what_became_of_them(messages_of, tmp_path: Path) -> None:
    messages_of(WRONG, DRAFT, ANYONE)
    assert render(tmp_path / "messages.ndjson", tmp_path / "page.html").returncode == 0
    with a_page() as page:
        page.goto((tmp_path / "page.html").as_uri())
        page.get_by_text("feature-0.feature").first.wait_for()
        shown = page.inner_text("body")
    assert all(
        re.search(rf"{status}\s+{count}\b", shown) for status, count in (("PASSED", 2), ("FAILED", 1), ("SKIPPED", 1))
    )
