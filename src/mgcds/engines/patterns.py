"""Patients whose missing sets are the same: each pattern of verdicts once, for the plain evaluator to explain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mgcds.engines.bitwise import Bits
from mgcds.engines.columnar import Screened
from mgcds.engines.facts_table import REJECTED
from mgcds.model.criterion import Documented
from mgcds.model.missing import Pattern, related
from mgcds.model.pack import RulePack


class Distinct(NamedTuple):
    """The patients for whom a suggestion is withheld: their rows, the pattern of each by its number, and the patterns, as flags by what
    is so: there may be nearly as many as patients, and few of them are asked for.
    """

    rows: NDArray[np.intp]
    numbers: NDArray[np.int32]
    once: NDArray[np.uint8]
    names: Sequence[tuple[str, str]]
    rule: str
    pack: RulePack

    def pattern(self, number: int) -> Pattern:
        """One of them."""
        names = zip(self.names, self.once[number], strict=True)
        return _pattern(self.rule, {name for name, bit in names if bit}, self.pack)

    @property
    def patterns(self) -> list[Pattern]:
        """All of them."""
        return [self.pattern(number) for number in range(len(self.once))]


def patterns(rule: str, screened: Screened, pack: RulePack) -> Distinct:
    """All that the smallest missing sets of a withheld suggestion depend on, each once. They are for the plain evaluator to work out."""
    cells, holders = screened.cells, pack.holders[rule]
    low, high = screened.statuses[rule]
    rows = np.flatnonzero(cells.flags(~(low | high)))
    in_doubt = {holder.by: ~screened.rules[holder.by].not_met for holder in holders}
    passing = [holder.by for holder in holders if holder.lets_pass]
    keys = list(related(rule, in_doubt, pack))
    concerned = {rule: ~cells.none(), **in_doubt}
    reads = {key: _any(concerned[part] for part in concerned if key in pack.criteria_of[part]) for key in keys}
    answers = {key: each for key in keys if isinstance(each := pack.criteria[key], Documented) and each.since}
    subjects = sorted({subject for holder in passing for subject in pack.reads[holder]})
    columns = {
        **{("in doubt", holder): bits for holder, bits in in_doubt.items()},
        **{("met", key): screened.criteria[key].met & reads[key] for key in keys},
        **{("not met", key): screened.criteria[key].not_met & reads[key] for key in keys},
        **{
            ("outdated", key): reads[key]
            & cells.reaches(f"{each.item}_state", 0)
            & cells.reaches(f"{each.item}_days", 1)
            for key, each in answers.items()
        },
        **{
            ("rejected", subject): cells.reaches(f"{subject}_gap", REJECTED)
            & _any(in_doubt[holder] for holder in passing if subject in pack.reads[holder])
            for subject in subjects
        },
    }
    numbers, once = distinct([cells.flags(bits)[rows] for bits in columns.values()])
    return Distinct(rows, numbers, once, tuple(columns), rule, pack)


def _any(parts: Iterable[Bits]) -> Bits:
    return reduce(np.bitwise_or, parts)


def distinct(flags: Sequence[NDArray[np.uint8]]) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Each row of flags once, and which of them each row is."""
    keys = np.ascontiguousarray(np.packbits(np.stack(flags), axis=0).T)
    length, width = keys.shape
    encoded = pa.Array.from_buffers(pa.binary(width), length, [None, pa.py_buffer(keys)]).dictionary_encode()
    once = np.frombuffer(b"".join(encoded.dictionary.to_pylist()), np.uint8).reshape(-1, width)
    return encoded.indices.to_numpy(), np.unpackbits(once, axis=1, count=len(flags))


def _pattern(rule: str, true: set[tuple[str, str]], pack: RulePack) -> Pattern:
    in_doubt = tuple(holder.by for holder in pack.holders[rule] if ("in doubt", holder.by) in true)
    keys = related(rule, in_doubt, pack)
    truths = tuple(True if ("met", key) in true else False if ("not met", key) in true else None for key in keys)
    rejected = tuple(sorted(name for what, name in true if what == "rejected"))
    return Pattern(rule, in_doubt, rejected, truths, tuple(key for key in keys if ("outdated", key) in true))
