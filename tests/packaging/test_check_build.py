"""A machine that cannot build durable-rules is told so in one sentence; each lack is made here on purpose."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tools.check_build import problem

ROOT = Path(__file__).resolve().parents[2]


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "check_build.py")],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_this_machine_can_build_it() -> None:
    assert check().returncode == 0, check().stderr


def test_a_path_without_a_compiler_is_noticed(tmp_path: Path) -> None:
    done = check(PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("mgcds: no C compiler found")
    assert "apt-get install gcc" in done.stderr
    assert done.stderr.count("\n") == 1, "one sentence, no traceback"


def test_an_include_directory_without_python_h_is_noticed(tmp_path: Path) -> None:
    found = problem(include=tmp_path)
    assert found is not None
    assert found.startswith(f"Python headers missing (no Python.h in {tmp_path})")
    assert "apt-get install python3-dev" in found


def test_headers_that_do_not_compile_are_noticed(tmp_path: Path) -> None:
    """As where the C library's own headers are missing: Python.h is there and cannot be compiled."""
    (tmp_path / "Python.h").write_text("#include <no_such_header.h>\n")
    found = problem(include=tmp_path)
    assert found is not None
    assert "cannot build a C extension" in found
    assert "apt-get install libc6-dev" in found


@pytest.mark.parametrize(
    ("version", "named"),
    [pytest.param((3, 10, 13), "3.10.13", id="the last too old"), pytest.param((3, 9), "3.9", id="older")],
)
def test_an_old_python_is_noticed(version: tuple[int, ...], named: str) -> None:
    assert (problem(version=version) or "").startswith(f"Python 3.11 or newer is needed, this is {named}")


def test_a_python_without_ensurepip_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.check_build.find_spec", lambda name: None)
    assert "apt-get install python3-venv" in (problem() or "")


def test_the_oldest_supported_python_is_enough() -> None:
    assert problem(version=(3, 11)) is None


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_stops_at_the_sentence_and_leaves_no_environment(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "make", "sed"):
        (tools / name).symlink_to(shutil.which(name) or name)
    venv = tmp_path / "venv"
    done = subprocess.run(
        ["make", "venv", f"PYTHON={sys.executable}", f"VENV={venv}"],
        cwd=ROOT,
        env={"PATH": str(tools), "CC": sysconfig.get_config_var("CC") or "cc"},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "mgcds: no C compiler found" in done.stderr
    assert not venv.exists()
