"""Columns of bits, one bit a patient: which are wanted is written down once, as formulas, and worked out for one batch after another.

A formula that is asked for twice is the same formula, and is worked out once. No result is kept longer than another one needs it, so
that what is worked on stays in the processor's caches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias, assert_never

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bits: TypeAlias = NDArray[np.uint8]
"""one bit a patient, the first in the lowest bit, as in Arrow; bits behind the last patient mean nothing"""


class Reaches(NamedTuple):
    """Where a column holds a number or more."""

    column: str
    number: int


class Bit(NamedTuple):
    """Where a bit of a mask is set."""

    column: str
    bit: int


class NoLater(NamedTuple):
    """Where a column holds no more than another."""

    column: str
    other: str


class Joined(NamedTuple):
    """Two formulas, by their numbers."""

    by: np.ufunc
    one: int
    other: int


class Constant(NamedTuple):
    """Nobody, 0, or everybody, 255."""

    byte: int


Read: TypeAlias = Reaches | Bit | NoLater
Made: TypeAlias = Read | Joined | Constant


class Formula:
    """Bits of whichever batch."""

    __slots__ = ("_cells", "number")

    def __init__(self, cells: Cells, number: int) -> None:
        self._cells, self.number = cells, number

    def __and__(self, other: Formula) -> Formula:
        return self._cells.both(self, other)

    def __or__(self, other: Formula) -> Formula:
        return self._cells.either(self, other)

    def __invert__(self) -> Formula:
        return self._cells.opposite(self)


class Cells:
    """The formulas over the columns of a table, each once; `made`: what they are, those before of which they are made."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self._formulas: dict[Made, Formula] = {}
        self._nobody, self._everybody = self._once(Constant(0)), self._once(Constant(255))

    def reaches(self, column: str, number: int) -> Formula:
        """Where the column holds the number or more: the only comparison with a number there is."""
        return self._once(Reaches(column, number))

    def equals(self, column: str, number: int) -> Formula:
        """Where the column holds the number."""
        return self.reaches(column, number) & ~self.reaches(column, number + 1)

    def no_later(self, one: str, other: str) -> Formula:
        """Where one column holds no more than another."""
        return self._once(NoLater(one, other))

    def bit(self, column: str, bit: int) -> Formula:
        """Where this bit of a mask is set."""
        return self._once(Bit(column, bit))

    def none(self) -> Formula:
        """Nobody."""
        return self._nobody

    def both(self, one: Formula, other: Formula) -> Formula:
        """Where both hold."""
        if self._nobody in (one, other):
            return self._nobody
        return self._joined(np.bitwise_and, one, other, self._everybody)

    def either(self, one: Formula, other: Formula) -> Formula:
        """Where one of them holds."""
        if self._everybody in (one, other):
            return self._everybody
        return self._joined(np.bitwise_or, one, other, self._nobody)

    def opposite(self, of: Formula) -> Formula:
        """Where it does not hold."""
        match self.made[of.number]:
            case Constant(byte=byte):
                return self._once(Constant(255 - byte))
            case Joined(by=np.bitwise_xor, one=number):
                return self._formulas[self.made[number]]
            case _:
                return self._once(Joined(np.bitwise_xor, of.number, self._everybody.number))

    def _joined(self, by: np.ufunc, one: Formula, other: Formula, idle: Formula) -> Formula:
        if one in (idle, other):
            return other
        if other is idle:
            return one
        return self._once(Joined(by, *sorted((one.number, other.number))))

    def _once(self, made: Made) -> Formula:
        if made not in self._formulas:
            self._formulas[made] = Formula(self, len(self.made))
            self.made.append(made)
        return self._formulas[made]


class Program:
    """The formulas that are wanted, in steps: what is read, a column after the other, so that each comes from memory once; then what is
    made of that. Each result has a place among the results, which another one takes when it is needed no more.
    """

    def __init__(self, cells: Cells, wanted: Iterable[Formula]) -> None:
        self.wanted = tuple(wanted)
        last = dict.fromkeys((formula.number for formula in self.wanted), len(cells.made))
        """formula → the last one that is made of it"""
        for number, made in reversed([*enumerate(cells.made)]):
            if number in last and isinstance(made, Joined):
                for part in (made.one, made.other):
                    last.setdefault(part, number)
        self._constants: list[tuple[int, int]] = []
        self._reads: dict[str, list[tuple[int, Read]]] = {}
        self._steps: list[tuple[np.ufunc, int, int, int]] = []
        self._places: dict[int, int] = {}
        steps, self._size = [], 0
        for number in sorted(last):
            match cells.made[number]:
                case Joined() as joined:
                    steps.append((number, joined))
                case Constant(byte=byte):
                    self._constants.append((self._new_place(number), byte))
                case read:
                    self._reads.setdefault(read.column, []).append((self._new_place(number), read))
        for reads in self._reads.values():  # the bits of a byte come one after the other
            reads.sort(key=lambda each: each[1].bit if isinstance(each[1], Bit) else 0)
        free: list[int] = []
        for number, (by, one, other) in steps:
            at = self._places[one], self._places[other]
            free += [self._places[part] for part in {one, other} if last[part] == number]
            self._places[number] = free.pop() if free else self._new_place(number)
            self._steps.append((by, *at, self._places[number]))

    def _new_place(self, number: int) -> int:
        self._places[number] = self._size
        self._size += 1
        return self._places[number]

    def run(self, columns: Columns) -> Mapping[Formula, Bits]:
        """What is wanted, of one batch."""
        bits: list[Any] = [None] * self._size
        for place, byte in self._constants:
            bits[place] = np.full((columns.rows + 7) // 8, byte, np.uint8)
        for column, reads in self._reads.items():
            for (place, _), found in zip(reads, columns.read(column, (read for _, read in reads)), strict=True):
                bits[place] = found
        for by, one, other, into in self._steps:
            bits[into] = by(bits[one], bits[other], bits[into])
        return {formula: bits[self._places[formula.number]] for formula in self.wanted}


class Columns:
    """The columns of one batch, as bits."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.rows = batch.num_rows
        self._batch = batch
        self._flags, self._octets = np.empty(self.rows, np.bool_), np.empty(self.rows, np.uint8)
        self._compared: dict[Reaches, Bits] = {}

    def none(self) -> Bits:
        """Nobody."""
        return np.zeros((self.rows + 7) // 8, np.uint8)

    def flags(self, bits: Bits) -> NDArray[np.uint8]:
        """0 or 1 for each patient."""
        return np.unpackbits(bits, count=self.rows, bitorder="little")

    def reaches(self, column: str, number: int) -> Bits:
        """Where the column holds the number or more, for what is asked besides a program; kept."""
        wanted = Reaches(column, number)
        if wanted not in self._compared:
            (self._compared[wanted],) = self.read(column, [wanted])
        return self._compared[wanted]

    def read(self, column: str, wanted: Iterable[Read]) -> Iterator[Bits]:
        """What is in a column, one after the other."""
        numbers, octet = self._column(column), -1
        flags = self._flags.view(np.uint8)
        for each in wanted:
            match each:
                case Reaches(number=number):
                    np.greater_equal(numbers, number, out=self._flags)
                case NoLater(other=other):
                    np.less_equal(numbers, self._column(other), out=self._flags)
                case Bit(bit=bit):
                    if octet != bit >> 3:
                        octet = bit >> 3
                        np.right_shift(numbers, 8 * octet, out=self._octets, casting="unsafe")
                    np.bitwise_and(self._octets, 1 << (bit & 7), out=flags)
                case _:
                    assert_never(each)
            yield np.packbits(flags, bitorder="little")

    def _column(self, name: str) -> NDArray[Any]:
        return np.from_dlpack(self._batch.column(name))  # `to_numpy` would import pandas, where it is there
