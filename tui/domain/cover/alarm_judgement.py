"""Whether an alarm acts when a status check fails, or only looks like it.

Sources: CloudWatch user guide, UsingAlarmActions and AlarmThatSendsEmail; EC2 user guide, cloudwatch-recovery; botocore model,
PutMetricAlarmInput. The status checks are metrics of one point a minute, 0 or 1. EC2 actions run on the transition to ALARM only.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tui.domain.alarm_settings import COMPARISONS
from tui.domain.cover.answers import CoverLine, CoverVerdict
from tui.domain.cover_facts import Alarm, AlarmActionKind, AlarmState
from tui.domain.sanitize import clean
from tui.domain.time_format import span

EC2_NAMESPACE = "AWS/EC2"
SYSTEM_METRIC, INSTANCE_METRIC, BOTH_METRIC = (
    "StatusCheckFailed_System",
    "StatusCheckFailed_Instance",
    "StatusCheckFailed",
)
MINUTE = 60
"""Seconds between two points of a status check's metric."""
ACTING = timedelta(minutes=10)
"""So long after it fired an alarm may still be at it; later it did not help."""
SETTLING = timedelta(minutes=10)
"""So long an alarm that was just set may be without data."""
SLOW_ALARM = timedelta(minutes=15)
"""An alarm that waits longer than this acts, but late."""

RECOVER, REBOOT = AlarmActionKind.RECOVER, AlarmActionKind.REBOOT
ENDS: dict[AlarmActionKind, str] = {AlarmActionKind.STOP: "stops", AlarmActionKind.TERMINATE: "terminates"}
"""What takes it down, and nothing brings it back."""
_CHECKS = {RECOVER: (SYSTEM_METRIC, "system check"), REBOOT: (INSTANCE_METRIC, "instance check")}
_LEVELS = re.compile(r"(?:p|tm|wm)\d{1,2}(?:\.\d+)?|p100|IQM|(?:TM|WM)\(.*\)", re.IGNORECASE)
_COMPARED = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
Judgement = tuple[CoverVerdict, str, str]
"""The verdict, why in a clause, and that in two or three words."""
_NOBODY, _PARTLY, _UNKNOWN = CoverVerdict.NOBODY, CoverVerdict.PARTLY, CoverVerdict.UNKNOWN


def concerns(alarm: Alarm, wanted: AlarmActionKind) -> bool:
    """Whether it has, or seems to have, to do with that check or that action: then it is judged and told."""
    metric = _CHECKS[wanted][0]
    if wanted in alarm.actions or alarm.metric == metric:
        return True
    return str(alarm.metric) == BOTH_METRIC and (RECOVER in alarm.actions or REBOOT in alarm.actions)


def alarm_line(
    alarm: Alarm, wanted: AlarmActionKind, now: datetime, started: datetime | None = None
) -> CoverLine:
    """What this alarm is worth for `wanted` (recover: the system check; reboot: the instance check)."""
    verdict, why, word = judged(alarm, wanted, now, started)
    what, text = f"{wanted} alarm", f"{quoted_name(alarm)} {why}"
    return CoverLine(what, verdict, text, word, f"{what} {alarm.name}", f"{what} {text}")


def quoted_name(alarm: Alarm) -> str:
    """Its name in a sentence: one with blanks would be taken for a part of it."""
    name = clean(alarm.name, 80)
    return f'"{name}"' if " " in name else name


def judged(
    alarm: Alarm, wanted: AlarmActionKind, now: datetime, started: datetime | None = None
) -> Judgement:
    """Whether it does `wanted` once its check fails, the surest obstacle first. `started`: when the instance did."""
    return (
        _other_action(alarm, wanted)
        or _watches_wrong(alarm, wanted)
        or _state(alarm, now, started)
        or _flaws(alarm, wanted)
        or _acts(alarm, wanted)
    )


def _other_action(alarm: Alarm, wanted: AlarmActionKind) -> Judgement | None:
    actions = alarm.actions
    if not actions:
        return _NOBODY, "does nothing when it fires", "no action"
    if not alarm.actions_enabled:
        return _NOBODY, "has its actions switched off (ActionsEnabled=false)", "actions off"
    if wanted in actions:
        return None
    ends = next((word for kind, word in ENDS.items() if kind in actions), None)
    if ends is not None:
        return _NOBODY, f"{ends} it, and nobody starts it again", ends
    if REBOOT in actions:
        why = "reboots it, and a reboot stays on the same host: recover is for the system check"
        return _NOBODY, why, "reboots only"
    if RECOVER in actions:
        return _NOBODY, "recovers it, which AWS does for the system check alone", "recover only"
    if AlarmActionKind.OTHER in actions:
        why = "has another action (Lambda, Systems Manager …), and what that does is not read"
        return _watches_wrong(alarm, wanted) or (_PARTLY, why, "other action")
    return _NOBODY, "only tells somebody: nobody acts by itself", "tells only"


def _watches_wrong(alarm: Alarm, wanted: AlarmActionKind) -> Judgement | None:
    metric, check = _CHECKS[wanted]
    if not alarm.metric:
        return (
            _UNKNOWN,
            f"watches an expression: whether it sees the {check} can't be told",
            "on a formula",
        )
    if alarm.namespace != EC2_NAMESPACE:
        return (
            _NOBODY,
            f"watches {clean(alarm.metric, 60)} of {clean(alarm.namespace, 60) or 'no namespace'}, not AWS's check",
            "wrong metric",
        )
    if alarm.metric != metric and not (wanted is REBOOT and str(alarm.metric) == BOTH_METRIC):
        return _NOBODY, f"watches {clean(alarm.metric, 60)}, not {metric}", "wrong metric"
    if not alarm.sees:
        return (
            _NOBODY,
            "asks for a series that AWS does not write: wrong dimensions or unit",
            "alarm blind",
        )
    if alarm.period <= 0 or alarm.evaluation_periods <= 0 or not alarm.statistic:
        return _UNKNOWN, "is not told in full by AWS: period or statistic is missing", "not told"
    if alarm.period % MINUTE:
        return (
            _NOBODY,
            f"looks at {alarm.period} s at a time, where the check has a point a minute",
            "wrong period",
        )
    return _fires_wrong(alarm)


def _fires_wrong(alarm: Alarm) -> Judgement | None:
    statistic, threshold = str(alarm.statistic), alarm.threshold
    compare = _COMPARED.get(alarm.comparison)
    if threshold is None or compare is None:
        return _NOBODY, "has no fixed threshold, so that nobody knows when it fires", "wrong limit"
    failed = failed_value(statistic, alarm.period)
    if failed is None:
        return (
            _NOBODY,
            f"looks at {clean(statistic, 30)}, which does not show a failing check",
            "wrong stat",
        )
    rule = f"({clean(statistic, 30)} {COMPARISONS[alarm.comparison]} {threshold:g})"
    if compare(0, threshold):
        return _NOBODY, f"fires while the check is well {rule}", "wrong limit"
    if not compare(failed, threshold):
        return _NOBODY, f"does not fire when the check fails {rule}", "wrong limit"
    return None


def failed_value(statistic: str, period: int) -> float | None:
    """What a statistic of `period` seconds shows of a check that fails all the time; None: it tells nothing of it."""
    if statistic in ("Maximum", "Minimum", "Average") or _LEVELS.fullmatch(statistic):
        return 1.0
    if statistic == "Sum":
        return period / MINUTE
    return None


def _state(alarm: Alarm, now: datetime, started: datetime | None) -> Judgement | None:
    length = None if alarm.state_since is None else max(now - alarm.state_since, timedelta())
    since = "" if length is None else f" for {span(length)}"
    if alarm.state is AlarmState.ALARM:
        if length is not None and length <= ACTING:
            return _PARTLY, f"has fired {span(length)} ago and may be at it", "alarm fired"
        why = f"has fired and did not help: in ALARM{since}, and it acts on going there only"
        return _NOBODY, why, "did not help"
    if alarm.state is AlarmState.INSUFFICIENT_DATA:
        young = started is not None and now - started <= SETTLING
        if young or (length is not None and length <= SETTLING):
            return _PARTLY, f"has no data yet: INSUFFICIENT_DATA{since}", "alarm blind"
        return _NOBODY, f"sees no data of it: INSUFFICIENT_DATA{since}", "alarm blind"
    if alarm.state is not AlarmState.OK:
        return _UNKNOWN, "is in a state that AWS did not tell", "not told"
    return None


def _flaws(alarm: Alarm, wanted: AlarmActionKind) -> Judgement | None:
    ends = next((word for kind, word in ENDS.items() if kind in alarm.actions), None)
    if ends is not None:
        return _PARTLY, f"also {ends} it", ends
    if wanted is REBOOT and RECOVER in alarm.actions:
        return _PARTLY, "also recovers it, which AWS does for the system check alone", "two actions"
    if str(alarm.metric) == BOTH_METRIC:
        return (
            _PARTLY,
            "watches both checks: it also reboots a system whose host failed, and races with its recovery",
            "both checks",
        )
    if alarm.missing_data == "breaching":
        return (
            _PARTLY,
            "takes missing data for a failure: a stop puts it in ALARM, and from there it does not act",
            "breaching",
        )
    if alarm.period > MINUTE and str(alarm.statistic) not in ("Maximum", "Sum"):
        return (
            _PARTLY,
            f"wants {alarm.statistic} over {span(_seconds(alarm.period))}: a check that comes and goes is missed",
            "wrong stat",
        )
    length = acts_after(alarm)
    if length > SLOW_ALARM:
        return _PARTLY, f"acts late, after {span(length)}", f"alarm, {span(length)}"
    return None


def acts_after(alarm: Alarm) -> timedelta:
    """How long its check fails before it fires."""
    wanted = alarm.datapoints if alarm.datapoints > 0 else alarm.evaluation_periods
    return _seconds(alarm.period * max(min(wanted, alarm.evaluation_periods), 1))


def _seconds(number: int) -> timedelta:
    return timedelta(seconds=min(number, 10**9))


def _acts(alarm: Alarm, wanted: AlarmActionKind) -> Judgement:
    after = span(acts_after(alarm))
    return CoverVerdict.COVERED, f"acts after {after} of a failing {_CHECKS[wanted][1]}", f"alarm, {after}"
