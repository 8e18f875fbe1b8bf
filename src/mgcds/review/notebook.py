"""What a notebook shows of a record, a rule, a suggestion or an assessment (`_repr_html_`, given in `mgcds/__init__.py`): pieces of the
patient page, with their style sheet kept to themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from mgcds.model.assessment import Assessment, Suggestion
from mgcds.model.listing import called
from mgcds.model.reading import shown
from mgcds.model.record import Measurement, PatientRecord, Phq9Form
from mgcds.model.rule import Rule
from mgcds.review.patient_page import Value, patient_page, rendered
from mgcds.review.rendering import style

_FRAME = """:scope { padding: 0.6rem 1rem; border-radius: 4px; }
:scope > h2 { margin: 0.2rem 0 0.6rem; padding: 0; border: 0; }
"""


def html(found: PatientRecord | Rule | Suggestion | Assessment) -> str:
    """A fragment for a notebook, escaped as a page is. A record is shown as it is, without evaluating it."""
    own = Markup("@scope (.mgcds) {{\n{}}}").format(Markup(_scoped(style()) + _FRAME))
    return rendered("notebook.html", own_style=own, linked=False, **_context(found))


def _scoped(sheet: str) -> str:
    """The style sheet with the fragment in the place of the whole page."""
    return re.sub(r"(?m)^(\s*)(?::root|html|body) \{", r"\1:scope {", sheet)


def _context(found: PatientRecord | Rule | Suggestion | Assessment) -> dict[str, Any]:
    match found:
        case PatientRecord():
            return {"what": "record", "values": tuple(_fields(found)), "rejected": found.rejected}
        case Rule():
            return {"what": "rule", "rule": found}
        case Suggestion():
            return {"what": "suggestion", "suggestion": found, "pack": found.pack}
        case Assessment():
            return {"what": "assessment", "page": patient_page("", None, found), "pack": found.pack}


def _fields(record: PatientRecord) -> Iterable[Value]:
    """Every field that was given, an entry a line, as it was written."""
    for name in type(record).model_fields:
        given = getattr(record, name)
        if name == "rejected" or given is None:
            continue
        if given == () and type(record).model_fields[name].default is None:
            yield Value(name, "none")  # a list that was asked about, and is empty
        for entry in given if isinstance(given, tuple) else (given,):
            yield Value(name, _entry(entry), age=_dated(entry), source=getattr(entry, "source", None) or "")


def _dated(entry: Any) -> str:
    """Its date; of a medicine or a diagnosis from when to when."""
    of = {name: getattr(entry, name, None) for name in ("date", "start", "stop", "onset", "abated")}
    return ", ".join(text if name == "date" else f"{name} {text}" for name, text in of.items() if text)


def _entry(entry: Any) -> str:
    if isinstance(entry, Measurement):
        return shown(entry)
    if isinstance(entry, Phq9Form):
        return " ".join("–" if answer is None else str(answer) for answer in entry.answers)
    if hasattr(entry, "codes"):
        return called(entry)
    return str(getattr(entry, "value", entry))
