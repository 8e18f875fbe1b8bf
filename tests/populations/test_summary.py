"""What a screening tells people leaves out nothing without saying so."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest

from mgcds.model.pack import RulePack
from mgcds.populations.output import Counts
from mgcds.populations.summary import Screening, print_summary
from mgcds.printing import Printer


def test_the_text_leaves_out_no_rule(pack: RulePack, capsys: pytest.CaptureFixture[str]) -> None:
    """Three rules: one offered, one suppressed alone, one withheld alone; the others are neither offered nor suppressed."""
    first, second, third, *_ = pack.rules
    statuses = Counter({(first, "offered"): 2, (second, "suppressed"): 1, (third, "withheld"): 2})
    print_summary(Printer(), Screening(Counts(patients=2, statuses=statuses)), pack, date(2026, 11, 21))
    text = capsys.readouterr().out
    assert re.findall(r"[0-9.]+ +[0-9.]+ +[0-9.]+  (\S+)", text) == [first, second]
    assert f"{len(pack.rules) - 2} more are neither offered to anybody nor suppressed." in text
