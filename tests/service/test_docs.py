"""docs/cds-hooks.md runs, and says what the service does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from mgcds.evaluator import evaluate
from mgcds.fhir import read_bundle
from mgcds.fhir.wire import Unused
from mgcds.loading import load_pack
from mgcds.service.app import create_app
from mgcds.service.ehr import Unsatisfied, answer_query
from tests.service.asking import EGFR, TODAY, Remembered, draft, medicine, observation, parts, patient

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cds-hooks.md").read_text(encoding="utf-8")
RECORD = [patient(), observation(EGFR, 25), medicine("Levothyroxine 50 ug")]


async def fhir_server(request: Request) -> JSONResponse:
    """As small as an EHR's FHIR server can be; it has no NutritionOrders."""
    query = f"{request.path_params['path']}{'?' if request.url.query else ''}{request.url.query}"
    try:
        found = answer_query(query, RECORD) if not query.startswith("NutritionOrder") else None
    except Unsatisfied:
        return JSONResponse({}, 501)
    status = 200 if found is not None else 501 if "?" in query else 404
    return JSONResponse(found or {"resourceType": "OperationOutcome"}, status)


def example() -> dict[str, Any]:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(code.splitlines()) <= 50
    names: dict[str, Any] = {}
    exec(compile(code, "docs/cds-hooks.md", "exec"), names)
    return names


def test_the_integration_runs() -> None:
    names, memory = example(), Remembered()
    context = {
        "userId": "Practitioner/d", "patientId": "p",
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft("Magnesium oxide 400 mg")}]},
    }  # fmt: skip
    server = Starlette(routes=[Route("/{path:path}", fhir_server)])
    with TestClient(create_app(parts(memory))) as cds, TestClient(server) as fhir:
        cards = names["advise"](cds, fhir, "order-sign", context)
        summaries = [card["summary"] for card in cards]
        assert summaries[0] == "Severe renal impairment"
        assert "A medicine to be kept apart from magnesium" in summaries
        assert names["overridden"](cds, cards[0], cards[0]["overrideReasons"][0])
        assert names["advise"](cds, fhir, "patient-view", {"userId": "Practitioner/d", "patientId": "p"})
    assert [entry.card for entry in memory.feedback] == [cards[0]["uuid"]]


@pytest.mark.parametrize(("base", "status"), [("/cds-services", 503), ("/cds-services/mgcds-patient-view", 412)])
def test_what_cannot_be_asked_is_said(base: str, status: int) -> None:
    """By the example, where discovery or the call fails."""

    async def failing(request: Request) -> JSONResponse:
        offered = {"services": [{"hook": "patient-view", "id": "mgcds-patient-view"}]}
        return JSONResponse(offered, status if request.url.path == base else 200)

    route = Route("/{path:path}", failing, methods=["GET", "POST"])
    with TestClient(Starlette(routes=[route])) as cds:
        [card] = example()["advise"](cds, cds, "patient-view", {"patientId": "p"})
    assert "were not made" in card["summary"]


def test_the_examples_of_the_page_are_there_and_say_something() -> None:
    """The patient of examples/amara.yaml, as an EHR has her."""
    record = json.loads((ROOT / "examples/fhir/amara.json").read_text(encoding="utf-8"))
    order = json.loads((ROOT / "examples/fhir/magnesium-order.json").read_text(encoding="utf-8"))
    assert set(re.findall(r"examples/fhir/[a-z-]+\.json", PAGE)) == {
        "examples/fhir/amara.json", "examples/fhir/magnesium-order.json",
    }  # fmt: skip
    reading = read_bundle([record, order], load_pack(), TODAY)
    assert reading.unused == (Unused("MedicationRequest/ordered", "a draft, not an order"),)
    assert evaluate(reading.record, on=TODAY)["confirm-low-magnesium"].status == "offered"


def test_the_page_names_every_service() -> None:
    hooks = load_pack().hooks
    assert hooks is not None
    for service in hooks.services:
        assert service.id in PAGE
