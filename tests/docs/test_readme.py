"""Documents run: what README.md and docs/ show is executed, what they name exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

import mgcds.cli
from mgcds.loading import load_pack
from tests.docs.blocks import DOCUMENTS, ROOT, Block, blocks, blocks_of, table

README = (ROOT / "README.md").read_text(encoding="utf-8")


# --- Python ---------------------------------------------------------------------------------------------------------------


def run_python(block: Block) -> None:
    """Execute a block as a module of its own; its error is raised."""
    exec(compile(block.text, block.place, "exec"), {"__name__": "block"})


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.place)
def test_every_python_block_runs(block: Block) -> None:
    run_python(block)


def test_there_is_python_in_the_readme_and_it_checks_something() -> None:
    assert any("assert " in block.text for block in blocks("python") if block.place.startswith("README.md"))


def test_a_wrong_python_block_is_noticed() -> None:
    block = next(block for block in blocks("python") if '"withheld"' in block.text)
    with pytest.raises(AssertionError):
        run_python(Block(block.place, "python", block.text.replace('"withheld"', '"offered"')))
    with pytest.raises(ImportError):
        run_python(Block(block.place, "python", block.text.replace("import PatientRecord", "import Patient")))


# --- the command line -----------------------------------------------------------------------------------------------------


def shown_commands(block: Block) -> list[tuple[str, list[str]]]:
    """Each line that begins with `$ `, and the lines shown below it."""
    commands: list[tuple[str, list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif commands:
            commands[-1][1].append(line)
    return commands


def not_found(shown: list[str], output: str) -> str | None:
    """The first of the shown passages that the output lacks. `...` stands for any lines; a passage begins anywhere after the last."""
    lines, at, passage = [line.rstrip() for line in output.splitlines()], 0, list[str]()
    for line in [*shown, "..."]:
        if line.strip() != "...":
            passage.append(line.rstrip())
            continue
        starts = (start for start in range(at, len(lines) + 1) if lines[start : start + len(passage)] == passage)
        start = next(starts, None)
        if start is None:
            return "\n".join(passage)
        at, passage = start + len(passage), []
    return None


def wrong_with(block: Block, environment: dict[str, str], folder: Path = ROOT) -> list[str]:
    """What of a console block does not come true."""
    faults = []
    for command, shown in shown_commands(block):
        ended = subprocess.run(
            command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        if ended.returncode:
            faults.append(f"{block.place}: {command}: exit code {ended.returncode}: {ended.stderr}")
        missing = not_found(shown, ended.stdout)
        if missing is not None:
            faults.append(f"{block.place}: {command}: does not print\n{missing}\nbut\n{ended.stdout}")
    return faults


@pytest.mark.parametrize("block", blocks("console"), ids=lambda block: block.place)
def test_every_console_block_comes_true(block: Block, with_mgcds: dict[str, str]) -> None:
    assert shown_commands(block), f"{block.place}: no line begins with '$ '"
    assert wrong_with(block, with_mgcds) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("$ echo one\ntwo\n", "does not print\ntwo", id="a line that is not printed"),
        pytest.param("$ printf 'a\\nb\\n'\nb\n...\na\n", "does not print\na", id="the wrong order"),
        pytest.param("$ printf 'a\\nx\\nb\\n'\na\nb\n", "does not print\na\nb", id="a line left out without dots"),
        pytest.param("$ mgcds rules nowhere\n", "exit code 2", id="a command that fails"),
        pytest.param("$ mgcdss\n", "exit code 127", id="a command that is none"),
    ],
)
def test_a_wrong_console_block_is_noticed(text: str, fault: str, with_mgcds: dict[str, str]) -> None:
    faults = wrong_with(Block("here:1", "console", text), with_mgcds)
    assert len(faults) == 1
    assert fault in faults[0]
    assert wrong_with(Block("here:1", "console", "$ printf 'a\\nx\\nb\\n'\na\n...\nb\n"), with_mgcds) == []


# --- YAML -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: block.place)
def test_every_yaml_block_is_yaml(block: Block) -> None:
    assert yaml.safe_load(block.text)


def test_the_kinds_in_the_documents_are_those_of_the_pack() -> None:
    shown = re.search(
        r"^kinds: \[(.*?)\]", (ROOT / "docs" / "rule-language.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert shown is not None
    assert tuple(shown[1].split(", ")) == load_pack().kinds


# --- what the README names ------------------------------------------------------------------------------------------------


def missing_paths(readme: str) -> list[str]:
    """Paths of the table *Where things are* that do not exist."""
    rows = table(readme, "## Where things are")
    assert rows, "the table has gone"
    return [path for row in rows for path in re.findall(r"`([^`]+)`", row[0]) if not (ROOT / path).exists()]


def test_every_path_of_the_table_exists() -> None:
    assert missing_paths(README) == []


def test_a_wrong_path_is_noticed() -> None:
    assert missing_paths(README.replace("| `rules/` |", "| `rulez/` |")) == ["rulez/"]


def test_links_and_files_between_backticks_exist() -> None:
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (path.parent / link).exists(), f"{path.name}: {link}"
        for file in re.findall(r"`((?:rules|features|examples|src|docs|tests)/[\w./-]+)`", text):
            assert (ROOT / file).exists(), f"{path.name}: {file}"


def table_differs(readme: str) -> set[str]:
    """Commands that only the README or only the program has."""
    named = {match[1] for row in table(readme, "| command |") if (match := re.match(r"`mgcds ([\w-]+)", row[0]))}
    has: set[str] = set(typer.main.get_command(mgcds.cli.app).commands)  # type: ignore[attr-defined]
    return named ^ has


def test_the_command_table_has_exactly_the_commands() -> None:
    assert table_differs(README) == set()


def test_a_wrong_command_is_noticed() -> None:
    assert table_differs(README.replace("`mgcds explain ", "`mgcds why ")) == {"why", "explain"}
    lines = [line for line in README.splitlines() if not line.startswith("| `mgcds schema")]
    assert table_differs("\n".join(lines)) == {"schema"}


def test_options_the_readme_names_are_there(with_mgcds: dict[str, str]) -> None:
    commands = typer.main.get_command(mgcds.cli.app).commands  # type: ignore[attr-defined]
    for row in table(README, "| command |"):
        name = row[0].split()[1].strip("`")
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"(?<![\w-])--?\w[\w-]*", row[1])) <= known, name


def exit_codes(text: str) -> set[int]:
    """The codes of the sentence that begins with `Exit codes:`."""
    sentence = re.search(r"Exit codes: (.*?)(?:\n\n|\n`|\"\"\"|$)", text, re.DOTALL)
    assert sentence is not None
    return {int(code) for code in re.findall(r"(?:^|[;·]\s+)(\d+) ", sentence[1])}


def test_the_exit_codes_of_readme_help_and_program_are_the_same() -> None:
    documented = exit_codes(mgcds.cli.__doc__ or "")
    assert documented == {0, 1, 2, 3, 70, 130}
    assert exit_codes(README) == documented
    assert exit_codes(mgcds.cli.EPILOG) == documented


def test_a_wrong_exit_code_is_noticed() -> None:
    assert exit_codes(README.replace("2 the input", "4 the input")) != exit_codes(mgcds.cli.__doc__ or "")


def test_a_fence_that_is_not_closed_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.docs.blocks.ROOT", tmp_path)
    (tmp_path / "x.md").write_text("```python\nassert False\n")
    with pytest.raises(AssertionError, match="not closed"):
        blocks_of(tmp_path / "x.md")
