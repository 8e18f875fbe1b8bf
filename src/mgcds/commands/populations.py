"""Commands about many patients at once: synthesize, burden, screen."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mgcds.commands.options import As, Format, Jurisdictions, On, Rules
from mgcds.commands.reading import known_rule, read_pack
from mgcds.commands.writing import write_json
from mgcds.errors import CohortError, ScreenError, TableError

INPUT = "A folder or file of Bulk Data NDJSON (.gz too) or of a facts table (Parquet), or a folder of flat tables (Parquet or CSV)."
NO_POPULATIONS = "populations need more packages: pip install 'mgcds[population]'"


class CohortFormat(StrEnum):
    """How to write a synthetic cohort."""

    ndjson = "ndjson"
    facts = "facts"


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


def burden(
    population: Annotated[Path, typer.Argument(metavar="INPUT", help=INPUT)],
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

    if page is not None and not page.resolve().parent.is_dir():  # said now, not after hours of reading
        raise TableError(f"{page}: there is no folder {page.parent}")
    pack, old = read_pack(rules, jurisdiction), read_pack(against, jurisdiction) if against is not None else None
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
        write_json(found.to_dict())
    else:
        from mgcds.populations.burden_text import print_burden

        print_burden(Printer(), found)


class PopulationEngine(StrEnum):
    """What reads and judges a population."""

    duckdb = "duckdb"
    spark = "spark"


def screen_population(
    source: Annotated[
        Path,
        typer.Argument(metavar="INPUT", help=INPUT),
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

    pack = read_pack(rules, jurisdiction)
    for each in rule or ():
        known_rule(each, pack)
    wanted = screening.Wanted(
        into, on or today(), tuple(rule or ()), verdicts, check, screening.number_of_patterns(explain_)
    )
    found = screening.run(source, pack, wanted, engine.value, memory, workers, rules)
    if as_ is Format.json:
        write_json(found.to_dict(pack, wanted.on, wanted.rules))
    else:
        from mgcds.populations.summary import print_summary
        from mgcds.printing import Printer

        print_summary(Printer(), found, pack, wanted.on, wanted.rules)
