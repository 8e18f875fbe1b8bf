"""An EHR that signs its tokens, and one that does so wrongly."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from mgcds.service.keys import Client, KnownKeys, read_key_set
from mgcds.service.replay import LocalReplay, Replay
from mgcds.service.tokens import TokenGate

ISSUER, OTHER = "https://ehr.example.org", "https://other.example.org"
URL = "https://cds.example.org/cds-services/mgcds-patient-view"
JKU = "https://ehr.example.org/jwks.json"
NOW = 1_795_258_800  # 2026-11-21T11:00:00Z

EC = ECKey.generate_key("P-384", {"kid": "ec", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS384"})
STRANGER = ECKey.generate_key("P-384", {"kid": "ec"})
SHARED = OctKey.generate_key(384, {"kid": "ec"})


def key_set(*keys: Any) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def gate(replay: Replay | None = None, clock: Callable[[], float] = lambda: NOW, **settings: Any) -> TokenGate:
    """Lets in who signs with EC or RSA; `OTHER` is allowed too, with a key of its own."""
    own = KnownKeys(read_key_set(key_set(EC, RSA)))
    others = KnownKeys(read_key_set(key_set(ECKey.generate_key("P-384", {"kid": "others"}))))
    clients = {ISSUER: Client(ISSUER, own, JKU), OTHER: Client(OTHER, others)}
    return TokenGate(clients, LocalReplay() if replay is None else replay, clock=clock, **settings)


def claims(**changes: Any) -> dict[str, Any]:
    """Good ones; None leaves one out."""
    good = {"iss": ISSUER, "aud": URL, "iat": NOW, "exp": NOW + 120, "jti": str(uuid4())}
    return {name: value for name, value in (good | changes).items() if value is not None}


def encoded(part: Any) -> str:
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(
    header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes, key: Any = EC, alg: str = "ES384"
) -> str:
    """Whatever stands in the header and the payload, signed by that key with that algorithm."""
    text = f"{encoded(header)}.{encoded(payload)}"
    algorithm = jws.JWSRegistry.algorithms[alg]
    return f"{text}.{encoded(algorithm.sign(text.encode(), key))}"


def header(**changes: Any) -> dict[str, Any]:
    good = {"alg": "ES384", "kid": "ec", "typ": "JWT"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def good_token(**changes: Any) -> str:
    return signed(header(), claims(**changes))


def bearer(token: str) -> str:
    return f"Bearer {token}"
