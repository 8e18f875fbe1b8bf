"""A folder of YAML files → a checked, frozen RulePack."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from mgcds.errors import PackError, Problem, UnknownJurisdiction
from mgcds.loading.basis import read_basis
from mgcds.loading.claims import read_claims
from mgcds.loading.criteria import CriteriaReader
from mgcds.loading.definitions import LISTS, Local, check_contradictions, read_evidence, read_items, read_value_set
from mgcds.loading.diet import read_foods, read_intakes
from mgcds.loading.drafts import check_doses, read_drafts
from mgcds.loading.drug_magnesium import read_drug_magnesium
from mgcds.loading.hooks import Names, read_hooks
from mgcds.loading.intended import read_intended
from mgcds.loading.phq9 import read_phq9
from mgcds.loading.precedence import Precedence, read_precedence
from mgcds.loading.reading import Reader, did_you_mean
from mgcds.loading.rules import (
    FINDING_KEYS,
    KINDS,
    RULE_KEYS,
    Draft,
    Known,
    check_id,
    finding_of,
    read_conditions,
    resolve,
    rule_of,
)  # fmt: skip
from mgcds.loading.signatures import read_policy, read_signatures, read_signers, reviewed
from mgcds.loading.source import Mapping, Sequence, read_yaml
from mgcds.loading.wording import read_wording
from mgcds.model.condition import AllOf, names_with_sign
from mgcds.model.criterion import ABOUT_KNOWLEDGE, Asks, Criterion
from mgcds.model.intended import Intended
from mgcds.model.pack import Claim, Evidence, Item, MeasuredItem, RulePack
from mgcds.model.review import ReviewPolicy
from mgcds.model.rule import Finding, Rule
from mgcds.model.terminology import ValueSet, Vocabulary

PARTS = ("findings", "evidence", "valuesets", "signatures")
TOP = ("pack.yaml", "items.yaml", "precedence.yaml", "override-reasons.yaml", "wording.yaml", "basis.yaml")
OPTIONAL = (
    *("claims.yaml", "drug-magnesium.yaml", "reference-intakes.yaml", "foods.yaml", "phq9.yaml", "intended.yaml"),
    *("hooks.yaml", "drafts.yaml", "review.yaml", "signers.yaml"),
)
MOST_FILES = 5000
Read = TypeVar("Read")


def rules_root() -> Path:
    """The pack that comes with mgcds: in the wheel `mgcds/rules`, in a checkout `rules` at its top."""
    package = Path(__file__).resolve().parents[1]
    return package / "rules" if (package / "rules").is_dir() else package.parents[1] / "rules"


def load_pack(root: Path | str | None = None, jurisdictions: str | Iterable[str] | None = None) -> RulePack:
    """Load and check a pack; the built-in one is loaded once. PackError lists every problem.

    `jurisdictions`: whose limits apply, `"us"` or `["us", "efsa"]`: of several the lowest, of all where none is chosen.
    UnknownJurisdiction where the pack does not have them.
    """
    chosen = (jurisdictions,) if isinstance(jurisdictions, str) else tuple(sorted(set(jurisdictions or ())))
    return _load(Path(root).resolve() if root is not None else rules_root(), chosen)


@cache
def _load(root: Path, chosen: tuple[str, ...]) -> RulePack:
    pack, problems = check_pack(root, chosen)
    if pack is None:
        raise PackError(tuple(problems))
    return pack


def check_pack(root: Path, jurisdictions: tuple[str, ...] = ()) -> tuple[RulePack | None, list[Problem]]:
    """The pack, or None with all its problems."""
    problems: list[Problem] = []
    sources = read_sources(root, problems)
    pack = None
    if all(name in sources.files for name in TOP):
        pack = _build(root, sources, Reader(problems), jurisdictions)
    return (pack if not problems else None), sorted(set(problems))


@dataclass(slots=True)
class Sources:
    """The files of a pack, by the part they belong to."""

    files: dict[str, Mapping] = field(default_factory=dict)
    digest: str = ""

    def of(self, part: str) -> Iterable[tuple[str, Mapping]]:
        """(file name without ending, content) of a folder."""
        return [
            (Path(file).stem, source)
            for file, source in self.files.items()
            if file.split("/")[0] == part and "/" in file
        ]

    def rules(self) -> Iterable[tuple[str, str, Mapping]]:
        """(topic, file name without ending, content) of every file in a topic folder."""
        for file, source in self.files.items():
            topic, _, name = file.rpartition("/")
            if topic and file.split("/")[0] not in PARTS:
                yield topic, Path(name).stem, source


def read_sources(root: Path, problems: list[Problem]) -> Sources:
    """The files of a pack as located text, and their digest."""
    sources, digest = Sources(), hashlib.sha256()
    if not root.is_dir():
        problems.append(Problem(root.name, 1, "is no folder; name the folder that holds pack.yaml"))
        return sources
    paths = sorted(path for path in root.rglob("*") if path.suffix in (".yaml", ".yml", ".tsv") and path.is_file())
    if len(paths) > MOST_FILES:
        problems.append(Problem(root.name, 1, f"holds more than {MOST_FILES} files"))
        return sources
    for path in paths:
        file = path.relative_to(root).as_posix()
        digest.update(file.encode() + b"\0" + path.read_bytes() + b"\0")
        if path.suffix == ".yml":
            problems.append(Problem(file, 1, "ends in .yml; name it .yaml"))
        elif path.suffix == ".yaml":
            source = read_yaml(path, file, problems)
            if source is not None:
                sources.files[file] = source
            if "/" not in file and file not in (*TOP, *OPTIONAL):
                problems.append(Problem(file, 1, "is not read here; put a rule into the folder of its topic"))
    for name in TOP:
        if name not in sources.files and not any(problem.file == name for problem in problems):
            problems.append(Problem(name, 1, "is not there; every pack has one"))
    sources.digest = digest.hexdigest()
    return sources


def _build(root: Path, sources: Sources, reader: Reader, jurisdictions: tuple[str, ...]) -> RulePack | None:
    head = sources.files["pack.yaml"]
    reader.keys(head, "pack.yaml", ["name", "version"])
    value_sets = _by_id(sources.of("valuesets"), "the value set", "_", read_value_set, reader)
    _check_includes(sources, value_sets, reader)
    evidence: dict[str, Evidence] = _by_id(sources.of("evidence"), "the evidence entry", "-", read_evidence, reader)
    check_contradictions(dict(sources.of("evidence")), evidence, reader)
    tables = [sources.files.get(name, Mapping({}, name, 1)) for name in ("reference-intakes.yaml", "foods.yaml")]
    intakes, foods = read_intakes(tables[0], evidence, reader), read_foods(tables[1], evidence, reader)
    items = read_items(sources.files["items.yaml"], reader, Local(intakes, jurisdictions))
    _check_changes(sources.files["items.yaml"], items, value_sets, reader)
    applied = _applied(jurisdictions, items)
    criteria = CriteriaReader(reader, items, value_sets)
    keys: dict[str, Criterion] = {}
    findings = _read_findings(sources, criteria, keys, reader)
    reasons, drafted = sources.files["override-reasons.yaml"], sources.files.get("drafts.yaml", Mapping({}, "", 1))
    drafts = read_drafts(drafted, criteria)
    known = Known(frozenset(evidence), frozenset(reasons.items), frozenset(drafted.items))
    rules = _read_rules(sources, criteria, keys, set(findings), known, reader)
    check_doses(rules.values(), drafts, [source for _, _, source in sources.rules()], criteria)
    active = {rule.id: rule for rule in rules.values() if rule.status == "active"}
    named = {stem for _, stem, _ in sources.rules()}
    precedence = read_precedence(sources.files["precedence.yaml"], active, named, reader)
    order = list(precedence.kinds)
    ordered = sorted(
        active.values(),
        key=lambda rule: (order.index(rule.suggest.kind) if rule.suggest.kind in order else 99, rule.id),
    )
    table = sources.files.get("drug-magnesium.yaml")
    drug_magnesium = read_drug_magnesium(table, value_sets, evidence, reader) if table else None
    claims = _read_claims(sources, named if reader.problems else set(active), reader)
    _check_wording(sources, value_sets, reader)
    texts = read_basis(sources.files["basis.yaml"], evidence, reader)
    if texts is None:
        return None
    pack = RulePack(
        name=reader.text(head, "name", "pack.yaml"),
        version=reader.text(head, "version", "pack.yaml"), digest=_digest(sources.digest, jurisdictions and applied),
        items=items, value_sets=value_sets,
        vocabularies=_vocabularies(root, value_sets), criteria=keys, findings=findings,
        rules={rule.id: rule for rule in ordered}, retired=tuple(rule.id for rule in rules.values() if rule.status == "retired"),
        holders=precedence.holders, evidence=evidence, kinds=precedence.kinds,
        override_reasons={key: reader.text(reasons, key, "override-reasons.yaml") for key in reasons.items},
        drug_magnesium=drug_magnesium, claims=claims, texts=texts, jurisdictions=applied, intakes=intakes, foods=foods,
        phq9=read_phq9(sources.files["phq9.yaml"], reader) if "phq9.yaml" in sources.files else None,
        intended=read_intended(sources.files["intended.yaml"], {*KINDS, *named}, criteria, reader)
        if "intended.yaml" in sources.files else Intended(),
        hooks=read_hooks(sources.files["hooks.yaml"], Names(value_sets, set(findings), set(reasons.items)), reader)
        if "hooks.yaml" in sources.files else None,
        drafts=drafts,
    )  # fmt: skip
    _check_knowledge(pack, precedence, {source.file: source for _, _, source in sources.rules()}, reader)
    policy, signers = (sources.files.get(name) for name in ("review.yaml", "signers.yaml"))
    signatures = read_signatures(sources.of("signatures"), named, reader)
    review = read_policy(policy, reader) if policy else ReviewPolicy()
    signing = read_signers(signers, reader) if signers else {}
    return pack if reader.problems else reviewed(pack, review, signing, signatures)


def _applied(chosen: tuple[str, ...], items: dict[str, Item]) -> tuple[str, ...]:
    """The jurisdictions chosen, or all that the items know."""
    known = {name: None for item in items.values() if isinstance(item, MeasuredItem) for name in item.jurisdictions}
    for name in chosen:
        if name not in known:
            has = f"it has those of {', '.join(known)}" if known else "it has none that depend on the place"
            raise UnknownJurisdiction(f"the pack has no limits of '{name[:40]}'; {has}")
    return tuple(name for name in known if name in chosen) or tuple(known)


def _digest(of_files: str, chosen: tuple[str, ...]) -> str:
    """Of the files, and of the jurisdictions where some were chosen: the same rules with other limits are another pack."""
    return hashlib.sha256(" ".join((of_files, *chosen)).encode()).hexdigest() if chosen else of_files


def _read_claims(sources: Sources, rules: Collection[str], reader: Reader) -> dict[str, Claim]:
    """`rules`: ids that may be named; of a pack with problems, those of all rule files, so that none is reported as missing."""
    source = sources.files.get("claims.yaml")
    return read_claims(source, rules, {stem for stem, _ in sources.of("evidence")}, reader) if source else {}


def _check_wording(sources: Sources, value_sets: dict[str, ValueSet], reader: Reader) -> None:
    """Titles and texts of every rule, drafts included, titles of findings, options, what to do about a medicine, what is said to claims."""
    wording = read_wording(sources.files["wording.yaml"], value_sets, reader)
    for _, _, source in sources.rules():
        wording.check_rule(source, reader)
    for stem, source in sources.of("findings"):
        wording.check(source.items.get("title"), f"'title' of finding '{stem.replace('-', '_')}'", reader)
    drafts = sources.files.get("drafts.yaml")
    for draft_id, draft in drafts.items.items() if drafts else ():
        for key in ("title", "directions"):
            if isinstance(draft, Mapping):
                wording.check(draft.items.get(key), f"'{key}' of draft '{draft_id}'", reader)
    options = sources.files["basis.yaml"].items.get("options")
    for option in options.items if isinstance(options, Sequence) else ():
        if isinstance(option, Mapping):
            wording.check(option.items.get("text"), "'text' of 'options' of basis.yaml", reader)
    table = sources.files.get("drug-magnesium.yaml")
    medicines = table.items.get("medicines") if table else None
    for medicine, row in medicines.items.items() if isinstance(medicines, Mapping) else ():
        if isinstance(row, Mapping):
            wording.check(row.items.get("do"), f"'do' of '{medicine}'", reader)
    claims = sources.files.get("claims.yaml")
    for claim_id, node in claims.items.items() if claims else ():
        if isinstance(node, Mapping):
            for key in ("answer", "refused"):
                wording.check(node.items.get(key), f"'{key}' of claim '{claim_id}'", reader)


def _by_id(
    sources: Iterable[tuple[str, Mapping]],
    what: str,
    joint: str,
    read: Callable[[Mapping, Reader], Read | None],
    reader: Reader,
) -> dict[str, Read]:
    found: dict[str, Read] = {}
    for stem, source in sources:
        entry_id = check_id(source, what, joint, stem, reader)
        entry = read(source, reader)
        if entry_id in found:
            reader.problem((source.file, source.line_of("id")), f"the id '{entry_id}' is used in two files; keep one")
        if entry is not None and entry_id:
            found[entry_id] = entry
    return found


def _check_includes(sources: Sources, value_sets: dict[str, ValueSet], reader: Reader) -> None:
    by_file = {
        source.file: value_sets.get(reader.text(source, "id", "the value set")) for _, source in sources.of("valuesets")
    }
    for _, source in sources.of("valuesets"):
        holder = by_file[source.file]
        fitting = [found.id for found in value_sets.values() if holder is None or found.of == holder.of]
        for text in reader.text_nodes(source, "includes", "the value set"):
            if text.value not in fitting:
                known = "is no value set" if text.value not in value_sets else "is a value set of another list"
                reader.problem(
                    text, f"'includes' names '{text.value}', which {known}; {did_you_mean(text.value or '', fitting)}"
                )


def _check_changes(source: Mapping, items: dict[str, Item], value_sets: dict[str, ValueSet], reader: Reader) -> None:
    """What a change is computed from is there: an item that is measured, and a set of medicines."""
    measured = [item.id for item in items.values() if isinstance(item, MeasuredItem) and item.change is None]
    medicines = [found.id for found in value_sets.values() if found.of == "medicines"]
    for item in items.values():
        if not isinstance(item, MeasuredItem) or item.change is None:
            continue
        node = source.items[item.id]
        assert isinstance(node, Mapping), "it was read as an item"
        for key, named, known, kind in (
            ("change_of", item.change.of, measured, "item that is measured"),
            ("since_start_of", item.change.value_set, medicines, "set of medicines"),
        ):
            if named not in known:
                what = f"'{key}' of item '{item.id}' names no {kind}; {did_you_mean(named, known)}"
                reader.problem((node.file, node.line_of(key) if key in node.items else node.line), what)
        if item.change.within < 1:
            what = f"item '{item.id}' needs 'baseline_within: 28 days', how old the value before the start may be"
            reader.problem((node.file, source.line_of(item.id)), what)


def _read_findings(
    sources: Sources, criteria: CriteriaReader, keys: dict[str, Criterion], reader: Reader
) -> dict[str, Finding]:
    drafts: dict[str, Draft] = {}
    ids = {reader.text(source, "id", "the finding") for _, source in sources.of("findings")}
    for stem, source in sources.of("findings"):
        reader.keys(source, "the finding", FINDING_KEYS)
        finding_id = check_id(source, "the finding", "_", stem, reader)
        if finding_id in drafts:
            reader.problem((source.file, source.line_of("id")), f"the id '{finding_id}' is used in two files; keep one")
        drafts[finding_id] = read_conditions(source, f"finding '{finding_id}'", reader, criteria, ids)
    found: dict[str, Finding] = {}
    for finding_id in _in_order(drafts, reader):
        resolved = resolve(drafts[finding_id], keys, reader)
        if resolved is not None:
            found[finding_id] = finding_of(drafts[finding_id], *resolved, reader)
    return found


def _in_order(drafts: dict[str, Draft], reader: Reader) -> list[str]:
    """Findings after those they use; a circle is reported with its members."""
    done: list[str] = []
    waiting = dict(drafts)
    while waiting:
        ready = [name for name, draft in waiting.items() if not any(used in waiting for used in draft.findings)]
        if not ready:
            for name, draft in waiting.items():
                reader.problem(
                    (draft.source.file, draft.source.line_of("when")),
                    f"finding '{name}' is defined in a circle with {', '.join(sorted(waiting))}; take one of the references out",
                )
            return done
        done += ready
        for name in ready:
            del waiting[name]
    return done


def _read_rules(
    sources: Sources,
    criteria: CriteriaReader,
    keys: dict[str, Criterion],
    findings: set[str],
    known: Known,
    reader: Reader,
) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    places: dict[str, str] = {}
    all_findings = findings | {reader.text(source, "id", "the finding") for _, source in sources.of("findings")}
    for topic, stem, source in sources.rules():
        rule_id = check_id(source, "the rule", "-", stem, reader)
        if not reader.keys(source, f"rule '{rule_id}'", RULE_KEYS, ["note"]):
            continue
        if rule_id in places:
            reader.problem(
                (source.file, source.line_of("id")),
                f"the id '{rule_id}' is already used in {places[rule_id]}; ids are never used twice",
            )
        places[rule_id] = source.file
        draft = read_conditions(source, f"rule '{rule_id}'", reader, criteria, all_findings)
        resolved = resolve(draft, keys, reader)
        rule = rule_of(
            draft, *(resolved or ({}, AllOf(()))), topic, reader, known
        )  # its other parts are checked all the same
        if rule is not None and resolved is not None:
            rules[rule_id] = rule
    return rules


def _check_knowledge(pack: RulePack, precedence: Precedence, files: dict[str, Mapping], reader: Reader) -> None:
    """Criteria about knowledge itself: only in kinds that ask for data, and in a rule that holds others back only so that
    not knowing can but hold back more (design 2.2).
    """
    if any(reader.problems):
        return  # references may be missing; what is wrong is already reported
    holding = {holder.by for holders in pack.holders.values() for holder in holders}
    for rule in pack.rules.values():
        source = files[f"{rule.topic}/{rule.id}.yaml"]
        place = (source.file, source.line_of("when"))
        for key, positive in _signs(rule, pack):
            criterion = pack.criteria[key]
            if not isinstance(criterion, ABOUT_KNOWLEDGE):
                continue
            if rule.suggest.kind not in precedence.asks_for_data:
                reader.problem(
                    place,
                    f"rule '{rule.id}' is of kind '{rule.suggest.kind}' and asks about knowledge ('{key}'); "
                    f"only {', '.join(sorted(precedence.asks_for_data))} may",
                )
            elif rule.id in holding and positive is not isinstance(criterion, Asks):
                reader.problem(
                    place,
                    f"rule '{rule.id}' holds others back, and '{key}' would lift that by not knowing; turn it round",
                )


def _signs(part: Rule | Finding, pack: RulePack, positive: bool = True) -> Iterable[tuple[str, bool]]:
    for name, sign in names_with_sign(part.when, positive):
        if name in pack.findings:
            yield from _signs(pack.findings[name], pack, sign)
        else:
            yield name, sign


def _vocabularies(root: Path, value_sets: dict[str, ValueSet]) -> dict[str, Vocabulary]:
    names = partial(
        _other_names, root / "valuesets" / "medicine-names.tsv"
    )  # no local function: a pack goes to other processes
    return {of: Vocabulary(of, value_sets.values(), names if of == "medicines" else tuple) for of in LISTS}


def _other_names(path: Path) -> Iterable[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [line.partition("\t")[0] for line in lines if not line.startswith("#")]
