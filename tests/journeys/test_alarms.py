"""A senior sets an alarm that recovers a server, sees it act when the host fails, and takes it back."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest

from tests.e2e.terminal import has
from tests.journeys.console_user import ASKED, SETTLED, Shift, awaited, sent, told_at
from tui.aws.named_alarms import of_instance
from tui.demo.environment import Demo
from tui.operations.model import OperationState

NAME, REGION, ACCOUNT = "ledger-2", "ap-northeast-2", "111122223333"


class Aws:
    """What AWS knows of the server, beside the console."""

    def __init__(self, demo: Demo) -> None:
        keys = {"aws_access_key_id": "AKIADEMOPROD00000001", "aws_secret_access_key": "demo"}
        self._demo = demo
        self.cloudwatch: Any = boto3.client("cloudwatch", region_name=REGION, endpoint_url=demo.url, **keys)  # type: ignore[call-overload] # its stubs are not installed
        ec2: Any = boto3.client("ec2", region_name=REGION, endpoint_url=demo.url, **keys)  # type: ignore[call-overload] # its keywords come from a table
        found = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": [NAME]}])
        self.instance = str(found["Reservations"][0]["Instances"][0]["InstanceId"])
        for one in self.alarms():  # the sample has some of every kind
            self.cloudwatch.delete_alarms(AlarmNames=[one])

    def alarms(self) -> list[str]:
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate()
        here = {"Name": "InstanceId", "Value": self.instance}
        return [
            str(one["AlarmName"])
            for page in pages
            for one in page["MetricAlarms"]
            if here in one["Dimensions"]
        ]

    def acted(self) -> list[str]:
        found = self.cloudwatch.describe_alarm_history(
            AlarmName=f"evac/recover/{self.instance}", HistoryItemType="Action"
        )
        return [str(one["HistorySummary"]) for one in found["AlarmHistoryItems"]]

    def system(self) -> str:
        asked = {"account": ACCOUNT, "region": REGION, "instance": self.instance}
        return str(self._demo.control("state", asked)["status"]["SystemStatus"]["Status"])


@pytest.mark.parametrize("size", told_at((80, 24)), ids=lambda size: "x".join(map(str, size)))
def test_a_senior_sets_an_alarm_sees_it_act_and_takes_it_back(
    env: dict[str, str], demo: Demo, size: tuple[int, int]
) -> None:
    aws = Aws(demo)
    with Shift(environ=env, size=size) as shift:
        shift.begin()
        shift.ask("A", NAME, until="Set a recover alarm")
        shift.keys("1")
        shift.until(has(ASKED))
        assert "PutMetricAlarm" in shift.text
        time.sleep(SETTLED)
        shift.agree(NAME)
        done = awaited(env, lambda one: one.state is OperationState.SUCCEEDED, shift.read)
        assert (done.action, done.note) == ("recover-alarm", f"evac/recover/{aws.instance} is set")
        (alarm,) = of_instance(aws.cloudwatch, aws.instance)
        assert alarm.operation == done.id
        assert [(call.operation, call.ok) for row in done.steps for call in row.calls] == [
            ("PutMetricAlarm", True)
        ]

        demo.control("clock", {"speed": 1})
        demo.control("events", {"instance": aws.instance, "sick": "system"})
        demo.control("advance", {"seconds": 61})
        shift.find(NAME)
        shift.keys("r")
        shift.until(has(rf"✖.*{NAME}"))
        demo.control("clock", {"speed": 60})
        demo.control("advance", {"seconds": 900})
        deadline = time.monotonic() + 60
        while aws.system() != "ok":
            shift.read(0.2)
            assert time.monotonic() < deadline, aws.acted()
        assert [one.startswith("Successfully") for one in aws.acted()] == [True]
        shift.keys("r")
        shift.until(lambda one: not has(rf"✖ +{NAME}")(one))

        shift.fleet()
        shift.keys("o")
        shift.until(has("recover alarm"))
        shift.keys("u")
        shift.until(has(ASKED))
        assert "DeleteAlarms" in shift.text
        time.sleep(SETTLED)
        shift.agree(NAME)
        back = awaited(
            env, lambda one: one.action == "undo" and one.state is OperationState.SUCCEEDED, shift.read
        )
        assert back.kept.options.undone is not None
        assert back.kept.options.undone.operation == done.id
        assert aws.alarms() == []
        assert sent(demo, aws.instance) == []  # the server itself was touched by nobody but the alarm
        calls = [one["operation"] for one in demo.control("calls")]
        assert (calls.count("PutMetricAlarm"), calls.count("DeleteAlarms")) == (
            1,
            1 + 2,
        )  # two were the sample's
