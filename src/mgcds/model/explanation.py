"""Why a suggestion has its status: the steps, with value, date, limit and where the limit comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple, assert_never

from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not, Truth, all_of, any_of, opposite
from mgcds.model.criterion import (
    WORDS,
    Asks,
    Bound,
    Criterion,
    Documented,
    Has,
    Limit,
    Measure,
    Number,
    ReferenceLimit,
    State,
    Taking,
    Which,
)
from mgcds.model.evaluation import Verdicts, limit_of
from mgcds.model.facts import Facts, Gap, Reading, StateReading, known
from mgcds.model.pack import Item, MeasuredItem, RulePack, about

Joined = Literal["criterion", "finding", "not", "all of", "any of"]
VERDICT: Mapping[Truth, str] = {True: "met", False: "not met", None: "unknown"}
TRUTH = {verdict: truth for truth, verdict in VERDICT.items()}


class Step(NamedTuple):  # an assessment has some two hundred: a frozen dataclass takes five times as long to make
    """One statement of the explanation. `subject` is the item's title, `found` what the record says of it, `limit` what it was
    compared with in the unit it was reported in, `limit_from` whose limit that is, `distance` how far the value is from the
    nearest limit, `because` why the verdict is unknown.
    """

    joined: Joined
    says: str
    verdict: str
    found: str | None = None
    dated: str | None = None
    days: int | None = None
    source: str | None = None
    limit: str | None = None
    limit_from: str | None = None
    distance: str | None = None
    because: str | None = None
    about: str | None = None
    subject: str | None = None
    parts: tuple[Step, ...] = ()


def number(value: Number) -> str:
    """With at most four decimal places, without trailing zeros."""
    return _quotient(*value.as_integer_ratio())


def _quotient(above: int, below: int) -> str:
    whole, rest = divmod(above, below)
    return f"{Decimal(above) / Decimal(below):.4f}".rstrip("0").rstrip(".") if rest else str(whole)


@dataclass(slots=True)
class Explanation:
    """The steps of one record's verdicts. A criterion or finding that several rules share is explained once."""

    verdicts: Verdicts
    pack: RulePack
    facts: Facts
    _named: dict[str, Step] = field(default_factory=dict)
    written: dict[str, dict[str, Any]] = field(default_factory=dict)
    """criterion → its step as plain data"""

    def of(self, condition: Condition) -> Step:
        """The tree of steps of a condition."""
        match condition:
            case Name(name=name):
                if name not in self._named:
                    self._named[name] = self._of_name(name)
                return self._named[name]
            case Not(part=part):
                inner = self.of(part)
                return Step("not", "not", VERDICT[opposite(TRUTH[inner.verdict])], parts=(inner,))
            case AllOf(parts=parts):
                steps = tuple([self.of(part) for part in parts])
                return Step("all of", "all of", VERDICT[all_of([TRUTH[step.verdict] for step in steps])], parts=steps)
            case AnyOf(parts=parts):
                steps = tuple([self.of(part) for part in parts])
                return Step("any of", "any of", VERDICT[any_of([TRUTH[step.verdict] for step in steps])], parts=steps)
        assert_never(condition)

    def _of_name(self, name: str) -> Step:
        finding = self.pack.findings.get(name)
        if finding is None:
            return criterion_step(name, self.verdicts.criteria[name], self.pack, self.facts)
        return Step("finding", finding.title, VERDICT[self.verdicts.findings[name]], parts=(self.of(finding.when),))


def criterion_step(key: str, truth: Truth, pack: RulePack, facts: Facts) -> Step:
    """The step of one criterion."""
    criterion = pack.criteria[key]
    subject = about(criterion, pack)
    verdict = VERDICT[truth]
    match criterion:
        case Measure(item=item, lower=lower, upper=upper, within=within):
            found = facts.items[item]
            if isinstance(found, Gap):
                return Step("criterion", key, verdict, because=f"{found.reason}: {found.detail}", about=subject)
            assert isinstance(found, Reading)
            ends: tuple[tuple[Which, Bound | None], ...] = (("lower", lower), ("upper", upper))
            limits = [(end, bound) for end, bound in ends if bound is not None]
            return Step(
                "criterion", key, verdict, found=found.shown, dated=found.dated, days=found.days, source=found.source, about=subject,
                subject=in_sentence(pack.items[item].title),
                limit=" and ".join(_limit_text(end, bound, found) for end, bound in limits),
                limit_from="; ".join(dict.fromkeys(_limit_from(bound, found) for _, bound in limits)),
                distance=_distance([bound for _, bound in limits], found),
                because=_why_unknown(truth, found.days, within),
            )  # fmt: skip
        case State(item=item, within=within) | Documented(item=item, within=within):
            state = facts.items[item]
            if isinstance(state, Gap):
                return Step("criterion", key, verdict, because=f"{state.reason}: {state.detail}", about=subject)
            assert isinstance(state, StateReading)
            because = _why_unknown(truth, state.days, within)
            return Step(
                "criterion",
                key,
                verdict,
                found=state.value,
                dated=state.dated,
                days=state.days,
                source=state.source,
                because=because,
                about=subject,
            )
        case Taking(value_set=value_set) | Has(value_set=value_set):
            listed = facts.members[value_set]
            gap = facts.lists[subject]
            because = None
            if truth is None:
                because = (
                    f"{gap.reason}: {gap.detail}" if gap else "its dates, or whether it is still current, are not known"
                )
            return Step(
                "criterion", key, verdict, found=", ".join(listed.names) or None, because=because, about=subject
            )
        case Asks(about=asked):
            gap_or_value = known(facts, asked)
            text = gap_or_value.detail if isinstance(gap_or_value, Gap) else None
            return Step("criterion", key, verdict, found=text, about=subject)
    assert_never(criterion)


def _why_unknown(truth: Truth, days: int, within: int | None) -> str | None:
    if within is not None and days > within:
        return f"stale: {days} days old, current for {within}"
    return (
        "imprecise: what is known lies on both sides of the limit, or the limit is not known" if truth is None else None
    )


def _limit_text(end: Which, bound: Bound, reading: Reading) -> str:
    limit = limit_of(bound, reading)
    if limit is None:
        return f"the {end} limit, which is not known"
    return limit_words(end, limit, reading.unit)


def _limit_from(bound: Bound, reading: Reading) -> str:
    """Whose limit it is; the rule's own goes without saying."""
    if isinstance(bound, ReferenceLimit):
        return reading.lower_from if bound.which == "lower" else reading.upper_from
    return bound.source


def in_sentence(title: str) -> str:
    """A title inside a sentence: `Serum magnesium` → serum magnesium, `PHQ-9` stays."""
    return title[0].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title


def plain(unit: str) -> str:
    """A UCUM code as people write it."""
    return _PLAIN.get(unit, unit)


_PLAIN = {"{score}": "", "mL/min/{1.73_m2}": "mL/min/1.73m2", "a": "years", "d": "days"}


def _distance(bounds: list[Bound], reading: Reading) -> str | None:
    value = reading.range.low if reading.range.low is not None else reading.range.high
    limits = [limit.value for bound in bounds if (limit := limit_of(bound, reading)) is not None]
    if value is None or not limits:
        return None
    nearest = limits[0] if len(limits) == 1 else min(limits, key=lambda limit: abs(Fraction(limit) - Fraction(value)))
    above, below = (
        value.as_integer_ratio()
    )  # of whole numbers, for the arithmetic of Fractions takes several times as long
    limit_above, limit_below = nearest.as_integer_ratio()
    difference, of = above * limit_below - limit_above * below, below * limit_below
    if not difference:
        return "at the limit"
    side = "above" if difference > 0 else "below"
    unit = plain(reading.unit)
    if abs(difference) == of and unit in ("years", "days"):
        unit = unit[:-1]
    return " ".join(f"{_quotient(abs(difference), of)} {unit} {side} {number(nearest)}".split())


def deciding(step: Step) -> Step:
    """The first criterion that made a step what it is: follow the first part with the same verdict, through `not` the opposite."""
    if step.joined == "criterion":
        return step
    if step.joined in ("not", "finding"):
        return deciding(step.parts[0])
    return deciding(next((part for part in step.parts if part.verdict == step.verdict), step.parts[0]))


def supporting(step: Step) -> tuple[Step, ...]:
    """The criteria that a verdict rests on: of an `or` that is met only the parts that are met, of an `and` that is not met only
    those that are not; so also through `not`.
    """
    if step.joined == "criterion":
        return (step,)
    enough = {"all of": "not met", "any of": "met"}.get(step.joined)
    parts = [part for part in step.parts if step.verdict != enough or part.verdict == enough]
    if step.verdict == "unknown":
        parts = [part for part in step.parts if part.verdict == "unknown"]
    return tuple(leaf for part in parts for leaf in supporting(part))


def leaves(step: Step) -> tuple[Step, ...]:
    """The criteria of a tree of steps, from left to right."""
    return (step,) if step.joined == "criterion" else tuple(leaf for part in step.parts for leaf in leaves(part))


def sentence(condition: Condition, pack: RulePack) -> str:
    """A condition as a sentence, generated from the criteria: it cannot drift from them. A finding of several criteria comes by its
    title, with what it stands for in brackets.
    """
    match condition:
        case Name(name=name):
            return _named(name, pack)
        case Not(part=Name(name=name)) if name in pack.criteria:
            return clause(pack.criteria[name], pack, negated=True)
        case Not(part=part):
            return f"not ({sentence(part, pack)})"
        case AllOf(parts=parts):
            return ", and ".join(_bracketed(part, pack) for part in parts)
        case AnyOf(parts=parts):
            return ", or ".join(_bracketed(part, pack) for part in parts)
    assert_never(condition)


def _named(name: str, pack: RulePack) -> str:
    finding = pack.findings.get(name)
    if finding is None:
        return clause(pack.criteria[name], pack)
    if isinstance(finding.when, Name):
        return sentence(finding.when, pack)
    return f"{in_sentence(finding.title)} ({sentence(finding.when, pack)})"


def _bracketed(condition: Condition, pack: RulePack) -> str:
    text = sentence(condition, pack)
    return f"({text})" if isinstance(condition, AllOf | AnyOf) else text


def clause(criterion: Criterion, pack: RulePack, negated: bool = False) -> str:
    """A criterion as a clause, or its opposite. What is not known satisfies neither."""
    match criterion:
        case Measure(item=item, lower=lower, upper=upper, within=within):
            says = range_text(lower, upper, pack.items[item])
            isnt = f"is not ({says})" if lower and upper else f"is not {says}"
            return f"the {_subject(item, pack)} {isnt if negated else f'is {says}'}{_within(item, within, pack)}"
        case State(item=item, values=values, within=within):
            other = "other than " if negated else ""
            return f"{_subject(item, pack)} is recorded as {other}{' or '.join(values)}{_within(item, within, pack)}"
        case Documented(item=item, values=values, since=since, within=within):
            after = f", on or after the day of the {_subject(since, pack)}" if since else ""
            isnt = "is not" if negated else "is"
            says = f"{isnt} on record as {' or '.join(values)}{after}"
            return f"{_subject(item, pack)} {says}{_within(item, within, pack)}"
        case Taking(value_set=value_set, at_least=at_least, at_most=at_most, unchanged_for=unchanged):
            found, days = pack.value_sets[value_set], _for_days(at_least, at_most, unchanged)
            verb = "take" if found.of == "medicines" else "receive"
            if negated and days:
                return f"it is not so that the person {verb}s {in_sentence(found.title)}{days}"
            return f"the person {f'does not {verb}' if negated else f'{verb}s'} {in_sentence(found.title)}{days}"
        case Has(list=holding, value_set=value_set):
            return f"the {_HOLDS[holding, negated]} {in_sentence(pack.value_sets[value_set].title)}"
        case Asks(about=item, problem=problem, within=within):
            of = f" of the last {within} days" if within is not None and problem in ("unknown", "stale") else ""
            says = _ASKS[problem].format(_subject(item, pack), of)
            return f"it is not so that {says}" if negated else says
    assert_never(criterion)


_HOLDS = {
    ("conditions", False): "problem list holds",
    ("conditions", True): "problem list does not hold",
    ("symptoms", False): "symptoms include",
    ("symptoms", True): "symptoms do not include",
}
_ASKS = {
    "unknown": "no usable {}{} is on record",
    "missing": "no {}{} is on record",
    "stale": "the {} is out of date, with none{}",
    "rejected": "the newest {}{} could not be used",
}


def _for_days(at_least: int | None, at_most: int | None, unchanged: int | None) -> str:
    days = (("for at least", at_least), ("for at most", at_most), ("unchanged for", unchanged))
    if at_least is not None and at_most is not None:
        days = ((f"for {at_least} to", at_most), days[2], ("", None))
    return "".join(f", {phrase} {number} days" for phrase, number in days if number is not None)


def _subject(item: str, pack: RulePack) -> str:
    return in_sentence(pack.items[item].title)


def _within(item: str, within: int | None, pack: RulePack) -> str:
    """How old it may be, where that is not what the data dictionary says of the item."""
    if within == pack.items[item].current_for:
        return ""
    return ", however long ago" if within is None else f" within {within} days"


def range_text(lower: Bound | None, upper: Bound | None, item: Item) -> str:
    """A range in all units of the item: `at least 0.5 mmol/L (above 1.2 mg/dL, at least 1 meq/L)`."""
    ends: tuple[tuple[Which, Bound | None], ...] = (("lower", lower), ("upper", upper))
    return " and ".join(_bound_text(end, bound, item) for end, bound in ends if bound is not None)


def limit_words(end: Which, limit: Limit, unit: str) -> str:
    """One limit in one unit: `at most 1.2 mg/dL`."""
    return f"{WORDS[end, limit.inclusive]} {number(limit.value)} {plain(unit)}".strip()


def _bound_text(end: Which, bound: Bound, item: Item) -> str:
    if isinstance(bound, ReferenceLimit):
        return f"{WORDS[end, bound.inclusive]} the laboratory's {bound.which} limit"
    assert isinstance(item, MeasuredItem)
    first, *others = [limit_words(end, bound.by_unit[unit], unit) for unit in item.units]
    return f"{first} ({', '.join(others)})" if others else first


def step_text(step: Step) -> str:
    """A criterion in a line: what was found and how it compares, or what the criterion says and why it is unknown."""
    found, compared = _step_parts(step)
    return f"{found}: {compared}" if compared else found


def reasons(steps: Iterable[Step]) -> list[str]:
    """Criteria in a line each; those that compare the same value are joined."""
    alike: dict[str, list[str]] = {}
    for step in steps:
        found, compared = _step_parts(step)
        alike.setdefault(found, []).append(compared)
    joined = {found: " and ".join(dict.fromkeys(filter(None, compared))) for found, compared in alike.items()}
    return [f"{found}: {compared}" if compared else found for found, compared in joined.items()]


def _step_parts(step: Step) -> tuple[str, str]:
    """What was found, and how it compares with the limits; the second is empty where there is nothing to compare."""
    ago = f" ({_ago(step.days)})" if step.days is not None and step.dated else ""
    because = f" — {step.because}" if step.because else ""
    if step.limit is None:
        says = step.says if step.verdict != "not met" else f"not: {step.says}"
        return says + (f": {step.found}{ago}" if step.found else "") + because, ""
    how = {"met": "", "not met": "not ", "unknown": "it cannot be told whether "}[step.verdict]
    whose = f", {step.limit_from}" if step.limit_from else ""
    distance = f" ({step.distance})" if step.distance else ""
    return f"{step.subject} {step.found}{ago}", f"{how}{step.limit}{whose}{distance}{because}"


def _ago(days: int) -> str:
    return "today" if days == 0 else "1 day ago" if days == 1 else f"{days} days ago"
