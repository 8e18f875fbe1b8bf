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

        found = getattr(import_module(_HOMES[name]), name)
        _show_in_notebooks()
        return found
    raise AttributeError(f"module 'mgcds' has no attribute '{name}'")


_SHOWN_IN_NOTEBOOKS = {
    "PatientRecord": "mgcds.model.record",
    "Rule": "mgcds.model.rule",
    "Suggestion": "mgcds.model.assessment",
    "Assessment": "mgcds.model.assessment",
}


def _show_in_notebooks() -> None:
    """Give what a notebook shows its `_repr_html_`. Here and not in the model, which knows no page; by name, so that nothing is imported
    before it is shown.
    """
    from importlib import import_module

    for name, home in _SHOWN_IN_NOTEBOOKS.items():
        getattr(import_module(home), name)._repr_html_ = _repr_html_


def _repr_html_(shown: Any) -> str | None:
    """What a notebook shows; None where Jinja2 is missing (`pip install 'mgcds[review]'`), and it falls back to the plain repr."""
    from importlib import import_module

    try:
        html: str = import_module("mgcds.review.notebook").html(shown)
    except ImportError:
        return None
    return html
