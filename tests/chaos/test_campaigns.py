"""The short version of the campaigns in `make chaos`: a console, conductors and runners killed, one paused in the middle."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HARNESS = Path(__file__).with_name("campaigns.py")
HARM = (
    "members begun while paused",
    "members done twice",
    "instances left stopped",
    "instances not in service as before",
    "counts below what is needed",
    "campaigns with anything wrong",
)


def test_a_campaign_leaves_nobody_down_and_does_nobody_twice_whoever_is_killed() -> None:
    command = [sys.executable, "-P", str(HARNESS), "--once"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    counts = {
        name: int(count) for name, count in re.findall(r"^\| (.+) \| (\d+) \|$", done.stdout, re.MULTILINE)
    }
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: counts[name] for name in HARM} == dict.fromkeys(HARM, 0)
    assert counts["members done"] == counts["members"] == 6
    assert (counts["consoles killed"], counts["campaigns that were paused"]) == (1, 1)
    assert counts["conductors killed"] + counts["runners killed"] >= 3
