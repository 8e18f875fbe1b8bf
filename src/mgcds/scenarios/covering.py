"""`mgcds coverage`: which verdicts, statuses, criteria and limits of each rule the scenarios have asked, and what is missing.

Exit codes: 0 nothing is missing; 1 something is, or a scenario fails with the pack as it is; 2 the input cannot be used.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mgcds.scenarios.mutation import MISSED, REACHED, UNUSABLE, read_bench, shown

if TYPE_CHECKING:
    from mgcds.verification.coverage import Coverage


def run(
    features: Path | None = None,
    rules: Path | None = None,
    rule: str | None = None,
    drafts: Path | None = None,
    as_json: bool = False,
    out: TextIO | None = None,
) -> int:
    """Measure and print; the exit code."""
    out = out or sys.stdout
    bench, problems = read_bench(features, rules, None)
    if bench is None:
        for problem in problems:
            print(f"mgcds: {problem}", file=sys.stderr)
        return UNUSABLE
    from mgcds.verification.coverage import Coverage

    coverage = Coverage(bench.pack, bench.examples, rule)
    if as_json:
        print(json.dumps(_dict(coverage), indent=2, ensure_ascii=False), file=out)
    else:
        for line in _lines(coverage):
            print(line, file=out)
    if drafts is not None:
        from mgcds.scenarios.drafts import draft_of_case, write_drafts
        from mgcds.verification.cases import Cases

        cases = Cases(bench.pack, coverage.expanded)
        missing = coverage.missing
        found = [draft_of_case(bench.pack, cases, case) for case in shown(missing, len(missing), "drafts")]
        write_drafts(drafts, "What no scenario has asked", [draft for draft in found if draft])
    return MISSED if coverage.missing else REACHED


def _dict(coverage: Coverage) -> dict[str, object]:
    return {
        "covered": coverage.summary(),
        "rules": {rule: coverage.summary(rule) for rule in coverage.expanded},
        "missing": [{"rule": case.rule, "of": case.of, "says": case.says} for case in coverage.missing],
    }


def _lines(coverage: Coverage) -> Iterator[str]:
    whole = coverage.summary()
    width = max(map(len, coverage.expanded))
    yield f"{'':{width}}  " + "  ".join(f"{of:>9}" for of in whole)
    for rule in coverage.expanded:
        yield f"{rule:{width}}  " + _row(coverage.summary(rule))
    yield f"{'all':{width}}  " + _row(whole)
    if coverage.missing:
        yield "\nNo scenario has asked:"
        for case in coverage.missing:
            of = "" if case.of in ("verdict", "status") else f": {case.of}:"
            yield f"  {case.rule}{of} {case.says}"
    yield f"\n{len(coverage.impossible)} further cases are so of no patient."


def _row(summary: dict[str, dict[str, int]]) -> str:
    return "  ".join(f"{found['covered']:>4}/{found['possible']:<4}" for found in summary.values()).rstrip()
