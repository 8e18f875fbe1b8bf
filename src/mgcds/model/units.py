"""Units as laboratories write them, and exact factors between them. The only module that imports pint.

A unit is known by its UCUM code (`mg/dL`). `parse_unit` turns what was reported into that code or into None: a unit that is
not understood is never guessed. Factors are fractions, so nothing is rounded on the way.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

SCORE = "{score}"
EGFR = "mL/min/{1.73_m2}"
PER_MINUTE = "/min"

# How real systems write a unit that has another UCUM code. Keys are compared without blanks.
WRITTEN_OTHERWISE = {
    "mEq/L": "meq/L", "mEq/l": "meq/L", "mmol/l": "mmol/L", "mg/dl": "mg/dL", "g/dl": "g/dL", "g/l": "g/L",
    "µmol/L": "umol/L", "μmol/L": "umol/L", "msec": "ms",
    "mL/min/1.73m2": EGFR, "mL/min/1.73m^2": EGFR, "mL/min/1.73m²": EGFR, "mL/min/{1.73m2}": EGFR,
    "mL/min/{1.73_m2}": EGFR, "ml/min/1.73m2": EGFR, "mL/min/1.73_m2": EGFR, "mL/min/1.73.m2": EGFR,
    "score": SCORE, "{score}": SCORE, "points": SCORE, "1": SCORE,
    "{beats}/min": PER_MINUTE, "beats/min": PER_MINUTE, "bpm": PER_MINUTE, "1/min": PER_MINUTE, "kg/m^2": "kg/m2", "kg/m²": "kg/m2",
    "year": "a", "years": "a", "yr": "a", "day": "d", "days": "d", "mg/day": "mg/d",
}  # fmt: skip
# The contexts of clinical_units.txt.
SUBSTANCES = ("magnesium", "calcium", "potassium")
_IN_PINT = {SCORE: "score", PER_MINUTE: "1 / min", "kg/m2": "kg / square_meter", "%": "percent"}
_LONGEST, _LONGEST_WRITTEN = 40, 200
_WELL_FORMED = re.compile(r"[A-Za-z]+(?:[./][A-Za-z]+)*(?:/\{1\.73_m2\})?|\{score\}|/min|kg/m2|%")


def parse_unit(reported: str) -> str | None:
    """The UCUM code of a reported unit, or None where it is not understood. Case matters, as in UCUM: `MG/DL` is not `mg/dL`."""
    return _parsed(reported) if len(reported) <= _LONGEST_WRITTEN else None


@lru_cache(4096)  # of units alone, each of a few characters: whoever sends others does not fill the memory
def _parsed(reported: str) -> str | None:
    text = "".join(reported.split())
    if not text or len(text) > _LONGEST:
        return None
    text = WRITTEN_OTHERWISE.get(text, text)
    if _WELL_FORMED.fullmatch(text) is None:
        return None
    return text if (text, text, None) in asked_before() or _pint_unit(text) is not None else None


@lru_cache(4096)
def factor(source: str, target: str, substance: str | None = None) -> Fraction | None:
    """Multiply a value in `source` by this to have it in `target`; None where the two are not the same kind of quantity.

    `substance` (magnesium, calcium, potassium) allows mass ↔ amount ↔ equivalents through molar mass and valence.
    """
    if source == target:
        return Fraction(1)
    known = asked_before()
    asked = (source, target, substance)
    return known[asked] if asked in known else by_pint(source, target, substance)


def by_pint(source: str, target: str, substance: str | None) -> Fraction | None:
    """The same, whether or not it was asked before."""
    unit, wanted = _pint_unit(source), _pint_unit(target)
    if unit is None or wanted is None:
        return None
    import pint

    try:
        quantity = _registry().Quantity(Fraction(1), unit)
        found = quantity.to(wanted, substance) if substance else quantity.to(wanted)
    except pint.DimensionalityError:
        return None
    return Fraction(found.magnitude)


@cache
def asked_before() -> dict[tuple[str, str, str | None], Fraction | None]:
    """What pint says of the units of the pack, so that most records need not wait for it: importing it takes longer than assessing one."""
    lines = Path(__file__).with_name("clinical_factors.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {
        (source, target, substance or None): None if found == "none" else Fraction(found)
        for source, target, substance, found in rows
    }


@cache
def _registry() -> Any:
    import pint

    definitions = Path(__file__).with_name("clinical_units.txt")
    return pint.UnitRegistry(str(definitions), non_int_type=Fraction, cache_folder=None)


@lru_cache(4096)
def _pint_unit(code: str) -> Any | None:
    import pint

    expression = _IN_PINT.get(code) or code.replace("{1.73_m2}", "bsa").replace(".", "*")
    try:
        return _registry().parse_units(expression, case_sensitive=True)
    except (pint.UndefinedUnitError, pint.DefinitionSyntaxError, ValueError):
        return None
