"""Spans by OpenTelemetry where its API is installed and a tracer is set up (such as by `opentelemetry-instrument`); nothing otherwise.

A span has the endpoint, the service, the status and the outcome: no exception, no URL, no body. Of what came
in, `traceparent` alone is read, which is numbers; `tracestate` and `baggage` may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mgcds.service.ports import Seen

try:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError:
    trace = None  # type: ignore[assignment]


@contextmanager
def traced(seen: Seen, traceparent: str | None) -> Iterator[None]:
    """One call; what is known of it at its end."""
    provider = _provider()
    if provider is None:
        yield
        return
    context = TraceContextTextMapPropagator().extract({"traceparent": traceparent} if traceparent else {})
    span = provider.get_tracer("mgcds").start_span(f"mgcds {seen.endpoint}", context, kind=trace.SpanKind.SERVER)
    try:
        yield
    finally:
        about: dict[str, str | int] = {
            "mgcds.service": seen.service,
            "mgcds.outcome": seen.outcome,
            "http.response.status_code": seen.status,
        }
        span.set_attributes(about)
        span.end()


def _provider() -> trace.TracerProvider | None:
    if trace is None:
        return None
    provider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider) else provider  # a proxy: no tracer is set up
