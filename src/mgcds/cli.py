"""The command line: reads, calls one function, writes.

Exit codes: 0 done; 1 a pack, a scenario or a check has failed, or a schedule is not known to be feasible; 2 the input or the
command cannot be used; 3 the engine failed or the two channels disagree, and nothing was advised for that record; 70 a fault of
mgcds itself; 130 interrupted, as by Ctrl-C.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper

import typer

from mgcds.commands import packs, patients, populations, reviewing, service, testing
from mgcds.commands.writing import complain
from mgcds.errors import MgcdsError, RecordError

EPILOG = (
    "Exit codes: 0 done · 1 pack, scenario or schedule fails · 2 input unusable "
    "· 3 nothing advised: engine fault or disagreement · 70 fault of mgcds · 130 interrupted"
)
INTERRUPTED = 130  # typer's, of KeyboardInterrupt; it says nothing

COMMANDS: dict[str, Callable[..., None]] = {  # in the order of the help
    "evaluate": patients.evaluate,
    "verify": patients.verify,
    "explain": patients.explain,
    "what-if": patients.what_if,
    "schedule": patients.schedule,
    "check": packs.check,
    "scenarios": testing.scenarios,
    "diet": patients.diet,
    "prove": testing.prove,
    "mutate": testing.mutate,
    "coverage": testing.coverage,
    "diff": packs.diff,
    "sign": reviewing.sign,
    "signatures": reviewing.signatures,
    "rules": packs.list_rules,
    "review": reviewing.review,
    "schema": packs.schema,
    "serve": service.serve,
    "feedback": service.feedback,
    "hook": service.hook,
    "synthesize": populations.synthesize,
    "burden": populations.burden,
    "screen": populations.screen_population,
}

app = typer.Typer(
    name="mgcds", no_args_is_help=True, pretty_exceptions_enable=False, epilog=EPILOG,
    help="Clinical decision support for magnesium in depression, for health professionals. Options, never orders.",
)  # fmt: skip
app.info.context_settings = {"obj": app}  # 'mgcds review' documents the commands, itself among them
for name, command in COMMANDS.items():
    app.command(name)(command)

export = typer.Typer(no_args_is_help=True, help="Write the rule pack in another language.", epilog=EPILOG)
export.command("cql")(packs.export_cql)
app.add_typer(export, name="export")


def main(arguments: list[str] | None = None) -> None:
    """The `mgcds` command. No input, however bad, ends in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an ASCII terminal, or half a character in a record
    try:
        app(arguments, prog_name="mgcds", standalone_mode=True)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            typer.echo("mgcds: interrupted", err=True)
        raise
    except MgcdsError as error:
        sys.exit(complain(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of the pipe has gone: so be it
        sys.exit(0)
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:  # a path that was given and cannot be used
            sys.exit(complain(RecordError(f"{str(error.filename)[:200]}: {error.strerror}")))
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit(
                complain(
                    RecordError(f"nothing more can be written: {os.strerror(error.errno)}; make room, and start again")
                )
            )
        if os.environ.get("MGCDS_DEBUG"):
            raise
        where = "set MGCDS_DEBUG=1 to see where, and report it"
        typer.echo(f"mgcds: a fault of mgcds itself ({type(error).__name__}); {where}", err=True)
        sys.exit(70)


if __name__ == "__main__":
    main()
