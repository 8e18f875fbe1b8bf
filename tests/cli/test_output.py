"""What an assessment must say, worked out from the record and the rules by hand, not copied from the output.

`examples/amara.yaml` on 2026-11-21: magnesium 0.64 mmol/L of 12 November, below the laboratory's own 0.70 and above the critical 0.50.
So a work-up is offered, which by precedence.yaml holds back the trial and its dose; low magnesium with a QTc of 500 would be urgent,
and no QTc is on record, nor an operation, a heart rate, a body mass index or a confirmation of the low value. PHQ-9 is
12 with no estimate of dietary magnesium. A magnesium of 2025 has no unit.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.cli.running import AMARA, KIDNEYS, ON, ROOT, mgcds
from tests.cli.test_commands import BUNDLE

RULES = {
    rule["id"]: rule
    for path in (ROOT / "rules").glob("*/*.yaml")
    if path.parent.name not in ("findings", "evidence", "valuesets")
    for rule in [yaml.safe_load(path.read_text(encoding="utf-8"))]
    if rule["status"] == "active"
}
OFFERED, HELD_BACK, UNDECIDED = "Offered", "Held back by another rule", "Could not be decided"
NOT_INDICATED, DATA = "Not indicated", "Data"
EXPECTED = {
    "confirm-low-magnesium": OFFERED,
    "assess-dietary-intake": OFFERED,
    "supplement-alongside-therapy": HELD_BACK,
    "trial-dose": HELD_BACK,
    "severe-hypomagnesaemia": UNDECIDED,
    "acute-suicide-risk": UNDECIDED,
    "planned-surgery": UNDECIDED,
    "bradycardia": UNDECIDED,
    "eating-disorder-or-refeeding": UNDECIDED,
    "replete-low-magnesium": UNDECIDED,
}


def sections(out: str) -> dict[str, str]:
    """The words below each heading, lines joined; the head under an empty heading."""
    found, heading = {"": ""}, ""
    lines = out.splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if line and below and set(below) == {"─"}:
            heading = line.partition(" (")[0]
            found[heading] = ""
        elif set(line) != {"─"}:
            found[heading] += f" {line.strip()}"
    return found


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def amara() -> dict[str, str]:
    ended = mgcds("evaluate", AMARA, *ON)
    assert (ended.code, ended.err) == (0, "")
    return sections(ended.out)


def ids_in(section: str) -> list[str]:
    return [word for word in re.findall(r"[a-z0-9-]+", section) if word in RULES]


def test_every_rule_has_its_place(amara: dict[str, str]) -> None:
    for rule in RULES:
        place = EXPECTED.get(rule, NOT_INDICATED)
        marked = f"[{rule}]" if place != NOT_INDICATED else rule
        assert marked in amara[place], rule
        others = [name for name in (OFFERED, HELD_BACK, UNDECIDED) if name != place]
        assert [name for name in others if f"[{rule}]" in amara[name]] == []
    assert sorted(ids_in(amara[NOT_INDICATED])) == sorted(RULES.keys() - EXPECTED.keys())


def test_what_is_offered_says_all_a_clinician_needs(amara: dict[str, str]) -> None:
    for rule in ("confirm-low-magnesium", "assess-dietary-intake"):
        suggest = RULES[rule]["suggest"]
        offered = amara[OFFERED]
        assert f"{suggest['kind'].upper()} {RULES[rule]['title']}" in words(offered)
        assert words(suggest["text"]) in words(offered)
        assert f"Certainty {suggest['certainty']}, strength {suggest['strength']}." in offered
        for entry in [*suggest["evidence_for"], *suggest["evidence_against"]]:
            assert entry in offered
    assert amara[OFFERED].count("Against: ") == 2, "evidence against stands beside evidence for"


def test_the_reason_names_value_age_limit_and_whose_limit(amara: dict[str, str]) -> None:
    """12 to 21 November are 9 days; 0.70 - 0.64 = 0.06."""
    why = words(amara[OFFERED])
    assert "serum magnesium 0.64 mmol/L (9 days ago): below 0.7" in why
    assert "the laboratory's own limit" in why
    assert "0.06 mmol/L below 0.7" in why
    assert "PHQ-9 12 (1 day ago): at least 5" in why


def test_what_is_held_back_says_by_which_rule_and_why(amara: dict[str, str]) -> None:
    held = words(amara[HELD_BACK])
    assert "because of confirm-low-magnesium (see above). A low magnesium has its own work-up" in held
    assert held.count("because of") == 1, "one reason for both, said once"


def test_what_is_undecided_names_the_datum_it_needs(amara: dict[str, str]) -> None:
    undecided = words(amara[UNDECIDED])
    assert re.search(r"Needs QTc \(missing\)\. urgent: [^\[]*\[severe-hypomagnesaemia\]", undecided)
    assert re.search(r"Needs Suicide risk assessment \(missing\)\. urgent: [^\[]*\[acute-suicide-risk\]", undecided)


def test_what_is_not_known_and_not_used_is_said(amara: dict[str, str]) -> None:
    data = words(amara[DATA])
    known = data.partition("Serum magnesium not used")[0]
    for title in ("Calcium", "Albumin", "QTc", "Dietary magnesium", "Suicide risk assessment"):
        assert f"{title} (missing)" in known
    assert "Potassium" not in known
    problem = data.partition("Serum magnesium not used")[2]
    assert "no unit" in problem
    assert "2.0 of 2025-02-01" in problem
    assert "mmol/L, mg/dL" in problem


def test_the_foot_says_whom_it_is_for_and_that_nobody_signed(amara: dict[str, str]) -> None:
    foot = words(amara[NOT_INDICATED])
    assert "For health professionals. Options, not orders" in foot
    assert "No rule of this pack has been signed by a clinician yet." in foot


def test_the_head_says_record_day_pack_and_number_of_rules(amara: dict[str, str]) -> None:
    head = words(amara[""])
    assert re.search(rf"amara\.yaml on 2026-11-21 Pack \d+\.\d+\.\d+, [0-9a-f]{{12}}\. {len(RULES)} rules\.", head)


def test_nothing_offered_is_no_all_clear() -> None:
    """Of this person little is known: much waits, nothing is called fine."""
    record = b"recorded: 2026-11-20\nmedicines: []\nage: 44\nconditions: []\nsymptoms: []\nphq9: 0\nphq9_item9: 0\n"
    ended = mgcds("evaluate", "-", *ON, given=record)
    assert "Nothing. That is not an all-clear" in sections(ended.out)[OFFERED]
    assert "Needs " in sections(ended.out)[UNDECIDED]


def test_a_rule_that_is_let_pass_is_named_beside_what_is_offered() -> None:
    """A magnesium never measured lets a trial pass, where the kidneys are known to be well (precedence.yaml); it is said."""
    record = """
recorded: 2026-11-20
age: 44
sex: male
first_line_care: active
bipolar_screen: negative
phq9: 12
phq9_item9: 0
egfr: 84 mL/min/1.73m2
medicines: [{name: sertraline, start: 2026-01-10}]
conditions: []
symptoms: []
"""
    offered = words(sections(mgcds("evaluate", "-", *ON, given=record.encode()).out)[OFFERED])
    assert "[supplement-alongside-therapy]" in offered
    assert offered.count("Not assessed, and let pass: ") == 2, "one paragraph for the trial, one for its dose"
    passed = offered.partition("Not assessed, and let pass: ")[2].partition("[supplement-alongside-therapy]")[0]
    for said in (
        "magnesium above the upper limit [hypermagnesaemia]",
        "critically high magnesium [severe-hypermagnesaemia]",
        "critically low magnesium [severe-hypomagnesaemia]",
        "eating disorder, risk of refeeding or a BMI below 16 [eating-disorder-or-refeeding]",
    ):
        assert said in passed


def test_what_is_held_back_says_where_nobody_knows_whether_it_would_apply() -> None:
    """An omeprazole of two years and no magnesium: measure first. The trial would apply; of a repletion nobody can tell."""
    record = """
recorded: 2026-11-20
birth_date: 1960-11-20
sex: male
first_line_care: active
phq9: 10
phq9_item9: 0
egfr: {value: 72 mL/min/1.73m2, date: 2026-06-01}
medicines: [{name: sertraline, start: 2026-01-10}, {name: omeprazole, start: 2024-11-01}]
conditions: []
symptoms: []
"""
    out = sections(mgcds("evaluate", "-", *ON, given=record.encode()).out)
    held = words(out[HELD_BACK])
    assert "[replete-low-magnesium] (whether it would apply is not known)" in held
    assert "[supplement-alongside-therapy] (" not in held
    assert "(1 year above 65)" in words(out[OFFERED])


def test_a_spoilt_value_is_shown_with_the_data() -> None:
    """An EDTA tube takes magnesium away: 0.30 mmol/L is rejected and repeated, and not silently dropped (brief 8.6)."""
    record = """
recorded: 2026-11-20
age: 44
sex: male
serum_magnesium: {value: 0.30 mmol/L, date: 2026-11-20, specimen: [edta]}
"""
    out = sections(mgcds("evaluate", "-", *ON, given=record.encode()).out)
    assert "[magnesium-result-not-usable]" in out[OFFERED]
    assert "Fall of the PHQ-9" not in out[DATA], "a change cannot be asked for"
    assert re.search(r"Serum magnesium not used: the specimen was edta: repeat it \(0\.30 mmol/L of", words(out[DATA]))


def test_all_says_of_each_rule_why_it_is_not_indicated() -> None:
    out = words(sections(mgcds("evaluate", AMARA, "--all", *ON).out)[NOT_INDICATED])
    assert re.search(r"\[severe-renal-impairment\] [^\[]*eGFR 84 mL/min/1.73m2 \(42 days ago\): not below 30", out)
    assert all(f"[{rule}]" in out for rule in RULES.keys() - EXPECTED.keys())


def test_several_records_are_told_apart() -> None:
    out = mgcds("evaluate", AMARA, AMARA, *ON).out
    assert out.count("═" * 78) == 1
    assert out.count("amara.yaml on 2026-11-21") == 2


# --- JSON -----------------------------------------------------------------------------------------------------------------

WORD: dict[str, Any] = {"type": "string", "minLength": 1}
WORDS: dict[str, Any] = {"type": "array", "items": WORD}


def closed(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


STEP = closed(
    {
        "joined": {"enum": ["criterion", "finding", "all of", "any of", "not"]},
        "says": WORD,
        "verdict": {"enum": ["met", "not met", "unknown"]},
        **dict.fromkeys(("found", "source", "limit", "limit_from", "distance", "because", "about", "subject"), WORD),
        "dated": {"type": "string", "pattern": r"^(born )?\d{4}(-\d\d(-\d\d)?)?"},
        "days": {"type": "integer", "minimum": 0},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 1},
    },
    ("found", "source", "limit", "limit_from", "distance", "because", "about", "subject", "dated", "days", "parts"),
)
SUGGESTION = closed(
    {
        "rule": {"enum": list(RULES)},
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "status": {"enum": ["offered", "suppressed", "withheld", "not indicated"]},
        "kind": {"enum": ["urgent", "stop", "defer", "interaction", "workup", "consider", "dose", "monitor", "inform"]},
        **dict.fromkeys(("title", "text"), WORD),
        "certainty": {"enum": ["high", "moderate", "low", "very low", "not graded"]},
        "strength": {"enum": ["A", "B", "C", "D"]},
        **dict.fromkeys(("evidence_for", "evidence_against", "override_reasons", "held_back_by", "let_pass"), WORDS),
        "missing": {"type": "array", "items": WORDS},
        "steps": {"$ref": "#/$defs/step"},
        "shown": {"enum": ["interruptive", "passive", "folded"]},
        "review": closed(
            {"status": {"const": "unreviewed"}, "due": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}}
        ),
    },
    ("shown",),
)
ASSESSMENT = {
    **closed(
        {
            "input": WORD,
            "on": {"const": "2026-11-21"},
            "pack": closed(
                {"version": WORD, "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"}, "jurisdictions": WORDS}
            ),
            "suggestions": {"type": "array", "items": SUGGESTION},
            "problems": {
                "type": "array",
                "items": closed(
                    {"about": WORD, "what": WORD, "used": {"type": "boolean"}, "value": WORD, "source": WORD},
                    ("value", "source"),
                ),
            },
            "unknown": {
                "type": "object",
                "additionalProperties": closed({"reason": WORD, "detail": {"type": "string"}}),
            },
            "unused": {"type": "array", "items": closed({"reference": WORD, "why": WORD})},
            "proof": closed({part: {"type": "object"} for part in ("rules", "criteria", "found", "members")}),
        }
    ),
    "$defs": {"step": STEP},
}


def wrong_with(assessment: Any) -> list[str]:
    """Where it breaks the schema, and rules that do not occur exactly once."""
    breaks = [
        f"{error.json_path}: {error.message[:200]}"
        for error in Draft202012Validator(ASSESSMENT).iter_errors(assessment)
    ]
    times = Counter(suggestion.get("rule") for suggestion in assessment.get("suggestions", []))
    return breaks + [f"{rule}: {times[rule]} times" for rule in RULES if times[rule] != 1]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """A full record, one of next to nothing, a Bundle, and one in which everything is spoilt."""
    folder = tmp_path_factory.mktemp("records")
    spoilt = {
        "recorded": "2026-11-20",
        "egfr": [{"value": "abc"}, "5"],
        "phq9": 400,
        "medicines": ["zzz"],
        "sex": "x",
        "age": -1,
    }
    contents = {
        "kidneys.yaml": KIDNEYS,
        "bundle.json": json.dumps(BUNDLE),
        "spoilt.json": json.dumps(spoilt),
        "nothing.json": "{}",
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    ended = mgcds("evaluate", AMARA, *(str(folder / name) for name in contents), *ON, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(ended.out)
    assert [Path(one["input"]).name for one in found] == ["amara.yaml", *contents]
    return found


def test_json_follows_its_schema_and_every_rule_occurs_once(written: list[dict[str, Any]]) -> None:
    for assessment in written:
        assert wrong_with(assessment) == []


def test_json_and_text_say_the_same(written: list[dict[str, Any]]) -> None:
    names = {"offered": OFFERED, "suppressed": HELD_BACK, "withheld": UNDECIDED, "not indicated": NOT_INDICATED}
    given = {suggestion["rule"]: names[suggestion["status"]] for suggestion in written[0]["suggestions"]}
    assert given == {rule: EXPECTED.get(rule, NOT_INDICATED) for rule in RULES}


def test_what_is_withheld_names_what_it_misses_and_what_is_suppressed_by_whom(written: list[dict[str, Any]]) -> None:
    for assessment in written:
        for suggestion in assessment["suggestions"]:
            assert bool(suggestion["missing"]) == (suggestion["status"] == "withheld"), suggestion["rule"]
            assert suggestion["status"] != "suppressed" or suggestion["held_back_by"]
            assert set(suggestion["held_back_by"]) <= set(RULES)
            unknown = {item.partition("[")[0] for items in suggestion["missing"] for item in items}
            assert unknown <= set(assessment["unknown"]), suggestion["rule"]


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        pytest.param(lambda a: a["suggestions"].pop(), "0 times", id="a rule is lost"),
        pytest.param(lambda a: a["suggestions"].append(a["suggestions"][0]), "2 times", id="a rule comes twice"),
        pytest.param(
            lambda a: a["suggestions"][0].pop("missing"), "'missing' is a required property", id="a key is lost"
        ),
        pytest.param(
            lambda a: a["suggestions"][0].update(status="hidden"), "'hidden' is not one of", id="a new status"
        ),
        pytest.param(
            lambda a: a["suggestions"][0]["steps"].update(verdict=None), "None is not one of", id="no verdict"
        ),
        pytest.param(lambda a: a.update(score=3), "'score' was unexpected", id="a score of its own"),
    ],
)
def test_a_seeded_fault_in_the_json_is_found(spoil: Any, found: str, written: list[dict[str, Any]]) -> None:
    assessment = deepcopy(written[0])
    spoil(assessment)
    assert any(found in fault for fault in wrong_with(assessment))
