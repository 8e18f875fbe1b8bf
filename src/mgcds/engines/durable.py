"""The durable-rules engine behind one strict door: integers in, verdicts out.

durable-rules 2.0.28 has faults that are dangerous at a bedside: broken negation, identity by 32-bit hash,
values dropped in silence, patterns that hang or crash the process. What it does well is to match one flat
fact against conditions. So it is given that and nothing else, and its C engine is driven directly: the Python
layer above starts threads, swallows exceptions and prints the patient's fact in its errors.

Each guard names the failure it prevents. Nothing here knows medicine. Whatever goes wrong is an
`EngineFault`, whose text never holds a value.
"""

from __future__ import annotations

import os
import string
import sys
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import count, islice, product
from math import prod
from operator import itemgetter
from typing import Any, Literal, TypeAlias, get_args

from mgcds.errors import EngineFault

Operator: TypeAlias = Literal["lt", "lte", "gt", "gte", "eq", "neq"]
Verdict: TypeAlias = tuple[str, bool, str]  # of which node, which, and how later rulesets read it

INT64 = range(-(2**63), 2**63)  # beyond it the engine clips: 10**30 == 2**63 - 1 would be true
STACK_PATHS = 60  # alternatives of a ruleset: when a 65th matches at once, this one patient gets error 303
NODE_PATHS = 24  # alternatives of a pattern: k choices joined, with n of each true, fire n**k times
NODE_BRACKETS = 11  # and/or brackets of a pattern: the 16th is error 113
NODE_COLUMNS, FACT_COLUMNS = 60, 200  # columns of a pattern and of a fact: the 255th field is error 302

# One sid and one id for everybody: the 1,025th sid is a crash, and two whose hashes are equal share a memory.
HEAD, FACT_HEAD, FACT_ID = "\0", '{"sid":"0","id":"f","G":1', '{"sid":"0","id":"f"}'
STATE = '{ "sid":"0", "id":"sid-0", "$s":1}'  # the engine's own fact about sid 0 while nobody writes into it
RESERVED_FIELDS = ("G", "sid", "id", "$s", "$i", "$m", "$forward", "$time")
# A rule is named by one character: cheap to read out of a message, and enough for a ruleset, which has at most STACK_PATHS rules.
RULE_NAMES = string.ascii_letters + "012345678"
SENTINEL, END = "9", ("", True, "")  # the rule that fires for every fact, after all others, and what it means


@dataclass(frozen=True, slots=True)
class Compare:
    """`column op literal`. A column that is absent satisfies no comparison, `neq` included."""

    column: str
    op: Operator
    literal: int


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; without parts: always."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; without parts: never."""

    parts: tuple[Pattern, ...]


Pattern: TypeAlias = Compare | AllOf | AnyOf
ALWAYS, NEVER = AllOf(()), AnyOf(())


@dataclass(frozen=True, slots=True)
class Node:
    """A named statement: what makes it definitely true and definitely false; where neither holds, unknown.

    Later layers read it as `Compare(name, "eq", 1)` and `Compare(name, "eq", 0)`; while it is unknown, as the column `unknown_as`.
    """

    name: str
    when_true: Pattern
    when_false: Pattern
    unknown_as: str | None = None


class Network:
    """Layers of nodes, compiled once and run for any number of patients, from any thread.

    Raises `EngineFault` for layers that cannot be compiled safely, and where durable-rules cannot be loaded.
    """

    def __init__(self, layers: Sequence[Sequence[Node]]) -> None:
        self._plan = _Plan(layers)
        self._stages: list[list[_Ruleset]] = []
        self._release = weakref.finalize(self, _delete_rulesets, [])
        self.run({})

    def run(self, columns: Mapping[str, int]) -> dict[str, bool]:
        """Verdicts of the nodes; a node that is absent is unknown.

        Raises `EngineFault` where a verdict could be wrong or missing; the next call builds anew.
        """
        _refuse_all_but_int64(columns.values())
        if not self._plan.names.isdisjoint(columns):  # it would pass for the verdict of a node that is unknown
            raise EngineFault("a column has the name of a node; rename one of them")
        with _ENGINE:
            try:
                if not self._stages:
                    self._build()
                return self._fire(columns)
            except BaseException as error:
                self._stages = []  # also after KeyboardInterrupt: this fact would meet the next patient
                self._release()
                if isinstance(error, EngineFault) or not isinstance(error, Exception):
                    raise
                raise EngineFault(f"durable-rules failed with {type(error).__name__}; no verdict") from None

    def _build(self) -> None:
        handles: list[int] = []
        self._release = weakref.finalize(self, _delete_rulesets, handles)
        self._stages = [[_Ruleset(rules, self._plan, handles) for rules in groups] for groups in self._plan.stages()]

    def _fire(self, columns: Mapping[str, int]) -> dict[str, bool]:
        fields = self._plan.fields
        known = self._plan.nothing_known.copy()
        for column, value in columns.items():
            if column in fields:
                known[column] = f"{fields[column]}{value}"
        for column, name, field in self._plan.unknown_as:
            if column in columns:
                known[name] = f"{field}{columns[column]}"
        verdicts: dict[str, bool] = {}
        fired = 0
        for stage in self._stages:
            found = [verdict for ruleset in stage for verdict in ruleset.fire(known)]
            fired += len(found)
            for name, truth, text in found:
                verdicts[name] = truth
                known[name] = text
        if len(verdicts) != fired:  # the patterns overlap, or one matched wrongly: neither answer may leave
            raise EngineFault("a node came out both true and false")
        for name in self._plan.hoisted:
            verdicts.pop(name, None)
        return verdicts


@dataclass(frozen=True, slots=True)
class _Rule:
    """Where `pattern` holds, `name` is `truth`."""

    name: str
    truth: int
    pattern: Pattern


class _Plan:
    """The rules in stages, each one stage after the last verdict that it reads."""

    def __init__(self, layers: Sequence[Sequence[Node]]) -> None:
        self._rules: list[list[_Rule]] = []
        self._stage_after: dict[str, int] = {}
        self._hoisted: dict[Pattern, Compare] = {}
        names = [node.name for layer in layers for node in layer]
        unfinished = set(names)
        if len(unfinished) != len(names):
            raise EngineFault("two nodes have the same name")
        for layer in layers:
            for node in layer:
                columns = _columns(AllOf((node.when_true, node.when_false)))
                if not unfinished.isdisjoint(columns):
                    raise EngineFault(f"node {node.name!r} reads a node of its own layer or of a later one")
                if any(name.startswith("\0") for name in (node.name, *columns)):
                    raise EngineFault("a name must not begin with NUL: so do the names of hoisted parts")
                self._add(node.name, 1, node.when_true)
                self._add(node.name, 0, node.when_false)
            unfinished.difference_update(node.name for node in layer)
        self.hoisted = [compare.column for compare in self._hoisted.values()]
        self.names = frozenset([*names, *self.hoisted])
        self.fields = self._named_fields()
        self.nothing_known = {HEAD: FACT_HEAD, **dict.fromkeys(self.fields, "")}
        """each column as it stands in a fact, here not at all; and how every fact begins"""
        self.unknown_as = [
            (node.unknown_as, node.name, self.fields[node.name])
            for layer in layers
            for node in layer
            if node.unknown_as is not None and node.name in self.fields
        ]

    def stages(self) -> list[list[list[_Rule]]]:
        """Stages of groups of rules; a group becomes a ruleset, and no group of a stage reads another."""
        return [_groups(rules) for rules in self._rules]

    def _named_fields(self) -> dict[str, str]:
        """Column → the beginning of its text in a fact. The names are ours: no outside text gets in."""
        columns = _columns(AllOf(tuple(rule.pattern for rules in self._rules for rule in rules)))
        names = list(islice(_field_names(), len(columns)))
        _refuse_colliding_fields(names)
        return {column: f',"{name}":' for column, name in zip(columns, names, strict=True)}

    def _add(self, name: str, truth: int, pattern: Pattern) -> None:
        pattern = self._fit(_simplify(pattern))
        if pattern == NEVER:
            return
        stage = max((self._stage_after.get(column, 0) for column in _columns(pattern)), default=0)
        if stage == len(self._rules):
            self._rules.append([])
        self._rules[stage].append(_Rule(name, truth, pattern))
        self._stage_after[name] = max(stage + 1, self._stage_after.get(name, 0))

    def _fit(self, pattern: Pattern) -> Pattern:
        """The same within the limits of a pattern: what is too heavy becomes a rule of an earlier stage."""
        if isinstance(pattern, Compare):
            return pattern
        kind, parts = type(pattern), [self._fit(part) for part in pattern.parts]
        while not _fits(kind(tuple(parts))):
            heaviest = max(parts, key=_size)
            if isinstance(heaviest, Compare):  # nothing but comparisons, too many of them: by the dozen
                dozens = [tuple(parts[start : start + 12]) for start in range(0, len(parts), 12)]
                parts = [self._hoist(kind(dozen)) for dozen in dozens]
            else:
                parts[parts.index(heaviest)] = self._hoist(heaviest)
        return kind(tuple(parts))

    def _hoist(self, pattern: Pattern) -> Compare:
        """A column that is 1 where the pattern holds and absent elsewhere."""
        if pattern not in self._hoisted:
            name = f"\0{len(self._hoisted)}"
            self._hoisted[pattern] = Compare(name, "eq", 1)
            self._add(name, 1, pattern)
        return self._hoisted[pattern]


def _simplify(pattern: Pattern) -> Pattern:
    """Without constants, doubled parts and needless brackets."""
    if isinstance(pattern, Compare):
        _refuse_all_but_int64((pattern.literal,))
        if pattern.op not in get_args(Operator):  # `nex` matches the engine's own state fact: a hang
            raise EngineFault(f"no such comparison: {pattern.op!r}")
        return pattern
    kind = type(pattern)
    neutral, deciding = (ALWAYS, NEVER) if kind is AllOf else (NEVER, ALWAYS)
    parts: dict[Pattern, None] = {}
    for part in map(_simplify, pattern.parts):
        parts.update(dict.fromkeys(part.parts if isinstance(part, kind) else (part,)))
    if deciding in parts:
        return deciding
    # The choices last: what stands behind a choice is gone through once for each of its alternatives that holds.
    ordered = sorted(parts, key=lambda part: isinstance(part, AnyOf))
    return ordered[0] if len(ordered) == 1 else kind(tuple(ordered)) if ordered else neutral


def _columns(pattern: Pattern) -> dict[str, None]:
    """The columns it reads, in order."""
    if isinstance(pattern, Compare):
        return {pattern.column: None}
    return {column: None for part in pattern.parts for column in _columns(part)}


def _size(pattern: Pattern) -> tuple[int, int]:
    """In how many ways it can match, and how many brackets it has."""
    if isinstance(pattern, Compare):
        return 1, 0
    sizes = [_size(part) for part in pattern.parts]
    ways = (prod if isinstance(pattern, AllOf) else sum)(paths for paths, _ in sizes)
    return ways, 1 + sum(brackets for _, brackets in sizes)


def _fits(pattern: Pattern) -> bool:
    paths, brackets = _size(pattern)
    return paths <= NODE_PATHS and brackets <= NODE_BRACKETS and len(_columns(pattern)) <= NODE_COLUMNS


def _groups(rules: Iterable[_Rule]) -> list[list[_Rule]]:
    """Cut where a ruleset would outgrow the engine's stack of alternatives or the fields of a fact."""
    groups: list[list[_Rule]] = []
    paths, columns = STACK_PATHS, dict[str, None]()
    for rule in rules:
        paths += _size(rule.pattern)[0]
        columns |= _columns(rule.pattern)
        if paths > STACK_PATHS or len(columns) > FACT_COLUMNS:
            groups.append([])
            paths, columns = _size(rule.pattern)[0], _columns(rule.pattern)
        groups[-1].append(rule)
    return groups


class _Ruleset:
    """A group of rules in the C engine. Its fields and rules have names of ours: no outside text gets in."""

    def __init__(self, rules: Sequence[_Rule], plan: _Plan, handles: list[int]) -> None:
        fields = plan.fields
        self._read: Callable[[Mapping[str, str]], Iterable[str]] = itemgetter(
            HEAD, *_columns(AllOf(tuple(rule.pattern for rule in rules)))
        )
        self._meaning: dict[str, Verdict] = {SENTINEL: END}
        for i, rule in enumerate(rules):
            self._meaning[RULE_NAMES[i]] = rule.name, rule.truth == 1, f"{fields.get(rule.name, '')}{rule.truth}"
        self._engine = _load_engine()
        self._handle = self._engine.create_ruleset("r", _definition(rules, fields))
        self.fire(plan.nothing_known)  # delete_state of a sid for which no rule ever fired crashes the process
        handles.append(self._handle)

    def fire(self, known: Mapping[str, str]) -> list[Verdict]:
        """The verdicts of the rules that hold for these columns, each given as its field in a fact."""
        engine, handle = self._engine, self._handle
        code, state = engine.assert_fact(handle, "".join(self._read(known)) + "}")
        if code:  # not stored: no rule matched, or the fact of a patient before is still there
            raise EngineFault("the engine did not take the fact")
        started = engine.start_action_for_state(handle, state)
        if started is None or started[0] != STATE:  # locked for 60 s by a failure; an `exception` noted
            raise EngineFault("the engine is locked or has noted an exception")
        # Until the agenda is empty. A message begins with its rule's name; the fact behind it is not read.
        messages = iter(partial(engine.complete_and_start_action, handle, state), None)
        fired = [self._meaning[m[2]] for m in (started[1], *islice(messages, len(self._meaning)))]
        engine.retract_fact(handle, FACT_ID)
        if fired.pop() is not END:  # the agenda broke off, or never ends: verdicts are missing, not unknown
            raise EngineFault("the engine did not finish")
        return fired


def _definition(rules: Iterable[_Rule], fields: Mapping[str, str]) -> str:
    """The ruleset as JSON. A rule is one pattern on one fact: joins, `any` and `$not` give wrong answers."""
    texts = [f'"{RULE_NAMES[i]}":{_rule(rule.pattern, fields)}' for i, rule in enumerate(rules)]
    return "{" + ",".join([*texts, f'"{SENTINEL}":{{"all":[{{"m":{{"G":1}}}}],"pri":1}}']) + "}"


def _rule(pattern: Pattern, fields: Mapping[str, str]) -> str:
    # The guard G: a pattern without it can match the engine's own state fact, an endless loop.
    # The cap: a choice fires once for each true alternative; they are taken all at once.
    parts = pattern.parts if isinstance(pattern, AllOf) else (pattern,)
    conditions = ",".join(['{"G":1}', *(_condition(part, fields) for part in parts)])
    return f'{{"all":[{{"m":{{"$and":[{conditions}]}}}}],"cap":{STACK_PATHS}}}'


def _condition(pattern: Pattern, fields: Mapping[str, str]) -> str:
    if isinstance(pattern, Compare):
        test = f"{{{fields[pattern.column][1:]}{pattern.literal}}}"
        return test if pattern.op == "eq" else f'{{"${pattern.op}":{test}}}'
    # A bracket, always: of two keys in one object the engine ignores the second.
    bracket = "$and" if isinstance(pattern, AllOf) else "$or"
    return f'{{"{bracket}":[{",".join(_condition(part, fields) for part in pattern.parts)}]}}'


def _refuse_all_but_int64(values: Collection[int]) -> None:
    """Floats depend on the locale (0.9 < 0.7 in German), strings compare as text, and True equals 'true'."""
    if not set(map(type, values)) <= {int}:
        raise EngineFault("only int goes into the engine, nothing that is like one")
    if values and not (min(values) in INT64 and max(values) in INT64):
        raise EngineFault("an integer does not fit into 64 bits")


def _field_names() -> Iterator[str]:
    """`a`, `b`, … `aa`, `ab`, …: as many as are asked for."""
    letters = (name for length in count(1) for name in product(string.ascii_letters, repeat=length))
    return (name for name in map("".join, letters) if name not in RESERVED_FIELDS)


def _refuse_colliding_fields(names: Iterable[str]) -> None:
    """The engine knows a field by a 32-bit hash of its name: of two that collide it reads the wrong one."""
    names = (*names, *RESERVED_FIELDS)
    if len({_fnv1a(name) for name in names}) != len(names):
        raise EngineFault("the names of two fields have the same hash")


@cache
def _fnv1a(text: str) -> int:
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 % 2**32
    return value


def _delete_rulesets(handles: Iterable[int]) -> None:
    for handle in handles:
        with suppress(Exception):  # one beyond repair is left behind
            _load_engine().delete_state(handle, "0")
            _load_engine().delete_ruleset(handle)


@cache
def _load_engine() -> Any:
    """The C module alone. It lacks a symbol on Python 3.13 that only its callbacks use: bind lazily."""
    flags = sys.getdlopenflags() if hasattr(sys, "getdlopenflags") else None
    try:
        if flags is not None:
            sys.setdlopenflags(os.RTLD_LAZY)
        import durable_rules_engine
    except ImportError as error:
        raise EngineFault(
            "durable-rules cannot be loaded. With a C compiler at hand: "
            'CPPFLAGS="-O2 -DPyEval_CallObject=PyObject_CallObject" pip install durable_rules==2.0.28'
        ) from error
    finally:
        if flags is not None:
            sys.setdlopenflags(flags)
    return durable_rules_engine


# One lock for all networks: the engine's tables are global and it holds the GIL anyway, so finer ones gain
# nothing. A fork waits for it, or the child would inherit a patient's fact. Re-entrant for signal handlers.
_ENGINE = threading.RLock()
if hasattr(os, "register_at_fork"):
    take, leave = _ENGINE.acquire, _ENGINE.release
    os.register_at_fork(before=take, after_in_parent=leave, after_in_child=leave)
