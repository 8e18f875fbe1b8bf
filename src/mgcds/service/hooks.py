"""`respond`: a CDS Hooks request in, a status and a JSON answer out. No network, no clock, no state.

An unusable request gets 400, one whose data are missing 412, each with an OperationOutcome that says what to send. Any fault of the
evaluation gets 200 with a card that says so: care is never blocked, and silence is never taken for an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mgcds.evaluator import evaluate
from mgcds.fhir import read_bundle
from mgcds.fhir.drafts import drafts_of
from mgcds.fhir.wire import unversioned
from mgcds.model.assessment import Assessment
from mgcds.model.hooks import Hook
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord, Rejected
from mgcds.service.advice import Inputs, fingerprint
from mgcds.service.cards import ASSESSMENT, Call, Drafts, cards_of, nothing_evaluated, recorded_as_deceased
from mgcds.service.orders import Orders, read_orders
from mgcds.service.ports import Evaluate, Refused, Said
from mgcds.service.prefetch import Delivered, deliver, templates
from mgcds.service.speaking import can_speak, hooks_of, speaking, unknown_safety

SPECIFICATION = "2.0"
_LONGEST_ID = 200
_USE = (
    "Prefetch data have to come with the request: this service does not fetch from FHIR servers. Adults, outpatients. "
    "For health professionals: options, never orders."
)


class Deceased(Exception):
    """The patient is recorded as deceased, and nothing is evaluated."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body, and of what was said that which a log may keep. `problem`: the kind of fault, or ''."""

    status: int
    body: dict[str, Any]
    hook_instance: str = ""
    fingerprint: str = ""
    said: tuple[Said, ...] = ()
    problem: str = ""
    pack: tuple[str, str] = ("", "")
    """version and digest of the pack that answered"""


def discovery(pack: RulePack) -> dict[str, Any]:
    """The services of a pack. `version` and `hookVersion` are of CDS Hooks 3.0; clients of 2.0 pass over them."""
    return {
        "services": [
            {
                "hook": hook.hook, "id": hook.id, "title": hook.title, "description": hook.description,
                "prefetch": templates(hook, pack), "usageRequirements": _USE, "version": pack.version, "hookVersion": "1.0",
            }
            for hook in hooks_of(pack).services
        ]
    }  # fmt: skip


def respond(
    request: Any, service: str, pack: RulePack, on: date, evaluate: Evaluate = evaluate, drafts: Drafts = drafts_of
) -> tuple[int, dict[str, Any]]:
    """Answer one call of a service. The request is JSON as read, numbers as Decimal where they are to be exact; the values of its prefetch
    may be JSON still (`msgspec.Raw`).
    """
    found = answer(request, service, pack, on, evaluate, drafts)
    return found.status, found.body


def answer(
    request: Any, service: str, pack: RulePack, on: date, evaluate: Evaluate = evaluate, drafts: Drafts = drafts_of
) -> Answer:
    """The same, with what a log may keep of it."""
    try:
        return _answer(request, checked(request, service, pack), pack, on, evaluate, drafts)
    except Deceased:
        return Answer(200, {"cards": [recorded_as_deceased(_hook_instance(request))]}, _hook_instance(request))
    except Refused as refused:
        return Answer(refused.status, operation_outcome([refused.what]), _hook_instance(request))
    except Exception as fault:  # whatever it is: care goes on, and it is said that nothing was evaluated
        return not_answered(request, fault)


def not_answered(request: Any, fault: BaseException) -> Answer:
    """The answer where something failed: of the fault only its kind, which holds no value of the record."""
    hook_instance, kind = _hook_instance(request), type(fault).__name__
    return Answer(200, {"cards": [nothing_evaluated(hook_instance, kind)]}, hook_instance, problem=kind)


def _hook_instance(request: Any) -> str:
    """The id of the call as far as it has one."""
    given = request.get("hookInstance") if isinstance(request, Mapping) else None
    return given if isinstance(given, str) and len(given) <= _LONGEST_ID else ""


def checked(request: Any, service: str, pack: RulePack) -> Hook:
    """The hook a call is for. Refused(404) where there is no such service, Refused(400) where the request cannot be used."""
    hook = service_of(service, pack)
    _check(request, hook)
    return hook


def service_of(service: str, pack: RulePack) -> Hook:
    """The hook of a service id. Refused(404) where there is none."""
    for hook in hooks_of(pack).services:
        if hook.id == service:
            return hook
    raise Refused(404, "no service has this id; /cds-services lists those there are")


def operation_outcome(problems: Iterable[str], code: str = "invalid", where: Iterable[str] = ()) -> dict[str, Any]:
    """What is wrong, one issue each; `where` names the element each is about."""
    places = list(where)
    issues = []
    for position, problem in enumerate(problems):
        at = {"expression": [places[position]]} if places else {}
        issues.append({"severity": "error", "code": code, "diagnostics": problem, **at})
    return {"resourceType": "OperationOutcome", "issue": issues}


# --- the request ------------------------------------------------------------------------------------------------------------------


def _check(request: Any, hook: Hook) -> None:
    """Refused(400) where the request cannot be used. What is not used is not asked for: no care is held up by it."""
    if not isinstance(request, Mapping):
        raise Refused(400, "the body is no JSON object; send hook, hookInstance, context and prefetch")
    if request.get("hook") != hook.hook:
        raise Refused(400, f"'hook' is not '{hook.hook}', for which this service is; discovery names the hook of each")
    _text(request, "hookInstance", "hookInstance", "a UUID for this call")
    context = request.get("context")
    if not isinstance(context, Mapping):
        raise Refused(400, "'context' is no JSON object; send at least context.patientId")
    _text(context, "patientId", "context.patientId", "the FHIR id of the patient")
    if hook.about_orders and not isinstance(context.get("draftOrders"), Mapping | list):
        raise Refused(400, "'context.draftOrders' is no Bundle; send the draft orders")
    if request.get("prefetch") is not None and not isinstance(request["prefetch"], Mapping):
        raise Refused(400, "'prefetch' is no JSON object; send the keys of the discovery document")


def _text(node: Mapping[str, Any], key: str, where: str, what: str) -> None:
    found = node.get(key)
    if not isinstance(found, str) or not found.strip() or len(found) > _LONGEST_ID:
        raise Refused(400, f"'{where}' is missing or no text; send {what}")


def _patient(request: Mapping[str, Any]) -> str:
    """A reference; clients send the id, and some the reference itself, with its version."""
    return f"Patient/{unversioned(request['context']['patientId'].strip()).removeprefix('Patient/')}"


# --- the answer -------------------------------------------------------------------------------------------------------------------


def _answer(
    request: Mapping[str, Any], hook: Hook, pack: RulePack, on: date, evaluate: Evaluate, drafts: Drafts
) -> Answer:
    hook_instance = request["hookInstance"]
    assessed = assess_request(request, hook, pack, on, evaluate)
    if isinstance(assessed, Answer):
        return assessed
    record, assessment, orders, not_given = assessed
    speaks = speaking(hook, pack, assessment.facts, orders.about)
    until = on if hook.about_orders else None  # what is being ordered is ordered today, or not
    inputs = inputs_of(request, record, orders, pack, on)
    call = Call(hook_instance, _patient(request), assessment, inputs, hooks_of(pack), drafts, not_given, until)
    unknown = list(unknown_safety(pack, assessment.verdicts.rules, speaks))
    if not hook.about_orders and assessment.verdicts.findings[call.hooks.unless_known_not] is False:
        unknown = []
    spoken = cards_of(call, speaks, unknown)
    whole = fingerprint([rule.id for rule in can_speak(hook, pack)], inputs)
    about = {
        "pack": {"name": pack.name, "version": pack.version, "digest": pack.digest},
        "evaluated": on.isoformat(), "fingerprint": whole, **({"notGiven": list(not_given)} if not_given else {}),
    }  # fmt: skip
    body = {"cards": spoken.cards, "extension": {ASSESSMENT: about}}
    return Answer(200, body, hook_instance, whole, tuple(spoken.said), pack=(pack.version, pack.digest))


def inputs_of(request: Mapping[str, Any], record: PatientRecord, orders: Orders, pack: RulePack, on: date) -> Inputs:
    """What the advice of a call rests on: the record, whose it is, and what is being ordered."""
    return Inputs(record, pack, on, _patient(request), orders.about)


def assess_request(
    request: Mapping[str, Any], hook: Hook, pack: RulePack, on: date, evaluate: Evaluate
) -> tuple[PatientRecord, Assessment, Orders, tuple[str, ...]] | Answer:
    """The record with what is being ordered in it, its assessment, and the keys that were not given. An Answer where nothing is to be
    assessed: no medicine is being ordered, or data are missing (412). Deceased where the Patient is recorded as that.
    """
    patient = _patient(request)
    orders = read_orders(request["context"], patient, pack, on) if hook.about_orders else Orders((), ())
    if hook.about_orders and not orders.about:
        return Answer(200, {"cards": []}, request["hookInstance"])
    delivered = _delivered(request, hook, pack)
    if keys := delivered.missing:
        what = [
            f"prefetch '{key}' was not given; send what its template asks for, or null where there is none"
            for key in keys
        ]
        outcome = operation_outcome(what, "required", [f"prefetch.{key}" for key in keys])
        return Answer(412, outcome, request["hookInstance"])
    reading = read_bundle([*delivered.content, *orders.resources], pack, on)
    if reading.deceased:
        raise Deceased
    record = _without(delivered.unknown, reading.record)
    return record, evaluate(record, pack, on), orders, delivered.not_given


def _without(unknown: Mapping[str, str], record: PatientRecord) -> PatientRecord:
    """The record, in which what may stand in what was not given is not known: neither whole lists, nor which result is the newest."""
    if not unknown:
        return record
    rejected = [Rejected(field=item, why=why) for item, why in unknown.items()]
    return record.model_copy(update={"rejected": (*record.rejected, *rejected)})


def _delivered(request: Mapping[str, Any], hook: Hook, pack: RulePack) -> Delivered:
    """Refused(400) where the Patient that came is another than the one the call is about."""
    prefetch = request.get("prefetch") or {}
    delivered = deliver(prefetch, hook, pack, _patient(request).removeprefix("Patient/"))
    whose = delivered.content[0]
    if (
        not isinstance(whose, dict)
        or whose.get("resourceType") != "Patient"
        or whose.get("id") != _patient(request).removeprefix("Patient/")
    ):
        raise Refused(400, "the Patient of the prefetch is not the one of context.patientId: nothing is evaluated")
    return delivered
