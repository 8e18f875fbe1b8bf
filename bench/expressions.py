"""The rules as a user of Polars or DuckDB would write them, over the same facts: what the columnar engine is measured against.

One translation for both, as both take `&`, `|`, `~` and comparisons: of Polars expressions, or of `Sql`, which writes text. Each
criterion, finding and set of holders is a column of its own, made once, layer upon layer, so that nothing is computed twice. Two
styles, of which the faster one counts: `nulls`, a verdict is one column with null for unknown and the database's own logic of three
values; and `pairs`, two columns without nulls, definitely met and definitely not met. Value sets are plain true/false columns,
made before anything is measured: neither has to take masks apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any, Literal, NamedTuple

from mgcds.engines.columns import groups
from mgcds.engines.facts_table import GAPS, REJECTED, Layout
from mgcds.model import condition as c
from mgcds.model.criterion import (
    Asks,
    Bound,
    Criterion,
    Documented,
    Has,
    Measure,
    ReferenceLimit,
    State,
    Taking,
)
from mgcds.model.pack import RulePack

Style = Literal["nulls", "pairs"]
NOT_INDICATED, OFFERED, SUPPRESSED, WITHHELD = 3, 2, 1, 0


class Sql:
    """SQL text that is joined like an expression of Polars."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __and__(self, other: Sql) -> Sql:
        return Sql(f"({self.text} AND {other.text})")

    def __or__(self, other: Sql) -> Sql:
        return Sql(f"({self.text} OR {other.text})")

    def __invert__(self) -> Sql:
        return Sql(f"(NOT {self.text})")

    def __ge__(self, other: int) -> Sql:
        return Sql(f"({self.text} >= {other})")

    def __lt__(self, other: int) -> Sql:
        return Sql(f"({self.text} < {other})")

    def __le__(self, other: int | Sql) -> Sql:
        return Sql(f"({self.text} <= {other.text if isinstance(other, Sql) else other})")

    def equals(self, other: int) -> Sql:
        return Sql(f"({self.text} = {other})")


class Dialect(NamedTuple):
    """What the two write differently."""

    column: Callable[[str], Any]
    equals: Callable[[Any, int], Any]
    is_true: Callable[[Any], Any]
    choose: Callable[[Sequence[tuple[Any, Any]], Any], Any]
    """(condition, value) in order, and otherwise"""


def sql() -> Dialect:
    """DuckDB's SQL."""

    def choose(cases: Sequence[tuple[Sql, Any]], otherwise: Any) -> Sql:
        whens = " ".join(f"WHEN {when.text} THEN {_literal(value)}" for when, value in cases)
        end = "" if otherwise is None else f" ELSE {_literal(otherwise)}"
        return Sql(f"CASE {whens}{end} END")

    return Dialect(
        lambda name: Sql(f'"{name}"'), lambda one, number: one.equals(number),
        lambda one: Sql(f"coalesce({one.text}, FALSE)"), choose,
    )  # fmt: skip


def _literal(value: Any) -> str:
    return str(value).upper() if isinstance(value, bool) else f"{value}::UTINYINT"


def polars() -> Dialect:
    """Polars expressions."""
    import polars as pl

    def choose(cases: Sequence[tuple[Any, Any]], otherwise: Any) -> Any:
        kind = pl.Boolean if isinstance(cases[0][1], bool) else pl.UInt8
        chain: Any = pl
        for when, value in cases:
            chain = chain.when(when).then(pl.lit(value, kind))
        return chain.otherwise(pl.lit(otherwise, kind))

    return Dialect(pl.col, lambda one, number: one == number, lambda one: one.fill_null(False), choose)


class Written:
    """A pack written out in one dialect and one style."""

    def __init__(self, pack: RulePack, layout: Layout, dialect: Dialect, style: Style) -> None:
        self._pack, self._layout, self._of, self._style = pack, layout, dialect, style

    def layers(self, in_bits: bool = False) -> Iterator[dict[str, Any]]:
        """Columns by name, layer upon layer; the last one holds the status of each rule as its code, or as the two bits of its code:
        `RULE low` and `RULE high`, true or false.
        """
        yield self._columns((key, self._criterion(criterion)) for key, criterion in self._pack.criteria.items())
        for layer in self._findings():
            yield self._columns((name, self._condition(self._pack.findings[name].when)) for name in layer)
        yield self._columns((f"rule {rule.id}", self._condition(rule.when)) for rule in self._pack.rules.values())
        yield self._holding()
        held = {holders: number for number, holders in enumerate(groups(self._pack))}
        of_rules = {rule: held.get(holders) for rule, holders in self._pack.holders.items()}
        if in_bits:
            yield {name: bit for rule, group in of_rules.items() for name, bit in self._bits(rule, group).items()}
        else:
            yield {rule: self._status(rule, group) for rule, group in of_rules.items()}

    def _findings(self) -> list[list[str]]:
        """By the depth of what they use."""
        depth: dict[str, int] = {}
        for finding in self._pack.findings.values():
            depth[finding.id] = 1 + max((depth[name] for name in c.names_of(finding.when) if name in depth), default=-1)
        return [[name for name in depth if depth[name] == level] for level in sorted(set(depth.values()))]

    def _columns(self, found: Iterable[tuple[str, tuple[Any, Any]]]) -> dict[str, Any]:
        columns = {}
        for name, (met, not_met) in found:
            if self._style == "pairs":
                columns[f"{name} met"], columns[f"{name} not met"] = met, not_met
            else:
                columns[name] = met
        return columns

    def _pair(self, met: Any, not_met: Any) -> tuple[Any, Any]:
        """Of two statements without nulls: as they are, or one with null where neither holds."""
        return (
            (met, not_met) if self._style == "pairs" else (self._of.choose([(met, True), (not_met, False)], None), None)
        )

    def _named(self, name: str) -> tuple[Any, Any]:
        if self._style == "pairs":
            return self._of.column(f"{name} met"), self._of.column(f"{name} not met")
        return self._of.column(name), None

    # --- criteria -----------------------------------------------------------------------------------------------------------

    def _criterion(self, criterion: Criterion) -> tuple[Any, Any]:
        column = self._of.column
        match criterion:
            case Measure(item=item, lower=lower, upper=upper, within=within):
                sides = [self._bound(item, bound, end) for end, bound in (("lower", lower), ("upper", upper)) if bound]
                met, not_met = reduce(and_, (side[0] for side in sides)), reduce(or_, (side[1] for side in sides))
                fresh = None if within is None else column(f"{item}_days") <= within
                return self._pair(met, not_met) if fresh is None else self._pair(met & fresh, not_met & fresh)
            case State(item=item, values=values, within=within):
                met = self._is_one_of(item, values)
                known = column(f"{item}_state") >= 0 if within is None else column(f"{item}_days") <= within
                return self._pair(met & known, ~met & known)
            case Taking(value_set=value_set, at_least=at_least, at_most=at_most, unchanged_for=unchanged_for):
                return self._taking(value_set, at_least, at_most, unchanged_for)
            case Has(value_set=value_set):
                return self._named(f"has {value_set}")
            case Asks():
                asked = self._asks(criterion)
                return asked, ~asked
            case Documented(item=item, values=values, since=since, within=within):
                met = self._is_one_of(item, values)
                met = met if within is None else met & (column(f"{item}_days") <= within)
                met = met if since is None else met & (column(f"{item}_days") <= column(f"{since}_days"))
                return met, ~met

    def _bound(self, item: str, bound: Bound, end: str) -> tuple[Any, Any]:
        if isinstance(bound, ReferenceLimit):
            return self._side(f"{item}_to_{bound.which}", end, 0, bound.inclusive)
        units = list(self._layout.measured[item].scales)
        sides = []
        for code, unit in enumerate(units):
            limit = bound.by_unit[unit]
            met, not_met = self._side(item, end, self._layout.step(item, unit, limit.value), limit.inclusive)
            mine = self._of.equals(self._of.column(f"{item}_unit"), code) if len(units) > 1 else None
            sides.append((met, not_met) if mine is None else (mine & met, mine & not_met))
        return reduce(or_, (side[0] for side in sides)), reduce(or_, (side[1] for side in sides))

    def _side(self, name: str, end: str, step: int, inclusive: bool) -> tuple[Any, Any]:
        low, high = self._of.column(f"{name}_low"), self._of.column(f"{name}_high")
        if end == "lower":
            first = step if inclusive else step + 1
            return low >= first, high < first
        last = step if inclusive else step - 1
        return high <= last, low >= last + 1

    def _taking(
        self, value_set: str, at_least: int | None, at_most: int | None, unchanged: int | None
    ) -> tuple[Any, Any]:
        sides = []
        for column, end, days in (
            ("running", "lower", at_least),
            ("running", "upper", at_most),
            ("unchanged", "lower", unchanged),
        ):
            if days is not None:
                sides.append(self._side(f"{value_set}_{column}", end, 2 * days, True))
        present, absent = self._named(f"has {value_set}")
        if not sides:
            return present, absent
        met, not_met = reduce(and_, (side[0] for side in sides)), reduce(or_, (side[1] for side in sides))
        if self._style == "pairs":
            return present & met, absent | not_met
        return present & self._pair(met, not_met)[0], None

    def _is_one_of(self, item: str, values: Iterable[str]) -> Any:
        codes = [self._layout.states[item].index(value) for value in values]
        return reduce(or_, (self._of.equals(self._of.column(f"{item}_state"), code) for code in codes))

    def _asks(self, asked: Asks) -> Any:
        gap = self._of.column(f"{asked.about}_gap")
        if asked.problem == "rejected":
            return gap >= REJECTED
        found = gap >= 1 if asked.problem == "unknown" else self._of.equals(gap, GAPS.index(asked.problem) + 1)
        if asked.problem == "missing" or asked.within is None or asked.about in self._layout.lists:
            return found
        return found | (self._of.equals(gap, 0) & (self._of.column(f"{asked.about}_days") >= asked.within + 1))

    # --- what joins them ----------------------------------------------------------------------------------------------------

    def _condition(self, condition: c.Condition) -> tuple[Any, Any]:
        match condition:
            case c.Name(name=name):
                return self._named(name)
            case c.Not(part=part):
                met, not_met = self._condition(part)
                return (not_met, met) if self._style == "pairs" else (~met, None)
            case c.AllOf(parts=parts) | c.AnyOf(parts=parts):
                found = [self._condition(part) for part in parts]
                joins, other = (and_, or_) if isinstance(condition, c.AllOf) else (or_, and_)
                met = reduce(joins, (met for met, _ in found))
                return met, reduce(other, (not_met for _, not_met in found)) if self._style == "pairs" else None

    def _holding(self) -> dict[str, Any]:
        """For each different set of holders: does one hold, and are all cleared?"""
        columns = {}
        for number, holders in enumerate(groups(self._pack)):
            truths = [self._truths(f"rule {holder.by}") for holder in holders]
            columns[f"held {number}"] = reduce(or_, (met for met, _ in truths))
            cleared = []
            for holder, (met, not_met) in zip(holders, truths, strict=True):
                if holder.lets_pass:
                    spoilt = [self._of.column(f"{subject}_gap") >= REJECTED for subject in self._pack.reads[holder.by]]
                    cleared.append(not_met | ~(met | reduce(or_, spoilt)))
                else:
                    cleared.append(not_met)
            columns[f"cleared {number}"] = reduce(and_, cleared)
        return columns

    def _truths(self, name: str) -> tuple[Any, Any]:
        """Two statements without nulls."""
        met, not_met = self._named(name)
        return (met, not_met) if self._style == "pairs" else (self._of.is_true(met), self._of.is_true(~met))

    def _status(self, rule: str, group: int | None) -> Any:
        met, not_met = self._truths(f"rule {rule}")
        if group is None:
            return self._of.choose([(not_met, NOT_INDICATED), (met, OFFERED)], WITHHELD)
        held, cleared = self._of.column(f"held {group}"), self._of.column(f"cleared {group}")
        cases = [(not_met, NOT_INDICATED), (held, SUPPRESSED), (met & cleared, OFFERED)]
        return self._of.choose(cases, WITHHELD)

    def _bits(self, rule: str, group: int | None) -> dict[str, Any]:
        met, not_met = self._truths(f"rule {rule}")
        if group is None:
            return {f"{rule} low": not_met, f"{rule} high": not_met | met}
        held, cleared = self._of.column(f"held {group}"), self._of.column(f"cleared {group}")
        return {f"{rule} low": not_met | held, f"{rule} high": not_met | (met & cleared)}


def select(layers: Iterable[dict[str, Sql]], table: str) -> str:
    """One statement, a query within a query for each layer."""
    *inner, last = layers
    statement = f"SELECT * FROM {table}"
    for layer in inner:
        columns = ", ".join(f'{found.text} AS "{name}"' for name, found in layer.items())
        statement = f"SELECT *, {columns} FROM ({statement})"
    columns = ", ".join(f'{found.text} AS "{name}"' for name, found in last.items())
    return f"SELECT {columns} FROM ({statement})"
