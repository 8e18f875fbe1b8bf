"""The settings: where they come from, and what is refused together."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from mgcds.errors import SettingsError
from mgcds.service.settings import Settings, page, read_database, read_settings
from tests.cli.running import mgcds

PAGE = Path(__file__).parents[2] / "docs" / "service-settings.md"
LET_IN = {"MGCDS_NO_AUTH": "yes"}


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: make settings"


def test_the_page_would_change_with_a_setting() -> None:
    names = re.findall(r"^\| (\w+) \|", page(), re.MULTILINE)
    assert names[1:] == [each.name for each in dataclasses.fields(Settings)]


def test_the_command_line_comes_first_then_the_environment_then_a_file(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("3\n")
    file = {"MGCDS_PORT_FILE": str(tmp_path / "port")}
    assert read_settings({}, LET_IN).port == 8000
    assert read_settings({}, {**LET_IN, **file}).port == 3
    assert read_settings({}, {**LET_IN, "MGCDS_PORT": "2"}).port == 2
    assert read_settings({"port": 1}, {**LET_IN, "MGCDS_PORT": "2"}).port == 1


def test_every_kind_is_read() -> None:
    found = read_settings(
        {},
        {
            "MGCDS_CLIENTS": "c.json",
            "MGCDS_ORIGINS": "https://a, https://b",
            "MGCDS_SECONDS": "0.5",
            "MGCDS_NO_AUTH": "off",
        },
    )
    assert (found.clients, found.origins, found.limits.seconds) == (Path("c.json"), ("https://a", "https://b"), 0.5)


def test_an_empty_path_is_none_and_not_the_folder_it_is_started_in() -> None:
    assert read_settings({}, {**LET_IN, "MGCDS_RULES": ""}).rules is None


OFF = {"MGCDS_HOST": "0.0.0.0", "MGCDS_CLIENTS": "c.json"}
WRONG: list[Any] = [
    pytest.param({**LET_IN, "MGCDS_HOST": "0.0.0.0"}, "loopback alone", id="no_auth for the network"),
    pytest.param({**LET_IN, "MGCDS_HOST": "::"}, "loopback alone", id="no_auth for the network, IPv6"),
    pytest.param({**LET_IN, "MGCDS_HOST": "cds.example.org"}, "loopback alone", id="no_auth under a name"),
    pytest.param({**LET_IN, "MGCDS_CLIENTS": "c"}, "contradict", id="no_auth and clients"),
    pytest.param({}, "who may call", id="nobody named"),
    pytest.param(OFF, "TLS is needed", id="no TLS off loopback"),
    pytest.param({**OFF, "MGCDS_TLS_KEY": "k", "MGCDS_TLS_CERTIFICATE": "c"}, "base_url is needed", id="TLS, but no name"),
    pytest.param({**OFF, "MGCDS_TLS_KEY": "k"}, "belong together", id="a key without its certificate"),
    pytest.param({**OFF, "MGCDS_BASE_URL": "http://cds.example.org"}, "https://", id="a base without TLS"),
    pytest.param({**OFF, "MGCDS_BASE_URL": "https://cds.example.org/?a"}, "https://", id="a base with a query"),
    pytest.param({**OFF, "MGCDS_BASE_URL": "https://u:p@cds.example.org"}, "https://", id="a base with a password"),
    pytest.param({**OFF, "MGCDS_BASE_URL": "https://"}, "https://", id="a base without a host"),
    pytest.param({**LET_IN, "MGCDS_PORT": "http"}, "MGCDS_PORT is not a whole number", id="a port in words"),
    pytest.param({**LET_IN, "MGCDS_PORT": "70000"}, "between 1 and 65535", id="a port too high"),
    pytest.param({**LET_IN, "MGCDS_SECONDS": "0"}, "seconds is above 0", id="no time"),
    pytest.param({**LET_IN, "MGCDS_SECONDS": "nan"}, "seconds is above 0", id="no number"),
    pytest.param({**LET_IN, "MGCDS_SECONDS": "inf"}, "seconds is above 0 and finite", id="all the time there is"),
    pytest.param({**LET_IN, "MGCDS_SECONDS_TO_SEND": "inf"}, "seconds_to_send is above 0 and finite", id="to send, too"),
    pytest.param({**LET_IN, "MGCDS_MOST_CONNECTIONS": "0"}, "most_connections is at least 1", id="no call at a time"),
    pytest.param({**LET_IN, "MGCDS_MOST_CONNECTIONS": "-5"}, "most_connections is at least 1", id="fewer than no call"),
    pytest.param({"MGCDS_NO_AUTH": "maybe"}, "MGCDS_NO_AUTH is not yes or no", id="neither yes nor no"),
    pytest.param({**LET_IN, "MGCDS_LOG_LEVEL": "all"}, "log_level is", id="an unknown level"),
    pytest.param({**LET_IN, "MGCDS_FINGERPRINT_KEY": "short"}, "at least 16", id="a short key"),
    pytest.param({**LET_IN, "MGCDS_TOKEN_LIFETIME": "86400"}, "between 1 and 3600", id="tokens for a day"),
    pytest.param({**LET_IN, "MGCDS_DATABSE": "x"}, "did you mean MGCDS_DATABASE", id="a slip of the pen"),
    pytest.param({**LET_IN, "MGCDS_PORT": "1", "MGCDS_PORT_FILE": "x"}, "both set", id="twice"),
    pytest.param({**LET_IN, "MGCDS_PORT_FILE": "/does/not/exist"}, "cannot be read: No such file", id="an absent file"),
]  # fmt: skip


@pytest.mark.parametrize(("environment", "what"), WRONG)
def test_what_is_wrong_is_refused_and_says_what_to_write(environment: dict[str, str], what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        read_settings({}, environment)


@pytest.mark.requirement(2, 168)
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "cds.example.org"])
@pytest.mark.parametrize("base", [{}, {"MGCDS_BASE_URL": "http://127.0.0.1:8000"}])
def test_off_loopback_it_does_not_start_without_tls(host: str, base: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="TLS is needed"):
        read_settings({}, {"MGCDS_HOST": host, "MGCDS_CLIENTS": "c.json", **base})


def test_behind_a_proxy_and_with_tls_it_may_listen_to_the_network() -> None:
    assert read_settings({}, {**OFF, "MGCDS_BASE_URL": "https://cds.example.org/magnesium"})
    assert read_settings(
        {}, {**OFF, "MGCDS_TLS_KEY": "k", "MGCDS_TLS_CERTIFICATE": "c", "MGCDS_BASE_URL": "https://cds.example.org"}
    )
    assert read_settings({}, {**LET_IN, "MGCDS_HOST": "::1"})


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"MGCDS_HOST": "::1", "MGCDS_PORT": "1"}, "http://[::1]:1"),
        ({"MGCDS_TLS_KEY": "k", "MGCDS_TLS_CERTIFICATE": "c"}, "https://127.0.0.1:8000"),
        ({"MGCDS_BASE_URL": "https://cds.example.org"}, "https://cds.example.org"),
    ],
)
def test_the_url_that_tokens_name_is_settled_before_anybody_calls(environment: dict[str, str], url: str) -> None:
    assert read_settings({}, {**LET_IN, **environment}).called_as == url


def test_no_secret_is_shown(tmp_path: Path) -> None:
    secret = "postgresql://mgcds:verysecret@db/mgcds"
    (tmp_path / "database").write_text(secret + "\n")
    environment = {
        **LET_IN,
        "MGCDS_DATABASE_FILE": str(tmp_path / "database"),
        "MGCDS_FINGERPRINT_KEY": "alsoverysecret16",
    }
    found = read_settings({}, environment)
    assert found.database == read_database(environment) == secret
    assert "verysecret" not in repr(found)
    with pytest.raises(SettingsError) as refused:
        read_settings({}, {**LET_IN, "MGCDS_PORT": "verysecret"})
    assert "verysecret" not in str(refused.value)


def test_what_is_secret_has_no_option() -> None:
    for each in dataclasses.fields(Settings):
        assert not (each.metadata["secret"] and each.metadata["option"])
    assert {each.name for each in dataclasses.fields(Settings) if not each.repr} == {"database", "fingerprint_key"}


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read_settings({}, LET_IN).no_auth = False  # type: ignore[misc]


def test_the_command_refuses_to_let_everybody_in_from_the_network() -> None:
    ran = mgcds("serve", "--no-auth", "--host", "0.0.0.0")
    assert ran.code == 2
    assert "loopback alone" in ran.err
