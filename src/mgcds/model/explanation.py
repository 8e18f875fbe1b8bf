"""Why a suggestion has its status: the steps, with value, date, limit and where the limit comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple, assert_never

from mgcds.model.condition import AllOf, AnyOf, Condition, Name, Not, Truth, all_of, any_of, opposite
from mgcds.model.criterion import (
    WORDS,
    Asks,
    Bound,
    Documented,
    Has,
    Measure,
    Number,
    ReferenceLimit,
    State,
    Taking,
    Which,
)
from mgcds.model.evaluation import Verdicts, limit_of
from mgcds.model.facts import Facts, Gap, Reading, StateReading, known
from mgcds.model.pack import RulePack, about

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
    above, below = value.as_integer_ratio()
    return str(above) if below == 1 else f"{Decimal(above) / Decimal(below):.4f}".rstrip("0").rstrip(".")


@dataclass(slots=True)
class Explanation:
    """The steps of one record's verdicts. A criterion or finding that several rules share is explained once."""

    verdicts: Verdicts
    pack: RulePack
    facts: Facts
    _named: dict[str, Step] = field(default_factory=dict)

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
                "criterion", key, verdict, found=", ".join(listed.entries) or None, because=because, about=subject
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
    return f"{WORDS[end, limit.inclusive]} {number(limit.value)} {plain(reading.unit)}".strip()


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


_PLAIN = {"{score}": "", "mL/min/{1.73_m2}": "mL/min/1.73m2", "a": "years"}


def _distance(bounds: list[Bound], reading: Reading) -> str | None:
    value = reading.range.low if reading.range.low is not None else reading.range.high
    limits = [Fraction(limit.value) for bound in bounds if (limit := limit_of(bound, reading)) is not None]
    if value is None or not limits:
        return None
    exact = Fraction(value)
    nearest = min(limits, key=lambda limit: abs(limit - exact))
    difference = exact - nearest
    if not difference:
        return "at the limit"
    side = "above" if difference > 0 else "below"
    return " ".join(f"{number(abs(difference))} {plain(reading.unit)} {side} {number(nearest)}".split())


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
    """A condition as a sentence, generated from the criteria: it cannot drift from them."""
    match condition:
        case Name(name=name):
            return pack.findings[name].title.lower() if name in pack.findings else name
        case Not(part=part):
            return f"not ({sentence(part, pack)})"
        case AllOf(parts=parts):
            return " and ".join(_bracketed(part, pack) for part in parts)
        case AnyOf(parts=parts):
            return " or ".join(_bracketed(part, pack) for part in parts)
    assert_never(condition)


def _bracketed(condition: Condition, pack: RulePack) -> str:
    text = sentence(condition, pack)
    return f"({text})" if isinstance(condition, AllOf | AnyOf) else text


def step_text(step: Step) -> str:
    """A criterion in a line: what was found and how it compares, or what the criterion says and why it is unknown."""
    ago = f" ({_ago(step.days)})" if step.days is not None and step.dated else ""
    because = f" — {step.because}" if step.because else ""
    if step.limit is None:
        says = step.says if step.verdict != "not met" else f"not: {step.says}"
        return says + (f": {step.found}{ago}" if step.found else "") + because
    how = {"met": "", "not met": "not ", "unknown": "it cannot be told whether "}[step.verdict]
    whose = f", {step.limit_from}" if step.limit_from else ""
    distance = f" ({step.distance})" if step.distance else ""
    return f"{step.subject} {step.found}{ago}: {how}{step.limit}{whose}{distance}{because}"


def _ago(days: int) -> str:
    return "today" if days == 0 else "1 day ago" if days == 1 else f"{days} days ago"
