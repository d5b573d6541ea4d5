"""The short version of `make chaos`: each boundary there is, in whatever kind of operation, once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HARNESS = Path(__file__).with_name("harness.py")
HARM = (
    "instances left stopped",
    "instances not in service as before",
    "second StopInstances that took effect",
    "second AMIs",
    "second reboots",
    "calls without an intent in the journal",
    "trials with anything wrong",
)


def counted(*words: str) -> dict[str, int]:
    command = [sys.executable, "-P", str(HARNESS), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    counts = {
        name: int(count) for name, count in re.findall(r"^\| (.+) \| (\d+) \|$", done.stdout, re.MULTILINE)
    }
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: counts[name] for name in HARM} == dict.fromkeys(HARM, 0)
    return counts


def test_killed_at_every_boundary_of_every_kind_once_nothing_is_left_down_or_done_twice() -> None:
    counts = counted("--once")  # a plain start, and an AMI before a stop, have none that others lack
    assert counts["different boundaries at which a runner was killed"] > 350
    assert counts["consoles killed"] >= 5


def test_a_full_disk_a_failing_login_a_wrong_clock_and_starts_that_fall_back_leave_nothing_down() -> None:
    counts = counted("--plights", "1", "--kinds", "stop-start", "--seed", "3", "--workers", "1")
    assert counts["trials"] >= 4  # six where a disk may be mounted and a Redis is there
    assert counts["starts sent again, after one that fell back"] >= 1
