"""The repository keeps its own promises: the same path twice, evidence that is cited, words that exist, no foreign traces."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from mgcds.loading.schema import rule_schema
from tests.docs.blocks import ROOT, table

PARTS = ("findings", "evidence", "valuesets")
RULES = sorted(path for path in (ROOT / "rules").glob("*/*.yaml") if path.parent.name not in PARTS)
ENTRIES = sorted((ROOT / "rules" / "evidence").glob("*.yaml"))
INVARIANTS = sorted((ROOT / "features" / "invariants").glob("*.feature"))
PRECEDENCE = sorted((ROOT / "features" / "precedence").glob("*.feature"))  # of precedence.yaml, across rules
FEATURES = sorted(set((ROOT / "features").rglob("*.feature")) - {*INVARIANTS, *PRECEDENCE})


def read(path: Path) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def places(paths: Iterable[Path], below: str) -> set[str]:
    return {path.relative_to(ROOT / below).with_suffix("").as_posix() for path in paths}


# --- the same path twice --------------------------------------------------------------------------------------------------


def test_each_rule_has_its_feature_and_each_feature_its_rule() -> None:
    assert len(RULES) > 20
    assert places(RULES, "rules") ^ places(FEATURES, "features") == set()


def test_invariants_speak_of_any_patient_and_of_nobody_in_particular() -> None:
    assert len(INVARIANTS) > 1
    for path in INVARIANTS:
        scenarios = path.read_text(encoding="utf-8").split("Scenario")[1:]
        assert all("    Given any patient\n" in scenario for scenario in scenarios), path.name


def test_a_rule_without_a_feature_is_noticed() -> None:
    assert places(RULES[1:], "rules") ^ places(FEATURES, "features") == places(RULES[:1], "rules")


def test_each_feature_speaks_of_its_rule() -> None:
    for path in FEATURES:
        text = path.read_text(encoding="utf-8")
        assert "Scenario" in text, path.name
        title = read(ROOT / "rules" / path.relative_to(ROOT / "features").with_suffix(".yaml"))["title"]
        assert path.stem in text or str(title).lower() in text.lower(), path.name


# --- review and evidence --------------------------------------------------------------------------------------------------


def signed(rules: Iterable[dict[str, object]]) -> list[object]:
    return [rule["id"] for rule in rules if rule["review"]["status"] != "unreviewed"]  # type: ignore[index]


def test_no_rule_claims_a_review_it_did_not_have() -> None:
    rules = [read(path) for path in RULES]
    assert signed(rules) == []
    assert signed([{"id": "x", "review": {"status": "approved"}}, *rules]) == ["x"]


def cited(rules: Iterable[dict[str, object]]) -> set[str]:
    return {
        entry
        for rule in rules
        for key in ("evidence_for", "evidence_against")
        for entry in rule["suggest"][key]  # type: ignore[index]
    }


def cited_by_tables() -> set[str]:
    tables = [read(ROOT / "rules" / name) for name in ("reference-intakes.yaml", "foods.yaml")]
    return {row["evidence"] for table in tables for row in table.values()}  # type: ignore[index]


def answering(claims: dict[str, object]) -> set[str]:
    return {entry for claim in claims.values() for entry in claim["evidence"]}  # type: ignore[index]


def in_the_table(table: dict[str, object]) -> set[str]:
    return {entry for row in table["medicines"].values() for entry in row["evidence"]}  # type: ignore[attr-defined]


def test_every_evidence_entry_is_cited_by_a_rule_or_a_row_or_answers_a_claim() -> None:
    rows = in_the_table(read(ROOT / "rules" / "drug-magnesium.yaml"))
    entries = {path.stem for path in ENTRIES} - rows
    rules, claims = [read(path) for path in RULES], read(ROOT / "rules" / "claims.yaml")
    assert entries - cited(rules) - answering(claims) - cited_by_tables() == set()
    assert entries - cited(rules[:3]) - answering(claims), "with fewer rules there are entries that nobody cites"
    assert entries - cited(rules), "without claims too"
    assert rows - cited(rules) - answering(claims), "and without rows"


WHOLE = {"funding", "supports", "against", "contradicts", "to_check"}


def lacking(entries: Iterable[dict[str, object]]) -> dict[object, set[str]]:
    """Keys that the loader lets a pack leave out and this catalogue does not; `null` and `[]` are answers."""
    return {entry["id"]: WHOLE - entry.keys() for entry in entries if WHOLE - entry.keys()}


def test_every_evidence_entry_says_what_it_supports_contradicts_and_leaves_to_check() -> None:
    entries = [read(path) for path in ENTRIES]
    assert lacking(entries) == {}
    without = {key: value for key, value in entries[0].items() if key != "to_check"}
    assert lacking([without, *entries[1:]]) == {without["id"]: {"to_check"}}


def too_sure(entries: Iterable[dict[str, object]]) -> list[object]:
    """What was read second-hand, or not looked up, says what to check at the primary source."""
    return [entry["id"] for entry in entries if entry["verified"] in ("secondary", "known") and not entry["to_check"]]


def test_what_was_not_read_itself_says_what_to_check() -> None:
    entries = [read(path) for path in ENTRIES]
    assert too_sure(entries) == []
    assert too_sure([{"id": "x", "verified": "known", "to_check": None}]) == ["x"]


def test_an_identifier_is_a_pmid_or_doi() -> None:
    assert strange_identifiers([read(path) for path in ENTRIES]) == []
    assert strange_identifiers(
        [{"id": "x", "pmid": "PMC123", "doi": None}, {"id": "y", "pmid": None, "doi": "doi:10.1"}]
    ) == ["x", "y"]


def strange_identifiers(entries: Iterable[dict[str, object]]) -> list[object]:
    forms = {"pmid": r"\d{6,8}", "doi": r"10\.\d{4,5}/\S+"}
    return [
        entry["id"]
        for entry in entries
        for key, form in forms.items()
        if entry[key] is not None and not re.fullmatch(form, str(entry[key]))
    ]


# --- the glossary ---------------------------------------------------------------------------------------------------------


def defined() -> Iterator[str]:
    """Every module, class, function and type of the package; and `Class.attribute`."""
    for path in (ROOT / "src").rglob("*.py"):
        module = path.relative_to(ROOT / "src").with_suffix("").as_posix().replace("/", ".")
        yield module.removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield node.name
            if isinstance(node, ast.ClassDef):
                yield from (f"{node.name}.{name}" for part in node.body for name in names_of(part))
        yield from (name for part in tree.body for name in names_of(part))


def names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def strange_words(glossary: str) -> list[str]:
    """Words of the column *in the code* that name nothing."""
    names, schema = set(defined()), rule_schema()["properties"]
    known = []
    rows = table(glossary, "| word |")
    assert len(rows) > 20
    for word in (word for row in rows for word in re.findall(r"`([^`]+)`", row[2])):
        head, _, key = word.partition(": ") if ": " in word else word.partition(".")
        if "/" in word:
            exists = bool(list(ROOT.glob(word.replace("<topic>", "*").rstrip("/"))))
        elif head == "rules":
            exists = key.rstrip(":") in schema
        elif head == "suggest":
            exists = key in schema["suggest"]["properties"]
        else:
            exists = word in names
        known.append((word, exists))
    return [word for word, exists in known if not exists]


def test_every_word_of_the_glossary_is_in_the_code() -> None:
    assert strange_words((ROOT / "GLOSSARY.md").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("word", "wrong"),
    [
        ("PatientRecord.recorded", "PatientRecord.taken"),
        ("`Gap`", "`Lack`"),
        ("rules/findings/", "rules/found/"),
        ("suggest.strength", "suggest.power"),
        ("mgcds.engines", "mgcds.motors"),
        ("rules: criteria:", "rules: facts:"),
    ],
)
def test_a_word_that_the_code_does_not_have_is_noticed(word: str, wrong: str) -> None:
    glossary = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    assert word in glossary
    assert strange_words(glossary.replace(word, wrong)) == [wrong.strip("`")]


def test_every_kind_and_status_is_in_the_glossary() -> None:
    glossary = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    for kind in rule_schema()["properties"]["suggest"]["properties"]["kind"]["enum"]:
        assert kind in glossary


# --- foreign traces -------------------------------------------------------------------------------------------------------

# Written in two parts, so that this file does not hold them itself.
TRACES = re.compile(r"/(?:wo)rk/|\b(?i:(?:sand)box)|\b(?i:(?:hel)per)\b|\b(?:TO)DO\b|\b(?:FIX)ME\b")
BUILT = {"__pycache__", "build", "dist", "node_modules"}


def texts(root: Path) -> Iterator[Path]:
    """Every file that somebody wrote: no environment, no cache, nothing built."""
    for path in sorted(root.iterdir()):
        if path.is_dir():
            hidden = path.name.startswith(".") and path.name not in (".ci", ".github")
            if not hidden and path.name not in BUILT and not path.name.endswith(".egg-info"):
                yield from texts(path)
        elif path.suffix not in (".pyc", ".gz", ".so", ".whl"):
            yield path


def traces(root: Path) -> list[str]:
    found = []
    for path in texts(root):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if TRACES.search(line):
                found.append(f"{path.relative_to(root).as_posix()}:{number}: {line.strip()[:120]}")
    return found


def test_no_text_speaks_of_where_and_how_it_was_written() -> None:
    assert len(list(texts(ROOT))) > 150
    assert traces(ROOT) == []


@pytest.mark.parametrize("parts", [("/wo", "rk/main"), ("Sand", "box"), ("a hel", "per said"), ("TO", "DO: later")])
def test_a_trace_is_noticed(parts: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "x.py").write_text(f"one = 1\n# {''.join(parts)}\n")
    assert len(traces(tmp_path)) == 1
    assert traces(tmp_path)[0].startswith("src/x.py:2: ")
