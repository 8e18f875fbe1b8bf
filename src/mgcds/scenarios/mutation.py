"""`mgcds mutate`: every small mistake in the rules is made, and a scenario must notice.

Exit codes: 0 the goal is reached; 1 it is not, or a scenario fails with the pack as it is; 2 the input cannot be used.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal, TextIO, TypeVar

from mgcds.errors import ProofError
from mgcds.loading import load_pack
from mgcds.processes import started, starting, stoppable
from mgcds.scenarios.examples import read_examples
from mgcds.scenarios.features import check_features, features_root, find_features
from mgcds.verification.mutants import Mutant, mutants_of
from mgcds.verification.noticing import Examples

GOAL = 98
"""per cent of the mutants that say something else which a scenario must notice"""
REACHED, MISSED, UNUSABLE = 0, 1, 2
Found = TypeVar("Found")
Fate = Literal["noticed", "survived", "equivalent", "undecided"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant, and which scenario noticed it."""

    what: str
    where: str
    part: str
    question: str
    fate: Fate
    noticed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """All mutants of a run."""

    outcomes: Sequence[Outcome]

    @property
    def counts(self) -> Counter[Fate]:
        """How many had each fate."""
        return Counter(outcome.fate for outcome in self.outcomes)

    @property
    def asked(self) -> int:
        """Mutants that are not equivalent."""
        return len(self.outcomes) - self.counts["equivalent"]

    @property
    def percent(self) -> float:
        """Of those, how many in a hundred were noticed."""
        return 100 * self.counts["noticed"] / self.asked if self.asked else 100.0

    @property
    def is_reached(self) -> bool:
        """Enough noticed, and none undecided."""
        return self.percent >= GOAL and not self.counts["undecided"]

    def to_dict(self) -> dict[str, Any]:
        """For JSON; outcomes in the order of the pack's files."""
        return {
            "goal_percent": GOAL,
            "percent_noticed": round(self.percent, 2),
            "reached": self.is_reached,
            "counts": {fate: self.counts[fate] for fate in ("noticed", "survived", "equivalent", "undecided")},
            "mutants": [asdict(outcome) for outcome in self.outcomes],
        }


class Bench:
    """A pack with its scenarios and mutants; each process has its own."""

    def __init__(self, features: Path, rules: Path | None, part: str | None) -> None:
        self.pack = load_pack(rules)
        self.examples = Examples(self.pack, read_examples(find_features(features)))
        self.mutants = [mutant for mutant in mutants_of(self.pack, rules) if part in (None, mutant.part)]

    def judge(self, number: int) -> Outcome:
        """What becomes of one mutant: scenarios of one patient are asked first, then Z3, then those of any patient."""
        mutant = self.mutants[number]
        noticed = self.examples.first_to_notice(mutant)
        if noticed is not None:
            return _outcome(mutant, "noticed", noticed.where)
        from mgcds.verification.equivalence import compare

        answer = compare(self.pack, mutant.build())
        if answer == "equivalent":
            return _outcome(mutant, "equivalent")
        noticed = self.examples.first_to_prove(mutant)
        if noticed is not None:
            return _outcome(mutant, "noticed", noticed.where)
        return _outcome(mutant, "survived" if answer == "differs" else "undecided")


def _outcome(mutant: Mutant, fate: Fate, by: str | None = None) -> Outcome:
    return Outcome(mutant.what, mutant.where, mutant.part, mutant.question, fate, by)


def need_z3() -> None:
    """ProofError where Z3 is not installed."""
    try:
        import z3  # noqa: F401
    except ImportError:
        raise ProofError("which mutants and cases are possible is decided by Z3: pip install 'mgcds[verify]'") from None


def read_bench(features: Path | None, rules: Path | None, part: str | None) -> tuple[Bench | None, list[str]]:
    """The scenarios and mutants, or what keeps them from being used."""
    need_z3()
    where = features or features_root()
    paths = find_features(where) if where.exists() else []
    problems = [str(problem) for problem in check_features(paths)]
    if not paths:
        problems = [f"no .feature file is in {where}"] if where.exists() else [f"{where} is not there"]
    return (None, problems) if problems else (Bench(where, rules, part), [])


def mutate(
    features: Path | None = None, rules: Path | None = None, part: str | None = None, processes: int | None = None
) -> Result:
    """The fate of every mutant of a pack, or of one rule, finding or item; the same on any number of processes."""
    where = features or features_root()
    bench = Bench(where, rules, part)
    many = processes or min(os.cpu_count() or 1, 8)
    if many == 1 or len(bench.mutants) < _FEW:
        return Result(list(shown(map(bench.judge, range(len(bench.mutants))), len(bench.mutants), "mutants")))
    pool = ProcessPoolExecutor(many, get_context("spawn"), _begin, (where, rules, part))
    try:
        with starting():
            outcomes = pool.map(_judge, range(len(bench.mutants)), chunksize=_CHUNK)
        return Result(list(shown(outcomes, len(bench.mutants), "mutants")))
    finally:
        pool.shutdown(cancel_futures=True)


_CHUNK, _FEW = 4, 60
_bench: list[Bench] = []


def _begin(features: Path, rules: Path | None, part: str | None) -> None:
    _bench[:] = [Bench(features, rules, part)]
    started()


def _judge(number: int) -> Outcome:
    return stoppable(_bench[0].judge, number)


def shown(found: Iterable[Found], total: int, of: str) -> Iterator[Found]:
    """With progress on a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(found, of, total, console=console, disable=not console.is_terminal, transient=True)


def run(
    features: Path | None = None,
    rules: Path | None = None,
    part: str | None = None,
    drafts: Path | None = None,
    as_json: bool = False,
    out: TextIO | None = None,
    processes: int | None = None,
) -> int:
    """Judge all mutants and print what survived; the exit code."""
    out = out or sys.stdout
    bench, problems = read_bench(features, rules, part)
    if bench is None:
        for problem in problems:
            print(f"mgcds: {problem}", file=sys.stderr)
        return UNUSABLE
    broken = list(dict.fromkeys(example.where for example in bench.examples.broken()))
    if broken:
        print(f"mgcds: {', '.join(broken)} fails with the pack as it is: mend it first", file=sys.stderr)
        return MISSED
    result = mutate(features, rules, part, processes)
    from mgcds.scenarios.drafts import draft_of_survivor, write_drafts
    from mgcds.verification.coverage import Coverage

    survived = [
        mutant for mutant, outcome in zip(bench.mutants, result.outcomes, strict=True) if outcome.fate == "survived"
    ]
    scenarios = (
        {mutant.question: draft_of_survivor(bench.pack, mutant) for mutant in survived} if drafts or not as_json else {}
    )
    coverage = Coverage(bench.pack, bench.examples, part if part in bench.pack.rules else None)
    if as_json:
        of = {"pack": {"version": bench.pack.version, "digest": bench.pack.digest}}
        print(
            json.dumps({**of, **result.to_dict(), "coverage": coverage.summary()}, indent=2, ensure_ascii=False),
            file=out,
        )
    else:
        for line in _lines(result, scenarios, coverage.summary()):
            print(line, file=out)
    if drafts is not None:
        write_drafts(drafts, "What no scenario would notice", [draft for draft in scenarios.values() if draft])
    return REACHED if result.is_reached else MISSED


def _lines(result: Result, scenarios: dict[str, str | None], coverage: dict[str, Any]) -> Iterator[str]:
    for outcome in result.outcomes:
        if outcome.fate in ("survived", "undecided"):
            undecided = " (Z3 could not decide whether it makes a difference.)" if outcome.fate == "undecided" else ""
            yield f"{outcome.where}: {outcome.question}{undecided}"
            yield (
                scenarios.get(outcome.question)
                or "  No patient could be written down who would be told something else."
            ) + "\n"
    counts = result.counts
    by_what = Counter(outcome.what for outcome in result.outcomes if outcome.fate != "equivalent")
    noticed = Counter(outcome.what for outcome in result.outcomes if outcome.fate == "noticed")
    width = max(map(len, by_what), default=0)
    for what in sorted(by_what):
        yield f"{what:{width}}  {noticed[what]:5} of {by_what[what]:5} noticed"
    yield (
        f"{len(result.outcomes)} mutants: {counts['noticed']} noticed, {counts['survived']} survived, "
        f"{counts['equivalent']} equivalent, {counts['undecided']} undecided."
    )
    yield f"{result.percent:.1f} % of those that say something else were noticed; the goal is {GOAL} %."
    yield "Of the same scenarios: " + "; ".join(
        f"{name} {found['covered']} of {found['possible']}" for name, found in coverage.items()
    )
