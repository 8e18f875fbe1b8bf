"""The page of a patient says all that the assessment says, in its order, escaped and by itself. Expected values are worked out by hand."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from time import perf_counter
from typing import Any

import pytest

from mgcds.evaluator import evaluate
from mgcds.model.history import results
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord, read_record
from mgcds.model.review import Signature
from mgcds.review.patient_page import patient_html, patient_page, write_pages
from mgcds.review.phq9_chart import phq9_rows
from mgcds.review.rendering import MOST_BYTES
from mgcds.review.timeline import time_axis, with_room
from tests.review.patients import AMARA, HOSTILE, ON, OWN, URGENT, assessed, crowded, hostile, pack, page_of


class _Read(HTMLParser):
    """The elements of a page: names, ids, attributes; and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def amara() -> str:
    return page_of(AMARA)


def section(html: str, name: str) -> str:
    """The text from one heading of the second level to the next."""
    found = re.search(rf'<h2 id="{name}">.*?(?=<h2 id=|</main>)', html, re.DOTALL)
    assert found is not None, name
    return found[0]


# --- nothing is dropped, and the order is that of urgency ---------------------------------------------------------------------


def misplaced(html: str, record: dict[str, Any]) -> list[str]:
    """Rules that do not stand exactly once, in the section of their status."""
    place = {"offered": "offered", "suppressed": "held-back", "withheld": "undecided", "not indicated": "not-indicated"}
    ids = Counter(attributes.get("id") for _, attributes in _Read(html).elements)
    return [
        each.id for each in assessed(record)[1].suggestions
        if ids[each.id] != 1 or f'id="{each.id}"' not in section(html, place[each.status])
    ]  # fmt: skip


@pytest.mark.parametrize("record", [AMARA, URGENT, {}, hostile()], ids=["amara", "urgent", "nothing known", "hostile"])
def test_every_rule_stands_once_in_the_section_of_its_status(record: dict[str, Any]) -> None:
    assert misplaced(page_of(record), record) == []


def test_a_rule_that_is_dropped_or_misplaced_is_noticed(amara: str) -> None:
    assert misplaced(amara.replace('id="trial-dose"', ""), AMARA) == ["trial-dose"]
    moved = amara.replace('id="trial-dose"', 'id="x"').replace('id="suicide-risk"', 'id="trial-dose"')
    assert set(misplaced(moved, AMARA)) == {"trial-dose", "suicide-risk"}


def test_urgent_first_then_in_the_order_of_kinds() -> None:
    page = patient_page("", *assessed(URGENT))
    ranks = [pack().kinds.index(each.kind) for each in page.offered]
    assert ranks == sorted(ranks)
    assert [each.id for each in page.offered][:2] == ["suicide-risk", "severe-renal-impairment"]
    html = section(page_of(URGENT), "offered")
    assert html.index('id="suicide-risk"') < html.index('id="severe-renal-impairment"')
    assert html.index('id="severe-renal-impairment"') < html.index('id="confirm-low-magnesium"')


def glance(html: str) -> list[str]:
    """The text of the three columns of the first screen."""
    found = re.search(r'<section class="glance".*?</section>', html, re.DOTALL)
    assert found is not None
    return [_Read(part).text for part in found[0].split("<h2>")[1:]]


def test_the_first_screen_says_what_matters_what_not_to_do_and_what_is_missing() -> None:
    html = page_of(URGENT)
    matters, not_now, missing = glance(html)
    assert html.index("glance") < html.index('<h2 id="offered">')
    assert "Suicide-risk assessment in this visit" in matters
    assert "Confirm and work up a low magnesium" in matters
    assert "Severe renal impairment" in not_now
    assert "Consider magnesium alongside antidepressant therapy" in not_now
    assert "never a reason to stop, taper, replace or delay an antidepressant" in " ".join(not_now.split())
    assert "Suicide risk assessment" in missing


def test_where_nothing_is_offered_the_page_is_no_all_clear() -> None:
    html = page_of({})
    assert "Nothing is offered. That is not an all-clear" in glance(html)[0]
    assert "cannot be decided, and so not offered" in " ".join(glance(html)[1].split())


def test_what_urgent_suggestions_wait_for_comes_first() -> None:
    wanted = patient_page("", *assessed({})).wanted
    ranks = [min(pack().kinds.index(kind) for kind, _ in each.kinds) for each in wanted]
    assert ranks == sorted(ranks)
    assert wanted[0].kinds[0][0] == "urgent"


def test_what_was_let_pass_is_said() -> None:
    record = {**AMARA, "serum_magnesium": [], "medicines": [{"name": "Sertraline", "start": "2026-06-15"}]}
    offered = assessed(record)[1]["supplement-alongside-therapy"]
    assert offered.status == "offered"
    assert "bradycardia" in offered.let_pass
    assert "Not assessed, and let pass" in section(page_of(record), "offered")


# --- evidence, review, provenance ---------------------------------------------------------------------------------------------


def one_sided(html: str, record: dict[str, Any]) -> list[str]:
    """Offered suggestions beside which an entry for or against is not named, on its side."""
    wrong = []
    for each in assessed(record)[1].offered:
        found = re.search(rf'<article[^>]*id="{each.id}".*?</article>', html, re.DOTALL)
        assert found is not None
        _, _, sides = found[0].partition("<h4>Evidence for</h4>")
        side_for, _, side_against = sides.partition("<h4>Evidence against</h4>")
        suggest = each.rule.suggest
        missing = [entry for entry in suggest.evidence_for if f"#source-{entry}" not in side_for]
        missing += [entry for entry in suggest.evidence_against if f"#source-{entry}" not in side_against]
        if missing or (not suggest.evidence_against and "None on record" not in side_against):
            wrong.append(each.id)
    return wrong


def test_evidence_against_stands_beside_evidence_for(amara: str) -> None:
    assert one_sided(amara, AMARA) == []
    assert one_sided(amara.replace('href="#source-phelan-2018"', 'href="#"'), AMARA) == [
        "confirm-low-magnesium",
        "assess-dietary-intake",
    ]
    assert one_sided(amara.replace("Evidence against", "Evidence"), AMARA)


def broken_links(html: str) -> set[str]:
    elements = _Read(html).elements
    ids = {attributes.get("id") for _, attributes in elements}
    hrefs = {str(attributes["href"]) for tag, attributes in elements if tag == "a"}
    return {href for href in hrefs if href.removeprefix("#") not in ids}


def test_every_link_leads_somewhere_on_the_page(amara: str) -> None:
    assert broken_links(amara) == broken_links(page_of(URGENT)) == broken_links(page_of({})) == set()
    assert broken_links(amara.replace('id="source-phelan-2018"', "")) == {"#source-phelan-2018"}


def test_ids_are_not_doubled(amara: str) -> None:
    for html in (amara, page_of(URGENT), page_of(hostile())):
        ids = Counter(attributes["id"] for _, attributes in _Read(html).elements if "id" in attributes)
        assert ids.most_common(1)[0][1] == 1


def test_review_state_pack_and_day_are_on_the_page(amara: str) -> None:
    text = " ".join(_Read(amara).text.split())
    assert "No clinician has signed these rules" in text
    assert f"{pack().version}, digest {pack().digest}" in text
    assert "evaluated on 2026-11-21" in text
    assert "For health professionals. Options, never orders." in text
    assert "unreviewed, review due 2027-11-01" in text


def reviewed_otherwise(rule: str, **review: Any) -> RulePack:
    found = pack().rules[rule]
    return replace(pack(), rules={**pack().rules, rule: replace(found, review=replace(found.review, **review))})


def test_a_signed_rule_ends_the_general_sentence() -> None:
    signature = Signature("a", "A. Nother", "psychiatrist", ON, date(2027, 11, 1), "", "")
    record, other = read_record(AMARA), reviewed_otherwise("confirm-low-magnesium", signatures=(signature,))
    text = " ".join(_Read(patient_html("", record, evaluate(record, other, ON))).text.split())
    assert "No clinician has signed" not in text
    assert "1 of 61 rules have been signed." in text
    assert re.search(r"Rule confirm-low-magnesium \S+ reviewed, review due", text)


def test_a_late_review_is_said_wherever_the_rule_is_named() -> None:
    record, late = read_record(AMARA), "May be out of date: review overdue since 2026-11-01"
    for rule in ("confirm-low-magnesium", "trial-dose", "bradycardia", "suicide-risk"):
        html = patient_html("", record, evaluate(record, reviewed_otherwise(rule, due=date(2026, 11, 1)), ON))
        assert html.count(late) == 1
        assert ("review overdue" in " ".join(glance(html))) is (rule in ("confirm-low-magnesium", "trial-dose"))
    assert "review overdue" not in page_of(AMARA)


def test_what_concerns_the_person_comes_first() -> None:
    html = page_of(
        AMARA, unused=(("Patient/1", "died on 2026-11-01"), ("Observation/2", "no code"), ("Observation/3", "no code"))
    )
    assert html.index("died on 2026-11-01") < html.index("<h1")
    assert "no code</bdi>" in section(html, "data")
    assert "Observation/2, Observation/3" in section(html, "data")


def test_what_was_used_missing_and_rejected_is_listed_with_reasons(amara: str) -> None:
    text = " ".join(_Read(section(amara, "data")).text.split())
    assert "0.64 mmol/L" in text
    assert "QTc: missing" in text
    assert (
        "Serum magnesium not used: no unit: write one of mmol/L, mg/dL, meq/L; it is never guessed (2.0 of 2025-02-01)"
        in text
    )


# --- magnesium against this laboratory's range, and units ---------------------------------------------------------------------


def test_each_result_has_the_range_reported_with_it_or_says_that_it_is_a_default() -> None:
    magnesium = patient_page("", *assessed(AMARA)).magnesium
    assert magnesium is not None
    newest, before, oldest = magnesium.rows
    assert (newest.limits, newest.place) == ("0.70–1.00 mmol/L, the laboratory's own limit", "below")
    assert before.limits.startswith("1.7–2.6 mg/dL, the default limit")
    assert before.place == "within"
    assert (oldest.place, oldest.result.value) == (None, "2.0")
    other = {
        **AMARA,
        "serum_magnesium": {"value": "0.64 mmol/L", "date": "2026-11-12", **OWN, "lower_limit": "0.60 mmol/L"},
    }
    changed = patient_page("", *assessed(other)).magnesium
    assert changed is not None
    assert changed.rows[0].place == "within"


def test_units_convert_exactly_and_the_reported_number_stays() -> None:
    """24.305 g/mol and two charges: 0.64 mmol/L is 1.55552 mg/dL and 1.28 meq/L; 0.70 is 1.70135 mg/dL, 1.00 is 2.4305 mg/dL."""
    page = patient_page("", *assessed(AMARA)).magnesium
    assert page is not None
    assert page.units == ("mmol/L", "mg/dL", "meq/L")
    assert [tuple(each) for each in page.rows[0].in_units] == [
        ("0.64", "0.70–1.00"), ("1.5555", "1.7014–2.4305"), ("1.28", "1.4–2"),
    ]  # fmt: skip
    assert page.rows[0].result.value == "0.64 mmol/L"
    # 1.9 mg/dL is 0.78173… mmol/L; its default limits are those of mg/dL, 1.7 and 2.6
    assert page.rows[1].in_units[0] == ("0.7817", "0.6994–1.0697")
    assert page.rows[1].in_units[1] == ("1.9", "1.7–2.6")


def test_the_unit_of_the_newest_result_is_chosen(amara: str) -> None:
    assert re.search(r'value="0" checked', amara)
    in_mg = {**AMARA, "serum_magnesium": {"value": "1.9 mg/dL", "date": "2026-11-12"}}
    assert re.search(r'value="1" checked', page_of(in_mg))


def picture(html: str, key: str) -> str:
    found = re.search(rf'<svg role="img" aria-labelledby="{key}-title {key}-description".*?</svg>', html, re.DOTALL)
    assert found is not None
    return found[0]


def test_the_picture_shows_below_the_range_as_a_triangle_and_within_as_a_disc(amara: str) -> None:
    drawn = picture(amara, "serum-magnesium")
    assert drawn.count('class="value outside"') == 1
    assert drawn.count('class="value"') == 1
    assert drawn.count('class="line withheld"') == 1  # the cross of the result without a unit
    assert drawn.count('class="reference"') == drawn.count('class="reference default"') == 1


# --- PHQ-9 over time ----------------------------------------------------------------------------------------------------------


def test_the_bands_are_those_of_the_pack_and_a_higher_total_stands_higher(amara: str) -> None:
    drawn = picture(amara, "phq9")
    cutoffs = pack().phq9
    assert cutoffs is not None
    assert [name for name, _ in cutoffs.bands if f">{name}</text>" not in drawn] == []
    places = [float(y) for y in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)" r="4.2"', drawn)]
    assert places == sorted(places)  # 17 in August, 12 in November: lower on the page is more
    assert len(places) == 2
    assert "Sertraline 100 mg tablet" in drawn
    assert "Omeprazole" not in drawn
    assert drawn.count('class="course end"') == 1  # it was started, and goes on


def test_a_stop_a_supplement_and_psychotherapy_are_marked() -> None:
    medicines = [
        {"name": "Citalopram", "start": "2026-08-10", "stop": "2026-09-20"},
        {"name": "Sertraline", "start": "2026-09"},
    ]
    others = {"supplements": [{"name": "Magnesium citrate", "start": "2026-10-01"}], "procedures": ["CBT"]}
    record = {**AMARA, "medicines": medicines, **others}
    drawn = picture(page_of(record), "phq9")
    for name in ("Citalopram", "Sertraline", "Magnesium citrate", "CBT"):
        assert f">{name}</text>" in drawn
    assert (
        drawn.count('class="course end"') == 4
    )  # two of citalopram, one each of sertraline and magnesium; none of CBT
    assert drawn.count('class="course unsure"') == 2  # a month is no day; of CBT no start is known


def treatments_told(html: str) -> list[str]:
    """The lines of the table of treatments."""
    table = re.search(r"<caption[^>]*>Antidepressants, magnesium and psychotherapy.*?</table>", html, re.DOTALL)
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", table[0] if table else "", re.DOTALL)
    return [" ".join(_Read(row.replace("<td>", " ")).text.split()) for row in rows]


def test_the_table_of_treatments_says_what_the_picture_shows_and_more() -> None:
    medicines: list[Any] = [{"name": f"Sertraline {number} mg", "start": "2026-09"} for number in range(14)]
    record = {
        **AMARA,
        "medicines": [*medicines, "citalopram", {"name": "Fluoxetine", "start": "2020", "stop": "2020-02-01"}],
    }
    html = page_of(record)
    told = treatments_told(html)
    assert told[0] == "Sertraline 0 mg 2026-09 – taken or received"
    assert told[14:] == ["citalopram not known – taken or received", "Fluoxetine 2020 2020-02-01 not"]
    assert picture(html, "phq9").count(">Sertraline ") == 12  # the picture has twelve lanes
    assert treatments_told(page_of({**record, "phq9": [], "phq9_item9": []})) == told
    assert treatments_told(page_of({})) == []


def test_item_9_belongs_to_the_total_of_its_day() -> None:
    record = read_record(
        {"phq9": AMARA["phq9"], "phq9_item9": [{"value": 1, "date": "2026-08-03"}, {"value": 0, "date": "2026-10-01"}]}
    )
    totals, item9 = (results(item, record, pack(), ON) for item in ("phq9", "phq9_item9"))
    rows = phq9_rows(totals, item9, pack().phq9)
    said = [(row.total and row.total.value, row.item9 and row.item9.value, row.band) for row in rows]
    assert said == [("12", None, "moderate"), (None, "0", ""), ("17", "1", "moderately severe")]


def test_an_incomplete_form_is_a_range_and_an_unusable_one_a_cross() -> None:
    forms = [
        {"answers": [2, 2, 2, 2, 2, None, 2, 2, 1], "date": "2026-11-01"},
        {"answers": [None] * 9, "date": "2026-10-01"},
    ]
    chart = patient_page("", *assessed({**AMARA, "phq9": [], "phq9_forms": forms})).phq9
    assert chart is not None
    assert chart.words == "Newest: 15 to 18 on 2026-11-01, moderately severe."
    assert 'class="span"' in chart.picture
    assert "not used" in chart.picture


def test_the_axis_reaches_from_the_first_result_to_the_day_of_evaluation() -> None:
    found = results("phq9", read_record(AMARA), pack(), ON)
    axis = time_axis(found, ON, 400)
    assert axis.first < found[0].when.first  # type: ignore[union-attr]
    assert axis.x(axis.first) < axis.x(found[0].when.first) < axis.x(ON) < 400  # type: ignore[union-attr]
    assert 2 <= len(axis.ticks) <= 7
    assert time_axis([], ON, 400).x(ON) < 400


def test_labels_do_not_cover_one_another_and_the_newest_has_one() -> None:
    assert with_room([(10, 10), (12, 11), (100, 10)]) == {1, 2}
    assert with_room([]) == set()


def test_results_after_the_day_stand_in_the_table_and_not_in_the_picture() -> None:
    later = {
        "serum_magnesium": {"value": "0.8 mmol/L", "date": "2027-01-01"},
        "phq9": {"value": 3, "date": "2027-01-01"},
    }
    html = page_of({**AMARA, "phq9_item9": [], **later})
    assert "<svg" not in html
    assert html.count("dated after the day of evaluation") >= 2
    assert html.count("No result that can be used.") + html.count("No total that can be used.") == 2


def test_without_results_the_page_says_so() -> None:
    html = page_of({"recorded": "2026-11-20", "age": 44})
    assert "No PHQ-9 is on record." in html
    assert "No serum magnesium is on record." in html
    assert "<svg" not in html


# --- escaped, and by itself ---------------------------------------------------------------------------------------------------


FORBIDDEN = {"script", "img", "iframe", "object", "embed", "link", "base", "form", "b"}
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def dangers(html: str) -> set[str]:
    """Elements and attributes that no page has, control characters, and what would be fetched."""
    elements = _Read(html).elements
    found = {tag for tag, _ in elements if tag in FORBIDDEN}
    found |= {
        name for _, attributes in elements for name in attributes if name.startswith("on") or name in ("src", "srcset")
    }
    found |= {
        str(attributes["href"]) for _, attributes in elements if not str(attributes.get("href", "#")).startswith("#")
    }
    found |= {repr(each) for each in CONTROL.findall(html)}
    sheet = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    return found | set(re.findall(r"url\(|@import", sheet))


def test_a_record_full_of_markup_stays_text() -> None:
    html = page_of(hostile(), name="<script>alert(1)</script>\u202e/x", unused=tuple((text, text) for text in HOSTILE))
    assert dangers(html) == set()
    text = _Read(html).text
    assert "<script>alert(1)</script>" in text
    assert "{{ 7 * 7 }} {% raw %}" in text
    assert "&lt;b&gt;" in text
    assert "**bold** `code`" in text
    assert "\N{REPLACEMENT CHARACTER}gnp.exe" in text
    assert html.encode()


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        pytest.param("&lt;script&gt;", "<script>", id="not escaped"),
        pytest.param("<main", "<main onclick=x", id="an attribute that runs"),
        pytest.param("<main", "<img src=x><main", id="a picture that is fetched"),
        pytest.param('href="#offered"', 'href="https://example.org"', id="a link that leads away"),
        pytest.param("gnp.exe", "\u202egnp.exe", id="a turn of the direction of writing"),
        pytest.param("html {", "html { background: url(https://example.org);", id="a style sheet that fetches"),
    ],
)
def test_what_is_not_escaped_or_not_on_the_page_is_noticed(written: str, instead: str) -> None:
    html = page_of(hostile()) + '<a href="#offered"></a>'
    assert dangers(html) == set()
    assert dangers(html.replace(written, instead))


def test_the_page_forbids_what_it_does_not_need(amara: str) -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'" in amara
    assert '<meta name="referrer" content="no-referrer">' in amara


def test_a_page_is_small_and_quick_even_with_eight_years_of_results() -> None:
    record, assessment = assessed(crowded())
    began = perf_counter()
    html = patient_html("", record, assessment)
    assert len(html.encode()) < MOST_BYTES
    assert perf_counter() - began < 2


def test_a_page_without_a_record_has_no_history() -> None:
    page = patient_page("", None, assessed(AMARA)[1])
    assert (page.phq9, page.magnesium, page.courses) == (None, None, ())
    assert patient_page("", PatientRecord(), assessed({})[1]).phq9 is None


# --- files --------------------------------------------------------------------------------------------------------------------


def test_pages_are_named_after_their_patients_and_stay_in_the_folder(tmp_path: Any) -> None:
    names = ["x/a.yaml", "y/A.yaml", "Patient/7", "../..", "", "/etc/passwd", "<b>"]
    written = list(write_pages([(name, name) for name in names], tmp_path / "out"))
    assert [path.name for path, _ in written] == [
        "a.yaml.html", "A.yaml-2.html", "7.html", "patient.html", "patient-2.html", "passwd.html", "b.html",
    ]  # fmt: skip
    assert all(path.parent == tmp_path / "out" for path, _ in written)
    assert [path.read_text() for path, _ in written] == names
