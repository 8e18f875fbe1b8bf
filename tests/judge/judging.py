"""An independent judge: the exported CQL, compiled by its reference compiler and run by cql-execution under Node, and where what it
says differs from the model.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from mgcds.exports.cql import to_cql
from mgcds.exports.cql_parameters import Parameters, to_json
from mgcds.model.evaluation import Verdicts, evaluate_facts
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack

JUDGE = Path(__file__).resolve().parents[2] / "tools" / "judge"
Answer = bool | str | None


def what_is_missing() -> str | None:
    """What to install before the judge can sit; None where all is there."""
    if shutil.which("node") is None:
        return "the judge needs Node.js 18 or newer with npm (apt-get install nodejs npm)"
    return None if (JUDGE / "node_modules").is_dir() else "the judge's packages are not installed: `make judge` does it"


class Objection(Exception):
    """The compiler has errors or warnings, or the engine failed; the text is what it said."""


@dataclass(frozen=True)
class Difference:
    """The seed of a patient, what the model and the judge say where they differ, and the parameters."""

    seed: int
    answers: Mapping[str, tuple[Answer, Answer]]
    parameters: str

    def __str__(self) -> str:
        lines = [f"  {name}: the model says {mine}, the judge {his}" for name, (mine, his) in self.answers.items()]
        return "\n".join([f"seed {self.seed}:", *lines, f"  parameters: {self.parameters}"])


@dataclass
class Tally:
    """How often each definition had each value."""

    records: int = 0
    answers: Counter[tuple[str, Answer]] = field(default_factory=Counter)

    def add(self, answers: Mapping[str, Answer]) -> None:
        self.records += 1
        self.answers.update(answers.items())

    def merge(self, other: Tally) -> None:
        self.records += other.records
        self.answers.update(other.answers)


def differences(
    pack: RulePack, patients: Iterable[tuple[int, Facts]], tally: Tally | None = None, library: str | None = None
) -> Iterator[Difference]:
    """Each patient of whom the judge says otherwise than the model. Objection where he says nothing."""
    parameters, waiting = Parameters(pack), deque[tuple[int, Mapping[str, Answer], str]]()

    def sent() -> Iterator[str]:
        for seed, facts in patients:
            line = to_json(parameters.of(facts))
            waiting.append((seed, expected(evaluate_facts(pack, facts)), line))
            yield line

    for answers in judge(library or to_cql(pack), sent()):
        seed, mine, line = waiting.popleft()
        his = {name: answer for name, answer in answers.items() if not name.startswith("lets pass: ")}
        if tally is not None:
            tally.add(his)
        if mine != his:
            both = {name: (mine.get(name, "nothing"), his.get(name, "nothing")) for name in {**mine, **his}}
            yield Difference(
                seed, {name: pair for name, pair in both.items() if pair[0] is not pair[1] and pair[0] != pair[1]}, line
            )
    if waiting:
        raise Objection(f"no answer for {len(waiting)} records")


def expected(verdicts: Verdicts) -> dict[str, Answer]:
    """What the definitions must say, by the model."""
    return {
        **{f"criterion: {key}": truth for key, truth in verdicts.criteria.items()},
        **{f"finding: {key}": truth for key, truth in verdicts.findings.items()},
        **{f"rule: {key}": truth for key, truth in verdicts.rules.items()},
        **{f"status: {key}": status for key, status in verdicts.statuses.items()},
    }


def judge(library: str, parameters: Iterable[str]) -> Iterator[dict[str, Answer]]:
    """The value of each definition of a CQL library, for each line of parameters."""
    with TemporaryDirectory() as folder, (Path(folder) / "said").open("w+", encoding="utf-8") as said:
        (Path(folder) / "library.cql").write_text(library, encoding="utf-8")
        run = subprocess.Popen(
            ["node", str(JUDGE / "judge.mjs"), str(Path(folder) / "library.cql")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, encoding="utf-8",
        )  # fmt: skip
        assert run.stdin is not None
        assert run.stdout is not None
        feeding = Thread(target=_feed, args=(run, parameters))
        feeding.start()
        try:
            names = json.loads(run.stdout.readline() or "[]")
            for line in run.stdout:
                yield dict(zip(names, json.loads(line), strict=True))
            if run.wait():
                said.seek(0)
                raise Objection(said.read().strip())
        finally:
            run.kill()
            feeding.join()
            with suppress(OSError):  # what was not taken
                run.stdin.close()
            run.stdout.close()
            run.wait()


def _feed(run: subprocess.Popen[str], parameters: Iterable[str]) -> None:
    assert run.stdin is not None
    with suppress(OSError):  # whoever listened has heard enough
        for line in parameters:
            run.stdin.write(line + "\n")
        run.stdin.close()
