"""Alarms that may stop or terminate an instance, and what else its alarms do.

Source: CloudWatch user guide, UsingAlarmActions: stop and terminate are EC2 actions as recover and reboot are. An alarm on an
idle instance fires on one that hangs as well, which does nothing either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from msgspec import Struct

from tui.domain.alarm_settings import COMPARISONS
from tui.domain.cover.alarm_judgement import REBOOT, RECOVER, concerns, quoted_name
from tui.domain.cover.answers import CoverLine, CoverVerdict
from tui.domain.cover_facts import Alarm, AlarmActionKind, AlarmState
from tui.domain.instance import Instance
from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import span

_LOW = ("LessThanThreshold", "LessThanOrEqualToThreshold")


class AlarmDanger(Struct, frozen=True, gc=False):
    """An alarm that may take the instance down. `text`: `alarm idle may terminate it: CPUUtilization at most 5 for 30m …`.

    `terminates`: for ever. `when_stopped`: a stop sets it off, for it takes missing data for a breach. `when_hung`: a hung
    system does, for it looks for little of something.
    """

    name: SafeText
    text: str
    terminates: bool
    when_stopped: bool
    when_hung: bool


def alarm_dangers(instance: Instance) -> tuple[AlarmDanger, ...]:
    """Those of its alarms that may stop or terminate it, the gravest first. Where alarms were not read there is none to tell."""
    if instance.cover is None:
        return ()
    found = [danger for alarm in instance.cover.alarms for danger in _danger(alarm)]
    return tuple(sorted(found, key=lambda one: (not one.terminates, not one.when_stopped, one.name)))


def _danger(alarm: Alarm) -> Iterator[AlarmDanger]:
    """One for each state on going to which it ends the instance."""
    if not alarm.actions_enabled:
        return
    stopped, hung = alarm.missing_data == "breaching", str(alarm.comparison) in _LOW
    also = [*["a stop sets it off"] * stopped, *["a hung system looks just so"] * hung]
    if alarm.state is AlarmState.ALARM:
        also.append("it is in ALARM now")
    yield from _ending(alarm, alarm.actions, "; ".join((_condition(alarm), *also)), stopped, hung)
    quiet = alarm.missing_data in ("", "missing")
    told = "when it has no data" + "; a stop sets it off" * quiet
    yield from _ending(alarm, alarm.actions_on_no_data, told, quiet, False)
    yield from _ending(
        alarm, alarm.actions_on_ok, f"when it is well again: {_condition(alarm)}", False, False
    )


def _ending(
    alarm: Alarm, actions: Sequence[AlarmActionKind], when: str, stopped: bool, hung: bool
) -> Iterator[AlarmDanger]:
    terminates = AlarmActionKind.TERMINATE in actions
    if terminates or AlarmActionKind.STOP in actions:
        text = f"alarm {quoted_name(alarm)} may {'terminate' if terminates else 'stop'} it: {when}"
        yield AlarmDanger(alarm.name, text, terminates, stopped, hung)


def _condition(alarm: Alarm) -> str:
    if not alarm.metric:
        return "an expression"
    word = COMPARISONS.get(alarm.comparison)
    limit = f" {word} {alarm.threshold:g}" if word and alarm.threshold is not None else " out of its range"
    points = alarm.datapoints or alarm.evaluation_periods
    seconds = min(max(alarm.period * points, 0), 10**9)
    return f"{clean(alarm.metric, 60)}{limit}" + (
        f" for {span(timedelta(seconds=seconds))}" if seconds else ""
    )


def other_alarm_lines(instance: Instance) -> tuple[CoverLine, ...]:
    """What else its alarms do: those that may take it down first, then those told of under neither check."""
    if instance.cover is None:
        return ()
    dangers = alarm_dangers(instance)
    told = tuple(CoverLine("danger", CoverVerdict.PARTLY, one.text, "may end it") for one in dangers)
    names = {one.name for one in dangers}
    rest = (
        CoverLine(clean(alarm.name, 80), None, f"{_condition(alarm)} → {_does(alarm)}")
        for alarm in instance.cover.alarms
        if alarm.name not in names and not concerns(alarm, RECOVER) and not concerns(alarm, REBOOT)
    )
    return (*told, *rest)


_DOES = {
    AlarmActionKind.RECOVER: "recovers it",
    AlarmActionKind.REBOOT: "reboots it",
    AlarmActionKind.STOP: "stops it",
    AlarmActionKind.TERMINATE: "terminates it",
    AlarmActionKind.NOTIFY: "tells a topic",
    AlarmActionKind.OTHER: "another action",
}


def _does(alarm: Alarm) -> str:
    done = ", ".join(_DOES[one] for one in alarm.actions) or "nothing"
    return done if alarm.actions_enabled else f"{done}, but its actions are switched off"
