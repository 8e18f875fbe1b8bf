"""Reference intakes, foods and the limits of jurisdictions: what they are, and seeded mistakes with their places."""

# A table, one mistake a line.
# ruff: noqa: E501

import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from mgcds.errors import PackError, UnknownJurisdiction
from mgcds.evaluator import evaluate
from mgcds.loading import check_pack, load_pack, rules_root
from mgcds.model.criterion import Measure, Threshold
from mgcds.model.pack import MeasuredItem, RulePack

INTAKES, FOODS, ITEMS = "reference-intakes.yaml", "foods.yaml", "items.yaml"


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the built-in pack in which `new` stands where `old` stood."""
    root = Path(shutil.copytree(rules_root(), folder / "rules"))
    text = (root / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"'{old}' stands {text.count(old)} times in {file}"
    (root / file).write_text(text.replace(old, new), encoding="utf-8")
    return root


def limit_of(pack: RulePack) -> Threshold:
    bounds = [
        criterion.lower
        for criterion in pack.criteria.values()
        if isinstance(criterion, Measure) and criterion.item == "supplemental_magnesium"
    ]
    assert len(bounds) == 1
    assert isinstance(bounds[0], Threshold)
    return bounds[0]


# --- jurisdictions -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "limit", "applied"),
    [
        (None, 250, ("us", "efsa", "uk")),
        ([], 250, ("us", "efsa", "uk")),
        ("us", 350, ("us",)),
        (["us"], 350, ("us",)),
        (["efsa"], 250, ("efsa",)),
        (["uk"], 400, ("uk",)),
        (["uk", "us"], 350, ("us", "uk")),
        (["uk", "us", "efsa"], 250, ("us", "efsa", "uk")),
    ],
)
def test_the_lowest_of_the_jurisdictions_chosen(
    chosen: str | list[str] | None, limit: int, applied: tuple[str, ...]
) -> None:
    pack = load_pack(jurisdictions=chosen)
    assert limit_of(pack).by_unit["mg/d"].value == limit
    assert pack.jurisdictions == applied
    assert ("the lowest of" in limit_of(pack).source) is (len(applied) > 1)


def test_another_choice_is_another_pack_and_the_same_choice_the_same() -> None:
    digests = {load_pack(jurisdictions=chosen).digest for chosen in (None, ["us"], ["efsa"], ["uk"], ["us", "uk"])}
    assert len(digests) == 5
    assert load_pack(jurisdictions=["uk", "us"]) is load_pack(jurisdictions=["us", "uk"])
    assert load_pack() is load_pack(jurisdictions=[])


def test_the_assessment_says_which_jurisdictions_applied() -> None:
    record = {
        "recorded": "2026-11-21",
        "medicines": [],
        "supplements": [{"name": "magnesium citrate", "daily_dose": "300 mg elemental"}],
    }
    here, us = evaluate(record), evaluate(record, load_pack(jurisdictions=["us"]))
    assert (here["dose-above-limit"].status, us["dose-above-limit"].status) == ("offered", "not indicated")
    assert here.to_dict()["pack"]["jurisdictions"] == ["us", "efsa", "uk"]
    assert us.to_dict()["pack"]["jurisdictions"] == ["us"]
    assert "EFSA" in (here.why_not("dose-above-limit").limit_from or "") or any(
        "EFSA" in (step.limit_from or "") for step in here["dose-above-limit"].used
    )


@pytest.mark.parametrize("chosen", ["fr", "US", ["us", "eu"], ["u"]])
def test_an_unknown_jurisdiction_names_the_known_ones(chosen: str | list[str]) -> None:
    with pytest.raises(UnknownJurisdiction, match="it has those of us, efsa, uk"):
        load_pack(jurisdictions=chosen)


def test_a_pack_without_local_limits_says_so() -> None:
    with pytest.raises(UnknownJurisdiction, match="it has none that depend on the place"):
        load_pack(Path(__file__).with_name("pack"), ["us"])


def test_the_texts_name_every_limit() -> None:
    """They hold under any choice: the limits of all places, and the dose of a trial below each of them."""
    pack = load_pack(jurisdictions=["uk"])
    item = pack.items["supplemental_magnesium"]
    assert isinstance(item, MeasuredItem)
    limits = [
        level.mg
        for table in pack.intakes.values()
        if table.counts == "supplements and medicines" and (level := table.of("everyone", 40 * 12)) is not None
    ]
    assert len(limits) == len(item.jurisdictions) == 3
    assert min(limits) > 248
    for rule in ("dose-above-limit", "trial-dose"):
        assert all(str(limit) in pack.rules[rule].suggest.text for limit in limits)


# --- the numbers of the brief, 4.1 and 4.2 -----------------------------------------------------------------------------------------

BRIEF = [  # table, group, years, mg
    ("us_rda", "male", 14, 410), ("us_rda", "male", 19, 400), ("us_rda", "male", 31, 420), ("us_rda", "male", 51, 420),
    ("us_rda", "female", 18, 360), ("us_rda", "female", 30, 310), ("us_rda", "female", 50, 320), ("us_rda", "female", 90, 320),
    ("us_rda", "pregnant", 18, 400), ("us_rda", "pregnant", 19, 350), ("us_rda", "pregnant", 50, 360), ("us_rda", "pregnant", 51, None),
    ("us_rda", "lactating", 14, 360), ("us_rda", "lactating", 30, 310), ("us_rda", "lactating", 31, 320),
    ("us_rda", "male", 1, 80), ("us_rda", "male", 8, 130), ("us_rda", "female", 9, 240), ("us_rda", "male", 0, None),
    ("us_ear", "male", 3, 65), ("us_ear", "male", 4, 110), ("us_ear", "female", 13, 200), ("us_ear", "male", 18, 340),
    ("us_ear", "female", 18, 300), ("us_ear", "pregnant", 18, 335), ("us_ear", "lactating", 18, 300), ("us_ear", "lactating", 51, None),
    ("us_ai", "male", 0, 30), ("us_ul", "female", 1, 65), ("us_ul", "female", 8, 110), ("us_ul", "pregnant", 9, 350), ("us_ul", "male", 0, None),
    ("efsa_ai", "male", 1, 170), ("efsa_ai", "female", 3, 230), ("efsa_ai", "female", 10, 250), ("efsa_ai", "male", 17, 300),
    ("efsa_ai", "male", 18, 350), ("efsa_ai", "lactating", 30, 300), ("efsa_ul", "pregnant", 4, 250), ("efsa_ul", "male", 3, None),
    ("uk_rni", "male", 40, 300), ("uk_rni", "female", 40, 270), ("uk_rni", "pregnant", 40, None), ("uk_guidance_level", "female", 18, 400),
]  # fmt: skip


@pytest.mark.parametrize(("table", "group", "years", "mg"), BRIEF)
def test_a_reference_intake(table: str, group: str, years: int, mg: int | None) -> None:
    level = load_pack().intakes[table].of(group, years * 12)  # type: ignore[arg-type]
    assert (level.mg if level else None) == mg


# --- seeded mistakes ---------------------------------------------------------------------------------------------------------------

M19 = "{for: male, ages: 19-30 years, mg: 330, verified: excerpt}"
ALMONDS = "mg: 80, fdc: null, evidence"
MISTAKES = [
    pytest.param(INTAKES, M19, M19.replace("19-30", "20-30"), "ages: 20-30", "leave a gap", id="gap"),
    pytest.param(INTAKES, M19, M19.replace("19-30", "18-30"), "ages: 18-30", "overlap", id="overlap"),
    pytest.param(INTAKES, M19, M19.replace("19-30", "19-31"), "{for: male, ages: 31-50 years, mg: 350", "overlap", id="overlap-of-the-next"),
    pytest.param(INTAKES, M19, f"{M19}\n    - {M19.replace('330', '331')}", "mg: 331", "overlap", id="twice"),
    pytest.param(INTAKES, M19, M19.replace("330", "401"), "mg: 401", "is above the RDA of 400 mg in 'us_rda'", id="ear-above-rda"),
    pytest.param(INTAKES, M19, M19.replace("330", "lots"), "mg: lots", "write a plain number", id="no-number"),
    pytest.param(INTAKES, M19, M19.replace("330", "[330, 340]"), "mg: [330", "takes milligrams above 0 and up to 2000", id="range-where-one-number-belongs"),
    pytest.param(INTAKES, M19, M19.replace("330", "0"), "mg: 0,", "takes milligrams above 0", id="nought"),
    pytest.param(INTAKES, M19, M19.replace("19-30 years", "young"), "ages: young", "write '19-30 years'", id="no-ages"),
    pytest.param(INTAKES, M19, M19.replace("19-30", "30-19"), "30-19", "write '19-30 years'", id="ages-turned-round"),
    pytest.param(INTAKES, M19, M19.replace("for: male", "for: men"), "for: men", "is 'men'; write one of", id="group"),
    pytest.param(INTAKES, M19, M19.replace(", verified: excerpt", ""), "mg: 330}", "lacks 'verified'", id="no-status"),
    pytest.param(INTAKES, M19, M19.replace("excerpt", "sure"), "sure", "is 'sure'; write one of", id="status"),
    pytest.param(INTAKES, "evidence: uk-magnesium-rni", "evidence: uk-magnesium-rnj", "rnj", "did you mean 'uk-magnesium-rni'?", id="evidence"),
    pytest.param(INTAKES, "kind: RNI", "kind: NRI", "NRI", "'kind' of reference intake 'uk_rni'", id="kind"),
    pytest.param(INTAKES, "  counts: all sources\n  evidence: uk", "  evidence: uk", "title: Reference", "lacks 'counts'", id="no-counts"),
    pytest.param(INTAKES, "{for: everyone, ages: 18 years and over, mg: 400, verified: secondary}", "{for: everyone, ages: 20 years and over, mg: 400, verified: secondary}",
                 ("items.yaml", "uk: uk_guidance_level"), "must have one level for everyone from 18", id="limit-not-of-all-adults"),
    pytest.param(INTAKES, "{for: everyone, ages: 4 years and over, mg: 250, verified: secondary}", "{for: everyone, ages: 4 years and over, mg: 250, verified: secondary}\n    - {for: pregnant, ages: 18 years and over, mg: 200, verified: known}",
                 ("items.yaml", "efsa: efsa_ul"), "must have one level for everyone from 18", id="limit-of-a-group-of-its-own"),
    pytest.param(INTAKES, "{for: everyone, ages: 9 years and over, mg: 350, verified: secondary}", "{for: everyone, ages: 9-64 years, mg: 350, verified: secondary}",
                 ("items.yaml", "us: us_ul"), "must have one level for everyone from 18", id="limit-with-an-end"),
    pytest.param(ITEMS, "plausible: [5, 80]", "plausible: [5, 80]\n  upper_limit: {us: us_ul}", "{us: us_ul}", "has the unit 'mg/d'; albumin is measured in", id="limit-of-another-unit"),
    pytest.param(ITEMS, "efsa: efsa_ul", "efsa: efsa_lu", "efsa_lu", "did you mean 'efsa_ul'?", id="limit-of-no-table"),
    pytest.param(ITEMS, "efsa: efsa_ul", "efsa: efsa_ai", "efsa_ai", "counts supplements and medicines", id="limit-that-counts-food"),
    pytest.param(ITEMS, "efsa: efsa_ul", "efsa: uk_guidance_level", "efsa: uk_", "write a table of 'efsa' that counts", id="limit-of-another-place"),
    pytest.param(FOODS, ALMONDS, "mg: 8000, fdc: null, evidence", "mg: 8000", "'mg' of food 'almonds'", id="food-with-grams"),
    pytest.param(FOODS, ALMONDS, "mg: [90, 80], fdc: null, evidence", "mg: [90", "lowest first", id="food-range-turned-round"),
    pytest.param(FOODS, ALMONDS, "mg: 80, fdc: 170571, evidence", "evidence: magnesium-food-tables, verified: secondary}\npeanut", "that no other food has", id="fdc-twice"),
    pytest.param(FOODS, ALMONDS, "mg: 80, fdc: nuts, evidence", "fdc: nuts", "write an FDC id", id="fdc-no-number"),
    pytest.param(FOODS, ALMONDS, "mg: 80, evidence", "mg: 80, evidence", "lacks 'fdc'", id="no-fdc"),
    pytest.param(FOODS, 'almonds:          {title: "Almonds, dry-roasted", serving: 1 oz (28 g), mg: 80, fdc: null, evidence: magnesium-food-tables', "almonds: {title: Almonds, serving: 1 oz, mg: 80, fdc: null, evidence: magnesium-tables",
                 "magnesium-tables,", "which is not in evidence/", id="food-of-no-evidence"),
    pytest.param(FOODS, 'almonds:          {title', "almonds: 80\nalmond flour:     {title", "almonds: 80", "must be a mapping", id="food-that-is-a-number"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "at", "says"), MISTAKES)
def test_a_mistake_is_reported_at_its_place(
    file: str, old: str, new: str, at: str | tuple[str, str], says: str, tmp_path: Path
) -> None:
    root = changed(tmp_path, file, old, new)
    where, what = at if isinstance(at, tuple) else (file, at)
    text = (root / where).read_text(encoding="utf-8")
    line = text[: text.index(what)].count("\n") + 1
    pack, problems = check_pack(root)
    assert pack is None
    assert len(problems) == 1, "\n".join(map(str, problems))
    assert str(problems[0]).startswith(f"{where}:{line}: ")
    assert says in problems[0].what


def test_a_pack_without_the_tables_loads(tmp_path: Path) -> None:
    root = changed(tmp_path, ITEMS, "  upper_limit: {us: us_ul, efsa: efsa_ul, uk: uk_guidance_level}\n", "")
    for file in (INTAKES, FOODS):
        (root / file).unlink()
    with pytest.raises(PackError, match=re.escape("supplemental_magnesium has no upper limit in items.yaml")):
        load_pack(root)  # the rule asks for a limit that nobody gives
    rule = root / "supplementation" / "dose-above-limit.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("above: upper limit", "above: 250 mg/d"), encoding="utf-8")
    with pytest.raises(
        PackError, match="'at_most' of draft 'trial-dose' names 'supplemental_magnesium', which has no upper limit"
    ):
        load_pack(root)  # so does the dose that is drafted
    drafts, dose = root / "drafts.yaml", root / "supplementation" / "trial-dose.yaml"
    drafts.write_text(drafts.read_text(encoding="utf-8").partition("trial-dose:")[0], encoding="utf-8")
    dose.write_text(
        dose.read_text(encoding="utf-8").replace("drafts: [trial-dose, trial-dose-from-65]", "drafts: []"),
        encoding="utf-8",
    )
    pack = load_pack(root)
    assert (pack.jurisdictions, pack.foods, pack.intakes) == ((), {}, {})


def test_foods_are_those_of_the_brief() -> None:
    foods = load_pack().foods
    brief = {
        "chia seeds": 111, "almonds": 80, "spinach": 78, "cashews": 74, "peanut butter": 49, "black-eyed peas": 46, "brown rice": 42,
        "kidney beans": 37, "banana": 32, "milk": 31, "black beans": 60, "hemp seeds": 210, "quinoa": 118,
    }  # fmt: skip
    assert {name: food.low for name, food in foods.items() if name in brief} == brief
    assert (foods["pumpkin seeds"].low, foods["pumpkin seeds"].high) == (73, 168)
    assert (foods["baked potato"].low, foods["baked potato"].high) == (43, 48)
    assert foods["lentils"].low == Decimal(71) / 2


def test_the_text_about_food_has_the_numbers_of_the_table() -> None:
    text = load_pack().rules["low-dietary-magnesium"].suggest.text
    foods = load_pack().foods
    for food in ("almonds", "spinach", "peanut butter", "banana"):
        assert f"about {foods[food].low} mg" in text
    assert text.count("(about ") == 4
