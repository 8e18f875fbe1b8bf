"""Who may call, and with which keys: the allow-list of issuers and their JWK Sets (RFC 7517).

A key set is a file, or the one URL that the allow-list names for its issuer. No other URL is ever asked, whatever a token says.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from mgcds.errors import SettingsError

ALGORITHMS = ("ES384", "RS384")
"""What CDS Hooks 2.0 recommends. Never `none`, never a symmetric one, and each with its own type of key alone."""

Key = ECKey | RSAKey

_MOST_BYTES = 65_536
_MOST_KEYS = 50
_SECONDS = 2.0
_FRESH = 3600.0
_USABLE = 86_400.0
_BETWEEN_TRIES = 30.0
_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))


class KeySource(Protocol):
    """Where the public keys of one issuer are found."""

    def find(self, kid: str, alg: str) -> Key | None:
        """The key of this id, if it is one of this algorithm."""


@dataclass(frozen=True, slots=True)
class Client:
    """One issuer that may call. A token may name `jku` as its key set, or none."""

    issuer: str
    keys: KeySource
    jku: str | None = None


def is_loopback(host: str) -> bool:
    """Does this name or address stay on this machine? A name other than localhost never counts: who resolves it is unknown."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def read_key_set(content: bytes | str) -> dict[tuple[str, str], Key]:
    """The public keys of a JWK Set that can verify, by id and algorithm. ValueError where the set as a whole cannot be trusted:
    not JSON, a doubled id, a private or symmetric key in it. A key of another kind (a different curve, for encryption) is left out.
    """
    given = json.loads(content)
    listed = given.get("keys") if isinstance(given, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ValueError(f"a JWK Set has 'keys', a list of at most {_MOST_KEYS}")
    if not all(isinstance(data, dict) for data in listed):
        raise ValueError("each of 'keys' is an object")
    if any(_PRIVATE & data.keys() or data.get("kty") == "oct" for data in listed):
        raise ValueError("holds a private or symmetric key; publish the public keys only")
    named = [data for data in listed if isinstance(data.get("kid"), str) and data["kid"]]
    if len({data["kid"] for data in named}) < len(named):
        raise ValueError("has two keys with the same 'kid'")
    keys = {(data["kid"], alg): _usable(data, alg) for data in named for alg in ALGORITHMS}
    return {name: key for name, key in keys.items() if key is not None}


def _usable(data: Mapping[str, Any], alg: str) -> Key | None:
    """The key, if it may verify signatures of this algorithm."""
    if (
        data.get("alg", alg) != alg
        or data.get("use", "sig") != "sig"
        or "verify" not in data.get("key_ops", ("verify",))
    ):
        return None
    try:
        key = JWKRegistry.import_key(dict(data))
        if alg == "ES384" and isinstance(key, ECKey) and key.curve_name == "P-384":
            return key
        if alg == "RS384" and isinstance(key, RSAKey) and key.public_key.key_size >= 2048:
            return key
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return None


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """Keys that were exchanged beforehand, in a file."""

    known: Mapping[tuple[str, str], Key]

    def find(self, kid: str, alg: str) -> Key | None:
        """See KeySource."""
        return self.known.get((kid, alg))


class FetchedKeys:
    """Keys behind the one allowed URL of an issuer, asked for when an unknown id comes or an hour has passed, and at most twice a
    minute. While the URL is out of order, what was last fetched counts for a day.
    """

    def __init__(
        self, url: str, fetch: Callable[[str], bytes] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url, self._fetch, self._clock = url, fetch or fetch_key_set, clock
        self._known: dict[tuple[str, str], Key] = {}
        self._fetched = self._tried = float("-inf")
        self._lock = threading.Lock()

    def find(self, kid: str, alg: str) -> Key | None:
        """See KeySource. Waits for at most one fetch; other callers meanwhile take what is there, and wait where nothing is."""
        now = self._clock()
        key = self._known.get((kid, alg))
        if key is None or now - self._fetched > _FRESH:
            self._refresh(now)
            key = self._known.get((kid, alg))
        return key if self._clock() - self._fetched <= _USABLE else None

    def _refresh(self, now: float) -> None:
        nothing_to_go_by = not self._known or now - self._fetched > _USABLE
        if not self._lock.acquire(blocking=nothing_to_go_by):
            return
        try:
            if now - self._tried <= _BETWEEN_TRIES:
                return
            self._tried = now
            try:
                self._known = read_key_set(self._fetch(self._url))
                self._fetched = now
            except (OSError, ValueError, RecursionError):
                return  # what is known goes on; the gate counts the refusals that follow
        finally:
            self._lock.release()


def fetch_key_set(url: str) -> bytes:
    """The bytes behind a URL: no redirect, no proxy of the environment, 64 kB and two seconds at most. OSError otherwise."""
    import httpx

    until = time.monotonic() + _SECONDS
    content = b""
    try:
        with (
            httpx.Client(follow_redirects=False, trust_env=False, timeout=_SECONDS) as client,
            client.stream("GET", url, headers={"Accept": "application/json", "Accept-Encoding": "identity"}) as answer,
        ):
            if answer.status_code != 200:
                raise OSError("no key set there")
            for part in answer.iter_raw(8192):
                content += part
                if len(content) > _MOST_BYTES or time.monotonic() > until:
                    raise OSError("too large or too slow for a key set")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(type(error).__name__) from None
    return content


def read_clients(path: Path) -> dict[str, Client]:
    """The allow-list: `{"clients": [{"issuer": …, "keys": FILE, "jku": URL}]}`, each with `keys` (beside the list) or `jku`, or both.

    With both, the file counts and the URL may stand in tokens. SettingsError says what to write instead.
    """
    try:
        given = json.loads(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"the list of clients, {path}, cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise SettingsError(f"{path.name}: is not valid JSON") from None
    listed = given.get("clients") if isinstance(given, dict) else None
    if not isinstance(listed, list) or not listed:
        raise SettingsError(f'{path.name}: write {{"clients": [{{"issuer": …, "keys": …}}]}}')
    clients: dict[str, Client] = {}
    for place, entry in enumerate(listed, 1):
        client = _read_client(entry, path, f"{path.name}: client {place}")
        if client.issuer in clients:
            raise SettingsError(f"{path.name}: client {place} has an issuer that stands above; keep one")
        clients[client.issuer] = client
    return clients


def _read_client(entry: Any, path: Path, where: str) -> Client:
    if not isinstance(entry, dict) or not entry.keys() <= {"issuer", "keys", "jku"}:
        raise SettingsError(f"{where}: takes issuer, keys and jku")
    issuer, keys, jku = entry.get("issuer"), entry.get("keys"), entry.get("jku")
    if not isinstance(issuer, str) or not issuer:
        raise SettingsError(f"{where}: needs its issuer, as the 'iss' of its tokens says it")
    if jku is not None and not _may_be_asked(jku):
        raise SettingsError(f"{where}: jku is an https URL without a user name; http on loopback only")
    if keys is None:
        if jku is None:
            raise SettingsError(f"{where}: needs keys (a JWK Set file) or jku (its URL)")
        return Client(issuer, FetchedKeys(jku), jku)
    file = path.parent / str(keys)
    try:
        known = read_key_set(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"{where}: its keys, {file}, cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        what = "is not valid JSON" if isinstance(error, json.JSONDecodeError) else error
        raise SettingsError(f"{where}: its key set {what}") from None
    if not known:
        raise SettingsError(
            f"{where}: no key with a kid for {' or '.join(ALGORITHMS)} (P-384, or RSA of 2048 bits and more)"
        )
    return Client(issuer, KnownKeys(known), jku)


def _may_be_asked(url: Any) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if "@" in parts.netloc or not host or parts.fragment:
            return False
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
