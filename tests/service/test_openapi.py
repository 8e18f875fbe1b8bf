"""What our OpenAPI allows, and what it does not, sent by schemathesis to all of `mgcds serve`: what comes back is as it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from mgcds.service import answering
from mgcds.service import app as web
from mgcds.service.app import create_app
from mgcds.service.cards import nothing_evaluated
from mgcds.service.hooks import Answer
from mgcds.service.ports import Refused
from mgcds.service.serve import application
from mgcds.service.settings import read_settings
from tests.service.asking import ask, parts, request

SERVICE = "mgcds-patient-view"
CHECKS = [
    not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance, negative_data_rejection,
]  # fmt: skip


def found_in(app: FastAPI, examples: int) -> tuple[dict[str, str], Counter[tuple[str, int]]]:
    """What schemathesis finds by its name, with the call that shows it; how often each operation answered with each status."""
    found: dict[str, str] = {}
    statuses: Counter[tuple[str, int]] = Counter()
    for each in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations():
        operation = each.ok()
        _ask(operation, GenerationMode.POSITIVE, examples, found, statuses)
        if operation.body:
            _ask(operation, GenerationMode.NEGATIVE, examples, found, statuses)
    return found, statuses


def _ask(operation: Any, mode: GenerationMode, examples: int, found: dict[str, str], statuses: Counter[Any]) -> None:
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), nearer=st.sampled_from([0, 1, 2, 2]))
    def each(case: Any, nearer: int) -> None:
        if nearer and operation.path_parameters:
            case.path_parameters["service"] = SERVICE
        if nearer == 2 and mode is GenerationMode.POSITIVE and isinstance(case.body, dict) and "hook" in case.body:
            case.body = as_a_call(case.body)
        response = case.call()
        statuses[operation.path, response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            found.update({type(failure).__name__: str(group) for failure in group.exceptions})

    each()


def as_a_call(made: dict[str, Any]) -> dict[str, Any]:
    """With what the service needs; without, hardly any would come as far as a rule."""
    whole = request()
    prefetch = {**(made.get("prefetch") or {}), **whole["prefetch"]}
    cards = {"cards": [*made["cards"], *ask()[1]["cards"]][-50:]} if "cards" in made else {}
    return {**made, **whole, "context": {**made.get("context", {}), **whole["context"]}, "prefetch": prefetch, **cards}


def test_nothing_is_found(tmp_path: Path) -> None:
    given = {"MGCDS_NO_AUTH": "yes", "MGCDS_METRICS": "yes", "MGCDS_DATABASE": f"sqlite:///{tmp_path}/memory.db"}
    patient = {
        "MGCDS_SECONDS": "60",
        "MGCDS_SECONDS_TO_SEND": "60",
    }  # a busy machine answers 200 to anything: not evaluated in time
    with application(read_settings({}, {**given, **patient})) as (app, _):
        found, statuses = found_in(app, 25)
    assert found == {}
    call = "/cds-services/{service}"
    for path in call, f"{call}/validate", f"{call}/feedback":
        assert {200, 400, 404} <= {status for each, status in statuses if each == path}, "all of these were seen"
    assert {path for path, _ in statuses} >= {"/cds-services", "/health", "/ready", "/metrics"}


def _refuse(*_: Any) -> Answer:
    raise Refused(418, "")


def _cards(*cards: dict[str, Any]) -> Callable[..., Answer]:
    return lambda *_: Answer(200, {"cards": list(cards)})


_LONG = {**nothing_evaluated("", "X"), "summary": "x" * 140}
FAULTS: list[Any] = [
    pytest.param("call", _cards(_LONG), "JsonSchemaError", id="a long summary"),
    pytest.param("call", _cards(), "AcceptedNegativeData", id="takes anything"),
    pytest.param("call", _refuse, "UndefinedStatusCode", id="a status that is not described"),
    pytest.param("read_feedback", _refuse, "UndefinedStatusCode", id="the same, of feedback"),
    pytest.param("_response", lambda *_: web.Response("{}", 500), "ServerError", id="breaks"),
    pytest.param("_json", lambda *_: web.Response("{}", media_type="text/html"), "UndefinedContentType", id="no JSON"),
]


@pytest.mark.parametrize(("name", "fault", "what"), FAULTS)
def test_a_fault_is_found(name: str, fault: Any, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "call":
        monkeypatch.setitem(answering._ANSWER, name, fault)
    else:
        monkeypatch.setattr(web, name, fault)
    found, _ = found_in(create_app(parts()), 5)
    assert what in found
