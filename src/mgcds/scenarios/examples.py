"""Scenarios without pytest: each example once with its patient's facts, to be asked again of other packs, thousands of times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pytest_bdd.parser import ScenarioTemplate, Step

from mgcds.model.evaluation import Status
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.scenarios.anyone import ANY, Anyone
from mgcds.scenarios.failures import ScenarioError, ScenarioFailure
from mgcds.scenarios.features import DRAFT, matching, read_feature, tags_of
from mgcds.scenarios.patients import Patient
from mgcds.scenarios.steps import (
    CALLS,
    is_not_indicated,
    is_offered,
    is_suppressed,
    is_suppressed_by,
    is_withheld,
    is_withheld_for_want_of,
    limits_are_of,
    nothing_else,
)

Call = tuple[Callable[..., None], Mapping[str, str]]
STATUS_OF: Mapping[Callable[..., None], Status] = {
    is_offered: "offered", is_suppressed: "suppressed", is_suppressed_by: "suppressed", is_withheld: "withheld",
    is_withheld_for_want_of: "withheld", is_not_indicated: "not indicated",
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """One row of a scenario: what is given, what is expected, and where it is written."""

    file: Path
    line: int
    scenario: str
    row: Mapping[str, str]
    given: Sequence[Call]
    expected: Sequence[Call]
    is_about_anyone: bool

    @property
    def where(self) -> str:
        """The file below its topic, and the line: `safety/severe-renal-impairment.feature:12`."""
        return f"{self.file.parent.name}/{self.file.name}:{self.line}"

    @property
    def topic_and_rule(self) -> tuple[str, str]:
        """The folder and the name of the file, which are those of the rule it is about."""
        return self.file.parent.name, self.file.stem

    @property
    def has_own_limits(self) -> bool:
        """Does it choose whose limits apply? Then it is read with another pack."""
        return any(call is limits_are_of for call, _ in self.given)

    @property
    def statuses(self) -> dict[str, Status]:
        """Rule id → the status that is expected of its suggestion, where one is."""
        return {arguments["rule"]: STATUS_OF[call] for call, arguments in self.expected if call in STATUS_OF}

    @property
    def asks_for_reasons(self) -> bool:
        """Does it expect what is missing, or who holds back?"""
        return any(call in (is_withheld_for_want_of, is_suppressed_by) for call, _ in self.expected)

    @property
    def asks_for_kinds(self) -> bool:
        """Does it expect something of a kind?"""
        return any("kind" in arguments for _, arguments in self.expected)

    def asks_of(self, pack: RulePack) -> frozenset[str]:
        """The rules of which it expects something: by their id, by their kind, or all of them."""
        named: set[str] = set()
        for call, arguments in self.expected:
            if call is nothing_else:
                return frozenset(pack.rules)
            kind = arguments.get("kind")
            named |= {rule.id for rule in pack.rules.values() if rule.suggest.kind == kind}
            named |= {arguments[key] for key in ("rule", "one", "other", "holder") if key in arguments}
        return frozenset(named)

    def facts(self, pack: RulePack) -> Facts:
        """What is known of the patient, read with this pack's data dictionary and value sets."""
        patient = self._described(pack)
        return read_facts(patient.record(), pack, patient.on)

    def notices(self, pack: RulePack, facts: Facts | None = None) -> bool:
        """Does the scenario fail with this pack? `facts`: those of the patient, where the pack reads them as the one before did."""
        try:
            patient = self._described(pack) if self.is_about_anyone else self._patient
            if isinstance(patient, Anyone):
                patient.evaluate(frozenset())
            else:
                patient.take(pack, facts or self.facts(pack))
            for call, arguments in self.expected:
                call(**arguments, mgcds_patient=patient)
        except (ScenarioFailure, ScenarioError):
            return True
        return False

    def _described(self, pack: RulePack) -> Patient:
        patient = Anyone(pack) if self.is_about_anyone else Patient(pack)
        for call, arguments in self.given:
            call(**arguments, mgcds_patient=patient)
        return patient

    @cached_property
    def _patient(self) -> Patient:
        """Who the Thens are asked of; what he is like stands in the facts."""
        from mgcds.loading import load_pack

        return Patient(load_pack())


def read_examples(paths: Iterable[Path]) -> list[Example]:
    """Every row of every scenario of these files that is not a draft, and has no limits of its own: those are of another pack.
    ScenarioError where a step is not understood.
    """
    found = []
    for path in paths:
        for scenario in read_feature(path).scenarios.values():
            if DRAFT not in tags_of(scenario):
                found += [example_of(path, scenario, row) for row in rows_of(scenario)]
    return [example for example in found if not example.has_own_limits]


def rows_of(scenario: ScenarioTemplate) -> list[Mapping[str, str]]:
    """The rows of its examples; an empty one where there is no table."""
    return [row for examples in scenario.examples for row in examples.as_contexts()] or [{}]


def example_of(path: Path, scenario: ScenarioTemplate, row: Mapping[str, str]) -> Example:
    """One row of a scenario. ScenarioError where a step is not understood."""
    steps = scenario.render(row).steps
    calls = [(step.type, _call(step)) for step in steps]
    given = [call for kind, call in calls if kind == "given"]
    expected = [call for kind, call in calls if kind == "then"]
    return Example(path, scenario.line_number, scenario.name, dict(row), given, expected, steps[0].name == ANY)


def _call(step: Step) -> Call:
    sentences = matching(step)
    if not sentences:
        raise ScenarioError(f"no step is written '{step.type.title()} {step.name}'")
    sentence = sentences[0]
    return CALLS[sentence], sentence.parse_arguments(step.name) or {}
