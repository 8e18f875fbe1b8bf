"""What the pages may say, and what they must never say."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mgcds.cli import app
from mgcds.errors import ReviewError
from mgcds.loading import load_pack
from mgcds.loading.packs import rules_root
from mgcds.model.pack import RulePack
from mgcds.model.review import Signature
from mgcds.review import rendering
from mgcds.review.pages import build
from mgcds.review.results import Question, Questions, read_questions, run_scenarios, usable
from mgcds.review.standing import Change, Standing, changes_of, standings
from mgcds.scenarios.report import Report
from mgcds.verification.difference import differences
from tests.review.conftest import ON, Pages

STOP = "rules/severe-renal-impairment.html"


class Links(HTMLParser):
    """Ids, links, and what would be fetched from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids, self.links, self.fetched = Counter[str](), list[str](), list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids[given["id"]] += 1
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        self.fetched += [given[name] for name in ("src", "srcset", "data", "action", "poster") if name in given]
        self.fetched += [given["href"]] if tag in ("link", "use", "image") else []


def broken(site: dict[str, str]) -> list[str]:
    """Links that lead nowhere, ids that are there twice, and what a page would fetch besides its style sheet."""
    read, found = {page: Links(text) for page, text in site.items()}, []
    for page, links in read.items():
        found += [f"{page}: the id {name} is there {count} times" for name, count in links.ids.items() if count > 1]
        found += [f"{page} fetches {what}" for what in links.fetched if what not in ("style.css", "../style.css")]
        for link in links.links:
            path, _, anchor = link.partition("#")
            folder = Path(page).parent
            target = page if not path else str(Path(*_resolved(folder / path)))
            if target not in read or (anchor and anchor not in read[target].ids):
                found.append(f"{page} links to {link}")
    return found


def _resolved(path: Path) -> list[str]:
    parts: list[str] = []
    for part in path.parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return parts


def test_there_is_a_page_for_every_rule(pages: Pages, pack: RulePack) -> None:
    assert {page for page in pages.all if page.startswith("rules/")} == {f"rules/{rule}.html" for rule in pack.rules}


def test_every_link_leads_somewhere_and_nothing_is_fetched(pages: Pages) -> None:
    assert broken(pages.all) == []
    assert "url(" not in (pages.folder / "style.css").read_text()
    assert "@import" not in (pages.folder / "style.css").read_text()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param('href="claims.html#A1"', 'href="claims.html#A99"', "links to claims.html#A99", id="a lost anchor"),
        pytest.param('href="index.html"', 'href="start.html"', "links to start.html", id="a lost page"),
        pytest.param("<main", '<img src="https://example.org/a.png"><main', "fetches https://example.org/a.png", id="a picture from elsewhere"),
        pytest.param("<main", '<p id="main"></p><main', "the id main is there 2 times", id="an id twice"),
    ],
)  # fmt: skip
def test_a_broken_page_is_noticed(pages: Pages, old: str, new: str, says: str) -> None:
    site = pages.all
    assert old in site["trace.html"]
    assert any(says in what for what in broken({**site, "trace.html": site["trace.html"].replace(old, new)}))


def test_no_page_is_too_large(pages: Pages) -> None:
    assert max(pages.built.sizes.values()) < 500_000


def test_a_page_that_is_too_large_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pack: RulePack, features: list[Path], report: Report
) -> None:
    monkeypatch.setattr(rendering, "MOST_BYTES", 20_000)
    with pytest.raises(ReviewError, match=r"would have .* bytes; 20,000 are allowed"):
        build(tmp_path, pack, features, report, standings(pack, ON))


def test_the_same_pages_are_written_again(
    pages: Pages, tmp_path: Path, pack: RulePack, features: list[Path], report: Report
) -> None:
    build(tmp_path, pack, features, report, standings(pack, ON))
    assert {page: (tmp_path / page).read_text() for page in pages.all} == pages.all


def test_the_page_of_a_rule_has_what_its_file_says(pages: Pages) -> None:
    text = pages.text(STOP)
    assert "With an eGFR below 30, dialysis or acute kidney injury, magnesium by mouth is contraindicated" in text
    assert (
        "Met if the eGFR is below 30 mL/min/1.73m2, or the problem list holds dialysis, end-stage kidney disease"
        in text
    )
    assert "A - a product label or regulator" in text
    assert "Whenever it is met it is offered" in text
    assert "Never signed" in text
    assert "2027-11-01" in text
    assert text.count('<span class="status passed">passed</span>') >= 17  # the rows of its feature file


def test_a_forest_plot_has_the_numbers_of_the_catalogue(pages: Pages) -> None:
    text = pages.text("rules/trial-dose.html")
    assert "−6.0 (−7.9 to −4.2)" in text  # tarleton-2017
    assert "−0.21, no interval reported" in text  # phelan-2018


# --- nothing passes that did not run ----------------------------------------------------------------------------------------


def says_passed(text: str) -> bool:
    return bool(re.search(r'class="status (passed|proved)"|class="mark ', text.partition('id="grid"')[2]))


def test_a_report_of_this_pack_is_shown(pages: Pages) -> None:
    assert says_passed(pages.text(STOP))
    assert "not run" not in pages.text(STOP).partition('id="questions"')[0]


def test_a_report_of_another_pack_shows_nothing_as_passed(
    tmp_path: Path, pack: RulePack, features: list[Path], report: Report
) -> None:
    other = replace(report, pack=replace(report.pack, digest="0" * 64))
    built = build(tmp_path, pack, features, other, standings(pack, ON))
    assert not built.is_clean
    for page in ("index.html", STOP, "invariants.html", "trace.html"):
        text = (tmp_path / page).read_text()
        assert 'class="status passed"' not in text.replace('<span class="status passed">Nothing is left over', "")
        assert 'class="status proved"' not in text
        assert "it is of another pack" in text.lower()
    assert not says_passed((tmp_path / STOP).read_text())


def test_a_run_that_broke_off_shows_nothing_as_passed(pack: RulePack, features: list[Path], report: Report) -> None:
    assert usable(replace(report, finished=False), pack, features).results == {}


def test_a_feature_that_was_changed_since_counts_as_not_run(
    tmp_path: Path, pack: RulePack, features: list[Path], report: Report
) -> None:
    copy = tmp_path / "features"
    shutil.copytree(features[0].parents[1], copy)
    changed = copy / "safety" / "severe-renal-impairment.feature"
    changed.write_text(changed.read_text().replace("29.9", "29.8"))
    build(tmp_path / "site", pack, sorted(copy.rglob("*.feature")), report, standings(pack, ON))
    assert "17 not run" in (tmp_path / "site" / STOP).read_text()
    assert says_passed((tmp_path / "site" / "rules" / "moderate-renal-impairment.html").read_text())


def test_a_scenario_that_was_not_chosen_counts_as_not_run(pack: RulePack, features: list[Path], report: Report) -> None:
    kept = [each for each in report.scenarios if "severe-renal" not in each.file]
    places = usable(replace(report, scenarios=tuple(kept)), pack, features).results
    assert not any(feature == "safety/severe-renal-impairment" for feature, _, _ in places)


def test_a_scenario_that_fails_is_shown_as_failed(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(rules_root(), rules)
    file = rules / "safety" / "severe-renal-impairment.yaml"
    file.write_text(file.read_text().replace("below: 30 mL", "below: 29 mL"))
    features = [tmp_path / "features" / "safety" / "severe-renal-impairment.feature"]
    features[0].parent.mkdir(parents=True)
    shutil.copy(rules_root().parent / "features" / "safety" / features[0].name, features[0])
    report = run_scenarios(tmp_path / "features", rules)
    built = build(tmp_path / "site", load_pack(rules), features, report, standings(load_pack(rules), ON))
    text = (tmp_path / "site" / STOP).read_text()
    assert built.counts["failed"] == 1  # 29.9 of the two kidney limits
    assert not built.is_clean
    assert '<span class="status failed">failed</span>' in text
    assert "29.9" in text


# --- the rest of a packet ------------------------------------------------------------------------------------------------------


def test_what_is_put_into_a_page_is_escaped(
    tmp_path: Path, pack: RulePack, features: list[Path], report: Report
) -> None:
    rule = pack.rules["severe-renal-impairment"]
    hostile = replace(rule, title="<script>alert(1)</script>", suggest=replace(rule.suggest, text='"><b onclick=x>'))
    changed = replace(pack, rules={**pack.rules, rule.id: hostile}, missing_sets={})
    build(tmp_path, changed, features, report, standings(pack, ON))
    for page in ("index.html", STOP):
        text = (tmp_path / page).read_text()
        assert "<script>alert" not in text
        assert "<b onclick" not in text
    assert "&lt;script&gt;alert(1)" in (tmp_path / STOP).read_text()


def test_questions_are_shown_where_they_were_asked(
    tmp_path: Path, pack: RulePack, features: list[Path], report: Report, pages: Pages
) -> None:
    assert '<span class="status not-run">not run</span>' in pages.text(STOP).partition('id="questions"')[2]
    asked = Questions(True, "", 9, [Question("egfr", "items.yaml:40", "Why 30 and not 31?", False)])
    build(tmp_path, pack, features, report, standings(pack, ON), asked)
    assert "Why 30 and not 31?" in (tmp_path / STOP).read_text()
    assert "Why 30 and not 31?" not in (tmp_path / "rules" / "bradycardia.html").read_text()
    assert "None: a scenario notices" in (tmp_path / "rules" / "bradycardia.html").read_text()


def test_questions_of_another_pack_are_not_shown(tmp_path: Path, pack: RulePack) -> None:
    file = tmp_path / "questions.json"
    counts = {"noticed": 1, "survived": 1, "undecided": 0, "equivalent": 0}
    mutant = {"part": "egfr", "where": "x", "question": "Why?", "fate": "survived"}
    file.write_text(json.dumps({"pack": {"digest": pack.digest}, "mutants": [mutant], "counts": counts}))
    assert [each.asks for each in read_questions(file, pack).open] == ["Why?"]
    file.write_text(file.read_text().replace(pack.digest, "0" * 64))
    assert not read_questions(file, pack).was_run
    file.write_text("[]")
    with pytest.raises(ReviewError, match="is not what 'mgcds mutate --format json' writes"):
        read_questions(file, pack)


def test_a_signature_and_what_changed_since_are_shown(
    tmp_path: Path, pack: RulePack, features: list[Path], report: Report
) -> None:
    due = pack.rules["severe-renal-impairment"].review.due
    signature = Signature("a", "Dr A. Example", "nephrologist", ON, due, "c0ffee", "")
    forged = replace(signature, name="Dr B. Other", void="the signature is not of this key")
    changed = [Change("Who has an eGFR of 30 is no longer stopped.", "eGFR: 30 mL/min/1.73m2")]
    found = Standing("overdue", due, "c0ffee", [signature, forged], changed)
    build(tmp_path, pack, features, report, lambda rule: found)
    text = (tmp_path / STOP).read_text()
    for words in ("overdue", "c0ffee", "Dr A. Example, nephrologist", "no longer stopped", "eGFR: 30 mL/min/1.73m2"):
        assert words in text
    assert "does not count: the signature is not of this key" in text
    assert "Never signed" not in text


def test_a_signature_that_does_not_count_is_none(pack: RulePack) -> None:
    due = pack.rules["severe-renal-impairment"].review.due
    void = Signature("a", "Dr A. Example", "nephrologist", ON, due, "c0ffee", "", "the rule means something else now")
    assert not Standing("unreviewed", due, "c0ffee", [void]).is_signed


def test_what_changed_comes_with_a_patient(tmp_path: Path, pack: RulePack) -> None:
    """eGFR below 30 made below 25: who has 25 to 29.9 is no longer stopped."""
    old = tmp_path / "rules"
    shutil.copytree(rules_root(), old)
    file = old / "safety" / "severe-renal-impairment.yaml"
    file.write_text(file.read_text().replace("below: 30 mL", "below: 25 mL").replace("eGFR below 30", "eGFR below 25"))
    found = changes_of("severe-renal-impairment", differences(load_pack(old), pack))
    assert any(
        "not indicated" in change.says and "to offered" in change.says and "eGFR" in change.patient for change in found
    )
    assert any(change.says.startswith("Its text was: With an eGFR below 25") for change in found)
    assert changes_of("bradycardia", differences(pack, pack)) == []


def test_the_command_writes_the_pages(tmp_path: Path, report: Report) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(report.to_dict()))
    ran = CliRunner().invoke(app, ["review", "-o", str(tmp_path / "site"), "--report", str(file)])
    assert ran.exit_code == 0, ran.output
    assert "pages in" in ran.output
    assert (tmp_path / "site" / "index.html").is_file()


def test_the_command_says_when_the_report_is_of_another_pack(tmp_path: Path, report: Report) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(replace(report, pack=replace(report.pack, digest="0" * 64)).to_dict()))
    ran = CliRunner().invoke(app, ["review", "-o", str(tmp_path / "site"), "--report", str(file)])
    assert ran.exit_code == 1
    assert "of another pack" in ran.output
