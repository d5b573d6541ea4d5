"""A terminal that goes away: console and collector go too, whoever started them and whatever they were doing.

The hang-up may reach nobody but a wrapper, the output may stand still, the console may be suspended: within seconds nothing is
left, but what was begun on a server goes on. Deadlines here are generous; measured on a quiet machine each took less than 5 s.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.terminal import Terminal, has
from tests.journeys.console_user import Process, Shift, all_gone, awaited, left_over, sent
from tests.nightly import some
from tui.demo.environment import Demo

GONE_WITHIN = 20.0
RUNNER = "tui.operations.process"
"""The module that a runner's process is started with."""
WRAPPERS: Mapping[str, Sequence[str]] = {
    "alone": (),
    "sh": ("sh", "-c", '"$0" "$@"; true'),
    "sh that ignores it": ("sh", "-c", 'trap "" HUP; "$0" "$@"; true'),
    "nohup": (
        "sh", "-c", 'nohup sh -c \'"$0" "$@" </dev/tty >/dev/tty 2>&1; true\' "$0" "$@" >/dev/null 2>&1; true',
    ),
    "setsid": ("setsid", "-w"),
    "a session of its own": (
        sys.executable, "-c", "import subprocess, sys; subprocess.call(sys.argv[1:], start_new_session=True)",
    ),
    "script": ("sh", "-c", 'script -qec "$0 $*" /dev/null; true'),
}  # fmt: skip


def left(home: Path, *, hands: bool = False) -> list[Process]:
    """What still runs of that home, runners left out unless they are meant."""
    return [one for one in left_over(home) if hands or RUNNER not in one.command]


def close(terminal: Terminal) -> None:
    """The terminal's window is closed: its other end is gone, and nobody sends anything but the kernel."""
    inner: Any = terminal.process.ptyproc  # type: ignore[attr-defined] # pexpect's types leave it out
    inner.fileobj.close()
    inner.closed = terminal.process.closed = True


def gone(home: Path) -> None:
    """Wait until console, collector and wrappers are gone. AssertionError with what still runs."""
    deadline = time.monotonic() + GONE_WITHIN
    while (found := left(home)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == []


def no_report(home: Path) -> None:
    """Nobody was told that it is our fault."""
    assert list((home / "state").rglob("crash-*")) == []


@pytest.mark.parametrize("wrapper", some(list(WRAPPERS), 0, 2, -1))
def test_the_window_is_closed(env: dict[str, str], tmp_path: Path, wrapper: str) -> None:
    within = WRAPPERS[wrapper]
    if within and shutil.which(within[0]) is None:
        pytest.skip(f"{within[0]} is not installed")
    with Shift(environ=env, within=within) as shift:
        shift.begin()
        assert left(tmp_path)
        close(shift)
        gone(tmp_path)
    no_report(tmp_path)


def question(shift: Shift) -> None:
    shift.ask("b", "cache-1")


def details(shift: Shift) -> None:
    shift.find("cache-1")
    shift.keys("enter")
    shift.until("esc back")


def typing(shift: Shift) -> None:
    shift.keys("/", "ca")
    shift.until(has(r"(?m)^ / "))


def help_(shift: Shift) -> None:
    shift.keys("?")
    shift.until("READ-WRITE")


def unread(shift: Shift) -> None:
    """Its output is not taken: the terminal's buffer is full, and more is waiting."""
    for number in range(300):
        shift.process.setwinsize(24 + number % 20, 80 + number % 50)
        time.sleep(0.01)


def resized(shift: Shift) -> None:
    for number in range(40):
        shift.process.setwinsize(24 + number % 20, 80 + number % 50)
        shift.read(0.01)


STATES: Sequence[Callable[[Shift], None]] = (question, details, typing, help_, unread, resized)


@pytest.mark.parametrize("state", some(STATES, 0, 2, 4), ids=lambda one: one.__name__)
def test_the_window_is_closed_whatever_it_shows(
    env: dict[str, str], tmp_path: Path, state: Callable[[Shift], None]
) -> None:
    with Shift(environ=env, within=WRAPPERS["sh that ignores it"]) as shift:
        shift.begin()
        state(shift)
        close(shift)
        gone(tmp_path)
    no_report(tmp_path)


def console(home: Path) -> int:
    """The console's process, if others stand around it."""
    (found,) = [
        one.pid
        for one in left(home)
        if one.command.endswith("-m tui") and not one.command.startswith(("sh ", "script"))
    ]
    return found


@pytest.mark.parametrize("number", some([signal.SIGTERM, signal.SIGHUP, signal.SIGINT], 1))
def test_a_signal_is_heard_although_the_terminal_takes_nothing(
    env: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with Shift(environ=env) as shift:
        shift.begin()
        unread(shift)
        os.kill(shift.pid, number)
        gone_or_zombie(shift)
        assert shift.ended() == 128 + number
    assert left(tmp_path) == []


def gone_or_zombie(terminal: Terminal) -> None:
    deadline = time.monotonic() + GONE_WITHIN
    while time.monotonic() < deadline:
        if Path(f"/proc/{terminal.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError("it runs on")


def test_a_loop_that_stands_still_is_ended_by_force_and_the_terminal_given_back(
    env: dict[str, str], tmp_path: Path
) -> None:
    """Whatever may hold it: here a screen that never comes back from what it does."""
    stuck = (
        "import time\nfrom screens.operations import OperationsScreen\n"
        "def hold(self):\n    while True: time.sleep(0.1)\n"
        "OperationsScreen.fleet_changed = hold\nfrom tui.cli.main import main\nmain()\n"
    )
    (tmp_path / "stuck.py").write_text(stuck)
    within = (sys.executable, str(tmp_path / "stuck.py"), "--")
    with Shift(
        environ={**env, "PYTHONPATH": str(Path(__file__).parents[2])},
        within=("sh", "-c", f"exec {within[0]} {within[1]}"),
    ) as shift:
        shift.begin()
        shift.keys("o")
        time.sleep(1)  # the loop stands still from there on: nothing can be seen to wait for
        os.kill(shift.pid, signal.SIGTERM)
        assert shift.ended() == 128 + signal.SIGTERM
        assert b"\x1b[?1049l" in shift.raw
    gone(tmp_path)


def test_what_was_begun_goes_on(env: dict[str, str], tmp_path: Path, demo: Demo) -> None:
    with Shift(environ=env, within=WRAPPERS["sh that ignores it"]) as shift:
        shift.begin()
        shift.ask("s", "search-2")
        demo.control("clock", {"speed": 2})
        shift.agree("search-2")
        one = awaited(env, lambda one: one.step == "wait-stopped", shift.read)
        close(shift)
        gone(tmp_path)
        assert any(RUNNER in process.command for process in left(tmp_path, hands=True))
    demo.control("clock", {"speed": 60})
    awaited(env, lambda one: one.state == "succeeded")
    assert sent(demo, one.instance_id) == ["StopInstances", "StartInstances"]
    assert all_gone(tmp_path) == []


def test_a_console_that_is_killed_leaves_no_collector(env: dict[str, str], tmp_path: Path) -> None:
    with Shift(environ=env) as shift:
        shift.begin()
        os.kill(shift.pid, signal.SIGKILL)
        shift.ended()
        gone(tmp_path)


def test_a_wrapper_that_is_killed_while_its_terminal_lives_does_not_end_it(
    env: dict[str, str], tmp_path: Path
) -> None:
    """As a password prompt's or a login's would: `wrapper evac`, begun by a shell that goes on."""
    inner = 'sh -c \'"$0" "$@"; true\' "$0" "$@"; sleep 1000'
    with Shift(environ=env, within=("sh", "-c", inner)) as shift:
        shift.begin()
        wrapper = next(one.pid for one in left(tmp_path) if one.command.startswith('sh -c "$0"'))
        os.kill(wrapper, signal.SIGKILL)
        time.sleep(3)  # what must not happen has had its time
        shift.keys("?")
        shift.until(has("READ-WRITE"))
        shift.keys("escape", "o")
        shift.until(has("operations"))
        close(shift)
        gone(tmp_path)


def test_suspended_when_its_window_is_closed(env: dict[str, str], tmp_path: Path) -> None:
    """ctrl+z, and then the window: a shell with jobs in between, as people have it."""
    with Shift(environ=env, within=("bash", "--norc", "-ic", '"$0" "$@"; echo suspended; read x')) as shift:
        shift.begin()
        shift.keys("\x1a")
        shift.until("suspended")
        time.sleep(2)  # it has timers, and must not draw now
        before = shift.received
        shift.read(1.0)
        assert shift.received == before
        close(shift)
        gone(tmp_path)
    no_report(tmp_path)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.parametrize("words", ["kill-window", "kill-server"])
def test_tmux_closes_it(env: dict[str, str], tmp_path: Path, words: str) -> None:
    def tmux(*more: str) -> str:
        line = ["tmux", "-f", "/dev/null", "-S", str(tmp_path / "tmux"), *more]
        return subprocess.run(
            line, env={**env, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, timeout=30, check=False
        ).stdout

    command = f"{sys.executable} -P -m tui; true"
    tmux("new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", command)
    try:
        deadline = time.monotonic() + 60
        while "READ-WRITE" not in tmux("capture-pane", "-p") and time.monotonic() < deadline:
            time.sleep(0.2)
        assert "READ-WRITE" in tmux("capture-pane", "-p")
        tmux(words)
        deadline = time.monotonic() + GONE_WITHIN
        while [one for one in left(tmp_path) if "tui" in one.command] and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [one for one in left(tmp_path) if " tui" in one.command] == []
    finally:
        tmux("kill-server")
