"""Prefetch templates: all that the rules of a hook read, and nothing else."""

# Resources, one a line.
# ruff: noqa: E501

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mgcds.evaluator import evaluate
from mgcds.fhir import read_bundle
from mgcds.fhir.searches import searches_for
from mgcds.model.condition import Name, names_of
from mgcds.model.hooks import Hook
from mgcds.model.pack import MeasuredItem, RulePack
from mgcds.model.rule import Rule
from mgcds.service.client import resources_of
from mgcds.service.ehr import prefetched
from mgcds.service.prefetch import deliver, query, searches_of, templates
from mgcds.service.speaking import can_speak, reads
from tests.fhir import builders
from tests.fhir.tricky.cases import CASES, Case
from tests.fhir.tricky.test_tricky import built
from tests.service.asking import TODAY, keys_of

HOOKS = ("patient-view", "order-select", "order-sign")
EXTRACT = Path(__file__).parents[1] / "fhir" / "bundles" / "synthea-extract.json"


def hook_of(name: str, pack: RulePack) -> Hook:
    assert pack.hooks is not None
    return next(each for each in pack.hooks.services if each.hook == name)


def without(pack: RulePack, gone: set[str]) -> RulePack:
    """The pack without these rules, and without their hold on others."""
    rules = {name: rule for name, rule in pack.rules.items() if name not in gone}
    holders = {name: tuple(each for each in pack.holders[name] if each.by not in gone) for name in rules}
    return replace(pack, rules=rules, holders=holders)


@pytest.mark.requirement(29, 36)
@pytest.mark.parametrize("name", HOOKS)
def test_every_item_the_rules_of_a_hook_read_has_its_query(name: str, pack: RulePack) -> None:
    hook = hook_of(name, pack)
    asked = set(templates(hook, pack).values())
    for rule in can_speak(hook, pack):
        for each in (rule.id, *(holder.by for holder in pack.holders[rule.id])):
            for item in pack.reads[each]:
                wanted = {query(search, "{{context.patientId}}") for search in searches_for(item, pack)}
                assert wanted <= asked, (rule.id, item)


@pytest.mark.parametrize("name", HOOKS)
def test_a_query_goes_when_the_last_rule_that_reads_it_goes(name: str, pack: RulePack) -> None:
    """Remove what reads an item, and exactly its queries disappear: so none of them is superfluous."""
    for key, search in searches_of(hook_of(name, pack), pack).items():
        if key in ("patient", "medicationRequests") or not search.codes or search.kind != "Observation":
            continue
        items = {item for item in pack.items if search in searches_for(item, pack)}
        readers = {rule for rule in pack.rules if not items.isdisjoint(pack.reads[rule])}
        if items & set(pack.reads["magnesium_in_question"]):
            continue  # asked by hooks.yaml itself
        fewer = templates(hook_of(name, pack), without(pack, readers))
        assert key not in fewer
        for kept in sorted(readers)[
            :3
        ]:  # as long as one of them is left that can speak, or hold back who can, it stays
            other = without(pack, readers - {kept})
            wanted = any(
                not items.isdisjoint(reads_with_holders(rule, other)) for rule in can_speak(hook_of(name, pack), other)
            )
            assert (key in templates(hook_of(name, pack), other)) is wanted


def reads_with_holders(rule: Rule, pack: RulePack) -> set[str]:
    return {item for each in (rule.id, *(holder.by for holder in pack.holders[rule.id])) for item in pack.reads[each]}


def test_one_criterion_less_and_its_query_disappears(pack: RulePack) -> None:
    """gad7 is read by one criterion of one rule."""
    readers = [rule for rule in pack.rules if "gad7" in pack.reads[rule]]
    assert readers == ["stress-or-anxiety-only"]
    rule = pack.rules[readers[0]]
    of_gad7 = [name for name, key in rule.criteria.items() if getattr(pack.criteria[key], "item", None) == "gad7"]
    assert of_gad7
    kept = next(name for name in names_of(rule.when) if name not in {rule.criteria[each] for each in of_gad7})
    changed = replace(pack, rules={**pack.rules, rule.id: replace(rule, when=Name(kept))})
    hook = hook_of("patient-view", pack)
    assert set(templates(hook, pack)) - set(templates(hook, changed)) == {"gad7"}


def test_what_only_the_opened_record_needs_is_not_asked_at_an_order() -> None:
    assert {"albumin", "gad7"} <= keys_of("patient-view").keys()
    assert {"albumin", "gad7"}.isdisjoint(keys_of("order-sign").keys())
    assert {"egfr", "serumMagnesium", "qtc", "medicationRequests", "conditions"} <= keys_of("order-sign").keys()


@pytest.mark.requirement(35, 55, 56, 57, 58, 59)
@pytest.mark.parametrize("name", HOOKS)
def test_queries_keep_to_the_recommended_subset(name: str) -> None:
    token = r"\{\{context\.patientId\}\}"
    for key, template in keys_of(name).items():
        read = re.fullmatch(rf"Patient/{token}", template)
        search = re.fullmatch(
            rf"[A-Z]\w+\?patient={token}(&code=[\w,-]+)?(&_sort=-date&_count=\d+|&_sort=-authored)?", template
        )
        assert read or search, (key, template)


def test_the_codes_of_a_query_are_those_of_the_data_dictionary(pack: RulePack) -> None:
    for item in pack.items.values():
        if isinstance(item, MeasuredItem) and item.codes and item.id in keys_named(pack):
            asked = [search.codes for search in searches_for(item.id, pack) if search.kind == "Observation"]
            assert set(item.codes) <= {code for codes in asked for code in codes}


def keys_named(pack: RulePack) -> set[str]:
    return {item for item in pack.items if searches_for(item, pack)}


# --- against the reader: a whole Bundle says the same as what the queries find of it ---------------------------------------------


def tricky() -> list[tuple[str, list[dict[str, Any]]]]:
    """Resources of every kind that the reader knows, many in ways that are hard to read."""
    b = builders
    phq9 = [
        b.observation(code, b.quantity(1, "{score}", "{score}"), id=f"i{at}") for at, code in enumerate(b.PHQ9_ITEMS)
    ]
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p"},
        "code": {"text": "Bipolar disorder"},
    }
    medicine = {
        "id": "m",
        "status": "active",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": "Magnesium oxide"},
    }
    return [
        ("a result", [b.observation(b.MAGNESIUM, b.mgdl("1.4"))]),
        ("a result without a date", [b.observation(b.MAGNESIUM, b.mgdl("1.4"), on=None), b.observation(b.MAGNESIUM, b.mgdl("2.0"), id="o2")]),
        ("a code without its system", [b.observation(None, b.mgdl("1.4"), code={"coding": [{"code": b.MAGNESIUM}]})]),
        ("nine answers, one Observation each", phq9),
        ("a panel with components", [b.observation(b.PHQ9_PANEL, component=[{"code": b.concept(b.ITEM9), **b.quantity(2, "{score}", "{score}")}])]),
        ("a questionnaire", [{"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "subject": {"reference": "Patient/p"},
                              "authored": "2026-11-10", "item": [{"linkId": b.ITEM9, "answer": [{"valueInteger": 1}]}]}]),
        ("a haemolysed sample", [
            b.observation(b.MAGNESIUM, b.mgdl("2.0"), specimen={"reference": "Specimen/s"}),
            {"resourceType": "Specimen", "id": "s", "subject": {"reference": "Patient/p"}, "note": [{"text": "grossly haemolysed"}]}]),
        ("a pregnancy", [b.observation("82810-3", {"valueCodeableConcept": b.concept("LA15173-0")})]),
        ("medicines of every kind", [{"resourceType": kind, **medicine} for kind in ("MedicationRequest", "MedicationStatement")]),
        ("a supplement", [{"resourceType": "NutritionOrder", "id": "n", "status": "active", "intent": "order", "patient": {"reference": "Patient/p"},
                           "dateTime": "2026-11-01", "supplement": [{"type": {"text": "Magnesium citrate"}}]}]),
        ("a diagnosis", [condition]),
        ("an empty list that says none", [{"resourceType": "List", "id": "l", "status": "current", "mode": "snapshot", "subject": {"reference": "Patient/p"},
                                           "code": b.concept("11450-4"), "emptyReason": {"coding": [{"code": "nilknown"}]}}]),
        ("therapy", [{"resourceType": "Procedure", "id": "t", "status": "in-progress", "subject": {"reference": "Patient/p"},
                      "code": {"text": "Cognitive behavioral therapy"}, "performedPeriod": {"start": "2026-05-01"}}]),
        ("therapy that is awaited", [{"resourceType": "ServiceRequest", "id": "r", "status": "active", "intent": "order",
                                      "subject": {"reference": "Patient/p"}, "authoredOn": "2026-11-01", "code": {"text": "Psychotherapy"}}]),
    ]  # fmt: skip


def fields_of(record: Any) -> dict[str, Any]:
    given: dict[str, Any] = record.model_dump(mode="json", exclude_defaults=True)
    # That a list was not asked for is what an empty search says too: whether it was given differs, what is in it must not.
    kept = {name: value for name, value in given.items() if value and not name.endswith("_reconciled")}
    return {name: sorted(value, key=str) if isinstance(value, list) else value for name, value in kept.items()}


@pytest.mark.requirement(28)
@pytest.mark.parametrize("resources", [pytest.param(given, id=name.replace(" ", "-")) for name, given in tricky()])
def test_what_is_read_of_a_whole_bundle_is_found_by_the_queries(
    resources: list[dict[str, Any]], pack: RulePack
) -> None:
    hook = hook_of("patient-view", pack)
    whole = [builders.patient(), *resources]
    found, left_out = prefetched(templates(hook, pack), whole, {"patientId": "p"})
    assert not left_out
    delivered = deliver(found, hook, pack, "p")
    assert not delivered.missing
    read, of_queries = read_bundle(whole, pack, TODAY), read_bundle(list(delivered.content), pack, TODAY)
    assert fields_of(of_queries.record) == fields_of(read.record)
    assert set(read.used) <= set(of_queries.used)


def test_a_query_that_is_taken_away_is_noticed(pack: RulePack) -> None:
    """The seeded fault of the comparison above."""
    hook = hook_of("patient-view", pack)
    whole = [builders.patient(), *dict(tricky())["therapy"]]
    asked = {key: text for key, text in templates(hook, pack).items() if key != "procedures"}
    found, _ = prefetched(asked, whole, {"patientId": "p"})
    content = list(deliver(found, hook, pack, "p").content)
    assert fields_of(read_bundle(content, pack, TODAY).record) != fields_of(read_bundle(whole, pack, TODAY).record)


@pytest.mark.parametrize("name", HOOKS)
def test_a_generated_patient_gets_the_same_statuses_by_prefetch(name: str, pack: RulePack) -> None:
    """Of the rules that can speak at the hook. The lists are given in both: an empty search says that there is none."""
    bundle = json.loads(EXTRACT.read_text())
    resources = [entry["resource"] for entry in bundle["entry"]]
    whose = next(each["id"] for each in resources if each["resourceType"] == "Patient")
    hook = hook_of(name, pack)
    found, left_out = prefetched(templates(hook, pack), resources, {"patientId": whose})
    assert not left_out
    assert sum(len(each.get("entry", ())) for each in found.values() if each["resourceType"] == "Bundle") > 5
    on = date(2026, 11, 21)
    by_prefetch = evaluate(read_bundle(list(deliver(found, hook, pack, whose).content), pack, on).record, pack, on)
    whole = evaluate(read_bundle(bundle, pack, on).record, pack, on)
    for rule in can_speak(hook, pack):
        assert by_prefetch[rule.id].status == whole[rule.id].status, rule.id


MG = builders.observation(builders.MAGNESIUM, builders.mgdl("1.9"), id="m")
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


@pytest.mark.parametrize(
    "magnesium",
    [
        pytest.param({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": MG}]}, id="a searchset"),
        pytest.param({"resourceType": "Bundle", "entry": [{"resource": MG}], "total": 9}, id="one that is not whole"),
        pytest.param(MG, id="the resource itself"),
        pytest.param(None, id="null"),
        pytest.param("none", id="a text"),
        pytest.param([], id="a list"),
        pytest.param({"resourceType": 3}, id="no type"),
        pytest.param(OUTCOME, id="an error"),
        pytest.param({"resourceType": "Bundle", "entry": [{"resource": OUTCOME}]}, id="an error in a Bundle"),
        pytest.param({"resourceType": "Bundle", "entry": [{"resource": {**OUTCOME, "issue": []}}]}, id="no error"),
        pytest.param({"resourceType": "Bundle", "link": "x", "entry": {"resource": MG}}, id="of another shape"),
        pytest.param({"resourceType": "Bundle", "entry": [None, 7, {"resource": None}]}, id="entries that are none"),
    ],
)
@pytest.mark.parametrize("escaped", [False, True])
def test_json_that_is_not_decoded_yet_says_the_same_as_plain_data(
    magnesium: Any, escaped: bool, pack: RulePack
) -> None:
    hook = hook_of("patient-view", pack)
    found, _ = prefetched(templates(hook, pack), [builders.patient()], {"patientId": "p"})
    plain = {**found, "serumMagnesium": magnesium}
    text = {key: json.dumps(value) for key, value in plain.items()}
    if escaped:  # the same text, and no word of it can be found in its bytes
        text = {key: re.sub("O|o|R", lambda each: f"\\u{ord(each[0]):04x}", value) for key, value in text.items()}
    of_plain = deliver(plain, hook, pack, "p")
    of_text = deliver({key: msgspec.Raw(value.encode()) for key, value in text.items()}, hook, pack, "p")
    assert (of_text.missing, of_text.not_given) == (of_plain.missing, of_plain.not_given)
    assert read_bundle(list(of_text.content), pack, TODAY) == read_bundle(list(of_plain.content), pack, TODAY)


def test_nothing_is_read_of_what_has_no_query(pack: RulePack) -> None:
    """Items without a source in FHIR: no Bundle ever fills them. If a reader learns to, its searches must be written."""
    silent = {item for item in pack.items if not searches_for(item, pack)}
    assert silent == {
        "bipolar_screen",
        "suicide_risk_assessment",
        "low_magnesium_workup",
        "days_to_surgery",
        "symptoms",
    }
    for _, resources in tricky():
        record = read_bundle([builders.patient(), *resources], pack, TODAY).record
        assert all(not getattr(record, name, None) for name in silent)


def test_reads_names_nothing_twice(pack: RulePack) -> None:
    for name in HOOKS:
        found = reads(hook_of(name, pack), pack)
        assert len(found) == len(set(found)) > 5


OTHERWISE = {
    "a Medication by its urn:uuid": "no query includes a Medication: the medicine list is left open",
    "no problem list at all": "an empty search says that there is none",
    "no Patient resource": "a call names its patient",
}
"""Tricky Bundles that are no answer to our queries; those with pages are answers to other queries."""


def both_ways(case: Case, pack: RulePack) -> tuple[Any, Any]:
    """The statuses by prefetch, and those of the whole Bundle."""
    resources = resources_of(built(case))
    whose = next(each["id"] for each in resources if each["resourceType"] == "Patient")
    hook = hook_of("patient-view", pack)
    found, left_out = prefetched(templates(hook, pack), resources, {"patientId": whose})
    assert not left_out
    delivered = deliver(found, hook, pack, whose)
    records = (read_bundle(each, pack, TODAY).record for each in (list(delivered.content), built(case)))
    by_prefetch, whole = (evaluate(record, pack, TODAY).verdicts.statuses for record in records)
    return by_prefetch, whole


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASES if not case.pages and case.name not in OTHERWISE]
)
def test_a_tricky_bundle_gets_the_same_statuses_by_prefetch(case: Case, pack: RulePack) -> None:
    """Over the Bundles of tests/fhir/tricky: what is read of a whole record comes through the queries, trap by trap."""
    by_prefetch, whole = both_ways(case, pack)
    assert by_prefetch == whole


def test_a_medicine_by_reference_alone_leaves_the_list_open(pack: RulePack) -> None:
    """The one known reading that prefetch does not bring: it withholds, and never lets pass."""
    case = next(case for case in CASES if case.name == "a Medication by its urn:uuid")
    by_prefetch, whole = both_ways(case, pack)
    differ = {rule for rule in whole if by_prefetch[rule] != whole[rule]}
    assert differ
    assert all(by_prefetch[rule] != "offered" or rule == "medicine-list-not-reconciled" for rule in differ)
