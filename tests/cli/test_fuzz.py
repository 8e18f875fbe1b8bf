"""Records, Bundles, files and arguments spoiled at random: never a traceback, never a fault of mgcds itself.

Seeded, so that a failure comes again. `MGCDS_DEBUG` is set, so that a fault is raised here with its place instead of exit 70.
"""

from __future__ import annotations

import json
import random
import traceback
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from mgcds import inputs
from tests.cli.running import AMARA, ON, mgcds
from tests.cli.test_commands import BUNDLE, COMMANDS

SEED = 20_261_121
HOSTILE: list[Any] = [
    None, True, False, 0, -1, 2**63, 10**40, 1e308, -0.0, float("nan"), float("inf"), "", " ", "\x00", "\ud800", "\u202e",
    "\x1b[31m", "x" * 5000, "NaN", "<", ">60 mL/min/1.73m2", "1e99 mmol/L", "1e-99 mmol/L", "٣ mmol/L", "½", "-0 mmol/L",
    "5 mmol/L/L^99999999", "0.6 " + "m" * 60, "2026-02-30", "9999-12-31", "0000-01-01", "2026-11-20T25:61:00Z", "2024", "%s{}",
    [], {}, [[]], [None], {"value": {}}, {"value": "5", "unit": []}, [{"value": 5}] * 60, {"": ""}, {"resourceType": "Bundle"},
]  # fmt: skip
FOREIGN = [b"\x00", b"\xff", b"&a ", b"*a", b"[", b"{", b'"', b"\n", b"\t", b"- ", b": ", b"9" * 400]
Fault = tuple[list[str], str]


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a tree below its root."""
    below = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, part in below:
        yield (*path, key)
        yield from places(part, (*path, key))


def spoiled(tree: Any, chance: random.Random) -> Any:
    """The tree with one to four places replaced, taken out, renamed or doubled."""
    tree = deepcopy(tree)
    for _ in range(chance.randint(1, 4)):
        found = list(places(tree))
        if not found:
            break
        *above, last = chance.choice(found)
        holder = tree
        for key in above:
            holder = holder[key]
        match chance.randrange(5):
            case 0:
                del holder[last]
            case 1 if isinstance(holder, dict):
                name = chance.choice(["egfr", "value", "date", "valueQuantity", "subject", "zz", ""])
                holder[name] = holder.pop(last)
            case 2 if isinstance(holder, list):
                holder.append(deepcopy(holder[last]))
            case _:
                holder[last] = deepcopy(chance.choice(HOSTILE))
    return tree


def spoiled_bytes(content: bytes, chance: random.Random) -> bytes:
    """The content cut, doubled, or with foreign bytes in it."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(content) + 1)
        match chance.randrange(4):
            case 0:
                content = content[:at]
            case 1:
                content = content[:at] + content[chance.randrange(len(content) + 1) :]
            case _:
                content = content[:at] + chance.choice(FOREIGN) + content[at:]
    return content


def files(chance: random.Random, folder: Path) -> Iterator[list[str]]:
    """Commands on spoiled records and Bundles."""
    record = yaml.safe_load(Path(AMARA).read_text(encoding="utf-8"))
    rules = ["trial-dose", "confirm-low-magnesium", "severe-renal-impairment"]
    for number in range(100):
        tree = spoiled(record if number % 2 else BUNDLE, chance)
        content = json.dumps(tree, default=str).encode()
        if number % 5 == 0:
            content = spoiled_bytes(content if number % 10 else Path(AMARA).read_bytes(), chance)
        path = folder / f"{number}{chance.choice(['.json', '.yaml', '.ndjson', ''])}"
        path.write_bytes(content)
        form = chance.choice(["text", "json"])
        yield ["evaluate", str(path), *ON, "--format", form, *(["--all"] if number % 3 else [])]
        yield ["explain", str(path), chance.choice(rules), *ON, "--format", form]


def words(chance: random.Random, folder: Path) -> Iterator[list[str]]:
    """Commands of right and wrong words; none that runs for long or writes."""
    commands = [name for name in COMMANDS if name != "scenarios"]
    right = ["trial-dose", "record", "rule", "--on", "2026-11-21", "--format", "json", "--all", "--rules", "-", AMARA]
    right.append(str(folder))
    fields = ["egfr", "serum_magnesium", "medicines", "sex", "age", "zz", "phq9", "symptoms", "birth_date"]
    wrong = [value for value in HOSTILE if isinstance(value, str) and "\x00" not in value and "\ud800" not in value]
    for _ in range(60):
        tail = chance.choices([*right, *wrong, "[/bold]", "[red]", "--", "-x", "💊"], k=chance.randrange(5))
        name = chance.choice([*commands, "zz", "[/b]"])
        yield [name, *(tail or ["zz"] if name == "mutate" else tail)]  # by itself it would make all mutants
    for _ in range(60):
        values = chance.choices([*wrong, "5", "0.5 mmol/L", "none", ",", "a,,b", ""], k=chance.randint(1, 3))
        yield ["what-if", AMARA, *(f"{chance.choice(fields)}={value}" for value in values), *ON]


def faults(commands: Iterator[list[str]]) -> tuple[list[Fault], dict[int, int]]:
    """The commands that ended as none may, with what they said; and how often each exit code came."""
    found: list[Fault] = []
    codes: dict[int, int] = {}
    for arguments in commands:
        try:
            ended = mgcds(*arguments)
        except Exception:
            found.append((arguments, traceback.format_exc()))
            continue
        codes[ended.code] = codes.get(ended.code, 0) + 1
        if ended.code not in (0, 1, 2) or "Traceback" in ended.err:
            found.append((arguments, ended.err))
        elif not ended.out and not ended.err:
            found.append((arguments, "said nothing at all"))
    return found, codes


@pytest.fixture(autouse=True)
def _raise_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGCDS_DEBUG", "1")


def report(found: list[Fault]) -> str:
    return "\n\n".join(f"{' '.join(arguments)[:200]}\n{said[-1500:]}" for arguments, said in found[:5])


def test_no_spoiled_file_makes_a_fault(tmp_path: Path) -> None:
    found, codes = faults(files(random.Random(SEED), tmp_path))
    assert not found, report(found)
    assert codes[0] > 40, "most are spoiled in a place that leaves a record"
    assert codes[2] > 20, "and some are refused"


def test_no_wrong_words_make_a_fault(tmp_path: Path) -> None:
    found, codes = faults(words(random.Random(SEED), tmp_path))
    assert not found, report(found)
    assert min(codes[0], codes[2]) > 10


def test_a_seeded_fault_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if one kind of value were read without care."""
    careful = inputs.read_record

    def careless(given: Any) -> Any:
        egfr = given.get("egfr")
        if isinstance(egfr, list):
            egfr[0].upper()
        return careful(given)

    monkeypatch.setattr(inputs, "read_record", careless)
    found, _ = faults(files(random.Random(SEED), tmp_path))
    assert found
    assert "careless" in found[0][1]
