"""Out of service and back: standby, draining, and what a group does to a member that is simply stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Literal

import boto3
import pytest

from tests.integration.operation_wait import awaited
from tui.aws import inspect
from tui.aws.sessions import Sessions
from tui.config.durations import DurationInSeconds
from tui.config.schema import Settings
from tui.config.sections import ActionSettings, LockSettings
from tui.demo.environment import Demo, start
from tui.domain.actions import ActionOptions
from tui.domain.facts import Facts
from tui.domain.instance import Instance, Target
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.policy import Policy
from tui.operations import recovery, spawn
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState
from tui.paths import default_journal_path

SEOUL, VIRGINIA, IRELAND = "ap-northeast-2", "us-east-1", "eu-west-1"
KEYS = {"prod": "AKIADEMOPROD00000001", "staging": "AKIADEMOSTAGING00001"}
QUICK = ActionSettings(reboot_settle=DurationInSeconds(1.0))
"""The embedded AWS reboots as much faster."""
Service = Literal["ec2", "autoscaling", "elbv2"]


class Bench:
    """A demo with the facts of a real look."""

    def __init__(self, demo: Demo, askers: ThreadPoolExecutor) -> None:
        self.demo, self.environ, self.askers = demo, demo.apply(), askers
        self.journal, self.settings = Journal(default_journal_path(self.environ)), Settings(actions=QUICK)

    def client(self, service: Service, profile: str = "prod", region: str = SEOUL) -> Any:
        return boto3.client(
            service, region_name=region, endpoint_url=self.demo.url, aws_access_key_id=KEYS[profile],
            aws_secret_access_key="demo",
        )  # fmt: skip

    def see(self, name: str, profile: str = "prod", region: str = SEOUL) -> tuple[Instance, Facts]:
        client = self.client("ec2", profile, region)
        pages = client.describe_instances(Filters=[{"Name": "tag:Name", "Values": [name]}])
        ident = pages["Reservations"][0]["Instances"][0]["InstanceId"]
        target, sessions = Target(profile, region), Sessions(Settings(demo=True))
        row, facts = inspect.closely(sessions, target, ident, self.askers)
        assert row is not None
        assert facts is not None
        assert facts.unknown == ()
        return row, facts

    def plan(
        self, action: str, name: str, *where: str, policy: Policy | None = None, **options: Any
    ) -> Draft:
        row, facts = self.see(name, *where)
        return draft(action, row, facts, ActionOptions(**options), policy or Policy(), datetime.now(UTC))

    def begin(self, plan: Draft) -> tuple[str, int]:
        assert plan.guard.kind is not GuardKind.BLOCKED, plan.guard
        operation = self.journal.create(plan, datetime.now(UTC))
        assert self.journal.confirm(operation, datetime.now(UTC))
        return operation, spawn.start(operation, plan.target.profile, self.settings, self.environ)

    def wait(self, operation: str, until: Callable[[Operation], bool], seconds: float = 120) -> Operation:
        return awaited(self.journal, operation, until, seconds, default_journal_path(self.environ).parent)

    def ended(self, operation: str) -> Operation:
        return self.wait(
            operation,
            lambda one: one.state not in (OperationState.PLANNED, OperationState.RUNNING),
        )

    def group(self, name: str = "web-prod") -> Any:
        groups = self.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return groups["AutoScalingGroups"][0]

    def lifecycle(self, instance_id: str) -> str:
        return "".join(
            one["LifecycleState"] for one in self.group()["Instances"] if one["InstanceId"] == instance_id
        )

    def health(self, plan: Draft) -> list[str]:
        client = self.client("elbv2")
        return [
            one["TargetHealth"]["State"]
            for place in plan.order.places
            for one in client.describe_target_health(TargetGroupArn=place.arn)["TargetHealthDescriptions"]
            if one["Target"]["Id"] == plan.order.instance_id
        ]

    def sent(self, operation: str) -> list[Any]:
        calls = self.demo.control("calls")
        return [one for one in calls if one["operation"] == operation and not one["dry_run"]]

    def refuse(self, operation: str, code: str, times: int | None = None) -> None:
        rule: dict[str, Any] = {"match": {"operation": operation}, "dry": False, "then": {"error": code}}
        self.demo.control("faults", [rule if times is None else {**rule, "times": times}])


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    demo = start("--speed", "100")
    for name in demo.unset:
        monkeypatch.delenv(name, raising=False)
    for name, value in demo.environment.items():
        monkeypatch.setenv(name, value)
    try:
        with ThreadPoolExecutor(8) as askers:
            yield Bench(demo, askers)
    finally:
        demo.stop()


def names(plan: Draft) -> list[str]:
    return [step.name for step in plan.steps]


def test_a_member_goes_through_standby_and_is_the_same_one_in_service_again(bench: Bench) -> None:
    plan = bench.plan("stop-start", "web-7")
    assert names(plan) == [
        "preflight", "enter-standby", "stop", "wait-stopped", "start", "wait-running", "wait-checks",
        "exit-standby", "wait-healthy", "verify-event",
    ]  # fmt: skip
    assert plan.unasked == ("EnterStandby", "ExitStandby")
    operation, _ = bench.begin(plan)
    found = bench.ended(operation)
    assert found.state is OperationState.SUCCEEDED, found
    assert found.permission == "yes"
    group = bench.group()
    assert (group["DesiredCapacity"], len(group["Instances"])) == (8, 8)
    assert bench.lifecycle(plan.order.instance_id) == "InService"
    assert bench.health(plan) == ["healthy"]
    assert len(bench.sent("EnterStandby")) == len(bench.sent("ExitStandby")) == 1
    assert bench.sent("DeregisterTargets") == []
    assert "system, instance and EBS checks are ok" in found.note
    new = bench.see("web-7")[0].public_ip
    assert f"public address {plan.order.public_ip} → {new}" in found.note
    assert "desired capacity of web-prod 8" in found.note
    assert "before it was" not in found.note  # it is not lowered any more
    assert "healthy in web" in found.note
    assert "completed: system-reboot" in found.note


def test_a_reboot_in_standby_runs_to_its_end(bench: Bench) -> None:
    plan = bench.plan("reboot", "web-5")
    assert names(plan) == [
        "preflight", "enter-standby", "reboot", "wait-checks", "exit-standby", "wait-healthy", "verify-event",
    ]  # fmt: skip
    operation, _ = bench.begin(plan)
    found = bench.ended(operation)
    assert found.state is OperationState.SUCCEEDED, found
    assert [row.state for row in found.steps] == ["done"] * 7
    mine = {"EnterStandby", "RebootInstances", "ExitStandby"}
    calls = [one for one in bench.demo.control("calls") if not one["dry_run"]]
    assert [one["operation"] for one in calls if one["operation"] in mine] == [
        "EnterStandby", "RebootInstances", "ExitStandby",
    ]  # fmt: skip
    group = bench.group()
    assert (group["DesiredCapacity"], len(group["Instances"])) == (8, 8)
    assert bench.lifecycle(plan.order.instance_id) == "InService"
    assert bench.health(plan) == ["healthy"]
    row = bench.see("web-5")[0]
    assert (row.launched_at, str(row.public_ip)) == (plan.order.launched_at, plan.order.public_ip)
    assert "public address" not in found.note


def test_without_standby_the_group_replaces_it_and_the_operation_says_so(bench: Bench) -> None:
    plan = bench.plan("stop-start", "web-3", standby=False)
    assert any(one.code == "auto-scaling" and one.gravity == "danger" for one in plan.hazards)
    operation, _ = bench.begin(plan)
    found = bench.ended(operation)
    assert found.state is OperationState.FAILED
    assert "replaced by its Auto Scaling group web-prod" in found.note
    assert plan.order.instance_id not in {one["InstanceId"] for one in bench.group()["Instances"]}
    assert len(bench.group()["Instances"]) == 8


def test_at_its_minimum_a_group_allows_no_standby_and_the_plan_says_why(bench: Bench) -> None:
    plan = bench.plan("stop-start", "stage-web-1", "staging", IRELAND)
    assert "enter-standby" not in names(plan)
    told = next(one for one in plan.hazards if one.code == "auto-scaling")
    assert told.gravity == "danger"
    assert "the minimum of stage-web is 3" in told.remedy
    forced = bench.plan("stop-start", "stage-web-1", "staging", IRELAND, standby=True)
    assert forced.guard.kind is GuardKind.BLOCKED
    assert any("no standby: the minimum of stage-web is 3" in one for one in forced.guard.unblock)


@pytest.mark.parametrize("at", ["enter-standby", "wait-stopped", "wait-checks", "exit-standby"])
def test_killed_in_the_middle_of_standby_the_next_runner_returns_it(bench: Bench, at: str) -> None:
    bench.demo.control("clock", {"speed": 20})
    plan = bench.plan("stop-start", "web-5")
    operation, pid = bench.begin(plan)
    bench.wait(operation, lambda one: any(row.name == at and row.began_at for row in one.steps))
    os.kill(pid, signal.SIGKILL)
    bench.demo.control("clock", {"speed": 100})
    deadline = time.monotonic() + 60
    while not (cut := recovery.cut_off(bench.journal, datetime.now(UTC))):
        assert time.monotonic() < deadline, "never found to be cut off"
        time.sleep(0.05)
    assert recovery.resume(bench.journal, cut[0], bench.settings, bench.environ, datetime.now(UTC)) is None
    assert bench.ended(operation).state is OperationState.SUCCEEDED
    assert bench.lifecycle(plan.order.instance_id) == "InService"
    assert bench.group()["DesiredCapacity"] == 8
    assert len(bench.sent("EnterStandby")) == len(bench.sent("ExitStandby")) == 1


def test_a_stop_that_is_refused_takes_it_back_into_service(bench: Bench) -> None:
    bench.refuse("StopInstances", "OperationNotPermitted")
    plan = bench.plan("stop-start", "web-2")
    operation, _ = bench.begin(plan)
    found = bench.ended(operation)
    assert found.state is OperationState.FAILED
    assert "OperationNotPermitted" in found.note
    assert "in service again" in found.note
    assert bench.lifecycle(plan.order.instance_id) == "InService"
    assert bench.group()["DesiredCapacity"] == 8
    assert {row.name for row in found.steps if row.state == "skipped"} >= {"stop", "start"}


def test_what_returns_it_to_service_is_retried_until_aws_takes_it(bench: Bench) -> None:
    bench.refuse("ExitStandby", "ResourceContention", times=2)
    plan = bench.plan("stop-start", "web-4")
    operation, _ = bench.begin(plan)
    loud = bench.wait(operation, lambda one: one.attention)
    assert "IN STANDBY in web-prod: ResourceContention" in loud.note
    assert bench.ended(operation).state is OperationState.SUCCEEDED
    assert bench.lifecycle(plan.order.instance_id) == "InService"


def test_abandoned_in_standby_it_is_returned_first(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 1})
    plan = bench.plan("stop-start", "web-6")
    operation, _ = bench.begin(plan)
    bench.wait(operation, lambda one: bool(bench.sent("EnterStandby")))
    found = bench.journal.get(operation)
    assert found is not None
    done, told = recovery.give_up(bench.journal, found, bench.settings, bench.environ, datetime.now(UTC))
    assert done
    assert "returned to service first" in told
    bench.demo.control("clock", {"speed": 100})
    bench.demo.control("advance", {"seconds": 310})
    found = bench.ended(operation)
    assert found.state is OperationState.ABANDONED
    assert bench.sent("StopInstances") == []
    assert bench.lifecycle(plan.order.instance_id) == "InService"
    assert bench.group()["DesiredCapacity"] == 8


def test_a_target_outside_groups_is_drained_and_healthy_again(bench: Bench) -> None:
    plan = bench.plan("stop-start", "payments-db-1")
    assert "drain" in names(plan)
    assert "register" in names(plan)
    assert plan.unasked == ("DeregisterTargets", "RegisterTargets")
    operation, _ = bench.begin(plan)
    found = bench.ended(operation)
    assert found.state is OperationState.SUCCEEDED, found
    assert bench.health(plan) == ["healthy"]
    order = [one["operation"] for one in bench.demo.control("calls") if not one["dry_run"]]
    sent = [one for one in order if one.endswith("Targets") or one in ("StopInstances", "StartInstances")]
    assert sent == ["DeregisterTargets", "StopInstances", "StartInstances", "RegisterTargets"]
    assert [row.note for row in found.steps if row.name == "drain"] == ["out of pay-db"]
    assert "out of" not in found.note  # it is back
    assert "public address" not in found.note  # an Elastic IP stays


def test_not_drained_it_is_waited_for_until_it_is_healthy(bench: Bench) -> None:
    plan = bench.plan("stop-start", "payments-db-2", drain=False)
    assert "drain" not in names(plan)
    operation, _ = bench.begin(plan)
    assert "healthy in pay-db" in bench.ended(operation).note


def test_the_last_healthy_one_is_blocked_unless_it_is_overridden(bench: Bench) -> None:
    plan = bench.plan("stop-start", "report-1", "prod", VIRGINIA)
    assert plan.guard.kind is GuardKind.BLOCKED
    assert any("last healthy member of target group report" in one for one in plan.guard.unblock)
    lifted = bench.plan("stop-start", "report-1", "prod", VIRGINIA, overrides=("last-healthy",))
    assert lifted.guard.kind is GuardKind.TYPE_NAME
    assert lifted.guard.expected == "report-1"
    reboot = bench.plan("reboot", "report-1", "prod", VIRGINIA, overrides=("last-healthy",))
    assert reboot.guard.kind is GuardKind.TYPE_NAME


def test_a_lock_that_is_lost_out_of_service_returns_it_and_stops_nothing(
    bench: Bench, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    import redis as library

    client = library.Redis.from_url(redis[0])
    bench.settings = Settings(lock=LockSettings(url=redis[0]))
    plan = bench.plan("stop-start", "web-2", standby=True)
    rule = {"match": {"operation": "StopInstances"}, "dry": False, "then": {"error": "RequestLimitExceeded"}}
    bench.demo.control("faults", [rule])
    operation, _ = bench.begin(plan)
    bench.wait(operation, lambda one: one.step == "stop" and "slow down" in one.note)
    (key,) = client.keys("evac:lock:*")
    client.set(key, b"somebody else's")
    bench.demo.control("faults", [])
    found = bench.ended(operation)
    assert found.state is OperationState.FAILED
    assert "the lock of this operation was lost" in found.note
    assert bench.lifecycle(plan.order.instance_id) == "InService"
    assert len(bench.sent("ExitStandby")) == 1
    assert len(bench.sent("StopInstances")) == 1, "the one AWS refused"
    assert client.get(key) == b"somebody else's"
