"""The short version of `tests/chaos/recoveries.py`, which `make chaos` runs with 50 recoveries and 200 undos."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).with_name("recoveries.py")


def test_an_alarm_that_evac_sets_recovers_and_its_undo_leaves_all_as_it_was() -> None:
    command = [sys.executable, "-P", str(TOOL), "--recoveries", "2", "--undos", "4", "--seed", "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(re.findall(r"^\| (.+) \| (\d+(?: of \d+)?) \|$", done.stdout, re.MULTILINE))
    assert counts == {
        "failing instances recovered by an alarm that evac set": "2 of 2",
        "undos after which all that can be set is as before": "4 of 4",
        "wrong": "0",
    }
