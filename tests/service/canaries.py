"""Two hundred invented values, each told apart from all that logs, rows and messages have of their own; and requests full of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

from tests.service.asking import LOINC, RXNORM, bundle, keys_of

COUNT = 200


class Canaries:
    """Makes them, and knows those it made."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self._numbers = count(1)

    def word(self, kind: str) -> str:
        return self.known(f"Kanari{kind}{next(self._numbers):03d}Vogel")

    def number(self, near: float) -> float:
        """A plausible value with digits of its own."""
        text = f"{near}{next(self._numbers):03d}7193"
        self.known(text)
        return float(text)

    def day(self) -> str:
        return self.known((date(1933, 1, 1) + timedelta(days=next(self._numbers) * 97)).isoformat())

    def known(self, text: str) -> str:
        """One that was made elsewhere."""
        self.made.append(text)
        return text


def coding(of: Canaries, system: str) -> dict[str, str]:
    return {"system": system, "code": of.word("Code"), "display": of.word("Anzeige")}


def observation(of: Canaries, code: str, near: float, unit: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": of.word("Obs"), "status": "final", "effectiveDateTime": "2026-11-15T09:41:00Z",
        "code": {"coding": [{"system": LOINC, "code": code}], "text": of.word("Titel")},
        "valueQuantity": {"value": of.number(near), "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"},
        "note": [{"text": of.word("Notiz")}], "identifier": [{"value": of.word("Nr")}],
        "performer": [{"display": of.word("Labor")}],
    }  # fmt: skip


def patient(of: Canaries, ident: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient", "id": ident, "gender": "male", "birthDate": of.day(),
        "name": [{"family": of.word("Name"), "given": [of.word("Vorname")]}],
        "identifier": [{"system": "urn:mrn", "value": of.word("Akte")}],
        "telecom": [{"value": of.word("Telefon")}], "address": [{"line": [of.word("Strasse")], "city": of.word("Ort")}],
    }  # fmt: skip


def medicine(of: Canaries) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest", "id": of.word("Med"), "status": "active", "intent": "order", "authoredOn": of.day(),
        "medicationCodeableConcept": {"text": of.word("Mittel"), "coding": [coding(of, RXNORM)]},
        "dosageInstruction": [{"text": of.word("Dosis")}], "note": [{"text": of.word("Vermerk")}],
    }  # fmt: skip


def condition(of: Canaries) -> dict[str, Any]:
    return {
        "resourceType": "Condition", "id": of.word("Diag"), "clinicalStatus": {"coding": [{"code": "active"}]},
        "onsetDateTime": of.day(), "code": {"text": of.word("Leiden"), "coding": [coding(of, "http://snomed.info/sct")]},
    }  # fmt: skip


def whole_request(of: Canaries, hook: str = "patient-view") -> dict[str, Any]:
    """A request that is answered, full of canaries."""
    ident = of.word("Patient")
    mine = {"subject": {"reference": f"Patient/{ident}"}}
    results = {
        "egfr": observation(of, "33914-3", 25.0, "mL/min/{1.73_m2}"), "serumMagnesium": observation(of, "19123-9", 1.0, "mg/dL"),
        "potassium": observation(of, "2823-3", 3.0, "mmol/L"), "qtc": observation(of, "8636-3", 471.0, "ms"),
    }  # fmt: skip
    prefetch: dict[str, Any] = dict.fromkeys(keys_of(hook))
    prefetch |= {key: bundle({**each, **mine}) for key, each in results.items() if key in prefetch}
    prefetch["medicationRequests"] = bundle(*({**medicine(of), **mine} for _ in range(4)))
    prefetch["conditions"] = bundle(*({**condition(of), **mine} for _ in range(4)))
    prefetch["patient"] = patient(of, ident)
    prefetch[of.word("Schluessel")] = {"resourceType": "OperationOutcome", "text": of.word("Fehler")}
    context: dict[str, Any] = {
        "patientId": ident,
        "userId": f"Practitioner/{of.word('Arzt')}",
        "encounterId": of.word("Fall"),
    }
    if hook.startswith("order-"):
        context["draftOrders"] = bundle({**medicine(of), "status": "draft", **mine}, type="collection")
        context["selections"] = [f"MedicationRequest/{of.word('Wahl')}"]
    return {
        "hook": hook, "hookInstance": of.word("Aufruf"), "context": context, "prefetch": prefetch,
        "fhirServer": f"https://{of.word('Server')}.example/fhir",
        "fhirAuthorization": {"access_token": of.word("Zugang"), "token_type": "Bearer", "scope": of.word("Scope")},
    }  # fmt: skip


def broken_bodies(of: Canaries, request: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Requests that cannot be answered, by what is wrong with them."""

    def changed(**changes: Any) -> bytes:
        return json.dumps({**request, **changes}).encode()

    whole = json.dumps(request).encode()
    yield "cut off", whole[:-20]
    yield "followed by more", whole + of.word("Rest").encode()
    yield "a text", json.dumps(of.word("Text")).encode()
    yield "a list", json.dumps([of.word("Liste")]).encode()
    yield "no UTF-8", whole.replace(b"Kanari", b"\xff\xfeKanari", 1)
    yield "another hook", changed(hook=of.word("Hook"))
    yield "no context", changed(context=of.word("Kontext"))
    yield "another patient", changed(context={**request["context"], "patientId": of.word("Fremd")})
    yield "no prefetch", changed(prefetch={of.word("Leer"): None})
    yield "a prefetch that is a text", changed(prefetch=of.word("Vorab"))
    yield "a number for a name", changed(hookInstance=of.number(5.0))
    yield "too deep", changed(context={of.word("Tief"): json.loads("[" * 90 + "]" * 90)})
    yield "too large", changed(extension={"padding": of.word("Gross") * 400_000})
    yield (
        "an outcome for the patient",
        changed(prefetch={"patient": {"resourceType": "OperationOutcome", "text": of.word("Kein")}}),
    )


def feedback_bodies(of: Canaries, uuid: str) -> Iterator[bytes]:
    """Feedback that is taken, and that is not."""
    good = {
        "card": uuid, "outcome": "overridden", "outcomeTimestamp": "2026-11-21T10:00:00Z",
        "overrideReason": {"reason": {"system": of.word("System"), "code": of.word("Grund")}, "userComment": of.word("Kommentar")},
    }  # fmt: skip
    accepted = {"card": of.word("Karte"), "outcome": "accepted", "outcomeTimestamp": "2026-11-21T10:00:00Z",
                "acceptedSuggestions": [{"id": of.word("Vorschlag")}]}  # fmt: skip
    yield json.dumps({"feedback": [good, accepted]}).encode()
    yield json.dumps({"feedback": [{**good, "outcome": of.word("Ausgang")}]}).encode()
    yield json.dumps({"feedback": of.word("Rueck")}).encode()
    yield json.dumps({"feedback": [{**good, "outcomeTimestamp": of.word("Zeit")}]}).encode()
