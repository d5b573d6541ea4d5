"""Minutes on an instance, in evac's own terminal, while the fleet changes and another server is down: nothing is lost."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal, has
from tests.journeys.console_user import Shift, awaited, left_over, sent, told_at
from tests.journeys.test_alarm_calls import called
from tests.journeys.test_runner import state_of, stopping
from tui.demo.environment import Demo
from tui.operations.model import OperationState

CONFIG = """
[intervals]
status = 4
[connect]
command = ["{session}", "{{id}}", "--key={{key_name}}"]
[alarm]
on = ["failing"]
desktop = "on"
command = ["{page}"]
"""
SESSION = """#!/bin/sh
env > {here}/environment
printf '%s\\n' "$@" > {here}/arguments
stty raw -echo
printf '\\033[?1049h\\033[?1002h\\033[31mon %s\\r\\n' "$1"
while ! test -e {here}/enough; do sleep 0.1; done
exit 0
"""
SECRET = "wJalrXUtnFEMI"


def program(path: Path, lines: str) -> Path:
    path.write_text(lines)
    path.chmod(0o755)
    return path


def drawn(terminal: Terminal, since: int) -> bytes:
    """What came since then, but for bells and notifications."""
    return re.sub(rb"\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x07", b"", bytes(terminal.raw[since:]))


def seen(path: Path, part: str) -> Callable[[], bool]:
    return lambda: path.exists() and part in path.read_text()


def wait(shift: Shift, until: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 90
    while not until():
        assert shift.read(0.1), f"evac ended:\n{shift.text}"
        assert time.monotonic() < deadline, f"{what} never came:\n{shift.text}"


@pytest.mark.parametrize("size", told_at((80, 24)))
def test_minutes_on_an_instance_while_a_server_is_down(
    demo: Demo, env: dict[str, str], tmp_path: Path, size: tuple[int, int]
) -> None:
    session = program(tmp_path / "session", SESSION.format(here=tmp_path))
    page = program(tmp_path / "page", f"#!/bin/sh\ncat >> {tmp_path}/paged\n")
    config = tmp_path / "own.toml"
    config.write_text(CONFIG.format(session=session, page=page))
    environ = {**env, "NOTES": f"my {SECRET} key"}
    environ["AWS_SECRET_ACCESS_KEY"] = SECRET
    with Shift("--config", str(config), environ=environ, size=size) as kim:
        kim.until(
            "not acknowledged"
        )  # the line on top moves what stands below it: a question begins to stand anew
        down = stopping(kim, env, demo, "ledger-2")
        kim.keys("escape")  # the operation counts its seconds: never quiet
        kim.until(lambda one: "/ filter" in one.screen.display[-1])
        kim.find("web-2")
        kim.keys("C")
        kim.until("on i-")
        since = len(kim.raw)
        # the runner dies with its server between stop and start; somebody must take that up
        (runner,) = [one for one in left_over(tmp_path) if "--operation" in one.command]
        os.kill(runner.pid, signal.SIGKILL)
        demo.control("clock", {"speed": 60})
        demo.control("advance", {"seconds": 60})
        demo.control("events", {"instance": "web-4", "sick": "instance"})
        done = awaited(env, lambda one: one.state is OperationState.SUCCEEDED, kim.read)
        assert state_of(demo, done.instance_id) == "running"
        assert done.instance_id == down
        assert sent(demo, down).count("StopInstances") == 1
        wait(kim, seen(tmp_path / "paged", "web-4"), "the call")
        wait(kim, lambda: any("web-4" in one for one in called(kim)), "the notification")
        assert drawn(kim, since) == b""
        kim.resize(100, 30)
        kim.keys("\x03", "q", "y")  # for the program alone
        kim.read(0.3)
        assert drawn(kim, since) == b""
        (tmp_path / "enough").touch()
        kim.until(lambda one: "READ-WRITE" in one.screen.display[29])
        kim.until(has(r"web-2: session ended"))
        kim.find("web-4")
        kim.until(has(r"› ✖ +web-4 .*instance"))
        kim.keys("q")
        assert kim.ended() == 0
    assert (tmp_path / "arguments").read_text().splitlines()[1] == "--key=ops"
    told = dict(line.partition("=")[::2] for line in (tmp_path / "environment").read_text().splitlines())
    assert SECRET not in (tmp_path / "environment").read_text()
    assert "AWS_ACCESS_KEY_ID" not in told
    assert told["AWS_ENDPOINT_URL"] == env["AWS_ENDPOINT_URL"]
    lines = [json.loads(line) for line in (tmp_path / "paged").read_text().splitlines()]
    assert [one["state"] for one in lines if one["name"] == "web-4"] == ["begun"]
