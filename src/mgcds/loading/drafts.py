"""`drafts.yaml`: what suggestions may put into the chart as drafts, type-checked against the data dictionary and the value sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction

from mgcds.loading.criteria import CriteriaReader
from mgcds.loading.reading import did_you_mean
from mgcds.loading.source import Mapping, Text
from mgcds.model.criterion import Criterion
from mgcds.model.dose import ElementalDose, parse_dose
from mgcds.model.drafts import DraftOrder, MeasurementDraft, QuestionDraft, SupplementDraft
from mgcds.model.pack import MeasuredItem
from mgcds.model.rule import Rule
from mgcds.model.terminology import Entry

_ORDERS = ("measure", "request", "ask", "supplement")
_SUPPLEMENT = ["from", "dose", "times_a_day", "for", "directions", "at_most"]
_MAY_DOSE = ("consider", "dose")
MOST_TIMES_A_DAY = 6


def read_drafts(source: Mapping, criteria: CriteriaReader) -> dict[str, DraftOrder]:
    """Draft orders by id; one with a mistake is reported and left out."""
    reader = criteria.reader
    found: dict[str, DraftOrder] = {}
    for draft_id, node in source.items.items():
        what = f"draft '{draft_id[:60]}'"
        if not isinstance(node, Mapping):
            reader.problem(
                node, f"{what} must be a mapping such as {{title: Potassium, measure: potassium, loinc: [2823-3]}}"
            )
            continue
        orders = [key for key in node.items if key in _ORDERS]
        if len(orders) != 1:
            reader.problem(node, f"{what} must say once what it orders: {', '.join(_ORDERS)}")
            continue
        draft = _read_draft(draft_id, orders[0], node, what, criteria)
        if draft is not None:
            found[draft_id] = draft
    return found


def _read_draft(draft_id: str, order: str, node: Mapping, what: str, criteria: CriteriaReader) -> DraftOrder | None:
    reader = criteria.reader
    match order:
        case "supplement":
            return _read_supplement(draft_id, node, what, criteria)
        case "request":
            if not reader.keys(node, what, ["title", "request"]):
                return None
            reader.choice(node, "request", what, ["in words"])
            return MeasurementDraft(draft_id, reader.text(node, "title", what, longest=100), ())
        case _:
            needed = ["title", order, *(["loinc"] if order == "measure" else [])]
            if not reader.keys(node, what, needed, ["loinc"]):
                return None
            codes = _read_codes(node, order, what, criteria)
            make = MeasurementDraft if order == "measure" else QuestionDraft
            return make(draft_id, reader.text(node, "title", what, longest=100), codes)


def _item(node: Mapping, key: str, what: str, criteria: CriteriaReader) -> MeasuredItem | None:
    name = criteria.reader.text(node, key, what)
    item = criteria.items.get(name)
    if isinstance(item, MeasuredItem):
        return item
    known = [item.id for item in criteria.items.values() if isinstance(item, MeasuredItem)]
    place = (node.file, node.line_of(key))
    criteria.reader.problem(place, f"'{key}' of {what} names no item that is measured; {did_you_mean(name, known)}")
    return None


def _read_codes(node: Mapping, key: str, what: str, criteria: CriteriaReader) -> tuple[str, ...]:
    """LOINC codes that the item has, so that the answer will be read as that item."""
    item = _item(node, key, what, criteria)
    codes = criteria.reader.text_nodes(node, "loinc", what)
    for text in codes if item is not None else ():
        assert item is not None
        if text.value not in item.codes:
            known = did_you_mean(text.value or "", item.codes)
            criteria.reader.problem(
                text, f"'loinc' of {what} names '{text.value}', no code of item '{item.id}'; {known}"
            )
    return tuple(text.value for text in codes if text.value is not None)


def _read_supplement(draft_id: str, node: Mapping, what: str, criteria: CriteriaReader) -> SupplementDraft | None:
    reader = criteria.reader
    if not reader.keys(node, what, ["title", "supplement", *_SUPPLEMENT], ["only_for"]):
        return None
    product, dose = _product(node, what, criteria), _elemental(node, what, criteria)
    times, days = node.items["times_a_day"], reader.days(node, "for", what)
    number = reader.number(times, f"'times_a_day' of {what}") if isinstance(times, Text) else None
    if number is None or number != int(number) or not 1 <= number <= MOST_TIMES_A_DAY:
        reader.problem(times, f"'times_a_day' of {what} must be a whole number from 1 to {MOST_TIMES_A_DAY}")
        return None
    if "for" in node.items and days is None:
        reader.problem(node.items["for"], f"'for' of {what} needs an end; write a number of days such as '42 days'")
    only_for: Criterion | None = None
    if "only_for" in node.items:
        only_for = criteria.read("only_for", node.items["only_for"])
        if only_for is None:
            return None
    item = _item(node, "at_most", what, criteria)
    if product is None or dose is None or days is None or item is None:
        return None
    _check_limit(dose.mg * int(number), item, node, what, criteria)
    return SupplementDraft(
        draft_id, reader.text(node, "title", what, longest=100), product, dose, int(number), days,
        reader.text(node, "directions", what), only_for,
    )  # fmt: skip


def _product(node: Mapping, what: str, criteria: CriteriaReader) -> Entry | None:
    """An entry of a value set of medicines: its codes go with the draft."""
    name, of = criteria.reader.text(node, "supplement", what), criteria.reader.text(node, "from", what)
    value_set = criteria.value_sets.get(of)
    if value_set is None or value_set.of != "medicines":
        known = [each.id for each in criteria.value_sets.values() if each.of == "medicines"]
        place = (node.file, node.line_of("from"))
        criteria.reader.problem(place, f"'from' of {what} names no value set of medicines; {did_you_mean(of, known)}")
        return None
    entry = next((entry for entry in value_set.entries if name in entry.names[:1]), None)
    if entry is None:
        known = [entry.names[0] for entry in value_set.entries if entry.names]
        place = (node.file, node.line_of("supplement"))
        criteria.reader.problem(place, f"'supplement' of {what} is no entry of '{of}'; {did_you_mean(name, known)}")
    return entry


def _elemental(node: Mapping, what: str, criteria: CriteriaReader) -> ElementalDose | None:
    try:
        dose = parse_dose(criteria.reader.text(node, "dose", what))
    except ValueError:
        dose = None
    if not isinstance(dose, ElementalDose):
        place = (node.file, node.line_of("dose"))
        criteria.reader.problem(place, f"'dose' of {what} must be of the element; write '<number> mg elemental'")
        return None
    return dose


def _check_limit(daily: Fraction, item: MeasuredItem, node: Mapping, what: str, criteria: CriteriaReader) -> None:
    """No draft goes above the limit that applies here, the lowest of all where no jurisdiction was chosen."""
    upper = item.local_upper or item.upper
    limit = upper.by_unit.get("mg/d") if upper is not None else None
    place = (node.file, node.line_of("at_most"))
    if limit is None:
        criteria.reader.problem(place, f"'at_most' of {what} names '{item.id}', which has no upper limit in mg/d")
    elif daily > limit.value:
        criteria.reader.problem(
            place, f"{what} gives {float(daily):g} mg/d, above the limit of '{item.id}', {float(limit.value):g}"
        )


def check_doses(
    rules: Iterable[Rule], drafts: dict[str, DraftOrder], files: Collection[Mapping], criteria: CriteriaReader
) -> None:
    """A supplement is drafted only by rules that may speak of one, and whose text says its daily dose of the element."""
    by_id = {criteria.reader.text(source, "id", "the rule"): source for source in files}
    for rule in rules:
        for draft in (drafts[name] for name in rule.suggest.drafts if name in drafts):
            if not isinstance(draft, SupplementDraft):
                continue
            source = by_id[rule.id]
            daily = f"{float(draft.dose.mg * draft.times_a_day):g} mg"
            if rule.suggest.kind not in _MAY_DOSE:
                what = f"only rules of kind {' or '.join(_MAY_DOSE)} may draft a supplement"
                criteria.reader.problem(source, f"rule '{rule.id}' drafts '{draft.id}'; {what}")
            elif daily not in rule.suggest.text or "elemental" not in rule.suggest.text:
                what = (
                    f"its text does not say '{daily}' and 'elemental'; say the dose in the text, or correct the draft"
                )
                criteria.reader.problem(source, f"rule '{rule.id}' drafts '{draft.id}', and {what}")
