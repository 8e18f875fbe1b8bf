"""What the page of a rule gathers: medicines, what is to be decided or checked, what a signature covers, and no word twice."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from mgcds.model.condition import Not
from mgcds.model.meaning import meaning_of
from mgcds.model.pack import RulePack
from mgcds.model.spacing import Spacing
from mgcds.review.concerns import proposals, unverified
from mgcds.review.medicines import medicines_of
from mgcds.review.pages import build
from mgcds.review.results import Questions
from mgcds.review.standing import standings
from mgcds.scenarios.report import Report
from tests.review.conftest import ON, Pages

STOP = "severe-renal-impairment"


def words(text: str) -> str:
    """What a reader sees of some markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def section(pages: Pages, rule: str, name: str) -> str:
    text = pages.text(f"rules/{rule}.html")
    return text.partition(f'<section aria-labelledby="{name}"')[2].partition("</section>")[0]


# --- medicines --------------------------------------------------------------------------------------------------------------


def test_a_spacing_rule_shows_the_hours_of_its_medicines(pages: Pages) -> None:
    """clinical.md 5.2: dolutegravir 2 hours before or 6 after, with rilpivirine 4 before or 6 after."""
    text = words(section(pages, "integrase-inhibitor-spacing", "medicines"))
    assert re.search(r"with other medicines 2 hours 6 hours major", text)
    assert re.search(r"rilpivirine in one tablet 4 hours 6 hours major guide-therapeutique-vih read as: excerpt", text)
    assert section(pages, STOP, "medicines") == ""


def test_a_side_without_an_interval_is_not_given_in_minutes(pack: RulePack) -> None:
    """Gabapentin: 2 hours after magnesium, at any time before it."""
    found = {each.title: each for each in medicines_of(pack.rules["medicine-needs-spacing"], pack)}
    assert (found["Gabapentin"].before, found["Gabapentin"].after) == ("no interval", "2 hours")


def test_a_source_that_the_rule_does_not_cite_is_shown_as_such(pages: Pages, pack: RulePack) -> None:
    rule = pack.rules["medicine-needs-spacing"]
    for medicine in medicines_of(rule, pack):
        for source, cited in medicine.sources:
            assert cited is (source in (*rule.suggest.evidence_for, *rule.suggest.evidence_against))
    text = section(pages, rule.id, "medicines")
    shown = dict(re.findall(r'evidence\.html#([\w-]+)">[^<]*</a>( <small>not cited by this rule)?', text))
    assert shown["medpill-levothyroxine"] or "medpill-levothyroxine" in rule.suggest.evidence_for
    assert "not cited by this rule" in text


def test_a_medicine_without_an_entry_is_said_to_have_none(pack: RulePack) -> None:
    rule, table = pack.rules["integrase-inhibitor-spacing"], pack.drug_magnesium
    assert table is not None
    rows = {name: row for name, row in table.rows.items() if name != "dolutegravir"}
    fewer = replace(pack, drug_magnesium=replace(table, rows=rows), missing_sets={})
    assert [each.row is None for each in medicines_of(rule, fewer)].count(True) == 1
    assert [each.row is None for each in medicines_of(rule, pack)].count(True) == 0


def test_no_hours_are_shown_where_none_are_offered(pack: RulePack) -> None:
    """An integrase inhibitor without a verified interval; dolutegravir, which the rule asks not to be taken, is left out."""
    found = medicines_of(pack.rules["integrase-inhibitor-unspaced"], pack)
    assert not [each for each in found if each.row is not None and isinstance(each.row.spacing, Spacing)]
    assert {(each.before, each.after) for each in found if each.row} == {("no time offered", "no time offered")}


# --- what is to be decided and checked ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "found"),
    [
        pytest.param("Brief 8.3. The 30 days are a proposal. A pacemaker overrides.", ["The 30 days are a proposal."], id="a sentence"),
        pytest.param("Brief 3.5, proposal: below 30 g/L; 20 % bound. Else none.", ["Brief 3.5, proposal: below 30 g/L; 20 % bound."], id="number"),
        pytest.param("Proposal. The rule asks only women. More.", ["Proposal. The rule asks only women."], id="a word alone takes the next sentence"),
        pytest.param("Brief 8.3. The label says 4 hours.", [], id="none"),
    ],
)  # fmt: skip
def test_the_sentences_of_a_note_that_call_something_a_proposal(note: str, found: list[str]) -> None:
    assert proposals(note) == found


def test_open_questions_begin_with_what_a_clinician_decides(pages: Pages, pack: RulePack) -> None:
    text = words(section(pages, "severe-hypermagnesaemia", "questions"))
    rule = pack.rules["severe-hypermagnesaemia"]
    entries = [pack.evidence[entry] for entry in (*rule.suggest.evidence_for, *rule.suggest.evidence_against)]
    for says in (*proposals(rule.note), *(says for _, says in unverified(entries))):
        assert " ".join(says.split()) in text
    titles = [
        "Values that are proposals",
        "Evidence that is still to be checked",
        "Small mistakes that no scenario would notice",
    ]
    assert [text.index(title) for title in titles] == sorted(text.index(title) for title in titles)
    assert "--questions" not in text
    assert all(entry.to_check is None or entry.id in text for entry in entries)


def test_evidence_of_which_nothing_is_to_be_checked_is_not_listed(pack: RulePack) -> None:
    entries = [replace(entry, to_check=None) for entry in pack.evidence.values()]
    assert unverified(entries) == []
    assert len(unverified(pack.evidence.values())) == sum(bool(entry.to_check) for entry in pack.evidence.values()) > 0


# --- the study facts ------------------------------------------------------------------------------------------------------------


def test_a_study_has_its_population_dose_comparator_and_bias(pages: Pages) -> None:
    text = words(section(pages, "supplement-alone", "evidence"))
    assert "Dose 248 mg elemental magnesium a day" in text  # tarleton-2017
    assert "Comparator 6 weeks of no treatment" in text
    assert "Risk of bias high" in text
    assert "Funding None" not in text


# --- what a signature covers ---------------------------------------------------------------------------------------------------


def test_the_box_says_what_the_hash_covers_and_what_not(pages: Pages, pack: RulePack) -> None:
    """Each thing that the sentence names is changed, and the hash asked."""
    box = words(section(pages, STOP, "signature"))
    covers, _, not_covered = box.partition("The hash covers ")[2].partition("It does not cover ")
    rule, texts = pack.rules[STOP], pack.texts
    suggest = rule.suggest

    def hash_with(**changed: Any) -> str:
        return meaning_of(STOP, replace(pack, rules={**pack.rules, STOP: replace(rule, **changed)}, missing_sets={}))

    signed = meaning_of(STOP, pack)
    changes: dict[str, dict[str, Any]] = {
        "condition": {"when": Not(rule.when)},
        "title": {"title": "Another"},
        "text": {"suggest": replace(suggest, text="Another.")},
        "strength": {"suggest": replace(suggest, strength="D")},
        "names of the evidence": {"suggest": replace(suggest, evidence_for=())},
        "reasons for setting it aside": {"suggest": replace(suggest, override_reasons=())},
    }
    for word, changed in changes.items():
        assert word in covers
        assert hash_with(**changed) != signed, word
    assert "note" in not_covered
    assert hash_with(note="Another.") == signed
    entry = pack.evidence["wakai-2019"]
    untouched: dict[str, dict[str, Any]] = {
        "what the evidence says": {"evidence": {**pack.evidence, entry.id: replace(entry, effect="Nothing.")}},
        "the options and harms": {"texts": replace(texts, options=(), harms=())},
        "the table of medicines": {"drug_magnesium": None},
    }
    for word, given in untouched.items():
        assert word in not_covered
        assert meaning_of(STOP, replace(pack, **given, missing_sets={})) == signed, word


def test_what_holds_back_is_named_with_its_condition(pages: Pages) -> None:
    text = words(section(pages, "supplement-alone", "interactions"))
    assert "Severe renal impairment : the eGFR is below 30 mL/min/1.73m2, or the problem list holds dialysis" in text


# --- nothing is said twice -----------------------------------------------------------------------------------------------------


def test_a_finding_that_is_its_own_title_is_said_once(pages: Pages) -> None:
    text = words(section(pages, "integrase-inhibitor-spacing", "logic"))
    assert "Serum magnesium below the laboratory's lower limit means that" not in text
    assert "Repletion of a confirmed low magnesium would be in question means that" in text


def test_a_rule_that_is_one_finding_shows_the_table_of_the_finding(pages: Pages) -> None:
    text = words(section(pages, "supplement-alone", "logic"))
    assert text.count("Decision table of “") == 1
    assert "The PHQ-9 is at least 5 and at most 15 yes" in text


def test_columns_are_named_by_what_they_say(pages: Pages) -> None:
    text = pages.text(f"rules/{STOP}.html")
    assert '<th scope="col">offered?</th>' in text
    assert "<var>severe</var>" not in text


def test_one_holder_is_one(pages: Pages, pack: RulePack) -> None:
    for rule in pack.rules:
        assert "one of the 1 rules" not in words(section(pages, rule, "logic"))


def test_where_nobody_looked_for_small_mistakes_one_sentence_says_so(
    tmp_path: Path, pack: RulePack, features: list[Path], report: Report
) -> None:
    build(
        tmp_path, pack, features, report, standings(pack, ON), Questions(unusable="The questions are of another pack.")
    )
    text = words(
        (tmp_path / "rules" / f"{STOP}.html").read_text().partition('id="questions"')[2].partition("</section>")[0]
    )
    assert "not run : The questions are of another pack." in text
