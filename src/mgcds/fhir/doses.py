"""The daily dose of a magnesium product from its dosage text, where the text leaves no doubt.

It must say elemental or name the salt's formula, it must be clear that it is taken once a day, and nothing beside the text may say
otherwise. Anything else stays unknown and is asked about: 400 mg of magnesium oxide are 241 mg of magnesium, and twice a day is twice
as much.
"""

from __future__ import annotations

import re
from decimal import Decimal

from mgcds.fhir import elements
from mgcds.fhir.elements import Node, Unreadable
from mgcds.model.dose import parse_dose
from mgcds.model.terminology import words

_NUMBER = r"(?<![\d.,'])(?<!\d\s)(\d+(?:\.\d\d?)?)"  # "1,200", "1 200" and "1.200" may be a thousand more
_ELEMENTAL = re.compile(_NUMBER + r"\s*mg\s+(?:of\s+)?elemental(?:\s+magnesium)?\b", re.IGNORECASE)
_SALT = re.compile(_NUMBER + r"\s*mg\s+salt\s+of\s+([A-Za-z0-9().·₀-₉]*[A-Za-z0-9)₀-₉])")
_ONCE_A_DAY = (
    ("daily",),
    ("once", "daily"),
    ("once", "a", "day"),
    ("every", "day"),
    ("per", "day"),
    ("a", "day"),
    ("each", "day"),
)
_CHANGES_NOTHING = re.compile(
    r"take[ns]?|taking|tab(let)?|cap(sule)?|powder|sachet|by|mouth|oral(ly)?|po|with|food|meal|water|in|the|at|as|of|total|for|mg|"
    r"magnesium|supplement"
)
_HOW_MANY = re.compile("one|1")
_TIME_OF_DAY = re.compile("morning|evening|night|bedtime|breakfast|dinner")
_ONE_PIECE = frozenset(("tablet", "{tablet}", "{tbl}", "tab", "capsule", "{capsule}", "cap", "sachet", "{sachet}"))
_ANY_MEAL = ("AC", "C", "PC")
_LONGEST = 1000
_ONCE_A_DAY_CODES = frozenset(("qd", "am", "pm", "hs"))


def daily_dose(dosages: list[Node]) -> str | None:
    """`248 mg elemental` or `500 mg salt of MgO`, a day; None where the dosage does not say so beyond doubt."""
    if len(dosages) != 1:
        return None
    dosage = dosages[0]
    text = elements.string(dosage, "text")
    if (
        text is None
        or len(text) > _LONGEST
        or dosage.get("asNeededBoolean")
        or dosage.get("asNeededCodeableConcept")
        or elements.modified(dosage)
    ):
        return None
    doses = [f"{found[1]} mg elemental" for found in _ELEMENTAL.finditer(text)]
    doses += [f"{found[1]} mg salt of {found[2]}" for found in _SALT.finditer(text)]
    rest = _SALT.sub(" ", _ELEMENTAL.sub(" ", text))
    in_words = _once_a_day_in_words(rest)
    timed = _once_a_day(elements.node(dosage, "timing"))
    if len(doses) != 1 or in_words is False or timed is False or not (in_words or timed):
        return None
    if not all(_says_the_same(each, doses[0]) for each in (dosage, *elements.nodes(dosage, "doseAndRate"))):
        return None
    try:
        parse_dose(doses[0])
    except ValueError:
        return None
    return doses[0]


def _says_the_same(given: Node, dose: str) -> bool:
    """Is an amount that stands beside the text, if there is any, one piece or the milligrams of the text?"""
    amounts = {key for key in given if key.startswith(("dose", "rate", "quantity"))} - {"doseAndRate"}
    if not amounts:
        return True
    try:
        amount = elements.quantity(elements.node(given, "doseQuantity"))
    except Unreadable:
        return False
    if amounts != {"doseQuantity"} or amount["comparator"] is not None:
        return False
    if amount["unit"] == "mg":
        return bool(amount["value"] == Decimal(dose.partition(" ")[0]))
    return amount["value"] == 1 and (amount["unit"] or "").casefold() in _ONE_PIECE


def _once_a_day_in_words(rest: str) -> bool | None:
    """False where the text has a word that may change the dose; None where it does not speak of how often."""
    left = list(words(rest))
    found = False
    for phrase in sorted(_ONCE_A_DAY, key=len, reverse=True):
        for at in range(len(left) - len(phrase), -1, -1):
            if tuple(left[at : at + len(phrase)]) == phrase:
                del left[at : at + len(phrase)]
                found = True
    for said_once in (_HOW_MANY, _TIME_OF_DAY):
        at_most_once = [word for word in left if said_once.fullmatch(word)]
        if len(at_most_once) > 1:
            return False
        left = [word for word in left if word not in at_most_once]
    if not all(_CHANGES_NOTHING.fullmatch(word) for word in left):
        return False
    return True if found else None


def _once_a_day(timing: Node) -> bool | None:
    """None where nothing is said."""
    repeat = elements.node(timing, "repeat")
    how_often = {key: given for key, given in repeat.items() if not key.startswith("bounds")}
    coded = elements.said(timing, "code")
    if coded and not (coded & _ONCE_A_DAY_CODES or any(map(_once_a_day_in_words, coded))):
        return False
    if not how_often:
        return True if coded else None
    once = {"frequency": 1, "period": 1, "periodUnit": "d"}
    extra = set(how_often) - set(once) - {"timeOfDay", "when"}
    when = how_often.get("when")
    if extra or any(each in _ANY_MEAL for each in (when if isinstance(when, list) else [when])):
        return False
    if any(isinstance(how_often.get(key), list) and len(how_often[key]) > 1 for key in ("timeOfDay", "when")):
        return False
    return all(how_often.get(key, 1 if key == "frequency" else None) == wanted for key, wanted in once.items())
