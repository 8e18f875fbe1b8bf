"""The medicines that a rule names by its value sets, as `drug-magnesium.yaml` has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mgcds.model.criterion import Taking
from mgcds.model.interaction import Interaction, hours
from mgcds.model.pack import RulePack
from mgcds.model.rule import Rule
from mgcds.model.terminology import with_included
from mgcds.review.logic import ways_of


@dataclass(frozen=True, slots=True)
class Medicine:
    """One value set with its row, `None` where the table has none. `sources`: evidence, and whether the rule cites it too."""

    title: str
    row: Interaction | None
    sources: Sequence[tuple[str, bool]] = ()

    @property
    def before(self) -> str:
        """How long before magnesium."""
        return self._side(0)

    @property
    def after(self) -> str:
        """How long after magnesium."""
        return self._side(1)

    def _side(self, side: int) -> str:
        spacing = self.row.spacing if self.row is not None else None
        if spacing == "avoid":
            return "no time offered"
        minutes = 0 if spacing is None else (spacing.before, spacing.after)[side]
        return hours(minutes) if minutes else "no interval"


def medicines_of(rule: Rule, pack: RulePack) -> list[Medicine]:
    """For a rule of kind interaction every value set of medicines that its own criteria name, those it includes too. A set that only
    gathers others has no row and is left out, as is one that the rule asks not to be taken.
    """
    table = pack.drug_magnesium
    if table is None or rule.suggest.kind != "interaction":
        return []
    asked, excluded = (_sets(rule, pack, wanted) for wanted in (True, False))
    cited = {*rule.suggest.evidence_for, *rule.suggest.evidence_against}
    found = []
    for name in sorted(asked - excluded):
        row, value_set = table.rows.get(name), pack.value_sets[name]
        if row is not None or value_set.entries:
            sources = [(entry, entry in cited) for entry in row.evidence] if row is not None else []
            found.append(Medicine(value_set.title, row, sources))
    return sorted(found, key=lambda medicine: medicine.title.lower())


def _sets(rule: Rule, pack: RulePack, wanted: bool) -> set[str]:
    """The value sets of medicines that a rule asks to be taken, or not to be taken, with those they include."""
    names = {name for way in ways_of(rule.when) for name, asked in way.items() if asked is wanted}
    taken = [pack.criteria[name] for name in names if name in pack.criteria]
    named = [each.value_set for each in taken if isinstance(each, Taking)]
    return {found for name in named for found in with_included(name, pack.value_sets)}
