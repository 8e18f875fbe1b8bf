"""What a reviewer of a rule has to decide or to look up: values that are proposals, evidence that was not verified."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mgcds.model.pack import Evidence

_NEXT_SENTENCE = re.compile(r"(?<=[.!?]) +(?=[A-Z0-9])")
_PROPOSAL = re.compile(r"\bpropos(al|als|ed)\b", re.IGNORECASE)
_ALL_OF_IT = re.compile(r"(^|, )proposals?\.$", re.IGNORECASE)
"""a sentence that ends so speaks of the next one"""


def proposals(note: str) -> list[str]:
    """The sentences of a note that call something a proposal."""
    sentences, found = _NEXT_SENTENCE.split(" ".join(note.split())), []
    for at, sentence in enumerate(sentences):
        if _PROPOSAL.search(sentence):
            found.append(" ".join(sentences[at : at + 2]) if _ALL_OF_IT.search(sentence) else sentence)
    return found


def unverified(evidence: Iterable[Evidence]) -> list[tuple[str, str]]:
    """Entry and what of it is still to be checked, where something is."""
    return [(entry.id, entry.to_check) for entry in evidence if entry.to_check]
