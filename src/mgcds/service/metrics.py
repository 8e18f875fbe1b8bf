"""What Prometheus may read: counts and durations, the pack, what was not kept. No value, no id; every label has a bounded set of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from mgcds.model.pack import RulePack
from mgcds.service.ports import Seen

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """A Watch that counts. `counts` says what became of the records of the memory, `refusals` why tokens were refused."""

    def __init__(
        self,
        pack: Callable[[], RulePack],
        counts: Callable[[], Mapping[str, int]] = dict,
        refusals: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._registry = CollectorRegistry()
        labels = ("endpoint", "service", "status", "outcome")
        self._seconds = Histogram(
            "mgcds_request_seconds", "From the headers of a request to its answer", labels, registry=self._registry, buckets=_BOUNDS
        )  # fmt: skip
        self._lost = Counter(
            "mgcds_decisions_not_kept", "Decisions that were not brought to the memory", registry=self._registry
        )
        self._reloads = Counter("mgcds_pack_reloads", "Reloads of the pack", ("result",), registry=self._registry)
        self._ended = Counter("mgcds_workers_ended", "Processes that evaluate and ended", registry=self._registry)
        self._registry.register(_Standing(pack, counts, refusals))
        ProcessCollector(registry=self._registry)
        self.disagreements = 0
        """how often the two channels differed"""

    def answered(self, seen: Seen, seconds: float) -> None:
        """See Watch."""
        self.disagreements += seen.outcome == "disagreement"
        self._seconds.labels(seen.endpoint, seen.service, str(seen.status), seen.outcome).observe(seconds)

    def not_kept(self) -> None:
        """See Watch."""
        self._lost.inc()

    def worker_ended(self) -> None:
        """See Watch."""
        self._ended.inc()

    def reloaded(self, result: str) -> None:
        """What became of a reload."""
        self._reloads.labels(result).inc()

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)


class _Standing(Collector):
    """What stands at the moment of asking."""

    def __init__(
        self,
        pack: Callable[[], RulePack],
        counts: Callable[[], Mapping[str, int]],
        refusals: Callable[[], Mapping[str, int]],
    ) -> None:
        self._pack, self._counts, self._refusals = pack, counts, refusals

    def collect(self) -> Iterable[Metric]:
        """See Collector."""
        with suppress(Exception):  # no pack: no metric of it
            pack = self._pack()
            yield InfoMetricFamily(
                "mgcds_pack", "The pack that is served", value={"version": pack.version, "digest": pack.digest}
            )
            yield GaugeMetricFamily("mgcds_pack_rules", "Its rules", value=len(pack.rules))
        kept = CounterMetricFamily(
            "mgcds_memory_records", "Records of the memory, by what became of them", labels=["fate"]
        )
        for fate, count in sorted(self._counts().items()):
            kept.add_metric([fate], count)
        yield kept
        refused = CounterMetricFamily("mgcds_tokens_refused", "Tokens that were refused, by why", labels=["why"])
        for why, count in sorted(self._refusals().items()):
            refused.add_metric([why], count)
        yield refused
