"""Commands about the CDS Hooks service: serve, feedback, hook."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from mgcds.commands.options import As, Format, Jurisdictions, Rules, day_of
from mgcds.commands.writing import write_json
from mgcds.errors import SettingsError

NO_SERVICE = "the service needs more packages: pip install 'mgcds[service]'"


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; 127.0.0.1 if not given.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on; 8000 if not given.")] = None,
    rules: Rules = None,
    jurisdiction: Jurisdictions = None,
    clients: Annotated[
        Path | None, typer.Option("--clients", metavar="FILE", help="Who may call: issuers and their keys (docs/security.md).")
    ] = None,
    no_auth: Annotated[
        bool | None, typer.Option("--no-auth", help="Let everybody in: to try it out, on loopback alone.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="URL under which clients call it, where a proxy stands before it.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes that answer calls; one a processor and one more, up to 8, if not given.")
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option("--origin", metavar="URL", help="Whose pages may call from a browser; all if not given.")
    ] = None,
) -> None:  # fmt: skip
    """Serve the pack over CDS Hooks 2.0. Also set by MGCDS_…; see docs/service-settings.md."""
    try:
        from mgcds.service import serve as service
        from mgcds.service.settings import read_settings
    except ImportError:
        raise SettingsError(NO_SERVICE) from None
    given = {
        "host": host, "port": port, "rules": rules, "jurisdictions": tuple(jurisdiction or ()), "clients": clients,
        "no_auth": no_auth, "base_url": base_url, "workers": workers,
        "origins": tuple(origin or ()),
    }  # fmt: skip
    service.serve(read_settings(given, os.environ))


def feedback(
    since: Annotated[
        date | None, typer.Option("--since", parser=day_of, metavar="DATE", help="Only calls from that day on (UTC).")
    ] = None,
    as_: As = Format.text,
) -> None:
    """Say what became of the cards: accepted and overridden, by rule, from the memory of a service (MGCDS_DATABASE)."""
    try:
        from mgcds.service.acceptance import lines, read_acceptance
        from mgcds.service.database import connect
        from mgcds.service.settings import read_database
    except ImportError:
        raise SettingsError(NO_SERVICE) from None
    found = read_acceptance(connect(read_database(os.environ)), since)
    if as_ is Format.json:
        write_json(found.to_dict())
    else:
        for line in lines(found):
            typer.echo(line)


def hook(
    url: Annotated[str, typer.Argument(metavar="URL", help="Base URL of a CDS Hooks service, with or without /cds-services.")],
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="FHIR Bundle of one patient; .gz too; - is standard input.")],
    hook: Annotated[str, typer.Option("--hook", metavar="NAME", help="patient-view, order-select, order-sign or any other.")] = "patient-view",
    order: Annotated[
        list[str] | None, typer.Option("--order", metavar="FILE", help="Draft order, for order-*; those of the Bundle if not given.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Sign each call with this private key (JWK); with --issuer.")
    ] = None,
    issuer: Annotated[str | None, typer.Option("--issuer", metavar="URL", help="Who signs.")] = None,
    as_: As = Format.text,
) -> None:  # fmt: skip
    """Play an EHR against a CDS Hooks service, and hold what comes back against the specification."""
    try:
        import httpx

        from mgcds.service import client
    except ImportError:
        raise SettingsError("the client needs more packages: pip install 'mgcds[service]'") from None
    from mgcds.inputs import read_file

    resources = read_file(bundle, client.resources_of)
    orders = [each for file in order or () for each in read_file(file, client.resources_of)]
    if not orders:
        orders = [
            each for each in resources if each.get("status") == "draft" and each["resourceType"].endswith("Request")
        ]
    if (key is None) != (issuer is None):
        raise SettingsError("give --key and --issuer together, or neither")
    authorize = client.signing(key, issuer) if key is not None and issuer is not None else None
    with httpx.Client(timeout=client.SECONDS) as web:
        violations, played = client.play(web, url, resources, hook, orders, authorize)
    if as_ is Format.json:
        write_json(client.to_dict(violations, played))
    else:
        for line in client.lines(violations, played, hook):
            typer.echo(line)
    raise typer.Exit(1 if violations or not played or any(each.violations for each in played) else 0)
