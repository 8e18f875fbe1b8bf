"""`mgcds evaluate --format html`: a page to standard output, to a file, or one each into a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mgcds.loading import load_pack
from tests.cli.running import AMARA, KIDNEYS, ON, ROOT, environment, mgcds

HTML = ("--format", "html")


def test_a_page_goes_to_standard_output_or_to_a_file(tmp_path: Path) -> None:
    to_output = mgcds("evaluate", AMARA, *ON, *HTML)
    assert (to_output.code, to_output.err) == (0, "")
    assert to_output.out.startswith("<!doctype html>")
    assert load_pack().digest in to_output.out
    to_file = mgcds("evaluate", AMARA, *ON, *HTML, "-o", str(tmp_path / "amara.html"))
    assert (to_file.code, to_file.out) == (0, "")
    assert (tmp_path / "amara.html").read_text(encoding="utf-8") == to_output.out


def test_several_patients_never_share_a_page(tmp_path: Path) -> None:
    other = tmp_path / "kidneys.yaml"
    other.write_text(KIDNEYS)
    refused = mgcds("evaluate", AMARA, str(other), *ON, *HTML)
    assert (refused.code, refused.out) == (2, "")
    assert "a page is of one patient; give -o FOLDER for a page each" in refused.err
    assert mgcds("evaluate", AMARA, str(other), *ON, *HTML, "-o", str(other)).code == 2
    assert other.read_text() == KIDNEYS
    folder = tmp_path / "pages"
    written = mgcds("evaluate", AMARA, str(other), *ON, *HTML, "-o", str(folder))
    assert written.code == 0
    assert {path.name for path in folder.iterdir()} == {"amara.yaml.html", "kidneys.yaml.html"}
    assert f"{folder / 'kidneys.yaml.html'}: {other}" in written.out
    assert "<bdi>25 mL/min/1.73m2</bdi>" in (folder / "kidneys.yaml.html").read_text(encoding="utf-8")
    assert "<bdi>25 mL/min/1.73m2</bdi>" not in (folder / "amara.yaml.html").read_text(encoding="utf-8")


def test_a_bad_file_does_not_lose_the_others(tmp_path: Path) -> None:
    ended = mgcds("evaluate", AMARA, str(tmp_path / "nobody.yaml"), *ON, *HTML, "-o", str(tmp_path / "pages"))
    assert ended.code == 2
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["amara.yaml.html"]
    assert "nobody.yaml: cannot be read" in ended.err


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_other_formats_are_redirected(form: str, tmp_path: Path) -> None:
    ended = mgcds("evaluate", AMARA, *ON, "--format", form, "-o", str(tmp_path / "x"))
    assert ended.code == 2
    assert "-o goes with --format html" in ended.err
    assert not (tmp_path / "x").exists()


def test_without_jinja2_it_says_what_to_install() -> None:
    program = f"import sys; sys.modules['jinja2'] = None\nfrom mgcds.cli import main; main({['evaluate', AMARA, *ON, *HTML]!r})"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == "mgcds: the page of a patient needs jinja2: pip install 'mgcds[review]'\n"
