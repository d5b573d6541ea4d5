"""A nightly timer: it is killed with its runner in the middle of the night, begun again, and a person looks in the morning."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.terminal import has
from tests.journeys.console_user import Shift, awaited, evac, left_over, sent, told_at
from tui.demo.environment import Demo
from tui.operations.model import OperationState

NIGHTLY = (
    "backup", "--older-than", "7d", "--filter", "ledger-1", "--yes", "--json", "--jitter", "0s",
    "--profile", "prod", "--region", "ap-northeast-2",
)  # fmt: skip


@pytest.mark.parametrize("size", told_at((80, 24)), ids=lambda size: "x".join(map(str, size)))
def test_a_nightly_timer_that_is_killed_makes_its_one_copy_all_the_same(
    env: dict[str, str], demo: Demo, size: tuple[int, int]
) -> None:
    demo.control("clock", {"speed": 0.1})  # the copy takes its time
    timer = subprocess.Popen(
        [sys.executable, "-P", "-m", "tui", *NIGHTLY], env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    first = awaited(env, lambda one: "pending" in one.note)
    timer.kill()
    timer.wait(30)
    for process in left_over(Path(env["HOME"])):
        if first.id in process.command:
            os.kill(process.pid, signal.SIGKILL)
    assert sent(demo) == ["CreateImage"]

    demo.control("clock", {"speed": 60})
    demo.control("advance", {"seconds": 1200})
    again = evac(env, *NIGHTLY)  # as systemd does, RestartSec later
    assert again.returncode == 0, again.stderr
    told = [json.loads(line) for line in again.stdout.splitlines()]
    assert [one.get("result") for one in told] in (
        ["made", None],
        [None],
    )  # its runner may be quicker than its timer
    done = awaited(env, lambda one: one.state is OperationState.SUCCEEDED)
    assert (done.id, done.instance_name) == (first.id, "ledger-1")
    assert sent(demo) == ["CreateImage"]

    with Shift(environ=env, size=size) as shift:
        shift.begin()
        shift.keys("o")
        shift.until(has("succeeded.*ledger-1|ledger-1.*succeeded"))
        shift.hang_up()
    doctor = evac(env, "doctor", "--profile", "prod", "--region", "ap-northeast-2")
    assert f"of ledger-1 ({first.id})" in " ".join(doctor.stdout.split())
