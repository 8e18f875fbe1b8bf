"""Reading a pack for a command leaves the garbage collector as it was, whatever becomes of the pack."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from mgcds.commands.reading import read_pack
from mgcds.errors import PackError


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    was_on = gc.isenabled()
    yield
    (gc.enable if was_on else gc.disable)()


@pytest.mark.parametrize("is_on", [True, False])
def test_the_collector_is_as_it_was_after_a_pack_that_is_none(is_on: bool, tmp_path: Path) -> None:
    (gc.enable if is_on else gc.disable)()
    with pytest.raises(PackError):
        read_pack(tmp_path)
    assert gc.isenabled() is is_on


def test_the_collector_is_on_after_a_pack() -> None:
    gc.enable()
    assert read_pack(None).rules
    assert gc.isenabled()
