"""`evac do` and `evac ops` as real processes against the embedded AWS: what they print, send, refuse and bring to an end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.integration.operation_wait import awaited
from tui.demo.environment import Demo, start
from tui.operations import audit_log
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState
from tui.paths import default_journal_path

ROOT = Path(__file__).parents[2]
EVAC = [sys.executable, "-P", "-m", "tui"]
LIMIT = 240
MUTATING = (
    "StopInstances",
    "StartInstances",
    "RebootInstances",
    "CreateImage",
    "ModifyInstanceEventStartTime",
)


class Stage:
    """A demo, and evac as a script would call it."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.environ = {**demo.apply(), "PYTHONPATH": str(ROOT), "TERM": "xterm"}
        self.journal = Journal(default_journal_path(self.environ))

    def evac(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*EVAC, *words], env={**self.environ, **environ}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=LIMIT, check=False,
        )  # fmt: skip

    def spawn(self, *words: str) -> pexpect.spawn[str]:
        """In a terminal."""
        return pexpect.spawn(
            EVAC[0], [*EVAC[1:], *words], env=self.environ, encoding="utf-8", timeout=LIMIT, dimensions=(40, 160)
        )  # fmt: skip

    def sent(self) -> list[str]:
        """Every mutating call AWS got, dry runs too."""
        return [one["operation"] for one in self.demo.control("calls") if one["operation"] in MUTATING]

    def really_sent(self) -> list[str]:
        calls = self.demo.control("calls")
        return [one["operation"] for one in calls if one["operation"] in MUTATING and not one["dry_run"]]

    def wait(self, operation: str, until: Callable[[Operation], bool]) -> Operation:
        return awaited(self.journal, operation, until, LIMIT)

    def newest(self) -> Operation:
        return self.journal.list(1)[0]


@pytest.fixture(scope="module")
def running() -> Iterator[Demo]:
    demo = start("--speed", "60")
    try:
        yield demo
    finally:
        demo.stop()


@pytest.fixture
def stage(running: Demo) -> Iterator[Stage]:
    """The same demo for all tests of this file, without the faults, calls and clock of the one before."""
    running.control("faults", [])
    running.control("clock", {"speed": 60})
    running.control("calls", method="DELETE")
    one = Stage(running)
    try:
        yield one
    finally:
        one.journal.close()


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def loud(done: subprocess.CompletedProcess[str], *words: str) -> bool:
    """Whether a line above the table says all that."""
    above = done.stdout.partition("OPERATION")[0].splitlines()
    return any(line.startswith("✖") and all(word in line for word in words) for line in above)


def fault(operation: str, code: str, **more: object) -> dict[str, object]:
    return {"match": {"operation": operation}, "then": {"error": code, "message": "no"}, **more}


# the plan


def test_a_dry_run_shows_the_plan_and_leaves_no_trace(stage: Stage) -> None:
    before = len(stage.journal.list())
    done = stage.evac("do", "stop-start", "payments-db-2", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "StopInstances i-" in done.stdout
    assert "in target group pay-db" in done.stdout
    assert "typing payments-db-2" in done.stderr
    assert stage.sent() == []
    assert len(stage.journal.list()) == before


def test_a_dry_run_as_json_is_one_object(stage: Stage) -> None:
    done = stage.evac(
        "do", "image", "payments-db-2", "--dry-run", "--json", "--no-reboot", "--image-name", "mine"
    )
    (plan,) = lines(done)
    assert plan["kind"] == "plan"
    assert plan["name"] == "payments-db-2"
    assert any("Name=mine NoReboot=True" in call["text"] for step in plan["steps"] for call in step["calls"])


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_blocked_says_what_would_unblock_it(stage: Stage, dry_run: bool) -> None:
    done = stage.evac(
        "do", "stop-start", "vault-1", "--confirm", "vault-1", *(["--dry-run"] if dry_run else [])
    )
    assert done.returncode == 5
    assert "stop protection is on" in done.stderr
    assert "disableApiStop=false" in done.stderr
    assert stage.sent() == []


def test_a_stopped_instance_is_started_instead(stage: Stage) -> None:
    done = stage.evac("do", "stop-start", "down-1", "--dry-run")
    assert done.returncode == 5
    assert "evac do start i-" in done.stderr


@pytest.mark.parametrize("dry_run", [True, False])
def test_read_only_sends_nothing_not_even_a_dry_run(stage: Stage, dry_run: bool) -> None:
    more = ["--dry-run"] if dry_run else []
    done = stage.evac("do", "reboot", "payments-db-2", "--read-only", "--confirm", "payments-db-2", *more)
    assert done.returncode == 4
    assert "read-only" in done.stderr.splitlines()[-1]
    assert stage.sent() == []


def test_the_wrong_name_confirms_nothing_and_is_written_down(stage: Stage) -> None:
    done = stage.evac("do", "reboot", "payments-db-2", "--confirm", "payments-db-3")
    assert done.returncode == 5
    assert "--confirm payments-db-3 is not" in done.stderr
    assert stage.sent() == []
    log = audit_log.path_beside(stage.journal.path)
    last = json.loads(log.read_text().splitlines()[-1])
    assert last["result"].startswith("refused: --confirm payments-db-3")
    assert last["arn"].startswith("arn:aws:ec2:ap-northeast-2:111122223333:instance/i-")
    assert not audit_log.check(log).broken_at


def test_without_a_terminal_nobody_is_asked(stage: Stage) -> None:
    done = stage.evac("do", "reboot", "payments-db-2")
    assert done.returncode == 5
    assert "confirm with --confirm" in done.stderr
    assert stage.sent() == []


def test_an_instance_nobody_knows(stage: Stage) -> None:
    done = stage.evac("do", "reboot", "no-such", "--profile", "prod", "--confirm", "no-such")
    assert done.returncode == 2
    assert "no instance no-such" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("reboot", "web-1", "--at", "36h"),
        ("reschedule", "web-1", "--confirm", "web-1"),
        ("stop-start", "web-1", "--image-name", "n"),
        ("image", "web-1", "--image-first"),
        ("start", "web-1", "--no-reboot"),
        ("fly", "web-1"),
    ],
)
def test_options_that_do_not_fit_are_wrong_use(stage: Stage, words: tuple[str, ...]) -> None:
    assert stage.evac("do", *words).returncode == 2


# the guard and the hands


def test_stop_start_to_its_end_a_line_a_step(stage: Stage) -> None:
    done = stage.evac("do", "stop-start", "payments-db-1", "--confirm", "payments-db-1", "--wait", "--json")
    assert done.returncode == 0, done.stderr
    told = lines(done)
    assert [one["kind"] for one in told[:2]] == ["plan", "permission"]
    assert told[1]["permission"] == "yes"
    done_steps = [one["step"] for one in told if one["kind"] == "step" and one["state"] == "done"]
    assert done_steps == [
        "preflight", "drain", "stop", "wait-stopped", "start", "wait-running", "wait-checks", "register",
        "wait-healthy", "verify-event",
    ]  # fmt: skip
    assert (told[-1]["kind"], told[-1]["state"]) == ("operation", "succeeded")
    assert told[-1]["note"] == (
        "system, instance and EBS checks are ok; registered in pay-db; healthy in pay-db;"
        " completed: instance-stop"
    )
    assert stage.really_sent() == ["StopInstances", "StartInstances"]
    asked = {call["operation"]: call for step in told[-1]["steps"] for call in step["calls"]}
    assert asked["StopInstances"]["request_id"]


def test_without_wait_it_says_how_to_follow_and_the_hands_finish(stage: Stage) -> None:
    done = stage.evac("do", "start", "standby-1", "--confirm", "standby-1")
    assert done.returncode == 0, done.stderr
    operation = stage.newest()
    assert f"follow it with: evac ops show {operation.id}" in done.stdout
    assert stage.wait(operation.id, lambda one: not one.is_open).state is OperationState.SUCCEEDED
    shown = stage.evac("ops", "show", operation.id[-6:])
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"Start standby-1 ({operation.instance_id}): succeeded")
    assert "StartInstances: accepted (" in shown.stdout


def test_an_ami_of_a_name_that_exists_needs_a_person(stage: Stage) -> None:
    words = (
        "do",
        "image",
        "cache-1",
        "--confirm",
        "cache-1",
        "--wait",
        "--image-name",
        "twice",
        "--no-reboot",
    )
    assert stage.evac(*words).returncode == 0
    done = stage.evac(*words)
    assert done.returncode == 1
    assert "an AMI named twice exists already" in done.stdout
    assert stage.really_sent() == ["CreateImage"]
    listed = stage.evac("ops")
    assert listed.returncode == 0
    assert loud(listed, "an AMI named twice exists already")
    assert any(one["state"] == "needs-attention" for one in json.loads(stage.evac("ops", "--json").stdout))
    ident = stage.newest().id
    assert stage.evac("ops", "abandon", ident).returncode == 5
    assert stage.evac("ops", "abandon", ident, "--confirm", "cache-2").returncode == 5
    assert stage.evac("ops", "abandon", ident, "--confirm", "cache-1", "--read-only").returncode == 4
    assert stage.evac("ops", "abandon", ident, "--confirm", "cache-1").returncode == 0
    assert stage.newest().state is OperationState.ABANDONED
    again = stage.evac("ops", "resume", ident)
    assert again.returncode == 5
    assert "it has ended: abandoned" in again.stderr


def test_an_event_is_moved(stage: Stage) -> None:
    done = stage.evac("do", "reschedule", "web-7", "--at", "100h", "--confirm", "web-7", "--wait", "--json")
    assert done.returncode == 0, done.stderr
    assert stage.really_sent() == ["ModifyInstanceEventStartTime"]
    assert lines(done)[-1]["state"] == "succeeded"


def test_the_next_hour_of_maintenance_is_proposed_and_taken_only_where_somebody_sees_it(
    stage: Stage, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    words = ("--config", str(config), "do", "reschedule", "web-7")
    config.write_text('timezone = "Asia/Seoul"\n[maintenance]\nhours = "daily 03:00-05:00 Asia/Seoul"\n')
    shown = stage.evac(*words, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "the next hour of maintenance (daily 03:00-05:00 Asia/Seoul)" in shown.stderr
    assert "new start:" in shown.stdout
    moved = stage.evac(*words, "--at", "next", "--confirm", "web-7", "--wait", "--json")
    assert moved.returncode == 0, moved.stderr
    plan = lines(moved)[0]
    assert plan["options"]["not_before"].endswith(":00:00Z")
    assert plan["options"]["not_before"][11:13] in ("18", "19")  # 03:00 or 04:00 in Seoul
    assert stage.really_sent() == ["ModifyInstanceEventStartTime"]


def test_an_event_that_cannot_be_moved_says_why(stage: Stage) -> None:
    done = stage.evac("do", "reschedule", "web-1", "--at", "36h", "--confirm", "web-1")
    assert done.returncode == 5
    assert "can't be moved" in done.stderr
    assert stage.sent() == []


def test_what_aws_does_not_permit_is_not_asked(stage: Stage) -> None:
    stage.demo.control("faults", [fault("StopInstances", "UnauthorizedOperation")])
    done = stage.evac("do", "stop-start", "payments-db-3", "--confirm", "payments-db-3", "--wait")
    assert done.returncode == 5
    assert "use a profile that allows ec2:StopInstances" in done.stderr
    assert stage.really_sent() == []
    assert stage.newest().state is OperationState.FAILED


def test_what_aws_refused_with_nothing_changed_is_over_and_can_be_ordered_again(stage: Stage) -> None:
    stage.demo.control("faults", [fault("StopInstances", "OperationNotPermitted", dry=False)])
    done = stage.evac("do", "stop-start", "search-1", "--confirm", "search-1", "--wait")
    assert done.returncode == 1
    assert "search-1: refused: stop: AWS refused, OperationNotPermitted" in done.stdout.splitlines()[-1]
    told = json.loads(stage.evac("ops", "show", stage.newest().id, "--json").stdout)
    assert (told["state"], told["refused_by"], told["attention"]) == ("failed", "aws", False)
    assert loud(stage.evac("ops")) is False
    stage.demo.control("faults", [])
    again = stage.evac("do", "stop-start", "search-1", "--confirm", "search-1", "--wait", "--json")
    assert again.returncode == 0, again.stderr
    assert (lines(again)[-1]["state"], lines(again)[-1]["refused_by"]) == ("succeeded", None)


def test_a_runner_killed_between_stop_and_start_is_replaced_by_resume(stage: Stage) -> None:
    stage.demo.control("clock", {"speed": 1})
    assert stage.evac("do", "stop-start", "ledger-1", "--confirm", "ledger-1").returncode == 0
    ident = stage.newest().id
    held = stage.wait(ident, lambda one: one.step == "wait-stopped")
    while_alive = stage.evac("ops", "resume", ident)
    assert while_alive.returncode == 5
    assert "drives it" in while_alive.stderr
    os.kill(int(held.runner.split(":")[1]), signal.SIGKILL)
    stage.demo.control("advance", {"seconds": 120})
    listed = stage.evac("ops")
    assert loud(listed, "ledger-1", "DOWN", "NOBODY drives it")
    stage.demo.control("clock", {"speed": 60})
    resumed = stage.evac("ops", "resume", "--wait")
    assert resumed.returncode == 0, resumed.stderr
    assert stage.wait(ident, lambda one: not one.is_open).state is OperationState.SUCCEEDED
    assert stage.really_sent() == ["StopInstances", "StartInstances"]


def test_a_follower_replaces_a_runner_that_is_killed(stage: Stage) -> None:
    stage.demo.control("clock", {"speed": 1})
    command = [*EVAC, "do", "stop-start", "cache-2", "--confirm", "cache-2", "--wait"]
    with subprocess.Popen(
        command, env=stage.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as follower:  # fmt: skip
        assert follower.stderr is not None
        for line in follower.stderr:
            if "wait-stopped" in line:
                break
        os.kill(int(stage.newest().runner.split(":")[1]), signal.SIGKILL)
        stage.demo.control("clock", {"speed": 60})
        out, err = follower.communicate(timeout=LIMIT)
    assert follower.returncode == 0, err
    assert "its runner is gone" in err
    assert "succeeded" in out.splitlines()[-1]


def test_ctrl_c_at_the_question_cancels(stage: Stage) -> None:
    child = stage.spawn("do", "stop-start", "payments-db-3")
    child.expect("AWS says yes")
    child.expect("Type payments-db-3 to go on:")
    child.sendintr()
    child.expect("cancelled; nothing was sent")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert stage.newest().state is OperationState.ABANDONED
    assert stage.really_sent() == []


def test_the_name_is_typed_and_ctrl_c_while_it_waits_leaves_it_running(stage: Stage) -> None:
    stage.demo.control("clock", {"speed": 2})
    child = stage.spawn("do", "stop-start", "ledger-2", "--wait")
    child.expect("Type ledger-2 to go on:")
    child.sendline("ledger-2")
    child.expect("wait-stopped")
    child.sendintr()
    child.expect("goes on without you")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    stage.demo.control("clock", {"speed": 60})
    ident = stage.newest().id
    assert stage.wait(ident, lambda one: not one.is_open).state is OperationState.SUCCEEDED


def test_abandoning_a_stopped_instance_says_so_loudly(stage: Stage) -> None:
    stage.demo.control("faults", [fault("StartInstances", "InsufficientInstanceCapacity", dry=False)])
    assert stage.evac("do", "stop-start", "search-2", "--confirm", "search-2").returncode == 0
    ident = stage.newest().id
    stage.wait(ident, lambda one: one.attention and one.instance_down)
    assert loud(stage.evac("ops"), "search-2 is DOWN")
    done = stage.evac("ops", "abandon", ident, "--confirm", "search-2")
    assert done.returncode == 0, done.stderr
    assert "nothing will start it now: evac do start i-" in done.stderr


# what can't be used


@pytest.mark.parametrize("words", [("ops",), ("do", "reboot", "payments-db-2", "--confirm", "payments-db-2")])
@pytest.mark.parametrize("kind", ["spoilt", "newer", "no folder"])
def test_a_journal_that_cannot_be_used_is_one_line_and_nothing_is_sent(
    stage: Stage, tmp_path: Path, words: tuple[str, ...], kind: str
) -> None:
    import sqlite3

    folder = tmp_path / "evac"
    if kind == "no folder":
        folder.write_text("a file")
    else:
        folder.mkdir()
        path = folder / "journal.sqlite3"
        if kind == "spoilt":
            path.write_bytes(b"not a database, but long enough to be looked at" * 40)
        else:
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA user_version=99")
            db.close()
    done = stage.evac(*words, XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "nothing was sent" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert stage.sent() == []


def test_an_audit_log_that_cannot_be_written_refuses(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "evac" / "audit.jsonl").mkdir(parents=True)
    words = ("do", "reboot", "payments-db-2", "--confirm", "payments-db-2")
    done = stage.evac(*words, XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "the audit log can't be written" in done.stderr.splitlines()[-1]
    assert stage.sent() == []


def test_the_demonstration_is_followed_to_its_end(stage: Stage) -> None:
    done = stage.evac("--demo", "do", "reschedule", "web-7", "--at", "100h", "--confirm", "web-7", "--json")
    assert done.returncode == 0, done.stderr
    assert lines(done)[-1]["state"] == "succeeded"
    assert stage.evac("ops", "--demo").returncode == 0
