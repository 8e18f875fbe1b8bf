"""Signed tokens (JWT) as CDS Hooks 2.0 asks for them, section Trusting CDS Clients.

Everything a token says is checked before it is believed: the issuer is on the allow-list, the algorithm is one of two, the key is the
issuer's own and of that algorithm's type, the audience is exactly the URL called, it is neither old nor used before. A bad token gets
a bare 401; why is counted, and neither the token nor any part of it is kept, logged or sent back.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Literal

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from mgcds.service.keys import ALGORITHMS, Client
from mgcds.service.ports import Caller, Refused
from mgcds.service.replay import Replay

Why = Literal[
    "absent", "form", "header", "algorithm", "issuer", "jku", "key", "signature", "claims", "audience", "time",
    "replayed", "crowded", "fault",
]  # fmt: skip

_MOST_BYTES = 8192
_MOST_OF_AN_ID = 256
_REFUSED_HEADERS = frozenset(("jwk", "x5u", "x5c", "crit", "b64", "zip", "enc"))
"""Headers that bring their own key or change what is signed."""


class _Bad(Exception):
    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class _Registry(jws.JWSRegistry):
    max_header_length = _MOST_BYTES  # of the whole token, checked before


class NoGate:
    """Lets everybody in: for trying out on loopback, see Settings."""

    waits = False

    def admit(self, authorization: str | None, audience: str) -> Caller:
        """See Gate."""
        return Caller()


class TokenGate:
    """A Gate that asks for a signed token. `refusals` counts why tokens were refused.

    `lifetime` is the longest a token may live, `leeway` how far two clocks may be apart, both in seconds.
    """

    waits = True

    def __init__(
        self,
        clients: Mapping[str, Client],
        replay: Replay,
        lifetime: int = 300,
        leeway: int = 30,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clients, self._replay, self._clock = clients, replay, clock
        self._lifetime, self._leeway = lifetime, leeway
        self._counting = Lock()
        self._refusals: Counter[Why] = Counter()

    @property
    def refusals(self) -> dict[str, int]:
        """How often a token was refused, by why."""
        with self._counting:
            return {str(why): times for why, times in self._refusals.items()}

    def admit(self, authorization: str | None, audience: str) -> Caller:
        """See Gate. Whatever goes wrong here refuses."""
        try:
            return self._admit(authorization, audience)
        except _Bad as bad:
            why = bad.why
        except Exception:
            why = "fault"
        with self._counting:
            self._refusals[why] += 1
        raise Refused(401, "")

    def _admit(self, authorization: str | None, audience: str) -> Caller:
        token = _bearer(authorization)
        header, claims = _parts(token)
        alg, kid = _checked_header(header)
        client = self._client(claims, header)
        key = client.keys.find(kid, alg)
        if key is None:
            raise _Bad("key")
        try:
            jws.deserialize_compact(token, key, registry=_Registry(algorithms=[alg], strict_check_header=False))
        except (JoseError, ValueError, TypeError):
            raise _Bad("signature") from None
        expires = self._checked_claims(claims, audience)
        self._use_once(client, claims["jti"], expires)
        return Caller(client.issuer, claims.get("tenant", ""))

    def _client(self, claims: Mapping[str, Any], header: Mapping[str, Any]) -> Client:
        issuer = claims.get("iss")
        client = self._clients.get(issuer) if isinstance(issuer, str) else None
        if client is None:
            raise _Bad("issuer")
        if "jku" in header and (client.jku is None or header["jku"] != client.jku):
            raise _Bad("jku")
        return client

    def _checked_claims(self, claims: Mapping[str, Any], audience: str) -> float:
        """When it expires."""
        said = claims.get("aud")
        if said != audience and not (isinstance(said, list) and audience in said):
            raise _Bad("audience")
        jti, tenant = claims.get("jti"), claims.get("tenant", "")
        if not isinstance(jti, str) or not 0 < len(jti) <= _MOST_OF_AN_ID:
            raise _Bad("claims")
        if not isinstance(tenant, str) or len(tenant) > _MOST_OF_AN_ID:
            raise _Bad("claims")
        issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
        now = self._clock()
        if issued > now + self._leeway or expires <= now - self._leeway or not 0 < expires - issued <= self._lifetime:
            raise _Bad("time")
        if "nbf" in claims and _moment(claims, "nbf") > now + self._leeway:
            raise _Bad("time")
        return expires + self._leeway

    def _use_once(self, client: Client, jti: str, expires: float) -> None:
        match self._replay.use(client.issuer, jti, expires, self._clock()):
            case "again":
                raise _Bad("replayed")
            case "full":
                raise _Bad("crowded")
            case "first":
                pass


def _bearer(authorization: str | None) -> bytes:
    if not authorization:
        raise _Bad("absent")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > _MOST_BYTES or not token.isascii():
        raise _Bad("form")
    return token.encode("ascii")


def _parts(token: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, not yet believed."""
    try:
        header, claims, _ = token.split(b".")
        return _json_object(header), _json_object(claims)
    except (ValueError, RecursionError):
        raise _Bad("form") from None


def _json_object(part: bytes) -> dict[str, Any]:
    found = json.loads(urlsafe_b64decode(part), object_pairs_hook=_once_each, parse_constant=_no_constant)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values of one claim: who reads which is a way in."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a doubled name")
    return found


def _no_constant(text: str) -> float:
    raise ValueError("NaN and Infinity are no JSON")


def _checked_header(header: Mapping[str, Any]) -> tuple[str, str]:
    """Algorithm and key id."""
    if _REFUSED_HEADERS & header.keys():
        raise _Bad("header")
    alg, kid, typ = header.get("alg"), header.get("kid"), header.get("typ")
    if alg not in ALGORITHMS:
        raise _Bad("algorithm")
    if not isinstance(kid, str) or not 0 < len(kid) <= _MOST_OF_AN_ID or typ != "JWT":
        raise _Bad("header")
    return str(alg), kid


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise _Bad("claims")
    return float(value)
