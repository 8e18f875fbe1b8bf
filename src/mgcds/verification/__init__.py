"""Knowing that the rules are right: proofs, mutation, coverage. Needs the extra `mgcds[verify]` (z3-solver)."""
