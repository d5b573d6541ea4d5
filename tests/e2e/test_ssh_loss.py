"""The SSH session ends between stop and start: a hang-up of a real pseudo-terminal. The next login finds it finished."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal, environ, has, ready
from tui.demo.environment import Demo, start
from tui.operations import audit_log, status
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState
from tui.paths import default_journal_path

NAME = "search-2"


@pytest.fixture
def demo() -> Iterator[Demo]:
    running = start("--speed", "60")
    yield running
    running.stop()


@pytest.fixture
def env(demo: Demo, tmp_path: Path) -> dict[str, str]:
    """A login over SSH, with a journal of its own."""
    own = {name: str(tmp_path / name[4:-5].lower()) for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME")}
    ssh = "203.0.113.9 51234 10.0.0.5 22"
    return {**demo.apply(environ()), **own, "HOME": str(tmp_path), "SSH_CONNECTION": ssh}


def cut(env: dict[str, str], demo: Demo) -> Operation:
    """Confirm a stop/start in the console, and hang up once the stop was sent; the operation as it is then."""
    with Terminal(environ=env) as terminal:
        terminal.until("payments-db-1")
        terminal.keys("/")
        terminal.until("/ words")  # letters typed before the filter has the focus are verbs
        terminal.keys(NAME)
        terminal.until(ready(NAME))
        terminal.keys("enter", "s")
        terminal.until("AWS says yes")
        terminal.until("Type the name to go on")
        demo.control("clock", {"speed": 2})
        time.sleep(0.6)  # keys that were on their way when the question appeared count for nothing
        terminal.keys(NAME, "enter")
        return wait(
            env, lambda one: one.step == "wait-stopped", terminal.read
        )  # leaving it closes the other end


def wait(
    env: dict[str, str], reached: Callable[[Operation], bool], meanwhile: Callable[[], object] = lambda: None
) -> Operation:
    deadline = time.monotonic() + 90
    journal = Journal(default_journal_path(env))
    try:
        while time.monotonic() < deadline:
            meanwhile()
            found = next(iter(journal.list()), None)
            if found is not None and reached(found):
                return found
            time.sleep(0.05)
        pytest.fail(f"never came: {found}")
    finally:
        journal.close()


def sent(demo: Demo, instance: str) -> list[str]:
    return [
        one["operation"]
        for one in demo.control("calls")
        if instance in one["instances"]
        and not one["operation"].startswith(("Describe", "Get"))
        and not one["dry_run"]
    ]


def test_a_hang_up_between_stop_and_start_and_a_new_login_shows_it_finished(
    env: dict[str, str], demo: Demo
) -> None:
    at_the_cut = cut(env, demo)
    assert at_the_cut.state is OperationState.RUNNING
    assert at_the_cut.ssh_client == "203.0.113.9 51234"
    assert status.driver(at_the_cut, datetime.now(UTC))  # the hands did not hear of it
    demo.control("clock", {"speed": 60})
    with Terminal(environ=env) as terminal:
        terminal.until("payments-db-1")
        terminal.keys("o")
        terminal.until(has(f"succeeded.*{NAME}"))
        terminal.keys("q")
        assert terminal.ended() == 0
    assert sent(demo, at_the_cut.instance_id) == ["StopInstances", "StartInstances"]
    assert '"ssh_client": "203.0.113.9 51234"' in audit_log.path_beside(default_journal_path(env)).read_text()


def test_with_the_hands_killed_as_well_the_next_login_starts_it_by_itself(
    env: dict[str, str], demo: Demo
) -> None:
    at_the_cut = cut(env, demo)
    os.kill(int(at_the_cut.runner.split(":")[1]), signal.SIGKILL)
    demo.control("clock", {"speed": 60})
    with Terminal(environ=env, size=(160, 50)) as terminal:
        terminal.until(f"resuming {at_the_cut.id}")
        wait(env, lambda one: one.state is OperationState.SUCCEEDED, terminal.read)
        terminal.keys("q")
        assert terminal.ended() == 0
    assert sent(demo, at_the_cut.instance_id) == ["StopInstances", "StartInstances"]


def test_a_console_that_changes_nothing_resumes_nothing_and_still_says_it(
    env: dict[str, str], demo: Demo
) -> None:
    at_the_cut = cut(env, demo)
    os.kill(int(at_the_cut.runner.split(":")[1]), signal.SIGKILL)
    demo.control("clock", {"speed": 60})
    with Terminal("--read-only", environ=env, size=(160, 50)) as terminal:
        terminal.until(has("DOWN by an unfinished operation.*cut off"))
        terminal.keys("q")
        assert terminal.ended() == 0
    assert sent(demo, at_the_cut.instance_id) == ["StopInstances"]
