"""`mgcds rules ID` says all there is to say of a rule, `mgcds explain` shows the whole basis, and what is folded stays in sight.

What must be there is read from the YAML and feature files themselves, not through mgcds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.running import AMARA, ON, ROOT, mgcds

PARTS = ("findings", "evidence", "valuesets")
FILES = {path.stem: path for path in (ROOT / "rules").glob("*/*.yaml") if path.parent.name not in PARTS}
PRECEDENCE = yaml.safe_load((ROOT / "rules" / "precedence.yaml").read_text(encoding="utf-8"))
REASONS = yaml.safe_load((ROOT / "rules" / "override-reasons.yaml").read_text(encoding="utf-8"))


@cache
def rule(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILES[name].read_text(encoding="utf-8"))
    return found


RULES = [name for name in FILES if rule(name)["status"] == "active"]


def words(text: str) -> str:
    return " ".join(text.split())


# --- one rule, whole ----------------------------------------------------------------------------------------------------------------


def scenarios(name: str) -> list[tuple[str, int]]:
    """Names and number of examples by the lines of the feature file: rows of a table below `Examples:` but its head."""
    found: list[tuple[str, int]] = []
    path = ROOT / "features" / FILES[name].parent.name / f"{name}.feature"
    in_examples, rows, draft = False, 0, False
    for line in [*path.read_text(encoding="utf-8").splitlines(), "Scenario: the end"]:
        line = line.strip()
        begins = re.match(r"Scenario(?: Outline)?: (.*)", line)
        if begins or line.startswith("Examples:"):
            found = [*found[:-1], (found[-1][0], found[-1][1] + max(rows - 1, 0))] if in_examples and found else found
            in_examples, rows = line.startswith("Examples:"), 0
        if begins and not draft:
            found.append((begins[1], 0))
        draft = "@draft" in line
        rows += in_examples and line.startswith("|")
    return found[:-1]


def holders(name: str) -> Iterator[tuple[str, str]]:
    """Who may hold a rule back by precedence.yaml, and why."""
    by_rule = {entry["by"]["rule"]: entry for entry in PRECEDENCE["holds_back"] if "rule" in entry["by"]}
    by_kind = {entry["by"]["kind"]: entry for entry in PRECEDENCE["holds_back"] if "kind" in entry["by"]}
    for other in RULES:
        entry = by_rule.get(other) or by_kind.get(rule(other)["suggest"]["kind"])
        holds = entry["holds"] if entry else {}
        held = rule(name)["suggest"]["kind"] in holds.get("kinds", []) or name in holds.get("rules", [])
        if entry and held and other != name:
            yield other, words(entry["because"])


def must_say(name: str) -> list[str]:
    found, suggest = rule(name), rule(name)["suggest"]
    says = [
        found["title"],
        f"[{name} {found['version']}]",
        suggest["kind"],
        words(suggest["text"]),
        f"certainty {suggest['certainty']} - ",
    ]
    says += [f"strength {suggest['strength']} - ", "Met if ", *(f"{name}: " for name in found["criteria"])]
    for entry in (*suggest["evidence_for"], *suggest["evidence_against"]):
        evidence = yaml.safe_load((ROOT / "rules" / "evidence" / f"{entry}.yaml").read_text(encoding="utf-8"))
        says += [
            f"{entry}: {words(evidence['citation']).rstrip('.')}.",
            words(evidence["effect"]),
            words(evidence["limits"]),
        ]
    says += [f"{reason}: {REASONS[reason]}" for reason in suggest["override_reasons"]]
    says += [part for holder, because in holders(name) for part in (holder, because)]
    says += [scenario + (f" ({count} examples)" if count else "") for scenario, count in scenarios(name)]
    return [*says, words(found.get("note", "")), f"Review: unreviewed, due {found['review']['due']}"]


def left_unsaid(name: str, text: str) -> list[str]:
    return [part for part in must_say(name) if part not in words(text)]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_shown_whole(name: str) -> None:
    ended = mgcds("rules", name)
    assert (ended.code, ended.err) == (0, "")
    assert left_unsaid(name, ended.out) == []
    assert [line for line in ended.out.splitlines() if len(line) > 80] == []


def test_what_is_left_unsaid_is_found() -> None:
    text = words(mgcds("rules", "trial-dose").out)
    for part in must_say("trial-dose"):
        assert left_unsaid("trial-dose", text.replace(part, "") if part else text) != [] or not part


def test_json_holds_the_same() -> None:
    for name in RULES:
        found = json.loads(mgcds("rules", name, "--format", "json").out)
        assert [(one["name"], one["examples"]) for one in found["scenarios"]] == scenarios(name)
        assert sorted((by, entry["because"]) for entry in found["held_back_by"] for by in entry["rules"]) == sorted(
            holders(name)
        )
        assert [one["name"] for one in found["criteria"]] == list(rule(name)["criteria"])
        held = {other for entry in found["holds_back"] for other in entry["rules"]}
        assert held == {other for other in RULES if name in dict(holders(other))}


def test_thresholds_come_in_all_units_and_with_their_default() -> None:
    found = json.loads(mgcds("rules", "confirm-low-magnesium", "--format", "json").out)
    assert found["criteria"][0]["limits"] == {
        "mmol/L": "at least 0.5 mmol/L", "mg/dL": "above 1.2 mg/dL", "meq/L": "at least 1 meq/L",
    }  # fmt: skip
    (low,) = found["findings"][0]["criteria"]
    assert low["default_limits"] == {
        "mmol/L": "below 0.7 mmol/L", "mg/dL": "below 1.7 mg/dL", "meq/L": "below 1.4 meq/L",
    }  # fmt: skip
    assert low["current_for"] == 90


def names_in(value_set: str) -> set[str]:
    file = f"{value_set.replace('_', '-')}.yaml"
    found = yaml.safe_load((ROOT / "rules" / "valuesets" / file).read_text(encoding="utf-8"))
    names = {entry["name"] for entry in found.get("entries", [])}
    return names.union(*(names_in(other) for other in found.get("includes", [])))


@pytest.mark.parametrize(
    ("name", "criterion", "value_set"),
    [
        ("medicine-needs-signoff", "digoxin", "digoxin"),
        ("severe-depression-first-line", "takes_antidepressant", "antidepressant"),
        ("bipolar-disorder", "bipolar", "bipolar_disorder"),
    ],
)
def test_value_sets_come_with_their_number_of_members_and_source(name: str, criterion: str, value_set: str) -> None:
    found = json.loads(mgcds("rules", name, "--format", "json").out)
    (shown,) = [one["value_set"] for one in found["criteria"] if one["name"] == criterion]
    assert shown["id"] == value_set
    assert shown["members"].split()[0] == str(len(names_in(value_set)))
    assert shown["source"] in words(mgcds("rules", name).out)


def test_a_rule_without_a_feature_file_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mgcds.scenarios.features.features_root", lambda: tmp_path)
    assert "Scenarios (0) ───────────── None found." in words(mgcds("rules", "trial-dose").out)


# --- the basis ----------------------------------------------------------------------------------------------------------------------

HEADINGS = (
    *("Options", "The rule", "What could change it", "Used by the rule", "Used by what could hold it back"),
    *("Missing, stale or rejected", "Evidence for", "Evidence against", "Certainty and strength", "Harms", "Limits"),
    *("Not studied", "What holds it back, or could", "For whom and what"),
)


def below(heading: str, text: str) -> str:
    """What stands below a heading, up to the next or the end."""
    found = re.search(rf"^{re.escape(heading)}\n─+\n(.*?)(?=\n\n[^\n]+\n─+\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return words(found[1]) if found else ""


@pytest.mark.parametrize("name", RULES)
def test_explain_shows_every_part_of_the_basis(name: str) -> None:
    ended = mgcds("explain", AMARA, name, *ON)
    assert (ended.code, ended.err) == (0, "")
    assert [heading for heading in HEADINGS if not below(heading, ended.out)] == []
    offered = "\nOFFERED on " in ended.out
    assert below("What it says" if offered else "What it would say, were it offered", ended.out)
    assert [line for line in ended.out.splitlines() if len(line) > 80] == []
    assert re.search(
        r"Review: unreviewed, due \d{4}-\d\d-\d\d\.\nPack \d+\.\d+\.\d+, [0-9a-f]{12}\.$", ended.out.strip()
    )


def test_a_part_that_is_not_there_is_found() -> None:
    text = mgcds("explain", AMARA, "trial-dose", *ON).out
    for heading in HEADINGS:
        assert below(heading, text)
        assert not below(heading, text.replace(f"\n{heading}\n", "\nSomething else\n"))


def test_the_parts_say_what_the_record_and_the_files_say() -> None:
    """9 days are from 12 to 21 November; the old magnesium has no unit, a QTc is not on record."""
    text = mgcds("explain", AMARA, "supplement-alongside-therapy", *ON).out
    used = below("Used by what could hold it back", text)
    # for ever: the last high value stops until a newer one is there
    magnesium = "Serum magnesium: 0.64 mmol/L (of 2026-11-12; 9 days old, current for 90 days or for ever; from "
    assert magnesium + "Observation/mg-1)" in used
    assert "lower limit 0.7 mmol/L: the laboratory's own limit" in used
    assert "not used: no unit" in used
    assert "PHQ-9: 12 (of 2026-11-20; 1 day old, current for 14 days)" in below("Used by the rule", text)
    assert "QTc, for what could hold it back: missing" in below("Missing, stale or rejected", text)
    assert "None on record." in below("Evidence against", mgcds("explain", AMARA, "severe-renal-impairment", *ON).out)
    assert "confirm-low-magnesium applies: A low magnesium has its own work-up" in below(
        "What holds it back, or could", text
    )
    assert "✓ not: takes products that give magnesium" in below("The rule", text)


def test_json_has_the_basis_where_it_is_asked_for() -> None:
    written = json.loads(mgcds("explain", AMARA, "trial-dose", *ON, "--format", "json").out)
    assert written["basis"]["harms"][0]["evidence"]
    plain = json.loads(mgcds("evaluate", AMARA, *ON, "--format", "json").out)["suggestions"]
    full = json.loads(mgcds("evaluate", AMARA, *ON, "--format", "json", "--basis").out)["suggestions"]
    assert [one for one in plain if "basis" in one] == []
    assert [{key: value for key, value in one.items() if key != "basis"} for one in full] == plain
    assert next(one for one in full if one["rule"] == "trial-dose") == written


# --- folding ------------------------------------------------------------------------------------------------------------------------

MUCH = """
recorded: 2026-11-20
age: 70
sex: female
phq9: 12
phq9_item9: 2
egfr: 45 mL/min/1.73m2
potassium: 3.0 mmol/L
serum_magnesium: "2.0"
bipolar_screen: positive
first_line_care: active
medicines:
  - {name: citalopram, start: 2026-01-10}
  - {name: omeprazole, start: 2024-01-10}
  - {name: digoxin, start: 2024-01-10}
  - {name: doxycycline, start: 2026-11-18}
conditions: []
symptoms: []
"""


def test_what_is_folded_is_a_line_each_and_nothing_is_lost(tmp_path: Path) -> None:
    """Suicide risk is urgent; six others may be read besides, at most: one interrupts, five are passive."""
    record = tmp_path / "much.yaml"
    record.write_text(MUCH, encoding="utf-8")
    written = json.loads(mgcds("evaluate", str(record), *ON, "--format", "json").out)["suggestions"]
    offered = [one for one in written if one["status"] == "offered"]
    assert {"suicide-risk", "moderate-renal-impairment", "bipolar-screen-positive", "magnesium-result-not-usable"} <= {
        one["rule"] for one in offered
    }
    assert len(offered) > 7
    shown = [one["shown"] for one in offered]
    assert shown == ["interruptive", *["passive"] * 5, *["folded"] * (len(offered) - 6)]
    assert offered[0]["rule"] == "suicide-risk"
    text = mgcds("evaluate", str(record), *ON).out
    assert f"\nOffered ({len(offered)})\n" in text
    assert f"\nAlso offered ({len(offered) - 6})\n" in text
    folded = below(f"Also offered ({len(offered) - 6})", text)
    for one in offered:
        line = f"{one['kind']}: {one['title']} [{one['rule']}]"
        assert (line in folded) == (one["shown"] == "folded")
        assert (words(one["text"]) in words(text)) == (one["shown"] != "folded")


def test_that_a_person_has_died_stands_at_the_head(tmp_path: Path) -> None:
    entries = [
        {"resource": {"resourceType": "Patient", "id": "a", "birthDate": "1950-01-01", "deceasedBoolean": True}},
        {"resource": {"resourceType": "AllergyIntolerance", "id": "b", "patient": {"reference": "Patient/a"}}},
    ]
    bundle = tmp_path / "bundle.json"
    bundle.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), encoding="utf-8")
    head, _, rest = mgcds("evaluate", str(bundle), *ON).out.partition("\nOffered (")
    assert "Patient/a: the patient is recorded as deceased" in head
    assert "deceased" not in rest
    assert "AllergyIntolerance" in rest
