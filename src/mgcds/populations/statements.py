"""From flat tables to the facts table, as SQL: written once, rendered by sqlglot for DuckDB and for Spark.

Each statement is a view over those before it. `left` names the patients whose rows are not plain: they are read one by one, and
are not in `facts`. What a row means is said in `model/reading.py` and `model/listing.py`; here the same is said of plain rows only:
a value of at most seven digits and eighteen places in a known unit, whole or partial dates, no problem of a specimen, a status that
counts. All times are compared in UTC, so the session's time zone must be UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import sqlglot
from sqlglot import exp

from mgcds.engines.facts_table import GAPS, Layout, least, most
from mgcds.model.facts import Reason
from mgcds.model.pack import ListItem, MeasuredItem, StateItem
from mgcds.model.units import SCORE
from mgcds.populations.lookups import FINALITY, MAGNESIUM, MICRO, PLACES, bit, most_masks, reported_items

Dialect = Literal["duckdb", "spark"]

# What both engines read as the same number or date; whatever else a value or a date may look like is not plain.
_NUMBER = "(0([.][0-9]{1,6})?|0[.][1-9][0-9]{0,17}|[1-9][0-9]{0,6}([.][0-9]{1,18})?)"
_DAY = "(1[5-9]|2[0-9])[0-9]{2}(-(0[1-9]|1[0-2])(-[0-3][0-9])?)?"
_TIME = "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])"
_WHEN = rf"^({_DAY}|(1[5-9]|2[0-9])[0-9]{{2}}-(0[1-9]|1[0-2])-[0-3][0-9]{_TIME})\z"
FINE = f"CAST({10**PLACES} AS HUGEINT)"
COMPUTED = "supplemental_magnesium"
_VOID = ("cancelled", "entered-in-error")


@dataclass(frozen=True, slots=True)
class Statement:
    """A query with the name under which those after it know its result."""

    name: str
    text: str
    """in the dialect of DuckDB"""

    def sql(self, dialect: Dialect) -> str:
        """The query as an engine takes it."""
        query = sqlglot.parse_one(self.text, read="duckdb")
        if dialect == "spark":  # its longest whole numbers are decimals without places
            for kind in query.find_all(exp.DataType):
                if kind.this == exp.DataType.Type.INT128:
                    kind.replace(exp.DataType.build("DECIMAL(38, 0)"))
        return query.sql(dialect, pretty=True)


def statements(layout: Layout, on: date) -> tuple[Statement, ...]:
    """In order. They read `people`, `measurements`, `entries`, `states` (docs/population.md), `concepts`, and the pack's `units`
    and `states_of`. Every patient of `people` is in the last, `facts`, or in `left_over` without an item; the columns of an item
    with which a patient is in `left_over` are not to be relied on.
    """
    made = _Statements(layout, on)
    return tuple(
        Statement(name, text)
        for name, text in (
            ("results", made.results()),
            ("newest", made.newest()),
            ("of_results", made.of_results()),
            ("dated_entries", made.dated_entries()),
            ("of_lists", made.of_lists()),
            ("of_entries", made.of_entries()),
            ("of_states", made.of_states()),
            ("births", made.births()),
            ("left_over", made.left_over()),
            ("facts", made.facts()),
        )
    )


def _gap(reason: Reason) -> int:
    return GAPS.index(reason) + 1


def _plain(text: str) -> str:
    return f"REGEXP_MATCHES({text}, '{_WHEN}')"


def _first(text: str) -> str:
    """The first day that a date may mean; NULL where it is not plain."""
    whole = f"CASE LENGTH({text}) WHEN 4 THEN {text} || '-01-01' WHEN 7 THEN {text} || '-01' ELSE SUBSTRING({text}, 1, 10) END"
    return f"CASE WHEN {_plain(text)} THEN TRY_CAST({whole} AS DATE) END"


def _last(text: str, first: str) -> str:
    """The last day that it may mean, given the first."""
    return (
        f"CASE LENGTH({text}) WHEN 4 THEN TRY_CAST(SUBSTRING({text}, 1, 4) || '-12-31' AS DATE) "
        f"WHEN 7 THEN LAST_DAY({first}) ELSE {first} END"
    )


def _floor(above: str, below: str) -> str:
    """2·⌊above/below⌋, plus 1 where something is left: how a number is encoded. SQL divides towards 0, and below is positive."""
    rest = f"((({above}) % ({below}) + ({below})) % ({below}))"
    return f"(2 * ((({above}) - {rest}) // ({below})) + CASE WHEN {rest} = 0 THEN 0 ELSE 1 END)"


def _exact(text: str) -> str:
    """A plain number in its finest parts, of which one makes FINE."""
    whole = f"REGEXP_EXTRACT({text}, '^([0-9]+)', 1)"
    return f"CAST({whole} || RPAD(SUBSTRING({text}, LENGTH({whole}) + 2), {PLACES}, '0') AS HUGEINT)"


def _fine(millionths: str) -> str:
    return f"(CAST({millionths} AS HUGEINT) * {10**PLACES // MICRO})"


class _Statements:
    def __init__(self, layout: Layout, on: date) -> None:
        self.layout = layout
        self.pack = layout.pack
        self.on = f"DATE '{on.isoformat()}'"
        self.today = on
        self.reported = reported_items(layout)
        self.lists = {name: layout.lists.get(name, ()) for name in self._known_lists()}

    def days(self, since: str) -> str:
        return f"DATE_DIFF('day', {since}, {self.on})"

    def _may_be_of_today(self, text: str, first: str) -> str:
        """Is it a moment that is written of a later day, and may be of the day of evaluation in another time zone?"""
        noon = f"CAST('{self.today + timedelta(days=1)} 12:00:00+00' AS TIMESTAMPTZ)"
        moment = f"CASE WHEN LENGTH({text}) > 10 THEN TRY_CAST({text} AS TIMESTAMPTZ) END"
        return f"COALESCE({first} > {self.on} AND {moment} < {noon}, FALSE)"

    def _items(self, which: Iterable[MeasuredItem]) -> str:
        return ", ".join(f"'{item.id}'" for item in which) or "''"

    # --- results ----------------------------------------------------------------------------------------------------------------

    def results(self) -> str:
        """Results with value, unit and day; `plain` where all of that can be relied on, `dated` where the day can. Of a void one
        nothing counts, but that it can be read.
        """
        wholes = self._items(item for item in self.reported if item.whole)
        with_limits = self._items(item for item in self.reported if self.layout.measured[item.id].differences)
        ranks = " ".join(f"WHEN '{status}' THEN {rank}" for status, rank in FINALITY.items())
        number = f"^{_NUMBER}\\z"
        limits = ", ".join(f"{self._own_limit(f'{side}_limit')} AS own_{side}" for side in ("lower", "upper"))
        # of a limit that is not the laboratory's own, the item's, both times `parts` and in millionths
        effective = {
            side: f"CASE WHEN {side}_limit IS NULL THEN {_fine(side)} * parts ELSE own_{side} * factor END"
            for side in ("lower", "upper")
        }
        comparable = "(comparator IS NULL OR comparator IN ('<', '<=', '>=', '>'))"
        void = ", ".join(f"'{status}'" for status in _VOID)
        believed = f"BETWEEN {_fine('least')} AND {_fine('greatest')}"
        own_is_plain = " AND ".join(
            f"({side}_limit IS NULL OR COALESCE(own_{side} * weight {believed}, FALSE))" for side in ("lower", "upper")
        )
        return f"""
            SELECT *,
                COALESCE(day IS NOT NULL AND (LENGTH(date) <= 10 OR moment IS NOT NULL), FALSE) AS dated,
                is_void AND NOT COALESCE(exact IS NOT NULL AND {comparable}, FALSE) AS is_unreadable,
                COALESCE(weight IS NOT NULL AND exact IS NOT NULL AND finality IS NOT NULL
                    AND exact * weight {believed}
                    AND {comparable}
                    AND (item NOT IN ({wholes}) OR exact % {FINE} = 0)
                    AND (item NOT IN ({with_limits}) OR ({own_is_plain} AND COALESCE(from_lower < from_upper, TRUE))),
                    FALSE) AS plain
            FROM (
                SELECT *, {effective["lower"]} AS from_lower, {effective["upper"]} AS from_upper
                FROM (
                    SELECT m.patient, m.item, m.value, m.comparator, m.unit, m.date, m.source, m.lower_limit, m.upper_limit,
                        u.unit_code, u.factor, u.parts, u.scale, u.weight, u.least, u.greatest, u.lower, u.upper,
                        CASE COALESCE(m.status, 'final') {ranks} END AS finality,
                        COALESCE(m.status, 'final') IN ({void}) AS is_void,
                        CASE WHEN REGEXP_MATCHES(m.value, '{number}')
                            THEN {_exact("m.value")} END AS exact,
                        {_first("m.date")} AS day,
                        CASE WHEN LENGTH(m.date) > 10 AND {_plain("m.date")} THEN TRY_CAST(m.date AS TIMESTAMPTZ) END AS moment,
                        {limits}
                    FROM measurements AS m
                    LEFT JOIN units AS u ON m.item = u.item AND COALESCE(m.code, '') = u.code
                        AND COALESCE(m.unit, '') = u.reported AND COALESCE(m.unit <> '', TRUE) AND COALESCE(m.code <> '', TRUE)
                    WHERE m.item IN ({self._items(self.reported)})
                ) AS read_results
            ) AS limited_results
        """

    def _own_limit(self, text: str) -> str:
        """A laboratory's limit in millionths, where it is in the unit of the value, written alike."""
        number = f"REGEXP_EXTRACT({text}, '^([^ ]*) ', 1)"
        alike = f"SUBSTRING({text}, LENGTH({number}) + 2) = m.unit"
        return f"CASE WHEN REGEXP_MATCHES({text}, '^{_NUMBER} ') AND {alike} THEN {_exact(number)} END"

    def newest(self) -> str:
        """The result of each item that counts: the newest, of one moment the most final, then the most cautious. One that is not plain
        comes before others of its moment; older ones do not matter. Several are of one rank where only their order tells them apart.
        `disputed`: by its moment, or as only the month or year is known, another may be newer than the newest as it is written.
        """
        highest = self._items(item for item in self.reported if item.on_a_tie == "highest")
        encoded = _floor("exact * factor * scale", f"parts * {FINE}")
        ends = {
            "low": "CASE WHEN comparator IN ('<', '<=') THEN NULL WHEN comparator = '>' AND {0} % 2 = 0 THEN {0} + 1 ELSE {0} END",
            "high": "CASE WHEN comparator IN ('>', '>=') THEN NULL WHEN comparator = '<' AND {0} % 2 = 0 THEN {0} - 1 ELSE {0} END",
        }
        of_ends = [f"{text.format('encoded')} AS {end}" for end, text in ends.items()]
        of_ends += [
            f"{text.format(f'to_{side}')} AS to_{side}_{end}"
            for side in ("lower", "upper")
            for end, text in ends.items()
        ]
        units = f"CASE WHEN unit IS NULL OR unit = '{SCORE}' THEN '' ELSE ' ' || unit END"
        return f"""
            SELECT patient, item, plain, unit_code, days, date, source, {", ".join(of_ends)},
                COALESCE(latest > moment OR earliest_day < day, FALSE) OR (results > 1 AND COALESCE(partial_until >= day, FALSE))
                    AS disputed,
                COALESCE(comparator, '') || value || {units} AS shown
            FROM (
                SELECT *, {self.days("day")} AS days, {encoded} AS encoded,
                    {_floor("exact * factor - from_lower", f"parts * {FINE}")} AS to_lower,
                    {_floor("exact * factor - from_upper", f"parts * {FINE}")} AS to_upper,
                    RANK() OVER (PARTITION BY patient, item ORDER BY
                        day DESC, CASE WHEN moment IS NULL THEN 0 ELSE 1 END DESC, moment DESC NULLS LAST,
                        CASE WHEN plain THEN 1 ELSE 0 END, finality DESC,
                        CASE WHEN item IN ({highest}) THEN exact * weight ELSE -(exact * weight) END DESC,
                        COALESCE(source, '') DESC) AS place,
                    MAX(moment) OVER (PARTITION BY patient, item) AS latest,
                    CASE WHEN moment IS NOT NULL THEN MIN(day) OVER (PARTITION BY patient, item, moment) END AS earliest_day,
                    MAX(CASE WHEN LENGTH(date) < 10 THEN {_last("date", "day")} END) OVER (PARTITION BY patient, item) AS partial_until,
                    COUNT(*) OVER (PARTITION BY patient, item) AS results
                FROM results WHERE dated AND NOT is_void AND day <= {self.on}
            ) AS ranked WHERE place = 1
        """

    def of_results(self) -> str:
        """One row a patient: the columns of each item."""
        columns = []
        for item in self.reported:
            measured = self.layout.measured[item.id]
            names = ["days", "low", "high", "shown", "date", "source"]
            names += ["unit_code"] if len(measured.scales) > 1 else []
            names += [f"to_{side}_{end}" for side in measured.differences for end in ("low", "high")]
            columns += [f"MAX(CASE WHEN item = '{item.id}' THEN {name} END) AS {item.id}_{name}" for name in names]
        return f"SELECT patient, {', '.join(columns)} FROM newest WHERE plain GROUP BY patient"

    # --- lists ------------------------------------------------------------------------------------------------------------------

    def dated_entries(self) -> str:
        """Entries with what they are and whether they are current: TRUE, FALSE, or NULL where that cannot be told."""
        masks = "".join(f", c.mask_{number}" for number in range(most_masks(self.layout)))
        return f"""
            SELECT *,
                CASE WHEN status = 'stopped' THEN FALSE
                    WHEN {self.on} > ended_last THEN FALSE
                    WHEN {self.on} > ended THEN NULL
                    WHEN {self.on} < began THEN FALSE
                    WHEN {self.on} < began_last THEN NULL
                    WHEN status = 'active' THEN TRUE END AS is_current,
                {self.days("began_last")} AS began_fewest, {self.days("began")} AS began_most,
                {self.days("ended_last")} AS ended_fewest, {self.days("ended")} AS ended_most
            FROM (
                SELECT *, {_last("start", "began")} AS began_last, {_last("stop", "ended")} AS ended_last
                FROM (
                    SELECT e.patient, CASE WHEN e.list = 'supplements' THEN 'medicines' ELSE e.list END AS list,
                        e.list <> 'supplements' AS of_the_list, e.start, e.stop,
                        CASE WHEN e.list IN ('conditions', 'symptoms') THEN 'active' ELSE COALESCE(e.status, 'active') END AS status,
                        c.called, c.recognised, c.is_computed_from{masks}, {_first("e.start")} AS began, {_first("e.stop")} AS ended
                    FROM entries AS e LEFT JOIN concepts AS c ON e.concept = c.concept
                ) AS begun_entries
            ) AS ended_entries
        """

    def of_lists(self) -> str:
        """One row a patient: of each list why it is open and which value sets have members, and the days of those that are timed."""
        columns = []
        for name, masks in self.lists.items():
            mine = f"list = '{name}'"
            columns += [
                f"BOOL_OR({mine} AND of_the_list) AS {name}_named",
                f"BOOL_OR({mine} AND NOT recognised AND is_current IS NOT FALSE) AS {name}_strange",
            ]
            for number in range(len(masks)):
                for told, when in (("present", "is_current"), ("perhaps", "is_current IS NULL")):
                    some = f"CASE WHEN {mine} AND {when} THEN mask_{number} ELSE 0 END"
                    columns.append(f"BIT_OR({some}) AS {name}_{told}_{number}")
        for value_set in self.layout.running:
            mine = f"{self._is(value_set)} AND is_current"
            columns += [
                f"MAX(CASE WHEN {mine} THEN began_fewest END) AS {value_set}_fewest",
                f"MAX(CASE WHEN {mine} THEN began_most END) AS {value_set}_most",
                f"BOOL_OR({mine} AND began IS NULL) AS {value_set}_undated",
            ]
        for value_set in self.layout.unchanged:
            mine = self._is(value_set)
            for name, end in (("since_low", "fewest"), ("since_high", "most")):
                changes = [
                    f"MIN(CASE WHEN {mine} AND {which}_most >= 0 THEN GREATEST({which}_{end}, 0) END)"
                    for which in ("began", "ended")
                ]
                columns.append(f"LEAST({', '.join(changes)}) AS {value_set}_{name}")
            hidden = "CASE WHEN status = 'stopped' THEN ended IS NULL ELSE began IS NULL END"
            columns.append(f"BOOL_OR({mine} AND {hidden}) AS {value_set}_hidden")
        return f"SELECT patient, {', '.join(columns)} FROM dated_entries GROUP BY patient"

    def of_entries(self) -> str:
        """One row a patient: of each list its current entries that are in a value set, each name and date once, in order."""
        masks = [f"mask_{number}" for number in range(most_masks(self.layout))]
        columns = ["patient"]
        for name in (name for name, of in self.layout.lists.items() if of):
            sets = "".join(f", '{each}': {mask}" for each, mask in zip(self.layout.sets_of(name), masks, strict=False))
            entry = f"{{'name': called, 'since': since{sets}}}"
            mine = f"list = '{name}'"  # of none DuckDB would make NULL, but Spark an empty list
            columns.append(
                f"CASE WHEN BOOL_OR({mine}) THEN LIST_SORT(LIST({entry}) FILTER (WHERE {mine})) END AS {name}_entries"
            )
        once = "".join(f", BIT_OR({mask}) AS {mask}" for mask in masks)
        return f"""
            SELECT {", ".join(columns)}
            FROM (
                SELECT patient, list, called, COALESCE(start, '') AS since{once}
                FROM dated_entries WHERE is_current AND ({" | ".join(masks) or 0}) <> 0
                GROUP BY patient, list, called, COALESCE(start, '')
            ) AS named_entries GROUP BY patient
        """

    def _is(self, value_set: str) -> str:
        column, mask = bit(value_set, self.layout)
        return f"(list = '{self.pack.value_sets[value_set].of}' AND ({column} & {mask}) <> 0)"

    # --- states and births ------------------------------------------------------------------------------------------------------

    def of_states(self) -> str:
        """One row a patient: value, day and source of each state."""
        columns = [
            f"MAX(CASE WHEN s.item = '{item}' THEN {value} END) AS {item}_{name}"
            for item in self.layout.states
            for name, value in (
                ("state", "v.state"), ("value", "s.value"), ("day", _first("s.date")), ("date", "s.date"), ("source", "s.source"),
            )
        ]  # fmt: skip
        return f"""
            SELECT s.patient, {", ".join(columns)}
            FROM ({self._said()}) AS s LEFT JOIN states_of AS v ON s.item = v.item AND s.value = v.value
            GROUP BY s.patient
        """

    def _said(self) -> str:
        return (
            "SELECT patient, item, value, date, source FROM states UNION ALL "
            "SELECT patient, 'sex' AS item, sex AS value, CAST(NULL AS VARCHAR) AS date, source FROM people WHERE sex IS NOT NULL"
        )

    def births(self) -> str:
        """The years that a birth date allows."""
        here = 100 * self.today.month + self.today.day

        def years(day: str) -> str:
            later = f"100 * MONTH({day}) + DAY({day}) > {here}"
            return f"{self.today.year} - YEAR({day}) - CASE WHEN {later} THEN 1 ELSE 0 END"

        return f"""
            SELECT patient, birth_date AS born_on, {years("born_last")} AS youngest, {years("born")} AS oldest, born
            FROM (
                SELECT patient, birth_date, born, {_last("birth_date", "born")} AS born_last
                FROM (SELECT patient, birth_date, {_first("birth_date")} AS born FROM people WHERE birth_date IS NOT NULL) AS firsts
            ) AS spans
        """

    # --- who is left ------------------------------------------------------------------------------------------------------------

    def left_over(self) -> str:
        """The patients with a row that is not plain; `item` where it concerns that measured item alone, COMPUTED where it concerns those
        that follow from magnesium that is taken.
        """
        lists = ", ".join(f"'{name}'" for name in self._known_lists())
        bad_dates = " OR ".join(
            f"({text} IS NOT NULL AND {first} IS NULL) OR {self._may_be_of_today(text, first)}"
            for text, first in (("start", "began"), ("stop", "ended"))
        )
        reviewed = [(f"{name}_reviewed", _first(f"{name}_reviewed")) for name in self._known_lists()]
        reviews = " OR ".join(
            f"({text} IS NOT NULL AND {first} IS NULL) OR {self._may_be_of_today(text, first)}"
            for text, first in reviewed
        )
        whose: list[str] = [
            "SELECT patient, item FROM results WHERE NOT dated OR is_unreadable",
            f"SELECT patient, item FROM results WHERE {self._may_be_of_today('date', 'day')}",
            "SELECT patient, item FROM newest WHERE NOT plain OR disputed",
            "SELECT patient, item FROM newest GROUP BY patient, item HAVING COUNT(*) > 1",
            f"SELECT patient, NULL AS item FROM dated_entries WHERE recognised IS NULL OR list NOT IN ({lists}) OR {bad_dates} "
            f"OR ended_last < began OR status NOT IN ('active', 'on-hold', 'stopped', 'unknown')",
            f"SELECT patient, '{COMPUTED}' AS item FROM dated_entries WHERE is_computed_from AND is_current IS NOT FALSE",
            f"SELECT patient, NULL AS item FROM births WHERE born IS NULL OR born > {self.on} OR oldest > 130",
            f"SELECT patient, NULL AS item FROM people WHERE {reviews}",
            f"SELECT patient, NULL AS item FROM ({self._said()}) AS s GROUP BY patient, s.item HAVING COUNT(*) > 1",
            f"SELECT patient, NULL AS item FROM ({self._said()}) AS s WHERE date IS NOT NULL "
            f"AND ({_first('date')} IS NULL OR {_first('date')} > {self.on})",
        ]
        return f"SELECT DISTINCT patient, item FROM ({' UNION ALL '.join(whose)}) AS whose"

    def _known_lists(self) -> tuple[str, ...]:
        return tuple(name for name, item in self.pack.items.items() if isinstance(item, ListItem))

    # --- the facts table --------------------------------------------------------------------------------------------------------

    def facts(self) -> str:
        """One row a plain patient, in the columns of the layout."""
        found = dict(self._columns())
        columns = [
            f"{self._typed(found.get(name), column.type, column.unknown)} AS {name}"
            if column.type != "entries"
            else name
            for name, column in self.layout.columns.items()
        ]
        gaps = ", ".join(f"{gap} AS {name}_gap" for name, gap in self._gaps_of_lists())
        joined = " ".join(
            f"LEFT JOIN {each} USING (patient)"
            for each in ("births", "of_results", "of_lists", "of_entries", "of_states")
        )
        return f"""
            SELECT {", ".join(columns)}
            FROM (
                SELECT *, {gaps} FROM people {joined} LEFT JOIN (
                    SELECT DISTINCT patient, TRUE AS is_left FROM left_over WHERE item IS NULL
                ) AS whole USING (patient) WHERE is_left IS NULL
            ) AS joined
        """

    def _typed(self, found: str | None, kind: str, unknown: int | None) -> str:
        names = {"int8": "TINYINT", "int16": "SMALLINT", "int32": "INT", "int64": "BIGINT", "string": "VARCHAR"}
        if unknown is None:
            return f"CAST({found or 'NULL'} AS {names[kind]})"
        return f"CAST(COALESCE({found or 'NULL'}, {unknown}) AS {names[kind]})"

    def _columns(self) -> Iterator[tuple[str, str]]:
        yield "patient", "id"
        for item in self.reported:
            yield from self._of_reported(item)
        yield from self._of_age()
        yield from self._of_computed()
        for name in self.layout.states:
            yield from self._of_state(name)
        yield from self._of_list_columns()

    def _of_reported(self, item: MeasuredItem) -> Iterator[tuple[str, str]]:
        name, measured = item.id, self.layout.measured[item.id]
        yield f"{name}_gap", f"CASE WHEN {name}_days IS NULL THEN {_gap('missing')} ELSE 0 END"
        yield f"{name}_days", self._age_of(name, f"{name}_days")
        if len(measured.scales) > 1:
            yield f"{name}_unit", f"{name}_unit_code"
        ends = [f"{name}_{end}" for end in ("low", "high")]
        ends += [f"{name}_to_{side}_{end}" for side in measured.differences for end in ("low", "high")]
        yield from ((end, self._cut_as(end, end)) for end in ends)
        methods = " || ' (method not stated)'" if item.methods else ""
        yield f"{name}_shown", f"{name}_shown{methods}"
        yield f"{name}_dated", f"{name}_date"
        yield f"{name}_source", f"{name}_source"

    def _age_of(self, name: str, days: str) -> str:
        longest = most(self.layout.columns[f"{name}_days"].type) - 1
        return f"CASE WHEN {days} > {longest} THEN {longest} ELSE {days} END"

    def _cut_as(self, column: str, value: str) -> str:
        """NULL, which is unknown, stays NULL."""
        kind = self.layout.columns[column].type
        low, high = least(kind), most(kind)
        return f"CASE WHEN {value} < {low} THEN {low} WHEN {value} > {high} THEN {high} ELSE {value} END"

    def _of_age(self) -> Iterator[tuple[str, str]]:
        if "age" not in self.layout.measured:
            return
        scale = 2 * self.layout.measured["age"].scales["a"]
        born = "born_on IS NULL"
        one, other = (f"CAST({years} AS VARCHAR)" for years in ("youngest", "oldest"))
        span = f"CASE WHEN youngest = oldest THEN {one} ELSE {one} || ' to ' || {other} END || ' years'"
        yield "age_gap", f"CASE WHEN {born} THEN {_gap('missing')} ELSE 0 END"
        yield "age_days", f"CASE WHEN {born} THEN NULL ELSE 0 END"
        yield "age_low", self._cut_as("age_low", f"(CASE WHEN youngest < 0 THEN 0 ELSE youngest END * {scale})")
        yield "age_high", self._cut_as("age_high", f"(oldest * {scale})")
        yield "age_shown", f"CASE WHEN {born} THEN NULL ELSE {span} END"
        yield "age_dated", "'born ' || born_on"

    def _of_computed(self) -> Iterator[tuple[str, str]]:
        """What follows from magnesium that is taken: where some is, or may be, the patient is left; here there is none."""
        for name in self.layout.measured:
            item = self.pack.items[name]
            assert isinstance(item, MeasuredItem)
            if item.change is not None:
                yield f"{name}_gap", f"CASE WHEN medicines_gap = 0 THEN {_gap('missing')} ELSE medicines_gap END"
            elif name == COMPUTED:
                none = 0 if MAGNESIUM in self.pack.value_sets else _gap("imprecise")
                yield f"{name}_gap", f"CASE WHEN medicines_gap = 0 THEN {none} ELSE medicines_gap END"
                if none:
                    continue
                for column, value in (("days", "0"), ("low", "0"), ("high", "0"), ("shown", "'0 mg elemental a day'")):
                    yield f"{name}_{column}", f"CASE WHEN medicines_gap = 0 THEN {value} END"

    def _of_state(self, name: str) -> Iterator[tuple[str, str]]:
        item = self.pack.items[name]
        assert isinstance(item, StateItem)
        undated = 0 if item.current_for is None else _gap("undated")
        gap = (
            f"CASE WHEN {name}_state IS NULL THEN {_gap('missing')} WHEN {name}_date IS NULL THEN {undated} ELSE 0 END"
        )
        known = f"({gap}) = 0"
        days = f"COALESCE({self._age_of(name, self.days(f'{name}_day'))}, 0)"
        yield f"{name}_gap", gap
        yield f"{name}_days", f"CASE WHEN {known} THEN {days} END"
        for column, value in (("state", "state"), ("shown", "value"), ("dated", "date"), ("source", "source")):
            yield f"{name}_{column}", f"CASE WHEN {known} THEN {name}_{value} END"

    def _gaps_of_lists(self) -> Iterator[tuple[str, str]]:
        for name in self._known_lists():
            item = self.pack.items[name]
            assert isinstance(item, ListItem)
            reviewed = _first(f"{name}_reviewed")
            stale = (
                ""
                if item.current_for is None
                else (f"WHEN {self.days(reviewed)} > {item.current_for} THEN {_gap('stale')} ")
            )
            yield name, (
                f"CASE WHEN NOT (COALESCE({name}_given, FALSE) OR COALESCE({name}_named, FALSE)) THEN {_gap('missing')} "
                f"WHEN {name}_reviewed IS NULL OR {reviewed} > {self.on} THEN {_gap('not reconciled')} {stale}"
                f"WHEN COALESCE({name}_strange, FALSE) THEN {_gap('not recognised')} ELSE 0 END"
            )  # fmt: skip

    def _of_list_columns(self) -> Iterator[tuple[str, str]]:
        for name, masks in self.layout.lists.items():
            yield f"{name}_gap", f"{name}_gap"
            for number, value_sets in enumerate(masks):
                present, perhaps = (f"COALESCE({name}_{told}_{number}, 0)" for told in ("present", "perhaps"))
                yield f"{name}_present_{number}", present
                every = (1 << len(value_sets)) - 1
                none = f"{every} - ({every} & ({present} | {perhaps}))"
                yield f"{name}_absent_{number}", f"CASE WHEN {name}_gap = 0 THEN {none} ELSE 0 END"
        for value_set in self.layout.running:
            sure = f"{self._sure(value_set)} AND NOT {value_set}_undated"
            yield from self._span(
                f"{value_set}_running",
                f"COALESCE({value_set}_fewest, 0)",
                f"CASE WHEN {sure} THEN COALESCE({value_set}_most, 0) END",
                value_set,
            )
        for value_set in self.layout.unchanged:
            sure = f"{self._sure(value_set)} AND NOT {value_set}_hidden"
            low = f"CASE WHEN {sure} THEN COALESCE({value_set}_since_low, 0) ELSE 0 END"
            yield from self._span(f"{value_set}_unchanged", low, f"{value_set}_since_high", value_set)

    def _sure(self, value_set: str) -> str:
        """The list is complete, and of every member it can be told whether it is current."""
        of, (mask, value) = self.pack.value_sets[value_set].of, bit(value_set, self.layout)
        return f"({of}_gap = 0 AND ({of}_perhaps_{mask.rpartition('_')[2]} & {value}) = 0)"

    def _span(self, name: str, low: str, high: str, value_set: str) -> Iterator[tuple[str, str]]:
        """Twice the days, where a member is there."""
        of, (mask, value) = self.pack.value_sets[value_set].of, bit(value_set, self.layout)
        there = f"({of}_present_{mask.rpartition('_')[2]} & {value}) <> 0"
        for end, days in (("low", low), ("high", high)):
            yield f"{name}_{end}", f"CASE WHEN {there} THEN {self._cut_as(f'{name}_{end}', f'(2 * ({days}))')} END"


def needed(layout: Layout) -> Mapping[str, tuple[str, ...]]:
    """The flat tables that the statements read, and their columns."""
    lists = [name for name, item in layout.pack.items.items() if isinstance(item, ListItem)]
    reviews = tuple(column for name in lists for column in (f"{name}_given", f"{name}_reviewed"))
    return {
        "people": ("patient", "id", "birth_date", "sex", "source", *reviews),
        "measurements": (
            "patient", "item", "value", "comparator", "unit", "code", "date", "status", "lower_limit", "upper_limit", "source",
        ),
        "entries": ("patient", "list", "concept", "start", "stop", "status"),
        "states": ("patient", "item", "value", "date", "source"),
    }  # fmt: skip
