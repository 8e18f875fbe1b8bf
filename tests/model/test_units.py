"""Units: every number of the conversion tables, exact factors, and units that must not be understood.

The tables are those of the clinical brief: magnesium has the atomic mass 24.305 and two charges.
"""

import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgcds.loading import load_pack
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.facts import Gap
from mgcds.model.pack import MeasuredItem
from mgcds.model.reading import read_facts
from mgcds.model.record import read_record
from mgcds.model.units import EGFR, SCORE, asked_before, by_pint, factor, parse_unit

TODAY = date(2026, 11, 21)


def convert(value: str, source: str, target: str, substance: str | None = "magnesium") -> Fraction:
    scale = factor(source, target, substance)
    assert scale is not None
    return Fraction(value) * scale


def as_printed(exact: Fraction, printed: str) -> bool:
    """Does the exact value round to the printed one, at the printed number of decimals?"""
    exponent = Decimal(printed).as_tuple().exponent
    assert isinstance(exponent, int)
    return abs(exact - Fraction(printed)) <= Fraction(1, 2) * Fraction(10) ** exponent


# --- the tables -----------------------------------------------------------------------------------------------------------------

TABLE = [  # mmol/L, mg/dL, meq/L
    ("0.30", "0.729", "0.60"), ("0.40", "0.972", "0.80"), ("0.45", "1.094", "0.90"), ("0.50", "1.215", "1.00"), ("0.65", "1.580", "1.30"),
    ("0.70", "1.701", "1.40"), ("0.75", "1.823", "1.50"), ("0.85", "2.066", "1.70"), ("0.95", "2.309", "1.90"), ("1.00", "2.431", "2.00"),
    ("1.05", "2.552", "2.10"), ("1.10", "2.674", "2.20"), ("1.23", "2.990", "2.46"), ("2.0", "4.861", "4.00"), ("3.30", "8.021", "6.60"),
]  # fmt: skip
REVERSE = [  # mg/dL, mmol/L
    ("1.1", "0.4526"), ("1.2", "0.4937"), ("1.6", "0.6583"), ("1.7", "0.6994"), ("1.8", "0.7406"), ("1.9", "0.7817"),
    ("2.2", "0.9052"), ("2.4", "0.9875"), ("2.5", "1.0286"), ("3.0", "1.2343"), ("4.7", "1.9338"), ("8.0", "3.2915"),
]  # fmt: skip


@pytest.mark.parametrize(("mmol", "mg", "meq"), TABLE)
def test_the_table_of_magnesium_concentrations(mmol: str, mg: str, meq: str) -> None:
    assert as_printed(convert(mmol, "mmol/L", "mg/dL"), mg)
    assert convert(mmol, "mmol/L", "meq/L") == Fraction(meq)


@pytest.mark.parametrize(("mg", "mmol"), REVERSE)
def test_the_reverse_table(mg: str, mmol: str) -> None:
    assert as_printed(convert(mg, "mg/dL", "mmol/L"), mmol)


def test_the_factors() -> None:
    assert factor("mmol/L", "mg/dL", "magnesium") == Fraction("2.4305")
    assert factor("mg/dL", "mmol/L", "magnesium") == 1 / Fraction("2.4305")
    assert factor("mmol/L", "meq/L", "magnesium") == 2
    assert as_printed(convert("1", "mg/dL", "mmol/L"), "0.411438")
    assert as_printed(convert("1", "mg/dL", "meq/L"), "0.822876")


@pytest.mark.parametrize(("mg", "mmol"), [("350", "14.40"), ("250", "10.29"), ("248", "10.20"), ("243", "10")])
def test_doses_in_mmol(mg: str, mmol: str) -> None:
    assert as_printed(Fraction(mg) / Fraction("24.305"), mmol)
    assert as_printed(convert(mg, "mg/L", "mmol/L"), mmol), "the same mass in a litre"


@pytest.mark.parametrize(
    ("value", "unit", "mmol", "meaning"),
    [
        ("2.0", "mg/dL", "0.82", "normal"),
        ("2.0", "meq/L", "1.0", "upper-normal"),
        ("2.0", "mmol/L", "2.0", "symptomatic hypermagnesaemia"),
        ("0.9", "mg/dL", "0.370", "CTCAE prints 0.4"),
    ],
)
def test_one_number_in_three_units(value: str, unit: str, mmol: str, meaning: str) -> None:
    assert as_printed(convert(value, unit, "mmol/L"), mmol), meaning


@pytest.mark.parametrize(("mmol", "mg"), [("2.0", "4.86"), ("0.38", "0.92"), ("0.82", "1.99")])
def test_grades_that_rounding_moves(mmol: str, mg: str) -> None:
    assert as_printed(convert(mmol, "mmol/L", "mg/dL"), mg)


def test_1_7_mg_dl_is_below_0_70_mmol_l_and_so_must_not_be_converted_first() -> None:
    assert convert("1.7", "mg/dL", "mmol/L") < Fraction("0.70")


@pytest.mark.parametrize(
    ("substance", "source", "target", "exact"),
    [
        ("calcium", "mmol/L", "mg/dL", "4.0078"),
        ("calcium", "mmol/L", "meq/L", "2"),
        ("potassium", "mmol/L", "meq/L", "1"),
        ("potassium", "mmol/L", "mg/dL", "3.90983"),
        (None, "g/dL", "g/L", "10"),
        (None, "mg/dL", "g/L", "0.01"),
        (None, "umol/L", "mmol/L", "0.001"),
        (None, "nmol/L", "umol/L", "0.001"),
        (None, "s", "ms", "1000"),
        (None, "d", "h", "24"),
    ],
)
def test_other_factors(substance: str | None, source: str, target: str, exact: str) -> None:
    assert factor(source, target, substance) == Fraction(exact)


# --- round trips ----------------------------------------------------------------------------------------------------------------

CONCENTRATIONS = ("mmol/L", "mg/dL", "meq/L", "umol/L", "mg/L", "g/L")
VALUES = st.decimals(min_value=0, max_value=1000, allow_nan=False, allow_infinity=False, places=6).map(Fraction)


@given(VALUES, st.lists(st.sampled_from(CONCENTRATIONS), min_size=1, max_size=6))
def test_a_round_trip_changes_nothing(value: Fraction, way: list[str]) -> None:
    here, now = way[0], value
    for unit in [*way[1:], way[0]]:
        scale = factor(here, unit, "magnesium")
        assert scale is not None
        here, now = unit, now * scale
    assert now == value


@given(st.sampled_from(CONCENTRATIONS), st.sampled_from(CONCENTRATIONS), st.sampled_from(CONCENTRATIONS))
def test_a_detour_gives_the_same_factor(first: str, second: str, third: str) -> None:
    direct = factor(first, third, "magnesium")
    one, two = factor(first, second, "magnesium"), factor(second, third, "magnesium")
    assert None not in (direct, one, two)
    assert direct == one * two  # type: ignore[operator]


def test_999_values_in_steps_of_a_hundredth_survive_every_unit() -> None:
    for step in range(1, 1000):
        value = Fraction(step, 100)
        there = value * factor("mg/dL", "mmol/L", "magnesium")  # type: ignore[operator]
        assert there * factor("mmol/L", "meq/L", "magnesium") * factor("meq/L", "mg/dL", "magnesium") == value  # type: ignore[operator]


# --- what does not convert -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "substance"),
    [
        pytest.param("mg/dL", "mmol/L", None, id="mass to amount needs the substance"),
        pytest.param("mmol/L", "meq/L", None, id="amount to charge needs the substance"),
        pytest.param("mL/min", EGFR, None, id="not normalised to body surface"),
        pytest.param("mmol/L", "mmol", "magnesium", id="a concentration is no amount"),
        pytest.param("mg/dL", "mg/d", "magnesium", id="deci-litre is no day"),
        pytest.param("a", "d", None, id="a year is counted, not converted"),
        pytest.param(SCORE, "mmol/L", "magnesium", id="a score is no concentration"),
    ],
)
def test_what_does_not_convert(source: str, target: str, substance: str | None) -> None:
    assert factor(source, target, substance) is None
    assert factor(target, source, substance) is None


# --- what pint said before -------------------------------------------------------------------------------------------------------


Answers = Mapping[tuple[str, str, str | None], Fraction | None]


def false(answers: Answers) -> list[tuple[str, str, str | None]]:
    """What pint answers otherwise."""
    return [asked for asked, found in answers.items() if by_pint(*asked) != found]


def test_pint_says_again_what_it_said() -> None:
    assert false(asked_before()) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(("mg/dL", "mmol/L", "calcium"), Fraction(2000, 4861), id="the factor of magnesium"),
        pytest.param(("mg/dL", "mmol/L", None), Fraction(2000, 4861), id="no substance"),
        pytest.param(("mL/min", EGFR, None), Fraction(1), id="another quantity"),
        pytest.param(("g/L", "g/dL", None), None, id="converts after all"),
        pytest.param(("furlong", "furlong", None), Fraction(1), id="a unit that is not understood"),
    ],
)
def test_a_false_answer_is_noticed(asked: tuple[str, str, str | None], found: Fraction | None) -> None:
    assert false({**asked_before(), asked: found}) == [asked]


def test_pint_was_asked_of_every_unit_of_the_pack() -> None:
    items = [item for item in load_pack().items.values() if isinstance(item, MeasuredItem)]
    pairs = {(one, other, item.substance) for item in items for one, other in product(item.units, repeat=2)}
    assert {(one, other, None if one == other else substance) for one, other, substance in pairs} <= set(asked_before())


def test_an_evaluation_does_not_wait_for_pint() -> None:
    """Nor for NumPy, which pint imports: together they take longer than all else that the first evaluation needs."""
    amara = Path(__file__).resolve().parents[2] / "examples" / "amara.yaml"
    program = (
        f"import sys; from mgcds.cli import main\ntry: main(['evaluate', {str(amara)!r}, '--on', '2026-11-21'])\n"
        "finally: print([name for name in ('pint', 'numpy') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert "0.64 mmol/L" in done.stdout


# --- reading a unit --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reported", "code"),
    [
        ("mmol/L", "mmol/L"), ("mmol/l", "mmol/L"), (" mmol / L ", "mmol/L"), ("mmol/L\n", "mmol/L"), ("mmol\u00a0/\u00a0L", "mmol/L"),
        ("mg/dL", "mg/dL"), ("mg/dl", "mg/dL"), ("meq/L", "meq/L"), ("mEq/L", "meq/L"), ("mEq/l", "meq/L"),
        ("g/L", "g/L"), ("g/dL", "g/dL"), ("ms", "ms"), ("msec", "ms"), ("mg/d", "mg/d"), ("mg/day", "mg/d"),
        ("mL/min/1.73m2", EGFR), ("mL/min/1.73 m2", EGFR), ("mL/min/1.73m²", EGFR), ("mL/min/1.73m^2", EGFR),
        ("mL/min/{1.73_m2}", EGFR), ("mL/min/{1.73m2}", EGFR), ("ml/min/1.73m2", EGFR), ("mL/min/1.73.m2", EGFR),
        ("{score}", SCORE), ("score", SCORE), ("points", SCORE), ("1", SCORE),
        ("a", "a"), ("years", "a"), ("d", "d"), ("days", "d"),
    ],
)  # fmt: skip
def test_units_as_laboratories_write_them(reported: str, code: str) -> None:
    assert parse_unit(reported) == code


def test_the_two_characters_for_micro_are_one_unit() -> None:
    micro, mu = "\u00b5mol/L", "\u03bcmol/L"
    assert micro != mu
    assert parse_unit(micro) == parse_unit(mu) == parse_unit("umol/L") == "umol/L"


@pytest.mark.parametrize("reported", ["meq/l", "mL/min/1.73m2", "ml/min/{1.73_m2}", "mg/l"])
def test_a_small_l_is_a_litre_too(reported: str) -> None:
    found = parse_unit(reported)
    assert found is not None
    assert factor(found, found.replace("ml", "mL").replace("/l", "/L")) == 1


@pytest.mark.parametrize(
    "reported",
    [
        "", " ", "\t\n", "MG/DL", "Mg/dL", "mg/DL", "MMOL/L", "mMol/L", "MEQ/L", "mol%", "mg%", "mg per dL", "mg/dL*", "mg//dL", "/dL", "mg/",
        "mmol/L/", "mg/100mL", "10*3/uL", "mval/L", "mg/dL?", "(mg/dL)", "mg-dL", "-", "?", "unknown", "see comment", "N/A", "none", "null",
        "1.73", "2", "0", "-1", "%%", "m", "k", "e", "E", "inf", "nan", "and", "not/a", "a/if", "lambda", "True", "None", "magnesium",
        "mmol/L\u200b", "\ufeffmmol/L", "ｍmol/L", "mmоl/L", "mmol∕L",
        "__import__('os')", "mg/dL; rm", "mg/dL**99999", "2**99999999", "9" * 40, "mg" * 60, "a." * 30 + "a",
        "mg/dL\x00", "{score", "{score}/L", "${7*7}", "%s%s",
        "import", "os.system", "L.__class__", "mg/dL or mmol/L", "degC", "delta_g", "[mass]", "μ",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_never_guessed(reported: str) -> None:
    assert parse_unit(reported) is None


@given(st.text(max_size=60))
def test_any_text_is_a_unit_or_none(reported: str) -> None:
    found = parse_unit(reported)
    assert found is None or factor(found, found) == 1


WORDS = st.sampled_from(
    [
        "mg",
        "mmol",
        "meq",
        "L",
        "dL",
        "d",
        "a",
        "s",
        "and",
        "not",
        "is",
        "if",
        "x",
        "J",
        "e",
        "pi",
        "in",
        "score",
        "bsa",
        "k",
    ]
)


@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(st.sampled_from(["/", "."]), min_size=4, max_size=4))
def test_any_well_formed_text_is_a_unit_or_none(words: list[str], joints: list[str]) -> None:
    text = words[0] + "".join(joint + word for joint, word in zip(joints, words[1:], strict=False))
    found = parse_unit(text)
    if found is not None:
        forward, back = factor(found, "mmol/L", "magnesium"), factor("mmol/L", found, "magnesium")
        assert (forward is None) == (back is None)
        assert forward is None or back is None or forward * back == 1


# --- the boundaries of the brief, from a record to the rules ---------------------------------------------------------------------

BANDS = {
    "severe-hypomagnesaemia": "critically low",
    "confirm-low-magnesium": "low",
    "hypermagnesaemia": "high",
    "severe-hypermagnesaemia": "critically high",
    "magnesium-result-not-usable": "not usable",
}


def band(measurement: dict[str, object]) -> str:
    """What the built-in pack says of one magnesium result of a person without symptoms, with a normal QTc."""
    record = {"recorded": "2026-11-20", "symptoms": [], "qtc": "400 ms", "serum_magnesium": measurement}
    facts = read_facts(read_record(record), load_pack(), TODAY)
    verdicts = evaluate_facts(load_pack(), facts)
    return ", ".join(said for rule, said in BANDS.items() if verdicts.rules[rule] is True) or "none"


def mg(value: str, lower: str | None = None, upper: str | None = None, **more: object) -> dict[str, object]:
    return {"value": value, "lower_limit": lower, "upper_limit": upper, **more}


@pytest.mark.parametrize(
    ("measurement", "expected"),
    [
        pytest.param(mg("1.7 mg/dL", "1.7 mg/dL"), "none", id="1.7 mg/dL at a limit of 1.7, though 0.6994 mmol/L"),
        pytest.param(mg("1.7 mg/dL"), "none", id="1.7 mg/dL at the default limit"),
        pytest.param(mg("1.69 mg/dL"), "low", id="1.69 mg/dL"),
        pytest.param(mg("0.70 mmol/L", "0.70 mmol/L"), "none", id="0.70 mmol/L at a limit of 0.70"),
        pytest.param(mg("0.69 mmol/L", "0.70 mmol/L"), "low", id="0.69 mmol/L"),
        pytest.param(mg("0.50 mmol/L"), "low", id="0.50 mmol/L"),
        pytest.param(mg("0.49 mmol/L"), "critically low", id="0.49 mmol/L"),
        pytest.param(mg("1.2 mg/dL"), "critically low", id="1.2 mg/dL"),
        pytest.param(mg("1.3 mg/dL"), "low", id="1.3 mg/dL"),
        pytest.param(mg("0.99 meq/L"), "critically low", id="0.99 meq/L"),
        pytest.param(mg("1.0 meq/L"), "low", id="1.0 meq/L"),
        pytest.param(mg("1.39 mEq/L"), "low", id="1.39 mEq/L"),
        pytest.param(mg("1.4 mEq/L"), "none", id="1.4 mEq/L"),
        pytest.param(mg("1.05 mmol/L"), "none", id="1.05 mmol/L at the default limit"),
        pytest.param(mg("1.06 mmol/L"), "high", id="1.06 mmol/L"),
        pytest.param(mg("1.23 mmol/L", None, "1.05 mmol/L"), "high", id="1.23 mmol/L"),
        pytest.param(mg("1.24 mmol/L", None, "1.05 mmol/L"), "high, critically high", id="1.24 mmol/L"),
        pytest.param(mg("3.0 mg/dL"), "high", id="3.0 mg/dL, though 1.2343 mmol/L"),
        pytest.param(mg("3.1 mg/dL"), "high, critically high", id="3.1 mg/dL"),
        pytest.param(mg("2.46 meq/L"), "high", id="2.46 meq/L"),
        pytest.param(mg("2.47 meq/L"), "high, critically high", id="2.47 meq/L"),
        pytest.param(mg("2.0"), "not usable", id="2.0 without a unit has no band"),
        pytest.param(mg("2.0 mg/dL"), "none", id="2.0 mg/dL is normal"),
        pytest.param(mg("2.0 mEq/L"), "none", id="2.0 mEq/L is upper-normal"),
        pytest.param(mg("2.0 mmol/L"), "high, critically high", id="2.0 mmol/L is toxic"),
        pytest.param(mg("0.9 mg/dL"), "critically low", id="0.9 mg/dL"),
        pytest.param(mg("0.9 mmol/L"), "none", id="0.9 mmol/L"),
        pytest.param(mg("820 umol/L"), "none", id="another prefix converts exactly: 0.82 mmol/L"),
        pytest.param(mg("499 µmol/L"), "critically low", id="499 µmol/L is 0.499 mmol/L"),
        pytest.param(mg("17 mg/L"), "none", id="17 mg/L is 1.7 mg/dL: mass compares with mass"),
        pytest.param(mg("16.9 mg/L"), "low", id="16.9 mg/L is 1.69 mg/dL"),
        pytest.param(mg("0.60 mmol/L", specimen=["haemolysed"]), "low", id="haemolysed and low: the true value is at or below"),
        pytest.param(mg("0.90 mmol/L", specimen=["haemolysed"]), "not usable", id="haemolysed and normal"),
        pytest.param(mg("0.30 mmol/L", specimen=["edta"]), "not usable", id="EDTA: chelated, falsely low"),
    ],
)  # fmt: skip
def test_a_magnesium_value_is_compared_in_the_unit_it_was_reported_in(
    measurement: dict[str, object], expected: str
) -> None:
    assert band(measurement) == expected


@pytest.mark.parametrize(
    ("egfr", "expected"),
    [
        ("29.9", ["severe-renal-impairment"]),
        ("30", ["moderate-renal-impairment"]),
        ("59.9", ["moderate-renal-impairment"]),
        ("60", []),
    ],
)
def test_the_boundaries_of_kidney_function(egfr: str, expected: list[str]) -> None:
    record = {"recorded": "2026-11-20", "conditions": [], "egfr": f"{egfr} mL/min/1.73m2"}
    verdicts = evaluate_facts(load_pack(), read_facts(read_record(record), load_pack(), TODAY))
    rules = ("severe-renal-impairment", "moderate-renal-impairment")
    assert [rule for rule in rules if verdicts.rules[rule] is not False] == expected


@given(st.integers(min_value=1, max_value=40).map(lambda tenths: Decimal(tenths) / 10))
def test_a_bare_number_of_magnesium_is_never_used(value: Decimal) -> None:
    facts = read_facts(read_record({"recorded": "2026-11-20", "serum_magnesium": value}), load_pack(), TODAY)
    gap = facts.items["serum_magnesium"]
    assert isinstance(gap, Gap)
    assert gap.reason == "rejected"
    assert "no unit" in gap.detail
