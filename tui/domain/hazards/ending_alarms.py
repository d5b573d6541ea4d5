"""Alarms that may stop or terminate the instance while it is worked on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tui.domain.cover.alarm_dangers import alarm_dangers
from tui.domain.hazards.base import Hazard, HazardView, danger, hazard, note, warn


@hazard(
    "alarm-ends-it",
    "stop",
    "reboot",
    field="MetricAlarm.AlarmActions, ActionsEnabled, TreatMissingData, ComparisonOperator",
)
def ending_alarms(view: HazardView) -> Iterator[Hazard]:
    """DescribeAlarms' EC2 actions stop and terminate. Alarms are read once somebody asks who covers it: before, nothing is said.

    One that takes missing data for a breach is set off by the very stop: a stopped instance has no metrics. One that looks for
    little of something is set off by an instance that does nothing: while it boots, or hangs.
    """
    for one in alarm_dangers(view.instance):
        remedy = f"meanwhile: aws cloudwatch disable-alarm-actions --alarm-names {shlex.quote(one.name)}"
        if one.when_stopped and view.action.stops:
            yield (danger if one.terminates else warn)(one.text, remedy)
        elif one.terminates:
            yield warn(one.text, remedy)
        else:
            yield note(one.text, remedy)
