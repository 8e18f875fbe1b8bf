"""Which FHIR resources an item or list of the data dictionary is read from: what has to be asked for, and no more.

Beside the readers it describes; a test reads whole Bundles and what these searches find of them, and compares. By `code` only the
code of an Observation itself is searched: a component is found where its Observation bears one of the codes (a PHQ-9 panel does).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mgcds.fhir import care, medicines, nutrition, phq9
from mgcds.fhir.lists import LIST_CODES
from mgcds.fhir.observations import measured_codes
from mgcds.fhir.pregnancies import PREGNANCY_STATUS
from mgcds.fhir.specimens import HAEMOLYSIS_INDEX
from mgcds.model.pack import MeasuredItem, RulePack


@dataclass(frozen=True, slots=True)
class Search:
    """Resources of one type about one patient; `codes`: only with one of these. `at_once`: how many one occasion may bring."""

    name: str
    kind: str
    codes: tuple[str, ...] = ()
    at_once: int = 1


PATIENT = Search("patient", "Patient")
_OF_KIND = {
    kind: Search(f"{kind[0].lower()}{kind[1:]}s", kind)
    for kind in (*medicines.KINDS, nutrition.KIND, *care.KINDS, "Condition", "QuestionnaireResponse", "Specimen")
}
_PHQ9 = Search("phq9", "Observation", tuple(sorted(phq9.CODES)), len(phq9.CODES))
_PREGNANCY = Search("pregnancy", "Observation", PREGNANCY_STATUS)
_HAEMOLYSIS = Search("haemolysisIndex", "Observation", (HAEMOLYSIS_INDEX,))


def searches_for(item_id: str, pack: RulePack) -> tuple[Search, ...]:
    """All that an item or list is read from, each once; none where nothing in FHIR is read for it."""
    return tuple(dict.fromkeys(_searches(item_id, pack)))


def _searches(item_id: str, pack: RulePack) -> Iterator[Search]:
    item = pack.items[item_id]
    if item_id in ("age", "sex"):
        yield PATIENT
    elif item_id in ("medicines", "supplemental_magnesium"):
        yield from _medicine_list()
    elif item_id == "conditions":
        yield from (_OF_KIND["Condition"], _list("conditions"))
    elif item_id == "procedures":
        yield _OF_KIND["Procedure"]
    elif item_id == "first_line_care":
        yield from (*_medicine_list(), *(_OF_KIND[kind] for kind in care.KINDS))
    elif item_id == "pregnancy":
        yield from (_PREGNANCY, _OF_KIND["Condition"])
    elif item_id == "functional_difficulty":
        yield from (_PHQ9, _OF_KIND["QuestionnaireResponse"])
    elif isinstance(item, MeasuredItem) and item.change is not None:
        yield from (*_searches(item.change.of, pack), *_medicine_list())
    elif isinstance(item, MeasuredItem):
        yield from _results(item, pack)


def _medicine_list() -> tuple[Search, ...]:
    return (*(_OF_KIND[kind] for kind in medicines.KINDS), _OF_KIND[nutrition.KIND], _list("medicines"))


def _list(which: str) -> Search:
    codes = tuple(code for code, named in LIST_CODES.items() if named == which)
    return Search(f"{which}List", "List", codes)


def _results(item: MeasuredItem, pack: RulePack) -> Iterator[Search]:
    """Observations, questionnaires that may ask for the same, and what tells whether the sample was spoilt."""
    codes = tuple(code for code, measured in measured_codes(pack).items() if measured.id == item.id)
    if not codes:
        return
    first, *others = item.id.split("_")
    own = Search(first + "".join(word.capitalize() for word in others), "Observation", codes)
    yield own if phq9.CODES.isdisjoint(codes) else _PHQ9
    yield _OF_KIND["QuestionnaireResponse"]
    if item.not_from:
        yield _OF_KIND["Specimen"]
    if "haemolysed" in item.not_from:
        yield _HAEMOLYSIS
