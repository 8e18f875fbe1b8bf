"""Each known trap of durable-rules 2.0.28 is walled in by `mgcds.engines.durable`; here is a test for each.

Where it is safe to do so, the test first shows the trap on the bare engine: that is the seeded fault.
"""

from __future__ import annotations

import enum
import gc
import json
import os
import random
import re
import shutil
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice, repeat
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from mgcds.engines import durable
from mgcds.engines.durable import ALWAYS, NEVER, AllOf, AnyOf, Compare, Network, Node, Operator, Pattern
from mgcds.errors import EngineFault

OPPOSITE: dict[Operator, Operator] = {
    "lt": "gte",
    "gte": "lt",
    "gt": "lte",
    "lte": "gt",
    "eq": "neq",
    "neq": "eq",
}
OPERATORS = tuple(OPPOSITE)
HOLDS: dict[str, Callable[[int, int], bool]] = {
    "lt": int.__lt__,
    "lte": int.__le__,
    "gt": int.__gt__,
    "gte": int.__ge__,
    "eq": int.__eq__,
    "neq": int.__ne__,
}
Layers: TypeAlias = Sequence[Sequence[Node]]
PATIENT_VALUE = 4711471147  # stands in no rule; must stand in no error text


# --- what the patterns mean, in plain Python ----------------------------------------------------------------


def holds(pattern: Pattern, columns: Mapping[str, int]) -> bool:
    match pattern:
        case Compare(column, op, literal):
            return column in columns and HOLDS[op](columns[column], literal)
        case AllOf(parts):
            return all(holds(part, columns) for part in parts)
        case AnyOf(parts):
            return any(holds(part, columns) for part in parts)


def expected(layers: Layers, columns: Mapping[str, int]) -> dict[str, bool]:
    known = dict(columns)
    for layer in layers:
        true = {node.name: 1 for node in layer if holds(node.when_true, known)}
        known |= true | {node.name: 0 for node in layer if holds(node.when_false, known)}
    return {node.name: known[node.name] == 1 for layer in layers for node in layer if node.name in known}


# --- helpers ------------------------------------------------------------------------------------------------


def opposite(pattern: Pattern) -> Pattern:
    match pattern:
        case Compare(column, op, literal):
            return Compare(column, OPPOSITE[op], literal)
        case AllOf(parts):
            return AnyOf(tuple(map(opposite, parts)))
        case AnyOf(parts):
            return AllOf(tuple(map(opposite, parts)))


def statement(name: str, pattern: Pattern) -> Node:
    return Node(name, pattern, opposite(pattern))


def is_below(column: str, literal: int = 10, name: str = "{} is low") -> Node:
    return statement(name.replace("{} is low", f"{column} is low"), Compare(column, "lt", literal))


def equals(column: str) -> Compare:
    return Compare(column, "eq", 1)


class Bare:
    """The C engine as it is, one ruleset; `fire` returns the names of the rules that fired, in order."""

    def __init__(self, rules: Mapping[str, object]) -> None:
        self.engine = durable._load_engine()
        wrapped = {name: {"all": [{"m": {"$and": [{"G": 1}, rule]}}]} for name, rule in rules.items()}
        self.handle = self.engine.create_ruleset("bare", json.dumps(wrapped))

    def fire(self, **fact: object) -> list[str]:
        code, state = self.engine.assert_fact(self.handle, json.dumps({"id": "f", "G": 1, **fact}))
        if code:
            return []
        fired = [self.engine.start_action_for_state(self.handle, state)[1]]
        fired += iter(lambda: self.engine.complete_and_start_action(self.handle, state), None)
        self.engine.retract_fact(self.handle, '{"id": "f"}')
        return [next(iter(json.loads(message))) for message in fired]


class Spy:
    """The C engine, recorded; an attribute set on it takes the place of the engine's function."""

    def __init__(self) -> None:
        self.real = durable._load_engine()
        self.definitions: list[str] = []
        self.facts: list[str] = []
        self.messages = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def replace(self, function: str, answer: Callable[..., object]) -> None:
        setattr(self, function, answer)

    def heal(self) -> None:
        for function in (
            "assert_fact",
            "start_action_for_state",
            "complete_and_start_action",
            "retract_fact",
        ):
            vars(self).pop(function, None)

    def create_ruleset(self, name: str, definition: str) -> Any:
        self.definitions.append(definition)
        return self.real.create_ruleset(name, definition)

    def assert_fact(self, handle: int, fact: str) -> Any:
        self.facts.append(fact)
        return self.real.assert_fact(handle, fact)

    def complete_and_start_action(self, handle: int, state: int) -> Any:
        message = self.real.complete_and_start_action(handle, state)
        self.messages += message is not None
        return message


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    spy = Spy()
    monkeypatch.setattr(durable, "_load_engine", lambda: spy)
    return spy


def rulesets(network: Network) -> list[Any]:
    return [ruleset for stage in network._stages for ruleset in stage]


def facts_left(network: Network) -> list[object]:
    engine = durable._load_engine()
    return [fact for each in rulesets(network) for fact in json.loads(engine.get_facts(each._handle, "0"))]


def assert_fault_then_recovery(network: Network, spy: Spy) -> None:
    """The network has one node, `x is low`, and an engine that is broken until it is healed."""
    old = [ruleset._handle for ruleset in rulesets(network)]
    with pytest.raises(EngineFault) as caught:
        network.run({"x": PATIENT_VALUE})
    assert str(PATIENT_VALUE) not in "".join(traceback.format_exception(caught.value))
    spy.heal()
    for handle in old:
        with pytest.raises(Exception, match="111"):  # invalid handle: the ruleset is gone
            durable._load_engine().get_facts(handle, "0")
    assert network.run({"x": 9}) == {"x is low": True}
    assert network.run({"x": 10}) == {"x is low": False}
    assert network.run({}) == {}
    assert facts_left(network) == []


def run_python(script: str, **environment: str) -> str:
    """Output of a script in a fresh interpreter that finds mgcds where we found it."""
    source = str(Path(durable.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": source, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- patterns -----------------------------------------------------------------------------------------------


def test_of_two_conditions_the_second_is_not_ignored() -> None:
    assert Bare({"r": {"x": 1, "y": 2}}).fire(x=1, y=99) == ["r"]
    network = Network([[statement("both", AllOf((equals("x"), Compare("y", "eq", 2))))]])
    assert network.run({"x": 1, "y": 99}) == {"both": False}
    assert network.run({"x": 1, "y": 2}) == {"both": True}


@pytest.mark.parametrize("op", OPERATORS)
def test_an_absent_column_satisfies_no_comparison(op: Operator) -> None:
    network = Network([[statement("n", Compare("x", op, 0)), is_below("y")]])
    assert network.run({}) == {}
    assert network.run({"y": 1}) == {"y is low": True}
    assert network.run({"x": 5})["n"] is HOLDS[op](5, 0)


def test_a_part_that_is_absent_leaves_a_statement_unknown_unless_the_rest_decides() -> None:
    network = Network(
        [
            [
                statement("all", AllOf((equals("x"), equals("y")))),
                statement("any", AnyOf((equals("x"), equals("y")))),
            ]
        ]
    )
    assert network.run({"x": 1}) == {"any": True}
    assert network.run({"x": 0}) == {"all": False}


def test_an_unknown_node_is_absent_from_later_layers_too() -> None:
    knows = Node("knows", AnyOf((Compare("x is low", "eq", 1), Compare("x is low", "eq", 0))), NEVER)
    network = Network([[is_below("x")], [knows], [statement("later", Compare("knows", "neq", 0))]])
    assert network.run({"x": 3}) == {"x is low": True, "knows": True, "later": True}
    assert network.run({"y": 3}) == {}


def test_an_unknown_node_may_be_read_as_a_column() -> None:
    low = replace(is_below("x"), unknown_as="spare")
    network = Network([[low], [Node("n", Compare("x is low", "neq", 1), NEVER)]])
    assert network.run({"spare": 2}) == {"n": True}
    assert network.run({"spare": 1}) == {}
    assert network.run({}) == {}, "without that column it satisfies nothing"
    assert network.run({"spare": 2, "x": 9}) == {"x is low": True}, "a verdict counts, whatever the column says"
    assert network.run({"spare": 1, "x": 10}) == {"x is low": False, "n": True}
    assert network.run({"spare": 2}) == {"n": True}, "and is forgotten before the next patient"
    assert Network([[low]]).run({"spare": 2}) == {}, "nobody reads it"


def test_always_and_never_need_no_column(spy: Spy) -> None:
    nodes = [
        Node("certain", ALWAYS, NEVER),
        Node("excluded", AnyOf((NEVER,)), AllOf((ALWAYS, ALWAYS))),
        Node("open", NEVER, AllOf((NEVER, equals("x")))),
    ]
    assert Network([nodes]).run({}) == {"certain": True, "excluded": False}
    # An empty bracket would hang the pattern on the root, where it matches the engine's own state fact too.
    assert "[]" not in "".join(spy.definitions)


@pytest.mark.parametrize("count", [49, 65, 130, 513, 600])
def test_any_number_of_nodes_may_be_true_at_once(count: int) -> None:
    layer = [is_below("x", 1000 + number) for number in range(count)]
    layer = [replace(node, name=f"n{number}") for number, node in enumerate(layer)]
    assert Network([layer]).run({"x": 0}) == {f"n{number}": True for number in range(count)}


def test_the_bare_engine_fails_when_65_alternatives_match_at_once() -> None:
    bare = Bare({f"r{number}": {"$lt": {"x": 1000 + number}} for number in range(65)})
    with pytest.raises(Exception, match="303"):
        bare.fire(x=0)


def test_300_nodes_may_have_the_same_condition() -> None:
    layer = [is_below("x", name=f"n{number}") for number in range(300)]  # 256 crash the bare engine
    assert set(Network([layer]).run({"x": 0}).values()) == {True}
    assert len(Network([layer]).run({"x": 10})) == 300


@pytest.mark.parametrize("kind", [AllOf, AnyOf])
@pytest.mark.parametrize("count", [25, 61, 300, 2000])
def test_a_statement_may_have_any_number_of_parts(kind: type[AllOf | AnyOf], count: int) -> None:
    columns = [f"column {number}" for number in range(count)]  # the bare engine refuses a fact of 255 fields
    layers = [[statement("n", kind(tuple(map(equals, columns))))]]
    network, odd = Network(layers), random.Random(count).choice(columns)
    for value in (0, 1):
        alike = dict.fromkeys(columns, value)
        for patient in (alike, alike | {odd: 1 - value}):
            assert network.run(patient) == expected(layers, patient)


def test_brackets_may_be_nested_deeply() -> None:
    pattern: Pattern = equals("x0")
    for number in range(1, 60):  # the bare engine refuses the 16th bracket
        pattern = (AllOf, AnyOf)[number % 2]((equals(f"x{number}"), pattern))
    layers = [[statement("n", pattern)]]
    network, chance = Network(layers), random.Random(1)
    for _ in range(100):
        columns = {f"x{number}": chance.randint(0, 1) for number in range(60) if chance.random() < 0.8}
        assert network.run(columns) == expected(layers, columns)


def test_a_choice_with_several_true_alternatives_counts_once(spy: Spy) -> None:
    choice = {"$or": [{"x": 1}, {"y": 1}, {"z": 1}]}
    assert Bare({"r": choice}).fire(x=1, y=1, z=1) == ["r", "r", "r"]
    network = Network([[Node("n", AnyOf((equals("x"), equals("y"), equals("z"))), NEVER)]])
    spy.messages = 0
    assert network.run({"x": 1, "y": 1, "z": 1}) == {"n": True}
    assert spy.messages == 1  # besides the first: the sentinel


def test_joined_choices_do_not_explode(spy: Spy) -> None:
    names = [[f"{group}{number}" for number in range(4)] for group in "abcdef"]
    node = statement("n", AllOf(tuple(AnyOf(tuple(map(equals, group))) for group in names)))
    network = Network([[node]])
    columns = {name: 1 for group in names for name in group}
    spy.messages = 0
    assert network.run(columns) == {"n": True}
    assert spy.messages < 20  # the bare engine fires 4**6 = 4,096 times
    assert network.run(columns | dict.fromkeys(names[3], 0)) == {"n": False}


def test_without_the_cap_the_repeated_firings_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = durable._definition
    monkeypatch.setattr(
        durable, "_definition", lambda *given: definition(*given).replace(f'"cap":{durable.STACK_PATHS}', '"pri":0')
    )
    network = Network([[statement("n", AnyOf((equals("x"), equals("y"))))]])
    assert network.run({"x": 1}) == {"n": True}
    with pytest.raises(EngineFault):
        network.run({"x": 1, "y": 1})


def test_a_ruleset_is_single_patterns_under_the_guard_and_nothing_else(spy: Spy) -> None:
    chance = random.Random(3)
    network = Network(random_layers(chance))
    network.run(random_columns(chance))
    assert spy.definitions
    for definition in map(json.loads, spy.definitions):
        *rules, sentinel = definition.values()
        assert sentinel == {"all": [{"m": {"G": 1}}], "pri": 1}
        assert sum(assert_safe(rule) for rule in rules) < 64
    for fact in spy.facts:
        assert re.fullmatch(r'\{"sid":"0","id":"f","G":1(,"[a-zA-Z]+":-?[0-9]+)*\}', fact)


def assert_safe(rule: Mapping[str, Any]) -> int:
    """One pattern, no negation, no join, no second key; returns its paths."""
    assert rule.keys() == {"all", "cap"}
    [[(alias, pattern)]] = [part.items() for part in rule["all"]]
    assert alias == "m"
    guard, *conditions = pattern["$and"]
    assert guard == {"G": 1}
    return paths({"$and": conditions})


def paths(condition: Mapping[str, Any]) -> int:
    [(key, inside)] = condition.items()
    if key in ("$and", "$or"):
        counts = [paths(part) for part in inside]
        product = 1
        for count in counts:
            product *= count
        return product if key == "$and" else sum(counts)
    if key.startswith("$"):
        assert key in {"$lt", "$lte", "$gt", "$gte", "$neq"}
        [(key, inside)] = inside.items()
    assert re.fullmatch("[a-zA-Z]+", key)
    assert type(inside) is int
    return 1


# --- what may enter -----------------------------------------------------------------------------------------


class Code(enum.IntEnum):
    ONE = 1


@pytest.mark.parametrize("value", [1.5, float("nan"), True, "1", None, Code.ONE, [1]], ids=repr)
def test_nothing_but_int_is_taken(value: Any) -> None:
    network = Network([[is_below("x")]])
    for columns in ({"x": value}, {"x": 1, "not in any rule": value}):
        with pytest.raises(EngineFault) as caught:
            network.run(columns)
        assert repr(value) not in str(caught.value)
    with pytest.raises(EngineFault):
        Network([[Node("n", Compare("x", "lt", value), NEVER)]])
    assert network.run({"x": 9}) == {"x is low": True}


def test_the_bare_engine_compares_a_number_in_quotes_as_text() -> None:
    assert Bare({"r": {"$lt": {"x": 25}}}).fire(x="100") == ["r"]


@pytest.mark.parametrize("limit", [-(2**63), -(2**53), -1, 0, 2**53, 2**63 - 1])
def test_integers_of_64_bits_are_exact(limit: int) -> None:
    network = Network([[Node(op, Compare("x", op, limit), NEVER) for op in OPERATORS]])
    for value in (limit - 1, limit, limit + 1):
        if -(2**63) <= value < 2**63:
            assert network.run({"x": value}) == {op: True for op in OPERATORS if HOLDS[op](value, limit)}


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**30])
def test_integers_beyond_64_bits_are_refused(value: int) -> None:
    assert Bare({"r": {"x": 2**63 - 1}}).fire(x=10**30) == ["r"]
    network = Network([[is_below("x")]])
    with pytest.raises(EngineFault) as caught:
        network.run({"w": 0, "x": value, "y": 0})
    assert str(value) not in str(caught.value)
    with pytest.raises(EngineFault):
        Network([[is_below("x", value)]])


HOSTILE = [
    *(
        "sid",
        "id",
        "$s",
        "G",
        "m",
        "a",
        "9",
        "all",
        "pri",
        "cap",
        "$forward",
        "$and",
        "$nex",
    ),  # the engine's
    *("a.b", "", '"', "'", "\\", "a\0b", "{}", "%s", "naïve", "\ud800", "x" * 70_000),
    *("costarring", "liquid"),  # the same 32-bit hash
]


@pytest.mark.parametrize("role", ["column", "node"])
def test_names_are_free(role: str) -> None:
    columns = HOSTILE if role == "column" else [f"column {number}" for number in range(len(HOSTILE))]
    nodes = HOSTILE if role == "node" else [f"node {number}" for number in range(len(HOSTILE))]
    first = [is_below(column, name=node) for column, node in zip(columns, nodes, strict=True)]
    last = [statement(f"{number} again", equals(node)) for number, node in enumerate(nodes)]
    network = Network([first, last])
    for number, column in enumerate(columns):
        assert network.run({column: 9}) == {nodes[number]: True, f"{number} again": True}
        assert network.run({column: 10}) == {nodes[number]: False, f"{number} again": False}


def test_two_fields_with_the_same_hash_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Bare({"r": {"costarring": 1}}).fire(liquid=1) == ["r"]
    layer = [is_below("x"), is_below("y")]
    monkeypatch.setattr(durable, "_field_names", lambda: iter(["costarring", "solid"]))
    assert Network([layer]).run({"x": 1, "y": 11}) == {"x is low": True, "y is low": False}
    for fields in (["costarring", "liquid"], ["a", "sid"], ["G", "a"]):
        monkeypatch.setattr(durable, "_field_names", lambda given=fields: iter(given))
        with pytest.raises(EngineFault, match="hash"):
            Network([layer])


def test_our_field_names_are_distinct() -> None:
    durable._refuse_colliding_fields(islice(durable._field_names(), 10_000))


def test_layers_that_cannot_be_meant_are_refused() -> None:
    low = is_below("x")
    for layers, reason in [
        ([[low, low]], "same name"),
        ([[low], [low]], "same name"),
        ([[low, statement("n", equals(low.name))]], "its own layer"),
        ([[statement("n", equals(low.name))], [low]], "a later one"),
        ([[statement("n", equals("n"))]], "its own layer"),
        ([[is_below("\0" + "0")]], "NUL"),  # the name of a hoisted part
        ([[is_below("x", name="\0" + "0")]], "NUL"),
        ([[Node("n", Compare("x", "nex", 1), NEVER)]], "no such comparison"),  # type: ignore[arg-type]
    ]:
        with pytest.raises(EngineFault, match=reason):
            Network(layers)


def test_a_column_cannot_pass_for_the_verdict_of_a_node() -> None:
    wide = statement("wide", AllOf(tuple(equals(f"c{number}") for number in range(100))))
    network = Network([[is_below("x"), wide], [statement("n", equals("x is low"))]])
    for name in ["x is low", "n", *network._plan.hoisted]:
        with pytest.raises(EngineFault, match="rename"):
            network.run({name: 1})
    assert network._plan.hoisted
    assert set(network.run({f"c{number}": 1 for number in range(100)})) == {"wide"}


@pytest.fixture
def german_locale(tmp_path: Path) -> dict[str, str]:
    if shutil.which("localedef") is None:
        pytest.skip("no localedef")
    command = ["localedef", "-i", "de_DE", "-f", "UTF-8", str(tmp_path / "de_DE.UTF-8")]
    made = subprocess.run(command, capture_output=True, check=False)
    if made.returncode > 1:  # 1: made, with warnings
        pytest.skip("the sources of the locale are not installed")
    return {"LOCPATH": str(tmp_path)}


def test_the_locale_does_not_matter(german_locale: dict[str, str]) -> None:
    script = """
        import locale
        from mgcds.engines.durable import Compare, Network, Node, _load_engine
        layers = [[Node("low", Compare("mg", "lt", 700000), Compare("mg", "gte", 700000))]]
        before = Network(layers)
        engine = _load_engine()
        handle = engine.create_ruleset("bare", '{"r": {"all": [{"m": {"$lt": {"mg": 0.7}}}]}}')
        locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
        assert locale.localeconv()["decimal_point"] == ","
        print(engine.assert_fact(handle, '{"id": "f", "mg": 0.9}')[0])
        for network in (before, Network(layers)):
            print(network.run({"mg": 900000}), network.run({"mg": 1234567}), network.run({"mg": 699999}))
    """
    bare, *ours = run_python(script, **german_locale).splitlines()
    assert bare == "0"  # handled: 0.9 < 0.7, the trap
    assert ours == ["{'low': False} {'low': False} {'low': True}"] * 2


# --- failures of the engine ---------------------------------------------------------------------------------


@pytest.fixture
def network(spy: Spy) -> Network:
    return Network([[is_below("x")]])


FIRST_RULE = '{"a":{"m":{}}}'
BROKEN: dict[str, tuple[str, Callable[..., object]]] = {
    "the agenda breaks off before the sentinel": ("complete_and_start_action", lambda *_: None),
    "the agenda never ends": ("complete_and_start_action", lambda *_: FIRST_RULE),
    "a rule nobody wrote fires": ("complete_and_start_action", lambda *_: '{"8":{"m":{}}}'),
    "the fact is not handled": ("assert_fact", lambda *_: (1, 0)),
    "the fact of another patient is still there": ("assert_fact", lambda *_: (2, 1)),
    "the state is locked": ("start_action_for_state", lambda *_: None),
    "an exception is noted in the state": (
        "start_action_for_state",
        lambda *_: ('{"$s":1,"sid":"0","id":"sid-0","exception":"timeout expired"}', '{"9":{"m":{}}}'),
    ),
}


@pytest.mark.parametrize(("function", "answer"), BROKEN.values(), ids=BROKEN)
def test_a_broken_engine_gives_no_verdict(
    network: Network, spy: Spy, function: str, answer: Callable[..., object]
) -> None:
    spy.replace(function, answer)
    assert_fault_then_recovery(network, spy)


@pytest.mark.parametrize(
    "function", ["assert_fact", "start_action_for_state", "complete_and_start_action", "retract_fact"]
)
@pytest.mark.parametrize("error", [MemoryError, RuntimeError, KeyError])
def test_an_error_of_the_engine_gives_no_verdict(
    network: Network, spy: Spy, function: str, error: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise error(f"x = {PATIENT_VALUE}")

    spy.replace(function, fail)
    assert_fault_then_recovery(network, spy)


def test_an_exception_that_someone_left_in_the_real_state_is_noticed(network: Network, spy: Spy) -> None:
    noted = '{"$s":1,"sid":"0","id":"sid-0","exception":"caught"}'
    spy.real.update_state(rulesets(network)[0]._handle, noted)
    assert_fault_then_recovery(network, spy)


def test_a_fact_left_behind_in_the_real_engine_is_noticed(network: Network, spy: Spy) -> None:
    spy.real.assert_fact(rulesets(network)[0]._handle, '{"sid":"0","id":"f","G":1,"a":1}')
    assert_fault_then_recovery(network, spy)


def test_an_agenda_left_unfinished_in_the_real_engine_is_noticed(network: Network, spy: Spy) -> None:
    handle = rulesets(network)[0]._handle
    _, state = spy.real.assert_fact(handle, '{"sid":"0","id":"g","G":1}')
    spy.real.start_action_for_state(handle, state)  # the state is leased for 60 s from here on
    assert_fault_then_recovery(network, spy)


def test_an_interruption_leaves_no_fact_for_the_next_patient(network: Network, spy: Spy) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    spy.replace("start_action_for_state", interrupt)
    with pytest.raises(KeyboardInterrupt):
        network.run({"x": 9})
    spy.heal()
    assert network.run({"y": 1}) == {}
    assert facts_left(network) == []


def test_a_node_both_true_and_false_gives_no_verdict_at_all() -> None:
    overlap = Node("n", Compare("x", "lte", 10), Compare("x", "gte", 10))
    network = Network([[overlap, is_below("y")]])
    with pytest.raises(EngineFault, match="both true and false"):
        network.run({"x": 10, "y": 1})
    assert network.run({"x": 9, "y": 1}) == {"n": True, "y is low": True}
    assert network.run({"x": 11}) == {"n": False}


def test_the_fault_may_be_in_any_stage(spy: Spy) -> None:
    """A verdict of an early stage must not leave when a later stage fails."""
    overlap = Node("n", equals("x is low"), Compare("y", "eq", 1))
    network = Network([[is_below("x")], [overlap]])
    with pytest.raises(EngineFault, match="both true and false"):
        network.run({"x": 1, "y": 1})


def test_an_engine_that_is_missing_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    durable._load_engine.cache_clear()
    usual = sys.getdlopenflags()
    flags = os.RTLD_NOW | os.RTLD_GLOBAL
    sys.setdlopenflags(flags)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "durable_rules_engine", None)
        with pytest.raises(EngineFault, match=r"pip install durable_rules==2\.0\.28") as caught:
            Network([[is_below("x")]])
    assert isinstance(caught.value.__cause__, ImportError)
    assert sys.getdlopenflags() == flags
    assert Network([[is_below("x")]]).run({"x": 1}) == {"x is low": True}
    assert sys.getdlopenflags() == flags
    sys.setdlopenflags(usual)


# --- isolation ----------------------------------------------------------------------------------------------


def test_no_fact_is_left_behind() -> None:
    chance = random.Random(5)
    network = Network(random_layers(chance))
    for _ in range(50):
        network.run(random_columns(chance))
        assert facts_left(network) == []


def test_a_network_that_is_dropped_takes_its_rulesets_with_it() -> None:
    network = Network([[is_below("x")]])
    [handle] = [ruleset._handle for ruleset in rulesets(network)]
    assert durable._load_engine().get_facts(handle, "0")
    del network
    gc.collect()
    with pytest.raises(Exception, match="111"):
        durable._load_engine().get_facts(handle, "0")


def test_no_thread_no_warning_and_none_of_the_python_layer() -> None:
    script = """
        import os, sys, threading, warnings
        from mgcds.engines.durable import Compare, Network, Node
        assert "durable_rules_engine" not in sys.modules  # loaded when needed
        warnings.simplefilter("error")
        network = Network([[Node("low", Compare("x", "lt", 10), Compare("x", "gte", 10))]])
        print(network.run({"x": 9}), threading.active_count(), "durable" in sys.modules)
        print(len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 1)
    """
    assert run_python(script).split() == ["{'low':", "True}", "1", "False", "1"]


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(work: Callable[[int], object], count: int = 8) -> list[object]:
    """Runs `work(number)` in threads; returns what they returned or raised."""
    results: list[object] = []

    def collect(number: int) -> None:
        try:
            results.append(work(number))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=collect, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.usefixtures("hasty_threads")
@pytest.mark.parametrize("shared", [True, False], ids=["one network", "a network each"])
def test_threads_do_not_mix_patients(shared: bool) -> None:
    layers = random_layers(random.Random(7))
    networks = [Network(layers)] * 8 if shared else [Network(layers) for _ in range(8)]

    def work(number: int) -> int:
        chance = random.Random(number)
        patients = [random_columns(chance) for _ in range(100)]
        return sum(networks[number].run(patient) != expected(layers, patient) for patient in patients)

    assert in_threads(work) == [0] * 8
    assert facts_left(networks[0]) == []


def test_without_the_lock_threads_do_disturb_each_other(
    network: Network, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = spy.real.start_action_for_state

    def slow(handle: int, state: int) -> Any:
        time.sleep(0.01)
        return real(handle, state)

    spy.replace("start_action_for_state", slow)
    assert in_threads(lambda number: network.run({"x": number}), 4) == [{"x is low": True}] * 4
    monkeypatch.setattr(durable, "_ENGINE", nullcontext())
    results = in_threads(lambda number: network.run({"x": number}), 4)
    assert any(isinstance(result, EngineFault) for result in results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize(("lock", "outcome"), [("durable._ENGINE", "waited"), ("nullcontext()", "disturbed")])
def test_a_fork_in_mid_run_waits(lock: str, outcome: str) -> None:
    """Without the lock (the seeded fault) the child inherits the fact of the patient in progress."""
    script = f"""
        import os, threading, time, warnings
        from contextlib import nullcontext
        from mgcds.engines import durable
        from mgcds.engines.durable import Compare, Network, Node
        from mgcds.errors import EngineFault
        warnings.simplefilter("ignore")  # forking a process with threads is what is tried here
        real, started = durable._load_engine(), threading.Event()
        class Slow:
            def __getattr__(self, name): return getattr(real, name)
            def start_action_for_state(self, handle, state):
                started.set()
                time.sleep(0.3)
                return real.start_action_for_state(handle, state)
        durable._ENGINE = {lock}
        network = Network([[Node("low", Compare("x", "lt", 10), Compare("x", "gte", 10))]])
        network._stages[0][0]._engine = Slow()
        thread = threading.Thread(target=network.run, args=({{"x": 1}},))
        thread.start()
        started.wait()
        if os.fork() == 0:
            try:
                os._exit(0 if network.run({{"x": 10}}) == {{"low": False}} else 1)
            except EngineFault:
                os._exit(2)
        thread.join()
        outcome = os.waitstatus_to_exitcode(os.wait()[1])
        print({{0: "waited", 2: "disturbed"}}[outcome], network.run({{"x": 9}}))
    """
    assert run_python(script).strip() == f"{outcome} {{'low': True}}"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_memory_is_flat() -> None:
    def resident() -> int:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    network = Network([[is_below("x"), statement("n", AnyOf((equals("y"), equals("z"))))]])
    patient = {"x": 1, "y": 1, "z": 1}
    for _ in repeat(None, 2_000):
        network.run(patient)
    before = resident()
    for _ in repeat(None, 20_000):
        network.run(patient)
    assert resident() - before < 512 * 1024  # a fact that is kept costs 8 KiB: 160 MiB here
    for _ in repeat(None, 300):
        Network([[is_below("x")]])
    assert resident() - before < 8 * 1024 * 1024  # a state that is kept costs 100 KiB and more


# --- agreement with plain Python ----------------------------------------------------------------------------

COLUMNS = [f"column {number}" for number in range(12)]


def random_pattern(chance: random.Random, readable: Sequence[str], depth: int = 3) -> Pattern:
    if depth == 0 or chance.random() < 0.35:
        column = chance.choice(readable)
        if column in COLUMNS:
            return Compare(column, chance.choice(OPERATORS), chance.randint(-3, 3))
        return Compare(column, "eq", chance.randint(0, 1))
    width = chance.choice([0, 1, 2, 2, 3, 3, 4, 30])
    parts = tuple(random_pattern(chance, readable, depth - 1) for _ in range(width))
    return AllOf(parts) if chance.random() < 0.5 else AnyOf(parts)


def random_layers(chance: random.Random) -> list[list[Node]]:
    layers: list[list[Node]] = []
    readable = list(COLUMNS)
    for depth in range(chance.randint(1, 4)):
        layer = [
            Node(f"n{depth}.{number}", *exclusive(random_pattern(chance, readable)))
            for number in range(chance.randint(1, 12))
        ]
        layers.append(layer)
        readable += [node.name for node in layer]
    return layers


def exclusive(pattern: Pattern) -> tuple[Pattern, Pattern]:
    """The pattern and its opposite; the opposite of "this node is true" is "it is false"."""

    def negated(part: Pattern) -> Pattern:
        match part:
            case Compare(column, "eq", literal) if column not in COLUMNS:
                return Compare(column, "eq", 1 - literal)
            case Compare():
                return opposite(part)
            case AllOf(parts):
                return AnyOf(tuple(map(negated, parts)))
            case AnyOf(parts):
                return AllOf(tuple(map(negated, parts)))
        raise AssertionError(part)

    return pattern, negated(pattern)


def random_columns(chance: random.Random) -> dict[str, int]:
    return {column: chance.randint(-4, 4) for column in COLUMNS if chance.random() < 0.7}


def disagreements(built: Layers, meant: Layers, seed: int, runs: int) -> int:
    network, chance = Network(built), random.Random(seed)
    patients = [random_columns(chance) for _ in range(runs)]
    return sum(network.run(patient) != expected(meant, patient) for patient in patients)


@pytest.mark.parametrize("seed", range(40))
def test_generated_networks_agree_with_plain_python(seed: int) -> None:
    layers = random_layers(random.Random(seed))
    assert disagreements(layers, layers, seed, runs=60) == 0


def test_the_generator_reaches_all_three_verdicts_and_hoisting() -> None:
    seen: set[bool | None] = set()
    hoisted = 0
    for seed in range(40):
        chance = random.Random(seed)
        layers = random_layers(chance)
        verdicts = expected(layers, random_columns(chance))
        seen |= {verdicts.get(node.name) for layer in layers for node in layer}
        hoisted += len(Network(layers)._plan.hoisted)
    assert seen == {True, False, None}
    assert hoisted > 100


def flip(node: Node) -> Node:
    return Node(node.name, node.when_false, node.when_true)


@pytest.mark.parametrize("seed", range(10))
def test_the_agreement_test_notices_a_node_that_is_the_wrong_way_round(seed: int) -> None:
    chance = random.Random(seed)
    layers = random_layers(chance)
    network = Network(layers)
    decided = {name for _ in range(60) for name in network.run(random_columns(chance))}
    victim = chance.choice(sorted(decided))
    flipped = [[flip(node) if node.name == victim else node for node in layer] for layer in layers]
    assert disagreements(flipped, layers, seed, runs=60) > 0
