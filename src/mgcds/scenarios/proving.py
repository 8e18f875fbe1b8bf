"""`mgcds prove`: what is proved of a pack and every possible patient, and what is wrong, each with a patient who shows it.

Exit codes: 0 all proved and nothing wrong; 1 something refuted or wrong; 2 nothing could be asked.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import Any

from mgcds.errors import ProofError
from mgcds.model.explanation import in_sentence
from mgcds.model.pack import RulePack
from mgcds.scenarios.features import check_features, features_root, find_features
from mgcds.scenarios.proved import Proof, prove, proved_examples
from mgcds.verification.flaws import Flaw
from mgcds.verification.gaps import check_gaps, measured
from mgcds.verification.hygiene import (
    Hygiene,
    check_criteria,
    check_declared,
    check_masked,
    check_overlaps,
    check_superfluous,
    check_verdicts,
)
from mgcds.verification.monotone import LetsThrough, asking, check_monotone

Progress = Callable[[str], None]


@dataclass
class Checked:
    """One check of all rules: what holds where there is no flaw."""

    check: str
    holds: str
    flaws: list[Flaw]
    seconds: float


@dataclass
class Report:
    """Everything that was asked of one pack."""

    pack: RulePack
    proofs: list[Proof] = field(default_factory=list)
    checks: list[Checked] = field(default_factory=list)
    exceptions: list[LetsThrough] = field(default_factory=list)
    """where not knowing lets pass by design"""
    seconds: float = 0.0

    @property
    def unproved(self) -> list[Proof]:
        return [proof for proof in self.proofs if not proof.is_proved]

    @property
    def flaws(self) -> list[Flaw]:
        return [flaw for checked in self.checks for flaw in checked.flaws]

    @property
    def is_clean(self) -> bool:
        return not self.unproved and not self.flaws


def find_scenarios(features: Path | None) -> list[Path]:
    """The feature files of a folder, of the built-in ones if none is given. ProofError where they cannot be used."""
    where = features or features_root()
    paths = find_features(where) if where.exists() else []
    problems = [str(problem) for problem in check_features(paths)]
    if not paths:
        problems = [f"no .feature file is in {where} or below it"]
    if problems:
        raise ProofError("\n".join(problems))
    return paths


def prove_pack(pack: RulePack, paths: Iterable[Path], progress: Progress = lambda doing: None) -> Report:
    """The scenarios of any patient, what not knowing does, and the rules themselves."""
    report, started = Report(pack), time.perf_counter()
    examples = proved_examples(paths)
    for done, example in enumerate(examples):
        progress(f"scenario {done + 1} of {len(examples)} of any patient")
        report.proofs += prove(example, pack)
    _check_knowledge(report, progress)
    _check_rules(report, progress)
    report.seconds = time.perf_counter() - started
    return report


def _check_knowledge(report: Report, progress: Progress) -> None:
    pack, started = report.pack, time.perf_counter()
    flaws: list[Flaw] = []
    for found in check_monotone(pack):
        progress(f"without the {in_sentence(pack.items[found.item].title)}")
        flaws += found.flaws
        report.exceptions += found.lets_through
    exempt = asking(pack)
    rules = len(pack.rules) - len(exempt)
    holds = (
        f"Making any of {len(pack.items)} items and lists unknown turns none of {rules} rules from met to not met, or back, and lets "
        f"nothing that was held back be offered, but for the exceptions below. The other {len(exempt)} rules ask for data themselves."
    )
    report.checks.append(Checked("monotone", holds, flaws, time.perf_counter() - started))


def _check_rules(report: Report, progress: Progress) -> None:
    pack, asked = report.pack, Hygiene(report.pack)
    parts = f"{len(pack.rules)} rules and {len(pack.findings)} findings"
    intended = pack.intended
    checks: list[tuple[str, Callable[[Hygiene], Iterator[Flaw]], str]] = [
        ("verdicts", check_verdicts, f"Each of {parts} can be met, not met and unknown."),
        ("criteria", check_criteria, f"No criterion of {parts} is superfluous."),
        ("masked", check_masked, "No suggestion is always held back."),
        ("superfluous", check_superfluous, "No rule is met only where another one of its kind is."),
        (
            "overlaps", check_overlaps,
            f"Any two suggestions that one patient can be offered may stand side by side ({len(intended.together)} reasons declared).",
        ),
        (
            "gaps", check_gaps,
            f"Along {len(measured(pack))} measured items no rule falls silent between two that speak ({len(intended.silent)} ranges declared).",
        ),
        ("declared", check_declared, "Every exception in intended.yaml is needed."),
    ]  # fmt: skip
    for check, ask, holds in checks:
        progress(f"rules: {check}")
        started = time.perf_counter()
        report.checks.append(Checked(check, holds, list(ask(asked)), time.perf_counter() - started))


# --- for a reader and for programs ------------------------------------------------------------------------------------------------


def lines(report: Report) -> Iterator[str]:
    """What was proved first, then what was not, each with a patient as a scenario; the summary last."""
    yield "Scenarios of any patient: proved for every possible record, unknown and out-of-date values included"
    yield from _lines_of_proofs(report.proofs)
    yield ""
    yield "The rules among themselves"
    for checked in report.checks:
        yield from _hanging(f"  {'ok' if not checked.flaws else 'FLAW':<5} {checked.check:<12}", checked.holds)
        for flaw in checked.flaws:
            yield from _hanging("        - ", flaw.says)
            yield from (f"      {line}" for line in (flaw.scenario() or "").splitlines())
    yield ""
    yield "Exceptions: not knowing these lets a suggestion pass that knowing them may hold back"
    yield from _lines_of_exceptions(report)
    yield ""
    yield from wrap(summary(report), 120)


def _lines_of_proofs(proofs: Iterable[Proof]) -> Iterator[str]:
    place = None
    for proof in proofs:
        if proof.place != place:
            place = proof.place
            yield f"  {proof.example.scenario}  ({place})"
        row = f"[{' | '.join(proof.example.row.values())}] " if proof.example.row else ""
        yield f"    {'ok' if proof.is_proved else 'FAIL':<5} {row}{proof.says}"
        if proof.is_proved:
            yield from _hanging("          ", f"it would not be, {_joined(proof)}")
        if proof.problem:
            yield from _hanging("          ", proof.problem)
        if proof.refuted is not None:
            yield "          not of this patient:"
            yield from (f"        {line}" for line in proof.refuted.scenario().splitlines())


def _joined(proof: Proof) -> str:
    return " and ".join(str(change) for change in proof.rests_on)


def _lines_of_exceptions(report: Report) -> Iterator[str]:
    by_holder: dict[str, list[LetsThrough]] = {}
    for each in report.exceptions:
        by_holder.setdefault(each.holder, []).append(each)
    for holder, found in by_holder.items():
        items = ", ".join(in_sentence(report.pack.items[each.item].title) for each in found)
        yield from _hanging("  - ", f"{holder} ({items}): {found[0].because}")
    if not by_holder:
        yield "  none"


def _hanging(first: str, text: str) -> list[str]:
    return wrap(text, 120, initial_indent=first, subsequent_indent=" " * len(first))


def summary(report: Report) -> str:
    """One sentence with the counts, one with the verdict."""
    proofs, unproved = report.proofs, len(report.unproved)
    counted = (
        f"{len(proofs) - unproved} of {len(proofs)} statements about any patient proved in {sum(proof.seconds for proof in proofs):.1f} s, "
        f"{len([checked for checked in report.checks if not checked.flaws])} of {len(report.checks)} checks of the rules passed, "
        f"{report.seconds:.1f} s in all."
    )
    number = unproved + len(report.flaws)
    return f"{counted} {'Nothing is wrong.' if not number else f'{number} to look at.'}"


def to_dict(report: Report) -> dict[str, Any]:
    """Plain data, ready for JSON."""
    return {
        "pack": {"version": report.pack.version, "digest": report.pack.digest},
        "proved": not report.unproved,
        "clean": report.is_clean,
        "seconds": round(report.seconds, 3),
        "scenarios": [
            {
                "place": proof.place, "scenario": proof.example.scenario, "example": dict(proof.example.row), "says": proof.says,
                "proved": proof.is_proved, "problem": proof.problem, "rests_on": [str(change) for change in proof.rests_on],
                "counterexample": proof.refuted.scenario() if proof.refuted else None,
            }
            for proof in report.proofs
        ],
        "checks": [
            {
                "check": checked.check, "holds": checked.holds, "seconds": round(checked.seconds, 3),
                "flaws": [{"about": flaw.about, "says": flaw.says, "scenario": flaw.scenario()} for flaw in checked.flaws],
            }
            for checked in report.checks
        ],
        "exceptions": [asdict(each) for each in report.exceptions],
    }  # fmt: skip


def show_progress(doing: str) -> None:
    """On one line of a terminal; nothing where there is none."""
    if sys.stderr.isatty():
        print(f"\r\033[K{doing}", end="", file=sys.stderr, flush=True)
