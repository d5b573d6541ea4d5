"""The hands killed, frozen, doubled, without disk, program or terminal: what they began they bring to its end, once."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration.runner_watch import Bench, ended
from tests.journal_file import writing
from tui.domain.instance import InstanceState
from tui.operations import audit_log, recovery, spawn, status
from tui.operations.model import OperationState
from tui.paths import default_journal_path


def test_two_runners_of_one_operation_send_everything_once(bench: Bench) -> None:
    operation = bench.order("stop-start", "ledger-1")
    pids = [bench.run(operation) for _ in range(3)]
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    deadline = time.monotonic() + 30
    while any(status.lives(pid, operation) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(bench.sent("StopInstances")) == len(bench.sent("StartInstances")) == 1


def test_a_full_disk_under_the_journal_does_not_keep_an_instance_down(bench: Bench) -> None:
    """The file is locked, as a full disk would refuse it: for longer than SQLite waits."""
    bench.demo.control("clock", {"speed": 2})
    operation = bench.order("stop-start", "search-2")
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    log = default_journal_path(bench.environ).with_name("runner.log")
    with writing(bench.journal.path):
        deadline = time.monotonic() + 60
        while "another process stopped while it wrote" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        assert status.lives(pid, operation)
    bench.demo.control("clock", {"speed": 60})
    found = bench.wait(operation, ended)
    assert found.state is OperationState.SUCCEEDED


def test_the_hands_have_a_session_of_their_own_and_hear_no_hang_up(bench: Bench) -> None:
    operation = bench.order("stop-start", "cache-2", confirm=False)
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.permission_asked)
    assert os.getsid(pid) == os.getpgid(pid) == pid
    assert os.readlink(f"/proc/{pid}/fd/0") == os.devnull
    assert os.readlink(f"/proc/{pid}/fd/1") == os.readlink(f"/proc/{pid}/fd/2")
    assert os.readlink(f"/proc/{pid}/fd/1").endswith("/runner.log")
    assert os.readlink(f"/proc/{pid}/cwd") == str(Path.cwd()), "as AWS's files may be named from there"
    ignored = re.search(r"SigIgn:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
    assert ignored is not None
    assert int(ignored[1], 16) & 1 << signal.SIGHUP - 1
    assert bench.journal.abandon(operation, "the test is over", datetime.now(UTC))


def test_an_upgrade_that_takes_the_program_away_does_not_keep_an_instance_down(
    bench: Bench, tmp_path: Path
) -> None:
    """All that the hands run is loaded before anything is sent."""
    shutil.copytree(Path(spawn.__file__).parents[1], tmp_path / "tui")
    bench.environ = {**bench.environ, "PYTHONPATH": str(tmp_path)}
    bench.demo.control("clock", {"speed": 5})
    pid = bench.run(operation := bench.order("stop-start", "cache-2"))
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    assert str(tmp_path) in Path(f"/proc/{pid}/environ").read_text()
    shutil.rmtree(tmp_path / "tui")
    bench.demo.control("clock", {"speed": 60})
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED


def test_killed_between_stop_and_start_the_next_runner_starts_it(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 10})
    operation = bench.order("stop-start", "ledger-2")
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    os.kill(pid, signal.SIGKILL)
    bench.demo.control("advance", {"seconds": 120})
    assert bench.find("ledger-2").state is InstanceState.STOPPED
    bench.demo.control("clock", {"speed": 60})
    bench.resume(operation)  # at once: the dead runner's lease would last 20 s
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    assert bench.find("ledger-2").state is InstanceState.RUNNING
    assert len(bench.sent("StopInstances")) == 1


def test_a_frozen_runner_that_wakes_after_it_was_replaced_sends_nothing(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 2})
    operation = bench.order("stop-start", "ledger-3")
    pid = bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    bench.freeze(pid, operation)
    try:
        bench.resume(operation)
        bench.demo.control("clock", {"speed": 60})
        assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    finally:
        os.kill(pid, signal.SIGCONT)
    deadline = time.monotonic() + 30
    while status.lives(pid, operation) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not status.lives(pid, operation)
    assert len(bench.sent("StopInstances")) == len(bench.sent("StartInstances")) == 1


@pytest.mark.parametrize("confirm", [True, False])
def test_a_runner_that_fails_says_so_in_the_journal(bench: Bench, confirm: bool) -> None:
    operation = bench.order("reboot", "web-1", confirm=confirm)
    with writing(bench.journal.path) as db:
        db.execute("UPDATE operation SET profile='gone' WHERE id=?", (operation,))
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.FAILED  # nothing was sent, so nothing needs anybody
    assert "profile" in found.note.lower()
    assert "gone" in found.note
    assert recovery.cut_off(bench.journal, datetime.now(UTC)) == []


@pytest.mark.parametrize("how", ["it ends", "it is killed"])
def test_the_hands_of_a_demonstration_end_with_it(bench: Bench, how: str) -> None:
    """They would look for an AWS that is gone for as long as it takes."""
    bench.demo.control("clock", {"speed": 1})
    pid = bench.run(operation := bench.order("stop-start", "cache-2"))
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    if how == "it ends":
        bench.demo.stop()
    else:
        bench.demo.process.kill()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{pid}").exists()


def test_what_cannot_be_audited_is_not_begun(bench: Bench) -> None:
    audit_log.path_beside(bench.journal.path).mkdir()
    operation = bench.order("reboot", "web-1")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.FAILED
    assert "the audit log can't be written" in found.note
    assert bench.sent("RebootInstances") == []


def test_a_full_disk_of_the_audit_log_does_not_keep_an_instance_down(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 2})
    operation = bench.order("stop-start", "search-2")
    bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    log = audit_log.path_beside(bench.journal.path)
    log.rename(log.with_name("full"))
    log.mkdir()
    bench.demo.control("clock", {"speed": 60})
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
