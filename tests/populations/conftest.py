from __future__ import annotations

import pytest

from mgcds.loading.packs import load_pack
from mgcds.model.pack import RulePack


@pytest.fixture(scope="session")
def pack() -> RulePack:
    return load_pack()
