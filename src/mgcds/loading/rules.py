"""Findings, rules and precedence as written in YAML → the model."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from typing import cast, get_args

from mgcds.loading.criteria import CriteriaReader
from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.source import Mapping
from mgcds.model.condition import Condition, ConditionError, names_of, parse_condition, rename
from mgcds.model.criterion import Criterion
from mgcds.model.review import Review
from mgcds.model.rule import Certainty, Finding, Kind, Rule, RuleStatus, Strength, Suggest

KINDS: tuple[str, ...] = get_args(Kind)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RULE_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_NEVER_NAMES = (*keyword.kwlist, "true", "false", "none")  # `when` is read with Python's own grammar


@dataclass(slots=True)
class Draft:
    """A finding or rule as read: its condition still speaks in the names of its file."""

    source: Mapping
    when: Condition | None
    when_text: str
    criteria: dict[str, Criterion]
    findings: list[str] = field(default_factory=list)


def read_conditions(
    source: Mapping, what: str, reader: Reader, criteria: CriteriaReader, finding_ids: set[str]
) -> Draft:
    """`criteria` and `when` of a finding or rule."""
    found: dict[str, Criterion] = {}
    named = reader.mapping(source, "criteria", what)
    for name, node in named.items.items() if named else ():
        assert named is not None
        place = (named.file, named.line_of(name))
        if name in _NEVER_NAMES:
            reader.problem(place, f"criterion '{name}' has a name that 'when' cannot hold; choose another")
        elif not _NAME.fullmatch(name):
            reader.problem(
                place, f"criterion '{name[:60]}' needs a name of small letters, digits and '_', starting with a letter"
            )
        elif name in finding_ids:
            reader.problem(place, f"criterion '{name}' has the name of a finding; choose another")
        criterion = criteria.read(name, node)
        if criterion is not None:
            found[name] = criterion
    written = set(named.items) if named else set()
    text = reader.text(source, "when", what)
    draft = Draft(source, None, text, found)
    if text:
        _read_when(draft, text, written, what, reader, finding_ids)
    return draft


def _read_when(draft: Draft, text: str, written: set[str], what: str, reader: Reader, finding_ids: set[str]) -> None:
    place = (draft.source.file, draft.source.line_of("when"))
    if "#" in text:  # in a folded text it is no comment of YAML's, and Python would drop all that follows it
        reader.problem(place, "'when' holds a '#'; put comments on lines of their own above 'when:'")
        return
    try:
        draft.when = parse_condition(text)
    except ConditionError as error:
        reader.problem(place, f"{error}")
        return
    names = list(dict.fromkeys(names_of(draft.when)))
    for name in names:
        if name not in written and name not in finding_ids:
            reader.problem(
                place,
                f"'when' of {what} names '{name}', which is neither a criterion here nor a finding; {did_you_mean(name, [*written, *finding_ids])}",
            )
            draft.when = None
        elif name in written and name not in draft.criteria:
            draft.when = None  # its criterion has a problem of its own
    for name in written - set(names):
        reader.problem(place, f"criterion '{name}' is not used in 'when'; use it or take it out")
    draft.findings = [name for name in names if name in finding_ids and name not in written]


def resolve(draft: Draft, keys: dict[str, Criterion], reader: Reader) -> tuple[dict[str, str], Condition] | None:
    """Criteria by their sentence, shared by all rules that say the same."""
    if draft.when is None:
        return None
    names = {name: criterion.sentence for name, criterion in draft.criteria.items()}
    for criterion in draft.criteria.values():
        if keys.setdefault(criterion.sentence, criterion) != criterion:
            reader.problem(draft.source, f"two different criteria read the same: '{criterion.sentence}'")
    return names, rename(draft.when, {**names, **{finding: finding for finding in draft.findings}})


def finding_of(draft: Draft, names: dict[str, str], when: Condition, reader: Reader) -> Finding:
    """The finding of a draft that has been resolved."""
    return Finding(
        reader.text(draft.source, "id", "the finding"),
        reader.text(draft.source, "title", "the finding"),
        names,
        when,
        draft.when_text,
    )


def rule_of(
    draft: Draft, names: dict[str, str], when: Condition, topic: str, reader: Reader, known: Known
) -> Rule | None:
    """The rule of a draft that has been resolved."""
    source = draft.source
    rule_id = reader.text(source, "id", "the rule")
    what = f"rule '{rule_id}'"
    version = reader.text(source, "version", what)
    if not _VERSION.fullmatch(version):
        reader.problem(
            (source.file, source.line_of("version")),
            f"'version' of {what} is '{version[:20]}'; write three numbers such as 1.0.0",
        )
    suggest = _read_suggest(source, what, reader, known)
    review = _read_review(source, what, reader)
    if suggest is None or review is None:
        return None
    status = cast(RuleStatus, reader.choice(source, "status", what, get_args(RuleStatus)))
    return Rule(
        rule_id, version, status, topic, reader.text(source, "title", what, longest=140), names, when, draft.when_text, suggest, review,
        reader.text(source, "note", what),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may refer to."""

    evidence: frozenset[str]
    override_reasons: frozenset[str]
    drafts: frozenset[str]


def _read_suggest(source: Mapping, what: str, reader: Reader, known: Known) -> Suggest | None:
    node = reader.mapping(source, "suggest", what)
    required = ["kind", "text", "certainty", "strength", "evidence_for", "evidence_against", "override_reasons"]
    if node is None or not reader.keys(node, f"'suggest' of {what}", required, ["drafts"]):
        return None
    for key, ids in (
        ("evidence_for", known.evidence),
        ("evidence_against", known.evidence),
        ("override_reasons", known.override_reasons),
        ("drafts", known.drafts),
    ):
        for text in reader.text_nodes(node, key, what):
            if text.value not in ids:
                place = "evidence/" if key.startswith("evidence") else f"{key.replace('_', '-')}.yaml"
                reader.problem(
                    text,
                    f"'{key}' of {what} names '{text.value}', which is not in {place}; {did_you_mean(text.value or '', ids)}",
                )
    return Suggest(
        cast(Kind, reader.choice(node, "kind", what, KINDS, default="inform")),
        reader.text(node, "text", what),
        cast(Certainty, reader.choice(node, "certainty", what, get_args(Certainty))),
        cast(Strength, reader.choice(node, "strength", what, get_args(Strength))),
        reader.texts(node, "evidence_for", what), reader.texts(node, "evidence_against", what), reader.texts(node, "override_reasons", what),
        reader.texts(node, "drafts", what),
    )  # fmt: skip


def _read_review(source: Mapping, what: str, reader: Reader) -> Review | None:
    node = reader.mapping(source, "review", what)
    if node is None or not reader.keys(node, f"'review' of {what}", ["status", "due"]):
        return None
    status = reader.choice(
        node, "status", what, ["unreviewed"]
    )  # signing a rule is a person's act and needs a signature, not a word here
    assert status == "unreviewed"
    return Review(reader.day(node, "due", what))


RULE_KEYS = ("id", "version", "status", "title", "criteria", "when", "suggest", "review")
FINDING_KEYS = ("id", "title", "criteria", "when")


def check_id(source: Mapping, what: str, pattern_of: str, stem: str, reader: Reader) -> str:
    """The id, which must fit its pattern and the file's name."""
    found = reader.text(source, "id", what)
    place = (source.file, source.line_of("id"))
    fits = _RULE_ID.fullmatch(found) if pattern_of == "-" else _NAME.fullmatch(found)
    if found and not fits:
        reader.problem(place, f"the id '{found[:60]}' must be small letters and digits joined with '{pattern_of}'")
    elif found and found.replace("_", "-") != stem:
        reader.problem(place, f"the id '{found}' does not fit the file's name '{stem}.yaml'; make them the same")
    return found
