"""An alarm as it is set: all that PutMetricAlarm takes, so that what was there before can be put back whole.

The names that evac may use, and what such an alarm may hold, stand here once: the plan, the guard on botocore's events and
docs/iam.md ask the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from tui.domain.arns import partition_of
from tui.domain.sanitize import clean

ALARM_PREFIX = "evac/"
"""How the name of every alarm begins that evac sets, and the only ones that it changes or deletes."""
SETTABLE = frozenset(
    [
        "ActionConfiguration",
        "ActionsEnabled",
        "AlarmActions",
        "AlarmDescription",
        "AlarmName",
        "ComparisonOperator",
        "DatapointsToAlarm",
        "Dimensions",
        "EvaluateLowSampleCountPercentile",
        "EvaluationCriteria",
        "EvaluationInterval",
        "EvaluationPeriods",
        "EvaluationWindow",
        "ExtendedStatistic",
        "InsufficientDataActions",
        "MetricName",
        "Metrics",
        "Namespace",
        "OKActions",
        "Period",
        "Statistic",
        "Threshold",
        "ThresholdMetricId",
        "TreatMissingData",
        "Unit",
        "WarmUpConfiguration",
    ]
)
"""What can be set of an alarm, but its tags (botocore model, PutMetricAlarmInput): a test compares them."""
_ONE_METRIC = SETTABLE - {
    "ActionConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationWindow",
    "Metrics",
    "ThresholdMetricId",
    "WarmUpConfiguration",
}
"""What an alarm on one metric of one instance can hold: of no other does evac set any."""
CHECK_METRICS = {"recover": "StatusCheckFailed_System", "reboot": "StatusCheckFailed_Instance"}
"""What an alarm does, and the metric that it watches for that (CloudWatch user guide, UsingAlarmActions)."""
COMPARISONS = {
    "GreaterThanOrEqualToThreshold": "at least",
    "GreaterThanThreshold": "above",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at most",
}
"""CloudWatch's words of a fixed threshold, as people say them (botocore model, ComparisonOperator)."""
_ACTION_LISTS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_NAME = re.compile(rf"{ALARM_PREFIX}({'|'.join(CHECK_METRICS)})/(i-[0-9a-f]{{1,17}})", re.ASCII)
_EC2_ACTION = re.compile(rf"arn:aws[a-z-]*:automate:[a-z0-9-]+:ec2:({'|'.join(CHECK_METRICS)})", re.ASCII)
_MOST_ACTIONS = 5
"""Of each list (botocore model, ResourceList)."""


def _does(action: str) -> str:
    """What an action's ARN does, in words; somebody else may have set any."""
    name = action.rpartition(":")[2]
    if ":automate:" in action and ":ec2:" in action:
        return f"{name}s it"
    return f"tells {name}" if ":sns:" in action else f"does something else ({name})"


class AlarmSettings(Struct, frozen=True):
    """PutMetricAlarm's parameters, name included and tags not, exactly as CloudWatch tells them: not for drawing as they are."""

    params: Mapping[str, Any]

    def same(self, other: AlarmSettings) -> bool:
        """Whether they are equal in all that can be set: what is left out means its default."""
        return _whole(self.params) == _whole(other.params)

    @property
    def text(self) -> str:
        """`recovers it and tells ops once StatusCheckFailed_System is at least 1 (Maximum) in 2 of 2 periods of 60 s`, safe to
        draw."""
        told = self.params
        periods = told.get("EvaluationPeriods", "?")
        points = told.get("DatapointsToAlarm", periods)
        does = [_does(str(one)) for one in told.get("AlarmActions") or ()]
        off = "" if told.get("ActionsEnabled", True) else "; its actions are switched off"
        metric, limit = told.get("MetricName"), told.get("Threshold")
        comparison = told.get("ComparisonOperator", "?")
        value = f"{limit:g}" if isinstance(limit, int | float) else "?"
        level = told.get("Statistic") or told.get("ExtendedStatistic") or "?"
        when = f"{metric} is {COMPARISONS.get(comparison, comparison)} {value} ({level})"
        when = when if metric else "an expression says so,"
        often = f"{points} of {periods} periods of {told.get('Period', '?')} s"
        return clean(f"{' and '.join(does) or 'does nothing'} once {when} in {often}{off}", 300)


class AlarmSeen(Struct, frozen=True):
    """An alarm as CloudWatch has it now. `operation`: its tag `evac:operation`; empty: it is not one of evac's."""

    settings: AlarmSettings
    operation: str = ""

    @property
    def name(self) -> str:
        """The alarm's name, which is all that CloudWatch knows it by in an account and region."""
        return str(self.settings.params.get("AlarmName", ""))


class AlarmChange(Struct, frozen=True):
    """What an alarm is to become, and what it was before: None is *no alarm of that name*.

    `operation`: whose tag the former one has; empty, if there was none.
    """

    name: str
    wanted: AlarmSettings | None = None
    former: AlarmSettings | None = None
    operation: str = ""

    def back(self, operation: str) -> AlarmChange:
        """The way back, after this was done by an operation of that id."""
        return AlarmChange(self.name, self.former, self.wanted, self.operation or operation)

    def done(self, seen: AlarmSeen | None) -> bool:
        """Whether it is as it should be."""
        return _is(seen, self.wanted)

    def untouched(self, seen: AlarmSeen | None) -> bool:
        """Whether it is as it was, and of whom it was."""
        return _is(seen, self.former) and (seen is None or seen.operation == self.operation)


class RecoveryChange(Struct, frozen=True):
    """What automatic recovery is to become and was: `default` (on where AWS supports it) or `disabled`."""

    wanted: str = "default"
    former: str = "disabled"


def _is(seen: AlarmSeen | None, settings: AlarmSettings | None) -> bool:
    if seen is None or settings is None:
        return seen is None and settings is None
    return seen.settings.same(settings)


def _whole(params: Mapping[str, Any]) -> dict[str, Any]:
    """With each default written out, and without order where order means nothing (botocore model, PutMetricAlarmInput)."""
    told = {
        key: value for key, value in params.items() if key in SETTABLE and value not in (None, "", [], ())
    }
    told.setdefault("ActionsEnabled", True)
    told.setdefault("TreatMissingData", "missing")
    if "EvaluationPeriods" in told:
        told.setdefault("DatapointsToAlarm", told["EvaluationPeriods"])
    for name in _ACTION_LISTS:
        if name in told:
            told[name] = sorted(map(str, told[name]))
    if "Dimensions" in told:
        told["Dimensions"] = sorted(
            (str(one.get("Name")), str(one.get("Value"))) for one in told["Dimensions"]
        )
    return told


def alarm_name(does: str, instance_id: str) -> str:
    """The name that evac gives its alarm: `evac/recover/i-0a1…` or `evac/reboot/i-0a1…`."""
    return f"{ALARM_PREFIX}{does}/{instance_id}"


def check_alarm(
    does: str, instance_id: str, region: str, *, periods: int, topic: str = "", about: str = ""
) -> AlarmSettings:
    """The alarm that recovers or reboots (`does`) this instance once its check has failed for so many minutes.

    Source: CloudWatch user guide, UsingAlarmActions: Maximum of a minute, ≥ 1, missing data stays missing.
    """
    actions = [f"arn:{partition_of(region)}:automate:{region}:ec2:{does}"]
    return AlarmSettings(
        {
            "AlarmName": alarm_name(does, instance_id),
            "AlarmDescription": about,
            "ActionsEnabled": True,
            "AlarmActions": [*actions, topic] if topic else actions,
            "MetricName": CHECK_METRICS[does],
            "Namespace": "AWS/EC2",
            "Statistic": "Maximum",
            "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
            "Period": 60,
            "EvaluationPeriods": periods,
            "DatapointsToAlarm": periods,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "missing",
        }
    )


def why_not_set(params: Mapping[str, Any], topics: Collection[str]) -> str:
    """Why evac may not set such an alarm; empty: it may. `topics`: the SNS topics of the settings, whole ARNs.

    Its name and its one dimension name the same instance, and whatever it does is recover, reboot or telling a topic.
    """
    name = params.get("AlarmName")
    named = _NAME.fullmatch(name) if isinstance(name, str) else None
    if named is None:
        return f"its name is not one of evac's: {clean(name, 60)}"
    if more := sorted(set(params) - _ONE_METRIC):
        return f"evac sets no {', '.join(map(clean, more))}"
    if params.get("Namespace") != "AWS/EC2" or not str(params.get("MetricName")).startswith(
        "StatusCheckFailed"
    ):
        return "it watches no status check"
    if params.get("Dimensions") != [{"Name": "InstanceId", "Value": named[2]}]:
        return "it watches another instance than its name says"
    for field in _ACTION_LISTS:
        found = params.get(field, [])
        if not isinstance(found, list) or len(found) > _MOST_ACTIONS:
            return f"its {field} are no list of actions"
        for one in found:
            known = isinstance(one, str) and (
                one in topics or (field == "AlarmActions" and _EC2_ACTION.fullmatch(one) is not None)
            )
            if not known:
                return (
                    f"its {field} may only recover, reboot or tell a topic of the settings: {clean(one, 120)}"
                )
    return ""


def why_not_deleted(params: Mapping[str, Any]) -> str:
    """Why DeleteAlarms may not be sent with these parameters; empty: it may. One alarm, and by a name of evac's."""
    names = params.get("AlarmNames")
    if set(params) != {"AlarmNames"} or not isinstance(names, list) or len(names) != 1:
        return "one alarm at a time is deleted"
    one = names[0]
    known = isinstance(one, str) and _NAME.fullmatch(one) is not None
    return "" if known else f"its name is not one of evac's: {clean(one, 60)}"


def why_not_modified(params: Mapping[str, Any]) -> str:
    """Why ModifyInstanceMaintenanceOptions may not be sent with these; empty: it may. Automatic recovery alone is set."""
    if more := sorted(set(params) - {"InstanceId", "AutoRecovery", "DryRun"}):
        return f"evac sets no {', '.join(map(clean, more))}"
    if params.get("AutoRecovery") not in ("default", "disabled"):
        return "automatic recovery is default or disabled"
    return ""
