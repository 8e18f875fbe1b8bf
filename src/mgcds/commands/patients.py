"""Commands about one patient or several: evaluate, verify, explain, what-if, schedule, diet."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mgcds.commands.options import As, File, Format, Jurisdictions, On, Rules
from mgcds.commands.reading import known_rule, read_one, read_pack, read_records
from mgcds.commands.writing import complain, write_json
from mgcds.errors import EngineDisagreement, EngineFault, RecordError, ReviewError

if TYPE_CHECKING:
    from mgcds.inputs import Input
    from mgcds.model.assessment import Assessment


class AssessmentFormat(StrEnum):
    """How to write an assessment."""

    text = "text"
    json = "json"
    fhir = "fhir"
    html = "html"


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
    pack, printer, code, written, read = read_pack(rules, jurisdiction), None, 0, [], 0
    for given in read_records(files, pack, day):
        read += 1
        if isinstance(given, RecordError):
            code = max(code, complain(given))
            continue
        try:
            assessment = assess(given.record, pack, day)
        except (EngineFault, EngineDisagreement) as error:
            code = max(code, complain(error, f"{given.name}: "))
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
        write_json(written[0] if read == 1 else written)  # by what was given: one bad file does not change the shape
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
    pack = read_pack(rules)  # to read FHIR
    given = [record for file in records for record in read_plain(file, pack, date.fromisoformat(said[0]["on"]))]
    if len(given) != len(said):
        raise RecordError(
            f"{assessment}: {len(said)} assessments of {len(given)} records; give the record of each, in order"
        )
    found = [check(each, record, rules) for each, record in zip(said, given, strict=True)]
    if as_ is Format.json:
        write_json([asdict(each) for each in found])
    else:
        for each in found:
            for what in each.discrepancies:
                typer.echo(visible(f"{each.input}: {what}"))
            typer.echo(visible(f"{each.input}: {each.summary}"))
    raise typer.Exit(1 if any(each.discrepancies for each in found) else 0)


def explain(
    file: File, rule: Annotated[str, typer.Argument(metavar="RULE", help="Id of a rule; 'mgcds rules' lists them.")],
    on: On = None, rules: Rules = None, jurisdiction: Jurisdictions = None, as_: As = Format.text,
) -> None:  # fmt: skip
    """Say why a rule's suggestion is offered or not, with all that is needed to judge it."""
    from mgcds.evaluator import evaluate as assess
    from mgcds.evaluator import today

    day, pack = on or today(), read_pack(rules, jurisdiction)
    known_rule(rule, pack)
    given = read_one(file, pack, day)
    assessment = assess(given.record, pack, day)
    if as_ is Format.json:
        write_json(assessment[rule].to_dict(basis=True))
        return
    from mgcds.printing import Printer
    from mgcds.printing.basis import print_explanation

    print_explanation(Printer(), assessment, rule)


def what_if(
    file: File,
    changes: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help='e.g. serum_magnesium="0.5 mmol/L"; FIELD= makes it unknown.')],
    on: On = None, rules: Rules = None, jurisdiction: Jurisdictions = None, as_: As = Format.text,
) -> None:  # fmt: skip
    """Show which suggestions would change if the record were otherwise."""
    from mgcds.evaluator import today
    from mgcds.evaluator import what_if as compare

    day, pack = on or today(), read_pack(rules, jurisdiction)
    comparison = compare(read_one(file, pack, day).record, _changes(changes), pack, day)
    if as_ is Format.json:
        before, after = comparison.before, comparison.after
        write_json(
            [
                {"rule": rule, "before": before[rule].status, "after": after[rule].to_dict()}
                for rule in comparison.changed
            ]
        )
        return
    from mgcds.printing import Printer
    from mgcds.printing.assessment import print_comparison

    print_comparison(Printer(), comparison)


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


def _time_of(text: str) -> int:
    from mgcds.model.spacing import minute_of

    minute = minute_of(text)
    if minute is None:
        raise typer.BadParameter("write a time of the day as 08:00")
    return minute


def schedule(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="Medicines of a day with their times (YAML or JSON); - is standard input."),
    ],
    at: Annotated[
        list[int] | None,
        typer.Option("--at", parser=_time_of, metavar="TIME", help="Check magnesium at this time; may be given again."),
    ] = None,
    rules: Rules = None,
    as_: As = Format.text,
) -> None:
    """Find times for magnesium that keep every interval to the day's medicines, or check given ones."""
    from mgcds.inputs import read_file
    from mgcds.schedule import read_day, to_dict
    from mgcds.schedule import schedule as find

    found = find(read_file(file, read_day), read_pack(rules), at or ())
    if as_ is Format.json:
        write_json(to_dict(found))
    else:
        from mgcds.printing import Printer
        from mgcds.schedule_text import print_schedule

        print_schedule(found, Printer())
    raise typer.Exit(0 if found.feasible else 1)


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

    pack = read_pack(rules)
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
        write_json(screen.to_dict())
    else:
        print_screen(Printer(), screen, pack)
