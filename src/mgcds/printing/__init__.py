"""Assessments, explanations and rules as text for a terminal: 80 columns on a pipe, colour only where there is a person."""

from mgcds.printing.console import Printer, visible

__all__ = ["Printer", "visible"]
