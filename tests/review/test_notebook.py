"""Notebook display: what is shown, that it is escaped, that nothing is loaded before, and the plain repr where Jinja2 is missing."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser

import pytest

import mgcds
from mgcds.model.record import PatientRecord
from mgcds.review.notebook import html
from tests.cli.running import environment
from tests.review.patients import AMARA, assessed, hostile, pack
from tests.review.test_patient_page import dangers


def words(fragment: str) -> str:
    """The text of a fragment, without its style sheet."""
    reader = HTMLParser()
    found: list[str] = []
    reader.handle_data = found.append  # type: ignore[method-assign]
    reader.feed(fragment)
    return " ".join(" ".join(found).partition("Patient record")[2].split() or " ".join(found).split())


def test_what_mgcds_gives_shows_itself_in_a_notebook() -> None:
    assessment = mgcds.evaluate(AMARA)
    rule = mgcds.load_pack().rules["trial-dose"]
    for shown in (mgcds.PatientRecord(**AMARA), assessment, assessment["trial-dose"], rule):
        assert shown._repr_html_() == html(shown)  # type: ignore[attr-defined]


def test_a_record_is_shown_as_it_was_given_and_not_evaluated() -> None:
    record = PatientRecord(
        phq9=[{"value": 12, "date": "2026-11-20"}], egfr="high", medicines=[], antidepressants=["sertraline"]
    )
    said = words(html(record))
    assert "phq9 12 2026-11-20" in said
    assert "medicines none" in said
    assert "antidepressants sertraline" in said
    assert "egfr rejected : write a number and its unit" in said
    assert "moderate" not in said


def test_an_assessment_says_what_is_offered_held_back_and_missing() -> None:
    record, assessment = assessed(AMARA)
    said = words(html(assessment))
    assert "No clinician has signed these rules" in said
    assert "Confirm and work up a low magnesium" in said
    assert "held back : Consider magnesium alongside antidepressant therapy" in said
    assert "Suicide risk assessment : missing" in said
    assert "Evidence against" in said
    assert "PHQ-9 12" not in words(html(record))


def test_a_rule_says_its_logic_evidence_and_review() -> None:
    said = words(html(pack().rules["severe-renal-impairment"]))
    assert "below 30 mL/min/1.73m2" in said
    assert "wakai-2019" in said
    assert "unreviewed, review due 2027-11-01" in said


def test_a_held_back_suggestion_says_that_it_is_not_offered() -> None:
    assert "Not offered: suppressed . Otherwise it would say:" in words(html(assessed(AMARA)[1]["trial-dose"]))


def test_fragments_are_escaped_and_have_no_ids_that_could_be_doubled() -> None:
    record, assessment = assessed(hostile())
    for shown in (record, assessment, assessment["trial-dose"]):
        fragment = html(shown)
        assert dangers(fragment) == set()
        assert ' id="' not in fragment
        assert 'href="' not in fragment
    assert "<script>alert(1)</script>" in words(html(record))
    assert dangers(html(record).replace("&lt;script&gt;", "<script>"))


def ran(program: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment(), check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


ONE = "import mgcds; record = mgcds.PatientRecord(age=44)\n"


def test_nothing_is_loaded_before_something_is_shown() -> None:
    loaded = "import sys; print('jinja2' in sys.modules, 'mgcds.review' in sys.modules)"
    assert ran(f"{ONE}{loaded}") == "False False"
    assert ran(f"{ONE}record._repr_html_(); {loaded}") == "True True"


def test_the_model_alone_knows_no_page() -> None:
    by_itself = "from mgcds.model.record import PatientRecord; print(hasattr(PatientRecord, '_repr_html_'))"
    assert ran(by_itself) == "False"
    assert ran(f"import mgcds; mgcds.evaluate; {by_itself}") == "True"


def test_without_jinja2_the_plain_repr_is_left() -> None:
    """A notebook takes None for "no such display" and falls back to the repr."""
    without = "import sys; sys.modules['jinja2'] = None\n"
    assert ran(f"{without}{ONE}print(record._repr_html_(), repr(record)[:14])") == "None PatientRecord("
    assert ran(f"{ONE}print(record._repr_html_() is None)") == "False"


@pytest.mark.parametrize(
    "shown", ["mgcds.evaluate({'age': 44})", "mgcds.load_pack()", "mgcds.evaluate({'age': 44})['trial-dose']"]
)
def test_the_plain_repr_is_a_line_and_not_the_whole_pack(shown: str) -> None:
    found: object = eval(shown)
    assert len(repr(found)) < 200
    assert "\n" not in repr(found)
