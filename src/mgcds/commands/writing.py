"""What commands write alike: JSON, and an error with its exit code."""

from __future__ import annotations

import json
from typing import Any

import typer

from mgcds.errors import EngineDisagreement, EngineFault, ExportError, MgcdsError, PackError


def write_json(written: Any) -> None:
    text = json.dumps(written, indent=2, ensure_ascii=False, default=str)
    typer.echo(text.encode("utf-8", "backslashreplace").decode())  # half a character as its escape


def complain(error: MgcdsError, of: str = "") -> int:
    """Say what is wrong, on standard error; the exit code. `of`: the input, where more follow."""
    from mgcds.printing import visible

    typer.echo(visible(f"mgcds: {of}{error}"), err=True)
    if isinstance(error, ExportError):
        return 1
    if isinstance(error, PackError):
        typer.echo(f"mgcds: the pack has {len(error.problems)} problem(s); nothing was evaluated", err=True)
        return 1
    return 3 if isinstance(error, EngineFault | EngineDisagreement) else 2
