"""Scenarios: the step library that hospitals write their own features with, and what runs them on every engine.

Nothing here is imported by the rest of mgcds. `steps` holds the sentences, `plugin` makes pytest collect feature files,
`runner` is behind `mgcds scenarios`.
"""
