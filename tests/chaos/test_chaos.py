"""The short version of `make chaos`: every boundary of a stop/start and of an AMI once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HARNESS = Path(__file__).with_name("harness.py")


def test_killed_at_every_boundary_once_nothing_is_left_down_or_done_twice() -> None:
    command = [sys.executable, "-P", str(HARNESS), "--once", "--kinds", "stop-start", "image"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    counts = {
        name: int(count) for name, count in re.findall(r"^\| (.+) \| (\d+) \|$", done.stdout, re.MULTILINE)
    }
    assert done.returncode == 0, done.stdout + done.stderr
    assert counts["instances left stopped"] == 0
    assert counts["second StopInstances that took effect"] == 0
    assert counts["second AMIs"] == 0
    assert counts["calls without an intent in the journal"] == 0
    assert counts["different boundaries at which a runner was killed"] > 150
    assert counts["consoles killed"] >= 5
