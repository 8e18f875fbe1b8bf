"""Scenarios without pytest: each example once with its patient's facts, to be asked again of other packs, thousands of times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pytest_bdd.parser import Step

from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.scenarios.anyone import ANY, Anyone
from mgcds.scenarios.failures import ScenarioError, ScenarioFailure
from mgcds.scenarios.features import DRAFT, matching, read_feature, tags_of
from mgcds.scenarios.patients import Patient
from mgcds.scenarios.steps import CALLS, is_suppressed_by, is_withheld_for_want_of, limits_are_of, nothing_else

Call = tuple[Callable[..., None], Mapping[str, str]]


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
            if DRAFT in tags_of(scenario):
                continue
            for row in [row for examples in scenario.examples for row in examples.as_contexts()] or [{}]:
                steps = scenario.render(row).steps
                calls = [(step.type, _call(step)) for step in steps]
                given = [call for kind, call in calls if kind == "given"]
                expected = [call for kind, call in calls if kind == "then"]
                if any(call is limits_are_of for call, _ in given):
                    continue
                anyone = steps[0].name == ANY
                found.append(Example(path, scenario.line_number, scenario.name, dict(row), given, expected, anyone))
    return found


def _call(step: Step) -> Call:
    sentences = matching(step)
    if not sentences:
        raise ScenarioError(f"no step is written '{step.type.title()} {step.name}'")
    sentence = sentences[0]
    return CALLS[sentence], sentence.parse_arguments(step.name) or {}
