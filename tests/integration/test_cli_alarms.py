"""`evac do recover-alarm` and `evac ops undo` as real processes: what they send, keep, refuse, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.integration.test_cli_do import Stage, lines
from tui.demo.environment import start
from tui.operations import audit_log
from tui.operations.model import OperationState

CALLS = ("PutMetricAlarm", "DeleteAlarms", "ModifyInstanceMaintenanceOptions")


@pytest.fixture
def stage() -> Iterator[Stage]:
    demo = start("--speed", "60")
    one = Stage(demo)
    try:
        yield one
    finally:
        one.journal.close()
        demo.stop()


def sent(stage: Stage) -> list[str]:
    calls = stage.demo.control("calls")
    return [one["operation"] for one in calls if one["operation"] in CALLS and not one["dry_run"]]


def test_an_alarm_is_set_and_taken_back_and_somebody_s_change_since_is_left(stage: Stage) -> None:
    done = stage.evac(
        "do", "recover-alarm", "cache-1", "--minutes", "4", "--confirm", "cache-1", "--wait", "--json"
    )
    assert done.returncode == 0, done.stderr
    plan = next(one for one in lines(done) if one["kind"] == "plan")
    assert plan["unasked"] == ["PutMetricAlarm"]
    operation = stage.newest()
    assert operation.state is OperationState.SUCCEEDED
    refused = stage.evac("ops", "undo", operation.id, "--confirm", "cache-1", "--read-only")
    assert refused.returncode == 4, refused.stderr

    watch: Any = boto3.client(
        "cloudwatch", region_name=operation.region, endpoint_url=stage.demo.url,
        aws_access_key_id="AKIADEMOPROD00000001", aws_secret_access_key="demo",
    )  # fmt: skip
    name = f"evac/recover/{operation.instance_id}"
    watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a state is no setting")
    (found,) = watch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    theirs = {key: found[key] for key in operation.kept.order.alarm.wanted.params if key in found}  # type: ignore[union-attr] # it is one of an alarm
    watch.put_metric_alarm(**{**theirs, "EvaluationPeriods": 9})
    blocked = stage.evac("ops", "undo", operation.id, "--confirm", "cache-1")
    assert blocked.returncode == 5
    assert f"somebody changed {name} since" in blocked.stderr
    watch.put_metric_alarm(**theirs)

    undone = stage.evac("ops", "undo", operation.id[-6:], "--confirm", "cache-1", "--wait", "--json")
    assert undone.returncode == 0, undone.stderr
    ended = [one for one in lines(undone) if one["kind"] == "operation"][-1]
    assert (ended["state"], ended["undoes"], ended["undoable"]) == ("succeeded", operation.id, False)
    assert watch.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []
    assert sent(stage) == [
        "PutMetricAlarm",
        "PutMetricAlarm",
        "PutMetricAlarm",
        "DeleteAlarms",
    ]  # two by another's hand
    steps = [one["step"] for one in audit_log.tail(audit_log.path_beside(stage.journal.path), 99)]
    assert {"plan", "confirm", "set-alarm", "put-back"} <= set(steps)
