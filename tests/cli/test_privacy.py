"""No patient value in an error text: thirty invented values go in, and every way to fail is tried."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mgcds import evaluator
from mgcds.engines import chaining, durable
from mgcds.errors import EngineDisagreement, EngineFault, MgcdsError, PackError, RecordError
from mgcds.model.record import read_record
from tests.cli.running import ROOT, mgcds

ON = date(2026, 11, 21)
# Each value is told apart from every number and word that a rule or a message has.
CANARIES: dict[str, str] = {
    "recorded": "2026-11-17",
    "birth_date": "1963-07-29",
    "magnesium": "0.6173",
    "magnesium_unit": "mmol/L",
    "magnesium_source": "Observation/canary-mg",
    "magnesium_limit": "0.7391",
    "magnesium_date": "2026-10-23T07:41:13+01:00",
    "egfr": "83.917",
    "egfr_source": "Observation/canary-egfr",
    "potassium": "4.1379",
    "calcium": "2.2817",
    "albumin": "41.379",
    "qtc": "417.93",
    "phq9": "13.0000017",
    "item9": "0.0000003",
    "gad7": "11.0000019",
    "diet": "293.17",
    "medicine": "canarymycin",
    "medicine_start": "2025-03-19",
    "medicine_code": "987654321",
    "medicine_source": "MedicationRequest/canary",
    "supplement": "canary salts",
    "supplement_dose": "173.19 mg elemental",
    "condition": "canary fever",
    "condition_onset": "2019-05-07",
    "condition_code": "Q97.31",
    "symptom": "canary tingling",
    "symptom_onset": "2026-11-03",
    "rejected": "1234.5678 canaries",
    "unreadable": "canary ninety",
}
PUBLIC = {"mmol/L"}


def record() -> dict[str, Any]:
    """One in which every canary has its place."""
    of = CANARIES
    coded = [{"system": "rxnorm", "code": of["medicine_code"]}]
    return {
        "recorded": of["recorded"],
        "birth_date": of["birth_date"],
        "serum_magnesium": {
            "value": of["magnesium"], "unit": of["magnesium_unit"], "date": of["magnesium_date"],
            "lower_limit": f"{of['magnesium_limit']} mmol/L", "source": of["magnesium_source"],
        },
        "egfr": {"value": of["egfr"], "unit": "mL/min/1.73m2", "source": of["egfr_source"]},
        "potassium": [f"{of['potassium']} mmol/L", of["unreadable"], of["rejected"]],
        "calcium": f"{of['calcium']} mmol/L",
        "albumin": f"{of['albumin']} g/L",
        "qtc": f"{of['qtc']} ms",
        "phq9": of["phq9"],
        "phq9_item9": of["item9"],
        "gad7": of["gad7"],
        "dietary_magnesium": f"{of['diet']} mg/d",
        "medicines": [
            {"name": of["medicine"], "start": of["medicine_start"], "codes": coded, "source": of["medicine_source"]},
            "sertraline",
        ],
        "supplements": [{"name": of["supplement"], "daily_dose": of["supplement_dose"]}],
        "conditions": [
            {"name": of["condition"], "onset": of["condition_onset"], "codes": [{"system": "icd10cm", "code": of["condition_code"]}]}
        ],
        "symptoms": [{"name": of["symptom"], "onset": of["symptom_onset"]}],
    }  # fmt: skip


def shown(error: BaseException) -> str:
    """All that would be printed of it: message, arguments, and the traceback with the errors it was raised from."""
    return "\n".join([str(error), repr(error), "".join(traceback.format_exception(error))])


def told(text: str) -> list[str]:
    return [canary for canary in CANARIES.values() if canary in text and canary not in PUBLIC]


@contextmanager
def disagreeing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def other(pack: Any, facts: Any) -> Any:
        verdicts = evaluator.evaluate_facts(pack, facts)
        return replace(verdicts, rules={name: not truth for name, truth in verdicts.rules.items()})

    with monkeypatch.context() as patched:
        patched.setattr(evaluator, "ENGINES", {**evaluator.ENGINES, "durable": other})
        yield


@contextmanager
def failing_engine(monkeypatch: pytest.MonkeyPatch, what: str) -> Iterator[None]:
    """The C engine fails in one of its calls, and says the patient's fact, as durable-rules does."""

    def failing(*arguments: Any, **_: Any) -> Any:
        raise RuntimeError(f"could not process {arguments} {' '.join(CANARIES.values())}")

    with monkeypatch.context() as patched:
        patched.setattr(durable._Ruleset, what, failing)
        yield


@contextmanager
def refused_column(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A column that is no integer: the record's own text."""
    real = chaining.Network.run

    def run(network: Any, columns: Any) -> Any:
        return real(network, {**columns, "x": CANARIES["medicine"]})

    with monkeypatch.context() as patched:
        patched.setattr(chaining.Network, "run", run)
        yield


Way = Callable[[pytest.MonkeyPatch], Any]
WAYS: list[Any] = [
    pytest.param(disagreeing, EngineDisagreement, id="channels that disagree"),
    pytest.param(lambda patch: failing_engine(patch, "fire"), EngineFault, id="the engine fails on a fact"),
    pytest.param(refused_column, EngineFault, id="a column that is no integer"),
]


@pytest.mark.parametrize(("way", "error"), WAYS)
def test_an_engine_that_fails_says_no_value(way: Way, error: type[MgcdsError], monkeypatch: pytest.MonkeyPatch) -> None:
    with way(monkeypatch), pytest.raises(error) as raised:
        evaluator.evaluate(record(), on=ON)
    assert told(shown(raised.value)) == []
    assert evaluator.evaluate(record(), on=ON).offered, "and the next call is well again"


def test_a_pack_that_does_not_load_says_no_value(tmp_path: Any) -> None:
    with pytest.raises(PackError) as raised:
        evaluator.evaluate(record(), rules=tmp_path, on=ON)
    assert told(shown(raised.value)) == []


@pytest.mark.parametrize("field", [*record(), "egrf"])
def test_a_record_that_is_refused_says_no_value(field: str) -> None:
    """An unknown field beside the others; and each field holding what belongs to another."""
    with pytest.raises(RecordError) as raised:
        evaluator.evaluate({**record(), f"{field}_x": record().get(field, CANARIES["medicine"])}, on=ON)
    assert told(shown(raised.value)) == []


@pytest.mark.parametrize(
    "wrong", [{"value": {"x": "canary fever"}}, "canary ninety", ["canarymycin", {"x": "Q97.31"}], 293.17]
)
def test_the_reason_why_a_field_is_rejected_says_no_value(wrong: Any) -> None:
    """`what_if` raises these reasons."""
    rejected = read_record(dict.fromkeys(record(), wrong)).rejected
    assert len(rejected) >= 6
    assert told(" ".join(bad.why for bad in rejected)) == []


@pytest.mark.parametrize(
    "change", [{"sex": "canary fever"}, {"egfr": "canary ninety"}, {"phq9": ["canarymycin"]}, {"age": "293.17"}]
)
def test_a_change_that_is_not_understood_says_no_value(change: dict[str, Any]) -> None:
    with pytest.raises(RecordError) as raised:
        evaluator.what_if(record(), change, on=ON)
    assert told(shown(raised.value)) == []


def test_a_file_that_cannot_be_read_says_no_value() -> None:
    """YAML and JSON broken in the middle of a value, and JSON with a key twice."""
    text = (ROOT / "examples" / "amara.yaml").read_text(encoding="utf-8").replace("0.64", CANARIES["magnesium"])
    for broken in (
        text.replace(CANARIES["magnesium"], f"[{CANARIES['magnesium']}"),
        f'{{"medicines": "{CANARIES["medicine"]}',
        f'{{"egfr": "{CANARIES["egfr"]}", "egfr": "{CANARIES["egfr"]}"}}',
        f"symptoms: *{CANARIES['medicine']}",
    ):
        ended = mgcds("evaluate", "-", given=broken.encode())
        assert (ended.code, ended.out) == (2, "")
        assert told(ended.err) == []


def test_a_seeded_fault_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine's error that is passed on with what it said, in its text or only as its cause."""
    for passed_on in ("text", "cause"):

        def careless(pack: Any, facts: Any, how: str = passed_on) -> Any:
            try:
                raise ValueError(f"bad fact {facts.problems[-1].what}")
            except ValueError as error:
                raise EngineFault(str(error) if how == "text" else "the engine failed")  # noqa: B904  (the fault)

        monkeypatch.setattr(evaluator, "ENGINES", {**evaluator.ENGINES, "durable": careless})
        with pytest.raises(EngineFault) as raised:
            evaluator.evaluate(record(), on=ON)
        assert told(shown(raised.value)) == [CANARIES["supplement"]]


def test_every_canary_is_in_the_record_and_in_no_rule() -> None:
    written = repr(record())
    assert [canary for canary in CANARIES.values() if canary not in written] == []
    assert len(set(CANARIES.values())) == 30
    sources = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "rules").rglob("*.yaml"))
    assert told(sources) == []
