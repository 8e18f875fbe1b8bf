"""Writes docs/cds-hooks-conformance.md: every statement of CDS Hooks 2.0 about services, and the tests that ask it of ours.

`make conformance` runs it.
"""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator
from pathlib import Path

import yaml

TESTS = Path(__file__).parents[1] / "tests" / "service"
TOP = """# CDS Hooks 2.0: what the service conforms to

Every statement of the specification about services, as numbered in the list of the Inferno CRD Test Kit (see NOTICE), and the
tests in `tests/service/` that ask it of this service. Made by `make conformance`; do not edit.

"""


def statements() -> list[dict[str, str]]:
    """The list, in its order."""
    with (TESTS / "cds_hooks_requirements.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def without_tests() -> dict[int, tuple[str, str]]:
    """Number → why there is no test, and what that is called."""
    given = yaml.safe_load((TESTS / "not_met_by_tests.yaml").read_text(encoding="utf-8"))
    return {number: (what, " ".join(why.split())) for what, entries in given.items() for number, why in entries.items()}


def tested() -> dict[int, list[str]]:
    """Number → the tests that are marked with it."""
    found: dict[int, list[str]] = {}
    for path in sorted(TESTS.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known = {name: value for node in tree.body for name, value in _constants(node)}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                for number in dict.fromkeys(_numbers(node, known)):
                    found.setdefault(number, []).append(f"{path.name}::{node.name}")
    return found


def _constants(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        yield node.targets[0].id, node.value


def _numbers(node: ast.FunctionDef, known: dict[str, ast.expr]) -> Iterator[int]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.requirement":
            for argument in decorator.args:
                named = known[ast.unparse(argument.value)] if isinstance(argument, ast.Starred) else argument
                value = ast.literal_eval(named)
                yield from value if isinstance(value, tuple) else (value,)


def table() -> str:
    """The page."""
    tests, others, rows = tested(), without_tests(), []
    counts = dict.fromkeys(("met", *(what for what, _ in others.values())), 0)
    for statement in statements():
        number = int(statement["number"])
        what, how = ("met", _named(tests[number])) if number in tests else others[number]
        counts[what] += 1
        condition = f" ({statement['condition']})" if statement["condition"] else ""
        rows.append(
            f"| {number} | {statement['conformance']} | {_cell(statement['statement'] + condition)} | {what}: {_cell(how)} |"
        )
    summary = ", ".join(f"{count} {what}" for what, count in counts.items())
    head = "| no. | level | statement | answer |\n|---|---|---|---|\n"
    return f"{TOP}{len(rows)} statements: {summary}.\n\n{head}" + "\n".join(rows) + "\n"


def _named(tests: list[str]) -> str:
    """The first three by name: more would hide them."""
    names = [f"`{test}`" for test in tests[:3]]
    return ", ".join(names) + (f" and {len(tests) - 3} more" if len(tests) > 3 else "")


def _cell(text: str) -> str:
    """Text in a cell; quotations of JSON and of tokens stay text."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("{{", "`{{`").replace("}}", "`}}`")


if __name__ == "__main__":
    print(table(), end="")
