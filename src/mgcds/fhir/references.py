"""Which resource a reference means, and which version of a resource counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time

from mgcds.fhir import elements
from mgcds.fhir.wire import Delivery, Resource, Unused, unversioned
from mgcds.model.dates import parse_when

LOOKED_UP = ("Medication", "Specimen")


class Known:
    """The Medications and Specimens that others refer to."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_url: dict[str, Resource] = {}
        self._without_url: dict[str, Resource] = {}
        for resource in [each for each in resources if each.kind in LOOKED_UP]:
            self._by_url.setdefault(resource.reference, resource)
            if resource.full_url is not None:
                self._by_url.setdefault(resource.full_url, resource)
            else:
                self._without_url.setdefault(resource.reference, resource)

    @property
    def any(self) -> bool:
        """Are there any?"""
        return bool(self._by_url)

    def get(self, reference: str) -> Resource | None:
        """What a reference means: relative, absolute, versioned or `urn:uuid:`. The same id on another server is another resource."""
        plain = unversioned(reference)
        found = self._by_url.get(plain) or self._without_url.get("/".join(plain.split("/")[-2:]))
        if found is None and plain.startswith("urn:uuid:"):
            tail = plain.rpartition(":")[2]
            found = next((self._without_url[key] for kind in LOOKED_UP
                          if (key := f"{kind}/{tail}") in self._without_url), None)  # fmt: skip
        return found


def newest_versions(delivery: Delivery) -> tuple[list[Resource], list[Unused]]:
    """One version of each resource: the one stored last. Of versions that cannot be told apart, all are kept and read."""
    resources = delivery.resources
    several = len(resources)
    if (
        len({each.reference for each in resources})
        == len({each.full_url or each.reference for each in resources})
        == several
    ):
        return resources, []  # as nearly always
    urls: dict[str, set[str]] = {}
    for each in resources:
        if each.full_url is not None:
            urls.setdefault(each.reference, set()).add(each.full_url)
    kept: dict[str, list[Resource]] = {}
    older: list[Unused] = []
    for position, resource in enumerate(resources):
        key = resource.full_url or (
            _only(urls.get(resource.reference), resource.reference) if resource.id else f"#{position}"
        )
        before = kept.setdefault(key, [])
        verdict = _compare(before[-1], resource) if before else "other"
        if verdict == "newer":
            older += [Unused(old.reference, "an older version of it was given too") for old in before]
            kept[key] = [resource]
        elif verdict == "other":
            before.append(resource)
        else:
            older.append(Unused(resource.reference, verdict))
    return [resource for versions in kept.values() for resource in versions], older


def _only(urls: set[str] | None, otherwise: str) -> str:
    """The one address of resources of this kind and id; of several it cannot be told which one is meant."""
    return next(iter(urls)) if urls is not None and len(urls) == 1 else otherwise


def _compare(known: Resource, other: Resource) -> str:
    """`newer`, `other` (cannot be told), or the reason why the other one is not needed."""
    before, after = known.updated, other.updated
    if before and after and elements.readable_date(before) and elements.readable_date(after):
        stored, stored_after = _moment(before), _moment(after)
        if stored != stored_after:
            return "newer" if stored_after > stored else "an older version of it was given too"
    if known.from_history and other.from_history:
        return "an older version of it was given too"  # a history gives the newest first
    return "given twice" if known.same_as(other) else "other"


def _moment(text: str) -> datetime:
    """In UTC: versions are stored by clocks of several time zones."""
    when = parse_when(text)
    return when.moment or datetime.combine(when.first, time.min, UTC)
