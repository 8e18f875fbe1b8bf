"""Another pack in place of the one that is served: without a lost call, and never one with a problem."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from mgcds import evaluator
from mgcds.errors import EngineDisagreement, PackError
from mgcds.loading import rules_root
from mgcds.model.assessment import Assessment
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord
from mgcds.service.cards import ASSESSMENT
from mgcds.service.reload import LivePack
from tests.service.asking import KIDNEYS, request
from tests.service.records import until
from tests.service.serving import Served, serving

PATH = "/cds-services/mgcds-patient-view"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(rules_root(), tmp_path / "rules"))


def set_version(rules: Path, version: str) -> None:
    file = rules / "pack.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines = [f"version: {version}" if line.startswith("version:") else line for line in lines]
    file.with_suffix(".new").write_text("\n".join(lines) + "\n", encoding="utf-8")
    file.with_suffix(".new").replace(file)


def spoil(rules: Path) -> None:
    (rules / "hooks.yaml").write_text("services: nothing\n", encoding="utf-8")


def test_what_did_not_change_is_not_exchanged(rules: Path) -> None:
    live = LivePack(rules)
    before = live()
    assert live.reload() == "unchanged"
    assert live() is before


def test_another_version_takes_its_place(rules: Path) -> None:
    told: list[str] = []
    live = LivePack(rules, told=told.append)
    set_version(rules, "9.1.0")
    assert (live.reload(), live().version) == ("exchanged", "9.1.0")
    assert told == ["exchanged"]


def test_a_link_may_point_to_another_folder(rules: Path, tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(rules)
    live = LivePack(link)
    other = Path(shutil.copytree(rules, tmp_path / "other"))
    set_version(other, "9.2.0")
    link.unlink()
    link.symlink_to(other)
    assert (live.reload(), live().version) == ("exchanged", "9.2.0")


def without_hooks(rules: Path) -> None:
    (rules / "hooks.yaml").unlink()


def without_anything(rules: Path) -> None:
    shutil.rmtree(rules)


@pytest.mark.parametrize("harm", [spoil, without_hooks, without_anything])
def test_a_pack_with_a_problem_is_refused_and_the_last_good_one_stays(
    harm: Any, rules: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live = LivePack(rules)
    before = live()
    harm(rules)
    assert (live.reload(), live.last) == ("refused", "refused")
    assert live() is before
    assert "the last good one stays" in caplog.text
    if harm is spoil:
        assert "hooks.yaml" in caplog.text, "where the problem is"


def test_a_pack_on_which_the_channels_differ_is_refused(rules: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It reads well, and yet nothing could be advised with it."""

    def evaluate(record: PatientRecord, pack: RulePack, on: date) -> Assessment:
        if pack.version == "9.3.0":
            raise EngineDisagreement("differ")
        return evaluator.evaluate(record, pack, on)

    live = LivePack(rules, evaluate=evaluate)
    set_version(rules, "9.3.0")
    assert live.reload() == "refused"
    assert live().version != "9.3.0"
    assert "EngineDisagreement" in caplog.text


def test_at_the_start_there_is_no_last_good_one(rules: Path) -> None:
    spoil(rules)
    with pytest.raises(PackError):
        LivePack(rules)


def test_packs_are_exchanged_under_load_and_no_call_is_lost(rules: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--rules", str(rules)) as served:
        versions, statuses = _ask_while_exchanging(served, rules)
        assert statuses == {200}
        assert versions >= {"9.0.0", "9.0.5"}, "calls were answered by the first and by the last"
        spoil(rules)
        served.process.send_signal(signal.SIGHUP)
        until(lambda: served.metric('mgcds_pack_reloads_total{result="refused"}') == 1)
        ready = served.get("/ready")
        assert (ready.status_code, ready.json()["status"], ready.json()["reload"]) == (200, "degraded", "refused")
        assert ready.json()["pack"]["version"] == "9.0.5"
        assert 'version="9.0.5"' in served.get("/metrics").text
        assert served.stop() == 0
    lines = [json.loads(line) for line in served.log.read_text().splitlines()]
    assert any("the last good one stays" in line.get("what", "") and "hooks.yaml" in line["what"] for line in lines)


def _ask_while_exchanging(served: Served, rules: Path) -> tuple[set[str], set[int]]:
    over, versions, statuses = threading.Event(), set(), set()

    def ask() -> None:
        with httpx.Client(base_url=served.url, timeout=20) as web:
            while not over.is_set():
                answer = web.post(PATH, json=request(**KIDNEYS))
                statuses.add(answer.status_code)
                versions.add(answer.json()["extension"][ASSESSMENT]["pack"]["version"])

    asking = [threading.Thread(target=ask) for _ in range(4)]
    set_version(rules, "9.0.0")
    served.process.send_signal(signal.SIGHUP)
    until(lambda: served.get("/ready").json()["pack"]["version"] == "9.0.0", 60)
    for thread in asking:
        thread.start()
    for number in range(1, 6):
        set_version(rules, f"9.0.{number}")
        served.process.send_signal(signal.SIGHUP)
        until(lambda number=number: served.get("/ready").json()["pack"]["version"] == f"9.0.{number}", 60)
    until(lambda: "9.0.5" in versions)
    over.set()
    for thread in asking:
        thread.join(30)
    return versions, statuses
