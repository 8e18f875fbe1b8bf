"""The detail of a card: what a clinician needs to judge it independently, in Markdown (FDA criterion 4; `model/basis.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mgcds.model.assessment import Suggestion
from mgcds.model.basis import Input, NotUsable
from mgcds.model.facts import Gap
from mgcds.model.pack import Evidence, RulePack
from mgcds.service.markdown import bullets, escaped

WHOLE = 4000  # a text of the pack is never cut: its loader allows no longer one


def detail_of(suggestion: Suggestion, pack: RulePack, not_given: Iterable[str] = ()) -> str:
    """What was found and what is not known, for and against, what else could be done, and what could change it. `not_given`: prefetch keys
    that the record system left out.
    """
    basis = suggestion.basis
    let_pass = [escaped(pack.rules[rule].title) for rule in suggestion.let_pass]
    lines = [
        escaped(suggestion.text, WHOLE), "",
        *bullets("Found", [_found(each) for each in basis.used]),
        *bullets("Not known", [
            not_usable(each.title, each, each.problems) for each in basis.not_usable if each.read_by == "the rule"
        ]),
        *not_given_by_the_record_system(not_given),
        *bullets("Not assessed, and let pass", let_pass),
        *bullets("Evidence for", _citations(suggestion.evidence_for)),
        *bullets("Evidence against", _citations(suggestion.evidence_against) or ["None on file."]),
        *bullets("How sure", [
            f"Certainty: {escaped(basis.certainty)}",
            f"Strength: {escaped(basis.strength)}",
        ]),
        *bullets("Options", [escaped(each.text, WHOLE) for each in basis.options]),
        *bullets("Harms and limits", [escaped(each.text, WHOLE) for each in (*basis.harms, *basis.limits)]),
        *bullets("What could change it", [escaped(each, WHOLE) for each in basis.could_change]),
        f"Rule {escaped(basis.rule)} {escaped(basis.version)}, review: {basis.review_status}. {escaped(basis.not_for.text, WHOLE)}",
    ]  # fmt: skip
    return "\n".join(lines)


def _found(each: Input) -> str:
    """From the record: escaped, whatever it is."""
    when = f", {escaped(each.dated)}" if each.dated else ""
    source = f" ({escaped(each.source)})" if each.source else ""
    limits = f"; {escaped('; '.join(each.limits))}" if each.limits else ""
    return f"{escaped(each.title)}: {escaped(each.value, WHOLE)}{when}{source}{limits}{_problems(each.problems)}"


def not_usable(title: str, why: NotUsable | Gap, problems: Sequence[str]) -> str:
    """Why an item or list does not count, with the values that were reported."""
    return f"{escaped(title)}: {escaped(why.reason)} ({escaped(why.detail)}){_problems(problems)}"


def _problems(problems: Sequence[str]) -> str:
    return f"; {escaped('; '.join(problems), WHOLE)}" if problems else ""


def not_given_by_the_record_system(keys: Iterable[str]) -> list[str]:
    """So that nobody takes for looked at what could not be."""
    return bullets("Not given by the record system", [escaped(key) for key in keys])


def _citations(evidence: Iterable[Evidence]) -> list[str]:
    return [escaped(entry.citation, WHOLE) for entry in evidence]
