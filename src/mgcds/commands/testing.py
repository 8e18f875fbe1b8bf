"""Commands that put a pack to the test: scenarios, prove, mutate, coverage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mgcds.commands.options import As, Format, Jurisdictions, Rules
from mgcds.commands.reading import known_part, known_rule, read_pack
from mgcds.commands.writing import write_json
from mgcds.errors import ProofError

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
    report = proving.prove_pack(read_pack(pack), paths, proving.show_progress)
    proving.show_progress("")
    if as_ is Format.json:
        write_json(proving.to_dict(report))
    else:
        for line in proving.lines(report):
            typer.echo(line)
    raise typer.Exit(0 if report.is_clean else 1)


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
        pack = read_pack(rules)
        known_part(rule, {**pack.rules, **pack.findings, **pack.items})
    raise typer.Exit(run(features, rules, rule, drafts, as_ is Format.json))


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
        known_rule(rule, read_pack(rules))
    raise typer.Exit(run(features, rules, rule, drafts, as_ is Format.json))
