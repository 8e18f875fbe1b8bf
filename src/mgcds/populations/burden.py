"""Alert burden: how often each suggestion would be offered, withheld or suppressed, and which ones together.

Counted over a population as it is; a rate comes with its count and with Wilson's 95 % interval, for what it would say of another
population like it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mgcds.engines.columnar import STATUSES, Screened, columnar
from mgcds.model.evaluation import Status
from mgcds.model.pack import RulePack
from mgcds.populations.against import Changes, compare
from mgcds.populations.extraction import MEMORY, Extracted, Progress, each_part
from mgcds.populations.one_by_one import deceased
from mgcds.populations.sources import Source

ORDER: tuple[Status, ...] = ("offered", "suppressed", "withheld", "not indicated")
OFFERED = STATUSES.index("offered")
_Z = 1.959963984540054  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, per 100, with the ends of its 95 % interval (Wilson 1927)."""

    count: int
    of: int
    per_100: float
    low: float
    high: float


def rate(count: int, of: int) -> Rate:
    """Of nobody, everything is possible."""
    if of == 0:
        return Rate(0, 0, 0.0, 0.0, 100.0)
    share, square = count / of, _Z * _Z / of
    middle = (share + square / 2) / (1 + square)
    half = _Z * sqrt(share * (1 - share) / of + square / (4 * of)) / (1 + square)
    low = 0.0 if count == 0 else 100 * (middle - half)
    high = 100.0 if count == of else 100 * (middle + half)
    return Rate(count, of, 100 * share, low, high)


@dataclass(slots=True)
class Counts:
    """What was counted of some patients; counts of several parts add up. `statuses`: rule → how many of each status, by its code;
    `together`: how many are offered both, rule by rule; `at_once`: how many are offered so many suggestions at once.
    """

    patients: int
    statuses: Mapping[str, NDArray[np.int64]]
    together: NDArray[np.int64]
    at_once: NDArray[np.int64]
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: int = 0

    @classmethod
    def of_nobody(cls, pack: RulePack) -> Counts:
        """From which to add up."""
        number = len(pack.rules)
        statuses = {rule: np.zeros(len(STATUSES), np.int64) for rule in pack.rules}
        return cls(0, statuses, np.zeros((number, number), np.int64), np.zeros(number + 1, np.int64))

    def add(self, other: Counts) -> None:
        """Other patients."""
        self.patients += other.patients
        for rule, counts in other.statuses.items():
            self.statuses[rule][:] += counts
        self.together += other.together
        self.at_once += other.at_once
        self.unused += other.unused
        self.broken += other.broken


def count(pack: RulePack, extracted: Extracted) -> Counts:
    """One part."""
    found = Counts.of_nobody(pack)
    found.unused, found.broken = Counter(extracted.unused), len(extracted.broken)
    for screened in columnar(pack).screen(extracted.facts.combine_chunks().to_batches()):
        found.add(_count(screened, pack))
    return found


def _count(screened: Screened, pack: RulePack) -> Counts:
    codes = {rule: screened.codes(rule) for rule in pack.rules}
    offered = np.stack([each == OFFERED for each in codes.values()]).astype(np.float32)
    return Counts(
        screened.rows,
        {rule: np.bincount(each, minlength=len(STATUSES)) for rule, each in codes.items()},
        np.rint(offered @ offered.T).astype(np.int64),  # exact: a part has fewer patients than a float32 counts
        np.bincount(offered.sum(axis=0).astype(np.int64), minlength=len(pack.rules) + 1),
    )


class Pair(NamedTuple):
    """Two suggestions that are offered to the same patients; `of_one`: as a part of those who are offered the first."""

    one: str
    other: str
    both: Rate
    of_one: Rate
    of_other: Rate


@dataclass(frozen=True, slots=True)
class Burden:
    """All that a report shows."""

    pack: RulePack
    on: date
    source: str
    counts: Counts
    against: Changes | None = None

    @property
    def patients(self) -> int:
        return self.counts.patients

    @property
    def deceased(self) -> int:
        """How many more were left out."""
        return deceased(self.counts.unused)

    def rate(self, rule: str, status: Status) -> Rate:
        """How many have this status of the rule's suggestion."""
        return rate(self.number(rule, status), self.patients)

    def number(self, rule: str, status: Status) -> int:
        return int(self.counts.statuses[rule][STATUSES.index(status)])

    @property
    def at_once(self) -> Sequence[Rate]:
        """How many patients are offered nothing, one suggestion, two …, up to the most that anyone is."""
        counted = self.counts.at_once
        most = int(np.flatnonzero(counted)[-1]) if counted.any() else 0
        return [rate(int(number), self.patients) for number in counted[: most + 1]]

    @property
    def suggestions(self) -> int:
        """How many are offered, to all together."""
        return int((self.counts.at_once * np.arange(len(self.counts.at_once))).sum())

    @property
    def pairs(self) -> Sequence[Pair]:
        """Pairs of which anyone is offered both, the most frequent first."""
        rules, together = list(self.pack.rules), self.counts.together
        found = [
            Pair(
                rules[one], rules[other], rate(both, self.patients),
                rate(both, int(together[one, one])), rate(both, int(together[other, other])),
            )
            for one, other in np.argwhere(np.triu(together, 1)).tolist()
            for both in (int(together[one, other]),)
        ]  # fmt: skip
        return sorted(found, key=lambda pair: (-pair.both.count, pair.one, pair.other))

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        whole: dict[str, Any] = {
            "pack": {"name": self.pack.name, "version": self.pack.version, "digest": self.pack.digest},
            "on": self.on.isoformat(),
            "source": self.source,
            "patients": self.patients,
            "deceased": self.deceased,
            "suggestions_offered": self.suggestions,
            "rules": {
                rule.id: {"title": rule.title, "kind": rule.suggest.kind}
                | {status: asdict(self.rate(rule.id, status)) for status in ORDER}
                for rule in self.pack.rules.values()
            },
            "at_once": [asdict(each) for each in self.at_once],
            "pairs": [
                {"rules": [pair.one, pair.other]}
                | {name: asdict(getattr(pair, name)) for name in ("both", "of_one", "of_other")}
                for pair in self.pairs
            ],
            "unused": [
                {"kind": kind, "why": why, "resources": number}
                for (kind, why), number in self.counts.unused.most_common()
            ],
            "broken_lines": self.counts.broken,
        }
        return whole | ({"against": self.against.to_dict()} if self.against is not None else {})


def burden(
    source: Source,
    pack: RulePack,
    on: date,
    *,
    name: str = "",
    against: RulePack | None = None,
    memory: int = MEMORY,
    workers: int | None = None,
    progress: Progress = lambda doing, done, of: None,
) -> Burden:
    """Count a population, and compare it with what another pack says of the same patients. `name`: of the source, for the report.

    RecordError where the source cannot be read, TableError where it is a facts table of other rules.
    """
    counts = Counts.of_nobody(pack)
    parts: Iterable[Counts] = each_part(source, pack, on, count, memory=memory, workers=workers, progress=progress)
    for done, each in enumerate(parts, 1):
        counts.add(each)
        progress("counting", done, source.parts)
    changes = None
    if against is not None:
        changes = compare(source, against, pack, on, memory=memory, workers=workers, progress=progress)
    return Burden(pack, on, name, counts, changes)
