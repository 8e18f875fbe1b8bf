"""`Given any patient`: a scenario that speaks of every possible record. Its Givens are assumptions, its Thens are proved.

What a Given says becomes a criterion of the rule language, which must be met; so a value that is said is a current one. A Then that is
not true of everybody fails with a patient of whom it is not, as a scenario.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NoReturn

from mgcds.errors import PackError, ProofError
from mgcds.loading.criteria import criterion_of
from mgcds.model.pack import Item, ListItem, MeasuredItem, RulePack, StateItem
from mgcds.scenarios.failures import ScenarioError, ScenarioFailure
from mgcds.scenarios.naming import item_called
from mgcds.scenarios.patients import Patient

if TYPE_CHECKING:
    from mgcds.model.assessment import Assessment
    from mgcds.model.evaluation import Status
    from mgcds.verification.proofs import Claim, Statement

ANY = "any patient"


class Anyone(Patient):
    """What a scenario says of any patient. ScenarioError for what cannot be said of everybody."""

    def __init__(self, pack: RulePack, claim: Claim | None = None) -> None:
        super().__init__(pack)
        self._claim = claim or _claim(pack)
        self._proving: Proving | None = None

    # --- Given ------------------------------------------------------------------------------------------------------------

    def begin(self, baseline: str) -> None:
        """Nothing is assumed yet."""
        if baseline != ANY:
            raise ScenarioError(f"a scenario is about {ANY} or about {baseline}, not both")

    def say(self, name: str, value: str, days: int = 0, **details: Any) -> None:
        """An item has this value, and it is current."""
        item = item_called(name, self.pack)
        if days or details:
            raise ScenarioError(f"of {ANY} write only the value: 'the {name} is \"{value}\"'")
        match item:
            case StateItem():
                self._assume({"state": item.id, "is": [part.strip() for part in value.split(" or ")]})
            case MeasuredItem():
                value = _in_years(item, value)
                self._assume({"measure": item.id, "between": [value, value]})
            case ListItem():
                raise ScenarioError(f"the {name} is a list; write 'the patient takes a medicine of \"…\"'")

    def bound(self, name: str, way: str, value: str) -> None:
        """An item is current and lies to one side of a value."""
        item = item_called(name, self.pack)
        self._assume({"measure": item.id, way: _in_years(item, value)})

    def forget(self, name: str) -> None:
        """Nothing current is known of an item or list."""
        self._claim.assume(self._claim.unknown(item_called(name, self.pack).id))

    def belongs(self, kind: str, value_set: str) -> None:
        """A list shows a current member of a value set."""
        self._assume({kind: value_set})

    def set_today(self, day: str) -> None:
        """Days count back from any day."""
        self._refuse()

    def takes(self, name: str, since: int | None = None, daily_dose: str | None = None) -> None:
        """Of any patient value sets are named, not products."""
        self._refuse()

    def stopped(self, name: str, days: int) -> None:
        """As for what is taken."""
        self._refuse()

    def has(self, which: Literal["conditions", "symptoms"], name: str) -> None:
        """As for what is taken."""
        self._refuse()

    def receives(self, name: str, since: int) -> None:
        """As for what is taken."""
        self._refuse()

    def has_surgery_in(self, days: int) -> None:
        """The days to the operation."""
        self._assume({"measure": "days_to_surgery", "between": [f"{days} d", f"{days} d"]})

    def reviewed(self, name: str, days: int) -> None:
        """How a list came to be known does not matter here."""
        self._refuse()

    # --- When and Then ----------------------------------------------------------------------------------------------------

    def evaluate(self, checked: frozenset[str]) -> None:
        """Everybody the assumptions allow. ScenarioError where they allow nobody."""
        if not self._claim.is_possible:
            raise ScenarioError("no patient is like this: the Givens contradict one another, and anything would follow")
        self._proving = Proving(self._claim)

    @property
    def evaluated(self) -> Proving:  # type: ignore[override]
        """The statements that follow."""
        if self._proving is None:
            raise ScenarioError("nothing is evaluated yet; write 'When the record is evaluated' after the last Given")
        return self._proving

    def _assume(self, parts: dict[str, str | list[str]]) -> None:
        try:
            self._claim.assume(self._claim.met(criterion_of(parts, self.pack)))
        except PackError as error:
            raise ScenarioError("; ".join(problem.what for problem in error.problems)) from None
        except ProofError as error:
            raise ScenarioError(str(error)) from None

    def _refuse(self) -> NoReturn:
        raise ScenarioError(
            f"this cannot be said of {ANY}; write values and limits ('the eGFR is below \"30 mL/min/1.73m2\"'), what is not known, "
            "and value sets ('the patient takes a medicine of \"digoxin\"', 'has a diagnosis of', 'reports a symptom of')"
        )


class Proving:
    """Expectations of everybody: each is proved, or fails with a patient of whom it is not true."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim

    @property
    def assessment(self) -> Assessment:
        """Nobody in particular has one."""
        raise ScenarioError(
            f"{ANY} has no single assessment: texts and data problems belong into a scenario of one patient"
        )

    def expect_status(self, rule_id: str, expected: Status) -> None:
        """The rule's suggestion always has this status."""
        self._prove(self._claim.has_status(rule_id, expected))

    def expect_not(self, rule_id: str, status: Status) -> None:
        """The rule's suggestion never has this status."""
        self._prove(self._claim.is_never(rule_id, status))

    def expect_only(self, rule_ids: tuple[str, ...]) -> None:
        """Nothing but these is ever offered."""
        for rule in self._claim.pack.rules:
            if rule not in rule_ids:
                self._prove(self._claim.is_never(rule, "offered"))

    def expect_none_of_kind(self, kind: str) -> None:
        """No suggestion of this kind is ever offered."""
        self._prove(self._claim.none_of_kind(kind))

    def expect_met_is_offered(self, kind: str) -> None:
        """Whatever of this kind is met is offered."""
        self._prove(self._claim.never_held_back(kind))

    def expect_not_together(self, one: str, other: str) -> None:
        """Never both."""
        self._prove(self._claim.never_together(one, other))

    def _prove(self, statement: Statement) -> None:
        refuted = self._claim.refute(statement)
        if refuted is not None:
            raise ScenarioFailure(
                f"of every patient: {statement.says}", "a patient of whom it is not true\n" + refuted.scenario()
            )


def _in_years(item: Item, value: str) -> str:
    """An age is said without its unit."""
    return f"{value} years" if item.id == "age" and value.strip().isdigit() else value


def _claim(pack: RulePack) -> Claim:
    try:
        from mgcds.verification.proofs import Claim
    except ImportError:
        raise ScenarioError(f"scenarios of {ANY} are proved with Z3: pip install 'mgcds[verify]'") from None
    return Claim(pack)
