"""The exact way: all resources of a patient through the reader of single records. It defines what extraction gives.

Who is recorded as deceased is left out, and counted among what was not used: nobody would act on what is said of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from mgcds.engines.facts_arrow import schema_of
from mgcds.engines.facts_table import Layout
from mgcds.fhir.reader import DECEASED, WHY_NOT, read_delivery
from mgcds.fhir.references import LOOKED_UP
from mgcds.fhir.wire import Delivery, Resource, Unused
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts

Line = tuple[int, bytes]
"""its number, counted from 1 through all files in their order, and its text"""
_AT_ONCE = 2_000
_WHERE = re.compile(r"line (\d+)$")
_NAMED = re.compile(r"'[^']*'|\b[A-Z][A-Za-z]+/[^\s;,]+|\d{4}-\d\d-\d\d\S*")
_SAID = re.compile(
    r"(?<=the server said: ).+|(?<=no result: ).+|(?<=not its value: ).+|(?<=status )[^,:)]+|(?<=intent ).+", re.DOTALL
)
# Of the standard: why a result is absent; the status and the intent of what is ordered, given or observed.
_CODES = frozenset(
    (
        "unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked", "not-applicable", "unsupported",
        "as-text", "error", "not-a-number", "negative-infinity", "positive-infinity", "not-performed", "not-permitted",
        "active", "cancelled", "completed", "declined", "draft", "ended", "entered-in-error", "in-progress", "on-hold",
        "preparation", "registered", "revoked", "stopped",
        "proposal", "plan", "directive", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option", "None",
    )
)  # fmt: skip


@dataclass
class Read:
    """The facts of some patients, as rows; what was not used, by kind of resource and reason; lines that are no resource."""

    layout: Layout
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: list[tuple[int, str]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """references of the looked-up resources that were used"""
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _tables: list[pa.Table] = field(default_factory=list)

    def add(self, row: dict[str, Any]) -> None:
        """One patient more."""
        self._rows.append(row)
        if len(self._rows) == _AT_ONCE:
            self._pack()

    def add_table(self, facts: pa.Table) -> None:
        """Many patients more, in a table of facts."""
        self._tables.append(facts)

    def facts(self) -> pa.Table:
        """The facts table."""
        self._pack()
        return pa.concat_tables(self._tables)

    def _pack(self) -> None:
        schema = schema_of(self.layout, told=True)
        columns = {each.name: pa.array([row[each.name] for row in self._rows], each.type) for each in schema}
        self._tables.append(pa.table(columns, schema))
        self._rows = []


def read_group(own: Iterable[Line], shared: Iterable[Line], pack: RulePack, on: date, whole: bool, read: Read) -> None:
    """Lines that belong together, and what they may look up: of each patient they are about, all there is."""
    delivery, ours = Delivery(), list[Resource]()
    mine = dict(own)
    for number, text in sorted({**mine, **dict(shared)}.items()):
        before = len(delivery.resources)
        stripped = text.removeprefix(b"\xef\xbb\xbf").strip()
        if stripped:
            delivery.add(stripped, "line", number)
        if number in mine:
            ours += delivery.resources[before:]
    for reading in read_delivery(delivery, pack, on, whole):
        if reading.patient is not None and not reading.deceased:
            read.add(read.layout.row(read_facts(reading.record, pack, on), reading.patient))
        read.used.update(reading.used)
        for each in reading.unused:
            if (where := _WHERE.match(each.reference)) is not None:
                read.broken.append((int(where[1]), each.why))
        for key, number in counted(reading.unused):
            read.unused[key] += number
    count_looked_up(ours, read)


def count_looked_up(resources: Iterable[Resource], read: Read) -> None:
    """Those that nobody used, once everybody who may has been read."""
    for each in resources:
        if each.kind in LOOKED_UP and each.reference not in read.used:
            read.unused[each.kind, WHY_NOT[each.kind]] += 1


def counted(unused: Iterable[Unused]) -> Iterator[tuple[tuple[str, str], int]]:
    """Resources by kind and reason. What is looked up is counted by `count_looked_up`, once for all who may do so."""
    for each in unused:
        if _WHERE.match(each.reference) is None and (kind := kind_of(each.reference)) not in LOOKED_UP:
            yield (kind, reason(each.why)), max(each.resources, 1)


def deceased(unused: Mapping[tuple[str, str], int]) -> int:
    """How many patients were left out as deceased, by what was not used."""
    return sum(number for (_, why), number in unused.items() if why == DECEASED)


def kind_of(reference: str) -> str:
    """`Observation` of `Observation/o1`, `Observation 8480-6 Systolic Blood Pressure (3)`; `entry` of `line 3, entry 2`."""
    if reference.startswith("line "):
        return "entry"
    found = re.match(r"\w+", reference)
    return found[0] if found else "resource"


def reason(why: str) -> str:
    """Why something was not used, without what only one patient has: for counting. Where the data say it, the standard's words alone."""
    return _NAMED.sub("…", _SAID.sub(_codes_alone, why))


def _codes_alone(said: re.Match[str]) -> str:
    return ", ".join(dict.fromkeys(each if each in _CODES else "…" for each in said[0].split(", ")))
