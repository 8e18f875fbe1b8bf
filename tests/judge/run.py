"""Let an independent judge repeat every verdict: `python -m tests.judge.run 10000`, or `make judge`.

On the pack and on random packs. Exit 1 where he differs, with the first patient of whom he does, and where a criterion or rule was never
met, never not met or never unknown: a comparison of nothing would agree.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from typing import NamedTuple

from mgcds.loading import load_pack
from mgcds.model.criterion import ABOUT_KNOWLEDGE
from mgcds.model.pack import RulePack
from tests.agreement.generate import Patients
from tests.agreement.packs import PackMaker
from tests.judge.judging import Answer, Difference, Objection, Tally, differences, what_is_missing

PROCESSES = 2
RANDOM_PACKS, RECORDS_EACH = 12, 50


class Judged(NamedTuple):
    """What came of some patients: how often each answer was met, and where the judge differs."""

    tally: Tally
    found: list[tuple[str, Difference]]


_patients: Patients
_maker: PackMaker


def start() -> None:
    """Load the pack and read the stock of records, once."""
    global _patients, _maker
    _patients = Patients(load_pack())
    _maker = PackMaker(_patients)


def judge_chunk(seeds: range) -> Judged:
    """These patients on the pack."""
    tally = Tally()
    found = [("the pack", one) for one in differences(_patients.pack, _patients.many(seeds), tally)]
    return Judged(tally, found)


def judge_random_pack(number: int) -> Judged:
    """Some patients on a pack of its own."""
    pack = _maker.pack(number)
    patients = Patients(pack, _patients.stock)
    dealt = ((seed, patients.dealt(seed)) for seed in range(number, number + RECORDS_EACH))
    return Judged(Tally(), [(f"random pack {number}", one) for one in differences(pack, dealt)])


def compare(first: int, records: int) -> int:
    """Compare in several processes; the exit code."""
    start()  # before the processes part, so that they share what was read
    edges = [first + records * part // PROCESSES for part in range(PROCESSES + 1)]
    with get_context("fork").Pool(PROCESSES) as pool:
        on_the_pack = pool.imap_unordered(judge_chunk, map(range, edges, edges[1:]))
        return report(_patients.pack, on_the_pack, pool.imap_unordered(judge_random_pack, range(RANDOM_PACKS)))


def report(pack: RulePack, on_the_pack: Iterable[Judged], on_random_packs: Iterable[Judged] = ()) -> int:
    """Print what comes in. 0 where the judge says the same and every answer was met with, else 1."""
    began = time.monotonic()
    tally, found = Tally(), list[tuple[str, Difference]]()
    for judged in on_the_pack:
        tally.merge(judged.tally)
        found += judged.found
    packs = [judged.found for judged in on_random_packs]
    found += [one for random_pack in packs for one in random_pack]
    for line in (*figures(tally), f"{len(packs)} random packs, {RECORDS_EACH} records each"):
        print(line)
    never = list(never_met(pack, tally))
    for line in never:
        print(line)
    if found:
        where, difference = found[0]
        print(f"{where}, {difference}")
    print(f"{len(found)} records of which the judge says otherwise, in {time.monotonic() - began:.0f} s")
    return 1 if found or never else 0


def figures(tally: Tally) -> Iterator[str]:
    """Records, and for criteria, findings, rules and statuses how often each answer was met."""
    yield f"{tally.records} records of generated patients"
    by_kind: dict[str, Counter[str]] = {}
    for (name, answer), times in tally.answers.items():
        by_kind.setdefault(name.partition(":")[0], Counter())[in_words(answer)] += times
    for kind, answers in by_kind.items():
        names = {name for name, _ in tally.answers if name.startswith(f"{kind}: ")}
        yield f"{kind}, {len(names)}: " + ", ".join(f"{times} {answer}" for answer, times in sorted(answers.items()))


def in_words(answer: Answer) -> str:
    """As the glossary has it."""
    if isinstance(answer, str):
        return answer
    return "unknown" if answer is None else "met" if answer else "not met"


def never_met(pack: RulePack, tally: Tally) -> Iterator[str]:
    """Answers of criteria and rules that no patient brought about. What asks about knowledge is never unknown itself, and a rule with
    such a criterion need not be: it may apply only where the others are known.
    """
    keys = {f"criterion: {key}": (key,) for key in pack.criteria} | {
        f"rule: {rule}": pack.criteria_of[rule] for rule in pack.rules
    }
    for name, read in keys.items():
        asks = any(isinstance(pack.criteria[key], ABOUT_KNOWLEDGE) for key in read)
        for answer in (True, False) if asks else (True, False, None):
            if not tally.answers[name, answer]:
                yield f"'{name}' was {in_words(answer)} of no patient: judge more records"


def main() -> int:
    """Read the command line and compare."""
    parser = argparse.ArgumentParser(description="Compare the model with the exported CQL on generated patients.")
    parser.add_argument("records", type=int, nargs="?", default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    missing = what_is_missing()
    if missing:
        print(missing, file=sys.stderr)
        return 1
    try:
        return compare(given.first, given.records)
    except Objection as objection:
        print(objection, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
