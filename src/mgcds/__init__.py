"""mgcds: clinical decision support for magnesium in depression, for health professionals.

>>> from mgcds import PatientRecord, evaluate
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mgcds.evaluator import evaluate, what_if
    from mgcds.loading import load_pack
    from mgcds.model.assessment import Assessment, Suggestion
    from mgcds.model.record import PatientRecord

__version__ = "0.1.0"
__all__ = ["Assessment", "PatientRecord", "Suggestion", "evaluate", "load_pack", "what_if"]

_HOMES = {
    "evaluate": "mgcds.evaluator",
    "what_if": "mgcds.evaluator",
    "load_pack": "mgcds.loading",
    "Assessment": "mgcds.model.assessment",
    "Suggestion": "mgcds.model.assessment",
    "PatientRecord": "mgcds.model.record",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is asked for: `mgcds --help` need not load the engine."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mgcds' has no attribute '{name}'")
