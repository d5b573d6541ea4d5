"""The one call without a committed intent: each of its conditions, and that it is written down."""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.steps.base import GRACE, Call, Order, Seen, Step
from tui.operations import audit_files, audit_log, runner_log
from tui.operations.aws_gateway import Outcome
from tui.operations.journal import LEASE, Journal, JournalError
from tui.operations.journal_peek import by_hand, left_down
from tui.operations.model import Operation
from tui.operations.recovery import started
from tui.operations.runner import Runner
from tui.operations.status import JUST_STARTING, driver
from tui.operations.steady_clock import latest, steady

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
FULL = JournalError("the journal can't be used (database or disk is full)")
WEB = Instance(
    Target("prod", "ap-northeast-2"), clean("i-0a1b2c3d4e5f60718"), name=clean("web-7"), state=InstanceState.RUNNING,
    launched_at=NOW - timedelta(days=9), root_device=clean("ebs"),
)  # fmt: skip


class OnADisk(Journal):
    """One whose disk can be full."""

    full = False

    @contextmanager
    def _write(self) -> Iterator[Any]:
        if self.full:
            raise FULL
        with super()._write() as db:
            yield db


class Aws:
    """An instance in a state that a test sets, and what was sent."""

    def __init__(self) -> None:
        self.state, self.sent = InstanceState.RUNNING, list[str]()

    def look(self, order: Order, step: Step) -> Seen:
        return Seen(self.state, WEB.launched_at, events=())

    def send(self, call: Call, *, dry_run: bool) -> Outcome:
        if not dry_run:
            self.sent.append(call.operation)
            self.state = {"StopInstances": InstanceState.STOPPED}.get(call.operation, InstanceState.RUNNING)
        return Outcome(not dry_run, clean("DryRunOperation" if dry_run else ""), request_id=clean("r-1"))

    def caller(self) -> tuple[str, str]:
        return "", ""


class Scene:
    """A runner that has stopped the instance, and whose disk is full since."""

    def __init__(self, folder: Path, action: str = "stop-start") -> None:
        self.journal, self.aws, self.now = OnADisk(folder / "journal.sqlite3"), Aws(), NOW
        self.aws.state = InstanceState.STOPPED if action == "start" else InstanceState.RUNNING
        self.ident = self.journal.create(draft(action, WEB, None, ActionOptions(), Policy(), NOW), NOW)
        assert self.journal.confirm(self.ident, NOW)
        self.runner = self.another()

    def another(self) -> Runner:
        return Runner(
            self.journal, self.operation, Settings(), self.aws, now=lambda: self.now, sleep=lambda _: None
        )

    @property
    def operation(self) -> Operation:
        found = self.journal.get(self.ident)
        assert found is not None
        return found

    def until(self, step: str) -> None:
        for _ in range(40):
            if self.operation.step == step:
                return
            self.runner.tick()
        pytest.fail(f"never at {step}")

    def need(self, runner: Runner | None = None) -> list[str]:
        """What is sent in need."""
        before = len(self.aws.sent)
        self.journal.full = True
        (runner or self.runner).in_need(FULL)
        return self.aws.sent[before:]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.until("wait-stopped")
    return made


def test_what_its_own_stop_took_down_is_started_while_the_journal_is_full_and_written_down_since(
    scene: Scene,
) -> None:
    assert scene.need() == ["StartInstances"]
    sent_at, scene.now = scene.now, scene.now + timedelta(seconds=30)
    scene.journal.full = False
    scene.runner.tick()
    calls = [one for row in scene.operation.steps for one in row.calls if not one.dry_run]
    call = calls[-1]
    assert [one.operation for one in calls] == ["StopInstances", "StartInstances"]
    assert (call.intent_at, call.ok, call.request_id, call.step) == (sent_at, True, "r-1", "start")
    assert "while the journal could not be written" in scene.operation.remark
    assert (
        "sent while the journal could not be written"
        in (scene.journal.path.with_name("audit.jsonl")).read_text()
    )


def test_at_most_one_a_grace(scene: Scene) -> None:
    assert scene.need() == ["StartInstances"]
    scene.aws.state = InstanceState.STOPPED  # it fell back
    scene.now += GRACE - timedelta(seconds=1)
    assert scene.need() == []
    scene.now += timedelta(seconds=1)
    assert scene.need() == ["StartInstances"]


def test_not_within_a_grace_of_a_start_that_is_journaled(scene: Scene) -> None:
    scene.until("wait-running")
    scene.aws.state = InstanceState.STOPPED
    assert scene.need() == []
    scene.now += GRACE
    assert scene.need() == ["StartInstances"]


@pytest.mark.parametrize("state", [one for one in InstanceState if one is not InstanceState.STOPPED])
def test_only_if_aws_shows_it_stopped_now(scene: Scene, state: InstanceState) -> None:
    scene.aws.state = state
    assert scene.need() == []


def test_not_by_a_runner_that_never_had_the_lease(scene: Scene) -> None:
    assert scene.need(scene.another()) == []


def test_not_by_one_whose_lease_is_another_s_since(scene: Scene) -> None:
    scene.now += LEASE * 2
    other = scene.another()
    assert other.journal.lease(scene.ident, other.name, scene.now)
    assert scene.need() == []
    other.leased = True
    assert scene.need(other) == []  # the one before may have sent one when it died
    scene.now += GRACE
    assert scene.need(other) == ["StartInstances"]


def test_at_most_one_a_grace_whoever_died_in_between(scene: Scene) -> None:
    assert scene.need() == ["StartInstances"]
    scene.journal.full = False  # what it sent is not written down: it is killed
    scene.aws.state = InstanceState.STOPPED  # and AWS shows nothing of it yet
    scene.now += timedelta(seconds=1)
    other = scene.another()
    assert scene.journal.reopen(scene.ident, scene.operation.runner, scene.now)
    other.tick()
    assert scene.operation.runner == other.name
    assert scene.need(other) == []
    scene.now += GRACE
    assert scene.need(other) == ["StartInstances"]


def test_not_before_its_own_stop(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.until("stop")
    scene.aws.state = InstanceState.STOPPED  # by somebody else
    assert scene.need() == []


def test_not_for_a_plain_start(tmp_path: Path) -> None:
    """Its order may wait for a disk; nothing is down by it."""
    scene = Scene(tmp_path, "start")
    scene.runner.tick()
    assert scene.need() == []


def test_not_once_it_ran_or_was_given_up(scene: Scene) -> None:
    assert scene.journal.abandon(scene.ident, "no more", NOW)
    assert scene.need() == []


def test_not_if_it_runs_already_and_somebody_stopped_it_since(scene: Scene) -> None:
    scene.until("wait-checks")
    scene.aws.state = InstanceState.STOPPED
    scene.now += 2 * GRACE
    assert scene.need() == []


def test_with_a_journal_that_can_not_even_be_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def unread(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(scene.journal, "_read", unread)
    assert scene.need() == ["StartInstances"]


# the one writer


@pytest.mark.parametrize("handle", ["/dev/full", "closed"])
def test_no_line_can_fail(handle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    number = os.open("/dev/full" if handle != "closed" else os.devnull, os.O_WRONLY)
    stream = runner_log.quiet(number)
    if handle == "closed":
        os.close(number)
    monkeypatch.setattr(sys, "stderr", stream)
    runner_log.log_line("x" * 100_000)
    print("from a library \udcff", file=sys.stderr, flush=True)
    stream.buffer.write(b"raw")
    stream.flush()
    stream.close()
    assert not stream.isatty()
    if handle != "closed":
        os.close(number)


def test_an_audit_log_that_another_process_holds_for_ever_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped in the middle of a line."""
    path = tmp_path / "audit.jsonl"
    audit_log.append(path, NOW, step="one")
    monkeypatch.setattr(audit_files, "LOCK_PATIENCE", 0.1)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="another process stopped while it wrote"):
            audit_log.append(path, NOW, step="two")
    audit_log.append(path, NOW, step="three")
    assert audit_log.check(path).broken_at == 0


def test_say_does_not_need_a_stream_that_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Broken())
    runner_log.log_line("x")
    monkeypatch.setattr(sys, "stderr", None)
    runner_log.log_line("x")


def test_an_error_that_can_t_tell_itself_is_told_by_its_kind() -> None:
    class Odd(Exception):  # noqa: N818 - its name is what is tested
        def __str__(self) -> str:
            raise RuntimeError

    assert runner_log.what(Odd()) == "Odd"
    assert runner_log.what(ValueError("a\nb")) == "ValueError: a b"


# who may not, is told what a person can do


def test_what_is_down_by_a_journal_that_can_t_be_written_is_told_with_its_command(scene: Scene) -> None:
    (line,) = left_down(scene.journal.path)
    assert "web-7 may be DOWN" in line or "web-7 is DOWN" in line
    assert line.endswith(
        "aws ec2 start-instances --profile prod --region ap-northeast-2 --instance-ids i-0a1b2c3d4e5f60718"
    )
    assert "--profile" not in by_hand("environment", "eu-west-1", "i-1")
    assert "'a b'" in by_hand("a b", "eu-west-1", "i-1")


# clocks


def test_the_hands_clock_neither_goes_back_nor_leaps(scene: Scene) -> None:
    walls, seconds = [NOW], [100.0]
    clock = steady(lambda: walls[-1], None, lambda: seconds[-1])
    walls.append(NOW - timedelta(hours=1))
    seconds.append(130.0)
    assert clock() == NOW + timedelta(seconds=30)
    walls.append(NOW + timedelta(days=1))
    assert clock() == NOW + timedelta(seconds=30)


def test_it_begins_no_earlier_than_the_journal(scene: Scene) -> None:
    """A runner after one whose clock was an hour ahead: what began *in the future* does not hold it up for an hour."""
    told = latest(scene.operation)
    assert told == NOW
    clock = steady(lambda: NOW - timedelta(hours=1), told, lambda: 0.0)
    assert clock() == NOW


def test_a_lease_by_a_clock_that_was_ahead_holds_nobody_up(scene: Scene) -> None:
    assert scene.journal.lease(scene.ident, "elsewhere:1:a", NOW + timedelta(hours=1))
    assert scene.journal.lease(scene.ident, "here:2:b", NOW)
    assert not scene.journal.lease(scene.ident, "elsewhere:1:a", NOW)


def test_a_journal_that_was_deleted_under_its_runner_is_written_down_anew(scene: Scene) -> None:
    """`rm -r` to free a disk: the instance comes back all the same, and the operation is seen."""
    before = scene.operation
    for one in scene.journal.path.parent.glob("journal.sqlite3*"):
        one.unlink()
    scene.runner.tick()
    scene.until("wait-running")
    found = scene.operation
    assert scene.aws.sent == ["StopInstances", "StartInstances"]
    assert found.kept == before.kept
    assert [row.name for row in found.steps] == [row.name for row in before.steps]
    assert "written down anew" in found.remark
    calls = [call.operation for row in found.steps for call in row.calls if not call.dry_run]
    assert calls == ["StopInstances", "StartInstances"]


# whoever asks for a resume


def test_a_runner_that_dies_before_it_has_its_lease_is_seen_at_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", "input()", scene.ident], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        try:
            assert scene.journal.reopen(scene.ident, "", NOW)
            assert driver(scene.operation, NOW) == JUST_STARTING
            started(scene.journal, scene.ident, process.pid, NOW)
            assert driver(scene.operation, NOW).startswith(f"process {process.pid} on ")
        finally:
            process.kill()
            process.communicate()
    assert driver(scene.operation, NOW) == ""
    assert scene.journal.lease(scene.ident, "here:1:next", NOW)  # and another need not wait for it
