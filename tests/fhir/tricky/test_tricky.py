"""Every tricky Bundle has its fate, from the Bundle to what the clinician is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mgcds.evaluator import evaluate
from mgcds.fhir import FhirReading, elements, lists, read_bundle
from mgcds.fhir.specimens import Specimens
from mgcds.model.assessment import Assessment
from mgcds.model.pack import RulePack
from tests.fhir.builders import RETRIEVED, Resource, accounted_for, bundle, resources_in
from tests.fhir.tricky.cases import CASES, COMPLETE, ELSEWHERE, Case

ON = date(2026, 11, 21)
TRIAL = "supplement-alongside-therapy"
AT = "https://ehr.example/fhir/"


def built(case: Case) -> Resource:
    """A collection of all resources, its searchsets within."""
    resources = [each for each in {**COMPLETE, **case.given}.values() if each is not None]
    pages = []
    for query, more, found in case.pages:
        links = [{"relation": "self", "url": AT + query}]
        links += [{"relation": "next", "url": AT + more["more"]}] if "more" in more else []
        rest = {key: value for key, value in more.items() if key != "more"}
        pages.append(bundle(*found, type="searchset", link=links, **rest))
    return bundle(*resources, *case.more, *pages)


def outcome(case: Case, pack: RulePack) -> tuple[FhirReading, Assessment]:
    content = built(case)
    reading = read_bundle(json.dumps(content), pack, RETRIEVED)
    assert reading == read_bundle(content, pack, RETRIEVED)
    assert accounted_for(reading) == resources_in(content), "every resource is accounted for, once"
    return reading, evaluate(reading.record, pack, ON)


def told(reading: FhirReading, assessment: Assessment) -> str:
    """All that is said of data that was not used as it came."""
    lines = [f"{bad.field}: {bad.why}" for bad in reading.record.rejected]
    lines += [f"{line.reference}: {line.why}" for line in reading.unused]
    lines += [f"{problem.about}: {problem.what} {problem.value or ''}" for problem in assessment.problems]
    lines += [f"{name}: {gap.reason} {gap.detail}" for name, gap in assessment.unknown_items.items()]
    return "\n".join(lines)


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


def test_without_a_trap_the_trial_is_offered(pack: RulePack) -> None:
    reading, assessment = outcome(Case("nothing changed", "offered"), pack)
    assert assessment[TRIAL].status == "offered"
    assert reading.record.rejected == ()


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_fate_of_a_tricky_bundle(case: Case, pack: RulePack) -> None:
    reading, assessment = outcome(case, pack)
    assert assessment[TRIAL].status == case.trial, told(reading, assessment)
    statuses = {rule: assessment[rule].status for rule in case.offered}
    assert statuses == dict.fromkeys(case.offered, "offered"), told(reading, assessment)
    assert case.says in told(reading, assessment)


def test_every_value_says_where_it_was_read(pack: RulePack) -> None:
    for case in CASES:
        record = outcome(case, pack)[0].record
        for name, value in record:
            for entry in value if isinstance(value, tuple) else (value,):
                if hasattr(entry, "source"):
                    assert entry.source or name == "rejected", f"{case.name}: {name}"


def test_an_intake_of_all_sources_never_says_that_the_diet_is_enough(pack: RulePack) -> None:
    """420 mg a day may be 300 mg of a supplement and a poor diet."""
    case = next(case for case in CASES if case.name.startswith("an intake of all sources above it"))
    assert outcome(case, pack)[1]["low-dietary-magnesium"].status == "withheld"


@pytest.mark.parametrize("trap", ELSEWHERE)
def test_a_trap_that_is_tested_elsewhere_is_tested_there(trap: str) -> None:
    file, name = ELSEWHERE[trap]
    assert name in (Path(__file__).parents[1] / file).read_text(encoding="utf-8")


def nothing(*given: Any) -> tuple[()]:
    return ()


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        pytest.param(Specimens, "problems", nothing, id="specimens are not looked at"),
        pytest.param(elements, "modified", lambda content: None, id="modifier extensions are passed over"),
        pytest.param(lists, "_limits", lambda query: [], id="a limited search counts as the whole list"),
        pytest.param(elements, "readable_date", lambda text: True, id="any date counts as readable"),
    ],
)
def test_the_table_notices_a_wrong_reader(
    where: Any, name: str, wrong: Callable[..., Any], pack: RulePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, wrong)
    noticed = 0
    for case in CASES:
        try:
            test_the_fate_of_a_tricky_bundle(case, pack)
        except (AssertionError, ValueError):
            noticed += 1
    assert noticed
