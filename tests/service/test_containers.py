"""The Dockerfile and compose.yaml. No test builds them: they are read, and held against what they are to keep to."""

from __future__ import annotations

import copy
import fnmatch
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from mgcds.service.settings import Settings, checked, read_settings
from tests.packaging.test_wheel import IN_WHEEL

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SECRET = re.compile(r"password|secret|token|key|database$", re.IGNORECASE)
PINNED = re.compile(r"^[a-z/]+:\d+(\.\d+)*(-[a-z-]+)?$")


# --- the Dockerfile ---------------------------------------------------------------------------------------------------------------


def instructions(text: str) -> list[tuple[str, str]]:
    """(instruction, its arguments), without comments, lines that go on joined."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (name, rest.strip()) for name, _, rest in (line.partition(" ") for line in whole.splitlines() if line.strip())
    ]


def faults_of_image(text: str) -> list[str]:
    """What is wrong with it."""
    found, last = [], text.rindex("\nFROM ") + 1
    for name, rest in instructions(text):
        if name == "FROM" and not PINNED.match(rest.split()[0]):
            found.append(f"{rest} is not pinned to a version")
        if name in ("ENV", "ARG"):
            found += [f"{each} in a layer" for each in re.findall(r"(\w+)=?", rest) if SECRET.search(each)]
        if name in ("COPY", "ADD") and re.search(r"secret|\.env|clients|\.db|\s\.\s", f" {rest} "):
            found.append(f"{name} {rest} takes too much")
    users = [rest for name, rest in instructions(text[last:]) if name == "USER"]
    if not users or not users[-1].isdigit() or users[-1] == "0":
        found.append("it runs as root, or as a name that an orchestrator cannot tell from root")
    if "gcc" in text[last:]:
        found.append("a compiler is in the image that runs")
    if "HEALTHCHECK" not in dict(instructions(text[last:])):
        found.append("no health check")
    return found


def test_the_image() -> None:
    assert faults_of_image(DOCKERFILE) == []


IMAGES: list[Any] = [
    pytest.param("python:3.12-slim-bookworm AS", "python:latest AS", "not pinned", id="latest"),
    pytest.param("USER 10001\n", "", "root", id="nobody named"),
    pytest.param("USER 10001\n", "USER 0\n", "root", id="root"),
    pytest.param("EXPOSE", "ENV MGCDS_DATABASE=postgresql://a:b@c/d\nEXPOSE", "in a layer", id="a secret"),
    pytest.param("ENV CPPFLAGS", "ARG PIP_TOKEN\nENV CPPFLAGS", "in a layer", id="a secret to build with"),
    pytest.param("COPY src src", "COPY . .", "too much", id="everything"),
    pytest.param("HEALTHCHECK", "LABEL", "health", id="no health check"),
    pytest.param("WORKDIR /tmp", "RUN apt-get install gcc", "compiler", id="a compiler"),
]


@pytest.mark.parametrize(("before", "after", "what"), IMAGES)
def test_a_fault_of_the_image_is_noticed(before: str, after: str, what: str) -> None:
    assert before in DOCKERFILE
    assert what in " ".join(faults_of_image(DOCKERFILE.replace(before, after)))


def test_it_copies_what_the_wheel_is_built_from() -> None:
    copied = [
        word
        for name, rest in instructions(DOCKERFILE)
        if name == "COPY" and "--from" not in rest
        for word in rest.split()[:-1]
    ]
    assert sorted(copied) == sorted(IN_WHEEL)


def test_what_it_copies_reaches_the_builder_and_nothing_else_does() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    assert sorted(line.removeprefix("!") for line in lines if line.startswith("!")) == sorted(IN_WHEEL)
    for name in ("secrets", "clients", "mgcds.db", ".env", ".git"):
        assert fnmatch.fnmatch(name, lines[0])
        assert f"!{name}" not in lines


def test_the_commands_are_those_the_documentation_names() -> None:
    named = dict(instructions(DOCKERFILE))
    assert (named["ENTRYPOINT"], named["CMD"]) == ('["mgcds"]', '["serve"]')
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    assert "| `mgcds serve` |" in readme
    assert "| `mgcds check" in readme
    assert "mgcds evaluate examples/amara.yaml --on 2026-11-21" in makefile
    assert "mgcds evaluate examples/amara.yaml --on 2026-11-21" in DOCKERFILE
    assert "CPPFLAGS += -O2" in makefile
    assert "CPPFLAGS=-O2" in DOCKERFILE
    assert "gcc libc6-dev" in (ROOT / ".ci" / "run").read_text()
    [extras] = re.findall(r"pip install '\.\[(.*)\]'", DOCKERFILE)
    declared = (ROOT / "pyproject.toml").read_text()
    assert all(re.search(rf"^{extra} = \[", declared, re.MULTILINE) for extra in extras.split(","))


# --- compose.yaml -----------------------------------------------------------------------------------------------------------------


def faults_of_compose(compose: dict[str, Any]) -> list[str]:
    """What is wrong with it."""
    found = []
    for name, service in compose["services"].items():
        for wanted, is_so in {
            "pinned image": bool(PINNED.match(service.get("image", ""))),
            "user without rights": str(service.get("user", "root")).split(":")[0] not in ("root", "0"),
            "file system that is only read": service.get("read_only") is True,
            "no capability": service.get("cap_drop") == ["ALL"] and not service.get("cap_add"),
            "no new privileges": "no-new-privileges:true" in service.get("security_opt", []),
            "bound on memory": "mem_limit" in service,
            "bound on processes": "pids_limit" in service,
            "health check": bool(service.get("healthcheck", {}).get("test")),
            "time to stop": "stop_grace_period" in service,
            "no privilege": not service.get("privileged") and not service.get("network_mode"),
        }.items():
            if not is_so:
                found.append(f"{name}: {wanted}")
        found += [
            f"{name}: port {port} is open to the network"
            for port in service.get("ports", [])
            if not str(port).startswith("127.0.0.1:")
        ]
        for variable, value in service.get("environment", {}).items():
            if "://" in str(value) or (SECRET.search(variable) and not str(value).startswith("/run/secrets/")):
                found.append(f"{name}: {variable} is a plain secret")
        found += [
            f"{name}: secret {each} is not declared"
            for each in service.get("secrets", [])
            if each not in compose["secrets"]
        ]
    found += [f"secret {name} is no file" for name, each in compose["secrets"].items() if list(each) != ["file"]]
    if not compose["networks"]["back"].get("internal") or compose["services"]["database"]["networks"] != ["back"]:
        found.append("database: can be reached from outside")
    return found


def test_compose() -> None:
    assert faults_of_compose(COMPOSE) == []


def seeded(service: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda compose: compose["services"][service].__setitem__(key, value)


FAULTS: list[Any] = [
    (seeded("mgcds", "image", "mgcds"), "pinned"),
    (seeded("database", "image", "postgres:latest"), "pinned"),
    (seeded("database", "user", "root"), "user"),
    (seeded("mgcds", "read_only", False), "only read"),
    (seeded("mgcds", "ports", ["8000:8000"]), "open to the network"),
    (seeded("database", "ports", ["0.0.0.0:5432:5432"]), "open to the network"),
    (seeded("database", "environment", {"POSTGRES_PASSWORD": "x"}), "plain secret"),
    (seeded("mgcds", "environment", {"MGCDS_DATABASE": "postgresql://a:b@c/d"}), "plain secret"),
    (seeded("database", "healthcheck", {}), "health"),
    (seeded("mgcds", "secrets", ["other"]), "not declared"),
    (seeded("database", "networks", ["back", "front"]), "from outside"),
    (seeded("mgcds", "cap_add", ["NET_ADMIN"]), "capability"),
    (lambda compose: compose["secrets"].update(database={"environment": "DATABASE"}), "no file"),
]


@pytest.mark.parametrize(("harm", "what"), FAULTS)
def test_a_fault_of_compose_is_noticed(harm: Any, what: str) -> None:
    harmed = copy.deepcopy(COMPOSE)
    harm(harmed)
    assert what in " ".join(faults_of_compose(harmed))


def interpolated(value: str, given: dict[str, str]) -> str:
    """As docker compose does it, from `.env`."""

    def of(named: re.Match[str]) -> str:
        name, kind, rest = named[1], named[2], named[3]
        if kind == ":?" and not given.get(name):
            raise KeyError(f"{name}: {rest}")
        return given.get(name) or ("" if kind == ":?" else rest)

    return re.sub(r"\$\{(\w+)(:[?-])([^}]*)\}", of, value)


def started(tmp_path: Path, **dot_env: str) -> Settings:
    """As the container would start it: what the image and compose set are settings, and safe together."""
    image = dict(pair.split("=") for name, rest in instructions(DOCKERFILE) if name == "ENV" for pair in rest.split())
    given = {name: value for name, value in image.items() if name.startswith("MGCDS_")}
    for name, value in COMPOSE["services"]["mgcds"]["environment"].items():
        given[name] = interpolated(value, dot_env)
    known = {f"MGCDS_{each.name.upper()}" for each in fields(Settings)}
    assert {name.removesuffix("_FILE") for name in given} <= known
    for name in [name for name in given if name.endswith("_FILE")]:
        (tmp_path / name).write_text("postgresql://mgcds:sixteen-and-more@database/mgcds")
        given[name] = str(tmp_path / name)
    return checked(read_settings({}, given))


def test_the_service_takes_these_settings(tmp_path: Path) -> None:
    settings = started(tmp_path, MGCDS_BASE_URL="https://cds.example.org")
    assert not settings.no_auth
    assert settings.rules is None, "the built-in ones"
    assert not settings.metrics
    assert not settings.start_page
    health = f"http://{settings.operations_host}:{settings.operations_port}/health"
    assert health in DOCKERFILE
    assert health in " ".join(COMPOSE["services"]["mgcds"]["healthcheck"]["test"])


def test_rules_and_metrics_can_be_had_as_the_page_says(tmp_path: Path) -> None:
    """Each setting of the page reaches the service: the pack is in a folder that it sees, the metrics in a network that others are in."""
    page = (ROOT / "docs" / "how-to" / "run-the-service.md").read_text()
    named = dict(re.findall(r"`(MGCDS_\w+)=([^`]+)`", page.partition("may stand in `.env`")[2].partition("\n## ")[0]))
    assert named.keys() == {"MGCDS_RULES", "MGCDS_METRICS", "MGCDS_OPERATIONS_HOST"}
    settings = started(tmp_path, MGCDS_BASE_URL="https://cds.example.org", **named)
    assert settings.metrics
    assert settings.operations_host == "0.0.0.0"
    assert str(settings.rules).startswith("/etc/mgcds/packs/")
    service = COMPOSE["services"]["mgcds"]
    assert "./packs:/etc/mgcds/packs:ro" in service["volumes"]
    assert "monitoring" in service["networks"]
    assert COMPOSE["networks"]["monitoring"] == {"internal": True}
    assert f"http://mgcds:{settings.operations_port}/metrics" in page


def test_what_compose_demands_stands_in_a_file_that_each_of_its_commands_reads() -> None:
    """`docker compose kill` asks for it as `docker compose up` does."""
    page = (ROOT / "docs" / "how-to" / "run-the-service.md").read_text()
    demanded = re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text())
    assert demanded == ["MGCDS_BASE_URL"]
    assert all(re.search(rf"^echo {name}=\S+ > \.env", page, re.MULTILINE) for name in demanded)
    assert not re.search(r"\w+=\S+ docker compose", page)
    assert {"/.env", "/packs/", "/clients/"} <= set((ROOT / ".gitignore").read_text().splitlines())
    for volume in COMPOSE["services"]["mgcds"]["volumes"]:
        folder = volume.partition(":")[0].removeprefix("./")
        assert re.search(rf"mkdir [^#\n]*\b{folder}\b", page), folder


def test_how_long_it_may_take_to_stop_is_enough() -> None:
    """Ten seconds for calls, five for the memory, five for a reload."""
    assert int(COMPOSE["services"]["mgcds"]["stop_grace_period"].removesuffix("s")) >= 20


def test_the_secrets_are_those_the_page_makes_and_git_leaves_out() -> None:
    page = (ROOT / "docs" / "how-to" / "run-the-service.md").read_text()
    for each in COMPOSE["secrets"].values():
        assert f"> {each['file'].removeprefix('./')}" in page
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
