"""`mgcds review`: all pages of a pack, from a real run of its scenarios."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from mgcds.errors import ReviewError
from mgcds.model.documentation import findings_of
from mgcds.model.explanation import limit_words, number, plain
from mgcds.model.interaction import interval_words
from mgcds.model.pack import Item, MeasuredItem, RulePack, StateItem
from mgcds.review.cases import Feature, Scenario, read_features
from mgcds.review.charts import number_line
from mgcds.review.effects import studies
from mgcds.review.graph import holding_map, using_map
from mgcds.review.grid import CaseFacts, Line
from mgcds.review.packet import Packet, packet_of, words_of
from mgcds.review.rendering import Entry, Site, environment
from mgcds.review.results import Questions, Run, usable
from mgcds.review.standing import StandingOf
from mgcds.review.trace import BETWEEN, INVARIANTS, Trace, trace
from mgcds.scenarios.report import Report

NAVIGATION = (
    Entry("Rules", "index.html", "rules"), Entry("Map", "map.html"), Entry("Invariants", "invariants.html"),
    Entry("Precedence", "precedence.html"), Entry("Evidence", "evidence.html"), Entry("Claims", "claims.html"),
    Entry("Medicines", "medicines.html"), Entry("Items", "items.html"), Entry("Trace", "trace.html"), Entry("Glossary", "glossary.html"),
)  # fmt: skip

KINDS = {
    "urgent": "a person to be seen today; nothing holds it back",
    "stop": "no magnesium for mood, and why",
    "defer": "something is missing, stale or spoilt, and comes first",
    "interaction": "a medicine that magnesium hinders, or that changes it",
    "workup": "something to measure, ask or look for",
    "consider": "an option that may be discussed, evidence for and against beside it",
    "dose": "how much elemental magnesium, only where an option is offered",
    "monitor": "what to follow in people who take magnesium",
    "inform": "something to know, with nothing to do",
}
"""what each kind of suggestion is, for who has never seen one"""


@dataclass
class Built:
    """What was written: bytes by page, and what there is to say of it."""

    sizes: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    orphans: Sequence[str] = ()
    objections: Sequence[str] = ()

    @property
    def is_clean(self) -> bool:
        """Did every scenario that counts hold, of this very pack, and is nothing left over?"""
        bad = self.counts["failed"] + self.counts["error"] + self.counts["not run"]
        return not (bad or self.orphans or self.objections)


def build(
    folder: Path, pack: RulePack, features: Sequence[Path], report: Report, standing: StandingOf, questions: Questions | None = None,
    navigation: Sequence[Entry] = NAVIGATION,
) -> Built:  # fmt: skip
    """Write every page into `folder`. `standing`: what is signed of a rule."""
    run, questions = usable(report, pack, features), questions or Questions()
    read = read_features(features, pack, run)
    traced = trace(pack, read, standing)
    scenarios = [scenario for feature in read.values() for scenario in feature.scenarios]
    facts = CaseFacts(pack)
    packets = [packet_of(each, scenarios, facts, questions, pack) for each in traced.rules.values()]
    counts = sum((feature.counts for feature in read.values()), Counter[str]())
    site = Site(folder, navigation, {"pack": pack, "run": run, "counts": counts, "place": _place(pack)})
    built = Built({}, counts, [f"{orphan.what}: {orphan.says}" for orphan in traced.orphans], run.objections)
    _register_filters()
    site.write_style()
    for packet in packets:
        built.sizes[f"rules/{packet.rule.id}.html"] = site.write(
            f"rules/{packet.rule.id}.html", "rule.html", title=packet.rule.title, packet=packet, questions=questions
        )
    for href, (template, context) in _single_pages(pack, packets, read, traced, run, questions).items():
        built.sizes[href] = site.write(href, template, **context)
    return built


def _place(pack: RulePack):  # type: ignore[no-untyped-def]
    paths = {f"{rule.topic}/{rule.id}": f"rules/{rule.id}.html" for rule in pack.rules.values()}

    def place(scenario: Scenario) -> str:
        """The page and place of a scenario."""
        page = paths.get(scenario.feature)
        return f"{page}#{scenario.key}" if page else f"{scenario.feature.split('/')[0]}.html#{_anchor(scenario)}"

    return place


def _anchor(scenario: Scenario) -> str:
    return f"{scenario.feature.split('/')[1]}-{scenario.line}"


def _register_filters() -> None:
    filters = environment().filters
    filters["drawn"] = _drawn
    filters["anchor"] = _anchor
    filters["number"] = number
    filters["plain"] = plain


def _drawn(line: Line) -> Markup:
    return number_line(line.key, line.item.title, line.shown_unit, line.ranges, line.dots, line.is_whole)


Page = tuple[str, dict[str, object]]


def _single_pages(
    pack: RulePack, packets: Sequence[Packet], read: dict[str, Feature], traced: Trace, run: Run, questions: Questions
) -> dict[str, Page]:
    facets = {
        "topic": sorted({rule.topic for rule in pack.rules.values()}), "kind": list(pack.kinds),
        "status": sorted({rule.status for rule in pack.rules.values()}),
        "certainty": [word for word in pack.texts.certainty if any(rule.suggest.certainty == word for rule in pack.rules.values())],
        "review": sorted({packet.standing.state for packet in packets}),
    }  # fmt: skip
    words = {packet.rule.id: words_of(packet) for packet in packets}
    catalogue = studies("catalogue", sorted(pack.evidence.values(), key=lambda entry: entry.id))
    overview = {"packets": packets, "facets": facets, "words": words, "questions": questions, "meanings": KINDS}
    table = pack.drug_magnesium
    items = [_item(item) for item in pack.items.values()]
    return {
        "index.html": ("index.html", {"title": "Magnesium in depression: the rules", **overview}),
        "map.html": ("map.html", _map(pack)),
        f"{INVARIANTS}.html": ("features.html", _folder("Invariants: what is so of every patient", INVARIANTS, read)),
        f"{BETWEEN}.html": ("features.html", _folder("Precedence: who holds back whom", BETWEEN, read)),
        "evidence.html": ("evidence.html", {"title": "Evidence", "catalogue": catalogue, "used_by": traced.used_by}),
        "claims.html": ("claims.html", {"title": "What is claimed of magnesium", "claims": pack.claims.values()}),
        "medicines.html": (
            "medicines.html",
            {"title": "Medicines and magnesium", "table": table, "interval": interval_words},
        ),
        "items.html": ("items.html", {"title": "The data dictionary", "items": items}),
        "trace.html": ("trace.html", {"title": "Trace", "traced": traced}),
        "glossary.html": ("glossary.html", {"title": "Glossary", "words": glossary()}),
    }


def _folder(title: str, folder: str, read: dict[str, Feature]) -> dict[str, object]:
    return {
        "title": title,
        "features": [each for path, each in read.items() if path.startswith(f"{folder}/")],
        "folder": folder,
    }


def _map(pack: RulePack) -> dict[str, object]:
    uses = {rule.id: [finding.id for finding in findings_of(rule, pack)] for rule in pack.rules.values()}
    holds = {
        rule.id: [
            (other, holder) for other, holders in pack.holders.items() for holder in holders if holder.by == rule.id
        ]
        for rule in pack.rules.values()
    }
    return {
        "title": "Map of the rules",
        "holding": holding_map(pack),
        "using": using_map(pack),
        "uses": uses,
        "holds": holds,
    }


def _item(item: Item) -> dict[str, object]:
    found: dict[str, object] = {"item": item, "units": "", "plausible": "", "limits": [], "codes": [], "values": ()}
    if isinstance(item, MeasuredItem):
        low, high = item.plausible
        unit = plain(item.units[0])
        ends = (("lower", item.lower), ("upper", item.upper), ("upper", item.local_upper))
        limits = [
            f"{limit_words('lower' if end == 'lower' else 'upper', limit.by_unit[unit], unit)}"
            f"{f' ({limit.source})' if limit.source else ''}"
            for end, limit in ends if limit is not None for unit in item.units
        ]  # fmt: skip
        found |= {
            "units": ", ".join(plain(each) or "score" for each in item.units), "plausible": f"{number(low)} to {number(high)} {unit}".strip(),
            "limits": limits, "codes": [f"{code} ({', '.join(plain(each) or 'score' for each in units)})" for code, units in item.codes.items()],
        }  # fmt: skip
    elif isinstance(item, StateItem):
        found["values"] = item.values
    return found


# --- the glossary ---------------------------------------------------------------------------------------------------------------


def glossary() -> list[tuple[str, str]]:
    """The words of GLOSSARY.md with their meanings, as markup. ReviewError where the file is not there."""
    from markdown_it import MarkdownIt

    path = glossary_path()
    if not path.is_file():
        raise ReviewError(f"{path} is not there: the glossary cannot be shown")
    render = MarkdownIt("commonmark", {"html": False}).renderInline
    rows = [
        line.strip().strip("|").split(" | ")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    found = [(row[0].strip(), row[1].strip()) for row in rows if len(row) >= 2 and set(row[0].strip()) != {"-"}]
    return [(Markup(render(word)), Markup(render(meaning))) for word, meaning in found if word != "word"]


def glossary_path() -> Path:
    """In the wheel beside the package's rules, in a checkout at its top."""
    package = Path(__file__).resolve().parents[1]
    return package / "GLOSSARY.md" if (package / "GLOSSARY.md").is_file() else package.parents[1] / "GLOSSARY.md"
