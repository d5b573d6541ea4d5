"""What was cut off, who drives what, and that two runners never drive one operation."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.facts import Facts, GroupMembership
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import spawn
from tui.operations.journal import LEASE, Journal, JournalError
from tui.operations.model import ABANDONED, DARK_PATIENCE, OVER, Operation, OperationState, StepState, ending
from tui.operations.recovery import cut_off, give_up, resume, why_not_resumable
from tui.operations.status import HUNG, driver, lives

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
WEB = Instance(
    Target("prod", "ap-northeast-2"), clean("i-0a1b2c3d4e5f60718"), name=clean("web-7"), state=InstanceState.RUNNING
)  # fmt: skip
HERE = socket.gethostname()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "evac" / "journal.sqlite3")


def ordered(
    journal: Journal, runner: str = "", *, confirmed: bool = True, instance: str = "i-0a1b2c3d4e5f60718"
) -> Operation:
    web = replace(WEB, instance_id=clean(instance))
    name = journal.create(draft("stop-start", web, None, ActionOptions(), Policy(), NOW), NOW)
    if confirmed:
        assert journal.confirm(name, NOW)
    if runner:
        assert journal.lease(name, runner, NOW)
    return read(journal, name)


def read(journal: Journal, name: str) -> Operation:
    found = journal.get(name)
    assert found is not None
    return found


@contextmanager
def process(*words: str) -> Iterator[int]:
    """A process that lives until the block ends and carries these words on its command line."""
    one = subprocess.Popen(
        [sys.executable, "-c", "input()", *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        yield one.pid
    finally:
        one.kill()
        one.communicate()


def test_a_living_runner_of_this_host_drives_its_operation_for_longer_than_its_lease(
    journal: Journal,
) -> None:
    name = ordered(journal).id
    with process("--operation", name) as pid:
        assert journal.lease(name, f"{HERE}:{pid}:abc", NOW)
        one = read(journal, name)
        assert driver(one, NOW) == f"process {pid} on {HERE}"
        assert driver(one, NOW + LEASE + HUNG / 2)
        assert cut_off(journal, NOW) == []
        assert why_not_resumable(one, NOW) == f"process {pid} on {HERE} drives it"
        assert not driver(one, NOW + LEASE + 2 * HUNG)


def test_a_dead_runner_and_a_process_id_used_again_are_found_at_once(journal: Journal) -> None:
    with process() as pid:
        one = ordered(journal, f"{HERE}:{pid}:abc")
        assert not driver(one, NOW)
    assert [found.id for found in cut_off(journal, NOW)] == [one.id]


def test_a_zombie_is_dead(journal: Journal) -> None:
    one = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, one.pid, os.WEXITED | os.WNOWAIT)
    try:
        assert not driver(ordered(journal, f"{HERE}:{one.pid}:abc"), NOW)
    finally:
        one.wait()


def test_a_process_is_alive_from_the_moment_it_was_started() -> None:
    for _ in range(50):
        with process("--operation", "op-1") as pid:
            assert lives(pid, "op-1")


def test_a_runner_elsewhere_is_known_by_its_silence_only(journal: Journal) -> None:
    one = ordered(journal, "elsewhere:4242:abc")
    assert driver(one, NOW + LEASE / 2) == "process 4242 on elsewhere"
    assert not driver(one, NOW + 2 * LEASE)


def test_only_what_is_confirmed_unfinished_and_waits_for_nobody_is_cut_off(journal: Journal) -> None:
    unconfirmed, stuck, ended, cut = (
        ordered(journal, confirmed=number > 0, instance=f"i-{number}") for number in range(4)
    )
    journal.set_state(stuck.id, OperationState.NEEDS_ATTENTION, NOW, "why", "remedy")
    journal.set_state(ended.id, OperationState.SUCCEEDED, NOW)
    assert [one.id for one in cut_off(journal, NOW)] == [cut.id]
    assert why_not_resumable(read(journal, unconfirmed.id), NOW) == "it was never confirmed"
    assert why_not_resumable(read(journal, stuck.id), NOW) is None
    assert why_not_resumable(read(journal, ended.id), NOW) == "it has ended: succeeded"


def test_what_was_never_confirmed_lapses_when_nobody_is_left_to_give_it_up(journal: Journal) -> None:
    name = ordered(journal, "elsewhere:1:a", confirmed=False).id
    cut_off(journal, NOW + DARK_PATIENCE / 2)
    assert read(journal, name).state is OperationState.PLANNED
    cut_off(journal, NOW + 2 * DARK_PATIENCE)
    found = read(journal, name)
    assert found.state is OperationState.ABANDONED
    assert found.note == "not confirmed"
    assert not journal.confirm(name, NOW)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runners that would have been started."""
    names: list[str] = []

    def start(operation: str, *rest: object) -> int:
        names.append(operation)
        return 1

    monkeypatch.setattr("tui.operations.recovery.start", start)
    return names


def test_of_two_that_resume_one_does(journal: Journal, started: list[str]) -> None:
    one = ordered(journal, "elsewhere:4242:abc")
    later = NOW + 2 * LEASE
    assert resume(journal, one, Settings(), {}, later) is None
    assert (
        resume(journal, one, Settings(), {}, later) == "somebody else resumed it, or ended it, at this moment"
    )
    assert (
        resume(journal, read(journal, one.id), Settings(), {}, later)
        == "a runner that is just starting drives it"
    )
    assert started == [one.id]
    assert journal.lease(one.id, "new", later)
    assert not journal.lease(one.id, "elsewhere:4242:abc", later)


def test_what_needed_attention_goes_on_without_it(journal: Journal, started: list[str]) -> None:
    one = ordered(journal, "elsewhere:4242:abc")
    journal.set_progress(one.id, "why", attention=True, down=True)
    journal.set_state(one.id, OperationState.NEEDS_ATTENTION, NOW, "why", "remedy")
    journal.release(one.id, one.runner)
    assert resume(journal, read(journal, one.id), Settings(), {}, NOW) is None
    found = read(journal, one.id)
    assert found.state is OperationState.RUNNING
    assert (found.attention, found.remedy, found.instance_down) == (False, "", True)


def test_read_only_resumes_nothing(journal: Journal, started: list[str]) -> None:
    one = ordered(journal)
    assert "read-only" in str(resume(journal, one, Settings(read_only=True), {}, NOW))
    assert started == []


def test_a_runner_that_cannot_start_leaves_it_cut_off(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = ordered(journal)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-such-python"))
    why = resume(journal, one, Settings(), {"XDG_STATE_HOME": str(tmp_path)}, NOW)
    assert why is not None
    assert "the runner could not be started" in why
    assert [found.id for found in cut_off(journal, NOW)] == [one.id]


def test_a_runner_that_lost_its_operation_writes_no_intent(journal: Journal) -> None:
    one = ordered(journal, "elsewhere:1:frozen")
    assert journal.lease(one.id, "elsewhere:2:next", NOW + 2 * LEASE)
    asked = (one.id, "stop", "ec2", "StopInstances", NOW)
    assert journal.intent(*asked, dry_run=False, runner="elsewhere:1:frozen") is None
    assert journal.intent(*asked, dry_run=False, runner="elsewhere:2:next") is not None
    assert journal.abandon(one.id, "enough", NOW)
    assert journal.intent(*asked, dry_run=False, runner="elsewhere:2:next") is None


def test_a_stuck_step_begins_afresh_but_what_was_sent_stays_sent(journal: Journal) -> None:
    one = ordered(journal, "a")
    began = journal.begin_step(one.id, "stop", NOW)
    for ok in (False, True, None):
        number = journal.intent(one.id, "stop", "ec2", "StopInstances", NOW, dry_run=False, runner="a")
        assert number is not None
        journal.outcome(number, NOW, ok=ok, code="", message="", request_id="")
    assert len(journal.step_history(one.id, "stop", began).attempts) == 3
    assert journal.begin_step(one.id, "stop", NOW + LEASE) == began
    journal.end_step(one.id, "stop", StepState.STUCK, "refused", NOW)
    again = journal.begin_step(one.id, "stop", NOW + timedelta(hours=1))
    assert again == NOW + timedelta(hours=1)
    assert [attempt.ok for attempt in journal.step_history(one.id, "stop", again).attempts] == [True, None]
    row = next(row for row in read(journal, one.id).steps if row.name == "stop")
    assert (row.state, row.note, row.ended_at) == ("running", "", None)


def test_what_has_ended_stays_as_it_ended(journal: Journal) -> None:
    one = ordered(journal)
    assert journal.abandon(one.id, "enough", NOW)
    journal.set_state(one.id, OperationState.SUCCEEDED, NOW)
    assert read(journal, one.id).state is OperationState.ABANDONED


def test_it_may_be_down_from_the_stop_until_it_was_seen_running(journal: Journal) -> None:
    one = ordered(journal, "a")
    assert not one.may_be_down
    assert journal.intent(one.id, "preflight", "ec2", "StopInstances", NOW, dry_run=True, runner="a")
    assert not read(journal, one.id).may_be_down
    assert journal.intent(one.id, "stop", "ec2", "StopInstances", NOW, dry_run=False, runner="a")
    assert read(journal, one.id).may_be_down
    journal.end_step(one.id, "wait-running", StepState.DONE, "", NOW)
    assert not read(journal, one.id).may_be_down


@pytest.mark.parametrize("column", ["state='flying'", "kept='{'", "created_at='yesterday'", "kept=x'00ff'"])
def test_a_spoilt_record_is_one_line(journal: Journal, column: str) -> None:
    one = ordered(journal)
    with sqlite3.connect(journal.path) as db:
        db.execute(f"UPDATE operation SET {column}")
    db.close()
    with pytest.raises(JournalError, match="the journal can't be used"):
        journal.get(one.id)
    with pytest.raises(JournalError, match="the journal can't be used"):
        journal.list()


def test_a_log_that_has_grown_makes_room(tmp_path: Path) -> None:
    log = tmp_path / "runner.log"
    log.write_bytes(b"x" * (spawn.LOG_LIMIT + 1))
    os.close(spawn._log(log))
    assert log.stat().st_size == 0
    assert log.with_name("runner.log.1").stat().st_size > spawn.LOG_LIMIT


@pytest.mark.parametrize(("script", "granted"), [("exit 1", False), ('exec true "$@"', True)])
def test_a_scope_is_used_only_where_systemd_grants_one(tmp_path: Path, script: str, granted: bool) -> None:
    tool = tmp_path / "systemd-run"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd" / "private").touch()
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert (spawn.scope(environ)[:1] == [str(tool)]) is granted
    assert spawn.scope({**environ, "PATH": "/nowhere"}) == []


# out of service, and back

GROUPED = Facts(
    NOW, membership=(GroupMembership(clean("web-prod"), clean("InService"), clean("HEALTHY"), 6, 8),)
)


def out_of_service(journal: Journal, ok: bool | None = True) -> str:
    """Confirmed, and EnterStandby sent."""
    plan = draft("stop-start", WEB, GROUPED, ActionOptions(), Policy(), NOW)
    name = journal.create(plan, NOW)
    assert journal.confirm(name, NOW)
    journal.lease(name, "here:1:a", NOW)
    journal.set_state(name, OperationState.RUNNING, NOW)
    journal.begin_step(name, "enter-standby", NOW)
    call = journal.intent(
        name, "enter-standby", "autoscaling", "EnterStandby", NOW, dry_run=False, runner="here:1:a"
    )
    assert call is not None
    journal.outcome(call, NOW, ok=ok, code="", message="", request_id="r")
    return name


@pytest.mark.parametrize(("ok", "owes"), [(True, ("exit-standby",)), (None, ("exit-standby",)), (False, ())])
def test_what_was_taken_out_of_service_is_owed_its_return(
    journal: Journal, ok: bool | None, owes: tuple[str, ...]
) -> None:
    found = journal.get(out_of_service(journal, ok))
    assert found is not None
    assert found.pending_rollback == owes


def test_taken_back_only_the_way_back_is_left_and_no_left_out_step_is_sent(journal: Journal) -> None:
    name = out_of_service(journal)
    assert journal.begin_rollback(name, ABANDONED, NOW, given_up=True)
    assert not journal.begin_rollback(name, ABANDONED, NOW, given_up=True)
    found = journal.get(name)
    assert found is not None
    assert found.rolling_back
    left = [row.name for row in found.steps if row.state not in OVER]
    assert left == ["exit-standby"]
    journal.begin_step(name, "stop", NOW)  # a runner that had looked before
    journal.end_step(name, "stop", StepState.DONE, "", NOW)
    assert journal.intent(name, "stop", "ec2", "StopInstances", NOW, dry_run=False, runner="here:1:a") is None
    again = journal.get(name)
    assert again is not None
    assert [row.state for row in again.steps if row.name == "stop"] == ["skipped"]
    assert ending(again)[0] is OperationState.ABANDONED


def test_nothing_is_taken_back_where_nothing_was_taken_out(journal: Journal) -> None:
    name = journal.create(draft("stop-start", WEB, GROUPED, ActionOptions(), Policy(), NOW), NOW)
    assert not journal.begin_rollback(name, ABANDONED, NOW, given_up=True)


def test_given_up_a_second_time_it_is_left_as_it_is_and_the_way_to_return_it_is_said(
    journal: Journal,
) -> None:
    name = out_of_service(journal)
    held = journal.get(name)
    assert held is not None
    assert journal.begin_rollback(name, ABANDONED, NOW, given_up=True)
    given, told = give_up(journal, held, Settings(), {}, NOW)
    assert given
    assert "aws autoscaling exit-standby" in told
    assert "--auto-scaling-group-name web-prod" in told
    ended = journal.get(name)
    assert ended is not None
    assert ended.state is OperationState.ABANDONED
