"""Every mistake that an author can make is reported at its place, all in one run, and nothing but problems comes out."""

import random
import re
from pathlib import Path

import pytest

from mgcds.errors import PackError, Problem
from mgcds.loading import check_pack, load_pack
from mgcds.model.phq9 import Cutoffs
from mgcds.model.spacing import Spacing
from tests.loading.mistakes import (
    ALL,
    DEPRESSION,
    PACK,
    PHQ9_YAML,
    RULE,
    SSRI,
    STOP,
    TABLE,
    Mistake,
    both,
    copy_of_the_pack,
    replace,
    write,
)


def test_the_untouched_pack_loads(tmp_path: Path) -> None:
    pack, problems = check_pack(copy_of_the_pack(tmp_path))
    assert problems == []
    assert pack is not None
    assert list(pack.rules) == ["severe-renal-impairment", "ask-kidney-function", "consider-magnesium"]
    assert set(pack.findings) == {"low_magnesium", "on_treatment"}


def test_the_limits_of_the_phq9_are_optional(tmp_path: Path) -> None:
    root = copy_of_the_pack(tmp_path)
    without, _ = check_pack(root)
    (root / "phq9.yaml").write_text(PHQ9_YAML)
    pack, problems = check_pack(root)
    assert problems == []
    assert pack is not None
    assert pack.phq9 == Cutoffs((("minimal", 0), ("mild", 5)), 5, 50, 5, 20, 5)
    assert without is not None
    assert without.phq9 is None


def test_the_ids_of_the_mistakes_are_distinct() -> None:
    ids = [mistake.id for mistake in ALL]
    assert [name for name in ids if ids.count(name) > 1] == []


@pytest.mark.parametrize("mistake", [pytest.param(mistake, id=mistake.id) for mistake in ALL])
def test_a_mistake_is_reported_at_its_place(mistake: Mistake, tmp_path: Path) -> None:
    root = copy_of_the_pack(tmp_path)
    mistake.change(root)
    with pytest.raises(PackError) as caught:
        load_pack(root)
    problems = caught.value.problems
    expected = f"{mistake.file}:{mistake.line(root)}: "
    assert any(str(problem).startswith(expected) and mistake.says in problem.what for problem in problems), (
        f"expected {expected}… {mistake.says}, got:\n{caught.value}"
    )
    others = [problem.what for problem in problems if mistake.says not in problem.what]
    follow = [what for what in others if not any(part in what for part in mistake.also)]
    assert follow == [], "one mistake, one problem: these follow from it and lead the author astray"
    for part in mistake.also:
        assert any(part in what for what in others), f"'{part}' no longer follows: take it out of the mistake"


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    root = copy_of_the_pack(tmp_path)
    both(
        replace(RULE, "below: 20}", "belwo: 20}"),
        replace(RULE, "strength: C", "strength: E"),
        replace(STOP, "30 mL/min/1.73m2", "30 mmol/L"),
        replace(DEPRESSION, "of: conditions", "of: &x conditions"),
        replace(SSRI, "[N06AB]", "N06AB"),
        replace("items.yaml", "current_for: 14 days", "current_for: 2 weeks"),
        replace("precedence.yaml", "{kind: stop}", "{kind: halt}"),
        replace("pack.yaml", "version: 0.1.0", "version: 0.1.0\nversion: 0.1.1"),
        write("workup/spare.yml", "id: spare\n"),
    )(root)
    found = "\n".join(str(problem) for problem in check_pack(root)[1])
    for part in (
        f"{RULE}:6: criterion 'mild_to_moderate' has 'belwo'",
        f"{RULE}:15: 'strength' of rule 'consider-magnesium' is 'E'",
        f"{STOP}:6: criterion 'severe_ckd' has the unit 'mmol/L'",
        f"{DEPRESSION}:3: uses a YAML anchor",
        f"{SSRI}:6: 'atc_prefixes' of the value set must be a list",
        "items.yaml:40: 'current_for' of item 'phq9' is '2 weeks'",
        "precedence.yaml:4: 'by' of an entry of 'holds_back' names the kind 'halt'",
        "pack.yaml:3: 'version' stands twice",
        "workup/spare.yml:1: ends in .yml",
    ):
        assert part in found


def test_a_list_of_problems_is_sorted_by_place_and_has_no_doubles(tmp_path: Path) -> None:
    root = copy_of_the_pack(tmp_path)
    both(replace(RULE, "strength: C", "strength: E"), replace(STOP, "strength: A", "strength: E"))(root)
    with pytest.raises(PackError) as caught:
        load_pack(root)
    places = [(problem.file, problem.line) for problem in caught.value.problems]
    assert places == [(STOP, 12), (RULE, 15)]
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]


def test_a_pack_may_be_without_the_table_of_medicines_and_magnesium(tmp_path: Path) -> None:
    root = copy_of_the_pack(tmp_path)
    loaded = load_pack(root)
    assert loaded.drug_magnesium is not None
    assert loaded.drug_magnesium.rows["ssri"].spacing == Spacing(120, 360)
    (root / TABLE).unlink()
    without, problems = check_pack(root)
    assert problems == []
    assert without is not None
    assert without.drug_magnesium is None


def test_what_is_no_folder_is_a_problem_too(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="nowhere:1: is no folder"):
        load_pack(tmp_path / "nowhere")
    with pytest.raises(PackError, match=re.escape("pack.yaml:1: is no folder")):
        load_pack(PACK / "pack.yaml")


# --- what looks like a mistake and is none --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param(RULE, "title: Consider magnesium alongside treatment", "title: 12:30", id="a time is a text"),
        pytest.param(RULE, "title: Consider magnesium alongside treatment", "title: no", id="no is a text"),
        pytest.param(RULE, "title: Consider magnesium alongside treatment", "title: 'null'", id="null in quotes is a text"),
        pytest.param(SSRI, "version: 2026-11", "version: 1e3", id="1e3 is a text"),
        pytest.param(SSRI, "version: 2026-11", "version: 0x1F", id="0x1F is a text"),
        pytest.param(SSRI, "name: sertraline", "name: on", id="on is a name"),
        pytest.param(DEPRESSION, "icd10cm: [F32, F33]", "icd10cm: [F32, 'F33']", id="quotes make no difference"),
        pytest.param(RULE, "at_least: 5, below: 20", "at_least: 05, below: 2e1", id="numbers are decimal, however written"),
        pytest.param(RULE, "between: [0.50 mmol/L, 1.23 mmol/L]", "at_least: [0.50 mmol/L, above 1.2 mg/dL]", id="the other side in one unit"),
        pytest.param(RULE, "below: 20}", "below: 20, within: always}", id="within always"),
        pytest.param(TABLE, "{before: 2, after: 6}", "{after: 1.5}", id="one side of a spacing, in half hours"),
        pytest.param(TABLE, "{before: 2, after: 6}", "{before: 12, after: 12}", id="one minute of the day is left"),
        pytest.param(TABLE, "{before: 2, after: 6}", "avoid", id="no spacing at all"),
    ],
)  # fmt: skip
def test_text_that_yaml_would_take_for_something_else(file: str, old: str, new: str, tmp_path: Path) -> None:
    root = copy_of_the_pack(tmp_path)
    replace(file, old, new)(root)
    assert check_pack(root)[1] == []


@pytest.mark.parametrize("change", ["crlf", "bom", "no newline at the end", "comments"])
def test_how_editors_save_makes_no_difference(change: str, tmp_path: Path) -> None:
    root = copy_of_the_pack(tmp_path)
    for path in root.rglob("*.yaml"):
        content = path.read_bytes()
        path.write_bytes(
            {
                "crlf": content.replace(b"\n", b"\r\n"),
                "bom": b"\xef\xbb\xbf" + content,
                "no newline at the end": content.rstrip(),
                "comments": b"# a comment\n\n" + content.replace(b"\n", b"   # said at the end\n", 1),
            }[change]
        )
    assert check_pack(root)[1] == []


def test_two_criteria_that_differ_only_in_freshness_are_told_apart(tmp_path: Path) -> None:
    root = copy_of_the_pack(tmp_path)
    replace(
        STOP,
        "severe_ckd: {measure: egfr, below: 30 mL/min/1.73m2}",
        "severe_ckd: {measure: egfr, below: 30 mL/min/1.73m2, within: always}",
    )(root)
    replace(RULE, "  pregnant:", "  ckd: {measure: egfr, below: 30 mL/min/1.73m2}\n  pregnant:")(root)
    replace(RULE, "and not pregnant", "and not pregnant and not ckd")(root)
    pack, problems = check_pack(root)
    assert problems == []
    assert pack is not None
    assert (
        pack.rules["severe-renal-impairment"].criteria["severe_ckd"] != pack.rules["consider-magnesium"].criteria["ckd"]
    )


# --- whatever is written -------------------------------------------------------------------------------------------------------

_PIECES = (
    "&a ", "*a", "!!str ", "? ", "- ", "[", "]", "{", "}", ": ", "\t", '"', "'", "|", ">", "---\n", "...\n", "#", "%", "@", "\x00", "\u2028",
    "\ufeff", "é", "null", "~", "yes", "1e999", "-0", "0x1F", "999999999999999999999999", "not ", "lambda", "id: ", "always", "\\", "\n", " ",
)  # fmt: skip


def _mutated(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        match chance.randrange(7):
            case 0:
                del lines[at]
                lines = lines or [""]
            case 1:
                lines.insert(at, lines[chance.randrange(len(lines))])
            case 2:
                other = chance.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                place = chance.randint(0, len(lines[at]))
                lines[at] = lines[at][:place] + chance.choice(_PIECES) + lines[at][place:]
            case 4:
                place = chance.randint(0, len(lines[at]))
                lines[at] = lines[at][:place] + lines[at][place + chance.randint(1, 5) :]
            case 5:
                lines[at] = " " * chance.randint(0, 4) + lines[at].lstrip()
            case _:
                key, colon, _ = lines[at].partition(": ")
                lines[at] = key + colon + chance.choice(_PIECES)
    return "\n".join(lines)


def test_no_mutation_of_a_pack_raises(tmp_path: Path) -> None:
    root = copy_of_the_pack(tmp_path)
    files = sorted(path for path in root.rglob("*.yaml"))
    chance = random.Random(20261121)
    loaded = 0
    for _ in range(300):
        path = chance.choice(files)
        original = path.read_bytes()
        changed = _mutated(original.decode(), chance).encode()
        if chance.random() < 0.2:
            place = chance.randrange(len(changed) + 1)
            changed = changed[:place] + bytes([chance.randrange(256)]) + changed[place + 1 :]
        path.write_bytes(changed)
        pack, problems = check_pack(root)
        assert (pack is None) == bool(problems), changed
        assert all(isinstance(problem, Problem) and problem.line >= 1 and problem.what for problem in problems), changed
        loaded += pack is not None
        path.write_bytes(original)
    assert 10 < loaded < 200, "too few changes that matter, or too few that do not"
