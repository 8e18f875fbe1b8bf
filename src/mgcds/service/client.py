"""`mgcds hook`: plays an EHR against any CDS Hooks service, and holds what comes back against the specification."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from mgcds.errors import MgcdsError, RecordError, SettingsError
from mgcds.printing import visible
from mgcds.service.checks import Violation, check_discovery, check_response
from mgcds.service.ehr import Resource, prefetched
from mgcds.service.limits import nested_at_most

Authorize = Callable[[str], str]
"""URL that is called → the value of the Authorization header"""
SECONDS = 30.0
"""how long an EHR of this kind waits"""
_TOKEN_SECONDS = 60
_DEEPEST = 200
"""nesting of an answer that is looked at; what is deeper counts as no JSON"""
_USER = "Practitioner/mgcds-hook"


@dataclass(slots=True)
class Played:
    """One call: what was sent, what came back and what is wrong with it."""

    service: str
    hook: str
    sent: dict[str, Any]
    left_out: dict[str, str]
    status: int
    answer: Any
    seconds: float
    violations: list[Violation] = field(default_factory=list)


def signing(key_file: Path, issuer: str) -> Authorize:
    """Signs a fresh token for each call with a private JWK (EC P-384 or RSA). SettingsError where the file holds none."""
    try:
        data = json.loads(key_file.read_bytes())
        alg = {"EC": "ES384", "RSA": "RS384"}[data["kty"]]
        key = JWKRegistry.import_key(data)
        header = {"alg": alg, "typ": "JWT", "kid": data["kid"]}
        jwt.encode(header, {}, key, algorithms=[alg])
    except OSError as error:
        raise SettingsError(f"the key file cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, JoseError):
        raise SettingsError("the key file is no private JWK of EC P-384 or RSA, with a 'kid'") from None

    def authorize(url: str) -> str:
        now = int(time.time())
        claims = {"iss": issuer, "aud": url, "iat": now, "exp": now + _TOKEN_SECONDS, "jti": str(uuid.uuid4())}
        return f"Bearer {jwt.encode(header, claims, key, algorithms=[alg])}"

    return authorize


def resources_of(content: Any) -> list[Resource]:
    """The resources of a Bundle, or of a list of resources. RecordError where it is neither."""
    if isinstance(content, dict) and content.get("resourceType") == "Bundle":
        found = [each.get("resource") for each in _listed(content.get("entry")) if isinstance(each, dict)]
    else:
        found = content if isinstance(content, list) else [content]
    resources = [each for each in found if isinstance(each, dict) and isinstance(each.get("resourceType"), str)]
    if not resources:
        raise RecordError("holds no FHIR resource; give a Bundle")
    return resources


def patient_of(resources: list[Resource]) -> str:
    """The id of the one Patient. RecordError where there is none or more than one."""
    ids = {each["id"] for each in resources if each["resourceType"] == "Patient" and isinstance(each.get("id"), str)}
    if len(ids) != 1:
        raise RecordError(f"holds {len(ids)} patients with an id; give a Bundle of one")
    return str(next(iter(ids)))


def play(
    client: httpx.Client,
    url: str,
    resources: list[Resource],
    hook: str,
    orders: list[Resource],
    authorize: Authorize | None = None,
) -> tuple[list[Violation], list[Played]]:
    """Discovery, then one call of each service of the hook. MgcdsError where the service cannot be reached at all."""
    base = url.rstrip("/").removesuffix("/cds-services")
    status, document, _ = _send(client, "GET", f"{base}/cds-services", None, authorize)
    violations = check_discovery(status, document)
    services = document.get("services") if isinstance(document, dict) else None
    wanted = [
        each
        for each in _listed(services)
        if isinstance(each, dict) and each.get("hook") == hook and isinstance(each.get("id"), str)
    ]
    return violations, [_call(client, base, service, resources, orders, authorize) for service in wanted]


def _call(
    client: httpx.Client, base: str, service: dict[str, Any], resources: list[Resource], orders: list[Resource],
    authorize: Authorize | None,
) -> Played:  # fmt: skip
    context = _context(service["hook"], patient_of(resources), orders)
    templates = service.get("prefetch")
    templates = (
        {key: text for key, text in templates.items() if isinstance(text, str)} if isinstance(templates, dict) else {}
    )
    found, left_out = prefetched(templates, resources, context)
    request = {"hook": service["hook"], "hookInstance": str(uuid.uuid4()), "context": context}
    request |= {"prefetch": found} if found else {}
    status, answer, seconds = _send(client, "POST", f"{base}/cds-services/{service['id']}", request, authorize)
    violations = check_response(status, answer)
    return Played(service["id"], service["hook"], request, left_out, status, answer, seconds, violations)


def _context(hook: str, patient: str, orders: list[Resource]) -> dict[str, Any]:
    context: dict[str, Any] = {"userId": _USER, "patientId": patient}
    if hook.startswith("order-"):
        drafts = [{**each, "id": each.get("id") or f"draft-{position}"} for position, each in enumerate(orders)]
        context["draftOrders"] = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": each} for each in drafts],
        }
        if hook == "order-select":
            context["selections"] = [f"{each['resourceType']}/{each['id']}" for each in drafts]
    return context


def _send(
    client: httpx.Client, method: str, url: str, body: Any, authorize: Authorize | None
) -> tuple[int, Any, float]:
    if not url.lower().startswith(("http://", "https://")):
        raise MgcdsError("the URL of a service begins with https:// or http://")
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if authorize is not None:
        headers["Authorization"] = authorize(url)
    try:
        content = None if body is None else json.dumps(body, default=_number)
    except RecursionError:
        raise RecordError("the resources are nested too deep to be sent") from None
    begun = time.perf_counter()
    try:
        answer = client.request(method, url, content=content, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: half a character, say
        raise MgcdsError(f"the service cannot be reached at this URL ({type(error).__name__})") from None
    try:
        found = answer.json() if nested_at_most(answer.content, _DEEPEST) else None
    except (ValueError, RecursionError):
        found = None
    return answer.status_code, found, time.perf_counter() - begun


def to_dict(violations: list[Violation], played: list[Played]) -> dict[str, Any]:
    """The same for programs: what is wrong, and each answer whole."""
    calls = [
        {
            "service": each.service, "hook": each.hook, "status": each.status, "seconds": each.seconds, "leftOut": each.left_out,
            "answer": each.answer, "violations": [str(wrong) for wrong in each.violations],
        }
        for each in played
    ]  # fmt: skip
    return {"discovery": [str(wrong) for wrong in violations], "calls": calls}


def _number(value: Any) -> int | float:
    """A Decimal as JSON. What a client of this kind sends is as exact as its own JSON is."""
    return float(value)


def lines(violations: list[Violation], played: list[Played], hook: str) -> Iterator[str]:
    """What was found, for a person."""
    yield from (f"discovery: {visible(str(each))}" for each in violations)
    if not played:
        yield f"no service for the hook {visible(hook)}"
    for each in played:
        yield f"{visible(each.service)} ({visible(each.hook)}): {each.status} in {each.seconds * 1000:.0f} ms"
        yield from (f"  left out: {visible(key)}: {visible(why)}" for key, why in each.left_out.items())
        yield from _card_lines(each.answer)
        yield from (f"  not as specified: {visible(str(wrong))}" for wrong in each.violations)
        if not each.violations:
            yield "  as specified"


def _card_lines(answer: Any) -> Iterator[str]:
    cards = answer.get("cards") if isinstance(answer, dict) else None
    if isinstance(answer, dict) and answer.get("resourceType") == "OperationOutcome":
        for issue in _listed(answer.get("issue")):
            yield f"  {visible(str(issue.get('diagnostics') if isinstance(issue, dict) else issue))}"
    if cards == []:
        yield "  no cards"
    for card in _listed(cards):
        if isinstance(card, dict):
            yield f"  [{visible(str(card.get('indicator')))}] {visible(str(card.get('summary')))}"
            for suggestion in _listed(card.get("suggestions")):
                yield f"      option: {visible(str(suggestion.get('label') if isinstance(suggestion, dict) else suggestion))}"


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []
