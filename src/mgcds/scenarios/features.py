"""Feature files before they are run: found, read, and checked for what would make a scenario empty, lost or not understood."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_bdd.exceptions import GherkinParseError
from pytest_bdd.feature import features as parsed_before
from pytest_bdd.feature import get_feature
from pytest_bdd.gherkin_parser import GherkinDocument, get_gherkin_document
from pytest_bdd.parser import Feature, ScenarioTemplate, Step

from mgcds.errors import Problem
from mgcds.scenarios.naming import folded
from mgcds.scenarios.sentences import Sentence, nearest
from mgcds.scenarios.steps import LIBRARY

DRAFT = "draft"
_KEYWORDS = ("Background", "Rule", "Scenario", "Scenario Outline", "Example", "Examples")
_MEANS_SOMETHING_TO_PYTEST = frozenset({"skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings"})


def features_root() -> Path:
    """The features that come with mgcds: in the wheel `mgcds/features`, in a checkout `features` at its top."""
    package = Path(__file__).resolve().parents[1]
    return package / "features" if (package / "features").is_dir() else package.parents[1] / "features"


def find_features(where: Path) -> list[Path]:
    """The feature files of a folder and all below it, or the one file."""
    if where.is_file():
        return [where.resolve()]
    return sorted(path.resolve() for path in where.rglob("*.feature") if path.is_file())


def read_feature(path: Path) -> Feature:
    """Parse a file as it is now: pytest-bdd remembers files for the life of the process."""
    parsed_before.pop(str(path), None)
    return get_feature(str(path.parent), path.name)


def scenarios_of(rule_id: str, topic: str) -> list[tuple[str, int]]:
    """The scenarios of a rule by its feature file, with the number of their examples (0 where there is no table); drafts are left
    out. None where there is no such file, or it cannot be read: `mgcds scenarios` says why.
    """
    path = features_root() / topic / f"{rule_id}.feature"
    if not path.is_file() or any(True for _ in _check_file(path)):
        return []
    scenarios = read_feature(path).scenarios.values()
    return [
        (scenario.name, sum(len(examples.examples) for examples in scenario.examples))
        for scenario in scenarios
        if DRAFT not in tags_of(scenario)
    ]


def tags_of(scenario: ScenarioTemplate) -> set[str]:
    """Tags of a scenario, of its rule and of its feature."""
    return scenario.tags | scenario.feature.tags | (scenario.rule.tags if scenario.rule else set())


def check_features(paths: Iterable[Path]) -> list[Problem]:
    """Everything that keeps a scenario from being run as it is meant, sorted by place."""
    return sorted({problem for path in paths for problem in _check_file(path)})


def shown_path(path: Path) -> str:
    """A path as the person at the terminal would write it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _check_file(path: Path) -> Iterator[Problem]:
    file = shown_path(path)
    try:
        if not path.read_text(encoding="utf-8").strip():
            yield Problem(file, 1, "is empty; begin with 'Feature: …'")
            return
        document, feature = get_gherkin_document(str(path)), read_feature(path)
    except UnicodeDecodeError:
        yield Problem(file, 1, "is not written in UTF-8")
    except OSError as error:
        yield Problem(file, 1, f"cannot be read: {os.strerror(error.errno or 0)}")
    except GherkinParseError as error:
        yield Problem(file, error.line, f"is not Gherkin: {error.message} It reads: {error.line_content.strip()}")
    except (KeyError, TypeError):  # what pytest-bdd does with a file of comments only
        yield Problem(file, 1, "holds no feature; begin with 'Feature: …'")
    else:
        yield from _check_names(document, file)
        yield from _check_keywords(path, feature, file)
        for scenario in feature.scenarios.values():
            yield from _check_scenario(scenario, file)


def _check_names(document: GherkinDocument, file: str) -> Iterator[Problem]:
    """pytest-bdd keeps only the last of two scenarios with one name."""
    seen: dict[str, int] = {}
    children = [
        inner for child in document.feature.children for inner in (child, *(child.rule.children if child.rule else ()))
    ]
    for scenario in [child.scenario for child in children if child.scenario]:
        line = scenario.location.line
        if not scenario.name:
            yield Problem(file, line, "the scenario has no name")
        elif scenario.name in seen:
            yield Problem(
                file, line, f"a scenario of the same name stands in line {seen[scenario.name]}; give it another"
            )
        seen.setdefault(scenario.name, line)


def _check_keywords(path: Path, feature: Feature, file: str) -> Iterator[Problem]:
    """Gherkin takes what follows `Senario:` for a description, and would run nothing of it."""
    descriptions = [feature.description, *(scenario.description for scenario in feature.scenarios.values())]
    described = {line.strip() for description in descriptions for line in description.splitlines()}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        word, colon, _ = line.strip().partition(":")
        near = (
            difflib.get_close_matches(word, _KEYWORDS, n=1, cutoff=0.8) if colon and line.strip() in described else []
        )
        if near:
            yield Problem(file, number, f"'{word}:' is no keyword; did you mean '{near[0]}:'?")
    if not feature.scenarios:
        yield Problem(file, feature.line_number, "the feature has no scenario")


def _check_scenario(scenario: ScenarioTemplate, file: str) -> Iterator[Problem]:
    line = scenario.line_number
    tags = tags_of(scenario).union(*(examples.tags for examples in scenario.examples))
    for tag in sorted(tags & _MEANS_SOMETHING_TO_PYTEST):
        yield Problem(
            file, line, f"the tag @{tag} would make pytest treat the scenario otherwise; use @{DRAFT} or another word"
        )
    if DRAFT in tags_of(scenario):
        return
    if not any(step.type == "then" for step in scenario.steps):
        yield Problem(file, line, f"the scenario expects nothing: it has no 'Then', and is no @{DRAFT}")
    for examples in scenario.examples:
        if not examples:
            yield Problem(file, examples.line_number or line, "the examples have no row: nothing would be run")
    yield from _check_twice(scenario, file)
    yield from _check_steps(scenario, file)


def _check_twice(scenario: ScenarioTemplate, file: str) -> Iterator[Problem]:
    """A scenario may replace what its Background says, but not what it says itself."""
    said: dict[str, int] = {}
    for step in scenario.steps[len(scenario.all_background_steps) :]:
        for sentence in matching(step):
            parts = sentence.parse_arguments(step.name) or {}
            if sentence.name.startswith("the <item> is "):
                item = folded(parts["item"]) + (sentence.name if "limit" in parts else "")  # two limits make a range
                if item in said:
                    what = f"the {parts['item']} is already said in line {said[item]}; only one of the two would count"
                    yield Problem(file, step.line_number, what)
                said.setdefault(item, step.line_number)


def _check_steps(scenario: ScenarioTemplate, file: str) -> Iterator[Problem]:
    rows = [row for examples in scenario.examples for row in examples.as_contexts()] or [{}]
    for row in rows:
        for step in scenario.render(row).steps:
            if not matching(step):
                yield Problem(file, step.line_number, _not_understood(step))


def matching(step: Step) -> list[Sentence]:
    """The sentences of the library that a step may be."""
    return [sentence for kind, sentence in LIBRARY if kind == step.type and sentence.is_matching(step.name)]


def _not_understood(step: Step) -> str:
    sentences = {sentence.name for kind, sentence in LIBRARY if kind == step.type}
    near = nearest(step.name, sorted(sentences))
    suggestions = "".join(f"\n    {step.type.title()} {sentence}" for sentence in near)
    like = (
        f"; the nearest are{suggestions}"
        if near
        else f"; none of the {len(sentences)} sentences for {step.type.title()} is like it"
    )
    return f"no step is written '{step.type.title()} {step.name}'{like}"
