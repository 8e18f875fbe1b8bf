"""`mgcds scenarios`: feature files run on every engine by pytest, in this process and without the user's pytest settings.

Exit codes: 0 all passed; 1 a scenario failed; 2 nothing was run, or a feature file or scenario cannot be understood.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pytest
import pytest_bdd.plugin

from mgcds.loading import load_pack
from mgcds.scenarios import plugin
from mgcds.scenarios.evaluated import engines, listed
from mgcds.scenarios.failures import ScenarioFailure
from mgcds.scenarios.features import DRAFT, check_features, features_root, find_features, shown_path, tags_of
from mgcds.scenarios.plugin import FeatureFile
from mgcds.scenarios.report import ScenarioResult, StepResult, counts, lines, summary, to_dict

if TYPE_CHECKING:
    from pytest_bdd.parser import Step

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
    name: str | None = None,
    tags: str | None = None,
    out: TextIO | None = None,
) -> int:
    """Run the scenarios of a folder or a file (the built-in ones if not given) and print what became of them; the exit code.

    `name`: only those whose feature or scenario name has these words; `tags`: only those with the tag, or for which an expression
    such as `safety and not slow` is true; `report`: also write a JSON file. PackError where the rules do not load.
    """
    out = out or sys.stdout
    pack = load_pack(rules, jurisdictions)
    where = features or features_root()
    paths = find_features(where) if where.exists() else []
    problems = [str(problem) for problem in check_features(paths)]
    if not where.exists():
        problems = [f"{where} is not there; name a folder of feature files, or one of them"]
    elif not paths:
        problems = [f"no .feature file is in {where} or below it"]
    recorder = Recorder(paths, name, tags)
    if not problems:
        problems = _run_pytest(paths, rules, pack.jurisdictions if jurisdictions else (), recorder)
    for line in lines(recorder.results):
        print(line, file=out)
    if report is not None:
        problems += _write(report, recorder.results, problems, pack)
    for problem in problems:
        print(f"mgcds: {problem}", file=sys.stderr)
    if recorder.results:
        print(summary(recorder.results), file=out)
        print(f"on the engines {listed(engines())}, in {recorder.seconds:.1f} s", file=out)
    return _exit_code(recorder.results, problems)


def _exit_code(results: Sequence[ScenarioResult], problems: Sequence[str]) -> int:
    count = counts(results)
    if problems or count["error"]:
        return UNUSABLE
    return FAILED if count["failed"] else PASSED


def _write(report: Path, results: Sequence[ScenarioResult], problems: Sequence[str], pack: RulePack) -> list[str]:
    written = to_dict(results, problems, {"version": pack.version, "digest": pack.digest}, tuple(engines()))
    try:
        report.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        return [f"the report {report} cannot be written: {os.strerror(error.errno or 0)}"]
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
    elif not problems and not any(result.outcome != DRAFT for result in recorder.results):
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
        self.results: list[ScenarioResult] = []
        self.problems: list[str] = []
        self.selected = 0
        self.seconds = 0.0
        self._started = 0.0

    @property
    def everything(self) -> bool:
        """Is no scenario left out?"""
        return not self._words and not self.tags

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

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        kept = [item for item in items if self._words in f"{_feature(item)} {_blank(item).title}".casefold()]
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
        self.results.append(_blank(item))

    def pytest_bdd_before_step(self, step: Step) -> None:
        self.results[-1].steps.append(StepResult(step.keyword, step.name, step.line_number))
        self._started = time.perf_counter()

    def pytest_bdd_after_step(self) -> None:
        self.results[-1].steps[-1].duration = time.perf_counter() - self._started

    def pytest_bdd_step_error(self) -> None:
        self.results[-1].steps[-1].duration = time.perf_counter() - self._started
        self.results[-1].steps[-1].outcome = "failed"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        result = self.results[-1]
        result.duration += report.duration
        if report.when == "call" and report.passed:
            result.outcome = "passed"
        elif report.failed and call.excinfo is not None:
            error = call.excinfo.value
            result.outcome = "failed" if isinstance(error, ScenarioFailure) else "error"
            result.why = str(error) or type(error).__name__
        return report


def _feature(item: pytest.Item) -> str:
    return _blank(item).feature


def _blank(item: pytest.Item) -> ScenarioResult:
    """What is known of a scenario before it is run."""
    assert isinstance(item, pytest.Function)
    feature_file = item.getparent(FeatureFile)
    assert feature_file is not None
    template = feature_file.templates[item.originalname]
    callspec = getattr(item, "callspec", None)
    example = callspec.params["_pytest_bdd_example"] if callspec else {}
    marks = {mark.name for mark in item.iter_markers() if mark.name not in ("parametrize", "skip", "usefixtures")}
    return ScenarioResult(
        file=shown_path(feature_file.path), line=template.line_number, feature=template.feature.name, scenario=template.name,
        example=dict(example), tags=tuple(sorted(tags_of(template) | marks)),
    )  # fmt: skip
