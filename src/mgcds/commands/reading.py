"""What commands read: a pack, the records of patients, the id of a rule."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from mgcds.errors import RecordError, UnknownRule

if TYPE_CHECKING:
    from mgcds.inputs import Input
    from mgcds.model.pack import RulePack


def read_pack(root: Path | None, jurisdictions: list[str] | None = None) -> RulePack:
    """A pack. The garbage collector waits meanwhile: all that is made stays, and looking through it again and again takes long."""
    from mgcds.loading import load_pack

    was_on = gc.isenabled()
    gc.disable()
    try:
        return load_pack(root, jurisdictions)
    finally:
        if was_on:
            gc.enable()


def read_records(files: list[str], pack: RulePack, day: date) -> Iterable[Input | RecordError]:
    from mgcds.inputs import read_inputs

    return read_inputs(files, pack, day)


def read_one(file: str, pack: RulePack, day: date) -> Input:
    """The one patient of a file."""
    found = list(read_records([file], pack, day))
    if len(found) != 1:
        raise RecordError(f"{file}: holds {len(found)} patients; give a file of one")
    if isinstance(found[0], RecordError):
        raise found[0]
    return found[0]


def known_rule(rule: str, pack: RulePack) -> None:
    known_part(rule, pack.rules, "active rule")


def known_part(part: str, known: Iterable[str], what: str = "active rule, finding or item") -> None:
    known = list(known)
    if part not in known:
        from mgcds.loading.reading import did_you_mean

        raise UnknownRule(f"no {what} has the id '{part}'; {did_you_mean(part, known)}")
