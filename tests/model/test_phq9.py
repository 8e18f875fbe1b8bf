"""The PHQ-9: every form that can be filled in, every pair of totals, and how forms become results of a record."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from mgcds.evaluator import changed_record
from mgcds.loading import load_pack
from mgcds.model import phq9
from mgcds.model.facts import Gap, Reading
from mgcds.model.pack import RulePack
from mgcds.model.phq9 import Change, Cutoffs, Score, band, change, item9_newly_positive, score
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord

ON = date(2026, 11, 21)


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack()


@pytest.fixture(scope="module")
def cutoffs(pack: RulePack) -> Cutoffs:
    assert pack.phq9 is not None
    return pack.phq9


# --- every form there is ------------------------------------------------------------------------------------------------------
# The oracle works on the digits of a form's number in base 5, all forms at once, and shares no step with `score`: 4 is "unanswered".

FORMS = 5**9
STEP = 5**8


def oracle(first: int, last: int) -> dict[str, np.ndarray]:
    """Lowest and highest total and item 9 (-1: none), by the words of the clinical brief, of the forms from `first` to `last`."""
    number = np.arange(first, last, dtype=np.int64)
    digits = np.stack([(number // 5**place) % 5 for place in range(8, -1, -1)])
    answered = np.count_nonzero(digits != 4, axis=0)
    # each answer of 0 to 3 is what is missing to "3 each": 27 less the points not reached, a gap reaching anything from 0 to 3
    not_reached = np.where(digits == 4, 0, 3 - digits).sum(axis=0)
    highest = 27 - not_reached
    lowest = highest - 3 * (9 - answered)
    has_total = answered >= 7
    item9 = np.where(digits[8] == 4, -1, digits[8])
    prorated = np.where(
        has_total, lowest * 9 * 504 // np.maximum(answered, 1), -1
    )  # 504 = 7·8·9: exact for 7, 8 and 9 answers
    return {
        "lowest": np.where(has_total, lowest, -1), "highest": np.where(has_total, highest, -1), "item9": item9, "prorated": prorated,
    }  # fmt: skip


def scored(scorer: Callable[[Any], Score], first: int, last: int) -> dict[str, np.ndarray]:
    """The same of the library. The forms come in the order of their numbers."""
    lead = [[first // 5**8]]
    forms = itertools.product(*lead, *[range(5)] * 8)
    given = (scorer(tuple(None if answer == 4 else answer for answer in form)) for form in forms)
    rows = np.fromiter(itertools.chain.from_iterable(map(_row, given)), np.int64, 4 * (last - first)).reshape(-1, 4)
    return dict(zip(("lowest", "highest", "item9", "prorated"), rows.T, strict=True))


def _row(found: Score) -> tuple[int, int, int, int]:
    assert (found.lowest is None) == (found.highest is None) == bool(found.why), (
        "a total, or a reason why there is none"
    )
    lowest = -1 if found.lowest is None else found.lowest
    highest = -1 if found.highest is None else found.highest
    prorated = -1 if found.lowest is None else found.lowest * 9 * 504 // found.answered
    return lowest, highest, -1 if found.item9 is None else found.item9, prorated


def differing(scorer: Callable[[Any], Score], first: int, last: int) -> int:
    expected, found = oracle(first, last), scored(scorer, first, last)
    return int(sum(np.count_nonzero(expected[name] != found[name]) for name in expected))


@pytest.mark.parametrize("item_1", range(5))
def test_every_form_that_can_be_filled_in(item_1: int) -> None:
    """5⁹ = 1,953,125 forms, 4⁹ = 262,144 of them complete."""
    assert differing(score, item_1 * STEP, (item_1 + 1) * STEP) == 0


def _imputing(answers: Any) -> Score:
    found = score(answers)
    return found._replace(item9=0) if answers[8] is None else found


def _lenient(answers: Any) -> Score:
    found = score(answers)
    given = [answer for answer in answers if answer is not None]
    return found if len(given) != 6 else Score(sum(given), sum(given) + 9, found.item9, 6, "")


def _hiding(answers: Any) -> Score:
    found = score(answers)
    return found if found.lowest is None or found.highest is None else found._replace(highest=found.lowest)


@pytest.mark.parametrize("faulty", [_imputing, _lenient, _hiding])
def test_a_wrong_scoring_is_noticed(faulty: Callable[[Any], Score]) -> None:
    """Seeded faults: item 9 filled in, three missing items prorated, a gap counted as "not at all"."""
    assert differing(faulty, 0, STEP) > 1000


def test_the_oracle_against_forms_worked_out_by_hand() -> None:
    def of(*digits: int) -> tuple[int, ...]:
        number = int("".join(map(str, digits)), 5)
        return tuple(int(found[0]) for found in oracle(number, number + 1).values())

    assert of(1, 2, 0, 3, 1, 1, 0, 2, 0) == (10, 10, 0, 10 * 504)
    assert of(1, 2, 0, 3, 1, 1, 4, 2, 0) == (10, 13, 0, 11.25 * 504)
    assert of(3, 3, 3, 3, 2, 4, 4, 0, 3) == (17, 23, 3, 17 * 9 * 504 // 7)
    assert of(4, 4, 4, 3, 1, 1, 0, 2, 4) == (-1, -1, -1, -1)


def test_the_prorated_total_is_one_of_the_possible_ones() -> None:
    for answered in (7, 8, 9):
        for total in range(3 * answered + 1):
            found = Score(total, total + 3 * (9 - answered), 0, answered, "")
            assert found.prorated == Fraction(total * 9, answered)
            assert found.lowest <= found.prorated <= found.highest  # type: ignore[operator]


def test_a_form_has_nine_answers() -> None:
    with pytest.raises(ValueError, match="9 answers, not 8"):
        score([0] * 8)


@pytest.mark.parametrize("stated", range(28))
@pytest.mark.parametrize(
    "answers", [(1, 2, 0, 3, 1, 1, 0, 2, 0), (1, 2, 0, 3, 1, 1, None, 2, 0)], ids=["complete", "one missing"]
)
def test_a_stated_total_is_one_the_answers_can_give(answers: tuple[int | None, ...], stated: int) -> None:
    agrees = stated in ((10,) if None not in answers else (10, 11, 12, 13))
    found = score(answers, stated)
    assert (found.why == "") is agrees
    assert (found.lowest is not None) is agrees
    assert found.item9 == (0 if agrees else None), "of a form that contradicts itself a 0 is not believed"
    assert score((*answers[:8], 2), stated).item9 == 2, "and more than 0 is always heard"


@pytest.mark.parametrize("place", range(9))
@pytest.mark.parametrize("wrong", [-1, 4, 7, 27])
def test_an_answer_that_the_form_does_not_have(place: int, wrong: int) -> None:
    answers = [1] * 9
    answers[place] = wrong
    found = score(answers)
    assert found.lowest is None
    assert f"item {place + 1} is {wrong}" in found.why
    assert found.item9 == (None if place == 8 else 1)


# --- bands and changes --------------------------------------------------------------------------------------------------------

BANDS = (
    ["minimal"] * 5 + ["mild"] * 5 + ["moderate"] * 5 + ["moderately severe"] * 5 + ["severe"] * 8
)  # clinical brief, section 6


def test_every_total_has_its_band(cutoffs: Cutoffs) -> None:
    assert [band(total, cutoffs) for total in range(28)] == BANDS


def test_a_moved_band_is_noticed(cutoffs: Cutoffs) -> None:
    for place, (name, lowest) in enumerate(cutoffs.bands[1:], 1):
        moved = (*cutoffs.bands[:place], (name, lowest + 1), *cutoffs.bands[place + 1 :])
        assert [band(total, replace(cutoffs, bands=moved)) for total in range(28)] != BANDS


# The words of the clinical brief for RA-01 to RA-03, each on its own: f points of fall, b before, a after.
WORDS: dict[str, Callable[[int, int, int], bool]] = {
    "remission": lambda b, a, f: a < 5,
    "response": lambda b, a, f: f >= 5 and 2 * f >= b,
    "partial response": lambda b, a, f: (f >= 5 or (b > 0 and 5 * f >= b)) and not 2 * f >= b and not a < 5,
    "no response": lambda b, a, f: f < 5 and (b == 0 or 5 * f < b),
    "worsening": lambda b, a, f: f <= -5,
}
PAIRS = [(before, after) for before in range(28) for after in range(28)]


def said_of(before: int, after: int) -> list[str]:
    return [name for name, words in WORDS.items() if words(before, after, before - after)]


def test_the_classes_leave_no_gap() -> None:
    """8.1: a fall of half to 5 or more comes from 10 or more, so it is a fall of 5 or more."""
    assert [pair for pair in PAIRS if not said_of(*pair)] == []
    assert all(before >= 10 for before, after in PAIRS if after >= 5 and 2 * (before - after) >= before)


def test_where_the_words_of_the_brief_overlap() -> None:
    """A total that stays below 5 without falling is both remission and "no response"; what else overlaps does so by its meaning."""
    both = {pair: tuple(said_of(*pair)) for pair in PAIRS if len(said_of(*pair)) > 1}
    assert set(both.values()) == {("remission", "response"), ("remission", "no response"), ("no response", "worsening")}
    assert [pair for pair, names in both.items() if names == ("remission", "no response")] == [
        (before, after) for before in range(5) for after in range(before, 5)
    ]


def expected_change(before: int, after: int) -> str:
    order = ("worsening", "remission", "response", "partial response", "no response")
    return min(said_of(before, after), key=order.index)


def misjudged(judge: Callable[[int, int], Change | None]) -> list[tuple[int, int]]:
    return [pair for pair in PAIRS if judge(*pair) != expected_change(*pair)]


def test_every_pair_of_totals_has_one_class(cutoffs: Cutoffs) -> None:
    assert len(PAIRS) == 784
    assert misjudged(lambda before, after: change(before, after, cutoffs)) == []


@pytest.mark.parametrize("limit", ["remission_below", "response_percent", "fall", "fall_percent", "rise"])
@pytest.mark.parametrize("by", [-1, 1])
def test_a_moved_limit_of_change_is_noticed(limit: str, by: int, cutoffs: Cutoffs) -> None:
    """By a point; by 3 per cent, as no pair of whole totals lies between 49 and 50."""
    moved = replace(cutoffs, **{limit: getattr(cutoffs, limit) + by * (3 if "percent" in limit else 1)})
    assert misjudged(lambda before, after: change(before, after, moved))


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        pytest.param(12, 7, "partial response", id="5 points, 42 per cent (8.6)"),
        pytest.param(12, 6, "response", id="half (8.6)"),
        pytest.param(9, 7, "partial response", id="22 per cent (8.6)"),
        pytest.param(12, 10, "no response", id="17 per cent (8.6)"),
        pytest.param(8, 4, "remission", id="half, 4 points, below 5"),
        pytest.param(6, 5, "no response", id="1 point"),
        pytest.param(5, 4, "remission", id="1 point into remission"),
        pytest.param(0, 5, "worsening", id="from 0 there is no share, only a rise"),
        pytest.param(10, 14, "no response", id="a rise of 4"),
        pytest.param(10, 15, "worsening", id="a rise of 5"),
    ],
)
def test_a_change(before: int, after: int, found: str, cutoffs: Cutoffs) -> None:
    assert change(before, after, cutoffs) == found


def test_item_9_comes_before_all_but_a_rise(cutoffs: Cutoffs) -> None:
    for before, after in PAIRS:
        assert change(before, after, cutoffs, newly_positive=True) == "worsening"
        rise = "worsening" if after - before >= 5 else None
        assert change(before, after, cutoffs, newly_positive=None) == rise, "without item 9 nothing reassuring is said"


@pytest.mark.parametrize("after", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("before", [None, 0, 1, 2, 3])
def test_item_9_newly_positive(before: int | None, after: int | None) -> None:
    expected = None if after is None else after > 0 and before in (None, 0)
    assert item9_newly_positive(before, after) is expected


# --- forms of a record --------------------------------------------------------------------------------------------------------

TEN = [1, 2, 0, 3, 1, 1, 0, 2, 0]


def form(answers: list[Any], on: str | None = "2026-11-20", **more: Any) -> dict[str, Any]:
    return {"answers": answers, "date": on, **more}


def known(pack: RulePack, **record: Any) -> tuple[str, str, list[str]]:
    """The PHQ-9 and its item 9 in short, and the data problems."""
    facts = read_facts(PatientRecord(**record), pack, ON)
    shown = []
    for name in ("phq9", "phq9_item9"):
        found = facts.items[name]
        assert isinstance(found, Reading | Gap)
        shown.append(found.reason if isinstance(found, Gap) else f"{found.shown} ({found.days} d)")
    return shown[0], shown[1], [f"{problem.about}: {problem.what}" for problem in facts.problems]


def test_a_form_counts_among_the_results(pack: RulePack) -> None:
    older = {"phq9": {"value": 20, "date": "2026-11-10"}, "phq9_item9": {"value": 1, "date": "2026-11-10"}}
    assert known(pack, phq9_forms=[form(TEN)], **older) == ("10 (1 d)", "0 (1 d)", [])
    newer = {"phq9": {"value": 20, "date": "2026-11-21"}}
    assert known(pack, phq9_forms=[form(TEN)], **newer)[0] == "20 (0 d)"


def test_short_forms(pack: RulePack) -> None:
    for forms in (TEN, [TEN], [{"answers": TEN}], [[str(answer) for answer in TEN]]):
        assert known(pack, recorded="2026-11-20", phq9_forms=forms) == ("10 (1 d)", "0 (1 d)", [])


@pytest.mark.parametrize(
    ("forms", "valid"),
    [
        (TEN, True),
        ([TEN], True),
        ([{"answers": TEN, "total": 10}], True),
        (TEN[:8], False),
        ([TEN[:8]], False),
        ("1", False),
    ],
)
def test_the_json_schema_knows_the_short_forms(forms: Any, valid: bool) -> None:
    assert Draft202012Validator(PatientRecord.model_json_schema()).is_valid({"phq9_forms": forms}) is valid


def test_the_source_of_a_form_is_kept(pack: RulePack) -> None:
    record = PatientRecord(phq9_forms=[form(TEN, source="QuestionnaireResponse/7")])
    facts = read_facts(record, pack, ON)
    sources = {facts.items[name].source for name in ("phq9", "phq9_item9")}  # type: ignore[union-attr]
    assert sources == {"QuestionnaireResponse/7"}


UNANSWERED = [1, 2, 0, 3, 1, 1, 0, 2, None]
WITHOUT_ITEM_9 = [
    pytest.param({}, "rejected", "unanswered: ask it", id="nothing else on record"),
    pytest.param({"value": 0, "date": "2026-11-15"}, "rejected", "unanswered: ask it", id="an older 0 does not stand in"),
    pytest.param({"value": 2, "date": "2026-11-15"}, "2 (6 d)", "still counts", id="an older positive answer stays in force"),
    pytest.param({"value": 0, "date": "2026-11-20"}, "0 (1 d)", "still counts", id="asked on the same day"),
    pytest.param({"value": 0, "date": "2026-11-21"}, "0 (0 d)", "still counts", id="asked later"),
    pytest.param({"value": 2, "date": "2026-11-01"}, "2 (20 d)", "still counts", id="a positive answer that is too old"),
    pytest.param({"value": 2, "date": "2026-11-22"}, "rejected", "unanswered: ask it", id="an answer of tomorrow"),
    pytest.param(
        {"value": 2, "date": "2026-11-15", "status": "entered-in-error"}, "rejected", "unanswered: ask it", id="an error"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("other", "item9", "what"), WITHOUT_ITEM_9)
def test_item_9_unanswered(other: dict[str, Any], item9: str, what: str, pack: RulePack) -> None:
    found = known(pack, phq9_forms=[form(UNANSWERED)], phq9_item9=[other] if other else [])
    assert found[:2] == ("10 to 13 (1 d)", item9)
    assert any(problem.startswith("phq9_item9: ") and what in problem for problem in found[2])


UNUSABLE = [
    pytest.param(form([1, 2, 0, 7, 1, 1, 0, 2, 3]), "rejected", "3 (1 d)", "item 4 is 7", id="7, and a positive item 9"),
    pytest.param(form([1, 2, 0, 3, 1, 1, 0, 2, 4]), "rejected", "rejected", "item 9 is 4", id="item 9 of 4"),
    pytest.param(form([1, 2, 0, 1.5, 1, 1, 0, 2, 0]), "rejected", "0 (1 d)", "item 4 is 1.5", id="a half"),
    pytest.param(form(TEN, total=12), "rejected", "rejected", "the stated total is 12", id="another total, item 9 of 0"),
    pytest.param(form([*TEN[:8], 1], total=12), "rejected", "1 (1 d)", "add up to 11", id="another total, item 9 of 1"),
    pytest.param(form(TEN, total=10), "10 (1 d)", "0 (1 d)", "", id="the same total"),
    pytest.param(form([None] * 3 + [1] * 6), "rejected", "1 (1 d)", "3 of 9 items are unanswered", id="three missing"),
    pytest.param(form(TEN[:8]), "rejected", "rejected", "answers", id="eight answers: which are they?"),
    pytest.param(form([*TEN[:8], "often"]), "rejected", "rejected", "not a number", id="a word"),
    pytest.param(form(TEN, on=None), "undated", "undated", "undated", id="no date"),
    pytest.param(form(UNANSWERED, on=None), "undated", "rejected", "undated", id="no date and no item 9"),
    pytest.param(form(UNANSWERED, status="entered-in-error"), "5 (11 d)", "0 (11 d)", "entered-in-error", id="entered in error"),
    pytest.param(form(UNANSWERED, on="2026-11-22"), "5 (11 d)", "0 (11 d)", "after the day", id="dated tomorrow"),
    pytest.param(form(TEN, status="unknown"), "rejected", "rejected", "status unknown", id="status unknown"),
    pytest.param(form([None] * 9, on="2026-11-01"), "5 (11 d)", "0 (11 d)", "9 of 9", id="empty, and older"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "total", "item9", "what"), UNUSABLE)
def test_a_form_that_cannot_be_used(given: dict[str, Any], total: str, item9: str, what: str, pack: RulePack) -> None:
    """Beside an older complete PHQ-9, which stands in only for a form that is void."""
    older = {"phq9": {"value": 5, "date": "2026-11-10"}, "phq9_item9": {"value": 0, "date": "2026-11-10"}}
    found = known(pack, phq9_forms=[given], **older)
    assert found[:2] == (total, item9)
    assert bool(found[2]) is bool(what)
    assert not what or any(what in problem for problem in found[2])


def test_a_flag_names_the_bands(pack: RulePack) -> None:
    problems = known(pack, phq9_forms=[form([3, 3, 3, 3, 2, None, None, 0, 0])])[2]
    assert problems == [
        "phq9: 2 of 9 items are unanswered: the total is 14 to 20, moderate to severe (prorated 18.0); "
        "a limit within that range stays undecided"
    ]


def test_a_later_form_says_nothing_of_an_earlier_day(pack: RulePack) -> None:
    """The change since magnesium was begun reads the record as of that day."""
    forms = [form([2] * 8 + [0], "2026-10-10"), form([None] * 9, "2026-10-24"), form(TEN, "2026-11-20")]
    medicines = [{"name": "magnesium oxide", "start": "2026-10-10"}]
    record = PatientRecord(recorded="2026-11-21", phq9_forms=forms, medicines=medicines)
    found = read_facts(record, pack, ON).items["phq9_fall"]
    assert isinstance(found, Reading)
    assert found.range.low == found.range.high == 6


DIFFICULTIES = [
    pytest.param([form(TEN, difficulty="very difficult")], None, "very difficult", id="of the form"),
    pytest.param([form(TEN, difficulty="very difficult")], "2026-11-21", "somewhat difficult", id="a newer answer"),
    pytest.param([form(TEN, difficulty="very difficult")], "2026-11-10", "very difficult", id="an older answer"),
    pytest.param([form(TEN)], "2026-11-10", "somewhat difficult", id="unanswered"),
]


@pytest.mark.parametrize(("forms", "other", "value"), DIFFICULTIES)
def test_the_question_after_the_nine(forms: list[Any], other: str | None, value: str, pack: RulePack) -> None:
    stated = {"value": "somewhat difficult", "date": other} if other else None
    found = read_facts(PatientRecord(phq9_forms=forms, functional_difficulty=stated), pack, ON)
    assert found.items["functional_difficulty"].value == value  # type: ignore[union-attr]


CHANGES = [
    pytest.param({"phq9": 7}, "7", "0", "very difficult", id="another total"),
    pytest.param({"phq9": None}, None, "0", "very difficult", id="no total"),
    pytest.param({"phq9_item9": 2}, "10", "2", "very difficult", id="another item 9"),
    pytest.param(
        {"functional_difficulty": "somewhat difficult"}, "10", "0", "somewhat difficult", id="another difficulty"
    ),
    pytest.param({"phq9_forms": [2] * 9}, "18", "2", None, id="another form"),
]


@pytest.mark.parametrize(("changes", "total", "item9", "difficulty"), CHANGES)
def test_an_imagined_value_takes_the_place_of_what_a_form_says(
    changes: dict[str, Any], total: str | None, item9: str, difficulty: str | None, pack: RulePack
) -> None:
    record = PatientRecord(phq9_forms=[form(TEN, "2026-11-21", difficulty="very difficult")])
    facts = read_facts(changed_record(record, changes, ON), pack, ON)
    shown = [facts.items[name] for name in ("phq9", "phq9_item9", "functional_difficulty")]
    said = [found.shown if isinstance(found, Reading) else getattr(found, "value", None) for found in shown]
    assert said == [total, item9, difficulty]


# --- what would go wrong without it -------------------------------------------------------------------------------------------


FAULTS = [
    pytest.param(lambda *given: False, 2, "rejected", id="a positive answer is lost"),
    pytest.param(lambda *given: True, 0, "0 (6 d)", id="an old 0 stands in"),
]


@pytest.mark.parametrize(("faulty", "value", "wrong"), FAULTS)
def test_item_9_is_settled_by_what_is_tested(
    faulty: Any, value: int, wrong: str, pack: RulePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeded faults: with them the table above would turn red."""
    other = {"value": value, "date": "2026-11-15"}
    before = known(pack, phq9_forms=[form(UNANSWERED)], phq9_item9=other)[1]
    monkeypatch.setattr(phq9, "_stands", faulty)
    assert known(pack, phq9_forms=[form(UNANSWERED)], phq9_item9=other)[1] == wrong != before
