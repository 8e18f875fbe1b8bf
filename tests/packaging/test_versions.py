"""`make versions` says on which Pythons the tests passed, on which they failed, and which are not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

VERSIONS = Path(__file__).resolve().parents[2] / "tools" / "versions.sh"
HERE = "{}.{}".format(*sys.version_info[:2])
ABSENT = "3.99"


def versions(folder: Path, *arguments: str, pytest_ends_with: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a copy of the script beside an empty project: `make` lays an environment whose Python only ends."""
    (folder / "tools").mkdir()
    script = folder / "tools" / VERSIONS.name
    script.write_text(VERSIONS.read_text())
    make = folder / "make"
    make.write_text(
        "#!/bin/bash\n"
        'python="${@: -1}/bin/python"; python="${python#VENV=}"; mkdir -p "$(dirname "$python")"\n'
        f'printf "#!/bin/bash\\nexit {pytest_ends_with}\\n" > "$python"; chmod +x "$python"\n'
    )
    make.chmod(0o755)
    python = folder / "bin" / f"python{HERE}"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    environment = {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "MAKE": str(make),
        "PYENV_ROOT": str(folder),
    }
    command = ["bash", str(script), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_passed_and_absent_versions_are_told_apart(tmp_path: Path) -> None:
    done = versions(tmp_path, HERE, ABSENT, "--", "tests")
    assert f"passed on {HERE}; failed on none; not found: {ABSENT}" in done.stdout
    assert done.returncode == 0


def test_a_failure_on_one_version_fails_all(tmp_path: Path) -> None:
    done = versions(tmp_path, HERE, "--", "tests", pytest_ends_with=1)
    assert f"passed on none; failed on {HERE}" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((ABSENT, "--", "tests"), id="no Python found"),
        pytest.param((HERE, "--"), id="no tests named"),
    ],
)
def test_nothing_run_is_a_failure(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert versions(tmp_path, *arguments).returncode != 0
