"""The two ways a scenario ends badly: the rules say otherwise, or the scenario itself says something that cannot be."""

from __future__ import annotations

from mgcds.errors import MgcdsError


class ScenarioError(MgcdsError):
    """The scenario is wrong: a misspelt item, state, unit, medicine or rule, or steps in an order that means nothing."""


class ScenarioFailure(AssertionError):
    """The rules say something else than the scenario. `expected`, `found` and `because` are lines for a reader."""

    def __init__(self, expected: str, found: str, because: str = "") -> None:
        self.expected, self.found, self.because = expected, found, because
        super().__init__(expected, found, because)

    def __str__(self) -> str:
        """Expected, found and the deciding values, one below the other."""
        parts = (("expected", self.expected), ("found", self.found), ("because", self.because))
        return "\n".join(f"{name:<9} {text}" for name, text in parts if text)
