"""What is wrong with a pack, in a sentence, with a patient who shows it."""

from __future__ import annotations

from dataclasses import dataclass

from mgcds.verification.witness import Witness


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing to repair or to declare as intended. `about`: the rules, findings or items it is about."""

    check: str
    about: tuple[str, ...]
    says: str
    witness: Witness | None = None
    """none where the flaw is that there is no such patient"""
    then: tuple[str, ...] = ()
    """what is true of the witness now, as sentences of a scenario"""

    def scenario(self) -> str | None:
        """The witness as a scenario for a feature file, a draft until somebody says what is to be true of him."""
        return self.witness.scenario(self.says, self.then) if self.witness else None
