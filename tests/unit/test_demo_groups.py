"""Auto Scaling groups and target groups of the embedded AWS, over its own calls on a clock that is moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tui.demo import balancing, ec2_write, groups
from tui.demo.clock import Clock
from tui.demo.fleet import populate
from tui.demo.instance import DemoInstance
from tui.demo.request import Request
from tui.demo.sample import PROD
from tui.demo.world import AwsError, World


class Stage:
    """The sample fleet, and one of its members."""

    def __init__(self) -> None:
        self.world = World(Clock(datetime(2026, 5, 4, 3, 0, tzinfo=UTC)))
        populate(self.world)
        self.region = self.world.region(PROD, "ap-northeast-2")
        self.request = Request(
            self.world, next(iter(self.world.identities.values())), self.region, "", "", ""
        )
        self.group = self.region.groups["web-prod"]
        self.arn = self.group["TargetGroupARNs"][0]
        self.instance = self.members()[6]

    def members(self) -> list[DemoInstance]:
        return [one for one in self.region.instances.values() if one.doc.get("_group") == "web-prod"]

    def later(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self.world.clock.settle()

    def standby(self, call: Any, **more: Any) -> None:
        call(self.request, {"AutoScalingGroupName": "web-prod", "InstanceIds": [self.instance.id], **more})

    def enter(self, fewer: bool = True) -> None:
        self.standby(groups.EnterStandby, ShouldDecrementDesiredCapacity=fewer)

    def lifecycle(self) -> str:
        rows = groups.DescribeAutoScalingInstances(self.request, {"InstanceIds": [self.instance.id]})
        return "".join(one["LifecycleState"] for one in rows["AutoScalingInstances"])

    def health(self) -> str:
        rows = balancing.DescribeTargetHealth(self.request, {"TargetGroupArn": self.arn})
        return "".join(
            one["TargetHealth"]["State"]
            for one in rows["TargetHealthDescriptions"]
            if one["Target"]["Id"] == self.instance.id
        )

    def stop(self) -> None:
        ec2_write.StopInstances(self.request, {"InstanceIds": [self.instance.id]})

    def start(self) -> None:
        ec2_write.StartInstances(self.request, {"InstanceIds": [self.instance.id]})


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_member_that_is_stopped_is_terminated_and_another_launched(stage: Stage) -> None:
    before = {one.id for one in stage.members()}
    stage.stop()
    stage.later(45)
    assert stage.instance.state in ("shutting-down", "terminated")
    new = [one for one in stage.members() if one.id not in before]
    assert [one.state for one in new] == ["pending"]
    stage.later(120)
    assert new[0].state == "running"
    assert stage.lifecycle() == ""
    assert stage.group["DesiredCapacity"] == 8
    assert new[0].id in stage.region.targets[stage.arn]


def test_a_suspended_group_replaces_nothing(stage: Stage) -> None:
    groups.SuspendProcesses(
        stage.request, {"AutoScalingGroupName": "web-prod", "ScalingProcesses": ["ReplaceUnhealthy"]}
    )
    stage.stop()
    stage.later(600)
    assert stage.instance.state == "stopped"


def test_standby_leaves_the_target_groups_and_comes_back(stage: Stage) -> None:
    stage.enter()
    assert (stage.lifecycle(), stage.group["DesiredCapacity"], stage.health()) == (
        "EnteringStandby", 7, "draining",
    )  # fmt: skip
    stage.later(301)
    assert (stage.lifecycle(), stage.health()) == ("Standby", "")
    stage.stop()
    stage.later(600)
    assert stage.instance.state == "stopped"
    stage.start()
    stage.later(60)
    stage.standby(groups.ExitStandby)
    assert (stage.lifecycle(), stage.group["DesiredCapacity"]) == ("Pending", 8)
    stage.later(21)
    assert (stage.lifecycle(), stage.health()) == ("InService", "initial")
    stage.later(31)
    assert stage.health() == "healthy"


def test_returned_while_it_is_stopped_it_is_replaced(stage: Stage) -> None:
    stage.enter()
    stage.later(301)
    stage.stop()
    stage.later(100)
    stage.standby(groups.ExitStandby)
    stage.later(60)
    assert stage.instance.state in ("shutting-down", "terminated")


def test_standby_is_not_entered_twice_nor_below_the_minimum_nor_left_above_the_maximum(stage: Stage) -> None:
    stage.enter()
    with pytest.raises(AwsError, match="not in InService"):
        stage.enter()
    stage.later(301)
    stage.group["MaxSize"] = 7
    with pytest.raises(AwsError, match="max-size=7"):
        stage.standby(groups.ExitStandby)
    stage.group["MinSize"] = 7
    stage.instance = stage.members()[0]
    with pytest.raises(AwsError, match="min-size=7"):
        stage.enter()


def test_without_the_decrement_a_substitute_is_launched(stage: Stage) -> None:
    before = len(stage.members())
    stage.enter(fewer=False)
    assert len(stage.members()) == before + 1
    assert stage.group["DesiredCapacity"] == 8


def test_a_target_drains_and_is_registered_again(stage: Stage) -> None:
    targets = {"TargetGroupArn": stage.arn, "Targets": [{"Id": stage.instance.id, "Port": 8080}]}
    balancing.DeregisterTargets(stage.request, targets)
    assert stage.health() == "draining"
    stage.later(299)
    assert stage.health() == "draining"
    stage.later(2)
    assert stage.health() == ""
    asked = balancing.DescribeTargetHealth(stage.request, targets)["TargetHealthDescriptions"]
    assert asked[0]["TargetHealth"] == {"State": "unused", "Reason": "Target.NotRegistered"}
    balancing.RegisterTargets(stage.request, targets)
    assert stage.health() == "initial"
    stage.later(31)
    assert stage.health() == "healthy"
    assert stage.region.targets[stage.arn][stage.instance.id].port == 8080


def test_registered_again_while_it_drains_it_stays(stage: Stage) -> None:
    targets = {"TargetGroupArn": stage.arn, "Targets": [{"Id": stage.instance.id}]}
    balancing.DeregisterTargets(stage.request, targets)
    stage.later(100)
    balancing.RegisterTargets(stage.request, targets)
    stage.later(400)
    assert stage.health() == "healthy"


def test_a_stopped_target_is_unused_and_initial_once_it_runs_again(stage: Stage) -> None:
    stage.enter()
    stage.later(400)
    stage.stop()
    stage.later(100)
    targets = {"TargetGroupArn": stage.arn, "Targets": [{"Id": stage.instance.id}]}
    with pytest.raises(AwsError, match="not in a running state"):
        balancing.RegisterTargets(stage.request, targets)
    db = next(
        one
        for one in stage.region.instances.values()
        if {"Key": "Name", "Value": "payments-db-2"} in one.doc["Tags"]
    )
    stage.instance, stage.arn = db, next(arn for arn in stage.region.targets if "pay-db" in arn)
    stage.stop()
    stage.later(60)
    assert stage.health() == "unused"
    stage.start()
    stage.later(25)
    assert stage.health() == "initial"
    stage.later(31)
    assert stage.health() == "healthy"
