"""A server is down, and then the disk is full, or the login runs out: it comes back, and the console says how it stands."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.disk import NotMounted, SmallDisk
from tests.e2e.terminal import has
from tests.journal_file import flush_log, writing
from tests.journeys.console_user import Shift, awaited, journal, sent
from tui.demo.environment import Demo
from tui.operations.model import OperationState

KEY = "AKIADEMOPROD00000001"
PLACE = {"account": "111122223333", "region": "ap-northeast-2"}


def state_of(demo: Demo, instance: str) -> str:
    found: dict[str, Any] = demo.control("state", {**PLACE, "instance": instance})
    return str(found["instance"]["State"]["Name"])


def meanwhile(shift: Shift, until: Callable[[], bool], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        shift.read(0.1)
        assert time.monotonic() < deadline, f"{what} never came:\n{shift.text}"


def stopping(shift: Shift, env: dict[str, str], demo: Demo, name: str) -> str:
    """Ordered and confirmed, and AWS takes its time; the instance's id."""
    demo.control("clock", {"speed": 1})
    shift.begin()
    shift.ask("s", name)
    shift.agree(name)
    return awaited(env, lambda one: one.step == "wait-stopped", shift.read).instance_id


def filled(disk: SmallDisk, env: dict[str, str]) -> None:
    """Until not even the journal's log has room."""
    with journal(env) as book:
        for _ in range(200):
            disk.fill()
            with suppress(sqlite3.Error):
                flush_log(book.path)
            disk.fill()
            try:
                with writing(book.path) as db:
                    db.execute("CREATE TABLE more (x)")
                    db.execute("DROP TABLE more")
            except sqlite3.Error:
                return
    pytest.fail("there is always room")


def test_the_disk_is_full_while_a_server_is_down(env: dict[str, str], demo: Demo, tmp_path: Path) -> None:
    try:
        with SmallDisk(tmp_path / "state") as disk, Shift(environ=env) as shift:
            instance = stopping(shift, env, demo, "ledger-2")
            filled(disk, env)
            demo.control("clock", {"speed": 60})
            demo.control("advance", {"seconds": 60})
            meanwhile(shift, lambda: state_of(demo, instance) == "running", "running")
            assert sent(demo, instance).count("StopInstances") == 1
            disk.free()
            done = awaited(env, lambda one: one.state is OperationState.SUCCEEDED, shift.read)
            assert "while the journal could not be written" in done.remark
            shift.until(has("succeeded"))
            shift.until(lambda one: "DOWN" not in one.text)  # the red line is gone
    except NotMounted as error:
        pytest.skip(str(error))


def test_the_login_runs_out_while_a_server_is_down_and_is_renewed(env: dict[str, str], demo: Demo) -> None:
    with Shift(environ=env, size=(120, 35)) as shift:
        instance = stopping(shift, env, demo, "ledger-2")
        demo.control("settings", {"expired": {KEY: True}})
        demo.control("clock", {"speed": 60})
        demo.control("advance", {"seconds": 60})
        loud = awaited(env, lambda one: one.attention, shift.read)
        assert "expired" in loud.note
        assert "renew" in loud.remedy
        shift.until(has("expired"))
        shift.until(has("renew the credentials"))
        assert state_of(demo, instance) == "stopped"
        demo.control("settings", {"expired": {KEY: False}})
        awaited(env, lambda one: one.state is OperationState.SUCCEEDED, shift.read)
        assert state_of(demo, instance) == "running"
        shift.until(lambda one: "needs you" not in one.text and "DOWN" not in one.text)
