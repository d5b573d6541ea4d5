"""The console as a person meets it, in a real pseudo-terminal on the embedded AWS; with EVAC_SIZES=all at each size."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.terminal import Terminal, environ, has, ready
from tests.journeys.console_user import told_at
from tui.commands import VERBS
from tui.demo.environment import Demo

SIZES = pytest.mark.parametrize("size", told_at((80, 24)), ids=lambda size: f"{size[0]}x{size[1]}")


@SIZES
def test_it_opens_on_the_worst_and_is_left_with_q(env: dict[str, str], size: tuple[int, int]) -> None:
    with Terminal(environ=env, size=size) as terminal:
        terminal.until("payments-db-1")
        terminal.until(f"s {VERBS['stop-start'].word}: moves it off the failing host")
        terminal.until(has("READ-WRITE"))
        terminal.keys("q")
        assert terminal.ended() == 0
        assert b"\x1b[?1049l" in terminal.raw  # the shell's own screen is back


@SIZES
def test_a_filter_then_a_detail_and_back(env: dict[str, str], size: tuple[int, int]) -> None:
    with Terminal(environ=env, size=size) as terminal:
        terminal.until("payments-db-1")
        terminal.keys("/", "batch-14")
        terminal.until(lambda one: "payments-db-1" not in one.text and "batch-14" in one.text)
        terminal.keys("enter", "enter")
        terminal.until(lambda one: "attached-EBS" in one.text and "esc back" in one.text)
        terminal.keys("escape")
        terminal.until("/ batch-14")
        terminal.keys("escape")
        terminal.until("payments-db-1")
        terminal.keys("q")
        assert terminal.ended() == 0


def cursor(terminal: Terminal) -> str:
    """The line of the row under it."""
    return next((line for line in terminal.screen.display if re.search("› [✖▲●✔?]", line)), "")


def quiet(terminal: Terminal) -> None:
    """Wait until nothing comes for a second."""
    before = -1
    while before != terminal.received:
        before = terminal.received
        terminal.read(1.0)


@SIZES
def test_a_key_sends_little_and_what_somebody_else_wrote_is_drawn_over(
    env: dict[str, str], size: tuple[int, int]
) -> None:
    with Terminal(environ=env, size=size) as terminal:
        terminal.until("payments-db-1")
        terminal.until("legacy")  # the last of the targets to answer
        terminal.keys("2", "j", "j")  # beyond what AWS stopped, whose keys are others
        quiet(terminal)
        first, before = cursor(terminal), terminal.received
        assert first
        terminal.keys("j")
        terminal.until(lambda one: cursor(one) not in ("", first))
        terminal.read(0.5)
        assert terminal.received - before < 2048, "an 80x24 screen is some 8 KB"
        shown = list(terminal.screen.display)
        terminal.screen.cursor_position(5, 1)
        terminal.screen.draw("Broadcast message from root: going down")
        terminal.screen.cursor_position(1, 2)
        assert "Broadcast" in terminal.text
        terminal.keys("ctrl+l")
        terminal.until(lambda one: "Broadcast" not in one.text)
        terminal.until(lambda one: one.screen.display[4] == shown[4])


def test_the_next_start_shows_the_last_state_at_once(env: dict[str, str]) -> None:
    with Terminal(environ=env) as terminal:
        terminal.until("payments-db-1")
        terminal.until("unread")
        terminal.keys("q")
        assert terminal.ended() == 0
    with Terminal(environ={**env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}) as terminal:
        terminal.until("payments-db-1")
        terminal.until(has(r"\? .*(ago|just now)"))
        terminal.keys("q")
        assert terminal.ended() == 0


def test_demo_starts_its_own_aws_and_says_so(tmp_path: Path) -> None:
    with Terminal("--demo", environ=environ(HOME=str(tmp_path)), size=(160, 50)) as terminal:
        terminal.until("payments-db-1")
        terminal.until("DEMO READ-WRITE")
        terminal.keys("q")
        assert terminal.ended() == 0
    assert list(tmp_path.iterdir()) == []  # nothing of a demonstration stays


def state_of(demo: Demo, name: str) -> str:
    """The instance's state as AWS has it."""
    return str(box(demo, name)["State"]["Name"])


def box(demo: Demo, name: str) -> Any:
    import boto3

    client = boto3.client(
        "ec2", region_name="ap-northeast-2", endpoint_url=demo.url, aws_access_key_id="AKIADEMOPROD00000001",
        aws_secret_access_key="demo",
    )  # fmt: skip
    found = client.describe_instances(Filters=[{"Name": "tag:Name", "Values": [name]}])
    return found["Reservations"][0]["Instances"][0]


def sent(demo: Demo, instance: str) -> list[str]:
    """The changes that reached AWS for it, dry runs apart."""
    return [
        one["operation"]
        for one in demo.control("calls")
        if instance in one["instances"]
        and not one["operation"].startswith(("Describe", "Get"))
        and not one["dry_run"]
    ]


def ask_stop_start(terminal: Terminal, name: str) -> None:
    """From the fleet to the question."""
    terminal.until("payments-db-1")
    terminal.keys("2", "/", name)
    terminal.until(ready(name))
    terminal.keys("enter", "s")
    terminal.until("AWS says yes")
    terminal.until("Type the name to go on")


@SIZES
def test_a_stop_and_start_is_confirmed_by_the_name_and_seen_to_the_end(
    env: dict[str, str], demo: Demo, size: tuple[int, int]
) -> None:
    name = {80: "cache-1", 160: "cache-2"}[size[0]]
    instance = box(demo, name)["InstanceId"]
    with Terminal(environ=env, size=size) as terminal:
        ask_stop_start(terminal, name)
        terminal.until(lambda one: "StopInstances" in one.text and "StartInstances" in one.text)
        time.sleep(0.6)  # keys that were on their way when the question appeared count for nothing
        terminal.keys("cache", "enter")
        terminal.until(has("not the name|that is not|is not"))
        assert sent(demo, instance) == []
        terminal.keys(*["\x7f"] * 8, name, "enter")
        terminal.until("succeeded")
        terminal.keys("q")
        assert terminal.ended() == 0
    assert state_of(demo, name) == "running"
    assert sent(demo, instance) == ["StopInstances", "StartInstances"]


def test_keys_typed_ahead_confirm_nothing(env: dict[str, str], demo: Demo) -> None:
    instance = box(demo, "mail-1")["InstanceId"]
    with Terminal(environ=env) as terminal:
        terminal.until("payments-db-1")
        terminal.keys("2", "/", "mail-1")
        terminal.until(lambda one: "mail-1" in one.line("› "))
        terminal.keys("enter")
        terminal.until(lambda one: "mail-1" in one.line("› ") and one.line("› ").count("mail-1") == 1)
        time.sleep(0.5)  # nothing on the screen tells that the filter has let go of the keys
        terminal.process.send("byyyy\r\ry")
        # whatever screen the rest of the burst met, nothing may have been confirmed
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            terminal.read()
        terminal.keys("escape")
        terminal.until("› ")
        quiet(terminal)  # an escape still on its way would make the next letter alt+o
        terminal.keys("o")
        terminal.until(lambda one: one.screen.display[0].strip().startswith("operations"))
        assert not has("running|succeeded")(terminal)
    assert sent(demo, instance) == []


def test_read_only_refuses_and_says_why(env: dict[str, str], demo: Demo) -> None:
    before = len(demo.control("calls"))
    with Terminal("--read-only", environ=env, size=(160, 50)) as terminal:
        terminal.until("payments-db-1")
        terminal.until("READ-ONLY")
        for key in ("s", "b", "i", "t"):
            terminal.keys(key)
        terminal.until("read-only: this console changes nothing here")
        terminal.keys("enter")
        terminal.until("where it breaks")
        terminal.keys("s")
        terminal.until("read-only: this console changes nothing here")
        terminal.keys("q")
        assert terminal.ended() == 0
    reading = ("Describe", "Get", "List", "Lookup", "AssumeRole")
    calls = [one["operation"] for one in demo.control("calls")[before:]]
    assert [one for one in calls if not one.startswith(reading)] == []
    assert not (Path(env["XDG_STATE_HOME"]) / "evac" / "runner.log").exists()


def test_the_console_killed_between_stop_and_start_leaves_the_instance_running(
    env: dict[str, str], demo: Demo
) -> None:
    name = "search-2"
    instance = box(demo, name)["InstanceId"]
    with Terminal(environ=env) as terminal:
        ask_stop_start(terminal, name)
        time.sleep(0.6)  # as above
        demo.control("clock", {"speed": 5})
        terminal.keys(name, "enter")
        terminal.until(lambda one: state_of(demo, name) in ("stopping", "stopped"))
        terminal.kill()
    assert state_of(demo, name) in ("stopping", "stopped")
    demo.control("clock", {"speed": 60})
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and state_of(demo, name) != "running":
        time.sleep(0.2)
    assert state_of(demo, name) == "running"
    assert sent(demo, instance) == ["StopInstances", "StartInstances"]
    with Terminal(environ=env) as terminal:  # the next console tells how it ended
        terminal.until("payments-db-1")
        terminal.keys("o")
        terminal.until(has(f"succeeded.*{name}"))
        terminal.keys("q")
        assert terminal.ended() == 0


def test_no_terminal_is_said_with_the_ways_to_do_without(env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tui"], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "evac status" in done.stderr
    assert done.stdout == ""
