"""Who has signed a rule is checked each time the pack loads; what is late is said, and what has lapsed is withheld, never dropped."""

import builtins
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from mgcds.errors import SigningError
from mgcds.evaluator import evaluate
from mgcds.loading import check_pack, load_pack, rules_root
from mgcds.model.assessment import Assessment
from mgcds.model.pack import RulePack
from mgcds.model.rule import Rule
from mgcds.signing import new_key, public_half, read_key, sign, signer_of, write
from mgcds.verification.checker import check
from tests.loading.mistakes import copy_of_the_pack

ON = date(2026, 11, 21)
DUE = date(2027, 11, 1)
RULE, STOP = "consider-magnesium", "severe-renal-impairment"
REVIEW = "grace: 90 days\nstay: [urgent, stop, defer, interaction]\n"
# By hand: 1 November 2027 and 90 days are 30 January 2028 (29 days left in November, 31 in December, 30 in January).
LAST_DAY, LAPSED = date(2028, 1, 30), date(2028, 1, 31)


class Signed:
    """A copy of the shared pack in which two people may sign."""

    def __init__(self, folder: Path) -> None:
        self.root = copy_of_the_pack(folder)
        self.keys = {name: Ed25519PrivateKey.generate() for name in ("ann", "ben", "ann-later")}
        names = {"ann": "Ann Other", "ben": "Ben Body", "ann-later": "ann other"}
        lines = [
            f"  {name}: {{name: {names[name]}, role: psychiatrist, key: {public_half(key)}}}"
            for name, key in self.keys.items()
        ]
        self.write("signers.yaml", "signers:\n" + "\n".join(lines) + "\n")
        self.write("review.yaml", REVIEW)

    def write(self, file: str, text: str) -> None:
        (self.root / file).write_text(text, encoding="utf-8")
        load_pack.__globals__["_load"].cache_clear()

    def replace(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text(encoding="utf-8")
        assert old in text
        self.write(file, text.replace(old, new))

    @property
    def pack(self) -> RulePack:
        return load_pack(self.root)

    @property
    def rule(self) -> Rule:
        return self.pack.rules[RULE]

    def sign(self, *who: str, on: date = ON) -> None:
        for name in who:
            pack, key = self.pack, self.keys[name]
            write(RULE, sign(RULE, pack, signer_of(name, None, key, pack), key, on), pack, self.root)
            load_pack.__globals__["_load"].cache_clear()

    @property
    def why_void(self) -> list[str]:
        return [signature.void for signature in self.rule.review.signatures]


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    return Signed(tmp_path)


# --- states ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "state"),
    [
        pytest.param([], "unreviewed", id="nobody"),
        pytest.param(["ann"], "reviewed", id="one person"),
        pytest.param(["ann", "ben"], "approved", id="two people"),
        pytest.param(["ann", "ann"], "reviewed", id="the same person twice"),
        pytest.param(["ann", "ann-later"], "reviewed", id="the same person with two keys"),
    ],
)
def test_the_state_follows_from_who_signed(signed: Signed, who: list[str], state: str) -> None:
    signed.sign(*who)
    assert signed.rule.review.state(ON) == state
    assert signed.rule.review.status == state
    assert not any(signed.why_void)


@pytest.mark.parametrize(
    ("on", "state", "warning"),
    [
        pytest.param(DUE, "reviewed", "", id="the day it is due"),
        pytest.param(date(2027, 11, 2), "overdue", "review overdue since 2027-11-01", id="the day after"),
        pytest.param(LAST_DAY, "overdue", "review overdue since 2027-11-01", id="the last day of grace"),
        pytest.param(LAPSED, "lapsed", "review lapsed since 2028-01-31", id="the day after the grace"),
    ],
)
def test_what_is_late_is_said_before_who_signed(signed: Signed, on: date, state: str, warning: str) -> None:
    signed.sign("ann")
    assert (signed.rule.review.state(on), signed.rule.review.warning(on)) == (state, warning)


def test_without_a_grace_nothing_lapses(signed: Signed) -> None:
    (signed.root / "review.yaml").unlink()
    assert signed.rule.review.state(date(2200, 1, 1)) == "overdue"
    assert signed.rule.review.lapses is None


# --- what counts ----------------------------------------------------------------------------------------------------------

FILE = f"supplementation/{RULE}.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "void"),
    [
        pytest.param(FILE, "at_least: 5,", "at_least: 6,", "means something else", id="another limit"),
        pytest.param(FILE, "strength: ", "strength: D #", "means something else", id="another strength"),
        pytest.param(
            FILE, "due: 2027-11-01", "due: 2030-11-01", "was due on 2027-11-01", id="put off after it was signed"
        ),
        pytest.param("signers.yaml", "  ann: ", "  eve: ", "'ann' is not in signers.yaml", id="no longer a signer"),
        pytest.param(
            "signers.yaml", "{name: Ann Other", "{name: Ann Another", "not a signature of this", id="in another's name"
        ),
        pytest.param(
            "signers.yaml", "role: psychiatrist", "role: surgeon", "not a signature of this", id="in another role"
        ),
        pytest.param("pack.yaml", "name: ", "name: x-", "not a signature of this", id="of another pack"),
        pytest.param(
            f"signatures/{RULE}.yaml",
            "on: 2026-11-21",
            "on: 2026-11-22",
            "not a signature of this",
            id="of another day",
        ),
        pytest.param(
            f"signatures/{RULE}.yaml",
            "    signature: ",
            "    signature: AAAA",
            "not a signature of this",
            id="not the signature",
        ),
        pytest.param(
            f"signatures/{RULE}.yaml", "    signature: ", "    signature: ü", "not a signature of this", id="no base64"
        ),
    ],
)
def test_a_signature_counts_only_for_what_was_signed(signed: Signed, file: str, old: str, new: str, void: str) -> None:
    signed.sign("ann")
    signed.replace(file, old, new)
    assert len(signed.why_void) == 1
    assert void in signed.why_void[0]
    assert signed.rule.review.status == "unreviewed"


def test_a_signature_of_another_rule_does_not_count(signed: Signed) -> None:
    signed.sign("ann")
    text = (signed.root / "signatures" / f"{RULE}.yaml").read_text(encoding="utf-8")
    signed.write(f"signatures/{STOP}.yaml", text)
    assert [signature.void for signature in signed.pack.rules[STOP].review.signatures] == [
        "it is not a signature of this statement by that key"
    ]


def test_a_hash_that_was_written_in_by_hand_is_no_signature(signed: Signed) -> None:
    """The present meaning with the signature of an older one."""
    signed.sign("ann")
    before = signed.rule.review.signatures[0].meaning
    signed.replace(FILE, "at_least: 5,", "at_least: 6,")
    from mgcds.model.meaning import meaning_of

    signed.replace(f"signatures/{RULE}.yaml", before, meaning_of(RULE, signed.pack))
    assert "not a signature of this" in signed.why_void[0]


def test_reformatting_voids_no_signature(signed: Signed) -> None:
    signed.sign("ann", "ben")
    signed.replace(FILE, "criteria:\n", "# what is asked\ncriteria:\n")
    assert signed.rule.review.status == "approved"


def test_without_the_library_a_signature_counts_as_none_and_says_so(
    signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed.sign("ann")
    imported = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert signed.why_void == ["it cannot be checked here: pip install 'mgcds[review]'"]


def test_nobody_has_signed_the_built_in_pack() -> None:
    """Take this test out with the first signature of a clinician, and not before."""
    pack = load_pack()
    assert pack.signers == {}
    assert not (rules_root() / "signatures").exists()
    assert {rule.review.state(ON) for rule in pack.rules.values()} == {"unreviewed"}


# --- mistakes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        pytest.param("review.yaml", "grace: 90 days\nstay: [urgent]\n", "lacks 'stop'", id="a stop that could lapse"),
        pytest.param("review.yaml", "grace: soon\nstay: [urgent, stop]\n", "number of days", id="a grace in words"),
        pytest.param("review.yaml", "grace: 90 days\nstay: [urgent, stop, defers]\n", "'defers'", id="no such kind"),
        pytest.param("review.yaml", "grace: 90 days\n", "lacks 'stay'", id="nothing stays"),
        pytest.param(
            "signers.yaml", "signers:\n  ann: {name: Ann, role: x, key: abc}\n", "no Ed25519 public key", id="no key"
        ),
        pytest.param("signers.yaml", "signers:\n  ann: {name: Ann, key: abc}\n", "lacks 'role'", id="no role"),
        pytest.param(f"signatures/{RULE}.yaml", "signatures: yes\n", "must be a list", id="no list"),
        pytest.param(f"signatures/{RULE}.yaml", "signatures: [ann]\n", "must be a mapping", id="no mapping"),
        pytest.param(f"signatures/{RULE}.yaml", "signatures:\n  - by: ann\n", "lacks 'on'", id="not whole"),
        pytest.param(
            "signatures/no-such-rule.yaml", "signatures: []\n", "is named after no rule file", id="no such rule"
        ),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_place(signed: Signed, file: str, text: str, says: str) -> None:
    (signed.root / "signatures").mkdir()
    signed.write(file, text)
    pack, problems = check_pack(signed.root)
    assert pack is None
    assert [problem.file for problem in problems if says in problem.what] == [file]


def test_one_key_is_not_that_of_two_people(signed: Signed) -> None:
    key = public_half(signed.keys["ann"])
    entries = "".join(f"  {who}: {{name: {who}, role: x, key: {key}}}\n" for who in ("ann", "ben"))
    signed.write("signers.yaml", f"signers:\n{entries}")
    problems = check_pack(signed.root)[1]
    assert [(problem.file, problem.line) for problem in problems] == [("signers.yaml", 3)]
    assert "a key belongs to one person" in problems[0].what


# --- signing --------------------------------------------------------------------------------------------------------------


def test_a_key_is_written_for_its_owner_only_and_never_over_another(tmp_path: Path) -> None:
    file = tmp_path / "key"
    public = new_key(file)
    assert re.fullmatch(r"ssh-ed25519 [A-Za-z0-9+/]{68}", public)
    assert file.stat().st_mode & 0o077 == 0
    assert public_half(read_key(file, lambda: "")) == public
    with pytest.raises(SigningError, match="never overwritten"):
        new_key(file)


def test_a_key_with_a_passphrase_opens_with_it_alone(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    for name, form in (("ssh", PrivateFormat.OpenSSH), ("pem", PrivateFormat.PKCS8)):
        file = tmp_path / name
        file.write_bytes(private.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"a long one")))
        assert public_half(read_key(file, lambda: "a long one")) == public_half(private)
        for wrong in (lambda: "another", str):
            with pytest.raises(SigningError, match="the passphrase is not its own"):
                read_key(file, wrong)


def test_a_review_that_is_due_already_is_not_signed(signed: Signed) -> None:
    with pytest.raises(SigningError, match="the day of the next one"):
        signed.sign("ann", on=DUE)


def test_who_has_another_key_than_the_list_says_cannot_sign(signed: Signed) -> None:
    with pytest.raises(SigningError, match="another key"):
        signer_of("ann", None, signed.keys["ben"], signed.pack)
    with pytest.raises(SigningError, match=r"is not in signers\.yaml"):
        signer_of("eve", None, signed.keys["ben"], signed.pack)
    with pytest.raises(SigningError, match="is psychiatrist, not surgeon"):
        signer_of("ben", "surgeon", signed.keys["ben"], signed.pack)


# --- what follows for patients --------------------------------------------------------------------------------------------


TREATED = {
    "age": 40, "phq9": 12, "egfr": "90 mL/min/1.73m2", "serum_magnesium": "0.85 mmol/L", "pregnancy": "not pregnant",
    "medicines": [{"name": "sertraline", "start": "2026-01-01"}], "conditions": ["depression"],
}  # fmt: skip
"""a patient to whom the shared pack offers a trial: PHQ-9 of 12, treated, kidneys well"""


def trial(pack: RulePack, on: date) -> Assessment:
    return evaluate({**TREATED, "recorded": on.isoformat()}, pack, on)


def failed(pack: RulePack, on: date) -> Assessment:
    """A patient whom a stop speaks to: an eGFR of 25."""
    return evaluate({"recorded": on.isoformat(), "egfr": "25 mL/min/1.73m2"}, pack, on)


def test_what_is_overdue_is_offered_and_says_so(signed: Signed) -> None:
    for on, said in ((DUE, {}), (LAST_DAY, {"overdue_since": "2027-11-01"})):
        suggestion = trial(signed.pack, on)[RULE]
        assert suggestion.status == "offered"
        assert suggestion.to_dict()["review"] == {"status": "unreviewed", "due": "2027-11-01", **said}


def test_what_has_lapsed_is_withheld_with_the_reason_and_no_data_would_help(signed: Signed) -> None:
    suggestion = trial(signed.pack, LAPSED)[RULE]
    assert (suggestion.status, suggestion.missing, suggestion.held_back_by) == ("withheld", (), ())
    assert suggestion.review_warning == "review lapsed since 2028-01-31"
    assert suggestion.to_dict()["review"]["lapsed_since"] == "2028-01-31"
    assert list(suggestion.basis.could_change) == ["Its rule has to be reviewed again: review lapsed since 2028-01-31."]
    assert RULE not in [each.id for each in trial(signed.pack, LAPSED).offered]


def test_a_stop_stays_and_says_so(signed: Signed) -> None:
    suggestion = failed(signed.pack, LAPSED)[STOP]
    assert suggestion.status == "offered"
    assert suggestion.review_warning == "review lapsed since 2028-01-31"


def test_what_has_lapsed_still_holds_back_others(signed: Signed) -> None:
    """Else a trial would be offered because nobody had looked at what holds it back."""
    signed.write("review.yaml", "grace: 90 days\nstay: [urgent, stop]\n")
    said = {}
    for on in (ON, LAPSED):
        record = {key: value for key, value in TREATED.items() if key != "egfr"}
        found = evaluate({**record, "recorded": on.isoformat()}, signed.pack, on)
        said[on] = [found[rule].status for rule in ("ask-kidney-function", RULE)]
    assert said == {ON: ["offered", "suppressed"], LAPSED: ["withheld", "suppressed"]}


# --- the independent checker ----------------------------------------------------------------------------------------------


def written(assessment: Assessment) -> dict[str, Any]:
    return json.loads(json.dumps(assessment.to_dict(proof=True), default=str))


def of_rule(said: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in said["suggestions"] if each["rule"] == RULE)


@pytest.mark.parametrize("on", [ON, LAST_DAY, LAPSED])
def test_the_checker_derives_a_lapsed_review_too(signed: Signed, on: date) -> None:
    assert check(written(trial(signed.pack, on))) == []
    assert check(written(failed(signed.pack, on))) == []


def test_the_checker_notices_what_is_offered_though_it_has_lapsed(signed: Signed) -> None:
    said = written(trial(signed.pack, LAPSED))
    of_rule(said)["status"] = "offered"
    assert [wrong for wrong in check(said) if "status: written 'offered', derived 'withheld'" in wrong]


def test_the_checker_notices_what_is_withheld_too_early(signed: Signed) -> None:
    said = written(trial(signed.pack, LAST_DAY))
    of_rule(said)["status"] = "withheld"
    assert [wrong for wrong in check(said) if "status: written 'withheld', derived 'offered'" in wrong]


def test_the_checker_notices_a_reason_left_out(signed: Signed) -> None:
    said = written(trial(signed.pack, LAPSED))
    del of_rule(said)["review"]["lapsed_since"]
    assert [wrong for wrong in check(said) if "late review" in wrong]


def test_the_checker_notices_data_asked_for_in_vain(signed: Signed) -> None:
    said = written(trial(signed.pack, LAPSED))
    of_rule(said)["missing"] = [["egfr"]]
    assert [wrong for wrong in check(said) if "missing data" in wrong]
