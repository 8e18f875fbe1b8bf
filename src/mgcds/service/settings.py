"""How the service is run: one frozen object, from the command line, else the environment, else a file that the environment names.

`MGCDS_PORT=8443` sets `port`; `MGCDS_PORT_FILE=/run/secrets/port` takes it from a file, as containers hand out secrets. What is secret has
no option on the command line, where every user of the machine could read it. `docs/service-settings.md` is written from here.
"""

# ruff: noqa: RUF009  (a call of `_setting` is a dataclass field)

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mgcds.errors import SettingsError
from mgcds.service.keys import is_loopback
from mgcds.service.limits import RequestLimits

_MOST_OF_A_FILE = 65_536
_BOUNDS = RequestLimits()
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def _setting(default: Any, says: str, *, option: bool = False, secret: bool = False) -> Any:
    """A setting: what it says, whether it is an option of `mgcds serve` too, and whether it is secret."""
    return field(default=default, metadata={"says": says, "option": option, "secret": secret}, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """See the table in docs/service-settings.md; `checked` refuses what would be unsafe together."""

    host: str = _setting("127.0.0.1", "address to listen on", option=True)
    port: int = _setting(8000, "port to listen on", option=True)
    base_url: str = _setting(
        "",
        "URL under which clients call it; tokens name it exactly. On loopback, that of host and port if not given",
        option=True,
    )
    rules: Path | None = _setting(None, "folder of the rule pack; the built-in one if not given", option=True)
    jurisdictions: tuple[str, ...] = _setting((), "whose limits apply; the lowest of all if not given", option=True)
    clients: Path | None = _setting(None, "file of who may call: issuers and their keys", option=True)
    no_auth: bool = _setting(False, "lets everybody in; refused but on loopback", option=True)
    origins: tuple[str, ...] = _setting(("*",), "whose pages may call from a browser", option=True)
    workers: int = _setting(0, "processes that answer calls; 0: one a processor and one more, up to 8", option=True)
    token_lifetime: int = _setting(300, "longest life of a token in seconds")
    token_leeway: int = _setting(30, "how far two clocks may be apart in seconds")
    tls_certificate: Path | None = _setting(None, "certificate chain (PEM), where no proxy before it does TLS")
    tls_key: Path | None = _setting(None, "its private key (PEM)")
    database: str = _setting(
        "sqlite:///mgcds.db", "URL of the memory, SQLite or PostgreSQL; `none` keeps nothing", secret=True
    )
    fingerprint_key: str = _setting(
        "", "key under which inputs are known again in the memory; random for each start if not given", secret=True
    )
    most_bytes: int = _setting(_BOUNDS.most_bytes, "longest body in bytes")
    deepest: int = _setting(_BOUNDS.deepest, "deepest nesting of a body")
    most_resources: int = _setting(_BOUNDS.most_resources, "most FHIR resources in a body")
    most_values: int = _setting(_BOUNDS.most_values, "most values in a body")
    seconds: float = _setting(_BOUNDS.seconds, "after so long an answer says that nothing was evaluated")
    seconds_to_send: float = _setting(_BOUNDS.seconds_to_send, "how long a body may take to arrive")
    most_connections: int = _setting(500, "calls at a time; more are answered 503 at once")
    operations_port: int = _setting(0, "port of /health, /ready and /metrics, plain HTTP; 0: beside the service")
    operations_host: str = _setting("127.0.0.1", "address of that port")
    metrics: bool = _setting(False, "whether /metrics may be seen, without a token; counts and durations alone")
    start_page: bool = _setting(
        False, "a page at / on which anybody may try records of made-up patients; with no_auth it is there anyway"
    )
    log_level: str = _setting("info", "debug, info, warning or error")

    @property
    def called_as(self) -> str:
        """The URL under which clients call it, never taken from a request: a token for another service would pass with that one's name in
        the Host header.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url or f"{'https' if self.tls_certificate else 'http'}://{host}:{self.port}"

    @property
    def limits(self) -> RequestLimits:
        """The bounds on one request."""
        return RequestLimits(**{each.name: getattr(self, each.name) for each in fields(RequestLimits)})


def read_settings(given: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """What is given on the command line (None: not given) comes first, then the environment. SettingsError names what to write."""
    _refuse_misspelt(environment)
    found = {name: value for name, value in given.items() if value is not None and value != ()}
    for each in fields(Settings):
        if each.name not in found:
            text = _from_environment(each.name, environment)
            if text is not None:
                found[each.name] = _read(each.name, str(each.type), text)
    return checked(Settings(**found))


def read_database(environment: Mapping[str, str]) -> str:
    """The URL of the memory, for who only reads it."""
    found = _from_environment("database", environment) or Settings.__dataclass_fields__["database"].default
    if found == "none":
        raise SettingsError("MGCDS_DATABASE is none: nothing is kept")
    return str(found)


def checked(settings: Settings) -> Settings:
    """The same, unless it would be unsafe or could not work."""
    on_loopback = is_loopback(settings.host)
    for problem, is_so in (
        ("no_auth is for loopback alone: leave host out, or name the clients instead", settings.no_auth and not on_loopback),
        ("no_auth and clients contradict each other; keep one", settings.no_auth and settings.clients is not None),
        ("say who may call: clients, or no_auth to try it out on this machine", not settings.no_auth and settings.clients is None),
        ("tls_certificate and tls_key belong together", (settings.tls_certificate is None) != (settings.tls_key is None)),
        ("base_url is to begin with https:// (or http:// on loopback), without query", bool(settings.base_url) and not _is_base(settings.base_url)),
        (
            "off loopback, TLS is needed: tls_certificate and tls_key, or base_url with https:// of the proxy that does it",
            not on_loopback and settings.tls_certificate is None and not settings.base_url.startswith("https://"),
        ),
        ("off loopback, base_url is needed: tokens name it, whatever host a caller names", not on_loopback and not settings.base_url),
        ("port is between 1 and 65535", not 1 <= settings.port <= 65535),
        ("operations_port is between 0 and 65535", not 0 <= settings.operations_port <= 65535),
        ("operations_port and port are the same; keep 0 to have both beside one another", settings.operations_port == settings.port),
        ("most_connections is at least 1", settings.most_connections < 1),
        ("workers is between 0 and 64", not 0 <= settings.workers <= 64),
        ("log_level is debug, info, warning or error", settings.log_level not in ("debug", "info", "warning", "error")),
        ("fingerprint_key has at least 16 characters", 0 < len(settings.fingerprint_key) < 16),
        ("token_leeway is between 0 and 300 seconds", not 0 <= settings.token_leeway <= 300),
        ("token_lifetime is between 1 and 3600 seconds", not 1 <= settings.token_lifetime <= 3600),
    ):  # fmt: skip
        if is_so:
            raise SettingsError(problem)
    for each in fields(RequestLimits):
        if not (getattr(settings, each.name) > 0 and math.isfinite(getattr(settings, each.name))):
            raise SettingsError(f"{each.name} is above 0 and finite")
    return settings


def _is_base(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018  (raises where it is none)
    except ValueError:
        return False
    allowed = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return allowed and bool(host) and not parts.query and not parts.fragment and "@" not in parts.netloc


def _from_environment(name: str, environment: Mapping[str, str]) -> str | None:
    variable = f"MGCDS_{name.upper()}"
    file = environment.get(f"{variable}_FILE")
    if file is None:
        return environment.get(variable)
    if variable in environment:
        raise SettingsError(f"{variable} and {variable}_FILE are both set; keep one")
    try:
        with Path(file).open("rb") as opened:
            return opened.read(_MOST_OF_A_FILE).decode().strip()
    except OSError as error:
        raise SettingsError(f"{variable}_FILE cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{variable}_FILE names a file that is no text") from None


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    known = [variable for each in fields(Settings) for variable in _variables(each.name)]
    for variable in environment:
        if variable.startswith("MGCDS_") and variable not in known:
            near = difflib.get_close_matches(variable, known, 1, 0.85)
            if near:
                raise SettingsError(f"{variable[:60]} is no setting; did you mean {near[0]}?")


def _variables(name: str) -> tuple[str, str]:
    return f"MGCDS_{name.upper()}", f"MGCDS_{name.upper()}_FILE"


def _read(name: str, kind: str, text: str) -> Any:
    """A text as what the setting is. No error repeats the text: it may be a secret put in the wrong place."""
    readers: dict[str, tuple[Callable[[str], Any], str]] = {
        "str": (str, "a text"), "int": (int, "a whole number"), "float": (float, "a number"), "bool": (_yes, "yes or no"),
        "Path | None": (_path, "a path"), "tuple[str, ...]": (_several, "names with commas between them"),
    }  # fmt: skip
    reader, what = readers[kind]
    try:
        return reader(text)
    except ValueError:
        raise SettingsError(f"MGCDS_{name.upper()} is not {what}") from None


def _yes(text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise ValueError
    return text.lower() in _YES


def _path(text: str) -> Path | None:
    """None of an empty text, which would be the folder where the service was started."""
    return Path(text) if text else None


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_OPTIONS = {"jurisdictions": "`--jurisdiction`", "origins": "`--origin`"}

_TOP = """# Settings of the service

Made by `make settings`; do not edit. An option of `mgcds serve` comes before the environment. Each variable may instead name a file, as containers
hand out secrets: `MGCDS_DATABASE_FILE=/run/secrets/database`. What is secret has no option: every user of a machine can read its command
lines. Lists have commas between their parts. What contradicts itself or would be unsafe is refused at the start; see
[security.md](security.md).
"""


def page() -> str:
    """The settings as a page in Markdown."""
    rows = ["| setting | option | environment | default | what it is |", "|---|---|---|---|---|"]
    for each in fields(Settings):
        option = _OPTIONS.get(each.name, f"`--{each.name.replace('_', '-')}`") if each.metadata["option"] else ""
        secret = " **Secret.**" if each.metadata["secret"] else ""
        default = ", ".join(each.default) if isinstance(each.default, tuple) else each.default
        shown = "" if default in (None, "") else f"`{'no' if default is False else default}`"
        variable = f"`MGCDS_{each.name.upper()}`"
        rows.append(f"| {each.name} | {option} | {variable} | {shown} | {each.metadata['says']}.{secret} |")
    return _TOP + "\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(page(), end="")
