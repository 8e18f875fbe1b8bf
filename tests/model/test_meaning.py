"""A hash of what a rule means: how it is written does not change it, any change of meaning does."""

from pathlib import Path

import pytest

from mgcds.errors import UnknownRule
from mgcds.loading import load_pack
from mgcds.model import meaning
from mgcds.model.meaning import canonical, meaning_of
from mgcds.model.pack import RulePack
from tests.model.edits_of_rules import COSMETIC, SEMANTIC, Edit, edited


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory: pytest.TempPathFactory) -> RulePack:
    """The built-in pack with all cosmetic edits at once."""
    return load_pack(edited(tmp_path_factory.mktemp("rewritten") / "rules", COSMETIC))


def test_there_are_thirty_edits_of_each_kind_and_none_twice() -> None:
    for edits in (COSMETIC, SEMANTIC):
        assert (
            len({edit.id for edit in edits}) == len({(edit.file, edit.old, edit.new) for edit in edits}) == len(edits)
        )
        assert len(edits) >= 30


@pytest.mark.parametrize("edit", COSMETIC, ids=lambda edit: edit.id)
def test_what_only_looks_otherwise_means_the_same(edit: Edit, rewritten: RulePack) -> None:
    assert canonical(edit.rule, rewritten) == canonical(edit.rule, load_pack())
    assert meaning_of(edit.rule, rewritten) == meaning_of(edit.rule, load_pack())


def test_no_rule_means_something_else_after_all_of_them(rewritten: RulePack) -> None:
    pack = load_pack()
    assert rewritten.digest != pack.digest
    assert {rule: meaning_of(rule, rewritten) for rule in pack.rules} == {
        rule: meaning_of(rule, pack) for rule in pack.rules
    }


@pytest.mark.parametrize("edit", SEMANTIC, ids=lambda edit: edit.id)
def test_what_means_something_else_has_another_hash(edit: Edit, tmp_path: Path) -> None:
    assert meaning_of(edit.rule, load_pack(edited(tmp_path / "rules", [edit]))) != meaning_of(edit.rule, load_pack())


def test_a_rule_that_an_edit_does_not_concern_keeps_its_meaning(tmp_path: Path) -> None:
    edit = next(edit for edit in SEMANTIC if edit.id == "another word in the text")
    pack, changed = load_pack(), load_pack(edited(tmp_path / "rules", [edit]))
    assert [rule for rule in pack.rules if meaning_of(rule, pack) != meaning_of(rule, changed)] == [edit.rule]


def test_whoever_loosens_a_stop_changes_what_it_holds_back_too(tmp_path: Path) -> None:
    edit = next(edit for edit in SEMANTIC if edit.id == "a limit of a rule that holds it back")
    pack, changed = load_pack(), load_pack(edited(tmp_path / "rules", [edit]))
    others = [rule for rule in pack.rules if meaning_of(rule, pack) != meaning_of(rule, changed)]
    held = [
        rule
        for rule, holders in pack.holders.items()
        if any(holder.by == "severe-renal-impairment" for holder in holders)
    ]
    assert sorted(others) == sorted(["severe-renal-impairment", *held])


def test_a_new_rule_of_a_kind_that_is_held_back_changes_no_stop(tmp_path: Path) -> None:
    root = edited(tmp_path / "rules", [])
    text = (root / "supplementation" / "supplement-alone.yaml").read_text(encoding="utf-8")
    (root / "supplementation" / "another.yaml").write_text(
        text.replace("id: supplement-alone", "id: another"), encoding="utf-8"
    )
    pack, changed = load_pack(), load_pack(root)
    assert "another" in changed.rules
    assert [rule for rule in pack.rules if meaning_of(rule, pack) != meaning_of(rule, changed)] == []


@pytest.mark.parametrize("jurisdiction", ["us", "efsa", "uk"])
def test_the_jurisdictions_chosen_are_no_part_of_it(jurisdiction: str) -> None:
    chosen = load_pack(None, jurisdiction)
    assert all(meaning_of(rule, chosen) == meaning_of(rule, load_pack()) for rule in chosen.rules)


def test_every_rule_means_something_of_its_own() -> None:
    pack = load_pack()
    hashes = [meaning_of(rule, pack) for rule in pack.rules]
    assert len(set(hashes)) == len(hashes)
    assert all(len(found) == 64 and set(found) <= set("0123456789abcdef") for found in hashes)


def test_a_rule_that_is_not_there_has_no_meaning() -> None:
    with pytest.raises(UnknownRule, match="'nothing'"):
        meaning_of("nothing", load_pack())


# --- seeded faults --------------------------------------------------------------------------------------------------------


def test_a_form_that_keeps_the_order_of_operands_is_noticed(
    rewritten: RulePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meaning, "_joined", lambda how, parts: {how: list(parts)})
    assert canonical("bradycardia", rewritten) != canonical("bradycardia", load_pack())


def test_a_form_that_forgets_the_value_sets_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit = next(edit for edit in SEMANTIC if edit.id == "a name more in a value set")
    changed = load_pack(edited(tmp_path / "rules", [edit]))
    monkeypatch.setattr(meaning, "_value_set", lambda name, pack: {})
    assert canonical(edit.rule, changed) == canonical(edit.rule, load_pack())
