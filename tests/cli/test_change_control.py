"""`mgcds diff`, `mgcds sign` and `mgcds signatures`, and what evaluate says of a review that is late."""

import json
import shutil
from pathlib import Path

import pytest

from mgcds.loading import packs, rules_root
from tests.cli.running import AMARA, ON, mgcds


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(rules_root(), tmp_path / "rules"))


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    packs._load.cache_clear()


def with_signer(rules: Path, key: Path) -> None:
    made = mgcds("sign", "--new-key", str(key))
    assert (made.code, made.out.split()[0]) == (0, "ssh-ed25519")
    replace(
        rules / "signers.yaml",
        "signers: {}",
        f"signers:\n  ann: {{name: Ann Other, role: psychiatrist, key: {made.out.strip()}}}",
    )


# --- sign -----------------------------------------------------------------------------------------------------------------


def test_a_rule_is_shown_signed_and_listed(rules: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    with_signer(rules, key)
    ended = mgcds(
        "sign",
        "trial-dose",
        "--as",
        "ann",
        "--role",
        "psychiatrist",
        "--key",
        str(key),
        "--rules",
        str(rules),
        *ON,
        "--yes",
    )
    assert ended.code == 0, ended.err
    assert "248 mg of elemental magnesium a day" in ended.out
    packs._load.cache_clear()
    listed = mgcds("signatures", "trial-dose", "--rules", str(rules), *ON, "--format", "json")
    found = json.loads(listed.out)[0]
    assert (listed.code, found["state"], found["signatures"][0]["name"], found["signatures"][0]["void"]) == (
        0,
        "reviewed",
        "Ann Other",
        "",
    )
    assert "1 reviewed, 60 unreviewed" in mgcds("signatures", "--rules", str(rules), *ON).out
    assert json.loads(mgcds("evaluate", AMARA, "--rules", str(rules), *ON, "--format", "json").out)["suggestions"]
    replace(rules / "supplementation" / "trial-dose.yaml", "strength: C", "strength: D")
    ended = mgcds("signatures", "trial-dose", "--rules", str(rules), *ON)
    assert ended.code == 1
    assert "DOES NOT COUNT: the rule means something else" in " ".join(ended.out.split())


def test_nothing_is_signed_without_a_yes(rules: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    with_signer(rules, key)
    ended = mgcds("sign", "trial-dose", "--as", "ann", "--key", str(key), "--rules", str(rules), *ON, given=b"n\n")
    assert ended.code == 1
    assert not (rules / "signatures").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ["trial-dose", "--as", "eve", "--key", "KEY"], "'eve' is not in signers.yaml", id="nobody we know"
        ),
        pytest.param(["trial-doze", "--as", "ann", "--key", "KEY"], "did you mean 'trial-dose'", id="no such rule"),
        pytest.param(["trial-dose", "--as", "ann", "--key", "OTHER"], "another key", id="another key"),
        pytest.param(["trial-dose", "--as", "ann", "--key", "TEXT"], "holds no private key", id="no key"),
        pytest.param(["trial-dose", "--as", "ann", "--key", "NOWHERE"], "No such file", id="no file"),
        pytest.param(["trial-dose", "--as", "ann"], "give a RULE, --as NAME and --key FILE", id="no key given"),
    ],
)
def test_who_cannot_sign_is_told_why(rules: Path, tmp_path: Path, arguments: list[str], says: str) -> None:
    files = {
        "KEY": tmp_path / "key",
        "OTHER": tmp_path / "other",
        "TEXT": tmp_path / "text",
        "NOWHERE": tmp_path / "nowhere",
    }
    with_signer(rules, files["KEY"])
    mgcds("sign", "--new-key", str(files["OTHER"]))
    files["TEXT"].write_text("no key", encoding="utf-8")
    ended = mgcds("sign", *(str(files.get(word, word)) for word in arguments), "--rules", str(rules), "--yes")
    assert ended.code == 2
    assert says in " ".join(ended.err.replace("│", " ").split())
    assert not (rules / "signatures").exists()


# --- evaluate -------------------------------------------------------------------------------------------------------------


def test_every_output_says_that_a_review_is_overdue(tmp_path: Path) -> None:
    record = tmp_path / "record.yaml"
    record.write_text("recorded: 2027-12-01\negfr: 25 mL/min/1.73m2\n", encoding="utf-8")
    on = ("--on", "2027-12-01")
    text = mgcds("evaluate", str(record), *on).out
    offered = text.partition("Offered")[2].partition("Could not be decided")[0]
    assert "May be out of date: review overdue since 2027-11-01." in offered
    said = json.loads(mgcds("evaluate", str(record), *on, "--format", "json").out)
    assert {each["review"]["overdue_since"] for each in said["suggestions"]} == {"2027-11-01"}
    assert "review overdue since 2027-11-01" in mgcds("explain", str(record), "severe-renal-impairment", *on).out
    assert "review overdue" not in mgcds("evaluate", str(record), "--on", "2027-11-01").out


def test_what_has_lapsed_is_listed_with_its_reason_and_verified(tmp_path: Path) -> None:
    record, written = tmp_path / "record.yaml", tmp_path / "written.json"
    record.write_text("recorded: 2028-03-01\nage: 50\nphq9: 2\ngad7: 12\negfr: 25 mL/min/1.73m2\n", encoding="utf-8")
    on = ("--on", "2028-03-01")
    text = " ".join(mgcds("evaluate", str(record), *on).out.split())
    assert "Withheld until its rule is reviewed again: review lapsed since 2028-01-31." in text
    ended = mgcds("evaluate", str(record), *on, "--format", "json")
    said = {each["rule"]: each for each in json.loads(ended.out)["suggestions"]}
    assert said["severe-renal-impairment"]["status"] == "offered"
    assert said["stress-or-anxiety-only"]["status"] == "withheld"
    assert said["stress-or-anxiety-only"]["review"]["lapsed_since"] == "2028-01-31"
    written.write_text(ended.out, encoding="utf-8")
    assert mgcds("verify", str(written), str(record)).code == 0
    written.write_text(ended.out.replace('"status": "withheld"', '"status": "offered"'), encoding="utf-8")
    assert mgcds("verify", str(written), str(record)).code == 1


# --- diff -----------------------------------------------------------------------------------------------------------------


def test_the_same_pack_keeps_its_version(rules: Path) -> None:
    ended = mgcds("diff", str(rules))
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "Version 0.1.0 stays.")


def test_a_version_that_says_too_little_is_refused_and_enough_is_not(rules: Path) -> None:
    replace(rules / "workup" / "ppi-without-magnesium.yaml", "for_more_than: 90 days", "for_more_than: 60 days")
    ended = mgcds("diff", str(rules_root()), str(rules), "--format", "json")
    found = json.loads(ended.out)
    assert (ended.code, found["level"], found["at_least"], found["accepted"]) == (1, "minor", "0.2.0", False)
    assert {each["rule"] for each in found["differences"]} == {"ppi-without-magnesium"}
    replace(rules / "pack.yaml", "version: 0.1.0", "version: 0.2.0")
    ended = mgcds("diff", str(rules_root()), str(rules), "--all")
    assert ended.code == 0
    assert "the version after 0.1.0 must be at least 0.2.0. It is 0.2.0." in " ".join(ended.out.split())


def test_an_example_of_a_difference_is_a_record_that_evaluate_reads(rules: Path, tmp_path: Path) -> None:
    replace(rules / "workup" / "ppi-without-magnesium.yaml", "for_more_than: 90 days", "for_more_than: 60 days")
    each = json.loads(mgcds("diff", str(rules_root()), str(rules), "--format", "json").out)["differences"][0]
    file = tmp_path / "example.json"
    file.write_text(json.dumps(each["record"]), encoding="utf-8")
    for pack, side in ((rules_root(), "before"), (rules, "after")):
        said = json.loads(mgcds("evaluate", str(file), *ON, "--rules", str(pack), "--format", "json").out)[
            "suggestions"
        ]
        assert [one["status"] for one in said if one["rule"] == each["rule"]] == [each[side]["status"]]
