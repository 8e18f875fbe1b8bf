"""The line that joins criteria: `and`, `or`, `not`, brackets and names, over three values (Kleene 1952).

Met is True, not met is False, unknown is None. The text is parsed with Python's own `ast`, never evaluated as code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

Truth = bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A criterion or a finding, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


Condition = Name | Not | AllOf | AnyOf


class ConditionError(ValueError):
    """A `when` line that is not understood; the text says what to write instead."""


def all_of(truths: Iterable[Truth]) -> Truth:
    """False if one is False, else unknown if one is unknown, else True."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def any_of(truths: Iterable[Truth]) -> Truth:
    """True if one is True, else unknown if one is unknown, else False."""
    result: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if truth is None:
            result = None
    return result


def opposite(truth: Truth) -> Truth:
    """An unknown stays unknown."""
    return None if truth is None else not truth


def judge(condition: Condition, known: Mapping[str, Truth]) -> Truth:
    """The truth of a condition, given that of its names. Parts behind the one that decides are not looked at."""
    if isinstance(condition, Name):
        return known[condition.name]
    if isinstance(condition, Not):
        return opposite(judge(condition.part, known))
    decides = isinstance(condition, AnyOf)  # one True decides an `or`, one False an `and`
    result: Truth = not decides
    for part in condition.parts:
        truth = known[part.name] if isinstance(part, Name) else judge(part, known)
        if truth is decides:
            return truth
        if truth is None:
            result = None
    return result


def names_of(condition: Condition) -> Iterator[str]:
    """The names of a condition in the order they are written, repeated if repeated."""
    for name, _ in names_with_sign(condition):
        yield name


def names_with_sign(condition: Condition, positive: bool = True) -> Iterator[tuple[str, bool]]:
    """Each name with whether it stands under an even number of `not`."""
    match condition:
        case Name(name=name):
            yield name, positive
        case Not(part=part):
            yield from names_with_sign(part, not positive)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from names_with_sign(part, positive)
        case _:
            assert_never(condition)


def rename(condition: Condition, names: Mapping[str, str]) -> Condition:
    """The same condition with other names."""
    match condition:
        case Name(name=name):
            return Name(names[name])
        case Not(part=part):
            return Not(rename(part, names))
        case AllOf(parts=parts):
            return AllOf(tuple(rename(part, names) for part in parts))
        case AnyOf(parts=parts):
            return AnyOf(tuple(rename(part, names) for part in parts))
    assert_never(condition)


_LONGEST, _DEEPEST = 2000, 20
_USE = "write names joined with and, or, not and brackets"


def parse_condition(text: str) -> Condition:
    """Read a `when` line. ConditionError for anything but names, and, or, not and brackets."""
    text = " ".join(text.split())
    if not text:
        raise ConditionError(f"'when' is empty; {_USE}")
    if len(text) > _LONGEST:
        raise ConditionError(f"'when' is longer than {_LONGEST} characters; name its parts as findings")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConditionError(f"'when' is not a condition; {_USE}") from None
    return _from_ast(tree, 0)


def _from_ast(node: ast.expr, depth: int) -> Condition:
    if depth > _DEEPEST:
        raise ConditionError(f"'when' has more than {_DEEPEST} levels of brackets; name its parts as findings")
    match node:
        case ast.Name(id=name):
            return Name(name)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_from_ast(operand, depth + 1))
        case ast.BoolOp(op=ast.And(), values=values):
            return AllOf(tuple(_from_ast(value, depth + 1) for value in values))
        case ast.BoolOp(op=ast.Or(), values=values):
            return AnyOf(tuple(_from_ast(value, depth + 1) for value in values))
        case _:
            raise ConditionError(f"'when' holds {_called(node)}; {_USE}, and put comparisons into criteria")


def _called(node: ast.expr) -> str:
    match node:
        case ast.Call():
            return "a call"
        case ast.Attribute():
            return "an attribute (a dot)"
        case ast.Compare():
            return "a comparison"
        case ast.Constant():
            return f"the constant {str(node.value)[:20]!r}"
        case ast.BinOp():
            return "arithmetic or an '&' or '|'"
        case _:
            return f"something else ({type(node).__name__})"
