"""Magnesium doses: milligrams of the element, or of a salt whose formula is stated. The two never compare.

"500 mg magnesium oxide" without the word elemental or a formula is neither: it is asked about, never converted (clinical.md 4.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

ATOMIC_MASS = {  # IUPAC 2021, abridged
    "H": Fraction("1.008"), "C": Fraction("12.011"), "N": Fraction("14.007"), "O": Fraction("15.999"),
    "Mg": Fraction("24.305"), "P": Fraction("30.974"), "S": Fraction("32.06"), "Cl": Fraction("35.45"),
}  # fmt: skip
_TOKEN = re.compile(r"([A-Z][a-z]?)([1-9]\d*)?|(\()|(\))([1-9]\d*)?")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_DOSE = re.compile(
    r"(?P<mg>\d+(?:\.\d+)?)\s*mg\s+(?:(?P<elemental>elemental)(?:\s+magnesium)?|salt of (?P<formula>\S+))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ElementalDose:
    """Milligrams of elemental magnesium."""

    mg: Fraction

    def as_salt(self, formula: str) -> SaltDose:
        """The mass of a salt that holds it, computed from the formula."""
        return SaltDose(self.mg / magnesium_fraction(formula), formula)


@dataclass(frozen=True, slots=True)
class SaltDose:
    """Milligrams of a salt, its formula stated, such as `MgCl2.6H2O`."""

    mg: Fraction
    formula: str

    def elemental(self) -> ElementalDose:
        """The magnesium in it, computed from the formula."""
        return ElementalDose(self.mg * magnesium_fraction(self.formula))


Dose = ElementalDose | SaltDose


def parse_dose(text: str) -> Dose:
    """Read `248 mg elemental` or `500 mg salt of MgO`; ValueError says what to write instead."""
    found = _DOSE.fullmatch(text.strip())
    if found is None:
        raise ValueError("say '<number> mg elemental' or '<number> mg salt of <formula>', e.g. '500 mg salt of MgO'")
    mg = Fraction(found["mg"])
    if found["elemental"]:
        return ElementalDose(mg)
    dose = SaltDose(mg, found["formula"])
    magnesium_fraction(dose.formula)
    return dose


def magnesium_fraction(formula: str) -> Fraction:
    """Mass fraction of magnesium in a compound: `MgO` → 24.305/40.304. Hydrates are written `MgCl2.6H2O` or with `·`."""
    atoms = count_atoms(formula)
    if "Mg" not in atoms:
        raise ValueError(f"{formula} holds no magnesium")
    return atoms["Mg"] * ATOMIC_MASS["Mg"] / sum(number * ATOMIC_MASS[element] for element, number in atoms.items())


def count_atoms(formula: str) -> dict[str, int]:
    """Atoms of a formula with brackets and water of crystallisation; ValueError where it is not understood."""
    total: dict[str, int] = {}
    for part in formula.translate(_SUBSCRIPTS).replace("·", ".").split("."):
        times, body = re.fullmatch(r"([1-9]\d*)?(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]
        for element, number in _atoms_of(body, formula).items():
            total[element] = total.get(element, 0) + number * int(times or 1)
    return total


def _atoms_of(body: str, formula: str) -> dict[str, int]:
    stack: list[dict[str, int]] = [{}]
    at = 0
    while at < len(body):
        token = _TOKEN.match(body, at)
        closes_nothing = token is not None and token[4] and (len(stack) == 1 or not stack[-1])
        if token is None or (token[1] and token[1] not in ATOMIC_MASS) or closes_nothing:
            raise ValueError(f"'{formula}' is not a formula that is understood, such as MgO or MgCl2.6H2O")
        at = token.end()
        if token[1]:
            stack[-1][token[1]] = stack[-1].get(token[1], 0) + int(token[2] or 1)
        elif token[3]:
            stack.append({})
        else:
            for element, number in stack.pop().items():
                stack[-1][element] = stack[-1].get(element, 0) + number * int(token[5] or 1)
    if len(stack) != 1 or not stack[0]:
        raise ValueError(f"'{formula}' is not a formula that is understood, such as MgO or MgCl2.6H2O")
    return stack[0]
