"""The pytest plugin: the step library as fixtures of every run, and feature files as tests, with no Python beside them.

A feature file is collected when it, or a folder without any Python file above it, stands on the command line or in `testpaths`
(`pytest features/`), or when the project asks for it with the ini option `mgcds_features = true` or with `--mgcds-features`.
A project that binds its features itself, with `scenarios(...)` of pytest-bdd, is left alone and may use the steps.
Scenarios tagged @draft are skipped.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import pytest
from pytest_bdd.exceptions import GherkinParseError, StepDefinitionNotFoundError
from pytest_bdd.parser import Feature, Scenario, ScenarioTemplate, Step
from pytest_bdd.scenario import scenario as test_of_scenario

from mgcds.scenarios import steps
from mgcds.scenarios.failures import ScenarioError, ScenarioFailure

FAILED_STEP = pytest.StashKey[Step]()
_EXPLICIT = pytest.StashKey[tuple[Path, ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the plugin."""
    group = parser.getgroup("mgcds", "mgcds scenarios")
    group.addoption(
        "--mgcds-features",
        action="store_true",
        default=False,
        help="Collect every .feature file as scenarios of mgcds.",
    )
    group.addoption(
        "--mgcds-rules", metavar="PATH", default=None, help="Rule pack of the scenarios; the built-in one if not given."
    )
    group.addoption(
        "--mgcds-jurisdiction",
        metavar="NAME",
        action="append",
        default=None,
        help="Whose limits apply; may be given again. The lowest counts, of all if not given.",
    )
    parser.addini("mgcds_features", "Collect every .feature file as scenarios of mgcds.", type="bool", default=False)
    parser.addini("mgcds_rules", "Rule pack of the scenarios, from the root folder of the tests.", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make the steps and @draft known."""
    if not config.pluginmanager.is_registered(steps):
        config.pluginmanager.register(steps, steps.__name__)
    config.addinivalue_line("markers", "draft: a scenario that is not agreed yet; it is skipped")


# --- collecting ---------------------------------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Feature files, where they are meant to be collected."""
    if file_path.suffix == ".feature" and _is_wanted(file_path, parent.config):
        return FeatureFile.from_parent(parent, path=file_path)
    return None


def _is_wanted(path: Path, config: pytest.Config) -> bool:
    if config.getoption("mgcds_features") or config.getini("mgcds_features"):
        return True
    return any(path == given or given in path.parents for given in _explicit(config))


def _explicit(config: pytest.Config) -> tuple[Path, ...]:
    """Feature files, and folders in which nothing but features can be meant, of the command line or of `testpaths`."""
    found = config.stash.get(_EXPLICIT, None)
    if found is None:
        given = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
        found = tuple(path.resolve() for path in given if path.is_file() or not any(path.rglob("*.py")))
        config.stash[_EXPLICIT] = found
    return found


class FeatureFile(pytest.Module):
    """A feature file as if it were a test module with one function a scenario, named as the scenario is."""

    templates: dict[str, ScenarioTemplate]

    def _getobj(self) -> ModuleType:
        from mgcds.scenarios.features import read_feature

        try:
            feature = read_feature(self.path)
        except GherkinParseError as error:
            raise self.CollectError(f"{self.path}:{error.line}: {error.message}\n    {error.line_content}") from None
        module = ModuleType(self.path.stem)
        self.templates = dict(feature.scenarios)
        for name, template in self.templates.items():
            _make_tags_known(template, self.config)
            function = test_of_scenario(self.path.name, name, features_base_dir=str(self.path.parent))(_nothing_more)
            function.__module__ = module.__name__
            function.__test__ = True  # type: ignore[attr-defined]  # collected whatever `python_functions` says
            setattr(module, name, function)
        return module


def _nothing_more() -> None:
    """All that a scenario does is in its steps."""


def _make_tags_known(template: ScenarioTemplate, config: pytest.Config) -> None:
    """Tags become marks of pytest, which refuses or warns of marks it was not told of."""
    from mgcds.scenarios.features import tags_of

    for tag in tags_of(template).union(*(examples.tags for examples in template.examples)):
        config.addinivalue_line("markers", f"{tag}: a tag of a feature file")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is tagged @draft."""
    for item in items:
        if item.getparent(FeatureFile) and item.get_closest_marker("draft"):
            item.add_marker(pytest.mark.skip(reason="draft"))


# --- running ------------------------------------------------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_before_scenario(request: pytest.FixtureRequest, scenario: Scenario) -> None:
    """Let the steps see the scenario they belong to."""
    request.node.stash[steps.SCENARIO] = scenario


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_step_error(request: pytest.FixtureRequest, step: Step) -> None:
    """Remember where it failed."""
    request.node.stash[FAILED_STEP] = step


@pytest.hookimpl(optionalhook=True)
def pytest_bdd_step_func_lookup_error(request: pytest.FixtureRequest, feature: Feature, step: Step) -> None:
    """Remember the step that nothing matches."""
    request.node.stash[FAILED_STEP] = step


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the step and what was found in the place of a traceback through pytest-bdd."""
    report = yield
    step = item.stash.get(FAILED_STEP, None)
    if step is not None and call.excinfo is not None:
        error = call.excinfo.value
        if isinstance(error, ScenarioError | ScenarioFailure | StepDefinitionNotFoundError):
            indented = "\n".join(f"    {line}" for line in str(error).splitlines())
            report.longrepr = f"line {step.line_number}: {step.keyword} {step.name}\n{indented}"
    return report
