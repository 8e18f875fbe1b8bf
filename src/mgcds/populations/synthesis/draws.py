"""Draws that depend on the seed, a name and the number of a patient, and on nothing else: not on the part, its size or the process."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from random import Random

import numpy as np
from numpy.typing import NDArray

_STEP, _FIRST, _SECOND = (np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


class Draws:
    """For patients `first` to `first + number - 1`: SplitMix64, whose n-th number is a function of n."""

    def __init__(self, seed: int, first: int, number: int) -> None:
        self._seed = seed
        self._patients = np.arange(first + 1, first + number + 1, dtype=np.uint64)

    def uniform(self, name: str) -> NDArray[np.float64]:
        """One number for each patient, from 0 up to, but not including, 1."""
        start = np.uint64(int.from_bytes(sha256(f"{self._seed}/{name}".encode()).digest()[:8], "big"))
        mixed = start + self._patients * _STEP  # wraps around at 2**64, as it should
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        mixed ^= mixed >> np.uint64(31)
        return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def one_of(self, name: str, shares: Sequence[float]) -> NDArray[np.intp]:
        """A place in `shares`, each as often as its share; the last one takes what is left."""
        return np.searchsorted(np.cumsum(shares)[:-1], self.uniform(name), side="right")


def dice(seed: int, name: str) -> Random:
    """A source for what is made once and given to many; the same for a seed and a name."""
    return Random(f"{seed}/{name}")
