"""Console output kept before evac's own stop or reboot: whole, ours alone, few, and never a step the stop waits for."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.disk import NotMounted, SmallDisk
from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.console_output import console_lines
from tui.domain.instance import Checks, CheckStatus, Instance, InstanceState, StatusCheck, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.steps.base import Call, Order, Seen, Send, Step
from tui.kept_output import MAX_AGE, NEWEST, KeptOutput, keep_output, kept_by_operation, newest_kept
from tui.operations.aws_gateway import Outcome
from tui.operations.journal import Journal
from tui.operations.model import Operation
from tui.operations.output_keeper import OutputKeeper
from tui.operations.runner import End, Runner

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
ID = "i-0a1b2c3d4e5f60718"
RAW = "Linux version 6.1\r\n\x1b]52;c;ZXZpbA==\x07[ 812.4] Out of memory: Killed process 812 (java)\r\n"


def one(number: int = 0, *, at: datetime = NOW, instance: str = ID) -> KeptOutput:
    return KeptOutput(
        clean(instance), clean("111122223333"), clean("us-east-1"), clean(f"op-20260504-030000-{number:06x}"),
        clean("StopInstances"), at, at - timedelta(minutes=3), True, console_lines(RAW),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before = os.umask(0)
    yield tmp_path / "state" / "console"
    os.umask(before)


def test_it_is_read_as_it_was_kept(folder: Path) -> None:
    path = keep_output(folder, one())
    assert newest_kept(folder, ID, NOW) == replace(one(), path=clean(path))
    assert kept_by_operation(folder, one().operation) == path
    assert newest_kept(folder, "i-0ffffffffffffffff", NOW) is None
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path] == list(folder.iterdir())
    assert "\x1b" not in path.read_text()
    assert "ZXZpbA" not in path.read_text()


def test_output_that_was_never_taken_and_not_the_newest_says_so(folder: Path) -> None:
    output = replace(one(), taken_at=None, latest=False, lines=(clean("a: b"), clean(""), clean("taken: x")))
    path = keep_output(folder, output)
    assert newest_kept(folder, ID, NOW) == replace(output, path=clean(path))


def test_the_newest_twenty_stay_for_thirty_days(folder: Path) -> None:
    for number in range(NEWEST + 5):
        keep_output(folder, one(number, at=NOW + timedelta(minutes=number)))
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == NEWEST
    assert names[0].startswith("20260504T030500Z")
    last = NOW + timedelta(minutes=NEWEST + 4)
    assert newest_kept(folder, ID, last + MAX_AGE) is not None
    assert newest_kept(folder, ID, last + MAX_AGE + timedelta(minutes=1)) is None
    assert list(folder.iterdir()) == []


def test_what_is_not_of_its_making_is_left_alone(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("notes.log", "20000101T000000Z-i-0a.log.bak", ".hidden", "20000101T000000Z.log"):
        (folder / name).write_text("mine")
    (folder / f".20260504T010000Z-{ID}-op-1.log.00ff").write_text("of a runner that was killed")
    keep_output(folder, one())
    assert len(list(folder.iterdir())) == 5
    assert not list(folder.glob(".2026*"))


def test_an_operation_has_one(folder: Path) -> None:
    keep_output(folder, one(7))
    second = keep_output(folder, one(7, at=NOW + timedelta(minutes=5)))
    assert list(folder.iterdir()) == [second]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "instance: x\n\nbody", "kept: then\ninstance: i\n", "\0\xff" * 50]
)
def test_a_file_that_is_none_is_passed_over(folder: Path, text: str) -> None:
    keep_output(folder, one(1))
    (folder / f"20260504T040000Z-{ID}-op-1.log").write_text(text)
    found = newest_kept(folder, ID, NOW)
    assert found is not None
    assert found.operation == one(1).operation


def test_a_link_and_a_pipe_are_not_followed(folder: Path, tmp_path: Path) -> None:
    keep_output(folder, one(1))
    secret = tmp_path / "secret"
    secret.write_text(next(folder.iterdir()).read_text().replace("java", "secret"))
    (folder / f"20260504T040000Z-{ID}-op-1.log").symlink_to(secret)
    os.mkfifo(folder / f"20260504T050000Z-{ID}-op-2.log")
    found = newest_kept(folder, ID, NOW)
    assert found is not None
    assert "secret" not in "".join(found.lines)


def test_a_hostile_file_is_clean_when_it_is_read(folder: Path) -> None:
    path = keep_output(folder, one())
    path.write_text(path.read_text().replace("java", "\x1b]0;x\x07\u202e\x1b[2J"))
    found = newest_kept(folder, ID, NOW)
    assert found is not None
    assert all(clean(line) == line for line in found.lines)


def _linked(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir(parents=True)
    folder.symlink_to(elsewhere)


def _a_file(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("")


def _another_s(folder: Path) -> None:
    folder.mkdir(parents=True)
    os.chown(folder, 65534, 65534)


@pytest.mark.parametrize("spoil", [_linked, _a_file, pytest.param(_another_s, marks=pytest.mark.skipif(
    os.getuid() != 0, reason="only root can give a folder away"))])  # fmt: skip
def test_a_folder_that_is_not_ours_is_refused(folder: Path, spoil: object) -> None:
    spoil(folder)  # type: ignore[operator] # one of the three above
    with pytest.raises(OSError, match=r"console|elsewhere|File exists|Not a directory|Too many"):
        keep_output(folder, one())
    assert newest_kept(folder, ID, NOW) is None
    assert kept_by_operation(folder, one().operation) is None
    assert not [path for path in folder.parent.rglob("*.log") if path.is_file()]


def test_it_leaves_the_journal_its_room(folder: Path) -> None:
    try:
        with SmallDisk(folder.parent, "1m"), pytest.raises(OSError, match="less than 2 MB are free"):
            keep_output(folder, one())
    except NotMounted as error:
        pytest.skip(str(error))


# the runner


class Aws:
    """An instance that stops, starts and reboots at once, whose console answers what it is told to."""

    def __init__(self, console: object = RAW) -> None:
        self.console, self.state, self.launched = console, InstanceState.RUNNING, NOW - timedelta(days=9)
        self.done: list[str] = []
        self.looks = 0
        self.refuse = 0

    def look(self, order: Order, step: Step) -> Seen:
        self.looks += 1
        self.done.append("look")
        well = StatusCheck(CheckStatus.OK)
        return Seen(
            self.state,
            self.launched,
            checks=Checks(system=well, instance=well, attached_ebs=well),
            events=(),
            images=(),
        )

    def send(self, call: Call, *, dry_run: bool) -> Outcome:
        if dry_run:
            return Outcome(False, clean("DryRunOperation"))
        self.done.append(call.operation)
        if self.refuse:
            self.refuse -= 1
            return Outcome(False, clean("RequestLimitExceeded"))
        if call.operation == "StopInstances":
            self.state = InstanceState.STOPPED
        elif call.operation == "StartInstances":
            self.state, self.launched = InstanceState.RUNNING, NOW
        return Outcome(True)

    def caller(self) -> tuple[str, str]:
        return "111122223333", ""

    def console_output(self, instance_id: str) -> tuple[str, datetime | None, bool]:
        self.done.append("output")
        assert instance_id == ID
        if isinstance(self.console, Exception):
            raise self.console
        if isinstance(self.console, threading.Event):
            self.console.wait(60)
        return str(self.console), NOW - timedelta(minutes=3), True

    def trouble(self, error: Exception) -> Seen:
        return Seen(unread=clean(f"AWS says: {error}"))


def drive(tmp_path: Path, aws: Aws, action: str = "stop-start", folder: Path | None = None) -> Operation:
    journal = Journal(tmp_path / "journal.sqlite3")
    row = Instance(
        Target("prod", "us-east-1"), clean(ID), account_id=clean("111122223333"), name=clean("web-1"),
        state=aws.state, launched_at=aws.launched, root_device=clean("ebs"),
    )  # fmt: skip
    name = journal.create(draft(action, row, None, ActionOptions(), Policy(), NOW), NOW)
    assert journal.confirm(name, NOW)
    operation = journal.get(name)
    assert operation is not None
    clock = [NOW]
    keeper = OutputKeeper(folder or tmp_path / "console", aws, within=0.3)
    runner = Runner(
        journal, operation, Settings(), aws, now=lambda: clock[0], sleep=lambda _: None, keeper=keeper
    )
    for _ in range(400):
        turn = runner.tick()
        if isinstance(turn, End):
            break
        clock[0] += timedelta(seconds=turn)
    found = journal.get(name)
    assert found is not None
    return found


@pytest.mark.parametrize(("action", "call"), [("stop-start", "StopInstances"), ("reboot", "RebootInstances")])
def test_it_is_kept_before_the_call_and_the_instance_is_looked_at_again(
    tmp_path: Path, action: str, call: str
) -> None:
    aws = Aws()
    found = drive(tmp_path, aws, action)
    assert found.state == "succeeded"
    assert found.remark == ""
    at = aws.done.index(call)
    assert aws.done[at - 3 : at] == ["look", "output", "look"]
    kept = newest_kept(tmp_path / "console", ID, NOW)
    assert kept is not None
    assert (kept.operation, kept.before, kept.region) == (found.id, call, "us-east-1")
    assert "Killed process 812" in "".join(kept.lines)
    assert b"Killed process" not in (tmp_path / "journal.sqlite3").read_bytes()
    assert "Killed process" not in (tmp_path / "audit.jsonl").read_text()


@pytest.mark.parametrize("action", ["start", "image"])
def test_nothing_else_waits_for_it(tmp_path: Path, action: str) -> None:
    aws = Aws()
    aws.state = InstanceState.STOPPED if action == "start" else aws.state
    drive(tmp_path, aws, action)
    assert "output" not in aws.done
    assert not (tmp_path / "console").exists()


def test_a_console_that_says_nothing_leaves_no_file_and_no_remark(tmp_path: Path) -> None:
    assert drive(tmp_path, Aws("")).remark == ""
    assert not (tmp_path / "console").exists()


def test_a_refused_read_is_a_remark(tmp_path: Path) -> None:
    found = drive(tmp_path, Aws(RuntimeError("denied")))
    assert found.state == "succeeded"
    assert found.remark == "the console output before StopInstances was not kept: AWS says: denied"


def test_an_aws_that_hangs_is_left_behind(tmp_path: Path) -> None:
    hangs = threading.Event()
    aws = Aws(hangs)
    found = drive(tmp_path, aws)
    assert found.state == "succeeded"
    assert found.remark == "the console output before StopInstances was not kept: not done within 0.3 s"
    hangs.set()
    for thread in threading.enumerate():
        if thread.name == "keep-output":
            thread.join(60)
    assert not (tmp_path / "console").exists()  # not even when it answers after all


def test_a_folder_in_the_way_is_a_remark(tmp_path: Path) -> None:
    (tmp_path / "console").write_text("")
    found = drive(tmp_path, Aws())
    assert found.state == "succeeded"
    assert "was not kept: " in found.remark


def test_a_stop_that_is_tried_again_at_once_does_not_ask_again(tmp_path: Path) -> None:
    aws = Aws()
    aws.refuse = 2
    assert drive(tmp_path, aws).state == "succeeded"
    assert aws.done.count("StopInstances") == 3
    assert aws.done.count("output") == 1


def test_what_was_kept_long_before_is_taken_anew(tmp_path: Path) -> None:
    operation, keeper = drive(tmp_path, Aws()), OutputKeeper(tmp_path, Aws())
    stop = Send(Call("ec2", "StopInstances", {"InstanceIds": [ID]}))
    assert keeper.due(stop, NOW)
    assert not keeper.due(replace(stop, dry_run=True), NOW)
    assert not keeper.due(Send(Call("ec2", "StartInstances", {"InstanceIds": [ID]})), NOW)
    keeper.keep(operation, stop.call, NOW)
    assert not keeper.due(stop, NOW + timedelta(seconds=59))
    assert keeper.due(stop, NOW + timedelta(seconds=61))
    assert keeper.due(stop, NOW - timedelta(seconds=1))  # a clock that was set back
