"""Every command as a user runs it: what it says, where, and with which exit code."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

from mgcds import evaluator
from mgcds.cli import EPILOG, app
from mgcds.errors import EngineFault
from mgcds.model.facts import Facts
from mgcds.model.pack import RulePack
from tests.cli.running import AMARA, KIDNEYS, ON, ROOT, environment, mgcds, process

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p", "birthDate": "1960-02-03", "gender": "male"}},
        {
            "resource": {
                "resourceType": "Observation",
                "id": "kidney",
                "status": "final",
                "subject": {"reference": "Patient/p"},
                "code": {"coding": [{"system": "http://loinc.org", "code": "33914-3"}]},
                "effectiveDateTime": "2026-11-02",
                "valueQuantity": {
                    "value": 25.0,
                    "unit": "mL/min/{1.73_m2}",
                    "system": "http://unitsofmeasure.org",
                    "code": "mL/min/{1.73_m2}",
                },
            }
        },
        {"resource": {"resourceType": "Immunization", "id": "i", "patient": {"reference": "Patient/p"}}},
    ],
}
MISTAKES = [
    ("safety/severe-renal-impairment.yaml", "below: 30", "belwo: 30"),
    ("supplementation/trial-dose.yaml", "strength: C", "strength: Z"),
]
Make = Callable[..., str]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Write a file into an empty folder, which is the current one, and give its name."""
    monkeypatch.chdir(tmp_path)

    def made(name: str, content: str | bytes = KIDNEYS) -> str:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return made


@pytest.fixture
def broken_pack(tmp_path: Path) -> Path:
    """The built-in pack with a mistake in each of two rules."""
    pack = tmp_path / "pack"
    shutil.copytree(ROOT / "rules", pack)
    for rule, right, wrong in MISTAKES:
        path = pack / rule
        path.write_text(path.read_text().replace(right, wrong))
    return pack


def statuses(out: str) -> dict[str, str]:
    return {suggestion["rule"]: suggestion["status"] for suggestion in json.loads(out)["suggestions"]}


# --- exit codes -----------------------------------------------------------------------------------------------------------


def test_0_where_the_record_was_assessed(make: Make) -> None:
    ended = process("evaluate", make("a.yaml"), *ON)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"[severe-renal-impairment]" in ended.stdout


def test_1_where_the_pack_has_problems(make: Make, broken_pack: Path) -> None:
    ended = process("evaluate", make("a.yaml"), "--rules", str(broken_pack))
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"nothing was evaluated" in ended.stderr
    assert b"safety/severe-renal-impairment.yaml:6: " in ended.stderr


def test_2_where_the_input_cannot_be_used(make: Make) -> None:
    ended = process("evaluate", make("a.yaml", "egrf: 25 mL/min/1.73m2"))
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"did you mean 'egfr'?" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_3_where_the_channels_disagree_and_nothing_is_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(pack: RulePack, facts: Facts) -> Any:
        verdicts = evaluator.evaluate_facts(pack, facts)
        return replace(verdicts, statuses={**verdicts.statuses, "trial-dose": "offered"})

    monkeypatch.setattr(evaluator, "ENGINES", {**evaluator.ENGINES, "durable": careless})
    for form in ("text", "json"):
        ended = mgcds("evaluate", AMARA, *ON, "--format", form)
        assert (ended.code, ended.out) == (3, "")
        assert "the two channels differ on trial-dose: nothing is advised" in ended.err
    for command in (["explain", AMARA, "trial-dose"], ["what-if", AMARA, "egfr="]):
        ended = mgcds(*command, *ON)
        assert (ended.code, ended.out) == (3, "")


def test_3_for_the_one_record_an_engine_failed_on_and_the_others_are_assessed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Facts] = []

    def failing(pack: RulePack, facts: Facts) -> Any:
        calls.append(facts)
        if len(calls) == 2:
            raise EngineFault("the engine did not finish")
        return evaluator.evaluate_facts(pack, facts)

    monkeypatch.setattr(evaluator, "ENGINES", {**evaluator.ENGINES, "durable": failing})
    first, second, third = make("a.yaml"), make("b.yaml"), make("c.yaml")
    ended = mgcds("evaluate", first, second, third, *ON)
    assert ended.code == 3
    assert f"mgcds: {second}: the engine did not finish" in ended.err
    assert [name for name in (first, second, third) if f"{name} on 2026-11-21" in ended.out] == [first, third]


def test_70_and_no_traceback_for_a_fault_of_mgcds_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise KeyError("Zebedee 0.64")

    monkeypatch.delenv("MGCDS_DEBUG", raising=False)
    monkeypatch.setattr(evaluator, "read_facts", broken)
    ended = mgcds("evaluate", AMARA)
    assert ended.code == 70
    assert "KeyError" in ended.err
    assert "Zebedee" not in ended.err, "what an unforeseen error says may hold a patient's value"
    monkeypatch.setenv("MGCDS_DEBUG", "1")
    with pytest.raises(KeyError):
        mgcds("evaluate", AMARA)


# --- the pipe -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["evaluate", AMARA, "--all", *ON], id="evaluate"),
        pytest.param(["explain", AMARA, "trial-dose", *ON], id="explain"),
        pytest.param(["what-if", AMARA, "medicines=", *ON], id="what-if"),
        pytest.param(["rules"], id="rules"),
        pytest.param(["rules", "trial-dose"], id="one rule"),
    ],
)
def test_on_a_pipe_80_columns_no_colour_and_no_blanks_at_the_end(command: list[str]) -> None:
    ended = process(*command, COLUMNS="200", TERM="xterm-256color")
    text = ended.stdout.decode()
    assert ended.returncode == 0
    assert "\x1b" not in text
    lines = text.splitlines()
    assert len(lines) > 5
    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in lines if line != line.rstrip()] == []
    assert max(map(len, lines)) > 60, "the width is used"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["evaluate", *[AMARA] * 30, *ON], id="text"),
        pytest.param(["evaluate", *[AMARA] * 10, *ON, "--format", "json"], id="JSON"),
    ],
)
def test_a_reader_that_goes_away_is_no_failure(command: list[str]) -> None:
    """As in `mgcds … | head -1`."""
    run = subprocess.Popen(
        [sys.executable, "-m", "mgcds", *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stderr is not None
    assert run.stdout.readline()
    run.stdout.close()
    said = run.stderr.read()
    run.stderr.close()
    assert (run.wait(timeout=60), said) == (0, b"")


def test_a_terminal_that_has_only_ascii_still_gets_the_text() -> None:
    ended = process("rules", PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"severe-renal-impairment: Severe renal impairment" in ended.stdout


def test_what_a_record_holds_does_not_steer_the_terminal(make: Make) -> None:
    name = "x\x1b[2J\x9b31m\u202eevil\nOffered (1)\n\ud800 [bold]y[/bold] end"
    record = make("a.json", json.dumps({"recorded": "2026-11-20", "medicines": [name]}))
    ended = mgcds("evaluate", record, *ON)
    assert ended.code == 0
    assert not {"\x1b", "\x9b", "\u202e"} & set(ended.out)
    assert ended.out.count("\nOffered (") == 1, "it cannot write a heading"
    assert "[bold]y[/bold] end" in " ".join(ended.out.split()), "and is no markup"
    assert mgcds("evaluate", make("b.json", '{"\\u001b[31m": 1}')).err.count("\x1b") == 0


# --- where records come from ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.yaml", KIDNEYS, id="YAML"),
        pytest.param("a.yml", "{recorded: 2026-11-20, egfr: 25 mL/min/1.73m2}", id="YAML in braces"),
        pytest.param("a.yaml", "\ufeff" + KIDNEYS, id="YAML with a byte order mark"),
        pytest.param("a.json", '{"recorded": "2026-11-20", "egfr": "25 mL/min/1.73m2"}', id="JSON"),
        pytest.param("a.json", '\ufeff\r\n {"recorded":"2026-11-20","egfr":"25 mL/min/1.73m2"}', id="JSON with a mark"),
        pytest.param("a.yaml.gz", gzip.compress(KIDNEYS.encode()), id="YAML, gzip"),
        pytest.param("a.json.gz", gzip.compress(json.dumps(BUNDLE).encode()), id="Bundle, gzip"),
        pytest.param("named-wrongly.txt", gzip.compress(KIDNEYS.encode()), id="gzip is seen by its content"),
        pytest.param("a.json", json.dumps(BUNDLE), id="Bundle"),
        pytest.param("a.json", json.dumps([entry["resource"] for entry in BUNDLE["entry"]]), id="list of resources"),
        pytest.param(
            "a.ndjson", "\n".join(json.dumps(entry["resource"]) for entry in BUNDLE["entry"]), id="NDJSON by its name"
        ),
        pytest.param(
            "a.txt", "\n".join(json.dumps(entry["resource"]) for entry in BUNDLE["entry"]), id="NDJSON by its lines"
        ),
    ],
)
def test_every_form_of_the_same_record_reads_alike(name: str, content: str | bytes, make: Make) -> None:
    path = make(name, content)
    ended = mgcds("evaluate", path, *ON, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    assert statuses(ended.out)["severe-renal-impairment"] == "offered"
    piped = mgcds("evaluate", "-", *ON, "--format", "json", given=Path(path).read_bytes())
    if name != "a.yml":  # a name says that braces are YAML; standard input has none
        assert statuses(piped.out) == statuses(ended.out)


def test_standard_input_of_a_real_process() -> None:
    ended = process("evaluate", "-", *ON, given=gzip.compress(KIDNEYS.encode()))
    assert ended.returncode == 0
    assert ended.stdout.startswith(b"standard input on 2026-11-21\n")
    assert b"[severe-renal-impairment]" in ended.stdout


def test_standard_input_that_is_closed() -> None:
    command = f"'{sys.executable}' -m mgcds.cli evaluate - <&-"
    closed = subprocess.run(command, shell=True, capture_output=True, env=environment(), check=False)
    assert (closed.returncode, closed.stderr) == (2, b"mgcds: standard input: is closed\n")


def test_what_of_a_bundle_was_not_used_is_said(make: Make) -> None:
    bundle = make("b.json", json.dumps(BUNDLE))
    assert "Immunization" in mgcds("evaluate", bundle, *ON).out
    unused = json.loads(mgcds("evaluate", bundle, *ON, "--format", "json").out)["unused"]
    assert [entry["reference"] for entry in unused if "Immunization" in entry["reference"]]
    assert all(entry["why"] for entry in unused)


def test_ndjson_files_belong_together_and_each_patient_is_assessed(make: Make) -> None:
    patients = make("Patient.ndjson", "".join(json.dumps({"resourceType": "Patient", "id": i}) + "\n" for i in "ab"))
    kidney = json.loads(json.dumps(BUNDLE["entry"][1]["resource"]))
    kidney["subject"]["reference"] = "Patient/b"
    results = make("Observation.ndjson", json.dumps(kidney))
    written = json.loads(mgcds("evaluate", patients, results, *ON, "--format", "json").out)
    offered = {
        one["input"]: "severe-renal-impairment" in [s["rule"] for s in one["suggestions"] if s["status"] == "offered"]
        for one in written
    }
    assert list(offered.values()) == [False, True]
    assert "b" in list(offered)[1]


# --- what cannot be read --------------------------------------------------------------------------------------------------

DEEP = 100_000


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("a.yaml", "", "is not a mapping", id="empty"),
        pytest.param("a.yaml", b"\x00\xff\xfe\x80" * 50, "is not UTF-8", id="binary"),
        pytest.param("a.yaml", "recorded: 2026-11-20".encode("utf-16"), "is not UTF-8", id="UTF-16"),
        pytest.param("a.yaml", "a: &a [x]\nb: [*a, *a]\n", "line 1: uses a YAML anchor or alias", id="alias bomb"),
        pytest.param("a.yaml", "a: 1\n\tegfr: 2\n", "line 2: is not YAML: found a tab", id="tab"),
        pytest.param("a.yaml", "egfr: 25\negfr: 90\n", "line 2: 'egfr' stands twice", id="doubled key, YAML"),
        pytest.param("a.json", '{"egfr": 25, "egfr": 90}', "'egfr' stands twice", id="doubled key, JSON"),
        pytest.param("a.json", '{"egfr": {"value": 1, "value": 2}}', "'value' stands twice", id="doubled key below"),
        pytest.param("a.yaml", "a: 1\n---\nb: 2\n", "second document", id="two documents"),
        pytest.param("a.yaml", "!!python/object:os.system {}", "YAML tag", id="tag"),
        pytest.param("a.yaml", "egfr: " + "[" * DEEP, "levels deep", id="deep YAML"),
        pytest.param("a.json", '{"egfr": ' + "[" * DEEP + "]" * DEEP + "}", "is not valid JSON", id="deep JSON"),
        pytest.param("a.json", '{"a":' * DEEP + "1" + "}" * DEEP, "is not valid JSON", id="deep objects"),
        pytest.param("a.json", "[" * DEEP, "is not valid JSON", id="deep and unfinished"),
        pytest.param("a.json", '{"egfr": 25', "is not valid JSON", id="cut off"),
        pytest.param("a.json", "[]", "is an empty list", id="empty list"),
        pytest.param("a.json", "[1, 2]", "this is no FHIR", id="list of numbers"),
        pytest.param("a.json", "5", "is not a mapping", id="number"),
        pytest.param("a.json", "null", "is not a mapping", id="null"),
        pytest.param("a.json", '"egfr"', "is not a mapping", id="text"),
        pytest.param("a.json", '{"egfr": 5, "egrf": 5}', "did you mean 'egfr'?", id="unknown field"),
        pytest.param("a.ndjson", "", "holds no patient", id="empty NDJSON"),
        pytest.param("a.ndjson", "{broken", "this is no FHIR", id="broken NDJSON"),
        pytest.param("a.json", '{"resourceType": "Bundle", "id": "\\ud800"}', "this is no FHIR", id="half a character"),
        pytest.param("a.gz", gzip.compress(KIDNEYS.encode())[:-7], "is a damaged gzip file", id="gzip cut off"),
        pytest.param("a.gz", b"\x1f\x8bxxxxxx", "is a damaged gzip file", id="no gzip"),
    ],
)
def test_a_file_that_is_no_record(name: str, content: str | bytes, says: str, make: Make) -> None:
    path = make(name, content)
    ended = mgcds("evaluate", path, *ON)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"mgcds: {path}: ")
    assert says in ended.err


def test_a_folder_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert mgcds("evaluate", str(tmp_path)).err == f"mgcds: {tmp_path}: is a folder; name its files\n"
    missing = tmp_path / "x.yaml"
    ended = mgcds("evaluate", str(missing))
    assert (ended.code, ended.err) == (2, f"mgcds: {missing}: cannot be read: No such file or directory\n")


def test_a_file_without_permission(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> Any:
        raise PermissionError(13, "Permission denied")

    path = make("a.yaml")
    monkeypatch.setattr("mgcds.inputs.Path.open", refused)  # chmod would not stop root
    ended = mgcds("evaluate", path)
    assert (ended.code, ended.err) == (2, f"mgcds: {path}: cannot be read: Permission denied\n")


def test_a_file_larger_than_the_limit_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch, make: Make) -> None:
    monkeypatch.setattr("mgcds.inputs.LARGEST", 5_000_000)
    assert "larger than 5 MB" in mgcds("evaluate", "/dev/zero").err
    assert "larger than 5 MB" in mgcds("evaluate", make("a.gz", gzip.compress(b" " * 6_000_000))).err


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999999999", "1e99999999999999999999", "9" * 5000])
@pytest.mark.parametrize("field", ["egfr", "phq9", "age"])
def test_a_number_that_no_measurement_has_loses_one_field_and_no_more(field: str, number: str, make: Make) -> None:
    record = f'{{"recorded": "2026-11-20", "{field}": {number}, "potassium": "4.1 mmol/L", "qtc": "510 ms"}}'
    written = json.loads(mgcds("evaluate", make("a.json", record), *ON, "--format", "json").out)
    assert field in [problem["about"] for problem in written["problems"]]
    assert field in written["unknown"]
    assert not {"potassium", "qtc"} & set(written["unknown"])


@pytest.mark.parametrize("number", ["1e-999999", "0.1e-4000000", "0e999999", "0." + "1" * 5000])
def test_a_number_too_fine_to_be_measured_does_not_hang(number: str, make: Make) -> None:
    record = make("a.json", f'{{"recorded": "2026-11-20", "egfr": {{"value": {number}, "unit": "mL/min/1.73m2"}}}}')
    ended = mgcds("evaluate", record, *ON)
    assert ended.code == 0
    assert max(map(len, ended.out.splitlines())) <= 80


@pytest.mark.parametrize("number", ["1e999999999", "1e99999999999999999999", "1e-999999", "9" * 5000])
@pytest.mark.parametrize("name", ["b.json", "b.ndjson"])
def test_a_number_in_fhir_that_no_measurement_has_loses_one_result_and_no_more(
    name: str, number: str, make: Make
) -> None:
    parts = BUNDLE["entry"] if name.endswith(".ndjson") else [BUNDLE]
    text = "\n".join(json.dumps(part.get("resource", part)) for part in parts).replace("25.0", number)
    written = json.loads(mgcds("evaluate", make(name, text), *ON, "--format", "json").out)
    assert "egfr" in written["unknown"]
    assert not {"age", "sex"} & set(written["unknown"])


# --- several --------------------------------------------------------------------------------------------------------------


def test_of_several_files_one_that_is_bad_does_not_lose_the_others(make: Make) -> None:
    first, bad, last = make("a.yaml"), make("b.yaml", "egrf: 1"), make("c.yaml")
    ended = mgcds("evaluate", first, bad, last, *ON)
    assert ended.code == 2
    assert ended.err.startswith(f"mgcds: {bad}: unknown field 'egrf'")
    assert ended.out.count("[severe-renal-impairment]") == 2
    assert ended.out.index(f"{first} on") < ended.out.index(f"{last} on")


def test_a_bad_ndjson_does_not_lose_the_others(make: Make) -> None:
    good, bad = make("a.yaml"), make("b.ndjson", "{broken")
    ended = mgcds("evaluate", good, bad, *ON, "--format", "json")
    assert ended.code == 2
    assert ended.err.startswith(f"mgcds: {bad}: ")
    assert [one["input"] for one in json.loads(ended.out)] == [good]


def test_json_of_one_file_is_an_object_and_of_several_an_array(make: Make) -> None:
    a, b, bad = make("a.yaml"), make("b.yaml"), make("c.yaml", "egrf: 1")
    assert json.loads(mgcds("evaluate", a, *ON, "--format", "json").out)["input"] == a
    assert [one["input"] for one in json.loads(mgcds("evaluate", a, b, "--format", "json").out)] == [a, b]
    with_bad = json.loads(mgcds("evaluate", a, bad, "--format", "json").out)
    assert [one["input"] for one in with_bad] == [a], "one bad file does not change the shape"


def test_a_command_for_one_record_refuses_a_file_of_two(make: Make) -> None:
    two = make("p.ndjson", '{"resourceType":"Patient","id":"a"}\n{"resourceType":"Patient","id":"b"}\n')
    ended = mgcds("explain", two, "trial-dose")
    assert (ended.code, ended.err) == (2, f"mgcds: {two}: holds 2 patients; give a file of one\n")


# --- the day --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["21.11.2026", "2026-02-30", "tomorrow", ""])
def test_a_day_that_is_none(day: str) -> None:
    ended = mgcds("evaluate", AMARA, "--on", day)
    assert (ended.code, ended.out) == (2, "")
    assert "write a day as 2026-11-21" in ended.err


def test_without_a_day_it_is_today(make: Make) -> None:
    assert json.loads(mgcds("evaluate", make("a.yaml"), "--format", "json").out)["on"] == evaluator.today().isoformat()


def test_the_first_and_the_last_day_there_are(make: Make) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        assert mgcds("evaluate", AMARA, "--on", day).code == 0


# --- explain, what-if -----------------------------------------------------------------------------------------------------


def test_explain_says_the_rule_the_steps_and_the_evidence() -> None:
    ended = mgcds("explain", AMARA, "confirm-low-magnesium", *ON)
    assert ended.code == 0
    text = " ".join(ended.out.split())
    assert "OFFERED on 2026-11-21" in text
    assert "serum magnesium 0.64 mmol/L (9 days ago)" in text
    assert "nhs-highland-hypomagnesaemia:" in text
    assert "phelan-2018:" in text
    written = json.loads(mgcds("explain", AMARA, "confirm-low-magnesium", *ON, "--format", "json").out)
    assert (written["rule"], written["status"]) == ("confirm-low-magnesium", "offered")


@pytest.mark.parametrize("command", [["explain", AMARA], ["rules"]])
def test_an_unknown_rule_with_a_question(command: list[str]) -> None:
    near = mgcds(*command, "confirm-low-magnesum")
    assert (near.code, near.out) == (2, "")
    assert near.err.startswith("mgcds: no active rule has the id 'confirm-low-magnesum'; ")
    assert near.err.endswith("did you mean 'confirm-low-magnesium'?\n")
    assert mgcds(*command, "zzz").code == 2


def changes(*given: str) -> dict[str, tuple[str, str]]:
    ended = mgcds("what-if", AMARA, *given, *ON, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    return {change["rule"]: (change["before"], change["after"]["status"]) for change in json.loads(ended.out)}


def test_what_if_a_value_were_another() -> None:
    assert changes("egfr=25 mL/min/1.73m2")["severe-renal-impairment"] == ("not indicated", "offered")


def test_what_if_a_value_were_unknown() -> None:
    assert changes("egfr=")["severe-renal-impairment"] == ("not indicated", "withheld")


def test_what_if_several_were_other_at_once() -> None:
    """With a normal magnesium a trial is offered; with lithium beside it, it is held back again."""
    assert changes("serum_magnesium=0.8 mmol/L")["trial-dose"] == ("suppressed", "offered")
    both = changes("serum_magnesium=0.8 mmol/L", "medicines=sertraline, lithium carbonate")
    assert both["medicine-needs-signoff"] == ("not indicated", "offered")
    assert "trial-dose" not in both or both["trial-dose"][1] != "offered"


def test_what_if_a_list_were_another_or_empty() -> None:
    assert changes("conditions=bipolar disorder")["bipolar-disorder"] == ("not indicated", "offered")
    # psychotherapy may be going on: only where no care was offered is a trial alongside out of question
    assert changes("medicines=none", "first_line_care=not offered")["trial-dose"] == ("suppressed", "not indicated")
    assert changes("medicines=")["medicine-list-not-reconciled"] == ("not indicated", "offered")


def test_what_if_a_word_were_another() -> None:
    assert changes("pregnancy=pregnant")["pregnancy"] == ("not indicated", "offered")


def test_what_if_nothing_changes() -> None:
    assert changes("gad7=9") == {}
    assert mgcds("what-if", AMARA, "gad7=9", *ON).out == "No suggestion would change its status.\n"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param("egfr", "is no change; write FIELD=VALUE", id="no equals sign"),
        pytest.param("egrf=5", "did you mean 'egfr'?", id="unknown field"),
        pytest.param("=5", "unknown field ''", id="no field"),
        pytest.param("egfr=abc", "egfr: write a number and its unit", id="no number"),
        pytest.param("sex=woman", "sex: ", id="unknown word"),
        pytest.param("age=200", "age: ", id="out of range"),
        pytest.param("medicines_reconciled=tomorrow", "not a date", id="no date"),
        pytest.param("recorded=2026-01-01", "use --on", id="the day of the record"),
        pytest.param("rejected=x", "cannot be imagined", id="what was rejected"),
    ],
)
def test_a_change_that_is_not_understood(change: str, says: str) -> None:
    ended = mgcds("what-if", AMARA, change, *ON)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


# --- check, rules, schema, help -------------------------------------------------------------------------------------------


def test_check_of_the_built_in_pack() -> None:
    ended = mgcds("check")
    assert (ended.code, ended.err) == (0, "")
    rules = len(list((ROOT / "rules").glob("*/*.yaml"))) - sum(
        len(list((ROOT / "rules" / part).glob("*.yaml"))) for part in ("findings", "evidence", "valuesets")
    )
    assert ended.out.startswith(f"{rules} rules, ")
    assert json.loads(mgcds("check", "--format", "json").out) == []


def test_check_names_file_line_and_what_to_write(broken_pack: Path) -> None:
    ended = mgcds("check", str(broken_pack))
    assert ended.code == 1
    expected = []
    for rule, _, wrong in MISTAKES:
        lines = (broken_pack / rule).read_text().splitlines()
        expected.append((rule, next(number for number, line in enumerate(lines, 1) if wrong in line)))
    places = [line.split(": ")[0] for line in ended.out.splitlines()]
    assert {f"pack/{rule}:{line}" for rule, line in expected} <= set(places)
    assert "did you mean 'below'?" in ended.out
    assert ended.err == f"{len(places)} problems.\n"
    written = json.loads(mgcds("check", str(broken_pack), "--format", "json").out)
    assert set(expected) <= {(problem["file"], problem["line"]) for problem in written}


@pytest.mark.parametrize("name", ["nowhere", "file.yaml"])
def test_check_of_what_is_no_pack(name: str, make: Make, tmp_path: Path) -> None:
    make("file.yaml")
    ended = mgcds("check", str(tmp_path / name))
    assert ended.code == 1
    assert ended.out.startswith(f"{name}:1: is no folder")


@pytest.mark.parametrize("command", [["check"], ["rules", "--rules"], ["scenarios"]])
def test_a_path_that_cannot_be_one(command: list[str]) -> None:
    ended = mgcds(*command, "x" * 5000)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith("File name too long\n")


def test_rules_lists_all_and_shows_one_whole() -> None:
    listed = mgcds("rules").out
    written = json.loads(mgcds("rules", "--format", "json").out)
    assert len(written) > 20
    assert [rule["id"] for rule in written if f"  {rule['id']}: " not in listed] == []
    shown = " ".join(mgcds("rules", "trial-dose").out.split())
    one = json.loads(mgcds("rules", "trial-dose", "--format", "json").out)
    for part in (one["title"], one["text"], *one["evidence_for"], *one["evidence_against"], "Review: unreviewed"):
        assert part in shown


def test_claims_are_listed_with_what_answers_them() -> None:
    ended = mgcds("rules", "--claims")
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 80
    written = json.loads(mgcds("rules", "--claims", "--format", "json").out)
    shown = {part.partition("\n")[0]: " ".join(part.split()) for part in ended.out.split("\n\n")}
    assert len(written) == 17
    for claim in written:
        said = shown[claim["id"]]
        assert f"Claimed: {claim['says']} mgcds: {claim['answer']}" in said
        for part in (*claim["rules"], *claim["evidence"], claim["refused"] or ""):
            assert part in said


def test_claims_that_one_rule_answers() -> None:
    written = json.loads(mgcds("rules", "assess-dietary-intake", "--claims", "--format", "json").out)
    assert [claim["id"] for claim in written] == ["B3"]
    assert mgcds("rules", "nowhere", "--claims").code == 2


def test_contradicting_evidence_and_what_is_not_verified_are_shown() -> None:
    shown = " ".join(mgcds("rules", "supplement-alongside-therapy").out.split())
    assert "Contradicted by: phelan-2018. Not verified: Heterogeneity" in shown


def test_schemas_are_json_schemas() -> None:
    for what in ("record", "rule"):
        assert json.loads(mgcds("schema", what).out)["type"] == "object"
    assert mgcds("schema", "pack").code == 2
    ended = mgcds("schema", "record", "--flat")
    assert (ended.code, ended.out) == (2, "")
    assert "mgcds schema population --flat" in ended.err


def test_the_layout_of_a_facts_table_is_that_of_the_pack_and_the_jurisdiction() -> None:
    layout = json.loads(mgcds("schema", "population").out)
    assert layout["measured"]["serum_magnesium"]["scales"] == {"mmol/L": 100, "mg/dL": 100, "meq/L": 50}
    assert "egfr_low" in [column["name"] for column in layout["columns"]]
    assert json.loads(mgcds("schema", "population", "--jurisdiction", "us").out).keys() == layout.keys()


def test_scenarios_of_one_feature_file() -> None:
    ended = process("scenarios", str(ROOT / "features" / "safety" / "severe-renal-impairment.feature"))
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_scenarios_that_are_not_there(tmp_path: Path) -> None:
    ended = process("scenarios", str(tmp_path / "nowhere"))
    assert ended.returncode == 2
    assert b"is not there" in ended.stderr


def test_help_of_every_command_says_what_each_parameter_is() -> None:
    for name, command in COMMANDS.items():
        ended = mgcds(name, "--help")
        assert ended.code == 0
        words = " ".join(ended.out.split())
        assert command.help.split("\n")[0][:40] in words
        unexplained = [p.name for p in command.params if p.name != "help" and len(p.help or "") < 10]
        assert [f"{name} {parameter}" for parameter in unexplained if parameter != "help"] == []


def test_help_lists_the_commands_and_the_exit_codes() -> None:
    for ended in (mgcds("--help"), mgcds()):
        words = " ".join(ended.out.split())
        assert all(f"│ {name} " in words for name in COMMANDS)
        assert "3 nothing advised" in words
        assert EPILOG.split("·")[0].strip() in words


@pytest.mark.parametrize("arguments", [["evalaute", AMARA], ["evaluate"], ["evaluate", AMARA, "--onn"], ["schema"]])
def test_a_command_that_is_none(arguments: list[str]) -> None:
    ended = mgcds(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Usage: mgcds" in ended.err


def test_completion_knows_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = process(_MGCDS_COMPLETE="complete_bash", COMP_WORDS="mgcds ", COMP_CWORD="1")
    assert sorted(ended.stdout.decode().split()) == sorted(COMMANDS)
    ended = process(_MGCDS_COMPLETE="complete_bash", COMP_WORDS="mgcds evaluate --fo", COMP_CWORD="2")
    assert ended.stdout.decode().split() == ["--format"]
    assert b"_MGCDS_COMPLETE=complete_bash" in process(_MGCDS_COMPLETE="source_bash").stdout


def test_ctrl_c_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*given: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("mgcds.scenarios.mutation.run", interrupted)
    ended = mgcds("mutate")
    assert (ended.code, ended.out, ended.err) == (130, "", "mgcds: interrupted\n")
