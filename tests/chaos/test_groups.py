"""The short version of the second half of `make chaos`: members of one group, several operations at once, runners killed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HARNESS = Path(__file__).with_name("groups.py")
HARM = (
    "counts below what is needed",
    "instances left stopped",
    "instances not in service as before",
    "trials with anything wrong",
)


def test_members_of_a_group_do_not_go_down_together_whoever_is_killed() -> None:
    command = [sys.executable, "-P", str(HARNESS), "--trials", "6", "--once", "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    counts = {
        name: int(count) for name, count in re.findall(r"^\| (.+) \| (\d+) \|$", done.stdout, re.MULTILINE)
    }
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: counts[name] for name in HARM} == dict.fromkeys(HARM, 0)
    assert counts["operations that waited for their turn"] >= 3
    assert counts["runners killed"] >= 2
    assert (
        counts["of them waited for, nothing sent"] == counts["foreign stops between question and answer"] == 1
    )
