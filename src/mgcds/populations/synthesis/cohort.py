"""Who gets which variant of which strand: a function of the seed and the patient's number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import prod

import numpy as np
from numpy.typing import NDArray

from mgcds.errors import CohortError
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.populations.synthesis import prevalence as p
from mgcds.populations.synthesis.draws import Draws, dice
from mgcds.populations.synthesis.histories import BIRTHS, HISTORIES, SHARES, make_history, make_person
from mgcds.populations.synthesis.results import VALUES, make_results, make_unread
from mgcds.populations.synthesis.strands import Make, Sheet, Variant

MOST_OFTEN = 0.95  # nothing is on record for everyone
NONE = -1  # the patient has nothing of this strand
UNREAD = 200  # variants
Chosen = Mapping[str, NDArray[np.int32]]
"""strand → the number of the variant that each patient has, or NONE"""


@dataclass(frozen=True, slots=True)
class Strand:
    """`about`: the items and lists that it tells of; of the history, all that no other strand tells of."""

    name: str
    about: frozenset[str]
    make: Make


class Pool:
    """All strands of a pack, with their variants once they are needed. CohortError where the pack does not know what is to be made."""

    def __init__(self, pack: RulePack, on: date, seed: int) -> None:
        _check(pack)
        self.pack, self.on, self.seed = pack, on, seed
        items = {
            item.id: item for item in pack.items.values() if isinstance(item, MeasuredItem) and item.id in p.RESULTS
        }
        strands = [Strand("person", frozenset(("age", "sex")), make_person)]
        strands += [
            Strand(name, frozenset((name,)), make_results(item, p.RESULTS[name])) for name, item in items.items()
        ]
        taken = frozenset().union(*(strand.about for strand in strands))
        strands.append(Strand("history", frozenset((*pack.items, *pack.vocabularies)) - taken, make_history))
        strands.append(Strand("unread", frozenset(), make_unread))
        self.strands = {strand.name: strand for strand in strands}
        self.results = tuple(items)
        self._made: dict[tuple[str, int], Variant] = {}

    def variant(self, strand: str, number: int) -> Variant:
        """The same whenever it is asked for."""
        found = self._made.get((strand, number))
        if found is None:
            sheet = Sheet(strand.replace("_", "-"), self.pack, self.on, dice(self.seed, f"{strand}/{number}"))
            self.strands[strand].make(sheet, number)
            found = self._made[strand, number] = sheet.finished()
        return found

    def choose(self, first: int, number: int) -> Chosen:
        """For patients `first` to `first + number - 1`."""
        draws = Draws(self.seed, first, number)
        group = draws.one_of("group", SHARES)
        histories = _within(group, HISTORIES, draws.uniform("history"))
        chosen = {"person": _within(group, BIRTHS, draws.uniform("person")), "history": histories}
        distinct, inverse = np.unique(histories, return_inverse=True)
        marks = [self.variant("history", each).marks for each in distinct.tolist()]
        more_often = _product(p.MORE_OFTEN, marks)[inverse]
        for item in self.results:
            present = draws.uniform(f"{item} measured") < np.minimum(p.RESULTS[item].share * more_often, MOST_OFTEN)
            lower = _product(p.LOWER.get(item, {}), marks)[inverse]
            place = (draws.uniform(item) ** lower * VALUES).astype(np.int32)
            chosen[item] = np.where(present, place, NONE)
        unread = (draws.uniform("unread") * UNREAD / p.NOT_READ).astype(np.int32)
        chosen["unread"] = np.where(unread < UNREAD, unread, NONE)
        return {name: found.astype(np.int32) for name, found in chosen.items()}

    def variants(self, chosen: Chosen, patient: int) -> Iterable[Variant]:
        """All that one patient has."""
        for strand, numbers in chosen.items():
            if numbers[patient] != NONE:
                yield self.variant(strand, int(numbers[patient]))


def _within(group: NDArray[np.intp], number: int, draws: NDArray[np.float64]) -> NDArray[np.intp]:
    return group * number + (draws * number).astype(np.intp)


def _product(times: Mapping[str, float], marks: Iterable[frozenset[str]]) -> NDArray[np.float64]:
    return np.array([prod(by for mark, by in times.items() if mark in each) for each in marks], np.float64)


def _check(pack: RulePack) -> None:
    sets = (
        *p.CONDITIONS,
        *p.MEDICINES,
        *p.ANTIDEPRESSANTS,
        "depression",
        "bipolar_disorder",
        "pregnancy",
        "lithium",
        "psychotherapy",
    )
    missing = [f"value set '{each}'" for each in sets if each not in pack.value_sets]
    missing += [f"item '{each}'" for each in (*p.RESULTS, "functional_difficulty") if each not in pack.items]
    if missing:
        raise CohortError(f"the pack has not what the cohort is made of: {', '.join(missing)}")
