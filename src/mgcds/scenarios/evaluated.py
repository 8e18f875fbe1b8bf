"""What every engine says of a scenario's patient, and how it is compared with what the scenario expects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from typing import TypeVar

from mgcds import evaluator
from mgcds.errors import EngineDisagreement
from mgcds.model.assessment import Assessment, Suggestion
from mgcds.model.evaluation import Status
from mgcds.model.explanation import step_text
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from mgcds.scenarios.failures import ScenarioFailure

Answer = TypeVar("Answer")
Statuses = Mapping[str, Mapping[str, Status]]
"""engine → rule id → status of its suggestion"""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The assessment that `evaluate` gives, and the statuses of each engine by itself."""

    assessment: Assessment
    statuses: Statuses

    def expect_status(self, rule_id: str, expected: Status) -> None:
        """Every engine gives the rule's suggestion this status."""
        found = by_answer({engine: given[rule_id] for engine, given in self.statuses.items()})
        if list(found) != [expected]:
            suggestion = self.assessment[rule_id]
            answers = _by_engine({_detailed(suggestion, status): engines for status, engines in found.items()})
            raise ScenarioFailure(f"{rule_id} {expected}", answers, self.because(rule_id))

    def expect_not(self, rule_id: str, status: Status) -> None:
        """No engine gives the rule's suggestion this status."""
        found = by_answer({engine: given[rule_id] for engine, given in self.statuses.items()})
        if status in found:
            raise ScenarioFailure(f"{rule_id} not {status}", _by_engine({status: found[status]}), self.because(rule_id))

    def expect_met_is_offered(self, kind: str) -> None:
        """Every suggestion of a kind whose rule is met is offered."""
        met = [
            rule.id
            for rule in self.assessment.pack.rules.values()
            if rule.suggest.kind == kind and self.assessment.verdicts.rules[rule.id]
        ]
        for rule_id in met:
            self.expect_status(rule_id, "offered")

    def expect_not_together(self, one: str, other: str) -> None:
        """Not both are offered."""
        if all(status == "offered" for given in self.statuses.values() for status in (given[one], given[other])):
            raise ScenarioFailure(f"not both {one} and {other} offered", "both")

    def expect_only(self, rule_ids: tuple[str, ...]) -> None:
        """Every engine offers these and nothing else."""
        found = by_answer({engine: tuple(sorted(_offered(given))) for engine, given in self.statuses.items()})
        if list(found) != [rule_ids]:
            odd = sorted({rule for answer in found for rule in set(answer) ^ set(rule_ids)})
            because = "; ".join(f"{rule}: {self.because(rule)}" for rule in odd)
            answers = _by_engine({_rules(rules): engines for rules, engines in found.items()})
            raise ScenarioFailure(f"{_rules(rule_ids)} offered, and nothing else", answers, because)

    def expect_none_of_kind(self, kind: str) -> None:
        """No engine offers a suggestion of this kind."""
        of_kind = {rule.id for rule in self.assessment.pack.rules.values() if rule.suggest.kind == kind}
        found = by_answer(
            {engine: tuple(sorted(of_kind.intersection(_offered(given)))) for engine, given in self.statuses.items()}
        )
        if list(found) != [()]:
            because = "; ".join(
                f"{rule}: {self.because(rule)}" for rule in sorted({rule for answer in found for rule in answer})
            )
            answers = _by_engine({_rules(rules): engines for rules, engines in found.items()})
            raise ScenarioFailure(f"no suggestion of kind {kind} offered", answers, because)

    def because(self, rule_id: str) -> str:
        """The value that decided, and how far it is from its limit."""
        return step_text(self.assessment.why_not(rule_id))


def evaluate_on_every_engine(record: PatientRecord, pack: RulePack, on: date) -> Evaluated:
    """Ask each engine, then both channels together. ScenarioFailure, with the engines by name, where the channels differ."""
    facts = read_facts(record, pack, on)
    statuses = {name: engine(pack, facts).statuses for name, engine in engines().items()}
    try:
        return Evaluated(evaluator.evaluate(record, pack, on), statuses)
    except EngineDisagreement as disagreement:
        raise ScenarioFailure("the same from every engine", _differences(statuses), str(disagreement)) from None


def engines() -> Mapping[str, evaluator.Engine]:
    """Those that judge a record, and the one for populations where what it needs is installed."""
    if any(find_spec(needed) is None for needed in ("numpy", "pyarrow")):
        return evaluator.ENGINES
    from mgcds.engines.columnar import evaluate_columnar

    return {**evaluator.ENGINES, "columnar": evaluate_columnar}


def by_answer(answers: Mapping[str, Answer]) -> dict[Answer, str]:
    """The different answers, each with the engines that gave it."""
    found: dict[Answer, list[str]] = {}
    for engine, answer in answers.items():
        found.setdefault(answer, []).append(engine)
    return {answer: listed(names) for answer, names in found.items()}


def listed(names: Iterable[str]) -> str:
    """One, two and three."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _by_engine(answers: Mapping[str, str]) -> str:
    return ", and ".join(f"{answer} by {engines}" for answer, engines in answers.items())


def _rules(rule_ids: tuple[str, ...]) -> str:
    return ", ".join(rule_ids) or "nothing"


def _offered(statuses: Mapping[str, Status]) -> list[str]:
    return [rule for rule, status in statuses.items() if status == "offered"]


def _differences(statuses: Statuses) -> str:
    found: list[str] = []
    for rule in dict.fromkeys(rule for given in statuses.values() for rule in given):
        answers = by_answer({engine: given.get(rule) for engine, given in statuses.items()})
        if len(answers) > 1:
            found.append(f"{rule}: " + ", ".join(f"{answer} by {engines}" for answer, engines in answers.items()))
    return "; ".join(found)


def _detailed(suggestion: Suggestion, status: Status) -> str:
    """A status with the rules that hold back, or the data that is wanted."""
    if status == suggestion.status == "suppressed":
        return f"suppressed by {', '.join(suggestion.held_back_by)}"
    if status == suggestion.status == "withheld":
        return f"withheld for want of {wanted(suggestion)}"
    return status


def wanted(suggestion: Suggestion) -> str:
    """The smallest sets of items that would decide a withheld suggestion."""
    return " or of ".join(f"'{', '.join(items)}'" for items in suggestion.missing) or "nothing that could be given"
