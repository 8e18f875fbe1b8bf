"""Says in one sentence what this machine lacks to build the environment of mgcds, or nothing.

durable-rules is published as source only, so a C compiler and Python's headers are needed. This is run by the
Python that is to carry the environment, whatever its version: so nothing here is newer than Python 3.6, and
annotations are quoted.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from pathlib import Path

NEEDED = (3, 11)
PROBE = '#include <stdio.h>\n#include "Python.h"\nint mgcds_probe;\n'


def compiler() -> "list[str]":
    """Return the command setuptools will compile with: $CC, else the one this Python was built with."""
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def compiles(command: "list[str]") -> bool:
    """Build an extension that does nothing: a compiler without the C library's headers is no use."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "probe.c"), Path(folder, "probe.so")
        source.write_text(PROBE)
        build = [*command, "-shared", "-fPIC", str(source), "-o", str(target)]
        return subprocess.run(build, stderr=subprocess.DEVNULL).returncode == 0


def problem(version: "tuple[int, ...]" = sys.version_info[:3], include: "Path | None" = None) -> "str | None":
    """Return what is missing and how to install it; None if a C extension can be built for this Python."""
    command, include = compiler(), include or Path(sysconfig.get_path("include"))
    if version < NEEDED:
        found = ".".join(map(str, version))
        return f"Python 3.11 or newer is needed, this is {found}: choose one with e.g. make PYTHON=python3.12"
    if find_spec("ensurepip") is None:
        return "this Python cannot make virtual environments: install e.g. with apt-get install python3-venv"
    if shutil.which(command[0]) is None:
        return from_source(f"no C compiler found ({command[0]})", "gcc libc6-dev")
    if not (include / "Python.h").exists():
        return from_source(f"Python headers missing (no Python.h in {include})", "python3-dev")
    if not compiles([*command, f"-I{include}"]):
        return from_source(f"{command[0]} cannot build a C extension", "libc6-dev")
    return None


def from_source(lack: str, packages: str) -> str:
    """Return the sentence for what compiling needs, with the Debian packages that bring it."""
    return f"{lack}; durable-rules is built from source: install e.g. with apt-get install {packages}"


if __name__ == "__main__":
    sentence = problem()
    if sentence:
        sys.exit(f"mgcds: {sentence}")
