"""What the examples of the documents need to run."""

from __future__ import annotations

import os
import sys

import pytest

from tests.docs.blocks import ROOT


@pytest.fixture(scope="session")
def with_mgcds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which `mgcds` is this checkout's, and `python` the one of the tests."""
    folder = tmp_path_factory.mktemp("bin")
    for name, runs in {"mgcds": "-m mgcds.cli", "python": ""}.items():
        command = folder / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {runs} "$@"\n')
        command.chmod(0o755)
    own = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src")}
    return {key: value for key, value in {**os.environ, **own}.items() if key not in ("FORCE_COLOR", "MGCDS_DEBUG")}
