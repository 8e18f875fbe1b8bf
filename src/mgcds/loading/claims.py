"""What the articles say that started the rules, and what of the pack answers each claim: `claims.yaml`."""

from __future__ import annotations

from collections.abc import Collection

from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.source import Mapping
from mgcds.model.pack import Claim


def read_claims(source: Mapping, rules: Collection[str], evidence: Collection[str], reader: Reader) -> dict[str, Claim]:
    """Claim id → claim. A claim that no rule, no evidence and no refusal answers is a problem."""
    claims: dict[str, Claim] = {}
    for claim_id, node in source.items.items():
        what = f"claim '{claim_id}'"
        if not isinstance(node, Mapping):
            reader.problem(node, f"{what} must be a mapping with says, answer, rules and evidence")
        elif reader.keys(node, what, ["says", "answer", "rules", "evidence"], ["refused"]):
            claim = claims[claim_id] = Claim(
                claim_id, reader.text(node, "says", what), reader.text(node, "answer", what),
                _known(node, "rules", "active rule", rules, what, reader),
                _known(node, "evidence", "evidence entry", evidence, what, reader),
                reader.text(node, "refused", what) or None,
            )  # fmt: skip
            if not (claim.rules or claim.evidence or claim.refused):
                reader.problem(
                    (source.file, source.line_of(claim_id)),
                    f"nothing answers {what}; name a rule or evidence, or say why not after 'refused:'",
                )
    return claims


def _known(node: Mapping, key: str, called: str, known: Collection[str], what: str, reader: Reader) -> tuple[str, ...]:
    found = reader.text_nodes(node, key, what)
    for text in found:
        if text.value not in known:
            reader.problem(
                text,
                f"'{key}' of {what} names '{text.value}', which is no {called}; {did_you_mean(text.value or '', known)}",
            )
    return tuple(text.value for text in found if text.value is not None)
