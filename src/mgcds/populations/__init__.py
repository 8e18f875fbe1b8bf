"""Populations: the same rules over millions of patients."""
