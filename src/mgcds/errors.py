"""Everything mgcds raises, in one tree.

MgcdsError
├── RecordError            the record as a whole cannot be read (a single bad field never raises: it is rejected with its reason)
├── PackError              a rule pack does not load; `.problems` lists all of them with their places
├── UnknownRule            a rule id that the pack does not have
├── ExportError            the pack cannot be written exactly in the other language; the text says which part
├── UnknownJurisdiction    a jurisdiction of which the pack has no limits
├── ReportError            a report of scenarios that cannot be read or contradicts itself
├── ScreenError            a population cannot be screened into a folder; the text says what is in its way
├── TableError             a facts table of a population does not fit the rules; the text says which columns
├── CohortError            a synthetic cohort cannot be made, or not where it was asked for
├── EngineFault            the forward-chaining engine did not do what was asked of it
├── ReviewError            the review pages cannot be built; the text says from what
├── SettingsError          a setting of the service cannot be used, or the database it names
├── SigningError           a rule cannot be signed: by whom, with which key, or as it stands
├── ProofError             what is to be proved of any patient says nothing, or cannot be said
└── EngineDisagreement     the two channels gave different verdicts: nothing is advised

A message is for the person who can repair it. No message of this tree holds a patient's value.
"""

from __future__ import annotations

from dataclasses import dataclass


class MgcdsError(Exception):
    """Base of all errors of mgcds."""


class RecordError(MgcdsError):
    """The input is no patient record: not a mapping, unknown fields, not readable."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake of a pack: where it is, what is wrong and what to write instead."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


class PackError(MgcdsError):
    """The pack has problems; all of them, sorted by place, are in `problems`."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnknownRule(MgcdsError):
    """No rule of the pack has this id."""


class ExportError(MgcdsError):
    """A part of the pack has no exact translation."""


class ReportError(MgcdsError):
    """A report file is none, or says of itself what cannot be."""


class UnknownJurisdiction(MgcdsError):
    """The pack has no limits of this jurisdiction; the message names those it has."""


class TableError(MgcdsError):
    """A facts table is none of the pack's layout: made for other rules, or with columns missing, of another type, or with nulls."""


class ScreenError(MgcdsError):
    """A folder holds something else than what a screening would write there, or another one is at work in it."""


class CohortError(MgcdsError):
    """A synthetic cohort cannot be made of this pack, or not be written there."""


class EngineFault(MgcdsError):
    """The engine failed; its ruleset has been dropped and is rebuilt on the next call."""


class EngineDisagreement(MgcdsError):
    """The channels differ on the named rules or findings. Their names are given, no value is."""


class SettingsError(MgcdsError):
    """The service cannot start as it is set up; the message says which setting, never its value where that is secret."""


class SigningError(MgcdsError):
    """A rule cannot be signed as was asked; the text says what to do first."""


class ProofError(MgcdsError):
    """A claim about any patient that no patient meets, or that is no claim."""


class ReviewError(MgcdsError):
    """A report that is none, or of something else, or a page that would be too large."""
