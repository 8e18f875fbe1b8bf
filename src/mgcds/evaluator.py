"""`evaluate`: a record in, an assessment out that both channels agree on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mgcds.engines import evaluate_chained
from mgcds.errors import EngineDisagreement
from mgcds.loading import load_pack
from mgcds.model.assessment import Assessment
from mgcds.model.evaluation import Verdicts, evaluate_facts
from mgcds.model.facts import Facts, read_facts
from mgcds.model.pack import RulePack
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
    day = on or date.today()
    facts = read_facts(read_record(record), pack, day)
    reference, chained = ENGINES["reference"](pack, facts), ENGINES["durable"](pack, facts)
    _refuse_disagreement(reference, chained)
    return Assessment(day, pack, facts, reference)


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
