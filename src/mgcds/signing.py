"""Signing the meaning of a rule with an Ed25519 key, and keys for it. The signature is written beside the rules, in `signatures/`.

Only who stands in `signers.yaml` with the public half of the key can sign; `mgcds.loading.signatures` checks what was signed.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from mgcds.errors import SigningError
from mgcds.loading.signatures import statement
from mgcds.model.meaning import meaning_of
from mgcds.model.pack import RulePack
from mgcds.model.review import Signature, Signer

_HEAD = """\
# Written by `mgcds sign`; who signed what counts only while the rule means the same. `mgcds signatures {rule}` checks it.
signatures:
"""


def new_key(file: Path) -> str:
    """Write a new private key, readable by its owner only, and give its public half as `signers.yaml` takes it. Nothing is overwritten."""
    private = Ed25519PrivateKey.generate()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SigningError(f"{file} is there already, and a key is never overwritten; name another file") from None
    with os.fdopen(handle, "wb") as writing:
        writing.write(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return public_half(private)


def public_half(private: Ed25519PrivateKey) -> str:
    """`ssh-ed25519 AAAA…`"""
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def read_key(file: Path, passphrase: Callable[[], str]) -> Ed25519PrivateKey:
    """A private key in OpenSSH's form or in PEM. SigningError for what is none, and for a key of another kind."""
    content = file.read_bytes()
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in content else load_pem_private_key
    try:
        try:
            key = load(content, None)
        except TypeError:  # it is encrypted
            key = load(content, passphrase().encode())
    except (ValueError, TypeError):
        raise SigningError(f"{file} holds no private key, or the passphrase is not its own") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningError(f"{file} holds no Ed25519 key; 'mgcds sign --new-key FILE' makes one")
    return key


def signer_of(name: str, role: str | None, key: Ed25519PrivateKey, pack: RulePack) -> Signer:
    """The entry of `signers.yaml` with this id or name. SigningError where it is not there, or has another key or role."""
    found = [signer for signer in pack.signers.values() if name in (signer.id, signer.name)]
    mine = [signer for signer in found if signer.key == public_half(key)]
    if not found:
        line = f"{{name: {name}, role: {role or 'ROLE'}, key: {public_half(key)}}}"
        raise SigningError(f"'{name}' is not in signers.yaml; an approved change has to add, under an id: {line}")
    if not mine:
        raise SigningError(f"signers.yaml has another key for '{name}'; sign with that one, or have the entry changed")
    if role is not None and role != mine[0].role:
        raise SigningError(
            f"signers.yaml says that '{name}' is {mine[0].role}, not {role}; leave --role out or have it changed"
        )
    return mine[0]


def sign(rule_id: str, pack: RulePack, signer: Signer, key: Ed25519PrivateKey, on: date) -> Signature:
    """Sign what the rule means. SigningError where its review is already due: a new day comes first, then the signature."""
    due, meaning = pack.rules[rule_id].review.due, meaning_of(rule_id, pack)
    if due <= on:
        raise SigningError(
            f"the review of '{rule_id}' was due on {due}; write the day of the next one into its file, then sign"
        )
    signed = key.sign(statement(pack.name, rule_id, meaning, due, signer, on))
    return Signature(signer.id, signer.name, signer.role, on, due, meaning, base64.b64encode(signed).decode())


def write(rule_id: str, signature: Signature, pack: RulePack, root: Path) -> Path:
    """Add a signature to those of the rule; it takes the place of an earlier one by the same signer."""
    kept = [each for each in pack.rules[rule_id].review.signatures if each.by != signature.by]
    file = root / "signatures" / f"{rule_id}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(_HEAD.format(rule=rule_id) + "".join(map(_entry, [*kept, signature])), encoding="utf-8")
    return file


def _entry(signature: Signature) -> str:
    return (
        f"  - by: {signature.by}\n    on: {signature.on}\n    due: {signature.due}\n"
        f"    meaning: {signature.meaning}\n    signature: {signature.signed}\n"
    )
