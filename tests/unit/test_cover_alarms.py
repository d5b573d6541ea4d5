"""What an alarm is worth: those that recover, those that reboot, and those that only look like it."""

from __future__ import annotations

import pytest

from tests.unit.cover_cases import NOW, WEEK, ago, facts, machine, off, reboot, recover
from tui.domain.cover.answers import CoverVerdict as V
from tui.domain.cover.verdict import cover_of
from tui.domain.cover_facts import Alarm, AlarmState
from tui.domain.cover_facts import AlarmActionKind as A
from tui.domain.sanitize import clean

N, P, U, C = V.NOBODY, V.PARTLY, V.UNKNOWN, V.COVERED

RECOVER: list[tuple[str, Alarm, V, str]] = [
    ("as evac sets it", recover(), C, "acts after 2m of a failing system check"),
    (
        "as AWS's templates had it",
        recover(
            statistic=clean("Minimum"),
            evaluation_periods=15,
            datapoints=15,
            threshold=0.0,
            comparison=clean("GreaterThanThreshold"),
        ),
        C,
        "after 15m",
    ),
    ("no datapoints told", recover(datapoints=0), C, "after 2m"),
    ("2 of 5", recover(evaluation_periods=5), C, "after 2m"),
    ("average of one point", recover(statistic=clean("Average")), C, ""),
    ("sum", recover(statistic=clean("Sum")), C, ""),
    ("threshold a half", recover(threshold=0.5), C, ""),
    ("p99", recover(statistic=clean("p99")), C, ""),
    ("actions off", recover(actions_enabled=False), N, "ActionsEnabled=false"),
    ("reboot on the system check", recover(actions=(A.REBOOT,)), N, "stays on the same host"),
    ("stops it", recover(actions=(A.STOP,)), N, "stops it"),
    ("terminates it", recover(actions=(A.TERMINATE,)), N, "terminates it"),
    ("recovers or terminates it", recover(actions=(A.RECOVER, A.TERMINATE)), P, "also terminates it"),
    ("only tells a topic", recover(actions=(A.NOTIFY,)), N, "only tells"),
    ("recovers and tells", recover(actions=(A.NOTIFY, A.RECOVER)), C, ""),
    ("a Lambda", recover(actions=(A.OTHER,)), P, "not read"),
    ("a Lambda on the wrong check", recover(actions=(A.OTHER,), threshold=5.0), N, "does not fire"),
    ("recovers when it is well again", recover(actions=(), actions_on_ok=(A.RECOVER,)), N, "does nothing"),
    ("recovers when it has no data", recover(actions=(), actions_on_no_data=(A.RECOVER,)), N, "does nothing"),
    ("a unit or dimensions of nothing", recover(sees=False), N, "a series that AWS does not write"),
    ("no action at all", recover(actions=()), N, "does nothing"),
    ("both checks", recover(metric=clean("StatusCheckFailed")), N, "watches StatusCheckFailed, not"),
    (
        "the instance check",
        recover(metric=clean("StatusCheckFailed_Instance")),
        N,
        "not StatusCheckFailed_System",
    ),
    (
        "the EBS check",
        recover(metric=clean("StatusCheckFailed_AttachedEBS")),
        N,
        "not StatusCheckFailed_System",
    ),
    ("CPU", recover(metric=clean("CPUUtilization"), threshold=90.0), N, "watches CPUUtilization"),
    ("a metric of their own", recover(namespace=clean("Custom/EC2")), N, "of Custom/EC2"),
    (
        "another spelling",
        recover(metric=clean("statuscheckfailed_system")),
        N,
        "watches statuscheckfailed_system",
    ),
    ("a formula", recover(metric=clean(""), namespace=clean("")), U, "an expression"),
    ("sample count", recover(statistic=clean("SampleCount")), N, "SampleCount"),
    ("trimmed count", recover(statistic=clean("TC(0:1)")), N, "TC(0:1)"),
    ("no statistic told", recover(statistic=clean("")), U, "missing"),
    ("threshold two", recover(threshold=2.0), N, "does not fire when the check fails"),
    (
        "greater than one",
        recover(comparison=clean("GreaterThanThreshold")),
        N,
        "does not fire when the check fails",
    ),
    ("at least zero", recover(threshold=0.0), N, "fires while the check is well"),
    ("less than", recover(comparison=clean("LessThanThreshold")), N, "fires while the check is well"),
    ("at most", recover(comparison=clean("LessThanOrEqualToThreshold"), threshold=0.0), N, "fires while"),
    (
        "no threshold",
        recover(threshold=None, comparison=clean("GreaterThanUpperThreshold")),
        N,
        "no fixed threshold",
    ),
    ("a threshold that is no number", recover(threshold=float("nan")), N, "does not fire"),
    (
        "sum of five minutes, four wanted",
        recover(statistic=clean("Sum"), period=300, threshold=4.0),
        C,
        "after 10m",
    ),
    (
        "sum of five minutes, six wanted",
        recover(statistic=clean("Sum"), period=300, threshold=6.0),
        N,
        "does not fire",
    ),
    ("ten seconds", recover(period=10), N, "looks at 10 s"),
    ("ninety seconds", recover(period=90), N, "a point a minute"),
    ("no period", recover(period=0), U, "missing"),
    ("five minutes", recover(period=300), C, "after 10m"),
    ("five minutes, averaged", recover(period=300, statistic=clean("Average")), P, "comes and goes"),
    ("an hour", recover(period=3600), P, "acts late, after 2h"),
    ("a day", recover(period=86400, evaluation_periods=1, datapoints=1), P, "acts late, after 24h"),
    ("thirty minutes in a row", recover(evaluation_periods=30, datapoints=30), P, "acts late, after 30m"),
    ("3 of 30", recover(evaluation_periods=30, datapoints=3), C, "after 3m"),
    ("no evaluation periods", recover(evaluation_periods=0, datapoints=0), U, "missing"),
    ("missing is breaching", recover(missing_data=clean("breaching")), P, "missing data for a failure"),
    ("missing is not breaching", recover(missing_data=clean("notBreaching")), C, ""),
    ("missing is ignored", recover(missing_data=clean("ignore")), C, ""),
    (
        "in ALARM for an hour",
        recover(state=AlarmState.ALARM, state_since=ago(hours=1)),
        N,
        "fired and did not help: in ALARM for 1h",
    ),
    (
        "in ALARM, since when is not told",
        recover(state=AlarmState.ALARM, state_since=None),
        N,
        "did not help",
    ),
    (
        "in ALARM for two minutes",
        recover(state=AlarmState.ALARM, state_since=ago(minutes=2)),
        P,
        "fired 2m ago",
    ),
    ("no data for days", recover(state=AlarmState.INSUFFICIENT_DATA), N, "no data of it"),
    (
        "no data, just set",
        recover(state=AlarmState.INSUFFICIENT_DATA, state_since=ago(minutes=1)),
        P,
        "no data yet",
    ),
    ("a state nobody knows", recover(state=AlarmState.UNKNOWN), U, "AWS did not tell"),
]

REBOOT: list[tuple[str, Alarm, V, str]] = [
    ("as evac sets it", reboot(), C, "acts after 3m of a failing instance check"),
    ("a single minute", reboot(evaluation_periods=1, datapoints=1), C, "after 1m"),
    ("both checks", reboot(metric=clean("StatusCheckFailed")), P, "watches both checks"),
    (
        "the system check",
        reboot(metric=clean("StatusCheckFailed_System")),
        N,
        "not StatusCheckFailed_Instance",
    ),
    ("recover on the instance check", reboot(actions=(A.RECOVER,)), N, "for the system check alone"),
    (
        "CPU at nothing",
        reboot(metric=clean("CPUUtilization"), comparison=clean("LessThanThreshold"), threshold=1.0),
        N,
        "watches CPUUtilization",
    ),
    ("stops it", reboot(actions=(A.STOP,)), N, "stops it"),
    ("only tells", reboot(actions=(A.NOTIFY,)), N, "only tells"),
    ("systems manager", reboot(actions=(A.OTHER, A.NOTIFY)), P, "not read"),
    ("actions off", reboot(actions_enabled=False), N, "ActionsEnabled=false"),
    (
        "actions off on both checks",
        reboot(metric=clean("StatusCheckFailed"), actions_enabled=False),
        N,
        "ActionsEnabled=false",
    ),
    ("reboots and recovers", reboot(actions=(A.REBOOT, A.RECOVER)), P, "also recovers"),
    ("breaching", reboot(missing_data=clean("breaching")), P, "missing data"),
    ("no data for days", reboot(state=AlarmState.INSUFFICIENT_DATA), N, "INSUFFICIENT_DATA for 30d"),
    ("fired", reboot(state=AlarmState.ALARM, state_since=ago(minutes=40)), N, "in ALARM for 40m"),
    ("average over an hour", reboot(statistic=clean("Average"), period=3600), P, "comes and goes"),
]


@pytest.mark.parametrize(
    ("name", "alarm", "wanted", "why"), RECOVER, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_recover_alarm(name: str, alarm: Alarm, wanted: V, why: str) -> None:
    """Alone, and beside automatic recovery, which it neither helps nor hurts."""
    host = cover_of(off(alarm), NOW, WEEK).host_dies
    assert host.verdict is wanted, host
    assert why in host.why
    assert bool(host.by) is (wanted in (C, P))
    assert cover_of(machine(facts(alarm)), NOW, WEEK).host_dies.verdict is C


@pytest.mark.parametrize(
    ("name", "alarm", "wanted", "why"), REBOOT, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_reboot_alarm(name: str, alarm: Alarm, wanted: V, why: str) -> None:
    """It never covers the host; with another that works it is no matter."""
    cover = cover_of(off(alarm), NOW, WEEK)
    assert (cover.host_dies.verdict, cover.system_hangs.verdict) == (N, wanted), cover
    assert why in cover.system_hangs.why
    assert cover_of(off(alarm, reboot(name=clean("works"))), NOW, WEEK).system_hangs.verdict is C


def test_an_instance_that_was_just_started_has_no_data_yet() -> None:
    alarm = recover(state=AlarmState.INSUFFICIENT_DATA)
    assert cover_of(off(alarm, launched_at=ago(minutes=4)), NOW, WEEK).host_dies.verdict is P
    assert cover_of(off(alarm, launched_at=ago(days=4)), NOW, WEEK).host_dies.verdict is N
