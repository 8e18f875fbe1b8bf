"""Commands of those who review and sign: review, sign, signatures."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from mgcds.commands.options import As, Format, On, Rules, day_of
from mgcds.commands.reading import known_rule, read_pack
from mgcds.commands.writing import write_json
from mgcds.errors import ReviewError, SigningError


def sign(
    rule: Annotated[str | None, typer.Argument(metavar="[RULE]", help="Id of the rule; 'mgcds rules' lists them.")] = None,
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Id or name in signers.yaml.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Ed25519 private key, OpenSSH or PEM.")] = None,
    role: Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Checked against signers.yaml.")] = None,
    rules: Rules = None,
    on: Annotated[date | None, typer.Option("--on", parser=day_of, metavar="DATE", help="Day of the signature; today if not given.")] = None,
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

    pack = read_pack(rules)
    known_rule(rule, pack)
    private = signing.read_key(key, lambda: str(typer.prompt("Passphrase", hide_input=True, err=True)))
    signer = signing.signer_of(name, role, private, pack)
    signature = signing.sign(rule, pack, signer, private, on or today())
    print_to_sign(Printer(), pack.rules[rule], pack)
    if not yes and not typer.confirm(f"Sign this as {signer.name}, {signer.role}?"):
        typer.echo("not signed", err=True)
        raise typer.Exit(1)
    typer.echo(f"signed: {signing.write(rule, signature, pack, rules or rules_root())}")


def signatures(
    rule: Annotated[str | None, typer.Argument(metavar="[RULE]", help="Only this rule.")] = None,
    on: On = None, rules: Rules = None, as_: As = Format.text,
) -> None:  # fmt: skip
    """Say which rules are unreviewed, reviewed, approved, overdue or lapsed; fails where a signature does not count."""
    from mgcds.evaluator import today

    day, pack = on or today(), read_pack(rules)
    if rule is not None:
        known_rule(rule, pack)
    chosen = [pack.rules[rule]] if rule else list(pack.rules.values())
    if as_ is Format.json:
        from mgcds.model.meaning import meaning_of

        write_json([
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


def review(
    context: typer.Context,
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

    built = site.review(output, site.Sources(rules, features, report, questions, since), on or today(), context.obj)
    for line in site.lines(built, output):
        typer.echo(line)
    raise typer.Exit(0 if built.is_clean else 1)
