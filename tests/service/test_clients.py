"""The allow-list of clients and their key sets: what is no safe key is not taken, and a wrong list says what to write."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from mgcds.errors import SettingsError
from mgcds.service.client import signing
from mgcds.service.keys import is_loopback, read_clients, read_key_set
from mgcds.service.replay import LocalReplay
from mgcds.service.tokens import TokenGate
from tests.service.signing import EC, JKU, RSA, key_set

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    WEAK = RSAKey.generate_key(1024, {"kid": "weak"}).as_dict(private=False)

pytestmark = pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # that the weak key is weak


def public(key: Any, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (key.as_dict(private=False) | changes).items() if value is not None}


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(WEAK, id="RSA of 1024 bits"),
        pytest.param(public(ECKey.generate_key("P-256", {"kid": "k"})), id="another curve"),
        pytest.param(public(EC, use="enc"), id="for encryption"),
        pytest.param(public(EC, use=None, key_ops=["sign"]), id="not for verifying"),
        pytest.param(public(EC, alg="ES256"), id="for another algorithm"),
        pytest.param(public(EC, kid=None), id="without an id"),
        pytest.param(public(EC, kid=7), id="with a number as id"),
        pytest.param(public(EC, x="AAAA"), id="not on the curve"),
        pytest.param(public(EC, crv=["P-384"]), id="a curve that is a list"),
        pytest.param({"kty": "AKP", "kid": "k"}, id="of a kind of the future"),
        pytest.param({"kty": {}, "kid": "k"}, id="of no kind"),
    ],
)
def test_a_key_that_cannot_be_used_is_left_out_and_the_others_are_not(key: dict[str, Any]) -> None:
    content = json.dumps({"keys": [key | ({"kid": "k"} if key.get("kid") == "ec" else {}), public(RSA)]})
    assert set(read_key_set(content)) == {("rsa", "RS384")}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(json.dumps({"keys": [EC.as_dict(private=True)]}), "private", id="a private key"),
        pytest.param(json.dumps({"keys": [OctKey.generate_key(384).as_dict()]}), "symmetric", id="a secret"),
        pytest.param(key_set(EC, EC), "same 'kid'", id="an id twice"),
        pytest.param("[]", "'keys'", id="a list"),
        pytest.param('{"keys": {}}', "'keys'", id="keys that are an object"),
        pytest.param('{"keys": ["ec"]}', "object", id="a key that is a text"),
        pytest.param(json.dumps({"keys": [{}] * 51}), "at most 50", id="too many"),
        pytest.param("<html>", "Expecting", id="no JSON"),
    ],
)
def test_a_key_set_that_cannot_be_trusted_gives_none(content: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        read_key_set(content)


def written(folder: Path, *clients: Any) -> Path:
    (folder / "ehr.jwks.json").write_bytes(key_set(EC, RSA))
    (folder / "weak.jwks.json").write_text(json.dumps({"keys": [WEAK]}))
    (folder / "private.jwks.json").write_text(json.dumps({"keys": [EC.as_dict(private=True)]}))
    path = folder / "clients.json"
    path.write_text(json.dumps({"clients": list(clients)}))
    return path


def test_a_list_of_clients_is_read(tmp_path: Path) -> None:
    clients = read_clients(
        written(
            tmp_path,
            {"issuer": "a", "keys": "ehr.jwks.json"},
            {"issuer": "b", "jku": "http://127.0.0.1:9/k"},
            {"issuer": "c", "keys": "ehr.jwks.json", "jku": JKU},
        )
    )
    assert [(client.issuer, client.jku) for client in clients.values()] == [
        ("a", None), ("b", "http://127.0.0.1:9/k"), ("c", JKU),
    ]  # fmt: skip
    assert clients["a"].keys.find("ec", "ES384")


@pytest.mark.parametrize(
    ("clients", "what"),
    [
        pytest.param([], "write", id="none"),
        pytest.param(["a"], "client 1: takes issuer, keys and jku", id="no object"),
        pytest.param([{"issuer": "a", "keys": "ehr.jwks.json", "secret": "x"}], "takes issuer", id="an unknown word"),
        pytest.param([{"keys": "ehr.jwks.json"}], "needs its issuer", id="no issuer"),
        pytest.param([{"issuer": "a"}], "needs keys", id="no keys"),
        pytest.param([{"issuer": "a", "keys": "absent.json"}], r"keys, \S+/absent.json, cannot be read: No such file", id="an absent file"),
        pytest.param([{"issuer": "a", "keys": "clients.json"}], "has 'keys'", id="another file"),
        pytest.param([{"issuer": "a", "keys": "weak.jwks.json"}], "no key with a kid", id="a weak key"),
        pytest.param([{"issuer": "a", "keys": "private.jwks.json"}], "private", id="a private key"),
        pytest.param([{"issuer": "a", "jku": "http://ehr.example/k"}], "https URL", id="a URL without TLS"),
        pytest.param([{"issuer": "a", "jku": "https://u@ehr.example/k"}], "https URL", id="a URL with a user"),
        pytest.param([{"issuer": "a", "jku": "file:///etc/passwd"}], "https URL", id="a file as URL"),
        pytest.param([{"issuer": "a", "jku": "http://127.0.0.1.evil.example/"}], "https URL", id="a loopback look-alike"),
        pytest.param([{"issuer": "a", "jku": JKU}, {"issuer": "a", "jku": JKU}], "client 2", id="an issuer twice"),
    ],
)  # fmt: skip
def test_a_wrong_list_says_what_to_write(clients: list[Any], what: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=what):
        read_clients(written(tmp_path, *clients))


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    absent = tmp_path / "absent.json"
    with pytest.raises(
        SettingsError, match=f"^the list of clients, {absent}, cannot be read: No such file or directory$"
    ):
        read_clients(absent)
    with pytest.raises(SettingsError, match=f"^the list of clients, {tmp_path}, cannot be read: Is a directory$"):
        read_clients(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "", "127.1", "2130706433"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_the_recipe_for_a_key_gives_one_that_is_let_in(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text()
    [recipe] = [block for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "joserfc" in block]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["sh", "-ec", recipe], cwd=tmp_path, env={**os.environ, "PATH": path}, check=True, timeout=60)
    key, keys = tmp_path / "ehr.key.json", tmp_path / "ehr.jwks.json"
    assert (key.stat().st_mode & 0o777, keys.stat().st_mode & 0o777) == (0o600, 0o644)
    listed = tmp_path / "clients.json"
    listed.write_text(json.dumps({"clients": [{"issuer": "https://ehr.example.org", "keys": keys.name}]}))
    clients = read_clients(listed)
    authorization = signing(key, "https://ehr.example.org")("https://cds.example.org/cds-services")
    caller = TokenGate(clients, LocalReplay()).admit(authorization, "https://cds.example.org/cds-services")
    assert caller.issuer == "https://ehr.example.org"
