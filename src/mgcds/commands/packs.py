"""Commands about what a rule pack holds: check, diff, rules, schema, export."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mgcds.commands.options import As, Format, Jurisdictions, On, Rules
from mgcds.commands.reading import known_rule, read_one, read_pack
from mgcds.commands.writing import write_json
from mgcds.errors import ProofError, TableError

if TYPE_CHECKING:
    from mgcds.model.pack import RulePack
    from mgcds.model.rule import Rule


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
        write_json([{"file": problem.file, "line": problem.line, "what": problem.what} for problem in problems])
    else:
        for problem in problems:
            typer.echo(f"{root.name}/{problem}" if problem.file != root.name else str(problem))
        if found is not None:
            sets = f"{len(found.value_sets)} value sets, {len(found.evidence)} evidence entries"
            typer.echo(f"{len(found.rules)} rules, {len(found.findings)} findings, {sets}: no problem found.")
        else:
            typer.echo(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}.", err=True)
    raise typer.Exit(1 if problems else 0)


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

    found = differences(read_pack(old, jurisdiction), read_pack(new, jurisdiction), show_progress)
    show_progress("")
    if as_ is Format.json:
        write_json(to_dict(found))
    else:
        print_difference(Printer(), found, everything)
    raise typer.Exit(0 if found.is_accepted else 1)


def list_rules(
    rule: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show this rule whole.")] = None,
    rules: Rules = None,
    as_: As = Format.text,
    claims: Annotated[
        bool, typer.Option("--claims", help="What is claimed of magnesium, and what answers it; with ID, by this rule.")
    ] = False,
) -> None:
    """List the rules of a pack, or show one whole: its logic, criteria, evidence, scenarios and what holds it back."""
    pack = read_pack(rules)
    if rule is not None:
        known_rule(rule, pack)
    if claims:
        _list_claims(pack, rule, as_)
        return
    from mgcds.model.documentation import describe

    chosen = [pack.rules[rule]] if rule else list(pack.rules.values())
    described = [describe(each, pack) for each in chosen] if rule or as_ is Format.json else []
    if rule is not None:
        described[0]["scenarios"] = _scenarios_of(chosen[0])
    if as_ is Format.json:
        write_json(described[0] if rule else described)
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
        write_json([asdict(claim) for claim in chosen])
        return
    from mgcds.printing import Printer
    from mgcds.printing.rules import print_claims

    print_claims(Printer(), chosen)


def _scenarios_of(rule: Rule) -> list[dict[str, Any]]:
    from mgcds.scenarios.features import scenarios_of

    return [{"name": name, "examples": examples} for name, examples in scenarios_of(rule.id, rule.topic)]


class Schema(StrEnum):
    """What to describe."""

    record = "record"
    rule = "rule"
    population = "population"


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
    if flat and what is not Schema.population:
        raise TableError("--flat is of a population: write mgcds schema population --flat")
    if what is Schema.record:
        from mgcds.model.record import PatientRecord

        write_json(PatientRecord.model_json_schema())
    elif what is Schema.population:
        from mgcds.engines.facts_table import Layout
        from mgcds.populations.flat_layout import tables

        pack = read_pack(rules, jurisdiction)
        if flat:
            write_json({name: {each.name: each.meaning for each in columns} for name, columns in tables(pack).items()})
            return
        layout = Layout(pack)
        write_json({"digest": layout.digest, **layout.to_dict()})
    else:
        from mgcds.loading.schema import rule_schema

        write_json(rule_schema())


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

    pack = read_pack(rules, jurisdiction)
    if facts is None:
        text = to_cql(pack)
    else:
        from mgcds.evaluator import today
        from mgcds.model.reading import read_facts

        day = on or today()
        text = to_json(Parameters(pack).of(read_facts(read_one(facts, pack, day).record, pack, day))) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
