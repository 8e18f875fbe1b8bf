"""An independent check of an assessment: every verdict and status derived again from its steps. Imports the standard library only.

From the assessment alone: each criterion from the value found, its limits and how old it may be; each joined step from its parts; each
rule, against the line that joins its criteria; each status from the rules that can hold it back and the day its review lapses; that
each rule stands once, nothing unknown unnamed. `reported.py` holds the values against the record. NOT derived: that missing sets are
complete and smallest; wording and evidence; that the rules are the pack's, which `mgcds verify` compares where it has that pack.
"""

from fractions import Fraction
from math import inf
from operator import ge, gt, le, lt
from typing import Any

COMPARE = {"at least": ge, "above": gt, "at most": le, "below": lt}
SAYS = {1: "met", 0: "not met", 0.5: "unknown"}


def check(said: Any) -> list[str]:
    """What does not follow in an assessment, as `place: what`; nothing where all does."""
    wrong: list[str] = []
    try:
        Checking(said, wrong)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, IndexError) as error:
        wrong.append(f"assessment: does not hold together, or carries no proof: {error!r}")
    return list(dict.fromkeys(wrong))


def limits_of(each: Any, known: Any) -> list[tuple[str, str]]:
    """The limits of a measure in the unit of its value, as word and number; `lower` or `upper` for a number that is not known."""
    parts = [limit[known["unit"]].rsplit(" ", 1) for limit in each["limits"]]
    return [(word, known.get(number, number)) for word, number in parts]


def compared(span: Any, word: str, number: str) -> float:
    """1 where all numbers of a range lie on that side of a limit, 0 where none does; an open end lies a little inside its number."""
    if number in ("lower", "upper"):
        return 0.5
    low = Fraction(span["low"]) if "low" in span else -inf, span.get("open", 0)
    high = Fraction(span["high"]) if "high" in span else inf, -span.get("open", 0)
    first, last = (COMPARE[word](end, (Fraction(number), 0)) for end in (low, high))
    return first if first == last else 0.5


class Checking:
    """Complains into `wrong`. Truths are 1, 0 and 0.5 for unknown, so that Kleene's `and` is the least and his `or` the greatest."""

    def __init__(self, said: Any, wrong: list[str]) -> None:
        proof, self.unknown, self.on, self.wrong = said["proof"], said["unknown"], said["on"], wrong
        self.rules, self.criteria, self.found, self.members = map(proof.get, ("rules", "criteria", "found", "members"))
        self.same("suggestions", "rules", sorted(each["rule"] for each in said["suggestions"]), sorted(self.rules))
        for name in {**dict.fromkeys(each["about"] for each in self.criteria.values()), **self.found}:
            known, gap = self.found.get(name), self.unknown.get(name)
            old = known and known.get("days", 0) > known.get("current_for", inf)
            self.same(name, "as unknown", gap["reason"] if known and gap else bool(gap), "stale" if old else not known)
        self.doubts: dict[str, dict[str, bool]] = {rule: {} for rule in self.rules}
        self.steps = {each["rule"]: self.step(each["steps"], each["rule"]) for each in said["suggestions"]}
        for each in said["suggestions"]:
            self.same(each["rule"], "line of steps", self.steps[each["rule"]][1], self.rules[each["rule"]]["when"])
            self.status(each["rule"], each)

    def same(self, place: str, what: str, written: Any, derived: Any) -> None:
        if (written or None) != (derived or None):
            self.wrong.append(f"{place}: {what}: written {written!r}, derived {derived!r}")

    def step(self, step: Any, rule: str) -> tuple[float, str]:
        """The truth of a step, and the line it stands for."""
        says, how, place = step["says"], step["joined"], f"{rule}: {step['says']}"
        if how == "criterion":
            about, truth, line = self.criteria[says]["about"], self.criterion(self.criteria[says]), f"[{says}]"
            self.doubts[rule][about] = truth == 0.5 or self.doubts[rule].get(about, False)
            self.same(place, "about", step["about"], about)
        else:
            parts = [self.step(part, rule) for part in step["parts"]]
            truths, lines = [truth for truth, _ in parts], [line for _, line in parts]
            truth = {"not": 1 - truths[0], "finding": truths[0], "all of": min(truths), "any of": max(truths)}[how]
            between = {"all of": " and ", "any of": " or "}.get(how)
            line = f"({between.join(lines)})" if between else f"{'not' if how == 'not' else says + ' ='} {lines[0]}"
        self.same(place, "verdict", step["verdict"], SAYS[truth])
        return truth, line

    def criterion(self, each: Any) -> float:
        """The truth of a criterion, from what was found."""
        kind, known = each["kind"], self.found.get(each["about"])
        old = known and each.get("within") is not None and known.get("days", 0) > each["within"]
        if kind == "member":
            listed = self.members[each["value_set"]]
            days = [(listed[span], limit) for span in ("running", "unchanged") for limit in each.get(span, [])]
            truths = [compared(span, *limit.rsplit(" ", 1)) for span, limit in days]
            return min([1, *truths]) if listed["present"] else 0.5 if listed["present"] is None else 0
        if kind == "knowledge":
            reason, problem = self.unknown.get(each["about"], {}).get("reason"), each["problem"]
            asked = {"unknown": True, "rejected": self.rejected(each["about"])}.get(problem, reason == problem)
            return bool(old and problem in ("unknown", "stale")) if known else asked
        if kind == "documented":
            since = self.found.get(each["since"], {}).get("days", inf)
            return bool(known and not old and known["found"] in each["is"] and known["days"] <= since)
        if not known or old:
            return 0.5
        if kind == "state":
            return known["found"] in each["is"]
        return min(compared(known, *limit) for limit in limits_of(each, known))

    def rejected(self, about: str) -> bool:
        return about not in self.found and self.unknown[about]["reason"] not in ("missing", "stale")  # but unusable

    def status(self, rule: str, each: Any) -> None:
        """The status of a suggestion from the verdicts of its holders, and what is said of them."""
        holders, truth = self.rules[rule]["held_back_by"], self.steps[rule][0]
        met, unknown = ([by for by in holders if self.steps[by][0] == of] for of in (1, 0.5))
        unclear = [by for by in unknown if not holders[by] or any(map(self.rejected, self.doubts[by]))]
        late = (self.rules[rule]["lapses"] or self.on) < self.on
        status = "suppressed" if met else "withheld" if unclear or late or truth != 1 else "offered"
        status = status if truth else "not indicated"
        self.same(rule, "status", each["status"], status)
        self.same(rule, "held back by", each["held_back_by"], {"suppressed": met, "withheld": unclear}.get(status))
        self.same(rule, "let pass", each["let_pass"], unknown if status == "offered" else [])
        doubts = {of for by in (rule, *unknown) for of, doubt in self.doubts[by].items() if doubt or self.rejected(of)}
        named = {name for names in each["missing"] for name in names}
        self.same(rule, "missing data", sorted(named - doubts if status == "withheld" and not late else named), [])
        self.same(rule, "late review", late, late and "lapsed_since" in each["review"])
