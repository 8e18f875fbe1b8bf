"""The import contracts of pyproject.toml notice what they are for: a small package breaks each on purpose."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = "Imports point one way"
DURABLE = "Only mgcds.engines.durable imports durable-rules"
PINT = "Only mgcds.model.units imports pint"
ORDERLY = {
    "errors.py": "",
    "model/__init__.py": "",
    "model/units.py": "import pint\nimport mgcds.errors\n",
    "engines/__init__.py": "",
    "engines/durable.py": "import durable_rules_engine\nimport mgcds.model.units\n",
    "evaluator.py": "import mgcds.engines.durable\n",
    "fhir/__init__.py": "",
    "scenarios/__init__.py": "import mgcds.evaluator\n",
    "commands/__init__.py": "import mgcds.scenarios\n",
    "cli.py": "import mgcds.commands\n",
    "__init__.py": "from mgcds.evaluator import evaluate\n",
}


def lint(folder: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    """Write a package `mgcds` (ORDERLY, with the changes) and run import-linter on it with our contracts."""
    for name, text in (ORDERLY | changed).items():
        module = folder / "mgcds" / name
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(text)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )


def test_an_orderly_package_passes(tmp_path: Path) -> None:
    done = lint(tmp_path)
    assert done.returncode == 0, done.stdout
    assert re.search(r"[1-9]\d* kept, 0 broken", done.stdout)


@pytest.mark.parametrize(
    ("module", "text", "broken"),
    [
        pytest.param("model/facts.py", "import mgcds.engines\n", LAYERS, id="upwards"),
        pytest.param("model/facts.py", "def f():\n    import mgcds.engines\n", LAYERS, id="upwards, called"),
        pytest.param("model/facts.py", "from mgcds import evaluate\n", LAYERS, id="upwards, by the root"),
        pytest.param("commands/packs.py", "import mgcds.cli\n", LAYERS, id="a command, of the command line"),
        pytest.param("scenarios/runner.py", "import mgcds.commands\n", LAYERS, id="upwards, to a command"),
        pytest.param("fhir/cards.py", "import mgcds.scenarios\n", LAYERS, id="a sibling"),
        pytest.param("helpers.py", "", LAYERS, id="a module that has no layer"),
        pytest.param("evaluator.py", "import durable_rules_engine\n", DURABLE, id="the engine elsewhere"),
        pytest.param("evaluator.py", "from durable.lang import when_all\n", DURABLE, id="its Python layer"),
        pytest.param("model/dose.py", "import pint\n", PINT, id="pint elsewhere"),
    ],
)
def test_a_wrong_import_breaks_its_contract(tmp_path: Path, module: str, text: str, broken: str) -> None:
    done = lint(tmp_path, **{module: text})
    assert done.returncode == 1
    assert f"{broken} BROKEN" in done.stdout
