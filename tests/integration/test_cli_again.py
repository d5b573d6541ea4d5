"""`evac do` looks once more between the answer and the first call: what changed meanwhile is not obeyed unseen."""

from __future__ import annotations

import pexpect

from tests.integration.test_cli_do import Stage, fault, running, stage
from tui.operations.model import OperationState

__all__ = ["running", "stage"]


def test_what_changed_while_the_question_stood_is_shown_and_asked_again(stage: Stage) -> None:
    child = stage.spawn("do", "reboot", "load-1")
    child.expect(r"Reboot load-1\? \[y/N\]")
    stage.demo.control("events", {"instance": "load-1", "code": "instance-stop", "in": 36000})
    child.sendline("y")
    child.expect("looking once more")
    child.expect("changed: its scheduled events are others")
    child.expect(r"\[y/N\]")
    child.sendline("n")
    child.expect("not confirmed; nothing was sent")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 5
    assert stage.newest().state is OperationState.ABANDONED
    assert stage.really_sent() == []


def test_a_look_that_fails_sends_nothing_but_keeps_nobody_from_a_start(stage: Stage) -> None:
    for action, name in (("reboot", "load-2"), ("start", "standby-1")):
        child = stage.spawn("do", action, name)
        child.expect(rf"{name}\? \[y/N\]")
        stage.demo.control("faults", [fault("DescribeInstances", "InternalError")])
        child.sendline("y")
        child.expect("looking once more")
        child.expect("nothing was sent" if action == "reboot" else "a start hurts nobody: it goes on")
        stage.demo.control("faults", [])
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == (3 if action == "reboot" else 0)
        if action == "start":
            ident = stage.newest().id
            assert stage.wait(ident, lambda one: not one.is_open).state is OperationState.SUCCEEDED
            assert stage.really_sent() == ["StartInstances"]
        else:
            assert stage.really_sent() == []
