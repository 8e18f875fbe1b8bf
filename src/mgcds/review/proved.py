"""What is proved of any patient and speaks of one rule: its Given and Then, with the rows of its examples that mean the rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mgcds.model.pack import RulePack
from mgcds.review.cases import Row, Scenario
from mgcds.scenarios.examples import Call
from mgcds.scenarios.steps import (
    is_not_indicated,
    is_not_offered,
    is_offered,
    is_suppressed,
    is_suppressed_by,
    is_withheld,
    is_withheld_for_want_of,
    met_is_offered,
    never_offered_together,
    no_suggestion_of_kind,
)

Says = Literal["Never offered if", "Always said if", "Also proved"]
SAYS: tuple[Says, ...] = ("Never offered if", "Always said if", "Also proved")
_NEVER = {
    is_not_offered, is_suppressed, is_suppressed_by, is_withheld, is_withheld_for_want_of, is_not_indicated, never_offered_together,
    no_suggestion_of_kind,
}  # fmt: skip
_ALWAYS = {is_offered, met_is_offered}

Step = tuple[str, str]


@dataclass(frozen=True)
class Proved:
    """A statement: what is given, what is proved of the rule, and the values of which it holds where there is more than one."""

    scenario: Scenario
    given: Sequence[Step]
    then: Sequence[Step]
    column: str
    values: Sequence[str]
    outcomes: frozenset[str]


def proved_of(rule: str, scenarios: Sequence[Scenario], pack: RulePack) -> list[tuple[Says, list[Proved]]]:
    """The statements that speak of a rule by its name or kind, by what they say of it; those of which there are none left out."""
    found: dict[Says, list[Proved]] = {says: [] for says in SAYS}
    for scenario in scenarios:
        rows: dict[tuple[Says, tuple[Step, ...]], list[Row]] = {}
        for row in scenario.rows:
            for says, then in _said_of(rule, scenario, row, pack).items():
                rows.setdefault((says, tuple(then)), []).append(row)
        for (says, steps), alike in rows.items():
            found[says] += _statements(scenario, steps, alike)
    return [(says, statements) for says, statements in found.items() if statements]


def _said_of(rule: str, scenario: Scenario, row: Row, pack: RulePack) -> dict[Says, list[Step]]:
    """The Thens of a row that speak of the rule, with `<names>` of the columns."""
    found: dict[Says, list[Step]] = {}
    example = row.example
    if example is None:
        return found
    for step, call in zip(_thens(scenario), example.expected, strict=True):
        if rule in replace(example, expected=[call]).asks_of(pack):
            found.setdefault(_says(call), []).append(step)
    return found


def _says(call: Call) -> Says:
    return "Never offered if" if call[0] in _NEVER else "Always said if" if call[0] in _ALWAYS else "Also proved"


def _thens(scenario: Scenario) -> list[Step]:
    first = next(at for at, (keyword, _) in enumerate(scenario.steps) if keyword == "Then")
    return list(scenario.steps[first:])


def _statements(scenario: Scenario, then: Sequence[Step], rows: Sequence[Row]) -> Iterator[Proved]:
    """One statement with all values where the rows differ in one column only, else one a row."""
    last = next(at for at, (keyword, _) in enumerate(scenario.steps) if keyword == "When")
    given = scenario.steps[:last]
    used = [name for name in scenario.columns if any(f"<{name}>" in text for _, text in (*given, *then))]
    differing = [name for name in used if len({row.values[name] for row in rows}) > 1]
    for some in [rows] if len(differing) < 2 else [[row] for row in rows]:
        column = differing[0] if len(differing) == 1 else ""
        fixed = {name: some[0].values[name] for name in used if name != column}
        values = list(dict.fromkeys(row.values[column] for row in some)) if column else []
        outcomes = frozenset(row.result.outcome for row in some)
        yield Proved(scenario, _filled(given, fixed), _filled(_led(then), fixed), column, values, outcomes)


def _led(then: Sequence[Step]) -> list[Step]:
    """The first of them begins with Then, whatever stood before it in the scenario."""
    return [("And" if at else "Then", text) for at, (_, text) in enumerate(then)]


def _filled(steps: Sequence[Step], values: Mapping[str, str]) -> list[Step]:
    filled = []
    for keyword, text in steps:
        for name, value in values.items():
            text = text.replace(f"<{name}>", value)
        filled.append((keyword, text))
    return filled
