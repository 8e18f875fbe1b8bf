"""Engines turn facts into verdicts. `reference` is the meaning itself; the others are translations of it."""

from mgcds.engines.chaining import evaluate_chained

__all__ = ["evaluate_chained"]
