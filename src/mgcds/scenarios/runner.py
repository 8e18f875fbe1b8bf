"""`mgcds scenarios`: feature files run on every engine by pytest, in this process and without the user's pytest settings.

Exit codes: 0 all passed; 1 a scenario failed; 2 nothing was run, or a feature file or scenario cannot be understood.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pytest
import pytest_bdd.plugin

from mgcds import __version__
from mgcds.loading import load_pack
from mgcds.scenarios import plugin
from mgcds.scenarios.anyone import ANY
from mgcds.scenarios.evaluated import engines, listed
from mgcds.scenarios.failures import ScenarioFailure
from mgcds.scenarios.features import DRAFT, check_features, features_root, find_features, shown_path, tags_of
from mgcds.scenarios.patients import TODAY
from mgcds.scenarios.plugin import FeatureFile
from mgcds.scenarios.report import (
    FORMAT,
    Outcome,
    Report,
    ReportedFeature,
    ReportedPack,
    ScenarioResult,
    StepResult,
    counts,
    lines,
    reported_features,
    summary,
)

if TYPE_CHECKING:
    from pytest_bdd.parser import ScenarioTemplate, Step

    from mgcds.model.pack import RulePack

PASSED, FAILED, UNUSABLE = 0, 1, 2

_SETTINGS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_CURRENT_TEST")
_BLOCKED = (
    "cacheprovider",
    "terminal",
    "faulthandler",
    "logging",
    "warnings",
    "unraisableexception",
    "threadexception",
    "junitxml",
)


def run(
    features: Path | None = None,
    rules: Path | None = None,
    jurisdictions: Sequence[str] | None = None,
    report: Path | None = None,
    messages: Path | None = None,
    name: str | None = None,
    tags: str | None = None,
    out: TextIO | None = None,
) -> int:
    """Run the scenarios of a folder or a file (the built-in ones if not given) and print what became of them; the exit code.

    `name`: only those whose feature or scenario name has these words; `tags`: only those with the tag, or for which an expression
    such as `safety and not slow` is true; `report`: also write a JSON file; `messages`: Cucumber Messages. PackError where the rules do not load.
    """
    out = out or sys.stdout
    for older in (report, messages):
        if older is not None and older.is_file():
            older.unlink()  # however this run ends, nobody takes an older report for its own
    began, pack = datetime.now(UTC), load_pack(rules, jurisdictions)
    where = features or features_root()
    paths = find_features(where) if where.exists() else []
    read = reported_features(paths)
    problems = [str(problem) for problem in check_features(paths)]
    if not where.exists():
        problems = [f"{where} is not there; name a folder of feature files, or one of them"]
    elif not paths:
        problems = [f"no .feature file is in {where} or below it"]
    recorder = Recorder(paths, name, tags)
    texts = {} if problems else {path: path.read_text(encoding="utf-8") for path in paths}
    if not problems:
        problems = _run_pytest(paths, rules, pack.jurisdictions if jurisdictions else (), recorder)
        problems += _changed_meanwhile(read, reported_features(paths))
    for line in lines(recorder.results):
        print(line, file=out)
    told = _report(recorder, problems, pack, read, began)
    if report is not None:
        problems += _write(report, json.dumps(told.to_dict(), indent=2, ensure_ascii=False) + "\n")
    if messages is not None and recorder.known:
        from mgcds.scenarios.messages import to_ndjson

        problems += _write(messages, to_ndjson(told, {shown_path(path): text for path, text in texts.items()}))
    for problem in problems:
        print(f"mgcds: {problem}", file=sys.stderr)
    if recorder.results:
        print(summary(recorder.results), file=out)
        print(f"on the engines {listed(engines())}, in {recorder.seconds:.1f} s", file=out)
    return _exit_code(recorder.results, problems)


def _exit_code(results: Sequence[ScenarioResult], problems: Sequence[str]) -> int:
    count = counts(results)
    if problems or count["error"] or count["not run"]:
        return UNUSABLE
    return FAILED if count["failed"] else PASSED


# --- the report ---------------------------------------------------------------------------------------------------------------


def _report(
    recorder: Recorder, problems: Sequence[str], pack: RulePack, read: tuple[ReportedFeature, ...], began: datetime
) -> Report:
    scenarios = tuple(recorder.known.values())
    return Report(
        format=FORMAT, finished=not problems and recorder.is_finished, selection=recorder.selection, mgcds=__version__,
        pack=ReportedPack.of(pack), began=began, seconds=round(recorder.seconds, 3), today=TODAY,
        engines={engine: _made_by(engine) for engine in engines()}, tools=_tools(), features=read,
        summary=counts(scenarios), problems=tuple(problems), scenarios=scenarios,
    )  # fmt: skip


def _made_by(engine: str) -> str:
    return f"durable-rules {version('durable_rules')}" if engine == "durable" else f"mgcds {__version__}"


def _tools() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for package in ("pytest", "pytest-bdd", "gherkin-official", "z3-solver"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # Z3 is an extra
            continue
    return found


def _changed_meanwhile(read: tuple[ReportedFeature, ...], now: tuple[ReportedFeature, ...]) -> list[str]:
    """Feature files edited while the scenarios ran: nobody knows which of the two was run. The pack is loaded once."""
    changed = [feature.file for feature, later in zip(read, now, strict=True) if feature != later]
    return [f"{file} was changed while the scenarios ran; run them again" for file in changed]


def _write(path: Path, text: str) -> list[str]:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        return [f"{path} cannot be written: {os.strerror(error.errno or 0)}"]
    return []


# --- pytest -------------------------------------------------------------------------------------------------------------------


def _run_pytest(
    paths: Sequence[Path], rules: Path | None, jurisdictions: Sequence[str], recorder: Recorder
) -> list[str]:
    """Run the files; what kept scenarios from being run."""
    root = Path(os.path.commonpath([path.parent for path in paths]))
    while "[" in str(root) or "::" in str(root):  # pytest would take the rest for the name of a test
        root = root.parent
    arguments = ["-c", os.devnull, "--rootdir", str(root), "--noconftest", "--assert=plain", "--capture=no"]
    arguments += [argument for blocked in _BLOCKED for argument in ("-p", f"no:{blocked}")]
    if recorder.tags:
        arguments += ["-m", recorder.tags]
    if rules is not None:
        arguments += ["--mgcds-rules", str(rules.resolve())]
    arguments += [f"--mgcds-jurisdiction={name}" for name in jurisdictions]
    with _own_settings():
        code = pytest.main(
            [*arguments, "--mgcds-features", "--", str(root)], plugins=[pytest_bdd.plugin, plugin, recorder]
        )
    problems = list(recorder.problems)
    if code == pytest.ExitCode.INTERRUPTED:
        problems.append("interrupted: not all scenarios were run")
    elif code == pytest.ExitCode.USAGE_ERROR:
        asked = "the tags are not understood; write one tag, or tags joined with and, or, not"
        problems.append(asked if recorder.tags else "pytest refuses to run the features")
    elif not problems and recorder.selected != len(recorder.results):
        problems.append(f"only {len(recorder.results)} of {recorder.selected} scenarios were run")
    elif not problems and not any(result.outcome not in (DRAFT, "not run") for result in recorder.results):
        asked = "is not a draft" if recorder.everything else "has this name and these tags and is not a draft"
        problems.append(f"nothing was checked: no scenario {asked}")
    return problems


@contextmanager
def _own_settings() -> Iterator[None]:
    """Without the settings and plugins that the environment would give pytest; all is put back afterwards."""
    before = {name: os.environ.pop(name, None) for name in _SETTINGS}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


class Recorder:
    """A plugin of pytest that selects scenarios and notes what becomes of each of them."""

    def __init__(self, paths: Sequence[Path], name: str | None, tags: str | None) -> None:
        self._wanted = {part for path in paths for part in (path, *path.parents)}
        self._words = (name or "").casefold()
        self.tags = (tags or "").replace("@", "")
        self.known: dict[str, ScenarioResult] = {}
        """every scenario of the files, in their order, by the name of its test"""
        self.results: list[ScenarioResult] = []
        """those that were begun"""
        self.problems: list[str] = []
        self.selected = 0
        self.seconds = 0.0
        self._started = 0.0

    @property
    def everything(self) -> bool:
        """Is no scenario left out?"""
        return not self.selection

    @property
    def selection(self) -> str:
        """What scenarios were chosen by, in words."""
        chosen = {"words": self._words, "tags": self.tags}
        return ", ".join(f"{by} '{what}'" for by, what in chosen.items() if what)

    @property
    def is_finished(self) -> bool:
        """Was each that was chosen run to its end?"""
        return self.selected == len(self.results) and not any(result.outcome == "not run" for result in self.results)

    # --- collecting

    def pytest_configure(self) -> None:
        self.seconds = time.perf_counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool:
        """Collect the feature files and nothing else, whatever their folders are called."""
        return collection_path not in self._wanted

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(str(report.longrepr))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        self.known = {item.nodeid: _blank(item) for item in items}
        kept = [item for item in items if self._words in _searched(self.known[item.nodeid])]
        items[:] = kept

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.selected = len(session.items)

    def pytest_internalerror(self, excrepr: object) -> None:
        self.problems.append(f"a fault of mgcds itself: {excrepr}")

    def pytest_sessionfinish(self) -> None:
        self.seconds = time.perf_counter() - self.seconds
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)

    # --- running

    def pytest_runtest_logstart(self) -> None:
        if sys.stderr.isatty():
            print(f"\r{len(self.results)} of {self.selected} scenarios", end="", file=sys.stderr, flush=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self.results.append(self.known[item.nodeid])
        self.results[-1].started = time.perf_counter() - self.seconds

    def pytest_bdd_before_step(self, step: Step) -> None:
        self.results[-1].steps.append(StepResult(step.keyword, step.name, step.line_number))
        self._started = time.perf_counter()

    def pytest_bdd_after_step(self) -> None:
        self.results[-1].steps[-1].duration = time.perf_counter() - self._started

    def pytest_bdd_step_error(self) -> None:
        self.results[-1].steps[-1].duration = time.perf_counter() - self._started
        self.results[-1].steps[-1].outcome = "failed"

    def pytest_bdd_step_func_lookup_error(self, step: Step) -> None:
        self.results[-1].steps.append(StepResult(step.keyword, step.name, step.line_number, "failed"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        result = self.results[-1]
        result.duration += report.duration
        if report.when == "call" and report.passed:
            result.outcome = _passed(result, len(_template(item).steps))
        elif report.when == "setup" and report.skipped and item.get_closest_marker(DRAFT):
            result.outcome = "draft"
        elif report.failed and call.excinfo is not None:
            error = call.excinfo.value
            result.outcome = "failed" if isinstance(error, ScenarioFailure) else "error"
            result.why = str(error) or type(error).__name__
        return report


def _searched(result: ScenarioResult) -> str:
    return f"{result.feature} {result.title}".casefold()


def _passed(result: ScenarioResult, steps: int) -> Outcome:
    """That pytest had nothing against a test is not enough: every step was run, and none failed."""
    if len(result.steps) != steps or any(step.outcome != "passed" for step in result.steps):
        result.why = f"only {len(result.steps)} of {steps} steps were run"
        return "error"
    return "proved" if result.steps[0].text == ANY else "passed"


def _template(item: pytest.Item) -> ScenarioTemplate:
    feature_file = item.getparent(FeatureFile)
    assert isinstance(item, pytest.Function)
    assert feature_file is not None
    return feature_file.templates[item.originalname]


def _blank(item: pytest.Item) -> ScenarioResult:
    """What is known of a scenario before it is run."""
    template = _template(item)
    callspec = getattr(item, "callspec", None)
    example = callspec.params["_pytest_bdd_example"] if callspec else {}
    marks = {mark.name for mark in item.iter_markers() if mark.name not in ("parametrize", "skip", "usefixtures")}
    return ScenarioResult(
        file=shown_path(item.path), line=template.line_number, feature=template.feature.name, scenario=template.name,
        example=dict(example), tags=tuple(sorted(tags_of(template) | marks)),
    )  # fmt: skip
