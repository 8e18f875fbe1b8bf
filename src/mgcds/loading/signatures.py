"""`review.yaml`, `signers.yaml` and `signatures/`: who may sign, who has signed what, and which signatures count.

A signature is Ed25519 over `statement`. It is checked against the public key that `signers.yaml` gives its signer, and against what the
rule means now. One that does not count stays, and says why; a file that cannot be read is a problem of the pack.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.rules import KINDS
from mgcds.loading.source import Mapping, Sequence
from mgcds.model.meaning import meaning_of
from mgcds.model.pack import RulePack
from mgcds.model.review import ReviewPolicy, Signature, Signer, review

NEVER_LAPSE = ("urgent", "stop")
_OPENSSH = re.compile(r"ssh-ed25519 [A-Za-z0-9+/]{68}")
_MEANING = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def statement(pack: str, rule: str, meaning: str, due: date, signer: Signer, on: date) -> bytes:
    """What is signed: that this person reviewed the rule of this meaning on that day, and when it is to be reviewed again."""
    said = {
        "pack": pack,
        "rule": rule,
        "meaning": meaning,
        "review due": due.isoformat(),
        "by": signer.id,
        "name": signer.name,
        "role": signer.role,
        "on": on.isoformat(),
    }
    return "\n".join(
        ["mgcds review of a rule, form 1", *(f"{key}: {value}" for key, value in said.items()), ""]
    ).encode()


def read_policy(source: Mapping, reader: Reader) -> ReviewPolicy:
    """`review.yaml`. What is urgent and what stops always stays."""
    what = "review.yaml"
    if not reader.keys(source, what, ["grace", "stay"]):
        return ReviewPolicy()
    stay = reader.text_nodes(source, "stay", what)
    for text in stay:
        if text.value not in KINDS:
            reader.problem(text, f"'stay' of {what} names '{text.value}'; {did_you_mean(text.value or '', KINDS)}")
    for kind in NEVER_LAPSE:
        if kind not in [text.value for text in stay]:
            place = (source.file, source.line_of("stay"))
            reader.problem(
                place, f"'stay' of {what} lacks '{kind}'; a suggestion that keeps from harm never lapses: add it"
            )
    return ReviewPolicy(reader.days(source, "grace", what), frozenset(text.value or "" for text in stay))


def read_signers(source: Mapping, reader: Reader) -> dict[str, Signer]:
    """`signers.yaml`: id → name, role and public key. No key belongs to two people."""
    signers: dict[str, Signer] = {}
    keys: dict[str, str] = {}
    entries = reader.mapping(source, "signers", "signers.yaml")
    reader.keys(source, "signers.yaml", ["signers"])
    for signer, node in entries.items.items() if entries is not None else ():
        what = f"signer '{signer[:60]}'"
        if not _ID.fullmatch(signer):
            reader.problem(node, f"{what} needs an id of small letters and digits joined with '-'")
        if not isinstance(node, Mapping):
            reader.problem(node, f"{what} must be a mapping with name, role and key")
            continue
        if not reader.keys(node, what, ["name", "role", "key"]):
            continue
        key = reader.text(node, "key", what)
        place = (node.file, node.line_of("key"))
        if not _OPENSSH.fullmatch(key):
            reader.problem(
                place, f"'key' of {what} is no Ed25519 public key; write 'ssh-ed25519 AAAA…', without the comment"
            )
        elif key in keys:
            reader.problem(place, f"'key' of {what} is that of '{keys[key]}' too; a key belongs to one person")
        keys.setdefault(key, signer)
        signers[signer] = Signer(signer, reader.text(node, "name", what), reader.text(node, "role", what), key)
    return signers


def read_signatures(
    sources: Iterable[tuple[str, Mapping]], named: Collection[str], reader: Reader
) -> dict[str, tuple[Signature, ...]]:
    """`signatures/RULE.yaml` → its signatures, not yet checked. `named`: the ids of all rule files."""
    found: dict[str, tuple[Signature, ...]] = {}
    for rule, source in sources:
        if rule not in named:
            reader.problem(source, f"is named after no rule file; {did_you_mean(rule, named)}, or take it out")
        reader.keys(source, source.file, ["signatures"])
        entries = source.items.get("signatures")
        if entries is not None and not isinstance(entries, Sequence):
            reader.problem(entries, "'signatures' must be a list; 'mgcds sign' writes it")
            continue
        read = [_read(node, reader) for node in entries.items if isinstance(node, Mapping)] if entries else []
        if entries is not None and len(read) < len(entries.items):
            reader.problem(entries, "a signature must be a mapping; 'mgcds sign' writes it")
        found[rule] = tuple(each for each in read if each is not None)
    return found


def _read(node: Mapping, reader: Reader) -> Signature | None:
    what = "a signature"
    if not reader.keys(node, what, ["by", "on", "due", "meaning", "signature"]):
        return None
    by, meaning = reader.text(node, "by", what), reader.text(node, "meaning", what)
    on, due = reader.day(node, "on", what), reader.day(node, "due", what)
    if not _MEANING.fullmatch(meaning):
        reader.problem((node.file, node.line_of("meaning")), f"'meaning' of {what} is no hash; 'mgcds sign' writes it")
    return Signature(by, "", "", on, due, meaning, reader.text(node, "signature", what))


def reviewed(
    pack: RulePack,
    policy: ReviewPolicy,
    signers: dict[str, Signer],
    signatures: dict[str, tuple[Signature, ...]],
) -> RulePack:
    """The pack with the review of each rule: its signatures, checked, and when it lapses."""
    rules = {}
    for rule in pack.rules.values():
        checked = tuple(_checked(rule.id, pack, signers, each) for each in signatures.get(rule.id, ()))
        rules[rule.id] = replace(rule, review=review(rule.review.due, rule.suggest.kind, policy, checked))
    return replace(pack, rules=rules, signers=signers)


def _checked(rule: str, pack: RulePack, signers: dict[str, Signer], signature: Signature) -> Signature:
    """The signature, and why it does not count where it does not."""
    signer = signers.get(signature.by)
    if signer is None:
        return replace(signature, void=f"'{signature.by}' is not in signers.yaml")
    named = replace(signature, name=signer.name, role=signer.role)
    said = statement(pack.name, rule, signature.meaning, signature.due, signer, signature.on)
    void = _forged(signer.key, signature.signed, said)
    if not void and signature.meaning != meaning_of(rule, pack):
        void = "the rule means something else than what was signed"
    if not void and signature.due != pack.rules[rule].review.due:
        void = f"its review was due on {signature.due} when it was signed, and is not now"
    return replace(named, void=void)


def _forged(key: str, signed: str, said: bytes) -> str:
    """Why the signature is not that of the key; '' where it is."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_ssh_public_key
    except ImportError:
        return "it cannot be checked here: pip install 'mgcds[review]'"
    try:
        public = load_ssh_public_key(key.encode())
        assert isinstance(public, Ed25519PublicKey), "read_signers lets no other kind in"
        public.verify(base64.b64decode(signed, validate=True), said)
    except (InvalidSignature, ValueError, binascii.Error):
        return "it is not a signature of this statement by that key"
    return ""
