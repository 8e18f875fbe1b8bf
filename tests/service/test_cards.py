"""Cards: of their shape, of what they say, and that nothing of a record becomes markup."""

from __future__ import annotations

import html
import re
import uuid
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from markdown_it import MarkdownIt

from mgcds.evaluator import evaluate
from mgcds.fhir import read_bundle
from mgcds.model.evaluation import Status
from mgcds.model.pack import RulePack
from mgcds.service.advice import Inputs
from mgcds.service.cards import Call, cards_of, summary_of
from mgcds.service.checks import check_response
from mgcds.service.hooks import respond
from mgcds.service.markdown import escaped, plain, shortened
from tests.service.asking import (
    ABOUT,
    EGFR,
    INSTANCE,
    ITEM9,
    KIDNEYS,
    MAGNESIUM,
    MANY,
    PHQ9,
    TODAY,
    TRIAL,
    ask,
    bundle,
    by_rule,
    cards,
    draft,
    medicine,
    observation,
    patient,
    request,
)

CALLS: list[tuple[str, dict[str, Any], tuple[dict[str, Any], ...]]] = [
    ("patient-view", {}, ()),
    ("patient-view", KIDNEYS, ()),
    ("patient-view", MANY, ()),
    ("order-select", KIDNEYS, (draft("Magnesium oxide 400 mg"),)),
    ("order-sign", MANY, (draft("Magnesium oxide 400 mg"), draft("Ciprofloxacin 500 mg"))),
    ("order-sign", {}, (draft("Zyxquolamine"),)),
]
SHALL_OF_A_CARD = (
    3, 74, 75, 80, 81, 82, 83, 84, 85, 87, 88, 89, 90, 92, 94, 95, 96, 98, 99, 103, 104, 105, 107, 108, 113, 115, 116, 117, 118, 119, 120,
    121, 123, 124, 127, 128, 130, 131, 138, 139, 141, 142, 145, 146, 147, 214, 215, 216, 217, 218, 220,
)  # fmt: skip


@pytest.mark.requirement(*SHALL_OF_A_CARD)
@pytest.mark.parametrize(("hook", "prefetch", "orders"), CALLS)
def test_no_answer_departs_from_the_specification(hook: str, prefetch: Any, orders: Any) -> None:
    """`checks` is tested in test_client.py: each of its lines finds the violation it is for."""
    status, body = ask(hook, *orders, **prefetch)
    assert [str(each) for each in check_response(status, body)] == []
    assert body["cards"]


def every_rule(pack: RulePack) -> dict[str, dict[str, Any]]:
    """A card of every rule, offered or not: what its words are made of does not hang on a record."""
    record = read_bundle([request(**MANY)["prefetch"]["patient"]], pack, TODAY).record
    assessment = evaluate(record, pack, TODAY)
    assert pack.hooks is not None
    made = {}
    for rule in pack.rules:
        statuses: dict[str, Status] = {each: "offered" if each == rule else "not indicated" for each in pack.rules}
        one = replace(assessment, verdicts=replace(assessment.verdicts, statuses=statuses))
        call = Call(INSTANCE, "Patient/p", one, Inputs(record, pack, TODAY), pack.hooks, lambda *_: [])
        made[rule] = cards_of(call, frozenset([rule]), []).cards[0]
    return made


@pytest.mark.requirement(83, 85, 100, 136, 219)
def test_every_rule_has_a_card_as_specified(pack: RulePack) -> None:
    made = every_rule(pack)
    assert len(made) == len(pack.rules)
    for rule, card in made.items():
        assert [str(each) for each in check_response(200, {"cards": [card]})] == [], rule
        assert len(card["summary"]) < 140
        assert card["summary"] == plain(pack.rules[rule].title)  # none of ours has to be cut
        assert pack.rules[rule].suggest.text[:60].split("`")[0] in html.unescape(card["detail"]).replace("\\", "")
        assert card["overrideReasons"]
        assert all(reason["display"] for reason in card["overrideReasons"])


@pytest.mark.requirement(88)
def test_the_indicator_follows_the_kind(pack: RulePack) -> None:
    shown = {pack.rules[rule].suggest.kind: card["indicator"] for rule, card in every_rule(pack).items()}
    assert shown == {
        "urgent": "critical", "stop": "warning", "defer": "warning", "interaction": "warning",
        "workup": "info", "consider": "info", "dose": "info", "monitor": "info", "inform": "info",
    }  # fmt: skip


def test_at_most_one_interrupts_and_five_are_passive_and_nothing_is_dropped(pack: RulePack) -> None:
    body = ask(**MANY)[1]
    found = by_rule(body)
    shown = [card["extension"]["urn:mgcds:advice"].get("shown") for card in body["cards"]]
    assert shown.count("interruptive") == 1
    assert shown[0] == "interruptive"
    prefetch = [each for each in request(**MANY)["prefetch"].values() if each]
    assessment = evaluate(read_bundle(prefetch, pack, TODAY).record, pack, TODAY)
    urgent = [each.id for each in assessment.offered if each.kind == "urgent"]
    assert shown.count("passive") == max(5, len(urgent) - 1)
    offered = {each.id for each in assessment.offered}
    assert offered - found.keys() == set(found["folded"]["extension"]["urn:mgcds:advice"]["rules"])
    assert set(urgent) <= found.keys()


@pytest.mark.requirement(80, 119)
def test_the_same_call_gives_the_same_ids_and_another_call_others() -> None:
    first, again = ask(**MANY)[1], ask(**MANY)[1]
    assert first == again
    other = respond({**request(**MANY), "hookInstance": str(uuid.uuid4())}, "mgcds-patient-view", _pack(), TODAY)[1]
    ids = [card["uuid"] for card in first["cards"]]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {card["uuid"] for card in other["cards"]}


@pytest.mark.requirement(80)
def test_a_card_id_is_uuid5_of_the_call_and_the_rule() -> None:
    found = cards(**KIDNEYS)["severe-renal-impairment"]
    assert found["uuid"] == str(uuid.uuid5(uuid.UUID(INSTANCE), "severe-renal-impairment"))


@pytest.mark.requirement(92, 93, 95, 96, 117, 124, 125, 127, 128, 129, 130, 131)
def test_suggestions_are_drafts_for_this_patient_and_none_is_recommended() -> None:
    found = cards(
        medicationRequests=bundle(medicine("Omeprazole 20 mg", authoredOn="2025-01-01")),
        egfr=bundle(observation(EGFR, 90)),
    )
    card = found["ppi-without-magnesium"]
    assert card["selectionBehavior"] == "any"
    for suggestion in card["suggestions"]:
        assert "isRecommended" not in suggestion
        [action] = suggestion["actions"]
        assert action["type"] == "create"
        resource = action["resource"]
        assert (resource["status"], resource["intent"]) == ("draft", "proposal")
        assert resource.get("subject", resource.get("for")) == ABOUT
    assert any(each["actions"][0]["resource"]["resourceType"] == "ServiceRequest" for each in card["suggestions"])


@pytest.mark.requirement(98, 99, 100, 136, 216, 217, 219)
def test_override_reasons_use_the_standard_codes_where_one_fits() -> None:
    reasons = cards(**MANY)["severe-hypomagnesaemia"]["overrideReasons"]
    systems = {reason["code"]: reason["system"] for reason in reasons}
    assert systems["action-completed"] == "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
    assert systems["record-is-wrong"] == "urn:mgcds:override-reason"


@pytest.mark.requirement(103, 138, 139, 141, 142)
def test_links_lead_to_the_evidence_for_and_against(pack: RulePack) -> None:
    links = every_rule(pack)["supplement-alongside-therapy"]["links"]
    evidence = pack.rules["supplement-alongside-therapy"].suggest
    known = [pack.evidence[each] for each in (*evidence.evidence_for, *evidence.evidence_against)]
    assert [link["url"] for link in links] == [
        f"https://doi.org/{each.doi}" if each.doi else f"https://pubmed.ncbi.nlm.nih.gov/{each.pmid}/" for each in known if each.doi or each.pmid
    ]  # fmt: skip
    assert {link["label"].split(":")[0] for link in links} == {"For", "Against"}


@pytest.mark.requirement(105, 115, 220)
def test_the_source_says_who_and_of_what_topic() -> None:
    for card in ask(**MANY)[1]["cards"]:
        assert card["source"]["label"].startswith("mgcds ")
        assert set(card["source"]["topic"]) == {"system", "code", "display"}


# --- what could not be evaluated --------------------------------------------------------------------------------------------------


def test_safety_rules_that_the_data_do_not_decide_are_named_with_what_would() -> None:
    """A PHQ-9 of 12 on an antidepressant: a trial is in question, and without an eGFR no one knows whether the kidneys allow it."""
    found = cards(
        phq9=bundle(observation(PHQ9, 12), observation(ITEM9, 0)),
        medicationRequests=bundle(medicine("Sertraline 50 mg")),
    )["not-evaluated"]
    assert found["indicator"] == "info"
    assert "could not be evaluated" in found["summary"]
    assert "eGFR" in found["summary"]
    assert re.search(r"^- Severe renal impairment: eGFR$", found["detail"], re.MULTILINE)


def test_why_it_is_not_known_is_said_of_what_is_on_record() -> None:
    """12 without a unit, two days ago: it is not used, and must not look as if no one had measured."""
    without_unit = observation(EGFR, 12, "2026-11-19", valueQuantity={"value": 12})
    detail = cards(**{**TRIAL, "egfr": bundle(without_unit)})["not-evaluated"]["detail"]
    assert re.search(r"^- eGFR: rejected \(no unit.*12 of 2026-11-19", detail, re.MULTILINE)
    stale = observation(MAGNESIUM, "5.9", "2024-02-03")
    detail = cards(**{**TRIAL, "serumMagnesium": bundle(stale), "egfr": None})["not-evaluated"]["detail"]
    assert re.search(r"^- Serum magnesium: 5.9 mg/dL, 1022 days old: too old", detail, re.MULTILINE)
    assert "eGFR: missing" not in detail


def test_what_the_service_never_asks_for_is_not_said_to_be_missing_from_the_record() -> None:
    detail = cards(**{**TRIAL, "egfr": None})["not-evaluated"]["detail"]
    assert "Bipolar screen (this service does not ask for it)" in detail
    assert "Severe renal impairment: eGFR\n" in detail


def test_a_value_that_is_not_used_is_shown_where_the_text_says_so() -> None:
    found = cards(
        **{**TRIAL, "serumMagnesium": bundle(observation(MAGNESIUM, "6.9", valueQuantity={"value": 6.9, "unit": "mg"}))}
    )
    card = found["magnesium-result-not-usable"]
    assert "which is shown with the data" in card["detail"]
    assert "6.9 mg of 2026-11-15" in card["detail"]


def test_what_was_found_is_never_cut() -> None:
    """What each group of medicines and diagnoses holds, or that it holds none, makes long lines."""
    given = bundle(medicine("Sertraline 50 mg"), medicine("Omeprazole 20 mg"))
    details = [card["detail"] for card in cards(**{**TRIAL, "medicationRequests": given}).values()]
    found = [
        line for detail in details for line in detail.split("**Evidence for**")[0].splitlines() if line[:2] == "- "
    ]
    assert max(map(len, found)) > 300
    assert not any("…" in line for line in found)
    assert any("Omeprazole 20 mg" in line for line in found)


def test_what_is_folded_is_as_urgent_as_the_most_urgent_of_it_and_says_what_it_means(pack: RulePack) -> None:
    assert pack.hooks is not None
    record = read_bundle([patient()], pack, TODAY).record
    assessment = evaluate(record, pack, TODAY)
    stops = [rule.id for rule in pack.rules.values() if rule.suggest.kind == "stop"][:8]
    statuses: dict[str, Status] = {each: "offered" if each in stops else "not indicated" for each in pack.rules}
    all_stop = replace(assessment, verdicts=replace(assessment.verdicts, statuses=statuses))
    call = Call(INSTANCE, "Patient/p", all_stop, Inputs(record, pack, TODAY), pack.hooks, lambda *_: [])
    card = by_rule({"cards": cards_of(call, frozenset(stops), []).cards})["folded"]
    assert card["indicator"] == "warning"
    for rule in card["extension"]["urn:mgcds:advice"]["rules"]:
        assert escaped(pack.rules[rule].suggest.text, 4000) in card["detail"]


def test_it_is_silent_where_magnesium_is_known_not_to_be_in_question() -> None:
    """A PHQ-9 of 3, no magnesium, all lists given: nothing is in question, so nothing that was not measured matters."""
    assert "not-evaluated" not in cards(phq9=bundle(observation(PHQ9, 3), observation(ITEM9, 0)))


def test_nothing_known_is_no_reason_for_silence() -> None:
    assert "not-evaluated" in cards()


@pytest.mark.parametrize("said", [{"deceasedBoolean": True}, {"deceasedDateTime": "2025"}], ids=str)
@pytest.mark.parametrize(("hook", "prefetch", "orders"), CALLS)
def test_of_who_is_recorded_as_deceased_nothing_but_that_is_said(
    said: Any, hook: str, prefetch: Any, orders: Any
) -> None:
    found = cards(hook, *orders, **{**prefetch, "patient": patient(**said)})
    assert [(card, each["indicator"]) for card, each in found.items()] == [("deceased", "info")]
    assert "deceased" not in cards(hook, *orders, **{**prefetch, "patient": patient(deceasedBoolean=False)})


def test_what_the_record_system_did_not_give_is_said() -> None:
    asked = request()
    del asked["prefetch"]["procedures"]
    status, body = respond(asked, "mgcds-patient-view", _pack(), TODAY)
    assert status == 200
    assert body["extension"]["urn:mgcds:assessment"]["notGiven"] == ["procedures"]
    assert "- procedures" in by_rule(body)["not-evaluated"]["detail"]


# --- text ---------------------------------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "**bold** _it_ `code` ~~x~~", "[link](https://evil.example)",
    "![i](https://evil.example/i.png)", "https://evil.example/x", "www.evil.example", "# heading\n## more", "- item\n1. one",
    "| a | b |\n|---|---|", "&lt;b&gt; &#60;", "a\\*b", "line\r\nbreak\u2028and\u202eturned", "<!-- -->", "```\nfence", "$x$", "<https://evil.example>",
]  # fmt: skip
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_BY_ITSELF = re.compile(r"(?:https?|ftp)://|www\.", re.IGNORECASE)
"""what GitHub Flavored Markdown turns into a link without any markup (GFM, section 6.9)"""


def tags(text: str) -> set[str]:
    """Elements that come of it when it is rendered with raw HTML enabled, as real clients do; `a` also where it becomes a link."""
    return set(re.findall(r"<(!--|/?\w+)", _MARKDOWN.render(text))) | ({"a"} if _BY_ITSELF.search(text) else set())


@pytest.mark.requirement(85)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(text: str) -> None:
    assert tags(f"- Found: {escaped(text)}") <= {"ul", "/ul", "li", "/li"}
    rendered = _MARKDOWN.render(f"- Found: {escaped(text)}")
    assert html.unescape(re.sub("<[^>]*>", "", rendered)).strip() == f"Found: {plain(text)}".strip()


@pytest.mark.requirement(85)
@pytest.mark.parametrize("text", ["<b>x</b>", "**x**", "[x](https://evil.example)", "https://evil.example"])
def test_without_escaping_the_check_above_would_notice(text: str) -> None:
    assert not tags(f"- Found: {text}") <= {"ul", "/ul", "li", "/li"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_record_reaches_no_card_as_markup(text: str) -> None:
    spoilt = observation(MAGNESIUM, "1.0", id="o-x")
    spoilt["valueQuantity"] = {"value": 1.0, "unit": text}
    found = cards(
        medicationRequests=bundle(medicine(f"Magnesium oxide {text}"), medicine("Ciprofloxacin")), serumMagnesium=bundle(spoilt),
        conditions=bundle({"resourceType": "Condition", "id": "c", "subject": ABOUT, "code": {"text": f"Bipolar disorder {text}"}}), **KIDNEYS,
    )  # fmt: skip
    assert "antibiotic-course" in found
    for card in found.values():
        assert tags(card["detail"]) <= {"ul", "/ul", "li", "/li", "p", "/p", "strong", "/strong"}
        assert "<" not in card["summary"]


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        pytest.param("short", 10, "short", id="fits"),
        pytest.param("one two three", 9, "one two…", id="between words"),
        pytest.param("exactlyten", 10, "exactlyten", id="as long as allowed"),
        pytest.param("averylongword", 6, "avery…", id="one word alone"),
    ],
)
def test_shortening(text: str, longest: int, expected: str) -> None:
    assert shortened(text, longest) == expected
    assert len(expected) <= longest


@pytest.mark.requirement(83)
def test_a_summary_is_shortened_between_words() -> None:
    found = summary_of("magnesium " * 30)
    assert len(found) < 140
    assert found.endswith("magnesium…")


def _pack() -> RulePack:
    from mgcds.loading import load_pack

    return load_pack()


def test_a_card_is_of_the_day_of_evaluation() -> None:
    body = respond(request(**KIDNEYS), "mgcds-patient-view", _pack(), date(2026, 11, 20))[1]
    assert body["extension"]["urn:mgcds:assessment"]["evaluated"] == "2026-11-20"
