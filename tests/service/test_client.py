"""`mgcds hook`: an EHR in small, against our service and against one that does everything wrong."""

# A table, one violation a line.
# ruff: noqa: E501

from __future__ import annotations

import copy
import gzip
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from mgcds.commands.writing import write_json
from mgcds.errors import MgcdsError, RecordError, SettingsError
from mgcds.service.app import create_app
from mgcds.service.checks import check_discovery, check_response
from mgcds.service.client import lines, patient_of, play, resources_of, to_dict
from mgcds.service.client import signing as sign_with
from mgcds.service.ehr import Unsatisfied, answer_query, filled, prefetched
from tests.service import signing
from tests.service.asking import ABOUT, EGFR, INSTANCE, MANY, ask, draft, medicine, observation, parts, patient
from tests.service.serving import free_port

EXTRACT = Path(__file__).parents[1] / "fhir" / "bundles" / "synthea-extract.json"
PEOPLE = [
    patient(),
    observation(EGFR, 25),
    observation(EGFR, 90, on="2026-01-01", id="old"),
    medicine("Magnesium oxide"),
]


# --- against our service ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign"])
def test_our_service_answers_a_whole_bundle_as_specified(hook: str) -> None:
    resources = resources_of(json.loads(EXTRACT.read_text()))
    order = draft("Magnesium oxide", subject={"reference": f"Patient/{patient_of(resources)}"})
    with TestClient(create_app(parts())) as web:
        wrong, [played] = play(web, "http://testserver/cds-services", resources, hook, [order])
    assert (wrong, played.violations, played.left_out) == ([], [], {})
    assert played.status == 200


def test_the_cards_are_those_of_the_bundle() -> None:
    with TestClient(create_app(parts())) as web:
        _, [played] = play(
            web, "http://testserver", PEOPLE, "order-sign", [draft("Ciprofloxacin 500 mg", subject=ABOUT)]
        )
    said = "\n".join(lines([], [played], "order-sign"))
    assert "[warning] A course of a fluoroquinolone or a tetracycline" in said
    assert said.endswith("as specified")


def test_a_hook_that_is_not_offered_is_said() -> None:
    with TestClient(create_app(parts())) as web:
        wrong, played = play(web, "http://testserver", PEOPLE, "encounter-start", [])
    assert list(lines(wrong, played, "encounter-start")) == ["no service for the hook encounter-start"]


def test_data_that_this_client_does_not_bring_are_named_in_what_comes_back() -> None:
    whole = TestClient(create_app(parts()))
    without = [each for each in PEOPLE if each["resourceType"] != "Patient"]
    with whole as web, pytest.raises(RecordError, match="0 patients"):
        play(web, "http://testserver", without, "patient-view", [])


def test_a_service_that_cannot_be_reached() -> None:
    with httpx.Client() as web:
        with pytest.raises(MgcdsError, match="cannot be reached"):
            play(web, "http://127.0.0.1:9", PEOPLE, "patient-view", [])
        with pytest.raises(MgcdsError, match="begins with https"):
            play(web, "ftp://x", PEOPLE, "patient-view", [])


@pytest.mark.parametrize("key", [signing.EC, signing.RSA], ids=["EC", "RSA"])
def test_each_call_is_signed(key: Any, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps({**key.as_dict(private=True), "kid": key.kid}))
    authorize = sign_with(file, signing.ISSUER)
    gate = signing.gate(clock=time.time)
    with TestClient(create_app(parts(gate=gate)), base_url="https://cds.example") as web:
        wrong, [played] = play(web, "https://cds.example", PEOPLE, "patient-view", [], authorize)
        refused, _ = play(web, "https://cds.example", PEOPLE, "patient-view", [])
    assert (wrong, played.status) == ([], 200)
    assert [str(each) for each in refused] == ["the body: discovery answered 401, not 200 (requirement 13)"]


@pytest.mark.parametrize("content", [None, "{", "[]", '{"kty": "EC"}', json.dumps(signing.EC.as_dict(private=False)), '{"kty": "oct", "k": "YQ", "kid": "x"}'])  # fmt: skip
def test_what_is_no_private_key(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match="the key file"):
        sign_with(file, signing.ISSUER)


# --- queries ------------------------------------------------------------------------------------------------------------------------


def found(query: str, *resources: dict[str, Any]) -> list[str]:
    answer = answer_query(query, list(resources))
    assert answer is not None
    return [entry["resource"]["id"] for entry in answer.get("entry", ())]


def test_a_read() -> None:
    assert answer_query("Patient/p", PEOPLE) == patient()
    assert answer_query("Patient/other", PEOPLE) is None


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("Observation?patient=p", ["o-33914-3", "old"]),
        ("Observation?patient=Patient/p", ["o-33914-3", "old"]),
        ("Observation?patient=other", []),
        ("Observation?patient=p&code=33914-3", ["o-33914-3", "old"]),
        ("Observation?patient=p&code=http://loinc.org|33914-3", ["o-33914-3", "old"]),
        ("Observation?patient=p&code=http://snomed.info/sct|33914-3", []),
        ("Observation?patient=p&code=1,33914-3", ["o-33914-3", "old"]),
        ("Observation?patient=p&code=1", []),
        ("Observation?patient=p&date=ge2026-06-01", ["o-33914-3"]),
        ("Observation?patient=p&date=lt2026-06-01", ["old"]),
        ("Observation?patient=p&date=eq2026-01", ["old"]),
        ("Observation?patient=p&date=2026-11-15", ["o-33914-3"]),
        ("Observation?patient=p&date=gt2026-11-15", []),
        ("Observation?patient=p&date=le2026-11-15", ["o-33914-3", "old"]),
        ("Observation?patient=p&_sort=-date", ["o-33914-3", "old"]),
        ("Observation?patient=p&_sort=date", ["old", "o-33914-3"]),
        ("Observation?patient=p&_sort=-date&_count=1", ["o-33914-3"]),
        ("MedicationRequest?patient=p&status=active&intent=order", ["m-magnesium"]),
        ("MedicationRequest?patient=p&status=stopped", []),
    ],
)
def test_the_recommended_queries(query: str, ids: list[str]) -> None:
    assert found(query, *PEOPLE) == ids


def test_a_page_names_its_next_one() -> None:
    page = answer_query("Observation?patient=p&_count=1", PEOPLE)
    assert page is not None
    assert page["total"] == 2
    assert {link["relation"] for link in page["link"]} == {"self", "next"}


def test_tokens_are_root_level_fields_of_the_context_and_users() -> None:
    context = {"patientId": "p", "userId": "Practitioner/d", "draftOrders": {}}
    assert filled("Observation?patient={{context.patientId}}", context) == "Observation?patient=p"
    assert filled("Practitioner/{{userPractitionerId}}", context) == "Practitioner/d"
    for token in ("context.draftOrders", "context.none", "userPatientId", "patientId", "context.a.b"):
        with pytest.raises(Unsatisfied):
            filled(f"X/{{{{{token}}}}}", context)


def test_a_key_that_is_not_satisfied_is_left_out_and_said() -> None:
    templates = {
        "a": "Patient/{{context.patientId}}",
        "b": "Observation?_has:x=1",
        "c": "Patient/{{context.none}}",
        "d": "Observation?_sort=code",
    }
    given, left_out = prefetched(templates, PEOPLE, {"patientId": "p"})
    assert given == {"a": patient()}
    assert left_out.keys() == {"b", "c", "d"}


@pytest.mark.parametrize("content", [{}, [], "x", {"resourceType": "Bundle"}])
def test_what_is_no_bundle(content: Any) -> None:
    with pytest.raises(RecordError):
        resources_of(content)


def test_a_bundle_of_two_patients_is_no_record() -> None:
    with pytest.raises(RecordError, match="2 patients"):
        patient_of([patient(), patient(id="q")])


# --- against a service that does everything wrong -----------------------------------------------------------------------------------

GOOD = ask(**MANY)[1]
CODING = {"system": "urn:x", "code": "c", "display": "C"}


def bad(change: Callable[[dict[str, Any]], Any], card: int = 0) -> list[str]:
    body = copy.deepcopy(GOOD)
    body["cards"][card].setdefault("suggestions", [{"label": "L", "uuid": "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "actions": [
        {"type": "create", "description": "D", "resource": {"resourceType": "Task"}}]}])  # fmt: skip
    body["cards"][card].setdefault("selectionBehavior", "any")
    body["cards"][card].setdefault("links", [{"label": "L", "url": "https://doi.example/1", "type": "absolute"}])
    assert [str(each) for each in check_response(200, body)] == []
    change(body["cards"][card])
    return [str(each) for each in check_response(200, body)]


def put(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(card: dict[str, Any]) -> None:
        node: Any = card
        for step in path[:-1]:
            node = node[step]
        if value is ...:
            del node[path[-1]]
        else:
            node[path[-1]] = value

    return change


ACTION = ("suggestions", 0, "actions", 0)
VIOLATIONS = [
    (put("summary", value="x" * 140), "cards[0].summary: has 140 characters; fewer than 140 are allowed (requirement 83)"),
    (put("summary", value=...), "cards[0]: lacks 'summary' (requirement 83)"),
    (put("summary", value=7), "cards[0].summary: is no text (requirement 83)"),
    (put("summary", value=""), "cards[0].summary: is null or empty; leave it out (requirement 3)"),
    (put("detail", value=None), "cards[0].detail: is null or empty; leave it out (requirement 3)"),
    (put("links", value=[]), "cards[0].links: is null or empty; leave it out (requirement 3)"),
    (put("source", "topic", value={}), "cards[0].source.topic: is null or empty; leave it out (requirement 3)"),
    (put("uuid", value="not-one"), "cards[0].uuid: is no UUID (requirement 80)"),
    (put("uuid", value=...), "cards[0]: has no uuid: clients send no feedback on it"),
    (put("uuid", value=GOOD["cards"][1]["uuid"]), "cards[1].uuid: is used twice (requirement 80)"),
    (put("indicator", value=...), "cards[0]: lacks 'indicator' (requirement 87)"),
    (put("indicator", value="hard-stop"), "cards[0].indicator: is none of info, warning, critical (requirement 88)"),
    (put("source", value=...), "cards[0]: lacks 'source' (requirement 90)"),
    (put("source", "label", value=...), "cards[0].source: lacks 'label' (requirement 105)"),
    (put("source", "url", value="/here"), "cards[0].source.url: is no absolute URL (requirement 107)"),
    (put("source", "icon", value="i.png"), "cards[0].source.icon: is no absolute URL (requirement 111)"),
    (put("source", "topic", value="t"), "cards[0].source.topic: is no object (requirement 115)"),
    (put("source", "topic", "system", value=...), "cards[0].source.topic: lacks 'system' (requirement 217)"),
    (put("source", "topic", "system", value="no uri"), "cards[0].source.topic.system: is no URI (requirement 217)"),
    (put("selectionBehavior", value=...), "cards[0]: has suggestions and no selectionBehavior (requirement 93)"),
    (put("selectionBehavior", value="all"), "cards[0].selectionBehavior: is none of at-most-one, any (requirement 95)"),
    (put("overrideReasons", 0, "display", value=...), "cards[0].overrideReasons[0]: has no display (requirement 100)"),
    (put("overrideReasons", 0, "code", value=...), "cards[0].overrideReasons[0]: lacks 'code' (requirement 216)"),
    (put("overrideReasons", 0, value="no"), "cards[0].overrideReasons[0]: is no Coding (requirement 216)"),
    (put("overrideReasons", value={}), "cards[0].overrideReasons: is no list (requirement 98)"),
    (put("links", 0, "type", value="relative"), "cards[0].links[0].type: is none of absolute, smart (requirement 142)"),
    (put("links", 0, "type", value=...), "cards[0].links[0]: lacks 'type' (requirement 141)"),
    (put("links", 0, "label", value=...), "cards[0].links[0]: lacks 'label' (requirement 138)"),
    (put("links", 0, "url", value="x"), "cards[0].links[0].url: is no absolute URL (requirement 139)"),
    (put("links", 0, "appContext", value="x"), "cards[0].links[0]: is absolute and has an appContext (requirement 147)"),
    (put("suggestions", 0, "label", value=...), "cards[0].suggestions[0]: lacks 'label' (requirement 117)"),
    (put("suggestions", 0, "uuid", value="x"), "cards[0].suggestions[0].uuid: is no UUID (requirement 119)"),
    (put("suggestions", 0, "isRecommended", value="yes"), "cards[0].suggestions[0].isRecommended: is no boolean (requirement 121)"),
    (put("suggestions", 0, "actions", value={}), "cards[0].suggestions[0].actions: is no list (requirement 124)"),
    (put(*ACTION, "type", value="patch"), "cards[0].suggestions[0].actions[0].type: is none of create, update, delete (requirement 127)"),
    (put(*ACTION, "description", value=...), "cards[0].suggestions[0].actions[0]: lacks 'description' (requirement 128)"),
    (put(*ACTION, "resource", value=...), "cards[0].suggestions[0].actions[0]: is to create, without a resource (requirement 131)"),
    (put(*ACTION, "resource", value={"id": "x"}), "cards[0].suggestions[0].actions[0].resource: is no FHIR resource: it has no resourceType (requirement 130)"),
    (put(*ACTION, value={"type": "update", "description": "D"}), "cards[0].suggestions[0].actions[0]: is to update, without a resource (requirement 132)"),
    (put(*ACTION, value={"type": "delete", "description": "D", "resource": {"resourceType": "Task"}, "resourceId": "Task/1"}),
     "cards[0].suggestions[0].actions[0]: is to delete, with a resource; the id stands in resourceId (requirement 133)"),
    (put(*ACTION, value={"type": "delete", "description": "D"}), "cards[0].suggestions[0].actions[0]: is to delete, without resourceId (requirement 134)"),
    (put(*ACTION, "resourceId", value=5), "cards[0].suggestions[0].actions[0].resourceId: is no text (requirement 135)"),
    (put("extension", value={"mine": {"a": 1}}), "cards[0].extension.mine: its name is not globally unique, such as a reversed domain name (requirement 215)"),
    (put("extension", value={"org.x": "text"}), "cards[0].extension.org.x: an extension is a JSON object (requirement 214)"),
    (put("priority", value=1), "cards[0].priority: is no element of CDS Hooks; what is added stands in 'extension'"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "says"), VIOLATIONS)
def test_each_violation_of_a_card_is_found(change: Callable[[dict[str, Any]], None], says: str) -> None:
    assert says in bad(change)


def test_several_recommendations_where_one_may_be_chosen() -> None:
    def change(card: dict[str, Any]) -> None:
        card["selectionBehavior"] = "at-most-one"
        card["suggestions"] = [
            {"label": "L", "uuid": f"6f9619ff-8b86-d011-b42d-00cf4fc964f{at}", "isRecommended": True} for at in range(2)
        ]

    assert "cards[0].suggestions: several are recommended, and at most one may be chosen (requirement 122)" in bad(
        change
    )


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (204, None, "the body: the service answered 204, not 200 (requirement 74)"),
        (200, None, "the body: the answer is no object with a list 'cards' (requirement 74)"),
        (200, {"cards": {}}, "the body: the answer is no object with a list 'cards' (requirement 74)"),
        (200, {"cards": ["x"]}, "cards[0]: is no JSON object"),
        (200, {"cards": [], "more": 1}, "more: is no element of an answer (requirement 74)"),
        (200, {"cards": [], "systemActions": 5}, "systemActions: is no list (requirement 75)"),
        (200, {"cards": [], "extension": None}, "extension: is null or empty; leave it out (requirement 3)"),
    ],
)
def test_each_violation_of_an_answer_is_found(status: int, body: Any, says: str) -> None:
    assert says in [str(each) for each in check_response(status, body)]


def test_no_cards_are_allowed() -> None:
    assert check_response(200, {"cards": []}) == []
    assert check_discovery(200, {"services": []}) == []


SERVICE = {"hook": "patient-view", "id": "x", "description": "d", "prefetch": {"p": "Patient/{{context.patientId}}"}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hook": ...}, "services[0]: lacks 'hook' (requirement 7)"),
        ({"description": ...}, "services[0]: lacks 'description' (requirement 9)"),
        ({"id": ...}, "services[0]: lacks 'id' (requirement 10)"),
        ({"title": None}, "services[0].title: is null or empty; leave it out (requirement 3)"),
        ({"prefetch": []}, "services[0].prefetch: is no object (requirement 11)"),
        ({"prefetch": {"p": 5}}, "services[0].prefetch.p: a template is a text (requirement 36)"),
        ({"prefetch": {"p": "Patient/{context.patientId}"}}, "services[0].prefetch.p: a token is delimited by {{ and }} (requirement 55)"),
        ({"prefetch": {"p": "Patient/{{today()}}"}},
         "services[0].prefetch.p: the token 'today()' is neither a root-level field of the context nor a user (requirement 56)"),
        ({"usageRequirements": 1}, "services[0].usageRequirements: is no text (requirement 12)"),
    ],
)  # fmt: skip
def test_each_violation_of_discovery_is_found(change: dict[str, Any], says: str) -> None:
    assert check_discovery(200, {"services": [SERVICE]}) == []
    service = {key: value for key, value in {**SERVICE, **change}.items() if value is not ...}
    assert says in [str(each) for each in check_discovery(200, {"services": [service]})]


@pytest.mark.parametrize(("status", "body"), [(404, {}), (200, []), (200, {}), (200, {"services": {}})])
def test_what_is_no_discovery_document(status: int, body: Any) -> None:
    assert len(check_discovery(status, body)) == 1


def test_a_bad_service_is_told_of_over_http() -> None:
    def answers(asked: httpx.Request) -> httpx.Response:
        if asked.method == "GET":
            return httpx.Response(200, json={"services": [{"hook": "patient-view", "id": "bad", "title": ""}, 7]})
        return httpx.Response(
            200, json={"cards": [{"summary": "\x1b[31mRed" + "x" * 200, "indicator": "red", "source": {}}]}
        )

    with httpx.Client(transport=httpx.MockTransport(answers)) as web:
        wrong, played = play(web, "https://bad.example/", [patient()], "patient-view", [])
    said = list(lines(wrong, played, "patient-view"))
    assert "discovery: services[0]: lacks 'description' (requirement 9)" in said
    assert "discovery: services[1]: is no JSON object" in said
    assert "  not as specified: cards[0].indicator: is none of info, warning, critical (requirement 88)" in said
    assert "as specified" not in said
    assert "\x1b" not in "".join(said)


ODD: list[Any] = [None, 5, True, "", "x", "http://[", "\ud800", [], {}, [5], {"x": 5}, ["\ud800"]]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every node of plain data."""
    yield path
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(value, (*path, key))


def with_odd(node: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    changed = copy.copy(node)
    changed[path[0]] = with_odd(node[path[0]], path[1:], odd)
    return changed


SERVICE = {
    "hook": "patient-view", "id": "s", "title": "t", "description": "d", "prefetch": {"patient": "Patient/{{context.patientId}}"}
}  # fmt: skip
ANSWER = {
    "cards": [
        {
            "uuid": INSTANCE, "summary": "s", "detail": "d", "indicator": "info", "selectionBehavior": "any",
            "source": {"label": "l", "url": "https://x", "topic": {"system": "urn:x", "code": "c"}},
            "suggestions": [{"label": "l", "uuid": INSTANCE, "actions": [{"type": "create", "description": "d", "resource": patient()}]}],
            "overrideReasons": [{"system": "urn:x", "code": "c", "display": "d"}],
            "links": [{"label": "l", "url": "https://x", "type": "absolute"}],
            "extension": {"urn:x": {}},
        }
    ],
    "systemActions": [{"type": "delete", "description": "d", "resourceId": "x"}],
}  # fmt: skip
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": "d"}]}


@pytest.mark.parametrize(
    ("discovered", "answered"),
    [
        pytest.param({"services": [SERVICE]}, None, id="discovery"),
        pytest.param(None, ANSWER, id="answer"),
        pytest.param(None, OUTCOME, id="refusal"),
    ],
)
def test_whatever_shape_comes_back_is_reported(
    discovered: Any, answered: Any, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    whole = discovered or answered
    for path in places(whole):
        for odd in ODD:
            changed = with_odd(whole, path, odd)

            def answers(asked: httpx.Request, changed: Any = changed) -> httpx.Response:
                ours = changed if discovered else {"services": [SERVICE]}
                body = ours if asked.method == "GET" else changed if answered else ANSWER
                return httpx.Response(200, content=json.dumps(body))

            with httpx.Client(transport=httpx.MockTransport(answers)) as web:
                try:
                    wrong, played = play(web, "https://odd.example", [patient()], "patient-view", [])
                except MgcdsError:  # an id of which no URL can be made
                    assert path == ("services", 0, "id"), path
                    continue
            "\n".join(lines(wrong, played, "patient-view")).encode()
            write_json(to_dict(wrong, played))
            assert json.loads(capsysbinary.readouterr().out)


@pytest.mark.parametrize("depth", [500, 100_000])
def test_an_answer_that_is_nested_without_end_is_none(depth: int) -> None:
    def answers(asked: httpx.Request) -> httpx.Response:
        if asked.method == "GET":
            return httpx.Response(200, json={"services": [SERVICE]})
        return httpx.Response(200, content=b'{"cards":' + b"[" * depth + b"]" * depth + b"}")

    with httpx.Client(transport=httpx.MockTransport(answers)) as web:
        wrong, played = play(web, "https://deep.example", [patient()], "patient-view", [])
    assert wrong == []
    assert [str(each) for each in played[0].violations] == [
        "the body: the answer is no object with a list 'cards' (requirement 74)"
    ]


@pytest.mark.parametrize("url", ["http://[", "https://[::1", "http://\ud800.example", "nonsense", "http://x\x00"])
def test_a_url_of_no_service_is_said(url: str) -> None:
    with httpx.Client() as web, pytest.raises(MgcdsError, match="URL"):
        play(web, url, [patient()], "patient-view", [])


@pytest.mark.parametrize("count", ["\u00b2", "9" * 5000, "-1", "x"])
def test_a_count_that_is_none_leaves_nothing_out(count: str) -> None:
    assert len(found(f"Observation?patient=p&_count={count}", observation(EGFR, 25))) == 1


def test_resources_that_are_nested_without_end_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mgcds.cli import main

    deep = '{"a":' * 900 + "1" + "}" * 900
    file = tmp_path / "bundle.json"
    file.write_text(
        f'{{"resourceType": "Bundle", "entry": [{{"resource": {{"resourceType": "Patient", "id": "p", "x": {deep}}}}}]}}'
    )
    with pytest.raises(SystemExit) as stopped:
        main(["hook", "http://127.0.0.1:9", str(file)])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("mgcds: ")


# --- at the command line ------------------------------------------------------------------------------------------------------------


def test_the_command_reads_packed_bundles_and_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mgcds.cli import main

    file = tmp_path / "bundle.json.gz"
    file.write_bytes(gzip.compress(EXTRACT.read_bytes()))
    with pytest.raises(SystemExit) as stopped:
        main(["hook", "http://127.0.0.1:9", str(file)])
    assert stopped.value.code == 2
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param([], "say who may call", id="nobody named"),
        pytest.param(["--no-auth", "--host", "0.0.0.0"], "loopback alone", id="everybody, everywhere"),
        pytest.param(["--no-auth", "--rules", "tests/loading/pack"], "no hooks.yaml", id="a pack that offers nothing"),
    ],
)
def test_serve_refuses_to_begin(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    from mgcds.cli import main

    with pytest.raises(SystemExit) as stopped:
        main(["serve", "--port", str(free_port()), *arguments])
    assert stopped.value.code == 2
    assert says in capsys.readouterr().err
