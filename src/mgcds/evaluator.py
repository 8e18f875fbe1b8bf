"""`evaluate`: a record in, an assessment out that both channels agree on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mgcds.engines import evaluate_chained
from mgcds.errors import EngineDisagreement, RecordError
from mgcds.loading import load_pack
from mgcds.model.assessment import Assessment
from mgcds.model.evaluation import Verdicts, evaluate_facts, in_review
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.model.phq9 import FROM_FORMS, read_forms
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord, read_record

Engine = Callable[[RulePack, Facts], Verdicts]
ENGINES: Mapping[str, Engine] = {"reference": evaluate_facts, "durable": evaluate_chained}


def evaluate(
    record: PatientRecord | Mapping[str, Any], rules: RulePack | Path | str | None = None, on: date | None = None
) -> Assessment:
    """Assess one record on a day (today if not given) by a pack (the built-in one if not given).

    Both channels judge every record. Raises RecordError (no record), PackError (a pack with problems), EngineFault, and
    EngineDisagreement where the channels differ: then nothing is advised.

    >>> evaluate({"egfr": "25 mL/min/1.73m2", "recorded": "2026-11-20"}, on=date(2026, 11, 21))["severe-renal-impairment"].status
    'offered'
    """
    pack = rules if isinstance(rules, RulePack) else load_pack(rules)
    day = on or today()
    facts = read_facts(read_record(record), pack, day)
    reference, chained = ENGINES["reference"](pack, facts), ENGINES["durable"](pack, facts)
    _refuse_disagreement(reference, chained)
    return Assessment(day, pack, facts, in_review(reference, pack, day))


def _refuse_disagreement(reference: Verdicts, other: Verdicts) -> None:
    if (reference.findings, reference.rules, reference.statuses) == (other.findings, other.rules, other.statuses):
        return
    differ = sorted(
        name
        for mine, theirs in (
            (reference.findings, other.findings),
            (reference.rules, other.rules),
            (reference.statuses, other.statuses),
        )
        for name in mine.keys() | theirs.keys()
        if name not in mine or name not in theirs or mine[name] != theirs[name]
    )
    raise EngineDisagreement(
        f"the two channels differ on {', '.join(dict.fromkeys(differ))}: nothing is advised; report this as a fault of mgcds"
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """An assessment before and after a change, and the ids of the rules whose status differs."""

    before: Assessment
    after: Assessment

    @property
    def changed(self) -> tuple[str, ...]:
        """Rules whose status differs, in the pack's order."""
        before, after = self.before.verdicts.statuses, self.after.verdicts.statuses
        return tuple(rule for rule in after if before[rule] != after[rule])


def what_if(
    record: PatientRecord | Mapping[str, Any],
    changes: Mapping[str, Any],
    rules: RulePack | Path | str | None = None,
    on: date | None = None,
) -> Comparison:
    """Assess a record as it is and as it would be with other fields: each change takes the place of a whole field, as of the
    day of evaluation; None makes it unknown. RecordError where a change is not understood.
    """
    pack = rules if isinstance(rules, RulePack) else load_pack(rules)
    day = on or today()
    known = read_record(record)
    return Comparison(evaluate(known, pack, day), evaluate(changed_record(known, changes, day), pack, day))


def changed_record(record: PatientRecord, changes: Mapping[str, Any], on: date) -> PatientRecord:
    """The record with other fields, each dated on that day unless it says its own date."""
    if not changes.keys().isdisjoint(FROM_FORMS):  # what its PHQ-9 forms say of the field goes too
        record = read_forms(record, on, None)[0].model_copy(update={"phq9_forms": ()})
    given = record.model_dump(exclude_defaults=True)
    imagined = PatientRecord(
        **{"recorded": on, **{name: value for name, value in changes.items() if value is not None}}
    )
    if imagined.rejected:
        raise RecordError("; ".join(f"{bad.field}: {bad.why}" for bad in imagined.rejected))
    fresh = imagined.model_dump(exclude_defaults=True)
    for name in changes:
        given.pop(name, None)
        if name in fresh:
            given[name] = _dated(fresh[name], on)
        if f"{name}_reconciled" in PatientRecord.model_fields:
            given[f"{name}_reconciled"] = on.isoformat() if name in fresh else None
    given["rejected"] = tuple(bad for bad in record.rejected if bad.field.partition("[")[0] not in changes)
    return PatientRecord(**given)


def _dated(value: Any, on: date) -> Any:
    if isinstance(value, tuple):
        return tuple(_dated(part, on) for part in value)
    has_value = isinstance(value, dict) and ("value" in value or "answers" in value)
    return {"date": on.isoformat(), **value} if has_value else value


def today() -> date:
    """The calendar day where the program runs: the only place that asks the clock."""
    return datetime.now().astimezone().date()
