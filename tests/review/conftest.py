"""One run of the scenarios and one set of pages for all tests here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from mgcds.loading import load_pack
from mgcds.model.pack import RulePack
from mgcds.review.pages import Built, build
from mgcds.review.results import run_scenarios
from mgcds.review.standing import standings
from mgcds.scenarios.features import features_root, find_features
from mgcds.scenarios.report import Report

ON = date(2026, 11, 21)


@pytest.fixture(scope="session")
def pack() -> RulePack:
    return load_pack()


@pytest.fixture(scope="session")
def features() -> list[Path]:
    return find_features(features_root())


@pytest.fixture(scope="session")
def report() -> Report:
    return run_scenarios(None, None)


@dataclass(frozen=True)
class Pages:
    folder: Path
    built: Built

    def text(self, href: str) -> str:
        return (self.folder / href).read_text(encoding="utf-8")

    @property
    def all(self) -> dict[str, str]:
        return {path.relative_to(self.folder).as_posix(): path.read_text() for path in self.folder.rglob("*.html")}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory, pack: RulePack, features: list[Path], report: Report) -> Pages:
    folder = tmp_path_factory.mktemp("site")
    return Pages(folder, build(folder, pack, features, report, standings(pack, ON)))
