"""When an alarm is looked at, and which state its data mean.

An alarm is evaluated each minute while its data change; one on a status check sleeps until its instance changes again. Metric
math, anomaly bands and PromQL are not evaluated: such an alarm stays as it is.
Source: CloudWatch's user guide, alarm-evaluation and alarms-and-missing-data (tests/unit/test_demo_alarms.py holds its tables).
Unsourced: that the evaluation range is two points longer than EvaluationPeriods, as in the guide's example.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import Any

from tui.demo import alarm_states, metric_values
from tui.demo.instance import DemoInstance
from tui.demo.metric_values import PUBLISHED_AFTER, Bin, Series
from tui.demo.world import Region, World

Doc = dict[str, Any]
_COMPARES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge, "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt, "LessThanOrEqualToThreshold": operator.le,
}  # fmt: skip
_MORE_POINTS = 2
_SELDOM = 0.5
"""Seconds. On a fast clock (600 times) each alarm was looked at ten times a second, and nothing else was answered."""
_CAUGHT_UP = timedelta(hours=1)
"""A clock that was moved on by more is not followed minute by minute: only the last hour is."""


def watch(world: World, region: Region, alarm: Doc) -> None:
    """Evaluate it from the next minute on, and again whenever its instance changes."""
    if not _is_evaluated(alarm):
        return
    if (instance := _instance(region, alarm)) is not None:
        wake_with(world, region, instance)
    _later(world, region, alarm)


def _is_evaluated(alarm: Doc) -> bool:
    return bool(alarm.get("MetricName")) and alarm.get("ComparisonOperator") in _COMPARES


def wake_with(world: World, region: Region, instance: DemoInstance) -> None:
    """From now on a change of the instance wakes the alarms on it."""
    instance.sick.changed = partial(_wake, world, region, instance.id)


def _wake(world: World, region: Region, instance_id: str) -> None:
    for name in region.alarms_on.get(instance_id, ()):
        if (alarm := region.alarms.get(name)) is not None and _is_evaluated(alarm):
            _later(world, region, alarm)


def _instance(region: Region, alarm: Doc) -> DemoInstance | None:
    names = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    return region.instances.get(names.get("InstanceId", ""))


def _later(world: World, region: Region, alarm: Doc) -> None:
    """Evaluate it when the next minute's data can be read, unless that is to be done already."""
    clock = world.clock
    step = seconds_between_looks(int(alarm["Period"]), clock.speed)
    after = PUBLISHED_AFTER / clock.speed
    begin = max(clock.now, clock.until - _CAUGHT_UP)
    end = ceil((begin.timestamp() - after) / step) * step
    if end + after <= begin.timestamp():
        end += step
    when = datetime.fromtimestamp(end + after, UTC)
    if alarm.get("_due", when) < clock.now or "_due" not in alarm:
        alarm["_due"] = when
        clock.at(when, partial(_evaluate, world, region, alarm, end))


def seconds_between_looks(period: int, speed: float) -> float:
    """Seconds between two looks: a minute, or more of them where that would be more than this process can follow."""
    minute = (60 if period >= 60 else 10) / speed
    return minute * max(1, ceil(_SELDOM / minute - 1e-9), period // 240)


def _evaluate(world: World, region: Region, alarm: Doc, end: float) -> None:
    alarm.pop("_due", None)
    if region.alarms.get(alarm["AlarmName"]) is not alarm:
        return  # deleted or overwritten meanwhile
    period, count = alarm["Period"] / world.clock.speed, alarm["EvaluationPeriods"] + _MORE_POINTS
    series = metric_values.find_series(region, alarm)
    begins = [end - (back + 1) * period for back in reversed(range(count))]
    values = [
        None if series is None else _point(series, at, period, world.clock.speed, alarm) for at in begins
    ]
    state = state_of(alarm, values)
    if state is not None:
        told = [value for value in values if value is not None]
        reason = (
            f"Threshold Crossed: {len(told)} datapoints {told[-3:]}"
            if told
            else "Insufficient Data: no datapoints"
        )
        alarm_states.become(world, region, alarm, state, reason)
    if series is not None and _changing(series, begins[0]):
        _later(world, region, alarm)


def _changing(series: Series, since: float) -> bool:
    """Whether another value may come: of a check only if it, or the instance, has changed since then."""
    if series.checks is None:
        return series.instance.state == "running"
    spans = [*series.instance.ran.seconds(), *series.checks]
    return any(since <= moment for span in spans for moment in span if moment != float("inf"))


def _point(series: Series, at: float, length: float, speed: float, alarm: Doc) -> float | None:
    """The statistic of one period; None where nothing was sent."""
    own = series.period / speed
    first, found = ceil(round(at / own, 6)), []
    while first * own < at + length - 1e-6:
        if (value := series.value(first * own)) is not None:
            found.append(value)
        first += 1
    if not found:
        return None
    whole = Bin(datetime.fromtimestamp(at, UTC), min(found), max(found), sum(found), float(len(found)))
    try:
        return whole.statistic(alarm.get("Statistic") or alarm["ExtendedStatistic"])
    except ValueError:
        return None


def state_of(alarm: Doc, values: Sequence[float | None]) -> str | None:
    """OK, ALARM or INSUFFICIENT_DATA by the points of the evaluation range, the oldest first; None: it stays as it is."""
    periods: int = alarm["EvaluationPeriods"]
    needed = int(alarm.get("DatapointsToAlarm") or periods)
    treated = alarm.get("TreatMissingData", "missing")
    breaches = [
        None if one is None else _COMPARES[alarm["ComparisonOperator"]](one, alarm["Threshold"])
        for one in values
    ]
    real = [one for one in breaches if one is not None]
    if len(real) >= periods:
        return "ALARM" if sum(real[-periods:]) >= needed else "OK"
    filled = periods - len(real)
    if treated == "breaching":
        return "ALARM" if sum(real) + filled >= needed else "OK"
    if treated == "notBreaching":
        return "ALARM" if sum(real) >= needed else "OK"
    if not real:
        return None if treated == "ignore" else "INSUFFICIENT_DATA"
    if sum(real) >= needed or _old_enough(breaches[-periods:], needed):
        return "ALARM"
    return None if True in real else "OK"


def _old_enough(breaches: Sequence[bool | None], needed: int) -> bool:
    """Whether the oldest point that breaches is as old as DatapointsToAlarm, and every later one breaches or is missing."""
    if True not in breaches:
        return False
    at = breaches.index(True)
    return len(breaches) - at >= needed and False not in breaches[at:]
