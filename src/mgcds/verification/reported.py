"""Does what an assessment found stand in the record? Both as plain data; imports the standard library only, as `checker.py` does.

Of each value that the rules read: that its steps show it, with its limit; how old it is; that a result of that number, unit, date and
source, or a state, stands in the record, and no newer one; age, days to surgery, totals of PHQ-9 forms, changes since a start; that a
list that counts as complete was reviewed in time, that its names stand in it and its days are dates of it; that what is missing is not
there. NOT derived: conversions between units, to which value set a name belongs, why a result could not be used, the sum of
supplemental magnesium, the distance from a limit.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

PLAIN = {"{score}": "", "mL/min/{1.73_m2}": "mL/min/1.73m2", "a": "years", "d": "days"}
QUANTITY = re.compile(r"\s*(<=|>=|<|>|≤|≥)?\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.DOTALL)
UNREADABLE = (TypeError, ValueError, AttributeError, ArithmeticError, LookupError, StopIteration)


WORDS = {"at least": "lower", "above": "lower", "at most": "upper", "below": "upper"}
VOID = ("cancelled", "entered-in-error")
LISTS = {"medicines": ["medicines", "antidepressants", "supplements"]}
LISTS |= {name: [name] for name in ("procedures", "conditions", "symptoms")}


def check(said: Any, record: Any) -> list[str]:
    """What an assessment found that does not stand in the record, as `place: what`; nothing where all does."""
    wrong: list[str] = []
    try:
        Reported(said, record, wrong)
    except UNREADABLE as error:
        wrong.append(f"record: cannot be held against the assessment: {error!r}")
    return list(dict.fromkeys(wrong))


def moment_of(text: Any) -> datetime | None:
    """A moment that is given with its time zone, in UTC."""
    moment = datetime.fromisoformat(text.strip()) if "T" in str(text) else None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None


def span_of(text: Any) -> tuple[date, date]:
    """The first and the last day that a date may mean: `2024` and `2024-05` are partial."""
    text = str(text).strip()
    if re.fullmatch(r"\d{4}(-\d\d)?", text):
        first = date.fromisoformat(f"{text}-01-01"[:10])
        return first, (first + timedelta(31 if "-" in text else 366)).replace(day=1) - timedelta(1)
    return (datetime.fromisoformat(text).date(),) * 2


def several(given: Any) -> list[Any]:
    """One entry may stand for a list of one."""
    return list(given) if isinstance(given, list | tuple) else [] if given is None else [given]


def result(given: Any) -> dict[str, Any]:
    """A result with its number, unit and comparator apart, the ends of what it may be, and as it is shown."""
    each = {**given} if isinstance(given, dict) else {"value": given}
    parts = QUANTITY.fullmatch(str(each.get("value")))
    if parts is None:
        return each
    comparator = {"≤": "<=", "≥": ">="}.get(parts[1], parts[1]) or each.get("comparator") or ""
    unit, up_to = parts[3] or each.get("unit"), each.get("up_to")
    shown = f"{comparator}{Decimal(parts[2])}{'' if up_to is None else f' to {up_to}'}"
    low, high = Fraction(parts[2]), Fraction(parts[2] if up_to is None else str(up_to))
    ends = {"low": low, "high": high, **({"open": True} if comparator in ("<", ">") else {})}
    ends.pop("low" if "<" in comparator else "high" if ">" in comparator else "", None)
    return {**each, "unit": unit, "ends": ends, "shown": shown if unit in (None, "{score}") else f"{shown} {unit}"}


def of_forms(record: Any, name: str) -> Iterator[dict[str, Any]]:
    """What the PHQ-9 forms of a record say of an item."""
    forms = several(record.get("phq9_forms"))
    for given in forms if any(isinstance(each, dict | list | tuple) for each in forms) else [forms]:
        form = given if isinstance(given, dict) else {"answers": given}
        try:
            answers = [answer if answer is None else int(Fraction(str(answer))) for answer in form["answers"]]
            total = sum(answer for answer in answers if answer is not None)
            up_to = total + 3 * answers.count(None) if None in answers and name == "phq9" else None
            value = {"phq9": total, "phq9_item9": answers[8], "functional_difficulty": form.get("difficulty")}[name]
        except UNREADABLE:
            continue
        yield {**form, "value": value, "up_to": up_to}


def ends_of(known: Any) -> dict[str, Any]:
    """The range of a value that was found."""
    return {
        end: known[end] if end == "open" else Fraction(known[end]) for end in ("low", "high", "open") if end in known
    }


def letters(unit: str | None) -> str:
    """A unit without what is spelt in several ways."""
    return re.sub(r"\W|_", "", unit or "score").lower()


class Reported:
    """Complains into `wrong`."""

    def __init__(self, said: Any, record: Any, wrong: list[str]) -> None:
        self.record, self.wrong, self.on, self.problems = (
            record,
            wrong,
            date.fromisoformat(said["on"]),
            said["problems"],
        )
        self.found, self.members, self.unknown = said["proof"]["found"], said["proof"]["members"], said["unknown"]
        self.criteria, self.recorded = said["proof"]["criteria"], None
        with suppress(*UNREADABLE):
            span_of(record["recorded"])
            self.recorded = record["recorded"]
        for each in said["suggestions"]:
            self.at(each["rule"], self.steps, each["steps"], each["rule"])
        for name, known in self.found.items():
            self.at(name, self.value, name, known)
        for name, listed in self.members.items():
            self.at(name, self.listed, name, listed)
        for name, gap in self.unknown.items():
            if name not in self.found:
                self.at(name, self.gap, name, gap)

    def at(self, place: str, derive: Any, *of: Any) -> None:
        """One thing that cannot be read must not hide the others."""
        try:
            derive(*of)
        except UNREADABLE as error:
            self.wrong.append(f"{place}: lacks what is needed to check it: {error!r}")

    def same(self, place: str, what: str, written: Any, derived: Any) -> None:
        if (written or None) != (derived or None):
            self.wrong.append(f"{place}: {what}: written {written!r}, derived {derived!r}")

    def days(self, text: Any) -> int:
        """The most days from a date to the day of evaluation; 0 of a later moment that may be of that day in another time zone."""
        first, moment = span_of(text)[0], moment_of(text)
        may_be_of_today = moment is not None and (moment - timedelta(hours=12)).date() <= self.on < first
        return 0 if may_be_of_today else (self.on - first).days

    def days_of_a_value(self, name: str, known: Any) -> set[int]:
        """How old it may be: of a month or a year also as old as another result, before which it need not be."""
        first, last = span_of(known["dated"])
        others = {
            self.days(dated) for each in self.live(name) if first <= span_of(dated := self.dated(each))[0] <= last
        }
        return {self.days(known["dated"]), *(others if first < last else ())}

    def is_newer(self, dated: Any, known: Any) -> bool:
        one, other = moment_of(dated), moment_of(known["dated"])
        return one > other if one and other else self.days(dated) < known["days"]

    # --- what the steps show

    def steps(self, step: Any, rule: str) -> None:
        """Each criterion shows what was found, and the limit in the same unit."""
        for part in step.get("parts", ()):
            self.steps(part, rule)
        if step["joined"] == "criterion":
            for field, value in self.shown(self.criteria[step["says"]]).items():
                self.same(f"{rule}: {step['says']}", field, step.get(field), value)

    def shown(self, each: Any) -> dict[str, Any]:
        kind, gap = each["kind"], self.unknown.get(each["about"])
        known = self.members[each["value_set"]] if kind == "member" else self.found.get(each["about"])
        if kind == "knowledge":
            return {"found": None if known else gap["detail"]}
        if not known:
            return {"because": f"{gap['reason']}: {gap['detail']}"}
        limits = [self.limit(by_unit[known["unit"]], known) for by_unit in each.get("limits", ())]
        return {**{of: known.get(of) for of in ("found", "dated", "days", "source")}, "limit": " and ".join(limits)}

    def limit(self, limit: str, known: Any) -> str:
        """As it is shown: `at most 1.2 mg/dL`."""
        word, number = limit.rsplit(" ", 1)
        if number in ("lower", "upper") and number not in known:
            return f"the {WORDS[word]} limit, which is not known"
        exact = Fraction(known.get(number, number))
        decimal = f"{Decimal(exact.numerator) / exact.denominator:.4f}".rstrip("0").rstrip(".")
        return f"{word} {decimal} {PLAIN.get(known['unit'], known['unit'])}".strip()

    # --- what was found

    def value(self, name: str, known: Any) -> None:
        """One value that the rules read."""
        if "complete" in known:
            reviewed = self.days(self.record.get(f"{name}_reconciled") or self.recorded)
            in_time = self.record.get(name) is not None and 0 <= reviewed <= known.get("current_for", reviewed)
            self.same(name, "complete", known["complete"], in_time)
        elif "gives" in known or name in ("age", "days_to_surgery", "supplemental_magnesium"):
            derive = getattr(self, name, self.change)
            self.same(name, "value", ends_of(known), derive(known))
        else:
            may_be = self.days_of_a_value(name, known) if known["dated"] and "unit" in known else set()
            derived = self.days(known["dated"]) if known["dated"] else 0
            self.same(name, "days", known["days"], known["days"] if known["days"] in may_be else derived)
            if "unit" in known:
                self.stands(name, known)
                newer = [each["value"] for each in self.live(name) if self.is_newer(self.dated(each), known)]
                self.same(name, "newer results in the record", newer, [])
            else:
                states = [*several(self.record.get(name)), *of_forms(self.record, name)]
                self.fitting(
                    name, known, [each if isinstance(each, dict) else {"value": each} for each in states], "value"
                )

    def stands(self, name: str, known: Any) -> None:
        """A result of that number, unit, date, source and laboratory's limits stands in the record."""
        results = [result(each) for each in [*several(self.record.get(name)), *of_forms(self.record, name)]]
        shown = known["found"].split(" (")[0]  # behind it, how it was estimated
        fits = self.fitting(name, {**known, "found": shown}, results, "shown")
        if fits and not any(self.is_that(each, known) for each in fits):
            self.wrong.append(f"{name}: range or laboratory's limits are not those of '{shown}' in the record")

    def is_that(self, each: Any, known: Any) -> bool:
        """The same numbers; but of what was reported in another unit only that they are others."""
        if letters(each["unit"]) != letters(known["unit"]) and known["unit"] != "{score}":
            return True
        for which in ("lower", "upper"):
            if known.get(f"{which}_from") == "the laboratory's own limit":
                limit = result(each[f"{which}_limit"])
                if letters(limit["unit"]) == letters(known["unit"]) and limit["ends"]["low"] != Fraction(known[which]):
                    return False
        return bool(each["ends"] == ends_of(known))

    def fitting(self, name: str, known: Any, given: list[Any], shows: str) -> list[Any]:
        """What of the record shows that, on that date and from that source; complains where nothing does."""
        wanted = known["found"], known["dated"], known["source"]
        fits = [each for each in given if (each.get(shows), self.dated(each), each.get("source") or None) == wanted]
        if not fits:
            self.wrong.append(f"{name}: no '{wanted[0]}' of {wanted[1]} from {wanted[2]} stands in the record")
        return fits

    def dated(self, each: Any) -> Any:
        """The date of a result as text, or the day the record was taken."""
        text = each.get("date") or self.recorded
        return None if text is None else str(text)

    def live(self, name: str) -> list[Any]:
        """The results of a field that are not void, with a date that can be read and is not to come."""
        kept = []
        for each in map(result, several(self.record.get(name))):
            try:
                if each.get("status") not in VOID and self.days(self.dated(each)) >= 0:
                    kept.append(each)
            except UNREADABLE:
                continue
        return kept

    # --- what follows from other fields

    def age(self, known: Any) -> dict[str, Any]:
        """Whole years, from the day of birth or as they were stated."""
        if self.record.get("birth_date") is not None:
            first, last = span_of(self.record["birth_date"])
            return {"low": max(self.years(last), 0), "high": self.years(first)}
        stated = Fraction(str(self.record["age"]))
        passed = self.years(span_of(self.recorded)[0]) if self.recorded else 0
        if passed <= 0:
            return {"low": stated + passed, "high": stated}
        return {"low": stated + passed, "high": stated + passed + 1}

    def years(self, since: date) -> int:
        return self.on.year - since.year - ((self.on.month, self.on.day) < (since.month, since.day))

    def days_to_surgery(self, known: Any) -> dict[str, Any]:
        """From the day planned."""
        first, last = span_of(self.record["planned_surgery"])
        return {"low": max((first - self.on).days, 0), "high": (last - self.on).days}

    def supplemental_magnesium(self, known: Any) -> dict[str, Any]:
        """Its sum is not derived: only that the number is the one that is shown."""
        shown = f"{'' if 'high' in known else 'at least '}{float(Fraction(known['low'])):g} mg elemental a day"
        self.same("supplemental_magnesium", "found", known["found"], shown)
        return {"low": Fraction(known["low"]), **({"high": Fraction(known["low"])} if "high" in known else {})}

    def change(self, known: Any) -> dict[str, Any]:
        """What came of a score since a medicine was begun."""
        of, begun = known["of"], int(self.members[known["since"]]["running"]["low"])
        if known["gives"] == "value before":
            self.same(of, "days", known["days"], self.days(known["dated"]))
            self.same(of, "before the start", known["days"] >= begun, True)
            self.stands(of, known)
            return ends_of(known)
        newest = self.found[of]
        self.same(of, "date of the newest", (known["dated"], known["days"]), (newest["dated"], newest["days"]))
        if known["gives"] == "day of the newest":
            first, last = span_of(newest["dated"])
            return {
                "low": begun - min((self.on - first).days, newest["days"]),
                "high": begun - max((self.on - last).days, 0),
            }
        shown, dated, now = re.fullmatch(r"from (.*) \((.*)\) to (.*)", known["found"]).groups()  # type: ignore[union-attr]
        self.same(of, "newest", now, newest["found"])
        results = [result(each) for each in [*several(self.record.get(of)), *of_forms(self.record, of)]]
        before = next(each["ends"] for each in results if (each.get("shown"), self.dated(each)) == (shown, dated))
        self.same(of, "before the start", self.days(dated) >= begun, True)
        low, high, after = before["low"], before["high"], ends_of(newest)
        if known["unit"] == "%":
            return {"low": 100 - 100 * after["high"] / low, "high": 100 - 100 * after["low"] / high}
        return {"low": low - after["high"], "high": high - after["low"]}

    # --- lists, and what is not known

    def listed(self, name: str, listed: Any) -> None:
        """Names that stand in the list, days that are dates of it; none only of a complete list."""
        fields = LISTS[listed["of"]]
        entries = [each for field in fields for each in several(self.record.get(field))]
        entries = [each if isinstance(each, dict) else {"name": each} for each in entries]
        self.same(name, "not in the list", [each for each in listed["names"] if each not in map(called, entries)], [])
        self.same(name, "found", listed["found"], ", ".join(listed["names"]))
        self.same(name, "present", listed["present"] is True, bool(listed["names"]))
        self.same(
            name, "absent from an open list", listed["present"] is False and listed["of"] not in self.found, False
        )
        days = {0}
        for text in (each.get(field) for each in entries for field in ("start", "stop") if each.get(field)):
            with suppress(*UNREADABLE):
                days |= {max((self.on - day).days, 0) for day in span_of(text)}
        ends = {
            int(listed[span][end])
            for span in ("running", "unchanged")
            for end in ("low", "high")
            if end in listed[span]
        }
        self.same(name, "days that are no date of the list", sorted(ends - days), [])

    def gap(self, name: str, gap: Any) -> None:
        """What is missing does not stand in the record; what was refused is named among the problems."""
        given = self.record.get(name)
        if gap["reason"] == "missing" and given is not None:
            is_list, says_nothing = name in LISTS, gap["detail"].startswith("recorded as")
            self.same(
                name, "missing, in the record", [] if says_nothing else [given] if is_list else self.live(name), []
            )
        if gap["reason"] in ("rejected", "undated", "not recognised") and given is not None and name != "age":
            named = {problem["about"].partition("[")[0].removesuffix("_reconciled") for problem in self.problems}
            self.same(name, "named among the problems", not named.isdisjoint(LISTS.get(name, (name,))), True)


def called(each: Any) -> str:
    """An entry of a list by its name, or by its codes."""
    return each.get("name") or ", ".join(f"{code['system']} {code['code']}" for code in each.get("codes", ()))
