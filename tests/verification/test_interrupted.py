"""Ctrl-C amid a question to Z3 ends the program. Z3 would take it for itself and say "unknown", as if it had tried."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = """
import os, signal, sys, threading
import z3
import mgcds.verification.symbolic

if sys.argv[1] == "fault":
    z3.set_param("ctrl_c", True)
holes = 11  # and a pigeon more: it takes long to see that each cannot have one of its own
sits = [[z3.Bool(f"{pigeon} in {hole}") for hole in range(holes)] for pigeon in range(holes + 1)]
solver = z3.Solver()
solver.set("timeout", 1500)
solver.add(*map(z3.Or, sits), *(z3.AtMost(*hole, 1) for hole in zip(*sits)))
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    print(solver.check(), solver.reason_unknown())
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.mark.parametrize(("fault", "said"), [("none", "stopped\n"), ("fault", "unknown interrupted from keyboard\n")])
def test_ctrl_c_is_heard(fault: str, said: str) -> None:
    assert subprocess.run([sys.executable, "-c", ASK, fault], capture_output=True, text=True).stdout == said
