"""Doses: the magnesium in each salt, worked out from its formula, and elemental and salt that never mix.

The table is that of the clinical brief, section 4.3; the formulas it leaves out are those of the named compounds.
"""

import contextlib
import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgcds.model.dose import ATOMIC_MASS, ElementalDose, SaltDose, count_atoms, magnesium_fraction, parse_dose


def as_printed(exact: Fraction, printed: str) -> bool:
    """Does the exact value round to the printed one, at the printed number of decimals?"""
    exponent = Decimal(printed).as_tuple().exponent
    assert isinstance(exponent, int)
    return abs(exact - Fraction(printed)) <= Fraction(1, 2) * Fraction(10) ** exponent


def molar_mass(formula: str) -> Fraction:
    return sum((number * ATOMIC_MASS[element] for element, number in count_atoms(formula).items()), Fraction(0))


PERCENT = [
    ("MgO", "60.30"), ("Mg(OH)2", "41.68"), ("MgCO3", "28.83"), ("MgCl2", "25.53"), ("MgCl2.6H2O", "11.96"), ("MgSO4", "20.19"),
    ("MgSO4.7H2O", "9.86"), ("C12H10Mg3O14", "16.16"), ("C12H10Mg3O14.9H2O", "11.89"), ("C6H6MgO7", "11.34"), ("C4H8MgN2O4", "14.10"),
    ("C4H8MgN2O4.2H2O", "11.66"), ("C8H14MgO10", "8.25"), ("C8H14MgO10.H2O", "7.78"), ("C6H10MgO6", "12.01"), ("C6H10MgO6.2H2O", "10.19"),
    ("C4H4MgO5", "15.54"), ("Mg2(C4H4O5)(OH)2", "22.64"), ("C4H12MgN2O6S2", "8.92"), ("C8H12MgN2O8", "8.42"), ("C8H12MgN2O8.2H2O", "7.49"),
    ("C3H7MgO6P", "12.51"), ("C12H22MgO14", "5.86"), ("C10H6MgN4O8", "7.27"), ("C10H6MgN4O8.2H2O", "6.56"), ("C10H12MgN2O6", "8.66"),
]  # fmt: skip
MASS = [
    ("MgO", "40.30"), ("Mg(OH)2", "58.32"), ("MgCO3", "84.31"), ("MgCl2", "95.21"), ("MgCl2.6H2O", "203.30"), ("MgSO4", "120.36"),
    ("MgSO4.7H2O", "246.47"), ("C12H10Mg3O14", "451.11"), ("C12H10Mg3O14.9H2O", "613.25"), ("C6H6MgO7", "214.41"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "percent"), PERCENT)
def test_the_share_of_magnesium_in_each_salt(formula: str, percent: str) -> None:
    assert as_printed(magnesium_fraction(formula) * 100, percent)


@pytest.mark.parametrize(("formula", "mass"), MASS)
def test_the_molar_mass_of_each_salt(formula: str, mass: str) -> None:
    assert as_printed(molar_mass(formula), mass)


@pytest.mark.parametrize(
    ("mg", "formula", "elemental", "what"),
    [
        ("500", "MgO", "301.5", "'500 mg MgO' if it means the compound"),
        ("1650", "MgO", "995", "Wakai 2019"),
        ("900", "MgO", "543", "the older inpatients"),
        ("4000", "MgSO4.7H2O", "394", "Mehdi 2017, intravenous"),
        ("2500", "MgCl2", "638", "Barragán-Rodríguez 2008 if anhydrous: the stated 450 fits neither"),
        ("2500", "MgCl2.6H2O", "299", "Barragán-Rodríguez 2008 if the hexahydrate"),
        ("248", "MgCl2.6H2O", "30", "248 mg of the salt is an eighth of the trial's dose"),
        ("400", "C4H8MgN2O4", "56", "Sultana 2023 if it means the salt"),
        ("2000", "C8H14MgO10.H2O", "156", "L-threonate: the label claims 144"),
        # EFSA 2024 calls 3,000 mg of L-threonate 250 mg of magnesium (8.3 %); the formula gives 247.6 mg.
        ("3000", "C8H14MgO10", "247.6", "EFSA 2024 rounds it to 250"),
        # Tarleton 2017: four tablets of 500 mg are said to hold 248 mg; as the hexahydrate they hold 239 mg.
        ("2000", "MgCl2.6H2O", "239", "Tarleton 2017 states 248"),
    ],
)
def test_doses_of_the_trials(mg: str, formula: str, elemental: str, what: str) -> None:
    dose = SaltDose(Fraction(mg), formula).elemental()
    assert isinstance(dose, ElementalDose)
    assert as_printed(dose.mg, elemental), what


# --- formulas -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula", ["MgCl2.6H2O", "MgCl2·6H2O", "MgCl₂·6H₂O", "MgCl₂.6H₂O", "Mg(Cl)2.6(H2O)", "6H2O.MgCl2"]
)
def test_a_hydrate_may_be_written_in_several_ways(formula: str) -> None:
    assert count_atoms(formula) == {"Mg": 1, "Cl": 2, "H": 12, "O": 6}


@pytest.mark.parametrize(
    ("formula", "atoms"),
    [
        ("MgO", {"Mg": 1, "O": 1}),
        ("Mg(OH)2", {"Mg": 1, "O": 2, "H": 2}),
        ("Mg3(C6H5O7)2", {"Mg": 3, "C": 12, "H": 10, "O": 14}),
        ("Mg((CH3)2CO)2", {"Mg": 1, "C": 6, "H": 12, "O": 2}),
        ("Mg(C3H5O3)2·2H2O", {"Mg": 1, "C": 6, "H": 14, "O": 8}),
    ],
)
def test_atoms_are_counted_through_brackets(formula: str, atoms: dict[str, int]) -> None:
    assert count_atoms(formula) == atoms


@pytest.mark.parametrize("formula", ["NaCl", "H2O", "CH4", "C6H8O7"])
def test_a_compound_without_magnesium_gives_none(formula: str) -> None:
    with pytest.raises(ValueError, match="holds no magnesium"):
        magnesium_fraction(formula.replace("Na", "H"))


@pytest.mark.parametrize(
    "formula",
    [
        "", ".", "MgO.", ".MgO", "MgO..H2O", "mgo", "MGO", "Mg(OH", "MgOH)2", "Mg()2", ")(", "(", "NaMgCl3", "Xx", "Mg-O", "MgO!", "Mg O", "2", "6.",
        "Mg2+", "MgO0",
        "MgCl2*6H2O", "MgCl2,6H2O", "oxide", "citrate", "Mg" * 20 + "!", "MgO\n;", "Mg0", "0MgO", "0Mg0",
    ],
)  # fmt: skip
def test_what_is_no_formula_of_magnesium_is_refused(formula: str) -> None:
    with pytest.raises(ValueError, match=r"is not a formula|holds no magnesium"):
        magnesium_fraction(formula)


@given(st.text(alphabet="MgOHCl()2.0· 9Nx", max_size=24))
def test_any_text_is_a_share_between_nothing_and_all_or_refused(formula: str) -> None:
    try:
        share = magnesium_fraction(formula)
    except ValueError:
        return
    assert 0 < share <= 1


# --- reading a dose --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dose"),
    [
        ("248 mg elemental", ElementalDose(Fraction(248))),
        ("248 mg elemental magnesium", ElementalDose(Fraction(248))),
        (" 248mg  elemental ", ElementalDose(Fraction(248))),
        ("121.5 mg Elemental", ElementalDose(Fraction("121.5"))),
        ("500 mg salt of MgO", SaltDose(Fraction(500), "MgO")),
        ("500 mg salt of MgCl2.6H2O", SaltDose(Fraction(500), "MgCl2.6H2O")),
        ("500 mg salt of MgCl₂·6H₂O", SaltDose(Fraction(500), "MgCl₂·6H₂O")),
    ],
)
def test_a_dose_says_what_it_counts(text: str, dose: object) -> None:
    assert parse_dose(text) == dose


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "500 mg", "MgO 500 mg", "500 mg MgO", "500 mg magnesium oxide", "500 mg magnesium", "500 mg salt", "500 mg salt of",
        "500 mg of salt MgO",
        "248 elemental", "248 mg/d", "elemental 248 mg", "-248 mg elemental", "1e3 mg elemental", "248,5 mg elemental", "0.25 g elemental",
        "248 mg elementar",
        "2 tablets", "248 mg elemental or more", "248 mg elemental\n500 mg", "500 mg salt of citrate", "500 mg salt of NaCl", "500 mg salt of Mg0",
        "nan mg elemental",
    ],
)  # fmt: skip
def test_a_dose_that_does_not_say_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"elemental|formula|magnesium"):
        parse_dose(text)


@given(st.text(max_size=40))
def test_any_text_is_a_dose_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_dose(text).mg >= 0


# --- two types -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge, operator.add, operator.sub])
def test_elemental_and_salt_neither_compare_nor_add(compare: Callable[[object, object], object]) -> None:
    elemental, salt = parse_dose("301.5 mg elemental"), parse_dose("500 mg salt of MgO")
    with pytest.raises(TypeError):
        compare(elemental, salt)
    with pytest.raises(TypeError):
        compare(salt, elemental)


def test_the_same_number_of_milligrams_is_not_the_same_dose() -> None:
    assert ElementalDose(Fraction(500)) != SaltDose(Fraction(500), "MgO")
    assert SaltDose(Fraction(500), "MgO") != SaltDose(Fraction(500), "MgCl2")
    assert ElementalDose(Fraction(500)) == ElementalDose(Fraction(500))
    assert not isinstance(parse_dose("500 mg salt of MgO"), ElementalDose)


# --- from the element to a salt ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "lowest", "highest"),
    [  # 248 mg divided by the share printed in the brief, at both ends of its rounding
        ("MgO", "411.2", "411.4"),
        ("MgCl2.6H2O", "2072", "2075"),
        ("C12H10Mg3O14", "1534", "1536"),
        ("C8H14MgO10.H2O", "3185", "3191"),
        ("C8H12MgN2O8.2H2O", "3308", "3314"),
    ],
)
def test_the_salt_that_holds_the_dose_of_the_trial(formula: str, lowest: str, highest: str) -> None:
    salt = ElementalDose(Fraction(248)).as_salt(formula)
    assert isinstance(salt, SaltDose)
    assert salt.formula == formula
    assert Fraction(lowest) < salt.mg < Fraction(highest)


@pytest.mark.parametrize("formula", [formula for formula, _ in PERCENT])
def test_to_a_salt_and_back_loses_nothing(formula: str) -> None:
    assert ElementalDose(Fraction("123.4")).as_salt(formula).elemental() == ElementalDose(Fraction("123.4"))


@pytest.mark.parametrize("formula", ["NaCl", "oxide", "H2O"])
def test_no_salt_without_a_formula_of_magnesium(formula: str) -> None:
    with pytest.raises(ValueError, match=r"is not a formula|holds no magnesium"):
        ElementalDose(Fraction(248)).as_salt(formula)
