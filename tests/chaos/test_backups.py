"""The short version of a part of `make chaos` and `make night`: two machines' timers, some nights, killed with their runners."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HARNESS = Path(__file__).with_name("backups.py")
HARM = ("copies missed", "second copies", "reboots", "operations left open", "nights with anything wrong")


def test_two_timers_make_one_copy_each_every_night_whoever_is_killed() -> None:
    command = [sys.executable, "-P", str(HARNESS), "--nights", "2", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    counts = {
        name: int(count) for name, count in re.findall(r"^\| (.+) \| (\d+) \|$", done.stdout, re.MULTILINE)
    }
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: counts[name] for name in HARM} == dict.fromkeys(HARM, 0)
    assert counts["copies made"] == 8
    assert counts["timers killed"] + counts["runners killed"] >= 1
