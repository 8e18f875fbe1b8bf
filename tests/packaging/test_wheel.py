"""The wheel carries the knowledge: built here, installed where nothing else is, and used there."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = "amara.yaml"
SHIPPED = ("rules", "features", "examples", "docs")
NOT_RULES = ("findings", "evidence", "valuesets")
IN_WHEEL = (*SHIPPED, "src", "pyproject.toml", "README.md", "GLOSSARY.md", "LICENSE", "NOTICE")


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def lost(package: Path, tree: Path = ROOT) -> set[str]:
    """What stands in rules/, features/ or examples/ of the tree and not in the package."""
    return {f"{name}/{path}" for name in SHIPPED for path in files(tree / name) - files(package / name)}


def run_apart(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run without this checkout in sight: another directory and no PYTHONPATH."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def build_wheel(tree: Path, into: Path) -> Path:
    pip = (sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-build-isolation")
    run_apart(*pip, "--wheel-dir", into, tree, cwd=into)
    (wheel,) = into.glob("mgcds-*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel and what it depends on, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    wheel, environment = build_wheel(ROOT, folder), folder / "environment"
    run_apart(sys.executable, "-m", "venv", environment, cwd=folder)
    run_apart(environment / "bin" / "python", "-m", "pip", "install", "-qq", wheel, cwd=folder)
    return environment


@pytest.fixture(scope="module")
def package(environment: Path) -> Path:
    where = (environment / "bin" / "python", "-c", "import mgcds; print(mgcds.__file__)")
    return Path(run_apart(*where, cwd=environment).stdout.strip()).parent


def test_the_installed_package_is_not_the_checkout(package: Path, environment: Path) -> None:
    assert package.is_relative_to(environment)


def test_no_rule_feature_or_example_is_lost(package: Path) -> None:
    assert files(ROOT / "rules"), "the checkout itself has no rules"
    assert lost(package) == set()


def test_every_rule_of_the_checkout_is_listed(environment: Path, tmp_path: Path) -> None:
    rules = [path for path in ROOT.glob("rules/*/*.yaml") if path.parent.name not in NOT_RULES]
    done = run_apart(environment / "bin" / "mgcds", "rules", "--format", "json", cwd=tmp_path)
    assert len(json.loads(done.stdout)) == len(rules) > 0


def test_a_record_is_evaluated(environment: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples" / EXAMPLE, tmp_path)
    mgcds = environment / "bin" / "mgcds"
    done = run_apart(mgcds, "evaluate", EXAMPLE, "--on", "2026-11-21", "--format", "json", cwd=tmp_path)
    assert json.loads(done.stdout)["suggestions"]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_wheel_without_its_knowledge_is_noticed(name: str, tmp_path: Path) -> None:
    """Seeded fault: the same tree, without the line of pyproject.toml that takes one folder along."""
    tree, out = tmp_path / "tree", tmp_path / "package"
    tree.mkdir()
    for part in IN_WHEEL:
        source = ROOT / part
        shutil.copytree(source, tree / part) if source.is_dir() else shutil.copy(source, tree)
    settings = tree / "pyproject.toml"
    changed, count = re.subn(rf'^"{name}" = "mgcds/{name}"\n', "", settings.read_text(), flags=re.MULTILINE)
    assert count == 1
    settings.write_text(changed)
    with zipfile.ZipFile(build_wheel(tree, tmp_path)) as wheel:
        wheel.extractall(out)
    assert lost(out / "mgcds", tree) == {f"{name}/{path}" for path in files(tree / name)} != set()
