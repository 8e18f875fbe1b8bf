"""Options and arguments that several commands take."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How to write the result."""

    text = "text"
    json = "json"


def day_of(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write a day as 2026-11-21") from None


On = Annotated[
    date | None, typer.Option("--on", parser=day_of, metavar="DATE", help="Day of evaluation; today if not given.")
]
Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="PACK", help="Folder of the rule pack; the built-in one if not given.")
]
Jurisdictions = Annotated[
    list[str] | None,
    typer.Option(
        "--jurisdiction", metavar="NAME", help="Whose limits apply, e.g. us; may be given again. The lowest counts, of all if not given.",
    ),
]  # fmt: skip
As = Annotated[Format, typer.Option("--format", help="text to read, json for programs.")]
File = Annotated[
    str, typer.Argument(metavar="FILE", help="Record (YAML or JSON) or FHIR Bundle; .gz too; - is standard input.")
]
