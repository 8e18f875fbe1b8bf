"""Everything said about one record: suggestions of all four statuses, data problems, the values used, and the pack that said it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import Any, Literal, get_args

from mgcds.errors import UnknownRule
from mgcds.model.basis import Basis, basis_of
from mgcds.model.drafts import DraftOrder, SupplementDraft
from mgcds.model.evaluation import Status, Verdicts, is_cleared, test
from mgcds.model.explanation import Explanation, Step, deciding, leaves
from mgcds.model.facts import DataProblem, Facts, Gap, Reading, StateReading
from mgcds.model.missing import pattern_of, sets_once
from mgcds.model.pack import Evidence, Item, RulePack
from mgcds.model.proof import proof_of
from mgcds.model.rule import Rule

Shown = Literal["interruptive", "passive", "folded"]


@dataclass(frozen=True)
class Suggestion:
    """What one rule says of this record, and why."""

    rule: Rule
    status: Status
    _of: Explanation

    def __repr__(self) -> str:
        """Without the pack, which would fill the screen."""
        return f"<Suggestion {self.id}: {self.status}>"

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.rule.id

    @property
    def pack(self) -> RulePack:
        """The pack that says so."""
        return self._of.pack

    @property
    def kind(self) -> str:
        """urgent, stop, defer, interaction, workup, consider, dose, monitor or inform."""
        return self.rule.suggest.kind

    @property
    def text(self) -> str:
        """What the clinician reads."""
        return self.rule.suggest.text

    @cached_property
    def steps(self) -> Step:
        """Why the rule is met, not met or unknown, as a tree."""
        return self._of.of(self.rule.when)

    @property
    def held_back_by(self) -> tuple[str, ...]:
        """Rules that are met and hold this one back; for a withheld one, those that cannot be decided."""
        of = self._of
        truths = of.verdicts.rules
        holders = of.pack.holders[self.id]
        if self.status == "suppressed":
            return tuple(holder.by for holder in holders if truths[holder.by] is True)
        if self.status == "withheld":
            return tuple(holder.by for holder in holders if not is_cleared(holder, truths, of.pack, of.facts))
        return ()

    @property
    def let_pass(self) -> tuple[str, ...]:
        """Rules that are unknown and let this one pass (`when_unknown: let pass`): shown, never silent."""
        if self.status != "offered":
            return ()
        truths = self._of.verdicts.rules
        return tuple(holder.by for holder in self._of.pack.holders[self.id] if truths[holder.by] is None)

    @property
    def missing(self) -> tuple[tuple[str, ...], ...]:
        """For a withheld suggestion: the smallest sets of items or lists that could let it be offered. Not for want of a review."""
        return _missing(self.id, self._of) if self.status == "withheld" and not self.lapsed else ()

    @property
    def lapsed(self) -> bool:
        """Its review has lapsed, and its kind is not one that stays: on this day no data would let it be offered."""
        lapses = self.rule.review.lapses
        return lapses is not None and self._of.facts.on > lapses

    @property
    def review_warning(self) -> str:
        """`review overdue since 2027-11-01`, or lapsed; '' where it is in time."""
        return self.rule.review.warning(self._of.facts.on)

    @property
    def evidence_for(self) -> tuple[Evidence, ...]:
        """What speaks for it."""
        return tuple(self._of.pack.evidence[entry] for entry in self.rule.suggest.evidence_for)

    @property
    def evidence_against(self) -> tuple[Evidence, ...]:
        """What speaks against it."""
        return tuple(self._of.pack.evidence[entry] for entry in self.rule.suggest.evidence_against)

    @property
    def drafts(self) -> tuple[DraftOrder, ...]:
        """What it may put into the chart as a draft: only while it is offered, and a dose only for whom it is known to be meant."""
        if self.status != "offered":
            return ()
        found = (self._of.pack.drafts[draft] for draft in self.rule.suggest.drafts)
        return tuple(draft for draft in found if not isinstance(draft, SupplementDraft) or self._is_meant_for(draft))

    def _is_meant_for(self, draft: SupplementDraft) -> bool:
        return draft.only_for is None or test(draft.only_for, self._of.facts) is True

    @cached_property
    def used(self) -> tuple[Step, ...]:
        """The values and lists the rule read and had, each item once."""
        found: dict[str, Step] = {}
        for leaf in leaves(self.steps):
            if leaf.found is not None and leaf.about is not None:
                found.setdefault(leaf.about, leaf)
        return tuple(found.values())

    @cached_property
    def basis(self) -> Basis:
        """All that is needed to judge it independently; made only when asked for."""
        return basis_of(self, self._of)

    @property
    def shown(self) -> Shown | None:
        """How an offered suggestion is shown: see `Assessment.interruptive`, `passive` and `folded`."""
        return how_shown(self._of.verdicts, self._of.pack)[self.id] if self.status == "offered" else None

    def to_dict(self, basis: bool = False) -> dict[str, Any]:
        """Plain data, ready for JSON. The basis only where asked for: it is long, and in great part the same for all."""
        rule, suggest = self.rule, self.rule.suggest
        how = self.shown
        return {
            "rule": rule.id, "version": rule.version, "status": self.status, "kind": suggest.kind, "title": rule.title, "text": suggest.text,
            "certainty": suggest.certainty, "strength": suggest.strength,
            "evidence_for": list(suggest.evidence_for), "evidence_against": list(suggest.evidence_against),
            "override_reasons": list(suggest.override_reasons),
            "held_back_by": list(self.held_back_by), "let_pass": list(self.let_pass), "missing": [list(items) for items in self.missing],
            "steps": step_to_dict(self.steps, self._of.written), "review": rule.review.to_dict(self._of.facts.on),
            **({"shown": how} if how else {}),
            **({"basis": self.basis.to_dict()} if basis else {}),
        }  # fmt: skip


def how_shown(verdicts: Verdicts, pack: RulePack) -> dict[str, Shown]:
    """How each offered suggestion is shown, in order: urgent ones first, then in the pack's order of kinds. As many interrupt and are
    passive as `basis.yaml` says (1 and 5); the rest is folded. Only urgent ones interrupt, and none is ever folded: where there
    are more, all of them are shown.
    """
    offered = [rule for rule in pack.rules.values() if verdicts.statuses[rule.id] == "offered"]
    urgent = [rule.id for rule in offered if rule.suggest.kind == "urgent"]
    ranked = urgent + [rule.id for rule in offered if rule.suggest.kind != "urgent"]
    first = min(len(urgent), pack.texts.most_interruptive)
    last = max(first + pack.texts.most_passive, len(urgent))
    return {
        rule: "interruptive" if place < first else "passive" if place < last else "folded"
        for place, rule in enumerate(ranked)
    }


def _missing(rule_id: str, of: Explanation) -> tuple[tuple[str, ...], ...]:
    """The smallest sets of data that could let a withheld suggestion be offered."""
    pattern = pattern_of(rule_id, of.verdicts.criteria, of.verdicts.rules, of.pack, of.facts)
    return sets_once(pattern, of.pack)


_OF_A_CRITERION = (
    "joined", "says", "verdict", "found", "dated", "days", "source", "limit", "limit_from", "distance", "because", "about", "subject",
)  # fmt: skip
_values_of = attrgetter(*_OF_A_CRITERION)


def step_to_dict(step: Step, written: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A step without the fields it does not have. Several rules share a criterion: `written` has those of this record so far."""
    if step.parts:
        parts = [step_to_dict(part, written) for part in step.parts]
        return {"joined": step.joined, "says": step.says, "verdict": step.verdict, "parts": parts}
    found = written.get(step.says)
    if found is None:
        fields = zip(_OF_A_CRITERION, _values_of(step), strict=True)
        found = written[step.says] = {key: value for key, value in fields if value is not None and value != ""}
    return found.copy()


@dataclass(frozen=True)
class Assessment:
    """What `evaluate` returns. Suggestions come in the pack's order of kinds."""

    on: date
    pack: RulePack
    facts: Facts
    verdicts: Verdicts

    def __repr__(self) -> str:
        """Without the pack, which would fill the screen."""
        counted = Counter(self.verdicts.statuses.values())
        statuses = ", ".join(f"{counted[status]} {status}" for status in get_args(Status))
        return f"<Assessment on {self.on} by pack {self.pack.version}: {statuses}>"

    @cached_property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """One for each active rule."""
        return tuple(self[rule] for rule in self.pack.rules)

    @property
    def problems(self) -> tuple[DataProblem, ...]:
        """What of the record was not used or needs confirming."""
        return tuple(self.facts.problems)

    def of_status(self, status: Status) -> tuple[Suggestion, ...]:
        """The suggestions of one status."""
        return tuple(suggestion for suggestion in self.suggestions if suggestion.status == status)

    @property
    def offered(self) -> tuple[Suggestion, ...]:
        """What is suggested."""
        return self.of_status("offered")

    def shown_as(self, how: Shown) -> tuple[Suggestion, ...]:
        """The offered suggestions that are shown so."""
        return tuple(self[rule] for rule, place in how_shown(self.verdicts, self.pack).items() if place == how)

    @property
    def interruptive(self) -> tuple[Suggestion, ...]:
        """What may interrupt the clinician: at most one, the first urgent one (`basis.yaml` says how many)."""
        return self.shown_as("interruptive")

    @property
    def passive(self) -> tuple[Suggestion, ...]:
        """What is shown without interrupting: at most five, but always every further urgent one."""
        return self.shown_as("passive")

    @property
    def folded(self) -> tuple[Suggestion, ...]:
        """What is offered as well, a line each: never dropped, never urgent."""
        return self.shown_as("folded")

    def __getitem__(self, rule_id: str) -> Suggestion:
        """The suggestion of a rule; UnknownRule where the pack has none of that id."""
        found = self._made.get(rule_id)
        if found is None:
            rule = self.pack.rules.get(rule_id)
            if rule is None:
                raise UnknownRule(f"no active rule has the id '{rule_id}'")
            found = self._made[rule_id] = Suggestion(rule, self.verdicts.statuses[rule_id], self._explanation)
        return found

    @cached_property
    def _made(self) -> dict[str, Suggestion]:
        return {}

    @cached_property
    def _explanation(self) -> Explanation:
        """Not of `self`: in a circle, memory would wait for the garbage collector."""
        return Explanation(self.verdicts, self.pack, self.facts)

    def why(self, rule_id: str) -> Step:
        """The whole tree of steps of a rule."""
        return self[rule_id].steps

    def why_not(self, rule_id: str) -> Step:
        """The first condition that keeps a rule from being offered, with its distance from the limit: of the rule itself,
        or of the rule that holds it back. For an offered one, the first that made it met.
        """
        suggestion = self[rule_id]
        if suggestion.steps.verdict != "met" or not suggestion.held_back_by:
            return deciding(suggestion.steps)
        return deciding(self[suggestion.held_back_by[0]].steps)

    @property
    def unknown_items(self) -> Mapping[str, Gap]:
        """Items and lists of which nothing current is known, with the reason."""
        gaps = {item: gap for item, found in self.facts.items.items() if (gap := _gap(found, self.pack.items[item]))}
        return {**gaps, **{name: gap for name, gap in self.facts.lists.items() if gap is not None}}

    def to_dict(self, basis: bool = False, proof: bool = False) -> dict[str, Any]:
        """Plain data, ready for JSON; with `basis`, each suggestion with its basis: four times as long. With `proof`, what
        `mgcds verify` needs to derive it again.
        """
        return {
            "on": self.on.isoformat(),
            "pack": {
                "version": self.pack.version,
                "digest": self.pack.digest,
                "jurisdictions": list(self.pack.jurisdictions),
            },
            "suggestions": [suggestion.to_dict(basis) for suggestion in self.suggestions],
            "problems": [
                {
                    "about": problem.about,
                    "what": problem.what,
                    "used": problem.used,
                    **({"value": problem.value} if problem.value else {}),
                    **({"source": problem.source} if problem.source else {}),
                }
                for problem in self.problems
            ],
            "unknown": {item: {"reason": gap.reason, "detail": gap.detail} for item, gap in self.unknown_items.items()},
            **({"proof": proof_of(self.pack, self.facts)} if proof else {}),
        }


def _gap(found: Reading | StateReading | Gap, item: Item) -> Gap | None:
    if isinstance(found, Gap) or item.current_for is None or found.days <= item.current_for:
        return found if isinstance(found, Gap) else None
    return Gap("stale", f"{found.days} days old, current for {item.current_for}")
