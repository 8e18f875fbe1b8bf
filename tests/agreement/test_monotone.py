"""Less known, never the opposite: what is taken out of a record may turn an answer into "cannot tell", and nothing else.

Exempt are criteria that ask about knowledge itself, and what uses them; and a suggestion may come to be offered where a rule that held
it back has become unknown and lets pass. Exceptions are counted, and each must be due to one of the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from mgcds.loading import load_pack
from mgcds.model import evaluation, listing
from mgcds.model.condition import Truth
from mgcds.model.criterion import ABOUT_KNOWLEDGE, Criterion
from mgcds.model.evaluation import Verdicts, evaluate_facts
from mgcds.model.facts import Facts, Gap
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord
from tests.agreement.generate import Patients, fields_of

RECORDS, REMOVALS_EACH = 500, 6
Written = dict[str, Any]


@pytest.fixture(scope="module")
def patients() -> Patients:
    return Patients(load_pack())


# --- ways to know less ------------------------------------------------------------------------------------------------------------


def removed(record: Written, subject: str) -> Written:
    """Nothing is said of it any more; a form that was filled in says something of the PHQ-9 and of its item 9 too."""
    fields = (*fields_of(subject), "phq9_forms") if subject.startswith("phq9") else fields_of(subject)
    return {name: value for name, value in record.items() if name not in fields}


def list_removed(record: Written, subject: str) -> Written:
    """The list is gone; what stands beside it stays."""
    return {name: value for name, value in record.items() if name != subject}


def not_reviewed(record: Written, subject: str) -> Written:
    """Nobody knows when it was last looked at: the only day on record lies in the future."""
    return {**record, f"{subject}_reconciled": "2099-01-01"}


def spoilt(record: Written, subject: str) -> Written:
    """It came, and could not be read."""
    bad = {"field": fields_of(subject)[-1] if subject == "age" else subject, "why": "not a number"}
    return {**record, "rejected": [bad]}


def ways(subject: str, pack: RulePack) -> tuple[Callable[[Written, str], Written], ...]:
    return (removed, list_removed, not_reviewed, spoilt) if subject in pack.vocabularies else (removed, spoilt)


# --- what that may change -----------------------------------------------------------------------------------------------------------


@dataclass
class Changes:
    """What became of the verdicts, and what must not have."""

    removals: int = 0
    became_unknown: int = 0
    exceptions: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def compare(before: Verdicts, after: Verdicts, pack: RulePack, changes: Changes) -> None:
    changes.removals += 1
    asking = {key for key, criterion in pack.criteria.items() if isinstance(criterion, ABOUT_KNOWLEDGE)}
    using = {part for part, keys in pack.criteria_of.items() if asking & set(keys)}
    for was, now, exempt in (
        (before.criteria, after.criteria, asking),
        (before.findings, after.findings, using),
        (before.rules, after.rules, using),
    ):
        for name in was:
            changes.became_unknown += now[name] is None and was[name] is not None
            if now[name] is None or now[name] is was[name]:
                continue  # less, or as much, is known
            if name in exempt:
                changes.exceptions["about knowledge"] += 1
            else:
                changes.wrong.append(f"{name}: {was[name]} became {now[name]}")
    for rule, status in before.statuses.items():
        if status in ("suppressed", "withheld") and after.statuses[rule] == "offered":
            _explain_offered(rule, before, after, pack, using, changes)


def _explain_offered(
    rule: str, before: Verdicts, after: Verdicts, pack: RulePack, using: set[str], changes: Changes
) -> None:
    """Offered by knowing less: every holder that lets go must let pass, or ask about knowledge; or the rule itself asks."""
    due: list[str] = []
    if before.rules[rule] is not True:
        due.append("about knowledge" if rule in using else "nothing")
    for holder in pack.holders[rule]:
        was, now = before.rules[holder.by], after.rules[holder.by]
        if now is None and holder.lets_pass:
            due.append("let pass")  # was met, or what it reads was spoilt
        elif was is not False and now is False:
            due.append("about knowledge" if holder.by in using else "nothing")
        elif now is not False:
            due.append("nothing")
    if not due or "nothing" in due:
        changes.wrong.append(f"{rule}: {before.statuses[rule]} became offered")
    else:
        changes.exceptions.update({f"offered: {reason}" for reason in due})


def read(record: Mapping[str, Any], pack: RulePack, patients: Patients, seed: int) -> Facts:
    return read_facts(PatientRecord(**record), pack, patients.day(seed))


def take_out(patients: Patients, most_wrong: int = 100) -> Changes:
    """Take things out of generated records, one at a time, until too much is wrong."""
    pack, changes = patients.pack, Changes()
    subjects = [item for item in pack.items if fields_of(item)]
    for seed in range(RECORDS):
        if len(changes.wrong) >= most_wrong:
            break
        rng = Random(f"removals {seed}")
        record = patients.composed(seed) if seed % 4 else patients.record(seed)
        before = evaluate_facts(pack, read(record, pack, patients, seed))
        for subject in rng.sample(subjects, REMOVALS_EACH):
            less = rng.choice(ways(subject, pack))(record, subject)
            compare(before, evaluate_facts(pack, read(less, pack, patients, seed)), pack, changes)
    return changes


def test_knowing_less_never_turns_an_answer_round(patients: Patients) -> None:
    changes = take_out(patients)
    assert changes.removals >= 3000
    assert changes.wrong == []
    assert changes.became_unknown > 3000
    assert changes.exceptions["about knowledge"] > 100
    assert changes.exceptions["offered: let pass"] > 0, "met too rarely to say anything"


# --- seeded faults --------------------------------------------------------------------------------------------------------------------


def unknown_is_not_met(monkeypatch: pytest.MonkeyPatch) -> None:
    right = evaluation.test

    def wrong(criterion: Criterion, known: Facts) -> Truth:
        return right(criterion, known) is True

    monkeypatch.setattr(evaluation, "test", wrong)


def a_missing_list_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    right = listing._why_open

    def wrong(*given: Any) -> Gap | None:
        gap = right(*given)
        return None if gap is not None and gap.reason == "missing" else gap

    monkeypatch.setattr(listing, "_why_open", wrong)


def an_unknown_stop_lets_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every kind, whatever the pack says."""
    monkeypatch.setattr(evaluation, "is_cleared", lambda holder, rules, pack, known: rules[holder.by] is not True)


@pytest.mark.parametrize("fault", [unknown_is_not_met, a_missing_list_is_empty, an_unknown_stop_lets_pass])
def test_a_seeded_fault_is_noticed(
    fault: Callable[[pytest.MonkeyPatch], None], patients: Patients, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    assert take_out(patients, most_wrong=1).wrong
