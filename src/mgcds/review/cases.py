"""The feature files as a reader sees them: scenarios with their steps, their rows, and what became of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_bdd.parser import Feature as Parsed
from pytest_bdd.parser import ScenarioTemplate

from mgcds.model.pack import RulePack
from mgcds.review.results import Result, Run, feature_of
from mgcds.scenarios.examples import Example, example_of, rows_of
from mgcds.scenarios.features import DRAFT, read_feature, tags_of

_OUTCOME = re.compile(r'^"([^"]+)" is <([^<>]+)>$')
"""the step whose column says what became of a suggestion"""


@dataclass(frozen=True)
class Row:
    """One row of a scenario: a patient, what is expected, and what became of it."""

    values: Mapping[str, str]
    example: Example | None
    """None of a draft: it need not be understood"""
    result: Result
    asks_of: frozenset[str]


@dataclass(frozen=True)
class Scenario:
    """A scenario with all its rows. `steps` are as they are written, with `<names>` of the columns."""

    feature: str
    line: int
    name: str
    steps: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Sequence[Row]
    is_about_anyone: bool

    @property
    def key(self) -> str:
        """Its name inside a page."""
        return f"scenario-{self.line}"

    @property
    def asks_of(self) -> frozenset[str]:
        """The rules of which it expects something."""
        return frozenset().union(*(row.asks_of for row in self.rows))

    @property
    def counts(self) -> Counter[str]:
        return Counter(row.result.outcome for row in self.rows)

    @property
    def outcomes(self) -> dict[str, list[str]]:
        """The columns that say what became of a suggestion, with the rules they say it of."""
        found: dict[str, list[str]] = {}
        for rule, column in (pair for _, text in self.steps for pair in _OUTCOME.findall(text)):
            found.setdefault(column, []).append(rule)
        return found


@dataclass(frozen=True)
class Feature:
    """A feature file: the specification of the rule of the same path, or of how rules go together."""

    path: str
    """`safety/suicide-risk`"""
    title: str
    description: str
    scenarios: Sequence[Scenario]

    @property
    def rows(self) -> list[Row]:
        return [row for scenario in self.scenarios for row in scenario.rows]

    @property
    def counts(self) -> Counter[str]:
        return Counter(row.result.outcome for row in self.rows)

    @property
    def asks_of(self) -> frozenset[str]:
        return frozenset().union(*(scenario.asks_of for scenario in self.scenarios))


def read_features(paths: Iterable[Path], pack: RulePack, run: Run) -> dict[str, Feature]:
    """Every feature by its path below the folder of features."""
    found = {}
    for path in paths:
        parsed = read_feature(path)
        name = feature_of(path)
        scenarios = [_scenario(path, name, each, pack, run) for each in parsed.scenarios.values()]
        found[name] = Feature(name, parsed.name or name, _description(parsed), scenarios)
    return found


def _description(parsed: Parsed) -> str:
    return " ".join(str(parsed.description).split())


def _scenario(path: Path, feature: str, template: ScenarioTemplate, pack: RulePack, run: Run) -> Scenario:
    rows = [_row(path, feature, template, values, pack, run) for values in rows_of(template)]
    steps = [(step.keyword.strip(), step.name) for step in template.steps]
    columns = list(dict.fromkeys(name for row in rows for name in row.values))
    anyone = any(row.example is not None and row.example.is_about_anyone for row in rows)
    return Scenario(feature, template.line_number, template.name, steps, columns, rows, anyone)


def _row(
    path: Path, feature: str, template: ScenarioTemplate, values: Mapping[str, str], pack: RulePack, run: Run
) -> Row:
    if DRAFT in tags_of(template):
        return Row(values, None, Result("draft"), frozenset())
    example = example_of(path, template, values)
    place = (feature, template.line_number, tuple(values.items()))
    return Row(values, example, run.of(place), example.asks_of(pack) & frozenset(pack.rules))
