"""Files → patient records: YAML, JSON, a FHIR Bundle or Bulk Data NDJSON, plain or gzip, or standard input."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mgcds.errors import Problem, RecordError
from mgcds.loading.source import Mapping, Node, Text, parse_yaml
from mgcds.model.pack import RulePack
from mgcds.model.record import PatientRecord, read_record

if TYPE_CHECKING:
    from mgcds.fhir import FhirReading

LARGEST = 500_000_000
_MOST_DIGITS = 1000
_GZIP = b"\x1f\x8b"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Input:
    """One record, where it came from, and what of its source was not used: (reference, why)."""

    name: str
    record: PatientRecord
    unused: tuple[tuple[str, str], ...] = ()
    patient: str | None = None
    """a reference to the patient, where it was read from FHIR"""


def read_inputs(files: list[str], pack: RulePack, retrieved: date) -> Iterator[Input | RecordError]:
    """The records of all files. NDJSON files belong together: each patient's resources are collected from all of them.

    A file that cannot be read gives its RecordError in its place; the others are read all the same.
    """
    resources: list[bytes] = []
    names: list[str] = []
    for file in files:
        try:
            content = _content(file)
            if _is_ndjson(file, content):
                resources += content.splitlines()
                names.append(file)
            else:
                yield _one(file, content, pack, retrieved)
        except RecordError as error:
            yield RecordError(f"{_shown(file)}: {error}")
    if names:
        try:
            yield from _patients(resources, pack, retrieved)
        except RecordError as error:
            yield RecordError(f"{', '.join(_shown(name) for name in names)}: {error}")


def read_file(file: str, read: Callable[[Any], T]) -> T:
    """A JSON or YAML file that is no record, read by a function of its plain data. RecordError names the file."""
    try:
        return read(_json_or_yaml(file, _content(file)))
    except RecordError as error:
        raise RecordError(f"{_shown(file)}: {error}") from None


def _json_or_yaml(file: str, content: bytes) -> Any:
    """What begins with a bracket is JSON, or else YAML in flow style."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b"[")):
        return _yaml(file, content)
    try:
        return _json(start)
    except (ValueError, RecursionError):
        try:
            return _yaml(file, content)
        except RecordError:
            raise RecordError("is not valid JSON") from None


def read_plain(file: str, pack: RulePack, retrieved: date) -> list[Any]:
    """The records of a file as plain data: as they are written, without reading them; of FHIR, what was read of it."""
    try:
        content = _content(file)
        start = content.lstrip(b"\xef\xbb\xbf \t\r\n")
        if _is_ndjson(file, content):
            given = list(_patients(content.splitlines(), pack, retrieved))
        else:
            plain = _json(start) if start.startswith((b"{", b"[")) else _yaml(file, content)
            if isinstance(plain, dict) and "resourceType" not in plain:
                return [plain]
            given = [_one(file, content, pack, retrieved)]
    except RecordError as error:
        raise RecordError(f"{_shown(file)}: {error}") from None
    except (ValueError, RecursionError):
        raise RecordError(f"{_shown(file)}: is not valid JSON") from None
    return [each.record.model_dump(mode="json", exclude_defaults=True) for each in given]


def _json(start: bytes) -> Any:
    return json.loads(start, parse_float=_decimal, parse_int=_integer, object_pairs_hook=_once_each)


def _patients(lines: list[bytes], pack: RulePack, retrieved: date) -> Iterator[Input]:
    from mgcds.fhir import read_ndjson

    reading = None
    for reading in read_ndjson(lines, pack, retrieved):
        name = reading.patient or "no patient"
        yield _input(name, reading)
    if reading is None:
        raise RecordError("holds no patient")


def _input(name: str, reading: FhirReading) -> Input:
    unused = tuple((unused.reference, unused.why) for unused in reading.unused)
    return Input(name, reading.record, unused, reading.patient)


def _content(file: str) -> bytes:
    try:
        if file == "-" and sys.stdin is None:
            raise RecordError("is closed")
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
            raw = stream.read(LARGEST + 1)  # a bound, so that a device without an end cannot fill the memory
    except IsADirectoryError:
        raise RecordError("is a folder; name its files") from None
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}") from None
    if raw.startswith(_GZIP):
        try:
            with gzip.GzipFile(fileobj=BytesIO(raw)) as unpacked:
                raw = unpacked.read(LARGEST + 1)
        except (OSError, EOFError, zlib.error):
            raise RecordError("is a damaged gzip file") from None
    if len(raw) > LARGEST:
        raise RecordError(f"is larger than {LARGEST // 1_000_000} MB; split it")
    return raw


def _is_ndjson(file: str, content: bytes) -> bool:
    if file.removesuffix(".gz").endswith(".ndjson"):
        return True
    first, _, rest = content.partition(b"\n")
    return first.startswith(b"{") and first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")


def read_text(name: str, content: bytes, pack: RulePack, retrieved: date) -> Input:
    """One record that is no file: YAML, JSON or a FHIR Bundle, as somebody typed it. RecordError where it is none."""
    return _one(name, content, pack, retrieved)


def _one(file: str, content: bytes, pack: RulePack, retrieved: date) -> Input:
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b"[")):
        return Input(_shown(file), read_record(_yaml(file, content)))
    try:
        given = _json(start)
    except (ValueError, RecursionError):
        if start.startswith(b"{") and file.removesuffix(".gz").endswith((".yaml", ".yml")):
            return Input(_shown(file), read_record(_yaml(file, content)))
        raise RecordError("is not valid JSON") from None
    if given == []:
        raise RecordError("is an empty list: neither a record nor FHIR")
    if isinstance(given, list) or (isinstance(given, dict) and "resourceType" in given):
        from mgcds.fhir import read_bundle

        reading = read_bundle(start, pack, retrieved)
        return _input(_shown(file), reading)
    return Input(_shown(file), read_record(given))


def _decimal(text: str) -> Decimal:
    """As written. An exponent that Decimal cannot hold makes NaN, which its field refuses: the other fields are not lost."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _integer(text: str) -> int | Decimal:
    """An int, or a Decimal where Python refuses so many digits."""
    return int(text) if len(text) <= _MOST_DIGITS else Decimal(text)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without doubled keys: JSON does not say which one would count."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for key in keys if keys.count(key) > 1)
        raise RecordError(f"'{doubled[:60]}' stands twice in one object; keep one")
    return found


def _shown(file: str) -> str:
    return "standard input" if file == "-" else file


def _yaml(file: str, content: bytes) -> Any:
    """YAML read as located text, as rules are: no implicit types, no aliases."""
    problems: list[Problem] = []
    source = parse_yaml(content, file, problems)
    if source is None or problems:
        raise RecordError("; ".join(f"line {problem.line}: {problem.what}" for problem in problems) or "is empty")
    return _plain(source)


def _plain(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {key: _plain(value) for key, value in node.items.items()}
    return node.value if isinstance(node, Text) else [_plain(item) for item in node.items]
