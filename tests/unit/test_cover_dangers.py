"""Alarms that may stop or terminate an instance; services; the order of a list."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.cover_cases import NOW, OFF, WEEK, ago, facts, image, machine, member, reboot, recover, tags
from tests.unit.hazard_cases import KNOWN
from tui.domain.actions import ActionOptions
from tui.domain.cover.alarm_dangers import alarm_dangers
from tui.domain.cover.services import services_of
from tui.domain.cover.verdict import cover_lines, cover_of, gravest_first
from tui.domain.cover_facts import Alarm, AlarmActionKind, AlarmState
from tui.domain.hazards import Gravity, hazards
from tui.domain.instance import Instance, InstanceState
from tui.domain.policy import Policy
from tui.domain.sanitize import clean

A = AlarmActionKind


def idle(*actions: AlarmActionKind, **changes: Any) -> Alarm:
    """What saves money on a machine that does nothing, and ends one that hangs."""
    ours = recover(
        name=clean("idle"),
        metric=clean("CPUUtilization"),
        statistic=clean("Average"),
        comparison=clean("LessThanOrEqualToThreshold"),
        threshold=5.0,
        period=300,
        evaluation_periods=6,
        datapoints=6,
        actions=actions,
    )
    return replace(ours, **changes)


@pytest.mark.parametrize(
    ("alarm", "text"),
    [
        (
            idle(A.TERMINATE),
            "alarm idle may terminate it: CPUUtilization at most 5 for 30m; a hung system looks just so",
        ),
        (
            idle(A.STOP, A.NOTIFY),
            "alarm idle may stop it: CPUUtilization at most 5 for 30m; a hung system looks just so",
        ),
        (
            idle(A.STOP, comparison=clean("GreaterThanThreshold"), missing_data=clean("breaching")),
            "alarm idle may stop it: CPUUtilization above 5 for 30m; a stop sets it off",
        ),
        (
            idle(A.STOP, A.TERMINATE, state=AlarmState.ALARM, comparison=clean("GreaterThanThreshold")),
            "alarm idle may terminate it: CPUUtilization above 5 for 30m; it is in ALARM now",
        ),
        (idle(A.STOP, metric=clean(""), comparison=clean("x")), "alarm idle may stop it: an expression"),
        (
            recover(actions_on_no_data=(A.TERMINATE,)),
            "alarm recover-1 may terminate it: when it has no data; a stop sets it off",
        ),
        (
            recover(actions_on_no_data=(A.STOP,), missing_data=clean("notBreaching")),
            "alarm recover-1 may stop it: when it has no data",
        ),
        (
            recover(actions_on_ok=(A.STOP,)),
            "alarm recover-1 may stop it: when it is well again: StatusCheckFailed_System at least 1 for 2m",
        ),
        (
            idle(A.STOP, threshold=None, comparison=clean("GreaterThanUpperThreshold")),
            "alarm idle may stop it: CPUUtilization out of its range for 30m",
        ),
    ],
)
def test_an_alarm_that_may_end_it_is_told(alarm: Alarm, text: str) -> None:
    row = machine(facts(alarm))
    assert [one.text for one in alarm_dangers(row)] == [text]
    last = cover_lines(row, NOW, WEEK)[-1]
    assert last.answer is None
    assert text in [line.text for line in last.lines]


@pytest.mark.parametrize(
    "alarm", [idle(A.TERMINATE, actions_enabled=False), idle(A.NOTIFY), idle(A.OTHER), recover(), reboot()]
)
def test_no_other_alarm_is_a_danger(alarm: Alarm) -> None:
    assert not alarm_dangers(machine(facts(alarm)))


@pytest.mark.parametrize(
    ("action", "alarm", "gravity"),
    [
        ("stop-start", idle(A.TERMINATE, missing_data=clean("breaching")), Gravity.DANGER),
        ("stop-start", idle(A.STOP, missing_data=clean("breaching")), Gravity.WARN),
        ("stop-start", idle(A.TERMINATE), Gravity.WARN),
        ("stop-start", idle(A.STOP), Gravity.NOTE),
        ("reboot", idle(A.TERMINATE, missing_data=clean("breaching")), Gravity.WARN),
        ("reboot", idle(A.STOP), Gravity.NOTE),
        ("stop-start", recover(actions_on_no_data=(A.TERMINATE,)), Gravity.DANGER),
    ],
)
def test_a_stop_that_sets_an_alarm_off_is_a_hazard_of_its_own(
    action: str, alarm: Alarm, gravity: Gravity
) -> None:
    found = hazards(machine(facts(alarm)), KNOWN, action, NOW, ActionOptions(), Policy())
    ours = [one for one in found if one.code == "alarm-ends-it"]
    assert [one.gravity for one in ours] == [gravity]
    assert f"disable-alarm-actions --alarm-names {alarm.name}" in ours[0].remedy


@pytest.mark.parametrize(
    ("action", "alarm", "told"),
    [
        ("stop-start", reboot(missing_data=clean("breaching")), True),
        ("stop-start", recover(missing_data=clean("breaching")), True),
        ("stop-start", recover(missing_data=clean("breaching"), actions_enabled=False), False),
        ("stop-start", recover(missing_data=clean("breaching"), actions=(A.NOTIFY,)), False),
        ("stop-start", recover(), False),
        ("reboot", reboot(missing_data=clean("breaching")), False),
    ],
)
def test_a_stop_that_is_taken_for_a_failure_is_warned_of(action: str, alarm: Alarm, told: bool) -> None:
    found = hazards(machine(facts(alarm)), KNOWN, action, NOW, ActionOptions(), Policy())
    assert [one.gravity for one in found if one.code == "alarm-goes-off"] == [Gravity.WARN] * told


def test_nothing_is_said_of_alarms_that_nobody_read() -> None:
    row = replace(machine(), cover=None)
    found = hazards(row, KNOWN, "stop-start", NOW, ActionOptions(), Policy())
    assert "alarm-ends-it" not in {one.code for one in found}


def test_a_hostile_name_is_one_word_of_the_command() -> None:
    alarm = idle(A.STOP, name=clean("a; rm -rf $HOME #'"))
    found = hazards(machine(facts(alarm)), KNOWN, "reboot", NOW, ActionOptions(), Policy())
    remedy = next(one.remedy for one in found if one.code == "alarm-ends-it")
    assert remedy.endswith("""--alarm-names 'a; rm -rf $HOME #'"'"''""")


def test_other_alarms_are_told_below_the_answers() -> None:
    cpu = recover(name=clean("cpu-high"), metric=clean("CPUUtilization"), threshold=90.0, actions=(A.NOTIFY,))
    row = machine(facts(recover(), reboot(), cpu))
    assert [line.what for line in cover_lines(row, NOW, WEEK)[-1].lines] == ["cpu-high"]
    assert "tells a topic" in cover_lines(row, NOW, WEEK)[-1].lines[0].text
    assert len(cover_lines(machine(facts(recover(), reboot())), NOW, WEEK)) == 3


def of(service: str, number: int, zone: str = "a", **changes: Any) -> Instance:
    ours = machine(
        instance_id=clean(f"i-{number:017x}"),
        name=clean(f"{service}-{number}"),
        zone=clean(f"eu-west-1{zone}"),
        tags=tags(service=service),
        account_id=clean("111122223333"),
    )
    return replace(ours, **changes)


def test_a_service_on_one_instance_or_in_one_zone_is_a_row() -> None:
    rows = [
        of("lone", 1),
        of("zoned", 2),
        of("zoned", 3, **OFF),
        of("wide", 4),
        of("wide", 5, "b"),
        of("half", 6),
        of("half", 7, "b", state=InstanceState.STOPPED),
        of("gone", 8, state=InstanceState.TERMINATED),
        machine(),
        of("", 9),
    ]
    found = services_of(rows, "tag:service", NOW, WEEK)
    assert [(one.name, one.why) for one in found] == [
        ("half", "stands on one instance: half-6"),
        ("lone", "stands on one instance: lone-1"),
        ("zoned", "stands in one zone: eu-west-1a, 2 instances"),
    ]
    zoned = found[-1]
    assert zoned.cover.host_dies.verdict == "nobody"
    assert zoned.cover.host_dies.why.startswith("zoned-3: ")
    assert services_of(rows, "service", NOW, WEEK) == found
    assert services_of(rows, "", NOW, WEEK) == services_of(rows, "tag:other", NOW, WEEK) == []


def test_the_same_word_in_two_accounts_is_two_services() -> None:
    rows = [of("web", 1), of("web", 2, "b", account_id=clean("444455556666"))]
    assert [one.account_id for one in services_of(rows, "service", NOW, WEEK)] == [
        "111122223333",
        "444455556666",
    ]


def test_a_zone_that_is_not_known_is_none() -> None:
    rows = [replace(of("web", number), zone=clean("")) for number in (1, 2)]
    assert services_of(rows, "service", NOW, WEEK) == []


def test_the_gravest_comes_first() -> None:
    bare = machine(facts(), **OFF, newest_image=None)
    rows = {
        "nothing": bare,
        "no alarm, old copy": machine(facts(), newest_image=image(ago(days=40))),
        "no alarm": machine(facts()),
        "in part": machine(facts(reboot(missing_data=clean("breaching")))),
        "not known": replace(machine(), cover=None),
        "all": machine(facts(recover(), reboot())),
        "group": machine(facts(scaling=member())),
    }
    shuffled = random.Random(14).sample(sorted(rows), len(rows))
    assert sorted(shuffled, key=lambda name: gravest_first(cover_of(rows[name], NOW, WEEK))) == list(rows)


def test_any_alarm_is_judged_and_told_in_one_line() -> None:
    """Whatever AWS or somebody hostile writes into an alarm: no error, short words, and never cover by a wrong metric."""
    chance = random.Random(1414)
    words = [
        "AWS/EC2",
        "StatusCheckFailed_System",
        "StatusCheckFailed_Instance",
        "StatusCheckFailed",
        "Maximum",
        "Sum",
        "p99",
        "TM(1%:)",
        "breaching",
    ]
    words += [
        "GreaterThanOrEqualToThreshold",
        "LessThanThreshold",
        "",
        "x" * 900,
        "\x1b[2J",
        "\u202eevil",
        "'; --",
    ]
    numbers = [-(2**62), -1, 0, 1, 2, 59, 60, 300, 86400, 2**62]
    for _ in range(2000):
        alarm = Alarm(
            name=clean(chance.choice(words)),
            state=chance.choice(list(AlarmState)),
            state_since=chance.choice([None, NOW, ago(days=9), NOW + timedelta(days=9)]),
            namespace=clean(chance.choice(["AWS/EC2", *words])),
            metric=clean(chance.choice(words)),
            statistic=clean(chance.choice(words)),
            period=chance.choice(numbers),
            evaluation_periods=chance.choice(numbers),
            datapoints=chance.choice(numbers),
            threshold=chance.choice([None, 1.0, 0.0, -1e300, float("inf"), float("nan")]),
            comparison=clean(chance.choice(words)),
            missing_data=clean(chance.choice(words)),
            actions_enabled=chance.random() < 0.8,
            actions=tuple(chance.sample(list(A), chance.randrange(4))),
        )
        row = machine(facts(alarm), **OFF)
        cover = cover_of(row, NOW, WEEK)
        for section in cover_lines(row, NOW, WEEK):
            assert all(len(line.text) < 400 and line.text.isprintable() for line in section.lines)
        assert len(cover.host_dies.word) <= 12
        if cover.host_dies.verdict == "covered":
            assert (alarm.namespace, alarm.metric) == ("AWS/EC2", "StatusCheckFailed_System")
            assert alarm.actions_enabled
