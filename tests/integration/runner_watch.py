"""Tools to watch the hands with: orders in a journal, runners as processes, and what AWS was sent."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.operation_wait import awaited
from tests.journal_file import writing
from tui.config.durations import DurationInSeconds
from tui.config.schema import Settings
from tui.config.sections import ActionSettings
from tui.demo.environment import Demo
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations import recovery, spawn
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState
from tui.paths import default_journal_path

REGION, ACCOUNT = "ap-northeast-2", "111122223333"
ENDED = (
    OperationState.SUCCEEDED,
    OperationState.FAILED,
    OperationState.NEEDS_ATTENTION,
    OperationState.ABANDONED,
)


class Bench:
    """A demo, its journal, and the instances by name."""

    def __init__(self, demo: Demo) -> None:
        self.demo, self.environ = demo, demo.apply()
        self.journal = Journal(default_journal_path(self.environ))
        self.settings = Settings(
            actions=ActionSettings(reboot_settle=DurationInSeconds(1.0))
        )  # as it reboots so much faster

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "ec2", region_name=REGION, endpoint_url=self.demo.url,
            aws_access_key_id="AKIADEMOPROD00000001", aws_secret_access_key="demo",
        )  # fmt: skip

    def find(self, name: str) -> Instance:
        pages = self.client().describe_instances(Filters=[{"Name": "tag:Name", "Values": [name]}])
        doc = pages["Reservations"][0]["Instances"][0]
        return Instance(
            Target("prod", REGION), clean(doc["InstanceId"]), account_id=clean(ACCOUNT), name=clean(name),
            state=InstanceState(doc["State"]["Name"]), launched_at=doc["LaunchTime"], root_device=clean("ebs"),
        )  # fmt: skip

    def order(self, action: str, name: str, *, confirm: bool = True, **options: Any) -> str:
        plan = draft(action, self.find(name), None, ActionOptions(**options), Policy(), datetime.now(UTC))
        operation = self.journal.create(plan, datetime.now(UTC))
        if confirm:
            assert self.journal.confirm(operation, datetime.now(UTC))
        return operation

    def run(self, operation: str) -> int:
        return spawn.start(operation, "prod", self.settings, self.environ)

    def freeze(self, pid: int, operation: str) -> None:
        """Stop the process between two of its writes, and let it have been silent for longer than a hung one may."""
        past = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
        for _ in range(20):
            os.kill(pid, signal.SIGSTOP)
            try:
                with writing(self.journal.path) as db:
                    db.execute("UPDATE operation SET lease_until=? WHERE id=?", (past, operation))
                return
            except sqlite3.OperationalError:  # it was stopped while it held the file
                os.kill(pid, signal.SIGCONT)
                time.sleep(0.05)  # or it would be stopped again before it ran
        pytest.fail("always in the middle of a write")

    def resume(self, operation: str, seconds: float = 30) -> None:
        """Wait until it is found to be cut off, then start a runner."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for one in recovery.cut_off(self.journal, datetime.now(UTC)):
                assert one.id == operation
                now = datetime.now(UTC)
                assert recovery.resume(self.journal, one, self.settings, self.environ, now) is None
                return
            time.sleep(0.05)
        pytest.fail("never found to be cut off")

    def wait(self, operation: str, until: Callable[[Operation], bool], seconds: float = 60) -> Operation:
        return awaited(self.journal, operation, until, seconds, default_journal_path(self.environ).parent)

    def sent(self, operation: str) -> list[Any]:
        calls = self.demo.control("calls")
        return [one for one in calls if one["operation"] == operation and not one["dry_run"]]


def ended(operation: Operation) -> bool:
    return operation.state in ENDED
