"""CloudWatch's alarms on instances: which there are, and what each does when it goes to ALARM.

All metric alarms of the region are read, not those of an action (ActionPrefix): whether AWS takes a part of an ARN there is
nowhere said, none found could not be told from a prefix that means nothing, and an alarm that only tells somebody looks like
cover as well. Shapes: botocore's model, cloudwatch 2010-08-01.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tui.aws import describe, mapping
from tui.domain.cover_facts import Alarm, AlarmActionKind, AlarmState
from tui.domain.sanitize import SafeText, clean

_Doc = Mapping[str, Any]
ALARMS_A_PAGE = 100
"""The most that DescribeAlarms gives at once."""
_ACTS = re.compile(
    r"arn:[\w-]+:automate:[\w-]*:ec2:(recover|reboot|stop|terminate)"
    r"|arn:[\w-]+:swf:[\w-]*:\w*:action/actions/AWS_EC2\.InstanceId\.(recover|reboot|stop|terminate)/1\.0",
    re.IGNORECASE,
)
_TELLS = re.compile(r"arn:[\w-]+:sns:")
_ON_EC2 = frozenset(
    {AlarmActionKind.RECOVER, AlarmActionKind.REBOOT, AlarmActionKind.STOP, AlarmActionKind.TERMINATE}
)


def alarm_action(arn: object) -> AlarmActionKind:
    """What an action's ARN does to the instance; NOTIFY and OTHER do nothing to it that is known."""
    if found := _ACTS.fullmatch(str(arn)):
        return AlarmActionKind((found[1] or found[2]).lower())
    return AlarmActionKind.NOTIFY if _TELLS.match(str(arn)) else AlarmActionKind.OTHER


def map_alarm(item: _Doc) -> Alarm:
    """An `Alarm` from an item of DescribeAlarms' MetricAlarms."""
    periods = _count(item.get("EvaluationPeriods"))
    try:
        state = AlarmState(item.get("StateValue", ""))
    except ValueError:
        state = AlarmState.UNKNOWN
    threshold = item.get("Threshold")
    return Alarm(
        clean(item.get("AlarmName")),
        state,
        mapping.utc_time(item.get("StateTransitionedTimestamp") or item.get("StateUpdatedTimestamp")),
        _shared(item.get("Namespace")),
        _shared(item.get("MetricName")),
        _shared(item.get("Statistic") or item.get("ExtendedStatistic")),
        _count(item.get("Period")),
        periods,
        _count(item.get("DatapointsToAlarm")) or periods,
        float(threshold) if isinstance(threshold, int | float) else None,
        _shared(item.get("ComparisonOperator")),
        _shared(item.get("TreatMissingData") or "missing"),
        bool(item.get("ActionsEnabled", True)),
        _actions(item, "AlarmActions"),
        _actions(item, "OKActions"),
        _actions(item, "InsufficientDataActions"),
        _sees(item),
    )


def _sees(item: _Doc) -> bool:
    """Whether the series of the status check that it asks for is one that AWS writes (user guide, viewing_metrics)."""
    names = [one.get("Name") for one in item.get("Dimensions") or ()]
    return (
        not _watches_checks(item)
        or not item.get("MetricName")
        or (names == ["InstanceId"] and item.get("Unit") in (None, "Count"))
    )


def _actions(item: _Doc, name: str) -> tuple[AlarmActionKind, ...]:
    return tuple(dict.fromkeys(map(alarm_action, item.get(name) or ())))


def instance_alarms(client: Any) -> dict[str, tuple[Alarm, ...]]:
    """The alarms of each instance that act on it, or watch its status checks. Raises what botocore raises, and NotAwsError."""
    found: defaultdict[str, list[Alarm]] = defaultdict(list)
    call = client.describe_alarms
    for page in describe.pages(call, "MetricAlarms", AlarmTypes=["MetricAlarm"], MaxRecords=ALARMS_A_PAGE):
        for item in page:
            if ids := dict.fromkeys(_instances(item)):
                alarm = map_alarm(item)
                acts = (*alarm.actions, *alarm.actions_on_ok, *alarm.actions_on_no_data)
                if _ON_EC2.intersection(acts) or _watches_checks(item):
                    for one in ids:
                        found[one].append(alarm)
    return {one: tuple(sorted(alarms, key=lambda alarm: alarm.name)) for one, alarms in found.items()}


def _shared(text: object) -> SafeText:
    """Cleaned; one object for all alarms that say the same."""
    return SafeText(sys.intern(clean(text)))


def _metrics(item: _Doc) -> Iterator[_Doc]:
    """Its metric, or those that its metric math is made of."""
    yield item
    for query in item.get("Metrics") or ():
        yield (query.get("MetricStat") or {}).get("Metric") or {}


def _instances(item: _Doc) -> Iterator[str]:
    for metric in _metrics(item):
        for one in metric.get("Dimensions") or ():
            if one.get("Name") == "InstanceId":
                yield str(clean(one.get("Value")))


def _watches_checks(item: _Doc) -> bool:
    return any(str(metric.get("MetricName")).startswith("StatusCheckFailed") for metric in _metrics(item))


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
