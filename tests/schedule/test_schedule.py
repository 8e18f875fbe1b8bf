"""When magnesium fits into a day, with the table and the value sets of the built-in pack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mgcds.errors import RecordError
from mgcds.loading import load_pack
from mgcds.model.spacing import Spacing, clock, minute_of
from mgcds.schedule import Schedule, read_day, schedule, to_dict

PACK = load_pack()


def plan(*medicines: Any, at: tuple[str, ...] = (), **day: Any) -> Schedule:
    """`("Tivicay", "08:00", "20:00")` is a medicine and its times."""
    listed = [{"name": one[0], "times": list(one[1:])} if isinstance(one, tuple) else one for one in medicines]
    minutes = [minute for text in at if (minute := minute_of(text)) is not None]
    assert len(minutes) == len(at)
    return schedule(read_day({"medicines": listed, **day}), PACK, minutes)


def proposed(found: Schedule) -> list[str]:
    return [clock(dose.at) for dose in found.magnesium if dose.source == "proposed"]


def free(found: Schedule) -> list[tuple[str, str]]:
    return [(clock(first), clock(last)) for first, last in found.windows or ()]


# --- the intervals of the table --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("medicine", "time", "magnesium", "answer"),
    [
        pytest.param("dolutegravir 50 mg", "08:00", "10:00", "feasible", id="2 hours after dolutegravir"),
        pytest.param("dolutegravir 50 mg", "08:00", "09:00", "not feasible", id="1 hour after it"),
        pytest.param("dolutegravir 50 mg", "08:00", "02:00", "feasible", id="6 hours before it"),
        pytest.param("dolutegravir 50 mg", "08:00", "02:01", "not feasible", id="a minute less than 6 hours before it"),
        pytest.param("Juluca", "08:00", "10:00", "not feasible", id="2 hours after dolutegravir with rilpivirine"),
        pytest.param("Juluca", "08:00", "12:00", "feasible", id="4 hours after it"),
        pytest.param("levothyroxine 100 micrograms", "07:00", "11:00", "feasible", id="4 hours after levothyroxine"),
        pytest.param("levothyroxine 100 micrograms", "07:00", "10:59", "not feasible", id="a minute less"),
        pytest.param("levothyroxine 100 micrograms", "07:00", "03:00", "feasible", id="4 hours before it"),
        pytest.param("gabapentin 300 mg", "08:00", "06:00", "feasible", id="gabapentin 2 hours after magnesium"),
        pytest.param("gabapentin 300 mg", "08:00", "06:01", "not feasible", id="gabapentin a minute too early"),
        pytest.param("gabapentin 300 mg", "08:00", "08:00", "not feasible", id="gabapentin and magnesium together"),
        pytest.param(
            "moxifloxacin 400 mg", "08:00", "11:59", "not feasible", id="moxifloxacin is kept apart for longer"
        ),
        pytest.param("moxifloxacin 400 mg", "08:00", "12:00", "feasible", id="4 hours after moxifloxacin"),
        pytest.param("moxifloxacin 400 mg", "08:00", "00:01", "not feasible", id="less than 8 hours before it"),
        pytest.param("ciprofloxacin 500 mg", "08:00", "10:00", "feasible", id="2 hours after ciprofloxacin"),
        pytest.param("doxycycline 100 mg", "08:00", "02:00", "feasible", id="6 hours before doxycycline"),
        pytest.param("doxycycline 100 mg", "08:00", "03:00", "not feasible", id="5 hours before doxycycline"),
        pytest.param("escitalopram 10 mg", "08:00", "08:00", "feasible", id="an antidepressant needs no spacing"),
        pytest.param("duloxetine 60 mg", "08:00", "08:00", "feasible", id="nor does duloxetine"),
        pytest.param("iron sucrose", "08:00", "08:00", "feasible", id="nor an iron that is injected"),
        pytest.param("ciprofloxacin 400 mg IV", "08:00", "08:00", "feasible", id="nor an antibiotic into the vein"),
    ],
)
def test_one_medicine_and_magnesium_at_a_time(medicine: str, time: str, magnesium: str, answer: str) -> None:
    found = plan((medicine, time), at=(magnesium,))
    assert found.answer == answer
    assert [distance.holds for dose in found.magnesium for distance in dose.distances] in ([], [answer == "feasible"])


def test_the_signs_of_the_table_reversed_are_noticed() -> None:
    table = PACK.drug_magnesium
    assert table is not None
    right = table.rows["dolutegravir"]
    assert right.spacing == Spacing(120, 360)
    rows = {**table.rows, "dolutegravir": replace(right, spacing=Spacing(360, 120))}
    day = read_day({"medicines": [{"name": "dolutegravir", "times": ["08:00"]}]})
    for pack, answer in ((PACK, "feasible"), (replace(PACK, drug_magnesium=replace(table, rows=rows)), "not feasible")):
        assert schedule(day, pack, [10 * 60]).answer == answer


# --- a day ------------------------------------------------------------------------------------------------------------------


def test_a_proposal_keeps_every_interval_and_prefers_the_day() -> None:
    found = plan(("Levothyroxine", "07:00"), ("Tivicay", "08:00"), ("Sertraline", "08:00"))
    assert found.answer == "feasible"
    assert free(found) == [("11:00", "02:00")]
    assert proposed(found) == ["11:00", "22:00"]
    assert all(distance.holds for dose in found.magnesium for distance in dose.distances)
    assert len(found.magnesium[0].distances) == 2, (
        "a reason for each medicine that must be kept apart, none for sertraline"
    )


def test_of_two_rows_the_longer_interval_counts_on_each_side() -> None:
    found = plan(("moxifloxacin", "08:00"), doses=1)
    assert {row.value_set for row in found.medicines[0].rows} == {"fluoroquinolone", "moxifloxacin"}
    assert found.medicines[0].spacing == Spacing(240, 480)


def test_where_the_day_is_full_the_night_is_offered() -> None:
    found = plan(("levothyroxine", "06:00"), ("ferrous sulfate", "10:00", "14:00", "18:00"), doses=1)
    assert found.answer == "feasible"
    assert proposed(found) == ["22:00"]
    night = plan(("levothyroxine", "06:00"), ("ferrous sulfate", "10:00", "14:00", "18:30"), doses=1)
    assert proposed(night) == ["22:30"]
    assert free(night) == [("22:30", "02:00")]


def test_where_there_is_no_time_the_medicines_in_the_way_are_named() -> None:
    day = [
        ("levothyroxine", "06:00"),
        ("ferrous sulfate", "12:00", "20:00"),
        ("captopril", "09:00"),
        ("alendronate", "03:00"),
    ]
    found = plan(*day, doses=2)
    assert found.answer == "not feasible"
    assert free(found) == [("16:00", "16:00")]
    assert found.fitting == 1
    assert proposed(found) == []
    assert found.conflicts
    for name in found.conflicts:
        rest = [one for one in day if one[0] in found.conflicts and one[0] != name]
        assert plan(*rest, doses=2).answer == "feasible", "each of those named is needed for the conflict"


def test_a_medicine_that_is_to_be_avoided_leaves_no_time() -> None:
    for name in ("Biktarvy", "raltegravir 400 mg", "Kayexalate"):
        found = plan((name, "08:00"))
        assert (found.answer, free(found), proposed(found)) == ("not feasible", [], [])
        assert plan((name,)).answer == "not feasible", "its time makes no difference"
        assert plan((name, "08:00"), at=("20:00",)).answer == "not feasible"


def test_a_wish_is_kept_where_it_can_be() -> None:
    near = plan(("levothyroxine", "07:00"), ("metformin", "11:00", "22:00"))
    assert proposed(near) == ["13:00", "20:00"]
    assert near.unkept_wishes == ()
    forced = plan(("metformin", "08:00"), at=("08:30",))
    assert forced.answer == "feasible", "a wish is no condition"
    assert forced.unkept_wishes == ("metformin",)


# --- what is not known ------------------------------------------------------------------------------------------------------


def test_a_medicine_nobody_recognises_makes_no_day_feasible() -> None:
    found = plan(("levothyroxine", "07:00"), ("Herbal mix no. 7", "08:00"))
    assert found.answer == "cannot tell"
    assert found.asks == ("'Herbal mix no. 7' is not recognised: which medicine is it?",)
    assert found.windows is None
    assert found.magnesium == ()
    assert plan(("Herbal mix no. 7", "08:00"), at=("20:00",)).answer == "cannot tell"


def test_a_missing_time_is_asked_for_by_name() -> None:
    found = plan(("levothyroxine", "07:00"), ("Tivicay",))
    assert found.answer == "cannot tell"
    assert found.asks == ("At what times is 'Tivicay' taken?",)
    assert plan({"name": "Tivicay"}).answer == "cannot tell", "the key left out"
    assert plan(("sertraline",)).answer == "feasible", "where the time makes no difference nobody is asked"


def test_what_is_not_known_never_hides_what_is() -> None:
    found = plan(("levothyroxine", "07:00"), ("Herbal mix no. 7", "08:00"), at=("08:00",))
    assert found.answer == "not feasible"
    assert len(found.asks) == 1
    assert found.windows is None, "what is free beside the known medicines may not be free"
    product = plan(("Tivicay", "08:00"), ("Maalox", "09:00"), ("Herbal mix no. 7", "08:00"))
    assert (product.answer, proposed(product)) == ("not feasible", [])


def test_the_codes_of_a_medicine_are_enough() -> None:
    juluca = {"codes": [{"system": "atc", "code": "J05AR21"}], "times": ["08:00"]}
    assert plan(juluca, at=("10:00",)).answer == "not feasible"
    assert plan({"codes": [{"system": "ndc", "code": "1"}], "times": ["08:00"]}).asks == (
        "'ndc 1' is not recognised: which medicine is it?",
    )


# --- magnesium that is already there ----------------------------------------------------------------------------------------


def test_a_product_with_magnesium_keeps_the_intervals_too() -> None:
    found = plan(("Tivicay", "08:00"), ("Maalox", "09:00"))
    assert found.answer == "not feasible"
    assert [
        (clock(dose.at), dose.source) for dose in found.magnesium if not all(one.holds for one in dose.distances)
    ] == [("09:00", "Maalox")]
    assert plan(("Tivicay", "08:00"), ("Maalox", "12:00")).answer == "feasible"
    assert plan(("Maalox",)).asks == ("At what times is 'Maalox' taken?",)


def test_a_product_is_not_kept_apart_from_itself() -> None:
    both = "ferrous sulfate and magnesium oxide"
    found = plan((both, "08:00"), doses=1)
    assert found.medicines[0].is_magnesium
    assert found.medicines[0].spacing == Spacing(240, 240)
    assert found.answer == "feasible"
    assert plan((both, "08:00"), ("ferrous sulfate", "10:00"), doses=1).answer == "not feasible"
    assert plan((both, "08:00"), at=("08:00",)).answer == "not feasible", "more magnesium is kept apart from its iron"


# --- the input --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param([], "a day is a mapping with 'medicines'", id="a list"),
        pytest.param({}, "medicines", id="no medicines"),
        pytest.param({"medicine": []}, "did you mean 'medicines'?", id="a misspelt key"),
        pytest.param({"medicines": [{"times": ["08:00"]}]}, "medicines.0: a medicine needs a name or a code", id="no name"),
        pytest.param({"medicines": [{"name": "x", "times": ["25:00"]}]}, "medicines.0.times: not a time of the day: write 08:00", id="25:00"),
        pytest.param({"medicines": [{"name": "x", "times": [8]}]}, "medicines.0.times: not a time of the day", id="a number"),
        pytest.param({"medicines": [{"name": "x", "time": "08:00"}]}, "did you mean 'times'?", id="a misspelt key of a medicine"),
        pytest.param({"medicines": [], "doses": 0}, "doses", id="no dose"),
        pytest.param({"medicines": [], "doses": 7}, "doses", id="more doses than anybody takes"),
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused_without_its_values(given: Any, says: str) -> None:
    with pytest.raises(RecordError) as caught:
        read_day(given)
    assert says in str(caught.value)
    assert "25:00" not in str(caught.value)


def test_a_pack_without_the_table_knows_no_interval() -> None:
    with pytest.raises(RecordError, match="the pack has no drug-magnesium"):
        schedule(read_day({"medicines": []}), replace(PACK, drug_magnesium=None))


def test_an_empty_day_takes_the_number_of_doses_from_the_table() -> None:
    found = plan()
    assert found.wanted == 2
    assert found.answer == "feasible"
    assert free(found) == [("00:00", "23:59")]


def test_the_answer_as_json() -> None:
    written = to_dict(plan(("Tivicay", "08:00"), at=("09:00",)))
    assert (written["answer"], written["feasible"]) == ("not feasible", False)
    (distance,) = written["magnesium"][0]["distances"]
    assert distance == {"medicine": "Tivicay", "since": 60, "at_least_since": 120, "until": 1380, "at_least_until": 360,
                        "holds": False, "because": ["dolutegravir"]}  # fmt: skip
    assert to_dict(plan(("Herbal mix no. 7", "08:00")))["windows"] is None
