"""The patient a scenario speaks of: its sentences become the plain data of a record.

Days are kept as they are said, "today" or "200 days ago", and become dates when the record is made: `Given today is …` may
stand anywhere. What is said again replaces what was said before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, assert_never

import yaml

from mgcds.loading.reading import did_you_mean
from mgcds.model.assessment import Assessment
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.explanation import in_sentence
from mgcds.model.facts import Facts
from mgcds.model.pack import Item, ListItem, MeasuredItem, RulePack, StateItem
from mgcds.model.phq9 import ITEMS
from mgcds.model.record import PatientRecord, parse_quantity
from mgcds.model.units import SCORE, parse_unit
from mgcds.scenarios.evaluated import Evaluated, evaluate_on_every_engine
from mgcds.scenarios.failures import ScenarioError
from mgcds.scenarios.naming import item_called

TODAY = date(2026, 11, 21)
"""the day of a scenario that does not give its own: a scenario must say the same on every day it is run"""

_AGO = re.compile(r"(-?\d+) days ago")
_FIELDS = {
    "medicines": ("medicines", "medicines_reconciled", "supplements", "antidepressants"),
    "procedures": ("procedures", "procedures_reconciled"),
    "conditions": ("conditions", "conditions_reconciled"),
    "symptoms": ("symptoms", "symptoms_reconciled"),
    "age": ("age", "birth_date"),
    "phq9": ("phq9", "phq9_forms"),
    "days_to_surgery": ("planned_surgery",),
}
_INSTEAD = {
    "medicines": "write 'the patient takes \"…\"'",
    "procedures": "write 'the patient receives \"…\" since … days ago'",
    "conditions": "write 'the patient has \"…\"'",
    "symptoms": "write 'the patient reports \"…\"'",
}


@cache
def baselines() -> Mapping[str, Mapping[str, Any]]:
    """The patients a scenario may begin with, by their sentence."""
    text = Path(__file__).with_name("patients.yaml").read_text(encoding="utf-8")
    known: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return known


def ago(days: int) -> str:
    """A day as scenarios say it; one that is to come is a negative number of days ago."""
    return "today" if days == 0 else f"{days} days ago"


class Patient:
    """What a scenario has said so far. ScenarioError for what cannot be meant."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack
        self._on = TODAY
        self._fields: dict[str, Any] | None = None
        self._described = False
        self._doubts: dict[tuple[str, str], str] = {}
        self._unusable: set[str] = set()
        self._evaluated: Evaluated | None = None

    # --- Given ------------------------------------------------------------------------------------------------------------

    def begin(self, baseline: str) -> None:
        """Start from one of the patients of patients.yaml."""
        if self._described:
            raise ScenarioError("something of the patient is already said; say first who it is")
        self._fields = deepcopy(dict(baselines()[baseline]))
        self._evaluated = None

    def set_today(self, day: str) -> None:
        """The day of evaluation."""
        try:
            self._on = date.fromisoformat(day)
        except ValueError:
            raise ScenarioError(f"'{day}' is no day; write it as 2026-11-21") from None
        self._evaluated = None

    def use(self, pack: RulePack) -> None:
        """The same rules with other limits."""
        self.pack, self._evaluated = pack, None

    def say(self, name: str, value: str, days: int = 0, **details: Any) -> None:
        """An item has this value, as of so many days ago. Details of a measurement: specimen, lower_limit, upper_limit, method."""
        item = item_called(name, self.pack)
        fields = self._speak()
        match item:
            case ListItem():
                raise ScenarioError(f"the {in_sentence(item.title)} is a list; {_INSTEAD[item.id]}")
            case StateItem():
                if details:
                    raise ScenarioError(f"the {in_sentence(item.title)} is not measured in a laboratory")
                fields[item.id] = {"value": value, "date": ago(days)}
            case MeasuredItem(id="age"):
                if days or details:
                    raise ScenarioError("an age is of today; write 'the age is \"40\"'")
                fields["age"] = _whole_years(value)
            case MeasuredItem():
                if item.id not in PatientRecord.model_fields:
                    raise ScenarioError(_computed(item))
                fields[item.id] = {"value": value, "date": ago(days), **details}
            case _:
                assert_never(item)
        self._note_doubt(item, value, fields[item.id])

    def answers_phq9(self, answers: str, days: int = 0) -> None:
        """The nine answers of a PHQ-9; they replace the PHQ-9 and the item 9 that were said before, and a form of the same day."""
        given = [None if part.strip() in ("-", "?") else part.strip() for part in answers.split(",")]
        if len(given) != ITEMS or any(part is not None and not part.isdecimal() for part in given):
            raise ScenarioError(
                f"'{answers}' are no nine answers; write \"1, 2, 0, 3, 1, 1, 0, 2, 0\", '-' for a missing one"
            )
        fields = self._speak()
        if "phq9_forms" not in fields:
            fields.pop("phq9", None)
            fields.pop("phq9_item9", None)
        others = [form for form in fields.get("phq9_forms", []) if form["date"] != ago(days)]
        fields["phq9_forms"] = [*others, {"answers": given, "date": ago(days)}]

    def say_besides(self, name: str, value: str, days: int) -> None:
        """An item had this value so many days ago, besides what else is said of it."""
        item = item_called(name, self.pack)
        if not isinstance(item, MeasuredItem) or item.id not in PatientRecord.model_fields or item.id == "age":
            raise ScenarioError(f"the {in_sentence(item.title)} is not measured more than once; say what it is now")
        fields = self._speak()
        said = fields.get(item.id, [])
        entry = {"value": value, "date": ago(days)}
        fields[item.id] = [*(said if isinstance(said, list) else [said]), entry]
        self._note_doubt(item, value, entry)

    def forget(self, name: str) -> None:
        """Nothing is known of an item or a list, whatever was said of it before."""
        item = item_called(name, self.pack)
        fields = self._speak()
        if item.id not in PatientRecord.model_fields and item.id not in _FIELDS:
            raise ScenarioError(_computed(item))
        for field in _FIELDS.get(item.id, (item.id,)):
            fields.pop(field, None)
        self._doubts = {key: why for key, why in self._doubts.items() if key[0] != item.id}

    def was_unusable(self, name: str, days: int) -> None:
        """Something was reported of an item and cannot be used: it is unknown, and not for want of a report."""
        item = item_called(name, self.pack)
        if isinstance(item, ListItem):
            raise ScenarioError(f"the {in_sentence(item.title)} is a list; {_INSTEAD[item.id]}")
        why = {"field": item.id, "why": "it cannot be used", "date": ago(days)}
        self._speak().setdefault("rejected", []).append(why)
        self._unusable.add(item.id)

    def bound(self, name: str, way: str, value: str) -> None:
        """Only `any patient` has limits instead of values."""
        raise ScenarioError(f"of one patient say the value: 'the {name} is \"…\"'")

    def belongs(self, kind: str, value_set: str) -> None:
        """Only `any patient` takes a medicine without a name."""
        raise ScenarioError("of one patient name it: 'the patient takes \"…\"'")

    def on_hold(self, name: str) -> None:
        """A medicine is on the list and may or may not be taken."""
        self._drop_medicine(name)
        self._speak().setdefault("medicines", []).append({"name": name, "status": "on-hold"})

    def never_reviewed(self, name: str) -> None:
        """A list was given, and nobody knows when it was reviewed."""
        item = item_called(name, self.pack)
        if not isinstance(item, ListItem):
            raise ScenarioError(f"the {in_sentence(item.title)} is no list, so it is not reviewed")
        fields = self._speak()
        fields.setdefault(item.id, [])
        fields.pop(f"{item.id}_reconciled", None)

    def takes(self, name: str, since: int | None = None, daily_dose: str | None = None) -> None:
        """A medicine, or with a daily dose a supplement, is taken; since an unknown day where none is given."""
        entry: dict[str, Any] = {"name": name}
        if since is not None:
            entry["start"] = ago(since)
        if daily_dose is not None:
            entry["daily_dose"] = daily_dose
        self._drop_medicine(name)
        self._speak().setdefault("supplements" if daily_dose is not None else "medicines", []).append(entry)
        self._note_unknown_medicine(name)

    def stopped(self, name: str, days: int) -> None:
        """A medicine was stopped so many days ago; its start stays as it was said."""
        before = self._drop_medicine(name)
        entry = {**(before or {"name": name}), "stop": ago(days), "status": "stopped"}
        self._speak().setdefault("supplements" if "daily_dose" in entry else "medicines", []).append(entry)
        self._note_unknown_medicine(name)

    def has(self, which: Literal["conditions", "symptoms"], name: str) -> None:
        """A diagnosis or symptom is present."""
        if not name.strip():
            raise ScenarioError("a diagnosis or symptom needs a name")
        self._speak().setdefault(which, []).append({"name": name})

    def born_in(self, year: str) -> None:
        """Only the year is known: the age is one of two."""
        if not re.fullmatch(r"\d{4}", year):
            raise ScenarioError(f"'{year}' is no year; write it as 1986")
        fields = self._speak()
        fields.pop("age", None)
        fields["birth_date"] = year

    def may_still_have(self, name: str) -> None:
        """A diagnosis that ended this year, on a day that nobody wrote down."""
        self.has("conditions", name)
        self._known()["conditions"][-1]["abated"] = f"{self._on.year}"

    def receives(self, name: str, since: int) -> None:
        """A treatment that is no medicine, such as psychotherapy."""
        if not self.pack.vocabularies["procedures"].match(name, ()).value_sets:
            raise ScenarioError(f"no value set holds the treatment '{name}'")
        self._speak().setdefault("procedures", []).append({"name": name, "start": ago(since)})

    def has_surgery_in(self, days: int) -> None:
        """An operation is planned in so many days."""
        self._speak()["planned_surgery"] = ago(-days)

    def reviewed(self, name: str, days: int) -> None:
        """A list was last reviewed so many days ago; it is the whole list, even where nothing is on it."""
        item = item_called(name, self.pack)
        if not isinstance(item, ListItem):
            raise ScenarioError(f"the {in_sentence(item.title)} is no list, so it is not reviewed")
        fields = self._speak()
        fields.setdefault(item.id, [])
        fields[f"{item.id}_reconciled"] = ago(days)

    # --- When -------------------------------------------------------------------------------------------------------------

    def record(self) -> PatientRecord:
        """The record, with dates in the place of "… days ago"."""
        return PatientRecord(**_dated(self._known(), self._on))

    def evaluate(self, checked: frozenset[str]) -> None:
        """Evaluate on every engine. `checked`: items whose data problems the scenario speaks of, so that bad data is meant there."""
        record = self.record()
        doubts = [why for (about, _), why in self._doubts.items() if about not in checked]
        noted = {about for about, _ in self._doubts}
        for rejected in record.rejected:
            about = rejected.field.partition("[")[0]
            if about not in noted | checked | self._unusable:
                doubts.append(f"{about}: {rejected.why}")
        if doubts:
            raise ScenarioError("; ".join(doubts))
        self._evaluated = evaluate_on_every_engine(record, self.pack, self._on)

    def take(self, pack: RulePack, facts: Facts) -> None:
        """What another pack says of these facts, by the reference evaluator alone: what the Thens are then asked of."""
        verdicts = evaluate_facts(pack, facts)
        self.pack = pack
        self._evaluated = Evaluated(Assessment(self._on, pack, facts, verdicts), {"reference": verdicts.statuses})

    @property
    def on(self) -> date:
        """The day of evaluation."""
        return self._on

    @property
    def evaluated(self) -> Evaluated:
        """What the evaluation of all that was said has given."""
        if self._evaluated is None:
            raise ScenarioError("nothing is evaluated yet; write 'When the record is evaluated' after the last Given")
        return self._evaluated

    # ----------------------------------------------------------------------------------------------------------------------

    def _known(self) -> dict[str, Any]:
        if self._fields is None:
            raise ScenarioError(f"say first who the patient is: Given {', or Given '.join(baselines())}")
        return self._fields

    def _speak(self) -> dict[str, Any]:
        """The fields, to be changed: an evaluation made before no longer counts."""
        self._described, self._evaluated = True, None
        return self._known()

    def _drop_medicine(self, name: str) -> dict[str, Any] | None:
        dropped: dict[str, Any] | None = None
        for field in ("medicines", "supplements"):
            entries: list[dict[str, Any]] = self._known().get(field, [])
            for entry in [entry for entry in entries if entry["name"].casefold() == name.casefold()]:
                entries.remove(entry)
                dropped = entry
        return dropped

    def _note_doubt(self, item: Item, value: str, given: Any) -> None:
        """What the record or the units do not understand: an error later, unless the scenario is about just that."""
        self._doubts.pop((item.id, ""), None)
        why = ""
        for rejected in PatientRecord(**{item.id: _dated(given, self._on)}).rejected:
            meant = did_you_mean(value, item.values) if isinstance(item, StateItem) else rejected.why
            why = f"the {in_sentence(item.title)} cannot be '{value}': {meant}"
        if isinstance(item, MeasuredItem) and not why:
            limits = [given[key] for key in ("lower_limit", "upper_limit") if isinstance(given, dict) and key in given]
            why = _unit_doubt(item, value) or "".join(_limit_doubt(item, limit) for limit in limits)
        if why:
            self._doubts[item.id, ""] = f'{why} (if it is meant so, add: Then "…" is reported as a data problem of …)'

    def _note_unknown_medicine(self, name: str) -> None:
        if self.pack.vocabularies["medicines"].match(name, ()).recognised:
            return
        sets = [found for found in self.pack.value_sets.values() if found.of == "medicines"]
        names = {known for found in sets for entry in found.entries for known in entry.names}
        self._doubts["medicines", name] = (
            f"no medicine is called '{name}': {did_you_mean(name, sorted(names))} "
            '(if it is meant so, add: Then "is not recognised" is reported as a data problem of the medicine list)'
        )


def _whole_years(value: str) -> str:
    try:
        parts = parse_quantity(value)
    except ValueError:
        return value
    in_years = parts["comparator"] is None and parts["unit"] and parse_unit(parts["unit"]) == "a"
    return str(parts["value"]) if in_years else value


def _computed(item: Item) -> str:
    if item.id == "days_to_surgery":
        return (
            "the days to planned surgery follow from its date; write 'the patient has an operation planned in … days'"
        )
    if isinstance(item, MeasuredItem) and item.change is not None:
        return f"the {in_sentence(item.title)} is computed; say the values before and after the start, and the start"
    return (
        f"the {in_sentence(item.title)} is computed from what is taken; "
        'write \'the patient takes "…" with "248 mg elemental" a day since … days ago\''
    )


def _unit_doubt(item: MeasuredItem, value: str) -> str:
    """A unit that is not understood. None at all is left to the rules, which refuse it."""
    unit = parse_quantity(value)["unit"]
    if unit is None or item.id == "age" or parse_unit(unit) is not None:
        return ""
    return f"the unit '{unit}' is not understood; {did_you_mean(unit, item.units)}"


def _limit_doubt(item: MeasuredItem, limit: str) -> str:
    """A limit that is no quantity, or whose unit is missing or not understood: it would not count."""
    try:
        unit = parse_quantity(limit)["unit"]
    except ValueError as error:
        return f"the limit '{limit}' is not understood: {error}"
    if unit is None and item.units[0] != SCORE:
        return f"the limit '{limit}' has no unit; write one of {', '.join(item.units)}"
    return _unit_doubt(item, limit)


def _dated(value: Any, on: date) -> Any:
    """The same data with dates in the place of "today" and "… days ago"."""
    match value:
        case dict():
            return {key: _dated(part, on) for key, part in value.items()}
        case list():
            return [_dated(part, on) for part in value]
        case "today":
            return on.isoformat()
        case str() if found := _AGO.fullmatch(value):
            return (on - timedelta(days=int(found[1]))).isoformat()
        case _:
            return value
