"""hooks.yaml: each mistake is reported at its place, and what is right is read as it stands."""

# A table, one mistake a line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mgcds.loading import check_pack, load_pack
from tests.loading.mistakes import copy_of_the_pack

GOOD = """\
services:
  patient-view:
    id: our-view
    title: Opened
    description: When the record is opened.
    speaks:
      - {kinds: every}
  order-sign:
    id: our-sign
    title: Signed
    description: When orders are signed.
    speaks:
      - {kinds: [stop], ordering: ssri}
      - {kinds: [interaction], ordering: its own medicines, beside: ssri}
indicators: {urgent: critical, stop: warning, defer: warning, interaction: warning, workup: info, consider: info, dose: info, monitor: info, inform: info}
not_evaluated: {kinds: [stop], unless_known_not: low_magnesium}
may_be_absent: {List: not missed}
override_codes:
  system: http://example.org/reasons
  codes:
    patient-declined: {code: refused, display: Refused}
valid_for: 7 days
"""


def problems(folder: Path, text: str) -> list[str]:
    pack = copy_of_the_pack(folder)
    (pack / "hooks.yaml").write_text(text, encoding="utf-8")
    return [str(problem) for problem in check_pack(pack)[1]]


def replaced(old: str, new: str) -> Callable[[str], str]:
    assert old in GOOD
    return lambda text: text.replace(old, new, 1)


def test_what_is_right_is_read(tmp_path: Path) -> None:
    pack = copy_of_the_pack(tmp_path)
    (pack / "hooks.yaml").write_text(GOOD, encoding="utf-8")
    hooks = load_pack(pack).hooks
    assert hooks is not None
    view, sign = hooks.services
    assert (view.id, view.about_orders, len(view.speaks[0].kinds)) == ("our-view", False, 9)
    assert (sign.speaks[0].ordering, sign.speaks[1].own_medicines, sign.speaks[1].beside) == ("ssri", True, "ssri")
    assert (hooks.valid_for, hooks.codes["patient-declined"].code, hooks.safety) == (7, "refused", {"stop"})


def test_a_pack_may_be_without() -> None:
    assert load_pack(Path(__file__).with_name("pack")).hooks is None


MISTAKES = [
    ("a part left out", replaced("valid_for: 7 days\n", ""), "hooks.yaml:1: hooks.yaml lacks 'valid_for'; add it"),
    ("a hook that is not known", replaced("order-sign:", "order-sing:"), "has 'order-sing'; did you mean 'order-sign'?"),
    ("a service that is a text", lambda text: text.replace("  order-sign:\n    id: our-sign\n    title: Signed\n    description: When orders are signed.\n"
     "    speaks:\n      - {kinds: [stop], ordering: ssri}\n      - {kinds: [interaction], ordering: its own medicines, beside: ssri}\n", "  order-sign: yes\n"),
     "service 'order-sign' must be a mapping with id, title, description and speaks"),
    ("one id for two hooks", replaced("id: our-sign", "id: our-view"), "the id 'our-view' is used twice; give each hook its own"),
    ("an id with a slash", replaced("id: our-sign", "id: our/sign"), "'id' of service 'order-sign' must be words joined with '-'"),
    ("no one speaks", replaced("      - {kinds: every}\n", "      []\n"), "'speaks' of service 'patient-view' must be a list of entries"),
    ("an entry that is a text", replaced("- {kinds: every}", "- every"), "an entry of 'speaks' of 'patient-view' must be a mapping"),
    ("a kind that is not known", replaced("[stop], ordering", "[halt], ordering"), "'kinds' of hooks.yaml names 'halt'"),
    ("no kind", replaced("[stop], ordering", "[], ordering"), "'kinds' of hooks.yaml is empty; name at least one, or every"),
    ("an order where none is", replaced("{kinds: every}", "{kinds: every, ordering: ssri}"), "nothing is being ordered at 'patient-view'"),
    ("no value set", replaced("ordering: ssri", "ordering: sri"), "'ordering' of hooks.yaml names 'sri'; did you mean 'ssri'?"),
    ("a value set of another list", replaced("beside: ssri", "beside: depression"), "'beside' of hooks.yaml names 'depression'"),
    ("no finding", replaced("unless_known_not: low_magnesium", "unless_known_not: low_iron"), "'unless_known_not' of hooks.yaml names 'low_iron'"),
    ("an indicator left out", replaced("urgent: critical, ", ""), "'indicators' of hooks.yaml lacks 'urgent'; add it"),
    ("an indicator that is not known", replaced("urgent: critical", "urgent: red"), "'urgent' of 'indicators' is 'red'"),
    ("no reason", replaced("    patient-declined:", "    patient-decline:"), "'override_codes' names 'patient-decline'; did you mean 'patient-declined'?"),
    ("a code that is a text", replaced("{code: refused, display: Refused}", "refused"), "the code of 'patient-declined' must be a mapping with code and display"),
    ("a code without its words", replaced(", display: Refused", ""), "the code of 'patient-declined' lacks 'display'; add it"),
    ("for ever", replaced("7 days", "always"), "'valid_for' of hooks.yaml must be from 1 to 31 days"),
    ("too long", replaced("7 days", "90 days"), "'valid_for' of hooks.yaml must be from 1 to 31 days"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "says"), [pytest.param(change, says, id=name) for name, change, says in MISTAKES])
def test_a_mistake_is_reported_with_what_to_write(tmp_path: Path, change: Callable[[str], str], says: str) -> None:
    assert problems(tmp_path / "good", GOOD) == []
    found = problems(tmp_path / "bad", change(GOOD))
    assert any(says in problem for problem in found), found
    assert len(found) <= 2
    assert all(problem.startswith("hooks.yaml:") for problem in found)
