"""The command line: reads, calls one function, writes.

Exit codes: 0 done; 1 a pack, a scenario or a check has failed, or a schedule is not known to be feasible; 2 the input or the
command cannot be used; 3 the engine failed or the two channels disagree, and nothing was advised for that record; 70 a fault of
mgcds itself.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mgcds.errors import (
    CohortError,
    EngineDisagreement,
    EngineFault,
    ExportError,
    MgcdsError,
    PackError,
    ProofError,
    RecordError,
    ReviewError,
    ScreenError,
    SettingsError,
    SigningError,
    TableError,
    UnknownRule,
)

if TYPE_CHECKING:
    from mgcds.inputs import Input
    from mgcds.model.assessment import Assessment
    from mgcds.model.pack import RulePack
    from mgcds.model.rule import Rule

EPILOG = (
    "Exit codes: 0 done · 1 pack, scenario or schedule fails · 2 input unusable "
    "· 3 nothing advised: engine fault or disagreement · 70 fault of mgcds"
)
app = typer.Typer(
    name="mgcds", no_args_is_help=True, pretty_exceptions_enable=False, epilog=EPILOG,
    help="Clinical decision support for magnesium in depression, for health professionals. Options, never orders.",
)  # fmt: skip
export = typer.Typer(no_args_is_help=True, help="Write the rule pack in another language.", epilog=EPILOG)
app.add_typer(export, name="export")


NO_POPULATIONS = "populations need more packages: pip install 'mgcds[population]'"
NO_SERVICE = "the service needs more packages: pip install 'mgcds[service]'"


class Format(StrEnum):
    """How to write the result."""

    text = "text"
    json = "json"


class AssessmentFormat(StrEnum):
    """How to write an assessment."""

    text = "text"
    json = "json"
    fhir = "fhir"
    html = "html"


class CohortFormat(StrEnum):
    """How to write a synthetic cohort."""

    ndjson = "ndjson"
    facts = "facts"


class Schema(StrEnum):
    """What to describe."""

    record = "record"
    rule = "rule"
    population = "population"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write a day as 2026-11-21") from None


On = Annotated[
    date | None, typer.Option("--on", parser=_day, metavar="DATE", help="Day of evaluation; today if not given.")
]
Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="PACK", help="Folder of the rule pack; the built-in one if not given.")
]
Jurisdictions = Annotated[
    list[str] | None,
    typer.Option(
        "--jurisdiction", metavar="NAME", help="Whose limits apply, e.g. us; may be given again. The lowest counts, of all if not given.",
    ),
]  # fmt: skip
As = Annotated[Format, typer.Option("--format", help="text to read, json for programs.")]
File = Annotated[
    str, typer.Argument(metavar="FILE", help="Record (YAML or JSON) or FHIR Bundle; .gz too; - is standard input.")
]


@app.command()
def evaluate(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Records (YAML, JSON), FHIR Bundles or NDJSON; .gz too; - is standard input."
        ),
    ],
    on: On = None,
    rules: Rules = None,
    jurisdiction: Jurisdictions = None,
    as_: Annotated[
        AssessmentFormat,
        typer.Option(
            "--format",
            help="text to read, json for programs, fhir for a Bundle of FHIR R4, html for a page of the patient.",
        ),
    ] = AssessmentFormat.text,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="With --format html: write the page here, or into this folder one of each patient.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also say why each rule is not indicated, and all that was not used.")
    ] = False,
    basis: Annotated[
        bool, typer.Option("--basis", help="With --format json: the whole basis of each suggestion.")
    ] = False,
) -> None:
    """Assess patients: what is offered, held back, not decidable, and why."""
    from mgcds.evaluator import evaluate as assess
    from mgcds.evaluator import today

    if output is not None and as_ is not AssessmentFormat.html:
        raise typer.BadParameter("-o goes with --format html; redirect the others with >")
    day, pages = on or today(), list[tuple[str, str]]()
    pack, printer, code, written, read = _pack(rules, jurisdiction), None, 0, [], 0
    for given in _inputs(files, pack, day):
        read += 1
        if isinstance(given, RecordError):
            code = max(code, _complain(given))
            continue
        try:
            assessment = assess(given.record, pack, day)
        except (EngineFault, EngineDisagreement) as error:
            code = max(code, _complain(error, f"{given.name}: "))
            continue
        if as_ is AssessmentFormat.html:
            pages.append((given.name, _patient_page(given, assessment)))
            continue
        if as_ is AssessmentFormat.fhir:
            from datetime import UTC, datetime

            from mgcds.fhir.writing import write_bundle

            written.append(write_bundle(assessment, given.record, datetime.now(UTC), given.patient, given.unused))
            continue
        if as_ is AssessmentFormat.json:
            unused = [{"reference": reference, "why": why} for reference, why in given.unused]
            written.append({"input": given.name, **assessment.to_dict(basis, proof=True), "unused": unused})
            continue
        from mgcds.printing import Printer
        from mgcds.printing.assessment import print_assessment

        if printer is not None:
            printer.separator()
        printer = printer or Printer()
        print_assessment(printer, given.name, assessment, given.unused, everything)
    _write_pages(pages, output, read > 1)
    if written:
        _write_json(written[0] if read == 1 else written)  # by what was given: one bad file does not change the shape
    raise typer.Exit(code)


def _patient_page(given: Input, assessment: Assessment) -> str:
    try:
        from mgcds.review.patient_page import patient_html
    except ImportError as error:
        raise ReviewError(f"the page of a patient needs {error.name}: pip install 'mgcds[review]'") from None
    return patient_html(given.name, given.record, assessment, given.unused)


def _write_pages(pages: list[tuple[str, str]], output: Path | None, several: bool) -> None:
    """One patient a page, so that nobody takes one for the other: several need a folder."""
    if output is None and pages and not several:
        typer.echo(pages[0][1], nl=False)
    elif output is not None and pages and not several and not output.is_dir():
        output.write_text(pages[0][1], encoding="utf-8")
    elif pages:
        if output is None or (output.exists() and not output.is_dir()):
            raise RecordError("a page is of one patient; give -o FOLDER for a page each of several")
        from mgcds.review.patient_page import write_pages

        for path, name in write_pages(pages, output):
            typer.echo(f"{path}: {name}")


@app.command()
def verify(
    assessment: Annotated[
        str,
        typer.Argument(metavar="ASSESSMENT", help="What 'mgcds evaluate --format json' wrote; - is standard input."),
    ],
    records: Annotated[
        list[str],
        typer.Argument(metavar="RECORD...", help="What it was written of, in the same order; as for evaluate."),
    ],
    rules: Rules = None,
    as_: As = Format.text,
) -> None:
    """Derive an assessment again, without the code that made it, and hold it against its record."""
    from mgcds.inputs import read_file, read_plain
    from mgcds.printing import visible
    from mgcds.verification.verify import read_assessments
    from mgcds.verification.verify import verify as check

    said = read_file(assessment, read_assessments)
    pack = _pack(rules)  # to read FHIR
    given = [record for file in records for record in read_plain(file, pack, date.fromisoformat(said[0]["on"]))]
    if len(given) != len(said):
        raise RecordError(
            f"{assessment}: {len(said)} assessments of {len(given)} records; give the record of each, in order"
        )
    found = [check(each, record, rules) for each, record in zip(said, given, strict=True)]
    if as_ is Format.json:
        _write_json([asdict(each) for each in found])
    else:
        for each in found:
            for what in each.discrepancies:
                typer.echo(visible(f"{each.input}: {what}"))
            typer.echo(visible(f"{each.input}: {each.summary}"))
    raise typer.Exit(1 if any(each.discrepancies for each in found) else 0)


@app.command()
def explain(
    file: File, rule: Annotated[str, typer.Argument(metavar="RULE", help="Id of a rule; 'mgcds rules' lists them.")],
    on: On = None, rules: Rules = None, jurisdiction: Jurisdictions = None, as_: As = Format.text,
) -> None:  # fmt: skip
    """Say why a rule's suggestion is offered or not, with all that is needed to judge it."""
    from mgcds.evaluator import evaluate as assess
    from mgcds.evaluator import today

    day, pack = on or today(), _pack(rules, jurisdiction)
    _known_rule(rule, pack)
    given = _one_input(file, pack, day)
    assessment = assess(given.record, pack, day)
    if as_ is Format.json:
        _write_json(assessment[rule].to_dict(basis=True))
        return
    from mgcds.printing import Printer
    from mgcds.printing.basis import print_explanation

    print_explanation(Printer(), assessment, rule)


@app.command("what-if")
def what_if(
    file: File,
    changes: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help='e.g. serum_magnesium="0.5 mmol/L"; FIELD= makes it unknown.')],
    on: On = None, rules: Rules = None, jurisdiction: Jurisdictions = None, as_: As = Format.text,
) -> None:  # fmt: skip
    """Show which suggestions would change if the record were otherwise."""
    from mgcds.evaluator import today
    from mgcds.evaluator import what_if as compare

    day, pack = on or today(), _pack(rules, jurisdiction)
    comparison = compare(_one_input(file, pack, day).record, _changes(changes), pack, day)
    if as_ is Format.json:
        before, after = comparison.before, comparison.after
        _write_json(
            [
                {"rule": rule, "before": before[rule].status, "after": after[rule].to_dict()}
                for rule in comparison.changed
            ]
        )
        return
    from mgcds.printing import Printer
    from mgcds.printing.assessment import print_comparison

    print_comparison(Printer(), comparison)


def _time(text: str) -> int:
    from mgcds.model.spacing import minute_of

    minute = minute_of(text)
    if minute is None:
        raise typer.BadParameter("write a time of the day as 08:00")
    return minute


@app.command()
def schedule(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="Medicines of a day with their times (YAML or JSON); - is standard input."),
    ],
    at: Annotated[
        list[int] | None,
        typer.Option("--at", parser=_time, metavar="TIME", help="Check magnesium at this time; may be given again."),
    ] = None,
    rules: Rules = None,
    as_: As = Format.text,
) -> None:
    """Find times for magnesium that keep every interval to the day's medicines, or check given ones."""
    from mgcds.inputs import read_file
    from mgcds.schedule import read_day, to_dict
    from mgcds.schedule import schedule as find

    found = find(read_file(file, read_day), _pack(rules), at or ())
    if as_ is Format.json:
        _write_json(to_dict(found))
    else:
        from mgcds.printing import Printer
        from mgcds.schedule_text import print_schedule

        print_schedule(found, Printer())
    raise typer.Exit(0 if found.feasible else 1)


@app.command()
def check(
    pack: Annotated[
        Path | None, typer.Argument(metavar="PACK", help="Folder of the rule pack; the built-in one if not given.")
    ] = None,
    as_: As = Format.text,
) -> None:
    """Check a rule pack and list all its problems with their places."""
    from mgcds.loading import check_pack, rules_root

    root = pack or rules_root()
    found, problems = check_pack(root.resolve())
    if as_ is Format.json:
        _write_json([{"file": problem.file, "line": problem.line, "what": problem.what} for problem in problems])
    else:
        for problem in problems:
            typer.echo(f"{root.name}/{problem}" if problem.file != root.name else str(problem))
        if found is not None:
            sets = f"{len(found.value_sets)} value sets, {len(found.evidence)} evidence entries"
            typer.echo(f"{len(found.rules)} rules, {len(found.findings)} findings, {sets}: no problem found.")
        else:
            typer.echo(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}.", err=True)
    raise typer.Exit(1 if problems else 0)


@app.command()
def scenarios(
    features: Annotated[
        Path | None,
        typer.Argument(metavar="FEATURES", help="Folder or .feature file; those of the built-in pack if not given."),
    ] = None,
    rules: Rules = None,
    jurisdiction: Jurisdictions = None,
    name: Annotated[
        str | None, typer.Option("-k", metavar="WORDS", help="Only scenarios whose name holds these words.")
    ] = None,
    tags: Annotated[str | None, typer.Option("--tags", metavar="TAG", help="Only scenarios with this tag.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="JSON", help="Write a report, which 'mgcds review' reads.")
    ] = None,
    messages: Annotated[
        Path | None,
        typer.Option("--messages", metavar="NDJSON", help="Write Cucumber Messages, for Cucumber's own formatters."),
    ] = None,
) -> None:
    """Run feature files on every engine and report them step by step."""
    from mgcds.scenarios.runner import run

    raise typer.Exit(run(features, rules, jurisdiction, report, messages, name, tags))


@app.command()
def diet(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="Answers (YAML or JSON); - is standard input.")
    ] = None,
    form: Annotated[bool, typer.Option("--form", help="Print an empty form to fill in.")] = False,
    rules: Rules = None,
    as_: As = Format.text,
) -> None:
    """Add up the magnesium of a few foods: an unvalidated screen, a lower bound, no verdict."""
    from mgcds.inputs import read_file
    from mgcds.model.diet import read_screen

    pack = _pack(rules)
    if not pack.foods:
        raise RecordError("the pack has no foods.yaml, so there is no food screen")
    if form == (file is not None):
        raise typer.BadParameter("give a file of answers, or --form for an empty one")
    from mgcds.printing import Printer
    from mgcds.printing.diet import diet_form, print_screen

    if file is None:
        typer.echo(diet_form(pack))
        return
    screen = read_file(file, lambda answers: read_screen(answers, pack.foods, pack.intakes.values()))
    if as_ is Format.json:
        _write_json(screen.to_dict())
    else:
        print_screen(Printer(), screen, pack)


@app.command()
def prove(
    pack: Annotated[
        Path | None, typer.Argument(metavar="PACK", help="Folder of the rule pack; the built-in one if not given.")
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(
            "--features", metavar="DIR", help="Folder of feature files; those of the built-in pack if not given."
        ),
    ] = None,
    as_: As = Format.text,
) -> None:
    """Prove the scenarios of any patient, and look for rules that contradict one another, say nothing or leave gaps."""
    try:
        from mgcds.scenarios import proving
    except ImportError:
        raise ProofError("proofs need Z3: pip install 'mgcds[verify]'") from None
    paths = proving.find_scenarios(features)
    report = proving.prove_pack(_pack(pack), paths, proving.show_progress)
    proving.show_progress("")
    if as_ is Format.json:
        _write_json(proving.to_dict(report))
    else:
        for line in proving.lines(report):
            typer.echo(line)
    raise typer.Exit(0 if report.is_clean else 1)


Features = Annotated[
    Path | None,
    typer.Argument(metavar="FEATURES", help="Folder or .feature file; those of the built-in pack if not given."),
]
Drafts = Annotated[
    Path | None,
    typer.Option(
        "--drafts", metavar="FILE", help="Write what is missing as @draft scenarios: a new file, or a folder."
    ),
]


@app.command()
def mutate(
    features: Features = None,
    rules: Rules = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="ID", help="Only mistakes in this rule, finding or item.")
    ] = None,
    drafts: Drafts = None,
    as_: As = Format.text,
) -> None:
    """Make every small mistake in the rules and list those that no scenario notices."""
    from mgcds.scenarios.mutation import run

    if rule is not None:
        pack = _pack(rules)
        _known_part(rule, {**pack.rules, **pack.findings, **pack.items})
    raise typer.Exit(run(features, rules, rule, drafts, as_ is Format.json))


@app.command()
def coverage(
    features: Features = None,
    rules: Rules = None,
    rule: Annotated[str | None, typer.Option("--rule", metavar="ID", help="Only this rule.")] = None,
    drafts: Drafts = None,
    as_: As = Format.text,
) -> None:
    """Say which verdicts, statuses, criteria and limits of each rule no scenario has asked."""
    from mgcds.scenarios.covering import run

    if rule is not None:
        _known_rule(rule, _pack(rules))
    raise typer.Exit(run(features, rules, rule, drafts, as_ is Format.json))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Folder of the earlier rule pack.")],
    new: Annotated[Path | None, typer.Argument(metavar="[NEW]", help="Folder of the later one; the built-in one if not given.")] = None,
    jurisdiction: Jurisdictions = None,
    as_: As = Format.text,
    everything: Annotated[bool, typer.Option("--all", help="A patient also for each change between other statuses.")] = False,
) -> None:  # fmt: skip
    """Say who gets other suggestions from another version of a pack, with a patient for each, and check its version number."""
    try:
        from mgcds.verification.difference import differences
    except ImportError:
        raise ProofError("differences need Z3: pip install 'mgcds[verify]'") from None
    from mgcds.printing import Printer
    from mgcds.printing.difference import print_difference, to_dict
    from mgcds.scenarios.proving import show_progress

    found = differences(_pack(old, jurisdiction), _pack(new, jurisdiction), show_progress)
    show_progress("")
    if as_ is Format.json:
        _write_json(to_dict(found))
    else:
        print_difference(Printer(), found, everything)
    raise typer.Exit(0 if found.is_accepted else 1)


@app.command()
def sign(
    rule: Annotated[str | None, typer.Argument(metavar="[RULE]", help="Id of the rule; 'mgcds rules' lists them.")] = None,
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Id or name in signers.yaml.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Ed25519 private key, OpenSSH or PEM.")] = None,
    role: Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Checked against signers.yaml.")] = None,
    rules: Rules = None,
    on: Annotated[date | None, typer.Option("--on", parser=_day, metavar="DATE", help="Day of the signature; today if not given.")] = None,
    new_key: Annotated[Path | None, typer.Option("--new-key", metavar="FILE", help="Instead, make a key and print its public half.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:  # fmt: skip
    """Sign what a rule means, after showing it: the signature counts until the rule means something else."""
    try:
        from mgcds import signing
    except ImportError:
        raise SigningError("signing needs the package cryptography: pip install 'mgcds[review]'") from None
    if new_key is not None:
        typer.echo(signing.new_key(new_key))
        typer.echo(
            f"{new_key} is the private half: keep it to yourself; 'ssh-keygen -p -f' gives it a passphrase", err=True
        )
        return
    if rule is None or name is None or key is None:
        raise typer.BadParameter("give a RULE, --as NAME and --key FILE; or --new-key FILE alone")
    from mgcds.evaluator import today
    from mgcds.loading import rules_root
    from mgcds.printing import Printer
    from mgcds.printing.signatures import print_to_sign

    pack = _pack(rules)
    _known_rule(rule, pack)
    private = signing.read_key(key, lambda: str(typer.prompt("Passphrase", hide_input=True, err=True)))
    signer = signing.signer_of(name, role, private, pack)
    signature = signing.sign(rule, pack, signer, private, on or today())
    print_to_sign(Printer(), pack.rules[rule], pack)
    if not yes and not typer.confirm(f"Sign this as {signer.name}, {signer.role}?"):
        typer.echo("not signed", err=True)
        raise typer.Exit(1)
    typer.echo(f"signed: {signing.write(rule, signature, pack, rules or rules_root())}")


@app.command()
def signatures(
    rule: Annotated[str | None, typer.Argument(metavar="[RULE]", help="Only this rule.")] = None,
    on: On = None, rules: Rules = None, as_: As = Format.text,
) -> None:  # fmt: skip
    """Say which rules are unreviewed, reviewed, approved, overdue or lapsed; fails where a signature does not count."""
    from mgcds.evaluator import today

    day, pack = on or today(), _pack(rules)
    if rule is not None:
        _known_rule(rule, pack)
    chosen = [pack.rules[rule]] if rule else list(pack.rules.values())
    if as_ is Format.json:
        from mgcds.model.meaning import meaning_of

        _write_json([
            {
                "rule": each.id, "state": each.review.state(day), "meaning": meaning_of(each.id, pack), **each.review.to_dict(day),
                "signatures": [asdict(signature) for signature in each.review.signatures],
            }
            for each in chosen
        ])  # fmt: skip
    else:
        from mgcds.printing import Printer
        from mgcds.printing.signatures import print_review, print_signatures

        if rule is None:
            print_signatures(Printer(), pack, day)
        else:
            print_review(Printer(), pack.rules[rule], day)
    raise typer.Exit(1 if any(signature.void for each in chosen for signature in each.review.signatures) else 0)


@app.command("rules")
def list_rules(
    rule: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show this rule whole.")] = None,
    rules: Rules = None,
    as_: As = Format.text,
    claims: Annotated[
        bool, typer.Option("--claims", help="What is claimed of magnesium, and what answers it; with ID, by this rule.")
    ] = False,
) -> None:
    """List the rules of a pack, or show one whole: its logic, criteria, evidence, scenarios and what holds it back."""
    pack = _pack(rules)
    if rule is not None:
        _known_rule(rule, pack)
    if claims:
        _list_claims(pack, rule, as_)
        return
    from mgcds.model.documentation import describe

    chosen = [pack.rules[rule]] if rule else list(pack.rules.values())
    described = [describe(each, pack) for each in chosen] if rule or as_ is Format.json else []
    if rule is not None:
        described[0]["scenarios"] = _scenarios_of(chosen[0])
    if as_ is Format.json:
        _write_json(described[0] if rule else described)
        return
    from mgcds.printing import Printer
    from mgcds.printing.rules import print_rule, print_rules

    if rule is None:
        print_rules(Printer(), pack)
    else:
        print_rule(Printer(), described[0], pack)


def _list_claims(pack: RulePack, rule: str | None, as_: Format) -> None:
    chosen = [claim for claim in pack.claims.values() if rule is None or rule in claim.rules]
    if as_ is Format.json:
        _write_json([asdict(claim) for claim in chosen])
        return
    from mgcds.printing import Printer
    from mgcds.printing.rules import print_claims

    print_claims(Printer(), chosen)


@app.command()
def review(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write the pages into.")],
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="What 'mgcds scenarios --report' wrote; run now if not given."),
    ] = None,
    questions: Annotated[
        Path | None, typer.Option("--questions", metavar="FILE", help="What 'mgcds mutate --format json' wrote.")
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(
            "--features", metavar="DIR", help="Folder of feature files; those of the built-in pack if not given."
        ),
    ] = None,
    since: Annotated[
        Path | None, typer.Option("--since", metavar="PACK", help="The pack that was signed: say what changed since.")
    ] = None,
    on: On = None,
    rules: Rules = None,
) -> None:
    """Write the pages that clinicians read and sign: one for each rule, and what they rest on."""
    try:
        from mgcds.review import site
    except ImportError as error:
        raise ReviewError(f"the review pages need {error.name}: pip install 'mgcds[review]'") from None
    from mgcds.evaluator import today

    built = site.review(output, site.Sources(rules, features, report, questions, since), on or today(), app)
    for line in site.lines(built, output):
        typer.echo(line)
    raise typer.Exit(0 if built.is_clean else 1)


@app.command()
def schema(
    what: Annotated[
        Schema,
        typer.Argument(
            help="record: what evaluate reads; rule: a rule file, for editors; population: the facts table."
        ),
    ],
    flat: Annotated[
        bool, typer.Option("--flat", help="Of a population: the flat tables that it may be read from.")
    ] = False,
    rules: Rules = None,
    jurisdiction: Jurisdictions = None,
) -> None:
    """Print the JSON Schema of a record or of a rule file, or the columns of the facts table of a population."""
    if what is Schema.record:
        from mgcds.model.record import PatientRecord

        _write_json(PatientRecord.model_json_schema())
    elif what is Schema.population:
        from mgcds.engines.facts_table import Layout
        from mgcds.populations.flat_layout import tables

        pack = _pack(rules, jurisdiction)
        if flat:
            _write_json({name: {each.name: each.meaning for each in columns} for name, columns in tables(pack).items()})
            return
        layout = Layout(pack)
        _write_json({"digest": layout.digest, **layout.to_dict()})
    else:
        from mgcds.loading.schema import rule_schema

        _write_json(rule_schema())


@export.command("cql")
def export_cql(
    rules: Rules = None,
    jurisdiction: Jurisdictions = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file; standard output if not given.")
    ] = None,
    facts: Annotated[
        str | None, typer.Option("--facts", metavar="RECORD", help="Instead of the library, what it takes as parameters for this record, as JSON.")
    ] = None,
    on: On = None,
) -> None:  # fmt: skip
    """Write the pack as a library of the Clinical Quality Language, or a record's facts as its parameters."""
    from mgcds.exports.cql import to_cql
    from mgcds.exports.cql_parameters import Parameters, to_json

    pack = _pack(rules, jurisdiction)
    if facts is None:
        text = to_cql(pack)
    else:
        from mgcds.evaluator import today
        from mgcds.model.reading import read_facts

        day = on or today()
        text = to_json(Parameters(pack).of(read_facts(_one_input(facts, pack, day).record, pack, day))) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; 127.0.0.1 if not given.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on; 8000 if not given.")] = None,
    rules: Rules = None,
    jurisdiction: Jurisdictions = None,
    clients: Annotated[
        Path | None, typer.Option("--clients", metavar="FILE", help="Who may call: issuers and their keys (docs/security.md).")
    ] = None,
    no_auth: Annotated[
        bool | None, typer.Option("--no-auth", help="Let everybody in: to try it out, on loopback alone.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="URL under which clients call it, where a proxy stands before it.")
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option("--origin", metavar="URL", help="Whose pages may call from a browser; all if not given.")
    ] = None,
) -> None:  # fmt: skip
    """Serve the pack over CDS Hooks 2.0. Also set by MGCDS_…; see docs/service-settings.md."""
    try:
        from mgcds.service import serve as service
        from mgcds.service.settings import read_settings
    except ImportError:
        raise SettingsError(NO_SERVICE) from None
    given = {
        "host": host, "port": port, "rules": rules, "jurisdictions": tuple(jurisdiction or ()), "clients": clients,
        "no_auth": no_auth, "base_url": base_url, "origins": tuple(origin or ()),
    }  # fmt: skip
    service.serve(read_settings(given, os.environ))


@app.command()
def feedback(
    since: Annotated[
        date | None, typer.Option("--since", parser=_day, metavar="DATE", help="Only calls from that day on (UTC).")
    ] = None,
    as_: As = Format.text,
) -> None:
    """Say what became of the cards: accepted and overridden, by rule, from the memory of a service (MGCDS_DATABASE)."""
    try:
        from mgcds.service.acceptance import lines, read_acceptance
        from mgcds.service.database import connect
        from mgcds.service.settings import read_database
    except ImportError:
        raise SettingsError(NO_SERVICE) from None
    found = read_acceptance(connect(read_database(os.environ)), since)
    if as_ is Format.json:
        _write_json(found.to_dict())
    else:
        for line in lines(found):
            typer.echo(line)


@app.command()
def hook(
    url: Annotated[str, typer.Argument(metavar="URL", help="Base URL of a CDS Hooks service, with or without /cds-services.")],
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="FHIR Bundle of one patient; .gz too; - is standard input.")],
    hook: Annotated[str, typer.Option("--hook", metavar="NAME", help="patient-view, order-select, order-sign or any other.")] = "patient-view",
    order: Annotated[
        list[str] | None, typer.Option("--order", metavar="FILE", help="Draft order, for order-*; those of the Bundle if not given.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Sign each call with this private key (JWK); with --issuer.")
    ] = None,
    issuer: Annotated[str | None, typer.Option("--issuer", metavar="URL", help="Who signs.")] = None,
    as_: As = Format.text,
) -> None:  # fmt: skip
    """Play an EHR against a CDS Hooks service, and hold what comes back against the specification."""
    try:
        import httpx

        from mgcds.service import client
    except ImportError:
        raise SettingsError("the client needs more packages: pip install 'mgcds[service]'") from None
    from mgcds.inputs import read_file

    resources = read_file(bundle, client.resources_of)
    orders = [each for file in order or () for each in read_file(file, client.resources_of)]
    if not orders:
        orders = [
            each for each in resources if each.get("status") == "draft" and each["resourceType"].endswith("Request")
        ]
    if (key is None) != (issuer is None):
        raise SettingsError("give --key and --issuer together, or neither")
    authorize = client.signing(key, issuer) if key is not None and issuer is not None else None
    with httpx.Client(timeout=client.SECONDS) as web:
        violations, played = client.play(web, url, resources, hook, orders, authorize)
    if as_ is Format.json:
        _write_json(client.to_dict(violations, played))
    else:
        for line in client.lines(violations, played, hook):
            typer.echo(line)
    raise typer.Exit(1 if violations or not played or any(each.violations for each in played) else 0)


@app.command()
def synthesize(
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="How many patients.")],
    into: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="A folder that is new or empty.")],
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="Another seed, other patients.")] = 1,
    as_: Annotated[
        CohortFormat,
        typer.Option(
            "--format",
            help="ndjson is FHIR R4 Bulk Data; facts a facts table in Parquet, the same patients read already.",
        ),
    ] = CohortFormat.ndjson,
    compressed: Annotated[bool, typer.Option("--gzip", help="Compress the NDJSON.")] = False,
    mess: Annotated[bool, typer.Option("--mess", help="With broken lines too, and lines of no patient.")] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 2,
    on: On = None,
    rules: Rules = None,
    jurisdiction: Jurisdictions = None,
) -> None:
    """Make up a cohort of patients who do not exist, for tests and demonstrations. The same seed and day give the same bytes."""
    try:
        from mgcds.populations.synthesis.writing import Cohort, write
    except ModuleNotFoundError:
        raise CohortError(NO_POPULATIONS) from None
    from mgcds.evaluator import today
    from mgcds.printing.progress import counting

    if as_ is CohortFormat.facts and (compressed or mess):
        raise CohortError("--gzip and --mess are of NDJSON: leave them out, or write --format ndjson")
    cohort = Cohort(number, seed, on or today(), as_.value, compressed, mess)
    with counting("patients", number) as progress:
        write(cohort, into, rules, tuple(jurisdiction or ()), workers, progress)
    typer.echo(f"{number:,} synthetic patients in {into}, seed {seed}, {cohort.on}")


@app.command()
def burden(
    population: Annotated[Path, typer.Argument(metavar="INPUT", help="A folder or file of FHIR Bulk Data NDJSON, or of a facts table.")],
    against: Annotated[
        Path | None, typer.Option("--against", metavar="OLD_PACK", help="Folder of an earlier pack: who newly gets what, and who no longer.")
    ] = None,
    as_: As = Format.text,
    page: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write a self-contained HTML page instead.")] = None,
    memory: Annotated[str, typer.Option("--memory", metavar="SIZE", help="Memory to keep within, for all processes.")] = "2GB",
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes; as many as there are processors if not given.")] = None,
    on: On = None,
    rules: Rules = None,
    jurisdiction: Jurisdictions = None,
) -> None:  # fmt: skip
    """Count how often each suggestion would be offered, withheld and suppressed, per 100 patients, and which ones together."""
    try:
        from mgcds.populations.burden import burden as counted
        from mgcds.populations.screening import bytes_of
        from mgcds.populations.sources import source_of
    except ModuleNotFoundError:
        raise TableError(NO_POPULATIONS) from None
    from mgcds.evaluator import today
    from mgcds.printing import Printer
    from mgcds.printing.progress import phases

    pack, old = _pack(rules, jurisdiction), _pack(against, jurisdiction) if against is not None else None
    with phases() as progress:
        found = counted(
            source_of(population), pack, on or today(),
            name=population.name, against=old, memory=bytes_of(memory), workers=workers, progress=progress,
        )  # fmt: skip
    if page is not None:
        from mgcds.populations.burden_page import burden_html

        page.write_text(burden_html(found), encoding="utf-8")
        typer.echo(f"{page} written: {found.patients:,} patients")
    elif as_ is Format.json:
        _write_json(found.to_dict())
    else:
        from mgcds.populations.burden_text import print_burden

        print_burden(Printer(), found)


class PopulationEngine(StrEnum):
    """What reads and judges a population."""

    duckdb = "duckdb"
    spark = "spark"


@app.command("screen")
def screen_population(
    source: Annotated[
        Path,
        typer.Argument(metavar="INPUT", help="Folder or file: Bulk Data NDJSON (.gz too), or a facts table (Parquet)."),
    ],
    into: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="A new folder, or one to go on with.")],
    on: On = None,
    rules: Rules = None,
    jurisdiction: Jurisdictions = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="RULE", help="Write this rule only; may be given again.")
    ] = None,
    verdicts: Annotated[
        bool, typer.Option("--verdicts", help="Write verdicts of criteria, findings and rules too.")
    ] = False,
    check: Annotated[
        int, typer.Option("--check", metavar="N", min=0, help="Patients of each part who are judged again, one by one.")
    ] = 5,
    explain_: Annotated[
        str,
        typer.Option(
            "--explain",
            metavar="N",
            help="Patterns of patients, a batch, of which to work out what is missing; or all.",
        ),
    ] = "300",
    memory: Annotated[
        str, typer.Option("--memory", metavar="SIZE", help="Memory to keep within, for all processes.")
    ] = "2GB",
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; as many as processors if not given.")
    ] = None,
    engine: Annotated[
        PopulationEngine, typer.Option("--engine", help="On this computer, or on Spark.")
    ] = PopulationEngine.duckdb,
    as_: As = Format.text,
) -> None:
    """Judge a population: each patient's statuses, what is offered or held back and why, and a summary. Can be interrupted."""
    try:
        from mgcds.populations import screening
    except ModuleNotFoundError:
        raise ScreenError(NO_POPULATIONS) from None
    from mgcds.evaluator import today

    pack = _pack(rules, jurisdiction)
    for each in rule or ():
        _known_rule(each, pack)
    wanted = screening.Wanted(
        into, on or today(), tuple(rule or ()), verdicts, check, screening.number_of_patterns(explain_)
    )
    found = screening.run(source, pack, wanted, engine.value, memory, workers, rules)
    if as_ is Format.json:
        _write_json(found.to_dict(pack, wanted.on, wanted.rules))
    else:
        from mgcds.populations.summary import print_summary
        from mgcds.printing import Printer

        print_summary(Printer(), found, pack, wanted.on, wanted.rules)


def main(arguments: list[str] | None = None) -> None:
    """The `mgcds` command. No input, however bad, ends in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an ASCII terminal, or half a character in a record
    try:
        app(arguments, prog_name="mgcds", standalone_mode=True)
    except MgcdsError as error:
        sys.exit(_complain(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of the pipe has gone: so be it
        sys.exit(0)
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:  # a path that was given and cannot be used
            sys.exit(_complain(RecordError(f"{str(error.filename)[:200]}: {error.strerror}")))
        if os.environ.get("MGCDS_DEBUG"):
            raise
        where = "set MGCDS_DEBUG=1 to see where, and report it"
        typer.echo(f"mgcds: a fault of mgcds itself ({type(error).__name__}); {where}", err=True)
        sys.exit(70)


def _complain(error: MgcdsError, of: str = "") -> int:
    from mgcds.printing import visible

    typer.echo(visible(f"mgcds: {of}{error}"), err=True)
    if isinstance(error, ExportError):
        return 1
    if isinstance(error, PackError):
        typer.echo(f"mgcds: the pack has {len(error.problems)} problem(s); nothing was evaluated", err=True)
        return 1
    return 3 if isinstance(error, EngineFault | EngineDisagreement) else 2


def _pack(root: Path | None, jurisdictions: list[str] | None = None) -> RulePack:
    from mgcds.loading import load_pack

    return load_pack(root, jurisdictions)


def _inputs(files: list[str], pack: RulePack, day: date) -> Iterable[Input | RecordError]:
    from mgcds.inputs import read_inputs

    return read_inputs(files, pack, day)


def _one_input(file: str, pack: RulePack, day: date) -> Input:
    found = list(_inputs([file], pack, day))
    if len(found) != 1:
        raise RecordError(f"{file}: holds {len(found)} patients; give a file of one")
    if isinstance(found[0], RecordError):
        raise found[0]
    return found[0]


def _known_rule(rule: str, pack: RulePack) -> None:
    _known_part(rule, pack.rules, "active rule")


def _known_part(part: str, known: Iterable[str], what: str = "active rule, finding or item") -> None:
    known = list(known)
    if part not in known:
        from mgcds.loading.reading import did_you_mean

        raise UnknownRule(f"no {what} has the id '{part}'; {did_you_mean(part, known)}")


def _scenarios_of(rule: Rule) -> list[dict[str, Any]]:
    from mgcds.scenarios.features import scenarios_of

    return [{"name": name, "examples": examples} for name, examples in scenarios_of(rule.id, rule.topic)]


def _changes(changes: list[str]) -> dict[str, Any]:
    from mgcds.model.record import PatientRecord

    parsed: dict[str, Any] = {}
    for change in changes:
        field, equals, value = change.partition("=")
        if not equals:
            raise RecordError(f"'{change}' is no change; write FIELD=VALUE, such as serum_magnesium=\"0.5 mmol/L\"")
        if field in ("recorded", "rejected"):
            raise RecordError(
                f"'{field}' says how the record came about and cannot be imagined otherwise; use --on for the day"
            )
        described = PatientRecord.model_fields.get(field)
        is_list = described is not None and field in (
            "medicines",
            "antidepressants",
            "supplements",
            "procedures",
            "conditions",
            "symptoms",
        )
        parsed[field] = (
            None if not value else [part.strip() for part in value.split(",") if part.strip()] if is_list else value
        )
        if is_list and value == "none":
            parsed[field] = []
    return parsed


def _write_json(written: Any) -> None:
    typer.echo(json.dumps(written, indent=2, ensure_ascii=False, default=str))


if __name__ == "__main__":
    main()
