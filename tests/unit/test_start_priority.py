"""Which of two sessions comes first where the cores are short, read where the kernel tells it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tui.operations.start_priority import come_forward, start_behind

WAITS = """
import sys
from tui.operations.start_priority import come_forward
sys.stdin.readline()
come_forward()
print("forward", flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="a kernel without autogroups")
def test_a_session_starts_behind_and_comes_forward_by_itself() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        group = Path(f"/proc/{process.pid}/autogroup")
        assert group.read_text().endswith("nice 0\n")
        start_behind(process.pid)
        assert group.read_text().endswith("nice 10\n")
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"forward\n"
        assert group.read_text().endswith("nice 0\n")
        process.communicate(b"\n")


def test_a_process_that_is_gone_is_no_error() -> None:
    start_behind(2**22 + 1)
    come_forward()
