"""How fast the columnar engine is: `make bench-population`.

On one facts table of made-up patients, in one process and in turns: the engine, and the same rules written as Polars expressions and
as DuckDB SQL (`bench/expressions.py`), each on one thread and in whichever of its styles is faster; nothing is measured before all
give the same status of every rule for every patient. Ratios are of processor time, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as a script it is found beside its own package
os.environ.setdefault("POLARS_MAX_THREADS", "1")  # read when polars is imported

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench import bulk
from bench.expressions import Style, Written, polars, select, sql
from bench.records import ON, ready_records
from mgcds.engines.bitwise import Columns, Program
from mgcds.engines.columnar import ROWS, STATUSES, Columnar, Statuses, status_column, status_schema
from mgcds.engines.facts_arrow import LAYOUT, facts_table
from mgcds.engines.facts_table import Layout
from mgcds.loading import load_pack
from mgcds.model import condition as c
from mgcds.model.criterion import Criterion, Limit, Measure, State, Taking, Threshold
from mgcds.model.pack import RulePack
from mgcds.model.reading import read_facts
from mgcds.populations.extraction import extract
from mgcds.populations.screening import Wanted, screen
from mgcds.populations.sources import source_of
from mgcds.populations.status_file import StatusFile
from mgcds.populations.synthesis.writing import Cohort, write

RECORDS = 4_000  # read one by one; patients are made of their items and lists
PATIENTS, QUICK = 1_000_000, 50_000
TENFOLD = "mgcds, ten times the rules"
STYLES: tuple[Style, ...] = ("nulls", "pairs")
FORMS = ("codes", "bits")
"""a status as a byte, or as two columns of true and false"""
Codes = Mapping[str, NDArray[np.uint8]]

# --- patients -------------------------------------------------------------------------------------------------------------


def patients(pack: RulePack, number: int) -> pa.Table:
    """A facts table of made-up patients: most as one record says, a tenth of items and lists as another one does."""
    layout, rng = Layout(pack), np.random.default_rng(1)
    records = facts_table((read_facts(record, pack, ON) for record in ready_records(RECORDS)), layout)
    whole = rng.integers(0, RECORDS, number)
    rows: dict[str, NDArray[np.int64]] = {}
    for column in layout.columns.values():
        if column.about not in rows:
            rows[column.about] = np.where(rng.random(number) < 0.1, rng.integers(0, RECORDS, number), whole)
    names = records.schema.names[1:]
    columns = [records[name].take(rows[layout.columns[name].about]) for name in names]
    return pa.table([np.arange(number).astype(str), *columns], records.schema).combine_chunks()


def flat(table: pa.Table, layout: Layout) -> pa.Table:
    """The same for Polars and DuckDB: a value set is a column of true, false and null, and two without null, in place of masks."""
    columns = {name: table[name] for name in table.schema.names if "_present_" not in name and "_absent_" not in name}
    for name, masks in layout.lists.items():
        for number, value_sets in enumerate(masks):
            present, absent = (table[f"{name}_{what}_{number}"].to_numpy() for what in ("present", "absent"))
            for bit, value_set in enumerate(value_sets):
                met, not_met = (present >> bit) & 1 == 1, (absent >> bit) & 1 == 1
                columns[f"has {value_set}"] = pa.array(met, mask=~(met | not_met))
                columns[f"has {value_set} met"], columns[f"has {value_set} not met"] = pa.array(met), pa.array(not_met)
    return pa.table(columns)


# --- what is measured -----------------------------------------------------------------------------------------------------


class Way(NamedTuple):
    """One implementation: it is run, and what it gave is read as the status of each rule for each patient, as codes."""

    run: Callable[[], Any]
    codes: Callable[[Any], Codes]


def by_the_engine(engine: Columnar, table: pa.Table, in_bits: bool) -> Way:
    """As codes, a byte each; or left in bits, as they are worked with."""
    if not in_bits:
        return Way(lambda: engine.codes(table), lambda found: found)

    def codes(parts: list[Statuses]) -> Codes:
        return {rule: np.concatenate([part.codes(rule) for part in parts]) for rule in engine.pack.rules}

    return Way(lambda: list(engine.statuses(table.to_batches())), codes)


def judged(engine: Columnar, table: pa.Table) -> int:
    """The statuses in bits; nothing is kept."""
    return sum(part.rows for part in engine.statuses(table.to_batches()))


def by_polars(pack: RulePack, layout: Layout, frame: Any, style: Style, streaming: bool, in_bits: bool) -> Way:
    """One lazy query, a `with_columns` a layer; Polars keeps true and false in bits, too."""
    *layers, last = Written(pack, layout, polars(), style).layers(in_bits)

    def run() -> Any:
        query = frame.lazy()
        for layer in layers:
            query = query.with_columns(**layer)
        return query.select(**last).collect(engine="streaming" if streaming else "in-memory")

    return Way(run, lambda found: read(found, pack, in_bits))


def by_duckdb(pack: RulePack, layout: Layout, connection: Any, style: Style, in_bits: bool) -> Way:
    """One statement over a table of DuckDB's own, the result as Arrow columns."""
    statement = select(Written(pack, layout, sql(), style).layers(in_bits), "facts")
    return Way(lambda: connection.sql(statement).to_arrow_table(), lambda found: read(found, pack, in_bits))


def read(found: Any, pack: RulePack, in_bits: bool) -> Codes:
    """The columns of a frame or a table, as codes."""

    def column(name: str) -> NDArray[np.uint8]:
        return np.asarray(found[name]).astype(np.uint8, copy=False)

    if in_bits:
        return {rule: column(f"{rule} low") + 2 * column(f"{rule} high") for rule in pack.rules}
    return {rule: column(rule) for rule in pack.rules}


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: median of rounds."""

    cpu: float
    wall: float


def in_turns(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """Each once in each round; the first round is not counted."""
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    wall: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            before, cpu_before = perf_counter(), process_time()
            way()
            if turn:
                cpu[name].append(process_time() - cpu_before)
                wall[name].append(perf_counter() - before)
    return {name: Times(median(cpu[name]), median(wall[name])) for name in ways}


def ways(pack: RulePack, table: pa.Table) -> dict[str, Way]:
    """All implementations, on the same patients."""
    import duckdb
    import polars as pl

    engine = Columnar(pack)
    others = flat(table, engine.layout)
    frame = pl.from_arrow(others.drop_columns(["patient"]))
    connection = duckdb.connect(config={"threads": 1})
    connection.register("others", others)
    connection.execute("CREATE TABLE facts AS SELECT * FROM others")
    found: dict[str, Way] = {}
    for form in FORMS:
        in_bits = form == "bits"
        found[f"mgcds, {form}"] = by_the_engine(engine, table, in_bits)
        for style in STYLES:
            for streaming, how in ((False, ""), (True, ", streaming")):
                way = by_polars(pack, engine.layout, frame, style, streaming, in_bits)
                found[f"Polars, {style}{how}, {form}"] = way
            found[f"DuckDB, {style}, {form}"] = by_duckdb(pack, engine.layout, connection, style, in_bits)
    return found


def read_off(way: Way) -> Codes:
    """What a way gives, as codes."""
    return way.codes(way.run())


def disagreements(expected: Codes, found: Codes) -> list[str]:
    """Rules with another status for some patient."""
    return [rule for rule, codes in expected.items() if not np.array_equal(codes, found[rule])]


# --- ten times the rules --------------------------------------------------------------------------------------------------


def perturbed(pack: RulePack, times: int) -> RulePack:
    """The rules, and copies of each with one criterion changed: a threshold, a duration or how long a value stays current, where it
    has one. Copies are held back as their originals are, by every copy of what holds those back.
    """
    random = Random(1)
    criteria: dict[str, Criterion] = dict(pack.criteria)
    rules = dict(pack.rules)
    for number in range(1, times):
        for rule in pack.rules.values():
            names = {name: name for name in c.names_of(rule.when)}
            changeable = [name for name in names if name in criteria and _changed(criteria[name], number) is not None]
            if changeable:
                chosen = random.choice(changeable)
                changed = _changed(criteria[chosen], number)
                assert changed is not None
                names[chosen] = f"{chosen} ({number})"
                criteria[names[chosen]] = changed
            rules[f"{rule.id}-{number}"] = replace(rule, id=f"{rule.id}-{number}", when=c.rename(rule.when, names))
    copies = {rule: [rule, *(f"{rule}-{number}" for number in range(1, times))] for rule in pack.rules}
    holders = {
        copy: tuple(replace(holder, by=by) for holder in pack.holders[rule] for by in copies[holder.by])
        for rule, found in copies.items()
        for copy in found
    }
    return replace(pack, criteria=criteria, rules=rules, holders=holders, digest=f"{times} times", missing_sets={})


def _changed(criterion: Criterion, by: int) -> Criterion | None:
    match criterion:
        case Measure(lower=lower, upper=upper):
            if isinstance(lower, Threshold):
                return replace(criterion, lower=_moved(lower, by))
            return replace(criterion, upper=_moved(upper, by)) if isinstance(upper, Threshold) else None
        case Taking(at_least=at_least) if at_least is not None:
            return replace(criterion, at_least=at_least + by)
        case Taking(unchanged_for=unchanged) if unchanged is not None:
            return replace(criterion, unchanged_for=unchanged + by)
        case State(within=within) if within is not None:
            return replace(criterion, within=within + by)
    return None


def _moved(bound: Threshold, by: int) -> Threshold:
    limits = {
        unit: Limit(limit.value + by * Decimal("0.01" if limit.value < 4 else "1"), limit.inclusive)  # type: ignore[operator]
        for unit, limit in bound.by_unit.items()
    }
    return Threshold(limits, f"{bound.text} ({by})")


# --- Parquet to Parquet, and memory: each in a process of its own ---------------------------------------------------------


def screen_parquet(pack: RulePack, source: Path, target: Path, workers: int) -> None:
    """A facts table to tables of statuses, a file a row group, as `mgcds screen` writes them; numpy and pyarrow work on several threads."""
    engine = Columnar(pack)
    wanted = [name for name, column in engine.layout.columns.items() if not column.told]
    target.mkdir(exist_ok=True)

    def screen(group: int) -> None:
        table = pq.ParquetFile(source).read_row_group(group, wanted, use_threads=False)
        (batch,) = table.replace_schema_metadata({LAYOUT: engine.layout.digest}).combine_chunks().to_batches()
        with StatusFile(target / f"part-{group}.parquet", status_schema(pack.rules)) as file:
            for part in engine.statuses([batch]):  # one: a row group has no more than ROWS
                file.write_table(pa.Table.from_batches([part.to_arrow(batch["patient"])]))

    with ThreadPoolExecutor(workers) as pool:  # no more in memory than there are workers
        list(pool.map(screen, range(pq.read_metadata(source).num_row_groups)))


def polars_parquet(pack: RulePack, source: Path, target: Path, style: Style) -> None:
    """The same by Polars, from its own flat table."""
    import polars as pl

    *layers, last = Written(pack, Layout(pack), polars(), style).layers()
    query = pl.scan_parquet(source)
    for layer in layers:
        query = query.with_columns(**layer)
    query.select("patient", **last).sink_parquet(target, compression="snappy", statistics=False)


def in_another_process(*arguments: str, threads: int = 2) -> dict[str, float]:
    """Run a part of this file where nothing else was loaded; its own seconds, and the most memory it held."""
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads)}
    said = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, capture_output=True, text=True, env=environment
    )
    found: dict[str, float] = json.loads(said.stdout)
    return found


def part(name: str, source: Path, target: Path) -> dict[str, float]:
    """What such a process does; what is imported on first use is imported before."""
    import polars as pl

    pl.Series([0]).to_arrow()
    pack = load_pack() if name != TENFOLD else perturbed(load_pack(), 10)
    pa.set_memory_pool(pa.system_memory_pool())  # as the processes of `mgcds screen` do
    status_column(np.zeros(1, np.uint8))
    before, cpu_before = perf_counter(), process_time()
    if name.startswith("mgcds"):
        screen_parquet(pack, source, target, 2)
    elif name == "memory":
        engine = Columnar(pack)
        wanted = [each for each, column in engine.layout.columns.items() if not column.told]
        batches = pq.ParquetFile(source).iter_batches(ROWS, columns=wanted)
        offered = sum(int(np.bitwise_count(offered_of(found)).sum()) for found in engine.statuses(batches))
        target.write_text(str(offered))
    else:
        polars_parquet(pack, source, target, "nulls" if name == "polars nulls" else "pairs")
    return {"wall": perf_counter() - before, "cpu": process_time() - cpu_before, "mib": most_held()}


def most_held() -> float:
    """The most memory this process held, in MiB; on Linux without what its parent held when it began."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def offered_of(found: Statuses) -> NDArray[np.uint8]:
    """Who is offered anything."""
    anyone = found.cells.none()
    for low, high in found.statuses.values():
        anyone |= high & ~low
    return anyone


def written_out(table: pa.Table, path: Path, times: int = 1) -> Path:
    """A facts table as Parquet, several times over, compressed as `mgcds synthesize` does it."""
    with pq.ParquetWriter(path, table.schema, compression="lz4") as writer:
        for _ in range(times):
            writer.write_table(table, row_group_size=ROWS)
    return path


# --- report ---------------------------------------------------------------------------------------------------------------


def run(number: int, rounds: int, most: int) -> Iterator[str]:
    """Check, then measure; lines to read. SystemExit where another implementation says otherwise."""
    pack = load_pack()
    table = patients(pack, number)
    yield f"{number:,} patients, {len(pack.rules)} rules, {len(pack.criteria)} criteria; {platform.machine()}, Python {platform.python_version()}"
    yield ", ".join(f"{name} {version(name)}" for name in ("numpy", "pyarrow", "polars", "duckdb"))
    all_ways = ways(pack, table)
    expected = read_off(all_ways["mgcds, codes"])
    wrong = [
        f"{name} differs on {', '.join(found)}"
        for name, way in all_ways.items()
        if (found := disagreements(expected, read_off(way)))
    ]
    seen = {(rule, code) for rule, codes in expected.items() for code in np.unique(codes)}
    wrong += [f"nobody is offered {rule}" for rule in pack.rules if (rule, STATUSES.index("offered")) not in seen]
    if wrong:
        raise SystemExit("\n".join([*wrong, "nothing measured: it would compare different work"]))
    yield f"All give the same status: {len(seen)} of rule and status were met."
    yield from _kernel(pack, table, all_ways, rounds)
    del all_ways
    yield from _growth(pack, table, most)
    yield from _parquet(pack, table, most)
    yield from bulk.run(pack, bulk.PATIENTS if number >= PATIENTS else 1_000, 3)


def _kernel(pack: RulePack, table: pa.Table, all_ways: Mapping[str, Way], rounds: int) -> Iterator[str]:
    engine, tenfold = Columnar(pack), Columnar(perturbed(pack, 10))
    of_tenfold = table.replace_schema_metadata({LAYOUT: tenfold.layout.digest})
    kernels: dict[str, Callable[[], object]] = {
        "mgcds, bits, none kept": lambda: judged(engine, table),
        f"mgcds, {len(tenfold.pack.rules)} rules, bits, none kept": lambda: judged(tenfold, of_tenfold),
        f"mgcds, {len(tenfold.pack.rules)} rules, codes": lambda: tenfold.codes(of_tenfold),
    }
    times = in_turns({**{name: way.run for name, way in all_ways.items()}, **kernels}, rounds)
    yield f"\n{'seconds, one thread':52}{'cpu':>9}{'wall':>9}"
    for name, taken in times.items():
        yield f"{name:52}{taken.cpu:9.3f}{taken.wall:9.3f}"
    for form in FORMS:
        for library, goal in (("Polars", 2), ("DuckDB", 5)):
            others = [name for name in all_ways if name.startswith(library) and name.endswith(form)]
            fastest = min(others, key=lambda name: times[name].cpu)
            ratio = times[fastest].cpu / times[f"mgcds, {form}"].cpu
            yield f"{fastest} / mgcds, {form}: {ratio:.2f}: goal of {goal} {_met(ratio >= goal)}"
    bits, more, codes = (times[name].cpu for name in kernels)
    yield f"ten times the rules ({len(tenfold.pack.criteria)} criteria): {more / bits:.2f} times in bits: goal of 2 {_met(more / bits <= 2)}"
    yield f"  as status codes, of which there are ten times as many to write: {codes / times['mgcds, codes'].cpu:.2f} times"
    yield from _where(engine, table)


def _where(engine: Columnar, table: pa.Table) -> Iterator[str]:
    """Where the time of the engine goes."""
    import cProfile
    import pstats

    profile = cProfile.Profile()
    profile.runcall(engine.codes, table)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]

    def share(function: Callable[..., object], own: bool = False) -> str:
        code = function.__code__  # type: ignore[attr-defined]
        found = stats[code.co_filename, code.co_firstlineno, code.co_name]
        return f"{100 * found[2 if own else 3] / max(each[3] for each in stats.values()):.0f} %"

    parts = {
        "comparisons and masks": share(Columns.read),
        "what joins them": share(Program.run, True),
        "status codes": share(Statuses.codes),
    }
    yield f"where it goes: {', '.join(f'{what} {much}' for what, much in parts.items())}"


def _growth(pack: RulePack, table: pa.Table, most: int) -> Iterator[str]:
    """The same patients again and again beyond what the table holds."""
    engine = Columnar(pack)
    yield f"\n{'patients':>12}{'cpu s':>9}{'microseconds a patient':>25}"
    number = 10_000
    while number <= most:
        times, rest = divmod(number, table.num_rows)
        batches = table.to_batches() * times + (table.slice(0, rest).to_batches() if rest else [])
        taken = in_turns({"": lambda batches=batches: sum(found.rows for found in engine.statuses(batches))}, 3)[""]
        yield f"{number:12,}{taken.cpu:9.3f}{taken.cpu / number * 1e6:25.3f}"
        number *= 10


def _parquet(pack: RulePack, table: pa.Table, most: int) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        facts = written_out(table, Path(folder) / "facts.parquet")
        others = written_out(flat(table, Layout(pack)), Path(folder) / "flat.parquet")
        of_tenfold = table.replace_schema_metadata({LAYOUT: Layout(perturbed(pack, 10)).digest})
        tenfold = written_out(of_tenfold, Path(folder) / "tenfold.parquet")
        yield f"\n{'Parquet to Parquet on two cores, seconds':52}{'cpu':>9}{'wall':>9}{'MiB':>9}"
        taken: dict[str, list[dict[str, float]]] = {}
        walls: dict[str, float] = {}
        for _ in range(3):
            for name in ("mgcds", TENFOLD, "polars nulls", "polars pairs"):
                facts_of = {TENFOLD: tenfold}.get(name, facts) if name.startswith("mgcds") else others
                taken.setdefault(name, []).append(
                    in_another_process("--part", name, str(facts_of), str(Path(folder) / name))
                )
        cpus: dict[str, float] = {}
        for name, found in taken.items():
            cpus[name], walls[name], held = (median(each[what] for each in found) for what in ("cpu", "wall", "mib"))
            yield f"{name:52}{cpus[name]:9.2f}{walls[name]:9.2f}{held:9.0f}"
        for what, seconds in (("processor", cpus), ("wall", walls)):
            ratio = min(seconds["polars nulls"], seconds["polars pairs"]) / seconds["mgcds"]
            yield f"Polars / mgcds {ratio:.2f} in {what} time: goal of more than 1 {_met(ratio > 1)}"
        yield f"{TENFOLD} {cpus[TENFOLD] / cpus['mgcds']:.2f} times the processor time, with ten times as many columns to write"
        yield from _whole(pack, number=5_000 if table.num_rows >= PATIENTS else 500, folder=Path(folder))
        written_out(table, facts, max(1, most // table.num_rows))
        one = in_another_process("--part", "memory", str(facts), str(Path(folder) / "offered"), threads=1)
        yield f"{max(most, table.num_rows):,} patients from Parquet, a batch at a time: {one['wall']:.1f} s, at most {one['mib']:.0f} MiB"


def _whole(pack: RulePack, number: int, folder: Path) -> Iterator[str]:
    """All of `mgcds screen`, in one process, with the rules and with ten times as many."""
    packs = {"": pack, ", ten times the rules": perturbed(pack, 10)}
    write(Cohort(number, 1, ON, "ndjson"), folder / "ndjson")
    yield f"\n{f'mgcds screen of {number:,} patients, seconds':52}{'cpu':>9}{'wall':>9}"
    for kind in ("NDJSON", "facts"):
        taken = {}
        for name, each in packs.items():
            source = folder / "ndjson" if kind == "NDJSON" else folder / f"facts of {len(each.rules)}"
            if kind == "facts":
                source.mkdir()
                for found in extract(source_of(folder / "ndjson"), each, ON, workers=1):
                    pq.write_table(found.facts, source / f"{found.part}.parquet")
            wanted = Wanted(folder / f"{kind}, {len(each.rules)} rules", ON)
            before, cpu_before = perf_counter(), process_time()
            screen(source_of(source), replace(each, missing_sets={}), wanted, workers=1)  # none worked out before
            taken[name] = Times(process_time() - cpu_before, perf_counter() - before)
            yield f"{f'{kind}{name}':52}{taken[name].cpu:9.2f}{taken[name].wall:9.2f}"
        yield f"  {taken[', ten times the rules'].cpu / taken[''].cpu:.2f} times"


def _met(goal: bool) -> str:
    return "met" if goal else "not met"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure the columnar engine against Polars and DuckDB.")
    parser.add_argument("--quick", action="store_true", help="50,000 patients, for a first look")
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=10_000_000, help="up to how many patients growth is measured")
    parser.add_argument("--part", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.part is not None:
        print(json.dumps(part(asked.part[0], Path(asked.part[1]), Path(asked.part[2]))))
        return
    number, most = (QUICK, 10 * QUICK) if asked.quick else (asked.patients, asked.most)
    for line in run(number, asked.rounds, most):
        print(line, flush=True)


if __name__ == "__main__":
    main()
