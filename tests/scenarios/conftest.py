"""A folder of features to run, and what the runner says of it."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mgcds.scenarios.runner import run


@dataclass
class Ran:
    """One call of the runner."""

    code: int
    out: str
    err: str
    report: dict[str, Any]


@pytest.fixture
def run_features(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Write the features, one file each, and run them."""

    def run_them(*features: str, **options: Any) -> Ran:
        folder, report, out = tmp_path / "features", tmp_path / "report.json", io.StringIO()
        folder.mkdir(exist_ok=True)
        for number, text in enumerate(features):
            (folder / f"feature-{number}.feature").write_text(text, encoding="utf-8")
        code = run(options.pop("where", folder), report=report, out=out, **options)
        return Ran(code, out.getvalue(), capsys.readouterr().err, json.loads(report.read_text(encoding="utf-8")))

    return run_them
