"""Value sets of diagnoses and symptoms do not take phrases from one another.

A matched phrase is used up: "active ulcerative colitis" in one set hides "ulcerative colitis" in another, and a stop goes unnoticed.
Medicines are left out: there it is meant ("esomeprazole magnesium").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mgcds.loading import load_pack
from mgcds.model.criterion import Has
from mgcds.model.terminology import Entry, ValueSet, Vocabulary, words


def hidden(value_sets: Iterable[ValueSet], asked_for: set[str]) -> Iterator[str]:
    """Phrases in which a set that rules ask for does not find one of its own."""
    found = list(value_sets)
    for of in ("conditions", "symptoms"):
        vocabulary = Vocabulary(of, found)
        names = {name for each in found if each.of == of for entry in each.entries for name in entry.names}
        owners = {words(name): vocabulary.match(name, ()).value_sets for name in names}
        for phrase, owned in owners.items():
            for part, wanted in owners.items():
                lost = (wanted & asked_for) - owned
                if part != phrase and lost and _within(part, phrase):
                    yield f"'{' '.join(phrase)}' hides '{' '.join(part)}' from {', '.join(sorted(lost))}"


def _within(part: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    return any(phrase[at : at + len(part)] == part for at in range(len(phrase) - len(part) + 1))


def test_no_phrase_hides_a_diagnosis_or_symptom_that_a_rule_asks_for() -> None:
    pack = load_pack()
    asked_for = {criterion.value_set for criterion in pack.criteria.values() if isinstance(criterion, Has)}
    assert list(hidden(pack.value_sets.values(), asked_for)) == []


def of_conditions(name: str, phrase: str, *includes: str) -> ValueSet:
    return ValueSet(name, name, "conditions", "1", "test", includes, (Entry((phrase,), {}),), ())


def test_a_hidden_phrase_is_noticed() -> None:
    disease, flare = of_conditions("colitis", "ulcerative colitis"), of_conditions("flare", "active ulcerative colitis")
    said = "'active ulcerative colitis' hides 'ulcerative colitis' from colitis"
    assert list(hidden([disease, flare], {"colitis", "flare"})) == [said]
    assert list(hidden([disease, flare], {"flare"})) == []
    including = of_conditions("colitis", "ulcerative colitis", "flare")
    assert list(hidden([including, flare], {"colitis", "flare"})) == []
