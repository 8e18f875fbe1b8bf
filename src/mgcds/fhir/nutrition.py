"""NutritionOrders → supplements. How much elemental magnesium is in one they do not say; it is asked about where it matters."""

from __future__ import annotations

from collections.abc import Iterable

from mgcds.fhir import elements
from mgcds.fhir.elements import Node, Unreadable
from mgcds.fhir.gathered import Gathered
from mgcds.fhir.wire import Resource

KIND = "NutritionOrder"
_STATUS = {
    "active": "active", "on-hold": "on-hold", "unknown": "unknown", "completed": "stopped", "revoked": "stopped",
}  # fmt: skip
_NO_ORDERS = ("proposal", "plan", "option")


def read_nutrition(orders: Iterable[Resource], gathered: Gathered) -> None:
    """All NutritionOrders of the patient; diets and tube feeds are counted."""
    for resource in orders:
        try:
            content = resource.content
        except Unreadable as unreadable:
            gathered.reject("supplements", str(unreadable), resource)
            continue
        supplements = elements.nodes(content, "supplement")
        status, intent = elements.string(content, "status") or "unknown", elements.string(content, "intent")
        why = elements.modified(content)
        if not supplements:
            gathered.count(KIND, "a diet or a tube feed, no supplement")
        elif status not in _STATUS or intent in _NO_ORDERS:
            gathered.leave(resource, f"no order that counts (status {status[:30]}, intent {str(intent)[:30]})")
        elif why is not None:
            gathered.reject("supplements", why, resource)
        else:
            for supplement in supplements:
                _add(supplement, _STATUS[status], content, resource, gathered)


def _add(supplement: Node, status: str, content: Node, resource: Resource, gathered: Gathered) -> None:
    concept = elements.node(supplement, "type")
    name, codes = elements.string(supplement, "productName") or elements.name(concept), elements.codes(concept)
    if name is None and not any(code.system for code in codes):
        gathered.reject("supplements", "it does not name its supplement", resource)
        return
    bounds = [
        elements.node(elements.node(each, "repeat"), "boundsPeriod") for each in elements.nodes(supplement, "schedule")
    ]
    starts, stops = ([found for each in bounds if (found := elements.date(each, end))] for end in ("start", "end"))
    entry = {
        "name": name, "codes": elements.record_codes(codes), "status": status,
        "start": starts[0] if len(starts) == 1 else elements.date(content, "dateTime"),
        "stop": stops[0] if len(stops) == len(bounds) == 1 else None,
    }  # fmt: skip
    gathered.add("supplements", entry, resource)
