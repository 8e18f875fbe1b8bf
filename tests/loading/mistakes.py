"""Seeded mistakes of a rule pack: each is made in a copy of `tests/loading/pack`, and says where it must be reported and how."""

# A table, one mistake a line.
# ruff: noqa: E501

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PACK = Path(__file__).with_name("pack")
RULE = "supplementation/consider-magnesium.yaml"
STOP = "safety/severe-renal-impairment.yaml"
ASK = "data-quality/ask-kidney-function.yaml"
LOW = "findings/low-magnesium.yaml"
TREATED = "findings/on-treatment.yaml"
EVIDENCE = "evidence/tarleton-2017.yaml"
ESTIMATE = """estimates:
  - {of: PHQ-9, measure: mean difference, value: -6.0, interval: [-7.9, -4.2], lower: fewer symptoms, higher: more symptoms}
"""
PHELAN = "evidence/phelan-2018.yaml"
CLAIMS = "claims.yaml"
SSRI = "valuesets/ssri.yaml"
DEPRESSION = "valuesets/depression.yaml"
ANTIDEPRESSANT = "valuesets/antidepressant.yaml"
WHEN = "(mild_to_moderate and on_treatment or low_magnesium and not_critical) and not pregnant"
PHQ9 = "{measure: phq9, at_least: 5, below: 20}"
MAGNESIUM = "between: [0.50 mmol/L, 1.23 mmol/L]"

CHANGE = (
    'phq9_fall:\n  title: Fall\n  of: measurement\n  units: ["{score}"]\n  plausible: [-27, 27]\n  current_for: 14 days\n'
    "  on_a_tie: lowest\n  change_of: phq9\n  since_start_of: ssri\n  baseline_within: 28 days\nconditions:\n"
)

Change = Callable[[Path], None]


@dataclass(frozen=True)
class Mistake:
    """What is changed, and the problem it must give: its file, the first line that holds `at` after the change, a part of its text."""

    id: str
    change: Change
    file: str
    at: str | int
    says: str
    also: tuple[str, ...] = ()
    """parts of other problems that follow from the mistake; there must be no others"""

    def line(self, pack: Path) -> int:
        if isinstance(self.at, int):
            return self.at
        lines = (pack / self.file).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if self.at in line)


def copy_of_the_pack(folder: Path) -> Path:
    return Path(shutil.copytree(PACK, folder / "pack"))


def write(file: str, text: str | bytes) -> Change:
    """Write a new file, or the whole of one anew."""

    def change(pack: Path) -> None:
        (pack / file).parent.mkdir(parents=True, exist_ok=True)
        (pack / file).write_bytes(text if isinstance(text, bytes) else text.encode())

    return change


def replace(file: str, old: str, new: str) -> Change:
    """Put `new` where `old` stands; it must stand there once, so that a test does not go stale."""

    def change(pack: Path) -> None:
        text = (pack / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"'{old}' stands {text.count(old)} times in {file}"
        (pack / file).write_text(text.replace(old, new), encoding="utf-8")

    return change


def both(*changes: Change) -> Change:
    def change(pack: Path) -> None:
        for one in changes:
            one(pack)

    return change


def rename(file: str, to: str) -> Change:
    def change(pack: Path) -> None:
        (pack / to).parent.mkdir(parents=True, exist_ok=True)
        (pack / file).rename(pack / to)

    return change


def in_rule(id: str, old: str, new: str, at: str, says: str, *also: str) -> Mistake:  # noqa: A002
    return Mistake(id, replace(RULE, old, new), RULE, at, says, also)


def when(id: str, new: str, says: str, *also: str) -> Mistake:  # noqa: A002
    """A `when` line that is not understood."""
    return Mistake(id, replace(RULE, f"when: {WHEN}", f"when: {new}"), RULE, "when:", says, also)


def criterion(id: str, new: str, says: str, *also: str) -> Mistake:  # noqa: A002
    """The first criterion of the rule written otherwise."""
    return Mistake(id, replace(RULE, PHQ9, new), RULE, "mild_to_moderate:", says, also)


def item(id: str, old: str, new: str, at: str, says: str, *also: str) -> Mistake:  # noqa: A002
    return Mistake(id, replace("items.yaml", old, new), "items.yaml", at, says, also)


def precedence(id: str, old: str, new: str, at: str | int, says: str, *also: str) -> Mistake:  # noqa: A002
    return Mistake(id, replace("precedence.yaml", old, new), "precedence.yaml", at, says, also)


def basis(id: str, old: str, new: str, at: str | int, says: str, *also: str) -> Mistake:  # noqa: A002
    return Mistake(id, replace("basis.yaml", old, new), "basis.yaml", at, says, also)


def claim(id: str, old: str, new: str, at: str | int, says: str, *also: str) -> Mistake:  # noqa: A002
    return Mistake(id, replace(CLAIMS, old, new), CLAIMS, at, says, also)


def wording(id: str, old: str, new: str, at: str | int, says: str, *also: str) -> Mistake:  # noqa: A002
    return Mistake(id, replace("wording.yaml", old, new), "wording.yaml", at, says, also)


def estimate(id: str, old: str, new: str, says: str) -> Mistake:  # noqa: A002
    """The estimate of the trial written otherwise."""
    return Mistake(id, replace(EVIDENCE, ESTIMATE, ESTIMATE.replace(old, new)), EVIDENCE, "- {of: PHQ-9", says)


def not_yaml(id: str, old: str, new: str, at: str | int, says: str) -> Mistake:  # noqa: A002
    """A mistake of the file's form, in a value set."""
    return Mistake(id, replace(DEPRESSION, old, new), DEPRESSION, at, says, IN_PLACE_OF_DEPRESSION)


IN_PLACE_OF_DEPRESSION = "'depression' is no value set"
BILLION_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
EVERY_KIND = "[urgent, stop, defer, interaction, workup, consider, dose, monitor, inform]"
STOP_ENTRY = "  - by: {kind: stop}\n    holds: {kinds: [consider, dose]}\n    because: Magnesium could harm.\n"
ASK_ENTRY = "holds: {rules: [consider-magnesium]}"

KEYS = [
    in_rule("unknown-key-in-rule", "note:", "remark:", "remark:", "has 'remark'; write one of id, version"),
    in_rule("misspelt-key-in-rule", "note:", "notes:", "notes:", "has 'notes'; did you mean 'note'?"),
    in_rule("unknown-key-in-suggest", "strength: C", "strength: C\n  severity: 3", "severity", "has 'severity'"),
    criterion("unknown-key-in-criterion", "{measure: phq9, below: 20, unit: points}", "has 'unit'; write one of measure"),
    criterion("belwo", "{measure: phq9, at_least: 5, belwo: 20}", "has 'belwo'; did you mean 'below'?"),
    criterion("unknown-key-in-state", "{state: pregnancy, is: pregnant, below: 3}", "has 'below'; write one of state, is"),
    item("unknown-key-in-item", "current_for: 90 days", "current_for: 90 days\n  fresh_for: 3 days", "fresh_for", "has 'fresh_for'"),
    item("at-most-from-another-code", "current_for: 90 days", "current_for: 90 days\n  at_most_from: [81005-1]", "at_most_from", "names '81005-1', no LOINC code of it"),
    item("unknown-specimen-fault", "edta: any value", "clotted: any value", "clotted", "has 'clotted'; write one of haemolysed"),
    Mistake("unknown-key-in-value-set", replace(SSRI, "source:", "url: x\nsource:"), SSRI, "url", "has 'url'"),
    Mistake("unknown-key-in-entry", replace(SSRI, "rxnorm:", "rxcui:"), SSRI, "rxcui", "has 'rxcui'; write one of name, also"),
    Mistake("unknown-key-in-evidence", replace(EVIDENCE, "n: 126", "n: 126\nyear: 2017"), EVIDENCE, "year", "has 'year'"),
    Mistake("unknown-key-in-finding", replace(LOW, "title:", "note: x\ntitle:"), LOW, "note", "has 'note'"),
    Mistake("unknown-key-in-pack", write("pack.yaml", "name: a\nversion: 0.1.0\nauthor: x\n"), "pack.yaml", 3, "has 'author'"),
    precedence("unknown-key-in-precedence", "because: Magnesium could harm.", "becuase: Harm.", "becuase", "did you mean 'because'?",
               "lacks 'because'"),
    precedence("unknown-key-in-by", "by: {kind: stop}", "by: {sort: stop}", "sort", "has 'sort'; write one of kind, rule", "needs either"),
    precedence("unknown-key-in-holds", ASK_ENTRY, "holds: {rule: [consider-magnesium]}", "{rule: [", "did you mean 'rules'?"),
    in_rule("missing-key-in-rule", "title: Consider magnesium alongside treatment\n", "", "id:", "lacks 'title'"),
    in_rule("missing-key-in-suggest", "  evidence_against: [phelan-2018]\n", "", "kind:", "lacks 'evidence_against'"),
    criterion("missing-key-in-state", "{state: pregnancy}", "lacks 'is'"),
    in_rule("doubled-key", "note:", "strength: C\nnote: x\nnote:", "note: The trial", "'note' stands twice; keep one", "has 'strength'"),
    in_rule("doubled-criterion", "  pregnant:", "  mild_to_moderate: {measure: phq9, below: 9}\n  pregnant:", "below: 9}", "stands twice"),
]  # fmt: skip

CRITERIA = [
    criterion("wrong-dimension", "{measure: egfr, below: 30 mmol/L}", "has the unit 'mmol/L'; egfr is measured in mL/min/1.73m2"),
    criterion("missing-unit", "{measure: egfr, below: 30}", "has no unit; egfr is measured in"),
    criterion("unit-not-understood", "{measure: serum_magnesium, below: 2 mg%}", "has the unit 'mg%'"),
    criterion("unit-on-a-score", "{measure: phq9, below: 20 mmol/L}", "has the unit 'mmol/L'; phq9 is measured in"),
    criterion("not-normalised-egfr", "{measure: egfr, below: 30 mL/min}", "has the unit 'mL/min'"),
    criterion("bound-not-plausible", "{measure: egfr, below: 300 mL/min/1.73m2}", "outside the plausible range of egfr (0 to 200"),
    criterion("negative-bound", "{measure: phq9, at_least: -1}", "outside the plausible range of phq9"),
    criterion("mg-dl-number-in-mmol", "{measure: serum_magnesium, below: 8.5 mmol/L}", "outside the plausible range"),
    criterion("bound-no-number", "{measure: phq9, below: twenty}", "has the bound 'twenty'; write a number and its unit"),
    criterion("bound-a-comparison", '{measure: phq9, below: "< 20"}', "has the bound '< 20'"),
    criterion("bound-0x1F", "{measure: phq9, below: 0x1F}", "has the unit 'x1F'"),
    criterion("bound-12:30", "{measure: phq9, below: 12:30}", "has the unit ':30'"),
    criterion("bound-1e3", "{measure: phq9, below: 1e3}", "outside the plausible range of phq9"),
    criterion("bound-yes", "{measure: phq9, below: yes}", "has the bound 'yes'"),
    criterion("bound-empty", "{measure: phq9, below: }", "has a bound that is no value"),
    criterion("bound-a-mapping", "{measure: phq9, below: {value: 20}}", "has a bound that is no value"),
    criterion("bound-an-empty-list", "{measure: phq9, below: []}", "has an empty bound"),
    criterion("two-values-in-one-unit", "{measure: serum_magnesium, below: [0.70 mmol/L, 0.75 mmol/L]}", "gives two values in mmol/L"),
    criterion("units-that-disagree", "{measure: serum_magnesium, below: [0.70 mmol/L, 2.5 mg/dL]}", "says 2.5 mg/dL, but 0.7 mmol/L is 1.7 mg/dL"),
    criterion("no-bound", "{measure: phq9}", "has no bound; a measure takes below, at_most"),
    criterion("never-satisfiable", "{measure: phq9, at_least: 20, below: 5}", "can never be met"),
    criterion("empty-range", "{measure: phq9, above: 5, at_most: 5}", "can never be met"),
    criterion("two-upper-bounds", "{measure: phq9, below: 20, at_most: 19}", "has two upper bounds; keep one"),
    criterion("between-one-value", "{measure: phq9, between: [5]}", "takes two values; write between: [5, 15]", "has no bound"),
    criterion("between-no-list", "{measure: phq9, between: 5}", "takes two values; write between: [5, 15]", "has no bound"),
    criterion("between-the-wrong-way", "{measure: phq9, between: [15, 5]}", "can never be met"),
    criterion("wrong-side-in-a-list", "{measure: serum_magnesium, below: [0.50 mmol/L, at least 1.2 mg/dL]}", "'at least' does not fit here"),
    criterion("no-laboratory-limit", "{measure: phq9, above: upper limit}", "phq9 has no upper limit in items.yaml"),
    criterion("within-weeks", "{measure: phq9, below: 20, within: 2 weeks}", "is '2 weeks'; write a number of days such as '60 days'"),
    criterion("unknown-item", "{measure: phq8, below: 20}", "'phq8' is not in items.yaml; did you mean 'phq9'?"),
    criterion("state-as-measure", "{measure: pregnancy, below: 20}", "'pregnancy' cannot stand here"),
    criterion("list-as-state", "{state: medicines, is: pregnant}", "'medicines' cannot stand here"),
    criterion("unknown-state", "{state: pregnancy, is: expecting}", "pregnancy is never 'expecting'; write one of pregnant"),
    criterion("state-no", "{state: pregnancy, is: no}", "pregnancy is never 'no'; write one of pregnant"),
    criterion("unknown-value-set", "{taking: antidepressants}", "'antidepressants' is no value set; did you mean 'antidepressant'?"),
    criterion("value-set-of-diagnoses", "{taking: depression}", "'depression' is a value set of conditions"),
    criterion("value-set-of-medicines", "{diagnosis: ssri}", "'ssri' is a value set of medicines; write one of depression"),
    criterion("impossible-duration", "{taking: ssri, for_at_least: 90 days, for_at_most: 30 days}", "can never be met: it asks for at least 90"),
    criterion("impossible-duration-by-one", "{taking: ssri, for_more_than: 30 days, for_at_most: 30 days}", "can never be met"),
    criterion("two-durations", "{taking: ssri, for_at_least: 9 days, for_more_than: 9 days}", "'for_at_least' and 'for_more_than'; keep one"),
    criterion("two-kinds", "{measure: phq9, state: pregnancy, below: 5}", "must say what it looks at, once; keep one of measure, state"),
    criterion("no-kind", "{mesure: phq9, below: 5}", "must say what it looks at, once; did you mean 'measure'?"),
    criterion("criterion-a-text", "phq9 below 20", "must be a mapping such as {measure: egfr"),
    criterion("criterion-a-list", "[phq9, below, 20]", "must be a mapping such as {measure: egfr"),
    in_rule("criterion-a-keyword", "  pregnant:", "  is: {measure: phq9, below: 9}\n  pregnant:", "  is:", "a name that 'when' cannot hold",
            "'is' is not used"),
    in_rule("criterion-a-finding", "  pregnant:", "  low_magnesium: {measure: phq9, below: 9}\n  pregnant:", "low_magnesium:", "has the name of a finding"),
    in_rule("criterion-in-capitals", "  pregnant:", "  Pregnant:", "Pregnant:", "needs a name of small letters", "'Pregnant' is not used",
            "names 'pregnant'"),
    in_rule("criterion-with-a-hyphen", "  pregnant:", "  a-b: {measure: phq9, below: 9}\n  pregnant:", "a-b", "needs a name of small letters",
            "'a-b' is not used"),
    in_rule("criteria-a-list", "criteria:\n", "criteria: []\nthe_criteria:\n", "criteria: []", "'criteria' of rule 'consider-magnesium' must be a mapping",
            "has 'the_criteria'", "names 'mild_to_moderate'", "names 'not_critical'", "names 'pregnant'"),
    in_rule("unused-criterion", "  pregnant:", "  spare: {measure: phq9, below: 9}\n  pregnant:", "when:", "criterion 'spare' is not used in 'when'"),
]  # fmt: skip

CONDITIONS = [
    when("unknown-name", f"{WHEN} and breastfeeding", "names 'breastfeeding', which is neither a criterion here nor a finding"),
    when("misspelt-finding", WHEN.replace("low_magnesium", "low_magnesum"), "did you mean 'low_magnesium'?"),
    when("call", "__import__('os').system('true')", "holds a call"),
    when("attribute", f"{WHEN} and pregnant.value", "holds an attribute (a dot)"),
    when("comparison", f"{WHEN} and pregnant < 30", "holds a comparison"),
    when("arithmetic", f"{WHEN} and pregnant + 1", "holds arithmetic"),
    when("single-ampersand", f"{WHEN} and pregnant & not_critical", "holds arithmetic or an '&'"),
    when("double-ampersand", WHEN.replace("and not", "&& not"), "is not a condition; write names joined with and, or, not"),
    when("exclamation-mark", WHEN.replace("not pregnant", "!pregnant"), "is not a condition"),
    when("capital-AND", WHEN.replace(" and not ", " AND not "), "is not a condition"),
    when("constant", f"{WHEN} and true_", "names 'true_'"),
    when("number", f"{WHEN} and 1", "holds the constant '1'"),
    when("true", f"{WHEN} and True", "holds the constant 'True'"),
    when("text", f"{WHEN} and 'adult'", "holds the constant 'adult'"),
    when("lambda", "'lambda: pregnant'", "holds something else (Lambda)"),
    when("f-string", "f'{pregnant}'", "holds something else (JoinedStr)"),
    when("walrus", "'(x := pregnant)'", "holds something else (NamedExpr)"),
    when("comprehension", "'[x for x in pregnant]'", "holds something else (ListComp)"),
    when("if-else", "pregnant if low_magnesium else on_treatment", "holds something else (IfExp)"),
    when("two-statements", "pregnant; low_magnesium", "is not a condition"),
    when("unclosed-bracket", WHEN.removesuffix("and not pregnant") + "and (not pregnant", "is not a condition"),
    when("empty", "", "must be a text; write one after 'when:'"),
    when("empty-quotes", "''", "must be a text; write one after 'when:'"),
    when("a-list", "[pregnant, low_magnesium]", "must be a text"),
    when("too-deep", "not (pregnant or " * 15 + "pregnant" + ")" * 15, "has more than 20 levels of brackets"),
    when("far-too-deep", "(" * 900 + "pregnant" + ")" * 900, "is not a condition"),
    when("too-long", " or ".join(["pregnant"] * 200) + " or " + " or ".join(["low_magnesium"] * 20), "is longer than 2000 characters"),
    when("comment-in-folded-text", f">-\n  {WHEN}\n  # not for children\n  and low_magnesium", "holds a '#'"),
]  # fmt: skip

REFERENCES = [
    in_rule("unknown-evidence-for", "evidence_for: [tarleton-2017]", "evidence_for: [tarleton-2018]", "evidence_for", "not in evidence/; did you mean 'tarleton-2017'?"),
    in_rule("unknown-evidence-against", "[phelan-2018]", "[phelan-2019]", "evidence_against", "names 'phelan-2019', which is not in evidence/"),
    in_rule("unknown-override-reason", "patient-declined,", "patient-refused,", "override_reasons", "names 'patient-refused', which is not in override-reasons.yaml"),
    in_rule("evidence-no-list", "evidence_for: [tarleton-2017]", "evidence_for: tarleton-2017", "evidence_for", "must be a list; write [a, b]"),
    in_rule("evidence-twice", "evidence_for: [tarleton-2017]", "evidence_for: [tarleton-2017, tarleton-2017]", "evidence_for", "holds 'tarleton-2017' twice"),
    Mistake("finding-cycle", both(replace(LOW, "when: below_the_limit", "when: below_the_limit and on_treatment"),
                                  replace(TREATED, "when: stable and depressed", "when: stable and depressed or low_magnesium")),
            LOW, "when:", "finding 'low_magnesium' is defined in a circle with low_magnesium, on_treatment", ("finding 'on_treatment' is defined in a circle",)),
    Mistake("finding-of-itself", replace(LOW, "when: below_the_limit", "when: below_the_limit or low_magnesium"), LOW, "when:",
            "finding 'low_magnesium' is defined in a circle with low_magnesium;"),
    Mistake("unknown-include", replace(ANTIDEPRESSANT, "[ssri]", "[ssri, snri]"), ANTIDEPRESSANT, "includes", "names 'snri', which is no value set; did you mean 'ssri'?"),
    Mistake("include-of-another-list", replace(ANTIDEPRESSANT, "[ssri]", "[ssri, depression]"), ANTIDEPRESSANT, "includes",
            "names 'depression', which is a value set of another list"),
    Mistake("empty-value-set", write("valuesets/snri.yaml", "id: snri\ntitle: SNRI\nof: medicines\nversion: 2026-11\nsource: ATC\n"),
            "valuesets/snri.yaml", 1, "the value set is empty; give 'entries' or 'includes'"),
    Mistake("value-set-of-nothing", replace(SSRI, "of: medicines", "of: drugs"), SSRI, "of:", "'of' of the value set is 'drugs'"),
    Mistake("entries-no-list", replace(SSRI, "  - {name", "  {name"), SSRI, "{name", "'entries' of the value set must be a list"),
    Mistake("entry-a-text", replace(SSRI, "entries:\n", "entries:\n  - citalopram\n"), SSRI, "citalopram", "an entry must be a mapping such as"),
    Mistake("entry-without-name", replace(SSRI, "name: sertraline, ", ""), SSRI, "rxnorm", "lacks 'name'"),
    Mistake("a-code-that-is-none", replace(SSRI, '["36437"]', '["36437", ""]'), SSRI, "36437", "holds an entry that is no text"),
    Mistake("a-prefix-too-short", replace(SSRI, "[N06AB]", "[N0]"), SSRI, "[N0]", "'N0' is no ATC code"),
    Mistake("a-code-of-another-system", replace(SSRI, 'rxnorm: ["36437"]', "rxnorm: [N06AB06]"), SSRI, "N06AB06", "'N06AB06' is no RxNorm code"),
    Mistake("a-diagnosis-without-letter", replace(DEPRESSION, "[F32, F33]", "[F32, 296.2]"), DEPRESSION, "296.2", "'296.2' is no ICD-10-CM code"),
    Mistake("a-name-without-words", replace(DEPRESSION, "[family history]", '["-"]'), DEPRESSION, "not_when", "'-' holds no word"),
]  # fmt: skip

IDENTITIES = [
    in_rule("file-name-differs", "id: consider-magnesium", "id: offer-magnesium", "id:", "does not fit the file's name 'consider-magnesium.yaml'"),
    in_rule("id-yes", "id: consider-magnesium", "id: yes", "id:", "the id 'yes' does not fit the file's name"),
    in_rule("id-in-capitals", "id: consider-magnesium", "id: Consider-Magnesium", "id:", "must be small letters and digits joined with '-'"),
    in_rule("id-with-underscores", "id: consider-magnesium", "id: consider_magnesium", "id:", "must be small letters and digits joined with '-'"),
    Mistake("finding-id-with-hyphens", replace(LOW, "id: low_magnesium", "id: low-magnesium"), LOW, "id:", "must be small letters and digits joined with '_'",
            ("names 'low_magnesium'",)),
    Mistake("one-id-in-two-topics", write("workup/severe-renal-impairment.yaml", (PACK / STOP).read_bytes()),
            "workup/severe-renal-impairment.yaml", 1, "the id 'severe-renal-impairment' is already used in safety/severe-renal-impairment.yaml"),
    Mistake("one-id-in-two-value-sets", write("valuesets/drugs/ssri.yaml", (PACK / SSRI).read_bytes()), SSRI, "id:", "the id 'ssri' is used in two files"),
    Mistake("one-id-in-two-findings", write("findings/old/low-magnesium.yaml", (PACK / LOW).read_bytes()), "findings/old/low-magnesium.yaml", 1,
            "the id 'low_magnesium' is used in two files"),
    Mistake("retired-id-reused", both(write("workup/severe-renal-impairment.yaml", (PACK / STOP).read_bytes()),
                                      replace(STOP, "status: active", "status: retired")),
            "workup/severe-renal-impairment.yaml", 1, "the id 'severe-renal-impairment' is already used in safety/severe-renal-impairment.yaml"),
    in_rule("version-1.0", "version: 1.2.0", "version: 1.0", "version:", "is '1.0'; write three numbers such as 1.0.0"),
    in_rule("unknown-kind", "kind: consider", "kind: recommend", "kind:", "'kind' of rule 'consider-magnesium' is 'recommend'; write one of urgent, stop"),
    in_rule("unknown-certainty", "certainty: very low", "certainty: lowest", "certainty:", "did you mean 'low'?"),
    in_rule("unknown-strength", "strength: C", "strength: E", "strength:", "is 'E'; write one of A, B, C, D"),
    in_rule("unknown-status", "status: active", "status: signed", "status:", "is 'signed'; write one of draft, active, retired"),
    in_rule("status-approved", "status: active", "status: approved", "status:", "is 'approved'"),
    in_rule("review-approved", "{status: unreviewed,", "{status: approved,", "review:", "is 'approved'; write one of unreviewed"),
    in_rule("review-signed", "due: 2027-11-01}", "due: 2027-11-01, by: A. Body}", "review:", "has 'by'; write one of status, due"),
    in_rule("bad-date", "2027-11-01", "2027-13-01", "review:", "'due' of rule 'consider-magnesium' is '2027-13-01'; write a date such as"),
    in_rule("date-in-words", "2027-11-01", "1 November 2027", "review:", "is '1 November 2027'; write a date such as"),
    Mistake("bad-date-in-evidence", replace(EVIDENCE, "2026-11-21", "2026-02-29"), EVIDENCE, "checked", "is '2026-02-29'; write a date"),
    Mistake("count-in-words", replace(EVIDENCE, "n: 126", "n: many"), EVIDENCE, "n: many", "is 'many'; write a whole number of people, or null"),
    Mistake("count-cut", replace(EVIDENCE, "n: 126", "n: 12.5"), EVIDENCE, "n: 12.5", "is '12.5'; write a whole number of people, or null"),
    Mistake("count-of-nobody", replace(EVIDENCE, "n: 126", "n: 0"), EVIDENCE, "n: 0", "is '0'; write a whole number"),
    Mistake("verified-by-hearsay", replace(EVIDENCE, "verified: excerpt", "verified: hearsay"), EVIDENCE, "verified", "is 'hearsay'; write one of primary"),
    in_rule("text-empty", "title: Consider magnesium alongside treatment", "title:", "title:", "must be a text; write one after 'title:'"),
    in_rule("text-too-long", "title: Consider magnesium alongside treatment", "title: " + "very " * 40 + "long", "title:", "is longer than 140 characters"),
]  # fmt: skip

ITEMS = [
    item("no-record-field", "phq9:\n  title", "phq_nine:\n  title", "phq_nine", "item 'phq_nine' is no field of PatientRecord", "'phq9' is not in items.yaml"),
    item("item-a-text", "conditions:\n  title: Problem list\n  of: list\n  current_for: 365 days", "conditions: list", "conditions:", "must be a mapping"),
    item("measurement-that-is-a-state", "of: state\n  values: [pregnant, lactating, not pregnant]", "of: list", "of: list",
         "item 'pregnancy' is no list: PatientRecord holds a state there; write 'of: state'", "'pregnancy' is not in items.yaml"),
    item("field-that-is-no-item", "phq9:\n  title: PHQ-9\n  of: m", "birth_date:\n  title: PHQ-9\n  of:  m", "of:  m", "item 'birth_date' is no measurement",
         "'phq9' is not in items.yaml"),
    item("unit-of-an-item", "[mmol/L, mg/dL, meq/L]\n  loinc", "[mmol/L, mg/dl%]\n  loinc", "mg/dl%", "the unit 'mg/dl%' is not understood"),
    item("units-of-two-dimensions", "[mL/min/1.73m2]", "[mL/min/1.73m2, mL/min]", "mL/min]", "the unit 'mL/min' is not understood, or does not convert into"),
    item("unknown-substance", "substance: magnesium", "substance: magnesum", "substance", "is 'magnesum'; did you mean 'magnesium'?"),
    item("loinc-of-another-dimension", "19123-9: mg/dL", "19123-9: mg", "19123-9", "LOINC 19123-9 of item 'serum_magnesium' needs the units"),
    item("plausible-one-number", "plausible: [0, 200]", "plausible: [200]", "[200]", "takes the lowest and the highest value", "'egfr' is not in items.yaml"),
    item("plausible-the-wrong-way", "plausible: [0, 200]", "plausible: [200, 0]", "[200, 0]", "takes the lowest and the highest value",
         "'egfr' is not in items.yaml"),
    item("plausible-0x1F", "plausible: [0, 27]", "plausible: [0, 0x1F]", "0x1F", "is '0x1F'; write a plain number",
         "takes the lowest", "'phq9' is not in items.yaml"),
    item("change-of-nothing", "conditions:\n", CHANGE.replace("change_of: phq9", "change_of: phq8"), "change_of",
         "'change_of' of item 'phq9_fall' names no item that is measured; did you mean 'phq9'?"),
    item("change-since-nothing", "conditions:\n", CHANGE.replace("since_start_of: ssri", "since_start_of: depression"), "since_start_of",
         "'since_start_of' of item 'phq9_fall' names no set of medicines"),
    item("change-that-gives-nothing", "conditions:\n", CHANGE.replace("baseline_within: 28 days\n", "baseline_within: 28 days\n  gives: slope\n"), "gives",
         "'gives' of item 'phq9_fall' is 'slope'; write one of fall, value before, day of the newest"),
    item("change-without-baseline", "conditions:\n", CHANGE.replace("  baseline_within: 28 days\n", ""), "phq9_fall",
         "item 'phq9_fall' needs 'baseline_within: 28 days'"),
    item("current-for-weeks", "current_for: 14 days", "current_for: 2 weeks", "2 weeks", "is '2 weeks'; write a number of days"),
    item("on-a-tie", "on_a_tie: highest", "on_a_tie: average", "average", "is 'average'; write one of lowest, highest"),
    item("whole-numbers-true", "plausible: [0, 27]\n  whole_numbers: yes", "plausible: [0, 27]\n  whole_numbers: true", "whole_numbers: true", "is 'true'; write one of no, yes"),
    item("limit-without-unit", "[1.05 mmol/L, 2.6 mg/dL, 2.1 meq/L]", "[1.05]", "upper_limit", "has no unit; serum_magnesium is measured in"),
    item("limits-that-disagree", "[1.05 mmol/L, 2.6 mg/dL, 2.1 meq/L]", "[1.05 mmol/L, 2.1 mg/dL]", "upper_limit", "says 2.1 mg/dL, but 1.05 mmol/L is 2.55 mg/dL"),
    item("no-values", "values: [pregnant, lactating, not pregnant]", "values: []", "values", "has no values", "'pregnancy' is not in items.yaml"),
    item("a-value-the-record-never-has", "not pregnant]", "not-pregnant]", "values", "the record never says 'not-pregnant'; did you mean 'not pregnant'?"),
]  # fmt: skip

PRECEDENCE = [
    in_rule("knowledge-in-consider", PHQ9, "{missing: phq9}", "when:", "is of kind 'consider' and asks about knowledge"),
    Mistake("knowledge-through-a-finding", replace(LOW, "{measure: serum_magnesium, below: lower limit}", "{unknown: serum_magnesium}"),
            RULE, "when:", "is of kind 'consider' and asks about knowledge"),
    Mistake("knowledge-that-lifts", replace(ASK, "when: not_known and adult", "when: not not_known and adult"), ASK, "when:",
            "holds others back, and 'eGFR is unknown within 365 days' would lift that by not knowing"),
    precedence("holds-urgent-kind", "holds: {kinds: [consider, dose]}", "holds: {kinds: [urgent, dose]}", "kinds: [urgent, dose]", "holds back urgent suggestions"),
    Mistake("holds-urgent-rule", both(replace(RULE, "kind: consider", "kind: urgent"), replace("precedence.yaml", "kinds: [consider, dose]", "kinds: [dose]")),
            "precedence.yaml", ASK_ENTRY, "holds back urgent suggestions; nothing may"),
    precedence("unknown-rule-in-by", "{rule: ask-kidney-function}", "{rule: ask-kidneys}", "ask-kidneys", "names the rule 'ask-kidneys'; did you mean"),
    precedence("unknown-rule-in-holds", "[consider-magnesium]", "[consider-magnesum]", "consider-magnesum", "did you mean 'consider-magnesium'?"),
    precedence("unknown-kind-in-by", "{kind: stop}", "{kind: halt}", "halt", "names the kind 'halt'"),
    precedence("unknown-kind-in-holds", "holds: {kinds: [consider, dose]}", "holds: {kinds: [consider, dosage]}", "dosage", "did you mean 'dose'?"),
    precedence("unknown-kind-in-asks", "[urgent, defer, workup, monitor, inform]", "[urgent, defer, workup, info]", "workup, info]", "names 'info'"),
    precedence("a-kind-left-out", "workup, consider, dose, monitor, inform]\nasks", "consider, dose, monitor, inform]\nasks", "kinds:", "lacks 'workup'; give it its place"),
    precedence("two-entries-for-one-kind", STOP_ENTRY, STOP_ENTRY + STOP_ENTRY, 7, "kind 'stop' has two entries in 'holds_back'; join them"),
    precedence("two-entries-for-one-rule", STOP_ENTRY, STOP_ENTRY + STOP_ENTRY.replace("kind: stop", "rule: ask-kidney-function"), 10,
               "rule 'ask-kidney-function' has two entries in 'holds_back'; join them"),
    precedence("by-both", "by: {kind: stop}", "by: {kind: stop, rule: severe-renal-impairment}", "kind: stop", "needs either a kind or a rule"),
    precedence("when-unknown-yes", "when_unknown: let pass", "when_unknown: yes", "when_unknown", "is 'yes'; write one of withhold, let pass"),
    precedence("precedence-entry-a-text", STOP_ENTRY, "  - stop\n", "- stop", "must be a mapping with by, holds and because"),
    Mistake("holds-back-nothing", replace("precedence.yaml", (PACK / "precedence.yaml").read_text().partition("holds_back:")[2], " none\n"),
            "precedence.yaml", "holds_back", "'holds_back' of precedence.yaml must be a list"),
]  # fmt: skip

BASIS = [
    Mistake("basis-missing", rename("basis.yaml", "notes.txt"), "basis.yaml", 1, "is not there; every pack has one"),
    basis("no-purpose", "purpose: {text: To inform., source: a proposal}\n", "", 1, "basis.yaml lacks 'purpose'; add it"),
    basis("no-harms", "harms:\n  - {", "harm:\n  - {", "harm:", "has 'harm'; did you mean 'harms'?", "basis.yaml lacks 'harms'"),
    basis("no-harms-at-all", f"harms:\n  - {{kinds: {EVERY_KIND}, text: Diarrhoea., evidence: [phelan-2018]}}\n", "harms: []\n", "harms:",
          "'harms' of basis.yaml says nothing of the kind urgent, stop"),
    basis("a-kind-without-options", "consider, dose, monitor, inform], text: Doing", "consider, dose, monitor], text: Doing", "options:",
          "'options' of basis.yaml says nothing of the kind inform; add an entry"),
    basis("unknown-kind-in-basis", "[consider, dose, monitor, inform], text: Doing", "[consider, dosing, monitor, inform], text: Doing", "dosing",
          "names 'dosing'; did you mean 'dose'?", "says nothing of the kind dose"),
    basis("statement-a-text", "not_for: {text: Not for emergencies., source: a proposal}", "not_for: Not for emergencies.", "not_for",
          "'not_for' of basis.yaml must be a mapping with text, and evidence or source"),
    Mistake("never-a-text", replace("basis.yaml", "purpose:", "never: nothing\npurpose:"), "basis.yaml", "never:", "'never' of basis.yaml must be a list"),
    Mistake("never-without-source", replace("basis.yaml", "purpose:", "never: [{text: Hype.}]\npurpose:"), "basis.yaml", "never:",
            "an entry of 'never' of basis.yaml needs either 'evidence'"),
    basis("statement-without-source", "{text: To inform., source: a proposal}", "{text: To inform.}", "purpose", "needs either 'evidence'"),
    basis("statement-with-both", "Adults., evidence", "Adults., source: trials, evidence", "population", "needs either 'evidence'"),
    basis("statement-without-text", "{text: To inform., source", "{texts: To inform., source", "purpose", "did you mean 'text'?", "lacks 'text'"),
    basis("evidence-that-is-none", "Adults., evidence: [phelan-2018]", "Adults., evidence: [phelan-2019]", "phelan-2019", "did you mean 'phelan-2018'?"),
    basis("evidence-empty", "Adults., evidence: [phelan-2018]", "Adults., evidence: []", "population", "is empty; name at least one"),
    basis("limits-a-mapping", "limits:\n  - {kinds", "limits:\n  {kinds", f"{{kinds: {EVERY_KIND}, text: Little",
          "'limits' of basis.yaml must be a list of entries"),
    basis("a-certainty-without-words", "very low: v, ", "", "certainty", "'certainty' of basis.yaml lacks 'very low'; add it"),
    basis("a-strength-that-is-none", "D: a proposal", "D: a proposal, E: a guess", "strength", "has 'E'; write one of A, B, C, D"),
    basis("five-in-words", "passive: 5", "passive: five", "shown", "'passive' of 'shown' of basis.yaml must be a whole number such as 5"),
    basis("fewer-than-none", "interruptive: 1", "interruptive: -1", "shown", "'interruptive' of 'shown' of basis.yaml must be a whole number"),
]  # fmt: skip

FILES = [
    Mistake("items-missing", rename("items.yaml", "notes.txt"), "items.yaml", 1, "is not there; every pack has one"),
    Mistake("precedence-missing", rename("precedence.yaml", "notes.txt"), "precedence.yaml", 1, "is not there; every pack has one"),
    Mistake("yml-ending", rename(STOP, "safety/severe-renal-impairment.yml"), "safety/severe-renal-impairment.yml", 1, "ends in .yml; name it .yaml"),
    Mistake("rule-without-topic", write("severe-renal-impairment.yaml", (PACK / STOP).read_bytes()), "severe-renal-impairment.yaml", 1, "is not read here"),
    not_yaml("tab-indentation", "entries:\n  - ", "entries:\n\t- ", "\t", "is not YAML: found character that cannot start any token"),
    not_yaml("unclosed-quote", "title: Depressive disorder", 'title: "Depressive disorder', 2, "is not YAML: found unexpected end of stream"),
    not_yaml("unclosed-bracket-in-yaml", "[family history]", "[family history", 6, "is not YAML: did not find expected ',' or ']'"),
    not_yaml("colon-in-a-text", "source: ICD-10-CM FY2026", "source: ICD-10-CM: FY2026", "source", "is not YAML: mapping values are not allowed"),
    not_yaml("two-documents", "of: conditions", "---\nof: conditions", "---", "holds a second document after '---'"),
    not_yaml("anchor", "of: conditions", "of: &of conditions", "&of", "uses a YAML anchor or alias"),
    not_yaml("merge-key", "of: conditions", "<<: *base\nof: conditions", "<<", "uses a YAML anchor or alias"),
    not_yaml("python-tag", "of: conditions", "of: !!python/object/apply:os.system [true]", "!!python", "uses the YAML tag 'tag:yaml.org,2002:python/object/apply"),
    not_yaml("str-tag", "of: conditions", "of: !!str conditions", "!!str", "uses the YAML tag"),
    not_yaml("list-as-key", "of: conditions", "? [a, b]\n: conditions", "? [", "has a key that is no plain text"),
    not_yaml("control-character", "of: conditions", "of: condi\x07tions", 1, "is not YAML: control characters are not allowed"),
    Mistake("alias-bomb", write(DEPRESSION, BILLION_LAUGHS), DEPRESSION, 1, "uses a YAML anchor or alias", (IN_PLACE_OF_DEPRESSION,)),
    Mistake("too-deep-yaml", write(DEPRESSION, "id: " + "[" * 400 + "]" * 400 + "\n"), DEPRESSION, 1, "is nested more than 20 levels deep", (IN_PLACE_OF_DEPRESSION,)),
    Mistake("not-utf-8", write(DEPRESSION, "title: Dépression".encode("latin-1")), DEPRESSION, 1, "is not UTF-8 text; save it as UTF-8", (IN_PLACE_OF_DEPRESSION,)),
    Mistake("utf-16", write(DEPRESSION, "title: Depression".encode("utf-16")), DEPRESSION, 1, "is not UTF-8 text", (IN_PLACE_OF_DEPRESSION,)),
    Mistake("list-at-top-level", write(DEPRESSION, "- a\n- b\n"), DEPRESSION, 1, "is not a mapping of keys to values", (IN_PLACE_OF_DEPRESSION,)),
    Mistake("text-at-top-level", write(DEPRESSION, "depression\n"), DEPRESSION, 1, "is not a mapping of keys to values", (IN_PLACE_OF_DEPRESSION,)),
    Mistake("empty-file", write(DEPRESSION, ""), DEPRESSION, 1, "is not a mapping of keys to values", (IN_PLACE_OF_DEPRESSION,)),
    Mistake("only-a-comment", write(DEPRESSION, "# to be written\n"), DEPRESSION, 1, "is not a mapping of keys to values", (IN_PLACE_OF_DEPRESSION,)),
    Mistake("huge-file", write(DEPRESSION, b"a: " + b"x" * 2_000_000), DEPRESSION, 1, "is larger than 2000000 bytes; split it", (IN_PLACE_OF_DEPRESSION,)),
]  # fmt: skip


def row(id: str, old: str, new: str, at: str | int, says: str, *also: str) -> Mistake:  # noqa: A002
    """A mistake in the table of medicines and magnesium."""
    return Mistake(id, replace(TABLE, old, new), TABLE, at, says, also)


TABLE = "drug-magnesium.yaml"
SPACING = "{before: 2, after: 6}"
NOTHING = "    direction: [none known]\n    spacing: none\n    severity: none"

DRUGS = [
    row("row-unknown-value-set", "  ssri:", "  ssris:", "  ssris:", "'ssris' is no value set; did you mean 'ssri'?"),
    row("row-value-set-of-conditions", "  ssri:", "  depression:", "  depression:", "'depression' is a value set of conditions"),
    row("row-doubled-value-set", "  antidepressant:", "  ssri:", 15, "'ssri' stands twice; keep one"),
    row("row-no-mapping", "  antidepressant:\n" + NOTHING + "\n    do: Nothing is known.\n    evidence: []\n    verified: known\n", "  antidepressant: avoid\n", "avoid", "must be a mapping"),
    row("row-unknown-key", "    do:", "    advice:", "advice", "'antidepressant' has 'advice'; write one of direction"),
    row("row-without-direction", "    direction: [hinders absorption]\n", "", 10, "'ssri' lacks 'direction'"),
    row("row-empty-direction", "[hinders absorption]", "[]", "direction: []", "'ssri' has no direction; write some of hinders absorption"),
    row("row-unknown-direction", "[hinders absorption]", "[hinders absorbtion]", "absorbtion", "did you mean 'hinders absorption'?"),
    row("row-direction-no-list", "[none known]", "none known", "direction: none", "must be a list"),
    row("row-effect-beside-none", "[none known]", "[none known, depletes]", "depletes", "has an effect beside 'none known'", "needs a severity"),
    row("row-unknown-severity", "severity: major", "severity: severe", "severity: severe", "is 'severe'; write one of major", "needs a severity"),
    row("row-effect-without-severity", "severity: major", "severity: none", 12, "needs a severity, unless its direction is [none known]"),
    row("row-severity-of-nothing", NOTHING, NOTHING.replace("severity: none", "severity: minor"), "severity: minor", "needs a severity, unless"),
    row("row-unknown-evidence", "evidence: [tarleton-2017]\n    verified", "evidence: [tarleton-2018]\n    verified", "tarleton-2018", "is not in evidence/; did you mean 'tarleton-2017'?"),
    row("row-no-evidence", "evidence: [tarleton-2017]\n    verified", "evidence: []\n    verified", 13, "'ssri' is 'excerpt' and names no evidence"),
    row("row-unknown-verified", "verified: excerpt", "verified: read", "verified: read", "is 'read'; write one of primary"),
    row("row-negative-hours", SPACING, "{before: -2, after: 6}", "before: -2", "is '-2'; write hours from 0 to below 24"),
    row("row-hours-of-a-day", SPACING, "{before: 24}", "before: 24", "is '24'; write hours from 0 to below 24"),
    row("row-hours-no-number", SPACING, "{before: two, after: 6}", "before: two", "is 'two'; write a plain number"),
    row("row-hours-with-unit", SPACING, "{before: 2 hours, after: 6}", "before: 2 h", "is '2 hours'; write a plain number"),
    row("row-part-of-a-minute", SPACING, "{before: 2.001, after: 6}", "before: 2.001", "in whole minutes"),
    row("row-hours-a-list", SPACING, "{before: [2], after: 6}", "before: [2]", "must be a number of hours"),
    row("row-no-time-left", SPACING, "{before: 12, after: 12.5}", "before: 12", "leaves no time in a day"),
    row("row-nothing-apart", SPACING, "{before: 0, after: 0}", "before: 0", "keeps nothing apart"),
    row("row-empty-spacing", SPACING, "{}", "spacing: {}", "keeps nothing apart"),
    row("row-unknown-side", SPACING, "{befor: 2, after: 6}", "befor", "has 'befor'; did you mean 'before'?"),
    row("row-unknown-spacing", SPACING, "never", "spacing: never", "is 'never'; write one of none, avoid", "hinders absorption and has no spacing"),
    row("row-hindered-without-spacing", SPACING, "none", 11, "hinders absorption and has no spacing"),
    row("row-spacing-of-no-use", "[hinders absorption]", "[depletes]", 11, "has a spacing, which helps only where"),
    row("row-nothing-to-do", "[hinders absorption]\n    spacing: " + SPACING, "[depletes]\n    spacing: none", 11, "says nothing to do"),
    row("table-without-rows", "medicines:\n", "medicine:\n", 8, "has 'medicine'; did you mean 'medicines'?", "lacks 'medicines'"),
    row("table-no-doses", "doses: 2", "doses: some", "doses:", "is 'some'; write 1 to 6"),
    row("table-too-many-doses", "doses: 2", "doses: 7", "doses:", "is '7'; write 1 to 6"),
    row("table-apart-negative", "apart: 4", "apart: -4", "apart:", "is '-4'; write hours"),
    row("table-between-one-time", '["07:00", "22:00"]', '["07:00"]', "between:", "takes two times"),
    row("table-between-no-time", '"22:00"]', '"24:00"]', "between:", "takes two times"),
    row("table-other-hours", "{hours: 2,", "{hours: -1,", "hours: -1", "is '-1'; write hours"),
    row("table-other-without-source", ", evidence: [tarleton-2017]}", "}", "any_other", "lacks 'evidence'"),
]  # fmt: skip


PHQ9_YAML = (
    "bands: {minimal: 0, mild: 5}\n"
    "change:\n  remission_below: 5\n  response_percent: 50\n  fall: 5\n  fall_percent: 20\n  rise: 5\n"
)


def phq9(name: str, old: str, new: str, at: str | int, says: str) -> Mistake:
    """A mistake in the optional phq9.yaml."""
    assert PHQ9_YAML.count(old) == 1
    return Mistake(name, write("phq9.yaml", PHQ9_YAML.replace(old, new)), "phq9.yaml", at, says)


PHQ9_LIMITS = [
    phq9("phq9-without-a-limit", "  rise: 5\n", "", "remission", "'change' lacks 'rise'; add it"),
    phq9("phq9-with-another-limit", "  rise: 5\n", "  rise: 5\n  raise: 5\n", "raise", "'change' has 'raise'; did you mean 'rise'?"),
    phq9("phq9-without-bands", "bands: {minimal: 0, mild: 5}\n", "", 1, "phq9.yaml lacks 'bands'; add it"),
    phq9("phq9-band-a-word", "mild: 5", "mild: five", 1, "'mild' is 'five'; write a plain number"),
    phq9("phq9-band-beyond-27", "mild: 5", "mild: 28", 1, "'mild' must be a whole number from 0 to 27"),
    phq9("phq9-band-a-half", "mild: 5", "mild: 4.5", 1, "'mild' must be a whole number from 0 to 27"),
    phq9("phq9-bands-not-from-0", "minimal: 0", "minimal: 1", 1, "'bands' must begin at 0 and rise"),
    phq9("phq9-bands-falling", "mild: 5", "mild: 0", 1, "'bands' must begin at 0 and rise"),
    phq9("phq9-part-above-the-whole", "fall_percent: 20", "fall_percent: 50", "remission", "'fall_percent' must be below 'response_percent'"),
    phq9("phq9-limit-a-list", "  rise: 5", "  rise: [5]", "rise", "'rise' must be a whole number from 0 to 27"),
]  # fmt: skip

CATALOGUE = [
    Mistake("supports-a-text", replace(EVIDENCE, "supports: [Lower scores after 6 weeks.]", "supports: Lower scores."), EVIDENCE, "supports", "must be a list"),
    Mistake("supports-at-length", replace(EVIDENCE, "Lower scores after", "Lower scores " + "and lower " * 24 + "after"), EVIDENCE, "supports",
            "has a sentence of more than 240 characters; shorten it"),
    Mistake("supports-and-against", replace(EVIDENCE, "against: []", "against: [Lower scores after 6 weeks.]"), EVIDENCE, "against",
            "supports and speaks against the same, 'Lower scores after 6 weeks.'; keep one"),
    estimate("estimate-that-drifts", "value: -6.0", "value: -6.5", "an estimate has -6.5, which 'effect' does not say"),
    estimate("estimate-part-of-a-number", "value: -6.0", "value: 6.0", "an estimate has 6.0, which 'effect' does not say"),
    estimate("estimate-interval-drifts", "-4.2]", "-4.3]", "an estimate has -4.3, which 'effect' does not say"),
    estimate("estimate-outside-its-interval", "[-7.9, -4.2]", "[-4.2, -7.9]", "lies outside its interval -4.2 to -7.9"),
    estimate("estimate-ratio-below-nothing", "mean difference", "RR", "an estimate is a ratio of -7.9; a ratio is above 0"),
    estimate("estimate-of-no-measure", "mean difference", "points", "'measure' of an estimate is 'points'; write one of SMD, g, mean difference"),
    estimate("estimate-interval-of-one", "[-7.9, -4.2]", "[-7.9]", "'interval' of an estimate must be [low, high]"),
    estimate("estimate-without-sides", ", higher: more symptoms", "", "an estimate lacks 'higher'"),
    estimate("estimate-no-number", "value: -6.0", "value: -6e0", "is '-6e0'; write a plain number"),
    Mistake("estimates-a-text", replace(EVIDENCE, ESTIMATE, "estimates: large\n"), EVIDENCE, "estimates", "'estimates' must be a list"),
    Mistake("estimate-a-text", replace(EVIDENCE, ESTIMATE, "estimates: [large]\n"), EVIDENCE, "estimates", "an estimate must be a mapping with of"),
    Mistake("contradicts-one-way", replace(EVIDENCE, "contradicts: [phelan-2018]", "contradicts: []"), PHELAN, "contradicts",
            "'tarleton-2017' does not contradict 'phelan-2018' in turn; write it into evidence/tarleton-2017.yaml too"),
    Mistake("contradicts-nobody", replace(EVIDENCE, "contradicts: [phelan-2018]", "contradicts: [phelan-2018, phelan-2019]"), EVIDENCE, "contradicts",
            "names 'phelan-2019', which is no other entry; did you mean 'phelan-2018'?"),
    Mistake("contradicts-itself", replace(EVIDENCE, "contradicts: [phelan-2018]", "contradicts: [phelan-2018, tarleton-2017]"), EVIDENCE, "contradicts",
            "names 'tarleton-2017', which is no other entry"),
    claim("claim-of-an-unknown-rule", "rules: [consider-magnesium]", "rules: [consider-magnesum]", "rules", "is no active rule; did you mean 'consider-magnesium'?"),
    Mistake("claim-of-a-draft", both(replace(STOP, "status: active", "status: draft"), replace(CLAIMS, "[consider-magnesium]", "[severe-renal-impairment]")),
            CLAIMS, "rules", "names 'severe-renal-impairment', which is no active rule"),
    claim("claim-of-unknown-evidence", "phelan-2018]", "phelan-2019]", "evidence:", "'phelan-2019', which is no evidence entry; did you mean 'phelan-2018'?"),
    claim("claim-left-over", "  refused: No rule speaks for taking it without a reason.\n", "", "A2", "nothing answers claim 'A2'; name a rule or evidence, or say why not"),
    claim("claim-without-answer", "  answer: Nothing is said of everyone.\n", "", "says: everyone", "claim 'A2' lacks 'answer'"),
    claim("claim-with-a-verdict", "  refused: No", "  verdict: false\n  refused: No", "verdict", "claim 'A2' has 'verdict'; write one of says"),
    claim("claim-a-text", "A2:\n", "A3: true\nA2:\n", "A3", "claim 'A3' must be a mapping with says"),
    claim("claim-that-orders", "Nothing is said of everyone.", "Stop the lithium.", "answer: Stop", "'answer' of claim 'A2' says 'stop the lithium'"),
    claim("claim-that-refuses-by-ordering", "No rule speaks for taking it", "Stop lithium", "refused", "'refused' of claim 'A2' says 'stop lithium'"),
]  # fmt: skip

WORDING = [
    in_rule("over-claim-in-a-text", "the present treatment stays unchanged", "stopping sertraline", "text:", "says 'stopping sertraline' [changes-treatment]: treatment stays; write"),
    in_rule("over-claim-in-a-title", "title: Consider magnesium alongside treatment", "title: Stop the lithium", "title:", "'title' of rule 'consider-magnesium' says 'stop the lithium'"),
    in_rule("over-claim-in-a-draft", "status: active\ntitle: Consider magnesium alongside treatment", "status: draft\ntitle: Stop the lithium", "title:", "says 'stop the lithium'",
            "'consider-magnesium', which is no active rule"),
    Mistake("over-claim-of-a-finding", replace(LOW, "title: Low serum magnesium", "title: Low magnesium, so stop talking therapy"), LOW, "title:",
            "'title' of finding 'low_magnesium' says 'stop talking therapy'"),
    basis("over-claim-in-an-option", "text: Doing nothing.", "text: Stop the lithium.", "Stop the", "'options' of basis.yaml says 'stop the lithium'"),
    row("over-claim-about-a-medicine", "do: Nothing is known.", "do: Stop the lithium.", "do:", "'do' of 'antidepressant' says 'stop the lithium'"),
    Mistake("order-in-a-stop", replace(STOP, "could be asked", "must be asked"), STOP, "text:", "'text' of rule 'severe-renal-impairment' says 'must' [order]"),
    in_rule("no-hedge", "Could discuss a time-limited trial", "A time-limited trial", "text:", "lacks a phrase [a-hedge]: the strongest verb"),
    wording("unknown-key-in-wording", "negations:", "negation: [nie]\nnegations:", "nie", "has 'negation'; did you mean 'negations'?"),
    wording("unknown-key-in-an-entry", "    because: treatment stays", "    reason: x\n    because: treatment stays", "reason", "has 'reason'"),
    wording("entry-without-a-source", "    source: a source\n    write: write that", "    write: write that", 6, "lacks 'source'"),
    wording("required-takes-no-exception", "    any_of:", "    except: [x]\n    any_of:", "except: [x]", "has 'except'"),
    wording("unknown-list", '"stop/stopping {ssri}"', '"stop/stopping {sri}"', "{sri}", "'{sri}' is neither a list above nor a value set of medicines; did you mean 'ssri'?"),
    wording(
        "unknown-list-in-a-list", "[lithium, talking therapy]", '[lithium, "{sri}"]', "{sri}", "'{sri}' is neither a list above"
    ),
    wording("empty-list", "treatment: [lithium, talking therapy]", "treatment: []", "{treatment}", "'{treatment}' is neither a list above"),
    wording("phrase-that-begins-open", '"stop/stopping {ssri}"', '"... {ssri}"', '"... {ssri}"', "begins or ends with '...'"),
    wording("phrase-without-a-word", "say: [must]", 'say: ["must /"]', "must /", "holds '/', which is no word"),
    wording("phrase-forgotten", "say: [must]", "say: []", "say: []", "'say' of entry 'order' holds no phrase; write one"),
    wording("between-too-far", "at_most: 2", "at_most: 20", "at_most", "is '20'; write 0 to 9 words"),
    wording("wording-of-an-unknown-kind", "kinds: [consider, stop]", "kinds: [consider, stops]", "stops]", "names 'stops'; did you mean 'stop'?"),
    wording("wording-of-no-kind", "kinds: [consider, stop]", "kinds: []", "kinds: []", "is empty; leave it out for all"),
    wording("wording-of-an-unknown-certainty", "[low, very low, not graded]", "[low, poor]", "poor", "names 'poor'; write one of high"),
    wording("two-entries-of-one-id", "- id: a-hedge", "- id: order", 21, "the id 'order' stands twice in wording.yaml"),
    wording("refused-no-list", "refused:\n", "refused: nothing\nrefuse:\n", "refused: nothing", "'refused' of wording.yaml must be a list", "has 'refuse'"),
    wording("refused-a-text", "refused:\n", "refused:\n  - must\n", "- must", "must be a mapping with id, say, because"),
    Mistake("wording-missing", rename("wording.yaml", "notes.txt"), "wording.yaml", 1, "is not there; every pack has one"),
]  # fmt: skip

ALL = [
    *CATALOGUE,
    *WORDING,
    *KEYS,
    *CRITERIA,
    *CONDITIONS,
    *REFERENCES,
    *IDENTITIES,
    *ITEMS,
    *PRECEDENCE,
    *FILES,
    *DRUGS,
    *BASIS,
    *PHQ9_LIMITS,
]
