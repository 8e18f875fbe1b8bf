"""A page at `/`: what is served, and a form on which a person may try a record of a made-up patient. No script, no external request, everything
escaped. It asks for no token, so it is there with `no_auth` alone, or where a setting says so.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
from collections.abc import Iterable
from datetime import date
from functools import cache, partial
from html import escape
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs

from anyio import CapacityLimiter, fail_after, to_thread
from fastapi import APIRouter, Request, Response
from rich.console import Console

import mgcds
from mgcds.errors import RecordError
from mgcds.inputs import read_text
from mgcds.model.pack import RulePack
from mgcds.printing import Printer
from mgcds.printing.assessment import UNSIGNED, is_unsigned, print_assessment
from mgcds.service.limits import RequestLimits
from mgcds.service.ports import Parts, Refused
from mgcds.service.speaking import hooks_of

_LOG = logging.getLogger("mgcds.service")
_FORM = RequestLimits(most_bytes=200_000)
_AT_A_TIME = 2
_MADE_UP = "Made-up patients only. What you send is evaluated and not kept, but this page asks nobody who they are."
_OWN = """
textarea { width: 100%; height: 24rem; font: 0.875rem/1.45 var(--mono); color: var(--ink); background: var(--panel); border: 1px solid var(--edge); }
input, button { font: inherit; padding: 0.3rem 0.7rem; }
pre { white-space: pre-wrap; background: var(--panel); border: 1px solid var(--line); padding: 1rem; }
.made-up { border-left: 0.3rem solid var(--withheld); padding-left: 0.8rem; font-weight: 600; }
main { max-width: 56rem; margin: 0 auto; padding: 1.5rem; }
"""


class StartPage:
    """The page of one service. `links` are the (address, what it is) below it."""

    def __init__(self, parts: Parts, links: Iterable[tuple[str, str]]) -> None:
        self._parts, self._links, self._threads = parts, tuple(links), CapacityLimiter(_AT_A_TIME)

    def router(self) -> APIRouter:
        """The page and its form; they are for people, so the OpenAPI leaves them out."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/", self.show, methods=["GET"])
        router.add_api_route("/", self.assess, methods=["POST"])
        return router

    async def show(self) -> Response:
        """What is served, with the example in the form."""
        text = example()
        return self._page(200, text, recorded(text))

    async def assess(self, request: Request) -> Response:
        """The same page with the assessment of what was sent."""
        text, day = "", ""
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            if headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
                raise Refused(415, "send the form of this page")
            body = await _FORM.read(headers, request.stream())
            text, day = _fields(body)
            with fail_after(self._parts.limits.seconds):
                work = partial(self._assessment, text, _day(day))
                said = await to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)
        except Refused as refused:
            return self._page(refused.status, text, day, refused.what)
        except RecordError as error:
            return self._page(400, text, day, f"The record {error}")
        except Exception as fault:
            _LOG.error("start page: %s", type(fault).__name__)
            return self._page(200, text, day, f"Nothing was evaluated: a technical fault ({type(fault).__name__}).")
        return self._page(200, text, day, said)

    def _assessment(self, text: str, on: date) -> str:
        pack = self._parts.pack()
        given = read_text("The record", text.encode(), pack, on)
        written = io.StringIO()
        printer = Printer(Console(file=written, width=96, color_system=None, highlight=False))
        print_assessment(printer, "A made-up patient", self._parts.evaluate(given.record, pack, on), given.unused)
        return written.getvalue()

    def _page(self, status: int, text: str, day: str, said: str = "") -> Response:
        try:
            standing = _standing(self._parts.pack())
        except Exception:
            standing = "<p>No rule pack can be used at present.</p>"
        links = "".join(f'<li><a href="{escape(to)}">{escape(what)}</a></li>' for to, what in self._links)
        result = f'<h2 id="assessment">Assessment</h2><pre>{escape(said)}</pre>' if said else ""
        html = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>mgcds {escape(mgcds.__version__)}</title><style>{_style()}</style></head>
<body><main><h1>mgcds {escape(mgcds.__version__)}</h1>
<p>Decision support about magnesium in depression, over CDS Hooks. For health professionals: options, never orders.</p>
{standing}
<ul>{links}</ul>
{result}
<h2>Try a record</h2>
<p class="made-up">{escape(_MADE_UP)}</p>
<form method="post" action="">
<p><label>On the day <input type="date" name="on" required value="{escape(day)}"></label></p>
<p><label for="record">A record as YAML or JSON, or a FHIR Bundle</label></p>
<textarea id="record" name="record" spellcheck="false" maxlength="{_FORM.most_bytes // 2}">
{escape(text)}</textarea>
<p><button>Assess</button></p></form></main></body></html>
"""
        return Response(html, status, _headers(), media_type="text/html")


def example() -> str:
    """The record that the form begins with."""
    package = Path(mgcds.__file__).parent
    inside = package / "examples" / "amara.yaml"  # in the wheel; in a checkout at its top
    return (inside if inside.is_file() else package.parents[1] / "examples" / "amara.yaml").read_text(encoding="utf-8")


def recorded(text: str) -> str:
    """The day on which the example was recorded: later its values would be too old to say anything."""
    return next(line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("recorded:"))


def _standing(pack: RulePack) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(hook.id)}</code></td><td>{escape(hook.hook)}</td><td>{escape(hook.title)}</td></tr>"
        for hook in hooks_of(pack).services
    )
    review = UNSIGNED if is_unsigned(pack) else "Some rules have been signed; the review pages say which."
    return (
        f"<p>Rule pack {escape(pack.version)}, <code>{escape(pack.digest[:12])}</code>, {len(pack.rules)} rules. "
        f"<strong>{escape(review)}</strong></p>"
        f"<table><thead><tr><th>service</th><th>hook</th><th>what</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _fields(body: bytes) -> tuple[str, str]:
    try:
        given = parse_qs(body.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=4)
        return given["record"][0], given.get("on", [""])[0]
    except (ValueError, KeyError):
        raise Refused(400, "the form holds no record") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(400, "the day is no date such as 2026-11-20") from None


@cache
def _style() -> str:
    return files("mgcds.review").joinpath("style.css").read_text(encoding="utf-8") + _OWN


@cache
def _headers() -> dict[str, str]:
    allowed = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{allowed}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "Content-Security-Policy": policy, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    }  # fmt: skip
