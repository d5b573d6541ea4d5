"""Alarms that may stop or terminate the instance while it is worked on, or go off because it is."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tui.domain.cover.alarm_dangers import alarm_dangers
from tui.domain.cover_facts import AlarmActionKind
from tui.domain.hazards.base import Hazard, HazardView, danger, hazard, note, warn
from tui.domain.sanitize import clean


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


@hazard("alarm-goes-off", "stop", field="MetricAlarm.AlarmActions, TreatMissingData")
def missing_is_breaching(view: HazardView) -> Iterator[Hazard]:
    """TreatMissingData `breaching` on a status check: a stopped instance has no data, so the stop is taken for a failure."""
    alarms = () if view.instance.cover is None else view.instance.cover.alarms
    for one in alarms:
        acts = AlarmActionKind.RECOVER in one.actions or AlarmActionKind.REBOOT in one.actions
        if acts and one.actions_enabled and one.missing_data == "breaching":
            text = f"alarm {clean(one.name, 80)} takes missing data for a failure: it goes off while the instance is stopped"
            yield warn(text, "it acts again only once it has been OK: look at it afterwards")
