"""Effects of studies as forest plots: those of one measure and direction share a plot, and a scale with the other column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mgcds.model.pack import Estimate, Evidence
from mgcds.review.charts import Effect, forest

MEASURES = {
    "SMD": "standardised difference", "g": "standardised difference", "mean difference": "difference in points",
    "RR": "risk ratio", "OR": "odds ratio", "HR": "hazard ratio",
}  # fmt: skip
"""what the axis says; Hedges' g is a standardised mean difference with a correction for small samples"""

Group = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Study:
    """An entry of the catalogue with its plots."""

    entry: Evidence
    plots: Sequence[Markup]


def studies(key: str, entries: Iterable[Evidence], beside: Iterable[Evidence] = ()) -> list[Study]:
    """Each entry with a plot for each measure and direction. `beside`: entries whose effects are to be read on the same scale."""
    entries = list(entries)
    reach = _reach([*entries, *beside])
    return [Study(entry, _plots(f"{key}-{entry.id}", entry, reach)) for entry in entries]


def _plots(key: str, entry: Evidence, reach: dict[str, tuple[float, float]]) -> list[Markup]:
    groups: dict[Group, list[Estimate]] = {}
    for estimate in entry.estimates:
        groups.setdefault((MEASURES[estimate.measure], estimate.lower, estimate.higher), []).append(estimate)
    return [
        forest(
            f"{key}-{place}", measure, [_effect(estimate) for estimate in estimates],
            1.0 if estimates[0].is_ratio else 0.0, (lower, higher), estimates[0].is_ratio, reach[measure],
        )
        for place, ((measure, lower, higher), estimates) in enumerate(groups.items())
    ]  # fmt: skip


def _effect(estimate: Estimate) -> Effect:
    return Effect(estimate.of, estimate.value, estimate.low, estimate.high)


def _reach(entries: Iterable[Evidence]) -> dict[str, tuple[float, float]]:
    """From where to where the effects of each measure go."""
    ends: dict[str, list[float]] = {}
    for estimate in (estimate for entry in entries for estimate in entry.estimates):
        found = (estimate.value, estimate.low, estimate.high)
        ends.setdefault(MEASURES[estimate.measure], []).extend(float(end) for end in found if end is not None)
    return {measure: (min(values), max(values)) for measure, values in ends.items()}
