"""The parts of the documentation that are made from the program, so that they cannot go stale: commands, Python names, tables of the
three values. Each is Markdown.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from importlib import import_module
from types import ModuleType
from typing import Any, get_type_hints

from typer import Typer
from typer.models import ArgumentInfo, OptionInfo

from mgcds.loading import load_pack
from mgcds.model.condition import Truth, all_of, any_of, opposite
from mgcds.model.criterion import Limit
from mgcds.model.evaluation import is_above, is_below, status
from mgcds.model.facts import Range
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from mgcds.model.rule import HoldsBack

TRUTHS: tuple[Truth, ...] = (True, False, None)
WORDS: dict[Truth, str] = {True: "met", False: "not met", None: "unknown"}
PUBLIC = ("mgcds", "mgcds.fhir")
"""modules whose `__all__` is public"""
_WIDEST = 90
"""characters of a signature that stays on one line"""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# --- semantics ------------------------------------------------------------------------------------------------------------


def truth_tables() -> str:
    """`and`, `or` and `not` of the three values, as `mgcds.model.condition` computes them."""
    tables = [
        f"### {word}\n\n"
        + _table(
            [f"*a* {word} *b*", *(f"*b* {WORDS[b]}" for b in TRUTHS)],
            [[f"*a* {WORDS[a]}", *(WORDS[join((a, b))] for b in TRUTHS)] for a in TRUTHS],
        )
        for word, join in (("and", all_of), ("or", any_of))
    ]
    negated = _table(["*a*", "not *a*"], [[WORDS[a], WORDS[opposite(a)]] for a in TRUTHS])
    return "\n\n".join([*tables, f"### not\n\n{negated}"])


def status_table() -> str:
    """What becomes of a suggestion with one holder, as `mgcds.model.evaluation.status` decides of a record that holds nothing."""
    pack = load_pack()
    lenient = next(holder for holders in pack.holders.values() for holder in holders if holder.lets_pass)
    strict = next(holder for holders in pack.holders.values() for holder in holders if not holder.lets_pass)
    cases = [(f"holder {WORDS[truth]}", (strict,), truth) for truth in (False, True, None)]
    cases.append(("holder unknown, lets pass", (lenient,), None))
    columns: list[tuple[str, tuple[HoldsBack, ...], Truth]] = [("no holder", (), None), *cases]
    return _table(
        ["rule", *(name for name, _, _ in columns)],
        [
            [WORDS[rule], *(_status(rule, holders, truth, pack) for _, holders, truth in columns)]
            for rule in (True, None, False)
        ],
    )


def _status(rule: Truth, holders: tuple[HoldsBack, ...], truth: Truth, pack: RulePack) -> str:
    nothing = read_facts(PatientRecord(), pack, date(2026, 11, 21))
    return status(rule, holders, {holder.by: truth for holder in holders}, pack, nothing)


def comparison_table() -> str:
    """A limit of 30 and values that are known in part, as `mgcds.model.evaluation` compares them."""
    limit = Fraction(30)
    values = {
        "29.9": Range.exactly(Fraction("29.9")),
        "30": Range.exactly(limit),
        "between 25 and 35": Range(Fraction(25), Fraction(35)),
        "below 30 (`<30`)": Range(None, limit, high_open=True),
        "above 30 (`>30`)": Range(limit, None, low_open=True),
        "above 25 (`>25`)": Range(Fraction(25), None, low_open=True),
    }
    asked: dict[str, Callable[[Range], Truth]] = {
        "`below: 30`": lambda found: is_below(found, Limit(limit, inclusive=False)),
        "`at_most: 30`": lambda found: is_below(found, Limit(limit, inclusive=True)),
        "`at_least: 30`": lambda found: is_above(found, Limit(limit, inclusive=True)),
        "`above: 30`": lambda found: is_above(found, Limit(limit, inclusive=False)),
    }
    return _table(
        ["the value is", *asked],
        [[name, *(WORDS[ask(found)] for ask in asked.values())] for name, found in values.items()],
    )


# --- the command line -----------------------------------------------------------------------------------------------------


def command_line(app: Typer) -> str:
    """Every command with its arguments, options and help, from the annotations of its function."""
    parts = [f"## {name}\n\n{_command(function)}" for name, function in commands(app)]
    epilog = app.info.epilog if isinstance(app.info.epilog, str) else ""
    codes = "\n".join(f"* {part.strip()}" for part in epilog.removeprefix("Exit codes:").split("·"))
    return "\n\n".join([*parts, f"## Exit codes\n\n{codes}"])


def commands(app: Typer, name: str = "mgcds") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every command by its whole name, `mgcds export cql`, and its function."""
    for command in app.registered_commands:
        if command.callback is not None:
            yield f"{name} {command.name or command.callback.__name__.replace('_', '-')}", command.callback
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from commands(group.typer_instance, f"{name} {group.name}")


def _command(function: Callable[..., Any]) -> str:
    rows = []
    for name, hint in get_type_hints(function, include_extras=True).items():
        kind, info = (hint.__origin__, hint.__metadata__[0]) if hasattr(hint, "__metadata__") else (hint, None)
        if isinstance(info, OptionInfo | ArgumentInfo) and not info.hidden:
            rows.append([_parameter(name, kind, info), info.help or ""])
    help_text = " ".join((inspect.getdoc(function) or "").split())
    return f"{help_text}\n\n{_table(['parameter', 'means'], rows)}" if rows else help_text


def _parameter(name: str, kind: Any, info: OptionInfo | ArgumentInfo) -> str:
    takes = info.metavar or (
        "|".join(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else name.strip("_").upper()
    )
    if isinstance(info, ArgumentInfo):
        return f"`{takes}`"
    first = (
        (info.default,) if isinstance(info.default, str) else ()
    )  # where Typer keeps the first name of an annotated option
    written = (*first, *(info.param_decls or ())) or (f"--{name.replace('_', '-')}",)
    return ", ".join(f"`{option}`" if kind is bool else f"`{option} {takes}`" for option in written)


# --- the Python API -------------------------------------------------------------------------------------------------------


def python_api() -> str:
    """Every public name with its signature and docstring; the tree of errors."""
    parts = [f"## {name}\n\n{_text(module)}\n\n{_members(module)}" for name, module in _modules()]
    errors = import_module("mgcds.errors")
    return "\n\n".join([*parts, f"## mgcds.errors\n\n```\n{inspect.getdoc(errors)}\n```"])


def _modules() -> Iterator[tuple[str, ModuleType]]:
    for name in PUBLIC:
        yield name, import_module(name)


def _members(module: ModuleType) -> str:
    names = sorted(module.__all__, key=lambda name: (isinstance(getattr(module, name), type), name))
    return "\n\n".join(_documented(name, getattr(module, name)) for name in names)


def _documented(name: str, found: Any) -> str:
    if not isinstance(found, type):
        return f"### {name}\n\n```python\n{_declaration(name, found)}\n```\n\n{_text(found)}"
    if issubclass(found, PatientRecord):
        known = ", ".join(f"`{field}`" for field in found.model_fields)
        return f"### {name}\n\n{_text(inspect.getmodule(found))}\n\nIts fields are {known}. `mgcds schema record` prints what each may be."
    members = [(key, value) for key, value in vars(found).items() if not key.startswith("_")]
    fields = [[f"`{key}`", f"`{kind}`"] for key, kind in _annotations(found).items() if not key.startswith("_")]
    rows = [[f"`{_head(key, value)}`", _first_line(value)] for key, value in members if _is_documented(value)]
    parts = [f"### {name}", _text(found)]
    parts += [_table(["field", "type"], fields)] if fields else []
    parts += [_table(["name", "means"], rows)] if rows else []
    return "\n\n".join(parts)


def _annotations(found: type) -> dict[str, Any]:
    return {key: getattr(kind, "__name__", kind) for key, kind in inspect.get_annotations(found).items()}


def _is_documented(value: object) -> bool:
    return isinstance(value, property) or callable(value)


def _head(key: str, value: Any) -> str:
    return key if isinstance(value, property) else _signature(key, value).replace("self, ", "").replace("(self)", "()")


def _signature(name: str, found: Any) -> str:
    return f"{name}{inspect.signature(found)}".replace("'", "")


def _declaration(name: str, found: Any) -> str:
    """A signature, with a line a parameter where it would be long."""
    whole, signature = _signature(name, found), inspect.signature(found)
    if len(whole) <= _WIDEST:
        return whole
    lines = "".join(f"    {parameter},\n" for parameter in signature.parameters.values())
    return f"{name}(\n{lines}) -> {signature.return_annotation}".replace("'", "")


def _first_line(value: object) -> str:
    return " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())


def _text(found: object) -> str:
    """A docstring as Markdown: what is tried out in it as code."""
    lines, text, shown = (inspect.getdoc(found) or "").splitlines(), list[str](), False
    for line in lines:
        is_shown = line.startswith((">>> ", "... ")) or (shown and bool(line.strip()))
        if is_shown is not shown:
            text.append("\n```python" if is_shown else "```\n")
        text.append(line)
        shown = is_shown
    return "\n".join([*text, *(["```"] if shown else [])])
