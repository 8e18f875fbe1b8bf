"""`mgcds serve` as an operator runs it: TLS, tokens, secrets from files, and an end in order."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.testclient import TestClient

from mgcds.service.acceptance import read_acceptance
from mgcds.service.app import create_app
from mgcds.service.database import connect
from mgcds.service.listening import taken
from tests.cli.running import environment
from tests.service.asking import KIDNEYS, parts, request
from tests.service.records import until
from tests.service.serving import free_port
from tests.service.signing import EC, ISSUER, bearer, claims, gate, header, key_set, signed

PATH = "/cds-services/mgcds-patient-view"


def certificate(folder: Path, *only: str) -> None:
    """One for 127.0.0.1 that it signs itself, and its key; or only one of both files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    written = {"tls.pem": made.public_bytes(serialization.Encoding.PEM), "tls.key": key.private_bytes(*plain)}
    for name in only or written:
        (folder / name).write_bytes(written[name])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    certificate(tmp_path)
    (tmp_path / "ehr.json").write_bytes(key_set(EC))
    (tmp_path / "clients.json").write_text(json.dumps({"clients": [{"issuer": ISSUER, "keys": "ehr.json"}]}))
    (tmp_path / "database").write_text(f"sqlite:///{tmp_path}/memory.db\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = environment(
        MGCDS_TLS_CERTIFICATE=str(tmp_path / "tls.pem"), MGCDS_TLS_KEY=str(tmp_path / "tls.key"),
        MGCDS_DATABASE_FILE=str(tmp_path / "database"), MGCDS_FINGERPRINT_KEY="sixteen or more of them",
    )  # fmt: skip
    command = [sys.executable, "-c", "from mgcds.cli import main; main()", "serve", "--port", str(port)]
    command += ["--clients", str(tmp_path / "clients.json")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=settings, stdout=log, stderr=log)
    verify = ssl.create_default_context(cafile=tmp_path / "tls.pem")
    with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=verify, timeout=20) as web:
        until(lambda: _is_up(web), 60)
        yield web, process
    process.kill()
    process.wait(20)


def _is_up(web: httpx.Client) -> bool:
    try:
        return web.get("/").status_code > 0
    except httpx.TransportError:
        time.sleep(0.1)
        return False


@pytest.mark.requirement(2, 168)
def test_tls_tokens_and_an_end_in_order(served: tuple[httpx.Client, subprocess.Popen[bytes]], tmp_path: Path) -> None:
    web, process = served
    assert web.get("/cds-services").status_code == 401
    assert web.get("/cds-services").content == b""
    now = int(time.time())
    good = claims(aud=str(web.base_url.join(PATH)), iat=now, exp=now + 60)
    token = {"Authorization": bearer(signed(header(), good))}
    answer = web.post(PATH, json=request(**KIDNEYS), headers=token)
    assert answer.status_code == 200
    assert "Severe renal impairment" in [card["summary"] for card in answer.json()["cards"]]
    assert web.post(PATH, json=request(**KIDNEYS), headers=token).status_code == 401, "used before"
    elsewhere = claims(aud=f"https://other.example.org{PATH}", iat=now, exp=now + 60)
    relayed = {"Authorization": bearer(signed(header(), elsewhere)), "Host": "other.example.org"}
    assert web.post(PATH, json=request(**KIDNEYS), headers=relayed).status_code == 401, (
        "a token that another service was sent"
    )
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{web.base_url.port}/cds-services")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    log = (tmp_path / "log").read_text()
    counts = json.loads(json.loads(log.splitlines()[-1])["what"].removeprefix("memory: "))
    assert (counts["kept"], counts.get("lost", 0)) == (1, 0)
    assert token["Authorization"][7:] not in log
    assert read_acceptance(connect(f"sqlite:///{tmp_path}/memory.db")).calls == 1
    assert "sixteen" not in log
    assert not (tmp_path / "mgcds.db").exists(), "the default was not made"


@pytest.mark.parametrize(("base_url", "status"), [("https://cds.example.org", 401), ("", 200)])
def test_if_the_host_header_counted_a_token_for_another_service_would_pass(base_url: str, status: int) -> None:
    now = int(time.time())
    relayed = bearer(signed(header(), claims(aud=f"http://other.example.org{PATH}", iat=now, exp=now + 60)))
    with TestClient(create_app(parts(gate=gate(clock=time.time), base_url=base_url))) as client:
        answer = client.post(PATH, json=request(), headers={"Authorization": relayed, "Host": "other.example.org"})
    assert answer.status_code == status


# --- what keeps it from listening ---------------------------------------------------------------------------------------------------


def refused(folder: Path, *options: str, **settings: str) -> str:
    """What it says as it refuses to begin; it has not said that it listens."""
    command = [
        sys.executable,
        "-c",
        "from mgcds.cli import main; main()",
        "serve",
        "--no-auth",
        "--workers",
        "1",
        *options,
    ]
    given = environment(MGCDS_DATABASE="none", **settings)
    ended = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2, (ended.returncode, ended.stderr)
    assert "listening" not in ended.stderr
    return ended.stderr


@pytest.mark.parametrize("which", ["port", "operations_port"])
def test_a_port_that_is_taken_is_said_at_the_start(which: str, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        if which == "port":
            said = refused(tmp_path, "--port", port)
        else:
            said = refused(tmp_path, "--port", str(free_port()), MGCDS_OPERATIONS_PORT=port)
    assert f"{which} {port} cannot be listened on (Address already in use)" in said
    assert f"set another {which}" in said


def test_an_address_that_this_machine_does_not_have_is_said_at_the_start(tmp_path: Path) -> None:
    given = {"MGCDS_OPERATIONS_PORT": str(free_port()), "MGCDS_OPERATIONS_HOST": "192.0.2.1"}  # for documentation
    assert "operations_host" in refused(tmp_path, "--port", str(free_port()), **given)


def test_localhost_is_every_address_of_that_name() -> None:
    addresses = {info[4][0] for info in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)}
    with taken("localhost", free_port(), "port") as sockets:
        assert {each.getsockname()[0] for each in sockets} <= addresses
        assert sockets


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(lambda folder: (folder / "tls.pem").unlink(), "tls_certificate cannot be read", id="no certificate"),
        pytest.param(lambda folder: (folder / "tls.key").unlink(), "tls_key cannot be read", id="no key"),
        pytest.param(lambda folder: (folder / "tls.pem").write_text("x"), "no certificate (PEM)", id="no PEM"),
        pytest.param(lambda folder: certificate(folder, "tls.key"), "the private key to it", id="the key to another"),
    ],
)  # fmt: skip
def test_a_certificate_that_cannot_be_used_is_said_at_the_start(
    change: Callable[[Path], object], says: str, tmp_path: Path
) -> None:
    certificate(tmp_path)
    change(tmp_path)
    given = {"MGCDS_TLS_CERTIFICATE": "tls.pem", "MGCDS_TLS_KEY": "tls.key"}
    assert says in refused(tmp_path, "--port", str(free_port()), **given)
