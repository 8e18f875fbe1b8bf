"""How fast `evaluate` is, against the plain evaluator alone, zen-engine and a hand-written function: `make bench`.

No comparison of different work: before anything is measured, zen-engine and the hand-written function must give the verdicts that
mgcds gives, for every rule of every record, and every rule must be met in some records and not in others. All variants are measured
in one process, in turns (A B C A B C …), on records that are read and facts that are prepared; the garbage collector stays on, as in
a service. Ratios are of medians. zen-engine is measured in both ways of its documentation: the quickstart's `create_decision`, and
an engine with a loader, which is several times faster.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory
from time import perf_counter, perf_counter_ns, process_time_ns
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as a script it is found beside its own package

from bench import handwritten, reading
from bench.plain import Plain, plain_facts
from bench.records import ON, ready_records
from bench.zen_rules import Translation, ZenRules
from mgcds.engines import evaluate_chained
from mgcds.evaluator import evaluate
from mgcds.loading import load_pack
from mgcds.model.assessment import Assessment
from mgcds.model.evaluation import evaluate_facts
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.model.record import PatientRecord

ROOT = Path(__file__).resolve().parents[1]
COMMAND = ["evaluate", str(ROOT / "examples" / "amara.yaml"), "--on", "2026-11-21"]


@dataclass(frozen=True, slots=True)
class Case:
    """One record in the forms the variants take, and the verdicts that are expected of all."""

    record: PatientRecord
    facts: Facts
    plain: Plain
    expected: Mapping[str, bool]
    decided: bool


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    records: int
    rounds: int
    remembered: int
    starts: int


CHECKED = 2_000  # records on which all must agree; the first of them are measured
FULL, QUICK = Size(400, 6, 100_000, 7), Size(200, 2, 1_000, 3)

# --- agreement ------------------------------------------------------------------------------------------------------------


def cases(pack: RulePack, columns: Sequence[str], number: int) -> list[Case]:
    """Made-up records with what mgcds makes of them."""
    found = []
    for record in ready_records(number):
        facts = read_facts(record, pack, ON)
        verdicts = evaluate_facts(pack, facts)
        expected = {rule: truth is True for rule, truth in verdicts.rules.items()}
        decided = None not in verdicts.rules.values()
        found.append(Case(record, facts, plain_facts(facts, pack, columns), expected, decided))
    return found


def disagreements(of: str, answer: Callable[[Plain], Mapping[str, bool]], given: Sequence[Case]) -> list[str]:
    """Where another implementation says otherwise than mgcds, each rule once."""
    wrong: Counter[str] = Counter()
    for case in given:
        found = answer(case.plain)
        wrong.update(
            rule for rule in case.expected.keys() | found.keys() if found.get(rule) is not case.expected.get(rule)
        )
    return [
        f"{of} differs from mgcds on rule '{rule}' in {times} of {len(given)} records"
        for rule, times in sorted(wrong.items())
    ]


def not_exercised(given: Sequence[Case]) -> list[str]:
    """Rules whose agreement would say nothing: no record meets them, or every one does."""
    seen = {(rule, met) for case in given for rule, met in case.expected.items()}
    return [
        f"no record in which rule '{rule}' is {'met' if met else 'not met'}"
        for rule in given[0].expected
        for met in (True, False)
        if (rule, met) not in seen
    ]


# --- time -----------------------------------------------------------------------------------------------------------------


def variants(pack: RulePack, zen: ZenRules) -> dict[str, Callable[[Case], object]]:
    """What is measured, by the name it has in the table."""
    return {
        "explained": lambda case: evaluate(case.record, pack, ON).to_dict(),
        "explained where shown": lambda case: _explain_what_is_shown(evaluate(case.record, pack, ON)),
        "evaluate": lambda case: evaluate(case.record, pack, ON),
        "plain": lambda case: evaluate_facts(pack, read_facts(case.record, pack, ON)),
        "facts": lambda case: read_facts(case.record, pack, ON),
        "reference": lambda case: evaluate_facts(pack, case.facts),
        "durable": lambda case: evaluate_chained(pack, case.facts),
        "zen": lambda case: zen.decision(case.plain),
        "zen loaded": lambda case: zen.engine(case.plain),
        "by hand": lambda case: handwritten.met(case.plain),
    }


def _explain_what_is_shown(assessment: Assessment) -> object:
    """What a service sends and a person reads: all but the rules that are not indicated."""
    return [suggestion.to_dict() for suggestion in assessment.suggestions if suggestion.status != "not indicated"]


LABELS = {
    "explained": "evaluate, explanation written out",
    "explained where shown": "  of all but rules not indicated",
    "evaluate": "  on demand, none demanded",
    "plain": "facts and plain evaluator alone",
    "facts": "  reading facts",
    "reference": "  plain evaluator on ready facts",
    "durable": "durable-rules on ready facts",
    "zen": "zen-engine, create_decision",
    "zen loaded": "zen-engine, engine with a loader",
    "by hand": "hand-written function",
}
RATIOS = {
    "evaluate, explanation written out / plain evaluator with facts": ("explained", "plain"),
    "evaluate, explanation written out / zen-engine, create_decision": ("explained", "zen"),
    "evaluate, explanation written out / zen-engine, engine with a loader": ("explained", "zen loaded"),
    "evaluate, explanation written out / hand-written function": ("explained", "by hand"),
    "evaluate, explanation on demand / plain evaluator with facts": ("evaluate", "plain"),
    "evaluate, explanation on demand / zen-engine, create_decision": ("evaluate", "zen"),
    "evaluate, explanation on demand / zen-engine, engine with a loader": ("evaluate", "zen loaded"),
    "zen-engine, create_decision / hand-written function": ("zen", "by hand"),
}


@dataclass(frozen=True, slots=True)
class Times:
    """Microseconds a record. Ratios are of processor time, of all threads of this process: wall time also waits for whatever else the
    machine does, and that falls on some variants more than on others (`create_decision` hands over between threads).
    """

    p50: float
    p99: float
    mean: float
    p50_wall: float
    p99_wall: float

    @classmethod
    def of(cls, cpu: list[int], wall: list[int]) -> Times:
        """Of single measurements in nanoseconds."""
        return cls(median(cpu) / 1e3, _p99(cpu) / 1e3, fmean(cpu) / 1e3, median(wall) / 1e3, _p99(wall) / 1e3)


def _p99(measured: list[int]) -> int:
    return sorted(measured)[len(measured) * 99 // 100]


def measure(ways: Mapping[str, Callable[[Case], object]], given: Sequence[Case], rounds: int) -> dict[str, Times]:
    """All records by one variant, then by the next; one round before that is not counted. In turns of single records the small
    variants would find the processor's caches emptied by the large ones, and look twice as slow as they are.
    """
    clock = _cost_of_the_clock()
    wall: dict[str, list[int]] = {name: [] for name in ways}
    cpu: dict[str, list[int]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            for case in given:
                cpu_before, before = process_time_ns(), perf_counter_ns()
                way(case)
                after, cpu_after = perf_counter_ns(), process_time_ns()
                if turn:
                    wall[name].append(after - before)
                    cpu[name].append(cpu_after - cpu_before - clock)
    return {name: Times.of(cpu[name], wall[name]) for name in ways}


def _cost_of_the_clock() -> int:
    """Nanoseconds of processor time that measuring nothing takes."""
    taken = []
    for _ in range(1_000):
        before, _, _, after = process_time_ns(), perf_counter_ns(), perf_counter_ns(), process_time_ns()
        taken.append(after - before)
    return int(median(taken))


# --- memory and cold start ------------------------------------------------------------------------------------------------


def resident_mb() -> float:
    """Memory the process occupies now, in MB; where only the peak is known, the peak."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def remember(number: int) -> list[float]:
    """Memory after a warm-up of 1,000 records, after a tenth and after all of `number` different records, in MB."""
    pack = load_pack()
    stops = {1_000, 1_000 + number // 10, 1_000 + number}
    found = []
    for count, record in enumerate(ready_records(1_000 + number, seed=2), start=1):
        evaluate(record, pack, ON).to_dict()
        if count in stops:
            gc.collect()
            found.append(resident_mb())
    return found


def in_another_process(number: int) -> list[float]:
    """The same, where nothing else was loaded or measured."""
    said = subprocess.run(
        [sys.executable, __file__, "--remember", str(number)], check=True, capture_output=True, text=True
    )
    found: list[float] = json.loads(said.stdout)
    return found


STARTS = {
    "mgcds evaluate examples/amara.yaml": ["-m", "mgcds.cli", *COMMAND],
    "python -c 'import pydantic, typer'": ["-c", "import pydantic, typer"],
    "python -c pass": ["-c", "pass"],
}


def cold_starts(number: int) -> dict[str, float]:
    """Median wall time of whole processes, in milliseconds, in turns. The first run of each is not counted: it compiles and caches."""
    taken: dict[str, list[float]] = {name: [] for name in STARTS}
    with TemporaryDirectory() as bytecode:
        for turn in range(number + 1):
            for name, arguments in STARTS.items():
                before = perf_counter()
                _start(arguments, bytecode)
                if turn:
                    taken[name].append((perf_counter() - before) * 1e3)
    return {name: median(times) for name, times in taken.items()}


def _start(arguments: Sequence[str], bytecode: str) -> str:
    """Run Python to its end, its modules compiled into a folder of their own; what it said on the error stream."""
    as_installed = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**as_installed, "PYTHONPYCACHEPREFIX": bytecode}
    said = subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True, env=environment)
    return said.stderr


def imports(most: int = 10) -> list[tuple[str, float]]:
    """The packages whose modules take longest to import for the command, in milliseconds of their own."""
    arguments = ["-X", "importtime", "-m", "mgcds.cli", *COMMAND]
    with TemporaryDirectory() as bytecode:
        _start(arguments, bytecode)
        said = _start(arguments, bytecode)
    own: Counter[str] = Counter()
    for line in said.splitlines():
        taken, _, module = line.removeprefix("import time:").split("|") if line.count("|") == 2 else ("", "", "")
        if taken.strip().isdigit():
            own[module.strip().split(".")[0]] += int(taken)
    return [(package, taken / 1e3) for package, taken in own.most_common(most)]


# --- report ---------------------------------------------------------------------------------------------------------------


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The result to read, in 80 columns."""
    yield result["setting"]
    yield result["agreed"]
    yield f"\n{'microseconds a record':36}{'p50':>11}{'p99':>11}{'p50 wall':>11}{'p99 wall':>11}"
    for name, times in result["microseconds"].items():
        yield f"{LABELS[name]:36}" + "".join(f"{times[part]:11.1f}" for part in ("p50", "p99", "p50_wall", "p99_wall"))
    yield "\nratios of medians (p50)"
    for name, ratio in result["ratios"].items():
        yield f"{name:70}{ratio:8.2f}"
    for name, goal in result["goals"].items():
        yield f"goal: {name:65} {goal:>7}"
    before, tenth, after = result["memory_mb"]["measured"]
    number = result["memory_mb"]["records"]
    yield f"\nmemory, MB: {before:.1f} before, {tenth:.1f} after {number // 10:,} records, {after:.1f} after {number:,}"
    yield f"{'growth':70}{after - before:8.1f}"
    yield "\ncold start, milliseconds"
    for name, taken in result["cold_start_ms"].items():
        yield f"{name:70}{taken:8.0f}"
    if result.get("imports_ms"):
        yield "\nimports of the command, milliseconds of the package's own modules"
        for name, taken in result["imports_ms"]:
            yield f"{name:70}{taken:8.0f}"


def run(size: Size, profile: bool) -> dict[str, Any]:
    """Check, then measure. SystemExit where another implementation gives other verdicts."""
    pack = load_pack()
    translation = Translation(pack)
    zen = ZenRules(translation)
    given = cases(pack, zen.columns, CHECKED)
    wrong = [
        *not_exercised(given),
        *disagreements("zen-engine, create_decision,", lambda plain: zen.by_rule(zen.decision(plain)), given),
        *disagreements("zen-engine, engine with a loader,", lambda plain: zen.by_rule(zen.engine(plain)), given),
        *disagreements("the hand-written function", handwritten.met, given),
    ]
    if wrong:
        raise SystemExit("\n".join([*wrong, "nothing measured: it would compare different work"]))
    times = measure(variants(pack, zen), given[: size.records], size.rounds)
    explained, zen_time = times["explained"], times["zen"]
    ratios = {name: times[one].p50 / times[other].p50 for name, (one, other) in RATIOS.items()}
    ratios["evaluate, explanation written out: p99 / p50"] = explained.p99 / explained.p50
    decided = sum(case.decided for case in given)
    return {
        "setting": f"{size.records} records, {len(pack.rules)} rules, {size.rounds} rounds in turns, garbage collector on; "
        f"Python {platform.python_version()}\nzen-engine {version('zen-engine')}, durable-rules {version('durable-rules')}, {platform.machine()}",
        "agreed": f"All agree on which rules are met: {decided} records in which no rule is unknown, {len(given) - decided} others.",
        "microseconds": {name: asdict(found) for name, found in times.items()},
        "ratios": ratios,
        "goals": {
            "evaluate, explanation written out, no slower than create_decision": _met(explained.p50 <= zen_time.p50),
            "no slower than zen-engine's faster way, an engine with a loader": _met(
                explained.p50 <= times["zen loaded"].p50
            ),
            "p99 under three times p50": _met(explained.p99 < 3 * explained.p50),
        },
        "memory_mb": {"records": size.remembered, "measured": in_another_process(size.remembered)},
        "cold_start_ms": cold_starts(size.starts),
        "reading_ms": {of: reading.measure(reading.grown(mix), size.rounds) for of, mix in reading.MIXES.items()},
        "imports_ms": imports() if profile else [],
    }


def _met(goal: bool) -> str:
    return "met" if goal else "not met"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure mgcds against zen-engine and a hand-written function.")
    parser.add_argument("--quick", action="store_true", help="a short run, for a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures for programs")
    parser.add_argument("--profile", action="store_true", help="also say which packages the command imports longest")
    parser.add_argument("--remember", type=int, metavar="NUMBER", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.remember is not None:
        print(json.dumps(remember(asked.remember)))
        return
    result = run(QUICK if asked.quick else FULL, asked.profile)
    print("\n".join(lines(result)))
    for of, found in result["reading_ms"].items():
        print("\n".join(reading.lines(of, found)))
    if asked.json is not None:
        asked.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
