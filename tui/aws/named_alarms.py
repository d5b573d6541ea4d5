"""The alarms under evac's own names for one instance, with all that was set of them and the tag that says whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui.aws import errors
from tui.domain.alarm_settings import CHECK_METRICS, SETTABLE, AlarmSeen, AlarmSettings, alarm_name
from tui.domain.steps.base import OPERATION_TAG


def of_instance(cloudwatch: Any, instance_id: str) -> tuple[AlarmSeen, ...]:
    """Those that evac would set on it. Raises what botocore raises, and NotAwsError."""
    return by_name(cloudwatch, [alarm_name(does, instance_id) for does in CHECK_METRICS])


def by_name(cloudwatch: Any, names: Sequence[str]) -> tuple[AlarmSeen, ...]:
    """Those of exactly these names. Raises what botocore raises, and NotAwsError.

    A composite alarm may have such a name too (botocore model, DescribeAlarmsInput.AlarmTypes): it has no settings of ours.
    """
    answer = cloudwatch.describe_alarms(AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = errors.member_of(answer, "MetricAlarms")
    composite = [{"AlarmName": one.get("AlarmName")} for one in answer.get("CompositeAlarms") or ()]
    return tuple(
        AlarmSeen(
            AlarmSettings(
                {key: value for key, value in one.items() if key in SETTABLE and value is not None}
            ),
            _operation(cloudwatch, one),
        )
        for one in [*found, *composite]
        if one.get("AlarmName") in names
    )


def _operation(cloudwatch: Any, alarm: dict[str, Any]) -> str:
    """From its tag; empty if it has none."""
    if not (arn := alarm.get("AlarmArn")):
        return ""
    tags = errors.member_of(cloudwatch.list_tags_for_resource(ResourceARN=arn), "Tags")
    return next((str(tag.get("Value") or "") for tag in tags if tag.get("Key") == OPERATION_TAG), "")
