"""A rule pack as a decision of zen-engine (JDM: https://docs.gorules.io/learn/authoring/decision-graphs).

It answers less than mgcds does, in its favour: for each rule whether it is met. Not met and unknown are one answer, and there is no
status, no precedence and no explanation. zen-engine stops with an error where null is compared or negated, so a negation is carried
down to the criteria, and each criterion says for itself that its value is known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, assert_never

from bench.plain import Plain
from mgcds.model import condition as c
from mgcds.model.criterion import Asks, Bound, Criterion, Documented, Has, Measure, State, Taking, Threshold
from mgcds.model.pack import ListItem, MeasuredItem, RulePack


class ZenRules:
    """A pack in zen-engine, prepared once in the two ways that its documentation shows.

    `decision` is the quickstart's `create_decision`, `engine` an engine that has loaded its decisions; the second is faster.
    """

    def __init__(self, translation: Translation) -> None:
        import zen

        self.columns = tuple(translation.columns)
        graph = translation.graph()
        self._rule_of = {_key(rule): rule for rule in translation.pack.rules}
        self._decision = zen.ZenEngine().create_decision(zen.ZenDecisionContent(json.dumps(graph)))
        self._engine = zen.ZenEngine({"loader": {"type": "static", "content": {"rules": graph}}})

    def decision(self, facts: Plain) -> dict[str, bool]:
        """Each rule, `-` written `_`, and whether it is met."""
        found: dict[str, bool] = self._decision.evaluate(facts)["result"]
        return found

    def engine(self, facts: Plain) -> dict[str, bool]:
        """The same, the other way."""
        found: dict[str, bool] = self._engine.evaluate("rules", facts)["result"]
        return found

    def by_rule(self, found: dict[str, bool]) -> dict[str, bool]:
        """The answer by the ids of the rules."""
        return {self._rule_of[key]: met for key, met in found.items()}


@dataclass
class Translation:
    """One expression a rule. `columns` are those that the expressions read."""

    pack: RulePack
    columns: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.expressions = {_key(rule.id): self._condition(rule.when, True) for rule in self.pack.rules.values()}

    def graph(self) -> dict[str, Any]:
        """Request → expressions → response."""
        expressions = [{"id": key, "key": key, "value": value} for key, value in self.expressions.items()]
        nodes = [
            {"id": "request", "name": "request", "type": "inputNode"},
            {"id": "rules", "name": "rules", "type": "expressionNode", "content": {"expressions": expressions}},
            {"id": "response", "name": "response", "type": "outputNode"},
        ]
        ways = [("request", "rules"), ("rules", "response")]
        edges = [{"id": f"{one}-{other}", "type": "edge", "sourceId": one, "targetId": other} for one, other in ways]
        return {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}

    def _condition(self, condition: c.Condition, wanted: bool) -> str:
        """Is it known to be so (or, where not wanted, known not to be so)?"""
        match condition:
            case c.Name(name=name):
                finding = self.pack.findings.get(name)
                if finding is not None:
                    return self._condition(finding.when, wanted)
                return self._criterion(self.pack.criteria[name], wanted)
            case c.Not(part=part):
                return self._condition(part, not wanted)
            case c.AllOf(parts=parts):
                return _join("and" if wanted else "or", [self._condition(part, wanted) for part in parts])
            case c.AnyOf(parts=parts):
                return _join("or" if wanted else "and", [self._condition(part, wanted) for part in parts])
        assert_never(condition)

    def _criterion(self, criterion: Criterion, wanted: bool) -> str:
        match criterion:
            case Measure(item=item, lower=lower, upper=upper):
                value, known = self._current(item, criterion.within)
                inside = [self._bound(value, ">", lower)] if lower else []
                inside += [self._bound(value, "<", upper)] if upper else []
                known += [
                    f"{self._column(f'{item}_{bound.which}')} != null"
                    for bound in (lower, upper)
                    if bound and not isinstance(bound, Threshold)
                ]
                return _join(
                    "and", [f"{value} != null", *known, *(inside if wanted else [f"not ({' and '.join(inside)})"])]
                )
            case State(item=item, values=values):
                value, known = self._current(item, criterion.within)
                return _join("and", [*([] if wanted else [f"{value} != null"]), *known, _one_of(value, values, wanted)])
            case Taking(value_set=value_set):
                return self._taking(value_set, criterion, wanted)
            case Has(value_set=value_set):
                return f"{self._column(f'has_{value_set}')} == {_literal(wanted)}"
            case Asks(about=about, problem=problem, within=within):
                if problem != "unknown" or isinstance(self.pack.items[about], ListItem):
                    return f"{self._column(f'{about}_{problem}')} == {_literal(wanted)}"
                days = self._column(f"{about}_days")
                if within is None:
                    return f"{days} {'==' if wanted else '!='} null"
                return (
                    _join("or", [f"{days} == null", f"{days} > {within}"])
                    if wanted
                    else _join("and", [f"{days} != null", f"{days} <= {within}"])
                )
            case Documented(item=item, values=values, since=since, within=within):
                value, known = self._current(item, within)
                parts = [*known, _one_of(value, values, True)]
                if since:
                    days, answered = self._column(f"{item}_days"), self._column(f"{since}_days")
                    parts.append(f"({answered} == null or {days} <= {answered})")
                joined = " and ".join(parts)
                return f"({joined})" if wanted else f"not ({joined})"
        assert_never(criterion)

    def _current(self, item: str, within: int | None) -> tuple[str, list[str]]:
        """The column of an item that is current for so long, and what must hold besides."""
        described = self.pack.items[item]
        assert not isinstance(described, ListItem)
        if within == described.current_for:
            return self._column(item), []
        last, days = self._column(f"{item}_last"), self._column(f"{item}_days")
        return last, [] if within is None else [f"{days} != null", f"{days} <= {within}"]

    def _bound(self, value: str, operator: str, bound: Bound) -> str:
        if isinstance(bound, Threshold):
            described = self.pack.items[value.removesuffix("_last")]
            assert isinstance(described, MeasuredItem)
            limit = bound.by_unit[described.units[0]]
            return f"{value} {operator}{'=' if limit.inclusive else ''} {float(limit.value):g}"
        column = self._column(f"{value.removesuffix('_last')}_{bound.which}")
        return f"{value} {operator}{'=' if bound.inclusive else ''} {column}"

    def _taking(self, value_set: str, criterion: Taking, wanted: bool) -> str:
        limits = (
            ("running", ">=", criterion.at_least),
            ("running", "<=", criterion.at_most),
            ("unchanged", ">=", criterion.unchanged_for),
        )
        asked = [
            (self._column(f"{value_set}_{column}"), operator, days)
            for column, operator, days in limits
            if days is not None
        ]
        known = [f"{column} != null" for column in dict.fromkeys(column for column, _, _ in asked)]
        inside = [f"{column} {operator} {days}" for column, operator, days in asked]
        present = self._column(f"has_{value_set}")
        if wanted:
            return _join("and", [f"{present} == true", *known, *inside])
        if not inside:
            return f"{present} == false"
        outside = _join("and", [f"{present} == true", *known, f"not ({' and '.join(inside)})"])
        return _join("or", [f"{present} == false", outside])

    def _column(self, name: str) -> str:
        self.columns[name] = None
        return name


def _key(rule_id: str) -> str:
    return rule_id.replace("-", "_")


def _join(word: str, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({f' {word} '.join(parts)})"


def _one_of(column: str, values: tuple[str, ...], wanted: bool) -> str:
    if len(values) == 1:
        return f"{column} {'==' if wanted else '!='} {_literal(values[0])}"
    return f"{column} {'in' if wanted else 'not in'} [{', '.join(map(_literal, values))}]"


def _literal(value: str | bool) -> str:
    return json.dumps(value)
